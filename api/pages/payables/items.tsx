import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  decideOrder,
  listBankBooks,
  listItems,
  listParties,
  orderOnDeposit,
  payableErrors,
  postingAccount,
  receiveDeposit,
  recoveryAgeing,
  refundAdvance,
  remittancesDue,
  waitingOrders,
  type AgeingRow,
  type BankBook,
  type Item,
  type ItemOrder,
  type OrderKind,
  type Party,
  type RemittanceDue,
} from "../../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, sum } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Badge, Field, Form, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { known, partyField, PartyList, Payables, ROOT } from "./common.tsx";

type Typed = Readonly<Record<string, string>>;
const typedFields = (body: unknown): Typed =>
  Object.fromEntries(
    ["form", "party", "sort", "what", "amount", "date", "bank", "itemId", "kind", "reason"].map((name) => [
      name,
      field(body, name).slice(0, name === "what" || name === "reason" ? 300 : 100),
    ]),
  );

function BankSelect(props: {
  readonly banks: readonly BankBook[];
  readonly cash: string;
  readonly value: string;
}): VNode {
  return (
    <Select
      label="Into"
      name="bank"
      value={props.value}
      options={[
        ...props.banks.map((b) => ({ value: b.account, label: `${b.account} ${b.bank} ${b.numberMasked}` })),
        { value: props.cash, label: `${props.cash} cash in hand` },
      ]}
    />
  );
}

// ---------------------------------------------------------------- remittances

function RemittancesPage(props: {
  readonly view: View;
  readonly due: readonly RemittanceDue[];
  readonly ageing: readonly AgeingRow[];
  readonly canWrite: boolean;
  readonly today: LocalDate;
}): VNode {
  return (
    <Payables view={props.view} title="Remittances" part="remittances">
      <h1>Deductions to be remitted</h1>
      <Table
        caption="What is due to whom"
        empty="Nothing is to be remitted."
        stacks
        columns={[
          { title: "Due" },
          { title: "Code", kind: "code" },
          { title: "Section" },
          { title: "To" },
          { title: "Fund", kind: "code" },
          { title: "Parties" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "", kind: "action" },
        ]}
        rows={[
          ...props.due.map((d) => ({
            cells: [
              <>
                {formatDate(d.dueOn)} {d.daysLate > 0 && <Badge kind="bad">{d.daysLate} days late</Badge>}
              </>,
              d.code,
              d.section,
              d.payee,
              d.fund,
              String(d.items),
              <>
                <Amount value={d.open} />
                {d.waiting > 0n && <small> ({formatIndian(d.waiting)} waits)</small>}
              </>,
              props.canWrite ? (
                <a href={`${ROOT}/payments/new?kind=remittance&code=${encodeURIComponent(d.code)}`}>Remit {d.code}</a>
              ) : (
                ""
              ),
            ],
          })),
          ...(props.due.length < 2
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: ["Total", "", "", "", "", "", <Amount value={sum(props.due.map((d) => d.open))} />, ""],
                },
              ]),
        ]}
      />
      <Table
        caption="By age, each head"
        empty="No recovery is open."
        columns={[
          { title: "Head", kind: "code" },
          { title: "Not yet due (₹)", kind: "amount" },
          { title: "To 30 days late (₹)", kind: "amount" },
          { title: "31 to 90 (₹)", kind: "amount" },
          { title: "Over 90 (₹)", kind: "amount" },
          { title: "Total (₹)", kind: "amount" },
        ]}
        rows={props.ageing.map((a) => ({
          cells: [
            a.account,
            <Amount value={a.notDue} blank />,
            <Amount value={a.to30} blank />,
            <Amount value={a.to90} blank />,
            <Amount value={a.over90} blank />,
            <Amount value={a.total} />,
          ],
        }))}
      />
      <h2>Register of deductions</h2>
      <Files report="tds-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

// ---------------------------------------------------------------- deposits

const ORDER_WORDS: Record<OrderKind, string> = {
  forfeit: "Forfeit",
  lapse: "Lapse (unclaimed)",
  convert: "Make a security deposit",
};

function DepositsPage(props: {
  readonly view: View;
  readonly items: readonly Item[];
  readonly orders: readonly ItemOrder[];
  readonly parties: readonly Party[];
  readonly banks: readonly BankBook[];
  readonly cash: string;
  readonly who: Who;
  readonly today: LocalDate;
  readonly refusal?: Refusal | undefined;
  readonly typed?: Typed;
}): VNode {
  const { view, typed = {} } = props;
  const canWrite = props.who.actor.roles.includes("accountant");
  const canApprove = props.who.actor.roles.includes("checker");
  const refusedAt = (form: string): Refusal | undefined => (typed["form"] === form ? props.refusal : undefined);
  return (
    <Payables view={view} title="Deposits" part="deposits">
      <h1>Deposits and retention</h1>
      <Table
        caption="Deposits in hand"
        empty="No deposit is in hand."
        stacks
        columns={[
          { title: "Since" },
          { title: "Party" },
          { title: "Sort" },
          { title: "For" },
          { title: "Head", kind: "code" },
          { title: "In hand (₹)", kind: "amount" },
          { title: "", kind: "action" },
        ]}
        rows={props.items.map((i) => ({
          cells: [
            formatDate(i.openedOn),
            `${i.party.id} ${i.name}`,
            i.code,
            i.billId === null ? i.what : <a href={`${ROOT}/bills/${i.billId}`}>{i.what}</a>,
            i.account,
            <>
              <Amount value={i.open} />
              {i.waiting > 0n && <small> ({formatIndian(i.waiting)} waits)</small>}
            </>,
            canWrite ? (
              <a href={`${ROOT}/payments/new?kind=deposit&party=${i.party.type}/${encodeURIComponent(i.party.id)}`}>
                Refund {i.party.id}
              </a>
            ) : (
              ""
            ),
          ],
        }))}
      />
      <h2>Orders that wait</h2>
      <Refused refusal={refusedAt("decide")} />
      <Table
        caption="Orders on deposits"
        hideCaption
        empty="No order waits for a decision."
        stacks
        columns={[
          { title: "Date" },
          { title: "Order" },
          { title: "Deposit" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Reason" },
          { title: "Asked by" },
          { title: "", kind: "action" },
        ]}
        rows={props.orders.map((o) => ({
          cells: [
            formatDate(o.date),
            ORDER_WORDS[o.kind],
            `${o.item.name}: ${o.item.what}`,
            <Amount value={o.amount} />,
            o.reason,
            o.createdBy,
            canApprove && o.createdBy !== props.who.actor.id ? (
              <Form
                view={view}
                action={`${ROOT}/deposits/orders/${o.id}`}
                class="inline"
                label={`Decide on ${o.item.what}`}
              >
                <button class="small" name="then" value="approve">
                  Approve
                </button>
                <input name="reason" aria-label="Reason, when it is rejected" maxLength={200} />
                <button class="small danger" name="then" value="reject">
                  Reject
                </button>
              </Form>
            ) : (
              "another person decides"
            ),
          ],
        }))}
      />
      {canWrite && (
        <div class="two">
          <Form view={view} action={`${ROOT}/deposits`} class="panel" label="Receive a deposit">
            <h2>Receive a deposit</h2>
            <Refused refusal={refusedAt("receive")} />
            <Field label="Party" name="party" value={typed["party"]} list="parties" isRequired />
            <PartyList parties={props.parties} />
            <Select
              label="Sort"
              name="sort"
              value={typed["sort"] ?? "emd"}
              options={[
                { value: "emd", label: "earnest money (EMD)" },
                { value: "security", label: "security deposit" },
              ]}
            />
            <Field
              label="Tender or work, and how it came"
              name="what"
              value={typed["what"]}
              isRequired
              maxLength={200}
            />
            <Field
              label="Amount (₹)"
              name="amount"
              value={typed["form"] === "receive" ? typed["amount"] : ""}
              isAmount
              isRequired
              size="short"
            />
            <BankSelect banks={props.banks} cash={props.cash} value={typed["bank"] ?? ""} />
            <Field label="Date" name="date" type="date" value={typed["date"] ?? props.today} isRequired size="short" />
            <button>Receive</button>
          </Form>
          <Form view={view} action={`${ROOT}/deposits/orders`} class="panel" label="Ask for an order">
            <h2>Forfeit, lapse or convert</h2>
            <Refused refusal={refusedAt("order")} />
            <Select
              label="Deposit"
              name="itemId"
              value={typed["itemId"] ?? ""}
              options={props.items.map((i) => ({
                value: i.id,
                label: `${i.party.id} ${i.what}, ${formatIndian(i.open)}`,
              }))}
            />
            <Select
              label="Order"
              name="kind"
              value={typed["kind"] ?? "forfeit"}
              options={(Object.keys(ORDER_WORDS) as OrderKind[]).map((k) => ({ value: k, label: ORDER_WORDS[k] }))}
            />
            <Field
              label="Amount of the order (₹)"
              name="amount"
              value={typed["form"] === "order" ? typed["amount"] : ""}
              isAmount
              isRequired
              size="short"
            />
            <Field label="Order and reason" name="reason" value={typed["reason"]} isRequired maxLength={300} />
            <Field
              label="Date of the order"
              name="date"
              type="date"
              value={typed["date"] ?? props.today}
              isRequired
              size="short"
            />
            <button>Ask for approval</button>
          </Form>
        </div>
      )}
      <h2>Deposit register (GEN-18)</h2>
      <Files report="deposit-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

// ---------------------------------------------------------------- advances

function AdvancesPage(props: {
  readonly view: View;
  readonly items: readonly Item[];
  readonly banks: readonly BankBook[];
  readonly cash: string;
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly refusal?: Refusal | undefined;
  readonly typed?: Typed;
}): VNode {
  const { view, typed = {} } = props;
  return (
    <Payables view={view} title="Advances" part="advances">
      <h1>Advances</h1>
      {props.canWrite && (
        <p class="actions">
          <a class="button" href={`${ROOT}/payments/new?kind=advance`}>
            Give an advance
          </a>
        </p>
      )}
      <p>
        An advance is recovered in the party's bills, or given back here. An imprest is recouped by a bill of its
        holder: paid, it fills the imprest up again; with the imprest recovered in it, it settles the imprest.
      </p>
      <Table
        caption="Outstanding advances"
        empty="No advance is outstanding."
        stacks
        columns={[
          { title: "Given" },
          { title: "Party" },
          { title: "Purpose" },
          { title: "For" },
          { title: "Head", kind: "code" },
          { title: "Given (₹)", kind: "amount" },
          { title: "Outstanding (₹)", kind: "amount" },
        ]}
        rows={[
          ...props.items.map((i) => ({
            cells: [
              formatDate(i.openedOn),
              `${i.party.id} ${i.name}`,
              i.code,
              i.paymentId === null ? i.what : <a href={`${ROOT}/payments/${i.paymentId}`}>{i.what}</a>,
              i.account,
              <Amount value={i.amount} />,
              <Amount value={i.open} />,
            ],
          })),
          ...(props.items.length < 2
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: ["Total", "", "", "", "", "", <Amount value={sum(props.items.map((i) => i.open))} />],
                },
              ]),
        ]}
      />
      {props.canWrite && props.items.length > 0 && (
        <Form view={view} action={`${ROOT}/advances`} class="panel" label="Given back">
          <h2>Given back in money</h2>
          <Refused refusal={props.refusal} />
          <Select
            label="Advance"
            name="itemId"
            value={typed["itemId"] ?? ""}
            options={props.items.map((i) => ({
              value: i.id,
              label: `${i.party.id} ${i.what}, ${formatIndian(i.open)} outstanding`,
            }))}
          />
          <Field label="Amount (₹)" name="amount" value={typed["amount"]} isAmount isRequired size="short" />
          <BankSelect banks={props.banks} cash={props.cash} value={typed["bank"] ?? ""} />
          <Field label="Remark" name="what" value={typed["what"]} maxLength={200} />
          <Field label="Date" name="date" type="date" value={typed["date"] ?? props.today} isRequired size="short" />
          <button>Receive</button>
        </Form>
      )}
      <h2>Register of advances (GEN-16)</h2>
      <Files report="advance-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

// ---------------------------------------------------------------- routes

export function itemRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(`${ROOT}/remittances`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const today = desk.today();
    const found = await desk.read(who, async (read) => ({
      due: await remittancesDue(read, today),
      ageing: await recoveryAgeing(read, today),
    }));
    return send(
      reply,
      <RemittancesPage
        view={viewOf(request)}
        {...found}
        canWrite={who.actor.roles.includes("accountant")}
        today={today}
      />,
    );
  });

  const deposits = (who: Who) =>
    desk.read(who, async (read) => ({
      items: await listItems(read, { kind: "deposit", limit: 500 }),
      orders: await waitingOrders(read),
      parties: await listParties(read, { limit: 200 }),
      banks: (await listBankBooks(read)).filter((b) => b.isActive),
      cash: await postingAccount(read, "cash-in-hand"),
      who,
      today: desk.today(),
    }));

  web.get(`${ROOT}/deposits`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <DepositsPage view={viewOf(request)} {...await deposits(who)} />);
  });

  const depositForm = async (who: Who, view: View, typed: Typed, refusal: Refusal): Promise<VNode> => (
    <DepositsPage view={view} {...await deposits(who)} refusal={refusal} typed={typed} />
  );

  web.post(`${ROOT}/deposits`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed: Typed = { ...typedFields(request.body), form: "receive" };
    const done = await attempt(() =>
      desk.write(who, async (tx) => {
        const bank = (await listBankBooks(tx)).find((b) => b.account === typed["bank"]);
        return receiveDeposit(tx, {
          sort: typed["sort"] === "security" ? "security" : "emd",
          party: await partyField(tx, typed["party"] ?? ""),
          what: typed["what"] ?? "",
          amount: rupees(typedAmount(typed["amount"] ?? "")),
          date: localDate(typed["date"] ?? ""),
          bank: typed["bank"] ?? "",
          fund: bank?.fund,
        });
      }),
    );
    if (done.ok) return reply.redirect(`${ROOT}/deposits`, 303);
    return send(
      reply,
      await depositForm(who, viewOf(request, `${ROOT}/deposits`), typed, done.refusal),
      done.refusal.status,
    );
  });

  web.post(`${ROOT}/deposits/orders`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed: Typed = { ...typedFields(request.body), form: "order" };
    const done = await attempt(() =>
      desk.write(who, async (tx) => {
        const kind = (Object.keys(ORDER_WORDS) as OrderKind[]).find((k) => k === typed["kind"]);
        if (!kind) throw payableErrors.BILL_INPUT({ what: "choose what is ordered: forfeit, lapse or convert" });
        return orderOnDeposit(tx, {
          kind,
          itemId: known(typed["itemId"] ?? "", "deposits"),
          amount: rupees(typedAmount(typed["amount"] ?? "")),
          date: localDate(typed["date"] ?? ""),
          reason: typed["reason"] ?? "",
        });
      }),
    );
    if (done.ok) return reply.redirect(`${ROOT}/deposits`, 303);
    return send(
      reply,
      await depositForm(who, viewOf(request, `${ROOT}/deposits`), typed, done.refusal),
      done.refusal.status,
    );
  });

  web.post<{ Params: { id: string } }>(`${ROOT}/deposits/orders/:id`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const id = known(request.params.id, "deposits/orders");
    const typed: Typed = { ...typedFields(request.body), form: "decide" };
    const approve = field(request.body, "then") === "approve";
    const done = await attempt(() =>
      desk.write(who, (tx) => decideOrder(tx, id, { approve, reason: typed["reason"] ?? "" })),
    );
    if (done.ok) return reply.redirect(`${ROOT}/deposits`, 303);
    return send(
      reply,
      await depositForm(who, viewOf(request, `${ROOT}/deposits`), typed, done.refusal),
      done.refusal.status,
    );
  });

  const advances = (who: Who) =>
    desk.read(who, async (read) => ({
      items: await listItems(read, { kind: "advance", limit: 500 }),
      banks: (await listBankBooks(read)).filter((b) => b.isActive),
      cash: await postingAccount(read, "cash-in-hand"),
      canWrite: who.actor.roles.includes("accountant"),
      today: desk.today(),
    }));

  web.get(`${ROOT}/advances`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <AdvancesPage view={viewOf(request)} {...await advances(who)} />);
  });

  web.post(`${ROOT}/advances`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedFields(request.body);
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        refundAdvance(tx, {
          itemId: known(typed["itemId"] ?? "", "advances"),
          amount: rupees(typedAmount(typed["amount"] ?? "")),
          date: localDate(typed["date"] ?? ""),
          bank: typed["bank"] ?? "",
          what: typed["what"] ?? "",
        }),
      ),
    );
    if (done.ok) return reply.redirect(`${ROOT}/advances`, 303);
    return send(
      reply,
      <AdvancesPage
        view={viewOf(request, `${ROOT}/advances`)}
        {...await advances(who)}
        refusal={done.refusal}
        typed={typed}
      />,
      done.refusal.status,
    );
  });
}
