import type { ComponentChildren, VNode } from "preact";
import type { Preview, Template, TemplateInput, TemplateLeg, TemplateLine } from "../../../ledger/index.ts";
import { financialYear, formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { groupBy } from "../../../ledger/kernel/group.ts";
import { rupees } from "../../../ledger/kernel/money.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Crumbs, Facts, Field, Form, Refused, Table } from "../components.tsx";
import { field, typedAmount, type View } from "../kit.tsx";
import { codeOf, PaperFields, paperOf, partyOf, typedPaper, type TypedPaper } from "./form.tsx";

// ---------------------------------------------------------------- the list of events

export function TemplatesPage(props: {
  readonly view: View;
  readonly search: string;
  readonly templates: readonly Template[];
}): VNode {
  const wanted = props.search.toLowerCase();
  const found = props.templates.filter((t) =>
    [t.ruleId, t.area, t.title, t.note, ...t.vouchers.flatMap((v) => v.legs.map((l) => l.words))]
      .join(" ")
      .toLowerCase()
      .includes(wanted),
  );
  return (
    <Books view={props.view} title="Voucher templates" tab="vouchers">
      <Crumbs trail={[["Vouchers", "/books/vouchers"]]} />
      <h1>Templates</h1>
      <p class="quiet">
        Every event of the accounting rules: choose what happened, fill in the amounts, see the entries.
      </p>
      <form method="get" action="/books/vouchers/templates" class="filter">
        <Field label="Search" name="q" type="search" value={props.search} maxLength={60} />
        <button class="second">Show</button>
      </form>
      {found.length === 0 && <p class="empty">No event has these words.</p>}
      {[...groupBy(found, (t) => t.area)].map(([area, templates]) => (
        <Table
          caption={area}
          stacks
          columns={[
            { title: "Event", kind: "code" },
            { title: "What happened" },
            { title: "When" },
            { title: "Voucher" },
          ]}
          rows={templates.map((t) => ({
            cells: [
              t.ruleId,
              <a href={`/books/vouchers/templates/${t.ruleId}`}>{t.title}</a>,
              t.when,
              [...new Set(t.vouchers.map((v) => v.types.join(" or ")))].join(", "),
            ],
          }))}
        />
      ))}
    </Books>
  );
}

// ---------------------------------------------------------------- one event, filled in

/** A row of the form: a leg, once or several times. */
export type TypedLeg = {
  readonly leg: number;
  readonly amount: string;
  readonly account: string;
  readonly party: string;
  readonly year: string;
  readonly scheme: string;
};
export type TypedTemplate = TypedPaper & {
  readonly fund: string;
  readonly otherFund: string;
  readonly ward: string;
  readonly function: string;
  readonly party: string;
  readonly year: string;
  readonly scheme: string;
  readonly legs: readonly TypedLeg[];
};

const MAX_ROWS = 20;
const legsOf = (template: Template): TemplateLeg[] => template.vouchers.flatMap((v) => [...v.legs]);

/** What was typed; `more-LEG` asks for another row of that leg. */
export function typedTemplate(template: Template, body: unknown): TypedTemplate {
  const more = field(body, "then");
  const common = (name: string, size: number): string => field(body, name).slice(0, size);
  return {
    ...typedPaper(body),
    fund: common("fund", 10),
    otherFund: common("otherFund", 10),
    ward: common("ward", 20),
    function: common("function", 20),
    party: common("party", 80),
    year: common("year", 10),
    scheme: common("scheme", 40),
    legs: legsOf(template).flatMap(({ leg }) => {
      const had = Math.min(Math.max(Number(field(body, `rows-${leg}`)) || 1, 1), MAX_ROWS);
      const rows = more === `more-${leg}` ? Math.min(had + 1, MAX_ROWS) : had;
      return Array.from({ length: rows }, (_, i): TypedLeg => {
        const at = (name: string, size: number): string => field(body, `${name}-${leg}-${i}`).slice(0, size);
        return {
          leg,
          amount: at("amount", 40),
          account: at("account", 80),
          party: at("party", 80),
          year: at("year", 10),
          scheme: at("scheme", 40),
        };
      });
    }),
  };
}

/** What was typed as the ledger takes it. Raises MONEY_*, DATE_FORMAT, FINANCIAL_YEAR_FORMAT, VOUCHER_LINE_PARTY. */
export function templateInputOf(typed: TypedTemplate): TemplateInput {
  return {
    ...paperOf(typed),
    ...(typed.fund === "" ? {} : { fund: codeOf(typed.fund) }),
    ...(typed.otherFund === "" ? {} : { otherFund: codeOf(typed.otherFund) }),
    ...(typed.ward === "" ? {} : { ward: typed.ward }),
    ...(typed.function === "" ? {} : { function: codeOf(typed.function) }),
    ...(typed.party === "" ? {} : { party: partyOf(typed.party, 0) }),
    ...(typed.year === "" ? {} : { demandYear: financialYear(typed.year) }),
    ...(typed.scheme === "" ? {} : { scheme: typed.scheme }),
    lines: typed.legs.map((l): TemplateLine => ({
      leg: l.leg,
      ...(l.amount === "" ? {} : { amount: rupees(typedAmount(l.amount)) }),
      ...(l.account === "" ? {} : { account: codeOf(l.account) }),
      ...(l.party === "" ? {} : { party: partyOf(l.party, l.leg) }),
      ...(l.year === "" ? {} : { demandYear: financialYear(l.year) }),
      ...(l.scheme === "" ? {} : { scheme: l.scheme }),
    })),
  };
}

export function TemplatePage(props: {
  readonly view: View;
  readonly template: Template;
  readonly typed: TypedTemplate;
  readonly canWrite: boolean;
  readonly functions: readonly { readonly code: string; readonly name: string }[];
  readonly previews?: readonly Preview[] | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, template, typed } = props;
  const legs = legsOf(template);
  const needs = (what: TemplateLeg["needs"][number]): boolean => legs.some((l) => l.needs.includes(what));
  const needsFunction = legs.some((l) => l.choices.some((c) => c.needsFunction));
  const parties = [...new Set(legs.flatMap((l) => l.partyTypes))];
  return (
    <Books view={view} title={`${template.ruleId} ${template.title}`} tab="vouchers">
      <Crumbs
        trail={[
          ["Vouchers", "/books/vouchers"],
          ["Templates", "/books/vouchers/templates"],
        ]}
      />
      <h1>
        {template.ruleId} {template.title}
      </h1>
      <Facts
        facts={[
          ["Area", template.area],
          ["When", template.when],
          ["Basis", template.basis],
          ...(template.note === "" ? [] : [["Note", template.note] as const]),
        ]}
      />
      <Refused refusal={props.refusal} />
      {props.previews && <Previews previews={props.previews} />}
      <Form view={view} action={`/books/vouchers/templates/${template.ruleId}`} label="Fill in the template">
        <div class="filter">
          <Field label="Date" name="date" type="date" value={typed.date} isRequired />
          <Field label="Reference" name="reference" value={typed.reference} maxLength={60} />
          <Field label="Fund (01 if empty)" name="fund" value={typed.fund} maxLength={10} />
          {template.vouchers.some((v) => v.fund === "other") && (
            <Field label="Other fund" name="otherFund" value={typed.otherFund} maxLength={10} />
          )}
          {needsFunction && (
            <Field
              label="Function"
              name="function"
              value={typed.function}
              list="functions"
              {...(template.function === null ? {} : { hint: `${template.function} if empty` })}
            />
          )}
          <Field label="Ward" name="ward" value={typed.ward} maxLength={20} />
          {needs("year") && <Field label="Year of the demand" name="year" value={typed.year} hint="Like 2026-27" />}
          {needs("party") && (
            <Field
              label="Party"
              name="party"
              value={typed.party}
              hint={`Kind and code, like ${parties[0] ?? "consumer"} ${parties.length === 0 ? "PT-1-00012" : "C-0012"}`}
            />
          )}
          {needs("scheme") && <Field label="Scheme" name="scheme" value={typed.scheme} maxLength={40} />}
        </div>
        <Field
          label="Narration"
          name="narration"
          value={typed.narration}
          hint="The name of the event if empty"
          size="long"
          maxLength={500}
        />
        <PaperFields typed={typed} />
        {template.vouchers.map((v, i) => (
          <section>
            {template.vouchers.length > 1 && (
              <h2>
                {i + 1}. {v.step === "" ? v.types.join(" or ") : `${v.step} (${v.types.join(" or ")})`}
                {v.isOptional && ", if it is filled in"}
              </h2>
            )}
            <LegsTable legs={v.legs} typed={typed.legs} caption={v.types.join(" or ")} canWrite={props.canWrite} />
          </section>
        ))}
        <datalist id="functions">
          {props.functions.map((f) => (
            <option value={`${f.code} ${f.name}`} />
          ))}
        </datalist>
        {props.canWrite ? (
          <div class="actions">
            <button name="then" value="preview" class="second">
              Show the entries
            </button>
            <button name="then" value="save">
              Save as draft
            </button>
            <button name="then" value="submit" class="second">
              Save and submit for approval
            </button>
          </div>
        ) : (
          <p class="quiet">An accountant fills it in.</p>
        )}
      </Form>
    </Books>
  );
}

function LegsTable(props: {
  readonly legs: readonly TemplateLeg[];
  readonly typed: readonly TypedLeg[];
  readonly caption: string;
  readonly canWrite: boolean;
}): VNode {
  return (
    <div class="table lines-input" role="region" aria-label={`Lines: ${props.caption}`} tabIndex={0}>
      <table>
        <caption>
          Lines of the {props.caption} voucher. What is left empty is left out, or is what the other lines leave.
        </caption>
        <thead>
          <tr>
            <th scope="col">What it is</th>
            <th scope="col">Side</th>
            <th scope="col">Account</th>
            <th scope="col" class="amount">
              Amount (₹)
            </th>
            <th scope="col">For this line alone</th>
            <th scope="col">
              <span class="sr">More lines</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.legs.flatMap((leg) => {
            const rows = props.typed.filter((t) => t.leg === leg.leg);
            return rows.map((row, i) => (
              <LegRow
                leg={leg}
                row={row}
                at={i}
                isLast={i === rows.length - 1}
                rows={rows.length}
                canWrite={props.canWrite}
              />
            ));
          })}
        </tbody>
      </table>
      {props.legs.map((leg) => (
        <datalist id={`accounts-${leg.leg}`}>
          {leg.choices.map((c) => (
            <option value={`${c.code} ${c.name}`} />
          ))}
        </datalist>
      ))}
    </div>
  );
}

function LegRow(props: {
  readonly leg: TemplateLeg;
  readonly row: TypedLeg;
  readonly at: number;
  readonly rows: number;
  readonly isLast: boolean;
  readonly canWrite: boolean;
}): VNode {
  const { leg, row, at } = props;
  const proposed = leg.choices.find((c) => c.code === leg.account);
  const name = (what: string): string => `${what}-${leg.leg}-${at}`;
  const label = (what: string): string => `${what}, ${leg.words}${at === 0 ? "" : `, line ${at + 1}`}`;
  const small = (what: "party" | "year" | "scheme", words: string): VNode => (
    <input name={name(what)} value={row[what]} aria-label={label(words)} placeholder={words} autocomplete="off" />
  );
  return (
    <tr>
      <td>
        {leg.words}
        {leg.kind === "optional" && <small> (if any)</small>}
        {at === 0 && <input type="hidden" name={`rows-${leg.leg}`} value={props.rows} />}
      </td>
      <td>{leg.side === "debit" ? "Dr" : "Cr"}</td>
      <td>
        <input
          name={name("account")}
          value={row.account}
          aria-label={label("Account")}
          list={`accounts-${leg.leg}`}
          placeholder={proposed?.code ?? "choose"}
          autocomplete="off"
        />
        <small>
          {proposed ? `${proposed.code} ${proposed.name}, unless another is chosen` : `below ${headWords(leg)}`}
        </small>
      </td>
      <td>
        <input
          name={name("amount")}
          value={row.amount}
          aria-label={label("Amount")}
          class="amount"
          inputMode="decimal"
          placeholder={leg.kind === "balance" ? "the balance" : undefined}
          autocomplete="off"
        />
      </td>
      <td>
        {leg.needs.includes("year") && small("year", "Year")}
        {leg.needs.includes("party") && small("party", "Party")}
        {leg.needs.includes("scheme") && small("scheme", "Scheme")}
      </td>
      <td>
        {props.isLast && props.canWrite && props.rows < MAX_ROWS && (
          <button
            name="then"
            value={`more-${leg.leg}`}
            class="second small"
            formNoValidate
            aria-label={`One more line: ${leg.words}`}
          >
            +
          </button>
        )}
      </td>
    </tr>
  );
}

const headWords = (leg: TemplateLeg): string =>
  leg.heads
    .filter((h) => !h.startsWith("!"))
    .slice(0, 6)
    .join(", ");

/** The entries as the books would take them now, numbers excepted. */
function Previews({ previews }: { readonly previews: readonly Preview[] }): VNode {
  const cells = (
    lines: readonly {
      side: string;
      account: string;
      name: string;
      amount: Preview["lines"][number]["amount"];
      more: string;
    }[],
  ) =>
    lines.map((l) => ({
      cells: [
        `${l.account} ${l.name}`,
        l.more,
        l.side === "debit" ? <Amount value={l.amount} /> : "",
        l.side === "credit" ? <Amount value={l.amount} /> : "",
      ] as ComponentChildren[],
    }));
  return (
    <section aria-label="The entries" class="panel">
      <h2>The entries</h2>
      {previews.map(({ voucher, lines, refusal }) => (
        <>
          <Refused refusal={refusal} />
          <Table
            caption={`${voucher.voucher} of ${formatDate(voucher.date)}: ${voucher.narration}`}
            columns={[
              { title: "Account" },
              { title: "For" },
              { title: "Debit (₹)", kind: "amount" },
              { title: "Credit (₹)", kind: "amount" },
            ]}
            rows={cells(
              (lines.length > 0 ? lines : voucher.lines).map((l) => ({
                side: l.side,
                account: l.account,
                name: "accountName" in l ? String(l.accountName) : "",
                amount: l.amount,
                more: [
                  l.function && `function ${l.function}`,
                  l.party && `${l.party.type} ${l.party.id}`,
                  l.demandYear && `demand ${l.demandYear}`,
                  l.scheme && `scheme ${l.scheme}`,
                  l.fund !== undefined && l.fund !== "01" && `fund ${l.fund}`,
                ]
                  .filter(Boolean)
                  .join(", "),
              })),
            )}
          />
          {!refusal && <p class="quiet">Would be posted as it stands; nothing is written yet.</p>}
        </>
      ))}
    </section>
  );
}
