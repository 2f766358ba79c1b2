import type { VNode } from "preact";
import type { Consumer } from "../../../billing/index.ts";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatStatement } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import {
  ADJUSTMENT_ROLES,
  DIFFERENCE_ROLES,
  fitting,
  type BankAccount,
  type BankException,
  type DraftLine,
  type ExceptionCount,
  type LearnedHead,
  type OpenItem,
  type Proposal,
  type ResolutionKind,
} from "../../../reconciliation/index.ts";
import { Decision } from "../changes/change.tsx";
import { Amount, Badge, Facts, Field, Flash, Form, Pagination, Refused, Select, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { BankFrame } from "./frame.tsx";
import { kindName, resolutionText, ROLE_NAMES, TEMPLATE_NAMES } from "./words.ts";

const STATES = { open: ["wait", "open"], proposed: ["plain", "proposed"], closed: ["good", "closed"] } as const;

export function ExceptionsPage(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly exceptions: readonly BankException[];
  readonly counts: readonly ExceptionCount[];
  readonly typed: Readonly<Record<"status" | "kind" | "text" | "owner", string>>;
  readonly today: LocalDate;
  readonly first: string | undefined;
  readonly next: string | undefined;
}): VNode {
  const { view, bank, typed } = props;
  const at = `/books/bank/${bank.account}/exceptions`;
  return (
    <BankFrame view={view} bank={bank} part="exceptions" title="Exceptions">
      <p>
        What no rule settles: each has an owner, a day, and a way out that one person proposes and another approves.
      </p>
      {props.counts.length > 0 && (
        <ul class="inline-links">
          {props.counts.map((c) => (
            <li>
              <a href={`${at}?kind=${c.kind}`}>
                {kindName(c.kind)}: {c.count}
                {c.overdue > 0 && `, ${c.overdue} overdue`}
              </a>
            </li>
          ))}
        </ul>
      )}
      <form method="get" action={at} class="filter">
        <Select
          label="State"
          name="status"
          value={typed.status}
          options={[
            { value: "", label: "not closed" },
            { value: "open", label: "open" },
            { value: "proposed", label: "waits for approval" },
            { value: "overdue", label: "overdue" },
            { value: "closed", label: "closed" },
          ]}
        />
        <Field label="Owner" name="owner" value={typed.owner} maxLength={100} />
        <Field label="Text or reference" name="text" type="search" value={typed.text} maxLength={80} />
        {typed.kind !== "" && <input type="hidden" name="kind" value={typed.kind} />}
        <button class="second">Show</button>
      </form>
      <Table
        caption="Exceptions"
        hideCaption
        stacks
        empty="Nothing waits for a person."
        columns={[
          { title: "Date", kind: "code" },
          { title: "Kind" },
          { title: "Particulars" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Age" },
          { title: "Due" },
          { title: "Owner" },
          { title: "State" },
        ]}
        rows={props.exceptions.map((e) => ({
          cells: [
            formatDate(e.date),
            <a href={`${at}/${e.id}`}>{kindName(e.kind)}</a>,
            <>
              {e.particulars.slice(0, 160)} {e.reference !== "" && <span class="code">{e.reference}</span>}
            </>,
            <Amount value={e.amount} />,
            `${e.ageDays} days`,
            <>
              {formatDate(e.dueOn)}{" "}
              {e.status !== "closed" && e.dueOn < props.today && <Badge kind="bad">overdue</Badge>}
            </>,
            e.owner ?? "nobody yet",
            <>
              <Badge kind={STATES[e.status][0]}>{STATES[e.status][1]}</Badge>{" "}
              {e.isBankError && <Badge kind="bad">error of the bank</Badge>} {e.resolution}
            </>,
          ],
        }))}
      />
      <Pagination first={props.first} next={props.next} />
    </BankFrame>
  );
}

export type ExceptionSight = {
  readonly bank: BankAccount;
  readonly exception: BankException;
  readonly proposals: readonly Proposal[];
  /** Items that it may belong to. */
  readonly items: readonly OpenItem[];
  /** Items of other bank books with its amount. */
  readonly elsewhere: readonly (OpenItem & { readonly account: string })[];
  /** Deposited cheques of its amount. */
  readonly cheques: readonly { readonly id: string; readonly label: string }[];
  /** How lines of the same words were booked before, when that was always alike. */
  readonly learned: LearnedHead | undefined;
  readonly names: ReadonlyMap<string, string>;
};

export function ExceptionPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly sight: ExceptionSight;
  readonly kind: ResolutionKind | undefined;
  readonly typed: (name: string) => string;
  readonly consumers: readonly Consumer[];
  readonly done: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, who, sight } = props;
  const { exception, bank } = sight;
  const at = `/books/bank/${bank.account}/exceptions/${exception.id}`;
  const waiting = sight.proposals.find((p) => p.id === exception.proposalId && p.decision === null);
  const canPropose = who.actor.roles.includes("accountant");
  return (
    <BankFrame
      view={view}
      bank={bank}
      part="exceptions"
      title={kindName(exception.kind)}
      trail={[["Exceptions", `/books/bank/${bank.account}/exceptions`]]}
    >
      {props.done !== "" && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          [
            "State",
            <>
              <Badge kind={STATES[exception.status][0]}>{STATES[exception.status][1]}</Badge>{" "}
              {exception.isBankError && <Badge kind="bad">error of the bank</Badge>}
            </>,
          ],
          ["Amount", `₹ ${formatStatement(exception.amount)}`],
          ["Date", `${formatDate(exception.date)}, ${exception.ageDays} days ago`],
          ["Particulars", exception.particulars],
          ...(exception.reference === "" ? [] : [["Reference", exception.reference] as const]),
          ["Due", formatDate(exception.dueOn)],
          ["Owner", exception.owner ?? "nobody yet"],
          ...(exception.note === null ? [] : [["Note", exception.note] as const]),
          ...(exception.closedAt === null
            ? []
            : [
                [
                  "Closed",
                  `${formatMoment(exception.closedAt)} by ${exception.closedBy ?? ""}: ${exception.resolution ?? ""}`,
                ] as const,
              ]),
        ]}
      />
      {waiting && (
        <section aria-labelledby="proposed">
          <h2 id="proposed">Proposed</h2>
          <p>
            {resolutionText(waiting.resolution)}. By {waiting.proposedBy}, {formatMoment(waiting.proposedAt)}:{" "}
            {waiting.reason}
          </p>
          <Draft draft={waiting.draft} names={sight.names} />
          <Decision
            view={view}
            who={who}
            at={at}
            proposedBy={waiting.proposedBy}
            approving="The entry is posted and the line is matched at once."
            typedReason={props.typed("reason")}
          />
        </section>
      )}
      {exception.status === "open" && canPropose && <Propose {...props} at={at} />}
      {exception.status !== "closed" && canPropose && (
        <Form view={view} action={`${at}/assign`} class="panel" label="Owner and day">
          <h2>Owner and day</h2>
          <Field label="Owner (sign-in name)" name="owner" value={exception.owner ?? ""} maxLength={100} />
          <Field label="Due on" name="dueOn" type="date" value={exception.dueOn} isRequired />
          <Field label="Note" name="note" value={exception.note ?? ""} size="long" maxLength={500} />
          <button class="second">Save</button>
        </Form>
      )}
      <History proposals={sight.proposals.filter((p) => p.decision !== null)} bank={bank} />
    </BankFrame>
  );
}

function Propose(props: Parameters<typeof ExceptionPage>[0] & { readonly at: string }): VNode {
  const { view, sight, at, typed } = props;
  const { exception } = sight;
  const fits = fitting(exception);
  if (fits.length === 0)
    return (
      <Flash kind="note">
        The bank has not credited the cheque within its working days: ask it. This closes by itself when the cheque is
        credited, or when its return is entered.
      </Flash>
    );
  const usual = sight.learned !== undefined && exception.template === null ? "named-head" : undefined;
  const wanted = props.kind ?? usual;
  const kind = wanted !== undefined && fits.includes(wanted) ? wanted : fits[0];
  return (
    <section aria-labelledby="propose">
      <h2 id="propose">Propose a way out</h2>
      {sight.learned && <Learned {...props} learned={sight.learned} />}
      <form method="get" action={at} class="filter">
        <Select
          label="Way out"
          name="template"
          value={kind ?? ""}
          options={fits.map((f) => ({ value: f, label: TEMPLATE_NAMES[f] }))}
        />
        <button class="second">Choose</button>
      </form>
      {kind === "receipt" && (
        <form method="get" action={at} class="filter" aria-label="Find the payer">
          <input type="hidden" name="template" value="receipt" />
          <Field label="Payer: name, code or mobile" name="q" type="search" value={typed("q")} maxLength={80} />
          <button class="second">Find</button>
        </form>
      )}
      <Form view={view} action={`${at}/propose`} class="panel" label="Propose">
        <input type="hidden" name="template" value={kind ?? ""} />
        <h3>{kind === undefined ? "" : TEMPLATE_NAMES[kind]}</h3>
        <Questions {...props} kind={kind} />
        <Field label="Reason" name="reason" value={typed("reason")} size="long" maxLength={500} isRequired />
        <button>Propose it</button>
      </Form>
    </section>
  );
}

/** The past cases that a learned head comes from: a person judges whether this one is like them. */
function Learned(props: Parameters<typeof ExceptionPage>[0] & { readonly learned: LearnedHead }): VNode {
  const { learned, sight } = props;
  return (
    <>
      <p>
        Lines of the same words were booked {learned.cases} times, always to {learned.head}{" "}
        {sight.names.get(learned.head) ?? ""}.
      </p>
      <Table
        caption="Booked like this before"
        stacks
        columns={[{ title: "Date", kind: "code" }, { title: "Narration" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={learned.examples.map((c) => ({
          cells: [
            <a href={`/books/bank/${sight.bank.account}/matches/${c.matchId}`}>{formatDate(c.date)}</a>,
            c.narration,
            <Amount value={c.amount} />,
          ],
        }))}
      />
    </>
  );
}

function Questions(props: Parameters<typeof ExceptionPage>[0]): VNode | null {
  const { sight, kind, typed } = props;
  switch (kind) {
    case "named-head":
      return (
        <>
          <Field
            label="Head (account code)"
            name="account"
            value={typed("account") || (sight.learned?.head ?? "")}
            size="short"
            isRequired
            maxLength={20}
          />
          <Field
            label="Function, for income and expenditure"
            name="function"
            value={typed("function")}
            size="short"
            maxLength={10}
          />
        </>
      );
    case "receipt":
      return (
        <>
          <Options
            legend="Payer"
            name="consumerId"
            value={typed("consumerId")}
            empty="Find the payer first."
            options={props.consumers.map((c) => ({
              value: c.id,
              label: `${c.code} ${c.name}, ${c.service}, ward ${c.ward}`,
            }))}
          />
          <Field
            label="UTR of the transfer"
            name="utr"
            value={
              typed("utr") ||
              (/[A-Z0-9]{10,30}/.exec(
                `${sight.exception.reference} ${sight.exception.particulars}`.toUpperCase(),
              )?.[0] ??
                "")
            }
            isRequired
            maxLength={30}
          />
        </>
      );
    case "cheque-returned":
      return (
        <>
          <Options
            legend="Cheque"
            name="instrumentId"
            value={typed("instrumentId")}
            empty="No deposited cheque of this amount is with the bank."
            options={sight.cheques.map((c) => ({ value: c.id, label: c.label }))}
          />
          <Field
            label="Charge of the bank in this line"
            name="bankCharge"
            value={typed("bankCharge") || "0"}
            isAmount
            size="short"
          />
          <Field
            label="Charge to the payer"
            name="payerCharge"
            value={typed("payerCharge") || "0"}
            isAmount
            size="short"
          />
        </>
      );
    case "difference":
      return (
        <>
          <fieldset>
            <legend>Items of the book that it belongs to</legend>
            {sight.items.length === 0 && <p class="empty">No item of the book is open.</p>}
            {sight.items.map((i) => (
              <label class="choice">
                <input
                  type="checkbox"
                  name={`b-${i.id}`}
                  value="yes"
                  checked={typed(`b-${i.id}`) !== "" || sight.exception.candidates.includes(i.id)}
                />
                <span>
                  {formatDate(i.date)} · <strong>{formatStatement(i.amount)}</strong> · {i.voucher} {i.text}
                </span>
              </label>
            ))}
          </fieldset>
          <Select
            label="The difference is"
            name="role"
            value={typed("role")}
            options={DIFFERENCE_ROLES.map((r) => ({ value: r, label: ROLE_NAMES[r] ?? r }))}
          />
        </>
      );
    case "wrong-account":
      return (
        <Options
          legend="Item of another bank book that waits for it"
          name="other"
          value={typed("other")}
          empty="No other bank book waits for this amount."
          options={sight.elsewhere.map((i) => ({
            value: `${i.account} ${i.id}`,
            label: `${i.account}: ${formatDate(i.date)} ${i.voucher} ${i.text}`,
          }))}
        />
      );
    case "settlement-adjusted":
      return (
        <Select
          label="What its rows do not explain is"
          name="role"
          value={typed("role")}
          options={ADJUSTMENT_ROLES.map((r) => ({ value: r, label: ROLE_NAMES[r] ?? r }))}
        />
      );
    default:
      return null;
  }
}

function Options(props: {
  readonly legend: string;
  readonly name: string;
  readonly value: string;
  readonly empty: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}): VNode {
  const [only] = props.options.length === 1 ? props.options : [];
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.options.length === 0 && <p class="empty">{props.empty}</p>}
      {props.options.map((o) => (
        <label class="choice">
          <input
            type="radio"
            name={props.name}
            value={o.value}
            checked={o.value === props.value || o.value === only?.value}
            required
          />
          <span>{o.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Draft({
  draft,
  names,
}: {
  readonly draft: readonly DraftLine[];
  readonly names: ReadonlyMap<string, string>;
}): VNode {
  return (
    <Table
      caption="The entry as it was drafted"
      stacks
      empty="No entry: nothing of the books moves."
      columns={[{ title: "Account" }, { title: "Debit (₹)", kind: "amount" }, { title: "Credit (₹)", kind: "amount" }]}
      rows={draft.map((l) => ({
        cells: [
          `${l.account} ${names.get(l.account) ?? ""}${l.party === null ? "" : ` · ${l.party}`}`,
          l.side === "debit" ? <Amount value={l.amount} /> : "",
          l.side === "credit" ? <Amount value={l.amount} /> : "",
        ],
      }))}
    />
  );
}

function History({
  proposals,
  bank,
}: {
  readonly proposals: readonly Proposal[];
  readonly bank: BankAccount;
}): VNode | null {
  if (proposals.length === 0) return null;
  return (
    <section aria-labelledby="history">
      <h2 id="history">What was proposed before</h2>
      <Table
        caption="Proposals and decisions"
        hideCaption
        stacks
        columns={[{ title: "Proposed" }, { title: "Way out" }, { title: "Decided" }, { title: "Entry", kind: "code" }]}
        rows={proposals.map((p) => ({
          cells: [
            `${formatMoment(p.proposedAt)} by ${p.proposedBy}: ${p.reason}`,
            resolutionText(p.resolution),
            p.decision === null
              ? ""
              : `${p.decision.outcome} ${formatMoment(p.decision.at)} by ${p.decision.by}${p.decision.reason === null ? "" : `: ${p.decision.reason}`}`,
            p.decision?.entryId == null ? (
              p.decision?.matchId == null ? (
                ""
              ) : (
                <a href={`/books/bank/${bank.account}/matches`}>match</a>
              )
            ) : (
              <a href={`/books/entries/${p.decision.entryId}`}>entry</a>
            ),
          ],
        }))}
      />
    </section>
  );
}
