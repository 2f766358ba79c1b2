import type { SimulatorOptions } from "../../collections/index.ts";
import { BILLS, makeBill, planOf } from "./fixture.ts";
import type { Stage } from "./stage.ts";
import { fieldsOf, isFields, knownOnly, ScenarioFault, textOf, type Fields, type Value } from "./values.ts";

/** What `given` may say, and what it means. */
export const GIVEN: Readonly<Record<string, string>> = {
  reset: "{seed: 1}: the simulator's seed",
  seed: "the same, short",
  clock: "the moment at which the scenario begins; Monday 2026-06-01 10:00 IST unless said",
  bills: "further bills by name: {B11: {account: PT-0011, demand: 600000.00}}",
  settings: "settings of the ULB and of the gateway",
  policies: "what becomes of money paid twice, by service or bill",
  fees: "the gateway's fees in hundredths of a percent by method",
  holidays: "days on which nothing is settled",
};

const METHODS = ["upi", "card", "rupay_debit", "netbanking", "wallet", "bank_transfer"];

/** Settings that the gateway has. */
const GATEWAY_SETTINGS: Readonly<Record<string, (value: Value) => Partial<SimulatorOptions>>> = {
  capture: (v) => ({ autoCapture: v !== "manual" }),
  settlement_days: (v) => ({ settlementDays: Number(v) }),
  refunds: (v) => ({ refundsAreInstant: v !== "pending" }),
  repeated_receipt: (v) => {
    if (v !== "refuse" && v !== "same" && v !== "allow")
      throw new ScenarioFault("repeated_receipt is refuse, same or allow");
    return { repeatedReceipt: v };
  },
};

/** Settings that the ULB has: a decision of its office, made by the function that the office's page calls. */
export const ULB_SETTINGS: Record<string, (stage: Stage, value: Value) => Promise<void>> = {};

export function startOf(given: Fields): Date {
  const text = given["clock"] === undefined ? "2026-06-01T10:00:00+05:30" : textOf(given["clock"], "given.clock");
  const at = new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}+05:30`);
  if (Number.isNaN(at.getTime())) throw new ScenarioFault(`given.clock "${text}" is not a moment`);
  return at;
}

/** What the simulator starts with. */
export function simulatorOptions(given: Fields): SimulatorOptions {
  const reset = fieldsOf(given["reset"], "given.reset", ["seed"]);
  const settings = isFields(given["settings"]) ? given["settings"] : {};
  const fees = fieldsOf(given["fees"], "given.fees", METHODS);
  const parts = Object.entries(settings).map(([key, value]) => GATEWAY_SETTINGS[key]?.(value) ?? {});
  const { holidays } = given;
  return Object.assign(
    { seed: String(reset["seed"] ?? given["seed"] ?? 1) },
    ...parts,
    Object.keys(fees).length === 0
      ? {}
      : { fees: Object.fromEntries(Object.entries(fees).map(([k, v]) => [k, Number(v)])) },
    Array.isArray(holidays) ? { holidays: holidays.map(String) } : {},
  ) as SimulatorOptions;
}

/** Brings the scenario's ULB to where the first step begins: the fixture's bills, further bills, settings. */
export async function prepare(stage: Stage, given: Fields): Promise<void> {
  const { app } = stage.world;
  for (const [name, plan] of Object.entries(BILLS)) stage.bills.set(name, await makeBill(app, stage.ulb, name, plan));
  if (given["bills"] !== undefined) {
    if (!isFields(given["bills"])) throw new ScenarioFault("given.bills are fields: a name and what it is made of");
    for (const [name, value] of Object.entries(given["bills"])) {
      stage.bills.set(name, await makeBill(app, stage.ulb, name, planOf(name, value)));
    }
  }
  if (given["settings"] !== undefined) {
    if (!isFields(given["settings"])) throw new ScenarioFault("given.settings are fields");
    knownOnly(given["settings"], "given.settings", [...Object.keys(GATEWAY_SETTINGS), ...Object.keys(ULB_SETTINGS)]);
    for (const [name, value] of Object.entries(given["settings"])) {
      stage.settings.set(name, value);
      await ULB_SETTINGS[name]?.(stage, value);
    }
  }
  if (given["policies"] !== undefined) {
    const set = ULB_SETTINGS["policies"];
    if (!set) throw new ScenarioFault("given.policies: this version has one policy for money paid twice");
    await set(stage, given["policies"]);
  }
}
