import type { TableCell } from "pdfmake/interfaces.js";
import type { Instant } from "../../ledger/kernel/dates.ts";
import { formatIndian, sum, type Paise } from "../../ledger/kernel/money.ts";
import { bilingual, label, type LabelKey, type Language } from "../labels.ts";
import { wordsOf } from "../words.ts";
import { familyOf, text, toPdf, type Content } from "./document.ts";
import { paginate } from "./paginate.ts";
import { lineHeightInEm } from "./shaping.ts";
import { wrap, type TextStyle } from "./wrap.ts";

export type DemandPart = "arrears" | "current" | "penalty" | "fee";

export type DemandPaperLine = {
  readonly part: DemandPart;
  readonly head: string;
  readonly headLocal: string | null;
  /** "01/04/2026–30/09/2026". */
  readonly period: string;
  readonly dueDate: string;
  readonly amount: Paise;
  /** The State's cess inside the amount, named. */
  readonly cess: { readonly name: string; readonly nameLocal: string | null; readonly amount: Paise } | null;
};

/** A paper that asks a consumer for money: a bill or a notice. One A4 page unless its lines need more. */
export type DemandPaper = {
  readonly ulb: { readonly name: string; readonly nameLocal: string | null };
  readonly title: LabelKey;
  readonly number: string;
  readonly issuedAt: Instant;
  /** Label and value, in the order in which they stand; warnings are red. */
  readonly facts: readonly { readonly name: string; readonly value: string; readonly isWarning?: boolean }[];
  /** What the paper says before its figures, a paragraph for each language. */
  readonly words: readonly string[];
  readonly lines: readonly DemandPaperLine[];
  /** What stands between the lines and the total: rebate, rounding, the fee. */
  readonly adjustments: readonly { readonly name: string; readonly amount: Paise }[];
  readonly total: Paise;
  /** Below the total, bold: until when it can be paid. */
  readonly deadlines: readonly string[];
  readonly notes: readonly string[];
  readonly qr: { readonly content: string; readonly caption: LabelKey };
  readonly payUrl: string;
  readonly signature: LabelKey;
};

const PAGE = { width: 595.28, height: 841.89, side: 40, top: 34, bottom: 30 };
const SIZE = 9;
const SMALL = 7.5;
const RED = "#b3261e";
const GREY = "#555555";
const PARTS: Readonly<Record<DemandPart, LabelKey>> = {
  arrears: "arrears",
  current: "currentDemand",
  penalty: "penaltyInterest",
  fee: "fee",
};
const WIDTHS = { period: 116, due: 66, amount: 84 };

/** Papers in one PDF, each beginning a page of its own. At least one. */
export async function demandPapersPdf(papers: readonly DemandPaper[], language: Language): Promise<Buffer> {
  const [first] = papers;
  return toPdf(
    {
      pageSize: { width: PAGE.width, height: PAGE.height },
      pageMargins: [PAGE.side, PAGE.top, PAGE.side, PAGE.bottom],
      content: papers.flatMap((paper, i) => pagesOf(paper, language, i === 0)),
      defaultStyle: { fontSize: SIZE },
    },
    {
      title:
        first === undefined || papers.length > 1
          ? `${label(first?.title ?? "bills")} (${papers.length})`
          : `${label(first.title)} ${first.number}`,
      author: first?.ulb.name ?? "",
      createdAt: papers.reduce((latest, paper) => (paper.issuedAt > latest ? paper.issuedAt : latest), new Date(0)),
      language,
    },
  );
}

type Row =
  | { readonly kind: "line"; readonly line: DemandPaperLine; readonly head: readonly string[] }
  | { readonly kind: "part" | "adjustment" | "total"; readonly name: readonly string[]; readonly amount: Paise };

function pagesOf(paper: DemandPaper, language: Language, isFirst: boolean): Content[] {
  const family = familyOf(language);
  const usable = PAGE.width - 2 * PAGE.side;
  const lineHeight = SIZE * lineHeightInEm;
  const style = (bold: boolean, size = SIZE): TextStyle => ({ family, bold, size });
  const headWidth = usable - WIDTHS.period - WIDTHS.due - WIDTHS.amount - 30;

  const rows = rowsOf(paper, language, (value) => wrap(value, headWidth, style(false)));
  const amountWords = wordsOf(paper.total, language).map((part) => wrap(part, usable - 4, style(true)));
  const sentences = paper.words.map((sentence) => wrap(sentence, usable - 4, style(false)));
  const facts = paper.facts.map((fact) => ({ ...fact, lines: wrap(fact.value, usable * 0.64 - 8, style(true)) }));
  const notes = [...paper.notes, ...ways(language)].map((note) => wrap(note, usable - 110, style(false, SMALL)));
  const deadlines = paper.deadlines.map((line) => wrap(line, usable - 110, style(true)));

  const count = (lists: readonly (readonly string[])[]): number => lists.reduce((n, list) => n + list.length, 0);
  const headHeight = SIZE * lineHeightInEm * 4.1 + 18 + lineHeight + 6;
  const introHeight =
    count(facts.map((f) => f.lines)) * lineHeight + facts.length * 1.6 + count(sentences) * lineHeight + 14;
  const tailHeight =
    (count(amountWords) + 1) * lineHeight +
    Math.max(108, count(deadlines) * lineHeight + count(notes) * SMALL * lineHeightInEm + 2 * lineHeight) +
    lineHeight * 2 +
    44;
  const room = PAGE.height - PAGE.top - PAGE.bottom;
  const pages = paginate(
    rows.map((row) => (row.kind === "line" ? row.head.length : row.name.length) * lineHeight + 5),
    { first: room - headHeight - introHeight, next: room - headHeight, tail: tailHeight },
  );
  return pages.map(({ from, to }, index): Content => ({
    ...(isFirst && index === 0 ? {} : { pageBreak: "before" as const }),
    stack: [
      heading(paper, language, index > 0),
      ...(index > 0
        ? []
        : [
            factsTable(facts, language),
            ...sentences.map((lines, i): Content => ({
              stack: lines.map((part) => text(part, family, { noWrap: true })),
              margin: [0, i === 0 ? 6 : 2, 0, 0],
            })),
          ]),
      linesTable(rows.slice(from, to), language),
      ...(index === pages.length - 1 ? tail(paper, language, { amountWords, deadlines, notes }) : []),
    ],
  }));
}

/** Lines under their part, the sum of each part where there are several, what is taken off or added, and the total. */
function rowsOf(paper: DemandPaper, language: Language, fit: (value: string) => string[]): Row[] {
  const isLocal = language !== "en";
  const named = (name: string, local: string | null): string =>
    isLocal && local !== null && local !== name ? `${name} / ${local}` : name;
  const parts = [...new Set(paper.lines.map((l) => l.part))];
  return [
    ...parts.flatMap((part): Row[] => {
      const lines = paper.lines.filter((l) => l.part === part);
      return [
        ...lines.map((line): Row => {
          const cess =
            line.cess === null
              ? []
              : fit(
                  `(${bilingual("includesCess", language)}: ${named(line.cess.name, line.cess.nameLocal)} ${formatIndian(line.cess.amount)})`,
                );
          return { kind: "line", line, head: [...fit(named(line.head, line.headLocal)), ...cess] };
        }),
        { kind: "part", name: [bilingual(PARTS[part], language)], amount: sum(lines.map((l) => l.amount)) },
      ];
    }),
    ...paper.adjustments.map(({ name, amount }): Row => ({ kind: "adjustment", name: [name], amount })),
    { kind: "total", name: [bilingual("toPay", language)], amount: paper.total },
  ];
}

function cell(
  value: string | readonly string[],
  language: Language,
  style: { bold?: boolean; alignment?: "left" | "right"; fillColor?: string; colSpan?: number } = {},
): TableCell {
  const { fillColor, colSpan, ...rest } = style;
  const lines = typeof value === "string" ? [value] : value;
  return {
    stack: lines.map((part) => text(part, familyOf(language), rest)),
    ...(fillColor === undefined ? {} : { fillColor }),
    ...(colSpan === undefined ? {} : { colSpan }),
  };
}

function linesTable(rows: readonly Row[], language: Language): Content {
  const title = (key: LabelKey, alignment: "left" | "right" = "left"): TableCell =>
    cell(language === "en" ? [label(key)] : [label(key), label(key, language)], language, {
      bold: true,
      alignment,
      fillColor: "#e6ebf2",
    });
  const body = rows.map((row): TableCell[] => {
    if (row.kind === "line")
      return [
        cell(row.head, language),
        cell(row.line.period, language),
        cell(row.line.dueDate, language),
        cell(formatIndian(row.line.amount), language, { alignment: "right" }),
      ];
    const bold = row.kind !== "adjustment";
    const fill = row.kind === "total" ? "#dfe7f0" : row.kind === "part" ? "#f4f4f4" : "#ffffff";
    const amount = `${row.kind === "total" ? "₹ " : ""}${row.amount < 0n ? "− " : ""}${formatIndian(row.amount).replace(/^-/, "")}`;
    return [
      cell(row.name, language, { bold, fillColor: fill, colSpan: 3 }),
      {},
      {},
      cell(amount, language, { bold, alignment: "right", fillColor: fill }),
    ];
  });
  return {
    table: {
      widths: ["*", WIDTHS.period, WIDTHS.due, WIDTHS.amount],
      body: [[title("head"), title("period"), title("dueDate"), title("amount", "right")], ...body],
      headerRows: 1,
      dontBreakRows: true,
    },
    layout: {
      hLineWidth: () => 0.4,
      vLineWidth: () => 0.4,
      hLineColor: () => "#9a9a9a",
      vLineColor: () => "#c8c8c8",
      paddingTop: () => 2,
      paddingBottom: () => 2,
      paddingLeft: () => 3,
      paddingRight: () => 3,
    },
    margin: [0, 7, 0, 5],
  };
}

function heading(paper: DemandPaper, language: Language, isContinued: boolean): Content {
  const family = familyOf(language);
  const local = language === "en" ? null : paper.ulb.nameLocal;
  const title = `${bilingual(paper.title, language)}${isContinued ? ` (${label("continued")})` : ""}`;
  return {
    stack: [
      ...(local === null ? [] : [text(local, family, { bold: true, fontSize: SIZE * 1.5, alignment: "center" })]),
      text(paper.ulb.name, family, {
        bold: true,
        fontSize: SIZE * (local === null ? 1.5 : 1.2),
        alignment: "center",
      }),
      text(`${title} · ${paper.number}`, family, {
        bold: true,
        fontSize: SIZE * 1.3,
        alignment: "center",
        margin: [0, 3, 0, 0],
      }),
    ],
    margin: [0, 0, 0, 6],
  };
}

function factsTable(
  facts: readonly { readonly name: string; readonly lines: readonly string[]; readonly isWarning?: boolean }[],
  language: Language,
): Content {
  const family = familyOf(language);
  return {
    table: {
      widths: ["36%", "64%"],
      body: facts.map(({ name, lines, isWarning }): TableCell[] => [
        cell(name, language),
        {
          stack: lines.map((part) =>
            text(part, family, { bold: true, noWrap: true, ...(isWarning === true ? { color: RED } : {}) }),
          ),
        },
      ]),
    },
    layout: {
      hLineWidth: () => 0,
      vLineWidth: () => 0,
      paddingTop: () => 0.6,
      paddingBottom: () => 1,
      paddingLeft: () => 0,
      paddingRight: () => 4,
    },
  };
}

function ways(language: Language): string[] {
  return language === "en" ? [label("payWays")] : [label("payWays"), label("payWays", language)];
}

function tail(
  paper: DemandPaper,
  language: Language,
  set: Readonly<Record<"amountWords" | "deadlines" | "notes", readonly (readonly string[])[]>>,
): Content[] {
  const family = familyOf(language);
  return [
    text(bilingual("inWords", language), family, { color: GREY }),
    ...set.amountWords.flat().map((part) => text(part, family, { bold: true, noWrap: true })),
    {
      margin: [0, 7, 0, 0],
      columns: [
        {
          width: 104,
          stack: [
            { qr: paper.qr.content, fit: 88, eccLevel: "M" },
            text(label(paper.qr.caption), family, { fontSize: 6.5, margin: [0, 2, 6, 0] }),
            ...(language === "en" ? [] : [text(label(paper.qr.caption, language), family, { fontSize: 6.5 })]),
          ],
        },
        {
          width: "*",
          stack: [
            ...set.deadlines.flat().map((part) => text(part, family, { bold: true, noWrap: true })),
            text(bilingual("howToPay", language), family, { bold: true, fontSize: SMALL, margin: [0, 4, 0, 0] }),
            ...set.notes.flat().map((part) => text(part, family, { fontSize: SMALL, color: GREY, noWrap: true })),
            text(paper.payUrl, family, { fontSize: SMALL, margin: [0, 2, 0, 0] }),
          ],
        },
      ],
    },
    {
      stack: [
        { canvas: [{ type: "line", x1: 0, y1: 0, x2: 130, y2: 0, lineWidth: 0.5 }], alignment: "right" },
        text(bilingual(paper.signature, language), family, { alignment: "right", margin: [0, 2, 0, 0] }),
      ],
      margin: [0, 26, 0, 0],
    },
  ];
}
