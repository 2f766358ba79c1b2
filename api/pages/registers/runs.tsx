import type { VNode } from "preact";
import {
  provisionRate,
  REVENUES,
  type AssetRate,
  type Charge,
  type RegisterItem as Item,
  type ProvisionNorms,
  type ProvisionStatement,
  type Typed,
} from "../../../ledger/index.ts";
import { financialYearEnd, formatDate, type FinancialYear, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { groupBy } from "../../../ledger/kernel/group.ts";
import { sum } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Crumbs, Field, Form, Refused, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { itemPath } from "./act.tsx";
import { FormFields, said, type Offers } from "./forms.tsx";

const HOME = ["Registers", "/books/registers"] as const;
const ASSETS = ["Fixed assets", "/books/registers/asset"] as const;
/** So many assets are listed in a preview; its totals are over all of them. */
export const LISTED = 500;

/** What a depreciation run would charge, before it is proposed. */
export function DepreciationPage(props: {
  readonly view: View;
  readonly fy: string;
  readonly charges: readonly Charge[];
  readonly canWrite: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, fy, charges } = props;
  const classes = [...groupBy(charges, (c) => c.group.id)].map(([id, of]) => ({
    id,
    name: of[0]?.group.name ?? "",
    rate: of[0]?.ratePercent ?? "",
    count: of.length,
    total: sum(of.map((c) => c.charge)),
  }));
  return (
    <Books view={view} title="Depreciation run" tab="registers">
      <Crumbs trail={[HOME, ASSETS]} />
      <h1>Depreciation of {fy}</h1>
      <form method="get" action="/books/registers/depreciation" class="filter">
        <Field label="Financial year" name="fy" value={fy} hint="Like 2026-27" maxLength={7} />
        <button class="second">Show</button>
      </form>
      <Refused refusal={props.refusal} />
      <Table
        caption="By class"
        empty="No asset is to be charged: the year is charged, or nothing is left to be."
        columns={[
          { title: "Class" },
          { title: "Rate %", kind: "amount" },
          { title: "Assets", kind: "amount" },
          { title: "Charge (₹)", kind: "amount" },
        ]}
        rows={[
          ...classes.map((c) => ({ cells: [`${c.id} ${c.name}`, c.rate, c.count, <Amount value={c.total} />] })),
          ...(classes.length === 0
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: ["Total", "", charges.length, <Amount value={sum(charges.map((c) => c.charge))} />],
                },
              ]),
        ]}
      />
      {props.canWrite && charges.length > 0 && (
        <Form view={view} action="/books/registers/act" class="panel" label="Propose the run">
          <h2>Propose the run</h2>
          <p>Another person approves it; one entry is posted then, by class, function, fund and ward.</p>
          <input type="hidden" name="kind" value="depreciation" />
          <input type="hidden" name="item" value="" />
          <input type="hidden" name="fy" value={fy} />
          <input type="hidden" name="then" value="propose" />
          <Field label="Date" name="date" type="date" value={financialYearEnd(fy as FinancialYear)} isRequired />
          <button>Propose the run</button>
        </Form>
      )}
      <Table
        stacks
        caption={charges.length > LISTED ? `The first ${LISTED} of ${charges.length} assets` : "Asset by asset"}
        empty=""
        columns={[
          { title: "Asset", kind: "code" },
          { title: "Description" },
          { title: "In use from" },
          { title: "Cost (₹)", kind: "amount" },
          { title: "Depreciation so far (₹)", kind: "amount" },
          { title: "Charge (₹)", kind: "amount" },
        ]}
        rows={charges.slice(0, LISTED).map((c) => ({
          cells: [
            <a href={itemPath("asset", c.asset.id)}>{c.asset.id}</a>,
            c.asset.name,
            formatDate(c.acquiredOn),
            <Amount value={c.cost} />,
            <Amount value={c.accumulated} />,
            <Amount value={c.charge} />,
          ],
        }))}
      />
    </Books>
  );
}

/** What the norms require at a day, beside what is provided, before it is proposed; and the norms themselves. */
export function ProvisionsPage(props: {
  readonly view: View;
  readonly day: LocalDate;
  readonly statement: ProvisionStatement;
  readonly norms: ProvisionNorms;
  readonly canWrite: boolean;
  readonly canSet: boolean;
  readonly refusal?: Refusal | undefined;
  readonly typed?: Typed | undefined;
}): VNode {
  const { view, day, statement } = props;
  const { rows, provided } = statement;
  return (
    <Books view={view} title="Provisions" tab="registers">
      <Crumbs trail={[HOME, ["Provisions for receivables", "/books/registers/provision"]]} />
      <h1>Provision for receivables at {formatDate(day)}</h1>
      <form method="get" action="/books/registers/provisions" class="filter">
        <Field label="At" name="date" type="date" value={day} />
        <button class="second">Show</button>
      </form>
      <Refused refusal={props.refusal} />
      <Table
        stacks
        caption="Required by the norms"
        empty="Nothing is receivable at that day."
        columns={[
          { title: "Revenue" },
          { title: "Fund" },
          { title: "Demand year" },
          { title: "Years old", kind: "amount" },
          { title: "Outstanding (₹)", kind: "amount" },
          { title: "State's cess in it (₹)", kind: "amount" },
          { title: "Rate %", kind: "amount" },
          { title: "Provision (₹)", kind: "amount" },
          { title: "State's share of it (₹)", kind: "amount" },
        ]}
        rows={[
          ...rows.map((r) => ({
            cells: [
              r.revenue,
              r.fund,
              r.demandYear ?? "no year",
              r.yearsOld ?? "",
              <Amount value={r.gross} />,
              <Amount value={r.cess} blank />,
              r.ratePercent,
              <Amount value={r.provision} blank />,
              <Amount value={r.provisionCess} blank />,
            ],
          })),
          ...(rows.length === 0
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: [
                    "Total",
                    "",
                    "",
                    "",
                    <Amount value={sum(rows.map((r) => r.gross))} />,
                    <Amount value={sum(rows.map((r) => r.cess))} />,
                    "",
                    <Amount value={sum(rows.map((r) => r.provision))} />,
                    <Amount value={sum(rows.map((r) => r.provisionCess))} />,
                  ],
                },
              ]),
        ]}
      />
      <Table
        caption="Provided in the books"
        empty="Nothing is provided in the books."
        columns={[
          { title: "Revenue" },
          { title: "Fund" },
          { title: "Provided (₹)", kind: "amount" },
          { title: "State's share of it (₹)", kind: "amount" },
        ]}
        rows={provided.map((p) => ({
          cells: [p.revenue, p.fund, <Amount value={p.gross} />, <Amount value={p.cess} blank />],
        }))}
      />
      {props.canWrite && (
        <Form view={view} action="/books/registers/act" class="panel" label="Propose the entry">
          <h2>Propose the entry</h2>
          <p>
            It brings what is provided to what is required; increases and decreases are not netted. Another person
            approves it.
          </p>
          <input type="hidden" name="kind" value="provision" />
          <input type="hidden" name="item" value="" />
          <input type="hidden" name="date" value={day} />
          <input type="hidden" name="then" value="propose" />
          <Field
            label="Function"
            name="function"
            value={props.typed?.["function"] ?? "03"}
            hint="For revenues whose receivables name none"
            isRequired
            maxLength={10}
          />
          <button>Propose the entry</button>
        </Form>
      )}
      <Table
        caption="Norms in force at that day: percent of what is outstanding, by age in years"
        columns={[{ title: "Revenue" }, ...[1, 2, 3, 4, 5].map((y) => ({ title: String(y), kind: "amount" as const }))]}
        rows={REVENUES.map((r) => ({ cells: [r, ...[1, 2, 3, 4, 5].map((y) => provisionRate(r, y, props.norms))] }))}
      />
      {props.canSet && (
        <Form view={view} action="/books/registers/norms" class="panel" label="Set the norms of a revenue">
          <h2>Set the norms of a revenue</h2>
          <Select
            label="Revenue"
            name="revenue"
            value={props.typed?.["revenue"] ?? ""}
            options={REVENUES.map((r) => ({ value: r, label: r }))}
          />
          <Field label="From" name="validFrom" type="date" value={props.typed?.["validFrom"]} isRequired />
          <Field
            label="Steps"
            name="steps"
            value={props.typed?.["steps"]}
            hint="Years and percent: 2 25, 3 50, 4 75, 5 100"
            isRequired
            maxLength={200}
          />
          <Field label="Reason" name="reason" value={props.typed?.["reason"]} isRequired maxLength={200} />
          <button class="second">Set</button>
        </Form>
      )}
    </Books>
  );
}

export function ClassesPage(props: {
  readonly view: View;
  readonly classes: readonly Item[];
  readonly rates: readonly AssetRate[];
  readonly fields: Parameters<typeof FormFields>[0]["fields"];
  readonly offers: Offers;
  readonly canSet: boolean;
  readonly typed: Typed;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  return (
    <Books view={view} title="Classes of assets" tab="registers">
      <Crumbs trail={[HOME, ASSETS]} />
      <h1>Classes of assets and rates of depreciation</h1>
      <Refused refusal={props.refusal} />
      <Table
        stacks
        caption="Classes"
        empty="No class is set yet; an administrator sets them."
        columns={[
          { title: "Class", kind: "code" },
          { title: "Name" },
          { title: "Cost" },
          { title: "Accumulated" },
          { title: "Charge" },
          { title: "Rates, percent of cost a year" },
        ]}
        rows={props.classes.map((c) => ({
          cells: [
            c.id,
            said(c, "name"),
            said(c, "account"),
            said(c, "accumulatedAccount") || "not depreciated",
            said(c, "depreciationAccount"),
            props.rates
              .filter((r) => r.class === c.id)
              .map((r) => `${r.percent} from ${formatDate(r.validFrom)}`)
              .join("; "),
          ],
        }))}
      />
      {props.canSet && (
        <div class="two">
          <Form view={view} action="/books/registers/classes" class="panel" label="New class">
            <h2>New class</h2>
            <Field label="Id" name="id" value={typed["id"]} isRequired maxLength={40} />
            <FormFields fields={props.fields} typed={typed} offers={props.offers} />
            <button>Add the class</button>
          </Form>
          <Form view={view} action="/books/registers/classes/rate" class="panel" label="New rate">
            <h2>New rate</h2>
            <p>A year uses the rate in force on its last day; years that are charged stay as they are.</p>
            <Select
              label="Class"
              name="class"
              value={typed["class"] ?? ""}
              options={props.classes.map((c) => ({ value: c.id, label: `${c.id} ${said(c, "name")}` }))}
            />
            <Field label="From" name="validFrom" type="date" value={typed["validFrom"]} isRequired />
            <Field label="Percent of cost a year" name="percent" value={typed["percent"]} isRequired maxLength={10} />
            <Field
              label="Reason"
              name="reason"
              value={typed["reason"]}
              hint="The order that sets it"
              isRequired
              maxLength={200}
            />
            <button>Set the rate</button>
          </Form>
        </div>
      )}
    </Books>
  );
}
