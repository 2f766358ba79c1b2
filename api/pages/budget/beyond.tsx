import type { VNode } from "preact";
import { formatMoment } from "../../../ledger/kernel/dates.ts";
import { paise } from "../../../ledger/kernel/money.ts";
import { Amount, Field, Form, Table } from "../components.tsx";
import type { Part } from "./look.ts";

/** Postings that went beyond the budget, and the leave for one to do so. */
export function Beyond({ view, at, typed, roles, setting, warnings }: Part): VNode {
  return (
    <>
      <Table
        caption="Postings beyond the budget"
        stacks
        empty="No posting went beyond the budget."
        columns={[
          { title: "When" },
          { title: "Head" },
          { title: "What" },
          { title: "Limit (₹)", kind: "amount" },
          { title: "Spent and committed (₹)", kind: "amount" },
          { title: "Posting (₹)", kind: "amount" },
          { title: "Over by (₹)", kind: "amount" },
          { title: "Let pass" },
        ]}
        rows={warnings.map((w) => ({
          cells: [
            formatMoment(w.at),
            w.budgetHead ?? `no line (${w.accounts})`,
            w.entryId === null ? (
              `${w.source.type} ${w.source.id}`
            ) : (
              <a href={`/books/entries/${w.entryId}`}>{w.source.type}</a>
            ),
            <Amount value={w.limit} />,
            <Amount value={paise(w.spent + w.committed)} />,
            <Amount value={w.amount} />,
            <Amount value={w.overBy} />,
            w.overriddenBy === null ? `warned (${w.actor})` : `by ${w.overriddenBy}: ${w.reason ?? ""}`,
          ],
        }))}
      />
      {roles.includes("checker") && setting.mode === "refuse" && setting.allowsOverride && (
        <Form view={view} action={`${at}/allow`} class="panel" label="Let one voucher pass">
          <h2>Let one voucher go beyond the budget</h2>
          <Field
            label="Voucher"
            name="voucher"
            value={typed("voucher")}
            hint="The last part of the voucher's address"
            isRequired
            maxLength={36}
            size="long"
          />
          <Field
            label="Why it may"
            name="allowReason"
            value={typed("allowReason")}
            isRequired
            maxLength={1000}
            size="long"
          />
          <button class="danger">Let it pass</button>
        </Form>
      )}
    </>
  );
}
