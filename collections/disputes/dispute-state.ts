import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import type { Instant } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";

export type DisputeStatus = "open" | "under_review" | "closed" | "won" | "lost";
export type DisputePhase = "fraud" | "retrieval" | "chargeback" | "pre_arbitration" | "arbitration";
export type DisputeFeed = "webhook" | "poll" | "settlement" | "answer";

/** A dispute as the gateway tells it. */
export type DisputeFact = {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: Paise;
  /** Nothing unless it is lost. */
  readonly amountDeducted: Paise;
  readonly reasonCode: string;
  readonly respondBy: Instant | null;
  readonly status: DisputeStatus;
  readonly phase: DisputePhase;
  readonly createdAt: Instant;
};

/** What one feed said about one dispute; see payments' Observation. */
export type DisputeObservation = {
  readonly dispute: DisputeFact;
  readonly feed: DisputeFeed;
  readonly at: Instant;
  readonly eventKey?: string | undefined;
  readonly actionRequired?: boolean;
};

const STATUSES: readonly DisputeStatus[] = ["open", "under_review", "closed", "won", "lost"];
const PHASES: readonly DisputePhase[] = ["fraud", "retrieval", "chargeback", "pre_arbitration", "arbitration"];

/** open < under_review < the end. Of two ends that contradict each other the one that cost money counts: a person is told of both. */
export const disputeRank = (status: DisputeStatus): number => STATUSES.indexOf(status);
export const isDecided = (status: DisputeStatus): boolean => disputeRank(status) >= disputeRank("closed");

/** What all observations together say. Merging is commutative, associative and idempotent (property-tested). */
export type DisputeState = DisputeFact & {
  readonly actionRequired: boolean;
  /** The last moment at which it was said not to be decided, and the first at which an event of its own told the end, or an answer showed it. */
  readonly seenOpenAt: Instant | null;
  readonly decidedEventAt: Instant | null;
  readonly decidedSeenAt: Instant | null;
};

export function disputeStateOf({ dispute, feed, at, actionRequired }: DisputeObservation): DisputeState {
  const decided = isDecided(dispute.status);
  return {
    ...dispute,
    amountDeducted: dispute.status === "lost" ? dispute.amountDeducted : paise(0n),
    actionRequired: actionRequired === true,
    seenOpenAt: decided ? null : at,
    decidedEventAt: decided && feed === "webhook" ? at : null,
    decidedSeenAt: decided && feed !== "webhook" ? at : null,
  };
}

const later = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null ? b : b === null ? a : a > b ? a : b;
const earlier = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null ? b : b === null ? a : a < b ? a : b;
const greater = <T extends string | bigint>(a: T, b: T): T => (a > b ? a : b);

/** Joins two states of one dispute. */
export function mergeDisputes(a: DisputeState, b: DisputeState): DisputeState {
  return {
    id: a.id,
    paymentId: greater(a.paymentId, b.paymentId),
    amount: greater(a.amount, b.amount),
    amountDeducted: greater(a.amountDeducted, b.amountDeducted),
    reasonCode: greater(a.reasonCode, b.reasonCode),
    respondBy: later(a.respondBy, b.respondBy),
    status: disputeRank(a.status) >= disputeRank(b.status) ? a.status : b.status,
    phase: PHASES.indexOf(a.phase) >= PHASES.indexOf(b.phase) ? a.phase : b.phase,
    createdAt: earlier(a.createdAt, b.createdAt) ?? a.createdAt,
    actionRequired: a.actionRequired || b.actionRequired,
    seenOpenAt: later(a.seenOpenAt, b.seenOpenAt),
    decidedEventAt: earlier(a.decidedEventAt, b.decidedEventAt),
    decidedSeenAt: earlier(a.decidedSeenAt, b.decidedSeenAt),
  };
}

/** When it was decided: the event's own time, else when an answer first showed it. */
export function decidedAt(state: DisputeState): Instant | null {
  return isDecided(state.status) ? (state.decidedEventAt ?? state.decidedSeenAt) : null;
}

/** What is deducted when a dispute is lost: the gateway's figure; where it names none, the disputed sum. */
export function deductedOf(state: Pick<DisputeState, "status" | "amount" | "amountDeducted">): Paise {
  if (state.status !== "lost") return paise(0n);
  return state.amountDeducted > 0n ? state.amountDeducted : state.amount;
}

/**
 * How the loss of a dispute is borne: what had been refunded already went out twice and is claimed from the gateway; the rest opens the dues again.
 * The two sum to what was deducted.
 */
export function lossParts(
  deducted: Paise,
  payment: { readonly amount: bigint; readonly refunded: bigint },
): { readonly reopened: Paise; readonly adjusted: Paise } {
  const kept = payment.amount - payment.refunded;
  const reopened = kept <= 0n ? 0n : deducted < kept ? deducted : kept;
  return { reopened: paise(reopened), adjusted: paise(deducted - reopened) };
}

const amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const epoch = Type.Integer({ minimum: 0, maximum: 253_402_300_799 });
const Dispute = Type.Object({
  id: Type.String({ pattern: "^disp_[A-Za-z0-9]{14}$" }),
  payment_id: Type.String({ pattern: "^pay_[A-Za-z0-9]{14}$" }),
  amount: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  amount_deducted: Type.Optional(Type.Union([amount, Type.Null()])),
  currency: Type.Optional(Type.String()),
  reason_code: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
  respond_by: Type.Optional(Type.Union([epoch, Type.Null()])),
  status: Type.Union(STATUSES.map((s) => Type.Literal(s))),
  phase: Type.Optional(Type.Union(PHASES.map((p) => Type.Literal(p)))),
  created_at: epoch,
});

/** The entity, or undefined when the JSON is not one. */
export function parseDispute(json: unknown): DisputeFact | undefined {
  if (!Value.Check(Dispute, json)) return undefined;
  const d: Static<typeof Dispute> = json;
  if (d.currency !== undefined && d.currency !== "INR") return undefined;
  return {
    id: d.id,
    paymentId: d.payment_id,
    amount: paise(BigInt(d.amount)),
    amountDeducted: paise(BigInt(d.amount_deducted ?? 0)),
    reasonCode: d.reason_code ?? "unknown",
    respondBy: d.respond_by ? new Date(d.respond_by * 1000) : null,
    status: d.status as DisputeStatus,
    phase: (d.phase ?? "chargeback") as DisputePhase,
    createdAt: new Date(d.created_at * 1000),
  };
}
