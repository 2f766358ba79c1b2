import { billingErrors, findConsumers, type Consumer } from "../../../billing/index.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";

/** The one consumer whom a person named: by his whole code, or the only one found. Raises CONSUMER_NOT_FOUND. */
export async function oneConsumer(read: Read, query: string): Promise<Consumer> {
  const found = query.length < 2 ? [] : await findConsumers(read, { query, limit: 20 });
  const whole = found.filter((c) => c.code.toLowerCase() === query.toLowerCase());
  const [only] = whole.length === 1 ? whole : found.length === 1 ? found : [];
  if (!only) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: query === "" ? "(none named)" : query });
  return only;
}
