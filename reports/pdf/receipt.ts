import type { TableCell } from "pdfmake/interfaces.js";
import { formatDate, formatMoment, type Instant, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, inWords, type Paise } from "../../ledger/kernel/money.ts";
import { bilingual, label, labelOfCode, type Language } from "../labels.ts";
import { familyOf, text, toPdf, type Content } from "./document.ts";
import { paginate } from "./paginate.ts";
import { lineHeightInEm, outline } from "./shaping.ts";
import { wrap, type TextStyle } from "./wrap.ts";

export type ReceiptLine = {
  /** The tax head in English, and as the ULB writes it. */
  readonly head: string;
  readonly headLocal?: string | null;
  /** The demand's financial year or period, such as "2025-26" or "2026-04 to 2026-06". */
  readonly year: string;
  readonly amount: Paise;
};

export type ReceiptStatus =
  | { readonly status: "issued" }
  | {
      readonly status: "cancelled" | "dishonoured" | "transferred" | "reversed";
      readonly on: LocalDate;
      readonly reason: string;
    };

/** Everything a receipt prints. The sum of `lines`, `advance` and `refundable` is `amount`. */
export type ReceiptView = {
  readonly ulb: { readonly code: string; readonly name: string; readonly nameLocal: string | null };
  readonly number: string;
  readonly date: LocalDate;
  /** When it was issued: the document's creation date. */
  readonly issuedAt: Instant;
  readonly paidAt?: Instant;
  readonly issuedBy?: string;
  /** The receipt that a replacement takes the place of. */
  readonly replaces?: string | null;
  /** Book and leaf of a manual receipt. */
  readonly leaf?: string | null;
  /** Which duplicate this print is: 0 or nothing for the first print. */
  readonly copy?: number;
  /** Of the key that signed the code, to be compared with the one published. */
  readonly keyFingerprint?: string | null;
  readonly state: ReceiptStatus;
  readonly consumer: {
    readonly code: string;
    readonly name: string;
    readonly nameLocal?: string | null;
    readonly address: string;
    readonly ward: string;
    readonly service: string;
    /** Masked but for its ends. */
    readonly mobile?: string | null;
  };
  readonly lines: readonly ReceiptLine[];
  readonly advance: Paise;
  /** What was set against no due and is given back. */
  readonly refundable?: Paise;
  /** The refund note that gives it back. */
  readonly refundNote?: string | null;
  /** What early payment saved; beside the lines, not part of the amount. */
  readonly rebate?: Paise;
  readonly amount: Paise;
  readonly mode: string;
  /** Cheque or draft number, UTR or the gateway's payment id. */
  readonly instrument: {
    readonly number: string;
    readonly date?: LocalDate | null;
    readonly bank?: string | null;
  } | null;
  readonly counter: string | null;
  readonly entryNumber: string | null;
  readonly verifyUrl: string;
};

export type Paper = "A4" | "A5";

const PAPERS = {
  A5: { width: 419.53, height: 595.28, side: 26, top: 22, bottom: 24, size: 7.5 },
  A4: { width: 595.28, height: 841.89, side: 40, top: 34, bottom: 36, size: 9.5 },
};
const RED = "#b3261e";
const GREY = "#555555";

/** One receipt as a PDF in the local language beside English, with the code that leads to the page that verifies it. */
export async function receiptPdf(view: ReceiptView, language: Language, paper: Paper = "A5"): Promise<Buffer> {
  return receiptsPdf([view], language, paper);
}

/** Many receipts in one PDF, each on its own page or pages: several times cheaper than one file each. At least one receipt. */
export async function receiptsPdf(
  views: readonly ReceiptView[],
  language: Language,
  paper: Paper = "A5",
): Promise<Buffer> {
  const [first] = views;
  const content = views.flatMap((view, i) => pagesOf(view, language, paper, i === 0));
  const { width, height, side, top, bottom, size } = PAPERS[paper];
  return toPdf(
    {
      pageSize: { width, height },
      pageMargins: [side, top, side, bottom],
      content,
      defaultStyle: { fontSize: size },
    },
    {
      title:
        views.length === 1 && first ? `${label("receipt")} ${first.number}` : `${label("receipts")} (${views.length})`,
      author: first?.ulb.name ?? "",
      createdAt: views.reduce((latest, view) => (view.issuedAt > latest ? view.issuedAt : latest), new Date(0)),
      language,
    },
  );
}

function pagesOf(view: ReceiptView, language: Language, paper: Paper, isFirst: boolean): Content[] {
  const { width, height, side, top, bottom, size } = PAPERS[paper];
  const family = familyOf(language);
  const usable = width - 2 * side;
  const line = size * lineHeightInEm;
  const style = (bold: boolean, scale = 1): TextStyle => ({ family, bold, size: size * scale });

  const widths = { year: 62, amount: 78 };
  const headWidth = usable - widths.year - widths.amount - 18 - 4;
  const lines: ReceiptLine[] = [
    ...view.lines,
    ...(view.advance > 0n
      ? [{ head: label("advance"), headLocal: label("advance", language), year: "", amount: view.advance }]
      : []),
    ...(view.refundable
      ? [{ head: label("refundable"), headLocal: label("refundable", language), year: "", amount: view.refundable }]
      : []),
  ];
  const rows = lines.map((item) => {
    const local = language !== "en" && item.headLocal && item.headLocal !== item.head ? ` / ${item.headLocal}` : "";
    return { item, head: wrap(item.head + local, headWidth - 1, style(false)) };
  });
  const words = wrap(inWords(view.amount), usable - 10, style(true));

  const facts = factsOf(view, language);
  const factHeights = facts.map(([, value]) => wrap(value, usable * 0.62 - 8, style(false)).length * line + 1.5);
  const headHeight =
    size * 1.5 * lineHeightInEm * 2 +
    size * 1.3 * lineHeightInEm +
    16 +
    ((view.copy ?? 0) > 0 ? size * 1.1 * lineHeightInEm + 1 : 0);
  const factsHeight = factHeights.reduce((a, b) => a + b, 0) + 10;
  const tailHeight = line * 1.2 + 10 + (words.length + 1) * line + 114 + line * 3;
  const room = height - top - bottom - line * 1.6;
  const pages = paginate(
    rows.map((row) => row.head.length * line + 4.4),
    { first: room - headHeight - factsHeight, next: room - headHeight, tail: tailHeight },
  );

  return pages.map(({ from, to }, index): Content => {
    const isLast = index === pages.length - 1;
    const body: TableCell[][] = [
      [
        cell(bilingual("head", language), family, { bold: true, fillColor: "#e6ebf2" }),
        cell(bilingual("year", language), family, { bold: true, fillColor: "#e6ebf2" }),
        cell(bilingual("amount", language), family, { bold: true, fillColor: "#e6ebf2", alignment: "right" }),
      ],
      ...rows
        .slice(from, to)
        .map(({ item, head }): TableCell[] => [
          { stack: head.map((part) => text(part, family, { noWrap: true })) },
          cell(item.year, family),
          cell(formatIndian(item.amount), family, { alignment: "right" }),
        ]),
    ];
    if (isLast)
      body.push([
        cell(bilingual("total", language), family, { bold: true, fillColor: "#f2f2f2" }),
        cell("", family, { fillColor: "#f2f2f2" }),
        cell(`₹ ${formatIndian(view.amount)}`, family, { bold: true, alignment: "right", fillColor: "#f2f2f2" }),
      ]);
    return {
      ...(isFirst && index === 0 ? {} : { pageBreak: "before" as const }),
      stack: [
        ...watermark(view, language, paper),
        heading(view, language, size, index > 0),
        ...(index === 0 ? [factsTable(facts, language, family)] : []),
        {
          table: { widths: ["*", widths.year, widths.amount], body, headerRows: 1, dontBreakRows: true },
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
          margin: [0, 4, 0, 4],
        },
        ...(isLast ? tail(view, language, words) : []),
      ],
    };
  });
}

function cell(
  value: string,
  family: ReturnType<typeof familyOf>,
  style: { bold?: boolean; alignment?: "left" | "right"; fillColor?: string } = {},
): TableCell {
  const { fillColor, ...rest } = style;
  return { stack: [text(value, family, rest)], ...(fillColor === undefined ? {} : { fillColor }) };
}

function heading(view: ReceiptView, language: Language, size: number, isContinued: boolean): Content {
  const family = familyOf(language);
  const title = `${bilingual(view.replaces ? "replacement" : "receipt", language)}${isContinued ? ` (${label("continued")})` : ""}`;
  const local = language !== "en" && view.ulb.nameLocal !== null ? view.ulb.nameLocal : "";
  return {
    stack: [
      ...(local === "" ? [] : [text(local, family, { bold: true, fontSize: size * 1.5, alignment: "center" })]),
      text(view.ulb.name, family, {
        bold: true,
        fontSize: local === "" ? size * 1.5 : size * 1.25,
        alignment: "center",
      }),
      text(`${title} · ${view.number}`, family, {
        bold: true,
        fontSize: size * 1.3,
        alignment: "center",
        margin: [0, 2, 0, 0],
      }),
      ...((view.copy ?? 0) > 0
        ? [
            text(duplicateText(view.copy ?? 0, language), family, {
              bold: true,
              fontSize: size * 1.1,
              alignment: "center",
              color: RED,
              margin: [0, 1, 0, 0],
            }),
          ]
        : []),
    ],
    margin: [0, 0, 0, 6],
  };
}

function duplicateText(copy: number, language: Language): string {
  const words = (lang: Language): string => label("duplicateCopy", lang).replace("{n}", String(copy));
  return language === "en" ? words("en") : `${words("en")} / ${words(language)}`;
}

type Fact = readonly [label: string, value: string, isWarning?: boolean];

function factsOf(view: ReceiptView, language: Language): Fact[] {
  const { consumer, instrument, state } = view;
  const name =
    consumer.nameLocal && consumer.nameLocal !== consumer.name && language !== "en"
      ? `${consumer.name} / ${consumer.nameLocal}`
      : consumer.name;
  const both = (code: string): string => {
    const english = labelOfCode(code);
    const local = labelOfCode(code, language);
    return local === english ? english : `${english} / ${local}`;
  };
  const instrumentText =
    instrument === null
      ? ""
      : [instrument.number, instrument.date ? formatDate(instrument.date) : "", instrument.bank ?? ""]
          .filter(Boolean)
          .join(", ");
  const facts: (Fact | undefined)[] = [
    state.status === "issued"
      ? undefined
      : [bilingual(state.status, language), `${formatDate(state.on)}. ${state.reason}`, true],
    view.refundNote
      ? [bilingual("refundNote", language), `${view.refundNote}. ${refundableText(language)}`, true]
      : undefined,
    view.replaces ? [bilingual("afterTransfer", language), view.replaces] : undefined,
    [bilingual("date", language), `${formatDate(view.date)}${issuedText(view)}`],
    view.leaf ? [bilingual("manualLeaf", language), view.leaf] : undefined,
    consumer.service === "" ? undefined : [bilingual("service", language), both(consumer.service)],
    consumer.code === "" ? undefined : [bilingual("consumerCode", language), consumer.code],
    [bilingual("name", language), name],
    consumer.address === "" && !consumer.ward
      ? undefined
      : [
          bilingual("address", language),
          `${consumer.address}${consumer.ward ? ` (${label("ward")} ${consumer.ward})` : ""}`,
        ],
    consumer.mobile ? [bilingual("mobile", language), consumer.mobile] : undefined,
    [bilingual("mode", language), both(view.mode)],
    instrumentText === "" ? undefined : [bilingual("instrument", language), instrumentText],
    view.counter === null ? undefined : [bilingual("counter", language), view.counter],
    view.rebate === undefined || view.rebate === 0n
      ? undefined
      : [bilingual("rebate", language), `₹ ${formatIndian(view.rebate)}`],
  ];
  return facts.filter((fact) => fact !== undefined);
}

function refundableText(language: Language): string {
  const english = label("refundableNote");
  return language === "en" ? english : `${english} ${label("refundableNote", language)}`;
}

/** Date and time of payment and of issue (India), by whom. */
function issuedText(view: ReceiptView): string {
  if (view.paidAt === undefined) return "";
  const by = view.issuedBy === undefined ? "" : ` · ${view.issuedBy}`;
  return ` (${label("paidOn")} ${formatMoment(view.paidAt)}, ${label("issuedOn")} ${formatMoment(view.issuedAt)}${by})`;
}

function factsTable(facts: readonly Fact[], language: Language, family: ReturnType<typeof familyOf>): Content {
  return {
    table: {
      widths: ["38%", "62%"],
      body: facts.map(([name, value, isWarning]): TableCell[] => [
        cell(name, family, {}),
        { stack: [text(value, family, { bold: true, ...(isWarning === true ? { color: RED } : {}) })] },
      ]),
    },
    layout: {
      hLineWidth: () => 0,
      vLineWidth: () => 0,
      paddingTop: () => 0.5,
      paddingBottom: () => 1,
      paddingLeft: () => 0,
      paddingRight: () => 4,
    },
  };
}

function tail(view: ReceiptView, language: Language, words: readonly string[]): Content[] {
  const family = familyOf(language);
  const isPaper = view.mode === "cheque" || view.mode === "dd" || view.mode === "postal-order";
  return [
    text(bilingual("inWords", language), family, { color: GREY }),
    ...words.map((part) => text(part, family, { bold: true, noWrap: true })),
    {
      margin: [0, 6, 0, 0],
      columns: [
        {
          width: 104,
          stack: [
            { qr: view.verifyUrl, fit: 96, eccLevel: "L" },
            text(label("verify"), family, { fontSize: 6.5, margin: [0, 2, 0, 0] }),
          ],
        },
        {
          width: "*",
          stack: [
            ...(isPaper ? [text(bilingual("subjectToRealisation", language), family, { bold: true })] : []),
            text(label("verifyNote"), family, { fontSize: 6.5, color: GREY, margin: [0, 2, 0, 0] }),
            ...(language === "en" ? [] : [text(label("verifyNote", language), family, { fontSize: 6.5, color: GREY })]),
            ...(view.entryNumber === null
              ? []
              : [text(`${bilingual("entry", language)}: ${view.entryNumber}`, family, { fontSize: 6.5, color: GREY })]),
            ...(view.keyFingerprint
              ? [text(`${label("signedKey")}: ${view.keyFingerprint}`, family, { fontSize: 6.5, color: GREY })]
              : []),
            text(label("computerGenerated"), family, { fontSize: 6.5, color: GREY }),
            {
              stack: [
                {
                  canvas: [{ type: "line", x1: 0, y1: 0, x2: 110, y2: 0, lineWidth: 0.5 }],
                  alignment: "right",
                  margin: [0, 20, 0, 0],
                },
                text(bilingual("cashier", language), family, { alignment: "right", margin: [0, 2, 0, 0] }),
              ],
            },
          ],
        },
      ],
    },
  ];
}

/** The state across the page, as outlines: pdfmake's own watermark is one per file, and a bundle holds receipts of every state. */
function watermark(view: ReceiptView, language: Language, paper: Paper): Content[] {
  if (view.state.status === "issued") return [];
  const { width, height } = PAPERS[paper];
  const family = familyOf(language);
  const english = label(view.state.status).toUpperCase();
  const lines = language === "en" ? [english] : [english, label(view.state.status, language)];
  const size = width / 8;
  const drawn = lines.map((value, i) => {
    const { paths, width: textWidth } = outline(value, { family, bold: true, size });
    return `<g transform="translate(${(-textWidth / 2).toFixed(1)} ${(i * size * 1.25).toFixed(1)})">${paths}</g>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><g fill="${RED}" fill-opacity="0.16" transform="translate(${width / 2} ${height / 2}) rotate(-38)">${drawn.join("")}</g></svg>`;
  return [{ svg, absolutePosition: { x: 0, y: 0 }, width }];
}
