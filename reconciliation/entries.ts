import { cr, dr, type EntryDraft, type Line } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { negate, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { SettlementFigures } from "./settlement.ts";

/** The usual entries for what a bank statement shows and the books do not know, and for cheques that were never presented. */
export type EntryTemplate = "bank-charge" | "bank-interest" | "unidentified-credit" | "stale-cheque";

/** Charges and interest of the bank are the business of Finance, Accounts and Audit (NMAM function 03). */
const FINANCE_FUNCTION = "03";

export type TemplateAccounts = {
  readonly bank: string;
  readonly "bank-charges": string;
  readonly "bank-interest": string;
  readonly "unidentified-credits": string;
  readonly "stale-cheques": string;
};

/**
 * The lines of a template; `amount` is positive. Bank charge: Dr 2407001, Cr bank. Interest: Dr bank, Cr 1711001.
 * A credit nobody knows: Dr bank, Cr 3508006 until it is identified. A stale cheque: Dr bank, Cr 3508001, and the payee's claim stays.
 */
export function templateLines(
  template: EntryTemplate,
  amount: Paise,
  accounts: TemplateAccounts,
  fund: string,
): Line[] {
  const dims = { fund };
  switch (template) {
    case "bank-charge":
      return [
        dr(accounts["bank-charges"], amount, { ...dims, function: FINANCE_FUNCTION }),
        cr(accounts.bank, amount, dims),
      ];
    case "bank-interest":
      return [
        dr(accounts.bank, amount, dims),
        cr(accounts["bank-interest"], amount, { ...dims, function: FINANCE_FUNCTION }),
      ];
    case "unidentified-credit":
      return [dr(accounts.bank, amount, dims), cr(accounts["unidentified-credits"], amount, dims)];
    case "stale-cheque":
      return [dr(accounts.bank, amount, dims), cr(accounts["stale-cheques"], amount, dims)];
  }
}

export type SettlementAccounts = {
  /** Where the net goes: settlements in transit, or the bank account itself where the ULB maps the key to it. */
  readonly "settlement-in-transit": string;
  readonly "gateway-clearing": string;
  readonly "gateway-fee": string;
  readonly "gateway-fee-gst": string;
};

/** What the gateway paid more (positive) or less than payments, refunds and fees explain, and the head that a person named for it. */
export type Adjusted = {
  readonly amount: Paise;
  readonly account: string;
  readonly function?: string | undefined;
};

/**
 * The entry of a settlement whose figures were proved: Dr in transit (or bank) net, Dr fee without tax, Dr GST on it;
 * Cr gateway clearing with payments less refunds and lost disputes, and `known`: adjustments of which the clearing head has heard already (a refund
 * that failed at the bank). A contra voucher: money between 450 heads, and the fees beside it.
 */
export function settlementEntry(
  settlement: { readonly id: string; readonly utr: string | null; readonly date: LocalDate },
  figures: SettlementFigures,
  accounts: SettlementAccounts,
  fund = "01",
  adjusted?: Adjusted,
  known: Paise = ZERO,
): EntryDraft {
  const net = figures.net;
  const cleared = sum([figures.gross, negate(figures.refunds), negate(figures.disputes), known]);
  const adjustments = adjusted?.amount ?? ZERO;
  invariant(
    sum([net, figures.fee, figures.tax]) === sum([cleared, adjustments]),
    "net, fee and tax make up what leaves the clearing, with what is explained otherwise",
  );
  const party = { type: "settlement", id: settlement.id };
  const signed = (account: string, amount: Paise, dims: object): Line[] =>
    amount === 0n
      ? []
      : amount > 0n
        ? [dr(account, amount, { fund, ...dims })]
        : [cr(account, negate(amount), { fund, ...dims })];
  return {
    // Only fees may stand beside the heads of a contra; what is explained otherwise makes it a receipt.
    voucher: adjusted && adjusted.function === undefined ? "receipt" : "contra",
    date: settlement.date,
    narration: `Gateway settlement ${settlement.id}${settlement.utr === null ? "" : `, UTR ${settlement.utr}`}`,
    source: { type: "settlement", id: settlement.id },
    lines: [
      ...signed(accounts["settlement-in-transit"], net, { party }),
      ...signed(accounts["gateway-fee"], figures.fee, { function: FINANCE_FUNCTION }),
      ...signed(accounts["gateway-fee-gst"], figures.tax, { function: FINANCE_FUNCTION }),
      ...signed(accounts["gateway-clearing"], negate(cleared), { party }),
      ...(adjusted
        ? signed(adjusted.account, negate(adjustments), {
            party,
            ...(adjusted.function ? { function: adjusted.function } : {}),
          })
        : []),
    ],
  };
}

/** The money of settlements has arrived in one line or several: Dr bank, Cr settlements in transit. The bank's line is the first. */
export function transitArrivedEntry(arrival: {
  readonly matchId: string;
  readonly settlements: readonly { readonly id: string; readonly utr: string; readonly amount: Paise }[];
  readonly date: LocalDate;
  readonly valueDate: LocalDate;
  readonly bank: string;
  readonly transit: string;
  readonly fund: string;
}): EntryDraft {
  const { fund } = arrival;
  const total = sum(arrival.settlements.map((s) => s.amount));
  return {
    voucher: "contra",
    date: arrival.date,
    valueDate: arrival.valueDate,
    narration:
      `Settlement received in bank: ${arrival.settlements.map((s) => `${s.id} (UTR ${s.utr})`).join(", ")}`.slice(
        0,
        1000,
      ),
    source: { type: "settlement-arrival", id: arrival.matchId },
    lines: [
      dr(arrival.bank, total, { fund }),
      ...arrival.settlements.map((s) =>
        cr(arrival.transit, s.amount, { fund, party: { type: "settlement", id: s.id } }),
      ),
    ],
  };
}
