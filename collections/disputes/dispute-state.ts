import type { Instant } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { GatewayDispute } from "../gateway/index.ts";

export type DisputeStatus = GatewayDispute["status"];
export type DisputePhase = GatewayDispute["phase"];

export type DisputeFeed = "webhook" | "poll" | "settlement" | "answer";

/** What one feed said about one dispute; see payments' Observation. */
export type DisputeObservation = {
  readonly dispute: GatewayDispute;
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
export type DisputeState = GatewayDispute & {
  /** When the bank last asked for more: an answer of before does not count any more. */
  readonly actionRequiredAt: Instant | null;
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
    actionRequiredAt: actionRequired === true ? at : null,
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
    actionRequiredAt: later(a.actionRequiredAt, b.actionRequiredAt),
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
