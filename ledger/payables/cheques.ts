import { postEntries, type PostedEntry } from "../entries.ts";
import { audit } from "../kernel/audit.ts";
import { addMonths, dateInIndia, formatDate, type LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { paise, ZERO, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { chequeNumber, getBankBook, listChequeBooks } from "../masters/index.ts";
import { postingAccounts } from "../posting-map.ts";
import { nextChequeStatus, type ChequeEvent, type ChequeStatus } from "./cheque-states.ts";
import { lapseEntry, staleEntry, type ChequeFacts } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { createItems, listItems, lockItems, moveItems, type PartyRef } from "./items.ts";
import { payableSettings } from "./settings.ts";

export type Cheque = {
  readonly id: string;
  readonly account: string;
  readonly number: string;
  readonly paymentId: string | null;
  readonly payee: string;
  readonly amount: Paise;
  readonly issuedOn: LocalDate;
  readonly status: ChequeStatus;
  readonly deliveredOn: LocalDate | null;
  readonly deliveredTo: string | null;
  readonly clearedOn: LocalDate | null;
  readonly endedOn: LocalDate | null;
  readonly reason: string | null;
  readonly entryId: bigint | null;
  readonly staleEntryId: bigint | null;
};

type Row = {
  cheque_id: string;
  account: string;
  number: string;
  payment_id: string | null;
  payee: string;
  amount: bigint;
  issued_on: LocalDate;
  status: ChequeStatus;
  delivered_on: LocalDate | null;
  delivered_to: string | null;
  cleared_on: LocalDate | null;
  ended_on: LocalDate | null;
  reason: string | null;
  entry_id: bigint | null;
  stale_entry_id: bigint | null;
};
const SELECT = `select c.cheque_id, c.account, c.number, c.payment_id, c.payee, c.amount, c.issued_on, c.status, c.delivered_on, c.delivered_to,
   c.cleared_on, c.ended_on, c.reason, y.entry_id, c.stale_entry_id
 from ledger.cheques c
 left join ledger.payments y on y.ulb_id = c.ulb_id and y.payment_id = c.payment_id
 where c.ulb_id = :ulb`;
const chequeOf = (r: Row): Cheque => ({
  id: r.cheque_id,
  account: r.account,
  number: r.number,
  paymentId: r.payment_id,
  payee: r.payee,
  amount: paise(r.amount),
  issuedOn: r.issued_on,
  status: r.status,
  deliveredOn: r.delivered_on,
  deliveredTo: r.delivered_to,
  clearedOn: r.cleared_on,
  endedOn: r.ended_on,
  reason: r.reason,
  entryId: r.entry_id,
  staleEntryId: r.stale_entry_id,
});

/** Raises CHEQUE_UNKNOWN. */
export async function getCheque(read: Read, id: string): Promise<Cheque> {
  const row = await read.queryOne<Row>(`${SELECT} and c.cheque_id = :id::uuid`, { ulb: read.ulb.id, id });
  if (!row) throw payableErrors.CHEQUE_UNKNOWN({ cheque: id });
  return chequeOf(row);
}

/** Cheques in order of issue, the newest first; at most 200 from `offset`. */
export async function listCheques(
  read: Read,
  filter: {
    readonly status?: ChequeStatus | undefined;
    readonly account?: string | undefined;
    readonly from?: LocalDate | undefined;
    readonly to?: LocalDate | undefined;
    readonly limit?: number;
    readonly offset?: number;
  } = {},
): Promise<Cheque[]> {
  const params: Record<string, unknown> = {};
  const where: string[] = [];
  const add = (condition: string, name: string, value: unknown): void => {
    if (value === undefined) return;
    where.push(`and ${condition}`);
    params[name] = value;
  };
  add("c.status = :status", "status", filter.status);
  add("c.account = :account", "account", filter.account);
  add("c.issued_on >= :from_day::date", "from_day", filter.from);
  add("c.issued_on <= :to_day::date", "to_day", filter.to);
  const rows = await read.query<Row>(
    `${SELECT} ${where.join(" ")} order by c.issued_on desc, c.number desc, c.account limit :row_limit offset :row_offset`,
    { ...params, ulb: read.ulb.id, row_limit: Math.min(filter.limit ?? 100, 200), row_offset: filter.offset ?? 0 },
  );
  return rows.map(chequeOf);
}

export type ChequeHistory = {
  readonly event: string;
  readonly status: ChequeStatus;
  readonly on: LocalDate;
  readonly by: string;
  readonly note: string | null;
};

/** What happened to a leaf, oldest first. */
export async function chequeHistory(read: Read, id: string): Promise<ChequeHistory[]> {
  return read.query<ChequeHistory>(
    `select event, status, on_date as on, by_whom as by, note from ledger.cheque_events
     where ulb_id = :ulb and cheque_id = :id::uuid order by event_id limit 200`,
    { ulb: read.ulb.id, id },
  );
}

// ------------------------------------------------------------------------------------------------ leaves

/** The next leaf of the account's cheque books that nobody used or wrote down for a payment; undefined when none is left. */
export async function nextLeaf(read: Read, account: string): Promise<string | undefined> {
  const row = await read.queryOne<{ leaf: string }>(
    `select leaf from (
       select b.received_on, b.prefix, n, b.prefix || lpad(n::text, 6, '0') as leaf
       from ledger.cheque_books b, generate_series(b.first_leaf, b.last_leaf) as n
       where b.ulb_id = :ulb and b.account = :account and b.status in ('in-stock', 'in-use')) as t
     where not exists (select 1 from ledger.cheques c where c.ulb_id = :ulb and c.account = :account and c.number = t.leaf)
       and not exists (select 1 from ledger.payments y
         where y.ulb_id = :ulb and y.account = :account and y.leaf = t.leaf and y.status = 'submitted')
     order by received_on, prefix, n limit 1`,
    { ulb: read.ulb.id, account },
  );
  return row?.leaf;
}

/** The leaf that was asked for, if it is free, or the next one. Leaves of an account are given out one at a time. */
export async function leafOrNext(tx: Tx, account: string, asked: string | undefined): Promise<string> {
  await lockLeaves(tx, account);
  if (asked === undefined || asked.trim() === "") {
    const next = await nextLeaf(tx, account);
    if (next === undefined) throw payableErrors.CHEQUE_LEAVES_NONE({ account });
    return next;
  }
  const leaf = await leafOfABook(tx, account, asked.trim());
  await refuseUsedLeaf(tx, account, leaf, null);
  return leaf;
}

async function lockLeaves(tx: Tx, account: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(7244008, hashtext(:key))", { key: `${tx.ulb.id}/${account}` });
}

/** As it is printed: "321" is typed for 000321. Raises CHEQUE_LEAF_UNKNOWN. */
async function leafOfABook(read: Read, account: string, asked: string): Promise<string> {
  const digits = /(\d+)$/.exec(asked)?.[1] ?? "";
  const prefix = asked.slice(0, asked.length - digits.length);
  const n = Number(digits);
  const book = (await listChequeBooks(read, account)).find(
    (b) =>
      digits !== "" &&
      b.prefix === prefix &&
      b.firstLeaf <= n &&
      n <= b.lastLeaf &&
      (b.status === "in-stock" || b.status === "in-use"),
  );
  if (!book) throw payableErrors.CHEQUE_LEAF_UNKNOWN({ leaf: asked, account });
  return chequeNumber(book, n);
}

/** Raises CHEQUE_ISSUED_ALREADY with whom it was for and when; a payment that waits for approval holds its leaf too. */
export async function refuseUsedLeaf(tx: Tx, account: string, leaf: string, ownPayment: string | null): Promise<void> {
  await lockLeaves(tx, account);
  const used = await tx.queryOne<{ payee: string; amount: bigint; day: LocalDate; status: string }>(
    `select payee, amount, day, status from (
       select c.payee, c.amount, c.issued_on as day, c.status, 1 as first from ledger.cheques c
       where c.ulb_id = :ulb and c.account = :account and c.number = :leaf
       union all
       select y.payee, y.amount, y.payment_date, 'waiting for approval', 2 from ledger.payments y
       where y.ulb_id = :ulb and y.account = :account and y.leaf = :leaf and y.status = 'submitted' and y.payment_id is distinct from :own::uuid
     ) as t order by first limit 1`,
    { ulb: tx.ulb.id, account, leaf, own: ownPayment },
  );
  if (used)
    throw payableErrors.CHEQUE_ISSUED_ALREADY({
      leaf,
      account,
      payee: used.payee,
      amount: String(used.amount),
      date: formatDate(used.day),
      status: used.status,
    });
}

/** Writes a leaf for a payment that is approved in this transaction; its book is in use from then on, and finished with its last leaf. */
export async function issueCheque(
  tx: Tx,
  cheque: {
    readonly paymentId: string;
    readonly account: string;
    readonly number: string;
    readonly payee: string;
    readonly amount: Paise;
    readonly date: LocalDate;
  },
): Promise<string> {
  return insertCheque(tx, { ...cheque, status: "issued", reason: null });
}

/** A leaf that was torn, misprinted or lost before it was written: it is used up, and pays nobody. Raises CHEQUE_LEAF_UNKNOWN, CHEQUE_ISSUED_ALREADY. */
export async function spoilLeaf(
  tx: Tx,
  spoiled: { readonly account: string; readonly leaf: string; readonly reason: string; readonly date?: LocalDate },
): Promise<Cheque> {
  if (spoiled.reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "spoiling a leaf" });
  await getBankBook(tx, spoiled.account);
  await lockLeaves(tx, spoiled.account);
  const number = await leafOfABook(tx, spoiled.account, spoiled.leaf.trim());
  await refuseUsedLeaf(tx, spoiled.account, number, null);
  const id = await insertCheque(tx, {
    paymentId: null,
    account: spoiled.account,
    number,
    payee: spoiled.reason.trim(),
    amount: ZERO,
    date: spoiled.date ?? dateInIndia(tx.clock()),
    status: "spoiled",
    reason: spoiled.reason.trim(),
  });
  await audit(tx, { action: "spoil", subject: "cheque", subjectId: id, reason: spoiled.reason.trim() });
  return getCheque(tx, id);
}

async function insertCheque(
  tx: Tx,
  cheque: {
    readonly paymentId: string | null;
    readonly account: string;
    readonly number: string;
    readonly payee: string;
    readonly amount: Paise;
    readonly date: LocalDate;
    readonly status: "issued" | "spoiled";
    readonly reason: string | null;
  },
): Promise<string> {
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.cheques (ulb_id, cheque_id, account, number, payment_id, payee, amount, issued_on, status, reason)
     values (:ulb, :id, :account, :number, :payment, :payee, :amount, :day, :status, :reason)`,
    {
      ulb: tx.ulb.id,
      id,
      account: cheque.account,
      number: cheque.number,
      payment: cheque.paymentId,
      payee: cheque.payee,
      amount: cheque.amount,
      day: cheque.date,
      status: cheque.status,
      reason: cheque.reason,
    },
  );
  await recordEvent(tx, id, cheque.status === "issued" ? "issue" : "spoil", cheque.status, cheque.date, cheque.reason);
  return id;
}

async function recordEvent(
  tx: Tx,
  id: string,
  event: string,
  status: ChequeStatus,
  on: LocalDate,
  note: string | null,
): Promise<void> {
  await tx.query(
    `insert into ledger.cheque_events (ulb_id, cheque_id, event, status, on_date, by_whom, at, note)
     values (:ulb, :id, :event, :status, :on_date, :actor, :now, :note)`,
    { ulb: tx.ulb.id, id, event, status, on_date: on, actor: tx.actor.id, now: tx.clock(), note },
  );
}

// ------------------------------------------------------------------------------------------------ from hand to hand

const DONE: Record<ChequeEvent, string> = {
  deliver: "delivered",
  "take back": "taken back",
  clear: "cleared",
  unclear: "taken back from the bank",
  cancel: "cancelled",
  "go stale": "stale",
  reissue: "reissued",
  "cancel reissue": "claimed again",
  lapse: "lapsed",
};

/** One step of a cheque, with its place in the history. Raises CHEQUE_UNKNOWN, CHEQUE_STATUS, CHEQUE_DATE. */
export async function moveCheque(
  tx: Tx,
  id: string,
  event: ChequeEvent,
  on: LocalDate,
  note: string | null = null,
  more: { readonly deliveredTo?: string; readonly staleEntryId?: bigint } = {},
): Promise<Cheque> {
  const cheque = await lockCheque(tx, id);
  const status = nextChequeStatus(cheque.status, event);
  if (status === undefined)
    throw payableErrors.CHEQUE_STATUS({ cheque: cheque.number, status: cheque.status, step: DONE[event] });
  if (on < cheque.issuedOn)
    throw payableErrors.CHEQUE_DATE({
      cheque: cheque.number,
      issued: formatDate(cheque.issuedOn),
      date: formatDate(on),
      step: DONE[event],
    });
  await tx.query(
    `update ledger.cheques set status = :status,
       delivered_on = case when :event = 'deliver' then :on_date::date when :event = 'take back' then null else delivered_on end,
       delivered_to = case when :event = 'deliver' then :delivered_to when :event = 'take back' then null else delivered_to end,
       cleared_on = case when :event = 'clear' then :on_date::date when :event = 'unclear' then null else cleared_on end,
       ended_on = case when :event in ('cancel', 'go stale', 'reissue', 'lapse') then :on_date::date else ended_on end,
       reason = coalesce(:note, reason),
       stale_entry_id = coalesce(:stale_entry::bigint, stale_entry_id)
     where ulb_id = :ulb and cheque_id = :id::uuid`,
    {
      ulb: tx.ulb.id,
      id,
      status,
      event,
      on_date: on,
      delivered_to: more.deliveredTo ?? null,
      note,
      stale_entry: more.staleEntryId ?? null,
    },
  );
  await recordEvent(tx, id, event, status, on, note ?? more.deliveredTo ?? null);
  return getCheque(tx, id);
}

async function lockCheque(tx: Tx, id: string): Promise<Cheque> {
  await tx.query("select 1 from ledger.cheques where ulb_id = :ulb and cheque_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  return getCheque(tx, id);
}

/** Hands a cheque over. Raises CHEQUE_STATUS, CHEQUE_DATE. */
export async function deliverCheque(tx: Tx, id: string, on: LocalDate, to: string): Promise<Cheque> {
  const cheque = await moveCheque(tx, id, "deliver", on, null, { deliveredTo: to.trim() });
  await audit(tx, { action: "deliver", subject: "cheque", subjectId: id, after: { to: to.trim() } });
  return cheque;
}

/** The payee brought a delivered cheque back: it is in the office again, and can be cancelled. Raises CHEQUE_STATUS, REASON_MISSING. */
export async function takeChequeBack(tx: Tx, id: string, on: LocalDate, reason: string): Promise<Cheque> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "taking a cheque back" });
  const cheque = await moveCheque(tx, id, "take back", on, reason.trim());
  await audit(tx, { action: "take back", subject: "cheque", subjectId: id, reason: reason.trim() });
  return cheque;
}

/** The bank paid a cheque, as a person read in the pass book. Raises CHEQUE_STATUS, CHEQUE_DATE. */
export async function clearCheque(tx: Tx, id: string, bankDate: LocalDate): Promise<Cheque> {
  const cheque = await moveCheque(tx, id, "clear", bankDate);
  await audit(tx, { action: "clear", subject: "cheque", subjectId: id, after: { on: bankDate } });
  return cheque;
}

/** For `cancelPayment`: the leaf is cancelled. Raises CHEQUE_STATUS where it left the office. */
export async function cancelChequeOf(tx: Tx, id: string, on: LocalDate, reason: string): Promise<void> {
  await moveCheque(tx, id, "cancel", on, reason);
}

/**
 * What the bank's statement proved, for the reconciliation: cheques and advices whose entries were matched are cleared on the bank's day. Entries
 * of others, and papers that are no longer on their way, are passed over.
 */
export async function clearFromBank(
  tx: Tx,
  seen: readonly { readonly entryId: bigint; readonly on: LocalDate }[],
): Promise<void> {
  if (seen.length === 0) return;
  const days = new Map(seen.map((s) => [s.entryId, s.on]));
  const rows = await tx.query<{ cheque_id: string; entry_id: bigint; issued_on: LocalDate }>(
    `select c.cheque_id, y.entry_id, c.issued_on from ledger.payments y
     join ledger.cheques c on c.ulb_id = y.ulb_id and c.payment_id = y.payment_id and c.status in ('issued', 'delivered')
     where y.ulb_id = :ulb and y.entry_id = any(:entries::bigint[]) order by c.cheque_id`,
    { ulb: tx.ulb.id, entries: [...days.keys()] },
  );
  for (const r of rows) {
    const on = days.get(r.entry_id);
    // A bank's day before the cheque's own (a date mistyped at either end) must not stop the match.
    if (on !== undefined)
      await moveCheque(
        tx,
        r.cheque_id,
        "clear",
        on < r.issued_on ? r.issued_on : on,
        "matched with the bank statement",
      );
  }
  await tx.query(
    `update ledger.advices a set status = 'cleared', cleared_on = greatest(t.day, a.advised_on)
     from unnest(:entries::bigint[], :days::date[]) as t (entry, day)
     join ledger.payments y on y.ulb_id = :ulb and y.entry_id = t.entry
     where a.ulb_id = :ulb and a.payment_id = y.payment_id and a.status in ('issued', 'sent')`,
    { ulb: tx.ulb.id, entries: [...days.keys()], days: [...days.values()] },
  );
}

/** The match with the bank was taken back: they are on their way again. */
export async function unclearFromBank(tx: Tx, entries: readonly bigint[]): Promise<void> {
  const rows = await tx.query<{ cheque_id: string; cleared_on: LocalDate }>(
    `select c.cheque_id, c.cleared_on from ledger.payments y
     join ledger.cheques c on c.ulb_id = y.ulb_id and c.payment_id = y.payment_id and c.status = 'cleared'
     where y.ulb_id = :ulb and y.entry_id = any(:entries::bigint[]) order by c.cheque_id`,
    { ulb: tx.ulb.id, entries },
  );
  for (const r of rows)
    await moveCheque(tx, r.cheque_id, "unclear", r.cleared_on, "match with the bank statement taken back");
  await tx.query(
    `update ledger.advices a set status = 'sent', cleared_on = null, sent_on = coalesce(sent_on, advised_on)
     from ledger.payments y
     where a.ulb_id = :ulb and y.ulb_id = :ulb and y.payment_id = a.payment_id and y.entry_id = any(:entries::bigint[]) and a.status = 'cleared'`,
    { ulb: tx.ulb.id, entries },
  );
}

// ------------------------------------------------------------------------------------------------ stale and lapsed

export type DueCheque = {
  readonly cheque: Cheque;
  readonly becomes: "stale" | "lapsed";
  /** Since when. */
  readonly since: LocalDate;
  /** What is owed for it still (a part may have been paid anew). */
  readonly open: Paise;
  readonly party: PartyRef;
  readonly fund: string;
};

/**
 * Cheques that by the end of a day were not presented in time, and stale ones that nobody claimed in time: the list that is looked through and
 * booked as one set. Periods are those of the ULB's settings; a claim's years run from the day on which the cheque became stale.
 */
export async function chequesDue(read: Read, day: LocalDate): Promise<DueCheque[]> {
  const settings = await payableSettings(read);
  const rows = await read.query<
    Row & { fund: string; party_type: string; party_id: string; parties: bigint; open: bigint | null }
  >(
    `select c.*, y.entry_id, y.fund, coalesce(i.party_type, l.party_type) as party_type, coalesce(i.party_id, l.party_id) as party_id,
       l.parties, i.open
     from ledger.cheques c
     join ledger.payments y on y.ulb_id = c.ulb_id and y.payment_id = c.payment_id
     join lateral (select min(party_type) as party_type, min(party_id) as party_id, count(distinct (party_type, party_id)) as parties
       from ledger.payment_lines l where l.ulb_id = c.ulb_id and l.payment_id = c.payment_id) as l on true
     left join ledger.payable_items i on i.ulb_id = c.ulb_id and i.cheque_id = c.cheque_id and i.kind = 'stale'
     where c.ulb_id = :ulb and (
       (c.status in ('issued', 'delivered') and (c.issued_on + make_interval(months => :stale_months::integer))::date <= :day::date)
       or (c.status = 'stale' and i.open > 0 and (i.opened_on + make_interval(years => :lapse_years::integer))::date <= :day::date))
     order by c.issued_on, c.number, c.account limit 500`,
    { ulb: read.ulb.id, day, stale_months: settings.staleMonths, lapse_years: settings.lapseYears },
  );
  return rows.map((r) => {
    const cheque = chequeOf(r);
    return {
      cheque,
      becomes: r.status === "stale" ? "lapsed" : "stale",
      since:
        r.status === "stale"
          ? addMonths(cheque.endedOn ?? cheque.issuedOn, settings.lapseYears * 12)
          : addMonths(cheque.issuedOn, settings.staleMonths),
      open: r.status === "stale" ? paise(r.open ?? 0n) : cheque.amount,
      // A cheque of several parties (a remittance) is claimed by whoever holds it: it stands for itself.
      party: r.parties > 1n ? { type: "cheque", id: cheque.number } : { type: r.party_type, id: r.party_id },
      fund: r.fund,
    };
  });
}

/**
 * Books cheques of the list of that day, all in one set (BK-03 and BK-05): the bank book takes the stale ones back and 350-80 owes them; lapsed
 * claims become income. Raises CHEQUE_NOT_DUE for one that is not on the list of that day, and the refusals of postEntry; nothing is booked then.
 */
export async function bookChequesDue(tx: Tx, day: LocalDate, ids: readonly string[]): Promise<PostedEntry[]> {
  for (const id of [...new Set(ids)].sort()) await lockCheque(tx, id);
  const due = new Map((await chequesDue(tx, day)).map((d) => [d.cheque.id, d]));
  const settings = await payableSettings(tx);
  const chosen: DueCheque[] = [];
  for (const id of new Set(ids)) {
    const found = due.get(id);
    if (!found) {
      const cheque = await getCheque(tx, id);
      const isStale = cheque.status === "stale";
      if (!isStale && nextChequeStatus(cheque.status, "go stale") === undefined)
        throw payableErrors.CHEQUE_STATUS({
          cheque: cheque.number,
          status: cheque.status,
          step: "booked as stale or lapsed",
        });
      throw payableErrors.CHEQUE_NOT_DUE({
        cheque: cheque.number,
        due: formatDate(
          isStale
            ? addMonths(cheque.endedOn ?? cheque.issuedOn, settings.lapseYears * 12)
            : addMonths(cheque.issuedOn, settings.staleMonths),
        ),
        day: formatDate(day),
        step: isStale ? "lapsed" : "stale",
      });
    }
    chosen.push(found);
  }
  if (chosen.length === 0) return [];
  const accounts = await postingAccounts(tx, "stale-cheques", "stale-cheques-lapsed");
  const stale = chosen.filter((d) => d.becomes === "stale");
  const lapsed = chosen.filter((d) => d.becomes === "lapsed");
  const made = await createItems(
    tx,
    stale.map((d) => ({
      kind: "stale" as const,
      account: accounts["stale-cheques"],
      fund: d.fund,
      party: d.party,
      openedOn: day,
      amount: d.cheque.amount,
      what: `stale cheque ${d.cheque.number} of ${formatDate(d.cheque.issuedOn)} to ${d.cheque.payee}`,
      code: "stale",
      chequeId: d.cheque.id,
    })),
  );
  const claims = new Map<string, string>();
  for (const d of lapsed) claims.set(d.cheque.id, await claimOf(tx, d));
  for (const d of chosen)
    await audit(tx, { action: d.becomes, subject: "cheque", subjectId: d.cheque.id, after: { on: day } });
  const factsOf = (d: DueCheque): ChequeFacts => ({
    id: d.cheque.id,
    number: d.cheque.number,
    bank: d.cheque.account,
    fund: d.fund,
    party: d.party,
    payee: d.cheque.payee,
    amount: d.cheque.amount,
    issuedOn: d.cheque.issuedOn,
  });
  const entries = await postEntries(tx, [
    ...stale.map((d) => staleEntry(factsOf(d), day, accounts["stale-cheques"])),
    ...lapsed.map((d) =>
      lapseEntry(
        { ...factsOf(d), open: d.open },
        day,
        { stale: accounts["stale-cheques"], income: accounts["stale-cheques-lapsed"] },
        settings.incomeFunction,
      ),
    ),
  ]);
  for (const [i, d] of [...stale, ...lapsed].entries()) {
    const entry = entries[i];
    invariant(entry, "each cheque has its entry");
    if (d.becomes === "stale") {
      await moveItems(tx, entry, [{ itemId: made[i] ?? "", amount: d.cheque.amount, why: "stale" }]);
      await moveCheque(tx, d.cheque.id, "go stale", day, null, { staleEntryId: entry.id });
    } else {
      await moveItems(tx, entry, [{ itemId: claims.get(d.cheque.id) ?? "", amount: -d.open, why: "lapsed" }]);
      await moveCheque(tx, d.cheque.id, "lapse", day);
    }
  }
  return entries;
}

/** The claim of a stale cheque, locked; what waits in a payment cannot lapse. */
async function claimOf(tx: Tx, due: DueCheque): Promise<string> {
  const [item] = (await listItems(tx, { kind: "stale", party: due.party, limit: 500 })).filter(
    (i) => i.chequeId === due.cheque.id,
  );
  invariant(item, "a stale cheque has its claim");
  const locked = (await lockItems(tx, [item.id])).get(item.id);
  invariant(locked, "a locked item is there");
  if (locked.waiting > 0n || locked.open !== due.open)
    throw payableErrors.CHEQUE_STATUS({
      cheque: due.cheque.number,
      status: "to be paid anew by a payment that waits for approval",
      step: "lapsed",
    });
  return item.id;
}
