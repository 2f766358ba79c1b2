import fc from "fast-check";
import { addMonths, financialYearOf, localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, ZERO } from "../ledger/kernel/money.ts";
import type { DemandLine, LineAccounts } from "./due.ts";
import { DEFAULT_ORDER } from "./apportion/index.ts";
import type { ServiceTerms } from "./settle.ts";

/** Demand lines for tests of pure functions; no database. */
export const PT_ACCOUNTS: LineAccounts = {
  receivable: "4311001",
  income: "1100101",
  advance: "3504101",
  cessControl: "4319100",
  cessPayable: "3503001",
  rebate: "1109004",
  provision: "4321000",
  cessProvision: "4329100",
  writeOff: "2703001",
  fund: "01",
  function: "91",
};

export const PLAIN_TERMS: ServiceTerms = { order: DEFAULT_ORDER, rebate: null, penalty: null, roundTo: "paisa" };

export function line(over: Partial<DemandLine> & { readonly demandId: string }): DemandLine {
  const periodFrom = over.periodFrom ?? localDate("2025-04-01");
  return {
    taxHead: "PT_TAX",
    kind: "tax",
    basis: "accrual",
    service: "property-tax",
    demandYear: financialYearOf(periodFrom),
    periodFrom,
    periodTo: localDate("2025-09-30"),
    dueDate: localDate("2025-09-30"),
    rebateUntil: null,
    priority: 100,
    amount: rupees("1188.00"),
    cess: rupees("88.00"),
    cessHead: "PT_LIBRARY_CESS",
    settled: ZERO,
    cessSettled: ZERO,
    ward: "W01",
    accounts: PT_ACCOUNTS,
    ...over,
  };
}

export const penaltyLine = (over: Partial<DemandLine> & { readonly demandId: string }): DemandLine =>
  line({
    taxHead: "PT_PENALTY",
    kind: "penalty",
    basis: "receipt",
    priority: 10,
    cess: ZERO,
    cessHead: null,
    accounts: {
      ...PT_ACCOUNTS,
      receivable: null,
      income: "1402010",
      cessControl: null,
      cessPayable: null,
      rebate: null,
    },
    ...over,
  });

/** Random open lines of one consumer: several years, heads and kinds, some with cess. */
export const anyLines: fc.Arbitrary<DemandLine[]> = fc
  .array(
    fc.record({
      half: fc.integer({ min: 0, max: 9 }),
      amount: fc.bigInt({ min: 1n, max: 500_000n }),
      cessShare: fc.bigInt({ min: 0n, max: 1000n }),
      late: fc.boolean(),
      priority: fc.integer({ min: 1, max: 3 }),
      rebate: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((rows) =>
    rows.map((r, i) => {
      const periodFrom = addMonths(localDate("2021-04-01"), r.half * 6);
      const common = {
        demandId: `d${String(i).padStart(2, "0")}`,
        periodFrom,
        amount: paise(r.amount),
        priority: r.priority,
        rebateUntil: r.rebate ? addMonths(periodFrom, 6) : null,
      };
      return r.late ? penaltyLine(common) : line({ ...common, cess: paise((r.amount * r.cessShare) / 1000n) });
    }),
  );
