import { expect, test } from "vitest";
import { accountBalance, cr, dr, getEntry, postEntry, trialBalance, type Line } from "../ledger/index.ts";
import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { inSnapshot, type Tx } from "../ledger/kernel/tx.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { testApp } from "../ledger/testing.ts";
import { applyPayment, type AppliedPayment, type Payment } from "./allocations.ts";
import { billFor } from "./bills.ts";
import { openReceivables, raiseCharge, raiseDemands } from "./demands.ts";
import { openDues } from "./dues.ts";
import { reversePayment } from "./allocations.ts";
import { getConsumer } from "./consumers/consumers.ts";
import { USUAL_REBATE } from "./tax-heads.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie } from "./ties.ts";
import { demandDraft, testBillingUlb, testConsumer } from "./testing.ts";

const app = await testApp();

type Leg = readonly ["Dr" | "Cr", string, string, string?];
const legs = (lines: readonly Line[]): Leg[] =>
  lines.map((l) => {
    const sub = [l.party?.id, l.demandYear].filter(Boolean).join("/");
    return [l.side === "debit" ? "Dr" : "Cr", l.account, toRupees(l.amount), ...(sub ? ([sub] as const) : [])] as Leg;
  });
const sorted = (all: readonly Leg[]) => all.map((l) => l.join(" ")).sort();

/** A receipt as collections writes it: one transaction, one entry. */
async function receive(
  tx: Tx,
  money: string,
  payment: Omit<Payment, "source"> & { readonly id: string },
): Promise<AppliedPayment & { legs: Leg[] }> {
  const source = { type: "receipt", id: payment.id };
  const applied = await applyPayment(tx, { ...payment, source });
  const entry = await postEntry(tx, {
    voucher: "receipt",
    date: payment.date,
    narration: `Receipt ${payment.id}`,
    source,
    lines: [dr(money, payment.amount), ...applied.ledgerLines],
  });
  return { ...applied, legs: legs((await getEntry(tx, entry.id)).lines) };
}

async function dues(tx: Tx, consumerId: string): Promise<Record<string, string>> {
  const open: Record<string, bigint> = {};
  for (const d of await openDues(tx, consumerId)) {
    if (d.basis === "accrual") open[d.demandYear] = (open[d.demandYear] ?? 0n) + d.outstanding;
  }
  return Object.fromEntries(Object.entries(open).map(([y, a]) => [y, toRupees(a as never)]));
}

const day = (d: string): LocalDate => localDate(d);

test("the revenue cycle C00, C01, C02, C03, C06, C07/C08, C05, C11: every leg, to the paisa", async () => {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE });
  const [a1, a2, a3] = await city.tx(
    "accountant",
    async (tx) =>
      [
        await testConsumer(tx, { code: "A1" }),
        await testConsumer(tx, { code: "A2" }),
        await testConsumer(tx, { code: "A3" }),
      ] as const,
  );

  // C00 opening receivables of A1
  await city.tx("accountant", async (tx) => {
    const year = (y: number) => ({
      periodFrom: day(`${y}-04-01`),
      periodTo: day(`${y + 1}-03-31`),
      dueDate: day(`${y}-09-30`),
    });
    const opened = await openReceivables(tx, {
      detail: "by-consumer",
      demands: [demandDraft(a1, "1000+80", year(2023)), demandDraft(a1, "2000+160", year(2024))],
    });
    expect(opened.entry?.number).toBe("O/2025-26/000001");
    expect(legs((await getEntry(tx, opened.entry?.id ?? 0n)).lines)).toEqual([
      ["Dr", "4311004", "1080.00", "A1/2023-24"],
      ["Cr", "4319100", "240.00"],
      ["Cr", "3101001", "3000.00"],
      ["Dr", "4311004", "2160.00", "A1/2024-25"],
    ]);
    expect(await dues(tx, a1.id)).toEqual({ "2023-24": "1080.00", "2024-25": "2160.00" });
  });

  // C01 demand of the first half-year
  await city.tx("accountant", async (tx) => {
    const raised = await raiseDemands(tx, {
      date: day("2025-04-01"),
      detail: "by-consumer",
      demands: [demandDraft(a1, "1100+88"), demandDraft(a2, "10000+800"), demandDraft(a3, "5000+400")],
    });
    expect(sorted(legs((await getEntry(tx, raised.entry?.id ?? 0n)).lines))).toEqual(
      sorted([
        ["Dr", "4311001", "1188.00", "A1/2025-26"],
        ["Dr", "4311001", "10800.00", "A2/2025-26"],
        ["Dr", "4311001", "5400.00", "A3/2025-26"],
        ["Cr", "1100101", "16100.00"],
        ["Cr", "4319100", "1288.00"],
      ]),
    );
  });

  // C02 part payment, with the penalty of 150.00 that was reckoned to date (receipt basis: nothing was posted for it)
  await city.tx("cashier", async (tx) => {
    const penalty = await raiseCharge(tx, {
      consumerId: a1.id,
      taxHead: "PT_PENALTY",
      amount: rupees("150.00"),
      date: day("2025-04-10"),
      source: { type: "penalty", id: "A1" },
    });
    expect(penalty.ledgerLines).toEqual([]);
    const paid = await receive(tx, "4501001", {
      id: "c02",
      consumerId: a1.id,
      amount: rupees("2000.00"),
      date: day("2025-04-10"),
    });
    expect(paid.legs).toEqual([
      ["Dr", "4501001", "2000.00"],
      ["Cr", "1402010", "150.00"],
      ["Cr", "4311004", "1080.00", "A1/2023-24"],
      ["Dr", "4319100", "137.04"],
      ["Cr", "3503001", "137.04"],
      ["Cr", "4311004", "770.00", "A1/2024-25"],
    ]);
    expect(paid.allocations.map((a) => [a.demandYear, a.taxHead, toRupees(a.own), toRupees(a.cess)])).toEqual([
      ["2025-26", "PT_PENALTY", "150.00", "0.00"],
      ["2023-24", "PT_TAX", "1000.00", "80.00"],
      ["2024-25", "PT_TAX", "712.96", "57.04"],
    ]);
    expect(await dues(tx, a1.id)).toEqual({ "2024-25": "1390.00", "2025-26": "1188.00" });
  });

  // C03 online payment larger than the dues
  await city.tx("system", async (tx) => {
    const paid = await receive(tx, "4501005", {
      id: "c03",
      consumerId: a1.id,
      amount: rupees("3000.00"),
      date: day("2025-04-15"),
    });
    expect(paid.legs).toEqual([
      ["Dr", "4501005", "3000.00"],
      ["Cr", "4311004", "1390.00", "A1/2024-25"],
      ["Dr", "4319100", "190.96"],
      ["Cr", "3503001", "190.96"],
      ["Cr", "4311001", "1188.00", "A1/2025-26"],
      ["Cr", "3504101", "422.00", "A1"],
    ]);
    expect(toRupees(paid.advance)).toBe("422.00");
    expect(toRupees((await getConsumer(tx, a1.id)).advance)).toBe("422.00");
    expect(await dues(tx, a1.id)).toEqual({});
  });

  // C06 early-payment rebate
  await city.tx("cashier", async (tx) => {
    const bill = await billFor(tx, a2.id, day("2025-04-28"));
    expect([bill.current, bill.rebate, bill.total].map(toRupees)).toEqual(["10800.00", "500.00", "10300.00"]);
    const paid = await receive(tx, "4502101", {
      id: "c06",
      consumerId: a2.id,
      amount: bill.total,
      date: day("2025-04-28"),
      billId: bill.id,
    });
    expect(sorted(paid.legs)).toEqual(
      sorted([
        ["Dr", "4502101", "10300.00"],
        ["Dr", "1109004", "500.00"],
        // The rebate and the money reduce the same receivable of the same year: one line of 10,800.00.
        ["Cr", "4311001", "10800.00", "A2/2025-26"],
        ["Dr", "4319100", "800.00"],
        ["Cr", "3503001", "800.00"],
      ]),
    );
    expect(await dues(tx, a2.id)).toEqual({});
  });

  // C07 cheque, C08 its dishonour, with the charge claimed from the payer
  await city.tx("cashier", async (tx) => {
    await receive(tx, "4501051", { id: "c07", consumerId: a3.id, amount: rupees("5400.00"), date: day("2025-05-02") });
    expect(await dues(tx, a3.id)).toEqual({});
    const source = { type: "dishonour", id: "000123" };
    const back = await reversePayment(
      tx,
      { type: "receipt", id: "c07" },
      { date: day("2025-05-09"), newSource: source },
    );
    const charge = await raiseCharge(tx, {
      consumerId: a3.id,
      taxHead: "PT_DISHONOUR_CHARGE",
      amount: rupees("250.00"),
      date: day("2025-05-09"),
      source,
    });
    expect(toRupees(back.amount)).toBe("5400.00");
    const entry = await postEntry(tx, {
      voucher: "payment",
      date: day("2025-05-09"),
      narration: "Cheque 000123 dishonoured",
      source,
      lines: [
        ...back.ledgerLines,
        cr("4502101", rupees("5400.00")),
        dr("2407001", rupees("118.00"), { function: "03" }),
        cr("4502101", rupees("118.00")),
        ...charge.ledgerLines,
      ],
    });
    expect(sorted(legs((await getEntry(tx, entry.id)).lines))).toEqual(
      sorted([
        ["Dr", "4311001", "5400.00", "A3/2025-26"],
        ["Cr", "4502101", "5400.00"],
        ["Dr", "3503001", "400.00"],
        ["Cr", "4319100", "400.00"],
        ["Dr", "2407001", "118.00"],
        ["Cr", "4502101", "118.00"],
        ["Dr", "4314006", "250.00", "A3/2025-26"],
        ["Cr", "1808002", "250.00"],
      ]),
    );
    expect(await dues(tx, a3.id)).toEqual({ "2025-26": "5650.00" });
  });

  // C09 two captures: the first settles the charge and the tax, of the second nothing finds a due
  await city.tx("system", async (tx) => {
    const first = await receive(tx, "4501005", {
      id: "pay_0002",
      consumerId: a3.id,
      amount: rupees("5650.00"),
      date: day("2025-05-12"),
    });
    expect(first.legs).toEqual([
      ["Dr", "4501005", "5650.00"],
      ["Cr", "4314006", "250.00", "A3/2025-26"],
      ["Cr", "4311001", "5400.00", "A3/2025-26"],
      ["Dr", "4319100", "400.00"],
      ["Cr", "3503001", "400.00"],
    ]);
    const second = await applyPayment(tx, {
      consumerId: a3.id,
      amount: rupees("5650.00"),
      date: day("2025-05-12"),
      source: { type: "receipt", id: "pay_0003" },
      excess: "leave",
    });
    expect([second.allocations, second.ledgerLines, toRupees(second.excess), toRupees(second.advance)]).toEqual([
      [],
      [],
      "5650.00",
      "0.00",
    ]);
  });

  // C05 the second half-year: the advance is adjusted in the entry of the demand
  await city.tx("accountant", async (tx) => {
    const raised = await raiseDemands(tx, {
      date: day("2025-10-01"),
      detail: "by-consumer",
      demands: [
        demandDraft(a1, "1100+88", {
          periodFrom: day("2025-10-01"),
          periodTo: day("2026-03-31"),
          dueDate: day("2026-03-31"),
        }),
      ],
    });
    expect(toRupees(raised.advanceAdjusted)).toBe("422.00");
    expect(sorted(legs((await getEntry(tx, raised.entry?.id ?? 0n)).lines))).toEqual(
      sorted([
        ["Dr", "4311001", "1188.00", "A1/2025-26"],
        ["Cr", "1100101", "1100.00"],
        ["Cr", "4319100", "88.00"],
        ["Dr", "3504101", "422.00", "A1"],
        ["Cr", "4311001", "422.00", "A1/2025-26"],
        ["Dr", "4319100", "31.26"],
        ["Cr", "3503001", "31.26"],
      ]),
    );
    expect(await dues(tx, a1.id)).toEqual({ "2025-26": "766.00" });
    expect(toRupees((await getConsumer(tx, a1.id)).advance)).toBe("0.00");
  });

  // C11 the last 766.00
  await city.tx("system", async (tx) => {
    const paid = await receive(tx, "4501005", {
      id: "c11",
      consumerId: a1.id,
      amount: rupees("766.00"),
      date: day("2026-03-31"),
    });
    expect(paid.legs).toEqual([
      ["Dr", "4501005", "766.00"],
      ["Cr", "4311001", "766.00", "A1/2025-26"],
      ["Dr", "4319100", "56.74"],
      ["Cr", "3503001", "56.74"],
    ]);
  });

  await inSnapshot(app, city.as("auditor"), async (read) => {
    const on = day("2026-03-31");
    for (const tie of [await receivableTie(read, on), await advanceTie(read, on), await cessTie(read, on)]) {
      expect(tie.length).toBeGreaterThan(0);
      for (const row of tie) expect(row).toMatchObject({ ledger: 0n, register: 0n, difference: 0n });
    }
    expect(await registerSelfTie(read)).toEqual([]);
    // Billing's own accounts of the final trial balance.
    for (const [account, balance] of [
      ["1100101", "-17200.00"],
      ["1109004", "500.00"],
      ["1402010", "-150.00"],
      ["1808002", "-250.00"],
      ["3101001", "-3000.00"],
      ["3503001", "-1616.00"],
      ["4319100", "0.00"],
    ] as const) {
      expect([account, toRupees(await accountBalance(read, account, on))]).toEqual([account, balance]);
    }
    const tb = await trialBalance(read, { from: day("2025-04-01"), to: on });
    expect(tb.reduce((n, r) => n + r.debit - r.credit, 0n)).toBe(0n);
  });
});
