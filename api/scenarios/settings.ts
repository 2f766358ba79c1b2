import { setCounterPolicy, setExcessPolicy, setMerchantSettings } from "../../collections/index.ts";
import { BOOKS_BEGIN } from "./fixture.ts";
import { act, type Stage } from "./stage.ts";
import { paise } from "../../ledger/kernel/money.ts";
import { fieldsOf, isFields, numberOf, paiseOf, ScenarioFault, show, textOf, type Value } from "./values.ts";
import { ACCOUNT_ID } from "./world.ts";

/** One of the words that a setting knows. Raises ScenarioFault: a word that is not known would be the usual one in silence. */
export function oneOf<const Word extends string | boolean>(value: Value, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined)
    throw new ScenarioFault(`given.settings.${name} is ${words.join(" or ")}, not ${show(value)}`);
  return found;
}

/** Settings that the ULB has: a decision of its office, made by the function that the office's page calls. */
export const ULB_SETTINGS: Readonly<Record<string, (stage: Stage, value: Value) => Promise<unknown>>> = {
  cheque_policy: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(
        tx,
        {
          chequeReceipt:
            oneOf(value, "cheque_policy", ["provisional", "subject-to-realisation"]) === "provisional"
              ? "at-realisation"
              : "at-tender",
        },
        "resolution 14 of the council",
      ),
    ),
  /** false: a deposited cheque goes to the bank's head at once. The scenarios' ULB keeps cheques in clearing apart. */
  cheque_clearing: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(
        tx,
        { clearingHeadFrom: oneOf(value, "cheque_clearing", [true, false]) ? BOOKS_BEGIN : null },
        "resolution 17 of the council",
      ),
    ),
  counter_rounding: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(
        tx,
        {
          cashRounding: oneOf(value, "counter_rounding", ["rupee", "none", false]) === "rupee" ? "up-to-rupee" : "none",
        },
        "resolution 15 of the council",
      ),
    ),
  cash_limit: (stage, value) =>
    act(stage, "admin", (tx) =>
      setCounterPolicy(tx, { hasCashLimit: oneOf(value, "cash_limit", [true, false]) }, "order of the State"),
    ),
  rebate_date: (stage, value) =>
    act(stage, "admin", (tx) =>
      setMerchantSettings(tx, { rebateDate: oneOf(value, "rebate_date", ["attempt", "capture"]) }),
    ),
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

const SERVICE_CODES = new Set(Object.values(SERVICES));

/** {property-tax: ADVANCE, trade-licence: {policy: AUTO_REFUND, limit: 50000, days: 7}} (a limit of whole rupees), or a bill's name in place of the service. */
export async function setPolicies(stage: Stage, value: Value): Promise<void> {
  if (!isFields(value)) throw new ScenarioFault("given.policies are fields: a service or a bill, and its policy");
  for (const [name, said] of Object.entries(value)) {
    const service = stage.bills.get(name)?.service ?? SERVICES[name] ?? name;
    const where = `given.policies.${name}`;
    if (!SERVICE_CODES.has(service))
      throw new ScenarioFault(
        `${where}: there is no such service or bill; there are ${[...SERVICE_CODES, ...stage.bills.keys()].join(", ")}`,
      );
    const f = fieldsOf(isFields(said) ? said : { policy: said }, where, ["policy", "limit", "days"]);
    const policy = textOf(f["policy"], where).toUpperCase().replace("-", "_");
    const limit =
      f["limit"] === undefined
        ? paise(5_000_000n)
        : typeof f["limit"] === "number"
          ? paise(BigInt(Math.round(f["limit"] * 100)))
          : paiseOf(f["limit"], `${where}.limit`);
    const days = f["days"] === undefined ? 7 : numberOf(f["days"], `${where}.days`);
    if (policy !== "ADVANCE" && policy !== "AUTO_REFUND" && policy !== "HOLD")
      throw new ScenarioFault(`${where} is ADVANCE, AUTO_REFUND or HOLD`);
    await act(stage, "admin", (tx) =>
      setExcessPolicy(tx, service, policy === "AUTO_REFUND" ? { policy, limit, windowDays: days } : { policy }),
    );
  }
}
