import { addDays, daysBetween, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { getBankAccount, type BankAccount } from "../bank-accounts.ts";
import type { Match, MatchResult } from "../match.ts";
import { comparison, knownComparison } from "../comparison.ts";
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
    /** Compared anew, in a transaction that writes: what it sees is not committed yet. */
    readonly isFresh?: boolean;
  } = {},
): Promise<Bench> {
  const bank = await getBankAccount(read, account);
  const { lines, items, result } = await (page.isFresh === true
    ? comparison(read, account)
    : knownComparison(read, account));
  const today = dateInIndia(read.clock());
  const outcomes = outcomesOf(result);
  const outcomeOf = (id: string): Outcome => outcomes.get(id) ?? ON_ITS_WAY;
  // Rows are drawn for one page; of all others only what the filters ask.
  const rowOf = <T extends { readonly id: string; readonly date: LocalDate }>(subject: T): BenchRow<T> => ({
    subject,
    ...outcomeOf(subject.id),
    ageDays: Math.max(0, daysBetween(subject.date, today)),
  });
  const since = filter.age === undefined ? undefined : addDays(today, -filter.age);
  const isOldEnough = (date: LocalDate): boolean => since === undefined || date <= since;
  const isLineWanted = (l: BankLine): boolean =>
    isOldEnough(l.date) && passes(filter, l.amount, l.bookedOn, () => `${l.narration} ${l.reference}`);
  const limit = Math.min(page.limit ?? 50, 200);
  const idOfMatch = (m: Match): string => [...m.lines, ...m.items].join(" ");
  const proposals = pageOf(
    result.proposed.filter(
      (m) =>
        (filter.kind === undefined || filter.kind === "proposed") &&
        m.lines.some((id) => {
          const line = lines.get(id);
          return line !== undefined && isLineWanted(line);
        }),
    ),
    idOfMatch,
    page.proposalsAfter,
    limit,
  );
  const openLines = pageOf(
    [...lines.values()].filter(
      (l) => (filter.kind === undefined || filter.kind === outcomeOf(l.id).kind) && isLineWanted(l),
    ),
    (l) => l.id,
    page.linesAfter,
    limit,
  );
  const openItems = pageOf(
    [...items.values()].filter(
      (i) =>
        (filter.kind === undefined || filter.kind === outcomeOf(i.id).kind) &&
        isOldEnough(i.date) &&
        passes(filter, i.amount, i.date, () => `${i.text} ${i.reference} ${i.voucher}`),
    ),
    (i) => i.id,
    page.itemsAfter,
    limit,
  );
  return {
    bank,
    progress: await progressOf(read, account, { lines, items, result }, outcomeOf),
    proposals: {
      ...proposals,
      rows: proposals.rows.map((m): BenchProposal => ({
        ...m,
        id: idOfMatch(m),
        kind: "proposed",
        lineRows: m.lines.flatMap((id) => lines.get(id) ?? []),
        itemRows: m.items.flatMap((id) => items.get(id) ?? []),
      })),
    },
    lines: { ...openLines, rows: openLines.rows.map((l) => rowOf(l)) },
    items: { ...openItems, rows: openItems.rows.map((i) => rowOf(i)) },
  };
}

type Outcome = { readonly kind: string; readonly reason: string; readonly candidates: readonly string[] };
const ON_ITS_WAY: Outcome = { kind: "outstanding", reason: "on its way", candidates: [] };
/** The outcomes of a comparison by line and item, kept as long as the comparison is. */
const keptOutcomes = new WeakMap<MatchResult, ReadonlyMap<string, Outcome>>();

function outcomesOf(result: MatchResult): ReadonlyMap<string, Outcome> {
  const before = keptOutcomes.get(result);
  if (before) return before;
  const known = new Map<string, Outcome>();
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
  keptOutcomes.set(result, known);
  return known;
}

/** Pure: whether a row is wanted. The text is only put together where somebody looks for a part of it. */
export function passes(filter: BenchFilter, amount: Paise, date: LocalDate, text: () => string): boolean {
  const size = amount < 0n ? -amount : amount;
  return (
    (filter.least === undefined || size >= filter.least) &&
    (filter.most === undefined || size <= filter.most) &&
    (filter.from === undefined || date >= filter.from) &&
    (filter.to === undefined || date <= filter.to) &&
    (filter.text === undefined || text().toLowerCase().includes(filter.text.toLowerCase()))
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
  found: Awaited<ReturnType<typeof comparison>>,
  outcomeOf: (id: string) => Outcome,
): Promise<Progress> {
  const row = await read.queryOne<{ lines: number; matched: number }>(
    `select count(*)::integer as lines, count(g.match_id)::integer as matched
     from reconciliation.bank_lines b
     left join reconciliation.live_legs g on g.ulb_id = b.ulb_id and g.line_id = b.line_id
     where b.ulb_id = :ulb and b.account = :account`,
    { ulb: read.ulb.id, account },
  );
  const kinds = new Map<string, { lines: number; items: number }>();
  const count = (id: string, side: "lines" | "items"): void => {
    const { kind } = outcomeOf(id);
    const counted = kinds.get(kind) ?? { lines: 0, items: 0 };
    counted[side] += 1;
    kinds.set(kind, counted);
  };
  for (const id of found.lines.keys()) count(id, "lines");
  for (const id of found.items.keys()) count(id, "items");
  return {
    lines: row?.lines ?? 0,
    matched: row?.matched ?? 0,
    open: found.lines.size,
    openItems: found.items.size,
    proposed: found.result.proposed.length,
    proved: found.result.confirmed.length,
    kinds: [...kinds].map(([kind, n]) => ({ kind, ...n })).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
  };
}
