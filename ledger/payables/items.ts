import type { LocalDate } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { payableErrors } from "./errors.ts";

/** Who stands on a line: party_type and party_id of the masters; a stale cheque of many payees stands for itself ("cheque", number). */
export type PartyRef = { readonly type: string; readonly id: string };

export type ItemKind = "creditor" | "recovery" | "deposit" | "advance" | "stale";

/** One thing that is owed (or, for an advance, owed to the ULB): the smallest part of the sub-ledger. */
export type Item = {
  readonly id: string;
  readonly kind: ItemKind;
  readonly account: string;
  readonly fund: string;
  readonly party: PartyRef;
  /** The party's name in the masters. */
  readonly name: string;
  readonly openedOn: LocalDate;
  readonly dueOn: LocalDate | null;
  readonly amount: Paise;
  readonly open: Paise;
  /** Of the open amount, what stands in payments and orders that wait for approval. */
  readonly waiting: Paise;
  readonly what: string;
  readonly code: string;
  readonly base: Paise | null;
  readonly rate: string | null;
  readonly billId: string | null;
  readonly paymentId: string | null;
  readonly chequeId: string | null;
};

export type NewItem = {
  readonly kind: ItemKind;
  readonly account: string;
  readonly fund: string;
  readonly party: PartyRef;
  readonly openedOn: LocalDate;
  readonly dueOn?: LocalDate | undefined;
  readonly amount: Paise;
  readonly what: string;
  readonly code: string;
  readonly base?: Paise | undefined;
  readonly rate?: string | undefined;
  readonly billId?: string | undefined;
  readonly paymentId?: string | undefined;
  readonly chequeId?: string | undefined;
};

export type Movement = {
  readonly itemId: string;
  /** Plus when the item grows, minus when it is settled. */
  readonly amount: bigint;
  readonly why: string;
  readonly paymentId?: string | undefined;
  readonly billId?: string | undefined;
};

const COLUMNS = `i.item_id, i.kind, i.account, i.fund, i.party_type, i.party_id, p.name, i.opened_on, i.due_on, i.amount, i.open, i.what, i.code, i.base,
  i.rate::text as rate, i.bill_id, i.payment_id, i.cheque_id,
  coalesce((select sum(l.amount) from ledger.payment_lines l
    join ledger.payments y on y.ulb_id = l.ulb_id and y.payment_id = l.payment_id and y.status = 'submitted'
    where l.ulb_id = i.ulb_id and l.item_id = i.item_id), 0)::bigint
  + coalesce((select sum(o.amount) from ledger.item_orders o
    where o.ulb_id = i.ulb_id and o.item_id = i.item_id and o.status = 'submitted'), 0)::bigint as waiting`;
const FROM = `ledger.payable_items i
  left join ledger.parties p on p.ulb_id = i.ulb_id and p.party_type = i.party_type and p.party_id = i.party_id`;

type Row = {
  item_id: string;
  kind: ItemKind;
  account: string;
  fund: string;
  party_type: string;
  party_id: string;
  name: string | null;
  opened_on: LocalDate;
  due_on: LocalDate | null;
  amount: bigint;
  open: bigint;
  waiting: bigint;
  what: string;
  code: string;
  base: bigint | null;
  rate: string | null;
  bill_id: string | null;
  payment_id: string | null;
  cheque_id: string | null;
};
const itemOf = (r: Row): Item => ({
  id: r.item_id,
  kind: r.kind,
  account: r.account,
  fund: r.fund,
  party: { type: r.party_type, id: r.party_id },
  name: r.name ?? `${r.party_type} ${r.party_id}`,
  openedOn: r.opened_on,
  dueOn: r.due_on,
  amount: paise(r.amount),
  open: paise(r.open),
  waiting: paise(r.waiting),
  what: r.what,
  code: r.code,
  base: r.base === null ? null : paise(r.base),
  rate: r.rate,
  billId: r.bill_id,
  paymentId: r.payment_id,
  chequeId: r.cheque_id,
});

export type ItemFilter = {
  readonly kind?: ItemKind | undefined;
  readonly party?: PartyRef | undefined;
  readonly fund?: string | undefined;
  readonly code?: string | undefined;
  readonly billId?: string | undefined;
  readonly dueTo?: LocalDate | undefined;
  /** Settled ones too; only what is open when not said. */
  readonly settled?: boolean;
  readonly limit?: number;
};

/** Items of the sub-ledger, the longest due first; at most 500. */
export async function listItems(read: Read, filter: ItemFilter = {}): Promise<Item[]> {
  const params: Record<string, unknown> = { ulb: read.ulb.id, row_limit: Math.min(filter.limit ?? 200, 500) };
  const where = ["i.ulb_id = :ulb"];
  const add = (condition: string, name: string, value: unknown): void => {
    where.push(condition);
    params[name] = value;
  };
  if (filter.settled !== true) where.push("i.open > 0");
  if (filter.kind !== undefined) add("i.kind = :kind", "kind", filter.kind);
  if (filter.fund !== undefined) add("i.fund = :fund", "fund", filter.fund);
  if (filter.code !== undefined) add("i.code = :code", "code", filter.code);
  if (filter.billId !== undefined) add("i.bill_id = :bill::uuid", "bill", filter.billId);
  if (filter.dueTo !== undefined) add("i.due_on <= :due_to::date", "due_to", filter.dueTo);
  if (filter.party !== undefined) {
    add("i.party_type = :party_type", "party_type", filter.party.type);
    add("i.party_id = :party_id", "party_id", filter.party.id);
  }
  const rows = await read.query<Row>(
    `select ${COLUMNS} from ${FROM} where ${where.join(" and ")}
     order by coalesce(i.due_on, i.opened_on), i.opened_on, i.item_id limit :row_limit`,
    params,
  );
  return rows.map(itemOf);
}

/** Raises ITEM_UNKNOWN. */
export async function getItem(read: Read, id: string): Promise<Item> {
  const [row] = await read.query<Row>(
    `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb and i.item_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!row) throw payableErrors.ITEM_UNKNOWN({ item: id });
  return itemOf(row);
}

/**
 * Locks items, in order of id, and gives them as they are then: who pays, recovers, forfeits or cancels decides on these figures, and another
 * waits until he has committed. Raises ITEM_UNKNOWN.
 */
export async function lockItems(tx: Tx, ids: readonly string[]): Promise<Map<string, Item>> {
  const wanted = [...new Set(ids)].sort();
  if (wanted.length === 0) return new Map();
  // Its own statement: the next one sees what the former holder committed.
  await tx.query(
    `select 1 from ledger.payable_items where ulb_id = :ulb and item_id = any(:ids::uuid[]) order by item_id for update`,
    { ulb: tx.ulb.id, ids: wanted },
  );
  const rows = await tx.query<Row>(
    `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb and i.item_id = any(:ids::uuid[]) order by i.item_id`,
    { ulb: tx.ulb.id, ids: wanted },
  );
  const found = new Map(rows.map((r) => [r.item_id, itemOf(r)]));
  for (const id of wanted) if (!found.has(id)) throw payableErrors.ITEM_UNKNOWN({ item: id });
  return found;
}

/** The ids of what a bill opened. */
export async function itemsOfBill(read: Read, billId: string): Promise<string[]> {
  const rows = await read.query<{ item_id: string }>(
    "select item_id from ledger.payable_items where ulb_id = :ulb and bill_id = :bill::uuid order by item_id",
    { ulb: read.ulb.id, bill: billId },
  );
  return rows.map((r) => r.item_id);
}

/** Makes items; they are open from the movement that `moveItems` records with the entry. Gives their ids in order. */
export async function createItems(tx: Tx, items: readonly NewItem[]): Promise<string[]> {
  if (items.length === 0) return [];
  const ids = items.map(() => newId(tx.clock().getTime()));
  await tx.query(
    `insert into ledger.payable_items (ulb_id, item_id, kind, account, fund, party_type, party_id, opened_on, due_on, amount, open, what, code, base,
       rate, bill_id, payment_id, cheque_id)
     select :ulb, id, kind, account, fund, party_type, party_id, opened_on, due_on, amount, 0, what, code, base, rate, bill, payment, cheque
     from unnest(:ids::uuid[], :kinds::text[], :accounts::text[], :funds::text[], :party_types::text[], :party_ids::text[], :opened::date[],
       :due::date[], :amounts::bigint[], :whats::text[], :codes::text[], :bases::bigint[], :rates::numeric[], :bills::uuid[], :payments::uuid[],
       :cheques::uuid[]) as t (id, kind, account, fund, party_type, party_id, opened_on, due_on, amount, what, code, base, rate, bill, payment, cheque)`,
    {
      ulb: tx.ulb.id,
      ids,
      kinds: items.map((i) => i.kind),
      accounts: items.map((i) => i.account),
      funds: items.map((i) => i.fund),
      party_types: items.map((i) => i.party.type),
      party_ids: items.map((i) => i.party.id),
      opened: items.map((i) => i.openedOn),
      due: items.map((i) => i.dueOn ?? null),
      amounts: items.map((i) => i.amount.toString()),
      whats: items.map((i) => i.what),
      codes: items.map((i) => i.code),
      bases: items.map((i) => i.base?.toString() ?? null),
      rates: items.map((i) => i.rate ?? null),
      bills: items.map((i) => i.billId ?? null),
      payments: items.map((i) => i.paymentId ?? null),
      cheques: items.map((i) => i.chequeId ?? null),
    },
  );
  return ids;
}

/** Moves items as their entry does: the only place where an item's open amount changes. The rule `item_is_never_overpaid` stands behind it. */
export async function moveItems(
  tx: Tx,
  entry: { readonly id: bigint; readonly date: LocalDate },
  movements: readonly Movement[],
): Promise<void> {
  if (movements.length === 0) return;
  const columns = {
    ulb: tx.ulb.id,
    items: movements.map((m) => m.itemId),
    amounts: movements.map((m) => m.amount.toString()),
  };
  await tx.query(
    `update ledger.payable_items i set open = i.open + m.amount
     from (select item, sum(amount)::bigint as amount from unnest(:items::uuid[], :amounts::bigint[]) as t (item, amount) group by item) as m
     where i.ulb_id = :ulb and i.item_id = m.item`,
    columns,
  );
  await tx.query(
    `insert into ledger.payable_movements (ulb_id, item_id, on_date, amount, why, entry_id, payment_id, bill_id)
     select :ulb, item, :on_date, amount, why, :entry, payment, bill
     from unnest(:items::uuid[], :amounts::bigint[], :whys::text[], :payments::uuid[], :bills::uuid[]) as t (item, amount, why, payment, bill)`,
    {
      ...columns,
      on_date: entry.date,
      entry: entry.id,
      whys: movements.map((m) => m.why),
      payments: movements.map((m) => m.paymentId ?? null),
      bills: movements.map((m) => m.billId ?? null),
    },
  );
}

export type ItemMovement = {
  readonly on: LocalDate;
  readonly amount: Paise;
  readonly why: string;
  readonly entryId: bigint;
  readonly paymentId: string | null;
  readonly billId: string | null;
};

/** What happened to an item, oldest first; at most 500. */
export async function itemMovements(read: Read, itemId: string): Promise<ItemMovement[]> {
  const rows = await read.query<{
    on_date: LocalDate;
    amount: bigint;
    why: string;
    entry_id: bigint;
    payment_id: string | null;
    bill_id: string | null;
  }>(
    `select on_date, amount, why, entry_id, payment_id, bill_id from ledger.payable_movements
     where ulb_id = :ulb and item_id = :id::uuid order by movement_id limit 500`,
    { ulb: read.ulb.id, id: itemId },
  );
  return rows.map((r) => ({
    on: r.on_date,
    amount: paise(r.amount),
    why: r.why,
    entryId: r.entry_id,
    paymentId: r.payment_id,
    billId: r.bill_id,
  }));
}
