import type { LocalDate } from "../kernel/dates.ts";
import type { Paise } from "../kernel/money.ts";
import { paise } from "../kernel/money.ts";
import { cr, dr } from "../entries.ts";
import { postingAccount } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, code, optional, text } from "./fields.ts";
import { balanceOf, type Movement } from "./measures.ts";

/** What one fund owes another: the pair is the item, "01-02" is what fund 02 owes fund 01. */
export const pairOf = (payer: string, receiver: string): string => `${payer}-${receiver}`;

function moved(payer: string, receiver: string, account: string, on: LocalDate, change: bigint): Movement[] {
  const item = pairOf(payer, receiver);
  const value = paise(change);
  return [
    { item, measure: "due-from", account, fund: payer, on, amount: value },
    { item, measure: "due-to", account, fund: receiver, on, amount: value },
  ];
}

const FUNDS = {
  payer: code("Fund that pays", { hint: "Its money goes out" }),
  receiver: code("Fund that it pays for"),
};
const party = (fund: string) => ({ party: { type: "fund", id: fund } });

/** IU-01: one act posts both funds' entries; 470-20 is a debit in the payer, the same credit in the receiver, and nothing in total. */
const payment = actKind({
  kind: "inter-fund-payment",
  register: "inter-fund",
  title: "Paid by one fund for another",
  rule: "IU-01",
  isOnItem: false,
  modes: ["opening"],
  fields: {
    ...FUNDS,
    amount: amount("Amount"),
    account: code("Paid from", { hint: "The paying fund's bank account" }),
    purpose: code("Account in the other fund", { hint: "The expense, asset or liability it is for" }),
    function: optional(code("Function", { hint: "For income and expenditure" })),
    narration: text("What for"),
  },
  decide: async (read, _, facts) => {
    const { payer, receiver } = facts;
    if (payer === receiver) throw registerErrors.INTER_FUND_SAME({ fund: payer });
    const dues = await postingAccount(read, "inter-fund");
    const narration = narrate(`Fund ${payer} for fund ${receiver}: ${facts.narration}`, facts);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "payment"),
          date: facts.date,
          narration,
          lines: [
            dr(dues, facts.amount, { fund: payer, ...party(receiver) }),
            cr(facts.account, facts.amount, { fund: payer }),
          ],
        },
        {
          voucher: await voucherFor(read, facts.purpose, "receipt"),
          date: facts.date,
          narration,
          lines: [
            dr(facts.purpose, facts.amount, { fund: receiver, function: facts.function }),
            cr(dues, facts.amount, { fund: receiver, ...party(payer) }),
          ],
        },
      ],
      movements: moved(payer, receiver, dues, facts.date, facts.amount),
    };
  },
});

/**
 * IU-02: the fund that owes pays back. It is a payment of the one and a receipt of the other: each fund's cash book shows its own, and a
 * contra voucher, which moves money within a fund, holds neither.
 */
const settlement = actKind({
  kind: "inter-fund-settlement",
  register: "inter-fund",
  title: "Settled",
  rule: "IU-02",
  isOnItem: false,
  fields: {
    payer: code("Fund that is owed", { hint: "The one that had paid" }),
    receiver: code("Fund that owes"),
    amount: optional(amount("Amount", "All that is due if left empty")),
    from: code("Paid from", { hint: "The bank account of the fund that owes" }),
    to: code("Received in", { hint: "The bank account of the fund that is owed" }),
  },
  decide: async (read, _, facts) => {
    const { payer, receiver } = facts;
    if (payer === receiver) throw registerErrors.INTER_FUND_SAME({ fund: payer });
    const dues = await postingAccount(read, "inter-fund");
    const due: Paise = await balanceOf(read, "due-from", pairOf(payer, receiver));
    const value = facts.amount ?? due;
    if (value > due || value === 0n)
      throw registerErrors.INTER_FUND_SHORT({ payer, receiver, due: String(due), asked: String(value) });
    const narration = narrate(`Fund ${receiver} settles what it owes fund ${payer}`, facts);
    return {
      drafts: [
        {
          voucher: "payment",
          date: facts.date,
          narration,
          lines: [dr(dues, value, { fund: receiver, ...party(payer) }), cr(facts.from, value, { fund: receiver })],
        },
        {
          voucher: "receipt",
          date: facts.date,
          narration,
          lines: [dr(facts.to, value, { fund: payer }), cr(dues, value, { fund: payer, ...party(receiver) })],
        },
      ],
      movements: moved(payer, receiver, dues, facts.date, -value),
    };
  },
});

export const interFundActs = [payment, settlement];
