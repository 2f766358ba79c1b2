import { formatIndian, paise } from "../../ledger/kernel/money.ts";
import type { Tie } from "../../reports/index.ts";

/** Prints the ties as a table; tells whether all hold. */
export function printTies(ties: readonly Tie[]): boolean {
  const width = Math.max(...ties.map((t) => t.name.length), 10);
  const show = (t: Tie, value: bigint): string =>
    (t.unit === "paise" ? formatIndian(paise(value)) : String(value)).padStart(18);
  for (const t of ties) {
    console.log(
      `  ${t.ok ? "ok" : "NO"}  ${t.name.padEnd(width)} ${show(t, t.left)} ${t.ok ? "=" : "≠"} ${show(t, t.right)}`,
    );
  }
  const wrong = ties.filter((t) => !t.ok).length;
  console.log(wrong === 0 ? `  all ${ties.length} ties hold` : `  ${wrong} of ${ties.length} ties do NOT hold`);
  return wrong === 0;
}
