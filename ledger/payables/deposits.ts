import { cr, postEntry, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import { addMonths, formatDate, type LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { paise, toRupees, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getParty, type PartyType } from "../masters/index.ts";
import { postingAccount, postingAccounts, type PostingKey } from "../posting-map.ts";
import { moneyIn, orderEntry } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { createItems, getItem, lockItems, moveItems, type Item } from "./items.ts";
import { payableSettings } from "./settings.ts";

const DEPOSIT_KEYS = { emd: "deposit-emd", security: "deposit-security" } as const satisfies Record<string, PostingKey>;
export type DepositSort = keyof typeof DEPOSIT_KEYS;

export type MoneyIn = {
  readonly date: LocalDate;
  readonly amount: Paise;
  /** The bank book or cash head it came into. */
  readonly bank: string;
  /** The tender, work or order it is for, and how it came ("DD 445566 of Canara Bank"). */
  readonly what: string;
  readonly fund?: string | undefined;
};

/**
 * DP-01: earnest money or a security deposit comes in. Dr bank or cash, Cr 340 of the party, and an item in the register of deposits.
 * Raises PARTY_UNKNOWN, BILL_INPUT (no amount), and the refusals of postEntry (a head that is not of cash or bank is VOUCHER_RULE).
 */
export async function receiveDeposit(
  tx: Tx,
  deposit: MoneyIn & { readonly sort: DepositSort; readonly party: { readonly type: PartyType; readonly id: string } },
): Promise<{ readonly itemId: string; readonly entry: PostedEntry }> {
  if (deposit.amount <= 0n) throw payableErrors.BILL_INPUT({ what: "a deposit is more than 0.00" });
  if (deposit.what.trim() === "")
    throw payableErrors.BILL_INPUT({ what: "say which tender or work the deposit is for" });
  const party = await getParty(tx, deposit.party.type, deposit.party.id);
  const account = await postingAccount(tx, DEPOSIT_KEYS[deposit.sort]);
  const fund = deposit.fund ?? "01";
  const what = deposit.what.trim();
  const [itemId] = await createItems(tx, [
    {
      kind: "deposit",
      account,
      fund,
      party: deposit.party,
      openedOn: deposit.date,
      amount: deposit.amount,
      what,
      code: deposit.sort,
    },
  ]);
  invariant(itemId, "one item was made");
  await audit(tx, {
    action: "receive",
    subject: "deposit",
    subjectId: itemId,
    after: { amount: toRupees(deposit.amount) },
  });
  const entry = await postEntry(
    tx,
    moneyIn({
      source: { type: "deposit", id: itemId },
      date: deposit.date,
      narration: `${deposit.sort === "emd" ? "Earnest money" : "Security deposit"} of ${party.name}: ${what}`,
      fund,
      bank: deposit.bank,
      account,
      party: deposit.party,
      amount: deposit.amount,
    }),
  );
  await moveItems(tx, entry, [{ itemId, amount: deposit.amount, why: "received" }]);
  return { itemId, entry };
}

/**
 * An advance, or a part of it, given back in money: Dr bank or cash, Cr the advance. Raises ITEM_UNKNOWN, ITEM_KIND, ADVANCE_EXCEEDS_OUTSTANDING.
 */
export async function refundAdvance(
  tx: Tx,
  refund: Omit<MoneyIn, "fund"> & { readonly itemId: string },
): Promise<PostedEntry> {
  const item = (await lockItems(tx, [refund.itemId])).get(refund.itemId);
  invariant(item, "a locked item is there");
  if (item.kind !== "advance")
    throw payableErrors.ITEM_KIND({ what: item.what, kind: item.kind, step: "given back as an advance" });
  if (refund.amount <= 0n) throw payableErrors.BILL_INPUT({ what: "what is given back is more than 0.00" });
  const outstanding = item.open - item.waiting;
  if (refund.amount > outstanding)
    throw payableErrors.ADVANCE_EXCEEDS_OUTSTANDING({
      what: item.what,
      outstanding: String(outstanding),
      asked: String(refund.amount),
    });
  const id = newId(tx.clock().getTime());
  await audit(tx, {
    action: "refund",
    subject: "advance",
    subjectId: item.id,
    after: { amount: toRupees(refund.amount) },
  });
  const entry = await postEntry(
    tx,
    moneyIn({
      source: { type: "advance-refund", id },
      date: refund.date,
      narration: `${item.name} gave back ${item.what}${refund.what.trim() === "" ? "" : `: ${refund.what.trim()}`}`,
      fund: item.fund,
      bank: refund.bank,
      account: item.account,
      party: item.party,
      amount: refund.amount,
    }),
  );
  await moveItems(tx, entry, [{ itemId: item.id, amount: -refund.amount, why: "given back" }]);
  return entry;
}

// ------------------------------------------------------------------------------------------------ orders

export type OrderKind = "forfeit" | "lapse" | "convert";
export type ItemOrder = {
  readonly id: string;
  readonly kind: OrderKind;
  readonly item: Item;
  readonly amount: Paise;
  readonly date: LocalDate;
  readonly reason: string;
  readonly status: "submitted" | "approved" | "rejected";
  readonly createdBy: string;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly entryId: bigint | null;
};

/**
 * Asks for a deposit to be forfeited (DP-04), lapsed after the years of the ULB's settings (DP-05), or made a security deposit (DP-03); another
 * person decides. Raises ITEM_UNKNOWN, ITEM_KIND, PAYMENT_EXCEEDS_PAYABLE, REASON_MISSING.
 */
export async function orderOnDeposit(
  tx: Tx,
  order: {
    readonly kind: OrderKind;
    readonly itemId: string;
    readonly amount: Paise;
    readonly date: LocalDate;
    readonly reason: string;
  },
): Promise<ItemOrder> {
  if (order.reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "an order on a deposit" });
  if (order.amount <= 0n) throw payableErrors.PAYMENT_EMPTY(undefined);
  const item = (await lockItems(tx, [order.itemId])).get(order.itemId);
  invariant(item, "a locked item is there");
  await refuseOrder(tx, order, item, item.open - item.waiting);
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.item_orders (ulb_id, order_id, kind, item_id, amount, order_date, reason, created_by, created_at)
     values (:ulb, :id, :kind, :item, :amount, :day, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      kind: order.kind,
      item: item.id,
      amount: order.amount,
      day: order.date,
      reason: order.reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, { action: "ask", subject: "deposit-order", subjectId: id, reason: order.reason.trim() });
  return getOrder(tx, id);
}

async function refuseOrder(
  read: Read,
  order: { readonly kind: OrderKind; readonly amount: Paise; readonly date: LocalDate },
  item: Item,
  free: bigint,
): Promise<void> {
  const step = { forfeit: "forfeited", lapse: "lapsed", convert: "made a security deposit" }[order.kind];
  if (item.kind !== "deposit") throw payableErrors.ITEM_KIND({ what: item.what, kind: item.kind, step });
  if (order.kind === "convert" && item.code !== "emd")
    throw payableErrors.ITEM_KIND({ what: item.what, kind: `${item.code} deposit`, step });
  if (order.kind === "lapse") {
    const due = addMonths(item.openedOn, 12 * (await payableSettings(read)).depositLapseYears);
    if (order.date < due)
      throw payableErrors.ITEM_KIND({
        what: item.what,
        kind: `deposit of ${formatDate(item.openedOn)} that may lapse from ${formatDate(due)}`,
        step: `lapsed on ${formatDate(order.date)}`,
      });
  }
  if (order.amount > free)
    throw payableErrors.PAYMENT_EXCEEDS_PAYABLE({
      what: `${item.what} (${item.name})`,
      payable: String(free),
      asked: String(order.amount),
      waiting: String(item.open - free),
    });
}

/** Decides an order that another person asked for; approved, its entry is posted. Raises MAKER_IS_CHECKER, ORDER_STATUS, REASON_MISSING (rejecting). */
export async function decideOrder(
  tx: Tx,
  id: string,
  decision: { readonly approve: boolean; readonly reason?: string },
): Promise<ItemOrder> {
  await tx.query("select 1 from ledger.item_orders where ulb_id = :ulb and order_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const order = await getOrder(tx, id);
  if (order.status !== "submitted") throw payableErrors.ORDER_STATUS({ status: order.status });
  if (order.createdBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `order on ${order.item.what}`, actor: tx.actor.id });
  const reason = decision.reason?.trim() ?? "";
  if (!decision.approve && reason.length < 5) throw ledgerErrors.REASON_MISSING({ what: "rejecting an order" });
  await audit(tx, {
    action: decision.approve ? "approve" : "reject",
    subject: "deposit-order",
    subjectId: id,
    ...(reason === "" ? {} : { reason }),
  });
  const decided = { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: reason === "" ? null : reason };
  if (!decision.approve) {
    await tx.query(
      `update ledger.item_orders set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason
       where ulb_id = :ulb and order_id = :id::uuid`,
      decided,
    );
    return getOrder(tx, id);
  }
  const item = (await lockItems(tx, [order.item.id])).get(order.item.id);
  invariant(item, "a locked item is there");
  await refuseOrder(tx, order, item, item.open);
  const accounts = await postingAccounts(
    tx,
    "deposits-forfeited",
    "deposits-lapsed-emd",
    "deposits-lapsed",
    "deposit-security",
  );
  const { incomeFunction } = await payableSettings(tx);
  const common = { fund: item.fund, party: item.party };
  const made =
    order.kind === "convert"
      ? await createItems(tx, [
          {
            kind: "deposit",
            account: accounts["deposit-security"],
            ...common,
            openedOn: order.date,
            amount: order.amount,
            what: `${item.what}, now a security deposit`,
            code: "security",
          },
        ])
      : [];
  const income =
    order.kind === "forfeit"
      ? accounts["deposits-forfeited"]
      : item.code === "emd"
        ? accounts["deposits-lapsed-emd"]
        : accounts["deposits-lapsed"];
  const words = { forfeit: "forfeited", lapse: "lapsed", convert: "made a security deposit" }[order.kind];
  const entry = await postEntry(
    tx,
    orderEntry({
      id,
      date: order.date,
      narration: `Deposit of ${item.name} (${item.what}) ${words}: ${order.reason}`.slice(0, 500),
      fund: item.fund,
      from: item.account,
      to:
        order.kind === "convert"
          ? cr(accounts["deposit-security"], order.amount, common)
          : cr(income, order.amount, { fund: item.fund, function: incomeFunction }),
      party: item.party,
      amount: order.amount,
    }),
  );
  await moveItems(tx, entry, [
    { itemId: item.id, amount: -order.amount, why: words },
    ...made.map((itemId) => ({ itemId, amount: order.amount, why: "made from earnest money" })),
  ]);
  await tx.query(
    `update ledger.item_orders set status = 'approved', decided_by = :actor, decided_at = :now, decision_reason = :reason, entry_id = :entry
     where ulb_id = :ulb and order_id = :id::uuid`,
    { ...decided, entry: entry.id },
  );
  return getOrder(tx, id);
}

type OrderRow = {
  order_id: string;
  kind: OrderKind;
  item_id: string;
  amount: bigint;
  order_date: LocalDate;
  reason: string;
  status: ItemOrder["status"];
  created_by: string;
  decided_by: string | null;
  decision_reason: string | null;
  entry_id: bigint | null;
};
const ORDERS =
  "select order_id, kind, item_id, amount, order_date, reason, status, created_by, decided_by, decision_reason, entry_id from ledger.item_orders where ulb_id = :ulb";
async function orderOf(read: Read, r: OrderRow): Promise<ItemOrder> {
  return {
    id: r.order_id,
    kind: r.kind,
    item: await getItem(read, r.item_id),
    amount: paise(r.amount),
    date: r.order_date,
    reason: r.reason,
    status: r.status,
    createdBy: r.created_by,
    decidedBy: r.decided_by,
    decisionReason: r.decision_reason,
    entryId: r.entry_id,
  };
}

/** Raises ORDER_UNKNOWN. */
export async function getOrder(read: Read, id: string): Promise<ItemOrder> {
  const row = await read.queryOne<OrderRow>(`${ORDERS} and order_id = :id::uuid`, { ulb: read.ulb.id, id });
  if (!row) throw payableErrors.ORDER_UNKNOWN({ order: id });
  return orderOf(read, row);
}

/** Orders that wait for a decision, the oldest first; at most 100. */
export async function waitingOrders(read: Read): Promise<ItemOrder[]> {
  const rows = await read.query<OrderRow>(
    `${ORDERS} and status = 'submitted' order by order_date, order_id limit 100`,
    { ulb: read.ulb.id },
  );
  const orders: ItemOrder[] = [];
  for (const r of rows) orders.push(await orderOf(read, r));
  return orders;
}

/** The day from which a deposit may be lapsed. */
export async function depositLapsesFrom(read: Read, item: { readonly openedOn: LocalDate }): Promise<LocalDate> {
  return addMonths(item.openedOn, 12 * (await payableSettings(read)).depositLapseYears);
}
