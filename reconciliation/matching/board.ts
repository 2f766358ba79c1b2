import { invariant } from "../../ledger/kernel/errors.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { tokensOf } from "../tokens.ts";
import { dayOf, USUAL_CALENDAR, type BankCalendar } from "./calendar.ts";
import { channelOf, isStale, MATCH_RULES, type Window } from "./rules.ts";
import type { Exception, ExceptionKind, Match, MatchItem, MatchLine, MatchOptions, Pass } from "./types.ts";

/** A line on the board. Amounts are whole paise in a double here (checked, exact up to 2^53): a bigint per comparison cost a third of the run. */
export type L = {
  readonly id: string;
  readonly narration: string;
  readonly reference: string;
  readonly paise: number;
  readonly day: number;
  /** References and slips of the items that stand on this line: nearly all that the passes ask for, and all that is kept. */
  readonly known: readonly string[];
  free: boolean;
  remark: Remark | undefined;
  links: Link[] | undefined;
};
export type I = {
  readonly id: string;
  readonly paise: number;
  readonly day: number;
  readonly of: MatchItem;
  free: boolean;
  remark: Remark | undefined;
  holders: L[] | undefined;
};
/** A slip, batch or reference with all its open items and all lines that carry it. */
export type Bundle = { readonly key: string; readonly items: I[]; readonly lines: L[] };
type Link = { readonly item: I; readonly evidence: string };
type Remark = { readonly kind: ExceptionKind; readonly candidates: readonly string[] };

const NONE_KNOWN: readonly string[] = [];
const CANDIDATES_SHOWN = 20;

export const byDate = (
  a: { readonly day: number; readonly id: string },
  b: { readonly day: number; readonly id: string },
): number => a.day - b.day || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function exact(amount: bigint): number {
  const n = Number(amount);
  invariant(Number.isSafeInteger(n), "an amount has fewer than sixteen digits");
  return n;
}

/** What the passes work on: lines and items in order of day and id, so that the order of the input cannot matter. */
export class Board {
  readonly lines: L[];
  readonly items: I[];
  readonly confirmed: Match[] = [];
  readonly proposed: Match[] = [];
  readonly calendar: BankCalendar;
  /** Items by reference, whether open or not. Nearly every reference belongs to one item: an array for each would be most of the memory. */
  readonly byRef = new Map<string, I | I[]>();
  slips: readonly Bundle[] | undefined;

  constructor(lines: readonly MatchLine[], items: readonly MatchItem[], options: MatchOptions) {
    this.calendar = options.calendar ?? USUAL_CALENDAR;
    this.items = items
      .map((i): I => ({
        id: i.id,
        paise: exact(i.amount),
        day: dayOf(i.date),
        of: i,
        free: true,
        remark: undefined,
        holders: undefined,
      }))
      .sort(byDate);
    const groups = new Map<string, string>();
    for (const i of this.items) {
      if (i.of.group !== undefined) groups.set(i.of.group, i.of.group);
      for (const { value } of i.of.refs) {
        const owner = this.byRef.get(value);
        if (owner === undefined) this.byRef.set(value, i);
        else if (Array.isArray(owner)) {
          if (owner.at(-1) !== i) owner.push(i);
        } else if (owner !== i) this.byRef.set(value, [owner, i]);
      }
    }
    this.lines = lines
      .map((l): L => ({
        id: l.id,
        narration: l.narration,
        reference: l.reference,
        paise: exact(l.amount),
        day: dayOf(l.date),
        known: this.knownOn(l, groups),
        free: true,
        remark: undefined,
        links: undefined,
      }))
      .sort(byDate);
  }

  /** A token cut from a narration keeps the whole narration in memory: the item's own text of the reference is kept instead. */
  private knownOn(line: MatchLine, groups: ReadonlyMap<string, string>): readonly string[] {
    let known: string[] | undefined;
    for (const t of tokensOf(line.reference, line.narration)) {
      const owner = this.byRef.get(t);
      const first = Array.isArray(owner) ? owner[0] : owner;
      const text = first ? first.of.refs.find((r) => r.value === t)?.value : groups.get(t);
      if (text === undefined) continue;
      if (known) known.push(text);
      else known = [text];
    }
    return known ?? NONE_KNOWN;
  }

  /** Whoever is taken, or was kept out with a remark, is offered to no further pass. */
  isOpen(x: L | I): boolean {
    return x.free && x.remark === undefined;
  }

  within(window: Window, from: number, to: number): boolean {
    const n = window.unit === "days" ? to - from : this.calendar.workingDays(from, to);
    return n >= window.from && n <= window.to;
  }

  /** The bank's day lies in the window of the item's kind. */
  inWindow(line: L, item: I): boolean {
    return this.within(MATCH_RULES.windows[item.of.kind], item.day, line.day);
  }

  take(where: Match[], pass: Pass, lines: readonly L[], items: readonly I[], evidence: string): void {
    for (const x of lines) x.free = false;
    for (const x of items) x.free = false;
    where.push({ pass, lines: lines.map((l) => l.id), items: items.map((i) => i.id), evidence });
  }

  bar(x: L | I, kind: ExceptionKind, candidates: readonly (L | I)[]): void {
    x.remark ??= { kind, candidates: candidates.slice(0, CANDIDATES_SHOWN).map((c) => c.id) };
  }

  /** Ambiguity means no match: nobody of these is taken, and no weaker pass may try. */
  barAll(lines: readonly L[], items: readonly I[], kind: ExceptionKind): void {
    for (const l of lines) this.bar(l, kind, items);
    for (const i of items) this.bar(i, kind, lines);
  }

  openItems(accepts: (item: I) => boolean): Map<number, I[]> {
    const byAmount = new Map<number, I[]>();
    for (const i of this.items) if (this.isOpen(i) && accepts(i)) push(byAmount, i.paise, i);
    return byAmount;
  }

  /** P7: every line that nobody took has a kind. */
  lineExceptions(): Exception[] {
    const found: Exception[] = [];
    for (const l of this.lines) {
      if (!l.free) continue;
      const subject = { subject: "line", id: l.id } as const;
      if (l.remark) {
        found.push({ ...subject, kind: l.remark.kind, candidates: l.remark.candidates });
        continue;
      }
      const kind = lineKind(l);
      const isForAPerson = l.paise < 0 || kind === "bank-error" || kind === "direct-grant";
      found.push({
        ...subject,
        kind,
        candidates: [],
        // Money of an unknown payer is booked the day it is found, whatever way it came.
        ...(isForAPerson ? {} : { template: "unidentified-credit" }),
      });
    }
    return found;
  }

  itemExceptions(asOf: LocalDate): Exception[] {
    const found: Exception[] = [];
    const today = dayOf(asOf);
    for (const i of this.items) {
      if (!i.free) continue;
      const subject = { subject: "item", id: i.id } as const;
      const { kind } = i.of;
      if (i.remark) found.push({ ...subject, kind: i.remark.kind, candidates: i.remark.candidates });
      else if (kind === "cheque-issued") {
        if (!isStale(i.of.date, asOf)) continue;
        this.bar(i, "stale-cheque", []);
        found.push({ ...subject, kind: "stale-cheque", candidates: [], template: "stale-cheque" });
      } else if (this.calendar.workingDays(i.day, today) > MATCH_RULES.overdueAfter[kind]) {
        this.bar(i, "overdue", []);
        found.push({ ...subject, kind: "overdue", candidates: [] });
      }
    }
    return found;
  }
}

function lineKind(l: L): ExceptionKind {
  if (l.paise < 0 && MATCH_RULES.returned.test(l.narration)) return "cheque-returned";
  if (MATCH_RULES.reversal.test(l.narration)) return "bank-error";
  if (l.paise < 0) return "unidentified-debit";
  return MATCH_RULES.grant.test(l.narration) ? "direct-grant" : "unidentified-credit";
}

/** All that could be a reference on a line, worked out again: only lines that no full reference settled are asked. */
export const tokensOn = (l: L): string[] => tokensOf(l.reference, l.narration);

/** By what way the money of a line came. */
export const channel = (l: L): ReturnType<typeof channelOf> => channelOf(l.narration);

export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

export function total(of: readonly { readonly paise: number }[]): number {
  let sum = 0;
  for (const x of of) sum += x.paise;
  return sum;
}

/** Whole hundreds of rupees: tariffs and instalments, which many pay. */
export const isRound = (paise: number): boolean => paise % 10_000 === 0;

/** Says of the wanted amounts whether they are nobody else's: not round, and not repeated on either side like a tariff. */
export function distinctiveAmounts(board: Board, wanted: ReadonlyMap<number, unknown>): (paise: number) => boolean {
  const most = new Map<number, number>();
  for (const side of [board.lines, board.items]) {
    const counts = new Map<number, number>();
    for (const { paise } of side) if (wanted.has(paise)) counts.set(paise, (counts.get(paise) ?? 0) + 1);
    for (const [paise, n] of counts) if (n > (most.get(paise) ?? 0)) most.set(paise, n);
  }
  return (paise) => !isRound(paise) && (most.get(paise) ?? 0) <= MATCH_RULES.distinctiveUpTo;
}

export type Component = {
  readonly lines: readonly L[];
  readonly items: readonly I[];
  readonly evidence: readonly string[];
  /** Every line with every item. */
  readonly isComplete: boolean;
};

/**
 * Pairs of lines and items that a pass finds possible. They are kept on the lines and items themselves while the pass runs:
 * a Map and a Set per pair cost half of the run (measured at 100,000 lines, garbage collection).
 */
export class Pairs {
  private readonly lines: L[] = [];

  add(line: L, item: I, evidence: string): void {
    if (line.links) {
      for (const k of line.links) if (k.item === item) return;
      line.links.push({ item, evidence });
    } else {
      line.links = [{ item, evidence }];
      this.lines.push(line);
    }
    if (item.holders) item.holders.push(line);
    else item.holders = [line];
  }

  /** Everything connected with one line, once: one line and one item are a pair that is unique from both sides. Ends the pass. */
  components(): Component[] {
    const found: Component[] = [];
    const seen = new Set<L>();
    for (const start of this.lines) {
      const only = start.links?.[0];
      if (only && start.links?.length === 1 && only.item.holders?.length === 1) {
        found.push({ lines: [start], items: [only.item], evidence: [only.evidence], isComplete: true });
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
          if (items.has(link.item)) continue;
          items.add(link.item);
          for (const other of link.item.holders ?? []) lines.add(other);
        }
      }
      found.push({
        lines: [...lines].sort(byDate),
        items: [...items].sort(byDate),
        evidence: [...evidence].sort(),
        isComplete: edges === lines.size * items.size,
      });
    }
    for (const line of this.lines) {
      for (const k of line.links ?? []) k.item.holders = undefined;
      line.links = undefined;
    }
    return found;
  }
}
