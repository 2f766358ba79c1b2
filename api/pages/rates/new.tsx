import type { VNode } from "preact";
import { RULE_PACKS, type RuleProblem, type Rules } from "../../../billing/index.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Facts, Field, Flash, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { Examples } from "./rules.tsx";
import { dayOf } from "./words.ts";

/** What a check of the text found: everything that is wrong, or the rules. */
export type Checked = { readonly problems: readonly RuleProblem[] } | { readonly rules: Rules };

export function NewFilePage(props: {
  readonly view: View;
  readonly content: string;
  readonly checked?: Checked | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, checked } = props;
  return (
    <Demand view={view} title="New rule file" trail={[["Rates", "/demand/rates"]]}>
      <Refused refusal={props.refusal} />
      {checked && <Found view={view} checked={checked} />}
      <Form view={view} action="/demand/rates/new" isUpload class="panel" label="New rule file">
        <div class="field">
          <label for="f-content">Rule file (JSON)</label>
          <span class="hint" id="f-content-hint">
            Paste it here, upload it, or start from a ready one below.
          </span>
          <textarea
            id="f-content"
            name="content"
            class="source"
            rows={props.content === "" ? 10 : 24}
            spellcheck={false}
            aria-describedby="f-content-hint"
            value={props.content}
          />
        </div>
        <Field
          label="Or a file"
          name="file"
          type="file"
          accept=".json,application/json"
          hint="It takes the place of what stands above"
        />
        <p class="actions">
          <button name="do" value="check" class="second">
            Check
          </button>
          <button name="do" value="load">
            Load
          </button>
        </p>
        <p class="hint">
          Check writes nothing. What is loaded charges nobody until another person approves it, and is never changed
          afterwards.
        </p>
      </Form>
      <h2>Ready files</h2>
      <p>
        They come with the program, to be adapted. The source in each says which figures are public and which are ours.
      </p>
      <ul class="plain">
        {RULE_PACKS.map((name) => (
          <li>
            <a href={`/demand/rates/new?pack=${name}`}>{name}</a>
          </li>
        ))}
      </ul>
    </Demand>
  );
}

function Found({ view, checked }: { readonly view: View; readonly checked: Checked }): VNode {
  if ("problems" in checked) {
    const { problems } = checked;
    return (
      <>
        <Flash kind="problem">
          <p>
            <strong>{problems.length === 1 ? "One problem" : `${problems.length} problems`}; nothing was loaded</strong>
          </p>
        </Flash>
        <Table
          caption="Problems"
          hideCaption
          stacks
          columns={[{ title: "Where" }, { title: "What is wrong" }]}
          rows={problems.slice(0, 200).map((p) => ({ cells: [p.where, p.message] }))}
        />
      </>
    );
  }
  const { file, hash } = checked.rules;
  return (
    <section>
      <Flash>The file is sound; all {file.examples.length} examples come out as written. Nothing was loaded yet.</Flash>
      <Facts
        facts={[
          ["File", `${file.id} ${file.version}`],
          ["Service", wordFor(view.t, "service", file.service)],
          ["From", dayOf(file.validFrom)],
          ["Rules", String(file.rules.length)],
          ["SHA-256", <span class="code">{hash}</span>],
        ]}
      />
      <Examples words={{ file, lang: view.session.lang }} />
    </section>
  );
}
