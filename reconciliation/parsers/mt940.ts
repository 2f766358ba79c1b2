import type { LocalDate } from "../../ledger/kernel/dates.ts";
import {
  dayOf,
  exact,
  exactText,
  fullYear,
  LIMITS,
  narrationOf,
  problemList,
  unreadable,
  type Exact,
  type Reading,
  type ReadLine,
  type ReadStatement,
} from "./reading.ts";

const TAG = /^:(20|21|25P?|28C?|13D?|34F|60[FM]?|61|62[FM]?|64|65F?|86|90[CD]|NS|940|942):/;
/** Where a tag stands in a statement: a tag of the head after one of the body begins the next statement. */
const RANK: Readonly<Record<string, number>> = { "20": 1, "21": 2, "25": 3, "28": 4, "34": 5, "13": 5, "60": 6 };
const BODY = 7;

/**
 * SWIFT MT940 and MT942 (customer statement, interim report), with or without their envelope. The marks: C and D; RC is the reversal of a
 * credit, so a debit, RD a credit; EC and ED are expected, no money yet. A letter after the mark is the funds code (R for rupees). Pages
 * (60M, 62M) and several accounts are statements of their own; the proof joins them.
 */
export function readMt940(text: string): Reading {
  const fields = fieldsOf(text);
  if (fields.length > LIMITS.lines * 3)
    return unreadable("mt940", "STATEMENT_TOO_LARGE", `more than ${LIMITS.lines * 3} fields`);
  const groups = statementsOf(fields);
  const isInterim = fields.some((f) => f.tag === "34F" || f.tag === "13D" || f.tag === "90C" || f.tag === "90D");
  const statements: ReadStatement[] = [];
  let lines = 0;
  let account: string | undefined;
  for (const group of groups) {
    const statement = readGroup(group, account);
    account = statement.account;
    lines += statement.lines.length;
    if (lines > LIMITS.lines)
      return unreadable("mt940", "STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} lines`, statement.fileLine);
    statements.push(statement);
  }
  if (statements.length === 0)
    return unreadable(
      "mt940",
      "STATEMENT_FORMAT",
      "the file has no field of a SWIFT statement (:20:, :25:, :60F:, :61:)",
    );
  return {
    ok: true,
    format: isInterim ? "mt942" : "mt940",
    variant: isInterim ? "MT942" : "MT940",
    statements,
  };
}

type Field = { readonly tag: string; readonly line: number; readonly text: readonly string[] };

function fieldsOf(text: string): Field[] {
  const fields: { tag: string; line: number; text: string[] }[] = [];
  let isOpen = false;
  for (const [i, raw] of text.split(/\r\n|\n|\r/).entries()) {
    // The envelope may stand on the line of the first field: "{1:…}{2:…}{4::20:…".
    const line = raw
      .replace(/^\uFEFF/, "")
      .replace(/[\u0001\u0003\u0000]/g, "")
      .replace(/^.{0,400}\{4:(?=:)/, "");
    const tag = TAG.exec(line.trimStart().startsWith(":") && !line.startsWith(":") ? line.trimStart() : line);
    if (tag) {
      fields.push({ tag: tag[1] ?? "", line: i + 1, text: [line.trimStart().slice(tag[0].length)] });
      isOpen = true;
    } else if (/^-\s*$|^-[}\u0029å]|^\{[1-5]:|^\s*[{ä]4:\s*$/.test(line)) {
      isOpen = false;
    } else if (isOpen) {
      fields.at(-1)?.text.push(line);
    }
  }
  return fields.filter((f) => f.tag !== "940" && f.tag !== "942");
}

function statementsOf(fields: readonly Field[]): Field[][] {
  const groups: Field[][] = [];
  let highest = 0;
  for (const field of fields) {
    const rank = RANK[field.tag.slice(0, 2)] ?? BODY;
    const isNext =
      groups.length === 0 ||
      field.tag === "20" ||
      (rank < BODY && highest === BODY) ||
      (rank === RANK["60"] && highest === RANK["60"]);
    if (isNext) {
      groups.push([]);
      highest = 0;
    }
    groups.at(-1)?.push(field);
    highest = Math.max(highest, rank);
  }
  return groups;
}

type Balance = { readonly amount: Exact; readonly currency: string; readonly on: LocalDate | undefined };
type Draft = { readonly line: ReadLine; readonly head: string; readonly more: string[] };

function readGroup(group: readonly Field[], inherited: string | undefined): ReadStatement {
  const problems = problemList();
  const drafts: Draft[] = [];
  let account = inherited;
  let opening: Balance | undefined;
  let closing: (Balance & { readonly isClean: boolean }) | undefined;
  let floor: string | undefined;
  let isClosed = false;
  const totals: { tag: string; line: number; text: string }[] = [];
  for (const field of group) {
    const head = field.text[0] ?? "";
    const bad = (what: string): void =>
      problems.add("STATEMENT_FORMAT", `"${head.slice(0, 60)}" is not ${what}`, field.line, `:${field.tag}:`);
    switch (field.tag.slice(0, 2)) {
      case "25":
        account = accountOf(head);
        break;
      case "34":
        floor ??= /^([A-Z]{3})/.exec(head)?.[1];
        break;
      case "60":
        opening = balanceOf(field);
        if (!opening) bad("a balance");
        break;
      case "62":
        closing = balanceOf(field);
        if (!closing) bad("a balance");
        else if (!closing.isClean) bad("a whole balance; what follows the figure was not read");
        isClosed = true;
        break;
      case "61": {
        const line = movementOf(field, problems.add);
        if (line) drafts.push(line);
        isClosed = false;
        break;
      }
      case "86": {
        const last = drafts.at(-1);
        // After the closing balance :86: is about the statement, not about its last line.
        if (last && !isClosed) last.more.push(...field.text);
        break;
      }
      case "90":
        totals.push({ tag: field.tag, line: field.line, text: head });
        break;
      default:
        break;
    }
  }
  const lines = drafts.map(withNarration);
  for (const total of totals) checkTotal(total, lines, problems.add);
  return {
    account,
    currency: opening?.currency ?? closing?.currency ?? floor,
    opening: opening?.amount,
    closing: closing?.amount,
    openedOn: opening?.on,
    closedOn: closing?.on,
    lines,
    fileLine: group[0]?.line ?? 1,
    problems: problems.list,
  };
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;

// "BANKCODE/ACCOUNT", "IBAN", "ACCOUNT EUR", "ACCOUNTEUR".
const accountOf = (text: string): string => (text.trim().split("/").at(-1) ?? "").trim().replace(/\s*[A-Z]{3}$/, "");

function balanceOf(field: Field): (Balance & { readonly isClean: boolean }) | undefined {
  const m = /^\s*(R?[CD])\s*(\d{6})\s*([A-Z]{3})\s*(-?[\d.]*,?\d*)\s*(.*)$/.exec(field.text[0] ?? "");
  const amount = m ? exact((m[4] ?? "").replace(/,$/, "")) : undefined;
  if (!m || amount === undefined) return undefined;
  const isDebit = m[1] === "D" || m[1] === "RC";
  return {
    amount: isDebit ? -amount : amount,
    currency: m[3] ?? "",
    on: yymmdd(m[2] ?? ""),
    isClean: !/\d/.test(m[5] ?? ""),
  };
}

const MOVEMENT =
  /^\s*(\d{6})(\d{4}|\s{1,4})?\s*(R[CD]|E[CD]|C|D)\s*([A-Z])?\s*(-?(?:\d[\d.]*(?:,\d*)?|,\d+))\s*(.*)$/is;

function movementOf(field: Field, refuse: Refuse): Draft | undefined {
  // A line that a system broke in the middle is put together again, as far as it must be.
  let m: RegExpExecArray | null = null;
  let used = 0;
  for (; used < Math.min(3, field.text.length) && !m; used++) {
    m = MOVEMENT.exec(field.text.slice(0, used + 1).join(""));
    const next = field.text[used + 1];
    // Cut within the amount: no transaction type follows yet.
    if (m && (m[6] ?? "").trim() === "" && next !== undefined && /^[\d,]+\s*[NFS][A-Z0-9]/.test(next)) m = null;
  }
  const amount = m ? exact((m[5] ?? "").replace(/,$/, "")) : undefined;
  if (!m || amount === undefined) {
    refuse(
      "STATEMENT_AMOUNT",
      `"${(field.text[0] ?? "").slice(0, 60)}" is not a statement line (value date, mark, amount, type)`,
      field.line,
      ":61:",
    );
    return undefined;
  }
  const mark = (m[3] ?? "").toUpperCase();
  const isCredit = mark === "C" || mark === "RD" || mark === "EC";
  const valueDate = yymmdd(m[1] ?? "");
  const entry = (m[2] ?? "").trim();
  const date = entry === "" ? valueDate : entryDay(entry, valueDate);
  if (!valueDate || !date)
    refuse("STATEMENT_DATE", `"${m[1]}${entry}" is not a value date with an entry day`, field.line, ":61:");
  const rest = m[6] ?? "";
  const type = /^([A-Z][A-Z0-9 ]{3})(.*)$/s.exec(rest);
  const [customer = "", ...bank] = (type?.[2] ?? rest).split("//");
  const refs = [customer, bank.join("//")]
    .map((r) => r.trim())
    .filter((r) => r !== "" && !/^(NONREF|NOREF|0+)$/i.test(r));
  return {
    line: {
      fileLine: field.line,
      date,
      valueDate,
      amount: isCredit ? amount : -amount,
      narration: "",
      reference: refs[0] ?? "",
      ...(mark.startsWith("E") ? { isPending: true } : {}),
      ...(mark.startsWith("R") ? { isReversal: true } : {}),
      ...(amount < 0n ? { isNegative: true } : {}),
    },
    head: narrationOf([refs[1], ...field.text.slice(used)]),
    more: [],
  };
}

function yymmdd(text: string): LocalDate | undefined {
  const [year, month, day] = [text.slice(0, 2), text.slice(2, 4), text.slice(4, 6)].map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  // Banks that count months of 30 days write 30 February; the money is there on the last day of the month.
  for (let d = day; d >= day - 2 && d >= 28 && month === 2; d--) {
    const found = dayOf(fullYear(year), month, d);
    if (found && day <= 30) return found;
  }
  return dayOf(fullYear(year), month, day);
}

// The entry day has no year: of the three possible ones the nearest to the value date, so that 31 December and 2 January meet.
function entryDay(mmdd: string, valueDate: LocalDate | undefined): LocalDate | undefined {
  if (!valueDate) return undefined;
  const year = Number(valueDate.slice(0, 4));
  const candidates = [year - 1, year, year + 1].flatMap((y) => {
    const day = yymmdd(`${String(y % 100).padStart(2, "0")}${mmdd}`);
    return day ? [day] : [];
  });
  const distance = (d: LocalDate): number => Math.abs(Date.parse(d) - Date.parse(valueDate));
  return candidates.sort((a, b) => distance(a) - distance(b))[0];
}

function withNarration(draft: Draft): ReadLine {
  const structured = subFieldsOf(draft.more);
  const plain = structured ?? joinWrapped(draft.more);
  return { ...draft.line, narration: narrationOf([plain, draft.head]) };
}

// A line that fills its 65 places was broken by the format, not by a word.
function joinWrapped(lines: readonly string[]): string {
  let text = "";
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    text += (before === undefined || before.length >= 65 ? "" : " ") + line;
  }
  return text;
}

/** "166?00CREDIT?20UTR…?21…?32NAME": the parts of the purpose joined as they were cut, then the name and the text of the posting. */
function subFieldsOf(lines: readonly string[]): string | undefined {
  const text = lines.join("");
  const mark = /^\d{3}\?\d\d/.test(text) || /^\?\d\d/.test(text) ? "?" : /^(\d{3})?>\d\d/.test(text) ? ">" : undefined;
  if (mark === undefined) return undefined;
  const parts = text.split(new RegExp(`\\${mark}(?=\\d\\d)`)).slice(1);
  const of = (from: number, to: number): string[] =>
    parts.flatMap((p) => (Number(p.slice(0, 2)) >= from && Number(p.slice(0, 2)) <= to ? [p.slice(2)] : []));
  return narrationOf([
    [...of(20, 29), ...of(60, 63)].join(""),
    of(32, 33).join(""),
    of(0, 0).join(""),
    of(31, 31).join(""),
  ]);
}

// ":90D:2INR1500,00": count and sum of the debits of an interim report.
function checkTotal(
  total: { readonly tag: string; readonly line: number; readonly text: string },
  lines: readonly ReadLine[],
  refuse: Refuse,
): void {
  const m = /^(\d{1,5})([A-Z]{3})([\d.]*,?\d*)/.exec(total.text.trim());
  const amount = m ? exact((m[3] ?? "").replace(/,$/, "")) : undefined;
  if (!m || amount === undefined) {
    refuse("STATEMENT_FORMAT", `"${total.text.slice(0, 60)}" is not a count with a sum`, total.line, `:${total.tag}:`);
    return;
  }
  const own = lines.filter((l) => (total.tag === "90C" ? l.amount > 0n : l.amount < 0n) && !l.isPending);
  const found = own.reduce((s, l) => s + (l.amount < 0n ? -l.amount : l.amount), 0n);
  if (Number(m[1]) !== own.length || found !== amount)
    refuse(
      "STATEMENT_CONTROL",
      `${Number(m[1])} ${total.tag === "90C" ? "credits" : "debits"} of ${exactText(amount)} are stated, the lines are ${own.length} of ${exactText(found)}`,
      total.line,
      `:${total.tag}:`,
    );
}

/** Whether a text has the fields of a SWIFT statement. */
export const looksLikeMt940 = (text: string): boolean =>
  /^\uFEFF?\s*\{1:/.test(text) || /(^|\n|\r|\{4:)\s{0,3}:(20|25|28C?|60[FM]|61|34F):/.test(text.slice(0, 20_000));
