import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../billing/testing.ts";
import {
  clearInstruments,
  depositInstruments,
  getReceipt,
  heldAcknowledgements,
  leavesAtBank,
  openCounterSession,
  returnInstrument,
  setCounterPolicy,
  takePayment,
  type TakenPayment,
} from "../collections/index.ts";
import { brokenTies, testCity, testClock } from "../collections/testing.ts";
import { closePeriod } from "../ledger/index.ts";
import { localDate, period } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot, type Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { acceptMatches, bench } from "./bench/index.ts";
import { brs } from "./brs-read.ts";
import { approveResolution, listExceptions, proposeResolution, reconcileAccount } from "./exceptions/index.ts";
import { listMatches } from "./matches.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { importStatement } from "./statements.ts";
import { BANK, statementCsv, type BankRow } from "./testing.ts";

const clock = testClock("2026-06-01T05:00:00Z");
const app = await testApp({ clock });
const day = localDate("2026-06-01");

type Town = TestUlb & {
  /** A cheque that pays as many accounts as there are amounts. */
  take(number: string, ...amounts: string[]): Promise<TakenPayment>;
  deposit(slip: string): Promise<unknown>;
  bank(opening: string, rows: readonly BankRow[], name?: string): Promise<void>;
  /** Number, status and the day of clearing of every leaf, by number. */
  leaves(): Promise<string[]>;
  lastMatch(): Promise<string>;
};

async function town(options: { readonly atRealisation?: boolean; readonly inClearing?: boolean } = {}): Promise<Town> {
  clock.set("2026-06-01T05:00:00Z");
  const city = await testCity(app, new Map<string, Ulb>(), { startsOn: localDate("2026-04-01") });
  const consumers = await city.tx("accountant", async (tx) => {
    await addBankAccount(tx, { account: BANK, bank: "State Bank of India", name: "Main account", number: "12345678" });
    const made = [await testConsumer(tx), await testConsumer(tx)];
    for (const consumer of made)
      await testDemand(tx, consumer, "50000", {
        date: localDate("2026-04-01"),
        periodFrom: localDate("2026-04-01"),
        periodTo: localDate("2026-09-30"),
        dueDate: localDate("2026-09-30"),
      });
    return made.map((c) => c.id);
  });
  if (options.atRealisation)
    await city.tx("admin", (tx) =>
      setCounterPolicy(
        tx,
        { chequeReceipt: "at-realisation", dishonourCharge: rupees("200") },
        "resolution 16 of 2026",
      ),
    );
  if (options.inClearing)
    await city.tx("admin", (tx) => setCounterPolicy(tx, { clearingHeadFrom: day }, "resolution 17 of 2026"));
  const session = await city.tx("cashier", (tx) => openCounterSession(tx, { counter: "Ward office 1" }));
  let forms = 0;
  return {
    ...city,
    take: (number, ...amounts) =>
      city.tx("cashier", (tx) =>
        takePayment(tx, {
          sessionId: session.id,
          consumers: amounts.map((amount, i) => ({ consumerId: consumers[i] ?? "", amount: rupees(amount) })),
          isAnother: true,
          tender: { kind: "cheque", number, bank: "110002003", date: day },
          idempotencyKey: `form-000${++forms}`,
        }),
      ),
    deposit: (slipNumber) =>
      city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cheques", slipNumber, date: day })),
    bank: (opening, rows, name = "june.csv") =>
      city.tx("accountant", async (tx) => {
        await importStatement(tx, { account: BANK, csv: statementCsv(opening, rows), fileName: name });
      }),
    leaves: () =>
      city.tx("auditor", async (tx) =>
        (
          await tx.query<{ says: string }>(
            `select number || ' ' || status || coalesce(' ' || cleared_on, '') as says from collections.instruments
             where ulb_id = :ulb order by number`,
            { ulb: tx.ulb.id },
          )
        ).map((r) => r.says),
      ),
    lastMatch: async () => (await city.tx("auditor", (tx) => listMatches(tx, BANK)))[0]?.id ?? "",
  };
}
const ties = (at: Town) => inSnapshot(app, at.as("auditor"), brokenTies);

test("a deposited cheque is cleared on the bank's day by its match, leaf by leaf or with its slip; un-matching puts it back with the bank", async () => {
  const at = await town();
  await at.take("000321", "5400.00");
  await at.deposit("DS/2026/0001");
  await at.take("000322", "1100.00");
  await at.take("000323", "900.00");
  await at.deposit("DS/2026/0002");
  await at.bank("0.00", [
    ["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"],
    ["2026-06-04", "2000.00", "CLG DEP SLIP DS/2026/0002"],
  ]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await at.leaves()).toEqual([
    "000321 cleared 2026-06-03",
    "000322 cleared 2026-06-04",
    "000323 cleared 2026-06-04",
  ]);
  expect(await at.tx("auditor", leavesAtBank)).toEqual([]);
  const matches = await at.tx("auditor", (tx) => listMatches(tx, BANK));
  const slip = matches.find((m) => m.pass === "P1c");
  await at.tx("accountant", (tx) => unmatch(tx, slip?.id ?? "", "wrong slip"));
  expect(await at.leaves()).toEqual(["000321 cleared 2026-06-03", "000322 deposited", "000323 deposited"]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect((await at.leaves()).slice(1)).toEqual(["000322 cleared 2026-06-04", "000323 cleared 2026-06-04"]);
  expect(await ties(at)).toEqual([]);
});

test("a cheque cleared from the pass book keeps its day, whatever is matched and un-matched after it", async () => {
  const at = await town();
  const { receipts } = await at.take("000321", "5400.00");
  await at.deposit("DS/2026/0001");
  await at.tx("accountant", (tx) => clearInstruments(tx, [receipts[0]?.instrument.id ?? ""], localDate("2026-06-02")));
  await at.bank("0.00", [["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"]]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await at.leaves()).toEqual(["000321 cleared 2026-06-02"]);
  await at.tx("accountant", async (tx) => unmatch(tx, await at.lastMatch(), "to be looked at"));
  expect(await at.leaves()).toEqual(["000321 cleared 2026-06-02"]);
});

test("a cheque that was only acknowledged gets its receipt with the match, and the match is not taken back from under it", async () => {
  const at = await town({ atRealisation: true });
  await at.take("000451", "10000.00");
  await at.deposit("DS/2026/0001");
  await at.bank("0.00", [["2026-06-03", "10000.00", "CHQ DEP - MICR CLG", "0000000000000451"]]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await at.leaves()).toEqual(["000451 cleared 2026-06-03"]);
  expect(await at.tx("auditor", (tx) => heldAcknowledgements(tx))).toEqual([]);
  const [receipt] = await at.tx("auditor", (tx) =>
    tx.query<{ id: string }>("select receipt_id as id from collections.receipts where ulb_id = :ulb", {
      ulb: tx.ulb.id,
    }),
  );
  expect(await at.tx("auditor", (tx) => getReceipt(tx, receipt?.id ?? ""))).toMatchObject({
    valueDate: "2026-06-03",
    amount: rupees("10000.00"),
    status: "issued",
  });
  await expect(at.tx("accountant", async (tx) => unmatch(tx, await at.lastMatch(), "wrong leaf"))).rejects.toThrow(
    "INSTRUMENT_REALISED: cheque 000451 was realised by this match and receipt 2026-27/",
  );
  // What comes later under the same number is weighed beside the match, not instead of it.
  await at.bank("10000.00", [["2026-06-05", "10000.00", "CHQ DEP - MICR CLG", "0000000000000451"]], "later.csv");
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await at.leaves()).toEqual(["000451 cleared 2026-06-03"]);
  expect(await ties(at)).toEqual([]);
});

test("a realised cheque of a closed month is booked on the day it is found, with the bank's day as its value date", async () => {
  const at = await town({ atRealisation: true });
  await at.take("000451", "10000.00");
  await at.deposit("DS/2026/0001");
  clock.set("2026-07-05T05:00:00Z");
  await at.tx("checker", async (tx) => {
    for (const month of ["2026-04", "2026-05", "2026-06"]) await closePeriod(tx, period(month));
  });
  await at.bank("0.00", [["2026-06-03", "10000.00", "CHQ DEP - MICR CLG", "0000000000000451"]]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await at.leaves()).toEqual(["000451 cleared 2026-06-03"]);
  const [receipt] = await at.tx("auditor", (tx) =>
    tx.query("select value_date, entry_date from collections.receipts where ulb_id = :ulb", { ulb: tx.ulb.id }),
  );
  expect(receipt).toEqual({ value_date: "2026-06-03", entry_date: "2026-07-05" });
  expect(await ties(at)).toEqual([]);
});

test.each([
  ["was only acknowledged", true, ["10000.00"], ["000451 dishonoured 2026-06-03"]],
  [
    "paid two accounts",
    false,
    ["6000.00", "4000.00"],
    ["000451 dishonoured 2026-06-03", "000451 dishonoured 2026-06-03"],
  ],
] as const)(
  "a cheque that %s and came back after its credit is settled from the exception of its line",
  async (_, atRealisation, amounts, after) => {
    const at = await town({ atRealisation });
    await at.take("000451", ...amounts);
    await at.deposit("DS/2026/0001");
    await at.bank("0.00", [
      ["2026-06-03", "10000.00", "CHQ DEP - MICR CLG", "0000000000000451"],
      ["2026-06-05", "-10118.00", "CHQ DEP RET 000451 FUNDS INSUFFICIENT"],
    ]);
    clock.set("2026-06-06T05:00:00Z");
    await at.tx("accountant", (tx) => reconcileAccount(tx, BANK));
    const open = () => at.tx("auditor", (tx) => listExceptions(tx, { account: BANK, status: "open", limit: 10 }));
    const [exception] = await open();
    const [leaf] = await at.tx("auditor", (tx) =>
      tx.query<{ id: string }>(
        "select instrument_id as id from collections.instruments where ulb_id = :ulb and share_no = 0",
        {
          ulb: tx.ulb.id,
        },
      ),
    );
    await at.tx("accountant", (tx) =>
      proposeResolution(tx, {
        exceptionId: exception?.id ?? "",
        resolution: {
          kind: "cheque-returned",
          instrumentId: leaf?.id ?? "",
          bankCharge: rupees("118.00"),
          payerCharge: rupees("0.00"),
        },
        reason: "funds insufficient",
      }),
    );
    expect(await at.leaves()).toEqual(after.map((l) => l.replace("dishonoured", "cleared")));
    await at.tx("checker", (tx) => approveResolution(tx, exception?.id ?? ""));
    expect(await at.leaves()).toEqual(after);
    expect(await open()).toEqual([]);
    expect(await ties(at)).toEqual([]);
  },
);

test("a cheque that was only acknowledged and never credited ends with its acknowledgement", async () => {
  const at = await town({ atRealisation: true });
  const { acknowledgements } = await at.take("000451", "10000.00");
  await at.deposit("DS/2026/0001");
  await at.bank("20000.00", [["2026-06-05", "-10000.00", "CHQ DEP RET 000451 FUNDS INSUFFICIENT"]]);
  clock.set("2026-06-06T05:00:00Z");
  await at.tx("accountant", (tx) => reconcileAccount(tx, BANK));
  const exceptions = await at.tx("auditor", (tx) => listExceptions(tx, { account: BANK, status: "open", limit: 10 }));
  const exception = exceptions.find((e) => e.subject === "line");
  await at.tx("accountant", (tx) =>
    proposeResolution(tx, {
      exceptionId: exception?.id ?? "",
      resolution: {
        kind: "cheque-returned",
        instrumentId: acknowledgements[0]?.instrumentId ?? "",
        bankCharge: rupees("0.00"),
        payerCharge: rupees("0.00"),
      },
      reason: "funds insufficient",
    }),
  );
  await at.tx("checker", (tx) => approveResolution(tx, exception?.id ?? ""));
  expect(await at.tx("auditor", (tx) => heldAcknowledgements(tx))).toEqual([]);
  expect(await at.leaves()).toEqual(["000451 dishonoured"]);
  expect(await ties(at)).toEqual([]);
});

// ---------------------------------------------------------------- cheques in clearing under a head of their own

/** The entries made since the receipts, in short: "contra Dr 4501009 …". */
async function entries(at: Town, ...sources: string[]): Promise<string[]> {
  const rows = await at.tx("auditor", (tx) =>
    tx.query<{ says: string }>(
      `select e.voucher || ' ' || e.entry_date || ': ' || string_agg(case when l.debit > 0 then 'Dr ' else 'Cr ' end || l.account || ' ' ||
         ((l.debit + l.credit) / 100)::text, ', ' order by l.line_no) as says
       from ledger.entries e join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       where e.ulb_id = :ulb and e.source_type = any(:sources::text[])
       group by e.entry_id, e.voucher, e.entry_date order by e.entry_id`,
      { ulb: tx.ulb.id, sources },
    ),
  );
  return rows.map((r) => r.says);
}
const book = (at: Town, on: string) =>
  inSnapshot(app, at.as("auditor"), async (read) => {
    const found = await brs(read, BANK, localDate(on));
    return { book: toRupees(found.bookBalance), groups: found.groups.map((g) => g.key), isProved: found.isProved };
  });

test("kept apart, a deposited cheque is no item of the bank reconciliation; its credit moves it to the bank, and un-matching takes that back", async () => {
  const at = await town({ inClearing: true });
  await at.take("000321", "5400.00");
  await at.take("000322", "1100.00", "900.00");
  await at.deposit("DS/2026/0001");
  expect(await entries(at, "remittance")).toEqual([
    "contra 2026-06-01: Dr 4501009 5400, Cr 4501051 5400, Dr 4501009 2000, Cr 4501051 2000",
  ]);
  await at.bank("0.00", [["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"]]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await entries(at, "cheque-credit")).toEqual(["contra 2026-06-03: Dr 4502101 5400, Cr 4501009 5400"]);
  expect(await book(at, "2026-06-02")).toEqual({ book: "0.00", groups: [], isProved: true });
  expect(await book(at, "2026-06-03")).toEqual({ book: "5400.00", groups: [], isProved: true });
  expect(await ties(at)).toEqual([]);

  await at.tx("accountant", async (tx) => unmatch(tx, await at.lastMatch(), "wrong leaf"));
  expect((await at.leaves())[0]).toBe("000321 deposited");
  expect(await ties(at)).toEqual([]);
  // What came with the slip as one line is told from what came leaf by leaf.
  await at.bank("5400.00", [["2026-06-04", "2000.00", "CHQ DEP - MICR CLG", "0000000000000322"]], "later.csv");
  const report = await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(report.confirmed).toHaveLength(2);
  expect(await at.leaves()).toEqual([
    "000321 cleared 2026-06-03",
    "000322 cleared 2026-06-04",
    "000322 cleared 2026-06-04",
  ]);
  expect(await book(at, "2026-06-04")).toEqual({ book: "7400.00", groups: [], isProved: true });
  expect(await ties(at)).toEqual([]);
});

test("kept apart, an acknowledged cheque is realised in one entry with its credit, and a return takes it from where it stands", async () => {
  const at = await town({ inClearing: true, atRealisation: true });
  await at.take("000451", "10000.00");
  await at.take("000452", "2000.00");
  await at.deposit("DS/2026/0001");
  await at.bank("0.00", [["2026-06-03", "10000.00", "CHQ DEP - MICR CLG", "0000000000000451"]]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await entries(at, "receipt", "cheque-credit")).toEqual([
    expect.stringMatching(
      /^receipt 2026-06-03: Dr 4502101 10000, Cr 4501009 10000, Dr 3408000 10000, Cr 431\d{4} 10000$/,
    ),
  ]);
  const ids = await at.tx("auditor", (tx) =>
    tx.query<{ id: string }>(
      "select instrument_id as id from collections.instruments where ulb_id = :ulb order by number",
      {
        ulb: tx.ulb.id,
      },
    ),
  );
  clock.set("2026-06-06T05:00:00Z");
  for (const { id } of ids)
    await at.tx("accountant", (tx) =>
      returnInstrument(tx, {
        instrumentId: id,
        date: localDate("2026-06-05"),
        reason: "funds insufficient",
        bankCharge: rupees("0.00"),
        payerCharge: rupees("0.00"),
      }),
    );
  const [credited, waiting] = await entries(at, "dishonour");
  expect(credited).toMatch(/Dr 431\d{4} 10000, Cr 4502101 10000$/);
  expect(waiting).toBe("payment 2026-06-05: Dr 3408000 2000, Cr 4501009 2000");
  expect(await ties(at)).toEqual([]);
});

test("kept apart, a return on the statement of a cheque whose credit was not seen is credited and taken back in one entry", async () => {
  const at = await town({ inClearing: true });
  await at.take("000451", "10000.00");
  await at.deposit("DS/2026/0001");
  await at.bank("20000.00", [["2026-06-05", "-10000.00", "CHQ DEP RET 000451 FUNDS INSUFFICIENT"]]);
  clock.set("2026-06-06T05:00:00Z");
  await at.tx("accountant", (tx) => reconcileAccount(tx, BANK));
  const [exception] = (
    await at.tx("auditor", (tx) => listExceptions(tx, { account: BANK, status: "open", limit: 10 }))
  ).filter((e) => e.subject === "line");
  const [leaf] = await at.tx("auditor", (tx) =>
    tx.query<{ id: string }>("select instrument_id as id from collections.instruments where ulb_id = :ulb", {
      ulb: tx.ulb.id,
    }),
  );
  await at.tx("accountant", (tx) =>
    proposeResolution(tx, {
      exceptionId: exception?.id ?? "",
      resolution: {
        kind: "cheque-returned",
        instrumentId: leaf?.id ?? "",
        bankCharge: rupees("0.00"),
        payerCharge: rupees("0.00"),
      },
      reason: "funds insufficient",
    }),
  );
  await at.tx("checker", (tx) => approveResolution(tx, exception?.id ?? ""));
  expect(await entries(at, "dishonour")).toEqual([
    expect.stringMatching(/Dr 4502101 10000, Cr 4501009 10000, .*Dr 431\d{4} 10000, Cr 4502101 10000$/),
  ]);
  expect(await ties(at)).toEqual([]);
});

test("kept apart, what is deposited, returned or credited by hand shows on the bench at once, though nothing of it is in the bank's book or statement", async () => {
  const at = await town({ inClearing: true });
  const onBench = () =>
    inSnapshot(app, at.as("accountant"), async (read) =>
      (await bench(read, BANK)).items.rows.map((r) => r.subject.reference).sort(),
    );
  await at.bank("0.00", [["2026-06-01", "1.00", "OTHER MONEY"]]);
  expect(await onBench()).toEqual([]);
  await at.take("000501", "3000.00");
  await at.take("000502", "700.00");
  await at.deposit("DS/2026/0001");
  expect(await onBench()).toEqual(["000501", "000502"]);
  const ids = await at.tx("auditor", (tx) =>
    tx.query<{ id: string }>(
      "select instrument_id as id from collections.instruments where ulb_id = :ulb order by number",
      { ulb: tx.ulb.id },
    ),
  );
  await at.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: ids[0]?.id ?? "",
      date: day,
      reason: "funds insufficient",
      bankCharge: rupees("0.00"),
      payerCharge: rupees("0.00"),
    }),
  );
  expect(await onBench()).toEqual(["000502"]);
  // A person knows it again though the bank printed no number: accepted by hand it is credited, and gone from both sides.
  await at.bank("1.00", [["2026-06-03", "700.00", "CHEQUE DEPOSIT"]], "later.csv");
  await at.tx("accountant", async (tx) => {
    const found = await bench(tx, BANK, {}, { isFresh: true });
    const line = found.lines.rows.find((r) => r.subject.narration === "CHEQUE DEPOSIT");
    await acceptMatches(tx, BANK, [
      { lines: [line?.subject.id ?? ""], items: found.items.rows.map((r) => r.subject.id) },
    ]);
  });
  expect(await onBench()).toEqual([]);
  expect(await at.leaves()).toEqual(["000501 dishonoured", "000502 cleared 2026-06-03"]);
  expect(await entries(at, "cheque-credit")).toEqual(["contra 2026-06-03: Dr 4502101 700, Cr 4501009 700"]);
  expect(await ties(at)).toEqual([]);
});

test("a policy that is taken back leaves what was deposited where it stands", async () => {
  const at = await town({ inClearing: true });
  await at.take("000321", "5400.00");
  await at.deposit("DS/2026/0001");
  await at.tx("admin", (tx) => setCounterPolicy(tx, { clearingHeadFrom: null }, "resolution 18 of 2026"));
  await at.take("000322", "1100.00");
  await at.deposit("DS/2026/0002");
  await at.bank("0.00", [
    ["2026-06-03", "5400.00", "CHQ DEP - MICR CLG", "0000000000000321"],
    ["2026-06-03", "1100.00", "CHQ DEP - MICR CLG", "0000000000000322"],
  ]);
  await at.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(await entries(at, "remittance", "cheque-credit")).toEqual([
    "contra 2026-06-01: Dr 4501009 5400, Cr 4501051 5400",
    "contra 2026-06-01: Dr 4502101 1100, Cr 4501051 1100",
    "contra 2026-06-03: Dr 4502101 5400, Cr 4501009 5400",
  ]);
  expect(await ties(at)).toEqual([]);
});

test("a cheque in clearing stands as a memorandum on the statement, and one that is overdue is an exception until it is credited or returned", async () => {
  const at = await town({ inClearing: true });
  const { receipts } = await at.take("000321", "5400.00");
  await at.take("000322", "1100.00");
  await at.deposit("DS/2026/0001");
  await at.bank("0.00", [["2026-06-01", "10.00", "BY TRANSFER"]]);
  const run = () => at.tx("accountant", (tx) => reconcileAccount(tx, BANK));
  const exceptions = async (status?: "closed") =>
    (await at.tx("auditor", (tx) => listExceptions(tx, { account: BANK, status, kind: "overdue" }))).map((e) => [
      e.reference,
      e.owner,
      e.ageDays,
      e.dueOn,
      e.resolution,
    ]);
  // Twelve working days after Monday the 1st, with the second Saturday closed: Tuesday the 16th.
  clock.set("2026-06-16T05:00:00Z");
  await run();
  expect(await exceptions()).toEqual([]);
  clock.set("2026-06-17T05:00:00Z");
  await run();
  await run();
  const owner = at.as("cashier").actor.id;
  expect(await exceptions()).toEqual([
    ["000321", owner, 16, "2026-06-24", null],
    ["000322", owner, 16, "2026-06-24", null],
  ]);
  const memorandum = async (day: string) => {
    const found = await inSnapshot(app, at.as("auditor"), (read) => brs(read, BANK, localDate(day)));
    expect(toRupees(found.difference)).toBe("0.00");
    expect(found.groups.map((g) => g.key)).not.toContain("cheques-deposited");
    return [
      ...found.chequesInClearing.map((c) => `${c.reference} ${toRupees(c.amount)} ${c.ageDays} ${c.age}`),
      toRupees(found.chequesInClearingTotal),
    ];
  };
  expect(await memorandum("2026-06-17")).toEqual([
    "000321 5400.00 16 up to 30 days",
    "000322 1100.00 16 up to 30 days",
    "6500.00",
  ]);
  // One is returned at its own desk, the other is credited by a match: both are over.
  const [one] = await at.tx("auditor", (tx) => listExceptions(tx, { account: BANK, kind: "overdue" }));
  await expect(
    at.tx("accountant", (tx) =>
      proposeResolution(tx, {
        exceptionId: one?.id ?? "",
        resolution: { kind: "reverse-entry" },
        reason: "take it back",
      }),
    ),
  ).rejects.toMatchObject({ code: "EXCEPTION_TEMPLATE" });
  await at.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: receipts[0]?.instrument.id ?? "",
      date: localDate("2026-06-17"),
      reason: "funds insufficient",
      bankCharge: rupees("0.00"),
      payerCharge: rupees("0.00"),
    }),
  );
  await at.bank("10.00", [["2026-06-17", "1100.00", "CHQ DEP - MICR CLG", "0000000000000322"]], "2.csv");
  // So late a credit is no proof for the engine; a person matches it.
  const { lines, items } = await inSnapshot(app, at.as("auditor"), (read) => bench(read, BANK));
  const line = lines.rows.find((l) => l.subject.reference.endsWith("322"))?.subject.id ?? "";
  await at.tx("accountant", (tx) =>
    acceptMatches(tx, BANK, [{ lines: [line], items: items.rows.map((i) => i.subject.id) }]),
  );
  expect((await exceptions()).map((e) => e[0])).toEqual([]);
  expect((await exceptions("closed")).map((e) => [e[0], e[4]])).toEqual([
    ["000321", "the bank has returned the cheque"],
    ["000322", "the bank has credited the cheque"],
  ]);
  expect(await memorandum("2026-06-17")).toEqual(["0.00"]);
  expect((await memorandum("2026-06-16")).at(-1)).toBe("6500.00");
});
