import { paymentJson, qrJson } from "./shapes.ts";
import { known, SimRefusal, type Notes, type SimPayment, type SimQr } from "./state.ts";
import { emit, pageUrl, type World } from "./world.ts";

export type QrRequest = {
  readonly name?: string | null;
  readonly usage: "single_use" | "multiple_use";
  readonly isFixed: boolean;
  readonly amount?: number | null;
  readonly description?: string | null;
  readonly notes?: Notes;
  readonly customerId?: string | null;
  readonly closeBy?: number | null;
};

export function createQr(w: World, input: QrRequest): SimQr {
  if (input.closeBy && input.closeBy < w.clock.now() + 120_000)
    throw new SimRefusal("close_by should be at least 2 minutes after current time", { field: "close_by" });
  const qr: SimQr = {
    id: w.random.id("qr"),
    name: input.name ?? null,
    usage: input.usage,
    isFixed: input.isFixed,
    amount: input.isFixed ? (input.amount ?? 0) : null,
    status: "active",
    description: input.description ?? null,
    received: 0,
    count: 0,
    notes: input.notes ?? {},
    customerId: input.customerId ?? null,
    closeBy: input.closeBy ?? null,
    closedAt: null,
    closeReason: null,
    createdAt: w.clock.now(),
  };
  w.qrCodes.set(qr.id, qr);
  if (qr.closeBy !== null) w.timers.add(qr.closeBy, "qr-expires", qr.id);
  emit(w, "qr_code.created", qr.notes, { qr_code: { entity: qrEntity(w, qr) } });
  return qr;
}

/** By hand. The event comes with this only: neither expiry nor the payment of a single-use code sends it. */
export function closeQr(w: World, id: string): SimQr {
  const qr = known(w.qrCodes.get(id));
  if (qr.status === "closed") throw new SimRefusal("The QR code is already closed");
  shut(w, qr, "on_demand");
  emit(w, "qr_code.closed", qr.notes, { qr_code: { entity: qrEntity(w, qr) } });
  return qr;
}

export function expireQr(w: World, id: string): void {
  const qr = known(w.qrCodes.get(id));
  if (qr.status === "active") shut(w, qr, "expired");
}

function shut(w: World, qr: SimQr, reason: "on_demand" | "paid" | "expired"): void {
  qr.status = "closed";
  qr.closedAt = w.clock.now();
  qr.closeReason = reason;
  w.timers.cancel("qr-expires", qr.id);
}

/** A payment by this code was captured. The event is a snapshot from before the sums go up, as the official sample is. */
export function qrCredited(w: World, qr: SimQr, payment: SimPayment): void {
  emit(w, "qr_code.credited", qr.notes, {
    payment: { entity: paymentJson(payment) },
    qr_code: { entity: qrEntity(w, qr) },
  });
  qr.received += payment.amount;
  qr.count++;
  if (qr.usage === "single_use" && qr.status === "active") shut(w, qr, "paid");
}

export function qrEntity(w: World, qr: SimQr): Record<string, unknown> {
  return qrJson(qr, pageUrl(w, `/upi/${qr.id}`));
}

/** The link that the square carries: what a payer's application reads. */
export function upiUri(w: World, qr: SimQr): string {
  const fields = new URLSearchParams({
    pa: `${qr.id.slice(3).toLowerCase()}@simbank`,
    pn: w.merchantName,
    tr: qr.id.slice(3),
    tn: qr.description ?? "Payment",
    ...(qr.amount === null ? {} : { am: (qr.amount / 100).toFixed(2) }),
    cu: "INR",
    mode: "01",
  });
  return `upi://pay?${fields.toString()}`;
}
