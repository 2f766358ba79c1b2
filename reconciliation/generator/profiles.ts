/** How often something goes wrong, as a share of 1. Rates are assumed, not fitted to a city. */
export type NoiseRates = {
  readonly roundShare: number;
  // Bank side.
  readonly noRef: number;
  readonly trunc: number;
  readonly narrCut: number;
  // Ledger side, NEFT and RTGS.
  readonly payerNoRef: number;
  readonly payerTypo: number;
  readonly transpose: number;
  readonly wrongAccount: number;
  readonly qrNoRrn: number;
  // Deposits.
  readonly splitDeposit: number;
  readonly short: number;
  readonly chequeReturn: number;
  // Gateway.
  readonly splitSettle: number;
  readonly settleRetry: number;
  readonly refund: number;
  readonly chargeback: number;
  readonly settleLate: number;
  // Bank's own.
  readonly reversal: number;
  readonly twin: number;
  readonly stale: number;
  /** Account 2 prints 30 characters and seldom a reference, account 3 only the last eight characters of it. */
  readonly poorAccounts: boolean;
};

const standard: NoiseRates = {
  roundShare: 0.35,
  noRef: 0.03,
  trunc: 0.1,
  narrCut: 0.2,
  payerNoRef: 0.06,
  payerTypo: 0.06,
  transpose: 0.001,
  wrongAccount: 0.001,
  qrNoRrn: 0.02,
  splitDeposit: 0.02,
  short: 0.01,
  chequeReturn: 0.03,
  splitSettle: 0.03,
  settleRetry: 0.005,
  refund: 0.006,
  chargeback: 0.0005,
  settleLate: 0.05,
  reversal: 0.002,
  twin: 0.003,
  stale: 0.015,
  poorAccounts: false,
};

export const NOISE_PROFILES = {
  standard,
  hard: {
    ...standard,
    noRef: 0.08,
    trunc: 0.2,
    narrCut: 0.4,
    payerNoRef: 0.15,
    payerTypo: 0.1,
    roundShare: 0.5,
    twin: 0.01,
    transpose: 0.003,
    wrongAccount: 0.003,
    poorAccounts: true,
  },
} as const satisfies Record<string, NoiseRates>;

export type NoiseProfile = keyof typeof NOISE_PROFILES;
