import type { VNode } from "preact";
import type { DefaulterNotices, ServiceSetup } from "../../../billing/index.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, groupIndian } from "../../../ledger/kernel/money.ts";
import { Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { STEPS } from "./words.ts";

/** What was typed into the form that issues notices. */
export type TypedIssue = {
  readonly kind: string;
  readonly service: string;
  readonly code: string;
  readonly ward: string;
  readonly date: string;
  /** The code after which the defaulters of the ward go on. */
  readonly after: string;
  readonly afterWard: string;
};

const count = (n: number): string => groupIndian(String(n));

/** Issuing: to one consumer by code, or to the defaulters of a ward, with their count and total first. */
export function IssuePage(props: {
  readonly view: View;
  readonly services: readonly ServiceSetup[];
  readonly wards: readonly string[];
  readonly typed: TypedIssue;
  readonly preview?: DefaulterNotices | undefined;
  readonly done?: DefaulterNotices | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed, preview, done } = props;
  return (
    <Demand view={view} title="Issue notices" trail={[["Notices", "/demand/notices"]]}>
      <Refused refusal={props.refusal} />
      {done && (
        <>
          <Flash>
            {count(done.issued)} notices were issued, which call for ₹ {formatIndian(done.dues)} and fees of ₹{" "}
            {formatIndian(done.fees)}.{" "}
            <a href={`/demand/notices?kind=${typed.kind}&ward=${encodeURIComponent(typed.ward)}`}>Show them</a>
          </Flash>
          {done.next !== undefined && (
            <Flash kind="note">The ward has more: issue again to go on after {done.next.code}.</Flash>
          )}
          <Reasons result={done} />
        </>
      )}
      {preview && (
        <section aria-labelledby="would-be">
          <h2 id="would-be">What would be issued</h2>
          <Facts
            facts={[
              ["Defaulters looked at", count(preview.defaulters)],
              ["Notices", count(preview.issued)],
              ["They call for", `₹ ${formatIndian(preview.dues)}`],
              ["Fees", `₹ ${formatIndian(preview.fees)}`],
              ["Have it already", count(preview.already)],
              ...(preview.next === undefined
                ? []
                : [["And more", `the ward goes on after ${preview.next.code}; this is the first part`] as const]),
            ]}
          />
          <Reasons result={preview} />
        </section>
      )}
      <IssueForm {...props} />
    </Demand>
  );
}

function Reasons({ result }: { readonly result: DefaulterNotices }): VNode | null {
  if (result.refused.length === 0) return null;
  return (
    <Table
      caption="Who gets none, and why"
      stacks
      columns={[
        { title: "Consumers", kind: "amount" },
        { title: "The first of them" },
        { title: "Code", kind: "code" },
      ]}
      rows={result.refused.map((r) => ({ cells: [count(r.count), r.example, r.code] }))}
    />
  );
}

function IssueForm(props: Parameters<typeof IssuePage>[0]): VNode {
  const { view, typed, preview, done } = props;
  const place = done?.next ?? { ward: typed.afterWard, code: typed.after };
  return (
    <Form view={view} action="/demand/notices/issue" class="panel" label="Issue notices">
      <input type="hidden" name="after" value={place.code} />
      <input type="hidden" name="afterWard" value={place.ward} />
      <div class="fields">
        <Select
          label="Step"
          name="kind"
          value={typed.kind}
          options={STEPS.map((s) => ({ value: s.kind, label: s.title }))}
        />
        <Select
          label="Service"
          name="service"
          value={typed.service}
          options={props.services.map((s) => ({ value: s.service, label: wordFor(view.t, "service", s.service) }))}
        />
        <Field label="Date of the notice" name="date" type="date" value={typed.date} size="short" isRequired />
      </div>
      <div class="fields">
        <Field
          label="One consumer"
          name="code"
          value={typed.code}
          hint="Code; leave it empty for the defaulters of a ward"
          maxLength={60}
        />
        <Select
          label="Defaulters of ward"
          name="ward"
          value={typed.ward}
          options={[{ value: "", label: "none" }, ...props.wards.map((w) => ({ value: w, label: w }))]}
        />
      </div>
      <div class="actions">
        <button name="do" value="preview" class={preview ? "second" : undefined}>
          Show count and total
        </button>
        {preview && preview.issued > 0 && (
          <button name="do" value="issue">
            Issue {count(preview.issued)} {preview.issued === 1 ? "notice" : "notices"}
          </button>
        )}
      </div>
    </Form>
  );
}
