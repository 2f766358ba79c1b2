import { expect, test } from "vitest";
import { accountBalance, cr, openFinancialYear, postEntry } from "../../ledger/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { refundAdvance } from "../allocations.ts";
import { previewBill } from "../bills.ts";
import { getConsumer, type Consumer } from "../consumers/consumers.ts";
import { dcbByYear } from "../dcb.ts";
import { openReceivables, raiseCharge, raiseDemands } from "../demands.ts";
import { importDemands } from "../imports.ts";
import { USUAL_PENALTY, USUAL_REBATE } from "../tax-heads.ts";
import { demandDraft, testBillingUlb, testConsumer, testDemand } from "../testing.ts";
import { approveChange, changeOutcome } from "./approve.ts";
import { cancelDemands } from "./cancel.ts";
import { getChange, listChanges, proposeChange, rejectChange, withdrawChange } from "./proposals.ts";
import { change, dishonour, dues, legsOf, ORDER, pay, untied } from "./testing.ts";

const app = await testApp();
const day = localDate;
const yearEnd = day("2027-03-31");

/** A1 with 1,100.00 and 88.00 cess for the first half of 2025-26. */
async function cityWithDemand(
  over: { readonly amounts?: string; readonly service?: string } = {},
): Promise<{ city: TestUlb; consumer: Consumer; demandId: string }> {
  const city = await testBillingUlb(app);
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code: "A1", ...(over.service && { service: over.service }) });
    const raised = await testDemand(tx, consumer, over.amounts ?? "1100+88");
    return { city, consumer, demandId: raised.demandIds[0] ?? "" };
  });
}

/** The demand of the second half of 2024-25, raised in that year, in a city whose books began then. */
async function cityWithOldDemand(amounts = "1000+80") {
  const city = await testBillingUlb(app, { startsOn: day("2024-04-01") });
  await city.tx("admin", (tx) => openFinancialYear(tx, financialYear("2025-26")));
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code: "A1" });
    const raised = await testDemand(tx, consumer, amounts, {
      date: day("2024-10-01"),
      periodFrom: day("2024-10-01"),
      periodTo: day("2025-03-31"),
      dueDate: day("2025-03-31"),
    });
    return { city, consumer, demandId: raised.demandIds[0] ?? "" };
  });
}

const see = <T>(city: TestUlb, fn: Parameters<typeof inSnapshot<T>>[2]): Promise<T> =>
  inSnapshot(app, city.as("auditor"), fn);
const tied = (city: TestUlb) => see(city, (read) => untied(read, yearEnd));
const advanceOf = async (city: TestUlb, consumer: Consumer) =>
  toRupees((await see(city, (read) => getConsumer(read, consumer.id))).advance);

test("PT-02: a debit note is a supplementary demand for the same period, of its own income", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const done = await change(
    city,
    {
      kind: "debit-note",
      demandId,
      dueDate: day("2025-12-31"),
      lines: [
        { taxHead: "PT_TAX", amount: rupees("200.00") },
        { taxHead: "PT_LIBRARY_CESS", amount: rupees("16.00") },
      ],
    },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 1100101 200.00",
    "Cr 4319100 16.00",
    "Dr 4311001 216.00 A1/2025-26",
  ]);
  expect(done.raised).toHaveLength(1);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 1188.00", "2025-26 PT_TAX 216.00"]);
  expect(await tied(city)).toEqual([]);
});

test("PT-13: a debit note on a demand of an earlier year is income of a prior period", async () => {
  const { city, demandId } = await cityWithOldDemand();
  const done = await change(
    city,
    {
      kind: "debit-note",
      demandId,
      dueDate: day("2025-12-31"),
      lines: [{ taxHead: "PT_TAX", amount: rupees("50.00") }],
    },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 2801000 50.00",
    "Dr 4311004 50.00 A1/2024-25",
  ]);
});

test("a credit note takes own tax and its share of the cess back from the very income", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  await city.tx("cashier", (tx) => pay(tx, consumer, "594.00", "2025-06-01"));
  const done = await change(
    city,
    { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("300.00") }] },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 4311001 324.00 A1/2025-26",
    "Dr 1100101 300.00",
    "Dr 4319100 24.00",
  ]);
  expect([toRupees(done.reduced), toRupees(done.advance)]).toEqual(["324.00", "0.00"]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 270.00"]);
  const [year] = await see(city, (read) => dcbByYear(read, { from: day("2025-04-01"), to: day("2026-03-31") }));
  expect(
    [year?.demandRaised, year?.collected, year?.reduced, year?.closingBalance].map((p) => toRupees(p ?? rupees("0"))),
  ).toEqual(["1188.00", "594.00", "324.00", "270.00"]);
  expect(await tied(city)).toEqual([]);
});

test("a credit note on a demand that an earlier year had as income is a prior-period item", async () => {
  const { city, demandId } = await cityWithOldDemand();
  const done = await change(
    city,
    { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("100.00") }] },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 4311001 108.00 A1/2024-25",
    "Dr 2801000 100.00",
    "Dr 4319100 8.00",
  ]);
});

test("a credit note larger than what is due is refused with the figures and what to do", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  await city.tx("cashier", (tx) => pay(tx, consumer, "1000.00", "2025-06-01"));
  await expect(
    change(
      city,
      { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("300.00") }] },
      "2025-07-01",
    ),
  ).rejects.toThrow(
    "DEMAND_CHANGE_EXCEEDS_DUE: 324.00 (own 300.00, cess 24.00) cannot be taken off property-tax A1 2025-26 PT_TAX: 188.00 is due and " +
      "1,000.00 is paid; take off less, cancel the demand, or have a remission sanctioned that gives paid money back",
  );
});

test("PT-12: a remission of the year's own demand is Dr 110-90 and the cess in its control head", async () => {
  const { city, demandId } = await cityWithDemand();
  const done = await change(
    city,
    { kind: "remission", items: [{ demandId, taxHead: "PT_TAX", own: rupees("550.00") }] },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 4311001 594.00 A1/2025-26",
    "Dr 1109004 550.00",
    "Dr 4319100 44.00",
  ]);
  expect(done.change.order).toEqual({ number: "RO/12", date: "2025-05-01" });
  expect(await tied(city)).toEqual([]);
});

test("PT-12: a remission of what is paid makes the money an advance and takes the cess payable back", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  await city.tx("cashier", (tx) => pay(tx, consumer, "1188.00", "2025-06-01"));
  const asked = { kind: "exemption", items: [{ demandId, taxHead: "PT_TAX", own: rupees("300.00") }] } as const;
  await expect(change(city, asked, "2025-07-01")).rejects.toThrow(
    "0.00 is due and 1,188.00 is paid; ask for it to reach into what is paid (that money becomes the consumer's advance), or take off less",
  );
  const done = await change(city, { ...asked, intoPaid: true }, "2025-07-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 3504101 324.00 A1",
    "Dr 1109004 300.00",
    "Dr 3503001 24.00",
  ]);
  expect([toRupees(done.reduced), toRupees(done.advance), await advanceOf(city, consumer)]).toEqual([
    "324.00",
    "324.00",
    "324.00",
  ]);
  await expect(
    change(
      city,
      { ...asked, items: [{ demandId, taxHead: "PT_TAX", own: rupees("900.00") }], intoPaid: true },
      "2025-07-01",
    ),
  ).rejects.toThrow(
    "964.00 (own 900.00, cess 64.00) cannot be taken off property-tax A1 2025-26 PT_TAX: 0.00 is due and 864.00 is paid",
  );
  expect(await tied(city)).toEqual([]);
});

test("a remission takes what is due first, and only the rest out of what is paid", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  await city.tx("cashier", (tx) => pay(tx, consumer, "1000.00", "2025-06-01"));
  const done = await change(
    city,
    { kind: "remission", items: [{ demandId, taxHead: "PT_TAX", own: rupees("300.00") }], intoPaid: true },
    "2025-07-01",
  );
  // 188.00 was due with 13.93 cess in it; 136.00 of the receipt becomes advance, and with it 10.07 of the cess is not payable.
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 3504101 136.00 A1",
    "Cr 4311001 188.00 A1/2025-26",
    "Dr 1109004 300.00",
    "Dr 3503001 10.07",
    "Dr 4319100 13.93",
  ]);
  expect(await tied(city)).toEqual([]);
});

test("PT-14: a remission of an earlier year's demand is Dr 280-50, unpaid or paid", async () => {
  const { city, consumer, demandId } = await cityWithOldDemand();
  const remit = (own: string, intoPaid = false) =>
    change(
      city,
      { kind: "remission", items: [{ demandId, taxHead: "PT_TAX", own: rupees(own) }], intoPaid },
      "2025-07-01",
    );
  const unpaid = await remit("100.00");
  expect(await see(city, (read) => legsOf(read, unpaid.entry))).toEqual([
    "Cr 4311001 108.00 A1/2024-25",
    "Dr 2805000 100.00",
    "Dr 4319100 8.00",
  ]);
  await city.tx("cashier", (tx) => pay(tx, consumer, "972.00", "2025-06-01"));
  const paid = await remit("100.00", true);
  expect(await see(city, (read) => legsOf(read, paid.entry))).toEqual([
    "Cr 3504101 108.00 A1",
    "Dr 2805000 100.00",
    "Dr 3503001 8.00",
  ]);
  expect(await tied(city)).toEqual([]);
});

test("a remission under a head without an account for it is refused", async () => {
  const { city, demandId } = await cityWithDemand({ service: "water", amounts: "500" });
  await expect(
    change(
      city,
      { kind: "remission", items: [{ demandId, taxHead: "WS_CHARGE", own: rupees("50.00") }] },
      "2025-07-01",
    ),
  ).rejects.toThrow("DEMAND_CHANGE_REMISSION_HEAD: WS_CHARGE has no account for remissions (110-90)");
});

test("a cancelled demand is reversed against its very income; the money is the consumer's advance again and the rebate falls", async () => {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE });
  const { consumer, demandId } = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    const raised = await testDemand(tx, one, "1100+88");
    await pay(tx, one, "1133.00", "2025-04-20");
    return { consumer: one, demandId: raised.demandIds[0] ?? "" };
  });
  expect(await see(city, (read) => dues(read, consumer))).toEqual([]);
  const done = await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 1109004 55.00",
    "Cr 3504101 1133.00 A1",
    "Dr 1100101 1100.00",
    "Dr 3503001 88.00",
  ]);
  expect([toRupees(done.reduced), toRupees(done.advance)]).toEqual(["1188.00", "1133.00"]);
  await see(city, async (read) => {
    expect(toRupees(await accountBalance(read, "1100101", yearEnd))).toBe("0.00");
    expect(toRupees(await accountBalance(read, "4311001", yearEnd))).toBe("0.00");
  });
  expect(await tied(city)).toEqual([]);
});

test("an unpaid demand of an earlier year is cancelled against the prior-period account", async () => {
  const { city, demandId } = await cityWithOldDemand();
  const done = await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 4311001 1080.00 A1/2024-25",
    "Dr 2801000 1000.00",
    "Dr 4319100 80.00",
  ]);
  expect(await tied(city)).toEqual([]);
});

test("an opening receivable is cancelled against the opening balance in the year of the opening", async () => {
  const city = await testBillingUlb(app);
  const demandId = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    const year = { periodFrom: day("2023-04-01"), periodTo: day("2024-03-31"), dueDate: day("2023-09-30") };
    return (await openReceivables(tx, { demands: [demandDraft(one, "1000+80", year)] })).demandIds[0] ?? "";
  });
  const done = await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 4311004 1080.00 A1/2023-24",
    "Dr 3101001 1000.00",
    "Dr 4319100 80.00",
  ]);
});

test("penalties on a cancelled demand are cancelled with it: what was paid of them is an advance too", async () => {
  const city = await testBillingUlb(app, { penalty: USUAL_PENALTY });
  const { consumer, demandId } = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    const raised = await testDemand(tx, one, "1000+80");
    await pay(tx, one, "600.00", "2025-11-15"); // two months begun: 20.00 penalty, 580.00 tax and cess
    return { consumer: one, demandId: raised.demandIds[0] ?? "" };
  });
  const done = await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-12-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 3504101 600.00 A1",
    "Cr 4311001 500.00 A1/2025-26",
    "Dr 1100101 1000.00",
    "Dr 1402010 20.00",
    "Dr 3503001 42.96",
    "Dr 4319100 37.04",
  ]);
  expect(await advanceOf(city, consumer)).toBe("600.00");
  expect(await tied(city)).toEqual([]);
});

test("a cheque that is dishonoured after its demand was cancelled takes the money from the advance that the cancellation gave", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const receipt = await city.tx("cashier", (tx) => pay(tx, consumer, "1300.00", "2025-06-01"));
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-06-10");
  expect(await advanceOf(city, consumer)).toBe("1300.00");
  expect(await city.tx("cashier", (tx) => dishonour(tx, receipt, "2025-06-12"))).toEqual(["Dr 3504101 1300.00 A1"]);
  expect(await advanceOf(city, consumer)).toBe("0.00");
  expect(await see(city, (read) => dues(read, consumer))).toEqual([]);
  expect(await tied(city)).toEqual([]);
});

test("a cheque that is dishonoured after its advance settled the demand raised again opens that demand", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const receipt = await city.tx("cashier", (tx) => pay(tx, consumer, "1188.00", "2025-06-01"));
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-06-10");
  await city.tx("accountant", (tx) => testDemand(tx, consumer, "1000+80", { date: day("2025-06-11") }));
  expect(await advanceOf(city, consumer)).toBe("108.00");
  expect(await see(city, (read) => dues(read, consumer))).toEqual([]);
  expect(await city.tx("cashier", (tx) => dishonour(tx, receipt, "2025-06-12"))).toEqual([
    "Cr 3504101 1080.00 A1",
    "Cr 4319100 80.00",
    "Dr 3503001 80.00",
    "Dr 3504101 1188.00 A1",
    "Dr 4311001 1080.00 A1/2025-26",
  ]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 1080.00"]);
  expect(await advanceOf(city, consumer)).toBe("0.00");
  expect(await tied(city)).toEqual([]);
});

test("a cheque that is dishonoured after a remission of what it paid opens the rest of the demand", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const receipt = await city.tx("cashier", (tx) => pay(tx, consumer, "1188.00", "2025-06-01"));
  await change(
    city,
    { kind: "remission", items: [{ demandId, taxHead: "PT_TAX", own: rupees("300.00") }], intoPaid: true },
    "2025-06-10",
  );
  expect(await city.tx("cashier", (tx) => dishonour(tx, receipt, "2025-06-12"))).toEqual([
    "Cr 4319100 64.00",
    "Dr 3503001 64.00",
    "Dr 3504101 324.00 A1",
    "Dr 4311001 864.00 A1/2025-26",
  ]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 864.00"]);
  expect(await tied(city)).toEqual([]);
});

test("PT-13: a retrospective demand of several years in one order is prior-period income by year", async () => {
  const { city, consumer } = await cityWithOldDemand();
  const period = (from: string, to: string, own: string) => ({
    periodFrom: day(from),
    periodTo: day(to),
    dueDate: day("2026-09-30"),
    lines: [{ taxHead: "PT_TAX", amount: rupees(own) }],
  });
  const content = {
    kind: "retrospective",
    consumerId: consumer.id,
    periods: [period("2024-04-01", "2024-09-30", "300.00"), period("2025-04-01", "2026-03-31", "400.00")],
  } as const;
  const done = await change(city, content, "2026-07-01");
  expect(await see(city, (read) => legsOf(read, done.entry))).toEqual([
    "Cr 2801000 700.00",
    "Dr 4311004 300.00 A1/2024-25",
    "Dr 4311004 400.00 A1/2025-26",
  ]);
  expect(done.raised).toHaveLength(2);
  await expect(
    change(city, { ...content, periods: [period("2023-04-01", "2024-03-31", "1.00")] }, "2026-07-01"),
  ).rejects.toThrow(
    "RETROSPECTIVE_BEFORE_BOOKS: the demand of A1 for 2023-24 is of a year before the books start in 2024-25",
  );
  await expect(
    change(city, { ...content, periods: [period("2026-04-01", "2026-09-30", "1.00")] }, "2026-07-01"),
  ).rejects.toThrow("RETROSPECTIVE_YEAR: the demand of A1 for 2026-27 is not of a year before 2026-27");
  await expect(
    change(city, { ...content, periods: [period("2024-04-01", "2024-09-30", "1.00")] }, "2026-07-01"),
  ).rejects.toThrow("DEMAND_EXISTS");
  expect(await tied(city)).toEqual([]);
});

test("arrears pass to another consumer by head and year with their due date; nothing is income again", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const heir = await city.tx("accountant", (tx) => testConsumer(tx, { code: "A2", ward: "W02" }));
  await city.tx("cashier", (tx) => pay(tx, consumer, "188.00", "2025-06-01"));
  const income = await see(city, (read) => accountBalance(read, "1100101", yearEnd));
  const part = await change(
    city,
    {
      kind: "transfer",
      toConsumerId: heir.id,
      items: [{ demandId, taxHead: "PT_TAX", amount: rupees("400.00") }],
    },
    "2025-07-01",
  );
  expect(await see(city, (read) => legsOf(read, part.entry))).toEqual([
    "Cr 4311001 400.00 A1/2025-26",
    "Dr 4311001 400.00 A2/2025-26",
  ]);
  await change(
    city,
    { kind: "transfer", toConsumerId: heir.id, items: [{ demandId, taxHead: "PT_TAX" }] },
    "2025-07-02",
  );
  await see(city, async (read) => {
    expect(await dues(read, consumer)).toEqual([]);
    expect(await dues(read, heir)).toEqual(["2025-26 PT_TAX 400.00", "2025-26 PT_TAX 600.00"]);
    const bill = await previewBill(read, heir.id, day("2025-08-01"));
    expect(bill.lines.map((l) => [l.dueDate, l.periodFrom, toRupees(l.amount), toRupees(l.cess)])).toEqual([
      ["2025-09-30", "2025-04-01", "400.00", "29.63"],
      ["2025-09-30", "2025-04-01", "600.00", "44.44"],
    ]);
    expect(await accountBalance(read, "1100101", yearEnd)).toBe(income);
    // In the DCB of the ULB nothing was demanded and nothing reduced; the ward of the one has what the ward of the other had.
    const [whole] = await dcbByYear(read, { from: day("2025-04-01"), to: day("2026-03-31") });
    expect([whole?.demandRaised, whole?.collected, whole?.reduced, whole?.closingBalance].map(String)).toEqual([
      "118800",
      "18800",
      "0",
      "100000",
    ]);
    const [ward] = await dcbByYear(read, { from: day("2025-04-01"), to: day("2026-03-31"), ward: "W02" });
    expect([ward?.demandRaised, ward?.closingBalance].map(String)).toEqual(["100000", "100000"]);
  });
  expect(await tied(city)).toEqual([]);
});

test("a transfer of more than is due, to the same consumer, or to another service is refused", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const [heir, tap] = await city.tx("accountant", async (tx) => [
    await testConsumer(tx, { code: "A2" }),
    await testConsumer(tx, { code: "W1", service: "water" }),
  ]);
  const move = (toConsumerId: string, amount: string) =>
    change(
      city,
      { kind: "transfer", toConsumerId, items: [{ demandId, taxHead: "PT_TAX", amount: rupees(amount) }] },
      "2025-07-01",
    );
  await expect(move(heir?.id ?? "", "1188.01")).rejects.toThrow(
    "1,188.00 is due and 0.00 is paid; only what is due passes to another consumer",
  );
  await expect(move(consumer.id, "1.00")).rejects.toThrow(
    "TRANSFER_CONSUMER: arrears of A1 cannot go to A1: it is the same consumer",
  );
  await expect(move(tap?.id ?? "", "1.00")).rejects.toThrow("arrears of A1 cannot go to W1: it is a water consumer");
  await expect(move(heir?.id ?? "", "0")).rejects.toThrow("DEMAND_CHANGE_AMOUNT");
});

test("what was taken off bears no penalty from the start, and earns no rebate", async () => {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE, penalty: USUAL_PENALTY });
  const { consumer, demandId } = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    const raised = await testDemand(tx, one, "1000+80");
    return { consumer: one, demandId: raised.demandIds[0] ?? "" };
  });
  const bill = (on: string) => see(city, (read) => previewBill(read, consumer.id, day(on)));
  expect(toRupees((await bill("2025-04-20")).rebate)).toBe("50.00");
  expect(toRupees((await bill("2025-11-15")).penalty)).toBe("20.00");
  await change(
    city,
    { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("400.00") }] },
    "2025-10-20",
    { order: {} },
  );
  expect(toRupees((await bill("2025-04-20")).rebate)).toBe("30.00");
  expect(toRupees((await bill("2025-11-15")).penalty)).toBe("12.00");
});

test("penalty runs on with the new consumer, and what the old one was charged is not charged again", async () => {
  const city = await testBillingUlb(app, { penalty: USUAL_PENALTY });
  const { one, heir, demandId } = await city.tx("accountant", async (tx) => {
    const a1 = await testConsumer(tx, { code: "A1" });
    const raised = await testDemand(tx, a1, "1000");
    await pay(tx, a1, "20.00", "2025-11-15"); // the penalty of two months begun
    return { one: a1, heir: await testConsumer(tx, { code: "A2" }), demandId: raised.demandIds[0] ?? "" };
  });
  await change(
    city,
    {
      kind: "transfer",
      toConsumerId: heir.id,
      items: [{ demandId, taxHead: "PT_TAX", amount: rupees("250.00") }],
    },
    "2025-11-20",
  );
  const penalty = (c: Consumer, on: string) =>
    see(city, async (read) => toRupees((await previewBill(read, c.id, day(on))).penalty));
  expect([await penalty(one, "2025-11-25"), await penalty(heir, "2025-11-25")]).toEqual(["0.00", "0.00"]);
  expect([await penalty(one, "2025-12-15"), await penalty(heir, "2025-12-15")]).toEqual(["7.50", "2.50"]);
});

/** 59 demands of 108.00 in two wards, 50.00 paid on nine of them. */
const MERGED = [
  "Cr 3504101 200.00",
  "Cr 3504101 250.00",
  "Cr 4311001 2932.00 2025-26",
  "Cr 4311001 2990.00 2025-26",
  "Dr 1100101 2900.00",
  "Dr 1100101 3000.00",
  "Dr 3503001 14.80",
  "Dr 3503001 18.50",
  "Dr 4319100 217.20",
  "Dr 4319100 221.50",
];

test("many demands are cancelled at once with one merged entry, in a number of statements that does not grow with them", async () => {
  const city = await testBillingUlb(app);
  const raised = await city.tx("accountant", async (tx) => {
    const consumers = [];
    for (let i = 0; i < 60; i++) consumers.push(await testConsumer(tx, { ward: i % 2 ? "W01" : "W02" }));
    const run = await raiseDemands(tx, {
      date: day("2025-04-01"),
      demands: consumers.map((c) => demandDraft(c, "100+8")),
    });
    for (const c of consumers.slice(0, 10)) await pay(tx, c, "50.00", "2025-05-01");
    return run.demandIds;
  });
  const statements = async (demandIds: readonly string[]): Promise<number> => {
    let count = 0;
    await city.tx("checker", async (tx) => {
      const counting = {
        ...tx,
        query: (sql: string, params?: Record<string, unknown>) => {
          count += 1;
          return tx.query(sql, params);
        },
      } as typeof tx;
      const done = await cancelDemands(counting, {
        source: { type: "demand-run-cancelled", id: newId() },
        date: day("2025-06-01"),
        demandIds,
        reason: "Wrong rates in the run",
      });
      expect(done.demandIds).toHaveLength(demandIds.length);
      if (demandIds.length > 1) {
        expect(toRupees(done.cancelled)).toBe("6372.00");
        expect(await legsOf(tx, done.entry)).toEqual(MERGED);
      }
    });
    return count;
  };
  const one = await statements(raised.slice(0, 1));
  expect(await statements(raised.slice(1))).toBe(one);
  expect(await tied(city)).toEqual([]);
});

test("a period is demanded once, again only after it was cancelled, and then once", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const raise = () => city.tx("accountant", (tx) => testDemand(tx, consumer, "900+72", { date: day("2025-07-02") }));
  await expect(raise()).rejects.toThrow("DEMAND_EXISTS");
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  const again = await raise();
  await expect(raise()).rejects.toThrow("DEMAND_EXISTS");
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 972.00"]);
  await change(city, { kind: "cancellation", demandIds: [again.demandIds[0] ?? ""] }, "2025-07-03");
  await city.tx("accountant", (tx) => testDemand(tx, consumer, "800+64", { date: day("2025-07-04") }));
  const revisions = await see(city, (read) =>
    read.query<{ revision: number; cancelled: boolean }>(
      `select d.revision, c.demand_id is not null as cancelled
       from billing.demands d
       left join billing.cancelled_demands c on c.ulb_id = d.ulb_id and c.demand_id = d.demand_id
       where d.ulb_id = :ulb order by d.revision`,
      { ulb: read.ulb.id },
    ),
  );
  expect(revisions).toEqual([
    { revision: 0, cancelled: true },
    { revision: 1, cancelled: true },
    { revision: 2, cancelled: false },
  ]);
  expect(await tied(city)).toEqual([]);
});

test("the database refuses a demand of a period that was not cancelled, under whatever revision", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const insert = (revision: number) =>
    city.tx("accountant", (tx) =>
      tx.query(
        `insert into billing.demands (ulb_id, demand_id, consumer_id, kind, period_from, period_to, demand_year, due_date, raised_on, source_type,
           source_id, created_at, revision)
         values (:ulb, :id, :consumer, 'regular', '2025-04-01', '2025-09-30', '2025-26', '2025-09-30', '2025-07-01', 'test', 'x', now(), :revision)`,
        { ulb: tx.ulb.id, id: newId(), consumer: consumer.id, revision },
      ),
    );
  await expect(insert(0)).rejects.toThrow("demand_raised_once_per_period");
  await expect(insert(1)).rejects.toThrow("demand_follows_a_cancelled_one");
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  await expect(insert(2)).rejects.toThrow("demand_follows_a_cancelled_one");
  await insert(1);
  await expect(insert(1)).rejects.toThrow("demand_raised_once_per_period");
});

test("of a cancelled demand nothing can be changed, and a change is not dated before the last movement", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  await city.tx("cashier", (tx) => pay(tx, consumer, "100.00", "2025-06-15"));
  const credit = { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("1.00") }] } as const;
  await expect(change(city, credit, "2025-06-14", { order: {} })).rejects.toThrow(
    "DEMAND_CHANGE_DATE: the demand of property-tax A1 for 01/04/2025 to 30/09/2025 was last moved on 15/06/2025",
  );
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  await expect(change(city, credit, "2025-07-02")).rejects.toThrow(
    "DEMAND_CANCELLED: the demand of property-tax A1 for 01/04/2025 to 30/09/2025 was cancelled on 01/07/2025 by checker@test",
  );
  await expect(change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-02")).rejects.toThrow(
    "DEMAND_CANCELLED",
  );
});

test("the maker is not the checker, in the program and in the database", async () => {
  const { city, demandId } = await cityWithDemand();
  const proposed = await city.tx("accountant", (tx) =>
    proposeChange(tx, {
      date: day("2025-07-01"),
      reason: "Demanded twice",
      content: { kind: "cancellation", demandIds: [demandId] },
    }),
  );
  await expect(city.tx("accountant", (tx) => approveChange(tx, proposed.id))).rejects.toThrow("MAKER_IS_CHECKER");
  await expect(city.tx("accountant", (tx) => rejectChange(tx, proposed.id, "Not so"))).rejects.toThrow(
    "MAKER_IS_CHECKER",
  );
  const decide = (decision: string, by: string, maker = "accountant@test") =>
    city.tx("admin", (tx) =>
      tx.query(
        `insert into billing.demand_change_decisions (ulb_id, change_id, proposed_by, decision, reason, decided_at, decided_by)
         values (:ulb, :id, :maker, :decision, 'because so', now(), :by)`,
        { ulb: tx.ulb.id, id: proposed.id, maker, decision, by },
      ),
    );
  await expect(decide("approved", "accountant@test")).rejects.toThrow("change_maker_is_not_checker");
  await expect(decide("rejected", "accountant@test")).rejects.toThrow("change_maker_is_not_checker");
  await expect(decide("withdrawn", "checker@test")).rejects.toThrow("change_withdrawn_by_its_maker");
  await expect(decide("approved", "accountant@test", "somebody@test")).rejects.toThrow("decision_on_a_change");
});

test("approving twice posts once, also at the same instant", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const proposed = await city.tx("accountant", (tx) =>
    proposeChange(tx, {
      date: day("2025-07-01"),
      reason: "Area measured again",
      content: { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("100.00") }] },
    }),
  );
  const [one, two] = await Promise.all([1, 2].map(() => city.tx("checker", (tx) => approveChange(tx, proposed.id))));
  expect(one).toEqual(two);
  expect(await city.tx("admin", (tx) => approveChange(tx, proposed.id))).toEqual(one);
  expect(await see(city, (read) => changeOutcome(read, proposed.id))).toEqual(one);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 1080.00"]);
  expect(await tied(city)).toEqual([]);
});

test("a change that was rejected or withdrawn stays on record and is not approved afterwards", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const propose = () =>
    city.tx("accountant", (tx) =>
      proposeChange(tx, {
        date: day("2025-07-01"),
        reason: "Demanded twice",
        content: { kind: "cancellation", demandIds: [demandId] },
      }),
    );
  const [first, second, third] = [await propose(), await propose(), await propose()];
  await expect(city.tx("checker", (tx) => rejectChange(tx, first.id, "no"))).rejects.toThrow("DEMAND_CHANGE_REASON");
  const rejected = await city.tx("checker", (tx) => rejectChange(tx, first.id, "It is one demand"));
  expect([rejected.decision?.outcome, rejected.decision?.by, rejected.decision?.reason]).toEqual([
    "rejected",
    "checker@test",
    "It is one demand",
  ]);
  await expect(city.tx("checker", (tx) => withdrawChange(tx, second.id, "Not mine"))).rejects.toThrow(
    "DEMAND_CHANGE_WITHDRAWN_BY_MAKER",
  );
  await city.tx("accountant", (tx) => withdrawChange(tx, second.id, "My mistake"));
  for (const c of [first, second]) {
    await expect(city.tx("admin", (tx) => approveChange(tx, c.id))).rejects.toThrow("DEMAND_CHANGE_DECIDED");
    await expect(city.tx("accountant", (tx) => withdrawChange(tx, c.id, "Once more"))).rejects.toThrow(
      "DEMAND_CHANGE_DECIDED",
    );
  }
  const ids = async (status: "waiting" | "rejected" | "withdrawn") =>
    (await see(city, (read) => listChanges(read, { consumerId: consumer.id, status }))).map((c) => c.id);
  expect([await ids("waiting"), await ids("rejected"), await ids("withdrawn")]).toEqual([
    [third.id],
    [first.id],
    [second.id],
  ]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 1188.00"]);
  await expect(
    city.tx("admin", (tx) => tx.query("update billing.demand_changes set reason = 'other'", {})),
  ).rejects.toThrow();
});

test("a change has a reason, and its order where the law asks for one: in the program and in the database", async () => {
  const { city, demandId } = await cityWithDemand();
  const content = { kind: "remission", items: [{ demandId, taxHead: "PT_TAX", own: rupees("1.00") }] } as const;
  const propose = (over: object) =>
    city.tx("accountant", (tx) =>
      proposeChange(tx, { date: day("2025-07-01"), reason: "Vacant since May", order: ORDER, content, ...over }),
    );
  await expect(propose({ reason: " no " })).rejects.toThrow(
    'DEMAND_CHANGE_REASON: a remission needs a reason of at least 5 letters; "no" is none',
  );
  await expect(propose({ order: {} })).rejects.toThrow(
    "DEMAND_CHANGE_ORDER_MISSING: a remission needs the number and the date of the order; the number and the date is missing",
  );
  await expect(propose({ order: { number: "7" } })).rejects.toThrow("the date is missing");
  await expect(propose({ order: { number: "7", date: day("2025-07-02") } })).rejects.toThrow(
    "DEMAND_CHANGE_ORDER_LATER: order 7 of 02/07/2025 is later than the change of 01/07/2025",
  );
  await expect(propose({ content: { ...content, items: [] } })).rejects.toThrow("DEMAND_CHANGE_EMPTY");
  await expect(propose({ content: { ...content, items: [...content.items, ...content.items] } })).rejects.toThrow(
    "DEMAND_CHANGE_LINE_TWICE",
  );
  await expect(
    propose({ content: { ...content, items: [{ ...content.items[0], taxHead: "PT_LIBRARY_CESS" }] } }),
  ).rejects.toThrow("DEMAND_NOT_FOUND");
  await expect(propose({ content: { kind: "cancellation", demandIds: ["x"] } })).rejects.toThrow(
    "there is no demand x in this ULB",
  );
  const row = (kind: string, number: string | null) =>
    city.tx("admin", (tx) =>
      tx.query(
        `insert into billing.demand_changes (ulb_id, change_id, kind, consumer_id, change_date, reason, order_number, order_date, content,
           proposed_at, proposed_by)
         select :ulb, :id, :kind, consumer_id, '2025-07-01', 'a good reason', :number::text, case when :number::text is not null then date '2025-06-01' end,
           '{}', now(), 'x' from billing.consumers where ulb_id = :ulb`,
        { ulb: tx.ulb.id, id: newId(), kind, number },
      ),
    );
  await expect(row("remission", null)).rejects.toThrow("relief_and_back_demand_have_an_order");
  await row("remission", "7");
  await row("credit-note", null);
});

test("the same proposal again is the one that is there; other content under its id is refused", async () => {
  const { city, demandId } = await cityWithDemand();
  const changeId = newId();
  const propose = (own: string) =>
    city.tx("accountant", (tx) =>
      proposeChange(tx, {
        changeId,
        date: day("2025-07-01"),
        reason: "Area measured again",
        content: { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees(own) }] },
      }),
    );
  const first = await propose("10.00");
  expect(await propose("10.00")).toEqual(first);
  await expect(propose("20.00")).rejects.toThrow("DEMAND_CHANGE_EXISTS");
  const outcome = await city.tx("checker", (tx) => approveChange(tx, changeId));
  expect(await propose("10.00")).toEqual(outcome.change);
});

test("a change concerns one consumer, and one ULB does not see another's", async () => {
  const { city, demandId } = await cityWithDemand();
  const other = await city.tx("accountant", async (tx) => testDemand(tx, await testConsumer(tx, { code: "A2" }), "10"));
  await expect(
    change(city, { kind: "cancellation", demandIds: [demandId, other.demandIds[0] ?? ""] }, "2025-07-01"),
  ).rejects.toThrow("DEMAND_CHANGE_CONSUMERS: a change concerns one consumer, but its demands are of A1 and A2");
  const done = await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  const elsewhere = await testBillingUlb(app);
  await expect(elsewhere.tx("checker", (tx) => getChange(tx, done.change.id))).rejects.toThrow(
    "DEMAND_CHANGE_NOT_FOUND",
  );
  await expect(change(elsewhere, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01")).rejects.toThrow(
    "DEMAND_NOT_FOUND",
  );
});

test("a payment between proposal and approval is seen: what is due no more is not taken off", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const proposed = await city.tx("accountant", (tx) =>
    proposeChange(tx, {
      date: day("2025-07-01"),
      reason: "Area measured again",
      content: { kind: "credit-note", items: [{ demandId, taxHead: "PT_TAX", own: rupees("1100.00") }] },
    }),
  );
  await city.tx("cashier", (tx) => pay(tx, consumer, "1.00", "2025-06-30"));
  await expect(city.tx("checker", (tx) => approveChange(tx, proposed.id))).rejects.toThrow("DEMAND_CHANGE_EXCEEDS_DUE");
  expect((await see(city, (read) => getChange(read, proposed.id))).decision).toBeNull();
});

test("a cheque whose money was given back after its demand was cancelled is not taken back silently", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const receipt = await city.tx("cashier", (tx) => pay(tx, consumer, "1188.00", "2025-06-01"));
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-06-10");
  await city.tx("accountant", async (tx) => {
    const source = { type: "refund-note", id: newId() };
    const amount = rupees("1000.00");
    const back = await refundAdvance(tx, { consumerId: consumer.id, amount, date: day("2025-06-11"), source });
    const lines = [...back.ledgerLines, cr("4501001", amount)];
    await postEntry(tx, { voucher: "payment", date: day("2025-06-11"), narration: "Refund", source, lines });
  });
  await expect(city.tx("cashier", (tx) => dishonour(tx, receipt, "2025-06-12"))).rejects.toThrow(
    `ADVANCE_GIVEN_BACK: receipt ${receipt} of 1,188.00 cannot be taken back: 1,000.00 of it became an advance that was given back`,
  );
  expect(await tied(city)).toEqual([]);
});

test("a rebate that an advance earned falls when the cheque behind the advance is dishonoured", async () => {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE });
  const { consumer, demandId } = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    return { consumer: one, demandId: (await testDemand(tx, one, "1000+80")).demandIds[0] ?? "" };
  });
  const receipt = await city.tx("cashier", (tx) => pay(tx, consumer, "1030.00", "2025-04-10"));
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-04-15", { order: {} });
  await city.tx("accountant", (tx) => testDemand(tx, consumer, "900+72", { date: day("2025-04-16") }));
  expect(await see(city, (read) => dues(read, consumer))).toEqual([]);
  expect(await city.tx("cashier", (tx) => dishonour(tx, receipt, "2025-04-20"))).toEqual([
    "Cr 1109004 45.00",
    "Cr 3504101 927.00 A1",
    "Cr 4319100 72.00",
    "Dr 3503001 72.00",
    "Dr 3504101 1030.00 A1",
    "Dr 4311001 972.00 A1/2025-26",
  ]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 972.00"]);
  expect(await tied(city)).toEqual([]);
});

test("penalties that are due pass to another consumer in the register alone, and are remitted without an entry", async () => {
  const city = await testBillingUlb(app);
  const { consumer, heir, demandId } = await city.tx("accountant", async (tx) => {
    const one = await testConsumer(tx, { code: "A1" });
    const charge = { consumerId: one.id, taxHead: "PT_PENALTY", amount: rupees("150.00"), date: day("2025-06-01") };
    const raised = await raiseCharge(tx, { ...charge, source: { type: "test", id: "1" } });
    return { consumer: one, heir: await testConsumer(tx, { code: "A2" }), demandId: raised.demandId };
  });
  const item = { demandId, taxHead: "PT_PENALTY" };
  const remitted = await change(city, { kind: "remission", items: [{ ...item, own: rupees("50.00") }] }, "2025-07-01");
  const moved = await change(city, { kind: "transfer", toConsumerId: heir.id, items: [item] }, "2025-07-01");
  expect([remitted.entry, toRupees(remitted.reduced), moved.entry, toRupees(moved.reduced)]).toEqual([
    null,
    "50.00",
    null,
    "100.00",
  ]);
  expect(await see(city, (read) => dues(read, consumer))).toEqual([]);
  expect(await see(city, (read) => dues(read, heir))).toEqual(["2025-26 PT_PENALTY 100.00"]);
  expect(await tied(city)).toEqual([]);
});

test("a file with a cancelled period demands it again", async () => {
  const { city, consumer, demandId } = await cityWithDemand();
  const file = [
    "service,consumer_code,tax_period_from,tax_period_to,demand_year,due_date,tax_head,amount",
    "property-tax,A1,2025-04-01,2025-09-30,2025-26,2025-09-30,PT_TAX,1000.00",
  ].join("\n");
  const load = () => city.tx("accountant", (tx) => importDemands(tx, file, { date: day("2025-07-02") }));
  expect((await load()).problems).toHaveLength(1);
  await change(city, { kind: "cancellation", demandIds: [demandId] }, "2025-07-01");
  expect(await load()).toMatchObject({ added: 1, problems: [] });
  expect(await see(city, (read) => dues(read, consumer))).toEqual(["2025-26 PT_TAX 1000.00"]);
});
