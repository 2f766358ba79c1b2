import { duration } from "../clock.ts";
import { FAULT_KINDS, WEBHOOK_FAULTS, type FaultRule, type WebhookRule } from "../faults.ts";
import { SimRefusal } from "../state.ts";
import type { Body } from "./validation.ts";

// The words of the control API. Whoever writes a scenario writes `payment` or `payment_id`, `disputes/disp_…/won` or `disputes/decide`, `duplicate(3)` or
// `do: duplicate, n: 3`: one meaning each. What is not known is refused with the words that are, never passed over.

/** A call as its handler knows it. */
export type Call = { readonly route: string; readonly body: Body };

/** Each key of a body with the other names that it goes by. */
type Keys = Readonly<Record<string, readonly string[]>>;

const PAYMENT: Keys = { payment_id: ["payment", "id"] };
const SETTLEMENT: Keys = { settlement_id: ["settlement", "id"] };
const REFUND: Keys = { refund_id: ["refund", "id"] };
const DISPUTE: Keys = { dispute_id: ["dispute", "id"] };
const ENTITY = ["payment_id", "payment", "order_id", "order", "refund_id", "refund", "settlement_id", "dispute_id"];
const RESPOND: Keys = { respond_after: ["respond_by_after", "respond_in"] };
const PLAN: Keys = { outcome: ["status"], again_after: [], limit: ["available"], hide_items: [], hide_for: [] };
const EVENTS: Keys = { event_ids: [], event_id: [], event: [], entity: ENTITY };

/** Calls with a body, by their address; a call that is not here takes none. */
const BODIES: Readonly<Record<string, Keys>> = {
  "POST payments": {
    order_id: ["order"],
    link_id: ["link", "payment_link", "payment_link_id"],
    qr_id: ["qr", "qr_code", "qr_code_id"],
    va_id: ["va", "virtual_account", "virtual_account_id"],
    method: [],
    outcome: [],
    after: ["at"],
    amount: [],
    force: [],
    reason: [],
    reference: ["utr", "rrn"],
    mode: [],
    contact: [],
    email: [],
  },
  "POST payments/late": PAYMENT,
  "POST payments/hold": { ...PAYMENT, on_hold: ["hold"] },
  "POST bank/next": { outcome: [], after: ["at"], reason: [], order_id: ["order"], method: [], times: ["n"] },
  "POST bank/lines": {
    day: ["date"],
    narration: ["description", "particulars"],
    reference: ["utr", "number"],
    credit: [],
    debit: [],
    amount: [],
  },
  "POST webhooks/deliver": { ...EVENTS, url: [], wait: [], drain: [] },
  "POST webhooks/replay": { ...EVENTS, times: ["n"], new_id: [], no_id: [], by_hand: [] },
  "POST webhooks/disable": { url: [] },
  "POST webhooks/enable": { url: [] },
  "POST webhooks/secret": { secret: [] },
  "POST webhooks/endpoints": { url: [], secret: [], events: [] },
  "POST keys/roll": { key_id: [], key_secret: [] },
  "POST clock": { now: ["at", "to"] },
  "POST clock/advance": { by: ["duration"], ms: [], seconds: [], minutes: [], hours: [], days: [], deliver: [] },
  "POST settlements/run": { day: ["date", "on"], ...PLAN },
  "POST settlements/next": PLAN,
  "POST settlements/fail": { ...SETTLEMENT, returned: [], again_after: [] },
  "POST settlements/again": SETTLEMENT,
  "POST settlements/hide": { ...SETTLEMENT, entity_ids: [], count: [], for: [] },
  "POST refunds": { ...PAYMENT, amount: [] },
  "POST refunds/process": REFUND,
  "POST refunds/fail": REFUND,
  "POST refunds/reference": REFUND,
  "POST disputes": { ...PAYMENT, amount: [], phase: [], reason_code: ["reason"], ...RESPOND },
  "POST disputes/decide": { ...DISPUTE, verdict: ["status", "outcome"] },
  "POST disputes/accept": DISPUTE,
  "POST disputes/contest": { ...DISPUTE, action: [], evidence: [] },
  "POST disputes/action-required": { ...DISPUTE, ...RESPOND },
  "POST adjustments": { amount: [], description: ["reason"] },
  "POST reset": { seed: [], clock: [] },
};

/** Calls whose bodies are read by the rules below, or by the call itself. */
const OTHERWISE = new Set(["POST faults", "POST webhooks/plan", "POST settings"]);

/** Other addresses of the same calls. */
const ADDRESSES: Readonly<Record<string, string>> = {
  "DELETE faults": "POST faults/clear",
  "POST clock/set": "POST clock",
  "POST settlements": "POST settlements/run",
  "POST settlements/reissue": "POST settlements/again",
  "POST settlements/retry": "POST settlements/again",
  "POST payments/release": "POST payments/hold",
  "POST payments/refund": "POST refunds",
  "POST refunds/processed": "POST refunds/process",
  "POST refunds/failed": "POST refunds/fail",
  "POST settlements/failed": "POST settlements/fail",
  "POST webhooks/faults": "POST webhooks/plan",
  "POST disputes/action_required": "POST disputes/action-required",
};
const VERDICTS: Readonly<Record<string, string>> = {
  won: "won",
  win: "won",
  lost: "lost",
  lose: "lost",
  closed: "closed",
  close: "closed",
};

/**
 * What a control call means: `disputes/disp_…/lost` is `disputes/decide {dispute_id, verdict: lost}`, `payment` is `payment_id`, "4000.00" is 400000
 * paise. Raises SimRefusal for a key that the call does not know.
 */
export function callOf(method: string, path: string, given: Body): Call {
  const { route, body } = addressed(`${method} ${path}`, given);
  if (OTHERWISE.has(route)) return { route, body };
  return { route, body: named(route, body, BODIES[route] ?? {}) };
}

function addressed(written: string, given: Body): Call {
  const [method = "", path = ""] = written.split(" ");
  const [noun = "", id = "", verb] = path.split("/");
  // disputes/disp_…/lost: the id stands in the address.
  const withId = verb === undefined || !/^[a-z]+_/.test(id) || id.includes("-") ? undefined : id;
  const body: Record<string, unknown> =
    withId === undefined ? { ...given } : { ...given, [`${noun.replace(/s$/, "")}_id`]: withId };
  const short = withId === undefined ? path : `${noun}/${verb ?? ""}`;
  const [, last = ""] = short.split("/");
  if (noun === "disputes" && method === "POST") {
    const said = body["status"] ?? body["verdict"] ?? body["outcome"] ?? body["action"];
    const isOfOne = ["dispute_id", "dispute", "id"].some((key) => body[key] !== undefined);
    const decided =
      VERDICTS[last] ?? (short === "disputes" && isOfOne && typeof said === "string" ? VERDICTS[said] : undefined);
    if (decided !== undefined) {
      const { status: _s, verdict: _v, outcome: _o, action: _a, ...rest } = body;
      return { route: "POST disputes/decide", body: { ...rest, verdict: decided } };
    }
    if (short === "disputes" && isOfOne && (said === "accept" || said === "accepted")) {
      const { action: _a, status: _s, ...rest } = body;
      return { route: "POST disputes/accept", body: rest };
    }
  }
  if (`${method} ${short}` === "POST payments/release") body["on_hold"] = false;
  return { route: ADDRESSES[`${method} ${short}`] ?? `${method} ${short}`, body };
}

/** The body under the names that its call knows. */
function named(route: string, body: Body, keys: Keys): Body {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const key = Object.hasOwn(keys, name) ? name : Object.keys(keys).find((k) => keys[k]?.includes(name));
    if (key === undefined)
      throw new SimRefusal(`${route} does not know "${name}"; it knows ${knownOf(keys)}`, { field: name });
    if (made[key] !== undefined) throw new SimRefusal(`${route}: "${key}" is said twice`, { field: name });
    made[key] = ["amount", "limit", "credit", "debit"].includes(key) ? paiseOf(value) : value;
  }
  return made;
}

const knownOf = (keys: Keys): string => Object.keys(keys).join(", ") || "nothing";

/** Rupees as text ("4000.00") are paise; what is not money is left for the call to refuse. */
function paiseOf(value: unknown): unknown {
  const rupees = typeof value === "string" ? /^(-?\d+)\.(\d\d)$/.exec(value.replaceAll(",", "")) : null;
  return rupees ? Number(`${rupees[1]}${rupees[2]}`) : value;
}

// ------------------------------------------------------------------------------------------------ faults

const FAULT: Keys = {
  match: ["on"],
  regex: [],
  method: [],
  path: [],
  entity: ENTITY,
  webhook: ["webhooks", "event", "events"],
  do: ["fault", "kind"],
  nth: ["call"],
  times: ["count"],
  share: ["probability", "rate"],
  ms: ["for", "by", "delay", "latency", "window", "after_ms"],
  seconds: [],
  minutes: [],
  days: [],
  n: [],
  status: ["code"],
  body: ["type"],
  after: [],
  retry_after: ["retry-after"],
  set: [],
  unset: ["remove"],
  concurrent: [],
};
const OF_CALLS = ["match", "entity", "do", "nth", "times", "share", "ms", "status", "body", "after", "retry_after"];
const OF_WEBHOOKS = ["event", "entity", "do", "nth", "times", "share", "ms", "days", "n", "set", "unset"];

/** What stands in the brackets of `latency(8000)`, `status(502, html)`, `duplicate(3, concurrent)`, in their order. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  latency: ["ms"],
  status: ["status", "body"],
  "429": ["retry_after"],
  stale_read: ["times"],
  clock_skew: ["ms"],
  delay: ["ms"],
  late: ["days"],
  duplicate: ["n", "concurrent"],
  burst: ["n"],
  reorder: ["ms"],
  new_event_id_same_fact: ["n"],
};

export type FaultCall =
  | { readonly of: "calls"; readonly rule: FaultRule }
  | { readonly of: "webhooks"; readonly rules: readonly WebhookRule[] }
  | { readonly of: "clock"; readonly ms: number };

/**
 * A rule of the fault plan: of calls to the API, of webhooks (with `webhook: payment.captured`, or a fault that only webhooks have), or, for a
 * clock_skew that matches no call in particular, of the gateway's clock as a whole. Raises SimRefusal.
 */
export function faultOf(given: Body): FaultCall {
  const body: Record<string, unknown> = {
    ...named("POST faults", given, FAULT),
    ...spelledOut(given["do"] ?? given["fault"] ?? given["kind"]),
  };
  const kind = body["do"];
  const { match } = body;
  if (typeof match === "string" && /^webhooks?\b/i.test(match)) {
    const event = match.replace(/^webhooks?[\s:/]*/i, "");
    body["webhook"] = event === "" ? "*" : event;
    delete body["match"];
  }
  if (body["times"] === "all" || body["times"] === "always") body["times"] = Number.MAX_SAFE_INTEGER;
  for (const [name, unit] of [
    ["seconds", 1000],
    ["minutes", 60_000],
  ] as const)
    if (typeof body[name] === "number") {
      body["ms"] = body[name] * unit;
      delete body[name];
    }
  if (body["ms"] !== undefined) body["ms"] = duration(body["ms"], "ms");
  if (body["concurrent"] === true || body["concurrent"] === "concurrent") delete body["concurrent"];
  const isOfWebhooks =
    body["webhook"] !== undefined || (WEBHOOK_FAULTS.some((f) => f === kind) && !FAULT_KINDS.some((f) => f === kind));
  if (isOfWebhooks) return { of: "webhooks", rules: webhookRules(body) };
  if (kind === "clock_skew" && ["match", "regex", "path", "method", "entity"].every((k) => body[k] === undefined))
    return { of: "clock", ms: typeof body["ms"] === "number" ? body["ms"] : duration(undefined, "ms") };
  const { method, path, n, ...rule } = body;
  if (typeof path === "string") rule["match"] = `${typeof method === "string" ? `${method} ` : ""}${path}`;
  else if (typeof method === "string" && rule["match"] === undefined) rule["match"] = method;
  if (n !== undefined) rule["times"] ??= n;
  onlyThese(rule, `a fault of calls (${String(kind)})`, [...OF_CALLS, "regex"]);
  return { of: "calls", rule: rule as unknown as FaultRule };
}

/** Every rule of a webhook plan: the list, or one rule straight in the body. */
export function webhookPlanOf(given: Body): { readonly shares: Body; readonly rules: readonly WebhookRule[] } {
  const { drop, duplicate, again, reorder, rules, ...rest } = given;
  const shares: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ drop, duplicate, again })) {
    if (value === undefined) continue;
    const share = typeof value === "boolean" ? Number(value) : value;
    if (typeof share !== "number" || !(share >= 0 && share <= 1))
      throw new SimRefusal(`${name} is a share between 0 and 1; a count is a rule: {do: ${name}, n: …}`, {
        field: name,
      });
    shares[name] = share;
  }
  if (reorder !== undefined) {
    if (typeof reorder !== "boolean")
      throw new SimRefusal("reorder is true or false; a window is a rule: {do: reorder, ms: …}");
    shares["reorder"] = reorder;
  }
  const said = [...(Array.isArray(rules) ? (rules as Body[]) : []), ...(Object.keys(rest).length > 0 ? [rest] : [])];
  return {
    shares,
    rules: said.flatMap((one) => {
      const isNamed = ["webhook", "webhooks", "event", "events"].some((key) => one[key] !== undefined);
      const call = faultOf(isNamed ? one : { webhook: "*", ...one });
      return call.of === "webhooks" ? call.rules : [];
    }),
  };
}

/** `do` as one reads it in the manual: `latency(8000)`, `status 502 html`, 503, {duplicate: 3}. */
function spelledOut(given: unknown): Record<string, unknown> {
  if (typeof given === "number") return given === 429 ? { do: "429" } : { do: "status", status: given };
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    const [[kind, value] = ["", undefined]] = Object.entries(given as Body);
    const [argument = "n"] = ARGUMENTS[kind] ?? [];
    return { do: kind, ...(value === null || value === true ? {} : { [argument]: value }) };
  }
  if (typeof given !== "string") return {};
  const parts = /^([a-z0-9_]+)\s*(?:\((.*)\)|\s(.*))?$/.exec(given.trim());
  const kind = parts?.[1] ?? given;
  const inside = parts?.[2] ?? parts?.[3];
  if (/^5\d\d$/.test(kind))
    return { do: "status", status: Number(kind), ...(inside === undefined ? {} : { body: inside }) };
  const made: Record<string, unknown> = { do: kind };
  const names = ARGUMENTS[kind] ?? [];
  for (const [i, word] of (inside ?? "")
    .split(/[\s,]+/)
    .filter((w) => w !== "")
    .entries()) {
    const name = names[i];
    if (name === undefined)
      throw new SimRefusal(`"${given}": ${kind} takes ${names.join(", ") || "nothing"}`, { field: "do" });
    made[name] = /^\d+$/.test(word) ? Number(word) : word;
  }
  return made;
}

function webhookRules(body: Record<string, unknown>): WebhookRule[] {
  const { webhook, times, ...rule } = body;
  onlyThese(rule, `a fault of webhooks (${String(rule["do"])})`, OF_WEBHOOKS);
  const names = typeof webhook === "string" ? webhook.split(",") : Array.isArray(webhook) ? webhook.map(String) : ["*"];
  // A plan without a count holds for every event; one that names the nth is of that one.
  const count =
    times ?? (rule["nth"] === undefined && rule["share"] === undefined ? Number.MAX_SAFE_INTEGER : undefined);
  return names.map((one) => {
    const name = one.trim();
    const event = /^(\*|all|any|true)$/i.test(name) ? undefined : name.replace(/\*$/, "");
    return {
      ...rule,
      ...(event === undefined ? {} : { event }),
      ...(count === undefined ? {} : { times: count }),
    } as unknown as WebhookRule;
  });
}

function onlyThese(rule: Record<string, unknown>, what: string, known: readonly string[]): void {
  const other = Object.keys(rule).find((k) => rule[k] !== undefined && !known.includes(k));
  if (other !== undefined)
    throw new SimRefusal(`${what} does not know "${other}"; it knows ${known.join(", ")}`, { field: other });
}
