export type * from "./gateway.ts";
export type * from "./collect.ts";
export { createGateway } from "./razorpay.ts";
export { parsePayment, parseRefund, parseSettlement } from "./entities.ts";
export { parseBankTransfer, parseDispute, parseLink, parseQr, parseVirtualAccount } from "./collect-entities.ts";
export { readGatewayEvent, type GatewayEvent } from "./events.ts";
