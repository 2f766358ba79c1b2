import { aliasOf } from "../aliases.ts";
import { request } from "../http.ts";
import { longKey, openIntent } from "../intents.ts";
import { billOf, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import { fieldsOf, isFields, optionalText, ScenarioFault, textOf, type Fields, type Value, plain } from "../values.ts";

/** Requests to the program under test, over its own HTTP. */
export const engineSteps: StepKinds = {
  engine: { keys: ["body", "headers", "save", "status", "as", "key"], run: engine },
  intent: {
    keys: ["save", "status", "as"],
    run: async (stage, { value, fields, where }) => {
      const f = fieldsOf(typeof value === "string" ? { bill: value } : value, where, [
        "bill",
        "amount",
        "key",
        "channel",
        "payer",
      ]);
      return openIntent(stage, {
        bill: f["bill"],
        amount: f["amount"],
        key: optionalText(f["key"], where),
        as: optionalText(fields["as"], where),
        where,
      });
    },
  },
  /** The payer's browser comes back from the gateway's page with what it signed. */
  callback: { keys: ["save", "status"], run: callback },
  poll: {
    keys: ["save", "status"],
    run: async (stage, { value, where }) =>
      request(stage, `POST /v1/orders/${intentIdOf(stage, value, where)}/poll`, { as: "portal" }),
  },
  /** What a citizen sees: a page of the site. `intent` is the page of a payment that is under way. */
  page: {
    keys: ["save", "status", "as"],
    run: async (stage, { value, where }) => {
      const text =
        value === null || value === "intent"
          ? `/pay/processing/${intentIdOf(stage, null, where)}`
          : textOf(value, where).replace(
              /^bill (\S+)$/,
              (_all, name: string) => `/pay/${billOf(stage, name, where).consumerId}`,
            );
      return request(stage, `GET ${text.replace(/^GET\s+/, "")}`, { headers: { accept: "text/html" } });
    },
  },
};

async function engine(stage: Stage, step: Step): Promise<unknown> {
  const { fields, where } = step;
  const target = textOf(step.value, where).trim();
  const headers: Record<string, Value> = isFields(fields["headers"]) ? { ...fields["headers"] } : {};
  const key = optionalText(fields["key"], where);
  if (key !== undefined) headers["idempotency-key"] = key;
  for (const name of Object.keys(headers))
    if (/^idempotency-key$/i.test(name)) headers[name] = longKey(stage, plain(headers[name]));
  const as = optionalText(fields["as"], where);
  const alias = aliasOf(target);
  if (alias) return alias(stage, { body: fields["body"] ?? null, headers, as, where });
  return request(stage, target, {
    as: as ?? (target.includes(" /v1/") ? "officer" : undefined),
    headers,
    body: fields["body"],
  });
}

async function callback(stage: Stage, { value, where }: Step): Promise<unknown> {
  const f = fieldsOf(typeof value === "string" ? { intent: value } : value, where, [
    "intent",
    "payment",
    "fields",
    "signature",
    "error",
  ]);
  const intent = intentIdOf(stage, f["intent"] ?? null, where);
  const kept = stage.vars.get("callback");
  const base: Fields = isFields(f["fields"]) ? f["fields"] : isFields(kept) ? kept : {};
  const sent: Fields = {
    ...base,
    ...(f["payment"] === undefined ? {} : { razorpay_payment_id: f["payment"] }),
    ...(f["signature"] === undefined ? {} : { razorpay_signature: f["signature"] }),
    ...(f["error"] === undefined ? {} : { "error[description]": f["error"] }),
  };
  return request(stage, `POST /pay/callback/${intent}`, { body: sent, form: true, headers: { accept: "text/html" } });
}

export function intentIdOf(stage: Stage, value: Value, where: string): string {
  const id = typeof value === "string" && value !== "" ? value : stage.vars.get("intent");
  if (typeof id !== "string") throw new ScenarioFault(`${where}: no intent was opened yet`);
  return id;
}
