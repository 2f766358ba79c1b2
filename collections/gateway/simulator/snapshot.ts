import type { BankLine } from "./bank.ts";
import type { Timer } from "./clock.ts";
import type { Settings } from "./options.ts";
import { addOrder } from "./orders.ts";
import { addPayment } from "./payments.ts";
import type {
  SimAdjustment,
  SimCustomer,
  SimDispute,
  SimDocument,
  SimLink,
  SimOrder,
  SimPayment,
  SimQr,
  SimRefund,
  SimSettlement,
  SimVirtualAccount,
} from "./state.ts";
import type { SimKey, World } from "./world.ts";
import type { SavedEvent } from "./webhooks.ts";

type Snapshot = {
  /** Where the stream of ids stands: with the same seed it would otherwise give the same ids once more. */
  readonly random: readonly number[];
  readonly offsetMs: number;
  readonly utrSequence: number;
  readonly orders: readonly SimOrder[];
  readonly payments: readonly SimPayment[];
  readonly refunds: readonly SimRefund[];
  readonly refundKeys: readonly [key: string, body: string, refundId: string][];
  readonly adjustments: readonly SimAdjustment[];
  readonly settlements: readonly SimSettlement[];
  /** Ids in the order in which they became due. */
  readonly unsettled: readonly string[];
  readonly bank: readonly BankLine[];
  readonly events: readonly SavedEvent[];
  // What snapshots of before do not have.
  readonly disputes?: readonly SimDispute[];
  readonly links?: readonly SimLink[];
  readonly qrCodes?: readonly SimQr[];
  readonly virtualAccounts?: readonly SimVirtualAccount[];
  readonly customers?: readonly SimCustomer[];
  readonly documents?: readonly SimDocument[];
  readonly timers?: readonly Timer[];
  readonly hiddenItems?: readonly (readonly [string, number])[];
  readonly disabled?: Readonly<Record<string, number>>;
  readonly keys?: readonly SimKey[];
  readonly webhookSecrets?: readonly (readonly [string, string | null])[];
  readonly settings?: Settings;
  readonly lastSettlementDay?: string;
};

/** All state as text, webhooks that still wait included; those delivered or dropped are forgotten. Faults and plans are not kept. */
export function takeSnapshot(w: World): string {
  return JSON.stringify({
    random: w.random.state(),
    offsetMs: w.clock.offset(),
    utrSequence: w.utrSequence,
    orders: [...w.orders.values()],
    payments: [...w.payments.values()],
    refunds: [...w.refunds.values()],
    refundKeys: [...w.refundKeys].map(([key, { body, refund }]) => [key, body, refund.id]),
    adjustments: w.adjustments,
    settlements: [...w.settlements.values()],
    unsettled: w.unsettled.map((x) => x.id),
    bank: w.bank,
    events: w.dispatcher.save(),
    disputes: [...w.disputes.values()],
    links: [...w.links.values()],
    qrCodes: [...w.qrCodes.values()],
    virtualAccounts: [...w.virtualAccounts.values()],
    customers: [...w.customers.values()],
    documents: [...w.documents.values()],
    timers: w.timers.save(),
    hiddenItems: [...w.hiddenItems],
    disabled: w.dispatcher.disabled(),
    keys: w.keys,
    webhookSecrets: w.dispatcher.endpoints.map((e) => [e.secret, e.previousSecret] as const),
    settings: w.settings,
    lastSettlementDay: w.lastSettlementDay,
  } satisfies Snapshot);
}

/** Fills an empty world with what a snapshot kept. */
export function restoreSnapshot(w: World, text: string): void {
  const s = JSON.parse(text) as Snapshot;
  w.random.goOn(s.random);
  w.clock.setOffset(s.offsetMs);
  w.utrSequence = s.utrSequence;
  for (const o of s.orders) addOrder(w, o);
  for (const p of s.payments) addPayment(w, p);
  for (const r of s.refunds) w.refunds.set(r.id, r);
  for (const [key, body, id] of s.refundKeys) {
    const refund = w.refunds.get(id);
    if (refund) w.refundKeys.set(key, { body, refund });
  }
  w.adjustments.push(...s.adjustments);
  for (const x of s.settlements) w.settlements.set(x.id, x);
  // Lines of older snapshots do not say that they are the gateway's.
  w.bank.push(
    ...s.bank.map((l) =>
      s.timers === undefined && l.narration.includes("-RAZORPAY PAYMENTS") ? { ...l, isSettlement: true } : l,
    ),
  );
  const byId = new Map([...s.payments, ...s.refunds, ...s.adjustments].map((x) => [x.id, x]));
  w.unsettled = s.unsettled.flatMap((id) => byId.get(id) ?? []);
  w.dispatcher.load(s.events);
  for (const x of s.disputes ?? []) w.disputes.set(x.id, x);
  for (const x of s.links ?? []) w.links.set(x.id, x);
  for (const x of s.qrCodes ?? []) w.qrCodes.set(x.id, x);
  for (const x of s.virtualAccounts ?? []) w.virtualAccounts.set(x.id, x);
  for (const x of s.customers ?? []) w.customers.set(x.id, x);
  for (const x of s.documents ?? []) w.documents.set(x.id, x);
  w.timers.load(s.timers ?? []);
  for (const [id, until] of s.hiddenItems ?? []) w.hiddenItems.set(id, until);
  w.dispatcher.loadDisabled(s.disabled ?? {});
  if (s.keys !== undefined && s.keys.length > 1) w.keys.splice(0, w.keys.length, ...s.keys);
  (s.webhookSecrets ?? []).forEach(([secret, previous], i) => {
    const endpoint = w.dispatcher.endpoints[i];
    if (endpoint && previous !== null) Object.assign(endpoint, { secret, previousSecret: previous });
  });
  w.lastSettlementDay = s.lastSettlementDay ?? "";
}

/** As it was at the start, with another seed if one is given: for scenarios that follow one another. */
export function resetWorld(w: World, fresh: World): void {
  w.random = fresh.random;
  w.clock.setOffset(0);
  w.utrSequence = fresh.utrSequence;
  w.lastSettlementDay = "";
  for (const map of [
    w.orders,
    w.ordersByReceipt,
    w.payments,
    w.paymentsByOrder,
    w.refunds,
    w.refundKeys,
    w.settlements,
    w.disputes,
    w.links,
    w.qrCodes,
    w.virtualAccounts,
    w.customers,
    w.documents,
    w.hiddenItems,
  ])
    map.clear();
  for (const list of [w.adjustments, w.bank, w.bankPlans, w.settlementPlans]) list.length = 0;
  w.unsettled = [];
  w.timers.load([]);
  w.faults.clear();
  w.dispatcher.clear();
  w.keys.splice(0, w.keys.length, ...fresh.keys);
  fresh.dispatcher.endpoints.forEach((e, i) => void (w.dispatcher.endpoints[i] = e));
  w.dispatcher.endpoints.length = fresh.dispatcher.endpoints.length;
  Object.assign(w.settings, fresh.settings);
  w.holidays.clear();
  for (const day of fresh.holidays) w.holidays.add(day);
  Object.assign(w.fees, fresh.fees);
}
