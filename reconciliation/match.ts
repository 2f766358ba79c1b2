import { addMonths, type LocalDate } from "../ledger/kernel/dates.ts";
import type { EntryTemplate } from "./entries.ts";
import { digitCount, normaliseRef, tokensOf, type Ref } from "./tokens.ts";

/** A bank statement line to be matched; amount in paise, positive when the bank credited us. */
export type MatchLine = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: bigint;
  readonly narration: string;
  readonly reference: string;
};

export type ItemKind = "cheque-issued" | "cheque-deposited" | "transfer" | "settlement" | "cash" | "other";

/** Something the books expect at the bank; amount in paise, positive when the bank book was (or will be) debited. */
export type MatchItem = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: bigint;
  readonly kind: ItemKind;
  readonly refs: readonly Ref[];
  /** Slip, bulk batch or settlement under which the bank books several items as one line (compared like a reference). */
  readonly group?: string | undefined;
};

export type Pass = "P0" | "P1" | "P1b" | "P1c" | "P2" | "P3" | "P5" | "manual" | "opening";

export type Match = {
  readonly pass: Pass;
  readonly lines: readonly string[];
  readonly items: readonly string[];
  /** What proves (or suggests) it, for a person to read. */
  readonly evidence: string;
};
export type ProposedEntry = {
  readonly pass: "P3";
  readonly line: string;
  readonly template: EntryTemplate;
  readonly evidence: string;
};

export type ExceptionKind =
  | "ambiguous" // several lines or items share the evidence: nobody is taken
  | "amount-differs" // the reference is there, the amount is another
  | "cheque-returned"
  | "unidentified-credit"
  | "unidentified-debit"
  | "stale-cheque" // issued, not presented within its validity
  | "overdue"; // deposited or sent, not at the bank within its window

export type Exception = {
  readonly subject: "line" | "item";
  readonly id: string;
  readonly kind: ExceptionKind;
  readonly candidates: readonly string[];
  /** The entry that would settle it, when there is a usual one. */
  readonly template?: EntryTemplate;
};

export type MatchResult = {
  readonly rules: string;
  /** Proved by reference: may be booked without a person. */
  readonly confirmed: readonly Match[];
  /** Likely: a person accepts or not. */
  readonly proposed: readonly Match[];
  /** Bank-originated lines with the entry that would book them. */
  readonly proposedEntries: readonly ProposedEntry[];
  readonly exceptions: readonly Exception[];
  /** Items that are simply on their way: cheques not yet presented, deposits not yet credited. */
  readonly outstanding: readonly string[];
};

/** Windows in days from the item's date to the bank's, and the bank-originated narrations. Versioned: a match names the rules it was made under. */
export const MATCH_RULES = {
  version: "match-1",
  // A full UTR is unique in itself; the book may learn of a direct credit weeks later.
  windows: {
    "cheque-issued": [-1, 95],
    "cheque-deposited": [-3, 18],
    transfer: [-60, 60],
    settlement: [-2, 45],
    cash: [-3, 18],
    other: [-60, 60],
  } satisfies Record<ItemKind, readonly [number, number]>,
  // Amount and date prove nothing; the proposal's window is narrow.
  proposalDays: 7,
  reversalDays: 3,
  chequeValidMonths: 3,
  charges: /\b(CHRGS?|CHARGES?|CHGS?|CHG|SMS|GST|COMMISSION|MIN BAL|AMC)\b/i,
  interest: /\b(INTEREST|INT\.?\s?PD|INT\.?\s?CR|SB INT)\b/i,
  returned: /\b(RTN|RET|RETURN(ED)?|REJECT|DISHON\w*|BOUNCE\w*)\b/i,
  reversal: /\b(REV|REVERSAL|REVERSED|RVSL|WRONG CREDIT|WRONG DEBIT)\b/i,
} as const;

/**
 * Compares statement lines with open items of one bank account. Three outcomes, no score: confirmed, proposed, exception.
 * Whatever is not unique from both sides is nobody's: ambiguity means no match, and it is not offered to weaker passes.
 * Amount and date alone never confirm. The order of the input does not matter; every line and item is in at most one match;
 * per match the lines sum to the items, to the paisa.
 */
export function match(lines: readonly MatchLine[], items: readonly MatchItem[], asOf: LocalDate): MatchResult {
  const board = new Board(lines, items);
  reversals(board);
  groups(board);
  fullReferences(board);
  partialReferences(board);
  const proposedEntries = bankOriginated(board);
  amountAndWindow(board);
  return {
    rules: MATCH_RULES.version,
    confirmed: board.confirmed,
    proposed: board.proposed,
    proposedEntries,
    exceptions: [...board.lineExceptions(), ...board.itemExceptions(asOf)],
    outstanding: board.items.filter((i) => board.isOpen(i)).map((i) => i.id),
  };
}

// ------------------------------------------------------------------------------------------------ the board

type L = MatchLine & {
  readonly tokens: readonly string[];
  readonly day: number;
  free: boolean;
  remark: Remark | undefined;
  links: { readonly item: I; readonly evidence: string }[] | undefined;
};
type I = MatchItem & {
  readonly day: number;
  free: boolean;
  remark: Remark | undefined;
  holders: L[] | undefined;
};
type Remark = { readonly kind: ExceptionKind; readonly candidates: readonly string[] };

// Days since 1970 without a calendar library: this runs once per line.
const dayOf = (date: LocalDate): number =>
  Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / 86_400_000;
const byDate = (a: { day: number; id: string }, b: { day: number; id: string }): number =>
  a.day - b.day || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

class Board {
  readonly lines: L[];
  readonly items: I[];
  readonly confirmed: Match[] = [];
  readonly proposed: Match[] = [];

  constructor(lines: readonly MatchLine[], items: readonly MatchItem[]) {
    this.lines = lines.map((l) => ({
      id: l.id,
      date: l.date,
      amount: l.amount,
      narration: l.narration,
      reference: l.reference,
      tokens: tokensOf(l.reference, l.narration),
      day: dayOf(l.date),
      free: true,
      remark: undefined,
      links: undefined,
    }));
    this.items = items.map((i) => ({
      id: i.id,
      date: i.date,
      amount: i.amount,
      kind: i.kind,
      refs: i.refs,
      group: i.group,
      day: dayOf(i.date),
      free: true,
      remark: undefined,
      holders: undefined,
    }));
  }

  /** Whoever is taken, or was kept out with a remark, is offered to no further pass. */
  isOpen(x: L | I): boolean {
    return x.free && x.remark === undefined;
  }

  take(where: Match[], pass: Pass, lines: readonly L[], items: readonly I[], evidence: string): void {
    for (const x of lines) x.free = false;
    for (const x of items) x.free = false;
    where.push({ pass, lines: lines.map((l) => l.id), items: items.map((i) => i.id), evidence });
  }

  bar(x: L | I, kind: ExceptionKind, candidates: readonly string[]): void {
    x.remark ??= { kind, candidates };
  }

  lineExceptions(): Exception[] {
    return this.lines
      .filter((l) => l.free)
      .map((l): Exception => {
        const { remark } = l;
        if (remark) return { subject: "line", id: l.id, kind: remark.kind, candidates: remark.candidates };
        if (l.amount < 0n) {
          const kind = MATCH_RULES.returned.test(l.narration) ? "cheque-returned" : "unidentified-debit";
          return { subject: "line", id: l.id, kind, candidates: [] };
        }
        return {
          subject: "line",
          id: l.id,
          kind: "unidentified-credit",
          candidates: [],
          template: "unidentified-credit",
        };
      });
  }

  itemExceptions(asOf: LocalDate): Exception[] {
    const found: Exception[] = [];
    const today = dayOf(asOf);
    for (const i of this.items) {
      if (!i.free) continue;
      const { remark } = i;
      if (remark) found.push({ subject: "item", id: i.id, kind: remark.kind, candidates: remark.candidates });
      else if (i.kind === "cheque-issued" && isStale(i.date, asOf)) {
        this.bar(i, "stale-cheque", []);
        found.push({ subject: "item", id: i.id, kind: "stale-cheque", candidates: [], template: "stale-cheque" });
      } else if (i.kind !== "cheque-issued" && today - i.day > MATCH_RULES.windows[i.kind][1]) {
        this.bar(i, "overdue", []);
        found.push({ subject: "item", id: i.id, kind: "overdue", candidates: [] });
      }
    }
    return found;
  }
}

/** An issued cheque that was not presented within its validity (three months). */
export function isStale(issued: LocalDate, asOf: LocalDate): boolean {
  return addMonths(issued, MATCH_RULES.chequeValidMonths) < asOf;
}

function inWindow(line: L, item: I): boolean {
  const [from, to] = MATCH_RULES.windows[item.kind];
  const days = line.day - item.day;
  return days >= from && days <= to;
}

/**
 * Pairs of lines and items that a pass finds possible. They are kept on the lines and items themselves while the pass runs:
 * a Map and a Set per pair cost half of the run (measured at 100,000 lines, garbage collection).
 */
class Pairs {
  private readonly lines: L[] = [];
  private readonly items: I[] = [];

  add(line: L, item: I, evidence: string): void {
    if (line.links?.some((k) => k.item === item)) return;
    if (line.links) line.links.push({ item, evidence });
    else {
      line.links = [{ item, evidence }];
      this.lines.push(line);
    }
    if (item.holders) item.holders.push(line);
    else {
      item.holders = [line];
      this.items.push(item);
    }
  }

  /** Everything connected with one line, once: one line and one item are a pair that is unique from both sides. Ends the pass. */
  components(): { lines: readonly L[]; items: readonly I[]; evidence: ReadonlySet<string>; isComplete: boolean }[] {
    const found: ReturnType<Pairs["components"]> = [];
    const seen = new Set<L>();
    for (const start of this.lines) {
      const [only] = start.links ?? [];
      if (only && start.links?.length === 1 && only.item.holders?.length === 1) {
        found.push({ lines: [start], items: [only.item], evidence: new Set([only.evidence]), isComplete: true });
        continue;
      }
      if (seen.has(start)) continue;
      const lines = new Set([start]);
      const items = new Set<I>();
      const evidence = new Set<string>();
      let edges = 0;
      for (const line of lines) {
        seen.add(line);
        for (const link of line.links ?? []) {
          edges += 1;
          evidence.add(link.evidence);
          items.add(link.item);
          for (const other of link.item.holders ?? []) lines.add(other);
        }
      }
      found.push({
        lines: [...lines].sort(byDate),
        items: [...items].sort(byDate),
        evidence,
        isComplete: edges === lines.size * items.size,
      });
    }
    for (const line of this.lines) line.links = undefined;
    for (const item of this.items) item.holders = undefined;
    return found;
  }
}

// ------------------------------------------------------------------------------------------------ the passes

/** P0: the bank corrects itself. Proved only when both lines carry one reference; no effect on the books. */
function reversals(board: Board): void {
  const marked = board.lines.filter((l) => MATCH_RULES.reversal.test(l.narration));
  if (marked.length === 0) return;
  const byAmount = new Map<bigint, L[]>();
  for (const l of board.lines) {
    const list = byAmount.get(l.amount);
    if (list) list.push(l);
    else byAmount.set(l.amount, [l]);
  }
  const candidates = (rev: L): L[] =>
    (byAmount.get(-rev.amount) ?? []).filter((l) => {
      const days = rev.day - l.day;
      return l !== rev && days >= 0 && days <= MATCH_RULES.reversalDays && !MATCH_RULES.reversal.test(l.narration);
    });
  const claims = new Map<L, L[]>();
  for (const rev of marked) for (const l of candidates(rev)) claims.set(l, [...(claims.get(l) ?? []), rev]);
  for (const rev of marked) {
    const [original, ...others] = candidates(rev);
    if (!original || others.length > 0 || claims.get(original)?.length !== 1) continue;
    const shared = original.tokens.find((t) => t.length >= 8 && rev.tokens.includes(t));
    if (shared !== undefined)
      board.take(board.confirmed, "P0", [original, rev].sort(byDate), [], `reversed by the bank, both carry ${shared}`);
    else board.take(board.proposed, "P0", [original, rev].sort(byDate), [], "reversal text and opposite amount");
  }
}

/** P1c: all open items of one slip or batch against all lines that carry it, when the sums agree. */
function groups(board: Board): void {
  const members = new Map<string, I[]>();
  for (const i of board.items) {
    if (i.group === undefined || !board.isOpen(i)) continue;
    const list = members.get(i.group);
    if (list) list.push(i);
    else members.set(i.group, [i]);
  }
  if (members.size === 0) return;
  const carriers = new Map<string, L[]>();
  const named = new Map<L, number>();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    for (const t of slipTokens(l)) {
      if (!members.has(t)) continue;
      carriers.set(t, [...(carriers.get(t) ?? []), l]);
      named.set(l, (named.get(l) ?? 0) + 1);
    }
  }
  for (const [key, lines] of carriers) {
    const items = members.get(key) ?? [];
    const total = items.reduce((s, i) => s + i.amount, 0n);
    const atBank = lines.reduce((s, l) => s + l.amount, 0n);
    const isProved = total === atBank && lines.every((l) => named.get(l) === 1 && items.every((i) => inWindow(l, i)));
    if (isProved) board.take(board.confirmed, "P1c", lines, items, `slip or batch ${key}, sums agree`);
  }
}

// Slip numbers have strokes in them ("DS/2026/0012"): compared without.
function slipTokens(line: L): Set<string> {
  const words = `${line.reference} ${line.narration}`.toUpperCase().split(/\s+/);
  const whole = words.filter((w) => /[/-]/.test(w) && w.length <= 40).map((w) => normaliseRef("slip", w));
  return new Set([...line.tokens, ...whole]);
}

/** P1 and P1b: the full reference and the exact amount, within the window, unique from both sides. */
function fullReferences(board: Board): void {
  const index = new Map<string, I[]>();
  for (const i of board.items) {
    if (!board.isOpen(i)) continue;
    for (const r of i.refs) {
      const list = index.get(r.value);
      if (list) list.push(i);
      else index.set(r.value, [i]);
    }
  }
  const pairs = new Pairs();
  const otherAmounts: [L, I][] = [];
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    for (const t of l.tokens) {
      for (const i of index.get(t) ?? []) {
        if (!inWindow(l, i)) continue;
        if (i.amount === l.amount) pairs.add(l, i, t);
        // A cheque number repeats in other books; only a long reference makes another amount suspicious.
        else if (t.length >= 10) otherAmounts.push([l, i]);
      }
    }
  }
  for (const { lines, items, evidence, isComplete } of pairs.components()) {
    const [line] = lines;
    const [item] = items;
    const kinds = new Set(items.map((i) => i.kind));
    if (lines.length === 1 && items.length === 1 && line && item) {
      const kind = item.refs.find((r) => evidence.has(r.value))?.kind ?? "reference";
      board.take(board.confirmed, "P1", [line], [item], `${kind} ${[...evidence].join(", ")} and amount`);
    } else if (lines.length === items.length && isComplete && evidence.size === 1 && kinds.size === 1) {
      // k equal lines, k equal items: which is which does not matter, they are confirmed as a class.
      board.take(
        board.confirmed,
        "P1b",
        lines,
        items,
        `${lines.length} lines and items of one reference ${[...evidence].join()} and amount`,
      );
    } else {
      for (const l of lines)
        board.bar(
          l,
          "ambiguous",
          items.map((i) => i.id),
        );
      for (const i of items)
        board.bar(
          i,
          "ambiguous",
          lines.map((l) => l.id),
        );
    }
  }
  // First come first: in order of date and id, so that the order of the input does not matter.
  for (const [l, i] of otherAmounts.sort((a, b) => byDate(a[0], b[0]) || byDate(a[1], b[1]))) {
    if (!board.isOpen(l) || !board.isOpen(i)) continue;
    board.bar(l, "amount-differs", [i.id]);
    board.bar(i, "amount-differs", [l.id]);
  }
}

type Overlap = "strong" | "weak";

/** How much of a full reference a cut or mistyped token still proves. */
export function overlapOf(token: string, full: string): Overlap | undefined {
  const [short, long] = token.length <= full.length ? [token, full] : [full, token];
  if (short.length >= 8 && short.length < long.length) {
    // The end of a UTR is its serial number; its beginning is bank and date, so more of it is needed.
    if (long.endsWith(short)) return digitCount(short) >= 8 ? "strong" : "weak";
    if (long.startsWith(short)) return digitCount(short) >= 12 ? "strong" : "weak";
  }
  return short.length >= 10 && isOneEdit(short, long) ? "weak" : undefined;
}

function isOneEdit(short: string, long: string): boolean {
  if (long.length - short.length > 1) return false;
  let i = 0;
  while (i < short.length && short[i] === long[i]) i++;
  return long.length === short.length ? short.slice(i + 1) === long.slice(i + 1) : short.slice(i) === long.slice(i + 1);
}

/** P2: part of a reference and the exact amount, unique from both sides. Strong: confirmed; weak: proposed. */
function partialReferences(board: Board): void {
  const bucket = new Map<bigint, I[]>();
  for (const i of board.items) {
    if (!board.isOpen(i) || !i.refs.some((r) => r.kind !== "cheque" && r.value.length >= 8)) continue;
    const list = bucket.get(i.amount);
    if (list) list.push(i);
    else bucket.set(i.amount, [i]);
  }
  const pairs = new Pairs();
  const strong = new Set<string>();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const tokens = l.tokens.filter((t) => t.length >= 8);
    if (tokens.length === 0) continue;
    for (const i of bucket.get(l.amount) ?? []) {
      if (!inWindow(l, i)) continue;
      for (const r of i.refs) {
        if (r.kind === "cheque") continue;
        for (const t of tokens) {
          const overlap = overlapOf(t, r.value);
          if (!overlap) continue;
          pairs.add(l, i, `${t} of ${r.value}`);
          if (overlap === "strong") strong.add(`${l.id}|${i.id}`);
        }
      }
    }
  }
  for (const { lines, items, evidence } of pairs.components()) {
    const [line] = lines;
    const [item] = items;
    if (!line || !item) continue;
    if (lines.length === 1 && items.length === 1) {
      const where = strong.has(`${line.id}|${item.id}`) ? board.confirmed : board.proposed;
      board.take(where, "P2", [line], [item], `part of the reference (${[...evidence].join()}) and amount`);
    } else {
      for (const l of lines)
        board.bar(
          l,
          "ambiguous",
          items.map((i) => i.id),
        );
      for (const i of items)
        board.bar(
          i,
          "ambiguous",
          lines.map((l) => l.id),
        );
    }
  }
}

/** P3: what the bank itself did. The entry is proposed; a person books it. */
function bankOriginated(board: Board): ProposedEntry[] {
  const entries: ProposedEntry[] = [];
  for (const l of board.lines) {
    if (!board.isOpen(l) || MATCH_RULES.returned.test(l.narration)) continue;
    const template: EntryTemplate | undefined =
      l.amount < 0n && MATCH_RULES.charges.test(l.narration)
        ? "bank-charge"
        : l.amount > 0n && MATCH_RULES.interest.test(l.narration)
          ? "bank-interest"
          : undefined;
    if (!template) continue;
    l.free = false;
    entries.push({ pass: "P3", line: l.id, template, evidence: l.narration });
  }
  return entries;
}

/** P5: the same amount within days, the only one on either side, and not a round sum: proposed, never more. */
function amountAndWindow(board: Board): void {
  const bucket = new Map<bigint, I[]>();
  for (const i of board.items) {
    if (!board.isOpen(i) || i.amount % 10_000n === 0n) continue;
    const list = bucket.get(i.amount);
    if (list) list.push(i);
    else bucket.set(i.amount, [i]);
  }
  const pairs = new Pairs();
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const carriesChequeNo = l.tokens.some((t) => /^\d{6}$/.test(t));
    for (const i of bucket.get(l.amount) ?? []) {
      const days = l.day - i.day;
      // Two cheque numbers that are not the same are evidence against (the same ones were matched before).
      if (carriesChequeNo && i.refs.some((r) => r.kind === "cheque")) continue;
      if (Math.abs(days) <= MATCH_RULES.proposalDays || (i.kind === "cheque-issued" && inWindow(l, i)))
        pairs.add(l, i, "amount");
    }
  }
  for (const { lines, items } of pairs.components()) {
    if (lines.length === 1 && items.length === 1)
      board.take(board.proposed, "P5", lines, items, "amount and days, nothing else");
  }
}
