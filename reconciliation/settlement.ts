import type { Problem } from "../ledger/kernel/errors.ts";
import { formatIndian, negate, subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";

/** One row of the gateway's settlement report, as far as the books need it; amounts in paise. */
export type SettlementRow = {
  readonly entityId: string;
  readonly type: "payment" | "refund" | "transfer" | "adjustment";
  readonly debit: Paise;
  readonly credit: Paise;
  readonly amount: Paise;
  readonly fee: Paise;
  readonly tax: Paise;
  readonly isOnHold: boolean;
  readonly settlementId: string | null;
  /** Of an adjustment: the dispute for which the gateway took or gave back money. */
  readonly disputeId?: string | null;
};

/** What a settlement is made of: gross − refunds − disputes − fee − tax + adjustments = net. `fee` is without tax. */
export type SettlementFigures = {
  readonly payments: number;
  readonly gross: Paise;
  readonly refunds: Paise;
  /** Taken back for disputes, less what was given back: lost ones stand in the books already, the others are held until their verdict. */
  readonly disputes: Paise;
  readonly fee: Paise;
  readonly tax: Paise;
  readonly net: Paise;
  /** What the gateway's adjustments gave (positive) or took; left out where there are none. */
  readonly adjustments?: Paise;
};

export type SettlementCheck =
  | { readonly ok: true; readonly figures: SettlementFigures }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly figures: SettlementFigures };

/**
 * Proves a settlement from its rows, in whole paise: per row exactly one reading of the fee holds (the API's fee includes the tax, the dashboard's
 * file has it beside), and Σ credit − Σ debit is the amount paid out. What does not add up is returned with its figures, never rounded away. `held`
 * are disputes for which an earlier settlement took money before their verdict: they may give it back. Adjustments are part of the proof, and stand
 * in a head of their own until somebody clears them up; transfers need a person, because no entry is usual for them.
 */
export function checkSettlement(
  settlement: { readonly id: string; readonly amount: Paise },
  rows: readonly SettlementRow[],
  held: ReadonlySet<string> = new Set(),
): SettlementCheck {
  const problems: Problem[] = [];
  const problem = (code: string, message: string): void => void problems.push({ code, message });
  const seen = new Set<string>();
  let gross = ZERO;
  let refunds = ZERO;
  let fee = ZERO;
  let tax = ZERO;
  let adjustments = ZERO;
  let payments = 0;
  if (rows.length === 0)
    problem("SETTLEMENT_EMPTY", `settlement ${settlement.id} has no rows in the gateway's report yet`);
  for (const row of rows) {
    if (seen.has(row.entityId))
      problem("SETTLEMENT_ROW_TWICE", `${row.entityId} stands twice in settlement ${settlement.id}`);
    seen.add(row.entityId);
    if (row.settlementId !== settlement.id) {
      problem(
        "SETTLEMENT_ROW_FOREIGN",
        `${row.entityId} belongs to ${row.settlementId ?? "no settlement"}, not to ${settlement.id}`,
      );
      continue;
    }
    if (row.isOnHold)
      problem("SETTLEMENT_ROW_HELD", `${row.entityId} is on hold but stands in settlement ${settlement.id}`);
    // What a lost dispute takes was booked with its loss; here it is netted, as a refund is.
    if (isOfDispute(row)) continue;
    if (row.type === "transfer") {
      problem(
        "SETTLEMENT_ROW_KIND",
        `${row.entityId} is a transfer of ${formatIndian(subtract(row.credit, row.debit))}; a person must say what it is`,
      );
      continue;
    }
    if (row.type === "adjustment") {
      if (row.fee !== 0n || row.tax !== 0n) problem("SETTLEMENT_ROW_FEE", feeSentence(row));
      adjustments = sum([adjustments, row.credit, negate(row.debit)]);
      continue;
    }
    const charge = chargeOf(row);
    if (!charge) {
      problem("SETTLEMENT_ROW_FEE", feeSentence(row));
      continue;
    }
    if (row.type === "payment") {
      gross = sum([gross, row.amount]);
      payments += 1;
    } else {
      refunds = sum([refunds, row.amount]);
    }
    fee = sum([fee, charge.fee]);
    tax = sum([tax, charge.tax]);
  }
  const taken = disputesOf(rows.filter((r) => r.settlementId === settlement.id));
  for (const [dispute, amount] of taken)
    if (amount < 0n && !held.has(dispute))
      problem(
        "SETTLEMENT_ROW_KIND",
        `dispute ${dispute} gave back ${formatIndian(negate(amount))} that another settlement took; a person must say what it is`,
      );
  const disputes = sum(taken.values());
  const paid = sum(rows.map((r) => subtract(r.credit, r.debit)));
  if (paid !== settlement.amount) {
    problem(
      "SETTLEMENT_SUM",
      `the rows of ${settlement.id} sum to ${formatIndian(paid)}, the settlement is ${formatIndian(settlement.amount)}: ` +
        `difference ${formatIndian(subtract(paid, settlement.amount))}`,
    );
  }
  const figures = {
    payments,
    gross,
    refunds,
    disputes,
    fee,
    tax,
    net: settlement.amount,
    ...(adjustments === 0n ? {} : { adjustments }),
  };
  const made = sum([gross, negate(refunds), negate(disputes), negate(fee), negate(tax), adjustments]);
  if (problems.length === 0 && made !== settlement.amount) {
    problem(
      "SETTLEMENT_FIGURES",
      `gross ${formatIndian(gross)} − refunds ${formatIndian(refunds)} − disputes ${formatIndian(disputes)} − fee ${formatIndian(fee)} − tax ${formatIndian(tax)}` +
        `${adjustments === 0n ? "" : ` + adjustments ${formatIndian(adjustments)}`} = ` +
        `${formatIndian(made)}, the settlement is ${formatIndian(settlement.amount)}`,
    );
  }
  return problems.length === 0 ? { ok: true, figures } : { ok: false, problems, figures };
}

const isOfDispute = (row: SettlementRow): boolean =>
  row.type === "adjustment" && (row.disputeId ?? null) !== null && row.fee === 0n && row.tax === 0n;

/** What the gateway took in these rows for each dispute; what it gave back counts against it, so one that was won again comes to zero. */
export function disputesOf(rows: readonly SettlementRow[]): ReadonlyMap<string, Paise> {
  const taken = new Map<string, Paise>();
  for (const row of rows) {
    if (!isOfDispute(row) || !row.disputeId) continue;
    taken.set(row.disputeId, sum([taken.get(row.disputeId) ?? ZERO, row.debit, negate(row.credit)]));
  }
  return taken;
}

/** Fee without tax, and tax, of a row whose arithmetic holds in one reading; undefined when it holds in none. */
function chargeOf(row: SettlementRow): { fee: Paise; tax: Paise } | undefined {
  if (row.fee < 0n || row.tax < 0n || row.amount < 0n) return undefined;
  const moved = row.type === "payment" ? row.credit : row.debit;
  const other = row.type === "payment" ? row.debit : row.credit;
  if (other !== 0n) return undefined;
  const sign = row.type === "payment" ? -1n : 1n;
  // With no tax both readings are one and the same.
  if (moved === row.amount + sign * row.fee && row.tax <= row.fee)
    return { fee: subtract(row.fee, row.tax), tax: row.tax };
  if (moved === row.amount + sign * (row.fee + row.tax)) return { fee: row.fee, tax: row.tax };
  return undefined;
}

function feeSentence(row: SettlementRow): string {
  const moved = row.type === "payment" ? `credit ${formatIndian(row.credit)}` : `debit ${formatIndian(row.debit)}`;
  return (
    `${row.entityId}: ${moved} is neither amount ${formatIndian(row.amount)} ${row.type === "payment" ? "−" : "+"} fee ${formatIndian(row.fee)} ` +
    `nor that with tax ${formatIndian(row.tax)} besides`
  );
}
