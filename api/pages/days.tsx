import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  CASH_DENOMINATIONS,
  cashBook,
  closeDay,
  countedAmount,
  dayEvents,
  lockedTo,
  reopenDay,
  type CashBook,
  type DayEvent,
} from "../../ledger/index.ts";
import {
  formatDate,
  formatMoment,
  localDate,
  period as periodFrom,
  periodName,
  periodOf,
  type LocalDate,
  type Period,
} from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Form, Refused, Table } from "./components.tsx";
import { attempt, dateField, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

type Typed = {
  readonly pieces: Readonly<Record<string, string>>;
  readonly signedAs: string;
  readonly remark: string;
  readonly reason: string;
};

function DayPage(props: {
  readonly view: View;
  readonly book: CashBook;
  readonly locked: LocalDate | undefined;
  readonly month: Period;
  readonly events: readonly DayEvent[];
  readonly can: { readonly close: boolean; readonly reopen: boolean };
  readonly refusal?: Refusal | undefined;
  readonly typed?: Typed;
}): VNode {
  const { view, book, locked, typed } = props;
  const isClosed = locked !== undefined && book.day <= locked;
  const from = `from=${book.day}&to=${book.day}`;
  return (
    <Books view={view} title={`Cash and bank book of ${formatDate(book.day)}`} tab="periods">
      <Crumbs trail={[["Periods", "/books/periods"]]} />
      <h1>
        Cash and bank book of {formatDate(book.day)}{" "}
        <Badge kind={isClosed ? "good" : "wait"}>{isClosed ? "closed" : "open"}</Badge>
      </h1>
      <form method="get" action="/books/days" class="filter">
        <Field label="Day" name="day" type="date" value={book.day} />
        <button class="second">Show</button>
      </form>
      <Refused refusal={props.refusal} />
      <p>
        {locked === undefined
          ? "No day is closed yet."
          : `The cash and bank book is signed up to ${formatDate(locked)}: nothing is dated on or before that day under cash and bank heads.`}
      </p>
      <Table
        caption="Cash and bank heads"
        stacks
        empty="No cash or bank head has a balance."
        columns={[
          { title: "Account", kind: "code" },
          { title: "Name" },
          { title: "Opening (₹)", kind: "amount" },
          { title: "Receipts (₹)", kind: "amount" },
          { title: "Payments (₹)", kind: "amount" },
          { title: "Closing (₹)", kind: "amount" },
        ]}
        rows={
          book.lines.length === 0
            ? []
            : [
                ...book.lines.map((l) => ({
                  cells: [
                    <a href={`/books/accounts/${l.account}?${from}`}>{l.account}</a>,
                    l.name,
                    <Amount value={l.opening} />,
                    <Amount value={l.receipts} />,
                    <Amount value={l.payments} />,
                    <Amount value={l.closing} />,
                  ],
                })),
                {
                  kind: "total" as const,
                  cells: [
                    "",
                    "Total",
                    <Amount value={book.total.opening} />,
                    <Amount value={book.total.receipts} />,
                    <Amount value={book.total.payments} />,
                    <Amount value={book.total.closing} />,
                  ],
                },
              ]
        }
      />
      {!isClosed && props.can.close && (
        <Form view={view} action={`/books/days/${book.day}/close`} class="panel" label="Count, sign and close">
          <h2>Count, sign and close</h2>
          <Facts
            facts={[
              [`Cash by the book (${book.cashAccount})`, <Amount value={book.cashInHand} />],
              ...(typed === undefined
                ? []
                : [["Counted", <Amount value={countedAmount(countsOf(typed.pieces))} />] as const]),
            ]}
          />
          <div class="filter">
            {CASH_DENOMINATIONS.map((d) => (
              <Field
                label={`₹${d}`}
                name={`d${d}`}
                value={typed?.pieces[String(d)]}
                size="short"
                isNumeric
                maxLength={7}
              />
            ))}
          </div>
          <Field
            label="Remark"
            name="remark"
            value={typed?.remark}
            hint="Needed where the count is not what the book says"
            maxLength={1000}
            size="long"
          />
          <Field
            label="Signed by (name and office)"
            name="signedAs"
            value={typed?.signedAs}
            isRequired
            maxLength={200}
            size="long"
          />
          <button>Close {formatDate(book.day)}</button>
        </Form>
      )}
      {isClosed && props.can.reopen && (
        <Form view={view} action={`/books/days/${book.day}/reopen`} class="panel" label="Reopen">
          <h2>Reopen</h2>
          <p>
            Closed days after it are opened with it, because their opening balances rest on it. The reason stays on
            record.
          </p>
          <Field label="Reason" name="reason" value={typed?.reason} isRequired maxLength={300} size="long" />
          <button class="danger">Reopen {formatDate(book.day)}</button>
        </Form>
      )}
      <Table
        caption={`Closes and reopenings of ${periodName(props.month)}`}
        stacks
        empty={`No day of ${periodName(props.month)} was closed yet.`}
        columns={[
          { title: "Day" },
          { title: "What" },
          { title: "When" },
          { title: "Signed" },
          { title: "Counted (₹)", kind: "amount" },
          { title: "Book (₹)", kind: "amount" },
          { title: "Remark or reason" },
        ]}
        rows={props.events.map((e) => ({
          cells: [
            <a href={`/books/days?day=${e.day}`}>{formatDate(e.day)}</a>,
            e.event,
            formatMoment(e.at),
            e.signedAs === null ? e.actor : `${e.signedAs} (${e.actor})`,
            e.countedAmount === null ? "" : <Amount value={e.countedAmount} />,
            e.bookAmount === null ? "" : <Amount value={e.bookAmount} />,
            e.reason ?? "",
          ],
        }))}
      />
    </Books>
  );
}

/** Pieces by denomination; what is no whole number counts as none here and is refused by name when it is sent. */
function countsOf(pieces: Readonly<Record<string, string>>, wrong = 0): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pieces)
      .filter(([, text]) => text !== "")
      .map(([d, text]) => [d, /^\d{1,6}$/.test(text) ? Number(text) : wrong]),
  );
}

export function dayRoutes(web: FastifyInstance, desk: Desk): void {
  type ByDay = { Params: { day: string } };

  const look = (who: Who, day: LocalDate, month: Period) =>
    desk.read(who, async (read) => ({
      book: await cashBook(read, day),
      locked: await lockedTo(read),
      month,
      events: await dayEvents(read, month),
      can: {
        close: who.actor.roles.includes("accountant") || who.actor.roles.includes("checker"),
        reopen: who.actor.roles.includes("checker") || who.actor.roles.includes("admin"),
      },
    }));

  web.get("/books/days", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const day = dateField(request.query, "day", desk.today());
    const asked = field(request.query, "month");
    const month = asked === "" ? periodOf(day) : periodFrom(asked);
    return send(reply, <DayPage view={viewOf(request)} {...await look(who, day, month)} />);
  });

  const typedOf = (body: unknown): Typed => ({
    pieces: Object.fromEntries(CASH_DENOMINATIONS.map((d) => [String(d), field(body, `d${d}`).slice(0, 7)])),
    signedAs: field(body, "signedAs").slice(0, 200),
    remark: field(body, "remark").slice(0, 1000),
    reason: field(body, "reason").slice(0, 300),
  });

  for (const step of ["close", "reopen"] as const) {
    web.post<ByDay>(`/books/days/:day/${step}`, async (request, reply) => {
      const who = desk.need(
        request,
        ...(step === "close" ? (["accountant", "checker"] as const) : (["checker", "admin"] as const)),
      );
      const day = localDate(request.params.day);
      const typed = typedOf(request.body);
      const done = await attempt(() =>
        desk.write(who, async (tx) => {
          if (step === "reopen") await reopenDay(tx, day, typed.reason);
          else
            await closeDay(tx, {
              day,
              counts: countsOf(typed.pieces, Number.NaN),
              signedAs: typed.signedAs,
              remark: typed.remark,
            });
        }),
      );
      if (done.ok) return reply.redirect(`/books/days?day=${day}`, 303);
      return send(
        reply,
        <DayPage
          view={viewOf(request, `/books/days?day=${day}`)}
          {...await look(who, day, periodOf(day))}
          refusal={done.refusal}
          typed={typed}
        />,
        done.refusal.status,
      );
    });
  }
}
