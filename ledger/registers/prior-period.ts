import { financialYearOf } from "../kernel/dates.ts";
import { cr, dr } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, choice, code, optional, text, year } from "./fields.ts";

/** CL-01, CL-02: what belongs to an earlier year and is found now. It stands below the surplus (280), never in that year's accounts. */
const item = actKind({
  kind: "prior-period-item",
  register: "prior-period",
  title: "Item of an earlier year",
  rule: "CL-01, CL-02",
  isOnItem: false,
  fields: {
    of: choice("What it is", {
      expense: "expense of an earlier year (280-80)",
      revenue: "revenue of an earlier year (280-20)",
      "other-income": "other income of an earlier year (280-40)",
    }),
    year: year("Year concerned"),
    amount: amount("Amount"),
    account: code("Other account", {
      hint: "What is owed or paid for an expense; what is receivable or received for income",
    }),
    function: code("Function"),
    fund: code("Fund", { initial: "01" }),
    ward: optional(code("Ward")),
    reason: text("Reason", "How it was found, and why that year's accounts did not have it"),
    reference: text("Paper", "Bill, audit para, order"),
  },
  decide: async (read, _, facts) => {
    if (facts.year >= financialYearOf(facts.date))
      throw registerErrors.PRIOR_PERIOD_YEAR({ year: facts.year, date: facts.date });
    const keys = await postingAccounts(
      read,
      "prior-period-expense",
      "prior-period-revenue",
      "prior-period-other-income",
    );
    const at = { fund: facts.fund, function: facts.function, ward: facts.ward };
    const isExpense = facts.of === "expense";
    const other = { fund: facts.fund, ward: facts.ward, ...(isExpense ? {} : { demandYear: facts.year }) };
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, isExpense ? "payment" : "receipt"),
          date: facts.date,
          narration: narrate(`Item of ${facts.year}: ${facts.reason}; ${facts.reference}`, facts),
          lines: isExpense
            ? [dr(keys["prior-period-expense"], facts.amount, at), cr(facts.account, facts.amount, other)]
            : [
                dr(facts.account, facts.amount, other),
                cr(
                  keys[facts.of === "revenue" ? "prior-period-revenue" : "prior-period-other-income"],
                  facts.amount,
                  at,
                ),
              ],
        },
      ],
      movements: [],
    };
  },
});

export const priorPeriodActs = [item];
