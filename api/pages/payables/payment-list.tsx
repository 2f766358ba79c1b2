import type { VNode } from "preact";
import { PAYMENT_KINDS, type Payment, type PaymentKind, type PaymentStatus } from "../../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Pagination, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { PAGE_SIZE, Payables, ROOT } from "./common.tsx";

export const STATUSES = ["submitted", "issued", "rejected", "cancelled"] as const satisfies readonly PaymentStatus[];
export const WORDS: Record<PaymentKind, string> = {
  bills: "Pay bills",
  remittance: "Remit deductions",
  deposit: "Refund deposits",
  advance: "Give an advance",
  reissue: "Pay stale cheques anew",
};

export function PaymentsPage(props: {
  readonly view: View;
  readonly status: PaymentStatus;
  readonly payments: readonly Payment[];
  readonly page: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
}): VNode {
  return (
    <Payables view={props.view} title="Payments" part="payments">
      <h1>Payments</h1>
      {props.canWrite && (
        <p class="actions">
          {PAYMENT_KINDS.map((kind) => (
            <a class={kind === "bills" ? "button" : "button second"} href={`${ROOT}/payments/new?kind=${kind}`}>
              {WORDS[kind]}
            </a>
          ))}
        </p>
      )}
      <p class="actions">
        {STATUSES.map((s) => (
          <a
            class="button second small"
            href={`${ROOT}/payments?status=${s}`}
            aria-current={s === props.status ? "page" : undefined}
          >
            {s}
          </a>
        ))}
      </p>
      <PaymentTable
        caption={`Payments that are ${props.status}`}
        empty={`No payment is ${props.status}.`}
        payments={props.payments.slice(0, PAGE_SIZE)}
      />
      <Pagination
        first={props.page > 1 ? `${ROOT}/payments?status=${props.status}` : undefined}
        next={
          props.payments.length > PAGE_SIZE
            ? `${ROOT}/payments?status=${props.status}&page=${props.page + 1}`
            : undefined
        }
      />
      <h2>Register of payment orders (GEN-14)</h2>
      <Files report="payment-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

export function PaymentTable(props: {
  readonly caption: string;
  readonly empty: string;
  readonly payments: readonly Payment[];
}): VNode {
  return (
    <Table
      caption={props.caption}
      empty={props.empty}
      stacks
      columns={[
        { title: "Date" },
        { title: "Payee" },
        { title: "By" },
        { title: "For" },
        { title: "Bank book", kind: "code" },
        { title: "Amount (₹)", kind: "amount" },
        { title: "Made by" },
      ]}
      rows={props.payments.map((p) => ({
        cells: [
          formatDate(p.date),
          <a href={`${ROOT}/payments/${p.id}`}>{p.payee}</a>,
          instrumentOf(p),
          p.narration,
          p.account,
          <Amount value={p.amount} />,
          p.createdBy,
        ],
      }))}
    />
  );
}

export const instrumentOf = (p: Payment): string =>
  p.mode === "cheque" ? `cheque ${p.leaf ?? ""}` : `transfer${p.adviceNumber === null ? "" : ` ${p.adviceNumber}`}`;
