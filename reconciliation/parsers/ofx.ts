import type { LocalDate } from "../../ledger/kernel/dates.ts";
import {
  dayOf,
  exact,
  LIMITS,
  narrationOf,
  problemList,
  unreadable,
  type Exact,
  type Reading,
  type ReadLine,
} from "./reading.ts";

/**
 * OFX and QFX: 1.x is SGML whose end tags may be missing, 2.x is XML; both are read as a stream of tags with values, without entities of the
 * file's own. TRNAMT carries its sign. There is no opening balance in the format; LEDGERBAL is what the bank says the account held.
 */
export function readOfx(text: string): Reading {
  const version = /VERSION\s*[:=]\s*"?(\d{3})/.exec(text.slice(0, 2000))?.[1];
  const variant = `OFX ${version ?? "?"}`;
  const statements: Draft[] = [];
  let current: Draft | undefined;
  let record: Map<string, string> | undefined;
  let recordLine = 0;
  let within: "ledger" | undefined;
  let lines = 0;
  let failure: string | undefined;
  let isClosed = false;

  const finish = (): void => {
    if (record && current) {
      movementOf(record, recordLine, current);
      lines += 1;
    }
    record = undefined;
  };
  const at = lineCounter(text);
  for (const { name, isEnd, value, index } of tagsOf(text)) {
    if (lines > LIMITS.lines) return unreadable("ofx", "STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} lines`);
    if (isEnd) {
      if (name === "STMTTRN" || name === "BANKTRANLIST") finish();
      if (name === "LEDGERBAL") within = undefined;
      if (name === "OFX") isClosed = true;
      continue;
    }
    switch (name) {
      case "STMTRS":
      case "CCSTMTRS":
      case "INVSTMTRS":
        finish();
        current = {
          account: undefined,
          currency: undefined,
          closing: undefined,
          closedOn: undefined,
          lines: [],
          fileLine: at(index),
          problems: problemList(),
        };
        statements.push(current);
        within = undefined;
        break;
      case "STMTTRN":
        finish();
        record = new Map();
        recordLine = at(index);
        if (!current) return unreadable("ofx", "STATEMENT_FORMAT", "a movement stands outside a statement", recordLine);
        break;
      case "LEDGERBAL":
        finish();
        within = "ledger";
        break;
      case "AVAILBAL":
      case "BAL":
        finish();
        within = undefined;
        break;
      case "MESSAGE":
        if (!current) failure ??= value;
        break;
      default:
        if (record) {
          if (!record.has(name)) record.set(name, value);
        } else if (current) {
          headOf(name, value, within, current, at(index));
        }
    }
  }
  finish();
  if (statements.length === 0)
    return unreadable(
      "ofx",
      "STATEMENT_EMPTY",
      failure === undefined || failure === ""
        ? "the file has no statement"
        : `the file has no statement; the bank says: ${failure.slice(0, 200)}`,
    );
  return {
    ok: true,
    format: "ofx",
    variant,
    statements: statements.map(({ problems, ...s }) => ({
      ...s,
      problems: isClosed
        ? problems.list
        : [
            ...problems.list,
            { code: "STATEMENT_TRUNCATED", message: "the file does not end with </OFX>: it was cut off" },
          ],
    })),
  };
}

type Draft = {
  account: string | undefined;
  currency: string | undefined;
  closing: Exact | undefined;
  closedOn: LocalDate | undefined;
  lines: ReadLine[];
  fileLine: number;
  problems: ReturnType<typeof problemList>;
};

type Tag = { readonly name: string; readonly isEnd: boolean; readonly value: string; readonly index: number };

function* tagsOf(text: string): Generator<Tag> {
  const body = text.search(/<OFX\b/i);
  const tag = /<(\/?)([A-Za-z][A-Za-z0-9._]{0,60})\s*(\/?)>/g;
  tag.lastIndex = Math.max(0, body);
  let open = tag.exec(text);
  while (open) {
    const next = tag.exec(text);
    const isEnd = open[1] === "/";
    const from = open.index + open[0].length;
    // Values are short; what stands between an end tag and the next tag is white space.
    const value =
      isEnd || open[3] === "/"
        ? ""
        : plain(text.slice(from, Math.min(next?.index ?? text.length, from + LIMITS.cellChars)));
    yield { name: (open[2] ?? "").toUpperCase(), isEnd, value, index: open.index };
    open = next;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

function plain(value: string): string {
  return value
    .replace(/<!\[CDATA\[([^]*?)\]\]>/g, "$1")
    .replace(/<!--[^]*?-->/g, "")
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => ENTITIES[name] ?? "")
    .trim();
}

/** Line numbers for rising positions, counted once. */
function lineCounter(text: string): (index: number) => number {
  let line = 1;
  let at = 0;
  return (index) => {
    for (; at < index; at++) if (text.charCodeAt(at) === 10) line += 1;
    return line;
  };
}

function headOf(name: string, value: string, within: "ledger" | undefined, current: Draft, line: number): void {
  if (name === "CURDEF") current.currency ??= value;
  else if (name === "ACCTID") current.account ??= value;
  else if (name === "BALAMT" && within === "ledger") {
    const amount = exact(value);
    if (amount === undefined)
      current.problems.add("STATEMENT_AMOUNT", `"${value.slice(0, 40)}" is not an amount`, line, "BALAMT");
    else current.closing ??= amount;
  } else if (name === "DTASOF" && within === "ledger") current.closedOn ??= dateOf(value);
}

// "20250401120000[+5.5:IST]": the day as the bank wrote it, in its own time.
const dateOf = (text: string): LocalDate | undefined => {
  const m = /^(\d{4})-?(\d\d)-?(\d\d)/.exec(text.trim());
  return m ? dayOf(Number(m[1]), Number(m[2]), Number(m[3])) : undefined;
};

function movementOf(record: ReadonlyMap<string, string>, line: number, current: Draft): void {
  const amountText = record.get("TRNAMT") ?? "";
  const amount = amountOf(amountText);
  if (amount === undefined) {
    current.problems.add("STATEMENT_AMOUNT", `"${amountText.slice(0, 40)}" is not an amount`, line, "TRNAMT");
    return;
  }
  const posted = record.get("DTPOSTED") ?? "";
  const date = dateOf(posted);
  if (!date) current.problems.add("STATEMENT_DATE", `"${posted.slice(0, 40)}" is not a date`, line, "DTPOSTED");
  const references = ["CHECKNUM", "REFNUM"].map((k) => record.get(k) ?? "").filter((r) => r !== "" && !/^0+$/.test(r));
  current.lines.push({
    fileLine: line,
    date,
    valueDate: dateOf(record.get("DTAVAIL") ?? "") ?? date,
    amount,
    narration: narrationOf([record.get("NAME"), record.get("PAYEE"), record.get("MEMO")]),
    reference: references[0] ?? record.get("FITID") ?? "",
  });
}

// The format has no grouping marks, so one comma is a decimal mark; three digits behind it could be either.
function amountOf(text: string): Exact | undefined {
  const t = text.replace(/^([+-])\s+/, "$1");
  return /^[+-]?\d{1,3},\d{3}$/.test(t) ? undefined : exact(t);
}

/** Whether a text is OFX: the root stands in its beginning, behind any header. */
export const looksLikeOfx = (text: string): boolean => /OFXHEADER|<OFX>/i.test(text.slice(0, 8000));
