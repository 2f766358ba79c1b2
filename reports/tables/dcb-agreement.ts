import { formatIndian, paise, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { ReportRow } from "../report-table.ts";

/** Sums by what a register and the DCB are compared by: a demand year, a head of a year. */
export type Sums = ReadonlyMap<string, Paise>;

/** Sums of rows by a key. */
export function sumsBy<Row>(rows: readonly Row[], key: (row: Row) => string, amount: (row: Row) => Paise): Sums {
  const sums = new Map<string, Paise>();
  for (const row of rows) sums.set(key(row), paise((sums.get(key(row)) ?? ZERO) + amount(row)));
  return sums;
}

type Difference = { readonly of: string; readonly listed: Paise; readonly dcb: Paise };

/** Where the two are not the same; one that only one of them has counts as nothing in the other. */
export function differences(listed: Sums, dcb: Sums): readonly Difference[] {
  return [...new Set([...listed.keys(), ...dcb.keys()])]
    .sort()
    .map((of) => ({ of, listed: listed.get(of) ?? ZERO, dcb: dcb.get(of) ?? ZERO }))
    .filter((d) => d.listed !== d.dcb);
}

/** The sentence below a register that says whether it agrees with the DCB, and where it does not. `figure`: "closing balance". */
export function agreementNote(figure: string, listed: Sums, dcb: Sums): string {
  const wrong = differences(listed, dcb);
  if (wrong.length === 0) return `Agrees with the DCB: ${figure} ${formatIndian(sum([...dcb.values()]))}.`;
  const each = wrong.map(
    (d) =>
      `${d.of} ${formatIndian(d.listed)} here, ${formatIndian(d.dcb)} there, difference ${formatIndian(subtract(d.listed, d.dcb))}`,
  );
  return `DOES NOT AGREE WITH THE DCB (${figure}): ${each.join("; ")}.`;
}

/**
 * The last rows of a register, in every format: its total as it was listed, and, where that is not what the DCB has, the DCB's and the
 * difference. `total` is the column that is compared, `name` the one that says what a row is.
 */
export function* totalRows(
  columns: { readonly name: string; readonly total: string },
  cells: ReportRow["cells"],
  listed: Sums,
  dcb: Sums,
): Generator<ReportRow> {
  const agrees = differences(listed, dcb).length === 0;
  yield { kind: "total", cells: { ...cells, [columns.name]: agrees ? "Total, agrees with the DCB" : "Total" } };
  if (agrees) return;
  const [here, there] = [sum([...listed.values()]), sum([...dcb.values()])];
  yield { kind: "total", cells: { [columns.name]: "The DCB has", [columns.total]: there } };
  yield {
    kind: "total",
    cells: { [columns.name]: "DIFFERENCE FROM THE DCB", [columns.total]: subtract(here, there) },
  };
}
