import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  attest,
  attestationHistory,
  closeYear,
  declineYearClose,
  listPeriodEvents,
  listYears,
  markAudited,
  proposeYearClose,
  reopenYear,
  withdrawAttestation,
  yearChecklist,
  yearCloseProblems,
  yearProposals,
  yearStatus,
  yearVersionDiff,
  type YearStatus,
} from "../../ledger/index.ts";
import {
  financialYear,
  formatDate,
  formatMoment,
  localDate,
  nextFinancialYear,
  type FinancialYear,
} from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import type { Tx, Who } from "../../ledger/kernel/tx.ts";
import { yearChecks } from "../close-checks.ts";
import { Books } from "./books-frame.tsx";
import {
  AttestationHistory,
  AttestForms,
  ChecklistTable,
  ProblemList,
  typedAttestation,
  verdictOf,
} from "./close-checklist.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Table } from "./components.tsx";
import { dayRoutes } from "./days.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { EventsTable } from "./periods.tsx";

const STATUS = { open: "wait", provisional: "good", audited: "good" } as const;
const statusName = (y: YearStatus): string => (y.status === "provisional" ? "closed, provisional" : y.status);

function YearsPage({ view, years }: { readonly view: View; readonly years: readonly YearStatus[] }): VNode {
  return (
    <Books view={view} title="Years" tab="periods">
      <Crumbs trail={[["Periods", "/books/periods"]]} />
      <h1>Financial years</h1>
      <p>
        A year is closed by two people after its months. It is provisional until the audit is recorded; an audited year
        is never opened again, and what is found later is a prior-period item of the open year.
      </p>
      <Table
        caption="Financial years of the books"
        hideCaption
        stacks
        empty="No financial year was opened yet."
        columns={[
          { title: "Year" },
          { title: "Status" },
          { title: "Open months", kind: "amount" },
          { title: "Last version" },
          { title: "Surplus (₹)", kind: "amount" },
          { title: "Look", kind: "action" },
        ]}
        rows={years.map((y) => {
          const last = y.versions.at(-1);
          return {
            cells: [
              y.fy,
              <>
                <Badge kind={STATUS[y.status]}>{statusName(y)}</Badge>
                {y.proposal && <Badge kind="wait">proposed by {y.proposal.proposedBy}</Badge>}
              </>,
              String(y.openMonths.length),
              last ? `${last.version}, ${formatMoment(last.at)}` : "",
              last ? <Amount value={last.surplus} /> : "",
              <a href={`/books/years/${y.fy}`}>
                {y.status === "open" ? "Check and close" : "Look"}
                <span class="sr"> {y.fy}</span>
              </a>,
            ],
          };
        })}
      />
    </Books>
  );
}

type Looked = Awaited<ReturnType<typeof lookAt>>;

async function lookAt(desk: Desk, who: Who, fy: FinancialYear, asked: { from: number; to: number } | undefined) {
  return desk.read(who, async (read) => {
    const year = await yearStatus(read, fy);
    const [a, b] = year.versions.slice(-2);
    const pair = asked ?? (a && b && a.kind === b.kind ? { from: a.version, to: b.version } : undefined);
    return {
      year,
      found: await yearChecklist(read, fy, yearChecks),
      problems: year.status === "open" ? await yearCloseProblems(read, fy, yearChecks) : [],
      proposals: await yearProposals(read, fy),
      events: await listPeriodEvents(read, fy),
      history: await attestationHistory(read, fy),
      pair,
      diff: pair && (await yearVersionDiff(read, fy, pair.from, pair.to)),
      roles: who.actor.roles,
      actor: who.actor.id,
    };
  });
}

function YearPage(
  props: Looked & {
    readonly view: View;
    readonly refusal?: Refusal | undefined;
    readonly body?: unknown;
    readonly step?: string;
  },
): VNode {
  const { view, year, roles } = props;
  const { fy, proposal } = year;
  const at = `/books/years/${fy}`;
  const isMaker = roles.includes("accountant");
  const isChecker = roles.includes("checker");
  const typed = (name: string): string | undefined =>
    props.body === undefined ? undefined : field(props.body, name).slice(0, 1000);
  return (
    <Books view={view} title={`Year ${fy}`} tab="periods">
      <Crumbs
        trail={[
          ["Periods", "/books/periods"],
          ["Years", "/books/years"],
        ]}
      />
      <h1>
        Year {fy} <Badge kind={STATUS[year.status]}>{statusName(year)}</Badge>
      </h1>
      <Refused refusal={props.refusal} />
      {year.status === "audited" && (
        <Flash>
          This year is audited. What is found later is booked as a prior-period item (280) in the open year:{" "}
          <a href="/books/vouchers/new">write the voucher</a>.
        </Flash>
      )}
      {year.status === "open" &&
        (props.problems.length === 0 ? (
          <Flash>
            Dry run: every check holds. {year.openMonths.length > 0 ? "March is closed together with the year." : ""}
          </Flash>
        ) : (
          <div class="flash note" role="status">
            <p>Dry run: {props.problems.length} problems stand in the way of the close. Nothing was changed.</p>
            <ProblemList problems={props.problems} />
          </div>
        ))}
      <ChecklistTable found={props.found} />
      {year.status === "open" && !proposal && isMaker && (
        <Form view={view} action={`${at}/propose`} class="panel" label="Propose the close">
          <h2>Propose to close {fy}</h2>
          <p>
            Another person approves. The closing entries take income and expenditure to 310-90 and its balance to
            310-10.
          </p>
          <Field label="Remark" name="proposalRemark" value={typed("proposalRemark")} maxLength={1000} size="long" />
          <button disabled={props.problems.length > 0}>Propose to close {fy}</button>
        </Form>
      )}
      {year.status === "open" && proposal && (
        <section class="panel">
          <h2>Proposed</h2>
          <Facts
            facts={[
              ["By", proposal.proposedBy],
              ["When", formatMoment(proposal.proposedAt)],
              ...(proposal.remark === "" ? [] : [["Remark", proposal.remark] as const]),
            ]}
          />
          {isChecker && proposal.proposedBy !== props.actor && (
            <Form view={view} action={`${at}/close`}>
              <button disabled={props.problems.length > 0}>Approve and close {fy}</button>
            </Form>
          )}
          {proposal.proposedBy === props.actor && <p class="quiet">Another person must approve it.</p>}
          {(isChecker || proposal.proposedBy === props.actor) && (
            <Form view={view} action={`${at}/decline`} label="Send back">
              <Field
                label="Why it is sent back"
                name="declineReason"
                value={typed("declineReason")}
                isRequired
                maxLength={300}
                size="long"
              />
              <button class="second">{proposal.proposedBy === props.actor ? "Withdraw" : "Send back"}</button>
            </Form>
          )}
        </section>
      )}
      {year.status === "open" && (isMaker || isChecker) && (
        <AttestForms
          view={view}
          at={at}
          found={props.found}
          typed={props.step === "attest" ? typedAttestation(props.body) : undefined}
          signedAs=""
        />
      )}
      <Versions year={year} />
      {props.diff && props.pair && <Difference diff={props.diff} pair={props.pair} />}
      {year.status === "provisional" && (
        <div class="actions">
          {isChecker && (
            <Form view={view} action={`${at}/audited`} class="panel" label="Record the audit">
              <h2>Record the audit</h2>
              <p>From then on the year is never opened again.</p>
              <Field
                label="Certificate number"
                name="certificate"
                value={typed("certificate")}
                isRequired
                maxLength={100}
              />
              <Field
                label="Date of the certificate"
                name="certificateDate"
                type="date"
                value={typed("certificateDate")}
                isRequired
              />
              <Field label="Auditor" name="auditor" value={typed("auditor")} isRequired maxLength={200} size="long" />
              <Field label="Remarks" name="remarks" value={typed("remarks")} maxLength={1000} size="long" />
              <button>Mark {fy} as audited</button>
            </Form>
          )}
          {(isChecker || roles.includes("admin")) && (
            <Form view={view} action={`${at}/reopen`} class="panel" label="Reopen">
              <h2>Reopen</h2>
              <p>Its closing entries are reversed; its months are reopened one by one. The reason stays on record.</p>
              <Field label="Reason" name="reason" value={typed("reason")} isRequired maxLength={300} size="long" />
              <button class="danger">Reopen {fy}</button>
            </Form>
          )}
        </div>
      )}
      <AttestationHistory history={props.history} />
      <EventsTable events={props.events} />
      {props.proposals.length > 0 && (
        <Table
          caption="Proposals"
          stacks
          columns={[{ title: "Proposed" }, { title: "Status" }, { title: "Decided" }, { title: "Reason" }]}
          rows={props.proposals.map((p) => ({
            cells: [
              `${formatMoment(p.proposedAt)} by ${p.proposedBy}`,
              p.status,
              p.decidedAt ? `${formatMoment(p.decidedAt)} by ${p.decidedBy ?? "?"}` : "",
              p.decisionReason ?? "",
            ],
          }))}
        />
      )}
    </Books>
  );
}

function Versions({ year }: { readonly year: YearStatus }): VNode | null {
  if (year.versions.length === 0) return null;
  return (
    <>
      <Table
        caption="Versions of the year's figures"
        stacks
        columns={[
          { title: "Version" },
          { title: "Kind" },
          { title: "Closed" },
          { title: "Surplus (₹)", kind: "amount" },
          { title: "Entries", kind: "amount" },
          { title: "Figures", kind: "code" },
          { title: "Seal" },
          { title: "Certificate" },
        ]}
        rows={year.versions.map((v) => ({
          cells: [
            String(v.version),
            v.kind,
            `${formatMoment(v.at)}, prepared by ${v.closedBy}, approved by ${v.approvedBy}`,
            <Amount value={v.surplus} />,
            String(v.entryCount),
            v.hash.slice(0, 12),
            v.sealBlock === null ? "" : `block ${v.sealBlock}`,
            v.certificateNumber === null
              ? ""
              : `${v.certificateNumber} of ${v.certificateDate === null ? "" : formatDate(v.certificateDate)}, ${v.auditor ?? ""}`,
          ],
        }))}
      />
      {year.status !== "open" && (
        <p class="actions">
          <a
            class="button second"
            href={`/books/day-book?from=${year.fy.slice(0, 4)}-04-01&to=${nextFinancialYear(year.fy).slice(0, 4)}-03-31`}
          >
            Day book of {year.fy}
          </a>
        </p>
      )}
      {year.versions.length > 1 && (
        <form method="get" action={`/books/years/${year.fy}`} class="filter">
          <Field
            label="From version"
            name="fromVersion"
            value={String(year.versions.at(-2)?.version ?? 1)}
            isNumeric
            size="short"
          />
          <Field
            label="To version"
            name="toVersion"
            value={String(year.versions.at(-1)?.version ?? 1)}
            isNumeric
            size="short"
          />
          <button class="second">Compare</button>
        </form>
      )}
    </>
  );
}

function Difference({
  diff,
  pair,
}: {
  readonly diff: NonNullable<Looked["diff"]>;
  readonly pair: { readonly from: number; readonly to: number };
}): VNode {
  return (
    <>
      <Table
        caption={`What changed from version ${pair.from} to version ${pair.to}`}
        stacks
        empty={`Nothing changed from version ${pair.from} to version ${pair.to}.`}
        columns={[
          { title: "Account", kind: "code" },
          { title: "Name" },
          { title: "Fund" },
          { title: "Before (₹)", kind: "amount" },
          { title: "After (₹)", kind: "amount" },
          { title: "Change (₹)", kind: "amount" },
        ]}
        rows={diff.differences.map((d) => ({
          cells: [
            d.account,
            d.name,
            d.fund,
            <Amount value={d.before} />,
            <Amount value={d.after} />,
            <Amount value={d.change} />,
          ],
        }))}
      />
      {diff.entries.length > 0 && (
        <Table
          caption="Entries that did it"
          stacks
          columns={[
            { title: "Entry" },
            { title: "Date" },
            { title: "Narration" },
            { title: "Accounts", kind: "code" },
            { title: "Amount (₹)", kind: "amount" },
            { title: "By" },
          ]}
          rows={diff.entries.map((e) => ({
            cells: [
              <a href={`/books/entries/${e.id}`}>{e.number}</a>,
              formatDate(e.date),
              e.narration,
              e.accounts.join(" "),
              formatIndian(e.amount),
              e.postedBy,
            ],
          }))}
        />
      )}
    </>
  );
}

export function yearRoutes(web: FastifyInstance, desk: Desk): void {
  dayRoutes(web, desk);
  type ByYear = { Params: { fy: string } };

  web.get("/books/years", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <YearsPage view={viewOf(request)} years={await desk.read(who, listYears)} />);
  });

  web.get<ByYear>("/books/years/:fy", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const number = (name: string): number => Number(/^\d{1,4}$/.exec(field(request.query, name))?.[0] ?? 0);
    const [from, to] = [number("fromVersion"), number("toVersion")];
    const asked = from > 0 && to > 0 ? { from, to } : undefined;
    return send(
      reply,
      <YearPage view={viewOf(request)} {...await lookAt(desk, who, financialYear(request.params.fy), asked)} />,
    );
  });

  type Step = {
    readonly roles: readonly ("accountant" | "checker" | "admin")[];
    readonly run: (tx: Tx, fy: FinancialYear, body: unknown) => Promise<unknown>;
  };
  const text = (body: unknown, name: string, length = 300): string => field(body, name).slice(0, length);
  const steps: Readonly<Record<string, Step>> = {
    propose: {
      roles: ["accountant"],
      run: (tx, fy, body) => proposeYearClose(tx, fy, yearChecks, text(body, "proposalRemark", 1000)),
    },
    close: { roles: ["checker"], run: (tx, fy) => closeYear(tx, fy, yearChecks) },
    decline: {
      roles: ["accountant", "checker"],
      run: (tx, fy, body) => declineYearClose(tx, fy, text(body, "declineReason")),
    },
    reopen: { roles: ["checker", "admin"], run: (tx, fy, body) => reopenYear(tx, fy, text(body, "reason")) },
    audited: {
      roles: ["checker"],
      run: (tx, fy, body) => {
        const date = text(body, "certificateDate", 20);
        return markAudited(tx, fy, {
          certificateNumber: text(body, "certificate", 100),
          date: date === "" ? undefined : localDate(date),
          auditor: text(body, "auditor", 200),
          remarks: text(body, "remarks", 1000),
        });
      },
    },
    attest: {
      roles: ["accountant", "checker"],
      run: (tx, fy, body) => {
        const typed = typedAttestation(body);
        return attest(tx, { ...typed, subject: fy, verdict: verdictOf(typed.verdict) });
      },
    },
    withdraw: {
      roles: ["accountant", "checker"],
      run: (tx, fy, body) => withdrawAttestation(tx, text(body, "withdrawItem", 10), fy, text(body, "withdrawReason")),
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByYear>(`/books/years/:fy/${name}`, async (request, reply) => {
      const who = desk.need(request, ...step.roles);
      const fy = financialYear(request.params.fy);
      const done = await attempt(() => desk.write(who, (tx) => step.run(tx, fy, request.body)));
      if (done.ok) return reply.redirect(`/books/years/${fy}`, 303);
      return send(
        reply,
        <YearPage
          view={viewOf(request, `/books/years/${fy}`)}
          {...await lookAt(desk, who, fy, undefined)}
          refusal={done.refusal}
          body={request.body}
          step={name}
        />,
        done.refusal.status,
      );
    });
  }
}
