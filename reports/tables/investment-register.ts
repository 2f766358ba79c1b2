import { balances, byItem, flows, investments } from "../../ledger/index.ts";
import { addDays, financialYearOf, financialYearStart } from "../../ledger/kernel/dates.ts";
import { subtract, ZERO } from "../../ledger/kernel/money.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, date, flowsOf, less, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

/** The register of investments at a day: cost at 1 April, made, sold, the cost that is left and the value after what was provided for. */
export const investmentRegister: TableReport = {
  name: "investment-register",
  description: "investments with cost, value and interest receivable, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const from = financialYearStart(financialYearOf(day));
    const opening = byItem(await balances(read, { register: "investment", asOf: addDays(from, -1) }));
    const closing = byItem(await balances(read, { register: "investment", asOf: day }));
    const moved = flowsOf(await flows(read, { register: "investment", from, to: day }));
    const all = await investments.all(read);
    return {
      title: "Register of investments",
      titleLocal: "निवेश पंजी",
      subtitle: asAt(day),
      columns: [
        text("investment", "Investment"),
        text("name", "Kind", "प्रकार", 2),
        text("institution", "Held with"),
        text("reference", "Number"),
        text("account", "Account"),
        text("earmarked_fund", "Earmarked fund"),
        text("rate_percent", "Rate %"),
        date("made_on", "Made"),
        date("matures_on", "Matures"),
        money("cost_opening", "Cost at 1 April"),
        money("made", "Made in the year"),
        money("sold", "Matured or sold"),
        money("cost", "Cost", "लागत"),
        money("decline", "Decline provided for"),
        money("value", "Value", "मूल्य"),
        money("interest_receivable", "Interest receivable"),
      ],
      rows: all.flatMap((of): ReportRow[] => {
        const [before, cost] = [opening(of.id, "investment-cost"), closing(of.id, "investment-cost")];
        const made = moved(of.id, "investment-cost", { of: ["investment-purchase"] });
        if (before === ZERO && cost === ZERO && made === ZERO) return [];
        const decline = closing(of.id, "investment-decline");
        return [
          {
            cells: {
              investment: of.id,
              name: of.name,
              institution: of.institution,
              reference: of.reference,
              account: of.account,
              earmarked_fund: of.specialFundAccount,
              rate_percent: of.ratePercent,
              made_on: of.madeOn,
              matures_on: of.maturesOn,
              cost_opening: before,
              made,
              sold: less(moved(of.id, "investment-cost", { of: ["investment-sale"] })),
              cost,
              decline,
              value: subtract(cost, decline),
              interest_receivable: closing(of.id, "investment-interest"),
            },
          },
        ];
      }),
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};
