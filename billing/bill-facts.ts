import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { paise, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { CONSUMER_COLUMNS, type Consumer } from "./consumers/consumers.ts";
import type { Service } from "./due.ts";
import { chargedSql, historySql, lateFactsOf, lineOf, linesSql, type ConsumerLine, type LateFacts } from "./dues.ts";
import type { ChargedRow, LateHead, LineRow, TouchRow } from "./dues.ts";
import type { ServiceSetup } from "./tax-heads.ts";

/** A bill as its row says. */
export type BillRow = {
  readonly id: string;
  readonly fy: FinancialYear;
  readonly number: bigint;
  readonly consumer_id: string;
  readonly as_of: LocalDate;
  readonly arrears: Paise;
  readonly current: Paise;
  readonly penalty: Paise;
  readonly rebate: Paise;
  readonly rounding: Paise;
  readonly total: Paise;
  readonly fingerprint: string;
  readonly issued_at: Date;
  readonly is_latest: boolean;
  readonly is_cancelled: boolean;
};

export type HeadNames = LateHead & { readonly name: string; readonly nameLocal: string | null };

/** All that the bills of some consumers are made of. */
export type BillFacts = {
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly services: ReadonlyMap<Service, ServiceSetup>;
  /** The heads of their services by code, as they are called on the day; also those that are not in force. */
  readonly names: ReadonlyMap<string, HeadNames>;
  readonly lines: readonly ConsumerLine[];
  readonly late: LateFacts;
  /** The newest bill of each who has one. */
  readonly latest: ReadonlyMap<string, BillRow>;
};

// Amounts as text: JSON numbers are floats.
const text = (column: string): string => `${column}::text`;
const list = (rows: string, order = ""): string => `(select coalesce(json_agg(r${order}), '[]') from (${rows}) as r)`;

// Everything in one statement and one answer: a bill is asked for while a citizen waits, and each round trip and each plan costs more than the rows.
const FACTS = `
  with consumer as materialized (
    select ${CONSUMER_COLUMNS.replace(/\badvance\b/, "advance::text")} from billing.consumers
    where ulb_id = :ulb and consumer_id = any(:ids::uuid[])
  ), due as materialized (
    ${linesSql(text)} and t.consumer_id = any(:ids::uuid[]) and t.settled < t.amount
  )
  select
    ${list("select * from consumer")} as consumers,
    ${list("select * from due", " order by r.demand_year, r.period_from, r.priority, r.demand_id")} as lines,
    ${list(historySql("array(select demand_id from due where due_date < :as_of::date and settled <> '0')", text))} as history,
    ${list(chargedSql("array(select demand_id from due where due_date < :as_of::date)", text))} as charged,
    ${list(`select distinct on (h.code) h.code, h.valid_from as "validFrom", h.is_active as "isActive", h.name, h.name_local as "nameLocal", h.kind,
        h.basis, h.priority, h.function, h.income_account as "incomeAccount"
      from billing.tax_heads h
      where h.ulb_id = :ulb and h.service = any(array(select service from consumer))
      order by h.code, h.valid_from <= :as_of::date desc, h.valid_from desc`)} as heads,
    ${list(`select distinct on (s.service) s.service, s.valid_from as "validFrom", s.name, s.name_local as "nameLocal",
        s.advance_account as "advanceAccount", s.fund, s.terms
      from billing.service_terms s
      where s.ulb_id = :ulb and s.service = any(array(select service from consumer)) and s.valid_from <= :as_of::date
      order by s.service, s.valid_from desc`)} as services,
    ${list(`select b.* from unnest(:ids::uuid[]) as c (consumer_id)
      cross join lateral (
        select b.bill_id as id, b.fy, ${["number", "arrears", "current", "penalty", "rebate", "rounding", "total"].map((n) => `b.${n}::text`).join(", ")},
          b.consumer_id, b.as_of, b.fingerprint, b.issued_at, true as is_latest,
          exists (select 1 from billing.cancelled_bills x where x.ulb_id = b.ulb_id and x.bill_id = b.bill_id) as is_cancelled
        from billing.bills b where b.ulb_id = :ulb and b.consumer_id = c.consumer_id order by b.fy desc, b.number desc limit 1
      ) as b`)} as latest`;

/** So many consumers share the kept plan: what gathers in a lane. */
const PLANNED_ONCE = 64;

/** JSON of a row: amounts are text, everything else is what the row has. */
type InJson<Row> = {
  readonly [K in keyof Row]: Row[K] extends bigint ? string : Row[K] extends Date ? string : Row[K];
};
type Answer = {
  readonly consumers: readonly InJson<Consumer>[];
  readonly lines: readonly InJson<LineRow>[];
  readonly history: readonly InJson<TouchRow>[];
  readonly charged: readonly InJson<ChargedRow>[];
  readonly heads: readonly HeadNames[];
  readonly services: readonly ServiceSetup[];
  readonly latest: readonly InJson<BillRow>[];
};

/**
 * Reads what the bills of these consumers for a day are made of, with one statement however many they are. Inside a transaction lock the
 * consumers first, or the answer may be old when you use it.
 */
export async function billFacts(read: Read, consumerIds: readonly string[], asOf: LocalDate): Promise<BillFacts> {
  const params = { ulb: read.ulb.id, ids: consumerIds, as_of: asOf };
  // A whole ward is worth a plan of its own.
  const rows = await (consumerIds.length <= PLANNED_ONCE
    ? read.prepared<Answer>("bill-facts", FACTS, params)
    : read.query<Answer>(FACTS, params));
  const [answer] = rows;
  if (!answer) throw new Error("invariant broken: facts have an answer");
  const names = new Map(answer.heads.map((h) => [h.code, h]));
  return {
    consumers: new Map(answer.consumers.map((c) => [c.id, { ...c, advance: amount(c.advance) }])),
    services: new Map(answer.services.map((s) => [s.service, s])),
    names,
    lines: answer.lines.map((r) =>
      lineOf({
        ...r,
        amount: BigInt(r.amount),
        cess: BigInt(r.cess),
        settled: BigInt(r.settled),
        cess_settled: BigInt(r.cess_settled),
        reduced: BigInt(r.reduced),
        cess_reduced: BigInt(r.cess_reduced),
      }),
    ),
    late: lateFactsOf(
      answer.history.map((r) => ({ ...r, amount: BigInt(r.amount), cess: BigInt(r.cess) })),
      answer.charged.map((r) => ({ ...r, amount: BigInt(r.amount) })),
      new Map([...names].filter(([, h]) => h.isActive && h.validFrom <= asOf)),
    ),
    latest: new Map(
      answer.latest.map((b) => [
        b.consumer_id,
        {
          ...b,
          number: BigInt(b.number),
          arrears: amount(b.arrears),
          current: amount(b.current),
          penalty: amount(b.penalty),
          rebate: amount(b.rebate),
          rounding: amount(b.rounding),
          total: amount(b.total),
          issued_at: new Date(b.issued_at),
        },
      ]),
    ),
  };
}

const amount = (given: string): Paise => paise(BigInt(given));
