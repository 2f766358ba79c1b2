import { worth } from "./books.ts";
import { dayOf, dayOfYear, isWorkingDay, momentOf, plusWorkingDays } from "./calendar.ts";
import { paymentJson, settlementJson } from "./shapes.ts";
import { known, SimRefusal, type SimAdjustment, type SimSettlement } from "./state.ts";
import { emit, notesFor, type SettlementPlan, type Settleable, type World } from "./world.ts";

function isPayment(x: Settleable): x is Extract<Settleable, { capturedAt: number | null }> {
  return "capturedAt" in x;
}

/**
 * Settles what is due on that day: payments captured the given number of working days before, refunds and adjustments made before it.
 * One transfer for the day, or none when the net is not positive (it is carried forward). The bank's line appears the same day.
 */
export function runSettlement(w: World, day: string, plan?: SettlementPlan): SimSettlement | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new SimRefusal("day is not like 2026-06-03", { field: "day" });
  w.lastSettlementDay = day > w.lastSettlementDay ? day : w.lastSettlementDay;
  if (!isWorkingDay(day, w.holidays)) return undefined;
  const isDue = (x: Settleable): boolean =>
    isPayment(x)
      ? !x.isOnHold &&
        x.capturedAt !== null &&
        plusWorkingDays(dayOf(x.capturedAt), w.settings.settlementDays, w.holidays) <= day
      : dayOf(x.createdAt) < day;
  let due = w.unsettled.filter(isDue);
  const how = plan ?? w.settlementPlans[0];
  if (how?.limit !== undefined) due = withinLimit(due, how.limit);
  const amount = due.reduce((sum, x) => sum + worth(x), 0);
  if (due.length === 0 || amount <= 0) return undefined;
  if (plan === undefined) w.settlementPlans.shift();
  return pay(w, due, amount, momentOf(day, 0, Math.round(w.settings.settlementHour * 60)), how);
}

/** Partial settlement: what takes away first, then payments in their order as long as the limit carries them. */
function withinLimit(due: readonly Settleable[], limit: number): Settleable[] {
  const taken = due.filter((x) => worth(x) < 0);
  let sum = taken.reduce((s, x) => s + worth(x), 0);
  for (const x of due) {
    if (worth(x) < 0 || sum + worth(x) > limit) continue;
    sum += worth(x);
    taken.push(x);
  }
  return taken;
}

function pay(
  w: World,
  items: readonly Settleable[],
  amount: number,
  at: number,
  plan: SettlementPlan | undefined,
): SimSettlement {
  const day = dayOf(at);
  w.utrSequence = (w.utrSequence % 999_999) + 1;
  const settlement: SimSettlement = {
    id: w.random.id("setl"),
    amount,
    status: "processed",
    utr: `AXISN${day.slice(2, 4)}${String(dayOfYear(day)).padStart(3, "0")}${String(w.utrSequence).padStart(6, "0")}`,
    createdAt: at,
    itemIds: items.map((x) => x.id),
  };
  w.settlements.set(settlement.id, settlement);
  for (const x of items) x.settlementId = settlement.id;
  const paid = new Set(items.map((x) => x.id));
  w.unsettled = w.unsettled.filter((x) => !paid.has(x.id));
  if (plan?.hideItems !== undefined) {
    const until = at + (plan.hideForMs ?? 86_400_000);
    for (const x of items.slice(0, plan.hideItems)) w.hiddenItems.set(x.id, until);
  }
  w.bank.push({
    day,
    narration: `NEFT CR-${settlement.utr}-RAZORPAY PAYMENTS PVT LTD-${w.merchantName.toUpperCase()}`,
    reference: settlement.utr,
    credit: amount,
    isSettlement: true,
  });
  const first = items.find(isPayment);
  emit(w, "settlement.processed", first ? notesFor(w, first) : {}, {
    settlement: { entity: settlementJson(settlement) },
  });
  if (plan !== undefined && plan.outcome !== "processed")
    failSettlement(w, settlement.id, {
      isReturned: plan.outcome === "returned",
      againAfterMs: plan.againAfterMs ?? null,
    });
  return settlement;
}

/**
 * The transfer did not arrive: no line in the bank, or (`isReturned`) one that is taken back the same day. What it paid waits again; with
 * `againAfterMs` it is paid by a new settlement with a new UTR then, otherwise by the next run.
 */
export function failSettlement(
  w: World,
  settlementId: string,
  how: { readonly isReturned?: boolean; readonly againAfterMs?: number | null } = {},
): SimSettlement {
  const settlement = known(w.settlements.get(settlementId));
  if (settlement.status === "failed") throw new SimRefusal("The settlement has failed already");
  settlement.status = "failed";
  const line = w.bank.findIndex((l) => l.reference === settlement.utr && l.isSettlement === true);
  if (how.isReturned === true) {
    w.bank.push({
      day: dayOf(Math.max(settlement.createdAt, w.clock.now())),
      narration: `NEFT RETURN-${settlement.utr}-RAZORPAY PAYMENTS PVT LTD`,
      reference: settlement.utr,
      debit: settlement.amount,
      isSettlement: true,
    });
  } else if (line >= 0) w.bank.splice(line, 1);
  const items = itemsOf(w, settlement);
  for (const x of items) x.settlementId = null;
  w.unsettled = [...items, ...w.unsettled];
  if (how.againAfterMs !== null && how.againAfterMs !== undefined)
    w.timers.add(Math.max(settlement.createdAt, w.clock.now()) + how.againAfterMs, "settlement-again", settlement.id);
  return settlement;
}

/** Pays what a failed settlement did not, with a new UTR. */
export function settleAgain(w: World, failedId: string): SimSettlement | undefined {
  const failed = known(w.settlements.get(failedId));
  const wanted = new Set(failed.itemIds ?? []);
  const items = w.unsettled.filter((x) => wanted.has(x.id));
  const amount = items.reduce((sum, x) => sum + worth(x), 0);
  return amount <= 0 ? undefined : pay(w, items, amount, w.clock.now(), undefined);
}

function itemsOf(w: World, settlement: SimSettlement): Settleable[] {
  const is = (x: Settleable): boolean => x.settlementId === settlement.id;
  return [...w.payments.values(), ...w.refunds.values(), ...w.adjustments].filter(is);
}

/** A correction of the gateway's own: positive in the merchant's favour. */
export function addAdjustment(w: World, amount: number, description: string, disputeId?: string): SimAdjustment {
  const adjustment: SimAdjustment = {
    id: w.random.id("adj"),
    amount,
    description,
    settlementId: null,
    createdAt: w.clock.now(),
    ...(disputeId === undefined ? {} : { disputeId }),
  };
  w.adjustments.push(adjustment);
  w.unsettled.push(adjustment);
  return adjustment;
}

/** The recon rows of settlements on the days that match, in the order of their making. What is hidden still is not among them. */
export function reconItems(w: World, matches: (day: string) => boolean): Record<string, unknown>[] {
  const items: Record<string, unknown>[] = [];
  const push = (x: Settleable, fields: Record<string, unknown>): void => {
    const settlement = x.settlementId === null ? undefined : w.settlements.get(x.settlementId);
    if (!settlement || !matches(dayOf(settlement.createdAt))) return;
    if ((w.hiddenItems.get(x.id) ?? 0) > w.clock.now()) return;
    items.push({
      entity_id: x.id,
      currency: "INR",
      on_hold: false,
      settled: true,
      created_at: Math.floor(x.createdAt / 1000),
      settled_at: Math.floor(settlement.createdAt / 1000),
      settlement_id: settlement.id,
      settlement_utr: settlement.utr,
      posted_at: null,
      credit_type: "default",
      dispute_id: null,
      card_network: null,
      card_issuer: null,
      card_type: null,
      description: null,
      ...fields,
    });
  };
  for (const p of w.payments.values()) {
    const order = p.order_id === null ? undefined : w.orders.get(p.order_id);
    const json = paymentJson(p);
    const card = json["card"] as Record<string, unknown> | undefined;
    const notes = notesFor(w, p);
    push(p, {
      type: "payment",
      debit: 0,
      credit: worth(p),
      amount: p.amount,
      fee: p.fee ?? 0,
      tax: p.tax ?? 0,
      payment_id: null,
      order_id: p.order_id,
      order_receipt: order?.receipt ?? null,
      method: json["method"],
      card_network: card?.["network"] ?? null,
      card_issuer: card?.["issuer"] ?? null,
      card_type: card?.["type"] ?? null,
      notes: Object.keys(notes).length > 0 ? notes : [],
    });
  }
  for (const r of w.refunds.values()) {
    const p = w.payments.get(r.payment_id);
    push(r, {
      type: "refund",
      debit: r.amount,
      credit: 0,
      amount: r.amount,
      fee: 0,
      tax: 0,
      payment_id: r.payment_id,
      order_id: p?.order_id ?? null,
      order_receipt: null,
      method: p === undefined ? null : paymentJson(p)["method"],
      notes: [],
    });
  }
  for (const a of w.adjustments) {
    push(a, {
      type: "adjustment",
      debit: a.amount < 0 ? -a.amount : 0,
      credit: a.amount > 0 ? a.amount : 0,
      amount: Math.abs(a.amount),
      fee: 0,
      tax: 0,
      settlement_utr: null,
      payment_id: null,
      order_id: null,
      order_receipt: null,
      method: null,
      description: a.description,
      dispute_id: a.disputeId ?? null,
      notes: [],
    });
  }
  return items.sort((a, b) => Number(a["created_at"]) - Number(b["created_at"]));
}
