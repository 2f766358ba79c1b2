import { audit } from "../../ledger/kernel/audit.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { inTransaction, type Read, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import { getOrder } from "./orders.ts";
import { pollOrder, seenOf, type PayerSees } from "./polling.ts";
import { observePayments } from "./strangers.ts";

/** What a payer brings for a payment that we do not see. */
export type Evidence = {
  readonly about: { readonly orderId: string } | { readonly paymentId: string };
  readonly note: string;
  readonly file?: { readonly name: string; readonly type: string; readonly content: Buffer };
};

const FILE_TYPES = new Set(["application/pdf", "image/jpeg", "image/png", "text/plain"]);

/**
 * Keeps evidence and asks the gateway again. Nobody can mark a payment as paid: what is booked is what the gateway answers, now or later; the
 * evidence stands beside it with what was answered. Raises EVIDENCE_FILE, ORDER_NOT_FOUND, PAYMENT_NOT_FOUND for an id that is none.
 */
export async function attachEvidence(app: CollectionsApp, who: Who, evidence: Evidence): Promise<PayerSees> {
  const { about, note, file } = evidence;
  const refuse = (problem: string): never => {
    throw collectionErrors.EVIDENCE_FILE({ problem });
  };
  if (note.trim().length < 5 || note.length > 2000) refuse("say in 5 to 2000 characters what it shows");
  if (file && !FILE_TYPES.has(file.type)) refuse(`${file.type.slice(0, 60)} is not taken; PDF, JPEG, PNG and text are`);
  if (file && file.content.length > 5_242_880) refuse(`${file.content.length} bytes; 5 MB are taken`);
  let seen: PayerSees;
  if ("orderId" in about) {
    await inTransaction(app, who, (tx) => getOrder(tx, about.orderId));
    seen = await pollOrder(app, who, about.orderId);
  } else {
    if (!/^pay_[A-Za-z0-9]{14}$/.test(about.paymentId))
      throw collectionErrors.PAYMENT_NOT_FOUND({ payment: about.paymentId.slice(0, 40) });
    seen = seenOf((await observePayments(app, who, [about.paymentId], "poll")).get(about.paymentId));
  }
  await inTransaction(app, who, async (tx) => {
    const id = newId();
    await tx.query(
      `insert into collections.payment_evidence (ulb_id, evidence_id, order_id, payment_id, note, file_name, file_type, content, gateway_said,
         added_by, added_at)
       values (:ulb, :id, :order_id::uuid, :payment_id, :note, :file_name, :file_type, :content::bytea, :said, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        id,
        order_id: "orderId" in about ? about.orderId : null,
        payment_id: "paymentId" in about ? about.paymentId : null,
        note: note.trim(),
        file_name: file?.name.slice(0, 200) ?? null,
        file_type: file?.type ?? null,
        content: file?.content ?? null,
        said: seen.status,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
    await audit(tx, {
      action: "attach-evidence",
      subject: "orderId" in about ? "order" : "payment",
      subjectId: "orderId" in about ? about.orderId : about.paymentId,
      after: { gatewaySaid: seen.status },
    });
  });
  return seen;
}

export type KeptEvidence = {
  readonly id: string;
  readonly orderId: string | null;
  readonly paymentId: string | null;
  readonly note: string;
  readonly fileName: string | null;
  readonly gatewaySaid: string;
  readonly addedBy: string;
  readonly addedAt: Date;
};

/** Evidence that was brought, newest first; at most 100. */
export async function listEvidence(read: Read): Promise<KeptEvidence[]> {
  return read.query<KeptEvidence>(
    `select evidence_id as id, order_id as "orderId", payment_id as "paymentId", note, file_name as "fileName", gateway_said as "gatewaySaid",
       added_by as "addedBy", added_at as "addedAt"
     from collections.payment_evidence where ulb_id = :ulb order by added_at desc, evidence_id limit 100`,
    { ulb: read.ulb.id },
  );
}
