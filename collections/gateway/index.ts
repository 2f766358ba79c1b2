export type * from "./gateway.ts";
export { createGateway, RAZORPAY_URL } from "./razorpay.ts";
export { gatewayErrors } from "./errors.ts";
export { parsePayment, parseRefund } from "./entities.ts";
