import { postingAccounts } from "../../ledger/index.ts";
import { addMonths, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { chequeParty, slipParty, type Party } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import type { ReceiptDraft } from "../receipts/documents.ts";
import { counterErrors } from "./errors.ts";

/**
 * How the money is tendered. A draft ("dd") is a cheque that a bank wrote. A bank transfer (NEFT, RTGS) and a bank's challan are on the bank's
 * statement already. A card (or UPI) slip is the machine's word: its acquirer settles the batch some days later.
 */
export type Tender =
  | { readonly kind: "cash" }
  | {
      readonly kind: "cheque" | "dd";
      readonly number: string;
      /** The drawee bank: its name, or better its MICR or IFSC code. */
      readonly bank: string;
      readonly branch?: string | undefined;
      readonly date: LocalDate;
    }
  | { readonly kind: "postal-order"; readonly number: string; readonly date: LocalDate }
  | { readonly kind: "bank-transfer"; readonly utr: string; readonly date: LocalDate }
  /** The counterfoil of a bank's paying-in form: its number, or better the bank's reference. */
  | { readonly kind: "challan"; readonly utr: string; readonly date: LocalDate }
  | {
      readonly kind: "pos" | "upi";
      /** Retrieval reference number of the slip, twelve digits. */
      readonly rrn: string;
      /** Who settles: the bank of the machine. */
      readonly acquirer: string;
      readonly batchNo?: string | undefined;
    };

/** Kinds that are papers in hand until they are deposited, besides cash. */
export const LEAVES = ["cheque", "dd", "postal-order"] as const;
export const isLeaf = (kind: string): kind is (typeof LEAVES)[number] => (LEAVES as readonly string[]).includes(kind);

/** Rules that need no database. Cheques are payable for three months (RBI, from 1 April 2012). Raises CHEQUE_*, TRANSFER_REFERENCE, CARD_SLIP. */
export function checkTender(tender: Tender, today: LocalDate): void {
  switch (tender.kind) {
    case "cheque":
    case "dd":
      if (!/^\d{6}$/.test(tender.number)) throw collectionErrors.CHEQUE_NUMBER({ number: tender.number.slice(0, 20) });
      if (tender.bank.trim() === "") throw counterErrors.BASKET({ problem: "the bank of the cheque is not said" });
      return checkDate(tender.number, tender.date, today, 3);
    case "postal-order":
      if (!/^[A-Za-z0-9 /-]{4,20}$/.test(tender.number))
        throw counterErrors.POSTAL_ORDER({ number: tender.number.slice(0, 30) });
      // Post Office Guide: payable for twenty-four months from the month of issue.
      return checkDate(tender.number, tender.date, today, 24);
    case "bank-transfer":
      if (!/^[A-Za-z0-9]{10,30}$/.test(tender.utr))
        throw collectionErrors.TRANSFER_REFERENCE({ utr: tender.utr.slice(0, 40) });
      return;
    case "challan":
      if (!/^[A-Za-z0-9/-]{4,30}$/.test(tender.utr))
        throw collectionErrors.TRANSFER_REFERENCE({ utr: tender.utr.slice(0, 40) });
      return;
    case "pos":
    case "upi":
      if (!/^\d{12}$/.test(tender.rrn)) throw counterErrors.CARD_SLIP({ number: tender.rrn.slice(0, 30) });
      if (tender.acquirer.trim() === "") throw counterErrors.BASKET({ problem: "the bank of the machine is not said" });
      return;
    case "cash":
  }
}

function checkDate(number: string, date: LocalDate, today: LocalDate, months: number): void {
  if (date > today) {
    throw collectionErrors.CHEQUE_POST_DATED({ number, dated: formatDate(date), today: formatDate(today) });
  }
  const until = addMonths(date, months);
  if (today > until) {
    throw collectionErrors.CHEQUE_STALE({ number, dated: formatDate(date), until: formatDate(until) });
  }
}

export type TenderedMoney = {
  readonly instrument: ReceiptDraft["instrument"];
  readonly party: Party | undefined;
  readonly words: string;
};

const WORDS = { cheque: "cheque", dd: "draft", "postal-order": "postal order" } as const;

/** Where the money of a tender stands in the books, and how its papers name it. */
export async function moneyOf(tx: Tx, tender: Tender): Promise<TenderedMoney> {
  const accounts = await postingAccounts(tx, "cash-in-hand", "cheques-in-hand", "bank-main", "pos-clearing");
  const none = { number: null, bank: null, branch: null, date: null };
  switch (tender.kind) {
    case "cash":
      return {
        instrument: { ...none, kind: "cash", account: accounts["cash-in-hand"], status: "received" },
        party: undefined,
        words: "cash",
      };
    case "bank-transfer":
    case "challan":
      return {
        instrument: {
          ...none,
          kind: tender.kind,
          account: accounts["bank-main"],
          status: "deposited",
          number: tender.utr.toUpperCase(),
          date: tender.date,
        },
        party: { type: "utr", id: tender.utr.toUpperCase() },
        words: `${tender.kind === "challan" ? "challan" : "bank transfer"} ${tender.utr}`,
      };
    case "pos":
    case "upi":
      return {
        instrument: {
          ...none,
          kind: tender.kind,
          account: accounts["pos-clearing"],
          status: "received",
          number: tender.rrn,
          acquirer: tender.acquirer.trim().toUpperCase(),
          batchNo: tender.batchNo?.trim() === "" ? null : (tender.batchNo?.trim() ?? null),
        },
        party: slipParty(tender.rrn),
        words: `${tender.kind === "pos" ? "card" : "UPI"} slip ${tender.rrn} of ${tender.acquirer}`,
      };
    default: {
      const bank = tender.kind === "postal-order" ? "POST OFFICE" : tender.bank.trim().toUpperCase();
      return {
        instrument: {
          kind: tender.kind,
          account: accounts["cheques-in-hand"],
          status: "received",
          number: tender.number,
          bank,
          branch: tender.kind === "postal-order" ? null : (tender.branch ?? null),
          date: tender.date,
        },
        party: chequeParty(tender.number),
        words: `${WORDS[tender.kind]} ${tender.number} of ${tender.kind === "postal-order" ? "the post office" : tender.bank}, subject to realisation`,
      };
    }
  }
}

/** What a violated rule of the instruments says about a tender that was entered before. */
export function enteredAlready(rule: string | undefined, tender: Tender): Error | undefined {
  if (rule === "cheque_is_entered_once" && (tender.kind === "cheque" || tender.kind === "dd"))
    return collectionErrors.CHEQUE_ENTERED_ALREADY({ number: tender.number, bank: tender.bank });
  if (rule === "postal_order_is_entered_once" && tender.kind === "postal-order")
    return collectionErrors.CHEQUE_ENTERED_ALREADY({ number: tender.number, bank: "the post office" });
  if (rule === "transfer_is_entered_once" && (tender.kind === "bank-transfer" || tender.kind === "challan"))
    return collectionErrors.TRANSFER_ENTERED_ALREADY({ utr: tender.utr });
  if (rule === "card_slip_is_entered_once" && (tender.kind === "pos" || tender.kind === "upi"))
    return counterErrors.CARD_SLIP_ENTERED_ALREADY({ number: tender.rrn, acquirer: tender.acquirer });
  return undefined;
}
