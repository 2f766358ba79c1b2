import type { VNode } from "preact";
import type { DemandRun } from "../../../billing/index.ts";
import { formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Amount, Badge, Field, Refused, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { count, periodOf, stateOf, whereOf } from "./words.ts";

/** A service that can be run, with the period of its rules' cycle in which today lies. */
export type Runnable = { readonly service: string; readonly period: string };

/** What was typed into the form of a run. */
export type Wanted = {
  readonly service: string;
  readonly period: string;
  readonly ward: string;
  readonly date: string;
};

export type Choices = { readonly runnable: readonly Runnable[]; readonly wards: readonly string[] };

export function RunsPage(props: {
  readonly view: View;
  readonly runs: readonly DemandRun[];
  readonly now: Date;
  /** Undefined for those who look only. */
  readonly choices: Choices | undefined;
  readonly wanted: Wanted;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, runs, now } = props;
  return (
    <Demand view={view} title="Demand runs">
      <p>
        A run charges every active consumer of a service for a period, by the approved rules. It goes on by itself,
        batch by batch, each with one entry in the books; nobody is charged twice.
      </p>
      <Refused refusal={props.refusal} />
      {props.choices && <WantedForm view={view} choices={props.choices} wanted={props.wanted} />}
      <h2>Runs</h2>
      <Table
        caption="Runs, the newest first"
        hideCaption
        stacks
        empty="No demand was run yet."
        columns={[
          { title: "Run" },
          { title: "State" },
          { title: "Raised", kind: "amount" },
          { title: "Refused", kind: "amount" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Started" },
        ]}
        rows={runs.map((run) => {
          const state = stateOf(run, now);
          return {
            cells: [
              <a href={`/demand/runs/${run.id}`}>
                {wordFor(view.t, "service", run.service)} {periodOf(run)}, {whereOf(run.ward)}
              </a>,
              <Badge kind={state.kind}>{state.says}</Badge>,
              count(run.raised),
              count(run.refused),
              <Amount value={run.total} />,
              `${formatMoment(run.startedAt)} by ${run.startedBy}`,
            ],
          };
        })}
      />
    </Demand>
  );
}

function WantedForm(props: { readonly view: View; readonly choices: Choices; readonly wanted: Wanted }): VNode {
  const { view, wanted } = props;
  const { runnable, wards } = props.choices;
  if (runnable.length === 0) {
    return (
      <p class="empty">
        No rules are approved yet: <a href="/demand/rates">rates</a> come first.
      </p>
    );
  }
  const proposals = runnable.map((r) => `${wordFor(view.t, "service", r.service)} ${r.period}`).join("; ");
  return (
    <form method="get" action="/demand/runs/preview" class="panel" aria-label="A new run">
      <h2>A new run</h2>
      <div class="fields">
        <Select
          label="Service"
          name="service"
          value={wanted.service}
          options={runnable.map((r) => ({ value: r.service, label: wordFor(view.t, "service", r.service) }))}
        />
        <Field
          label="Period"
          name="period"
          value={wanted.period}
          hint={`The running one when empty: ${proposals}`}
          size="short"
          maxLength={20}
        />
        <Select
          label="Ward"
          name="ward"
          value={wanted.ward}
          options={[{ value: "", label: "The whole city" }, ...wards.map((w) => ({ value: w, label: w }))]}
        />
        <Field label="Date of the entry" name="date" type="date" value={wanted.date} size="short" isRequired />
      </div>
      <button>Preview</button>
    </form>
  );
}
