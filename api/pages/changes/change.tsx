import type { VNode } from "preact";
import type { ChangeOutcome, ChangePreview, Consumer, Demand } from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Facts, Field, Flash, Form, Refused, sentence } from "../components.tsx";
import { Demand as Frame } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { Preview } from "./preview.tsx";
import { orderOf, periodOf, stateOf, titleOf } from "./words.ts";

export type ChangePageProps = {
  readonly view: View;
  readonly who: Who;
  readonly outcome: ChangeOutcome;
  readonly consumer: Consumer;
  /** Demands that it raised. */
  readonly raised: readonly Demand[];
  readonly names: ReadonlyMap<string, string>;
  /** While it waits: what it does, or why it cannot be done now. */
  readonly preview: ChangePreview | Refusal | undefined;
  readonly typedReason?: string;
  readonly refusal?: Refusal | undefined;
  readonly isNew: boolean;
};

export function ChangePage(props: ChangePageProps): VNode {
  const { view, outcome, consumer, preview } = props;
  const { change, entry } = outcome;
  const state = stateOf(change);
  const canReadBooks = READERS.books.some((role) => props.who.actor.roles.includes(role));
  return (
    <Frame view={view} title={titleOf(change.content.kind)} trail={[["Changes", "/demand/changes"]]}>
      {props.isNew && change.decision === null && <Flash>It is proposed and waits for another person.</Flash>}
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["State", <Badge kind={state.kind}>{state.says}</Badge>],
          [
            "Consumer",
            <a href={`/pay/${consumer.id}`}>
              {wordFor(view.t, "service", consumer.service)} {consumer.code}, {consumer.name}
            </a>,
          ],
          ["Date of the entry", formatDate(change.date)],
          ...(change.order === null ? [] : [["Order", orderOf(change)] as const]),
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
          ...(change.decision?.outcome === "approved"
            ? ([
                ["Taken off", `₹ ${formatIndian(outcome.reduced)}`],
                ["Became advance", `₹ ${formatIndian(outcome.advance)}`],
                [
                  "Entry",
                  entry === null ? (
                    "none: it stands in the books only when it is paid"
                  ) : canReadBooks ? (
                    <a href={`/books/entries/${entry.id}`}>{entry.number}</a>
                  ) : (
                    entry.number
                  ),
                ],
              ] as const)
            : []),
          ...(props.raised.length === 0 ? [] : [["Demands raised", props.raised.map(periodOf).join("; ")] as const]),
        ]}
      />
      {preview !== undefined && (
        <section aria-labelledby="what-it-does">
          <h2 id="what-it-does">What it does</h2>
          {"dues" in preview ? (
            <Preview preview={preview} names={props.names} />
          ) : (
            <Flash kind="problem">
              <p>It cannot be carried out as things stand. {sentence(preview.detail)}</p>
              <p class="code">{preview.code}</p>
            </Flash>
          )}
        </section>
      )}
      {change.decision === null && (
        <Decision
          view={view}
          who={props.who}
          at={`/demand/changes/${change.id}`}
          proposedBy={change.proposedBy}
          approving="The demands are changed and the entry is posted at once."
          typedReason={props.typedReason}
        />
      )}
    </Frame>
  );
}

/** The forms with which a proposal is decided: its maker takes it back, another person approves or rejects it. */
export function Decision(props: {
  readonly view: View;
  readonly who: Who;
  /** The address of the proposal. */
  readonly at: string;
  readonly proposedBy: string;
  /** What an approval does, as a sentence. */
  readonly approving: string;
  readonly typedReason?: string | undefined;
}): VNode {
  const { view, who, at } = props;
  const reason = (
    <Field label="Reason" name="reason" value={props.typedReason ?? ""} size="long" maxLength={500} isRequired />
  );
  if (props.proposedBy === who.actor.id) {
    return (
      <Form view={view} action={`${at}/withdraw`} class="panel" label="Withdraw">
        <h2>Withdraw</h2>
        <p>You proposed it: another person, a checker, approves or rejects it. You can take it back.</p>
        {reason}
        <button class="second">Withdraw it</button>
      </Form>
    );
  }
  if (!who.actor.roles.includes("checker")) return <Flash kind="note">A checker approves or rejects it.</Flash>;
  return (
    <>
      <Form view={view} action={`${at}/approve`} class="panel" label="Approve">
        <h2>Approve</h2>
        <p>{props.approving}</p>
        <button>Approve it</button>
      </Form>
      <Form view={view} action={`${at}/reject`} class="panel" label="Reject">
        <h2>Reject</h2>
        {reason}
        <button class="second">Reject it</button>
      </Form>
    </>
  );
}
