import { expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { addItem } from "./items.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { approveAct, proposeAct } from "./acts.ts";
import { depreciationCharges } from "./assets.ts";
import { setAssetRate } from "./asset-classes.ts";
import { ASSET_CLASSES } from "./catalogue.ts";
import { asset, BANK, done, enter, enterClasses, GRANT_BANK, legs } from "./testing.ts";
import { registerTies } from "./ties.ts";

const app = await testApp();

async function town(): Promise<TestUlb> {
  const city = await testUlb(app);
  await enterClasses(city);
  return city;
}
const differences = async (city: TestUlb, on = "2027-03-31") =>
  (await city.tx("auditor", (t) => registerTies(t, localDate(on))))
    .filter((t) => t.difference !== 0n)
    .map((t) => `${t.name} ${t.difference}`);
const ledgerOf = async (city: TestUlb, name: string) =>
  (await city.tx("auditor", (t) => registerTies(t, localDate("2027-03-31")))).find((t) => t.name === name)?.ledger;

test("FA-01, FA-06: bought from the bank it is a payment, on credit a journal; from an earmarked fund it moves to funds utilised", async () => {
  const city = await town();
  const paid = await done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "900000", "2025-06-01"));
  expect(await legs(city, paid)).toEqual([`payment: Dr 4105005 900000.00, Cr ${BANK} 900000.00`]);
  const owed = await done(
    city,
    "asset-purchase",
    "",
    asset("V-2", "VEHICLE", "100", "2025-06-01", { account: "3501001", specialFund: "3111001", fund: "04" }),
  );
  expect(await legs(city, owed)).toEqual([
    "journal: Dr 4105005 100.00/04, Cr 3501001 100.00/04",
    "journal: Dr 3111001 100.00/04, Cr 3123000 100.00/04",
  ]);
  expect(await differences(city)).toEqual([]);
  await expect(done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "1", "2025-06-01"))).rejects.toThrow(
    /REGISTER_ITEM_EXISTS: asset V-1/,
  );
  await expect(done(city, "asset-purchase", "", asset("V-3", "SHIP", "1", "2025-06-01"))).rejects.toThrow(
    /REGISTER_ITEM_UNKNOWN.*"SHIP"/,
  );
});

test("GR-08: an asset received free stands at one rupee against capital contribution, and is not depreciated", async () => {
  const city = await town();
  const { amount: _amount, account: _account, mode: _mode, ...facts } = asset("V-1", "VEHICLE", "0", "2025-06-01");
  const act = await done(city, "asset-gift", "", { ...facts, giver: "Rotary Club" });
  expect(await legs(city, act)).toEqual(["journal: Dr 4105005 1.00, Cr 3121000 1.00"]);
  await expect(done(city, "depreciation", "", { date: "2026-03-31", fy: "2025-26" })).rejects.toThrow(
    /DEPRECIATION_NOTHING/,
  );
});

test("FA-02, GR-04: a work is capitalised in parts and whole, with what the grant met of it; never more than it has cost", async () => {
  const city = await town();
  await enter(city, "work", "W-1");
  await enter(city, "grant", "G-1");
  await done(city, "grant-receipt", "G-1", { date: "2025-05-10", amount: "300000", mode: "post" });
  const cost = await done(city, "work-cost", "W-1", {
    date: "2025-06-01",
    amount: "500000",
    account: "3501002",
    mode: "post",
  });
  expect(await legs(city, cost)).toEqual(["journal: Dr 4123200 500000.00, Cr 3501002 500000.00"]);
  const capitalise = (id: string, over: Record<string, string>) =>
    done(city, "asset-capitalisation", "W-1", {
      date: "2025-08-01",
      asset: id,
      name: "Reservoir",
      class: "WATER",
      location: "Hill Colony",
      acquiredOn: "2025-08-01",
      residual: "1",
      ...over,
    });
  const before = await bookMarks(app, city.ulb);
  await expect(capitalise("T-1", { amount: "500000.01" })).rejects.toThrow(
    /WORK_COST_SHORT: work W-1 has cost 5,00,000.00 that is not capitalised, 5,00,000.01/,
  );
  await expect(capitalise("T-1", { amount: "400000", grant: "G-1" })).rejects.toThrow(/GRANT_UNSPENT_SHORT/);
  await expect(capitalise("T-1", { amount: "100", grant: "G-1", grantAmount: "101" })).rejects.toThrow(
    /ASSET_COST_SHORT/,
  );
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const part = await capitalise("T-1", { amount: "350000", grant: "G-1", grantAmount: "300000" });
  expect(await legs(city, part)).toEqual([
    "journal: Dr 4103203 350000.00, Cr 4123200 350000.00, Dr 3201003 300000.00, Cr 3121000 300000.00",
  ]);
  const rest = await capitalise("T-2", {});
  expect(await legs(city, rest)).toEqual(["journal: Dr 4103203 150000.00, Cr 4123200 150000.00"]);
  await expect(capitalise("T-3", {})).rejects.toThrow(/WORK_COST_SHORT.*0.00 is asked/);
  expect(await differences(city)).toEqual([]);
  expect(await ledgerOf(city, "Works in progress")).toBe(0n);
});

test("FA-03: one entry for a run, by class and function; the same year again books nothing, what was added since is caught up", async () => {
  const city = await town();
  await done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "800000", "2025-06-01"));
  await done(city, "asset-purchase", "", asset("V-2", "VEHICLE", "400000", "2025-11-01"));
  await done(city, "asset-purchase", "", asset("B-1", "BUILDING", "1000000", "2025-04-01", { function: "28" }));
  await done(city, "asset-purchase", "", asset("L-1", "LAND", "5000000", "2025-04-01"));
  const run = { date: "2026-03-31", fy: "2025-26" };
  const preview = await city.tx("auditor", (t) => depreciationCharges(t, financialYear("2025-26")));
  expect(preview.map((c) => [c.asset.id, c.charge])).toEqual([
    ["B-1", 3000000n],
    ["V-1", 10000000n],
    ["V-2", 2500000n],
  ]);
  const act = await done(city, "depreciation", "", run);
  expect(await legs(city, act)).toEqual([
    "journal: Dr 2722000 30000.00, Cr 4112001 30000.00, Dr 2725000 125000.00, Cr 4115005 125000.00",
  ]);
  await expect(done(city, "depreciation", "", run)).rejects.toThrow(/DEPRECIATION_NOTHING.*2025-26/);
  await done(city, "asset-purchase", "", asset("V-3", "VEHICLE", "1000", "2026-03-01"));
  expect(await legs(city, await done(city, "depreciation", "", run))).toEqual([
    "journal: Dr 2725000 62.50, Cr 4115005 62.50",
  ]);
  expect(await differences(city)).toEqual([]);
  await expect(done(city, "depreciation", "", { date: "2026-04-01", fy: "2025-26" })).rejects.toThrow(
    /Date: a day of 2025-26/,
  );
  // Taken back, the run can be made again: nothing is charged twice, nothing is lost.
  await done(city, "take-back", act.id, { date: "2026-03-31", reason: "the rate of buildings was wrong" });
  const again = await done(city, "depreciation", "", run);
  expect(await legs(city, again)).toEqual(await legs(city, act));
});

test("two runs of a year proposed at once: the second finds everything charged", async () => {
  const city = await town();
  await done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "800000", "2025-06-01"));
  const propose = () =>
    city.tx("accountant", (t) => proposeAct(t, { kind: "depreciation", facts: { date: "2026-03-31", fy: "2025-26" } }));
  const [first, second] = [await propose(), await propose()];
  await city.tx("checker", (t) => approveAct(t, first.id, 1));
  await expect(city.tx("checker", (t) => approveAct(t, second.id, 1))).rejects.toThrow(/DEPRECIATION_NOTHING/);
});

test("rates are dated: a year uses the rate in force on its last day; a class without one is refused by name", async () => {
  const city = await town();
  await done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "1000", "2025-06-01"));
  const rate = { class: "VEHICLE", validFrom: localDate("2026-04-01"), percent: "20", reason: "Revised order" };
  await city.tx("admin", (t) => setAssetRate(t, rate));
  await expect(city.tx("admin", (t) => setAssetRate(t, rate))).rejects.toThrow(/ASSET_RATE_EXISTS/);
  const run = async (fy: string, date: string) => legs(city, await done(city, "depreciation", "", { date, fy }));
  expect(await run("2025-26", "2026-03-31")).toEqual(["journal: Dr 2725000 125.00, Cr 4115005 125.00"]);
  expect(await run("2026-27", "2027-03-31")).toEqual(["journal: Dr 2725000 200.00, Cr 4115005 200.00"]);
  await city.tx("admin", (t) =>
    addItem(t, ASSET_CLASSES, "PLANT", {
      name: "Plant",
      account: "4104000",
      accumulatedAccount: "4114000",
      depreciationAccount: "2724000",
    }),
  );
  await done(city, "asset-purchase", "", asset("P-1", "PLANT", "1000", "2025-06-01"));
  await expect(run("2025-26", "2026-03-31")).rejects.toThrow(/ASSET_RATE_MISSING: class PLANT has no rate/);
});

test("FA-04: sold at a profit, at a loss, and for nothing; an asset is disposed of once", async () => {
  const city = await town();
  for (const id of ["V-1", "V-2", "V-3"])
    await done(city, "asset-purchase", "", asset(id, "VEHICLE", "800000", "2025-06-01"));
  await done(city, "depreciation", "", { date: "2026-03-31", fy: "2025-26" });
  const sell = (id: string, proceeds: string, over: Record<string, string> = {}) =>
    done(city, "asset-disposal", id, { date: "2026-06-01", proceeds, buyer: "Sharma Motors", ...over });
  expect(await legs(city, await sell("V-1", "750000", { account: BANK }))).toEqual([
    "journal: Dr 4115005 100000.00, Dr 4314008 750000.00, Cr 4105005 800000.00, Cr 1803001 50000.00",
    `receipt: Dr ${BANK} 750000.00, Cr 4314008 750000.00`,
  ]);
  expect(await legs(city, await sell("V-2", "600000"))).toEqual([
    "journal: Dr 4115005 100000.00, Dr 4314008 600000.00, Dr 2711001 100000.00, Cr 4105005 800000.00",
  ]);
  const off = await done(city, "asset-write-off", "V-3", { date: "2026-06-01", reason: "burnt out" });
  expect(await legs(city, off)).toEqual(["journal: Dr 4115005 100000.00, Dr 2704003 700000.00, Cr 4105005 800000.00"]);
  await expect(sell("V-1", "1")).rejects.toThrow(/ASSET_DISPOSED: asset V-1/);
  await expect(done(city, "depreciation", "", { date: "2027-03-31", fy: "2026-27" })).rejects.toThrow(
    /DEPRECIATION_NOTHING/,
  );
  expect(await differences(city)).toEqual([]);
  expect([await ledgerOf(city, "Cost of fixed assets"), await ledgerOf(city, "Accumulated depreciation")]).toEqual([
    0n,
    0n,
  ]);
});

test("FA-05 and a lasting fall: revalued upwards into the reserve; written down by no more than leaves the residual value", async () => {
  const city = await town();
  await done(city, "asset-purchase", "", asset("B-1", "BUILDING", "1000", "2025-04-01"));
  await done(city, "asset-purchase", "", asset("L-1", "LAND", "1000", "2025-04-01"));
  const up = await done(city, "asset-revaluation", "L-1", { date: "2025-07-01", amount: "500", valuer: "PWD" });
  expect(await legs(city, up)).toEqual(["journal: Dr 4101001 500.00, Cr 3126001 500.00"]);
  const fall = (id: string, amount: string) =>
    done(city, "asset-impairment", id, { date: "2025-07-01", amount, reason: "cracked by the flood" });
  await expect(fall("B-1", "999.01")).rejects.toThrow(/ASSET_VALUE_SHORT.*1,000.00.*residual value of 1.00/);
  await expect(fall("L-1", "1")).rejects.toThrow(/ASSET_NOT_DEPRECIATED/);
  expect(await legs(city, await fall("B-1", "999"))).toEqual(["journal: Dr 2704003 999.00, Cr 4112001 999.00"]);
  expect(await differences(city)).toEqual([]);
});

test("an asset of before comes in with its cost and its depreciation so far, without an entry, and goes on from there", async () => {
  const city = await town();
  const facts = asset("V-1", "VEHICLE", "800000", "2019-06-01", {
    date: "2025-04-01",
    accumulated: "750000",
    account: "",
    mode: "opening",
  });
  const act = await done(city, "asset-purchase", "", facts);
  expect(act.entries).toEqual([]);
  // The opening balance sheet is not imported: the register has what the books have not, and says so.
  expect(await differences(city)).toEqual(["Cost of fixed assets -80000000", "Accumulated depreciation -75000000"]);
  expect(await legs(city, await done(city, "depreciation", "", { date: "2026-03-31", fy: "2025-26" }))).toEqual([
    "journal: Dr 2725000 49999.00, Cr 4115005 49999.00",
  ]);
  await expect(
    done(city, "asset-purchase", "", { ...facts, asset: "V-2", mode: "post", account: BANK }),
  ).rejects.toThrow(/Depreciation so far: with opening balances alone/);
  await expect(done(city, "asset-purchase", "", { ...facts, asset: "V-2", accumulated: "800001" })).rejects.toThrow(
    /not more than the cost/,
  );
  await expect(
    done(city, "asset-purchase", "", asset("V-3", "VEHICLE", "1", "2025-06-01", { account: "" })),
  ).rejects.toThrow(/Credited to: it is missing/);
});

test("a grant that met an asset later becomes contribution up to its cost", async () => {
  const city = await town();
  await enter(city, "grant", "G-1");
  await done(city, "grant-receipt", "G-1", { date: "2025-05-10", amount: "3000", mode: "post", account: GRANT_BANK });
  await done(city, "asset-purchase", "", asset("V-1", "VEHICLE", "2000", "2025-06-01"));
  const use = (amount: string) => done(city, "grant-capital-use", "G-1", { date: "2025-07-01", amount, asset: "V-1" });
  expect(await legs(city, await use("1500"))).toEqual(["journal: Dr 3201003 1500.00, Cr 3121000 1500.00"]);
  await expect(use("501")).rejects.toThrow(/ASSET_COST_SHORT.*500.00 that no grant met/);
});

const HEAD = "asset,name,class,location,acquired_on,residual,fund,function,ward,cost,accumulated";

test("a register kept elsewhere comes in from a list, whole or not at all; every bad row is named", async () => {
  const city = await town();
  const good = [
    "V-1,Tanker,VEHICLE,Depot,2020-06-01,1,01,51,3,800000.00,500000",
    "L-1,Park,LAND,Ward 3,2001-04-01,0,01,02,,1000,",
  ];
  const bring = (rows: readonly string[]) =>
    done(city, "asset-list", "", { date: "2025-04-01", rows: [HEAD, ...rows].join("\n") });
  const before = await bookMarks(app, city.ulb);
  await expect(
    bring([
      ...good,
      "V-1,Again,VEHICLE,Depot,2020-06-01,1,01,51,,1,0",
      "V-2,Ship,SHIP,Depot,2020-06-01,1,01,51,,1,0",
      "V-3,Car,VEHICLE,Depot,2020-06-31,1,01,51,,1,0",
      "V-4,Car,VEHICLE,Depot,2020-06-01,1,99,51,,1,0",
      "V-5,Car,VEHICLE,Depot,2020-06-01,1,01,51,,1,2",
      "L-2,Plot,LAND,Ward 3,2001-04-01,0,01,02,,1000,1",
    ]),
  ).rejects.toThrow(
    /REGISTER_ROWS.*line 4: asset V-1 is in the register already.*line 5: .*"SHIP".*line 6: .*not a date.*line 7: fund 99.*line 8: accumulated.*line 9: asset L-2/,
  );
  await expect(done(city, "asset-list", "", { date: "2025-04-01", rows: "asset,name\nV-1,Car" })).rejects.toThrow(
    /columns class, location/,
  );
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const act = await bring(good);
  expect(act.entries).toEqual([]);
  expect(await differences(city)).toEqual(["Cost of fixed assets -80100000", "Accumulated depreciation -50000000"]);
  expect(await legs(city, await done(city, "depreciation", "", { date: "2026-03-31", fy: "2025-26" }))).toEqual([
    "journal: Dr 2725000 100000.00, Cr 4115005 100000.00",
  ]);
  await expect(bring(good.slice(0, 1))).rejects.toThrow(/line 2: asset V-1 is in the register already/);
});
