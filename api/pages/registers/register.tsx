import type { ComponentChildren, VNode } from "preact";
import {
  byItem,
  loanSchedule,
  MEASURES,
  writeFacts,
  type Act,
  type Balance,
  type RegisterItem as Item,
  type LoanTerms,
  type Measure,
  type RegisterDefinition,
  type RegisterTie,
  type Typed,
  type Unregistered,
} from "../../../ledger/index.ts";
import { financialYearOf, financialYearStart, formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { Books, Files } from "../books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Pagination, Refused, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { ActTable, actFormPath, itemPath } from "./act.tsx";
import { factsByLabel, FormFields, said, type Offers } from "./forms.tsx";

const HOME = ["Registers", "/books/registers"] as const;
const REPORT: Readonly<Record<string, string>> = {
  grant: "grant-register",
  loan: "loan-register",
  "deposit-work": "deposit-works-register",
  asset: "asset-register",
  investment: "investment-register",
  provision: "provision-statement",
};

export const measuresOf = (register: string): Measure[] =>
  (Object.keys(MEASURES) as Measure[]).filter((m) => MEASURES[m].register === register);

/** Each register, its control accounts, and what is in the books and not in it. */
export function TieTable(props: {
  readonly ties: readonly RegisterTie[];
  readonly title: (register: string) => string;
}): VNode {
  return (
    <Table
      stacks
      caption="Registers and their control accounts"
      columns={[
        { title: "Register" },
        { title: "What" },
        { title: "In the books (₹)", kind: "amount" },
        { title: "In the register (₹)", kind: "amount" },
        { title: "Not in the register (₹)", kind: "amount" },
        { title: "Kept" },
      ]}
      rows={props.ties.map((t) => ({
        cells: [
          <a href={`/books/registers/${t.register}`}>{props.title(t.register)}</a>,
          t.name,
          <Amount value={t.ledger} />,
          <Amount value={t.registered} />,
          t.difference === 0n ? (
            <Badge kind="good">ties</Badge>
          ) : (
            <a href={`/books/registers/${t.register}/missing`}>
              <Amount value={t.difference} />
            </a>
          ),
          t.keptFrom === null ? "not kept yet" : `from ${formatDate(t.keptFrom)}`,
        ],
      }))}
    />
  );
}

export function RegisterPage(props: {
  readonly view: View;
  readonly definition: RegisterDefinition;
  readonly items: readonly Item[];
  readonly next: string | undefined;
  readonly after: string;
  readonly balances: readonly Balance[];
  readonly acts: readonly Act[];
  readonly ties: readonly RegisterTie[];
  readonly keptFrom: LocalDate | null;
  readonly today: LocalDate;
  readonly canWrite: boolean;
  readonly canKeep: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, definition } = props;
  const path = `/books/registers/${definition.name}`;
  const measures = measuresOf(definition.name);
  const of = byItem(props.balances);
  const alone = definition.acts.filter((a) => !a.isOnItem);
  const report = REPORT[definition.name];
  return (
    <Books view={view} title={definition.title} tab="registers">
      <Crumbs trail={[HOME]} />
      <h1>{definition.title}</h1>
      <Refused refusal={props.refusal} />
      {report !== undefined && (
        <Files
          report={report}
          query={`from=${financialYearStart(financialYearOf(props.today))}&to=${props.today}`}
          formats={["pdf", "csv", "xlsx"]}
        />
      )}
      <div class="actions">
        {props.canWrite && definition.isEntered && (
          <a class="button" href={`${path}/new`}>
            New {definition.items?.title}
          </a>
        )}
        {props.canWrite &&
          alone.map((a) => (
            <a
              class="button second"
              href={
                a.kind === "depreciation"
                  ? "/books/registers/depreciation"
                  : a.kind === "provision"
                    ? "/books/registers/provisions"
                    : actFormPath(a.kind)
              }
            >
              {a.title}
            </a>
          ))}
        {definition.name === "asset" && (
          <a class="button second" href="/books/registers/classes">
            Classes and rates
          </a>
        )}
      </div>
      {definition.items !== undefined && (
        <Table
          stacks
          caption={definition.items.plural}
          empty={`No ${definition.items.title} is in the register yet.`}
          columns={[
            { title: "Id", kind: "code" },
            { title: "Name" },
            ...measures.map((m) => ({ title: `${MEASURES[m].label} (₹)`, kind: "amount" as const })),
          ]}
          rows={props.items.map((item) => ({
            cells: [
              <a href={itemPath(definition.name, item.id)}>{item.id}</a>,
              said(item, "name"),
              ...measures.map((m) => <Amount value={of(item.id, m)} blank />),
            ],
          }))}
        />
      )}
      <Pagination
        first={props.after === "" ? undefined : path}
        next={props.next === undefined ? undefined : `${path}?after=${encodeURIComponent(props.next)}`}
      />
      {props.ties.length > 0 && <TieTable ties={props.ties} title={() => definition.title} />}
      <ActTable caption="Acts, newest first" acts={props.acts} empty="Nothing was done in this register yet." />
      {props.acts.length === 200 && <p class="quiet">The newest 200 are shown.</p>}
      {props.canKeep && props.ties.length > 0 && (
        <Form view={view} action={`${path}/keep`} class="panel" label="Keep this register">
          <h2>Keep this register</h2>
          <p>From this day on no month is closed while it differs from its control accounts.</p>
          <Field label="Kept from (empty: not kept)" name="from" type="date" value={props.keptFrom ?? ""} />
          <button class="second">Set</button>
        </Form>
      )}
    </Books>
  );
}

export function NewItemPage(props: {
  readonly view: View;
  readonly definition: RegisterDefinition;
  readonly id: string;
  readonly typed: Typed;
  readonly offers: Offers;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, definition } = props;
  const { items } = definition;
  return (
    <Books view={view} title={`New ${items?.title}`} tab="registers">
      <Crumbs trail={[HOME, [definition.title, `/books/registers/${definition.name}`]]} />
      <h1>New {items?.title}</h1>
      <p class="quiet">Nothing is posted by it. Its money comes by acts, which another person approves.</p>
      <Refused refusal={props.refusal} />
      <Form view={view} action={`/books/registers/${definition.name}/new`} label={`New ${items?.title}`}>
        <Field
          label="Id"
          name="id"
          value={props.id}
          hint="Short and for ever, like G-2026-01"
          isRequired
          maxLength={40}
        />
        <FormFields fields={items?.fields ?? {}} typed={props.typed} offers={props.offers} />
        <div class="actions">
          <button>Enter in the register</button>
        </div>
      </Form>
    </Books>
  );
}

export function ItemPage(props: {
  readonly view: View;
  readonly definition: RegisterDefinition;
  readonly item: Item;
  readonly balances: readonly Balance[];
  readonly acts: readonly Act[];
  readonly canWrite: boolean;
  readonly more?: ComponentChildren;
}): VNode {
  const { view, definition, item } = props;
  const { items } = definition;
  return (
    <Books view={view} title={item.id} tab="registers">
      <Crumbs trail={[HOME, [definition.title, `/books/registers/${definition.name}`]]} />
      <h1>
        {item.id} {said(item, "name")}
      </h1>
      <Facts
        facts={[
          ...factsByLabel(items?.fields ?? {}, writeFacts(items?.fields ?? {}, item)),
          ["Entered by", item.createdBy],
        ]}
      />
      {props.canWrite && (
        <div class="actions">
          {definition.acts
            .filter((a) => a.isOnItem)
            .map((a) => (
              <a class="button second" href={actFormPath(a.kind, item.id)}>
                {a.title}
              </a>
            ))}
        </div>
      )}
      <Table
        caption="What it holds"
        empty="It holds nothing."
        columns={[{ title: "What" }, { title: "Account" }, { title: "Fund" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={props.balances.map((b) => ({
          cells: [
            MEASURES[b.measure].label,
            <a href={`/books/accounts/${b.account}`}>{b.account}</a>,
            b.fund,
            <Amount value={b.amount} />,
          ],
        }))}
      />
      <ActTable caption="Acts, newest first" acts={props.acts} empty="Nothing was done with it yet." />
      {props.more}
    </Books>
  );
}

export function Schedule({ terms }: { readonly terms: LoanTerms }): VNode {
  return (
    <Table
      caption="Instalments of the sanctioned amount, by its terms"
      columns={[
        { title: "No." },
        { title: "Due" },
        { title: "Principal (₹)", kind: "amount" },
        { title: "Interest (₹)", kind: "amount" },
        { title: "Outstanding after it (₹)", kind: "amount" },
      ]}
      rows={loanSchedule(terms).map((i) => ({
        cells: [
          i.no,
          formatDate(i.due),
          <Amount value={i.principal} />,
          <Amount value={i.interest} />,
          <Amount value={i.outstanding} />,
        ],
      }))}
    />
  );
}

export function MissingPage(props: {
  readonly view: View;
  readonly definition: RegisterDefinition;
  readonly lines: readonly Unregistered[];
  readonly names: ReadonlyMap<string, string>;
}): VNode {
  const { view, definition } = props;
  return (
    <Books view={view} title="Not in the register" tab="registers">
      <Crumbs trail={[HOME, [definition.title, `/books/registers/${definition.name}`]]} />
      <h1>Not in the register</h1>
      <Flash kind="note">
        These lines stand on the control accounts and no act posted or took them. Open the item they belong to, choose
        the act, and name the entry: the register then takes it without posting it again.
      </Flash>
      <Table
        stacks
        caption="Lines, newest first"
        empty="Every line on the control accounts is in the register."
        columns={[
          { title: "Date" },
          { title: "Entry" },
          { title: "Its id", kind: "code" },
          { title: "Account" },
          { title: "Fund" },
          { title: "Debit (₹)", kind: "amount" },
          { title: "Credit (₹)", kind: "amount" },
          { title: "Narration" },
        ]}
        rows={props.lines.map((l) => ({
          cells: [
            formatDate(l.date),
            <a href={`/books/entries/${l.entryId}`}>{l.number}</a>,
            String(l.entryId),
            `${l.account} ${props.names.get(l.account) ?? ""}`,
            l.fund,
            <Amount value={l.debit} blank />,
            <Amount value={l.credit} blank />,
            l.narration,
          ],
        }))}
      />
      {props.lines.length === 200 && <p class="quiet">The newest 200 are shown.</p>}
    </Books>
  );
}
