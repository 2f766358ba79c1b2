import { dcb, reducedByHead, reductions } from "../../billing/index.ts";
import { paise, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { rangeOf, rangeText, span } from "../ranges.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
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

const keyOf = (r: { readonly taxHead: string; readonly demandYear: string }): string => `${r.taxHead} ${r.demandYear}`;

/**
 * Whatever lessened a demand without money, with the order or resolution behind it; what fell again is negative. Streams. By head and year it is
 * compared with what the DCB shows as reduced.
 */
export const remissionsReport: TableReport = {
  name: "remissions",
  title: "Register of exemptions and remissions",
  description:
    "every remission, exemption, rebate, credit note, cancellation and write-off with its order (--service, --ward)",
  asks: ["service"],
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "remissions");
    const asked = { ...range, ...demandSlice(options) };
    const reduced = sumsBy(await dcb(read, asked), keyOf, (r) => r.reduced);
    return {
      title: "Register of exemptions and remissions",
      titleLocal: "छूट एवं माफी रजिस्टर",
      subtitle: [rangeText(range), sliceText(options)],
      columns: [
        date("date", "Date"),
        serviceColumn,
        wardColumn,
        codeColumn,
        nameColumn,
        yearColumn,
        { ...text("tax_head", "Head code"), isDataOnly: true },
        text("head", "Head", "शीर्ष", 1.5),
        text("kind", "Kind", "प्रकार", 1.2),
        money("own", "Own", "अपना"),
        money("cess", "State's cess", "राज्य उपकर"),
        money("amount", "Amount", "राशि"),
        text("order_number", "Order", "आदेश", 1.2),
        date("order_date", "Of"),
        text("reason", "Reason", "कारण", 2.5),
      ],
      rows: rowsOf(read, asked, reduced),
      notes: [
        agreementNote(
          "reduced",
          sumsBy(await reducedByHead(read, asked), keyOf, (r) => r.amount),
          reduced,
        ),
        "What fell again (a rebate whose cheque came back) is negative. The order of a write-off is the council's resolution.",
      ],
      signatures: DEMAND_SIGNATURES,
      of: [...sliceName(options), span(range)].join("_"),
    };
  },
};

async function* rowsOf(read: Read, asked: Parameters<typeof reductions>[1], reduced: Sums): AsyncGenerator<ReportRow> {
  type Sum = { own: Paise; cess: Paise; amount: Paise };
  const kinds = new Map<string, Sum>();
  const heads = new Map<string, Paise>();
  const all: Sum = { own: ZERO, cess: ZERO, amount: ZERO };
  for await (const r of reductions(read, asked)) {
    const parts: Sum = { own: subtract(r.amount, r.cess), cess: r.cess, amount: r.amount };
    const kind = kinds.get(r.kind) ?? { own: ZERO, cess: ZERO, amount: ZERO };
    kinds.set(r.kind, kind);
    for (const part of ["own", "cess", "amount"] as const) {
      kind[part] = paise(kind[part] + parts[part]);
      all[part] = paise(all[part] + parts[part]);
    }
    heads.set(keyOf(r), paise((heads.get(keyOf(r)) ?? ZERO) + r.amount));
    yield {
      cells: {
        date: r.date,
        service: r.service,
        ward: r.ward,
        consumer_code: r.code,
        name: r.name,
        demand_year: r.demandYear,
        tax_head: r.taxHead,
        head: r.headName,
        kind: r.kind,
        ...parts,
        order_number: r.order?.number,
        order_date: r.order?.date,
        reason: r.reason,
      },
    };
  }
  for (const [kind, sums] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield { kind: "total", cells: { name: "Total", kind, ...sums } };
  yield* totalRows({ name: "name", total: "amount" }, all, heads, reduced);
}
