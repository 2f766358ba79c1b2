import { assessedByHead, assessments, dcb, type AssessedDemand, type AssessedHead } from "../../billing/index.ts";
import { dateInIndia, formatDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, paise, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { rangeOf, rangeText, span, type Range } from "../ranges.ts";
import type { ReportColumn, ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { agreementNote, sumsBy, totalRows, type Sums } from "./dcb-agreement.ts";
import {
  codeColumn,
  DEMAND_SIGNATURES,
  demandSlice,
  nameColumn,
  serviceColumn,
  sliceName,
  sliceText,
  wardColumn,
  yearColumn,
} from "./demand-columns.ts";
import { date, money, text } from "./register-columns.ts";

/** More heads than these are in the data, but not on paper, where the total must do. */
const HEADS_ON_PAPER = 6;

/**
 * The demands that were raised: consumer, facts, each head in a column of its own, total, and how the demand stands now. Of a range of days, or
 * of a demand year whenever it was raised, or of both. Streams. By head and year it is compared with the demand raised in the DCB.
 */
export const assessmentList: TableReport = {
  name: "assessment-list",
  title: "Assessment list",
  description:
    "every demand raised, with the facts it rests on, its heads and how it stands (--service, --ward, --demand-year)",
  asks: ["service", "demandYear"],
  build: async (read, options): Promise<ReportTable> => {
    const range = daysOf(read, options);
    const { demandYear } = options;
    const asked = { ...range, ...demandSlice(options), ...(demandYear === undefined ? {} : { demandYear }) };
    const heads = await assessedByHead(read, asked);
    const keyOf = (r: { readonly taxHead: string; readonly demandYear: string }): string =>
      `${r.taxHead} ${r.demandYear}`;
    const raised = sumsBy(
      (await dcb(read, asked)).filter((r) => demandYear === undefined || r.demandYear === demandYear),
      keyOf,
      (r) => r.demandRaised,
    );
    const moved = sum(heads.map((h) => h.moved));
    return {
      title: "Assessment list",
      titleLocal: "कर निर्धारण सूची",
      subtitle: [
        [`Raised ${rangeText(range)}`, ...(demandYear === undefined ? [] : [`demand of ${demandYear}`])].join(" · "),
        sliceText(options),
      ],
      columns: [
        wardColumn,
        serviceColumn,
        codeColumn,
        nameColumn,
        text("kind", "Kind"),
        yearColumn,
        date("period_from", "From"),
        date("period_to", "To"),
        date("raised_on", "Raised on"),
        text("facts", "Facts", "तथ्य", 3),
        ...headColumns(heads),
        money("total", "Total", "योग"),
        money("taken_off", "Taken off since", "घटाया गया"),
        text("status", "Status", "स्थिति"),
      ],
      rows: rowsOf(read, asked, moved, raised),
      notes: [
        agreementNote(
          "demand raised",
          sumsBy(heads, keyOf, (h) => paise(h.amount + h.moved)),
          raised,
        ),
        ...(moved === ZERO
          ? []
          : [
              `In that figure, but not in the list: ${formatIndian(moved)} of arrears that came from other consumers, less those that went to others.`,
            ]),
        "Arrears that were brought in when the books began are no assessments and are not listed.",
        `Status and what was taken off are those of ${formatDate(dateInIndia(read.clock()))}.`,
      ],
      signatures: DEMAND_SIGNATURES,
      of: [...sliceName(options), ...(demandYear === undefined ? [] : [demandYear]), span(range)].join("_"),
    };
  },
};

/** The days of raising: those asked for, or, of a demand year alone, all that there are. */
function daysOf(read: Read, options: ReportOptions): Range {
  const { from, to, asOf, fy, demandYear } = options;
  if (demandYear !== undefined && [from, to, asOf, fy].every((o) => o === undefined))
    return { from: read.ulb.startsOn, to: dateInIndia(read.clock()) };
  return rangeOf(read, options, "assessment-list");
}

function headColumns(heads: readonly AssessedHead[]): ReportColumn[] {
  const columns = new Map<string, string>();
  for (const h of heads.filter((x) => x.amount > 0n)) {
    columns.set(h.taxHead, h.name);
    if (h.cessHead !== null) columns.set(h.cessHead, h.cessName ?? h.cessHead);
  }
  const isDataOnly = columns.size > HEADS_ON_PAPER;
  return [...columns].map(([key, label]) => ({ ...money(key, label), isDataOnly }));
}

async function* rowsOf(
  read: Read,
  asked: Parameters<typeof assessments>[1],
  moved: Paise,
  raised: Sums,
): AsyncGenerator<ReportRow> {
  const sums = new Map<string, Paise>();
  const add = (key: string, amount: Paise): void => void sums.set(key, paise((sums.get(key) ?? ZERO) + amount));
  for await (const d of assessments(read, asked)) {
    for (const [head, amount] of d.heads) add(head, amount);
    add("total", d.total);
    add("taken_off", d.takenOff);
    yield {
      cells: {
        ward: d.ward,
        service: d.service,
        consumer_code: d.code,
        name: d.name,
        kind: d.kind,
        demand_year: d.demandYear,
        period_from: d.periodFrom,
        period_to: d.periodTo,
        raised_on: d.raisedOn,
        facts: factsText(d.facts),
        ...Object.fromEntries(d.heads),
        total: d.total,
        taken_off: d.takenOff,
        status: d.status,
      },
    };
  }
  const total = sums.get("total") ?? ZERO;
  const cells = { total, taken_off: ZERO, ...Object.fromEntries(sums) };
  // Heads and years were compared before the list; what was read one by one must come to the same.
  const [listed, dcbRaised] = [new Map([["all", paise(total + moved)]]), new Map([["all", sum([...raised.values()])]])];
  if (moved !== ZERO) {
    yield { kind: "total", cells: { ...cells, name: "Total of the list" } };
    yield { kind: "total", cells: { name: "Came from other consumers, less what went to others", total: moved } };
    yield* totalRows({ name: "name", total: "total" }, { total: paise(total + moved) }, listed, dcbRaised);
  } else yield* totalRows({ name: "name", total: "total" }, cells, listed, dcbRaised);
}

/** "zone: A; use: residential; units: 2": attributes as the rule file names them, and how many items each list has. */
function factsText(facts: AssessedDemand["facts"]): string | null {
  if (facts === null) return null;
  const word = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return [
    ...Object.entries(facts.attributes).map(([name, value]) => `${name}: ${word(value)}`),
    ...Object.entries(facts.lists ?? {}).map(([name, items]) => `${name}: ${items.length}`),
  ].join("; ");
}
