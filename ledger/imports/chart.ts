import type { Read, Tx } from "../kernel/tx.ts";
import { audit } from "../kernel/audit.ts";
import { financialYear, type FinancialYear } from "../kernel/dates.ts";
import { Refusal } from "../kernel/errors.ts";
import { listAccounts, type Account } from "../balances.ts";
import type { Dimensions } from "../entries.ts";
import { importErrors } from "./errors.ts";
import type { Findings } from "./report.ts";

type Function = { readonly code: string; readonly name: string; readonly parent: string | null };

/** What a file is judged against, read once. Accounts that the file itself adds are put into it. */
export type Chart = {
  readonly accounts: Map<string, Account>;
  /** Detailed heads below each heading, for a friendly word. */
  readonly children: Map<string, string[]>;
  readonly functions: ReadonlyMap<string, Function>;
  readonly funds: ReadonlySet<string>;
};

export async function loadChart(read: Read): Promise<Chart> {
  const accounts = new Map((await listAccounts(read)).map((a) => [a.code, a]));
  const children = new Map<string, string[]>();
  for (const { code, parent } of accounts.values())
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), code]);
  const functions = await read.query<Function>(
    "select code, name, parent from ledger.functions where ulb_id = :ulb order by code",
    { ulb: read.ulb.id },
  );
  const funds = await read.query<{ code: string }>("select code from ledger.funds where ulb_id = :ulb order by code", {
    ulb: read.ulb.id,
  });
  return {
    accounts,
    children,
    functions: new Map(functions.map((f) => [f.code, f])),
    funds: new Set(funds.map((f) => f.code)),
  };
}

/** "1" is what a spreadsheet makes of "01". */
const padded = (code: string): string => (/^\d$/.test(code) ? `0${code}` : code);

/** The ULB's fund for what a file says, or undefined when it has none of that code. */
export function fundOf(chart: Chart, text: string): string | undefined {
  return [text, padded(text)].find((code) => chart.funds.has(code));
}

/**
 * The ULB's function for what a file says: its own code, or the NMAM code inside a seed code of four or six digits (2024 and 202406 are 24,
 * street lighting, of group 20). Undefined when the ULB has none of it.
 */
export function functionOf(chart: Chart, text: string): string | undefined {
  const own = [text, padded(text)].find((code) => chart.functions.has(code));
  if (own !== undefined) return own;
  const [, group = "", code = ""] = /^(\d\d)(\d\d)(?:\d\d)?$/.exec(text) ?? [];
  const found = chart.functions.get(code);
  return found && (found.parent ?? found.code) === group ? code : undefined;
}

/** Raises IMPORT_FUNCTION when the function that a person named does not exist. */
export function defaultFunction(chart: Chart, named: string | undefined): string | undefined {
  if (named === undefined) return undefined;
  const found = functionOf(chart, named);
  if (found === undefined) throw importErrors.IMPORT_FUNCTION({ function: named });
  return found;
}

/** Heads of which the parties are citizens: receivables, refunds payable and advances of revenues. Parties of other heads have their own lists. */
const CONSUMER_HEADS = ["431", "35040", "35041"];

export type SubLedger = Pick<Dimensions, "party" | "demandYear">;

/** Parties of the masters, by code; a code that two kinds of party share is neither. */
export type PartyTypes = ReadonlyMap<string, string>;

/**
 * What a sub-ledger cell names: "2024-25" a demand year, "A1/2023-24" a consumer's demand of a year, anything else a party.
 * Raises FINANCIAL_YEAR_FORMAT for a year whose halves do not follow each other.
 */
export function subLedgerOf(text: string, account: string, parties: PartyTypes): SubLedger {
  if (text === "") return {};
  const [, id = "", year] = /^(?:(.+)\/)?(\d{4}-\d{2})$/.exec(text) ?? [];
  const demandYear: FinancialYear | undefined = year === undefined ? undefined : financialYear(year);
  const party = demandYear === undefined ? text : id.trim();
  if (party === "") return { demandYear };
  const isConsumer = demandYear !== undefined || CONSUMER_HEADS.some((head) => account.startsWith(head));
  const type = parties.get(party) ?? (isConsumer ? "consumer" : "other");
  return { party: { type, id: party }, ...(demandYear === undefined ? {} : { demandYear }) };
}

/** The account of a row, or undefined; what is wrong with it is said once for all its rows. */
export function accountOf(
  chart: Chart,
  row: { readonly line: number },
  code: string,
  name: string,
  found: Findings,
  add: NewAccounts | undefined,
): Account | undefined {
  const account = chart.accounts.get(code) ?? add?.take(chart, code, name);
  if (!account) {
    const parent = /^\d{7}$/.test(code) ? chart.accounts.get(code.slice(0, 5)) : undefined;
    const help =
      parent && !parent.isPosting
        ? add
          ? "; give it a name in the column name, so that it can be added"
          : `; correct the code, or import with --add-accounts, which adds it below ${parent.code} ${parent.name}`
        : "; a detailed head has seven digits and stands below a minor head of the chart";
    found.each(row, "code", "ACCOUNT_UNKNOWN", code, (rows) =>
      code === "" ? `the account code is empty${rows}` : `account ${code} is not in the chart${rows}${help}`,
    );
    return undefined;
  }
  if (!account.isPosting) {
    const below = chart.children.get(code)?.slice(0, 3).join(", ");
    found.each(
      row,
      "code",
      "ACCOUNT_NOT_POSTING",
      code,
      (rows) =>
        `account ${code} ${account.name} is a heading${rows}; entries go to the heads below it${below ? ` (${below} …)` : ""}`,
    );
    return undefined;
  }
  if (!account.isActive) {
    found.each(
      row,
      "code",
      "ACCOUNT_INACTIVE",
      code,
      (rows) => `account ${code} ${account.name} is no longer in use${rows}`,
    );
    return undefined;
  }
  return account;
}

/** Accounts that a file adds below headings which are there; they are written only when the whole file is sound. */
export class NewAccounts {
  readonly #added = new Map<string, Account>();

  /** The account of seven digits below its minor head, if it may be added. */
  take(chart: Chart, code: string, name: string): Account | undefined {
    const parent = chart.accounts.get(code.slice(0, 5));
    if (!/^\d{7}$/.test(code) || !parent || parent.isPosting || name === "") return undefined;
    return this.add(chart, parent, { code, name, needsFunction: parent.needsFunction });
  }

  add(
    chart: Chart,
    parent: Account,
    own: { readonly code: string; readonly name: string; readonly needsFunction: boolean },
  ): Account {
    const account: Account = {
      ...parent,
      ...own,
      nameLocal: null,
      parent: parent.code,
      isPosting: true,
      isActive: true,
    };
    chart.accounts.set(account.code, account);
    chart.children.set(parent.code, [...(chart.children.get(parent.code) ?? []), account.code]);
    this.#added.set(account.code, account);
    return account;
  }

  get codes(): string[] {
    return [...this.#added.keys()].sort();
  }

  /** Writes them into the ULB's chart, each with its line in the audit trail. */
  async write(tx: Tx, fileName: string): Promise<void> {
    for (const a of [...this.#added.values()].sort((x, y) => (x.code < y.code ? -1 : 1))) {
      await tx.query(
        `insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
         select p.ulb_id, :code, :name, p.code, p.type, p.normal_side, p.level + 1, p.is_contra, p.schedule, true, p.is_cash_bank,
           :needs_function::boolean
         from ledger.accounts p
         where p.ulb_id = :ulb and p.code = :parent`,
        { ulb: tx.ulb.id, code: a.code, name: a.name, parent: a.parent, needs_function: a.needsFunction },
      );
      await audit(tx, {
        action: "add",
        subject: "account",
        subjectId: a.code,
        after: { name: a.name, parent: a.parent },
        reason: `stands in ${fileName}`,
      });
    }
  }
}

/** Parses with a parser that refuses: what it says becomes a problem of the row. */
export function parsed<T>(
  found: Findings,
  row: { readonly line: number },
  column: string,
  parse: () => T,
): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    found.problem(row, column, error.code, error.detail);
    return undefined;
  }
}
