import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { prepareRoles, withConnection, withDatabaseName } from "../kernel/database.ts";
import { listMigrations } from "../kernel/sql-migrations.ts";
import { dropDatabase } from "../kernel/testing.ts";

test("vouchers written before the desk was enlarged keep their makers, days and decisions", async () => {
  const server = inject("database");
  const name = `v_${randomBytes(6).toString("hex")}`;
  await withConnection(server, "admin", (c) => c.query(`create database ${name}`));
  try {
    const address = withDatabaseName(server, name);
    await prepareRoles(address);
    const rows = await withConnection(address, "owner", async (c) => {
      await c.query("create schema if not exists kernel");
      const ledger = listMigrations().filter((m) => m.name.startsWith("ledger/"));
      const at = ledger.findIndex((m) => m.name === "ledger/005_vouchers");
      expect(at).toBeGreaterThan(3);
      for (const m of ledger.slice(0, at)) await c.query(readFileSync(m.file, "utf8"));
      await c.query("insert into ledger.charts (chart, name) values ('x', 'X')");
      for (const code of ["one", "two"])
        await c.query(
          "insert into ledger.ulbs (code, name, state, chart, starts_on) values ($1, $1, 'Testpradesh', 'x', '2025-04-01')",
          [code],
        );
      for (const ulb of [1, 2]) {
        await c.query(`set nagarkosh.ulb = '${ulb}'`);
        await c.query(
          `insert into ledger.vouchers (ulb_id, voucher_id, voucher, entry_date, narration, status, created_by, created_at, submitted_by,
             submitted_at, decided_by, decision_reason)
           values ($1, gen_random_uuid(), 'journal', '2026-05-01', 'drafted after midnight in India', 'draft', 'a', '2026-04-30T19:00:00Z', null,
             null, null, null),
             ($1, gen_random_uuid(), 'journal', '2026-04-30', 'rejected', 'rejected', 'a', '2026-05-01T05:00:00Z', 'b', now(), 'c', 'wrong month')`,
          [ulb],
        );
      }
      await c.query("reset nagarkosh.ulb");
      // As the runner does it: one file, one transaction.
      await c.query("begin");
      await c.query(readFileSync(ledger[at]?.file ?? "", "utf8"));
      await c.query("commit");
      await c.query("set nagarkosh.ulb = '2'");
      return (
        await c.query<Record<string, unknown>>(
          "select drafted_on, is_back_dated, makers, status from ledger.vouchers order by entry_date",
        )
      ).rows;
    });
    expect(rows).toEqual([
      { drafted_on: "2026-05-01", is_back_dated: true, makers: ["a", "b"], status: "rejected" },
      { drafted_on: "2026-05-01", is_back_dated: false, makers: ["a"], status: "draft" },
    ]);
  } finally {
    await dropDatabase(server, name);
  }
});
