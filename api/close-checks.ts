import { billingCloseChecks } from "../billing/index.ts";
import { collectionCloseChecks } from "../collections/index.ts";
import { formatIndian, paise } from "../ledger/kernel/money.ts";
import { periodEnd } from "../ledger/kernel/dates.ts";
import { payableCloseChecks, registerCloseChecks, type CloseCheck, type YearChecks } from "../ledger/index.ts";
import { closeChecks as reconciliationCloseChecks } from "../reconciliation/index.ts";
import { allTies, brokenTies } from "../reports/index.ts";

/**
 * Every folder's questions before a month is closed; the ledger asks nobody upward, so they are gathered here and passed in. The closing
 * checklist (ledger/close/checklist.csv) shows each under its item.
 */
export const closeChecks: readonly CloseCheck[] = [
  ...billingCloseChecks,
  ...collectionCloseChecks,
  ...reconciliationCloseChecks,
  ...payableCloseChecks,
  ...registerCloseChecks,
];

/** What is asked besides when a year is closed. */
export const yearChecks: YearChecks = {
  month: closeChecks,
  year: [
    {
      name: "all ties hold at the end of the year",
      run: async (read, period) =>
        brokenTies(await allTies(read, periodEnd(period))).map((t) => ({
          code: "TIE",
          message:
            t.unit === "paise"
              ? `${t.name}: ${formatIndian(paise(t.left))} against ${formatIndian(paise(t.right))}, difference ${formatIndian(paise(t.difference))}`
              : `${t.name}: ${t.left} against ${t.right}`,
        })),
    },
  ],
};
