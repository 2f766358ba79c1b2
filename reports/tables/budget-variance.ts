import { budgetVariance, type VarianceRow } from "../../ledger/index.ts";
import {
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  formatDate,
  type FinancialYear,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";

const AMOUNTS = ["original", "revised", "reappropriated", "sanctioned", "actual", "committed", "balance"] as const;

/** Budget against actual by budget head: income, then expenditure, each with its total; what was booked without a budget is noted. */
export const budgetVarianceReport: TableReport = {
  name: "budget-variance",
  description: "budget against actual by budget head: sanctioned, booked, committed, left",
  build,
};

async function build(read: Read, options: ReportOptions): Promise<ReportTable> {
  const { fy, to } = rangeOf(read, options);
  const { rows, unbudgeted } = await budgetVariance(read, fy, to, { fund: options.fund });
  const lines: ReportRow[] = [];
  for (const [side, title] of [
    ["income", "Income"],
    ["expenditure", "Expenditure"],
  ] as const) {
    const own = rows.filter((r) => r.side === side);
    if (own.length === 0) continue;
    lines.push({ kind: "heading", cells: { budget_head: title } });
    for (const r of own) lines.push({ cells: cellsOf(r) });
    const total = (key: (typeof AMOUNTS)[number]): Paise => paise(own.reduce((a, r) => a + r[key], 0n));
    lines.push({
      kind: "total",
      cells: {
        name: `Total ${title.toLowerCase()}`,
        ...Object.fromEntries(AMOUNTS.map((a) => [a, total(a)])),
        percent: percentOf(total("actual"), total("sanctioned")),
      },
    });
  }
  return {
    title: "Budget against actual",
    subtitle: [`${fy}, to ${formatDate(to)}`, ...(options.fund === undefined ? [] : [`fund ${options.fund}`])],
    columns: [
      { key: "budget_head", label: "Budget head", kind: "text" },
      { key: "name", label: "Name", kind: "text", weight: 2 },
      { key: "function", label: "Function", kind: "text", weight: 0.6 },
      { key: "fund", label: "Fund", kind: "text", weight: 0.4 },
      // Income and expenditure are not added to each other at a page's foot.
      ...(
        [
          ["original", "Original"],
          ["revised", "Revised"],
          ["reappropriated", "Re-appropriated"],
          ["sanctioned", "Sanctioned"],
          ["actual", "Actual"],
          ["committed", "Committed"],
          ["balance", "Balance"],
        ] as const
      ).map(([key, label]) => ({ key, label, kind: "amount" as const, isCarried: false })),
      { key: "percent", label: "Used %", kind: "text", weight: 0.5 },
    ],
    rows: lines,
    notes: [
      "Revised is the revised estimate, the original where there is none, with supplementary grants; sanctioned adds re-appropriations. Actual is debits less credits (income: credits less debits); balance is sanctioned less actual less committed.",
      ...(unbudgeted.length === 0
        ? []
        : [
            `Booked without a budget line: ${unbudgeted.length} heads (${unbudgeted
              .slice(0, 8)
              .map((u) => u.account)
              .join(", ")}${unbudgeted.length > 8 ? ", …" : ""}).`,
          ]),
    ],
    of: `${fy}_${to}`,
  };
}

function rangeOf(read: Read, options: ReportOptions): { readonly fy: FinancialYear; readonly to: LocalDate } {
  if (options.fy !== undefined) return { fy: options.fy, to: financialYearEnd(options.fy) };
  const to = options.to ?? options.asOf ?? dateInIndia(read.clock());
  return { fy: financialYearOf(to), to };
}

const cellsOf = (r: VarianceRow): ReportRow["cells"] => ({
  budget_head: r.budgetHead,
  name: r.name,
  function: r.function,
  fund: r.fund,
  ...Object.fromEntries(AMOUNTS.map((a) => [a, r[a]])),
  percent: percentOf(r.actual, r.sanctioned),
});

/** "83.3": the share of what is sanctioned that was used, cut after one decimal; empty where nothing is sanctioned. */
function percentOf(part: Paise, whole: Paise): string {
  if (whole <= 0n) return "";
  const tenths = (part * 1000n) / whole;
  const abs = tenths < 0n ? -tenths : tenths;
  return `${tenths < 0n ? "-" : ""}${abs / 10n}.${abs % 10n}`;
}
