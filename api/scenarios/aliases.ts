import { request } from "./http.ts";
import { intentJson, openIntent } from "./intents.ts";
import type { Answer, Stage } from "./stage.ts";
import { intents, receipts } from "./view.ts";
import { fieldsOf, isFields, type Fields, type Value, plain } from "./values.ts";

type AliasCall = {
  readonly body: Value;
  readonly headers: Fields;
  readonly as: string | undefined;
  readonly where: string;
};
type Alias = (stage: Stage, call: AliasCall) => Promise<Answer>;

/**
 * Addresses that the scenarios write and that have another name or form here. Each is answered by the server's own routes; what it adds is the
 * scenarios' words (a bill by its name, an intent's status).
 */
const ALIASES: readonly { readonly pattern: RegExp; readonly run: (id: string) => Alias }[] = [
  {
    pattern: /^POST \/v1\/intents$/,
    run:
      () =>
      async (stage, { body, headers, as, where }) => {
        const f = fieldsOf(body, `${where}: body`, [
          "bill",
          "bill_id",
          "amount",
          "channel",
          "payer",
          "method",
          "account",
        ]);
        const key = Object.entries(headers).find(([name]) => /^idempotency-key$/i.test(name))?.[1];
        return openIntent(stage, {
          bill: f["bill"] ?? f["bill_id"] ?? f["account"],
          amount: f["amount"],
          key: key === undefined ? undefined : plain(key),
          as,
          where,
        });
      },
  },
  {
    pattern: /^GET \/v1\/intents\/([^/]+)$/,
    run: (id) => async (stage) => json(200, intentJson((await intents(stage, id))[0])),
  },
  {
    pattern: /^GET \/v1\/intents$/,
    run: () => async (stage) => json(200, { items: (await intents(stage)).map(intentJson) }),
  },
  {
    pattern: /^POST \/v1\/intents\/([^/]+)\/(?:poll|check|refresh|status)$/,
    run:
      (id) =>
      (stage, { as }) =>
        request(stage, `POST /v1/orders/${id}/poll`, { as: as ?? "portal" }),
  },
  {
    pattern: /^POST \/v1\/intents\/([^/]+)\/callback$/,
    run:
      (id) =>
      (stage, { body }) =>
        request(stage, `POST /pay/callback/${id}`, {
          body: isFields(body) ? body : (stage.vars.get("callback") ?? {}),
          form: true,
          headers: { accept: "text/html" },
        }),
  },
  {
    pattern: /^GET \/v1\/receipts$/,
    run: () => async (stage) => json(200, { items: (await receipts(stage)) as Value[] }),
  },
  {
    pattern: /^POST \/webhooks\/razorpay$/,
    run:
      () =>
      (stage, { body, headers }) =>
        request(stage, `POST /webhooks/razorpay/${stage.ulb.code}`, { headers, body: body ?? "" }),
  },
];

export function aliasOf(target: string): Alias | undefined {
  for (const { pattern, run } of ALIASES) {
    const match = pattern.exec(target);
    if (match) return run(match[1] ?? "");
  }
  return undefined;
}

function json(status: number, body: unknown): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body,
    text: JSON.stringify(body, (_k, v: unknown) => (typeof v === "bigint" ? Number(v) : v)),
  };
}
