import {
  findEntryBySource,
  getEntry,
  postEntry,
  postingAccount,
  postingAccounts,
  takeNumber,
  type EntryDraft,
} from "../../ledger/index.ts";
import { dateInIndia, financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant, Refusal } from "../../ledger/kernel/errors.ts";
import { newId, newToken } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { refundLines } from "../entries.ts";
import type { GatewayRefund } from "../gateway/index.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { getReceipt, type Receipt } from "../receipts/receipts.ts";
import {
  feeOf,
  getRefund,
  REFUND_COLUMNS,
  refundOf,
  sanction,
  type Refund,
  type RefundObservation,
  type RefundRow,
  type RefundStatus,
} from "./refunds.ts";
import { setTasks } from "../tasks.ts";

type Refunded = {
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly rank: number;
  readonly receipt_id: string | null;
  readonly consumer_id: string | null;
  readonly consumer_code: string | null;
};

/**
 * Applies what the gateway said of refunds: pending < processed < failed. Processed posts Dr what we owed, Cr gateway clearing, once; failed after
 * processed takes that entry back. Of a refund that nobody here asked for (made on the gateway's dashboard) a part takes back what the payment's receipt
 * settled, as our own refunds of a part do; the whole of a payment, and what cannot be taken back, is booked against unidentified credits. Both with a
 * task. One beyond what was captured (we had paid it from the bank) as a claim on the gateway. Money that the gateway gives
 * back uncaptured is noted only. Gives the ids of refunds whose payment is not booked here: the caller fetches the payment first.
 */
export async function observeRefunds(tx: Tx, observations: readonly RefundObservation[]): Promise<string[]> {
  const unknown: string[] = [];
  const sorted = [...observations].sort((a, b) => compare(a.refund.paymentId, b.refund.paymentId));
  for (const { refund, at, isUncaptured } of sorted) {
    const payment = await tx.queryOne<Refunded>(
      `select p.amount, p.refunded, p.rank, p.receipt_id, r.consumer_id, r.consumer_code
       from collections.payments p
       left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id
       where p.ulb_id = :ulb and p.payment_id = :id for no key update of p`,
      { ulb: tx.ulb.id, id: refund.paymentId },
    );
    if (payment?.rank === 3) {
      const ours = (await findOurs(tx, refund)) ?? (await adoptRefund(tx, refund, payment));
      await advance(tx, ours, refund, at);
    } else if (isUncaptured === true) await noteUncaptured(tx, refund, at);
    else unknown.push(refund.id);
  }
  return unknown;
}

/** The gateway gave back money that it never captured for us: nothing of it was ever in the books. */
async function noteUncaptured(tx: Tx, refund: GatewayRefund, at: Date): Promise<void> {
  await tx.query(
    `insert into collections.uncaptured_refunds as u (ulb_id, provider_refund_id, payment_id, amount, status, seen_at)
     values (:ulb, :id, :payment, :amount, :status, :at)
     on conflict (ulb_id, provider_refund_id) do update set status = excluded.status
     where array_position(array['pending', 'processed', 'failed'], excluded.status) > array_position(array['pending', 'processed', 'failed'], u.status)`,
    { ulb: tx.ulb.id, id: refund.id, payment: refund.paymentId, amount: refund.amount, status: refund.status, at },
  );
}

async function findOurs(tx: Tx, refund: GatewayRefund): Promise<Refund | undefined> {
  const row = await tx.queryOne<RefundRow>(
    `select ${REFUND_COLUMNS} from collections.refunds
     where ulb_id = :ulb and payment_id = :payment and amount = :amount
       and (provider_refund_id = :provider_id
         or (provider_refund_id is null and status in ('approved', 'requested', 'bank-due') and replace(refund_id::text, '-', '') = :receipt))
     order by provider_refund_id nulls last limit 1 for no key update`,
    {
      ulb: tx.ulb.id,
      payment: refund.paymentId,
      amount: refund.amount,
      provider_id: refund.id,
      receipt: refund.receipt ?? "",
    },
  );
  if (row) return refundOf(row);
  // Paid out on the dashboard instead of through us: it is the refund that we owe, if there is one of the sum.
  const owed = await tx.queryOne<RefundRow>(
    `select ${REFUND_COLUMNS} from collections.refunds
     where ulb_id = :ulb and payment_id = :payment and amount = :amount and provider_refund_id is null
       and status in ('payable', 'approved', 'bank-due')
     order by number limit 1 for no key update`,
    { ulb: tx.ulb.id, payment: refund.paymentId, amount: refund.amount },
  );
  return owed ? refundOf(owed) : undefined;
}

async function adoptRefund(tx: Tx, refund: GatewayRefund, payment: Refunded): Promise<Refund> {
  const entryDate = await entryDateFor(tx, dateInIndia(tx.clock()));
  const fy = financialYearOf(entryDate);
  // More than was captured, with what we paid from the bank: the payer has it twice, and the gateway is asked for it.
  const isTwice = payment.refunded + refund.amount > payment.amount;
  const receipt = isTwice ? undefined : await partlyRefunded(tx, refund, payment);
  const liability = await postingAccount(
    tx,
    isTwice ? "gateway-adjustments" : receipt ? "refunds-payable" : "unidentified-credits",
  );
  const number = await takeNumber(tx, "refund-note-no", fy);
  const row = await tx.queryOne<RefundRow>(
    `insert into collections.refunds (ulb_id, refund_id, fy, number, token, payment_id, consumer_id, consumer_code, amount, origin, reason, status,
       entry_date, created_by, created_at, provider_refund_id, liability_account)
     values (:ulb, :id, :fy, :number, :token, :payment, :consumer, :code, :amount, 'gateway', 'made at the gateway without a refund of ours',
       'requested', :entry_date, :actor, :now, :provider_id, :liability)
     returning ${REFUND_COLUMNS}`,
    {
      ulb: tx.ulb.id,
      id: newId(),
      fy,
      number,
      token: newToken(),
      payment: refund.paymentId,
      consumer: payment.consumer_id,
      code: payment.consumer_code,
      amount: refund.amount,
      entry_date: entryDate,
      actor: tx.actor.id,
      now: tx.clock(),
      provider_id: refund.id,
      liability,
    },
  );
  invariant(row, "an inserted refund comes back");
  const adopted = refundOf(row);
  const isTakenBack = receipt !== undefined && (await takeBackPart(tx, adopted));
  const what = `${formatIndian(refund.amount)} of ${refund.paymentId} was refunded at the gateway (${refund.id})`;
  await setTasks(tx, [
    isTwice
      ? {
          kind: "double-outflow",
          subject: refund.id,
          message: `CRITICAL: ${what} although ${formatIndian(paise(payment.refunded))} of ${formatIndian(paise(payment.amount))} was refunded or is being refunded by us; claim it back`,
        }
      : {
          kind: "refund-unsanctioned",
          subject: refund.id,
          message: isTakenBack
            ? `${what} without a refund of ours; so much of what receipt ${receipt.number} had paid for ${receipt.consumerCode ?? ""} is due again. Find the sanction`
            : `${what} without a refund of ours; find the sanction and the head`,
        },
  ]);
  return getRefund(tx, adopted.id);
}

/**
 * The receipt of which a part was given back, if what it settled can be due again. Undefined where nobody knows whose it is, where it does not stand, where
 * the whole payment went back (it may be another than the one that should have: a person says), and where no more than the payer's fee would be left.
 */
async function partlyRefunded(tx: Tx, refund: GatewayRefund, payment: Refunded): Promise<Receipt | undefined> {
  if (payment.receipt_id === null || payment.consumer_id === null || refund.amount >= payment.amount) return undefined;
  const receipt = await getReceipt(tx, payment.receipt_id);
  const left = payment.amount - payment.refunded - refund.amount;
  return receipt.status !== "issued" || receipt.refundNote !== null || (left > 0n && left <= feeOf(receipt))
    ? undefined
    : receipt;
}

/** Takes the part back; false, and nothing but its account has changed, where the credit that the payment became is spent or given back. */
async function takeBackPart(tx: Tx, refund: Refund): Promise<boolean> {
  try {
    await sanction(tx, refund);
    return true;
  } catch (error) {
    // Billing refuses before it has written anything.
    if (!(error instanceof Refusal) || (error.code !== "ADVANCE_GIVEN_BACK" && error.code !== "PAYMENT_REVERSED"))
      throw error;
    await tx.query(
      "update collections.refunds set liability_account = :account, sanctioned_on = null where ulb_id = :ulb and refund_id = :id",
      { ulb: tx.ulb.id, id: refund.id, account: await postingAccount(tx, "unidentified-credits") },
    );
    return false;
  }
}

async function advance(tx: Tx, ours: Refund, refund: GatewayRefund, at: Date): Promise<void> {
  const isOver = ours.status === "failed" || ours.status === "bank-paid";
  if (isOver || (ours.status === "processed" && refund.status !== "failed")) return;
  const set = (status: RefundStatus, on: LocalDate | null): Promise<unknown[]> =>
    tx.query(
      `update collections.refunds set status = :status, provider_refund_id = :provider_id, last_error = null,
         next_send_at = case when :status::text = 'requested' then :again::timestamptz end,
         processed_at = case when :status::text = 'processed' then :at::timestamptz else processed_at end,
         processed_on = case when :status::text = 'processed' then :on_date::date else processed_on end,
         failed_on = case when :status::text = 'failed' then :on_date::date else failed_on end
       where ulb_id = :ulb and refund_id = :id`,
      {
        ulb: tx.ulb.id,
        id: ours.id,
        status,
        provider_id: refund.id,
        at,
        on_date: on,
        // Its own webhook may be lost: it is asked for again.
        again: new Date(tx.clock().getTime() + 6 * 3_600_000),
      },
    );
  const source = { type: "refund", id: ours.id };
  if (refund.status === "pending") {
    await set("requested", null);
    return;
  }
  const valueDate = dateInIndia(at);
  const date = await entryDateFor(tx, valueDate);
  if (refund.status === "processed") {
    const accounts = await postingAccounts(tx, "gateway-clearing");
    const draft: EntryDraft = {
      voucher: "payment",
      date,
      valueDate,
      narration: `Refund ${ours.number} of ${ours.paymentId} (${refund.id})`,
      source,
      lines: refundLines(
        { liability: ours.liabilityAccount, money: accounts["gateway-clearing"] },
        ours.paymentId,
        ours.consumerCode,
        await owedByFund(tx, ours),
      ),
    };
    await set("processed", date);
    await postEntry(tx, draft);
    return;
  }
  await set("failed", date);
  await setTasks(tx, [
    {
      kind: "refund-failed",
      subject: ours.id,
      message: `The gateway could not pay refund ${ours.number} of ${formatIndian(ours.amount)} out; pay it from the bank`,
    },
  ]);
  // "Processed" came first: the money is back in the gateway's account and is owed again.
  const entry = await findEntryBySource(tx, source);
  if (!entry) return;
  await postEntry(tx, {
    voucher: "payment",
    date,
    valueDate,
    narration: `Refund ${ours.number} failed at the gateway (${refund.id})`,
    source: { type: "refund-failed", id: ours.id },
    reverses: entry.id,
    lines: (await getEntry(tx, entry.id)).lines.map((l) => ({ ...l, side: l.side === "debit" ? "credit" : "debit" })),
  });
}

/** In which funds a refund is owed: those of its sanction, the municipal fund where it never had one. */
export async function owedByFund(read: Read, refund: Refund): Promise<ReadonlyMap<string, Paise>> {
  const sanction = await findEntryBySource(read, { type: "refund-sanction", id: refund.id });
  if (!sanction) return new Map([["01", refund.amount]]);
  const funds = new Map<string, bigint>();
  for (const line of (await getEntry(read, sanction.id)).lines) {
    if (line.account !== refund.liabilityAccount || line.side !== "credit") continue;
    const fund = line.fund ?? "01";
    funds.set(fund, (funds.get(fund) ?? 0n) + line.amount);
  }
  return new Map([...funds].map(([fund, amount]) => [fund, paise(amount)]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
