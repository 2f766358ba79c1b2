import type { CustomTableLayout, TableCell } from "pdfmake/interfaces.js";
import { formatMoment, type Instant } from "../../ledger/kernel/dates.ts";
import { formatStatement, paise, roundToRupee, type Paise } from "../../ledger/kernel/money.ts";
import { bilingual, label, type LabelKey, type Language } from "../labels.ts";
import { reportErrors } from "../errors.ts";
import { familyOf, text, toPdf, type Content } from "./document.ts";
import { paginate } from "./paginate.ts";
import { lineHeightInEm, textWidth } from "./shaping.ts";
import { wrap, type TextStyle } from "./wrap.ts";

/** What every statement and register prints around its table. */
export type DocumentHead = {
  readonly ulb: {
    readonly code: string;
    readonly name: string;
    readonly nameLocal: string | null;
  };
  readonly language: Language;
  readonly generatedAt: Instant;
  readonly generatedBy: string;
};

/** Words of a document: a label of the catalogue, or the report's own, with the local language where it is known. */
export type Words = LabelKey | { readonly en: string; readonly local?: string | undefined };

export type TableColumn = {
  readonly label: readonly [LabelKey, ...LabelKey[]] | Exclude<Words, LabelKey>;
  /** Text columns share the width that the amounts leave, by weight. */
  readonly kind: { readonly text: number } | "money";
  readonly align?: "left" | "right" | "center";
  /** Money columns are added up and carried from page to page, unless their sum means nothing (a running balance). */
  readonly carried?: boolean;
  /** Its text is indented by the level of the row. */
  readonly indented?: boolean;
};

export type TableCellValue = string | Paise | null;
export type TableRow = {
  readonly cells: readonly TableCellValue[];
  /** "line" rows are summed; "heading" rows span the table; "total" rows are printed bold and are not summed again. */
  readonly kind?: "line" | "heading" | "total";
  readonly level?: number;
};

export type TableDocument = {
  readonly head: DocumentHead;
  readonly title: Words;
  /** Statements of few columns stand upright; registers lie on their side. */
  readonly orientation?: "landscape" | "portrait";
  /** Whole rupees: each figure is rounded by itself when it is printed, sums are made of the exact ones. */
  readonly inRupees?: boolean;
  /** Lines below the title: the range, the fund, the account. */
  readonly subtitle: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** The last row of the table; without it the summed columns are the grand total. Null prints no total. */
  readonly total?: TableRow | null;
  /** Sentences below the table, such as "Debits and credits agree." */
  readonly notes: readonly string[];
  readonly signatures: readonly Words[];
};

const A4 = { long: 841.89, short: 595.28, side: 30, top: 24, bottom: 34 };
type Geometry = { readonly width: number; readonly height: number; readonly usable: number };
const INDENT = 9;

function geometryOf(document: TableDocument): Geometry {
  const upright = document.orientation === "portrait";
  const width = upright ? A4.short : A4.long;
  return { width, height: upright ? A4.long : A4.short, usable: width - 2 * A4.side };
}

const english = (words: Words): string => (typeof words === "string" ? label(words) : words.en);
const local = (words: Words, language: Language): string =>
  typeof words === "string" ? label(words, language) : (words.local ?? words.en);
function inBoth(words: Words, language: Language): string {
  const first = english(words);
  const second = local(words, language);
  return language === "en" || first === second ? first : `${first} / ${second}`;
}
const columnWords = (column: TableColumn, language: Language): string =>
  "en" in column.label
    ? language === "en"
      ? column.label.en
      : local(column.label, language)
    : column.label.map((key) => label(key, language)).join(", ");
const SIZE = 7.5;
const PAD = { x: 3, y: 1.6 };
const RULE = 0.4;
// Of the taller of the two families, so that a mixed row is never higher than it was counted.
const LINE_HEIGHT = SIZE * lineHeightInEm;
const SLACK = 1;
/** pdfmake keeps the whole layout in memory (measured: 455 pages 8 s and 860 MB). Longer registers go out as CSV or by shorter ranges. */
const PAGES_AT_MOST = 300;

const GREY = "#555555";
const layout: CustomTableLayout = {
  hLineWidth: () => RULE,
  vLineWidth: () => RULE,
  hLineColor: () => "#9a9a9a",
  vLineColor: () => "#c8c8c8",
  paddingLeft: () => PAD.x,
  paddingRight: () => PAD.x,
  paddingTop: () => PAD.y,
  paddingBottom: () => PAD.y,
};

function cellText(value: TableCellValue | undefined, inRupees: boolean): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "bigint") return value;
  return inRupees ? formatStatement(roundToRupee(value)).replace(/\.00(?=\)?$)/, "") : formatStatement(value);
}

type Laid = {
  readonly cells: TableCell[];
  readonly height: number;
  /** The row of which this is the first piece; a row that goes on over a page is counted once. */
  readonly row?: TableRow;
};
/** A row of more lines may go on over the page; shorter ones stay together. */
const LINES_TOGETHER = 12;

/**
 * A statement or register on A4. Pages are cut here and not by pdfmake, because each page must say what it
 * carries forward: rows are wrapped with the widths of the real glyphs, so the height of every row is known before.
 */
export async function tablePdf(document: TableDocument): Promise<Buffer> {
  const { head, columns } = document;
  const family = familyOf(head.language);
  const geometry = geometryOf(document);
  const { usable } = geometry;
  const inRupees = document.inRupees === true;
  const style = (bold: boolean, size = SIZE): TextStyle => ({
    family,
    bold,
    size,
  });

  const total = document.total === undefined ? sumRow(document) : document.total;
  const widths = columnWidths(document, total, usable, family);

  /** A row as one block, or as several of at most so many lines: a payment may have more heads than a page has lines. */
  const layRows = (row: TableRow, linesAtMost = Infinity, fill?: string): Laid[] => {
    const bold = row.kind === "heading" || row.kind === "total";
    if (row.kind === "heading") {
      const width = usable - 2 * PAD.x - SLACK - RULE * 2;
      const words = row.cells.map((cell) => cellText(cell, inRupees)).filter(Boolean);
      const lines = wrap(words.join(" "), width, style(true));
      const first = linesCell(lines, family, {
        bold,
        colSpan: columns.length,
        fillColor: "#f2f2f2",
      });
      return [{ cells: [first, ...columns.slice(1).map(() => ({}))], height: rowHeight(lines.length), row }];
    }
    const indentOf = (column: TableColumn): number => (column.indented ? INDENT * (row.level ?? 0) : 0);
    const wrapped = columns.map((column, i) =>
      wrap(cellText(row.cells[i], inRupees), (widths[i] ?? 0) - SLACK - indentOf(column), style(bold, SIZE)).map(
        (line) => line.trimEnd(),
      ),
    );
    const laid: Laid[] = [];
    const tallest = Math.max(...wrapped.map((lines) => lines.length));
    for (let at = 0; at < tallest; at += linesAtMost) {
      const piece = wrapped.map((lines) => lines.slice(at, at + linesAtMost));
      laid.push({
        cells: columns.map((column, i) =>
          linesCell(piece[i]?.length ? piece[i] : [""], family, {
            bold,
            indent: indentOf(column),
            alignment: column.kind === "money" ? "right" : (column.align ?? "left"),
            ...(fill === undefined ? {} : { fillColor: fill }),
          }),
        ),
        height: rowHeight(Math.max(...piece.map((lines) => lines.length))),
        ...(at === 0 ? { row } : {}),
      });
    }
    return laid;
  };
  const layRow = (row: TableRow, fill?: string): Laid => layRows(row, Infinity, fill)[0] ?? { cells: [], height: 0 };

  const headerLines = columns.map((column, i) => {
    const first = columnWords(column, "en");
    const second = columnWords(column, head.language);
    const width = (widths[i] ?? 0) - SLACK;
    return [
      ...wrap(first, width, style(true)),
      ...(head.language === "en" || second === first ? [] : wrap(second, width, style(false))),
    ];
  });
  // Made anew for each page: pdfmake writes its layout into the cells it is given.
  const headerCells = (): TableCell[] =>
    columns.map((column, i) =>
      linesCell(headerLines[i] ?? [], family, {
        bold: true,
        alignment: column.kind === "money" ? "right" : (column.align ?? "left"),
        fillColor: "#e6ebf2",
      }),
    );
  const headerHeight = rowHeight(Math.max(...headerLines.map((lines) => lines.length)));

  const carried = (key: LabelKey, sums: readonly bigint[]): TableRow => ({
    kind: "total",
    cells: columns.map((column, i) =>
      i === 0 ? bilingual(key, head.language) : isCarried(column) ? paise(sums[i] ?? 0n) : null,
    ),
  });
  // A label of the first column may need more than one line: room is kept for the tallest of the rows that pages carry.
  const carryHeight = Math.max(
    ...(["broughtForward", "carriedForward"] as const).map((key) => layRow(carried(key, [])).height),
  );
  const hasCarry = columns.some(isCarried) && total !== null;

  const rows = document.rows.length > 0 ? document.rows : [noRows(head.language)];
  const titleHeight = 17 + 16 + document.subtitle.length * 11 + 8;
  const runningHeight = 16;
  const noteHeight = document.notes.length * 13 + 4;
  const signatureHeight = document.signatures.length > 0 ? 56 : 0;
  const totalLaid = total ? layRow(total, "#f2f2f2") : undefined;
  const page = geometry.height - A4.top - A4.bottom - 2;
  const carry = hasCarry ? carryHeight : 0;
  const room = {
    first: page - titleHeight - headerHeight - carry,
    next: page - runningHeight - headerHeight - 2 * carry,
    tail: Math.max(0, (totalLaid?.height ?? 0) - carry) + noteHeight + signatureHeight,
  };
  const laid = rows.flatMap((row) => layRows(row, LINES_TOGETHER));
  const pages = paginate(
    laid.map((piece) => piece.height),
    room,
  );
  if (pages.length > PAGES_AT_MOST)
    throw reportErrors.REPORT_TOO_LONG({
      rows: rows.length,
      pages: pages.length,
      atMost: PAGES_AT_MOST,
    });

  const sums = columns.map(() => 0n);
  const tables: Content[] = pages.map(({ from, to }, index): Content => {
    const body: TableCell[][] = [headerCells()];
    if (index > 0 && hasCarry) body.push(layRow(carried("broughtForward", sums), "#fafafa").cells);
    for (let i = from; i < to; i += 1) {
      body.push(laid[i]?.cells ?? []);
      const row = laid[i]?.row;
      if (row && (row.kind ?? "line") === "line")
        row.cells.forEach((cell, c) => {
          if (typeof cell === "bigint") sums[c] = (sums[c] ?? 0n) + cell;
        });
    }
    const isLast = index === pages.length - 1;
    if (isLast && totalLaid) body.push(totalLaid.cells);
    if (!isLast && hasCarry) body.push(layRow(carried("carriedForward", sums), "#fafafa").cells);
    return {
      stack: [
        index === 0 ? titleBlock(document) : runningTitle(document),
        {
          table: {
            headerRows: 1,
            widths: [...widths],
            body,
            dontBreakRows: true,
          },
          layout,
        },
        ...(isLast ? tailBlock(document) : []),
      ],
      ...(index === 0 ? {} : { pageBreak: "before" as const }),
    };
  });

  const generated = `${label("generatedAt")} ${formatMoment(head.generatedAt)} IST ${label("generatedBy")} ${head.generatedBy}`;
  return toPdf(
    {
      pageSize: "A4",
      pageOrientation: document.orientation ?? "landscape",
      pageMargins: [A4.side, A4.top, A4.side, A4.bottom],
      content: tables,
      footer: (current: number, count: number) => ({
        margin: [A4.side, 8, A4.side, 0],
        columns: [
          text(`${head.ulb.code} · ${english(document.title)} · ${generated}`, family, { fontSize: 6.5, color: GREY }),
          {
            width: document.orientation === "portrait" ? 110 : 200,
            stack: [
              text(pageOf(current, count, head.language), family, { fontSize: 7, alignment: "right", color: GREY }),
            ],
          },
        ],
      }),
    },
    {
      title: `${english(document.title)}: ${head.ulb.name}`,
      author: head.ulb.name,
      subject: document.subtitle.join("; "),
      createdAt: head.generatedAt,
      language: head.language,
    },
  );
}

/** "Page 3 of 12", with the local word beside it. */
export function pageOf(current: number, count: number, language: Language): string {
  const english = `${label("page")} ${current} ${label("of")} ${count}`;
  return language === "en"
    ? english
    : `${english} · ${label("page", language)} ${current} ${label("of", language)} ${count}`;
}

function isCarried(column: TableColumn): boolean {
  return column.kind === "money" && column.carried !== false;
}

function sumRow(document: TableDocument): TableRow {
  return {
    kind: "total",
    cells: document.columns.map((column, i) => {
      if (i === 0) return bilingual("grandTotal", document.head.language);
      if (!isCarried(column)) return null;
      return paise(
        document.rows.reduce((total, row) => {
          const cell = (row.kind ?? "line") === "line" ? row.cells[i] : null;
          return typeof cell === "bigint" ? total + cell : total;
        }, 0n),
      );
    }),
  };
}

function noRows(language: Language): TableRow {
  return { kind: "heading", cells: [bilingual("noEntries", language)] };
}

function rowHeight(lines: number): number {
  return lines * LINE_HEIGHT + 2 * PAD.y + RULE;
}

/** Amounts get the width of their longest figure, those that pages carry among them (they never wrap); text columns share what is left. */
function columnWidths(
  document: TableDocument,
  total: TableRow | null,
  usable: number,
  family: TextStyle["family"],
): number[] {
  const { columns } = document;
  const bold: TextStyle = { family, bold: true, size: SIZE };
  const money = columns.map((column, i) => {
    if (column.kind !== "money") return 0;
    const longest = [
      ...amountsOf(document.rows, i, isCarried(column)),
      ...(total ? [total.cells[i]] : []),
    ].reduce<string>((longer, amount) => {
      const value = cellText(amount, document.inRupees === true);
      return value.length > longer.length ? value : longer;
    }, "0.00");
    const words = [columnWords(column, "en"), columnWords(column, document.head.language)].flatMap((text) =>
      text.split(" "),
    );
    return Math.max(textWidth(longest, bold), ...words.map((word) => textWidth(`${word},`, bold)), 44) + SLACK + 2;
  });
  const frame = columns.length * (2 * PAD.x + RULE) + RULE;
  const left = usable - frame - money.reduce((a, b) => a + b, 0);
  const weights = columns.map((column) => (column.kind === "money" ? 0 : column.kind.text));
  const weight = weights.reduce((a, b) => a + b, 0) || 1;
  return columns.map((_, i) => (money[i] ? (money[i] ?? 0) : Math.max(24, (left * (weights[i] ?? 0)) / weight)));
}

/** What a column prints in its rows, and the extremes of the sums that a page may carry forward from them. */
function amountsOf(rows: readonly TableRow[], column: number, isSummed: boolean): (TableCellValue | undefined)[] {
  let sum = 0n;
  let least = 0n;
  let most = 0n;
  const printed = rows.flatMap((row) => {
    const cell = row.cells[column];
    if (isSummed && typeof cell === "bigint" && (row.kind ?? "line") === "line") {
      sum += cell;
      if (sum < least) least = sum;
      if (sum > most) most = sum;
    }
    return row.kind === "heading" ? [] : [cell];
  });
  return isSummed ? [...printed, paise(least), paise(most)] : printed;
}

function linesCell(
  lines: readonly string[],
  family: TextStyle["family"],
  style: {
    bold: boolean;
    alignment?: "left" | "right" | "center";
    colSpan?: number;
    fillColor?: string;
    indent?: number;
  },
): TableCell {
  const { bold, alignment = "left", indent = 0, ...cell } = style;
  const line = (value: string): Content =>
    text(value, family, {
      noWrap: true,
      bold,
      alignment,
      fontSize: SIZE,
      ...(indent === 0 ? {} : { margin: [indent, 0, 0, 0] }),
    });
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) return { ...(line(only) as object), ...cell } as TableCell;
  return { stack: lines.map(line), ...cell };
}

function titleBlock(document: TableDocument): Content {
  const { head } = document;
  const family = familyOf(head.language);
  const name =
    head.ulb.nameLocal && head.language !== "en" ? `${head.ulb.name} / ${head.ulb.nameLocal}` : head.ulb.name;
  return {
    stack: [
      text(name, family, {
        bold: true,
        fontSize: 11,
        alignment: "center",
        noWrap: true,
      }),
      text(inBoth(document.title, head.language), family, {
        bold: true,
        fontSize: 10,
        alignment: "center",
        noWrap: true,
      }),
      ...document.subtitle.map((line) =>
        text(line, family, {
          fontSize: 8,
          alignment: "center",
          noWrap: true,
          lineHeight: 0.85,
        }),
      ),
    ],
    margin: [0, 0, 0, 5],
  };
}

function runningTitle(document: TableDocument): Content {
  const { head } = document;
  return text([head.ulb.name, english(document.title), ...document.subtitle].join(" · "), familyOf(head.language), {
    fontSize: 7,
    color: GREY,
    noWrap: true,
    margin: [0, 0, 0, 3],
  });
}

function tailBlock(document: TableDocument): Content[] {
  const family = familyOf(document.head.language);
  const notes = document.notes.map((note): Content =>
    text(note, family, { fontSize: 8, margin: [0, 2, 0, 0], lineHeight: 0.85 }),
  );
  const signatures: Content[] =
    document.signatures.length === 0
      ? []
      : [
          {
            columns: document.signatures.map((words): Content => ({
              stack: [
                {
                  canvas: [
                    {
                      type: "line",
                      x1: 0,
                      y1: 0,
                      x2: document.orientation === "portrait" ? 110 : 150,
                      y2: 0,
                      lineWidth: 0.5,
                    },
                  ],
                },
                text(inBoth(words, document.head.language), family, {
                  fontSize: 7.5,
                  margin: [0, 2, 0, 0],
                }),
              ],
            })),
            margin: [0, 34, 0, 0],
          },
        ];
  return [{ stack: [...notes, ...signatures] }];
}
