import type { VNode } from "preact";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import { Amount, Field, Form, Select, Table } from "../components.tsx";
import { spendOptions, type Part } from "./look.ts";

/** Orders and contracts that hold their amount until bills use it up. */
export function Commitments({ view, at, typed, roles, commitments, variance }: Part): VNode {
  const spends = spendOptions(variance);
  return (
    <>
      <Table
        caption="Commitments"
        stacks
        empty="Nothing is committed."
        columns={[
          { title: "Order", kind: "code" },
          { title: "Head" },
          { title: "What for" },
          { title: "Party" },
          { title: "Committed (₹)", kind: "amount" },
          { title: "Left (₹)", kind: "amount" },
        ]}
        rows={commitments.map((c) => ({
          cells: [
            c.reference,
            c.budgetHead,
            c.description,
            c.party ? c.party.id : "",
            <Amount value={c.amount} />,
            <Amount value={c.open} />,
          ],
        }))}
      />
      {roles.includes("accountant") && spends.length > 0 && (
        <Form view={view} action={`${at}/commit`} class="panel" label="Commit an amount">
          <h2>Commit an amount</h2>
          <p>A work order or contract holds its amount against the budget until bills use it up.</p>
          <Field label="Order" name="reference" value={typed("reference")} isRequired maxLength={60} />
          <Field
            label="What for"
            name="description"
            value={typed("description")}
            isRequired
            maxLength={300}
            size="long"
          />
          <Field label="Account" name="account" value={typed("account")} isNumeric isRequired maxLength={20} />
          <Field label="Function" name="function" value={typed("function")} maxLength={20} size="short" />
          <Field label="Fund" name="fund" value={typed("fund")} hint="01 unless named" maxLength={20} size="short" />
          <Field
            label="Committed (₹)"
            name="commitAmount"
            value={typed("commitAmount")}
            isAmount
            isRequired
            maxLength={20}
          />
          <Field label="Date of the order" name="commitDate" type="date" value={typed("commitDate")} isRequired />
          <button>Commit</button>
        </Form>
      )}
      {roles.includes("checker") && commitments.some((c) => c.open > 0n) && (
        <Form view={view} action={`${at}/release`} class="panel" label="Release a commitment">
          <h2>Release what will not be billed</h2>
          <Select
            label="Commitment"
            name="commitment"
            value={typed("commitment") ?? ""}
            options={commitments
              .filter((c) => c.open > 0n)
              .map((c) => ({ value: c.id, label: `${c.reference}: ${formatIndian(c.open)} left` }))}
          />
          <Field
            label="Why it is released"
            name="releaseReason"
            value={typed("releaseReason")}
            isRequired
            maxLength={300}
            size="long"
          />
          <button class="second">Release</button>
        </Form>
      )}
    </>
  );
}
