import { paise, type Paise } from "../../ledger/kernel/money.ts";

/** What instruments come to in each fund: {"01": "540000"} of each, added up. */
export function fundsOf(rows: readonly { readonly funds: Readonly<Record<string, string>> }[]): Map<string, Paise> {
  const total = new Map<string, bigint>();
  for (const row of rows)
    for (const [fund, amount] of Object.entries(row.funds)) total.set(fund, (total.get(fund) ?? 0n) + BigInt(amount));
  return new Map([...total].map(([fund, amount]) => [fund, paise(amount)]));
}
