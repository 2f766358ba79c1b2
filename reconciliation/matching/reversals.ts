import { byDate, push, tokensOn, type Board, type L } from "./board.ts";
import { MATCH_RULES } from "./rules.ts";
import { isBeginning } from "./series.ts";

/** P0: the bank takes back its own line and quotes its reference, or both quote the beginning of one. No effect on the books. */
export function reversals(board: Board): void {
  pairUp(board, "confirmed");
}

/** P0 without the reference, once all references are settled: proposed. */
export function vagueReversals(board: Board): void {
  pairUp(board, "proposed");
}

function pairUp(board: Board, outcome: "confirmed" | "proposed"): void {
  const marked = board.lines.filter((l) => board.isOpen(l) && MATCH_RULES.reversal.test(l.narration));
  if (marked.length === 0) return;
  const wanted = new Set(marked.map((l) => -l.paise));
  const byAmount = new Map<number, L[]>();
  for (const l of board.lines)
    if (wanted.has(l.paise) && board.isOpen(l) && !MATCH_RULES.reversal.test(l.narration)) push(byAmount, l.paise, l);
  const candidates = new Map<L, L[]>();
  const claims = new Map<L, number>();
  for (const rev of marked) {
    const found = (byAmount.get(-rev.paise) ?? []).filter((l) => {
      const days = rev.day - l.day;
      return (
        days >= 0 &&
        days <= MATCH_RULES.reversalDays &&
        (outcome === "proposed" || sharedReference(rev, l) !== undefined)
      );
    });
    candidates.set(rev, found);
    for (const l of found) claims.set(l, (claims.get(l) ?? 0) + 1);
  }
  for (const [rev, [original, ...others]] of candidates) {
    if (!original || others.length > 0 || claims.get(original) !== 1) continue;
    const pair = [original, rev].sort(byDate);
    const shared = sharedReference(rev, original);
    const evidence =
      shared === undefined ? "reversal text and opposite amount" : `reversed by the bank, both carry ${shared}`;
    board.take(board[outcome], "P0", pair, [], evidence);
  }
}

function sharedReference(a: L, b: L): string | undefined {
  const others = tokensOn(b);
  return tokensOn(a).find((t) => t.length >= 8 && others.some((o) => o === t || isBeginning(o, t)));
}
