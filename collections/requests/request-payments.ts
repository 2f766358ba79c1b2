import { inTransaction, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import type { GatewayPayment, Outcome } from "../gateway/index.ts";
import { paceOf, retryAt } from "../online/pace.ts";
import { applyObservations } from "../online/payments.ts";
import { markClosed, REQUEST_COLUMNS, type PaymentRequest } from "./requests.ts";

/** Notes that payments came through requests of ours (plink_…, qr_…, va_…); foreign ones are passed over. Once each. */
export async function noteRequestPayments(
  tx: Tx,
  said: readonly { readonly paymentId: string; readonly providerId: string }[],
): Promise<void> {
  if (said.length === 0) return;
  await tx.query(
    `insert into collections.request_payments (ulb_id, payment_id, request_id, said_at)
     select :ulb, s.payment_id, r.request_id, :now::timestamptz
     from unnest(:payments::text[], :providers::text[]) as s (payment_id, provider_id)
     join collections.payment_requests r on r.ulb_id = :ulb and r.provider_id = s.provider_id
     on conflict do nothing`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      payments: said.map((s) => s.paymentId),
      providers: said.map((s) => s.providerId),
    },
  );
}

/** How many open codes are looked through for a payment that names none. */
const CODES_LOOKED_AT = 20;

/**
 * Finds the request behind a payment that names no order of ours: by what it carries, by its bank transfer, or among the payments of our codes.
 * True: it is known now. Undefined: the gateway did not answer, it is asked again.
 */
export async function claimRequest(
  app: CollectionsApp,
  who: Who,
  payment: GatewayPayment,
  named: string | null,
): Promise<boolean | undefined> {
  const byId = await inTransaction(app, who, async (tx) => {
    const known = await tx.queryOne<{ id: string }>(
      `select request_id as id from collections.request_payments where ulb_id = :ulb and payment_id = :payment
       union all
       select request_id from collections.payment_requests where ulb_id = :ulb and (request_id::text = :named or reference = :named)
       limit 1`,
      { ulb: tx.ulb.id, payment: payment.id, named: named ?? "" },
    );
    if (known) await mapTo(tx, payment.id, known.id);
    return known !== undefined;
  });
  if (byId) return true;
  if (payment.orderId !== null) return false;
  if (payment.method === "bank_transfer") {
    const transfer = await app.gateway.virtualAccounts.transfer(payment.id);
    if (transfer.kind === "unknown") return undefined;
    if (transfer.kind === "rejected") return false;
    return inTransaction(app, who, (tx) => claimFor(tx, payment.id, transfer.value.virtualAccountId));
  }
  if (payment.method !== "upi") return false;
  const codes = await inTransaction(app, who, (tx) =>
    tx.query<{ provider: string }>(
      `select provider_id as provider from collections.payment_requests
       where ulb_id = :ulb and kind = 'qr' and provider_id is not null and (amount is null or amount = :amount)
         and (state = 'open' or closed_at > :now::timestamptz - interval '7 days')
       order by created_at desc limit :row_limit`,
      { ulb: tx.ulb.id, amount: payment.amount, now: tx.clock(), row_limit: CODES_LOOKED_AT },
    ),
  );
  for (const { provider } of codes) {
    const found = await app.gateway.qrCodes.payments(provider, { count: 100 });
    if (found.kind === "unknown") return undefined;
    if (found.kind === "ok" && found.value.some((p) => p.id === payment.id))
      return inTransaction(app, who, (tx) => claimFor(tx, payment.id, provider));
  }
  return false;
}

async function mapTo(tx: Tx, paymentId: string, requestId: string): Promise<void> {
  await tx.query(
    `insert into collections.request_payments (ulb_id, payment_id, request_id, said_at) values (:ulb, :payment, :request, :now)
     on conflict do nothing`,
    { ulb: tx.ulb.id, payment: paymentId, request: requestId, now: tx.clock() },
  );
}

async function claimFor(tx: Tx, paymentId: string, providerId: string): Promise<boolean> {
  await noteRequestPayments(tx, [{ paymentId, providerId }]);
  const row = await tx.queryOne("select 1 from collections.request_payments where ulb_id = :ulb and payment_id = :id", {
    ulb: tx.ulb.id,
    id: paymentId,
  });
  return row !== undefined;
}

/** When a request is asked for again: often at first, once a day later; a closed one once more and never again. */
export function nextRequestPoll(request: Pick<PaymentRequest, "createdAt" | "state">, now: Date): Date | null {
  if (request.state !== "open") return null;
  const minutes = (now.getTime() - request.createdAt.getTime()) / 60_000;
  const wait = minutes < 60 ? 5 : minutes < 1440 ? 60 : 1440;
  return new Date(now.getTime() + wait * 60_000);
}

/** What was paid through a request, and whether it is over. */
async function askRequest(
  app: CollectionsApp,
  r: PaymentRequest,
): Promise<Outcome<{ readonly payments: readonly GatewayPayment[]; readonly isOver: string | null }>> {
  const id = r.providerId ?? "";
  if (r.kind === "link") {
    const link = await app.gateway.links.fetch(id);
    if (link.kind !== "ok") return link;
    const isOver = link.value.status === "created" || link.value.status === "partially_paid" ? null : link.value.status;
    if (link.value.orderId === null) return { kind: "ok", value: { payments: [], isOver } };
    const payments = await app.gateway.orderPayments(link.value.orderId);
    return payments.kind === "ok" ? { kind: "ok", value: { payments: payments.value, isOver } } : payments;
  }
  const { qrCodes, virtualAccounts } = app.gateway;
  const state = r.kind === "qr" ? await qrCodes.fetch(id) : await virtualAccounts.fetch(id);
  if (state.kind !== "ok") return state;
  const payments = r.kind === "qr" ? await qrCodes.payments(id, { count: 100 }) : await virtualAccounts.payments(id);
  if (payments.kind !== "ok") return payments;
  return { kind: "ok", value: { payments: payments.value, isOver: state.value.status === "closed" ? "closed" : null } };
}

/** Asks the gateway what became of a request, and applies it. */
export async function pollRequest(app: CollectionsApp, who: Who, request: PaymentRequest): Promise<void> {
  const found = await askRequest(app, request);
  paceOf(app.gateway).noteAnswer(found, app.clock());
  await inTransaction(app, who, async (tx) => {
    await tx.query(
      `update collections.payment_requests set poll_count = poll_count + 1, next_poll_at = :next_at::timestamptz
       where ulb_id = :ulb and request_id = :id`,
      {
        ulb: tx.ulb.id,
        id: request.id,
        next_at: found.kind === "ok" ? nextRequestPoll(request, tx.clock()) : retryAt(tx.clock(), 1),
      },
    );
    if (found.kind !== "ok") return;
    const { payments, isOver } = found.value;
    await noteRequestPayments(
      tx,
      payments.map((p) => ({ paymentId: p.id, providerId: request.providerId ?? "" })),
    );
    await applyObservations(
      tx,
      payments.map((payment) => ({ payment, feed: "poll" as const, at: tx.clock() })),
    );
    if (isOver !== null) {
      await markClosed(tx, request.id, `${isOver} at the gateway`);
      await tx.query(
        "update collections.payment_requests set next_poll_at = null where ulb_id = :ulb and request_id = :id",
        { ulb: tx.ulb.id, id: request.id },
      );
    }
  });
}

/** Polls the requests that are due. Gives how many were asked for. */
export async function pollDueRequests(app: CollectionsApp, who: Who, limit = 50): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<PaymentRequest>(
      `select ${REQUEST_COLUMNS} from collections.payment_requests
       where ulb_id = :ulb and next_poll_at <= :now and provider_id is not null order by next_poll_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  let asked = 0;
  for (const request of due) {
    if (!paceOf(app.gateway).mayAsk(app.clock())) break;
    await pollRequest(app, who, request);
    asked++;
  }
  return asked;
}

/** The end of a request was told by an event: it is asked for at the next opportunity. */
export async function wakeRequests(tx: Tx, providerIds: readonly string[]): Promise<void> {
  if (providerIds.length === 0) return;
  await tx.query(
    `update collections.payment_requests set next_poll_at = :now
     where ulb_id = :ulb and provider_id = any(:ids::text[]) and state = 'open'`,
    { ulb: tx.ulb.id, now: tx.clock(), ids: providerIds },
  );
}
