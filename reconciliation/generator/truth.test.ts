import { expect, test } from "vitest";
import { match, type MatchResult } from "../match.ts";
import { generateCity, type City } from "./city.ts";
import type { NoiseProfile } from "./profiles.ts";
import { scoreOf, type Score } from "./score.ts";

// Four days of a city with a million receipts a year. The large sizes are `npm run bench -- reconcile`.
const city = (profile: NoiseProfile, seed: number): City => generateCity({ receipts: 11_000, days: 4, seed, profile });
const SEEDS = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110];

function scores(profile: NoiseProfile): Score[] {
  return SEEDS.flatMap((seed) => {
    const { accounts, calendar, asOf } = city(profile, seed);
    return accounts.map((a) => scoreOf(a.lines, a.items, match(a.lines, a.items, asOf, { calendar })));
  });
}

const sumOf = (of: readonly Score[], what: (s: Score) => number): number => of.reduce((n, s) => n + what(s), 0);

test.each([
  ["standard", 0.958, 0.98, 0.99, 0.011],
  ["hard", 0.9, 0.94, 0.965, 0.035],
] as const)(
  "%s noise: nothing is confirmed or proposed wrongly, most is confirmed, and every line has an outcome",
  (profile, ofMatchable, ofReferenced, withProposals, unidentified) => {
    const all = scores(profile);
    expect(all.flatMap((s) => s.wrongConfirmed)).toEqual([]);
    const matchable = sumOf(all, (s) => s.matchable);
    const confirmed = sumOf(all, (s) => s.confirmedLines);
    expect(confirmed / matchable).toBeGreaterThan(ofMatchable);
    expect(sumOf(all, (s) => s.confirmedReferenced) / sumOf(all, (s) => s.referenced)).toBeGreaterThan(ofReferenced);
    expect((confirmed + sumOf(all, (s) => s.proposedLines)) / matchable).toBeGreaterThan(withProposals);
    expect(sumOf(all, (s) => s.wrongProposed.length)).toBeLessThanOrEqual(sumOf(all, (s) => s.proposed) / 1000);
    expect(sumOf(all, (s) => s.silent)).toBe(0);
    expect(sumOf(all, (s) => s.lines * s.unidentified) / sumOf(all, (s) => s.lines)).toBeLessThan(unidentified);
  },
);

test("the same seed gives the same city, another seed another", () => {
  const print = (c: City): unknown => c.accounts.map((a) => [a.lines.slice(0, 50), a.items.slice(0, 50)]);
  expect(print(city("standard", 1))).toEqual(print(city("standard", 1)));
  expect(print(city("standard", 1))).not.toEqual(print(city("standard", 2)));
});

test("keeping one account keeps exactly what the whole city has for it", () => {
  const whole = generateCity({ receipts: 2000, days: 3, seed: 5, profile: "hard" });
  const one = generateCity({ receipts: 2000, days: 3, seed: 5, profile: "hard", account: 2 });
  expect(one.accounts[2]).toEqual(whole.accounts[2]);
  expect(one.accounts[0]?.lines).toEqual([]);
});

test("on a generated city, per match lines sum to items and nobody is in two", () => {
  const { accounts, calendar, asOf } = city("hard", 7);
  for (const a of accounts) {
    const r: MatchResult = match(a.lines, a.items, asOf, { calendar });
    const amounts = new Map([...a.lines, ...a.items].map((x) => [x.id, x.amount]));
    const all = [...r.confirmed, ...r.proposed];
    const used = all.flatMap((m) => [...m.lines, ...m.items]);
    expect(new Set(used).size).toBe(used.length);
    const total = (ids: readonly string[]): bigint => ids.reduce((s, id) => s + (amounts.get(id) ?? 0n), 0n);
    for (const m of all) expect(total(m.lines)).toBe(total(m.items));
  }
});
