import { createOrder } from "./orders.ts";
import { linkJson, orderJson, paymentJson } from "./shapes.ts";
import { known, SimRefusal, type Notes, type SimLink, type SimPayment } from "./state.ts";
import { emit, pageUrl, type World } from "./world.ts";

const LONGEST_MS = 183 * 86_400_000;

export type LinkRequest = {
  readonly amount: number;
  readonly acceptPartial?: boolean;
  readonly firstMinPartial?: number;
  readonly description?: string;
  readonly customer?: Readonly<Record<string, string>>;
  readonly referenceId?: string;
  readonly expireBy?: number;
  readonly notes?: Notes;
  readonly notify?: { readonly sms: boolean; readonly email: boolean };
  readonly reminderEnable?: boolean;
  readonly callbackUrl?: string;
  readonly isUpi?: boolean;
};

/** A payment link; the order behind it is made with it and shown once somebody has paid. */
export function createLink(w: World, input: LinkRequest): SimLink {
  const reference = input.referenceId ?? "";
  if (reference !== "") {
    for (const other of w.links.values())
      if (other.referenceId === reference && other.status !== "cancelled" && other.status !== "expired") {
        throw new SimRefusal(`payment link creation with reference ID (${reference}) already attempted`, {
          field: "reference_id",
        });
      }
  }
  checkExpiry(w, input.expireBy);
  const id = w.random.id("plink");
  const order = createOrder(w, {
    amount: input.amount,
    notes: input.notes ?? {},
    isPartial: input.acceptPartial === true,
    linkId: id,
  });
  const link: SimLink = {
    id,
    orderId: order.id,
    amount: input.amount,
    acceptPartial: input.acceptPartial === true,
    firstMinPartial: input.firstMinPartial ?? 0,
    description: input.description ?? "",
    customer: input.customer ?? {},
    referenceId: reference,
    expireBy: input.expireBy ?? 0,
    expiredAt: 0,
    cancelledAt: 0,
    updatedAt: w.clock.now(),
    status: "created",
    reminderEnable: input.reminderEnable === true,
    notes: input.notes ?? {},
    notify: input.notify ?? { sms: false, email: false },
    callbackUrl: input.callbackUrl ?? "",
    isUpi: input.isUpi === true,
    createdAt: w.clock.now(),
  };
  w.links.set(link.id, link);
  if (link.expireBy > 0) w.timers.add(link.expireBy, "link-expires", link.id);
  return link;
}

function checkExpiry(w: World, expireBy: number | undefined): void {
  if (expireBy === undefined || expireBy === 0) return;
  if (expireBy < w.clock.now() + 15 * 60_000)
    throw new SimRefusal("timestamp must be atleast 15 minutes after current time", { field: "expire_by" });
  if (expireBy > w.clock.now() + LONGEST_MS)
    throw new SimRefusal("expire_by should be within 6 months of the current time", { field: "expire_by" });
}

export function editLink(
  w: World,
  id: string,
  change: {
    readonly referenceId?: string;
    readonly expireBy?: number;
    readonly notes?: Notes;
    readonly acceptPartial?: boolean;
    readonly reminderEnable?: boolean;
  },
): SimLink {
  const link = known(w.links.get(id));
  if (link.status === "paid" || link.status === "cancelled" || link.status === "expired")
    throw new SimRefusal(`Payment Link cannot be edited in ${link.status} state`);
  checkExpiry(w, change.expireBy);
  if (change.referenceId !== undefined) link.referenceId = change.referenceId;
  if (change.notes !== undefined) link.notes = change.notes;
  if (change.acceptPartial !== undefined) link.acceptPartial = change.acceptPartial;
  if (change.reminderEnable !== undefined) link.reminderEnable = change.reminderEnable;
  if (change.expireBy !== undefined) {
    w.timers.cancel("link-expires", id);
    link.expireBy = change.expireBy;
    if (link.expireBy > 0) w.timers.add(link.expireBy, "link-expires", id);
  }
  link.updatedAt = w.clock.now();
  return link;
}

export function cancelLink(w: World, id: string): SimLink {
  const link = known(w.links.get(id));
  if (link.status !== "created" && link.status !== "partially_paid")
    throw new SimRefusal(`Payment Link is already ${link.status}`);
  link.status = "cancelled";
  link.cancelledAt = w.clock.now();
  link.updatedAt = link.cancelledAt;
  w.timers.cancel("link-expires", id);
  emit(w, "payment_link.cancelled", link.notes, { payment_link: { entity: linkEntity(w, link) } });
  return link;
}

export function expireLink(w: World, id: string): void {
  const link = known(w.links.get(id));
  if (link.status !== "created" && link.status !== "partially_paid") return;
  link.status = "expired";
  link.expiredAt = w.clock.now();
  link.updatedAt = link.expiredAt;
  emit(w, "payment_link.expired", link.notes, { payment_link: { entity: linkEntity(w, link) } });
}

/** A payment of the link's order was captured. */
export function linkPaid(w: World, link: SimLink, payment: SimPayment): void {
  const order = known(w.orders.get(link.orderId));
  link.status = order.status === "paid" ? "paid" : "partially_paid";
  link.updatedAt = w.clock.now();
  if (link.status === "paid") w.timers.cancel("link-expires", link.id);
  // The official sample shows the order's id here without its prefix, while the payment beside it has it.
  emit(w, link.status === "paid" ? "payment_link.paid" : "payment_link.partially_paid", link.notes, {
    payment_link: { entity: linkEntity(w, link) },
    payment: { entity: paymentJson(payment) },
    order: { entity: { ...orderJson(order), id: order.id.slice("order_".length) } },
  });
}

export function linkEntity(w: World, link: SimLink): Record<string, unknown> {
  return linkJson(
    link,
    w.orders.get(link.orderId)?.amount_paid ?? 0,
    w.paymentsByOrder.get(link.orderId) ?? [],
    pageUrl(w, `/l/${link.id}`),
  );
}
