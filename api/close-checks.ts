import { billingCloseChecks } from "../billing/index.ts";
import { collectionCloseChecks } from "../collections/index.ts";
import type { CloseCheck } from "../ledger/index.ts";
import { closeChecks as reconciliationCloseChecks } from "../reconciliation/index.ts";

/** Every folder's questions before a month is closed; the ledger asks nobody upward, so they are gathered here and passed in. */
export const closeChecks: readonly CloseCheck[] = [
  ...billingCloseChecks,
  ...collectionCloseChecks,
  ...reconciliationCloseChecks,
];
