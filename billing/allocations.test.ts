import fc from "fast-check";
import { expect, test } from "vitest";
import { accountBalance, dr, postEntry, type Line } from "../ledger/index.ts";
import { addDays, localDate, period, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Problem } from "../ledger/kernel/errors.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { paise, rupees, sum, toRupees, type Paise } from "../ledger/kernel/money.ts";
import { inSnapshot, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import {
  allocationsOf,
  applyPayment,
  applyPayments,
  refundAdvance,
  reversePayment,
  type AppliedPayment,
} from "./allocations.ts";
import { billFor, getBill, getBillByNumber, previewBill } from "./bills.ts";
import { billingCloseChecks } from "./close-checks.ts";
import { addConsumer, findConsumers, getConsumer, getConsumerByCode, type Consumer } from "./consumers/index.ts";
import { dcb, dcbByYear } from "./dcb.ts";
import { openReceivables, raiseDemands } from "./demands.ts";
import { demandRegister, openDues } from "./dues.ts";
import { netCredit } from "./entries.ts";
import { USUAL_PENALTY, USUAL_REBATE } from "./tax-heads.ts";
import { demandDraft, testBillingUlb, testConsumer, testDemand } from "./testing.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie } from "./ties.ts";
import { writeOff } from "./write-offs.ts";

const app = await testApp();
const day = localDate;

/** Posts what a payment settled, as a receipt does. */
async function post(tx: Tx, applied: AppliedPayment, amount: Paise, date: LocalDate): Promise<void> {
  await postEntry(tx, {
    voucher: "receipt",
    date,
    narration: "Receipt",
    source: applied.source,
    lines: [dr("4501001", amount), ...applied.ledgerLines],
  });
}

async function pay(tx: Tx, consumer: Consumer, amount: string, date: string, id = newId()): Promise<AppliedPayment> {
  const applied = await applyPayment(tx, {
    consumerId: consumer.id,
    amount: rupees(amount),
    date: day(date),
    source: { type: "receipt", id },
  });
  await post(tx, applied, rupees(amount), day(date));
  return applied;
}

async function postBack(
  tx: Tx,
  back: { readonly amount: Paise; readonly ledgerLines: readonly Line[] },
  date: string,
): Promise<void> {
  await postEntry(tx, {
    voucher: "payment",
    date: day(date),
    narration: "Dishonour",
    source: { type: "dishonour", id: newId() },
    lines: [...back.ledgerLines, { side: "credit", account: "4501001", amount: back.amount }],
  });
}

async function untied(read: Read, asOf: LocalDate): Promise<unknown[]> {
  const rows = [
    ...(await receivableTie(read, asOf)),
    ...(await advanceTie(read, asOf)),
    ...(await cessTie(read, asOf)),
  ];
  return [...rows.filter((r) => r.difference !== 0n), ...(await registerSelfTie(read))];
}
const total = async (read: Read, c: Consumer) => toRupees(sum((await openDues(read, c.id)).map((d) => d.outstanding)));

async function cityWithOne(amounts = "700+66"): Promise<{ city: TestUlb; consumer: Consumer }> {
  const city = await testBillingUlb(app);
  const consumer = await city.tx("admin", async (tx) => {
    const c = await testConsumer(tx);
    await testDemand(tx, c, amounts);
    return c;
  });
  return { city, consumer };
}

test("X12: of two payments for the last 766.00 at the same instant one settles, the other becomes an advance", async () => {
  for (let round = 0; round < 5; round++) {
    const { city, consumer } = await cityWithOne();
    const paid = await Promise.all(
      [1, 2].map(() => city.tx("cashier", (tx) => pay(tx, consumer, "766.00", "2025-06-01"))),
    );
    expect(paid.map((p) => toRupees(p.advance)).sort()).toEqual(["0.00", "766.00"]);
    expect(paid.map((p) => p.allocations.length).sort()).toEqual([0, 1]);
    await inSnapshot(app, city.as("auditor"), async (read) => {
      expect(await total(read, consumer)).toBe("0.00");
      expect(toRupees(await accountBalance(read, "4311001", day("2026-03-31")))).toBe("0.00");
      expect(toRupees((await getConsumer(read, consumer.id)).advance)).toBe("766.00");
      expect(await untied(read, day("2026-03-31"))).toEqual([]);
    });
  }
});

test("fifty payments at once on one consumer settle the demand once, and nothing is lost", async () => {
  const { city, consumer } = await cityWithOne("1000+80");
  await Promise.all(
    Array.from({ length: 50 }, () => city.tx("cashier", (tx) => pay(tx, consumer, "33.33", "2025-06-01"))),
  );
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await total(read, consumer)).toBe("0.00");
    expect(toRupees((await getConsumer(read, consumer.id)).advance)).toBe("586.50");
    expect(await untied(read, day("2025-06-30"))).toEqual([]);
  });
});

test("a payment is applied once; the second time is refused and writes nothing", async () => {
  const { city, consumer } = await cityWithOne();
  await city.tx("cashier", (tx) => pay(tx, consumer, "100.00", "2025-06-01", "r1"));
  await expect(city.tx("cashier", (tx) => pay(tx, consumer, "100.00", "2025-06-01", "r1"))).rejects.toThrow(
    "PAYMENT_APPLIED: receipt r1 is applied to the dues already",
  );
  const twice = {
    consumerId: consumer.id,
    amount: rupees("1.00"),
    date: day("2025-06-01"),
    source: { type: "receipt", id: "r2" },
  };
  await expect(city.tx("cashier", (tx) => applyPayments(tx, [twice, twice]))).rejects.toThrow(
    "PAYMENT_APPLIED: receipt r2",
  );
  await inSnapshot(app, city.as("auditor"), async (read) => expect(await total(read, consumer)).toBe("666.00"));
});

test.each([["0.00"], ["-5.00"]])("a payment of %s is refused", async (amount) => {
  const { city, consumer } = await cityWithOne();
  await expect(city.tx("cashier", (tx) => pay(tx, consumer, amount, "2025-06-01"))).rejects.toThrow(/^PAYMENT_AMOUNT/);
});

test("a batch of hundreds of payments, with consumers more than once, gives what one by one gives", async () => {
  const [one, many] = [
    await testBillingUlb(app, { rebate: USUAL_REBATE, penalty: USUAL_PENALTY }),
    await testBillingUlb(app, { rebate: USUAL_REBATE, penalty: USUAL_PENALTY }),
  ];
  const prepare = (city: TestUlb) =>
    city.tx("admin", async (tx) => {
      const consumers: Consumer[] = [];
      for (let i = 0; i < 25; i++) consumers.push(await testConsumer(tx, { code: `P${i}`, ward: `W0${i % 3}` }));
      await openReceivables(tx, {
        demands: consumers.slice(0, 15).map((c, i) =>
          demandDraft(c, `${900 + i}+${72 + (i % 5)}`, {
            periodFrom: day("2024-04-01"),
            periodTo: day("2025-03-31"),
            dueDate: day("2024-09-30"),
          }),
        ),
      });
      await raiseDemands(tx, {
        date: day("2025-04-01"),
        demands: consumers.map((c, i) => demandDraft(c, `${1000 + 7 * i}+${80 + i}`)),
      });
      return consumers;
    });
  const [a, b] = [await prepare(one), await prepare(many)];
  const plan = Array.from({ length: 300 }, (_, i) => ({
    who: (i * 7) % 25,
    amount: paise(BigInt(1000 + ((i * 7919) % 25_000))),
    date: addDays(day("2025-04-10"), i),
  }));
  await one.tx("system", async (tx) => {
    for (const [i, p] of plan.entries()) {
      const applied = await applyPayment(tx, {
        consumerId: a[p.who]?.id ?? "",
        amount: p.amount,
        date: p.date,
        source: { type: "receipt", id: `${i}` },
      });
      await post(tx, applied, p.amount, p.date);
    }
  });
  const started = performance.now();
  await many.tx("system", async (tx) => {
    const applied = await applyPayments(
      tx,
      plan.map((p, i) => ({
        consumerId: b[p.who]?.id ?? "",
        amount: p.amount,
        date: p.date,
        source: { type: "receipt", id: `${i}` },
      })),
    );
    expect(performance.now() - started).toBeLessThan(3000);
    for (const [i, p] of plan.entries()) {
      const one = applied[i];
      if (one) await post(tx, one, p.amount, p.date);
    }
  });
  const state = (city: TestUlb) =>
    inSnapshot(app, city.as("auditor"), async (read) => {
      expect(await untied(read, day("2026-03-31"))).toEqual([]);
      return {
        dcb: await dcb(read, { from: day("2025-04-01"), to: day("2026-03-31"), withReceiptBasis: true }),
        allocations: await read.query(
          "select kind, on_date, amount, cess, source_id, tax_head from billing.allocations where ulb_id = :ulb order by source_id, on_date, tax_head, amount",
          { ulb: read.ulb.id },
        ),
        advances: await read.query(
          "select amount, on_date, source_id from billing.advances where ulb_id = :ulb order by source_id, amount",
          { ulb: read.ulb.id },
        ),
      };
    });
  const [first, second] = [await state(one), await state(many)];
  expect(second).toEqual(first);
  expect(first.allocations.length).toBeGreaterThan(300);
});

test("a dishonoured payment opens its dues again; what it gave as advance is gone, adjustments of it are undone", async () => {
  const { city, consumer } = await cityWithOne("1000+80");
  await city.tx("cashier", (tx) => pay(tx, consumer, "1500.00", "2025-05-02", "chq"));
  await city.tx("accountant", (tx) =>
    testDemand(tx, consumer, "500+40", {
      date: day("2025-10-01"),
      periodFrom: day("2025-10-01"),
      periodTo: day("2026-03-31"),
    }),
  );
  await city.tx("cashier", async (tx) => {
    expect(await total(tx, consumer)).toBe("120.00"); // 540.00 less the advance of 420.00
    const back = await reversePayment(
      tx,
      { type: "receipt", id: "chq" },
      { date: day("2025-10-05"), newSource: { type: "dishonour", id: "chq" } },
    );
    expect(toRupees(back.amount)).toBe("1500.00");
    await postBack(tx, back, "2025-10-05");
    expect(await total(tx, consumer)).toBe("1620.00");
    expect(toRupees((await getConsumer(tx, consumer.id)).advance)).toBe("0.00");
  });
  await expect(
    city.tx("cashier", (tx) =>
      reversePayment(
        tx,
        { type: "receipt", id: "chq" },
        { date: day("2025-10-06"), newSource: { type: "dishonour", id: "again" } },
      ),
    ),
  ).rejects.toThrow(/^PAYMENT_REVERSED/);
  await expect(
    city.tx("cashier", (tx) =>
      reversePayment(
        tx,
        { type: "receipt", id: "none" },
        { date: day("2025-10-06"), newSource: { type: "dishonour", id: "x" } },
      ),
    ),
  ).rejects.toThrow(/^PAYMENT_NOT_APPLIED/);
  await inSnapshot(app, city.as("auditor"), async (read) => expect(await untied(read, day("2026-03-31"))).toEqual([]));
});

test("a rebate falls with the payment on which it leaned, though a later one completed the demand", async () => {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE });
  await city.tx("cashier", async (tx) => {
    const c = await testConsumer(tx);
    await testDemand(tx, c, "10000+800");
    await pay(tx, c, "5000.00", "2025-04-05", "first");
    const second = await pay(tx, c, "5300.00", "2025-04-28", "second");
    expect(second.allocations.map((a) => a.kind)).toEqual(["rebate", "payment"]);
    const back = await reversePayment(
      tx,
      { type: "receipt", id: "first" },
      { date: day("2025-05-09"), newSource: { type: "dishonour", id: "1" } },
    );
    await postBack(tx, back, "2025-05-09");
    expect(await total(tx, c)).toBe("5500.00");
    expect(toRupees(await accountBalance(tx, "1109004", day("2025-05-31")))).toBe("0.00");
    expect(await untied(tx, day("2025-05-31"))).toEqual([]);
  });
});

test("a penalty is reckoned to the day of payment, charged once, and runs on as if a dishonoured payment had never come", async () => {
  const city = await testBillingUlb(app, { penalty: USUAL_PENALTY });
  await city.tx("cashier", async (tx) => {
    const c = await testConsumer(tx);
    await testDemand(tx, c, "1000+80"); // due 30 September
    expect(toRupees((await previewBill(tx, c.id, day("2025-09-30"))).total)).toBe("1080.00");
    expect(toRupees((await previewBill(tx, c.id, day("2025-11-15"))).total)).toBe("1100.00");
    const paid = await pay(tx, c, "1100.00", "2025-11-15", "chq");
    expect(paid.allocations.map((a) => [a.taxHead, toRupees(a.amount)])).toEqual([
      ["PT_PENALTY", "20.00"],
      ["PT_TAX", "1080.00"],
    ]);
    expect(toRupees(await accountBalance(tx, "1402010", day("2025-11-30")))).toBe("-20.00");
    const back = await reversePayment(
      tx,
      { type: "receipt", id: "chq" },
      { date: day("2025-11-20"), newSource: { type: "dishonour", id: "chq" } },
    );
    await postBack(tx, back, "2025-11-20");
    const bill = await billFor(tx, c.id, day("2026-01-15")); // four months begun: 40.00, of which 20.00 are demanded again and 20.00 reckoned
    expect([bill.penalty, bill.current, bill.total].map(toRupees)).toEqual(["40.00", "1080.00", "1120.00"]);
    expect(toRupees(await accountBalance(tx, "1402010", day("2026-01-31")))).toBe("0.00");
    await pay(tx, c, "1120.00", "2026-01-15");
    expect(await total(tx, c)).toBe("0.00");
    expect(await untied(tx, day("2026-03-31"))).toEqual([]);
  });
});

test("a bill is issued once while the same is due; its number is gapless, and after a payment another takes its place", async () => {
  const { city, consumer } = await cityWithOne();
  await city.tx("cashier", async (tx) => {
    const bill = await billFor(tx, consumer.id, day("2025-05-01"));
    expect(bill.number).toBe("B/2025-26/000001");
    expect(bill.lines.map((l) => [l.name, l.nameLocal, toRupees(l.amount), l.cessName, toRupees(l.cess)])).toEqual([
      ["General property tax", "सामान्य संपत्ति कर", "766.00", "Library cess", "66.00"],
    ]);
    expect((await billFor(tx, consumer.id, day("2025-05-20"))).id).toBe(bill.id);
    await pay(tx, consumer, "66.00", "2025-05-21");
    const next = await billFor(tx, consumer.id, day("2025-05-21"));
    expect([next.number, toRupees(next.total)]).toEqual(["B/2025-26/000002", "700.00"]);
    expect((await getBill(tx, bill.id)).isLatest).toBe(false);
    expect((await getBillByNumber(tx, "B/2025-26/000002")).id).toBe(next.id);
    await pay(tx, consumer, "700.00", "2025-05-22");
    await expect(billFor(tx, consumer.id, day("2025-05-23"))).rejects.toThrow(/^BILL_NOTHING_DUE/);
  });
});

test("X15: a write-off without resolution is refused; with one it closes the demand against the provision", async () => {
  const { city, consumer } = await cityWithOne("1000+80");
  const item = await city.tx("accountant", async (tx) => (await openDues(tx, consumer.id))[0]);
  const base = {
    date: day("2026-01-31"),
    reason: "Demolished, owner not found",
    items: [{ demandId: item?.demandId ?? "", taxHead: "PT_TAX" }],
  };
  for (const resolution of [{}, { number: "12/2026" }, { date: day("2026-01-15") }]) {
    await expect(city.tx("accountant", (tx) => writeOff(tx, { ...base, resolution }))).rejects.toThrow(
      /^WRITE_OFF_RESOLUTION_MISSING/,
    );
  }
  await city.tx("accountant", async (tx) => {
    const resolution = { number: "12/2026", date: day("2026-01-15") };
    await expect(
      writeOff(tx, {
        ...base,
        resolution,
        items: [{ ...base.items[0], demandId: item?.demandId ?? "", taxHead: "PT_TAX", amount: rupees("1080.01") }],
      }),
    ).rejects.toThrow(/^WRITE_OFF_AMOUNT: 1,080.01 of .* cannot be written off; 1,080.00 is outstanding/);
    const done = await writeOff(tx, { ...base, resolution });
    expect(toRupees(done.total)).toBe("1080.00");
    expect(await total(tx, consumer)).toBe("0.00");
    for (const [account, balance] of [
      ["4321000", "1080.00"],
      ["4329100", "-80.00"],
      ["4311001", "0.00"],
      ["4319100", "0.00"],
    ] as const) {
      expect([account, toRupees(await accountBalance(tx, account, day("2026-01-31")))]).toEqual([account, balance]);
    }
    expect(await untied(tx, day("2026-01-31"))).toEqual([]);
    const [row] = await dcb(tx, { from: day("2025-04-01"), to: day("2026-03-31") });
    expect([row?.reduced, row?.closingBalance].map((a) => toRupees(a ?? paise(-1n)))).toEqual(["1080.00", "0.00"]);
  });
});

test("credit is given back up to what there is", async () => {
  const { city, consumer } = await cityWithOne();
  await city.tx("cashier", async (tx) => {
    await pay(tx, consumer, "800.00", "2025-05-02");
    const source = { type: "refund", id: "1" };
    await expect(
      refundAdvance(tx, { consumerId: consumer.id, amount: rupees("34.01"), date: day("2025-05-03"), source }),
    ).rejects.toThrow(/^PAYMENT_AMOUNT/);
    const { ledgerLines } = await refundAdvance(tx, {
      consumerId: consumer.id,
      amount: rupees("34.00"),
      date: day("2025-05-03"),
      source,
    });
    expect(toRupees(netCredit(ledgerLines))).toBe("-34.00");
    expect(toRupees((await getConsumer(tx, consumer.id)).advance)).toBe("0.00");
  });
});

test("another ULB's consumers, bills and demands are not found", async () => {
  const { consumer } = await cityWithOne();
  const other = await testBillingUlb(app);
  await other.tx("cashier", async (tx) => {
    await expect(getConsumer(tx, consumer.id)).rejects.toThrow(/^CONSUMER_NOT_FOUND/);
    await expect(getConsumerByCode(tx, "property-tax", consumer.code)).rejects.toThrow(/^CONSUMER_NOT_FOUND/);
    expect(await findConsumers(tx, { query: consumer.code })).toEqual([]);
    expect(await openDues(tx, consumer.id)).toEqual([]);
    expect(await demandRegister(tx, consumer.id)).toEqual([]);
    await expect(billFor(tx, consumer.id, day("2025-05-01"))).rejects.toThrow(/^CONSUMER_NOT_FOUND/);
    await expect(pay(tx, consumer, "1.00", "2025-05-01")).rejects.toThrow(/^CONSUMER_NOT_FOUND/);
    await expect(testDemand(tx, consumer, "1")).rejects.toThrow(/^CONSUMER_NOT_FOUND/);
  });
});

test("consumers are found by the beginning of the code, the mobile and a part of the name; what looks like a pattern is text", async () => {
  const city = await testBillingUlb(app);
  await city.tx("cashier", async (tx) => {
    await testConsumer(tx, { code: "PT-1001", name: "Asha Test", nameLocal: "आशा", mobile: "9000000001" });
    await testConsumer(tx, { code: "PT-1002", name: "Ravi Test", ward: "W02" });
    await addConsumer(tx, { service: "water", code: "WS-7", name: "Asha Test", address: "x", ward: "W01" });
    const codes = async (query: string, more = {}) => (await findConsumers(tx, { query, ...more })).map((c) => c.code);
    expect(await codes("PT-100")).toEqual(["PT-1001", "PT-1002"]);
    expect(await codes("9000000001")).toEqual(["PT-1001"]);
    expect(await codes("asha")).toEqual(["PT-1001", "WS-7"]);
    expect(await codes("आशा")).toEqual(["PT-1001", "WS-7"]);
    expect(await codes("Test", { service: "water" })).toEqual(["WS-7"]);
    expect(await codes("Test", { ward: "W02" })).toEqual(["PT-1002"]);
    expect(await codes("%")).toEqual([]);
    expect(await codes(" ")).toEqual([]);
    await expect(testConsumer(tx, { service: "sewerage" })).rejects.toThrow(/^SERVICE_UNKNOWN/);
  });
  await expect(city.tx("cashier", (tx) => testConsumer(tx, { code: "PT-1001" }))).rejects.toThrow(
    "CONSUMER_EXISTS: property-tax consumer PT-1001 exists already",
  );
});

test("the database refuses what the program would not do: settling beyond the demand, changing what is recorded, writing running totals", async () => {
  const { city, consumer } = await cityWithOne();
  const due = await city.tx("cashier", async (tx) => (await openDues(tx, consumer.id))[0]);
  const raw = (sql: string, params: Record<string, unknown> = {}) =>
    expect(city.tx("cashier", (tx) => tx.query(sql, params)));
  const allocation = (amount: string) => ({
    sql: `insert into billing.allocations (ulb_id, allocation_id, consumer_id, demand_id, tax_head, kind, source_type, source_id, on_date, amount, cess, made_at, made_by)
          values (:ulb, gen_random_uuid(), :consumer, :demand, 'PT_TAX', 'payment', 'raw', '1', '2025-05-01', :amount, 0, now(), 'x')`,
    params: { ulb: city.ulb.id, consumer: consumer.id, demand: due?.demandId, amount },
  });
  for (const amount of ["76601", "-1"]) {
    const a = allocation(amount);
    await raw(a.sql, a.params).rejects.toThrow(/receivable_never_negative|only_what_is_taken_back_is_negative/);
  }
  await raw("update billing.demand_details set settled = 0 where ulb_id = :ulb", { ulb: city.ulb.id }).rejects.toThrow(
    /permission denied/,
  );
  await raw("update billing.demand_details set amount = 1 where ulb_id = :ulb", { ulb: city.ulb.id }).rejects.toThrow(
    /permission denied/,
  );
  await raw("update billing.consumers set advance = 100 where ulb_id = :ulb", { ulb: city.ulb.id }).rejects.toThrow(
    /permission denied/,
  );
  await raw("delete from billing.demands where ulb_id = :ulb", { ulb: city.ulb.id }).rejects.toThrow(
    /permission denied|is refused/,
  );
  await raw("update billing.bills set total = 0 where ulb_id = :ulb", { ulb: city.ulb.id }).rejects.toThrow(
    /permission denied|is refused/,
  );
  await raw(
    `insert into billing.advances (ulb_id, advance_id, consumer_id, kind, account, source_type, source_id, on_date, amount, made_at, made_by)
     values (:ulb, gen_random_uuid(), :consumer, 'refunded', '3504101', 'raw', '1', '2025-05-01', -1, now(), 'x')`,
    { ulb: city.ulb.id, consumer: consumer.id },
  ).rejects.toThrow(/advance_never_negative/);
  await raw(
    "insert into billing.demands (ulb_id, demand_id) select ulb_id, demand_id from billing.demands where ulb_id = 0 and false",
    {},
  ).resolves.toEqual([]);
});

test("a month does not close while billing and books differ, and closes when they agree", async () => {
  const { city, consumer } = await cityWithOne();
  const problems = async (t: Tx) => {
    const found: Problem[] = [];
    for (const c of billingCloseChecks) found.push(...(await c.run(t, period("2025-05"))));
    return found;
  };
  await city.tx("cashier", async (tx) => {
    expect(await problems(tx)).toEqual([]);
    const applied = await applyPayment(tx, {
      consumerId: consumer.id,
      amount: rupees("800.00"),
      date: day("2025-05-02"),
      source: { type: "receipt", id: "1" },
    });
    expect((await problems(tx)).map((p) => p.message)).toEqual([
      "receivables, account 4311001 of 2025-26: ledger 766.00, register 0.00, difference 766.00",
      "advances, account 3504101: ledger 0.00, register 34.00, difference -34.00",
      "cess not yet collected, account 4319100: ledger 66.00, register 0.00, difference 66.00",
    ]);
    await post(tx, applied, rupees("800.00"), day("2025-05-02"));
    expect(await problems(tx)).toEqual([]);
  });
});

test(
  "random demands, payments, dishonours and write-offs keep the register equal to the ledger",
  { timeout: 120_000 },
  async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant("pay" as const),
          who: fc.nat(2),
          amount: fc.integer({ min: 1, max: 400_000 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("demand" as const),
          who: fc.nat(2),
          own: fc.integer({ min: 1, max: 300_000 }),
          cess: fc.nat(30_000),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("back" as const), which: fc.nat(20) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("writeOff" as const),
          who: fc.nat(2),
          share: fc.integer({ min: 1, max: 100 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 18 }), async (steps) => {
        const city = await testBillingUlb(app, {
          rebate: USUAL_REBATE,
          penalty: USUAL_PENALTY,
          startsOn: day("2025-04-01"),
        });
        await city.tx("system", async (tx) => {
          const consumers = [
            await testConsumer(tx),
            await testConsumer(tx),
            await testConsumer(tx, { service: "water" }),
          ];
          const payments: string[] = [];
          const taken = new Set<string>();
          let date = day("2025-04-01");
          let month = 0;
          for (const [i, s] of steps.entries()) {
            date = addDays(date, 13);
            const consumer = "who" in s ? consumers[s.who] : undefined;
            if (s.kind === "demand" && consumer) {
              const from = addDays(day("2025-04-01"), month++);
              const cess = consumer.service === "water" || s.cess === 0 ? "" : `+${toRupees(paise(BigInt(s.cess)))}`;
              await raiseDemands(tx, {
                date,
                demands: [
                  demandDraft(consumer, `${toRupees(paise(BigInt(s.own)))}${cess}`, {
                    periodFrom: from,
                    periodTo: addDays(from, 90),
                    dueDate: addDays(from, 60),
                  }),
                ],
              });
            } else if (s.kind === "pay" && consumer) {
              payments.push(`p${i}`);
              await pay(tx, consumer, toRupees(paise(BigInt(s.amount))), date, `p${i}`);
            } else if (s.kind === "back") {
              const id = payments[s.which % Math.max(1, payments.length)];
              if (id === undefined || taken.has(id)) continue;
              taken.add(id);
              await postBack(
                tx,
                await reversePayment(tx, { type: "receipt", id }, { date, newSource: { type: "back", id } }),
                date,
              );
            } else if (s.kind === "writeOff" && consumer) {
              const due = (await openDues(tx, consumer.id)).find(
                (d) => d.accounts.writeOff !== null && d.basis === "accrual",
              );
              const amount = due ? paise((due.outstanding * BigInt(s.share)) / 100n) : paise(0n);
              if (!due || amount === 0n) continue;
              await writeOff(tx, {
                resolution: { number: "1", date },
                date,
                reason: "test",
                items: [{ demandId: due.demandId, taxHead: due.taxHead, amount }],
              });
            }
            expect(await untied(tx, date)).toEqual([]);
          }
          for (const c of consumers) {
            const register = await demandRegister(tx, c.id);
            for (const l of register) {
              expect(l.settled >= 0n && l.settled <= l.amount && l.cessSettled >= 0n && l.cessSettled <= l.cess).toBe(
                true,
              );
              if (l.settled === l.amount) expect(l.cessSettled).toBe(l.cess);
            }
            for (const id of payments) {
              const net = sum((await allocationsOf(tx, { type: "receipt", id })).map((a) => a.amount));
              expect(net >= 0n).toBe(true);
            }
          }
          for (const y of await dcbByYear(tx, { from: day("2025-04-01"), to: date })) {
            const books = (await receivableTie(tx, date))
              .filter((t) => t.demandYear === y.demandYear)
              .reduce((n, t) => n + t.ledger, 0n);
            expect(y.closingBalance).toBe(books);
          }
        });
      }),
      { numRuns: 15 },
    );
  },
);
