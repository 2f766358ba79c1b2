import type { VNode } from "preact";
import type { Refundable } from "../../../collections/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, toRupees } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Crumbs, Facts, Field, Flash, Form, Refused } from "../components.tsx";
import type { View } from "../kit.tsx";
import { ORIGIN } from "./words.ts";

export type AskTyped = { readonly origin: string; readonly amount: string; readonly reason: string };

/** How a payment stands: what was captured, what of it is back or on its way, and what may still go. */
export function RefundFigures({ figures }: { readonly figures: Refundable }): VNode {
  return (
    <Facts
      facts={[
        ["Captured", `₹ ${formatIndian(figures.captured)}`],
        ["Refunded or being refunded", `− ₹ ${formatIndian(figures.refunded)}`],
        ["Disputed", `− ₹ ${formatIndian(figures.disputed)}`],
        ["May still be refunded", <strong>₹ {formatIndian(figures.room)}</strong>],
        ...(figures.advance === null
          ? []
          : [["Consumer’s advance now", `₹ ${formatIndian(figures.advance)}`] as const]),
      ]}
    />
  );
}

export function AskPage(props: {
  readonly view: View;
  readonly figures: Refundable;
  readonly typed: AskTyped;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, figures, typed } = props;
  const { receipt, choices } = figures;
  const chosen = choices.find((c) => c.origin === typed.origin) ?? choices[0];
  return (
    <Books view={view} title="Ask for a refund" tab="refunds">
      <Crumbs trail={[["Refunds", "/books/refunds"]]} />
      <h1>Ask for a refund</h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["Payment", <span class="code">{figures.paymentId}</span>],
          ...(receipt === null
            ? []
            : ([
                [
                  "Receipt",
                  <>
                    <a href={`/counter/receipts/${receipt.id}`}>{receipt.number}</a> of {formatDate(receipt.entryDate)}
                  </>,
                ],
                ["Consumer", receipt.consumerCode ?? "unidentified"],
              ] as const)),
        ]}
      />
      <RefundFigures figures={figures} />
      {chosen === undefined ? (
        <Flash kind="note">
          Nothing of it can be refunded now
          {receipt === null
            ? ": it has no receipt, and its refund note is approved instead."
            : receipt.status === "issued"
              ? ": it paid dues, and a part of it is no advance of the consumer."
              : `: receipt ${receipt.number} is ${receipt.status}.`}
        </Flash>
      ) : (
        <Form view={view} action="/books/refunds" class="panel" label="Refund">
          <input type="hidden" name="payment" value={figures.paymentId} />
          <fieldset>
            <legend>Out of</legend>
            {choices.map((c) => (
              <label class="choice">
                <input type="radio" name="origin" value={c.origin} checked={c.origin === chosen.origin} />
                {ORIGIN[c.origin]}
                {c.origin === "receipt" ? `: ₹ ${formatIndian(c.upTo)}` : `: up to ₹ ${formatIndian(c.upTo)}`}
              </label>
            ))}
          </fieldset>
          <Field
            label="Amount (₹)"
            name="amount"
            value={typed.amount === "" ? toRupees(chosen.upTo) : typed.amount}
            isAmount
            isRequired
            maxLength={20}
          />
          <Field label="Reason" name="reason" value={typed.reason} size="long" isRequired maxLength={300} />
          <button>Ask for the refund</button>
        </Form>
      )}
    </Books>
  );
}
