import { cr, dr, postEntries, type EntryDraft, type VoucherType } from "../ledger/index.ts";
import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import type { App, Read } from "../ledger/kernel/tx.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testUlb, type TestUlb } from "../ledger/testing.ts";
import { exportReport } from "./exports.ts";
import type { ReportOptions } from "./report-table.ts";

let made = 0;

/**
 * "2025-05-10 receipt 4502101 Dr 1000.00 / 4311001 Cr 1000.00": an entry as a line of text. A leg may add "@fund", "#function" and "~ward".
 * Income and expenditure stand under function 03 unless another is named.
 */
export function entryOf(text: string): EntryDraft {
  const [head = "", legs = ""] = text.split(/ (?=\d{7} )(.*)/s);
  const [date = "", voucher = "", ...words] = head.trim().split(/\s+/);
  made += 1;
  return {
    voucher: voucher as VoucherType,
    date: localDate(date),
    narration: words.join(" ") || `entry ${made}`,
    source: { type: "test", id: String(made) },
    lines: legs.split("/").map((leg) => {
      const [account = "", side, amount = "", ...marks] = leg.trim().split(/\s+/);
      const mark = (sign: string): string | undefined => marks.find((m) => m.startsWith(sign))?.slice(1);
      const fn = mark("#") ?? (/^[12]/.test(account) ? "03" : undefined);
      return (side === "Dr" ? dr : cr)(account, rupees(amount), { fund: mark("@"), function: fn, ward: mark("~") });
    }),
  };
}

/** A ULB whose books began in April 2024, with these entries. */
export async function testBooks(app: App, entries: readonly string[]): Promise<TestUlb> {
  const city = await testUlb(app, {
    startsOn: localDate("2024-04-01"),
    years: [localDate("2025-04-01"), localDate("2026-04-01")],
  });
  await city.tx("accountant", (tx) => postEntries(tx, entries.map(entryOf)));
  return city;
}

export function reading<T>(app: App, city: TestUlb, fn: (read: Read) => Promise<T>): Promise<T> {
  return inSnapshot(app, city.as("auditor"), fn);
}

/** A report as text, whole. */
export async function reportText(
  app: App,
  city: TestUlb,
  name: string,
  options: ReportOptions,
  format = "csv",
): Promise<string> {
  return reading(app, city, async (read) => {
    const { body } = await exportReport(read, name, options, format);
    let text = "";
    for await (const piece of body) text += typeof piece === "string" ? piece : Buffer.from(piece).toString("latin1");
    return text;
  });
}

/** A year of every kind of head, after a year that left balances. */
export const YEAR = [
  // What 2024-25 left: cash, a grant, a loan, assets, receivables with State cess inside, a deposit, a surplus.
  "2024-05-01 receipt grant received 4506101 Dr 500000.00 / 3202004 Cr 500000.00",
  "2024-05-02 receipt loan drawn 4502101 Dr 800000.00 / 3305001 Cr 800000.00",
  "2024-06-01 payment land bought 4101001 Dr 300000.00 / 4502101 Cr 300000.00",
  "2024-06-02 journal demand raised 4311001 Dr 220000.00 / 1100101 Cr 200000.00 / 4319100 Cr 20000.00",
  "2024-07-01 receipt tax collected 4502101 Dr 120000.00 / 4311001 Cr 120000.00",
  "2024-07-01 journal cess in the collection 4319100 Dr 10000.00 / 3503001 Cr 10000.00",
  "2024-08-01 payment salaries 2101001 Dr 90000.00 / 4502101 Cr 90000.00",
  "2024-09-01 receipt earnest money 4502101 Dr 15000.00 / 3401001 Cr 15000.00",
  // 2025-26
  "2025-04-05 journal demand raised 4311001 Dr 330000.00 ~W1 / 1100101 Cr 200000.00 #91 ~W1 / 1100101 Cr 100000.00 #91 ~W2 / 4319100 Cr 30000.00",
  "2025-05-10 receipt tax collected 4502101 Dr 250000.00 / 4311001 Cr 250000.00",
  "2025-05-10 journal cess in the collection 4319100 Dr 22727.27 / 3503001 Cr 22727.27",
  "2025-05-11 journal rebate 1109001 Dr 5000.00 #91 ~W1 / 4311001 Cr 5000.00",
  "2025-05-12 receipt licence fees 4501001 Dr 12000.50 / 1401101 Cr 12000.50 #15",
  "2025-05-13 contra cash banked 4502101 Dr 12000.50 / 4501001 Cr 12000.50",
  "2025-06-01 receipt online, fee kept back 4502101 Dr 990.00 / 2408003 Dr 10.00 #91 / 4311001 Cr 1000.00",
  "2025-06-30 journal salary bill 2101001 Dr 60000.00 / 3501101 Cr 54000.00 / 3502008 Cr 6000.00",
  "2025-07-01 payment salaries paid 3501101 Dr 54000.00 / 4502101 Cr 54000.00",
  "2025-07-07 payment tax remitted 3502008 Dr 6000.00 / 4502101 Cr 6000.00",
  "2025-07-10 journal contractor bill 2305001 Dr 40000.00 #21 ~W2 / 3501002 Cr 36000.00 / 3401001 Cr 4000.00",
  "2025-07-20 payment contractor paid 3501002 Dr 36000.00 / 4502101 Cr 36000.00",
  "2025-08-01 payment building begun 4120021 Dr 100000.00 / 4502101 Cr 100000.00",
  "2025-12-01 journal building finished 4102001 Dr 100000.00 / 4120021 Cr 100000.00",
  "2025-12-02 journal grant used 3202004 Dr 60000.00 / 3121000 Cr 60000.00",
  "2025-12-03 journal grant used for revenue 3202004 Dr 25000.00 / 1601001 Cr 25000.00",
  "2025-12-14 payment ambulance bought 4105001 Dr 22000.00 / 4502101 Cr 22000.00",
  "2025-12-15 receipt sale of the ambulance 4502101 Dr 30000.00 / 3509002 Cr 30000.00",
  "2025-12-15 journal ambulance sold with profit 3509002 Dr 30000.00 / 4105001 Cr 22000.00 / 1803000 Cr 8000.00",
  "2026-01-05 payment interest 2405000 Dr 32000.00 / 4502101 Cr 32000.00",
  "2026-01-06 payment loan repaid 3305001 Dr 50000.00 / 4502101 Cr 50000.00",
  "2026-01-10 payment fixed deposit 4208001 Dr 70000.00 / 4502101 Cr 70000.00",
  "2026-02-10 receipt deposit interest 4502101 Dr 3500.00 / 1701001 Cr 3500.00",
  "2026-02-11 receipt bank interest 4502101 Dr 1234.56 / 1711001 Cr 1234.56",
  "2026-02-12 payment advance to staff 4601001 Dr 5000.00 / 4502101 Cr 5000.00",
  "2026-02-13 payment stores bought 4301001 Dr 9000.00 / 4502101 Cr 9000.00",
  "2026-02-14 journal stores used 2303001 Dr 4000.00 #21 / 4301001 Cr 4000.00",
  "2026-03-01 payment deposit work 4701001 Dr 7000.00 / 4502101 Cr 7000.00",
  "2026-03-02 receipt deposit work money 4502101 Dr 20000.00 / 3411001 Cr 20000.00",
  "2026-03-03 payment between funds 4702051 Dr 40000.00 @01 / 4502101 Cr 40000.00 @01",
  "2026-03-03 receipt between funds 4502102 Dr 40000.00 @02 / 4702051 Cr 40000.00 @02",
  "2026-03-04 payment water pumping 2301001 Dr 11000.00 @02 #51 / 4502102 Cr 11000.00 @02",
  "2026-03-31 journal depreciation 2722000 Dr 5000.00 / 4112001 Cr 5000.00",
  "2026-03-31 journal provision 2701001 Dr 2500.00 #91 / 4329100 Dr 250.00 / 4321000 Cr 2750.00",
  "2026-03-31 journal demand of an earlier year 4311001 Dr 3000.00 / 2801000 Cr 3000.00 #91",
  "2026-03-31 journal refund of an earlier year 2805000 Dr 1000.00 #91 / 3504001 Cr 1000.00",
  "2026-03-31 journal to the sinking fund 2902001 Dr 6000.00 / 3115001 Cr 6000.00",
  "2026-03-31 journal interest accrued 2405000 Dr 1500.00 / 3602001 Cr 1500.00",
] as const;

export const FIRST_DAY: LocalDate = localDate("2025-04-01");
