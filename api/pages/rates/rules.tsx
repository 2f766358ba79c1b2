import type { VNode } from "preact";
import {
  isComputed,
  type ComputedRule,
  type Example,
  type Language,
  type Rule,
  type SlabsRule,
} from "../../../billing/index.ts";
import { Facts, Table, type Row } from "../components.tsx";
import {
  additions,
  bothOf,
  condition,
  conditions,
  dayOf,
  deed,
  headName,
  money,
  named,
  pieces,
  plain,
  titled,
  type Words,
} from "./words.ts";

/** Words of the file within a page that is written in English. */
export function Own({ lang, children }: { readonly lang: Language; readonly children: string }): VNode {
  return <span lang={lang === "en" ? undefined : lang}>{children}</span>;
}

const KINDS: readonly { readonly title: string; readonly kinds: readonly Rule["kind"][] }[] = [
  { title: "What is charged", kinds: ["value", "table", "slabs"] },
  { title: "When it is due", kinds: ["due"] },
  { title: "Rebates", kinds: ["rebate"] },
  { title: "Late charges", kinds: ["late"] },
];

/** The rules of a file in words, each with its versions. */
export function RulesInWords({ words }: { readonly words: Words }): VNode {
  const { rules } = words.file;
  return (
    <>
      {KINDS.map(({ title, kinds }) => {
        const ids = [...new Set(rules.filter((r) => kinds.includes(r.kind)).map((r) => r.id))];
        if (ids.length === 0) return null;
        return (
          <section>
            <h2>{title}</h2>
            {ids.map((id) => (
              <article class="panel" id={`rule-${id}`}>
                <h3>
                  {titled(id)} <span class="code">{id}</span>
                </h3>
                {rules
                  .filter((r) => r.id === id)
                  .sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1))
                  .map((rule) => (
                    <RuleVersion words={words} rule={rule} />
                  ))}
              </article>
            ))}
          </section>
        );
      })}
    </>
  );
}

function RuleVersion({ words, rule }: { readonly words: Words; readonly rule: Rule }): VNode {
  const { lang } = words;
  const unless = rule.kind === "due" ? undefined : rule.unless;
  return (
    <div class="version">
      <p>
        <strong>
          Version {rule.version}, from {dayOf(rule.validFrom)}
          {rule.validTo === undefined ? "" : ` to ${dayOf(rule.validTo)}`}
        </strong>
      </p>
      <ul class="texts">
        {bothOf(rule.text).map(([language, text]) => (
          <li lang={language}>
            {pieces({ ...words, lang: language }, rule, text).map((p) => (p.isName ? <em>{p.text}</em> : p.text))}
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          ["How it is reckoned", deed(words, rule)],
          ...(rule.when === undefined
            ? []
            : [["Only where", <Own lang={lang}>{conditions(words, rule, rule.when)}</Own>] as const]),
          ...(unless === undefined
            ? []
            : [["Not where", <Own lang={lang}>{conditions(words, rule, unless)}</Own>] as const]),
          ...(isComputed(rule) ? additions(words, rule) : []),
          ...(rule.basis === undefined ? [] : [["By", rule.basis] as const]),
        ]}
      />
      {rule.kind === "table" && <RateTable words={words} rule={rule} />}
      {rule.kind === "slabs" && rule.tables.map((t) => <SlabTable words={words} rule={rule} table={t} />)}
    </div>
  );
}

function RateTable({ words, rule }: { readonly words: Words; readonly rule: ComputedRule & { kind: "table" } }): VNode {
  const names = [...new Set(rule.rows.flatMap((r) => Object.keys(r.when)))];
  const own = (text: string): VNode => <Own lang={words.lang}>{text}</Own>;
  return (
    <Table
      caption={`Table of ${plain(rule.id)} ${rule.version}`}
      hideCaption
      columns={[...names.map((n) => ({ title: named(words, rule, n) })), { title: "Figure", kind: "amount" as const }]}
      rows={[
        ...rule.rows.map((row): Row => ({
          cells: [
            ...names.map((n) => {
              const is = row.when[n];
              return is === undefined ? "any" : own(condition(words, rule, n, is));
            }),
            row.value,
          ],
        })),
        ...(rule.otherwise === undefined
          ? []
          : [{ cells: [...names.map((_, i) => (i === 0 ? "otherwise" : "")), rule.otherwise] }]),
      ]}
    />
  );
}

function SlabTable(props: {
  readonly words: Words;
  readonly rule: SlabsRule;
  readonly table: SlabsRule["tables"][number];
}): VNode {
  const { words, rule, table } = props;
  const bounds = [
    table.minimum === undefined ? "" : `at least ₹ ${table.minimum}`,
    table.maximum === undefined ? "" : `at most ₹ ${table.maximum}`,
  ].filter(Boolean);
  const caption = [table.when === undefined ? "" : conditions(words, rule, table.when), ...bounds].filter(Boolean);
  return (
    <Table
      caption={caption.length > 0 ? caption.join("; ") : "Slabs"}
      hideCaption={caption.length === 0}
      columns={[
        { title: "Above", kind: "amount" },
        { title: "Up to", kind: "amount" },
        { title: rule.mode === "fixed" ? "Amount (₹)" : "Rate (₹)", kind: "amount" },
      ]}
      rows={table.slabs.map((s) => ({ cells: [s.from, s.to ?? "no end", s.rate] }))}
    />
  );
}

const figures = (words: Words, amounts: Readonly<Record<string, string>> | undefined): VNode[] =>
  Object.entries(amounts ?? {}).map(([head, amount]) => (
    <li>
      <Own lang={words.lang}>{headName(words, head)}</Own> {money(amount)}
    </li>
  ));

/** The worked examples of a file; `tryAt` is the address at which one is tried. */
export function Examples(props: { readonly words: Words; readonly tryAt?: (example: number) => string }): VNode {
  const { words, tryAt } = props;
  const row = (e: Example, i: number): Row => ({
    cells: [
      e.name,
      `${dayOf(e.period.from)} to ${dayOf(e.period.to)}`,
      dayOf(e.asOf),
      <ul class="plain">
        {figures(words, e.heads)}
        {e.rebate !== undefined && <li>rebate {money(e.rebate)}</li>}
        {figures(words, e.late)}
      </ul>,
      e.payable === undefined ? "" : money(e.payable),
      ...(tryAt ? [<a href={tryAt(i)}>Try {e.name}</a>] : []),
    ],
  });
  return (
    <Table
      caption="Examples, which come out as written"
      hideCaption
      stacks
      columns={[
        { title: "Example" },
        { title: "Period" },
        { title: "Paid on" },
        { title: "Heads (₹)" },
        { title: "To pay (₹)", kind: "amount" },
        ...(tryAt ? [{ title: "Try", kind: "action" as const }] : []),
      ]}
      rows={words.file.examples.map(row)}
    />
  );
}
