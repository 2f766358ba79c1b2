import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, negate, paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { bilingual, label, labelOfCode, type Language } from "../labels.ts";
import { tablePdf, type DocumentHead, type TableRow } from "./table.ts";

export type TrialBalanceLine = {
  readonly code: string;
  readonly name: string;
  readonly openDebit: Paise;
  readonly openCredit: Paise;
  readonly debit: Paise;
  readonly credit: Paise;
  readonly closeDebit: Paise;
  readonly closeCredit: Paise;
};

export type TrialBalanceView = DocumentHead & {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly fund: string | null;
  readonly rows: readonly TrialBalanceLine[];
  readonly totals: Omit<TrialBalanceLine, "code" | "name">;
  /** Debits less credits, of opening, period and closing: all zero when the books balance. */
  readonly differences: { readonly opening: Paise; readonly period: Paise; readonly closing: Paise };
  readonly balances: boolean;
};

function amount(value: Paise): Paise | null {
  return value === 0n ? null : value;
}

/** "From / दिनांक 01/07/2026 to / से 31/07/2026", for the line below a title. */
export function rangeLine(from: LocalDate, to: LocalDate, language: Language): string {
  const english = `${label("from")} ${formatDate(from)} ${label("to")} ${formatDate(to)}`;
  if (language === "en") return english;
  return `${english} · ${label("from", language)} ${formatDate(from)} ${label("to", language)} ${formatDate(to)}`;
}

/** The trial balance on A4 landscape; says in a sentence whether it balances, and by how much it does not. */
export function trialBalancePdf(view: TrialBalanceView): Promise<Buffer> {
  const amounts = (line: Omit<TrialBalanceLine, "code" | "name">): (Paise | null)[] =>
    [line.openDebit, line.openCredit, line.debit, line.credit, line.closeDebit, line.closeCredit].map(amount);
  const wrong = Object.entries(view.differences).filter(([, difference]) => difference !== 0n);
  return tablePdf({
    head: view,
    title: "trialBalance",
    subtitle: [
      rangeLine(view.from, view.to, view.language),
      `${label("rupees")}${view.fund === null ? "" : ` · ${label("fund")} ${view.fund}`}`,
    ],
    columns: [
      { label: ["code"], kind: { text: 1 } },
      { label: ["account"], kind: { text: 5 } },
      { label: ["opening", "debit"], kind: "money" },
      { label: ["opening", "credit"], kind: "money" },
      { label: ["debit"], kind: "money" },
      { label: ["credit"], kind: "money" },
      { label: ["closing", "debit"], kind: "money" },
      { label: ["closing", "credit"], kind: "money" },
    ],
    rows: view.rows.map((line) => ({ cells: [line.code, line.name, ...amounts(line)] })),
    total: { kind: "total", cells: ["", bilingual("grandTotal", view.language), ...amounts(view.totals)] },
    notes: view.balances
      ? [bilingual("balances", view.language)]
      : wrong.map(([part, d]) => `${bilingual("doesNotBalance", view.language)} ${part} ${formatIndian(d)}`),
    signatures: ["preparedBy", "checkedBy", "accountsOfficer", "executiveOfficer"],
  });
}

export type CollectionRegisterLine = {
  readonly date: LocalDate;
  readonly receiptNo: string;
  readonly consumerCode: string;
  readonly consumerName: string;
  readonly ward: string;
  readonly service: string;
  readonly mode: string;
  readonly counter: string;
  readonly instrument: string;
  readonly status: string;
  readonly amount: Paise;
};

export type CollectionSummary = { readonly label: string; readonly count: number; readonly amount: Paise };

export type CollectionRegisterView = DocumentHead & {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly rows: readonly CollectionRegisterLine[];
  readonly byDay: readonly CollectionSummary[];
  readonly byMode: readonly CollectionSummary[];
  readonly byCounter: readonly CollectionSummary[];
  readonly byHead: readonly CollectionSummary[];
  readonly total: Paise;
};

/** The collection register: every receipt of the range day by day with the day's total, then the sums by mode, counter and head. */
export function collectionRegisterPdf(view: CollectionRegisterView): Promise<Buffer> {
  const rows: TableRow[] = [];
  const days = new Map(view.byDay.map((day) => [day.label, day]));
  view.rows.forEach((line, i) => {
    rows.push({
      cells: [
        formatDate(line.date),
        line.receiptNo,
        `${line.consumerCode} ${line.consumerName}`.trim(),
        line.ward,
        labelOfCode(line.service),
        [labelOfCode(line.mode), line.instrument].filter(Boolean).join(" "),
        line.counter,
        line.status,
        line.amount,
      ],
    });
    const day = days.get(line.date);
    if (day && view.rows[i + 1]?.date !== line.date)
      rows.push({
        kind: "total",
        cells: ["", "", `${label("total")} ${formatDate(line.date)} (${day.count})`, "", "", "", "", "", day.amount],
      });
  });
  const summary = (title: string, items: readonly CollectionSummary[]): TableRow[] => [
    { kind: "heading", cells: [title] },
    ...items.map((item): TableRow => ({
      // Summaries repeat the receipts above: printed as totals, so that nothing is counted twice.
      kind: "total",
      cells: ["", String(item.count), labelOfCode(item.label), "", "", "", "", "", item.amount],
    })),
  ];
  if (view.rows.length > 0)
    rows.push(
      ...summary(bilingual("mode", view.language), view.byMode),
      ...summary(bilingual("counter", view.language), view.byCounter),
      ...summary(bilingual("head", view.language), view.byHead),
    );
  return tablePdf({
    head: view,
    title: "collectionRegister",
    subtitle: [rangeLine(view.from, view.to, view.language), label("rupees")],
    columns: [
      { label: ["date"], kind: { text: 1.2 } },
      { label: ["receiptNo"], kind: { text: 2.2 } },
      { label: ["consumer"], kind: { text: 5 } },
      { label: ["ward"], kind: { text: 0.9 } },
      { label: ["service"], kind: { text: 1.6 } },
      { label: ["mode"], kind: { text: 2.6 } },
      { label: ["counter"], kind: { text: 1.4 } },
      { label: ["status"], kind: { text: 1.4 } },
      { label: ["amountPlain"], kind: "money" },
    ],
    rows,
    total: {
      kind: "total",
      cells: ["", "", bilingual("grandTotal", view.language), "", "", "", "", "", view.total],
    },
    notes: [],
    signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
  });
}

export type BrsViewItem = {
  readonly date: LocalDate;
  readonly reference: string;
  readonly particulars: string;
  /** As it enters the figure of its annexure. */
  readonly amount: Paise;
  readonly ageDays: number;
};

export type BrsViewAnnexure = {
  /** The line of the form that it explains. */
  readonly letter: string;
  readonly title: string;
  readonly bands: readonly { readonly age: string; readonly total: Paise; readonly items: readonly BrsViewItem[] }[];
  readonly total: Paise;
};

export type BrsView = DocumentHead & {
  readonly account: { readonly code: string; readonly name: string; readonly bank: string; readonly fund: string };
  readonly asOf: LocalDate;
  /** The form, A to M. */
  readonly lines: readonly {
    readonly letter: string;
    readonly label: string;
    readonly amount: Paise;
    readonly isSum: boolean;
  }[];
  readonly annexures: readonly BrsViewAnnexure[];
  /** What a reader of the bank's money should know and what is no figure of the form: it stands in another head. */
  readonly memoranda: readonly Omit<BrsViewAnnexure, "letter">[];
  readonly bookBalance: Paise;
  readonly statementBalance: Paise;
  /** M: zero when the statement agrees. */
  readonly difference: Paise;
  /** Who signed it; null while nobody did. What is approved is printed as it was approved. */
  readonly signed: {
    readonly status: string;
    readonly preparedBy: string;
    readonly checkedBy: string | null;
    readonly approvedBy: string | null;
  } | null;
};

/** The bank reconciliation statement in its form, A to M, each figure with an annexure by age. */
export function brsPdf(view: BrsView): Promise<Buffer> {
  const named = (by: string | null | undefined): string => (by == null ? "" : `: ${by}`);
  const { account, signed } = view;
  return tablePdf({
    head: view,
    title: "brs",
    subtitle: [
      `${account.bank} · ${account.code} ${account.name} · ${bilingual("fund", view.language)} ${account.fund}`,
      `${bilingual("asOf", view.language)} ${formatDate(view.asOf)} · ${label("rupees")}`,
    ],
    columns: [
      { label: ["date"], kind: { text: 1.3 } },
      { label: ["reference"], kind: { text: 2.4 } },
      { label: ["particulars"], kind: { text: 6 } },
      { label: ["item"], kind: "money", carried: false },
      { label: ["amountPlain"], kind: "money", carried: false },
    ],
    rows: [
      ...view.lines.map((l): TableRow => ({
        ...(l.isSum ? { kind: "total" as const } : {}),
        cells: [l.letter, "", l.label, null, l.amount],
      })),
      ...[
        ...view.annexures.map((a) => ({ ...a, heading: `Annexure ${a.letter}: ${a.title}` })),
        ...view.memoranda.map((m) => ({ ...m, heading: `Memorandum: ${m.title}` })),
      ].flatMap((a): TableRow[] => [
        { kind: "heading", cells: [a.heading] },
        ...a.bands.flatMap((band): TableRow[] => [
          ...band.items.map((item): TableRow => ({
            cells: [
              formatDate(item.date),
              item.reference,
              `${item.particulars} (${item.ageDays} days)`,
              item.amount,
              null,
            ],
          })),
          { kind: "total", cells: ["", "", band.age, band.total, null] },
        ]),
        { kind: "total", cells: ["", "", bilingual("total", view.language), null, a.total] },
      ]),
    ],
    total: null,
    notes: [
      bilingual(view.difference === ZERO ? "agreed" : "notAgreed", view.language),
      ...(signed === null
        ? []
        : [
            `Prepared${named(signed.preparedBy)} · Checked${named(signed.checkedBy)} · Approved${named(signed.approvedBy)}`,
          ]),
    ],
    signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
  });
}

export type DayBookLine = {
  readonly account: string;
  readonly name: string;
  readonly debit: Paise;
  readonly credit: Paise;
};

export type DayBookEntry = {
  readonly number: string;
  readonly date: LocalDate;
  readonly voucher: string;
  readonly narration: string;
  readonly source: string;
  readonly lines: readonly DayBookLine[];
};

export type DayBookView = DocumentHead & {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly entries: readonly DayBookEntry[];
};

/** The day book: every journal entry of the range with its lines and narration, debits and credits carried from page to page. */
export function dayBookPdf(view: DayBookView): Promise<Buffer> {
  const rows: TableRow[] = view.entries.flatMap((entry): TableRow[] => [
    ...entry.lines.map((line, i): TableRow => ({
      cells: [
        i === 0 ? formatDate(entry.date) : "",
        i === 0 ? entry.number : "",
        line.account,
        line.name,
        amount(line.debit),
        amount(line.credit),
      ],
    })),
    { cells: ["", "", "", `(${entry.narration})`, null, null] },
  ]);
  return tablePdf({
    head: view,
    title: "dayBook",
    subtitle: [rangeLine(view.from, view.to, view.language), label("rupees")],
    columns: [
      { label: ["date"], kind: { text: 1.2 } },
      { label: ["entryNo"], kind: { text: 2 } },
      { label: ["code"], kind: { text: 1.1 } },
      { label: ["account", "narration"], kind: { text: 7 } },
      { label: ["debit"], kind: "money" },
      { label: ["credit"], kind: "money" },
    ],
    rows,
    notes: [],
    signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
  });
}

export type AccountLedgerLine = {
  readonly date: LocalDate;
  readonly number: string;
  readonly narration: string;
  readonly debit: Paise;
  readonly credit: Paise;
  /** Debit positive, after this line. */
  readonly balance: Paise;
};

export type AccountLedgerView = DocumentHead & {
  readonly account: { readonly code: string; readonly name: string };
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly opening: Paise;
  readonly lines: readonly AccountLedgerLine[];
  readonly closing: Paise;
};

/** "1,234.50 Dr": a balance as ledgers print it. */
export function withSide(balance: Paise): string {
  if (balance === 0n) return "0.00";
  return balance > 0n ? `${formatIndian(balance)} Dr` : `${formatIndian(negate(balance))} Cr`;
}

/** The ledger of one account with its running balance. */
export function accountLedgerPdf(view: AccountLedgerView): Promise<Buffer> {
  return tablePdf({
    head: view,
    title: "accountLedger",
    subtitle: [
      `${view.account.code} ${view.account.name}`,
      `${rangeLine(view.from, view.to, view.language)} · ${label("rupees")}`,
    ],
    columns: [
      { label: ["date"], kind: { text: 1.2 } },
      { label: ["entryNo"], kind: { text: 2.2 } },
      { label: ["narration"], kind: { text: 6 } },
      { label: ["debit"], kind: "money" },
      { label: ["credit"], kind: "money" },
      { label: ["balance"], kind: { text: 2 }, align: "right" },
    ],
    rows: [
      { kind: "total", cells: ["", "", bilingual("opening", view.language), null, null, withSide(view.opening)] },
      ...view.lines.map((line): TableRow => ({
        cells: [
          formatDate(line.date),
          line.number,
          line.narration,
          amount(line.debit),
          amount(line.credit),
          withSide(line.balance),
        ],
      })),
    ],
    total: {
      kind: "total",
      cells: [
        "",
        "",
        bilingual("closing", view.language),
        paise(view.lines.reduce((t, l) => t + l.debit, 0n)),
        paise(view.lines.reduce((t, l) => t + l.credit, 0n)),
        withSide(view.closing),
      ],
    },
    notes: [],
    signatures: ["preparedBy", "checkedBy"],
  });
}

export type DcbLine = {
  readonly service: string;
  readonly head: string;
  readonly demandYear: string;
  readonly openingBalance: Paise;
  readonly demandRaised: Paise;
  readonly totalDemand: Paise;
  readonly collected: Paise;
  readonly reduced: Paise;
  readonly closingBalance: Paise;
};

export type DcbView = DocumentHead & {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly service: string | null;
  readonly ward: string | null;
  readonly rows: readonly DcbLine[];
};

/** Demand, collection and balance per head and demand year. */
export function dcbPdf(view: DcbView): Promise<Buffer> {
  return tablePdf({
    head: view,
    title: "dcb",
    subtitle: [
      rangeLine(view.from, view.to, view.language),
      [
        label("rupees"),
        ...(view.service === null ? [] : [labelOfCode(view.service)]),
        ...(view.ward === null ? [] : [`${label("ward")} ${view.ward}`]),
      ].join(" · "),
    ],
    columns: [
      { label: ["service"], kind: { text: 2 } },
      { label: ["head"], kind: { text: 4 } },
      { label: ["year"], kind: { text: 1.2 } },
      { label: ["opening"], kind: "money" },
      { label: ["demand"], kind: "money" },
      { label: ["totalDemand"], kind: "money" },
      { label: ["collected"], kind: "money" },
      { label: ["reduced"], kind: "money" },
      { label: ["closing"], kind: "money" },
    ],
    rows: view.rows.map((row) => ({
      cells: [
        labelOfCode(row.service),
        row.head,
        row.demandYear,
        row.openingBalance,
        row.demandRaised,
        row.totalDemand,
        row.collected,
        row.reduced,
        row.closingBalance,
      ],
    })),
    notes: [],
    signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
  });
}
