import fc from "fast-check";
import { expect, test } from "vitest";
import type { Line } from "../ledger/index.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, sum, toRupees } from "../ledger/kernel/money.ts";
import { outstandingOf } from "./due.ts";
import {
  advanceLines,
  checkResolution,
  demandLines,
  merge,
  netCredit,
  openingLines,
  reversalLines,
  settlementLines,
  writeOffLines,
} from "./entries.ts";
import { settle } from "./settle.ts";
import { anyLines, line, PLAIN_TERMS } from "./testing-lines.ts";

const payer = { code: "A1", ward: "W01" };
const said = (lines: readonly Line[]) =>
  lines.map((l) =>
    [l.side === "debit" ? "Dr" : "Cr", l.account, toRupees(l.amount), l.party?.id ?? "", l.demandYear ?? ""]
      .join(" ")
      .trim(),
  );
const balances = (lines: readonly Line[]) => netCredit(lines) === 0n;

const a1 = line({ demandId: "1" });
const a2 = line({ demandId: "2", amount: rupees("10800.00"), cess: rupees("800.00") });

test("C01: a demand debits the receivable with the cess, credits income with the tax and the control head with the cess", () => {
  expect(
    said(
      demandLines(
        [
          { line: a1, payer },
          { line: a2, payer: { code: "A2", ward: "W01" } },
        ],
        "by-consumer",
      ),
    ),
  ).toEqual([
    "Dr 4311001 1188.00 A1 2025-26",
    "Cr 1100101 11100.00",
    "Cr 4319100 888.00",
    "Dr 4311001 10800.00 A2 2025-26",
  ]);
});

test("a batch is summarised by account, fund, function, ward and year", () => {
  const other = line({ demandId: "3", ward: "W02" });
  const lines = demandLines([a1, a2, other].map((l) => ({ line: l, payer })));
  expect(lines.map((l) => [l.side, l.account, l.ward, l.demandYear ?? "", toRupees(l.amount)])).toEqual([
    ["debit", "4311001", "W01", "2025-26", "11988.00"],
    ["credit", "1100101", "W01", "", "11100.00"],
    ["credit", "4319100", "W01", "", "888.00"],
    ["debit", "4311001", "W02", "2025-26", "1188.00"],
    ["credit", "1100101", "W02", "", "1100.00"],
    ["credit", "4319100", "W02", "", "88.00"],
  ]);
  expect(balances(lines)).toBe(true);
});

test("C00: opening receivables credit the opening balance with the own share", () => {
  const old = { ...a1, accounts: { ...a1.accounts, receivable: "4311004" } };
  expect(said(openingLines([{ line: old, payer }], "3101001", "by-consumer"))).toEqual([
    "Dr 4311004 1188.00 A1 2025-26",
    "Cr 4319100 88.00",
    "Cr 3101001 1100.00",
  ]);
});

test("C08: a payment taken back is the mirror of its lines", () => {
  const lines = settlementLines([
    { line: a1, payer, kind: "payment", amount: rupees("1188.00"), cess: rupees("88.00") },
  ]);
  expect(said(reversalLines(lines))).toEqual(["Dr 4311001 1188.00 A1 2025-26", "Cr 4319100 88.00", "Dr 3503001 88.00"]);
  expect(
    merge([...lines, ...reversalLines(lines)]).reduce<bigint>(
      (n, l) => (l.side === "debit" ? n + l.amount : n - l.amount),
      0n,
    ),
  ).toBe(0n);
});

test("an advance is a liability of its consumer", () => {
  expect(said(advanceLines([{ account: "3504101", amount: rupees("422.00"), payer, fund: "01" }]))).toEqual([
    "Cr 3504101 422.00 A1",
  ]);
});

test("a write-off goes against the provision, the cess leaves its control head; or, unprovided, is an expense", () => {
  const written = [{ line: a1, payer, amount: rupees("1188.00"), cess: rupees("88.00") }];
  expect(said(writeOffLines(written, "provision"))).toEqual([
    "Dr 4321000 1188.00",
    "Cr 4311001 1188.00 A1 2025-26",
    "Dr 4319100 88.00",
    "Cr 4329100 88.00",
  ]);
  expect(said(writeOffLines(written, "expense"))).toEqual([
    "Dr 2703001 1100.00",
    "Dr 4319100 88.00",
    "Cr 4311001 1188.00 A1 2025-26",
  ]);
});

test("X15: a write-off without the number or the date of the resolution is refused, and one resolved later too", () => {
  const on = localDate("2026-01-31");
  const date = localDate("2026-01-15");
  expect(() => checkResolution({ number: "", date }, on)).toThrow(
    "WRITE_OFF_RESOLUTION_MISSING: a write-off needs the number and the date of the council's resolution; the number is missing",
  );
  expect(() => checkResolution({ number: "  " }, on)).toThrow("the number and the date is missing");
  expect(() => checkResolution({ number: "12/2026", date: null }, on)).toThrow("the date is missing");
  expect(() => checkResolution({ number: "12/2026", date: localDate("2026-02-01") }, on)).toThrow(
    /^WRITE_OFF_RESOLUTION_LATER/,
  );
  expect(checkResolution({ number: " 12/2026 ", date }, on)).toEqual({ number: "12/2026", date });
});

test("every set of lines balances; those of a payment add up to the money that came", () => {
  fc.assert(
    fc.property(anyLines, fc.bigInt({ min: 1n, max: 3_000_000n }), (lines, amount) => {
      const demanded = lines.map((l) => ({ line: l, payer }));
      for (const detail of ["summary", "by-consumer"] as const) {
        expect(balances(demandLines(demanded, detail))).toBe(true);
        expect(balances(openingLines(demanded, "3101001", detail))).toBe(true);
      }
      const paid = settle(lines, paise(amount), localDate("2026-01-01"), PLAIN_TERMS);
      const settled = settlementLines(paid.allocations.map((a) => ({ ...a, payer })));
      expect(netCredit(settled) + paid.excess).toBe(amount);
      const credited = sum(settled.filter((l) => l.side === "credit" && l.account === "4311001").map((l) => l.amount));
      const open = (of: typeof lines) => sum(of.filter((l) => l.basis === "accrual").map(outstandingOf));
      expect(open(lines) - credited).toBe(open([...paid.lines]));
    }),
  );
});
