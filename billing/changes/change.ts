import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { DemandDraft } from "../demands.ts";

/** What is to be taken off under a head; without `cess` the cess's share of the own amount goes with it. */
export type HeadReduction = {
  readonly demandId: string;
  readonly taxHead: string;
  readonly own: Paise;
  readonly cess?: Paise;
};

/** What a change changes. Amounts are more than nothing. */
export type ChangeContent =
  /** More under named heads of one demand: a supplementary demand for its period. */
  | {
      readonly kind: "debit-note";
      readonly demandId: string;
      readonly dueDate: LocalDate;
      readonly lines: DemandDraft["lines"];
    }
  /** Less under named heads, up to what is due: that much was never owed. */
  | { readonly kind: "credit-note"; readonly items: readonly HeadReduction[] }
  /** Relief that an authority grants by order; with `intoPaid` also of what is paid, which becomes the consumer's advance. */
  | {
      readonly kind: "remission" | "exemption";
      readonly items: readonly HeadReduction[];
      readonly intoPaid?: boolean;
    }
  /** Whole demands that were raised in error. */
  | { readonly kind: "cancellation"; readonly demandIds: readonly string[] }
  /** Demands for earlier years that were left out. */
  | {
      readonly kind: "retrospective";
      readonly consumerId: string;
      readonly periods: readonly Omit<DemandDraft, "consumerId">[];
    }
  /** Arrears that pass to another consumer; without an amount all that is due under the head. */
  | {
      readonly kind: "transfer";
      readonly toConsumerId: string;
      readonly items: readonly { readonly demandId: string; readonly taxHead: string; readonly amount?: Paise }[];
    };

export type ChangeKind = ChangeContent["kind"];

export type ChangeProposal = {
  /** Names the fact: the same change is proposed once. */
  readonly changeId?: string;
  /** The date of the entry, once it is approved. */
  readonly date: LocalDate;
  readonly reason: string;
  /** Compulsory for remissions, exemptions and retrospective demands. */
  readonly order?: { readonly number?: string | null; readonly date?: LocalDate | null };
  readonly content: ChangeContent;
};

export type DemandChange = {
  readonly id: string;
  readonly consumerId: string;
  readonly date: LocalDate;
  readonly reason: string;
  readonly order: { readonly number: string; readonly date: LocalDate } | null;
  readonly content: ChangeContent;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decision: {
    readonly outcome: "approved" | "rejected" | "withdrawn";
    readonly by: string;
    readonly at: Date;
    readonly reason: string | null;
  } | null;
};

const AMOUNTS = new Set(["amount", "own", "cess"]);

/** Amounts are text in it: JSON numbers lose paise. */
export function contentToJson(content: ChangeContent): string {
  return JSON.stringify(content, (_key, value: unknown) =>
    typeof value === "bigint" ? toRupees(value as Paise) : value,
  );
}

/** What `contentToJson` wrote; nothing else writes it. */
export function contentFromJson(json: string): ChangeContent {
  return JSON.parse(json, (key, value: unknown) =>
    AMOUNTS.has(key) && typeof value === "string" ? rupees(value) : value,
  ) as ChangeContent;
}
