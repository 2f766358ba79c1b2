import type { VNode } from "preact";
import type { Advice, Payment } from "../../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Amount, Crumbs, Facts, Field, Form, Refused, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { Payables, ROOT, Status } from "./common.tsx";
import { instrumentOf } from "./payment-list.tsx";

export function PaymentPage(props: {
  readonly view: View;
  readonly payment: Payment;
  readonly advice: Advice | undefined;
  readonly number: string | undefined;
  readonly who: Who;
  readonly today: LocalDate;
  readonly refusal?: Refusal;
  readonly typed?: { readonly reason: string; readonly number: string; readonly date: string };
}): VNode {
  const { view, payment, advice, who } = props;
  const roles = who.actor.roles;
  const isOwn = who.actor.id === payment.createdBy;
  const at = `${ROOT}/payments/${payment.id}`;
  const version = <input type="hidden" name="version" value={payment.version} />;
  const date = props.typed?.date ?? props.today;
  const optional = (name: string, value: VNode | string | null | undefined): (readonly [string, VNode | string])[] =>
    value === null || value === undefined || value === "" ? [] : [[name, value]];
  return (
    <Payables view={view} title="Payment" part="payments">
      <Crumbs trail={[["Payments", `${ROOT}/payments?status=${payment.status}`]]} />
      <h1>
        Payment to {payment.payee} <Status of={payment.status} />
      </h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          [
            "Amount",
            <strong>
              <Amount value={payment.amount} />
            </strong>,
          ],
          ["Date", formatDate(payment.date)],
          [
            "By",
            payment.chequeId === null ? (
              instrumentOf(payment)
            ) : (
              <a href={`${ROOT}/cheques/${payment.chequeId}`}>{instrumentOf(payment)}</a>
            ),
          ],
          ["Bank book", `${payment.account}, fund ${payment.fund}`],
          ["For", payment.narration],
          ["Made by", payment.createdBy],
          ...optional(payment.status === "rejected" ? "Rejected by" : "Approved by", payment.decidedBy),
          ...optional("Reason", payment.decisionReason),
          ...optional("Cancelled by", payment.cancelledBy),
          ...optional("Cancelled because", payment.cancelReason),
          ...optional(
            "Challan",
            payment.challanNumber === null
              ? null
              : `${payment.challanNumber} of ${payment.challanDate === null ? "" : formatDate(payment.challanDate)}`,
          ),
          ...optional(
            "Voucher",
            payment.entryId === null ? null : (
              <a href={`/books/entries/${payment.entryId}`}>{props.number ?? "in the day book"}</a>
            ),
          ),
          ...optional(
            "Reversal",
            payment.cancelEntryId === null ? null : (
              <a href={`/books/entries/${payment.cancelEntryId}`}>in the day book</a>
            ),
          ),
        ]}
      />
      <Table
        caption="What it pays"
        stacks
        columns={[
          { title: "What" },
          { title: "Party" },
          { title: "Head", kind: "code" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={payment.lines.map((l) => ({
          cells: [
            l.billId === null ? l.what : <a href={`${ROOT}/bills/${l.billId}`}>{l.what}</a>,
            `${l.party.id} ${l.name}`,
            l.account,
            <Amount value={l.amount} />,
          ],
        }))}
      />
      {payment.entryId !== null && (
        <p class="actions no-print">
          <a class="button second small" href={`${at}/order.pdf`}>
            Payment order (PDF)
          </a>
          {advice && (
            <>
              <a class="button second small" href={`${at}/advice.pdf`}>
                Advice to the bank (PDF)
              </a>
              <a class="button second small" href={`${at}/advice.csv`}>
                Bank file (CSV)
              </a>
            </>
          )}
        </p>
      )}
      {payment.status === "submitted" &&
        (!roles.includes("checker") || isOwn ? (
          <p class="quiet">Another person, a checker, approves or rejects it.</p>
        ) : (
          <div class="two">
            <Form view={view} action={`${at}/approve`} class="panel" label="Approve">
              <h2>Approve</h2>
              <p>
                {payment.mode === "cheque" ? `Issues cheque ${payment.leaf ?? ""}` : "Issues the advice"} and posts the
                voucher.
              </p>
              {version}
              <button>Approve and issue</button>
            </Form>
            <Form view={view} action={`${at}/reject`} class="panel" label="Reject">
              <h2>Reject</h2>
              {version}
              <Field label="Reason" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
              <button class="danger">Reject</button>
            </Form>
          </div>
        ))}
      {advice && (
        <section aria-label="Advice">
          <h2>
            Advice {advice.number} <Status of={advice.status} />
          </h2>
          <Table
            caption="Beneficiaries"
            hideCaption
            stacks
            columns={[
              { title: "Beneficiary" },
              { title: "Account", kind: "code" },
              { title: "IFSC", kind: "code" },
              { title: "By" },
              { title: "Amount (₹)", kind: "amount" },
              { title: "Came back" },
            ]}
            rows={advice.lines.map((l) => ({
              cells: [
                `${l.party.id} ${l.name}`,
                l.bankAccount,
                l.ifsc,
                l.method,
                <Amount value={l.amount} />,
                l.returnedOn !== null ? (
                  `${formatDate(l.returnedOn)}: ${l.returnReason ?? ""}`
                ) : roles.includes("accountant") && (advice.status === "sent" || advice.status === "cleared") ? (
                  <Form view={view} action={`${at}/return`} class="inline" label={`${l.name} came back`}>
                    <input type="hidden" name="line" value={l.lineNo} />
                    <input
                      type="date"
                      name="date"
                      value={props.today}
                      aria-label={`Day on which the transfer to ${l.name} came back`}
                    />
                    <input
                      name="reason"
                      aria-label={`Why the transfer to ${l.name} came back`}
                      required
                      maxLength={200}
                    />
                    <button class="second small">Came back</button>
                  </Form>
                ) : (
                  ""
                ),
              ],
            }))}
          />
          {advice.status === "issued" && roles.includes("accountant") && (
            <Form view={view} action={`${at}/sent`} label="Sent to the bank">
              <Field label="Sent to the bank on" name="date" type="date" value={date} isRequired size="short" />
              <button>Mark as sent</button>
            </Form>
          )}
        </section>
      )}
      {payment.kind === "remittance" && payment.status === "issued" && roles.includes("accountant") && (
        <Form view={view} action={`${at}/challan`} class="panel" label="Challan">
          <h2>Challan</h2>
          <Field
            label="Number"
            name="number"
            value={props.typed?.number ?? payment.challanNumber ?? ""}
            isRequired
            maxLength={60}
          />
          <Field
            label="Date of the challan"
            name="date"
            type="date"
            value={payment.challanDate ?? date}
            isRequired
            size="short"
          />
          <button>Write it down</button>
        </Form>
      )}
      {payment.status === "issued" && roles.includes("checker") && !isOwn && (
        <details open={props.refusal !== undefined}>
          <summary>Cancel the payment</summary>
          <Form view={view} action={`${at}/cancel`} label="Cancel the payment">
            <p>
              Before a cheque is delivered, or an advice sent. Its voucher is reversed and what it paid is payable
              again.
            </p>
            {version}
            <Field label="Why it is cancelled" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
            <Field label="Date of the reversal" name="date" type="date" value={date} isRequired size="short" />
            <button class="danger">Cancel the payment</button>
          </Form>
        </details>
      )}
    </Payables>
  );
}
