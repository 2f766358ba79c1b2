import type { VNode } from "preact";
import type { ConsumerFacts, FactProblem, Input, LoadedRuleFile, Rules, Trial } from "../../../billing/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, negate, ZERO } from "../../../ledger/kernel/money.ts";
import { Amount, Facts, Field, Flash, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import type { View } from "../kit.tsx";
import { fileName } from "./list.tsx";
import { Own } from "./rules.tsx";
import { attributeKey, itemKey, keyOf, MOST_ROWS, rowsKey, type TypedTrial } from "./typed.ts";
import { conditions, cycleOf, headName, listName, plain, type Words } from "./words.ts";

/** What a trial came to: the assessment, or why there is none. */
export type Outcome =
  { readonly trial: Trial } | { readonly problems: readonly FactProblem[] } | { readonly refusal: Refusal };

type Wrong = ReadonlyMap<string, string>;

export function TryPage(props: {
  readonly view: View;
  readonly loaded: LoadedRuleFile;
  readonly rules: Rules;
  readonly typed: TypedTrial;
  /** The example whose arrears and payments are reckoned with, by its number from 1. */
  readonly like: { readonly number: string; readonly facts: ConsumerFacts } | undefined;
  readonly outcome: Outcome | undefined;
}): VNode {
  const { view, loaded, typed, outcome } = props;
  const { file } = props.rules;
  const words: Words = { file, lang: view.session.lang };
  const at = `/demand/rates/${loaded.id}`;
  const problems = outcome !== undefined && "problems" in outcome ? outcome.problems : [];
  const wrong: Wrong = new Map(problems.map((p) => [keyOf(p), p.message]));
  return (
    <Demand
      view={view}
      title={`Try ${fileName(loaded)}`}
      trail={[
        ["Rates", "/demand/rates"],
        [fileName(loaded), at],
      ]}
    >
      <p>What a consumer would be charged by this file. Nothing is written.</p>
      {outcome !== undefined && "refusal" in outcome && <Refused refusal={outcome.refusal} />}
      <WrongFacts words={words} problems={problems} />
      {outcome !== undefined && "trial" in outcome && <Result words={words} trial={outcome.trial} at={at} />}
      <Form view={view} action={`${at}/try`} class="panel" label="The consumer">
        <h2>The consumer</h2>
        {/* Enter presses the first button of a form: it must be this one, not one that takes a row away. */}
        <button name="do" value="try" class="sr" tabIndex={-1} aria-hidden="true">
          Try
        </button>
        <div class="fields">
          {Object.entries(file.inputs).map(([name, input]) => (
            <InputField
              words={words}
              per={undefined}
              at={attributeKey(name)}
              input={input}
              typed={typed}
              wrong={wrong}
            />
          ))}
        </div>
        {Object.keys(file.lists).map((list) => (
          <Items words={words} list={list} typed={typed} wrong={wrong} />
        ))}
        {props.like && <Extras words={words} {...props.like} />}
        <h2>The period and the day</h2>
        <div class="fields">
          <Field
            label="Period from"
            name="from"
            type="date"
            value={typed.from}
            hint={`Charged ${cycleOf(file)}`}
            size="short"
          />
          <Field label="Period to" name="to" type="date" value={typed.to} hint="Its last day when empty" size="short" />
          <Field
            label="Paid on"
            name="on"
            type="date"
            value={typed.on}
            hint="For rebate and late charges"
            size="short"
          />
        </div>
        <button name="do" value="try">
          Try
        </button>
      </Form>
    </Demand>
  );
}

function WrongFacts({
  words,
  problems,
}: {
  readonly words: Words;
  readonly problems: readonly FactProblem[];
}): VNode | null {
  if (problems.length === 0) return null;
  const { file, lang } = words;
  return (
    <Flash kind="problem">
      <p>
        <strong>
          {problems.length === 1 ? "One thing is" : `${problems.length} things are`} missing or not allowed
        </strong>
      </p>
      <ul>
        {problems.map((p) => {
          const inputs = p.list === null ? file.inputs : file.lists[p.list]?.inputs;
          const label = p.name === null ? undefined : inputs?.[p.name]?.label[lang];
          const list = p.list === null ? "" : `${listName(words, p.list)}${p.item === null ? "" : ` ${p.item}`}`;
          return (
            <li>
              {[list, label].filter(Boolean).map((part, i) => (
                <>
                  {i > 0 && ", "}
                  <Own lang={lang}>{part ?? ""}</Own>
                </>
              ))}
              {`: ${p.message}`}
            </li>
          );
        })}
      </ul>
    </Flash>
  );
}

function InputField(props: {
  readonly words: Words;
  readonly per: string | undefined;
  readonly at: string;
  readonly input: Input;
  readonly typed: TypedTrial;
  readonly wrong: Wrong;
}): VNode {
  const { words, at, input } = props;
  const { lang } = words;
  const id = `f-${at}`;
  const value = props.typed.values.get(at) ?? "";
  const wrong = props.wrong.get(at);
  const label = <Own lang={lang}>{input.label[lang]}</Own>;
  const only = input.neededWhen === undefined ? undefined : conditions(words, { per: props.per }, input.neededWhen);
  const ids = [only === undefined ? "" : `${id}-hint`, wrong === undefined ? "" : `${id}-wrong`].filter(Boolean);
  const described = ids.length === 0 ? undefined : ids.join(" ");
  const invalid = wrong === undefined ? undefined : "true";
  const hint = (
    <>
      {only !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          Only where <Own lang={lang}>{only}</Own>
        </span>
      )}
      {wrong !== undefined && (
        <span class="hint bad-text" id={`${id}-wrong`}>
          {wrong}
        </span>
      )}
    </>
  );
  if (input.type === "yes-no") {
    return (
      <div class="field">
        <label class="choice" for={id}>
          <input
            type="checkbox"
            id={id}
            name={at}
            value="yes"
            checked={value === "yes"}
            aria-describedby={described}
            aria-invalid={invalid}
          />
          {label}
        </label>
        {hint}
      </div>
    );
  }
  const unit = input.type === "number" ? input.unit?.[lang] : undefined;
  return (
    <div class="field">
      <label for={id}>
        {label}
        {unit !== undefined && (
          <>
            {" "}
            (<Own lang={lang}>{unit}</Own>)
          </>
        )}
      </label>
      {hint}
      {input.type === "choice" ? (
        <select id={id} name={at} aria-describedby={described} aria-invalid={invalid}>
          <option value="">–</option>
          {Object.entries(input.values).map(([code, says]) => (
            <option value={code} selected={code === value} lang={lang === "en" ? undefined : lang}>
              {says[lang]}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          name={at}
          value={value}
          class="amount"
          inputMode="decimal"
          autocomplete="off"
          maxLength={40}
          aria-describedby={described}
          aria-invalid={invalid}
        />
      )}
    </div>
  );
}

function Items(props: {
  readonly words: Words;
  readonly list: string;
  readonly typed: TypedTrial;
  readonly wrong: Wrong;
}): VNode {
  const { words, list, typed } = props;
  const { lang, file } = words;
  const there = file.lists[list];
  const rows = typed.rows[list] ?? 0;
  const name = listName(words, list);
  const wrong = props.wrong.get(rowsKey(list));
  return (
    <section class="items">
      <input type="hidden" name={rowsKey(list)} value={rows} />
      <h3>
        <Own lang={lang}>{name}</Own>
      </h3>
      {wrong !== undefined && <p class="bad-text">{wrong}</p>}
      {Array.from({ length: rows }, (_, i) => (
        <fieldset>
          <legend>
            <Own lang={lang}>{`${name} ${i + 1}`}</Own>
          </legend>
          <div class="fields">
            {Object.entries(there?.inputs ?? {}).map(([attribute, input]) => (
              <InputField
                words={words}
                per={list}
                at={itemKey(list, i, attribute)}
                input={input}
                typed={typed}
                wrong={props.wrong}
              />
            ))}
          </div>
          <button class="second small" name="do" value={`remove-${list}-${i}`}>
            Take away <Own lang={lang}>{`${name} ${i + 1}`}</Own>
          </button>
        </fieldset>
      ))}
      {rows < Math.min(there?.max ?? 0, MOST_ROWS) && (
        <p>
          <button class="second small" name="do" value={`add-${list}`}>
            Add a row: <Own lang={lang}>{name}</Own>
          </button>
        </p>
      )}
    </section>
  );
}

/** Arrears and payments are not typed here; those of an example can be reckoned with. */
function Extras(props: {
  readonly words: Words;
  readonly number: string;
  readonly facts: ConsumerFacts;
}): VNode | null {
  const { dueDate, paid = [], arrears = [] } = props.facts;
  if (dueDate === undefined && paid.length === 0 && arrears.length === 0) return null;
  const said = [
    ...(dueDate === undefined ? [] : [`demanded with the due date ${formatDate(dueDate)}`]),
    ...paid.map((p) => `${formatIndian(p.amount)} paid on ${formatDate(p.date)}`),
    ...arrears.map(
      (a) => `${formatIndian(a.amount)} of ${headName(props.words, a.head)} in arrear, due ${formatDate(a.dueDate)}`,
    ),
  ];
  return (
    <p>
      <label class="choice" for="f-like">
        <input type="checkbox" id="f-like" name="like" value={props.number} checked />
        As in the example: {said.join("; ")}
      </label>
    </p>
  );
}

function Result(props: { readonly words: Words; readonly trial: Trial; readonly at: string }): VNode {
  const { words, trial, at } = props;
  const { assessment: done } = trial;
  const { lang, file } = words;
  const own = (text: string): VNode => <Own lang={lang}>{text}</Own>;
  const nil = done.heads.length === 0;
  const lines = lang === "hi" ? trial.hindi : trial.english;
  return (
    <section aria-label="Result" class="result">
      <h2>
        To pay on {formatDate(done.asOf)}: ₹ {formatIndian(done.payable)}
      </h2>
      <div class="two">
        <Table
          caption={`Demand of ${formatDate(done.period.from)} to ${formatDate(done.period.to)}`}
          columns={[{ title: "Head" }, { title: "Amount (₹)", kind: "amount" }]}
          rows={[
            ...done.heads.map((h) => ({ cells: [own(headName(words, h.head)), <Amount value={h.amount} />] })),
            {
              kind: "total" as const,
              cells: [nil ? "Nothing is demanded" : "Demand", <Amount value={done.demand} />],
            },
          ]}
        />
        <div class="sum">
          <Facts
            facts={[
              ["Due date", formatDate(done.dueDate)],
              ...(done.exempted === ZERO ? [] : [["Exempted", <Amount value={done.exempted} />] as const]),
              ...(done.paid === ZERO ? [] : [["Paid before", <Amount value={negate(done.paid)} />] as const]),
              ...(done.arrears === ZERO ? [] : [["Arrears", <Amount value={done.arrears} />] as const]),
              ...done.rebates.map(
                (r) =>
                  [
                    `Rebate until ${formatDate(r.until)}, by ${plain(r.rule)}`,
                    <Amount value={negate(r.amount)} />,
                  ] as const,
              ),
              ...done.late.map(
                (l) =>
                  [
                    headName(words, l.head),
                    <>
                      <Amount value={l.amount} />
                      {l.periodFrom === done.period.from ? "" : ` on the arrear of ${formatDate(l.periodFrom)}`}
                    </>,
                  ] as const,
              ),
              ...(done.rounding === ZERO ? [] : [["Rounding", <Amount value={done.rounding} />] as const]),
              [`To pay on ${formatDate(done.asOf)}`, `₹ ${formatIndian(done.payable)}`],
            ]}
          />
        </div>
      </div>
      <Table
        caption="How it was reckoned"
        columns={[{ title: "Step" }, { title: "Rule and version" }]}
        rows={lines.map((line) => ({
          cells: [
            <span lang={lang === "en" ? undefined : lang}>
              {line.text}
              {line.below.length > 0 && (
                <ul class="plain">
                  {line.below.map((part) => (
                    <li>{part}</li>
                  ))}
                </ul>
              )}
            </span>,
            <>
              <a href={`${at}#rule-${line.rule.split(" ")[0] ?? ""}`}>{line.rule}</a>
              {line.basis !== null && <small class="basis">{line.basis}</small>}
            </>,
          ],
        }))}
      />
      <p class="quiet">
        {file.id} {file.version}, SHA-256 {done.fileHash.slice(0, 12)}…
      </p>
    </section>
  );
}
