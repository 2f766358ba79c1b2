import { billValidity, getBill, services, upiAddressOn, type Bill, type Notice } from "../billing/index.ts";
import { formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { BillPaper } from "./pdf/bill.ts";
import type { NoticePaper } from "./pdf/notice.ts";
import type { PaperConsumer } from "./pdf/consumer-facts.ts";
import type { DemandPaperLine } from "./pdf/demand-paper.ts";

/** Where a consumer sees and pays what he owes, by his id. */
export type PayUrl = (consumerId: string) => string;

/** One bill as it is printed. Raises BILL_NOT_FOUND. */
export async function billView(read: Read, billId: string, payUrl: PayUrl): Promise<BillPaper> {
  const [view] = await billViews(read, [await getBill(read, billId)], payUrl);
  invariant(view, "one bill gives one view");
  return view;
}

/** Bills as they are printed, in the order given, with as many queries for all of them as for one. */
export async function billViews(read: Read, bills: readonly Bill[], payUrl: PayUrl): Promise<BillPaper[]> {
  const validity = await billValidity(read, bills);
  const payee = await payeeOn(read, latestOf(bills.map((b) => b.asOf)));
  return bills.map((bill): BillPaper => {
    const holds = validity.get(bill.id);
    return {
      ulb: { code: read.ulb.code, name: read.ulb.name, nameLocal: read.ulb.nameLocal },
      number: bill.number,
      issuedAt: bill.issuedAt,
      asOf: bill.asOf,
      isLatest: bill.isLatest,
      isCancelled: bill.isCancelled,
      consumer: payee.consumer(bill.consumer),
      lines: bill.lines.map(paperLine),
      rebate: bill.rebate,
      rounding: bill.rounding,
      total: bill.total,
      dueBy: holds?.dueBy ?? null,
      rebateUntil: holds?.rebateUntil ?? null,
      validUntil: holds?.validUntil ?? null,
      payUrl: payUrl(bill.consumer.id),
      // A code that pays at once would ask for what need not be paid.
      upi: bill.isCancelled ? null : payee.upi(bill.number, bill.total),
    };
  });
}

/** Notices as they are printed, in the order given. */
export async function noticeViews(read: Read, notices: readonly Notice[], payUrl: PayUrl): Promise<NoticePaper[]> {
  const payee = await payeeOn(read, latestOf(notices.map((n) => n.asOf)));
  return notices.map((notice): NoticePaper => ({
    ...notice,
    ulb: { name: read.ulb.name, nameLocal: read.ulb.nameLocal },
    consumer: payee.consumer(notice.consumer),
    lines: notice.lines.map(paperLine),
    payUrl: payUrl(notice.consumer.id),
    upi: payee.upi(notice.number, notice.total),
  }));
}

type Printed = Pick<DemandPaperLine, "part" | "amount"> & {
  readonly name: string;
  readonly nameLocal: string | null;
  readonly cessName: string | null;
  readonly cessNameLocal: string | null;
  readonly cess: Paise;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
};

/** A line of a bill or notice as papers print it. */
function paperLine(line: Printed): DemandPaperLine {
  const isDay = line.periodFrom === line.periodTo;
  return {
    part: line.part,
    head: line.name,
    headLocal: line.nameLocal,
    period: isDay ? formatDate(line.periodFrom) : `${formatDate(line.periodFrom)} – ${formatDate(line.periodTo)}`,
    dueDate: formatDate(line.dueDate),
    amount: line.amount,
    cess:
      line.cess === 0n || line.cessName === null
        ? null
        : { name: line.cessName, nameLocal: line.cessNameLocal, amount: line.cess },
  };
}

function latestOf(days: readonly LocalDate[]): LocalDate {
  return days.reduce((last, day) => (day > last ? day : last), "0001-01-01" as LocalDate);
}

type Payer = Omit<PaperConsumer, "serviceName" | "serviceNameLocal">;

/** What papers of a day say of services and of the ULB's address for payments by UPI. */
async function payeeOn(
  read: Read,
  on: LocalDate,
): Promise<{
  readonly consumer: (payer: Payer) => PaperConsumer;
  /** The link that pays an amount under a number; null where the ULB has no such address. */
  readonly upi: (number: string, amount: Paise) => string | null;
}> {
  const setups = await services(read, on);
  const address = await upiAddressOn(read, on);
  return {
    consumer: ({ code, name, nameLocal, address: at, ward, service }) => ({
      code,
      name,
      nameLocal,
      address: at,
      ward,
      service,
      serviceName: setups.get(service)?.name ?? service,
      serviceNameLocal: setups.get(service)?.nameLocal ?? null,
    }),
    upi: (number, amount) => (address === undefined ? null : upiLink(address, number, amount)),
  };
}

/** "upi://pay?…": payee, amount in rupees, and the paper's number as the reference that comes back with the money. */
export function upiLink(
  address: { readonly vpa: string; readonly payeeName: string },
  number: string,
  amount: Paise,
): string {
  // Spaces as %20: apps of banks read "+" as a plus.
  const fields = { pa: address.vpa, pn: address.payeeName, am: toRupees(amount), cu: "INR", tr: number };
  return `upi://pay?${Object.entries(fields)
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%40", "@")}`)
    .join("&")}`;
}
