import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { invariant } from "../../ledger/kernel/errors.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { reportErrors } from "../errors.ts";
import { parseCodes, parseLayout, type Codes, type Layout } from "./language.ts";

const folder = path.dirname(fileURLToPath(import.meta.url));

/** One version of all layouts: it belongs to a version of the chart. */
export type Layouts = {
  readonly balanceSheet: Layout;
  readonly incomeExpenditure: Layout;
  readonly cashFlow: Layout;
  readonly receiptsPayments: Layout;
  readonly ratios: readonly Ratio[];
  /** Where collections of receivables and payments of creditors stand when they are shown under the head of income or expense. */
  readonly revenueHeads: readonly { readonly posted: string; readonly shown: string }[];
  /** Accounts that statements ask for by what they are: those of transfers between funds, the cash book, the bank book. */
  readonly groups: Readonly<Record<AccountGroup, Codes>>;
  /** The notes of schedule B-21. */
  readonly notes: readonly string[];
};

export type AccountGroup = "inter-fund" | "cash" | "bank";

/** A part of a ratio: accounts, or a figure that does not come from balances. */
export type RatioPart = { readonly codes: Codes } | { readonly figure: string };
export type Ratio = {
  readonly name: string;
  readonly numerator: RatioPart;
  readonly denominator: RatioPart;
  readonly unit: "percent" | "times";
};

const loaded = new Map<string, Layouts>();

function records(chart: string, file: string): Record<string, string>[] {
  const text = readFileSync(path.join(folder, chart, file), "utf8");
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  invariant(errors.length === 0 && data.length > 0, `${chart}/${file} is a sound CSV`);
  return data;
}

/** The layouts that came with a version of the chart, read once and checked. Undefined when there are none. */
export function loadLayouts(chart: string): Layouts | undefined {
  const before = loaded.get(chart);
  if (before) return before;
  if (!/^[\w.-]+$/.test(chart) || !existsSync(path.join(folder, chart, "balance-sheet.csv"))) return undefined;
  const layout = (name: string): Layout => parseLayout(`${chart}/${name}`, records(chart, `${name}.csv`));
  const part = (text: string): RatioPart =>
    text.startsWith("@") ? { figure: text.slice(1) } : { codes: parseCodes(text) };
  const groups = new Map(records(chart, "groups.csv").map((r) => [r["group"], parseCodes(r["codes"] ?? "")]));
  const group = (name: AccountGroup): Codes => {
    const codes = groups.get(name);
    invariant(codes, `${chart}/groups.csv names the group ${name}`);
    return codes;
  };
  const layouts: Layouts = {
    balanceSheet: layout("balance-sheet"),
    incomeExpenditure: layout("income-expenditure"),
    cashFlow: layout("cash-flow"),
    receiptsPayments: layout("receipts-payments"),
    ratios: records(chart, "ratios.csv").map((r) => ({
      name: r["ratio"] ?? "",
      numerator: part(r["numerator"] ?? ""),
      denominator: part(r["denominator"] ?? ""),
      unit: r["unit"] === "times" ? "times" : "percent",
    })),
    revenueHeads: records(chart, "revenue-heads.csv").map((r) => ({
      posted: r["posted"] ?? "",
      shown: r["shown"] ?? "",
    })),
    groups: { "inter-fund": group("inter-fund"), cash: group("cash"), bank: group("bank") },
    notes: records(chart, "notes.csv").map((r) => r["note"] ?? ""),
  };
  loaded.set(chart, layouts);
  return layouts;
}

/** The layouts of a ULB's chart. Raises LAYOUT_MISSING. */
export async function layoutsOf(read: Read): Promise<Layouts> {
  const row = await read.queryOne<{ chart: string }>("select chart from ledger.ulbs where ulb_id = :ulb", {
    ulb: read.ulb.id,
  });
  const layouts = loadLayouts(row?.chart ?? "");
  if (!layouts) throw reportErrors.LAYOUT_MISSING({ chart: row?.chart ?? "" });
  return layouts;
}
