import { expect, test } from "vitest";
import { audit } from "./audit.ts";
import { withConnection } from "./database.ts";
import { testApp, testTenant } from "./testing.ts";
import { inTransaction } from "./tx.ts";

const now = new Date("2026-05-10T06:00:00Z");
const app = await testApp({ clock: () => now });
const read =
  "select at, actor, action, subject, subject_id, before, after, reason from kernel.audit_trail order by audit_id";

test("the trail says who did what to which thing, when and why, and only if the deed was done", async () => {
  const who = testTenant("accountant");
  const event = {
    action: "change",
    subject: "rate",
    subjectId: "r1",
    before: { rate: "8.25" },
    after: { rate: "9" },
    reason: "resolution 12",
  };
  await inTransaction(app, who, (tx) => audit(tx, event));
  await inTransaction(app, who, (tx) => audit(tx, { action: "look", subject: "rate", subjectId: "r2" }));
  await inTransaction(app, who, async (tx) => {
    await audit(tx, { ...event, subjectId: "r3" });
    throw new Error("not done");
  }).catch(() => undefined);
  expect(await inTransaction(app, who, (tx) => tx.query(read))).toEqual([
    {
      at: now,
      actor: "accountant@test",
      action: "change",
      subject: "rate",
      subject_id: "r1",
      before: { rate: "8.25" },
      after: { rate: "9" },
      reason: "resolution 12",
    },
    {
      at: now,
      actor: "accountant@test",
      action: "look",
      subject: "rate",
      subject_id: "r2",
      before: null,
      after: null,
      reason: null,
    },
  ]);
  // Another ULB's trail is its own.
  expect(await inTransaction(app, testTenant(), (tx) => tx.query(read))).toEqual([]);
});

test("the trail is only ever added to: neither the application nor the owner changes, deletes or truncates it", async () => {
  const who = testTenant();
  await inTransaction(app, who, (tx) => audit(tx, { action: "close", subject: "period", subjectId: "2026-04" }));
  const sqls = [
    "update kernel.audit_trail set actor = 'nobody'",
    "delete from kernel.audit_trail",
    "truncate kernel.audit_trail",
  ];
  for (const sql of sqls) {
    await expect(
      inTransaction(app, who, (tx) => tx.query(sql)),
      sql,
    ).rejects.toThrow(/permission denied/);
    await withConnection(app.db.address, "batch", async (c) =>
      expect(c.query(sql), sql).rejects.toThrow(/permission denied/),
    );
    await withConnection(app.db.address, "owner", async (c) => {
      await c.query(`set nagarkosh.ulb = '${who.ulb.id}'`);
      await expect(c.query(sql), sql).rejects.toThrow(/is refused: its rows are never changed/);
    });
  }
});
