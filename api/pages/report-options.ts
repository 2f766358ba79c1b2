import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { ReportOptions } from "../../reports/index.ts";
import { field } from "./kit.tsx";

/** The options of a report from an address. Raises DATE_FORMAT, FINANCIAL_YEAR_FORMAT, MONEY_FORMAT. */
export function reportOptions(query: unknown, lang: "en" | "hi"): ReportOptions {
  const text = (name: string): string | undefined => field(query, name).slice(0, 60) || undefined;
  const day = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : localDate(value);
  };
  const year = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : financialYear(value);
  };
  const minimum = text("minimum");
  const by = text("by");
  return {
    from: day("from"),
    to: day("to"),
    asOf: day("asOf"),
    fy: year("fy"),
    account: text("account"),
    fund: text("fund"),
    service: text("service"),
    ward: text("ward"),
    function: text("function"),
    by: by === "ward" || by === "function" || by === "fund" ? by : undefined,
    schedule: text("schedule"),
    partyType: text("partyType"),
    party: text("party"),
    demandYear: year("demandYear"),
    minimum: minimum === undefined ? undefined : rupees(minimum),
    presentation: text("presentation") === "revenue-head" ? "revenue-head" : undefined,
    inRupees: text("rupees") === "whole",
    language: lang,
    bom: true,
  };
}
