import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  acceptHandover,
  closeCounterSession,
  currentSession,
  declareDifference,
  getHandover,
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
import { sayer, wordFor } from "../i18n.ts";
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
  const say = sayer(view.session.lang);
  const isOff = refusal !== undefined && /^(DRAWER_MISMATCH|DIFFERENCE_)/.test(refusal.code);
  return (
    <CounterFrame view={view} title={say("Close the counter")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("Count the drawer: {counter}", { counter: session.counter })}</h1>
      <Refused refusal={refusal} view={view} />
      <div class="two">
        <Form view={view} action="/counter/close" class="panel" label={say("Notes and coins")}>
          <PiecesFields view={props.view} typed={props.typed} />
          <div class="actions">
            <button>{say("Tally and close")}</button>
          </div>
          {isOff && (
            <details open={props.reason !== undefined}>
              <summary>{say("It does not tally after counting twice")}</summary>
              <Field
                label={say("Why, as far as you know")}
                name="reason"
                value={props.reason}
                maxLength={200}
                hint={say(
                  "The supervisor approves it: what is short is recovered from you, what is over is kept for its owner",
                )}
              />
              <button class="second" name="declare" value="yes">
                {say("Declare the difference")}
              </button>
            </details>
          )}
        </Form>
        <section>
          {session.float > 0n && (
            <p>
              {say("The float of ₹ {amount} from {person} is counted with the rest.", {
                amount: formatIndian(session.float),
                person: session.floatFrom ?? "",
              })}
            </p>
          )}
          <h2>{say("Besides the cash")}</h2>
          <Table
            caption={say("Taken in this session, except cash")}
            hideCaption
            empty={say("Only cash was taken.")}
            columns={[
              { title: say("Mode") },
              { title: say("Receipts"), kind: "amount" },
              { title: say("Amount (₹)"), kind: "amount" },
            ]}
            rows={props.totals
              .filter((t) => t.mode !== "cash")
              .map((t) => ({
                cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
              }))}
          />
          <p class="quiet">
            {say(
              "The cash that should be there is not shown before it is counted. If it differs, the session stays open and you are told by how much.",
            )}
          </p>
        </section>
      </div>
    </CounterFrame>
  );
}

export function ReadingTable({ view, reading }: { readonly view: View; readonly reading: SessionReading }): VNode {
  const { drawer, session } = reading;
  const say = sayer(view.session.lang);
  const row = (what: string, amount: Paise) => ({ cells: [what, "", <Amount value={amount} />] });
  return (
    <Table
      caption={say("{counter}, {cashier}, since {moment}", {
        counter: session.counter,
        cashier: session.cashier,
        moment: formatMoment(session.openedAt),
      })}
      columns={[
        { title: "" },
        { title: say("Receipts"), kind: "amount" },
        { title: say("Amount (₹)"), kind: "amount" },
      ]}
      rows={[
        ...reading.totals.map((t) => ({
          cells: [wordFor(view.t, "mode", t.mode), String(t.receipts), <Amount value={t.amount} />],
        })),
        { cells: [say("Cancelled"), String(reading.cancelled.count), <Amount value={reading.cancelled.amount} />] },
        row(say("Float"), drawer.float),
        row(say("+ cash received"), drawer.received),
        row(say("− cash given back"), drawer.cancelled),
        row(say("+ handed in"), drawer.handedIn),
        row(say("− handed out"), drawer.handedOut),
        { kind: "total" as const, cells: [say("Must be in the drawer"), "", <Amount value={drawer.expected} />] },
      ]}
    />
  );
}

function ReadingPage({ view, reading }: { readonly view: View; readonly reading: SessionReading }): VNode {
  const say = sayer(view.session.lang);
  return (
    <CounterFrame view={view} title={say("X-reading")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("X-reading")}</h1>
      <p>
        {reading.firstReceipt === null
          ? say("No receipt yet")
          : say("Receipts {first} to {last}", { first: reading.firstReceipt, last: reading.lastReceipt ?? "" })}
        , {say("read {moment}", { moment: formatMoment(reading.readAt) })}
      </p>
      <ReadingTable view={view} reading={reading} />
      <p class="actions">
        <a class="button" href="/counter/reading.pdf">
          {say("Print")}
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
  const say = sayer(props.view.session.lang);
  return (
    <CounterFrame view={props.view} title={say("Hand over cash")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("Hand over cash: {counter}", { counter: props.session.counter })}</h1>
      <Refused refusal={props.refusal} view={props.view} />
      <Form view={props.view} action="/counter/handover" class="panel">
        <Field
          label={say("To (sign-in name of the cashier)")}
          name="to"
          value={props.to}
          isRequired
          hasFocus
          maxLength={120}
        />
        <PiecesFields view={props.view} typed={props.typed} hasFocus={false} />
        <label class="choice">
          <input type="checkbox" name="leaves" value="yes" checked={props.leaves} />
          {say("I leave the counter to him: it takes no more money of mine")}
        </label>
        <button>{say("Hand over")}</button>
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
  const say = sayer(props.view.session.lang);
  return (
    <CounterFrame view={props.view} title={say("Cash handed to you")}>
      <Crumbs trail={[[say("Counter"), "/counter"]]} />
      <h1>{say("Cash handed to you")}</h1>
      <Facts
        facts={[
          [say("From"), h.fromCashier],
          [say("Amount"), `₹ ${formatIndian(h.amount)}`],
          [say("Handed over"), formatMoment(h.givenAt)],
        ]}
      />
      <Refused refusal={props.refusal} view={props.view} />
      <Form view={props.view} action={`/counter/handovers/${h.id}`} class="panel" label={say("Notes and coins")}>
        <PiecesFields view={props.view} typed={props.typed} />
        <div class="actions">
          <button name="answer" value="accept">
            {say("I have it")}
          </button>
          <button class="second" name="answer" value="refuse">
            {say("I do not have it")}
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
    const takesBack = field(request.body, "answer") === "refuse" && isUuid(request.params.id);
    const handover = takesBack
      ? await desk.read(who, (read) => getHandover(read, request.params.id))
      : await handedTo(who, request.params.id);
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
