import { createHash } from "node:crypto";
import { addDays, formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Problem } from "../ledger/kernel/errors.ts";
import { isUuid, newId } from "../ledger/kernel/ids.ts";
import { formatIndian, paise, subtract, type Paise } from "../ledger/kernel/money.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { pgArray, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { bankAccountOfHead, lockedBankAccount, writeBankAccount, type BankAccount } from "./bank-accounts.ts";
import { reconciliationErrors } from "./errors.ts";
import type { ParsedLine, ParsedStatement } from "./parsers/prove.ts";
import { KnownRows, SERVER } from "./known-rows.ts";
import { parseStatementFile } from "./parsers/read.ts";
import { ownProfiles } from "./columns/own-profiles.ts";
import { BANK_PROFILES, type BankProfile } from "./profiles.ts";

export type StatementImport = {
  readonly account: string;
  /** The file as the bank sent it, in any format; text made by ourselves may come as such. The name decides nothing. */
  readonly csv: string | Uint8Array;
  readonly fileName: string;
  /** Profile id of a table; the account's own, or recognised by the header, when not said. */
  readonly profile?: string;
  /** Layouts to read a table by, instead of all that are known. */
  readonly profiles?: readonly BankProfile[];
  /** The last day the statement covers, when its page says so; its last line otherwise. */
  readonly through?: LocalDate;
  /** Control figures copied from the bank's page; a file without balances of its own needs the closing one. */
  readonly expected?: { readonly opening?: Paise; readonly closing?: Paise; readonly lines?: number };
};

export type StatementReport =
  | {
      readonly status: "imported" | "unchanged";
      readonly profile: string;
      readonly from: LocalDate;
      readonly to: LocalDate;
      readonly opening: Paise;
      readonly closing: Paise;
      readonly linesInFile: number;
      readonly linesAdded: number;
      readonly problems: readonly Problem[];
    }
  | {
      readonly status: "refused";
      readonly linesInFile: number;
      readonly linesAdded: 0;
      readonly problems: readonly Problem[];
    };

/**
 * Stores a bank statement of any format, all of it or nothing. It must prove itself (see `prove`) and continue what is stored of the account:
 * the first new line follows the last known balance (or, for an older statement, the last one leads to the first known balance).
 * A bank head that nobody has set up becomes a bank account with its first statement.
 * The same file twice, or the lines two files share, add nothing; of equal lines the k-th is the k-th. Problems are returned with line,
 * rule and arithmetic (status "refused"), and then nothing was written. Raises BANK_ACCOUNT_UNKNOWN.
 */
export async function importStatement(tx: Tx, input: StatementImport): Promise<StatementReport> {
  const known = await lockedBankAccount(tx, input.account);
  const checked = await checkStatement(tx, input, known);
  if (!checked.ok)
    return { status: "refused", linesInFile: checked.linesInFile, linesAdded: 0, problems: checked.problems };
  const { bytes, bank, statement, prints, place, chain } = checked;
  const to = input.through !== undefined && input.through > statement.to ? input.through : statement.to;
  const figures = {
    profile: statement.profile,
    from: statement.from,
    to,
    opening: statement.opening,
    closing: statement.closing,
    problems: [],
  };
  const added = place.before + place.after;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const stored = await tx.queryOne(
    "select 1 from reconciliation.statement_files where ulb_id = :ulb and account = :account and sha256 = :sha",
    { ulb: tx.ulb.id, account: input.account, sha: sha256 },
  );
  if (stored && added === 0)
    return { status: "unchanged", linesInFile: statement.lines.length, linesAdded: 0, ...figures };

  if (!known) await writeBankAccount(tx, bank);
  const now = tx.clock();
  const fileId = newId(now.getTime());
  const statementId = newId(now.getTime());
  await tx.query(
    `insert into reconciliation.statement_files (ulb_id, file_id, account, file_name, sha256, bytes, imported_by, imported_at)
     values (:ulb, :id, :account, :name, :sha, :bytes, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: fileId,
      account: input.account,
      name: input.fileName.slice(0, 200),
      sha: sha256,
      bytes,
      actor: tx.actor.id,
      now,
    },
  );
  await tx.query(
    `insert into reconciliation.statements (ulb_id, statement_id, account, file_id, profile, from_date, to_date, opening, closing, lines_in_file, lines_added)
     values (:ulb, :id, :account, :file, :profile, :from_day, :to_day, :opening, :closing, :in_file, :added)`,
    {
      ulb: tx.ulb.id,
      id: statementId,
      account: input.account,
      file: fileId,
      profile: statement.profile,
      from_day: statement.from,
      to_day: to,
      opening: statement.opening,
      closing: statement.closing,
      in_file: statement.lines.length,
      added,
    },
  );
  await storeLines(tx, input.account, statementId, statement, prints, place, chain);
  await audit(tx, {
    action: "import",
    subject: "bank-statement",
    subjectId: statementId,
    after: { account: input.account, file: input.fileName.slice(0, 200), sha256, lines: statement.lines.length, added },
  });
  return {
    status: added > 0 ? "imported" : "unchanged",
    linesInFile: statement.lines.length,
    linesAdded: added,
    ...figures,
  };
}

type Refused = {
  readonly ok: false;
  readonly linesInFile: number;
  readonly problems: readonly Problem[];
  /** What proved by itself, but is not of this account or does not continue it. */
  readonly statement?: ParsedStatement;
};
type Checked = {
  readonly ok: true;
  readonly bytes: Buffer;
  readonly bank: BankAccount;
  readonly statement: ParsedStatement;
  readonly prints: readonly Print[];
  readonly place: Place;
  readonly chain: Chain | undefined;
};

/**
 * What importing a file would come to, without writing: the statement with its place in what is known of the account, or the problems.
 * Raises BANK_ACCOUNT_UNKNOWN, OPENING_MATCHED.
 */
export async function checkStatement(
  read: Read,
  input: StatementImport,
  known: BankAccount | undefined,
): Promise<Checked | Refused> {
  const bytes = typeof input.csv === "string" ? Buffer.from(input.csv) : Buffer.from(input.csv);
  const chain = await chainEnds(read, input.account);
  const parsed = await parseStatementFile(bytes, {
    accountEnds: known === undefined || known.numberMasked === "" ? undefined : known.numberMasked.slice(-4),
    profile: input.profile,
    usualProfile: known?.profile ?? undefined,
    profiles: input.profiles ?? [...(await ownProfiles(read)), ...BANK_PROFILES],
    isContinuation: chain !== undefined,
    ...(input.expected ? { expected: input.expected } : {}),
  });
  if (!parsed.ok) return { ok: false, linesInFile: 0, problems: parsed.problems };
  const { statement } = parsed;
  const bank = known ?? (await bankAccountOfHead(read, input.account, statement.accountEnds));
  const refused = (problem: Problem): Refused => ({
    ok: false,
    linesInFile: statement.lines.length,
    problems: [problem],
    statement,
  });
  if (
    statement.accountEnds !== undefined &&
    bank.numberMasked !== "" &&
    !bank.numberMasked.endsWith(statement.accountEnds)
  ) {
    return refused({
      code: "STATEMENT_ACCOUNT",
      message: `the file is a statement of an account ending in ${statement.accountEnds}; account ${input.account} is ${bank.numberMasked}`,
    });
  }

  const prints = fingerprints(input.account, statement.lines);
  const positions = await knownPositions(read, input.account, statement.lines, prints, chain);
  const place = placeOf(statement, positions, chain);
  if ("code" in place) return refused(place);
  // An opening balance that was reckoned from the closing one is proved by what is known before it, and by nothing else.
  if (place.before > 0 && statement.isOpeningInferred === true)
    return refused({
      code: "STATEMENT_UNPROVED",
      message:
        `the file states no opening balance and begins before what is known of the account, so nothing shows that no line is missing ` +
        `(its closing balance ${formatIndian(statement.closing)} less its lines is ${formatIndian(statement.opening)}); give the opening balance of the bank's page`,
    });
  if (place.before > 0 && chain && (await isOpeningMatched(read, input.account))) {
    throw reconciliationErrors.OPENING_MATCHED({ account: input.account });
  }

  return { ok: true, bytes, bank, statement, prints, place, chain };
}

type Print = { readonly fingerprint: string; readonly occurrence: number };

/** The fingerprint of each line and, for lines that are equal in everything, which of them it is. */
function fingerprints(account: string, lines: readonly ParsedLine[]): Print[] {
  const seen = new Map<string, number>();
  return lines.map((l) => {
    const narration = l.narration.toUpperCase().replace(/\s+/g, " ").trim();
    const parts = [account, l.date, l.valueDate, l.amount, l.balance, narration, l.reference.trim()];
    const fingerprint = createHash("sha256").update(parts.join("\u001f")).digest("hex");
    const occurrence = (seen.get(fingerprint) ?? 0) + 1;
    seen.set(fingerprint, occurrence);
    return { fingerprint, occurrence };
  });
}

/** Where lines of the file are in what is stored, if they are. A line after the last day that is known cannot be. */
async function knownPositions(
  read: Read,
  account: string,
  lines: readonly ParsedLine[],
  prints: readonly Print[],
  chain: Chain | undefined,
): Promise<(bigint | undefined)[]> {
  const asked = new Set<string>();
  lines.forEach((l, i) => {
    const print = prints[i];
    if (chain && print && l.date <= chain.last.bookedOn) asked.add(print.fingerprint);
  });
  if (asked.size === 0) return prints.map(() => undefined);
  // By the key, one after the other: a plan made before the last file was stored would read the whole account.
  const rows = await read.query<{ fingerprint: string; occurrence: number; position: bigint }>(
    `select b.fingerprint, b.occurrence, b.position
     from unnest(:prints::text[]) as p (print)
     cross join lateral (
       select fingerprint, occurrence, position from reconciliation.bank_lines
       where ulb_id = :ulb and account = :account and fingerprint = p.print
       order by occurrence limit :most
     ) b`,
    { ulb: read.ulb.id, account, prints: [...asked], most: prints.length },
  );
  const at = new Map(rows.map((r) => [`${r.fingerprint}/${r.occurrence}`, r.position]));
  return prints.map((p) => at.get(`${p.fingerprint}/${p.occurrence}`));
}

type Chain = {
  readonly first: { readonly position: bigint; readonly bookedOn: LocalDate };
  readonly last: { readonly position: bigint; readonly bookedOn: LocalDate };
  readonly opening: Paise;
  readonly closing: Paise;
};

/** Both ends of what is stored of an account, or undefined when nothing is. */
export async function chainEnds(read: Read, account: string): Promise<Chain | undefined> {
  const rows = await read.query<{ position: bigint; booked_on: LocalDate; amount: bigint; balance: bigint }>(
    `(select position, booked_on, amount, balance from reconciliation.bank_lines
      where ulb_id = :ulb and account = :account order by position limit 1)
     union all
     (select position, booked_on, amount, balance from reconciliation.bank_lines
      where ulb_id = :ulb and account = :account order by position desc limit 1)`,
    { ulb: read.ulb.id, account },
  );
  const [first, last] = rows;
  if (!first || !last) return undefined;
  return {
    first: { position: first.position, bookedOn: first.booked_on },
    last: { position: last.position, bookedOn: last.booked_on },
    opening: paise(first.balance - first.amount),
    closing: paise(last.balance),
  };
}

/** How many lines of the file come before what is known, and how many after. */
type Place = { readonly before: number; readonly after: number };

function placeOf(
  statement: ParsedStatement,
  known: readonly (bigint | undefined)[],
  chain: Chain | undefined,
): Place | Problem {
  const n = known.length;
  if (!chain) return { before: 0, after: n };
  const firstKnown = known.findIndex((p) => p !== undefined);
  if (firstKnown < 0) {
    const follows = statement.opening === chain.closing && statement.from >= chain.last.bookedOn;
    const precedes = statement.closing === chain.opening && statement.to <= chain.first.bookedOn;
    if (follows) return { before: 0, after: n };
    if (precedes) return { before: n, after: 0 };
    return statement.from >= chain.last.bookedOn || statement.opening !== chain.closing
      ? gap(statement, chain)
      : {
          code: "STATEMENT_CONTRADICTS",
          message: `the file begins on ${formatDate(statement.from)}, the account is known up to ${formatDate(chain.last.bookedOn)}, but none of its lines are known`,
        };
  }
  const lastKnown = known.findLastIndex((p) => p !== undefined);
  for (let i = firstKnown; i <= lastKnown; i++) {
    const expected = (known[firstKnown] ?? 0n) + BigInt(i - firstKnown);
    if (known[i] !== expected) return contradiction(statement, i);
  }
  const before = firstKnown;
  const after = n - 1 - lastKnown;
  if (before > 0 && known[firstKnown] !== chain.first.position) return contradiction(statement, firstKnown - 1);
  if (after > 0 && known[lastKnown] !== chain.last.position) return contradiction(statement, lastKnown + 1);
  return { before, after };
}

function gap(statement: ParsedStatement, chain: Chain): Problem {
  const isLater = statement.to >= chain.last.bookedOn;
  const [what, ours, theirs, day] = isLater
    ? ["opens at", statement.opening, chain.closing, chain.last.bookedOn]
    : ["closes at", statement.closing, chain.opening, chain.first.bookedOn];
  return {
    code: "STATEMENT_GAP",
    message:
      `the file ${what} ${formatIndian(ours)}, but what is known of the account ${isLater ? "ends on" : "begins on"} ${formatDate(day)} with ${formatIndian(theirs)}: ` +
      `difference ${formatIndian(subtract(ours, theirs))}; a statement between them is missing`,
  };
}

function contradiction(statement: ParsedStatement, index: number): Problem {
  const line = statement.lines[index];
  return {
    code: "STATEMENT_CONTRADICTS",
    message: line
      ? `the line of ${formatDate(line.date)} with balance ${formatIndian(line.balance)} is not what the bank sent before for the same days`
      : "the file is not what the bank sent before for the same days",
    ...(line ? { line: line.fileLine } : {}),
  };
}

async function storeLines(
  tx: Tx,
  account: string,
  statementId: string,
  statement: ParsedStatement,
  prints: readonly Print[],
  place: Place,
  chain: Chain | undefined,
): Promise<void> {
  const n = statement.lines.length;
  const now = tx.clock().getTime();
  const rows: { line: ParsedLine; print: Print; position: bigint; bookedOn: LocalDate }[] = [];
  let booked = place.before > 0 || !chain ? statement.from : chain.last.bookedOn;
  statement.lines.forEach((line, i) => {
    const print = prints[i];
    if (!print) return;
    if (line.date > booked) booked = line.date;
    if (i < place.before) {
      const first = chain?.first;
      const bookedOn = first && booked > first.bookedOn ? first.bookedOn : booked;
      rows.push({ line, print, position: (first?.position ?? 1n) - BigInt(place.before - i), bookedOn });
    } else if (i >= n - place.after) {
      const start = (chain?.last.position ?? 0n) + 1n;
      const bookedOn = chain && booked < chain.last.bookedOn ? chain.last.bookedOn : booked;
      rows.push({ line, print, position: start + BigInt(i - (n - place.after)), bookedOn });
    }
  });
  for (let from = 0; from < rows.length; from += 5000) {
    const part = rows.slice(from, from + 5000);
    await tx.query(
      `insert into reconciliation.bank_lines (ulb_id, line_id, account, statement_id, file_line, position, posted_on, booked_on, value_date,
         amount, balance, narration, reference, fingerprint, occurrence)
       select :ulb, id, :account, :statement, file_line, position, posted_on, booked_on, value_day, amount, balance, narration, reference, print, nth
       from unnest(:ids::uuid[], :file_lines::integer[], :positions::bigint[], :posted::date[], :booked::date[], :value_days::date[],
         :amounts::bigint[], :balances::bigint[], :narrations::text[], :refs::text[], :prints::text[], :nths::integer[])
         as t (id, file_line, position, posted_on, booked_on, value_day, amount, balance, narration, reference, print, nth)`,
      {
        ulb: tx.ulb.id,
        account,
        statement: statementId,
        ids: pgArray(part.map(() => newId(now))),
        file_lines: pgArray(part.map((r) => r.line.fileLine)),
        positions: pgArray(part.map((r) => r.position)),
        posted: pgArray(part.map((r) => r.line.date)),
        booked: pgArray(part.map((r) => r.bookedOn)),
        value_days: pgArray(part.map((r) => r.line.valueDate)),
        amounts: pgArray(part.map((r) => r.line.amount)),
        balances: pgArray(part.map((r) => r.line.balance)),
        narrations: pgArray(part.map((r) => r.line.narration)),
        refs: pgArray(part.map((r) => r.line.reference)),
        prints: pgArray(part.map((r) => r.print.fingerprint)),
        nths: pgArray(part.map((r) => r.print.occurrence)),
      },
    );
  }
}

async function isOpeningMatched(read: Read, account: string): Promise<boolean> {
  const rows = await read.query(
    "select 1 from reconciliation.live_legs where ulb_id = :ulb and account = :account and kind = 'opening'",
    {
      ulb: read.ulb.id,
      account,
    },
  );
  return rows.length > 0;
}

export type StatementSummary = {
  readonly id: string;
  readonly account: string;
  readonly fileName: string;
  readonly profile: string;
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly opening: Paise;
  readonly closing: Paise;
  readonly linesInFile: number;
  readonly linesAdded: number;
  readonly importedBy: string;
  readonly importedAt: Date;
};

/** The statements of an account, newest first; at most 200. */
export async function listStatements(read: Read, account: string): Promise<StatementSummary[]> {
  return read.query<StatementSummary>(
    `select s.statement_id as id, s.account, f.file_name as "fileName", s.profile, s.from_date as "from", s.to_date as "to", s.opening, s.closing,
       s.lines_in_file as "linesInFile", s.lines_added as "linesAdded", f.imported_by as "importedBy", f.imported_at as "importedAt"
     from reconciliation.statements s
     join reconciliation.statement_files f on f.ulb_id = s.ulb_id and f.file_id = s.file_id
     where s.ulb_id = :ulb and s.account = :account
     order by s.to_date desc, f.imported_at desc
     limit 200`,
    { ulb: read.ulb.id, account },
  );
}

export type BankLine = {
  readonly id: string;
  readonly account: string;
  readonly date: LocalDate;
  /** The day from which it counts in the account's chain. */
  readonly bookedOn: LocalDate;
  readonly valueDate: LocalDate;
  readonly amount: Paise;
  readonly balance: Paise;
  readonly narration: string;
  readonly reference: string;
  /** The live match it is in, if any. */
  readonly matchId: string | null;
};

const LINE_COLUMNS = `b.line_id as id, b.account, b.posted_on as date, b.booked_on as "bookedOn", b.value_date as "valueDate", b.amount, b.balance,
  b.narration, b.reference, g.match_id as "matchId"`;
const LINE_FROM = `reconciliation.bank_lines b
  left join reconciliation.live_legs g on g.ulb_id = b.ulb_id and g.line_id = b.line_id`;

/** Statement lines of an account in the bank's order, a page at a time (at most 1,000); `open` leaves out what is matched. */
export async function bankLines(
  read: Read,
  options: {
    readonly account: string;
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly open?: boolean;
    readonly skip?: number;
    readonly limit?: number;
  },
): Promise<BankLine[]> {
  return read.query<BankLine>(
    `select ${LINE_COLUMNS} from ${LINE_FROM}
     where b.ulb_id = :ulb and b.account = :account and b.booked_on between :from_day::date and :to_day::date ${options.open ? "and g.match_id is null" : ""}
     order by b.position
     limit :row_limit offset :skip`,
    {
      ulb: read.ulb.id,
      account: options.account,
      from_day: options.from,
      to_day: options.to,
      row_limit: Math.min(options.limit ?? 200, 1000),
      skip: options.skip ?? 0,
    },
  );
}

/** Raises BANK_LINE_UNKNOWN. */
export async function getBankLine(read: Read, lineId: string): Promise<BankLine> {
  const row = await read.queryOne<BankLine>(
    `select ${LINE_COLUMNS} from ${LINE_FROM} where b.ulb_id = :ulb and b.line_id = :id::uuid`,
    {
      ulb: read.ulb.id,
      id: lineId,
    },
  );
  if (!row) throw reconciliationErrors.BANK_LINE_UNKNOWN({ line: lineId });
  return row;
}

/** All lines up to a day that are in no match which is complete by that day, or those among the named. */
export async function openLines(
  read: Read,
  account: string,
  asOf: LocalDate,
  only?: readonly string[],
): Promise<BankLine[]> {
  const known = only ? undefined : knownLines.of(read, account);
  if (!known) return readOpenLines(read, account, asOf, only);
  const open = await read.queryOne<{ server: string; ids: string | null }>(
    `select ${SERVER} as server,
       string_agg(b.line_id::text || case when g.match_id is null then '' else '*' end, ' ' order by b.position) as ids
     from ${LINE_FROM}
     where ${IS_OPEN_LINE}`,
    { ulb: read.ulb.id, account, as_of: asOf },
  );
  const ids = open?.ids?.split(" ") ?? [];
  const isSame = open?.server === known.server;
  // One that stands in a later match says which.
  const knownLine = (id: string): BankLine | undefined => (isSame ? known.rows.get(id) : undefined);
  const unknown = ids.filter((id) => !knownLine(id)).map((id) => id.replace("*", ""));
  const found = await (unknown.length === 0 ? [] : readOpenLines(read, account, asOf, unknown));
  const fresh = new Map(found.map((l) => [l.id, l]));
  return ids.flatMap((id) => knownLine(id) ?? fresh.get(id.replace("*", "")) ?? []);
}

const knownLines = new KnownRows<BankLine>();

/** Keeps open lines that a snapshot has read (`KnownRows`). */
export function keepOpenLines(read: Read, account: string, server: string, lines: ReadonlyMap<string, BankLine>): void {
  const unmatched = [...lines].filter(([, line]) => line.matchId === null);
  knownLines.keep(read, account, server, new Map(unmatched));
}

const IS_OPEN_LINE = `b.ulb_id = :ulb and b.account = :account and b.booked_on <= :as_of::date
  and (g.match_id is null or exists (
    select 1 from reconciliation.live_legs o where o.ulb_id = g.ulb_id and o.match_id = g.match_id and o.on_date > :as_of::date))`;

async function readOpenLines(
  read: Read,
  account: string,
  asOf: LocalDate,
  only?: readonly string[],
): Promise<BankLine[]> {
  return read.query<BankLine>(
    `select ${LINE_COLUMNS} from ${LINE_FROM}
     where ${IS_OPEN_LINE}
       ${only ? "and b.line_id = any(:only::uuid[])" : ""}
     order by b.position`,
    { ulb: read.ulb.id, account, as_of: asOf, ...(only ? { only: only.filter(isUuid) } : {}) },
  );
}

/** The day before the first stored line: the date of the opening balance. */
export function openingDay(chain: { readonly first: { readonly bookedOn: LocalDate } }): LocalDate {
  return addDays(chain.first.bookedOn, -1);
}
