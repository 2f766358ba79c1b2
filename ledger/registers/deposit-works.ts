import { add, paise, ZERO } from "../kernel/money.ts";
import { cr, dr, type Dimensions } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, amountOrNil, code, day, optional, text } from "./fields.ts";
import { itemKind, type Item } from "./items.ts";
import { balanceOf, type Movement } from "./measures.ts";

/** A work that the ULB carries out with somebody else's money (DW-01 … DW-03): neither its expense nor its asset. */
export const depositWorks = itemKind({
  kind: "deposit-work",
  table: "deposit_works",
  title: "deposit work",
  plural: "Deposit works",
  fields: {
    name: text("Work"),
    depositor: text("Depositor", "Whose money it is"),
    agreementNo: text("Agreement number"),
    agreedOn: day("Agreed on"),
    estimate: amount("Estimate"),
    account: code("Deposit account", { hint: "A head below 341", below: ["control-deposit-works"] }),
    spendAccount: code("Expenditure account", { hint: "A head below 470-10", below: ["control-deposit-work-spend"] }),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    ward: optional(code("Ward")),
  },
});
type DepositWork = Item<(typeof depositWorks)["fields"]>;

const about = (work: DepositWork): Dimensions => ({
  fund: work.fund,
  ward: work.ward,
  party: { type: "deposit-work", id: work.id },
});
const moved = (
  work: DepositWork,
  measure: "deposit-held" | "deposit-spent",
  on: Movement["on"],
  change: bigint,
): Movement => ({
  item: work.id,
  measure,
  account: measure === "deposit-held" ? work.account : work.spendAccount,
  fund: work.fund,
  on,
  amount: paise(change),
});

const received = actKind({
  kind: "deposit-receipt",
  register: "deposit-work",
  title: "Money received",
  rule: "DW-01",
  modes: ["entry", "opening"],
  fields: { amount: amount("Amount"), account: code("Received in", { hint: "The bank account" }) },
  decide: async (read, item, facts) => {
    const work = await depositWorks.get(read, item);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "receipt"),
          date: facts.date,
          narration: narrate(`Deposit work ${work.id} ${work.name}: received from ${work.depositor}`, facts),
          lines: [dr(facts.account, facts.amount, { fund: work.fund }), cr(work.account, facts.amount, about(work))],
        },
      ],
      movements: [moved(work, "deposit-held", facts.date, facts.amount)],
    };
  },
});

const spent = actKind({
  kind: "deposit-spend",
  register: "deposit-work",
  title: "Expenditure on the work",
  rule: "DW-02",
  modes: ["entry", "opening"],
  fields: {
    amount: amount("Amount", "A contractor's bill is passed under Bills and payments; take its entry here"),
    account: code("Credited to", { hint: "The bank account, or the head that owes it" }),
  },
  decide: async (read, item, facts) => {
    const work = await depositWorks.get(read, item);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "payment"),
          date: facts.date,
          narration: narrate(`Deposit work ${work.id} ${work.name}: expenditure`, facts),
          lines: [
            dr(work.spendAccount, facts.amount, about(work)),
            cr(facts.account, facts.amount, { fund: work.fund }),
          ],
        },
      ],
      movements: [moved(work, "deposit-spent", facts.date, facts.amount)],
    };
  },
});

const completed = actKind({
  kind: "deposit-completion",
  register: "deposit-work",
  title: "Completion: cost and supervision charge adjusted",
  rule: "DW-03",
  fields: { charge: amountOrNil("Supervision charge", "0 if there is none") },
  decide: async (read, item, facts) => {
    const work = await depositWorks.get(read, item);
    const cost = await balanceOf(read, "deposit-spent", item);
    const held = await balanceOf(read, "deposit-held", item);
    const taken = add(cost, facts.charge);
    if (cost === ZERO) throw registerErrors.DEPOSIT_WORK_UNSPENT({ work: item });
    if (taken > held)
      throw registerErrors.DEPOSIT_WORK_SHORT({
        work: item,
        cost: String(cost),
        charge: String(facts.charge),
        held: String(held),
      });
    const accounts = await postingAccounts(read, "deposit-work-charges");
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Deposit work ${work.id} ${work.name}: completed`, facts),
          lines: [
            dr(work.account, taken, about(work)),
            cr(work.spendAccount, cost, about(work)),
            ...(facts.charge === ZERO
              ? []
              : [
                  cr(accounts["deposit-work-charges"], facts.charge, {
                    fund: work.fund,
                    function: work.function,
                    ward: work.ward,
                  }),
                ]),
          ],
        },
      ],
      movements: [moved(work, "deposit-held", facts.date, -taken), moved(work, "deposit-spent", facts.date, -cost)],
    };
  },
});

const refunded = actKind({
  kind: "deposit-refund",
  register: "deposit-work",
  title: "Balance refunded",
  rule: "DW-03",
  modes: ["entry"],
  fields: {
    amount: optional(amount("Amount", "All that is held if left empty")),
    account: optional(code("Paid from", { hint: "Left empty, it stays payable until it is paid" })),
  },
  decide: async (read, item, facts) => {
    const work = await depositWorks.get(read, item);
    const held = await balanceOf(read, "deposit-held", item);
    const open = await balanceOf(read, "deposit-spent", item);
    if (open > 0n) throw registerErrors.DEPOSIT_WORK_OPEN({ work: item, spent: String(open) });
    const back = facts.amount ?? held;
    if (back > held || back === ZERO)
      throw registerErrors.DEPOSIT_HELD_SHORT({ work: item, held: String(held), asked: String(back) });
    const payable = (await postingAccounts(read, "deposit-work-refund"))["deposit-work-refund"];
    const narration = narrate(`Deposit work ${work.id} ${work.name}: balance refunded to ${work.depositor}`, facts);
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration,
          lines: [dr(work.account, back, about(work)), cr(payable, back, about(work))],
        },
        ...(facts.account === undefined
          ? []
          : [
              {
                voucher: "payment" as const,
                date: facts.date,
                narration,
                lines: [dr(payable, back, about(work)), cr(facts.account, back, { fund: work.fund })],
              },
            ]),
      ],
      movements: [moved(work, "deposit-held", facts.date, -back)],
    };
  },
});

export const depositWorkActs = [received, spent, completed, refunded];
