import type { LocalDate } from "../../ledger/kernel/dates.ts";
import {
  dayOf,
  exactOfMinor,
  exactText,
  fullYear,
  LIMITS,
  narrationOf,
  problemList,
  unreadable,
  type Exact,
  type Reading,
  type ReadLine,
} from "./reading.ts";

/**
 * BAI2 cash management files: file (01, 99), group (02, 98), account (03, 49), transaction (16), continuation (88, or a record that simply
 * goes on in the next line). Amounts have two implied decimals; types 100–399 are credits, 400–699 debits; 010 and 015 are the opening and
 * closing ledger balances. Trailers sum every amount of what they close, summaries too.
 */
export function readBai2(text: string): Reading {
  const records = recordsOf(text);
  const [first] = records;
  if (first?.code !== "01")
    return unreadable("bai2", "STATEMENT_FORMAT", "a BAI2 file begins with its file header (01)", first?.line ?? 1);
  const statements: Draft[] = [];
  const file = problemList();
  const sums = { account: 0n, group: 0n, file: 0n };
  const counts = { account: 0, group: 0 };
  let groups = 0;
  let accounts = 0;
  let group = { currency: "", day: undefined as LocalDate | undefined };
  let current: Draft | undefined;
  let isEnded = false;
  let transactions = 0;
  for (const record of records) {
    const { code, fields, line, physical } = record;
    counts.account += physical;
    counts.group += physical;
    switch (code) {
      case "01":
        break;
      case "02":
        group = { currency: (fields[5] ?? "").trim(), day: yymmdd(fields[3] ?? "") };
        sums.group = 0n;
        counts.group = physical;
        accounts = 0;
        groups += 1;
        break;
      case "03": {
        if (current) current.problems.add("STATEMENT_TRUNCATED", "the account has no trailer (49)", current.line);
        current = accountOf(record, group);
        statements.push(current);
        sums.account = current.summary;
        counts.account = physical;
        accounts += 1;
        break;
      }
      case "16": {
        if (!current)
          return unreadable("bai2", "STATEMENT_FORMAT", "a transaction (16) stands outside an account (03)", line);
        transactions += 1;
        if (transactions > LIMITS.lines)
          return unreadable("bai2", "STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} lines`, line);
        // An amount left out is none.
        const amount = minorOf((fields[1] ?? "").trim() === "" ? "0" : (fields[1] ?? ""));
        if (amount === undefined) {
          current.problems.add(
            "STATEMENT_AMOUNT",
            `"${(fields[1] ?? "").slice(0, 40)}" is not an amount without decimals`,
            line,
            "16",
          );
          break;
        }
        sums.account += amount;
        transactionOf(record, amount, group.day, current);
        break;
      }
      case "49":
        if (!current)
          return unreadable("bai2", "STATEMENT_FORMAT", "an account trailer (49) without an account (03)", line);
        checkTrailer("account (49)", fields, sums.account, counts.account, line, current.problems.add);
        sums.group += sums.account;
        current = undefined;
        break;
      case "98":
        checkTrailer("group (98)", [fields[0] ?? "", fields[2] ?? ""], sums.group, counts.group, line, file.add);
        checkCount("accounts", fields[1], accounts, line, file.add);
        sums.file += sums.group;
        break;
      case "99":
        checkCount("groups", fields[1], groups, line, file.add);
        checkTrailer("file (99)", [fields[0] ?? "", ""], sums.file, 0, line, file.add);
        isEnded = true;
        break;
      default:
        break;
    }
  }
  if (current) current.problems.add("STATEMENT_TRUNCATED", "the account has no trailer (49)", current.line);
  if (!isEnded) file.add("STATEMENT_TRUNCATED", "the file has no trailer (99): it was cut off", records.at(-1)?.line);
  return {
    ok: true,
    format: "bai2",
    variant: "BAI2",
    statements: statements.map(({ problems, line, summary: _summary, ...s }) => ({
      ...s,
      fileLine: line,
      problems: [...problems.list, ...file.list].slice(0, LIMITS.problems),
    })),
  };
}

type Draft = {
  account: string;
  currency: string | undefined;
  opening: Exact | undefined;
  closing: Exact | undefined;
  closedOn: LocalDate | undefined;
  lines: ReadLine[];
  line: number;
  summary: bigint;
  problems: ReturnType<typeof problemList>;
};

type Rec = {
  readonly code: string;
  readonly line: number;
  readonly fields: string[];
  /** How many records of the file it is made of, for the control counts. */
  readonly physical: number;
};

/** Records with their continuations: 88 adds fields, a line without a code goes on with the text of the one before. */
function recordsOf(text: string): Rec[] {
  const physical: { code: string; line: number; body: string }[] = [];
  for (const [i, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    // Some senders put several records in one line.
    for (const piece of raw.split(/(?<=\/)\s*(?=(?:01|02|03|16|49|88|98|99),)/)) {
      const m = /^\s*(01|02|03|16|49|88|98|99),(.*)$/s.exec(piece);
      const last = physical.at(-1);
      if (m) physical.push({ code: m[1] ?? "", line: i + 1, body: m[2] ?? "" });
      else if (last && piece.trim() !== "") last.body = `${last.body.trimEnd()} ${piece.trim()}`;
      else if (piece.trim() !== "") physical.push({ code: "?", line: i + 1, body: piece });
    }
  }
  const records: (Omit<Rec, "physical"> & { physical: number; isEnded: boolean })[] = [];
  for (const { code, line, body } of physical) {
    const isEnded = /\/\s*$/.test(body);
    const fields = body.replace(/\s*\/\s*$/, "").split(",");
    const before = records.at(-1);
    if (code !== "88" || !before) {
      records.push({ code, line, fields, physical: 1, isEnded });
      continue;
    }
    const textAt = before.code === "16" ? 4 + fundsFields(before.fields, 2) : Infinity;
    if (before.fields.length > textAt) {
      // A text cut in the middle goes on at once; one that had ended, or a new labelled part of it, stands apart.
      const isApart = before.isEnded || /^(\s|[A-Z]{3,6}:)/.test(body);
      before.fields[before.fields.length - 1] += (isApart ? " " : "") + fields.join(",");
    } else before.fields.push(...fields);
    before.physical += 1;
    before.isEnded = isEnded;
  }
  return records;
}

function minorOf(text: string): bigint | undefined {
  const t = text.trim();
  return /^[+-]?\d{1,17}$/.test(t) ? BigInt(t.replace("+", "")) : undefined;
}

function yymmdd(text: string): LocalDate | undefined {
  const m = /^(\d\d)?(\d\d)(\d\d)(\d\d)$/.exec(text.trim());
  if (!m) return undefined;
  const year = m[1] === undefined ? fullYear(Number(m[2])) : Number(`${m[1]}${m[2]}`);
  return dayOf(year, Number(m[3]), Number(m[4]));
}

/** How many fields the funds type takes: 0, 1, 2, Z none; V a date and a time; S three amounts; D a count with pairs of days and amount. */
function fundsFields(fields: readonly string[], at: number): number {
  switch ((fields[at] ?? "").trim().toUpperCase()) {
    case "V":
      return 3;
    case "S":
      return 4;
    case "D":
      return 2 + 2 * Math.min(500, Number(/^\d{1,3}$/.exec((fields[at + 1] ?? "").trim())?.[0] ?? 0));
    default:
      return 1;
  }
}

function accountOf(record: Rec, group: { readonly currency: string; readonly day: LocalDate | undefined }): Draft {
  const { fields, line } = record;
  const problems = problemList();
  let summary = 0n;
  const found = new Map<string, bigint>();
  for (let i = 2; i < fields.length;) {
    const type = (fields[i] ?? "").trim();
    const amountText = (fields[i + 1] ?? "").trim();
    const amount = minorOf(amountText);
    if (amount !== undefined) {
      summary += amount;
      if (!found.has(type)) found.set(type, amount);
    } else if (amountText !== "") {
      problems.add(
        "STATEMENT_AMOUNT",
        `"${amountText.slice(0, 40)}" is not an amount without decimals`,
        line,
        `03 ${type}`,
      );
    }
    i += 3 + fundsFields(fields, i + 3);
  }
  const of = (type: string): Exact | undefined => {
    const amount = found.get(type);
    return amount === undefined ? undefined : exactOfMinor(amount);
  };
  return {
    account: (fields[0] ?? "").trim(),
    currency: (fields[1] ?? "").trim() || group.currency || undefined,
    opening: of("010"),
    closing: of("015"),
    closedOn: group.day,
    lines: [],
    line,
    summary,
    problems,
  };
}

function transactionOf(record: Rec, amount: bigint, groupDay: LocalDate | undefined, account: Draft): void {
  const { fields, line } = record;
  const type = (fields[0] ?? "").trim();
  const code = /^\d{3}$/.test(type) ? Number(type) : 0;
  const isCredit = code >= 100 && code < 400;
  const isDebit = code >= 400 && code < 700;
  // 890 and its like carry a text and no money.
  if (!isCredit && !isDebit && amount !== 0n)
    account.problems.add(
      "STATEMENT_FORMAT",
      `type "${type}" is neither a credit (100–399) nor a debit (400–699)`,
      line,
      "16",
    );
  const funds = fundsFields(fields, 2);
  const valued = (fields[2] ?? "").trim().toUpperCase() === "V" ? yymmdd(fields[3] ?? "") : undefined;
  const [bankRef = "", customerRef = "", ...text] = fields.slice(2 + funds);
  if (!groupDay) account.problems.add("STATEMENT_DATE", "the group (02) has no as-of date", line, "02");
  const refs = [customerRef, bankRef].map((r) => r.trim()).filter((r) => r !== "" && !/^0+$/.test(r));
  account.lines.push({
    fileLine: line,
    date: groupDay,
    valueDate: valued ?? groupDay,
    amount: exactOfMinor(isCredit ? amount : isDebit ? -amount : 0n),
    narration: narrationOf([text.join(","), refs[1]]),
    reference: refs[0] ?? "",
    ...(amount < 0n ? { isNegative: true } : {}),
  });
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;

function checkTrailer(
  what: string,
  fields: readonly string[],
  found: bigint,
  records: number,
  line: number,
  refuse: Refuse,
): void {
  const stated = minorOf(fields[0] ?? "");
  if (stated === undefined) refuse("STATEMENT_CONTROL", `the trailer of the ${what} has no control total`, line);
  else if (stated !== found)
    refuse(
      "STATEMENT_CONTROL",
      `the trailer of the ${what} states ${exactText(exactOfMinor(stated))}, the amounts sum to ${exactText(exactOfMinor(found))}: difference ${exactText(exactOfMinor(found - stated))}`,
      line,
    );
  const count = /^\d+$/.exec((fields[1] ?? "").trim())?.[0];
  if (count !== undefined && records > 0 && records !== Number(count))
    refuse(
      "STATEMENT_CONTROL",
      `the trailer of the ${what} states ${Number(count)} records, there are ${records}`,
      line,
    );
}

function checkCount(what: string, text: string | undefined, found: number, line: number, refuse: Refuse): void {
  const stated = /^\d+$/.exec((text ?? "").trim())?.[0];
  if (stated !== undefined && Number(stated) !== found)
    refuse("STATEMENT_CONTROL", `${Number(stated)} ${what} are stated, the file has ${found}`, line);
}

/** Whether a text begins as a BAI2 file does. */
export const looksLikeBai2 = (text: string): boolean =>
  /^\uFEFF?\s*(01|02|03),[^,\n]*,/.test(text) && /(^|[\n\r/])\s*03,/.test(text);
