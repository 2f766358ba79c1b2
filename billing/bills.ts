import { audit } from "../ledger/kernel/audit.ts";
import { financialYearOf, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { isUuid, newId } from "../ledger/kernel/ids.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { billFacts, type BillFacts, type BillRow } from "./bill-facts.ts";
import { composeBill, type BillBody, type BillLine } from "./compose-bill.ts";
import { consumersByWard, consumersOf, getConsumer, type Consumer } from "./consumers/consumers.ts";
import type { Service } from "./due.ts";
import { reckonPenalties } from "./dues.ts";
import { billingErrors } from "./errors.ts";
import { lockConsumers, need } from "./register.ts";

export type Bill = Omit<BillBody, "lines"> & {
  readonly id: string;
  /** "B/2026-27/000123": gapless in the ULB and year. */
  readonly number: string;
  readonly consumer: Consumer;
  readonly issuedAt: Date;
  /** False when a later bill of the consumer stands in its place. */
  readonly isLatest: boolean;
  /** It was cancelled: the next bill takes another number, though the same may be due. */
  readonly isCancelled: boolean;
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
  return need(bodiesOf(await billFacts(read, [consumer.id], asOf), asOf).get(consumer.id), consumer.code);
}

/** What the consumers would be asked to pay. Pure. Raises SERVICE_UNKNOWN. */
function bodiesOf(facts: BillFacts, asOf: LocalDate): ReadonlyMap<string, BillBody> {
  const linesOf = groupBy(facts.lines, (l) => l.consumerId);
  return new Map(
    [...facts.consumers.values()].map((consumer) => {
      const service = facts.services.get(consumer.service);
      if (!service) throw billingErrors.SERVICE_UNKNOWN({ service: consumer.service });
      const lines = linesOf.get(consumer.id) ?? [];
      const reckoned = reckonPenalties(lines, facts.late, service, asOf);
      return [consumer.id, composeBill(consumer.id, lines, reckoned, asOf, service.terms)];
    }),
  );
}

/**
 * Issues the consumer's bill for a day. While the same is due the bill that was issued before is given again, with its number; when dues,
 * penalty or rebate have changed a new one takes its place. Raises CONSUMER_NOT_FOUND, BILL_NOTHING_DUE.
 */
export async function billFor(tx: Tx, consumerId: string, asOf: LocalDate): Promise<Bill> {
  const [asked] = await billsFor(tx, [consumerId], asOf);
  return billOrRefusal(need(asked, consumerId), asOf);
}

/** A consumer who asked for a bill; null: nothing is due. */
export type AskedBill = { readonly consumer: Consumer; readonly bill: Bill | null };

/** Raises BILL_NOTHING_DUE. */
export function billOrRefusal({ consumer, bill }: AskedBill, asOf: LocalDate): Bill {
  if (!bill) throw billingErrors.BILL_NOTHING_DUE({ consumer: `${consumer.service} ${consumer.code}`, asOf });
  return bill;
}

/** The same for many, in the order given, with as many statements as for one. Raises CONSUMER_NOT_FOUND. */
export async function billsFor(tx: Tx, consumerIds: readonly string[], asOf: LocalDate): Promise<AskedBill[]> {
  const { issued, facts } = await issue(tx, consumerIds, asOf);
  const byConsumer = new Map(issued.map((b) => [b.consumerId, b]));
  const before = issued.filter((b) => !b.isNew).map((b) => b.id);
  const linesBefore = before.length === 0 ? new Map<string, NamedBillLine[]>() : await linesOfBills(tx, before);
  return consumerIds.map((id) => {
    const consumer = need(facts.consumers.get(id), id);
    const bill = byConsumer.get(id);
    if (!bill) return { consumer, bill: null };
    if (bill.isNew) return { consumer, bill: newBill(bill, consumer, facts) };
    return { consumer, bill: billOf(need(facts.latest.get(id), id), consumer, linesBefore.get(bill.id) ?? []) };
  });
}

/** A bill as it was just written. */
function newBill({ id, number, body, issuedAt }: Issued, consumer: Consumer, facts: BillFacts): Bill {
  const nameOf = (code: string | null) => (code === null ? undefined : facts.names.get(code));
  const lines = body.lines.map((line): NamedBillLine => ({
    ...line,
    name: need(nameOf(line.taxHead), line.taxHead).name,
    nameLocal: nameOf(line.taxHead)?.nameLocal ?? null,
    cessName: nameOf(line.cessHead)?.name ?? null,
    cessNameLocal: nameOf(line.cessHead)?.nameLocal ?? null,
  }));
  return {
    ...body,
    id,
    number: billNumber(financialYearOf(body.asOf), need(number, id)),
    consumer,
    lines,
    issuedAt,
    isLatest: true,
    isCancelled: false,
  };
}

export type IssuedBill = {
  readonly id: string;
  readonly consumerId: string;
  /** False when the bill that was issued before says the same. */
  readonly isNew: boolean;
};

/**
 * Issues the bills of many consumers for a day, in the order given, as `billFor` does for one; whoever owes nothing gets none. Numbers follow
 * one another in that order. Raises CONSUMER_NOT_FOUND.
 */
export async function issueBills(tx: Tx, consumerIds: readonly string[], asOf: LocalDate): Promise<IssuedBill[]> {
  const { issued } = await issue(tx, consumerIds, asOf);
  return issued.map(({ id, consumerId, isNew }) => ({ id, consumerId, isNew }));
}

type Issued = IssuedBill & { readonly body: BillBody; readonly number: bigint | undefined; readonly issuedAt: Date };

async function issue(
  tx: Tx,
  consumerIds: readonly string[],
  asOf: LocalDate,
): Promise<{ readonly issued: readonly Issued[]; readonly facts: BillFacts }> {
  const consumers = await lockConsumers(tx, consumerIds);
  const facts = await billFacts(tx, [...consumers.keys()], asOf);
  const bodies = bodiesOf(facts, asOf);
  const due = [...new Set(consumerIds)].flatMap((consumerId) => {
    const body = need(bodies.get(consumerId), consumerId);
    if (body.lines.length === 0) return [];
    const before = facts.latest.get(consumerId);
    const isNew = before?.fingerprint !== body.fingerprint || before.is_cancelled;
    return [{ id: isNew || !before ? newId() : before.id, consumerId, isNew, body }];
  });
  const fresh = due.filter((b) => b.isNew);
  const issuedAt = tx.clock();
  const first = await insertBills(tx, fresh, asOf, issuedAt);
  const numbers = new Map(fresh.map((b, i) => [b.id, first + BigInt(i)]));
  return { issued: due.map((b) => ({ ...b, number: numbers.get(b.id), issuedAt })), facts };
}

/** Gives the number of the first. */
async function insertBills(
  tx: Tx,
  bills: readonly { readonly id: string; readonly consumerId: string; readonly body: BillBody }[],
  asOf: LocalDate,
  issuedAt: Date,
): Promise<bigint> {
  if (bills.length === 0) return 0n;
  const fy = financialYearOf(asOf);
  const lines = bills.flatMap((bill) => bill.body.lines.map((line, i) => ({ bill: bill.id, no: i + 1, ...line })));
  // The numbers with the last statement: their row stays locked until commit, and every bill of the city waits for it.
  const [row] = await tx.prepared<{ first: bigint }>(
    "bill-insert",
    `with numbers as materialized (
       select ledger.take_numbers(:ulb::integer, 'bill', :fy, :count::integer) as first
     ), issued as (
       insert into billing.bills (ulb_id, bill_id, fy, number, consumer_id, as_of, arrears, current, penalty, rebate, rounding, total, fingerprint,
         issued_at, issued_by)
       select :ulb::integer, b.id, :fy, n.first + b.no - 1, b.consumer_id, :as_of::date, b.arrears, b.current, b.penalty, b.rebate, b.rounding,
         b.total, b.fingerprint, :now::timestamptz, :actor
       from numbers n, unnest(:ids::uuid[], :consumers::uuid[], :arrears::bigint[], :currents::bigint[], :penalties::bigint[], :all_rebates::bigint[],
         :roundings::bigint[], :totals::bigint[], :fingerprints::text[]) with ordinality
         as b (id, consumer_id, arrears, current, penalty, rebate, rounding, total, fingerprint, no)
     ), lines as (
     insert into billing.bill_lines (ulb_id, bill_id, line_no, demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part, amount,
       cess_head, cess, rebate)
     select :ulb::integer, l.bill_id, l.no, l.demand_id, l.tax_head, l.kind, l.demand_year, l.period_from, l.period_to, l.due_date, l.part, l.amount,
       l.cess_head, l.cess, l.rebate
     from unnest(:bills::uuid[], :numbers::smallint[], :demands::uuid[], :heads::text[], :kinds::text[], :years::text[], :froms::date[], :tos::date[],
       :dues::date[], :parts::text[], :amounts::bigint[], :cess_heads::text[], :cesses::bigint[], :rebates::bigint[])
       as l (bill_id, no, demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part, amount, cess_head, cess, rebate)
     )
     select first from numbers`,
    {
      ulb: tx.ulb.id,
      fy,
      count: bills.length,
      as_of: asOf,
      now: issuedAt,
      actor: tx.actor.id,
      ids: bills.map((b) => b.id),
      consumers: bills.map((b) => b.consumerId),
      arrears: bills.map((b) => b.body.arrears),
      currents: bills.map((b) => b.body.current),
      penalties: bills.map((b) => b.body.penalty),
      all_rebates: bills.map((b) => b.body.rebate),
      roundings: bills.map((b) => b.body.rounding),
      totals: bills.map((b) => b.body.total),
      fingerprints: bills.map((b) => b.body.fingerprint),
      bills: lines.map((l) => l.bill),
      numbers: lines.map((l) => l.no),
      demands: lines.map((l) => l.demandId),
      heads: lines.map((l) => l.taxHead),
      kinds: lines.map((l) => l.kind),
      years: lines.map((l) => l.demandYear),
      froms: lines.map((l) => l.periodFrom),
      tos: lines.map((l) => l.periodTo),
      dues: lines.map((l) => l.dueDate),
      parts: lines.map((l) => l.part),
      amounts: lines.map((l) => l.amount),
      cess_heads: lines.map((l) => l.cessHead),
      cesses: lines.map((l) => l.cess),
      rebates: lines.map((l) => l.rebate),
    },
  );
  return need(row, "the first number").first;
}

const BILL = `select b.bill_id as id, b.fy, b.number, b.consumer_id, b.as_of, b.arrears, b.current, b.penalty, b.rebate, b.rounding, b.total,
    b.fingerprint, b.issued_at, not exists (
      select 1 from billing.bills n where n.ulb_id = b.ulb_id and n.consumer_id = b.consumer_id and (n.fy, n.number) > (b.fy, b.number)
    ) as is_latest, exists (
      select 1 from billing.cancelled_bills x where x.ulb_id = b.ulb_id and x.bill_id = b.bill_id
    ) as is_cancelled
  from billing.bills b where b.ulb_id = :ulb`;

/**
 * Cancels the newest bill of a consumer, on record: nobody need pay it, and whoever asks next gets another. Dues stay as they are. Gives the bill,
 * or undefined where the consumer has none, or one that is cancelled or paid. Raises CONSUMER_NOT_FOUND, BILL_CANCEL_REASON.
 */
export async function cancelBill(tx: Tx, consumerId: string, reason: string): Promise<Bill | undefined> {
  if (reason.trim() === "") throw billingErrors.BILL_CANCEL_REASON(undefined);
  await lockConsumers(tx, [consumerId]);
  const [latest] = await listBills(tx, consumerId, { limit: 1 });
  if (!latest || latest.isCancelled || (await paidBills(tx, [latest.id])).has(latest.id)) return undefined;
  await tx.query(
    `insert into billing.cancelled_bills (ulb_id, bill_id, reason, cancelled_at, cancelled_by) values (:ulb, :bill, :reason, :now, :actor)`,
    { ulb: tx.ulb.id, bill: latest.id, reason: reason.trim(), now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, { action: "cancel", subject: "bill", subjectId: latest.id, reason: reason.trim() });
  return { ...latest, isCancelled: true };
}

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

/** The bills of a consumer, newest first; at most `limit` (100). */
export async function listBills(
  read: Read,
  consumerId: string,
  page: { readonly limit?: number; readonly offset?: number } = {},
): Promise<Bill[]> {
  const rows = await read.query<BillRow>(
    `${BILL} and b.consumer_id = :consumer::uuid order by b.fy desc, b.number desc limit :row_limit offset :row_offset`,
    {
      ulb: read.ulb.id,
      consumer: consumerId,
      row_limit: Math.min(page.limit ?? 100, 100),
      row_offset: page.offset ?? 0,
    },
  );
  return completeAll(read, rows);
}

/** Where a reader of many bills stands: after the bill of this consumer. */
export type BillPlace = { readonly ward: string; readonly code: string };

/**
 * The newest bill of each consumer of a service who has one, in the order of wards and codes, at most `limit` (500) consumers at a time;
 * begin without `after`, go on with `next` until it is undefined.
 */
export async function latestBills(
  read: Read,
  page: { readonly service: Service; readonly ward?: string; readonly after?: BillPlace; readonly limit?: number },
): Promise<{ readonly bills: readonly Bill[]; readonly next: BillPlace | undefined }> {
  const consumers = await consumersByWard(read, page);
  const rows = await read.query<BillRow>(
    `select n.* from unnest(:ids::uuid[]) with ordinality as c (consumer_id, no)
     cross join lateral (${BILL} and b.consumer_id = c.consumer_id order by b.fy desc, b.number desc limit 1) as n
     order by c.no`,
    { ulb: read.ulb.id, ids: consumers.map((c) => c.id) },
  );
  return { bills: await completeAll(read, rows), next: consumers.at(-1) };
}

/** Which of these bills a payment names that was not taken back. */
export async function paidBills(read: Read, billIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await read.query<{ id: string }>(
    `select distinct p.bill_id as id
     from billing.bills b
     join billing.applied_payments p on p.ulb_id = b.ulb_id and p.consumer_id = b.consumer_id and p.bill_id = b.bill_id
     where b.ulb_id = :ulb and b.bill_id = any(:ids::uuid[]) and p.amount > 0 and not exists (
       select 1 from billing.applied_payments r
       where r.ulb_id = p.ulb_id and r.reverses_type = p.source_type and r.reverses_id = p.source_id
     )`,
    { ulb: read.ulb.id, ids: billIds },
  );
  return new Set(rows.map((r) => r.id));
}

async function complete(read: Read, bill: BillRow): Promise<Bill> {
  return need((await completeAll(read, [bill]))[0], bill.id);
}

/** Bills with their lines and consumers, in the order given, with two queries however many they are. */
async function completeAll(read: Read, rows: readonly BillRow[]): Promise<Bill[]> {
  if (rows.length === 0) return [];
  const lines = await linesOfBills(
    read,
    rows.map((b) => b.id),
  );
  const consumers = await consumersOf(
    read,
    rows.map((b) => b.consumer_id),
  );
  const byId = new Map(consumers.map((c) => [c.id, c]));
  return rows.map((bill) => billOf(bill, need(byId.get(bill.consumer_id), bill.consumer_id), lines.get(bill.id) ?? []));
}

/** The lines of bills as they were issued, under the names that their heads had then. */
async function linesOfBills(read: Read, billIds: readonly string[]): Promise<ReadonlyMap<string, NamedBillLine[]>> {
  const rows = await read.prepared<NamedBillLine & { readonly billId: string }>(
    "bill-lines",
    `select l.bill_id as "billId", l.demand_id as "demandId", l.tax_head as "taxHead", l.kind, l.demand_year as "demandYear",
       l.period_from as "periodFrom", l.period_to as "periodTo", l.due_date as "dueDate", l.part, l.amount, l.cess_head as "cessHead", l.cess,
       l.rebate, h.name, h.name_local as "nameLocal", c.name as "cessName", c.name_local as "cessNameLocal"
     from billing.bills b
     join billing.bill_lines l on l.ulb_id = b.ulb_id and l.bill_id = b.bill_id
     join lateral (
       select name, name_local from billing.tax_heads h
       where h.ulb_id = l.ulb_id and h.code = l.tax_head order by valid_from <= b.as_of desc, valid_from desc limit 1
     ) as h on true
     left join lateral (
       select name, name_local from billing.tax_heads c
       where c.ulb_id = l.ulb_id and c.code = l.cess_head order by valid_from <= b.as_of desc, valid_from desc limit 1
     ) as c on true
     where b.ulb_id = :ulb and b.bill_id = any(:ids::uuid[])
     order by l.bill_id, l.line_no`,
    { ulb: read.ulb.id, ids: billIds },
  );
  const lines = new Map<string, NamedBillLine[]>();
  for (const [id, of] of groupBy(rows, (l) => l.billId))
    lines.set(
      id,
      of.map(({ billId: _, ...line }) => line),
    );
  return lines;
}

const billNumber = (fy: FinancialYear, number: bigint): string => `B/${fy}/${number.toString().padStart(6, "0")}`;

function billOf(bill: BillRow, consumer: Consumer, lines: readonly NamedBillLine[]): Bill {
  return {
    id: bill.id,
    number: billNumber(bill.fy, bill.number),
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
    isCancelled: bill.is_cancelled,
  };
}
