import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear, financialYearFrom, localDate, type FinancialYear } from "../kernel/dates.ts";
import { paise, rupees, subtract, toRupees, type Paise } from "../kernel/money.ts";
import { accountBalances } from "../balances.ts";
import { cr, dr, postEntry, type Line } from "../entries.ts";
import { testApp, testUlb, type TestUlb } from "../testing.ts";
import { PROVISION_NORMS, REVENUES, type Revenue } from "./norms.ts";
import { provisionFor, requiredProvision, type Provided, type ProvisionAccounts } from "./provision.ts";
import type { FundReceivableAge } from "./receivable-ages.ts";
import { done, legs } from "./testing.ts";

const app = await testApp();

const accountsOf = (revenue: Revenue): ProvisionAccounts => ({
  provision: `provision ${revenue}`,
  cessShare: revenue === "cess" || revenue === "other" ? null : `cess share ${revenue}`,
  expense: `expense ${revenue}`,
  writtenBack: `back ${revenue}`,
});
const age = (revenue: Revenue, old: number, gross: string, cess = "0", over: Partial<FundReceivableAge> = {}) => ({
  revenue,
  fund: "01",
  function: null,
  demandYear: financialYearFrom(2025 - old),
  yearsOld: old,
  gross: rupees(gross),
  cess: rupees(cess),
  own: subtract(rupees(gross), rupees(cess)),
  ...over,
});
const shown = (lines: readonly Line[]) =>
  lines.map((l) => `${l.side === "debit" ? "Dr" : "Cr"} ${l.account} ${toRupees(l.amount)}`);
const post = (ages: readonly FundReceivableAge[], provided: readonly Provided[] = []) =>
  shown(provisionFor(requiredProvision(ages, PROVISION_NORMS), provided, accountsOf, "03").lines);
const had = (revenue: Revenue, gross: string, cess = "0"): Provided => ({
  revenue,
  fund: "01",
  gross: rupees(gross),
  cess: rupees(cess),
});

test("PT-18: the own share is charged, the State's share goes to its own head, the whole is provided", () => {
  expect(
    post([age("property-tax", 1, "500"), age("property-tax", 2, "1080", "80"), age("property-tax", 4, "108", "8")]),
  ).toEqual(["Dr expense property-tax 325.00", "Dr cess share property-tax 26.00", "Cr provision property-tax 351.00"]);
});

test("PT-19: an excess is written back, the State's share of it leaves its head", () => {
  expect(post([age("property-tax", 2, "1080", "80")], [had("property-tax", "351", "26")])).toEqual([
    "Dr provision property-tax 81.00",
    "Cr back property-tax 75.00",
    "Cr cess share property-tax 6.00",
  ]);
});

test("WC-05: water and other dues over 2 and 3 years at 50 and 100 %; an excess of one revenue does not lessen the charge of another", () => {
  expect(
    post(
      [age("fees-and-charges", 2, "100"), age("fees-and-charges", 3, "100")],
      [had("property-tax", "40"), had("fees-and-charges", "50")],
    ),
  ).toEqual([
    "Dr provision property-tax 40.00",
    "Cr back property-tax 40.00",
    "Dr expense fees-and-charges 100.00",
    "Cr provision fees-and-charges 100.00",
  ]);
});

test("lines without a year, credit balances and what is provided already need nothing", () => {
  expect(
    post([age("other", 9, "100", "0", { demandYear: null, yearsOld: null }), age("property-tax", 6, "-50")]),
  ).toEqual([]);
  expect(post([age("property-tax", 2, "1080", "80")], [had("property-tax", "270", "20")])).toEqual([]);
});

test("the entry always balances, brings what is provided to what is required to the paisa, and a second run finds nothing", () => {
  const amount = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 11n });
  const row = fc.record({
    revenue: fc.constantFrom(...REVENUES),
    old: fc.integer({ min: 0, max: 8 }),
    gross: amount,
    cess: amount,
    fund: fc.constantFrom("01", "02"),
  });
  const kept = fc.record({
    revenue: fc.constantFrom(...REVENUES),
    fund: fc.constantFrom("01", "02"),
    gross: amount,
    cess: amount,
  });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.uniqueArray(kept, { selector: (k) => `${k.revenue}${k.fund}`, maxLength: 6 }),
      (ages, before) => {
        const rows = requiredProvision(
          ages.map((a) =>
            age(a.revenue, a.old, "0", "0", { gross: paise(a.gross), cess: paise(a.cess), fund: a.fund }),
          ),
          PROVISION_NORMS,
        );
        const provided = before.map((b) => ({
          ...b,
          gross: paise(b.gross),
          cess: accountsOf(b.revenue).cessShare === null ? paise(0n) : paise(b.cess),
        }));
        const { lines } = provisionFor(rows, provided, accountsOf, "03");
        const balance = new Map<string, bigint>();
        const add = (account: string, fund: string, debit: bigint) =>
          balance.set(`${account}|${fund}`, (balance.get(`${account}|${fund}`) ?? 0n) + debit);
        for (const p of provided) {
          add(accountsOf(p.revenue).provision, p.fund, -p.gross);
          add(accountsOf(p.revenue).cessShare ?? "none", p.fund, p.cess);
        }
        let total = 0n;
        for (const l of lines) {
          expect(l.amount > 0n).toBe(true);
          total += l.side === "debit" ? l.amount : -l.amount;
          add(l.account, l.fund ?? "01", l.side === "debit" ? l.amount : -l.amount);
        }
        expect(total).toBe(0n);
        const after: Provided[] = [];
        for (const revenue of REVENUES) {
          for (const fund of ["01", "02"]) {
            const of = rows.filter((r) => r.revenue === revenue && r.fund === fund);
            const { provision, cessShare } = accountsOf(revenue);
            const gross = of.reduce((a, r) => a + r.provision, 0n);
            const cess = cessShare === null ? 0n : of.reduce((a, r) => a + r.provisionCess, 0n);
            expect(-(balance.get(`${provision}|${fund}`) ?? 0n)).toBe(gross);
            if (cessShare !== null) expect(balance.get(`${cessShare}|${fund}`) ?? 0n).toBe(cess);
            after.push({ revenue, fund, gross: paise(gross), cess: paise(cess) });
          }
        }
        expect(provisionFor(rows, after, accountsOf, "03").lines).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

const AT = "2026-03-31";
async function receivables(city: TestUlb): Promise<void> {
  const of = (year: string) => ({ demandYear: year as FinancialYear, function: "91" });
  await city.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "opening",
      date: localDate("2025-04-01"),
      narration: "Opening balances",
      source: { type: "test", id: "1" },
      lines: [
        dr("4311004", rupees("1080.00"), of("2023-24")),
        cr("4319100", rupees("80.00"), of("2023-24")),
        dr("4313001", rupees("500.00"), { demandYear: financialYear("2022-23") }),
        cr("3101001", rupees("1500.00")),
      ],
    }),
  );
}

test("proposed from the books as they stand, approved by another, and not posted twice", async () => {
  const city = await testUlb(app);
  await receivables(city);
  const act = await done(city, "provision", "", { date: AT, function: "03" });
  expect(await legs(city, act)).toEqual([
    "journal: Dr 2701001 250.00, Dr 4329100 20.00, Cr 4321000 270.00, Dr 2701004 500.00, Cr 4323000 500.00",
  ]);
  expect(act.drafts[0]?.lines.map((l) => l.function).filter(Boolean)).toEqual(["91", "03"]);
  await expect(done(city, "provision", "", { date: AT, function: "03" })).rejects.toThrow(/PROVISION_NOTHING/);
  // A year on, the same dues are older; what was collected meanwhile is written back.
  await city.tx("cashier", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: localDate("2026-06-01"),
      narration: "Arrears of water charges",
      source: { type: "test", id: "2" },
      lines: [
        dr("4501001", rupees("400.00")),
        cr("4313001", rupees("400.00"), { demandYear: financialYear("2022-23") }),
      ],
    }),
  );
  expect(await legs(city, await done(city, "provision", "", { date: "2027-03-31", function: "03" }))).toEqual([
    "journal: Dr 2701001 250.00, Dr 4329100 20.00, Cr 4321000 270.00, Dr 4323000 400.00, Cr 1806006 400.00",
  ]);
  const balance = await city.tx("auditor", (t) =>
    accountBalances(t, ["4321000", "4329100", "4323000"], localDate("2027-03-31")),
  );
  expect([...balance.values()].map((b: Paise) => toRupees(b))).toEqual(["-540.00", "40.00", "-100.00"]);
});

test("what was collected between proposal and approval makes the approval ask for a new proposal", async () => {
  const city = await testUlb(app);
  await receivables(city);
  const { proposeAct, approveAct } = await import("./acts.ts");
  const act = await city.tx("accountant", (t) =>
    proposeAct(t, { kind: "provision", facts: { date: AT, function: "03" } }),
  );
  await city.tx("cashier", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: localDate("2026-03-31"),
      narration: "Arrears of water charges",
      source: { type: "test", id: "2" },
      lines: [dr("4501001", rupees("1.00")), cr("4313001", rupees("1.00"), { demandYear: financialYear("2022-23") })],
    }),
  );
  await expect(city.tx("checker", (t) => approveAct(t, act.id, 1))).rejects.toThrow(/REGISTER_ACT_CHANGED/);
});
