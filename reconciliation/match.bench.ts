import { addDays, localDate } from "../ledger/kernel/dates.ts";
import { match, type MatchItem, type MatchLine } from "./match.ts";
import { ref } from "./tokens.ts";

// mulberry32: the same seed gives the same month.
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A month of a city: lines and items in which truth["line id"] is the item that it really is. Some references are missing, cut or mistyped. */
export function benchMonth(
  count: number,
  seed = 21,
): { lines: MatchLine[]; items: MatchItem[]; truth: Map<string, string> } {
  const next = random(seed);
  const digits = (n: number): string => Array.from({ length: n }, () => Math.floor(next() * 10)).join("");
  const tariffs = Array.from({ length: 40 }, () => BigInt(Math.floor(150 + next() * 14_850)) * 100n);
  const lines: MatchLine[] = [];
  const items: MatchItem[] = [];
  const truth = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const booked = addDays(localDate("2026-04-01"), Math.floor(next() * 30));
    const isRound = next() < 0.35;
    const amount = isRound
      ? (tariffs[Math.floor(next() * 40)] ?? 15_000n)
      : BigInt(Math.floor(1000 + next() * 900_000));
    const kind = next();
    const [full, refKind, words] =
      kind < 0.6
        ? [`6${digits(11)}`, "rrn" as const, (r: string) => `UPI/CR/${r}/CITIZEN${i}/PROPERTY TAX`]
        : kind < 0.8
          ? [`ABCDN26${digits(9)}`, "utr" as const, (r: string) => `NEFT CR-ABCD0000123-PAYER ${i}-${r}`]
          : [digits(6), "cheque" as const, (r: string) => `CHQ DEP CLG ZONE 3 ${r}`];
    const noise = next();
    const shown = noise < 0.03 ? "" : noise < 0.08 && refKind !== "cheque" ? full.slice(-9) : full;
    const isDeposit = refKind === "cheque";
    items.push({
      id: `I${i}`,
      date: booked,
      amount,
      kind: isDeposit ? "cheque-deposited" : "transfer",
      refs: [ref(refKind, full)],
    });
    if (next() < 0.03) continue;
    lines.push({
      id: `L${i}`,
      date: addDays(booked, Math.floor(next() * 3)),
      amount,
      narration: words(shown),
      reference: next() < 0.5 ? shown : "",
    });
    truth.set(`L${i}`, `I${i}`);
  }
  return { lines, items, truth };
}

/** Lines per second of the matching core, with what it confirmed and how much of that was wrong (must be none). */
export function runMatchBench(args: readonly string[]): Promise<void> {
  const count = Number(args[args.indexOf("--lines") + 1] ?? "") || 100_000;
  for (const seed of [21, 22, 23]) {
    const { lines, items, truth } = benchMonth(count, seed);
    const started = performance.now();
    const result = match(lines, items, localDate("2026-05-10"));
    const seconds = (performance.now() - started) / 1000;
    const pairs = result.confirmed.flatMap((m) =>
      m.lines.length === 1 ? m.lines.map((l, i) => [l, m.items[i]] as const) : [],
    );
    const wrong = pairs.filter(([line, item]) => truth.get(line) !== item).length;
    const confirmed = result.confirmed.reduce((n, m) => n + m.lines.length, 0);
    console.log(
      `match, seed ${seed}: ${lines.length} lines, ${items.length} items: ${Math.round(lines.length / seconds)} lines/s, ` +
        `confirmed ${((100 * confirmed) / lines.length).toFixed(2)} %, proposed ${result.proposed.length}, wrong ${wrong}`,
    );
  }
  return Promise.resolve();
}
