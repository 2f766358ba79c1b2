import { inflateRawSync } from "node:zlib";
import readWorkbook from "read-excel-file/node";
import type { SheetResult } from "./biff8.ts";
import { clean, type Row } from "./cells.ts";
import { LIMITS } from "./reading.ts";
import { cellNumber } from "./typed-cells.ts";

const MOST_UNPACKED = 256 * 1024 * 1024;
const MOST_ENTRIES = 2000;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * An .xlsx workbook: the cells of all sheets as text, days as 2026-04-01. Formulas are not evaluated; the stored results are taken. The
 * archive is measured before it is opened, so that a small file cannot unpack into a large one.
 */
export async function readXlsx(bytes: Uint8Array): Promise<SheetResult> {
  const fault = archiveFault(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (fault) return { ok: false, ...fault };
  let sheets: { readonly data: readonly (readonly unknown[])[] }[];
  try {
    // Numbers stay the text of the file until they are cells.
    sheets = await readWorkbook(Buffer.from(bytes), {
      parseNumber: (text: string) => new NumberText(text),
    });
  } catch (error) {
    // The library's errors are about the file; it has no other input.
    return {
      ok: false,
      code: "STATEMENT_FORMAT",
      message: `the .xlsx workbook cannot be read (${(error instanceof Error ? error.message : String(error)).slice(0, 200)})`,
    };
  }
  const rows: Row[] = [];
  let cells = 0;
  for (const { data } of sheets)
    for (const [i, row] of data.entries()) {
      cells += row.length;
      if (rows.length > LIMITS.lines || cells > LIMITS.lines * 20)
        return { ok: false, code: "STATEMENT_TOO_LARGE", message: "the workbook has too many cells" };
      rows.push({ line: i + 1, cells: trimmed(row.map(textOf)) });
    }
  return { ok: true, rows };
}

class NumberText {
  constructor(readonly text: string) {}
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? "#ERROR" : cell.toISOString().slice(0, 10);
  if (cell instanceof NumberText) return cellNumber(Number(cell.text));
  return typeof cell === "string" ? clean(cell) : typeof cell === "boolean" ? String(cell).toUpperCase() : "#ERROR";
}

function trimmed(cells: string[]): string[] {
  let width = cells.length;
  while (width > 0 && cells[width - 1] === "") width -= 1;
  return cells.slice(0, width);
}

/** Walks the archive's directory and unpacks every entry within what is left of the limit. */
function archiveFault(bytes: Buffer): { readonly code: string; readonly message: string } | undefined {
  const damaged = (what: string) => ({
    code: "STATEMENT_TRUNCATED",
    message: `the workbook's archive is damaged: ${what}`,
  });
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > bytes.length) return damaged("it was cut off");
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count > MOST_ENTRIES)
    return { code: "STATEMENT_TOO_LARGE", message: `the workbook's archive has ${count} parts` };
  // What the directory states is believed only when it is too much; how much there is shows when it is unpacked.
  const tooLarge = { code: "STATEMENT_TOO_LARGE", message: `the workbook unpacks to more than ${MOST_UNPACKED} bytes` };
  let stated = 0;
  let left = MOST_UNPACKED;
  let isWorkbook = false;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) return damaged("its directory is broken");
    const flags = bytes.readUInt16LE(at + 8);
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    stated += bytes.readUInt32LE(at + 24);
    if (stated > MOST_UNPACKED) return tooLarge;
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (flags & 1)
      return { code: "STATEMENT_FORMAT", message: "the workbook is protected by a password; save it without one" };
    if (name === "xl/workbook.xml") isWorkbook = true;
    if (local + 30 > bytes.length) return damaged("a part lies outside the file");
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    if (from + packed > bytes.length) return damaged("a part is cut off");
    try {
      left -=
        method === 0
          ? packed
          : inflateRawSync(bytes.subarray(from, from + packed), { maxOutputLength: Math.max(1, left) }).length;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return tooLarge;
      return damaged("a part cannot be unpacked");
    }
    if (left <= 0) return tooLarge;
  }
  return isWorkbook ? undefined : { code: "STATEMENT_FORMAT", message: "the archive is not an .xlsx workbook" };
}
