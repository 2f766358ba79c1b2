import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { negate, paise, rupees, sum, toRupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { settlementEntry } from "./entries.ts";
import { checkSettlement, type SettlementRow } from "./settlement.ts";

type Case = {
  id: string;
  input: {
    settlement: string;
    utr?: string;
    gross: string;
    fee?: string;
    fees?: string;
    gst: string;
    net: string;
    refund?: string;
    date: string;
  };
  expected_legs: { side: "Dr" | "Cr"; code: string; amount: string }[];
};
const { cases } = JSON.parse(readFileSync(new URL("./fixtures/settlements.json", import.meta.url), "utf8")) as {
  cases: Case[];
};
const caseOf = (id: string): Case => cases.find((c) => c.id === id) ?? expect.fail(`no case ${id}`);

// The ULB of the cases maps "settlement-in-transit" to its bank account: the net goes straight to the bank book.
const STRAIGHT = {
  "settlement-in-transit": "4502101",
  "gateway-clearing": "4501005",
  "gateway-fee": "2408003",
  "gateway-fee-gst": "2407003",
};
const THROUGH = { ...STRAIGHT, "settlement-in-transit": "4501007" };

function row(part: Partial<SettlementRow> & Pick<SettlementRow, "entityId" | "type">): SettlementRow {
  return {
    debit: ZERO,
    credit: ZERO,
    amount: ZERO,
    fee: ZERO,
    tax: ZERO,
    isOnHold: false,
    settlementId: "setl_1",
    ...part,
  };
}
function payment(id: string, amount: string, fee: string, tax: string, settlementId: string): SettlementRow {
  return row({
    entityId: id,
    type: "payment",
    amount: rupees(amount),
    fee: rupees(fee),
    tax: rupees(tax),
    credit: paise(rupees(amount) - rupees(fee)),
    settlementId,
  });
}
function legs(check: ReturnType<typeof checkSettlement>, c: Case, accounts: typeof STRAIGHT): string[] {
  if (!check.ok) throw new Error(check.problems.map((p) => p.message).join());
  const settlement = { id: c.input.settlement, utr: c.input.utr ?? null, date: localDate(c.input.date) };
  return settlementEntry(settlement, check.figures, accounts).lines.map(
    (l) => `${l.side === "debit" ? "Dr" : "Cr"} ${l.account} ${toRupees(l.amount)}`,
  );
}
const expected = (c: Case): string[] => c.expected_legs.map((l) => `${l.side} ${l.code} ${l.amount}`);

test("C04: a settlement net of fee and GST, straight to the bank, to the paisa", () => {
  const c = caseOf("C04");
  const check = checkSettlement({ id: "setl_0001", amount: rupees(c.input.net) }, [
    payment("pay_0001", "3000.00", "31.86", "4.86", "setl_0001"),
  ]);
  expect(legs(check, c, STRAIGHT)).toEqual(expected(c));
  expect(legs(check, c, THROUGH)[0]).toBe("Dr 4501007 2968.14");
});

test("C10: a refund netted in the settlement; the clearing is left with payments less refunds", () => {
  const c = caseOf("C10");
  const rows = [
    payment("pay_0002", "5650.00", "60.01", "9.15", "setl_0002"),
    payment("pay_0003", "5650.00", "60.00", "9.16", "setl_0002"),
    row({
      entityId: "rfnd_0001",
      type: "refund",
      amount: rupees("5650.00"),
      debit: rupees("5650.00"),
      settlementId: "setl_0002",
    }),
  ];
  const check = checkSettlement({ id: "setl_0002", amount: rupees(c.input.net) }, rows);
  // The first pair of the case is the refund's own entry (Dr refunds payable, Cr clearing), posted by collections when it was processed.
  expect(legs(check, c, STRAIGHT)).toEqual(expected(c).slice(2));
});

test("the fee is read with the tax inside (API) or beside it (dashboard file), whichever holds", () => {
  const beside = row({
    entityId: "pay_1",
    type: "payment",
    amount: rupees("100.00"),
    fee: rupees("2.00"),
    tax: rupees("0.36"),
    credit: rupees("97.64"),
  });
  expect(checkSettlement({ id: "setl_1", amount: rupees("97.64") }, [beside])).toMatchObject({
    ok: true,
    figures: { fee: 200n, tax: 36n },
  });
  const inside = { ...beside, fee: rupees("2.36"), credit: rupees("97.64") };
  expect(checkSettlement({ id: "setl_1", amount: rupees("97.64") }, [inside])).toMatchObject({
    ok: true,
    figures: { fee: 200n, tax: 36n },
  });
});

test.each<[string, Partial<SettlementRow>, string, string]>([
  [
    "a row whose credit fits neither reading",
    { credit: rupees("97.00") },
    "97.00",
    "SETTLEMENT_ROW_FEE: pay_1: credit 97.00 is neither amount 100.00 − fee 2.36 nor that with tax 0.36 besides",
  ],
  [
    "a sum that is not the settlement",
    {},
    "97.63",
    "SETTLEMENT_SUM: the rows of setl_1 sum to 97.64, the settlement is 97.63: difference 0.01",
  ],
  [
    "a row on hold",
    { isOnHold: true },
    "97.64",
    "SETTLEMENT_ROW_HELD: pay_1 is on hold but stands in settlement setl_1",
  ],
  [
    "a row of another settlement",
    { settlementId: "setl_2" },
    "97.64",
    "SETTLEMENT_ROW_FOREIGN: pay_1 belongs to setl_2, not to setl_1",
  ],
  [
    "a transfer",
    { type: "transfer" },
    "97.64",
    "SETTLEMENT_ROW_KIND: pay_1 is a transfer of 97.64; a person must say what it is",
  ],
])("%s is an exception with its figures", (_, change, amount, message) => {
  const good = row({
    entityId: "pay_1",
    type: "payment",
    amount: rupees("100.00"),
    fee: rupees("2.36"),
    tax: rupees("0.36"),
    credit: rupees("97.64"),
  });
  const check = checkSettlement({ id: "setl_1", amount: rupees(amount) }, [{ ...good, ...change }]);
  expect(check.ok ? [] : check.problems.map((p) => `${p.code}: ${p.message}`)).toContain(message);
});

test("a settlement without rows, or with a row twice, is an exception", () => {
  const check = checkSettlement({ id: "setl_1", amount: ZERO }, []);
  expect(check.ok ? "" : check.problems[0]?.code).toBe("SETTLEMENT_EMPTY");
  const p = payment("pay_1", "10.00", "0.00", "0.00", "setl_1");
  const twice = checkSettlement({ id: "setl_1", amount: rupees("20.00") }, [p, p]);
  expect(twice.ok ? "" : twice.problems[0]?.code).toBe("SETTLEMENT_ROW_TWICE");
});

test("whatever the rows, a proved settlement's entry balances and its net is the amount paid out", () => {
  const fee = fc.bigInt(0n, 5_000n);
  const rows = fc.array(fc.record({ amount: fc.bigInt(10_000n, 5_000_000n), fee, isRefund: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(rows, (parts) => {
      const made = parts.map((p, i): SettlementRow => {
        const tax = paise((p.fee * 18n) / 118n);
        const amount = paise(p.amount);
        return p.isRefund
          ? row({ entityId: `rfnd_${i}`, type: "refund", amount, debit: amount })
          : row({
              entityId: `pay_${i}`,
              type: "payment",
              amount,
              fee: paise(p.fee),
              tax,
              credit: paise(amount - p.fee),
            });
      });
      const paid: Paise = sum(made.map((r) => paise(r.credit - r.debit)));
      const check = checkSettlement({ id: "setl_1", amount: paid }, made);
      if (!check.ok) throw new Error(check.problems[0]?.message ?? "");
      const entry = settlementEntry({ id: "setl_1", utr: null, date: localDate("2026-04-05") }, check.figures, THROUGH);
      const signed = (account?: string) =>
        sum(
          entry.lines
            .filter((l) => account === undefined || l.account === account)
            .map((l) => (l.side === "debit" ? l.amount : negate(l.amount))),
        );
      expect(signed()).toBe(0n);
      expect(signed("4501007")).toBe(paid);
      expect(entry.lines.every((l) => l.amount > 0n)).toBe(true);
    }),
  );
});
