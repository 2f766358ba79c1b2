import { billFor, type Bill } from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";

/** The bill that stands today; undefined where nothing is due, for what is then paid is the consumer's advance. Raises CONSUMER_NOT_FOUND. */
export async function todaysBill(tx: Tx, consumerId: string): Promise<Bill | undefined> {
  try {
    return await billFor(tx, consumerId, dateInIndia(tx.clock()));
  } catch (error) {
    if (error instanceof Refusal && error.code === "BILL_NOTHING_DUE") return undefined;
    throw error;
  }
}
