import type { StepKinds } from "../step.ts";
import { againSteps } from "./again.ts";
import { bankSteps } from "./bank.ts";
import { checkSteps } from "./check.ts";
import { counterSteps } from "./counter.ts";
import { engineSteps } from "./engine.ts";
import { gatewaySteps } from "./gateway.ts";
import { laterSteps } from "./later.ts";
import { officeSteps } from "./office.ts";
import { orderSteps } from "./order.ts";
import { outageSteps } from "./outage.ts";
import { timeSteps } from "./time.ts";

/** Every kind of step that a scenario file may have. */
export const STEPS: StepKinds = {
  ...againSteps,
  ...laterSteps,
  ...gatewaySteps,
  ...engineSteps,
  ...timeSteps,
  ...orderSteps,
  ...checkSteps,
  ...counterSteps,
  ...bankSteps,
  ...officeSteps,
  ...outageSteps,
};
