import { buffer } from "node:stream/consumers";
import yazl from "yazl";
import type { Problem } from "../../ledger/kernel/errors.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import type { ParseOptions, ParsedStatement, ParseResult } from "./prove.ts";
import { parseStatementFile } from "./read.ts";

/** Bytes of a file given as text. */
export const bytesOf = (text: string | readonly string[]): Buffer =>
  Buffer.from(typeof text === "string" ? text : text.join("\n"));

export async function accepted(
  file: string | readonly string[] | Uint8Array,
  options: ParseOptions = {},
): Promise<ParsedStatement> {
  const result = await parsed(file, options);
  if (!result.ok) throw new Error(result.problems.map(sentence).join("\n"));
  return result.statement;
}

/** The problems of a refused file, one sentence each; empty when it was accepted. */
export async function refusals(
  file: string | readonly string[] | Uint8Array,
  options: ParseOptions = {},
): Promise<string[]> {
  const result = await parsed(file, options);
  return result.ok ? [] : result.problems.map(sentence);
}

const parsed = (file: string | readonly string[] | Uint8Array, options: ParseOptions): Promise<ParseResult> =>
  parseStatementFile(file instanceof Uint8Array ? file : bytesOf(file), options);

const sentence = (p: Problem): string => `${p.line ?? "-"} ${p.column ?? "-"} ${p.code}: ${p.message}`;

/** A statement in one line each: what tests compare. */
export const shown = (s: ParsedStatement): string[] => [
  `${s.profile} ${s.order} ${s.from}..${s.to} ${toRupees(s.opening)} -> ${toRupees(s.closing)}`,
  ...s.lines.map(
    (l) => `${l.date} ${l.valueDate} ${toRupees(l.amount)} ${toRupees(l.balance)} [${l.reference}] ${l.narration}`,
  ),
];

/** A spreadsheet cell: text, a number, or a day by its serial number. */
export type Cell = string | number | { readonly serial: number } | { readonly formula: string | number } | undefined;

/** A small .xlsx workbook with one sheet. */
export async function xlsxOf(rows: readonly (readonly Cell[])[]): Promise<Buffer> {
  const letter = (i: number): string => String.fromCharCode(65 + i);
  const escape = (s: string): string => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const cellXml = (cell: Cell, ref: string): string => {
    if (cell === undefined) return "";
    if (typeof cell === "string") return `<c r="${ref}" t="inlineStr"><is><t>${escape(cell)}</t></is></c>`;
    if (typeof cell === "number") return `<c r="${ref}"><v>${cell}</v></c>`;
    if ("serial" in cell) return `<c r="${ref}" s="1"><v>${cell.serial}</v></c>`;
    return typeof cell.formula === "number"
      ? `<c r="${ref}"><f>1+1</f><v>${cell.formula}</v></c>`
      : `<c r="${ref}" t="str"><f>A1</f><v>${escape(cell.formula)}</v></c>`;
  };
  const sheet = rows
    .map((cells, r) => `<row r="${r + 1}">${cells.map((c, i) => cellXml(c, `${letter(i)}${r + 1}`)).join("")}</row>`)
    .join("");
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  return zipOf({
    "[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`,
    "_rels/.rels": `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<?xml version="1.0"?><workbook xmlns="${main}" xmlns:r="${rel}"><sheets><sheet name="Statement" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${rel}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${rel}/styles" Target="styles.xml"/></Relationships>`,
    "xl/styles.xml": `<?xml version="1.0"?><styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    "xl/worksheets/sheet1.xml": `<?xml version="1.0"?><worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`,
  });
}

export async function zipOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

/** A small BIFF8 workbook in an OLE2 container. Shared strings are cut over CONTINUE records of `cutAt` bytes, as Excel cuts long ones. */
export function xlsOf(
  rows: readonly (readonly Cell[])[],
  options: { readonly cutAt?: number; readonly isEncrypted?: boolean } = {},
): Buffer {
  const record = (type: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(type, 0);
    head.writeUInt16LE(data.length, 2);
    return Buffer.concat([head, data]);
  };
  const u16 = (...values: number[]): Buffer => {
    const b = Buffer.alloc(2 * values.length);
    values.forEach((v, i) => b.writeUInt16LE(v, 2 * i));
    return b;
  };
  const u32 = (value: number): Buffer => {
    const b = Buffer.alloc(4);
    b.writeUInt32LE(value);
    return b;
  };
  const double = (value: number): Buffer => {
    const b = Buffer.alloc(8);
    b.writeDoubleLE(value);
    return b;
  };
  const wide = (s: string): boolean => [...s].some((c) => c.charCodeAt(0) > 255);
  const unicode = (s: string): Buffer =>
    Buffer.concat([u16(s.length), Buffer.from([wide(s) ? 1 : 0]), Buffer.from(s, wide(s) ? "utf16le" : "latin1")]);
  const bof = (kind: number): Buffer => record(0x0809, u16(0x0600, kind, 0, 0, 0, 0, 0, 0));
  const eof = record(0x000a, Buffer.alloc(0));

  const strings = [...new Set(rows.flat().filter((c) => typeof c === "string"))];
  const sst = sharedStringRecords(strings, options.cutAt ?? 8000, record, u16, u32);
  const cells = rows.flatMap((row, r) =>
    row.flatMap((cell, c) => {
      if (cell === undefined) return [];
      if (typeof cell === "string") return [record(0x00fd, Buffer.concat([u16(r, c, 0), u32(strings.indexOf(cell))]))];
      if (typeof cell === "number") {
        const paise = Math.round(cell * 100);
        // As an RK number in hundredths where it fits, else as a double.
        return Math.abs(paise) < 2 ** 29 && Math.abs(cell * 100 - paise) < 1e-6
          ? [record(0x027e, Buffer.concat([u16(r, c, 0), u32(((paise << 2) | 3) >>> 0)]))]
          : [record(0x0203, Buffer.concat([u16(r, c, 0), double(cell)]))];
      }
      if ("serial" in cell) return [record(0x0203, Buffer.concat([u16(r, c, 1), double(cell.serial)]))];
      if (typeof cell.formula === "number")
        return [record(0x0006, Buffer.concat([u16(r, c, 0), double(cell.formula), u16(0), u32(0), u16(0)]))];
      return [
        record(
          0x0006,
          Buffer.concat([u16(r, c, 0), Buffer.from([0, 0, 0, 0, 0, 0, 0xff, 0xff]), u16(0), u32(0), u16(0)]),
        ),
        record(0x0207, unicode(cell.formula)),
      ];
    }),
  );
  const xf = (format: number): Buffer => record(0x00e0, Buffer.concat([u16(0, format), Buffer.alloc(16)]));
  const stream = Buffer.concat([
    bof(0x0005),
    ...(options.isEncrypted ? [record(0x002f, u16(0))] : []),
    record(0x041e, Buffer.concat([u16(164), unicode("dd/mm/yyyy")])),
    xf(0),
    xf(164),
    ...sst,
    eof,
    bof(0x0010),
    ...cells,
    eof,
  ]);
  return ole2Of("Workbook", stream);
}

function sharedStringRecords(
  strings: readonly string[],
  cutAt: number,
  record: (type: number, data: Buffer) => Buffer,
  u16: (...values: number[]) => Buffer,
  u32: (value: number) => Buffer,
): Buffer[] {
  const parts: Buffer[][] = [[u32(strings.length), u32(strings.length)]];
  let room = cutAt - 8;
  const put = (b: Buffer): void => {
    parts.at(-1)?.push(b);
    room -= b.length;
  };
  const turn = (): void => {
    parts.push([]);
    room = cutAt;
  };
  for (const s of strings) {
    if (room < 4) turn();
    put(u16(s.length));
    put(Buffer.from([1]));
    for (const letter of s) {
      if (room < 2) {
        turn();
        put(Buffer.from([1]));
      }
      put(Buffer.from(letter, "utf16le"));
    }
  }
  return parts.map((p, i) => record(i === 0 ? 0x00fc : 0x003c, Buffer.concat(p)));
}

/** One stream in a container of 512-byte sectors: table, directory, then the stream. */
function ole2Of(name: string, stream: Buffer): Buffer {
  const size = 512;
  const padded = Buffer.concat([
    stream,
    Buffer.alloc(Math.max(4096 - stream.length, (size - (stream.length % size)) % size)),
  ]);
  const sectors = Math.ceil(padded.length / size);
  const data = Buffer.concat([padded, Buffer.alloc(sectors * size - padded.length)]);
  const fat = Buffer.alloc(size, 0xff);
  if (sectors + 2 > size / 4) throw new Error("the fixture is too large for one table");
  fat.writeUInt32LE(0xfffffffd, 0);
  fat.writeUInt32LE(0xfffffffe, 4);
  for (let i = 0; i < sectors; i++) fat.writeUInt32LE(i === sectors - 1 ? 0xfffffffe : i + 3, 4 * (i + 2));
  const entry = (title: string, type: number, start: number, length: number): Buffer => {
    const b = Buffer.alloc(128);
    b.write(title, 0, "utf16le");
    b.writeUInt16LE(2 * title.length + 2, 64);
    b.writeUInt8(type, 66);
    b.writeUInt32LE(start, 116);
    b.writeUInt32LE(length, 120);
    return b;
  };
  const directory = Buffer.concat([
    entry("Root Entry", 5, 0xfffffffe, 0),
    entry(name, 2, 2, data.length),
    Buffer.alloc(256),
  ]);
  const head = Buffer.alloc(size, 0);
  Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]).copy(head);
  head.writeUInt16LE(9, 30);
  head.writeUInt16LE(6, 32);
  head.writeUInt32LE(1, 44);
  head.writeUInt32LE(1, 48);
  head.writeUInt32LE(4096, 56);
  head.writeUInt32LE(0xfffffffe, 60);
  head.writeUInt32LE(0xfffffffe, 68);
  head.fill(0xff, 76);
  head.writeUInt32LE(0, 76);
  return Buffer.concat([head, fat, directory, data]);
}
