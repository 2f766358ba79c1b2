import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of the registers. Amounts in facts are whole paise as text. */
export const registerErrors = defineErrors({
  REGISTER_FIELD: { status: 422, message: (f: { field: string; rule: string }) => `${f.field}: ${f.rule}` },
  REGISTER_ROWS: {
    status: 422,
    message: (f: { problems: readonly string[] }) => `the list was not taken: ${f.problems.join("; ")}`,
  },
  REGISTER_KIND_UNKNOWN: {
    status: 404,
    message: (f: { kind: string }) => `"${f.kind}" is not a register or an act of one`,
  },
  REGISTER_ITEM_UNKNOWN: {
    status: 404,
    message: (f: { title: string; id: string }) => `there is no ${f.title} "${f.id}" in the register`,
  },
  REGISTER_ITEM_EXISTS: {
    status: 409,
    message: (f: { title: string; id: string }) => `${f.title} ${f.id} is in the register already`,
  },
  REGISTER_ACT_UNKNOWN: { status: 404, message: (f: { act: string }) => `there is no act ${f.act} of a register` },
  REGISTER_ACT_STATUS: {
    status: 409,
    message: (f: { act: string; status: string }) => `act ${f.act} is ${f.status}, so this step cannot be taken`,
  },
  REGISTER_ACT_CHANGED: {
    status: 409,
    message: (f: { act: string }) =>
      `the registers changed since act ${f.act} was proposed: it would post something else than was shown`,
  },
  REGISTER_ACT_TAKEN_BACK: {
    status: 409,
    message: (f: { act: string }) => `act ${f.act} is taken back already, or takes back another`,
  },
  REGISTER_OVERDRAWN: {
    status: 409,
    message: (f: { item: string; what: string; account: string; held: string; asked: string }) =>
      `${f.item}, ${f.what.toLowerCase()} (${f.account}): ${money(f.held)} is there, ${money(f.asked)} would go; later acts have used the rest`,
  },
  REGISTER_ENTRY_SHORT: {
    status: 409,
    message: (f: { entry: string; account: string; fund: string; left: string; asked: string }) =>
      `entry ${f.entry} has ${money(f.left)} on ${f.account} in fund ${f.fund} that no register took yet, ${money(f.asked)} is asked`,
  },
  REGISTER_ENTRY_OWN: {
    status: 409,
    message: (f: { entry: string }) => `entry ${f.entry} was posted by an act of a register, so it is in it already`,
  },
  GRANT_UNSPENT_SHORT: {
    status: 409,
    message: (f: { grant: string; left: string; asked: string }) =>
      `grant ${f.grant} has ${money(f.left)} unspent, ${money(f.asked)} is asked`,
  },
  GRANT_PURPOSE: {
    status: 409,
    message: (f: { grant: string; purpose: string }) =>
      `grant ${f.grant} was given for ${f.purpose} expenditure; it cannot be used for the other`,
  },
  DEPOSIT_WORK_SHORT: {
    status: 409,
    message: (f: { work: string; cost: string; charge: string; held: string }) =>
      `deposit work ${f.work}: cost ${money(f.cost)} and charge ${money(f.charge)} exceed the ${money(f.held)} that is held`,
  },
  DEPOSIT_WORK_UNSPENT: {
    status: 409,
    message: (f: { work: string }) => `deposit work ${f.work} has no expenditure that is not adjusted`,
  },
  DEPOSIT_WORK_OPEN: {
    status: 409,
    message: (f: { work: string; spent: string }) =>
      `deposit work ${f.work} has ${money(f.spent)} of expenditure that is not adjusted yet`,
  },
  DEPOSIT_HELD_SHORT: {
    status: 409,
    message: (f: { work: string; held: string; asked: string }) =>
      `deposit work ${f.work} holds ${money(f.held)}, ${money(f.asked)} is asked back`,
  },
  WORK_COST_SHORT: {
    status: 409,
    message: (f: { work: string; left: string; asked: string }) =>
      `work ${f.work} has cost ${money(f.left)} that is not capitalised, ${money(f.asked)} is asked`,
  },
  ASSET_RATE_EXISTS: {
    status: 409,
    message: (f: { class: string; from: string }) => `class ${f.class} has a rate from ${f.from} already`,
  },
  ASSET_RATE_MISSING: {
    status: 409,
    message: (f: { class: string; day: string }) => `class ${f.class} has no rate of depreciation on ${f.day}`,
  },
  ASSET_NOT_DEPRECIATED: {
    status: 409,
    message: (f: { asset: string; class: string }) =>
      `asset ${f.asset} is of class ${f.class}, which is not depreciated and has no account for it`,
  },
  ASSET_DISPOSED: {
    status: 409,
    message: (f: { asset: string }) => `asset ${f.asset} has no cost any more: it was sold, written off or taken back`,
  },
  ASSET_COST_SHORT: {
    status: 409,
    message: (f: { asset: string; left: string; asked: string }) =>
      `asset ${f.asset} has cost ${money(f.left)} that no grant met, ${money(f.asked)} is asked`,
  },
  ASSET_VALUE_SHORT: {
    status: 409,
    message: (f: { asset: string; book: string; residual: string; asked: string }) =>
      `asset ${f.asset} stands at ${money(f.book)}; less ${money(f.asked)} it would fall below its residual value of ${money(f.residual)}`,
  },
  DEPRECIATION_NOTHING: {
    status: 409,
    message: (f: { fy: string }) => `no asset is to be depreciated for ${f.fy}: all were, or none is left to be`,
  },
  LOAN_NOT_SANCTIONED: {
    status: 409,
    message: (f: { loan: string; sanctioned: string; drawn: string; asked: string }) =>
      `loan ${f.loan}: ${money(f.sanctioned)} is sanctioned and ${money(f.drawn)} drawn, ${money(f.asked)} more is too much`,
  },
  LOAN_OUTSTANDING_SHORT: {
    status: 409,
    message: (f: { loan: string; outstanding: string; asked: string }) =>
      `loan ${f.loan} has ${money(f.outstanding)} outstanding, ${money(f.asked)} cannot be repaid`,
  },
  LOAN_INTEREST_SHORT: {
    status: 409,
    message: (f: { loan: string; booked: string; asked: string }) =>
      `loan ${f.loan} has interest of ${money(f.booked)} booked as due or accrued, ${money(f.asked)} is paid`,
  },
  INVESTMENT_COST_SHORT: {
    status: 409,
    message: (f: { investment: string; held: string; asked: string }) =>
      `investment ${f.investment} stands at ${money(f.held)}, ${money(f.asked)} is asked`,
  },
  INTER_FUND_SAME: {
    status: 422,
    message: (f: { fund: string }) => `fund ${f.fund} cannot pay for itself; name two funds`,
  },
  INTER_FUND_SHORT: {
    status: 409,
    message: (f: { payer: string; receiver: string; due: string; asked: string }) =>
      `fund ${f.receiver} owes fund ${f.payer} ${money(f.due)}, ${money(f.asked)} cannot be settled`,
  },
  PROVISION_NORM: {
    status: 422,
    message: (f: { revenue: string; rule: string }) => `the norms for ${f.revenue} are not sound: ${f.rule}`,
  },
  PROVISION_NOTHING: {
    status: 409,
    message: (f: { day: string }) => `what is provided at ${f.day} is what the norms require: there is nothing to post`,
  },
  PRIOR_PERIOD_YEAR: {
    status: 422,
    message: (f: { year: string; date: string }) =>
      `${f.year} is not over on ${f.date}: what belongs to it is booked in its own accounts`,
  },
});
