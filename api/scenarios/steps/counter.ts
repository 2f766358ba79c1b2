import {
  allowCash,
  approveDifference,
  cancelReceipt,
  closeCounterSession,
  countDrawer,
  declareDifference,
  depositInstruments,
  openCounterSession,
  returnInstrument,
  takePayment,
  type Denominations,
  type Tender,
} from "../../../collections/index.ts";
import { localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { newId } from "../../../ledger/kernel/ids.ts";
import { paise, type Paise } from "../../../ledger/kernel/money.ts";
import { act, billOf, rows, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import {
  fieldsOf,
  isFields,
  listOf,
  optionalText,
  paiseOf,
  ScenarioFault,
  textOf,
  type Fields,
  type Value,
  plain,
} from "../values.ts";
import { duesOf, today } from "../view.ts";

/** What happens at the counters, by the functions that the counter's pages call. */
export const counterSteps: StepKinds = {
  counter: { keys: ["as", "save"], run: counter },
  receive: { keys: ["as", "save"], run: (stage, step) => receive(stage, step, step.value) },
  cheque: { keys: ["as", "save"], run: (stage, step) => receive(stage, step, withMode(step.value, "cheque")) },
  cash: { keys: ["as", "save"], run: (stage, step) => receive(stage, step, withMode(step.value, "cash")) },
  dd: { keys: ["as", "save"], run: (stage, step) => receive(stage, step, withMode(step.value, "dd")) },
  /** A leaf of a manual receipt book is entered: {bill, amount, book: 12, leaf: 45, date}. */
  manual_receipt: { keys: ["as", "save"], run: (stage, step) => receive(stage, step, step.value) },
  deposit: { keys: ["as", "save"], run: deposit },
  dishonour: { keys: ["as", "save"], run: returned },
  cancel: { keys: ["as", "save"], run: cancel },
};

const withMode = (value: Value, mode: string): Value => (isFields(value) ? { mode, ...value } : value);

/** {open: 1}, {receive: {…}}, {close: {500: 20}}: what a cashier does at a counter. */
async function counter(stage: Stage, step: Step): Promise<unknown> {
  const f = fieldsOf(step.value, step.where, ["open", "receive", "receipt", "close", "as", "reason", "by"]);
  const as = optionalText(f["as"] ?? step.fields["as"], step.where) ?? "cashier";
  if (f["open"] !== undefined) {
    const session = await act(stage, as, (tx) => openCounterSession(tx, { counter: textOf(f["open"], step.where) }));
    stage.vars.set(`session:${as}`, session.id);
    return session;
  }
  const money = f["receive"] ?? f["receipt"];
  if (money !== undefined) return receive(stage, { ...step, fields: { ...step.fields, as } }, money);
  const session = await sessionOf(stage, as, step.where);
  stage.vars.delete(`session:${as}`);
  const counted = f["close"];
  const expected = await expectedCash(stage, session);
  const denominations = isFields(counted)
    ? (counted as Denominations)
    : piecesOf(counted === true || counted === undefined || counted === null ? expected : paiseOf(counted, step.where));
  // Where the refusal itself is looked at, nothing is declared.
  const isLookedAt = step.fields["expect_error"] !== undefined;
  const reason = optionalText(f["reason"], step.where) ?? (isLookedAt ? undefined : "counted twice, it stays so");
  if (reason === undefined || countDrawer(denominations) === expected)
    return act(stage, as, (tx) => closeCounterSession(tx, session, denominations));
  // What does not tally is declared with its reason, and another person approves it.
  await act(stage, as, (tx) => declareDifference(tx, session, denominations, reason));
  return act(stage, optionalText(f["by"], step.where) ?? "superintendent", (tx) => approveDifference(tx, session));
}

async function sessionOf(stage: Stage, as: string, where: string): Promise<string> {
  const known = stage.vars.get(`session:${as}`);
  if (typeof known === "string") {
    const [row] = await rows<{ day: string }>(
      stage,
      "select (opened_at at time zone 'Asia/Kolkata')::date::text as day from collections.counter_sessions where ulb_id = $1 and session_id = $2 and status = 'open'",
      [known],
    );
    if (row?.day === today(stage)) return known;
  }
  const session = await act(stage, as, (tx) => openCounterSession(tx, { counter: as.replace(/\D/g, "") || "1" })).catch(
    (error: unknown) => {
      throw error instanceof Error ? Object.assign(error, { message: `${where}: ${error.message}` }) : error;
    },
  );
  stage.vars.set(`session:${as}`, session.id);
  return session.id;
}

async function expectedCash(stage: Stage, session: string): Promise<bigint> {
  const [row] = await rows<{ cash: bigint | null }>(
    stage,
    "select sum(amount)::bigint as cash from collections.receipts where ulb_id = $1 and session_id = $2 and mode = 'cash' and status <> 'cancelled'",
    [session],
  );
  return row?.cash ?? 0n;
}

/** The fewest notes and coins that make the sum. */
function piecesOf(amount: bigint): Denominations {
  const pieces: Record<string, number> = {};
  let left = amount;
  for (const [name, worth] of [
    ["500", 50_000n],
    ["200", 20_000n],
    ["100", 10_000n],
    ["50", 5000n],
    ["20", 2000n],
    ["10", 1000n],
    ["5", 500n],
    ["2", 200n],
    ["1", 100n],
    ["0.50", 50n],
  ] as const) {
    if (left >= worth) pieces[name] = Number(left / worth);
    left %= worth;
  }
  if (left !== 0n) throw new ScenarioFault(`no notes and coins make ${amount} paise`);
  return pieces;
}

const RECEIVE = [
  "bill",
  "amount",
  "mode",
  "number",
  "bank",
  "branch",
  "date",
  "utr",
  "payer",
  "mobile",
  "pan",
  "advance",
  "key",
  "micr",
  "account",
  "override",
  "another",
  "reason",
  "bills",
  "book",
  "leaf",
];

/** {bill: B1, amount: 11000.00, mode: cash, advance: true}: money over the counter; the counter is opened if it is not. */
async function receive(stage: Stage, step: Step, value: Value): Promise<unknown> {
  const f = fieldsOf(value, step.where, RECEIVE);
  const as = optionalText(step.fields["as"], step.where) ?? "cashier";
  const sessionId = await sessionOf(stage, as, step.where);
  const request = {
    sessionId,
    consumers: await consumersOf(stage, f, step.where),
    tender: tenderOf(stage, f, step.where),
    payerName: optionalText(f["payer"], step.where),
    book:
      f["book"] === undefined
        ? undefined
        : {
            book: textOf(f["book"], `${step.where}: book`),
            leaf: textOf(f["leaf"], `${step.where}: leaf`),
            date: dayOf(stage, f["date"], step.where),
          },
    idempotencyKey: optionalText(f["key"], step.where)?.padEnd(8, "-") ?? newId(),
  };
  return takeAtDesk(stage, as, f, request, step.where);
}

/** One bill and its amount; or {bills: {B6: 2000.00, B7: …}}, or a list of bills, each with what is due on it, up to the amount. */
async function consumersOf(stage: Stage, f: Fields, where: string): Promise<DeskRequest["consumers"]> {
  const acceptAdvance = f["advance"] === true;
  const { bills } = f;
  if (bills === undefined)
    return [
      {
        consumerId: billOf(stage, f["bill"], where).consumerId,
        amount: paiseOf(f["amount"], `${where}: amount`),
        acceptAdvance,
      },
    ];
  if (isFields(bills))
    return Object.entries(bills).map(([name, amount]) => ({
      consumerId: billOf(stage, name, where).consumerId,
      amount: paiseOf(amount, `${where}: ${name}`),
      acceptAdvance,
    }));
  let left: bigint | undefined = f["amount"] === undefined ? undefined : paiseOf(f["amount"], `${where}: amount`);
  const consumers: { consumerId: string; amount: Paise; acceptAdvance: boolean }[] = [];
  for (const name of listOf(bills)) {
    const bill = billOf(stage, name, where);
    const due = (await duesOf(stage, bill)).reduce((a, d) => a + d.outstanding, 0n);
    const amount = left === undefined || due < left ? due : left;
    if (left !== undefined) left -= amount;
    consumers.push({ consumerId: bill.consumerId, amount: paise(amount), acceptAdvance });
  }
  const last = consumers.at(-1);
  // What is more than all dues is the last one's, who must have said that it is his advance.
  if (left !== undefined && left > 0n && last) last.amount = paise(last.amount + left);
  return consumers.filter((c) => c.amount > 0n);
}

type DeskRequest = {
  readonly sessionId: string;
  readonly consumers: readonly {
    readonly consumerId: string;
    readonly amount: Paise;
    readonly acceptAdvance: boolean;
  }[];
  readonly tender: Tender;
  readonly payerName: string | undefined;
  readonly book: { readonly book: string; readonly leaf: string; readonly date: LocalDate } | undefined;
  readonly idempotencyKey: string;
};

/** The desk's own way: one payment for one or several accounts, with what is known of the payer. */
async function takeAtDesk(stage: Stage, as: string, f: Fields, request: DeskRequest, where: string): Promise<unknown> {
  const mobile = optionalText(f["mobile"], where);
  const pan = optionalText(f["pan"], where);
  if (f["override"] !== undefined) {
    const payer =
      pan !== undefined
        ? { payerKind: "pan" as const, payer: pan }
        : mobile !== undefined
          ? { payerKind: "mobile" as const, payer: mobile }
          : { payerKind: "consumer" as const, payer: request.consumers[0]?.consumerId ?? "" };
    const reason = optionalText(f["reason"], where) ?? "";
    await act(stage, textOf(f["override"], where), (tx) =>
      allowCash(tx, { ...payer, upTo: paise(100_000_000n), day: today(stage), reason }),
    );
  }
  const taken = await act(stage, as, (tx) =>
    takePayment(tx, {
      sessionId: request.sessionId,
      tender: request.tender,
      consumers: request.consumers,
      ...(request.book === undefined ? {} : { book: request.book }),
      payer: { name: request.payerName, mobile, pan },
      isAnother: f["another"] === true,
      idempotencyKey: request.idempotencyKey,
    }),
  );
  const [receipt] = taken.receipts;
  if (receipt) stage.vars.set("receipt", receipt.id);
  const [held] = await rows<{ id: string }>(
    stage,
    "select instrument_id as id from collections.instruments where ulb_id = $1 order by instrument_id desc limit 1",
  );
  if (held) stage.vars.set("instrument", held.id);
  return {
    receipt: receipt?.id ?? null,
    number: receipt?.number ?? null,
    instrument: held?.id ?? null,
    acknowledgements: taken.acknowledgements.map((a) => a.id),
  };
}

function tenderOf(stage: Stage, f: Fields, where: string): Tender {
  const mode = optionalText(f["mode"], where) ?? "cash";
  const date = f["date"] === undefined ? today(stage) : localDate(textOf(f["date"], `${where}: date`));
  if (mode === "cash") return { kind: "cash" };
  if (mode === "cheque" || mode === "dd") {
    return {
      kind: mode,
      number: textOf(f["number"] ?? "000451", `${where}: number`).padStart(6, "0"),
      bank: textOf(f["bank"] ?? f["micr"] ?? "110002003", `${where}: bank`),
      branch: optionalText(f["branch"], where),
      date,
    };
  }
  if (mode === "bank-transfer" || mode === "neft" || mode === "rtgs")
    return { kind: "bank-transfer", utr: textOf(f["utr"] ?? f["number"], `${where}: utr`), date };
  throw new ScenarioFault(`${where}: mode "${mode}" is not cash, cheque, dd or bank-transfer`);
}

/** Deposits what is in hand: {kind: cheques, slip: 0042}; cash needs its counter closed. */
async function deposit(stage: Stage, step: Step): Promise<unknown> {
  const f = fieldsOf(typeof step.value === "string" ? { kind: step.value } : step.value, step.where, [
    "kind",
    "slip",
    "date",
    "instruments",
    "bank",
  ]);
  const kind = optionalText(f["kind"], step.where)?.replace(/^cheque$/, "cheques") ?? "cheques";
  if (kind !== "cash" && kind !== "cheques") throw new ScenarioFault(`${step.where}: kind is cash or cheques`);
  const date = dayOf(stage, f["date"], step.where);
  const ids = listOf(f["instruments"]).map((v) => textOf(v, step.where));
  return act(stage, optionalText(step.fields["as"], step.where) ?? "cashier", (tx) =>
    depositInstruments(tx, {
      kind,
      date,
      slipNumber: optionalText(f["slip"], step.where) ?? `SLIP-${newId().slice(-6)}`,
      ...(ids.length > 0 ? { instrumentIds: ids } : {}),
    }),
  );
}

/** The bank returned a cheque: {number: 000451, date:, reason:, bank_charge:, charge:}. */
async function returned(stage: Stage, step: Step): Promise<unknown> {
  const f = fieldsOf(typeof step.value === "string" ? { number: step.value } : step.value, step.where, [
    "number",
    "instrument",
    "date",
    "reason",
    "bank_charge",
    "charge",
    "payer_charge",
    "from_bank",
  ]);
  const instrumentId =
    optionalText(f["instrument"], step.where) ?? (await instrumentOf(stage, f["number"], step.where));
  const fact = {
    instrumentId,
    date: dayOf(stage, f["date"], step.where),
    reason: optionalText(f["reason"], step.where) ?? "funds insufficient",
    bankCharge: f["bank_charge"] === undefined ? paiseOf(0, "") : paiseOf(f["bank_charge"], step.where),
    payerCharge:
      f["charge"] === undefined && f["payer_charge"] === undefined
        ? paiseOf(0, "")
        : paiseOf(f["charge"] ?? f["payer_charge"], step.where),
  };
  const as = optionalText(step.fields["as"], step.where) ?? "accountant";
  // A cheque that was only acknowledged has no receipt to give back.
  return act(stage, as, (tx) => returnInstrument(tx, fact));
}

export async function instrumentOf(stage: Stage, number: Value | undefined, where: string): Promise<string> {
  if (number === undefined) {
    const last = stage.vars.get("instrument");
    if (typeof last === "string") return last;
    throw new ScenarioFault(`${where}: no cheque was received`);
  }
  const [row] = await rows<{ id: string }>(
    stage,
    "select instrument_id as id from collections.instruments where ulb_id = $1 and number = $2 order by received_on desc limit 1",
    [textOf(number, where).padStart(6, "0")],
  );
  if (!row) throw new ScenarioFault(`${where}: there is no instrument ${textOf(number, where)}`);
  return row.id;
}

/** A receipt is cancelled: the cashier asks, another person agrees. {receipt:, reason:, asked_by:} */
async function cancel(stage: Stage, step: Step): Promise<unknown> {
  const f = fieldsOf(typeof step.value === "string" ? { receipt: step.value } : step.value, step.where, [
    "receipt",
    "reason",
    "asked_by",
    "by",
  ]);
  const receiptId = optionalText(f["receipt"], step.where) ?? plain(stage.vars.get("receipt") ?? "");
  return act(stage, optionalText(f["by"] ?? step.fields["as"], step.where) ?? "checker", async (tx) =>
    cancelReceipt(tx, {
      receiptId,
      reason: optionalText(f["reason"], step.where) ?? "entered for the wrong property",
      requestedBy: `${optionalText(f["asked_by"], step.where) ?? "cashier"}@demo`,
    }),
  );
}

function dayOf(stage: Stage, value: Value | undefined, where: string): LocalDate {
  return value === undefined || value === null ? today(stage) : localDate(textOf(value, `${where}: date`));
}
