import type { VNode } from "preact";
import type { DemandRun, LoadedRuleFile, NotCharged } from "../../../billing/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Facts, Field, Flash, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { fileName } from "../rates/list.tsx";
import { count, pace, periodOf, stateOf, whereOf } from "./words.ts";

export function RunPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly run: DemandRun;
  readonly ruleFile: LoadedRuleFile;
  readonly refusals: readonly NotCharged[];
  /** Demands of it that are not cancelled. */
  readonly standing: number;
  readonly now: Date;
  readonly today: LocalDate;
  readonly isStill: boolean;
  readonly typed?: { readonly reason: string; readonly date: string } | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, run, who, refusals } = props;
  const at = `/demand/runs/${run.id}`;
  const state = stateOf(run, props.now);
  const isOpen = state.is === "going" || state.is === "stopped";
  const speed = pace(run);
  const canReadBooks = READERS.books.some((role) => who.actor.roles.includes(role));
  return (
    <Demand
      view={view}
      title={`${wordFor(view.t, "service", run.service)} ${periodOf(run)}, ${whereOf(run.ward)}`}
      trail={[["Demand runs", "/demand/runs"]]}
    >
      <Refused refusal={props.refusal} />
      {isOpen && (
        <section class="panel" aria-label="Progress">
          <label for="f-progress">
            {count(run.done)} of {count(run.consumers)} consumers
          </label>
          <progress id="f-progress" value={run.done} max={Math.max(run.consumers, 1)} />
          {state.is === "going" && (
            <p class="quiet">
              {props.isStill ? (
                <a href={at}>Look again every few seconds</a>
              ) : (
                <>
                  This page looks again every few seconds. <a href={`${at}?still=1`}>Leave it as it is</a>
                </>
              )}
            </p>
          )}
        </section>
      )}
      {state.is === "stopped" && <GoOn view={view} who={who} at={at} />}
      <Facts
        facts={[
          ["State", <Badge kind={state.kind}>{state.says}</Badge>],
          ...(state.is === "going" && speed
            ? ([
                ["Consumers a second", speed.perSecond],
                ["Time left", speed.left],
              ] as const)
            : []),
          ["Raised", `${count(run.raised)} demands, ₹ ${formatIndian(run.total)}`],
          ["Demanded already", count(run.already)],
          ["Cannot be charged", count(run.refused)],
          ["Rules", <a href={`/demand/rates/${props.ruleFile.id}`}>{fileName(props.ruleFile)}</a>],
          [
            "Date of the entries",
            <>
              {formatDate(run.date)}
              {canReadBooks && run.batches > 0 && (
                <>
                  {" · "}
                  <a href={`/books/day-book?from=${run.date}&to=${run.date}`}>
                    Day book of the day, {run.batches === 1 ? "one batch" : `${count(run.batches)} batches`}
                  </a>
                </>
              )}
            </>,
          ],
          ["Started", `${formatMoment(run.startedAt)} by ${run.startedBy}`],
          ...(run.finishedAt === null ? [] : [["Finished", formatMoment(run.finishedAt)] as const]),
          ...(run.cancelledAt === null
            ? []
            : ([
                ["Cancelled", `${formatMoment(run.cancelledAt)} by ${run.cancelledBy ?? ""}`],
                ["Reason", run.cancelReason ?? ""],
              ] as const)),
        ]}
      />
      {run.refused > 0 && (
        <>
          <h2>Who could not be charged</h2>
          <p>
            When their facts are mended, a further run of the same period charges them.{" "}
            <a href={`${at}/refusals.csv`}>All {count(run.refused)} as CSV</a>
          </p>
          <Table
            caption={refusals.length < run.refused ? `The first ${count(refusals.length)}` : "One by one"}
            stacks
            columns={[{ title: "Consumer" }, { title: "Ward" }, { title: "Why" }, { title: "Code", kind: "code" }]}
            rows={refusals.map((r) => ({ cells: [r.consumer, r.ward, r.message, r.code] }))}
          />
        </>
      )}
      <Cancel {...props} at={at} />
    </Demand>
  );
}

function GoOn(props: { readonly view: View; readonly who: Who; readonly at: string }): VNode {
  return (
    <>
      <Flash kind="note">
        No batch was done for a minute. The run goes on by itself once what holds it up is mended; what has been raised
        stays.
      </Flash>
      {props.who.actor.roles.includes("superintendent") && (
        <Form view={props.view} action={`${props.at}/continue`} label="Go on">
          <button>Do the next batch now, and say what is wrong</button>
        </Form>
      )}
    </>
  );
}

function Cancel(props: Parameters<typeof RunPage>[0] & { readonly at: string }): VNode | null {
  const { run, who, view, standing } = props;
  const isCancelled = run.cancelledAt !== null;
  if (isCancelled && standing === 0) return null;
  if (!who.actor.roles.includes("checker")) {
    return <p class="quiet">The whole run can be cancelled by a checker who did not start it.</p>;
  }
  if (run.startedBy === who.actor.id) return <p class="quiet">You started this run: another person cancels it.</p>;
  return (
    <Form view={view} action={`${props.at}/cancel`} class="panel" label="Cancel the run">
      <h2>{isCancelled ? "Finish the cancellation" : "Cancel the run"}</h2>
      <p>
        {isCancelled
          ? `${count(standing)} demands of it still stand. `
          : `Its ${count(standing)} demands are cancelled and nothing more of it is raised. `}
        Each batch is taken back by one entry; what was paid becomes the consumers' advance.
      </p>
      <Field
        label="Reason"
        name="reason"
        value={props.typed?.reason ?? run.cancelReason ?? ""}
        size="long"
        maxLength={500}
        isRequired
      />
      <Field
        label="Date of the entries"
        name="date"
        type="date"
        value={props.typed?.date ?? props.today}
        size="short"
        isRequired
      />
      <button>{isCancelled ? "Go on" : "Cancel the run"}</button>
    </Form>
  );
}
