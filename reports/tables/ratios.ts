import { paise, proportion, toRupees } from "../../ledger/kernel/money.ts";
import { financialYearOf } from "../../ledger/kernel/dates.ts";
import { dcbStatement } from "../dcb.ts";
import { rangeOf, span } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import type { RatioPart } from "../layouts/index.ts";
import { sumCodes, type Amounts, type Codes } from "../layouts/language.ts";
import { balances, moved, readBooks } from "../statements/books.ts";
import { receiptsPayments } from "../statements/receipts-payments.ts";
import { amountColumn, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

/** The service whose collection the ratios judge. */
const PROPERTY_TAX = "property-tax";

/** The key ratios of the reference, from the layout's data: each with the two amounts that it divides. */
export const ratiosReport: TableReport = {
  name: "ratios",
  title: "Key ratios",
  description: "financial ratios with their numerators and denominators (--fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "ratios");
    const slice = sliceOf("ratios", options, ["fund"]);
    const books = await readBooks(read, range, slice);
    const account = await receiptsPayments(read, range, slice);
    const dcb = await dcbStatement(read, { ...range, service: PROPERTY_TAX });
    const year = financialYearOf(range.to);
    const ofDemand = (isCurrent: boolean, key: "collected" | "totalDemand" | "openingBalance"): bigint =>
      dcb.rows.filter((row) => (row.demandYear === year) === isCurrent).reduce((sum, row) => sum + row[key], 0n);
    const figures: Readonly<Record<string, bigint>> = {
      receipts: account.sections
        .filter((section) => section.line.measure === "receipts")
        .reduce((sum, section) => sum + section.receipts, 0n),
      "collected-current": ofDemand(true, "collected"),
      "demand-current": ofDemand(true, "totalDemand"),
      "collected-arrears": ofDemand(false, "collected"),
      "opening-arrears": ofDemand(false, "openingBalance"),
    };
    const amounts = { moved: moved(books), closing: balances(books, "closing") };
    const value = (part: RatioPart): bigint =>
      "figure" in part ? (figures[part.figure] ?? 0n) : sumOf(part.codes, amounts);
    return {
      title: "Key ratios",
      titleLocal: "प्रमुख अनुपात",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "ratio", label: "Ratio", labelLocal: "अनुपात", kind: "text", weight: 6 },
        amountColumn("numerator", "Numerator", "अंश"),
        amountColumn("denominator", "Denominator", "हर"),
        { key: "value", label: "Value", labelLocal: "मान", kind: "text", weight: 1.2 },
        { key: "unit", label: "Unit", kind: "text" },
      ],
      rows: books.layouts.ratios.map((ratio) => {
        const [numerator, denominator] = [value(ratio.numerator), value(ratio.denominator)];
        return {
          cells: {
            ratio: ratio.name,
            numerator: paise(numerator),
            denominator: paise(denominator),
            value: ratioText(numerator, denominator, ratio.unit),
            unit: ratio.unit,
          },
        };
      }),
      notes: [
        `A ratio to nothing is blank. Collection efficiency: ${dcb.notes[0] ?? ""}`,
        "Shares by department and figures per head of population are not kept in the ledger.",
      ],
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};

/** "12.35": to two decimals, half away from zero; blank when there is nothing to divide by. */
function ratioText(numerator: bigint, denominator: bigint, unit: "percent" | "times"): string {
  if (denominator === 0n) return "";
  // Two decimals are the two of an amount: a hundredth of a paisa is not shown.
  return toRupees(proportion(paise(unit === "percent" ? 10_000n : 100n), numerator, denominator));
}

/** Income and expenditure are those of the range; balances those at its end; ".dr" and ".cr" the movements of the range. Each on its own side. */
function sumOf(
  codes: Codes,
  amounts: { readonly moved: readonly Amounts[]; readonly closing: readonly Amounts[] },
): bigint {
  return codes.terms.reduce((sum, term) => {
    const isOfYear = term.prefix.startsWith("1") || term.prefix.startsWith("2");
    const side = term.prefix.startsWith("1") || term.prefix.startsWith("3") ? "Cr" : "Dr";
    const from = isOfYear || term.part !== "net" ? amounts.moved : amounts.closing;
    return sum + sumCodes({ terms: [term], except: codes.except }, side, from);
  }, 0n);
}
