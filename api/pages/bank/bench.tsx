import type { VNode } from "preact";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatStatement, type Paise } from "../../../ledger/kernel/money.ts";
import type {
  BankLine,
  Bench,
  BenchPage as PageOf,
  BenchRow,
  OpenItem,
  Progress,
} from "../../../reconciliation/index.ts";
import { Badge, Field, Flash, Form, Refused, Select } from "../components.tsx";
import type { View } from "../kit.tsx";
import { BankFrame } from "./frame.tsx";
import { KIND_OPTIONS, kindName } from "./words.ts";

export type Typed = Readonly<Record<(typeof FILTERS)[number], string>>;
export const FILTERS = ["kind", "least", "most", "from", "to", "text", "age"] as const;
export const queryOf = (typed: Typed, more: Readonly<Record<string, string>> = {}): string =>
  new URLSearchParams([
    ...FILTERS.flatMap((f) => (typed[f] === "" ? [] : [[f, typed[f]]])),
    ...Object.entries(more),
  ]).toString();

export function BenchPage(props: {
  readonly view: View;
  readonly bench: Bench;
  readonly typed: Typed;
  readonly canWrite: boolean;
  readonly done?: VNode | undefined;
  readonly ticked?: ReadonlySet<string>;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bench, typed, canWrite } = props;
  const at = `/books/bank/${bench.bank.account}`;
  const back = <input type="hidden" name="back" value={queryOf(typed)} />;
  return (
    <BankFrame view={view} bank={bench.bank} part="bench" title="Bench" scripts={["bench.js"]}>
      {props.done && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      <ProgressBar at={at} progress={bench.progress} />
      <form method="get" action={`${at}/bench`} class="filter" aria-label="Narrow both sides">
        <Select
          label="Kind"
          name="kind"
          value={typed.kind}
          options={[
            { value: "", label: "all" },
            ...KIND_OPTIONS.filter((k) => k.value !== "settlement" && k.value !== "unidentified-held"),
          ]}
        />
        <Field label="Amount from" name="least" value={typed.least} isAmount size="short" />
        <Field label="Amount to" name="most" value={typed.most} isAmount size="short" />
        <Field label="From" name="from" type="date" value={typed.from} />
        <Field label="To" name="to" type="date" value={typed.to} />
        <Field label="Text or reference" name="text" type="search" value={typed.text} maxLength={80} />
        <Field label="Days old, at least" name="age" value={typed.age} isNumeric size="short" />
        <button class="second">Show</button>
      </form>
      {canWrite && (
        <Form view={view} action={`${at}/bench/reconcile`}>
          {back}
          <p>
            {bench.progress.proved === 0
              ? "Nothing more is proved by a reference alone. "
              : `${bench.progress.proved} matches are proved by their references. `}
            <button class="small second">Match what is proved</button>
          </p>
        </Form>
      )}
      <h2>Proposals ({bench.proposals.total})</h2>
      {bench.proposals.rows.length === 0 ? (
        <p class="empty">No likely match.</p>
      ) : (
        <Form view={view} action={`${at}/bench/accept`} label="Proposals">
          {back}
          <ul class="bench-list">
            {bench.proposals.rows.map((p) => (
              <li data-row="proposal">
                <label class="choice">
                  <input type="checkbox" name={`p-${p.id}`} value="yes" disabled={!canWrite} />
                  <span>
                    {p.lineRows.map((l) => (
                      <span class="pair">
                        <span class="side">Bank</span> <LineText line={l} />
                      </span>
                    ))}
                    {p.itemRows.map((i) => (
                      <span class="pair">
                        <span class="side">Book</span> <ItemText item={i} />
                      </span>
                    ))}
                    <span class="quiet">
                      {p.pass}: {p.evidence}
                    </span>
                  </span>
                </label>
                {canWrite && (
                  <button class="small second" name="one" value={p.id} data-accept>
                    Accept
                  </button>
                )}
              </li>
            ))}
          </ul>
          {canWrite && (
            <p class="actions">
              <button data-accept-chosen>Accept those chosen</button>
              <button class="second" name="all" value="yes">
                Accept all {bench.proposals.rows.length} on this page
              </button>
            </p>
          )}
        </Form>
      )}
      <Next page={bench.proposals} at={at} typed={typed} name="proposalsAfter" what="proposals" />
      <form method="post" action={`${at}/bench/match`} data-bench aria-label="Match by hand">
        <input type="hidden" name="_csrf" value={view.session.csrf} />
        {back}
        <div class="bench">
          <section aria-labelledby="bench-bank">
            <h2 id="bench-bank">At the bank ({bench.lines.total})</h2>
            <Side
              rows={bench.lines}
              empty="Every statement line that you look for is matched."
              draw={(r: BenchRow<BankLine>) => (
                <Choice
                  side="bank"
                  name={`l-${r.subject.id}`}
                  amount={r.subject.amount}
                  row={r}
                  canWrite={canWrite}
                  isTicked={props.ticked?.has(r.subject.id) ?? false}
                >
                  <LineText line={r.subject} />
                </Choice>
              )}
            />
            <Next page={bench.lines} at={at} typed={typed} name="linesAfter" what="lines" />
          </section>
          <section aria-labelledby="bench-book">
            <h2 id="bench-book">In the book ({bench.items.total})</h2>
            <Side
              rows={bench.items}
              empty="Every item of the book that you look for is at the bank."
              draw={(r: BenchRow<OpenItem>) => (
                <Choice
                  side="book"
                  name={`b-${r.subject.id}`}
                  amount={r.subject.amount}
                  row={r}
                  canWrite={canWrite}
                  isTicked={props.ticked?.has(r.subject.id) ?? false}
                >
                  <ItemText item={r.subject} />
                </Choice>
              )}
            />
            <Next page={bench.items} at={at} typed={typed} name="itemsAfter" what="items" />
          </section>
        </div>
        {canWrite && (
          <div class="bench-bar">
            <p data-sums role="status">
              Choose lines and items that belong together; their sums must agree to the paisa.
            </p>
            <button data-match>Match those chosen</button>
          </div>
        )}
      </form>
      <details id="keys">
        <summary>Keys</summary>
        <p>
          <kbd>j</kbd> and <kbd>k</kbd> next and previous row · <kbd>o</kbd> the other side · <kbd>x</kbd> or space
          choose · <kbd>a</kbd> accept the proposal · <kbd>A</kbd> accept those chosen · <kbd>m</kbd> match those chosen
          · <kbd>/</kbd> search · <kbd>?</kbd> these keys
        </p>
      </details>
    </BankFrame>
  );
}

function ProgressBar({ at, progress }: { readonly at: string; readonly progress: Progress }): VNode {
  const { lines, matched, open } = progress;
  return (
    <section class="progress" aria-label="Progress">
      <p>
        <strong>
          {matched} of {lines}
        </strong>{" "}
        statement lines are matched; {open} are left, and {progress.openItems} items of the book.{" "}
        <progress value={matched} max={Math.max(1, lines)} aria-label="Lines matched" />
      </p>
      <ul class="inline-links">
        {progress.kinds.map((k) => (
          <li>
            <a href={`${at}/bench?kind=${k.kind}`}>
              {kindName(k.kind)}: {k.lines + k.items}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Side<T>(props: { readonly rows: PageOf<T>; readonly empty: string; readonly draw: (row: T) => VNode }): VNode {
  if (props.rows.rows.length === 0) return <p class="empty">{props.empty}</p>;
  return <ul class="bench-list">{props.rows.rows.map(props.draw)}</ul>;
}

function Choice<T>(props: {
  readonly side: "bank" | "book";
  readonly name: string;
  readonly amount: Paise;
  readonly row: BenchRow<T>;
  readonly canWrite: boolean;
  readonly isTicked: boolean;
  readonly children: VNode;
}): VNode {
  return (
    <li data-row={props.side}>
      <label class="choice">
        <input
          type="checkbox"
          name={props.name}
          value="yes"
          checked={props.isTicked}
          data-side={props.side}
          data-paise={String(props.amount)}
          disabled={!props.canWrite}
        />
        <span>
          {props.children}
          <span class="pair">
            <Badge kind={props.row.kind === "outstanding" ? "plain" : "wait"}>{kindName(props.row.kind)}</Badge>{" "}
            <span class="quiet">
              {props.row.ageDays} days · {props.row.reason}
            </span>
          </span>
        </span>
      </label>
    </li>
  );
}

export function LineText({ line }: { readonly line: BankLine }): VNode {
  return (
    <span>
      {formatDate(line.bookedOn)} · <strong>{formatStatement(line.amount)}</strong> · {line.narration}{" "}
      {line.reference !== "" && <span class="code">{line.reference}</span>}
    </span>
  );
}

export function ItemText({ item }: { readonly item: OpenItem }): VNode {
  return (
    <span>
      {formatDate(item.date)} · <strong>{formatStatement(item.amount)}</strong> · {item.voucher} {item.text}{" "}
      {item.reference !== "" && <span class="code">{item.reference}</span>}
    </span>
  );
}

function Next<T>(props: {
  readonly page: PageOf<T>;
  readonly at: string;
  readonly typed: Typed;
  readonly name: string;
  readonly what: string;
}): VNode | null {
  if (props.page.next === null) return null;
  return (
    <p>
      <a href={`${props.at}/bench?${queryOf(props.typed, { [props.name]: props.page.next })}`} rel="next">
        Next {props.what} »
      </a>{" "}
      <a href={`${props.at}/bench?${queryOf(props.typed)}`}>« First page</a>
    </p>
  );
}
