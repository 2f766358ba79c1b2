import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate } from "../ledger/kernel/dates.ts";
import {
  formatIndian,
  negate,
  paise,
  rupees,
  subtract,
  sum,
  toRupees,
  ZERO,
  type Paise,
} from "../ledger/kernel/money.ts";
import { composeBrs, type BrsItem, type BrsLine } from "./brs.ts";
import { templateLines, type EntryTemplate } from "./entries.ts";
import { match, type ItemKind, type MatchItem, type MatchLine } from "./match.ts";
import { refsOfNarration } from "./tokens.ts";

type Fixture = {
  book_opening_1_mar: string;
  statement_opening_1_mar: string;
  book: { id: string; date: string; voucher: string; side: "Dr" | "Cr"; amount: string; text: string; ref: string }[];
  statement: { id: string; date: string; narration: string; withdrawal: string; deposit: string }[];
  expected_matches: [string, string, string][];
  expected_brs: [string, string][];
  expected_vouchers_proposed: { legs: [string, string, string][] }[];
};
const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/bank-reconciliation.json", import.meta.url), "utf8"),
) as Fixture;
const asOf = localDate("2026-03-31");

function kindOf(text: string, amount: bigint): ItemKind {
  if (text.includes("settlement")) return "settlement";
  if (text.includes("cheque")) return amount < 0n ? "cheque-issued" : "cheque-deposited";
  return "transfer";
}
const items: (MatchItem & BrsItem)[] = fixture.book.map((b) => {
  const amount = b.side === "Dr" ? rupees(b.amount) : subtract(ZERO, rupees(b.amount));
  const refs = refsOfNarration(`${b.text}, ${b.ref}`);
  return {
    id: b.id,
    date: localDate(b.date),
    amount,
    kind: kindOf(b.text, amount),
    refs,
    voucher: b.voucher,
    reference: refs[0]?.value ?? "",
    text: b.text,
  };
});
const lines: (MatchLine & { amount: Paise })[] = fixture.statement.map((s) => ({
  id: s.id,
  date: localDate(s.date),
  amount: s.deposit === "" ? subtract(ZERO, rupees(s.withdrawal)) : rupees(s.deposit),
  narration: s.narration,
  reference: "",
}));
const result = match(lines, items, asOf);

test("March 2026: exactly the expected matches", () => {
  expect(result.confirmed.map((m) => [m.items.join(), m.lines.join()]).sort()).toEqual(
    fixture.expected_matches.map(([book, line]) => [book, line]),
  );
  expect(result.proposed).toEqual([]);
});

test("March 2026: the reconciliation statement to the paisa, with the stale cheque of November still in it", () => {
  const template = new Map<string, EntryTemplate>([
    ...result.proposedEntries.map((e): [string, EntryTemplate] => [e.line, e.template]),
    ...result.exceptions.flatMap((e): [string, EntryTemplate][] =>
      e.subject === "line" && e.template ? [[e.id, e.template]] : [],
    ),
  ]);
  const used = new Set(result.confirmed.flatMap((m) => [...m.lines, ...m.items]));
  const inMonth = items.filter((i) => i.date >= "2026-03-01");
  const brs = composeBrs({
    account: "4502101",
    asOf,
    bookBalance: sum([rupees(fixture.book_opening_1_mar), ...inMonth.map((i) => i.amount)]),
    statementBalance: sum([rupees(fixture.statement_opening_1_mar), ...lines.map((l) => l.amount)]),
    items: items.filter((i) => !used.has(i.id)),
    lines: lines
      .filter((l) => !used.has(l.id))
      .map((l): BrsLine => ({
        id: l.id,
        date: l.date,
        amount: l.amount,
        text: l.narration,
        reference: "",
        template: template.get(l.id),
      })),
  });
  expect(formatIndian(brs.bookBalance)).toBe("2,35,679.49");
  expect(formatIndian(brs.statementBalance)).toBe("2,60,618.99");
  expect([brs.isProved, brs.difference]).toEqual([true, 0n]);
  expect([
    toRupees(brs.bookBalance),
    ...brs.groups.map((g) => toRupees(g.total)),
    toRupees(brs.computedBalance),
  ]).toEqual(fixture.expected_brs.map(([, amount]) => amount));
  expect(brs.groups.map((g) => g.label)).toEqual([
    "Add: cheques issued but not presented",
    "Add: interest credited by bank, not in book",
    "Add: amounts credited by bank, not in book (unidentified)",
    "Less: cheques deposited but not credited",
    "Less: bank charges debited, not in book",
  ]);
  expect(
    brs.groups[0]?.details.map((d) => [d.reference, formatIndian(d.amount), d.date, d.isStale, d.isEarlierMonth]),
  ).toEqual([
    ["599871", "12,000.00", "2025-11-20", true, true],
    ["600102", "14,500.00", "2026-03-28", false, false],
    ["600103", "3,250.50", "2026-03-29", false, false],
  ]);
});

test("March 2026: the vouchers that would settle it are proposed with their heads", () => {
  const accounts = {
    bank: "4502101",
    "bank-charges": "2407001",
    "bank-interest": "1711001",
    "unidentified-credits": "3508006",
    "stale-cheques": "3508001",
  };
  const amountOf = (id: string): Paise => {
    const amount = [...lines, ...items].find((x) => x.id === id)?.amount ?? ZERO;
    return amount < 0n ? negate(amount) : amount;
  };
  const wanted = [
    ...result.proposedEntries.map((e) => ({ id: e.line, template: e.template })),
    ...result.exceptions.flatMap((e) => (e.template ? [{ id: e.id, template: e.template }] : [])),
  ];
  const legs = wanted.map(({ id, template }) =>
    templateLines(template, amountOf(id), accounts, "01").map((l) => [
      l.side === "debit" ? "Dr" : "Cr",
      l.account,
      toRupees(l.amount),
    ]),
  );
  const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  expect(legs.sort(byText)).toEqual(fixture.expected_vouchers_proposed.map((v) => v.legs).sort(byText));
});

test("a difference is shown, not hidden", () => {
  const brs = composeBrs({
    account: "4502101",
    asOf,
    bookBalance: rupees("100.00"),
    statementBalance: rupees("99.00"),
    items: [],
    lines: [],
  });
  expect([brs.isProved, toRupees(brs.difference)]).toEqual([false, "1.00"]);
});

test("whatever is matched, the identity holds: book with all groups is the bank, and a lost item shows as exactly its amount", () => {
  const amount = fc
    .bigInt(-1_000_000n, 1_000_000n)
    .filter((a) => a !== 0n)
    .map((a) => paise(a));
  const day = fc.integer({ min: -400, max: 0 }).map((n) => addDays(asOf, n));
  const kinds = fc.constantFrom<ItemKind>(
    "cheque-issued",
    "cheque-deposited",
    "transfer",
    "settlement",
    "cash",
    "other",
  );
  const templates = fc.constantFrom<EntryTemplate | undefined>(
    "bank-charge",
    "bank-interest",
    "unidentified-credit",
    undefined,
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ date: day, amount, kind: kinds }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.record({ date: day, amount, template: templates, isBankError: fc.boolean() }), { maxLength: 20 }),
      amount,
      (some, others, common) => {
        const is = some.map((i, n): BrsItem => ({ ...i, id: `I${n}`, voucher: "", reference: "", text: "" }));
        const ls = others.map((l, n): BrsLine => ({ ...l, id: `L${n}`, reference: "", text: "" }));
        const input = {
          account: "4502101",
          asOf,
          bookBalance: sum([common, ...is.map((i) => i.amount)]),
          statementBalance: sum([common, ...ls.map((l) => l.amount)]),
          items: is,
          lines: ls,
        };
        expect(composeBrs(input).isProved).toBe(true);
        expect(composeBrs({ ...input, items: is.slice(1) }).difference).toBe(is[0]?.amount);
      },
    ),
  );
});
