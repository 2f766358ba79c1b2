import type { VNode } from "preact";
import {
  getConsumerByCode,
  type Consumer,
  type ConsumerChangeContent,
  type ConsumerChangeKind,
  type ConsumerChangeProposal,
  type OpenDue,
  type Owner,
  type OwnerDraft,
  type Particulars,
  type SplitPart,
} from "../../../billing/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, sum } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { AmountInput, Check, type Typed } from "../changes/form.tsx";
import { Amount, Field, Form, Refused, Table } from "../components.tsx";
import { Demand } from "../demand-frame.tsx";
import { wordFor } from "../i18n.ts";
import { typedAmount, type View } from "../kit.tsx";
import { PARTICULARS, titleOf } from "./words.tsx";

/** As many owners, and as many parts of a split, as billing takes. */
const MOST_ROWS = { mutation: 100, merge: 0, split: 50 } as const satisfies Record<ConsumerChangeKind, number>;
const FIRST_ROWS = { mutation: 4, merge: 0, split: 2 } as const satisfies Record<ConsumerChangeKind, number>;

const RELATIONS = ["father", "mother", "husband", "wife", "guardian"] as const;

/** What the form is drawn with. */
export type ProposalSight = {
  readonly consumer: Consumer;
  readonly owners: readonly Owner[];
  readonly dues: readonly OpenDue[];
  readonly headNames: ReadonlyMap<string, string>;
  /** Wards of the ULB's list; none where it keeps no list. */
  readonly wards: readonly string[];
};

/** The fields of a new form: a mutation begins with what is, so that one edits it. */
export function emptyProposal(
  changeId: string,
  kind: ConsumerChangeKind,
  sight: ProposalSight,
  today: LocalDate,
): Typed {
  const first = new Map<string, string>([
    ["change", changeId],
    ["date", today],
  ]);
  if (kind === "mutation") {
    for (const { field } of PARTICULARS) {
      first.set(field, sight.consumer[field] ?? "");
      first.set(`was-${field}`, sight.consumer[field] ?? "");
    }
    for (const [i, owner] of sight.owners.entries()) {
      for (const [key, value] of Object.entries(owner)) first.set(`${key}${i}`, value ?? "");
    }
    first.set("rows", String(sight.owners.length + 2));
  }
  return (name) => first.get(name) ?? "";
}

/** How many rows the form has; `more` adds to them. */
export function rowsOf(kind: ConsumerChangeKind, typed: Typed): number {
  const said = Number(/^\d{1,3}$/.exec(typed("rows"))?.[0] ?? "0");
  const more = typed("do") === "more" ? FIRST_ROWS[kind] : 0;
  return Math.min(Math.max(said, FIRST_ROWS[kind]) + more, MOST_ROWS[kind]);
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** What was typed as billing takes it. Raises MONEY_*, DATE_FORMAT, CONSUMER_NOT_FOUND; billing judges the rest. */
export async function proposalOf(
  read: Read,
  kind: ConsumerChangeKind,
  sight: ProposalSight,
  typed: Typed,
): Promise<ConsumerChangeProposal> {
  return {
    ...(typed("change") === "" ? {} : { changeId: typed("change") }),
    date: localDate(typed("date")),
    reason: typed("reason"),
    document: { number: typed("documentNumber"), date: localDate(typed("documentDate")) },
    content: await contentOf(read, kind, sight, typed),
  };
}

async function contentOf(
  read: Read,
  kind: ConsumerChangeKind,
  sight: ProposalSight,
  typed: Typed,
): Promise<ConsumerChangeContent> {
  const { consumer } = sight;
  switch (kind) {
    case "mutation": {
      // What was left as the form had it stays, whatever another change made of it meanwhile.
      const changed = PARTICULARS.filter(({ field }) => typed(field) !== typed(`was-${field}`));
      const to: Partial<Particulars> = Object.fromEntries(changed.map(({ field }) => [field, typed(field)]));
      const owners = ownersTyped(rowsOf(kind, typed), typed);
      const isOther = owners.length > 0 && keyOf(owners) !== keyOf(sight.owners);
      const kept = isOther && to.name === undefined && typed("keepName") === "1" ? { name: consumer.name } : {};
      return { kind, consumerId: consumer.id, to: { ...kept, ...to }, ...(isOther && { owners }) };
    }
    case "merge": {
      const into = await getConsumerByCode(read, consumer.service, typed("into"));
      return { kind, consumerId: consumer.id, intoConsumerId: into.id };
    }
    case "split": {
      const parts = upTo(rowsOf(kind, typed)).filter((i) => PART.some(({ field }) => typed(`${field}${i}`) !== ""));
      return {
        kind,
        consumerId: consumer.id,
        into: parts.map((i) => partTyped(i, sight, typed)),
        closes: typed("closes") === "1",
      };
    }
  }
}

function ownersTyped(rows: number, typed: Typed): readonly OwnerDraft[] {
  return upTo(rows).flatMap((i) => {
    const text = (field: string): string | null => typed(`${field}${i}`) || null;
    if (OWNER.every(({ field }) => text(field) === null)) return [];
    return [
      {
        name: typed(`name${i}`),
        nameLocal: text("nameLocal"),
        share: typed(`share${i}`),
        guardian: text("guardian"),
        relation: RELATIONS.find((r) => r === text("relation")) ?? null,
        mobile: text("mobile"),
      },
    ];
  });
}

const keyOf = (owners: readonly OwnerDraft[]): string =>
  JSON.stringify(owners.map((o) => OWNER.map(({ field }) => o[field] ?? null)));

function partTyped(i: number, sight: ProposalSight, typed: Typed): SplitPart {
  const owners = typed(`owners${i}`)
    .split(";")
    .map((said) => said.trim())
    .filter((said) => said !== "")
    .map((said): OwnerDraft => {
      const [, name = said, share = ""] = /^(.*\S)\s+([\d./]+\s*%?)$/.exec(said) ?? [];
      return { name, share };
    });
  const dues = sight.dues.flatMap((d) => {
    const said = typed(dueName(i, d));
    if (said === "") return [];
    const amount = said.toLowerCase() === "all" ? {} : { amount: rupees(typedAmount(said)) };
    return [{ demandId: d.demandId, taxHead: d.taxHead, ...amount }];
  });
  const mobile = typed(`mobile${i}`);
  return {
    code: typed(`code${i}`),
    name: typed(`name${i}`),
    address: typed(`address${i}`),
    ward: typed(`ward${i}`),
    ...(mobile === "" ? {} : { mobile }),
    ...(owners.length === 0 ? {} : { owners }),
    dues,
  };
}

const dueName = (part: number, due: OpenDue): string => `due${part}-${due.demandId}-${due.taxHead}`;

/** The form of a mutation, a merge or a split. */
export function ProposalPage(props: {
  readonly view: View;
  readonly kind: ConsumerChangeKind;
  readonly sight: ProposalSight;
  readonly typed: Typed;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, kind, sight, typed } = props;
  const { consumer } = sight;
  const at = `/demand/consumers/${consumer.id}`;
  const rows = rowsOf(kind, typed);
  return (
    <Demand
      view={view}
      title={titleOf(kind)}
      trail={[
        ["Consumers", "/demand/consumers"],
        [consumer.code, at],
      ]}
    >
      <p>
        {wordFor(view.t, "service", consumer.service)} {consumer.code}, {consumer.name}, ward {consumer.ward}. Due: ₹{" "}
        {formatIndian(sum(sight.dues.map((d) => d.outstanding)))}. Advance: ₹ {formatIndian(consumer.advance)}.
      </p>
      <Refused refusal={props.refusal} />
      <Form view={view} action={`${at}/${kind}`} label={titleOf(kind)}>
        <input type="hidden" name="change" value={typed("change")} />
        <input type="hidden" name="rows" value={String(rows)} />
        {sight.wards.length > 0 && (
          <datalist id="wards">
            {sight.wards.map((ward) => (
              <option value={ward} />
            ))}
          </datalist>
        )}
        {kind === "mutation" && <Mutation sight={sight} typed={typed} rows={rows} />}
        {kind === "merge" && (
          <Field
            label="Into consumer"
            name="into"
            value={typed("into")}
            hint="Number of a consumer of the same service: dues and advance go over to it"
            maxLength={60}
            isRequired
          />
        )}
        {kind === "split" && <Split sight={sight} typed={typed} rows={rows} />}
        <div class="fields">
          <Field label="Counts from" name="date" type="date" value={typed("date")} size="short" isRequired />
          <Field
            label="Number of the document"
            name="documentNumber"
            value={typed("documentNumber")}
            hint="Deed, order or application"
            maxLength={100}
            isRequired
          />
          <Field
            label="Date of the document"
            name="documentDate"
            type="date"
            value={typed("documentDate")}
            size="short"
            isRequired
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
          <button name="do" value="propose">
            Propose it
          </button>
          {rows < MOST_ROWS[kind] && (
            <button name="do" value="more" class="second" formNoValidate>
              {kind === "mutation" ? "More rows for owners" : "More new consumers"}
            </button>
          )}
        </div>
      </Form>
    </Demand>
  );
}

type PartOfForm = { readonly sight: ProposalSight; readonly typed: Typed; readonly rows: number };

const OWNER = [
  { field: "name", label: "Name" },
  { field: "nameLocal", label: "Name in the local script" },
  { field: "share", label: "Share" },
  { field: "relation", label: "Relation" },
  { field: "guardian", label: "Guardian or relative" },
  { field: "mobile", label: "Mobile" },
] as const;

function Mutation({ sight, typed, rows }: PartOfForm): VNode {
  return (
    <>
      <div class="fields">
        {PARTICULARS.map(({ field, label }) => (
          <>
            <input type="hidden" name={`was-${field}`} value={typed(`was-${field}`)} />
            <Field
              label={label}
              name={field}
              value={typed(field)}
              maxLength={300}
              {...(field === "name" && { hint: "Left as it is, it becomes that of the new owners" })}
              {...(field === "ward" && sight.wards.length > 0 && { list: "wards" })}
            />
          </>
        ))}
      </div>
      <Check name="keepName" typed={typed}>
        The name stays although the owners change
      </Check>
      <InputTable
        caption="All owners from that day on; shares such as 1/3 or 33.5 % make up the whole"
        columns={OWNER}
        rows={rows}
        typed={typed}
      />
    </>
  );
}

const PART = [
  { field: "name", label: "Name" },
  { field: "code", label: "Number" },
  { field: "address", label: "Address" },
  { field: "ward", label: "Ward" },
  { field: "mobile", label: "Mobile" },
  { field: "owners", label: "Owners (A 1/2; B 1/2)" },
] as const;

function Split({ sight, typed, rows }: PartOfForm): VNode {
  return (
    <>
      <InputTable caption="The new consumers, one a row" columns={PART} rows={rows} typed={typed} />
      <Table
        caption="What goes with the new consumers: an amount, or the word all. Everything else stays."
        empty="Nothing is due."
        columns={[
          { title: "Due" },
          { title: "Still due (₹)", kind: "amount" },
          ...upTo(rows).map((i) => ({ title: `To row ${i + 1} (₹)`, kind: "amount" as const })),
        ]}
        rows={sight.dues.map((d) => {
          const what = `${sight.headNames.get(d.taxHead) ?? d.taxHead}, ${formatDate(d.periodFrom)} – ${formatDate(d.periodTo)}`;
          return {
            cells: [
              what,
              <Amount value={d.outstanding} />,
              ...upTo(rows).map((i) => (
                <AmountInput name={dueName(i, d)} label={`${what}, to row ${i + 1}`} typed={typed} />
              )),
            ],
          };
        })}
      />
      <Check name="closes" typed={typed}>
        The old consumer is used no more
      </Check>
    </>
  );
}

function InputTable(props: {
  readonly caption: string;
  readonly columns: readonly { readonly field: string; readonly label: string }[];
  readonly rows: number;
  readonly typed: Typed;
}): VNode {
  const { typed } = props;
  const cell = (field: string, label: string, i: number): VNode => {
    const shared = { name: `${field}${i}`, "aria-label": `${label}, row ${i + 1}` };
    if (field !== "relation")
      return <input {...shared} value={typed(shared.name)} autocomplete="off" maxLength={500} />;
    return (
      <select {...shared}>
        {["", ...RELATIONS].map((r) => (
          <option value={r} selected={r === typed(shared.name)}>
            {r}
          </option>
        ))}
      </select>
    );
  };
  return (
    <div class="table lines-input" role="region" aria-label={props.caption} tabIndex={0}>
      <table>
        <caption>{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((c) => (
              <th scope="col">{c.label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {upTo(props.rows).map((i) => (
            <tr>
              {props.columns.map((c) => (
                <td>{cell(c.field, c.label, i)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
