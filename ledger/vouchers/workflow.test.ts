import { expect, test } from "vitest";
import { localDate, period } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { inTransaction } from "../kernel/tx.ts";
import {
  approveVoucher,
  cancelVoucher,
  changeVoucher,
  closePeriod,
  cr,
  dr,
  draftReversal,
  draftVoucher,
  getEntry,
  getVoucher,
  listApprovalLimits,
  listVouchers,
  postEntry,
  rejectVoucher,
  reversalReasons,
  sendBackVoucher,
  setApprovalLimit,
  setVoucherRules,
  signVoucher,
  submitVoucher,
  voucherSteps,
  type Voucher,
  type VoucherInput,
} from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";

const now = { at: new Date("2026-06-15T05:00:00Z") };
const app = await testApp({ clock: () => now.at });
const since = localDate("2026-04-01");
const voucher = (over: Partial<VoucherInput> = {}, amount = "1180.00"): VoucherInput => ({
  voucher: "journal",
  date: localDate("2026-06-15"),
  narration: "Rent of hired premises, bill 17",
  lines: [dr("2201001", rupees(amount), { function: "02" }), cr("3501003", rupees(amount))],
  ...over,
});
async function submitted(town: TestUlb, input: VoucherInput = voucher()): Promise<Voucher> {
  return town.tx("accountant", async (t) => {
    const draft = await draftVoucher(t, input);
    return submitVoucher(t, draft.id, draft.version);
  });
}
const asChecker = <T>(town: TestUlb, name: string, fn: Parameters<typeof inTransaction<T>>[2]): Promise<T> =>
  inTransaction(app, town.as("checker", name), fn);

test("a voucher that is sent back is changed and submitted again; every step stays on record with who, when and why", async () => {
  const town = await testUlb(app);
  const first = await submitted(town);
  await expect(town.tx("checker", (t) => sendBackVoucher(t, first.id, first.version, "no"))).rejects.toThrow(
    /^REASON_MISSING: sending voucher/,
  );
  await expect(
    town.tx("accountant", (t) => sendBackVoucher(t, first.id, first.version, "my own mistake")),
  ).rejects.toThrow(/^MAKER_IS_CHECKER/);
  const back = await town.tx("checker", (t) => sendBackVoucher(t, first.id, first.version, "the bill is not attached"));
  expect([back.status, back.decidedBy, back.entryId]).toEqual(["sent-back", null, null]);
  await expect(town.tx("checker", (t) => approveVoucher(t, first.id, back.version))).rejects.toThrow(
    /^VOUCHER_STATUS: .* is sent-back; it cannot be approved/,
  );
  const changed = await town.tx("accountant", (t) =>
    changeVoucher(t, first.id, back.version, voucher({ narration: "Rent of hired premises, bill 17 of May" })),
  );
  expect(changed.status).toBe("sent-back");
  const again = await town.tx("accountant", (t) => submitVoucher(t, first.id, changed.version));
  const { voucher: done } = await town.tx("checker", (t) => approveVoucher(t, first.id, again.version));
  const steps = await town.tx("auditor", (t) => voucherSteps(t, first.id));
  expect(steps.map((s) => [s.step, s.actor, s.reason, s.version])).toEqual([
    ["drafted", "accountant@test", null, 1],
    ["submitted", "accountant@test", null, 2],
    ["sent-back", "checker@test", "the bill is not attached", 3],
    ["changed", "accountant@test", null, 4],
    ["submitted", "accountant@test", null, 5],
    ["approved", "checker@test", null, 6],
  ]);
  expect(done.version).toBe(6);
  for (const sql of ["update ledger.voucher_steps set actor = 'x'", "delete from ledger.voucher_steps"]) {
    await expect(town.tx("accountant", (t) => t.query(sql))).rejects.toThrow(/permission denied|is refused/);
  }
});

test("whoever changed a voucher is one of its makers: he approves it no more than who submitted it", async () => {
  const town = await testUlb(app);
  const draft = await town.tx("accountant", (t) => draftVoucher(t, voucher()));
  const changed = await inTransaction(app, town.as("checker", "vera"), (t) =>
    changeVoucher(t, draft.id, 1, voucher({ narration: "Rent, with the account of her cousin" })),
  );
  const sent = await town.tx("accountant", (t) => submitVoucher(t, draft.id, changed.version));
  expect(sent.makers).toEqual(["accountant@test", "vera@test"]);
  await expect(asChecker(town, "vera", (t) => approveVoucher(t, draft.id, sent.version))).rejects.toThrow(
    /^MAKER_IS_CHECKER: vera@test/,
  );
  await expect(
    town.tx("checker", (t) =>
      t.query("update ledger.vouchers set decided_by = 'vera@test' where ulb_id = :ulb and voucher_id = :id", {
        ulb: town.ulb.id,
        id: draft.id,
      }),
    ),
  ).rejects.toThrow(/maker_is_not_checker/);
});

test("what the books would refuse is told at submission, with the line", async () => {
  const town = await testUlb(app);
  await town.tx("admin", (t) =>
    t.query("update ledger.accounts set is_active = false where ulb_id = :ulb and code = '2201002'", {
      ulb: town.ulb.id,
    }),
  );
  const before = await bookMarks(app, town.ulb);
  const refused = async (lines: VoucherInput["lines"], message: RegExp, over: Partial<VoucherInput> = {}) => {
    await expect(submitted(town, voucher({ lines, ...over }))).rejects.toThrow(message);
  };
  const hundred = rupees("100");
  const fn = { function: "02" };
  await refused(
    [dr("2201001", hundred, fn), cr("9999999", hundred)],
    /^ACCOUNT_UNKNOWN: account 9999999 .*line 2 of journal/,
  );
  await refused([dr("22010", hundred, fn), cr("3501003", hundred)], /^ACCOUNT_NOT_POSTING: account 22010 .*line 1 of/);
  await refused([dr("2201002", hundred, fn), cr("3501003", hundred)], /^ACCOUNT_INACTIVE: account 2201002 .*line 1 of/);
  await refused([dr("2201001", hundred), cr("3501003", hundred)], /^FUNCTION_MISSING: account 2201001 .*line 1 of/);
  await refused(
    [dr("2201001", hundred, { function: "ZZ" }), cr("3501003", hundred)],
    /^FUNCTION_UNKNOWN: .*2201001.*line 1/,
  );
  await refused(
    [dr("2201001", hundred, { ...fn, fund: "77" }), cr("3501003", hundred, { fund: "77" })],
    /^FUND_UNKNOWN: fund 77 .*line 1 of/,
  );
  await refused(
    [dr("2201001", hundred, fn), cr("4502101", hundred)],
    /^VOUCHER_RULE: journal voucher .* has a cash or bank line/,
  );
  await refused([dr("2201001", hundred, fn), cr("3501003", hundred)], /^VOUCHER_RULE: payment voucher/, {
    voucher: "payment",
  });
  await refused(
    [dr("4502101", hundred), cr("3501003", hundred)],
    /^VOUCHER_RULE: contra voucher|^VOUCHER_RULE: .* is a contra/,
    {
      voucher: "contra",
    },
  );
  expect(await bookMarks(app, town.ulb)).toEqual(before);
});

test("nobody approves more than his limit: his own goes before his role's, one kind before any, and a higher limit decides", async () => {
  const town = await testUlb(app);
  await town.tx("admin", async (t) => {
    await setApprovalLimit(t, { role: "checker", voucherType: "any", from: since, upTo: rupees("1000") });
    await setApprovalLimit(t, { role: "checker", voucherType: "journal", from: since, upTo: rupees("2000") });
    await setApprovalLimit(t, { role: "checker", actor: "chief@test", voucherType: "any", from: since, upTo: null });
    // From July on; today is June.
    await setApprovalLimit(t, {
      role: "checker",
      voucherType: "journal",
      from: localDate("2026-07-01"),
      upTo: rupees("9"),
    });
  });
  const large = await submitted(town, voucher({}, "2000.01"));
  const before = await bookMarks(app, town.ulb);
  await expect(town.tx("checker", (t) => approveVoucher(t, large.id, large.version))).rejects.toThrow(
    /^APPROVAL_LIMIT_EXCEEDED: journal voucher .* is of 2,000\.01, and checker@test may approve up to 2,000\.00; an approver with a higher limit/,
  );
  expect(await bookMarks(app, town.ulb)).toEqual(before);
  await asChecker(town, "chief", (t) => approveVoucher(t, large.id, large.version));
  const exact = await submitted(town, voucher({}, "2000.00"));
  await town.tx("checker", (t) => approveVoucher(t, exact.id, exact.version));
  const paid = await submitted(
    town,
    voucher({ voucher: "payment", lines: [dr("3501003", rupees("1000.01")), cr("4502101", rupees("1000.01"))] }),
  );
  await expect(town.tx("checker", (t) => approveVoucher(t, paid.id, paid.version))).rejects.toThrow(/up to 1,000\.00/);
  // Refusing needs no limit.
  await town.tx("checker", (t) => rejectVoucher(t, paid.id, paid.version, "the bill is paid already"));
  expect((await town.tx("auditor", (t) => listApprovalLimits(t))).length).toBe(4);
});

test("above the set amount two people sign, both other than the makers and each other", async () => {
  const town = await testUlb(app);
  await town.tx("admin", (t) =>
    setVoucherRules(t, { from: since, secondSignatureAbove: rupees("1000"), backDateDays: null }),
  );
  const small = await submitted(town, voucher({}, "1000.00"));
  await expect(asChecker(town, "a", (t) => signVoucher(t, small.id, small.version))).rejects.toThrow(
    /^SIGNATURE_NOT_NEEDED: .* is of 1,000\.00/,
  );
  await asChecker(town, "a", (t) => approveVoucher(t, small.id, small.version));

  const large = await submitted(town);
  await expect(asChecker(town, "a", (t) => approveVoucher(t, large.id, large.version))).rejects.toThrow(
    /^SECOND_SIGNATURE_MISSING: .* is of 1,180\.00; above 1,000\.00 two people sign/,
  );
  await expect(town.tx("accountant", (t) => signVoucher(t, large.id, large.version))).rejects.toThrow(
    /^MAKER_IS_CHECKER/,
  );
  const signed = await asChecker(town, "a", (t) => signVoucher(t, large.id, large.version));
  expect([signed.status, signed.firstSignatory, signed.entryId]).toEqual(["submitted", "a@test", null]);
  await expect(asChecker(town, "a", (t) => approveVoucher(t, large.id, signed.version))).rejects.toThrow(
    /^SIGNATORY_TWICE: a@test was the first to sign/,
  );
  await expect(asChecker(town, "b", (t) => approveVoucher(t, large.id, large.version))).rejects.toThrow(
    /^VOUCHER_CHANGED/,
  );
  await expect(
    town.tx("checker", (t) =>
      t.query(
        "update ledger.vouchers set first_signatory = 'accountant@test' where ulb_id = :ulb and voucher_id = :id",
        {
          ulb: town.ulb.id,
          id: large.id,
        },
      ),
    ),
  ).rejects.toThrow(/maker_is_not_checker/);
  const { voucher: done } = await asChecker(town, "b", (t) => approveVoucher(t, large.id, signed.version));
  expect([done.firstSignatory, done.decidedBy]).toEqual(["a@test", "b@test"]);

  // A signature is void when the voucher is sent back.
  const next = await submitted(town);
  const once = await asChecker(town, "a", (t) => signVoucher(t, next.id, next.version));
  const back = await asChecker(town, "b", (t) => sendBackVoucher(t, next.id, once.version, "wrong function"));
  expect(back.firstSignatory).toBeNull();
});

test("two checkers who sign at once sign once", async () => {
  const town = await testUlb(app);
  await town.tx("admin", (t) =>
    setVoucherRules(t, { from: since, secondSignatureAbove: rupees("0"), backDateDays: null }),
  );
  const made = await submitted(town);
  const results = await Promise.allSettled(
    ["a", "b", "c"].map((name) => asChecker(town, name, (t) => signVoucher(t, made.id, made.version))),
  );
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
});

test("a back date shows by itself, and beyond the days that are set it needs a reason", async () => {
  const town = await testUlb(app);
  await town.tx("admin", (t) => setVoucherRules(t, { from: since, secondSignatureAbove: null, backDateDays: 10 }));
  const same = await town.tx("accountant", (t) => draftVoucher(t, voucher()));
  const late = await town.tx("accountant", (t) => draftVoucher(t, voucher({ date: localDate("2026-06-05") })));
  const later = await town.tx("accountant", (t) => draftVoucher(t, voucher({ date: localDate("2026-06-04") })));
  expect([same, late, later].map((v) => [v.draftedOn, v.isBackDated])).toEqual([
    ["2026-06-15", false],
    ["2026-06-15", true],
    ["2026-06-15", true],
  ]);
  await town.tx("accountant", (t) => submitVoucher(t, late.id, 1));
  await expect(town.tx("accountant", (t) => submitVoucher(t, later.id, 1))).rejects.toThrow(
    /^BACK_DATE_REASON_MISSING: .* is dated 2026-06-04, 11 days before it was drafted on 2026-06-15; more than 10 days need a reason/,
  );
  await town.tx("accountant", (t) =>
    changeVoucher(t, later.id, 1, voucher({ date: localDate("2026-06-04"), backDateReason: "the bill came late" })),
  );
  await town.tx("accountant", (t) => submitVoucher(t, later.id, 2));
  expect(
    (await town.tx("auditor", (t) => listVouchers(t, "submitted", { isBackDated: true }))).map((v) => v.id),
  ).toEqual([later.id, late.id]);
  await expect(
    town.tx("accountant", (t) =>
      t.query("update ledger.vouchers set is_back_dated = false where ulb_id = :ulb", { ulb: town.ulb.id }),
    ),
  ).rejects.toThrow(/can only be updated to DEFAULT/);
});

test("file, sanction and reference are kept, found again, and lists go page by page", async () => {
  const town = await testUlb(app);
  const paper = {
    externalReference: "V-77",
    fileNumber: "ACC/12/2026",
    sanction: { number: "S-9", date: localDate("2026-06-01") },
  };
  const [one] = await Promise.all(
    [1, 2, 3].map((n) => town.tx("accountant", (t) => draftVoucher(t, voucher({ ...paper, narration: `Paper ${n}` })))),
  );
  expect(one).toMatchObject(paper);
  const page = (after?: Voucher) =>
    town.tx("auditor", (t) =>
      listVouchers(t, "draft", {
        search: "acc/12",
        limit: 2,
        ...(after ? { after: { date: after.date, id: after.id } } : {}),
      }),
    );
  const first = await page();
  const second = await page(first[1]);
  expect([first.length, second.length]).toEqual([2, 1]);
  expect(new Set([...first, ...second].map((v) => v.id)).size).toBe(3);
  expect(await town.tx("auditor", (t) => listVouchers(t, "draft", { search: "100%" }))).toEqual([]);
});

test("a draft is given up by its maker with a reason, and the month no longer waits for it; one that was sent back holds it up", async () => {
  const town = await testUlb(app, { startsOn: since });
  const april = { date: localDate("2026-04-10") };
  const draft = await town.tx("accountant", (t) => draftVoucher(t, voucher(april)));
  const sent = await submitted(town, voucher(april));
  const back = await town.tx("checker", (t) => sendBackVoucher(t, sent.id, sent.version, "wrong month"));
  const close = () => town.tx("checker", (t) => closePeriod(t, period("2026-04")));
  await expect(close()).rejects.toThrow(/2 vouchers dated in 2026-04/);
  const gone = await town.tx("accountant", (t) => cancelVoucher(t, draft.id, draft.version, "entered twice"));
  expect([gone.status, gone.decisionReason]).toEqual(["cancelled", "entered twice"]);
  await expect(close()).rejects.toThrow(/1 vouchers dated in 2026-04/);
  await town.tx("accountant", (t) => cancelVoucher(t, sent.id, back.version, "not needed any more"));
  await close();
});

test("an entry is taken back by a voucher with a reason, which another person approves; once", async () => {
  const town = await testUlb(app);
  const made = await submitted(town);
  const { entry } = await town.tx("checker", (t) => approveVoucher(t, made.id, made.version));
  const ask = {
    entryId: entry.id,
    date: localDate("2026-06-15"),
    reason: "duplicate",
    remarks: "Bill 17 was booked twice",
  };
  const draft = (over: Partial<typeof ask> = {}) => town.tx("accountant", (t) => draftReversal(t, { ...ask, ...over }));
  await expect(draft({ reason: "because" })).rejects.toThrow(/^REVERSAL_REASON_UNKNOWN: "because"/);
  await expect(draft({ remarks: "x" })).rejects.toThrow(/^REASON_MISSING/);
  const results = await Promise.allSettled([draft(), draft(), draft()]);
  const drafts = results.flatMap((r) => (r.status === "fulfilled" ? [r.value] : []));
  expect(drafts).toHaveLength(1);
  for (const r of results)
    if (r.status === "rejected") expect(String(r.reason)).toMatch(/REVERSAL_UNDER_WAY: entry J\/2026-27\/000001/);
  const [mirror] = drafts as [Voucher];
  expect(mirror.reverses).toEqual({ entryId: entry.id, reason: "duplicate" });
  expect(mirror.lines.map((l) => [l.side, l.account])).toEqual([
    ["credit", "2201001"],
    ["debit", "3501003"],
  ]);
  await expect(
    town.tx("accountant", (t) => changeVoucher(t, mirror.id, 1, voucher({ narration: "something else" }))),
  ).rejects.toThrow(/^REVERSAL_LINES_FIXED/);
  // Its words and its date are his.
  const changed = await town.tx("accountant", (t) =>
    changeVoucher(t, mirror.id, 1, { ...mirror, date: localDate("2026-06-16") }),
  );
  const sent = await town.tx("accountant", (t) => submitVoucher(t, mirror.id, changed.version));
  await expect(town.tx("accountant", (t) => approveVoucher(t, mirror.id, sent.version))).rejects.toThrow(
    /^MAKER_IS_CHECKER/,
  );
  const done = await town.tx("checker", (t) => approveVoucher(t, mirror.id, sent.version));
  const was = await town.tx("auditor", (t) => getEntry(t, entry.id));
  expect(was.reversedBy).toBe(done.entry.id);
  await expect(draft()).rejects.toThrow(/^ENTRY_ALREADY_REVERSED/);
  expect((await town.tx("auditor", (t) => reversalReasons(t))).map((r) => r.code)).toContain("wrong-head");
});

test("an entry of a register is not taken back by a voucher", async () => {
  const town = await testUlb(app);
  const { id } = await town.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: localDate("2026-06-15"),
      narration: "Property tax",
      source: { type: "receipt", id: "R-1" },
      lines: [dr("4501001", rupees("1")), cr("3504101", rupees("1"))],
    }),
  );
  await expect(
    town.tx("accountant", (t) =>
      draftReversal(t, { entryId: id, date: localDate("2026-06-15"), reason: "other", remarks: "typed wrongly" }),
    ),
  ).rejects.toThrow(/^REVERSAL_OF_ANOTHER_PAPER: entry R\/2026-27\/000001 comes from a receipt/);
  expect((await town.tx("auditor", (t) => listVouchers(t, "draft"))).length).toBe(0);
  await expect(town.tx("auditor", (t) => getVoucher(t, "0198f000-0000-7000-8000-000000000000"))).rejects.toThrow(
    /^VOUCHER_NOT_FOUND/,
  );
});
