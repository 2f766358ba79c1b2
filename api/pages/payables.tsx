import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  chequesDue,
  listBills,
  listCheques,
  listItems,
  listPayments,
  remittancesDue,
  waitingOrders,
  type Bill,
  type Cheque,
  type Item,
  type Payment,
  type RemittanceDue,
} from "../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, subtract, sum } from "../../ledger/kernel/money.ts";
import { Amount, Badge, Table } from "./components.tsx";
import { send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { billRoutes } from "./payables/bills.tsx";
import { chequeRoutes } from "./payables/cheques.tsx";
import { Payables, ROOT } from "./payables/common.tsx";
import { controlRoutes } from "./payables/control.tsx";
import { itemRoutes } from "./payables/items.tsx";
import { PaymentTable } from "./payables/payment-list.tsx";
import { paymentRoutes } from "./payables/payments.tsx";

/** How many of each are shown; the lists have the rest. */
const SHOWN = 10;

function OverviewPage(props: {
  readonly view: View;
  readonly today: LocalDate;
  readonly bills: readonly Bill[];
  readonly payments: readonly Payment[];
  readonly items: readonly Item[];
  readonly cheques: readonly Cheque[];
  readonly stale: number;
  readonly orders: number;
  readonly due: readonly RemittanceDue[];
  readonly canWrite: boolean;
}): VNode {
  const { today } = props;
  const card = (title: string, big: string, href: string, words: string): VNode => (
    <a class="card figure-card" href={href}>
      <strong>{title}</strong>
      <span class="big">{big}</span>
      <span class="quiet">{words}</span>
    </a>
  );
  const some = (list: readonly unknown[]): string => (list.length > 200 ? "over 200" : String(list.length));
  const late = props.due.filter((d) => d.daysLate > 0);
  return (
    <Payables view={props.view} title="Bills and payments" part="overview">
      <h1>Bills and payments</h1>
      {props.canWrite && (
        <p class="actions">
          <a class="button" href={`${ROOT}/bills/new`}>
            New bill
          </a>
          <a class="button second" href={`${ROOT}/payments/new?kind=bills`}>
            Pay bills
          </a>
        </p>
      )}
      <div class="cards">
        {card("To pass", some(props.bills), `${ROOT}/bills?status=submitted`, "bills that wait for a checker")}
        {card(
          "To pay",
          formatIndian(sum(props.items.map((i) => subtract(i.open, i.waiting)))),
          `${ROOT}/payments/new?kind=bills`,
          `${some(props.items)} passed bills and parts of bills`,
        )}
        {card(
          "To approve",
          some(props.payments),
          `${ROOT}/payments?status=submitted`,
          "payments that wait for a checker",
        )}
        {card("To deliver", some(props.cheques), `${ROOT}/cheques?status=issued`, "cheques still in the office")}
        {card(
          "To remit",
          formatIndian(sum(props.due.map((d) => d.open))),
          `${ROOT}/remittances`,
          late.length === 0 ? "deductions, none overdue" : `${late.length} deductions overdue`,
        )}
        {card("Stale or lapsed", String(props.stale), `${ROOT}/cheques/due`, "cheques to be booked today")}
        {props.orders > 0 &&
          card("Orders", String(props.orders), `${ROOT}/deposits`, "on deposits, wait for a checker")}
      </div>
      <Table
        caption="Bills to pass"
        empty="No bill waits to be passed."
        stacks
        columns={[
          { title: "Received" },
          { title: "Party" },
          { title: "Bill" },
          { title: "For" },
          { title: "Net (₹)", kind: "amount" },
          { title: "Submitted by" },
        ]}
        rows={props.bills.slice(0, SHOWN).map((b) => ({
          cells: [
            formatDate(b.receivedOn),
            `${b.party.id} ${b.partyName}`,
            <a href={`${ROOT}/bills/${b.id}`}>{b.number}</a>,
            b.narration,
            <Amount value={b.net} />,
            b.submittedBy ?? "",
          ],
        }))}
      />
      <PaymentTable
        caption="Payments to approve"
        empty="No payment waits to be approved."
        payments={props.payments.slice(0, SHOWN)}
      />
      <Table
        caption="To pay"
        empty="Nothing is payable."
        stacks
        columns={[
          { title: "Passed" },
          { title: "Party" },
          { title: "What" },
          { title: "Due" },
          { title: "Payable (₹)", kind: "amount" },
        ]}
        rows={props.items.slice(0, SHOWN).map((i) => ({
          cells: [
            formatDate(i.openedOn),
            <a href={`${ROOT}/payments/new?kind=bills&party=${i.party.type}/${encodeURIComponent(i.party.id)}`}>
              {i.party.id} {i.name}
            </a>,
            i.billId === null ? i.what : <a href={`${ROOT}/bills/${i.billId}`}>{i.what}</a>,
            i.dueOn === null ? (
              ""
            ) : (
              <>
                {formatDate(i.dueOn)} {i.dueOn < today && <Badge kind="bad">overdue</Badge>}
              </>
            ),
            <Amount value={subtract(i.open, i.waiting)} />,
          ],
        }))}
      />
      <Table
        caption="Remittances due"
        empty="Nothing is to be remitted."
        stacks
        columns={[
          { title: "Due" },
          { title: "What", kind: "code" },
          { title: "To" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={props.due.slice(0, SHOWN).map((d) => ({
          cells: [
            <>
              {formatDate(d.dueOn)} {d.daysLate > 0 && <Badge kind="bad">{d.daysLate} days late</Badge>}
            </>,
            <a href={`${ROOT}/remittances`}>{d.code}</a>,
            d.payee,
            <Amount value={d.open} />,
          ],
        }))}
      />
    </Payables>
  );
}

/** The room of bills and payments: from a contractor's bill to the cleared cheque and the remitted tax. */
export function payableRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(ROOT, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const today = desk.today();
    const found = await desk.read(who, async (read) => ({
      bills: await listBills(read, { status: "submitted", limit: 200 }),
      payments: await listPayments(read, { status: "submitted", limit: 200 }),
      items: (await listItems(read, { kind: "creditor", limit: 500 })).filter((i) => i.open > i.waiting),
      cheques: await listCheques(read, { status: "issued", limit: 200 }),
      stale: (await chequesDue(read, today)).length,
      orders: (await waitingOrders(read)).length,
      due: await remittancesDue(read, today),
    }));
    return send(
      reply,
      <OverviewPage
        view={viewOf(request)}
        today={today}
        {...found}
        canWrite={who.actor.roles.includes("accountant")}
      />,
    );
  });
  billRoutes(web, desk);
  paymentRoutes(web, desk);
  chequeRoutes(web, desk);
  itemRoutes(web, desk);
  controlRoutes(web, desk);
}
