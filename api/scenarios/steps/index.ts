import type { StepKinds } from "../step.ts";
import { engineSteps } from "./engine.ts";
import { gatewaySteps } from "./gateway.ts";
import { orderSteps } from "./order.ts";
import { timeSteps } from "./time.ts";
import { counterSteps } from "./counter.ts";
import { bankSteps } from "./bank.ts";
import { officeSteps } from "./office.ts";

/** Every kind of step that a scenario file may have. */
export const STEPS: StepKinds = {
  ...gatewaySteps,
  ...engineSteps,
  ...timeSteps,
  ...orderSteps,
  ...counterSteps,
  ...bankSteps,
  ...officeSteps,
};
