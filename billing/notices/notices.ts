import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { consumersByWard, consumersOf, type Consumer } from "../consumers/consumers.ts";
import type { BillPlace } from "../bills.ts";
import type { Service } from "../due.ts";
import { need } from "../register.ts";
import { noticeErrors } from "./errors.ts";
import { numberOf } from "./issue.ts";
import type { NoticeKind } from "./terms.ts";

export type NoticeLine = {
  readonly demandId: string | null;
  readonly taxHead: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly demandYear: string;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
  readonly part: "arrears" | "current" | "penalty" | "fee";
  readonly amount: Paise;
  readonly cessName: string | null;
  readonly cessNameLocal: string | null;
  readonly cess: Paise;
};

/** A notice as it was issued. */
export type Notice = {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly number: string;
  readonly consumer: Consumer;
  readonly asOf: LocalDate;
  readonly days: number;
  readonly follows: { readonly number: string; readonly servedOn: LocalDate | null } | null;
  readonly servedOn: LocalDate | null;
  /** How it was served. */
  readonly how: string | null;
  readonly dues: Paise;
  readonly fee: Paise;
  readonly total: Paise;
  readonly issuedAt: Date;
  readonly lines: readonly NoticeLine[];
};

type Row = Omit<Notice, "consumer" | "lines" | "follows"> & {
  readonly consumerId: string;
  readonly followsNumber: string | null;
  readonly followsServedOn: LocalDate | null;
};
/** Raises NOTICE_NOT_FOUND, also for a notice of another ULB. */
export async function getNotice(read: Read, noticeId: string): Promise<Notice> {
  const found = isUuid(noticeId) ? await noticesOf(read, [noticeId]) : [];
  if (!found[0]) throw noticeErrors.NOTICE_NOT_FOUND({ notice: noticeId.slice(0, 40) });
  return found[0];
}

/** These notices, in the order given, with three queries however many they are. */
async function noticesOf(read: Read, ids: readonly string[]): Promise<Notice[]> {
  const rows = await read.query<Row>(
    `select n.notice_id as id, n.kind, ${numberOf("n")} as number, n.consumer_id as "consumerId", n.as_of as "asOf", n.days, n.dues, n.fee, n.total,
       n.issued_at as "issuedAt", s.served_on as "servedOn", s.how, ${numberOf("f")} as "followsNumber", t.served_on as "followsServedOn"
     from billing.notices n
     left join billing.served_notices s on s.ulb_id = n.ulb_id and s.notice_id = n.notice_id
     left join billing.notices f on f.ulb_id = n.ulb_id and f.notice_id = n.follows_id
     left join billing.served_notices t on t.ulb_id = n.ulb_id and t.notice_id = n.follows_id
     where n.ulb_id = :ulb and n.notice_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids },
  );
  const lines = groupBy(
    await read.query<NoticeLine & { readonly noticeId: string }>(
      `select l.notice_id as "noticeId", l.demand_id as "demandId", l.tax_head as "taxHead", h.name, h.name_local as "nameLocal",
         l.demand_year as "demandYear", l.period_from as "periodFrom", l.period_to as "periodTo", l.due_date as "dueDate", l.part, l.amount,
         c.name as "cessName", c.name_local as "cessNameLocal", l.cess
       from billing.notices n
       join billing.notice_lines l on l.ulb_id = n.ulb_id and l.notice_id = n.notice_id
       join lateral (
         select name, name_local from billing.tax_heads h
         where h.ulb_id = l.ulb_id and h.code = l.tax_head order by valid_from <= n.as_of desc, valid_from desc limit 1
       ) as h on true
       left join lateral (
         select name, name_local from billing.tax_heads c
         where c.ulb_id = l.ulb_id and c.code = l.cess_head order by valid_from <= n.as_of desc, valid_from desc limit 1
       ) as c on true
       where n.ulb_id = :ulb and n.notice_id = any(:ids::uuid[])
       order by l.notice_id, l.line_no`,
      { ulb: read.ulb.id, ids },
    ),
    (l) => l.noticeId,
  );
  const consumers = new Map(
    (
      await consumersOf(
        read,
        rows.map((r) => r.consumerId),
      )
    ).map((c) => [c.id, c]),
  );
  const found = new Map(
    rows.map(({ consumerId, followsNumber, followsServedOn, ...row }): [string, Notice] => [
      row.id,
      {
        ...row,
        consumer: need(consumers.get(consumerId), consumerId),
        follows: followsNumber === null ? null : { number: followsNumber, servedOn: followsServedOn },
        lines: (lines.get(row.id) ?? []).map(({ noticeId: _, ...line }) => line),
      },
    ]),
  );
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Notices, the newest first, at most `limit` (100), those after the notice named. */
export async function listNotices(
  read: Read,
  search: {
    readonly kind?: NoticeKind;
    readonly service?: Service;
    readonly ward?: string;
    readonly consumerId?: string;
    readonly isServed?: boolean;
    readonly after?: string;
    readonly limit?: number;
  } = {},
): Promise<Notice[]> {
  const rows = await read.query<{ id: string }>(
    `select n.notice_id as id
     from billing.notices n
     join billing.consumers c on c.ulb_id = n.ulb_id and c.consumer_id = n.consumer_id
     left join billing.served_notices s on s.ulb_id = n.ulb_id and s.notice_id = n.notice_id
     where n.ulb_id = :ulb and (:kind::text is null or n.kind = :kind) and (:service::text is null or c.service = :service)
       and (:ward::text is null or c.ward = :ward) and (:consumer::uuid is null or n.consumer_id = :consumer::uuid)
       and (:is_served::boolean is null or (s.notice_id is not null) = :is_served)
       and (:after::uuid is null or (n.issued_at, n.notice_id) < (
         select a.issued_at, a.notice_id from billing.notices a where a.ulb_id = :ulb and a.notice_id = :after::uuid
       ))
     order by n.issued_at desc, n.notice_id desc
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      kind: search.kind ?? null,
      service: search.service ?? null,
      ward: search.ward ?? null,
      consumer: search.consumerId ?? null,
      is_served: search.isServed ?? null,
      after: search.after ?? null,
      row_limit: Math.min(search.limit ?? 100, 100),
    },
  );
  return noticesOf(
    read,
    rows.map((r) => r.id),
  );
}

/** The newest notice of a kind of each consumer of a service who has one, by ward and code, as `latestBills` gives bills. */
export async function latestNotices(
  read: Read,
  page: {
    readonly kind: NoticeKind;
    readonly service: Service;
    readonly ward?: string;
    readonly after?: BillPlace;
    readonly limit?: number;
  },
): Promise<{ readonly notices: readonly Notice[]; readonly next: BillPlace | undefined }> {
  const consumers = await consumersByWard(read, page);
  const rows = await read.query<{ id: string }>(
    `select n.id
     from unnest(:ids::uuid[]) with ordinality as c (consumer_id, no)
     cross join lateral (
       select notice_id as id from billing.notices n
       where n.ulb_id = :ulb and n.consumer_id = c.consumer_id and n.kind = :kind order by n.as_of desc, n.fy desc, n.number desc limit 1
     ) as n
     order by c.no`,
    { ulb: read.ulb.id, kind: page.kind, ids: consumers.map((c) => c.id) },
  );
  return {
    notices: await noticesOf(
      read,
      rows.map((r) => r.id),
    ),
    next: consumers.at(-1),
  };
}

/**
 * Records on which day and how a notice was served, once.
 * Raises NOTICE_NOT_FOUND, NOTICE_SERVICE_DATE, NOTICE_SERVICE_HOW, NOTICE_SERVED_ALREADY.
 */
export async function recordService(
  tx: Tx,
  service: { readonly noticeId: string; readonly servedOn: LocalDate; readonly how: string },
): Promise<void> {
  const notice = await getNotice(tx, service.noticeId);
  if (service.servedOn < notice.asOf || service.servedOn > dateInIndia(tx.clock()))
    throw noticeErrors.NOTICE_SERVICE_DATE({
      notice: notice.number,
      issued: formatDate(notice.asOf),
      servedOn: formatDate(service.servedOn),
    });
  const how = service.how.trim();
  if (how === "") throw noticeErrors.NOTICE_SERVICE_HOW({ notice: notice.number });
  const recorded = await tx.query(
    `insert into billing.served_notices (ulb_id, notice_id, consumer_id, served_on, how, recorded_at, recorded_by)
     values (:ulb, :id, :consumer, :served_on, :how, :now, :actor)
     on conflict (ulb_id, notice_id) do nothing returning notice_id`,
    {
      ulb: tx.ulb.id,
      id: notice.id,
      consumer: notice.consumer.id,
      served_on: service.servedOn,
      how,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (recorded.length === 0)
    throw noticeErrors.NOTICE_SERVED_ALREADY({
      notice: notice.number,
      servedOn: formatDate(need((await getNotice(tx, notice.id)).servedOn ?? undefined, notice.number)),
    });
  await audit(tx, {
    action: "serve",
    subject: "notice",
    subjectId: notice.id,
    after: { notice: notice.number, servedOn: service.servedOn, how },
  });
}
