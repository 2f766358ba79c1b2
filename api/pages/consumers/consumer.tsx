import type { VNode } from "preact";
import type { Consumer, ConsumerChange, ConsumerEvent, Owner } from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import { formatIndian, type Paise } from "../../../ledger/kernel/money.ts";
import { Badge, Facts, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { differences, KINDS, PARTICULARS, titleOf } from "./words.tsx";

/** One consumer: particulars, owners, what is due, and what became of it. */
export function ConsumerPage(props: {
  readonly view: View;
  readonly consumer: Consumer;
  /** Owners today. */
  readonly owners: readonly Owner[];
  readonly due: Paise;
  readonly history: readonly ConsumerEvent[];
  readonly waiting: readonly ConsumerChange[];
  readonly canPropose: boolean;
}): VNode {
  const { view, consumer, owners, waiting } = props;
  const at = `/demand/consumers/${consumer.id}`;
  return (
    <Demand
      view={view}
      title={`${wordFor(view.t, "service", consumer.service)} ${consumer.code}`}
      trail={[["Consumers", "/demand/consumers"]]}
    >
      <Facts
        facts={[
          ...PARTICULARS.flatMap(({ field, label }) => {
            const value = consumer[field] ?? "";
            return value === "" ? [] : [[label, value] as const];
          }),
          [
            "In use",
            consumer.isActive ? <Badge kind="good">in use</Badge> : <Badge kind="bad">not in use any more</Badge>,
          ],
          ["Due", `₹ ${formatIndian(props.due)}, without the penalty up to today`],
          ["Advance", `₹ ${formatIndian(consumer.advance)}`],
        ]}
      />
      <p class="inline-links">
        <a href={`/pay/${consumer.id}`}>Bill</a>{" "}
        <a href={`/demand/changes?consumer=${consumer.id}`}>Changes of demands</a>
      </p>
      <Table
        caption="Owners today"
        stacks
        empty="No owners are entered; a mutation enters them."
        columns={[{ title: "Owner" }, { title: "Share" }, { title: "Guardian or relation" }, { title: "Mobile" }]}
        rows={owners.map((o) => ({
          cells: [
            o.nameLocal === null ? o.name : `${o.name} (${o.nameLocal})`,
            o.share,
            o.guardian === null ? "" : `${o.relation ?? ""} ${o.guardian}`,
            o.mobile ?? "",
          ],
        }))}
      />
      {waiting.length > 0 && (
        <section aria-labelledby="waiting">
          <h2 id="waiting">Waits for a decision</h2>
          <ul>
            {waiting.map((w) => (
              <li>
                <a href={`/demand/consumers/changes/${w.id}`}>{titleOf(w.kind)}</a>, {w.reason}, proposed by{" "}
                {w.proposedBy}
              </li>
            ))}
          </ul>
        </section>
      )}
      {props.canPropose && consumer.isActive && (
        <section aria-labelledby="propose">
          <h2 id="propose">Propose a change</h2>
          <ul>
            {KINDS.map((k) => (
              <li>
                <a href={`${at}/${k.kind}`}>{k.title}</a>: {k.says}
              </li>
            ))}
          </ul>
        </section>
      )}
      <History history={props.history} />
    </Demand>
  );
}

function History({ history }: { readonly history: readonly ConsumerEvent[] }): VNode {
  const related = (of: ConsumerEvent["from"]): (VNode | string)[] =>
    of.flatMap((c, i) => [i === 0 ? "" : ", ", <a href={`/demand/consumers/${c.id}`}>{c.code}</a>]);
  return (
    <Table
      caption="History, the newest first"
      stacks
      columns={[
        { title: "Event" },
        { title: "Counts from" },
        { title: "What changed" },
        { title: "Reason" },
        { title: "Document" },
        { title: "By" },
      ]}
      rows={history.map((event) => ({
        cells: [
          event.kind === "entered" || event.changeId === null ? (
            "Entered"
          ) : (
            <a href={`/demand/consumers/changes/${event.changeId}`}>{titleOf(event.kind)}</a>
          ),
          event.date === null ? "" : formatDate(event.date),
          <>
            {event.from.length > 0 && (
              <div>
                {related(event.from)} into {related(event.to)}
              </div>
            )}
            {differences(event.before, event.after).map((d) => (
              <div>
                {d.what}: {d.before === "" ? "" : `${d.before} → `}
                {d.after === "" ? "nothing" : d.after}
              </div>
            ))}
          </>,
          event.reason ?? "",
          event.document === null ? "" : `${event.document.number} of ${formatDate(event.document.date)}`,
          event.approvedBy === null
            ? `${event.by}, ${formatMoment(event.at)}`
            : `${event.by}, approved by ${event.approvedBy}, ${formatMoment(event.at)}`,
        ],
      }))}
    />
  );
}
