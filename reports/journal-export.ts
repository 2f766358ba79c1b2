import {
  accountBalances,
  entryNumber,
  listAccounts,
  trialBalance,
  type Account,
  type TrialBalanceRow,
  type VoucherType,
} from "../ledger/index.ts";
import { addDays, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { paise, toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { checkRange } from "./head.ts";
import type { CsvRow } from "./render/csv.ts";

/*
 * The whole journal as text that independent programs read (plain-text accounting), so that a person who trusts none of our code
 * can add it up: exact amounts, every entry and line, and at the end the closing balances of OUR trial balance as assertions
 * that THEIR program checks against ITS sums.
 */

type Range = { readonly from: LocalDate; readonly to: LocalDate };

/** One line of the journal with its entry. */
export type JournalLine = {
  readonly entryId: bigint;
  readonly number: string;
  readonly date: LocalDate;
  readonly valueDate: LocalDate;
  readonly voucher: VoucherType;
  readonly narration: string;
  readonly source: string;
  /** The number of the entry that this one takes back. */
  readonly reverses: string | null;
  readonly lineNo: number;
  readonly account: string;
  readonly name: string;
  readonly debit: Paise;
  readonly credit: Paise;
  readonly fund: string;
  readonly function: string | null;
  readonly functionary: string | null;
  readonly ward: string | null;
  readonly budgetHead: string | null;
  readonly scheme: string | null;
  readonly party: string | null;
  readonly demandYear: string | null;
};

type Row = {
  entry_id: bigint;
  voucher: VoucherType;
  fy: string;
  number: bigint;
  entry_date: LocalDate;
  value_date: LocalDate;
  narration: string;
  source: string;
  r_voucher: VoucherType | null;
  r_fy: string | null;
  r_number: bigint | null;
  line_no: number;
  account: string;
  name: string;
  debit: bigint;
  credit: bigint;
  fund: string;
  function: string | null;
  functionary: string | null;
  ward: string | null;
  budget_head: string | null;
  scheme: string | null;
  party: string | null;
  demand_year: string | null;
};

/** Every line of a range in order of date, entry and line, streamed: memory does not grow with the journal. Raises REPORT_RANGE. */
export async function* journalLines(read: Read, range: Range): AsyncGenerator<JournalLine> {
  checkRange(range);
  const rows = read.stream<Row>(
    `select e.entry_id, e.voucher, e.fy, e.number, e.entry_date, e.value_date, e.narration, e.source_type || ':' || e.source_id as source,
       o.voucher as r_voucher, o.fy as r_fy, o.number as r_number, l.line_no, l.account, a.name, l.debit, l.credit, l.fund, l.function,
       l.functionary, l.ward, l.budget_head, l.scheme, l.party_type || ':' || l.party_id as party, l.demand_year
     from ledger.entries e
     join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
     join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
     where e.ulb_id = :ulb and e.entry_date between :from_day::date and :to_day::date
     order by e.entry_date, e.entry_id, l.line_no`,
    { ulb: read.ulb.id, from_day: range.from, to_day: range.to },
  );
  for await (const r of rows)
    yield {
      entryId: r.entry_id,
      number: entryNumber(r.voucher, r.fy, r.number),
      date: r.entry_date,
      valueDate: r.value_date,
      voucher: r.voucher,
      narration: r.narration,
      source: r.source,
      reverses:
        r.r_voucher !== null && r.r_fy !== null && r.r_number !== null
          ? entryNumber(r.r_voucher, r.r_fy, r.r_number)
          : null,
      lineNo: r.line_no,
      account: r.account,
      name: r.name,
      debit: paise(r.debit),
      credit: paise(r.credit),
      fund: r.fund,
      function: r.function,
      functionary: r.functionary,
      ward: r.ward,
      budgetHead: r.budget_head,
      scheme: r.scheme,
      party: r.party,
      demandYear: r.demand_year,
    };
}

export const JOURNAL_COLUMNS = [
  "entry",
  "date",
  "value_date",
  "voucher",
  "narration",
  "source",
  "reverses",
  "line",
  "code",
  "name",
  "dr",
  "cr",
  "fund",
  "function",
  "functionary",
  "ward",
  "budget_head",
  "scheme",
  "party",
  "demand_year",
] as const;

export async function* journalRows(read: Read, range: Range): AsyncGenerator<CsvRow> {
  for await (const l of journalLines(read, range))
    yield {
      entry: l.number,
      date: l.date,
      value_date: l.valueDate,
      voucher: l.voucher,
      narration: l.narration,
      source: l.source,
      reverses: l.reverses,
      line: l.lineNo,
      code: l.account,
      name: l.name,
      dr: l.debit === 0n ? null : l.debit,
      cr: l.credit === 0n ? null : l.credit,
      fund: l.fund,
      function: l.function,
      functionary: l.functionary,
      ward: l.ward,
      budget_head: l.budgetHead,
      scheme: l.scheme,
      party: l.party,
      demand_year: l.demandYear,
    };
}

/** What both formats write; how a thing is written is theirs. */
type Dialect = {
  readonly head: (ulb: Read["ulb"], range: Range) => string;
  readonly account: (account: Account, path: readonly Account[], from: LocalDate) => string;
  readonly entry: (entry: {
    readonly date: LocalDate;
    readonly number: string | null;
    readonly narration: string;
    readonly facts: readonly Fact[];
  }) => string;
  readonly posting: (path: readonly Account[], amount: Paise, facts: readonly Fact[]) => string;
  readonly closing: (balances: readonly { path: readonly Account[]; balance: Paise }[], range: Range) => string;
};
type Fact = readonly [key: string, value: string | null];

/**
 * The journal of a range for hledger: accounts with their names, an opening entry for what was there before `from`, every entry, and
 * balance assertions from the trial balance at `to`. Read it inside a snapshot, to the end. Raises REPORT_RANGE.
 */
export function hledgerJournal(read: Read, range: Range): AsyncGenerator<string> {
  return journal(read, range, hledger);
}

/** The same for beancount: `open` with the name as metadata, transactions, and `balance` the morning after `to`, to the paisa. */
export function beancountJournal(read: Read, range: Range): AsyncGenerator<string> {
  return journal(read, range, beancount);
}

async function* journal(read: Read, range: Range, dialect: Dialect): AsyncGenerator<string> {
  checkRange(range);
  const accounts = new Map((await listAccounts(read)).map((account) => [account.code, account]));
  // All that the stream needs is read before it: while it is open its connection answers nothing else.
  const used = await trialBalance(read, range);
  const openings = await openingLines(read, range.from, used);
  const pathOf = (code: string): Account[] => {
    const path: Account[] = [];
    for (let at = accounts.get(code); at; at = at.parent === null ? undefined : accounts.get(at.parent))
      path.unshift(at);
    invariant(path.length > 0, `account ${code} is in the chart`);
    return path;
  };

  yield dialect.head(read.ulb, range);
  for (const { code } of used) {
    const path = pathOf(code);
    const account = path.at(-1);
    if (account) yield dialect.account(account, path, range.from);
  }
  if (openings.length > 0) {
    yield dialect.entry({
      date: range.from,
      number: null,
      narration: "Opening balances",
      facts: [["voucher", "opening"]],
    });
    for (const { code, fund, balance } of openings) yield dialect.posting(pathOf(code), balance, [["fund", fund]]);
  }
  let current: bigint | undefined;
  for await (const line of journalLines(read, range)) {
    if (line.entryId !== current) {
      current = line.entryId;
      yield dialect.entry({
        date: line.date,
        number: line.number,
        narration: line.narration,
        facts: [
          ["voucher", line.voucher],
          ["source", line.source],
          ["value-date", line.valueDate === line.date ? null : line.valueDate],
          ["reverses", line.reverses],
        ],
      });
    }
    yield dialect.posting(pathOf(line.account), paise(line.debit - line.credit), [
      ["fund", line.fund],
      ["function", line.function],
      ["functionary", line.functionary],
      ["ward", line.ward],
      ["budget-head", line.budgetHead],
      ["scheme", line.scheme],
      ["party", line.party],
      ["demand-year", line.demandYear],
    ]);
  }
  yield dialect.closing(
    used.map((row) => ({ path: pathOf(row.code), balance: paise(row.closeDebit - row.closeCredit) })),
    range,
  );
}

/** What stood in the books before the range, by account and fund, so that each fund's opening balances too. */
async function openingLines(
  read: Read,
  from: LocalDate,
  used: readonly TrialBalanceRow[],
): Promise<{ readonly code: string; readonly fund: string; readonly balance: Paise }[]> {
  const before = used.filter((row) => row.openDebit !== 0n || row.openCredit !== 0n).map((row) => row.code);
  if (before.length === 0) return [];
  const funds = await read.query<{ code: string }>("select code from ledger.funds where ulb_id = :ulb order by code", {
    ulb: read.ulb.id,
  });
  const lines: { code: string; fund: string; balance: Paise }[] = [];
  for (const { code: fund } of funds) {
    const balances = await accountBalances(read, before, addDays(from, -1), fund);
    for (const code of before) {
      const balance = balances.get(code);
      if (balance !== undefined && balance !== 0n) lines.push({ code, fund, balance });
    }
  }
  return lines;
}

const ROOT: Record<Account["type"], string> = {
  asset: "Assets",
  liability: "Liabilities",
  income: "Income",
  expense: "Expenses",
};

/** The heads of an account below its group 1 to 4: that group is the root, by type, so contra heads stand where the chart has them. */
function belowRoot(path: readonly Account[]): { root: string; heads: readonly Account[] } {
  const [first] = path;
  invariant(first, "a path has an account");
  return { root: ROOT[first.type], heads: first.parent === null && path.length > 1 ? path.slice(1) : path };
}

const facts = (list: readonly Fact[]): (readonly [string, string])[] =>
  list.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));

// ---------------------------------------------------------------- hledger

/** A name as part of an hledger account: no second space (it ends the name), no colon (it parts names), no comment sign. */
function hledgerPart(text: string): string {
  return text
    .replace(/[\s\u00a0]+/g, " ")
    .replaceAll(":", "-")
    .replaceAll(";", ",")
    .trim();
}
function hledgerName(path: readonly Account[]): string {
  const { root, heads } = belowRoot(path);
  return [root, ...heads.map((a) => hledgerPart(`${a.code} ${a.name}`))].join(":");
}
/** A description is one line and ends at a semicolon: line breaks become ↵ and semicolons wide ones, so that nothing is cut off. */
function hledgerLine(text: string): string {
  return text
    .replace(/\r\n?|\n/g, " ↵ ")
    .replaceAll(";", "\uff1b")
    .trim();
}
/** Tag values end at a comma or the line's end: commas become wide ones. */
function hledgerTags(list: readonly Fact[]): string {
  return facts(list)
    .map(([key, value]) => `${key}:${value.replace(/\s+/g, " ").replaceAll(",", "\uff0c").trim()}`)
    .join(", ");
}

const hledger: Dialect = {
  head: (ulb, range) =>
    `; ${hledgerLine(ulb.name)} (${ulb.code}): journal from ${range.from} to ${range.to}\n; Check it: hledger -f FILE check --strict accounts commodities\n\ndecimal-mark .\ncommodity 1000.00 INR\n\n; Tags\ntag voucher\ntag source\ntag value-date\ntag reverses\ntag fund\ntag function\ntag functionary\ntag ward\ntag budget-head\ntag scheme\ntag party\ntag demand-year\ntag type\n\n`,
  account: (_account, path) =>
    `account ${hledgerName(path)}  ; type:${belowRoot(path).root === "Income" ? "R" : belowRoot(path).root === "Expenses" ? "X" : belowRoot(path).root[0]}\n`,
  entry: ({ date, number, narration, facts: list }) =>
    `\n${date} *${number === null ? "" : ` (${number})`} ${hledgerLine(narration)}\n    ; ${hledgerTags(list)}\n`,
  posting: (path, amount, list) => `    ${hledgerName(path)}  ${toRupees(amount)} INR  ; ${hledgerTags(list)}\n`,
  closing: (balances, { to }) =>
    balances.length === 0
      ? ""
      : `\n; What the trial balance says at the end of ${to}; hledger compares it with its own sums.\n${to} * Closing balances\n${balances
          .map(({ path, balance }) => `    ${hledgerName(path)}  0.00 INR = ${toRupees(balance)} INR\n`)
          .join("")}`,
};

// ---------------------------------------------------------------- beancount

function beancountName(path: readonly Account[]): string {
  const { root, heads } = belowRoot(path);
  return [root, ...heads.map((a) => `A${a.code}`)].join(":");
}
function quoted(text: string): string {
  return `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replace(/\r\n?|\n/g, "\\n")
    .replaceAll("\t", "\\t")}"`;
}
function beancountFacts(list: readonly Fact[], indent: string): string {
  return facts(list)
    .map(([key, value]) => `${indent}${key}: ${quoted(value)}\n`)
    .join("");
}

const beancount: Dialect = {
  head: (ulb, range) =>
    `; ${hledgerLine(ulb.name)} (${ulb.code}): journal from ${range.from} to ${range.to}\n; Check it: bean-check FILE\n\noption "title" ${quoted(`${ulb.name} (${ulb.code})`)}\noption "operating_currency" "INR"\n\n`,
  account: (account, path, from) =>
    `${from} open ${beancountName(path)} INR\n${beancountFacts(
      [
        ["name", account.name],
        ["local-name", account.nameLocal],
        ["schedule", account.schedule],
      ],
      "  ",
    )}`,
  entry: ({ date, number, narration, facts: list }) =>
    `\n${date} * ${quoted(narration)}${number === null ? "" : ` ^${number}`}\n${beancountFacts([["number", number], ...list], "  ")}`,
  posting: (path, amount, list) => `  ${beancountName(path)}  ${toRupees(amount)} INR\n${beancountFacts(list, "    ")}`,
  // "~ 0": without it beancount forgives a paisa.
  closing: (balances, { to }) =>
    balances.length === 0
      ? ""
      : `\n; What the trial balance says at the end of ${to}; beancount compares it with its own sums.\n${balances
          .map(
            ({ path, balance }) =>
              `${addDays(to, 1)} balance ${beancountName(path)}  ${toRupees(balance)} ~ 0.00 INR\n`,
          )
          .join("")}`,
};
