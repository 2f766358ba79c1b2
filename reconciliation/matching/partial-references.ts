import { digitCount } from "../tokens.ts";
import { Pairs, tokensOn, type Board, type I, type L } from "./board.ts";
import { MATCH_RULES } from "./rules.ts";
import { isFigures, isMostOf, seriesBetween, seriesOf } from "./series.ts";

/** Strong proves with the exact amount; fair proves with an amount that no tariff has; weak only suggests. */
type Overlap = "strong" | "fair" | "weak";

/** How much of a full reference a cut or mistyped token still proves. */
export function overlapOf(token: string, full: string): Overlap | undefined {
  const [short, long] = token.length <= full.length ? [token, full] : [full, token];
  if (short.length >= 8 && short.length < long.length) {
    // The end of a UTR is its serial number; its beginning is bank and date, so more of it is needed.
    if (long.endsWith(short)) return digitCount(short) >= 8 ? "strong" : "weak";
    if (long.startsWith(short)) {
      const digits = digitCount(short);
      if (digits >= 12) return "strong";
      return digits >= 8 && (isFigures(long) || isMostOf(short, long)) ? "fair" : "weak";
    }
  }
  if (short.length < 10) return undefined;
  if (short.length === long.length) {
    const at = oneOtherFigure(short, long);
    if (at === undefined) return isOneEdit(short, long) ? "weak" : undefined;
    // Two transfers of one payer in a row differ at the end of their serial numbers; a slip of the pen may stand anywhere. Tariffs are paid by many
    // on one day, with neighbouring numbers: there it proves nothing.
    return short.length >= 16 && at < short.length - 2 ? "fair" : "weak";
  }
  return isOneEdit(short, long) ? "weak" : undefined;
}

/** The place of the only figure in which two references of one length differ. */
function oneOtherFigure(a: string, b: string): number | undefined {
  let at: number | undefined;
  for (let i = 0; i < a.length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    if (at !== undefined) return undefined;
    at = i;
  }
  const isFigure = (c: number): boolean => c >= 48 && c <= 57;
  return at !== undefined && isFigure(a.charCodeAt(at)) && isFigure(b.charCodeAt(at)) ? at : undefined;
}

function isOneEdit(short: string, long: string): boolean {
  if (long.length - short.length > 1) return false;
  let i = 0;
  while (i < short.length && short[i] === long[i]) i++;
  return long.length === short.length ? short.slice(i + 1) === long.slice(i + 1) : short.slice(i) === long.slice(i + 1);
}

// Whole fifties of rupees. How often an amount occurs is not asked here: that would change with every file that comes.
const isTariff = (paise: number): boolean => paise % 5_000 === 0;

type Edge = { readonly line: L; readonly item: I; readonly token: string; readonly full: string };

/**
 * P2: part of a reference and the exact amount, unique from both sides. Strong: confirmed. Weak, once the strong ones are settled: confirmed where no
 * other reference of the books or the statement begins like it, whatever its amount; else proposed.
 * A mistyped reference stands nowhere else as it is: one that another line or item carries in full is not a mistake, and proves nothing here.
 */
export function partialReferences(board: Board): void {
  const bucket = board.openItems((i) => i.of.refs.some((r) => r.kind !== "cheque" && r.value.length >= 8));
  if (bucket.size === 0) return;
  const edges: { strong: Edge[]; weak: Edge[] } = { strong: [], weak: [] };
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const items = bucket.get(l.paise);
    if (!items) continue;
    const tokens = tokensOn(l).filter((t) => t.length >= 8);
    if (tokens.length === 0) continue;
    for (const i of items) {
      if (!board.within(MATCH_RULES.partialWindow, i.day, l.day)) continue;
      for (const r of i.of.refs) {
        if (r.kind === "cheque") continue;
        for (const token of tokens) {
          const overlap = overlapOf(token, r.value);
          if (!overlap || isOfAnother(token, tokens, r.value)) continue;
          const isStrong = overlap === "strong" || (overlap === "fair" && !isTariff(l.paise));
          edges[isStrong ? "strong" : "weak"].push({ line: l, item: i, token, full: r.value });
        }
      }
    }
  }
  const elsewhere = carriedInFull(board, [...edges.strong, ...edges.weak]);
  const proved = (strength: "strong" | "weak"): Edge[] =>
    edges[strength].filter(
      ({ line, item, token, full }) =>
        board.isOpen(line) && board.isOpen(item) && !elsewhere.onLines.has(full) && !elsewhere.onItems.has(token),
    );
  settle(board, proved("strong"), () => true);
  const weak = proved("weak");
  const company = companyOf(board, weak);
  settle(board, weak, ({ line, item, token, full }) => {
    const series = seriesBetween(token, full);
    return series.length > 0 && series.every((s) => isAlone(company.get(s), line, item));
  });
}

/** The line has more of the reference that the token is part of, and that is not this one: a column cuts what the narration has in full. */
const isOfAnother = (token: string, tokens: readonly string[], full: string): boolean =>
  tokens.some((t) => t.length > token.length && t.includes(token) && overlapOf(t, full) === undefined);

/** Pairs that nobody else shares are confirmed if one of their edges proves, else proposed; the rest is ambiguous. */
function settle(board: Board, edges: readonly Edge[], proves: (edge: Edge) => boolean): void {
  const pairs = new Pairs();
  for (const { line, item, token, full } of edges) pairs.add(line, item, `${token} of ${full}`);
  const isProved = new Set(edges.filter(proves).map((e) => e.line));
  for (const { lines, items, evidence } of pairs.components()) {
    const [line] = lines;
    if (line && lines.length === 1 && items.length === 1) {
      const where = isProved.has(line) ? board.confirmed : board.proposed;
      board.take(where, "P2", lines, items, `part of the reference (${evidence.join()}) and amount`);
    } else board.barAll(lines, items, "ambiguous");
  }
}

type Company = { readonly lines: Set<L>; readonly items: Set<I> };

const isAlone = (company: Company | undefined, line: L, item: I): boolean =>
  company !== undefined && [...company.lines].every((l) => l === line) && [...company.items].every((i) => i === item);

/** Who stands in the series that weak edges need for themselves, whether taken or open. */
function companyOf(board: Board, edges: readonly Edge[]): ReadonlyMap<string, Company> {
  const company = new Map<string, Company>();
  for (const { token, full } of edges)
    for (const s of seriesBetween(token, full))
      if (!company.has(s)) company.set(s, { lines: new Set(), items: new Set() });
  if (company.size === 0) return company;
  for (const i of board.items)
    for (const r of i.of.refs) if (r.kind !== "cheque") for (const s of seriesOf(r.value)) company.get(s)?.items.add(i);
  // What the books know of a line is enough; of the others everything that could be a reference is asked.
  for (const l of board.lines)
    for (const t of l.known.length > 0 ? l.known : tokensOn(l))
      for (const s of seriesOf(t)) company.get(s)?.lines.add(l);
  return company;
}

/** Which of these references stand in full on some line, and which of these tokens on some item, whether taken or open. */
function carriedInFull(
  board: Board,
  edges: readonly Edge[],
): { onLines: ReadonlySet<string>; onItems: ReadonlySet<string> } {
  const onLines = new Set<string>();
  const onItems = new Set<string>();
  const fulls = new Set(edges.map((e) => e.full));
  if (fulls.size === 0) return { onLines, onItems };
  for (const l of board.lines) for (const t of l.known) if (fulls.has(t)) onLines.add(t);
  for (const { token } of edges) if (board.byRef.has(token)) onItems.add(token);
  return { onLines, onItems };
}
