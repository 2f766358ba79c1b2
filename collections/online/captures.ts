import { openDuesOf } from "../../billing/index.ts";
import { formatIndian, paise, sum } from "../../ledger/kernel/money.ts";
import { inTransaction, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { applyObservations } from "./payments.ts";
import { lockPayers } from "../receipts/documents.ts";
import { setTasks } from "../tasks.ts";

/*
 * Manual capture (a merchant setting): a payment is only authorised by the bank; we take the money, or leave it. What we leave, and what we forget,
 * the gateway gives back by itself when its window ends, and nothing of it is ever in the books.
 */

const RETRY_SECONDS = [5, 30, 120, 600, 1800, 3600];

type Command = {
  readonly payment_id: string;
  readonly state: "planned" | "in_flight";
  readonly amount: bigint;
  readonly rank: number;
  readonly consumer_id: string | null;
};

/** What to do with an authorised payment: nothing is captured that would only have to be given back. */
export function captureDecision(authorised: bigint, due: bigint): "capture" | "decline" {
  return authorised > 0n && due > 0n ? "capture" : "decline";
}

/**
 * Captures or declines what is planned. Declined is what nobody owes any more (the bill was paid at a counter meanwhile). The call is noted before
 * it is made; a lost answer is resolved by asking for the payment, and "already captured" is a yes after that. Gives how many were settled.
 */
export async function captureAuthorised(app: CollectionsApp, who: Who, limit = 50): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      `select payment_id as id from collections.capture_commands
       where ulb_id = :ulb and state in ('planned', 'in_flight') and next_at <= :now order by next_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  let settled = 0;
  for (const { id } of due) if (await captureOne(app, who, id)) settled++;
  return settled;
}

async function captureOne(app: CollectionsApp, who: Who, paymentId: string): Promise<boolean> {
  const command = await inTransaction(app, who, (tx) => decide(tx, paymentId));
  if (!command) return true;
  // What may have been captured by an earlier try is looked at before it is tried again.
  let found = command.state === "in_flight" ? await app.gateway.fetchPayment(paymentId) : undefined;
  let refusal: string | undefined;
  if (found?.kind !== "ok" || (!found.value.captured && found.value.status === "authorized")) {
    const outcome = await app.gateway.capturePayment(paymentId, paise(command.amount));
    if (outcome.kind === "rejected") refusal = outcome.description;
    found = outcome.kind === "ok" ? outcome : await app.gateway.fetchPayment(paymentId);
  }
  return inTransaction(app, who, async (tx) => {
    if (found.kind === "ok") await applyObservations(tx, [{ payment: found.value, feed: "poll", at: tx.clock() }]);
    const isCaptured = found.kind === "ok" && found.value.captured;
    // It is refused for good only when the gateway says so and, asked, does not hold it as captured.
    const isRefused = found.kind === "ok" && !isCaptured && refusal !== undefined;
    await tx.query(
      `update collections.capture_commands
       set state = :state, reason = :reason, last_error = :error,
         next_at = :now::timestamptz + make_interval(secs => (:waits::integer[])[least(attempts, cardinality(:waits::integer[]))])
       where ulb_id = :ulb and payment_id = :id and state = 'in_flight'`,
      {
        ulb: tx.ulb.id,
        id: paymentId,
        now: tx.clock(),
        waits: RETRY_SECONDS,
        state: isCaptured ? "ok" : isRefused ? "rejected" : "in_flight",
        reason: isRefused ? refusal?.slice(0, 500) : null,
        error: isCaptured || isRefused ? null : "the gateway gave no clear answer",
      },
    );
    if (isRefused) {
      await setTasks(tx, [
        {
          kind: "capture-refused",
          subject: paymentId,
          message: `The gateway did not capture ${paymentId} of ${formatIndian(paise(command.amount))}: ${refusal}; it gives the money back`,
        },
      ]);
    }
    return isCaptured || isRefused;
  });
}

/** Under the consumer's lock: is anything due? Gives the command to carry out, or nothing when there is none any more. */
async function decide(tx: Tx, paymentId: string): Promise<Command | undefined> {
  const find = (lock: string): Promise<Command | undefined> =>
    tx.queryOne<Command>(
      `select c.payment_id, c.state, p.amount, p.rank, coalesce(o.consumer_id, r.consumer_id) as consumer_id
       from collections.capture_commands c
       join collections.payments p on p.ulb_id = c.ulb_id and p.payment_id = c.payment_id
       left join collections.orders o on o.ulb_id = p.ulb_id and o.order_id = p.order_id
       left join collections.payment_requests r on r.ulb_id = p.ulb_id and r.request_id = p.request_id
       where c.ulb_id = :ulb and c.payment_id = :id and c.state in ('planned', 'in_flight') ${lock}`,
      { ulb: tx.ulb.id, id: paymentId },
    );
  const command = await find("for no key update of c");
  if (!command) return undefined;
  const conclude = (state: "ok" | "declined", reason: string | null): Promise<unknown[]> =>
    tx.query(
      `update collections.capture_commands set state = :state, reason = :reason, decided_at = :now
       where ulb_id = :ulb and payment_id = :id`,
      { ulb: tx.ulb.id, id: paymentId, state, reason, now: tx.clock() },
    );
  if (command.rank > 2) {
    await conclude("ok", null);
    return undefined;
  }
  if (command.state === "planned" && command.consumer_id !== null) {
    await lockPayers(tx, [command.consumer_id]);
    const dues = (await openDuesOf(tx, [command.consumer_id])).get(command.consumer_id) ?? [];
    const due = sum(dues.map((d) => d.outstanding));
    if (captureDecision(command.amount, due) === "decline") {
      await conclude("declined", "nothing is due any more; the gateway gives the money back when its window ends");
      return undefined;
    }
  }
  await tx.query(
    `update collections.capture_commands set state = 'in_flight', attempts = attempts + 1, next_at = :later
     where ulb_id = :ulb and payment_id = :id`,
    { ulb: tx.ulb.id, id: paymentId, later: new Date(tx.clock().getTime() + 60_000) },
  );
  return command;
}
