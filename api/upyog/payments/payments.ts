import { upyogServices } from "../../../billing/index.ts";
import {
  cancelReceipt,
  countReceipts,
  currentSession,
  depositInstruments,
  returnInstrument,
  findReceipts,
  openCounterSession,
  takePayment,
  type Receipt,
  type ReceiptMode,
  type MoneyStage,
  type ReceiptSearch,
  type ReceiptStatus,
  type Tender,
} from "../../../collections/index.ts";
import { dateInIndia, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { newId } from "../../../ledger/kernel/ids.ts";
import { ZERO } from "../../../ledger/kernel/money.ts";
import type { Tx } from "../../../ledger/kernel/tx.ts";
import { WHO } from "../../v1/index.ts";
import { Fault, fault } from "../faults.ts";
import type { Call, Post } from "../route.ts";
import { checkTenant, dateOf, field, paiseOf, Required, responseInfo, unreadable } from "../wire.ts";
import { billStates } from "./bills.ts";
import { PAYMENT_MODES, wrongWith, type BillState, type PaymentMode } from "./check.ts";
import { paymentViews, previewOf, type SentPayment } from "./view.ts";

/**
 * collection-services, payments: a payment is one money at the counter, with a receipt for each bill. Its header is the sum of its details; depositing
 * it changes nothing that is due; a bill whose receipt was cancelled or whose cheque came back may be paid again; payers are called what they are
 * called.
 */
export function paymentRoutes(post: Post): void {
  const at = "/collection-services/payments";
  post(`${at}/_create`, { roles: WHO.counter }, create);
  post(`${at}/_validate`, { roles: [...WHO.counter, "system"] }, validate);
  for (const path of ["_search", "_plainsearch", ":module/_search"]) post(`${at}/${path}`, { roles: WHO.desk }, search);
  post(`${at}/:module/_workflow`, { roles: ["checker", "cashier", "accountant", "system"] }, workflow);
}

async function create(call: Call): Promise<object> {
  const payment = readPayment(call);
  checkTenant(call.who.ulb, payment.tenantId);
  if (payment.paymentMode.startsWith("ONLINE")) {
    throw fault(
      "INVALID_PAYMENT_MODE",
      `${payment.paymentMode} is told by the gateway itself, or posted by its partner at /v1/external-payments; nobody can say it was paid`,
    );
  }
  const Payments = await call.write(async (tx) => {
    const today = dateInIndia(tx.clock());
    const states = await heldBills(tx, payment);
    const wrong = wrongWith(payment, states, today);
    if (wrong.length > 0) throw new Fault(wrong);
    const session = (await currentSession(tx)) ?? (await openCounterSession(tx, { counter: `UPYOG ${tx.actor.id}` }));
    const taken = await takePayment(tx, {
      sessionId: session.id,
      tender: tenderOf(payment, today),
      consumers: payment.details.map((d) => {
        const bill = states.get(d.billId)?.bill;
        return {
          consumerId: bill?.consumer.id ?? "",
          amount: d.totalAmountPaid,
          billId: d.billId,
          acceptAdvance: bill !== undefined && d.totalAmountPaid > bill.total,
        };
      }),
      payer: {
        name: payment.paidBy,
        ...(payment.mobileNumber === null ? {} : { mobile: payment.mobileNumber }),
      },
      isAnother: true,
      idempotencyKey: `upyog-${newId()}`,
    });
    await tx.query(
      `insert into api.upyog_payments (ulb_id, payment_id, request, created_at) values (:ulb, :id, :request, :now)`,
      { ulb: tx.ulb.id, id: taken.tenderId, request: JSON.stringify(payment.sent), now: tx.clock() },
    );
    return paymentViews(tx, taken.receipts, payment.tenantId, taken.acknowledgements);
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "200 OK"), Payments };
}

async function validate(call: Call): Promise<object> {
  const payment = readPayment(call);
  checkTenant(call.who.ulb, payment.tenantId);
  const Payments = await call.read(async (read) => {
    const states = await billStates(
      read,
      payment.details.map((d) => d.billId),
    );
    const wrong = wrongWith(payment, states, dateInIndia(read.clock()));
    if (wrong.length > 0) throw new Fault(wrong);
    return [await previewOf(read, payment, states)];
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "200 OK"), Payments };
}

async function search(call: Call): Promise<object> {
  const { query } = call;
  const tenantId = query.one("tenantId") ?? query.one("tenantIds");
  if (tenantId !== undefined) checkTenant(call.who.ulb, tenantId);
  const wanted = await call.read(async (read): Promise<ReceiptSearch> => {
    const masters = await upyogServices(read);
    const ours = (code: string): string => masters.get(code)?.service ?? code;
    const some = <T>(values: readonly T[]): readonly T[] | undefined => (values.length > 0 ? values : undefined);
    const module = call.params["module"];
    const services = [
      ...query.all("businessServices"),
      ...query.all("businessService"),
      ...(module === undefined ? [] : [module]),
    ];
    const from = query.one("fromDate");
    const to = query.one("toDate");
    return withoutUndefined({
      tenderIds: some(query.all("ids")),
      billIds: some(query.all("billIds")),
      numbers: some(query.all("receiptNumbers")),
      consumerCodes: some(query.all("consumerCodes")),
      services: some(services.map(ours)),
      mobile: query.one("mobileNumber"),
      reference: query.one("transactionNumber"),
      ...standing([...query.all("status"), ...query.all("instrumentStatus")]),
      modes: some(query.all("paymentModes").flatMap((m) => MODES_OF[m.toUpperCase()] ?? [])),
      from: from === undefined ? undefined : dateOf(Number(from)),
      to: to === undefined ? undefined : dateOf(Number(to)),
      limit: query.count("limit") ?? 100,
      offset: query.count("offset") ?? 0,
    });
  });
  const info = responseInfo(call.requestInfo, "200 OK");
  if (query.one("isCountRequest") === "true") {
    return { ResponseInfo: info, Count: await call.read((read) => countReceipts(read, wanted)) };
  }
  const Payments = await call.read(async (read) => {
    const found = await findReceipts(read, wanted);
    // A payment is shown with all its receipts, also where only one of them was looked for.
    const tenders = [...new Set(found.flatMap((r) => r.tenderId ?? []))];
    const whole = tenders.length === 0 ? [] : await findReceipts(read, { tenderIds: tenders, limit: 500 });
    return paymentViews(read, [...whole, ...found.filter((r) => r.tenderId === null)], tenantId ?? read.ulb.code);
  });
  return { ResponseInfo: info, Payments };
}

type Standing = { readonly statuses?: readonly ReceiptStatus[]; readonly stages?: readonly MoneyStage[] };
const TAKEN_BACK: readonly ReceiptStatus[] = ["cancelled", "transferred", "reversed"];
/** UPYOG's words for where a payment stands, of payments and of instruments. */
const STANDINGS: Readonly<Record<string, Standing>> = {
  NEW: { stages: ["in-hand"] },
  DEPOSITED: { stages: ["at-bank"] },
  RECONCILED: { stages: ["cleared"] },
  CANCELLED: { statuses: TAKEN_BACK },
  DISHONOURED: { statuses: ["dishonoured"] },
  APPROVED: { stages: ["in-hand"] },
  REMITTED: { stages: ["at-bank", "cleared"] },
};

/** What the named statuses mean together; a status that nobody knows finds nothing. */
function standing(words: readonly string[]): Standing {
  if (words.length === 0) return {};
  const known = words.map((w) => STANDINGS[w.toUpperCase()] ?? {});
  return { statuses: known.flatMap((k) => k.statuses ?? []), stages: known.flatMap((k) => k.stages ?? []) };
}

const MODES_OF: Readonly<Record<string, readonly ReceiptMode[]>> = {
  CASH: ["cash"],
  CHEQUE: ["cheque"],
  DD: ["dd"],
  POSTAL_ORDER: ["postal-order"],
  CARD: ["pos"],
  ONLINE: ["gateway", "upi"],
  OFFLINE_NEFT: ["bank-transfer"],
  OFFLINE_RTGS: ["bank-transfer"],
};

type Step = { readonly paymentId: string; readonly action: string; readonly tenantId: string; readonly reason: string };

async function workflow(call: Call): Promise<object> {
  const required = new Required("paymentWorkflowRequest");
  const steps = required.list(field(call.body, "PaymentWorkflows"), "paymentWorkflows").map((w, i): Step => {
    const said = [field(w, "reason"), field(field(w, "additionalDetails"), "reason")].filter(
      (t) => typeof t === "string",
    );
    return {
      paymentId: required.text(field(w, "paymentId"), `paymentWorkflows[${i}].paymentId`),
      action: required.text(field(w, "action"), `paymentWorkflows[${i}].action`).toUpperCase(),
      tenantId: required.text(field(w, "tenantId"), `paymentWorkflows[${i}].tenantId`),
      reason: said.join(": "),
    };
  });
  required.check();
  const [first] = steps;
  if (!first) throw fault("PAYMENT_WORKFLOW_INVALID_PAYMENT", "No payment is named");
  if (new Set(steps.map((s) => s.action)).size > 1) {
    throw fault("PAYMENT_WORKFLOW_SINGLE_ACTION_ALLOWED", "Only one action can be performed on a set of payments");
  }
  if (new Set(steps.map((s) => s.tenantId)).size > 1) {
    throw fault("CROSS_TENANT_OP_NOT_ALLOWED", "Payments of one tenant only can be worked on at a time");
  }
  checkTenant(call.who.ulb, first.tenantId);
  const Payments = await call.write(async (tx) => {
    const done: Receipt[] = [];
    for (const step of steps) {
      const receipts = await editable(tx, step.paymentId);
      await carryOut(tx, step, receipts);
      done.push(...(await findReceipts(tx, { tenderIds: [step.paymentId] })));
    }
    return paymentViews(tx, done, first.tenantId);
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "200 OK"), Payments };
}

async function editable(tx: Tx, paymentId: string): Promise<readonly Receipt[]> {
  const receipts = await findReceipts(tx, { tenderIds: [paymentId] });
  if (receipts.length === 0 || receipts.some((r) => r.status !== "issued" || r.channel !== "counter")) {
    throw fault(
      "PAYMENT_WORKFLOW_INVALID_PAYMENT",
      `Payment not found in the system or not in editable state, ${paymentId.slice(0, 60)}`,
    );
  }
  return receipts;
}

/** What the words of UPYOG's workflow are here. A deposit is a contra entry: dues stay settled. */
async function carryOut(tx: Tx, step: Step, receipts: readonly Receipt[]): Promise<void> {
  const [first] = receipts;
  if (!first) return;
  const today = dateInIndia(tx.clock());
  switch (step.action) {
    case "CANCEL":
      // A leaf is cancelled as a whole; cash receipt by receipt.
      for (const r of first.mode === "cash" ? receipts : [first]) {
        await cancelReceipt(tx, { receiptId: r.id, reason: step.reason, requestedBy: r.issuedBy });
      }
      return;
    case "DISHONOUR":
      await returnInstrument(tx, {
        instrumentId: first.instrument.id,
        date: today,
        bankCharge: ZERO,
        reason: step.reason || "Returned by the bank",
      });
      return;
    case "REMIT":
      await depositInstruments(tx, {
        kind: first.mode === "cash" ? "cash" : "cheques",
        instrumentIds: receipts.map((r) => r.instrument.id),
        // UPYOG keeps no slip of the payment: the receipt's number says which it is.
        slipNumber: first.number,
        date: today,
      });
      return;
    default:
      throw fault("PAYMENT_WORKFLOW_INVALID_ACTION", `${step.action.slice(0, 40)} is none of CANCEL, DISHONOUR, REMIT`);
  }
}

/** The bills, each held by this transaction: of two payments for one bill that come together the second sees the first. */
async function heldBills(tx: Tx, payment: SentPayment): Promise<ReadonlyMap<string, BillState>> {
  const ids = [...new Set(payment.details.map((d) => d.billId))].sort();
  for (const id of ids) {
    await tx.query("select pg_advisory_xact_lock(hashtextextended(:bill, 7))", { bill: `${tx.ulb.code}/${id}` });
  }
  return billStates(tx, ids);
}

function tenderOf(payment: SentPayment, today: LocalDate): Tender {
  const number = payment.instrumentNumber ?? "";
  const date = payment.instrumentDate ?? today;
  const bank = payment.ifscCode ?? payment.bankName ?? "NOT STATED";
  switch (payment.paymentMode) {
    case "CASH":
      return { kind: "cash" };
    case "CHEQUE":
    case "DD":
      return {
        kind: payment.paymentMode === "DD" ? "dd" : "cheque",
        number,
        bank,
        ...(payment.branchName === null ? {} : { branch: payment.branchName }),
        date,
      };
    case "POSTAL_ORDER":
      return { kind: "postal-order", number, date };
    case "CARD": {
      const rrn = [payment.transactionNumber, number].find((n) => n !== null && /^\d{12}$/.test(n)) ?? number;
      return { kind: "pos", rrn, acquirer: bank };
    }
    default:
      return { kind: "bank-transfer", utr: number, date };
  }
}

function readPayment(call: Call): SentPayment {
  const body = field(call.body, "Payment");
  const required = new Required("paymentRequest");
  const at = (name: string): string => `payment.${name}`;
  const text = (name: string, of: unknown = body): string | null => {
    const value = field(of, name);
    return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  };
  const mode = required.text(field(body, "paymentMode"), at("paymentMode"));
  const instrumentDate = field(body, "instrumentDate");
  const extra = field(body, "additionalDetails") ?? null;
  const details = required.list(field(body, "paymentDetails"), at("paymentDetails")).map((d, i) => ({
    businessService: text("businessService", d) ?? "",
    billId: required.text(field(d, "billId"), at(`paymentDetails[${i}].billId`)),
    totalDue: required.number(field(d, "totalDue") ?? 0, at(`paymentDetails[${i}].totalDue`)),
    totalAmountPaid: required.number(field(d, "totalAmountPaid"), at(`paymentDetails[${i}].totalAmountPaid`)),
  }));
  const tenantId = required.text(field(body, "tenantId"), at("tenantId"));
  const total = required.number(field(body, "totalAmountPaid"), at("totalAmountPaid"));
  const paidBy = required.text(field(body, "paidBy"), at("paidBy"));
  required.check();
  if (!isMode(mode)) throw unreadable();
  return {
    tenantId,
    paymentMode: mode,
    totalAmountPaid: paiseOf(total),
    paidBy: paidBy.slice(0, 200),
    mobileNumber: text("mobileNumber"),
    transactionNumber: text("transactionNumber"),
    instrumentNumber: text("instrumentNumber"),
    instrumentDate: typeof instrumentDate === "number" ? dateOf(instrumentDate) : null,
    ifscCode: text("ifscCode"),
    bankName: text("bankName", extra),
    branchName: text("branchName", extra),
    details: details.map((d) => ({ ...d, totalDue: paiseOf(d.totalDue), totalAmountPaid: paiseOf(d.totalAmountPaid) })),
    sent: {
      paymentMode: mode,
      paidBy,
      mobileNumber: text("mobileNumber"),
      payerName: text("payerName"),
      payerAddress: text("payerAddress"),
      payerEmail: text("payerEmail"),
      payerId: text("payerId"),
      transactionNumber: text("transactionNumber"),
      instrumentNumber: text("instrumentNumber"),
      ifscCode: text("ifscCode"),
      additionalDetails: extra,
    },
  };
}

function isMode(text: string): text is PaymentMode {
  return (PAYMENT_MODES as readonly string[]).includes(text);
}

function withoutUndefined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
