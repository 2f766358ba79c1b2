import { audit } from "../ledger/kernel/audit.ts";
import { periodEnd, periodOf, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { lockBankAccount } from "./bank-accounts.ts";
import { bankCalendar } from "./bank-holidays.ts";
import { horizon, matchOnce } from "./comparison.ts";
import { contestedMatches, itemsOfMatches, linesOfMatches, matchesInSeries } from "./contested.ts";
import type { BankCalendar, Exception, Match, MatchResult, ProposedEntry } from "./match.ts";
import { writeMatches } from "./matches.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { agreeOpeningIfEqual } from "./opening.ts";
import { openLines, type BankLine } from "./statements.ts";
import { cancelReversals, unmatch } from "./unmatch.ts";

export type ReconcileReport = {
  readonly account: string;
  readonly rules: string;
  /** Matches written by this run. */
  readonly confirmed: readonly (Match & { readonly matchId: string })[];
  /** Earlier matches of the engine that did not stand against what came later. */
  readonly takenBack: readonly string[];
  /** Settlements that were seen at the bank: each moved from in transit to the bank book. */
  readonly settlementsArrived: number;
  readonly proposed: readonly Match[];
  readonly proposedEntries: readonly ProposedEntry[];
  readonly exceptions: readonly Exception[];
  readonly outstanding: readonly string[];
};

/**
 * Matches everything open in a bank account and writes what is proved by reference; the rest is returned for a person. Running it again
 * confirms nothing twice, and in whatever order files came and runs were made between them, the matches in the end are the same: what came
 * later is weighed together with the engine's own matches that it contests, and those that no longer hold are taken back with that reason.
 * A settlement seen at the bank is booked in the same transaction (Dr bank, Cr settlements in transit) under the
 * statement line's value date. An entry and its reversal cancel each other without the bank. Raises BANK_ACCOUNT_UNKNOWN.
 */
export async function reconcile(tx: Tx, account: string): Promise<ReconcileReport> {
  const bank = await lockBankAccount(tx, account);
  await cancelReversals(tx, bank);
  await agreeOpeningIfEqual(tx, bank);
  const calendar = await bankCalendar(tx, account);
  const confirmed: (Match & { readonly matchId: string })[] = [];
  const takenBack: string[] = [];
  const byPass: Record<string, number> = {};
  let settlementsArrived = 0;
  let last: MatchResult | undefined;
  // A year of a large city is too much for one comparison: month by month, oldest first. Later months weigh what they contest again.
  for (const until of await stages(tx, account, await horizon(tx, account))) {
    const { lines, items, result, fresh, superseded } = await weigh(tx, account, until, calendar);
    for (const id of superseded) await unmatch(tx, id, SUPERSEDED);
    takenBack.push(...superseded);
    const written = await writeMatches(tx, bank, fresh, lines, items, result.rules);
    fresh.forEach((m, i) => confirmed.push({ ...m, matchId: written.ids[i] ?? "" }));
    for (const m of fresh) byPass[m.pass] = (byPass[m.pass] ?? 0) + 1;
    settlementsArrived += written.settlements;
    last = result;
  }
  invariant(last, "there is at least one stage");
  if (confirmed.length + takenBack.length > 0) {
    await audit(tx, {
      action: "reconcile",
      subject: "bank-account",
      subjectId: account,
      after: { rules: last.rules, matches: confirmed.length, byPass, settlementsArrived, takenBack },
    });
  }
  return {
    account,
    rules: last.rules,
    confirmed,
    takenBack,
    settlementsArrived,
    proposed: last.proposed,
    proposedEntries: last.proposedEntries,
    exceptions: last.exceptions,
    outstanding: last.outstanding,
  };
}

const SUPERSEDED = "taken back by the engine: what came later carries the same evidence";
const LINES_AT_ONCE = 60_000;

/** The days up to which open lines are compared, one after the other: the end of every month when they are many. */
async function stages(read: Read, account: string, asOf: LocalDate): Promise<LocalDate[]> {
  const months = await read.query<{ month: LocalDate; lines: number }>(
    `select date_trunc('month', b.booked_on)::date as month, count(*)::integer as lines
     from reconciliation.bank_lines b
     left join reconciliation.live_legs g on g.ulb_id = b.ulb_id and g.line_id = b.line_id
     where b.ulb_id = :ulb and b.account = :account and g.match_id is null
     group by 1 order by 1`,
    { ulb: read.ulb.id, account },
  );
  const ends: LocalDate[] = [];
  let waiting = 0;
  for (const [i, m] of months.entries()) {
    waiting += m.lines;
    const next = months[i + 1];
    if (!next || waiting + next.lines <= LINES_AT_ONCE) continue;
    ends.push(periodEnd(periodOf(m.month)));
    waiting = 0;
  }
  return [...ends.filter((d) => d < asOf), asOf];
}

/** Compares what is open together with the engine's live matches that it contests: which matches are new, and which no longer hold. */
async function weigh(read: Read, account: string, until: LocalDate, calendar: BankCalendar) {
  const lines = new Map<string, BankLine>();
  for (const l of await openLines(read, account, until)) if (l.matchId === null) lines.set(l.id, l);
  const items = new Map((await openItems(read, account, until, { isStrict: true })).map((i) => [i.id, i]));
  const reopened = new Set<string>();
  /** Puts live matches on the table, and what those contest in turn. */
  const reopen = async (contested: readonly string[]): Promise<boolean> => {
    let found = contested.filter((id) => !reopened.has(id));
    const isAny = found.length > 0;
    while (found.length > 0) {
      for (const id of found) reopened.add(id);
      const newLines = await linesOfMatches(read, found);
      for (const l of newLines) lines.set(l.id, l);
      const freed = await itemsOfMatches(read, account, until, found);
      const entries = new Set(freed.map((i) => ("entryId" in i.of ? i.of.entryId : undefined)));
      const known = new Set(items.keys());
      // What was matched for several funds is one item again.
      for (const [id, { of }] of items) if ("entryId" in of && entries.has(of.entryId)) items.delete(id);
      for (const i of freed) items.set(i.id, i);
      const newItems = freed.filter((i) => !known.has(i.id));
      found = (await contestedMatches(read, account, newLines, newItems)).filter((id) => !reopened.has(id));
    }
    return isAny;
  };
  await reopen(await contestedMatches(read, account, lines.values(), items.values()));
  const weighed = (): MatchResult => matchOnce(read, account, lines.values(), items.values(), until, calendar);
  let result = weighed();
  // Part of a reference proves where nothing else begins like it: also nothing that was matched long ago.
  while (await reopen(await matchesInSeries(read, account, partialMatches(result, lines, items)))) result = weighed();
  const live = await liveMatches(read, reopened, items);
  const keyOf = (m: Match): string => [m.lines.toSorted().join(), m.items.toSorted().join()].join("|");
  const kept = new Set<string>();
  const fresh = result.confirmed.filter((m) => {
    const id = live.size > 0 ? live.get(keyOf(m)) : undefined;
    if (id !== undefined) kept.add(id);
    return id === undefined;
  });
  return { lines, items, result, fresh, superseded: [...reopened].filter((id) => !kept.has(id)).sort() };
}

const partialMatches = (
  result: MatchResult,
  lines: ReadonlyMap<string, BankLine>,
  items: ReadonlyMap<string, OpenItem>,
): { lines: BankLine[]; items: OpenItem[] }[] =>
  result.confirmed.flatMap((m) =>
    m.pass === "P2"
      ? {
          lines: m.lines.flatMap((id) => lines.get(id) ?? []),
          items: m.items.flatMap((id) => items.get(id) ?? []),
        }
      : [],
  );

/** Live matches by what they join, as match() names it. */
async function liveMatches(
  read: Read,
  ids: ReadonlySet<string>,
  items: ReadonlyMap<string, OpenItem>,
): Promise<Map<string, string>> {
  if (ids.size === 0) return new Map();
  const itemOfLeg = new Map<string, string>();
  for (const i of items.values())
    if ("entryId" in i.of) for (const l of i.of.lines) itemOfLeg.set(`${i.of.entryId}:${l.lineNo}`, i.id);
  const legs = await read.query<{ id: string; line: string | null; leg: string | null }>(
    `select match_id as id, line_id as line, entry_id || ':' || line_no as leg
     from reconciliation.live_legs where ulb_id = :ulb and match_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids: [...ids] },
  );
  const joined = groupBy(legs, (l) => l.id);
  return new Map(
    [...joined].map(([id, of]) => {
      const lines = of.flatMap((l) => l.line ?? []).sort();
      const names = new Set(of.flatMap((l) => (l.leg === null ? [] : (itemOfLeg.get(l.leg) ?? l.leg))));
      return [[lines.join(), [...names].sort().join()].join("|"), id];
    }),
  );
}
