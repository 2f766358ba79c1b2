import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { findConsumers } from "../../billing/index.ts";
import {
  cancelReceipt,
  depositInstruments,
  dishonour,
  getDepositSlip,
  getReceipt,
  instrumentsInHand,
  listRemittances,
  receiptEntry,
  RETURN_REASONS,
  transferReceipt,
  type InstrumentInHand,
  type Receipt,
  type Remittance,
} from "../../collections/index.ts";
import { depositSlipPdf, headOf } from "../../reports/index.ts";
import type { Entry } from "../../ledger/index.ts";
import { formatDate, formatMoment, localDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, rupees, sum } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { v1Errors } from "../v1/errors.ts";
import { Books } from "./books-frame.tsx";
import { pieces, PiecesFields } from "./counter/common.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Select, Table } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

type Kind = "cash" | "cheques";
type Typed = { readonly slip: string; readonly date: string; readonly chosen: ReadonlySet<string> | undefined };

export function MoneyPage(props: {
  readonly view: View;
  readonly inHand: readonly InstrumentInHand[];
  readonly deposits: readonly Remittance[];
  readonly canWrite: boolean;
  readonly today: string;
  readonly done?: string;
  readonly refused?: { readonly kind: Kind; readonly refusal: Refusal; readonly typed: Typed };
}): VNode {
  const { view } = props;
  const part = (kind: Kind, title: string): VNode => {
    const own = props.inHand.filter((i) => (i.kind === "cash") === (kind === "cash"));
    const ready = own.filter((i) => kind === "cheques" || !i.isSessionOpen);
    const refused = props.refused?.kind === kind ? props.refused : undefined;
    const table = (
      <Table
        caption={title}
        hideCaption
        empty="Nothing is in hand."
        columns={[
          ...(props.canWrite ? [{ title: "Deposit" }] : []),
          { title: "Received", kind: "code" as const },
          { title: "Instrument" },
          { title: "Amount (₹)", kind: "amount" as const },
        ]}
        rows={own.map((i) => ({
          cells: [
            ...(props.canWrite
              ? [
                  ready.includes(i) ? (
                    <input
                      type="checkbox"
                      name={`i-${i.id}`}
                      value="yes"
                      checked={refused?.typed.chosen?.has(i.id) ?? true}
                      aria-label={`Deposit ${i.kind} of ${formatDate(i.receivedOn)}, ${formatIndian(i.amount)}`}
                    />
                  ) : (
                    <Badge kind="wait">counter open</Badge>
                  ),
                ]
              : []),
            formatDate(i.receivedOn),
            i.receiptId === null ? (
              `${[wordFor(view.t, "mode", i.kind), i.number, i.bank].filter(Boolean).join(" ")} (acknowledged)`
            ) : (
              <a href={`/books/receipts/${i.receiptId}`}>
                {[wordFor(view.t, "mode", i.kind), i.number, i.bank].filter(Boolean).join(" ")}
              </a>
            ),
            <Amount value={i.amount} />,
          ],
        }))}
      />
    );
    return (
      <section aria-label={title}>
        <h2>{title}</h2>
        <p>
          In hand: <strong>₹ {formatIndian(sum(own.map((i) => i.amount)))}</strong>
          {ready.length < own.length &&
            `, of which ₹ ${formatIndian(sum(ready.map((i) => i.amount)))} is counted and ready`}
        </p>
        <Refused refusal={refused?.refusal} />
        {props.canWrite && ready.length > 0 ? (
          <Form view={view} action={`/books/money/${kind}`}>
            {table}
            <Field
              label="Number of the deposit slip"
              name="slip"
              value={refused?.typed.slip}
              isRequired
              size="short"
              maxLength={40}
            />
            <Field
              label="Date at the bank"
              name="date"
              type="date"
              value={refused?.typed.date ?? props.today}
              isRequired
              size="short"
            />
            {kind === "cash" && (
              <details>
                <summary>Notes and coins in the bag, for the pay-in slip</summary>
                <PiecesFields view={view} typed={{}} hasFocus={false} />
              </details>
            )}
            <button>Deposit at the bank</button>
          </Form>
        ) : (
          table
        )}
      </section>
    );
  };
  return (
    <Books view={view} title="Deposits" tab="money">
      <h1>Money to be deposited</h1>
      <p class="actions">
        <a href="/books/counters">Counters of the day</a>
        <a href="/books/cheques">Cheques and card batches</a>
      </p>
      {props.done !== undefined && props.done !== "" && (
        <Flash>
          Deposit {props.done} is booked.
          {props.deposits.some((d) => d.number === props.done) && (
            <>
              {" "}
              <a href={`/books/money/${props.deposits.find((d) => d.number === props.done)?.id ?? ""}/slip.pdf`}>
                Print its pay-in slip
              </a>
            </>
          )}
        </Flash>
      )}
      <div class="two">
        {part("cash", "Cash")}
        {part("cheques", "Cheques and drafts")}
      </div>
      <h2>Latest deposits</h2>
      <Table
        caption="Latest deposits"
        hideCaption
        stacks
        empty="No deposit yet."
        columns={[
          { title: "Deposit", kind: "code" },
          { title: "Date", kind: "code" },
          { title: "Slip" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={props.deposits.slice(0, 10).map((d) => ({
          cells: [
            d.number,
            formatDate(d.depositedOn),
            <a href={`/books/money/${d.id}/slip.pdf`}>
              {d.kind === "cash" ? "Cash" : "Cheques"}, slip {d.slipNumber} (PDF)
            </a>,
            <Amount value={d.amount} />,
          ],
        }))}
      />
    </Books>
  );
}

export function ReceiptInBooksPage(props: {
  readonly view: View;
  readonly receipt: Receipt;
  readonly entry: Entry | undefined;
  readonly roles: readonly string[];
  readonly today: string;
  readonly notice?: string;
  readonly typed?: {
    readonly date: string;
    readonly reason: string;
    readonly bankCharge: string;
    readonly payerCharge: string;
  };
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, receipt, entry, typed } = props;
  const isCheque = receipt.mode === "cheque" || receipt.mode === "dd";
  return (
    <Books view={view} title={`Receipt ${receipt.number}`} tab="money">
      <Crumbs trail={[["Deposits", "/books/money"]]} />
      <h1>
        Receipt {receipt.number} <Badge kind={receipt.status === "issued" ? "good" : "bad"}>{receipt.status}</Badge>
      </h1>
      {props.notice !== undefined && props.notice !== "" && (
        <Flash kind="note">
          The notice under section 138 must reach the drawer’s bank’s customer by {props.notice}.
        </Flash>
      )}
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["Date", formatDate(receipt.valueDate)],
          ["Payer", receipt.payerName],
          [
            "Consumer",
            `${receipt.consumerCode ?? "unidentified"}${receipt.service === null ? "" : ` · ${wordFor(view.t, "service", receipt.service)}`}`,
          ],
          ["Amount", `₹ ${formatIndian(receipt.amount)}`],
          [
            "Paid by",
            [
              wordFor(view.t, "mode", receipt.mode),
              receipt.instrument.number,
              receipt.instrument.bank,
              receipt.online?.reference,
            ]
              .filter(Boolean)
              .join(" · "),
          ],
          ["Instrument", receipt.instrument.status],
          ["Issued", `${formatMoment(receipt.issuedAt)} by ${receipt.issuedBy}`],
          ...(receipt.statusReason === null ? [] : [["Reason", receipt.statusReason] as const]),
          ["Entry", entry ? <a href={`/books/entries/${entry.id}`}>{entry.number}</a> : "none"],
          ["As the payer sees it", <a href={`/receipt/${receipt.token}`}>verify page and PDF</a>],
        ]}
      />
      <Table
        caption="What it settled"
        columns={[{ title: "For" }, { title: "Year" }, { title: "Amount (₹)", kind: "amount" }]}
        rows={[
          ...receipt.lines
            .filter((l) => l.kind !== "rebate")
            .map((l) => ({ cells: [l.title, l.demandYear ?? "", <Amount value={l.amount} />] })),
          { kind: "total" as const, cells: ["Total", "", <Amount value={receipt.amount} />] },
        ]}
      />
      {receipt.status === "issued" &&
        isCheque &&
        (receipt.instrument.status === "deposited" || receipt.instrument.status === "cleared") &&
        props.roles.includes("accountant") && (
          <Form view={view} action={`/books/receipts/${receipt.id}/dishonour`} class="panel" label="Dishonour">
            <h2>The bank returned it</h2>
            <p>What it had settled is due again, the charges are booked, and the receipt is marked as dishonoured.</p>
            <Field
              label="Date of the bank’s memo"
              name="date"
              type="date"
              value={typed?.date ?? props.today}
              isRequired
              size="short"
            />
            <Select
              label="Return reason of the clearing house"
              name="code"
              options={[
                { value: "", label: "none: the words below say it" },
                ...RETURN_REASONS.map((r) => ({
                  value: r.code,
                  label: `${r.code} ${r.words}${r.isDrawersFault ? "" : " (not the drawer’s fault)"}`,
                })),
              ]}
            />
            <Field label="Reason given by the bank" name="reason" value={typed?.reason} maxLength={200} />
            <Field
              label="What the bank charged us (₹)"
              name="bankCharge"
              value={typed?.bankCharge ?? "0"}
              isAmount
              isRequired
            />
            <Field
              label="What the payer is charged (₹)"
              name="payerCharge"
              value={typed?.payerCharge ?? "0"}
              hint="Nil where the drawer is not at fault"
              isAmount
              isRequired
            />
            <button class="danger">Mark as dishonoured</button>
          </Form>
        )}
      {receipt.status === "issued" &&
        receipt.channel === "counter" &&
        receipt.instrument.status === "received" &&
        props.roles.includes("checker") && (
          <Form view={view} action={`/books/receipts/${receipt.id}/cancel`} class="panel" label="Cancel">
            <h2>Cancel the receipt</h2>
            <p>Only while its money is still in the drawer; the money is handed back. The number stays used.</p>
            <Field label="Reason" name="reason" value={typed?.reason} isRequired maxLength={200} />
            <button class="danger">Cancel the receipt</button>
          </Form>
        )}
      {receipt.status === "issued" &&
        receipt.channel === "counter" &&
        receipt.consumerId !== null &&
        props.roles.includes("checker") && (
          <Form view={view} action={`/books/receipts/${receipt.id}/transfer`} class="panel" label="Transfer">
            <h2>It was meant for another account</h2>
            <p>The receipt is marked as transferred, a replacement settles the right account; no cash moves.</p>
            <Field label="Code of the right account" name="to" isRequired maxLength={60} />
            <Field label="Reason" name="reason" isRequired maxLength={200} />
            <button class="danger">Transfer the receipt</button>
          </Form>
        )}
    </Books>
  );
}

export function moneyRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const money = (who: Who) =>
    desk.read(who, async (read) => ({ inHand: await instrumentsInHand(read), deposits: await listRemittances(read) }));

  web.get<ById>("/books/money/:id/slip.pdf", async (request, reply) => {
    const who = desk.need(request, ...READERS.books, "cashier");
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/books/money" });
    const { slip, head } = await desk.read(who, async (read) => ({
      slip: await getDepositSlip(read, request.params.id),
      head: headOf(read, request.session.lang),
    }));
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .send(await depositSlipPdf(head, slip));
  });

  web.get("/books/money", async (request, reply) => {
    const who = desk.need(request, ...READERS.books, "cashier");
    const done = field(request.query, "done");
    const found = await money(who);
    return send(
      reply,
      <MoneyPage
        view={viewOf(request)}
        {...found}
        today={desk.today()}
        canWrite={who.actor.roles.includes("accountant")}
        done={/^RM\/[\d/-]{1,30}$/.test(done) ? done : ""}
      />,
    );
  });

  for (const kind of ["cash", "cheques"] as const) {
    web.post(`/books/money/${kind}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const body = (request.body ?? {}) as Record<string, unknown>;
      const chosen = new Set(
        Object.keys(body).flatMap((k) => (k.startsWith("i-") && isUuid(k.slice(2)) ? [k.slice(2)] : [])),
      );
      const typed: Typed = { slip: field(body, "slip").slice(0, 40), date: field(body, "date").slice(0, 10), chosen };
      const { counted } = pieces(body);
      const done = await attempt(async () => {
        const date = localDate(typed.date);
        if (typed.slip === "")
          throw v1Errors.REQUEST_INVALID({ problems: ["the number of the deposit slip is missing"] });
        return desk.write(who, (tx) =>
          depositInstruments(tx, {
            kind,
            instrumentIds: [...chosen],
            slipNumber: typed.slip,
            date,
            ...(Object.keys(counted).length === 0 ? {} : { denominations: counted }),
          }),
        );
      });
      if (done.ok)
        return reply.redirect(`/books/money?${new URLSearchParams({ done: done.value.number }).toString()}`, 303);
      const found = await money(who);
      return send(
        reply,
        <MoneyPage
          view={viewOf(request, "/books/money")}
          {...found}
          today={desk.today()}
          canWrite
          refused={{ kind, refusal: done.refusal, typed }}
        />,
        done.refusal.status,
      );
    });
  }

  const look = async (who: Who, id: string) => {
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/receipts/${id.slice(0, 60)}` });
    const found = await desk.read(who, async (read) => ({
      receipt: await getReceipt(read, id),
      entry: await receiptEntry(read, id),
    }));
    return { ...found, roles: who.actor.roles, today: desk.today() };
  };

  web.get<ById>("/books/receipts/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books, "cashier");
    const notice = field(request.query, "notice");
    return send(
      reply,
      <ReceiptInBooksPage
        view={viewOf(request)}
        {...await look(who, request.params.id)}
        notice={/^\d{2}\/\d{2}\/\d{4}$/.test(notice) ? notice : ""}
      />,
    );
  });

  web.post<ById>("/books/receipts/:id/dishonour", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const found = await look(who, request.params.id);
    const typed = {
      date: field(request.body, "date").slice(0, 10),
      reason: field(request.body, "reason").slice(0, 200),
      bankCharge: field(request.body, "bankCharge").slice(0, 30),
      payerCharge: field(request.body, "payerCharge").slice(0, 30),
    };
    const code = field(request.body, "code").slice(0, 10);
    const done = await attempt(async () => {
      if (code === "" && typed.reason === "")
        throw v1Errors.REQUEST_INVALID({ problems: ["the reason of the return is missing"] });
      const fact = {
        instrumentId: found.receipt.instrument.id,
        date: localDate(typed.date),
        reason: typed.reason,
        ...(code === "" ? {} : { reasonCode: code }),
        bankCharge: rupees(typedAmount(typed.bankCharge)),
        payerCharge: rupees(typedAmount(typed.payerCharge)),
      };
      return desk.write(who, (tx) => dishonour(tx, fact));
    });
    if (done.ok) {
      return reply.redirect(
        `/books/receipts/${found.receipt.id}?${new URLSearchParams({ notice: formatDate(done.value.noticeBy) }).toString()}`,
        303,
      );
    }
    return send(
      reply,
      <ReceiptInBooksPage
        view={viewOf(request, `/books/receipts/${found.receipt.id}`)}
        {...found}
        typed={typed}
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });

  web.post<ById>("/books/receipts/:id/cancel", async (request, reply) => {
    const who = desk.need(request, "checker");
    const found = await look(who, request.params.id);
    const reason = field(request.body, "reason").slice(0, 200);
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        cancelReceipt(tx, { receiptId: found.receipt.id, reason, requestedBy: found.receipt.issuedBy }),
      ),
    );
    if (done.ok) return reply.redirect(`/books/receipts/${found.receipt.id}`, 303);
    return send(
      reply,
      <ReceiptInBooksPage
        view={viewOf(request, `/books/receipts/${found.receipt.id}`)}
        {...found}
        typed={{ date: desk.today(), reason, bankCharge: "0", payerCharge: "0" }}
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });

  web.post<ById>("/books/receipts/:id/transfer", async (request, reply) => {
    const who = desk.need(request, "checker");
    const found = await look(who, request.params.id);
    const reason = field(request.body, "reason").slice(0, 200);
    const to = field(request.body, "to").slice(0, 60);
    const done = await attempt(() =>
      desk.write(who, async (tx) => {
        const hits = to.length < 2 ? [] : await findConsumers(tx, { query: to, limit: 20 });
        const right = hits.find((c) => c.code.toLowerCase() === to.toLowerCase());
        if (!right) throw v1Errors.REQUEST_INVALID({ problems: [`there is no account with the code “${to}”`] });
        return transferReceipt(tx, {
          receiptId: found.receipt.id,
          toConsumerId: right.id,
          reason,
          requestedBy: found.receipt.issuedBy,
        });
      }),
    );
    if (done.ok) return reply.redirect(`/books/receipts/${done.value.id}`, 303);
    return send(
      reply,
      <ReceiptInBooksPage
        view={viewOf(request, `/books/receipts/${found.receipt.id}`)}
        {...found}
        typed={{ date: desk.today(), reason, bankCharge: "0", payerCharge: "0" }}
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });
}
