import { expect, test } from "vitest";
import { balances, testClock } from "../../collections/testing.ts";
import { closeAccount, getEntry, setApprovalLimit } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Role } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { undoMatch } from "../bench/index.ts";
import { listExceptions, reconcileAccount } from "../exceptions/index.ts";
import { listMatches } from "../matches.ts";
import { bankLines } from "../statements.ts";
import { BANK, bankUlb, type BankUlb } from "../testing.ts";
import { bankSelfTie, bankTie } from "../ties.ts";
import {
  approveAutoPostRule,
  endAutoPostRule,
  listAutoPostRules,
  proposeAutoPostRule,
  rejectAutoPostRule,
  type AutoPostRule,
  type RuleDraft,
} from "./index.ts";

const app = await testApp({ clock: testClock("2026-06-20T05:00:00Z") });

const DRAFT: RuleDraft = {
  account: BANK,
  name: "SMS charges",
  kind: "bank-charge",
  words: ["sms"],
  lineLimit: rupees("150.00"),
  monthLimit: rupees("250.00"),
  validFrom: localDate("2026-06-01"),
  reason: "every quarter, as the bank's tariff says",
};
const propose = (t: BankUlb, over: Partial<RuleDraft> = {}, id?: string, role: Role = "accountant") =>
  t.tx(role, (tx) => proposeAutoPostRule(tx, { ...DRAFT, ...over }, id));
const approve = (t: BankUlb, rule: AutoPostRule, role: Role = "checker") =>
  t.tx(role, (tx) => approveAutoPostRule(tx, rule.ruleId, rule.version));
const run = (t: BankUlb) => t.tx("accountant", (tx) => reconcileAccount(tx, BANK));
const books = (t: BankUlb) => inSnapshot(app, t.as("auditor"), (read) => balances(read));
const open = (t: BankUlb) => t.tx("auditor", (tx) => listExceptions(tx, { account: BANK }));
async function proves(t: BankUlb): Promise<void> {
  await inSnapshot(app, t.as("auditor"), async (read) => {
    for (const row of await bankTie(read, localDate("2026-06-30"))) expect(toRupees(row.difference)).toBe("0.00");
    expect(await bankSelfTie(read)).toEqual([]);
  });
}

test("nothing is booked until another person approves the rule; then its lines are, with rule and version as evidence, and what is above stays with its figures", async () => {
  const t = await bankUlb(app);
  await t.bank("1000.00", [
    ["2026-05-30", "-118.00", "SMS CHRG Q4"],
    ["2026-06-02", "-118.00", "SMS CHRG Q1"],
    ["2026-06-03", "-150.01", "SMS CHRG LATE"],
    ["2026-06-04", "-140.00", "SMS CHRG AGAIN"],
    ["2026-06-05", "33.00", "INT CR"],
  ]);
  const rule = await propose(t);
  expect((await run(t)).autoPosted).toEqual([]);
  await expect(approve(t, rule, "accountant")).rejects.toMatchObject({ code: "MAKER_IS_CHECKER" });
  await approve(t, rule);
  const report = await run(t);
  expect(report.autoPosted).toHaveLength(1);
  expect(await books(t)).toEqual({ "2407001": "118.00", [BANK]: "-118.00" });
  const [posted] = report.autoPosted;
  const evidence = `rule "SMS charges" version 1, approved by ${t.as("checker").actor.id}: 118.00 of at most 150.00 a line, 118.00 of at most 250.00 in 2026-06`;
  const [match] = await t.tx("auditor", (tx) => listMatches(tx, BANK));
  expect(match).toMatchObject({ pass: "P3", evidence, rules: `auto-post ${rule.ruleId}@1`, entryId: posted?.entryId });
  const entry = await t.tx("auditor", (tx) => getEntry(tx, posted?.entryId ?? 0n));
  expect(entry).toMatchObject({
    narration: 'Bank charge: SMS CHRG Q1 (rule "SMS charges" version 1)',
    date: "2026-06-02",
  });
  expect(Object.fromEntries((await open(t)).map((e) => [e.particulars, e.note]))).toEqual({
    "SMS CHRG Q4": null,
    "SMS CHRG LATE":
      'Not booked by itself: 150.01 is above the 150.00 that rule "SMS charges" (version 1) books for one line',
    "SMS CHRG AGAIN":
      'Not booked by itself: with 140.00 it would be 258.00 in 2026-06, above the 250.00 that rule "SMS charges" (version 1) books in a month',
    "INT CR": null,
  });
  // Twice is once.
  expect((await run(t)).autoPosted).toEqual([]);
  expect(await books(t)).toEqual({ "2407001": "118.00", [BANK]: "-118.00" });
  expect((await t.tx("auditor", (tx) => listAutoPostRules(tx, BANK)))[0]?.posted).toEqual({
    lines: 1,
    amount: rupees("118.00"),
  });
  await proves(t);
});

test("what a person takes back is reversed, counts no more for the month, and no rule books it again", async () => {
  const t = await bankUlb(app);
  await t.bank("1000.00", [["2026-06-02", "-118.00", "SMS CHRG Q1"]]);
  await approve(t, await propose(t));
  const [posted] = (await run(t)).autoPosted;
  await t.tx("accountant", (tx) => undoMatch(tx, posted?.matchId ?? "", "it was another bank's charge"));
  expect(await books(t)).toEqual({});
  expect((await run(t)).autoPosted).toEqual([]);
  expect(await books(t)).toEqual({});
  expect((await open(t)).map((e) => [e.kind, e.note])).toEqual([
    ["bank-charge", "Not booked by itself: a rule booked it and a person took that back; a person decides"],
  ]);
  await t.bank("882.00", [["2026-06-03", "-140.00", "SMS CHRG Q2"]], { name: "second.csv" });
  expect((await run(t)).autoPosted).toHaveLength(1);
  await proves(t);
});

test("a version is decided once, the next one takes its place from its first day, and an ended rule books nothing", async () => {
  const t = await bankUlb(app);
  const first = await propose(t, { kind: "bank-interest", words: ["INT CR"], name: "Interest" });
  await expect(propose(t, {}, first.ruleId)).rejects.toMatchObject({ code: "AUTO_POST_WAITS" });
  await approve(t, first);
  await expect(approve(t, first)).rejects.toMatchObject({ code: "AUTO_POST_DECIDED" });
  const second = await propose(
    t,
    { kind: "bank-interest", words: ["INT CR"], name: "Interest", lineLimit: rupees("50.00"), head: "1711001" },
    first.ruleId,
  );
  expect(second.version).toBe(2);
  await t.tx("checker", (tx) => rejectAutoPostRule(tx, first.ruleId, 2, "the first one is enough"));
  await t.bank("0.00", [
    ["2026-06-02", "100.00", "INT CR Q4"],
    ["2026-06-10", "40.00", "INT CR"],
  ]);
  // The rejected version changes nothing.
  expect((await run(t)).autoPosted.map((p) => p.version)).toEqual([1, 1]);
  const third = await propose(
    t,
    { kind: "bank-interest", words: ["INT CR"], name: "Interest", lineLimit: rupees("50.00") },
    first.ruleId,
  );
  // Whoever looked at the second version decides nothing about the third.
  await expect(approve(t, second)).rejects.toMatchObject({
    code: "AUTO_POST_DECIDED",
    facts: { version: 2, decision: "rejected" },
  });
  await approve(t, third);
  await t.bank("140.00", [["2026-06-11", "60.00", "INT CR"]], { name: "2.csv" });
  expect((await run(t)).autoPosted).toEqual([]);
  await t.bank("200.00", [["2026-06-12", "10.00", "INT CR"]], { name: "3.csv" });
  expect((await run(t)).autoPosted.map((p) => p.version)).toEqual([3]);
  await t.tx("accountant", (tx) => endAutoPostRule(tx, first.ruleId, "the bank changed its words"));
  await t.bank("210.00", [["2026-06-13", "10.00", "INT CR"]], { name: "4.csv" });
  expect((await run(t)).autoPosted).toEqual([]);
  await expect(propose(t, {}, first.ruleId)).rejects.toMatchObject({ code: "AUTO_POST_ENDED" });
  await expect(t.tx("checker", (tx) => endAutoPostRule(tx, first.ruleId, "once more"))).rejects.toMatchObject({
    code: "AUTO_POST_ENDED",
  });
  expect(await books(t)).toEqual({ "1711001": "-150.00", [BANK]: "150.00" });
});

test("a rule that says too little, books against a bank, or has no limits is refused with what is wrong", async () => {
  const t = await bankUlb(app);
  const why = async (over: Partial<RuleDraft>): Promise<unknown> =>
    propose(t, over).then(
      () => "accepted",
      (error: unknown) => (error as { facts: { problem?: string } }).facts.problem ?? (error as Error).message,
    );
  expect(await why({ name: "x" })).toBe("its name has 1 characters; between 3 and 80 say what it is");
  expect(await why({ kind: "grant" })).toBe('"grant" is no kind; known are bank-charge and bank-interest');
  expect(await why({ words: ["12"] })).toMatch(/^"12" says too little/);
  expect(await why({ words: [] })).toMatch(/^it names 0 words/);
  expect(await why({ monthLimit: rupees("100.00") })).toBe(
    "the limit of a month, 100.00, is below that of a line, 150.00",
  );
  expect(await why({ head: BANK })).toMatch(/is cash or a bank/);
  await expect(propose(t, { reason: "so" })).rejects.toMatchObject({ code: "AUTO_POST_REASON" });
  await expect(propose(t, { head: "9999999" })).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await expect(t.tx("checker", (tx) => approveAutoPostRule(tx, "no-rule", 1))).rejects.toMatchObject({
    code: "AUTO_POST_UNKNOWN",
  });
});

test("nobody lets a rule book more than he may approve himself, and a refusal of the ledger leaves the line to a person", async () => {
  const t = await bankUlb(app);
  await t.tx("admin", (tx) =>
    setApprovalLimit(tx, {
      role: "checker",
      voucherType: "payment",
      upTo: rupees("100.00"),
      from: localDate("2026-04-01"),
    }),
  );
  const rule = await propose(t);
  await expect(approve(t, rule)).rejects.toMatchObject({ code: "AUTO_POST_ABOVE_LIMIT" });
  await t.tx("checker", (tx) => rejectAutoPostRule(tx, rule.ruleId, rule.version, "above what I may approve"));
  const small = await propose(t, { lineLimit: rupees("100.00"), head: "2408001" }, rule.ruleId);
  await approve(t, small);
  await t.bank("1000.00", [["2026-06-02", "-18.00", "SMS CHRG"]]);
  await t.tx("admin", (tx) =>
    closeAccount(tx, "2408001", { reason: "not used any more", from: localDate("2026-06-01") }),
  );
  const report = await run(t);
  expect(report.autoPosted).toEqual([]);
  expect((await open(t))[0]?.note).toMatch(/^Not booked by itself: rule "SMS charges" version 2 could not book it: /);
  expect(
    await t.tx("auditor", (tx) =>
      bankLines(tx, { account: BANK, from: DRAFT.validFrom, to: localDate("2026-06-30"), open: true }),
    ),
  ).toHaveLength(1);
});
