import { dcb, defaulters, duesByYear } from "../../billing/index.ts";
import { financialYearOf, financialYearStart, formatDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, paise, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { dayOf } from "../ranges.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { agreementNote, sumsBy, totalRows, type Sums } from "./dcb-agreement.ts";
import {
  codeColumn,
  DEMAND_SIGNATURES,
  demandSlice,
  nameColumn,
  serviceColumn,
  sliceName,
  sliceText,
  wardColumn,
} from "./demand-columns.ts";
import { date, loose, money, text } from "./register-columns.ts";

/**
 * Who owes what at the end of a day, on accrual basis; penalties reckoned to date come with the bill. Streams: a city has a defaulter for
 * every third house. The dues of all are compared with the DCB year by year before the list, and the listed total once more at its end.
 */
export const defaultersReport: TableReport = {
  name: "defaulters",
  title: "Register of defaulters",
  description:
    "who owes what at a day: arrears, current, oldest due date, last payment (--service, --ward, --minimum, --demand-year, --by ward)",
  asks: ["service", "demandYear", "minimum"],
  build: async (read, options): Promise<ReportTable> => {
    const day = dayOf(read, options, "defaulters");
    const { demandYear, minimum } = options;
    const asked = { asOf: day, ...demandSlice(options), ...(demandYear === undefined ? {} : { demandYear }) };
    const all = await dcb(read, { from: financialYearStart(financialYearOf(day)), to: day, ...demandSlice(options) });
    const closing = sumsBy(
      all.filter((r) => demandYear === undefined || r.demandYear <= demandYear),
      (r) => r.demandYear,
      (r) => r.closingBalance,
    );
    const restrictions = [
      ...(demandYear === undefined ? [] : [`dues of ${demandYear} and before`]),
      ...(minimum === undefined ? [] : [`${formatIndian(minimum)} or more`]),
    ];
    return {
      title: "Register of defaulters",
      titleLocal: "बकायादारों का रजिस्टर",
      subtitle: [`As on ${formatDate(day)}`, [sliceText(options), ...restrictions].join(" · ")],
      columns: [
        serviceColumn,
        wardColumn,
        codeColumn,
        nameColumn,
        text("address", "Address", "पता", 2.5),
        text("mobile", "Mobile", "मोबाइल", 1.2),
        money("arrears", "Arrears", "बकाया"),
        money("current", "Current", "चालू"),
        money("total", "Total due", "कुल देय"),
        text("due_by_year", "By demand year", "माँग वर्ष के अनुसार", 2),
        date("oldest_due_date", "Oldest due date"),
        date("last_paid_on", "Last paid on"),
        loose("last_paid", "Last payment"),
      ],
      rows: rowsOf(read, options, asked, closing),
      notes: [
        agreementNote("closing balance", await duesByYear(read, asked), closing),
        ...(minimum === undefined
          ? []
          : [`Those who owe less than ${formatIndian(minimum)} are in that figure, but not in the list.`]),
        "A consumer of whom was demanded in two wards stands once for each.",
      ],
      signatures: DEMAND_SIGNATURES,
      of: [...sliceName(options), day].join("_"),
    };
  },
};

async function* rowsOf(
  read: Read,
  options: ReportOptions,
  asked: Parameters<typeof duesByYear>[1],
  closing: Sums,
): AsyncGenerator<ReportRow> {
  let [arrears, current]: [Paise, Paise] = [ZERO, ZERO];
  const years = new Map<string, Paise>();
  const { minimum } = options;
  const list = defaulters(read, {
    ...asked,
    ...(minimum === undefined ? {} : { atLeast: minimum }),
    order: options.by === "ward" ? "ward" : "amount",
  });
  for await (const d of list) {
    arrears = paise(arrears + d.arrears);
    current = paise(current + d.current);
    for (const y of d.years) years.set(y.demandYear, paise((years.get(y.demandYear) ?? ZERO) + y.due));
    yield {
      cells: {
        service: d.service,
        ward: d.ward,
        consumer_code: d.code,
        name: d.name,
        address: d.address,
        mobile: d.mobile,
        arrears: d.arrears,
        current: d.current,
        total: d.total,
        due_by_year: d.years.map((y) => `${y.demandYear} ${toRupees(y.due)}`).join("; "),
        oldest_due_date: d.oldestDueDate,
        last_paid_on: d.lastPayment?.date,
        last_paid: d.lastPayment?.amount,
      },
    };
  }
  const cells = { arrears, current, total: paise(arrears + current) };
  if (minimum === undefined) yield* totalRows({ name: "name", total: "total" }, cells, years, closing);
  else yield { kind: "total", cells: { ...cells, name: `Total of those who owe ${formatIndian(minimum)} or more` } };
}
