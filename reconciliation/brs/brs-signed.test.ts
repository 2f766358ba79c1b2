import fc from "fast-check";
import { expect, test } from "vitest";
import { closeProblems } from "../../ledger/index.ts";
import { localDate, period } from "../../ledger/kernel/dates.ts";
import { paise, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { acceptMatches, bench, mergeMatches, splitMatch, undoMatch } from "../bench/index.ts";
import { brs } from "../brs-read.ts";
import { composeBrs, type BrsItem, type BrsLine } from "../brs.ts";
import { closeChecks } from "../close-checks.ts";
import { reconcileAccount } from "../exceptions/index.ts";
import { listMatches } from "../matches.ts";
import { BANK, bankUlb, type BankUlb } from "../testing.ts";
import {
  approveBrs,
  brsForm,
  brsIdentity,
  changedSince,
  checkBrs,
  identityOf,
  prepareBrs,
  readSignedBrs,
  withdrawBrs,
} from "./index.ts";

const app = await testApp();
const may = localDate("2026-05-31");
const read = <T>(t: BankUlb, fn: Parameters<typeof inSnapshot<T>>[2]): Promise<T> =>
  inSnapshot(app, t.as("auditor"), fn);
const by = <T>(t: BankUlb, name: string, fn: Parameters<typeof inTransaction<T>>[2]): Promise<T> =>
  inTransaction(app, t.as("accountant", name), fn);

async function town(): Promise<BankUlb> {
  const t = await bankUlb(app);
  await t.book("2025-12-20", "-700.00", "Paid by cheque 000111");
  await t.book("2026-05-02", "1000.00", "NEFT UTR HDFCN26122000001");
  await t.book("2026-05-30", "-300.00", "Paid by cheque 000123");
  await t.book("2026-05-30", "450.00", "Cash deposit slip 9001");
  await t.bank("0.00", [
    ["2026-05-03", "1000.00", "NEFT-HDFCN26122000001"],
    ["2026-05-20", "-118.00", "SMS CHARGES"],
    ["2026-05-31", "25.00", "SB INT CREDIT"],
  ]);
  await t.tx("accountant", (tx) => reconcileAccount(tx, BANK));
  return t;
}

test("the statement has its form, A to M, with annexures by age; the identity holds both ways", async () => {
  const t = await town();
  const found = await read(t, (r) => brs(r, BANK, may));
  const form = brsForm(found);
  expect(form.lines.map((l) => `${l.letter} ${l.label}: ${toRupees(l.amount)}`)).toMatchInlineSnapshot(`
    [
      "A Balance as per Bank Book: 450.00",
      "B Add: cheques / DD issued but not presented: 1000.00",
      "C Add: other instruments issued, not debited by bank: 0.00",
      "D Add: credits by bank not in Bank Book (interest, direct credits): 25.00",
      "F Sub-total (A+B+C+D): 1475.00",
      "G Less: cheques deposited but not cleared: 0.00",
      "H Less: other instruments deposited, not credited: 450.00",
      "I Less: charges and other debits by bank not in Bank Book: 118.00",
      "J Net total (F−G−H−I): 907.00",
      "K Bank errors: wrong credits (+) / wrong debits (−), not yet reversed: 0.00",
      "L Balance as per bank statement: 907.00",
      "M Unexplained difference (J+K−L): 0.00",
    ]
  `);
  expect(
    form.annexures.map(
      (a) =>
        `${a.letter} ${a.count} ${toRupees(a.total)}: ${a.bands.map((b) => `${b.age} ${toRupees(b.total)}`).join(", ")}`,
    ),
  ).toMatchInlineSnapshot(`
    [
      "B 2 1000.00: up to 30 days 300.00, earlier year 700.00",
      "D 1 25.00: up to 30 days 25.00",
      "H 1 450.00: up to 30 days 450.00",
      "I 1 118.00: up to 30 days 118.00",
    ]
  `);
  const identity = await read(t, (r) => brsIdentity(r, found, may));
  expect(identity).toEqual({
    bookLessOpen: 100000n,
    bankLessOpen: 100000n,
    matchedItems: 100000n,
    matchedLines: 100000n,
    holds: true,
  });
});

const amounts = fc.bigInt({ min: -1_000_000n, max: 1_000_000n }).filter((a) => a !== 0n);
const kinds = fc.constantFrom("cheque-issued", "cheque-deposited", "transfer", "settlement", "cash", "other");
const item = fc.record({ amount: amounts, kind: kinds });
const line = fc.record({
  amount: amounts,
  isBankError: fc.boolean(),
  template: fc.constantFrom("bank-charge", "bank-interest", undefined),
});

test("whatever is open, the form adds up: M is what the bank and the book differ by, and every item stands in one annexure", () => {
  fc.assert(
    fc.property(fc.array(item), fc.array(line), amounts, amounts, (items, lines, matched, opening) => {
      const bookBalance = paise(matched + items.reduce((n, i) => n + i.amount, 0n));
      const statementBalance = paise(matched + lines.reduce((n, l) => n + l.amount, 0n) + opening);
      const brsItems = items.map((i, n): BrsItem => ({
        ...i,
        kind: i.kind,
        amount: paise(i.amount),
        id: `i${n}`,
        date: may,
        voucher: "",
        reference: "",
        text: "",
      }));
      const brsLines = lines.map((l, n): BrsLine => ({
        ...l,
        amount: paise(l.amount),
        id: `l${n}`,
        date: may,
        text: "",
        reference: "",
      }));
      const found = composeBrs({
        account: BANK,
        asOf: may,
        bookBalance,
        statementBalance,
        items: brsItems,
        lines: brsLines,
        openingUnmatched: { amount: paise(opening), date: may },
      });
      const form = brsForm(found);
      expect(form.unexplained).toBe(0n);
      expect(form.annexures.reduce((n, a) => n + a.count, 0)).toBe(items.length + lines.length + 1);
      expect(identityOf(found, paise(matched), paise(matched)).holds).toBe(true);
      expect(identityOf(found, paise(matched), paise(matched + 1n)).holds).toBe(false);
    }),
    { seed: 6, numRuns: 200 },
  );
});

test("three people sign; what is un-matched later does not change what they signed, and the close of the month says so", async () => {
  const t = await town();
  const closing = () =>
    read(t, async (r) => (await closeProblems(r, period("2026-05"), closeChecks)).map((p) => p.code));
  const before = await closing();
  expect(before).not.toContain("BRS_NOT_APPROVED");
  await expect(by(t, "a", (tx) => prepareBrs(tx, BANK, localDate("2026-06-30")))).rejects.toMatchObject({
    code: "BRS_NOT_COVERED",
  });
  const first = await by(t, "a", (tx) => prepareBrs(tx, BANK, may));
  await expect(by(t, "b", (tx) => prepareBrs(tx, BANK, may))).rejects.toThrow(/is prepared already by a@test/);
  expect(await closing()).toContain("BRS_NOT_APPROVED");
  await expect(by(t, "a", (tx) => checkBrs(tx, first.id))).rejects.toMatchObject({ code: "BRS_SIGNED_BY" });
  await expect(by(t, "b", (tx) => approveBrs(tx, first.id))).rejects.toMatchObject({ code: "BRS_STATUS" });
  // The books move while it waits: it is not the statement that was prepared.
  await t.book("2026-05-31", "10.00", "found late");
  await expect(by(t, "b", (tx) => checkBrs(tx, first.id))).rejects.toThrow(
    /has changed since it was prepared: book 450\.00.*; now book 460\.00/,
  );
  await expect(by(t, "b", (tx) => withdrawBrs(tx, first.id, "no"))).rejects.toMatchObject({ code: "BRS_REASON" });
  await by(t, "b", (tx) => withdrawBrs(tx, first.id, "an item was found late"));
  const second = await by(t, "a", (tx) => prepareBrs(tx, BANK, may));
  await by(t, "b", (tx) => checkBrs(tx, second.id));
  for (const name of ["a", "b"])
    await expect(by(t, name, (tx) => approveBrs(tx, second.id))).rejects.toMatchObject({ code: "BRS_SIGNED_BY" });
  expect(await by(t, "c", (tx) => approveBrs(tx, second.id))).toMatchObject({
    status: "approved",
    preparedBy: "a@test",
    checkedBy: "b@test",
    approvedBy: "c@test",
  });
  expect(await closing()).toEqual(before);
  const kept = await read(t, (r) => readSignedBrs(r, second.id));
  expect(kept.statement.groups).toEqual((await read(t, (r) => brs(r, BANK, may))).groups);

  const [match] = await read(t, (r) => listMatches(r, BANK));
  await t.tx("accountant", (tx) => undoMatch(tx, match?.id ?? "", "not the same payer"));
  expect(await read(t, (r) => readSignedBrs(r, second.id))).toEqual(kept);
  expect(await read(t, (r) => changedSince(r, second))).toMatchObject({
    was: "book 460.00, bank 907.00, 6 open",
    now: "book 460.00, bank 907.00, 8 open",
  });
  expect(await closing()).toContain("BRS_CHANGED");
  await expect(by(t, "a", (tx) => withdrawBrs(tx, second.id, "changed our minds"))).rejects.toMatchObject({
    code: "BRS_STATUS",
  });
  await expect(
    t.tx("admin", (tx) =>
      tx.query("update reconciliation.brs_statements set content = '{}' where ulb_id = :ulb", { ulb: t.ulb.id }),
    ),
  ).rejects.toThrow(/is not changed/);
});

test("many lines are matched with many items when the sums agree; a match is split, merged and undone; nothing is lost", async () => {
  const t = await bankUlb(app);
  for (const [n, amount] of ["100.00", "200.00", "300.00"].entries())
    await t.book("2026-05-02", amount, `Sundry receipts ${n}`);
  await t.bank("0.00", [
    ["2026-05-03", "100.00", "CASH A"],
    ["2026-05-03", "450.00", "CASH B"],
    ["2026-05-03", "50.00", "CASH C"],
  ]);
  const look = (filter: Parameters<typeof bench>[2] = {}, page: Parameters<typeof bench>[3] = {}) =>
    read(t, (r) => bench(r, BANK, filter, page));
  const { lines, items, progress } = await look();
  expect(progress).toMatchObject({ lines: 3, matched: 0, open: 3, openItems: 3 });
  const l = lines.rows.map((r) => r.subject.id);
  const i = items.rows.map((r) => r.subject.id);
  // A page at a time, narrowed by amount, text and day.
  const first = await look({}, { limit: 2 });
  expect([first.lines.rows.length, first.lines.total]).toEqual([2, 3]);
  expect(
    (await look({}, { limit: 2, linesAfter: first.lines.next ?? "" })).lines.rows.map((r) => r.subject.id),
  ).toEqual([l[2]]);
  expect((await look({ text: "cash b" })).lines.rows.map((r) => r.subject.id)).toEqual([l[1]]);
  expect((await look({ most: paise(10000n) })).lines.total).toBe(2);
  expect((await look({ to: localDate("2026-05-02") })).lines.total).toBe(0);

  const all = { lines: l, items: i };
  const accept = (...pairings: (typeof all)[]) => t.tx("accountant", (tx) => acceptMatches(tx, BANK, pairings));
  await expect(accept({ lines: [l[1] ?? ""], items: i })).rejects.toThrow(
    "statement lines 450.00, book items 600.00, difference -150.00",
  );
  await expect(
    accept({ lines: [l[0] ?? ""], items: [i[0] ?? ""] }, { lines: [l[0] ?? ""], items: [i[0] ?? ""] }),
  ).rejects.toMatchObject({
    code: "BANK_LINE_MATCHED",
  });
  await expect(accept({ lines: ["nonsense", l[0] ?? ""], items: [] })).rejects.toMatchObject({
    code: "BANK_LINE_UNKNOWN",
  });
  const [whole] = (await accept(all)).matchIds;
  const one = { lines: [l[0] ?? ""], items: [i[0] ?? ""] };
  const rest = { lines: l.slice(1), items: i.slice(1) };
  const split = (...parts: (typeof all)[]) =>
    t.tx("accountant", (tx) => splitMatch(tx, whole ?? "", parts, "two payers"));
  await expect(split(one)).rejects.toThrow(/4 of its lines and items are in no part/);
  await expect(split(one, all)).rejects.toMatchObject({ code: "MATCH_PARTS" });
  const parts = (await split(one, rest)).matchIds;
  expect(parts).toHaveLength(2);
  const merged = (await t.tx("accountant", (tx) => mergeMatches(tx, parts, "one deposit after all"))).matchIds;
  await expect(t.tx("accountant", (tx) => mergeMatches(tx, merged, "only one"))).rejects.toMatchObject({
    code: "MATCH_MERGE_ONE",
  });
  await t.tx("accountant", (tx) => undoMatch(tx, merged[0] ?? "", "look again please"));
  await expect(t.tx("accountant", (tx) => undoMatch(tx, merged[0] ?? "", "look again please"))).rejects.toMatchObject({
    code: "MATCH_UNKNOWN",
  });
  expect((await look()).lines.rows.map((r) => r.subject.id)).toEqual(l);
  expect((await look()).items.rows.map((r) => r.subject.id)).toEqual(i);
  expect((await look()).progress.matched).toBe(0);
});
