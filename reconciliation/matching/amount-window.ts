import { digitCount } from "../tokens.ts";
import { channel, distinctiveAmounts, isRound, Pairs, tokensOn, type Board, type I, type L } from "./board.ts";
import { MATCH_RULES, type Channel } from "./rules.ts";
import type { ItemKind } from "./types.ts";

/**
 * P5: the same amount within days, the only one on either side, not a round sum and not a tariff, and nothing that speaks against it: proposed,
 * never more.
 */
export function amountAndWindow(board: Board): void {
  const bucket = board.openItems((i) => !isRound(i.paise));
  if (bucket.size === 0) return;
  const isDistinctive = distinctiveAmounts(board, bucket);
  const pairs = new Pairs();
  for (const l of board.lines) {
    const items = board.isOpen(l) ? bucket.get(l.paise) : undefined;
    if (!items || !isDistinctive(l.paise)) continue;
    for (const i of items) {
      const isNear =
        board.within(MATCH_RULES.proposalWindow, i.day, l.day) ||
        (i.of.kind === "cheque-issued" && board.inWindow(l, i));
      // Who contradicts a pair still counts for its uniqueness: two of one amount are two.
      if (isNear) pairs.add(l, i, "amount");
    }
  }
  for (const { lines, items } of pairs.components()) {
    const [line] = lines;
    const [item] = items;
    if (line && item && lines.length === 1 && items.length === 1 && !contradicts(line, item))
      board.take(board.proposed, "P5", lines, items, "amount and days, nothing else");
  }
}

/** Two references that are not the same (the same ones were matched before), or two ways by which money does not come. */
function contradicts(line: L, item: I): boolean {
  const tokens = tokensOn(line);
  const ofCheque = item.of.refs.some((r) => r.kind === "cheque");
  if (ofCheque && tokens.some((t) => t.length === 6 && digitCount(t) === 6)) return true;
  const isLong = (text: string): boolean => text.length >= 12 && digitCount(text) >= 8;
  if (item.of.refs.some((r) => r.kind !== "cheque" && isLong(r.value)) && tokens.some(isLong)) return true;
  return !COMES_BY[item.of.kind].includes(channel(line));
}

const COMES_BY: Record<ItemKind, readonly Channel[]> = {
  "cheque-issued": ["clearing", "unknown"],
  "cheque-deposited": ["clearing", "unknown"],
  transfer: ["transfer", "bulk", "unknown"],
  settlement: ["transfer", "unknown"],
  cash: ["cash", "unknown"],
  other: ["cash", "clearing", "transfer", "bulk", "unknown"],
};
