import { createHmac } from "node:crypto";
import { createGateway } from "../../../collections/index.ts";
import { dateInIndia, localDate, startOfDayInIndia } from "../../../ledger/kernel/dates.ts";
import { moveTo } from "../clock.ts";
import { momentOf } from "./time.ts";
import { parsed, request } from "../http.ts";
import { openIntent } from "../intents.ts";
import { rows, type SimEvent, type Answer, type Stage } from "../stage.ts";
import type { Step, StepKinds } from "../step.ts";
import {
  durationMs,
  fieldsOf,
  isFields,
  listOf,
  numberOf,
  optionalText,
  paiseOf,
  ScenarioFault,
  textOf,
  valueAt,
  type Fields,
  type Value,
  plain,
} from "../values.ts";

/** What happens at the gateway and at the payer's bank. */
export const gatewaySteps: StepKinds = {
  sim: {
    keys: ["body", "headers", "save", "status", "as"],
    run: async (stage, step) => {
      const body = await bodyFor(stage, step);
      return callSimulator(
        stage,
        textOf(step.value, step.where),
        body,
        isFields(step.fields["headers"]) ? step.fields["headers"] : {},
      );
    },
  },
  pay: {
    keys: ["save", "as"],
    run: async (stage, step) => pay(stage, step),
  },
  deliver: {
    keys: ["save", "times"],
    run: async (stage, { value }) => deliver(stage, value),
  },
  hold: {
    keys: [],
    run: async () => ({}),
  },
  replay: { keys: [], run: async (stage, { value, where }) => replay(stage, value, where) },
  webhook: { keys: ["save", "status"], run: async (stage, { value, where }) => craft(stage, value, where) },
  /** A new webhook secret on both sides: the old one is good for retries of older events for seven days. */
  rotate_secret: {
    keys: [],
    run: async (stage, { value, where }) => {
      const secret = textOf(value, where);
      const { simulator } = stage;
      const until = new Date(stage.world.clock.now().getTime() + 7 * 86_400_000);
      const old = stage.settings.get("webhook_secret") ?? simulator.webhookSecret;
      simulator.rotateWebhookSecret(secret);
      stage.settings.set("webhook_secret", secret);
      const before = stage.world.app.gateway;
      const gateway = createGateway({
        ...simulator.gatewayConfig(simulator.url),
        timeoutMs: 1000,
        webhookSecrets: [{ secret }, { secret: textOf(old, where), validUntil: until }],
      });
      stage.world.app.gateway = gateway;
      before.close();
      stage.closing.push(async () => gateway.close());
      return {};
    },
  },
  /** The server is started with another configuration of the gateway: what is not allowed is refused. */
  start: {
    keys: [],
    run: async (stage, { value, where }) => {
      const f = fieldsOf(value, where, [
        "webhook_secret",
        "key_secret",
        "key_id",
        "base_url",
        "production",
        "allow_simulator",
      ]);
      const usual = stage.simulator.gatewayConfig(stage.simulator.url);
      createGateway({
        ...usual,
        ...(f["webhook_secret"] === undefined ? {} : { webhookSecrets: [{ secret: plain(f["webhook_secret"]) }] }),
        ...(f["key_secret"] === undefined ? {} : { keySecret: plain(f["key_secret"]) }),
        ...(f["key_id"] === undefined ? {} : { keyId: plain(f["key_id"]) }),
        ...(f["base_url"] === undefined ? {} : { baseUrl: plain(f["base_url"]) }),
        ...(f["production"] === undefined ? {} : { isProduction: f["production"] === true }),
        ...(f["allow_simulator"] === undefined ? {} : { allowSimulator: f["allow_simulator"] === true }),
      }).close();
      return {};
    },
  },
  /** The gateway's price changes between the capture and its settlement. */
  reprice: {
    keys: [],
    run: async (stage, { value, where }) => {
      const f = fieldsOf(value, where, ["payment", "fee", "tax"]);
      const payment = stage.simulator.payments.get(textOf(f["payment"], where));
      if (!payment) throw new ScenarioFault(`${where}: the gateway has no such payment`);
      payment.fee = Number(paiseOf(f["fee"], where));
      payment.tax = Number(paiseOf(f["tax"], where));
      return {};
    },
  },
  /** Somebody pays the order that the gateway made beside ours. */
  pay_other_order: {
    keys: ["save"],
    run: async (stage, { value, where }) => {
      const f = fieldsOf(value, where, ["of", "method"]);
      const ours = await orderOf(stage, textOf(f["of"] ?? stage.vars.get("intent"), where));
      const receipt = stage.simulator.orders.get(ours)?.receipt ?? "";
      const other = (stage.simulator.ordersByReceipt.get(receipt) ?? []).find((o) => o.id !== ours);
      if (!other) throw new ScenarioFault(`${where}: there is one order`);
      return callSimulator(stage, "POST /__sim/payments", { order_id: other.id, method: f["method"] ?? "upi" });
    },
  },
  settle: {
    keys: ["save"],
    run: async (stage, { value, where }) => {
      const f = isFields(value) ? fieldsOf(value, where, ["day", "date"]) : { day: value };
      const said = f["day"] ?? f["date"] ?? null;
      return settleOn(
        stage,
        said === null || said === true ? dateInIndia(stage.world.clock.now()) : textOf(said, where),
      );
    },
  },
};

/** The settlement of that day. One that lies ahead is waited for: time goes on to the hour at which the gateway settles. */
async function settleOn(stage: Stage, day: string): Promise<unknown> {
  const { simulator, world } = stage;
  const before = new Set(simulator.settlements.keys());
  if (day > dateInIndia(world.clock.now())) {
    const minutes = Math.round(simulator.settings.settlementHour * 60);
    await moveTo(stage, new Date(startOfDayInIndia(localDate(day)).getTime() + minutes * 60_000));
  }
  const made =
    simulator.runSettlement(day) ?? [...simulator.settlements.values()].filter((s) => !before.has(s.id)).at(-1);
  return made ? simulator.toJson.settlement(made) : null;
}

/** One request to the simulator over its own HTTP: its API with the merchant's key, its control as it is. */
export async function callSimulator(
  stage: Stage,
  target: string,
  body: Value | undefined,
  headers: Fields = {},
): Promise<Answer> {
  const [method = "GET", url = ""] = target.trim().split(/\s+/);
  const moved = await movesTime(stage, `${method} ${url.split("?")[0]}`, body);
  if (moved) return moved;
  const { simulator } = stage;
  const response = await fetch(`${simulator.url}${url}`, {
    method,
    redirect: "manual",
    headers: {
      ...(body === undefined || body === null ? {} : { "content-type": "application/json" }),
      ...(url.startsWith("/v1/")
        ? { authorization: `Basic ${Buffer.from(`${simulator.keyId}:${simulator.keySecret}`).toString("base64")}` }
        : {}),
      ...Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, plain(v)])),
    },
    ...(body === undefined || body === null ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: parsed(text, response.headers.get("content-type") ?? ""),
    text,
  };
}

/** The clock is one for both sides: what the control API is told of time moves the scenario. */
async function movesTime(stage: Stage, route: string, body: Value | undefined): Promise<Answer | undefined> {
  const now = stage.world.clock.now();
  if (route === "POST /__sim/clock/advance") {
    const units = { ms: 1, seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
    const fields = fieldsOf(typeof body === "string" ? { by: body } : body, "clock/advance", [
      "by",
      "duration",
      "deliver",
      "to",
      ...Object.keys(units),
    ]);
    const span = fields["by"] ?? fields["duration"];
    const parts = Object.entries(units).filter(([unit]) => fields[unit] !== undefined);
    if (span === undefined && parts.length === 0 && fields["to"] === undefined)
      throw new ScenarioFault(`clock/advance: by how much? {by: PT2S}, {days: 2} or {to: moment}`);
    const at =
      fields["to"] !== undefined
        ? momentOf(textOf(fields["to"], "clock/advance"), "clock/advance")
        : new Date(
            now.getTime() +
              (span === undefined ? 0 : typeof span === "number" ? span : durationMs(textOf(span, "clock/advance"))) +
              parts.reduce((sum, [unit, ms]) => sum + numberOf(fields[unit], unit) * ms, 0),
          );
    await moveTo(stage, forward(at, now));
    if (fields["deliver"] === true) await stage.simulator.deliverWebhooks();
  } else if (route === "POST /__sim/clock" || route === "POST /__sim/clock/set") {
    const fields = fieldsOf(body, "clock", ["now", "at", "to"]);
    await moveTo(
      stage,
      forward(momentOf(textOf(fields["now"] ?? fields["at"] ?? fields["to"], "clock"), "clock"), now),
    );
  } else if (route === "POST /__sim/settlements/run") {
    // A day that lies ahead is waited for, as `settle` does.
    const fields = isFields(body) ? body : {};
    const day = fields["day"] ?? fields["date"] ?? fields["on"];
    const isAhead = typeof day === "string" && day > dateInIndia(now);
    if (!isAhead) return undefined;
    const { day: _d, date: _e, on: _o, ...plan } = fields;
    if (Object.keys(plan).length > 0) {
      const set = await callSimulator(stage, "POST /__sim/settlements/next", plan);
      if (set.status >= 400) return set;
    }
    const made = await settleOn(stage, day);
    return { status: 200, headers: {}, body: made, text: JSON.stringify(made) };
  } else return undefined;
  const answer = { now: stage.world.clock.now().toISOString() };
  return { status: 200, headers: {}, body: answer, text: JSON.stringify(answer) };
}

function forward(at: Date, now: Date): Date {
  if (at < now) throw new ScenarioFault(`time does not go back: it is ${now.toISOString()}, not ${at.toISOString()}`);
  return at;
}

/** The body of a call to the simulator; what names a thing of ours (an intent, a bill) becomes the gateway's own id. */
async function bodyFor(stage: Stage, step: Step): Promise<Value | undefined> {
  const body = step.fields["body"];
  if (!isFields(body)) return /\/__sim\/webhooks\/deliver$/.test(plain(step.value)) ? { wait: true } : body;
  const { order_of_intent: intent, order_of: other, payment_of_intent: paid, ...rest } = body;
  const named = intent ?? other;
  const made: Record<string, Value> = await inGatewayWords(stage, rest, step.where);
  // The answer comes when they are sent: what the file does next happens after it.
  if (/\/__sim\/webhooks\/deliver$/.test(plain(step.value))) made["wait"] = true;
  if (named !== undefined) made["order_id"] = await orderOf(stage, textOf(named, `${step.where}: order_of_intent`));
  if (paid !== undefined) made["payment_id"] = await paymentOf(stage, textOf(paid, `${step.where}: payment_of_intent`));
  return made;
}

const SUMS = ["amount", "limit", "credit", "debit", "fee", "tax"];
const REQUESTS = /^(?:qr|qr_code|link|payment_link|va|virtual_account)(?:_id)?$/;
const SPAN = /^\d+(?:\.\d+)?\s*(?:ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)$/i;

/** Money as the gateway has it (paise), spans as it has them (milliseconds), and a request of ours (a link, a code) by the gateway's id. */
async function inGatewayWords(stage: Stage, body: Fields, where: string): Promise<Record<string, Value>> {
  const made: Record<string, Value> = {};
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value)) {
      const parts: Value[] = [];
      for (const one of value as readonly Value[])
        parts.push(isFields(one) ? await inGatewayWords(stage, one, where) : one);
      made[name] = parts;
    } else if (typeof value !== "string") made[name] = value;
    else if (SUMS.includes(name) && !/^-?\d*$/.test(value)) made[name] = Number(paiseOf(value, `${where}: ${name}`));
    else if (name === "do") made[name] = value.replace(/\b(\d+)\s*(ms|s|min|h)\b/g, (span) => plain(durationMs(span)));
    else if (SPAN.test(value)) made[name] = durationMs(value);
    else if (/^-?\d+\.\d\d$/.test(value)) made[name] = Number(value);
    else if (REQUESTS.test(name)) made[name] = await requestAtGateway(stage, value);
    else made[name] = value;
  }
  return made;
}

async function requestAtGateway(stage: Stage, id: string): Promise<string> {
  const [ours] = await rows<{ id: string | null }>(
    stage,
    "select provider_id as id from collections.payment_requests where ulb_id = $1 and request_id::text = $2",
    [id],
  );
  return ours?.id ?? id;
}

export async function orderOf(stage: Stage, intentId: string): Promise<string> {
  const [row] = await rows<{ id: string | null }>(
    stage,
    "select provider_order_id as id from collections.orders where ulb_id = $1 and order_id = $2::uuid",
    [intentId],
  );
  if (!row?.id) throw new ScenarioFault(`the intent ${intentId} has no order at the gateway`);
  return row.id;
}

async function paymentOf(stage: Stage, intentId: string): Promise<string> {
  const order = await orderOf(stage, intentId);
  const payment = stage.simulator.paymentsOf(order).at(-1);
  if (!payment) throw new ScenarioFault(`nobody paid the intent ${intentId}`);
  return payment.id;
}

/**
 * pay(B1, upi): the citizen asks for an order and pays it at the bank. Saves `intent`, `order`, `payment` and `callback`; with `save: name` also
 * name_intent, name_order and so on.
 */
async function pay(stage: Stage, step: Step): Promise<unknown> {
  const how = payArguments(step.value, step.where);
  // Who pays by force what is paid already pays its order once more.
  const kept = how.isForced ? stage.vars.get(`intent of ${how.bill}`) : undefined;
  let intentId = how.intent ?? (typeof kept === "string" ? kept : "");
  if (intentId === "") {
    const opened = await openIntent(stage, { bill: how.bill, amount: how.amount, key: how.key, where: step.where });
    // No order, no payment: the refusal is the answer.
    if (opened.id === "") return opened;
    intentId = opened.id;
  }
  if (how.bill !== "") stage.vars.set(`intent of ${how.bill}`, intentId);
  const order = await orderOf(stage, intentId);
  // What the bank answers later is pending until then.
  const isLater = how.more["after"] !== undefined && (how.more["outcome"] ?? "success") === "success";
  const said = isLater ? { ...how.more, outcome: "pending-success" } : how.more;
  const more = await inGatewayWords(stage, said, step.where);
  const body: Record<string, Value> = { order_id: order, method: how.method, ...more };
  const answer = await callSimulator(stage, "POST /__sim/payments", body);
  if (answer.status >= 400) return { ...answer, intent: intentId, order };
  const payment = valueAt(answer.body, "$.payment");
  const found = {
    intent: intentId,
    order,
    payment: plain(valueAt(payment, "$.id") ?? ""),
    callback: (valueAt(answer.body, "$.callback") ?? {}) as Value,
    status: answer.status,
    body: answer.body,
  };
  const prefix = typeof step.fields["save"] === "string" ? `${step.fields["save"]}_` : "";
  for (const name of ["intent", "order", "payment", "callback"] as const) {
    stage.vars.set(name, found[name]);
    if (prefix !== "") stage.vars.set(`${prefix}${name}`, found[name]);
  }
  return found;
}

function payArguments(value: Value, where: string) {
  if (typeof value === "string") {
    const [bill = "", method = "upi", outcome] = value.split(/[,\s]+/).filter((p) => p !== "");
    return {
      bill,
      method,
      intent: undefined,
      amount: undefined,
      key: undefined,
      isForced: false,
      more: (outcome === undefined ? {} : { outcome }) as Fields,
    };
  }
  const f = fieldsOf(value, where, [
    "bill",
    "method",
    "amount",
    "intent",
    "key",
    "outcome",
    "force",
    "paid",
    "contact",
    "email",
    "reason",
    "after",
    "reference",
    "mode",
  ]);
  const { bill, method, intent, amount, key, paid, ...more } = f;
  return {
    bill: optionalText(bill, where) ?? "",
    method: optionalText(method, where) ?? "upi",
    intent: optionalText(intent, where),
    amount,
    key: optionalText(key, where),
    isForced: more["force"] === true,
    more: { ...more, ...(paid === undefined ? {} : { amount: paid }) } as Fields,
  };
}

/** Sends waiting webhooks: all that are due, or those of the events named, in the order named, each once. */
async function deliver(stage: Stage, value: Value): Promise<unknown> {
  const names = listOf(value)
    .flatMap((v) => (v === true ? [] : textOf(v, "deliver").split(/[,\s]+/)))
    .filter((n) => n !== "" && n !== "all");
  if (names.length === 0) return stage.simulator.deliverWebhooks();
  const answers: unknown[] = [];
  for (const name of names) {
    const events = stage.simulator.webhooks.filter((e) => e.event === name);
    if (events.length === 0)
      throw new ScenarioFault(
        `deliver: the gateway has no event ${name}; it has ${[...new Set(stage.simulator.webhooks.map((e) => e.event))].join(", ") || "none"}`,
      );
    for (const event of events.filter((e) => e.status === "waiting" || e.status === "dropped"))
      answers.push(await sendEvent(stage, event));
  }
  return { answers };
}

/** One event of the gateway sent now, whatever its queue says. */
async function sendEvent(stage: Stage, event: SimEvent): Promise<number> {
  return stage.simulator.world.dispatcher.deliverOne(event, stage.world.clock.now().getTime());
}

/** {event: payment.captured, times: 5, new_id: true} or {event:, no_id: true}: the same fact again. */
async function replay(stage: Stage, value: Value, where: string): Promise<unknown> {
  const f = fieldsOf(typeof value === "string" ? { event: value } : value, where, [
    "event",
    "times",
    "new_id",
    "no_id",
    "payment",
    "secret",
    "signature",
  ]);
  const name = textOf(f["event"] ?? "payment.captured", where);
  const event = stage.simulator.webhooks
    .filter((e) => e.event === name && (f["payment"] === undefined || e.body.includes(plain(f["payment"]))))
    .at(-1);
  if (!event) throw new ScenarioFault(`${where}: the gateway has no event ${name}`);
  const statuses: number[] = [];
  for (let i = 0; i < numberOf(f["times"] ?? 1, where); i++) {
    const answer = await send(stage, event.body, {
      ...(f["no_id"] === true
        ? {}
        : {
            "x-razorpay-event-id":
              f["new_id"] !== true
                ? event.id
                : `${event.id.slice(0, 8)}again${plain(stage.vars.size).padStart(2, "0")}${i}${Math.abs(hash(event.id + i))}`,
          }),
      "x-razorpay-signature": createHmac("sha256", optionalText(f["secret"], where) ?? event.secret)
        .update(event.body)
        .digest("hex"),
    });
    statuses.push(answer.status);
  }
  return { statuses };
}

const hash = (text: string): number => [...text].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 1_000_003, 7);

async function send(stage: Stage, body: Buffer, headers: Fields, path?: string): Promise<Answer> {
  return request(stage, `POST ${path ?? `/webhooks/razorpay/${stage.ulb.code}`}`, {
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

/**
 * A webhook made by hand: an event of the gateway with changes, or a body of one's own; signed well, wrongly or not at all, to this ULB's address
 * or another's.
 */
async function craft(stage: Stage, value: Value, where: string): Promise<unknown> {
  const f = fieldsOf(value, where, [
    "event",
    "like",
    "set",
    "remove",
    "body",
    "raw",
    "bytes",
    "signature",
    "secret",
    "event_id",
    "to",
    "account",
    "payment",
  ]);
  const raw = craftedBody(stage, f, where);
  const how = f["signature"] ?? "good";
  const secret = optionalText(f["secret"], where) ?? stage.simulator.webhookSecret;
  const good = createHmac("sha256", secret).update(raw).digest("hex");
  const signature =
    how === "good"
      ? good
      : how === "wrong"
        ? createHmac("sha256", "another secret").update(raw).digest("hex")
        : how === "empty"
          ? ""
          : how === "none"
            ? undefined
            : how === "short"
              ? good.slice(0, 1)
              : textOf(how, where);
  const id =
    f["event_id"] === false
      ? undefined
      : (optionalText(f["event_id"], where) ?? `evtcrafted${Math.abs(hash(raw.toString("latin1")))}`);
  return send(
    stage,
    raw,
    {
      ...(signature === undefined ? {} : { "x-razorpay-signature": signature }),
      ...(id === undefined ? {} : { "x-razorpay-event-id": id }),
    },
    f["to"] === undefined ? undefined : `/webhooks/razorpay/${textOf(f["to"], where)}`,
  );
}

function craftedBody(stage: Stage, f: Fields, where: string): Buffer {
  if (f["raw"] !== undefined) return Buffer.from(textOf(f["raw"], where));
  if (f["bytes"] !== undefined)
    return Buffer.from(JSON.stringify({ event: "payment.captured", filler: "x".repeat(numberOf(f["bytes"], where)) }));
  if (f["body"] !== undefined) return Buffer.from(JSON.stringify(f["body"]));
  const name = textOf(f["like"] ?? f["event"] ?? "payment.captured", where);
  const model = stage.simulator.webhooks
    .filter((e) => e.event === name && (f["payment"] === undefined || e.body.includes(plain(f["payment"]))))
    .at(-1);
  if (!model) throw new ScenarioFault(`${where}: the gateway has no event ${name} to start from`);
  const body = JSON.parse(model.body.toString("utf8")) as Record<string, unknown>;
  if (f["like"] !== undefined && f["event"] !== undefined) body["event"] = f["event"];
  if (f["account"] !== undefined) body["account_id"] = f["account"];
  for (const [path, v] of Object.entries(isFields(f["set"]) ? f["set"] : {})) put(body, path, v);
  for (const path of listOf(f["remove"])) put(body, textOf(path, where), undefined);
  return Buffer.from(JSON.stringify(body));
}

/** Sets "payment.amount" (an entity of the payload and its field) or "$.account_id" (from the top). */
function put(body: Record<string, unknown>, path: string, value: unknown): void {
  const parts = /^(?:\$|payload\.)/.test(path)
    ? path.replace(/^\$\.?/, "").split(".")
    : ["payload", path.split(".")[0] ?? "", "entity", ...path.split(".").slice(1)];
  let at = body;
  for (const part of parts.slice(0, -1)) at = at[part] as Record<string, unknown>;
  const last = parts.at(-1) ?? "";
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
}
