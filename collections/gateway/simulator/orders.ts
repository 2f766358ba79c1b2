import { SimRefusal, type Notes, type SimOrder } from "./state.ts";
import type { World } from "./world.ts";

export type OrderRequest = {
  readonly amount: number;
  readonly currency?: string;
  readonly receipt?: string | null;
  readonly notes?: Notes;
  readonly isPartial?: boolean;
  readonly capture?: SimOrder["capture"];
  readonly isUniqueReceipt?: boolean;
  readonly linkId?: string;
};

/** A new order; with a receipt that was used before, what the settings say (refused, the same order again, or another). */
export function createOrder(w: World, input: OrderRequest): SimOrder {
  const receipt = input.receipt ?? null;
  if (receipt !== null && !w.repeating) {
    const there = w.ordersByReceipt.get(receipt)?.[0];
    const how = input.isUniqueReceipt === true ? "same" : w.settings.repeatedReceipt;
    if (there && how === "same" && there.amount === input.amount) return there;
    if (there && how !== "allow") throw new SimRefusal("Order receipt should be unique.", { field: "receipt" });
  }
  const order: SimOrder = {
    id: w.random.id("order"),
    entity: "order",
    amount: input.amount,
    amount_paid: 0,
    amount_due: input.amount,
    currency: input.currency ?? "INR",
    receipt,
    offer_id: null,
    status: "created",
    attempts: 0,
    notes: input.notes ?? {},
    created_at: Math.floor(w.clock.now() / 1000),
    ...(input.isPartial === true ? { isPartial: true } : {}),
    ...(input.capture === undefined ? {} : { capture: input.capture }),
    ...(input.linkId === undefined ? {} : { linkId: input.linkId }),
  };
  addOrder(w, order);
  return order;
}

export function addOrder(w: World, order: SimOrder): void {
  w.orders.set(order.id, order);
  if (order.receipt !== null)
    w.ordersByReceipt.set(order.receipt, [...(w.ordersByReceipt.get(order.receipt) ?? []), order]);
}
