export type * from "./gateway.ts";
export { createGateway } from "./razorpay.ts";
export { parsePayment, parseRefund } from "./entities.ts";
