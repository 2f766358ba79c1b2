import { add, min, paise, proportion, subtract, ZERO } from "../kernel/money.ts";
import { cr, dr, type Dimensions, type Line } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, code, day, optional, percent, text } from "./fields.ts";
import { itemKind, type Item } from "./items.ts";
import { balanceOf, type Measure, type Movement } from "./measures.ts";

/** An investment (IV-01 … IV-03). What one of an earmarked fund earns belongs to that fund (311), not to income. */
export const investments = itemKind({
  kind: "investment",
  table: "investments",
  title: "investment",
  plural: "Investments",
  fields: {
    name: text("Investment", "Fixed deposit, Government security …"),
    institution: text("Held with"),
    reference: text("Receipt or certificate number"),
    account: code("Investment account", {
      hint: "A head below 420 (general fund) or 421 (other funds)",
      below: ["control-investments", "control-fund-investments"],
    }),
    declineAccount: code("Provision for decline", {
      hint: "A head below 420-90 or 421-90",
      below: ["control-investments", "control-fund-investments"],
    }),
    ratePercent: percent("Rate, percent a year", "0 if it bears none"),
    madeOn: day("Made on"),
    maturesOn: optional(day("Matures on")),
    specialFundAccount: optional(code("Earmarked fund", { hint: "A head below 311, if it is one's" })),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
  },
});
type Investment = Item<(typeof investments)["fields"]>;

const about = (of: Investment): Dimensions => ({ fund: of.fund, party: { type: "investment", id: of.id } });
const moved = (
  of: Investment,
  measure: Extract<Measure, `investment-${string}`>,
  account: string,
  on: Movement["on"],
  change: bigint,
): Movement[] => (change === 0n ? [] : [{ item: of.id, measure, account, fund: of.fund, on, amount: paise(change) }]);

/** Where what it earns goes: its earmarked fund, or income under its function. */
const earned = (of: Investment, income: string, value: Line["amount"]): Line =>
  of.specialFundAccount === undefined
    ? cr(income, value, { fund: of.fund, function: of.function })
    : cr(of.specialFundAccount, value, { fund: of.fund });

const purchase = actKind({
  kind: "investment-purchase",
  register: "investment",
  title: "Made",
  rule: "IV-01",
  modes: ["entry", "opening"],
  fields: { amount: amount("Cost"), account: code("Paid from", { hint: "The bank account" }) },
  decide: async (read, item, facts) => {
    const of = await investments.get(read, item);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "payment"),
          date: facts.date,
          narration: narrate(`Investment ${of.id} ${of.name}: made`, facts),
          lines: [dr(of.account, facts.amount, about(of)), cr(facts.account, facts.amount, { fund: of.fund })],
        },
      ],
      movements: moved(of, "investment-cost", of.account, facts.date, facts.amount),
    };
  },
});

const accrued = actKind({
  kind: "investment-accrual",
  register: "investment",
  title: "Interest accrued",
  rule: "IV-02",
  modes: ["opening"],
  fields: { amount: amount("Interest") },
  decide: async (read, item, facts) => {
    const of = await investments.get(read, item);
    const keys = await postingAccounts(read, "investment-interest", "investment-interest-accrued");
    const receivable = keys["investment-interest-accrued"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Investment ${of.id} ${of.name}: interest accrued`, facts),
          lines: [dr(receivable, facts.amount, about(of)), earned(of, keys["investment-interest"], facts.amount)],
        },
      ],
      movements: moved(of, "investment-interest", receivable, facts.date, facts.amount),
    };
  },
});

const received = actKind({
  kind: "investment-interest",
  register: "investment",
  title: "Interest received",
  rule: "IV-02",
  fields: { amount: amount("Interest"), account: code("Received in", { hint: "The bank account" }) },
  decide: async (read, item, facts) => {
    const of = await investments.get(read, item);
    const keys = await postingAccounts(read, "investment-interest", "investment-interest-accrued");
    const receivable = keys["investment-interest-accrued"];
    // What was accrued is received first; only the rest is earned now.
    const settled = min(await balanceOf(read, "investment-interest", item), facts.amount);
    const rest = subtract(facts.amount, settled);
    return {
      drafts: [
        {
          voucher: "receipt",
          date: facts.date,
          narration: narrate(`Investment ${of.id} ${of.name}: interest received`, facts),
          lines: [
            dr(facts.account, facts.amount, { fund: of.fund }),
            ...(settled === ZERO ? [] : [cr(receivable, settled, about(of))]),
            ...(rest === ZERO ? [] : [earned(of, keys["investment-interest"], rest)]),
          ],
        },
      ],
      movements: moved(of, "investment-interest", receivable, facts.date, -settled),
    };
  },
});

const sale = actKind({
  kind: "investment-sale",
  register: "investment",
  title: "Matured or sold",
  rule: "IV-03",
  fields: {
    proceeds: amount("Proceeds", "Without interest; that is received by itself"),
    cost: optional(amount("Cost of what is sold", "All of it if left empty")),
    account: code("Received in", { hint: "The bank account" }),
  },
  decide: async (read, item, facts) => {
    const of = await investments.get(read, item);
    const held = await balanceOf(read, "investment-cost", item);
    const cost = facts.cost ?? held;
    if (cost > held || cost === ZERO)
      throw registerErrors.INVESTMENT_COST_SHORT({ investment: item, held: String(held), asked: String(cost) });
    const keys = await postingAccounts(read, "investment-profit", "investment-loss");
    // The provision for decline goes with what is sold, in proportion; the last part takes what is left of it.
    const decline = proportion(await balanceOf(read, "investment-decline", item), cost, held);
    const profit = subtract(facts.proceeds, subtract(cost, decline));
    const loss: Line[] =
      profit >= 0n
        ? []
        : [
            of.specialFundAccount === undefined
              ? dr(keys["investment-loss"], paise(-profit), { fund: of.fund, function: of.function })
              : dr(of.specialFundAccount, paise(-profit), { fund: of.fund }),
          ];
    return {
      drafts: [
        {
          voucher: "receipt",
          date: facts.date,
          narration: narrate(
            `Investment ${of.id} ${of.name}: ${cost === held ? "matured or sold" : "sold in part"}`,
            facts,
          ),
          lines: [
            dr(facts.account, facts.proceeds, { fund: of.fund }),
            ...(decline === ZERO ? [] : [dr(of.declineAccount, decline, about(of))]),
            ...loss,
            cr(of.account, cost, about(of)),
            ...(profit > 0n ? [earned(of, keys["investment-profit"], profit)] : []),
          ],
        },
      ],
      movements: [
        ...moved(of, "investment-cost", of.account, facts.date, -cost),
        ...moved(of, "investment-decline", of.declineAccount, facts.date, -decline),
      ],
    };
  },
});

const decline = actKind({
  kind: "investment-decline",
  register: "investment",
  title: "Lasting fall in value",
  rule: "IV-03",
  fields: { amount: amount("Fall in value") },
  decide: async (read, item, facts) => {
    const of = await investments.get(read, item);
    const cost = await balanceOf(read, "investment-cost", item);
    const before = await balanceOf(read, "investment-decline", item);
    if (add(before, facts.amount) > cost)
      throw registerErrors.INVESTMENT_COST_SHORT({
        investment: item,
        held: String(cost - before),
        asked: String(facts.amount),
      });
    const expense = (await postingAccounts(read, "investment-decline"))["investment-decline"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Investment ${of.id} ${of.name}: lasting fall in value`, facts),
          lines: [
            dr(expense, facts.amount, { fund: of.fund, function: of.function }),
            cr(of.declineAccount, facts.amount, about(of)),
          ],
        },
      ],
      movements: moved(of, "investment-decline", of.declineAccount, facts.date, facts.amount),
    };
  },
});

export const investmentActs = [purchase, accrued, received, sale, decline];
