import Papa from "papaparse";
import type { Problem } from "../kernel/errors.ts";
import { Refusal } from "../kernel/errors.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { addParty, checkedDetails, getParty, PARTY_TYPES, type PartyDetails, type PartyType } from "./parties.ts";

/** The columns of a file of parties; the first three must be filled in. */
export const PARTY_CSV = [
  "type",
  "code",
  "name",
  "name_local",
  "pan",
  "gstin",
  "bank_account",
  "bank_ifsc",
  "bank_name",
  "address",
  "mobile",
  "email",
] as const;

export type PartyImport = {
  readonly status: "imported" | "refused";
  readonly rows: number;
  readonly added: number;
  /** Rows that say what is there already. */
  readonly unchanged: number;
  /** The first thousand, each with its line in the file. */
  readonly problems: readonly Problem[];
  readonly moreProblems: number;
};

const MAX_ROWS = 50_000;
const MAX_PROBLEMS = 1000;

/**
 * Reads a CSV of parties: all of it, or nothing and every bad row. A row that says what is there already adds nothing, so that a file can be
 * read twice; a code that is there with other details is a problem: parties are changed one by one, with a reason.
 */
export async function importParties(tx: Tx, csv: string): Promise<PartyImport> {
  const { data, meta, errors } = Papa.parse<Record<string, string>>(csv.replace(/^\uFEFF/, ""), {
    header: true,
    skipEmptyLines: "greedy",
    transformHeader: (h) => h.trim().toLowerCase(),
  });
  const refused = (problems: readonly Problem[]): PartyImport => ({
    status: "refused",
    rows: data.length,
    added: 0,
    unchanged: 0,
    problems: problems.slice(0, MAX_PROBLEMS),
    moreProblems: Math.max(0, problems.length - MAX_PROBLEMS),
  });
  const missing = ["type", "code", "name"].filter((c) => !meta.fields?.includes(c));
  const unknown = (meta.fields ?? []).filter((c) => !PARTY_CSV.some((known) => known === c));
  if (missing.length > 0 || unknown.length > 0 || data.length > MAX_ROWS || data.length === 0) {
    const problem = (message: string): Problem => ({ code: "PARTY_FILE", message, line: 1 });
    return refused([
      ...missing.map((c) => problem(`the column "${c}" is missing`)),
      ...unknown.map((c) =>
        problem(`the column "${c.slice(0, 40)}" is not known; columns are ${PARTY_CSV.join(", ")}`),
      ),
      ...(data.length > MAX_ROWS ? [problem(`it has ${data.length} rows; a file has at most ${MAX_ROWS}`)] : []),
      ...(data.length === 0 ? [problem("it has no rows")] : []),
    ]);
  }
  // A row with too few fields is one whose last columns are empty; everything else that cannot be read is said.
  const problems: Problem[] = errors
    .filter((e) => e.code !== "TooFewFields" && e.code !== "UndetectableDelimiter")
    .map((e) => ({ code: "PARTY_FILE", message: e.message, line: (e.row ?? 0) + 2 }));
  if (problems.length > 0) return refused(problems);
  const fresh: { readonly type: PartyType; readonly code: string; readonly details: PartyDetails }[] = [];
  const lines = new Map<string, number>();
  let unchanged = 0;
  for (const [i, row] of data.entries()) {
    const line = i + 2;
    const say = (code: string, message: string): unknown => problems.push({ code, message, line });
    const type = PARTY_TYPES.find((t) => t === row["type"]?.trim());
    const code = row["code"]?.trim().toUpperCase() ?? "";
    if (!type) {
      say("PARTY_TYPE", `"${(row["type"] ?? "").slice(0, 40)}" is none of ${PARTY_TYPES.join(", ")}`);
      continue;
    }
    if (!/^[A-Z0-9][A-Z0-9./-]{0,29}$/.test(code)) {
      say(
        "PARTY_CODE",
        `the code "${code.slice(0, 40)}" must have 1 to 30 letters, digits, points, slashes or hyphens`,
      );
      continue;
    }
    const before = lines.get(`${type}/${code}`);
    if (before !== undefined) {
      say("PARTY_TWICE", `${type} ${code} stands on line ${before} already`);
      continue;
    }
    lines.set(`${type}/${code}`, line);
    const details = await refusedAs(() => Promise.resolve(checkedDetails(detailsOf(row))));
    if (details instanceof Refusal) {
      say(details.code, details.detail);
      continue;
    }
    const there = await detailsThere(tx, type, code);
    if (there === undefined) fresh.push({ type, code, details });
    else if (same(there, details)) unchanged += 1;
    else say("PARTY_EXISTS", `${type} ${code} is there with other details; change it in the masters, with a reason`);
  }
  if (problems.length > 0) return refused(problems);
  for (const { type, code, details } of fresh) await addParty(tx, { ...details, type, id: code });
  return { status: "imported", rows: data.length, added: fresh.length, unchanged, problems: [], moreProblems: 0 };
}

function detailsOf(row: Readonly<Record<string, string>>): PartyDetails {
  return {
    name: row["name"] ?? "",
    nameLocal: row["name_local"],
    pan: row["pan"],
    gstin: row["gstin"],
    bankAccount: row["bank_account"],
    bankIfsc: row["bank_ifsc"],
    bankName: row["bank_name"],
    address: row["address"],
    mobile: row["mobile"],
    email: row["email"],
  };
}

async function refusedAs<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function detailsThere(read: Read, type: PartyType, code: string): Promise<PartyDetails | undefined> {
  const party = await refusedAs(() => getParty(read, type, code));
  if (party instanceof Refusal) return undefined;
  const text = (value: string | null): string | undefined => value ?? undefined;
  return {
    name: party.name,
    nameLocal: text(party.nameLocal),
    pan: text(party.pan),
    gstin: text(party.gstin),
    bankAccount: text(party.bankAccount),
    bankIfsc: text(party.bankIfsc),
    bankName: text(party.bankName),
    address: text(party.address),
    mobile: text(party.mobile),
    email: text(party.email),
  };
}

const same = (a: PartyDetails, b: PartyDetails): boolean =>
  (Object.keys(detailsOf({})) as (keyof PartyDetails)[]).every((k) => (a[k] ?? "") === (b[k] ?? ""));
