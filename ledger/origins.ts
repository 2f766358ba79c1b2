import type { LocalDate } from "./kernel/dates.ts";
import { paise, type Paise } from "./kernel/money.ts";
import type { Read } from "./kernel/tx.ts";

/** Entries brought in from files: no register of ours stands behind their lines. */
export const IMPORTED = ["import-opening", "import-voucher", "import-published"] as const;

/** Entries of facts that a counter or a gateway makes: the registers of collections, billing and reconciliation stand behind them. */
export const REVENUE = [
  "acknowledgement",
  "bank-line",
  "bank-unmatch",
  "cash-difference",
  "cheque-credit",
  "demand-batch",
  "demand-change",
  "demand-run-cancelled",
  "dishonour",
  "dispute",
  "external-settlement",
  "pos-settlement",
  "receipt",
  "refund",
  "refund-bank",
  "refund-failed",
  "refund-note",
  "refund-sanction",
  "remittance",
  "settlement",
  "settlement-arrival",
  "write-off",
] as const;

/**
 * What an account moved by up to a day through entries of the named origins (or, with "except", of all others), reversals counted with what
 * they take back; debit positive. A tie compares a register with the part of its account that the register answers for.
 */
export async function movedBy(
  read: Read,
  account: string,
  asOf: LocalDate,
  origins: { readonly of: readonly string[] } | { readonly except: readonly string[] },
): Promise<Paise> {
  const row = await read.queryOne<{ amount: bigint }>(
    `select coalesce(sum(l.debit - l.credit), 0)::bigint as amount
     from ledger.lines l
     join ledger.entry_origins o on o.ulb_id = l.ulb_id and o.entry_id = l.entry_id
     where l.ulb_id = :ulb and l.account = :account and l.entry_date <= :as_of::date
       and (o.origin = any(:origins::text[])) = :wanted::boolean`,
    {
      ulb: read.ulb.id,
      account,
      as_of: asOf,
      origins: "of" in origins ? origins.of : origins.except,
      wanted: "of" in origins,
    },
  );
  return paise(row?.amount ?? 0n);
}
