import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  bookChequesDue,
  chequeHistory,
  chequesDue,
  clearCheque,
  deliverCheque,
  getCheque,
  listBankBooks,
  listCheques,
  spoilLeaf,
  takeChequeBack,
  type BankBook,
  type Cheque,
  type ChequeHistory,
  type ChequeStatus,
  type DueCheque,
} from "../../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Crumbs, Facts, Field, Flash, Form, Pagination, Refused, Select, Table } from "../components.tsx";
import { attempt, dateField, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { known, PAGE_SIZE, pageOf, Payables, ROOT, Status } from "./common.tsx";

const STATUSES = [
  "issued",
  "delivered",
  "cleared",
  "stale",
  "reissued",
  "lapsed",
  "cancelled",
  "spoiled",
] as const satisfies readonly ChequeStatus[];

function ChequesPage(props: {
  readonly view: View;
  readonly status: ChequeStatus;
  readonly cheques: readonly Cheque[];
  readonly banks: readonly BankBook[];
  readonly page: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly refusal?: Refusal;
  readonly typed?: { readonly account: string; readonly leaf: string; readonly reason: string };
}): VNode {
  return (
    <Payables view={props.view} title="Cheques" part="cheques">
      <h1>Cheques</h1>
      <p class="actions">
        {STATUSES.map((s) => (
          <a
            class="button second small"
            href={`${ROOT}/cheques?status=${s}`}
            aria-current={s === props.status ? "page" : undefined}
          >
            {s}
          </a>
        ))}
        <a class="button second small" href={`${ROOT}/cheques/due`}>
          becoming stale or lapsed
        </a>
      </p>
      <Table
        caption={`Cheques that are ${props.status}`}
        empty={`No cheque is ${props.status}.`}
        stacks
        columns={[
          { title: "Cheque", kind: "code" },
          { title: "Bank book", kind: "code" },
          { title: "Issued" },
          { title: "Payee" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Delivered" },
          { title: "Cleared" },
        ]}
        rows={props.cheques.slice(0, PAGE_SIZE).map((c) => ({
          cells: [
            <a href={`${ROOT}/cheques/${c.id}`}>{c.number}</a>,
            c.account,
            formatDate(c.issuedOn),
            c.payee,
            <Amount value={c.amount} />,
            c.deliveredOn === null ? "" : `${formatDate(c.deliveredOn)} ${c.deliveredTo ?? ""}`,
            c.clearedOn === null ? "" : formatDate(c.clearedOn),
          ],
        }))}
      />
      <Pagination
        first={props.page > 1 ? `${ROOT}/cheques?status=${props.status}` : undefined}
        next={
          props.cheques.length > PAGE_SIZE ? `${ROOT}/cheques?status=${props.status}&page=${props.page + 1}` : undefined
        }
      />
      {props.canWrite && props.banks.length > 0 && (
        <details open={props.refusal !== undefined}>
          <summary>Spoiled leaf</summary>
          <Refused refusal={props.refusal} />
          <Form view={props.view} action={`${ROOT}/cheques/spoil`} label="Spoiled leaf">
            <Select
              label="Bank book"
              name="account"
              value={props.typed?.account ?? ""}
              options={props.banks.map((b) => ({ value: b.account, label: `${b.account} ${b.bank}` }))}
            />
            <Field label="Leaf" name="leaf" value={props.typed?.leaf} isRequired size="short" maxLength={20} />
            <Field label="What happened to it" name="reason" value={props.typed?.reason} isRequired maxLength={200} />
            <button class="second">Mark as spoiled</button>
          </Form>
        </details>
      )}
      <h2>Cheque issue register (GEN-15)</h2>
      <Files report="cheque-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

function ChequePage(props: {
  readonly view: View;
  readonly cheque: Cheque;
  readonly history: readonly ChequeHistory[];
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly refusal?: Refusal;
  readonly typed?: { readonly to: string; readonly reason: string; readonly date: string };
}): VNode {
  const { view, cheque } = props;
  const at = `${ROOT}/cheques/${cheque.id}`;
  const date = props.typed?.date ?? props.today;
  const isOut = cheque.status === "issued" || cheque.status === "delivered";
  return (
    <Payables view={view} title={`Cheque ${cheque.number}`} part="cheques">
      <Crumbs trail={[["Cheques", `${ROOT}/cheques?status=${cheque.status}`]]} />
      <h1>
        Cheque {cheque.number} <Status of={cheque.status} />
      </h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["Payee", cheque.payee],
          ["Amount", <Amount value={cheque.amount} />],
          ["Bank book", cheque.account],
          ["Issued", formatDate(cheque.issuedOn)],
          ...(cheque.deliveredOn === null
            ? []
            : [["Delivered", `${formatDate(cheque.deliveredOn)} to ${cheque.deliveredTo ?? ""}`] as const]),
          ...(cheque.clearedOn === null ? [] : [["Cleared", formatDate(cheque.clearedOn)] as const]),
          ...(cheque.reason === null ? [] : [["Remark", cheque.reason] as const]),
          ...(cheque.paymentId === null
            ? []
            : [
                [
                  "Payment",
                  <a href={`${ROOT}/payments/${cheque.paymentId}`}>what it pays, and its cancellation</a>,
                ] as const,
              ]),
          ...(cheque.entryId === null
            ? []
            : [["Voucher", <a href={`/books/entries/${cheque.entryId}`}>in the day book</a>] as const]),
          ...(cheque.staleEntryId === null
            ? []
            : [
                ["Taken back as stale", <a href={`/books/entries/${cheque.staleEntryId}`}>in the day book</a>] as const,
              ]),
        ]}
      />
      {props.canWrite && isOut && (
        <div class="two">
          {cheque.status === "issued" ? (
            <Form view={view} action={`${at}/deliver`} class="panel" label="Deliver">
              <h2>Deliver</h2>
              <Field label="Handed to" name="to" value={props.typed?.to} isRequired maxLength={120} />
              <Field label="On" name="date" type="date" value={date} isRequired size="short" />
              <button>Delivered</button>
            </Form>
          ) : (
            <Form view={view} action={`${at}/take-back`} class="panel" label="Take back">
              <h2>Brought back</h2>
              <p>A cheque in the office again can be cancelled.</p>
              <Field label="Why it came back" name="reason" value={props.typed?.reason} isRequired maxLength={200} />
              <Field label="On" name="date" type="date" value={date} isRequired size="short" />
              <button class="second">Brought back</button>
            </Form>
          )}
          <Form view={view} action={`${at}/clear`} class="panel" label="Clear">
            <h2>Cleared by the bank</h2>
            <p>Usually the bank statement does this.</p>
            <Field label="The bank's date" name="date" type="date" value={date} isRequired size="short" />
            <button class="second">Cleared</button>
          </Form>
        </div>
      )}
      {props.canWrite && cheque.status === "stale" && (
        <p class="actions">
          <a class="button" href={`${ROOT}/payments/new?kind=reissue`}>
            Pay it anew
          </a>
        </p>
      )}
      <Table
        caption="History"
        columns={[{ title: "Day" }, { title: "What" }, { title: "Then" }, { title: "By" }, { title: "Note" }]}
        rows={props.history.map((h) => ({ cells: [formatDate(h.on), h.event, h.status, h.by, h.note ?? ""] }))}
      />
    </Payables>
  );
}

function DuePage(props: {
  readonly view: View;
  readonly day: LocalDate;
  readonly due: readonly DueCheque[];
  readonly canApprove: boolean;
  readonly booked: string;
  readonly refusal?: Refusal;
}): VNode {
  const table = (
    <Table
      caption={`Cheques that are stale or lapsed by ${formatDate(props.day)}`}
      empty={`By ${formatDate(props.day)} no cheque becomes stale and no claim lapses.`}
      stacks
      columns={[
        ...(props.canApprove ? [{ title: "Book" }] : []),
        { title: "Cheque", kind: "code" as const },
        { title: "Becomes" },
        { title: "Since" },
        { title: "Issued" },
        { title: "Payee" },
        { title: "Amount (₹)", kind: "amount" as const },
      ]}
      rows={props.due.map((d) => ({
        cells: [
          ...(props.canApprove
            ? [
                <input
                  type="checkbox"
                  name={`c-${d.cheque.id}`}
                  value="yes"
                  checked
                  aria-label={`Book cheque ${d.cheque.number} as ${d.becomes}`}
                />,
              ]
            : []),
          <a href={`${ROOT}/cheques/${d.cheque.id}`}>{d.cheque.number}</a>,
          d.becomes,
          formatDate(d.since),
          formatDate(d.cheque.issuedOn),
          d.cheque.payee,
          <Amount value={d.open} />,
        ],
      }))}
    />
  );
  return (
    <Payables view={props.view} title="Stale and lapsed cheques" part="cheques">
      <Crumbs trail={[["Cheques", `${ROOT}/cheques`]]} />
      <h1>Stale and lapsed cheques</h1>
      {props.booked !== "" && <Flash>{props.booked} cheques are booked.</Flash>}
      <Refused refusal={props.refusal} />
      <form method="get" action={`${ROOT}/cheques/due`} class="filter">
        <Field label="By the end of" name="day" type="date" value={props.day} />
        <button class="second">Show</button>
      </form>
      {props.canApprove && props.due.length > 0 ? (
        <Form view={props.view} action={`${ROOT}/cheques/due`} label="Book the chosen cheques">
          <input type="hidden" name="day" value={props.day} />
          {table}
          <p>
            Stale cheques come back into the bank book and are owed as stale cheques; lapsed claims become income. All
            of them are booked on {formatDate(props.day)}, or none.
          </p>
          <button>Approve and book</button>
        </Form>
      ) : (
        <>
          {table}
          {props.due.length > 0 && <p class="quiet">A checker approves this list and books it.</p>}
        </>
      )}
    </Payables>
  );
}

export function chequeRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const list = (who: Who, status: ChequeStatus, page: number) =>
    desk.read(who, async (read) => ({
      status,
      page,
      cheques: await listCheques(read, { status, limit: PAGE_SIZE + 1, offset: (page - 1) * PAGE_SIZE }),
      banks: (await listBankBooks(read)).filter((b) => b.isActive),
      canWrite: who.actor.roles.includes("accountant"),
      today: desk.today(),
    }));

  web.get(`${ROOT}/cheques`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "status");
    const status = STATUSES.find((s) => s === asked) ?? "issued";
    return send(reply, <ChequesPage view={viewOf(request)} {...await list(who, status, pageOf(request.query))} />);
  });

  web.post(`${ROOT}/cheques/spoil`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const at = (name: string, size: number): string => field(request.body, name).slice(0, size);
    const typed = { account: at("account", 20), leaf: at("leaf", 20), reason: at("reason", 200) };
    const done = await attempt(() => desk.write(who, (tx) => spoilLeaf(tx, { ...typed, date: desk.today() })));
    if (done.ok) return reply.redirect(`${ROOT}/cheques?status=spoiled`, 303);
    return send(
      reply,
      <ChequesPage
        view={viewOf(request, `${ROOT}/cheques`)}
        {...await list(who, "spoiled", 1)}
        refusal={done.refusal}
        typed={typed}
      />,
      done.refusal.status,
    );
  });

  const due = (who: Who, day: LocalDate) =>
    desk.read(who, async (read) => ({
      day,
      due: await chequesDue(read, day),
      canApprove: who.actor.roles.includes("checker"),
    }));

  web.get(`${ROOT}/cheques/due`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const day = dateField(request.query, "day", desk.today());
    return send(
      reply,
      <DuePage view={viewOf(request)} {...await due(who, day)} booked={field(request.query, "booked").slice(0, 6)} />,
    );
  });

  web.post(`${ROOT}/cheques/due`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const day = dateField(request.body, "day", desk.today());
    const keys = typeof request.body === "object" && request.body !== null ? Object.keys(request.body) : [];
    const ids = keys.flatMap((k) => (/^c-[0-9a-f-]{36}$/.test(k) ? [known(k.slice(2), "cheques")] : []));
    const done = await attempt(() => desk.write(who, (tx) => bookChequesDue(tx, day, ids)));
    if (done.ok) return reply.redirect(`${ROOT}/cheques/due?day=${day}&booked=${done.value.length}`, 303);
    return send(
      reply,
      <DuePage
        view={viewOf(request, `${ROOT}/cheques/due?day=${day}`)}
        {...await due(who, day)}
        booked=""
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });

  const show = (who: Who, id: string) =>
    desk.read(who, async (read) => ({
      cheque: await getCheque(read, id),
      history: await chequeHistory(read, id),
      canWrite: who.actor.roles.includes("accountant"),
      today: desk.today(),
    }));

  web.get<ById>(`${ROOT}/cheques/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <ChequePage view={viewOf(request)} {...await show(who, known(request.params.id, "cheques"))} />);
  });

  for (const step of ["deliver", "take-back", "clear"] as const) {
    web.post<ById>(`${ROOT}/cheques/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const id = known(request.params.id, "cheques");
      const at = (name: string, size: number): string => field(request.body, name).slice(0, size);
      const typed = { to: at("to", 120), reason: at("reason", 200), date: at("date", 10) };
      const done = await attempt(() => {
        const on = localDate(typed.date);
        return desk.write(who, (tx) =>
          step === "deliver"
            ? deliverCheque(tx, id, on, typed.to)
            : step === "clear"
              ? clearCheque(tx, id, on)
              : takeChequeBack(tx, id, on, typed.reason),
        );
      });
      if (done.ok) return reply.redirect(`${ROOT}/cheques/${id}`, 303);
      return send(
        reply,
        <ChequePage
          view={viewOf(request, `${ROOT}/cheques/${id}`)}
          {...await show(who, id)}
          refusal={done.refusal}
          typed={typed}
        />,
        done.refusal.status,
      );
    });
  }
}
