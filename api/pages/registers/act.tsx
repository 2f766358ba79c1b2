import type { VNode } from "preact";
import { actKindOf, registerOf, type Act, type ActDraft, type ActKind, type Typed } from "../../../ledger/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { factsByLabel, FormFields, type Offers } from "./forms.tsx";

export const itemPath = (register: string, item: string): string =>
  `/books/registers/${register}/item?id=${encodeURIComponent(item)}`;
export const actFormPath = (kind: string, item = ""): string =>
  `/books/registers/act/new?kind=${kind}${item === "" ? "" : `&item=${encodeURIComponent(item)}`}`;
const KIND = { proposed: "wait", approved: "good", rejected: "bad" } as const;

/** The trail above an act: its register, and the item it is about. */
function trailOf(register: string, item: string): (readonly [string, string])[] {
  const { title, items } = registerOf(register);
  return [
    ["Registers", "/books/registers"],
    [title, `/books/registers/${register}`],
    ...(items === undefined || item === "" ? [] : [[item, itemPath(register, item)] as const]),
  ];
}

/** Entries as they would be posted, or were. */
export function Drafts(props: {
  readonly drafts: readonly ActDraft[];
  readonly names: ReadonlyMap<string, string>;
}): VNode {
  if (props.drafts.length === 0) return <p class="quiet">No entry: the books have it already.</p>;
  return (
    <>
      {props.drafts.map((d) => (
        <Table
          caption={`${d.voucher} voucher of ${formatDate(d.date)}: ${d.narration}`}
          columns={[
            { title: "Account" },
            { title: "Fund" },
            { title: "Function" },
            { title: "Debit (₹)", kind: "amount" },
            { title: "Credit (₹)", kind: "amount" },
          ]}
          rows={d.lines.map((l) => ({
            cells: [
              `${l.account} ${props.names.get(l.account) ?? ""}`,
              l.fund ?? "01",
              l.function ?? "",
              l.side === "debit" ? <Amount value={l.amount} /> : "",
              l.side === "credit" ? <Amount value={l.amount} /> : "",
            ],
          }))}
        />
      ))}
    </>
  );
}

export function ActFormPage(props: {
  readonly view: View;
  readonly kind: ActKind;
  readonly register: string;
  readonly item: string;
  readonly typed: Typed;
  readonly offers: Offers;
  readonly names: ReadonlyMap<string, string>;
  readonly refusal?: Refusal | undefined;
  readonly preview?: readonly ActDraft[] | undefined;
}): VNode {
  const { view, kind } = props;
  const isTakeBack = kind.kind === "take-back";
  return (
    <Books view={view} title={kind.title} tab="registers">
      <Crumbs trail={trailOf(props.register, isTakeBack ? "" : props.item)} />
      <h1>{isTakeBack ? "Take an act back" : kind.title}</h1>
      <p class="quiet">
        Books by {kind.rule}. Another person approves it; nothing is posted before.
        {isTakeBack && (
          <>
            {" "}
            Of <a href={`/books/registers/acts/${props.item}`}>this act</a>.
          </>
        )}
      </p>
      <Refused refusal={props.refusal} />
      <Form view={view} action="/books/registers/act" label={kind.title}>
        <input type="hidden" name="kind" value={kind.kind} />
        <input type="hidden" name="item" value={props.item} />
        <FormFields fields={kind.fields} typed={props.typed} offers={props.offers} />
        <div class="actions">
          <button name="then" value="propose">
            Propose
          </button>
          <button name="then" value="preview" class="second">
            Show the entries
          </button>
        </div>
      </Form>
      {props.preview !== undefined && (
        <section aria-label="What it would post">
          <h2>What it would post</h2>
          <Drafts drafts={props.preview} names={props.names} />
        </section>
      )}
    </Books>
  );
}

export function ActPage(props: {
  readonly view: View;
  readonly act: Act;
  readonly names: ReadonlyMap<string, string>;
  readonly who: Who;
  readonly refusal?: Refusal | undefined;
  readonly typedReason?: string | undefined;
}): VNode {
  const { view, act, who } = props;
  const kind = actKindOf(act.kind);
  const { roles } = who.actor;
  const version = <input type="hidden" name="version" value={act.version} />;
  const canTakeBack =
    act.status === "approved" && act.takesBack === null && act.takenBackBy === null && roles.includes("accountant");
  return (
    <Books view={view} title={kind.title} tab="registers">
      <Crumbs trail={trailOf(act.register, act.item)} />
      <h1>
        {kind.title} <Badge kind={KIND[act.status]}>{act.status}</Badge>
      </h1>
      <Refused refusal={props.refusal} />
      {act.takenBackBy !== null && (
        <Flash kind="note">
          It was taken back by <a href={`/books/registers/acts/${act.takenBackBy}`}>another act</a>.
        </Flash>
      )}
      <Facts
        facts={[
          ...factsByLabel(kind.fields, act.facts),
          ["Rule", kind.rule],
          ["Proposed by", `${act.madeBy}, ${formatMoment(act.madeAt)}`],
          ...(act.decidedBy === null
            ? []
            : [[act.status === "rejected" ? "Rejected by" : "Approved by", act.decidedBy] as const]),
          ...(act.decisionReason === null ? [] : [["Reason of the checker", act.decisionReason] as const]),
          ...(act.takesBack === null
            ? []
            : [["Takes back", <a href={`/books/registers/acts/${act.takesBack}`}>this act</a>] as const]),
          ...(act.takenEntryId === null
            ? []
            : [["Taken from", <a href={`/books/entries/${act.takenEntryId}`}>its entry</a>] as const]),
          ...act.entries.map((e) => ["Entry", <a href={`/books/entries/${e.id}`}>{e.number}</a>] as const),
        ]}
      />
      <h2>{act.status === "approved" ? "What it posted" : "What it would post"}</h2>
      <Drafts drafts={act.drafts} names={props.names} />
      {canTakeBack && (
        <p class="actions">
          <a class="button second" href={actFormPath("take-back", act.id)}>
            Take it back
          </a>
        </p>
      )}
      {act.status === "proposed" &&
        (!roles.includes("checker") || who.actor.id === act.madeBy ? (
          <p class="quiet">Another person, a checker, approves or rejects it.</p>
        ) : (
          <div class="two">
            <Form view={view} action={`/books/registers/acts/${act.id}/approve`} class="panel" label="Approve">
              <h2>Approve</h2>
              <p>Posts exactly what is shown, and enters it in the register.</p>
              {version}
              <button>Approve and post</button>
            </Form>
            <Form view={view} action={`/books/registers/acts/${act.id}/reject`} class="panel" label="Reject">
              <h2>Reject</h2>
              {version}
              <Field label="Reason" name="reason" value={props.typedReason} isRequired maxLength={300} />
              <button class="danger">Reject</button>
            </Form>
          </div>
        ))}
    </Books>
  );
}

/** Acts, newest first, each with where it leads. */
export function ActTable(props: {
  readonly caption: string;
  readonly acts: readonly Act[];
  readonly empty: string;
}): VNode {
  return (
    <Table
      stacks
      caption={props.caption}
      empty={props.empty}
      columns={[
        { title: "Date" },
        { title: "Act" },
        { title: "Of" },
        { title: "Proposed by" },
        { title: "Status" },
        { title: "Entries" },
      ]}
      rows={props.acts.map((a) => ({
        cells: [
          formatDate(a.date),
          <a href={`/books/registers/acts/${a.id}`}>{actKindOf(a.kind).title}</a>,
          a.item === "" ? "" : <a href={itemPath(a.register, a.item)}>{a.item}</a>,
          a.madeBy,
          <>
            <Badge kind={KIND[a.status]}>{a.status}</Badge>
            {a.takenBackBy !== null && <Badge kind="plain">taken back</Badge>}
          </>,
          a.entries.map((e, i) => (
            <>
              {i > 0 && ", "}
              <a href={`/books/entries/${e.id}`}>{e.number}</a>
            </>
          )),
        ],
      }))}
    />
  );
}
