import type { VNode } from "preact";
import {
  demandedOf,
  getConsumerByCode,
  type ChangeContent,
  type ChangeKind,
  type ChangePreview,
  type ChangeProposal,
  type Consumer,
  type Demand,
  type TaxHead,
} from "../../../billing/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, subtract, sum, ZERO, type Paise } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { Amount, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { Demand as Frame } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import { field, typedAmount, type View } from "../kit.tsx";
import { Preview } from "./preview.tsx";
import { KINDS, periodOf, titleOf } from "./words.ts";

/** Years that one retrospective order names in the form; a longer one is made in two. */
const YEARS = 5;

type Line = Demand["lines"][number];

/** What the form of a change is drawn with. */
export type ChangeSight = {
  readonly consumer: Consumer;
  /** Demands that stand. */
  readonly demands: readonly Demand[];
  /** Heads of its service under which more can be demanded. */
  readonly heads: readonly TaxHead[];
  readonly names: ReadonlyMap<string, string>;
};

/** Everything that was typed, by the name of its field. */
export type Typed = (name: string) => string;
export const typedIn =
  (body: unknown): Typed =>
  (name) =>
    field(body, name).slice(0, 500);

const keyOf = (prefix: string, line: Line): string => `${prefix}-${line.demandId}-${line.taxHead}`;
const dueOf = (line: Line): Paise => subtract(line.amount, line.settled);
/** What of a line is paid, or settled by an advance, a rebate, a write-off. */
const paidOf = (line: Line): Paise => subtract(line.settled, line.reduced?.amount ?? ZERO);
const isRelief = (kind: ChangeKind): boolean => kind === "remission" || kind === "exemption";

/** Lines that a change of a kind can name. */
function linesFor(kind: ChangeKind, sight: ChangeSight): readonly Line[] {
  return sight.demands
    .flatMap((d) => d.lines)
    .filter((l) => (isRelief(kind) ? demandedOf(l).amount > 0n : dueOf(l) > 0n));
}

/** What was typed as billing takes it. Raises MONEY_*, DATE_FORMAT, CONSUMER_NOT_FOUND; billing judges the rest. */
export async function proposalOf(
  read: Read,
  kind: ChangeKind,
  sight: ChangeSight,
  typed: Typed,
): Promise<ChangeProposal> {
  const orderDate = typed("orderDate");
  return {
    ...(typed("change") === "" ? {} : { changeId: typed("change") }),
    date: localDate(typed("date")),
    reason: typed("reason"),
    order: { number: typed("orderNumber"), date: orderDate === "" ? null : localDate(orderDate) },
    content: await contentOf(read, kind, sight, typed),
  };
}

async function contentOf(read: Read, kind: ChangeKind, sight: ChangeSight, typed: Typed): Promise<ChangeContent> {
  const amount = (name: string): Paise | undefined =>
    typed(name) === "" ? undefined : rupees(typedAmount(typed(name)));
  const headLines = (prefix: string): { taxHead: string; amount: Paise }[] =>
    sight.heads.flatMap((h) => {
      const demanded = amount(`${prefix}-${h.code}`);
      return demanded === undefined ? [] : [{ taxHead: h.code, amount: demanded }];
    });
  switch (kind) {
    case "debit-note":
      return {
        kind,
        demandId: typed("demand"),
        dueDate: localDate(typed("dueDate")),
        lines: headLines("more"),
      };
    case "credit-note":
    case "remission":
    case "exemption": {
      const items = linesFor(kind, sight).flatMap((l) => {
        const own = amount(keyOf("own", l));
        return own === undefined ? [] : [{ demandId: l.demandId, taxHead: l.taxHead, own }];
      });
      if (kind === "credit-note") return { kind, items };
      return { kind, items, intoPaid: typed("intoPaid") === "1" };
    }
    case "cancellation":
      return { kind, demandIds: sight.demands.map((d) => d.id).filter((id) => typed(`cancel-${id}`) === "1") };
    case "retrospective":
      return {
        kind,
        consumerId: sight.consumer.id,
        periods: Array.from({ length: YEARS }, (_, i) => i).flatMap((i) => {
          const lines = headLines(`year${i}`);
          if (lines.length === 0) return [];
          return [
            {
              periodFrom: localDate(typed(`from${i}`)),
              periodTo: localDate(typed(`to${i}`)),
              dueDate: localDate(typed(`due${i}`)),
              lines,
            },
          ];
        }),
      };
    case "transfer": {
      const to = await getConsumerByCode(read, sight.consumer.service, typed("to"));
      const isWhole = typed("whole") === "1";
      const items = linesFor(kind, sight).flatMap((l) => {
        if (isWhole) return [{ demandId: l.demandId, taxHead: l.taxHead }];
        const moved = amount(keyOf("move", l));
        return moved === undefined ? [] : [{ demandId: l.demandId, taxHead: l.taxHead, amount: moved }];
      });
      return { kind, toConsumerId: to.id, items };
    }
  }
}

/** The first page: whose demand is changed. */
export function FindPage(props: {
  readonly view: View;
  readonly query: string;
  readonly found: readonly Consumer[];
}): VNode {
  const { view } = props;
  return (
    <Frame view={view} title="Propose a change" trail={[["Changes", "/demand/changes"]]}>
      <form method="get" action="/demand/changes/new" class="filter" role="search" aria-label="Whose demand">
        <Field
          label="Consumer"
          name="q"
          type="search"
          value={props.query}
          hint="Code, mobile number or name"
          isRequired
          hasFocus
        />
        <button>Find</button>
      </form>
      {props.query !== "" && (
        <Table
          caption="Consumers found"
          stacks
          empty="No consumer was found."
          columns={[{ title: "Code" }, { title: "Name" }, { title: "Service" }, { title: "Ward" }]}
          rows={props.found.map((c) => ({
            cells: [
              <a href={`/demand/changes/new?consumer=${c.id}`}>{c.code}</a>,
              c.name,
              wordFor(view.t, "service", c.service),
              c.ward,
            ],
          }))}
        />
      )}
    </Frame>
  );
}

/** The second page: what is changed, with the form of the kind that was chosen. */
export function NewChangePage(props: {
  readonly view: View;
  readonly sight: ChangeSight;
  readonly kind: ChangeKind | undefined;
  readonly typed: Typed;
  readonly preview?: ChangePreview | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, sight, kind } = props;
  const { consumer } = sight;
  const at = `/demand/changes/new?consumer=${consumer.id}`;
  return (
    <Frame
      view={view}
      title={kind === undefined ? "Propose a change" : titleOf(kind)}
      trail={[
        ["Changes", "/demand/changes"],
        ["Propose a change", "/demand/changes/new"],
      ]}
    >
      <p>
        {wordFor(view.t, "service", consumer.service)} {consumer.code}, {consumer.name}, ward {consumer.ward}.
        {consumer.advance > 0n && ` Advance: ₹ ${formatIndian(consumer.advance)}.`}
      </p>
      <Refused refusal={props.refusal} />
      {props.preview && (
        <section aria-labelledby="what-it-does">
          <h2 id="what-it-does">What it does</h2>
          <Flash kind="note">
            Nothing is changed yet. Another person approves it; what is paid until then is counted.
          </Flash>
          <Preview preview={props.preview} names={sight.names} />
        </section>
      )}
      {kind === undefined ? (
        <ul>
          {KINDS.map((k) => (
            <li>
              <a href={`${at}&kind=${k.kind}`}>{k.title}</a>: {k.says}
            </li>
          ))}
        </ul>
      ) : (
        <ChangeForm {...props} kind={kind} />
      )}
    </Frame>
  );
}

type FormProps = Parameters<typeof NewChangePage>[0] & { readonly kind: ChangeKind };

function ChangeForm(props: FormProps): VNode {
  const { view, sight, kind, typed } = props;
  const needsOrder = isRelief(kind) || kind === "retrospective";
  return (
    <Form view={view} action="/demand/changes/new" label={titleOf(kind)}>
      <input type="hidden" name="consumer" value={sight.consumer.id} />
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="change" value={typed("change")} />
      <Content {...props} />
      <div class="fields">
        <Field label="Date of the entry" name="date" type="date" value={typed("date")} size="short" isRequired />
        <Field
          label={needsOrder ? "Number of the order" : "Number of the order (if any)"}
          name="orderNumber"
          value={typed("orderNumber")}
          maxLength={60}
          isRequired={needsOrder}
        />
        <Field
          label={needsOrder ? "Date of the order" : "Date of the order (if any)"}
          name="orderDate"
          type="date"
          value={typed("orderDate")}
          size="short"
          isRequired={needsOrder}
        />
      </div>
      <Field
        label="Reason"
        name="reason"
        value={typed("reason")}
        hint="For whoever approves it, and for the audit"
        size="long"
        maxLength={500}
        isRequired
      />
      <div class="actions">
        <button name="do" value="preview" class={props.preview ? "second" : undefined}>
          Show what it does
        </button>
        {props.preview && (
          <button name="do" value="propose">
            Propose it
          </button>
        )}
      </div>
    </Form>
  );
}

function Content(props: FormProps): VNode {
  switch (props.kind) {
    case "debit-note":
      return <MoreUnderHeads {...props} />;
    case "credit-note":
    case "remission":
    case "exemption":
      return <LessUnderHeads {...props} />;
    case "cancellation":
      return <WholeDemands {...props} />;
    case "retrospective":
      return <EarlierYears {...props} />;
    case "transfer":
      return <ToAnother {...props} />;
  }
}

/** An amount in a cell, labelled for those who do not see the table. */
export function AmountInput(props: { readonly name: string; readonly label: string; readonly typed: Typed }): VNode {
  return (
    <input
      name={props.name}
      aria-label={props.label}
      value={props.typed(props.name)}
      class="amount"
      inputMode="decimal"
      autocomplete="off"
    />
  );
}

export function Check(props: { readonly name: string; readonly typed: Typed; readonly children: string }): VNode {
  return (
    <p>
      <label class="choice">
        <input type="checkbox" name={props.name} value="1" checked={props.typed(props.name) === "1"} />
        {props.children}
      </label>
    </p>
  );
}

function MoreUnderHeads({ sight, typed }: FormProps): VNode {
  return (
    <>
      <div class="fields">
        <Select
          label="Demand"
          name="demand"
          value={typed("demand")}
          options={sight.demands
            .filter((d) => d.kind === "regular" || d.kind === "opening")
            .map((d) => ({ value: d.id, label: periodOf(d) }))}
        />
        <Field label="Due date of the addition" name="dueDate" type="date" value={typed("dueDate")} isRequired />
      </div>
      <Table
        caption="What is demanded more. A cess is typed beside its tax."
        columns={[{ title: "Head" }, { title: "More (₹)", kind: "amount" }]}
        rows={sight.heads.map((h) => ({
          cells: [
            `${h.name} (${h.code})`,
            <AmountInput name={`more-${h.code}`} label={`More under ${h.name}`} typed={typed} />,
          ],
        }))}
      />
    </>
  );
}

function LinesTable(props: {
  readonly kind: ChangeKind;
  readonly sight: ChangeSight;
  readonly typed: Typed;
  readonly prefix: string;
  readonly caption: string;
  readonly title: string;
}): VNode {
  const { sight, prefix } = props;
  return (
    <Table
      caption={props.caption}
      stacks
      empty="Nothing stands that it could change."
      columns={[
        { title: "Period" },
        { title: "Head" },
        { title: "Demanded (₹)", kind: "amount" },
        { title: "Settled (₹)", kind: "amount" },
        { title: "Due (₹)", kind: "amount" },
        { title: props.title, kind: "amount" },
      ]}
      rows={linesFor(props.kind, sight).map((l) => {
        const head = sight.names.get(l.taxHead) ?? l.taxHead;
        return {
          cells: [
            periodOf(l),
            l.cess > 0n && l.cessHead !== null ? `${head}, with ${sight.names.get(l.cessHead) ?? l.cessHead}` : head,
            <Amount value={demandedOf(l).amount} />,
            <Amount value={paidOf(l)} />,
            <Amount value={dueOf(l)} />,
            <AmountInput
              name={keyOf(prefix, l)}
              label={`${props.title} ${head}, ${periodOf(l)}`}
              typed={props.typed}
            />,
          ],
        };
      })}
    />
  );
}

function LessUnderHeads({ sight, kind, typed }: FormProps): VNode {
  return (
    <>
      <LinesTable
        kind={kind}
        sight={sight}
        typed={typed}
        prefix="own"
        title="Take off (₹)"
        caption="What is taken off of the own tax; the share of the cess goes with it."
      />
      {isRelief(kind) && (
        <Check name="intoPaid" typed={typed}>
          Also of what is paid: that money becomes the consumer's advance
        </Check>
      )}
    </>
  );
}

function WholeDemands({ sight, typed }: FormProps): VNode {
  return (
    <Table
      caption="Demands that are cancelled as a whole; what was paid on them becomes the consumer's advance."
      stacks
      empty="No demand stands."
      columns={[
        { title: "Demand" },
        { title: "Kind" },
        { title: "Due on" },
        { title: "Demanded (₹)", kind: "amount" },
        { title: "Due (₹)", kind: "amount" },
      ]}
      rows={sight.demands.map((d) => {
        const sumOf = (of: (line: Line) => Paise): Paise => sum(d.lines.map(of));
        return {
          cells: [
            <label class="choice">
              <input type="checkbox" name={`cancel-${d.id}`} value="1" checked={typed(`cancel-${d.id}`) === "1"} />
              {periodOf(d)}
            </label>,
            d.kind,
            formatDate(d.dueDate),
            <Amount value={sumOf((l) => demandedOf(l).amount)} />,
            <Amount value={sumOf(dueOf)} />,
          ],
        };
      })}
    />
  );
}

function EarlierYears({ sight, typed }: FormProps): VNode {
  const day = (name: string, label: string): VNode => (
    <input type="date" name={name} aria-label={label} value={typed(name)} autocomplete="off" />
  );
  return (
    <div class="table lines-input" role="region" aria-label="Demands of earlier years" tabIndex={0}>
      <table>
        <caption>Demands of earlier years, a period a row. A row without an amount is left out.</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Due on</th>
            {sight.heads.map((h) => (
              <th scope="col" class="amount">
                {h.name} (₹)
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: YEARS }, (_, i) => (
            <tr>
              <td>{day(`from${i}`, `From, row ${i + 1}`)}</td>
              <td>{day(`to${i}`, `To, row ${i + 1}`)}</td>
              <td>{day(`due${i}`, `Due on, row ${i + 1}`)}</td>
              {sight.heads.map((h) => (
                <td>
                  <AmountInput name={`year${i}-${h.code}`} label={`${h.name}, row ${i + 1}`} typed={typed} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ToAnother({ sight, kind, typed }: FormProps): VNode {
  return (
    <>
      <Field
        label="To consumer"
        name="to"
        value={typed("to")}
        hint="Code of a consumer of the same service"
        maxLength={60}
        isRequired
      />
      <Check name="whole" typed={typed}>
        Everything that is due
      </Check>
      <LinesTable
        kind={kind}
        sight={sight}
        typed={typed}
        prefix="move"
        title="Pass on (₹)"
        caption="What passes over, the cess in it"
      />
    </>
  );
}

/** The fields of a new form, before anything is typed. */
export function emptyChange(changeId: string, today: LocalDate): Typed {
  const first: Readonly<Record<string, string>> = { change: changeId, date: today };
  return (name) => first[name] ?? "";
}
