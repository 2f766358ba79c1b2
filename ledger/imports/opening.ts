import { readCsv, type CsvInput } from "../kernel/csv.ts";
import { financialYearOf, financialYearStart, periodOf, type LocalDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { formatIndian, paise, rupees, ZERO, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import type { Account } from "../balances.ts";
import { cr, dr, MAX_LINE, MAX_LINES, postEntries, type EntryDraft, type Line } from "../entries.ts";
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
} from "./chart.ts";
import { importErrors } from "./errors.ts";
import { lockImports, recordImport, wasImported, type Reference } from "./files.ts";
import { partyTypes } from "./parties.ts";
import { Findings, reportOf, sums, type BookImport, type FileFacts } from "./report.ts";

export const OPENING_CSV = ["code", "name", "subledger", "debit", "credit", "fund", "function", "ward"] as const;
type Row = { readonly line: number; readonly cells: Readonly<Record<(typeof OPENING_CSV)[number], string>> };

/** The source under which opening balances of a file are posted: the file is the fact. */
export const OPENING_SOURCE = "import-opening";

export type OpeningOptions = {
  readonly fileName?: string | undefined;
  /** The day on which the balances stand: the first day of the books unless said. */
  readonly date?: LocalDate | undefined;
  /** Post a difference to the opening-balance account (310-10) of its fund, with a warning; otherwise a difference refuses the file. */
  readonly balanceToFund?: boolean | undefined;
  /** Add accounts that are missing below their minor head, named by the column `name`. */
  readonly addAccounts?: boolean | undefined;
  /** The function of income and expenditure heads that name none (a year that is opened in its middle). */
  readonly defaultFunction?: string | undefined;
  /** Who handed the file in, where a second person imports it. */
  readonly preparedBy?: string | undefined;
};

/**
 * Enters the opening balances of a CSV file (columns OPENING_CSV, of which name, subledger, fund, function and ward may be missing) as one entry,
 * voucher "opening". All or nothing; every bad row is listed. The file must balance in every fund: a difference is never put anywhere by itself.
 * Balances opposite to their account's normal side are entered as they stand, with a warning. Income and expenditure belong in an opening
 * only when the books start within a year; they are then posted as a journal of that year. The same file again adds nothing.
 * Raises IMPORT_DATE, IMPORT_FUNCTION.
 */
export async function importOpeningBalances(
  tx: Tx,
  input: CsvInput,
  options: OpeningOptions = {},
): Promise<BookImport> {
  const file = await readCsv(input, OPENING_CSV, ["name", "subledger", "fund", "function", "ward"]);
  const found = new Findings();
  const facts: FileFacts = {
    kind: "opening-balances",
    fileName: options.fileName ?? "opening-balances.csv",
    hash: file.hash,
    rows: file.rows.length,
  };
  found.problems.push(...file.problems);
  if (found.problems.length > 0) return reportOf("refused", facts, found);
  if (file.furtherColumns.length > 0)
    found.warn(null, null, "COLUMNS_IGNORED", `columns that are not read: ${file.furtherColumns.join(", ")}`);
  await lockImports(tx, facts.kind);
  if (await wasImported(tx, facts.kind, file.hash))
    return reportOf("already-imported", facts, found, { unchanged: file.rows.length });

  const date = options.date ?? tx.ulb.startsOn;
  if (date < tx.ulb.startsOn) throw importErrors.IMPORT_DATE({ date, startsOn: tx.ulb.startsOn });
  await checkMonth(tx, date, found);
  const chart = await loadChart(tx);
  const parties = await partyTypes(
    tx,
    file.rows.map((r) => r.cells.subledger),
  );
  const fallback = defaultFunction(chart, options.defaultFunction);
  const added = options.addAccounts ? new NewAccounts() : undefined;
  const map = await postingAccounts(tx, "opening-balance", "surplus");
  const isMidYear = date !== financialYearStart(financialYearOf(date));

  const balances: (Balance & { row: Row })[] = [];
  const seen = new Map<string, number>();
  for (const row of file.rows) {
    const c = row.cells;
    const account = accountOf(chart, row, c.code, c.name, found, added);
    const fund = c.fund === "" ? "01" : fundOf(chart, c.fund);
    if (fund === undefined)
      found.each(row, "fund", "FUND_UNKNOWN", c.fund, (rows) => `fund ${c.fund} is not one of this ULB's funds${rows}`);
    const sub = parsed(found, row, "subledger", () => subLedgerOf(c.subledger, c.code, parties));
    const amount = amountOf(found, row);
    const fn = c.function === "" ? undefined : functionOf(chart, c.function);
    if (c.function !== "" && fn === undefined)
      found.each(
        row,
        "function",
        "FUNCTION_UNKNOWN",
        c.function,
        (rows) => `function ${c.function} is not one of this ULB's functions${rows}`,
      );
    if (!account || fund === undefined || sub === undefined || amount === undefined || amount === 0n) continue;
    const isOfYear = account.type === "income" || account.type === "expense";
    if (isOfYear && !isMidYear) {
      found.problem(
        row,
        "code",
        "OPENING_OF_THE_YEAR",
        `${account.code} ${account.name} is ${account.type === "income" ? "income" : "expenditure"}: a year begins without any; its balance of earlier years stands in 310`,
      );
      continue;
    }
    const functionCode = fn ?? (account.needsFunction ? fallback : undefined);
    if (account.needsFunction && functionCode === undefined) {
      found.problem(row, "function", "FUNCTION_MISSING", `${account.code} ${account.name} needs a function`);
      continue;
    }
    warnOfSide(found, row, account, amount);
    const key = [account.code, fund, functionCode, c.ward, c.subledger].join("\u0001");
    const twin = seen.get(key);
    if (twin !== undefined)
      found.warn(
        row,
        "code",
        "OPENING_TWICE",
        `${account.code} stands on line ${twin} already, with the same sub-ledger; both are entered`,
      );
    seen.set(key, row.line);
    balances.push({ row, account, isOfYear, fund, function: functionCode, ward: c.ward || undefined, ...sub, amount });
  }
  await checkOverlap(tx, balances, found);

  const differences: Balance[] = [];
  let debits = 0n;
  let credits = 0n;
  const funds = new Map<string, { debits: bigint; credits: bigint }>();
  for (const b of balances) {
    const of = funds.get(b.fund) ?? { debits: 0n, credits: 0n };
    if (b.amount > 0n) of.debits += b.amount;
    else of.credits -= b.amount;
    funds.set(b.fund, of);
  }
  for (const [fund, of] of [...funds].sort()) {
    debits += of.debits;
    credits += of.credits;
    const difference = paise(of.debits - of.credits);
    if (difference === 0n) continue;
    if (options.balanceToFund) {
      const account = chart.accounts.get(map["opening-balance"]);
      found.warn(
        null,
        null,
        "OPENING_BALANCED_TO_FUND",
        `fund ${fund}: ${sums(of.debits, of.credits)}; the difference is posted to ${map["opening-balance"]} ${account?.name ?? ""} because that was asked for`,
      );
      differences.push({
        account: { code: map["opening-balance"] },
        isOfYear: false,
        fund,
        amount: paise(-difference),
      });
    } else if (found.problems.length === 0) {
      found.problem(
        { line: 1 },
        null,
        "OPENING_UNBALANCED",
        `${funds.size > 1 ? `fund ${fund}: ` : ""}${sums(of.debits, of.credits)}; correct the file, or import it with --balance-to-fund, which posts the difference to ${map["opening-balance"]}`,
      );
    }
  }
  found.finish();
  const total = { debits: paise(debits), credits: paise(credits) };
  if (balances.length === 0 && found.problems.length === 0)
    found.problem({ line: 1 }, null, "OPENING_EMPTY", "every balance of the file is 0.00");
  if (found.problems.length > 0) return reportOf("refused", facts, found, total);

  const drafts = openingDrafts([...balances, ...differences], {
    date,
    surplus: map.surplus,
    balancing: map["opening-balance"],
    source: file.hash,
    fileName: facts.fileName,
  });
  await added?.write(tx, facts.fileName);
  const references = drafts.map((d, i): Reference => ({ line: i + 1, reference: facts.fileName, source: d.source }));
  await recordImport(tx, facts, references, options.preparedBy);
  const posted = await postEntries(tx, drafts);
  return reportOf("imported", facts, found, { posted, ...total, accountsAdded: added?.codes ?? [] });
}

/** Debit positive; undefined when the row says no amount that can be entered. */
function amountOf(found: Findings, row: Row): Paise | undefined {
  const side = (column: "debit" | "credit"): Paise | undefined =>
    row.cells[column] === "" ? ZERO : parsed(found, row, column, () => rupees(row.cells[column]));
  const debit = side("debit");
  const credit = side("credit");
  if (debit === undefined || credit === undefined) return undefined;
  for (const [column, value] of [
    ["debit", debit],
    ["credit", credit],
  ] as const) {
    if (value < 0n || value > MAX_LINE) {
      found.problem(
        row,
        column,
        "OPENING_AMOUNT",
        value < 0n
          ? `${formatIndian(value)} is less than 0.00; write it in the other column`
          : `${formatIndian(value)} is more than one line holds`,
      );
      return undefined;
    }
  }
  if (debit > 0n && credit > 0n) {
    found.problem(
      row,
      "credit",
      "OPENING_BOTH_SIDES",
      `the row has a debit (${formatIndian(debit)}) and a credit (${formatIndian(credit)}); a balance stands on one side`,
    );
    return undefined;
  }
  return paise(debit - credit);
}

/** Signs of real balance sheets are untidy: they are shown, never assumed. */
function warnOfSide(found: Findings, row: Row, account: Account, amount: Paise): void {
  const side = amount > 0n ? "Dr" : "Cr";
  if (account.normalSide === "either" || account.normalSide === side) return;
  found.warn(
    row,
    side === "Dr" ? "debit" : "credit",
    "ODD_SIDE",
    `${account.code} ${account.name} has a ${side === "Dr" ? "debit" : "credit"} balance of ${formatIndian(paise(amount > 0n ? amount : -amount))}; its normal side is ${account.normalSide}. It is entered as it stands`,
  );
}

type Balance = {
  readonly account: Pick<Account, "code">;
  readonly isOfYear: boolean;
  readonly fund: string;
  readonly function?: string | undefined;
  readonly ward?: string | undefined;
  readonly party?: Line["party"];
  readonly demandYear?: Line["demandYear"];
  /** Debit positive, not 0. */
  readonly amount: Paise;
};

type OpeningFacts = {
  readonly date: LocalDate;
  readonly surplus: string;
  readonly balancing: string;
  readonly source: string;
  readonly fileName: string;
};

/**
 * The entries of an opening. Pure. What stands at the day is voucher "opening"; income and expenditure of a year that had begun before are a
 * journal of that year, and the surplus account stands for them in the opening. Longer openings than one entry may be are cut fund by fund, and
 * a fund that is longer by itself through the balancing account, whose lines add up to nothing.
 */
export function openingDrafts(balances: readonly Balance[], of: OpeningFacts): EntryDraft[] {
  const line = (b: Balance): Line => {
    const dims = {
      fund: b.fund,
      function: b.function,
      ward: b.ward,
      party: b.party,
      demandYear: b.demandYear,
    };
    return b.amount > 0n ? dr(b.account.code, b.amount, dims) : cr(b.account.code, paise(-b.amount), dims);
  };
  const balancing = (account: string, fund: string, lines: readonly Line[]): Line[] => {
    const rest = lines.reduce((total, l) => total + (l.side === "debit" ? l.amount : -l.amount), 0n);
    if (rest === 0n) return [];
    return [rest > 0n ? cr(account, paise(rest), { fund }) : dr(account, paise(-rest), { fund })];
  };
  const parts: Line[][] = [];
  const ofYear: Line[] = [];
  for (const [fund, own] of groupBy(balances, (b) => b.fund)) {
    const year = own.filter((b) => b.isOfYear).map(line);
    const stock = own.filter((b) => !b.isOfYear).map(line);
    stock.push(...balancing(of.surplus, fund, stock));
    ofYear.push(...year, ...balancing(of.surplus, fund, year));
    const last = parts.at(-1);
    if (last && last.length + stock.length <= MAX_LINES) last.push(...stock);
    else if (stock.length <= MAX_LINES) parts.push(stock);
    else
      for (let at = 0; at < stock.length; at += MAX_LINES - 1) {
        const part = stock.slice(at, at + MAX_LINES - 1);
        parts.push([...part, ...balancing(of.balancing, fund, part)]);
      }
  }
  const draft = (voucher: EntryDraft["voucher"], lines: readonly Line[], id: string, what: string): EntryDraft => ({
    voucher,
    date: of.date,
    narration: `${what}, from ${of.fileName}`,
    source: { type: OPENING_SOURCE, id },
    lines,
  });
  return [
    ...parts
      .filter((p) => p.length > 0)
      .map((lines, i, all) =>
        draft(
          "opening",
          lines,
          all.length === 1 ? of.source : `${of.source}/${i + 1}`,
          all.length === 1 ? "Opening balances" : `Opening balances, part ${i + 1} of ${all.length}`,
        ),
      ),
    ...(ofYear.length > 0
      ? [draft("journal", ofYear, `${of.source}/year`, "Income and expenditure of the year before the books start")]
      : []),
  ];
}

async function checkMonth(read: Read, date: LocalDate, found: Findings): Promise<void> {
  const month = await read.queryOne<{ status: string }>(
    "select status from ledger.periods where ulb_id = :ulb and period = :month",
    { ulb: read.ulb.id, month: periodOf(date) },
  );
  if (month?.status === "open") return;
  found.problem(
    { line: 1 },
    null,
    month ? "PERIOD_CLOSED" : "PERIOD_MISSING",
    month
      ? `${periodOf(date)} is closed; have it reopened with a reason, or date the opening in an open month`
      : `${periodOf(date)} is not a month of these books`,
  );
}

/** A second opening of the same account and sub-ledger would count it twice: the first must be reversed before it is corrected. */
async function checkOverlap(
  read: Read,
  balances: readonly (Balance & { readonly row: Row })[],
  found: Findings,
): Promise<void> {
  const there = await read.query<{
    account: string;
    fund: string;
    party_id: string | null;
    demand_year: string | null;
    number: bigint;
    fy: string;
  }>(
    `select distinct on (l.account, l.fund, l.party_id, l.demand_year) l.account, l.fund, l.party_id, l.demand_year, e.number, e.fy
     from ledger.import_references r
     join ledger.entries e on e.ulb_id = r.ulb_id and e.source_type = r.source_type and e.source_id = r.source_id
     join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
     where r.ulb_id = :ulb and r.kind = 'opening-balances' and e.voucher = 'opening'
       and not exists (select 1 from ledger.entries x where x.ulb_id = e.ulb_id and x.reverses_entry_id = e.entry_id)
     order by l.account, l.fund, l.party_id, l.demand_year, e.entry_id`,
    { ulb: read.ulb.id },
  );
  if (there.length === 0) return;
  const key = (...parts: readonly (string | null | undefined)[]): string => parts.map((p) => p ?? "").join("\u0001");
  const known = new Map(there.map((t) => [key(t.account, t.fund, t.party_id, t.demand_year), t]));
  for (const b of balances) {
    const t = known.get(key(b.account.code, b.fund, b.party?.id, b.demandYear));
    if (!t) continue;
    found.problem(
      b.row,
      "code",
      "OPENING_EXISTS",
      `${b.account.code}${b.row.cells.subledger === "" ? "" : ` ${b.row.cells.subledger}`} has an opening balance in entry O/${t.fy}/${t.number.toString().padStart(6, "0")} already; reverse that entry before a corrected file is imported`,
    );
  }
}
