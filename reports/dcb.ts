import { dcb, dcbByYear, type DcbOptions } from "../billing/index.ts";
import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { formatIndian, paise, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { demandPart, headsOf, receivableKind } from "./demand-parts.ts";
import { splitEntry, type SplitLine } from "./demand-split.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { DcbView } from "./pdf/statements.ts";

/** Demand, collection and balance of a demand year; opening + demand = total, total − collected − reduced = closing. */
export type DcbYear = {
  readonly demandYear: FinancialYear;
  readonly openingBalance: Paise;
  readonly demandRaised: Paise;
  readonly totalDemand: Paise;
  readonly collected: Paise;
  readonly reduced: Paise;
  readonly closingBalance: Paise;
};

export type DcbStatement = {
  /** The demand register, where demands are raised in it; the ledger's receivables by demand year in a ULB that only enters vouchers. */
  readonly source: "register" | "ledger";
  readonly rows: readonly DcbYear[];
  readonly notes: readonly string[];
};

/**
 * The DCB statement by demand year: from the demand register if this ULB has demands in it, otherwise derived from the lines of the books on
 * receivables that name a demand year (with `service`, on the heads of that service alone). Says which in its notes. Raises REPORT_RANGE.
 */
export async function dcbStatement(read: Read, options: DcbOptions): Promise<DcbStatement> {
  checkRange(options);
  const demand = await read.queryOne("select 1 from billing.demands where ulb_id = :ulb limit 1", { ulb: read.ulb.id });
  if (demand) return { source: "register", rows: await dcbByYear(read, options), notes: ["From the demand register."] };
  return dcbFromLedger(read, options);
}

type LedgerRange = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly ward?: string;
  readonly service?: string;
};
type Row = {
  entry_id: bigint;
  account: string;
  demand_year: FinancialYear | null;
  debit: bigint;
  credit: bigint;
};

/** Entries that touch receivables with a demand year, streamed line by line; each is split by `splitEntry`. */
async function dcbFromLedger(read: Read, range: LedgerRange): Promise<DcbStatement> {
  const accounts = (
    await read.query<{ code: string }>(
      "select code from ledger.accounts where ulb_id = :ulb and is_posting and substr(code, 1, 3) = any(:majors::text[])",
      { ulb: read.ulb.id, majors: headsOf("receivable").map((head) => head.slice(0, 3)) },
    )
  )
    .map((a) => a.code)
    .filter(
      (code) =>
        demandPart(code) === "receivable" &&
        (range.service === undefined || receivableKind(code)?.service === range.service),
    );
  const wanted = new Set(accounts);
  const years = new Map<FinancialYear, { opening: bigint; demand: bigint; collected: bigint; reduced: bigint }>();
  const yearOf = (year: FinancialYear) => {
    const row = years.get(year) ?? { opening: 0n, demand: 0n, collected: 0n, reduced: 0n };
    years.set(year, row);
    return row;
  };
  const params = {
    ulb: read.ulb.id,
    accounts,
    from_day: range.from,
    to_day: range.to,
    starts_on: read.ulb.startsOn,
  };
  const openings = await read.query<{ demand_year: FinancialYear | null; balance: bigint; closing: bigint }>(
    `select l.demand_year, coalesce(sum(l.debit - l.credit) filter (
         where l.entry_date < :from_day::date or (e.voucher = 'opening' and l.entry_date = :starts_on::date)), 0)::bigint as balance,
       sum(l.debit - l.credit)::bigint as closing
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     where l.ulb_id = :ulb and l.account = any(:accounts::text[]) and l.entry_date <= :to_day::date
       and (:ward::text is null or l.ward = :ward)
     group by l.demand_year`,
    { ...params, ward: range.ward ?? null },
  );
  let unnamed = 0n;
  for (const o of openings) {
    if (o.demand_year === null) unnamed = o.closing;
    else yearOf(o.demand_year).opening += o.balance;
  }
  let entry: SplitLine[] = [];
  let current: bigint | undefined;
  const finish = (): void => {
    for (const s of splitEntry(entry)) {
      const row = yearOf(s.demandYear);
      row.demand += s.demand;
      row.collected += s.collected;
      row.reduced += s.reduced;
    }
    entry = [];
  };
  for await (const r of read.stream<Row>(
    `select l.entry_id, l.account, l.demand_year, l.debit, l.credit
     from (
       select distinct l.entry_id
       from ledger.lines l
       where l.ulb_id = :ulb and l.account = any(:accounts::text[]) and l.demand_year is not null
         and l.entry_date between :from_day::date and :to_day::date and (:ward::text is null or l.ward = :ward)
     ) as x
     join ledger.entries e on e.ulb_id = :ulb and e.entry_id = x.entry_id
     join ledger.lines l on l.ulb_id = :ulb and l.entry_id = x.entry_id
     where not (e.voucher = 'opening' and e.entry_date = :starts_on::date) and (:ward::text is null or l.ward = :ward)
     order by l.entry_id, l.line_no`,
    { ...params, ward: range.ward ?? null },
  )) {
    if (r.entry_id !== current) finish();
    current = r.entry_id;
    const part = demandPart(r.account);
    entry.push({
      // A receivable of another service in the same entry is what it is to this one: another account.
      part: part === "receivable" && !wanted.has(r.account) ? "other" : part,
      demandYear: r.demand_year,
      debit: r.debit,
      credit: r.credit,
    });
  }
  finish();
  const rows = [...years]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([demandYear, y]): DcbYear => ({
      demandYear,
      openingBalance: paise(y.opening),
      demandRaised: paise(y.demand),
      totalDemand: paise(y.opening + y.demand),
      collected: paise(y.collected),
      reduced: paise(y.reduced),
      closingBalance: paise(y.opening + y.demand - y.collected - y.reduced),
    }))
    .filter((r) => [r.openingBalance, r.demandRaised, r.collected, r.reduced].some((v) => v !== 0n));
  return {
    source: "ledger",
    rows,
    notes: [
      "From the books: this ULB has no demands in its register, so receivables are read by the demand year of their lines.",
      ...(unnamed === 0n
        ? []
        : [
            `Receivables without a demand year, ${formatIndian(paise(unnamed))} at the end of the range, are not in it.`,
          ]),
    ],
  };
}

/** The DCB register per head and demand year for printing. Raises REPORT_RANGE. */
export async function dcbView(read: Read, options: DcbOptions & { readonly language?: Language }): Promise<DcbView> {
  checkRange(options);
  const head = {
    ...headOf(read, options.language),
    from: options.from,
    to: options.to,
    service: options.service ?? null,
    ward: options.ward ?? null,
  };
  const rows = await dcb(read, options);
  if (rows.length > 0)
    return { ...head, rows: rows.map(({ name, taxHead: _code, ...row }) => ({ ...row, head: name })) };
  const statement = await dcbStatement(read, options);
  return {
    ...head,
    rows: statement.rows.map((row) => ({ ...row, service: "books", head: "Receivables of the books" })),
  };
}
