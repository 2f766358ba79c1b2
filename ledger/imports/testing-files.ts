import { toRupees } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { trialBalance } from "../balances.ts";
import { localDate } from "../kernel/dates.ts";

/** Opening balances of a made-up town, in two funds, with demand years and parties. */
export const OPENING = `code,name,subledger,debit,credit,fund
4501001,Cash on hand,,1500.00,,01
4502101,State Bank,,250000.00,0.00,01
4502101,State Bank (water),,40000.00,,02
4311004,Arrears of property tax,2023-24,5400.00,,01
4311004,Arrears of property tax,A1/2024-25,2160.00,,01
4313001,Water,2024-25,900.00,,02
4319100,State cess,,,560.00,01
3401002,Retention,C-0012,,12000.00,01
3101001,General fund,,,246500.00,01
3101001,General fund,,,40900.00,02
4108000,Nothing,,0.00,,
`;

const HEAD = "voucher,date,type,fund,function,ward,leg,side,code,name,amount,subledger,narration";

/** Vouchers of the same town: all four types, two funds, a sub-ledger of each kind; the rows of V-2 do not stand together. */
export const VOUCHERS = `${HEAD}
V-1,2025-04-05,Journal,01,91,W1,1,Dr,4311001,,10800.00,2025-26,Property tax demand of the first half year
V-1,2025-04-05,Journal,01,91,W1,2,Cr,1100101,,10000.00,,
V-1,2025-04-05,Journal,01,91,W1,3,Cr,4319100,,800.00,,
V-2,2025-04-10,receipt,01,91,W1,2,Cr,4311004,,1080.00,A1/2024-25,Arrears of A1
V-3,2025-04-12,Contra,01,,,1,Dr,4502101,,1000.00,,Cash to the bank
V-3,2025-04-12,Contra,01,,,2,Cr,4501001,,1000.00,,Cash to the bank
V-2,2025-04-10,receipt,01,91,W1,1,Dr,4501001,,1080.00,,Arrears of A1
V-4,2025-05-02,PAYMENT,02,51,,1,Dr,2303001,,350.50,,Chlorine
V-4,2025-05-02,PAYMENT,02,,,2,Cr,4502101,,350.50,,Chlorine
`;

/** A file of vouchers with these rows below the header. */
export function vouchersCsv(...rows: readonly string[]): string {
  return `${[HEAD, ...rows].join("\n")}\n`;
}

/** The trial balance of 2025-26 as lines of text. */
export async function trialText(read: Read, from = "2025-04-01", to = "2026-03-31"): Promise<string[]> {
  const rows = await trialBalance(read, { from: localDate(from), to: localDate(to) });
  return rows.map((r) =>
    [r.code, r.openDebit, r.openCredit, r.debit, r.credit, r.closeDebit, r.closeCredit]
      .map((v) => (typeof v === "bigint" ? toRupees(v) : v))
      .join(" "),
  );
}
