import { addDays, addMonths, financialYear, financialYearStart, type LocalDate } from "../../ledger/kernel/dates.ts";
import { periodAround } from "../rates/assess.ts";
import type { AssessedPeriod } from "../rates/assessment.ts";
import type { Rules } from "../rates/compile.ts";
import { runErrors } from "./errors.ts";

const spanning = (from: LocalDate, months: number): AssessedPeriod => ({
  from,
  to: addDays(addMonths(from, months), -1),
});

/**
 * "2026-27", "2026-27/H1", "2026-27/Q3" or "2026-07" -> its first and last day. What reads as a financial year is one: "2011-12" is the
 * year, not its December. Raises PERIOD_UNKNOWN.
 */
export function periodNamed(text: string): AssessedPeriod {
  const year = /^(\d{4})-(\d{2})(?:\/([HQ])([1-4]))?$/.exec(text);
  if (year) {
    const [, first = "", last = "", part, no] = year;
    const isYear = Number(last) === (Number(first) + 1) % 100;
    if (isYear && !(part === "H" && Number(no) > 2)) {
      const start = financialYearStart(financialYear(`${first}-${last}`));
      const months = part === "H" ? 6 : part === "Q" ? 3 : 12;
      return spanning(addMonths(start, part === undefined ? 0 : (Number(no) - 1) * months), months);
    }
    if (part === undefined && Number(last) >= 1 && Number(last) <= 12) {
      return spanning(`${first}-${last}-01` as LocalDate, 1);
    }
  }
  throw runErrors.PERIOD_UNKNOWN({ period: text.slice(0, 40) });
}

/** The way people write a period: "2026-27", "2026-27/H1", "2026-27/Q3", "2026-07"; two days where it is none of these. */
export function periodName({ from, to }: AssessedPeriod): string {
  const start = Number(from.slice(0, 4)) - (Number(from.slice(5, 7)) < 4 ? 1 : 0);
  const year = `${start}-${String((start + 1) % 100).padStart(2, "0")}`;
  const names = [
    year,
    ...[1, 2].map((n) => `${year}/H${n}`),
    ...[1, 2, 3, 4].map((n) => `${year}/Q${n}`),
    from.slice(0, 7),
  ];
  const same = (name: string): boolean => {
    const p = periodNamed(name);
    return p.from === from && p.to === to;
  };
  return names.find(same) ?? `${from} to ${to}`;
}

/** Refuses a period that is not one of the rule file's cycle, and names the one that is. Raises RUN_PERIOD. */
export function checkCycle(rules: Rules, period: AssessedPeriod): void {
  const { cycle, id, version } = rules.file;
  const around = periodAround(cycle, period.from);
  if (around.from === period.from && around.to === period.to) return;
  throw runErrors.RUN_PERIOD({
    period: periodName(around),
    file: `${id} ${version}`,
    cycle,
    asked: periodName(period),
  });
}

/** The same days a year before: what a run is compared with. */
export const yearBefore = (period: AssessedPeriod): AssessedPeriod => ({
  from: addMonths(period.from, -12),
  to: addDays(addMonths(addDays(period.to, 1), -12), -1),
});
