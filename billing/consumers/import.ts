import { streamCsv, type CsvInput, type CsvLimit, type CsvRow } from "../../ledger/kernel/csv.ts";
import type { Problem } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { lockImports, recordImport, reporter, wasImported, type ImportReport } from "../imports.ts";
import { services } from "../tax-heads.ts";
import { EMAIL, entryDay, MOBILE, wardsOf } from "./particulars.ts";

export const CONSUMER_CSV = ["service", "code", "name", "name_local", "mobile", "email", "address", "ward"] as const;

const BATCH = 5000;
/** What one HTTP request may bring; the command line takes files of any size. */
const LIMIT: CsvLimit = { rows: 200_000, megabytes: 64 };

/**
 * Enters the consumers of a CSV file (columns CONSUMER_CSV; name_local, mobile and email may be empty). All or nothing; every bad row is listed.
 * The same file again adds nothing and says so; a row that is there already with the same content is left alone, with other content it is a
 * problem, because a master record is not overwritten by a file. The rows pass through a temporary table, so that memory is bounded: with
 * `limit` null a file has any size. Of the problems the first `mostProblems` (1000) are given, and how many more there are.
 */
export async function importConsumers(
  tx: Tx,
  input: CsvInput,
  options: { readonly fileName?: string; readonly limit?: CsvLimit | null; readonly mostProblems?: number } = {},
): Promise<ImportReport> {
  const { limit = LIMIT, mostProblems = 1000 } = options;
  await lockImports(tx, "consumers");
  await tx.query("drop table if exists pg_temp.staged_consumers");
  await tx.query(
    `create temporary table staged_consumers (line_no integer not null, consumer_id uuid not null, service text collate "C" not null,
       code text collate "C" not null, name text not null, name_local text, mobile text collate "C", email text, address text not null,
       ward text collate "C" not null) on commit drop`,
  );
  const file = await streamCsv(
    input,
    CONSUMER_CSV,
    ["name_local", "mobile", "email"],
    { batch: BATCH, mostProblems, ...(limit && { limit }) },
    (rows) => stage(tx, rows),
  );
  const report = reporter(options.fileName ?? "consumers.csv", file.rows);
  if (file.problems.length === 0 && (await wasImported(tx, "consumers", file.hash))) return report.again();

  await tx.query("analyze pg_temp.staged_consumers");
  const { problems, more } = await stagedProblems(tx, mostProblems);
  if (file.problems.length + problems.length > 0) {
    const all = [...file.problems, ...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const listed = all.slice(0, mostProblems);
    return report.refused(listed, all.length - listed.length + file.moreProblems + more);
  }
  const added = await takeOver(tx);
  await recordImport(tx, "consumers", file.hash, report.fileName, file.rows, added, []);
  await tx.query(
    `insert into billing.import_rows (ulb_id, kind, file_hash, line_no, subject_id)
     select c.ulb_id, 'consumers', :hash, s.line_no, c.consumer_id
     from pg_temp.staged_consumers s
     join billing.consumers c on c.ulb_id = :ulb and c.consumer_id = s.consumer_id`,
    { ulb: tx.ulb.id, hash: file.hash },
  );
  return report.imported(added, file.rows - added);
}

type Row = CsvRow<(typeof CONSUMER_CSV)[number]>;

async function stage(tx: Tx, rows: readonly Row[]): Promise<void> {
  const column = (name: keyof Row["cells"]) => rows.map((r) => r.cells[name]);
  const optional = (name: keyof Row["cells"]) => rows.map((r) => r.cells[name] || null);
  await tx.query(
    `insert into pg_temp.staged_consumers (line_no, consumer_id, service, code, name, name_local, mobile, email, address, ward)
     select * from unnest(:lines::integer[], :ids::uuid[], :services::text[], :codes::text[], :names::text[], :names_local::text[], :mobiles::text[],
       :emails::text[], :addresses::text[], :wards::text[])`,
    {
      lines: rows.map((r) => r.line),
      ids: rows.map(() => newId()),
      services: column("service"),
      codes: column("code"),
      names: column("name"),
      names_local: optional("name_local"),
      mobiles: optional("mobile"),
      emails: optional("email"),
      addresses: column("address"),
      wards: column("ward"),
    },
  );
}

type Broken = {
  readonly line: number;
  readonly field: keyof Row["cells"];
  readonly rule: keyof typeof SENTENCES;
  readonly value: string;
  readonly other: string;
  readonly total: bigint;
};

const SENTENCES = {
  SERVICE_UNKNOWN: (f: Broken) => `"${f.value}" is not a service of this ULB`,
  CONSUMER_CODE: (f: Broken) => `"${f.value}" is not a code of 1 to 60 characters`,
  CONSUMER_NAME: () => "the name is empty",
  CONSUMER_WARD: (f: Broken) =>
    f.value === "" ? "the ward is empty" : `"${f.value}" is not one of the ${f.other} wards of this ULB`,
  CONSUMER_MOBILE: (f: Broken) => `"${f.value}" is not an Indian mobile number of ten digits`,
  CONSUMER_EMAIL: (f: Broken) => `"${f.value}" is not an e-mail address`,
  CONSUMER_TWICE: (f: Broken) => `${f.value} stands on line ${f.other} already`,
  CONSUMER_EXISTS: (f: Broken) => `${f.value} exists with other particulars`,
} as const;

/** Every rule that a staged row breaks, by line. */
async function stagedProblems(tx: Tx, most: number): Promise<{ problems: Problem[]; more: number }> {
  const known = await services(tx, entryDay(tx));
  const wards = await wardsOf(tx);
  const rows = await tx.query<Broken>(
    `select b.line_no as line, b.field, b.rule, b.value, b.other, count(*) over () as total
     from (
       select s.line_no, r.place, r.field, r.rule, r.value, r.other
       from pg_temp.staged_consumers s
       cross join lateral (values
         (1, 'service', 'SERVICE_UNKNOWN', s.service, '', s.service <> all(:services::text[])),
         (2, 'code', 'CONSUMER_CODE', s.code, '', length(s.code) not between 1 and 60),
         (3, 'name', 'CONSUMER_NAME', '', '', s.name = ''),
         (4, 'ward', 'CONSUMER_WARD', s.ward, cardinality(:wards::text[])::text,
           s.ward = '' or (cardinality(:wards::text[]) > 0 and s.ward <> all(:wards::text[]))),
         (5, 'mobile', 'CONSUMER_MOBILE', s.mobile, '', s.mobile !~ :mobile),
         (6, 'email', 'CONSUMER_EMAIL', s.email, '', s.email !~ :email)
       ) as r (place, field, rule, value, other, is_broken)
       where r.is_broken
       union all
       select t.line_no, 7, 'code', 'CONSUMER_TWICE', t.service || ' ' || t.code, t.first_line::text
       from (select line_no, service, code, min(line_no) over (partition by service, code) as first_line from pg_temp.staged_consumers) as t
       where t.line_no > t.first_line
       union all
       select s.line_no, 8, 'code', 'CONSUMER_EXISTS', s.service || ' consumer ' || s.code, ''
       from pg_temp.staged_consumers s
       join billing.consumers c on c.ulb_id = :ulb and c.service = s.service and c.code = s.code
       where (c.name, c.name_local, c.mobile, c.email, c.address, c.ward)
         is distinct from (s.name, s.name_local, s.mobile, s.email, s.address, s.ward)
     ) as b
     order by b.line_no, b.place
     limit :most`,
    { ulb: tx.ulb.id, services: [...known.keys()], wards: [...wards], mobile: MOBILE, email: EMAIL, most },
  );
  const problems = rows.map((r): Problem => ({
    code: r.rule,
    line: r.line,
    column: r.field,
    message: `line ${r.line}, ${r.field}: ${SENTENCES[r.rule](r)}`,
  }));
  return { problems, more: Number(rows[0]?.total ?? 0n) - rows.length };
}

/** Enters what is staged and not there yet, in the order of the file; gives how many that were. */
async function takeOver(tx: Tx): Promise<number> {
  const made = await tx.queryOne<{ added: bigint }>(
    `with made as (
       insert into billing.consumers (ulb_id, consumer_id, service, code, name, name_local, mobile, email, address, ward, created_at, created_by)
       select :ulb::integer, s.consumer_id, s.service, s.code, s.name, s.name_local, s.mobile, s.email, s.address, s.ward, :now::timestamptz, :actor
       from pg_temp.staged_consumers s
       where not exists (select 1 from billing.consumers c where c.ulb_id = :ulb and c.service = s.service and c.code = s.code)
       order by s.line_no
       returning 1
     )
     select count(*) as added from made`,
    { ulb: tx.ulb.id, now: tx.clock(), actor: tx.actor.id },
  );
  return Number(made?.added ?? 0n);
}
