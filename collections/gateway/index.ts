export type * from "./gateway.ts";
export type * from "./collect.ts";
export { createGateway } from "./razorpay.ts";
export { parsePayment, parseRefund } from "./entities.ts";
export { parseDispute } from "./collect-entities.ts";
