import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bandsOf, brs, brsForm, readSignedBrs, signedBrsAt, type BrsAnnexure } from "../reconciliation/index.ts";
import { headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { BrsView } from "./pdf/statements.ts";

/**
 * The bank reconciliation statement for printing: as it was approved, where it was; otherwise as it is now.
 * Raises BANK_ACCOUNT_UNKNOWN, STATEMENT_MISSING.
 */
export async function brsView(
  read: Read,
  options: { readonly account: string; readonly asOf: LocalDate; readonly language?: Language },
): Promise<BrsView> {
  const signed = await signedBrsAt(read, options.account, options.asOf);
  const statement =
    signed?.status === "approved"
      ? (await readSignedBrs(read, signed.id)).statement
      : await brs(read, options.account, options.asOf);
  const { bank } = statement;
  const form = brsForm(statement);
  return {
    ...headOf(read, options.language),
    account: {
      code: statement.account,
      name: `${bank.name} ${bank.numberMasked}`.trim(),
      bank: `${bank.bank} ${bank.branch}`.trim(),
      fund: bank.fund,
    },
    asOf: options.asOf,
    lines: form.lines.map((l) => ({
      letter: l.letter,
      label: l.label,
      amount: l.amount,
      isSum: l.kind === "sum" || l.kind === "balance",
    })),
    annexures: form.annexures.map((a) => ({
      letter: a.letter,
      title: a.title,
      total: a.total,
      bands: bandsView(a.bands),
    })),
    memoranda:
      statement.chequesInClearing.length === 0
        ? []
        : [
            {
              title: "Cheques in clearing, not in this bank book",
              total: statement.chequesInClearingTotal,
              bands: bandsView(bandsOf(statement.chequesInClearing)),
            },
          ],
    bookBalance: statement.bookBalance,
    statementBalance: statement.statementBalance,
    difference: form.unexplained,
    signed: signed
      ? {
          status: signed.status,
          preparedBy: signed.preparedBy,
          checkedBy: signed.checkedBy,
          approvedBy: signed.approvedBy,
        }
      : null,
  };
}

const bandsView = (bands: BrsAnnexure["bands"]): BrsView["annexures"][number]["bands"] =>
  bands.map((b) => ({
    age: b.age,
    total: b.total,
    items: b.items.map((item) => ({
      date: item.date,
      reference: item.reference || item.voucher,
      particulars: [item.voucher, item.text, item.isStale ? "stale" : ""].filter(Boolean).join(", "),
      amount: item.amount,
      ageDays: item.ageDays,
    })),
  }));
