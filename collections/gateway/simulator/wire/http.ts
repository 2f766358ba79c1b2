import { setTimeout as wait } from "node:timers/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultRule } from "../faults.ts";
import type { Engine } from "../engine.ts";
import { checkout, formOf, linkPage, upiPage } from "../pages/pages.ts";
import { SimRefusal } from "../state.ts";
import { api } from "./api.ts";
import { control } from "./control.ts";
import { html, json, type SimRequest, type SimResponse } from "./messages.ts";

const MAX_BODY = 6 * 1024 * 1024;

/** Serves one request of node:http. */
export async function serve(accounts: Accounts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) {
      res.writeHead(413).end();
      return;
    }
    chunks.push(chunk);
  }
  const response = answer(accounts, {
    method: req.method ?? "GET",
    url: req.url ?? "/",
    headers: req.headers,
    body: Buffer.concat(chunks),
  });
  if (response.delayMs !== undefined) await wait(response.delayMs);
  if (response.end === "drop") res.destroy();
  else if (response.work !== undefined) {
    const value = await response.work().catch((error: unknown) => {
      if (error instanceof SimRefusal) return refusal(error);
      throw error;
    });
    res.writeHead(response.status, response.headers).end(JSON.stringify(value));
  } else if (response.end === "answer") res.writeHead(response.status, response.headers).end(response.body);
}

const nothing = (end: "drop" | "hang"): SimResponse => ({ end, status: 0, headers: {}, body: "" });

function refusal(error: SimRefusal): SimResponse {
  return json(
    {
      error: {
        code: error.code,
        description: error.description,
        source: "business",
        step: "payment_initiation",
        reason: "input_validation_failed",
        metadata: {},
        ...(error.field === null ? {} : { field: error.field }),
      },
    },
    error.status,
  );
}

/** One simulator may keep several merchants' accounts, each with its own keys, money and webhooks. */
export type Accounts = { readonly main: Engine; readonly others: readonly Engine[] };

/** Whose request this is: told by the key, by the page's id, or by ?account= for the control API. */
function engineOf({ main, others }: Accounts, request: SimRequest, url: URL): Engine {
  if (others.length === 0) return main;
  const all = [main, ...others];
  const byKey = (id: string | null): Engine | undefined => all.find((e) => e.world.keys.some((k) => k.id === id));
  if (url.pathname.startsWith("/__sim/")) {
    const wanted = url.searchParams.get("account");
    if (wanted === null) return main;
    const found = all.find((e) => e.accountId === wanted) ?? byKey(wanted);
    if (!found) throw new SimRefusal(`there is no account ${wanted}`, { status: 404 });
    return found;
  }
  if (url.pathname.startsWith("/v1/checkout/")) return byKey(formOf(request, url).get("key_id")) ?? main;
  const [, page = "", id = ""] = url.pathname.split("/");
  if (page === "l") return all.find((e) => e.links.has(id)) ?? main;
  if (page === "upi") return all.find((e) => e.qrCodes.has(id)) ?? main;
  const header = request.headers["authorization"];
  const given =
    typeof header === "string" ? Buffer.from(header.slice(6), "base64").toString().split(":")[0] : undefined;
  return byKey(given ?? null) ?? main;
}

/** The answer to one request: API under /v1, hosted pages, control API under /__sim. */
export function answer(accounts: Accounts, request: SimRequest): SimResponse {
  const { mountPath } = accounts.main;
  const raw = request.url.startsWith(`${mountPath}/`) ? request.url.slice(mountPath.length) : request.url;
  try {
    const url = new URL(raw, "http://simulator.invalid");
    const engine = engineOf(accounts, request, url);
    const w = engine.world;
    engine.tick();
    if (url.pathname.startsWith("/__sim/")) return control(accounts, engine, request, url);
    if (url.pathname.startsWith("/v1/checkout/") || url.pathname === "/v1/checkout.js")
      return checkout(w, request, url);
    const [, page = "", id = ""] = url.pathname.split("/");
    if (page === "upi") return upiPage(w, request, url, id);
    if (page === "l") return linkPage(w, request, url, id);
    return merchantsCall(engine, request, url);
  } catch (error) {
    if (error instanceof SimRefusal) return refusal(error);
    throw error;
  }
}

// ---- faults

const badGateway = (status: number): SimResponse =>
  html(
    `<html><body><h1>${status} ${status === 502 ? "Bad Gateway" : "Service Unavailable"}</h1></body></html>`,
    status,
  );

function statusAnswer(rule: FaultRule): SimResponse {
  const status = rule.status ?? 502;
  if (rule.body === "empty") return { ...html("", status), body: "" };
  if (rule.body === "json")
    return json(
      {
        error: {
          code: status >= 500 ? "SERVER_ERROR" : "BAD_REQUEST_ERROR",
          description: "We are facing some trouble completing your request at the moment. Please try again shortly.",
          source: "NA",
          step: "NA",
          reason: "server_error",
          metadata: {},
        },
      },
      status,
    );
  return badGateway(status);
}

function tooMany(rule: FaultRule): SimResponse {
  return json({ error: { code: "BAD_REQUEST_ERROR", description: "Too many requests", reason: "rate_limited" } }, 429, {
    "retry-after": String(rule.retry_after ?? 1),
  });
}

/** The body before: what was answered the last time to the same question, or what an entity looks like before anything happened to it. */
function stale(engine: Engine, url: URL, fresh: SimResponse): SimResponse {
  const before = engine.lastAnswers.get(url.pathname + url.search);
  if (before !== undefined) return { ...fresh, status: before.status, body: before.body };
  if (fresh.status !== 200) return fresh;
  const value = JSON.parse(fresh.body) as Record<string, unknown>;
  if (Array.isArray(value["items"])) return json({ ...value, count: 0, items: [] });
  const early: Record<string, unknown> = { ...value };
  if (value["entity"] === "order")
    Object.assign(early, { status: "created", amount_paid: 0, amount_due: value["amount"], attempts: 0 });
  if (value["entity"] === "payment")
    Object.assign(early, {
      status: "created",
      captured: false,
      fee: null,
      tax: null,
      amount_refunded: 0,
      refund_status: null,
    });
  if (value["entity"] === "refund") early["status"] = "pending";
  if (value["entity"] === "settlement") early["status"] = "created";
  return json(early);
}

function merchantsCall(engine: Engine, request: SimRequest, url: URL): SimResponse {
  const w = engine.world;
  const rule = w.faults.next(request.method, url.pathname, url.search);
  const work = (): SimResponse => {
    const response =
      request.method === "GET" || rule?.do !== "clock_skew"
        ? guarded()
        : w.clock.during(w.clock.now() + (rule.ms ?? 0), guarded);
    return response;
  };
  const guarded = (): SimResponse => {
    try {
      return api(w, request, url);
    } catch (error) {
      if (error instanceof SimRefusal) return refusal(error);
      throw error;
    }
  };
  const remember = (response: SimResponse): SimResponse => {
    if (request.method === "GET" && response.status === 200) engine.remember(url.pathname + url.search, response);
    return response;
  };
  switch (rule?.do) {
    case undefined:
      return remember(work());
    case "latency":
      return { ...work(), delayMs: rule.ms ?? 1000 };
    case "drop_before":
      return nothing("drop");
    case "hang":
      return nothing("hang");
    case "html_502":
      return badGateway(502);
    case "status": {
      if (rule.after === true) work();
      return statusAnswer(rule);
    }
    case "429":
    case "rate_limit":
      return tooMany(rule);
    case "drop_after":
      work();
      return nothing("drop");
    case "html_after":
      work();
      return badGateway(502);
    case "truncate":
    case "truncate_body": {
      const response = work();
      return { ...response, body: response.body.slice(0, Math.floor(response.body.length / 2)) };
    }
    case "wrong_content_type":
      return { ...work(), headers: { "content-type": "text/html; charset=utf-8" } };
    case "duplicate_apply": {
      const response = work();
      w.repeating = true;
      try {
        work();
      } finally {
        w.repeating = false;
      }
      return response;
    }
    case "stale_read":
      return request.method === "GET" ? stale(engine, url, work()) : work();
    case "clock_skew": {
      const response = work();
      return {
        ...response,
        headers: { ...response.headers, date: new Date(w.clock.now() + (rule.ms ?? 0)).toUTCString() },
      };
    }
  }
}
