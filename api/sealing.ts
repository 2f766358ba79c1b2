import { seal } from "../ledger/index.ts";
import { Refusal } from "../ledger/kernel/errors.ts";
import { inTransaction, systemActor, type App, type Ulb } from "../ledger/kernel/tx.ts";

/** Seals every entry that is committed, block by block; nothing where all is sealed. Raises SEAL_GAP. */
export async function sealAll(app: App, ulb: Ulb): Promise<void> {
  while (await inTransaction(app, { ulb, actor: systemActor("seal") }, (tx) => seal(tx)));
}

/**
 * What the worker does every few minutes, at once, where somebody is about to rely on it (a file was imported, a period is closed, a pack is made).
 * A gap stops the sealing and nothing else, and is given back to be said: a pack that could not be made would hide from the auditor what
 * it is to show him.
 */
export async function sealAtOnce(app: App, ulb: Ulb): Promise<Refusal | undefined> {
  try {
    await sealAll(app, ulb);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal && error.code === "SEAL_GAP") return error;
    throw error;
  }
}
