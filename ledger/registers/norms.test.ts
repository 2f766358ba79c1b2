import { expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { cr, dr, postEntry } from "../entries.ts";
import { testApp, testUlb } from "../testing.ts";
import { provisionNorms, provisionRate, setProvisionNorms } from "./norms.ts";
import { receivableAges } from "./receivable-ages.ts";

const app = await testApp();

test("property tax over 2, 3, 4 and 5 years is provided for at 25, 50, 75 and 100 %; other dues over 2 and 3 at 50 and 100 %", () => {
  const rates = (revenue: "property-tax" | "fees-and-charges") =>
    [0, 1, 2, 3, 4, 5, 9].map((age) => provisionRate(revenue, age));
  expect(rates("property-tax")).toEqual(["0", "0", "25", "50", "75", "100", "100"]);
  expect(rates("fees-and-charges")).toEqual(["0", "0", "50", "100", "100", "100", "100"]);
});

test("a ULB's own norms hold from their day, on record; norms that fall with age are refused", async () => {
  const { tx } = await testUlb(app);
  const steps = [{ yearsOld: 1, percent: "10" }];
  const set = (validFrom: string, own: typeof steps, reason = "Order of the State, 12 May 2025") =>
    tx("admin", (t) =>
      setProvisionNorms(t, { revenue: "property-tax", validFrom: localDate(validFrom), steps: own, reason }),
    );
  await set("2026-03-31", steps);
  const at = (day: string) => tx("auditor", (t) => provisionNorms(t, localDate(day)));
  expect(provisionRate("property-tax", 1, await at("2026-03-30"))).toBe("0");
  expect(provisionRate("property-tax", 1, await at("2026-03-31"))).toBe("10");
  await expect(set("2027-03-31", [...steps, { yearsOld: 2, percent: "5" }])).rejects.toThrow(
    /PROVISION_NORM.*not less/,
  );
  await expect(set("2027-03-31", steps, "")).rejects.toThrow(/REASON_MISSING/);
});

test("receivables are aged by demand year with the State's cess inside; lines without a year have no age", async () => {
  const { tx } = await testUlb(app);
  const old = { demandYear: financialYear("2022-23"), function: "91" };
  await tx("accountant", (t) =>
    postEntry(t, {
      voucher: "opening",
      date: localDate("2025-04-01"),
      narration: "Opening balances",
      source: { type: "test", id: "1" },
      lines: [
        dr("4311004", rupees("1080.00"), old),
        cr("4319100", rupees("80.00"), old),
        dr("4313001", rupees("500.00"), { demandYear: financialYear("2024-25") }),
        dr("4314002", rupees("70.00")),
        cr("3101001", rupees("1570.00")),
      ],
    }),
  );
  const ages = await tx("auditor", (t) => receivableAges(t, localDate("2026-03-31")));
  expect(ages.map((a) => [a.revenue, a.demandYear, a.yearsOld, a.gross, a.cess, a.own])).toEqual([
    ["property-tax", "2022-23", 3, 108000n, 8000n, 100000n],
    ["fees-and-charges", "2024-25", 1, 50000n, 0n, 50000n],
    ["other", null, null, 7000n, 0n, 7000n],
  ]);
  expect(await tx("auditor", (t) => receivableAges(t, localDate("2025-03-31")))).toEqual([]);
});
