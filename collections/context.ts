import type { App } from "../ledger/kernel/tx.ts";
import type { Gateway } from "./gateway/index.ts";

/** What the flows of this folder need: the database, the clock and the gateway. */
export type CollectionsApp = App & { readonly gateway: Gateway };
