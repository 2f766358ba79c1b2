import { add, min, paise, subtract, ZERO, type Paise } from "../kernel/money.ts";
import { cr, dr, type Dimensions, type Line } from "../entries.ts";
import { postingAccounts } from "../posting-map.ts";
import { actKind, narrate, voucherFor } from "./act-kinds.ts";
import { registerErrors } from "./errors.ts";
import { amount, amountOrNil, choice, code, count, day, optional, percent, text } from "./fields.ts";
import { itemKind, type Item } from "./items.ts";
import { balanceOf, type Movement } from "./measures.ts";

/** A loan with its terms (LN-01 … LN-04). */
export const loans = itemKind({
  kind: "loan",
  table: "loans",
  title: "loan",
  plural: "Loans",
  fields: {
    name: text("Lender and purpose"),
    sanctionNo: text("Sanction number"),
    sanctionedOn: day("Sanctioned on"),
    amount: amount("Amount sanctioned"),
    account: code("Loan account", {
      hint: "A head below 330 (secured) or 331 (unsecured)",
      below: ["control-secured-loans", "control-unsecured-loans"],
    }),
    interestAccount: code("Interest account", { hint: "A head below 240" }),
    interestDueAccount: code("Interest due account", { hint: "A head below 350-12" }),
    ratePercent: percent("Rate, percent a year"),
    method: choice("Repaid by", {
      "equal-principal": "equal parts of principal",
      emi: "equal instalments of principal and interest",
      bullet: "all of the principal at the end",
    }),
    instalments: count("Instalments", 600),
    everyMonths: choice("Every", { "1": "month", "3": "quarter", "6": "half-year", "12": "year" }),
    firstDue: day("First instalment due"),
    fund: code("Fund", { initial: "01" }),
    function: code("Function"),
  },
});
export type Loan = Item<(typeof loans)["fields"]>;

const about = (loan: Loan): Dimensions => ({ fund: loan.fund, party: { type: "loan", id: loan.id } });
const principalMoved = (loan: Loan, on: Movement["on"], change: bigint): Movement => ({
  item: loan.id,
  measure: "loan-principal",
  account: loan.account,
  fund: loan.fund,
  on,
  amount: paise(change),
});
function interestMoved(
  loan: Loan,
  measure: "loan-interest-due" | "loan-interest-accrued",
  account: string,
  on: Movement["on"],
  change: bigint,
): Movement[] {
  return change === 0n ? [] : [{ item: loan.id, measure, account, fund: loan.fund, on, amount: paise(change) }];
}

const drawdown = actKind({
  kind: "loan-drawdown",
  register: "loan",
  title: "Drawn",
  rule: "LN-01",
  modes: ["entry", "opening"],
  fields: {
    amount: amount("Amount", "With opening balances: the principal that is outstanding"),
    account: code("Received in", { hint: "The bank account" }),
  },
  decide: async (read, item, facts) => {
    const loan = await loans.get(read, item);
    const drawn = await drawnSoFar(read, loan);
    if (add(drawn, facts.amount) > loan.amount)
      throw registerErrors.LOAN_NOT_SANCTIONED({
        loan: item,
        sanctioned: String(loan.amount),
        drawn: String(drawn),
        asked: String(facts.amount),
      });
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "receipt"),
          date: facts.date,
          narration: narrate(`Loan ${loan.id} ${loan.name}: drawn`, facts),
          lines: [dr(facts.account, facts.amount, { fund: loan.fund }), cr(loan.account, facts.amount, about(loan))],
        },
      ],
      movements: [principalMoved(loan, facts.date, facts.amount)],
    };
  },
});

async function drawnSoFar(read: Parameters<typeof loans.get>[0], loan: Loan): Promise<Paise> {
  const row = await read.queryOne<{ drawn: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as drawn from ledger.register_movements
     where ulb_id = :ulb and register = 'loan' and item_id = :loan and measure = 'loan-principal' and kind = 'loan-drawdown'`,
    { ulb: read.ulb.id, loan: loan.id },
  );
  return paise(row?.drawn ?? 0n);
}

const interest = actKind({
  kind: "loan-interest",
  register: "loan",
  title: "Interest due or accrued",
  rule: "LN-02",
  fields: {
    due: amountOrNil("Interest that fell due"),
    accrued: amountOrNil("Interest accrued, not yet due"),
  },
  decide: async (read, item, facts) => {
    const loan = await loans.get(read, item);
    const accruedAccount = (await postingAccounts(read, "loan-interest-accrued"))["loan-interest-accrued"];
    // What had accrued before is part of what falls due now: it moves from one head to the other and is not expense again.
    const before = await balanceOf(read, "loan-interest-accrued", item);
    const fallen = min(before, facts.due);
    const expense = add(subtract(facts.due, fallen), facts.accrued);
    const lines: Line[] = [
      ...(expense === ZERO ? [] : [dr(loan.interestAccount, expense, { fund: loan.fund, function: loan.function })]),
      ...(fallen === ZERO ? [] : [dr(accruedAccount, fallen, about(loan))]),
      ...(facts.due === ZERO ? [] : [cr(loan.interestDueAccount, facts.due, about(loan))]),
      ...(facts.accrued === ZERO ? [] : [cr(accruedAccount, facts.accrued, about(loan))]),
    ];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Loan ${loan.id} ${loan.name}: interest`, facts),
          lines,
        },
      ],
      movements: [
        ...interestMoved(loan, "loan-interest-due", loan.interestDueAccount, facts.date, facts.due),
        ...interestMoved(loan, "loan-interest-accrued", accruedAccount, facts.date, facts.accrued - fallen),
      ],
    };
  },
});

const repayment = actKind({
  kind: "loan-repayment",
  register: "loan",
  title: "Repaid",
  rule: "LN-03",
  modes: ["entry"],
  fields: {
    principal: amountOrNil("Principal"),
    interest: amountOrNil("Interest", "Of what was booked as due or accrued"),
    account: code("Paid from", { hint: "The bank account" }),
  },
  decide: async (read, item, facts) => {
    const loan = await loans.get(read, item);
    const accruedAccount = (await postingAccounts(read, "loan-interest-accrued"))["loan-interest-accrued"];
    const outstanding = await balanceOf(read, "loan-principal", item);
    const due = await balanceOf(read, "loan-interest-due", item);
    const accrued = await balanceOf(read, "loan-interest-accrued", item);
    if (facts.principal > outstanding)
      throw registerErrors.LOAN_OUTSTANDING_SHORT({
        loan: item,
        outstanding: String(outstanding),
        asked: String(facts.principal),
      });
    if (facts.interest > add(due, accrued))
      throw registerErrors.LOAN_INTEREST_SHORT({
        loan: item,
        booked: String(due + accrued),
        asked: String(facts.interest),
      });
    const ofDue = min(due, facts.interest);
    const ofAccrued = subtract(facts.interest, ofDue);
    return {
      drafts: [
        {
          voucher: await voucherFor(read, facts.account, "payment"),
          date: facts.date,
          narration: narrate(`Loan ${loan.id} ${loan.name}: repaid`, facts),
          lines: [
            ...(facts.principal === ZERO ? [] : [dr(loan.account, facts.principal, about(loan))]),
            ...(ofDue === ZERO ? [] : [dr(loan.interestDueAccount, ofDue, about(loan))]),
            ...(ofAccrued === ZERO ? [] : [dr(accruedAccount, ofAccrued, about(loan))]),
            cr(facts.account, add(facts.principal, facts.interest), { fund: loan.fund }),
          ],
        },
      ],
      movements: [
        ...(facts.principal === ZERO ? [] : [principalMoved(loan, facts.date, -facts.principal)]),
        ...interestMoved(loan, "loan-interest-due", loan.interestDueAccount, facts.date, -ofDue),
        ...interestMoved(loan, "loan-interest-accrued", accruedAccount, facts.date, -ofAccrued),
      ],
    };
  },
});

const sinkingFund = actKind({
  kind: "loan-sinking-fund",
  register: "loan",
  title: "Contribution to its sinking fund",
  rule: "LN-04",
  fields: {
    amount: amount("Contribution", "The money itself is an investment: enter it in the register of investments"),
    account: code("Sinking fund", { hint: "A head below 311-50" }),
    transfer: optional(code("Appropriation account", { hint: "The head 290-20 of the posting map if left empty" })),
  },
  decide: async (read, item, facts) => {
    const loan = await loans.get(read, item);
    const transfer = facts.transfer ?? (await postingAccounts(read, "sinking-fund-transfer"))["sinking-fund-transfer"];
    return {
      drafts: [
        {
          voucher: "journal",
          date: facts.date,
          narration: narrate(`Loan ${loan.id} ${loan.name}: contribution to its sinking fund`, facts),
          lines: [
            dr(transfer, facts.amount, { fund: loan.fund, function: loan.function }),
            cr(facts.account, facts.amount, about(loan)),
          ],
        },
      ],
      movements: [],
    };
  },
});

export const loanActs = [drawdown, interest, repayment, sinkingFund];
