/** One thing that must agree: two figures from two places. */
export type TieRow = { readonly name: string; readonly left: string; readonly right: string; readonly ok: boolean };

/** Prints the ties as a table; tells whether all hold. */
export function printTies(ties: readonly TieRow[]): boolean {
  const width = Math.max(...ties.map((t) => t.name.length), 10);
  for (const t of ties)
    console.log(
      `  ${t.ok ? "ok " : "NO "} ${t.name.padEnd(width)}  ${t.left.padStart(18)}  ${t.ok ? "=" : "≠"} ${t.right.padStart(18)}`,
    );
  const wrong = ties.filter((t) => !t.ok).length;
  console.log(wrong === 0 ? `  all ${ties.length} ties hold` : `  ${wrong} of ${ties.length} ties do NOT hold`);
  return wrong === 0;
}
