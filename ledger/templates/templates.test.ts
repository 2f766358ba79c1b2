import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { Refusal } from "../kernel/errors.ts";
import { paise, rupees, sum } from "../kernel/money.ts";
import {
  composeVouchers,
  getTemplate,
  listTemplates,
  postingAccounts,
  previewEntries,
  setEventAccount,
  taxSectionsOn,
  vouchersFromTemplate,
  type TemplateInput,
} from "../index.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";

const app = await testApp();
const town = await testUlb(app);
const templates = await town.tx("auditor", async (t) => {
  const all = [];
  for (const { ruleId } of await listTemplates(t)) all.push(await getTemplate(t, ruleId));
  return all;
});
const day = localDate("2026-05-10");
const common = {
  date: day,
  otherFund: "02",
  function: "02",
  demandYear: financialYear("2026-27"),
  scheme: "S1",
} satisfies Partial<TemplateInput>;

test("every leg has a posting account of the chart, or heads below which there are some to choose", () => {
  expect(templates).toHaveLength(110);
  for (const t of templates) {
    for (const leg of t.vouchers.flatMap((v) => v.legs)) {
      const at = `${t.ruleId} leg ${leg.leg}`;
      expect(leg.words, at).not.toBe("");
      expect(leg.choices.length, at).toBeGreaterThan(0);
      if (leg.account !== null)
        expect(
          leg.choices.map((c) => c.code),
          at,
        ).toContain(leg.account);
      else expect(leg.choices.length, at).toBeGreaterThan(1);
    }
  }
});

test("a journal of a template can hold no cash or bank line, a receipt or payment always has one, a contra moves between such heads", () => {
  for (const t of templates) {
    for (const v of t.vouchers) {
      const always = v.legs.filter((l) => l.kind !== "optional" && l.choices.every((c) => c.isCashBank));
      const ever = v.legs.filter((l) => l.choices.some((c) => c.isCashBank));
      const at = `${t.ruleId} ${v.types.join("/")} ${v.step}`;
      if (v.types.length > 1) expect(v.types, at).toContain("journal");
      else if (v.types[0] === "journal")
        expect(
          ever.map((l) => l.leg),
          at,
        ).toEqual([]);
      else if (v.types[0] === "contra") expect(always.length, at).toBeGreaterThanOrEqual(2);
      else if (v.types[0] !== "opening") expect(always.length, at).toBeGreaterThanOrEqual(1);
    }
  }
});

test("whatever the amounts, what is composed balances in each fund, or is refused with the leg or the figures", () => {
  const amount = fc.oneof(
    fc.constant(undefined),
    fc.bigInt({ min: 0n, max: 10_000n }),
    fc.bigInt({ min: -5n, max: 2_000_000_000_000_000n }),
  );
  let balanced = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.array(amount, { minLength: 12, maxLength: 12 }),
      fc.nat(),
      fc.boolean(),
      (template, amounts, pick, chooses) => {
        const legs = template.vouchers.flatMap((v) => v.legs);
        const lines = legs.map((leg, i) => {
          const value = amounts[i % amounts.length];
          const choice = leg.choices[pick % leg.choices.length]?.code;
          return {
            leg: leg.leg,
            ...(value === undefined ? {} : { amount: paise(value) }),
            ...((chooses || leg.account === null) && choice !== undefined ? { account: choice } : {}),
            party: { type: leg.partyTypes[0] ?? "other", id: "X" },
          };
        });
        try {
          const vouchers = composeVouchers(template, { ...common, lines });
          expect(vouchers.length).toBeGreaterThan(0);
          for (const v of vouchers) {
            const side = (s: "debit" | "credit") => sum(v.lines.filter((l) => l.side === s).map((l) => l.amount));
            expect(side("debit")).toBe(side("credit"));
            expect(side("debit")).toBeGreaterThan(0n);
            expect(new Set(v.lines.map((l) => l.fund)).size).toBe(1);
            expect(v.lines.every((l) => l.amount > 0n)).toBe(true);
          }
          balanced += 1;
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.code).toMatch(/^(TEMPLATE_(UNBALANCED|LEG_MISSING|EMPTY)|LINE_AMOUNT)$/);
          if (error.code === "TEMPLATE_UNBALANCED")
            expect(error.message).toMatch(/debits [\d,.]+, credits [\d,.]+, difference -?[\d,.]+$/);
          else expect(error.message).toContain(template.ruleId);
          refused += 1;
        }
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(balanced, refused)).toBeGreaterThan(100);
});

test("a refusal names the leg: what is missing, not allowed, or unknown", async () => {
  const compose = (ruleId: string, input: Partial<TemplateInput> & Pick<TemplateInput, "lines">) =>
    town.tx("accountant", (t) => vouchersFromTemplate(t, ruleId, { date: day, ...input }));
  const some = rupees("100.00");
  await expect(compose("XX-01", { lines: [] })).rejects.toThrow(/^TEMPLATE_UNKNOWN: .*"XX-01"/);
  await expect(compose("PT-01", { lines: [{ leg: 9, amount: some }] })).rejects.toThrow(
    /^TEMPLATE_LEG_UNKNOWN: .* leg 9/,
  );
  await expect(compose("PT-01", { lines: [{ leg: 3, amount: some }] })).rejects.toThrow(
    /^TEMPLATE_LEG_MISSING: leg 2 of PT-01 \(general tax\)/,
  );
  await expect(compose("BL-06", { lines: [] })).rejects.toThrow(/^TEMPLATE_EMPTY/);
  await expect(compose("BL-10", { lines: [{ leg: 1, amount: some }] })).rejects.toThrow(
    /^TEMPLATE_ACCOUNT_MISSING: leg 1 of BL-10 .* below 210, 220, 230, 240, 250/,
  );
  await expect(compose("BL-10", { lines: [{ leg: 1, amount: some, account: "1100101" }] })).rejects.toThrow(
    /^TEMPLATE_ACCOUNT_NOT_ALLOWED: leg 1 of BL-10 .* account 1100101/,
  );
  await expect(compose("PT-06", { lines: [{ leg: 1, amount: some }] })).rejects.toThrow(
    /^TEMPLATE_DIMENSION_MISSING: leg 2 of PT-06 .* the year of the demand/,
  );
  await expect(compose("GR-02", { lines: [{ leg: 2, amount: some }] })).rejects.toThrow(/needs a scheme/);
  await expect(
    compose("DP-02", { party: { type: "employee", id: "E-1" }, lines: [{ leg: 1, amount: some }] }),
  ).rejects.toThrow(/a party of type contractor, supplier or other, not employee/);
  await expect(compose("LN-02", { lines: [{ leg: 1, amount: some, account: "2405000" }] })).rejects.toThrow(
    /^TEMPLATE_UNBALANCED: the journal voucher of LN-02 does not balance: debits 100\.00, credits 0\.00, difference 100\.00/,
  );
  await expect(
    compose("IU-01", {
      lines: [
        { leg: 2, amount: some },
        { leg: 3, amount: some, account: "2203001" },
      ],
    }),
  ).rejects.toThrow(/leg 3 of IU-01 .* the other fund, different from fund 01/);
});

test("the chosen account decides between a receipt and a journal; a disposal makes profit or loss as it comes", async () => {
  const compose = (ruleId: string, lines: TemplateInput["lines"]) =>
    town.tx("accountant", (t) => vouchersFromTemplate(t, ruleId, { date: day, lines }));
  const shape = (vouchers: Awaited<ReturnType<typeof compose>>) =>
    vouchers.map((v) => [v.voucher, ...v.lines.map((l) => `${l.side} ${l.account} ${l.amount}`)]);
  expect(shape(await compose("IV-02", [{ leg: 2, amount: paise(500n) }]))).toEqual([
    ["receipt", "debit 4502101 500", "credit 1701001 500"],
  ]);
  expect(
    shape(
      await compose("IV-02", [
        { leg: 1, account: "4314003" },
        { leg: 2, amount: paise(500n) },
      ]),
    ),
  ).toEqual([["journal", "debit 4314003 500", "credit 1701001 500"]]);
  const sold = (proceeds: bigint) =>
    compose("FA-04", [
      { leg: 2, amount: paise(proceeds) },
      { leg: 1, amount: paise(80n), account: "4115003" },
      { leg: 6, amount: paise(proceeds) },
      { leg: 3, amount: paise(100n), account: "4105003" },
    ]);
  expect(shape(await sold(30n))[1]?.at(-1)).toBe("credit 1803001 10");
  expect(shape(await sold(15n))[1]?.at(-1)).toBe("debit 2711001 5");
  expect(shape(await sold(20n))[1]).toHaveLength(4);
});

test("a ULB's own account of a leg is used, and stands among the choices", async () => {
  const own = await testUlb(app);
  await own.tx("admin", (t) => setEventAccount(t, "PT-07", 2, "1100107", "The Act calls it interest"));
  const [voucher] = await own.tx("accountant", (t) =>
    vouchersFromTemplate(t, "PT-07", { date: day, lines: [{ leg: 2, amount: paise(100n) }] }),
  );
  expect(voucher?.lines.map((l) => l.account)).toEqual(["4501001", "1100107"]);
});

test("a works bill from the template and one from the register of bills deduct on the same heads", async () => {
  const sections = await town.tx("auditor", (t) => taxSectionsOn(t, day));
  const headOf = (code: string) => sections.find((s) => s.code === code)?.account;
  const legs = templates.find((t) => t.ruleId === "BL-01")?.vouchers[0]?.legs ?? [];
  const proposed = new Map(legs.map((l) => [l.leg, l.account]));
  expect([4, 5, 9, 10, 6].map((leg) => proposed.get(leg))).toEqual(
    ["TDS-CONTRACTOR", "GST-TDS-CGST", "GST-TDS-SGST", "GST-TDS-IGST", "BOCW"].map(headOf),
  );
  const heads = await town.tx("auditor", (t) =>
    postingAccounts(t, "creditors-contractors", "deposit-retention", "advance-contractors", "advance-materials"),
  );
  expect([2, 3, 7, 8].map((leg) => proposed.get(leg))).toEqual([
    heads["creditors-contractors"],
    heads["deposit-retention"],
    heads["advance-contractors"],
    heads["advance-materials"],
  ]);
});

test("a preview shows the entries as they would be posted, or why not, and leaves nothing behind", async () => {
  const before = await bookMarks(app, town.ulb);
  const vouchers = await town.tx("accountant", (t) =>
    vouchersFromTemplate(t, "BL-06", {
      date: day,
      party: { type: "contractor", id: "C-1" },
      lines: [
        { leg: 1, amount: rupees("100.00") },
        { leg: 3, amount: rupees("40.00") },
      ],
    }),
  );
  const [paid, adjusted] = await previewEntries(app, town.as("accountant"), vouchers);
  expect(paid?.lines.map((l) => [l.side, l.account, l.accountName.slice(0, 7), l.amount])).toEqual([
    ["debit", "4604002", "Advance", 10000n],
    ["credit", "4502101", "Nationa", 10000n],
  ]);
  expect([adjusted?.lines.length, adjusted?.refusal]).toEqual([2, undefined]);
  const late = vouchers.map((v) => ({ ...v, date: localDate("2031-01-01") }));
  expect((await previewEntries(app, town.as("accountant"), late)).map((p) => p.refusal?.code)).toEqual([
    "PERIOD_MISSING",
    "PERIOD_MISSING",
  ]);
  expect(await bookMarks(app, town.ulb)).toEqual(before);
});
