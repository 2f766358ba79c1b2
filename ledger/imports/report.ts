import type { Problem } from "../kernel/errors.ts";
import { formatIndian, ZERO, type Paise } from "../kernel/money.ts";
import type { PostedEntry } from "../entries.ts";

export type ImportKind = "opening-balances" | "vouchers" | "published-balances" | "published-income";

/** What became of a file of the books: all of it or nothing. `refused` wrote nothing; `already-imported` is the same file again. */
export type BookImport = {
  readonly status: "imported" | "already-imported" | "refused";
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly hash: string;
  readonly rows: number;
  /** Entries posted now. */
  readonly posted: readonly PostedEntry[];
  /** Vouchers that are in the books already, with the same content. */
  readonly unchanged: number;
  /** Sums of the file, in paise; an opening shows its difference here when it does not balance. */
  readonly debits: Paise;
  readonly credits: Paise;
  /** Accounts that the file added to the chart. */
  readonly accountsAdded: readonly string[];
  /** The first thousand, each with line, column and rule. */
  readonly problems: readonly Problem[];
  readonly moreProblems: number;
  /** What a person should look at; it stopped nothing. The first thousand. */
  readonly warnings: readonly Problem[];
  readonly moreWarnings: number;
};

const MOST = 1000;

type Where = { readonly line: number };

/** Collects what is wrong with a file, and what is odd about it, each with its place. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** One message per thing, with the number of rows in which it stands. */
  readonly #grouped = new Map<string, { line: number; column: string; code: string; rows: number; say: Say }>();

  problem(where: Where, column: string | null, code: string, message: string): void {
    this.problems.push(finding(where.line, column, code, message));
  }

  warn(where: Where | null, column: string | null, code: string, message: string): void {
    this.warnings.push(finding(where?.line, column, code, message));
  }

  /** The same thing in many rows is said once: `say` gets "(3 rows)" or nothing. */
  each(where: Where, column: string, code: string, thing: string, say: Say): void {
    const key = `${code}\u0001${thing}`;
    const known = this.#grouped.get(key);
    if (known) known.rows += 1;
    else this.#grouped.set(key, { line: where.line, column, code, rows: 1, say });
  }

  /** Says what was grouped; call it once, after the last row. */
  finish(): void {
    for (const g of this.#grouped.values())
      this.problems.push(finding(g.line, g.column, g.code, g.say(g.rows === 1 ? "" : ` (${g.rows} rows)`)));
    this.#grouped.clear();
    this.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }
}
type Say = (rows: string) => string;

function finding(line: number | undefined, column: string | null, code: string, message: string): Problem {
  const place = line === undefined ? "" : `line ${line}${column === null ? "" : `, ${column}`}: `;
  return {
    code,
    message: `${place}${message}`,
    ...(line !== undefined && { line }),
    ...(column !== null && { column }),
  };
}

/** The file as the report names it. */
export type FileFacts = {
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly hash: string;
  readonly rows: number;
};

export function reportOf(
  status: BookImport["status"],
  file: FileFacts,
  found: Pick<Findings, "problems" | "warnings">,
  rest: Partial<Pick<BookImport, "posted" | "unchanged" | "debits" | "credits" | "accountsAdded">> = {},
): BookImport {
  return {
    status,
    ...file,
    posted: [],
    unchanged: 0,
    debits: ZERO,
    credits: ZERO,
    accountsAdded: [],
    ...rest,
    problems: found.problems.slice(0, MOST),
    moreProblems: Math.max(0, found.problems.length - MOST),
    warnings: found.warnings.slice(0, MOST),
    moreWarnings: Math.max(0, found.warnings.length - MOST),
  };
}

/** "debits 10.00, credits 9.00, difference 1.00". */
export function sums(debits: bigint, credits: bigint): string {
  const money = (value: bigint): string => formatIndian(value as Paise);
  return `debits ${money(debits)}, credits ${money(credits)}, difference ${money(debits - credits)}`;
}
