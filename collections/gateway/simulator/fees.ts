import type { SimMethod } from "./state.ts";

/** Percent in hundredths (200 = 2.00 %) by method. */
export type FeeTable = Readonly<Record<SimMethod, number>>;

/** UPI and RuPay debit are free by law; the rest is Razorpay's usual price list. */
export const usualFees: FeeTable = {
  upi: 0,
  card: 200,
  rupay_debit: 0,
  netbanking: 200,
  wallet: 200,
  bank_transfer: 100,
};

const halfUp = (numerator: number, denominator: number): number =>
  Math.floor((2 * numerator + denominator) / (2 * denominator));

/**
 * The gateway's fee in paise (GST included) and the GST in it: 9 % CGST and 9 % SGST, each rounded half up. It fits every sample with GST
 * that Razorpay publishes, where 18 % rounded once does not. Card payments up to ₹2,000 bear no GST (Notification 12/2017, Sl. 34).
 */
export function feeFor(amountPaise: number, method: SimMethod, table: FeeTable): { fee: number; tax: number } {
  const base = halfUp(amountPaise * table[method], 10_000);
  const isExempt = (method === "card" || method === "rupay_debit") && amountPaise <= 200_000;
  const tax = isExempt ? 0 : 2 * halfUp(base * 9, 100);
  return { fee: base + tax, tax };
}
