import { add, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { dcbView } from "../dcb.ts";
import { rangeOf, rangeText, span } from "../ranges.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { DEMAND_SIGNATURES, demandSlice, serviceColumn, sliceName, sliceText, yearColumn } from "./demand-columns.ts";
import { money, text } from "./register-columns.ts";

const AMOUNTS = ["openingBalance", "demandRaised", "totalDemand", "collected", "reduced", "closingBalance"] as const;

/** The DCB register per head and demand year as a page. Its files are those of the report `dcb`, in the form which they have always had. */
export const dcbReport: TableReport = {
  name: "dcb",
  title: "Demand, collection and balance",
  description: "demand, collection and balance by head and demand year (--service, --ward)",
  asks: ["service"],
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "dcb");
    const view = await dcbView(read, { ...range, ...demandSlice(options) });
    const totals = Object.fromEntries(
      AMOUNTS.map((key): [string, Paise] => [key, view.rows.reduce((total, r) => add(total, r[key]), ZERO)]),
    );
    const rows: ReportRow[] = [
      ...view.rows.map(({ service, head, demandYear, ...row }) => ({
        cells: { service, head, demand_year: demandYear, ...row },
      })),
      ...(view.rows.length === 0 ? [] : [{ kind: "total" as const, cells: { head: "Total", ...totals } }]),
    ];
    return {
      title: "Demand, collection and balance",
      titleLocal: "माँग, वसूली एवं शेष",
      subtitle: [rangeText(range), sliceText(options)],
      columns: [
        serviceColumn,
        text("head", "Head", "शीर्ष", 3),
        yearColumn,
        money("openingBalance", "Opening balance"),
        money("demandRaised", "Demand raised"),
        money("totalDemand", "Total demand"),
        money("collected", "Collected"),
        money("reduced", "Reduced"),
        money("closingBalance", "Closing balance"),
      ],
      rows,
      signatures: DEMAND_SIGNATURES,
      of: [...sliceName(options), span(range)].join("_"),
    };
  },
};
