import type { TableCell } from "pdfmake/interfaces.js";
import { formatDate, type Instant, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, inWords, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { familyOf, text, toPdf, type Content } from "./document.ts";

type Ulb = { readonly code: string; readonly name: string; readonly nameLocal: string | null };
type Bank = {
  readonly bank: string;
  readonly branch: string | null;
  readonly ifsc: string | null;
  readonly numberMasked: string;
};

export type AdviceView = {
  readonly ulb: Ulb;
  readonly bank: Bank;
  readonly number: string;
  readonly date: LocalDate;
  readonly voucher: string;
  readonly madeAt: Instant;
  readonly lines: readonly {
    readonly name: string;
    readonly bankAccount: string;
    readonly ifsc: string;
    readonly method: "NEFT" | "RTGS";
    readonly amount: Paise;
  }[];
  readonly amount: Paise;
  readonly signatories: readonly [string, string];
};

/** What a payment order prints: whom, for what, out of which bank book, by which leaf. */
export type PaymentOrderView = {
  readonly ulb: Ulb;
  readonly bank: Bank;
  readonly voucher: string;
  readonly date: LocalDate;
  readonly payee: string;
  readonly instrument: string;
  readonly narration: string;
  readonly madeAt: Instant;
  readonly madeBy: string;
  readonly approvedBy: string;
  readonly lines: readonly {
    readonly what: string;
    readonly party: string;
    readonly account: string;
    readonly amount: Paise;
  }[];
  readonly amount: Paise;
  readonly signatories: readonly [string, string];
};

const FAMILY = familyOf("en");
const layout = {
  hLineWidth: () => 0.4,
  vLineWidth: () => 0.4,
  hLineColor: () => "#9a9a9a",
  vLineColor: () => "#c8c8c8",
  paddingTop: () => 3,
  paddingBottom: () => 3,
  paddingLeft: () => 4,
  paddingRight: () => 4,
};

/**
 * The letter that tells the bank whom to pay by NEFT or RTGS: each beneficiary, the total in figures and words, and two signatures. It goes with
 * the file of `adviceCsv`.
 */
export async function adviceLetterPdf(view: AdviceView): Promise<Buffer> {
  const rows = view.lines.map((l, i): TableCell[] => [
    cell(String(i + 1)),
    cell(l.name),
    cell(l.bankAccount),
    cell(l.ifsc),
    cell(l.method),
    cell(formatIndian(l.amount), "right"),
  ]);
  return page(view.ulb, view.madeAt, `Payment advice ${view.number}`, [
    columns(`Advice ${view.number}`, `Date ${formatDate(view.date)}`),
    plain("To", 10),
    plain("The Branch Manager"),
    plain([view.bank.bank, view.bank.branch ?? ""].filter(Boolean).join(", ")),
    plain(`Subject: payment by NEFT and RTGS from account ${view.bank.numberMasked}`, 10, true),
    plain(
      `Please debit our account ${view.bank.numberMasked}${view.bank.ifsc === null ? "" : ` (${view.bank.ifsc})`} with ₹ ${formatIndian(view.amount)} (${inWords(view.amount)}) ` +
        `and credit the beneficiaries below. Quote ${view.number} in the statement. Our voucher is ${view.voucher}.`,
      6,
    ),
    {
      margin: [0, 8, 0, 4],
      table: {
        headerRows: 1,
        widths: [20, "*", 110, 82, 36, 88],
        body: [
          [head("No."), head("Beneficiary"), head("Account"), head("IFSC"), head("By"), head("Amount (₹)", "right")],
          ...rows,
          [cell(""), head("Total"), cell(""), cell(""), cell(""), head(formatIndian(view.amount), "right")],
        ],
      },
      layout,
    },
    plain(inWords(view.amount), 2, true),
    signatures(view.signatories),
  ]);
}

/** The payment order (GEN-14) that is filed with the voucher and from which the cheque is written: payee, amount in words, what it pays. */
export async function paymentOrderPdf(view: PaymentOrderView): Promise<Buffer> {
  return page(view.ulb, view.madeAt, `Payment order ${view.voucher}`, [
    columns(`Voucher ${view.voucher}`, `Date ${formatDate(view.date)}`),
    facts([
      ["Pay to", view.payee],
      ["Rupees", inWords(view.amount)],
      ["Amount", `₹ ${formatIndian(view.amount)}`],
      ["By", view.instrument],
      [
        "From",
        `${[view.bank.bank, view.bank.branch ?? ""].filter(Boolean).join(", ")}, account ${view.bank.numberMasked}`,
      ],
      ["For", view.narration],
    ]),
    {
      margin: [0, 8, 0, 4],
      table: {
        headerRows: 1,
        widths: [20, "*", 150, 60, 88],
        body: [
          [head("No."), head("Particulars"), head("Party"), head("Head"), head("Amount (₹)", "right")],
          ...view.lines.map((l, i): TableCell[] => [
            cell(String(i + 1)),
            cell(l.what),
            cell(l.party),
            cell(l.account),
            cell(formatIndian(l.amount), "right"),
          ]),
          [cell(""), head("Total"), cell(""), cell(""), head(formatIndian(view.amount), "right")],
        ],
      },
      layout,
    },
    plain(`Prepared by ${view.madeBy}; approved by ${view.approvedBy}.`, 4),
    signatures(view.signatories),
    plain("Received the amount above.", 28),
    plain("Signature of the payee and date: ____________________", 8),
  ]);
}

/**
 * The file for the bank's bulk upload, as most banks take it: beneficiary name, account, IFSC, amount, method, remarks; one line for each
 * beneficiary, no total. Names and remarks keep letters, digits and spaces only, because core banking refuses the rest.
 */
export function adviceCsv(view: Pick<AdviceView, "lines" | "number">): string {
  const plainWords = (value: string, size: number): string =>
    value
      .replace(/[^\p{L}\p{M}\p{N} ]/gu, " ")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, size);
  const rows = view.lines.map((l) =>
    [
      plainWords(l.name, 60),
      l.bankAccount,
      l.ifsc,
      toRupees(l.amount),
      l.method,
      view.number.replace(/[^A-Za-z0-9]/g, ""),
    ].join(","),
  );
  return `beneficiary_name,account_number,ifsc,amount,method,remarks\n${rows.map((r) => `${r}\n`).join("")}`;
}

function page(ulb: Ulb, madeAt: Instant, title: string, content: readonly Content[]): Promise<Buffer> {
  return toPdf(
    {
      pageSize: "A4",
      pageMargins: [48, 40, 48, 44],
      defaultStyle: { fontSize: 9.5 },
      content: [
        ...(ulb.nameLocal === null
          ? []
          : [text(ulb.nameLocal, FAMILY, { bold: true, fontSize: 13, alignment: "center" })]),
        text(ulb.name, FAMILY, { bold: true, fontSize: 13, alignment: "center" }),
        text(title.split(" ").slice(0, 2).join(" "), FAMILY, {
          fontSize: 11,
          alignment: "center",
          margin: [0, 2, 0, 8],
        }),
        ...content,
      ],
      footer: (current: number, count: number) =>
        text(`${title} · page ${current} of ${count}`, FAMILY, { fontSize: 7, alignment: "center", color: "#555555" }),
    },
    { title: `${title}: ${ulb.name}`, author: ulb.name, createdAt: madeAt, language: "en" },
  );
}

const cell = (value: string, alignment: "left" | "right" = "left"): TableCell => ({
  stack: [text(value, FAMILY, { alignment })],
});
const head = (value: string, alignment: "left" | "right" = "left"): TableCell => ({
  stack: [text(value, FAMILY, { bold: true, alignment })],
  fillColor: "#e6ebf2",
});
const plain = (value: string, above = 0, bold = false): Content =>
  text(value, FAMILY, { margin: [0, above, 0, 0], bold });
const columns = (left: string, right: string): Content => ({
  columns: [text(left, FAMILY, { bold: true }), text(right, FAMILY, { alignment: "right" })],
});
const facts = (rows: readonly (readonly [string, string])[]): Content => ({
  margin: [0, 8, 0, 0],
  table: {
    widths: [60, "*"],
    body: rows.map(([name, value]): TableCell[] => [cell(name), { stack: [text(value, FAMILY, { bold: true })] }]),
  },
  layout: "noBorders",
});
const signatures = (names: readonly [string, string]): Content => ({
  margin: [0, 48, 0, 0],
  unbreakable: true,
  columns: names.map((name): Content => ({
    stack: [
      { canvas: [{ type: "line" as const, x1: 0, y1: 0, x2: 160, y2: 0, lineWidth: 0.5 }] },
      text(name, FAMILY, { margin: [0, 3, 0, 0] }),
    ],
  })),
});
