import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import type { Json } from "../kernel/audit.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { masterErrors } from "./errors.ts";

/** From when a change counts, and why it is made. */
export type Change = {
  /** Today when not said; never later, and not before the last change of the same master. */
  readonly from?: LocalDate | undefined;
  readonly reason: string;
};

/** One state of a master, as the database kept it. */
export type MasterVersion = {
  readonly version: number;
  /** Null on the first: since it was there. */
  readonly from: LocalDate | null;
  readonly recordedAt: Date;
  readonly recordedBy: string;
  readonly reason: string | null;
  readonly content: Readonly<Record<string, Json>>;
};

/** Every state of a master, oldest first; none if it was never changed. `code` joins several key columns by "/". At most 200. */
export async function masterHistory(read: Read, master: string, code: string): Promise<MasterVersion[]> {
  return read.query<MasterVersion>(
    `select version, from_day as "from", recorded_at as "recordedAt", recorded_by as "recordedBy", reason, content
     from ledger.master_versions where ulb_id = :ulb and master = :master and code = :code order by version limit 200`,
    { ulb: read.ulb.id, master, code },
  );
}

/**
 * SQL for a master's table as it was on a day: `from` clause with the rows of that day as `d`. A row that was never changed is its own
 * history. Names are those of our tables, never of a caller. Parameters: :ulb, :on_day.
 */
export function asOnDay(table: string, master: string, code: string): string {
  return `ledger.${table} t
     left join lateral (
       select v.content from ledger.master_versions v
       where v.ulb_id = t.ulb_id and v.master = '${master}' and v.code = ${code} and (v.from_day is null or v.from_day <= :on_day::date)
       order by v.version desc limit 1
     ) as v on true
     cross join lateral jsonb_populate_record(t, coalesce(v.content, '{}'::jsonb)) as d`;
}

/** The names of accounts (all, unless some are given) as they were on a day, for a statement of that day. */
export async function accountNamesOn(
  read: Read,
  day: LocalDate,
  codes?: readonly string[],
): Promise<Map<string, string>> {
  const rows = await read.query<{ code: string; name: string }>(
    `select d.code, d.name from ${asOnDay("accounts", "accounts", "t.code")}
     where t.ulb_id = :ulb ${codes === undefined ? "" : "and t.code = any(:codes::text[])"}`,
    { ulb: read.ulb.id, on_day: day, ...(codes === undefined ? {} : { codes }) },
  );
  return new Map(rows.map((r) => [r.code, r.name]));
}

/** The reason as it is kept. Raises REASON_MISSING. */
export function reasonOf(what: string, reason: string): string {
  const text = reason.trim();
  if (text.length < 5) throw ledgerErrors.REASON_MISSING({ what });
  return text.slice(0, 500);
}

/** The day from which a change counts. Raises MASTER_AHEAD, MASTER_BACKDATED. */
export async function changeDay(
  tx: Tx,
  what: string,
  master: string,
  code: string,
  from: LocalDate | undefined,
): Promise<LocalDate> {
  const today = dateInIndia(tx.clock());
  const last = await tx.queryOne<{ day: LocalDate | null }>(
    "select max(from_day) as day from ledger.master_versions where ulb_id = :ulb and master = :master and code = :code",
    { ulb: tx.ulb.id, master, code },
  );
  const day = from ?? today;
  if (day > today) throw masterErrors.MASTER_AHEAD({ what, from: day, today });
  if (last?.day && last.day > day) throw masterErrors.MASTER_BACKDATED({ what, from: day, last: last.day });
  return day;
}

/** A name as it is kept, or what is wrong with it. */
export function nameProblems(name: string): string[] {
  const text = name.trim();
  if (text === "") return ["it needs a name"];
  return text.length > 200 ? [`the name has ${text.length} characters; it may have 200`] : [];
}

/** What is wrong with the code of a list's row. */
export function codeProblems(code: string): string[] {
  return /^[A-Za-z0-9][A-Za-z0-9./-]{0,29}$/.test(code)
    ? []
    : [`the code "${code.slice(0, 40)}" must have 1 to 30 letters, digits, points, slashes or hyphens`];
}
