import { paise, toRupees } from "../../ledger/kernel/money.ts";

/** A report as JSON text: amounts as strings in rupees ("1234.50"), moments in ISO, keys in the order of the report. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? toRupees(paise(part)) : part), 2)}\n`;
}

/** A value as JSON on one line, amounts as strings in rupees. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? toRupees(paise(part)) : part));
}

/** Rows as a JSON array, streamed one row a line. */
export async function* toJsonRows(rows: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const row of rows) {
    yield separator + jsonText(row);
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}
