import { groupBy } from "../../ledger/kernel/group.ts";

export type PostedVoucher = { readonly text: string; readonly transaction: string };

/** How many vouchers of a file may make up one transaction: every choice among them is tried. */
const PARTS_AT_MOST = 12;

/**
 * Compares the vouchers that a file names with what was posted, one against one; then what is left on both sides, transaction by transaction: a fact
 * that the books have in one voucher may be written as several (a returned cheque, the bank's charge and the ULB's), and one that they have in several
 * (a cheque for five accounts) as one. Letter by letter the sums are the same to the paisa, or it is no match. Pure.
 */
export function compareVouchers(
  wanted: readonly string[],
  posted: readonly PostedVoucher[],
): { readonly missing: readonly string[]; readonly left: readonly string[] } {
  const missing = [...wanted];
  let left = posted.filter((p) => {
    const at = missing.indexOf(p.text);
    if (at >= 0) missing.splice(at, 1);
    return at < 0;
  });
  for (const group of groupBy(left, (p) => p.transaction).values()) {
    for (const some of group.length > 1 ? [group, ...group.map((one) => [one])] : [group]) {
      if (missing.length === 0) break;
      if (some.some((p) => !left.includes(p))) continue;
      const parts = partsOf(
        missing,
        some.map((p) => p.text),
      );
      if (!parts) continue;
      for (const part of parts) missing.splice(missing.indexOf(part), 1);
      left = left.filter((p) => !some.includes(p));
    }
  }
  return { missing, left: left.map((p) => p.text) };
}

/**
 * Those of the wanted vouchers that no posted one has within it: a part of a voucher (the bank's charge beside a returned cheque) stands in it when each
 * of its sides does, to the paisa; a side of a posted voucher serves once. Pure.
 */
export function partsMissing(wanted: readonly string[], posted: readonly string[]): readonly string[] {
  const sides = posted.map((p) => p.split(" · "));
  return wanted.filter((w) => {
    const part = w.split(" · ");
    const at = sides.findIndex((whole) => part.every((side) => whole.includes(side)));
    if (at >= 0) sides[at] = (sides[at] ?? []).filter((side) => !part.includes(side));
    return at < 0;
  });
}

/** Those of the wanted vouchers that together are these, if there are such. */
function partsOf(wanted: readonly string[], posted: readonly string[]): readonly string[] | undefined {
  const whole = sidesOf(posted);
  if (whole === "") return undefined;
  const letters = new Set(lettersOf(posted));
  const fitting = wanted.filter((w) => lettersOf([w]).some((l) => letters.has(l))).slice(0, PARTS_AT_MOST);
  for (let choice = 1; choice < 2 ** fitting.length; choice++) {
    const chosen = fitting.filter((_w, i) => (choice >> i) & 1);
    if (sidesOf(chosen) === whole) return chosen;
  }
  return undefined;
}

const SIDE = /^(Dr|Cr) (\S+) (\d+)\.(\d\d)$/;

function lettersOf(vouchers: readonly string[]): string[] {
  return vouchers.flatMap((v) => v.split(" · ").map((side) => SIDE.exec(side)?.[2] ?? side));
}

/** What the vouchers come to, letter by letter: "FEE 20000, GWC -1000000, SIT 980000". */
function sidesOf(vouchers: readonly string[]): string {
  const net = new Map<string, bigint>();
  for (const side of vouchers.flatMap((v) => v.split(" · "))) {
    const m = SIDE.exec(side);
    if (!m) return `unreadable ${side}`;
    const amount = BigInt(`${m[3]}${m[4]}`) * (m[1] === "Dr" ? 1n : -1n);
    net.set(m[2] ?? "", (net.get(m[2] ?? "") ?? 0n) + amount);
  }
  return [...net]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([letter, amount]) => `${letter} ${amount}`)
    .join(", ");
}
