import { createHmac } from "node:crypto";
import type { WebhookPlan } from "./faults.ts";
import type { Random } from "./random.ts";

export type SimEvent = {
  readonly id: string;
  readonly event: string;
  readonly url: string;
  /** The exact bytes that are signed and sent; a snapshot at the time of the event. */
  readonly body: Buffer;
  readonly secret: string;
  readonly createdAt: number;
  nextAttemptAt: number;
  attempts: number;
  status: "waiting" | "delivered" | "dropped" | "given-up";
  lastStatus: number | null;
};

/** A waiting event as it is kept over a restart. */
export type SavedEvent = Omit<SimEvent, "body"> & { readonly body: string };

type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};
/** Sends one webhook and tells the HTTP status, 0 when nobody answered. */
export type SendWebhook = (request: WebhookRequest) => Promise<number>;

const RETRY_MINUTES = [1, 2, 4, 8, 16, 32, 60, 120, 240, 480];
const GIVE_UP_MS = 24 * 3_600_000;

export type Dispatcher = {
  readonly log: readonly SimEvent[];
  emit(event: string, url: string, secret: string, payload: Record<string, unknown>, at: number): void;
  setPlan(plan: WebhookPlan): void;
  deliverDue(now: number, concurrency: number): Promise<{ sent: number; delivered: number; waiting: number }>;
  /** The same event once more, with its own id or with a fresh one. */
  replay(event: SimEvent, now: number, options: { newId?: boolean }): void;
  waiting(): number;
  save(): SavedEvent[];
  load(events: readonly SavedEvent[]): void;
};

/** The queue of webhooks: at least once, retried for 24 hours, in no promised order. */
export function webhookDispatcher(accountId: string, random: Random, send: SendWebhook): Dispatcher {
  const log: SimEvent[] = [];
  let open: SimEvent[] = [];
  let plan: WebhookPlan = {};

  const push = (event: SimEvent): void => {
    log.push(event);
    if (event.status === "waiting") open.push(event);
  };
  const attempt = async (event: SimEvent, now: number): Promise<boolean> => {
    const status = await send({
      url: event.url,
      headers: {
        "content-type": "application/json",
        "x-razorpay-event-id": event.id,
        "x-razorpay-signature": createHmac("sha256", event.secret).update(event.body).digest("hex"),
        "user-agent": "Razorpay-Webhook/v1 (simulator)",
      },
      body: event.body,
    }).catch(() => 0);
    event.attempts++;
    event.lastStatus = status;
    if (status >= 200 && status < 300) {
      event.status = "delivered";
      return true;
    }
    const wait = (RETRY_MINUTES[event.attempts - 1] ?? 480) * 60_000;
    event.nextAttemptAt = now + wait;
    if (event.nextAttemptAt - event.createdAt > GIVE_UP_MS) event.status = "given-up";
    return false;
  };

  return {
    log,
    emit: (event, url, secret, payload, at) => {
      const body = Buffer.from(
        JSON.stringify({
          entity: "event",
          account_id: accountId,
          event,
          contains: Object.keys(payload),
          payload,
          created_at: Math.floor(at / 1000),
        }),
      );
      const one: SimEvent = {
        id: random.id("evt").slice(4),
        event,
        url,
        body,
        secret,
        createdAt: at,
        nextAttemptAt: at,
        attempts: 0,
        status: plan.drop !== undefined && random.next() < plan.drop ? "dropped" : "waiting",
        lastStatus: null,
      };
      push(one);
      if (one.status === "dropped") return;
      if (plan.duplicate !== undefined && random.next() < plan.duplicate) push({ ...one });
      if (plan.again !== undefined && random.next() < plan.again) push({ ...one, id: random.id("evt").slice(4) });
    },
    setPlan: (next) => {
      plan = next;
    },
    deliverDue: async (now, concurrency) => {
      const due = open.filter((e) => e.status === "waiting" && e.nextAttemptAt <= now);
      if (plan.reorder === true) {
        for (let i = due.length - 1; i > 0; i--) {
          const j = Math.floor(random.next() * (i + 1));
          const [a, b] = [due[i], due[j]];
          if (a && b) [due[i], due[j]] = [b, a];
        }
      }
      let delivered = 0;
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let event = due[next++]; event !== undefined; event = due[next++])
          if (await attempt(event, now)) delivered++;
      };
      await Promise.all(Array.from({ length: Math.min(concurrency, due.length) }, lane));
      open = open.filter((e) => e.status === "waiting");
      return { sent: due.length, delivered, waiting: open.length };
    },
    replay: (event, now, options) => {
      push({
        ...event,
        id: options.newId === true ? random.id("evt").slice(4) : event.id,
        nextAttemptAt: now,
        attempts: 0,
        status: "waiting",
        lastStatus: null,
      });
    },
    waiting: () => open.length,
    save: () => open.map((e) => ({ ...e, body: e.body.toString("base64") })),
    load: (events) => {
      for (const e of events) push({ ...e, body: Buffer.from(e.body, "base64") });
    },
  };
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
