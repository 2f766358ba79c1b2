import { expect, test } from "vitest";
import { localDate, period } from "./kernel/dates.ts";
import { rupees } from "./kernel/money.ts";
import { inTransaction } from "./kernel/tx.ts";
import {
  approveVoucher,
  changeVoucher,
  closePeriod,
  cr,
  dr,
  draftVoucher,
  getEntry,
  getVoucher,
  listVouchers,
  rejectVoucher,
  seriesGaps,
  submitVoucher,
  type VoucherInput,
} from "./index.ts";
import { bookMarks, testApp, testUlb } from "./testing.ts";

const app = await testApp();
const input: VoucherInput = {
  voucher: "journal",
  date: localDate("2026-05-10"),
  narration: "Rent of hired premises for April, bill 17",
  externalReference: "file 12/2026",
  lines: [
    dr("2201001", rupees("1180.00"), { function: "02", ward: "3", budgetHead: "B7" }),
    cr("3501101", rupees("1180.00"), { party: { type: "payee", id: "P-9" } }),
  ],
};

test("a draft is submitted by one person and approved by another: entry, number and audit in one commit", async () => {
  const { tx, ulb } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  expect([draft.status, draft.version, draft.createdBy]).toEqual(["draft", 1, "accountant@test"]);
  const submitted = await tx("accountant", (t) => submitVoucher(t, draft.id, 1));
  const { voucher, entry } = await tx("checker", (t) => approveVoucher(t, draft.id, submitted.version));
  expect([voucher.status, voucher.decidedBy, voucher.entryId, voucher.version]).toEqual([
    "approved",
    "checker@test",
    entry.id,
    3,
  ]);
  const posted = await tx("auditor", (t) => getEntry(t, entry.id));
  expect([posted.number, posted.narration, posted.source, posted.postedBy]).toEqual([
    "J/2026-27/000001",
    input.narration,
    { type: "voucher", id: draft.id },
    "checker@test",
  ]);
  expect(posted.lines.map((l) => [l.side, l.account, l.amount, l.function, l.ward, l.budgetHead, l.party])).toEqual([
    ["debit", "2201001", 118000n, "02", "3", "B7", undefined],
    ["credit", "3501101", 118000n, undefined, undefined, undefined, { type: "payee", id: "P-9" }],
  ]);
  const trail = await tx("auditor", (t) =>
    t.query(
      "select actor, action from kernel.audit_trail where subject = 'voucher' and subject_id = :id order by audit_id",
      { id: draft.id },
    ),
  );
  expect(trail).toEqual([
    { actor: "accountant@test", action: "submit" },
    { actor: "checker@test", action: "approve" },
  ]);
  expect((await bookMarks(app, ulb)).entries).toBe(1n);
});

test("a draft may be unbalanced and is changed until it is submitted; what is submitted must balance", async () => {
  const { tx, ulb } = await testUlb(app);
  const draft = await tx("accountant", (t) =>
    draftVoucher(t, { ...input, lines: [dr("2201001", rupees("1180.00"), { function: "02" })] }),
  );
  await expect(tx("accountant", (t) => submitVoucher(t, draft.id, 1))).rejects.toThrow(/^ENTRY_LINES: .* has 1 lines/);
  const off = [dr("2201001", rupees("1180.00"), { function: "02" }), cr("3501101", rupees("1179.50"))];
  const changed = await tx("accountant", (t) => changeVoucher(t, draft.id, 1, { ...input, lines: off }));
  await expect(tx("accountant", (t) => submitVoucher(t, draft.id, changed.version))).rejects.toThrow(
    /^ENTRY_UNBALANCED: debits 1,180\.00, credits 1,179\.50, difference 0\.50/,
  );
  const right = await tx("accountant", (t) => changeVoucher(t, draft.id, changed.version, input));
  const submitted = await tx("accountant", (t) => submitVoucher(t, draft.id, right.version));
  await expect(tx("accountant", (t) => changeVoucher(t, draft.id, submitted.version, input))).rejects.toThrow(
    new RegExp(`^VOUCHER_STATUS: voucher ${draft.id} is submitted; it cannot be changed`),
  );
  await expect(
    tx("accountant", (t) =>
      draftVoucher(t, { ...input, lines: [dr("2201001", rupees("-1.00")), cr("3501101", rupees("1.00"))] }),
    ),
  ).rejects.toThrow(/^LINE_AMOUNT: line 1 \(2201001\) of the voucher is -1\.00/);
  expect((await bookMarks(app, ulb)).entries).toBe(0n);
});

test("who changes what somebody else changed meanwhile is told so, and overwrites nothing", async () => {
  const { tx } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  await tx("accountant", (t) => changeVoucher(t, draft.id, 1, { ...input, narration: "Rent for April and May" }));
  const message = new RegExp(
    `^VOUCHER_CHANGED: voucher ${draft.id} was changed by somebody else meanwhile \\(you had version 1, it is now 2\\)`,
  );
  await expect(tx("accountant", (t) => changeVoucher(t, draft.id, 1, input))).rejects.toThrow(message);
  await expect(tx("accountant", (t) => submitVoucher(t, draft.id, 1))).rejects.toThrow(message);
  expect((await tx("accountant", (t) => getVoucher(t, draft.id))).narration).toBe("Rent for April and May");
  // A checker who saw an older version approves nothing.
  const submitted = await tx("accountant", (t) => submitVoucher(t, draft.id, 2));
  await expect(tx("checker", (t) => approveVoucher(t, draft.id, submitted.version - 1))).rejects.toThrow(
    /^VOUCHER_CHANGED/,
  );
});

test("of many changes of one version at once exactly one is made", async () => {
  const { tx } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) =>
      tx("accountant", (t) => changeVoucher(t, draft.id, 1, { ...input, narration: `Rent, hand ${i}` })),
    ),
  );
  const made = results.flatMap((r) => (r.status === "fulfilled" ? [r.value.narration] : []));
  expect(made).toHaveLength(1);
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toMatch(/VOUCHER_CHANGED/);
  const now = await tx("accountant", (t) => getVoucher(t, draft.id));
  expect([now.version, now.narration, now.lines.length]).toEqual([2, made[0], 2]);
});

test("two checkers at once approve a voucher once", async () => {
  const { tx, as, ulb } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  const { version } = await tx("accountant", (t) => submitVoucher(t, draft.id, 1));
  const results = await Promise.allSettled(
    ["dev", "esha", "farid"].map((name) =>
      inTransaction(app, as("checker", name), (t) => approveVoucher(t, draft.id, version)),
    ),
  );
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
  for (const r of results)
    if (r.status === "rejected") expect(String(r.reason)).toMatch(/VOUCHER_STATUS: .* is approved/);
  expect((await bookMarks(app, ulb)).entries).toBe(1n);
});

test("an approval that the books refuse leaves the voucher submitted, with no trace of the attempt", async () => {
  const { tx, ulb } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  const draft = await tx("accountant", (t) => draftVoucher(t, { ...input, date: localDate("2026-04-10") }));
  const { version } = await tx("accountant", (t) => submitVoucher(t, draft.id, 1));
  await tx("admin", (t) =>
    t.query("update ledger.periods set status = 'closed' where ulb_id = :ulb and period = '2026-04'", { ulb: ulb.id }),
  );
  const before = await bookMarks(app, ulb);
  await expect(tx("checker", (t) => approveVoucher(t, draft.id, version))).rejects.toThrow(
    /^PERIOD_CLOSED: 2026-04 is closed \(journal voucher voucher/,
  );
  expect(await bookMarks(app, ulb)).toEqual(before);
  expect((await tx("checker", (t) => getVoucher(t, draft.id))).status).toBe("submitted");
});

test("a voucher is sent back with a reason, and stays on record with it", async () => {
  const { tx, ulb } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  const { version } = await tx("accountant", (t) => submitVoucher(t, draft.id, 1));
  await expect(tx("checker", (t) => rejectVoucher(t, draft.id, version, "no"))).rejects.toThrow(
    /^REASON_MISSING: rejecting voucher/,
  );
  await tx("checker", (t) => rejectVoucher(t, draft.id, version, "the bill is not attached"));
  const [rejected] = await tx("accountant", (t) => listVouchers(t, "rejected"));
  expect([rejected?.id, rejected?.decisionReason, rejected?.entryId]).toEqual([
    draft.id,
    "the bill is not attached",
    null,
  ]);
  await expect(tx("checker", (t) => approveVoucher(t, draft.id, version + 1))).rejects.toThrow(
    /VOUCHER_STATUS: .* is rejected/,
  );
  expect((await bookMarks(app, ulb)).entries).toBe(0n);
  await expect(tx("accountant", (t) => getVoucher(t, "0198f000-0000-7000-8000-000000000000"))).rejects.toThrow(
    /^VOUCHER_NOT_FOUND/,
  );
});

test("the table itself refuses that a maker decides, and an approval without an entry", async () => {
  const { tx, ulb } = await testUlb(app);
  const draft = await tx("accountant", (t) => draftVoucher(t, input));
  const set = (sql: string): Promise<unknown> =>
    tx("accountant", (t) =>
      t.query(`update ledger.vouchers set ${sql} where ulb_id = :ulb and voucher_id = :id`, {
        ulb: ulb.id,
        id: draft.id,
      }),
    );
  await expect(set("decided_by = created_by")).rejects.toThrow(/maker_is_not_checker/);
  await expect(set("submitted_by = 'x', decided_by = 'x'")).rejects.toThrow(/maker_is_not_checker/);
  await expect(set("status = 'approved', decided_by = 'checker@test'")).rejects.toThrow(
    /approved_voucher_has_an_entry/,
  );
  await expect(set("status = 'approved', entry_id = 987654321")).rejects.toThrow(/voucher_entry_exists/);
});

test("vouchers of a month are approved side by side without a gap, and only then the month closes", async () => {
  const { tx, as } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  const made = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const draft = await tx("accountant", (t) => draftVoucher(t, { ...input, date: localDate("2026-04-10") }));
      return tx("accountant", (t) => submitVoucher(t, draft.id, 1));
    }),
  );
  await expect(tx("checker", (t) => closePeriod(t, period("2026-04")))).rejects.toThrow(
    /^PERIOD_CLOSE_REFUSED: 2026-04 is not ready to be closed: 12 vouchers dated in 2026-04 are neither approved nor rejected/,
  );
  const done = await Promise.all(
    made.map((v, i) =>
      inTransaction(app, as("checker", `checker-${i % 3}`), (t) => approveVoucher(t, v.id, v.version)),
    ),
  );
  expect(done.map((d) => d.entry.number).sort()).toEqual(
    Array.from({ length: 12 }, (_, i) => `J/2026-27/${String(i + 1).padStart(6, "0")}`),
  );
  expect(await tx("auditor", (t) => seriesGaps(t))).toEqual([]);
  await tx("checker", (t) => closePeriod(t, period("2026-04")));
});
