import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { ConsumerDraft } from "./consumers.ts";
import type { Owner, OwnerDraft } from "./owners.ts";

/** What a mutation may change of a consumer. */
export type Particulars = Omit<ConsumerDraft, "service" | "code">;

/** A consumer that comes of a split, with the dues that go with it; without an amount all that is due under the head. */
export type SplitPart = Omit<ConsumerDraft, "service"> & {
  readonly owners?: readonly OwnerDraft[];
  readonly dues?: readonly { readonly demandId: string; readonly taxHead: string; readonly amount?: Paise }[];
};

export type ConsumerChangeContent =
  /** Other owners, another name, address or ward. Without a name the consumer is named after its new owners. */
  | {
      readonly kind: "mutation";
      readonly consumerId: string;
      readonly to: Partial<Particulars>;
      readonly owners?: readonly OwnerDraft[];
    }
  /** The consumer is used no more; its dues and its advance go over to another of the same service. */
  | { readonly kind: "merge"; readonly consumerId: string; readonly intoConsumerId: string }
  /** New consumers come of one; its dues stay with it unless they are named. With `closes` it is used no more. */
  | {
      readonly kind: "split";
      readonly consumerId: string;
      readonly into: readonly SplitPart[];
      readonly closes?: boolean;
    };

export type ConsumerChangeKind = ConsumerChangeContent["kind"];

export type ConsumerChangeProposal = {
  /** Names the fact: the same change is proposed once. */
  readonly changeId?: string;
  /** The day from which it counts, not later than today. */
  readonly date: LocalDate;
  readonly reason: string;
  /** The deed, order or application on which it rests. */
  readonly document: { readonly number: string; readonly date: LocalDate };
  readonly content: ConsumerChangeContent;
};

export type ConsumerChange = ConsumerChangeProposal & {
  readonly id: string;
  readonly kind: ConsumerChangeKind;
  /** What a mutation changes, as it was when it was proposed. */
  readonly seen: Partial<Particulars>;
  /** Who owned the consumer on the day of the change when it was proposed; null unless the change brings other owners. */
  readonly seenOwners: readonly Owner[] | null;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decision: {
    readonly outcome: "approved" | "rejected" | "withdrawn";
    readonly by: string;
    readonly at: Date;
    readonly reason: string | null;
  } | null;
};

type Kept = {
  readonly content: ConsumerChangeContent;
  readonly seen: Partial<Particulars>;
  readonly seenOwners: readonly Owner[] | null;
};

/** Amounts are text in it: JSON numbers lose paise. */
export function contentToJson(kept: Kept): string {
  return JSON.stringify(kept, (_key, value: unknown) => (typeof value === "bigint" ? toRupees(value as Paise) : value));
}

/** What `contentToJson` wrote; nothing else writes it. */
export function contentFromJson(json: string): Kept {
  return JSON.parse(json, (key, value: unknown) =>
    key === "amount" && typeof value === "string" ? rupees(value) : value,
  ) as Kept;
}
