import { previewBill } from "../../../billing/index.ts";
import {
  approveRefund,
  askRefund,
  clearInstruments,
  createPaymentRequest,
  listRefunds,
  payRefundFromBank,
  postExternalPayment,
  rejectRefund,
  sendRefund,
  settleExternal,
  transferReceipt,
  unsettledExternal,
  type RefundRequest,
} from "../../../collections/index.ts";
import { postingAccount } from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import { sum } from "../../../ledger/kernel/money.ts";
import { inTransaction } from "../../../ledger/kernel/tx.ts";
import { BBPS, meetBbps, request } from "../http.ts";
import { act, asPerson, billOf, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import {
  durationMs,
  fieldsOf,
  isFields,
  listOf,
  optionalText,
  paiseOf,
  ScenarioFault,
  textOf,
  valueAt,
  type Fields,
  type Value,
  plain,
} from "../values.ts";
import { today } from "../view.ts";
import { instrumentOf } from "./counter.ts";

const SAVING = ["as", "save", "status"];

/** Requests of the ULB, refunds by order, other portals, transfers of receipts. */
export const laterSteps: StepKinds = {
  qr: { keys: SAVING, run: (stage, step) => askFor(stage, step, "qr") },
  payment_link: { keys: SAVING, run: (stage, step) => askFor(stage, step, "link") },
  virtual_account: { keys: SAVING, run: (stage, step) => askFor(stage, step, "virtual-account") },
  sanction_refund: { keys: SAVING, run: sanctionRefund },
  reject_refund: {
    keys: SAVING,
    run: async (stage, { value, fields, where }) =>
      act(stage, optionalText(fields["as"], where) ?? "checker", (tx) =>
        rejectRefund(tx, refundIdOf(stage, value, where), "not owed"),
      ),
  },
  pay_refund: { keys: SAVING, run: payRefund },
  clear: {
    keys: SAVING,
    run: async (stage, { value, where }) => {
      const f = fieldsOf(isFields(value) ? value : { number: value }, where, ["number", "date"]);
      const id = await instrumentOf(stage, f["number"] ?? undefined, where);
      const date = f["date"] === undefined ? today(stage) : localDate(textOf(f["date"], where));
      return act(stage, "accountant", (tx) => clearInstruments(tx, [id], date));
    },
  },
  transfer_receipt: {
    keys: SAVING,
    run: async (stage, { value, fields, where }) => {
      const f = fieldsOf(value, where, ["receipt", "to", "reason", "asked_by"]);
      return act(stage, optionalText(fields["as"], where) ?? "checker", (tx) =>
        transferReceipt(tx, {
          receiptId: textOf(f["receipt"] ?? stage.vars.get("receipt"), where),
          toConsumerId: billOf(stage, f["to"], where).consumerId,
          reason: optionalText(f["reason"], where) ?? "entered for the wrong property",
          requestedBy: `${optionalText(f["asked_by"], where) ?? "cashier"}@demo`,
        }),
      );
    },
  },
  bbps_fetch: {
    keys: SAVING,
    run: async (stage, { value, where }) => {
      const f = fieldsOf(isFields(value) ? value : { bill: value }, where, ["bill", "account"]);
      const bill = billOf(stage, f["bill"] ?? f["account"], where);
      const answer = await request(stage, "POST /v1/bbps/bills/fetch", {
        as: "bbps",
        body: {
          customerIdentifiers: [
            { attributeName: "Consumer Number", attributeValue: bill.account },
            { attributeName: "Service", attributeValue: bill.service },
          ],
        },
      });
      const found = valueAt(answer.body, "$.data.billDetails.bills[0].billerBillID");
      if (typeof found === "string") stage.vars.set(`bill ${found}`, bill.name);
      return answer;
    },
  },
  bbps_post: { keys: SAVING, run: bbpsPost },
  bbps_reverse: { keys: SAVING, run: bbpsReverse },
  bbps_settle: { keys: SAVING, run: bbpsSettle },
};

/** {bill: B2, usage: single_use, amount: 1500.00}: the ULB asks the gateway for a code, a link or an account number. */
async function askFor(stage: Stage, { value, where }: Step, kind: "qr" | "link" | "virtual-account"): Promise<unknown> {
  const f = fieldsOf(isFields(value) ? value : { bill: value }, where, ["bill", "amount", "usage", "expires"]);
  const bill = billOf(stage, f["bill"], where);
  const due = await act(stage, "portal", (tx) => previewBill(tx, bill.consumerId, today(stage)));
  const usage = optionalText(f["usage"], where)?.replace(/[ -]/g, "_") ?? "single_use";
  if (!/^(?:single|multiple)(?:_use)?$/.test(usage))
    throw new ScenarioFault(`${where}: usage is single_use or multiple_use, not ${usage}`);
  const isSingle = usage.startsWith("single");
  const amount =
    f["amount"] === undefined
      ? isSingle && kind !== "virtual-account"
        ? due.total
        : undefined
      : paiseOf(f["amount"], where);
  const made = await createPaymentRequest(stage.world.app, asPerson(stage, "cashier"), {
    kind,
    consumerId: bill.consumerId,
    ...(amount === undefined ? {} : { amount }),
    ...(kind === "virtual-account" ? {} : { usage: isSingle ? "single" : "multiple" }),
    ...(f["expires"] === undefined
      ? {}
      : { expiresAt: new Date(stage.world.clock.now().getTime() + durationMs(textOf(f["expires"], where))) }),
  });
  stage.vars.set(
    { qr: "qr_id", link: "link_id", "virtual-account": "virtual_account_id" }[kind],
    made.providerId ?? "",
  );
  return { ...made, qr_id: made.providerId, link_id: made.providerId, virtual_account_id: made.providerId };
}

function refundIdOf(stage: Stage, value: Value, where: string): string {
  const named = isFields(value) ? value["refund"] : value;
  const id = named ?? stage.vars.get("refund");
  if (typeof id !== "string") throw new ScenarioFault(`${where}: no refund was asked for`);
  return id;
}

const ORIGINS: Readonly<Record<string, RefundRequest["origin"]>> = {
  RCV: "receipt",
  ADV: "advance",
  SUS: "unidentified",
};

/** {payment, amount, from: RCV}: asked for by the accountant, agreed to by another person, sent to the gateway. */
async function sanctionRefund(stage: Stage, { value, fields, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["payment", "amount", "from", "reason", "approve", "send", "approved_by"]);
  const maker = optionalText(fields["as"], where) ?? "accountant";
  const checker = optionalText(f["approved_by"], where) ?? "checker";
  const payment = textOf(f["payment"] ?? stage.vars.get("payment"), where);
  // What is owed already (a second payment under HOLD) is only agreed to.
  const [owed] = (await act(stage, "accountant", (tx) => listRefunds(tx, { paymentId: payment }))).filter(
    (r) => r.status === "payable",
  );
  if (owed && f["amount"] === undefined) {
    stage.vars.set("refund", owed.id);
    if (f["approve"] === false) return owed;
    await act(stage, checker, (tx) => approveRefund(tx, owed.id));
    return f["send"] === false ? owed : sendRefund(stage.world.app, asPerson(stage, checker), owed.id);
  }
  const from = optionalText(f["from"], where) ?? "RCV";
  const origin = ORIGINS[from];
  if (!origin) throw new ScenarioFault(`${where}: from "${from}" is not ${Object.keys(ORIGINS).join(", ")}`);
  const asked = await act(stage, maker, (tx) =>
    askRefund(tx, {
      paymentId: payment,
      origin,
      reason: optionalText(f["reason"], where) ?? "order of the commissioner",
      ...(f["amount"] === undefined ? {} : { amount: paiseOf(f["amount"], where) }),
    }),
  );
  stage.vars.set("refund", asked.id);
  if (f["approve"] === false) return asked;
  await act(stage, checker, (tx) => approveRefund(tx, asked.id));
  return f["send"] === false ? asked : sendRefund(stage.world.app, asPerson(stage, checker), asked.id);
}

async function payRefund(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["refund", "mode", "reference", "date"]);
  const all = await act(stage, "accountant", (tx) => listRefunds(tx));
  const id = optionalText(f["refund"], where) ?? all[0]?.id;
  if (id === undefined) throw new ScenarioFault(`${where}: no refund is owed`);
  const bankAccount = await act(stage, "accountant", (tx) => postingAccount(tx, "bank-main"));
  return payRefundFromBank(stage.world.app, asPerson(stage, "accountant"), id, {
    bankAccount,
    reference: textOf(f["reference"], where),
    date: f["date"] === undefined ? today(stage) : localDate(textOf(f["date"], where)),
  });
}

/** {bill: B1, ref: …, amount:}: the biller's unit of BBPS tells us of a payment; the same again is the same. */
async function bbpsPost(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f: Fields = fieldsOf(value, where, ["bill", "account", "ref", "amount", "instrument", "give_up_after"]);
  // A bill may be named by the number under which it was fetched.
  const fetched = stage.vars.get(`bill ${plain(f["bill"] ?? "")}`);
  const bill = billOf(stage, fetched ?? f["bill"] ?? f["account"], where);
  await meetBbps(stage);
  const who = { ulb: stage.ulb, actor: { id: BBPS.actor, roles: ["system" as const] } };
  const posted = inTransaction(stage.world.app, who, (tx) =>
    postExternalPayment(tx, {
      consumerId: bill.consumerId,
      amount: paiseOf(f["amount"], where),
      reference: textOf(f["ref"], where),
      instrument: optionalText(f["instrument"], where) ?? "UPI",
      paidAt: stage.world.clock.now(),
    }),
  );
  if (f["give_up_after"] === undefined) return posted;
  // The caller has gone; what it began goes on.
  posted.catch((error: unknown) => stage.troubles.push(plain(error)));
  await new Promise((resolve) => setTimeout(resolve, durationMs(textOf(f["give_up_after"], where))));
  return { isGivenUp: true };
}

/** {ref: …, reversal: …, amount:}: the biller's unit of BBPS takes a payment back, over the server's own address. */
async function bbpsReverse(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["ref", "reversal", "amount", "reason"]);
  await meetBbps(stage);
  return request(stage, "POST /v1/bbps/payments/reverse", {
    as: "bbps",
    body: {
      uniquePaymentRefID: textOf(f["ref"], where),
      reversalRefID: textOf(f["reversal"], where),
      amount: { value: Number(paiseOf(f["amount"], where)) },
      reason: optionalText(f["reason"], where) ?? "failed at the customer's unit",
    },
  });
}

/** {except: [references]}: BBPS pays over what it took, but for these. */
async function bbpsSettle(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(value, where, ["except", "reference", "date"]);
  const left = new Set(listOf(f["except"]).map((v) => textOf(v, where)));
  const held = await act(stage, "accountant", (tx) => unsettledExternal(tx, BBPS.partner));
  const items = held.filter((h) => !left.has(h.reference)).map((h) => ({ reference: h.reference, amount: h.amount }));
  const bankAccount = await act(stage, "accountant", (tx) => postingAccount(tx, "bank-main"));
  return act(stage, "accountant", (tx) =>
    settleExternal(tx, {
      partner: BBPS.partner,
      reference: optionalText(f["reference"], where) ?? "BBPSSETL0001",
      date: f["date"] === undefined ? today(stage) : localDate(textOf(f["date"], where)),
      bankAccount,
      amount: sum(items.map((i) => i.amount)),
      items,
    }),
  );
}
