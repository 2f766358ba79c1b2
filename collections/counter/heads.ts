import { cr, type Line } from "../../ledger/index.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import { sum } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { receiptLines } from "../entries.ts";
import type { ReceiptDraft } from "../receipts/documents.ts";
import { counterErrors } from "./errors.ts";
import type { TenderedMoney } from "./tender.ts";

/** Money against a head of account: fees of the day, sale of forms, earnest money, security deposits, a cashier's shortage paid back. */
export type HeadItem = {
  readonly account: string;
  readonly amount: Paise;
  /** What it is for, as the receipt prints it. */
  readonly purpose: string;
  /** NMAM function; compulsory on income. */
  readonly function?: string | undefined;
  readonly fund?: string | undefined;
  /** Whose deposit it is: without it nobody could give it back. */
  readonly party?: { readonly type: string; readonly id: string } | undefined;
};

type HeadBase = Omit<
  ReceiptDraft,
  "payer" | "payerName" | "billId" | "amount" | "entryLines" | "lines" | "narration"
> & {
  readonly items: readonly HeadItem[];
  readonly money: TenderedMoney;
  readonly payerName: string;
};

/**
 * The receipt of a payment against heads of account, with the payer's name and no consumer. Dues and advances are a consumer's: their heads, and
 * cash and bank themselves, are refused here. Raises MISC_HEAD, MISC_PARTY; the ledger refuses what else is wrong with a head.
 */
export async function headDraft(tx: Tx, { items, money, payerName, ...draft }: HeadBase): Promise<ReceiptDraft> {
  const rows = await tx.query<{
    code: string;
    name: string;
    type: string;
    is_posting: boolean;
    is_cash_bank: boolean;
    is_control: boolean;
  }>(
    `select a.code, a.name, a.type, a.is_posting, a.is_cash_bank,
       exists (select 1 from billing.tax_heads h where h.ulb_id = a.ulb_id and h.receivable_account = a.code)
         or exists (select 1 from billing.service_terms s where s.ulb_id = a.ulb_id and s.advance_account = a.code) as is_control
     from ledger.accounts a where a.ulb_id = :ulb and a.code = any(:codes::text[])`,
    { ulb: tx.ulb.id, codes: items.map((i) => i.account) },
  );
  const accounts = new Map(rows.map((r) => [r.code, r]));
  const credits = items.map((item): Line => {
    const account = accounts.get(item.account);
    const refuse = (why: string): Error => counterErrors.MISC_HEAD({ account: item.account.slice(0, 20), why });
    if (!account) throw refuse("there is no such head in the chart");
    if (!account.is_posting) throw refuse(`${account.name} is a heading`);
    if (account.is_cash_bank) throw refuse("it is cash or bank itself");
    if (account.is_control || /^(431|432|35041)/.test(item.account))
      throw refuse("what is due from a consumer, or his advance, is received for the consumer");
    if (item.purpose.trim() === "" || item.purpose.length > 200)
      throw refuse("say what it is for, in up to 200 characters");
    // Deposits are owed back to somebody, who is named (NMAM: register of deposits).
    if (/^34/.test(item.account) && item.party === undefined) throw counterErrors.MISC_PARTY({ account: account.name });
    return cr(item.account, item.amount, {
      fund: item.fund,
      function: item.function ?? (account.type === "income" || account.type === "expense" ? "03" : undefined),
      party: item.party,
    });
  });
  const amount = sum(items.map((i) => i.amount));
  return {
    ...draft,
    payer: null,
    payerName,
    billId: null,
    amount,
    entryLines: receiptLines(money.instrument.account, money.party, credits, amount),
    lines: items.map((item) => ({
      kind: "head",
      taxHead: null,
      title: item.purpose.trim(),
      demandYear: null,
      periodFrom: null,
      periodTo: null,
      amount: item.amount,
      account: item.account,
    })),
    narration: `${payerName}: ${items.map((i) => i.purpose.trim()).join(", ")}, ${money.words}`.slice(0, 480),
  };
}
