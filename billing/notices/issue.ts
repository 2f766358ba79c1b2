import { createHash } from "node:crypto";
import { postEntry, takeNumbers } from "../../ledger/index.ts";
import { addDays, financialYearOf, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { raiseCharges } from "../demands.ts";
import { isOfLateness, lineKey, outstandingOf } from "../due.ts";
import { lateFacts, openLines, mayBeCharged, reckonPenalties, type ConsumerLine } from "../dues.ts";
import { lockConsumers, need, type LockedConsumer } from "../register.ts";
import { serviceOn } from "../tax-heads.ts";
import { noticeErrors } from "./errors.ts";
import { noticeTermsOn, type NoticeKind, type NoticeTerms } from "./terms.ts";

/** What one transaction issues at most. */
export const NOTICES_AT_ONCE = 1000;

export type IssuedNotices = {
  /** `isNew` is false where the same step was issued for the same dues before: then it is that one. */
  readonly notices: readonly { readonly id: string; readonly consumerId: string; readonly isNew: boolean }[];
  /** Who gets none, and why. */
  readonly refused: readonly { readonly consumerId: string; readonly refusal: Refusal }[];
  /** Of the new ones: what is called for, and the fees that were raised with it. */
  readonly dues: Paise;
  readonly fees: Paise;
};

/** One notice. Raises CONSUMER_NOT_FOUND and why none can be issued: NOTICE_NOTHING_OVERDUE, NOTICE_NOT_DEMANDED, NOTICE_NOT_SERVED, NOTICE_TOO_EARLY. */
export async function issueNotice(
  tx: Tx,
  notice: { readonly kind: NoticeKind; readonly consumerId: string; readonly on: LocalDate },
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const { notices, refused } = await issueNotices(tx, { ...notice, consumerIds: [notice.consumerId] });
  if (refused[0]) throw refused[0].refusal;
  return need(notices[0], notice.consumerId);
}

/**
 * Issues a step for what each consumer has overdue on a day, with the figures of that day, and raises its fees with one entry (PT-08), with as
 * many queries for all of them as for one. A reminder and a warrant ask only for what their demand notice asked for. Raises
 * CONSUMER_NOT_FOUND, NOTICE_TOO_MANY and the ledger's refusals; who gets no notice is in the answer.
 */
export async function issueNotices(
  tx: Tx,
  asked: { readonly kind: NoticeKind; readonly consumerIds: readonly string[]; readonly on: LocalDate },
): Promise<IssuedNotices> {
  const { kind, on } = asked;
  const ids = [...new Set(asked.consumerIds)];
  if (ids.length > NOTICES_AT_ONCE) throw noticeErrors.NOTICE_TOO_MANY({ asked: ids.length, most: NOTICES_AT_ONCE });
  const consumers = await lockConsumers(tx, ids);
  const open = await openLines(tx, ids);
  const known = await noticesBefore(tx, ids, kind);
  const terms = new Map<string, NoticeTerms>();
  const penalties: ConsumerLine[] = [];
  for (const [service, lines] of groupBy(open, (l) => l.service)) {
    terms.set(service, await noticeTermsOn(tx, service, kind, on));
    const setup = await serviceOn(tx, service, on);
    if (mayBeCharged(lines, setup, on))
      penalties.push(...reckonPenalties(lines, await lateFacts(tx, lines, on), setup, on));
  }
  const linesOf = groupBy(open, (l) => l.consumerId);
  const penaltiesOf = groupBy(penalties, (l) => l.consumerId);

  const notices: { id: string; consumerId: string; isNew: boolean }[] = [];
  const refused: { consumerId: string; refusal: Refusal }[] = [];
  const drafts: Draft[] = [];
  for (const consumerId of ids) {
    const consumer = need(consumers.get(consumerId), consumerId);
    const own = linesOf.get(consumerId) ?? [];
    const before = known.get(consumerId) ?? NOTHING_BEFORE;
    try {
      const called = callFor(kind, consumer, own, before, on);
      const same = before.issued.get(called.fingerprint);
      if (same !== undefined) notices.push({ id: same, consumerId, isNew: false });
      else {
        const late = (penaltiesOf.get(consumerId) ?? []).filter(
          (p) => "lateDemandId" in p && called.demands.has(String(p.lateDemandId)),
        );
        const rule = need(terms.get(consumer.service), consumer.service);
        drafts.push({ id: newId(), consumer, terms: rule, ...called, reckoned: late });
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push({ consumerId, refusal: error });
    }
  }
  const { dues, fees } = await writeNotices(tx, kind, drafts, on);
  notices.push(...drafts.map((d) => ({ id: d.id, consumerId: d.consumer.id, isNew: true })));
  return { notices, refused, dues, fees };
}

/** A demand notice that was issued, with the demands it named. */
type Demanded = {
  readonly id: string;
  readonly number: string;
  readonly demands: ReadonlySet<string>;
  readonly days: number;
  readonly servedOn: LocalDate | null;
};
type Before = {
  /** Demand notices, the newest first. */
  readonly demanded: readonly Demanded[];
  /** Demands that are fees of notices. */
  readonly fees: ReadonlySet<string>;
  /** Notices of the kind asked for, by fingerprint. */
  readonly issued: ReadonlyMap<string, string>;
};
const NOTHING_BEFORE: Before = { demanded: [], fees: new Set(), issued: new Map() };

type Called = {
  readonly lines: readonly ConsumerLine[];
  readonly demands: ReadonlySet<string>;
  readonly fees: ReadonlySet<string>;
  readonly follows: string | null;
  readonly fingerprint: string;
};
type Draft = Called & {
  readonly id: string;
  readonly consumer: LockedConsumer;
  readonly terms: NoticeTerms;
  readonly reckoned: readonly ConsumerLine[];
};

/** Decides what a step calls for; needs no database. The fees of earlier steps go along, but alone they are nothing overdue. */
function callFor(
  kind: NoticeKind,
  consumer: LockedConsumer,
  open: readonly ConsumerLine[],
  before: Before,
  on: LocalDate,
): Called {
  const name = `${consumer.service} ${consumer.code}`;
  const amountOf = (lines: readonly ConsumerLine[]): string => formatIndian(sum(lines.map(outstandingOf)));
  const own = open.filter((l) => l.dueDate < on && !before.fees.has(l.demandId));
  if (own.length === 0)
    throw noticeErrors.NOTICE_NOTHING_OVERDUE({ consumer: name, on: formatDate(on), due: amountOf(open) });
  let lines = own;
  let follows: string | null = null;
  if (kind !== "demand-notice") {
    const demanded = before.demanded.find((n) => own.some((l) => n.demands.has(l.demandId)));
    if (!demanded) throw noticeErrors.NOTICE_NOT_DEMANDED({ kind, consumer: name, overdue: amountOf(own) });
    // Dues that arose after the notice are not in it: a newer notice calls for them.
    lines = own.filter((l) => demanded.demands.has(l.demandId));
    follows = demanded.id;
    if (kind === "warrant") {
      const { number: notice, days, servedOn } = demanded;
      if (servedOn === null) throw noticeErrors.NOTICE_NOT_SERVED({ notice, consumer: name, overdue: amountOf(lines) });
      const until = addDays(servedOn, days);
      if (on <= until)
        throw noticeErrors.NOTICE_TOO_EARLY({
          notice,
          servedOn: formatDate(servedOn),
          days,
          until: formatDate(until),
          on: formatDate(on),
        });
    }
  }
  const said = lines.map((l) => `${lineKey(l)}|${outstandingOf(l)}`).sort();
  return {
    lines: [...lines, ...open.filter((l) => before.fees.has(l.demandId))],
    demands: new Set(lines.map((l) => l.demandId)),
    fees: before.fees,
    follows,
    // Without penalties and fees: they grow by themselves, and the step would never be the same again.
    fingerprint: createHash("sha256")
      .update([kind, follows ?? "", ...said].join("\n"))
      .digest("hex"),
  };
}

async function noticesBefore(
  read: Read,
  consumerIds: readonly string[],
  kind: NoticeKind,
): Promise<ReadonlyMap<string, Before>> {
  const rows = await read.query<{
    id: string;
    consumer_id: string;
    kind: NoticeKind;
    number: string;
    days: number;
    fingerprint: string;
    fee_demand_id: string | null;
    demands: string[];
    served_on: LocalDate | null;
  }>(
    `select n.notice_id as id, n.consumer_id, n.kind, ${numberOf("n")} as number, n.days, n.fingerprint, n.fee_demand_id, s.served_on,
       array(
         select distinct l.demand_id::text from billing.notice_lines l
         where l.ulb_id = n.ulb_id and l.notice_id = n.notice_id and l.demand_id is not null and l.part <> 'fee'
       ) as demands
     from billing.notices n
     left join billing.served_notices s on s.ulb_id = n.ulb_id and s.notice_id = n.notice_id
     where n.ulb_id = :ulb and n.consumer_id = any(:ids::uuid[])
     order by n.as_of desc, n.fy desc, n.number desc`,
    { ulb: read.ulb.id, ids: consumerIds },
  );
  return new Map(
    [...groupBy(rows, (r) => r.consumer_id)].map(([id, own]) => [
      id,
      {
        demanded: own
          .filter((n) => n.kind === "demand-notice")
          .map((n) => ({
            id: n.id,
            number: n.number,
            demands: new Set(n.demands),
            days: n.days,
            servedOn: n.served_on,
          })),
        fees: new Set(own.flatMap((n) => n.fee_demand_id ?? [])),
        issued: new Map(own.filter((n) => n.kind === kind).map((n) => [n.fingerprint, n.id])),
      },
    ]),
  );
}

/** "DN/2026-27/000123", in queries on billing.notices under that alias. */
export const numberOf = (n: string): string =>
  `case ${n}.kind when 'demand-notice' then 'DN' when 'reminder' then 'RM' else 'WR' end || '/' || ${n}.fy || '/' || lpad(${n}.number::text, 6, '0')`;

/** Charges the fees, posts their entry and writes the notices; gives the sums. */
async function writeNotices(
  tx: Tx,
  kind: NoticeKind,
  drafts: readonly Draft[],
  on: LocalDate,
): Promise<Pick<IssuedNotices, "dues" | "fees">> {
  if (drafts.length === 0) return { dues: ZERO, fees: ZERO };
  const batchId = newId();
  const source = { type: "notice-batch", id: batchId };
  const charged = drafts.filter((d) => d.terms.taxHead !== null);
  const { demandIds, ledgerLines } = await raiseCharges(
    tx,
    charged.map((d) => ({ consumerId: d.consumer.id, taxHead: d.terms.taxHead ?? "", amount: d.terms.fee })),
    { date: on, source },
  );
  const feeDemand = new Map(charged.map((d, i) => [d.id, need(demandIds[i], d.id)]));
  const fees = sum(charged.map((d) => d.terms.fee));
  const fy = financialYearOf(on);
  const lines = drafts.flatMap((d) =>
    [...d.lines, ...d.reckoned].map((line, i) => ({
      notice: d.id,
      no: i + 1,
      line,
      demand: d.reckoned.includes(line) ? null : line.demandId,
      part: d.fees.has(line.demandId)
        ? "fee"
        : isOfLateness(line)
          ? "penalty"
          : line.demandYear < fy
            ? "arrears"
            : "current",
    })),
  );
  const duesOf = (d: Draft): Paise => sum([...d.lines, ...d.reckoned].map(outstandingOf));
  if (ledgerLines.length > 0)
    await postEntry(tx, {
      voucher: "journal",
      date: on,
      narration: `Fees of ${charged.length} notices (${kind}), ${formatIndian(fees)}`,
      source,
      lines: [...ledgerLines],
    });
  // Numbers last: their series stays locked until commit.
  const first = await takeNumbers(tx, `notice-${kind}`, fy, drafts.length);
  await tx.query(
    `insert into billing.notices (ulb_id, notice_id, kind, fy, number, consumer_id, as_of, days, follows_id, served_id, dues, fee, fee_demand_id,
       total, fingerprint, batch_id, issued_at, issued_by)
     select :ulb::integer, n.id, :kind, :fy, :first::bigint + n.no - 1, n.consumer_id, :on_date::date, n.days, n.follows_id,
       case when :kind = 'warrant' then n.follows_id end, n.dues, n.fee, n.fee_demand_id, n.dues + n.fee, n.fingerprint, :batch::uuid,
       :now::timestamptz, :actor
     from unnest(:ids::uuid[], :consumers::uuid[], :days::integer[], :follows::uuid[], :dues::bigint[], :fees::bigint[], :fee_demands::uuid[],
       :fingerprints::text[]) with ordinality as n (id, consumer_id, days, follows_id, dues, fee, fee_demand_id, fingerprint, no)`,
    {
      ulb: tx.ulb.id,
      kind,
      fy,
      first,
      on_date: on,
      batch: batchId,
      now: tx.clock(),
      actor: tx.actor.id,
      ids: drafts.map((d) => d.id),
      consumers: drafts.map((d) => d.consumer.id),
      days: drafts.map((d) => d.terms.days),
      follows: drafts.map((d) => d.follows),
      dues: drafts.map(duesOf),
      fees: drafts.map((d) => d.terms.fee),
      fee_demands: drafts.map((d) => feeDemand.get(d.id) ?? null),
      fingerprints: drafts.map((d) => d.fingerprint),
    },
  );
  await tx.query(
    `insert into billing.notice_lines (ulb_id, notice_id, line_no, demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part,
       amount, cess_head, cess)
     select :ulb::integer, l.notice_id, l.no, l.demand_id, l.tax_head, l.kind, l.demand_year, l.period_from, l.period_to, l.due_date, l.part,
       l.amount, l.cess_head, l.cess
     from unnest(:notices::uuid[], :numbers::smallint[], :demands::uuid[], :heads::text[], :kinds::text[], :years::text[], :froms::date[],
       :tos::date[], :dues::date[], :parts::text[], :amounts::bigint[], :cess_heads::text[], :cesses::bigint[])
       as l (notice_id, no, demand_id, tax_head, kind, demand_year, period_from, period_to, due_date, part, amount, cess_head, cess)`,
    {
      ulb: tx.ulb.id,
      notices: lines.map((l) => l.notice),
      numbers: lines.map((l) => l.no),
      demands: lines.map((l) => l.demand),
      heads: lines.map((l) => l.line.taxHead),
      kinds: lines.map((l) => l.line.kind),
      years: lines.map((l) => l.line.demandYear),
      froms: lines.map((l) => l.line.periodFrom),
      tos: lines.map((l) => l.line.periodTo),
      dues: lines.map((l) => l.line.dueDate),
      parts: lines.map((l) => l.part),
      amounts: lines.map((l) => outstandingOf(l.line)),
      cess_heads: lines.map((l) => l.line.cessHead),
      cesses: lines.map((l) => subtract(l.line.cess, l.line.cessSettled)),
    },
  );
  return { dues: sum(drafts.map(duesOf)), fees };
}
