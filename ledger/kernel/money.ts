import { Decimal as DecimalJs } from "decimal.js";
import { defineErrors, invariant } from "./errors.ts";

/** An amount in whole paise. Made only by this file: `rupees`, `paise`, and the arithmetic below. */
export type Paise = bigint & { readonly __paise: unique symbol };

export const moneyErrors = defineErrors({
  MONEY_FORMAT: {
    status: 422,
    message: (f: { input: string }) =>
      `"${f.input}" is not an amount in rupees; write it like 1234.50, without commas or signs of currency`,
  },
  MONEY_DECIMALS: {
    status: 422,
    message: (f: { input: string; decimals: number }) =>
      `"${f.input}" has ${f.decimals} decimals; an amount has at most two (paise)`,
  },
  MONEY_RANGE: {
    status: 422,
    message: (f: { input: string }) => `${f.input} is larger than the ledger can hold (₹92,233,720,368,547,758.07)`,
  },
  RATE_FORMAT: {
    status: 422,
    message: (f: { input: string }) => `"${f.input}" is not a rate; write it like 8.25`,
  },
});

// Own constructor: the default keeps 20 significant digits and would drop paise of large sums.
const Decimal = DecimalJs.clone({ precision: 40, rounding: DecimalJs.ROUND_HALF_UP, toExpNeg: -40, toExpPos: 40 });
export type Rate = DecimalJs;

const MAX = 9_223_372_036_854_775_807n;

/** Whole paise as Paise. Raises MONEY_RANGE outside a PostgreSQL bigint. */
export function paise(value: bigint): Paise {
  if (value > MAX || value < -MAX) throw moneyErrors.MONEY_RANGE({ input: `${value} paise` });
  return value as Paise;
}

export const ZERO: Paise = paise(0n);

/** "1234.50", "-12", "0.05" -> Paise. Raises MONEY_FORMAT, MONEY_DECIMALS, MONEY_RANGE; never rounds. */
export function rupees(input: string): Paise {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(input);
  if (!match) throw moneyErrors.MONEY_FORMAT({ input: input.slice(0, 60) });
  const [, sign, whole = "0", fraction = ""] = match;
  if (fraction.length > 2) throw moneyErrors.MONEY_DECIMALS({ input: input.slice(0, 60), decimals: fraction.length });
  if (whole.length > 20) throw moneyErrors.MONEY_RANGE({ input: input.slice(0, 60) });
  const value = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0"));
  return paise(sign ? -value : value);
}

/** Paise -> "1234.50": exact, ungrouped, for JSON, CSV and form fields. */
export function toRupees(amount: Paise): string {
  const abs = amount < 0n ? -amount : amount;
  const text = `${abs / 100n}.${String(abs % 100n).padStart(2, "0")}`;
  return amount < 0n ? `-${text}` : text;
}

/** Groups a string of digits 3-2-2 from the right: "12345678" -> "1,23,45,678". `Intl` is wrong for eight Indian languages. */
export function groupIndian(digits: string): string {
  if (digits.length <= 3) return digits;
  const tail = digits.slice(-3);
  const head = digits.slice(0, -3).replace(/\B(?=(\d{2})+(?!\d))/g, ",");
  return `${head},${tail}`;
}

/** Paise -> "1,23,45,678.90" (negative with a minus sign). */
export function formatIndian(amount: Paise): string {
  const [whole = "0", fraction = "00"] = toRupees(amount < 0n ? negate(amount) : amount).split(".");
  return `${amount < 0n ? "-" : ""}${groupIndian(whole)}.${fraction}`;
}

/** As statements print it: negatives in brackets, "(1,23,45,678.90)". */
export function formatStatement(amount: Paise): string {
  return amount < 0n ? `(${formatIndian(negate(amount))})` : formatIndian(amount);
}

const SMALL = (
  "Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen " +
  "Seventeen Eighteen Nineteen"
).split(" ");
const TENS = "Zero Ten Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety".split(" ");

function below100(n: number): string[] {
  if (n < 20) return n === 0 ? [] : [SMALL[n] ?? ""];
  // "Ninety-Nine": with the hyphen, as receipts and cheques are written.
  return [[TENS[Math.floor(n / 10)] ?? "", ...(n % 10 ? [SMALL[n % 10] ?? ""] : [])].join("-")];
}

function words(value: bigint): string[] {
  if (value >= 10_000_000n) return [...words(value / 10_000_000n), "Crore", ...words(value % 10_000_000n)];
  const n = Number(value); // below one crore: exact
  const parts: string[] = [];
  if (n >= 100_000) parts.push(...below100(Math.floor(n / 100_000)), "Lakh");
  if (n % 100_000 >= 1000) parts.push(...below100(Math.floor((n % 100_000) / 1000)), "Thousand");
  if (n % 1000 >= 100) parts.push(SMALL[Math.floor((n % 1000) / 100)] ?? "", "Hundred");
  parts.push(...below100(n % 100));
  return parts;
}

/** "Rupees Twelve Lakh … and Paise Fifty Only". A negative amount is refused: documents print positive sums. */
export function inWords(amount: Paise): string {
  invariant(amount >= 0n, "words are printed for amounts that are not negative");
  const whole = amount / 100n;
  const rest = amount % 100n;
  const text = whole === 0n ? "Zero" : words(whole).join(" ");
  return `Rupees ${text}${rest > 0n ? ` and Paise ${below100(Number(rest)).join(" ")}` : ""} Only`;
}

export function add(...amounts: readonly Paise[]): Paise {
  return sum(amounts);
}
export function subtract(a: Paise, b: Paise): Paise {
  return paise(a - b);
}
export function negate(a: Paise): Paise {
  return paise(-a);
}
export function sum(amounts: Iterable<Paise>): Paise {
  let total = 0n;
  for (const a of amounts) total += a;
  return paise(total);
}
export function min(a: Paise, b: Paise): Paise {
  return a < b ? a : b;
}
export function max(a: Paise, b: Paise): Paise {
  return a > b ? a : b;
}

/** A rate such as "8.25" with any number of digits. Raises RATE_FORMAT. */
export function rate(input: string): Rate {
  if (!/^-?\d+(\.\d+)?$/.test(input)) throw moneyErrors.RATE_FORMAT({ input: input.slice(0, 60) });
  return new Decimal(input);
}

/** How a rule rounds: to the nearest with the half up or down, always up, or always down; up is away from zero. */
export type RoundingMode = "half-up" | "half-down" | "up" | "down";
const ROUNDING = {
  "half-up": DecimalJs.ROUND_HALF_UP,
  "half-down": DecimalJs.ROUND_HALF_DOWN,
  up: DecimalJs.ROUND_UP,
  down: DecimalJs.ROUND_DOWN,
} as const;

/** The value rounded to a whole number of steps ("0.01", "1", "5"), as the mode says. The step is more than zero. */
export function roundRate(value: Rate, step: Rate, mode: RoundingMode): Rate {
  return value.toNearest(step, ROUNDING[mode]);
}

/** Paise as exact rupees to reckon with. */
export function rateOf(amount: Paise): Rate {
  return new Decimal(amount.toString()).div(100);
}

/** Rupees that were rounded before -> Paise; a part of a paisa is a defect of the caller. Raises MONEY_RANGE. */
export function paiseOf(value: Rate): Paise {
  const whole = value.times(100);
  invariant(whole.isInteger(), "an amount was rounded to paise before it became money");
  return paise(BigInt(whole.toFixed(0)));
}

/** amount × percent ÷ 100, rounded half away from zero to the paisa: the one rounding of the system. */
export function percentOf(amount: Paise, percent: Rate): Paise {
  return fromDecimal(new Decimal(amount.toString()).times(percent).div(100));
}

/** amount × numerator ÷ denominator, rounded half away from zero to the paisa. The denominator is not zero. */
export function proportion(amount: Paise, numerator: bigint, denominator: bigint): Paise {
  invariant(denominator !== 0n, "a share is taken of something");
  return divideHalfUp(amount * numerator, denominator);
}

/** Rounded to whole rupees, 50 paise up (the common statutory form). */
export function roundToRupee(amount: Paise): Paise {
  return paise(divideHalfUp(amount, 100n) * 100n);
}

function divideHalfUp(n: bigint, d: bigint): Paise {
  const negative = n < 0n !== d < 0n;
  const a = n < 0n ? -n : n;
  const b = d < 0n ? -d : d;
  const q = (2n * a + b) / (2n * b);
  return paise(negative ? -q : q);
}

function fromDecimal(value: DecimalJs): Paise {
  return paise(BigInt(value.toDecimalPlaces(0, DecimalJs.ROUND_HALF_UP).toFixed(0)));
}

/**
 * Splits `total` in proportion to `weights` so that the parts sum to the whole: largest remainder, ties to the earlier part.
 * Each part lies within one paisa of its exact share. Weights are not negative and not all zero.
 */
export function allocate(total: Paise, weights: readonly bigint[]): Paise[] {
  const whole = weights.reduce((a, w) => a + w, 0n);
  invariant(whole > 0n && weights.every((w) => w >= 0n), "weights are not negative and not all zero");
  const sign = total < 0n ? -1n : 1n;
  const amount = total * sign;
  const shares = weights.map((w, index) => ({ index, part: (amount * w) / whole, rest: (amount * w) % whole }));
  let left = amount - shares.reduce((a, s) => a + s.part, 0n);
  for (const s of [...shares].sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))) {
    if (left === 0n) break;
    s.part += 1n;
    left -= 1n;
  }
  return shares.map((s) => paise(s.part * sign));
}

export type Unit = "unit" | "lac" | "crore";

/** For dashboards: the amount in the chosen unit with two decimals, grouped ("12.35" Cr). Display only; figures stay in paise. */
export function formatInUnit(amount: Paise, unit: Unit): string {
  const divisor = unit === "crore" ? 10_000_000n : unit === "lac" ? 100_000n : 1n;
  return formatIndian(divideHalfUp(amount, divisor));
}
