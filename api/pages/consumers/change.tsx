import type { VNode } from "preact";
import type {
  Consumer,
  ConsumerChange,
  ConsumerEvent,
  Owner,
  PlannedChange,
  SplitPart,
} from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { add, formatIndian, type Paise } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Decision } from "../changes/change.tsx";
import { Badge, Facts, Flash, Refused, sentence } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { BeforeAfter, differences, ownersText, PARTICULARS, stateOf, titleOf, type Difference } from "./words.tsx";

/** A consumer of a change with what it owes now. */
export type Party = { readonly consumer: Consumer; readonly due: Paise };

export type ConsumerChangeSight = {
  readonly change: ConsumerChange;
  readonly party: Party;
  /** Owners on the day of the change. */
  readonly owners: readonly Owner[];
  /** For a merge: who takes it over. */
  readonly into: Party | undefined;
  /** What was done, once it is approved. */
  readonly event: ConsumerEvent | undefined;
  readonly duesOfDemands: readonly { readonly demandId: string; readonly demandYear: string }[];
};

/** One proposal, before and after, and the forms to decide it. */
export function ConsumerChangePage(props: {
  readonly view: View;
  readonly who: Who;
  readonly sight: ConsumerChangeSight;
  /** While it waits: what it does, or why it cannot be done now. */
  readonly planned: PlannedChange | Refusal | undefined;
  readonly typedReason?: string;
  readonly refusal?: Refusal | undefined;
  readonly isNew: boolean;
}): VNode {
  const { view, sight, planned } = props;
  const { change, party } = sight;
  const { consumer } = party;
  const state = stateOf(change);
  const plan = planned !== undefined && "does" in planned ? planned : undefined;
  const hindrance = planned !== undefined && !("does" in planned) ? planned : undefined;
  return (
    <Demand
      view={view}
      title={titleOf(change.kind)}
      trail={[
        ["Consumers", "/demand/consumers"],
        ["Changes", "/demand/consumers/changes"],
      ]}
    >
      {props.isNew && change.decision === null && <Flash>It is proposed and waits for another person.</Flash>}
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["State", <Badge kind={state.kind}>{state.says}</Badge>],
          [
            "Consumer",
            <a href={`/demand/consumers/${consumer.id}`}>
              {wordFor(view.t, "service", consumer.service)} {consumer.code}, {consumer.name}
            </a>,
          ],
          ["Counts from", formatDate(change.date)],
          ["Document", `${change.document.number} of ${formatDate(change.document.date)}`],
          ["Reason", change.reason],
          ["Proposed", `${formatMoment(change.proposedAt)} by ${change.proposedBy}`],
          ...(change.decision === null
            ? []
            : [
                [
                  sentence(change.decision.outcome).slice(0, -1),
                  `${formatMoment(change.decision.at)} by ${change.decision.by}`,
                ] as const,
                ...(change.decision.reason === null ? [] : [["Because", change.decision.reason] as const]),
              ]),
        ]}
      />
      {hindrance && (
        <Flash kind="problem">
          <p>It cannot be carried out as things stand. {sentence(hindrance.detail)}</p>
          <p class="code">{hindrance.code}</p>
        </Flash>
      )}
      <BeforeAfter
        caption={change.decision?.outcome === "approved" ? "What it changed" : "What it would change"}
        rows={sight.event ? differences(sight.event.before, sight.event.after) : proposed(sight, plan)}
      />
      {change.decision === null && (
        <Decision
          view={view}
          who={props.who}
          at={`/demand/consumers/changes/${change.id}`}
          proposedBy={change.proposedBy}
          approving={APPROVING[change.kind]}
          typedReason={props.typedReason}
        />
      )}
    </Demand>
  );
}

const APPROVING = {
  mutation: "The consumer has the new particulars and owners at once; its dues stay.",
  merge: "Dues and advance go over at once, and the merged consumer is used no more.",
  split: "The new consumers are entered at once, with the dues that are given to them.",
} as const;

/** What is proposed, beside what is now. */
function proposed(sight: ConsumerChangeSight, plan: PlannedChange | undefined): readonly Difference[] {
  const { change, party, into } = sight;
  const { content } = change;
  switch (content.kind) {
    case "mutation": {
      const to = plan?.does === "mutation" ? plan.after : content.to;
      const fields = PARTICULARS.filter(({ field }) => field in change.seen);
      return [
        ...fields.map(({ field, label }) => ({
          what: label,
          before: change.seen[field] ?? "",
          after: field in to ? (to[field] ?? "") : "after its new owners",
        })),
        ...(content.owners
          ? [{ what: "Owners", before: ownersText(sight.owners), after: ownersText(content.owners) }]
          : []),
      ];
    }
    case "merge": {
      const { consumer, due } = party;
      const rows = (who: string, ...lines: readonly (readonly [string, string, string])[]): Difference[] =>
        lines.map(([what, before, after]) => ({ what: `${who}: ${what}`, before, after }));
      return [
        ...rows(
          consumer.code,
          ["Dues (₹)", formatIndian(due), "0.00"],
          ["Advance (₹)", formatIndian(consumer.advance), "0.00"],
          ["In use", consumer.isActive ? "yes" : "no", "no"],
        ),
        ...(into === undefined
          ? []
          : rows(
              `${into.consumer.code}, ${into.consumer.name}`,
              ["Dues (₹)", formatIndian(into.due), formatIndian(add(into.due, due))],
              [
                "Advance (₹)",
                formatIndian(into.consumer.advance),
                formatIndian(add(into.consumer.advance, consumer.advance)),
              ],
            )),
      ];
    }
    case "split":
      return [
        ...content.into.map((part) => ({ what: part.code, before: "", after: partText(part, sight) })),
        {
          what: `${party.consumer.code}: In use`,
          before: party.consumer.isActive ? "yes" : "no",
          after: content.closes === true ? "no" : "yes",
        },
      ];
  }
}

function partText(part: SplitPart, sight: ConsumerChangeSight): string {
  const years = new Map(sight.duesOfDemands.map((d) => [d.demandId, d.demandYear]));
  const dues = (part.dues ?? []).map((d) => {
    const amount = d.amount === undefined ? "all that is due" : `₹ ${formatIndian(d.amount)}`;
    return `${amount} of ${[d.taxHead, years.get(d.demandId)].filter(Boolean).join(" ")}`;
  });
  return [
    part.name,
    part.address,
    `ward ${part.ward}`,
    ...(part.mobile ? [part.mobile] : []),
    ...(part.owners ? [`owners ${ownersText(part.owners)}`] : []),
    dues.length === 0 ? "no dues" : dues.join(", "),
  ].join("; ");
}
