import type { CloseCheck } from "../ledger/index.ts";
import {
  formatDate,
  formatMoment,
  nextPeriod,
  periodEnd,
  periodStart,
  startOfDayInIndia,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { formatIndian, toRupees, type Paise } from "../ledger/kernel/money.ts";
import { collectionTies } from "./ties.ts";

/** What collections asks before a month is closed. */
export const collectionCloseChecks: readonly CloseCheck[] = [
  {
    name: "no counter session of the month is open",
    run: async (read, period) => {
      const rows = await read.query<{ counter: string; cashier: string; opened_at: Date }>(
        `select counter, cashier, opened_at from collections.counter_sessions
         where ulb_id = :ulb and status = 'open' and opened_at < :until order by opened_at`,
        { ulb: read.ulb.id, until: startOfDayInIndia(periodStart(nextPeriod(period))) },
      );
      return rows.map((r) => ({
        code: "SESSION_OPEN",
        message: `counter ${r.counter} of ${r.cashier}, opened ${formatMoment(r.opened_at)}, is not counted and closed`,
      }));
    },
  },
  {
    name: "everything the gateway sent in the month is worked through",
    run: async (read, period) => {
      const rows = await read.query<{ state: string; n: bigint }>(
        `select state, count(*) as n from collections.gateway_events
         where ulb_id = :ulb and state in ('new', 'dead') and received_at < :until
           and (state = 'new' or exists (select 1 from collections.tasks t where t.ulb_id = gateway_events.ulb_id and t.kind = 'event-dead'
             and t.subject = gateway_events.event_key and t.done_at is null))
         group by state order by state`,
        { ulb: read.ulb.id, until: startOfDayInIndia(periodStart(nextPeriod(period))) },
      );
      return rows.map((r) => ({
        code: "INBOX_OPEN",
        message: `${r.n} gateway events received by the end of ${period} are ${r.state === "new" ? "not worked through" : "dead and their tasks open"}`,
      }));
    },
  },
  {
    name: "cash and cheques of the month are deposited",
    run: async (read, period) => {
      const rows = await read.query<{ kind: string; n: bigint; amount: Paise; oldest: LocalDate }>(
        `select kind, count(*) as n, sum(amount)::bigint as amount, min(received_on) as oldest from collections.instruments
         where ulb_id = :ulb and status = 'received' and received_on <= :until::date group by kind order by kind`,
        { ulb: read.ulb.id, until: periodEnd(period) },
      );
      return rows.map((r) => ({
        code: "NOT_DEPOSITED",
        message: `${r.kind}: ${r.n} of ${formatIndian(r.amount)} received by the end of ${period} (oldest ${formatDate(r.oldest)}) are not deposited`,
      }));
    },
  },
  {
    name: "orders left without an answer of the gateway are resolved",
    run: async (read, period) => {
      const row = await read.queryOne<{ n: bigint }>(
        `select count(*) as n from collections.orders where ulb_id = :ulb and state in ('planned', 'unknown') and created_at < :until`,
        { ulb: read.ulb.id, until: startOfDayInIndia(periodStart(nextPeriod(period))) },
      );
      return row && row.n > 0n
        ? [
            {
              code: "ORDERS_UNRESOLVED",
              message: `${row.n} orders of ${period} or before have no clear answer of the gateway`,
            },
          ]
        : [];
    },
  },
  {
    name: "the ties of collections hold on the last day of the month",
    run: async (read, period) =>
      (await collectionTies(read, periodEnd(period)))
        .filter((t) => !t.ok)
        .map((t) => ({
          code: "TIE_COLLECTIONS",
          message:
            t.unit === "paise"
              ? `${t.name}: ${toRupees(t.left as Paise)} against ${toRupees(t.right as Paise)}, difference ${toRupees((t.left - t.right) as Paise)}`
              : `${t.name}: ${t.left} against ${t.right}`,
        })),
  },
];
