import { addDays, dateInIndia, startOfDayInIndia } from "../../ledger/kernel/dates.ts";
import type { Stage } from "./stage.ts";

/** When the gateway makes the day's settlement, after midnight in India. */
const SETTLES_AT_MS = 10.5 * 3_600_000;

/** Moves the one clock on; the gateway settles at half past ten of every day that is passed. */
export async function moveTo(stage: Stage, at: Date): Promise<void> {
  const { clock } = stage.world;
  await Promise.resolve();
  for (let day = dateInIndia(clock.now()); ; day = addDays(day, 1)) {
    const moment = new Date(startOfDayInIndia(day).getTime() + SETTLES_AT_MS);
    if (moment > at) break;
    if (moment <= clock.now()) continue;
    clock.set(moment);
    stage.simulator.runSettlement(day);
  }
  clock.set(at);
}
