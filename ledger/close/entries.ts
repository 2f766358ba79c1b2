import { CLOSING_SOURCE, type Movement } from "../balances.ts";
import { cr, dr, type EntryDraft, type Line } from "../entries.ts";
import { financialYearEnd, type FinancialYear } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";

/** A closing voucher that a person can still read; larger closes are several. */
const CHUNK_LINES = 5000;

/** What the closing needs to know of the year. */
export type YearBooks = {
  readonly fy: FinancialYear;
  readonly version: number;
  /** By account, fund, function and ward, without closing entries. */
  readonly rows: readonly Movement[];
  readonly typeOf: (account: string) => "income" | "expense" | "liability" | "asset";
  /** 310-90, and 310-10: the posting map's "surplus" and "municipal-fund". */
  readonly surplus: string;
  readonly municipalFund: string;
};

/** The surplus of the year (deficit negative) by fund: income less expenditure. */
export function surplusByFund(books: YearBooks): Map<string, Paise> {
  const found = new Map<string, bigint>();
  for (const r of nominal(books)) found.set(r.fund, (found.get(r.fund) ?? 0n) - balanceOf(r));
  return new Map([...found].map(([fund, amount]) => [fund, paise(amount)]));
}

/**
 * The entries that close a year, dated 31 March: each income balance (CL-03) and each expenditure balance, prior-period items and transfers
 * to reserves with it (CL-04), by account, fund, function and ward against 310-90; then what 310-90 holds to 310-10, per fund (CL-05).
 * Pure: the same books give the same entries.
 */
export function closingEntries(books: YearBooks): EntryDraft[] {
  const { fy, version, surplus, municipalFund } = books;
  const draft = (part: string, narration: string, lines: readonly Line[]): EntryDraft => ({
    voucher: "journal",
    date: financialYearEnd(fy),
    narration: `${narration}, ${fy} (version ${version})`,
    source: { type: CLOSING_SOURCE, id: `${fy}/v${version}/${part}` },
    lines,
  });
  const drafts: EntryDraft[] = [];
  for (const [type, part, narration] of [
    ["income", "income", "Income closed to the excess of income over expenditure"],
    ["expense", "expenditure", "Expenditure closed to the excess of income over expenditure"],
  ] as const) {
    const rows = nominal(books).filter((r) => books.typeOf(r.account) === type && balanceOf(r) !== 0n);
    chunks(rows, CHUNK_LINES).forEach((chunk, i) => {
      const lines = chunk.map((r) => against(r, -balanceOf(r)));
      drafts.push(draft(`${part}-${i + 1}`, narration, [...lines, ...balancing(lines, surplus)]));
    });
  }
  // What stands in 310-90 after that: the year's result, and what an opening balance brought there.
  const standing = new Map<string, bigint>(surplusByFund(books));
  for (const r of books.rows)
    if (r.account === surplus) standing.set(r.fund, (standing.get(r.fund) ?? 0n) - balanceOf(r));
  const moved = [...standing].filter(([, amount]) => amount !== 0n).sort(([a], [b]) => (a < b ? -1 : 1));
  if (moved.length > 0 && surplus !== municipalFund) {
    drafts.push(
      draft(
        "fund",
        "Excess of income over expenditure to the Municipal Fund",
        moved.flatMap(([fund, amount]) =>
          amount > 0n
            ? [dr(surplus, paise(amount), { fund }), cr(municipalFund, paise(amount), { fund })]
            : [dr(municipalFund, paise(-amount), { fund }), cr(surplus, paise(-amount), { fund })],
        ),
      ),
    );
  }
  return drafts;
}

const balanceOf = (r: Movement): bigint => r.opening + r.debit - r.credit;
const nominal = (books: YearBooks): Movement[] =>
  books.rows.filter((r) => ["income", "expense"].includes(books.typeOf(r.account)));

/** A line of `amount`, debit positive, in the dimensions of a balance. */
function against(r: Movement, amount: bigint): Line {
  const dims = {
    fund: r.fund,
    function: r.function === "" ? undefined : r.function,
    ward: r.ward === "" ? undefined : r.ward,
  };
  return amount > 0n ? dr(r.account, paise(amount), dims) : cr(r.account, paise(-amount), dims);
}

/** The other side of lines, fund by fund. */
function balancing(lines: readonly Line[], account: string): Line[] {
  const funds = new Map<string, bigint>();
  for (const l of lines) {
    const fund = l.fund ?? "01";
    funds.set(fund, (funds.get(fund) ?? 0n) + (l.side === "debit" ? l.amount : -l.amount));
  }
  return [...funds]
    .filter(([, off]) => off !== 0n)
    .map(([fund, off]) => (off > 0n ? cr(account, paise(off), { fund }) : dr(account, paise(-off), { fund })));
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
