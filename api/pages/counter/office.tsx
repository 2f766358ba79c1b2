import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { findConsumers } from "../../../billing/index.ts";
import {
  allowCash,
  approveDifference,
  cashExceptions,
  chequesInOffice,
  clearInstruments,
  closeCounterDay,
  counterPolicy,
  daySheet,
  giveNotice,
  getReturnedCheque,
  listSessions,
  noticeServed,
  rejectDifference,
  setCounterPolicy,
  settleCardBatch,
  type CashException,
  type ChequesInOffice,
  type CounterPolicy,
  type CounterSession,
  type DaySheet,
} from "../../../collections/index.ts";
import { formatDate, formatMoment, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { formatIndian, paise, rupees, toRupees } from "../../../ledger/kernel/money.ts";
import { chequeNoticePdf, daySheetPdf, headOf } from "../../../reports/index.ts";
import { apiErrors } from "../../errors.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Field, Flash, Form, Mark, Refused, Select, Table } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import { attempt, dateField, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { ReadingTable } from "./drawer.tsx";

type OfficeFound = {
  readonly day: LocalDate;
  readonly office: string;
  readonly sheet: DaySheet;
  readonly waiting: readonly CounterSession[];
  readonly exceptions: readonly CashException[];
  readonly policy: CounterPolicy;
  readonly roles: readonly string[];
};

function OfficePage({
  view,
  found,
  refusal,
}: {
  readonly view: View;
  readonly found: OfficeFound;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { sheet, day, office, roles } = found;
  const decides = roles.includes("checker");
  const query = new URLSearchParams({ day, office }).toString();
  return (
    <Books view={view} title="Counters" tab="money">
      <h1>Counters on {formatDate(day)}</h1>
      <p class="actions">
        <a href="/books/money">Deposits</a>
        <a href="/books/cheques">Cheques and card batches</a>
      </p>
      <form method="get" action="/books/counters" class="filter">
        <Field label="Day" name="day" type="date" value={day} />
        <Field label="Office" name="office" value={office} maxLength={60} />
        <button class="second">Show</button>
      </form>
      <Refused refusal={refusal} />
      {found.waiting.length > 0 && (
        <section>
          <h2>Drawers that do not tally</h2>
          {found.waiting.map((s) => (
            <div class="panel">
              <p>
                <strong>
                  {s.counter}, {s.cashier}
                </strong>
                : counted ₹ {s.declared?.counted}. {s.declared?.reason}
              </p>
              {decides && (
                <div class="actions">
                  <Form view={view} action={`/books/counters/${s.id}/difference`}>
                    <input type="hidden" name="day" value={day} />
                    <input type="hidden" name="office" value={office} />
                    <button name="answer" value="approve">
                      Approve and close {s.counter}
                    </button>{" "}
                    <button class="second" name="answer" value="reject">
                      Count {s.counter} again
                    </button>
                  </Form>
                </div>
              )}
            </div>
          ))}
        </section>
      )}
      {sheet.sessions.map((r) => (
        <section>
          <h2>
            {r.session.counter} <Badge kind={r.session.status === "open" ? "wait" : "good"}>{r.session.status}</Badge>
          </h2>
          <ReadingTable view={view} reading={r} />
          {r.session.difference !== 0n && (
            <Flash kind="note">
              {r.session.difference < 0n ? "Short" : "Over"} by ₹{" "}
              {formatIndian(paise(r.session.difference < 0n ? -r.session.difference : r.session.difference))}:{" "}
              {r.session.differenceReason}, approved by {r.session.differenceApprovedBy}
            </Flash>
          )}
        </section>
      ))}
      <h2>The day</h2>
      <ul>
        {sheet.checks.map((c) => (
          <li>
            <Mark ok={c.problems.length === 0} /> {c.name}
            {c.problems.length > 0 && `: ${c.problems.join("; ")}`}
          </li>
        ))}
      </ul>
      <div class="actions">
        <a class="button second" href={`/books/counters/day.pdf?${query}`}>
          Day sheet (PDF)
        </a>
        {sheet.closed === null && (
          <Form view={view} action="/books/counters/close">
            <input type="hidden" name="day" value={day} />
            <input type="hidden" name="office" value={office} />
            <button>Close the day</button>
          </Form>
        )}
      </div>
      {sheet.closed && (
        <p>
          Closed by {sheet.closed.by}, {formatMoment(sheet.closed.at)}
        </p>
      )}
      <h2>Cash above the limit</h2>
      <Table
        caption="Receipts of cash above the limit of this day"
        hideCaption
        stacks
        empty="None."
        columns={[
          { title: "Payer" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Allowed by" },
          { title: "Reason" },
        ]}
        rows={found.exceptions.map((e) => ({
          cells: [
            <a href={`/books/receipts/${e.receiptId}`}>{e.payerName}</a>,
            <Amount value={e.amount} />,
            e.allowedBy,
            e.reason,
          ],
        }))}
      />
      {decides && (
        <details>
          <summary>Allow cash above the limit, once</summary>
          <Form view={view} action="/books/counters/allow" class="panel">
            <input type="hidden" name="day" value={day} />
            <Select
              label="Payer known by"
              name="kind"
              options={[
                { value: "consumer", label: "Account code" },
                { value: "mobile", label: "Mobile number" },
                { value: "pan", label: "PAN" },
              ]}
            />
            <Field label="Code, number or PAN" name="payer" isRequired maxLength={60} />
            <Field
              label="Up to, with what he gave on the day already (₹)"
              name="upTo"
              isAmount
              isRequired
              maxLength={20}
            />
            <Field label="Reason, order" name="reason" isRequired maxLength={300} />
            <button>Allow it</button>
          </Form>
        </details>
      )}
      {roles.includes("admin") && <PolicyForm view={view} policy={found.policy} />}
    </Books>
  );
}

function PolicyForm({ view, policy }: { readonly view: View; readonly policy: CounterPolicy }): VNode {
  return (
    <details>
      <summary>Rules of the counters</summary>
      <Form view={view} action="/books/counters/policy" class="panel" label="Rules of the counters">
        <Select
          label="A cheque gets"
          name="chequeReceipt"
          value={policy.chequeReceipt}
          options={[
            { value: "at-tender", label: "its receipt at once, subject to realisation" },
            { value: "at-realisation", label: "an acknowledgement; the receipt when the bank has the money" },
          ]}
        />
        <Select
          label="Cash is taken"
          name="cashRounding"
          value={policy.cashRounding}
          options={[
            { value: "none", label: "to the paisa" },
            { value: "up-to-rupee", label: "in whole rupees, with a rounding" },
          ]}
        />
        <Select
          label="Cash of two lakh and more"
          name="hasCashLimit"
          value={policy.hasCashLimit ? "yes" : "no"}
          options={[
            { value: "yes", label: "is refused without permission" },
            { value: "no", label: "is taken (the ULB is exempted)" },
          ]}
        />
        <Field
          label="Deposited cheques stand in clearing until the bank credits them, from"
          name="clearingHeadFrom"
          type="date"
          value={policy.clearingHeadFrom ?? ""}
          hint="empty: they are in the bank's head from their deposit, and the bank reconciliation statement lists them"
        />
        <Field
          label="No cheque after so many returned in twelve months"
          name="chequeBlockAfter"
          value={String(policy.chequeBlockAfter)}
          hint="0: never refused"
          isNumeric
          isRequired
          maxLength={2}
        />
        <Field
          label="Charge for a returned cheque (₹)"
          name="dishonourCharge"
          value={toRupees(policy.dishonourCharge)}
          isAmount
          isRequired
          maxLength={12}
        />
        <Field
          label="Leaves of manual books are entered within (days)"
          name="manualDays"
          value={String(policy.manualDays)}
          isNumeric
          isRequired
          maxLength={3}
        />
        <Field label="Resolution or reason" name="reason" isRequired maxLength={300} />
        <button>Set the rules</button>
      </Form>
    </details>
  );
}

function ChequesPage(props: {
  readonly view: View;
  readonly found: ChequesInOffice;
  readonly roles: readonly string[];
  readonly today: LocalDate;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, found, today } = props;
  const writes = props.roles.includes("accountant");
  return (
    <Books view={view} title="Cheques and card batches" tab="money">
      <h1>Cheques and card batches</h1>
      <p class="actions">
        <a href="/books/money">Deposits</a>
        <a href="/books/counters">Counters</a>
      </p>
      <Refused refusal={props.refusal} />
      <h2>At the bank, not heard of yet</h2>
      <Form view={view} action="/books/cheques/clear">
        <Table
          caption="Cheques, drafts and postal orders at the bank"
          hideCaption
          stacks
          empty="None."
          columns={[
            ...(writes ? [{ title: "Cleared" }] : []),
            { title: "Deposited", kind: "code" as const },
            { title: "Instrument" },
            { title: "Amount (₹)", kind: "amount" as const },
            { title: "Paper" },
          ]}
          rows={found.atBank.map((l) => ({
            cells: [
              ...(writes
                ? [
                    <input
                      type="checkbox"
                      name={`i-${l.id}`}
                      value="yes"
                      aria-label={`${l.kind} ${l.number} is cleared`}
                    />,
                  ]
                : []),
              formatDate(l.depositedOn),
              `${wordFor(view.t, "mode", l.kind)} ${l.number} ${l.bank}`,
              <Amount value={l.amount} />,
              l.receiptId === null ? "acknowledged" : <a href={`/books/receipts/${l.receiptId}`}>receipt</a>,
            ],
          }))}
        />
        {writes && found.atBank.length > 0 && (
          <>
            <Field label="On the bank’s statement of" name="date" type="date" value={today} isRequired size="short" />
            <button>Mark as cleared</button>
          </>
        )}
      </Form>
      <h2>Returned</h2>
      <Table
        caption="Returned cheques"
        hideCaption
        stacks
        empty="None in the last twelve months."
        columns={[
          { title: "Returned", kind: "code" },
          { title: "Cheque" },
          { title: "Drawer" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Notice (s.138)" },
        ]}
        rows={found.returned.map((c) => ({
          cells: [
            formatDate(c.dishonouredOn),
            `${c.number} ${c.bank}: ${c.reason}`,
            `${c.payerName} ${c.consumerCode}`,
            <Amount value={c.amount} />,
            !c.isDrawersFault ? (
              "not the drawer’s fault"
            ) : c.issuedOn === null ? (
              <>
                by {formatDate(c.dates.noticeBy)}{" "}
                {writes && (
                  <Form view={view} action={`/books/cheques/${c.dishonourId}/notice`}>
                    <button class="small">Give the notice for {c.number}</button>
                  </Form>
                )}
              </>
            ) : (
              <>
                <a href={`/books/cheques/${c.dishonourId}/notice.pdf`}>given {formatDate(c.issuedOn)}</a>
                {c.dates.payBy === null || c.dates.complaintBy === null ? (
                  writes && (
                    <Form view={view} action={`/books/cheques/${c.dishonourId}/served`}>
                      <input type="date" name="date" value={today} aria-label={`Notice for ${c.number} served on`} />{" "}
                      <button class="small second">Served</button>
                    </Form>
                  )
                ) : (
                  <>
                    {" "}
                    · pay by {formatDate(c.dates.payBy)}, complaint by {formatDate(c.dates.complaintBy)}
                  </>
                )}
              </>
            ),
          ],
        }))}
      />
      <h2>Card and UPI slips, not settled</h2>
      <Table
        caption="Slips of the machines by batch"
        hideCaption
        stacks
        empty="None."
        columns={[
          { title: "Bank" },
          { title: "Batch", kind: "code" },
          { title: "RRN", kind: "code" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={found.slips.map((s) => ({
          cells: [
            s.acquirer,
            s.batchNo ?? "",
            <a href={`/books/receipts/${s.receiptId}`}>{s.rrn}</a>,
            <Amount value={s.amount} />,
          ],
        }))}
      />
      {writes && found.slips.length > 0 && (
        <Form view={view} action="/books/cheques/batch" class="panel" label="Settlement of a batch">
          <h3>The bank of the machine settled a batch</h3>
          <div class="fields">
            <Field
              label="Bank of the machine"
              name="acquirer"
              value={found.slips[0]?.acquirer}
              isRequired
              maxLength={60}
            />
            <Field label="Batch" name="batch" value={found.slips[0]?.batchNo ?? ""} isRequired maxLength={20} />
            <Field label="Gross (₹)" name="gross" isAmount isRequired maxLength={20} />
            <Field label="Fee (₹)" name="fee" value="0" isAmount isRequired maxLength={20} />
            <Field label="GST on the fee (₹)" name="gst" value="0" isAmount isRequired maxLength={20} />
            <Field label="UTR" name="utr" isRequired maxLength={40} />
            <Field label="Date at the bank" name="date" type="date" value={today} isRequired />
          </div>
          <button>Book the settlement</button>
        </Form>
      )}
    </Books>
  );
}

export function counterOfficeRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  type Asked = Parameters<Desk["need"]>[0];

  const look = async (request: Asked, from: unknown): Promise<OfficeFound> => {
    const who = desk.need(request, ...READERS.books);
    const day = dateField(from, "day", desk.today());
    const office = field(from, "office").slice(0, 60);
    return desk.read(who, async (read) => ({
      day,
      office,
      sheet: await daySheet(read, office, day),
      waiting: (await listSessions(read, day)).filter((s) => s.declared !== null && s.status === "open"),
      exceptions: await cashExceptions(read, day, day),
      policy: await counterPolicy(read),
      roles: who.actor.roles,
    }));
  };
  const again = async (request: Asked, refusal: Refusal) => (
    <OfficePage view={viewOf(request, "/books/counters")} found={await look(request, request.body)} refusal={refusal} />
  );
  const backTo = (body: unknown): string =>
    `/books/counters?${new URLSearchParams({ day: field(body, "day").slice(0, 10), office: field(body, "office").slice(0, 60) }).toString()}`;

  web.get("/books/counters", async (request, reply) =>
    send(reply, <OfficePage view={viewOf(request)} found={await look(request, request.query)} />),
  );

  web.get("/books/counters/day.pdf", async (request, reply) => {
    const { sheet } = await look(request, request.query);
    const who = desk.need(request, ...READERS.books);
    const head = await desk.read(who, (read) => Promise.resolve(headOf(read, request.session.lang)));
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .send(await daySheetPdf(head, sheet));
  });

  web.post<ById>("/books/counters/:id/difference", async (request, reply) => {
    const who = desk.need(request, "checker");
    const { id } = request.params;
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/books/counters" });
    const approves = field(request.body, "answer") === "approve";
    const done = await attempt(() =>
      desk.write(who, (tx) => (approves ? approveDifference(tx, id) : rejectDifference(tx, id))),
    );
    if (done.ok) return reply.redirect(backTo(request.body), 303);
    return send(reply, await again(request, done.refusal), done.refusal.status);
  });

  web.post("/books/counters/close", async (request, reply) => {
    const who = desk.need(request, "checker", "accountant");
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        closeCounterDay(tx, field(request.body, "office").slice(0, 60), localDate(field(request.body, "day"))),
      ),
    );
    if (done.ok) return reply.redirect(backTo(request.body), 303);
    return send(reply, await again(request, done.refusal), done.refusal.status);
  });

  web.post("/books/counters/allow", async (request, reply) => {
    const who = desk.need(request, "checker");
    const { body } = request;
    const kind = field(body, "kind");
    const done = await attempt(async () => {
      const upTo = rupees(typedAmount(field(body, "upTo")));
      const day = localDate(field(body, "day"));
      return desk.write(who, async (tx) => {
        const typed = field(body, "payer").slice(0, 60);
        const payerKind = kind === "mobile" || kind === "pan" ? kind : "consumer";
        const hits =
          payerKind === "consumer" && typed.length > 1 ? await findConsumers(tx, { query: typed, limit: 5 }) : [];
        const consumer = hits.find((c) => c.code.toLowerCase() === typed.toLowerCase());
        const payer = payerKind === "consumer" ? (consumer?.id ?? "") : typed;
        return allowCash(tx, { payerKind, payer, upTo, day, reason: field(body, "reason").slice(0, 300) });
      });
    });
    if (done.ok) return reply.redirect(backTo(body), 303);
    return send(reply, await again(request, done.refusal), done.refusal.status);
  });

  web.post("/books/counters/policy", async (request, reply) => {
    const who = desk.need(request, "admin");
    const { body } = request;
    const whole = (name: string): number =>
      /^\d{1,3}$/.test(field(body, name)) ? Number(field(body, name)) : Number.NaN;
    const done = await attempt(async () => {
      const change: CounterPolicy = {
        chequeReceipt: field(body, "chequeReceipt") === "at-realisation" ? "at-realisation" : "at-tender",
        cashRounding: field(body, "cashRounding") === "up-to-rupee" ? "up-to-rupee" : "none",
        hasCashLimit: field(body, "hasCashLimit") !== "no",
        clearingHeadFrom: field(body, "clearingHeadFrom") === "" ? null : localDate(field(body, "clearingHeadFrom")),
        chequeBlockAfter: whole("chequeBlockAfter"),
        manualDays: whole("manualDays"),
        dishonourCharge: rupees(typedAmount(field(body, "dishonourCharge"))),
      };
      return desk.write(who, (tx) => setCounterPolicy(tx, change, field(body, "reason").slice(0, 300)));
    });
    if (done.ok) return reply.redirect("/books/counters", 303);
    return send(reply, await again(request, done.refusal), done.refusal.status);
  });

  // ---------------------------------------------------------------- cheques, notices, card batches

  const cheques = async (request: Asked, refusal?: Refusal) => {
    const who = desk.need(request, ...READERS.books, "cashier");
    const today = desk.today();
    const found = await desk.read(who, (read) => chequesInOffice(read, today));
    return (
      <ChequesPage
        view={viewOf(request, "/books/cheques")}
        found={found}
        roles={who.actor.roles}
        today={today}
        refusal={refusal}
      />
    );
  };
  web.get("/books/cheques", async (request, reply) => send(reply, await cheques(request)));

  const act = (path: string, work: (request: Asked, id: string) => Promise<unknown>): void => {
    web.post<{ Params: { id?: string } }>(path, async (request, reply) => {
      desk.need(request, "accountant");
      const id = request.params.id ?? "";
      if (path.includes(":id") && !isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/books/cheques" });
      const done = await attempt(() => work(request, id));
      if (done.ok) return reply.redirect("/books/cheques", 303);
      return send(reply, await cheques(request, done.refusal), done.refusal.status);
    });
  };
  act("/books/cheques/clear", (request) => {
    const who = desk.need(request, "accountant");
    const body = (request.body ?? {}) as Record<string, unknown>;
    const ids = Object.keys(body).flatMap((k) => (k.startsWith("i-") && isUuid(k.slice(2)) ? [k.slice(2)] : []));
    const on = localDate(field(body, "date"));
    return ids.length === 0 ? Promise.resolve() : desk.write(who, (tx) => clearInstruments(tx, ids, on));
  });
  act("/books/cheques/:id/notice", (request, id) =>
    desk.write(desk.need(request, "accountant"), (tx) => giveNotice(tx, id)),
  );
  act("/books/cheques/:id/served", (request, id) => {
    const on = localDate(field(request.body, "date"));
    return desk.write(desk.need(request, "accountant"), (tx) => noticeServed(tx, id, on));
  });
  act("/books/cheques/batch", (request) => {
    const { body } = request;
    const amount = (name: string) => rupees(typedAmount(field(body, name)));
    const batch = {
      acquirer: field(body, "acquirer").slice(0, 60),
      batchNo: field(body, "batch").slice(0, 20),
      gross: amount("gross"),
      fee: amount("fee"),
      feeGst: amount("gst"),
      utr: field(body, "utr").slice(0, 40),
      date: localDate(field(body, "date")),
    };
    return desk.write(desk.need(request, "accountant"), (tx) => settleCardBatch(tx, batch));
  });

  web.get<ById>("/books/cheques/:id/notice.pdf", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: "/books/cheques" });
    const { cheque, head } = await desk.read(who, async (read) => ({
      cheque: await getReturnedCheque(read, request.params.id),
      head: headOf(read),
    }));
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .send(await chequeNoticePdf(head, cheque));
  });
}
