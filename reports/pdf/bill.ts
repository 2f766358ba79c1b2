import { formatDate, type Instant, type LocalDate } from "../../ledger/kernel/dates.ts";
import { negate, type Paise } from "../../ledger/kernel/money.ts";
import { bilingual, label, type Language } from "../labels.ts";
import { consumerFacts, type PaperConsumer } from "./consumer-facts.ts";
import { demandPapersPdf, type DemandPaper, type DemandPaperLine } from "./demand-paper.ts";

/** Everything a bill prints. The amounts of `lines`, less the rebate, with the rounding are the total. */
export type BillPaper = {
  readonly ulb: { readonly code: string; readonly name: string; readonly nameLocal: string | null };
  readonly number: string;
  readonly issuedAt: Instant;
  /** The day for which it was reckoned. */
  readonly asOf: LocalDate;
  readonly isLatest: boolean;
  readonly isCancelled: boolean;
  readonly consumer: PaperConsumer;
  readonly lines: readonly DemandPaperLine[];
  readonly rebate: Paise;
  readonly rounding: Paise;
  readonly total: Paise;
  readonly dueBy: LocalDate | null;
  readonly rebateUntil: LocalDate | null;
  readonly validUntil: LocalDate | null;
  /** The page on which the bill is seen and paid. */
  readonly payUrl: string;
  /** "upi://pay?…" where the ULB has an address for such payments: then the code on the paper pays at once. */
  readonly upi: string | null;
};

/** One bill as a PDF (A4) in the local language beside English. */
export async function billPdf(bill: BillPaper, language: Language): Promise<Buffer> {
  return billsPdf([bill], language);
}

/** Many bills in one PDF, each on a page of its own. At least one; some hundreds at most, because pdfmake holds the whole layout. */
export async function billsPdf(bills: readonly BillPaper[], language: Language): Promise<Buffer> {
  return demandPapersPdf(
    bills.map((bill) => paperOf(bill, language)),
    language,
  );
}

function paperOf(bill: BillPaper, language: Language): DemandPaper {
  const until = bill.rebateUntil === null ? "" : ` ${formatDate(bill.rebateUntil)}`;
  return {
    ulb: bill.ulb,
    title: "bill",
    number: bill.number,
    issuedAt: bill.issuedAt,
    facts: [
      ...(bill.isCancelled ? [{ name: "", value: bilingual("cancelledBill", language), isWarning: true }] : []),
      ...(bill.isLatest ? [] : [{ name: "", value: bilingual("supersededBill", language), isWarning: true }]),
      { name: bilingual("billDate", language), value: formatDate(bill.asOf) },
      ...consumerFacts(bill.consumer, language),
    ],
    words: [],
    lines: bill.lines,
    adjustments: [
      ...(bill.rebate === 0n
        ? []
        : [{ name: `${bilingual("rebateIfPaid", language)}${until}`, amount: negate(bill.rebate) }]),
      ...(bill.rounding === 0n ? [] : [{ name: bilingual("rounding", language), amount: bill.rounding }]),
    ],
    total: bill.total,
    deadlines: [
      ...(bill.dueBy === null ? [] : [`${bilingual("dueDate", language)}: ${formatDate(bill.dueBy)}`]),
      ...(bill.validUntil === null ? [] : [`${bilingual("validUntil", language)}: ${formatDate(bill.validUntil)}`]),
    ],
    notes:
      bill.validUntil === null
        ? []
        : [label("validNote"), ...(language === "en" ? [] : [label("validNote", language)])],
    qr: bill.upi === null ? { content: bill.payUrl, caption: "payOnline" } : { content: bill.upi, caption: "payByUpi" },
    payUrl: bill.payUrl,
    signature: "executiveOfficer",
  };
}
