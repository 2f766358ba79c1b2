import type { VNode } from "preact";
import type { LoadedRuleFile, Rules } from "../../../billing/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Facts, Flash, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import type { View } from "../kit.tsx";
import { fileName, stateOf } from "./list.tsx";
import { Examples, Own, RulesInWords } from "./rules.tsx";
import { bothOf, cycleOf, dayOf, type Words } from "./words.ts";

export function FilePage(props: {
  readonly view: View;
  readonly who: Who;
  readonly loaded: LoadedRuleFile;
  /** All files of its service. */
  readonly others: readonly LoadedRuleFile[];
  readonly rules: Rules;
  readonly today: LocalDate;
  readonly refusal?: Refusal | undefined;
  readonly done?: "load" | "approve" | "heads" | undefined;
  /** Heads under which it charges that the ULB does not have, and which of them a ready service has. */
  readonly missing: readonly string[];
  readonly ready: readonly string[];
}): VNode {
  const { view, loaded, others } = props;
  const { file } = props.rules;
  const words: Words = { file, lang: view.session.lang };
  const state = stateOf(loaded, others, props.today);
  const link = (id: string | null): VNode | string => {
    const other = others.find((f) => f.id === id);
    return other ? <a href={`/demand/rates/${other.id}`}>{fileName(other)}</a> : "";
  };
  const at = `/demand/rates/${loaded.id}`;
  return (
    <Demand view={view} title={fileName(loaded)} trail={[["Rates", "/demand/rates"]]}>
      {props.done === "load" && <Flash>The file is loaded and waits for another person.</Flash>}
      {props.done === "approve" && <Flash>The file is approved.</Flash>}
      {props.done === "heads" && <Flash>The missing heads are added; the file can be approved.</Flash>}
      <Refused refusal={props.refusal} />
      <p class="actions">
        <a class="button" href={`${at}/try`}>
          Try these rules
        </a>
        <a class="button second" href={`${at}/file`}>
          The file as JSON
        </a>
      </p>
      <Facts
        facts={[
          [
            "Title",
            <ul class="texts">
              {bothOf(file.title).map(([language, text]) => (
                <li lang={language}>{text}</li>
              ))}
            </ul>,
          ],
          ["Service", wordFor(view.t, "service", loaded.service)],
          ["State", <Badge kind={state.kind}>{state.says}</Badge>],
          ["From", `${formatDate(loaded.validFrom)}${file.validTo === undefined ? "" : ` to ${dayOf(file.validTo)}`}`],
          ["Loaded", `${formatMoment(loaded.loadedAt)} by ${loaded.loadedBy}`],
          [
            "Approved",
            loaded.approvedAt === null ? "not yet" : `${formatMoment(loaded.approvedAt)} by ${loaded.approvedBy ?? ""}`,
          ],
          ...(loaded.replaces === null ? [] : [["Takes the place of", link(loaded.replaces)] as const]),
          ...(loaded.replacedBy === null ? [] : [["Replaced by", link(loaded.replacedBy)] as const]),
          ["Charged", `by the period of ${cycleOf(file)}`],
          [
            "A rule that changes inside a period",
            file.onChange === "apportion" ? "counts by days" : "holds as on the first day of the period",
          ],
          ...(file.roundOff === undefined
            ? []
            : [
                [
                  "What is to be paid is rounded",
                  `to ₹ ${file.roundOff.to}, ${file.roundOff.mode.replace("-", " ")}`,
                ] as const,
              ]),
          ["Source", file.source],
          ["SHA-256", <span class="code">{loaded.hash}</span>],
        ]}
      />
      {loaded.approvedBy === null && props.missing.length > 0 && <Missing {...props} />}
      {loaded.approvedBy === null && <Approval {...props} />}
      <h2>Heads</h2>
      <Table
        caption="Heads"
        hideCaption
        columns={[{ title: "Code" }, { title: "Name" }, { title: "Kind" }]}
        rows={file.heads.map((h) => ({ cells: [h.code, <Own lang={words.lang}>{h.name[words.lang]}</Own>, h.kind] }))}
      />
      <RulesInWords words={words} />
      <h2>Examples</h2>
      <p>They were run when the file was loaded: a file whose example comes out otherwise is refused.</p>
      <Examples words={words} tryAt={(example) => `${at}/try?example=${example + 1}`} />
    </Demand>
  );
}

function Missing(props: {
  readonly view: View;
  readonly who: Who;
  readonly loaded: LoadedRuleFile;
  readonly missing: readonly string[];
  readonly ready: readonly string[];
}): VNode {
  const { loaded, missing, ready, who } = props;
  const says = `On ${formatDate(loaded.validFrom)} the ULB does not have ${missing.join(", ")}.`;
  const canAdd = ready.length > 0 && who.actor.roles.includes("checker") && loaded.loadedBy !== who.actor.id;
  if (!canAdd) return <Flash kind="note">{says}</Flash>;
  return (
    <Form view={props.view} action={`/demand/rates/${loaded.id}/heads`} class="panel" label="Missing heads">
      <h2>Missing heads</h2>
      <p>{says}</p>
      <p>
        The ready service has {ready.join(", ")}, with the accounts of the NMAM chart; heads that are there stay as they
        are.
      </p>
      <button>Add the missing heads</button>
    </Form>
  );
}

function Approval(props: {
  readonly view: View;
  readonly who: Who;
  readonly loaded: LoadedRuleFile;
  readonly others: readonly LoadedRuleFile[];
}): VNode {
  const { loaded, who } = props;
  if (loaded.loadedBy === who.actor.id) {
    return <Flash kind="note">You loaded this file. Another person, a checker, approves it.</Flash>;
  }
  if (!who.actor.roles.includes("checker")) return <Flash kind="note">A checker approves this file.</Flash>;
  const sameDay = props.others.find(
    (f) => f.approvedBy !== null && f.replacedBy === null && f.validFrom === loaded.validFrom,
  );
  return (
    <Form view={props.view} action={`/demand/rates/${loaded.id}/approve`} class="panel" label="Approve">
      <h2>Approve</h2>
      <p>
        From {formatDate(loaded.validFrom)} on, {fileName(loaded)} is what{" "}
        {wordFor(props.view.t, "service", loaded.service).toLowerCase()} is charged by. Every head it charges under must
        be a tax head of the ULB on that day.
      </p>
      {sameDay && (
        <p>
          <label class="choice">
            <input type="checkbox" name="replaces" value={sameDay.id} />
            It takes the place of {fileName(sameDay)}, which holds from the same day
          </label>
        </p>
      )}
      <button>Approve</button>
    </Form>
  );
}
