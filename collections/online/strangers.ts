import { formatIndian } from "../../ledger/kernel/money.ts";
import { inTransaction, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import type { GatewayPayment } from "../gateway/index.ts";
import { claimOrphan } from "./orders.ts";
import { stateOf, type Booked, type Feed, type Observation } from "./payment-state.ts";
import { applyObservations } from "./payments.ts";
import { claimRequest } from "../requests/request-payments.ts";
import { setTasks } from "../tasks.ts";

/**
 * Asks the gateway for payments by id and applies them: for events whose order we do not know, for payments that only a settlement shows, for
 * "search payment". A captured payment whose order names no other ULB is adopted as unidentified: money taken is never refused.
 * Payments for which the gateway did not answer are missing from the result.
 */
export async function observePayments(
  app: CollectionsApp,
  who: Who,
  paymentIds: readonly string[],
  feed: Feed,
): Promise<ReadonlyMap<string, Booked>> {
  const result = new Map<string, Booked>();
  for (const id of paymentIds) {
    const outcome = await app.gateway.fetchPayment(id);
    // Only "no such payment" tells something about the payment; a refused key or the like is our own trouble and is tried again.
    if (outcome.kind === "rejected" && (outcome.status === 400 || outcome.status === 404)) {
      result.set(id, {
        status: "foreign",
        reason: `the gateway does not know it in our account: ${outcome.description}`,
      });
    }
    if (outcome.kind !== "ok") continue;
    const payment = outcome.value;
    const observation: Observation = { payment, feed, at: app.clock() };
    const first = await inTransaction(app, who, (tx) => applyObservations(tx, [observation]));
    const booked = first.booked.get(id) ?? (await adoptStranger(app, who, observation));
    if (booked) result.set(id, booked);
  }
  return result;
}

async function adoptStranger(app: CollectionsApp, who: Who, observation: Observation): Promise<Booked | undefined> {
  const { payment } = observation;
  if (payment.currency !== "INR")
    return { status: "foreign", reason: `it is in ${payment.currency}, the books are in rupees` };
  const origin = await originOf(app, payment);
  if (origin === undefined) return undefined;
  if (origin.ulb !== null && origin.ulb !== who.ulb.code)
    return { status: "foreign", reason: `account_mismatch: it belongs to the ULB ${origin.ulb}` };
  // An order that the gateway made twice of one request of ours: its money is that order's.
  const orphanOf = await inTransaction(app, who, (tx) => claimOrphan(tx, payment.orderId, origin));
  // Or money through a link, a code or an account number of ours.
  const isRequested = orphanOf === undefined && (await claimRequest(app, who, payment, origin.request));
  if (isRequested === undefined) return undefined;
  if (orphanOf !== undefined || isRequested) {
    const applied = await inTransaction(app, who, (tx) => applyObservations(tx, [observation]));
    return applied.booked.get(payment.id);
  }
  // An uncaptured stranger is nobody's money yet; if it is captured later, that comes as an event of its own.
  if (!payment.captured) return { status: "open", rank: stateOf(observation).rank };
  return inTransaction(app, who, async (tx) => {
    const applied = await applyObservations(tx, [observation], new Set([payment.id]));
    await setTasks(tx, [
      {
        kind: "unidentified-payment",
        subject: payment.id,
        message: `${formatIndian(payment.amount)} was captured as ${payment.id} for no order of ours; find whose it is`,
      },
    ]);
    return applied.booked.get(payment.id);
  });
}

type Origin = {
  readonly ulb: string | null;
  /** Our own ids, as the gateway's order carries them. */
  readonly orderId: string | null;
  readonly receipt: string | null;
  readonly request: string | null;
};

/** What the gateway's order (or the payment itself) says of where it comes from; undefined when the gateway did not answer. */
async function originOf(app: CollectionsApp, payment: GatewayPayment): Promise<Origin | undefined> {
  const own = {
    ulb: payment.notes["ulb"] ?? null,
    orderId: payment.notes["order"] ?? null,
    receipt: null,
    request: payment.notes["request"] ?? null,
  };
  if (payment.orderId === null) return own;
  const order = await app.gateway.fetchOrder(payment.orderId);
  if (order.kind === "unknown") return own.ulb === null ? undefined : own;
  if (order.kind !== "ok") return own;
  return {
    ulb: own.ulb ?? order.value.notes["ulb"] ?? null,
    orderId: order.value.notes["order"] ?? null,
    receipt: order.value.receipt,
    request: own.request ?? order.value.notes["request"] ?? null,
  };
}
