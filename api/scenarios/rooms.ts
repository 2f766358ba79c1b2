import * as collections from "../../collections/index.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { act, type Stage } from "./stage.ts";
import { ScenarioFault } from "./values.ts";

type Call = (...given: unknown[]) => Promise<unknown>;

/**
 * A function of collections by its name. Scenario files outlive versions of the program: a step for which this version has no function says so when it
 * is reached, and all other files go on.
 */
export function roomFunction(name: string, what: string): Call {
  const found: unknown = Reflect.get(collections, name);
  if (typeof found !== "function") throw new ScenarioFault(`this version has no way to do it: ${what}`);
  return found as Call;
}

export const hasRoom = (name: string): boolean => typeof Reflect.get(collections, name) === "function";

/** One transaction of a person with such a function. */
export async function actWith(
  stage: Stage,
  name: string,
  room: string,
  what: string,
  given: (tx: Tx) => readonly unknown[],
): Promise<unknown> {
  const call = roomFunction(room, what);
  return act(stage, name, (tx) => call(tx, ...given(tx)));
}
