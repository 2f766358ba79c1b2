import { finished } from "node:stream/promises";
import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import { daysBetween, localDate, type Instant } from "../../ledger/kernel/dates.ts";
import { paise, toRupees } from "../../ledger/kernel/money.ts";
import type { ReportCell, ReportColumn, ReportRow, ReportTable } from "../report-table.ts";
import { printedText } from "./table.ts";
import { STYLES, stylesXml } from "./xlsx-styles.ts";

/** One sheet of a workbook: a table under its title. */
export type XlsxSheet = {
  /** The tab's name; the table's title unless said. At most 31 characters are kept. */
  readonly name?: string;
  readonly table: ReportTable;
};

type Options = {
  readonly ulbName: string;
  readonly createdAt: Instant;
  /** Titles and texts in two languages. */
  readonly isLocal?: boolean;
  /** Rows of a sheet, its title included; Excel's own limit unless a test says less. */
  readonly rowsAtMost?: number;
};

/** What Excel reads. A longer table goes on in a next sheet. */
const SHEET_ROWS = 1_048_576;
/** Excel keeps 15 digits of a number: a longer amount would be shown as another amount. It is written as text. */
const DIGITS_EXACT = 10n ** 15n;
const CELL_CHARACTERS = 32_767;
const EPOCH = localDate("1899-12-30");

/**
 * A workbook (XLSX) as a stream of bytes; memory does not grow with the rows. Texts, codes among them, are inline strings; dates are
 * dates, amounts exact numbers in rupees grouped the Indian way with negatives in brackets, and as text beyond 15 digits. The header is
 * frozen, and repeated on every printed page. The same tables give the same bytes.
 */
export async function* toXlsx(sheets: readonly XlsxSheet[], options: Options): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const entry = { mtime: options.createdAt, forceDosTimestamp: true };
  const output = zip.outputStream as Readable;
  const write = async (): Promise<void> => {
    const tabs: { name: string; header: number }[] = [];
    for (const sheet of sheets) {
      const rows = cursorOf(sheet.table.rows);
      try {
        for (let part = 1; part === 1 || !rows.isDone(); part += 1) {
          const name = tabName(sheet.name ?? sheet.table.title, part, tabs);
          const layout = sheetLayout(sheet.table, options);
          tabs.push({ name, header: layout.header });
          const source = Readable.from(sheetXml(layout, sheet.table, rows, options, tabs.length === 1));
          // yazl takes the error of a source for its own, and its own for nobody's: both sides must end.
          source.on("error", (error) => output.destroy(error));
          zip.addReadStream(source, `xl/worksheets/sheet${tabs.length}.xml`, entry);
          await finished(source);
        }
      } finally {
        await rows.close();
      }
    }
    const text = (path: string, xml: string): void => zip.addBuffer(Buffer.from(xml), path, entry);
    text("[Content_Types].xml", contentTypes(tabs.length));
    text("_rels/.rels", RELATIONS);
    text("xl/workbook.xml", workbookXml(tabs));
    text("xl/_rels/workbook.xml.rels", workbookRelations(tabs.length));
    text("xl/styles.xml", stylesXml());
    zip.end();
  };
  zip.on("error", (error: Error) => output.destroy(error));
  const written = write().catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of output) yield chunk as Buffer;
    await written;
  } finally {
    output.destroy();
  }
}

/** Rows that are taken one by one, over several sheets. */
type Cursor = { next(): Promise<ReportRow | undefined>; isDone(): boolean; close(): Promise<void> };

function cursorOf(rows: ReportTable["rows"]): Cursor {
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let ahead: Promise<IteratorResult<ReportRow>> | undefined;
  let isDone = false;
  const take = async (): Promise<IteratorResult<ReportRow>> => {
    const result = await iterator.next();
    if (result.done) isDone = true;
    return result;
  };
  return {
    next: async () => {
      const result = await (ahead ?? take());
      // One ahead, so that it is known whether another sheet is needed.
      ahead = isDone ? undefined : take();
      if (ahead) await ahead;
      return result.done ? undefined : result.value;
    },
    isDone: () => isDone,
    close: async () => {
      if (!isDone) await iterator.return?.();
    },
  };
}

type SheetLayout = { readonly titles: readonly string[]; readonly header: number; readonly rowsLeft: number };

function sheetLayout(table: ReportTable, options: Options): SheetLayout {
  const title =
    options.isLocal && table.titleLocal !== undefined ? `${table.title} / ${table.titleLocal}` : table.title;
  const titles = [options.ulbName, title, ...table.subtitle];
  const header = titles.length + 2;
  return { titles, header, rowsLeft: (options.rowsAtMost ?? SHEET_ROWS) - header - notesOf(table).length };
}

const notesOf = (table: ReportTable): readonly string[] =>
  table.notes === undefined || table.notes.length === 0 ? [] : ["", ...table.notes];

async function* sheetXml(
  layout: SheetLayout,
  table: ReportTable,
  rows: Cursor,
  options: Options,
  isFirst: boolean,
): AsyncGenerator<string> {
  const { columns } = table;
  const { header } = layout;
  yield (
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
    `<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView${isFirst ? ' tabSelected="1"' : ""} workbookViewId="0">` +
    `<pane ySplit="${header}" topLeftCell="A${header + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
    `<sheetFormatPr defaultRowHeight="15"/><cols>${columns
      .map((column, i) => `<col min="${i + 1}" max="${i + 1}" width="${widthOf(column)}" customWidth="1"/>`)
      .join("")}</cols><sheetData>`
  );
  let row = 0;
  const line = (cells: string): string => `<row r="${(row += 1)}">${cells}</row>`;
  for (const [i, title] of layout.titles.entries())
    yield line(textCell(0, row + 1, title, i < 2 ? STYLES.title : STYLES.subtitle));
  row += 1;
  yield line(
    columns
      .map((column, i) => {
        const label =
          options.isLocal && column.labelLocal !== undefined ? `${column.label} / ${column.labelLocal}` : column.label;
        return textCell(i, row + 1, label, column.kind === "amount" ? STYLES.amountHeader : STYLES.header);
      })
      .join(""),
  );
  let text = "";
  for (let left = layout.rowsLeft; left > 0; left -= 1) {
    const next = await rows.next();
    if (!next) break;
    text += line(rowCells(next, columns, row + 1, options.isLocal === true));
    if (text.length > 65_536) {
      yield text;
      text = "";
    }
    if (rows.isDone()) break;
  }
  for (const note of rows.isDone() ? notesOf(table) : []) text += line(textCell(0, row + 1, note, STYLES.note));
  yield (
    `${text}</sheetData><pageMargins left="0.5" right="0.5" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>` +
    `<pageSetup paperSize="9" orientation="${columns.length > 5 ? "landscape" : "portrait"}" fitToHeight="0"/>` +
    `<headerFooter><oddFooter>&amp;P / &amp;N</oddFooter></headerFooter></worksheet>`
  );
}

function rowCells(row: ReportRow, columns: readonly ReportColumn[], r: number, isLocal: boolean): string {
  const isTotal = row.kind === "total";
  return columns
    .map((column, i) => {
      const value = row.cells[column.key];
      const text = printedText(row, column.key, isLocal);
      if (row.kind === "heading") return text === "" ? "" : textCell(i, r, text, STYLES.heading);
      // A total without a text in a cell still has the look of the row.
      if (value === null || value === undefined || value === "")
        return isTotal ? `<c r="${columnName(i)}${r}" s="${STYLES.text(0, true)}"/>` : "";
      return cell(column, value, text, i, r, isTotal, column.isIndented ? (row.level ?? 0) : 0);
    })
    .join("");
}

function cell(
  column: ReportColumn,
  value: Exclude<ReportCell, null | undefined>,
  text: string,
  i: number,
  r: number,
  isTotal: boolean,
  level: number,
): string {
  const at = `r="${columnName(i)}${r}"`;
  if (typeof value === "bigint") {
    const size = value < 0n ? -value : value;
    if (size >= DIGITS_EXACT) return textCell(i, r, toRupees(paise(value)), STYLES.longAmount(isTotal));
    return `<c ${at} s="${STYLES.amount(value, isTotal)}"><v>${toRupees(paise(value))}</v></c>`;
  }
  if (typeof value === "number") return `<c ${at} s="${STYLES.count(isTotal)}"><v>${value}</v></c>`;
  if (column.kind === "date" && /^\d{4}-\d{2}-\d{2}$/.test(value))
    return `<c ${at} s="${STYLES.date(isTotal)}"><v>${daysBetween(EPOCH, localDate(value))}</v></c>`;
  return textCell(i, r, text, STYLES.text(level, isTotal));
}

function textCell(i: number, r: number, text: string, style: number): string {
  if (text === "") return "";
  return `<c r="${columnName(i)}${r}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xml(text.slice(0, CELL_CHARACTERS))}</t></is></c>`;
}

/** Text for XML: what XML cannot hold is dropped, and what Excel would read as an escape of its own is escaped. */
function xml(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/_(?=x[0-9a-f]{4}_)/gi, "_x005F_")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function columnName(i: number): string {
  return i < 26 ? String.fromCharCode(65 + i) : columnName(Math.floor(i / 26) - 1) + columnName(i % 26);
}

function widthOf(column: ReportColumn): number {
  if (column.kind === "amount") return 20;
  if (column.kind === "date") return 12;
  if (column.kind === "count") return 10;
  return Math.min(70, Math.max(10, Math.round(11 * (column.weight ?? 1))));
}

function tabName(wanted: string, part: number, taken: readonly { readonly name: string }[]): string {
  const clean = wanted.replace(/[[\]:*?/\\']/g, " ").trim() || "Sheet";
  for (let n = part; ; n += 1) {
    const tail = n === 1 ? "" : ` (${n})`;
    const name = clean.slice(0, 31 - tail.length) + tail;
    if (!taken.some((t) => t.name.toLowerCase() === name.toLowerCase())) return name;
  }
}

const NS = "http://schemas.openxmlformats.org";
const HEADER = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

function contentTypes(sheets: number): string {
  const main = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  return (
    `${HEADER}<Types xmlns="${NS}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${main}.sheet.main+xml"/>` +
    `<Override PartName="/xl/styles.xml" ContentType="${main}.styles+xml"/>${numbers(sheets)
      .map((n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${main}.worksheet+xml"/>`)
      .join("")}</Types>`
  );
}

const RELATIONS = `${HEADER}<Relationships xmlns="${NS}/package/2006/relationships"><Relationship Id="rId1" Type="${NS}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`;

function workbookXml(tabs: readonly { readonly name: string; readonly header: number }[]): string {
  const sheets = tabs.map(
    (tab, i) => `<sheet name="${xml(tab.name).replaceAll('"', "&quot;")}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`,
  );
  const titles = tabs.map(
    (tab, i) =>
      `<definedName name="_xlnm.Print_Titles" localSheetId="${i}">'${xml(tab.name)}'!$${tab.header}:$${tab.header}</definedName>`,
  );
  return (
    `${HEADER}<workbook xmlns="${NS}/spreadsheetml/2006/main" xmlns:r="${NS}/officeDocument/2006/relationships"><sheets>${sheets.join("")}</sheets>` +
    `<definedNames>${titles.join("")}</definedNames></workbook>`
  );
}

function workbookRelations(sheets: number): string {
  const type = `${NS}/officeDocument/2006/relationships`;
  return `${HEADER}<Relationships xmlns="${NS}/package/2006/relationships">${numbers(sheets)
    .map((n) => `<Relationship Id="rId${n}" Type="${type}/worksheet" Target="worksheets/sheet${n}.xml"/>`)
    .join("")}<Relationship Id="rId${sheets + 1}" Type="${type}/styles" Target="styles.xml"/></Relationships>`;
}
