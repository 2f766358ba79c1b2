import { addDays, addMonths, dateInIndia, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { counterErrors } from "../counter/errors.ts";
import { collectionErrors } from "../errors.ts";

/** The days of s.138 and s.142 of the Negotiable Instruments Act, from the bank's memo and, once it is known, the day the notice was served. */
export type NoticeDates = {
  /** The notice is given within thirty days of the bank's information. */
  readonly noticeBy: LocalDate;
  /** The drawer pays within fifteen days of receiving it. */
  readonly payBy: LocalDate | null;
  /** The complaint is made within one month after that. */
  readonly complaintFrom: LocalDate | null;
  readonly complaintBy: LocalDate | null;
};

export function noticeDates(memo: LocalDate, served: LocalDate | null): NoticeDates {
  const payBy = served === null ? null : addDays(served, 15);
  return {
    noticeBy: addDays(memo, 30),
    payBy,
    complaintFrom: payBy === null ? null : addDays(payBy, 1),
    complaintBy: payBy === null ? null : addMonths(addDays(payBy, 1), 1),
  };
}

/** A returned cheque with where its notice stands. */
export type ReturnedCheque = {
  readonly dishonourId: string;
  readonly receiptId: string | null;
  readonly consumerCode: string;
  readonly consumerName: string;
  readonly address: string;
  readonly payerName: string;
  readonly number: string;
  readonly bank: string;
  readonly chequeDate: LocalDate;
  readonly amount: Paise;
  readonly payerCharge: Paise;
  readonly dishonouredOn: LocalDate;
  readonly reason: string;
  readonly reasonCode: string | null;
  readonly isDrawersFault: boolean;
  readonly issuedOn: LocalDate | null;
  readonly servedOn: LocalDate | null;
  readonly dates: NoticeDates;
};

type Row = Omit<ReturnedCheque, "dates">;
const SELECT = `
  select d.dishonour_id as "dishonourId", d.receipt_id as "receiptId", coalesce(r.consumer_code, a.consumer_code, '') as "consumerCode",
    coalesce(c.name, '') as "consumerName", coalesce(c.address, '') as address, coalesce(r.payer_name, a.payer_name) as "payerName",
    i.number, coalesce(i.bank, '') as bank, i.instrument_date as "chequeDate",
    (select sum(s.amount)::bigint from collections.instruments s
     where s.ulb_id = i.ulb_id and (s.instrument_id = i.instrument_id or s.tender_id = i.tender_id)) as amount,
    d.payer_charge as "payerCharge", d.dishonoured_on as "dishonouredOn", d.reason, d.reason_code as "reasonCode",
    d.is_drawers_fault as "isDrawersFault", n.issued_on as "issuedOn", n.served_on as "servedOn"
  from collections.dishonours d
  join collections.instruments i on i.ulb_id = d.ulb_id and i.instrument_id = d.instrument_id and i.share_no = 0
  left join collections.receipts r on r.ulb_id = d.ulb_id and r.receipt_id = d.receipt_id
  left join collections.acknowledgements a on a.ulb_id = d.ulb_id and a.ack_id = d.ack_id
  left join billing.consumers c on c.ulb_id = d.ulb_id and c.consumer_id = coalesce(r.consumer_id, a.consumer_id)
  left join collections.cheque_notices n on n.ulb_id = d.ulb_id and n.dishonour_id = d.dishonour_id
  where d.ulb_id = :ulb`;
const withDates = (row: Row): ReturnedCheque => ({ ...row, dates: noticeDates(row.dishonouredOn, row.servedOn) });

/** Returned cheques, the latest first; a leaf that paid several accounts stands once. At most 500. */
export async function returnedCheques(read: Read, from: LocalDate, to: LocalDate): Promise<ReturnedCheque[]> {
  const rows = await read.query<Row>(
    `${SELECT} and d.dishonoured_on between :from_day::date and :to_day::date order by d.dishonoured_on desc, d.dishonour_id limit 500`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
  return rows.map(withDates);
}

/** Raises INSTRUMENT_NOT_FOUND. */
export async function getReturnedCheque(read: Read, dishonourId: string): Promise<ReturnedCheque> {
  const row = await read.queryOne<Row>(`${SELECT} and d.dishonour_id = :id::uuid`, {
    ulb: read.ulb.id,
    id: dishonourId,
  });
  if (!row) throw collectionErrors.INSTRUMENT_NOT_FOUND({ instrument: dishonourId });
  return withDates(row);
}

/** The notice to the drawer is given today. Raises INSTRUMENT_NOT_FOUND, NOTICE_NOT_DUE, NOTICE_LATE, NOTICE_GIVEN. */
export async function giveNotice(tx: Tx, dishonourId: string): Promise<ReturnedCheque> {
  const cheque = await getReturnedCheque(tx, dishonourId);
  if (!cheque.isDrawersFault) throw counterErrors.NOTICE_NOT_DUE({ reason: cheque.reason });
  if (cheque.issuedOn) throw counterErrors.NOTICE_GIVEN({ on: formatDate(cheque.issuedOn) });
  const on = dateInIndia(tx.clock());
  if (on > cheque.dates.noticeBy)
    throw counterErrors.NOTICE_LATE({ on: formatDate(on), by: formatDate(cheque.dates.noticeBy) });
  try {
    await tx.query(
      `insert into collections.cheque_notices (ulb_id, notice_id, dishonour_id, issued_on, issued_by, recorded_at)
       values (:ulb, :id, :dishonour, :on_date, :actor, :now)`,
      { ulb: tx.ulb.id, id: newId(), dishonour: dishonourId, on_date: on, actor: tx.actor.id, now: tx.clock() },
    );
  } catch (error) {
    if (violatedRule(error) === "one_notice_per_dishonour") throw counterErrors.NOTICE_GIVEN({ on: formatDate(on) });
    throw error;
  }
  await audit(tx, { action: "give-notice", subject: "returned-cheque", subjectId: dishonourId });
  return getReturnedCheque(tx, dishonourId);
}

/** The notice reached the drawer on that day (the postal acknowledgement): from it the fifteen days run. Raises INSTRUMENT_NOT_FOUND. */
export async function noticeServed(tx: Tx, dishonourId: string, on: LocalDate): Promise<ReturnedCheque> {
  const cheque = await getReturnedCheque(tx, dishonourId);
  if (cheque.issuedOn === null || on < cheque.issuedOn || on > dateInIndia(tx.clock()))
    throw counterErrors.NOTICE_NOT_DUE({ reason: `served on ${formatDate(on)}` });
  await tx.query(
    "update collections.cheque_notices set served_on = :on_date where ulb_id = :ulb and dishonour_id = :id::uuid",
    { ulb: tx.ulb.id, id: dishonourId, on_date: on },
  );
  await audit(tx, { action: "notice-served", subject: "returned-cheque", subjectId: dishonourId, after: { on } });
  return getReturnedCheque(tx, dishonourId);
}
