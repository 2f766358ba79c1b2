import { getBill, upyogServices, type Bill, type UpyogService } from "../../../billing/index.ts";
import {
  moneyStage,
  refundableOf,
  type Acknowledgement,
  type Receipt,
  type ReceiptLine,
  type ReceiptMode,
} from "../../../collections/index.ts";
import { startOfDayInIndia } from "../../../ledger/kernel/dates.ts";
import { groupBy } from "../../../ledger/kernel/group.ts";
import { sum, ZERO, type Paise } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { billViews } from "../bills.ts";
import { codeOf } from "../demands.ts";
import { moneyOf } from "../wire.ts";
import type { BillState, PaymentRequest } from "./check.ts";

/** What only UPYOG's programs read back of a payment. */
export type SentHeader = {
  readonly paymentMode: string;
  readonly paidBy: string;
  readonly mobileNumber: string | null;
  readonly payerName: string | null;
  readonly payerAddress: string | null;
  readonly payerEmail: string | null;
  readonly payerId: string | null;
  readonly transactionNumber: string | null;
  readonly instrumentNumber: string | null;
  readonly ifscCode: string | null;
  readonly additionalDetails: unknown;
};

export type SentPayment = PaymentRequest & {
  readonly tenantId: string;
  readonly paidBy: string;
  readonly mobileNumber: string | null;
  readonly ifscCode: string | null;
  readonly bankName: string | null;
  readonly branchName: string | null;
  readonly sent: SentHeader;
};

const MODES: Readonly<Record<ReceiptMode, string>> = {
  cash: "CASH",
  cheque: "CHEQUE",
  dd: "DD",
  "postal-order": "POSTAL_ORDER",
  "bank-transfer": "OFFLINE_NEFT",
  challan: "OFFLINE_NEFT",
  pos: "CARD",
  upi: "ONLINE",
  gateway: "ONLINE",
};

/** Receipts as UPYOG's payments: those of one money at the counter are the details of one payment. In the order given. */
export async function paymentViews(
  read: Read,
  receipts: readonly Receipt[],
  tenantId: string,
  acknowledgements: readonly Acknowledgement[] = [],
) {
  const masters = await upyogServices(read);
  const ids = [
    ...new Set([...receipts.flatMap((r) => r.billId ?? []), ...acknowledgements.flatMap((a) => a.billId ?? [])]),
  ];
  const bills = new Map<string, Bill>();
  for (const id of ids) bills.set(id, await getBill(read, id));
  const views = new Map((await billViews(read, [...bills.values()], tenantId)).map((v) => [v.id, v]));
  const payments = [...groupBy(receipts, (r) => r.tenderId ?? r.id).entries()];
  const headers = new Map(
    (
      await read.query<{ id: string; request: SentHeader }>(
        "select payment_id as id, request from api.upyog_payments where ulb_id = :ulb and payment_id = any(:ids::uuid[])",
        { ulb: read.ulb.id, ids: payments.map(([id]) => id) },
      )
    ).map((h) => [h.id, h.request]),
  );
  const details = (paymentId: string, r: Receipt) => ({
    id: r.id,
    paymentId,
    tenantId,
    totalDue: moneyOf((r.billId === null ? undefined : bills.get(r.billId)?.total) ?? r.amount),
    totalAmountPaid: moneyOf(r.amount),
    receiptNumber: r.number,
    manualReceiptNumber: r.leafNo === null ? null : `${r.bookNo ?? ""}/${r.leafNo}`,
    manualReceiptDate: r.leafNo === null ? null : startOfDayInIndia(r.valueDate).getTime(),
    receiptDate: r.paidAt.getTime(),
    receiptType: r.billId === null ? "ADHOC" : "BILLBASED",
    businessService: r.service === null ? "MISC" : codeOf(masters, r.service),
    billId: r.billId,
    bill: r.billId === null ? null : paidBill(views.get(r.billId), masters, r),
    // Money that pays no bill, though it was paid for one: UPYOG has no field of its own for it.
    additionalDetails:
      r.refundNote === null ? null : { refundable: moneyOf(refundableOf(r)), refundNote: r.refundNote.number },
    auditDetails: auditOf(r),
  });
  return payments.map(([id, group]) => {
    const [first] = group;
    const sent = headers.get(id);
    const total = sum(group.map((r) => r.amount));
    return {
      id,
      tenantId,
      totalDue: sum2(group.map((r) => (r.billId === null ? r.amount : (bills.get(r.billId)?.total ?? r.amount)))),
      totalAmountPaid: moneyOf(total),
      transactionNumber:
        sent?.transactionNumber ?? first?.paymentId ?? first?.instrument.number ?? first?.number ?? null,
      transactionDate: first?.paidAt.getTime() ?? null,
      paymentMode: sent?.paymentMode ?? (first ? MODES[first.mode] : null),
      instrumentDate:
        first?.instrument.date == null
          ? (first?.paidAt.getTime() ?? null)
          : startOfDayInIndia(first.instrument.date).getTime(),
      instrumentNumber: sent?.instrumentNumber ?? first?.instrument.number ?? null,
      ...(first ? statusOf(first) : {}),
      ifscCode: sent?.ifscCode ?? null,
      additionalDetails: sent?.additionalDetails ?? null,
      paidBy: sent?.paidBy ?? first?.payerName ?? null,
      mobileNumber: sent?.mobileNumber ?? null,
      payerName: sent?.payerName ?? first?.payerName ?? null,
      payerAddress: sent?.payerAddress ?? null,
      payerEmail: sent?.payerEmail ?? null,
      payerId: sent?.payerId ?? first?.consumerId ?? null,
      fileStoreId: null,
      auditDetails: first ? auditOf(first) : null,
      paymentDetails: group.map((r) => details(id, r)),
    };
  });
}

const sum2 = (amounts: readonly Paise[]): number => moneyOf(sum(amounts));

/** A payment that may be taken, as it would be: nothing is written, so it has no id, number or state. */
export async function previewOf(read: Read, payment: SentPayment, states: ReadonlyMap<string, BillState>) {
  const bills = payment.details.flatMap((d) => states.get(d.billId)?.bill ?? []);
  const views = new Map((await billViews(read, bills, payment.tenantId)).map((v) => [v.id, v]));
  return {
    tenantId: payment.tenantId,
    ...payment.sent,
    totalDue: sum2(payment.details.map((d) => d.totalDue)),
    totalAmountPaid: moneyOf(payment.totalAmountPaid),
    paymentDetails: payment.details.map((d) => ({
      tenantId: payment.tenantId,
      businessService: d.businessService,
      billId: d.billId,
      totalDue: moneyOf(d.totalDue),
      totalAmountPaid: moneyOf(d.totalAmountPaid),
      bill: { ...views.get(d.billId), amountPaid: moneyOf(d.totalAmountPaid) },
    })),
  };
}

const STAGES = {
  "in-hand": { paymentStatus: "NEW", instrumentStatus: "APPROVED" },
  "at-bank": { paymentStatus: "DEPOSITED", instrumentStatus: "REMITTED" },
  cleared: { paymentStatus: "RECONCILED", instrumentStatus: "REMITTED" },
} as const;

function statusOf(r: Receipt): { readonly paymentStatus: string; readonly instrumentStatus: string } {
  const stage = moneyStage(r);
  if (stage) return STAGES[stage];
  const status = r.status === "dishonoured" ? "DISHONOURED" : "CANCELLED";
  return { paymentStatus: status, instrumentStatus: status };
}

type BillView = Awaited<ReturnType<typeof billViews>>[number];

/** The bill with what this receipt paid of each head of it. */
function paidBill(view: BillView | undefined, masters: ReadonlyMap<string, UpyogService>, r: Receipt) {
  if (!view) return null;
  const master = masters.get(view.businessService);
  const left = [...r.lines];
  const take = (head: string, from: number | null): Paise => {
    const i = left.findIndex((l) => l.taxHead === head && isOfPeriod(l, from));
    const line = left[i];
    if (!line) return ZERO;
    left.splice(i, 1);
    return line.amount;
  };
  return {
    ...view,
    paidBy: r.payerName,
    isCancelled: view.status === "CANCELLED",
    reasonForCancellation: null,
    collectionModesNotAllowed: master?.collectionModesNotAllowed ?? [],
    partPaymentAllowed: master?.partPaymentAllowed ?? true,
    isAdvanceAllowed: master?.isAdvanceAllowed ?? false,
    minimumAmountToBePaid: null,
    amountPaid: moneyOf(r.amount),
    billDetails: view.billDetails.map((d) => {
      const accounts = d.billAccountDetails.map((a) => ({
        ...a,
        adjustedAmount: moneyOf(take(a.taxHeadCode, d.fromPeriod)),
      }));
      return {
        ...d,
        amountPaid: Number(accounts.reduce((t, a) => t + a.adjustedAmount, 0).toFixed(2)),
        billAccountDetails: accounts,
      };
    }),
  };
}

function isOfPeriod(line: ReceiptLine, from: number | null): boolean {
  return line.periodFrom === null || from === null || startOfDayInIndia(line.periodFrom).getTime() === from;
}

function auditOf(r: Receipt) {
  return {
    createdBy: r.issuedBy,
    lastModifiedBy: r.issuedBy,
    createdTime: r.issuedAt.getTime(),
    lastModifiedTime: r.issuedAt.getTime(),
  };
}
