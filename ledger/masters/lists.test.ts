import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { inSnapshot, type Tx } from "../kernel/tx.ts";
import { cr, dr, postEntry, type Dimensions } from "../index.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import {
  addMaster,
  addParty,
  addTaxSection,
  closeMaster,
  endTaxSection,
  getTaxSection,
  listBudgetHeads,
  listFields,
  listFunctions,
  listFunds,
  listFundSources,
  listMaster,
  listParties,
  listSchemes,
  listTaxSections,
  renameMaster,
  reopenMaster,
  taxSectionsOn,
  type TaxSectionInput,
} from "./index.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });
const day = localDate;
const why = { reason: "Council resolution 12" };

let facts = 0;
const post = (t: Tx, date: string, amount: string, dimensions: Dimensions, account = "3201001") =>
  postEntry(t, {
    voucher: "receipt",
    date: day(date),
    narration: "Test",
    source: { type: "test", id: String((facts += 1)) },
    lines: [dr("4502101", rupees(amount), dimensions), cr(account, rupees(amount), dimensions)],
  });

test("zones, wards, schemes and budget heads are added with what they hang on; everything that is wrong is said at once", async () => {
  const { tx, ulb } = await testUlb(app);
  await tx("admin", async (t) => {
    await addMaster(t, "fields", { code: "Z1", name: "North zone", kind: "zone" });
    await addMaster(t, "fields", { code: "W-07", name: "Ward 7", kind: "ward", parent: "Z1", nameLocal: "वार्ड 7" });
    await addMaster(t, "schemes", { code: "AMRUT", name: "AMRUT 2.0", fund: "05", source: "09" });
    await addMaster(t, "budget-heads", {
      code: "ROADS",
      name: "Roads",
      accountFrom: "2305",
      accountTo: "2305",
      function: "21",
    });
  });
  const before = await bookMarks(app, ulb);
  const add = (extra: object) =>
    tx("admin", (t) => addMaster(t, "schemes", { code: "X 1", name: "", fund: "77", source: "99", ...extra }));
  await expect(add({})).rejects.toMatchObject({
    code: "MASTER_DETAILS",
    facts: {
      problems: [
        expect.stringContaining('the code "X 1"'),
        "it needs a name",
        "fund 77 is not there",
        "source of funds 99 is not there",
      ],
    },
  });
  await expect(
    tx("admin", (t) => addMaster(t, "budget-heads", { code: "B", name: "B", accountFrom: "2305", accountTo: "2205" })),
  ).rejects.toThrow(/last account 2205 comes before its first 2305/);
  await expect(tx("admin", (t) => addMaster(t, "fields", { code: "Z1", name: "Again", kind: "zone" }))).rejects.toThrow(
    /"North zone"/,
  );
  expect(await bookMarks(app, ulb)).toEqual(before);
  const [fields, schemes, heads] = await tx(
    "auditor",
    async (t) => [await listFields(t), await listSchemes(t), await listBudgetHeads(t)] as const,
  );
  expect(fields.map((f) => [f.code, f.kind, f.parent])).toEqual([
    ["W-07", "ward", "Z1"],
    ["Z1", "zone", null],
  ]);
  expect(schemes).toMatchObject([{ code: "AMRUT", fund: "05", source: "09" }]);
  expect(heads).toMatchObject([{ accountFrom: "2305", function: "21", fund: null }]);
});

test("a list is asked for a day: who was in use then, under which name", async () => {
  const { tx, as } = await testUlb(app);
  await tx("admin", async (t) => {
    await addMaster(t, "functionaries", { code: "EE", name: "Executive Engineer", validFrom: day("2025-06-01") });
    await renameMaster(t, "functionaries", "EE", { name: "City Engineer" }, { from: day("2026-01-01"), ...why });
    await closeMaster(t, "functionaries", "EE", { from: day("2026-04-01"), ...why });
  });
  const on = (date: string) =>
    inSnapshot(app, as("auditor"), async (r) =>
      (await listMaster(r, "functionaries", { onDay: day(date) })).map((f) => f.name),
    );
  expect([await on("2025-05-31"), await on("2025-12-31"), await on("2026-03-31"), await on("2026-04-01")]).toEqual([
    [],
    ["Executive Engineer"],
    ["City Engineer"],
    [],
  ]);
  await tx("admin", (t) => reopenMaster(t, "functionaries", "EE", why));
  expect(await on("2026-05-10")).toEqual(["City Engineer"]);
  expect(await tx("auditor", (t) => listMaster(t, "functionaries", { search: "city%" }))).toEqual([]);
  expect(await tx("auditor", (t) => listMaster(t, "functionaries", { search: "city" }))).toHaveLength(1);
});

test("a fund with a balance is not closed; a nil one is, and the books refuse it and a closed function by name", async () => {
  const { tx } = await testUlb(app);
  await tx("accountant", (t) => post(t, "2026-04-10", "50.00", { fund: "06" }));
  const close = () => tx("admin", (t) => closeMaster(t, "funds", "06", why));
  await expect(close()).rejects.toMatchObject({
    code: "MASTER_HAS_BALANCE",
    message: expect.stringMatching(/50\.00 on account \d+ \(and on 1 more\)/),
  });
  await tx("admin", (t) => closeMaster(t, "funds", "04", why));
  await expect(tx("accountant", (t) => post(t, "2026-04-10", "5.00", { fund: "04" }))).rejects.toMatchObject({
    code: "FUND_CLOSED",
    message: expect.stringContaining("fund 04 is closed"),
  });
  await tx("admin", (t) => closeMaster(t, "functions", "66", why));
  await expect(
    tx("accountant", (t) => post(t, "2026-04-10", "5.00", { function: "66" }, "1301001")),
  ).rejects.toMatchObject({ code: "FUNCTION_CLOSED" });
  await expect(tx("accountant", (t) => post(t, "2026-04-10", "5.00", { fund: "99" }))).rejects.toMatchObject({
    code: "FUND_UNKNOWN",
  });
  await tx("admin", (t) => reopenMaster(t, "funds", "04", why));
  await tx("accountant", (t) => post(t, "2026-04-10", "5.00", { fund: "04" }));
});

test("what something else hangs on is not closed: a group of functions, a fund with a scheme, a scheme with an unspent grant", async () => {
  const { tx } = await testUlb(app);
  await tx("admin", (t) => addMaster(t, "schemes", { code: "SBM", name: "SBM", fund: "05", source: "09" }));
  await expect(tx("admin", (t) => closeMaster(t, "functions", "20", why))).rejects.toMatchObject({
    code: "MASTER_HAS_CHILDREN",
    message: expect.stringContaining("21, 22"),
  });
  await expect(tx("admin", (t) => closeMaster(t, "funds", "05", why))).rejects.toThrow(/scheme SBM/);
  await tx("accountant", (t) => post(t, "2026-04-10", "700.00", { fund: "05", scheme: "SBM" }));
  await expect(tx("admin", (t) => closeMaster(t, "schemes", "SBM", why))).rejects.toThrow(
    /-700\.00 on account 3201001/,
  );
});

test("TDS on the last day of the old Act is section 194C, the day after section 393 with its payment code", async () => {
  const { tx } = await testUlb(app);
  const [old, fresh, all] = await tx(
    "accountant",
    async (t) =>
      [
        await getTaxSection(t, "TDS-CONTRACTOR", day("2026-03-31")),
        await getTaxSection(t, "TDS-CONTRACTOR", day("2026-04-01")),
        await taxSectionsOn(t, day("2026-04-01")),
      ] as const,
  );
  expect(old).toMatchObject({
    section: "194C",
    ratePercent: "2",
    thresholdSingle: rupees("30000"),
    thresholdYear: rupees("100000"),
  });
  expect(fresh).toMatchObject({ section: "393(1)", paymentCode: "1017", ratePercent: "2", account: "3502025" });
  expect(all.map((s) => [s.code, s.ratePercent, s.thresholdSingle])).toEqual([
    ["BOCW", "1", null],
    ["GST-TDS-CGST", "1", rupees("250000")],
    ["GST-TDS-IGST", "2", rupees("250000")],
    ["GST-TDS-SGST", "1", rupees("250000")],
    ["TDS-CONTRACTOR", "2", rupees("30000")],
    ["TDS-CONTRACTOR-IND", "1", rupees("30000")],
  ]);
  await expect(tx("accountant", (t) => getTaxSection(t, "TDS-RENT", day("2026-04-01")))).rejects.toMatchObject({
    code: "TAX_SECTION_UNKNOWN",
  });
  await expect(tx("accountant", (t) => getTaxSection(t, "BOCW", day("2017-04-01")))).rejects.toMatchObject({
    code: "TAX_SECTION_UNKNOWN",
  });
});

test("a new rate begins when the old one is ended; two rows of a code never hold on one day", async () => {
  const { tx } = await testUlb(app);
  const next: TaxSectionInput = {
    code: "BOCW",
    kind: "cess",
    section: "BOCW",
    description: "Raised cess",
    ratePercent: "2",
    account: "3502064",
    validFrom: day("2026-07-01"),
  };
  const add = (input: TaxSectionInput) => tx("admin", (t) => addTaxSection(t, input, "Gazette of 1 May"));
  await expect(add(next)).rejects.toMatchObject({ code: "TAX_SECTION_OVERLAPS" });
  await tx("admin", (t) => endTaxSection(t, "BOCW", day("2026-06-30"), "Gazette of 1 May"));
  await add(next);
  await expect(add({ ...next, ratePercent: "0", account: "4502101", description: "" })).rejects.toMatchObject({
    facts: {
      problems: [
        "it needs a description",
        expect.stringContaining("a rate of 0 %"),
        expect.stringContaining("4502101 is not"),
      ],
    },
  });
  const rows = await tx("auditor", async (t) => (await listTaxSections(t)).filter((s) => s.code === "BOCW"));
  expect(rows.map((s) => [s.validFrom, s.validTo, s.ratePercent])).toEqual([
    ["2026-07-01", null, "2"],
    ["2018-10-01", "2026-06-30", "1"],
  ]);
  // Behind the program's back the table refuses it, too.
  await expect(
    tx("admin", (t) =>
      t.query("update ledger.tax_sections set valid_to = null where ulb_id = :ulb and code = 'BOCW'", {
        ulb: t.ulb.id,
      }),
    ),
  ).rejects.toThrow(/overlaps/);
});

test("one ULB never sees another's masters", async () => {
  const [a, b] = [await testUlb(app), await testUlb(app)];
  await a.tx("admin", async (t) => {
    await addMaster(t, "fields", { code: "W-07", name: "Ward 7", kind: "ward" });
    await addParty(t, { type: "contractor", name: "Kaveri Infra" });
    await renameMaster(t, "funds", "01", { name: "General Fund of A" }, why);
  });
  const seen = await b.tx("auditor", async (t) => ({
    fields: await listFields(t),
    parties: await listParties(t),
    fund: (await listFunds(t))[0]?.name,
    versions: await t.query("select 1 from ledger.master_versions"),
  }));
  expect(seen).toEqual({ fields: [], parties: [], fund: "Municipal (General) Fund", versions: [] });
  await b.tx("admin", (t) => addParty(t, { type: "contractor", id: "C-0001", name: "Narmada Works" }));
});

test("a new ULB begins with functions, funds and sources of funds in use", async () => {
  const { tx } = await testUlb(app);
  const [functions, sources] = await tx(
    "auditor",
    async (t) => [await listFunctions(t), await listFundSources(t)] as const,
  );
  expect(functions.every((f) => f.isActive && f.validFrom === null)).toBe(true);
  expect([functions.length > 70, sources.length]).toEqual([true, 9]);
});
