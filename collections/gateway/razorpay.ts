import { AsyncLocalStorage } from "node:async_hooks";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import Razorpay from "razorpay";
import { invariant } from "../../ledger/kernel/errors.ts";
import { call, checkId, seconds, wire } from "./calls.ts";
import { disputeCalls, linkCalls, qrCalls, virtualAccountCalls } from "./collect-calls.ts";
import { parseList, parseOrder, parsePayment, parseRefund, parseSettlement, parseSettlementItem } from "./entities.ts";
import { gatewayErrors } from "./errors.ts";
import type { Gateway, GatewayConfig } from "./gateway.ts";
import { checkoutMessage, isSignedBy } from "./signatures.ts";

const RAZORPAY_URL = "https://api.razorpay.com";

/** The axios instance inside the SDK. It is absent from the SDK's types; `createGateway` fails at once if it moved. */
type Transport = {
  readonly defaults: Record<string, unknown>;
  readonly interceptors: {
    readonly request: { use(onFulfilled: (config: RequestConfig) => RequestConfig): number };
    readonly response: { use(onFulfilled: (r: unknown) => unknown, onRejected: (e: unknown) => never): number };
  };
};
type RequestConfig = { headers: { set(name: string, value: string): unknown } };

/** Headers of one call. The SDK has no per-request headers, and drops X-Refund-Idempotency from its constructor's. */
const callHeaders = new AsyncLocalStorage<Readonly<Record<string, string>>>();

/**
 * Opens the Razorpay account (or its simulator) through the real SDK. Raises GATEWAY_CONFIG for an empty or malformed key or secret,
 * for a live key on any host but Razorpay's, and in production for test keys or a simulator that was not allowed.
 */
export function createGateway(config: GatewayConfig): Gateway {
  const baseUrl = (config.baseUrl ?? RAZORPAY_URL).replace(/\/+$/, "");
  const mode = checkConfig(config, baseUrl);
  const keySecrets = [config.keySecret, ...(config.previousKeySecrets ?? [])];
  const sdk = new Razorpay({ key_id: config.keyId, key_secret: config.keySecret });
  const transport = (sdk as unknown as { api?: { rq?: Transport } }).api?.rq;
  invariant(transport?.defaults && transport.interceptors, "the razorpay SDK keeps its axios instance at api.rq");

  const agents = [
    new HttpAgent({ keepAlive: true, maxSockets: 16 }),
    new HttpsAgent({ keepAlive: true, maxSockets: 16 }),
  ] as const;
  Object.assign(transport.defaults, {
    baseURL: baseUrl,
    timeout: config.timeoutMs ?? 10_000,
    proxy: false,
    maxRedirects: 0,
    maxContentLength: 8 * 1024 * 1024,
    responseType: "json",
    // Without these a truncated body with status 200 is handed over as a string.
    transitional: { silentJSONParsing: false, forcedJSONParsing: true, clarifyTimeoutError: true },
    httpAgent: agents[0],
    httpsAgent: agents[1],
  });
  transport.interceptors.request.use((request) => {
    for (const [name, value] of Object.entries(callHeaders.getStore() ?? {})) request.headers.set(name, value);
    return request;
  });
  transport.interceptors.response.use((response) => response, normalise);

  return {
    provider: "razorpay",
    keyId: config.keyId,
    mode,
    checkoutUrl: `${baseUrl}/v1/checkout/embedded`,
    createOrder: (order) =>
      call(
        () =>
          sdk.orders.create({
            amount: wire(order.amount),
            currency: "INR",
            receipt: order.receipt,
            notes: { ...order.notes },
          }),
        parseOrder,
      ),
    fetchOrder: (id) => {
      checkId("order", id);
      return call(() => sdk.orders.fetch(id), parseOrder);
    },
    findOrders: (receipt) =>
      call(
        () => sdk.orders.all({ receipt, count: 100 }),
        (j) => parseList(j, parseOrder),
      ),
    orderPayments: (id) => {
      checkId("order", id);
      return call(
        () => sdk.orders.fetchPayments(id),
        (j) => parseList(j, parsePayment),
      );
    },
    fetchPayment: (id) => {
      checkId("pay", id);
      return call(() => sdk.payments.fetch(id), parsePayment);
    },
    listPayments: ({ from, to, count = 100, skip = 0 }) =>
      call(
        () => sdk.payments.all({ from: seconds(from), to: seconds(to), count, skip }),
        (j) => parseList(j, parsePayment),
      ),
    capturePayment: (id, amount) => {
      checkId("pay", id);
      return call(() => sdk.payments.capture(id, wire(amount), "INR"), parsePayment);
    },
    refundPayment: (refund) => {
      checkId("pay", refund.paymentId);
      if (!/^[A-Za-z0-9_-]{10,64}$/.test(refund.idempotencyKey)) {
        throw gatewayErrors.GATEWAY_ID({ kind: "idempotency key", id: refund.idempotencyKey.slice(0, 40) });
      }
      return callHeaders.run({ "X-Refund-Idempotency": refund.idempotencyKey }, () =>
        call(
          () =>
            sdk.payments.refund(refund.paymentId, {
              amount: wire(refund.amount),
              speed: "normal",
              receipt: refund.receipt,
              notes: { ...refund.notes },
            }),
          parseRefund,
        ),
      );
    },
    paymentRefunds: (id) => {
      checkId("pay", id);
      return call(
        () => sdk.payments.fetchMultipleRefund(id, { count: 100 }),
        (j) => parseList(j, parseRefund),
      );
    },
    listSettlements: ({ from, to, count = 100, skip = 0 }) =>
      call(
        () => sdk.settlements.all({ from: seconds(from), to: seconds(to), count, skip }),
        (j) => parseList(j, parseSettlement),
      ),
    fetchSettlement: (id) => {
      checkId("setl", id);
      return call(() => sdk.settlements.fetch(id), parseSettlement);
    },
    settlementItems: ({ year, month, day, count = 1000, skip = 0 }) =>
      call(
        // The documentation's settlementRecon does not exist; `reports` calls /settlements/recon/combined.
        () => sdk.settlements.reports({ year, month, ...(day === undefined ? {} : { day }), count, skip }),
        (j) => parseList(j, parseSettlementItem),
      ),
    links: linkCalls(sdk, keySecrets),
    qrCodes: qrCalls(sdk),
    virtualAccounts: virtualAccountCalls(sdk),
    disputes: disputeCalls(sdk),
    verifyWebhook: (rawBody, signature, at) =>
      config.webhookSecrets
        // Every secret is tried, so that the time taken tells nothing about which one matched.
        .map((s) => (s.validUntil === undefined || at < s.validUntil) && isSignedBy(rawBody, signature, s.secret))
        .includes(true),
    verifyCheckout: ({ orderId, paymentId, signature }) =>
      keySecrets.map((secret) => isSignedBy(checkoutMessage(orderId, paymentId), signature, secret)).includes(true),
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

function checkConfig(config: GatewayConfig, baseUrl: string): "test" | "live" {
  const refuse = (problem: string): never => {
    throw gatewayErrors.GATEWAY_CONFIG({ problem });
  };
  const match = /^rzp_(test|live)_[A-Za-z0-9]{14}$/.exec(config.keyId);
  if (!match) return refuse("the key id is not like rzp_test_… or rzp_live_… with 14 characters");
  const mode = match[1] === "live" ? "live" : "test";
  if (config.keySecret.length < 8) refuse("the key secret is empty or too short");
  if (config.webhookSecrets.length === 0) refuse("no webhook secret is set");
  if (config.webhookSecrets.some((s) => s.secret.length < 8)) refuse("a webhook secret is empty or too short");
  if (mode === "live" && baseUrl !== RAZORPAY_URL) refuse(`a live key is used with ${RAZORPAY_URL} only`);
  if (config.isProduction === true) {
    if (baseUrl !== RAZORPAY_URL && config.allowSimulator !== true)
      refuse("in production the simulator must be allowed by name");
    if (mode === "test" && config.allowSimulator !== true) refuse("in production a test key takes no real money");
  }
  return mode;
}

/**
 * What went wrong, in the one shape that the SDK's own handler survives: it reads `err.response.status` and `err.response.data.error`
 * without looking, so a timeout would otherwise surface as "Cannot read properties of undefined" and its cause be lost.
 */
function normalise(error: unknown): never {
  const e = error as { code?: unknown; message?: unknown; response?: { status?: unknown; data?: unknown } };
  const status = typeof e.response?.status === "number" ? e.response.status : 0;
  const body = e.response?.data;
  const said = typeof body === "object" && body !== null ? (body as { error?: unknown }).error : undefined;
  if (status > 0 && typeof said === "object" && said !== null) throw error;
  const code = status > 0 ? "NON_JSON" : typeof e.code === "string" ? e.code : "NETWORK";
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- the SDK's handler expects this shape, not an Error
  throw {
    response: {
      status,
      data: { error: { code, description: typeof e.message === "string" ? e.message.slice(0, 200) : "" } },
    },
  };
}
