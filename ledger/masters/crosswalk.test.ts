import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { paise, rupees } from "../kernel/money.ts";
import { inSnapshot } from "../kernel/tx.ts";
import { cr, createUlb, dr, listAccounts, movements, postEntry } from "../index.ts";
import { testApp, testUlb } from "../testing.ts";
import { mapFigures, partsOf, type Crosswalk, type TargetAccount } from "./crosswalk.ts";
import { addAccount, getCrosswalk, trialBalanceInChart } from "./index.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });

const target = (code: string, parent: string | null = null): TargetAccount => ({
  code,
  name: code,
  parent,
  type: "asset",
  schedule: null,
  isPosting: true,
});

test("whatever the shares, nothing is lost or made: heads and what is unmapped sum to the figures, to the paisa", () => {
  const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(paise);
  const shares = fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(shares, { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(fc.nat({ max: 7 }), amount, amount, amount), { maxLength: 30 }),
      (parts, rows) => {
        const crosswalk: Crosswalk = {
          from: "a",
          to: "b",
          targets: ["b0", "b1", "b2", "b3", "b4"].map((c) => target(c)),
          parts: new Map(parts.map((p, i) => [`4${i}`, p.map((weight, j) => ({ code: `b${j}`, weight }))])),
        };
        const figures = rows.map(([i, opening, debit, credit]) => ({ account: `4${i}01`, opening, debit, credit }));
        const mapped = mapFigures(crosswalk, figures);
        for (const key of ["opening", "debit", "credit"] as const) {
          const sum = (of: readonly { readonly [K in typeof key]: bigint }[]): bigint =>
            of.reduce((a, r) => a + r[key], 0n);
          expect(sum(mapped.rows) + sum(mapped.unmapped)).toBe(sum(figures));
        }
        for (const r of mapped.rows) expect(r.closing).toBe(r.opening + r.debit - r.credit);
        expect(mapped.problems).toHaveLength(mapped.unmapped.length);
      },
    ),
  );
});

test("a head takes its own row of the crosswalk, or that of the nearest heading above it", () => {
  const parts = new Map([
    ["110", [{ code: "x", weight: 1n }]],
    ["11001", [{ code: "y", weight: 1n }]],
  ]);
  expect(partsOf({ parts }, "1100101")?.[0]?.code).toBe("y");
  expect(partsOf({ parts }, "1105101")?.[0]?.code).toBe("x");
  expect(partsOf({ parts }, "1200101")).toBeUndefined();
});

test("every posting head of NMAM leads to a line item of cityfinance, and to one of its own type", async () => {
  const { tx } = await testUlb(app);
  const { crosswalk, accounts } = await tx("auditor", async (t) => ({
    crosswalk: await getCrosswalk(t, "cityfinance-1"),
    accounts: (await listAccounts(t)).filter((a) => a.isPosting),
  }));
  const types = new Map(crosswalk.targets.map((t) => [t.code, t]));
  const wrong = accounts.filter((a) => {
    const parts = partsOf(crosswalk, a.code);
    return !parts || parts.some((p) => types.get(p.code)?.type !== a.type || !types.get(p.code)?.isPosting);
  });
  expect(accounts.length).toBeGreaterThan(900);
  expect(wrong.map((a) => a.code)).toEqual([]);
});

test("books come out in cityfinance's line items: advertisement tax is renumbered, loans fall into their groups, headings sum", async () => {
  const { tx, as } = await testUlb(app);
  const day = localDate("2026-04-20");
  await tx("admin", (t) => addAccount(t, { code: "3305099", name: "Loan of the Cooperative Bank", parent: "33050" }));
  await tx("accountant", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: day,
      narration: "Taxes and a loan",
      source: { type: "test", id: "1" },
      lines: [
        dr("4502101", rupees("1600.00")),
        cr("1100101", rupees("100.05"), { function: "91" }),
        cr("1101101", rupees("499.95"), { function: "93" }),
        cr("3305099", rupees("1000.00")),
      ],
    }),
  );
  const { mapped, whole } = await inSnapshot(app, as("auditor"), async (read) => ({
    mapped: await trialBalanceInChart(read, "cityfinance-1", { from: localDate("2026-04-01"), to: day }),
    whole: await movements(read, { from: localDate("2026-04-01"), to: day }),
  }));
  const closing = (code: string): bigint | undefined => mapped.rows.find((r) => r.code === code)?.closing;
  expect(mapped.problems).toEqual([]);
  expect([
    closing("11001"),
    closing("11012"),
    closing("110"),
    closing("33003"),
    closing("330"),
    closing("450"),
  ]).toEqual([
    rupees("-100.05"),
    rupees("-499.95"),
    rupees("-600.00"),
    rupees("-1000.00"),
    rupees("-1000.00"),
    rupees("1600.00"),
  ]);
  expect(mapped.rows.filter((r) => r.parent === null).reduce((a, r) => a + r.closing, 0n)).toBe(
    whole.reduce((a, r) => a + r.opening + r.debit - r.credit, 0n),
  );
  invariant(whole.length === 4, "four accounts were posted to");
});

test("no crosswalk leads to a chart that nobody shipped, and a chart that only reports keeps no books", async () => {
  const { tx } = await testUlb(app);
  await expect(tx("auditor", (t) => getCrosswalk(t, "nmam-9"))).rejects.toMatchObject({ code: "CHART_NOT_FOUND" });
  const city = { code: `report-only-${process.pid}`, name: "X", state: "Y", startsOn: localDate("2026-04-01") };
  await expect(createUlb(app, { ...city, chart: "cityfinance-1" })).rejects.toMatchObject({ code: "CHART_NOT_FOUND" });
});
