import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../billing/testing.ts";
import {
  closeCounterSession,
  depositInstruments,
  dishonour,
  openCounterSession,
  receiveAtCounter,
  type Receipt,
} from "../collections/index.ts";
import { testCity, testClock } from "../collections/testing.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot, type Ulb } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { brs } from "./brs-read.ts";
import { confirmProposal } from "./by-hand.ts";
import { reconcile, type ReconcileReport } from "./reconcile.ts";
import { bankLines, importStatement } from "./statements.ts";
import { BANK, statementCsv, type BankRow } from "./testing.ts";

const clock = testClock("2026-06-01T05:00:00Z");
const app = await testApp({ clock });

test("what the counter took reaches the bank: transfer by UTR, cheques leaf by leaf, cash by its slip, a return by its number", async () => {
  const city = await testCity(app, new Map<string, Ulb>(), { startsOn: localDate("2026-04-01") });
  const consumer = await city.tx("accountant", async (tx) => {
    await addBankAccount(tx, {
      account: BANK,
      bank: "State Bank of India",
      name: "Main account",
      number: "00000012345678",
    });
    const made = await testConsumer(tx);
    await testDemand(tx, made, "50000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return made;
  });
  const day = localDate("2026-06-01");
  const cheques = await city.tx("cashier", async (tx) => {
    const session = await openCounterSession(tx, { counter: "Ward office 1" });
    let forms = 0;
    const receive = (amount: string, tender: Parameters<typeof receiveAtCounter>[1]["tender"]): Promise<Receipt> =>
      receiveAtCounter(tx, {
        sessionId: session.id,
        consumerId: consumer.id,
        amount: rupees(amount),
        tender,
        idempotencyKey: `form-000${++forms}`,
      });
    await receive("500.00", { kind: "cash" });
    await receive("300.00", { kind: "cash" });
    await receive("1234.00", { kind: "bank-transfer", utr: "HDFCN26152000042", date: day });
    const leaves = [
      await receive("5400.00", { kind: "cheque", number: "000321", bank: "110002003", date: day }),
      await receive("5400.00", { kind: "cheque", number: "000322", bank: "110002003", date: day }),
    ];
    await closeCounterSession(tx, session.id, { "500": 1, "100": 3 });
    await depositInstruments(tx, { kind: "cash", slipNumber: "DS/2026/0001", date: day });
    await depositInstruments(tx, { kind: "cheques", slipNumber: "DS/2026/0002", date: day });
    return leaves;
  });
  clock.set("2026-06-05T05:00:00Z");
  await city.tx("accountant", (tx) =>
    dishonour(tx, {
      instrumentId: cheques[1]?.instrument.id ?? "",
      date: localDate("2026-06-05"),
      reason: "funds insufficient",
      bankCharge: rupees("118.00"),
      payerCharge: rupees("0.00"),
    }),
  );
  const rows: BankRow[] = [
    ["2026-06-01", "800.00", "BY CASH DS/2026/0001"],
    ["2026-06-01", "1234.00", "NEFT CR-HDFC0000123-PAYER-HDFCN26152000042"],
    ["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"],
    ["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000322"],
    ["2026-06-05", "-5400.00", "CHQ DEP RET- FUNDS INSUFFICIENT-000322"],
    ["2026-06-05", "-118.00", "CHQ RTN CHARGES"],
  ];
  const report: ReconcileReport = await city.tx("accountant", async (tx) => {
    await importStatement(tx, { account: BANK, csv: statementCsv("0.00", rows), fileName: "june.csv" });
    return reconcile(tx, BANK);
  });
  const passes = report.confirmed.map((m) => m.pass).sort();
  expect(passes).toEqual(["P1", "P1", "P1", "P1", "P1c"]);
  // The charge carries no reference: it is proposed by its amount, and a person says yes.
  expect(report.proposed).toMatchObject([{ pass: "P5" }]);
  expect(report.exceptions).toEqual([]);
  await city.tx("accountant", (tx) =>
    confirmProposal(tx, {
      account: BANK,
      lines: report.proposed[0]?.lines ?? [],
      items: report.proposed[0]?.items ?? [],
    }),
  );
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(await bankLines(read, { account: BANK, from: day, to: localDate("2026-06-30"), open: true })).toEqual([]);
    const end = await brs(read, BANK, localDate("2026-06-30"));
    expect([toRupees(end.bookBalance), toRupees(end.statementBalance), end.groups, end.isProved]).toEqual([
      "7316.00",
      "7316.00",
      [],
      true,
    ]);
    // Two days earlier the cheques were deposited and not yet credited.
    const earlier = await brs(read, BANK, localDate("2026-06-02"));
    expect(earlier.groups.map((g) => [g.key, toRupees(g.total), g.details.map((d) => d.reference)])).toEqual([
      ["cheques-deposited", "-10800.00", ["000321", "000322"]],
    ]);
    expect(earlier.isProved).toBe(true);
  });
});
