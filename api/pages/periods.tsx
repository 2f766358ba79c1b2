import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  attest,
  attestationHistory,
  checklist,
  closePeriod,
  closeRefusals,
  listCloseSettings,
  listPeriodEvents,
  listPeriods,
  periodStatus,
  reopenPeriod,
  scopeOfMonth,
  setCloseSetting,
  warnings,
  withdrawAttestation,
  type Attestation,
  type Checklist,
  type PeriodEvent,
  type PeriodStatus,
} from "../../ledger/index.ts";
import {
  financialYearOf,
  formatMoment,
  period as periodFrom,
  periodEnd,
  periodName,
  periodStart,
  type Period,
} from "../../ledger/kernel/dates.ts";
import type { Problem, Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import type { Tx, Who } from "../../ledger/kernel/tx.ts";
import { closeChecks } from "../close-checks.ts";
import { Books } from "./books-frame.tsx";
import {
  AttestationHistory,
  AttestForms,
  ChecklistTable,
  typedAttestation,
  verdictOf,
  type TypedAttestation,
} from "./close-checklist.tsx";
import { Badge, Crumbs, Facts, Field, Flash, Form, Refused, Select, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

function PeriodsPage({ view, periods }: { readonly view: View; readonly periods: readonly PeriodStatus[] }): VNode {
  return (
    <Books view={view} title="Periods" tab="periods">
      <h1>Periods</h1>
      <p>A closed month takes no more entries. Months are closed in order, after every check holds.</p>
      <p class="actions">
        <a class="button second" href="/books/days">
          Days: cash and bank book
        </a>
        <a class="button second" href="/books/years">
          Years
        </a>
        <a class="button second" href="/books/periods/settings">
          What is compulsory
        </a>
      </p>
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
  if (problem.code === "DAYS_NOT_SIGNED") return ["Days", `/books/days?month=${period}`];
  if (problem.code === "BUDGET_OVERSPENT")
    return ["Budget", `/books/budget?fy=${financialYearOf(periodStart(period))}`];
  if (/^(BANK|BRS|SETTLEMENT)/.test(problem.code)) return ["Bank", "/books/bank"];
  if (/^(PAYABLE|PAYMENTS|ORDERS_WAITING|BILLS_WAITING|REMITTANCE)/.test(problem.code))
    return ["Bills and payments", "/books/payables"];
  if (problem.code === "SESSION_OPEN") return ["the counter closes its session", "/counter"];
  if (problem.code.startsWith("TIE")) return ["Ties", "/books#ties"];
  if (problem.code === "FUND_OFF") return ["Trial balance", `/books/trial-balance?${range}`];
  return undefined;
}

/** Every close and reopening of a month or year, with the figures that stood at that moment. */
export function EventsTable({ events }: { readonly events: readonly PeriodEvent[] }): VNode | null {
  if (events.length === 0) return null;
  return (
    <Table
      caption="Every close and reopening"
      stacks
      columns={[
        { title: "When" },
        { title: "What" },
        { title: "Who" },
        { title: "Reason" },
        { title: "Entries", kind: "amount" },
        { title: "Debits (₹)", kind: "amount" },
        { title: "Figures", kind: "code" },
      ]}
      rows={events.map((e) => ({
        cells: [
          formatMoment(e.at),
          e.event,
          e.actor,
          e.reason ?? "",
          String(e.entryCount),
          formatIndian(e.debit),
          e.hash.slice(0, 12),
        ],
      }))}
    />
  );
}

type PeriodPageProps = {
  readonly view: View;
  readonly status: PeriodStatus;
  readonly found: Checklist | undefined;
  readonly refusing: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly events: readonly PeriodEvent[];
  readonly history: readonly Attestation[];
  readonly signedAs: string;
  readonly can: { readonly close: boolean; readonly reopen: boolean };
  readonly refusal?: Refusal | undefined;
  readonly typedReason?: string;
  readonly typed?: TypedAttestation | undefined;
};

function PeriodPage(props: PeriodPageProps): VNode {
  const { view, status, found } = props;
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
      {found ? (
        <>
          {props.refusing.length === 0 ? (
            <Flash>Dry run: every check holds. The month can be closed.</Flash>
          ) : (
            <Flash kind="note">
              Dry run: {props.refusing.length} {props.refusing.length === 1 ? "problem stands" : "problems stand"} in
              the way of the close. Nothing was changed.
            </Flash>
          )}
          {props.warnings.length > 0 && (
            <p class="quiet">
              {props.warnings.length} items are open or not attested and do not stop the close; an administrator sets{" "}
              <a href="/books/periods/settings">what is compulsory</a>.
            </p>
          )}
          <ChecklistTable found={found} remedy={(p) => remedy(p, status.period)} />
          <div class="actions">
            <a class="button second" href={at}>
              Check again
            </a>
            {props.can.close && (
              <Form view={view} action={`${at}/close`}>
                <button disabled={props.refusing.length > 0}>Close {periodName(status.period)}</button>
              </Form>
            )}
          </div>
          {props.can.close && (
            <AttestForms view={view} at={at} found={found} typed={props.typed} signedAs={props.signedAs} />
          )}
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
      <AttestationHistory history={props.history} />
      <EventsTable events={props.events} />
    </Books>
  );
}

type Settings = Awaited<ReturnType<typeof listCloseSettings>>;

function SettingsPage(props: {
  readonly view: View;
  readonly settings: Settings;
  readonly canChange: boolean;
  readonly refusal?: Refusal | undefined;
  readonly typed?: Readonly<Record<string, string>>;
}): VNode {
  const typed = props.typed ?? {};
  const word = { refuse: "refuses the close", warn: "is only said" } as const;
  const both = [
    { value: "refuse", label: "Refuses the close" },
    { value: "warn", label: "Is only said" },
  ];
  return (
    <Books view={props.view} title="What is compulsory" tab="periods">
      <Crumbs trail={[["Periods", "/books/periods"]]} />
      <h1>What is compulsory at a close</h1>
      <Refused refusal={props.refusal} />
      <Table
        caption="Items of the closing checklist"
        hideCaption
        stacks
        columns={[
          { title: "Item", kind: "code" },
          { title: "When" },
          { title: "Task" },
          { title: "What the books say" },
          { title: "What a person attests" },
        ]}
        rows={props.settings.map(({ item, setting, isFixed }) => ({
          cells: [
            item.id,
            item.kind,
            item.task,
            item.computed === undefined ? "nothing is computed" : isFixed ? "always refuses" : word[setting.computed],
            item.attestation === undefined
              ? "nothing is attested"
              : item.attestation === "instead"
                ? "settles what is open"
                : word[setting.attestation],
          ],
        }))}
      />
      {props.canChange && (
        <Form view={props.view} action="/books/periods/settings" class="panel" label="Change an item">
          <h2>Change an item</h2>
          <Select
            label="Item"
            name="item"
            value={typed["item"] ?? ""}
            options={props.settings.map((s) => ({
              value: s.item.id,
              label: `${s.item.id} ${s.item.task.slice(0, 70)}`,
            }))}
          />
          <Select label="What the books say" name="computed" value={typed["computed"] ?? "refuse"} options={both} />
          <Select
            label="A missing attestation"
            name="attestation"
            value={typed["attestation"] ?? "warn"}
            options={both}
          />
          <Field label="Reason" name="reason" value={typed["reason"]} isRequired maxLength={300} size="long" />
          <button>Save</button>
        </Form>
      )}
    </Books>
  );
}

export function periodRoutes(web: FastifyInstance, desk: Desk): void {
  type ByPeriod = { Params: { period: string } };

  const look = (who: Who, period: Period) =>
    desk.read(who, async (read) => {
      const status = await periodStatus(read, period);
      const found = status.status === "open" ? await checklist(read, scopeOfMonth(period), closeChecks) : undefined;
      const { roles } = who.actor;
      return {
        status,
        found,
        refusing: found ? closeRefusals(found) : [],
        warnings: found ? warnings(found) : [],
        events: await listPeriodEvents(read, period),
        history: await attestationHistory(read, period),
        signedAs: "",
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

  web.get("/books/periods/settings", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const settings = await desk.read(who, listCloseSettings);
    return send(
      reply,
      <SettingsPage view={viewOf(request)} settings={settings} canChange={who.actor.roles.includes("admin")} />,
    );
  });

  web.post("/books/periods/settings", async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = Object.fromEntries(
      ["item", "computed", "attestation", "reason"].map((n) => [n, field(request.body, n).slice(0, 300)]),
    );
    const severity = (text: string | undefined) => (text === "refuse" ? ("refuse" as const) : ("warn" as const));
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setCloseSetting(
          tx,
          typed["item"] ?? "",
          { computed: severity(typed["computed"]), attestation: severity(typed["attestation"]) },
          typed["reason"] ?? "",
        ),
      ),
    );
    if (done.ok) return reply.redirect("/books/periods/settings", 303);
    return send(
      reply,
      <SettingsPage
        view={viewOf(request, "/books/periods/settings")}
        settings={await desk.read(who, listCloseSettings)}
        canChange
        refusal={done.refusal}
        typed={typed}
      />,
      done.refusal.status,
    );
  });

  web.get<ByPeriod>("/books/periods/:period", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <PeriodPage view={viewOf(request)} {...await look(who, periodFrom(request.params.period))} />);
  });

  type Step = {
    readonly roles: readonly ("accountant" | "checker" | "admin")[];
    readonly run: (tx: Tx, period: Period, body: unknown) => Promise<void>;
  };
  const steps: Readonly<Record<string, Step>> = {
    close: { roles: ["accountant", "checker"], run: (tx, period) => closePeriod(tx, period, closeChecks) },
    reopen: {
      roles: ["checker", "admin"],
      run: (tx, period, body) => reopenPeriod(tx, period, field(body, "reason").slice(0, 300)),
    },
    attest: {
      roles: ["accountant", "checker"],
      run: (tx, period, body) => {
        const typed = typedAttestation(body);
        return attest(tx, { ...typed, subject: period, verdict: verdictOf(typed.verdict) });
      },
    },
    withdraw: {
      roles: ["accountant", "checker"],
      run: (tx, period, body) =>
        withdrawAttestation(
          tx,
          field(body, "withdrawItem").slice(0, 10),
          period,
          field(body, "withdrawReason").slice(0, 300),
        ),
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByPeriod>(`/books/periods/:period/${name}`, async (request, reply) => {
      const who = desk.need(request, ...step.roles);
      const period = periodFrom(request.params.period);
      const done = await attempt(() => desk.write(who, (tx) => step.run(tx, period, request.body)));
      if (done.ok) return reply.redirect(`/books/periods/${period}`, 303);
      return send(
        reply,
        <PeriodPage
          view={viewOf(request, `/books/periods/${period}`)}
          {...await look(who, period)}
          refusal={done.refusal}
          typedReason={field(request.body, "reason").slice(0, 300)}
          typed={name === "attest" ? typedAttestation(request.body) : undefined}
        />,
        done.refusal.status,
      );
    });
  }
}
