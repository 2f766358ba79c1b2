import { getConsumer } from "../billing/index.ts";
import { inSnapshot, type App, type Ulb, type Who } from "../ledger/kernel/tx.ts";
import type { Gateway } from "./gateway/index.ts";
import type { GatewayRouter } from "./gateway-accounts/index.ts";

/** What the flows of this folder need: the database, the clock and the gateway. */
export type CollectionsApp = App & {
  readonly gateway: Gateway;
  /** Where ULBs and services have merchant accounts of their own; without it everything is the one gateway's. */
  readonly gateways?: GatewayRouter;
};

/**
 * The app at that ULB's own merchant accounts, if it has any. With a service, what is made newly (an order, a link, a code, a checkout) is that
 * service's account's; everything else is found wherever it is.
 */
export async function atGatewayOf<A extends CollectionsApp>(app: A, ulb: Ulb, serviceCode?: string): Promise<A> {
  return app.gateways === undefined ? app : { ...app, gateway: await app.gateways.of(ulb, serviceCode) };
}

/**
 * The app at the merchant account that takes the money of this consumer's service. Whoever makes something at the gateway for him stands there, also
 * who only resumes it: an order made at another account could not be paid with the key that the checkout has. Raises CONSUMER_NOT_FOUND.
 */
export async function atAccountOf<A extends CollectionsApp>(app: A, who: Who, consumerId: string): Promise<A> {
  if (app.gateways === undefined) return app;
  const { service } = await inSnapshot(app, who, (read) => getConsumer(read, consumerId));
  return atGatewayOf(app, who.ulb, service);
}
