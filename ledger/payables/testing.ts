// A town that pays: parties, a bank book with cheques, and bills for tests.
import { localDate, type LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { rupees } from "../kernel/money.ts";
import type { App } from "../kernel/tx.ts";
import { testUlb, type TestUlb } from "../testing.ts";
import { addBankBook, addChequeBook, addParty, addTaxSection } from "../masters/index.ts";
import {
  approvePayment,
  draftBill,
  listItems,
  passBill,
  preparePayment,
  submitBill,
  type Bill,
  type BillInput,
  type Item,
  type Payment,
  type PaymentInput,
} from "./index.ts";

export const BANK = "4502101";
export const CONTRACTOR = { type: "contractor", id: "C-0001" } as const;
export const SUPPLIER = { type: "supplier", id: "S-0001" } as const;
export const EMPLOYEE = { type: "employee", id: "E-0001" } as const;
export const HOLDER = { type: "employee", id: "E-0002" } as const;
export const AUTHORITY = { type: "other", id: "O-0001" } as const;
export const DAY = localDate("2026-06-10");

/** Adds the parties, the bank book with leaves 000101 to 000150, and PF and profession tax as sections. */
export async function furnish(town: TestUlb, options: { readonly leaves?: number } = {}): Promise<void> {
  await town.tx("admin", async (tx) => {
    const since = localDate("2025-04-01");
    const bank = (account: string, ifsc: string) => ({
      bankAccount: account,
      bankIfsc: ifsc,
      bankName: "State Bank of India",
    });
    await addParty(tx, {
      ...CONTRACTOR,
      name: "Shri Balaji Constructions",
      pan: "AABFS1234K",
      validFrom: since,
      ...bank("30211445566", "SBIN0000123"),
    });
    await addParty(tx, {
      ...SUPPLIER,
      name: "Narmada Traders",
      pan: "AAACN4321Q",
      validFrom: since,
      ...bank("50100223344", "HDFC0000456"),
    });
    await addParty(tx, { ...EMPLOYEE, name: "Asha Verma", validFrom: since, ...bank("1122334455", "SBIN0000123") });
    await addParty(tx, { ...HOLDER, name: "Ravi Kumar", validFrom: since });
    await addParty(tx, {
      ...AUTHORITY,
      name: "Income Tax Department",
      validFrom: since,
      ...bank("9988776655", "SBIN0000999"),
    });
    await addBankBook(tx, {
      account: BANK,
      bank: "State Bank of India",
      branch: "Main",
      ifsc: "SBIN0000123",
      number: "00000012345678",
      validFrom: since,
    });
    await addChequeBook(tx, {
      account: BANK,
      firstLeaf: 101,
      lastLeaf: 100 + (options.leaves ?? 50),
      receivedOn: since,
    });
    for (const [code, account, description] of [
      ["PF", "3502001", "General provident fund"],
      ["PT", "3502004", "Profession tax"],
    ] as const)
      await addTaxSection(
        tx,
        { code, kind: "other", section: code, description, ratePercent: "10", account, validFrom: since },
        "deductions of the pay bill",
      );
  });
}

export async function payingTown(app: App): Promise<TestUlb> {
  const town = await testUlb(app);
  await furnish(town);
  return town;
}

let bills = 0;
/** A road repair of `gross` rupees without deductions, unless `over` says otherwise. */
export function repairBill(gross: string, over: Partial<BillInput> = {}): BillInput {
  bills += 1;
  return {
    kind: "contractor",
    party: CONTRACTOR,
    number: `RB-${bills}`,
    billDate: localDate("2026-06-01"),
    receivedOn: localDate("2026-06-05"),
    narration: "Repair of by-lane roads, ward 7",
    lines: [{ account: "2305002", amount: rupees(gross), function: "20", ward: "7" }],
    asked: { sections: [], advances: [], others: [] },
    ...over,
  };
}

/** Made by the accountant, passed by the checker. */
export async function passed(town: TestUlb, input: BillInput, on: LocalDate = DAY): Promise<Bill> {
  const bill = await town.tx("accountant", async (tx) => {
    const draft = await draftBill(tx, input);
    return submitBill(tx, draft.id, draft.version);
  });
  return (await town.tx("checker", (tx) => passBill(tx, bill.id, bill.version, on))).bill;
}

/** The item of a bill that is of that kind. */
export async function itemOf(town: TestUlb, bill: Bill, kind: Item["kind"] = "creditor"): Promise<Item> {
  const [item] = await town.tx("auditor", (tx) => listItems(tx, { billId: bill.id, kind, settled: true }));
  invariant(item, `bill ${bill.number} opened a ${kind}`);
  return item;
}

export const payment = (items: PaymentInput["items"], over: Partial<PaymentInput> = {}): PaymentInput => ({
  kind: "bills",
  mode: "cheque",
  account: BANK,
  date: localDate("2026-06-15"),
  items,
  ...over,
});

/** Made by the accountant, approved by the checker. */
export async function paid(town: TestUlb, input: PaymentInput): Promise<Payment> {
  const made = await town.tx("accountant", (tx) => preparePayment(tx, input));
  return (await town.tx("checker", (tx) => approvePayment(tx, made.id, made.version))).payment;
}

/** One bill of that amount, passed and paid by cheque. */
export async function paidByCheque(town: TestUlb, gross: string, over: Partial<PaymentInput> = {}): Promise<Payment> {
  const item = await itemOf(town, await passed(town, repairBill(gross)));
  return paid(town, payment([{ itemId: item.id, amount: rupees(gross) }], over));
}
