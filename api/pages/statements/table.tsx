import type { ComponentChildren, VNode } from "preact";
import { formatDate, localDate } from "../../../ledger/kernel/dates.ts";
import type { Drill, ReportColumn, ReportRow } from "../../../reports/index.ts";
import { rangeQuery } from "../books-frame.tsx";
import { Amount, Table, type Row } from "../components.tsx";
import { choiceQuery, type Choice } from "./choice.tsx";

/** Where a figure leads: schedule, account, entry or statement, with the choice of this page. */
function hrefOf(drill: Drill, choice: Choice): string {
  if ("schedule" in drill) return `/books/statements/schedules?${choiceQuery(choice, { schedule: drill.schedule })}`;
  if ("account" in drill) return `/books/accounts/${drill.account}?${rangeQuery(choice.range)}`;
  if ("entry" in drill) return `/books/entries/${drill.entry}`;
  return `/books/statements/${drill.report}?${choiceQuery(choice, drill.only ?? {})}`;
}

/** The cells that name what the row is about are links, and so is its figure. */
const NAMING = new Set(["schedule", "head", "code", "entry", "function", "account"]);

function cellOf(row: ReportRow, column: ReportColumn, href: string | undefined, isFigure: boolean): ComponentChildren {
  const value = row.cells[column.key];
  if (value === null || value === undefined || value === "") return "";
  const shown =
    typeof value === "bigint" ? (
      <Amount value={value} />
    ) : column.kind === "date" && typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? (
      formatDate(localDate(value))
    ) : (
      String(value)
    );
  if (href !== undefined && (isFigure || NAMING.has(column.key))) return <a href={href}>{shown}</a>;
  if (column.isIndented && (row.level ?? 0) > 0)
    return <span class={`indent-${Math.min(row.level ?? 0, 3)}`}>{shown}</span>;
  return shown;
}

/** A report's table as HTML: the same rows as in its files, each figure a link to what it is made of. */
export function ReportTableView(props: {
  readonly caption: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly ReportRow[];
  readonly choice: Choice;
}): VNode {
  const columns = props.columns.filter((column) => column.isDataOnly !== true);
  const figure = columns.find((column) => column.kind === "amount")?.key;
  const named = columns.find((column) => column.isIndented) ?? columns.find((column) => column.kind === "text");
  // What has words and two figures stays a table on a phone, too; registers become cards.
  const isStatement = columns.some((c) => c.isIndented) && columns.filter((c) => c.kind === "amount").length <= 2;
  const table = (
    <Table
      caption={props.caption}
      stacks={!isStatement}
      empty="Nothing was booked that this report would show."
      columns={columns.map((column) => ({
        title: column.label,
        kind: column.kind === "amount" || column.kind === "count" ? "amount" : NAMING.has(column.key) ? "code" : "text",
      }))}
      rows={props.rows.map((row): Row => {
        if (row.kind === "heading") {
          const texts = columns.map((c) => row.cells[c.key]).filter((v) => typeof v === "string" && v !== "");
          return { kind: "heading", cells: [String(texts[0] ?? row.cells[named?.key ?? ""] ?? "")] };
        }
        const href = row.drill ? hrefOf(row.drill, props.choice) : undefined;
        return { kind: row.kind, cells: columns.map((c) => cellOf(row, c, href, c.key === figure)) };
      })}
    />
  );
  return isStatement ? <div class="statement">{table}</div> : table;
}
