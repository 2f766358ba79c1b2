import { clean, type Row } from "./cells.ts";
import { isOle2, Ole2Damaged, ole2Stream } from "./ole2.ts";
import { LIMITS } from "./reading.ts";
import { cellNumber, serialDay } from "./typed-cells.ts";

export type SheetResult =
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

const damaged = (message: string): SheetResult => ({ ok: false, code: "STATEMENT_TRUNCATED", message });
const foreign = (message: string): SheetResult => ({ ok: false, code: "STATEMENT_FORMAT", message });

const BOF = 0x0809;
const EOF_RECORD = 0x000a;
const CONTINUE = 0x003c;

/**
 * A true .xls (BIFF8 in an OLE2 container): the cells of all sheets as text. Formulas are not evaluated; what the program that wrote the
 * file stored as their result is taken. Days are written as 2026-04-01, numbers with as many decimals as they have (two, when a binary
 * fraction stands for paise).
 */
export function readBiff8(bytes: Uint8Array): SheetResult {
  try {
    const stream = isOle2(bytes) ? ole2Stream(bytes, ["Workbook", "Book"]) : bytes;
    if (!stream)
      return foreign("the file is an office document without a workbook in it; save the statement as .xlsx or .csv");
    return new Workbook(stream).read();
  } catch (error) {
    if (error instanceof Ole2Damaged) return damaged(`the .xls file is damaged: ${error.message}`);
    if (error instanceof RangeError) return damaged("the .xls file is damaged: a record is cut off");
    throw error;
  }
}

/** Whether bytes are a bare BIFF8 stream, as some programs write it. */
export const isBareBiff = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x09 && bytes[1] === 0x08 && bytes[4] === 0x00 && bytes[5] === 0x06;

type BiffRecord = { readonly type: number; readonly parts: readonly Buffer[] };

class Workbook {
  private readonly bytes: Buffer;
  private strings: string[] = [];
  private readonly formats = new Map<number, string>();
  private readonly cellFormats: number[] = [];
  private is1904 = false;
  private readonly rows = new Map<string, Map<number, string>>();
  private cells = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): SheetResult {
    let sheet = -1;
    let kind = 0;
    let depth = 0;
    let pending: { readonly row: number; readonly column: number } | undefined;
    let isEnded = false;
    for (const { type, parts } of this.records()) {
      const data = parts[0] ?? Buffer.alloc(0);
      if (type === BOF) {
        if (data.readUInt16LE(0) !== 0x0600)
          return foreign("the .xls file is of Excel 95 or older; save the statement as .xlsx or .csv");
        depth += 1;
        if (depth === 1) {
          kind = data.readUInt16LE(2);
          if (kind !== 0x0005) sheet += 1;
          isEnded = false;
        }
        continue;
      }
      if (type === EOF_RECORD) {
        depth -= 1;
        if (depth === 0) isEnded = true;
        continue;
      }
      // A chart within a sheet has records of its own.
      if (depth !== 1) continue;
      if (type === 0x002f) return foreign("the .xls file is protected by a password; save it without one");
      if (kind === 0x0005) {
        this.global(type, parts);
        continue;
      }
      if (kind !== 0x0010) continue;
      if (type === 0x0207 && pending) {
        this.put(sheet, pending.row, pending.column, unicode(parts, 2).text);
        pending = undefined;
        continue;
      }
      pending = this.cell(type, parts, sheet) ?? pending;
      if (this.cells > LIMITS.lines * 20)
        return { ok: false, code: "STATEMENT_TOO_LARGE", message: "the sheet has too many cells" };
    }
    if (!isEnded) return damaged("the .xls file is cut off: its last sheet does not end");
    return { ok: true, rows: this.table() };
  }

  private *records(): Generator<BiffRecord> {
    let at = 0;
    let open: { type: number; parts: Buffer[] } | undefined;
    while (at + 4 <= this.bytes.length) {
      const type = this.bytes.readUInt16LE(at);
      const length = this.bytes.readUInt16LE(at + 2);
      if (type === 0 && length === 0) break; // The padding behind the last record.
      const data = this.bytes.subarray(at + 4, at + 4 + length);
      if (data.length < length) throw new RangeError("a record is cut off");
      at += 4 + length;
      if (type === CONTINUE && open) open.parts.push(data);
      else {
        if (open) yield open;
        open = { type, parts: [data] };
      }
    }
    if (open) yield open;
  }

  private global(type: number, parts: readonly Buffer[]): void {
    const data = parts[0] ?? Buffer.alloc(0);
    switch (type) {
      case 0x0022:
        this.is1904 = data.readUInt16LE(0) === 1;
        break;
      case 0x00e0:
        this.cellFormats.push(data.readUInt16LE(2));
        break;
      case 0x041e:
        this.formats.set(data.readUInt16LE(0), unicode([data.subarray(2), ...parts.slice(1)], 2).text);
        break;
      case 0x00fc:
        this.strings = sharedStrings(parts);
        break;
      default:
        break;
    }
  }

  /** Puts a cell's text; gives its place back when the text comes with the next record. */
  private cell(type: number, parts: readonly Buffer[], sheet: number) {
    const data = parts[0] ?? Buffer.alloc(0);
    const row = (): number => data.readUInt16LE(0);
    const column = (): number => data.readUInt16LE(2);
    switch (type) {
      case 0x00fd: // LABELSST
        this.put(sheet, row(), column(), this.strings[data.readUInt32LE(6)] ?? "");
        break;
      case 0x0204: // LABEL
      case 0x00d6: // RSTRING
        this.put(sheet, row(), column(), unicode([data.subarray(6), ...parts.slice(1)], 2).text);
        break;
      case 0x0203: // NUMBER
        this.put(sheet, row(), column(), this.number(data.readDoubleLE(6), data.readUInt16LE(4)));
        break;
      case 0x027e: // RK
        this.put(sheet, row(), column(), this.number(rk(data.readInt32LE(6)), data.readUInt16LE(4)));
        break;
      case 0x00bd: // MULRK
        for (let at = 4, c = column(); at + 6 <= data.length - 2; at += 6, c++)
          this.put(sheet, row(), c, this.number(rk(data.readInt32LE(at + 2)), data.readUInt16LE(at)));
        break;
      case 0x0006: // FORMULA
      case 0x0406:
        if (data.readUInt16LE(12) !== 0xffff)
          this.put(sheet, row(), column(), this.number(data.readDoubleLE(6), data.readUInt16LE(4)));
        else if (data.readUInt8(6) === 0) return { row: row(), column: column() };
        else if (data.readUInt8(6) === 2) this.put(sheet, row(), column(), "#ERROR");
        break;
      case 0x0205: // BOOLERR
        if (data.readUInt8(7) === 1) this.put(sheet, row(), column(), "#ERROR");
        break;
      default:
        break;
    }
    return undefined;
  }

  private number(value: number, xf: number): string {
    const format = this.cellFormats[xf] ?? 0;
    return isDateFormat(format, this.formats.get(format)) ? serialDay(value, this.is1904) : cellNumber(value);
  }

  private put(sheet: number, row: number, column: number, text: string): void {
    const key = `${sheet}/${row}`;
    const cells = this.rows.get(key) ?? new Map<number, string>();
    cells.set(column, clean(text));
    this.rows.set(key, cells);
    this.cells += 1;
  }

  private table(): Row[] {
    return [...this.rows]
      .map(([key, cells]) => ({ sheet: Number(key.split("/")[0]), row: Number(key.split("/")[1]), cells }))
      .sort((a, b) => a.sheet - b.sheet || a.row - b.row)
      .flatMap(({ row, cells }) => {
        const width = Math.max(...cells.keys()) + 1;
        if (width > 1024) return [];
        return [{ line: row + 1, cells: Array.from({ length: width }, (_, i) => cells.get(i) ?? "") }];
      });
  }
}

/** A number in 30 bits: whole or the upper half of a double, and perhaps in hundredths. */
function rk(value: number): number {
  const bits = Buffer.alloc(8);
  bits.writeInt32LE(value & ~3, 4);
  const number = value & 2 ? value >> 2 : bits.readDoubleLE(0);
  return value & 1 ? number / 100 : number;
}

/** Text with a length of `lengthBytes`, its flags, perhaps formatting runs; it may go on in the next parts, each with flags of its own. */
function unicode(parts: readonly Buffer[], lengthBytes: 1 | 2): { readonly text: string } {
  return { text: new PartReader(parts).string(lengthBytes) };
}

function sharedStrings(parts: readonly Buffer[]): string[] {
  const reader = new PartReader(parts);
  reader.bytes(4);
  const count = reader.bytes(4).readUInt32LE(0);
  const strings: string[] = [];
  for (let i = 0; i < count && !reader.isAtEnd(); i++) strings.push(reader.string(2));
  if (strings.length < count) throw new RangeError("shared strings are cut off");
  return strings;
}

class PartReader {
  private part = 0;
  private at = 0;
  constructor(private readonly parts: readonly Buffer[]) {}

  isAtEnd(): boolean {
    return this.part >= this.parts.length || (this.part === this.parts.length - 1 && this.at >= this.current().length);
  }
  private current(): Buffer {
    return this.parts[this.part] ?? Buffer.alloc(0);
  }
  /** Moves to the next part when this one is used up. */
  private turn(): boolean {
    if (this.at < this.current().length) return false;
    if (this.part + 1 >= this.parts.length) throw new RangeError("text is cut off");
    this.part += 1;
    this.at = 0;
    return true;
  }
  bytes(n: number): Buffer {
    const found: Buffer[] = [];
    for (let left = n; left > 0;) {
      this.turn();
      const piece = this.current().subarray(this.at, this.at + left);
      found.push(piece);
      this.at += piece.length;
      left -= piece.length;
    }
    return found.length === 1 && found[0] ? found[0] : Buffer.concat(found);
  }
  string(lengthBytes: 1 | 2): string {
    const length = lengthBytes === 2 ? this.bytes(2).readUInt16LE(0) : this.bytes(1).readUInt8(0);
    let flags = this.bytes(1).readUInt8(0);
    const runs = flags & 8 ? this.bytes(2).readUInt16LE(0) : 0;
    const extra = flags & 4 ? this.bytes(4).readUInt32LE(0) : 0;
    let text = "";
    let left = length;
    while (left > 0) {
      // Where a text goes on in the next record, it says again whether its letters take one byte or two.
      if (this.turn()) flags = this.bytes(1).readUInt8(0);
      const isWide = (flags & 1) === 1;
      const room = this.current().length - this.at;
      const take = Math.min(left, isWide ? room >> 1 : room);
      if (take === 0) throw new RangeError("text is cut off");
      const piece = this.bytes(take * (isWide ? 2 : 1));
      text += piece.toString(isWide ? "utf16le" : "latin1");
      left -= take;
    }
    if (runs * 4 + extra > 0) this.bytes(runs * 4 + extra);
    return text;
  }
}

function isDateFormat(id: number, pattern: string | undefined): boolean {
  if (pattern === undefined) return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
  const bare = pattern.replace(/"[^"]*"|\\.|\[[^\]]*\]|_.|\*./g, "");
  return /[dy]/i.test(bare) && !/[0#?]/.test(bare);
}
