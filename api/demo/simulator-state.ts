import type { App } from "../../ledger/kernel/tx.ts";
import type { Simulator } from "../../collections/index.ts";

/** What the simulator knew when it was last kept; undefined on a fresh database. */
export async function keptSimulatorState(app: App): Promise<string | undefined> {
  const { rows } = await app.db.batch.query<{ state: string }>("select state from api.simulator_state");
  return rows[0]?.state;
}

export type SimulatorKeeper = {
  /** From now on the state is kept: at once, and again whenever it has changed. */
  start(): Promise<void>;
  /** Stops the simulator's own deliveries and keeps its state a last time, if it was started. */
  close(): Promise<void>;
};

const EVERY_MS = 2000;

/**
 * Keeps a simulator's state in the database, so that it survives a restart. After a crash the last two seconds may be missing at the gateway
 * while the books have them: like a gateway's outage, and only in a demo.
 */
export function keepSimulator(
  app: App,
  simulator: Simulator,
  options: { readonly kept?: string | undefined; readonly failed: (error: unknown) => void; readonly everyMs?: number },
): SimulatorKeeper {
  let last = options.kept;
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let running: Promise<void> = Promise.resolve();

  const keep = async (): Promise<void> => {
    const state = simulator.snapshot();
    if (state === last) return;
    await app.db.batch.query(
      `insert into api.simulator_state (state, saved_at) values ($1, $2)
       on conflict (only_row) do update set state = excluded.state, saved_at = excluded.saved_at`,
      [state, app.clock()],
    );
    last = state;
  };
  const tick = (): void => {
    timer = setTimeout(() => {
      running = keep()
        .catch(options.failed)
        .then(() => {
          if (isStarted) tick();
        });
    }, options.everyMs ?? EVERY_MS);
    timer.unref();
  };
  return {
    start: async () => {
      isStarted = true;
      await keep();
      tick();
    },
    close: async () => {
      simulator.stop();
      if (!isStarted) return;
      isStarted = false;
      clearTimeout(timer);
      await running;
      await keep();
    },
  };
}
