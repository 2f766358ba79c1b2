export {
  addGatewayAccount,
  listGatewayAccounts,
  rotateGatewayKey,
  rotateWebhookSecret,
  type GatewayAccount,
  type NewGatewayAccount,
} from "./accounts.ts";
export { createGatewayRouter, type GatewayRouter } from "./router.ts";
export { sealingKey, type SealingKey } from "./sealing.ts";
