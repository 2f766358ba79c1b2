import { setCounterPolicy, setExcessPolicy, setMerchantSettings } from "../../collections/index.ts";
import { BOOKS_BEGIN } from "./fixture.ts";
import { act, type Stage } from "./stage.ts";
import { paise } from "../../ledger/kernel/money.ts";
import { isFields, ScenarioFault, textOf, type Value } from "./values.ts";
import { ACCOUNT_ID } from "./world.ts";

/** Settings that the ULB has: a decision of its office, made by the function that the office's page calls. */
export const ULB_SETTINGS: Readonly<Record<string, (stage: Stage, value: Value) => Promise<unknown>>> = {
  cheque_policy: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(
        tx,
        { chequeReceipt: value === "provisional" ? "at-realisation" : "at-tender" },
        "resolution 14 of the council",
      ),
    ),
  /** false: a deposited cheque goes to the bank's head at once. The scenarios' ULB keeps cheques in clearing apart. */
  cheque_clearing: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(tx, { clearingHeadFrom: value === false ? null : BOOKS_BEGIN }, "resolution 17 of the council"),
    ),
  counter_rounding: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(
        tx,
        { cashRounding: value === "rupee" ? "up-to-rupee" : "none" },
        "resolution 15 of the council",
      ),
    ),
  cash_limit: (stage, value) =>
    act(stage, "admin", (tx) => setCounterPolicy(tx, { hasCashLimit: value !== false }, "order of the State")),
  rebate_date: (stage, value) => {
    if (value !== "attempt" && value !== "capture")
      throw new ScenarioFault("given.settings.rebate_date is attempt or capture");
    return act(stage, "admin", (tx) => setMerchantSettings(tx, { rebateDate: value }));
  },
};

/** What of the gateway's settings the ULB must know too. */
export async function tellUlb(stage: Stage, settings: Readonly<Record<string, Value>>): Promise<void> {
  const feeBearer = settings["fee_bearer"] ?? settings["feeBearer"];
  await act(stage, "admin", (tx) =>
    setMerchantSettings(tx, {
      accountId: ACCOUNT_ID,
      ...(settings["capture"] === "manual" || settings["auto_capture"] === false ? { capture: "manual" } : {}),
      ...(feeBearer === "customer" ? { feeBearer: "payer" } : {}),
    }),
  );
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
    const limit = paise(
      isFields(said) && said["limit"] !== undefined ? BigInt(Math.round(Number(said["limit"]) * 100)) : 5_000_000n,
    );
    const days = isFields(said) && said["days"] !== undefined ? Number(said["days"]) : 7;
    if (policy !== "ADVANCE" && policy !== "AUTO_REFUND" && policy !== "HOLD")
      throw new ScenarioFault(`given.policies.${name} is ADVANCE, AUTO_REFUND or HOLD`);
    await act(stage, "admin", (tx) =>
      setExcessPolicy(tx, service, policy === "AUTO_REFUND" ? { policy, limit, windowDays: days } : { policy }),
    );
  }
}
