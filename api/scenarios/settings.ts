import { actWith, hasRoom } from "./rooms.ts";
import type { Stage } from "./stage.ts";
import { isFields, ScenarioFault, textOf, type Value } from "./values.ts";
import { ACCOUNT_ID } from "./world.ts";

/** Settings that the ULB has: a decision of its office, made by the function that the office's page calls. */
export const ULB_SETTINGS: Readonly<Record<string, (stage: Stage, value: Value) => Promise<unknown>>> = {
  cheque_policy: (stage, value) =>
    actWith(stage, "admin", "setCounterPolicy", "a policy of receipts for cheques", () => [
      { chequeReceipt: value === "provisional" ? "at-realisation" : "at-tender" },
      "resolution 14 of the council",
    ]),
  counter_rounding: (stage, value) =>
    actWith(stage, "admin", "setCounterPolicy", "a rounding rule at the counter", () => [
      { cashRounding: value === "rupee" ? "up-to-rupee" : "none" },
      "resolution 15 of the council",
    ]),
  cash_limit: (stage, value) =>
    actWith(stage, "admin", "setCounterPolicy", "a switch of the cash limit", () => [
      { hasCashLimit: value !== false },
      "order of the State",
    ]),
  rebate_date: (stage, value) =>
    actWith(stage, "admin", "setMerchantSettings", "the day on which rebate is reckoned", () => [
      { rebateDate: value },
    ]),
};

/** What of the gateway's settings the ULB must know too, where this version keeps it. */
export async function tellUlb(stage: Stage, settings: Readonly<Record<string, Value>>): Promise<void> {
  if (!hasRoom("setMerchantSettings")) return;
  const feeBearer = settings["fee_bearer"] ?? settings["feeBearer"];
  await actWith(stage, "admin", "setMerchantSettings", "settings of the merchant", () => [
    {
      accountId: ACCOUNT_ID,
      ...(settings["capture"] === "manual" || settings["auto_capture"] === false ? { capture: "manual" } : {}),
      ...(feeBearer === "customer" ? { feeBearer: "payer" } : {}),
    },
  ]);
}

const SERVICES: Readonly<Record<string, string>> = {
  property: "property-tax",
  water: "water",
  licence: "trade-licence",
  PT: "property-tax",
  WS: "water",
  TL: "trade-licence",
};

/** {property-tax: ADVANCE, trade-licence: {policy: AUTO_REFUND, limit: 50000.00, days: 7}}, or a bill's name in place of the service. */
export async function setPolicies(stage: Stage, value: Value): Promise<void> {
  if (!isFields(value)) throw new ScenarioFault("given.policies are fields: a service or a bill, and its policy");
  for (const [name, said] of Object.entries(value)) {
    const service = stage.bills.get(name)?.service ?? SERVICES[name] ?? name;
    const policy = textOf(isFields(said) ? said["policy"] : said, `given.policies.${name}`);
    const limit = isFields(said) && said["limit"] !== undefined ? Number(said["limit"]) * 100 : 5_000_000;
    const days = isFields(said) && said["days"] !== undefined ? Number(said["days"]) : 7;
    await actWith(stage, "admin", "setExcessPolicy", "policies for money paid twice", () => [
      service,
      policy === "AUTO_REFUND" ? { policy, limit: BigInt(Math.round(limit)), windowDays: days } : { policy },
    ]);
  }
}
