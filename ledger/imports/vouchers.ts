import { readCsv, type CsvInput, type CsvRow } from "../kernel/csv.ts";
import {
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  localDate,
  nextFinancialYear,
  periodOf,
  type FinancialYear,
  type LocalDate,
} from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { formatIndian, paise, rupees, type Paise } from "../kernel/money.ts";
import type { Tx } from "../kernel/tx.ts";
import type { Account } from "../balances.ts";
import {
  entryNumber,
  MAX_LINE,
  MAX_LINES,
  postEntries,
  type EntryDraft,
  type Line,
  type VoucherType,
} from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { listPeriods, openFinancialYear } from "../periods.ts";
import { postingAccounts } from "../posting-map.ts";
import {
  accountOf,
  defaultFunction,
  functionOf,
  fundOf,
  loadChart,
  NewAccounts,
  parsed,
  subLedgerOf,
  type Chart,
} from "./chart.ts";
import { yearClosings } from "./closings.ts";
import { lockImports, recordImport, wasImported, type Reference } from "./files.ts";
import { partyTypes } from "./parties.ts";
import { Findings, reportOf, sums, type BookImport, type FileFacts } from "./report.ts";
import { vouchersThere, saysTheSame } from "./there.ts";

export const VOUCHER_CSV = [
  "voucher",
  "date",
  "type",
  "fund",
  "function",
  "ward",
  "leg",
  "side",
  "code",
  "name",
  "amount",
  "subledger",
  "narration",
] as const;
type Row = CsvRow<(typeof VOUCHER_CSV)[number]>;

/** The source under which vouchers of files are posted: "2025-26/V-001", because many offices begin to count anew each year. */
export const VOUCHER_SOURCE = "import-voucher";

/** A year of a city is some 100,000 vouchers; more than a million rows is several files. */
const LIMIT = { rows: 1_000_000, megabytes: 256 };

export type VoucherImportOptions = {
  readonly fileName?: string | undefined;
  /** The function of income and expenditure rows that name none; without it such a row is a problem. */
  readonly defaultFunction?: string | undefined;
  /** Add accounts that are missing below their minor head, named by the column `name`. */
  readonly addAccounts?: boolean | undefined;
  /** Who handed the file in, where a second person imports it. */
  readonly preparedBy?: string | undefined;
};

const TYPES: ReadonlyMap<string, VoucherType> = new Map([
  ["receipt", "receipt"],
  ["payment", "payment"],
  ["contra", "contra"],
  ["journal", "journal"],
]);
const SIDES: ReadonlyMap<string, Line["side"]> = new Map([
  ["dr", "debit"],
  ["debit", "debit"],
  ["cr", "credit"],
  ["credit", "credit"],
]);

type Judged = { readonly draft: EntryDraft; readonly voucher: string; readonly row: Row };

/**
 * Posts the vouchers of a CSV file (columns VOUCHER_CSV in any order; fund, ward, leg, name, subledger and narration may be missing). Rows of one
 * voucher form one entry wherever they stand. All rows are judged and all problems listed; nothing is written unless all are sound. The same
 * file again, or a voucher that is there already with the same content, adds nothing; one with other content is a problem naming both.
 * Vouchers that close a year to 310-90 are left out with a warning: the close of the year makes them.
 * Months of later years of the books are opened. Raises IMPORT_FUNCTION, and at the last instant (a month closed meanwhile) what postEntries raises.
 */
export async function importVouchers(tx: Tx, input: CsvInput, options: VoucherImportOptions = {}): Promise<BookImport> {
  const optional = ["fund", "function", "ward", "leg", "name", "subledger", "narration"] as const;
  const file = await readCsv(input, VOUCHER_CSV, optional, LIMIT);
  const found = new Findings();
  const facts: FileFacts = {
    kind: "vouchers",
    fileName: options.fileName ?? "vouchers.csv",
    hash: file.hash,
    rows: file.rows.length,
  };
  found.problems.push(...file.problems);
  if (found.problems.length > 0) return reportOf("refused", facts, found);
  if (file.furtherColumns.length > 0)
    found.warn(null, null, "COLUMNS_IGNORED", `columns that are not read: ${file.furtherColumns.join(", ")}`);
  await lockImports(tx, facts.kind);
  const groups = groupBy(file.rows, (row) => row.cells.voucher);
  if (await wasImported(tx, facts.kind, file.hash))
    return reportOf("already-imported", facts, found, { unchanged: groups.size });

  const judge = await judgeOf(tx, file.rows, options, found);
  const read: Judged[] = [];
  let debits = 0n;
  let credits = 0n;
  for (const [voucher, rows] of groups) {
    if (voucher === "") {
      for (const row of rows) found.problem(row, "voucher", "VOUCHER_MISSING", "the voucher column is empty");
      continue;
    }
    const made = judge.voucher(voucher, rows);
    debits += made.debits;
    credits += made.credits;
    if (made.draft && rows[0]) read.push({ draft: made.draft, voucher, row: rows[0] });
  }
  const total = { debits: paise(debits), credits: paise(credits) };
  const judged = await withoutClosings(tx, read, judge.isOfYear, found);
  const fresh = await withoutKnown(tx, judged, found);
  found.finish();
  if (found.problems.length > 0) return reportOf("refused", facts, found, total);

  for (const fy of judge.yearsToOpen()) await openFinancialYear(tx, fy);
  await judge.added?.write(tx, facts.fileName);
  const references = judged.map(({ draft, voucher, row }): Reference => ({
    line: row.line,
    reference: voucher,
    source: draft.source,
  }));
  await recordImport(tx, facts, references, options.preparedBy);
  // In order of date, so that numbers follow the days; within a day as in the file.
  const drafts = fresh.map((f) => f.draft).sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
  const posted = drafts.length === 0 ? [] : await postEntries(tx, drafts);
  return reportOf("imported", facts, found, {
    posted,
    unchanged: judged.length - fresh.length,
    ...total,
    accountsAdded: judge.added?.codes ?? [],
  });
}

/** Leaves out the vouchers that close a year, and says so of each: `closeYear` makes them. */
async function withoutClosings(
  tx: Tx,
  read: readonly Judged[],
  isOfYear: (account: string) => boolean,
  found: Findings,
): Promise<Judged[]> {
  const { surplus, "municipal-fund": municipalFund } = await postingAccounts(tx, "surplus", "municipal-fund");
  const closings = yearClosings(read, isOfYear, { surplus, municipalFund });
  for (const { draft, voucher, row } of closings)
    found.warn(
      row,
      "voucher",
      "CLOSING_LEFT_OUT",
      `voucher ${voucher} of ${draft.date} over ${formatIndian(debitsOf(draft.lines))} closes the year to ${surplus} and is not posted; close the year with "close --year ${financialYearOf(draft.date)}", which makes these entries from the balances`,
    );
  return read.filter((j) => !closings.has(j));
}

/** What is in the books already: the same is passed over, other content is a problem that names both. */
async function withoutKnown(tx: Tx, judged: readonly Judged[], found: Findings): Promise<Judged[]> {
  const there = await vouchersThere(
    tx,
    VOUCHER_SOURCE,
    judged.map((j) => j.draft.source.id),
  );
  return judged.filter(({ draft, voucher, row }) => {
    const known = there.get(draft.source.id);
    if (!known) return true;
    if (!saysTheSame(draft, known))
      found.problem(
        row,
        "voucher",
        "VOUCHER_EXISTS",
        `voucher ${voucher} of ${draft.date} over ${formatIndian(debitsOf(draft.lines))} is in the books as ${entryNumber(known.voucher, known.fy, known.number)} of ${known.date} over ${formatIndian(known.debits)}, with other content; a voucher is imported once, corrections are new vouchers`,
      );
    return false;
  });
}

function debitsOf(lines: readonly Line[]): Paise {
  return paise(lines.reduce((total, l) => total + (l.side === "debit" ? l.amount : 0n), 0n));
}

type Verdict = { readonly draft: EntryDraft | undefined; readonly debits: bigint; readonly credits: bigint };

async function judgeOf(tx: Tx, rows: readonly Row[], options: VoucherImportOptions, found: Findings) {
  const chart = await loadChart(tx);
  const months = new Map((await listPeriods(tx)).map((p) => [p.period, p.status]));
  const parties = await partyTypes(
    tx,
    rows.map((r) => r.cells.subledger),
  );
  const fallback = defaultFunction(chart, options.defaultFunction);
  const added = options.addAccounts ? new NewAccounts() : undefined;
  const lastDay = financialYearEnd(nextFinancialYear(financialYearOf(dateInIndia(tx.clock()))));
  const missingYears = new Set<FinancialYear>();

  /** The day of a voucher, if the books can take it. Whole years that are missing are opened when the file is sound. */
  const dayOf = (row: Row): LocalDate | undefined => {
    const day = parsed(found, row, "date", () => localDate(row.cells.date));
    if (day === undefined) return undefined;
    if (day < tx.ulb.startsOn) {
      found.problem(
        row,
        "date",
        "DATE_BEFORE_BOOKS",
        `${day} lies before the first day of these books, ${tx.ulb.startsOn}`,
      );
      return undefined;
    }
    const status = months.get(periodOf(day));
    if (status === "closed") {
      found.problem(
        row,
        "date",
        "PERIOD_CLOSED",
        `${periodOf(day)} is closed; date the voucher in an open month, or have the month reopened with a reason`,
      );
      return undefined;
    }
    if (status === undefined) {
      if (day > lastDay) {
        found.problem(row, "date", "DATE_FAR_AHEAD", `${day} lies after the next financial year`);
        return undefined;
      }
      missingYears.add(financialYearOf(day));
    }
    return day;
  };

  const lineOf = (row: Row): { line: Line; account: Account } | undefined => {
    const c = row.cells;
    const account = accountOf(chart, row, c.code, c.name, found, added);
    const side = SIDES.get(c.side.toLowerCase().replace(/\.$/, ""));
    if (!side) found.problem(row, "side", "SIDE_UNKNOWN", `"${c.side}" is neither Dr nor Cr`);
    const amount = parsed(found, row, "amount", () => rupees(c.amount));
    const isAmount = amount !== undefined && amount > 0n && amount <= MAX_LINE;
    if (amount !== undefined && !isAmount)
      found.problem(
        row,
        "amount",
        "LINE_AMOUNT",
        `${formatIndian(amount)} is not an amount of a line; it is more than 0.00 and at most ${formatIndian(paise(MAX_LINE))}`,
      );
    const fund = fundIn(chart, row, found);
    const named = functionIn(chart, row, found);
    const sub = parsed(found, row, "subledger", () => subLedgerOf(c.subledger, c.code, parties));
    if (!account || !side || !isAmount || fund === undefined || named === null || !sub) return undefined;
    const fn = named ?? (account.needsFunction ? fallback : undefined);
    if (account.needsFunction && fn === undefined) {
      found.problem(
        row,
        "function",
        "FUNCTION_MISSING",
        `${account.code} ${account.name} is ${account.type === "income" ? "income" : "expenditure"} and needs a function; give one in the row, or import with --default-function`,
      );
      return undefined;
    }
    return {
      account,
      line: { account: account.code, side, amount, fund, function: fn, ward: c.ward || undefined, ...sub },
    };
  };

  /** One voucher: its draft if all of it is sound. Sums are of the rows whose amounts can be read. */
  const voucher = (name: string, own: readonly Row[]): Verdict => {
    const before = found.problems.length;
    const [first] = own;
    const none = { draft: undefined, debits: 0n, credits: 0n };
    if (!first) return none;
    const type = TYPES.get(first.cells.type.toLowerCase().replace(/\s+voucher$/, ""));
    if (!type)
      found.problem(first, "type", "TYPE_UNKNOWN", `"${first.cells.type}" is not Receipt, Payment, Contra or Journal`);
    const day = dayOf(first);
    for (const row of own)
      for (const column of ["date", "type"] as const)
        if (row.cells[column] !== first.cells[column])
          found.problem(
            row,
            column,
            "VOUCHER_ROWS_DIFFER",
            `voucher ${name} is "${first.cells[column]}" on line ${first.line} and "${row.cells[column]}" here; rows of one voucher have one ${column}`,
          );
    const ordered = inOrder(own);
    const lines = ordered.flatMap((row) => lineOf(row) ?? []);
    let debits = 0n;
    let credits = 0n;
    for (const { line } of lines) {
      if (line.side === "debit") debits += line.amount;
      else credits += line.amount;
    }
    if (lines.length < own.length || !type || !day || found.problems.length > before)
      return { draft: undefined, debits, credits };
    checkVoucher(name, type, first, lines, found);
    if (found.problems.length > before) return { draft: undefined, debits, credits };
    return {
      debits,
      credits,
      draft: {
        voucher: type,
        date: day,
        narration: narrationOf(name, first, own),
        source: { type: VOUCHER_SOURCE, id: `${financialYearOf(day)}/${name}` },
        lines: lines.map((l) => l.line),
      },
    };
  };

  const isOfYear = (code: string): boolean => ["income", "expense"].includes(chart.accounts.get(code)?.type ?? "");
  return { voucher, added, isOfYear, yearsToOpen: (): FinancialYear[] => [...missingYears].sort() };
}

/** By the column leg where every row has another number in it; otherwise as the rows stand. */
function inOrder(rows: readonly Row[]): readonly Row[] {
  const legs = rows.map((r) => (/^\d{1,9}$/.test(r.cells.leg) ? Number(r.cells.leg) : NaN));
  if (legs.some(Number.isNaN) || new Set(legs).size < legs.length) return rows;
  return rows
    .map((row, i) => ({ row, leg: legs[i] ?? 0 }))
    .sort((a, b) => a.leg - b.leg)
    .map((r) => r.row);
}

function narrationOf(name: string, first: Row, rows: readonly Row[]): string {
  const said = [...new Set(rows.map((r) => r.cells.narration).filter((n) => n !== ""))];
  return said.length === 0 ? `${first.cells.type} voucher ${name}` : said.join("; ").slice(0, 2000);
}

function fundIn(chart: Chart, row: Row, found: Findings): string | undefined {
  const text = row.cells.fund;
  const fund = text === "" ? "01" : fundOf(chart, text);
  if (fund === undefined)
    found.each(
      row,
      "fund",
      "FUND_UNKNOWN",
      text,
      (rows) => `fund ${text} is not one of this ULB's funds (${[...chart.funds].join(", ")})${rows}`,
    );
  return fund;
}

/** Undefined when the row names none, null when it names one that is not there. */
function functionIn(chart: Chart, row: Row, found: Findings): string | undefined | null {
  const text = row.cells.function;
  if (text === "") return undefined;
  const fn = functionOf(chart, text);
  if (fn !== undefined) return fn;
  found.each(
    row,
    "function",
    "FUNCTION_UNKNOWN",
    text,
    (rows) => `function ${text} is not one of this ULB's functions${rows}`,
  );
  return null;
}

/** What the posting function would refuse, judged here for every voucher and said with its lines. */
function checkVoucher(
  name: string,
  type: VoucherType,
  first: Row,
  lines: readonly { readonly line: Line; readonly account: Account }[],
  found: Findings,
): void {
  const what = `voucher ${name}`;
  if (lines.length < 2 || lines.length > MAX_LINES) {
    found.problem(first, "voucher", "ENTRY_LINES", ledgerErrors.ENTRY_LINES({ what, lines: lines.length }).detail);
    return;
  }
  const funds = new Map<string, { debits: bigint; credits: bigint }>();
  for (const { line } of lines) {
    const fund = line.fund ?? "01";
    const of = funds.get(fund) ?? { debits: 0n, credits: 0n };
    if (line.side === "debit") of.debits += line.amount;
    else of.credits += line.amount;
    funds.set(fund, of);
  }
  const off = [...funds].filter(([, of]) => of.debits !== of.credits);
  if (off.length > 0) {
    const debits = [...funds.values()].reduce((a, f) => a + f.debits, 0n);
    const credits = [...funds.values()].reduce((a, f) => a + f.credits, 0n);
    if (debits !== credits)
      found.problem(first, "amount", "ENTRY_UNBALANCED", `${what} does not balance: ${sums(debits, credits)}`);
    else
      found.problem(
        first,
        "fund",
        "FUND_UNBALANCED",
        `${what} balances in total but not in ${off.map(([fund, of]) => `fund ${fund} (${sums(of.debits, of.credits)})`).join(" and ")}; money between funds passes through 470-20 in each`,
      );
    return;
  }
  const cash = lines.filter((l) => l.account.isCashBank).length;
  const others = lines.filter((l) => !l.account.isCashBank && !l.account.code.startsWith("240")).length;
  const breaks = type === "journal" ? cash > 0 : type === "contra" ? others > 0 || cash < 2 : cash === 0;
  if (breaks) found.problem(first, "type", "VOUCHER_RULE", ledgerErrors.VOUCHER_RULE({ what, voucher: type }).detail);
}
