import { groupBy } from "../../ledger/kernel/group.ts";
import { overlapOf } from "../matching/partial-references.ts";
import type { Match, MatchItem, MatchResult } from "../matching/types.ts";
import { tokensOf } from "../tokens.ts";
import type { TrueItem, TrueLine, Way } from "./city.ts";

/** Why a line whose other side is on the table was not confirmed. */
export const CAUSES = [
  "the books know no reference",
  "the bank shows none of it",
  "cut or mistyped, and not alone or too little",
  "several lines or items carry it",
] as const;
export type Cause = (typeof CAUSES)[number];

export type WayScore = {
  matchable: number;
  confirmed: number;
  proposed: number;
  readonly causes: Map<Cause, number>;
};

export type Score = {
  readonly lines: number;
  /** Lines whose other side is on the table, with how many of them were confirmed, and proposed. */
  readonly matchable: number;
  readonly confirmedLines: number;
  readonly proposedLines: number;
  /** Of them those of which the books know a reference or slip at all: without one nothing can be proved. */
  readonly referenced: number;
  readonly confirmedReferenced: number;
  readonly confirmed: number;
  readonly proposed: number;
  readonly wrongConfirmed: readonly Match[];
  readonly wrongProposed: readonly Match[];
  /** Lines that are in nothing at all: must be none. */
  readonly silent: number;
  /** Lines of which nothing is known but their direction, as a share of all. */
  readonly unidentified: number;
  /** Matchable lines by the way their money moved. */
  readonly ways: ReadonlyMap<Way, WayScore>;
};

/** Holds what the engine says against the truth. A class (k equal lines, k equal items) is right when both sides are the same facts. */
export function scoreOf(lines: readonly TrueLine[], items: readonly TrueItem[], result: MatchResult): Score {
  const lineTruth = new Map(lines.map((l) => [l.id, l.truth]));
  const itemTruth = new Map(items.map((i) => [i.id, i.truth]));
  const onItems = new Set(items.map((i) => i.truth));
  const pairsOfBank = new Map<number, number>();
  for (const l of lines)
    if (l.truth > 0 && !onItems.has(l.truth)) pairsOfBank.set(l.truth, (pairsOfBank.get(l.truth) ?? 0) + 1);
  const isMatchable = (truth: number): boolean =>
    truth > 0 && (onItems.has(truth) || (pairsOfBank.get(truth) ?? 0) > 1);
  const isRight = (m: Match): boolean => {
    const left = m.lines.map((id) => lineTruth.get(id) ?? 0).sort((a, b) => a - b);
    const right = m.items.map((id) => itemTruth.get(id) ?? 0).sort((a, b) => a - b);
    if (left.some((t) => t <= 0) || right.some((t) => t <= 0)) return false;
    const facts = new Set(left);
    if (right.length === 0) return facts.size === 1;
    if (facts.size === 1) return right.every((t) => facts.has(t));
    return left.length === right.length && left.every((t, i) => t === right[i]);
  };
  const unknown = new Set(items.filter((i) => i.refs.length === 0 && i.group === undefined).map((i) => i.truth));
  const confirmed = new Set(result.confirmed.flatMap((m) => m.lines));
  const referenced = lines.filter((l) => isMatchable(l.truth) && !unknown.has(l.truth));
  const linesIn = (ms: readonly Match[]): number =>
    ms.reduce((n, m) => n + m.lines.filter((id) => isMatchable(lineTruth.get(id) ?? 0)).length, 0);
  const spoken = new Set<string>();
  for (const m of result.confirmed) for (const id of m.lines) spoken.add(id);
  for (const m of result.proposed) for (const id of m.lines) spoken.add(id);
  for (const e of result.proposedEntries) spoken.add(e.line);
  let unidentified = 0;
  for (const e of result.exceptions) {
    if (e.subject !== "line") continue;
    spoken.add(e.id);
    if (e.kind === "unidentified-credit" || e.kind === "unidentified-debit") unidentified += 1;
  }
  return {
    lines: lines.length,
    matchable: lines.filter((l) => isMatchable(l.truth)).length,
    confirmedLines: linesIn(result.confirmed),
    proposedLines: linesIn(result.proposed),
    referenced: referenced.length,
    confirmedReferenced: referenced.filter((l) => confirmed.has(l.id)).length,
    confirmed: result.confirmed.length,
    proposed: result.proposed.length,
    wrongConfirmed: result.confirmed.filter((m) => !isRight(m)),
    wrongProposed: result.proposed.filter((m) => !isRight(m)),
    silent: lines.filter((l) => !spoken.has(l.id)).length,
    unidentified: lines.length === 0 ? 0 : unidentified / lines.length,
    ways: byWay(
      lines.filter((l) => isMatchable(l.truth)),
      items,
      result,
    ),
  };
}

function byWay(
  matchable: readonly TrueLine[],
  items: readonly TrueItem[],
  result: MatchResult,
): ReadonlyMap<Way, WayScore> {
  const confirmed = new Set(result.confirmed.flatMap((m) => m.lines));
  const proposed = new Set(result.proposed.flatMap((m) => m.lines));
  const shared = new Set(result.exceptions.flatMap((e) => (e.kind === "ambiguous" ? e.id : [])));
  const missed = new Set(matchable.flatMap((l) => (confirmed.has(l.id) ? [] : l.truth)));
  const ofFact = groupBy(
    items.filter((i) => missed.has(i.truth)),
    (i) => i.truth,
  );
  const ways = new Map<Way, WayScore>();
  for (const l of matchable) {
    const way = l.way ?? "bank's own";
    const score = ways.get(way) ?? { matchable: 0, confirmed: 0, proposed: 0, causes: new Map<Cause, number>() };
    ways.set(way, score);
    score.matchable += 1;
    if (confirmed.has(l.id)) {
      score.confirmed += 1;
      continue;
    }
    if (proposed.has(l.id)) score.proposed += 1;
    const cause = shared.has(l.id) ? CAUSES[3] : causeOf(l, ofFact.get(l.truth) ?? []);
    score.causes.set(cause, (score.causes.get(cause) ?? 0) + 1);
  }
  return ways;
}

function causeOf(line: TrueLine, items: readonly MatchItem[]): Cause {
  const known = items.flatMap((i) => [...i.refs.map((r) => r.value), ...(i.group === undefined ? [] : [i.group])]);
  if (known.length === 0 && items.length > 0) return CAUSES[0];
  const shown = tokensOf(line.reference, line.narration);
  return shown.some((t) => known.some((k) => t === k || overlapOf(t, k) !== undefined)) ? CAUSES[2] : CAUSES[1];
}
