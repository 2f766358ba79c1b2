import { createGateway, type Gateway, type Outcome } from "../collections/index.ts";
import type { Config } from "./config.ts";

const refused: Outcome<never> = {
  kind: "rejected",
  status: 503,
  code: "GATEWAY_NOT_SET_UP",
  description:
    "online payment is not set up on this server: RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET are not set",
};
const refuse = (): Promise<Outcome<never>> => Promise.resolve(refused);

/** Stands where no gateway is configured: counters and books work, online payment says why it does not, no webhook is believed. */
export const noGateway: Gateway = {
  provider: "razorpay",
  keyId: "",
  mode: "test",
  checkoutUrl: "https://api.razorpay.com/v1/checkout/embedded",
  createOrder: refuse,
  fetchOrder: refuse,
  findOrders: refuse,
  orderPayments: refuse,
  fetchPayment: refuse,
  listPayments: refuse,
  capturePayment: refuse,
  refundPayment: refuse,
  paymentRefunds: refuse,
  listSettlements: refuse,
  fetchSettlement: refuse,
  settlementItems: refuse,
  links: {
    create: refuse,
    fetch: refuse,
    find: refuse,
    edit: refuse,
    cancel: refuse,
    notify: refuse,
    verifyReturn: () => false,
  },
  qrCodes: { create: refuse, fetch: refuse, list: refuse, payments: refuse, close: refuse },
  virtualAccounts: {
    create: refuse,
    fetch: refuse,
    list: refuse,
    payments: refuse,
    close: refuse,
    transfer: refuse,
  },
  disputes: { fetch: refuse, list: refuse, accept: refuse, contest: refuse, upload: refuse },
  verifyWebhook: () => false,
  verifyCheckout: () => false,
  close: () => undefined,
};

/** The gateway that the environment names; where it names none, one that says so. The caller closes it. */
export function configuredGateway(config: Pick<Config, "gateway">): Gateway {
  if (!config.gateway) return noGateway;
  return createGateway({
    keyId: config.gateway.keyId,
    keySecret: config.gateway.keySecret,
    webhookSecrets: [{ secret: config.gateway.webhookSecret }],
    ...(config.gateway.baseUrl === undefined ? {} : { baseUrl: config.gateway.baseUrl }),
    // In production a simulator must be named twice: by its address, and by this.
    allowSimulator: process.env["ALLOW_SIMULATOR"] === "1",
    isProduction: process.env["NODE_ENV"] === "production",
  });
}
