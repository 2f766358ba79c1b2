import type { LocalDate } from "../kernel/dates.ts";
import { formatDate } from "../kernel/dates.ts";
import { paise, sum, type Paise } from "../kernel/money.ts";
import { groupBy } from "../kernel/group.ts";
import { cr, dr, type EntryDraft, type Line } from "../entries.ts";
import type { Deduction } from "./deductions.ts";
import type { PartyRef } from "./items.ts";

/** Sources of the entries that this room posts. A line of such an entry on a control account is always in the register. */
export const PAYABLE_SOURCES = [
  "bill",
  "payment",
  "cheque-stale",
  "cheque-lapsed",
  "deposit",
  "deposit-order",
  "advance-refund",
  "advice-return",
] as const;

export type BillLine = {
  readonly account: string;
  readonly amount: Paise;
  readonly function?: string | undefined;
  readonly ward?: string | undefined;
  readonly functionary?: string | undefined;
  readonly budgetHead?: string | undefined;
  readonly scheme?: string | undefined;
  readonly what?: string | undefined;
};

/** BL-01, BL-02, BL-07, SA-01, SA-06: Dr the heads of expense or asset, Cr each deduction, Cr the payable of each payee. A journal voucher. */
export function billEntry(bill: {
  readonly id: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly fund: string;
  readonly party: PartyRef;
  readonly payableAccount: string;
  readonly lines: readonly BillLine[];
  readonly deductions: readonly Deduction[];
  readonly payees: readonly { readonly party: PartyRef; readonly net: Paise }[];
}): EntryDraft {
  const { fund } = bill;
  return {
    voucher: "journal",
    date: bill.date,
    narration: bill.narration,
    source: { type: "bill", id: bill.id },
    lines: [
      ...bill.lines.map(({ account, amount, what: _what, ...dimensions }) =>
        dr(account, amount, { fund, ...dimensions }),
      ),
      ...bill.deductions.map((d) =>
        d.kind === "income"
          ? cr(d.account, d.amount, { fund, function: d.function, party: d.party ?? bill.party })
          : cr(d.account, d.amount, { fund, party: d.party ?? bill.party }),
      ),
      ...bill.payees.filter((p) => p.net > 0n).map((p) => cr(bill.payableAccount, p.net, { fund, party: p.party })),
    ],
  };
}

export type Settled = { readonly account: string; readonly party: PartyRef; readonly amount: Paise };
export type BankLeg = { readonly party: PartyRef; readonly amount: Paise };

/**
 * BL-03 to BL-06, SA-03, SA-04, DP-02, BK-04, BL-12: Dr what is settled or advanced, Cr the bank: one line for a cheque, one for each
 * beneficiary of an advice. The bank's lines carry the number by which the statement is matched.
 */
export function paymentEntry(payment: {
  readonly id: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly fund: string;
  readonly bank: string;
  readonly settled: readonly Settled[];
  readonly legs: readonly BankLeg[];
}): EntryDraft {
  const { fund } = payment;
  return {
    voucher: "payment",
    date: payment.date,
    narration: payment.narration,
    source: { type: "payment", id: payment.id },
    lines: [
      ...joined(payment.settled).map((s) => dr(s.account, s.amount, { fund, party: s.party })),
      ...payment.legs.map((l) => cr(payment.bank, l.amount, { fund, party: l.party })),
    ],
  };
}

/** One line for each account and party. */
function joined(settled: readonly Settled[]): Settled[] {
  return [...groupBy(settled, (s) => `${s.account}|${s.party.type}|${s.party.id}`).values()].flatMap(
    ([first, ...more]) =>
      first ? [{ ...first, amount: paise(more.reduce((a, s) => a + s.amount, first.amount as bigint)) }] : [],
  );
}

export type ChequeFacts = {
  readonly id: string;
  readonly number: string;
  readonly bank: string;
  readonly fund: string;
  readonly party: PartyRef;
  readonly payee: string;
  readonly amount: Paise;
  readonly issuedOn: LocalDate;
};

/** BK-03: an own cheque nobody presented comes back into the bank book, and what it paid is owed as a stale cheque. */
export function staleEntry(cheque: ChequeFacts, date: LocalDate, staleAccount: string): EntryDraft {
  const { fund } = cheque;
  return {
    voucher: "receipt",
    date,
    narration: `Stale cheque ${cheque.number} of ${formatDate(cheque.issuedOn)} to ${cheque.payee} taken back into the bank book`,
    source: { type: "cheque-stale", id: cheque.id },
    lines: [
      dr(cheque.bank, cheque.amount, { fund, party: { type: "cheque", id: cheque.number } }),
      cr(staleAccount, cheque.amount, { fund, party: cheque.party }),
    ],
  };
}

/** BK-05: after the period of limitation the claim on a stale cheque is income. */
export function lapseEntry(
  cheque: ChequeFacts & { readonly open: Paise },
  date: LocalDate,
  accounts: { readonly stale: string; readonly income: string },
  incomeFunction: string,
): EntryDraft {
  const { fund, party } = cheque;
  return {
    voucher: "journal",
    date,
    narration: `Claim on stale cheque ${cheque.number} of ${formatDate(cheque.issuedOn)} to ${cheque.payee} lapsed`,
    source: { type: "cheque-lapsed", id: cheque.id },
    lines: [
      dr(accounts.stale, cheque.open, { fund, party }),
      cr(accounts.income, cheque.open, { fund, function: incomeFunction }),
    ],
  };
}

/** DP-01, or an advance given back: Dr cash or bank, Cr the deposit or advance of the party. */
export function moneyIn(receipt: {
  readonly source: { readonly type: "deposit" | "advance-refund"; readonly id: string };
  readonly date: LocalDate;
  readonly narration: string;
  readonly fund: string;
  readonly bank: string;
  readonly account: string;
  readonly party: PartyRef;
  readonly amount: Paise;
}): EntryDraft {
  const { fund, amount } = receipt;
  return {
    voucher: "receipt",
    date: receipt.date,
    narration: receipt.narration,
    source: receipt.source,
    lines: [dr(receipt.bank, amount, { fund }), cr(receipt.account, amount, { fund, party: receipt.party })],
  };
}

/** DP-03, DP-04, DP-05: an order turns a deposit into income or into another deposit. */
export function orderEntry(order: {
  readonly id: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly fund: string;
  readonly from: string;
  readonly to: Line;
  readonly party: PartyRef;
  readonly amount: Paise;
}): EntryDraft {
  return {
    voucher: "journal",
    date: order.date,
    narration: order.narration,
    source: { type: "deposit-order", id: order.id },
    lines: [dr(order.from, order.amount, { fund: order.fund, party: order.party }), order.to],
  };
}

/** A transfer that the bank sent back: Dr bank, Cr what it had settled. */
export function adviceReturnEntry(returned: {
  readonly id: string;
  readonly number: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly fund: string;
  readonly bank: string;
  readonly restored: readonly Settled[];
}): EntryDraft {
  const { fund } = returned;
  return {
    voucher: "receipt",
    date: returned.date,
    narration: returned.narration,
    source: { type: "advice-return", id: returned.id },
    lines: [
      dr(returned.bank, sum(returned.restored.map((r) => r.amount)), {
        fund,
        party: { type: "advice", id: returned.number },
      }),
      ...joined(returned.restored).map((r) => cr(r.account, r.amount, { fund, party: r.party })),
    ],
  };
}
