import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  closePeriod,
  closeProblems,
  listPeriods,
  periodStatus,
  reopenPeriod,
  type PeriodStatus,
} from "../../ledger/index.ts";
import {
  formatMoment,
  period as periodFrom,
  periodEnd,
  periodName,
  periodStart,
  type Period,
} from "../../ledger/kernel/dates.ts";
import type { Problem, Refusal } from "../../ledger/kernel/errors.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { closeChecks } from "../close-checks.ts";
import { Books } from "./books-frame.tsx";
import { Badge, Crumbs, Facts, Field, Flash, Form, Refused, sentence, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

export type CheckResult = { readonly name: string; readonly problems: readonly Problem[] };

export function PeriodsPage({
  view,
  periods,
}: {
  readonly view: View;
  readonly periods: readonly PeriodStatus[];
}): VNode {
  return (
    <Books view={view} title="Periods" tab="periods">
      <h1>Periods</h1>
      <p>A closed month takes no more entries. Months are closed in order, after every check holds.</p>
      <Table
        caption="Months of the books"
        hideCaption
        stacks
        empty="No financial year was opened yet."
        columns={[
          { title: "Month" },
          { title: "Status" },
          { title: "Changed" },
          { title: "Reason" },
          { title: "Look", kind: "action" },
        ]}
        rows={periods.map((p) => ({
          cells: [
            periodName(p.period),
            <Badge kind={p.status === "open" ? "wait" : "good"}>{p.status}</Badge>,
            p.changedAt ? `${formatMoment(p.changedAt)} by ${p.changedBy ?? "?"}` : "",
            p.reason ?? "",
            <a href={`/books/periods/${p.period}`}>
              {p.status === "open" ? "Check and close" : "Look"}
              <span class="sr"> {periodName(p.period)}</span>
            </a>,
          ],
        }))}
      />
    </Books>
  );
}

/** Where a problem is put right. */
function remedy(problem: Problem, period: Period): readonly [string, string] | undefined {
  const range = `from=${periodStart(period)}&to=${periodEnd(period)}`;
  if (problem.code === "VOUCHERS_PENDING") return ["Vouchers", "/books/vouchers?status=submitted"];
  if (problem.code === "EARLIER_PERIOD_OPEN") return ["Periods", "/books/periods"];
  if (problem.code === "NOT_DEPOSITED") return ["Deposits", "/books/money"];
  if (/^(BANK|BRS|SETTLEMENT)/.test(problem.code)) return ["Bank", "/books/bank"];
  if (problem.code === "SESSION_OPEN") return ["the counter closes its session", "/counter"];
  if (problem.code.startsWith("TIE")) return ["Ties", "/books#ties"];
  if (problem.code === "FUND_OFF") return ["Trial balance", `/books/trial-balance?${range}`];
  return undefined;
}

export function PeriodPage(props: {
  readonly view: View;
  readonly status: PeriodStatus;
  readonly checks: readonly CheckResult[];
  readonly can: { readonly close: boolean; readonly reopen: boolean };
  readonly refusal?: Refusal | undefined;
  readonly typedReason?: string;
}): VNode {
  const { view, status, checks } = props;
  const failing = checks.filter((c) => c.problems.length > 0).length;
  const at = `/books/periods/${status.period}`;
  return (
    <Books view={view} title={periodName(status.period)} tab="periods">
      <Crumbs trail={[["Periods", "/books/periods"]]} />
      <h1>
        {periodName(status.period)} <Badge kind={status.status === "open" ? "wait" : "good"}>{status.status}</Badge>
      </h1>
      {status.changedAt && (
        <Facts
          facts={[
            ["Changed", `${formatMoment(status.changedAt)} by ${status.changedBy ?? "?"}`],
            ...(status.reason === null ? [] : [["Reason", status.reason] as const]),
          ]}
        />
      )}
      <Refused refusal={props.refusal} />
      {status.status === "open" ? (
        <>
          {failing === 0 ? (
            <Flash>Dry run: every check holds. The month can be closed.</Flash>
          ) : (
            <Flash kind="note">
              Dry run: {failing} of {checks.length} checks do not hold yet. Nothing was changed.
            </Flash>
          )}
          <Table
            caption="Checks before closing"
            stacks
            columns={[{ title: "Check" }, { title: "Result" }, { title: "What is wrong" }]}
            rows={checks.map((c) => ({
              cells: [
                sentence(c.name),
                <Badge kind={c.problems.length === 0 ? "good" : "bad"}>
                  {c.problems.length === 0 ? "holds" : `${c.problems.length} open`}
                </Badge>,
                c.problems.length === 0 ? (
                  ""
                ) : (
                  <ul class="plain">
                    {c.problems.slice(0, 20).map((p) => {
                      const link = remedy(p, status.period);
                      return (
                        <li>
                          {sentence(p.message)} {link && <a href={link[1]}>{link[0]}</a>}{" "}
                          <span class="code">{p.code}</span>
                        </li>
                      );
                    })}
                    {c.problems.length > 20 && <li>and {c.problems.length - 20} more</li>}
                  </ul>
                ),
              ],
            }))}
          />
          <div class="actions">
            <a class="button second" href={at}>
              Check again
            </a>
            {props.can.close && (
              <Form view={view} action={`${at}/close`}>
                <button disabled={failing > 0}>Close {periodName(status.period)}</button>
              </Form>
            )}
          </div>
        </>
      ) : (
        props.can.reopen && (
          <Form view={view} action={`${at}/reopen`} class="panel" label="Reopen">
            <h2>Reopen</h2>
            <p>The reason stays on record and is read by the auditor.</p>
            <Field label="Reason" name="reason" value={props.typedReason} isRequired maxLength={300} size="long" />
            <button class="danger">Reopen {periodName(status.period)}</button>
          </Form>
        )
      )}
    </Books>
  );
}

export function periodRoutes(web: FastifyInstance, desk: Desk): void {
  type ByPeriod = { Params: { period: string } };

  const look = (who: Who, period: Period) =>
    desk.read(who, async (read) => {
      const status = await periodStatus(read, period);
      const checks: CheckResult[] = [];
      if (status.status === "open") {
        checks.push({
          name: "vouchers are decided, earlier months are closed, each fund balances",
          problems: await closeProblems(read, period, []),
        });
        for (const check of closeChecks) checks.push({ name: check.name, problems: await check.run(read, period) });
      }
      const { roles } = who.actor;
      return {
        status,
        checks,
        can: {
          close: roles.includes("accountant") || roles.includes("checker"),
          reopen: roles.includes("checker") || roles.includes("admin"),
        },
      };
    });

  web.get("/books/periods", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <PeriodsPage view={viewOf(request)} periods={await desk.read(who, listPeriods)} />);
  });

  web.get<ByPeriod>("/books/periods/:period", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <PeriodPage view={viewOf(request)} {...await look(who, periodFrom(request.params.period))} />);
  });

  web.post<ByPeriod>("/books/periods/:period/close", async (request, reply) => {
    const who = desk.need(request, "accountant", "checker");
    const period = periodFrom(request.params.period);
    const done = await attempt(() => desk.write(who, (tx) => closePeriod(tx, period, closeChecks)));
    if (done.ok) return reply.redirect(`/books/periods/${period}`, 303);
    return send(
      reply,
      <PeriodPage
        view={viewOf(request, `/books/periods/${period}`)}
        {...await look(who, period)}
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });

  web.post<ByPeriod>("/books/periods/:period/reopen", async (request, reply) => {
    const who = desk.need(request, "checker", "admin");
    const period = periodFrom(request.params.period);
    const reason = field(request.body, "reason").slice(0, 300);
    const done = await attempt(() => desk.write(who, (tx) => reopenPeriod(tx, period, reason)));
    if (done.ok) return reply.redirect(`/books/periods/${period}`, 303);
    return send(
      reply,
      <PeriodPage
        view={viewOf(request, `/books/periods/${period}`)}
        {...await look(who, period)}
        refusal={done.refusal}
        typedReason={reason}
      />,
      done.refusal.status,
    );
  });
}
