import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  allowOverBudget,
  approveReappropriation,
  BUDGET_CSV,
  budgetSetting,
  budgetVariance,
  budgetWarnings,
  commitBudget,
  importBudget,
  listCommitments,
  listReappropriations,
  proposeReappropriation,
  rejectReappropriation,
  releaseCommitment,
  setBudgetSetting,
  type BudgetImport,
  type BudgetLine,
  type BudgetMode,
  type BudgetSetting,
  type VarianceRow,
} from "../../ledger/index.ts";
import {
  financialYear,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  formatDate,
  formatMoment,
  localDate,
  nextFinancialYear,
  previousFinancialYear,
  type FinancialYear,
} from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, rupees } from "../../ledger/kernel/money.ts";
import type { Tx, Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books, Files } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Problems, Refused, Select, Table } from "./components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

type Looked = Awaited<ReturnType<typeof look>>;

async function look(desk: Desk, who: Who, fy: FinancialYear) {
  return desk.read(who, async (read) => ({
    fy,
    variance: await budgetVariance(read, fy),
    setting: await budgetSetting(read, fy),
    moves: await listReappropriations(read, fy),
    commitments: await listCommitments(read, fy),
    warnings: await budgetWarnings(read, { fy }, 50),
    roles: who.actor.roles,
    actor: who.actor.id,
  }));
}

/** A line as people choose it. */
const lineName = (l: BudgetLine): string =>
  `${l.budgetHead} (${l.accountPrefix}${l.function === "" ? "" : `, function ${l.function}`}, fund ${l.fund}${l.functionary === "" ? "" : `, ${l.functionary}`})`;

function used(row: VarianceRow): string {
  if (row.sanctioned <= 0n) return "";
  return `${(row.actual * 100n) / row.sanctioned} %`;
}

function BudgetPage(
  props: Looked & {
    readonly view: View;
    readonly refusal?: Refusal | undefined;
    readonly report?: BudgetImport | undefined;
    readonly body?: unknown;
  },
): VNode {
  const { view, fy, variance, setting, roles } = props;
  const at = `/books/budget/${fy}`;
  const range = `from=${financialYearStart(fy)}&to=${financialYearEnd(fy)}`;
  const typed = (name: string): string | undefined =>
    props.body === undefined ? undefined : field(props.body, name).slice(0, 1000);
  const spends = variance.rows.filter((r) => r.side === "expenditure");
  const options = spends.map((l) => ({
    value: String(l.id),
    label: `${lineName(l)}: ${formatIndian(l.balance)} left`,
  }));
  const waiting = props.moves.filter((m) => m.status === "proposed");
  return (
    <Books view={view} title={`Budget ${fy}`} tab="budget">
      <h1>Budget {fy}</h1>
      <nav class="pages" aria-label="Years">
        <a href={`/books/budget?fy=${previousFinancialYear(fy)}`}>« {previousFinancialYear(fy)}</a>
        <a href={`/books/budget?fy=${nextFinancialYear(fy)}`}>{nextFinancialYear(fy)} »</a>
      </nav>
      <Refused refusal={props.refusal} />
      {props.report?.status === "refused" && (
        <Problems
          title={`${props.report.fileName} was refused, nothing was written`}
          problems={props.report.problems}
        />
      )}
      {props.report && props.report.status !== "refused" && (
        <Flash>
          {props.report.fileName}: {props.report.rows} rows, {props.report.added} added, {props.report.unchanged} were
          there.
        </Flash>
      )}
      <Facts
        facts={[
          [
            "Control at posting",
            setting.mode === "off"
              ? "off: nothing is asked of the budget"
              : `${setting.mode === "warn" ? "warns" : "refuses"} above ${setting.thresholdPercent} % of the sanctioned amount${setting.mode === "refuse" && setting.allowsOverride ? "; a checker may let a voucher pass" : ""}${setting.coversUnbudgeted ? "; expenditure without a line is held to nil" : ""}`,
          ],
        ]}
      />
      {(["expenditure", "income"] as const).map((side) => {
        const rows = variance.rows.filter((r) => r.side === side);
        const total = (
          key: "original" | "revised" | "reappropriated" | "sanctioned" | "actual" | "committed" | "balance",
        ) => <Amount value={paise(rows.reduce((a, r) => a + r[key], 0n))} />;
        return (
          <Table
            caption={side === "income" ? "Income" : "Expenditure"}
            stacks
            empty={`No budget of ${side} was entered for ${fy}.`}
            columns={[
              { title: "Head" },
              { title: "Name" },
              { title: "Accounts", kind: "code" },
              { title: "Function", kind: "code" },
              { title: "Fund", kind: "code" },
              { title: "Original (₹)", kind: "amount" },
              { title: "Revised (₹)", kind: "amount" },
              { title: "Re-appropriated (₹)", kind: "amount" },
              { title: "Sanctioned (₹)", kind: "amount" },
              { title: "Actual (₹)", kind: "amount" },
              { title: "Committed (₹)", kind: "amount" },
              { title: "Balance (₹)", kind: "amount" },
              { title: "Used", kind: "amount" },
            ]}
            rows={
              rows.length === 0
                ? []
                : [
                    ...rows.map((r) => ({
                      cells: [
                        <a href={`${at}/lines/${r.id}`}>{r.budgetHead}</a>,
                        r.name,
                        r.accountPrefix,
                        r.function === "" ? "any" : r.function,
                        r.fund,
                        <Amount value={r.original} />,
                        <Amount value={r.revised} />,
                        <Amount value={r.reappropriated} />,
                        <Amount value={r.sanctioned} />,
                        <Amount value={r.actual} />,
                        <Amount value={r.committed} />,
                        <Amount value={r.balance} />,
                        used(r),
                      ],
                    })),
                    {
                      kind: "total" as const,
                      cells: [
                        "Total",
                        "",
                        "",
                        "",
                        "",
                        total("original"),
                        total("revised"),
                        total("reappropriated"),
                        total("sanctioned"),
                        total("actual"),
                        total("committed"),
                        total("balance"),
                        "",
                      ],
                    },
                  ]
            }
          />
        );
      })}
      <Files report="budget-variance" query={`fy=${fy}`} formats={["pdf", "csv", "xlsx"]} />
      {variance.unbudgeted.length > 0 && (
        <details>
          <summary>Booked without a budget line ({variance.unbudgeted.length} heads)</summary>
          <Table
            caption="Booked without a budget line"
            hideCaption
            columns={[
              { title: "Account", kind: "code" },
              { title: "Name" },
              { title: "Side" },
              { title: "Actual (₹)", kind: "amount" },
            ]}
            rows={variance.unbudgeted.slice(0, 300).map((u) => ({
              cells: [
                <a href={`/books/accounts/${u.account}?${range}`}>{u.account}</a>,
                u.name,
                u.side,
                <Amount value={u.actual} />,
              ],
            }))}
          />
        </details>
      )}
      <Table
        caption="Re-appropriations"
        stacks
        empty="Nothing was re-appropriated."
        columns={[
          { title: "From" },
          { title: "To" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Sanction and reason" },
          { title: "In force from" },
          { title: "Status" },
        ]}
        rows={props.moves.map((m) => ({
          cells: [
            lineName(m.from),
            lineName(m.to),
            <Amount value={m.amount} />,
            `${m.sanction}: ${m.reason}`,
            formatDate(m.inForceFrom),
            <>
              <Badge kind={m.status === "approved" ? "good" : m.status === "rejected" ? "bad" : "wait"}>
                {m.status}
              </Badge>{" "}
              proposed by {m.proposedBy}
              {m.decidedBy !== null && `, decided by ${m.decidedBy}`}
              {m.decisionReason !== null && `: ${m.decisionReason}`}
            </>,
          ],
        }))}
      />
      {roles.includes("checker") && waiting.length > 0 && (
        <Form view={view} action={`${at}/decide`} class="panel" label="Decide a re-appropriation">
          <h2>Decide a re-appropriation</h2>
          <Select
            label="Re-appropriation"
            name="id"
            value={typed("id") ?? waiting[0]?.id ?? ""}
            options={waiting.map((m) => ({
              value: m.id,
              label: `${m.from.budgetHead} to ${m.to.budgetHead}, ${formatIndian(m.amount)} (${m.sanction})`,
            }))}
          />
          <Field
            label="Reason, where it is rejected"
            name="decision"
            value={typed("decision")}
            maxLength={300}
            size="long"
          />
          <div class="actions">
            <button name="then" value="approve">
              Approve
            </button>
            <button name="then" value="reject" class="danger">
              Reject
            </button>
          </div>
        </Form>
      )}
      {roles.includes("accountant") && spends.length > 1 && (
        <Form view={view} action={`${at}/reappropriate`} class="panel" label="Propose a re-appropriation">
          <h2>Propose a re-appropriation</h2>
          <Select label="From" name="from" value={typed("from") ?? ""} options={options} />
          <Select label="To" name="to" value={typed("to") ?? ""} options={options} />
          <Field label="Amount (₹)" name="amount" value={typed("amount")} isAmount isRequired maxLength={20} />
          <Field
            label="Sanction"
            name="sanction"
            value={typed("sanction")}
            hint="Resolution or order"
            isRequired
            maxLength={300}
            size="long"
          />
          <Field label="Why" name="why" value={typed("why")} isRequired maxLength={1000} size="long" />
          <Field label="In force from" name="inForceFrom" type="date" value={typed("inForceFrom")} isRequired />
          <button>Propose</button>
        </Form>
      )}
      <Table
        caption="Commitments"
        stacks
        empty="Nothing is committed."
        columns={[
          { title: "Order", kind: "code" },
          { title: "Head" },
          { title: "What for" },
          { title: "Party" },
          { title: "Committed (₹)", kind: "amount" },
          { title: "Left (₹)", kind: "amount" },
        ]}
        rows={props.commitments.map((c) => ({
          cells: [
            c.reference,
            c.budgetHead,
            c.description,
            c.party ? c.party.id : "",
            <Amount value={c.amount} />,
            <Amount value={c.open} />,
          ],
        }))}
      />
      {roles.includes("accountant") && spends.length > 0 && (
        <Form view={view} action={`${at}/commit`} class="panel" label="Commit an amount">
          <h2>Commit an amount</h2>
          <p>A work order or contract holds its amount against the budget until bills use it up.</p>
          <Field label="Order" name="reference" value={typed("reference")} isRequired maxLength={60} />
          <Field
            label="What for"
            name="description"
            value={typed("description")}
            isRequired
            maxLength={300}
            size="long"
          />
          <Field label="Account" name="account" value={typed("account")} isNumeric isRequired maxLength={20} />
          <Field label="Function" name="function" value={typed("function")} maxLength={20} size="short" />
          <Field label="Fund" name="fund" value={typed("fund")} hint="01 unless named" maxLength={20} size="short" />
          <Field
            label="Committed (₹)"
            name="commitAmount"
            value={typed("commitAmount")}
            isAmount
            isRequired
            maxLength={20}
          />
          <Field label="Date of the order" name="commitDate" type="date" value={typed("commitDate")} isRequired />
          <button>Commit</button>
        </Form>
      )}
      {roles.includes("checker") && props.commitments.some((c) => c.open > 0n) && (
        <Form view={view} action={`${at}/release`} class="panel" label="Release a commitment">
          <h2>Release what will not be billed</h2>
          <Select
            label="Commitment"
            name="commitment"
            value={typed("commitment") ?? ""}
            options={props.commitments
              .filter((c) => c.open > 0n)
              .map((c) => ({ value: c.id, label: `${c.reference}: ${formatIndian(c.open)} left` }))}
          />
          <Field
            label="Why it is released"
            name="releaseReason"
            value={typed("releaseReason")}
            isRequired
            maxLength={300}
            size="long"
          />
          <button class="second">Release</button>
        </Form>
      )}
      <Table
        caption="Postings beyond the budget"
        stacks
        empty="No posting went beyond the budget."
        columns={[
          { title: "When" },
          { title: "Head" },
          { title: "What" },
          { title: "Limit (₹)", kind: "amount" },
          { title: "Spent and committed (₹)", kind: "amount" },
          { title: "Posting (₹)", kind: "amount" },
          { title: "Over by (₹)", kind: "amount" },
          { title: "Let pass" },
        ]}
        rows={props.warnings.map((w) => ({
          cells: [
            formatMoment(w.at),
            w.budgetHead ?? `no line (${w.accounts})`,
            w.entryId === null ? (
              `${w.source.type} ${w.source.id}`
            ) : (
              <a href={`/books/entries/${w.entryId}`}>{w.source.type}</a>
            ),
            <Amount value={w.limit} />,
            <Amount value={paise(w.spent + w.committed)} />,
            <Amount value={w.amount} />,
            <Amount value={w.overBy} />,
            w.overriddenBy === null ? `warned (${w.actor})` : `by ${w.overriddenBy}: ${w.reason ?? ""}`,
          ],
        }))}
      />
      {roles.includes("checker") && setting.mode === "refuse" && setting.allowsOverride && (
        <Form view={view} action={`${at}/allow`} class="panel" label="Let one voucher pass">
          <h2>Let one voucher go beyond the budget</h2>
          <Field
            label="Voucher"
            name="voucher"
            value={typed("voucher")}
            hint="The last part of the voucher's address"
            isRequired
            maxLength={36}
            size="long"
          />
          <Field
            label="Why it may"
            name="allowReason"
            value={typed("allowReason")}
            isRequired
            maxLength={1000}
            size="long"
          />
          <button class="danger">Let it pass</button>
        </Form>
      )}
      {(roles.includes("admin") || roles.includes("accountant")) && (
        <Form view={view} action={`${at}/file`} isUpload class="panel" label="Upload a budget">
          <h2>Upload a sanctioned budget</h2>
          <Field
            label="File"
            name="file"
            type="file"
            accept=".csv,text/csv"
            hint={`CSV with the columns ${BUDGET_CSV.join(", ")}`}
            isRequired
          />
          <button class="second">Upload</button>
        </Form>
      )}
      {roles.includes("admin") && <SettingForm view={view} at={at} setting={setting} body={props.body} />}
    </Books>
  );
}

function SettingForm(props: {
  readonly view: View;
  readonly at: string;
  readonly setting: BudgetSetting;
  readonly body?: unknown;
}): VNode {
  const { setting } = props;
  const typed = (name: string, otherwise: string): string =>
    props.body === undefined || field(props.body, name) === "" ? otherwise : field(props.body, name).slice(0, 300);
  const yesNo = [
    { value: "no", label: "No" },
    { value: "yes", label: "Yes" },
  ];
  return (
    <Form view={props.view} action={`${props.at}/setting`} class="panel" label="Control at posting">
      <h2>Control at posting</h2>
      <Select
        label="What goes beyond the budget"
        name="mode"
        value={typed("mode", setting.mode)}
        options={[
          { value: "off", label: "is not looked at" },
          { value: "warn", label: "is posted with a warning" },
          { value: "refuse", label: "is refused" },
        ]}
      />
      <Field
        label="From this percentage of the sanctioned amount"
        name="threshold"
        value={typed("threshold", String(setting.thresholdPercent))}
        isNumeric
        isRequired
        size="short"
        maxLength={3}
      />
      <Select
        label="A checker may let a voucher pass"
        name="allows"
        value={typed("allows", setting.allowsOverride ? "yes" : "no")}
        options={yesNo}
      />
      <Select
        label="Expenditure without a budget line is held to nil"
        name="covers"
        value={typed("covers", setting.coversUnbudgeted ? "yes" : "no")}
        options={yesNo}
      />
      <Field
        label="Reason"
        name="settingReason"
        value={typed("settingReason", "")}
        isRequired
        maxLength={300}
        size="long"
      />
      <button>Save</button>
    </Form>
  );
}

type LineLooked = {
  readonly row: VarianceRow;
  readonly accounts: readonly { readonly code: string; readonly name: string }[];
};

/** A budget line with the heads it covers, each leading to its ledger. */
function LinePage({ view, row, accounts }: LineLooked & { readonly view: View }): VNode {
  const range = `from=${financialYearStart(row.fy)}&to=${financialYearEnd(row.fy)}`;
  return (
    <Books view={view} title={`Budget line ${row.budgetHead}`} tab="budget">
      <Crumbs trail={[[`Budget ${row.fy}`, `/books/budget?fy=${row.fy}`]]} />
      <h1>{lineName(row)}</h1>
      <Facts
        facts={[
          ["Original", <Amount value={row.original} />],
          ["Revised", <Amount value={row.revised} />],
          ["Re-appropriated", <Amount value={row.reappropriated} />],
          ["Sanctioned", <Amount value={row.sanctioned} />],
          ["Actual", <Amount value={row.actual} />],
          ["Committed", <Amount value={row.committed} />],
          ["Balance", <Amount value={row.balance} />],
        ]}
      />
      <Table
        caption="Heads it covers"
        empty="No posting head begins with these digits."
        columns={[{ title: "Account", kind: "code" }, { title: "Name" }]}
        rows={accounts.map((a) => ({ cells: [<a href={`/books/accounts/${a.code}?${range}`}>{a.code}</a>, a.name] }))}
      />
    </Books>
  );
}

export function budgetRoutes(web: FastifyInstance, desk: Desk): void {
  type ByYear = { Params: { fy: string } };

  web.get("/books/budget", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "fy");
    const fy = asked === "" ? financialYearOf(desk.today()) : financialYear(asked);
    return send(reply, <BudgetPage view={viewOf(request)} {...await look(desk, who, fy)} />);
  });

  web.get<{ Params: { fy: string; line: string } }>("/books/budget/:fy/lines/:line", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const fy = financialYear(request.params.fy);
    const found = await desk.read(who, async (read) => {
      const row = (await budgetVariance(read, fy)).rows.find((r) => String(r.id) === request.params.line);
      const accounts =
        row &&
        (await read.query<{ code: string; name: string }>(
          `select code, name from ledger.accounts where ulb_id = :ulb and is_posting and starts_with(code, :prefix) order by code limit 500`,
          { ulb: read.ulb.id, prefix: row.accountPrefix },
        ));
      return row && accounts && { row, accounts };
    });
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 100) });
    return send(reply, <LinePage view={viewOf(request)} {...found} />);
  });

  type Step = {
    readonly roles: readonly ("accountant" | "checker" | "admin")[];
    readonly run: (tx: Tx, fy: FinancialYear, body: unknown) => Promise<unknown>;
  };
  const text = (body: unknown, name: string, length = 300): string => field(body, name).slice(0, length);
  const id = (body: unknown, name: string): string => {
    const found = text(body, name, 40);
    if (!isUuid(found)) throw apiErrors.PAGE_NOT_FOUND({ path: found });
    return found;
  };
  const lineOf = (body: unknown, name: string): bigint => BigInt(/^\d{1,18}$/.exec(text(body, name))?.[0] ?? "0");
  const steps: Readonly<Record<string, Step>> = {
    reappropriate: {
      roles: ["accountant"],
      run: (tx, _fy, body) =>
        proposeReappropriation(tx, {
          from: lineOf(body, "from"),
          to: lineOf(body, "to"),
          amount: rupees(typedAmount(text(body, "amount", 30))),
          sanction: text(body, "sanction"),
          reason: text(body, "why", 1000),
          inForceFrom: localDate(text(body, "inForceFrom", 20)),
        }),
    },
    decide: {
      roles: ["checker"],
      run: (tx, _fy, body) =>
        field(body, "then") === "reject"
          ? rejectReappropriation(tx, id(body, "id"), text(body, "decision"))
          : approveReappropriation(tx, id(body, "id")),
    },
    commit: {
      roles: ["accountant"],
      run: (tx, _fy, body) => {
        const or = (name: string): string | undefined => text(body, name, 20) || undefined;
        return commitBudget(tx, {
          reference: text(body, "reference", 60),
          account: text(body, "account", 20),
          function: or("function"),
          fund: or("fund"),
          description: text(body, "description"),
          amount: rupees(typedAmount(text(body, "commitAmount", 30))),
          date: localDate(text(body, "commitDate", 20)),
        });
      },
    },
    release: {
      roles: ["checker"],
      run: (tx, _fy, body) => releaseCommitment(tx, id(body, "commitment"), text(body, "releaseReason")),
    },
    allow: {
      roles: ["checker"],
      run: (tx, fy, body) =>
        allowOverBudget(tx, fy, { type: "voucher", id: id(body, "voucher") }, text(body, "allowReason", 1000)),
    },
    setting: {
      roles: ["admin"],
      run: (tx, fy, body) => {
        const mode = (["off", "warn", "refuse"] as const).find((m: BudgetMode) => m === field(body, "mode")) ?? "off";
        return setBudgetSetting(
          tx,
          fy,
          {
            mode,
            thresholdPercent: Number(/^\d{1,3}$/.exec(text(body, "threshold"))?.[0] ?? 0),
            allowsOverride: field(body, "allows") === "yes",
            coversUnbudgeted: field(body, "covers") === "yes",
          },
          text(body, "settingReason"),
        );
      },
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByYear>(`/books/budget/:fy/${name}`, async (request, reply) => {
      const who = desk.need(request, ...step.roles);
      const fy = financialYear(request.params.fy);
      const done = await attempt(() => desk.write(who, (tx) => step.run(tx, fy, request.body)));
      if (done.ok) return reply.redirect(`/books/budget?fy=${fy}`, 303);
      return send(
        reply,
        <BudgetPage
          view={viewOf(request, `/books/budget?fy=${fy}`)}
          {...await look(desk, who, fy)}
          refusal={done.refusal}
          body={request.body}
        />,
        done.refusal.status,
      );
    });
  }

  web.post<ByYear>("/books/budget/:fy/file", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant", "admin");
    const fy = financialYear(request.params.fy);
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const report = await desk.write(who, (tx) => importBudget(tx, upload.csv, { fileName: upload.fileName }));
    return send(
      reply,
      <BudgetPage view={viewOf(request, `/books/budget?fy=${fy}`)} {...await look(desk, who, fy)} report={report} />,
      report.status === "refused" ? 422 : 200,
    );
  });
}

/** The one file of an upload, with the form's fields; no file is an empty one, which is refused as such. */
async function uploadOf(request: FastifyRequest) {
  const fields: Record<string, string> = {};
  let [csv, fileName] = ["", "budget.csv"];
  for await (const part of request.parts()) {
    if (part.type === "file") {
      csv = (await part.toBuffer()).toString("utf8");
      fileName = part.filename.slice(0, 200);
    } else if (typeof part.value === "string") fields[part.fieldname] = part.value;
  }
  return { csv, fileName, fields };
}
