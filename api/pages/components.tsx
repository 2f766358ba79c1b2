import type { ComponentChildren, VNode } from "preact";
import type { Problem, Refusal } from "../../ledger/kernel/errors.ts";
import { formatStatement, type Paise } from "../../ledger/kernel/money.ts";
import { localRefusal } from "./i18n.ts";
import type { View } from "./kit.tsx";

/** An amount in rupees, grouped the Indian way, negatives in brackets. `blank` leaves a zero out, as registers do. */
export function Amount({ value, blank = false }: { readonly value: Paise; readonly blank?: boolean }): VNode {
  return (
    <span class={value < 0n ? "amount negative" : "amount"}>{blank && value === 0n ? "" : formatStatement(value)}</span>
  );
}

/** `action`: the cell is a link or button that says what it does, so that a card on a phone need not name it. */
export type Column = { readonly title: string; readonly kind?: "text" | "amount" | "code" | "action" };
export type Row = {
  readonly cells: readonly ComponentChildren[];
  readonly kind?: "line" | "total" | "heading" | undefined;
};

/**
 * A table with a caption for readers and screen readers. It scrolls sideways by itself where it does not fit; with `stacks`, each row
 * becomes a little card on a phone.
 */
export function Table({
  caption,
  columns,
  rows,
  empty = "There is nothing to show.",
  stacks = false,
  hideCaption = false,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly empty?: string;
  readonly stacks?: boolean;
  readonly hideCaption?: boolean;
}): VNode {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <div class={stacks ? "table stacks" : "table"} role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={hideCaption ? "sr" : undefined}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th scope="col" class={c.kind ?? "text"}>
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) =>
            row.kind === "heading" ? (
              <tr class="heading">
                <th scope="rowgroup" colSpan={columns.length}>
                  {row.cells[0]}
                </th>
              </tr>
            ) : (
              <tr class={row.kind === "total" ? "total" : undefined}>
                {columns.map((c, i) => (
                  <td class={c.kind ?? "text"} data-title={c.kind === "action" ? undefined : c.title}>
                    {stacks ? together(row.cells[i]) : row.cells[i]}
                  </td>
                ))}
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** A stacked cell has its title on the left; what stands on the right stays one piece, however many parts it has. An empty cell stays empty. */
function together(cell: ComponentChildren): ComponentChildren {
  return cell === undefined || cell === null || cell === "" || cell === false ? cell : <div class="value">{cell}</div>;
}

/** A labelled input. The hint and the error are tied to it for screen readers. */
export function Field(props: {
  readonly label: string;
  readonly name: string;
  readonly value?: string | undefined;
  readonly type?: "text" | "password" | "date" | "search" | "month" | "file";
  readonly hint?: string | undefined;
  readonly isAmount?: boolean;
  readonly isNumeric?: boolean;
  readonly isRequired?: boolean;
  readonly hasFocus?: boolean;
  /** What was typed was refused; the reason stands in an alert on the page. */
  readonly isWrong?: boolean;
  readonly autoComplete?: string;
  readonly size?: "short" | "long";
  readonly maxLength?: number;
  readonly accept?: string;
  readonly list?: string;
  readonly htmx?: Readonly<Record<string, string>>;
}): VNode {
  const id = `f-${props.name}`;
  const hintId = props.hint === undefined ? undefined : `${id}-hint`;
  // The types of inputs are a union by `type`; one component for several of them hands it over untyped.
  const attributes: Readonly<Record<string, string>> = { type: props.type ?? "text", ...props.htmx };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.hint !== undefined && (
        <span class="hint" id={hintId}>
          {props.hint}
        </span>
      )}
      <input
        id={id}
        name={props.name}
        value={props.value}
        class={[props.size ?? "", props.isAmount ? "amount" : ""].filter(Boolean).join(" ") || undefined}
        inputMode={props.isAmount ? "decimal" : props.isNumeric ? "numeric" : undefined}
        required={props.isRequired}
        autofocus={props.hasFocus}
        autocomplete={props.autoComplete ?? "off"}
        maxLength={props.maxLength}
        accept={props.accept}
        list={props.list}
        aria-describedby={hintId}
        aria-invalid={props.isWrong ? "true" : undefined}
        {...attributes}
      />
    </div>
  );
}

export function Select(props: {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}): VNode {
  const id = `f-${props.name}`;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} name={props.name}>
        {props.options.map((o) => (
          <option value={o.value} selected={o.value === (props.value ?? "")}>
            {o.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A form of ours: it carries the session's token, and the key that makes sending it twice the same as once. */
export function Form(props: {
  readonly view: View;
  readonly action: string;
  readonly idempotencyKey?: string;
  readonly isUpload?: boolean;
  readonly class?: string;
  readonly label?: string;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <form
      method="post"
      action={props.action}
      class={props.class}
      encType={props.isUpload ? "multipart/form-data" : undefined}
      aria-label={props.label}
    >
      <input type="hidden" name="_csrf" value={props.view.session.csrf} />
      {props.idempotencyKey !== undefined && <input type="hidden" name="key" value={props.idempotencyKey} />}
      {props.children}
    </form>
  );
}

/** Why a form was refused: the sentence, with its code for those who look it up. Read out at once. */
export function Refused({
  refusal,
  view,
}: {
  readonly refusal: Refusal | undefined;
  /** Where readers may be Hindi speakers: the sentence is then in their language. */
  readonly view?: View;
}): VNode | null {
  if (!refusal) return null;
  const lang = view?.session.lang ?? "en";
  const local = localRefusal(lang, refusal.code, refusal.facts);
  return (
    <div class="flash problem" role="alert">
      <p lang={lang !== "en" && local === undefined ? "en" : undefined}>{sentence(local ?? refusal.detail)}</p>
      <p class="code">{refusal.code}</p>
    </div>
  );
}

export function Problems({
  problems,
  title,
}: {
  readonly problems: readonly Problem[];
  readonly title: string;
}): VNode | null {
  if (problems.length === 0) return null;
  return (
    <div class="flash problem" role="alert">
      <p>
        <strong>{title}</strong>
      </p>
      <ul>
        {problems.map((p) => (
          <li>
            {p.line !== undefined && `Line ${p.line}${p.column === undefined ? "" : `, ${p.column}`}: `}
            {p.message} <span class="code">{p.code}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What was done, after a redirect or beside a form. */
export function Flash({
  kind = "good",
  children,
}: {
  readonly kind?: "good" | "note" | "problem";
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div class={`flash ${kind}`} role={kind === "problem" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** A tick or a cross, drawn: the fonts that come along have neither. Always beside words that say the same. */
export function Mark({ ok }: { readonly ok: boolean }): VNode {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path
        d={ok ? "M3 11l5 5L17 4" : "M4 4l12 12M16 4L4 16"}
        fill="none"
        stroke="currentColor"
        stroke-width="3"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export function Badge({
  kind,
  children,
}: {
  readonly kind: "good" | "bad" | "wait" | "plain";
  readonly children: ComponentChildren;
}): VNode {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** Names and values, one a line. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Pagination({
  first,
  next,
}: {
  readonly first?: string | undefined;
  readonly next: string | undefined;
}): VNode | null {
  if (first === undefined && next === undefined) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {first !== undefined && <a href={first}>« First page</a>}
      {next !== undefined && (
        <a href={next} rel="next">
          Next page »
        </a>
      )}
    </nav>
  );
}

/** Trail of the pages above this one. */
export function Crumbs({ trail }: { readonly trail: readonly (readonly [string, string])[] }): VNode {
  return (
    <nav class="crumbs" aria-label="You are here">
      <ol>
        {trail.map(([label, href]) => (
          <li>
            <a href={href}>{label}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** "debits 1.00 …" -> "Debits 1.00 …." */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?।]$/.test(start) ? start : `${start}.`;
}
