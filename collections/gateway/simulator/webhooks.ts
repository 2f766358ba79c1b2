import { createHmac } from "node:crypto";
import { duration } from "./clock.ts";
import { isHit, WEBHOOK_FAULTS, type WebhookPlan, type WebhookRule } from "./faults.ts";
import type { Random } from "./random.ts";
import { SimRefusal } from "./state.ts";

export type SimEvent = {
  readonly id: string;
  readonly event: string;
  readonly url: string;
  /** The exact bytes that are sent; a snapshot at the time of the event. */
  readonly body: Buffer;
  /** The secret of the moment at which the event was made: retries are signed with it after a rotation too. */
  readonly secret: string;
  readonly createdAt: number;
  nextAttemptAt: number;
  attempts: number;
  status: "waiting" | "delivered" | "dropped" | "given-up";
  lastStatus: number | null;
  /** The bytes that the signature is of, when they are not those that are sent. */
  readonly signed?: Buffer;
  readonly hasNoId?: boolean;
  /** When a person asked for it again; five times in 24 hours are allowed. */
  replays?: number[];
};

/** An event as it is kept over a restart. */
export type SavedEvent = Omit<SimEvent, "body" | "signed"> & { readonly body: string; readonly signed?: string };

type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};
/** Sends one webhook and tells the HTTP status, 0 when nobody answered. */
export type SendWebhook = (request: WebhookRequest) => Promise<number>;

/** Where webhooks go, with what secret, and which events. */
export type WebhookEndpoint = {
  readonly url: string;
  secret: string;
  previousSecret: string | null;
  readonly events: readonly string[] | null;
};

/** The intervals are not published: doubling from a minute, for a day. */
const RETRY_MINUTES = [1, 2, 4, 8, 16, 32, 60, 120, 240, 480];
const GIVE_UP_MS = 24 * 3_600_000;
const REPLAY_DAYS = 7;
const REPLAYS_A_DAY = 5;
/** What is delivered is remembered for looking at, up to so many. */
const KEPT_EVENTS = 20_000;

export type Delivery = { readonly sent: number; readonly delivered: number; readonly waiting: number };

export type Dispatcher = {
  readonly log: readonly SimEvent[];
  /** Makes the event for every endpoint that subscribes to it; {ulb} in the address is what the notes say. */
  emit(event: string, ulb: string, payload: Record<string, unknown>, at: number): void;
  setPlan(plan: WebhookPlan): void;
  plan(): WebhookPlan;
  /** Rules beside those of the plan; they are asked first. */
  addRules(rules: readonly WebhookRule[]): void;
  clearAddedRules(): void;
  rules(): readonly (WebhookRule & { readonly seen: number })[];
  deliverDue(now: number, concurrency: number, mayDisable?: boolean): Promise<Delivery>;
  /** Sends one event now, whatever its time, to its own address or to another. Gives the HTTP status. */
  deliverOne(event: SimEvent, now: number, url?: string): Promise<number>;
  /** The same event once more, with its own id or with a fresh one. */
  replay(event: SimEvent, now: number, options: { newId?: boolean; noId?: boolean }): void;
  /** As a person does it on the dashboard: only what was not taken, up to 7 days old, 5 times in 24 hours; signed with the secret of now. */
  replayByHand(eventIds: readonly string[] | null, now: number): { replayed: string[]; refused: string[] };
  readonly endpoints: WebhookEndpoint[];
  rotateSecret(secret: string): void;
  disable(url: string, at: number): void;
  enable(url: string): void;
  disabled(): Readonly<Record<string, number>>;
  waiting(): number;
  /** When the next one is due; undefined when nothing waits. */
  nextAt(): number | undefined;
  save(): SavedEvent[];
  load(events: readonly SavedEvent[]): void;
  loadDisabled(disabled: Readonly<Record<string, number>>): void;
  /** Forgets everything: events, plan, what is disabled. */
  clear(): void;
};

function checkRules(rules: readonly WebhookRule[]): void {
  for (const rule of rules)
    if (!WEBHOOK_FAULTS.includes(rule.do))
      throw new SimRefusal(`"${String(rule.do)}" is not a fault of webhooks; there are ${WEBHOOK_FAULTS.join(", ")}`);
}

/** The queue of webhooks: at least once, retried for 24 hours, in no promised order; an address that took nothing for a day is disabled. */
export function webhookDispatcher(options: {
  readonly accountId: string;
  readonly random: Random;
  readonly send: SendWebhook;
  readonly endpoints: WebhookEndpoint[];
  readonly shuffleKeys: () => boolean;
  readonly autoDisable: boolean;
}): Dispatcher {
  const { random, endpoints } = options;
  const log: SimEvent[] = [];
  let open: SimEvent[] = [];
  /** What the rounds under way have taken: another round does not send it too, but waits for them. */
  const taken = new Set<SimEvent>();
  const rounds = new Set<Promise<unknown>>();
  let plan: WebhookPlan = {};
  let rules: { readonly rule: WebhookRule; seen: number }[] = [];
  let added: { readonly rule: WebhookRule; seen: number }[] = [];
  const disabled = new Map<string, number>();

  const push = (event: SimEvent): void => {
    log.push(event);
    if (log.length > KEPT_EVENTS * 1.1) log.splice(0, log.length - KEPT_EVENTS);
    if (event.status === "waiting") open.push(event);
  };
  const request = (event: SimEvent, url: string): WebhookRequest => ({
    url,
    headers: {
      "content-type": "application/json",
      ...(event.hasNoId === true ? {} : { "x-razorpay-event-id": event.id }),
      "x-razorpay-signature": createHmac("sha256", event.secret)
        .update(event.signed ?? event.body)
        .digest("hex"),
      "user-agent": "Razorpay-Webhook/v1 (simulator)",
    },
    body: event.body,
  });
  const attempt = async (event: SimEvent, now: number, mayDisable: boolean): Promise<boolean> => {
    const status = await options.send(request(event, event.url)).catch(() => 0);
    taken.delete(event);
    event.attempts++;
    event.lastStatus = status;
    if (status >= 200 && status < 300) {
      event.status = "delivered";
      return true;
    }
    const wait = (RETRY_MINUTES[event.attempts - 1] ?? 480) * 60_000;
    event.nextAttemptAt = now + wait;
    if (event.nextAttemptAt - event.createdAt > GIVE_UP_MS) {
      event.status = "given-up";
      if (mayDisable && options.autoDisable && event.attempts > 1) disabled.set(event.url, now);
    }
    return false;
  };
  const shuffle = <T>(list: T[]): void => {
    for (let i = list.length - 1; i > 0; i--) {
      const j = Math.floor(random.next() * (i + 1));
      const [a, b] = [list[i], list[j]];
      if (a !== undefined && b !== undefined) [list[i], list[j]] = [b, a];
    }
  };
  const freshId = (): string => random.id("evt").slice(4);
  const shuffledKeys = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffledKeys);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    shuffle(entries);
    return Object.fromEntries(entries.map(([k, v]) => [k, shuffledKeys(v)]));
  };

  /** The event and its repetitions as the rule leaves them. */
  function afterRule(one: SimEvent, rule: WebhookRule, endpoint: WebhookEndpoint): SimEvent[] {
    const text = (): Record<string, unknown> => JSON.parse(one.body.toString()) as Record<string, unknown>;
    const withBody = (value: unknown): SimEvent => ({ ...one, body: Buffer.from(JSON.stringify(value)) });
    const copies = (make: () => SimEvent): SimEvent[] => Array.from({ length: Math.min(rule.n ?? 1, 1000) }, make);
    switch (rule.do) {
      case "delay":
        return [{ ...one, nextAttemptAt: one.nextAttemptAt + duration(rule.ms ?? 5000, "ms") }];
      case "late":
        return [{ ...one, nextAttemptAt: one.nextAttemptAt + (rule.days ?? 1) * 86_400_000 }];
      case "drop":
        return [{ ...one, status: "dropped" }];
      case "duplicate":
      case "burst":
        return [one, ...copies(() => ({ ...one }))];
      case "new_event_id_same_fact":
        return [one, ...copies(() => ({ ...one, id: freshId() }))];
      case "reorder":
        return [
          { ...one, nextAttemptAt: one.nextAttemptAt + Math.floor(random.next() * duration(rule.ms ?? 60_000, "ms")) },
        ];
      case "bad_signature":
        return [{ ...one, secret: `not-${one.secret}` }];
      case "old_secret":
        return [{ ...one, secret: endpoint.previousSecret ?? `old-${one.secret}` }];
      case "mutated_body":
        return [
          { ...one, signed: one.body, body: Buffer.from(one.body.toString().replace(/("amount":)(\d+)/, "$19$2")) },
        ];
      case "no_event_id":
        return [{ ...one, hasNoId: true }];
      case "wrong_account":
        return [withBody({ ...text(), account_id: "acc_Stranger000001" })];
      case "unknown_event":
        return [one, { ...withBody({ ...text(), event: "payment.pending" }), id: freshId(), event: "payment.pending" }];
      case "huge_body":
        return [withBody({ ...text(), padding: "x".repeat(5 * 1024 * 1024) })];
      case "invalid_json_with_valid_signature":
        return [{ ...one, body: one.body.subarray(0, one.body.length - 2) }];
      case "patch": {
        const value = text();
        for (const [path, to] of Object.entries(rule.set ?? {})) put(value, path.split("."), to);
        for (const path of rule.unset ?? []) put(value, path.split("."), undefined);
        return [withBody(value)];
      }
    }
  }

  return {
    log,
    endpoints,
    emit: (event, ulb, payload, at) => {
      for (const endpoint of endpoints) {
        if (endpoint.events !== null && !endpoint.events.includes(event)) continue;
        const whole = {
          entity: "event",
          account_id: options.accountId,
          event,
          contains: Object.keys(payload),
          payload,
          created_at: Math.floor(at / 1000),
        };
        const url = endpoint.url.replace("{ulb}", encodeURIComponent(ulb));
        const body = Buffer.from(JSON.stringify(options.shuffleKeys() ? shuffledKeys(whole) : whole));
        const isOff = disabled.has(url);
        const one: SimEvent = {
          id: freshId(),
          event,
          url,
          body,
          secret: endpoint.secret,
          createdAt: at,
          nextAttemptAt: at,
          attempts: 0,
          status: isOff ? "given-up" : plan.drop !== undefined && random.next() < plan.drop ? "dropped" : "waiting",
          lastStatus: null,
        };
        const named = (id: string | undefined): boolean => id === undefined || body.includes(id);
        const rule = [...added, ...rules].find(
          (r) => event.startsWith(r.rule.event ?? "") && named(r.rule.entity) && isHit(r, random.next),
        );
        if (rule && one.status === "waiting") {
          for (const e of afterRule(one, rule.rule, endpoint)) push(e);
          continue;
        }
        push(one);
        if (one.status !== "waiting") continue;
        if (plan.duplicate !== undefined && random.next() < plan.duplicate) push({ ...one });
        if (plan.again !== undefined && random.next() < plan.again) push({ ...one, id: freshId() });
      }
    },
    addRules: (more) => {
      checkRules(more);
      added = [...added, ...more.map((rule) => ({ rule, seen: 0 }))];
    },
    clearAddedRules: () => {
      added = [];
    },
    rules: () => [...added, ...rules].map((r) => ({ ...r.rule, seen: r.seen })),
    setPlan: (next) => {
      checkRules(next.rules ?? []);
      plan = next;
      rules = (next.rules ?? []).map((rule) => ({ rule, seen: 0 }));
    },
    plan: () => plan,
    deliverDue: async (now, concurrency, mayDisable = true) => {
      const isDue = (e: SimEvent): boolean => e.status === "waiting" && e.nextAttemptAt <= now && !disabled.has(e.url);
      const due = open.filter((e) => isDue(e) && !taken.has(e));
      for (const e of due) taken.add(e);
      if (plan.reorder === true) shuffle(due);
      let delivered = 0;
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let event = due[next++]; event !== undefined; event = due[next++])
          if (await attempt(event, now, mayDisable)) delivered++;
      };
      const round = Promise.all(Array.from({ length: Math.min(concurrency, due.length) }, lane));
      rounds.add(round);
      await Promise.all(rounds);
      rounds.delete(round);
      // What waits for an address that was disabled meanwhile is not retried any more.
      for (const e of open) if (e.status === "waiting" && disabled.has(e.url)) e.status = "given-up";
      open = open.filter((e) => e.status === "waiting");
      return { sent: due.length, delivered, waiting: open.length };
    },
    deliverOne: async (event, now, url) => {
      if (url === undefined) {
        await attempt(event, now, false);
        open = open.filter((e) => e.status === "waiting");
        return event.lastStatus ?? 0;
      }
      return options.send(request(event, url)).catch(() => 0);
    },
    replay: (event, now, how) => {
      push({
        ...event,
        id: how.newId === true ? freshId() : event.id,
        ...(how.noId === true ? { hasNoId: true } : {}),
        nextAttemptAt: now,
        attempts: 0,
        status: "waiting",
        lastStatus: null,
      });
    },
    replayByHand: (eventIds, now) => {
      const replayed: string[] = [];
      const refused: string[] = [];
      const seen = new Set<string>();
      for (const event of [...log]) {
        if (eventIds !== null && !eventIds.includes(event.id)) continue;
        if (seen.has(event.id) || event.status === "delivered") continue;
        seen.add(event.id);
        const recent = (event.replays ?? []).filter((at) => at > now - GIVE_UP_MS);
        if (event.createdAt < now - REPLAY_DAYS * 86_400_000 || recent.length >= REPLAYS_A_DAY) {
          refused.push(event.id);
          continue;
        }
        event.replays = [...recent, now];
        disabled.delete(event.url);
        const endpoint = endpoints.find((e) => event.secret === e.secret || event.secret === e.previousSecret);
        open = open.filter((e) => e.id !== event.id);
        event.status = "dropped";
        push({
          ...event,
          secret: endpoint?.secret ?? event.secret,
          nextAttemptAt: now,
          attempts: 0,
          status: "waiting",
          lastStatus: null,
        });
        replayed.push(event.id);
      }
      return { replayed, refused };
    },
    rotateSecret: (secret) => {
      for (const endpoint of endpoints) {
        endpoint.previousSecret = endpoint.secret;
        endpoint.secret = secret;
      }
    },
    disable: (url, at) => void disabled.set(url, at),
    enable: (url) => void disabled.delete(url),
    disabled: () => Object.fromEntries(disabled),
    waiting: () => open.length,
    nextAt: () =>
      open.reduce<number | undefined>(
        (m, e) => (m === undefined ? e.nextAttemptAt : Math.min(m, e.nextAttemptAt)),
        undefined,
      ),
    save: () =>
      open.map((e) => {
        const { signed, body, ...rest } = e;
        return {
          ...rest,
          body: body.toString("base64"),
          ...(signed === undefined ? {} : { signed: signed.toString("base64") }),
        };
      }),
    load: (events) => {
      for (const e of events) {
        const { signed, body, ...rest } = e;
        push({
          ...rest,
          body: Buffer.from(body, "base64"),
          ...(signed === undefined ? {} : { signed: Buffer.from(signed, "base64") }),
        });
      }
    },
    loadDisabled: (saved) => {
      for (const [url, at] of Object.entries(saved)) disabled.set(url, at);
    },
    clear: () => {
      log.length = 0;
      open = [];
      plan = {};
      rules = [];
      disabled.clear();
    },
  };
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) Reflect.deleteProperty(target, head);
    else target[head] = value;
    return;
  }
  const next = target[head];
  if (typeof next === "object" && next !== null) put(next as Record<string, unknown>, rest, value);
}

/** Over HTTP, with the gateway's own limit of five seconds. */
export const sendOverHttp: SendWebhook = async ({ url, headers, body }) => {
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: new Uint8Array(body),
    redirect: "manual",
    signal: AbortSignal.timeout(5000),
  });
  await response.arrayBuffer();
  return response.status;
};
