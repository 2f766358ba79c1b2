import type { FinancialYear, LocalDate } from "./kernel/dates.ts";
import { paise, type Paise } from "./kernel/money.ts";

export type VoucherType = "receipt" | "payment" | "contra" | "journal" | "opening";

/** What a line is about besides its account. Function is compulsory on income and expenditure. */
export type Dimensions = {
  /** "01" (Municipal Fund) when not said. */
  readonly fund?: string | undefined;
  readonly function?: string | undefined;
  readonly ward?: string | undefined;
  readonly functionary?: string | undefined;
  readonly budgetHead?: string | undefined;
  readonly scheme?: string | undefined;
  /** The sub-ledger: a consumer, payee, instrument, gateway payment … */
  readonly party?: { readonly type: string; readonly id: string } | undefined;
  readonly demandYear?: FinancialYear | undefined;
};

export type Line = Dimensions & { readonly side: "debit" | "credit"; readonly account: string; readonly amount: Paise };

/** A debit line. */
export function dr(account: string, amount: Paise, dimensions: Dimensions = {}): Line {
  return { ...dimensions, side: "debit", account, amount };
}
/** A credit line. */
export function cr(account: string, amount: Paise, dimensions: Dimensions = {}): Line {
  return { ...dimensions, side: "credit", account, amount };
}

/** An entry as a fact asks for it. `source` names the fact: it is posted once, for ever. */
export type EntryDraft = {
  readonly voucher: VoucherType;
  readonly date: LocalDate;
  /** From when it counts, if not from `date` (money that arrived for a closed month). */
  readonly valueDate?: LocalDate;
  readonly narration: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly lines: readonly Line[];
  readonly reverses?: bigint;
};

const PREFIX: Record<VoucherType, string> = { receipt: "R", payment: "P", contra: "C", journal: "J", opening: "O" };

/** "R/2026-27/000123". */
export function entryNumber(voucher: VoucherType, fy: string, number: bigint): string {
  return `${PREFIX[voucher]}/${fy}/${number.toString().padStart(6, "0")}`;
}

export type EntryLine = Line & { readonly lineNo: number; readonly accountName: string };
export type LineRow = {
  entry_id: bigint;
  line_no: number;
  account: string;
  account_name: string;
  debit: bigint;
  credit: bigint;
  fund: string;
  function: string | null;
  ward: string | null;
  functionary: string | null;
  budget_head: string | null;
  scheme: string | null;
  party_type: string | null;
  party_id: string | null;
  demand_year: string | null;
};

export function lineOf(row: LineRow): EntryLine {
  return {
    lineNo: row.line_no,
    accountName: row.account_name,
    side: row.debit > 0n ? "debit" : "credit",
    account: row.account,
    amount: paise(row.debit > 0n ? row.debit : row.credit),
    fund: row.fund,
    function: row.function ?? undefined,
    ward: row.ward ?? undefined,
    functionary: row.functionary ?? undefined,
    budgetHead: row.budget_head ?? undefined,
    scheme: row.scheme ?? undefined,
    party: row.party_type !== null && row.party_id !== null ? { type: row.party_type, id: row.party_id } : undefined,
    demandYear: (row.demand_year ?? undefined) as FinancialYear | undefined,
  };
}
