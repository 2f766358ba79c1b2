import type { Ulb } from "../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../collections/index.ts";

/** What pages and routes work with: the books, the gateway, and where this server is seen from outside. */
export type WebApp = CollectionsApp & {
  readonly demo: boolean;
  /** "http://127.0.0.1:8080": for links in receipts and for the gateway's way back. */
  readonly baseUrl: string;
  /** The ULB whose bills a citizen looks for when the address names none. */
  defaultUlb(): Promise<Ulb>;
};
