import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { billFor, findConsumers } from "../../../billing/index.ts";
import {
  currentSession,
  readTaken,
  takePayment,
  type ConsumerItem,
  type HeadItem,
  type TakenPayment,
} from "../../../collections/index.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { formatIndian, rupees, sum, toRupees } from "../../../ledger/kernel/money.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import { acknowledgementPdf, headOf } from "../../../reports/index.ts";
import { apiErrors } from "../../errors.ts";
import { readBill, type BillView } from "../citizen/bill.tsx";
import { localName } from "../citizen/names.ts";
import { Amount, Badge, Crumbs, Field, Flash, Form, Refused, Table } from "../components.tsx";
import { sayer, wordFor } from "../i18n.ts";
import { attempt, field, formKey, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { CounterFrame, TenderFields, tenderOf, tenderTyped, type TenderTyped } from "./common.tsx";

type HeadTyped = {
  readonly account: string;
  readonly amount: string;
  readonly purpose: string;
  readonly function: string;
  readonly party: string;
};
const NO_HEAD: HeadTyped = { account: "", amount: "", purpose: "", function: "", party: "" };

function BasketPage(props: {
  readonly view: View;
  readonly bills: readonly BillView[];
  readonly amounts: ReadonlyMap<string, string>;
  readonly typed: TenderTyped;
  readonly head: HeadTyped;
  readonly idempotencyKey: string;
  readonly notFound?: string;
  readonly acceptAdvance: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bills } = props;
  const say = sayer(view.session.lang);
  const ids = bills.map((b) => b.consumer.id).join(",");
  const due = sum(bills.map((b) => b.body.total));
  return (
    <CounterFrame view={view} title={say("Several accounts in one payment")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("Several accounts in one payment")}</h1>
      <form method="get" action="/counter/basket" class="panel" role="search">
        <input type="hidden" name="ids" value={ids} />
        <Field label={say("Code of the account to add")} name="add" hasFocus={bills.length < 2} maxLength={60} />
        <button class="second">{say("Add")}</button>
        {props.notFound !== undefined && (
          <p role="status">{say("No account has the code “{code}”.", { code: props.notFound })}</p>
        )}
      </form>
      <Refused refusal={props.refusal} view={view} />
      <Form
        view={view}
        action="/counter/basket"
        idempotencyKey={props.idempotencyKey}
        class="panel take"
        label={say("Payment")}
      >
        <input type="hidden" name="ids" value={ids} />
        <Table
          caption={say("Accounts of this payment")}
          stacks
          empty={say("No account yet: add one by its code, or take money against a head of account below.")}
          columns={[
            { title: say("Code"), kind: "code" },
            { title: say("Name") },
            { title: say("Due (₹)"), kind: "amount" },
            { title: say("Paid now (₹)"), kind: "amount" },
          ]}
          rows={[
            ...bills.map((b) => ({
              cells: [
                b.consumer.code,
                `${wordFor(view.t, "service", b.consumer.service)} · ${localName(view, b.consumer)}`,
                <Amount value={b.body.total} />,
                <input
                  name={`a-${b.consumer.id}`}
                  value={props.amounts.get(b.consumer.id) ?? toRupees(b.body.total)}
                  class="amount"
                  inputMode="decimal"
                  autocomplete="off"
                  maxLength={20}
                  aria-label={say("Paid now for {code}", { code: b.consumer.code })}
                />,
              ],
            })),
            ...(bills.length === 0
              ? []
              : [{ kind: "total" as const, cells: ["", say("Total due"), <Amount value={due} />, ""] }]),
          ]}
        />
        <details open={props.head.account !== "" || bills.length === 0}>
          <summary>{say("Against a head of account: fees, forms, earnest money, deposits")}</summary>
          <div class="fields">
            <Field label={say("Head of account")} name="account" value={props.head.account} isNumeric maxLength={20} />
            <Field label={say("Amount (₹)")} name="headAmount" value={props.head.amount} isAmount maxLength={20} />
            <Field label={say("For")} name="purpose" value={props.head.purpose} maxLength={200} />
            <Field
              label={say("Function, for income")}
              name="function"
              value={props.head.function}
              isNumeric
              maxLength={10}
            />
            <Field
              label={say("Whose deposit, such as contractor C-0042")}
              name="party"
              value={props.head.party}
              maxLength={80}
            />
          </div>
        </details>
        <TenderFields view={view} typed={props.typed} isRepeated={props.refusal?.code === "REPEATED_PAYMENT"} />
        <label class="choice">
          <input type="checkbox" name="acceptAdvance" value="yes" checked={props.acceptAdvance} />
          {say("The payer agrees that anything above the dues is kept as his advance")}
        </label>
        <div class="actions">
          <button>{say("Take the money and issue the receipts")}</button>
        </div>
      </Form>
    </CounterFrame>
  );
}

function PaymentPage({ view, taken }: { readonly view: View; readonly taken: TakenPayment }): VNode {
  const say = sayer(view.session.lang);
  return (
    <CounterFrame view={view} title={say("Payment")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("₹ {amount} taken", { amount: formatIndian(taken.amount) })}</h1>
      {taken.acknowledgements.length > 0 && (
        <Flash kind="note">
          {say("The cheque is acknowledged. The receipt is issued when the bank has realised it.")}
        </Flash>
      )}
      <Table
        caption={say("Papers of this payment")}
        stacks
        columns={[
          { title: say("Paper"), kind: "code" },
          { title: say("For") },
          { title: say("Status") },
          { title: say("Amount (₹)"), kind: "amount" },
          { title: say("Print") },
        ]}
        rows={[
          ...taken.receipts.map((r) => ({
            cells: [
              <a href={`/counter/receipts/${r.id}`}>{r.number}</a>,
              r.consumerCode ?? r.lines.map((l) => l.title).join(", "),
              <Badge kind={r.status === "issued" ? "good" : "bad"}>{r.status}</Badge>,
              <Amount value={r.amount} />,
              <a href={`/counter/receipts/${r.id}/print`}>{say("Print {number}", { number: r.number })}</a>,
            ],
          })),
          ...taken.acknowledgements.map((a) => ({
            cells: [
              a.number,
              a.consumerCode,
              <Badge kind={a.status === "held" ? "wait" : "good"}>{a.status}</Badge>,
              <Amount value={a.amount} />,
              <a href={`/counter/payments/${taken.tenderId}/acknowledgement.pdf?id=${a.id}`}>
                {say("Print {number}", { number: a.number })}
              </a>,
            ],
          })),
        ]}
      />
      <p class="actions">
        <a class="button" href="/counter" autofocus>
          {say("Next payer")}
        </a>
      </p>
    </CounterFrame>
  );
}

export function basketRoutes(web: FastifyInstance, desk: Desk): void {
  const idsOf = (from: unknown): string[] => [...new Set(field(from, "ids").split(",").filter(isUuid))].slice(0, 30);
  const billsOf = async (read: Read, ids: readonly string[]): Promise<BillView[]> => {
    const bills: BillView[] = [];
    for (const id of ids) bills.push(await readBill(read, id, desk.today()));
    return bills;
  };

  web.get("/counter/basket", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const ids = idsOf(request.query);
    const add = field(request.query, "add").slice(0, 60);
    const found = await desk.read(who, async (read) => {
      const session = await currentSession(read);
      const hits = add.length < 2 ? [] : await findConsumers(read, { query: add, limit: 20 });
      const exact = hits.filter((c) => c.code.toLowerCase() === add.toLowerCase());
      const added = exact.length > 0 ? exact : hits.length === 1 ? hits : [];
      return { session, added, bills: added.length > 0 ? [] : await billsOf(read, ids) };
    });
    if (!found.session) return reply.redirect("/counter", 303);
    if (found.added.length > 0) {
      const all = [...new Set([...ids, ...found.added.map((c) => c.id)])].join(",");
      return reply.redirect(`/counter/basket?${new URLSearchParams({ ids: all }).toString()}`, 303);
    }
    return send(
      reply,
      <BasketPage
        view={viewOf(request)}
        bills={found.bills}
        amounts={new Map()}
        typed={tenderTyped({}, desk.today())}
        head={NO_HEAD}
        idempotencyKey={formKey()}
        acceptAdvance={false}
        {...(add === "" ? {} : { notFound: add })}
      />,
    );
  });

  web.post("/counter/basket", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const { body } = request;
    const ids = idsOf(body);
    const typed = tenderTyped(body, desk.today());
    const amounts = new Map(ids.map((id) => [id, field(body, `a-${id}`).slice(0, 20)]));
    const head: HeadTyped = {
      account: field(body, "account").slice(0, 20),
      amount: field(body, "headAmount").slice(0, 20),
      purpose: field(body, "purpose").slice(0, 200),
      function: field(body, "function").slice(0, 10),
      party: field(body, "party").slice(0, 80),
    };
    const acceptAdvance = field(body, "acceptAdvance") === "yes";
    const key = field(body, "key");
    const taken = await attempt(async () => {
      const paid = ids.flatMap((id) => {
        const text = amounts.get(id) ?? "";
        const amount = rupees(typedAmount(text === "" ? "0" : text));
        return amount === 0n ? [] : [{ id, amount }];
      });
      const heads = head.account === "" && head.amount === "" ? [] : [headOfForm(head)];
      const money = tenderOf(typed);
      return desk.write(who, async (tx) => {
        const session = await currentSession(tx);
        if (!session) return undefined;
        const consumers: ConsumerItem[] = [];
        for (const { id, amount } of paid) {
          const bill = await attempt(() => billFor(tx, id, desk.today()));
          consumers.push({ consumerId: id, amount, acceptAdvance, ...(bill.ok ? { billId: bill.value.id } : {}) });
        }
        return takePayment(tx, { sessionId: session.id, ...money, consumers, heads, idempotencyKey: key });
      });
    });
    if (taken.ok) return reply.redirect(taken.value ? `/counter/payments/${taken.value.tenderId}` : "/counter", 303);
    const bills = await desk.read(who, (read) => billsOf(read, ids));
    return send(
      reply,
      <BasketPage
        view={viewOf(request, "/counter/basket")}
        bills={bills}
        amounts={amounts}
        typed={typed}
        head={head}
        idempotencyKey={key === "" ? formKey() : key}
        acceptAdvance={acceptAdvance}
        refusal={taken.refusal}
      />,
      taken.refusal.status,
    );
  });

  web.get<{ Params: { id: string } }>("/counter/payments/:id", async (request, reply) => {
    const who = desk.need(request, "cashier", "accountant", "checker", "auditor");
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/counter/payments" });
    const taken = await desk.read(who, (read) => readTaken(read, request.params.id));
    return send(reply, <PaymentPage view={viewOf(request)} taken={taken} />);
  });

  web.get<{ Params: { id: string } }>("/counter/payments/:id/acknowledgement.pdf", async (request, reply) => {
    const who = desk.need(request, "cashier", "accountant", "checker", "auditor");
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/counter/payments" });
    const found = await desk.read(who, async (read) => ({
      taken: await readTaken(read, request.params.id),
      head: headOf(read, request.session.lang),
    }));
    const ack = found.taken.acknowledgements.find((a) => a.id === field(request.query, "id"));
    if (!ack) throw apiErrors.PAGE_NOT_FOUND({ path: "/counter/payments" });
    const pdf = await acknowledgementPdf(found.head, ack);
    return reply.type("application/pdf").header("cache-control", "no-store").send(pdf);
  });
}

function headOfForm(head: HeadTyped): HeadItem {
  const [type = "", ...id] = head.party.split(/\s+/);
  return {
    account: head.account,
    amount: rupees(typedAmount(head.amount)),
    purpose: head.purpose,
    ...(head.function === "" ? {} : { function: head.function }),
    ...(head.party === ""
      ? {}
      : { party: { type: id.length > 0 ? type.toLowerCase() : "other", id: id.length > 0 ? id.join(" ") : type } }),
  };
}
