import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { invariant } from "../kernel/errors.ts";
import { closeErrors } from "./errors.ts";

export type ItemKind = "daily" | "monthly" | "quarterly" | "half-yearly" | "annual";
/** Whether what is open refuses the close, or is only said. */
export type Severity = "refuse" | "warn";

/** One line of the closing checklist (`checklist.csv`, made from NMAM's and the Kerala rules' lists): data, not code. */
export type ChecklistItem = {
  /** "M-01"; what attestations and settings name. */
  readonly id: string;
  readonly kind: ItemKind;
  readonly task: string;
  /** Whose work it is. */
  readonly owner: string;
  /** What must agree, in the words of the manual. */
  readonly controlCheck: string;
  /** Whether what the checks find refuses the close unless the ULB says otherwise; undefined where nothing is computed. */
  readonly computed: Severity | undefined;
  /**
   * A person's word: "refuse" or "warn" when it is missing; "instead" when it settles what the checks leave open; undefined where only the
   * books answer.
   */
  readonly attestation: Severity | "instead" | undefined;
  /** Names of the checks: "ledger:…" are this folder's own, the others are brought by the caller (CloseCheck). */
  readonly checks: readonly string[];
  /** Prefixes of the heads whose balance is shown. */
  readonly heads: readonly string[];
  /** Prefixes of the heads that must have moved when `heads` have a balance. */
  readonly moved: readonly string[];
  /** Where to look; {month}, {from}, {to}, {fy} are filled in. */
  readonly link: string;
};

const KINDS: readonly ItemKind[] = ["daily", "monthly", "quarterly", "half-yearly", "annual"];

function load(): ChecklistItem[] {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "checklist.csv");
  const { data, errors } = Papa.parse<Record<string, string>>(readFileSync(file, "utf8"), {
    header: true,
    skipEmptyLines: true,
  });
  invariant(errors.length === 0, "checklist.csv is a sound CSV");
  const severity = (text: string | undefined): Severity | undefined =>
    text === "refuse" || text === "warn" ? text : undefined;
  const words = (text: string | undefined, by: string): string[] => (text ?? "").split(by).filter((w) => w !== "");
  return data.map((row) => {
    const kind = KINDS.find((k) => k === row["kind"]);
    invariant(kind && row["id"], `checklist.csv: ${row["id"]} has a known kind`);
    return {
      id: row["id"],
      kind,
      task: row["task"] ?? "",
      owner: row["owner"] ?? "",
      controlCheck: row["control_check"] ?? "",
      computed: severity(row["computed"]),
      attestation: row["attestation"] === "instead" ? "instead" : severity(row["attestation"]),
      checks: words(row["checks"], ";"),
      heads: words(row["heads"], " "),
      moved: words(row["moved"], " "),
      link: row["link"] ?? "",
    };
  });
}

/** All items, in order. */
export const CHECKLIST: readonly ChecklistItem[] = load();

/** Raises CHECKLIST_ITEM_UNKNOWN. */
export function checklistItem(id: string): ChecklistItem {
  const item = CHECKLIST.find((i) => i.id === id);
  if (!item) throw closeErrors.CHECKLIST_ITEM_UNKNOWN({ item: id.slice(0, 20) });
  return item;
}
