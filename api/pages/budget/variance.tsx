import type { VNode } from "preact";
import type { VarianceRow } from "../../../ledger/index.ts";
import { financialYearEnd, financialYearStart } from "../../../ledger/kernel/dates.ts";
import { paise } from "../../../ledger/kernel/money.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Table } from "../components.tsx";
import type { Part } from "./look.ts";

function used(row: VarianceRow): string {
  if (row.sanctioned <= 0n) return "";
  return `${(row.actual * 100n) / row.sanctioned} %`;
}

/** What was sanctioned, spent and is left, line by line. */
export function Variance({ fy, variance, at }: Part): VNode {
  const range = `from=${financialYearStart(fy)}&to=${financialYearEnd(fy)}`;
  return (
    <>
      {(["expenditure", "income"] as const).map((side) => {
        const rows = variance.rows.filter((r) => r.side === side);
        const total = (
          key: "original" | "revised" | "reappropriated" | "sanctioned" | "actual" | "committed" | "balance",
        ) => <Amount value={paise(rows.reduce((a, r) => a + r[key], 0n))} />;
        return (
          <Table
            caption={side === "income" ? "Income" : "Expenditure"}
            stacks
            empty={`No budget of ${side} was entered for ${fy}.`}
            columns={[
              { title: "Head" },
              { title: "Name" },
              { title: "Accounts", kind: "code" },
              { title: "Function", kind: "code" },
              { title: "Fund", kind: "code" },
              { title: "Original (₹)", kind: "amount" },
              { title: "Revised (₹)", kind: "amount" },
              { title: "Re-appropriated (₹)", kind: "amount" },
              { title: "Sanctioned (₹)", kind: "amount" },
              { title: "Actual (₹)", kind: "amount" },
              { title: "Committed (₹)", kind: "amount" },
              { title: "Balance (₹)", kind: "amount" },
              { title: "Used", kind: "amount" },
            ]}
            rows={
              rows.length === 0
                ? []
                : [
                    ...rows.map((r) => ({
                      cells: [
                        <a href={`${at}/lines/${r.id}`}>{r.budgetHead}</a>,
                        r.name,
                        r.accountPrefix,
                        r.function === "" ? "any" : r.function,
                        r.fund,
                        <Amount value={r.original} />,
                        <Amount value={r.revised} />,
                        <Amount value={r.reappropriated} />,
                        <Amount value={r.sanctioned} />,
                        <Amount value={r.actual} />,
                        <Amount value={r.committed} />,
                        <Amount value={r.balance} />,
                        used(r),
                      ],
                    })),
                    {
                      kind: "total" as const,
                      cells: [
                        "Total",
                        "",
                        "",
                        "",
                        "",
                        total("original"),
                        total("revised"),
                        total("reappropriated"),
                        total("sanctioned"),
                        total("actual"),
                        total("committed"),
                        total("balance"),
                        "",
                      ],
                    },
                  ]
            }
          />
        );
      })}
      <Files report="budget-variance" query={`fy=${fy}`} formats={["pdf", "csv", "xlsx"]} />
      {variance.unbudgeted.length > 0 && (
        <details>
          <summary>Booked without a budget line ({variance.unbudgeted.length} heads)</summary>
          <Table
            caption="Booked without a budget line"
            hideCaption
            columns={[
              { title: "Account", kind: "code" },
              { title: "Name" },
              { title: "Side" },
              { title: "Actual (₹)", kind: "amount" },
            ]}
            rows={variance.unbudgeted.slice(0, 300).map((u) => ({
              cells: [
                <a href={`/books/accounts/${u.account}?${range}`}>{u.account}</a>,
                u.name,
                u.side,
                <Amount value={u.actual} />,
              ],
            }))}
          />
        </details>
      )}
    </>
  );
}
