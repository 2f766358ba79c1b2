import { addDays, dateInIndia, startOfDayInIndia } from "../../ledger/kernel/dates.ts";
import type { Stage } from "./stage.ts";

/** Moves the one clock on; the gateway settles at its hour of every day that is passed. */
export async function moveTo(stage: Stage, at: Date): Promise<void> {
  const { clock } = stage.world;
  await Promise.resolve();
  for (let day = dateInIndia(clock.now()); ; day = addDays(day, 1)) {
    const moment = new Date(startOfDayInIndia(day).getTime() + stage.simulator.settings.settlementHour * 3_600_000);
    if (moment > at) break;
    if (moment <= clock.now()) continue;
    clock.set(moment);
    stage.simulator.tick();
    stage.simulator.runSettlement(day);
  }
  clock.set(at);
  stage.simulator.tick();
}
