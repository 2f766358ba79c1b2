import { readCsv, type CsvInput } from "../kernel/csv.ts";
import {
  addDays,
  financialYearEnd,
  financialYearOf,
  localDate,
  previousFinancialYear,
  type FinancialYear,
  type LocalDate,
} from "../kernel/dates.ts";
import { formatIndian, paise, rupees, sum, type Paise } from "../kernel/money.ts";
import type { Tx } from "../kernel/tx.ts";
import type { Account } from "../balances.ts";
import { cr, dr, postEntries, type EntryDraft, type Line } from "../entries.ts";
import { listPeriods, openFinancialYear } from "../periods.ts";
import { periodOf } from "../kernel/dates.ts";
import { postingAccounts } from "../posting-map.ts";
import { defaultFunction, loadChart, NewAccounts, parsed, type Chart } from "./chart.ts";
import { lockImports, recordImport, wasImported } from "./files.ts";
import { Findings, reportOf, type BookImport, type FileFacts } from "./report.ts";

const BALANCES_CSV = ["ulb_and_date", "source", "side", "nmam_schedule", "head", "line", "amount"] as const;
const INCOME_CSV = ["code", "line", "previous_year", "current_year"] as const;

/** The source under which published accounts are posted: one balance sheet of a day, one income side of a year. */
const PUBLISHED_SOURCE = "import-published";

/** What marks an account that holds a published total: nobody knows what stands behind it. */
const NOT_CLASSIFIED = "(published total, not classified further)";

/**
 * Loads one ULB's published balance sheet (columns BALANCES_CSV, majors of three digits) at its date. Every head gets an account of the ULB's own
 * below it. Signs are taken as printed: assets debit, liabilities credit, negative amounts on the other side, each odd one with a warning; a
 * negative deduction (accumulated depreciation, provisions) is the printed convention and not odd. The printed totals are checked against the sum:
 * what does not add up is refused with both figures.
 */
export async function importPublishedBalances(
  tx: Tx,
  input: CsvInput,
  options: {
    readonly fileName?: string | undefined;
    /** Whose balance sheet: part of the first column. Needed when the file has several. */
    readonly entity?: string | undefined;
    readonly date?: LocalDate | undefined;
    readonly preparedBy?: string | undefined;
  } = {},
): Promise<BookImport> {
  const file = await readCsv(input, BALANCES_CSV, ["source", "nmam_schedule"]);
  const found = new Findings();
  found.problems.push(...file.problems);
  const names = [...new Set(file.rows.map((r) => r.cells.ulb_and_date))].filter(
    (name) => options.entity === undefined || name.toLowerCase().includes(options.entity.toLowerCase()),
  );
  const [entity = ""] = names;
  const rows = file.rows.filter((r) => r.cells.ulb_and_date === entity);
  const facts: FileFacts = {
    kind: "published-balances",
    fileName: options.fileName ?? "published-balances.csv",
    hash: `${file.hash}/${entity}`,
    rows: rows.length,
  };
  if (names.length !== 1 && file.problems.length === 0)
    found.problem(
      { line: 1 },
      "ulb_and_date",
      "ENTITY_UNCLEAR",
      names.length === 0
        ? `no balance sheet of "${options.entity ?? ""}" stands in the file`
        : `the file has ${names.length} balance sheets; name one with --entity: ${names.map((n) => `"${n}"`).join(", ")}`,
    );
  if (found.problems.length > 0) return reportOf("refused", facts, found);
  await lockImports(tx, facts.kind);
  if (await wasImported(tx, facts.kind, facts.hash))
    return reportOf("already-imported", facts, found, { unchanged: rows.length });

  const date = await dayOf(tx, entity, options.date, found);
  const chart = await loadChart(tx);
  const added = new NewAccounts();
  const lines: Line[] = [];
  const sides = {
    asset: { sum: 0n, printed: new Map<number, Paise>() },
    liability: { sum: 0n, printed: new Map<number, Paise>() },
  };
  for (const row of rows) {
    const c = row.cells;
    const side = c.side.toLowerCase();
    const amount = parsed(found, row, "amount", () => rupees(c.amount));
    if (side !== "asset" && side !== "liability") {
      found.problem(row, "side", "SIDE_UNKNOWN", `"${c.side}" is neither Asset nor Liability`);
      continue;
    }
    if (amount === undefined) continue;
    if (c.head === "") {
      sides[side].printed.set(row.line, amount);
      continue;
    }
    sides[side].sum += amount;
    const head = headOf(chart, row, c.head, 3, found);
    if (!head) continue;
    if (head.type !== side)
      found.warn(
        row,
        "side",
        "ODD_SIDE",
        `${head.code} ${head.name} is printed among the ${side === "asset" ? "assets" : "liabilities"}; the chart has it as ${head.type}`,
      );
    warnOfSign(found, row, head, side, amount);
    if (amount === 0n) continue;
    const account = publishedAccount(chart, added, head, c.line, found, row);
    const isDebit = (side === "asset") === amount > 0n;
    const value = paise(amount > 0n ? amount : -amount);
    if (account) lines.push(isDebit ? dr(account.code, value) : cr(account.code, value));
  }
  for (const side of ["asset", "liability"] as const) {
    const what = side === "asset" ? "assets" : "liabilities";
    if (sides[side].printed.size === 0)
      found.warn(
        null,
        null,
        "TOTAL_MISSING",
        `the file prints no total of ${what}; they add up to ${formatIndian(paise(sides[side].sum))}`,
      );
    for (const [line, printed] of sides[side].printed)
      if (printed !== sides[side].sum)
        found.problem(
          { line },
          "amount",
          "PUBLISHED_TOTAL",
          `the printed total of ${what} is ${formatIndian(printed)}, its lines add up to ${formatIndian(paise(sides[side].sum))}`,
        );
  }
  if (sides.asset.sum !== sides.liability.sum)
    found.problem(
      { line: rows[0]?.line ?? 1 },
      null,
      "PUBLISHED_UNBALANCED",
      `assets are ${formatIndian(paise(sides.asset.sum))}, liabilities ${formatIndian(paise(sides.liability.sum))}`,
    );
  found.finish();
  const total = totals(lines);
  if (found.problems.length > 0 || date === undefined) return reportOf("refused", facts, found, total);
  return post(tx, facts, found, added, {
    preparedBy: options.preparedBy,
    reference: entity,
    draft: {
      voucher: "opening",
      date,
      narration: `Published balance sheet of ${entity}, from ${facts.fileName}`,
      source: { type: PUBLISHED_SOURCE, id: facts.hash },
      lines,
    },
  });
}

/**
 * Loads a published income side (columns INCOME_CSV, minor heads of five digits): one journal on the last day of the year, every head on the side on
 * which it was printed, against the opening-balance account. `fy` is the year of the column current_year; `column` chooses which of the two is
 * read. A head that the chart has as a deduction (110-90) and the statement prints as an addition is entered as printed, with a warning.
 */
export async function importPublishedIncome(
  tx: Tx,
  input: CsvInput,
  options: {
    readonly fy: FinancialYear;
    readonly column?: "current" | "previous" | undefined;
    readonly fileName?: string | undefined;
    /** The function of all heads; without one they carry none, because the statement has none. */
    readonly function?: string | undefined;
    readonly preparedBy?: string | undefined;
  },
): Promise<BookImport> {
  const file = await readCsv(input, INCOME_CSV);
  const found = new Findings();
  found.problems.push(...file.problems);
  const column = options.column === "previous" ? "previous_year" : "current_year";
  const fy = options.column === "previous" ? previousFinancialYear(options.fy) : options.fy;
  const facts: FileFacts = {
    kind: "published-income",
    fileName: options.fileName ?? "published-income.csv",
    hash: `${file.hash}/${fy}`,
    rows: file.rows.length,
  };
  if (found.problems.length > 0) return reportOf("refused", facts, found);
  await lockImports(tx, facts.kind);
  if (await wasImported(tx, facts.kind, facts.hash))
    return reportOf("already-imported", facts, found, { unchanged: file.rows.length });

  const chart = await loadChart(tx);
  const named = defaultFunction(chart, options.function);
  const date = await openDay(tx, financialYearEnd(fy), found);
  const added = new NewAccounts();
  const lines: Line[] = [];
  let total = 0n;
  const printed = new Map<number, Paise>();
  for (const row of file.rows) {
    const amount = parsed(found, row, column, () => rupees(row.cells[column]));
    if (amount === undefined) continue;
    if (row.cells.code === "") {
      printed.set(row.line, amount);
      continue;
    }
    total += amount;
    const head = headOf(chart, row, row.cells.code, 5, found);
    if (!head) continue;
    if (head.type !== "income") {
      found.problem(row, "code", "PUBLISHED_HEAD", `${head.code} ${head.name} is not an income head`);
      continue;
    }
    if (head.normalSide === "Dr" && amount > 0n)
      found.warn(
        row,
        column,
        "ODD_SIDE",
        `${head.code} ${head.name} is normally deducted from income; here ${formatIndian(amount)} is printed as an addition. It is entered as printed`,
      );
    if (amount < 0n)
      found.warn(
        row,
        column,
        "ODD_SIDE",
        `${head.code} ${head.name} is printed as ${formatIndian(amount)}, a debit in income. It is entered as printed`,
      );
    if (amount === 0n) continue;
    const account = publishedAccount(chart, added, head, row.cells.line, found, row);
    const value = paise(amount > 0n ? amount : -amount);
    const dims = named === undefined ? {} : { function: named };
    if (account) lines.push(amount > 0n ? cr(account.code, value, dims) : dr(account.code, value, dims));
  }
  for (const [line, value] of printed)
    if (value !== total)
      found.problem(
        { line },
        column,
        "PUBLISHED_TOTAL",
        `the printed total is ${formatIndian(value)}, the heads add up to ${formatIndian(paise(total))}`,
      );
  if (printed.size === 0)
    found.warn(
      null,
      null,
      "TOTAL_MISSING",
      `the file prints no total; its heads add up to ${formatIndian(paise(total))}`,
    );
  if (lines.length === 0 && found.problems.length === 0)
    found.problem({ line: 1 }, column, "PUBLISHED_EMPTY", `every head of ${column} is 0.00`);
  found.finish();
  if (found.problems.length > 0 || date === undefined)
    return reportOf("refused", facts, found, { credits: paise(total) });
  const { "opening-balance": balancing } = await postingAccounts(tx, "opening-balance");
  lines.push(...(total > 0n ? [dr(balancing, paise(total))] : total < 0n ? [cr(balancing, paise(-total))] : []));
  return post(tx, facts, found, added, {
    preparedBy: options.preparedBy,
    reference: `income of ${fy}`,
    draft: {
      voucher: "journal",
      date,
      narration: `Published income of ${fy}, from ${facts.fileName}`,
      source: { type: PUBLISHED_SOURCE, id: facts.hash },
      lines,
    },
  });
}

async function post(
  tx: Tx,
  facts: FileFacts,
  found: Findings,
  added: NewAccounts,
  entry: { readonly draft: EntryDraft; readonly reference: string; readonly preparedBy: string | undefined },
): Promise<BookImport> {
  await openFinancialYear(tx, financialYearOf(entry.draft.date));
  await added.write(tx, facts.fileName);
  await recordImport(
    tx,
    facts,
    [{ line: 1, reference: entry.reference, source: entry.draft.source }],
    entry.preparedBy,
  );
  const posted = await postEntries(tx, [entry.draft]);
  return reportOf("imported", facts, found, { posted, ...totals(entry.draft.lines), accountsAdded: added.codes });
}

function totals(lines: readonly Line[]): { readonly debits: Paise; readonly credits: Paise } {
  const of = (side: Line["side"]): Paise => sum(lines.filter((l) => l.side === side).map((l) => l.amount));
  return { debits: of("debit"), credits: of("credit") };
}

/** The heading that a published line names. */
function headOf(
  chart: Chart,
  row: { readonly line: number },
  code: string,
  digits: number,
  found: Findings,
): Account | undefined {
  const head = chart.accounts.get(code);
  if (head && code.length === digits && !head.isPosting) return head;
  found.problem(
    row,
    digits === 3 ? "head" : "code",
    "PUBLISHED_HEAD",
    `"${code}" is not a ${digits === 3 ? "major" : "minor"} head of ${digits} digits of the chart`,
  );
  return undefined;
}

/** The ULB's own account for a published total below a heading: the one it has, or a free code (…00, then …99 downwards). */
function publishedAccount(
  chart: Chart,
  added: NewAccounts,
  head: Account,
  line: string,
  found: Findings,
  row: { readonly line: number },
): Account | undefined {
  const own = (chart.children.get(head.code) ?? [])
    .map((code) => chart.accounts.get(code))
    .find((a) => a?.name.endsWith(NOT_CLASSIFIED));
  if (own) return own;
  const places = 7 - head.code.length;
  const last = 10 ** places - 1;
  const code = [0, ...Array.from({ length: Math.min(last, 99) }, (_, i) => last - i)]
    .map((n) => `${head.code}${String(n).padStart(places, "0")}`)
    .find((c) => !chart.accounts.has(c));
  if (code === undefined) {
    found.problem(row, null, "PUBLISHED_HEAD", `${head.code} ${head.name} has no free code for a published total`);
    return undefined;
  }
  return added.add(chart, head, {
    code,
    name: `${line === "" ? head.name : line} ${NOT_CLASSIFIED}`,
    // A published statement has no functions; such a total stands under none.
    needsFunction: false,
  });
}

function warnOfSign(
  found: Findings,
  row: { readonly line: number },
  head: Account,
  side: "asset" | "liability",
  amount: Paise,
): void {
  if (amount === 0n) return;
  const isDeduction = head.normalSide !== "either" && (head.normalSide === "Dr") !== (side === "asset");
  if (amount < 0n === isDeduction) return;
  const entered = (side === "asset") === amount > 0n ? "debit" : "credit";
  found.warn(
    row,
    "amount",
    "ODD_SIDE",
    isDeduction
      ? `${head.code} ${head.name} is normally deducted, and is printed as ${formatIndian(amount)} without a minus. It is entered as printed: a ${entered}`
      : `${head.code} ${head.name} is printed as ${formatIndian(amount)}, opposite to its normal side. It is entered as printed: a ${entered}`,
  );
}

/** The date in "Name of the ULB, 31-03-2019", unless one was given. A balance sheet of the evening before the books start opens them. */
async function dayOf(
  tx: Tx,
  entity: string,
  given: LocalDate | undefined,
  found: Findings,
): Promise<LocalDate | undefined> {
  const [, day, month, year] = /(\d{2})-(\d{2})-(\d{4})\s*$/.exec(entity) ?? [];
  const printed =
    given ??
    (year === undefined
      ? undefined
      : parsed(found, { line: 1 }, "ulb_and_date", () => localDate(`${year}-${month ?? ""}-${day ?? ""}`)));
  if (printed === undefined) {
    found.problem(
      { line: 1 },
      "ulb_and_date",
      "DATE_FORMAT",
      `"${entity}" ends in no date such as 31-03-2019; name it with --date`,
    );
    return undefined;
  }
  if (addDays(printed, 1) === tx.ulb.startsOn) {
    found.warn(
      null,
      null,
      "DATE_MOVED",
      `the books start on ${tx.ulb.startsOn}, the day after the balance sheet; it is entered as their opening`,
    );
    return tx.ulb.startsOn;
  }
  return openDay(tx, printed, found);
}

/** The day if it lies in the books and its month is not closed; a year that is missing is opened when the file is sound. */
async function openDay(tx: Tx, day: LocalDate, found: Findings): Promise<LocalDate | undefined> {
  if (day < tx.ulb.startsOn) {
    found.problem(
      { line: 1 },
      null,
      "DATE_BEFORE_BOOKS",
      `${day} lies before the first day of these books, ${tx.ulb.startsOn}`,
    );
    return undefined;
  }
  const month = (await listPeriods(tx)).find((p) => p.period === periodOf(day));
  if (month?.status === "closed") {
    found.problem({ line: 1 }, null, "PERIOD_CLOSED", `${periodOf(day)} is closed; have it reopened with a reason`);
    return undefined;
  }
  return day;
}
