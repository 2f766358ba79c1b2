import type { VNode } from "preact";
import type { Attestation, Checklist, ItemState } from "../../ledger/index.ts";
import { formatMoment } from "../../ledger/kernel/dates.ts";
import type { Problem } from "../../ledger/kernel/errors.ts";
import { Badge, Field, Form, Select, sentence, Table } from "./components.tsx";
import { field, type View } from "./kit.tsx";

/** What was typed into the form of an attestation. */
export type TypedAttestation = {
  readonly item: string;
  readonly verdict: string;
  readonly remark: string;
  readonly signedAs: string;
};
export const typedAttestation = (body: unknown): TypedAttestation => ({
  item: field(body, "item").slice(0, 10),
  verdict: field(body, "verdict").slice(0, 20),
  remark: field(body, "remark").slice(0, 1000),
  signedAs: field(body, "signedAs").slice(0, 200),
});
export const verdictOf = (text: string): "done" | "nil" | "not-applicable" =>
  text === "nil" || text === "not-applicable" ? text : "done";

function Result({ state }: { readonly state: ItemState }): VNode {
  if (state.result === "ok") return <Badge kind="good">holds</Badge>;
  if (state.result === "not-applicable") return <Badge kind="plain">nothing to do</Badge>;
  if (state.refuses) return <Badge kind="bad">open</Badge>;
  return <Badge kind="wait">{state.problems.length > 0 ? "open, does not stop the close" : "not attested"}</Badge>;
}

export function ProblemList({
  problems,
  remedy,
}: {
  readonly problems: readonly Problem[];
  readonly remedy?: (problem: Problem) => readonly [string, string] | undefined;
}): VNode | null {
  if (problems.length === 0) return null;
  return (
    <ul class="plain">
      {problems.slice(0, 20).map((p) => {
        const link = remedy?.(p);
        return (
          <li>
            {sentence(p.message)} {link && <a href={link[1]}>{link[0]}</a>} <span class="code">{p.code}</span>
          </li>
        );
      })}
      {problems.length > 20 && <li>and {problems.length - 20} more</li>}
    </ul>
  );
}

/** The closing checklist: every item with its result, figure, owner, what is wrong, who attested it, and where to look. */
export function ChecklistTable(props: {
  readonly found: Checklist;
  readonly remedy?: (problem: Problem) => readonly [string, string] | undefined;
}): VNode {
  const { found } = props;
  return (
    <Table
      caption="Closing checklist"
      stacks
      columns={[
        { title: "Item", kind: "code" },
        { title: "Task" },
        { title: "Owner" },
        { title: "Result" },
        { title: "Figure" },
        { title: "What is wrong, or who attested it" },
        { title: "Look", kind: "action" },
      ]}
      rows={[
        ...found.items.map((state) => ({
          cells: [
            state.item.id,
            <>
              {state.item.task}
              {state.item.controlCheck !== "" && <span class="quiet"> ({state.item.controlCheck})</span>}
            </>,
            state.item.owner,
            <Result state={state} />,
            state.figure ?? "",
            <>
              <ProblemList problems={state.problems} {...(props.remedy ? { remedy: props.remedy } : {})} />
              {state.attestation && (
                <p>
                  {state.attestation.verdict}: {state.attestation.remark} ({state.attestation.signedAs},{" "}
                  {formatMoment(state.attestation.at)}, {state.attestation.actor})
                </p>
              )}
              {state.needsAttestation && state.problems.length === 0 && (
                <p class="quiet">Nobody has attested it yet.</p>
              )}
            </>,
            <a href={state.link}>
              Look<span class="sr"> at {state.item.task}</span>
            </a>,
          ],
        })),
        ...found.others.map((o) => ({
          cells: [
            "",
            sentence(o.name),
            "",
            o.problems.length === 0 ? <Badge kind="good">holds</Badge> : <Badge kind="bad">open</Badge>,
            "",
            <ProblemList problems={o.problems} {...(props.remedy ? { remedy: props.remedy } : {})} />,
            "",
          ],
        })),
      ]}
    />
  );
}

/** The forms by which a person signs for an item of the checklist, and takes it back. */
export function AttestForms(props: {
  readonly view: View;
  readonly at: string;
  readonly found: Checklist;
  readonly typed?: TypedAttestation | undefined;
  readonly signedAs: string;
}): VNode {
  const { view, at, typed } = props;
  const items = props.found.items.filter((i) => i.item.attestation !== undefined);
  const attested = items.filter((i) => i.attestation !== undefined);
  const option = (i: ItemState) => ({ value: i.item.id, label: `${i.item.id} ${i.item.task.slice(0, 70)}` });
  return (
    <>
      {items.length > 0 && (
        <Form view={view} action={`${at}/attest`} class="panel" label="Attest an item">
          <h2>Attest an item</h2>
          <Select
            label="Item"
            name="item"
            value={typed?.item ?? items.find((i) => i.needsAttestation)?.item.id ?? ""}
            options={items.map(option)}
          />
          <Select
            label="What you attest"
            name="verdict"
            value={typed?.verdict ?? "done"}
            options={[
              { value: "done", label: "It was done" },
              { value: "nil", label: "Nil: there was nothing" },
              { value: "not-applicable", label: "It does not apply here" },
            ]}
          />
          <Field label="Remark" name="remark" value={typed?.remark} isRequired maxLength={1000} size="long" />
          <Field
            label="Signed by (name and office)"
            name="signedAs"
            value={typed?.signedAs ?? props.signedAs}
            isRequired
            maxLength={200}
            size="long"
          />
          <button>Attest</button>
        </Form>
      )}
      {attested.length > 0 && (
        <Form view={view} action={`${at}/withdraw`} class="panel" label="Withdraw an attestation">
          <h2>Withdraw an attestation</h2>
          <Select label="Attested item" name="withdrawItem" options={attested.map(option)} />
          <Field label="Why it is withdrawn" name="withdrawReason" isRequired maxLength={300} size="long" />
          <button class="second">Withdraw</button>
        </Form>
      )}
    </>
  );
}

export function AttestationHistory({ history }: { readonly history: readonly Attestation[] }): VNode | null {
  if (history.length === 0) return null;
  return (
    <details>
      <summary>Everything that was attested ({history.length})</summary>
      <Table
        caption="Everything that was attested"
        hideCaption
        stacks
        columns={[
          { title: "When" },
          { title: "Item", kind: "code" },
          { title: "What" },
          { title: "Remark" },
          { title: "Signed" },
        ]}
        rows={history.map((h) => ({
          cells: [formatMoment(h.at), h.item, h.verdict, h.remark, `${h.signedAs} (${h.actor})`],
        }))}
      />
    </details>
  );
}
