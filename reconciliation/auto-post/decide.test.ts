import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate, period, periodOf } from "../../ledger/kernel/dates.ts";
import { paise, rupees } from "../../ledger/kernel/money.ts";
import { decidePostings, spentKey, type BankOwnLine, type RuleInForce } from "./decide.ts";

const rule = (over: Partial<RuleInForce> = {}): RuleInForce => ({
  ruleId: "sms",
  version: 1,
  name: "SMS charges",
  kind: "bank-charge",
  words: ["SMS"],
  lineLimit: rupees("100.00"),
  monthLimit: rupees("150.00"),
  validFrom: localDate("2026-04-01"),
  ...over,
});
const line = (id: string, day: string, amount: string, narration = "SMS CHRG-Q1/26"): BankOwnLine => ({
  id,
  kind: rupees(amount) < 0n ? "bank-charge" : "bank-interest",
  bookedOn: localDate(day),
  amount: rupees(amount),
  narration,
});
const none = new Set<string>();

test("a rule books lines of its kind with all its words as whole words, from its first day on, up to its limits", () => {
  const rules = [rule({ words: ["SMS", "chrg"] })];
  const { postings, held } = decidePostings(
    rules,
    [
      line("early", "2026-03-31", "-10.00"),
      line("first", "2026-04-01", "-60.00"),
      line("half a word", "2026-04-01", "-10.00", "SMSX CHRG"),
      line("one word", "2026-04-01", "-10.00", "SMS ALERT"),
      line("large", "2026-04-02", "-100.01"),
      line("second", "2026-04-03", "-90.00"),
      line("third", "2026-04-04", "-0.01"),
      line("too much", "2026-04-05", "-60.00"),
      line("next month", "2026-05-01", "-100.00"),
      line("credit", "2026-05-01", "100.00"),
    ],
    new Map(),
    none,
  );
  expect(postings.map((p) => [p.line, p.inMonth])).toEqual([
    ["first", rupees("60.00")],
    ["second", rupees("150.00")],
    ["next month", rupees("100.00")],
  ]);
  expect(held).toEqual([
    { line: "large", why: '100.01 is above the 100.00 that rule "SMS charges" (version 1) books for one line' },
    {
      line: "third",
      why: 'with 0.01 it would be 150.01 in 2026-04, above the 150.00 that rule "SMS charges" (version 1) books in a month',
    },
    {
      line: "too much",
      why: 'with 60.00 it would be 210.00 in 2026-04, above the 150.00 that rule "SMS charges" (version 1) books in a month',
    },
  ]);
});

test("the newest version that holds on the bank's day decides; what was booked by any version counts for the month", () => {
  const rules = [rule(), rule({ version: 2, lineLimit: rupees("20.00"), validFrom: localDate("2026-04-10") })];
  const lines = [line("old", "2026-04-09", "-60.00"), line("new", "2026-04-10", "-60.00")];
  const { postings, held } = decidePostings(rules, lines, new Map(), none);
  expect(postings.map((p) => [p.line, p.rule.version])).toEqual([["old", 1]]);
  expect(held.map((h) => h.why)).toEqual([
    '60.00 is above the 20.00 that rule "SMS charges" (version 2) books for one line',
  ]);
  const spent = new Map([[spentKey("sms", period("2026-04")), rupees("100.00")]]);
  expect(decidePostings(rules, lines, spent, none).postings).toEqual([]);
});

test("a line under two rules is booked by none, and one that was taken back is a person's", () => {
  const rules = [rule(), rule({ ruleId: "all", name: "All charges", words: ["CHRG"] })];
  expect(decidePostings(rules, [line("a", "2026-04-01", "-1.00")], new Map(), none)).toEqual({
    postings: [],
    held: [
      { line: "a", why: 'it falls under "All charges" and "SMS charges"; a line under two rules is booked by none' },
    ],
  });
  expect(decidePostings([rule()], [line("a", "2026-04-01", "-1.00")], new Map(), new Set(["a"]))).toEqual({
    postings: [],
    held: [{ line: "a", why: "a rule booked it and a person took that back; a person decides" }],
  });
});

test("no limit is ever passed, nothing is booked twice, and the order of the input does not matter", () => {
  const days = ["2026-04-01", "2026-04-02", "2026-05-01"];
  const anyLine = fc.record({
    id: fc.uuid(),
    day: fc.constantFrom(...days),
    amount: fc.integer({ min: -20_000, max: 20_000 }).filter((n) => n !== 0),
    narration: fc.constantFrom("SMS CHRG", "GST ON CHRG", "INT PD", "SMS"),
  });
  const anyRule = fc.record({
    ruleId: fc.constantFrom("a", "b", "c"),
    version: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom("bank-charge" as const, "bank-interest" as const),
    words: fc.constantFrom(["SMS"], ["CHRG"], ["INT"]),
    lineLimit: fc.integer({ min: 1, max: 15_000 }),
    more: fc.integer({ min: 0, max: 20_000 }),
    from: fc.constantFrom(...days),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(anyLine, { selector: (l) => l.id, maxLength: 20 }),
      fc.uniqueArray(anyRule, { selector: (r) => `${r.ruleId}@${r.version}`, maxLength: 5 }),
      (someLines, someRules) => {
        const lines = someLines.map((l) => ({
          id: l.id,
          kind: l.amount < 0 ? ("bank-charge" as const) : ("bank-interest" as const),
          bookedOn: localDate(l.day),
          amount: paise(BigInt(l.amount)),
          narration: l.narration,
        }));
        const rules = someRules.map((r) =>
          rule({
            ...r,
            name: r.ruleId,
            lineLimit: paise(BigInt(r.lineLimit)),
            monthLimit: paise(BigInt(r.lineLimit + r.more)),
            validFrom: localDate(r.from),
          }),
        );
        const found = decidePostings(rules, lines, new Map(), none);
        expect(decidePostings(rules.toReversed(), lines.toReversed(), new Map(), none)).toEqual(found);
        const ids = [...found.postings.map((p) => p.line), ...found.held.map((h) => h.line)];
        expect(new Set(ids).size).toBe(ids.length);
        const sums = new Map<string, bigint>();
        for (const p of found.postings) {
          const of = lines.find((l) => l.id === p.line);
          expect(p.size <= p.rule.lineLimit && of !== undefined && of.bookedOn >= p.rule.validFrom).toBe(true);
          const key = spentKey(p.rule.ruleId, periodOf(of?.bookedOn ?? localDate("2026-04-01")));
          sums.set(key, (sums.get(key) ?? 0n) + p.size);
          expect(sums.get(key)).toBe(p.inMonth);
          expect(p.inMonth <= p.rule.monthLimit).toBe(true);
        }
      },
    ),
  );
});
