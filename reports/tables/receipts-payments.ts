import { rangeOf, span } from "../ranges.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { nameOf, type Books } from "../statements/books.ts";
import { receiptsPayments } from "../statements/receipts-payments.ts";
import { amountColumn, codeColumn, lineColumn, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

const NOTES = {
  "minor-head":
    "By the head against which cash was booked: collections of receivables stand under 431, payments of creditors under 350.",
  "revenue-head":
    "Collections of receivables stand under the head of income collected, payments of creditors under the head of expense, by the table of " +
    "heads of the layout; what that table does not know stands under the head booked.",
} as const;

/** The receipts and payments account: opening balances, operating and other receipts and payments by minor head, closing balances. */
export const receiptsPaymentsReport: TableReport = {
  name: "receipts-payments",
  title: "Receipts and payments account",
  description:
    "opening balances, receipts and payments by head, closing balances (--presentation revenue-head, --fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "receipts-payments");
    const slice = sliceOf("receipts-payments", options, ["fund"]);
    const presentation = options.presentation ?? "minor-head";
    const { books, sections, receipts, payments } = await receiptsPayments(read, range, { ...slice, presentation });
    return {
      title: "Receipts and payments account",
      titleLocal: "प्राप्ति एवं भुगतान लेखा",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "section", label: "Section", kind: "text", weight: 2, isDataOnly: true },
        codeColumn,
        { ...lineColumn, weight: 5 },
        amountColumn("receipts", "Receipts", "प्राप्तियाँ"),
        amountColumn("payments", "Payments", "भुगतान"),
      ],
      rows: [
        ...sections.flatMap((section): ReportRow[] => {
          const isReceipt = section.line.measure === "opening" || section.line.measure === "receipts";
          const sides = (row: { receipts: typeof receipts; payments: typeof payments }) => ({
            receipts: isReceipt ? row.receipts : null,
            payments: isReceipt ? null : row.payments,
          });
          return [
            { kind: "heading", cells: { line: section.line.label }, local: { line: section.line.labelLocal } },
            ...section.rows.map((row): ReportRow => {
              const schedule = books.accounts.get(row.code)?.schedule;
              return {
                level: 1,
                cells: { section: section.line.label, code: row.code, line: headName(books, row.code), ...sides(row) },
                ...(schedule
                  ? { drill: { schedule: /^[BI]-\d/.test(schedule) ? schedule : row.code.slice(0, 3) } }
                  : {}),
              };
            }),
            {
              kind: "total",
              isPrintOnly: true,
              cells: {
                section: section.line.label,
                line: `Total ${section.line.label.toLowerCase()}`,
                ...sides(section),
              },
            },
          ];
        }),
        { kind: "total", cells: { section: "Total", line: "TOTAL", receipts, payments }, local: { line: "योग" } },
      ],
      notes: [
        receipts === payments ? "Both sides come to the same total." : "THE TWO SIDES DO NOT COME TO THE SAME TOTAL.",
        NOTES[presentation],
      ],
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};

/** The name of a minor head; where heads share a name (each kind of bank balance has its "Nationalised Banks"), with what it is a part of. */
function headName(books: Books, code: string): string {
  const name = nameOf(books, code);
  const isShared = [...books.accounts.values()].some((a) => a.code.length === 5 && a.code !== code && a.name === name);
  if (!isShared) return name;
  const group = books.accounts.get(`${code.slice(0, 4)}0`);
  const whole = group?.name.endsWith("(group)")
    ? group.name.replace(/\s*\(group\)$/, "")
    : nameOf(books, code.slice(0, 3));
  return `${name} (${whole})`;
}
