import { audit } from "../../ledger/kernel/audit.ts";
import { inTransaction, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import type { GatewayDispute, Outcome } from "../gateway/index.ts";
import { paceOf, retryAt } from "../online/pace.ts";
import { observePayments } from "../online/strangers.ts";
import { isDecided, type DisputeFeed, type DisputeObservation } from "./dispute-state.ts";
import { getDispute, observeDisputes, type Dispute } from "./disputes.ts";

/** Applies what was said of disputes; payments that we do not know yet are fetched and booked first. Gives how many could not be placed. */
export async function placeDisputes(
  app: CollectionsApp,
  who: Who,
  observations: readonly DisputeObservation[],
): Promise<readonly string[]> {
  const unknown = await inTransaction(app, who, (tx) => observeDisputes(tx, observations));
  if (unknown.length === 0) return [];
  await observePayments(app, who, [...new Set(unknown)], "poll");
  const again = observations.filter((o) => unknown.includes(o.dispute.paymentId));
  return inTransaction(app, who, (tx) => observeDisputes(tx, again));
}

/** Asks the gateway for a dispute by its id, and applies it. False when it did not answer. */
export async function askDispute(
  app: CollectionsApp,
  who: Who,
  id: string,
  feed: DisputeFeed = "poll",
): Promise<boolean> {
  const found = await app.gateway.disputes.fetch(id);
  paceOf(app.gateway).noteAnswer(found, app.clock());
  if (found.kind !== "ok") return found.kind === "rejected";
  await placeDisputes(app, who, [{ dispute: found.value, feed, at: app.clock() }]);
  return true;
}

/** Asks for the disputes that are due, and for new ones whose event was lost. Gives how many were asked for. */
export async function pollDisputes(app: CollectionsApp, who: Who, limit = 50): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      `update collections.disputes d set next_poll_at = :later
       where d.ulb_id = :ulb and d.dispute_id in (
         select dispute_id from collections.disputes
         where ulb_id = :ulb and next_poll_at <= :now order by next_poll_at limit :row_limit for update skip locked)
       returning d.dispute_id as id`,
      { ulb: tx.ulb.id, now: tx.clock(), later: retryAt(tx.clock(), 4), row_limit: limit },
    ),
  );
  let asked = 0;
  for (const { id } of due) {
    if (!paceOf(app.gateway).mayAsk(app.clock())) return asked;
    await askDispute(app, who, id);
    asked++;
  }
  return asked;
}

/**
 * Finds disputes that we have not heard of at all among the gateway's newest, where their payment is ours. Run once a day; what is decided and
 * known is passed over.
 */
export async function findDisputes(app: CollectionsApp, who: Who): Promise<number> {
  const found = await app.gateway.disputes.list({ count: 100 });
  paceOf(app.gateway).noteAnswer(found, app.clock());
  if (found.kind !== "ok") return 0;
  const ours = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      "select payment_id as id from collections.payments where ulb_id = :ulb and payment_id = any(:ids::text[]) and booked_as is not null",
      { ulb: tx.ulb.id, ids: found.value.map((d) => d.paymentId) },
    ),
  );
  const known = new Set(ours.map((p) => p.id));
  const at = app.clock();
  await placeDisputes(
    app,
    who,
    found.value.filter((d) => known.has(d.paymentId)).map((dispute) => ({ dispute, feed: "poll" as const, at })),
  );
  return found.value.length;
}

export type DisputeAnswer = {
  /** Why the payment was right, in at most a thousand characters. */
  readonly summary: string;
  readonly documents: readonly { readonly name: string; readonly type: string; readonly content: Buffer }[];
};

const FILE_TYPES = new Set(["application/pdf", "image/jpeg", "image/png"]);

function checkAnswer(answer: DisputeAnswer, isFinal: boolean): void {
  const refuse = (problem: string): never => {
    throw collectionErrors.DISPUTE_ANSWER({ problem });
  };
  if (answer.summary.trim() === "" || answer.summary.length > 1000)
    refuse(`the summary has ${answer.summary.length} characters; 1 to 1000 are taken`);
  if (isFinal && answer.documents.length === 0)
    refuse("a document must go with it: the receipt, the bill, proof of refund");
  if (answer.documents.length > 10) refuse(`${answer.documents.length} documents; ten are taken`);
  for (const d of answer.documents) {
    if (!FILE_TYPES.has(d.type))
      refuse(`${d.name.slice(0, 60)} is ${d.type.slice(0, 40)}; PDF, JPEG and PNG are taken`);
    if (d.content.length > 5_242_880) refuse(`${d.name.slice(0, 60)} has ${d.content.length} bytes; 5 MB are taken`);
  }
}

async function needOpen(tx: Tx, id: string): Promise<Dispute> {
  const dispute = await getDispute(tx, id);
  const isAnswered =
    dispute.answeredAt !== null &&
    (dispute.actionRequiredAt === null || dispute.actionRequiredAt <= dispute.answeredAt);
  if (isDecided(dispute.status) || dispute.acceptedBy !== null || isAnswered)
    throw collectionErrors.DISPUTE_STATUS({ dispute: id, status: isAnswered ? "answered" : dispute.status });
  return dispute;
}

/**
 * Answers a dispute with evidence: documents go to the gateway first, then the answer, as a draft or for good. What was sent is kept here too.
 * Raises DISPUTE_NOT_FOUND, DISPUTE_STATUS, DISPUTE_ANSWER, GATEWAY_REJECTED, GATEWAY_UNREACHABLE.
 */
export async function contestDispute(
  app: CollectionsApp,
  who: Who,
  id: string,
  action: "draft" | "submit",
  answer: DisputeAnswer,
): Promise<Dispute> {
  checkAnswer(answer, action === "submit");
  await inTransaction(app, who, (tx) => needOpen(tx, id));
  const documents: string[] = [];
  for (const file of answer.documents) documents.push(told(await app.gateway.disputes.upload(file), id, file.name));
  const contested = told(
    await app.gateway.disputes.contest(id, action, {
      summary: answer.summary,
      ...(documents.length === 0 ? {} : { documents: { explanation_letter: documents } }),
    }),
    id,
    "the answer",
  );
  return inTransaction(app, who, async (tx) => {
    await tx.query(
      `update collections.disputes set answer = :answer, answer_documents = :documents::text[], answered_by = :actor,
         answered_at = case when :is_final::boolean then :now::timestamptz else answered_at end
       where ulb_id = :ulb and dispute_id = :id`,
      {
        ulb: tx.ulb.id,
        id,
        answer: answer.summary,
        documents,
        actor: tx.actor.id,
        is_final: action === "submit",
        now: tx.clock(),
      },
    );
    await audit(tx, { action: `contest-${action}`, subject: "dispute", subjectId: id, after: { documents } });
    await observeDisputes(tx, [{ dispute: contested, feed: "answer", at: tx.clock() }]);
    return getDispute(tx, id);
  });
}

/** The payer is right: the gateway takes the money back. Raises DISPUTE_NOT_FOUND, DISPUTE_STATUS, GATEWAY_REJECTED, GATEWAY_UNREACHABLE. */
export async function acceptDispute(app: CollectionsApp, who: Who, id: string): Promise<Dispute> {
  await inTransaction(app, who, (tx) => needOpen(tx, id));
  const accepted = told(await app.gateway.disputes.accept(id), id, "the acceptance");
  return inTransaction(app, who, async (tx) => {
    await tx.query("update collections.disputes set accepted_by = :actor where ulb_id = :ulb and dispute_id = :id", {
      ulb: tx.ulb.id,
      id,
      actor: tx.actor.id,
    });
    await audit(tx, { action: "accept", subject: "dispute", subjectId: id });
    await observeDisputes(tx, [{ dispute: accepted, feed: "answer", at: tx.clock() }]);
    return getDispute(tx, id);
  });
}

function told<T extends GatewayDispute | string>(outcome: Outcome<T>, id: string, what: string): T {
  if (outcome.kind === "ok") return outcome.value;
  if (outcome.kind === "unknown") throw collectionErrors.GATEWAY_UNREACHABLE({ order: id });
  throw collectionErrors.GATEWAY_REJECTED({ what: `${what} of dispute ${id}`, reason: outcome.description });
}
