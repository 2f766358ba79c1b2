import {
  canonicalEntry,
  entryNumber,
  leafOf,
  type Seal,
  type SealedEntry,
  type VoucherType,
} from "../../ledger/index.ts";
import { financialYearOf, localDate } from "../../ledger/kernel/dates.ts";
import { HEAD_FIELDS, JOURNAL, LINE_FIELDS } from "./format.ts";

/** What is not as it should be, and where: the file, and the entry or block as far as it can be told. */
export type PackProblem = {
  readonly file: string;
  readonly entry?: string;
  readonly block?: number;
  readonly problem: string;
};
export type Say = (problem: PackProblem) => void;

/** Amounts of an account: before the range, in it. */
export type Sums = { before: bigint; debit: bigint; credit: bigint };

type Segment = {
  readonly rank: number;
  readonly block: number;
  readonly from: number;
  readonly to: number;
  /** 32 bytes for each number; undefined when the block's leaves cannot be believed. */
  readonly leaves: Buffer | undefined;
  readonly seen: Uint8Array;
};

/** Which numbers of the pack's years were sealed, in which block and as what; built from blocks in their order. */
export type SealIndex = {
  add(sealed: Seal, leaves: readonly Buffer[] | undefined): void;
  /** Whether the block seals numbers of the pack's years. */
  holds(sealed: Seal): boolean;
  readonly segments: ReadonlyMap<string, readonly Segment[]>;
};

export function sealIndex(years: readonly string[]): SealIndex {
  const segments = new Map<string, Segment[]>();
  let rank = 0;
  return {
    segments,
    holds: (sealed) => sealed.ranges.some((r) => years.includes(r.fy)),
    add: (sealed, leaves) => {
      let at = 0;
      for (const r of sealed.ranges) {
        const size = Number(r.to - r.from) + 1;
        rank += 1;
        if (years.includes(r.fy)) {
          const key = `${r.voucher} ${r.fy}`;
          const own = leaves?.slice(at, at + size);
          const segment: Segment = {
            rank,
            block: sealed.block,
            from: Number(r.from),
            to: Number(r.to),
            leaves: own && Buffer.concat(own),
            seen: new Uint8Array(Math.ceil(size / 8)),
          };
          segments.set(key, [...(segments.get(key) ?? []), segment]);
        }
        at += size;
      }
    },
  };
}

const VOUCHERS = new Set(["receipt", "payment", "contra", "journal", "opening"]);
const MISSING_LISTED = 20;

export type JournalFacts = {
  /** Per account, in paise. */
  readonly sums: ReadonlyMap<string, Sums>;
  readonly entries: number;
  readonly lines: number;
  readonly unsealed: number;
};

/**
 * Judges the entries of the journal file one by one as they are read; what it keeps is a few bytes an entry. Every entry must be as it was sealed,
 * stand in its place, balance in total and within each fund, and no number may be missing.
 */
export function journalCheck(pack: {
  readonly years: readonly string[];
  readonly from: string;
  readonly to: string;
  /** First day of the books: opening vouchers of it are opening balances. */
  readonly booksFrom: string;
  readonly index: SealIndex;
  /** Accounts of the chart, and whether entries may stand on them. */
  readonly accounts: ReadonlyMap<string, { readonly isPosting: boolean }>;
  readonly say: Say;
}): { take(line: Buffer, at: number): void; finish(): JournalFacts } {
  const { say } = pack;
  const sums = new Map<string, Sums>();
  const next = new Map<string, number>();
  for (const [key, list] of pack.index.segments) next.set(key, Math.max(...list.map((s) => s.to)) + 1);
  let [entries, lines, unsealed] = [0, 0, 0];
  let last = { rank: 0, number: 0, name: "" };

  /** Held against the seals; in its place among the others. */
  function place(entry: SealedEntry, name: string): void {
    const key = `${entry.voucher} ${entry.fy}`;
    const number = Number(entry.number);
    const segment = pack.index.segments.get(key)?.find((s) => s.from <= number && number <= s.to);
    const rank = segment?.rank ?? Number.MAX_SAFE_INTEGER;
    if (segment) {
      const at = number - segment.from;
      const bit = 1 << (at % 8);
      const byte = segment.seen[at >> 3] ?? 0;
      if (byte & bit) {
        say({ file: JOURNAL, entry: name, problem: "stands in the journal twice" });
        return;
      }
      segment.seen[at >> 3] = byte | bit;
      if (segment.leaves && !leafOf(canonicalEntry(entry)).equals(segment.leaves.subarray(at * 32, at * 32 + 32)))
        say({ file: JOURNAL, entry: name, block: segment.block, problem: "was changed after it was sealed" });
      if (rank < last.rank || (rank === last.rank && number < last.number))
        say({ file: JOURNAL, entry: name, problem: `stands out of its order, after ${last.name}` });
      else last = { rank, number, name };
      return;
    }
    unsealed += 1;
    const expected = next.get(key) ?? 1;
    if (number < expected) say({ file: JOURNAL, entry: name, problem: "stands out of its order, or twice" });
    else if (number > expected)
      missing(entry.voucher, entry.fy, expected, number - 1, "was given out and is not there");
    next.set(key, Math.max(expected, number + 1));
    last = { rank, number, name };
  }

  function missing(voucher: string, fy: string, from: number, to: number, problem: string, block?: number): void {
    for (let n = from; n <= Math.min(to, from + MISSING_LISTED - 1); n++)
      say({
        file: JOURNAL,
        entry: entryNumber(voucher as VoucherType, fy, BigInt(n)),
        ...(block === undefined ? {} : { block }),
        problem,
      });
    if (to - from >= MISSING_LISTED)
      say({
        file: JOURNAL,
        problem: `${to - from + 1 - MISSING_LISTED} more numbers of ${voucher} ${fy} after that: ${problem}`,
      });
  }

  /** The rules that an entry keeps by itself. */
  function judge(entry: SealedEntry, name: string): void {
    const wrong = (problem: string): void => say({ file: JOURNAL, entry: name, problem });
    const day = entry.head[0] ?? "";
    const isClosing = entry.head[4] === "year-close";
    // What the books began with is an opening balance of a range that holds their first day.
    const isOpening = entry.voucher === "opening" && day === pack.booksFrom && pack.from <= day;
    if (entry.lines.length < 2) wrong(`has ${entry.lines.length} lines; an entry has two at least`);
    const funds = new Map<string, bigint>();
    let total = 0n;
    entry.lines.forEach((line, i) => {
      const [no = "", account = "", debitText = "", creditText = "", fund = ""] = line;
      lines += 1;
      if (no !== String(i + 1)) wrong(`has line ${no} in the place of line ${i + 1}`);
      if (line[13] !== day) wrong(`has line ${no} on ${line[13]}, not on its own day`);
      const known = pack.accounts.get(account);
      if (!known) wrong(`posts to account ${account}, which the chart does not know`);
      else if (!known.isPosting) wrong(`posts to account ${account}, which is a heading`);
      if (!/^\d{1,19}$/.test(debitText) || !/^\d{1,19}$/.test(creditText))
        return wrong(`has no whole paise on line ${no}`);
      const [debit, credit] = [BigInt(debitText), BigInt(creditText)];
      if (!((debit > 0n && credit === 0n) || (credit > 0n && debit === 0n)))
        wrong(`has line ${no} that is not a debit or a credit of more than zero`);
      total += debit - credit;
      funds.set(fund, (funds.get(fund) ?? 0n) + debit - credit);
      if (isClosing || day > pack.to) return;
      const sum = sums.get(account) ?? { before: 0n, debit: 0n, credit: 0n };
      if (day < pack.from || isOpening) sum.before += debit - credit;
      else {
        sum.debit += debit;
        sum.credit += credit;
      }
      sums.set(account, sum);
    });
    if (total !== 0n) wrong(`does not balance: debits less credits are ${total} paise`);
    else
      for (const [fund, difference] of funds)
        if (difference !== 0n) wrong(`does not balance in fund ${fund}: debits less credits are ${difference} paise`);
    let own = "";
    try {
      own = financialYearOf(localDate(day));
    } catch {
      wrong(`has no date but "${day}"`);
    }
    if (own !== "" && own !== entry.fy) wrong(`stands in the series of ${entry.fy}, its day ${day} lies in ${own}`);
  }

  return {
    take: (bytes, at) => {
      const read = parseEntry(bytes);
      if (typeof read === "string") return say({ file: JOURNAL, problem: `line ${at} ${read}` });
      const { entry, printed } = read;
      entries += 1;
      const name = entryNumber(entry.voucher as VoucherType, entry.fy, entry.number);
      if (printed !== name) say({ file: JOURNAL, entry: name, problem: `calls itself ${printed} on line ${at}` });
      if (!pack.years.includes(entry.fy))
        say({ file: JOURNAL, entry: name, problem: `is of ${entry.fy}, which is not a year of this pack` });
      place(entry, name);
      judge(entry, name);
    },
    finish: () => {
      for (const [key, list] of pack.index.segments) {
        const [voucher = "", fy = ""] = key.split(" ");
        for (const s of list)
          for (let n = s.from; n <= s.to; n++) {
            const at = n - s.from;
            if ((s.seen[at >> 3] ?? 0) & (1 << (at % 8))) continue;
            let end = n;
            while (end < s.to && !((s.seen[(end + 1 - s.from) >> 3] ?? 0) & (1 << ((end + 1 - s.from) % 8)))) end += 1;
            missing(voucher, fy, n, end, "was sealed and is not there", s.block);
            n = end;
          }
      }
      return { sums, entries, lines, unsealed };
    },
  };
}

type Parsed = { readonly entry: SealedEntry; readonly printed: string };

function parseEntry(bytes: Buffer): Parsed | string {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return "is not JSON";
  }
  if (typeof value !== "object" || value === null) return "is not an entry";
  const o = value as Record<string, unknown>;
  const text = (from: Record<string, unknown>, fields: readonly string[]): string[] | undefined => {
    const found = fields.map((f) => from[f]);
    return found.every((v): v is string => typeof v === "string") ? found : undefined;
  };
  const key = text(o, ["entry", "voucher", "fy", "number"]);
  const head = text(o, HEAD_FIELDS);
  if (!key || !head || !Array.isArray(o["lines"])) return "is not an entry: a field is missing";
  const [printed = "", voucher = "", fy = "", number = ""] = key;
  if (!VOUCHERS.has(voucher) || !/^\d{4}-\d{2}$/.test(fy) || !/^[1-9]\d{0,8}$/.test(number))
    return "has a number that no entry has";
  const lines: string[][] = [];
  for (const line of o["lines"] as unknown[]) {
    const fields =
      typeof line === "object" && line !== null ? text(line as Record<string, unknown>, LINE_FIELDS) : undefined;
    if (!fields || Object.keys(line as object).length !== LINE_FIELDS.length) return "has a line with other fields";
    lines.push(fields);
  }
  if (Object.keys(o).length !== 5 + HEAD_FIELDS.length) return "has other fields than an entry has";
  return { entry: { voucher, fy, number: BigInt(number), head, lines }, printed };
}
