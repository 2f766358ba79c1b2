import { entryNumber, postingAccounts, type VoucherType } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { paise, sum, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { BrsItem } from "./brs.ts";
import { KnownRows, SERVER, type Known } from "./known-rows.ts";
import type { ItemKind, MatchItem } from "./match.ts";
import { normaliseRef, ref, refsOfNarration, type Ref } from "./tokens.ts";

/** A line of the bank book, or a settlement or a cheque in clearing on its way to it, that no statement line has answered yet. */
export type OpenItem = MatchItem &
  BrsItem & {
    readonly amount: Paise;
    /**
     * The ledger lines (several when one leaf was received for several funds), the settlement that becomes one when it arrives, or the instruments of
     * a leaf that stands in clearing until the bank credits it.
     */
    readonly of: BookLines | { readonly settlementId: string } | { readonly leaves: readonly string[] };
    /** Who brought a leaf in clearing to the bank. */
    readonly depositedBy?: string;
    /** A cheque of a payment: the register of cheques says what becomes of it. */
    readonly isInRegister?: boolean;
  };

export type BookLines = {
  readonly entryId: bigint;
  readonly lines: readonly { readonly lineNo: number; readonly amount: Paise }[];
};

type ItemRow = {
  fund: string;
  party_type: string | null;
  party_id: string | null;
  entry_id: bigint;
  line_no: number;
  entry_date: LocalDate;
  amount: bigint;
  voucher: VoucherType;
  fy: string;
  number: bigint;
  source_type: string;
  narration: string;
  settlement_id: string | null;
  utr: string | null;
};

/**
 * What the books expect at the bank up to a day: lines of the bank book that are in no match complete by that day and, where
 * settlements pass through an account of their own, the settlements that have not arrived (only for the ULB's main bank account), and, where it
 * keeps them apart, the deposited cheques that the bank has not credited.
 * References come from the settlement, and from the words of the narration ("cheque 000321", "UTR …").
 */
export async function openItems(
  read: Read,
  account: string,
  asOf: LocalDate,
  options: OpenItemOptions = {},
): Promise<OpenItem[]> {
  const known = options.only ? undefined : knownItems.of(read, account);
  const items = known
    ? await knownOrReadItems(read, account, asOf, options, known)
    : await readItems(read, account, asOf, options, options.only ? entriesOf(options.only) : undefined);
  const isWanted = (kind: "settlement" | "leaf"): boolean =>
    options.only === undefined || options.only.some((id) => id.startsWith(`${kind}:`));
  return [
    ...items,
    ...(isWanted("settlement") ? await expectedSettlements(read, account, asOf) : []),
    ...(isWanted("leaf") ? await expectedLeaves(read, account, asOf, options.isStrict ?? false) : []),
  ];
}

type OpenItemOptions = {
  /** Also the items of these live matches, as if they were open. */
  readonly reopened?: readonly string[];
  /** Nothing that is in another live match, whenever that match was complete. */
  readonly isStrict?: boolean;
  /** Of the entries those named alone ("entry:1:2"); settlements and leaves in clearing only where one is named ("settlement:setl_1", "leaf:…"). */
  readonly only?: readonly string[];
};

const IS_OPEN_ITEM = `l.ulb_id = :ulb and l.account = :account and l.entry_date <= :as_of::date
  and (g.match_id is null or g.match_id = any(:reopened::uuid[]) or (not :strict::boolean and exists (
    select 1 from reconciliation.live_legs o where o.ulb_id = g.ulb_id and o.match_id = g.match_id and o.on_date > :as_of::date)))`;

async function readItems(
  read: Read,
  account: string,
  asOf: LocalDate,
  options: OpenItemOptions,
  entries?: readonly string[],
): Promise<OpenItem[]> {
  const rows = await read.query<ItemRow>(
    `select l.entry_id, l.line_no, l.entry_date, (l.debit - l.credit)::bigint as amount, l.fund, l.party_type,
       l.party_id, e.voucher, e.fy, e.number, e.source_type, e.narration,
       s.settlement_id, s.utr
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     left join reconciliation.live_legs g on g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no
     left join reconciliation.settlements s on s.ulb_id = l.ulb_id and l.party_type = 'settlement' and s.settlement_id = l.party_id
     where ${IS_OPEN_ITEM}
       ${entries ? "and l.entry_id = any(:entries::bigint[])" : ""}
     order by l.entry_date, l.entry_id, l.line_no`,
    {
      ulb: read.ulb.id,
      account,
      as_of: asOf,
      reopened: options.reopened ?? [],
      strict: options.isStrict ?? false,
      ...(entries ? { entries } : {}),
    },
  );
  return joinFunds(rows).map(itemOf);
}

/** Asks which lines of the book are open, takes those that are known, and reads the others. */
async function knownOrReadItems(
  read: Read,
  account: string,
  asOf: LocalDate,
  options: OpenItemOptions,
  known: Known<readonly OpenItem[]>,
): Promise<OpenItem[]> {
  const open = await read.queryOne<{ server: string; legs: string | null }>(
    `select ${SERVER} as server,
       string_agg(l.entry_id || ':' || l.line_no || case when g.match_id is null and l.party_type is distinct from 'settlement' then '' else '*' end,
         ' ' order by l.entry_date, l.entry_id, l.line_no) as legs
     from ledger.lines l
     left join reconciliation.live_legs g on g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no
     where ${IS_OPEN_ITEM}`,
    {
      ulb: read.ulb.id,
      account,
      as_of: asOf,
      reopened: options.reopened ?? [],
      strict: options.isStrict ?? false,
    },
  );
  const legsOfEntry = new Map<string, string>();
  for (const leg of open?.legs?.split(" ") ?? []) {
    const entry = leg.slice(0, leg.indexOf(":"));
    const before = legsOfEntry.get(entry);
    legsOfEntry.set(entry, before === undefined ? leg : `${before} ${leg}`);
  }
  const isSame = open?.server === known.server;
  const found = new Map<string, readonly OpenItem[]>();
  const unknown: string[] = [];
  for (const [entry, legs] of legsOfEntry) {
    // Lines of one entry may be one item: it is the same item only while the same lines are open.
    const items = isSame ? known.rows.get(entry) : undefined;
    if (items && legsOf(items) === legs) found.set(entry, items);
    else unknown.push(entry);
  }
  if (unknown.length > 0)
    for (const [entry, items] of groupBy(await readItems(read, account, asOf, options, unknown), entryOf))
      found.set(entry, items);
  return [...legsOfEntry.keys()].flatMap((entry) => found.get(entry) ?? []);
}

const knownItems = new KnownRows<readonly OpenItem[]>();

/**
 * Keeps open items that a snapshot has read (`KnownRows`), by their entry. Those that a settlement or a leaf in clearing stands behind are not among
 * them: their references may change.
 */
export function keepOpenItems(read: Read, account: string, server: string, items: Iterable<OpenItem>): void {
  const lasting = [...items].filter((i) => "entryId" in i.of && i.kind !== "settlement");
  knownItems.keep(read, account, server, groupBy(lasting, entryOf));
}

const entryOf = (item: OpenItem): string => ("entryId" in item.of ? item.of.entryId.toString() : "");

/** The lines of an entry that its items are, as the question for what is open names them. */
function legsOf(items: readonly OpenItem[]): string {
  const [only] = items;
  if (items.length === 1 && only && "entryId" in only.of && only.of.lines.length === 1)
    return `${only.of.entryId}:${only.of.lines[0]?.lineNo ?? 0}`;
  return items
    .flatMap((i) => ("entryId" in i.of ? i.of.lines.map((l) => ({ entry: i.of, no: l.lineNo })) : []))
    .sort((a, b) => a.no - b.no)
    .map((l) => ("entryId" in l.entry ? `${l.entry.entryId}:${l.no}` : ""))
    .join(" ");
}

/** The entries that items are of, by the items' ids. */
const entriesOf = (ids: readonly string[]): string[] =>
  ids.flatMap((id) => /^entry:(\d{1,18}):\d+$/.exec(id)?.[1] ?? []);

// The bank sees one credit for a cheque or a bag of cash, the books one line per fund it was received for.
function joinFunds(rows: readonly ItemRow[]): ItemRow[][] {
  return [...groupBy(rows, (r) => r.entry_id).values()].flatMap((entry) => {
    if (entry.length === 1) return [entry];
    const groups = groupBy(entry, (r) => `${r.party_type}|${r.party_id}|${r.amount < 0n}`);
    return [...groups.values()].flatMap((group) =>
      new Set(group.map((r) => r.fund)).size === group.length ? [group] : group.map((r) => [r]),
    );
  });
}

function itemOf(group: readonly ItemRow[]): OpenItem {
  const [r] = group;
  invariant(r, "an item has a line");
  const amount = sum(group.map((g) => paise(g.amount)));
  // The number of the own paper is what the bank quotes; its narration may name what it pays (a draft, a stale cheque).
  const found = refsOfNarration(r.narration).filter(
    (f) => r.party_type !== "advice" && (f.kind !== "cheque" || r.party_type !== "cheque"),
  );
  const refs =
    r.settlement_id === null
      ? [...partyRefs(r), ...found.filter((f) => f.kind !== "slip")]
      : settlementRefs(r.settlement_id, r.utr);
  // A bank may debit an advice as one sum, or each beneficiary apart.
  const slip =
    r.party_type === "advice" && r.party_id !== null
      ? normaliseRef("slip", r.party_id)
      : found.find((f) => f.kind === "slip")?.value;
  return {
    id: `entry:${r.entry_id}:${r.line_no}`,
    of: { entryId: r.entry_id, lines: group.map((g) => ({ lineNo: g.line_no, amount: paise(g.amount) })) },
    date: r.entry_date,
    amount,
    kind: r.settlement_id === null ? kindOf(refs, amount, r.source_type) : "settlement",
    refs,
    ...(slip === undefined ? {} : { group: slip }),
    ...(r.source_type === "payment" && r.party_type === "cheque" ? { isInRegister: true } : {}),
    voucher: entryNumber(r.voucher, r.fy, r.number),
    reference: refs[0]?.value ?? slip ?? "",
    text: r.narration,
  };
}

function partyRefs(r: ItemRow): Ref[] {
  if (r.party_id === null) return [];
  if (r.party_type === "cheque") return [ref("cheque", r.party_id)];
  return r.party_type === "utr" || r.party_type === "advice" ? [ref("utr", r.party_id)] : [];
}

function kindOf(refs: readonly Ref[], amount: Paise, sourceType: string): ItemKind {
  // A returned cheque carries its number too, but nobody issued it.
  if (sourceType === "dishonour") return "other";
  if (refs.some((r) => r.kind === "cheque")) return amount < 0n ? "cheque-issued" : "cheque-deposited";
  if (refs.length > 0) return "transfer";
  return sourceType === "remittance" ? "cash" : "other";
}

function settlementRefs(id: string, utr: string | null): Ref[] {
  return [...(utr === null ? [] : [ref("utr", utr)]), ref("settlement", id)];
}

/** Settlements booked to the account in transit and not seen at the bank by that day. */
async function expectedSettlements(read: Read, account: string, asOf: LocalDate): Promise<OpenItem[]> {
  const accounts = await postingAccounts(read, "bank-main", "settlement-in-transit");
  if (accounts["bank-main"] !== account) return [];
  const rows = await read.query<{ settlement_id: string; utr: string | null; settled_on: LocalDate; amount: bigint }>(
    `select settlement_id, utr, settled_on, amount from reconciliation.settlements
     where ulb_id = :ulb and status = 'booked' and transit_account <> :account and amount > 0 and settled_on <= :as_of::date
       and arrival_match_id is null
     order by settled_on, settlement_id`,
    { ulb: read.ulb.id, account, as_of: asOf },
  );
  return rows.map((r) => ({
    id: `settlement:${r.settlement_id}`,
    of: { settlementId: r.settlement_id },
    date: r.settled_on,
    amount: paise(r.amount),
    kind: "settlement",
    refs: settlementRefs(r.settlement_id, r.utr),
    voucher: "",
    reference: r.utr ?? r.settlement_id,
    text: `Gateway settlement ${r.settlement_id}`,
  }));
}

/**
 * Cheques and drafts that were deposited into the account and stand in clearing on that day. A leaf that pays several accounts is one; what the bank
 * credited or returned since is among them only when a past day is looked at.
 */
async function expectedLeaves(read: Read, account: string, asOf: LocalDate, isStrict: boolean): Promise<OpenItem[]> {
  const rows = await read.query<{
    leaves: string[];
    number: string;
    deposited_on: LocalDate;
    amount: bigint;
    voucher: VoucherType;
    fy: string;
    serial: bigint;
    narration: string;
    made_by: string;
  }>(
    `select array_agg(i.instrument_id::text order by i.instrument_id) as leaves, i.number, m.deposited_on, sum(i.amount)::bigint as amount,
       e.voucher, e.fy, e.number as serial, e.narration, m.made_by
     from collections.remittances m
     join collections.instruments i on i.ulb_id = m.ulb_id and i.remittance_id = m.remittance_id
     join ledger.entries e on e.ulb_id = m.ulb_id and e.source_type = 'remittance' and e.source_id = m.remittance_id::text
     where m.ulb_id = :ulb and m.bank_account = :account and m.clearing_account is not null and m.deposited_on <= :as_of::date
       and (i.status = 'deposited' or (not :strict::boolean
         and not exists (select 1 from ledger.entries c where c.ulb_id = i.ulb_id and c.entry_id = i.credit_entry_id and c.entry_date <= :as_of::date)
         and not exists (select 1 from collections.dishonours d where d.ulb_id = i.ulb_id and d.instrument_id = i.instrument_id
           and d.dishonoured_on <= :as_of::date)))
     group by coalesce(i.tender_id, i.instrument_id), i.number, m.deposited_on, e.entry_id, e.voucher, e.fy, e.number, e.narration, m.made_by
     order by m.deposited_on, e.entry_id, min(i.instrument_id::text)`,
    { ulb: read.ulb.id, account, as_of: asOf, strict: isStrict },
  );
  return rows.map((r) => {
    const slip = refsOfNarration(r.narration).find((f) => f.kind === "slip")?.value;
    return {
      id: `leaf:${r.leaves[0] ?? ""}`,
      of: { leaves: r.leaves },
      date: r.deposited_on,
      amount: paise(r.amount),
      kind: "cheque-deposited",
      depositedBy: r.made_by,
      refs: [ref("cheque", r.number)],
      ...(slip === undefined ? {} : { group: slip }),
      voucher: entryNumber(r.voucher, r.fy, r.serial),
      reference: r.number,
      text: r.narration,
    };
  });
}
