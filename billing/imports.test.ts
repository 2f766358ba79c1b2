import { expect, test } from "vitest";
import { accountBalance, addMaster, getEntry } from "../ledger/index.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { toRupees } from "../ledger/kernel/money.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { CONSUMER_CSV, findConsumers, getConsumerByCode, importConsumers } from "./consumers/index.ts";
import { dcbByYear } from "./dcb.ts";
import { demandRegister } from "./dues.ts";
import { DEMAND_CSV, importDemands } from "./imports.ts";
import { testBillingUlb } from "./testing.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie } from "./ties.ts";

const app = await testApp({ clock: () => new Date("2025-04-01T06:00:00Z") });

const consumers = `${CONSUMER_CSV.join(",")}
property-tax,A1,Asha Test,आशा,9000000001,asha@example.org,"1, Test Road",W01
property-tax,A2,Ravi Test,,,,2 Test Road,W02
water,WS-1,"Test ""Corner"" House",,,,"3, Test Road
near the tank",W01
`;
const demands = `${DEMAND_CSV.join(",")}
property-tax,A1,2023-04-01,2024-03-31,2023-24,2023-09-30,PT_TAX,1000.00
property-tax,A1,2023-04-01,2024-03-31,2023-24,2023-09-30,PT_LIBRARY_CESS,80.00
property-tax,A1,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,1100.00
property-tax,A1,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_LIBRARY_CESS,88
property-tax,A2,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,500.5
water,WS-1,2025-04-01,2025-06-30,2025-26,2025-07-15,WS_CHARGE,240.00
`;
const importBoth = async (city: TestUlb) => {
  await city.tx("accountant", (tx) => importConsumers(tx, consumers));
  return city.tx("accountant", (tx) => importDemands(tx, demands));
};

test("consumers and demands of a file are entered; years before the books start are opening receivables", async () => {
  const city = await testBillingUlb(app);
  const report = await importBoth(city);
  expect(report).toMatchObject({ status: "imported", rows: 6, added: 6, unchanged: 0, problems: [] });
  await inSnapshot(app, city.as("auditor"), async (read) => {
    const water = await getConsumerByCode(read, "water", "WS-1");
    expect([water.name, water.address]).toEqual(['Test "Corner" House', "3, Test Road\nnear the tank"]);
    const a1 = await getConsumerByCode(read, "property-tax", "A1");
    expect(
      (await demandRegister(read, a1.id)).map((d) => [
        d.demandYear,
        d.receivableAccount,
        toRupees(d.amount),
        toRupees(d.cess),
      ]),
    ).toEqual([
      ["2023-24", "4311004", "1080.00", "80.00"],
      ["2025-26", "4311001", "1188.00", "88.00"],
    ]);
    expect(report.batches.map((b) => b.entry?.number)).toEqual(["O/2025-26/000001", "J/2025-26/000001"]);
    const entry = await getEntry(read, report.batches[1]?.entry?.id ?? 0n);
    expect(entry.lines.map((l) => [l.side, l.account, l.ward, l.function, toRupees(l.amount)])).toEqual([
      ["debit", "4311001", "W01", "91", "1188.00"],
      ["credit", "1100101", "W01", "91", "1100.00"],
      ["credit", "4319100", "W01", "91", "88.00"],
      ["debit", "4311001", "W02", "91", "500.50"],
      ["credit", "1100101", "W02", "91", "500.50"],
      ["debit", "4313001", "W01", "51", "240.00"],
      ["credit", "1405013", "W01", "51", "240.00"],
    ]);
    expect(await accountBalance(read, "3101001", localDate("2025-04-01"))).toBe(-100000n);
  });
});

test("the same file again adds nothing and says so; a longer file adds only what is new", async () => {
  const city = await testBillingUlb(app);
  await importBoth(city);
  const again = await city.tx("accountant", (tx) => importDemands(tx, demands));
  expect(again).toMatchObject({ status: "already-imported", added: 0, unchanged: 6 });
  expect(await city.tx("accountant", (tx) => importConsumers(tx, consumers))).toMatchObject({
    status: "already-imported",
    added: 0,
  });

  const moreConsumers = await city.tx("accountant", (tx) =>
    importConsumers(tx, `${consumers}property-tax,A3,New Test,,,,4 Test Road,W01\n`),
  );
  expect(moreConsumers).toMatchObject({ status: "imported", added: 1, unchanged: 3 });
  const more = await city.tx("accountant", (tx) =>
    importDemands(tx, `${demands}property-tax,A3,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,1.00\n`),
  );
  expect(more).toMatchObject({ status: "imported", added: 1, unchanged: 6 });
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await accountBalance(read, "1100101", localDate("2025-04-01"))).toBe(-160150n);
    expect(await findConsumers(read, { query: "Test" })).toHaveLength(4);
  });
});

test("every bad row is listed with its line, column and rule, and nothing is entered", async () => {
  const city = await testBillingUlb(app);
  const bad = `${CONSUMER_CSV.join(",")}
property-tax,A1,Asha,,,,x,W01
sewerage,B1,,,12345,not-a-mail,x,
property-tax,A1,Twin,,,,x,W01
property-tax,,Nobody,,,,x,W01
`;
  const report = await city.tx("accountant", (tx) => importConsumers(tx, bad));
  expect(report.status).toBe("refused");
  expect(report.problems.map((p) => [p.line, p.column, p.code])).toEqual([
    [3, "service", "SERVICE_UNKNOWN"],
    [3, "name", "CONSUMER_NAME"],
    [3, "ward", "CONSUMER_WARD"],
    [3, "mobile", "CONSUMER_MOBILE"],
    [3, "email", "CONSUMER_EMAIL"],
    [4, "code", "CONSUMER_TWICE"],
    [5, "code", "CONSUMER_CODE"],
  ]);
  expect(report.problems[3]?.message).toBe('line 3, mobile: "12345" is not an Indian mobile number of ten digits');
  await inSnapshot(app, city.as("auditor"), async (read) =>
    expect(await findConsumers(read, { query: "A1" })).toEqual([]),
  );
});

test("bad demand rows: third decimal, impossible day, wrong year, unknown head and consumer, cess alone, head twice", async () => {
  const city = await testBillingUlb(app);
  await importBoth(city);
  const head = `${DEMAND_CSV.join(",")}\n`;
  const period = "2025-10-01,2026-03-31,2025-26,2026-03-31";
  const rows = [
    `property-tax,A1,${period},PT_TAX,10.005`,
    `property-tax,A2,2025-10-01,2026-02-30,2025-26,2026-03-31,PT_TAX,10.00`,
    `property-tax,A9,${period},PT_TAX,10.00`,
    `water,WS-1,${period},WS_SURCHARGE,10.00`,
    `water,WS-1,2025-07-01,2025-09-30,2025-27,2025-10-15,WS_CHARGE,"1,000.00"`,
    `water,WS-1,2026-01-01,2026-06-30,2025-26,2026-07-15,WS_CHARGE,5.00`,
    `property-tax,A1,2025-04-02,2025-04-30,2025-26,2025-09-30,PT_LIBRARY_CESS,8.00`,
    `property-tax,A1,2025-05-01,2025-05-31,2025-26,2025-09-30,PT_TAX,8.00`,
    `property-tax,A1,2025-05-01,2025-05-31,2025-26,2025-09-30,PT_TAX,8.00`,
    `property-tax,A1,2025-06-01,2025-06-30,2025-26,2025-09-30,WS_CHARGE,0.00`,
    `property-tax,A1,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,1.00`,
  ];
  const report = await city.tx("accountant", (tx) => importDemands(tx, head + rows.join("\n")));
  expect(report.status).toBe("refused");
  expect(report.problems.map((p) => [p.line, p.column ?? "", p.code])).toEqual([
    [2, "amount", "MONEY_DECIMALS"],
    [3, "tax_period_to", "DATE_FORMAT"],
    [4, "consumer_code", "CONSUMER_NOT_FOUND"],
    [5, "tax_head", "TAX_HEAD_UNKNOWN"],
    [6, "demand_year", "FINANCIAL_YEAR_FORMAT"],
    [6, "amount", "MONEY_FORMAT"],
    [7, "", "DEMAND_PERIOD"],
    [8, "", "DEMAND_CESS_ALONE"],
    [9, "", "DEMAND_HEAD_TWICE"],
    [11, "amount", "DEMAND_AMOUNT"],
    [12, "tax_period_from", "DEMAND_EXISTS"],
  ]);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await accountBalance(read, "1100101", localDate("2026-03-31"))).toBe(-160050n);
  });
});

test.each([
  ["the last row has too few columns", demands.slice(0, demands.length - 30), "CSV_TRUNCATED", 7],
  ["a quote is not closed", `${consumers}property-tax,A5,"Cut off in the mid`, "CSV_QUOTE", 6],
  [
    "a row has a cell too many",
    `${demands}water,WS-1,2025-07-01,2025-09-30,2025-26,2025-10-15,WS_CHARGE,1.00,x\n`,
    "CSV_CELLS",
    8,
  ],
  ["a column is missing", demands.replace("due_date", "date_due"), "CSV_COLUMN_MISSING", 1],
  ["the file is empty", "", "CSV_EMPTY", 1],
  ["there is a header and no row", `${DEMAND_CSV.join(",")}\n`, "CSV_EMPTY", 1],
])("a file is refused with its line when %s", async (_what, text, code, line) => {
  const city = await testBillingUlb(app);
  await city.tx("accountant", (tx) => importConsumers(tx, consumers));
  const isConsumers = text.startsWith("service,code");
  const report = await city.tx("accountant", (tx) =>
    isConsumers ? importConsumers(tx, text) : importDemands(tx, text),
  );
  expect(report).toMatchObject({ status: "refused", added: 0 });
  const [problem] = report.problems;
  expect(problem?.code).toBe(code);
  if (code !== "CSV_EMPTY") expect(problem?.line).toBe(line);
  expect(problem?.message).toMatch(/line \d+/);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await receivableTie(read, localDate("2026-03-31"))).toEqual([]);
  });
});

test("a file may arrive in chunks of bytes, with a byte-order mark and Windows line ends; other encodings are refused", async () => {
  const city = await testBillingUlb(app);
  const bytes = new TextEncoder().encode(`\uFEFF${consumers.replaceAll("\n", "\r\n")}`);
  async function* chunks(data: Uint8Array) {
    await Promise.resolve();
    for (let i = 0; i < data.length; i += 7) yield data.subarray(i, i + 7);
  }
  const report = await city.tx("accountant", (tx) => importConsumers(tx, chunks(bytes)));
  expect(report).toMatchObject({ status: "imported", added: 3 });
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect((await getConsumerByCode(read, "property-tax", "A1")).nameLocal).toBe("आशा");
  });
  const latin = new Uint8Array([...new TextEncoder().encode(`${CONSUMER_CSV.join(",")}\nwater,W,`), 0xe9, 0x2c, 0x0a]);
  expect((await city.tx("accountant", (tx) => importConsumers(tx, chunks(latin)))).problems[0]?.code).toBe(
    "CSV_ENCODING",
  );
});

test("two imports of one file at the same time add it once", async () => {
  const city = await testBillingUlb(app);
  await city.tx("accountant", (tx) => importConsumers(tx, consumers));
  const reports = await Promise.all([1, 2, 3].map(() => city.tx("accountant", (tx) => importDemands(tx, demands))));
  expect(reports.map((r) => r.added).sort()).toEqual([0, 0, 6]);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await accountBalance(read, "1100101", localDate("2025-04-01"))).toBe(-160050n);
  });
});

test(
  "5,000 properties and 2,000 water connections with their demands are in within seconds, as two journal entries",
  { timeout: 60_000 },
  async () => {
    const city = await testBillingUlb(app);
    const ward = (i: number) => `W0${(i % 8) + 1}`;
    const c = [CONSUMER_CSV.join(",")];
    const d = [DEMAND_CSV.join(",")];
    for (let i = 0; i < 5000; i++) {
      c.push(`property-tax,PT-${i},Owner ${i},,,,"${i}, Test Road",${ward(i)}`);
      d.push(`property-tax,PT-${i},2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,${1000 + (i % 900)}.00`);
      d.push(`property-tax,PT-${i},2025-04-01,2025-09-30,2025-26,2025-09-30,PT_LIBRARY_CESS,${80 + (i % 70)}.50`);
      if (i % 5 === 0) d.push(`property-tax,PT-${i},2024-04-01,2025-03-31,2024-25,2024-09-30,PT_TAX,700.00`);
    }
    for (let i = 0; i < 2000; i++) {
      c.push(`water,WS-${i},Owner ${i},,,,"${i}, Test Road",${ward(i)}`);
      d.push(`water,WS-${i},2025-04-01,2025-04-30,2025-26,2025-05-15,WS_CHARGE,${200 + (i % 50)}.00`);
    }
    const started = performance.now();
    const a = await city.tx("accountant", (tx) => importConsumers(tx, c.join("\n")));
    const b = await city.tx("accountant", (tx) => importDemands(tx, d.join("\n")));
    const seconds = (performance.now() - started) / 1000;
    expect([a.added, b.added, b.batches.length]).toEqual([7000, 13_000, 2]);
    expect(seconds).toBeLessThan(15);
    await inSnapshot(app, city.as("auditor"), async (read) => {
      const on = localDate("2025-04-01");
      for (const tie of [await receivableTie(read, on), await advanceTie(read, on), await cessTie(read, on)]) {
        expect(tie.filter((t) => t.difference !== 0n)).toEqual([]);
      }
      expect(await registerSelfTie(read)).toEqual([]);
      const years = await dcbByYear(read, { from: on, to: localDate("2026-03-31") });
      expect(years.map((y) => [y.demandYear, toRupees(y.openingBalance), y.demandRaised === y.closingBalance])).toEqual(
        [
          ["2024-25", "700000.00", false],
          ["2025-26", "0.00", true],
        ],
      );
      expect(years.reduce<bigint>((n, y) => n + y.closingBalance, 0n)).toBe(
        (await receivableTie(read, on)).reduce<bigint>((n, t) => n + t.ledger, 0n),
      );
      const entry = await getEntry(read, b.batches[1]?.entry?.id ?? 0n);
      expect(entry.lines).toHaveLength(8 * 5);
    });
  },
);

test("a wrong ward in row 70,001 of a file is named with its line, and nothing of the file is entered", async () => {
  const city = await testBillingUlb(app);
  await city.tx("admin", async (tx) => {
    for (const code of ["W01", "W02"]) await addMaster(tx, "fields", { code, name: `Ward ${code}`, kind: "ward" });
  });
  const rows = Array.from(
    { length: 70_005 },
    (_, i) => `property-tax,P${i + 1},Owner ${i + 1},,,,"${i + 1}, Test Road",${i + 1 === 70_001 ? "W9" : "W01"}`,
  );
  const file = [CONSUMER_CSV.join(","), ...rows].join("\n");
  const report = await city.tx("accountant", (tx) => importConsumers(tx, file));
  expect(report).toMatchObject({ status: "refused", rows: 70_005, added: 0, moreProblems: 0 });
  expect(report.problems).toEqual([
    {
      code: "CONSUMER_WARD",
      line: 70_002,
      column: "ward",
      message: 'line 70002, ward: "W9" is not one of the 2 wards of this ULB',
    },
  ]);
  expect(await city.tx("auditor", (tx) => findConsumers(tx, { query: "Owner" }))).toEqual([]);
});
