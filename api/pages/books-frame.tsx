import type { ComponentChildren, VNode } from "preact";
import { financialYearOf, financialYearStart, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Field } from "./components.tsx";
import { dateField, type View } from "./kit.tsx";
import { Layout, type LayoutProps } from "./layout.tsx";

/** The parts of the office, by what one comes for: to read, to write, to handle money, to keep house. */
const GROUPS = [
  {
    title: "Read",
    tabs: [
      ["overview", "/books", "Overview"],
      ["day-book", "/books/day-book", "Day book"],
      ["trial-balance", "/books/trial-balance", "Trial balance"],
      ["statements", "/books/statements", "Statements"],
    ],
  },
  {
    title: "Write",
    tabs: [
      ["vouchers", "/books/vouchers", "Vouchers"],
      ["imports", "/books/imports", "Imports"],
      ["payables", "/books/payables", "Bills and payments"],
      ["registers", "/books/registers", "Registers"],
    ],
  },
  {
    title: "Money",
    tabs: [
      ["money", "/books/money", "Deposits"],
      ["refunds", "/books/refunds", "Refunds"],
      ["disputes", "/books/disputes", "Disputes"],
      ["online", "/books/online", "Online money"],
      ["tasks", "/books/tasks", "Tasks"],
      ["bank", "/books/bank", "Bank"],
    ],
  },
  {
    title: "Control",
    tabs: [
      ["budget", "/books/budget", "Budget"],
      ["periods", "/books/periods", "Periods"],
      ["masters", "/books/masters", "Masters"],
    ],
  },
] as const;
type Tab = (typeof GROUPS)[number]["tabs"][number][0];

/** The frame of the accounts office. */
export function Books(props: {
  readonly view: View;
  readonly title: string;
  readonly tab: Tab;
  readonly scripts?: LayoutProps["scripts"];
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Layout view={props.view} title={props.title} section="books" wide scripts={props.scripts ?? []}>
      <nav class="tabs" aria-label="Books">
        <ul class="groups">
          {GROUPS.map((group) => (
            <li class={group.tabs.some(([tab]) => tab === props.tab) ? "here" : undefined}>
              <span class="group" id={`tabs-${group.title.toLowerCase()}`}>
                {group.title}
              </span>
              <ul aria-labelledby={`tabs-${group.title.toLowerCase()}`}>
                {group.tabs.map(([tab, href, label]) => (
                  <li>
                    <a href={href} aria-current={tab === props.tab ? "page" : undefined}>
                      {label}
                    </a>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </nav>
      {props.children}
    </Layout>
  );
}

export type Range = { readonly from: LocalDate; readonly to: LocalDate };

/** The range that a page was asked for; the financial year so far when it was not. Raises DATE_FORMAT. */
export function rangeField(query: unknown, today: LocalDate): Range {
  const to = dateField(query, "to", today);
  return { from: dateField(query, "from", financialYearStart(financialYearOf(to))), to };
}

export const rangeQuery = (range: Range): string => `from=${range.from}&to=${range.to}`;

export function RangeForm(props: {
  readonly action: string;
  readonly range: Range;
  readonly children?: ComponentChildren;
}): VNode {
  return (
    <form method="get" action={props.action} class="filter">
      <Field label="From" name="from" type="date" value={props.range.from} />
      <Field label="To" name="to" type="date" value={props.range.to} />
      {props.children}
      <button class="second">Show</button>
    </form>
  );
}

/** Links to the same figures as files. */
export function Files(props: {
  readonly report: string;
  readonly query: string;
  readonly formats?: readonly string[];
}): VNode {
  return (
    <p class="actions no-print">
      {(props.formats ?? ["pdf", "xlsx", "csv", "json"]).map((format) => (
        <a class="button second small" href={`/audit/export/${props.report}?format=${format}&${props.query}`}>
          {format.toUpperCase()}
        </a>
      ))}
    </p>
  );
}
