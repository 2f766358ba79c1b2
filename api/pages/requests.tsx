import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { billFor, getConsumer, type Consumer } from "../../billing/index.ts";
import {
  atAccountOf,
  closeRequest,
  createPaymentRequest,
  findPayments,
  getRequest,
  listRequests,
  pollRequest,
  type PaymentRequest,
  type RequestKind,
} from "../../collections/index.ts";
import { formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, rupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { qrSvg } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Table } from "./components.tsx";
import { CounterFrame } from "./counter/common.tsx";
import { attempt, field, send, sendPart, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { oneConsumer } from "./online/consumer.ts";
import { OnlineTabs } from "./online/settings.tsx";

const KIND: Readonly<Record<RequestKind, string>> = {
  link: "Payment link",
  qr: "UPI code",
  "virtual-account": "Challan for NEFT or RTGS",
};
const STATE = {
  planned: { kind: "wait", says: "being made" },
  unknown: { kind: "wait", says: "being made: the gateway gave no clear answer yet" },
  open: { kind: "wait", says: "waits for the payment" },
  closed: { kind: "plain", says: "closed" },
  rejected: { kind: "bad", says: "the gateway refused it" },
} as const;
/** A code on the counter's screen is for the payer who stands before it. */
const COUNTER_MINUTES = 20;
const OFFICE_DAYS = 30;

type Paid = { readonly amount: Paise; readonly receiptId: string | null };
type Room = "counter" | "office";
const rootOf = (room: Room): string => (room === "counter" ? "/counter/requests" : "/books/requests");

// ---------------------------------------------------------------- one request

/** The request with its code, and whether it is paid. It asks again by itself; without scripts there is the link. */
export function RequestState(props: {
  readonly view: View;
  readonly room: Room;
  readonly request: PaymentRequest;
  readonly consumer: Consumer;
  readonly paid: readonly Paid[];
  readonly round: number;
}): VNode {
  const { request, consumer, paid, round } = props;
  const at = `${rootOf(props.room)}/${request.id}`;
  const asks =
    request.state === "open" || request.state === "planned" || request.state === "unknown"
      ? {
          "hx-get": `${at}?part=1&round=${round + 1}`,
          "hx-trigger": `load delay:${Math.min(3 + round, 30)}s`,
          "hx-swap": "outerHTML",
        }
      : {};
  return (
    <div id="state" role="status" {...asks}>
      <Flash kind="note">
        <Badge kind={STATE[request.state].kind}>{STATE[request.state].says}</Badge>
        {request.closedReason !== null && ` ${request.closedReason}`}
        {request.lastError !== null && ` ${request.lastError}`}
      </Flash>
      {request.url !== null && request.state === "open" && (
        <p class="code-to-scan">
          <img
            src={`/counter/requests/${request.id}/code`}
            width="280"
            height="280"
            alt={`${KIND[request.kind]} for ${consumer.code}, to be scanned`}
          />
        </p>
      )}
      <Facts
        facts={[
          ["For", `${consumer.code}, ${consumer.name}`],
          ["Amount", request.amount === null ? "as the payer chooses" : `₹ ${formatIndian(request.amount)}`],
          ...(request.firstPart === null
            ? []
            : [["May be paid in parts", `the first of ₹ ${formatIndian(request.firstPart)} or more`] as const]),
          ...(request.kind === "link" && request.url !== null
            ? [["Link", <a href={request.url}>{request.url}</a>] as const]
            : []),
          ...(request.accountNumber === null
            ? []
            : ([
                ["Account number", <span class="code">{request.accountNumber}</span>],
                ["IFSC", <span class="code">{request.ifsc ?? ""}</span>],
              ] as const)),
          ...(request.expiresAt === null ? [] : [["Open until", formatMoment(request.expiresAt)] as const]),
          ["Asked for by", `${request.requestedBy}, ${formatMoment(request.createdAt)}`],
        ]}
      />
      {paid.length > 0 && (
        <Table
          caption="What was paid through it"
          columns={[{ title: "Receipt" }, { title: "Amount (₹)", kind: "amount" }]}
          rows={paid.map((p) => ({
            cells: [
              p.receiptId === null ? "not a receipt yet" : <a href={`/counter/receipts/${p.receiptId}`}>Receipt</a>,
              <Amount value={p.amount} />,
            ],
          }))}
        />
      )}
      <p class="actions">
        <a class="button second" href={at}>
          Look again
        </a>
      </p>
    </div>
  );
}

function RequestPage(props: Parameters<typeof RequestState>[0] & { readonly refusal?: Refusal | undefined }): VNode {
  const { view, request, room } = props;
  const title = KIND[request.kind];
  const at = `${rootOf(room)}/${request.id}`;
  const body = (
    <>
      <Crumbs trail={[room === "counter" ? ["Counter", "/counter"] : ["Links, codes, challans", "/books/requests"]]} />
      <h1>{title}</h1>
      <Refused refusal={props.refusal} />
      <RequestState {...props} />
      {request.state === "open" && (
        <Form view={view} action={`${at}/close`} class="filter" label="Close">
          <Field label="Why it is closed" name="reason" value="the payer pays another way" maxLength={200} />
          <button class="second">Close it</button>
        </Form>
      )}
    </>
  );
  return room === "counter" ? (
    <CounterFrame view={view} title={title} scripts={["htmx.js"]}>
      {body}
    </CounterFrame>
  ) : (
    <Books view={view} title={title} tab="online" scripts={["htmx.js"]}>
      {body}
    </Books>
  );
}

// ---------------------------------------------------------------- the office's list

export type RequestTyped = {
  readonly consumer: string;
  readonly kind: string;
  readonly amount: string;
  readonly firstPart: string;
};

export function RequestsPage(props: {
  readonly view: View;
  readonly requests: readonly PaymentRequest[];
  readonly codes: ReadonlyMap<string, string>;
  readonly canAsk: boolean;
  readonly typed?: RequestTyped;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  return (
    <Books view={view} title="Links, codes, challans" tab="online">
      <h1>Links, codes, challans</h1>
      <OnlineTabs />
      <Refused refusal={props.refusal} />
      {props.canAsk && (
        <Form view={view} action="/books/requests" class="panel" label="Ask for a payment">
          <h2>Ask a consumer for a payment</h2>
          <Field
            label="Consumer code, mobile number or name"
            name="consumer"
            value={typed?.consumer}
            isRequired
            maxLength={60}
          />
          <fieldset>
            <legend>By</legend>
            {(Object.keys(KIND) as RequestKind[]).map((k) => (
              <label class="choice">
                <input type="radio" name="kind" value={k} checked={(typed?.kind ?? "link") === k} />
                {KIND[k]}
              </label>
            ))}
          </fieldset>
          <Field
            label="Amount (₹)"
            name="amount"
            value={typed?.amount}
            hint="Empty: all that is due today"
            isAmount
            maxLength={20}
          />
          <Field
            label="A link in parts: the first of at least (₹)"
            name="firstPart"
            value={typed?.firstPart}
            hint="Empty: it is paid at once. Each part has its own receipt"
            isAmount
            maxLength={20}
          />
          <button>Make it</button>
        </Form>
      )}
      <Table
        caption="Newest first"
        stacks
        empty="Nothing was asked for this way yet."
        columns={[
          { title: "When", kind: "code" },
          { title: "What" },
          { title: "Consumer", kind: "code" },
          { title: "State" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={props.requests.map((r) => ({
          cells: [
            <a href={`/books/requests/${r.id}`}>{formatMoment(r.createdAt)}</a>,
            KIND[r.kind],
            props.codes.get(r.consumerId) ?? "",
            <Badge kind={STATE[r.state].kind}>{STATE[r.state].says}</Badge>,
            r.amount === null ? "open" : <Amount value={r.amount} />,
          ],
        }))}
      />
    </Books>
  );
}

// ---------------------------------------------------------------- routes

/** What a person asks for, once: while the same stands open that he asked for, it is that. */
async function ask(
  desk: Desk,
  who: Who,
  terms: {
    readonly kind: RequestKind;
    readonly consumerId: string;
    readonly amount: string;
    readonly firstPart?: string;
    readonly expiresAt: Date;
  },
): Promise<PaymentRequest> {
  const { kind, consumerId, expiresAt } = terms;
  const bill = await attempt(() => desk.write(who, (tx) => billFor(tx, consumerId, desk.today())));
  const typed = terms.amount === "" ? undefined : rupees(typedAmount(terms.amount));
  const amount = kind === "virtual-account" ? typed : (typed ?? (bill.ok ? bill.value.total : undefined));
  const firstPart = terms.firstPart ? rupees(typedAmount(terms.firstPart)) : undefined;
  if (amount === undefined && !bill.ok && kind !== "virtual-account") throw bill.refusal;
  const now = desk.app.clock();
  const open = await desk.read(who, (read) => listRequests(read, { consumerId, state: "open", limit: 50 }));
  const same = open.find(
    (r) =>
      r.kind === kind &&
      r.amount === (amount ?? null) &&
      r.firstPart === (firstPart ?? null) &&
      r.requestedBy === who.actor.id &&
      (r.expiresAt === null || r.expiresAt.getTime() - now.getTime() > 5 * 60_000),
  );
  if (same) return same;
  return createPaymentRequest(await atAccountOf(desk.app, who, consumerId), who, {
    kind,
    consumerId,
    ...(bill.ok ? { billId: bill.value.id } : {}),
    ...(amount === undefined ? {} : { amount }),
    ...(firstPart === undefined ? {} : { firstPart }),
    expiresAt,
  });
}

export function requestRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const idOf = (request: FastifyRequest<ById>): string => {
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
    return request.params.id;
  };
  const look = (who: Who, id: string) =>
    desk.read(who, async (read) => {
      const request = await getRequest(read, id);
      const payments = await findPayments(read, { requestId: id });
      return {
        request,
        consumer: await getConsumer(read, request.consumerId),
        paid: payments.filter((p) => p.capturedAt !== null).map((p) => ({ amount: p.amount, receiptId: p.receiptId })),
      };
    });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    room: Room,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const id = idOf(request);
    let found = await look(who, id);
    const waits = found.paid.length === 0 || (found.request.firstPart !== null && found.request.state === "open");
    if (waits && found.request.providerId !== null && refusal === undefined) {
      // Its event may be late or lost: whoever looks asks the gateway too.
      await pollRequest(await atAccountOf(desk.app, who, found.request.consumerId), who, found.request);
      found = await look(who, id);
    }
    const isPart = field(request.query, "part") === "1";
    const receiptId = found.paid.find((p) => p.receiptId !== null)?.receiptId;
    // At the counter the code turns into the receipt; a code for many payments stays what it is.
    if (room === "counter" && receiptId && found.request.usage === "single" && refusal === undefined) {
      const at = `/counter/receipts/${receiptId}`;
      return isPart ? reply.header("hx-redirect", at).send("") : reply.redirect(at, 303);
    }
    const round = Math.min(Number(field(request.query, "round")) || 0, 1000);
    const view = viewOf(request, `${rootOf(room)}/${id}`);
    if (isPart) return sendPart(reply, <RequestState view={view} room={room} round={round} {...found} />);
    const page = <RequestPage view={view} room={room} round={round} refusal={refusal} {...found} />;
    return send(reply, page, refusal?.status ?? 200);
  };

  const close = async (request: FastifyRequest<ById>, reply: FastifyReply, who: Who, room: Room) => {
    const id = idOf(request);
    const done = await attempt(async () => {
      const { request: open } = await look(who, id);
      const reason = field(request.body, "reason").slice(0, 200) || "closed by hand";
      return closeRequest(await atAccountOf(desk.app, who, open.consumerId), who, id, reason);
    });
    if (done.ok) return reply.redirect(`${rootOf(room)}/${id}`, 303);
    return show(request, reply, who, room, done.refusal);
  };

  for (const room of ["counter", "office"] as const) {
    const readers = room === "counter" ? (["cashier"] as const) : READERS.books;
    const closers = room === "counter" ? (["cashier"] as const) : (["accountant"] as const);
    web.get<ById>(`${rootOf(room)}/:id`, async (request, reply) =>
      show(request, reply, desk.need(request, ...readers), room),
    );
    web.post<ById>(`${rootOf(room)}/:id/close`, async (request, reply) =>
      close(request, reply, desk.need(request, ...closers), room),
    );
  }

  web.get<ById>("/counter/requests/:id/code", async (request, reply) => {
    const who = desk.need(request, "cashier", ...READERS.books);
    const { request: found } = await look(who, idOf(request));
    if (found.url === null) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
    const image = found.kind === "qr" ? await imageAt(found.url) : undefined;
    void reply.header("cache-control", "private, max-age=300");
    return image
      ? reply.type(image.type).send(image.content)
      : reply.type("image/svg+xml; charset=utf-8").send(qrSvg(found.url));
  });

  web.post<ById>("/counter/upi/:id", async (request, reply) => {
    const who = desk.need(request, "cashier");
    const consumerId = idOf(request);
    const made = await attempt(() =>
      ask(desk, who, {
        kind: "qr",
        consumerId,
        amount: field(request.body, "amount").slice(0, 40),
        expiresAt: new Date(desk.app.clock().getTime() + COUNTER_MINUTES * 60_000),
      }),
    );
    if (made.ok) return reply.redirect(`/counter/requests/${made.value.id}`, 303);
    return send(
      reply,
      <CounterFrame view={viewOf(request, `/counter/take/${consumerId}`)} title="UPI code">
        <Crumbs trail={[["Counter", "/counter"]]} />
        <h1>UPI code</h1>
        <Refused refusal={made.refusal} />
        <p class="actions">
          <a class="button" href={`/counter/take/${consumerId}`}>
            Back to the payment
          </a>
        </p>
      </CounterFrame>,
      made.refusal.status,
    );
  });

  const list = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    more: { readonly typed?: RequestTyped; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => {
      const requests = await listRequests(read, { limit: 100 });
      const codes = new Map<string, string>();
      for (const id of new Set(requests.map((r) => r.consumerId))) codes.set(id, (await getConsumer(read, id)).code);
      return { requests, codes };
    });
    return send(
      reply,
      <RequestsPage
        view={viewOf(request, "/books/requests")}
        canAsk={who.actor.roles.includes("accountant")}
        {...found}
        {...more}
      />,
      more.refusal?.status ?? 200,
    );
  };

  web.get("/books/requests", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const consumer = field(request.query, "consumer").slice(0, 60);
    return list(
      request,
      reply,
      who,
      consumer === "" ? {} : { typed: { consumer, kind: "link", amount: "", firstPart: "" } },
    );
  });

  web.post("/books/requests", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed: RequestTyped = {
      consumer: field(request.body, "consumer").slice(0, 60),
      kind: field(request.body, "kind"),
      amount: field(request.body, "amount").slice(0, 40),
      firstPart: field(request.body, "firstPart").trim().slice(0, 40),
    };
    const made = await attempt(async () => {
      const consumer = await desk.read(who, (read) => oneConsumer(read, typed.consumer));
      return ask(desk, who, {
        kind: typed.kind === "qr" || typed.kind === "virtual-account" ? typed.kind : "link",
        consumerId: consumer.id,
        amount: typed.amount,
        firstPart: typed.firstPart,
        expiresAt: new Date(desk.app.clock().getTime() + OFFICE_DAYS * 86_400_000),
      });
    });
    if (made.ok) return reply.redirect(`/books/requests/${made.value.id}`, 303);
    return list(request, reply, who, { typed, refusal: made.refusal });
  });
}

/** The gateway's own picture of a code, if it is a picture of at most a megabyte. Its pages come from other origins, which ours do not load. */
async function imageAt(url: string): Promise<{ readonly type: string; readonly content: Buffer } | undefined> {
  if (!/^https?:\/\//.test(url)) return undefined;
  const answer = await fetch(url, { signal: AbortSignal.timeout(4000) }).catch(() => undefined);
  const type = answer?.headers.get("content-type")?.split(";")[0] ?? "";
  if (!answer?.ok || !/^image\/(png|jpeg|gif|webp)$/.test(type)) return undefined;
  if (Number(answer.headers.get("content-length") ?? 0) > 1_048_576) return undefined;
  const content = Buffer.from(await answer.arrayBuffer());
  return content.length > 1_048_576 ? undefined : { type, content };
}
