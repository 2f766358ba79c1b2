import { expect, test } from "vitest";
import { localDate, period } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { closePeriod, closeProblems, cr, dr, postEntry } from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { listActs } from "./act-rows.ts";
import { approveAct, proposeAct, rejectAct } from "./acts.ts";
import { done, enter, GRANT_BANK, legs } from "./testing.ts";
import { keepRegister, notInRegister, registerCloseChecks, registerTies } from "./ties.ts";

const app = await testApp();

const receipt = { date: "2025-06-01", amount: "400000", mode: "post" };
const tieOf = async (city: TestUlb, name: string, on = "2026-03-31") => {
  const tie = (await city.tx("auditor", (t) => registerTies(t, localDate(on)))).find((t) => t.name === name);
  return [tie?.ledger, tie?.registered, tie?.difference];
};
const posted = (city: TestUlb, amount: string, date = "2025-06-05") =>
  city.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: localDate(date),
      narration: "Grant received, booked as a voucher",
      source: { type: "test", id: amount },
      lines: [dr(GRANT_BANK, rupees(amount)), cr("3201003", rupees(amount))],
    }),
  );

test("an act is proposed by one person and posted by another; until then nothing stands in books or register", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const before = await bookMarks(app, city.ulb);
  const act = await city.tx("accountant", (t) =>
    proposeAct(t, { kind: "grant-receipt", item: "G-1", facts: { ...receipt, remark: "order 9" } }),
  );
  expect(act).toMatchObject({ status: "proposed", entries: [], facts: { amount: "400000.00", remark: "order 9" } });
  expect(act.drafts[0]).toMatchObject({ narration: "Grant G-1 AMRUT 2.0: instalment received (order 9)" });
  expect((await bookMarks(app, city.ulb)).entries).toBe(before.entries);
  await expect(city.tx("accountant", (t) => approveAct(t, act.id, 1))).rejects.toThrow(/MAKER_IS_CHECKER/);
  await expect(city.tx("accountant", (t) => rejectAct(t, act.id, 1, "typed wrongly"))).rejects.toThrow(
    /MAKER_IS_CHECKER/,
  );
  const { act: approved, entries } = await city.tx("checker", (t) => approveAct(t, act.id, 1));
  expect(approved).toMatchObject({ status: "approved", decidedBy: "checker@test" });
  expect(entries.map((e) => e.number)).toEqual(["R/2025-26/000001"]);
  expect(approved.entries.map((e) => e.number)).toEqual(["R/2025-26/000001"]);
  await expect(city.tx("checker", (t) => approveAct(t, act.id, 2))).rejects.toThrow(/REGISTER_ACT_STATUS.*approved/);
});

test("the table itself refuses an approval by the maker, a changed movement and a deleted act", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const act = await done(city, "grant-receipt", "G-1", receipt);
  const refused = (sql: string) => expect(city.tx("checker", (t) => t.query(sql, { id: act.id }))).rejects;
  await refused("update ledger.register_acts set decided_by = made_by where act_id = :id").toThrow(
    /maker_is_not_checker/,
  );
  await refused("update ledger.register_movements set amount = 1 where act_id = :id").toThrow(
    /permission denied|refused/,
  );
  await refused("delete from ledger.register_acts where act_id = :id").toThrow(/permission denied/);
});

test("a rejected act says why and posts nothing; a reason must be readable", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const act = await city.tx("accountant", (t) => proposeAct(t, { kind: "grant-receipt", item: "G-1", facts: receipt }));
  await expect(city.tx("checker", (t) => rejectAct(t, act.id, 1, "no"))).rejects.toThrow(/REASON_MISSING/);
  const rejected = await city.tx("checker", (t) => rejectAct(t, act.id, 1, "No such instalment"));
  expect(rejected).toMatchObject({ status: "rejected", decisionReason: "No such instalment" });
  expect(await tieOf(city, "Grants not yet used")).toEqual([0n, 0n, 0n]);
});

test("two proposals that fit one by one but not together: the second is refused, and its approval leaves nothing", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1", { purpose: "revenue" });
  await done(city, "grant-receipt", "G-1", receipt);
  const use = { date: "2025-07-01", amount: "300000", mode: "post" };
  const [first, second] = [
    await city.tx("accountant", (t) => proposeAct(t, { kind: "grant-revenue-use", item: "G-1", facts: use })),
    await city.tx("accountant", (t) => proposeAct(t, { kind: "grant-revenue-use", item: "G-1", facts: use })),
  ];
  await city.tx("checker", (t) => approveAct(t, first.id, 1));
  const before = await bookMarks(app, city.ulb);
  await expect(city.tx("checker", (t) => approveAct(t, second.id, 1))).rejects.toThrow(
    /GRANT_UNSPENT_SHORT: grant G-1 has 1,00,000.00 unspent, 3,00,000.00 is asked/,
  );
  expect(await bookMarks(app, city.ulb)).toEqual(before);
});

test("two checkers at once: one approval posts, the other finds it done", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const act = await city.tx("accountant", (t) => proposeAct(t, { kind: "grant-receipt", item: "G-1", facts: receipt }));
  const both = await Promise.allSettled([1, 2].map(() => city.tx("checker", (t) => approveAct(t, act.id, 1))));
  expect(both.map((b) => b.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await tieOf(city, "Grants not yet used")).toEqual([40000000n, 40000000n, 0n]);
});

test("what would post something else than was shown is not approved", async () => {
  const city = await testUlb(app);
  await enter(city, "deposit-work", "D-1");
  await done(city, "deposit-receipt", "D-1", { date: "2025-06-01", amount: "1000", account: "4502101", mode: "post" });
  const refund = await city.tx("accountant", (t) =>
    proposeAct(t, { kind: "deposit-refund", item: "D-1", facts: { date: "2025-07-01", mode: "post" } }),
  );
  await done(city, "deposit-receipt", "D-1", { date: "2025-06-02", amount: "500", account: "4502101", mode: "post" });
  await expect(city.tx("checker", (t) => approveAct(t, refund.id, 1))).rejects.toThrow(/REGISTER_ACT_CHANGED/);
});

test("an act taken back reverses its entries by name and moves the register back, once", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const act = await done(city, "grant-receipt", "G-1", receipt);
  const facts = { date: "2025-06-20", reason: "credited to the wrong grant" };
  const back = await done(city, "take-back", act.id, facts);
  expect(await legs(city, back)).toEqual(["receipt: Cr 4506101 400000.00, Dr 3201003 400000.00"]);
  expect(await tieOf(city, "Grants not yet used")).toEqual([0n, 0n, 0n]);
  expect(await tieOf(city, "Grants not yet used", "2025-06-10")).toEqual([40000000n, 40000000n, 0n]);
  await expect(done(city, "take-back", act.id, facts)).rejects.toThrow(/REGISTER_ACT_TAKEN_BACK/);
  const history = await city.tx("auditor", (t) => listActs(t, { register: "grant", item: "G-1" }));
  expect(history.map((a) => [a.kind, a.takenBackBy !== null])).toEqual([
    ["take-back", false],
    ["grant-receipt", true],
  ]);
});

test("what later acts have used is not taken back from under them", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1", { purpose: "revenue" });
  const act = await done(city, "grant-receipt", "G-1", receipt);
  await done(city, "grant-revenue-use", "G-1", { date: "2025-07-01", amount: "1", mode: "post" });
  await expect(done(city, "take-back", act.id, { date: "2025-08-01", reason: "credited twice" })).rejects.toThrow(
    /REGISTER_OVERDRAWN.*unspent.*3,99,999.00 is there, 4,00,000.00 would go/,
  );
});

test("what came into the books elsewhere shows as not in the register, until an act takes that entry, once and no more than it has", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const entry = await posted(city, "250000");
  expect(await tieOf(city, "Grants not yet used")).toEqual([25000000n, 0n, 25000000n]);
  expect(await city.tx("auditor", (t) => notInRegister(t, "grant", localDate("2026-03-31")))).toMatchObject([
    { number: entry.number, account: "3201003", credit: 25000000n },
  ]);
  const take = (amount: string) =>
    done(city, "grant-receipt", "G-1", { date: "2025-06-07", amount, mode: "entry", entry: String(entry.id) });
  await expect(take("250000.01")).rejects.toThrow(/REGISTER_ENTRY_SHORT.*2,50,000.00/);
  const taken = await take("250000");
  expect([taken.entries, taken.takenEntryId]).toEqual([[], entry.id]);
  expect(await tieOf(city, "Grants not yet used")).toEqual([25000000n, 25000000n, 0n]);
  // Dated as the entry, not as the day on which somebody took it up.
  expect(await tieOf(city, "Grants not yet used", "2025-06-05")).toEqual([25000000n, 25000000n, 0n]);
  expect(await city.tx("auditor", (t) => notInRegister(t, "grant", localDate("2026-03-31")))).toEqual([]);
  await expect(take("1")).rejects.toThrow(/REGISTER_ENTRY_SHORT.*has 0.00/);
  const own = await done(city, "grant-receipt", "G-1", receipt);
  await expect(
    done(city, "grant-receipt", "G-1", { ...receipt, mode: "entry", entry: String(own.entries[0]?.id) }),
  ).rejects.toThrow(/REGISTER_ENTRY_OWN/);
  await done(city, "take-back", taken.id, { date: "2025-08-01", reason: "another grant's money" });
  expect(await tieOf(city, "Grants not yet used")).toEqual([65000000n, 40000000n, 25000000n]);
  await take("250000");
});

test("a register is checked before a close only from the day it is kept; a difference is named then", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  await posted(city, "250000", "2025-04-05");
  const problems = (month: string) =>
    city.tx("accountant", (t) => closeProblems(t, period(month), registerCloseChecks));
  expect(await problems("2025-04")).toEqual([]);
  await city.tx("admin", (t) => keepRegister(t, "grant", localDate("2025-05-01")));
  expect(await problems("2025-04")).toEqual([]);
  expect(await problems("2025-05")).toMatchObject([
    { code: "EARLIER_PERIOD_OPEN" },
    { code: "TIE_REGISTERS", message: expect.stringContaining("not in the register 2,50,000.00") },
  ]);
  await city.tx("accountant", (t) =>
    proposeAct(t, {
      kind: "grant-receipt",
      item: "G-1",
      facts: { date: "2025-04-30", amount: "250000", mode: "opening" },
    }),
  );
  expect((await problems("2025-04")).map((p) => p.code)).toEqual(["REGISTER_ACTS_PENDING"]);
});

test("the past of a register may be brought in until it is kept; after that nothing changes it behind a close", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  await city.tx("accountant", (t) => closePeriod(t, period("2025-04")));
  const opening = (date: string) => done(city, "grant-receipt", "G-1", { date, amount: "1000", mode: "opening" });
  expect((await opening("2025-03-31")).entries).toEqual([]);
  const first = await opening("2025-04-01");
  await city.tx("admin", (t) => keepRegister(t, "grant", localDate("2025-04-01")));
  await expect(opening("2025-04-02")).rejects.toThrow(/PERIOD_CLOSED.*2025-04/);
  await expect(
    done(city, "take-back", first.id, { date: "2025-05-02", reason: "there was no such balance" }),
  ).rejects.toThrow(/PERIOD_CLOSED/);
  await opening("2025-05-01");
});

test("facts that are missing or not sound are refused by their label, items by what is wrong with them", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  const propose = (facts: Record<string, string>, kind = "grant-receipt", item = "G-1") =>
    city.tx("accountant", (t) => proposeAct(t, { kind, item, facts }));
  await expect(propose({ ...receipt, amount: "" })).rejects.toThrow(/REGISTER_FIELD: Amount: it is missing/);
  await expect(propose({ ...receipt, amount: "0" })).rejects.toThrow(/REGISTER_FIELD: Amount: more than 0.00/);
  await expect(propose({ ...receipt, date: "2025-02-30" })).rejects.toThrow(/DATE_FORMAT/);
  await expect(propose({ ...receipt, account: "999" })).rejects.toThrow(/ACCOUNT_UNKNOWN/);
  await expect(propose(receipt, "grant-receipt", "G-2")).rejects.toThrow(/REGISTER_ITEM_UNKNOWN.*"G-2"/);
  await expect(propose(receipt, "grant-gift")).rejects.toThrow(/REGISTER_KIND_UNKNOWN/);
  await expect(enter(city, "grant", "G-1")).rejects.toThrow(/REGISTER_ITEM_EXISTS/);
  await expect(enter(city, "grant", "G 2")).rejects.toThrow(/REGISTER_FIELD: Id/);
  await expect(enter(city, "grant", "G-2", { account: "3411001" })).rejects.toThrow(/below 320, which 3411001 is not/);
  await expect(enter(city, "grant", "G-2", { account: "32010" })).rejects.toThrow(/ACCOUNT_NOT_POSTING/);
  await expect(enter(city, "grant", "G-2", { fund: "77" })).rejects.toThrow(/FUND_UNKNOWN/);
  await expect(enter(city, "grant", "G-2", { function: "zz" })).rejects.toThrow(/Function: one of/);
});
