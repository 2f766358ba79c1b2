export { createSimulator, type Simulator } from "./simulator.ts";
export type { Outcome as SimOutcome, Settings as SimSettings, SimulatorOptions } from "./options.ts";
export { startSimulator, type RunningSimulator } from "./server.ts";
export type { BankLine } from "./bank.ts";
export type { SimRequest, SimResponse } from "./wire/messages.ts";
export type { SimMethod } from "./state.ts";
