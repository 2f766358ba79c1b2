import { addAdjustment } from "./settlements.ts";
import { disputeJson, evidenceJson, EVIDENCE_KINDS, paymentJson } from "./shapes.ts";
import { known, SimRefusal, type SimDispute } from "./state.ts";
import { emit, notesFor, type World } from "./world.ts";

const DAY_MS = 86_400_000;

export type DisputeRequest = {
  readonly amount?: number;
  readonly reasonCode?: string;
  readonly phase?: SimDispute["phase"];
  /** Until when the merchant may answer, in milliseconds from now; seven days unless given. */
  readonly respondAfterMs?: number;
};

/** The payer's bank disputes a captured payment. */
export function openDispute(w: World, paymentId: string, input: DisputeRequest = {}): SimDispute {
  const payment = known(w.payments.get(paymentId));
  if (!payment.captured) throw new SimRefusal("Only a captured payment can be disputed");
  const amount = input.amount ?? payment.amount;
  if (amount < 100 || amount > payment.amount)
    throw new SimRefusal("The dispute amount is greater than the payment amount", { field: "amount" });
  const dispute: SimDispute = {
    id: w.random.id("disp"),
    paymentId,
    amount,
    amountDeducted: 0,
    reasonCode: input.reasonCode ?? "goods_or_services_not_received_or_partially_received",
    respondBy: w.clock.now() + (input.respondAfterMs ?? 7 * DAY_MS),
    status: "open",
    phase: input.phase ?? "chargeback",
    comments: null,
    evidence: {},
    submittedAt: null,
    createdAt: w.clock.now(),
  };
  w.disputes.set(dispute.id, dispute);
  w.timers.add(dispute.respondBy, "respond-by", dispute.id);
  if (w.settings.disputesDeductAtCreation && dispute.phase !== "fraud") deduct(w, dispute);
  say(w, "payment.dispute.created", dispute);
  return dispute;
}

export function acceptDispute(w: World, id: string): SimDispute {
  const dispute = openOne(w, id, "accepted");
  end(w, dispute, dispute.phase === "fraud" ? "closed" : "lost");
  return dispute;
}

/** A draft keeps the evidence; a submission sends it to the bank and nothing can be added any more. */
export function contestDispute(
  w: World,
  id: string,
  action: "draft" | "submit",
  evidence: Readonly<Record<string, unknown>>,
): SimDispute {
  const dispute = openOne(w, id, "contested");
  const amount = evidence["amount"];
  if (amount !== undefined && (typeof amount !== "number" || amount < 1 || amount > dispute.amount))
    throw new SimRefusal("The contest amount is greater than the dispute amount", { field: "amount" });
  const merged = { ...dispute.evidence, ...evidence };
  if (action === "submit") {
    if (typeof merged["summary"] !== "string" || merged["summary"] === "")
      throw new SimRefusal("The summary field is required.", { field: "summary" });
    if (!EVIDENCE_KINDS.some((kind) => Array.isArray(merged[kind])) && !Array.isArray(merged["others"]))
      throw new SimRefusal("At least one evidence document is required to contest a dispute");
  }
  dispute.evidence = merged;
  if (action === "submit") {
    dispute.submittedAt = w.clock.now();
    dispute.status = "under_review";
    w.timers.cancel("respond-by", id);
    say(w, "payment.dispute.under_review", dispute);
  }
  return dispute;
}

/** The bank wants more: the dispute is open again until a new day. The event carries the evidence beside the entity, as the sample does. */
export function requireAction(w: World, id: string, respondAfterMs = 5 * DAY_MS): SimDispute {
  const dispute = known(w.disputes.get(id));
  if (dispute.status !== "under_review" && dispute.status !== "open")
    throw new SimRefusal(`The dispute is ${dispute.status}`);
  w.timers.cancel("respond-by", id);
  dispute.status = "open";
  dispute.respondBy = w.clock.now() + respondAfterMs;
  w.timers.add(dispute.respondBy, "respond-by", id);
  const { evidence, ...entity } = disputeJson(dispute);
  emit(w, "payment.dispute.action_required", notesOf(w, dispute), {
    payment: { entity: paymentJson(known(w.payments.get(dispute.paymentId))) },
    dispute: { entity, evidence },
  });
  return dispute;
}

/** The bank decides. */
export function decideDispute(w: World, id: string, verdict: "won" | "lost" | "closed"): SimDispute {
  const dispute = known(w.disputes.get(id));
  if (dispute.status !== "open" && dispute.status !== "under_review")
    throw new SimRefusal(`The dispute is ${dispute.status}`);
  end(w, dispute, verdict);
  return dispute;
}

/** Nobody answered in time. */
export function respondByPassed(w: World, id: string): void {
  const dispute = known(w.disputes.get(id));
  if (dispute.status === "open") end(w, dispute, dispute.phase === "fraud" ? "closed" : "lost");
}

function openOne(w: World, id: string, what: string): SimDispute {
  const dispute = known(w.disputes.get(id));
  if (dispute.status !== "open") throw new SimRefusal(`A dispute that is ${dispute.status} cannot be ${what}`);
  return dispute;
}

function deduct(w: World, dispute: SimDispute): void {
  addAdjustment(w, -dispute.amount, `Dispute ${dispute.id}`, dispute.id);
}

function end(w: World, dispute: SimDispute, verdict: "won" | "lost" | "closed"): void {
  w.timers.cancel("respond-by", dispute.id);
  dispute.status = verdict;
  const isDeducted = w.adjustments.some((a) => a.disputeId === dispute.id);
  if (verdict === "lost") {
    if (!isDeducted) deduct(w, dispute);
    dispute.amountDeducted = dispute.amount;
  } else if (isDeducted) addAdjustment(w, dispute.amount, `Dispute ${dispute.id} ${verdict}`, dispute.id);
  say(w, `payment.dispute.${verdict}`, dispute);
}

function notesOf(w: World, dispute: SimDispute) {
  return notesFor(w, known(w.payments.get(dispute.paymentId)));
}

function say(w: World, event: string, dispute: SimDispute): void {
  emit(w, event, notesOf(w, dispute), {
    payment: { entity: paymentJson(known(w.payments.get(dispute.paymentId))) },
    dispute: { entity: { ...disputeJson(dispute), evidence: evidenceJson(dispute) } },
  });
}
