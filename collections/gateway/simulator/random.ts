import { createHash } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A stream of numbers that is the same for the same seed. */
export type Random = {
  next(): number;
  id(prefix: string): string;
  digits(count: number): string;
  /** Where the stream stands, for goOn. */
  state(): readonly number[];
  /** Goes on from where another stream stood. */
  goOn(state: readonly number[]): void;
};

/** xoshiro128** seeded by SHA-256 of the seed text. */
export function randomFrom(seed: string): Random {
  const hash = createHash("sha256").update(seed).digest();
  let a = hash.readUInt32LE(0);
  let b = hash.readUInt32LE(4);
  let c = hash.readUInt32LE(8);
  let d = hash.readUInt32LE(12) || 1;
  const next = (): number => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result / 4_294_967_296;
  };
  const pick = (count: number, from: string): string => {
    let text = "";
    for (let i = 0; i < count; i++) text += from[Math.floor(next() * from.length)] ?? "0";
    return text;
  };
  return {
    next,
    id: (prefix) => `${prefix}_${pick(14, ALPHABET)}`,
    digits: (count) => pick(count, "0123456789"),
    state: () => [a, b, c, d],
    goOn: (state) => {
      [a = 0, b = 0, c = 0, d = 1] = state;
    },
  };
}
