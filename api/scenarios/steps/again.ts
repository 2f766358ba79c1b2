import { getReceipt, publicKeys, sendRefund, verifyReceiptCode, type Gateway } from "../../../collections/index.ts";
import { Refusal } from "../../../ledger/kernel/errors.ts";
import { receiptView } from "../../../reports/index.ts";
import { request } from "../http.ts";
import { runOutbox } from "../outbox.ts";
import { act, asPerson, rows, type Answer, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import { fieldsOf, isFields, optionalText, paiseOf, ScenarioFault, textOf, type Value, plain } from "../values.ts";
import { runTwice } from "../differential.ts";

/** What is done a second time: with another body, after a crash, with a forged code, or under faults. */
export const againSteps: StepKinds = {
  refund_again: { keys: ["as", "save", "status"], run: refundAgain },
  /** The notifier hands the texts over and dies before it notes that it did. */
  kill_notifier: {
    keys: [],
    run: async (stage) => {
      await runOutbox(stage, { diesAfterSending: true });
      return {};
    },
  },
  verify_qr: { keys: ["save", "status"], run: verifyQr },
  differential: {
    keys: [],
    run: async (stage, { value, where }) => {
      stage.vars.set("differential", await runTwice(stage, value, where));
      return {};
    },
  },
};

/**
 * {amount: 4000.00, refund: …}: the refund is sent once more under the key that it has, with another amount, as a program with a fault would. One
 * whose answer was lost goes the program's own way; otherwise the gateway is asked straight.
 */
async function refundAgain(stage: Stage, { value, fields, where }: Step): Promise<Answer> {
  const f = fieldsOf(value, where, ["refund", "amount"]);
  const id = textOf(f["refund"] ?? stage.vars.get("refund"), where);
  const amount = paiseOf(f["amount"], where);
  const { app } = stage.world;
  const honest = app.gateway;
  const answers: string[] = [];
  const amended: Gateway = {
    ...honest,
    refundPayment: async (refund) => {
      const outcome = await honest.refundPayment({ ...refund, amount });
      answers.push(outcome.kind === "rejected" ? outcome.description : outcome.kind);
      return outcome;
    },
  };
  const [row] = await rows<{ payment: string; open: boolean }>(
    stage,
    `select payment_id as payment, status = 'approved' or (status = 'requested' and provider_refund_id is null) as open
     from collections.refunds where ulb_id = $1 and refund_id = $2::uuid`,
    [id],
  );
  if (!row) throw new ScenarioFault(`${where}: no refund was asked for`);
  if (row.open) {
    app.gateway = amended;
    try {
      await sendRefund(app, asPerson(stage, optionalText(fields["as"], where) ?? "checker"), id);
    } finally {
      app.gateway = honest;
    }
  } else
    await amended.refundPayment({
      paymentId: row.payment,
      amount,
      idempotencyKey: `refund-${id}`,
      receipt: id.replaceAll("-", ""),
      notes: { ulb: stage.ulb.code, refund: id },
    });
  const [said = "nothing"] = answers;
  return said === "ok" || said === "unknown" || said === "nothing" ? told(200, said) : told(400, said);
}

/**
 * {receipt, set: {amount: …}, offline: true}: the code on a receipt is scanned, as printed or with fields changed. Offline only the signature is
 * looked at; otherwise the ULB's page is.
 */
async function verifyQr(stage: Stage, { value, where }: Step): Promise<Answer> {
  const f = fieldsOf(isFields(value) ? value : { receipt: value }, where, ["receipt", "set", "offline", "code"]);
  const id = textOf(f["receipt"] ?? stage.vars.get("receipt"), where);
  const { receipt, view, keys } = await act(stage, "auditor", async (tx) => ({
    receipt: await getReceipt(tx, id),
    view: await receiptView(tx, id, (token) => `https://pay.demo.example/receipt/${token}`),
    keys: await publicKeys(tx),
  }));
  const printed = optionalText(f["code"], where) ?? new URL(view.verifyUrl).searchParams.get("s") ?? "";
  const code = isFields(f["set"]) ? forged(printed, f["set"], where) : printed;
  if (f["offline"] !== true) {
    const page = await request(stage, `GET /receipt/${receipt.token}?s=${code}`, { headers: { accept: "text/html" } });
    const isSigned = verdict(code, keys);
    return { ...page, text: `${page.text} ${isSigned.text}` };
  }
  return verdict(code, keys);
}

function verdict(code: string, keys: Parameters<typeof verifyReceiptCode>[1]): Answer {
  try {
    const { keyId, ...signed } = verifyReceiptCode(code, keys);
    return told(200, { ...signed, amount: plain(signed.amount), keyId, status: "status not checked" });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return told(200, `signature invalid: ${error.code} ${error.message}`);
  }
}

const FIELDS = ["ulb", "number", "date", "amount", "account", "mode"] as const;

/** The code with other facts under the old signature. */
function forged(code: string, set: { readonly [key: string]: Value }, where: string): string {
  const [format = "", payload = "", signature = ""] = code.split(".");
  const facts = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as unknown[];
  for (const [name, value] of Object.entries(fieldsOf(set, where, FIELDS)))
    facts[FIELDS.indexOf(name as (typeof FIELDS)[number])] =
      name === "amount" ? plain(paiseOf(value, where)) : plain(value);
  return `${format}.${Buffer.from(JSON.stringify(facts)).toString("base64url")}.${signature}`;
}

const told = (status: number, body: unknown): Answer => ({ status, headers: {}, body, text: plain(body) });
