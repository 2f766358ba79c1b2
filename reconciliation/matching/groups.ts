import { digitCount } from "../tokens.ts";
import { byDate, channel, isRound, push, tokensOn, total, type Board, type Bundle, type I, type L } from "./board.ts";
import { MATCH_RULES } from "./rules.ts";

const LONG = 10;
const END = 8;

/**
 * P1c: all open items of one slip or batch against all lines that carry it, when the sums agree; and one transfer or settlement that the bank
 * credited in parts, or one transfer that the books know in parts, under its own reference.
 */
export function groups(board: Board): void {
  for (const bundle of slipBundles(board)) {
    const { key, items, lines } = bundle;
    if (isWhole(board, bundle)) board.take(board.confirmed, "P1c", lines, items, `slip or batch ${key}, sums agree`);
  }
  for (const bundle of referenceBundles(board)) {
    const { key, items, lines } = bundle;
    if (isWhole(board, bundle)) board.take(board.confirmed, "P1c", lines, items, `all of reference ${key}, sums agree`);
  }
}

/** P2 for slips: the bank printed only the end of the slip's number, eight figures or more, and the sum of all its items agrees. */
export function partialSlips(board: Board): void {
  const members = new Map<string, I[]>();
  for (const i of board.items) if (i.of.group !== undefined && board.isOpen(i)) push(members, i.of.group, i);
  const byEnd = new Map<string, Bundle[]>();
  for (const [key, items] of members)
    if (key.length > END && digitCount(key.slice(-END)) === END)
      push(byEnd, key.slice(-END), { key, items, lines: [] });
  if (byEnd.size === 0) return;
  const bundles = new Map<Bundle, string>();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const offered = new Map<Bundle, string>();
    for (const t of tokensOn(l))
      if (t.length >= END) for (const b of byEnd.get(t.slice(-END)) ?? []) if (b.key.endsWith(t)) offered.set(b, t);
    const [only] = offered;
    if (!only || offered.size > 1) continue;
    only[0].lines.push(l);
    bundles.set(only[0], only[1]);
  }
  for (const [bundle, token] of bundles)
    if (isWhole(board, bundle))
      board.take(
        board.confirmed,
        "P2",
        bundle.lines,
        bundle.items,
        `part of the slip (${token} of ${bundle.key}), sums agree`,
      );
}

function isWhole(board: Board, { items, lines }: Bundle): boolean {
  return (
    total(items) === total(lines) &&
    lines.every((l) => board.isOpen(l) && items.every((i) => board.isOpen(i) && board.inWindow(l, i)))
  );
}

/** Every slip that open lines carry, with its open items, whether or not the sums agree. The lines are read for slips once. */
function slipBundles(board: Board): Bundle[] {
  board.slips ??= readSlips(board);
  return board.slips
    .map(({ key, items, lines }) => ({
      key,
      items: items.filter((i) => board.isOpen(i)),
      lines: lines.filter((l) => board.isOpen(l)),
    }))
    .filter((b) => b.lines.length > 0 && b.items.length > 0);
}

/** A line that names two slips speaks for neither. */
function readSlips(board: Board): Bundle[] {
  const members = new Map<string, I[]>();
  for (const i of board.items) if (i.of.group !== undefined && board.isOpen(i)) push(members, i.of.group, i);
  if (members.size === 0) return [];
  // A UPI narration has six parts that could begin a slip number: the first two letters settle most of them.
  const heads = new Set([...members.keys()].map((k) => k.slice(0, 2)));
  const carriers = new Map<string, L[]>();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const [key, ...others] = slipsOn(l, members, heads);
    if (key !== undefined && others.length === 0) push(carriers, key, l);
  }
  return [...carriers].map(([key, lines]) => ({ key, lines, items: members.get(key) ?? [] }));
}

/** Slip numbers have strokes in them ("DS/2026/0012"): compared without, and found inside a longer word. */
function slipsOn(line: L, members: ReadonlyMap<string, unknown>, heads: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const add = (key: string): void => {
    if (members.has(key) && !found.includes(key)) found.push(key);
  };
  for (const t of line.known) add(t);
  for (const text of [line.reference, line.narration]) {
    if (!/[/-]/.test(text)) continue;
    for (const word of text.toUpperCase().split(/[^A-Z0-9/-]+/)) {
      if (word.length < 6 || !/[/-]/.test(word)) continue;
      const parts = word.split(/[/-]/);
      for (let from = 0; from < parts.length; from++) {
        let joined = parts[from] ?? "";
        if (joined === "" || (joined.length >= 2 && !heads.has(joined.slice(0, 2)))) continue;
        for (let to = from + 1; to < parts.length && to < from + 5; to++) {
          joined += parts[to];
          add(joined);
        }
      }
    }
  }
  return found;
}

/** Long references that several lines or several items share. One to many only: many to many are pairs, or ambiguous. */
function referenceBundles(board: Board): Bundle[] {
  const first = new Map<string, L>();
  const several = new Map<string, L[]>();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    for (const t of l.known) {
      if (t.length < LONG || !isLongReference(board, t)) continue;
      const known = first.get(t);
      if (known === undefined) first.set(t, l);
      else {
        const list = several.get(t);
        if (list) list.push(l);
        else several.set(t, [known, l]);
      }
    }
  }
  const bundles: Bundle[] = [];
  const openOwners = (key: string): I[] => {
    const owner = board.byRef.get(key) ?? [];
    return (Array.isArray(owner) ? owner : [owner]).filter((i) => board.isOpen(i));
  };
  for (const [key, lines] of several) {
    const items = openOwners(key);
    if (items.length === 1) bundles.push({ key, lines, items });
  }
  for (const [key, line] of first) {
    if (several.has(key) || !Array.isArray(board.byRef.get(key))) continue;
    const items = openOwners(key);
    if (items.length > 1) bundles.push({ key, lines: [line], items });
  }
  return bundles;
}

// Cheque numbers are short, and repeat in other books.
function isLongReference(board: Board, text: string): boolean {
  const owner = board.byRef.get(text);
  const one = Array.isArray(owner) ? owner[0] : owner;
  return one !== undefined && one.of.refs.some((r) => r.value === text && r.kind !== "cheque");
}

/**
 * P6: a deposit that the bank credited in two lines of which only the first carries the slip. Confirmed when the rest, to the paisa, is the only line
 * of that amount and way within days, nothing else explains it, and it is not a round sum; a round rest is proposed.
 */
export function splitDeposits(board: Board): void {
  const bundles = slipBundles(board).filter(
    (b) => total(b.items) > total(b.lines) && total(b.lines) > 0 && b.items.every((i) => i.of.kind !== "transfer"),
  );
  if (bundles.length === 0) return;
  const wanted = new Map<number, Bundle[]>();
  for (const b of bundles) push(wanted, total(b.items) - total(b.lines), b);
  const carriers = new Set(bundles.flatMap((b) => b.lines));
  const lines = new Map<number, L[]>();
  for (const l of linesWithoutOwner(board, (l) => wanted.has(l.paise) && !carriers.has(l))) push(lines, l.paise, l);
  const explained = board.openItems((i) => wanted.has(i.paise));
  const isNear = (from: number, to: number): boolean => board.within(MATCH_RULES.depositWindow, from, to);
  for (const [rest, claimants] of wanted) {
    const offered = (b: Bundle): L[] =>
      (lines.get(rest) ?? []).filter((l) => {
        const [first] = b.lines;
        const way = first ? channel(first) : "unknown";
        return first !== undefined && way !== "unknown" && channel(l) === way && isNear(first.day, l.day);
      });
    for (const b of claimants) {
      const [line, ...others] = offered(b);
      if (!line || others.length > 0) continue;
      if (claimants.some((c) => c !== b && offered(c).includes(line))) continue;
      if ((explained.get(rest) ?? []).some((i) => !b.items.includes(i) && board.inWindow(line, i))) continue;
      const all = [...b.lines, line].sort(byDate);
      if (!all.every((l) => b.items.every((i) => board.isOpen(i) && board.inWindow(l, i)))) continue;
      const where = isRound(rest) ? board.proposed : board.confirmed;
      board.take(where, "P6", all, b.items, `slip ${b.key} and the only line of the rest of its deposit`);
    }
  }
}

/** Open lines of a kind that carry no reference of any item, whether that item is open or not. */
function linesWithoutOwner(board: Board, accepts: (line: L) => boolean): L[] {
  return board.lines.filter((l) => board.isOpen(l) && accepts(l) && !l.known.some((t) => board.byRef.has(t)));
}

/** What carries a slip and is neither whole nor matched otherwise: the sums differ, and no weaker pass may look for another owner. */
export function depositsThatDiffer(board: Board): void {
  for (const { items, lines } of slipBundles(board)) board.barAll(lines, items, "deposit-differs");
}

/** P4: all items of a slip whose sum is a line without any slip, the only ones of that sum within days: proposed. */
export function groupsWithoutReference(board: Board): void {
  const members = new Map<string, I[]>();
  const broken = new Set<string>();
  for (const i of board.items) {
    if (i.of.group === undefined) continue;
    if (board.isOpen(i)) push(members, i.of.group, i);
    else broken.add(i.of.group);
  }
  const sums = new Map<number, I[][]>();
  for (const [key, items] of members)
    if (items.length > 1 && !broken.has(key) && !isRound(total(items))) push(sums, total(items), items);
  if (sums.size === 0) return;
  const lines = new Map<number, L[]>();
  for (const l of board.lines) if (sums.has(l.paise) && board.isOpen(l)) push(lines, l.paise, l);
  const single = board.openItems((i) => lines.has(i.paise));
  for (const [sum, offered] of lines) {
    const [line, ...otherLines] = offered;
    const [items, ...otherGroups] = sums.get(sum) ?? [];
    // Uniqueness over the whole account and not only within days: a sum that comes twice is no evidence.
    if (!line || !items || otherLines.length + otherGroups.length > 0 || single.has(sum)) continue;
    if (channel(line) === "transfer" && items.every((i) => i.of.kind !== "transfer" && i.of.kind !== "other")) continue;
    if (items.every((i) => board.within(MATCH_RULES.depositWindow, i.day, line.day)))
      board.take(board.proposed, "P4", [line], items, `all ${items.length} items of one slip or batch have this sum`);
  }
}
