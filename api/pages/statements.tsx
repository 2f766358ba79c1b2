import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { financialYear, financialYearEnd, financialYearStart } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { TABLE_REPORTS, type ReportRow, type ReportTable, type TableReport } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { Books, Files, rangeField, type Range } from "./books-frame.tsx";
import { Crumbs, Flash, Refused, sentence } from "./components.tsx";
import { field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { reportOptions } from "./report-options.ts";
import { ChoiceForm, choiceOf, choiceQuery, readChoices, type Choice, type Choices } from "./statements/choice.tsx";
import { ReportTableView } from "./statements/table.tsx";

/** What a page shows; the files hold everything. */
const ROWS_AT_MOST = 1000;

const titleOf = (report: TableReport): string =>
  report.title ?? report.name.charAt(0).toUpperCase() + report.name.slice(1).replaceAll("-", " ");

/** What a statement can be shown as besides: other addresses of the same page. */
const VARIANTS: Readonly<Record<string, readonly (readonly [string, Readonly<Record<string, string>>])[]>> = {
  "receipts-payments": [
    ["by the head booked", { presentation: "" }],
    ["by the head of income or expense", { presentation: "revenue-head" }],
  ],
  defaulters: [
    ["the largest dues first", { by: "" }],
    ["ward by ward", { by: "ward" }],
  ],
  "function-wise": [
    ["by function", { by: "" }],
    ["by function and ward", { by: "ward" }],
  ],
};

export function StatementListPage(props: {
  readonly view: View;
  readonly choice: Choice;
  readonly choices: Choices;
}): VNode {
  return (
    <Books view={props.view} title="Statements" tab="statements">
      <h1>Statements</h1>
      <p>
        Every figure leads to its schedule, from there to the account, its entries, and what each was made from. Balance
        sheets are those of the last day; comparatives are of the year before.
      </p>
      <ChoiceForm action="/books/statements" choice={props.choice} choices={props.choices} />
      <ul class="cards">
        {TABLE_REPORTS.map((report) => (
          <li>
            <a class="card" href={`/books/statements/${report.name}?${choiceQuery(props.choice)}`}>
              <strong>{titleOf(report)}</strong>
              {sentence(report.description.replace(/\s*\(--[^)]*\)/g, ""))}
            </a>
          </li>
        ))}
      </ul>
      <h2>The annual accounts in one workbook</h2>
      <p>Trial balance aside, all statements and schedules of the dates above, a sheet each.</p>
      <Files report="annual-accounts" query={choiceQuery(props.choice)} formats={["xlsx"]} />
    </Books>
  );
}

export function StatementPage(props: {
  readonly view: View;
  readonly report: TableReport;
  readonly choice: Choice;
  readonly choices: Choices;
  readonly shown?: { readonly table: ReportTable; readonly rows: readonly ReportRow[]; readonly isCut: boolean };
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { report, choice, shown } = props;
  const here = `/books/statements/${report.name}`;
  const title = shown?.table.title ?? titleOf(report);
  const variants = VARIANTS[report.name] ?? [];
  return (
    <Books view={props.view} title={title} tab="statements">
      <Crumbs
        trail={[
          ["Statements", `/books/statements?${choiceQuery(choice)}`],
          ...(choice.more["schedule"] === undefined
            ? []
            : [["All schedules", `/books/statements/schedules?${choiceQuery(choice)}`] as const]),
        ]}
      />
      <h1>{title}</h1>
      <ChoiceForm action={here} choice={choice} choices={props.choices} asks={report.asks} />
      <Refused refusal={props.refusal} />
      {variants.length > 0 && (
        <p class="inline-links no-print">
          {variants.map(([label, over]) => (
            <>
              <a
                href={`${here}?${choiceQuery(choice, over, true)}`}
                aria-current={
                  Object.entries(over).every(([name, value]) => (choice.more[name] ?? "") === value)
                    ? "true"
                    : undefined
                }
              >
                {label}
              </a>{" "}
            </>
          ))}
        </p>
      )}
      {shown && (
        <>
          <Files report={report.name} query={choiceQuery(choice, {}, true)} />
          {shown.isCut && (
            <Flash kind="note">
              These are the first {ROWS_AT_MOST} rows. The files hold all of them; one account, party or a shorter range
              makes the page shorter.
            </Flash>
          )}
          <ReportTableView
            caption={shown.table.subtitle.join(" · ")}
            columns={shown.table.columns}
            rows={shown.rows}
            choice={choice}
          />
          {(shown.table.notes ?? []).map((note) => (
            <p class={/[A-Z]{4,} [A-Z]/.test(note) ? "bad-text" : "quiet"}>{note}</p>
          ))}
        </>
      )}
    </Books>
  );
}

/** The dates asked for: a financial year by its name, or two days; the year so far when nothing is said. */
function rangeAsked(query: unknown, today: Range["to"]): Range {
  const fy = field(query, "fy");
  if (fy === "") return rangeField(query, today);
  const year = financialYear(fy);
  return { from: financialYearStart(year), to: financialYearEnd(year) };
}

async function firstRows(table: ReportTable): Promise<{ rows: ReportRow[]; isCut: boolean }> {
  const rows: ReportRow[] = [];
  for await (const row of table.rows) {
    if (rows.length === ROWS_AT_MOST) return { rows, isCut: true };
    rows.push(row);
  }
  return { rows, isCut: false };
}

export function statementRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/books/statements", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const choice = choiceOf(request.query, rangeAsked(request.query, desk.today()));
    const choices = await desk.read(who, readChoices);
    return send(reply, <StatementListPage view={viewOf(request)} choice={choice} choices={choices} />);
  });

  web.get<{ Params: { name: string } }>("/books/statements/:name", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const report = TABLE_REPORTS.find((r) => r.name === request.params.name);
    if (!report) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/statements/${request.params.name.slice(0, 40)}` });
    const range = rangeAsked(request.query, desk.today());
    const choice = choiceOf(request.query, range);
    const page = { view: viewOf(request), report, choice };
    const choices = await desk.read(who, readChoices);
    try {
      const options = {
        ...reportOptions(request.query, request.session.lang),
        ...range,
        fy: undefined,
        asOf: undefined,
      };
      const shown = await desk.read(who, async (read) => {
        const table = await report.build(read, options);
        return { table, ...(await firstRows(table)) };
      });
      return await send(reply, <StatementPage {...page} choices={choices} shown={shown} />);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return send(reply, <StatementPage {...page} choices={choices} refusal={error} />, error.status);
    }
  });
}
