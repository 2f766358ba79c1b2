import { cr, dr, type Line } from "../ledger/index.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { allocate, negate, paise, ZERO, type Paise } from "../ledger/kernel/money.ts";

/*
 * Every entry that collections makes, as pure functions (NMAM posting rules CO-01 … CO-12, IN-03).
 * The credits of a receipt (receivables by head and year, advance, cess pairs, rebate) come from billing, which applied the payment.
 */

/** NMAM function "Finance, Accounts, Audit": bank charges belong to no tax. */
const FINANCE_FUNCTION = "03";

export type Party = { readonly type: string; readonly id: string };
export const gatewayParty = (paymentId: string): Party => ({ type: "gateway-payment", id: paymentId });
export const chequeParty = (number: string): Party => ({ type: "cheque", id: number });
/** A slip of a card machine or of its UPI code, by its retrieval reference number. */
export const slipParty = (rrn: string): Party => ({ type: "card-slip", id: rrn });
const consumerParty = (code: string): Party => ({ type: "consumer", id: code });

/** What the credits come to in each fund: so much money must stand on the other side, in the same fund. */
export function netByFund(lines: readonly Line[]): ReadonlyMap<string, Paise> {
  const net = new Map<string, bigint>();
  for (const line of lines) {
    const fund = line.fund ?? "01";
    net.set(fund, (net.get(fund) ?? 0n) + (line.side === "credit" ? line.amount : -BigInt(line.amount)));
  }
  return new Map([...net].filter(([, amount]) => amount !== 0n).map(([fund, amount]) => [fund, paise(amount)]));
}

/**
 * CO-01 cash, CO-02 cheque, CO-03 bank transfer, CO-04 gateway: Dr where the money is, Cr what it settled. The money is the sum of the
 * credits, in each fund.
 */
export function receiptLines(
  account: string,
  party: Party | undefined,
  credits: readonly Line[],
  amount: Paise,
): Line[] {
  const money = [...netByFund(credits)].map(([fund, net]) => {
    invariant(net > 0n, "a receipt credits what it settles");
    return dr(account, net, { fund, party });
  });
  invariant(money.reduce((total, l) => total + l.amount, 0n) === amount, "the money received is what was credited");
  return [...money, ...credits];
}

/** The gateway's fee that the payer bore: recovered, and shown apart. Nothing where there is none. */
export function convenienceFeeLines(account: string, fee: Paise): Line[] {
  return fee > 0n ? [cr(account, fee, { function: FINANCE_FUNCTION })] : [];
}

/** CO-05: money of nobody we know. Cr unidentified credits, a liability, until somebody finds whose it is. */
export function unidentifiedLines(
  accounts: { clearing: string; unidentified: string },
  paymentId: string,
  amount: Paise,
): Line[] {
  const party = gatewayParty(paymentId);
  return [dr(accounts.clearing, amount, { party }), cr(accounts.unidentified, amount, { party })];
}

/** CO-06: the second capture of a bill that is paid. Dr gateway clearing, Cr refunds payable: its receipt's line is refundable, no income and no advance. */
export function duplicateLines(
  accounts: { clearing: string; refundsPayable: string },
  paymentId: string,
  consumerCode: string,
  amount: Paise,
): Line[] {
  return [
    dr(accounts.clearing, amount, { party: gatewayParty(paymentId) }),
    cr(accounts.refundsPayable, amount, { party: consumerParty(consumerCode) }),
  ];
}

/** CO-07: cash goes to the bank. Contra: Dr bank, Cr cash in hand, in each fund that the drawer held. */
export function cashRemittanceLines(
  accounts: { bank: string; cash: string },
  byFund: ReadonlyMap<string, Paise>,
): Line[] {
  return [...byFund].flatMap(([fund, amount]) => [
    dr(accounts.bank, amount, { fund }),
    cr(accounts.cash, amount, { fund }),
  ]);
}

/**
 * CO-08: cheques go to the bank. Contra, leaf by leaf, because the bank credits and returns them leaf by leaf: Dr bank, or cheques in clearing where
 * the ULB keeps them apart, Cr cheques in hand.
 */
export function chequeRemittanceLines(
  accounts: { bank: string; cheques: string },
  cheques: readonly { readonly number: string; readonly byFund: ReadonlyMap<string, Paise> }[],
): Line[] {
  return cheques.flatMap(({ number, byFund }) =>
    [...byFund].flatMap(([fund, amount]) => [
      dr(accounts.bank, amount, { fund, party: chequeParty(number) }),
      cr(accounts.cheques, amount, { fund, party: chequeParty(number) }),
    ]),
  );
}

/** CO-18: the bank credits a leaf that stood in clearing. Dr bank, Cr cheques in clearing, in each fund; the bank's lines are the first. */
export function chequeCreditLines(
  accounts: { bank: string; clearing: string },
  cheque: Party,
  byFund: ReadonlyMap<string, Paise>,
): Line[] {
  return [
    ...[...byFund].map(([fund, amount]) => dr(accounts.bank, amount, { fund, party: cheque })),
    ...[...byFund].map(([fund, amount]) => cr(accounts.clearing, amount, { fund, party: cheque })),
  ];
}

/** IN-03: the bank returns a cheque. `takenBack` (from billing) re-opens what it had settled, cess and rebate included; Cr bank with the sum. */
export function dishonourLines(bank: string, chequeNumber: string, takenBack: readonly Line[]): Line[] {
  return [...takenBack, ...creditMoney(bank, chequeParty(chequeNumber), takenBack)];
}

/** IN-04: the bank's own charge for a returned cheque. Dr bank charges, Cr bank. */
export function bankChargeLines(accounts: { bank: string; bankCharges: string }, amount: Paise): Line[] {
  return [dr(accounts.bankCharges, amount, { function: FINANCE_FUNCTION }), cr(accounts.bank, amount)];
}

/** CO-09: a receipt cancelled while its money is still in the drawer. The dues open again, the cash goes back. */
export function cancellationLines(account: string, party: Party | undefined, takenBack: readonly Line[]): Line[] {
  return [...takenBack, ...creditMoney(account, party, takenBack)];
}

/** CO-10: a refund was paid out, by the gateway or from the bank. Dr what we owed, Cr gateway clearing or bank, in each fund it is owed in. */
export function refundLines(
  accounts: { liability: string; money: string },
  paymentId: string,
  consumerCode: string | null,
  byFund: ReadonlyMap<string, Paise>,
): Line[] {
  const party = consumerCode === null ? gatewayParty(paymentId) : consumerParty(consumerCode);
  return [...byFund].flatMap(([fund, amount]) => [
    dr(accounts.liability, amount, { fund, party }),
    cr(accounts.money, amount, { fund, party: gatewayParty(paymentId) }),
  ]);
}

/** A refund is sanctioned: `debits` says what it comes out of, Cr refunds payable, in each fund. */
export function sanctionLines(
  liability: string,
  paymentId: string,
  consumerCode: string | null,
  debits: readonly Line[],
): Line[] {
  const party = consumerCode === null ? gatewayParty(paymentId) : consumerParty(consumerCode);
  return [...debits, ...creditMoney(liability, party, debits)];
}

/**
 * A lost dispute: `debits` opens the dues again or claims from the gateway, Cr gateway clearing with what it took, in each fund; Cr gateway adjustments
 * where a settlement took it before the verdict.
 */
export function disputeLossLines(clearing: string, paymentId: string, debits: readonly Line[]): Line[] {
  return [...debits, ...creditMoney(clearing, gatewayParty(paymentId), debits)];
}

/** CO-13: the drawer is short. Dr recoverable from the cashier, Cr cash, in the funds whose cash it was. */
export function cashShortLines(
  accounts: { cash: string; short: string },
  cashier: Party,
  parts: readonly { readonly fund: string; readonly amount: Paise }[],
): Line[] {
  return parts.flatMap(({ fund, amount }) => [
    dr(accounts.short, amount, { fund, party: cashier }),
    cr(accounts.cash, amount, { fund }),
  ]);
}

/** CO-14: the drawer is over. Dr cash, Cr payable until somebody comes for it: it is nobody's income. */
export function cashOverLines(accounts: { cash: string; over: string }, cashier: Party, amount: Paise): Line[] {
  return [dr(accounts.cash, amount), cr(accounts.over, amount, { party: cashier })];
}

/** CO-15: a cheque is acknowledged. Dr cheques in hand, Cr cheques not yet realised, a liability: nothing is settled by it. */
export function acknowledgementLines(
  accounts: { cheques: string; provisional: string },
  cheque: Party,
  byFund: ReadonlyMap<string, Paise>,
): Line[] {
  return [...byFund].flatMap(([fund, amount]) => [
    dr(accounts.cheques, amount, { fund, party: cheque }),
    cr(accounts.provisional, amount, { fund, party: cheque }),
  ]);
}

/** CO-16: an acknowledged cheque comes back, or is given back. Dr cheques not yet realised, Cr where it was. */
export function acknowledgementBackLines(
  accounts: { money: string; provisional: string },
  cheque: Party,
  byFund: ReadonlyMap<string, Paise>,
): Line[] {
  return [...byFund].flatMap(([fund, amount]) => [
    dr(accounts.provisional, amount, { fund, party: cheque }),
    cr(accounts.money, amount, { fund, party: cheque }),
  ]);
}

/** CO-17: an acquirer settles a batch of slips. Dr bank with the net, Dr fee and its GST, Cr the slips; each fund bears its part of the fee. */
export function batchLines(
  accounts: { bank: string; clearing: string; fee: string; feeGst: string },
  utr: Party,
  slips: readonly { readonly rrn: string; readonly byFund: ReadonlyMap<string, Paise> }[],
  charged: { readonly fee: Paise; readonly feeGst: Paise },
): Line[] {
  const gross = new Map<string, bigint>();
  for (const { byFund } of slips)
    for (const [fund, amount] of byFund) gross.set(fund, (gross.get(fund) ?? 0n) + amount);
  const funds = [...gross].sort(([a], [b]) => (a < b ? -1 : 1));
  const weights = funds.map(([, amount]) => amount);
  const fees = allocate(charged.fee, weights);
  const gsts = allocate(charged.feeGst, weights);
  const charges = (account: string, parts: readonly Paise[]): Line[] =>
    funds.flatMap(([fund], i) => {
      const part = parts[i] ?? ZERO;
      return part > 0n ? [dr(account, part, { fund, function: FINANCE_FUNCTION })] : [];
    });
  return [
    ...funds.map(([fund, amount], i) =>
      dr(accounts.bank, paise(amount - (fees[i] ?? 0n) - (gsts[i] ?? 0n)), { fund, party: utr }),
    ),
    ...charges(accounts.fee, fees),
    ...charges(accounts.feeGst, gsts),
    ...slips.flatMap(({ rrn, byFund }) =>
      [...byFund].map(([fund, amount]) => cr(accounts.clearing, amount, { fund, party: slipParty(rrn) })),
    ),
  ];
}

function creditMoney(account: string, party: Party | undefined, takenBack: readonly Line[]): Line[] {
  return [...netByFund(takenBack)].map(([fund, net]) => {
    invariant(net < 0n, "what is taken back is debited");
    return cr(account, negate(net), { fund, party });
  });
}
