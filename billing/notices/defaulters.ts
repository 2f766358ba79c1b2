import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { add, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { inDryRun, inSnapshot, inTransaction, type App, type Read, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { BillPlace } from "../bills.ts";
import type { Service } from "../due.ts";
import { serviceOn } from "../tax-heads.ts";
import { issueNotices, type IssuedNotices } from "./issue.ts";
import type { NoticeKind } from "./terms.ts";

const BATCH = 500;

/** All consumers of a service, or of one ward of it, with a due that is late on a day. */
export type Defaulters = {
  readonly kind: NoticeKind;
  readonly service: Service;
  readonly ward?: string;
  readonly on: LocalDate;
};

export type DefaulterNotices = {
  readonly defaulters: number;
  readonly issued: number;
  /** Who has this step for the same dues. */
  readonly already: number;
  /** Why the others get none: how many, and what the first of them was told. */
  readonly refused: readonly { readonly code: string; readonly count: number; readonly example: string }[];
  /** What the new notices call for, and their fees. */
  readonly dues: Paise;
  readonly fees: Paise;
  /** Where to go on: only when `atMost` stopped it. */
  readonly next: BillPlace | undefined;
};

type Part = { readonly after?: BillPlace; readonly atMost?: number };

/**
 * Issues a step to every defaulter, in the order of wards and codes, a transaction for each some hundreds: what was issued before a kill
 * stands, and whoever has the step for the same dues keeps it. Raises SERVICE_UNKNOWN and the ledger's refusals.
 */
export async function issueToDefaulters(
  app: App,
  who: Who,
  asked: Defaulters,
  part: Part = {},
): Promise<DefaulterNotices> {
  return batches(app, who, asked, part, (issue) => inTransaction(app, who, issue));
}

/** What `issueToDefaulters` would do; everything is taken back. */
export async function previewForDefaulters(
  app: App,
  who: Who,
  asked: Defaulters,
  part: Part = {},
): Promise<DefaulterNotices> {
  return batches(app, who, asked, part, (issue) => inDryRun(app, who, issue));
}

async function batches(
  app: App,
  who: Who,
  asked: Defaulters,
  { after, atMost = Infinity }: Part,
  run: (issue: (tx: Tx) => Promise<IssuedNotices>) => Promise<IssuedNotices>,
): Promise<DefaulterNotices> {
  const reasons = new Map<string, { readonly code: string; readonly count: number; readonly example: string }>();
  let [defaulters, issued, already] = [0, 0, 0];
  let [dues, fees]: [Paise, Paise] = [ZERO, ZERO];
  let place = after;
  await inSnapshot(app, who, (read) => serviceOn(read, asked.service, asked.on));
  for (;;) {
    const limit = Math.min(BATCH, atMost - defaulters);
    const page = await inSnapshot(app, who, (read) => defaultersAfter(read, asked, place, limit));
    if (page.length > 0) {
      const consumerIds = page.map((c) => c.id);
      const done = await run((tx) => issueNotices(tx, { kind: asked.kind, consumerIds, on: asked.on }));
      for (const { refusal } of done.refused) {
        const known = reasons.get(refusal.code);
        reasons.set(refusal.code, {
          code: refusal.code,
          count: (known?.count ?? 0) + 1,
          example: known?.example ?? refusal.detail,
        });
      }
      const fresh = done.notices.filter((n) => n.isNew).length;
      defaulters += page.length;
      issued += fresh;
      already += done.notices.length - fresh;
      dues = add(dues, done.dues);
      fees = add(fees, done.fees);
      place = page.at(-1);
    }
    const isEnd = page.length < limit;
    if (isEnd || defaulters >= atMost) {
      const refused = [...reasons.values()].sort((a, b) => b.count - a.count);
      return { defaulters, issued, already, refused, dues, fees, next: isEnd ? undefined : place };
    }
  }
}

async function defaultersAfter(
  read: Read,
  { service, ward, on }: Defaulters,
  after: BillPlace | undefined,
  limit: number,
): Promise<(BillPlace & { readonly id: string })[]> {
  return read.query(
    `select c.consumer_id as id, c.ward, c.code
     from billing.consumers c
     where c.ulb_id = :ulb and c.service = :service and (c.ward, c.code) > (:after_ward, :after_code) and (:ward::text is null or c.ward = :ward)
       and exists (
         select 1 from billing.demand_details t
         join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
         where t.ulb_id = c.ulb_id and t.consumer_id = c.consumer_id and t.settled < t.amount and d.due_date < :on_date::date
       )
     order by c.ward, c.code
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      service,
      ward: ward ?? null,
      after_ward: after?.ward ?? ward ?? "",
      after_code: after?.code ?? "",
      on_date: on,
      row_limit: limit,
    },
  );
}
