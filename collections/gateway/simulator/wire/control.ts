import type { BankLine } from "../bank.ts";
import { dayOf } from "../calendar.ts";
import { duration } from "../clock.ts";
import { changeRefundSpeed } from "../refunds.ts";
import type { DisputeRequest } from "../disputes.ts";
import type { Engine } from "../engine.ts";
import type { FaultRule, WebhookPlan } from "../faults.ts";
import { OUTCOMES, usualSettings, type Outcome, type PayOptions, type Settings } from "../options.ts";
import { disputeJson, paymentJson, refundJson, settlementJson } from "../shapes.ts";
import { known, SIM_METHODS, SimRefusal, type SimDispute } from "../state.ts";
import type { SettlementPlan } from "../world.ts";
import type { SimEvent } from "../webhooks.ts";
import { json, type SimRequest, type SimResponse } from "./messages.ts";
import { bodyOf, type Body } from "./validation.ts";

// For tests, demos and scenario files; only where the simulator runs. README.md lists every call.

type Control = { readonly engine: Engine; readonly all: readonly Engine[]; readonly body: Body; readonly url: URL };

const text = (body: Body, name: string): string | undefined => {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
};
const number = (body: Body, name: string): number | undefined => {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new SimRefusal(`${name} is not a whole number`, { field: name });
  return value;
};
const needed = (body: Body, name: string): string => {
  const value = text(body, name);
  if (value === undefined) throw new SimRefusal(`${name} is needed`, { field: name });
  return value;
};
const span = (body: Body, name: string): number | undefined =>
  body[name] === undefined ? undefined : duration(body[name], name);

const SHORT: Readonly<Record<string, Outcome>> = { fail: "failure", closed: "success-then-user-closes-tab" };

function outcomeOf(body: Body): Outcome | undefined {
  const given = body["outcome"];
  if (given === undefined) return undefined;
  const outcome = OUTCOMES.find((o) => o === given) ?? (typeof given === "string" ? SHORT[given] : undefined);
  if (!outcome) throw new SimRefusal(`outcome is one of ${OUTCOMES.join(", ")}`, { field: "outcome" });
  return outcome;
}

function howOf(body: Body): PayOptions {
  const method = SIM_METHODS.find((m) => m === body["method"]);
  if (body["method"] !== undefined && !method)
    throw new SimRefusal(`method is one of ${SIM_METHODS.join(", ")}`, { field: "method" });
  const outcome = outcomeOf(body);
  const afterMs = span(body, "after");
  const amount = number(body, "amount");
  const pick = (name: "reason" | "contact" | "email" | "reference" | "mode"): Record<string, string> => {
    const value = text(body, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...(method ? { method } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(afterMs === undefined ? {} : { afterMs }),
    ...(amount === undefined ? {} : { amount }),
    ...(body["force"] === true ? { force: true } : {}),
    ...pick("reason"),
    ...pick("contact"),
    ...pick("email"),
    ...pick("reference"),
    ...pick("mode"),
  };
}

/** Pays an order, a link, a QR code, a virtual account, or nothing at all. */
function pay({ engine, body }: Control): SimResponse {
  const how = howOf(body);
  const link = text(body, "payment_link_id") ?? text(body, "link_id");
  const qr = text(body, "qr_id") ?? text(body, "qr_code_id");
  const account = text(body, "virtual_account_id") ?? text(body, "va_id");
  const orderId = text(body, "order_id");
  if (orderId !== undefined) {
    const { payment, callback } = engine.payOrder(orderId, how);
    return json({ payment: paymentJson(payment), callback });
  }
  const payment =
    link !== undefined
      ? engine.payLink(link, how)
      : qr !== undefined
        ? engine.payQr(qr, how)
        : account !== undefined
          ? engine.payVirtualAccount(account, how)
          : engine.payNothing(how.amount ?? known<number>(undefined), how);
  return json({ payment: paymentJson(payment), callback: null });
}

function planOf(body: Body): SettlementPlan | undefined {
  const outcome = body["outcome"] ?? "processed";
  if (outcome !== "processed" && outcome !== "failed" && outcome !== "returned")
    throw new SimRefusal("outcome is one of processed, failed, returned", { field: "outcome" });
  const limit = number(body, "limit");
  const hideItems = number(body, "hide_items");
  const hideForMs = span(body, "hide_for");
  const againAfterMs = span(body, "again_after");
  if (outcome === "processed" && limit === undefined && hideItems === undefined) return undefined;
  return {
    outcome,
    ...(limit === undefined ? {} : { limit }),
    ...(hideItems === undefined ? {} : { hideItems }),
    ...(hideForMs === undefined ? {} : { hideForMs }),
    ...(againAfterMs === undefined ? {} : { againAfterMs }),
  };
}

function statement({ engine, url }: Control, format: "csv" | "mt940" | "camt053"): SimResponse {
  const range = Object.fromEntries(
    ["from", "to"].flatMap((name) => {
      const value = url.searchParams.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const [body, type, file] =
    format === "csv"
      ? [engine.bankStatementCsv(range), "text/csv", "bank-statement.csv"]
      : format === "mt940"
        ? [engine.bankStatementMt940(range), "text/plain", "bank-statement.sta"]
        : [engine.bankStatementCamt053(range), "application/xml", "bank-statement.xml"];
  return {
    end: "answer",
    status: 200,
    headers: { "content-type": `${type}; charset=utf-8`, "content-disposition": `attachment; filename="${file}"` },
    body,
  };
}

function state({ engine, url }: Control): SimResponse {
  const checks = engine.checkBooks();
  const statuses: Record<string, number> = {};
  for (const event of engine.webhooks) statuses[event.status] = (statuses[event.status] ?? 0) + 1;
  const w = engine.world;
  return json({
    now: engine.now().toISOString(),
    account: engine.accountId,
    settings: engine.settings,
    books: engine.books(),
    checks,
    isBalanced: checks.every((c) => c.ok),
    orders: w.orders.size,
    payments: w.payments.size,
    refunds: w.refunds.size,
    disputes: w.disputes.size,
    settlements: [...w.settlements.values()].map(settlementJson),
    webhooks: statuses,
    disabled: w.dispatcher.disabled(),
    timers: w.timers.save().map((t) => ({ ...t, at: new Date(t.at).toISOString() })),
    faults: w.faults.rules(),
    ...(url.searchParams.has("full")
      ? {
          all: {
            orders: [...w.orders.values()].map(engine.toJson.order),
            payments: [...w.payments.values()].map(paymentJson),
            refunds: [...w.refunds.values()].map(refundJson),
            disputes: [...w.disputes.values()].map(disputeJson),
            payment_links: [...w.links.values()].map(engine.toJson.link),
            qr_codes: [...w.qrCodes.values()].map(engine.toJson.qr),
            virtual_accounts: [...w.virtualAccounts.values()].map(engine.toJson.virtualAccount),
            unsettled: w.unsettled.map((x) => x.id),
            bank: w.bank,
          },
        }
      : {}),
  });
}

function changeSettings({ engine, body }: Control): SimResponse {
  const change: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const usual = usualSettings[name as keyof Settings] as unknown;
    if (usual === undefined)
      throw new SimRefusal(`"${name}" is not a setting; there are ${Object.keys(usualSettings).join(", ")}`);
    if (typeof value !== typeof usual) throw new SimRefusal(`${name} is a ${typeof usual}`, { field: name });
    change[name] = value;
  }
  engine.set(change as Partial<Settings>);
  return json(engine.settings);
}

function events({ engine, body }: Control): SimEvent[] {
  const ids = Array.isArray(body["event_ids"]) ? body["event_ids"].map(String) : undefined;
  const one = text(body, "event_id");
  const event = text(body, "event");
  const entity = text(body, "entity");
  const seen = new Set<string>();
  return engine.webhooks.filter((e) => {
    const fits =
      (ids === undefined || ids.includes(e.id)) &&
      (one === undefined || e.id === one) &&
      (event === undefined || e.event === event) &&
      (entity === undefined || e.body.includes(entity));
    if (!fits || seen.has(e.id)) return false;
    seen.add(e.id);
    return true;
  });
}
const isChosen = (body: Body): boolean =>
  ["event_ids", "event_id", "event", "entity"].some((name) => body[name] !== undefined);

/** The events chosen, or all that is due; with `wait` (or `drain`, or an address) the answer comes when they are sent. */
function deliver(c: Control): SimResponse {
  const { engine, body } = c;
  if (isChosen(body)) {
    const chosen = events(c);
    const url = text(body, "url");
    return {
      ...json(null),
      work: async () => {
        const sent = [];
        for (const e of chosen)
          sent.push({
            id: e.id,
            event: e.event,
            status: await engine.world.dispatcher.deliverOne(e, engine.now().getTime(), url),
          });
        return { sent };
      },
    };
  }
  if (body["drain"] === true) return { ...json(null), work: () => engine.drainWebhooks() };
  if (body["wait"] === true) return { ...json(null), work: () => engine.deliverWebhooks() };
  // Delivered after this answer, so that a test's own server may be the receiver.
  setImmediate(() => void engine.deliverWebhooks());
  return json({ ok: true }, 202);
}

function replay(c: Control): SimResponse {
  const { engine, body } = c;
  if (body["by_hand"] === true || !isChosen(body)) {
    const ids = isChosen(body) ? events(c).map((e) => e.id) : null;
    return json(engine.world.dispatcher.replayByHand(ids, engine.now().getTime()));
  }
  const times = Math.min(number(body, "times") ?? 1, 1000);
  const chosen = events(c);
  for (const e of chosen)
    for (let i = 0; i < times; i++)
      engine.replayWebhook(e, { newId: body["new_id"] === true, noId: body["no_id"] === true });
  return json({ replayed: chosen.map((e) => e.id), times });
}

function log(c: Control): SimResponse {
  const { url } = c;
  const bodies = url.searchParams.has("bodies");
  const filter: Body = Object.fromEntries(url.searchParams);
  const chosen = isChosen(filter) ? events({ ...c, body: filter }) : c.engine.webhooks;
  return json(
    chosen
      .slice(-Number(url.searchParams.get("count") ?? 500))
      .map(({ body, secret: _secret, signed: _signed, ...event }) => ({
        ...event,
        bytes: body.length,
        ...(bodies ? { body: body.toString("utf8") } : {}),
      })),
  );
}

function advance({ engine, all, body }: Control): SimResponse {
  const by = body["by"] ?? body["duration"] ?? body["ms"];
  if (by !== undefined) {
    const ms = duration(by, "by");
    if (body["deliver"] === true)
      return {
        ...json(null),
        work: async () => {
          for (const e of all) if (e !== engine) e.advanceBy(ms);
          const sent = await engine.advanceDelivering(ms);
          return { ...sent, now: engine.now().toISOString() };
        },
      };
    for (const e of all) if (e !== engine) e.advanceBy(ms);
    return json({ settlements: engine.advanceBy(ms).map(settlementJson), now: engine.now().toISOString() });
  }
  const days = Math.min(number(body, "days") ?? 1, 400);
  for (const e of all) if (e !== engine) e.advance(days);
  return json({ settlements: engine.advance(days).map(settlementJson), now: engine.now().toISOString() });
}

function newDispute({ engine, body }: Control): SimResponse {
  const amount = number(body, "amount");
  const respondAfterMs = span(body, "respond_after");
  const phases: readonly SimDispute["phase"][] = ["fraud", "retrieval", "chargeback", "pre_arbitration", "arbitration"];
  const phase = phases.find((p) => p === body["phase"]);
  if (body["phase"] !== undefined && !phase) throw new SimRefusal(`phase is one of ${phases.join(", ")}`);
  const reasonCode = text(body, "reason_code");
  const request: DisputeRequest = {
    ...(amount === undefined ? {} : { amount }),
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(phase === undefined ? {} : { phase }),
    ...(respondAfterMs === undefined ? {} : { respondAfterMs }),
  };
  return json(disputeJson(engine.openDispute(needed(body, "payment_id"), request)));
}

function nextBank({ engine, body }: Control): SimResponse {
  const outcome = outcomeOf(body) ?? "success";
  const afterMs = span(body, "after");
  const reason = text(body, "reason");
  const orderId = text(body, "order_id");
  const method = SIM_METHODS.find((m) => m === body["method"]);
  for (let i = 0; i < Math.min(number(body, "times") ?? 1, 10_000); i++)
    engine.nextBank({
      outcome,
      ...(afterMs === undefined ? {} : { afterMs }),
      ...(reason === undefined ? {} : { reason }),
      ...(orderId === undefined ? {} : { orderId }),
      ...(method === undefined ? {} : { method }),
    });
  return json({ ok: true });
}

function settle({ engine, body }: Control): SimResponse {
  const made = engine.runSettlement(text(body, "day") ?? dayOf(engine.now().getTime()), planOf(body));
  return json(made ? settlementJson(made) : null);
}

function hide({ engine, body }: Control): SimResponse {
  const settlement = text(body, "settlement_id");
  const named = Array.isArray(body["entity_ids"]) ? body["entity_ids"].map(String) : undefined;
  const ids = named ?? known(engine.settlements.get(settlement ?? "")).itemIds ?? [];
  engine.hideItems(ids.slice(0, number(body, "count") ?? ids.length), span(body, "for") ?? 86_400_000);
  return json({ ok: true });
}

function setClock({ all, engine, body }: Control): SimResponse {
  const at = new Date(text(body, "now") ?? "");
  if (Number.isNaN(at.getTime())) throw new SimRefusal("now is not a moment");
  for (const e of all) e.setClock(at);
  return json({ now: engine.now().toISOString() });
}

const ROUTES: Readonly<Record<string, (c: Control) => SimResponse>> = {
  "GET state": state,
  "POST payments": pay,
  "POST payments/late": ({ engine, body }) => json(paymentJson(engine.completeLate(needed(body, "payment_id")))),
  "POST payments/hold": ({ engine, body }) => {
    engine.holdPayment(needed(body, "payment_id"), body["on_hold"] !== false);
    return json(paymentJson(known(engine.payments.get(needed(body, "payment_id")))));
  },
  "POST bank/next": nextBank,
  "POST bank/lines": ({ engine, body }) => {
    const line = body as unknown as BankLine;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(line.day)) throw new SimRefusal("day is not like 2026-06-03", { field: "day" });
    engine.addBankLine({ ...line, narration: line.narration ?? "", reference: line.reference ?? "" });
    return json({ ok: true });
  },
  "POST faults": ({ engine, body }) => {
    engine.addFault(body as unknown as FaultRule);
    return json({ ok: true });
  },
  "GET faults": ({ engine }) => json(engine.world.faults.rules()),
  "POST faults/clear": ({ engine }) => {
    engine.clearFaults();
    return json({ ok: true });
  },
  "POST webhooks/plan": ({ engine, body }) => {
    engine.webhookPlan(body as WebhookPlan);
    return json({ ok: true });
  },
  "POST webhooks/deliver": deliver,
  "POST webhooks/replay": replay,
  "POST webhooks/disable": ({ engine, body }) => {
    for (const url of addresses(engine, body)) engine.world.dispatcher.disable(url, engine.now().getTime());
    return json({ disabled: engine.world.dispatcher.disabled() });
  },
  "POST webhooks/enable": ({ engine, body }) => {
    for (const url of addresses(engine, body)) engine.world.dispatcher.enable(url);
    return json({ disabled: engine.world.dispatcher.disabled() });
  },
  "POST webhooks/secret": ({ engine, body }) => {
    engine.rotateWebhookSecret(needed(body, "secret"));
    return json({ ok: true });
  },
  "POST webhooks/endpoints": ({ engine, body }) => {
    engine.world.dispatcher.endpoints.push({
      url: needed(body, "url"),
      secret: needed(body, "secret"),
      previousSecret: null,
      events: Array.isArray(body["events"]) ? body["events"].map(String) : null,
    });
    return json({ endpoints: engine.world.dispatcher.endpoints.map((e) => ({ url: e.url, events: e.events })) });
  },
  "GET webhooks/log": log,
  "POST keys/roll": ({ engine, body }) => {
    engine.rollKey({ id: needed(body, "key_id"), secret: needed(body, "key_secret") });
    return json({ ok: true });
  },
  "POST clock": setClock,
  "GET clock": ({ engine }) => json({ now: engine.now().toISOString() }),
  "POST clock/advance": advance,
  "POST settlements/run": settle,
  "POST settlements/next": ({ engine, body }) => {
    engine.nextSettlement(planOf(body) ?? { outcome: "processed" });
    return json({ ok: true });
  },
  "POST settlements/fail": ({ engine, body }) =>
    json(
      settlementJson(
        engine.failSettlement(needed(body, "settlement_id"), {
          isReturned: body["returned"] === true,
          againAfterMs: span(body, "again_after") ?? null,
        }),
      ),
    ),
  "POST settlements/again": ({ engine, body }) => {
    const made = engine.settleAgain(needed(body, "settlement_id"));
    return json(made ? settlementJson(made) : null);
  },
  "POST settlements/hide": hide,
  "POST refunds": ({ engine, body }) => {
    const amount = number(body, "amount");
    return json(refundJson(engine.refundPayment(needed(body, "payment_id"), amount === undefined ? {} : { amount })));
  },
  "POST refunds/process": ({ engine }) => json({ processed: engine.processRefunds() }),
  "POST refunds/fail": ({ engine, body }) => json(refundJson(engine.failRefund(needed(body, "refund_id")))),
  "POST refunds/reference": ({ engine, body }) =>
    json(refundJson(changeRefundSpeed(engine.world, needed(body, "refund_id")))),
  "POST disputes": newDispute,
  "POST disputes/decide": ({ engine, body }) => {
    const verdict = body["verdict"];
    if (verdict !== "won" && verdict !== "lost" && verdict !== "closed")
      throw new SimRefusal("verdict is one of won, lost, closed", { field: "verdict" });
    return json(disputeJson(engine.decideDispute(needed(body, "dispute_id"), verdict)));
  },
  "POST disputes/action-required": ({ engine, body }) =>
    json(disputeJson(engine.requireAction(needed(body, "dispute_id"), span(body, "respond_after")))),
  "POST adjustments": ({ engine, body }) => {
    const amount = number(body, "amount");
    if (amount === undefined || amount === 0) throw new SimRefusal("amount is needed", { field: "amount" });
    return json(engine.addAdjustment(amount, text(body, "description") ?? "correction"));
  },
  "GET settings": ({ engine }) => json(engine.settings),
  "POST settings": changeSettings,
  "POST reset": ({ engine, all, url, body }) => {
    const seed = url.searchParams.get("seed") ?? (body["seed"] === undefined ? undefined : String(body["seed"]));
    for (const e of all) e.reset(seed === undefined ? undefined : e === all[0] ? seed : `${seed}/${e.accountId}`);
    const now = text(body, "clock");
    if (now !== undefined) setClock({ engine, all, url, body: { now } });
    return json({ ok: true, now: engine.now().toISOString() });
  },
  "GET bank-statement.csv": (c) => statement(c, "csv"),
  "GET bank-statement.mt940": (c) => statement(c, "mt940"),
  "GET bank-statement.camt053": (c) => statement(c, "camt053"),
};

/** The address named, or every address that an event ever went to. */
function addresses(engine: Engine, body: Body): string[] {
  const url = text(body, "url");
  if (url !== undefined) return [url];
  return [...new Set([...engine.webhooks.map((e) => e.url), ...Object.keys(engine.world.dispatcher.disabled())])];
}

/** The answer of the control API; with a token set, only to who says it in X-Sim-Token. */
export function control(
  accounts: { readonly main: Engine; readonly others: readonly Engine[] },
  engine: Engine,
  request: SimRequest,
  url: URL,
): SimResponse {
  const token = accounts.main.world.options.controlToken;
  if (token !== undefined && request.headers["x-sim-token"] !== token)
    return json({ error: { code: "NO_TOKEN", description: "the control API needs X-Sim-Token" } }, 401);
  const route = `${request.method} ${url.pathname.slice("/__sim/".length)}`;
  const handler = ROUTES[route];
  if (!handler) return json({ error: { code: "NOT_FOUND", description: `no control ${route}` } }, 404);
  const body = request.method === "POST" ? bodyOf(request) : {};
  return handler({ engine, all: [accounts.main, ...accounts.others], body, url });
}
