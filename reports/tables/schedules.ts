import { rangeOf, span } from "../ranges.ts";
import type { ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { nameOf, readBooks, withRange, yearBefore, yearTo, type Books } from "../statements/books.ts";
import { scheduleNamed, schedulesOf, type Schedule } from "../statements/schedules.ts";
import { amountColumn, codeColumn, lineColumn, scheduleColumn, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

/** The schedules of both statements: each line of the face by minor head and account, with the total that stands on the face. */
export const schedulesReport: TableReport = {
  name: "schedules",
  title: "Schedules",
  description:
    "the schedules B-1 to B-21 and I-1 to I-18 by minor head and account, with the year before (--schedule, --fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "schedules");
    const slice = sliceOf("schedules", options, ["fund", "ward", "function"]);
    const year = await readBooks(read, range, slice);
    const whole = yearTo(range.to);
    const sheet = whole.from === range.from ? year : await withRange(read, year, whole);
    const before = await withRange(read, year, yearBefore(range));
    // Of one ward or function there is income and expenditure, but no balance sheet.
    const all = schedulesOf({ sheet, year, yearBefore: before }).filter(
      (s) => s.statement === "income-expenditure" || (slice.ward ?? slice.function) === undefined,
    );
    const isNotes = options.schedule?.toUpperCase() === "B-21";
    const chosen = options.schedule === undefined ? all : isNotes ? [] : [scheduleNamed(all, options.schedule)];
    return {
      title: options.schedule === undefined ? "Schedules" : `Schedule ${options.schedule.toUpperCase()}`,
      titleLocal: "अनुसूचियाँ",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { ...scheduleColumn, isDataOnly: true },
        codeColumn,
        { ...lineColumn, key: "name" },
        amountColumn("amount", "Current year", "चालू वर्ष"),
        amountColumn("previous", "Previous year", "गत वर्ष"),
      ],
      rows: chosen.flatMap((schedule) => rowsOf(schedule, sheet)),
      ...(options.schedule === undefined || isNotes
        ? { notes: ["Schedule B-21, notes:", ...sheet.layouts.notes] }
        : {}),
      signatures: SIGNATURES,
      of: options.schedule === undefined ? span(range) : `${options.schedule.toUpperCase()}_${span(range)}`,
    };
  },
};

function rowsOf(schedule: Schedule, books: Books): ReportRow[] {
  const { code, parts } = schedule;
  const title = parts.length === 1 ? (parts[0]?.line.label ?? "") : parts.map((part) => part.line.label).join("; ");
  return [
    { kind: "heading", cells: { name: `${code}: ${title}` } },
    ...parts.flatMap((part): ReportRow[] => [
      ...part.minors.flatMap((minor): ReportRow[] => [
        {
          kind: "total",
          level: 1,
          cells: {
            schedule: code,
            code: minor.code,
            name: nameOf(books, minor.code),
            amount: minor.amount,
            previous: minor.previous,
          },
        },
        ...minor.accounts.map((account): ReportRow => ({
          level: 2,
          cells: {
            schedule: code,
            code: account.code,
            name: nameOf(books, account.code),
            amount: account.amount,
            previous: account.previous,
          },
          drill: { account: account.code },
        })),
      ]),
      ...(parts.length === 1
        ? []
        : [
            {
              kind: "total",
              level: 0,
              isPrintOnly: true,
              cells: {
                code: part.line.head,
                name: part.line.label,
                amount: part.amount,
                previous: part.previous,
              },
            } as const,
          ]),
    ]),
    {
      kind: "total",
      cells: { schedule: code, name: `Total ${code}`, amount: schedule.amount, previous: schedule.previous },
    },
  ];
}
