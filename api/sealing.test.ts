import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { cr, dr, listSeals, postEntry } from "../ledger/index.ts";
import { withConnection } from "../ledger/kernel/database.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import { testApp, testUlb, type TestUlb } from "../ledger/testing.ts";
import { verifyPack, writePack } from "../reports/index.ts";
import { sealAll, sealAtOnce } from "./sealing.ts";

const app = await testApp();

async function received(books: TestUlb, id: string): Promise<void> {
  await books.tx("cashier", (tx) =>
    postEntry(tx, {
      voucher: "receipt",
      date: localDate("2026-05-04"),
      narration: `Receipt ${id}`,
      source: { type: "test", id },
      lines: [dr("4501001", rupees("10.00")), cr("1404006", rupees("10.00"), { function: "91" })],
    }),
  );
}

test("what is committed is sealed at once, once, and the sealing of nothing new adds no block", async () => {
  const books = await testUlb(app);
  for (const id of ["a", "b"]) await received(books, id);
  expect(await sealAtOnce(app, books.ulb)).toBeUndefined();
  expect(await sealAtOnce(app, books.ulb)).toBeUndefined();
  expect((await books.tx("auditor", (tx) => listSeals(tx))).map((s) => s.entryCount)).toEqual([2]);
});

test("an entry that was deleted before it was sealed stops no pack: the sealing says which, and the pack shows it", async () => {
  const books = await testUlb(app);
  for (const id of ["a", "b", "c"]) await received(books, id);
  await withConnection(app.db.address, "owner", async (c) => {
    const own = `ulb_id = ${books.ulb.id} and entry_id in (select entry_id from ledger.entries where ulb_id = ${books.ulb.id} and number = 2)`;
    await c.query(
      `begin; alter table ledger.entries disable trigger user; alter table ledger.lines disable trigger user;
       delete from ledger.lines where ${own}; delete from ledger.entries where ${own};
       alter table ledger.entries enable trigger user; alter table ledger.lines enable trigger user; commit`,
    );
  });
  expect((await sealAtOnce(app, books.ulb))?.message).toMatch(
    /entry R\/2026-27\/000002 was given out and is not there/,
  );
  await expect(sealAll(app, books.ulb)).rejects.toMatchObject({ code: "SEAL_GAP" });
  const folder = mkdtempSync(path.join(tmpdir(), "nagarkosh-sealing-"));
  const file = path.join(folder, "pack.zip");
  const range = { from: localDate("2026-04-01"), to: localDate("2027-03-31") };
  await writePack(app, books.as("auditor"), range, createWriteStream(file));
  const { problems } = await verifyPack(file);
  rmSync(folder, { recursive: true });
  expect(problems).toContainEqual(
    expect.objectContaining({
      entry: "R/2026-27/000002",
      problem: expect.stringMatching(/given out and is not there/),
    }),
  );
});
