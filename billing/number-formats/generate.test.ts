import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { inTransaction, type Tx } from "../../ledger/kernel/tx.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { generateNumbers, setNumberFormat } from "./index.ts";

let now = "2025-07-01T05:00:00Z";
const app = await testApp({ clock: () => new Date(now) });
const RECEIPT = { idName: "WS.receipt.id", tenantId: "pb.amritsar", format: "WS/[fy:yyyy-yy]/[SEQ_RCPT_WS]" };

test("a transaction that is rolled back gives its numbers back, and callers at once get each number once", async () => {
  now = "2025-07-01T05:00:00Z";
  const city = await testUlb(app);
  const draw = (count = 1) => city.tx("cashier", (tx) => generateNumbers(tx, { ...RECEIPT, count }));
  expect(await draw(2)).toEqual(["WS/2025-26/000001", "WS/2025-26/000002"]);
  await expect(
    city.tx("cashier", async (tx) => {
      await generateNumbers(tx, { ...RECEIPT, count: 5 });
      throw new Error("the receipt failed");
    }),
  ).rejects.toThrow("the receipt failed");
  const many = (await Promise.all(Array.from({ length: 7 }, () => draw()))).flat();
  expect([...many].sort()).toEqual(Array.from({ length: 7 }, (_, i) => `WS/2025-26/00000${i + 3}`));
});

test("a series begins again with the financial year if the number names the year, else it runs on", async () => {
  now = "2026-03-31T18:29:00Z";
  const city = await testUlb(app);
  const draw = (format: string) =>
    city.tx("cashier", async (tx) => (await generateNumbers(tx, { ...RECEIPT, format }))[0]);
  const both = async () => [await draw("[fy:yyyy-yy]/[SEQ_A]"), await draw("[cy:yyyy]/[SEQ_A]")];
  expect(await both()).toEqual(["2025-26/000001", "2026/000001"]);
  expect(await both()).toEqual(["2025-26/000002", "2026/000002"]);
  now = "2026-03-31T18:30:00Z";
  expect(await both()).toEqual(["2026-27/000001", "2026/000003"]);
});

test("the ULB's own format of that name is used before the caller's; a later version from its day on; another ULB's not at all", async () => {
  now = "2025-07-01T05:00:00Z";
  const city = await testUlb(app);
  const other = await testUlb(app);
  const set = (from: string, format: string) =>
    city.tx("admin", (tx) => setNumberFormat(tx, { idName: RECEIPT.idName, validFrom: localDate(from), format }));
  await set("2025-04-01", "R-[SEQ_R]");
  await set("2025-08-01", "NEW-[SEQ_R]");
  const draw = (tx: Tx) => generateNumbers(tx, RECEIPT);
  expect(await city.tx("cashier", draw)).toEqual(["R-000001"]);
  now = "2025-08-01T05:00:00Z";
  expect(await city.tx("cashier", draw)).toEqual(["NEW-000002"]);
  expect(await other.tx("cashier", draw)).toEqual(["WS/2025-26/000001"]);
  await expect(set("2025-08-01", "AGAIN-[SEQ_R]")).rejects.toThrow(
    /^NUMBER_FORMAT_SET: .*from 2025-08-01 is set already/,
  );
});

test("without a format, with a wrong one or too many at once nothing is drawn", async () => {
  const city = await testUlb(app);
  const draw = (over: Partial<Parameters<typeof generateNumbers>[1]>) =>
    inTransaction(app, city.as("cashier"), (tx) => generateNumbers(tx, { ...RECEIPT, ...over }));
  await expect(draw({ format: null })).rejects.toThrow(
    "ID_NOT_FOUND: No Format is available in the MDMS for the given name and tenant",
  );
  await expect(draw({ format: " " })).rejects.toThrow("IDGEN_FORMAT_ERROR: Blank format is not allowed");
  await expect(draw({ count: 1001 })).rejects.toThrow(/^IDGEN_COUNT: 1001 numbers cannot be given at once/);
  await expect(draw({ count: 1.5 })).rejects.toThrow(/^IDGEN_COUNT/);
  expect(await draw({ count: 0 })).toEqual([]);
  expect(await draw({})).toEqual([expect.stringMatching(/000001$/)]);
});

test("random digits are as many as asked and not the same each time", async () => {
  const city = await testUlb(app);
  const ids = await city.tx("cashier", (tx) => generateNumbers(tx, { ...RECEIPT, format: "[d{12}]", count: 20 }));
  expect(ids.every((id) => /^\d{12}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(20);
});
