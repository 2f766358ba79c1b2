import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  ADVANCE_PURPOSES,
  approvePayment,
  cancelPayment,
  getAdvice,
  getBankBook,
  getEntry,
  getPayment,
  listBankBooks,
  listItems,
  listParties,
  listPayments,
  nextLeaf,
  payableErrors,
  payableSettings,
  PAYMENT_KINDS,
  preparePayment,
  recordChallan,
  rejectPayment,
  returnAdviceLine,
  sendAdvice,
  type Advice,
  type AdvancePurpose,
  type BankBook,
  type Item,
  type ItemKind,
  type Party,
  type Payment,
  type PaymentInput,
  type PaymentKind,
  type PaymentStatus,
} from "../../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, subtract, toRupees } from "../../../ledger/kernel/money.ts";
import type { Read, Who } from "../../../ledger/kernel/tx.ts";
import { adviceCsv, adviceLetterPdf, paymentOrderPdf, type AdviceView } from "../../../reports/index.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Crumbs, Facts, Field, Form, Pagination, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { known, PAGE_SIZE, pageOf, partyField, PartyList, Payables, ROOT, Status, versionOf } from "./common.tsx";

const STATUSES = ["submitted", "issued", "rejected", "cancelled"] as const satisfies readonly PaymentStatus[];
const WORDS: Record<PaymentKind, string> = {
  bills: "Pay bills",
  remittance: "Remit deductions",
  deposit: "Refund deposits",
  advance: "Give an advance",
  reissue: "Pay stale cheques anew",
};
const SETTLES: Record<Exclude<PaymentKind, "advance">, ItemKind> = {
  bills: "creditor",
  remittance: "recovery",
  deposit: "deposit",
  reissue: "stale",
};

function PaymentsPage(props: {
  readonly view: View;
  readonly status: PaymentStatus;
  readonly payments: readonly Payment[];
  readonly page: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
}): VNode {
  return (
    <Payables view={props.view} title="Payments" part="payments">
      <h1>Payments</h1>
      {props.canWrite && (
        <p class="actions">
          {PAYMENT_KINDS.map((kind) => (
            <a class={kind === "bills" ? "button" : "button second"} href={`${ROOT}/payments/new?kind=${kind}`}>
              {WORDS[kind]}
            </a>
          ))}
        </p>
      )}
      <p class="actions">
        {STATUSES.map((s) => (
          <a
            class="button second small"
            href={`${ROOT}/payments?status=${s}`}
            aria-current={s === props.status ? "page" : undefined}
          >
            {s}
          </a>
        ))}
      </p>
      <PaymentTable
        caption={`Payments that are ${props.status}`}
        empty={`No payment is ${props.status}.`}
        payments={props.payments.slice(0, PAGE_SIZE)}
      />
      <Pagination
        first={props.page > 1 ? `${ROOT}/payments?status=${props.status}` : undefined}
        next={
          props.payments.length > PAGE_SIZE
            ? `${ROOT}/payments?status=${props.status}&page=${props.page + 1}`
            : undefined
        }
      />
      <h2>Register of payment orders (GEN-14)</h2>
      <Files report="payment-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

export function PaymentTable(props: {
  readonly caption: string;
  readonly empty: string;
  readonly payments: readonly Payment[];
}): VNode {
  return (
    <Table
      caption={props.caption}
      empty={props.empty}
      stacks
      columns={[
        { title: "Date" },
        { title: "Payee" },
        { title: "By" },
        { title: "For" },
        { title: "Bank book", kind: "code" },
        { title: "Amount (₹)", kind: "amount" },
        { title: "Made by" },
      ]}
      rows={props.payments.map((p) => ({
        cells: [
          formatDate(p.date),
          <a href={`${ROOT}/payments/${p.id}`}>{p.payee}</a>,
          instrumentOf(p),
          p.narration,
          p.account,
          <Amount value={p.amount} />,
          p.createdBy,
        ],
      }))}
    />
  );
}

const instrumentOf = (p: Payment): string =>
  p.mode === "cheque" ? `cheque ${p.leaf ?? ""}` : `transfer${p.adviceNumber === null ? "" : ` ${p.adviceNumber}`}`;

// ---------------------------------------------------------------- a new payment

type Typed = {
  readonly kind: PaymentKind;
  readonly party: string;
  readonly code: string;
  readonly account: string;
  readonly mode: "cheque" | "transfer";
  readonly leaf: string;
  readonly date: string;
  readonly narration: string;
  readonly payee: string;
  readonly payeeParty: string;
  /** Amounts by item, and which are chosen; undefined before the form was sent. */
  readonly chosen: ReadonlyMap<string, string> | undefined;
  readonly purpose: string;
  readonly what: string;
  readonly amount: string;
};

function typedPayment(from: unknown, today: LocalDate, isSent: boolean): Typed {
  const keys = typeof from === "object" && from !== null ? Object.keys(from) : [];
  const at = (name: string, size: number): string => field(from, name).slice(0, size);
  return {
    kind: PAYMENT_KINDS.find((k) => k === at("kind", 20)) ?? "bills",
    party: at("party", 100),
    code: at("code", 60),
    account: at("account", 20),
    mode: at("mode", 20) === "transfer" ? "transfer" : "cheque",
    leaf: at("leaf", 20),
    date: at("date", 10) === "" ? today : at("date", 10),
    narration: at("narration", 300),
    payee: at("payee", 100),
    payeeParty: at("payeeParty", 100),
    chosen: isSent
      ? new Map(
          keys
            .filter((k) => /^pay-[0-9a-f-]{36}$/.test(k))
            .slice(0, 500)
            .map((k) => [k.slice(4), at(`amount-${k.slice(4)}`, 40)]),
        )
      : undefined,
    purpose: at("purpose", 20),
    what: at("what", 200),
    amount: at("amount", 40),
  };
}

async function paymentOf(read: Read, typed: Typed): Promise<PaymentInput> {
  const common = {
    kind: typed.kind,
    mode: typed.mode,
    account: typed.account,
    leaf: typed.mode === "cheque" && typed.leaf !== "" ? typed.leaf : undefined,
    date: localDate(typed.date),
    narration: typed.narration,
  };
  if (typed.kind === "advance") {
    const purpose = Object.keys(ADVANCE_PURPOSES).find((p) => p === typed.purpose) as AdvancePurpose | undefined;
    if (!purpose) throw payableErrors.ADVANCE_PURPOSE({ purpose: typed.purpose });
    return {
      ...common,
      advance: {
        party: await partyField(read, typed.party),
        purpose,
        what: typed.what,
        amount: rupees(typedAmount(typed.amount)),
      },
    };
  }
  return {
    ...common,
    payee: typed.payee === "" ? undefined : typed.payee,
    payeeParty:
      typed.kind === "remittance" && typed.payeeParty !== "" ? await partyField(read, typed.payeeParty) : undefined,
    items: [...(typed.chosen ?? [])].map(([itemId, amount]) => ({ itemId, amount: rupees(typedAmount(amount)) })),
  };
}

function NewPaymentPage(props: {
  readonly view: View;
  readonly typed: Typed;
  readonly items: readonly Item[];
  readonly banks: readonly BankBook[];
  readonly parties: readonly Party[];
  readonly leaves: ReadonlyMap<string, string | undefined>;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  const isAdvance = typed.kind === "advance";
  return (
    <Payables view={view} title={WORDS[typed.kind]} part="payments">
      <Crumbs trail={[["Payments", `${ROOT}/payments`]]} />
      <h1>{WORDS[typed.kind]}</h1>
      <Refused refusal={props.refusal} />
      {!isAdvance && (
        <form method="get" action={`${ROOT}/payments/new`} class="filter">
          <input type="hidden" name="kind" value={typed.kind} />
          {typed.kind === "remittance" ? (
            <Field label="Only this code" name="code" value={typed.code} />
          ) : (
            <Field label="Only this party" name="party" value={typed.party} list="parties" />
          )}
          <button class="second">Show</button>
        </form>
      )}
      <PartyList parties={props.parties} />
      {!isAdvance && props.items.length === 0 ? (
        <p class="empty">Nothing is open here to be paid.</p>
      ) : (
        <Form view={view} action={`${ROOT}/payments`} label={WORDS[typed.kind]}>
          <input type="hidden" name="kind" value={typed.kind} />
          {isAdvance ? (
            <fieldset>
              <legend>The advance</legend>
              <Field label="Party" name="party" value={typed.party} list="parties" isRequired />
              <Select
                label="Purpose"
                name="purpose"
                value={typed.purpose}
                options={Object.keys(ADVANCE_PURPOSES).map((p) => ({ value: p, label: p }))}
              />
              <Field label="For what" name="what" value={typed.what} isRequired maxLength={200} />
              <Field label="Amount (₹)" name="amount" value={typed.amount} isAmount isRequired size="short" />
            </fieldset>
          ) : (
            <>
              <input type="hidden" name="party" value={typed.party} />
              <input type="hidden" name="code" value={typed.code} />
              <Table
                caption="What is paid"
                stacks
                columns={[
                  { title: "Pay" },
                  { title: "Party" },
                  { title: "What" },
                  { title: "Fund", kind: "code" },
                  { title: "Due" },
                  { title: "Payable (₹)", kind: "amount" },
                  { title: "Amount (₹)", kind: "amount" },
                ]}
                rows={props.items.map((i) => {
                  const payable = subtract(i.open, i.waiting);
                  const name = `${i.what} of ${i.name}`;
                  return {
                    cells: [
                      <input
                        type="checkbox"
                        name={`pay-${i.id}`}
                        value="yes"
                        checked={typed.chosen?.has(i.id) ?? (typed.party !== "" || typed.code !== "")}
                        aria-label={`Pay ${name}`}
                      />,
                      `${i.party.id} ${i.name}`,
                      i.billId === null ? i.what : <a href={`${ROOT}/bills/${i.billId}`}>{i.what}</a>,
                      i.fund,
                      i.dueOn === null ? "" : formatDate(i.dueOn),
                      <>
                        <Amount value={payable} />
                        {i.waiting > 0n && <small> ({formatIndian(i.waiting)} waits)</small>}
                      </>,
                      <input
                        name={`amount-${i.id}`}
                        value={typed.chosen?.get(i.id) ?? toRupees(payable)}
                        class="amount"
                        inputMode="decimal"
                        autocomplete="off"
                        aria-label={`Amount for ${name}`}
                      />,
                    ],
                  };
                })}
              />
            </>
          )}
          <fieldset>
            <legend>How it is paid</legend>
            <Select
              label="Bank book"
              name="account"
              value={typed.account}
              options={props.banks.map((b) => ({
                value: b.account,
                label: `${b.account} ${b.bank} ${b.numberMasked}, fund ${b.fund}${leafWords(props.leaves.get(b.account))}`,
              }))}
            />
            <Select
              label="By"
              name="mode"
              value={typed.mode}
              options={[
                { value: "cheque", label: "cheque" },
                { value: "transfer", label: "RTGS or NEFT advice" },
              ]}
            />
            <Field
              label="Leaf"
              name="leaf"
              value={typed.leaf}
              size="short"
              hint="For a cheque; the next leaf of the bank book when left empty"
            />
            {typed.kind === "remittance" && (
              <>
                <Field label="To (as the cheque names it)" name="payee" value={typed.payee} />
                <Field
                  label="Party of the authority, for a transfer"
                  name="payeeParty"
                  value={typed.payeeParty}
                  list="parties"
                />
              </>
            )}
            <Field label="Date" name="date" type="date" value={typed.date} isRequired size="short" />
            <Field
              label="Narration"
              name="narration"
              value={typed.narration}
              size="long"
              maxLength={300}
              hint="What is paid, when left empty"
            />
          </fieldset>
          <button>Write the payment voucher</button>
        </Form>
      )}
    </Payables>
  );
}
const leafWords = (leaf: string | undefined): string => (leaf === undefined ? "" : `, next leaf ${leaf}`);

// ---------------------------------------------------------------- one payment

function PaymentPage(props: {
  readonly view: View;
  readonly payment: Payment;
  readonly advice: Advice | undefined;
  readonly number: string | undefined;
  readonly who: Who;
  readonly today: LocalDate;
  readonly refusal?: Refusal;
  readonly typed?: { readonly reason: string; readonly number: string; readonly date: string };
}): VNode {
  const { view, payment, advice, who } = props;
  const roles = who.actor.roles;
  const isOwn = who.actor.id === payment.createdBy;
  const at = `${ROOT}/payments/${payment.id}`;
  const version = <input type="hidden" name="version" value={payment.version} />;
  const date = props.typed?.date ?? props.today;
  const optional = (name: string, value: VNode | string | null | undefined): (readonly [string, VNode | string])[] =>
    value === null || value === undefined || value === "" ? [] : [[name, value]];
  return (
    <Payables view={view} title="Payment" part="payments">
      <Crumbs trail={[["Payments", `${ROOT}/payments?status=${payment.status}`]]} />
      <h1>
        Payment to {payment.payee} <Status of={payment.status} />
      </h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          [
            "Amount",
            <strong>
              <Amount value={payment.amount} />
            </strong>,
          ],
          ["Date", formatDate(payment.date)],
          [
            "By",
            payment.chequeId === null ? (
              instrumentOf(payment)
            ) : (
              <a href={`${ROOT}/cheques/${payment.chequeId}`}>{instrumentOf(payment)}</a>
            ),
          ],
          ["Bank book", `${payment.account}, fund ${payment.fund}`],
          ["For", payment.narration],
          ["Made by", payment.createdBy],
          ...optional(payment.status === "rejected" ? "Rejected by" : "Approved by", payment.decidedBy),
          ...optional("Reason", payment.decisionReason),
          ...optional("Cancelled by", payment.cancelledBy),
          ...optional("Cancelled because", payment.cancelReason),
          ...optional(
            "Challan",
            payment.challanNumber === null
              ? null
              : `${payment.challanNumber} of ${payment.challanDate === null ? "" : formatDate(payment.challanDate)}`,
          ),
          ...optional(
            "Voucher",
            payment.entryId === null ? null : (
              <a href={`/books/entries/${payment.entryId}`}>{props.number ?? "in the day book"}</a>
            ),
          ),
          ...optional(
            "Reversal",
            payment.cancelEntryId === null ? null : (
              <a href={`/books/entries/${payment.cancelEntryId}`}>in the day book</a>
            ),
          ),
        ]}
      />
      <Table
        caption="What it pays"
        stacks
        columns={[
          { title: "What" },
          { title: "Party" },
          { title: "Head", kind: "code" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={payment.lines.map((l) => ({
          cells: [
            l.billId === null ? l.what : <a href={`${ROOT}/bills/${l.billId}`}>{l.what}</a>,
            `${l.party.id} ${l.name}`,
            l.account,
            <Amount value={l.amount} />,
          ],
        }))}
      />
      {payment.entryId !== null && (
        <p class="actions no-print">
          <a class="button second small" href={`${at}/order.pdf`}>
            Payment order (PDF)
          </a>
          {advice && (
            <>
              <a class="button second small" href={`${at}/advice.pdf`}>
                Advice to the bank (PDF)
              </a>
              <a class="button second small" href={`${at}/advice.csv`}>
                Bank file (CSV)
              </a>
            </>
          )}
        </p>
      )}
      {payment.status === "submitted" &&
        (!roles.includes("checker") || isOwn ? (
          <p class="quiet">Another person, a checker, approves or rejects it.</p>
        ) : (
          <div class="two">
            <Form view={view} action={`${at}/approve`} class="panel" label="Approve">
              <h2>Approve</h2>
              <p>
                {payment.mode === "cheque" ? `Issues cheque ${payment.leaf ?? ""}` : "Issues the advice"} and posts the
                voucher.
              </p>
              {version}
              <button>Approve and issue</button>
            </Form>
            <Form view={view} action={`${at}/reject`} class="panel" label="Reject">
              <h2>Reject</h2>
              {version}
              <Field label="Reason" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
              <button class="danger">Reject</button>
            </Form>
          </div>
        ))}
      {advice && (
        <section aria-label="Advice">
          <h2>
            Advice {advice.number} <Status of={advice.status} />
          </h2>
          <Table
            caption="Beneficiaries"
            hideCaption
            stacks
            columns={[
              { title: "Beneficiary" },
              { title: "Account", kind: "code" },
              { title: "IFSC", kind: "code" },
              { title: "By" },
              { title: "Amount (₹)", kind: "amount" },
              { title: "Came back" },
            ]}
            rows={advice.lines.map((l) => ({
              cells: [
                `${l.party.id} ${l.name}`,
                l.bankAccount,
                l.ifsc,
                l.method,
                <Amount value={l.amount} />,
                l.returnedOn !== null ? (
                  `${formatDate(l.returnedOn)}: ${l.returnReason ?? ""}`
                ) : roles.includes("accountant") && (advice.status === "sent" || advice.status === "cleared") ? (
                  <Form view={view} action={`${at}/return`} class="inline" label={`${l.name} came back`}>
                    <input type="hidden" name="line" value={l.lineNo} />
                    <input
                      type="date"
                      name="date"
                      value={props.today}
                      aria-label={`Day on which the transfer to ${l.name} came back`}
                    />
                    <input
                      name="reason"
                      aria-label={`Why the transfer to ${l.name} came back`}
                      required
                      maxLength={200}
                    />
                    <button class="second small">Came back</button>
                  </Form>
                ) : (
                  ""
                ),
              ],
            }))}
          />
          {advice.status === "issued" && roles.includes("accountant") && (
            <Form view={view} action={`${at}/sent`} label="Sent to the bank">
              <Field label="Sent to the bank on" name="date" type="date" value={date} isRequired size="short" />
              <button>Mark as sent</button>
            </Form>
          )}
        </section>
      )}
      {payment.kind === "remittance" && payment.status === "issued" && roles.includes("accountant") && (
        <Form view={view} action={`${at}/challan`} class="panel" label="Challan">
          <h2>Challan</h2>
          <Field
            label="Number"
            name="number"
            value={props.typed?.number ?? payment.challanNumber ?? ""}
            isRequired
            maxLength={60}
          />
          <Field
            label="Date of the challan"
            name="date"
            type="date"
            value={payment.challanDate ?? date}
            isRequired
            size="short"
          />
          <button>Write it down</button>
        </Form>
      )}
      {payment.status === "issued" && roles.includes("checker") && !isOwn && (
        <details open={props.refusal !== undefined}>
          <summary>Cancel the payment</summary>
          <Form view={view} action={`${at}/cancel`} label="Cancel the payment">
            <p>
              Before a cheque is delivered, or an advice sent. Its voucher is reversed and what it paid is payable
              again.
            </p>
            {version}
            <Field label="Why it is cancelled" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
            <Field label="Date of the reversal" name="date" type="date" value={date} isRequired size="short" />
            <button class="danger">Cancel the payment</button>
          </Form>
        </details>
      )}
    </Payables>
  );
}

// ---------------------------------------------------------------- routes

export function paymentRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };

  web.get(`${ROOT}/payments`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "status");
    const status = STATUSES.find((s) => s === asked) ?? "submitted";
    const page = pageOf(request.query);
    const payments = await desk.read(who, (read) =>
      listPayments(read, { status, limit: PAGE_SIZE + 1, offset: (page - 1) * PAGE_SIZE }),
    );
    return send(
      reply,
      <PaymentsPage
        view={viewOf(request)}
        status={status}
        payments={payments}
        page={page}
        canWrite={who.actor.roles.includes("accountant")}
        today={desk.today()}
      />,
    );
  });

  const form = (who: Who, view: View, typed: Typed, refusal?: Refusal): Promise<VNode> =>
    desk.read(who, async (read) => {
      const banks = (await listBankBooks(read)).filter((b) => b.isActive);
      const leaves = new Map<string, string | undefined>();
      for (const b of banks) leaves.set(b.account, await nextLeaf(read, b.account));
      const party = typed.party === "" ? undefined : await attempt(() => partyField(read, typed.party));
      const items =
        typed.kind === "advance" || party?.ok === false
          ? []
          : (
              await listItems(read, {
                kind: SETTLES[typed.kind],
                party: party?.value,
                code: typed.kind === "remittance" && typed.code !== "" ? typed.code : undefined,
                limit: 200,
              })
            ).filter((i) => i.open > i.waiting || typed.chosen?.has(i.id));
      return (
        <NewPaymentPage
          view={view}
          typed={typed}
          items={items}
          banks={banks}
          parties={await listParties(read, { limit: 200 })}
          leaves={leaves}
          refusal={refusal ?? (party?.ok === false ? party.refusal : undefined)}
        />
      );
    });

  web.get(`${ROOT}/payments/new`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    return send(reply, await form(who, viewOf(request), typedPayment(request.query, desk.today(), false)));
  });

  web.post(`${ROOT}/payments`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedPayment(request.body, desk.today(), true);
    const made = await attempt(() => desk.write(who, async (tx) => preparePayment(tx, await paymentOf(tx, typed))));
    if (made.ok) return reply.redirect(`${ROOT}/payments/${made.value.id}`, 303);
    const view = viewOf(request, `${ROOT}/payments/new?kind=${typed.kind}`);
    return send(reply, await form(who, view, typed, made.refusal), made.refusal.status);
  });

  const show = (who: Who, id: string) =>
    desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      return {
        payment,
        advice: payment.adviceId === null ? undefined : await getAdvice(read, payment.adviceId),
        number: payment.entryId === null ? undefined : (await getEntry(read, payment.entryId)).number,
        who,
        today: desk.today(),
      };
    });

  web.get<ById>(`${ROOT}/payments/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(
      reply,
      <PaymentPage view={viewOf(request)} {...await show(who, known(request.params.id, "payments"))} />,
    );
  });

  for (const step of ["approve", "reject", "cancel", "challan", "sent", "return"] as const) {
    web.post<ById>(`${ROOT}/payments/:id/${step}`, async (request, reply) => {
      const isChecker = step === "approve" || step === "reject" || step === "cancel";
      const who = desk.need(request, isChecker ? "checker" : "accountant");
      const id = known(request.params.id, "payments");
      const { body } = request;
      const version = versionOf(body);
      const typed = {
        reason: field(body, "reason").slice(0, 300),
        number: field(body, "number").slice(0, 60),
        date: field(body, "date").slice(0, 10),
      };
      const done = await attempt(() => {
        const on = typed.date === "" ? desk.today() : localDate(typed.date);
        return desk.write(who, async (tx) => {
          if (step === "approve") await approvePayment(tx, id, version);
          else if (step === "reject") await rejectPayment(tx, id, version, typed.reason);
          else if (step === "cancel") await cancelPayment(tx, id, version, typed.reason, on);
          else if (step === "challan") await recordChallan(tx, id, { number: typed.number, date: on });
          else {
            const adviceId = (await getPayment(tx, id)).adviceId ?? id;
            if (step === "sent") await sendAdvice(tx, adviceId, on);
            else
              await returnAdviceLine(tx, {
                adviceId,
                lineNo: Number(field(body, "line")) || 0,
                date: on,
                reason: typed.reason,
              });
          }
        });
      });
      if (done.ok) return reply.redirect(`${ROOT}/payments/${id}`, 303);
      return send(
        reply,
        <PaymentPage
          view={viewOf(request, `${ROOT}/payments/${id}`)}
          {...await show(who, id)}
          refusal={done.refusal}
          typed={{ ...typed, date: typed.date === "" ? desk.today() : typed.date }}
        />,
        done.refusal.status,
      );
    });
  }

  /** What the letter and the file say, read at one instant; the PDF is made after. */
  const adviceView = (who: Who, id: string): Promise<AdviceView> =>
    desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      if (payment.adviceId === null || payment.entryId === null) throw payableErrors.ADVICE_UNKNOWN({ advice: id });
      const advice = await getAdvice(read, payment.adviceId);
      const entry = await getEntry(read, payment.entryId);
      const settings = await payableSettings(read);
      return {
        ulb: read.ulb,
        bank: await getBankBook(read, payment.account),
        number: advice.number,
        date: advice.date,
        voucher: entry.number,
        madeAt: entry.postedAt,
        lines: advice.lines,
        amount: advice.amount,
        signatories: [settings.firstSignatory, settings.secondSignatory],
      };
    });
  const fileName = (name: string): string => `attachment; filename="${name.replace(/[^\w.-]/g, "-")}"`;

  web.get<ById>(`${ROOT}/payments/:id/advice.pdf`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const view = await adviceView(who, known(request.params.id, "payments"));
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`${view.number}.pdf`))
      .type("application/pdf")
      .send(await adviceLetterPdf(view));
  });

  web.get<ById>(`${ROOT}/payments/:id/advice.csv`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const view = await adviceView(who, known(request.params.id, "payments"));
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`${view.number}.csv`))
      .type("text/csv; charset=utf-8")
      .send(adviceCsv(view));
  });

  web.get<ById>(`${ROOT}/payments/:id/order.pdf`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const id = known(request.params.id, "payments");
    const view = await desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      if (payment.entryId === null) throw payableErrors.PAYMENT_UNKNOWN({ payment: id });
      const entry = await getEntry(read, payment.entryId);
      const settings = await payableSettings(read);
      return {
        ulb: read.ulb,
        bank: await getBankBook(read, payment.account),
        voucher: entry.number,
        date: payment.date,
        payee: payment.payee,
        instrument: instrumentOf(payment),
        narration: payment.narration,
        madeAt: entry.postedAt,
        madeBy: payment.createdBy,
        approvedBy: payment.decidedBy ?? "",
        lines: payment.lines.map((l) => ({
          what: l.what,
          party: `${l.party.id} ${l.name}`,
          account: l.account,
          amount: l.amount,
        })),
        amount: payment.amount,
        signatories: [settings.firstSignatory, settings.secondSignatory] as const,
      };
    });
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`payment-order-${view.voucher}.pdf`))
      .type("application/pdf")
      .send(await paymentOrderPdf(view));
  });
}
