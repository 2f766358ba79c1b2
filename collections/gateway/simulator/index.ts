export {
  createSimulator,
  type CheckoutReturn,
  type PayOptions,
  type Simulator,
  type SimulatorOptions,
} from "./simulator.ts";
export { startSimulator, type RunningSimulator } from "./server.ts";
export type { BankLine } from "./bank.ts";
export type { SimRequest, SimResponse } from "./http.ts";
export type { SendWebhook, SimEvent } from "./webhooks.ts";
export type { SimMethod } from "./state.ts";
