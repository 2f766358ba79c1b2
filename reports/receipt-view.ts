import { listTaxHeads } from "../billing/index.ts";
import {
  fingerprintOf,
  getReceipt,
  receiptNumber,
  receiptSigner,
  refundableOf,
  type Receipt,
} from "../collections/index.ts";
import { entryNumber } from "../ledger/index.ts";
import { financialYearOf, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { ReceiptView } from "./pdf/receipt.ts";

/** Where the page that verifies a receipt is, by its token. */
export type VerifyUrl = (token: string) => string;

/** One receipt, by id or token, as it is printed. Raises RECEIPT_NOT_FOUND. */
export async function receiptView(read: Read, idOrToken: string, verifyUrl: VerifyUrl): Promise<ReceiptView> {
  const [view] = await receiptViews(read, [await getReceipt(read, idOrToken)], verifyUrl);
  invariant(view, "one receipt gives one view");
  return view;
}

type Payer = { id: string; name: string; nameLocal: string | null; address: string; mobile: string | null };
type EntryOf = { receipt: string; voucher: "receipt"; fy: string; number: bigint };

/** Many receipts as they are printed, in the order given, with three queries however many they are. */
export async function receiptViews(
  read: Read,
  receipts: readonly Receipt[],
  verifyUrl: VerifyUrl,
): Promise<ReceiptView[]> {
  if (receipts.length === 0) return [];
  const payers = await read.query<Payer>(
    `select consumer_id as id, name, name_local as "nameLocal", address, mobile from billing.consumers
     where ulb_id = :ulb and consumer_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids: [...new Set(receipts.flatMap((r) => r.consumerId ?? []))] },
  );
  const counters = await read.query<{ id: string; counter: string }>(
    `select session_id as id, counter from collections.counter_sessions where ulb_id = :ulb and session_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids: [...new Set(receipts.flatMap((r) => r.sessionId ?? []))] },
  );
  const entries = await read.query<EntryOf>(
    `select source_id as receipt, voucher, fy, number from ledger.entries
     where ulb_id = :ulb and source_type = 'receipt' and source_id = any(:ids::text[])`,
    { ulb: read.ulb.id, ids: receipts.map((r) => r.id) },
  );
  const replaced = await read.query<{ id: string; fy: string; number: bigint }>(
    "select receipt_id as id, fy, number from collections.receipts where ulb_id = :ulb and receipt_id = any(:ids::uuid[])",
    { ulb: read.ulb.id, ids: receipts.flatMap((r) => r.replaces ?? []) },
  );
  const numberOf = new Map(replaced.map((r) => [r.id, receiptNumber(r.fy, r.number)]));
  const signer = await receiptSigner(read);
  const latest = receipts.reduce<LocalDate>(
    (day, r) => (r.entryDate > day ? r.entryDate : day),
    receipts[0]?.entryDate as LocalDate,
  );
  const heads = new Map((await listTaxHeads(read, latest)).map((head) => [head.code, head]));
  const payerOf = new Map(payers.map((payer) => [payer.id, payer]));
  const counterOf = new Map(counters.map((c) => [c.id, c.counter]));
  const entryOf = new Map(entries.map((e) => [e.receipt, entryNumber(e.voucher, e.fy, e.number)]));

  return receipts.map((receipt): ReceiptView => {
    const payer = receipt.consumerId === null ? undefined : payerOf.get(receipt.consumerId);
    const { instrument, online } = receipt;
    const number = online?.reference ?? receipt.paymentId ?? instrument.number;
    return {
      ulb: { code: read.ulb.code, name: read.ulb.name, nameLocal: read.ulb.nameLocal },
      number: receipt.number,
      date: receipt.valueDate,
      issuedAt: receipt.issuedAt,
      paidAt: receipt.paidAt,
      issuedBy: receipt.issuedBy,
      replaces: receipt.replaces === null ? null : (numberOf.get(receipt.replaces) ?? null),
      leaf: receipt.bookNo === null ? null : `${receipt.bookNo} / ${receipt.leafNo ?? ""}`,
      keyFingerprint: signer === undefined ? null : fingerprintOf(signer.keyId),
      state:
        receipt.status === "issued"
          ? { status: "issued" }
          : { status: receipt.status, on: receipt.statusDate ?? receipt.entryDate, reason: receipt.statusReason ?? "" },
      consumer: {
        code: receipt.consumerCode ?? "",
        name: receipt.payerName,
        // A payer who is not the consumer has no local name on record.
        nameLocal: payer && payer.name === receipt.payerName ? payer.nameLocal : null,
        address: payer?.address ?? "",
        ward: receipt.ward ?? "",
        service: receipt.service ?? "",
        mobile: maskedMobile(payer?.mobile ?? null),
      },
      lines: receipt.lines
        .filter((line) => line.kind !== "advance" && line.kind !== "rebate" && line.kind !== "refundable")
        .map((line) => ({
          head: line.title,
          headLocal: line.taxHead === null ? null : (heads.get(line.taxHead)?.nameLocal ?? null),
          year: line.demandYear ?? (line.periodFrom ? financialYearOf(line.periodFrom) : ""),
          amount: line.amount,
        })),
      advance: paise(
        receipt.lines.reduce((total, line) => (line.kind === "advance" ? total + line.amount : total), 0n),
      ),
      refundable: refundableOf(receipt),
      refundNote: receipt.refundNote?.number ?? null,
      rebate: paise(receipt.lines.reduce((total, line) => (line.kind === "rebate" ? total + line.amount : total), 0n)),
      amount: receipt.amount,
      mode: online?.method ?? receipt.mode,
      instrument:
        number === null
          ? null
          : { number, date: instrument.date, bank: online?.bank ?? instrument.bank ?? instrument.acquirer },
      counter: receipt.sessionId === null ? null : (counterOf.get(receipt.sessionId) ?? null),
      entryNumber: entryOf.get(receipt.id) ?? null,
      // With the signature the code says by itself what was issued; without, only the page behind it does.
      verifyUrl:
        signer === undefined
          ? verifyUrl(receipt.token)
          : `${verifyUrl(receipt.token)}?s=${signer.sign({
              ulb: read.ulb.code,
              number: receipt.number,
              date: receipt.valueDate,
              amount: receipt.amount,
              consumerCode: receipt.consumerCode ?? "",
              mode: receipt.mode,
              isRefundable: refundableOf(receipt) > 0n,
            })}`,
    };
  });
}

/** "98XXXXXX10": who holds the paper knows his number, who finds it does not. */
function maskedMobile(mobile: string | null): string | null {
  return mobile === null || mobile.length < 6
    ? null
    : `${mobile.slice(0, 2)}${"X".repeat(mobile.length - 4)}${mobile.slice(-2)}`;
}
