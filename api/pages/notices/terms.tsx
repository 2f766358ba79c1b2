import type { VNode } from "preact";
import type { ServiceSetup, SetNoticeTerms, SetUpiAddress, TaxHead } from "../../../billing/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Amount, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { STEPS, stepTitle } from "./words.ts";

export type TypedTerms = {
  readonly service: string;
  readonly kind: string;
  readonly validFrom: string;
  readonly days: string;
  readonly fee: string;
  readonly taxHead: string;
};
export type TypedUpi = { readonly validFrom: string; readonly vpa: string; readonly payeeName: string };

/** What a step gives and costs, and where payments by UPI go; set by an administrator, on record. */
export function TermsPage(props: {
  readonly view: View;
  readonly terms: readonly SetNoticeTerms[];
  readonly addresses: readonly SetUpiAddress[];
  readonly services: readonly ServiceSetup[];
  /** Heads under which a fee can be charged. */
  readonly heads: readonly TaxHead[];
  readonly canSet: boolean;
  readonly typed: TypedTerms;
  readonly typedUpi: TypedUpi;
  readonly done: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view } = props;
  return (
    <Demand view={view} title="Days and fees of notices, UPI address" trail={[["Notices", "/demand/notices"]]}>
      {props.done && <Flash>It is set and on record.</Flash>}
      <Refused refusal={props.refusal} />
      <Table
        caption="Days and fees, by service and step"
        stacks
        empty="Nothing is set: every step gives 15 days and costs nothing."
        columns={[
          { title: "Service" },
          { title: "Step" },
          { title: "From" },
          { title: "Days", kind: "amount" },
          { title: "Fee (₹)", kind: "amount" },
          { title: "Head" },
          { title: "Set" },
        ]}
        rows={props.terms.map((t) => ({
          cells: [
            wordFor(view.t, "service", t.service),
            stepTitle(t.kind),
            formatDate(t.validFrom),
            String(t.days),
            <Amount value={t.fee} />,
            t.taxHead ?? "",
            `${formatMoment(t.setAt)} by ${t.setBy}`,
          ],
        }))}
      />
      <p class="quiet">
        Numbers run by step and financial year: DN/2026-27/000001 for demand notices, RM/ for reminders, WR/ for
        warrants.
      </p>
      {props.canSet && <TermsForm {...props} />}
      <h2>UPI address</h2>
      <p>
        Where the code on bills and notices sends a payment by UPI. Without an address it leads to the page on which the
        bill is paid.
      </p>
      <Table
        caption="UPI addresses, the latest first"
        hideCaption
        stacks
        empty="The ULB has no UPI address."
        columns={[{ title: "From" }, { title: "Address", kind: "code" }, { title: "Payee" }, { title: "Set" }]}
        rows={props.addresses.map((a) => ({
          cells: [
            formatDate(a.validFrom),
            a.vpa ?? "none",
            a.vpa === null ? "" : a.payeeName,
            `${formatMoment(a.setAt)} by ${a.setBy}`,
          ],
        }))}
      />
      {props.canSet && <UpiForm {...props} />}
      {!props.canSet && <p class="quiet">An administrator sets them.</p>}
    </Demand>
  );
}

function TermsForm(props: Parameters<typeof TermsPage>[0]): VNode {
  const { view, typed } = props;
  return (
    <Form view={view} action="/demand/notices/terms" class="panel" label="Set days and fee">
      <h2>Set days and fee of a step</h2>
      <div class="fields">
        <Select
          label="Service"
          name="service"
          value={typed.service}
          options={props.services.map((s) => ({ value: s.service, label: wordFor(view.t, "service", s.service) }))}
        />
        <Select
          label="Step"
          name="kind"
          value={typed.kind}
          options={STEPS.map((s) => ({ value: s.kind, label: s.title }))}
        />
        <Field label="From" name="validFrom" type="date" value={typed.validFrom} size="short" isRequired />
        <Field label="Days given" name="days" value={typed.days} isNumeric size="short" maxLength={3} isRequired />
        <Field label="Fee (₹), none if empty" name="fee" value={typed.fee} isAmount size="short" maxLength={20} />
        <Select
          label="Head of the fee"
          name="taxHead"
          value={typed.taxHead}
          options={[
            { value: "", label: "none" },
            ...props.heads.map((h) => ({ value: h.code, label: `${h.code}, ${h.name}` })),
          ]}
        />
      </div>
      <button>Set it</button>
    </Form>
  );
}

function UpiForm(props: Parameters<typeof TermsPage>[0]): VNode {
  const { view, typedUpi } = props;
  return (
    <Form view={view} action="/demand/notices/upi-address" class="panel" label="Set the UPI address">
      <h2>Set the UPI address</h2>
      <div class="fields">
        <Field label="Valid from" name="upiFrom" type="date" value={typedUpi.validFrom} size="short" isRequired />
        <Field
          label="Address"
          name="vpa"
          value={typedUpi.vpa}
          hint="name@bank; empty: from that day there is none"
          maxLength={255}
        />
        <Field
          label="Name of the payee"
          name="payeeName"
          value={typedUpi.payeeName}
          hint="The ULB's name when empty"
          maxLength={100}
        />
      </div>
      <button>Set it</button>
    </Form>
  );
}
