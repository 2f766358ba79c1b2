import { dishonourHeadOf, raiseCharge } from "../../billing/index.ts";
import { postEntry, postingAccounts } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { drawerOf } from "../counter/drawer.ts";
import { counterErrors } from "../counter/errors.ts";
import { counterPolicy } from "../counter/policy.ts";
import { takeBack } from "../counter/take-back.ts";
import { isLeaf } from "../counter/tender.ts";
import {
  bankChargeLines,
  cancellationLines,
  chequeCreditLines,
  chequeParty,
  dishonourLines,
  slipParty,
  type Party,
} from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { takeBackAcknowledgement } from "./acknowledgements.ts";
import { fundsOf } from "./funds.ts";
import { returnReason } from "./return-reasons.ts";
import { noticeDates } from "./section-138.ts";
import { getReceipt, markReceipt, type Receipt } from "../receipts/receipts.ts";

export type Dishonour = {
  readonly instrumentId: string;
  /** The date of the bank's memo. */
  readonly date: LocalDate;
  /** The bank's words; the clearing house's, where its code is given and nothing else is said. */
  readonly reason: string;
  /** The clearing house's code: it decides whether the drawer is at fault. Without one he is taken to be, as the caller charges him. */
  readonly reasonCode?: string | undefined;
  /** The bank's statement shows that it took the money back, so it had given it before: a leaf in clearing is credited and returned in one entry. */
  readonly isDebited?: boolean;
  /** What the bank took for it. */
  readonly bankCharge: Paise;
  /**
   * What the payer is charged: zero where the drawer is not at fault (Madras High Court, 2019). Becomes a due of the consumer. When it is not said,
   * the ULB's charge, where the drawer is at fault.
   */
  readonly payerCharge?: Paise | undefined;
  /** The tax head under which the charge is demanded. */
  readonly chargeHead?: string;
};

type Held = {
  id: string;
  receipt_id: string | null;
  ack_id: string | null;
  tender_id: string | null;
  kind: string;
  number: string;
  status: string;
  amount: bigint;
  bank_account: string | null;
  clearing_account: string | null;
  funds: Readonly<Record<string, string>>;
  deposited_on: LocalDate | null;
  cleared_on: LocalDate | null;
};
/** A leaf at the bank: its place in the books is known. */
type AtBank = Held & { bank_account: string };

export type Dishonoured = {
  /** The receipt that is dishonoured; null where the cheque was only acknowledged. */
  readonly receipt: Receipt | null;
  /** The last day of the notice under s.138 of the Negotiable Instruments Act: thirty days from the memo. */
  readonly noticeBy: LocalDate;
  readonly entryNumber: string;
  readonly dishonourId: string;
};

/**
 * The bank returned a cheque, draft or postal order, at once or after it had credited it: what it had settled is due again (as if it had never been
 * paid: cess, rebate and the penalty's clock included), the bank's charge is booked, the payer is charged where he is at fault, and the receipt is
 * DISHONOURED but stays visible; in one entry that names the receipt's. A leaf that paid several accounts comes back for all of them.
 * Raises INSTRUMENT_NOT_FOUND, INSTRUMENT_STATUS, DISHONOUR_DATE, RETURN_*, and the ledger's refusals.
 */
export async function returnInstrument(tx: Tx, fact: Dishonour): Promise<Dishonoured> {
  const known = fact.reasonCode === undefined ? undefined : returnReason(fact.reasonCode);
  if (fact.reasonCode !== undefined && !known)
    throw counterErrors.RETURN_REASON({ code: fact.reasonCode.slice(0, 20) });
  const isFault = known?.isDrawersFault ?? true;
  const reason = fact.reason.trim() || (known?.words ?? "");
  const policy = await counterPolicy(tx);
  const payerCharge = fact.payerCharge ?? (isFault && known ? policy.dishonourCharge : ZERO);
  if (!isFault && payerCharge > 0n) {
    throw counterErrors.RETURN_NOT_DRAWERS_FAULT({ reason, charge: formatIndian(payerCharge) });
  }
  const rows = await tx.query<Held>(
    `select i.instrument_id as id, i.receipt_id, i.ack_id, i.tender_id, i.kind, i.number, i.status, i.amount, i.funds, m.bank_account,
       m.clearing_account, m.deposited_on, i.cleared_on
     from collections.instruments i
     left join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
     where i.ulb_id = :ulb and (i.instrument_id = :id::uuid or i.tender_id =
       (select tender_id from collections.instruments where ulb_id = :ulb and instrument_id = :id::uuid))
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, id: fact.instrumentId },
  );
  const asked = rows.find((r) => r.id === fact.instrumentId);
  if (!asked) throw collectionErrors.INSTRUMENT_NOT_FOUND({ instrument: fact.instrumentId });
  const shares = [asked, ...rows.filter((r) => r !== asked)].map((held) => atBank(held, fact.date));
  const results: Dishonoured[] = [];
  for (const [i, held] of shares.entries()) {
    // The bank charges a leaf once, and so does the ULB.
    const charges = i === 0 ? { bankCharge: fact.bankCharge, payerCharge } : { bankCharge: ZERO, payerCharge: ZERO };
    results.push(await returnShare(tx, held, { ...fact, ...charges, reason }, isFault));
  }
  const [first] = results;
  invariant(first, "the leaf that was asked for is returned");
  return first;
}

/** The same, for a cheque that has its receipt. Raises also RECEIPT_NOT_FOUND where it was only acknowledged. */
export async function dishonour(
  tx: Tx,
  fact: Dishonour,
): Promise<{ readonly receipt: Receipt; readonly noticeBy: LocalDate; readonly entryNumber: string }> {
  const { receipt, noticeBy, entryNumber } = await returnInstrument(tx, fact);
  if (!receipt) throw collectionErrors.RECEIPT_NOT_FOUND({ receipt: `of instrument ${fact.instrumentId}` });
  return { receipt, noticeBy, entryNumber };
}

function atBank(held: Held, on: LocalDate): AtBank {
  if (
    !isLeaf(held.kind) ||
    (held.status !== "deposited" && held.status !== "cleared") ||
    held.bank_account === null ||
    held.deposited_on === null
  ) {
    throw collectionErrors.INSTRUMENT_STATUS({ instrument: `${held.kind} ${held.number}`, status: held.status });
  }
  if (on < held.deposited_on || (held.cleared_on !== null && on < held.cleared_on)) {
    throw collectionErrors.DISHONOUR_DATE({
      on: formatDate(on),
      deposited: formatDate(held.deposited_on),
      credited: held.cleared_on === null ? null : formatDate(held.cleared_on),
    });
  }
  return { ...held, bank_account: held.bank_account };
}

/** The receipt that stands for the money now: the one that was issued for it, or what replaced it. */
async function liveReceipt(tx: Tx, receiptId: string): Promise<Receipt> {
  const row = await tx.queryOne<{ id: string }>(
    `select receipt_id as id from collections.receipts
     where ulb_id = :ulb and (receipt_id = :id::uuid or original_id = :id::uuid) and status = 'issued'`,
    { ulb: tx.ulb.id, id: receiptId },
  );
  return getReceipt(tx, row?.id ?? receiptId);
}

async function returnShare(
  tx: Tx,
  held: AtBank,
  fact: Dishonour & { readonly payerCharge: Paise },
  isFault: boolean,
): Promise<Dishonoured> {
  const id = newId();
  const source = { type: "dishonour", id };
  const bank = held.bank_account;
  // Until the bank has credited it, a leaf stands in clearing where the ULB keeps it there.
  const clearing = held.status === "deposited" ? held.clearing_account : null;
  const money = clearing === null || fact.isDebited === true ? bank : clearing;
  const receipt = held.receipt_id === null ? null : await liveReceipt(tx, held.receipt_id);
  const back = receipt ? await takeBack(tx, receipt, { date: fact.date, newSource: source }) : undefined;
  const acknowledged =
    receipt === null && held.ack_id !== null
      ? await takeBackAcknowledgement(tx, held.ack_id, { status: "returned", on: fact.date, money })
      : undefined;
  const consumerId = back?.consumerId ?? acknowledged?.ack.consumerId;
  const charge =
    fact.payerCharge > 0n && consumerId
      ? await raiseCharge(tx, {
          consumerId,
          taxHead: fact.chargeHead ?? dishonourHeadOf(receipt?.service ?? (await serviceOf(tx, consumerId))),
          amount: fact.payerCharge,
          date: fact.date,
          source,
        })
      : { ledgerLines: [] };
  const accounts = await postingAccounts(tx, "bank-charges");
  const { noticeBy } = noticeDates(fact.date, null);
  await tx.query(
    `insert into collections.dishonours (ulb_id, dishonour_id, instrument_id, receipt_id, ack_id, dishonoured_on, reason, reason_code,
       is_drawers_fault, bank_charge, payer_charge, notice_by, recorded_by, recorded_at)
     values (:ulb, :id, :instrument, :receipt, :ack, :on_date, :reason, :code, :fault, :bank_charge, :payer_charge, :notice_by, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      instrument: held.id,
      receipt: receipt?.id ?? null,
      ack: held.ack_id,
      on_date: fact.date,
      reason: fact.reason,
      code: fact.reasonCode ?? null,
      fault: isFault,
      bank_charge: fact.bankCharge,
      payer_charge: fact.payerCharge,
      notice_by: noticeBy,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `update collections.instruments set status = 'dishonoured' where ulb_id = :ulb and instrument_id = :id::uuid`,
    { ulb: tx.ulb.id, id: held.id },
  );
  if (receipt) await markReceipt(tx, receipt.id, "dishonoured", fact.date, fact.reason);
  const entry = await postEntry(tx, {
    voucher: "payment",
    date: fact.date,
    narration: `Cheque ${held.number} returned: ${fact.reason}; ${receipt ? `receipt ${receipt.number}` : `acknowledgement ${acknowledged?.ack.number ?? ""}`}`,
    source,
    ...(back?.entry === undefined ? {} : { reverses: back.entry }),
    lines: [
      ...(clearing !== null && money === bank
        ? chequeCreditLines({ bank, clearing }, chequeParty(held.number), fundsOf([held]))
        : []),
      ...(back ? dishonourLines(money, held.number, back.lines) : (acknowledged?.lines ?? [])),
      ...(fact.bankCharge > 0n
        ? bankChargeLines({ bank, bankCharges: accounts["bank-charges"] }, fact.bankCharge)
        : []),
      ...charge.ledgerLines,
    ],
  });
  return {
    receipt: receipt ? await getReceipt(tx, receipt.id) : null,
    noticeBy,
    entryNumber: entry.number,
    dishonourId: id,
  };
}

async function serviceOf(tx: Tx, consumerId: string): Promise<string> {
  const row = await tx.queryOne<{ service: string }>(
    "select service from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid",
    { ulb: tx.ulb.id, id: consumerId },
  );
  return row?.service ?? "";
}

/**
 * Cancels a counter receipt whose money is still in the drawer (mis-keyed, payer gone): the dues are open again, the money leaves the books, the
 * number stays used. A cheque or slip that paid several accounts is given back whole, with all its receipts. The acting person approves what
 * `requestedBy` asked for; nobody cancels a receipt of his own.
 * Raises RECEIPT_NOT_FOUND, RECEIPT_STATUS, CANCEL_REASON, CANCEL_OWN, CANCEL_DEPOSITED, and the ledger's refusals.
 */
export async function cancelReceipt(
  tx: Tx,
  cancellation: { readonly receiptId: string; readonly reason: string; readonly requestedBy: string },
): Promise<Receipt> {
  const receipt = await getReceipt(tx, cancellation.receiptId);
  if (cancellation.reason.trim().length < 5) throw collectionErrors.CANCEL_REASON({ reason: cancellation.reason });
  if (receipt.status !== "issued") {
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });
  }
  if (tx.actor.id === receipt.issuedBy || tx.actor.id === cancellation.requestedBy) {
    throw collectionErrors.CANCEL_OWN({ person: tx.actor.id });
  }
  const rows = await tx.query<InDrawer>(
    `select i.receipt_id, i.account, i.status, i.number, i.kind
     from collections.instruments i
     join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
     join collections.counter_sessions s on s.ulb_id = r.ulb_id and s.session_id = r.session_id and s.status = 'open'
     where i.ulb_id = :ulb and (i.receipt_id = :id::uuid or (i.kind <> 'cash' and i.tender_id =
       (select tender_id from collections.instruments where ulb_id = :ulb and receipt_id = :id::uuid)))
     order by i.instrument_id for no key update of i, s`,
    { ulb: tx.ulb.id, id: receipt.id },
  );
  const own = rows.find((r) => r.receipt_id === receipt.id);
  if (!own || receipt.kind === "replacement" || rows.some((r) => r.status !== "received"))
    throw collectionErrors.CANCEL_DEPOSITED({ receipt: receipt.number });
  // Its notes may have been handed on to another drawer: then there is nothing to give back out of this one.
  if (
    own.kind === "cash" &&
    receipt.sessionId !== null &&
    (await drawerOf(tx, receipt.sessionId)).expected < receipt.amount
  )
    throw collectionErrors.CANCEL_DEPOSITED({ receipt: receipt.number });
  for (const held of [own, ...rows.filter((r) => r !== own)]) await cancelOne(tx, held, cancellation);
  return getReceipt(tx, receipt.id);
}

type InDrawer = { receipt_id: string; account: string; status: string; number: string | null; kind: string };

async function cancelOne(
  tx: Tx,
  held: InDrawer,
  cancellation: { readonly reason: string; readonly requestedBy: string },
): Promise<void> {
  const receipt = await getReceipt(tx, held.receipt_id);
  const date = dateInIndia(tx.clock());
  const id = newId();
  const source = { type: "cancellation", id };
  const back = await takeBack(tx, receipt, { date, newSource: source });
  await tx.query(
    `insert into collections.cancellations (ulb_id, cancellation_id, receipt_id, cancelled_on, reason, requested_by, approved_by, recorded_at)
     values (:ulb, :id, :receipt, :on_date, :reason, :requested_by, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      receipt: receipt.id,
      on_date: date,
      reason: cancellation.reason,
      requested_by: cancellation.requestedBy,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `update collections.instruments set status = 'cancelled' where ulb_id = :ulb and receipt_id = :id::uuid`,
    { ulb: tx.ulb.id, id: receipt.id },
  );
  await markReceipt(tx, receipt.id, "cancelled", date, cancellation.reason);
  await audit(tx, { action: "cancel", subject: "receipt", subjectId: receipt.id, reason: cancellation.reason });
  await postEntry(tx, {
    voucher: "payment",
    date,
    narration: `Receipt ${receipt.number} cancelled: ${cancellation.reason}`,
    source,
    ...(back.entry === undefined ? {} : { reverses: back.entry }),
    lines: cancellationLines(held.account, partyOf(held), back.lines),
  });
}

function partyOf({ kind, number }: InDrawer): Party | undefined {
  if (kind === "cash") return undefined;
  return kind === "pos" || kind === "upi" ? slipParty(number ?? "") : chequeParty(number ?? "");
}
