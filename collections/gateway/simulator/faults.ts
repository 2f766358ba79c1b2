import { SimRefusal } from "./state.ts";

/** What may go wrong on one API call. `drop_after`, `html_after` and `truncate` do the work and lose the answer. */
export const FAULT_KINDS = [
  "latency",
  "drop_before",
  "drop_after",
  "hang",
  "status",
  "429",
  "truncate_body",
  "wrong_content_type",
  "duplicate_apply",
  "stale_read",
  "clock_skew",
  // Shorter names of the same: 502 with a page, the same after the work, 429, truncate_body.
  "html_502",
  "html_after",
  "rate_limit",
  "truncate",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type FaultRule = {
  /**
   * "POST /v1/orders", a beginning such as "GET /v1/payments", with ids left open: "GET /v1/payments/:id", without a method: "/v1/refunds", or a regular
   * expression: "GET /v1/payments/.*".
   */
  readonly match?: string;
  /** A regular expression over "METHOD /path", in place of `match`. */
  readonly regex?: string;
  /** Only calls whose address carries this id. */
  readonly entity?: string;
  readonly do: FaultKind;
  /** Which matching call it hits first (1 = the next one). */
  readonly nth?: number;
  /** How many calls it hits from there on. */
  readonly times?: number;
  /** The share of matching calls it hits, decided by the seed. */
  readonly share?: number;
  /** latency: how long the answer waits; clock_skew: how far the gateway's clock is off during the call. */
  readonly ms?: number;
  /** status: 500, 502, 503 or 504 (any is taken). */
  readonly status?: number;
  /** status: what the body is; html unless given. */
  readonly body?: "html" | "empty" | "json";
  /** status: whether the work is done before it is answered so. */
  readonly after?: boolean;
  /** 429: seconds. */
  readonly retry_after?: number;
};

/** What may go wrong with webhooks, as shares of 1 decided by the seed. */
export type WebhookPlan = {
  readonly drop?: number;
  readonly duplicate?: number;
  /** The same fact once more under a new event id. */
  readonly again?: number;
  readonly reorder?: boolean;
  /** What happens to particular events; the first rule that fits an event is the one that is used. */
  readonly rules?: readonly WebhookRule[];
};

export const WEBHOOK_FAULTS = [
  "delay",
  "late",
  "drop",
  "duplicate",
  "reorder",
  "bad_signature",
  "old_secret",
  "mutated_body",
  "no_event_id",
  "new_event_id_same_fact",
  "wrong_account",
  "unknown_event",
  "huge_body",
  "invalid_json_with_valid_signature",
  "burst",
  "patch",
] as const;
export type WebhookFault = (typeof WEBHOOK_FAULTS)[number];

export type WebhookRule = {
  /** "payment.captured", or a beginning such as "payment."; every event unless given. */
  readonly event?: string;
  /** Only events whose body names this id. */
  readonly entity?: string;
  readonly do: WebhookFault;
  readonly nth?: number;
  readonly times?: number;
  readonly share?: number;
  /** delay: milliseconds or "PT5S"; reorder: the window within which events change places. */
  readonly ms?: number | string;
  /** late: days. */
  readonly days?: number;
  /** duplicate, burst, new_event_id_same_fact: how many more. */
  readonly n?: number;
  /** patch: "payload.payment.entity.amount" and what stands there; the signature is good. */
  readonly set?: Readonly<Record<string, unknown>>;
  readonly unset?: readonly string[];
};

type Counted<T> = { readonly rule: T; seen: number };

/** Counts a call against a rule: whether this is one of those that it hits. */
export function isHit(
  r: Counted<{ readonly nth?: number; readonly times?: number; readonly share?: number }>,
  next: () => number,
): boolean {
  r.seen++;
  const first = r.rule.nth ?? 1;
  const times = r.rule.times ?? (r.rule.share === undefined ? 1 : Number.POSITIVE_INFINITY);
  if (r.seen < first || r.seen >= first + times) return false;
  return r.rule.share === undefined || next() < r.rule.share;
}

/** What in a `match` makes it a regular expression. */
const SIGNS = /\*|\\|\[|\(|\||\^|\$|\+/;

function patternOf(match: string): RegExp {
  const open = match.replace(/:[a-z_]+/gi, "[^/?]+");
  const method = /^(?:[A-Z|()]+\s|\*\s|ANY\s|$)/.test(match) || /^[A-Z]+$/.test(match);
  if (!SIGNS.test(match)) {
    if (!method && !match.startsWith("/"))
      throw new SimRefusal(
        `match "${match}" is not "POST /v1/orders", a beginning of it, or a regular expression over it`,
      );
    const literal = match.replace(/[.?]/g, "\\$&").replace(/:[a-z_]+/gi, "[^/?]+");
    return new RegExp(`^${method ? "" : "[A-Z]+ "}${literal}${match.includes(":") ? "$" : ""}`);
  }
  const any = open
    .replace(/^(?:\*|ANY)\s/, "[A-Z]+ ")
    // A star that repeats nothing stands for what is between two slashes.
    .replace(/(^|[\s/])\*/g, "$1[^/?]+");
  return new RegExp(any.startsWith("^") ? any : `^${/^[A-Z[|()]+\+?\s/.test(any) ? "" : "(?:[A-Z]+ )?"}(?:${any})`);
}

function fits(rule: FaultRule): (call: string, path: string) => boolean {
  if (!FAULT_KINDS.includes(rule.do))
    throw new SimRefusal(`"${String(rule.do)}" is not a fault; there are ${FAULT_KINDS.join(", ")}`);
  let pattern: RegExp;
  try {
    pattern = rule.regex !== undefined ? new RegExp(rule.regex) : patternOf(rule.match ?? "");
  } catch (error) {
    if (error instanceof SimRefusal) throw error;
    throw new SimRefusal("match is not a regular expression");
  }
  return (call, path) =>
    (pattern.test(call) || pattern.test(call.split("?")[0] ?? call)) &&
    (rule.entity === undefined || path.split("/").includes(rule.entity));
}

export type FaultPlan = {
  add(rule: FaultRule): void;
  clear(): void;
  /** The rule, if any, that hits this call; the call is counted by every rule that fits before it. */
  next(method: string, path: string, query?: string): FaultRule | undefined;
  readonly rules: () => readonly (FaultRule & { readonly seen: number })[];
};

/** Counts calls against the rules and says which fault, if any, hits this one. */
export function faultPlan(random: () => number): FaultPlan {
  let rules: (Counted<FaultRule> & { readonly fits: (call: string, path: string) => boolean })[] = [];
  return {
    add: (rule) => void rules.push({ rule, seen: 0, fits: fits(rule) }),
    clear: () => {
      rules = [];
    },
    next: (method, path, query = "") => {
      for (const r of rules) if (r.fits(`${method} ${path}${query}`, path) && isHit(r, random)) return r.rule;
      return undefined;
    },
    rules: () => rules.map((r) => ({ ...r.rule, seen: r.seen })),
  };
}
