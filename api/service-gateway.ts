import { atAccountOf, getOrder, type CollectionsApp } from "../collections/index.ts";
import { inSnapshot, type Who } from "../ledger/kernel/tx.ts";

/** The app at the merchant account that takes the money of an order’s service. Raises ORDER_NOT_FOUND. */
export async function atServiceOfOrder<A extends CollectionsApp>(app: A, who: Who, orderId: string): Promise<A> {
  if (app.gateways === undefined) return app;
  const { consumerId } = await inSnapshot(app, who, (read) => getOrder(read, orderId));
  return atAccountOf(app, who, consumerId);
}
