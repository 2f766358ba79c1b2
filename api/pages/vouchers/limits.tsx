import type { VNode } from "preact";
import type { ApprovalLimit, VoucherRules } from "../../../ledger/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Crumbs, Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";

export type TypedLimits = Readonly<
  Record<"person" | "kind" | "upTo" | "from" | "above" | "days" | "rulesFrom", string>
>;

export function LimitsPage(props: {
  readonly view: View;
  readonly limits: readonly ApprovalLimit[];
  readonly rules: VoucherRules;
  readonly canChange: boolean;
  readonly typed: TypedLimits;
  readonly done: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, rules, typed } = props;
  return (
    <Books view={view} title="Limits and signatures" tab="vouchers">
      <Crumbs trail={[["Vouchers", "/books/vouchers"]]} />
      <h1>Limits and signatures</h1>
      {props.done && <Flash>It holds from its day on.</Flash>}
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          [
            "Signatures",
            rules.secondSignatureAbove === null
              ? "One person approves, other than the makers."
              : `Two people sign above ${formatIndian(rules.secondSignatureAbove)}.`,
          ],
          [
            "Back date",
            rules.backDateDays === null
              ? "Shown on every list; no reason is asked."
              : `A reason beyond ${rules.backDateDays} days.`,
          ],
        ]}
      />
      <Table
        caption="Who may approve how much"
        stacks
        empty="No limit is set: a checker approves any amount."
        columns={[
          { title: "Role" },
          { title: "Person" },
          { title: "Voucher" },
          { title: "From" },
          { title: "Up to (₹)", kind: "amount" },
          { title: "Set by" },
        ]}
        rows={props.limits.map((l) => ({
          cells: [
            l.role,
            l.actor ?? "everybody",
            l.voucherType,
            formatDate(l.from),
            l.upTo === null ? "no limit" : formatIndian(l.upTo),
            l.setBy,
          ],
        }))}
      />
      {props.canChange ? (
        <div class="two">
          <Form view={view} action="/books/vouchers/limits" class="panel" label="Set a limit">
            <h2>Set a limit for checkers</h2>
            <Field label="Person (everybody if empty)" name="person" value={typed.person} maxLength={100} />
            <Select
              label="Voucher"
              name="kind"
              value={typed.kind}
              options={["any", "receipt", "payment", "contra", "journal", "opening"].map((k) => ({
                value: k,
                label: k,
              }))}
            />
            <Field label="Up to (no limit if empty)" name="upTo" value={typed.upTo} isAmount maxLength={30} />
            <Field label="From" name="from" type="date" value={typed.from} isRequired />
            <button>Set the limit</button>
          </Form>
          <Form view={view} action="/books/vouchers/rules" class="panel" label="Set the rules">
            <h2>Set the rules of the desk</h2>
            <Field
              label="Two signatures above (never if empty)"
              name="above"
              value={typed.above}
              isAmount
              maxLength={30}
            />
            <Field
              label="Days of back date without a reason (any if empty)"
              name="days"
              value={typed.days}
              isNumeric
              maxLength={4}
            />
            <Field label="From" name="rulesFrom" type="date" value={typed.rulesFrom} isRequired />
            <button>Set the rules</button>
          </Form>
        </div>
      ) : (
        <p class="quiet">An administrator sets them.</p>
      )}
    </Books>
  );
}
