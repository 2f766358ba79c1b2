import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "packs");

/** Rule files that come with the program, to be adapted and then loaded by the ULB: their `source` says which figures are whose. */
export const RULE_PACKS = [
  "punjab-property-tax",
  "annual-rental-value",
  "capital-value",
  "punjab-water",
  "punjab-water-connection",
  "sewerage",
  "solid-waste",
  "punjab-trade-licence",
  "municipal-rents",
  "challans",
] as const;
export type RulePack = (typeof RULE_PACKS)[number];

/** The text of a pack, as `loadRuleFile` takes it. */
export function rulePack(name: RulePack): string {
  return readFileSync(path.join(folder, `${name}.json`), "utf8");
}
