import type { VNode } from "preact";
import type { ChangePreview } from "../../../billing/index.ts";
import { subtract, sum } from "../../../ledger/kernel/money.ts";
import { Amount, Table } from "../components.tsx";
import { periodOf } from "./words.ts";

/** What a change does: dues and advances before and after, and the lines of its entry. */
export function Preview(props: {
  readonly preview: ChangePreview;
  /** Names of tax heads by code. */
  readonly names: ReadonlyMap<string, string>;
}): VNode {
  const { preview, names } = props;
  return (
    <>
      {preview.consumers.map((consumer) => {
        const dues = preview.dues.filter((d) => d.consumerId === consumer.id);
        const changed = dues.filter((d) => d.before !== d.after);
        const same = sum(dues.filter((d) => d.before === d.after).map((d) => d.before));
        const before = sum(dues.map((d) => d.before));
        const after = sum(dues.map((d) => d.after));
        const amounts = (b: typeof before, a: typeof after): VNode[] => [
          <Amount value={b} />,
          <Amount value={a} />,
          <Amount value={subtract(a, b)} blank />,
        ];
        return (
          <Table
            caption={`What ${consumer.code}, ${consumer.name}, owes`}
            stacks
            columns={[
              { title: "Period" },
              { title: "Head" },
              { title: "Due before (₹)", kind: "amount" },
              { title: "Due after (₹)", kind: "amount" },
              { title: "Change (₹)", kind: "amount" },
            ]}
            rows={[
              ...changed.map((d) => ({
                cells: [periodOf(d), names.get(d.taxHead) ?? d.taxHead, ...amounts(d.before, d.after)],
              })),
              ...(same === 0n ? [] : [{ cells: ["All other dues", "", ...amounts(same, same)] }]),
              { kind: "total" as const, cells: ["Due in all", "", ...amounts(before, after)] },
              ...(consumer.advance === 0n && consumer.advanceAfter === 0n
                ? []
                : [{ cells: ["Advance of the consumer", "", ...amounts(consumer.advance, consumer.advanceAfter)] }]),
            ]}
          />
        );
      })}
      <EntryLines preview={preview} />
    </>
  );
}

function EntryLines({ preview }: { readonly preview: ChangePreview }): VNode {
  return (
    <Table
      caption="Its entry in the books"
      stacks
      empty="Nothing is posted: what it changes stands in the books only when it is paid."
      columns={[
        { title: "Account" },
        { title: "For" },
        { title: "Debit (₹)", kind: "amount" },
        { title: "Credit (₹)", kind: "amount" },
      ]}
      rows={preview.entryLines.map((l) => ({
        cells: [
          `${l.account} ${l.accountName}`,
          [l.party?.id, l.demandYear].filter(Boolean).join(", "),
          l.side === "debit" ? <Amount value={l.amount} /> : "",
          l.side === "credit" ? <Amount value={l.amount} /> : "",
        ],
      }))}
    />
  );
}
