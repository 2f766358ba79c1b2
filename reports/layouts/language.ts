import { groupBy } from "../../ledger/kernel/group.ts";

/*
 * The language of layouts. A statement is a CSV file: its lines in order, each with the accounts it holds (`codes`) or the lines it adds
 * up (`formula`).
 *
 *   codes    prefixes of account codes, added up: "350 360". "-" takes away, "!35012" leaves out, ".dr" and ".cr" take the debits or the
 *            credits alone. `side` says what counts as positive: Cr (credits less debits) or Dr.
 *   formula  numbers of other lines: "3..6 + 9 - 11".
 */

type Sign = 1n | -1n;
type Term = { readonly sign: Sign; readonly prefix: string; readonly part: "net" | "dr" | "cr" };
export type Codes = { readonly terms: readonly Term[]; readonly except: readonly string[] };

export type LayoutLine = {
  readonly no: number;
  readonly level: number;
  readonly kind: "heading" | "line" | "total";
  readonly label: string;
  readonly labelLocal: string;
  readonly schedule: string;
  readonly head: string;
  readonly section: string;
  readonly side: "Cr" | "Dr";
  /** What of an account the line takes; "" is what the statement is about. */
  readonly measure: string;
  readonly codes: Codes | undefined;
  readonly sumOf: readonly { readonly line: number; readonly sign: Sign }[];
};

export type Layout = { readonly name: string; readonly lines: readonly LayoutLine[] };

/** "350 -411 410.dr !35012". Throws a sentence about what cannot be read. */
export function parseCodes(text: string): Codes {
  const terms: Term[] = [];
  const except: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const match = /^(!|[+-]?)(\d{1,7})(?:\.(dr|cr))?$/.exec(word);
    const [, mark, prefix = "", part] = match ?? [];
    if (!match || (mark === "!" && part !== undefined)) throw new Error(`"${word}" is not a prefix of account codes`);
    if (mark === "!") except.push(prefix);
    else terms.push({ sign: mark === "-" ? -1n : 1n, prefix, part: (part as "dr" | "cr" | undefined) ?? "net" });
  }
  return { terms, except };
}

/** "3..6 + 9 - 11". Throws a sentence about what cannot be read. */
export function parseFormula(text: string): LayoutLine["sumOf"] {
  const words = text.replace(/[+-]/g, " $& ").split(/\s+/).filter(Boolean);
  const sum: { line: number; sign: Sign }[] = [];
  let sign: Sign | undefined = 1n;
  for (const word of words) {
    if (word === "+" || word === "-") {
      if (sign !== undefined) throw new Error(`"${text}" has a sign without a line`);
      sign = word === "-" ? -1n : 1n;
      continue;
    }
    const match = /^(\d+)(?:\.\.(\d+))?$/.exec(word);
    if (!match || sign === undefined) throw new Error(`"${text}" is not a sum of lines`);
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (to < from) throw new Error(`"${word}" runs backwards`);
    for (let line = from; line <= to; line += 1) sum.push({ line, sign });
    sign = undefined;
  }
  if (sum.length > 0 && sign !== undefined) throw new Error(`"${text}" ends with a sign`);
  return sum;
}

/**
 * The layout of a file's records. Throws an error that lists everything wrong with it, by line: numbers out of order, codes or formulas that
 * cannot be read, sums of lines that are not there, of headings, or of each other in a circle.
 */
export function parseLayout(name: string, records: readonly Readonly<Record<string, string>>[]): Layout {
  const problems: string[] = [];
  const lines = records.map((record, i): LayoutLine => {
    const text = (column: string): string => record[column]?.trim() ?? "";
    const no = Number(text("line"));
    const problem = (what: string): void => void problems.push(`line ${no}: ${what}`);
    const tryOr = <T>(work: () => T, otherwise: T): T => {
      try {
        return work();
      } catch (error) {
        problem(error instanceof Error ? error.message : String(error));
        return otherwise;
      }
    };
    if (no !== i + 1) problem(`stands in place ${i + 1}`);
    const kind = text("kind");
    if (!["heading", "line", "total"].includes(kind)) problem(`"${kind}" is not heading, line or total`);
    const side = text("side");
    if (!["", "Cr", "Dr"].includes(side)) problem(`side "${side}" is not Cr or Dr`);
    const codes = text("codes");
    const formula = text("formula");
    if (kind === "heading" && codes + formula !== "") problem("a heading holds no amount");
    if (kind === "line" && side === "") problem("a line says whether it counts credits or debits");
    if (kind === "line" && formula !== "") problem("a line holds accounts, a total adds lines");
    if (kind === "total" && (formula === "" || codes !== "")) problem("a total adds lines, and holds no accounts");
    return {
      no,
      level: Number(text("level")) || 0,
      kind: kind as LayoutLine["kind"],
      label: text("label"),
      labelLocal: text("label_local"),
      schedule: text("schedule"),
      head: text("head"),
      section: text("section"),
      side: side === "Dr" ? "Dr" : "Cr",
      measure: text("measure"),
      codes: kind === "line" ? tryOr(() => parseCodes(codes), { terms: [], except: [] }) : undefined,
      sumOf: tryOr(() => parseFormula(formula), []),
    };
  });
  for (const line of lines)
    for (const { line: other } of line.sumOf) {
      const found = lines.find((l) => l.no === other);
      if (!found) problems.push(`line ${line.no}: adds line ${other}, which is not there`);
      else if (found.kind === "heading") problems.push(`line ${line.no}: adds line ${other}, a heading`);
      // Sums look up, never down: so none can hold itself.
      else if (other >= line.no) problems.push(`line ${line.no}: adds line ${other}, which does not stand above it`);
    }
  if (problems.length > 0) throw new Error(`layout ${name}: ${problems.join("; ")}`);
  return { name, lines };
}

/** How often an account's debits and credits are counted by a line's codes. */
function counted(codes: Codes, account: string): { readonly dr: bigint; readonly cr: bigint } {
  if (codes.except.some((prefix) => account.startsWith(prefix))) return { dr: 0n, cr: 0n };
  let dr = 0n;
  let cr = 0n;
  for (const { sign, prefix, part } of codes.terms) {
    if (!account.startsWith(prefix)) continue;
    if (part !== "cr") dr += sign;
    if (part !== "dr") cr += sign;
  }
  return { dr, cr };
}

/** Whether codes take anything of an account. */
export function areOf(codes: Codes, account: string): boolean {
  const { dr, cr } = counted(codes, account);
  return dr !== 0n || cr !== 0n;
}

/** Whether a line has anything of an account. */
export function holds(line: LayoutLine, account: string): boolean {
  return line.codes !== undefined && areOf(line.codes, account);
}

/** Debits and credits of an account, or a balance as one of the two. */
export type Amounts = { readonly account: string; readonly debit: bigint; readonly credit: bigint };

/** A balance, debit positive, as amounts. */
export function asAmounts(account: string, balance: bigint): Amounts {
  return { account, debit: balance > 0n ? balance : 0n, credit: balance < 0n ? -balance : 0n };
}

/** What codes make of amounts; `side` is what counts as positive. */
export function sumCodes(codes: Codes, side: "Cr" | "Dr", amounts: readonly Amounts[]): bigint {
  let sum = 0n;
  for (const { account, debit, credit } of amounts) {
    const { dr, cr } = counted(codes, account);
    sum += cr * credit - dr * debit;
  }
  return side === "Cr" ? sum : -sum;
}

/** The amount of every line. `measures` gives the amounts by measure; the statement's own under "". */
export function evaluate(layout: Layout, measures: Readonly<Record<string, readonly Amounts[]>>): Map<number, bigint> {
  const result = new Map<number, bigint>();
  for (const line of layout.lines) {
    if (line.codes) result.set(line.no, sumCodes(line.codes, line.side, measures[line.measure] ?? []));
    if (line.kind === "total")
      result.set(
        line.no,
        line.sumOf.reduce((sum, part) => sum + part.sign * (result.get(part.line) ?? 0n), 0n),
      );
  }
  return result;
}

/**
 * The accounts that a statement does not place exactly once, as sentences; [] when every account of the list stands where it should. Where
 * debits and credits may stand in different lines (`inParts`), and a line may take out what another counts again, both must come to one.
 */
export function misplaced(
  layout: Layout,
  accounts: readonly string[],
  options: { readonly measure?: string; readonly inParts?: boolean } = {},
): string[] {
  const { measure = "", inParts = false } = options;
  const lines = layout.lines.filter((line) => line.codes !== undefined && line.measure === measure);
  return accounts.flatMap((account) => {
    const holding = lines.filter((line) => holds(line, account));
    const where = holding.map((line) => line.no).join(", ");
    if (holding.length === 0) return [`account ${account} stands in no line of ${layout.name}`];
    if (!inParts) return holding.length === 1 ? [] : [`account ${account} stands in lines ${where} of ${layout.name}`];
    const total = holding.reduce(
      (sum, line) => {
        const { dr, cr } = line.codes ? counted(line.codes, account) : { dr: 0n, cr: 0n };
        const sign = line.side === "Cr" ? 1n : -1n;
        return { dr: sum.dr + sign * dr, cr: sum.cr + sign * cr };
      },
      { dr: 0n, cr: 0n },
    );
    return total.dr === 1n && total.cr === 1n
      ? []
      : [
          `account ${account} counts ${total.dr} times in debits and ${total.cr} times in credits of ${layout.name} (lines ${where})`,
        ];
  });
}

/** Lines by the schedule that they refer to, in order. */
export function bySchedule(layout: Layout): Map<string, LayoutLine[]> {
  return groupBy(
    layout.lines.filter((line) => line.codes !== undefined && line.schedule !== ""),
    (line) => line.schedule,
  );
}
