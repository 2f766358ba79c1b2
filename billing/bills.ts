import { takeNumber } from "../ledger/index.ts";
import { financialYearOf, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { isUuid, newId } from "../ledger/kernel/ids.ts";
import type { Paise } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { composeBill, type BillBody, type BillLine } from "./compose-bill.ts";
import { CONSUMER_COLUMNS, getConsumer, type Consumer } from "./consumers.ts";
import { lateFacts, openLines, reckonPenalties } from "./dues.ts";
import { billingErrors } from "./errors.ts";
import { lockConsumers } from "./register.ts";
import { serviceOn } from "./tax-heads.ts";

export type Bill = Omit<BillBody, "lines"> & {
  readonly id: string;
  /** "B/2026-27/000123": gapless in the ULB and year. */
  readonly number: string;
  readonly consumer: Consumer;
  readonly issuedAt: Date;
  /** False when a later bill of the consumer stands in its place. */
  readonly isLatest: boolean;
  readonly lines: readonly NamedBillLine[];
};

export type NamedBillLine = BillLine & {
  readonly name: string;
  readonly nameLocal: string | null;
  readonly cessName: string | null;
  readonly cessNameLocal: string | null;
};

/** What the consumer would be asked to pay on a day; writes nothing. Nothing due gives a bill without lines. */
export async function previewBill(read: Read, consumerId: string, asOf: LocalDate): Promise<BillBody> {
  return bodyFor(read, await getConsumer(read, consumerId), asOf);
}

async function bodyFor(read: Read, consumer: Consumer, asOf: LocalDate): Promise<BillBody> {
  const service = await serviceOn(read, consumer.service, asOf);
  const lines = await openLines(read, [consumer.id]);
  const reckoned = service.terms.penalty
    ? reckonPenalties(lines, await lateFacts(read, lines, asOf), service, asOf)
    : [];
  return composeBill(consumer.id, lines, reckoned, asOf, service.terms);
}

/**
 * Issues the consumer's bill for a day. While the same is due the bill that was issued before is given again, with its number; when dues,
 * penalty or rebate have changed a new one takes its place. Raises CONSUMER_NOT_FOUND, BILL_NOTHING_DUE.
 */
export async function billFor(tx: Tx, consumerId: string, asOf: LocalDate): Promise<Bill> {
  await lockConsumers(tx, [consumerId]);
  const consumer = await getConsumer(tx, consumerId);
  const body = await bodyFor(tx, consumer, asOf);
  if (body.lines.length === 0) {
    throw billingErrors.BILL_NOTHING_DUE({ consumer: `${consumer.service} ${consumer.code}`, asOf });
  }
  const latest = await tx.queryOne<{ id: string; fingerprint: string }>(
    `select bill_id as id, fingerprint from billing.bills
     where ulb_id = :ulb and consumer_id = :consumer::uuid order by fy desc, number desc limit 1`,
    { ulb: tx.ulb.id, consumer: consumerId },
  );
  if (latest?.fingerprint === body.fingerprint) return getBill(tx, latest.id);

  const id = newId();
  const fy = financialYearOf(asOf);
  // The number last: its row stays locked until commit.
  const number = await takeNumber(tx, "bill", fy);
  await tx.query(
    `insert into billing.bills (ulb_id, bill_id, fy, number, consumer_id, as_of, arrears, current, penalty, rebate, rounding, total, fingerprint,
       issued_at, issued_by)
     values (:ulb, :id, :fy, :number, :consumer, :as_of, :arrears, :current, :penalty, :rebate, :rounding, :total, :fingerprint, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id,
      fy,
      number,
      consumer: consumerId,
      as_of: asOf,
      arrears: body.arrears,
      current: body.current,
      penalty: body.penalty,
      rebate: body.rebate,
      rounding: body.rounding,
      total: body.total,
      fingerprint: body.fingerprint,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await tx.query(
    `insert into billing.bill_lines (ulb_id, bill_id, line_no, demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part, amount,
       cess_head, cess, rebate)
     select :ulb::integer, :id::uuid, l.no, l.demand_id, l.tax_head, l.kind, l.demand_year, l.period_from, l.period_to, l.due_date, l.part, l.amount,
       l.cess_head, l.cess, l.rebate
     from unnest(:demands::uuid[], :heads::text[], :kinds::text[], :years::text[], :froms::date[], :tos::date[], :dues::date[], :parts::text[],
       :amounts::bigint[], :cess_heads::text[], :cesses::bigint[], :rebates::bigint[]) with ordinality
       as l (demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part, amount, cess_head, cess, rebate, no)`,
    {
      ulb: tx.ulb.id,
      id,
      demands: body.lines.map((l) => l.demandId),
      heads: body.lines.map((l) => l.taxHead),
      kinds: body.lines.map((l) => l.kind),
      years: body.lines.map((l) => l.demandYear),
      froms: body.lines.map((l) => l.periodFrom),
      tos: body.lines.map((l) => l.periodTo),
      dues: body.lines.map((l) => l.dueDate),
      parts: body.lines.map((l) => l.part),
      amounts: body.lines.map((l) => l.amount),
      cess_heads: body.lines.map((l) => l.cessHead),
      cesses: body.lines.map((l) => l.cess),
      rebates: body.lines.map((l) => l.rebate),
    },
  );
  return getBill(tx, id);
}

type BillRow = {
  id: string;
  fy: FinancialYear;
  number: bigint;
  consumer_id: string;
  as_of: LocalDate;
  arrears: Paise;
  current: Paise;
  penalty: Paise;
  rebate: Paise;
  rounding: Paise;
  total: Paise;
  fingerprint: string;
  issued_at: Date;
  is_latest: boolean;
};

const BILL = `select b.bill_id as id, b.fy, b.number, b.consumer_id, b.as_of, b.arrears, b.current, b.penalty, b.rebate, b.rounding, b.total,
    b.fingerprint, b.issued_at, not exists (
      select 1 from billing.bills n where n.ulb_id = b.ulb_id and n.consumer_id = b.consumer_id and (n.fy, n.number) > (b.fy, b.number)
    ) as is_latest
  from billing.bills b where b.ulb_id = :ulb`;

/** A bill as it was issued. Raises BILL_NOT_FOUND, also for a bill of another ULB. */
export async function getBill(read: Read, billId: string): Promise<Bill> {
  if (!isUuid(billId)) throw billingErrors.BILL_NOT_FOUND({ bill: billId.slice(0, 40) });
  const bill = await read.queryOne<BillRow>(`${BILL} and b.bill_id = :id::uuid`, { ulb: read.ulb.id, id: billId });
  if (!bill) throw billingErrors.BILL_NOT_FOUND({ bill: billId });
  return complete(read, bill);
}

/** By its printed number, "B/2026-27/000123". Raises BILL_NOT_FOUND. */
export async function getBillByNumber(read: Read, billNumber: string): Promise<Bill> {
  const match = /^B\/(\d{4}-\d{2})\/(\d{1,18})$/.exec(billNumber);
  const bill =
    match &&
    (await read.queryOne<BillRow>(`${BILL} and b.fy = :fy and b.number = :number::bigint`, {
      ulb: read.ulb.id,
      fy: match[1],
      number: match[2],
    }));
  if (!bill) throw billingErrors.BILL_NOT_FOUND({ bill: billNumber.slice(0, 40) });
  return complete(read, bill);
}

async function complete(read: Read, bill: BillRow): Promise<Bill> {
  const lines = await read.query<NamedBillLine>(
    `select l.demand_id as "demandId", l.tax_head as "taxHead", l.kind, l.demand_year as "demandYear", l.period_from as "periodFrom",
       l.period_to as "periodTo", l.due_date as "dueDate", l.part, l.amount, l.cess_head as "cessHead", l.cess, l.rebate,
       h.name, h.name_local as "nameLocal", c.name as "cessName", c.name_local as "cessNameLocal"
     from billing.bill_lines l
     join lateral (
       select name, name_local from billing.tax_heads h
       where h.ulb_id = l.ulb_id and h.code = l.tax_head order by valid_from <= :as_of::date desc, valid_from desc limit 1
     ) as h on true
     left join lateral (
       select name, name_local from billing.tax_heads c
       where c.ulb_id = l.ulb_id and c.code = l.cess_head order by valid_from <= :as_of::date desc, valid_from desc limit 1
     ) as c on true
     where l.ulb_id = :ulb and l.bill_id = :id::uuid
     order by l.line_no`,
    { ulb: read.ulb.id, id: bill.id, as_of: bill.as_of },
  );
  const consumer = await read.queryOne<Consumer>(
    `select ${CONSUMER_COLUMNS} from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid`,
    { ulb: read.ulb.id, id: bill.consumer_id },
  );
  if (!consumer) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: bill.consumer_id });
  return {
    id: bill.id,
    number: `B/${bill.fy}/${bill.number.toString().padStart(6, "0")}`,
    consumer,
    asOf: bill.as_of,
    lines,
    arrears: bill.arrears,
    current: bill.current,
    penalty: bill.penalty,
    rebate: bill.rebate,
    rounding: bill.rounding,
    total: bill.total,
    fingerprint: bill.fingerprint,
    issuedAt: bill.issued_at,
    isLatest: bill.is_latest,
  };
}
