import type { VNode } from "preact";
import { voucherAmount, type DueRecurring, type RecurringVoucher, type Voucher } from "../../../ledger/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Problem, Refusal } from "../../../ledger/kernel/errors.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Crumbs, Field, Flash, Form, Problems, Refused, Table } from "../components.tsx";
import type { View } from "../kit.tsx";

export function RecurringPage(props: {
  readonly view: View;
  readonly recurring: readonly RecurringVoucher[];
  readonly due: readonly DueRecurring[];
  readonly reversals: readonly Voucher[];
  readonly canWrite: boolean;
  readonly done: string;
  readonly refusal?: Refusal | undefined;
  readonly problems: readonly Problem[];
}): VNode {
  const { view, canWrite } = props;
  return (
    <Books view={view} title="Recurring vouchers" tab="vouchers">
      <Crumbs trail={[["Vouchers", "/books/vouchers"]]} />
      <h1>Recurring and reversing vouchers</h1>
      {props.done !== "" && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      <Problems title="These reversals were refused; the others are posted." problems={props.problems} />
      <Table
        caption="Due and not drafted yet"
        stacks
        empty="Nothing is due."
        columns={[{ title: "Due on" }, { title: "What" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={props.due.slice(0, 200).map((d) => ({
          cells: [formatDate(d.dueOn), d.recurring.title, <Amount value={voucherAmount(d.recurring)} />],
        }))}
      />
      {canWrite && props.due.length > 0 && (
        <Form view={view} action="/books/vouchers/recurring/draft">
          <button>Draft what is due</button>
        </Form>
      )}
      <Table
        caption="Reversals that wait for their month to be opened"
        stacks
        empty="No reversal is waiting."
        columns={[{ title: "On" }, { title: "Voucher" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={props.reversals.map((v) => ({
          cells: [
            v.autoReverseOn === undefined ? "" : formatDate(v.autoReverseOn),
            <a href={`/books/vouchers/${v.id}`}>{v.narration}</a>,
            <Amount value={voucherAmount(v)} />,
          ],
        }))}
      />
      {canWrite && props.reversals.length > 0 && (
        <Form view={view} action="/books/vouchers/recurring/reverse">
          <button>Post those whose month is open</button>
        </Form>
      )}
      <Table
        caption="Recurring vouchers"
        stacks
        empty="No voucher recurs. Open one that should, and choose “Repeat this voucher”."
        columns={[
          { title: "What" },
          { title: "Type" },
          { title: "Every" },
          { title: "From, to" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Status" },
          { title: "", kind: "action" },
        ]}
        rows={props.recurring.map((r) => ({
          cells: [
            r.title,
            r.voucher,
            `${r.every}, day ${r.dayOfMonth}`,
            `${formatDate(r.startsOn)} to ${r.endsOn === null ? "open end" : formatDate(r.endsOn)}`,
            <Amount value={voucherAmount(r)} />,
            <>
              <Badge kind={r.status === "active" ? "good" : "plain"}>{r.status}</Badge> {r.stopReason ?? ""}
            </>,
            canWrite && r.status === "active" ? (
              <Form
                view={view}
                action={`/books/vouchers/recurring/${r.id}/stop`}
                class="filter"
                label={`Stop ${r.title}`}
              >
                <Field label="Reason" name="reason" isRequired maxLength={300} />
                <button class="second small">Stop</button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
    </Books>
  );
}
