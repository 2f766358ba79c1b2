import { applyPayments, getConsumer } from "../../billing/index.ts";
import { cr, dr, postEntry, postingAccounts, type Line } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { gatewayParty, netByFund } from "../entries.ts";
import { entryDateFor, lockPayers } from "../receipts/documents.ts";
import { getReceipt, type Receipt } from "../receipts/receipts.ts";
import { ownerErrors } from "./errors.ts";

/** Somebody's word on whose an unidentified receipt is. `outcome` is null while it waits for another person. */
export type OwnerProposal = {
  readonly id: string;
  readonly receiptId: string;
  readonly receiptNumber: string;
  readonly consumerId: string;
  readonly consumerCode: string;
  readonly consumerName: string;
  readonly amount: Paise;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly outcome: "approved" | "rejected" | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly bookedOn: LocalDate | null;
};

const COLUMNS = `i.identification_id as id, i.receipt_id as "receiptId", 'RC/' || r.fy || '/' || lpad(r.number::text, 6, '0') as "receiptNumber",
  i.consumer_id as "consumerId", c.code as "consumerCode", c.name as "consumerName", r.amount, i.reason, i.proposed_by as "proposedBy",
  i.proposed_at as "proposedAt", i.outcome, i.decided_by as "decidedBy", i.decision_reason as "decisionReason", i.booked_on as "bookedOn"`;
const FROM = `collections.identifications i
  join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
  join billing.consumers c on c.ulb_id = i.ulb_id and c.consumer_id = i.consumer_id`;

/** Online receipts whose payer nobody knows, oldest first; at most 200. */
export async function listUnidentified(read: Read): Promise<Receipt[]> {
  const rows = await read.query<{ id: string }>(
    `select receipt_id as id from collections.receipts
     where ulb_id = :ulb and channel = 'online' and consumer_id is null and status = 'issued' order by issued_at, receipt_id limit 200`,
    { ulb: read.ulb.id },
  );
  const receipts: Receipt[] = [];
  for (const { id } of rows) receipts.push(await getReceipt(read, id));
  return receipts;
}

/** What was proposed, what waits first, then the newest; at most 200. */
export async function listOwnerProposals(read: Read): Promise<OwnerProposal[]> {
  return read.query<OwnerProposal>(
    `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb
     order by i.outcome is null desc, i.proposed_at desc, i.identification_id limit 200`,
    { ulb: read.ulb.id },
  );
}

/** One proposal, as it stands. Raises OWNER_NOT_FOUND. */
export async function getOwnerProposal(read: Read, id: string): Promise<OwnerProposal> {
  const row = isUuid(id)
    ? await read.queryOne<OwnerProposal>(
        `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb and i.identification_id = :id::uuid`,
        { ulb: read.ulb.id, id },
      )
    : undefined;
  if (!row) throw ownerErrors.OWNER_NOT_FOUND({ id: id.slice(0, 60) });
  return row;
}

async function getProposal(tx: Tx, id: string): Promise<OwnerProposal> {
  const row = isUuid(id)
    ? await tx.queryOne<OwnerProposal>(
        `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb and i.identification_id = :id::uuid for no key update of i`,
        { ulb: tx.ulb.id, id },
      )
    : undefined;
  if (!row) throw ownerErrors.OWNER_NOT_FOUND({ id: id.slice(0, 60) });
  return row;
}

/** Locks the payment, before anything else as everywhere, and gives its receipt if it is still nobody's and free. */
async function lockUnidentified(tx: Tx, receiptId: string): Promise<Receipt> {
  const seen = await getReceipt(tx, receiptId);
  const payment = await tx.queryOne<{ refunded: bigint; disputed: bigint }>(
    "select refunded, disputed from collections.payments where ulb_id = :ulb and payment_id = :id for no key update",
    { ulb: tx.ulb.id, id: seen.paymentId ?? "" },
  );
  const receipt = await getReceipt(tx, receiptId);
  if (payment === undefined || receipt.consumerId !== null || receipt.status !== "issued") {
    const owner = receipt.consumerCode ?? (receipt.status === "issued" ? receipt.payerName : receipt.status);
    throw ownerErrors.OWNER_KNOWN({ receipt: receipt.number, owner });
  }
  if (payment.refunded !== 0n || payment.disputed !== 0n) {
    throw ownerErrors.OWNER_TIED({
      receipt: receipt.number,
      refunded: formatIndian(paise(payment.refunded)),
      disputed: formatIndian(paise(payment.disputed)),
    });
  }
  return receipt;
}

/**
 * One person says whose an unidentified receipt is. Nothing is in the books until another agrees; the same said again is the same proposal.
 * Raises RECEIPT_NOT_FOUND, CONSUMER_NOT_FOUND, OWNER_REASON, OWNER_KNOWN, OWNER_TIED, OWNER_PROPOSED.
 */
export async function proposeOwner(
  tx: Tx,
  proposal: { readonly receiptId: string; readonly consumerId: string; readonly reason: string },
): Promise<OwnerProposal> {
  const reason = proposal.reason.trim().slice(0, 500);
  if (reason.length < 5) throw ownerErrors.OWNER_REASON({ reason: reason.slice(0, 60) });
  const receipt = await lockUnidentified(tx, proposal.receiptId);
  const consumer = await getConsumer(tx, proposal.consumerId);
  const waiting = await tx.queryOne<OwnerProposal>(
    `select ${COLUMNS} from ${FROM} where i.ulb_id = :ulb and i.receipt_id = :receipt::uuid and i.outcome is null`,
    { ulb: tx.ulb.id, receipt: receipt.id },
  );
  if (waiting) {
    if (waiting.consumerId === consumer.id && waiting.proposedBy === tx.actor.id) return waiting;
    throw ownerErrors.OWNER_PROPOSED({
      receipt: receipt.number,
      consumer: waiting.consumerCode,
      person: waiting.proposedBy,
    });
  }
  const id = newId();
  await tx.query(
    `insert into collections.identifications (ulb_id, identification_id, receipt_id, consumer_id, reason, proposed_by, proposed_at)
     values (:ulb, :id, :receipt, :consumer, :reason, :actor, :now)`,
    { ulb: tx.ulb.id, id, receipt: receipt.id, consumer: consumer.id, reason, actor: tx.actor.id, now: tx.clock() },
  );
  await audit(tx, {
    action: "propose-owner",
    subject: "receipt",
    subjectId: receipt.id,
    reason,
    after: { consumer: consumer.code },
  });
  return getProposal(tx, id);
}

/**
 * A second person agrees: the receipt, with its number, is the consumer's, and its money settles his dues as of the day it was paid; the rest is his
 * advance. Dr unidentified receipts, Cr receivables and advance. Raises OWNER_NOT_FOUND, OWNER_DECIDED, OWNER_OWN, OWNER_KNOWN, OWNER_TIED,
 * and the ledger's refusals.
 */
export async function approveOwner(tx: Tx, proposalId: string): Promise<Receipt> {
  const seen = await getProposal(tx, proposalId);
  if (seen.outcome !== null) throw ownerErrors.OWNER_DECIDED({ receipt: seen.receiptNumber, outcome: seen.outcome });
  if (seen.proposedBy === tx.actor.id) throw ownerErrors.OWNER_OWN({ person: tx.actor.id });
  const receipt = await lockUnidentified(tx, seen.receiptId);
  const payer = (await lockPayers(tx, [seen.consumerId])).get(seen.consumerId);
  invariant(
    payer && receipt.paymentId !== null,
    "an unidentified online receipt has its payment, a proposal its consumer",
  );
  const date = await entryDateFor(tx, dateInIndia(tx.clock()));
  const [applied] = await applyPayments(tx, [
    {
      consumerId: payer.id,
      amount: receipt.amount,
      date,
      // He paid then: rebate and penalty are as of that day, however long it took us to find him.
      reckonedOn: receipt.valueDate,
      source: { type: "receipt", id: receipt.id },
      billId: null,
    },
  ]);
  invariant(applied, "a payment that was applied has its lines");
  await tx.query(
    `update collections.identifications set outcome = 'approved', decided_by = :actor, decided_at = :now, booked_on = :on_date
     where ulb_id = :ulb and identification_id = :id`,
    { ulb: tx.ulb.id, id: seen.id, actor: tx.actor.id, now: tx.clock(), on_date: date },
  );
  await tx.query(
    `update collections.receipts set consumer_id = :consumer, consumer_code = :code, service = :service, ward = :ward
     where ulb_id = :ulb and receipt_id = :id`,
    { ulb: tx.ulb.id, id: receipt.id, consumer: payer.id, code: payer.code, service: payer.service, ward: payer.ward },
  );
  await tx.query(
    `update collections.tasks set done_at = :now, done_by = :actor, resolution = :resolution
     where ulb_id = :ulb and kind = 'unidentified-payment' and subject = :payment and done_at is null`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      resolution: `it is ${payer.code}'s`,
      payment: receipt.paymentId,
    },
  );
  await audit(tx, {
    action: "approve-owner",
    subject: "receipt",
    subjectId: receipt.id,
    after: { consumer: payer.code },
  });
  const accounts = await postingAccounts(tx, "unidentified-credits", "inter-fund");
  await postEntry(tx, {
    voucher: "journal",
    date,
    valueDate: receipt.valueDate,
    narration: `Receipt ${receipt.number} of ${receipt.paymentId} is ${payer.code}'s: ${seen.reason}`.slice(0, 1000),
    source: { type: "receipt-identified", id: seen.id },
    lines: identifiedLines(accounts, receipt.paymentId, receipt.amount, applied.ledgerLines),
  });
  return getReceipt(tx, receipt.id);
}

/** The money was booked in the Municipal Fund; what belongs to another fund goes over as dues between funds, so that each fund balances. */
export function identifiedLines(
  accounts: { readonly "unidentified-credits": string; readonly "inter-fund": string },
  paymentId: string,
  amount: Paise,
  credits: readonly Line[],
): Line[] {
  const between = [...netByFund(credits)].filter(([fund]) => fund !== "01");
  return [
    dr(accounts["unidentified-credits"], amount, { party: gatewayParty(paymentId) }),
    ...between.flatMap(([fund, net]) => [
      cr(accounts["inter-fund"], net, { fund: "01" }),
      dr(accounts["inter-fund"], net, { fund }),
    ]),
    ...credits,
  ];
}

/** A second person does not agree; nothing was in the books. Raises OWNER_NOT_FOUND, OWNER_DECIDED, OWNER_OWN, OWNER_REASON. */
export async function rejectOwner(tx: Tx, proposalId: string, reason: string): Promise<OwnerProposal> {
  const seen = await getProposal(tx, proposalId);
  if (seen.outcome !== null) throw ownerErrors.OWNER_DECIDED({ receipt: seen.receiptNumber, outcome: seen.outcome });
  if (seen.proposedBy === tx.actor.id) throw ownerErrors.OWNER_OWN({ person: tx.actor.id });
  const why = reason.trim().slice(0, 500);
  if (why.length < 5) throw ownerErrors.OWNER_REASON({ reason: why.slice(0, 60) });
  await tx.query(
    `update collections.identifications set outcome = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason
     where ulb_id = :ulb and identification_id = :id`,
    { ulb: tx.ulb.id, id: seen.id, actor: tx.actor.id, now: tx.clock(), reason: why },
  );
  await audit(tx, { action: "reject-owner", subject: "receipt", subjectId: seen.receiptId, reason: why });
  return getProposal(tx, seen.id);
}
