import { plain } from "./values.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { completeOutbox, openOutboxRows, postponeOutbox } from "../../ledger/kernel/outbox.ts";
import { handlers } from "../jobs/handlers.ts";
import type { OutgoingMessage } from "../messages.ts";
import { rows, type Stage } from "./stage.ts";

class Killed extends Error {}

async function dueIds(stage: Stage): Promise<{ topic: string; outbox_id: bigint }[]> {
  return rows(
    stage,
    "select topic, outbox_id from kernel.outbox where ulb_id = $1 and done_at is null and available_at <= $2 order by outbox_id",
    [stage.world.clock.now()],
  );
}

export async function claimable(stage: Stage): Promise<number> {
  return (await dueIds(stage)).length;
}

/** Does the ULB's outbox with the server's own handlers; texts for phones go to the scenario's phone. */
export async function runOutbox(stage: Stage, how: { readonly diesAfterSending?: boolean } = {}): Promise<void> {
  const { app } = stage.world;
  const service = {
    send: async (batch: readonly OutgoingMessage[]) => {
      stage.phone.push(...batch);
      // Killed: nobody hears what became of it, and the claim is free again when its time is over.
      if (how.diesAfterSending === true) throw new Killed();
      return batch.map((m) => ({ id: m.id, status: "accepted" as const }));
    },
  };
  const by = handlers(app, service);
  for (const [topic, group] of groupBy(await dueIds(stage), (r) => r.topic)) {
    const open = await openOutboxRows(
      app.db,
      stage.ulb.id,
      group.map((r) => r.outbox_id),
    );
    const handler = by[topic];
    try {
      if (!handler) throw new Error(`nobody handles "${topic}"`);
      await handler(app, stage.ulb, open);
      await completeOutbox(
        app.db,
        app.clock(),
        stage.ulb.id,
        open.map((r) => r.id),
      );
    } catch (error) {
      if (error instanceof Killed) continue;
      for (const row of open) await postponeOutbox(app.db, app.clock(), stage.ulb.id, row.id, plain(error));
      stage.troubles.push(`outbox ${topic}: ${plain(error)}`);
    }
  }
}
