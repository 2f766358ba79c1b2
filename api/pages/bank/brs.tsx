import type { VNode } from "preact";
import { formatDate, formatMoment, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatStatement } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { brsForm, type BankReconciliation, type BrsIdentity, type SignedBrs } from "../../../reconciliation/index.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Badge, Facts, Field, Flash, Form, Mark, Refused, Table } from "../components.tsx";
import type { View } from "../kit.tsx";
import { BankFrame } from "./frame.tsx";

const SHOWN = 200;

export function BrsPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly statement: BankReconciliation;
  readonly identity: BrsIdentity;
  readonly signed: SignedBrs | undefined;
  /** What moved since it was signed. */
  readonly change: { readonly was: string; readonly now: string } | undefined;
  readonly earlier: readonly SignedBrs[];
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, statement, identity, signed } = props;
  const at = `/books/bank/${statement.account}/brs`;
  const form = brsForm(statement);
  const canWrite = props.who.actor.roles.includes("accountant");
  return (
    <BankFrame view={view} bank={statement.bank} part="brs" title="Bank reconciliation statement">
      <Facts
        facts={[
          ["ULB", view.session.user?.ulb.name ?? ""],
          ["Fund", statement.bank.fund],
          [
            "Bank account",
            `${statement.account} ${statement.bank.name}, ${`${statement.bank.bank} ${statement.bank.branch}`.trim()}, ${statement.bank.numberMasked}`,
          ],
          ["As at", formatDate(statement.asOf)],
          ["Statements reach to", formatDate(statement.statementTo)],
        ]}
      />
      <form method="get" action={at} class="filter">
        <Field label="As at" name="on" type="date" value={statement.asOf} />
        <button class="second">Show</button>
      </form>
      <Refused refusal={props.refusal} />
      {statement.statementTo < statement.asOf && (
        <Flash kind="note">
          The last stored statement ends on {formatDate(statement.statementTo)}: the bank may have moved since.
        </Flash>
      )}
      {statement.isProved ? (
        <p class="good-text">
          <Mark ok /> Reconciled: what the bank should say is what it says.
        </p>
      ) : (
        <Flash kind="problem">Not reconciled: difference {formatStatement(statement.difference)}.</Flash>
      )}
      {signed?.status === "approved" && (
        <Flash>
          As it was approved on {formatMoment(signed.approvedAt ?? signed.preparedAt)} by {signed.approvedBy}; what is
          un-matched later does not change it.
        </Flash>
      )}
      {props.change && (
        <Flash kind="note">
          The books have moved since it was signed: {props.change.was}; now {props.change.now}.
        </Flash>
      )}
      <Files report="brs" query={`account=${statement.account}&asOf=${statement.asOf}`} />
      <Table
        caption={`As at ${formatDate(statement.asOf)}, amounts in rupees`}
        columns={[{ title: "", kind: "code" }, { title: "Particulars" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={form.lines.map((l) => ({
          kind: l.kind === "sum" || l.kind === "balance" ? ("total" as const) : undefined,
          cells: [l.letter, l.label, <Amount value={l.amount} />],
        }))}
      />
      <p class="quiet">
        Both ways: book less open items {formatStatement(identity.bookLessOpen)}, bank less open lines{" "}
        {formatStatement(identity.bankLessOpen)}, matched items {formatStatement(identity.matchedItems)}, matched lines{" "}
        {formatStatement(identity.matchedLines)}: {identity.holds ? "one figure" : "they differ"}.
      </p>
      {statement.groups.some((g) => g.key === "opening") && canWrite && (
        <Form
          view={view}
          action={`/books/bank/${statement.account}/agree-opening`}
          class="panel no-print"
          label="Agree the opening balance"
        >
          <p>
            The first statement’s opening balance is not agreed with the book yet. If all items of the book before that
            day make it up, agree it.
          </p>
          <button class="second">Agree the opening balance</button>
        </Form>
      )}
      <Signing {...props} at={at} />
      {form.annexures.map((a) => {
        const items = a.bands.flatMap((b) => b.items.map((item) => ({ ...item, band: b.age }))).slice(0, SHOWN);
        return (
          <section aria-labelledby={`annexure-${a.letter}`}>
            <h2 id={`annexure-${a.letter}`}>
              Annexure {a.letter}: {a.title}
            </h2>
            <Table
              caption={`${a.title}, by age`}
              hideCaption
              stacks
              columns={[
                { title: "Date", kind: "code" },
                { title: "Particulars" },
                { title: "Reference", kind: "code" },
                { title: "Age" },
                { title: "Amount (₹)", kind: "amount" },
              ]}
              rows={[
                ...a.bands.flatMap((b) => [
                  { kind: "heading" as const, cells: [`${b.age}: ${formatStatement(b.total)}`] },
                  ...items
                    .filter((i) => i.band === b.age)
                    .map((i) => ({
                      cells: [
                        formatDate(i.date),
                        <>
                          {[i.voucher, i.text].filter(Boolean).join(" · ")}{" "}
                          {i.isStale && <Badge kind="bad">stale</Badge>}
                        </>,
                        i.reference,
                        `${i.ageDays} days`,
                        <Amount value={i.amount} />,
                      ],
                    })),
                ]),
                { kind: "total" as const, cells: ["", `Total of ${a.count}`, "", "", <Amount value={a.total} />] },
              ]}
            />
            {a.count > SHOWN && (
              <p class="quiet">
                The first {SHOWN} of {a.count} are shown; the files hold all.
              </p>
            )}
          </section>
        );
      })}
      {statement.settlementsInTransit.length > 0 && (
        <section aria-labelledby="transit">
          <h2 id="transit">Gateway settlements on their way</h2>
          <p>Paid out by the gateway and not yet in this bank book; they stand in an account of their own.</p>
          <Table
            caption="Settlements in transit"
            hideCaption
            columns={[
              { title: "Date", kind: "code" },
              { title: "Settlement" },
              { title: "UTR", kind: "code" },
              { title: "Amount (₹)", kind: "amount" },
            ]}
            rows={[
              ...statement.settlementsInTransit.slice(0, SHOWN).map((i) => ({
                cells: [formatDate(i.date), i.text, i.reference, <Amount value={i.amount} />],
              })),
              {
                kind: "total" as const,
                cells: ["", "Total", "", <Amount value={statement.settlementsInTransitTotal} />],
              },
            ]}
          />
        </section>
      )}
      {statement.chequesInClearing.length > 0 && (
        <section aria-labelledby="clearing">
          <h2 id="clearing">Cheques in clearing</h2>
          <p>Deposited, and neither credited nor returned by the bank; they stand in a head of their own.</p>
          <Table
            caption="Cheques in clearing"
            hideCaption
            stacks
            columns={[
              { title: "Deposited", kind: "code" },
              { title: "Cheque", kind: "code" },
              { title: "Voucher", kind: "code" },
              { title: "Age" },
              { title: "Amount (₹)", kind: "amount" },
            ]}
            rows={[
              ...statement.chequesInClearing.slice(0, SHOWN).map((c) => ({
                cells: [
                  formatDate(c.date),
                  c.reference,
                  c.voucher,
                  `${c.ageDays} days (${c.age})`,
                  <Amount value={c.amount} />,
                ],
              })),
              {
                kind: "total" as const,
                cells: ["", "", "", "Total", <Amount value={statement.chequesInClearingTotal} />],
              },
            ]}
          />
          {statement.chequesInClearing.length > SHOWN && (
            <p class="quiet">
              The first {SHOWN} of {statement.chequesInClearing.length} are shown; the files hold all.
            </p>
          )}
        </section>
      )}
      {props.earlier.length > 0 && (
        <section aria-labelledby="earlier" class="no-print">
          <h2 id="earlier">Statements that were signed</h2>
          <Table
            caption="Signed statements"
            hideCaption
            stacks
            columns={[
              { title: "As at", kind: "code" },
              { title: "State" },
              { title: "Prepared" },
              { title: "Checked" },
              { title: "Approved" },
            ]}
            rows={props.earlier.map((s) => ({
              cells: [
                <a href={`${at}?on=${s.asOf}`}>{formatDate(s.asOf)}</a>,
                s.reason === null ? s.status : `${s.status}: ${s.reason}`,
                s.preparedBy,
                s.checkedBy ?? "",
                s.approvedBy ?? "",
              ],
            }))}
          />
        </section>
      )}
    </BankFrame>
  );
}

function Signing(props: Parameters<typeof BrsPage>[0] & { readonly at: string }): VNode {
  const { view, who, at, signed, statement } = props;
  const { roles, id } = who.actor;
  const signs = roles.includes("accountant") || roles.includes("checker");
  const on = <input type="hidden" name="on" value={statement.asOf satisfies LocalDate} />;
  const names = (
    <dl class="facts signatures">
      {(
        [
          ["Prepared", signed?.preparedBy, signed?.preparedAt],
          ["Checked", signed?.checkedBy, signed?.checkedAt],
          ["Approved", signed?.approvedBy, signed?.approvedAt],
        ] as const
      ).map(([what, by, when]) => (
        <div>
          <dt>{what}</dt>
          <dd>{by == null || when == null ? "—" : `${by}, ${formatMoment(when)}`}</dd>
        </div>
      ))}
    </dl>
  );
  const canCheck = signed?.status === "prepared" && signs && signed.preparedBy !== id;
  const canApprove =
    signed?.status === "checked" && roles.includes("checker") && signed.preparedBy !== id && signed.checkedBy !== id;
  return (
    <section aria-labelledby="signing">
      <h2 id="signing">Prepared, checked, approved</h2>
      {names}
      {signed === undefined && roles.includes("accountant") && statement.isProved && (
        <Form view={view} action={`${at}/prepare`} class="no-print" label="Prepare">
          {on}
          <button>Prepare it for signing</button>
        </Form>
      )}
      {canCheck && (
        <Form view={view} action={`${at}/check`} class="no-print" label="Check">
          {on}
          <button>I have checked it</button>
        </Form>
      )}
      {canApprove && (
        <Form view={view} action={`${at}/approve`} class="no-print" label="Approve">
          {on}
          <button>Approve it</button>
        </Form>
      )}
      {signed !== undefined && signed.status !== "approved" && signs && (
        <details class="no-print">
          <summary>Withdraw it</summary>
          <Form view={view} action={`${at}/withdraw`} label="Withdraw">
            {on}
            <Field label="Reason" name="reason" size="long" maxLength={500} isRequired />
            <button class="second">Withdraw it</button>
          </Form>
        </details>
      )}
    </section>
  );
}
