import { provisionStatement, REVENUES } from "../../ledger/index.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { formatIndian, subtract, sum } from "../../ledger/kernel/money.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

/**
 * What the norms require to be provided for receivables at a day, by revenue and demand year, from the books' own lines. Its notes say what is
 * provided so far. Dues without a demand year have no age: they are shown, and nothing is provided for them.
 */
export const provisionStatementReport: TableReport = {
  name: "provision-statement",
  description: "receivables by age with the provision that the norms require, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const { rows, provided } = await provisionStatement(read, day);
    const years = groupBy(rows, (r) => `${REVENUES.indexOf(r.revenue)} ${r.demandYear ?? "~"}`);
    const required = sum(rows.map((r) => r.provision));
    const stands = sum(provided.map((p) => p.gross));
    return {
      title: "Provision for receivables",
      titleLocal: "प्राप्यों हेतु प्रावधान",
      subtitle: asAt(day),
      columns: [
        text("revenue", "Revenue", "राजस्व", 2),
        text("demand_year", "Demand year", "माँग वर्ष"),
        { key: "years_old", label: "Years old", kind: "count" },
        money("gross_outstanding", "Outstanding", "बकाया"),
        money("state_cess_inside", "State cess inside"),
        money("own_share", "Own share"),
        text("rate_percent", "Rate %"),
        money("provision_gross", "Provision", "प्रावधान"),
        money("provision_cess_share", "State's share of it"),
      ],
      rows: [...years.keys()].sort().flatMap((key): ReportRow[] => {
        const of = years.get(key) ?? [];
        const [first] = of;
        if (!first) return [];
        return [
          {
            cells: {
              revenue: first.revenue,
              demand_year: first.demandYear,
              years_old: first.yearsOld,
              gross_outstanding: sum(of.map((r) => r.gross)),
              state_cess_inside: sum(of.map((r) => r.cess)),
              own_share: sum(of.map((r) => r.own)),
              rate_percent: first.ratePercent,
              provision_gross: sum(of.map((r) => r.provision)),
              provision_cess_share: sum(of.map((r) => r.provisionCess)),
            },
          },
        ];
      }),
      notes: [
        `Required ${formatIndian(required)}, provided in the books ${formatIndian(stands)}, difference ${formatIndian(subtract(required, stands))}.`,
      ],
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};
