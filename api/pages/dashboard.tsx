import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { services } from "../../billing/index.ts";
import { formatDate, period, periodName } from "../../ledger/kernel/dates.ts";
import { formatIndian, formatInUnit, formatStatement, ZERO, type Paise, type Unit } from "../../ledger/kernel/money.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import {
  chartSvg,
  collectionDashboard,
  dashboardTie,
  type CollectionDashboard,
  type CollectionSlice,
  type DashboardTie,
} from "../../reports/index.ts";
import { RangeForm, rangeField, rangeQuery, type Range } from "./books-frame.tsx";
import { Amount, Flash, Mark, Refused, Select, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout, READERS } from "./layout.tsx";

const UNITS: Record<Unit, string> = { unit: "₹", lac: "₹ Lac", crore: "₹ Cr" };

export type DashboardData = {
  readonly figures: CollectionDashboard;
  readonly tie: DashboardTie;
};

function pointName(key: string): string {
  return key.length === 7 ? periodName(period(key)) : `${key.slice(8, 10)}/${key.slice(5, 7)}`;
}

/** "collected most on 14/07 (₹ 1,23,456.00)": the one thing to take from the picture, said in words. */
function summary(f: CollectionDashboard): string {
  const best = f.series.reduce<CollectionDashboard["series"][number] | undefined>(
    (a, p) => (!a || p.amount > a.amount ? p : a),
    undefined,
  );
  if (!best || best.amount <= ZERO) return "Nothing was collected in this range.";
  const when = f.grain === "day" ? `on ${pointName(best.key)}` : `in ${pointName(best.key)}`;
  const versus =
    f.lastYear === null
      ? ""
      : f.change === null
        ? " Last year there was nothing in this range."
        : ` That is ${f.change.startsWith("-") ? `${f.change.slice(1)}% less` : `${f.change}% more`} than in the same range a year before.`;
  return `₹ ${formatIndian(f.total)} was collected, most of it ${when} (₹ ${formatIndian(best.amount)}).${versus}`;
}

export function DashboardPage(props: {
  readonly view: View;
  readonly range: Range;
  readonly unit: Unit;
  readonly service: string;
  readonly ward: string;
  readonly choices: { readonly services: readonly string[]; readonly wards: readonly string[] };
  readonly data?: DashboardData | undefined;
  readonly canReadBooks: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, range, unit, data } = props;
  const { t } = view;
  const shown = (amount: Paise): string => `₹ ${formatInUnit(amount, unit)}${UNITS[unit].slice(1)}`;
  return (
    <Layout view={view} title={t("nav.dashboard")} section="dashboard" wide>
      <h1>Collection, {view.session.user?.ulb.name}</h1>
      <RangeForm action="/dashboard" range={range}>
        <Select
          label="Service"
          name="service"
          value={props.service}
          options={[
            { value: "", label: "All services" },
            ...props.choices.services.map((s) => ({ value: s, label: wordFor(t, "service", s) })),
          ]}
        />
        <Select
          label="Ward"
          name="ward"
          value={props.ward}
          options={[
            { value: "", label: "All wards" },
            ...props.choices.wards.map((w) => ({ value: w, label: `Ward ${w}` })),
          ]}
        />
        <Select
          label="Shown in"
          name="unit"
          value={unit}
          options={[
            { value: "crore", label: "Crore" },
            { value: "lac", label: "Lac" },
            { value: "unit", label: "Rupees" },
          ]}
        />
      </RangeForm>
      <Refused refusal={props.refusal} />
      {data && (
        <Figures view={view} data={data} unit={unit} shown={shown} range={range} canReadBooks={props.canReadBooks} />
      )}
    </Layout>
  );
}

function Figures(props: {
  readonly view: View;
  readonly data: DashboardData;
  readonly unit: Unit;
  readonly range: Range;
  readonly canReadBooks: boolean;
  readonly shown: (amount: Paise) => string;
}): VNode {
  const { view, data, unit, shown } = props;
  const { figures: f, tie } = data;
  const hasLast = f.series.some((p) => p.lastYear !== null);
  const grain = f.grain === "day" ? "day" : "month";
  const title = `Collection by ${grain}, ${formatDate(f.from)} to ${formatDate(f.to)}`;
  const said = summary(f);
  const slices = (
    caption: string,
    what: string,
    rows: readonly CollectionSlice[],
    name: (key: string) => string,
  ): VNode => (
    <Table
      caption={caption}
      columns={[{ title: what }, { title: "Receipts", kind: "amount" }, { title: "Amount (₹)", kind: "amount" }]}
      empty="Nothing was collected."
      rows={rows.map((r) => ({ cells: [name(r.key), String(r.receipts), <Amount value={r.amount} />] }))}
    />
  );
  return (
    <>
      <ul class="cards">
        <li class="card figure-card">
          Total collection
          <span class="big">{shown(f.total)}</span>
          <small>
            {f.receipts} receipts{f.reversals > 0 ? `, ${f.reversals} taken back` : ""}
          </small>
        </li>
        <li class="card figure-card">
          Target of the range
          <span class="big">{f.target === null ? "none set" : shown(f.target)}</span>
          {f.targetOfYear !== null && <small>year: {shown(f.targetOfYear)}</small>}
        </li>
        <li class="card figure-card">
          Achievement
          <span class="big">{f.achievement === null ? "–" : `${f.achievement}%`}</span>
        </li>
        <li class="card figure-card">
          Same range last year
          <span class="big">{f.lastYear === null ? "no books yet" : shown(f.lastYear.total)}</span>
          {f.change !== null && <small>{f.change.startsWith("-") ? f.change : `+${f.change}`}%</small>}
        </li>
      </ul>
      {tie.difference === 0n ? (
        <p class="good-text">
          <Mark ok /> All collection of the range equals the trial balance to the rupee: ₹{" "}
          {formatIndian(tie.trialBalance)}
          {props.canReadBooks && (
            <>
              {" "}
              (<a href={`/books/trial-balance?${rangeQuery(props.range)}`}>trial balance</a>)
            </>
          )}
        </p>
      ) : (
        <Flash kind="problem">
          Differs from the trial balance by ₹ {formatStatement(tie.difference)}: this page ₹{" "}
          {formatStatement(tie.dashboard)}, trial balance ₹ {formatStatement(tie.trialBalance)}.
        </Flash>
      )}
      <details>
        <summary>How the trial balance shows it</summary>
        <Table
          caption="Cash and bank in the trial balance, less what is not collection"
          columns={[{ title: "What moved cash and bank" }, { title: "Amount (₹)", kind: "amount" }]}
          rows={[
            { cells: ["Debits less credits of all cash and bank accounts", <Amount value={tie.moneyMoved} />] },
            ...tie.otherMovements.map((m) => ({
              cells: [`of which ${m.source.replaceAll("-", " ")}`, <Amount value={m.amount} />],
            })),
            { kind: "total" as const, cells: ["Left: collection", <Amount value={tie.trialBalance} />] },
            { cells: ["This page, all wards and services", <Amount value={tie.dashboard} />] },
            { kind: "total" as const, cells: ["Difference", <Amount value={tie.difference} />] },
          ]}
        />
      </details>
      {f.series.length > 0 && (
        <figure>
          <figcaption>
            <strong>
              {title} ({UNITS[unit]})
            </strong>
            {said}
          </figcaption>
          <div
            class="chart"
            // On a phone the picture scrolls by itself, with the keyboard too.
            role="group"
            tabIndex={0}
            aria-label={title}
            // The picture comes from reports, which escapes its texts; nothing of it is typed by a visitor. Its style element is for hovering
            // with a script that we do not have, and would be refused by our own content security policy.
            dangerouslySetInnerHTML={{
              __html: chartSvg({
                description: said,
                categories: f.series.map((p) => pointName(p.key)),
                series: [
                  { name: "This year", kind: "bar", values: f.series.map((p) => p.amount) },
                  ...(hasLast
                    ? [{ name: "Last year", kind: "line" as const, values: f.series.map((p) => p.lastYear) }]
                    : []),
                ],
                unit,
                width: 1040,
                height: 300,
              }).replace(/<style\b[\s\S]*?<\/style>/g, ""),
            }}
          />
          <details>
            <summary>The same as a table</summary>
            <Table
              caption={title}
              columns={[
                { title: f.grain === "day" ? "Day" : "Month" },
                { title: "Collected (₹)", kind: "amount" },
                ...(hasLast ? [{ title: "Last year (₹)", kind: "amount" as const }] : []),
              ]}
              rows={f.series.map((p) => ({
                cells: [
                  p.key.length === 7 ? pointName(p.key) : `${pointName(p.key)}/${p.key.slice(0, 4)}`,
                  <Amount value={p.amount} />,
                  p.lastYear === null ? "" : <Amount value={p.lastYear} />,
                ],
              }))}
            />
          </details>
        </figure>
      )}
      <div class="two">
        {slices("By service", "Service", f.byService, (k) => (k === "" ? "not known" : wordFor(view.t, "service", k)))}
        {slices("By mode", "Paid by", f.byMode, (k) => (k === "" ? "not known" : wordFor(view.t, "mode", k)))}
        {slices("By ward", "Ward", f.byWard, (k) => (k === "" ? "not known" : `Ward ${k}`))}
      </div>
      <p class="quiet">
        Definition {f.definition}: what receipts settled, less what was taken back, by date in the books. Amounts in the
        cards are rounded for reading; those in tables are exact.
      </p>
    </>
  );
}

export function dashboardRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/dashboard", async (request, reply) => {
    const who = desk.need(request, ...READERS.dashboard);
    const range = rangeField(request.query, desk.today());
    const asked = field(request.query, "unit");
    const unit: Unit = asked === "crore" || asked === "lac" || asked === "unit" ? asked : "lac";
    const service = field(request.query, "service").slice(0, 40);
    const ward = field(request.query, "ward").slice(0, 40);
    const choices = await desk.read(who, async (read) => ({
      services: [...(await services(read, desk.today())).keys()],
      wards: (
        await read.query<{ ward: string }>(
          `select distinct ward from billing.consumers where ulb_id = :ulb order by ward limit 500`,
          { ulb: read.ulb.id },
        )
      ).map((r) => r.ward),
    }));
    const data = await attempt(() =>
      desk.read(who, async (read): Promise<DashboardData> => ({
        figures: await collectionDashboard(read, {
          ...range,
          unit,
          service: service || undefined,
          ward: ward || undefined,
        }),
        tie: await dashboardTie(read, range),
      })),
    );
    return send(
      reply,
      <DashboardPage
        view={viewOf(request)}
        range={range}
        unit={unit}
        service={service}
        ward={ward}
        choices={{ ...choices, wards: choices.wards.sort((a, b) => a.localeCompare(b, "en", { numeric: true })) }}
        data={data.ok ? data.value : undefined}
        refusal={data.ok ? undefined : data.refusal}
        canReadBooks={READERS.books.some((r) => who.actor.roles.includes(r))}
      />,
      data.ok ? 200 : data.refusal.status,
    );
  });
}
