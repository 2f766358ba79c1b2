import {
  addRecurring,
  cr,
  dr,
  draftBill,
  handInImport,
  importBudget,
  postEntries,
  postEntry,
  preparePayment,
  receiveDeposit,
  seal,
  setApprovalLimit,
  setVoucherRules,
  submitBill,
} from "../ledger/index.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import {
  AUTHORITY,
  BANK,
  CONTRACTOR,
  furnish,
  itemOf,
  paid,
  passed,
  payment,
  repairBill,
  SUPPLIER,
} from "../ledger/payables/testing.ts";
import { asset, done, enter, enterClasses } from "../ledger/registers/testing.ts";
import type { TestUlb } from "../ledger/testing.ts";
import { entryOf, YEAR } from "../reports/testing-books.ts";

/** Addresses of things that the prepared office holds. */
export type Office = {
  readonly bill: string;
  readonly draftBill: string;
  readonly cheque: string;
  readonly transfer: string;
  readonly waitingPayment: string;
  readonly act: string;
  readonly importDraft: string;
};

const BUDGET = `fy,budget_head,account_prefix,function,fund,version,amount,sanction,date
2026-27,E-2305,2305,,01,original,25000.00,Council 12/2026,2026-03-28
2026-27,E-2101,2101,,01,original,960000.00,Council 12/2026,2026-03-28
2026-27,R-1100,1100,,01,original,1800000.00,Council 12/2026,2026-03-28
2026-27,E-2101,2101,,01,revised,990000.00,Council 40/2026,2026-07-01
`;

/** Fills a town with what an accounts office has in July: a year of books, bills, payments, cheques, registers, a budget, files handed in. */
export async function furnishOffice(town: TestUlb): Promise<Office> {
  await furnish(town);
  await town.tx("accountant", async (tx) => {
    await postEntry(tx, {
      voucher: "opening",
      date: localDate("2025-04-01"),
      narration: "Opening balances as audited",
      source: { type: "opening-balance", id: "2025-26" },
      lines: [
        dr("4502101", rupees("940000")),
        dr("4506101", rupees("500000")),
        dr("4101001", rupees("300000")),
        dr("4311001", rupees("100000")),
        cr("3202004", rupees("500000")),
        cr("3305001", rupees("800000")),
        cr("3101001", rupees("540000")),
      ],
    });
    await postEntries(tx, YEAR.filter((entry) => entry > "2025-04-02").map(entryOf));
  });
  await town.tx("system", (tx) => seal(tx));
  await town.tx("admin", async (tx) => {
    await setApprovalLimit(tx, {
      role: "checker",
      voucherType: "payment",
      from: localDate("2025-04-01"),
      upTo: rupees("500000"),
    });
    await setVoucherRules(tx, {
      from: localDate("2025-04-01"),
      secondSignatureAbove: rupees("200000"),
      backDateDays: 30,
    });
    const budget = await importBudget(tx, BUDGET);
    if (budget.status !== "imported") throw new Error(JSON.stringify(budget.problems));
  });

  const deducted = { sections: ["TDS-CONTRACTOR"], retentionPercent: "5", advances: [], others: [] };
  const road = await passed(town, repairBill("118000", { asked: deducted }));
  const drain = await passed(
    town,
    repairBill("42500.50", { narration: "Desilting of the main drain before the monsoon" }),
  );
  const bulbs = await passed(
    town,
    repairBill("9600", { kind: "supplier", party: SUPPLIER, narration: "LED street lights, 24 pieces" }),
  );
  const made = await town.tx("accountant", async (tx) => {
    const waiting = await draftBill(tx, repairBill("15000", { narration: "Whitewash of the ward office" }));
    await submitBill(tx, waiting.id, waiting.version);
    const draft = await draftBill(tx, repairBill("7750", { narration: "Repair of the hand pump at Hill Colony" }));
    return draft.id;
  });
  const [one, two, three] = [await itemOf(town, road), await itemOf(town, drain), await itemOf(town, bulbs)];
  const byCheque = await paid(town, payment([{ itemId: one.id, amount: rupees("50000") }]));
  const byTransfer = await paid(
    town,
    payment(
      [
        { itemId: two.id, amount: two.open },
        { itemId: three.id, amount: rupees("5000") },
      ],
      { mode: "transfer" },
    ),
  );
  const waitingPayment = await town.tx("accountant", (tx) =>
    preparePayment(tx, payment([{ itemId: three.id, amount: rupees("4600") }])),
  );
  await town.tx("accountant", async (tx) => {
    await receiveDeposit(tx, {
      sort: "emd",
      party: CONTRACTOR,
      date: localDate("2026-05-02"),
      amount: rupees("10000"),
      bank: BANK,
      what: "Tender 12/2026",
    });
    await addRecurring(tx, {
      title: "Rent of the godown",
      voucher: "journal",
      narration: "Rent of the godown",
      lines: [dr("2201001", rupees("8000"), { function: "00" }), cr("3501001", rupees("8000"))],
      every: "month",
      dayOfMonth: 5,
      startsOn: localDate("2026-04-01"),
      endsOn: null,
    });
  });
  await paid(
    town,
    payment(undefined, {
      kind: "advance",
      advance: { party: AUTHORITY, purpose: "other", what: "Shifting of electric poles", amount: rupees("25000") },
    }),
  );

  await enterClasses(town);
  await enter(town, "grant", "G-1");
  await enter(town, "loan", "L-1");
  await enter(town, "investment", "I-1");
  await enter(town, "work", "W-1");
  await enter(town, "deposit-work", "D-1");
  const received = await done(town, "grant-receipt", "G-1", { date: "2026-05-01", amount: "400000", mode: "post" });
  await done(town, "asset-purchase", "", asset("V-1", "VEHICLE", "90000", "2026-06-01", { name: "Water tanker" }));
  const importDraft = await town.tx("accountant", (tx) =>
    handInImport(tx, {
      kind: "vouchers",
      fileName: "june.csv",
      content: Buffer.from(
        "voucher,date,type,side,code,amount,function\nV-1,2026-06-02,Receipt,Dr,4501001,10.00,\nV-1,2026-06-02,Receipt,Cr,1501101,9.00,02\n",
      ),
      options: {},
    }),
  );
  return {
    bill: road.id,
    draftBill: made,
    cheque: byCheque.id,
    transfer: byTransfer.id,
    waitingPayment: waitingPayment.id,
    act: received.id,
    importDraft,
  };
}
