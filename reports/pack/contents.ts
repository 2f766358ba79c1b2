import {
  balancesBefore,
  eachSeal,
  entryNumber,
  leavesOf,
  listAccounts,
  readRanges,
  type SealedEntry,
  type SealedRange,
  type VoucherType,
} from "../../ledger/index.ts";
import { startOfDayInIndia, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import { ZERO, paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { toCsv, type CsvRow } from "../render/csv.ts";
import { HEAD_FIELDS, LINE_FIELDS } from "./format.ts";

/** Entries read at once: what the journal takes of memory, however long it is. */
const CHUNK = 5000;

/** One line of the journal file: every field that the seal covers, as the seal takes it. */
export function journalLine(entry: SealedEntry): string {
  return `${JSON.stringify({
    entry: entryNumber(entry.voucher as VoucherType, entry.fy, entry.number),
    voucher: entry.voucher,
    fy: entry.fy,
    number: String(entry.number),
    ...Object.fromEntries(HEAD_FIELDS.map((f, i) => [f, entry.head[i] ?? ""])),
    lines: entry.lines.map((line) => Object.fromEntries(LINE_FIELDS.map((f, i) => [f, line[i] ?? ""]))),
  })}\n`;
}

/** Counts of what went into the journal file. */
export type JournalCount = { entries: number; unsealed: number };

/** Every entry of the years: first those that are sealed, block by block in the order of the seal, then those that wait, by series and number. */
export async function* journal(
  read: Read,
  years: readonly FinancialYear[],
  count: JournalCount,
): AsyncGenerator<string> {
  const sealedTo = new Map<string, bigint>();
  async function* of(range: SealedRange): AsyncGenerator<SealedEntry> {
    for (let from = range.from; from <= range.to; from += BigInt(CHUNK)) {
      const last = from + BigInt(CHUNK) - 1n;
      yield* await readRanges(read, [{ ...range, from, to: last < range.to ? last : range.to }]);
    }
  }
  for await (const sealed of eachSeal(read))
    for (const range of sealed.ranges) {
      if (!years.includes(range.fy as FinancialYear)) continue;
      sealedTo.set(`${range.voucher} ${range.fy}`, range.to);
      for await (const entry of of(range)) {
        count.entries += 1;
        yield journalLine(entry);
      }
    }
  // Up to the last entry that is there, not the last number that was given: what stands beside the series is exported, and seen.
  const series = await read.query<{ voucher: string; fy: string; last: bigint }>(
    `select voucher, fy, max(number) as last from ledger.entries where ulb_id = :ulb and fy = any(:years::text[])
     group by fy, voucher order by fy, voucher`,
    { ulb: read.ulb.id, years },
  );
  for (const s of series) {
    const from = (sealedTo.get(`${s.voucher} ${s.fy}`) ?? 0n) + 1n;
    for await (const entry of of({ voucher: s.voucher, fy: s.fy, from, to: s.last })) {
      count.entries += 1;
      count.unsealed += 1;
      yield journalLine(entry);
    }
  }
}

/** Every block since the books began; the leaves of those that hold entries of the years, so that a changed entry is named. */
export async function* seals(
  read: Read,
  years: readonly FinancialYear[],
  last: { block?: { block: number; hash: string } },
): AsyncGenerator<string> {
  for await (const sealed of eachSeal(read)) {
    const isAsked = sealed.ranges.some((r) => years.includes(r.fy as FinancialYear));
    const leaves = isAsked ? await leavesOf(read, sealed.block) : undefined;
    last.block = { block: sealed.block, hash: sealed.hash };
    yield `${JSON.stringify({
      block: sealed.block,
      sealed_at: sealed.sealedAt.toISOString(),
      ranges: sealed.ranges.map((r) => ({ voucher: r.voucher, fy: r.fy, from: String(r.from), to: String(r.to) })),
      entry_count: sealed.entryCount,
      merkle_root: sealed.merkleRoot,
      previous_hash: sealed.previousHash,
      hash: sealed.hash,
      leaves: leaves?.toString("hex") ?? "",
    })}\n`;
  }
}

/** The chart as the ULB keeps it now. */
export async function* chart(read: Read): AsyncGenerator<string> {
  const rows = (await listAccounts(read)).map((a): CsvRow => ({
    code: a.code,
    name: a.name,
    parent: a.parent,
    type: a.type,
    normal_side: a.normalSide,
    schedule: a.schedule,
    is_posting: a.isPosting,
    is_active: a.isActive,
  }));
  yield* toCsv(["code", "name", "parent", "type", "normal_side", "schedule", "is_posting", "is_active"], rows);
}

/**
 * Balances before the first entry of the first financial year, by fund; what earlier years earned and spent stands in the surplus account. Opening
 * vouchers of the year are entries of the journal.
 */
export async function* openings(read: Read, year: FinancialYear): AsyncGenerator<string> {
  const names = new Map((await listAccounts(read)).map((a) => [a.code, a.name]));
  yield* toCsv(
    ["code", "name", "fund", "debit", "credit"],
    (await balancesBefore(read, year)).map((m): CsvRow => ({
      code: m.account,
      name: names.get(m.account) ?? "",
      fund: m.fund,
      debit: m.opening > 0n ? m.opening : ZERO,
      credit: m.opening < 0n ? paise(-m.opening) : ZERO,
    })),
  );
}

/** Written by other files of the pack, or summed from the lines. */
const NOT_REGISTERS = new Set([
  "accounts",
  "entries",
  "lines",
  "seals",
  "seal_marks",
  "balance_daily",
  "balance_sums",
  "rollup_marks",
]);

type Column = { readonly name: string; readonly type: string };
export type Register = { readonly table: string; readonly columns: readonly Column[]; readonly key: readonly string[] };

/** Tables of the ledger that hold what people keep: masters, vouchers, periods, registers of every room, as many as there are. */
export async function registers(read: Read): Promise<Register[]> {
  const rows = await read.query<{ table: string; columns: Column[]; key: string[] }>(
    `select c.relname as "table",
       (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname <> 'ulb_id') as columns,
       (select jsonb_agg(a.attname order by k.at)
        from pg_index i
        cross join lateral unnest(i.indkey) with ordinality as k (attnum, at)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary) as key
     from pg_class c
     where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and has_table_privilege(c.oid, 'select')
       and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'ulb_id' and not a.attisdropped)
     order by c.relname`,
  );
  return rows.filter((r) => !NOT_REGISTERS.has(r.table) && r.table !== "ulbs");
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One register as CSV, every column as the database writes it; of stored files their size and SHA-256, not their bytes. */
export function register(read: Read, r: Register): AsyncGenerator<string> {
  const picked = r.columns.flatMap((c) =>
    c.type === "bytea"
      ? [
          { name: `${c.name}_bytes`, sql: `octet_length(${quoted(c.name)})::text` },
          { name: `${c.name}_sha256`, sql: `encode(sha256(${quoted(c.name)}), 'hex')` },
        ]
      : c.type.startsWith("timestamp with")
        ? [{ name: c.name, sql: `to_char(${quoted(c.name)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` }]
        : [{ name: c.name, sql: `${quoted(c.name)}::text` }],
  );
  const order = (r.key ?? []).map(quoted).join(", ") || "1";
  const rows = read.stream<CsvRow>(
    `select ${picked.map((p) => `${p.sql} as ${quoted(p.name)}`).join(", ")} from ledger.${quoted(r.table)} where ulb_id = :ulb order by ${order}`,
    { ulb: read.ulb.id },
  );
  return toCsv(
    picked.map((p) => p.name),
    rows,
  );
}

/** Who did what since the first day of the range: closes, approvals, changes of masters, each with its reason. */
export function auditTrail(read: Read, from: LocalDate): AsyncGenerator<string> {
  const rows = read.stream<CsvRow>(
    `select audit_id::text as audit_id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, actor, action, subject, subject_id,
       before::text as before, after::text as after, reason
     from kernel.audit_trail where ulb_id = :ulb and at >= :since order by audit_id`,
    { ulb: read.ulb.id, since: startOfDayInIndia(from) },
  );
  return toCsv(["audit_id", "at", "actor", "action", "subject", "subject_id", "before", "after", "reason"], rows);
}
