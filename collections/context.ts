import type { App, Ulb } from "../ledger/kernel/tx.ts";
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
