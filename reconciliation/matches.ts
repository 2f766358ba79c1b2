import { postEntries, postEntry, postingAccounts, reverseEntry, getEntry, type EntryDraft } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { dateInIndia, periodEnd, periodOf, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { negate, paise, sum, type Paise } from "../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { lockBankAccount, type BankAccount } from "./bank-accounts.ts";
import { bankCalendar } from "./bank-holidays.ts";
import { bookingDate } from "./booking-date.ts";
import { clearDeposited, clearPaid, creditLeaves, unclearOf } from "./clearing.ts";
import { contestedMatches, linesOfMatches, proofsOf } from "./contested.ts";
import { templateLines, transitArrivedEntry, type EntryTemplate } from "./entries.ts";
import { reconciliationErrors } from "./errors.ts";
import {
  match,
  MATCH_RULES,
  type BankCalendar,
  type Exception,
  type Match,
  type MatchResult,
  type Pass,
  type ProposedEntry,
} from "./match.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { chainEnds, getBankLine, openingDay, openLines, type BankLine } from "./statements.ts";

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

/** What reconcile() would find, without writing: for the screen. Items and lines are given along, by id. */
export async function comparison(
  read: Read,
  account: string,
  asOf?: LocalDate,
): Promise<{
  readonly lines: ReadonlyMap<string, BankLine>;
  readonly items: ReadonlyMap<string, OpenItem>;
  readonly result: MatchResult;
}> {
  return compare(read, account, asOf ?? (await horizon(read, account)));
}

async function compare(read: Read, account: string, asOf: LocalDate) {
  const lines = new Map((await openLines(read, account, asOf)).map((l) => [l.id, l]));
  const items = new Map((await openItems(read, account, asOf)).map((i) => [i.id, i]));
  const result = match(matchable(lines.values()), [...items.values()], asOf, {
    calendar: await bankCalendar(read, account),
  });
  return { lines, items, result };
}

const matchable = (lines: Iterable<BankLine>) => [...lines].map((l) => ({ ...l, date: l.bookedOn }));

/** Compares what is open together with the engine's live matches that it contests: which matches are new, and which no longer hold. */
async function weigh(read: Read, account: string, until: LocalDate, calendar: BankCalendar) {
  const lines = new Map<string, BankLine>();
  for (const l of await openLines(read, account, until)) if (l.matchId === null) lines.set(l.id, l);
  let items = new Map((await openItems(read, account, until, { isStrict: true })).map((i) => [i.id, i]));
  const reopened = new Set<string>();
  let newLines = [...lines.values()];
  let newItems = [...items.values()];
  while (newLines.length + newItems.length > 0) {
    const found = (await contestedMatches(read, account, newLines, newItems)).filter((id) => !reopened.has(id));
    if (found.length === 0) break;
    for (const id of found) reopened.add(id);
    newLines = await linesOfMatches(read, found);
    for (const l of newLines) lines.set(l.id, l);
    const known = items;
    const all = await openItems(read, account, until, { isStrict: true, reopened: [...reopened] });
    items = new Map(all.map((i) => [i.id, i]));
    newItems = all.filter((i) => !known.has(i.id));
  }
  const result = match(matchable(lines.values()), [...items.values()], until, { calendar });
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

// Everything known counts: books and statements may reach beyond today (post-dated by a day, or a demo in another month).
export async function horizon(read: Read, account: string): Promise<LocalDate> {
  const today = dateInIndia(read.clock());
  const row = await read.queryOne<{ last: LocalDate | null }>(
    `select greatest(
       (select max(booked_on) from reconciliation.bank_lines where ulb_id = :ulb and account = :account),
       (select max(entry_date) from ledger.lines where ulb_id = :ulb and account = :account)) as last`,
    { ulb: read.ulb.id, account },
  );
  return row?.last && row.last > today ? row.last : today;
}

/**
 * A person matches lines and items: a proposal, or what only a person can know. The sums agree to the paisa or it is refused; a difference
 * is booked as an entry of its own, never hidden in a match.
 * Raises MATCH_EMPTY, MATCH_UNBALANCED, BANK_LINE_UNKNOWN, BANK_LINE_MATCHED, OPEN_ITEM_UNKNOWN, MATCH_TAKEN.
 */
export async function confirmProposal(
  tx: Tx,
  input: {
    readonly account: string;
    readonly lines: readonly string[];
    readonly items: readonly string[];
    readonly evidence?: string;
  },
): Promise<{ readonly matchId: string }> {
  const bank = await lockBankAccount(tx, input.account);
  const asOf = await horizon(tx, input.account);
  const open = new Map((await openItems(tx, input.account, asOf)).map((i) => [i.id, i]));
  const lines = new Map<string, BankLine>();
  for (const id of new Set(input.lines)) {
    const line = await getBankLine(tx, id);
    if (line.account !== input.account) throw reconciliationErrors.BANK_LINE_UNKNOWN({ line: id });
    if (line.matchId !== null) throw reconciliationErrors.BANK_LINE_MATCHED({ line: id });
    lines.set(id, line);
  }
  const items = new Map<string, OpenItem>();
  for (const id of new Set(input.items)) {
    const item = open.get(id);
    if (!item) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
    items.set(id, item);
  }
  if (lines.size + items.size < 2 && (lines.size === 0 || items.size === 0))
    throw reconciliationErrors.MATCH_EMPTY({ account: input.account });
  const atBank = sum([...lines.values()].map((l) => l.amount));
  const inBook = sum([...items.values()].map((i) => i.amount));
  if (atBank !== inBook) throw reconciliationErrors.MATCH_UNBALANCED({ lines: String(atBank), items: String(inBook) });
  const made: Match = {
    pass: "manual",
    lines: [...lines.keys()],
    items: [...items.keys()],
    evidence: input.evidence ?? "matched by hand",
  };
  const { ids } = await writeMatches(tx, bank, [made], lines, items, MATCH_RULES.version);
  const matchId = ids[0];
  invariant(matchId, "one match was written");
  await audit(tx, {
    action: "match",
    subject: "bank-match",
    subjectId: matchId,
    after: { account: input.account, lines: made.lines, items: made.items, evidence: made.evidence },
  });
  return { matchId };
}

/**
 * Books what a statement line shows and the books did not know, and matches the two: bank charge (Dr 2407001), interest (Cr 1711001),
 * a credit nobody can name (Cr 3508006, until it is identified). Dated by the line's value date.
 * Raises BANK_LINE_UNKNOWN, BANK_LINE_MATCHED, TEMPLATE_DIRECTION and the refusals of postEntry.
 */
export async function postBankLine(
  tx: Tx,
  input: {
    readonly lineId: string;
    readonly template: Exclude<EntryTemplate, "stale-cheque">;
    readonly narration?: string;
  },
): Promise<{ readonly matchId: string; readonly entryId: bigint; readonly number: string }> {
  const found = await getBankLine(tx, input.lineId);
  const bank = await lockBankAccount(tx, found.account);
  const line = await getBankLine(tx, input.lineId);
  if (line.matchId !== null) throw reconciliationErrors.BANK_LINE_MATCHED({ line: line.id });
  if (line.amount < 0n !== (input.template === "bank-charge")) {
    throw reconciliationErrors.TEMPLATE_DIRECTION({
      line: line.id,
      template: input.template,
      amount: String(line.amount),
    });
  }
  const matchId = newId(tx.clock().getTime());
  const date = await bookingDate(tx, line.valueDate);
  const draft: EntryDraft = {
    voucher: input.template === "bank-charge" ? "payment" : "receipt",
    date,
    valueDate: line.valueDate,
    narration:
      input.narration ??
      `${TEMPLATE_WORDS[input.template]}: ${line.narration || line.reference || "no narration"}`.slice(0, 300),
    source: { type: "bank-line", id: matchId },
    lines: templateLines(
      input.template,
      line.amount < 0n ? negate(line.amount) : line.amount,
      await templateAccounts(tx, bank.account),
      bank.fund,
    ),
  };
  const entry = await postEntry(tx, draft);
  const lineNo = 1 + draft.lines.findIndex((l) => l.account === bank.account);
  await insertMatches(tx, bank.account, [
    {
      id: matchId,
      pass: "manual",
      rules: MATCH_RULES.version,
      evidence: draft.narration,
      entryId: entry.id,
      legs: [lineLeg(line), { kind: "item", entryId: entry.id, lineNo, amount: line.amount, onDate: date }],
    },
  ]);
  return { matchId, entryId: entry.id, number: entry.number };
}

/**
 * Cancels an issued cheque that was never presented: Dr bank, Cr 3508001; the payee's claim stays. The cheque and its cancellation
 * leave the reconciliation statement together. Raises OPEN_ITEM_UNKNOWN and the refusals of postEntry.
 */
export async function cancelStaleCheque(
  tx: Tx,
  input: { readonly account: string; readonly item: string; readonly date?: LocalDate },
): Promise<{ readonly matchId: string; readonly entryId: bigint }> {
  const bank = await lockBankAccount(tx, input.account);
  const item = (await openItems(tx, input.account, await horizon(tx, input.account))).find((i) => i.id === input.item);
  if (!item || item.amount >= 0n || !("entryId" in item.of))
    throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: input.item });
  // The register of cheques keeps whose claim it is, and another person approves it there.
  if (item.isInRegister) throw reconciliationErrors.CHEQUE_IN_REGISTER({ cheque: item.reference || item.voucher });
  const matchId = newId(tx.clock().getTime());
  const date = await bookingDate(tx, input.date ?? dateInIndia(tx.clock()));
  const draft: EntryDraft = {
    voucher: "receipt",
    date,
    narration: `Stale cheque ${item.reference || item.voucher} cancelled (${item.text})`.slice(0, 300),
    source: { type: "stale-cheque", id: matchId },
    lines: templateLines("stale-cheque", negate(item.amount), await templateAccounts(tx, bank.account), bank.fund),
  };
  const entry = await postEntry(tx, draft);
  await insertMatches(tx, bank.account, [
    {
      id: matchId,
      pass: "manual",
      rules: MATCH_RULES.version,
      evidence: draft.narration,
      entryId: entry.id,
      legs: [
        ...itemLegs(item),
        { kind: "item", entryId: entry.id, lineNo: 1, amount: negate(item.amount), onDate: date },
      ],
    },
  ]);
  return { matchId, entryId: entry.id };
}

const TEMPLATE_WORDS: Record<EntryTemplate, string> = {
  "bank-charge": "Bank charges",
  "bank-interest": "Interest credited by bank",
  "unidentified-credit": "Unidentified credit in bank",
  "stale-cheque": "Stale cheque",
};

async function templateAccounts(read: Read, bank: string) {
  return {
    bank,
    ...(await postingAccounts(read, "bank-charges", "bank-interest", "unidentified-credits", "stale-cheques")),
  };
}

/**
 * Takes a match back by a record of its own, with the reason; the history stays. What the match posted is reversed by an entry, and the
 * two cancel each other in the bank book; a cheque or advice that it had cleared is on its way again. Raises MATCH_UNKNOWN,
 * REASON_MISSING_FOR_UNMATCH, INSTRUMENT_REALISED.
 */
export async function unmatch(tx: Tx, matchId: string, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw reconciliationErrors.REASON_MISSING_FOR_UNMATCH({ match: matchId });
  const find = () =>
    tx.queryOne<{ account: string; entry_id: bigint | null; rules: string }>(
      `select m.account, m.entry_id, m.rules from reconciliation.matches m
       where m.ulb_id = :ulb and m.match_id = :id::uuid and m.reverses_match_id is null
         and not exists (select 1 from reconciliation.matches r where r.ulb_id = m.ulb_id and r.reverses_match_id = m.match_id)`,
      { ulb: tx.ulb.id, id: matchId },
    );
  const found = await find();
  if (!found) throw reconciliationErrors.MATCH_UNKNOWN({ match: matchId });
  const bank = await lockBankAccount(tx, found.account);
  if (!(await find())) throw reconciliationErrors.MATCH_UNKNOWN({ match: matchId });

  const reversalId = newId(tx.clock().getTime());
  await tx.query("delete from reconciliation.live_legs where ulb_id = :ulb and match_id = :id::uuid", {
    ulb: tx.ulb.id,
    id: matchId,
  });
  await tx.query(
    `insert into reconciliation.matches (ulb_id, match_id, account, pass, rules, evidence, reverses_match_id, reason, made_by, made_at)
     values (:ulb, :id::uuid, :account, 'unmatch', :rules, 'taken back', :reversed::uuid, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: reversalId,
      account: found.account,
      rules: found.rules,
      reversed: matchId,
      reason: reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    "update reconciliation.settlements set arrival_match_id = null, arrived_on = null where ulb_id = :ulb and arrival_match_id = :id::uuid",
    { ulb: tx.ulb.id, id: matchId },
  );
  const { booked } = await unclearOf(tx, matchId);
  await audit(tx, { action: "unmatch", subject: "bank-match", subjectId: matchId, reason: reason.trim() });
  if (found.entry_id !== null) {
    const entry = await getEntry(tx, found.entry_id);
    await reverseEntry(tx, {
      entryId: found.entry_id,
      date: await bookingDate(tx, entry.date),
      reason: reason.trim(),
      source: { type: "bank-unmatch", id: reversalId },
    });
  }
  if (found.entry_id !== null || booked) await cancelReversals(tx, bank);
}

export type MatchRecord = {
  readonly id: string;
  readonly account: string;
  readonly pass: Pass | "unmatch" | "reversal";
  readonly rules: string;
  readonly evidence: string;
  readonly entryId: bigint | null;
  readonly reversesMatchId: string | null;
  readonly reason: string | null;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly isLive: boolean;
};

/** Matches of an account, newest first, taken-back ones too; at most 500. */
export async function listMatches(read: Read, account: string): Promise<MatchRecord[]> {
  return read.query<MatchRecord>(
    `select m.match_id as id, m.account, m.pass, m.rules, m.evidence, m.entry_id as "entryId", m.reverses_match_id as "reversesMatchId", m.reason,
       m.made_by as "madeBy", m.made_at as "madeAt",
       exists (select 1 from reconciliation.live_legs g where g.ulb_id = m.ulb_id and g.match_id = m.match_id) as "isLive"
     from reconciliation.matches m
     where m.ulb_id = :ulb and m.account = :account
     order by m.made_at desc, m.match_id desc
     limit 500`,
    { ulb: read.ulb.id, account },
  );
}

/**
 * Agrees the balance with which the first statement opened: all book items dated before it, except those named as outstanding (cheques not
 * presented, deposits not credited by then), make up that balance. Raises OPENING_NOT_PROVED with the difference, STATEMENT_MISSING.
 */
export async function agreeOpening(
  tx: Tx,
  account: string,
  outstanding: readonly string[] = [],
): Promise<{ readonly matchId: string }> {
  const bank = await lockBankAccount(tx, account);
  const chain = await chainEnds(tx, account);
  if (!chain) throw reconciliationErrors.STATEMENT_MISSING({ account, day: dateInIndia(tx.clock()) });
  const day = openingDay(chain);
  const before = (await openItems(tx, account, day)).filter((i) => "entryId" in i.of);
  for (const id of outstanding)
    if (!before.some((i) => i.id === id)) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
  const agreed = before.filter((i) => !outstanding.includes(i.id));
  const total = sum(agreed.map((i) => i.amount));
  if (total !== chain.opening) {
    throw reconciliationErrors.OPENING_NOT_PROVED({ account, statement: String(chain.opening), items: String(total) });
  }
  const matchId = await writeOpening(tx, bank, agreed, chain.opening, day);
  await audit(tx, {
    action: "agree-opening",
    subject: "bank-account",
    subjectId: account,
    after: { opening: String(chain.opening), outstanding },
  });
  return { matchId };
}

async function agreeOpeningIfEqual(tx: Tx, bank: BankAccount): Promise<void> {
  const chain = await chainEnds(tx, bank.account);
  if (!chain) return;
  const taken = await tx.query(
    "select 1 from reconciliation.live_legs where ulb_id = :ulb and account = :account and kind = 'opening'",
    {
      ulb: tx.ulb.id,
      account: bank.account,
    },
  );
  if (taken.length > 0) return;
  const day = openingDay(chain);
  const before = (await openItems(tx, bank.account, day)).filter((i) => "entryId" in i.of);
  if (before.length > 0 && sum(before.map((i) => i.amount)) === chain.opening)
    await writeOpening(tx, bank, before, chain.opening, day);
}

async function writeOpening(
  tx: Tx,
  bank: BankAccount,
  items: readonly OpenItem[],
  opening: Paise,
  day: LocalDate,
): Promise<string> {
  const id = newId(tx.clock().getTime());
  await insertMatches(tx, bank.account, [
    {
      id,
      pass: "opening",
      rules: MATCH_RULES.version,
      evidence: `${items.length} book items before the first statement make up its opening balance`,
      legs: [{ kind: "opening", amount: opening, onDate: day }, ...items.flatMap(itemLegs)],
    },
  ]);
  return id;
}

/**
 * An entry and the entry that reversed it cancel each other in the bank book, and so do a cheque and the entry that took it back as stale; the
 * bank never sees them.
 */
export async function cancelReversals(tx: Tx, bank: BankAccount): Promise<void> {
  const rows = await tx.query<{
    entry_id: bigint;
    line_no: number;
    entry_date: LocalDate;
    amount: bigint;
    reversal_id: bigint;
    reversal_line: number;
    reversal_date: LocalDate;
    evidence: string;
  }>(
    `select l.entry_id, l.line_no, l.entry_date, (l.debit - l.credit)::bigint as amount,
       r.entry_id as reversal_id, rl.line_no as reversal_line, r.entry_date as reversal_date, 'an entry and its reversal' as evidence
     from ledger.entries r
     join ledger.lines rl on rl.ulb_id = r.ulb_id and rl.entry_id = r.entry_id and rl.account = :account
     join ledger.lines l on l.ulb_id = r.ulb_id and l.entry_id = r.reverses_entry_id and l.line_no = rl.line_no and l.account = rl.account
     where r.ulb_id = :ulb and r.reverses_entry_id is not null and l.debit = rl.credit and l.credit = rl.debit
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no)
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = rl.ulb_id and g.entry_id = rl.entry_id and g.line_no = rl.line_no)
     union all
     select l.entry_id, l.line_no, l.entry_date, (l.debit - l.credit)::bigint, r.entry_id, rl.line_no, r.entry_date, 'a cheque taken back as stale'
     from ledger.entries r
     join ledger.lines rl on rl.ulb_id = r.ulb_id and rl.entry_id = r.entry_id and rl.account = :account and rl.party_type = 'cheque'
     join ledger.lines l on l.ulb_id = r.ulb_id and l.account = rl.account and l.party_type = 'cheque' and l.party_id = rl.party_id
       and l.credit = rl.debit
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id and e.source_type = 'payment'
     where r.ulb_id = :ulb and r.source_type = 'cheque-stale'
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no)
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = rl.ulb_id and g.entry_id = rl.entry_id and g.line_no = rl.line_no)
     order by 1, 2`,
    { ulb: tx.ulb.id, account: bank.account },
  );
  await insertMatches(
    tx,
    bank.account,
    rows.map((r) => ({
      id: newId(tx.clock().getTime()),
      pass: "reversal",
      rules: MATCH_RULES.version,
      evidence: r.evidence,
      legs: [
        { kind: "item", entryId: r.entry_id, lineNo: r.line_no, amount: paise(r.amount), onDate: r.entry_date },
        {
          kind: "item",
          entryId: r.reversal_id,
          lineNo: r.reversal_line,
          amount: paise(-r.amount),
          onDate: r.reversal_date,
        },
      ],
    })),
  );
}

// ------------------------------------------------------------------------------------------------ writing

export type Leg =
  | { readonly kind: "line"; readonly lineId: string; readonly amount: Paise; readonly onDate: LocalDate }
  | {
      readonly kind: "item";
      readonly entryId: bigint;
      readonly lineNo: number;
      readonly amount: Paise;
      readonly onDate: LocalDate;
    }
  | { readonly kind: "opening"; readonly amount: Paise; readonly onDate: LocalDate };

export type NewMatch = {
  readonly id: string;
  readonly pass: MatchRecord["pass"];
  readonly rules: string;
  readonly evidence: string;
  readonly entryId?: bigint;
  readonly legs: readonly Leg[];
  /** References and slips it rests on, when the engine made it. */
  readonly proofs?: readonly string[];
};

/** The legs of a book item; a settlement in transit or a leaf in clearing has none of its own, the entry of its arrival brings them. */
export function itemLegs(item: OpenItem): Leg[] {
  const { of } = item;
  if (!("entryId" in of)) return [];
  return of.lines.map((l): Leg => ({
    kind: "item",
    entryId: of.entryId,
    lineNo: l.lineNo,
    amount: l.amount,
    onDate: item.date,
  }));
}

/** Books the bank's credit of leaves in clearing on the day of the last of these lines, and gives the legs of each item. */
export async function leafLegs(
  tx: Tx,
  arrivals: readonly { readonly item: OpenItem; readonly lines: readonly BankLine[] }[],
): Promise<ReadonlyMap<string, readonly Leg[]>> {
  const leaves = arrivals.flatMap(({ item, lines }) =>
    "leaves" in item.of
      ? [
          {
            id: item.id,
            instrumentIds: item.of.leaves,
            on: lines.reduce((day, l) => (l.bookedOn > day ? l.bookedOn : day), item.date),
          },
        ]
      : [],
  );
  if (leaves.length === 0) return new Map();
  const credited = await creditLeaves(tx, leaves);
  return new Map(
    leaves.map((leaf) => [
      leaf.id,
      leaf.instrumentIds.flatMap((id): Leg[] => {
        const credit = credited.get(id);
        invariant(credit, "a leaf in clearing is credited");
        return credit.lines.map((l) => ({
          kind: "item",
          entryId: credit.entryId,
          lineNo: l.lineNo,
          amount: l.amount,
          onDate: credit.bookedOn,
        }));
      }),
    ]),
  );
}

export const lineLeg = (line: BankLine): Leg => ({
  kind: "line",
  lineId: line.id,
  amount: line.amount,
  onDate: line.bookedOn,
});

/**
 * Writes matches of lines and items. Settlements in transit that take part are booked into the bank first, one entry per match; so are cheques in
 * clearing, an entry per leaf.
 */
export async function writeMatches(
  tx: Tx,
  bank: BankAccount,
  matches: readonly Match[],
  lines: ReadonlyMap<string, BankLine>,
  items: ReadonlyMap<string, OpenItem>,
  rules: string,
): Promise<{ ids: string[]; settlements: number }> {
  const now = tx.clock().getTime();
  const drafts: {
    readonly match: number;
    readonly draft: EntryDraft;
    readonly settlementIds: readonly string[];
    readonly amount: Paise;
  }[] = [];
  const ids = matches.map(() => newId(now));
  const { "settlement-in-transit": transit } = await postingAccounts(tx, "settlement-in-transit");
  for (const [i, m] of matches.entries()) {
    const settlements = m.items.flatMap((id) => {
      const item = items.get(id);
      return item && "settlementId" in item.of
        ? [{ id: item.of.settlementId, utr: item.reference, amount: item.amount }]
        : [];
    });
    if (settlements.length === 0) continue;
    const valueDate = m.lines
      .map((id) => lines.get(id)?.valueDate ?? "")
      .sort()
      .at(-1) as LocalDate | undefined;
    const matchId = ids[i];
    invariant(matchId && valueDate, "a settlement arrives with a statement line");
    const draft = transitArrivedEntry({
      matchId,
      settlements,
      date: await bookingDate(tx, valueDate),
      valueDate,
      bank: bank.account,
      transit,
      fund: bank.fund,
    });
    drafts.push({
      match: i,
      draft,
      settlementIds: settlements.map((s) => s.id),
      amount: sum(settlements.map((s) => s.amount)),
    });
  }
  const posted = await postEntries(
    tx,
    drafts.map((d) => d.draft),
  );
  const arrival = new Map(drafts.map((d, n) => [d.match, { ...d, entry: posted[n] }]));
  const leaves = await leafLegs(
    tx,
    matches.flatMap((m) =>
      m.items.flatMap((id) => {
        const item = items.get(id);
        return item ? [{ item, lines: m.lines.flatMap((line) => lines.get(line) ?? []) }] : [];
      }),
    ),
  );
  await insertMatches(
    tx,
    bank.account,
    matches.map((m, i): NewMatch => {
      const arrived = arrival.get(i);
      const legs: Leg[] = [];
      for (const id of m.lines) {
        const line = lines.get(id);
        invariant(line, "a matched line is known");
        legs.push(lineLeg(line));
      }
      for (const id of m.items) {
        const item = items.get(id);
        invariant(item, "a matched item is known");
        legs.push(...itemLegs(item), ...(leaves.get(id) ?? []));
      }
      if (arrived?.entry)
        legs.push({
          kind: "item",
          entryId: arrived.entry.id,
          lineNo: 1,
          amount: arrived.amount,
          onDate: arrived.draft.date,
        });
      return {
        id: ids[i] ?? "",
        pass: m.pass,
        rules,
        evidence: m.evidence,
        ...(arrived?.entry ? { entryId: arrived.entry.id } : {}),
        legs,
        ...(m.pass === "manual"
          ? {}
          : {
              proofs: proofsOf(
                m.lines.flatMap((id) => lines.get(id) ?? []),
                m.items.flatMap((id) => items.get(id) ?? []),
              ),
            }),
      };
    }),
  );
  const moved = drafts.flatMap((d) =>
    d.settlementIds.map((id) => ({ id, match: ids[d.match] ?? "", on: d.draft.date })),
  );
  if (moved.length > 0) {
    await tx.query(
      `update reconciliation.settlements s set arrival_match_id = t.match, arrived_on = t.day
       from unnest(:ids::text[], :matches::uuid[], :days::date[]) as t (id, match, day)
       where s.ulb_id = :ulb and s.settlement_id = t.id`,
      { ulb: tx.ulb.id, ids: moved.map((m) => m.id), matches: moved.map((m) => m.match), days: moved.map((m) => m.on) },
    );
  }
  return { ids, settlements: moved.length };
}

/** Inserts matches with all their legs, a few thousand legs per statement; the legs of one match always go together. */
export async function insertMatches(tx: Tx, account: string, matches: readonly NewMatch[]): Promise<void> {
  for (let from = 0; from < matches.length;) {
    let to = from;
    let legCount = 0;
    do {
      legCount += matches[to]?.legs.length ?? 0;
      to += 1;
    } while (to < matches.length && legCount < 5000);
    await insertBatch(tx, account, matches.slice(from, to));
    from = to;
  }
  const atBank = matches.filter((m) => m.legs.some((l) => l.kind !== "item") && m.legs.some((l) => l.kind === "item"));
  const ids = atBank.map((m) => m.id);
  await clearPaid(tx, ids);
  await clearDeposited(tx, ids);
}

async function insertBatch(tx: Tx, account: string, matches: readonly NewMatch[]): Promise<void> {
  const legs = matches.flatMap((m) => m.legs.map((leg, i) => ({ match: m.id, no: i + 1, leg })));
  const columns = {
    ulb: tx.ulb.id,
    account,
    matches: legs.map((l) => l.match),
    nos: legs.map((l) => l.no),
    kinds: legs.map((l) => l.leg.kind),
    lines: legs.map((l) => (l.leg.kind === "line" ? l.leg.lineId : null)),
    entries: legs.map((l) => (l.leg.kind === "item" ? l.leg.entryId.toString() : null)),
    line_nos: legs.map((l) => (l.leg.kind === "item" ? l.leg.lineNo : null)),
    amounts: legs.map((l) => l.leg.amount.toString()),
    days: legs.map((l) => l.leg.onDate),
  };
  await tx.query(
    `insert into reconciliation.matches (ulb_id, match_id, account, pass, rules, evidence, entry_id, made_by, made_at)
     select :ulb, id, :account, pass, rule, evidence, entry, :actor, :now
     from unnest(:ids::uuid[], :passes::text[], :rules::text[], :evidence::text[], :entries::bigint[]) as t (id, pass, rule, evidence, entry)`,
    {
      ulb: tx.ulb.id,
      account,
      ids: matches.map((m) => m.id),
      passes: matches.map((m) => m.pass),
      rules: matches.map((m) => m.rules),
      evidence: matches.map((m) => m.evidence.slice(0, 500)),
      entries: matches.map((m) => m.entryId?.toString() ?? null),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  const proofs = matches.flatMap((m) => (m.proofs ?? []).map((proof) => ({ match: m.id, proof })));
  if (proofs.length > 0) {
    await tx.query(
      `insert into reconciliation.match_proofs (ulb_id, account, proof, match_id)
       select :ulb, :account, proof, match from unnest(:proofs::text[], :matches::uuid[]) as t (proof, match)`,
      { ulb: tx.ulb.id, account, proofs: proofs.map((p) => p.proof), matches: proofs.map((p) => p.match) },
    );
  }
  try {
    for (const table of ["match_legs", "live_legs"]) {
      await tx.query(
        `insert into reconciliation.${table} (ulb_id, match_id, leg_no, account, kind, line_id, entry_id, line_no, amount, on_date)
         select :ulb, match, no, :account, kind, line, entry, line_no, amount, day
         from unnest(:matches::uuid[], :nos::integer[], :kinds::text[], :lines::uuid[], :entries::bigint[], :line_nos::smallint[],
           :amounts::bigint[], :days::date[]) as t (match, no, kind, line, entry, line_no, amount, day)`,
        columns,
      );
    }
  } catch (error) {
    if (/in_one_live_match$/.test(violatedRule(error) ?? "")) throw reconciliationErrors.MATCH_TAKEN({ account });
    throw error;
  }
}
