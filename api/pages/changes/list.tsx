import type { VNode } from "preact";
import type { Consumer, DemandChange } from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import { Badge, Pagination, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { orderOf, stateOf, STATUSES, titleOf } from "./words.ts";

export function ChangesPage(props: {
  readonly view: View;
  readonly changes: readonly DemandChange[];
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly status: string;
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly canPropose: boolean;
}): VNode {
  const { view, consumers } = props;
  return (
    <Demand view={view} title="Changes of demands">
      <p>
        A posted demand is never edited. A change is proposed by one person, approved by another, and then posted with
        its own entry.
      </p>
      {props.canPropose && (
        <p class="actions">
          <a class="button" href="/demand/changes/new">
            Propose a change
          </a>
        </p>
      )}
      <form method="get" action="/demand/changes" class="filter" aria-label="Which changes">
        <Select
          label="State"
          name="status"
          value={props.status}
          options={[{ value: "", label: "all" }, ...STATUSES.map((s) => ({ value: s, label: s }))]}
        />
        <button class="second">Show</button>
      </form>
      <Table
        caption="Changes, the newest first"
        hideCaption
        stacks
        empty="There is no such change."
        columns={[
          { title: "Change" },
          { title: "Consumer" },
          { title: "State" },
          { title: "Date" },
          { title: "Order" },
          { title: "Reason" },
          { title: "Proposed" },
        ]}
        rows={props.changes.map((change) => {
          const state = stateOf(change);
          const consumer = consumers.get(change.consumerId);
          return {
            cells: [
              <a href={`/demand/changes/${change.id}`}>{titleOf(change.content.kind)}</a>,
              consumer ? `${wordFor(view.t, "service", consumer.service)} ${consumer.code}, ${consumer.name}` : "",
              <Badge kind={state.kind}>{state.says}</Badge>,
              formatDate(change.date),
              orderOf(change),
              change.reason,
              `${formatMoment(change.proposedAt)} by ${change.proposedBy}`,
            ],
          };
        })}
      />
      <Pagination first={props.first} next={props.next} />
    </Demand>
  );
}
