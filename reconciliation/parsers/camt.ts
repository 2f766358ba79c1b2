import { SaxesParser } from "saxes";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import {
  exact,
  isoDay,
  LIMITS,
  narrationOf,
  problemList,
  unreadable,
  type Exact,
  type Reading,
  type ReadLine,
} from "./reading.ts";

/** Elements of one entry; a batch of more parts than this is no statement. */
const NODES_PER_ENTRY = 400_000;

/**
 * ISO 20022 bank to customer messages, every version: camt.052 (report), .053 (statement), .054 (notification). Elements are known by their
 * local names, so that namespaces, prefixes and envelopes make no difference. The bank's line is the entry (Ntry); its transaction
 * details are parts of it, named in the narration. CdtDbtInd is already the direction of a reversal; where the balances say otherwise the
 * proof turns it. Entries that are pending, announced or for information are no money. A document type declaration is refused.
 */
export function readCamt(text: string): Reading {
  const head = /<!DOCTYPE|<!ENTITY/i.exec(text);
  if (head)
    return unreadable(
      "camt",
      "STATEMENT_FORMAT",
      "the file declares a document type or entities; a bank's message has none",
      text.slice(0, head.index).split("\n").length,
    );
  const parser = new SaxesParser({ xmlns: false, position: true });
  const statements: Draft[] = [];
  let version = "camt";
  let current: Draft | undefined;
  let depth = 0;
  let stack: Node[] = [];
  let nodes = 0;
  let lines = 0;
  let failure: { readonly code: string; readonly message: string; readonly line: number } | undefined;
  const fail = (code: string, message: string): void => {
    failure ??= { code, message, line: parser.line };
  };

  parser.on("error", (error) =>
    fail("STATEMENT_FORMAT", `not well-formed XML: ${error.message.replace(/^[^:]*:\d+: /, "")}`),
  );
  parser.on("opentag", (tag) => {
    depth += 1;
    if (depth > LIMITS.depth) fail("STATEMENT_FORMAT", `elements nested deeper than ${LIMITS.depth}`);
    const name = localName(tag.name);
    const names = /camt\.05[234]\.001\.\d\d/.exec(Object.values(tag.attributes).join(" "));
    if (names && version === "camt") version = names[0];
    if (failure) return;
    if (CONTAINERS.has(name) && stack.length === 0 && !current) {
      current = { lines: [], fileLine: parser.line, problems: problemList(), balances: [], depth, created: undefined };
      statements.push(current);
      return;
    }
    if (!current) return;
    nodes = stack.length === 0 ? 1 : nodes + 1;
    if (nodes > NODES_PER_ENTRY)
      return fail("STATEMENT_TOO_LARGE", `more than ${NODES_PER_ENTRY} elements in one part of a statement`);
    const node: Node = { name, text: "", children: [], line: parser.line, currency: tag.attributes.Ccy };
    stack.at(-1)?.children.push(node);
    stack.push(node);
  });
  parser.on("text", (chunk) => {
    const node = stack.at(-1);
    if (node && node.text.length < LIMITS.cellChars) node.text += chunk;
  });
  parser.on("cdata", (chunk) => {
    const node = stack.at(-1);
    if (node && node.text.length < LIMITS.cellChars) node.text += chunk;
  });
  parser.on("closetag", (tag) => {
    depth -= 1;
    if (failure || !current) return;
    if (depth < current.depth) {
      current = undefined;
      stack = [];
      return;
    }
    const node = stack.pop();
    if (stack.length > 0 || !node) return;
    if (localName(tag.name) === "Ntry") {
      lines += 1;
      if (lines > LIMITS.lines) return fail("STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} entries`);
      entryOf(node, current);
    } else partOf(node, current);
  });

  // In pieces, so that a damaged file is left at its first fault.
  for (let from = 0; from < text.length && !failure; from += 65_536) parser.write(text.slice(from, from + 65_536));
  if (!failure) parser.close();
  if (failure) return unreadable("camt", failure.code, failure.message, failure.line);
  if (statements.length === 0)
    return unreadable("camt", "STATEMENT_EMPTY", "the message has no statement, report or notification in it");
  return {
    ok: true,
    format: "camt",
    variant: version,
    statements: statements.map(({ problems, balances, depth: _depth, created, ...s }) => ({
      ...s,
      lines:
        created === undefined
          ? s.lines
          : s.lines.map((l) => (l.date ? l : { ...l, date: created, valueDate: created })),
      ...balancesOf(balances),
      problems: problems.list,
    })),
  };
}

const CONTAINERS = new Set(["Stmt", "Rpt", "Ntfctn"]);

type Node = {
  readonly name: string;
  text: string;
  readonly children: Node[];
  readonly line: number;
  readonly currency: string | undefined;
};
type StatedBalance = {
  readonly kind: string;
  readonly amount: Exact;
  readonly currency: string | undefined;
  readonly on: LocalDate | undefined;
};
type Draft = {
  account?: string | undefined;
  currency?: string | undefined;
  lines: ReadLine[];
  readonly fileLine: number;
  readonly problems: ReturnType<typeof problemList>;
  readonly balances: StatedBalance[];
  readonly depth: number;
  created: LocalDate | undefined;
};

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);

const child = (node: Node | undefined, ...path: readonly string[]): Node | undefined => {
  let at = node;
  for (const name of path) at = at?.children.find((c) => c.name === name);
  return at;
};
const children = (node: Node | undefined, name: string): Node[] => node?.children.filter((c) => c.name === name) ?? [];
const textOf = (node: Node | undefined, ...path: readonly string[]): string => child(node, ...path)?.text.trim() ?? "";

function all(node: Node | undefined, name: string): Node[] {
  if (!node) return [];
  return node.children.flatMap((c) => (c.name === name ? [c] : all(c, name)));
}

/** A day or the day of a moment, as the bank wrote it; also where a sender puts the text straight into the element. */
function dayIn(node: Node | undefined): LocalDate | undefined {
  const text = textOf(node, "Dt") || textOf(node, "DtTm") || textOf(node, "Dt", "DtTm") || (node?.text.trim() ?? "");
  return isoDay(text.slice(0, 10));
}

function signed(node: Node, current: Draft, what: string): Exact | undefined {
  const amount = child(node, "Amt");
  const value = exact(amount?.text ?? "");
  const direction = textOf(node, "CdtDbtInd");
  if (value === undefined || /,/.test(amount?.text ?? "")) {
    current.problems.add(
      "STATEMENT_AMOUNT",
      `"${(amount?.text ?? "").slice(0, 40)}" is not an amount`,
      node.line,
      `${what}/Amt`,
    );
    return undefined;
  }
  // A balance without its mark is taken for a credit: the proof tells whether it was.
  if (what === "Bal" && child(node, "CdtDbtInd") === undefined) return value;
  if (direction !== "CRDT" && direction !== "DBIT") {
    current.problems.add(
      "STATEMENT_AMOUNT",
      `"${direction.slice(0, 40)}" is neither CRDT nor DBIT`,
      node.line,
      `${what}/CdtDbtInd`,
    );
    return undefined;
  }
  return direction === "DBIT" ? -value : value;
}

function partOf(node: Node, current: Draft): void {
  switch (node.name) {
    case "Acct":
      current.account =
        textOf(node, "Id", "IBAN") || textOf(node, "Id", "Othr", "Id") || all(child(node, "Id"), "Id")[0]?.text.trim();
      current.currency = textOf(node, "Ccy") || undefined;
      break;
    case "CreDtTm":
      current.created = isoDay(node.text.trim().slice(0, 10));
      break;
    case "Bal": {
      const amount = signed(node, current, "Bal");
      const kind = all(child(node, "Tp"), "Cd")[0]?.text.trim() ?? "";
      if (amount !== undefined)
        current.balances.push({ kind, amount, currency: child(node, "Amt")?.currency, on: dayIn(child(node, "Dt")) });
      break;
    }
    default:
      break;
  }
}

const NOTHING = /^(NOTPROVIDED|NONREF|NOREF|NA|N\/A|0*)$/i;

function entryOf(node: Node, current: Draft): void {
  const amount = signed(node, current, "Ntry");
  if (amount === undefined) return;
  const status = textOf(node, "Sts", "Cd") || textOf(node, "Sts", "Prtry") || textOf(node, "Sts");
  const booked = dayIn(child(node, "BookgDt"));
  const valued = dayIn(child(node, "ValDt"));
  const details = all(child(node, "NtryDtls"), "TxDtls").concat(children(node, "TxDtls"));
  const refs = [
    ...details.flatMap((d) =>
      ["EndToEndId", "TxId", "UETR", "InstrId", "ChqNb", "AcctSvcrRef"].map((k) => textOf(d, "Refs", k)),
    ),
    textOf(node, "AcctSvcrRef"),
    textOf(node, "NtryRef"),
  ].filter((r) => !NOTHING.test(r));
  const unique = [...new Set(refs)];
  // Of a batch no part speaks for the whole; the bank's own reference does.
  const own = [textOf(node, "AcctSvcrRef"), textOf(node, "NtryRef")].find((r) => !NOTHING.test(r));
  const reference = details.length > 1 ? (own ?? unique[0]) : (unique[0] ?? own);
  current.lines.push({
    fileLine: node.line,
    date: booked ?? valued,
    valueDate: valued ?? booked,
    amount,
    narration: narrationOf([
      ...details.flatMap((d) =>
        [...all(child(d, "RmtInf"), "Ustrd"), ...all(child(d, "RmtInf"), "Ref")].map((u) => u.text),
      ),
      ...details.map((d) => textOf(d, "AddtlTxInf")),
      textOf(node, "AddtlNtryInf"),
      ...details.flatMap((d) => all(child(d, "RltdPties"), "Nm").map((n) => n.text)),
      ...unique.filter((r) => r !== reference),
    ]),
    reference: reference ?? "",
    ...(status !== "" && status !== "BOOK" ? { isPending: true } : {}),
    ...(textOf(node, "RvslInd") === "true" || textOf(node, "RvslInd") === "1" ? { isReversal: true } : {}),
  });
  const currency = child(node, "Amt")?.currency;
  current.currency ??= currency;
  if (currency !== undefined && current.currency !== undefined && currency !== current.currency)
    current.problems.add(
      "STATEMENT_CURRENCY",
      `an entry in ${currency} stands in a statement in ${current.currency}`,
      node.line,
      "Ntry/Amt",
    );
}

/** Booked balances: opening (else that of the statement before) and closing. Interim and available balances prove nothing. */
function balancesOf(balances: readonly StatedBalance[]) {
  // A statement over several days may state each day's balances: the earliest opening and the latest closing are its own.
  const of = (kind: string): StatedBalance[] =>
    balances.filter((b) => b.kind === kind).sort((a, b) => (a.on ?? "").localeCompare(b.on ?? ""));
  const opening = of("OPBD")[0] ?? of("PRCD")[0];
  const last = of("CLBD").at(-1)?.on;
  const closing = of("CLBD").find((b) => b.on === last);
  return {
    opening: opening?.amount,
    closing: closing?.amount,
    openedOn: opening?.on,
    closedOn: closing?.on,
  };
}

/** Whether a text is one of the three messages. */
export const looksLikeCamt = (text: string): boolean =>
  /<([A-Za-z0-9_.-]+:)?BkToCstmr(Stmt|AcctRpt|DbtCdtNtfctn)/.test(text.slice(0, 65_536)) ||
  /^\uFEFF?\s*<[^]{0,2000}camt\.05[234]/.test(text.slice(0, 4096));
