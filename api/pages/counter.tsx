import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { billFor, findConsumers, type Consumer } from "../../billing/index.ts";
import {
  counterPolicy,
  countPrint,
  currentSession,
  getReceipt,
  handoversOf,
  listReceipts,
  openCounterSession,
  roundedUp,
  sessionTotals,
  takePayment,
  waitingHandovers,
  type CounterSession,
  type Handover,
  type Receipt,
} from "../../collections/index.ts";
import { dateInIndia, formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { apiErrors } from "../errors.ts";
import { receiptPdf, receiptView } from "../../reports/index.ts";
import { BillExplained, readBill, type BillView } from "./citizen/bill.tsx";
import { localName } from "./citizen/names.ts";
import { Amount, Badge, Crumbs, Field, Flash, Form, Refused, Table } from "./components.tsx";
import { sayer, wordFor } from "./i18n.ts";
import { attempt, field, formKey, send, sendPart, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { basketRoutes } from "./counter/basket.tsx";
import {
  CounterFrame as Frame,
  pieces,
  TenderFields,
  tenderOf,
  tenderTyped,
  type TenderTyped,
} from "./counter/common.tsx";
import { drawerRoutes } from "./counter/drawer.tsx";

export { pieces };

type Total = { readonly mode: string; readonly receipts: bigint; readonly amount: Paise };

export type OpenTyped = {
  readonly counter: string;
  readonly office: string;
  readonly float: string;
  readonly from: string;
};

export function OpenPage(props: {
  readonly view: View;
  readonly typed?: OpenTyped;
  readonly refusal?: Refusal | undefined;
  readonly closed?: string;
}): VNode {
  const say = sayer(props.view.session.lang);
  return (
    <Frame view={props.view} title={say("Open the counter")}>
      <h1>{say("Open the counter")}</h1>
      {props.closed !== undefined && props.closed !== "" && (
        <Flash>
          {say("The session is closed. The drawer tallied: ₹ {amount} in cash. It is ready to be deposited.", {
            amount: props.closed,
          })}
        </Flash>
      )}
      <Refused refusal={props.refusal} view={props.view} />
      <Form view={props.view} action="/counter/open" class="panel">
        <Field
          label={say("Counter")}
          name="counter"
          value={props.typed?.counter}
          hint={say("The name on its sign, such as Counter 1")}
          isRequired
          hasFocus
          maxLength={40}
        />
        <details open={props.typed !== undefined && props.typed.float + props.typed.office !== ""}>
          <summary>{say("Float and office")}</summary>
          <Field
            label={say("Float (₹)")}
            name="float"
            value={props.typed?.float}
            isAmount
            maxLength={20}
            hint={say("Change to begin with; nil if there is none")}
          />
          <Field label={say("Handed by (sign-in name)")} name="from" value={props.typed?.from} maxLength={120} />
          <Field
            label={say("Office")}
            name="office"
            value={props.typed?.office}
            maxLength={60}
            hint={say("Where the ULB has counters in several buildings")}
          />
        </details>
        <button>{say("Open")}</button>
      </Form>
    </Frame>
  );
}

export function CounterHits({
  view,
  query,
  hits,
}: {
  readonly view: View;
  readonly query: string;
  readonly hits: readonly Consumer[];
}): VNode {
  const say = sayer(view.session.lang);
  if (query.length < 2) return <div id="hits" />;
  return (
    <div id="hits" role="status">
      <Table
        caption={say("Consumers")}
        stacks
        empty={say("Nothing was found for “{query}”.", { query })}
        columns={[
          { title: say("Code"), kind: "code" },
          { title: say("Service") },
          { title: say("Name") },
          { title: say("Address") },
          { title: say("Ward") },
        ]}
        rows={hits.map((c) => ({
          cells: [
            <a href={`/counter/take/${c.id}`}>{c.code}</a>,
            wordFor(view.t, "service", c.service),
            localName(view, c),
            c.address,
            c.ward,
          ],
        }))}
      />
    </div>
  );
}

export function CounterPage(props: {
  readonly view: View;
  readonly session: CounterSession;
  readonly isOld: boolean;
  readonly totals: readonly Total[];
  readonly receipts: readonly Receipt[];
  readonly query: string;
  readonly hits: readonly Consumer[];
  readonly handed: readonly Handover[];
  /** What he handed to others and nobody has answered. */
  readonly given: readonly Handover[];
}): VNode {
  const { view, session } = props;
  const say = sayer(view.session.lang);
  return (
    <Frame view={view} title={`${say("Counter")} ${session.counter}`} scripts={["htmx.js"]}>
      <h1>{session.counter}</h1>
      {props.isOld && (
        <Flash kind="note">
          {say("This session was opened on {moment}. Count the drawer and close it before you take money today.", {
            moment: formatMoment(session.openedAt),
          })}
        </Flash>
      )}
      {props.handed.map((h) => (
        <Flash kind="note">
          {say("{person} hands you ₹ {amount}.", { person: h.fromCashier, amount: formatIndian(h.amount) })}{" "}
          <a href={`/counter/handovers/${h.id}`}>{say("Count it and answer")}</a>
        </Flash>
      ))}
      {props.given.map((h) => (
        <Form view={view} action={`/counter/handovers/${h.id}`} class="flash note">
          {say("You handed {person} ₹ {amount}; it is not answered yet.", {
            person: h.toCashier,
            amount: formatIndian(h.amount),
          })}{" "}
          <button class="link" name="answer" value="refuse">
            {say("Take it back")}
          </button>
        </Form>
      ))}
      {session.declared && (
        <Flash kind="note">
          {say("The drawer was counted with ₹ {amount} and does not tally; it waits for the supervisor.", {
            amount: session.declared.counted,
          })}
        </Flash>
      )}
      <form method="get" action="/counter" class="panel" role="search">
        <Field
          label={say("Consumer code, mobile number or name")}
          name="q"
          type="search"
          value={props.query}
          hasFocus
          maxLength={60}
          htmx={{
            "hx-get": "/counter/search",
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#hits",
            "hx-swap": "outerHTML",
          }}
        />
        <button>{say("Search")}</button>
      </form>
      <CounterHits view={view} query={props.query} hits={props.hits} />
      <div class="two">
        <section>
          <h2>{say("This session")}</h2>
          <Table
            caption={say("Open since {moment}", { moment: formatMoment(session.openedAt) })}
            empty={say("Nothing was taken yet.")}
            columns={[
              { title: say("Mode") },
              { title: say("Receipts"), kind: "amount" },
              { title: say("Amount (₹)"), kind: "amount" },
            ]}
            rows={props.totals.map((t) => ({
              cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
            }))}
          />
          <p class="actions">
            <a class="button second" href="/counter/close">
              {say("Count the drawer and close")}
            </a>
            <a href="/counter/reading">{say("X-reading")}</a>
            <a href="/counter/handover">{say("Hand over cash")}</a>
            <a href="/counter/basket">{say("Several accounts, or a head of account")}</a>
          </p>
        </section>
        <section>
          <h2>{say("Latest receipts")}</h2>
          <Table
            caption={say("Latest receipts of this session")}
            hideCaption
            stacks
            empty={say("No receipt yet.")}
            columns={[
              { title: say("Receipt"), kind: "code" },
              { title: say("Consumer") },
              { title: say("Mode") },
              { title: say("Amount (₹)"), kind: "amount" },
            ]}
            rows={props.receipts.map((r) => ({
              cells: [
                <a href={`/counter/receipts/${r.id}`}>{r.number}</a>,
                r.consumerCode ?? r.payerName,
                <>
                  {wordFor(view.t, "mode", r.mode)} {r.status !== "issued" && <Badge kind="bad">{r.status}</Badge>}
                </>,
                <Amount value={r.amount} />,
              ],
            }))}
          />
        </section>
      </div>
    </Frame>
  );
}

export type TakeTyped = TenderTyped & { readonly amount: string; readonly acceptAdvance: boolean };

export function TakePage(props: {
  readonly view: View;
  readonly bill: BillView;
  readonly typed: TakeTyped;
  readonly idempotencyKey: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bill, typed } = props;
  const { consumer, body } = bill;
  const say = sayer(view.session.lang);
  return (
    <Frame view={view} title={say("Take a payment: {code}", { code: consumer.code })}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>
        {consumer.code} · {localName(view, consumer)}
      </h1>
      <p class="quiet">
        {wordFor(view.t, "service", consumer.service)} · {consumer.address} · {say("Ward")} {consumer.ward}
        {consumer.advance > 0n && ` · ${say("advance ₹ {amount}", { amount: formatIndian(consumer.advance) })}`}
      </p>
      <Refused refusal={props.refusal} view={props.view} />
      <div class="two">
        <Form
          view={view}
          action={`/counter/take/${consumer.id}`}
          idempotencyKey={props.idempotencyKey}
          class="panel take"
          label={say("Payment")}
        >
          <Field
            label={say("Amount (₹)")}
            name="amount"
            value={typed.amount}
            isAmount
            isRequired
            hasFocus
            maxLength={20}
          />
          <TenderFields view={view} typed={typed} isRepeated={props.refusal?.code === "REPEATED_PAYMENT"} />
          <label class="choice">
            <input type="checkbox" name="acceptAdvance" value="yes" checked={typed.acceptAdvance} />
            {say("The payer agrees that anything above the dues is kept as his advance")}
          </label>
          <div class="actions">
            <button>{say("Take the money and issue the receipt")}</button>
            <button class="second" formaction={`/counter/upi/${consumer.id}`}>
              {say("Show a UPI code for this amount")}
            </button>
            <a href={`/counter/basket?ids=${consumer.id}`}>{say("Add another account to this payment")}</a>
          </div>
        </Form>
        <div>
          {body.lines.length === 0 ? (
            <Flash kind="note">{say("Nothing is due today; what is taken becomes an advance.")}</Flash>
          ) : (
            <BillExplained view={view} bill={bill} />
          )}
        </div>
      </div>
    </Frame>
  );
}

export function TakenPage({ view, receipt }: { readonly view: View; readonly receipt: Receipt }): VNode {
  const say = sayer(view.session.lang);
  return (
    <Frame view={view} title={say("Receipt {number}", { number: receipt.number })}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("Receipt {number}", { number: receipt.number })}</h1>
      {receipt.status === "issued" ? (
        <Flash>
          {receipt.kind === "replacement" && `${say("Replacement receipt.")} `}
          {say("₹ {amount} received from {payer}, {mode}.", {
            amount: formatIndian(receipt.amount),
            payer: receipt.payerName,
            mode: wordFor(view.t, "mode", receipt.mode).toLowerCase(),
          })}
        </Flash>
      ) : (
        <Flash kind="problem">
          {receipt.status.toUpperCase()}: {receipt.statusReason}
        </Flash>
      )}
      <div class="actions">
        <a class="button" href={`/counter/receipts/${receipt.id}/print`} autofocus>
          {receipt.printCount === 0
            ? say("Print the receipt")
            : say("Print duplicate copy {n}", { n: String(receipt.printCount) })}
        </a>
        <a class="button second" href="/counter">
          {say("Next payer")}
        </a>
        <a href={`/receipt/${receipt.token}`}>{say("Page behind the QR code")}</a>
        {receipt.tenderId !== null && <a href={`/counter/payments/${receipt.tenderId}`}>{say("The whole payment")}</a>}
      </div>
      <h2>{say("What it settled")}</h2>
      <Table
        caption={say("What the receipt settled")}
        hideCaption
        columns={[{ title: say("For") }, { title: say("Year") }, { title: say("Amount (₹)"), kind: "amount" }]}
        rows={[
          ...receipt.lines
            .filter((l) => l.kind !== "rebate")
            .map((l) => ({ cells: [l.title, l.demandYear ?? "", <Amount value={l.amount} />] })),
          { kind: "total" as const, cells: [say("Total"), "", <Amount value={receipt.amount} />] },
        ]}
      />
    </Frame>
  );
}

export function counterRoutes(web: FastifyInstance, desk: Desk): void {
  const notFound = (path: string): Refusal =>
    apiErrors.PAGE_NOT_FOUND({ path: path.split("?")[0]?.slice(0, 200) ?? "" });

  web.get("/counter", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const query = field(request.query, "q").slice(0, 60);
    const view = viewOf(request);
    const found = await desk.read(who, async (read) => {
      const session = await currentSession(read);
      if (!session) return undefined;
      const day = dateInIndia(session.openedAt);
      return {
        session,
        isOld: day !== desk.today(),
        totals: await sessionTotals(read, session.id),
        receipts: (await listReceipts(read, { from: day, to: desk.today(), sessionId: session.id, limit: 500 }))
          .slice(-10)
          .reverse(),
        hits: query.length < 2 ? [] : await findConsumers(read, { query, limit: 20 }),
        handed: await waitingHandovers(read),
        given: (await handoversOf(read, session.id)).filter(
          (h) => h.status === "given" && h.fromSession === session.id,
        ),
      };
    });
    if (!found) {
      const closed = field(request.query, "closed");
      return send(reply, <OpenPage view={view} closed={/^[\d,.]{1,24}$/.test(closed) ? closed : ""} />);
    }
    const [only] = found.hits;
    // The whole code was typed or scanned: straight to the dues.
    if (only && found.hits.length === 1 && only.code.toLowerCase() === query.toLowerCase())
      return reply.redirect(`/counter/take/${only.id}`, 303);
    return send(reply, <CounterPage view={view} query={query} {...found} />);
  });

  web.get("/counter/search", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const query = field(request.query, "q").slice(0, 60);
    const hits = query.length < 2 ? [] : await desk.read(who, (read) => findConsumers(read, { query, limit: 20 }));
    return sendPart(reply, <CounterHits view={viewOf(request)} query={query} hits={hits} />);
  });

  web.post("/counter/open", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const typed: OpenTyped = {
      counter: field(request.body, "counter").slice(0, 40),
      office: field(request.body, "office").slice(0, 60),
      float: field(request.body, "float").slice(0, 20),
      from: field(request.body, "from").slice(0, 120),
    };
    const opened = await attempt(() => {
      const float = rupees(typedAmount(typed.float === "" ? "0" : typed.float));
      return desk.write(who, (tx) =>
        openCounterSession(tx, {
          counter: typed.counter === "" ? "Counter" : typed.counter,
          office: typed.office,
          ...(float === 0n ? {} : { float: { amount: float, from: typed.from } }),
        }),
      );
    });
    if (opened.ok) return reply.redirect("/counter", 303);
    return send(
      reply,
      <OpenPage view={viewOf(request, "/counter")} typed={typed} refusal={opened.refusal} />,
      opened.refusal.status,
    );
  });

  web.get<{ Params: { consumerId: string } }>("/counter/take/:consumerId", async (request, reply) => {
    const who = desk.need(request, "cashier");
    if (!isUuid(request.params.consumerId)) throw notFound(request.url);
    const found = await desk.read(who, async (read) => ({
      session: await currentSession(read),
      bill: await readBill(read, request.params.consumerId, desk.today()),
      policy: await counterPolicy(read),
    }));
    if (!found.session) return reply.redirect("/counter", 303);
    const { body } = found.bill;
    const typed: TakeTyped = {
      amount:
        body.total === 0n ? "" : toRupees(found.policy.cashRounding === "none" ? body.total : roundedUp(body.total)),
      ...tenderTyped({}, desk.today()),
      acceptAdvance: false,
    };
    return send(reply, <TakePage view={viewOf(request)} bill={found.bill} typed={typed} idempotencyKey={formKey()} />);
  });

  web.post<{ Params: { consumerId: string } }>("/counter/take/:consumerId", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const { consumerId } = request.params;
    if (!isUuid(consumerId)) throw notFound(request.url);
    const { body } = request;
    const typed: TakeTyped = {
      amount: field(body, "amount").slice(0, 40),
      ...tenderTyped(body, desk.today()),
      acceptAdvance: field(body, "acceptAdvance") === "yes",
    };
    const key = field(body, "key");
    const taken = await attempt(async () => {
      const amount = rupees(typedAmount(typed.amount));
      const tender = tenderOf(typed);
      return desk.write(who, async (tx) => {
        const session = await currentSession(tx);
        if (!session) return undefined;
        // The same form again finds its receipt before anything else is asked: by then nothing may be due any more.
        const bill = await attempt(() => billFor(tx, consumerId, desk.today()));
        return takePayment(tx, {
          sessionId: session.id,
          ...tender,
          consumers: [
            {
              consumerId,
              amount,
              acceptAdvance: typed.acceptAdvance,
              ...(bill.ok ? { billId: bill.value.id } : {}),
            },
          ],
          idempotencyKey: key,
        });
      });
    });
    if (taken.ok) {
      const receipt = taken.value?.receipts[0];
      if (!taken.value) return reply.redirect("/counter", 303);
      return reply.redirect(
        receipt ? `/counter/receipts/${receipt.id}` : `/counter/payments/${taken.value.tenderId}`,
        303,
      );
    }
    const bill = await desk.read(who, (read) => readBill(read, consumerId, desk.today()));
    return send(
      reply,
      <TakePage
        view={viewOf(request)}
        bill={bill}
        typed={typed}
        idempotencyKey={key === "" ? formKey() : key}
        refusal={taken.refusal}
      />,
      taken.refusal.status,
    );
  });

  web.get<{ Params: { receiptId: string } }>("/counter/receipts/:receiptId", async (request, reply) => {
    const who = desk.need(request, "cashier", "accountant", "checker", "auditor");
    if (!isUuid(request.params.receiptId)) throw notFound(request.url);
    const receipt = await desk.read(who, (read) => getReceipt(read, request.params.receiptId));
    return send(reply, <TakenPage view={viewOf(request)} receipt={receipt} />);
  });

  web.get<{ Params: { receiptId: string } }>("/counter/receipts/:receiptId/print", async (request, reply) => {
    const who = desk.need(request, "cashier");
    if (!isUuid(request.params.receiptId)) throw notFound(request.url);
    // Counted before it is drawn: a copy that was handed out is never an uncounted one.
    const copies = await desk.write(who, (tx) => countPrint(tx, request.params.receiptId));
    const view = await desk.read(who, (read) =>
      receiptView(read, request.params.receiptId, (token) => `${desk.app.baseUrl}/receipt/${token}`),
    );
    const pdf = await receiptPdf({ ...view, copy: copies - 1 }, request.session.lang);
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .header("content-disposition", `inline; filename="${view.number.replaceAll("/", "-")}.pdf"`)
      .send(pdf);
  });

  drawerRoutes(web, desk);
  basketRoutes(web, desk);
}
