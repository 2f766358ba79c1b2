import { createHash } from "node:crypto";
import { financialYearOf, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { add, paise, subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { inOrder } from "./apportion/index.ts";
import { isOfLateness, lineKey, outstandingOf, type DemandLine, type HeadKind } from "./due.ts";
import { settle, type ServiceTerms } from "./settle.ts";

export type BillLine = {
  /** Null for a penalty that is reckoned to date and not yet demanded. */
  readonly demandId: string | null;
  readonly taxHead: string;
  readonly kind: HeadKind;
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
  readonly part: "arrears" | "current" | "penalty";
  /** Outstanding, with the cess in it. */
  readonly amount: Paise;
  readonly cessHead: string | null;
  readonly cess: Paise;
  /** Earned if the bill is paid in full on the day it is made for. */
  readonly rebate: Paise;
};

export type BillBody = {
  readonly asOf: LocalDate;
  readonly lines: readonly BillLine[];
  readonly arrears: Paise;
  readonly current: Paise;
  readonly penalty: Paise;
  readonly rebate: Paise;
  /** What is added to reach whole rupees; it becomes the consumer's advance. */
  readonly rounding: Paise;
  /** To pay on `asOf`: arrears + current + penalty − rebate + rounding. */
  readonly total: Paise;
  /** SHA-256 over what is due; the same dues give the same fingerprint, whenever reckoned. */
  readonly fingerprint: string;
};

/**
 * Composes what a consumer is asked to pay on a day: open demand lines in the order in which they are settled, with the penalties reckoned to
 * that day (`reckoned`, as lines), less the rebate that full payment earns, rounded as the service's terms say.
 */
export function composeBill(
  consumerId: string,
  lines: readonly DemandLine[],
  reckoned: readonly DemandLine[],
  asOf: LocalDate,
  terms: ServiceTerms,
): BillBody {
  const year = financialYearOf(asOf);
  const open = [...lines, ...reckoned].filter((l) => outstandingOf(l) > 0n);
  const isReckoned = new Set(reckoned.map(lineKey));
  const rebates = new Map(
    settle(open, sum(open.map(outstandingOf)), asOf, terms)
      .allocations.filter((a) => a.kind === "rebate")
      .map((a) => [lineKey(a.line), a.amount]),
  );
  const ordered = inOrder(
    open.map((l) => ({ ...l, outstanding: outstandingOf(l) })),
    terms.order,
    year,
  );
  const billLines = ordered.map((l): BillLine => ({
    demandId: isReckoned.has(lineKey(l)) ? null : l.demandId,
    taxHead: l.taxHead,
    kind: l.kind,
    demandYear: l.demandYear,
    periodFrom: l.periodFrom,
    periodTo: l.periodTo,
    dueDate: l.dueDate,
    part: isOfLateness(l) ? "penalty" : l.demandYear < year ? "arrears" : "current",
    amount: l.outstanding,
    cessHead: l.cessHead,
    cess: subtract(l.cess, l.cessSettled),
    rebate: rebates.get(lineKey(l)) ?? ZERO,
  }));
  const of = (part: BillLine["part"]): Paise => sum(billLines.filter((l) => l.part === part).map((l) => l.amount));
  const rebate = sum(billLines.map((l) => l.rebate));
  const exact = subtract(add(of("arrears"), of("current"), of("penalty")), rebate);
  const rounding = terms.roundTo === "rupee" ? paise((100n - (exact % 100n)) % 100n) : ZERO;
  return {
    asOf,
    lines: billLines,
    arrears: of("arrears"),
    current: of("current"),
    penalty: of("penalty"),
    rebate,
    rounding,
    total: add(exact, rounding),
    fingerprint: fingerprintOf(consumerId, billLines, rounding),
  };
}

function fingerprintOf(consumerId: string, lines: readonly BillLine[], rounding: Paise): string {
  const said = lines
    .map((l) =>
      [l.demandId ?? "reckoned", l.taxHead, l.demandYear, l.periodFrom, l.part, l.amount, l.cess, l.rebate].join("|"),
    )
    .sort();
  return createHash("sha256")
    .update([consumerId, ...said, rounding].join("\n"))
    .digest("hex");
}
