import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { movements } from "../ledger/index.ts";
import { formatDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { formatIndian, formatStatement, paise, sum, toRupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { Range } from "./ranges.ts";
import { rangeText, span } from "./ranges.ts";
import type { ReportRow, ReportTable } from "./report-table.ts";

/*
 * The yearly accounts as cityfinance.in takes them: line items by its own codes, which are those of NMAM but for the split of taxes (its 11012 is
 * advertisement tax, NMAM's 11011). What belongs to which line is data: layouts/nmam-1/cityfinance.csv.
 */

type Line = {
  readonly group: string;
  readonly code: string;
  readonly item: string;
  readonly side: "Dr" | "Cr";
  readonly codes: readonly string[];
  /** Accounts that begin with this and that no other line of the group takes stand here: nothing is lost. */
  readonly restOf: string;
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

const LINES: readonly Line[] = records("cityfinance.csv").map((r) => ({
  group: r["group"] ?? "",
  code: r["code"] ?? "",
  item: r["line_item"] ?? "",
  side: r["side"] === "Dr" ? "Dr" : "Cr",
  codes: (r["codes"] ?? "").split(" ").filter((c) => c !== ""),
  restOf: r["rest_of"] ?? "",
}));
const RULES = records("cityfinance-validations.csv");

/** The feed names property tax by a detailed head; the workbook by its minor head. */
const FEED_CODE: Readonly<Record<string, string>> = { "11001": "1100101" };

export type CityfinanceItem = {
  readonly group: string;
  readonly code: string;
  readonly item: string;
  readonly amount: Paise;
};
export type CityfinanceRule = {
  /** 0 is the check of the upload itself: liabilities equal assets. */
  readonly no: number;
  readonly says: string;
  readonly ok: boolean;
  readonly figures: string;
};
export type Cityfinance = {
  readonly range: Range;
  readonly items: readonly CityfinanceItem[];
  readonly rules: readonly CityfinanceRule[];
};

/**
 * The line items of a year and what the portal's rules say about them. Income and expenditure are the year's, before its closing entries;
 * the year's result is in 310, so that liabilities equal assets whether the year is closed or not. Deductions (411, 432, 461) are negative.
 */
export async function cityfinance(read: Read, range: Range): Promise<Cityfinance> {
  const balances = new Map<string, bigint>();
  let result = 0n;
  for (const m of await movements(read, range)) {
    const isOfYear = m.account.startsWith("1") || m.account.startsWith("2");
    const amount = isOfYear ? m.debit - m.credit : m.opening + m.debit - m.credit;
    if (isOfYear) result += amount;
    if (amount !== 0n) balances.set(m.account, (balances.get(m.account) ?? 0n) + amount);
  }
  const takes = (line: Line, account: string): boolean => line.codes.some((code) => account.startsWith(code));
  const amountOf = (line: Line): Paise => {
    const siblings = LINES.filter((l) => l.group === line.group && l !== line);
    let debit = 0n;
    for (const [account, amount] of balances) {
      const isRest =
        line.restOf !== "" && account.startsWith(line.restOf) && !siblings.some((other) => takes(other, account));
      if (takes(line, account) || isRest) debit += amount;
    }
    if (line.code === "310") debit += result;
    return paise(line.side === "Dr" ? debit : -debit);
  };
  const items = LINES.map((line): CityfinanceItem => ({
    group: line.group,
    code: line.code,
    item: line.item,
    amount: amountOf(line),
  }));
  return { range, items, rules: judge(items) };
}

function judge(items: readonly CityfinanceItem[]): CityfinanceRule[] {
  const of = (code: string): Paise => items.find((i) => i.code === code)?.amount ?? ZERO;
  const group = (name: string): Paise => sum(items.filter((i) => i.group === name).map((i) => i.amount));
  const parts = group("Tax Revenue");
  const figures: Readonly<Record<string, Paise>> = {
    "total revenue": group("Receipts"),
    "total expenditure": group("Expenditure"),
    "own revenue": sum(["110", "130", "140", "150", "180"].map(of)),
    "tax parts less 110": paise(parts - of("110")),
  };
  const liabilities = group("Liabilities");
  const assets = group("Assets");
  return [
    {
      no: 0,
      says: "liabilities (300, 310 to 360) equal assets (400, 410 to 480), with 411, 432 and 461 negative",
      ok: liabilities === assets,
      figures: `${formatIndian(liabilities)} and ${formatIndian(assets)}`,
    },
    ...RULES.map((r): CityfinanceRule => {
      const name = r["figure"] ?? "";
      const value = figures[name] ?? of(name);
      const fails =
        r["fails_when"] === "zero" ? value === 0n : r["fails_when"] === "negative" ? value < 0n : value !== 0n;
      return {
        no: Number(r["no"]),
        says: `fails when ${r["says"] ?? ""}`,
        ok: !fails,
        figures:
          name === "tax parts less 110"
            ? `${formatIndian(parts)} and ${formatIndian(of("110"))}`
            : `${name} ${formatIndian(value)}`,
      };
    }),
  ];
}

const TRAP =
  "Rule 22 as the portal writes it adds every code that begins with 110, the total among them, so it fails whenever 110 and its parts are both sent; here it is judged as it is meant. Ask the portal's team before relying on it.";

/** Sheets of the workbook: "Overview" with the ULB, the totals and the rules, "Input sheet" with the line items. */
export async function cityfinanceTables(
  read: Read,
  range: Range,
): Promise<{ readonly overview: ReportTable; readonly input: ReportTable }> {
  const { items, rules } = await cityfinance(read, range);
  const failed = rules.filter((r) => !r.ok);
  const subtitle = [read.ulb.name, rangeText(range)];
  const total = (group: string): Paise => sum(items.filter((i) => i.group === group).map((i) => i.amount));
  const fact = (item: string, value: string): ReportRow => ({ cells: { item, value } });
  return {
    overview: {
      title: "Overview",
      subtitle,
      columns: [
        { key: "item", label: "Item", kind: "text", weight: 4 },
        { key: "value", label: "Value", kind: "text", weight: 2 },
      ],
      rows: [
        fact("Urban local body", read.ulb.name),
        fact("Code", read.ulb.code),
        fact("State", read.ulb.state),
        fact("From", formatDate(range.from)),
        fact("To", formatDate(range.to)),
        fact("Total revenue", formatStatement(total("Receipts"))),
        fact("Total expenditure", formatStatement(total("Expenditure"))),
        fact("Total liabilities", formatStatement(total("Liabilities"))),
        fact("Total assets", formatStatement(total("Assets"))),
        ...rules.map((r) =>
          fact(`${r.no === 0 ? "Upload check" : `Rule ${r.no}`}: ${r.says}`, `${r.ok ? "ok" : "FAILS"} · ${r.figures}`),
        ),
      ],
      notes: [TRAP],
      of: span(range),
    },
    input: {
      title: "Input sheet",
      subtitle,
      columns: [
        { key: "head", label: "Head", kind: "text", weight: 1.5 },
        { key: "code", label: "Code", kind: "text" },
        { key: "line_item", label: "Line item", kind: "text", weight: 4 },
        { key: "amount", label: "Amount", kind: "amount", isCarried: false },
      ],
      rows: items.map((i) => ({ cells: { head: i.group, code: i.code, line_item: i.item, amount: i.amount } })),
      notes: [
        ...(failed.length === 0
          ? ["The upload check and all 22 rules hold."]
          : failed.map((r) => `${r.no === 0 ? "Upload check" : `Rule ${r.no}`} fails: ${r.figures}; it ${r.says}.`)),
        TRAP,
      ],
      of: span(range),
    },
  };
}

/** The feed: `{"lineItems": {code: amount}}` with amounts as exact decimal numbers, and what the rules say beside it. */
export async function cityfinanceJson(read: Read, range: Range): Promise<string> {
  const { items, rules } = await cityfinance(read, range);
  const lines = items.map((i) => `    ${JSON.stringify(FEED_CODE[i.code] ?? i.code)}: ${toRupees(i.amount)}`);
  return `{
  "ulb": ${JSON.stringify(read.ulb.code)},
  "from": ${JSON.stringify(range.from)},
  "to": ${JSON.stringify(range.to)},
  "lineItems": {
${lines.join(",\n")}
  },
  "validations": [
${rules.map((r) => `    ${JSON.stringify(r)}`).join(",\n")}
  ]
}
`;
}
