import { expect, test } from "vitest";
import {
  bookChequesDue,
  chequesDue,
  clearCheque,
  getAdvice,
  getCheque,
  payableTies,
  returnAdviceLine,
  sendAdvice,
  type Payment,
} from "../ledger/index.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import {
  furnish,
  itemOf,
  paid,
  paidByCheque,
  passed,
  payment,
  repairBill,
  SUPPLIER,
} from "../ledger/payables/testing.ts";
import { testApp } from "../ledger/testing.ts";
import { brs } from "./brs-read.ts";
import { cancelStaleCheque, confirmProposal } from "./by-hand.ts";
import { listMatches } from "./matches.ts";
import { agreeOpening } from "./opening.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { openItems } from "./open-items.ts";
import { bankLines } from "./statements.ts";
import { BANK, bankUlb, type BankUlb } from "./testing.ts";

const app = await testApp();

async function town(): Promise<BankUlb> {
  const made = await bankUlb(app);
  await furnish(made);
  return made;
}
const run = (at: BankUlb) => at.tx("accountant", (tx) => reconcile(tx, BANK));
const chequeOf = (at: BankUlb, of: Payment) => at.tx("auditor", (tx) => getCheque(tx, of.chequeId ?? ""));
const adviceOf = (at: BankUlb, of: Payment) => at.tx("auditor", (tx) => getAdvice(tx, of.adviceId ?? ""));
const open = (at: BankUlb) =>
  inSnapshot(app, at.as("auditor"), (read) => openItems(read, BANK, localDate("2027-03-31")));
/** Group and total of the reconciliation statement, and whether it proves. */
async function groups(at: BankUlb, day: string): Promise<string[]> {
  const found = await inSnapshot(app, at.as("auditor"), (read) => brs(read, BANK, localDate(day)));
  expect(toRupees(found.difference)).toBe("0.00");
  return found.groups.map((g) => `${g.key} ${toRupees(g.total)}`);
}
const lastMatch = async (at: BankUlb): Promise<string> => {
  const [first] = await at.tx("auditor", (tx) => listMatches(tx, BANK));
  return first?.id ?? "";
};
/** Two beneficiaries of one advice, 400.00 and 600.00, already with the bank. */
async function advised(at: BankUlb): Promise<Payment> {
  const one = await itemOf(at, await passed(at, repairBill("400")));
  const two = await itemOf(at, await passed(at, repairBill("600", { kind: "supplier", party: SUPPLIER })));
  const done = await paid(
    at,
    payment(
      [
        { itemId: one.id, amount: rupees("400") },
        { itemId: two.id, amount: rupees("600") },
      ],
      { mode: "transfer" },
    ),
  );
  await at.tx("accountant", (tx) => sendAdvice(tx, done.adviceId ?? "", localDate("2026-06-15")));
  return done;
}

test("a cheque is issued but not presented until the statement shows it; then it is cleared on the bank's day, and un-matching takes that back", async () => {
  const at = await town();
  const done = await paidByCheque(at, "1000");
  await at.bank("0.00", [
    ["2026-06-12", "5000.00", "BY TRF"],
    ["2026-06-22", "-1000.00", "CLG 000101"],
  ]);
  expect(await groups(at, "2026-06-20")).toEqual(["cheques-issued 1000.00", "unidentified-credits 5000.00"]);
  expect((await run(at)).confirmed).toMatchObject([{ pass: "P1" }]);
  expect(await chequeOf(at, done)).toMatchObject({ status: "cleared", clearedOn: "2026-06-22" });
  expect(await groups(at, "2026-06-20")).toContain("cheques-issued 1000.00");
  expect(await groups(at, "2026-06-30")).toEqual(["unidentified-credits 5000.00"]);

  await at.tx("accountant", async (tx) => unmatch(tx, await lastMatch(at), "wrong leaf"));
  expect(await chequeOf(at, done)).toMatchObject({ status: "delivered", clearedOn: null });
  expect(await groups(at, "2026-06-30")).toContain("cheques-issued 1000.00");
  await run(at);
  expect((await chequeOf(at, done)).clearedOn).toBe("2026-06-22");
});

test("a person who matches by hand clears the cheque as well, and one cleared from the pass book keeps its day", async () => {
  const at = await town();
  const byHand = await paidByCheque(at, "1000");
  const known = await paidByCheque(at, "2000");
  await at.tx("accountant", (tx) => clearCheque(tx, known.chequeId ?? "", localDate("2026-06-19")));
  await at.bank("5000.00", [
    ["2026-06-20", "-2000.00", "CLG 000102"],
    ["2026-06-22", "-1000.00", "TO CASH"],
  ]);
  await run(at);
  expect(await chequeOf(at, known)).toMatchObject({ status: "cleared", clearedOn: "2026-06-19" });
  const line = (
    await at.tx("auditor", (tx) =>
      bankLines(tx, { account: BANK, from: localDate("2026-06-22"), to: localDate("2026-06-22") }),
    )
  )[0];
  const item = (await open(at)).find((i) => i.reference === "000101");
  await at.tx("accountant", (tx) =>
    confirmProposal(tx, { account: BANK, lines: [line?.id ?? ""], items: [item?.id ?? ""] }),
  );
  expect(await chequeOf(at, byHand)).toMatchObject({ status: "cleared", clearedOn: "2026-06-22" });
});

test("an advice is cleared when the bank debits it in one sum by its number, or when the last beneficiary's debit is there", async () => {
  const sum = await town();
  const whole = await advised(sum);
  await sum.bank("5000.00", [["2026-06-16", "-1000.00", "BULK NEFT PA202627000001"]]);
  expect((await run(sum)).confirmed).toMatchObject([{ pass: "P1c" }]);
  expect(await adviceOf(sum, whole)).toMatchObject({ status: "cleared", clearedOn: "2026-06-16" });

  const apart = await town();
  const done = await advised(apart);
  await apart.bank("5000.00", [["2026-06-16", "-600.00", "NEFT PA202627000001 NARMADA"]]);
  await run(apart);
  expect((await adviceOf(apart, done)).status).toBe("sent");
  expect(await groups(apart, "2026-06-30")).toContain("other-issued 400.00");
  await apart.bank("4400.00", [["2026-06-17", "-400.00", "NEFT PA202627000001 BALAJI"]], { name: "next.csv" });
  await run(apart);
  expect(await adviceOf(apart, done)).toMatchObject({ status: "cleared", clearedOn: "2026-06-17" });
  await apart.tx("accountant", async (tx) => unmatch(tx, await lastMatch(apart), "not ours"));
  expect(await adviceOf(apart, done)).toMatchObject({ status: "sent", clearedOn: null });
});

test("a transfer that came back meets the bank's debit and credit under the number of its advice", async () => {
  const at = await town();
  const done = await advised(at);
  await at.tx("accountant", (tx) =>
    returnAdviceLine(tx, {
      adviceId: done.adviceId ?? "",
      lineNo: 1,
      date: localDate("2026-06-17"),
      reason: "account closed",
    }),
  );
  await at.bank("5000.00", [
    ["2026-06-16", "-1000.00", "BULK NEFT PA202627000001"],
    ["2026-06-17", "400.00", "NEFT RETURN PA202627000001 ACCOUNT CLOSED"],
  ]);
  await run(at);
  expect(await open(at)).toEqual([]);
  expect((await adviceOf(at, done)).status).toBe("cleared");
});

test("the run of stale cheques skips what the bank paid; what it books leaves the reconciliation with its cheque, and cannot be cancelled there beside the register", async () => {
  const at = await town();
  await paidByCheque(at, "1000");
  const forgotten = await paidByCheque(at, "2000");
  await at.bank("5000.00", [["2026-06-22", "-1000.00", "CLG 000101"]]);
  await run(at);
  const day = localDate("2026-09-20");
  const due = await at.tx("checker", (tx) => chequesDue(tx, day));
  expect(due.map((d) => [d.cheque.number, d.becomes])).toEqual([["000102", "stale"]]);
  const item = (await open(at)).find((i) => i.reference === "000102");
  await expect(
    at.tx("accountant", (tx) => cancelStaleCheque(tx, { account: BANK, item: item?.id ?? "" })),
  ).rejects.toThrow("CHEQUE_IN_REGISTER: cheque 000102 was issued by a payment");
  await at.tx("checker", (tx) => bookChequesDue(tx, day, [forgotten.chequeId ?? ""]));
  await run(at);
  expect(await open(at)).toEqual([]);
  expect((await chequeOf(at, forgotten)).status).toBe("stale");
  expect(await groups(at, "2026-08-31")).toContain("cheques-issued 2000.00");
  expect(await groups(at, "2026-09-30")).not.toContain("cheques-issued 2000.00");
  expect((await at.tx("auditor", (tx) => payableTies(tx, day))).filter((t) => t.difference !== 0n)).toEqual([]);
});

test("cheques inside the agreed opening balance were paid before the first statement", async () => {
  const at = await town();
  const before = await paidByCheque(at, "1000");
  const under = await paidByCheque(at, "500");
  await at.bank("-1000.00", [["2026-07-02", "-5.00", "SMS CHRGS"]]);
  const item = (await open(at)).find((i) => i.reference === "000102");
  await at.tx("accountant", (tx) => agreeOpening(tx, BANK, [item?.id ?? ""]));
  expect((await chequeOf(at, before)).status).toBe("cleared");
  expect((await chequeOf(at, under)).status).toBe("issued");
});
