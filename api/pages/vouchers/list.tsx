import type { VNode } from "preact";
import { VOUCHER_STATUSES, voucherAmount, type Voucher, type VoucherStatus } from "../../../ledger/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Field, Pagination, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";

export const KIND = {
  draft: "plain",
  submitted: "wait",
  "sent-back": "wait",
  approved: "good",
  rejected: "bad",
  cancelled: "bad",
} as const;

export const statusWords = (status: VoucherStatus): string => status.replace("-", " ");

export type ListQuery = {
  readonly status: VoucherStatus;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly search: string;
  readonly backDated: string;
};

export function VouchersPage(props: {
  readonly view: View;
  readonly query: ListQuery;
  readonly vouchers: readonly Voucher[];
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly canWrite: boolean;
  /** Recurring vouchers and automatic reversals that are due. */
  readonly due: number;
}): VNode {
  const { query } = props;
  return (
    <Books view={props.view} title="Vouchers" tab="vouchers">
      <h1>Vouchers</h1>
      <p class="inline-links">
        {props.canWrite && <a href="/books/vouchers/new">New voucher</a>}
        <a href="/books/vouchers/templates">Templates</a>
        <a href="/books/vouchers/recurring">Recurring and reversing{props.due === 0 ? "" : ` (${props.due} due)`}</a>
        <a href="/books/vouchers/limits">Limits and signatures</a>
      </p>
      <form method="get" action="/books/vouchers" class="filter">
        <Select
          label="Status"
          name="status"
          value={query.status}
          options={VOUCHER_STATUSES.map((s) => ({ value: s, label: statusWords(s) }))}
        />
        <Select
          label="Type"
          name="type"
          value={query.type}
          options={["", "receipt", "payment", "contra", "journal", "opening"].map((t) => ({
            value: t,
            label: t === "" ? "all" : t,
          }))}
        />
        <Field label="From" name="from" type="date" value={query.from} />
        <Field label="To" name="to" type="date" value={query.to} />
        <Field label="Words, file or sanction" name="q" type="search" value={query.search} maxLength={100} />
        <Select
          label="Dated back"
          name="back"
          value={query.backDated}
          options={[
            { value: "", label: "all" },
            { value: "yes", label: "only dated back" },
          ]}
        />
        <button class="second">Show</button>
      </form>
      <Table
        caption={`Vouchers: ${statusWords(query.status)}`}
        stacks
        empty={`There are no vouchers here with the status ${statusWords(query.status)}.`}
        columns={[
          { title: "Date" },
          { title: "Type" },
          { title: "Narration" },
          { title: "File" },
          { title: "Made by" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={props.vouchers.map((v) => ({
          cells: [
            <>
              {formatDate(v.date)} {v.isBackDated && <Badge kind="wait">dated back</Badge>}
            </>,
            v.voucher,
            <a href={`/books/vouchers/${v.id}`}>{v.narration === "" ? "(no narration)" : v.narration}</a>,
            v.fileNumber ?? "",
            v.createdBy,
            <Amount value={voucherAmount(v)} />,
          ],
        }))}
      />
      <Pagination first={props.first} next={props.next} />
    </Books>
  );
}
