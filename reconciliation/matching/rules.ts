import { addMonths, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { ItemKind } from "./types.ts";

/** From the item's day to the bank's; receipts in working days, because no bank credits on a holiday. */
export type Window = { readonly from: number; readonly to: number; readonly unit: "days" | "working-days" };

const days = (from: number, to: number): Window => ({ from, to, unit: "days" });
const workingDays = (from: number, to: number): Window => ({ from, to, unit: "working-days" });

/** Windows and the bank's words. Versioned: a match names the rules it was made under. */
export const MATCH_RULES = {
  version: "match-3",
  // A full UTR is unique in itself; the book may learn of a direct credit weeks later. A cheque is valid for three months.
  windows: {
    "cheque-issued": days(-1, 95),
    "cheque-deposited": workingDays(-2, 12),
    transfer: days(-60, 60),
    settlement: days(-2, 45),
    cash: workingDays(-2, 12),
    other: days(-60, 60),
  } satisfies Record<ItemKind, Window>,
  // A part of a reference proves less, so it must lie nearer.
  partialWindow: workingDays(-8, 12),
  // Amount and date prove nothing; the proposal's window is narrow.
  proposalWindow: workingDays(-3, 5),
  // Both halves of a deposit, and a deposit that the bank credits without its slip.
  depositWindow: workingDays(0, 4),
  // Not at the bank after that many working days: overdue. T+2 is usual for a settlement, and three days of grace; a transfer may be told late.
  overdueAfter: { "cheque-deposited": 12, transfer: 40, settlement: 5, cash: 12, other: 40 } satisfies Record<
    Exclude<ItemKind, "cheque-issued">,
    number
  >,
  reversalDays: 3,
  chequeValidMonths: 3,
  // An amount that occurs more often than this on either side within the account is a tariff, and says nothing about who paid.
  distinctiveUpTo: 2,
  // P4: subsets are only looked for among so many items.
  subsetItems: 16,
  charges: /\b(CHRGS?|CHARGES?|CHGS?|CHG|SMS|GST|COMMISSION|MIN BAL|AMC)\b/i,
  interest: /\b(INTEREST|INT\.?\s?PD|INT\.?\s?CR|SB INT)\b/i,
  returned: /\b(RTN|RET|RETURN(ED)?|REJECT|DISHON\w*|BOUNCE\w*)\b/i,
  reversal: /\b(REV|REVERSAL|REVERSED|RVSL|WRONG CREDIT|WRONG DEBIT)\b/i,
  grant: /\b(GRANTS?|GRANT-IN-AID|GIA|FFC|XVFC|15TH FC|SFC|PFMS|AMRUT|SBM|PMAY|DEVOLUTION)\b/i,
} as const;

/** An issued cheque that was not presented within its validity (three months). */
export function isStale(issued: LocalDate, asOf: LocalDate): boolean {
  return addMonths(issued, MATCH_RULES.chequeValidMonths) < asOf;
}

export type Channel = "cash" | "clearing" | "transfer" | "bulk" | "unknown";

/** By what way the money came, as far as the bank's words say so. */
export function channelOf(narration: string): Channel {
  if (/\bBULK\b/i.test(narration)) return "bulk";
  if (/\b(CASH|CDM)\b/i.test(narration)) return "cash";
  if (/\b(CHQ|CHEQUE|CLG|CLEARING|CTS|MICR)\b/i.test(narration)) return "clearing";
  if (/\b(NEFT|RTGS|IMPS|UPI|ACH|NACH|TRF|TRANSFER|MMT)\b/i.test(narration)) return "transfer";
  return "unknown";
}
