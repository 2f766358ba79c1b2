import { channel, isRound, push, total, type Board, type I, type L } from "./board.ts";
import { MATCH_RULES } from "./rules.ts";

/**
 * P4: a lump that the bank credited or debited without slip, when exactly one subset of one day's items makes it up. Among n items there are 2^n
 * sums, so a sum alone says little: at most sixteen items, at least half of the subset not round, and so few subsets for so large a sum that
 * one is not expected by chance. Always a proposal.
 */
export function subsets(board: Board): void {
  const lumps = board.lines.filter((l) => {
    if (!board.isOpen(l)) return false;
    const way = channel(l);
    return way === "clearing" || way === "bulk";
  });
  if (lumps.length === 0) return;
  const byDay = new Map<number, I[]>();
  const usable = (i: I): boolean =>
    i.paise > 0 ? i.of.kind === "cheque-deposited" : i.of.kind === "transfer" || i.of.kind === "other";
  for (const i of board.items) if (board.isOpen(i) && usable(i)) push(byDay, i.day, i);
  const found: { readonly line: L; readonly items: readonly I[] }[] = [];
  const claims = new Map<I, number>();
  for (const line of lumps) {
    const solutions: (readonly I[])[] = [];
    // Sundays and holidays lie between: ten calendar days hold the four working days.
    for (let day = line.day; day > line.day - 10 && solutions.length < 2; day--) {
      if (!board.within(MATCH_RULES.depositWindow, day, line.day)) continue;
      const items = (byDay.get(day) ?? []).filter((i) => i.paise > 0 === line.paise > 0);
      // Too many to say: then nothing is said, also not from another day.
      if (items.length > MATCH_RULES.subsetItems) {
        solutions.length = 0;
        break;
      }
      solutions.push(...subsetsOf(items, Math.abs(line.paise)));
    }
    const [items, ...others] = solutions;
    if (!items || others.length > 0 || !isTelling(items, byDay.get(items[0]?.day ?? 0)?.length ?? 0)) continue;
    found.push({ line, items });
    for (const i of items) claims.set(i, (claims.get(i) ?? 0) + 1);
  }
  for (const { line, items } of found)
    if (items.every((i) => claims.get(i) === 1))
      board.take(board.proposed, "P4", [line], items, `the only ${items.length} items of one day with this sum`);
}

// 2^n subsets spread over as many whole rupees as the sum has: fewer than one in ten thousand would meet it by chance.
function isTelling(items: readonly I[], among: number): boolean {
  const odd = items.filter((i) => !isRound(i.paise)).length;
  return odd * 2 >= items.length && 2 ** among * 10_000 < Math.abs(total(items)) / 100;
}

/** Subsets of at least two items with the sum, two at most: more are not needed to know that it is not unique. */
function subsetsOf(items: readonly I[], sum: number): I[][] {
  const sorted = items.toSorted((a, b) => Math.abs(b.paise) - Math.abs(a.paise));
  const rest: number[] = new Array<number>(sorted.length + 1).fill(0);
  for (let k = sorted.length - 1; k >= 0; k--) rest[k] = (rest[k + 1] ?? 0) + Math.abs(sorted[k]?.paise ?? 0);
  const found: I[][] = [];
  const chosen: I[] = [];
  const look = (k: number, left: number): void => {
    if (left === 0) {
      if (chosen.length > 1) found.push([...chosen]);
      return;
    }
    if (found.length > 1 || left < 0 || left > (rest[k] ?? 0)) return;
    const item = sorted[k];
    if (!item) return;
    chosen.push(item);
    look(k + 1, left - Math.abs(item.paise));
    chosen.pop();
    look(k + 1, left);
  };
  look(0, sum);
  return found;
}
