import { expect, test } from "vitest";
import { cr, dr, importBudget, postEntry } from "../../ledger/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { budgetVarianceReport } from "./budget-variance.ts";

const app = await testApp();

test("budget against actual is one table: heads with sanctioned, actual, balance and share, totals apart for income and expenditure", async () => {
  const { tx } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  await tx("accountant", (t) =>
    importBudget(
      t,
      `fy,budget_head,account_prefix,function,fund,version,amount,sanction,date
2026-27,GA-01,2201,00,01,original,1000,Resolution 12,2026-04-01
2026-27,PT-01,11001,,01,original,900,Resolution 12,2026-04-01
`,
    ),
  );
  await tx("accountant", (t) =>
    postEntry(t, {
      voucher: "journal",
      date: localDate("2026-05-01"),
      narration: "Rent",
      source: { type: "test", id: "1" },
      lines: [
        dr("2201001", rupees("333.33"), { function: "00" }),
        dr("2305001", rupees("1"), { function: "00" }),
        cr("3501001", rupees("334.33")),
      ],
    }),
  );
  const table = await tx("auditor", (t) => budgetVarianceReport.build(t, { fy: financialYear("2026-27") }));
  const rows = [];
  for await (const r of table.rows)
    rows.push(
      table.columns.map((c) => {
        const cell = r.cells[c.key];
        return typeof cell === "bigint" ? toRupees(cell) : (cell ?? "");
      }),
    );
  expect(table.columns.map((c) => c.key)).toEqual(
    "budget_head,name,function,fund,original,revised,reappropriated,sanctioned,actual,committed,balance,percent".split(
      ",",
    ),
  );
  expect(rows.map((r) => r.join("|"))).toEqual([
    "Income|||||||||||",
    "PT-01|Property Tax||01|900.00|900.00|0.00|900.00|0.00|0.00|900.00|0.0",
    "|Total income|||900.00|900.00|0.00|900.00|0.00|0.00|900.00|0.0",
    "Expenditure|||||||||||",
    "GA-01||00|01|1000.00|1000.00|0.00|1000.00|333.33|0.00|666.67|33.3",
    "|Total expenditure|||1000.00|1000.00|0.00|1000.00|333.33|0.00|666.67|33.3",
  ]);
  expect(table.notes?.[1]).toBe("Booked without a budget line: 1 heads (2305001).");
});
