import type { VNode } from "preact";
import { services } from "../../../billing/index.ts";
import { listPeriods } from "../../../ledger/index.ts";
import {
  addDays,
  addMonths,
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  periodStart,
  type FinancialYear,
} from "../../../ledger/kernel/dates.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { functionNames, fundNames, type TableReport } from "../../../reports/index.ts";
import { rangeQuery, type Range } from "../books-frame.tsx";
import { Field, Select } from "../components.tsx";
import { field } from "../kit.tsx";

/** What statements are asked for: the same words in the address of every statement, so that a choice goes along from page to page. */
export type Choice = {
  readonly range: Range;
  readonly fund: string;
  readonly ward: string;
  readonly function: string;
  /** Of one statement: its presentation, schedule, split, account or party. */
  readonly more: Readonly<Record<string, string>>;
};

const MORE = [
  "presentation",
  "schedule",
  "by",
  "account",
  "partyType",
  "party",
  "demandYear",
  "rupees",
  "service",
  "minimum",
] as const;

export function choiceOf(query: unknown, range: Range): Choice {
  const text = (name: string): string => field(query, name).slice(0, 60);
  return {
    range,
    fund: text("fund"),
    ward: text("ward"),
    function: text("function"),
    more: Object.fromEntries(
      MORE.map((name): [string, string] => [name, text(name)]).filter(([, value]) => value !== ""),
    ),
  };
}

/** The choice as an address; `over` changes or (with "") takes away parts of it. */
export function choiceQuery(choice: Choice, over: Readonly<Record<string, string>> = {}, keepMore = false): string {
  const { fund, ward, function: fn } = choice;
  const all = { fund, ward, function: fn, ...(keepMore ? choice.more : {}), ...over };
  const params = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ""));
  return [rangeQuery(choice.range), params.toString()].filter(Boolean).join("&");
}

export type Choices = {
  readonly years: readonly FinancialYear[];
  readonly funds: ReadonlyMap<string, string>;
  readonly functions: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, string>;
};

/** What can be chosen in this ULB: its years, newest first, funds, functions and services. */
export async function readChoices(read: Read): Promise<Choices> {
  const years = new Set((await listPeriods(read)).map((p) => financialYearOf(periodStart(p.period))));
  const offered = await services(read, dateInIndia(read.clock()));
  return {
    years: [...years].sort().reverse(),
    funds: await fundNames(read),
    functions: await functionNames(read),
    services: new Map([...offered].map(([code, { name }]) => [code, name])),
  };
}

const named = (names: ReadonlyMap<string, string>, all: string) => [
  { value: "", label: all },
  ...[...names].map(([value, name]) => ({ value, label: `${value} ${name}` })),
];

/** Year and half-year by a link, any other dates and the slices by the form. */
export function ChoiceForm(props: {
  readonly action: string;
  readonly choice: Choice;
  readonly choices: Choices;
  readonly asks?: TableReport["asks"];
}): VNode {
  const { choice, choices, action, asks = [] } = props;
  const chosen = (name: string): string => choice.more[name] ?? "";
  const link = (from: Range["from"], to: Range["to"], label: string): VNode => (
    <a
      href={`${action}?${choiceQuery({ ...choice, range: { from, to } }, {}, true)}`}
      aria-current={choice.range.from === from && choice.range.to === to ? "true" : undefined}
    >
      {label}
    </a>
  );
  return (
    <>
      <form method="get" action={action} class="filter">
        <Field label="From" name="from" type="date" value={choice.range.from} />
        <Field label="To, and as on" name="to" type="date" value={choice.range.to} />
        <Select label="Fund" name="fund" value={choice.fund} options={named(choices.funds, "All funds together")} />
        <Select label="Function" name="function" value={choice.function} options={named(choices.functions, "All")} />
        <Field label="Ward (all if empty)" name="ward" value={choice.ward} size="short" maxLength={20} />
        {asks.includes("service") && (
          <Select
            label="Service"
            name="service"
            value={chosen("service")}
            options={[
              { value: "", label: "All" },
              ...[...choices.services].map(([value, label]) => ({ value, label })),
            ]}
          />
        )}
        {asks.includes("demandYear") && (
          <Field
            label="Demand year (all if empty)"
            name="demandYear"
            value={chosen("demandYear")}
            size="short"
            maxLength={7}
          />
        )}
        {asks.includes("minimum") && (
          <Field
            label="Owing at least, in rupees"
            name="minimum"
            value={chosen("minimum")}
            size="short"
            maxLength={16}
          />
        )}
        {Object.entries(choice.more)
          .filter(([name]) => !asks.some((asked) => asked === name))
          .map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
        <button class="second">Show</button>
      </form>
      <p class="inline-links no-print">
        {choices.years.slice(0, 4).map((fy) => {
          const [start, end] = [financialYearStart(fy), financialYearEnd(fy)];
          const half = addMonths(start, 6);
          return (
            <>
              {link(start, end, fy)} {link(start, addDays(half, -1), "Apr–Sep")} {link(half, end, "Oct–Mar")}{" "}
            </>
          );
        })}
      </p>
    </>
  );
}
