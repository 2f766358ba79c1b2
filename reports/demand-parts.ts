import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import type { Revenue } from "../ledger/index.ts";
import { invariant } from "../ledger/kernel/errors.ts";

/*
 * Which heads of the chart are receivables of revenue, and what answers them in an entry: data beside the other layouts. The longest code
 * that an account begins with decides.
 */

/** What a line is to the demand register. */
export type DemandPart =
  "receivable" | "cess" | "government" | "money" | "income" | "remission" | "write-off" | "prior" | "other";

/** A kind of revenue of the ageing: its norm of provision, and the control head of the State's cess inside it. */
export type ReceivableKind = {
  readonly code: string;
  readonly revenue: string;
  readonly norm: Revenue;
  readonly cessControl: string | undefined;
  /** The service of the demand register that bills it, where there is one. */
  readonly service: string | undefined;
};

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "layouts", "nmam-1");

function records(file: string): Record<string, string>[] {
  const { data, errors } = Papa.parse<Record<string, string>>(readFileSync(path.join(folder, file), "utf8"), {
    header: true,
    skipEmptyLines: true,
  });
  invariant(errors.length === 0 && data.length > 0, `${file} is a sound CSV`);
  return data;
}

const PARTS = new Map(
  records("demand-heads.csv").flatMap((r) =>
    (r["codes"] ?? "").split(" ").map((code) => [code, r["part"] as DemandPart] as const),
  ),
);

/** Kinds in the order in which they are printed. */
export const RECEIVABLE_KINDS: readonly ReceivableKind[] = records("receivable-kinds.csv").map((r) => ({
  code: r["code"] ?? "",
  revenue: r["revenue"] ?? "",
  norm: r["norm"] as Revenue,
  cessControl: r["cess_control"] === "" ? undefined : r["cess_control"],
  service: r["service"] === "" ? undefined : r["service"],
}));
const KINDS = new Map(RECEIVABLE_KINDS.map((k) => [k.code, k]));

function longest<T>(map: ReadonlyMap<string, T>, account: string): T | undefined {
  for (let digits = account.length; digits > 0; digits -= 1) {
    const found = map.get(account.slice(0, digits));
    if (found !== undefined) return found;
  }
  return undefined;
}

export function demandPart(account: string): DemandPart {
  return longest(PARTS, account) ?? "other";
}

export function receivableKind(account: string): ReceivableKind | undefined {
  return longest(KINDS, account);
}

/** Codes of the heads that are of a part, for a query by prefix. */
export function headsOf(part: DemandPart): string[] {
  return [...PARTS].filter(([, p]) => p === part).map(([code]) => code);
}
