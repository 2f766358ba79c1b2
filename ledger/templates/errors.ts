import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of templates. `leg` says which row of the form is meant; amounts in facts are whole paise as text. */
export const templateErrors = defineErrors({
  TEMPLATE_UNKNOWN: {
    status: 404,
    message: (f: { rule: string }) => `there is no template for the event "${f.rule}"`,
  },
  TEMPLATE_LEG_UNKNOWN: {
    status: 422,
    message: (f: { rule: string; leg: number }) => `the event ${f.rule} has no leg ${f.leg}`,
  },
  TEMPLATE_LEG_MISSING: {
    status: 422,
    message: (f: { rule: string; leg: number; words: string }) =>
      `leg ${f.leg} of ${f.rule} (${f.words}) needs an amount`,
  },
  TEMPLATE_EMPTY: {
    status: 422,
    message: (f: { rule: string }) => `nothing was filled in for ${f.rule}: give the amounts of one of its vouchers`,
  },
  TEMPLATE_ACCOUNT_MISSING: {
    status: 422,
    message: (f: { rule: string; leg: number; words: string; heads: string }) =>
      `leg ${f.leg} of ${f.rule} (${f.words}) has no account of its own; choose one below ${f.heads}`,
  },
  TEMPLATE_ACCOUNT_NOT_ALLOWED: {
    status: 422,
    message: (f: { rule: string; leg: number; words: string; account: string; heads: string }) =>
      `leg ${f.leg} of ${f.rule} (${f.words}) cannot use account ${f.account}; choose an account in use below ${f.heads}`,
  },
  TEMPLATE_DIMENSION_MISSING: {
    status: 422,
    message: (f: { rule: string; leg: number; words: string; dimension: string }) =>
      `leg ${f.leg} of ${f.rule} (${f.words}) needs ${f.dimension}`,
  },
  TEMPLATE_UNBALANCED: {
    status: 422,
    message: (f: { rule: string; voucher: string; debits: string; credits: string }) =>
      `the ${f.voucher} voucher of ${f.rule} does not balance: debits ${money(f.debits)}, credits ${money(f.credits)}, difference ${money(String(BigInt(f.debits) - BigInt(f.credits)))}`,
  },
});
