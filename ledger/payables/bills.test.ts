import { expect, test } from "vitest";
import { getEntry } from "../entries.ts";
import { localDate, period, type Period } from "../kernel/dates.ts";
import { formatIndian, rupees } from "../kernel/money.ts";
import { inTransaction } from "../kernel/tx.ts";
import { bookMarks, testApp } from "../testing.ts";
import { accountBalance, checklist, scopeOfMonth, setPartyStatus } from "../index.ts";
import {
  cancelBill,
  draftBill,
  listBills,
  listItems,
  passBill,
  payableCloseChecks,
  payableTies,
  preparePayment,
  previewBill,
  rejectBill,
  sendBillBack,
  submitBill,
} from "./index.ts";
import { CONTRACTOR, DAY, EMPLOYEE, HOLDER, itemOf, paid, passed, payingTown, payment, repairBill } from "./testing.ts";

const app = await testApp();

test("passing a works bill posts the gross, each deduction and the payable in one entry, and opens each in the register", async () => {
  const town = await payingTown(app);
  const advance = await paid(town, {
    ...payment([]),
    kind: "advance",
    advance: { party: CONTRACTOR, purpose: "contractor", what: "mobilisation advance", amount: rupees("80000") },
  });
  const [outstanding] = await town.tx("auditor", (tx) => listItems(tx, { kind: "advance" }));
  const bill = await passed(
    town,
    repairBill("590000", {
      gst: rupees("90000"),
      contractRef: "W-12/2026",
      contractValue: rupees("2000000"),
      lines: [{ account: "4121000", amount: rupees("590000"), scheme: undefined }],
      asked: {
        sections: ["TDS-CONTRACTOR", "GST-TDS-CGST", "GST-TDS-SGST", "BOCW"],
        retentionPercent: "5",
        advances: [{ itemId: outstanding?.id ?? "", amount: "50000" }],
        others: [],
      },
    }),
  );
  expect(advance.status).toBe("issued");
  expect([bill.status, formatIndian(bill.net), bill.registerNumber]).toEqual([
    "passed",
    "4,90,000.00",
    "PB/2026-27/000001",
  ]);
  const entry = await town.tx("auditor", (tx) => getEntry(tx, bill.entryId ?? 0n));
  expect(entry.lines.map((l) => [l.side, l.account, formatIndian(l.amount), l.party?.id])).toEqual([
    ["debit", "4121000", "5,90,000.00", undefined],
    ["credit", "3502025", "10,000.00", "C-0001"],
    ["credit", "3503008", "5,000.00", "C-0001"],
    ["credit", "3503009", "5,000.00", "C-0001"],
    ["credit", "3502064", "5,000.00", "C-0001"],
    ["credit", "3401002", "25,000.00", "C-0001"],
    ["credit", "4604002", "50,000.00", "C-0001"],
    ["credit", "3501002", "4,90,000.00", "C-0001"],
  ]);
  const items = await town.tx("auditor", (tx) => listItems(tx, { billId: bill.id }));
  expect(items.map((i) => [i.kind, i.code, formatIndian(i.open), i.dueOn]).sort()).toEqual([
    ["creditor", "contractor", "4,90,000.00", null],
    ["deposit", "retention", "25,000.00", null],
    ["recovery", "BOCW", "5,000.00", "2026-07-15"],
    ["recovery", "GST-TDS-CGST", "5,000.00", "2026-07-10"],
    ["recovery", "GST-TDS-SGST", "5,000.00", "2026-07-10"],
    ["recovery", "TDS-CONTRACTOR", "10,000.00", "2026-07-07"],
  ]);
  expect((await town.tx("auditor", (tx) => listItems(tx, { kind: "advance" })))[0]?.open).toBe(rupees("30000"));
  expect((await town.tx("auditor", (tx) => payableTies(tx, DAY))).filter((t) => t.difference !== 0n)).toEqual([]);
});

test("nobody passes his own bill, and the refusal leaves nothing", async () => {
  const town = await payingTown(app);
  const bill = await town.tx("accountant", async (tx) => {
    const draft = await draftBill(tx, repairBill("1000"));
    return submitBill(tx, draft.id, draft.version);
  });
  const before = await bookMarks(app, town.ulb);
  for (const step of [
    () => inTransaction(app, town.as("checker", "accountant"), (tx) => passBill(tx, bill.id, bill.version, DAY)),
    () =>
      inTransaction(app, town.as("checker", "accountant"), (tx) => rejectBill(tx, bill.id, bill.version, "not due")),
    () =>
      inTransaction(app, town.as("checker", "accountant"), (tx) =>
        sendBillBack(tx, bill.id, bill.version, "look again"),
      ),
  ])
    await expect(step()).rejects.toThrow(/^MAKER_IS_CHECKER: accountant@test made/);
  expect(await bookMarks(app, town.ulb)).toEqual(before);
  // The table keeps the rule, whoever writes it.
  await expect(
    town.tx("admin", (tx) =>
      tx.query("update ledger.bills set status = 'rejected', decided_by = created_by where ulb_id = :ulb", {
        ulb: tx.ulb.id,
      }),
    ),
  ).rejects.toThrow("bill_maker_is_not_checker");
});

test("the same bill of a party is refused the second time and shows the first; refused or cancelled it may come again", async () => {
  const town = await payingTown(app);
  const input = repairBill("1180.50", { number: "INV/17" });
  await passed(town, input);
  await expect(town.tx("accountant", (tx) => draftBill(tx, { ...input, number: " inv/17 " }))).rejects.toThrow(
    "BILL_DUPLICATE: bill inv/17 of C-0001 is there already: 1,180.50, dated 01/06/2026, passed (PB/2026-27/000001); a bill is taken in once",
  );
  const [bill] = await town.tx("auditor", (tx) => listBills(tx, { status: "passed" }));
  await town.tx("checker", (tx) => cancelBill(tx, bill?.id ?? "", bill?.version ?? 0, "billed to another ULB", DAY));
  const again = await town.tx("accountant", (tx) => draftBill(tx, input));
  expect(again.status).toBe("draft");
});

test("of two people with the same bill at the same time, one is refused", async () => {
  const town = await payingTown(app);
  const input = repairBill("500");
  const results = await Promise.allSettled([
    inTransaction(app, town.as("accountant", "one"), (tx) => draftBill(tx, input)),
    inTransaction(app, town.as("accountant", "two"), (tx) => draftBill(tx, input)),
  ]);
  expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(String((results.find((r) => r.status === "rejected") as PromiseRejectedResult).reason)).toContain(
    "BILL_DUPLICATE",
  );
});

test("a bill sent back is a draft with the reason; submitted again it keeps its number in the register", async () => {
  const town = await payingTown(app);
  const submit = (id: string, version: number) => town.tx("accountant", (tx) => submitBill(tx, id, version));
  const draft = await town.tx("accountant", (tx) => draftBill(tx, repairBill("1000")));
  const first = await submit(draft.id, draft.version);
  const back = await town.tx("checker", (tx) =>
    sendBillBack(tx, first.id, first.version, "measurement book is missing"),
  );
  expect([back.status, back.decisionReason]).toEqual(["draft", "measurement book is missing"]);
  const second = await submit(back.id, back.version);
  expect(second.registerNumber).toBe(first.registerNumber);
  await expect(town.tx("checker", (tx) => passBill(tx, second.id, first.version, DAY))).rejects.toThrow("BILL_CHANGED");
  const rejected = await town.tx("checker", (tx) => rejectBill(tx, second.id, second.version, "work not done"));
  expect(rejected.status).toBe("rejected");
  await expect(town.tx("checker", (tx) => passBill(tx, second.id, rejected.version, DAY))).rejects.toThrow(
    /BILL_STATUS: bill .* is rejected; it cannot be passed/,
  );
});

test("TDS looks at the party's other bills of the year; a bill computed before they were passed goes back", async () => {
  const town = await payingTown(app);
  const tds = { asked: { sections: ["TDS-CONTRACTOR"], advances: [], others: [] } };
  const waiting = await town.tx("accountant", async (tx) => {
    const draft = await draftBill(tx, repairBill("25000", tds));
    return submitBill(tx, draft.id, draft.version);
  });
  expect(waiting.deductions).toEqual([]);
  for (let i = 0; i < 4; i += 1) await passed(town, repairBill("20000", tds));
  await expect(town.tx("checker", (tx) => passBill(tx, waiting.id, waiting.version, DAY))).rejects.toThrow(
    /DEDUCTIONS_CHANGED: TDS-CONTRACTOR of bill .* was computed as 0.00 and is 2,100.00 today/,
  );
  const last = await passed(town, repairBill("25000", tds));
  expect(last.deductions.map((d) => [formatIndian(d.base), formatIndian(d.amount)])).toEqual([
    ["1,05,000.00", "2,100.00"],
  ]);
  const next = await town.tx("accountant", (tx) => previewBill(tx, repairBill("1000", tds)));
  expect(next.deductions.map((d) => formatIndian(d.amount))).toEqual(["20.00"]);
});

test("a pay bill owes each employee his net and each recovery with his name; an advance is taken from his pay", async () => {
  const town = await payingTown(app);
  await paid(town, {
    ...payment([]),
    kind: "advance",
    advance: { party: EMPLOYEE, purpose: "employee", what: "festival advance", amount: rupees("5000") },
  });
  const [advance] = await town.tx("auditor", (tx) => listItems(tx, { kind: "advance" }));
  const bill = await passed(
    town,
    repairBill("85000", {
      kind: "salary",
      party: HOLDER,
      number: "PAY-06/2026",
      narration: "Pay bill of June 2026, accounts office",
      lines: [
        { account: "2101001", amount: rupees("70000"), function: "03" },
        { account: "2101002", amount: rupees("15000"), function: "03" },
      ],
      payees: [
        {
          party: EMPLOYEE,
          gross: "45000",
          deductions: [
            { code: "PF", amount: "4500" },
            { code: "PT", amount: "200" },
            { itemId: advance?.id ?? "", amount: "1000" },
          ],
        },
        { party: HOLDER, gross: "40000", deductions: [{ code: "PF", amount: "4000" }] },
      ],
    }),
  );
  const items = await town.tx("auditor", (tx) => listItems(tx, { billId: bill.id }));
  expect(items.map((i) => [i.kind, i.account, i.party.id, formatIndian(i.open)]).sort()).toEqual([
    ["creditor", "3501101", "E-0001", "39,300.00"],
    ["creditor", "3501101", "E-0002", "36,000.00"],
    ["recovery", "3502001", "E-0001", "4,500.00"],
    ["recovery", "3502001", "E-0002", "4,000.00"],
    ["recovery", "3502004", "E-0001", "200.00"],
  ]);
  const wrong = repairBill("100", { kind: "salary", payees: [{ party: EMPLOYEE, gross: "99.50", deductions: [] }] });
  await expect(town.tx("accountant", (tx) => previewBill(tx, wrong))).rejects.toThrow(
    "PAYEES_DIFFER: the payees' gross pay adds up to 99.50, the bill to 100.00; difference 0.50",
  );
});

test("a bill is cancelled by reversal while it is wholly unpaid; its advance is outstanding again", async () => {
  const town = await payingTown(app);
  const bill = await passed(town, repairBill("1000"));
  const item = await itemOf(town, bill);
  const payer = await paid(town, payment([{ itemId: item.id, amount: rupees("400") }]));
  await expect(town.tx("checker", (tx) => cancelBill(tx, bill.id, bill.version, "wrong party", DAY))).rejects.toThrow(
    /BILL_NOT_UNPAID: .* only 600.00 is still open/,
  );
  expect(payer.status).toBe("issued");
  const other = await passed(town, repairBill("700"));
  await expect(
    inTransaction(app, town.as("checker", "accountant"), (tx) =>
      cancelBill(tx, other.id, other.version, "wrong party", DAY),
    ),
  ).rejects.toThrow("MAKER_IS_CHECKER");
  const cancelled = await town.tx("checker", (tx) => cancelBill(tx, other.id, other.version, "wrong party", DAY));
  expect([cancelled.status, cancelled.cancelReason]).toEqual(["cancelled", "wrong party"]);
  expect(await town.tx("auditor", (tx) => accountBalance(tx, "3501002", localDate("2026-06-30")))).toBe(rupees("-600"));
  expect(
    (await town.tx("auditor", (tx) => payableTies(tx, localDate("2026-06-30")))).filter((t) => t.difference !== 0n),
  ).toEqual([]);
});

test("a bill of a blacklisted party is refused", async () => {
  const town = await payingTown(app);
  await town.tx("admin", (tx) =>
    setPartyStatus(tx, "contractor", "C-0001", "blacklisted", {
      from: localDate("2026-06-01"),
      reason: "order of the commissioner",
    }),
  );
  await expect(town.tx("accountant", (tx) => draftBill(tx, repairBill("100")))).rejects.toThrow("PARTY_BARRED");
});

test("a month with papers that nobody decided is not closed: bills, payments and orders of its days are counted with their figures", async () => {
  const town = await payingTown(app);
  const may = period("2026-05");
  const june = period("2026-06");
  const ask = async (month: Period) =>
    (await town.tx("accountant", (tx) => checklist(tx, scopeOfMonth(month), payableCloseChecks))).items.find(
      (i) => i.item.id === "M-02",
    );
  const draft = await town.tx("accountant", (tx) => draftBill(tx, repairBill("7000")));
  expect((await ask(june))?.problems).toEqual([]);
  const waiting = await town.tx("accountant", (tx) => submitBill(tx, draft.id, draft.version));
  const item = await itemOf(town, await passed(town, repairBill("1000")));
  await town.tx("accountant", (tx) => preparePayment(tx, payment([{ itemId: item.id, amount: rupees("400") }])));
  expect((await ask(june))?.problems.map((p) => `${p.code}: ${p.message}`)).toEqual([
    "BILLS_WAITING: 1 bills received by 30/06/2026 wait for a decision, 7,000.00 together",
    "PAYMENTS_WAITING: 1 payments dated by 30/06/2026 wait for a decision, 400.00 together",
  ]);
  expect((await ask(june))?.refuses).toBe(true);
  expect((await ask(may))?.problems).toEqual([]);
  await town.tx("checker", (tx) => sendBillBack(tx, waiting.id, waiting.version, "measurement book is missing"));
  expect((await ask(june))?.problems.map((p) => p.code)).toEqual(["PAYMENTS_WAITING"]);
});

test("a deduction that is due and not remitted stands open in the month of its day, with the figure and to whom; it warns", async () => {
  const town = await payingTown(app);
  await passed(
    town,
    repairBill("100000", { asked: { sections: ["TDS-CONTRACTOR"], advances: [], others: [] } }),
    localDate("2026-04-20"),
  );
  const ask = async (month: Period) =>
    (await town.tx("accountant", (tx) => checklist(tx, scopeOfMonth(month), payableCloseChecks))).items.find(
      (i) => i.item.id === "M-05",
    );
  expect((await ask(period("2026-04")))?.problems).toEqual([]);
  const found = await ask(period("2026-05"));
  expect([found?.problems.map((p) => p.message), found?.refuses]).toEqual([
    ["TDS-CONTRACTOR, fund 01: 2,000.00 was due on 07/05/2026 to the Income Tax Department and is not remitted"],
    false,
  ]);
});
