import type { ComponentChildren, VNode } from "preact";
import type { MasterVersion } from "../../../ledger/index.ts";
import type { Json } from "../../../ledger/kernel/audit.ts";
import { formatDate, formatMoment, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Role, Who } from "../../../ledger/kernel/tx.ts";
import { Crumbs, Field, Flash, Form, Pagination, Refused, Table } from "../components.tsx";
import { Books } from "../books-frame.tsx";
import { field, type View } from "../kit.tsx";

/** What was typed into a form that was refused, by the names of its fields. */
export type Typed = Readonly<Record<string, string>>;
/** What a page shows besides its data: a refusal beside its form, or what was done. */
export type Shown = { readonly refusal?: Refusal; readonly typed?: Typed; readonly done?: string };

export const PAGE = 100;

/** The fields of a form, each at most 500 characters. */
export function typedOf(body: unknown, names: readonly string[]): Typed {
  return Object.fromEntries(names.map((n) => [n, field(body, n).slice(0, 500)]));
}

/** Only the fields that were filled in. */
export function filled(typed: Typed): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([, v]) => v !== ""));
}

/** The day of a field; undefined when it is empty. Raises DATE_FORMAT. */
export const dayOf = (text: string | undefined): LocalDate | undefined => (text ? localDate(text) : undefined);

/** The first word: lists offer "4501001 Cash on hand". */
export const codeOf = (text: string | undefined): string => text?.trim().split(/\s/)[0] ?? "";

export const hasRole = (who: Who, ...roles: readonly Role[]): boolean => roles.some((r) => who.actor.roles.includes(r));

export function offsetOf(query: unknown): number {
  const offset = Number(field(query, "from"));
  return Number.isSafeInteger(offset) && offset > 0 && offset < 1_000_000 ? offset : 0;
}

export function MasterFrame(props: {
  readonly view: View;
  readonly title: string;
  readonly trail?: readonly (readonly [string, string])[];
  readonly shown?: Shown | undefined;
  readonly heading?: ComponentChildren;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Books view={props.view} title={props.title} tab="masters">
      <Crumbs trail={[["Masters", "/books/masters"], ...(props.trail ?? [])]} />
      <h1>{props.heading ?? props.title}</h1>
      {props.shown?.done !== undefined && props.shown.done !== "" && <Flash>{props.shown.done}</Flash>}
      <Refused refusal={props.shown?.refusal} />
      {props.children}
    </Books>
  );
}

export function SearchForm(props: {
  readonly action: string;
  readonly search: string;
  readonly children?: ComponentChildren;
}): VNode {
  return (
    <form method="get" action={props.action} class="filter">
      <Field label="Search by code or name" name="search" type="search" value={props.search} maxLength={80} />
      {props.children}
      <button class="second">Show</button>
    </form>
  );
}

/** Links to the next page of a list of which one row more than a page was read. */
export function Pages(props: {
  readonly address: string;
  readonly query: Typed;
  readonly offset: number;
  readonly hasMore: boolean;
}): VNode {
  const to = (from: number): string =>
    `${props.address}?${new URLSearchParams({ ...filled(props.query), ...(from === 0 ? {} : { from: String(from) }) }).toString()}`;
  return (
    <Pagination
      first={props.offset === 0 ? undefined : to(0)}
      next={props.hasMore ? to(props.offset + PAGE) : undefined}
    />
  );
}

/** A day and a reason: what every change of a master is made with. `prefix` keeps the names of several forms apart. */
export function DayAndReason(props: {
  readonly prefix: string;
  readonly typed?: Typed | undefined;
  readonly today: LocalDate;
  readonly hasDay?: boolean;
}): VNode {
  const { prefix, typed } = props;
  return (
    <>
      {props.hasDay !== false && (
        <Field
          label="With effect from"
          name={`${prefix}-from`}
          type="date"
          value={typed?.[`${prefix}-from`] ?? props.today}
        />
      )}
      <Field
        label="Reason"
        name={`${prefix}-reason`}
        hint="Order or resolution; it stays on record"
        value={typed?.[`${prefix}-reason`]}
        size="long"
        isRequired
        maxLength={300}
      />
    </>
  );
}

const said = (value: Json | undefined): string =>
  value === null || value === undefined || value === ""
    ? "nothing"
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

/** What a change changed: "name: from Old to New". */
export function differences(before: MasterVersion | undefined, after: MasterVersion): string[] {
  if (!before) return ["as it was at first"];
  return Object.keys(after.content)
    .filter((k) => JSON.stringify(before.content[k]) !== JSON.stringify(after.content[k]))
    .map((k) => `${k.replaceAll("_", " ")}: from ${said(before.content[k])} to ${said(after.content[k])}`);
}

export function History({ versions }: { readonly versions: readonly MasterVersion[] }): VNode {
  return (
    <Table
      caption="History"
      stacks
      empty="It was never changed."
      columns={[
        { title: "With effect from" },
        { title: "Change" },
        { title: "Reason" },
        { title: "Recorded by" },
        { title: "Recorded at" },
      ]}
      rows={versions.map((v, i) => ({
        cells: [
          v.from === null ? "the beginning" : formatDate(v.from),
          differences(versions[i - 1], v).join("; "),
          v.reason ?? "",
          v.from === null ? "" : v.recordedBy,
          v.from === null ? "" : formatMoment(v.recordedAt),
        ],
      }))}
    />
  );
}

/** A form in a panel of its own with its heading and button. */
export function Panel(props: {
  readonly view: View;
  readonly action: string;
  readonly title: string;
  readonly button: string;
  readonly isDanger?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Form view={props.view} action={props.action} class="panel" label={props.title}>
      <h2>{props.title}</h2>
      {props.children}
      <button class={props.isDanger ? "danger" : undefined}>{props.button}</button>
    </Form>
  );
}

/** Said above forms whose change waits for a second person. */
export function TwoPeople(): VNode {
  return (
    <p class="quiet">
      The change is proposed here and made when another person confirms it under{" "}
      <a href="/books/masters/changes">proposed changes</a>.
    </p>
  );
}
