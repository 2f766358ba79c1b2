import type { VNode } from "preact";
import type { Refund } from "../../../collections/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import { sum } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Field, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { STATUS } from "./words.ts";

const OVER = new Set(["processed", "bank-paid", "rejected"]);

/** Money that goes back: what waits for whom, and what was asked for. */
export function RefundsPage(props: {
  readonly view: View;
  readonly refunds: readonly Refund[];
  readonly mayAsk: boolean;
}): VNode {
  const { view, refunds } = props;
  const open = refunds.filter((r) => !OVER.has(r.status));
  return (
    <Books view={view} title="Refunds" tab="refunds">
      <h1>Refunds</h1>
      <p>
        One person asks, another approves, the gateway pays the money back the way it came; where it cannot, the bank
        pays.
      </p>
      {props.mayAsk && (
        <form method="get" action="/books/refunds/new" class="filter">
          <Field label="Receipt number or payment id" name="of" isRequired maxLength={60} />
          <button>Ask for a refund</button>
        </form>
      )}
      <Refunds title="Waiting" refunds={open} empty="No refund waits." />
      <Refunds title="Done" refunds={refunds.filter((r) => OVER.has(r.status))} empty="None yet." />
    </Books>
  );
}

function Refunds(props: {
  readonly title: string;
  readonly refunds: readonly Refund[];
  readonly empty: string;
}): VNode {
  return (
    <>
      <h2>{props.title}</h2>
      <Table
        caption={`Refunds: ${props.title.toLowerCase()}`}
        hideCaption
        stacks
        empty={props.empty}
        columns={[
          { title: "Note", kind: "code" },
          { title: "Date", kind: "code" },
          { title: "Consumer" },
          { title: "Reason" },
          { title: "Status" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={[
          ...props.refunds.map((r) => ({
            cells: [
              <a href={`/books/refunds/${r.id}`}>{r.number}</a>,
              formatDate(r.entryDate),
              r.consumerCode ?? "unidentified",
              <>
                {r.reason}
                {r.lastError !== null && <small> · {r.lastError}</small>}
              </>,
              <Badge kind={STATUS[r.status].kind}>{STATUS[r.status].says}</Badge>,
              <Amount value={r.amount} />,
            ],
          })),
          ...(props.refunds.length < 2
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: ["Total", "", "", "", "", <Amount value={sum(props.refunds.map((r) => r.amount))} />],
                },
              ]),
        ]}
      />
    </>
  );
}
