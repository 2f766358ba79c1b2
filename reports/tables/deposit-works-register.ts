import { balances, byItem, depositWorks, flows } from "../../ledger/index.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { asAt, date, flowsOf, less, loose, money, REGISTER_SIGNATURES, registerDay, text } from "./register-columns.ts";

/** The register of deposit works at a day, since each began: received, spent, adjusted at completion, refunded, and what is held. */
export const depositWorksRegister: TableReport = {
  name: "deposit-works-register",
  description: "works done with other people's money: received, spent, adjusted, refunded, held, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = registerDay(read, options);
    const closing = byItem(await balances(read, { register: "deposit-work", asOf: day }));
    const moved = flowsOf(await flows(read, { register: "deposit-work", from: "0001-01-01" as typeof day, to: day }));
    const all = await depositWorks.all(read);
    return {
      title: "Register of deposit works",
      titleLocal: "जमा कार्य पंजी",
      subtitle: asAt(day),
      columns: [
        text("work", "Work"),
        text("name", "Description", "विवरण", 2),
        text("depositor", "Depositor", "जमाकर्ता"),
        text("agreement_no", "Agreement"),
        date("agreed_on", "Of"),
        loose("estimate", "Estimate"),
        money("received", "Received", "प्राप्त"),
        money("spent", "Spent", "व्यय"),
        money("adjusted", "Adjusted at completion, with charges"),
        money("refunded", "Refunded"),
        money("held", "Held", "शेष"),
        money("spent_not_adjusted", "Spent, not yet adjusted"),
      ],
      rows: all.map((work): ReportRow => ({
        cells: {
          work: work.id,
          name: work.name,
          depositor: work.depositor,
          agreement_no: work.agreementNo,
          agreed_on: work.agreedOn,
          estimate: work.estimate,
          received: moved(work.id, "deposit-held", { of: ["deposit-receipt"] }),
          spent: moved(work.id, "deposit-spent", { of: ["deposit-spend"] }),
          adjusted: less(moved(work.id, "deposit-held", { of: ["deposit-completion"] })),
          refunded: less(moved(work.id, "deposit-held", { of: ["deposit-refund"] })),
          held: closing(work.id, "deposit-held"),
          spent_not_adjusted: closing(work.id, "deposit-spent"),
        },
      })),
      signatures: REGISTER_SIGNATURES,
      of: day,
    };
  },
};
