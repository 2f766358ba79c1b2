import type { BankLine } from "../bank.ts";
import { dayOf } from "../calendar.ts";
import { duration } from "../clock.ts";
import { changeRefundSpeed } from "../refunds.ts";
import type { DisputeRequest } from "../disputes.ts";
import type { Engine } from "../engine.ts";
import { usualSettings, type Settings } from "../options.ts";
import { dashboard } from "../pages/dashboard.ts";
import { disputeJson, paymentJson, refundJson, settlementJson } from "../shapes.ts";
import { known, SIM_METHODS, SimRefusal, type SimDispute } from "../state.ts";
import { howOf, needed, number, outcomeOf, planOf, span, text, type Control } from "./control-body.ts";
import { callOf, faultOf, webhookPlanOf } from "./control-words.ts";
import { deliver, log, replay } from "./control-webhooks.ts";
import { json, type SimRequest, type SimResponse } from "./messages.ts";
import { bodyOf, type Body } from "./validation.ts";

// For tests, demos and scenario files; only where the simulator runs. README.md lists every call.

function pay({ engine, body }: Control): SimResponse {
  const how = howOf(body);
  const link = text(body, "link_id");
  const qr = text(body, "qr_id");
  const account = text(body, "va_id");
  const orderId = text(body, "order_id");
  if (orderId !== undefined) {
    const { payment, callback } = engine.payOrder(orderId, how);
    return json({ id: payment.id, payment: paymentJson(payment), callback });
  }
  const payment =
    link !== undefined
      ? engine.payLink(link, how)
      : qr !== undefined
        ? engine.payQr(qr, how)
        : account !== undefined
          ? engine.payVirtualAccount(account, how)
          : engine.payNothing(how.amount ?? known<number>(undefined), how);
  return json({ id: payment.id, payment: paymentJson(payment), callback: null });
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
    webhook_faults: w.dispatcher.rules(),
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
  engine.set(change);
  return json(engine.settings);
}

function advance({ engine, all, body }: Control): SimResponse {
  const parts = (["seconds", "minutes", "hours"] as const).reduce(
    (sum, unit) => sum + (number(body, unit) ?? 0) * UNITS[unit],
    0,
  );
  const by = body["by"] ?? body["ms"] ?? (parts > 0 ? parts + (number(body, "days") ?? 0) * UNITS.days : undefined);
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

const UNITS = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;

/** A rule of the fault plan, of whatever it is about. */
function addFault({ engine, body }: Control): SimResponse {
  const fault = faultOf(body);
  if (fault.of === "calls") engine.addFault(fault.rule);
  else if (fault.of === "webhooks") engine.addWebhookRules(fault.rules);
  else engine.skewClock(fault.ms);
  return json({ ok: true });
}

function bankLine({ engine, body }: Control): SimResponse {
  const day = needed(body, "day");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new SimRefusal("day is not like 2026-06-03", { field: "day" });
  const amount = number(body, "amount") ?? 0;
  const credit = number(body, "credit") ?? (amount > 0 ? amount : undefined);
  const debit = number(body, "debit") ?? (amount < 0 ? -amount : undefined);
  if ((credit === undefined) === (debit === undefined))
    throw new SimRefusal("a line is either a credit or a debit", { field: "credit" });
  const line: BankLine = {
    day,
    narration: text(body, "narration") ?? "",
    reference: text(body, "reference") ?? "",
    ...(credit === undefined ? {} : { credit }),
    ...(debit === undefined ? {} : { debit }),
  };
  engine.addBankLine(line);
  return json({ ok: true });
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
  "GET dashboard": ({ engine }) => dashboard(engine.world),
  "POST payments": pay,
  "POST payments/late": ({ engine, body }) => json(paymentJson(engine.completeLate(needed(body, "payment_id")))),
  "POST payments/hold": ({ engine, body }) => {
    engine.holdPayment(needed(body, "payment_id"), body["on_hold"] !== false);
    return json(paymentJson(known(engine.payments.get(needed(body, "payment_id")))));
  },
  "POST bank/next": nextBank,
  "POST bank/lines": bankLine,
  "POST faults": addFault,
  "GET faults": ({ engine }) => json(engine.world.faults.rules()),
  "POST faults/clear": ({ engine }) => {
    engine.clearFaults();
    return json({ ok: true });
  },
  "POST webhooks/plan": ({ engine, body }) => {
    const { shares, rules } = webhookPlanOf(body);
    engine.webhookPlan({ ...shares, rules });
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
  "POST refunds/process": ({ engine, body }) => json({ processed: engine.processRefunds(text(body, "refund_id")) }),
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
  "POST disputes/accept": ({ engine, body }) => json(disputeJson(engine.acceptDispute(needed(body, "dispute_id")))),
  "POST disputes/contest": ({ engine, body }) => {
    const action = body["action"] ?? "submit";
    if (action !== "draft" && action !== "submit")
      throw new SimRefusal("action is draft or submit", { field: "action" });
    const evidence = (body["evidence"] ?? { summary: "served" }) as Readonly<Record<string, unknown>>;
    return json(disputeJson(engine.contestDispute(needed(body, "dispute_id"), action, evidence)));
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
    const given = body["seed"];
    const seed =
      url.searchParams.get("seed") ??
      (typeof given === "string" || typeof given === "number" ? String(given) : undefined);
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
  const path = url.pathname.slice("/__sim/".length);
  const { route, body } = callOf(request.method, path, request.method === "POST" ? bodyOf(request) : {});
  const handler = ROUTES[route];
  if (!handler) return json({ error: { code: "NOT_FOUND", description: `no control ${request.method} ${path}` } }, 404);
  return handler({ engine, all: [accounts.main, ...accounts.others], body, url });
}
