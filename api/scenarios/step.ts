import type { Stage } from "./stage.ts";
import { isFields, knownOnly, ScenarioFault, type Fields, type Value } from "./values.ts";

export type Step = {
  readonly kind: string;
  readonly value: Value;
  /** The step whole, with what belongs to it (body, save, as …). */
  readonly fields: Fields;
  readonly where: string;
};

/** One kind of step: the keys that may stand beside it, and what it does. What it gives is what `save` and `expect` of the step look at. */
export type StepKind = {
  readonly keys: readonly string[];
  readonly run: (stage: Stage, step: Step) => Promise<unknown>;
};
export type StepKinds = Readonly<Record<string, StepKind>>;

/** Steps made of steps: those inside are filled in when they run. */
export const COMPOSITE: ReadonlySet<string> = new Set([
  "together",
  "barrier",
  "parallel",
  "repeat",
  "sequence",
  "try",
  "kill",
  "pause_worker",
]);

/** `pay(B1, upi)`, `drain`, `drain all` or fields with one kind of step and what belongs to it. */
export function readStep(value: Value, where: string, kinds: StepKinds): Step {
  if (typeof value === "string") {
    const call = /^([a-z_]+)\s*\((.*)\)$/.exec(value.trim());
    const [word = "", ...rest] = value.trim().split(/\s+/);
    const kind = call?.[1] ?? word;
    const argument = call ? (call[2] ?? "") : rest.join(" ");
    return readStep({ [kind]: argument === "" ? null : argument }, where, kinds);
  }
  if (!isFields(value)) throw new ScenarioFault(`${where} must be text or fields`);
  const named = Object.keys(value).filter((key) => Object.hasOwn(kinds, key));
  // Words such as `import` may be a step of their own and a field of another: the first one written is the step.
  // `expect` is a step of its own only where nothing else is.
  const kind = named.find((key) => key !== "expect") ?? named[0];
  const definition = kind === undefined ? undefined : kinds[kind];
  if (kind === undefined || !definition) {
    throw new ScenarioFault(
      `${where}: no known kind of step among "${Object.keys(value).join('", "')}"; known are ${Object.keys(kinds).sort().join(", ")}`,
    );
  }
  const beside = [...definition.keys, "note", "expect", "expect_error"];
  knownOnly(value, `${where} (${kind})`, [kind, ...beside]);
  const fields = broughtOut(value, kind, beside);
  return { kind, value: fields[kind] ?? null, fields, where: `${where} (${kind})` };
}

/** Who acts, what is saved and what is expected may also be written among the fields of the step: `cash: {bill: B1, …, as: cashier2}`. */
const OF_THE_STEP = ["as", "save", "status", "expect", "expect_error", "note"];

function broughtOut(value: Fields, kind: string, beside: readonly string[]): Fields {
  const inner = value[kind];
  if (!isFields(inner) || kind === "expect") return value;
  const moved = OF_THE_STEP.filter(
    (key) => beside.includes(key) && Object.hasOwn(inner, key) && !Object.hasOwn(value, key),
  );
  if (moved.length === 0) return value;
  const rest = Object.fromEntries(Object.entries(inner).filter(([key]) => !moved.includes(key)));
  return { ...value, [kind]: rest, ...Object.fromEntries(moved.map((key) => [key, inner[key] ?? null])) };
}
