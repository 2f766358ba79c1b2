import { balances, byItem, flows, loans, loanSchedule } from "../../ledger/index.ts";
import { addDays, financialYearOf, financialYearStart } from "../../ledger/kernel/dates.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, date, flowsOf, less, loose, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

/** The register of loans at a day: principal at 1 April, drawn, repaid and outstanding, interest not yet paid, and the next instalment. */
export const loanRegister: TableReport = {
  name: "loan-register",
  description: "loans with principal outstanding, interest unpaid and the next instalment, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const from = financialYearStart(financialYearOf(day));
    const opening = byItem(await balances(read, { register: "loan", asOf: addDays(from, -1) }));
    const closing = byItem(await balances(read, { register: "loan", asOf: day }));
    const moved = flowsOf(await flows(read, { register: "loan", from, to: day }));
    const all = await loans.all(read);
    return {
      title: "Register of loans",
      titleLocal: "ऋण पंजी",
      subtitle: asAt(day),
      columns: [
        text("loan", "Loan"),
        text("name", "Lender and purpose", "ऋणदाता", 2),
        text("sanction_no", "Sanction"),
        date("sanctioned_on", "Of"),
        loose("sanctioned", "Sanctioned"),
        text("rate_percent", "Rate %"),
        text("method", "Repaid by"),
        text("account", "Account"),
        money("principal_opening", "Principal at 1 April"),
        money("drawn", "Drawn"),
        money("repaid", "Repaid"),
        money("principal", "Principal outstanding", "शेष मूलधन"),
        money("interest_due", "Interest due"),
        money("interest_accrued", "Interest accrued"),
        date("next_due", "Next instalment"),
        loose("next_principal", "Principal in it"),
        loose("next_interest", "Interest in it"),
      ],
      rows: all.map((loan): ReportRow => {
        const next = loanSchedule({ ...loan, everyMonths: Number(loan.everyMonths) }).find((i) => i.due > day);
        return {
          cells: {
            loan: loan.id,
            name: loan.name,
            sanction_no: loan.sanctionNo,
            sanctioned_on: loan.sanctionedOn,
            sanctioned: loan.amount,
            rate_percent: loan.ratePercent,
            method: loan.method,
            account: loan.account,
            principal_opening: opening(loan.id, "loan-principal"),
            drawn: moved(loan.id, "loan-principal", { of: ["loan-drawdown"] }),
            repaid: less(moved(loan.id, "loan-principal", { of: ["loan-repayment"] })),
            principal: closing(loan.id, "loan-principal"),
            interest_due: closing(loan.id, "loan-interest-due"),
            interest_accrued: closing(loan.id, "loan-interest-accrued"),
            next_due: next?.due,
            next_principal: next?.principal,
            next_interest: next?.interest,
          },
        };
      }),
      notes: ["Instalments are those of the sanctioned amount, by its terms."],
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};
