import { duration } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { OUTCOMES, type Outcome, type PayOptions } from "../options.ts";
import { SIM_METHODS, SimRefusal } from "../state.ts";
import type { SettlementPlan } from "../world.ts";
import type { Body } from "./validation.ts";

// What the bodies of control calls say, read once for all of them.

export type Control = {
  readonly engine: Engine;
  readonly all: readonly Engine[];
  readonly body: Body;
  readonly url: URL;
};

export const text = (body: Body, name: string): string | undefined => {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string")
    throw new SimRefusal(`${name} is a text, not ${JSON.stringify(value)}`, { field: name });
  return value;
};
export const number = (body: Body, name: string): number | undefined => {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new SimRefusal(`${name} is not a whole number`, { field: name });
  return value;
};
export const needed = (body: Body, name: string): string => {
  const value = text(body, name);
  if (value === undefined) throw new SimRefusal(`${name} is needed`, { field: name });
  return value;
};
export const span = (body: Body, name: string): number | undefined =>
  body[name] === undefined ? undefined : duration(body[name], name);

/** Other words for the same, as people write them. */
const SHORT: Readonly<Record<string, Outcome>> = {
  fail: "failure",
  failed: "failure",
  closed: "success-then-user-closes-tab",
  "close-tab": "success-then-user-closes-tab",
  pending: "late",
  "pending-then-success": "pending-success",
  "pending→success": "pending-success",
  "pending->success": "pending-success",
  "pending-then-fail": "pending-fail",
  "pending→fail": "pending-fail",
  "pending->fail": "pending-fail",
  "failure-then-success": "fail-then-success",
};

export function outcomeOf(body: Body): Outcome | undefined {
  const given = body["outcome"];
  if (given === undefined) return undefined;
  const outcome =
    OUTCOMES.find((o) => o === given) ??
    (typeof given === "string" ? SHORT[given.replaceAll(/[\s_]+/g, "-")] : undefined);
  if (!outcome) throw new SimRefusal(`outcome is one of ${OUTCOMES.join(", ")}`, { field: "outcome" });
  return outcome;
}

export function howOf(body: Body): PayOptions {
  const method = SIM_METHODS.find((m) => m === body["method"]);
  if (body["method"] !== undefined && !method)
    throw new SimRefusal(`method is one of ${SIM_METHODS.join(", ")}`, { field: "method" });
  const outcome = outcomeOf(body);
  const afterMs = span(body, "after");
  const amount = number(body, "amount");
  const pick = (name: "reason" | "contact" | "email" | "reference" | "mode"): Record<string, string> => {
    const value = text(body, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...(method ? { method } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(afterMs === undefined ? {} : { afterMs }),
    ...(amount === undefined ? {} : { amount }),
    ...(body["force"] === true ? { force: true } : {}),
    ...pick("reason"),
    ...pick("contact"),
    ...pick("email"),
    ...pick("reference"),
    ...pick("mode"),
  };
}

/** Pays an order, a link, a QR code, a virtual account, or nothing at all. */
export function planOf(body: Body): SettlementPlan | undefined {
  const outcome = body["outcome"] ?? "processed";
  if (outcome !== "processed" && outcome !== "failed" && outcome !== "returned")
    throw new SimRefusal("outcome is one of processed, failed, returned", { field: "outcome" });
  const limit = number(body, "limit");
  const hideItems = number(body, "hide_items");
  const hideForMs = span(body, "hide_for");
  const againAfterMs = span(body, "again_after");
  if (outcome === "processed" && limit === undefined && hideItems === undefined) return undefined;
  return {
    outcome,
    ...(limit === undefined ? {} : { limit }),
    ...(hideItems === undefined ? {} : { hideItems }),
    ...(hideForMs === undefined ? {} : { hideForMs }),
    ...(againAfterMs === undefined ? {} : { againAfterMs }),
  };
}
