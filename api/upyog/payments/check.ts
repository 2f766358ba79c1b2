import type { Bill, UpyogService } from "../../../billing/index.ts";
import { daysBetween, formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { formatIndian, sum, ZERO, type Paise } from "../../../ledger/kernel/money.ts";
import type { FaultEntry } from "../faults.ts";

/** The ways of paying that UPYOG's programs name. */
export const PAYMENT_MODES = [
  "CASH",
  "CHEQUE",
  "DD",
  "ONLINE",
  "OFFLINE_NEFT",
  "OFFLINE_RTGS",
  "ONLINE_NEFT",
  "ONLINE_RTGS",
  "POSTAL_ORDER",
  "CARD",
] as const;
export type PaymentMode = (typeof PAYMENT_MODES)[number];

/** What one payment pays of one bill. */
export type DetailRequest = {
  readonly billId: string;
  readonly businessService: string;
  readonly totalDue: Paise;
  readonly totalAmountPaid: Paise;
};

export type PaymentRequest = {
  readonly paymentMode: PaymentMode;
  readonly totalAmountPaid: Paise;
  readonly transactionNumber: string | null;
  readonly instrumentNumber: string | null;
  readonly instrumentDate: LocalDate | null;
  readonly details: readonly DetailRequest[];
};

/** A bill that a detail names, and what is known of it today. */
export type BillState = {
  readonly bill: Bill;
  /** A payment that stands names it. One that was cancelled or came back from the bank does not stand: the bill may be paid again. */
  readonly isPaid: boolean;
  readonly master: UpyogService | undefined;
};

const ON_PAPER: readonly PaymentMode[] = ["CHEQUE", "DD", "OFFLINE_NEFT", "OFFLINE_RTGS", "POSTAL_ORDER"];
const ELECTRONIC: readonly PaymentMode[] = ["CARD", "ONLINE", "ONLINE_NEFT", "ONLINE_RTGS"];

/**
 * Everything that is wrong with a payment, by UPYOG's codes and texts; nothing if it can be taken. Pure. Other than the original it holds that the
 * header is the sum of its details, and that only the bill that stands today is paid; it takes paise where a bill has paise, and any payer's name.
 */
export function wrongWith(
  payment: PaymentRequest,
  bills: ReadonlyMap<string, BillState>,
  today: LocalDate,
): readonly FaultEntry[] {
  const wrong: FaultEntry[] = [];
  const say = (code: string, message: string): void => {
    if (!wrong.some((w) => w.code === code && w.message === message)) wrong.push({ code, message });
  };
  const ids = payment.details.map((d) => d.billId);
  if (new Set(ids).size < ids.length) say("DUPLICATE_BILLID", "Duplicate Bill IDs are present in the payment details");
  if (payment.details.length === 0 || ids.some((id) => !bills.has(id)))
    say("INVALID_BILL_ID", "Bill IDs provided does not exist or is in an invalid state");

  const total = sum(payment.details.map((d) => d.totalAmountPaid));
  if (total !== payment.totalAmountPaid) {
    say(
      "INVALID_PAYMENT",
      `The total amount paid ${formatIndian(payment.totalAmountPaid)} is not the sum of its payment details ${formatIndian(total)}`,
    );
  }
  for (const fault of wrongInstrument(payment, today)) say(fault.code, fault.message);
  for (const detail of payment.details) {
    const state = bills.get(detail.billId);
    if (state)
      for (const fault of wrongDetail(payment.paymentMode, detail, state, today)) say(fault.code, fault.message);
  }
  return wrong;
}

function wrongInstrument(payment: PaymentRequest, today: LocalDate): FaultEntry[] {
  const { paymentMode: mode, instrumentDate: date } = payment;
  const wrong: FaultEntry[] = [];
  if (ON_PAPER.includes(mode)) {
    if (date === null) wrong.push({ code: "INVALID_INST_DATE", message: `Instrument date is mandatory for ${mode}` });
    if (payment.instrumentNumber === null)
      wrong.push({ code: "INVALID_INST_NUMBER", message: `Instrument number is mandatory for ${mode}` });
  }
  if (ELECTRONIC.includes(mode)) {
    if (payment.transactionNumber === null)
      wrong.push({ code: "INVALID_TXN_NUMBER", message: `Transaction number is mandatory for ${mode}` });
    if (payment.instrumentNumber === null)
      wrong.push({ code: "INVALID_INSTRUMENT_NUMBER", message: `Instrument number is mandatory for ${mode}` });
  }
  if ((mode === "CHEQUE" || mode === "DD") && date !== null) {
    if (date > today) {
      wrong.push({ code: "CHEQUE_DD_DATE_WITH_FUTURE_DATE", message: "Cheque/DD date can not be future Date" });
    } else if (daysBetween(date, today) > 90) {
      wrong.push({
        code: "CHEQUE_DD_DATE_WITH_FUTURE_DATE",
        message: "Cheque/DD date should be less than and within 90 days of Current Date",
      });
    }
  }
  return wrong;
}

function wrongDetail(mode: PaymentMode, detail: DetailRequest, state: BillState, today: LocalDate): FaultEntry[] {
  const { bill, master } = state;
  const wrong: FaultEntry[] = [];
  const detailFault = (message: string): void => void wrong.push({ code: "INVALID_PAYMENTDETAIL", message });
  if (state.isPaid) {
    return [
      { code: "BILL_ALREADY_PAID", message: `Bill has already been paid or is in pending state : ${bill.number}` },
    ];
  }
  if (bill.isCancelled || !bill.isLatest || bill.asOf !== today) {
    return [
      {
        code: "BILL_EXPIRED",
        message: `Bill expired or invalid, regenerate bill! : ${bill.number} of ${formatDate(bill.asOf)}`,
      },
    ];
  }
  if (master !== undefined && master.code !== detail.businessService) {
    detailFault(`Bill ${bill.number} is of the business service ${master.code}, not ${detail.businessService}`);
  }
  if (detail.totalDue !== bill.total) {
    detailFault(
      `The total due ${formatIndian(detail.totalDue)} is not that of the bill ${bill.number}, ${formatIndian(bill.total)}`,
    );
  }
  if (master?.collectionModesNotAllowed.includes(mode) === true) {
    detailFault(`Mode ${mode} is not allowed for the business service ${master.code}`);
  }
  const paid = detail.totalAmountPaid;
  if (paid < ZERO) detailFault("The amount paid cannot be negative");
  else if (paid === ZERO && bill.total > ZERO) detailFault("The amount paid cannot be zero, more is due");
  else if (paid < bill.total && master?.partPaymentAllowed === false) {
    detailFault("The amount to be paid cannot be lesser than the amount due, part payment is not allowed");
  } else if (paid > bill.total && master?.isAdvanceAllowed !== true) {
    detailFault("The amount to be paid is more than amount due");
  }
  return wrong;
}
