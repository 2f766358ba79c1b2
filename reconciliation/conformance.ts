import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { prove, settledAmount, settleLines } from "./parsers/prove.ts";
import { readStatementFile } from "./parsers/read.ts";
import { exact, EXACT_PER_PAISA, exactText, type Exact, type Reading } from "./parsers/reading.ts";

/** No file may take longer than this to read and prove. */
const MOST_MS = 1000;

/** One row of an oracle: what an independent reading found in a file. Empty cells claim nothing. */
export type OracleRow = {
  readonly file: string;
  readonly expect: string;
  readonly n_tx: string;
  readonly sum_credit: string;
  readonly sum_debit: string;
  readonly opening: string;
  readonly closing: string;
};

/** What we make of a file: every entry it has, also what is only announced; the sums as its balances settle them. */
export type Figures = {
  readonly transactions: number;
  readonly credits: Exact;
  readonly debits: Exact;
  readonly opening: Exact | undefined;
  readonly closing: Exact | undefined;
  readonly closings: readonly Exact[];
  readonly statements: number;
};

export type Verdict = {
  readonly verdict: "agree" | "refused" | "WRONG";
  readonly detail: string;
};

/** The figures of a reading. A table states its balances line by line; its opening and closing are those its chain proves. */
export function figuresOf(reading: Reading & { readonly ok: true }): Figures {
  const amounts = reading.statements.flatMap((s) => {
    const { convention } = settleLines(s);
    return s.lines.map((l) => settledAmount(l, convention));
  });
  const isTable = reading.statements.some((s) => s.lines.length > 0 && s.lines.every((l) => l.balance !== undefined));
  const proved = isTable ? prove(reading) : undefined;
  const closings = reading.statements.flatMap((s) => (s.closing === undefined ? [] : [s.closing]));
  const ends = proved?.ok
    ? { opening: proved.statement.opening * EXACT_PER_PAISA, closing: proved.statement.closing * EXACT_PER_PAISA }
    : { opening: reading.statements.find((s) => s.opening !== undefined)?.opening, closing: closings.at(-1) };
  // A format that states no opening balance has the one that its closing balance leaves.
  const [only] = reading.statements;
  const left = reading.statements.length === 1 && only?.opening === undefined ? ends.closing : undefined;
  return {
    transactions: amounts.length,
    credits: amounts.reduce((t, a) => (a > 0n ? t + a : t), 0n),
    debits: amounts.reduce((t, a) => (a < 0n ? t - a : t), 0n),
    opening: ends.opening ?? (left === undefined ? undefined : left - amounts.reduce((t, a) => t + a, 0n)),
    closing: ends.closing,
    closings,
    statements: reading.statements.length,
  };
}

/**
 * Holds a reading against an oracle's row. `parse`: count, sums and both balances are equal. `reject`: refused, by the reader or by the
 * proof. `reject-or-empty`: that, or nothing in it. `reject-line`: the bad line is named.
 */
export function judge(oracle: OracleRow, reading: Reading): Verdict {
  const doubts = reading.ok ? reading.statements.flatMap((s) => s.problems) : reading.problems;
  const first = doubts[0];
  const reason = first ? `${first.code}${first.line === undefined ? "" : ` line ${first.line}`}: ${first.message}` : "";
  if (oracle.expect === "parse") {
    if (!reading.ok) return { verdict: "WRONG", detail: `refused: ${reason}` };
    const wrong = differences(oracle, figuresOf(reading));
    return wrong.length > 0
      ? { verdict: "WRONG", detail: wrong.join("; ") }
      : { verdict: "agree", detail: doubts.length > 0 ? `would not enter: ${reason}` : "" };
  }
  if (!reading.ok) return { verdict: "refused", detail: reason };
  if (oracle.expect === "reject-or-empty" && figuresOf(reading).transactions === 0)
    return { verdict: "refused", detail: reason || "nothing in it" };
  if (doubts.length > 0) return { verdict: "refused", detail: reason };
  const proved = prove(reading);
  if (!proved.ok && oracle.expect === "reject")
    return { verdict: "refused", detail: proved.problems[0]?.message ?? "" };
  return {
    verdict: "WRONG",
    detail: `read with ${figuresOf(reading).transactions} lines, but ${oracle.expect} is expected`,
  };
}

function differences(oracle: OracleRow, found: Figures): string[] {
  const wrong: string[] = [];
  const say = (what: string, wanted: string, have: string): void =>
    void wrong.push(`${what} ${have}, oracle ${wanted}`);
  if (oracle.n_tx !== "" && Number(oracle.n_tx) !== found.transactions)
    say("lines", oracle.n_tx, String(found.transactions));
  const money = (what: string, wanted: string, have: Exact | undefined): void => {
    if (wanted === "") return;
    if (exact(wanted) !== have) say(what, wanted, have === undefined ? "none" : exactText(have));
  };
  money("credits", oracle.sum_credit, found.credits);
  money("debits", oracle.sum_debit, found.debits);
  money("opening", oracle.opening, found.opening);
  // Of a file with several statements the oracle may name every closing balance.
  const closings = oracle.closing.split(";").map((c) => c.trim());
  if (closings.length === 1) money("closing", oracle.closing, found.closing);
  else if (closings.some((c, i) => exact(c) !== found.closings[i]) || closings.length !== found.closings.length)
    say("closings", oracle.closing, found.closings.map(exactText).join(";"));
  return wrong;
}

/** The truth per line, where somebody wrote it down beside the file (expected/NAME.json): day, value day, amount, balance. */
function lineDifferences(folder: string, file: string, reading: Reading): string | undefined {
  const truth = path.join(folder, path.dirname(file), "expected", `${path.basename(file)}.json`);
  if (!existsSync(truth)) return undefined;
  const proved = prove(reading, closingGiven(reading));
  if (!proved.ok) return `not proved: ${proved.problems[0]?.message ?? ""}`;
  const wanted = JSON.parse(readFileSync(truth, "utf8")) as readonly {
    readonly date: string;
    readonly amount_paise: number;
    readonly balance_paise: number;
  }[];
  const { lines } = proved.statement;
  for (const [i, want] of wanted.entries()) {
    const line = lines[i];
    // BAI2 has one day for a group, none for a transaction.
    const isDayInFile = !reading.ok || reading.format !== "bai2";
    const isEqual =
      line !== undefined &&
      (!isDayInFile || line.date === want.date) &&
      line.amount === BigInt(want.amount_paise) &&
      line.balance === BigInt(want.balance_paise);
    if (!isEqual)
      return `line ${i + 1}: ${line ? `${line.date} ${line.amount} ${line.balance}` : "missing"}, truth ${want.date} ${want.amount_paise} ${want.balance_paise}`;
  }
  return lines.length === wanted.length ? undefined : `${lines.length} lines, truth ${wanted.length}`;
}

// A format without an opening balance is proved against the closing balance that a person would copy; here the file's own stands in.
function closingGiven(reading: Reading) {
  const [only] = reading.ok ? reading.statements : [];
  if (
    !only ||
    only.opening !== undefined ||
    only.closing === undefined ||
    only.lines.some((l) => l.balance !== undefined)
  )
    return {};
  return { expected: { closing: (only.closing / EXACT_PER_PAISA) as never } };
}

/** Reads every file of a folder's ORACLE.csv and prints agree, refused or WRONG for each, with figures and time. True when all agree. */
export async function conformance(folder: string, print: (line: string) => void): Promise<boolean> {
  const oracle = Papa.parse<OracleRow>(readFileSync(path.join(folder, "ORACLE.csv"), "utf8"), {
    header: true,
    skipEmptyLines: "greedy",
  }).data;
  const counts = { agree: 0, refused: 0, WRONG: 0 };
  let slowest = 0;
  for (const row of oracle) {
    const bytes = readFileSync(path.join(folder, row.file));
    const start = performance.now();
    let found: Verdict;
    let figures = "";
    let took = 0;
    try {
      const reading = await readStatementFile(bytes);
      prove(reading);
      took = performance.now() - start;
      found = judge(row, reading);
      if (reading.ok) {
        const f = figuresOf(reading);
        const show = (value: Exact | undefined): string => (value === undefined ? "–" : exactText(value));
        figures = `${reading.variant} ${f.statements} st. ${f.transactions} lines +${show(f.credits)} −${show(f.debits)} ${show(f.opening)}→${show(f.closing)}`;
      }
      const perLine = found.verdict === "agree" ? lineDifferences(folder, row.file, reading) : undefined;
      if (perLine !== undefined) found = { verdict: "WRONG", detail: perLine };
    } catch (error) {
      took = performance.now() - start;
      found = {
        verdict: "WRONG",
        detail: `crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      };
    }
    if (took > MOST_MS) found = { verdict: "WRONG", detail: `took longer than ${MOST_MS} ms` };
    slowest = Math.max(slowest, took);
    counts[found.verdict] += 1;
    print(
      `${found.verdict.padEnd(7)} ${took.toFixed(0).padStart(4)} ms  ${row.file}  ${figures}${found.detail === "" ? "" : `  [${found.detail}]`}`,
    );
  }
  print(
    `${oracle.length} files: ${counts.agree} agree, ${counts.refused} refused as they should be, ${counts.WRONG} WRONG; slowest ${slowest.toFixed(0)} ms`,
  );
  return counts.WRONG === 0 && oracle.length > 0;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === path.resolve(process.argv[1])) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error("usage: npm run conformance -- DIR   (DIR has ORACLE.csv and the files it names)");
    process.exitCode = 2;
  } else if (!(await conformance(folder, (line) => console.log(line)))) process.exitCode = 1;
}
