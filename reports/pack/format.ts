import { readFileSync } from "node:fs";

/** The name and version of the pack's form; a verifier refuses what it does not know. */
export const PACK_FORMAT = "nagarkosh-audit-pack/1";

export const JOURNAL = "journal.jsonl";
export const SEALS = "seals.jsonl";
export const CHART = "chart-of-accounts.csv";
export const OPENINGS = "opening-balances.csv";
export const TRIAL_BALANCE = "trial-balance.csv";
export const MANIFEST = "manifest.json";
export const MANIFEST_HASH = "manifest.sha256";
export const README = "README.txt";

/** Without these there is nothing to verify. */
export const NEEDED = [JOURNAL, SEALS, CHART, OPENINGS, TRIAL_BALANCE, README] as const;

export type PackedFile = {
  readonly name: string;
  readonly what: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** What the pack says of itself. `manifest.sha256` holds the SHA-256 of its bytes: whoever keeps that line, keeps the pack. */
export type PackManifest = {
  readonly format: typeof PACK_FORMAT;
  readonly program: string;
  readonly ulb: { readonly code: string; readonly name: string; readonly state: string; readonly booksFrom: string };
  readonly from: string;
  readonly to: string;
  /** The financial years whose entries are all in the journal. */
  readonly years: readonly string[];
  readonly madeAt: string;
  readonly madeBy: string;
  readonly lastBlock: { readonly block: number; readonly hash: string } | null;
  readonly entries: number;
  readonly unsealedEntries: number;
  readonly files: readonly PackedFile[];
  /** Reports that cannot be made for this range, and why. */
  readonly leftOut: readonly { readonly report: string; readonly format: string; readonly reason: string }[];
};

/** Fields of an entry in the journal file, in the order in which the seal takes them. */
export const HEAD_FIELDS = [
  "entry_date",
  "value_date",
  "posted_at",
  "posted_by",
  "source_type",
  "source_id",
  "reverses",
  "narration",
] as const;
export const LINE_FIELDS = [
  "line",
  "account",
  "debit_paise",
  "credit_paise",
  "fund",
  "function",
  "ward",
  "functionary",
  "budget_head",
  "scheme",
  "party_type",
  "party_id",
  "demand_year",
  "entry_date",
] as const;

/** "nagarkosh 0.1.0", from the package. */
export function programVersion(): string {
  const { name, version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    name: string;
    version: string;
  };
  return `${name} ${version}`;
}
