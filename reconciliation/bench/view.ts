import { daysBetween, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { getBankAccount, type BankAccount } from "../bank-accounts.ts";
import type { Match } from "../match.ts";
import { comparison } from "../comparison.ts";
import type { OpenItem } from "../open-items.ts";
import type { BankLine } from "../statements.ts";

/** What a person wants to see; both sides are narrowed by the same words. */
export type BenchFilter = {
  /** "proposed", the kind of an exception, the template of a proposed entry, or "outstanding". */
  readonly kind?: string | undefined;
  /** Of the amount without its sign. */
  readonly least?: Paise | undefined;
  readonly most?: Paise | undefined;
  readonly from?: LocalDate | undefined;
  readonly to?: LocalDate | undefined;
  /** Part of the narration or the reference, in any case. */
  readonly text?: string | undefined;
  /** Days since its date, at least. */
  readonly age?: number | undefined;
};

/** A line or an item with what is known about it: why it is proposed, or why it is not. */
export type BenchRow<T> = {
  readonly subject: T;
  readonly kind: string;
  /** What proves or suggests it, or what stands against it. */
  readonly reason: string;
  readonly candidates: readonly string[];
  readonly ageDays: number;
};
export type BenchPage<T> = { readonly rows: readonly T[]; readonly total: number; readonly next: string | null };

export type BenchProposal = Match & {
  readonly id: string;
  readonly kind: "proposed";
  readonly lineRows: readonly BankLine[];
  readonly itemRows: readonly OpenItem[];
};

export type Progress = {
  readonly lines: number;
  readonly matched: number;
  readonly open: number;
  readonly openItems: number;
  readonly proposed: number;
  /** Proved by reference and not written yet: one press matches them. */
  readonly proved: number;
  readonly kinds: readonly { readonly kind: string; readonly lines: number; readonly items: number }[];
};

export type Bench = {
  readonly bank: BankAccount;
  readonly progress: Progress;
  readonly proposals: BenchPage<BenchProposal>;
  readonly lines: BenchPage<BenchRow<BankLine>>;
  readonly items: BenchPage<BenchRow<OpenItem>>;
};

const LINE_REASONS: Readonly<Record<string, string>> = {
  ambiguous: "several items share the evidence; nobody is taken",
  "amount-differs": "the reference is in the book with another amount",
  "short-deposit": "the deposit is in the book with another amount",
  "cheque-returned": "the bank took a cheque back",
  "unidentified-credit": "nothing in the book has its reference or amount",
  "unidentified-debit": "nothing in the book has its reference or amount",
  "stale-cheque": "not presented within three months",
  overdue: "not at the bank within its days",
};

/**
 * What is open in a bank account, both sides with reasons, narrowed and page by page: a page costs the same however many lines are open on either
 * side, but for the comparison itself. Raises BANK_ACCOUNT_UNKNOWN.
 */
export async function bench(
  read: Read,
  account: string,
  filter: BenchFilter = {},
  page: {
    readonly limit?: number | undefined;
    readonly linesAfter?: string | undefined;
    readonly itemsAfter?: string | undefined;
    readonly proposalsAfter?: string | undefined;
  } = {},
): Promise<Bench> {
  const bank = await getBankAccount(read, account);
  const { lines, items, result } = await comparison(read, account);
  const today = dateInIndia(read.clock());
  const known = new Map<
    string,
    { readonly kind: string; readonly reason: string; readonly candidates: readonly string[] }
  >();
  for (const e of result.exceptions)
    known.set(e.id, { kind: e.kind, reason: LINE_REASONS[e.kind] ?? e.kind, candidates: e.candidates });
  for (const e of result.proposedEntries)
    known.set(e.line, { kind: e.template, reason: `the bank's own words: ${e.evidence}`, candidates: [] });
  for (const [matches, kind] of [
    [result.proposed, "proposed"],
    [result.confirmed, "proved"],
  ] as const)
    for (const m of matches) {
      for (const id of m.lines) known.set(id, { kind, reason: m.evidence, candidates: m.items });
      for (const id of m.items) known.set(id, { kind, reason: m.evidence, candidates: m.lines });
    }
  const rowOf = <T extends { readonly id: string; readonly date: LocalDate }>(subject: T): BenchRow<T> => ({
    subject,
    ...(known.get(subject.id) ?? { kind: "outstanding", reason: "on its way", candidates: [] }),
    ageDays: Math.max(0, daysBetween(subject.date, today)),
  });
  const lineRows = [...lines.values()].map((l) => rowOf(l));
  const itemRows = [...items.values()].map((i) => rowOf(i));
  const limit = Math.min(page.limit ?? 50, 200);
  const proposals = result.proposed.map((m): BenchProposal => ({
    ...m,
    id: [...m.lines, ...m.items].join(" "),
    kind: "proposed",
    lineRows: m.lines.flatMap((id) => lines.get(id) ?? []),
    itemRows: m.items.flatMap((id) => items.get(id) ?? []),
  }));
  return {
    bank,
    progress: await progressOf(read, account, lineRows, itemRows, result.proposed.length, result.confirmed.length),
    proposals: pageOf(
      proposals.filter(
        (p) =>
          (filter.kind === undefined || filter.kind === p.kind) &&
          p.lineRows.some((l) =>
            passes(filter, l.amount, l.bookedOn, `${l.narration} ${l.reference}`, rowOf(l).ageDays),
          ),
      ),
      (p) => p.id,
      page.proposalsAfter,
      limit,
    ),
    lines: pageOf(
      lineRows.filter(
        (r) =>
          (filter.kind === undefined || filter.kind === r.kind) &&
          passes(
            filter,
            r.subject.amount,
            r.subject.bookedOn,
            `${r.subject.narration} ${r.subject.reference}`,
            r.ageDays,
          ),
      ),
      (r) => r.subject.id,
      page.linesAfter,
      limit,
    ),
    items: pageOf(
      itemRows.filter(
        (r) =>
          (filter.kind === undefined || filter.kind === r.kind) &&
          passes(
            filter,
            r.subject.amount,
            r.subject.date,
            `${r.subject.text} ${r.subject.reference} ${r.subject.voucher}`,
            r.ageDays,
          ),
      ),
      (r) => r.subject.id,
      page.itemsAfter,
      limit,
    ),
  };
}

/** Pure: whether a row is wanted. */
export function passes(filter: BenchFilter, amount: Paise, date: LocalDate, text: string, age: number): boolean {
  const size = amount < 0n ? -amount : amount;
  return (
    (filter.least === undefined || size >= filter.least) &&
    (filter.most === undefined || size <= filter.most) &&
    (filter.from === undefined || date >= filter.from) &&
    (filter.to === undefined || date <= filter.to) &&
    (filter.age === undefined || age >= filter.age) &&
    (filter.text === undefined || text.toLowerCase().includes(filter.text.toLowerCase()))
  );
}

/** Pure: the rows after the one that is named. One that has gone meanwhile (somebody matched it) begins the list anew. */
export function pageOf<T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  after: string | undefined,
  limit: number,
): BenchPage<T> {
  const from = after === undefined ? 0 : rows.findIndex((r) => idOf(r) === after) + 1;
  const shown = rows.slice(from, from + limit);
  const last = shown.at(-1);
  return { rows: shown, total: rows.length, next: last && from + limit < rows.length ? idOf(last) : null };
}

async function progressOf(
  read: Read,
  account: string,
  lines: readonly BenchRow<BankLine>[],
  items: readonly BenchRow<OpenItem>[],
  proposed: number,
  proved: number,
): Promise<Progress> {
  const row = await read.queryOne<{ lines: number; matched: number }>(
    `select count(*)::integer as lines, count(g.match_id)::integer as matched
     from reconciliation.bank_lines b
     left join reconciliation.live_legs g on g.ulb_id = b.ulb_id and g.line_id = b.line_id
     where b.ulb_id = :ulb and b.account = :account`,
    { ulb: read.ulb.id, account },
  );
  const kinds = new Map<string, { lines: number; items: number }>();
  const count = (kind: string, side: "lines" | "items"): void => {
    const found = kinds.get(kind) ?? { lines: 0, items: 0 };
    found[side] += 1;
    kinds.set(kind, found);
  };
  for (const r of lines) count(r.kind, "lines");
  for (const r of items) count(r.kind, "items");
  return {
    lines: row?.lines ?? 0,
    matched: row?.matched ?? 0,
    open: lines.length,
    openItems: items.length,
    proposed,
    proved,
    kinds: [...kinds].map(([kind, n]) => ({ kind, ...n })).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
  };
}
