import type { FastifyInstance } from "fastify";
import type { ComponentChildren, VNode } from "preact";
import { billFor, findConsumers, type Consumer } from "../../billing/index.ts";
import {
  closeCounterSession,
  currentSession,
  getReceipt,
  listReceipts,
  openCounterSession,
  receiveAtCounter,
  sessionTotals,
  type CounterSession,
  type Receipt,
  type Tender,
} from "../../collections/index.ts";
import { dateInIndia, formatMoment, localDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { apiErrors } from "../errors.ts";
import { BillExplained, localName, readBill, type BillView } from "./citizen.tsx";
import { Amount, Badge, Crumbs, Field, Flash, Form, Refused, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, formKey, send, sendPart, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

const NOTES = ["500", "200", "100", "50", "20", "10", "5", "2", "1", "0.50"] as const;

type Total = { readonly mode: string; readonly receipts: bigint; readonly amount: Paise };

function Frame(props: {
  readonly view: View;
  readonly title: string;
  readonly scripts?: readonly "htmx.js"[];
  readonly children: ComponentChildren;
}): VNode {
  return (
    <Layout view={props.view} title={props.title} section="counter" wide scripts={props.scripts ?? []}>
      {props.children}
    </Layout>
  );
}

export function OpenPage(props: {
  readonly view: View;
  readonly typed?: string;
  readonly refusal?: Refusal | undefined;
  readonly closed?: string;
}): VNode {
  return (
    <Frame view={props.view} title="Open the counter">
      <h1>Open the counter</h1>
      {props.closed !== undefined && props.closed !== "" && (
        <Flash>The session is closed. The drawer tallied: ₹ {props.closed} in cash. It is ready to be deposited.</Flash>
      )}
      <Refused refusal={props.refusal} />
      <Form view={props.view} action="/counter/open" class="panel">
        <Field
          label="Counter"
          name="counter"
          value={props.typed}
          hint="The name on its sign, such as Counter 1"
          isRequired
          hasFocus
          maxLength={40}
        />
        <button>Open</button>
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
  if (query.length < 2) return <div id="hits" />;
  return (
    <div id="hits" role="status">
      <Table
        caption="Consumers"
        stacks
        empty={`Nothing was found for “${query}”.`}
        columns={[
          { title: "Code", kind: "code" },
          { title: "Service" },
          { title: "Name" },
          { title: "Address" },
          { title: "Ward" },
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
}): VNode {
  const { view, session } = props;
  return (
    <Frame view={view} title={`Counter ${session.counter}`} scripts={["htmx.js"]}>
      <h1>{session.counter}</h1>
      {props.isOld && (
        <Flash kind="note">
          This session was opened on {formatMoment(session.openedAt)}. Count the drawer and close it before you take
          money today.
        </Flash>
      )}
      <form method="get" action="/counter" class="panel" role="search">
        <Field
          label="Consumer code, mobile number or name"
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
        <button>Search</button>
      </form>
      <CounterHits view={view} query={props.query} hits={props.hits} />
      <div class="two">
        <section>
          <h2>This session</h2>
          <Table
            caption={`Open since ${formatMoment(session.openedAt)}`}
            empty="Nothing was taken yet."
            columns={[
              { title: "Mode" },
              { title: "Receipts", kind: "amount" },
              { title: "Amount (₹)", kind: "amount" },
            ]}
            rows={props.totals.map((t) => ({
              cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
            }))}
          />
          <p>
            <a class="button second" href="/counter/close">
              Count the drawer and close
            </a>
          </p>
        </section>
        <section>
          <h2>Latest receipts</h2>
          <Table
            caption="Latest receipts of this session"
            hideCaption
            stacks
            empty="No receipt yet."
            columns={[
              { title: "Receipt", kind: "code" },
              { title: "Consumer" },
              { title: "Mode" },
              { title: "Amount (₹)", kind: "amount" },
            ]}
            rows={props.receipts.map((r) => ({
              cells: [
                <a href={`/counter/receipts/${r.id}`}>{r.number}</a>,
                r.consumerCode,
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

export type TakeTyped = {
  readonly amount: string;
  readonly tender: string;
  readonly number: string;
  readonly bank: string;
  readonly date: string;
  readonly payer: string;
  readonly acceptAdvance: boolean;
};

export function TakePage(props: {
  readonly view: View;
  readonly bill: BillView;
  readonly typed: TakeTyped;
  readonly idempotencyKey: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bill, typed } = props;
  const { consumer, body } = bill;
  return (
    <Frame view={view} title={`Take a payment: ${consumer.code}`}>
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>
        {consumer.code} · {localName(view, consumer)}
      </h1>
      <p class="quiet">
        {wordFor(view.t, "service", consumer.service)} · {consumer.address} · Ward {consumer.ward}
        {consumer.advance > 0n && ` · advance ₹ ${formatIndian(consumer.advance)}`}
      </p>
      <Refused refusal={props.refusal} />
      <div class="two">
        <Form
          view={view}
          action={`/counter/take/${consumer.id}`}
          idempotencyKey={props.idempotencyKey}
          class="panel take"
          label="Payment"
        >
          <Field label="Amount (₹)" name="amount" value={typed.amount} isAmount isRequired hasFocus maxLength={20} />
          <fieldset>
            <legend>Paid by</legend>
            {(["cash", "cheque", "dd"] as const).map((kind) => (
              <label class="choice">
                <input type="radio" name="tender" value={kind} checked={typed.tender === kind} />
                {wordFor(view.t, "mode", kind)}
              </label>
            ))}
          </fieldset>
          <fieldset class="cheque">
            <legend>Cheque or draft</legend>
            <Field
              label="Number (six digits)"
              name="number"
              value={typed.number}
              isNumeric
              size="short"
              maxLength={6}
            />
            <Field label="Bank, or its MICR or IFSC code" name="bank" value={typed.bank} maxLength={60} />
            <Field label="Date on it" name="date" type="date" value={typed.date} size="short" />
          </fieldset>
          <Field label="Payer, if not the consumer" name="payer" value={typed.payer} maxLength={80} />
          <label class="choice">
            <input type="checkbox" name="acceptAdvance" value="yes" checked={typed.acceptAdvance} />
            The payer agrees that anything above the dues is kept as his advance
          </label>
          <div class="actions">
            <button>Take the money and issue the receipt</button>
          </div>
        </Form>
        <div>
          {body.lines.length === 0 ? (
            <Flash kind="note">Nothing is due today; what is taken becomes an advance.</Flash>
          ) : (
            <BillExplained view={view} bill={bill} />
          )}
        </div>
      </div>
    </Frame>
  );
}

export function TakenPage({ view, receipt }: { readonly view: View; readonly receipt: Receipt }): VNode {
  return (
    <Frame view={view} title={`Receipt ${receipt.number}`}>
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>Receipt {receipt.number}</h1>
      {receipt.status === "issued" ? (
        <Flash>
          ₹ {formatIndian(receipt.amount)} received from {receipt.payerName},{" "}
          {wordFor(view.t, "mode", receipt.mode).toLowerCase()}.
        </Flash>
      ) : (
        <Flash kind="problem">
          {receipt.status.toUpperCase()}: {receipt.statusReason}
        </Flash>
      )}
      <div class="actions">
        <a class="button" href={`/receipt/${receipt.token}/pdf?lang=${view.session.lang}`} autofocus>
          Print the receipt
        </a>
        <a class="button second" href="/counter">
          Next payer
        </a>
        <a href={`/receipt/${receipt.token}`}>Page behind the QR code</a>
      </div>
      <h2>What it settled</h2>
      <Table
        caption="What the receipt settled"
        hideCaption
        columns={[{ title: "For" }, { title: "Year" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={[
          ...receipt.lines
            .filter((l) => l.kind !== "rebate")
            .map((l) => ({ cells: [l.title, l.demandYear ?? "", <Amount value={l.amount} />] })),
          { kind: "total" as const, cells: ["Total", "", <Amount value={receipt.amount} />] },
        ]}
      />
    </Frame>
  );
}

export function ClosePage(props: {
  readonly view: View;
  readonly session: CounterSession;
  readonly totals: readonly Total[];
  readonly typed: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}): VNode {
  return (
    <Frame view={props.view} title="Close the counter">
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>Count the drawer: {props.session.counter}</h1>
      <Refused refusal={props.refusal} />
      <div class="two">
        <Form view={props.view} action="/counter/close" class="panel" label="Notes and coins">
          <p class="hint">How many pieces of each. Leave empty what is not there.</p>
          {NOTES.map((n, i) => (
            <div class="pieces">
              <label for={`f-d${n}`}>₹ {n}</label>
              <span aria-hidden="true">×</span>
              <input
                id={`f-d${n}`}
                name={`d${n}`}
                value={props.typed[n]}
                class="short"
                inputMode="numeric"
                autocomplete="off"
                maxLength={6}
                autofocus={i === 0}
              />
            </div>
          ))}
          <div class="actions">
            <button>Tally and close</button>
          </div>
        </Form>
        <section>
          <h2>Besides the cash</h2>
          <Table
            caption="Taken in this session, except cash"
            hideCaption
            empty="Only cash was taken."
            columns={[
              { title: "Mode" },
              { title: "Receipts", kind: "amount" },
              { title: "Amount (₹)", kind: "amount" },
            ]}
            rows={props.totals
              .filter((t) => t.mode !== "cash")
              .map((t) => ({
                cells: [wordFor(props.view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
              }))}
          />
          <p class="quiet">
            The cash that should be there is not shown before it is counted. If it differs, the session stays open and
            you are told by how much.
          </p>
        </section>
      </div>
    </Frame>
  );
}

/** Pieces by denomination from the form: "d500" -> {"500": 12}. What is no whole number is handed on, to be refused by name. */
export function pieces(body: unknown): {
  readonly typed: Record<string, string>;
  readonly counted: Record<string, number>;
} {
  const typed: Record<string, string> = {};
  const counted: Record<string, number> = {};
  for (const n of NOTES) {
    const text = field(body, `d${n}`);
    if (text === "") continue;
    typed[n] = text.slice(0, 20);
    counted[n] = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  }
  return { typed, counted };
}

function tenderOf(typed: TakeTyped): Tender {
  if (typed.tender !== "cheque" && typed.tender !== "dd") return { kind: "cash" };
  return { kind: typed.tender, number: typed.number, bank: typed.bank, date: localDate(typed.date) };
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
    const typed = field(request.body, "counter").slice(0, 40);
    const opened = await attempt(() =>
      desk.write(who, (tx) => openCounterSession(tx, { counter: typed === "" ? "Counter" : typed })),
    );
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
    }));
    if (!found.session) return reply.redirect("/counter", 303);
    const { body } = found.bill;
    const typed: TakeTyped = {
      amount: body.total === 0n ? "" : toRupees(body.total),
      tender: "cash",
      number: "",
      bank: "",
      date: desk.today(),
      payer: "",
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
      tender: field(body, "tender"),
      number: field(body, "number").slice(0, 20),
      bank: field(body, "bank").slice(0, 60),
      date: field(body, "date").slice(0, 10),
      payer: field(body, "payer").slice(0, 80),
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
        return receiveAtCounter(tx, {
          sessionId: session.id,
          consumerId,
          amount,
          tender,
          acceptAdvance: typed.acceptAdvance,
          idempotencyKey: key,
          ...(typed.payer === "" ? {} : { payerName: typed.payer }),
          ...(bill.ok ? { billId: bill.value.id } : {}),
        });
      });
    });
    if (taken.ok) return reply.redirect(taken.value ? `/counter/receipts/${taken.value.id}` : "/counter", 303);
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

  const closing = async (who: ReturnType<typeof desk.need>) =>
    desk.read(who, async (read) => {
      const session = await currentSession(read);
      return session && { session, totals: await sessionTotals(read, session.id) };
    });

  web.get("/counter/close", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const found = await closing(who);
    if (!found) return reply.redirect("/counter", 303);
    return send(reply, <ClosePage view={viewOf(request)} typed={{}} {...found} />);
  });

  web.post("/counter/close", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const { typed, counted } = pieces(request.body);
    const found = await closing(who);
    if (!found) return reply.redirect("/counter", 303);
    const closed = await attempt(() => desk.write(who, (tx) => closeCounterSession(tx, found.session.id, counted)));
    if (closed.ok) {
      return reply.redirect(
        `/counter?${new URLSearchParams({ closed: formatIndian(closed.value.counted ?? rupees("0")) }).toString()}`,
        303,
      );
    }
    return send(
      reply,
      <ClosePage view={viewOf(request)} typed={typed} refusal={closed.refusal} {...found} />,
      closed.refusal.status,
    );
  });
}
