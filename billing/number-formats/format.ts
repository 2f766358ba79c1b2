import { dateInIndia, financialYearOf, timeInIndia, type Instant } from "../../ledger/kernel/dates.ts";
import { numberFormatErrors } from "./errors.ts";

/*
 * The token language of document numbers, as UPYOG's idgen reads it: "WS/[fy:yyyy-yy]/[SEQ_RCPT_WS]". Dates are those of India. Where the original
 * prints nonsense (a financial year of one pattern, two random digits for a token that it does not know) the format is refused.
 */

export type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "sequence"; readonly name: string }
  | { readonly kind: "financial-year"; readonly first: number; readonly second: number }
  | { readonly kind: "date"; readonly pattern: readonly DatePart[] }
  | { readonly kind: "city" }
  | { readonly kind: "digits"; readonly count: number; readonly token: string };

type DatePart = { readonly letter: string; readonly width: number } | { readonly text: string };

/** What the tokens of one number stand for. */
export type NumberContext = {
  readonly city: string;
  readonly at: Instant;
  /** The number drawn from that series. */
  sequence(name: string): bigint;
  /** So many decimal digits that nobody can foretell. */
  digits(count: number): string;
};

/**
 * Reads a format. The tenant stands in it at once ([tenantid], [tenant_id] with dots as _, [TENANT_ID] in capitals), so that it may be part of
 * a series' name. Raises IDGEN_FORMAT_ERROR, INVALID_FORMAT, SEQ_NUMBER_ERROR.
 */
export function parseFormat(format: string, tenantId: string): readonly Token[] {
  if (format.trim() === "") throw numberFormatErrors.IDGEN_FORMAT_ERROR({ token: null });
  const underscored = tenantId.replaceAll(".", "_");
  const filled = format
    .replaceAll("[tenantid]", () => tenantId)
    .replaceAll("[tenant_id]", () => underscored)
    .replaceAll("[TENANT_ID]", () => underscored.toUpperCase());
  const tokens: Token[] = [];
  let from = 0;
  for (const match of filled.matchAll(/\[(.*?)\]/g)) {
    if (match.index > from) tokens.push({ kind: "text", text: filled.slice(from, match.index) });
    tokens.push(tokenOf(match[1] ?? ""));
    from = match.index + match[0].length;
  }
  if (from < filled.length) tokens.push({ kind: "text", text: filled.slice(from) });
  return tokens;
}

/** One number by a format. A series or digits that stand in it twice print the same twice. */
export function formatNumber(tokens: readonly Token[], context: NumberContext): string {
  const drawn = new Map<string, string>();
  const once = (key: string, draw: () => string): string => {
    const text = drawn.get(key) ?? draw();
    drawn.set(key, text);
    return text;
  };
  return tokens
    .map((t) => {
      switch (t.kind) {
        case "text":
          return t.text;
        case "sequence":
          return once(t.name, () => context.sequence(t.name).toString().padStart(6, "0"));
        case "financial-year":
          return financialYearText(context.at, t.first, t.second);
        case "date":
          return dateText(context.at, t.pattern);
        case "city":
          return context.city;
        case "digits":
          return once(`[${t.token}]`, () => context.digits(t.count));
      }
    })
    .join("");
}

/** The series that a format draws from. */
export function sequencesOf(tokens: readonly Token[]): readonly string[] {
  return [...new Set(tokens.flatMap((t) => (t.kind === "sequence" ? [t.name] : [])))];
}

/** Whether two financial years can never print the same number: then the series may begin again with each. */
export function namesFinancialYear(tokens: readonly Token[]): boolean {
  return tokens.some((t) => t.kind === "financial-year");
}

function tokenOf(token: string): Token {
  const word = token.toLowerCase();
  if (word.startsWith("seq")) {
    // PostgreSQL folds a sequence's name, so [SEQ_A] and [seq_a] are one series.
    if (!/^seq[a-z0-9_.-]{0,60}$/.test(word)) throw numberFormatErrors.SEQ_NUMBER_ERROR(undefined);
    return { kind: "sequence", name: word };
  }
  const pattern = token.slice(token.indexOf(":") + 1).trim();
  if (word.startsWith("fy")) {
    const years = /^(y+) *- *(y+)$/.exec(pattern);
    const [, first = "", second = ""] = years ?? [];
    if (!years) throw numberFormatErrors.INVALID_FORMAT({ of: "financial" });
    return { kind: "financial-year", first: first.length, second: second.length };
  }
  if (word.startsWith("cy")) return { kind: "date", pattern: datePattern(pattern) };
  if (word.startsWith("city")) return { kind: "city" };
  const digits = /^d\{(\d{1,2})\}$/.exec(token);
  if (!digits || Number(digits[1]) === 0) throw numberFormatErrors.IDGEN_FORMAT_ERROR({ token: token.slice(0, 40) });
  return { kind: "digits", count: Number(digits[1]), token };
}

function financialYearText(at: Instant, first: number, second: number): string {
  const start = Number(financialYearOf(dateInIndia(at)).slice(0, 4));
  return `${yearText(start, first)}-${yearText(start + 1, second)}`;
}

/** "yy" is the last two digits; any other number of letters the whole year, as Java prints it. */
function yearText(year: number, width: number): string {
  return width === 2 ? String(year % 100).padStart(2, "0") : String(year).padStart(width, "0");
}

const MONTHS = "January February March April May June July August September October November December".split(" ");
const KNOWN_LETTERS = "yMdHmsS";

function datePattern(pattern: string): readonly DatePart[] {
  if (pattern === "") throw numberFormatErrors.INVALID_FORMAT({ of: "current" });
  const parts = [...pattern.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']+|'/g)];
  return parts.map(([whole, letter, quoted]) => {
    if (letter !== undefined) {
      if (!KNOWN_LETTERS.includes(letter)) throw numberFormatErrors.INVALID_FORMAT({ of: "current" });
      return { letter, width: whole.length };
    }
    if (whole === "'") throw numberFormatErrors.INVALID_FORMAT({ of: "current" });
    return { text: quoted === undefined ? whole : quoted === "" ? "'" : quoted.replaceAll("''", "'") };
  });
}

function dateText(at: Instant, pattern: readonly DatePart[]): string {
  const date = dateInIndia(at);
  const time = timeInIndia(at);
  const month = Number(date.slice(5, 7));
  return pattern
    .map((part) => {
      if ("text" in part) return part.text;
      const padded = (value: string | number): string => String(Number(value)).padStart(part.width, "0");
      switch (part.letter) {
        case "y":
          return yearText(Number(date.slice(0, 4)), part.width);
        case "M": {
          const name = MONTHS[month - 1] ?? "";
          return part.width >= 4 ? name : part.width === 3 ? name.slice(0, 3) : padded(month);
        }
        case "d":
          return padded(date.slice(8, 10));
        case "H":
          return padded(time.slice(0, 2));
        case "m":
          return padded(time.slice(3, 5));
        case "s":
          return padded(time.slice(6, 8));
        default:
          return padded(time.slice(9, 12));
      }
    })
    .join("");
}
