import type { VNode } from "preact";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import { Amount, Badge, Field, Form, Select, Table } from "../components.tsx";
import { lineName, spendOptions, type Part } from "./look.ts";

/** Re-appropriations: one proposes, another decides. */
export function Moves({ view, at, typed, roles, moves, variance }: Part): VNode {
  const options = spendOptions(variance);
  const waiting = moves.filter((m) => m.status === "proposed");
  return (
    <>
      <Table
        caption="Re-appropriations"
        stacks
        empty="Nothing was re-appropriated."
        columns={[
          { title: "From" },
          { title: "To" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Sanction and reason" },
          { title: "In force from" },
          { title: "Status" },
        ]}
        rows={moves.map((m) => ({
          cells: [
            lineName(m.from),
            lineName(m.to),
            <Amount value={m.amount} />,
            `${m.sanction}: ${m.reason}`,
            formatDate(m.inForceFrom),
            <>
              <Badge kind={m.status === "approved" ? "good" : m.status === "rejected" ? "bad" : "wait"}>
                {m.status}
              </Badge>{" "}
              proposed by {m.proposedBy}
              {m.decidedBy !== null && `, decided by ${m.decidedBy}`}
              {m.decisionReason !== null && `: ${m.decisionReason}`}
            </>,
          ],
        }))}
      />
      {roles.includes("checker") && waiting.length > 0 && (
        <Form view={view} action={`${at}/decide`} class="panel" label="Decide a re-appropriation">
          <h2>Decide a re-appropriation</h2>
          <Select
            label="Re-appropriation"
            name="id"
            value={typed("id") ?? waiting[0]?.id ?? ""}
            options={waiting.map((m) => ({
              value: m.id,
              label: `${m.from.budgetHead} to ${m.to.budgetHead}, ${formatIndian(m.amount)} (${m.sanction})`,
            }))}
          />
          <Field
            label="Reason, where it is rejected"
            name="decision"
            value={typed("decision")}
            maxLength={300}
            size="long"
          />
          <div class="actions">
            <button name="then" value="approve">
              Approve
            </button>
            <button name="then" value="reject" class="danger">
              Reject
            </button>
          </div>
        </Form>
      )}
      {roles.includes("accountant") && options.length > 1 && (
        <Form view={view} action={`${at}/reappropriate`} class="panel" label="Propose a re-appropriation">
          <h2>Propose a re-appropriation</h2>
          <Select label="From" name="from" value={typed("from") ?? ""} options={options} />
          <Select label="To" name="to" value={typed("to") ?? ""} options={options} />
          <Field label="Amount (₹)" name="amount" value={typed("amount")} isAmount isRequired maxLength={20} />
          <Field
            label="Sanction"
            name="sanction"
            value={typed("sanction")}
            hint="Resolution or order"
            isRequired
            maxLength={300}
            size="long"
          />
          <Field label="Why" name="why" value={typed("why")} isRequired maxLength={1000} size="long" />
          <Field label="In force from" name="inForceFrom" type="date" value={typed("inForceFrom")} isRequired />
          <button>Propose</button>
        </Form>
      )}
    </>
  );
}
