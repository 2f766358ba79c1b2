import type { VNode } from "preact";
import type { VarianceRow } from "../../../ledger/index.ts";
import { financialYearEnd, financialYearStart } from "../../../ledger/kernel/dates.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Crumbs, Facts, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { lineName } from "./look.ts";

type LineLooked = {
  readonly row: VarianceRow;
  readonly accounts: readonly { readonly code: string; readonly name: string }[];
};

/** A budget line with the heads it covers, each leading to its ledger. */
export function LinePage({ view, row, accounts }: LineLooked & { readonly view: View }): VNode {
  const range = `from=${financialYearStart(row.fy)}&to=${financialYearEnd(row.fy)}`;
  return (
    <Books view={view} title={`Budget line ${row.budgetHead}`} tab="budget">
      <Crumbs trail={[[`Budget ${row.fy}`, `/books/budget?fy=${row.fy}`]]} />
      <h1>{lineName(row)}</h1>
      <Facts
        facts={[
          ["Original", <Amount value={row.original} />],
          ["Revised", <Amount value={row.revised} />],
          ["Re-appropriated", <Amount value={row.reappropriated} />],
          ["Sanctioned", <Amount value={row.sanctioned} />],
          ["Actual", <Amount value={row.actual} />],
          ["Committed", <Amount value={row.committed} />],
          ["Balance", <Amount value={row.balance} />],
        ]}
      />
      <Table
        caption="Heads it covers"
        empty="No posting head begins with these digits."
        columns={[{ title: "Account", kind: "code" }, { title: "Name" }]}
        rows={accounts.map((a) => ({ cells: [<a href={`/books/accounts/${a.code}?${range}`}>{a.code}</a>, a.name] }))}
      />
    </Books>
  );
}
