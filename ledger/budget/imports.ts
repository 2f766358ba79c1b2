import { createHash } from "node:crypto";
import Papa from "papaparse";
import { audit } from "../kernel/audit.ts";
import { financialYear, financialYearEnd, localDate, type FinancialYear, type LocalDate } from "../kernel/dates.ts";
import { Refusal, type Problem } from "../kernel/errors.ts";
import { formatIndian, paise, rupees, type Paise } from "../kernel/money.ts";
import type { Tx } from "../kernel/tx.ts";

export const BUDGET_CSV = [
  "fy",
  "budget_head",
  "account_prefix",
  "function",
  "fund",
  "version",
  "amount",
  "sanction",
  "date",
] as const;
type Column = (typeof BUDGET_CSV)[number];

/** What became of a budget file: all of it or nothing. `already-imported` is the same file again. */
export type BudgetImport = {
  readonly status: "imported" | "already-imported" | "refused";
  readonly fileName: string;
  readonly rows: number;
  readonly added: number;
  /** Rows that say what is sanctioned already. */
  readonly unchanged: number;
  /** The first thousand, each with line, column and rule. */
  readonly problems: readonly Problem[];
  readonly moreProblems: number;
};

const MAX_PROBLEMS = 1000;
const MAX_ROWS = 50_000;
type Version = "original" | "revised" | "supplementary" | "reappropriation";
const VERSIONS: Readonly<Record<string, Version>> = {
  original: "original",
  revised: "revised",
  supplementary: "supplementary",
  reappropriation: "reappropriation",
};
type Row = {
  readonly line: number;
  readonly fy: FinancialYear;
  readonly head: string;
  readonly prefix: string;
  readonly function: string;
  readonly fund: string;
  readonly functionary: string;
  readonly version: Version;
  readonly amount: Paise;
  readonly sanction: string;
  readonly date: LocalDate;
  readonly side: "income" | "expenditure";
};

/**
 * Enters a sanctioned budget from a CSV file (columns BUDGET_CSV; function may be empty for any, fund empty is "01"; a tenth column
 * functionary is optional). All or nothing; every bad row is listed. The same file again adds nothing, a row that is sanctioned already is
 * left alone, and an original estimate is entered once: later ones are "revised". Re-appropriations of one sanction add up to nil.
 */
export async function importBudget(
  tx: Tx,
  csv: string,
  options: { readonly fileName?: string } = {},
): Promise<BudgetImport> {
  const fileName = options.fileName ?? "budget.csv";
  const hash = createHash("sha256").update(csv).digest("hex");
  const problems: Problem[] = [];
  const answer = (status: BudgetImport["status"], rows: number, added = 0, unchanged = 0): BudgetImport => ({
    status,
    fileName,
    rows,
    added,
    unchanged,
    problems: problems.slice(0, MAX_PROBLEMS),
    moreProblems: Math.max(0, problems.length - MAX_PROBLEMS),
  });
  const { data, errors, meta } = Papa.parse<Record<string, string>>(csv.replace(/^\uFEFF/, ""), {
    header: true,
    skipEmptyLines: "greedy",
    transformHeader: (h) => h.trim().toLowerCase(),
  });
  for (const column of BUDGET_CSV)
    if (!meta.fields?.includes(column))
      problems.push({ code: "CSV_COLUMN", message: `the column ${column} is missing`, line: 1, column });
  for (const e of errors)
    if (e.type !== "Delimiter") problems.push({ code: "CSV_FORM", message: e.message, line: (e.row ?? 0) + 2 });
  if (problems.length === 0 && data.length === 0)
    problems.push({ code: "CSV_EMPTY", message: "the file has no rows", line: 1 });
  if (data.length > MAX_ROWS)
    problems.push({ code: "CSV_ROWS", message: `a budget file has at most ${MAX_ROWS} rows`, line: MAX_ROWS + 2 });
  if (problems.length > 0) return answer("refused", data.length);

  await tx.query("select pg_advisory_xact_lock(7244008, :ulb::integer)", { ulb: tx.ulb.id });
  const before = await tx.queryOne("select 1 from ledger.budget_files where ulb_id = :ulb and file_hash = :hash", {
    ulb: tx.ulb.id,
    hash,
  });
  if (before) return answer("already-imported", data.length, 0, data.length);

  const rows = await readRows(tx, data, problems);
  const there = await linesThere(tx, rows);
  const fresh = judgeRows(rows, there, problems);
  if (problems.length > 0) {
    problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    return answer("refused", data.length);
  }
  await tx.query(
    `insert into ledger.budget_files (ulb_id, file_hash, file_name, row_count, imported_by, imported_at)
     values (:ulb, :hash, :file_name, :rows, :actor, :now)`,
    { ulb: tx.ulb.id, hash, file_name: fileName, rows: data.length, actor: tx.actor.id, now: tx.clock() },
  );
  await write(tx, fresh, hash);
  await audit(tx, {
    action: "import",
    subject: "budget",
    subjectId: hash.slice(0, 16),
    after: { fileName, rows: data.length, added: fresh.length },
  });
  return answer("imported", data.length, fresh.length, rows.length - fresh.length);
}

const keyOf = (r: {
  readonly fy: string;
  readonly prefix: string;
  readonly function: string;
  readonly fund: string;
  readonly functionary: string;
}): string => [r.fy, r.prefix, r.function, r.fund, r.functionary].join("\u0001");

/** Rows that read as budget lines; what does not is told cell by cell. */
async function readRows(tx: Tx, data: readonly Record<string, string>[], problems: Problem[]): Promise<Row[]> {
  const known = async (sql: string): Promise<Set<string>> =>
    new Set((await tx.query<{ code: string }>(sql, { ulb: tx.ulb.id })).map((r) => r.code));
  const functions = await known("select code from ledger.functions where ulb_id = :ulb");
  const funds = await known("select code from ledger.funds where ulb_id = :ulb");
  const accounts = await tx.query<{ code: string; type: string }>(
    "select code, type from ledger.accounts where ulb_id = :ulb and is_posting order by code",
    { ulb: tx.ulb.id },
  );
  const sides = new Map<string, "income" | "expenditure" | undefined>();
  const sideOf = (prefix: string): "income" | "expenditure" | undefined => {
    if (!sides.has(prefix)) {
      const type = accounts.find((a) => a.code.startsWith(prefix))?.type;
      sides.set(
        prefix,
        type === undefined ? undefined : ["income", "liability"].includes(type) ? "income" : "expenditure",
      );
    }
    return sides.get(prefix);
  };
  const rows: Row[] = [];
  data.forEach((cells, i) => {
    const line = i + 2;
    const cell = (name: Column | "functionary"): string => (cells[name] ?? "").trim();
    const at = problems.length;
    const say = (column: string, code: string, what: string): void =>
      void problems.push({ code, message: `line ${line}, ${column}: ${what}`, line, column });
    const tried = <T>(column: Column, read: () => T): T | undefined => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        say(column, error.code, error.detail);
        return undefined;
      }
    };
    const fy = tried("fy", () => financialYear(cell("fy")));
    const amount = tried("amount", () => rupees(cell("amount")));
    const date = tried("date", () => localDate(cell("date")));
    const version =
      VERSIONS[
        cell("version")
          .toLowerCase()
          .replace(/[^a-z]/g, "")
      ];
    const [head, prefix, fn] = [cell("budget_head"), cell("account_prefix"), cell("function")];
    const fund = cell("fund") === "" ? "01" : cell("fund");
    if (head === "" || head.length > 60)
      say("budget_head", "BUDGET_HEAD", `"${head}" is not a head of 1 to 60 characters`);
    const side = /^\d{1,12}$/.test(prefix) ? sideOf(prefix) : undefined;
    if (side === undefined) say("account_prefix", "BUDGET_ACCOUNT", `no account of the chart begins with "${prefix}"`);
    if (fn !== "" && !functions.has(fn))
      say("function", "BUDGET_FUNCTION", `"${fn}" is not one of this ULB's functions`);
    if (!funds.has(fund)) say("fund", "BUDGET_FUND", `"${fund}" is not one of this ULB's funds`);
    if (!version)
      say(
        "version",
        "BUDGET_VERSION",
        `"${cell("version")}" is not original, revised, supplementary or re-appropriation`,
      );
    if (amount !== undefined && amount < 0n && version !== "reappropriation")
      say("amount", "BUDGET_NEGATIVE", `${formatIndian(amount)} is negative; only a re-appropriation takes away`);
    if (cell("sanction").length < 3)
      say("sanction", "BUDGET_SANCTION", "the resolution or order that sanctions it is missing");
    if (fy && date && date > financialYearEnd(fy))
      say("date", "BUDGET_DATE", `${date} is after the end of ${fy}; nothing could be spent under it`);
    if (problems.length > at || !fy || amount === undefined || !date || !version || !side) return;
    rows.push({
      line,
      fy,
      head,
      prefix,
      function: fn,
      fund,
      functionary: cell("functionary"),
      version,
      amount,
      sanction: cell("sanction"),
      date,
      side,
    });
  });
  return rows;
}

type There = {
  readonly head: string;
  readonly amounts: readonly { version: Version; amount: string; sanction: string; date: LocalDate }[];
};

async function linesThere(tx: Tx, rows: readonly Row[]): Promise<ReadonlyMap<string, There>> {
  const found = await tx.query<{
    fy: string;
    prefix: string;
    function: string;
    fund: string;
    functionary: string;
    head: string;
    amounts: There["amounts"] | null;
  }>(
    `select b.fy, b.account_prefix as prefix, b.function, b.fund, b.functionary, b.budget_head as head,
       (select jsonb_agg(jsonb_build_object('version', a.version, 'amount', a.amount::text, 'sanction', a.sanction, 'date', a.in_force_from))
        from ledger.budget_amounts a where a.ulb_id = b.ulb_id and a.line_id = b.line_id) as amounts
     from ledger.budget_lines b where b.ulb_id = :ulb and b.fy = any(:years::text[])`,
    { ulb: tx.ulb.id, years: [...new Set(rows.map((r) => r.fy))] },
  );
  return new Map(found.map((f) => [keyOf(f), { head: f.head, amounts: f.amounts ?? [] }]));
}

/** Rows that are new; what contradicts the file itself or what is sanctioned already is told. */
function judgeRows(rows: readonly Row[], there: ReadonlyMap<string, There>, problems: Problem[]): Row[] {
  const say = (r: Row, column: Column, code: string, what: string): void =>
    void problems.push({ code, message: `line ${r.line}, ${column}: ${what}`, line: r.line, column });
  const heads = new Map<string, string>();
  const seen = new Map<string, number>();
  const moved = new Map<string, { net: bigint; row: Row }>();
  const fresh: Row[] = [];
  for (const r of rows) {
    const key = keyOf(r);
    const old = there.get(key);
    const head = heads.get(key) ?? old?.head;
    if (head !== undefined && head !== r.head)
      say(
        r,
        "budget_head",
        "BUDGET_HEAD_DIFFERS",
        `this account, function and fund belong to the head ${head} already`,
      );
    heads.set(key, head ?? r.head);
    const same = old?.amounts.some(
      (a) => a.version === r.version && a.amount === String(r.amount) && a.sanction === r.sanction && a.date === r.date,
    );
    const once = [key, r.version, ...(r.version === "original" ? [] : [r.sanction, r.date])].join("\u0001");
    const twin = seen.get(once);
    if (twin !== undefined)
      say(r, "version", "BUDGET_TWICE", `this ${r.version} estimate stands on line ${twin} already`);
    seen.set(once, r.line);
    if (same) continue;
    if (r.version === "original" && old?.amounts.some((a) => a.version === "original"))
      say(
        r,
        "version",
        "BUDGET_ORIGINAL_TWICE",
        "an original estimate is sanctioned already; what replaces it is revised",
      );
    if (r.version === "reappropriation") {
      const of = [r.fy, r.fund, r.sanction].join("\u0001");
      moved.set(of, { net: (moved.get(of)?.net ?? 0n) + r.amount, row: r });
    }
    fresh.push(r);
  }
  for (const { net, row } of moved.values())
    if (net !== 0n)
      say(
        row,
        "amount",
        "BUDGET_REAPPROPRIATION",
        `re-appropriations of "${row.sanction}" in fund ${row.fund} add up to ${formatIndian(paise(net))}; what one head gains another gives`,
      );
  return fresh;
}

async function write(tx: Tx, rows: readonly Row[], hash: string): Promise<void> {
  if (rows.length === 0) return;
  const columns = {
    ulb: tx.ulb.id,
    years: rows.map((r) => r.fy),
    prefixes: rows.map((r) => r.prefix),
    functions: rows.map((r) => r.function),
    funds: rows.map((r) => r.fund),
    functionaries: rows.map((r) => r.functionary),
  };
  await tx.query(
    `insert into ledger.budget_lines (ulb_id, fy, budget_head, account_prefix, function, fund, functionary, side)
     select distinct on (n.fy, n.prefix, n.function, n.fund, n.functionary) :ulb::integer, n.fy, n.head, n.prefix, n.function, n.fund, n.functionary, n.side
     from unnest(:years::text[], :heads::text[], :prefixes::text[], :functions::text[], :funds::text[], :functionaries::text[], :sides::text[])
       as n (fy, head, prefix, function, fund, functionary, side)
     on conflict on constraint budget_line_is_one_of_its_kind do nothing`,
    { ...columns, heads: rows.map((r) => r.head), sides: rows.map((r) => r.side) },
  );
  await tx.query(
    `insert into ledger.budget_amounts (ulb_id, line_id, version, amount, sanction, in_force_from, file_hash, file_line, made_by, made_at)
     select :ulb::integer, b.line_id, n.version, n.amount, n.sanction, n.day, :hash, n.file_line, :actor, :now
     from unnest(:years::text[], :prefixes::text[], :functions::text[], :funds::text[], :functionaries::text[], :versions::text[],
       :amounts::bigint[], :sanctions::text[], :days::date[], :file_lines::integer[])
       as n (fy, prefix, function, fund, functionary, version, amount, sanction, day, file_line)
     join ledger.budget_lines b on b.ulb_id = :ulb::integer and b.fy = n.fy and b.account_prefix = n.prefix and b.function = n.function
       and b.fund = n.fund and b.functionary = n.functionary
     order by n.file_line`,
    {
      ...columns,
      hash,
      versions: rows.map((r) => r.version),
      amounts: rows.map((r) => r.amount.toString()),
      sanctions: rows.map((r) => r.sanction),
      days: rows.map((r) => r.date),
      file_lines: rows.map((r) => r.line),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
}
