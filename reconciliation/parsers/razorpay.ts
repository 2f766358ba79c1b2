import Papa from "papaparse";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { paise, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { SettlementRow } from "../settlement.ts";
import { amountOf, dateOf, normalise } from "./cells.ts";
import { EXACT_PER_PAISA, LIMITS, problemList, type Reading } from "./reading.ts";

/** One row of a settlement report, with what the books need besides the row's amounts. */
export type SettlementReportRow = SettlementRow & {
  readonly fileLine: number;
  readonly settledOn: LocalDate | null;
  readonly utr: string | null;
  readonly paymentId: string | null;
  readonly orderReceipt: string | null;
  readonly method: string | null;
  readonly disputeId: string | null;
};

export type SettlementReportFile =
  | { readonly ok: true; readonly source: "api" | "dashboard"; readonly rows: readonly SettlementReportRow[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const KINDS = ["payment", "refund", "transfer", "adjustment"] as const;

/** Whether a text is a settlement report: the API's answer (JSON) or the dashboard's file (CSV). */
export function looksLikeSettlementReport(text: string): boolean {
  if (/^\uFEFF?\s*[[{]\s*["{[\]}]/.test(text)) return true;
  const titles = (text.slice(0, 5000).split(/\r?\n/)[0] ?? "").split(/[,\t]/).map(normalise);
  return titles.includes("entityid") && titles.includes("settlementid");
}

/**
 * Reads a settlement report file whole or not at all: the API's recon answer in paise, or the dashboard's CSV in rupees. Rows keep both
 * readings of the fee apart by their own arithmetic (checkSettlement); rows on hold are marked, not dropped.
 */
export function parseSettlementReport(text: string): SettlementReportFile {
  const problems = problemList();
  const isJson = /^\uFEFF?\s*[[{]/.test(text);
  const records = isJson ? jsonRecords(text, problems.add) : csvRecords(text, problems.add);
  const rows: SettlementReportRow[] = [];
  for (const { line, of } of records ?? []) {
    const row = isJson
      ? rowOf(line, of, wholePaise, epochDay, problems.add)
      : rowOf(line, of, rupeesText, textDay, problems.add);
    if (row) rows.push(row);
  }
  if (records?.length === 0) problems.add("SETTLEMENT_EMPTY", "the report has no rows");
  return problems.list.length > 0
    ? { ok: false, problems: problems.list }
    : { ok: true, source: isJson ? "api" : "dashboard", rows };
}

/** The report as a reading: a line for each row, credit less debit, so that its sums can be shown and compared. */
export function readSettlementReport(text: string): Reading {
  const file = parseSettlementReport(text);
  if (!file.ok) return { ok: false, format: "razorpay", problems: file.problems };
  return {
    ok: true,
    format: "razorpay",
    variant: `razorpay ${file.source}`,
    statements: [
      {
        currency: "INR",
        fileLine: 1,
        problems: [],
        lines: file.rows.map((r) => ({
          fileLine: r.fileLine,
          date: r.settledOn ?? undefined,
          amount: subtract(r.credit, r.debit) * EXACT_PER_PAISA,
          narration: `${r.type} ${r.entityId}`,
          reference: r.utr ?? "",
        })),
      },
    ],
  };
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;
type Item = { readonly line: number; readonly of: (field: string) => unknown };

function jsonRecords(text: string, refuse: Refuse): Item[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    refuse("STATEMENT_FORMAT", `not well-formed JSON: ${error.message.slice(0, 200)}`);
    return undefined;
  }
  const items = Array.isArray(value) ? value : isObject(value) ? value.items : undefined;
  if (!Array.isArray(items)) {
    refuse("STATEMENT_FORMAT", `the answer has no list of "items"`);
    return undefined;
  }
  if (isObject(value) && typeof value.count === "number" && value.count !== items.length)
    refuse("STATEMENT_CONTROL", `${value.count} rows are stated, the file has ${items.length}`);
  if (items.length > LIMITS.lines) {
    refuse("STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} rows`);
    return undefined;
  }
  return items.map((item: unknown, i) => ({ line: i + 1, of: (field) => (isObject(item) ? item[field] : undefined) }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function csvRecords(text: string, refuse: Refuse): Item[] | undefined {
  const parsed = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), { skipEmptyLines: "greedy" });
  if (parsed.errors.some((e) => e.code === "MissingQuotes")) {
    refuse("STATEMENT_TRUNCATED", "a quotation mark is not closed: the file was cut off or damaged");
    return undefined;
  }
  const [head = [], ...rows] = parsed.data;
  if (rows.length > LIMITS.lines) {
    refuse("STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} rows`);
    return undefined;
  }
  const at = new Map(head.map((title, i) => [normalise(title), i]));
  const column = (field: string): number =>
    at.get(normalise(field)) ??
    (field === "fee" ? at.get("feeexclusivetax") : field === "type" ? at.get("transactionentity") : undefined) ??
    -1;
  return rows.map((cells, i) => {
    if (cells.length < head.length)
      refuse("STATEMENT_TRUNCATED", `the row has ${cells.length} of ${head.length} cells: the file was cut off`, i + 2);
    return { line: i + 2, of: (field) => cells[column(field)] };
  });
}

const textIn = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : null;

function rowOf(
  line: number,
  of: (field: string) => unknown,
  money: (value: unknown) => Paise | undefined,
  day: (value: unknown) => LocalDate | null,
  refuse: Refuse,
): SettlementReportRow | undefined {
  const entityId = textIn(of("entity_id"));
  const typeText = textIn(of("type"))?.toLowerCase();
  // Whatever the gateway adds later moves money without an entry of its own: a person decides, as for adjustments; a dispute stands in the books.
  const type = typeText === undefined ? undefined : (KINDS.find((k) => k === typeText) ?? "adjustment");
  const currency = textIn(of("currency"));
  if (entityId === null || type === undefined) {
    refuse("SETTLEMENT_ROW", "the row has no entity_id or no type", line);
    return undefined;
  }
  if (currency !== null && currency !== "INR")
    refuse("STATEMENT_CURRENCY", `the row is in ${currency.slice(0, 10)}; the books are in INR`, line);
  const amounts = { debit: ZERO, credit: ZERO, amount: ZERO, fee: ZERO, tax: ZERO };
  for (const field of ["debit", "credit", "amount", "fee", "tax"] as const) {
    const value = money(of(field));
    if (value === undefined || value < 0n)
      refuse("STATEMENT_AMOUNT", `"${String(of(field)).slice(0, 40)}" is not an amount`, line, field);
    else amounts[field] = value;
  }
  const hold = of("on_hold");
  return {
    fileLine: line,
    entityId,
    type,
    ...amounts,
    isOnHold: hold === true || /^(true|1|yes)$/i.test(typeof hold === "string" ? hold : ""),
    settlementId: textIn(of("settlement_id")),
    settledOn: day(of("settled_at")),
    utr: textIn(of("settlement_utr")),
    paymentId: textIn(of("payment_id")) ?? (type === "payment" ? entityId : null),
    orderReceipt: textIn(of("order_receipt")),
    method: textIn(of("method")),
    disputeId: textIn(of("dispute_id")) ?? (entityId.startsWith("disp_") ? entityId : null),
  };
}

const wholePaise = (value: unknown): Paise | undefined =>
  value === null || value === undefined
    ? ZERO
    : typeof value === "number" && Number.isSafeInteger(value)
      ? paise(BigInt(value))
      : undefined;

function rupeesText(value: unknown): Paise | undefined {
  if (typeof value !== "string" || value.trim() === "") return ZERO;
  const amount = amountOf(value.trim());
  return typeof amount === "string" ? undefined : amount;
}

function epochDay(value: unknown): LocalDate | null {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0 || value > 4_102_444_800) return null;
  try {
    return dateInIndia(new Date(value * 1000));
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const textDay = (value: unknown): LocalDate | null =>
  typeof value === "string" ? (dateOf(value.trim(), ["dd/mm/yyyy", "d mmm yyyy", "yyyy-mm-dd"]) ?? null) : null;
