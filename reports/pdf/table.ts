import type { CustomTableLayout, TableCell } from "pdfmake/interfaces.js";
import { formatMoment, type Instant } from "../../ledger/kernel/dates.ts";
import { formatStatement, paise, type Paise } from "../../ledger/kernel/money.ts";
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

export type TableColumn = {
  readonly label: readonly [LabelKey, ...LabelKey[]];
  /** Text columns share the width that the amounts leave, by weight. */
  readonly kind: { readonly text: number } | "money";
  readonly align?: "left" | "right" | "center";
  /** Money columns are added up and carried from page to page, unless their sum means nothing (a running balance). */
  readonly carried?: boolean;
};

export type TableCellValue = string | Paise | null;
export type TableRow = {
  readonly cells: readonly TableCellValue[];
  /** "line" rows are summed; "heading" rows span the table; "total" rows are printed bold and are not summed again. */
  readonly kind?: "line" | "heading" | "total";
};

export type TableDocument = {
  readonly head: DocumentHead;
  readonly title: LabelKey;
  /** Lines below the title: the range, the fund, the account. */
  readonly subtitle: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** The last row of the table; without it the summed columns are the grand total. Null prints no total. */
  readonly total?: TableRow | null;
  /** Sentences below the table, such as "Debits and credits agree." */
  readonly notes: readonly string[];
  readonly signatures: readonly LabelKey[];
};

const PAGE = { width: 841.89, height: 595.28, side: 30, top: 24, bottom: 34 };
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

function cellText(value: TableCellValue | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "bigint" ? formatStatement(value) : value;
}

type Laid = { readonly cells: TableCell[]; readonly height: number };

/**
 * A statement or register on A4 landscape. Pages are cut here and not by pdfmake, because each page must say what it
 * carries forward: rows are wrapped with the widths of the real glyphs, so the height of every row is known before.
 */
export async function tablePdf(document: TableDocument): Promise<Buffer> {
  const { head, columns } = document;
  const family = familyOf(head.language);
  const usable = PAGE.width - 2 * PAGE.side;
  const style = (bold: boolean, size = SIZE): TextStyle => ({
    family,
    bold,
    size,
  });

  const total = document.total === undefined ? sumRow(document) : document.total;
  const widths = columnWidths(document, total, usable, family);

  const layRow = (row: TableRow, fill?: string): Laid => {
    const bold = row.kind === "heading" || row.kind === "total";
    if (row.kind === "heading") {
      const width = usable - 2 * PAD.x - SLACK - RULE * 2;
      const lines = wrap(cellText(row.cells[0]), width, style(true));
      const first = linesCell(lines, family, {
        bold,
        colSpan: columns.length,
        fillColor: "#f2f2f2",
      });
      return {
        cells: [first, ...columns.slice(1).map(() => ({}))],
        height: rowHeight(lines.length),
      };
    }
    const wrapped = columns.map((column, i) =>
      wrap(cellText(row.cells[i]), (widths[i] ?? 0) - SLACK, style(bold, SIZE)).map((line) => line.trimEnd()),
    );
    const cells = columns.map((column, i) =>
      linesCell(wrapped[i] ?? [""], family, {
        bold,
        alignment: column.kind === "money" ? "right" : (column.align ?? "left"),
        ...(fill === undefined ? {} : { fillColor: fill }),
      }),
    );
    return {
      cells,
      height: rowHeight(Math.max(...wrapped.map((lines) => lines.length))),
    };
  };

  const headerLines = columns.map((column, i) => {
    const english = column.label.map((key) => label(key)).join(", ");
    const local = column.label.map((key) => label(key, head.language)).join(", ");
    const width = (widths[i] ?? 0) - SLACK;
    return [
      ...wrap(english, width, style(true)),
      ...(head.language === "en" || local === english ? [] : wrap(local, width, style(false))),
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
  const laid = rows.map((row) => layRow(row));
  const titleHeight = 17 + 16 + document.subtitle.length * 11 + 8;
  const runningHeight = 16;
  const noteHeight = document.notes.length * 13 + 4;
  const signatureHeight = document.signatures.length > 0 ? 56 : 0;
  const totalLaid = total ? layRow(total, "#f2f2f2") : undefined;
  const page = PAGE.height - PAGE.top - PAGE.bottom - 2;
  const carry = hasCarry ? carryHeight : 0;
  const pages = paginate(
    laid.map((row) => row.height),
    {
      first: page - titleHeight - headerHeight - carry,
      next: page - runningHeight - headerHeight - 2 * carry,
      tail: Math.max(0, (totalLaid?.height ?? 0) - carry) + noteHeight + signatureHeight,
    },
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
      const row = rows[i];
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
      pageOrientation: "landscape",
      pageMargins: [PAGE.side, PAGE.top, PAGE.side, PAGE.bottom],
      content: tables,
      footer: (current: number, count: number) => ({
        margin: [PAGE.side, 8, PAGE.side, 0],
        columns: [
          text(`${head.ulb.code} · ${label(document.title)} · ${generated}`, family, { fontSize: 6.5, color: GREY }),
          {
            width: 200,
            stack: [
              text(pageOf(current, count, head.language), family, { fontSize: 7, alignment: "right", color: GREY }),
            ],
          },
        ],
      }),
    },
    {
      title: `${label(document.title)}: ${head.ulb.name}`,
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

/** Amounts get the width of their longest figure (they never wrap); text columns share what is left. */
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
    const longest = [...document.rows, ...(total ? [total] : [])].reduce((longer, row) => {
      const value = cellText(row.cells[i]);
      return row.kind !== "heading" && value.length > longer.length ? value : longer;
    }, "0.00");
    const words = column.label.flatMap((key) => [
      ...label(key).split(" "),
      ...label(key, document.head.language).split(" "),
    ]);
    return Math.max(textWidth(longest, bold), ...words.map((word) => textWidth(`${word},`, bold)), 44) + SLACK + 2;
  });
  const frame = columns.length * (2 * PAD.x + RULE) + RULE;
  const left = usable - frame - money.reduce((a, b) => a + b, 0);
  const weights = columns.map((column) => (column.kind === "money" ? 0 : column.kind.text));
  const weight = weights.reduce((a, b) => a + b, 0) || 1;
  return columns.map((_, i) => (money[i] ? (money[i] ?? 0) : Math.max(24, (left * (weights[i] ?? 0)) / weight)));
}

function linesCell(
  lines: readonly string[],
  family: TextStyle["family"],
  style: {
    bold: boolean;
    alignment?: "left" | "right" | "center";
    colSpan?: number;
    fillColor?: string;
  },
): TableCell {
  const { bold, alignment = "left", ...cell } = style;
  const line = (value: string): Content => text(value, family, { noWrap: true, bold, alignment, fontSize: SIZE });
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
      text(bilingual(document.title, head.language), family, {
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
  return text([head.ulb.name, label(document.title), ...document.subtitle].join(" · "), familyOf(head.language), {
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
            columns: document.signatures.map((key): Content => ({
              stack: [
                {
                  canvas: [
                    {
                      type: "line",
                      x1: 0,
                      y1: 0,
                      x2: 150,
                      y2: 0,
                      lineWidth: 0.5,
                    },
                  ],
                },
                text(bilingual(key, document.head.language), family, {
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
