import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  acceptHandover,
  closeCounterSession,
  currentSession,
  declareDifference,
  handOver,
  readSession,
  refuseHandover,
  sessionTotals,
  waitingHandovers,
  type CounterSession,
  type Handover,
  type SessionReading,
} from "../../../collections/index.ts";
import { formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { formatIndian, rupees, type Paise } from "../../../ledger/kernel/money.ts";
import { headOf, sessionReadingPdf } from "../../../reports/index.ts";
import { apiErrors } from "../../errors.ts";
import { Amount, Crumbs, Facts, Field, Form, Refused, Table } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { CounterFrame, pieces, PiecesFields } from "./common.tsx";

type Total = { readonly mode: string; readonly receipts: bigint; readonly amount: Paise };
type Typed = Readonly<Record<string, string>>;

export function ClosePage(props: {
  readonly view: View;
  readonly session: CounterSession;
  readonly totals: readonly Total[];
  readonly typed: Typed;
  readonly reason?: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, session, refusal } = props;
  const isOff = refusal !== undefined && /^(DRAWER_MISMATCH|DIFFERENCE_)/.test(refusal.code);
  return (
    <CounterFrame view={view} title="Close the counter">
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>Count the drawer: {session.counter}</h1>
      <Refused refusal={refusal} />
      <div class="two">
        <Form view={view} action="/counter/close" class="panel" label="Notes and coins">
          <PiecesFields typed={props.typed} />
          <div class="actions">
            <button>Tally and close</button>
          </div>
          {isOff && (
            <details open={props.reason !== undefined}>
              <summary>It does not tally after counting twice</summary>
              <Field
                label="Why, as far as you know"
                name="reason"
                value={props.reason}
                maxLength={200}
                hint="The supervisor approves it: what is short is recovered from you, what is over is kept for its owner"
              />
              <button class="second" name="declare" value="yes">
                Declare the difference
              </button>
            </details>
          )}
        </Form>
        <section>
          {session.float > 0n && (
            <p>
              The float of ₹ {formatIndian(session.float)} from {session.floatFrom} is counted with the rest.
            </p>
          )}
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
                cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
              }))}
          />
          <p class="quiet">
            The cash that should be there is not shown before it is counted. If it differs, the session stays open and
            you are told by how much.
          </p>
        </section>
      </div>
    </CounterFrame>
  );
}

export function ReadingTable({ view, reading }: { readonly view: View; readonly reading: SessionReading }): VNode {
  const { drawer, session } = reading;
  const row = (what: string, amount: Paise) => ({ cells: [what, "", <Amount value={amount} />] });
  return (
    <Table
      caption={`${session.counter}, ${session.cashier}, since ${formatMoment(session.openedAt)}`}
      columns={[{ title: "" }, { title: "Receipts", kind: "amount" }, { title: "Amount (₹)", kind: "amount" }]}
      rows={[
        ...reading.totals.map((t) => ({
          cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
        })),
        { cells: ["Cancelled", String(reading.cancelled.count), <Amount value={reading.cancelled.amount} />] },
        row("Float", drawer.float),
        row("+ cash received", drawer.received),
        row("− cash given back", drawer.cancelled),
        row("+ handed in", drawer.handedIn),
        row("− handed out", drawer.handedOut),
        { kind: "total" as const, cells: ["Must be in the drawer", "", <Amount value={drawer.expected} />] },
      ]}
    />
  );
}

function ReadingPage({ view, reading }: { readonly view: View; readonly reading: SessionReading }): VNode {
  return (
    <CounterFrame view={view} title="X-reading">
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>X-reading</h1>
      <p>
        {reading.firstReceipt === null
          ? "No receipt yet"
          : `Receipts ${reading.firstReceipt} to ${reading.lastReceipt ?? ""}`}
        , read {formatMoment(reading.readAt)}
      </p>
      <ReadingTable view={view} reading={reading} />
      <p class="actions">
        <a class="button" href="/counter/reading.pdf">
          Print
        </a>
      </p>
    </CounterFrame>
  );
}

function HandOverPage(props: {
  readonly view: View;
  readonly session: CounterSession;
  readonly typed: Typed;
  readonly to: string;
  readonly leaves: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  return (
    <CounterFrame view={props.view} title="Hand over cash">
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>Hand over cash: {props.session.counter}</h1>
      <Refused refusal={props.refusal} />
      <Form view={props.view} action="/counter/handover" class="panel">
        <Field
          label="To (sign-in name of the cashier)"
          name="to"
          value={props.to}
          isRequired
          hasFocus
          maxLength={120}
        />
        <PiecesFields typed={props.typed} hasFocus={false} />
        <label class="choice">
          <input type="checkbox" name="leaves" value="yes" checked={props.leaves} />I leave the counter to him: it takes
          no more money of mine
        </label>
        <button>Hand over</button>
      </Form>
    </CounterFrame>
  );
}

function AnswerPage(props: {
  readonly view: View;
  readonly handover: Handover;
  readonly typed: Typed;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { handover: h } = props;
  return (
    <CounterFrame view={props.view} title="Cash handed to you">
      <Crumbs trail={[["Counter", "/counter"]]} />
      <h1>Cash handed to you</h1>
      <Facts
        facts={[
          ["From", h.fromCashier],
          ["Amount", `₹ ${formatIndian(h.amount)}`],
          ["Handed over", formatMoment(h.givenAt)],
        ]}
      />
      <Refused refusal={props.refusal} />
      <Form view={props.view} action={`/counter/handovers/${h.id}`} class="panel" label="Notes and coins">
        <PiecesFields typed={props.typed} />
        <div class="actions">
          <button name="answer" value="accept">
            I have it
          </button>
          <button class="second" name="answer" value="refuse">
            I do not have it
          </button>
        </div>
      </Form>
    </CounterFrame>
  );
}

export function drawerRoutes(web: FastifyInstance, desk: Desk): void {
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
    const reason = field(request.body, "reason").slice(0, 200);
    const declares = field(request.body, "declare") === "yes";
    const found = await closing(who);
    if (!found) return reply.redirect("/counter", 303);
    const closed = await attempt(() =>
      desk.write(who, (tx) =>
        declares
          ? declareDifference(tx, found.session.id, counted, reason)
          : closeCounterSession(tx, found.session.id, counted),
      ),
    );
    if (closed.ok && declares) return reply.redirect("/counter", 303);
    if (closed.ok) {
      return reply.redirect(
        `/counter?${new URLSearchParams({ closed: formatIndian(closed.value.counted ?? rupees("0")) }).toString()}`,
        303,
      );
    }
    return send(
      reply,
      <ClosePage
        view={viewOf(request)}
        typed={typed}
        refusal={closed.refusal}
        {...(declares ? { reason } : {})}
        {...found}
      />,
      closed.refusal.status,
    );
  });

  const reading = (who: ReturnType<typeof desk.need>) =>
    desk.read(who, async (read) => {
      const session = await currentSession(read);
      return session && { reading: await readSession(read, session.id), head: headOf(read) };
    });

  web.get("/counter/reading", async (request, reply) => {
    const found = await reading(desk.need(request, "cashier"));
    if (!found) return reply.redirect("/counter", 303);
    return send(reply, <ReadingPage view={viewOf(request)} reading={found.reading} />);
  });

  web.get("/counter/reading.pdf", async (request, reply) => {
    const found = await reading(desk.need(request, "cashier"));
    if (!found) return reply.redirect("/counter", 303);
    const pdf = await sessionReadingPdf({ ...found.head, language: request.session.lang }, found.reading);
    return reply.type("application/pdf").header("cache-control", "no-store").send(pdf);
  });

  web.get("/counter/handover", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const session = await desk.read(who, currentSession);
    if (!session) return reply.redirect("/counter", 303);
    return send(reply, <HandOverPage view={viewOf(request)} session={session} typed={{}} to="" leaves={false} />);
  });

  web.post("/counter/handover", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const { typed, counted } = pieces(request.body);
    const to = field(request.body, "to").slice(0, 120);
    const leaves = field(request.body, "leaves") === "yes";
    const session = await desk.read(who, currentSession);
    if (!session) return reply.redirect("/counter", 303);
    const given = await attempt(() =>
      desk.write(who, (tx) => handOver(tx, { sessionId: session.id, to, denominations: counted, leaves })),
    );
    if (given.ok) return reply.redirect("/counter/reading", 303);
    return send(
      reply,
      <HandOverPage
        view={viewOf(request)}
        session={session}
        typed={typed}
        to={to}
        leaves={leaves}
        refusal={given.refusal}
      />,
      given.refusal.status,
    );
  });

  const handedTo = async (who: ReturnType<typeof desk.need>, id: string): Promise<Handover> => {
    const found = isUuid(id) ? (await desk.read(who, waitingHandovers)).find((h) => h.id === id) : undefined;
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: `/counter/handovers/${id.slice(0, 60)}` });
    return found;
  };

  web.get<{ Params: { id: string } }>("/counter/handovers/:id", async (request, reply) => {
    const handover = await handedTo(desk.need(request, "cashier"), request.params.id);
    return send(reply, <AnswerPage view={viewOf(request)} handover={handover} typed={{}} />);
  });

  web.post<{ Params: { id: string } }>("/counter/handovers/:id", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const handover = await handedTo(who, request.params.id);
    const { typed, counted } = pieces(request.body);
    const answered = await attempt(() =>
      desk.write(who, (tx) =>
        field(request.body, "answer") === "refuse"
          ? refuseHandover(tx, handover.id)
          : acceptHandover(tx, handover.id, counted),
      ),
    );
    if (answered.ok) return reply.redirect("/counter", 303);
    return send(
      reply,
      <AnswerPage view={viewOf(request)} handover={handover} typed={typed} refusal={answered.refusal} />,
      answered.refusal.status,
    );
  });
}
