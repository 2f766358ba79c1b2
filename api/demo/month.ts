import {
  addDays,
  dateInIndia,
  financialYearOf,
  nextPeriod,
  periodEnd,
  periodOf,
  periodStart,
  startOfDayInIndia,
  type Instant,
  type LocalDate,
  type Period,
} from "../../ledger/kernel/dates.ts";
import { refreshStatistics } from "../../ledger/kernel/database.ts";
import { invariant, Refusal } from "../../ledger/kernel/errors.ts";
import { paise, roundToRupee, rupees, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Actor, type App, type Ulb, type Who } from "../../ledger/kernel/tx.ts";
import { closePeriod, createUlb, cr, dr, postEntry, postingAccounts, rollUp } from "../../ledger/index.ts";
import {
  billFor,
  importConsumers,
  importDemands,
  listConsumers,
  seedTaxHeads,
  USUAL_PENALTY,
  USUAL_REBATE,
  USUAL_WATER_PENALTY,
  type Consumer,
  type ImportReport,
} from "../../billing/index.ts";
import {
  closeCounterSession,
  createOrder,
  depositInstruments,
  dishonour,
  instrumentsInHand,
  openCounterSession,
  pollDueOrders,
  processInbox,
  receiveAtCounter,
  resolveOrders,
  type CollectionsApp,
  type Denominations,
  type Simulator,
} from "../../collections/index.ts";
import { addBankAccount, importSettlements, importStatement, reconcileAccount } from "../../reconciliation/index.ts";
import { setCollectionTarget } from "../../reports/index.ts";
import { closeChecks } from "../close-checks.ts";
import { sealAll } from "../sealing.ts";
import { consumersCsv, demandsCsv, dice, makeCity, type City, type CityConsumer, type Dice } from "./city.ts";

export type DemoOptions = {
  readonly code: string;
  readonly properties: number;
  readonly connections: number;
  readonly seed: number;
  readonly month: Period;
};

/** A clock that the demo sets: each thing of the month happens at its own hour. */
export type DemoClock = { now(): Instant; set(at: Instant): void };

export function demoClock(start: Instant): DemoClock {
  let at = start;
  return { now: () => at, set: (to) => void (at = to) };
}

export type DemoReport = {
  readonly ulb: Ulb;
  readonly files: ReadonlyMap<string, string>;
  readonly facts: readonly (readonly [string, string])[];
};

const CASHIERS: readonly Actor[] = [
  { id: "cashier@demo", roles: ["cashier"] },
  { id: "cashier2@demo", roles: ["cashier"] },
];
const ACCOUNTANT: Actor = { id: "accountant@demo", roles: ["accountant"] };
const CITIZEN: Actor = { id: "citizen", roles: ["citizen"] };
const BANK_OPENING = rupees("2500000.00");

/** The bank balance with which the demo's books and its bank both begin. */
export const demoBankOpening: Paise = BANK_OPENING;

/**
 * One month of a demo city through every room: consumers and demands imported, bills, online payments through the gateway with lost, doubled
 * and shuffled webhooks, two counters with cash and cheques, deposits, a returned cheque, settlements, the bank's statement, reconciliation,
 * month close. Everything through the public functions, at the hour of the demo's clock. The ULB must not be there yet.
 */
export async function runDemoMonth(options: {
  readonly app: CollectionsApp;
  readonly clock: DemoClock;
  readonly simulator: Simulator;
  readonly demo: DemoOptions;
  readonly progress: (done: number, of: number, what: string) => void;
}): Promise<DemoReport> {
  const { app, clock, simulator, demo, progress } = options;
  const { month } = demo;
  const roll = dice(demo.seed + 1);
  const facts: [string, string][] = [];
  const files = new Map<string, string>();
  const first = periodStart(month);
  const last = periodEnd(month);
  const days = Number(last.slice(8));
  const steps = days + 4;

  const at = (day: LocalDate, hour: number, minute = 0): void =>
    clock.set(new Date(startOfDayInIndia(day).getTime() + (hour * 60 + minute) * 60_000));

  // --- the town, its books, its bank
  at(first, 8);
  progress(0, steps, "the town and its books");
  const ulb = await createUlb(app, {
    code: demo.code,
    name: "Kosalpur Nagar Palika Parishad",
    nameLocal: "कोसलपुर नगर पालिका परिषद्",
    state: "Demo Pradesh",
    startsOn: `${financialYearOf(first).slice(0, 4)}-04-01` as LocalDate,
  });
  const as = (actor: Actor): Who => ({ ulb, actor });
  const books = as(ACCOUNTANT);
  await inTransaction(app, books, async (tx) => {
    await seedTaxHeads(tx, {
      rebate: USUAL_REBATE,
      penalty: USUAL_PENALTY,
      waterPenalty: USUAL_WATER_PENALTY,
      roundTo: "rupee",
    });
    const account = await postingAccounts(tx, "bank-main", "opening-balance");
    await addBankAccount(tx, {
      account: account["bank-main"],
      bank: "State Bank of India",
      branch: "Kosalpur",
      name: "Municipal Fund, main account",
      number: "00000030990012345",
    });
    await postEntry(tx, {
      voucher: "opening",
      date: ulb.startsOn,
      narration: "Bank balance as per the last audited accounts",
      source: { type: "opening-balance", id: "bank-main" },
      lines: [dr(account["bank-main"], BANK_OPENING), cr(account["opening-balance"], BANK_OPENING)],
    });
  });

  // --- what is owed
  progress(1, steps, "consumers and demands");
  const city = makeCity(demo);
  files.set("consumers.csv", consumersCsv(city));
  files.set("arrears.csv", demandsCsv(city.arrears));
  files.set("demands.csv", demandsCsv(city.demands));
  await importCity(app, books, files, first);
  // What the council expects of the year: eight tenths of the property tax, nine tenths of a year's water.
  const expected = (service: CityConsumer["service"], tenths: bigint): Paise =>
    paise((city.demands.filter((x) => x.service === service).reduce((a, x) => a + x.amount, 0n) / 10n) * tenths);
  await inTransaction(app, books, async (tx) => {
    const fy = financialYearOf(first);
    await setCollectionTarget(tx, { fy, service: "property-tax", amount: roundToRupee(expected("property-tax", 8n)) });
    await setCollectionTarget(tx, { fy, service: "water", amount: roundToRupee(paise(expected("water", 9n) * 12n)) });
  });
  facts.push(
    ["consumers", String(city.consumers.length)],
    ["demand lines raised", String(city.demands.length)],
    ["arrear lines brought in", String(city.arrears.length)],
  );

  await refreshStatistics(app.db.address);

  // --- the month
  simulator.webhookPlan({ drop: 0.02, duplicate: 0.05, again: 0.03, reorder: true });
  const payers = await choosePayers(app, books, city, roll);
  const counts = { online: 0, failed: 0, counter: 0, settlements: 0, returned: 0 };
  const bounced: string[] = [];
  for (let d = 0; d < days; d++) {
    const day = addDays(first, d);
    progress(2 + d, steps, day);
    const isWorking = new Date(`${day}T00:00:00Z`).getUTCDay() !== 0;

    // morning: yesterday's counter money goes to the bank, the gateway settles
    at(day, 10, 30);
    if (isWorking) {
      const toBounce = d > 5 && bounced.length < 2 && d % 7 === 1;
      const cheque = await depositDay(app, as(ACCOUNTANT), simulator, day, toBounce);
      if (cheque) bounced.push(cheque);
    }
    simulator.setClock(clock.now());
    simulator.runSettlement(day);
    const settled = await importSettlements(app, books, { from: addDays(day, -3), to: day });
    counts.settlements += settled.booked.length;
    invariant(
      settled.exceptions.length === 0,
      `settlements of the simulator add up: ${JSON.stringify(settled.exceptions)}`,
    );

    // cheques that the bank returned
    if (d > 8) {
      for (const instrumentId of bounced.splice(0)) {
        at(day, 11);
        const { receipt } = await inTransaction(app, books, (tx) =>
          dishonour(tx, {
            instrumentId,
            date: day,
            reason: "funds insufficient",
            bankCharge: rupees("118.00"),
            payerCharge: rupees("250.00"),
          }),
        );
        simulator.addBankLine({
          day,
          narration: `CHQ DEP RET-${receipt.instrument?.number ?? ""}-FUNDS INSUFFICIENT`,
          reference: receipt.instrument?.number ?? "",
          debit: Number(receipt.amount),
        });
        simulator.addBankLine({
          day,
          narration: "CHQ RETURN CHARGES INCL GST",
          reference: receipt.instrument?.number ?? "",
          debit: 11_800,
        });
        counts.returned += 1;
      }
    }

    // the day: people pay online, in waves
    at(day, 12);
    simulator.setClock(clock.now());
    const online = payers.online.splice(0, Math.ceil(payers.online.length / (days - d)));
    const results = await inWaves(online, 12, (consumer) => payOnline(app, as(CITIZEN), simulator, consumer, roll));
    counts.online += results.filter((r) => r === "paid").length;
    counts.failed += results.filter((r) => r === "failed").length;
    await simulator.drainWebhooks();
    await processInbox(app, ulb);

    // the counters
    if (isWorking) {
      const share = payers.counter.splice(0, Math.ceil(payers.counter.length / Math.max(1, days - d)));
      for (const [c, cashier] of CASHIERS.entries()) {
        at(day, 10 + c, 15);
        counts.counter += await counterDay(
          app,
          as(cashier),
          `Counter ${c + 1}`,
          share.filter((_, i) => i % 2 === c),
          clock,
          day,
          roll,
        );
      }
    }

    // evening: what webhooks lost is asked for
    at(day, 21);
    simulator.setClock(clock.now());
    await resolveOrders(app, books);
    while ((await pollDueOrders(app, as({ id: "system:poller", roles: ["system"] }))) > 0);
  }

  // --- the bank's statement and the books
  progress(days + 2, steps, "bank statement and reconciliation");
  at(last, 22);
  simulator.addBankLine({ day: last, narration: "CREDIT INTEREST CAPITALISED", reference: "", credit: 1_842_700 });
  simulator.addBankLine({ day: last, narration: "SMS CHRG FOR QUARTER INCL GST", reference: "", debit: 4_425 });
  simulator.addBankLine({
    day: last,
    narration: "UPI/CR/618412345678/UNKNOWN/KSBK",
    reference: "618412345678",
    credit: 90_000,
  });
  const statement = simulator.bankStatementCsv({ from: first, to: last });
  files.set("bank-statement.csv", statement);
  const bankHead = await inTransaction(app, books, async (tx) => (await postingAccounts(tx, "bank-main"))["bank-main"]);
  const imported = await inTransaction(app, books, (tx) =>
    importStatement(tx, { account: bankHead, csv: statement, fileName: "bank-statement.csv", through: last }),
  );
  if (imported.status === "refused") throw new Error(imported.problems.map((p) => p.message).join("\n"));
  const report = await inTransaction(app, books, (tx) => reconcileAccount(tx, bankHead));
  facts.push(
    ["paid online", String(counts.online)],
    ["online attempts that failed", String(counts.failed)],
    ["receipts at the counters", String(counts.counter)],
    ["cheques returned", String(counts.returned)],
    ["settlements booked", String(counts.settlements)],
    ["bank lines", String(imported.linesInFile)],
    ["matched by reference", String(report.confirmed.length)],
    ["proposed to a person", String(report.proposed.length + report.proposedEntries.length)],
    ["exceptions", String(report.exceptions.length)],
  );

  // The last day's drawer goes to the bank on the next working day, before the month is closed.
  progress(days + 3, steps, "month close");
  const next = addDays(last, new Date(`${addDays(last, 1)}T00:00:00Z`).getUTCDay() === 0 ? 2 : 1);
  at(next, 10, 30);
  await depositDay(app, as(ACCOUNTANT), simulator, next, false);
  at(addDays(last, 3), 11);
  await inTransaction(app, books, (tx) => rollUp(tx));
  await sealAll(app, books.ulb);
  for (let p = periodOf(ulb.startsOn); p <= month; p = nextPeriod(p)) {
    await inTransaction(app, books, (tx) => closePeriod(tx, p, p === month ? closeChecks : []));
  }
  await refreshStatistics(app.db.address);
  progress(steps, steps, "done");
  return { ulb, files, facts };
}

async function importCity(app: App, who: Who, files: ReadonlyMap<string, string>, day: LocalDate): Promise<void> {
  const take = async (name: string, read: (csv: string) => Promise<ImportReport>): Promise<void> => {
    const report = await read(files.get(name) ?? "");
    if (report.status === "refused") throw new Error(`${name}: ${report.problems.map((p) => p.message).join("\n")}`);
  };
  await take("consumers.csv", (csv) =>
    inTransaction(app, who, (tx) => importConsumers(tx, csv, { fileName: "consumers.csv" })),
  );
  await take("arrears.csv", (csv) =>
    inTransaction(app, who, (tx) => importDemands(tx, csv, { fileName: "arrears.csv", date: tx.ulb.startsOn })),
  );
  await take("demands.csv", (csv) =>
    inTransaction(app, who, (tx) => importDemands(tx, csv, { fileName: "demands.csv", date: day })),
  );
}

/** Who pays in this month: about four in ten, two thirds of them online. */
async function choosePayers(
  app: App,
  who: Who,
  city: City,
  roll: Dice,
): Promise<{ online: Consumer[]; counter: Consumer[] }> {
  const online: Consumer[] = [];
  const counter: Consumer[] = [];
  for (const service of ["property-tax", "water"] as const) {
    for (let after = ""; ;) {
      const page = await inTransaction(app, who, (tx) => listConsumers(tx, { service, after, limit: 1000 }));
      for (const consumer of page) {
        const x = roll.next();
        if (x < 0.26) online.push(consumer);
        else if (x < 0.4) counter.push(consumer);
      }
      const end = page.at(-1);
      if (!end) break;
      after = end.code;
    }
  }
  invariant(city.consumers.length < 10 || online.length > 0, "somebody pays");
  return { online: shuffle(online, roll), counter: shuffle(counter, roll) };
}

function shuffle<T>(items: T[], roll: Dice): T[] {
  const all = items.map((item) => ({ item, key: roll.next() }));
  return all.sort((a, b) => a.key - b.key).map((x) => x.item);
}

async function inWaves<T, R>(items: readonly T[], width: number, fn: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += width) results.push(...(await Promise.all(items.slice(i, i + width).map(fn))));
  return results;
}

const METHODS = ["upi", "upi", "upi", "card", "netbanking", "rupay_debit", "wallet"] as const;

/** A citizen asks for the bill, opens an order and pays it, or fails to. */
async function payOnline(
  app: CollectionsApp,
  who: Who,
  simulator: Simulator,
  consumer: Consumer,
  roll: Dice,
): Promise<"paid" | "failed"> {
  const method = roll.pick(METHODS);
  const fails = roll.chance(0.06);
  const twice = roll.chance(0.01);
  const bill = await inTransaction(app, who, (tx) => billFor(tx, consumer.id, dateInIndia(tx.clock())));
  const order = await createOrder(app, who, {
    consumerId: consumer.id,
    amount: bill.total,
    billId: bill.id,
    idempotencyKey: `demo-${bill.id}`,
  });
  invariant(order.providerOrderId, "a confirmed order is known at the gateway");
  if (fails) {
    simulator.payOrder(order.providerOrderId, { method, outcome: "failure" });
    return "failed";
  }
  simulator.payOrder(order.providerOrderId, { method });
  // A double click that the gateway let through: money captured is never refused.
  if (twice) simulator.payOrder(order.providerOrderId, { method, force: true });
  return "paid";
}

/** Opens a counter, receives from everybody in the queue, and closes it with the drawer counted. Gives the number of receipts. */
async function counterDay(
  app: App,
  who: Who,
  counter: string,
  queue: readonly Consumer[],
  clock: DemoClock,
  day: LocalDate,
  roll: Dice,
): Promise<number> {
  if (queue.length === 0) return 0;
  const session = await inTransaction(app, who, (tx) => openCounterSession(tx, { counter }));
  let drawer = 0n;
  let receipts = 0;
  for (const consumer of queue) {
    clock.set(new Date(clock.now().getTime() + 180_000));
    const byCheque = roll.chance(0.3);
    const part = roll.chance(0.15);
    const chequeNumber = String(roll.between(100_000, 999_999));
    await inTransaction(app, who, async (tx) => {
      const bill = await billFor(tx, consumer.id, day);
      // Cash is paid in whole rupees; some pay what they can.
      const whole = paise((bill.total / 100n) * 100n);
      const amount = byCheque ? bill.total : part && whole > 50_000n ? paise((whole / 200n) * 100n) : whole;
      if (amount <= 0n) return;
      const receipt = await receiveAtCounter(tx, {
        sessionId: session.id,
        consumerId: consumer.id,
        billId: bill.id,
        amount,
        acceptAdvance: true,
        idempotencyKey: `demo-${session.id}-${consumer.code}`,
        tender: byCheque
          ? { kind: "cheque", number: chequeNumber, bank: "Kosalpur Sahakari Bank", date: day }
          : { kind: "cash" },
      });
      if (receipt.mode === "cash") drawer += amount;
      receipts += 1;
    }).catch((error: unknown) => {
      // Cash of two lakh and more is refused by law; that payer comes back with a cheque another month.
      if (!(error instanceof Refusal && error.code === "CASH_LIMIT")) throw error;
    });
  }
  await inTransaction(app, who, (tx) => closeCounterSession(tx, session.id, countInto(paise(drawer))));
  return receipts;
}

/** The fewest notes and coins that make the sum. */
function countInto(amount: Paise): Denominations {
  const counted: Record<string, number> = {};
  let left: bigint = amount;
  for (const denomination of ["500", "200", "100", "50", "20", "10", "5", "2", "1", "0.50"]) {
    const worth = rupees(denomination);
    if (left >= worth) counted[denomination] = Number(left / worth);
    left %= worth;
  }
  return counted;
}

/** Cash and cheques in hand go to the bank; the statement shows them. May name a cheque that will come back. */
async function depositDay(
  app: App,
  who: Who,
  simulator: Simulator,
  day: LocalDate,
  toBounce: boolean,
): Promise<string | undefined> {
  const inHand = await inTransaction(app, who, (tx) => instrumentsInHand(tx));
  const cash = inHand.filter((i) => i.kind === "cash");
  const cheques = inHand.filter((i) => i.kind !== "cash");
  if (cash.length > 0) {
    const slipNumber = `CS${day.replaceAll("-", "")}`;
    const deposit = await inTransaction(app, who, (tx) =>
      depositInstruments(tx, { kind: "cash", slipNumber, date: day }),
    );
    simulator.addBankLine({
      day,
      narration: `BY CASH DEP SLIP ${slipNumber} KOSALPUR`,
      reference: slipNumber,
      credit: Number(deposit.amount),
    });
  }
  if (cheques.length > 0) {
    await inTransaction(app, who, (tx) =>
      depositInstruments(tx, { kind: "cheques", slipNumber: `CQ${day.replaceAll("-", "")}`, date: day }),
    );
    for (const cheque of cheques) {
      simulator.addBankLine({
        day,
        narration: `CLG ${cheque.number ?? ""} ${cheque.bank ?? ""}`.trim().toUpperCase(),
        reference: cheque.number ?? "",
        credit: Number(cheque.amount),
      });
    }
  }
  return toBounce ? cheques[0]?.id : undefined;
}
