import { audit } from "../../ledger/kernel/audit.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { ZERO, add, subtract, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { listBankAccounts, lockedBankAccount } from "../bank-accounts.ts";
import type { ParsedLine, ParsedStatement } from "../parsers/prove.ts";
import { readStatementFile } from "../parsers/read.ts";
import type { ReadLine } from "../parsers/reading.ts";
import type { BankProfile } from "../profiles.ts";
import { checkStatement, importStatement, type StatementImport, type StatementReport } from "../statements.ts";
import { mappingOf, type ColumnChoice } from "./mapping.ts";
import { nextProfile, saveProfile } from "./own-profiles.ts";
import { discardFile, heldFile } from "./uploads.ts";

/** What a person says of a held file. */
export type ColumnsInput = {
  readonly uploadId: string;
  readonly choice: ColumnChoice;
  /** Name of the bank; it names the profile. */
  readonly bank: string;
  readonly expected?: StatementImport["expected"];
};

/** How a file reads by a choice of columns, before anything is kept. */
export type ColumnTrial = {
  /** "town-bank@2": what it would be saved as; undefined while the choice is not complete. */
  readonly profile: string | undefined;
  /** The first lines as they are read, proved or not. */
  readonly lines: readonly ReadLine[];
  /** What is wrong with the choice, a row, the balances, or the place in the account's chain; empty: it can be imported. */
  readonly problems: readonly Problem[];
  /** The statement as it would be stored, once its balances prove. */
  readonly proof: Proof | undefined;
};

export type Proof = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly opening: Paise;
  readonly closing: Paise;
  readonly debits: Paise;
  readonly credits: Paise;
  readonly lines: number;
  /** Lines that no earlier file brought; undefined where the file does not continue what is known. */
  readonly newLines: number | undefined;
  readonly order: ParsedStatement["order"];
  readonly isOpeningInferred: boolean;
  /** Debit and credit stand over each other's columns: the balances say so. */
  readonly convention: ParsedStatement["convention"];
};

const SHOWN = 15;

/**
 * Reads a held file by a choice of columns and proves it, as importing it would; nothing is written. Raises UPLOAD_UNKNOWN, PROFILE_BANK.
 */
export async function tryColumns(read: Read, input: ColumnsInput): Promise<ColumnTrial> {
  const file = await heldFile(read, input.uploadId);
  const mapped = mappingOf(file.preview.rows, input.choice, await nextProfile(read, input.bank));
  if (!mapped.ok) return { profile: undefined, lines: [], problems: mapped.problems, proof: undefined };
  const { profile } = mapped;
  const reading = await readStatementFile(file.bytes, { profiles: [profile], profile: profile.id });
  const lines = reading.ok ? reading.statements.flatMap((s) => s.lines).slice(0, SHOWN) : [];
  const known = (await listBankAccounts(read)).find((a) => a.account === file.account);
  try {
    const checked = await checkStatement(read, statementOf(file, profile, input), known);
    const { statement } = checked;
    return {
      profile: `${profile.id}@${profile.version}`,
      lines,
      problems: checked.ok ? [] : checked.problems,
      proof: statement && {
        ...proofOf(statement),
        newLines: checked.ok ? checked.place.before + checked.place.after : undefined,
      },
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      profile: `${profile.id}@${profile.version}`,
      lines,
      problems: [{ code: error.code, message: error.detail }],
      proof: undefined,
    };
  }
}

function statementOf(
  file: { readonly account: string; readonly bytes: Buffer; readonly fileName: string },
  profile: BankProfile,
  input: ColumnsInput,
): StatementImport {
  return {
    account: file.account,
    csv: file.bytes,
    fileName: file.fileName,
    profile: profile.id,
    profiles: [profile],
    ...(input.expected ? { expected: input.expected } : {}),
  };
}

function proofOf(s: ParsedStatement): Omit<Proof, "newLines"> {
  const total = (of: (l: ParsedLine) => Paise): Paise => s.lines.reduce((t, l) => add(t, of(l)), ZERO);
  return {
    from: s.from,
    to: s.to,
    opening: s.opening,
    closing: s.closing,
    debits: total((l) => (l.amount < 0n ? subtract(ZERO, l.amount) : ZERO)),
    credits: total((l) => (l.amount > 0n ? l.amount : ZERO)),
    lines: s.lines.length,
    order: s.order,
    isOpeningInferred: s.isOpeningInferred === true,
    convention: s.convention,
  };
}

export type ColumnsReport = StatementReport & { readonly savedProfile?: string };

/**
 * Saves the choice as a version of the ULB's bank profile and imports the held file under it, in one transaction; later files of the account are
 * read by it. A file that does not prove is refused with its problems, and then nothing is saved. Raises UPLOAD_UNKNOWN, PROFILE_BANK and what
 * `importStatement` raises.
 */
export async function importByColumns(tx: Tx, input: ColumnsInput): Promise<ColumnsReport> {
  const file = await heldFile(tx, input.uploadId);
  const known = await lockedBankAccount(tx, file.account);
  const mapped = mappingOf(file.preview.rows, input.choice, await nextProfile(tx, input.bank));
  const refused = (problems: readonly Problem[], linesInFile = 0): ColumnsReport => ({
    status: "refused",
    linesInFile,
    linesAdded: 0,
    problems,
  });
  if (!mapped.ok) return refused(mapped.problems);
  const checked = await checkStatement(tx, statementOf(file, mapped.profile, input), known);
  if (!checked.ok) return refused(checked.problems, checked.linesInFile);
  const saved = await saveProfile(tx, mapped.mapping);
  const profile = { ...mapped.profile, version: saved.version };
  const report = await importStatement(tx, statementOf(file, profile, input));
  if (report.status !== "refused") await useProfile(tx, file.account, profile.id);
  await discardFile(tx, input.uploadId);
  return { ...report, savedProfile: `${profile.id}@${profile.version}` };
}

/** From now on the account's tables are read by this profile where its header fits. */
async function useProfile(tx: Tx, account: string, profile: string): Promise<void> {
  const changed = await tx.query<{ account: string }>(
    `update reconciliation.bank_accounts set profile = :profile
     where ulb_id = :ulb and account = :account and profile is distinct from :profile
     returning account`,
    { ulb: tx.ulb.id, account, profile },
  );
  if (changed.length > 0)
    await audit(tx, { action: "use-profile", subject: "bank-account", subjectId: account, after: { profile } });
}
