import type { ChangeKind, DemandChange } from "../../../billing/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";

export const KINDS: readonly { readonly kind: ChangeKind; readonly title: string; readonly says: string }[] = [
  { kind: "debit-note", title: "Debit note", says: "more under named heads of a demand" },
  { kind: "credit-note", title: "Credit note", says: "less under named heads, up to what is due: it was never owed" },
  { kind: "remission", title: "Remission", says: "relief that an authority grants by order" },
  { kind: "exemption", title: "Exemption", says: "relief because the law exempts, by order" },
  { kind: "cancellation", title: "Cancellation", says: "whole demands that were raised in error" },
  {
    kind: "retrospective",
    title: "Retrospective demand",
    says: "demands of earlier years that were left out, by order",
  },
  { kind: "transfer", title: "Transfer of arrears", says: "what is due passes to another consumer of the service" },
];

export const titleOf = (kind: ChangeKind): string => KINDS.find((k) => k.kind === kind)?.title ?? kind;

export type ChangeStatus = "waiting" | "approved" | "rejected" | "withdrawn";
export const STATUSES: readonly ChangeStatus[] = ["waiting", "approved", "rejected", "withdrawn"];

/** Where a change stands, in words. */
export function stateOf(change: DemandChange): { readonly says: ChangeStatus; readonly kind: "good" | "bad" | "wait" } {
  const says = change.decision?.outcome ?? "waiting";
  return { says, kind: says === "approved" ? "good" : says === "waiting" ? "wait" : "bad" };
}

export const orderOf = (change: DemandChange): string =>
  change.order === null ? "" : `${change.order.number} of ${formatDate(change.order.date)}`;

export const periodOf = (p: { readonly periodFrom: LocalDate; readonly periodTo: LocalDate }): string =>
  `${formatDate(p.periodFrom)} – ${formatDate(p.periodTo)}`;
