import type { VNode } from "preact";
import type { ImportReport, RuleFile } from "../../../billing/index.ts";
import type { Problem, Refusal } from "../../../ledger/kernel/errors.ts";
import { Field, Flash, Form, Problems, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { count } from "./words.ts";

const SHOWN = 200;

/** The list of problems names line and column itself; the message of an import has them in front. */
function bare(problem: Problem): Problem {
  return { ...problem, message: problem.message.replace(/^(?:near )?line \d+(?:, \w+)?: /, "") };
}

export function FactsPage(props: {
  readonly view: View;
  /** The rules in force today, one file a service. */
  readonly files: readonly RuleFile[];
  readonly report?: ImportReport | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, report } = props;
  return (
    <Demand view={view} title="Facts of consumers">
      <p>
        What the rates ask of consumers: zones, areas, meters. They come as a file; a whole file is taken or nothing of
        it. Earlier facts stay on record, and demands that were raised by them too.
      </p>
      <Refused refusal={props.refusal} />
      {report && <Report report={report} />}
      <Form view={view} action="/demand/facts" isUpload class="panel" label="Enter a file">
        <Field
          label="File"
          name="file"
          type="file"
          accept=".csv,text/csv"
          hint="CSV in UTF-8 with a header row"
          isRequired
        />
        <button>Check and enter</button>
      </Form>
      <h2>Columns</h2>
      <p>
        Every file has <span class="code">service</span>, <span class="code">consumer_code</span>,{" "}
        <span class="code">valid_from</span> and <span class="code">list</span>, and a column for each attribute. A row
        with an empty <span class="code">list</span> holds the consumer's own attributes; a row with one holds one item
        of it. An empty cell leaves the attribute as it was.
      </p>
      {props.files.length === 0 && <p class="empty">No rules are in force yet: they say what is asked.</p>}
      {props.files.map((file) => (
        <Table
          caption={`${wordFor(view.t, "service", file.service)}, by ${file.id} ${file.version}`}
          stacks
          columns={[
            { title: "list", kind: "code" },
            { title: "Column", kind: "code" },
            { title: "Meaning" },
            { title: "Values" },
          ]}
          rows={[
            ["", file.inputs] as const,
            ...Object.entries(file.lists).map(([n, l]) => [n, l.inputs] as const),
          ].flatMap(([list, inputs]) =>
            Object.entries(inputs).map(([name, input]) => ({
              cells: [list, name, input.label.en, valuesOf(input)],
            })),
          )}
        />
      ))}
    </Demand>
  );
}

function valuesOf(input: RuleFile["inputs"][string]): string {
  switch (input.type) {
    case "choice":
      return Object.keys(input.values).join(", ");
    case "yes-no":
      return "yes or no";
    case "number":
      return `${input.min} to ${input.max}${input.unit === undefined ? "" : `, ${input.unit.en}`}`;
  }
}

function Report({ report }: { readonly report: ImportReport }): VNode {
  if (report.status === "imported") {
    return (
      <Flash>
        {report.fileName}: {count(report.added)} rows were entered.
      </Flash>
    );
  }
  if (report.status === "already-imported") {
    return <Flash kind="note">{report.fileName} was entered before; nothing was added.</Flash>;
  }
  const all = report.problems.length + report.moreProblems;
  return (
    <Problems
      title={`${all === 1 ? "One problem" : `${count(all)} problems`}${all > SHOWN ? `, the first ${SHOWN} of them` : ""}; nothing of ${report.fileName} was entered`}
      problems={report.problems.slice(0, SHOWN).map(bare)}
    />
  );
}
