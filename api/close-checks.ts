import type { CloseCheck } from "../ledger/index.ts";
import { closeChecks as billingChecks } from "../billing/index.ts";
import { closeChecks as collectionsChecks } from "../collections/index.ts";
import { closeChecks as reconciliationChecks } from "../reconciliation/index.ts";

/** Every folder's questions before a month is closed; the ledger asks nobody upward, so they are gathered here and passed in. */
export const closeChecks: readonly CloseCheck[] = [...billingChecks, ...collectionsChecks, ...reconciliationChecks];
