import type { VNode } from "preact";
import type { Refund, Refundable } from "../../../collections/index.ts";
import type { BankBook } from "../../../ledger/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Books } from "../books-frame.tsx";
import { Badge, Crumbs, Facts, Field, Flash, Form, Refused, Select } from "../components.tsx";
import type { View } from "../kit.tsx";
import { RefundFigures } from "./ask.tsx";
import { ORIGIN, STATUS, stepsOf } from "./words.ts";

export type BankTyped = { readonly account: string; readonly reference: string; readonly date: string };

export function RefundPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly refund: Refund;
  readonly figures: Refundable | undefined;
  readonly banks: readonly BankBook[];
  readonly today: LocalDate;
  readonly typed?: { readonly reason?: string; readonly bank?: BankTyped };
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, refund } = props;
  const status = STATUS[refund.status];
  return (
    <Books view={view} title={`Refund ${refund.number}`} tab="refunds">
      <Crumbs trail={[["Refunds", "/books/refunds"]]} />
      <h1>Refund {refund.number}</h1>
      <Refused refusal={props.refusal} />
      <Flash kind={status.kind === "good" ? "good" : "note"}>
        <Badge kind={status.kind}>{status.says}</Badge> {status.means}
      </Flash>
      <Facts
        facts={[
          ["Amount", `₹ ${formatIndian(refund.amount)}`],
          ["Consumer", refund.consumerCode ?? "unidentified"],
          ["Payment", <span class="code">{refund.paymentId}</span>],
          ...(refund.receipt === null
            ? []
            : [["Receipt", <a href={`/books/receipts/${refund.receipt.id}`}>{refund.receipt.number}</a>] as const]),
          ["Out of", ORIGIN[refund.origin]],
          ["Reason", refund.reason],
          ["Asked", `${formatDate(refund.entryDate)} by ${refund.createdBy}`],
          ...(refund.approvedBy === null ? [] : [["Approved by", refund.approvedBy] as const]),
          ...(refund.sanctionedOn === null ? [] : [["In the books as owed", formatDate(refund.sanctionedOn)] as const]),
          ...(refund.rejectedReason === null ? [] : [["Rejected because", refund.rejectedReason] as const]),
          ...(refund.sendAttempts === 0 ? [] : [["Sent to the gateway", `${refund.sendAttempts} times`] as const]),
          ...(refund.nextSendAt === null ? [] : [["Next try", formatMoment(refund.nextSendAt)] as const]),
          ...(refund.providerRefundId === null
            ? []
            : [["Gateway’s refund", <span class="code">{refund.providerRefundId}</span>] as const]),
          ...(refund.processedAt === null ? [] : [["Paid", formatMoment(refund.processedAt)] as const]),
          ...(refund.bankReference === null || refund.bankPaidOn === null
            ? []
            : [["Paid from the bank", `${formatDate(refund.bankPaidOn)}, UTR ${refund.bankReference}`] as const]),
          ...(refund.lastError === null ? [] : [["Last answer", refund.lastError] as const]),
        ]}
      />
      {props.figures !== undefined && (
        <>
          <h2>The payment</h2>
          <RefundFigures figures={props.figures} />
        </>
      )}
      <Steps {...props} />
    </Books>
  );
}

function Steps(props: Parameters<typeof RefundPage>[0]): VNode | null {
  const { view, refund, who } = props;
  const at = `/books/refunds/${refund.id}`;
  const is = (role: "accountant" | "checker"): boolean => who.actor.roles.includes(role);
  const [step] = stepsOf(refund);
  if (step === "decide") {
    if (!is("checker")) return <p class="hint">A checker decides.</p>;
    if (refund.createdBy === who.actor.id) return <p class="hint">You asked for it; another person decides.</p>;
    return (
      <div class="two">
        <Form view={view} action={`${at}/approve`} class="panel" label="Approve">
          <h2>Approve</h2>
          <p>₹ {formatIndian(refund.amount)} is owed from then on, and the gateway is asked to pay it.</p>
          <button>
            Approve<span class="sr"> refund {refund.number}</span>
          </button>
        </Form>
        {refund.status === "asked" && (
          <Form view={view} action={`${at}/reject`} class="panel" label="Reject">
            <h2>Reject</h2>
            <Field label="Reason" name="reason" value={props.typed?.reason ?? ""} isRequired maxLength={300} />
            <button class="second">Reject</button>
          </Form>
        )}
      </div>
    );
  }
  if (!is("accountant") && !is("checker")) return null;
  if (step === "send") {
    return (
      <Form view={view} action={`${at}/send`} class="panel" label="Send">
        <button>Send to the gateway now</button>
      </Form>
    );
  }
  if (step !== "bank") return null;
  const bank = props.typed?.bank;
  return (
    <Form view={view} action={`${at}/bank`} class="panel" label="Pay from the bank">
      <h2>Pay from the bank</h2>
      <p class="hint">
        The gateway is asked first: while it holds a refund of this payment that may still be paid, nothing is booked.
      </p>
      <Select
        label="Bank account"
        name="account"
        value={bank?.account ?? props.banks[0]?.account ?? ""}
        options={props.banks.map((b) => ({ value: b.account, label: `${b.account} ${b.bank} ${b.numberMasked}` }))}
      />
      <Field label="UTR" name="reference" value={bank?.reference} isRequired maxLength={40} />
      <Field label="Paid on" name="date" type="date" value={bank?.date ?? props.today} isRequired />
      <button>Book the payment</button>
    </Form>
  );
}
