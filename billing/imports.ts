import { readCsv, type CsvInput, type CsvRow } from "../ledger/kernel/csv.ts";
import { dateInIndia, financialYear, financialYearOf, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { rupees } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import {
  checkDemand,
  loadMasters,
  openReceivables,
  raiseDemands,
  type DemandDraft,
  type RaisedDemands,
} from "./demands.ts";
import type { Detail } from "./entries.ts";
import type { LockedConsumer } from "./register.ts";

export const DEMAND_CSV = [
  "service",
  "consumer_code",
  "tax_period_from",
  "tax_period_to",
  "demand_year",
  "due_date",
  "tax_head",
  "amount",
] as const;

/** What became of a file: all of it or nothing. `refused` wrote nothing; `already-imported` is the same file again. */
export type ImportReport = {
  readonly status: "imported" | "already-imported" | "refused";
  readonly fileName: string;
  readonly rows: number;
  readonly added: number;
  /** Rows that say what is there already. */
  readonly unchanged: number;
  /** The first thousand, each with line, column and rule. */
  readonly problems: readonly Problem[];
  readonly moreProblems: number;
  /** The entries that demands of the file posted. */
  readonly batches: readonly RaisedDemands[];
};

const MAX_PROBLEMS = 1000;

type DemandRow = CsvRow<(typeof DEMAND_CSV)[number]>;

/**
 * Raises the demands of a CSV file (columns DEMAND_CSV): rows of one consumer and period form one demand, one row per tax head. Demands of years
 * before the ULB's books start are opening receivables; all others are raised on `date` (today). All or nothing; every bad row is listed; the same
 * file again adds nothing and says so, and a demand that is there already with the same amounts is left alone.
 */
export async function importDemands(
  tx: Tx,
  input: CsvInput,
  options: { readonly fileName?: string; readonly date?: LocalDate; readonly detail?: Detail } = {},
): Promise<ImportReport> {
  const file = await readCsv(input, DEMAND_CSV);
  const report = reporter(options.fileName ?? "demands.csv", file.rows.length);
  if (file.problems.length > 0) return report.refused(file.problems);
  await lockImports(tx, "demands");
  if (await wasImported(tx, "demands", file.hash)) return report.again();

  const date = options.date ?? laterOf(dateInIndia(tx.clock()), tx.ulb.startsOn);
  const starts = financialYearOf(tx.ulb.startsOn);
  const masters = await loadMasters(tx, date);
  const openingMasters = await loadMasters(tx, tx.ulb.startsOn);
  const problems: Problem[] = [];
  const say = sayer(problems);
  const consumers = await consumersOf(tx, file.rows);

  const groups = groupBy(file.rows, ({ cells: c }) =>
    [c.service, c.consumer_code, c.tax_period_from, c.tax_period_to].join("\u0001"),
  );
  const drafts: { readonly draft: DemandDraft; readonly rows: readonly DemandRow[]; readonly isOpening: boolean }[] =
    [];
  for (const rows of groups.values()) {
    const [first] = rows;
    if (!first) continue;
    const before = problems.length;
    const read = <T>(
      row: DemandRow,
      column: (typeof DEMAND_CSV)[number],
      parse: (text: string) => T,
    ): T | undefined => {
      try {
        return parse(row.cells[column]);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        say(row, column, error.code, error.detail);
        return undefined;
      }
    };
    const consumer = consumers.get(`${first.cells.service}\u0001${first.cells.consumer_code}`);
    if (!consumer) {
      say(
        first,
        "consumer_code",
        "CONSUMER_NOT_FOUND",
        `there is no ${first.cells.service} consumer ${first.cells.consumer_code}`,
      );
    }
    const periodFrom = read(first, "tax_period_from", localDate);
    const periodTo = read(first, "tax_period_to", localDate);
    const lines: { taxHead: string; amount: ReturnType<typeof rupees> }[] = [];
    for (const row of rows) {
      const year = read(row, "demand_year", financialYear);
      const due = read(row, "due_date", localDate);
      const amount = read(row, "amount", rupees);
      if (row.cells.demand_year !== first.cells.demand_year || row.cells.due_date !== first.cells.due_date) {
        say(
          row,
          "demand_year",
          "DEMAND_ROWS_DIFFER",
          `demand year and due date are not those of line ${first.line}, which is the same demand`,
        );
      }
      if (amount !== undefined && amount <= 0n)
        say(row, "amount", "DEMAND_AMOUNT", `${row.cells.amount} is not more than 0.00`);
      if (!masters.heads.has(row.cells.tax_head)) {
        say(row, "tax_head", "TAX_HEAD_UNKNOWN", `"${row.cells.tax_head}" is not a tax head in force on ${date}`);
      }
      if (year !== undefined && due !== undefined && amount !== undefined)
        lines.push({ taxHead: row.cells.tax_head, amount });
    }
    if (problems.length > before || !consumer || !periodFrom || !periodTo) continue;
    const demandYear = financialYear(first.cells.demand_year);
    const draft: DemandDraft = {
      consumerId: consumer.id,
      periodFrom,
      periodTo,
      demandYear,
      dueDate: localDate(first.cells.due_date),
      lines,
    };
    const isOpening = demandYear < starts;
    try {
      checkDemand(
        draft,
        isOpening ? "opening" : "regular",
        isOpening ? tx.ulb.startsOn : date,
        consumer,
        isOpening ? openingMasters : masters,
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say(first, null, error.code, error.detail);
      continue;
    }
    drafts.push({ draft, rows, isOpening });
  }

  const there = await demandsThere(
    tx,
    drafts.map((d) => d.draft),
  );
  const fresh = drafts.filter(({ draft, rows }) => {
    const known = there.get(`${draft.consumerId}/${draft.periodFrom}/${draft.periodTo}`);
    if (known === undefined) return true;
    const [first] = rows;
    if (first && known !== saidOf(draft.lines)) {
      say(
        first,
        "tax_period_from",
        "DEMAND_EXISTS",
        `${first.cells.consumer_code} has a demand for this period with other amounts`,
      );
    }
    return false;
  });
  if (problems.length > 0) return report.refused(problems);

  const batches: RaisedDemands[] = [];
  const made: { line: number; id: string }[] = [];
  for (const part of [fresh.filter((d) => d.isOpening), fresh.filter((d) => !d.isOpening)]) {
    if (part.length === 0) continue;
    const demands = part.map((p) => p.draft);
    const common = { demands, ...(options.detail && { detail: options.detail }) };
    const raised = part[0]?.isOpening ? await openReceivables(tx, common) : await raiseDemands(tx, { ...common, date });
    batches.push(raised);
    part.forEach((p, i) => {
      for (const row of p.rows) made.push({ line: row.line, id: raised.demandIds[i] ?? "" });
    });
  }
  await recordImport(tx, "demands", file.hash, report.fileName, file.rows.length, made.length, made);
  return report.imported(made.length, file.rows.length - made.length, batches);
}

async function consumersOf(tx: Tx, rows: readonly DemandRow[]): Promise<ReadonlyMap<string, LockedConsumer>> {
  const found = await tx.query<LockedConsumer>(
    `select distinct c.consumer_id as id, c.code, c.service, c.ward, c.advance
     from unnest(:services::text[], :codes::text[]) as n (service, code)
     join billing.consumers c on c.ulb_id = :ulb and c.service = n.service and c.code = n.code`,
    { ulb: tx.ulb.id, services: rows.map((r) => r.cells.service), codes: rows.map((r) => r.cells.consumer_code) },
  );
  return new Map(found.map((c) => [`${c.service}\u0001${c.code}`, c]));
}

/** What demands that are there already say, per consumer and period, in the form of `saidOf`. */
async function demandsThere(tx: Tx, drafts: readonly DemandDraft[]): Promise<ReadonlyMap<string, string>> {
  if (drafts.length === 0) return new Map();
  const rows = await tx.query<{
    consumer_id: string;
    period_from: string;
    period_to: string;
    tax_head: string;
    amount: bigint;
    cess_head: string | null;
    cess: bigint;
  }>(
    `select d.consumer_id, d.period_from, d.period_to, t.tax_head, t.amount, t.cess_head, t.cess
     from unnest(:ids::uuid[], :froms::date[], :tos::date[]) as n (consumer_id, period_from, period_to)
     join billing.demands d on d.ulb_id = :ulb and d.consumer_id = n.consumer_id and d.period_from = n.period_from and d.period_to = n.period_to
       and d.kind in ('regular', 'opening')
       and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = d.ulb_id and c.demand_id = d.demand_id)
     join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id`,
    {
      ulb: tx.ulb.id,
      ids: drafts.map((d) => d.consumerId),
      froms: drafts.map((d) => d.periodFrom),
      tos: drafts.map((d) => d.periodTo),
    },
  );
  const said = new Map<string, string>();
  for (const [key, group] of groupBy(rows, (r) => `${r.consumer_id}/${r.period_from}/${r.period_to}`)) {
    const lines = group.flatMap((r) => [
      { taxHead: r.tax_head, amount: r.amount - (r.cess_head === r.tax_head ? 0n : r.cess) },
      ...(r.cess_head !== null && r.cess_head !== r.tax_head ? [{ taxHead: r.cess_head, amount: r.cess }] : []),
    ]);
    said.set(key, saidOf(lines));
  }
  return said;
}

function saidOf(lines: readonly { readonly taxHead: string; readonly amount: bigint }[]): string {
  return lines
    .map((l) => `${l.taxHead}=${l.amount}`)
    .sort()
    .join(";");
}

function laterOf(a: LocalDate, b: LocalDate): LocalDate {
  return a > b ? a : b;
}

function sayer(problems: Problem[]) {
  return (row: { readonly line: number }, column: string | null, code: string, message: string): void => {
    problems.push({
      code,
      line: row.line,
      ...(column !== null && { column }),
      message: `line ${row.line}${column ? `, ${column}` : ""}: ${message}`,
    });
  };
}

export function reporter(fileName: string, rows: number) {
  const none = { fileName, rows, added: 0, unchanged: 0, problems: [], moreProblems: 0, batches: [] };
  return {
    fileName,
    /** With `more` the problems are a part of all, otherwise the first of them are listed. */
    refused: (problems: readonly Problem[], more?: number): ImportReport => ({
      ...none,
      status: "refused",
      problems: more === undefined ? problems.slice(0, MAX_PROBLEMS) : problems,
      moreProblems: more ?? Math.max(0, problems.length - MAX_PROBLEMS),
    }),
    again: (): ImportReport => ({ ...none, status: "already-imported", unchanged: rows }),
    imported: (added: number, unchanged: number, batches: readonly RaisedDemands[] = []): ImportReport => ({
      ...none,
      status: "imported",
      added,
      unchanged,
      batches,
    }),
  };
}

/** Two imports of a kind follow each other, so that the second sees what the first added. */
export async function lockImports(tx: Tx, kind: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended(:name, :ulb::bigint))", {
    name: `billing.import.${kind}`,
    ulb: tx.ulb.id,
  });
}

export async function wasImported(tx: Tx, kind: string, hash: string): Promise<boolean> {
  const row = await tx.queryOne(
    "select 1 from billing.import_files where ulb_id = :ulb and kind = :kind and file_hash = :hash",
    {
      ulb: tx.ulb.id,
      kind,
      hash,
    },
  );
  return row !== undefined;
}

export async function recordImport(
  tx: Tx,
  kind: string,
  hash: string,
  fileName: string,
  rowCount: number,
  added: number,
  made: readonly { readonly line: number; readonly id: string }[],
): Promise<void> {
  await tx.query(
    `insert into billing.import_files (ulb_id, kind, file_hash, file_name, row_count, added, imported_at, imported_by)
     values (:ulb, :kind, :hash, :file_name, :row_count, :added, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      kind,
      hash,
      file_name: fileName,
      row_count: rowCount,
      added,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (made.length === 0) return;
  await tx.query(
    `insert into billing.import_rows (ulb_id, kind, file_hash, line_no, subject_id)
     select :ulb::integer, :kind, :hash, r.line_no, r.id from unnest(:lines::integer[], :ids::uuid[]) as r (line_no, id)`,
    { ulb: tx.ulb.id, kind, hash, lines: made.map((m) => m.line), ids: made.map((m) => m.id) },
  );
}
