import { unsettledFees } from "../collections/index.ts";
import { cr, dr, findEntryBySource, listPeriods, postEntry, postingAccounts, reverseEntry } from "../ledger/index.ts";
import {
  financialYearEnd,
  nextFinancialYear,
  financialYearStart,
  periodOf,
  type FinancialYear,
} from "../ledger/kernel/dates.ts";
import { sum, type Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";

/** Charges of the gateway are the business of Finance, Accounts and Audit (NMAM function 03). */
const FINANCE_FUNCTION = "03";

export type FeeAccrual = {
  readonly fy: FinancialYear;
  readonly payments: number;
  /** Without its GST. */
  readonly fee: Paise;
  readonly tax: Paise;
  /** Captured and not settled, and the gateway has not said what it takes for them. */
  readonly unknown: number;
  /** False where it was accrued before, where there is nothing to accrue, or where March or the April after it is not open. */
  readonly isNew: boolean;
};

/**
 * The gateway takes its fee from the settlement; what it will take for payments captured in a year and settled in the next belongs to the year of the
 * capture. Dr fee and its GST, Cr gateway fees payable on 31 March, reversed on 1 April, so that the settlement books its fee as always. Once a year;
 * a year whose March is closed, or whose next April is not open yet, is left alone.
 */
export async function accrueGatewayFees(tx: Tx, fy: FinancialYear): Promise<FeeAccrual> {
  const last = financialYearEnd(fy);
  // Two runs at once: the second waits here and finds it posted.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:fy))", { ulb: tx.ulb.id, fy: `fees of ${fy}` });
  const found = await unsettledFees(tx, last);
  const fee = sum(found.map((f) => f.fee));
  const tax = sum(found.map((f) => f.tax));
  const accrual = {
    fy,
    payments: found.length,
    fee,
    tax,
    unknown: found.filter((f) => !f.isKnown).length,
  };
  const source = { type: "fee-accrual", id: fy };
  const isPosted = (await findEntryBySource(tx, source)) !== undefined;
  const open = new Set((await listPeriods(tx)).filter((p) => p.status === "open").map((p) => p.period));
  const next = financialYearStart(nextFinancialYear(fy));
  if (isPosted || fee + tax === 0n || !open.has(periodOf(last)) || !open.has(periodOf(next)))
    return { ...accrual, isNew: false };
  const accounts = await postingAccounts(tx, "gateway-fee", "gateway-fee-gst", "gateway-fees-payable");
  const entry = await postEntry(tx, {
    voucher: "journal",
    date: last,
    narration: `The gateway's fees on ${found.length} payments of ${fy} that are settled later`,
    source,
    lines: [
      ...(fee > 0n ? [dr(accounts["gateway-fee"], fee, { function: FINANCE_FUNCTION })] : []),
      ...(tax > 0n ? [dr(accounts["gateway-fee-gst"], tax, { function: FINANCE_FUNCTION })] : []),
      cr(accounts["gateway-fees-payable"], sum([fee, tax])),
    ],
  });
  await reverseEntry(tx, {
    entryId: entry.id,
    date: next,
    reason: `accrued on ${last}, taken by the settlements from ${next} on`,
    source: { type: "fee-accrual", id: `${fy}:rev` },
  });
  return { ...accrual, isNew: true };
}
