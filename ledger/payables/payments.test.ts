import { expect, test } from "vitest";
import { getEntry } from "../entries.ts";
import { addDays, localDate } from "../kernel/dates.ts";
import { formatIndian, rupees } from "../kernel/money.ts";
import { inTransaction } from "../kernel/tx.ts";
import { bookMarks, testApp, type TestUlb } from "../testing.ts";
import { accountBalance, addBankBook, openFinancialYear } from "../index.ts";
import { financialYear } from "../kernel/dates.ts";
import {
  approvePayment,
  bookChequesDue,
  cancelPayment,
  chequeHistory,
  chequesDue,
  clearCheque,
  clearFromBank,
  decideOrder,
  deliverCheque,
  getAdvice,
  getCheque,
  getPayment,
  listCheques,
  listItems,
  nextLeaf,
  orderOnDeposit,
  payableTies,
  preparePayment,
  receiveDeposit,
  recordChallan,
  recoveryAgeing,
  refundAdvance,
  rejectPayment,
  remittancesDue,
  returnAdviceLine,
  sendAdvice,
  setPayableSettings,
  spoilLeaf,
  takeChequeBack,
  takeOverEntry,
  unclearFromBank,
} from "./index.ts";
import { payableSettings } from "./settings.ts";
import {
  AUTHORITY,
  BANK,
  CONTRACTOR,
  HOLDER,
  itemOf,
  paid,
  paidByCheque,
  passed,
  payingTown,
  payment,
  repairBill,
  SUPPLIER,
} from "./testing.ts";
import { cr, dr, postEntry } from "../entries.ts";

const app = await testApp();
const broken = async (town: TestUlb, day = "2029-12-31") =>
  (await town.tx("auditor", (tx) => payableTies(tx, localDate(day)))).filter((t) => t.difference !== 0n);
const make = (town: TestUlb, input: Parameters<typeof preparePayment>[1], name?: string) =>
  inTransaction(app, town.as("accountant", name), (tx) => preparePayment(tx, input));

test("a payment by cheque settles the bill and stands in the bank book under the number of its leaf", async () => {
  const town = await payingTown(app);
  const done = await paidByCheque(town, "1000.50");
  expect([done.status, done.leaf, done.payee]).toEqual(["issued", "000101", "Shri Balaji Constructions"]);
  const entry = await town.tx("auditor", (tx) => getEntry(tx, done.entryId ?? 0n));
  expect(entry.number).toBe("P/2026-27/000001");
  expect(entry.narration).toMatch(/^cheque 000101 to Shri Balaji Constructions: bill RB-\d+ of 01\/06\/2026$/);
  expect(entry.lines.map((l) => [l.side, l.account, formatIndian(l.amount), l.party])).toEqual([
    ["debit", "3501002", "1,000.50", CONTRACTOR],
    ["credit", BANK, "1,000.50", { type: "cheque", id: "000101" }],
  ]);
  expect(await town.tx("auditor", (tx) => listItems(tx, { kind: "creditor" }))).toEqual([]);
  expect(await broken(town)).toEqual([]);
});

test("more than is payable is refused with both figures, also when a part waits in another payment", async () => {
  const town = await payingTown(app);
  const item = await itemOf(town, await passed(town, repairBill("1000")));
  const before = await bookMarks(app, town.ulb);
  await expect(make(town, payment([{ itemId: item.id, amount: rupees("1000.01") }]))).rejects.toThrow(
    /PAYMENT_EXCEEDS_PAYABLE: 1,000.01 is more than is payable for bill .* \(Shri Balaji Constructions\): 1,000.00; pay at most that/,
  );
  expect(await bookMarks(app, town.ulb)).toEqual(before);
  const first = await make(town, payment([{ itemId: item.id, amount: rupees("700") }]));
  await expect(make(town, payment([{ itemId: item.id, amount: rupees("400") }]))).rejects.toThrow(
    /400.00 is more than is payable for .*: 300.00 \(700.00 more waits for approval in other payments\)/,
  );
  await town.tx("checker", (tx) => rejectPayment(tx, first.id, first.version, "wrong bank"));
  expect((await make(town, payment([{ itemId: item.id, amount: rupees("400") }]))).amount).toBe(rupees("400"));
});

test("two payments of the same bill at the same time never pay it twice", async () => {
  const town = await payingTown(app);
  const item = await itemOf(town, await passed(town, repairBill("1000")));
  const input = payment([{ itemId: item.id, amount: rupees("600") }]);
  const made = await Promise.allSettled([make(town, input, "one"), make(town, input, "two")]);
  expect(made.map((m) => m.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(String((made.find((m) => m.status === "rejected") as PromiseRejectedResult).reason)).toContain(
    "PAYMENT_EXCEEDS_PAYABLE",
  );
  // Approved twice at the same time, it is issued once.
  const [one] = made.flatMap((m) => (m.status === "fulfilled" ? [m.value] : []));
  const approved = await Promise.allSettled(
    [1, 2].map(() => town.tx("checker", (tx) => approvePayment(tx, one?.id ?? "", one?.version ?? 0))),
  );
  expect(approved.map((a) => a.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await town.tx("auditor", (tx) => accountBalance(tx, BANK, localDate("2026-06-30")))).toBe(rupees("-600"));
  expect(await broken(town)).toEqual([]);
});

test("what is not open any more at approval is refused, and the table itself holds that nothing is overpaid", async () => {
  const town = await payingTown(app);
  const item = await itemOf(town, await passed(town, repairBill("1000")));
  await expect(
    town.tx("admin", (tx) =>
      tx.query("update ledger.payable_items set open = -1 where ulb_id = :ulb", { ulb: tx.ulb.id }),
    ),
  ).rejects.toThrow("item_is_never_overpaid");
  const waiting = await make(town, payment([{ itemId: item.id, amount: rupees("1000") }]));
  // Somebody shrinks it past the application: the check under lock sees it.
  await town.tx("admin", (tx) =>
    tx.query("update ledger.payable_items set open = 40000 where ulb_id = :ulb", { ulb: tx.ulb.id }),
  );
  await expect(town.tx("checker", (tx) => approvePayment(tx, waiting.id, waiting.version))).rejects.toThrow(
    /PAYMENT_EXCEEDS_PAYABLE: 1,000.00 is more than is payable for .*: 400.00/,
  );
});

test("nobody approves or cancels his own payment", async () => {
  const town = await payingTown(app);
  const item = await itemOf(town, await passed(town, repairBill("1000")));
  const made = await make(town, payment([{ itemId: item.id, amount: rupees("1000") }]));
  await expect(
    inTransaction(app, town.as("checker", "accountant"), (tx) => approvePayment(tx, made.id, made.version)),
  ).rejects.toThrow("MAKER_IS_CHECKER");
  const issued = (await town.tx("checker", (tx) => approvePayment(tx, made.id, made.version))).payment;
  await expect(
    inTransaction(app, town.as("checker", "accountant"), (tx) =>
      cancelPayment(tx, issued.id, issued.version, "not needed"),
    ),
  ).rejects.toThrow("MAKER_IS_CHECKER");
});

test("a leaf is used once: the second use is told to whom and when the first was, also while it waits and when it was spoiled", async () => {
  const town = await payingTown(app);
  await paidByCheque(town, "100", { leaf: "105" });
  const item = await itemOf(town, await passed(town, repairBill("900")));
  const asked = (leaf: string, amount = "10") =>
    make(town, payment([{ itemId: item.id, amount: rupees(amount) }], { leaf }));
  await expect(asked("000105")).rejects.toThrow(
    "CHEQUE_ISSUED_ALREADY: leaf 000105 of 4502101 was used for Shri Balaji Constructions, 100.00, on 15/06/2026 (issued); a leaf is used once, take the next",
  );
  await asked("106", "20");
  await expect(asked("106")).rejects.toThrow(/leaf 000106 .* 20.00, on 15\/06\/2026 \(waiting for approval\)/);
  await town.tx("accountant", (tx) =>
    spoilLeaf(tx, { account: BANK, leaf: "101", reason: "torn in the printer", date: localDate("2026-06-14") }),
  );
  await expect(asked("101")).rejects.toThrow(
    /leaf 000101 of 4502101 was spoiled on 14\/06\/2026 \(torn in the printer\)/,
  );
  await expect(asked("99")).rejects.toThrow("CHEQUE_LEAF_UNKNOWN: leaf 99 is in no cheque book of bank book 4502101");
  expect(await town.tx("auditor", (tx) => nextLeaf(tx, BANK))).toBe("000102");
  const both = await Promise.allSettled([asked("110"), asked("110")]);
  expect(both.map((b) => b.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("when the books have no leaf left, a cheque cannot be written", async () => {
  const town = await payingTown(app);
  await town.tx("admin", (tx) =>
    addBankBook(tx, { account: "4502104", bank: "Canara Bank", number: "7777", validFrom: localDate("2025-04-01") }),
  );
  const item = await itemOf(town, await passed(town, repairBill("10")));
  await expect(
    make(town, payment([{ itemId: item.id, amount: rupees("10") }], { account: "4502104" })),
  ).rejects.toThrow("CHEQUE_LEAVES_NONE");
});

test("a bill of one fund is not paid from the bank book of another", async () => {
  const town = await payingTown(app);
  await town.tx("admin", (tx) =>
    addBankBook(tx, {
      account: "4502104",
      bank: "Canara Bank",
      number: "7777",
      fund: "02",
      validFrom: localDate("2025-04-01"),
    }),
  );
  const item = await itemOf(town, await passed(town, repairBill("10")));
  await expect(
    make(town, payment([{ itemId: item.id, amount: rupees("10") }], { account: "4502104", mode: "transfer" })),
  ).rejects.toThrow(/PAYMENT_FUND_DIFFERS: bill .* is payable from fund 01, but bank book 4502104 belongs to fund 02/);
});

test("several parties are paid by one advice, each by NEFT or RTGS, under one number in the bank book; a cheque has one payee", async () => {
  const town = await payingTown(app);
  const one = await itemOf(town, await passed(town, repairBill("200000")));
  const two = await itemOf(town, await passed(town, repairBill("199999.99", { kind: "supplier", party: SUPPLIER })));
  const items = [
    { itemId: one.id, amount: one.open },
    { itemId: two.id, amount: two.open },
  ];
  await expect(make(town, payment(items))).rejects.toThrow(
    "PAYMENT_ONE_PAYEE: a cheque is for one payee, and 2 were chosen",
  );
  const done = await paid(town, payment(items, { mode: "transfer" }));
  const advice = await town.tx("auditor", (tx) => getAdvice(tx, done.adviceId ?? ""));
  expect(advice.number).toBe("PA/2026-27/000001");
  expect(advice.lines.map((l) => [l.name, l.bankAccount, l.ifsc, l.method, formatIndian(l.amount)])).toEqual([
    ["Shri Balaji Constructions", "30211445566", "SBIN0000123", "RTGS", "2,00,000.00"],
    ["Narmada Traders", "50100223344", "HDFC0000456", "NEFT", "1,99,999.99"],
  ]);
  const entry = await town.tx("auditor", (tx) => getEntry(tx, done.entryId ?? 0n));
  expect(entry.lines.filter((l) => l.side === "credit").map((l) => [l.account, l.party])).toEqual([
    [BANK, { type: "advice", id: "PA/2026-27/000001" }],
    [BANK, { type: "advice", id: "PA/2026-27/000001" }],
  ]);
  const third = await itemOf(town, await passed(town, repairBill("10", { kind: "other", party: HOLDER })));
  await expect(make(town, payment([{ itemId: third.id, amount: third.open }], { mode: "transfer" }))).rejects.toThrow(
    "PAYEE_BANK_MISSING: Ravi Kumar (E-0002)",
  );
  // The bank sends one back: only that party is payable again.
  await expect(
    town.tx("accountant", (tx) =>
      returnAdviceLine(tx, { adviceId: advice.id, lineNo: 2, date: localDate("2026-06-18"), reason: "account closed" }),
    ),
  ).rejects.toThrow("ADVICE_STATUS: advice PA/2026-27/000001 is issued");
  await town.tx("accountant", (tx) => sendAdvice(tx, advice.id, localDate("2026-06-16")));
  await expect(
    town.tx("checker", (tx) => cancelPayment(tx, done.id, done.version, "wrong amount", localDate("2026-06-17"))),
  ).rejects.toThrow("ADVICE_STATUS: advice PA/2026-27/000001 is sent; it cannot be cancelled");
  await town.tx("accountant", (tx) =>
    returnAdviceLine(tx, { adviceId: advice.id, lineNo: 2, date: localDate("2026-06-18"), reason: "account closed" }),
  );
  const open = await town.tx("auditor", (tx) => listItems(tx, { kind: "creditor", party: SUPPLIER }));
  expect(open.map((i) => formatIndian(i.open))).toEqual(["1,99,999.99"]);
  expect(await broken(town)).toEqual([]);
});

test("a cheque is delivered and cleared; a delivered one is cancelled only after it came back, and then its bill is payable again", async () => {
  const town = await payingTown(app);
  const done = await paidByCheque(town, "1000");
  const id = done.chequeId ?? "";
  await town.tx("accountant", (tx) => deliverCheque(tx, id, localDate("2026-06-16"), "Mohan Lal, partner"));
  await expect(
    town.tx("checker", (tx) => cancelPayment(tx, done.id, done.version, "lost in the post", localDate("2026-06-20"))),
  ).rejects.toThrow("CHEQUE_STATUS: cheque 000101 is delivered; it cannot be cancelled");
  await town.tx("accountant", (tx) => takeChequeBack(tx, id, localDate("2026-06-19"), "name misspelt"));
  const cancelled = await town.tx("checker", (tx) =>
    cancelPayment(tx, done.id, done.version, "name misspelt", localDate("2026-06-20")),
  );
  expect(cancelled.status).toBe("cancelled");
  expect((await town.tx("auditor", (tx) => listItems(tx, { kind: "creditor" }))).map((i) => i.open)).toEqual([
    rupees("1000"),
  ]);
  expect((await town.tx("auditor", (tx) => chequeHistory(tx, id))).map((h) => h.event)).toEqual([
    "issue",
    "deliver",
    "take back",
    "cancel",
  ]);
  const fresh = await paidByCheque(town, "50");
  await expect(
    town.tx("accountant", (tx) => clearCheque(tx, fresh.chequeId ?? "", localDate("2026-06-14"))),
  ).rejects.toThrow("CHEQUE_DATE: cheque 000102 was issued on 15/06/2026; it cannot have been cleared on 14/06/2026");
  const cleared = await town.tx("accountant", (tx) => clearCheque(tx, fresh.chequeId ?? "", localDate("2026-06-18")));
  expect([cleared.status, cleared.clearedOn]).toEqual(["cleared", "2026-06-18"]);
  expect(await broken(town)).toEqual([]);
});

test("what the bank statement proves clears cheques and advices, and is taken back with its match", async () => {
  const town = await payingTown(app);
  const done = await paidByCheque(town, "1000");
  const entryId = done.entryId ?? 0n;
  await town.tx("accountant", (tx) => clearFromBank(tx, [{ entryId, on: localDate("2026-06-25") }]));
  expect((await town.tx("auditor", (tx) => getCheque(tx, done.chequeId ?? ""))).clearedOn).toBe("2026-06-25");
  await town.tx("accountant", (tx) => unclearFromBank(tx, [entryId]));
  expect((await town.tx("auditor", (tx) => getCheque(tx, done.chequeId ?? ""))).status).toBe("delivered");
});

test("a cheque goes stale after three months, is paid anew or lapses after three years; the whole set is booked or nothing", async () => {
  const town = await payingTown(app);
  await town.tx("admin", async (tx) => {
    for (const fy of ["2027-28", "2028-29", "2029-30"]) await openFinancialYear(tx, financialYear(fy));
  });
  const first = await paidByCheque(town, "1000");
  const second = await paidByCheque(town, "2000");
  const young = await paidByCheque(town, "3000", { date: localDate("2026-07-01") });
  const day = localDate("2026-09-15");
  const due = await town.tx("checker", (tx) => chequesDue(tx, day));
  expect(due.map((d) => [d.cheque.number, d.becomes, d.since])).toEqual([
    ["000101", "stale", "2026-09-15"],
    ["000102", "stale", "2026-09-15"],
  ]);
  expect(await town.tx("checker", (tx) => chequesDue(tx, addDays(day, -1)))).toEqual([]);
  const ids = due.map((d) => d.cheque.id);
  const before = await bookMarks(app, town.ulb);
  await expect(town.tx("checker", (tx) => bookChequesDue(tx, day, [...ids, young.chequeId ?? ""]))).rejects.toThrow(
    "CHEQUE_NOT_DUE: cheque 000103 becomes stale on 01/10/2026, not by 15/09/2026",
  );
  expect(await bookMarks(app, town.ulb)).toEqual(before);
  const [entry] = await town.tx("checker", (tx) => bookChequesDue(tx, day, ids));
  const posted = await town.tx("auditor", (tx) => getEntry(tx, entry?.id ?? 0n));
  expect([posted.voucher, posted.lines.map((l) => [l.side, l.account, l.party?.id])]).toEqual([
    "receipt",
    [
      ["debit", BANK, "000101"],
      ["credit", "3508001", "C-0001"],
    ],
  ]);
  await expect(town.tx("checker", (tx) => bookChequesDue(tx, day, ids))).rejects.toThrow(
    /CHEQUE_NOT_DUE: .* becomes lapsed on/,
  );
  const claims = await town.tx("auditor", (tx) => listItems(tx, { kind: "stale" }));
  const claim = claims.find((c) => c.chequeId === first.chequeId);
  const again = await paid(town, {
    ...payment([{ itemId: claim?.id ?? "", amount: rupees("1000") }]),
    kind: "reissue",
    date: localDate("2026-09-20"),
  });
  const cheques = await town.tx("auditor", (tx) => listCheques(tx));
  expect(cheques.map((c) => [c.number, c.status])).toEqual([
    ["000104", "issued"],
    ["000103", "issued"],
    ["000102", "stale"],
    ["000101", "reissued"],
  ]);
  expect(await broken(town)).toEqual([]);
  await town.tx("checker", (tx) =>
    cancelPayment(tx, again.id, again.version, "payee moved away", localDate("2026-09-21")),
  );
  expect((await town.tx("auditor", (tx) => getCheque(tx, first.chequeId ?? ""))).status).toBe("stale");
  const later = localDate("2029-09-15");
  const lapsing = (await town.tx("checker", (tx) => chequesDue(tx, later))).filter((d) => d.becomes === "lapsed");
  expect(lapsing.map((d) => [d.cheque.number, formatIndian(d.open)])).toEqual([
    ["000101", "1,000.00"],
    ["000102", "2,000.00"],
  ]);
  await town.tx("checker", (tx) =>
    bookChequesDue(
      tx,
      later,
      lapsing.map((d) => d.cheque.id),
    ),
  );
  expect(await town.tx("auditor", (tx) => accountBalance(tx, "1805002", later))).toBe(rupees("-3000"));
  expect(await town.tx("auditor", (tx) => accountBalance(tx, "3508001", later))).toBe(0n);
  expect((await town.tx("auditor", (tx) => getCheque(tx, second.chequeId ?? ""))).status).toBe("lapsed");
  expect(await broken(town)).toEqual([]);
});

test("after how many months a cheque is stale is a setting of the ULB", async () => {
  const town = await payingTown(app);
  await paidByCheque(town, "1000");
  await town.tx("admin", async (tx) =>
    setPayableSettings(tx, { ...(await payableSettings(tx)), staleMonths: 6 }, "order of the State"),
  );
  expect(await town.tx("checker", (tx) => chequesDue(tx, localDate("2026-09-15")))).toEqual([]);
  expect(await town.tx("checker", (tx) => chequesDue(tx, localDate("2026-12-15")))).toHaveLength(1);
});

test("deductions are remitted to the authority by their due day, with challan, and never more than is due", async () => {
  const town = await payingTown(app);
  const bill = await passed(
    town,
    repairBill("50000", { asked: { sections: ["TDS-CONTRACTOR"], advances: [], others: [] } }),
  );
  const [due] = await town.tx("auditor", (tx) => remittancesDue(tx, localDate("2026-07-10")));
  expect([due?.code, due?.section, due?.dueOn, due && formatIndian(due.open), due?.payee, due?.daysLate]).toEqual([
    "TDS-CONTRACTOR",
    "393(1)",
    "2026-07-07",
    "1,000.00",
    "Income Tax Department",
    3,
  ]);
  expect(
    (await town.tx("auditor", (tx) => recoveryAgeing(tx, localDate("2026-07-10")))).map((a) => [a.account, a.to30]),
  ).toEqual([["3502025", rupees("1000")]]);
  const item = await itemOf(town, bill, "recovery");
  const remit = (amount: string) => ({
    ...payment([{ itemId: item.id, amount: rupees(amount) }]),
    kind: "remittance" as const,
    date: localDate("2026-07-06"),
  });
  await expect(make(town, remit("1000.01"))).rejects.toThrow("PAYMENT_EXCEEDS_PAYABLE");
  await expect(make(town, { ...remit("1000"), mode: "transfer" })).rejects.toThrow("PAYEE_MISSING");
  const done = await paid(town, { ...remit("1000"), mode: "transfer", payeeParty: AUTHORITY });
  expect(done.payee).toBe("Income Tax Department");
  const challan = await town.tx("accountant", (tx) =>
    recordChallan(tx, done.id, { number: "BSR 0510002 / 00123", date: localDate("2026-07-06") }),
  );
  expect(challan.challanNumber).toBe("BSR 0510002 / 00123");
  expect(await town.tx("auditor", (tx) => remittancesDue(tx, localDate("2026-07-10")))).toEqual([]);
  await expect(make(town, remit("1000"))).rejects.toThrow(
    /^PAYMENT_EXCEEDS_PAYABLE: 1,000\.00 cannot be paid for 393\(1\) .*: it is settled in full already/,
  );
  expect(await broken(town)).toEqual([]);
});

test("a deposit comes in, becomes a security deposit, is forfeited in part by order and refunded; an early lapse is refused", async () => {
  const town = await payingTown(app);
  const { itemId } = await town.tx("accountant", (tx) =>
    receiveDeposit(tx, {
      sort: "emd",
      party: CONTRACTOR,
      date: localDate("2026-05-02"),
      amount: rupees("10000"),
      bank: BANK,
      what: "EMD for tender 12/2026, DD 445566 of Canara Bank",
    }),
  );
  const ask = (kind: "forfeit" | "lapse" | "convert", id: string, amount: string, day = "2026-06-01") =>
    town.tx("accountant", (tx) =>
      orderOnDeposit(tx, {
        kind,
        itemId: id,
        amount: rupees(amount),
        date: localDate(day),
        reason: "order 17 of the commissioner",
      }),
    );
  await expect(ask("lapse", itemId, "10000")).rejects.toThrow(/may lapse from 02\/05\/2029/);
  const convert = await ask("convert", itemId, "10000");
  await expect(ask("forfeit", itemId, "1")).rejects.toThrow("PAYMENT_EXCEEDS_PAYABLE");
  await expect(
    inTransaction(app, town.as("checker", "accountant"), (tx) => decideOrder(tx, convert.id, { approve: true })),
  ).rejects.toThrow("MAKER_IS_CHECKER");
  await town.tx("checker", (tx) => decideOrder(tx, convert.id, { approve: true }));
  const [security] = await town.tx("auditor", (tx) => listItems(tx, { kind: "deposit" }));
  expect([security?.account, security?.code, security?.open]).toEqual(["3401003", "security", rupees("10000")]);
  const forfeit = await ask("forfeit", security?.id ?? "", "4000");
  await town.tx("checker", (tx) => decideOrder(tx, forfeit.id, { approve: true }));
  expect(await town.tx("auditor", (tx) => accountBalance(tx, "1801001", localDate("2026-06-30")))).toBe(
    rupees("-4000"),
  );
  const refund = (amount: string) => ({
    ...payment([{ itemId: security?.id ?? "", amount: rupees(amount) }]),
    kind: "deposit" as const,
  });
  await expect(make(town, refund("6000.01"))).rejects.toThrow(
    "PAYMENT_EXCEEDS_PAYABLE: 6,000.01 is more than is payable for EMD for tender 12/2026, DD 445566 of Canara Bank, now a security deposit (Shri Balaji Constructions): 6,000.00; pay at most that",
  );
  await paid(town, refund("6000"));
  await expect(make(town, refund("0.01"))).rejects.toThrow("it is settled in full already");
  expect(await town.tx("auditor", (tx) => listItems(tx, { kind: "deposit" }))).toEqual([]);
  expect(await broken(town)).toEqual([]);
});

test("an advance is outstanding until it is adjusted or given back; a payment of it is cancelled only while it is untouched", async () => {
  const town = await payingTown(app);
  const done = await paid(town, {
    ...payment([]),
    kind: "advance",
    advance: { party: HOLDER, purpose: "imprest", what: "imprest of the water works", amount: rupees("5000") },
  });
  const [item] = await town.tx("auditor", (tx) => listItems(tx, { kind: "advance" }));
  expect([item?.account, item?.open, item?.name]).toEqual(["4605003", rupees("5000"), "Ravi Kumar"]);
  const give = (amount: string) =>
    town.tx("accountant", (tx) =>
      refundAdvance(tx, {
        itemId: item?.id ?? "",
        amount: rupees(amount),
        date: localDate("2026-06-20"),
        bank: "4501001",
        what: "unspent",
      }),
    );
  await give("2000");
  await expect(give("3000.01")).rejects.toThrow(
    "ADVANCE_EXCEEDS_OUTSTANDING: 3,000.01 cannot be recovered from imprest of the water works: 3,000.00 is outstanding",
  );
  await expect(
    town.tx("checker", (tx) => cancelPayment(tx, done.id, done.version, "not needed", localDate("2026-06-21"))),
  ).rejects.toThrow("BILL_NOT_UNPAID");
  // Spent and accounted for: the bill takes the rest of the imprest and pays nothing.
  const bill = await passed(
    town,
    repairBill("3000", {
      kind: "other",
      party: HOLDER,
      asked: { sections: [], advances: [{ itemId: item?.id ?? "", amount: "3000" }], others: [] },
    }),
  );
  expect(bill.net).toBe(0n);
  expect(await town.tx("auditor", (tx) => listItems(tx, { kind: "advance" }))).toEqual([]);
  expect(await broken(town)).toEqual([]);
  expect((await town.tx("auditor", (tx) => getPayment(tx, done.id))).status).toBe("issued");
});

test("what another voucher posted on a control account stands beside the register until it is taken over, and is then paid here", async () => {
  const town = await payingTown(app);
  const post = (id: string, party: { type: string; id: string } | undefined) =>
    town.tx("accountant", (tx) =>
      postEntry(tx, {
        voucher: "opening",
        date: localDate("2026-04-01"),
        narration: "Opening balances",
        source: { type: "import", id },
        lines: [dr("3101001", rupees("800")), cr("3501002", rupees("800"), party ? { party } : {})],
      }),
    );
  const opening = await post("o-1", CONTRACTOR);
  const nameless = await post("o-2", undefined);
  const ties = await town.tx("auditor", (tx) => payableTies(tx, localDate("2026-06-30")));
  expect(ties.map((t) => [t.account, t.partyId, t.ledger, t.register, t.direct, t.difference])).toEqual([
    ["3501002", "", rupees("800"), 0n, rupees("800"), 0n],
    ["3501002", "C-0001", rupees("800"), 0n, rupees("800"), 0n],
  ]);
  await expect(town.tx("accountant", (tx) => takeOverEntry(tx, nameless.id))).rejects.toThrow("it names no party");
  const [item] = await town.tx("accountant", (tx) => takeOverEntry(tx, opening.id));
  await expect(town.tx("accountant", (tx) => takeOverEntry(tx, opening.id))).rejects.toThrow(
    "it is in the register already",
  );
  await paid(town, payment([{ itemId: item?.id ?? "", amount: rupees("800") }]));
  expect(await broken(town)).toEqual([]);
});
