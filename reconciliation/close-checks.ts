import type { CloseCheck } from "../ledger/index.ts";
import { formatDate, periodEnd, periodStart } from "../ledger/kernel/dates.ts";
import type { Problem } from "../ledger/kernel/errors.ts";
import { formatIndian } from "../ledger/kernel/money.ts";
import { listBankAccounts } from "./bank-accounts.ts";
import { brs } from "./brs-read.ts";
import { changedSince, listSignedBrs, signedBrsAt } from "./brs/index.ts";
import { settlementTransitTie } from "./ties.ts";

/** Every bank account whose book moved in the month has a statement that reaches into it, and its reconciliation proves at the month's end. */
const bankReconciled: CloseCheck = {
  name: "bank reconciliation",
  run: async (read, period) => {
    const problems: Problem[] = [];
    const [first, last] = [periodStart(period), periodEnd(period)];
    for (const { account } of await listBankAccounts(read)) {
      const row = await read.queryOne<{ moved: boolean; covered: boolean }>(
        `select exists (select 1 from ledger.lines
             where ulb_id = :ulb and account = :account and entry_date between :first_day::date and :last_day::date) as moved,
           exists (select 1 from reconciliation.statements
             where ulb_id = :ulb and account = :account and to_date >= :first_day::date and from_date <= :last_day::date) as covered`,
        { ulb: read.ulb.id, account, first_day: first, last_day: last },
      );
      if (!row?.covered) {
        if (row?.moved) {
          problems.push({
            code: "BANK_STATEMENT_MISSING",
            message: `account ${account} moved in ${period}, but no bank statement of that month was imported`,
          });
        }
        continue;
      }
      const found = await brs(read, account, last);
      if (!found.isProved) {
        problems.push({
          code: "BRS_DIFFERENCE",
          message:
            `account ${account} at ${formatDate(last)}: the reconciliation computes ${formatIndian(found.computedBalance)}, the bank says ` +
            `${formatIndian(found.statementBalance)}, difference ${formatIndian(found.difference)}`,
        });
      }
    }
    return problems;
  },
};

/**
 * A ULB that signs the reconciliation of an account goes on signing: from the month of the first one that was approved, each month's end has an
 * approved one, and the books still say what it says. An account that nobody signed yet is only asked to reconcile.
 */
const reconciliationSigned: CloseCheck = {
  name: "signed bank reconciliation",
  run: async (read, period) => {
    const problems: Problem[] = [];
    const last = periodEnd(period);
    for (const { account } of await listBankAccounts(read)) {
      const [first] = (await listSignedBrs(read, account)).filter((s) => s.status === "approved").reverse();
      const signed = await signedBrsAt(read, account, last);
      if (signed === undefined ? first === undefined || first.asOf > last : false) continue;
      if (signed?.status !== "approved") {
        problems.push({
          code: "BRS_NOT_APPROVED",
          message:
            `account ${account} at ${formatDate(last)}: the reconciliation is ` +
            (signed
              ? `${signed.status} by ${signed.checkedBy ?? signed.preparedBy}, not approved yet`
              : "not prepared"),
        });
        continue;
      }
      const change = await changedSince(read, signed);
      if (change) {
        problems.push({
          code: "BRS_CHANGED",
          message: `account ${account} at ${formatDate(last)} was approved as ${change.was}; now it is ${change.now}`,
        });
      }
    }
    return problems;
  },
};

/** No settlement of the month waits unbooked, and settlements in transit are the settlements that did not arrive. */
const settlementsBooked: CloseCheck = {
  name: "gateway settlements",
  run: async (read, period) => {
    const waiting = await read.query<{ subject_id: string; message: string }>(
      `select x.subject_id, x.message from reconciliation.exceptions x
       join reconciliation.settlements s on s.ulb_id = x.ulb_id and s.settlement_id = x.subject_id
       where x.ulb_id = :ulb and x.subject = 'settlement' and x.closed_at is null and s.settled_on <= :last_day::date
       order by x.subject_id`,
      { ulb: read.ulb.id, last_day: periodEnd(period) },
    );
    const problems: Problem[] = waiting.map((w) => ({
      code: "SETTLEMENT_EXCEPTION",
      message: `settlement ${w.subject_id}: ${w.message}`,
    }));
    for (const tie of await settlementTransitTie(read, periodEnd(period))) {
      if (tie.difference === 0n) continue;
      problems.push({
        code: "SETTLEMENT_TRANSIT_OFF",
        message:
          `account ${tie.account}: ledger ${formatIndian(tie.ledger)}, settlements not yet seen at the bank ${formatIndian(tie.register)}, ` +
          `difference ${formatIndian(tie.difference)}`,
      });
    }
    return problems;
  },
};

/** The questions of reconciliation before a month is closed. */
export const closeChecks: readonly CloseCheck[] = [bankReconciled, reconciliationSigned, settlementsBooked];
