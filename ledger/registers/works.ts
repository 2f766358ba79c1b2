import { cr, dr, type Dimensions } from "../entries.ts";
import { paise } from "../kernel/money.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { amount, code, day, optional, text } from "./fields.ts";
import { itemKind, type Item } from "./items.ts";
import type { Movement } from "./measures.ts";

/** A capital work under way: its cost stands in 412 until it is capitalised. */
export const works = itemKind({
  kind: "work",
  table: "works_in_progress",
  title: "work in progress",
  plural: "Works in progress",
  fields: {
    name: text("Work"),
    sanctionNo: text("Sanction number"),
    sanctionedOn: day("Sanctioned on"),
    estimate: amount("Estimate"),
    account: code("Work-in-progress account", { hint: "A head below 412", below: ["control-works"] }),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
    ward: optional(code("Ward")),
    scheme: optional(code("Scheme code")),
  },
});
export type Work = Item<(typeof works)["fields"]>;

export const aboutWork = (work: Work): Dimensions => ({
  fund: work.fund,
  ward: work.ward,
  scheme: work.scheme,
  party: { type: "work", id: work.id },
});

export function workCost(work: Work, on: Movement["on"], change: bigint): Movement {
  return {
    item: work.id,
    measure: "work-cost",
    account: work.account,
    fund: work.fund,
    on,
    amount: paise(change),
  };
}

const cost = actKind({
  kind: "work-cost",
  register: "work",
  title: "Cost of the work",
  rule: "FA-02",
  modes: ["entry", "opening"],
  fields: {
    amount: amount("Amount", "A contractor's bill is passed under Bills and payments; take its entry here"),
    account: code("Credited to", { hint: "The bank account, or the head that owes it" }),
  },
  decide: async (read, item, facts) => {
    const work = await works.get(read, item);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "payment"),
          date: facts.date,
          narration: narrate(`Work ${work.id} ${work.name}: cost`, facts),
          lines: [
            dr(work.account, facts.amount, aboutWork(work)),
            cr(facts.account, facts.amount, { fund: work.fund }),
          ],
        },
      ],
      movements: [workCost(work, facts.date, facts.amount)],
    };
  },
});

export const workActs = [cost];
