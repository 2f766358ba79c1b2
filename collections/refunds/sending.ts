import { postEntry } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, startOfDayInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import { inTransaction, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { refundLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import type { GatewayRefund } from "../gateway/index.ts";
import { paceOf, retryAt } from "../online/pace.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { observeRefunds, owedByFund } from "./observations.ts";
import { getRefund, lockRefund, type Refund } from "./refunds.ts";
import { setTasks } from "../tasks.ts";
import { nextWorkingDay } from "../working-days.ts";

/** A refund for which the gateway has no balance is tried again on so many working days; then the bank pays it. */
const BALANCE_RETRIES = 3;

/**
 * What a refusal of the gateway means for a refund. Its balance fills again with the next payments; a payment older than six months goes back through the
 * bank only; everything else a person must look at.
 */
export function afterRefusal(description: string, attempts: number): "next-working-day" | "bank" | "person" {
  if (/(six|6) months/i.test(description)) return "bank";
  if (!/insufficient|not enough balance|does not have enough/i.test(description)) return "person";
  return attempts > BALANCE_RETRIES ? "bank" : "next-working-day";
}

/** Ten in the morning of the next working day. */
function nextMorning(now: Date): Date {
  return new Date(startOfDayInIndia(nextWorkingDay(dateInIndia(now))).getTime() + 10 * 3_600_000);
}

/**
 * Asks the gateway to pay an approved refund out. The request is noted before it is sent and carries a key of its own, so that a lost answer is
 * resolved by sending it again: the gateway gives the same refund. The entry follows when the gateway says "processed". Where it has no balance
 * it is sent again on the next three working days, and is then to be paid from the bank.
 * Raises REFUND_STATUS; a refusal of the gateway leaves the refund approved, with its reason and a task.
 */
export async function sendRefund(app: CollectionsApp, who: Who, refundId: string): Promise<Refund> {
  const refund = await inTransaction(app, who, async (tx) => {
    const found = await lockRefund(tx, refundId);
    if (found.status !== "approved" && !(found.status === "requested" && found.providerRefundId === null)) {
      throw collectionErrors.REFUND_STATUS({ refund: found.number, status: found.status, wanted: "approved" });
    }
    // If this process dies in between, the sweeper sends it again with the same key.
    await tx.query(
      `update collections.refunds set status = 'requested', send_attempts = send_attempts + 1, next_send_at = :again
       where ulb_id = :ulb and refund_id = :id`,
      { ulb: tx.ulb.id, id: refundId, again: retryAt(tx.clock(), 1) },
    );
    return { ...found, sendAttempts: found.sendAttempts + 1 };
  });
  const outcome = await app.gateway.refundPayment({
    paymentId: refund.paymentId,
    amount: refund.amount,
    idempotencyKey: `refund-${refund.id}`,
    receipt: refund.id.replaceAll("-", ""),
    notes: { ulb: who.ulb.code, refund: refund.id },
  });
  paceOf(app.gateway).noteAnswer(outcome, app.clock());
  return inTransaction(app, who, async (tx) => {
    if (outcome.kind === "ok") await observeRefunds(tx, [{ refund: outcome.value, at: tx.clock() }]);
    else if (outcome.kind === "rejected") await noteRefusal(tx, refund, outcome.description);
    else {
      await tx.query(
        `update collections.refunds set last_error = :error, next_send_at = :again
         where ulb_id = :ulb and refund_id = :id and status = 'requested' and provider_refund_id is null`,
        {
          ulb: tx.ulb.id,
          id: refundId,
          error: `no clear answer (${outcome.cause})`.slice(0, 500),
          again: retryAt(tx.clock(), refund.sendAttempts),
        },
      );
    }
    return getRefund(tx, refundId);
  });
}

async function noteRefusal(tx: Tx, refund: Refund, description: string): Promise<void> {
  const next = afterRefusal(description, refund.sendAttempts);
  const rows = await tx.query(
    `update collections.refunds set status = :status, last_error = left(:error, 500), next_send_at = :again::timestamptz
     where ulb_id = :ulb and refund_id = :id and status = 'requested' and provider_refund_id is null
     returning refund_id`,
    {
      ulb: tx.ulb.id,
      id: refund.id,
      status: next === "bank" ? "bank-due" : "approved",
      error: description,
      again: next === "next-working-day" ? nextMorning(tx.clock()) : null,
    },
  );
  if (rows.length === 0) return; // its webhook came first
  const what = `refund ${refund.number} of ${formatIndian(refund.amount)}`;
  await setTasks(tx, [
    next === "bank"
      ? {
          kind: "refund-bank-due",
          subject: refund.id,
          message: /months/i.test(description)
            ? `The gateway gives ${what} back no more: ${description}; pay it from the bank`.slice(0, 1000)
            : `The gateway had no balance for ${what} on ${refund.sendAttempts} days; pay it from the bank`,
        }
      : {
          kind: "refund-failed",
          subject: refund.id,
          message: `The gateway refused ${what}: ${description}`.slice(0, 1000),
        },
  ]);
}

/** Sends what is due to be sent, and asks for refunds whose end we have not heard of. Gives how many were treated. */
export async function sendDueRefunds(app: CollectionsApp, who: Who, limit = 50): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string; payment: string; is_made: boolean }>(
      `select refund_id as id, payment_id as payment, provider_refund_id is not null as is_made from collections.refunds
       where ulb_id = :ulb and next_send_at <= :now and status in ('approved', 'requested')
       order by next_send_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  let treated = 0;
  for (const { id, payment, is_made } of due) {
    if (!paceOf(app.gateway).mayAsk(app.clock())) return treated;
    if (is_made) await askForRefunds(app, who, payment, id);
    else {
      await sendRefund(app, who, id).catch((error: unknown) => {
        // Somebody sent it in this very moment.
        if (!(error instanceof Error && "code" in error && error.code === "REFUND_STATUS")) throw error;
      });
    }
    treated++;
  }
  return treated;
}

async function askForRefunds(app: CollectionsApp, who: Who, paymentId: string, refundId: string): Promise<void> {
  const found = await app.gateway.paymentRefunds(paymentId);
  paceOf(app.gateway).noteAnswer(found, app.clock());
  await inTransaction(app, who, async (tx) => {
    await tx.query(
      "update collections.refunds set next_send_at = :again where ulb_id = :ulb and refund_id = :id and status = 'requested'",
      {
        ulb: tx.ulb.id,
        id: refundId,
        again: found.kind === "ok" ? new Date(tx.clock().getTime() + 6 * 3_600_000) : retryAt(tx.clock(), 1),
      },
    );
    if (found.kind === "ok")
      await observeRefunds(
        tx,
        found.value.map((refund) => ({ refund, at: tx.clock() })),
      );
  });
}

/** Refunds of the gateway that pay, or may yet pay, this refund of ours. */
export function livingAtGateway(
  refund: Pick<Refund, "id" | "providerRefundId">,
  found: readonly GatewayRefund[],
): GatewayRefund[] {
  const receipt = refund.id.replaceAll("-", "");
  return found.filter((r) => r.status !== "failed" && (r.id === refund.providerRefundId || r.receipt === receipt));
}

/**
 * A refund that the gateway cannot pay (no balance, or it failed there) was paid from the bank. The gateway is asked first: while it holds a refund
 * of ours that is not failed, none is paid twice. After this nothing is sent to the gateway any more.
 * Posts Dr refunds payable, Cr bank. Raises REFUND_STATUS, BANK_REFERENCE, REFUND_AT_GATEWAY, GATEWAY_UNREACHABLE, and the ledger's refusals.
 */
export async function payRefundFromBank(
  app: CollectionsApp,
  who: Who,
  refundId: string,
  paid: { readonly bankAccount: string; readonly reference: string; readonly date: LocalDate },
): Promise<Refund> {
  if (!/^[A-Za-z0-9]{10,30}$/.test(paid.reference))
    throw collectionErrors.BANK_REFERENCE({ reference: paid.reference.slice(0, 40) });
  const before = await inTransaction(app, who, (tx) => lockRefund(tx, refundId));
  const check = (refund: Refund): void => {
    if (refund.status !== "bank-due" && refund.status !== "failed")
      throw collectionErrors.REFUND_STATUS({
        refund: refund.number,
        status: refund.status,
        wanted: "bank-due or failed",
      });
  };
  check(before);
  const found = await app.gateway.paymentRefunds(before.paymentId);
  if (found.kind !== "ok") throw collectionErrors.GATEWAY_UNREACHABLE({ order: before.paymentId });
  const living = livingAtGateway(before, found.value);
  if (living.length > 0) {
    await inTransaction(app, who, (tx) =>
      observeRefunds(
        tx,
        living.map((refund) => ({ refund, at: tx.clock() })),
      ),
    );
    throw collectionErrors.REFUND_AT_GATEWAY({
      refund: before.number,
      found: living.map((r) => `${r.id} of ${formatIndian(r.amount)} is ${r.status}`).join(", "),
    });
  }
  return inTransaction(app, who, async (tx) => {
    const refund = await lockRefund(tx, refundId);
    check(refund);
    const date = await entryDateFor(tx, paid.date);
    await tx.query(
      `update collections.refunds set status = 'bank-paid', bank_account = :bank, bank_reference = :reference, bank_paid_on = :on_date,
         next_send_at = null, last_error = null
       where ulb_id = :ulb and refund_id = :id`,
      { ulb: tx.ulb.id, id: refundId, bank: paid.bankAccount, reference: paid.reference.toUpperCase(), on_date: date },
    );
    await postEntry(tx, {
      voucher: "payment",
      date,
      valueDate: paid.date,
      narration: `Refund ${refund.number} of ${refund.paymentId} paid from the bank, UTR ${paid.reference.toUpperCase()}`,
      source: { type: "refund-bank", id: refund.id },
      lines: refundLines(
        { liability: refund.liabilityAccount, money: paid.bankAccount },
        refund.paymentId,
        refund.consumerCode,
        await owedByFund(tx, refund),
      ),
    });
    await audit(tx, {
      action: "pay-from-bank",
      subject: "refund",
      subjectId: refund.id,
      after: { bank: paid.bankAccount, reference: paid.reference.toUpperCase() },
    });
    return getRefund(tx, refundId);
  });
}
