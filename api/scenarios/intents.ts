import { billFor, previewBill } from "../../billing/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { request } from "./http.ts";
import { act, billOf, type Answer, type Stage } from "./stage.ts";
import { intents, today, type IntentView } from "./view.ts";
import { paiseOf, ScenarioFault, valueAt, type Value, plain } from "./values.ts";

export type IntentAnswer = Answer & { readonly id: string };
let keys = 0;

/** A key of at least eight characters, as the server asks for; a short one of a file is told apart by the scenario. */
export const longKey = (stage: Stage, key: string): string =>
  (key.length >= 8 ? key : `${stage.id.toLowerCase().replace(/[^a-z0-9]/g, "")}-key-${key}`).padEnd(8, "-");

/**
 * A citizen asks to pay a bill: `POST /v1/intents {bill, channel}` of the scenarios is our `POST /v1/orders`, for what the bill asks for today
 * unless an amount is named.
 */
export async function openIntent(
  stage: Stage,
  ask: {
    readonly bill: Value | undefined;
    readonly amount?: Value | undefined;
    readonly key?: string | undefined;
    readonly as?: string | undefined;
    readonly where: string;
  },
): Promise<IntentAnswer> {
  const bill = billOf(stage, ask.bill, ask.where);
  const due = await act(stage, "portal", (tx) => previewBill(tx, bill.consumerId, today(stage)));
  const issued =
    due.lines.length === 0 ? undefined : await act(stage, "portal", (tx) => billFor(tx, bill.consumerId, today(stage)));
  const amount =
    ask.amount === undefined || ask.amount === null
      ? (issued?.total ?? 0n)
      : paiseOf(ask.amount, `${ask.where}: amount`);
  keys += 1;
  const answer = await request(stage, "POST /v1/orders", {
    as: ask.as ?? "portal",
    headers: { "idempotency-key": longKey(stage, ask.key ?? `own-key-${keys}`) },
    body: { consumerId: bill.consumerId, amount: toRupees(amount as never), ...(issued ? { billId: issued.id } : {}) },
  });
  const id =
    typeof answer.body === "object" && answer.body !== null && "id" in answer.body ? plain(answer.body.id) : "";
  // An order that the gateway has not answered for is kept, and named in the refusal.
  const kept = id === "" ? valueAt(answer.body, "$.facts.order") : id;
  if (typeof kept === "string" && kept !== "") stage.vars.set("intent", kept);
  return {
    ...answer,
    id,
    ...(id === "" ? {} : { body: { ...(answer.body as object), ...intentJson((await intents(stage, id))[0]) } }),
  };
}

export function intentJson(view: IntentView | undefined): Record<string, Value> {
  if (!view) throw new ScenarioFault("there is no such intent");
  return {
    id: view.id,
    status: view.status,
    amount: Number(view.amount),
    order_id: view.order_id,
    receipt_id: view.receipt_id,
    payments: view.payments,
  };
}
