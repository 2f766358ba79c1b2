import { byDate, Pairs, push, type Board, type I, type L } from "./board.ts";

/** P1 and P1b: the full reference and the exact amount, within the window, unique from both sides. */
export function fullReferences(board: Board): void {
  const pairs = new Pairs();
  const otherAmounts: [L, I][] = [];
  const offer = (l: L, i: I, t: string): void => {
    if (!board.isOpen(i) || !board.inWindow(l, i)) return;
    if (i.paise === l.paise) pairs.add(l, i, t);
    // A cheque number repeats in other books; only a long reference makes another amount suspicious.
    else if (t.length >= 10) otherAmounts.push([l, i]);
  };
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    for (const t of l.known) {
      const known = board.byRef.get(t);
      if (known === undefined) continue;
      if (Array.isArray(known)) for (const i of known) offer(l, i, t);
      else offer(l, known, t);
    }
  }
  for (const { lines, items, evidence, isComplete } of pairs.components()) {
    const [line] = lines;
    const [item] = items;
    if (lines.length === 1 && items.length === 1 && line && item) {
      const kind = item.of.refs.find((r) => evidence.includes(r.value))?.kind ?? "reference";
      board.take(board.confirmed, "P1", [line], [item], `${kind} ${evidence.join(", ")} and amount`);
    } else if (
      lines.length === items.length &&
      isComplete &&
      evidence.length === 1 &&
      new Set(items.map((i) => i.of.kind)).size === 1
    ) {
      // k equal lines, k equal items: which is which does not matter, they are confirmed as a class.
      board.take(
        board.confirmed,
        "P1b",
        lines,
        items,
        `${lines.length} lines and items of one reference ${evidence.join()} and amount`,
      );
    } else {
      board.barAll(lines, items, "ambiguous");
    }
  }
  amountsDiffer(board, otherAmounts);
}

/** One reference, two amounts: all that share it are named to each other, whoever of them is still open. */
function amountsDiffer(board: Board, pairs: readonly (readonly [L, I])[]): void {
  const ofLine = new Map<L, I[]>();
  const ofItem = new Map<I, L[]>();
  for (const [l, i] of pairs) {
    if (!board.isOpen(l) || !board.isOpen(i)) continue;
    push(ofLine, l, i);
    push(ofItem, i, l);
  }
  for (const [l, items] of ofLine) board.bar(l, "amount-differs", items.sort(byDate));
  for (const [i, lines] of ofItem) board.bar(i, "amount-differs", lines.sort(byDate));
}
