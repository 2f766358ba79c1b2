import type { SimulatorOptions } from "../../collections/index.ts";
import { BILLS, makeBills, planOf } from "./fixture.ts";
import { oneOf, setPolicies, tellUlb, ULB_SETTINGS } from "./settings.ts";
import type { Stage } from "./stage.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import {
  fieldsOf,
  isFields,
  knownOnly,
  listOf,
  numberOf,
  paiseOf,
  ScenarioFault,
  show,
  textOf,
  type Fields,
  type Value,
  plain,
} from "./values.ts";

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

/** Settings of the gateway by the scenarios' words; every setting of the simulator may also be given by its own name (settlement_days, fee_bearer …). */
const GATEWAY_WORDS: Readonly<Record<string, (value: Value) => Record<string, Value>>> = {
  capture: (v) => ({ autoCapture: oneOf(v, "capture", ["auto", "manual"]) === "auto" }),
  refunds: (v) => ({ refundsAreInstant: oneOf(v, "refunds", ["instant", "pending"]) === "instant" }),
};
const camel = (name: string): string => name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

export function startOf(given: Fields): Date {
  const text = given["clock"] === undefined ? "2026-06-01T10:00:00+05:30" : textOf(given["clock"], "given.clock");
  const at = new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}+05:30`);
  if (Number.isNaN(at.getTime())) throw new ScenarioFault(`given.clock "${text}" is not a moment`);
  return at;
}

/** Hundredths of a percent: 50, or "0.5 %". */
function feeOf(value: Value, where: string): number {
  const percent = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim()) : null;
  return percent ? Math.round(Number(percent[1]) * 100) : numberOf(value, where);
}

/** What the simulator starts with. */
export function simulatorOptions(given: Fields): SimulatorOptions {
  const reset = fieldsOf(given["reset"], "given.reset", ["seed"]);
  const fees = fieldsOf(given["fees"], "given.fees", METHODS);
  const { holidays } = given;
  const reserve = isFields(given["settings"]) ? given["settings"]["reserve_limit"] : undefined;
  return Object.assign(
    { seed: plain(reset["seed"] ?? given["seed"] ?? 1) },
    Object.keys(fees).length === 0
      ? {}
      : { fees: Object.fromEntries(Object.entries(fees).map(([k, v]) => [k, feeOf(v, `given.fees.${k}`)])) },
    holidays === undefined ? {} : { holidays: listOf(holidays).map((day) => localDate(textOf(day, "given.holidays"))) },
    reserve === undefined ? {} : { reserveLimit: Number(paiseOf(reserve, "given.settings.reserve_limit")) },
  );
}

/** Brings the scenario's ULB to where the first step begins: the fixture's bills, further bills, settings. */
export async function prepare(stage: Stage, given: Fields): Promise<void> {
  const { app } = stage.world;
  const plans = new Map(Object.entries(BILLS));
  if (given["bills"] !== undefined) {
    if (!isFields(given["bills"])) throw new ScenarioFault("given.bills are fields: a name and what it is made of");
    for (const [name, value] of Object.entries(given["bills"])) plans.set(name, planOf(name, value));
  }
  const ownPolicies = Object.fromEntries(
    [...plans].flatMap(([name, plan]) => (plan.policy === undefined ? [] : [[name, plan.policy]])),
  );
  for (const bill of await makeBills(app, stage.ulb, plans)) stage.bills.set(bill.name, bill);
  if (given["settings"] !== undefined) {
    if (!isFields(given["settings"])) throw new ScenarioFault("given.settings are fields");
    const ofGateway = Object.keys(stage.simulator.settings);
    const known = ["reserve_limit", ...Object.keys(GATEWAY_WORDS), ...Object.keys(ULB_SETTINGS), ...ofGateway];
    const asNamed = Object.keys(given["settings"]).filter(
      (name) => known.includes(name) || ofGateway.includes(camel(name)),
    );
    knownOnly(given["settings"], "given.settings", [...known, ...asNamed]);
    for (const [name, value] of Object.entries(given["settings"])) {
      stage.settings.set(name, value);
      const isOfGateway = ofGateway.includes(camel(name));
      const usual = stage.simulator.settings[camel(name) as keyof typeof stage.simulator.settings] as unknown;
      if (isOfGateway && (typeof usual === "number" || typeof usual === "boolean") && typeof value !== typeof usual)
        throw new ScenarioFault(
          `given.settings.${name} is a ${typeof usual} (${plain(usual)} unless said), not ${show(value)}`,
        );
      const set = GATEWAY_WORDS[name]?.(value) ?? (isOfGateway ? { [camel(name)]: value } : undefined);
      if (set) stage.simulator.set(set);
      await ULB_SETTINGS[name]?.(stage, value);
    }
  }
  await tellUlb(stage, isFields(given["settings"]) ? given["settings"] : {});
  await setPolicies(stage, ownPolicies);
  if (given["policies"] !== undefined) await setPolicies(stage, given["policies"]);
}
