/**
 * A spreadsheet's number as text. Amounts are stored as binary fractions (12055866.73 as …729999), so what is within a millionth of whole
 * paise is those paise; more decimals than that stay, and are refused where an amount is expected.
 */
export function cellNumber(value: number): string {
  if (!Number.isFinite(value)) return "#ERROR";
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? String(value) : "#ERROR";
  const paise = Math.round(value * 100);
  return Math.abs(value * 100 - paise) < Math.max(1e-4, Math.abs(value) * 1e-13)
    ? (paise / 100).toFixed(2)
    : String(value);
}

/** The day of a spreadsheet's serial number, as 2026-04-01; the time of day is cut off. */
export function serialDay(value: number, is1904 = false): string {
  const days = Math.floor(value) + (is1904 ? 1462 : 0);
  if (!(days > 60 && days < 2_958_466)) return cellNumber(value);
  return new Date(Date.UTC(1899, 11, 30) + days * 86_400_000).toISOString().slice(0, 10);
}
