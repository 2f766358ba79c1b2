/*
 * UPYOG's amounts are JSON numbers with any number of decimals. They are reckoned as whole numbers of the smallest unit that holds all of them
 * exactly, never as floats: 0.1 + 0.2 is 0.3 here.
 */

/** A scale in which every one of these numbers is whole. Its range is that of JSON numbers; NaN and infinities do not occur in JSON. */
export function unitsFor(numbers: readonly number[]): {
  /** A number of that list (or with no more decimals) in units. */
  of(value: number): bigint;
  /** Units as a JSON number. */
  toNumber(units: bigint): number;
} {
  const scale = numbers.reduce((most, n) => Math.max(most, split(n).fraction.length), 0);
  return {
    of: (value) => {
      const { sign, whole, fraction } = split(value);
      const units = BigInt(whole + fraction.padEnd(scale, "0"));
      return sign ? -units : units;
    },
    toNumber: (units) => {
      const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
      const value = Number(`${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale) || "0"}`);
      return units < 0n ? -value : value;
    },
  };
}

/** The shortest decimal that means this number, without an exponent: 1.5e-7 has whole "0" and fraction "00000015". */
function split(value: number): { sign: boolean; whole: string; fraction: string } {
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toString().split("e");
  const [digits = "0", decimals = ""] = mantissa.split(".");
  const shift = Number(exponent);
  const all = digits + decimals;
  const point = digits.length + shift;
  const whole = point <= 0 ? "0" : all.slice(0, point).padEnd(point, "0");
  const fraction = (point <= 0 ? "0".repeat(-point) + all : all.slice(point)).replace(/0+$/, "");
  return { sign: value < 0, whole, fraction };
}
