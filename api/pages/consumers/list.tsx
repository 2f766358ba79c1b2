import type { VNode } from "preact";
import type { Consumer, ConsumerChange } from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import { Badge, Field, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { stateOf, titleOf } from "./words.tsx";

/** The first page: whom one looks for, and who was found. */
export function FindConsumersPage(props: {
  readonly view: View;
  readonly query: string;
  readonly found: readonly Consumer[];
}): VNode {
  const { view } = props;
  return (
    <Demand view={view} title="Consumers">
      <p>
        A name, an owner or a ward is never just edited: it is proposed with its document by one person and approved by
        another. <a href="/demand/consumers/changes">Proposals that wait</a>
      </p>
      <form method="get" action="/demand/consumers" class="filter" role="search" aria-label="Find a consumer">
        <Field
          label="Consumer"
          name="q"
          type="search"
          value={props.query}
          hint="Any part of name, number, address or mobile, however the name is spelled"
          maxLength={100}
          isRequired
          hasFocus
        />
        <button>Find</button>
      </form>
      {props.query !== "" && (
        <Table
          caption="Consumers found"
          stacks
          empty="No consumer was found."
          columns={[
            { title: "Number" },
            { title: "Name" },
            { title: "Service" },
            { title: "Address" },
            { title: "Ward" },
            { title: "In use" },
          ]}
          rows={props.found.map((c) => ({
            cells: [
              <a href={`/demand/consumers/${c.id}`}>{c.code}</a>,
              c.name,
              wordFor(view.t, "service", c.service),
              c.address,
              c.ward,
              c.isActive ? "yes" : "no",
            ],
          }))}
        />
      )}
    </Demand>
  );
}

/** Proposals that wait for a decision, or all. */
export function ConsumerChangesPage(props: {
  readonly view: View;
  readonly changes: readonly ConsumerChange[];
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly status: "waiting" | "all";
}): VNode {
  const { view, consumers } = props;
  return (
    <Demand view={view} title="Changes of consumers" trail={[["Consumers", "/demand/consumers"]]}>
      <form method="get" action="/demand/consumers/changes" class="filter" aria-label="Which changes">
        <Select
          label="State"
          name="status"
          value={props.status}
          options={[
            { value: "waiting", label: "waiting" },
            { value: "all", label: "all" },
          ]}
        />
        <button class="second">Show</button>
      </form>
      <Table
        caption="Changes of consumers, the newest first"
        hideCaption
        stacks
        empty={props.status === "waiting" ? "Nothing waits for a decision." : "There is no change of a consumer."}
        columns={[
          { title: "Change" },
          { title: "Consumer" },
          { title: "State" },
          { title: "Date" },
          { title: "Document" },
          { title: "Reason" },
          { title: "Proposed" },
        ]}
        rows={props.changes.map((change) => {
          const state = stateOf(change);
          const consumer = consumers.get(change.content.consumerId);
          return {
            cells: [
              <a href={`/demand/consumers/changes/${change.id}`}>{titleOf(change.kind)}</a>,
              consumer ? `${wordFor(view.t, "service", consumer.service)} ${consumer.code}, ${consumer.name}` : "",
              <Badge kind={state.kind}>{state.says}</Badge>,
              formatDate(change.date),
              `${change.document.number} of ${formatDate(change.document.date)}`,
              change.reason,
              `${formatMoment(change.proposedAt)} by ${change.proposedBy}`,
            ],
          };
        })}
      />
    </Demand>
  );
}
