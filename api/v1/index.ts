// The machine interface: /v1, webhooks, health. api/app.ts registers these plugins; nothing else of this folder is imported from outside.
export { createAccessToken, revokeAccessToken, authenticateToken, whoseToken } from "./access-tokens.ts";
export { ajvOptions, openApiOptions, v1Plugin } from "./plugin.ts";
export { forgetIdempotencyKeys } from "./idempotency.ts";
export { healthPlugin } from "./health.ts";
export { impossibleTexts, problemHandler } from "./problems.ts";
export { WHO } from "./route.ts";
export { webhookPlugin } from "./webhook.ts";
