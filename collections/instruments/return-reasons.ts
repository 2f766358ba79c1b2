/**
 * Return reasons of the clearing house (NPCI, Uniform Regulations and Rules for Bankers' Clearing Houses, annexure D; CTS codes). Only where the
 * drawer is at fault may he be charged, and only for want of funds or a like cause is the return an offence under s.138 of the Negotiable
 * Instruments Act. To be compared with the bank's own list before it is relied on in court.
 */
export type ReturnReason = {
  readonly code: string;
  readonly words: string;
  readonly isDrawersFault: boolean;
  /** Insufficient funds, arrangement exceeded, account closed, payment stopped and what the courts have put beside them. */
  readonly isOffence: boolean;
};

const fault = (code: string, words: string, isOffence = false): ReturnReason => ({
  code,
  words,
  isDrawersFault: true,
  isOffence,
});
const noFault = (code: string, words: string): ReturnReason => ({
  code,
  words,
  isDrawersFault: false,
  isOffence: false,
});

export const RETURN_REASONS: readonly ReturnReason[] = [
  fault("01", "Funds insufficient", true),
  fault("02", "Exceeds arrangement", true),
  fault("03", "Effects not cleared, present again", true),
  fault("05", "Refer to drawer", true),
  fault("10", "Drawer's signature incomplete"),
  fault("12", "Drawer's signature differs", true),
  fault("13", "Drawer's signature required"),
  fault("20", "Payment stopped by drawer", true),
  fault("31", "Cheque post-dated"),
  fault("32", "Cheque out of date"),
  fault("33", "Instrument undated"),
  fault("34", "Amount in words and figures differs"),
  fault("35", "Alteration requires drawer's authentication"),
  fault("50", "Account closed", true),
  noFault("21", "Payment stopped by attachment order"),
  noFault("22", "Payment stopped by court order"),
  noFault("23", "Withdrawal stopped owing to death of account holder"),
  noFault("36", "Instrument mutilated, requires bank's guarantee"),
  noFault("38", "Presenting bank's crossing stamp missing"),
  noFault("39", "Clearing stamp required or irregular"),
  noFault("40", "Not drawn on us"),
  noFault("41", "Item listed twice"),
  noFault("60", "Image not clear, present again with paper"),
  noFault("61", "Paper not received"),
  noFault("85", "Technical failure, present again"),
  noFault("92", "Bank excluded from clearing"),
];

/** By its code, or undefined. */
export function returnReason(code: string): ReturnReason | undefined {
  return RETURN_REASONS.find((r) => r.code === code);
}
