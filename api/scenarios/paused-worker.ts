import { writeSync } from "node:fs";
import { createGateway, processInbox, type GatewayConfig } from "../../collections/index.ts";
import { getUlb } from "../../ledger/index.ts";
import { openDatabase, type DatabaseAddress } from "../../ledger/kernel/database.ts";

/*
 * A worker of its own process that takes a job, stops itself (SIGSTOP) with the job in its hands and its transaction open, and goes on when it is
 * woken. Started by the step pause_worker, which wakes it; it works off the inbox of one ULB and ends.
 */
const given = JSON.parse(process.env["PAUSED_WORKER"] ?? "{}") as {
  readonly address: DatabaseAddress;
  readonly ulb: string;
  readonly now: string;
  readonly gateway: Omit<GatewayConfig, "webhookSecrets"> & {
    readonly webhookSecrets: readonly { readonly secret: string }[];
  };
  readonly idleMs: number;
};

const STOPS_AT = 3;
let asked = 0;
const app = {
  db: openDatabase(given.address, { idleInTransactionMs: given.idleMs }),
  // What the time is, is asked when the events are taken and again when their payments are written: there it stops.
  clock: (): Date => {
    asked += 1;
    if (asked === STOPS_AT) {
      writeSync(1, "stopped\n");
      process.kill(process.pid, "SIGSTOP");
    }
    return new Date(given.now);
  },
  gateway: createGateway(given.gateway),
};

try {
  const ulb = await getUlb(app, given.ulb);
  const result = await processInbox(app, ulb);
  writeSync(1, `${JSON.stringify(result)}\n`);
} finally {
  app.gateway.close();
  await app.db.close();
}
