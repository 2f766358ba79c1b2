import { provisionNorms, provisionRate, yearsOld } from "../../ledger/index.ts";
import { financialYearOf, formatDate, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import {
  allocate,
  formatIndian,
  paise,
  percentOf,
  rate,
  subtract,
  sum,
  ZERO,
  type Paise,
} from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { headsOf, receivableKind, RECEIVABLE_KINDS, type ReceivableKind } from "../demand-parts.ts";
import { dayOf } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { amountColumn, SIGNATURES } from "./common.ts";

type Outstanding = { readonly kind: ReceivableKind; readonly demandYear: FinancialYear; gross: Paise; cess: Paise };

/**
 * Receivables of the books at a day by revenue and demand year, with the State's cess inside them and the provision that the norms require.
 * Age: the financial year of the day less the demand year; 2 is "over 2 to 3 years". Cess is what the control head holds for that demand year;
 * what it holds without a year is shared over the years in proportion to their outstanding gross (NMAM keeps the control by head, not by year).
 * The rate applies to the gross; the State's share of the provision is the same rate of the cess, each rounded half up.
 */
export const ageingReport: TableReport = {
  name: "ageing",
  description: "receivables by revenue and demand year with the provision that the norms require, at a day",
  build: async (read, options): Promise<ReportTable> => {
    const day = dayOf(read, options, "ageing");
    const norms = await provisionNorms(read, day);
    const { rows, unnamed } = await outstanding(read, day, options);
    const fy = financialYearOf(day);
    return {
      title: "Ageing of receivables",
      titleLocal: "प्राप्यों का आयु-विश्लेषण",
      subtitle: [`As on ${formatDate(day)}`],
      columns: [
        { key: "revenue", label: "Revenue", labelLocal: "राजस्व", kind: "text", weight: 2 },
        { key: "demand_year", label: "Demand year", labelLocal: "माँग वर्ष", kind: "text" },
        { key: "years_old", label: "Years old", kind: "count" },
        amountColumn("gross_outstanding", "Outstanding", "बकाया"),
        amountColumn("state_cess_inside", "State cess inside"),
        amountColumn("own_share", "Own share"),
        { key: "rate_percent", label: "Rate %", kind: "text" },
        amountColumn("provision_gross", "Provision", "प्रावधान"),
        amountColumn("provision_cess_share", "State's share of it"),
      ],
      rows: rows.map((r) => {
        const age = yearsOld(fy, r.demandYear);
        const percent = provisionRate(r.kind.norm, age, norms);
        return {
          cells: {
            revenue: r.kind.revenue,
            demand_year: r.demandYear,
            years_old: age,
            gross_outstanding: r.gross,
            state_cess_inside: r.cess,
            own_share: subtract(r.gross, r.cess),
            rate_percent: percent,
            provision_gross: percentOf(r.gross, rate(percent)),
            provision_cess_share: percentOf(r.cess, rate(percent)),
          },
        };
      }),
      notes: [
        "Cess that its control head holds without a demand year is shared over the years in proportion to what is outstanding.",
        ...(unnamed === 0n
          ? []
          : [`Receivables without a demand year, ${formatIndian(unnamed)}, have no age and are not in it.`]),
      ],
      signatures: SIGNATURES,
      of: day,
    };
  },
};

async function outstanding(
  read: Read,
  day: LocalDate,
  slice: { readonly fund?: string | undefined; readonly ward?: string | undefined },
): Promise<{ readonly rows: readonly Outstanding[]; readonly unnamed: Paise }> {
  const majors = [...new Set(headsOf("receivable"))];
  const lines = await read.query<{ account: string; demand_year: FinancialYear | null; balance: bigint }>(
    `select l.account, l.demand_year, sum(l.debit - l.credit)::bigint as balance
     from ledger.accounts a
     join ledger.lines l on l.ulb_id = a.ulb_id and l.account = a.code
     where a.ulb_id = :ulb and substr(a.code, 1, 3) = any(:majors::text[]) and l.entry_date <= :as_of::date
       and (:fund::text is null or l.fund = :fund) and (:ward::text is null or l.ward = :ward)
     group by l.account, l.demand_year
     having sum(l.debit - l.credit) <> 0
     order by l.account, l.demand_year`,
    { ulb: read.ulb.id, majors, as_of: day, fund: slice.fund ?? null, ward: slice.ward ?? null },
  );
  const years = new Map<string, Outstanding>();
  let unnamed = ZERO;
  for (const l of lines) {
    const kind = receivableKind(l.account);
    if (!kind) continue;
    if (l.demand_year === null) {
      unnamed = paise(unnamed + l.balance);
      continue;
    }
    const key = `${kind.revenue}/${l.demand_year}`;
    const row = years.get(key) ?? { kind, demandYear: l.demand_year, gross: ZERO, cess: ZERO };
    row.gross = paise(row.gross + l.balance);
    years.set(key, row);
  }
  const order = [...new Set(RECEIVABLE_KINDS.map((k) => k.revenue))];
  const rows = [...years.values()]
    .filter((r) => r.gross !== 0n)
    .sort(
      (a, b) => order.indexOf(a.kind.revenue) - order.indexOf(b.kind.revenue) || (a.demandYear < b.demandYear ? -1 : 1),
    );
  for (const [control, own] of groupBy(rows, (r) => r.kind.cessControl)) {
    if (control === undefined) continue;
    const held = lines.filter((l) => l.account.startsWith(control));
    for (const row of own)
      row.cess = paise(-sum(held.filter((l) => l.demand_year === row.demandYear).map((l) => paise(l.balance))));
    // Without a year, or of a year of which nothing is outstanding: the years that are share it.
    const rest = paise(-sum(held.map((l) => paise(l.balance))) - sum(own.map((r) => r.cess)));
    const weights = own.map((r) => (r.gross > 0n ? r.gross : 0n));
    if (rest === 0n || weights.every((w) => w === 0n)) continue;
    allocate(rest, weights).forEach((part, i) => {
      const row = own[i];
      if (row) row.cess = paise(row.cess + part);
    });
  }
  return { rows, unnamed };
}
