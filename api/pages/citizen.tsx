import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  billFor,
  findConsumers,
  getConsumer,
  listConsumers,
  openDuesOf,
  previewBill,
  services,
  listTaxHeads,
  type BillBody,
  type BillLine,
  type Consumer,
  type TaxHead,
} from "../../billing/index.ts";
import {
  atAccountOf,
  atGatewayOf,
  checkoutForm,
  createOrder,
  findPayments,
  getOrder,
  getReceipt,
  handleCallback,
  pollOrder,
  heldAcknowledgements,
  upiLimit,
  type Acknowledgement,
} from "../../collections/index.ts";
import { atServiceOfOrder } from "../service-gateway.ts";
import { formatDate, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, rupees, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Read, Ulb } from "../../ledger/kernel/tx.ts";
import { billPdf, billView } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { returnAddress } from "../upyog/index.ts";
import { Amount, Facts, Field, Flash, Form, Refused, Select, Table, type Row } from "./components.tsx";
import { wordFor } from "./i18n.ts";
import { attempt, field, formKey, send, sendPart, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { Layout } from "./layout.tsx";
import { readWhy, WhyPage } from "./why.tsx";

/**
 * "A•••• V••••": enough for the owner to know himself. Codes are counted up and mobile numbers can be tried, so whoever is not signed in
 * gets no whole name for either; the receipt, whose address cannot be guessed, has it.
 */
function masked(name: string): string {
  return name
    .split(/\s+/)
    .map((part) => `${[...new Intl.Segmenter().segment(part)][0]?.segment ?? ""}${"•".repeat(4)}`)
    .join(" ");
}

function shownName(view: View, of: { readonly name: string; readonly nameLocal: string | null }): string {
  return view.session.user ? localName(view, of) : masked(localName(view, of));
}

function localName(view: View, of: { readonly name: string; readonly nameLocal: string | null }): string {
  return (view.session.lang === "hi" ? of.nameLocal : null) ?? of.name;
}

// ---------------------------------------------------------------- search

export function Hits({
  view,
  query,
  hits,
}: {
  readonly view: View;
  readonly query: string;
  readonly hits: readonly Consumer[];
}): VNode {
  const { t } = view;
  if (query === "") return <div id="hits" />;
  if (query.length < 4) {
    return (
      <div id="hits" role="status">
        <p class="empty">{t("pay.short")}</p>
      </div>
    );
  }
  return (
    <div id="hits" role="status">
      <Table
        caption={t("pay.results")}
        stacks
        empty={t("pay.none", { query })}
        columns={[
          { title: t("pay.code"), kind: "code" },
          { title: t("pay.service") },
          { title: t("pay.name") },
          { title: t("pay.ward") },
          { title: t("pay.view"), kind: "action" },
        ]}
        rows={hits.map((consumer) => ({
          cells: [
            consumer.code,
            wordFor(t, "service", consumer.service),
            shownName(view, consumer),
            consumer.ward,
            <a href={`/pay/${consumer.id}`}>
              {t("pay.view")}
              <span class="sr"> {consumer.code}</span>
            </a>,
          ],
        }))}
      />
      {hits.length > 0 && !view.session.user && <p class="hint">{t("pay.masked")}</p>}
    </div>
  );
}

export function SearchPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly query: string;
  readonly service: string;
  readonly services: readonly string[];
  readonly hits: readonly Consumer[];
  readonly examples: readonly Consumer[];
}): VNode {
  const { view, query } = props;
  const { t } = view;
  return (
    <Layout view={view} title={t("pay.title")} section="pay" ulb={props.ulb} scripts={["htmx.js"]}>
      <h1>{t("pay.title")}</h1>
      <p>{t("pay.lead")}</p>
      <form method="get" action="/pay" class="panel" role="search">
        <Select
          label={t("pay.service")}
          name="service"
          value={props.service}
          options={[
            { value: "", label: t("pay.service.all") },
            ...props.services.map((s) => ({ value: s, label: wordFor(t, "service", s) })),
          ]}
        />
        <Field
          label={t("pay.query")}
          name="q"
          type="search"
          value={query}
          hint={t("pay.query.hint")}
          maxLength={60}
          hasFocus={query === ""}
          isRequired
          htmx={{
            "hx-get": "/pay/search",
            "hx-trigger": "input changed delay:400ms",
            "hx-target": "#hits",
            "hx-swap": "outerHTML",
            "hx-include": "closest form",
          }}
        />
        <button>{t("pay.search")}</button>
      </form>
      <Hits view={view} query={query} hits={props.hits} />
      {props.examples.length > 0 && query === "" && (
        <section>
          <h2>{t("pay.recent")}</h2>
          <ul>
            {props.examples.map((c) => (
              <li>
                <a href={`/pay/${c.id}`}>{c.code}</a> · {wordFor(t, "service", c.service)} · {shownName(view, c)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Layout>
  );
}

async function search(read: Read, query: string, service: string): Promise<Consumer[]> {
  if (query.length < 4) return [];
  const found = await findConsumers(read, { query, limit: 20, ...(service === "" ? {} : { service }) });
  // Only the code and the mobile lead to a bill here: whoever knows a name alone is no consumer.
  return found.filter((c) => c.code.toLowerCase().startsWith(query.toLowerCase()) || c.mobile === query);
}

// ---------------------------------------------------------------- the bill

export type BillView = {
  readonly consumer: Consumer;
  readonly body: BillBody;
  readonly heads: ReadonlyMap<string, Pick<TaxHead, "name" | "nameLocal">>;
  /** Cheques that were acknowledged and that the bank has not credited yet: what they will settle is still due. */
  readonly clearing: readonly Pick<Acknowledgement, "number" | "amount" | "receivedOn">[];
  /** What a UPI app may pay at once. */
  readonly upiLimit: Paise;
};

/** What was handed in and waits for the bank, under the sum that is still due. Nothing where nothing waits. */
export function UnderClearing({ view, bill }: { readonly view: View; readonly bill: BillView }): VNode | null {
  const { t } = view;
  if (bill.clearing.length === 0) return null;
  const total = formatIndian(sum(bill.clearing.map((a) => a.amount)));
  return (
    <Flash kind="note">
      <p>
        <strong>{t("bill.clearing", { amount: total })}</strong>
      </p>
      <ul>
        {bill.clearing.map((a) => (
          <li>
            {t("bill.clearing.of", {
              amount: formatIndian(a.amount),
              number: a.number,
              date: formatDate(a.receivedOn),
            })}
          </li>
        ))}
      </ul>
      <p>{t("bill.clearing.note")}</p>
    </Flash>
  );
}

/** The bill explained: where each rupee comes from. Without what it is paid with, so that the counter shows the same. */
export function BillExplained(props: {
  readonly view: View;
  readonly bill: BillView;
  /** Where a line is explained; nowhere at the counter. */
  readonly why?: (line: BillLine) => string | undefined;
}): VNode {
  const { view, bill, why = () => undefined } = props;
  const { t } = view;
  const { body, heads } = bill;
  const nameOf = (code: string): string => {
    const head = heads.get(code);
    return head ? localName(view, head) : code;
  };
  const years = [...new Set(body.lines.map((l) => l.demandYear))].sort();
  const rows = years.flatMap((year: FinancialYear): Row[] => {
    const lines = body.lines.filter((l) => l.demandYear === year);
    return [
      ...lines.map((l): Row => ({
        cells: [
          year,
          <WhyLink view={view} name={nameOf(l.taxHead)} year={year} at={why(l)} />,
          formatDate(l.dueDate),
          <Amount value={l.amount} />,
          l.cess === 0n ? "" : <Amount value={l.cess} />,
        ],
      })),
      ...(years.length > 1 && lines.length > 1
        ? [
            {
              kind: "total" as const,
              cells: [
                "",
                t("bill.yeartotal", { year }),
                "",
                <Amount value={sum(lines.map((l) => l.amount))} />,
                <Amount value={sum(lines.map((l) => l.cess))} blank />,
              ],
            },
          ]
        : []),
    ];
  });
  return (
    <>
      <UnderClearing view={view} bill={bill} />
      <div class="panel sum">
        <Facts
          facts={[
            ...(body.arrears === 0n ? [] : [[t("bill.arrears"), <Amount value={body.arrears} />] as const]),
            ...(body.current === 0n ? [] : [[t("bill.current"), <Amount value={body.current} />] as const]),
            ...(body.penalty === 0n ? [] : [[t("bill.penalty"), <Amount value={body.penalty} />] as const]),
            ...(body.rebate === 0n ? [] : [[t("bill.rebate"), <>− {formatIndian(body.rebate)}</>] as const]),
            ...(body.rounding === 0n ? [] : [[t("bill.rounding"), <Amount value={body.rounding} />] as const]),
            [t("bill.total"), <>₹ {formatIndian(body.total)}</>],
          ]}
        />
      </div>
      <h2>{t("bill.how")}</h2>
      <Table
        caption={t("bill.how")}
        hideCaption
        stacks
        columns={[
          { title: t("bill.year"), kind: "code" },
          { title: t("bill.head") },
          { title: t("bill.due") },
          { title: t("bill.amount"), kind: "amount" },
          { title: t("bill.cess"), kind: "amount" },
        ]}
        rows={rows}
      />
      {body.lines.some((l) => l.cess > 0n) && <p class="hint">{t("bill.cess.note")}</p>}
    </>
  );
}

function WhyLink(props: {
  readonly view: View;
  readonly name: string;
  readonly year: string;
  readonly at: string | undefined;
}): VNode {
  const { view, name, at } = props;
  if (at === undefined) return <>{name}</>;
  return (
    <>
      {name}
      <br />
      <a href={at}>
        {view.t("why.title")}
        <span class="sr">
          {" "}
          {name} {props.year}
        </span>
      </a>
    </>
  );
}

export function BillPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly bill: BillView;
  readonly keys: { readonly whole: string; readonly part: string };
  readonly typed?: string;
  readonly refusal?: Refusal | undefined;
  readonly hasChanged?: boolean;
}): VNode {
  const { view, bill } = props;
  const { t } = view;
  const { consumer, body } = bill;
  const action = `/pay/${consumer.id}`;
  const total = formatIndian(body.total);
  return (
    <Layout view={view} title={`${t("bill.title")} ${consumer.code}`} section="pay" ulb={props.ulb}>
      <h1>{t("bill.title")}</h1>
      <Facts
        facts={[
          [t("pay.code"), consumer.code],
          [t("pay.service"), wordFor(t, "service", consumer.service)],
          [t("pay.name"), shownName(view, consumer)],
          [t("pay.address"), `${consumer.address} · ${t("pay.ward")} ${consumer.ward}`],
        ]}
      />
      {props.hasChanged && <Flash kind="note">{t("bill.changed", { amount: total })}</Flash>}
      {body.lines.length === 0 ? (
        <>
          <Refused refusal={props.refusal} view={view} />
          <UnderClearing view={view} bill={bill} />
          <Flash>
            <p>
              <strong>{t("bill.nothing")}</strong>
            </p>
            {consumer.advance > 0n && <p>{t("bill.advance", { amount: formatIndian(consumer.advance) })}</p>}
          </Flash>
        </>
      ) : (
        <>
          <h2>{t("bill.asof", { date: formatDate(body.asOf) })}</h2>
          <BillExplained
            view={view}
            bill={bill}
            why={(line) =>
              line.demandId === null || line.part === "penalty" ? undefined : `${action}/why/${line.demandId}`
            }
          />
          <h2 id="payment">{t("bill.pay.title")}</h2>
          {body.total > bill.upiLimit && (
            <Flash kind="note">{t("bill.pay.upi-limit", { limit: formatIndian(bill.upiLimit) })}</Flash>
          )}
          <Refused refusal={props.refusal} view={view} />
          <div class="two">
            <Form
              view={view}
              action={action}
              idempotencyKey={props.keys.whole}
              class="panel"
              label={t("bill.pay.whole")}
            >
              <h3>{t("bill.pay.whole")}</h3>
              <input type="hidden" name="choice" value="whole" />
              <input type="hidden" name="shown" value={toRupees(body.total)} />
              <button>{t("bill.pay.whole.submit", { amount: total })}</button>
            </Form>
            <Form view={view} action={action} idempotencyKey={props.keys.part} class="panel" label={t("bill.pay.part")}>
              <h3>{t("bill.pay.part")}</h3>
              <input type="hidden" name="choice" value="part" />
              <Field
                label={t("bill.pay.amount")}
                name="amount"
                value={props.typed}
                isWrong={Boolean(props.typed) && props.refusal !== undefined}
                hasFocus={Boolean(props.typed) && props.refusal !== undefined}
                hint={t("bill.pay.amount.hint")}
                isAmount
                isRequired
                maxLength={20}
              />
              <button class="second">{t("bill.pay.submit")}</button>
            </Form>
          </div>
          <Form view={view} action={`${action}/bill`} label={t("bill.pdf")}>
            <p class="actions">
              <button class="second">{t("bill.pdf")}</button>
            </p>
          </Form>
        </>
      )}
      <p class="actions">
        <a href="/pay">{t("bill.other")}</a>
      </p>
    </Layout>
  );
}

export async function readBill(read: Read, consumerId: string, on: LocalDate): Promise<BillView> {
  const consumer = await getConsumer(read, consumerId);
  const heads = new Map((await listTaxHeads(read, on, consumer.service)).map((h) => [h.code, h]));
  return {
    consumer,
    body: await previewBill(read, consumerId, on),
    heads,
    clearing: await heldAcknowledgements(read, consumerId),
    upiLimit: (await upiLimit(read)).amount,
  };
}

// ---------------------------------------------------------------- payment

export function CheckoutPage(props: {
  readonly view: View;
  readonly ulb: Ulb;
  readonly amount: string;
  readonly what: string;
  readonly back: string;
  readonly form: { readonly action: string; readonly fields: Readonly<Record<string, string>> };
}): VNode {
  const { t } = props.view;
  return (
    <Layout view={props.view} title={t("checkout.title")} section="pay" ulb={props.ulb} scripts={["autosubmit.js"]}>
      <h1>{t("checkout.title")}</h1>
      <p>{t("checkout.text", { amount: props.amount, what: props.what })}</p>
      <form method="post" action={props.form.action} data-autosubmit>
        {Object.entries(props.form.fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <div class="actions">
          <button autofocus>{t("checkout.submit")}</button>
          <a href={props.back}>{t("checkout.back")}</a>
        </div>
      </form>
    </Layout>
  );
}

export type Outcome =
  | { readonly kind: "waiting"; readonly round: number }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "refund"; readonly refundId: string };

/** What became of a payment; while nothing did, it asks again by itself, ever more slowly. */
export function PaymentState(props: {
  readonly view: View;
  readonly orderId: string;
  readonly consumerId: string;
  readonly amount: string;
  readonly outcome: Outcome;
}): VNode {
  const { t } = props.view;
  const { outcome } = props;
  if (outcome.kind === "failed") {
    return (
      <div id="state" role="status">
        <h1>{t("processing.failed.title")}</h1>
        <Flash kind="problem">{t("processing.failed.text", { reason: outcome.reason })}</Flash>
        <p class="actions">
          <a class="button" href={`/pay/${props.consumerId}`}>
            {t("processing.retry")}
          </a>
          <a href={`/pay/processing/${props.orderId}`}>{t("processing.refresh")}</a>
        </p>
      </div>
    );
  }
  if (outcome.kind === "refund") {
    return (
      <div id="state" role="status">
        <h1>{t("processing.refund.title")}</h1>
        <Flash kind="note">{t("processing.refund.text", { amount: props.amount, id: outcome.refundId })}</Flash>
      </div>
    );
  }
  const next = outcome.round + 1;
  return (
    <div
      id="state"
      role="status"
      hx-get={`/pay/processing/${props.orderId}?part=1&round=${next}`}
      hx-trigger={`load delay:${Math.min(2 + outcome.round * 2, 30)}s`}
      hx-swap="outerHTML"
    >
      <h1>{t("processing.title")}</h1>
      <p>{t("processing.text")}</p>
      <Facts
        facts={[
          [t("processing.amount"), `₹ ${props.amount}`],
          [t("processing.order"), <span class="code">{props.orderId}</span>],
        ]}
      />
      <p class="actions">
        <a class="button second" href={`/pay/processing/${props.orderId}`}>
          {t("processing.refresh")}
        </a>
      </p>
    </div>
  );
}

// ---------------------------------------------------------------- routes

const notFound = (request: FastifyRequest): Refusal =>
  apiErrors.PAGE_NOT_FOUND({ path: request.url.split("?")[0]?.slice(0, 200) ?? "" });

export function citizenRoutes(web: FastifyInstance, desk: Desk): void {
  const limited = { config: { rateLimit: { max: 120, timeWindow: "1 minute" } } };

  web.get("/pay", limited, async (request, reply) => {
    const who = await desk.citizen(request);
    const query = field(request.query, "q").slice(0, 60);
    const service = field(request.query, "service").slice(0, 40);
    const found = await desk.read(who, async (read) => {
      const names = [...(await services(read, desk.today())).keys()];
      return {
        hits: await search(read, query, names.includes(service) ? service : ""),
        services: names,
        examples: desk.app.demo && query === "" ? await examples(read, names) : [],
      };
    });
    return send(reply, <SearchPage view={viewOf(request)} ulb={who.ulb} query={query} service={service} {...found} />);
  });

  web.get("/pay/search", limited, async (request, reply) => {
    const who = await desk.citizen(request);
    const query = field(request.query, "q").slice(0, 60);
    const hits = await desk.read(who, (read) => search(read, query, field(request.query, "service").slice(0, 40)));
    return sendPart(reply, <Hits view={viewOf(request)} query={query} hits={hits} />);
  });

  web.get<{ Params: { consumerId: string } }>("/pay/:consumerId", limited, async (request, reply) => {
    if (!isUuid(request.params.consumerId)) throw notFound(request);
    const who = await desk.citizen(request);
    const bill = await desk.read(who, (read) => readBill(read, request.params.consumerId, desk.today()));
    return send(
      reply,
      <BillPage view={viewOf(request)} ulb={who.ulb} bill={bill} keys={{ whole: formKey(), part: formKey() }} />,
    );
  });

  type ByDemand = { Params: { consumerId: string; demandId: string } };
  web.get<ByDemand>("/pay/:consumerId/why/:demandId", limited, async (request, reply) => {
    const { consumerId, demandId } = request.params;
    if (!isUuid(consumerId) || !isUuid(demandId)) throw notFound(request);
    const who = await desk.citizen(request);
    const view = viewOf(request);
    const found = await desk.read(who, async (read) => {
      const bill = await readBill(read, consumerId, desk.today());
      return { bill, why: await readWhy(read, bill, demandId, view.session.lang) };
    });
    // What the bill does not show is not explained either: a demand of somebody else, or one that is paid.
    if (!found.why) throw notFound(request);
    return send(reply, <WhyPage view={view} ulb={who.ulb} consumer={found.bill.consumer} why={found.why} />);
  });

  web.post<{ Params: { consumerId: string } }>("/pay/:consumerId", limited, async (request, reply) => {
    const { consumerId } = request.params;
    if (!isUuid(consumerId)) throw notFound(request);
    const who = await desk.citizen(request);
    const typed = field(request.body, "amount");
    const isWhole = field(request.body, "choice") === "whole";
    let hasChanged = false;
    const made = await attempt(async () => {
      const asked = rupees(isWhole ? field(request.body, "shown") : typedAmount(typed));
      const bill = await desk.write(who, (tx) => billFor(tx, consumerId, desk.today()));
      // Somebody paid meanwhile, or midnight passed: nobody pays a sum he has not seen.
      hasChanged = isWhole && asked !== bill.total;
      if (hasChanged) return undefined;
      return createOrder(await atAccountOf(desk.app, who, consumerId), who, {
        consumerId,
        amount: asked,
        billId: bill.id,
        idempotencyKey: field(request.body, "key"),
      });
    });
    if (made.ok && made.value) return reply.redirect(`/pay/checkout/${made.value.id}`, 303);
    const bill = await desk.read(who, (read) => readBill(read, consumerId, desk.today()));
    return send(
      reply,
      <BillPage
        view={viewOf(request)}
        ulb={who.ulb}
        bill={bill}
        keys={{ whole: formKey(), part: formKey() }}
        typed={typed}
        refusal={made.ok ? undefined : made.refusal}
        hasChanged={hasChanged}
      />,
      made.ok ? 409 : made.refusal.status,
    );
  });

  // A paper has a number, so asking for one issues the bill; while the same is due it is the bill that was issued before.
  web.post<{ Params: { consumerId: string } }>("/pay/:consumerId/bill", limited, async (request, reply) => {
    const { consumerId } = request.params;
    if (!isUuid(consumerId)) throw notFound(request);
    const who = await desk.citizen(request);
    const made = await attempt(() => desk.write(who, (tx) => billFor(tx, consumerId, desk.today())));
    if (made.ok) return reply.redirect(`/pay/bill/${made.value.id}/pdf?lang=${request.session.lang}`, 303);
    const bill = await desk.read(who, (read) => readBill(read, consumerId, desk.today()));
    return send(
      reply,
      <BillPage
        view={viewOf(request)}
        ulb={who.ulb}
        bill={bill}
        keys={{ whole: formKey(), part: formKey() }}
        refusal={made.refusal}
      />,
      made.refusal.status,
    );
  });

  web.get<{ Params: { billId: string } }>("/pay/bill/:billId/pdf", limited, async (request, reply) => {
    const { billId } = request.params;
    if (!isUuid(billId)) throw notFound(request);
    const who = await desk.citizen(request);
    const bill = await desk.read(who, (read) => billView(read, billId, (id) => `${desk.app.baseUrl}/pay/${id}`));
    const { name, nameLocal } = bill.consumer;
    const consumer = request.session.user
      ? bill.consumer
      : { ...bill.consumer, name: masked(name), nameLocal: nameLocal === null ? null : masked(nameLocal) };
    return reply
      .type("application/pdf")
      .header("cache-control", "no-store")
      .header("content-disposition", `inline; filename="${bill.number.replaceAll("/", "-")}.pdf"`)
      .send(await billPdf({ ...bill, consumer }, request.session.lang));
  });

  web.get<{ Params: { orderId: string } }>("/pay/checkout/:orderId", limited, async (request, reply) => {
    const { orderId } = request.params;
    if (!isUuid(orderId)) throw notFound(request);
    const who = await desk.citizen(request);
    const view = viewOf(request);
    const back = await returnAddress(desk.app, who, orderId);
    const app = await atServiceOfOrder(desk.app, who, orderId);
    const page = await desk.read(who, async (read) => {
      const order = await getOrder(read, orderId);
      if (order.status === "paid" || order.providerOrderId === null) return undefined;
      const consumer = await getConsumer(read, order.consumerId);
      const what = `${wordFor(view.t, "service", consumer.service)} ${consumer.code}`;
      const form = await checkoutForm(app, read, orderId, {
        callbackUrl: `${desk.app.baseUrl}/pay/callback/${orderId}`,
        cancelUrl: back ?? `${desk.app.baseUrl}/pay/${order.consumerId}`,
        // No contact: the gateway's page would show the owner's mobile number to anybody who opened his bill.
        description: what,
      });
      return { amount: formatIndian(order.amount), what, back: `/pay/${order.consumerId}`, form };
    });
    if (!page) return reply.redirect(`/pay/processing/${orderId}`, 303);
    return send(reply, <CheckoutPage view={view} ulb={who.ulb} {...page} />);
  });

  // The gateway's page sends the payer's browser here with what it signed; that signature is the proof, no token of ours can be.
  web.post<{ Params: { orderId: string } }>("/pay/callback/:orderId", limited, async (request, reply) => {
    const { orderId } = request.params;
    if (!isUuid(orderId)) throw notFound(request);
    const who = await desk.citizen(request);
    const body = (request.body ?? {}) as Record<string, unknown>;
    const fields = Object.fromEntries(
      Object.entries(body).flatMap(([k, v]) => (typeof v === "string" ? [[k, v]] : [])),
    );
    const seen = await handleCallback(await atGatewayOf(desk.app, who.ulb), who, orderId, fields);
    const back = await returnAddress(desk.app, who, orderId);
    if (back !== undefined) return reply.redirect(back, 303);
    const receiptId = seen.status === "paid" || seen.status === "refundable" ? seen.receiptId : undefined;
    if (receiptId !== undefined) {
      const receipt = await desk.read(who, (read) => getReceipt(read, receiptId));
      return reply.redirect(`/receipt/${receipt.token}`, 303);
    }
    return reply.redirect(`/pay/processing/${orderId}${seen.status === "failed" ? "?back=failed" : ""}`, 303);
  });

  web.get<{ Params: { orderId: string } }>("/pay/processing/:orderId", limited, async (request, reply) => {
    const { orderId } = request.params;
    if (!isUuid(orderId)) throw notFound(request);
    const who = await desk.citizen(request);
    const view = viewOf(request, `/pay/processing/${orderId}`);
    const isPart = field(request.query, "part") === "1";
    const known = await desk.read(who, async (read) => {
      const order = await getOrder(read, orderId);
      const payments = await findPayments(read, { orderId });
      const receiptId = payments.find((p) => p.receiptId !== null)?.receiptId;
      return { order, payments, token: receiptId ? (await getReceipt(read, receiptId)).token : undefined };
    });
    let { token } = known;
    let outcome: Outcome = { kind: "waiting", round: Math.min(Number(field(request.query, "round")) || 0, 1000) };
    if (token === undefined) {
      const seen = await pollOrder(await atGatewayOf(desk.app, who.ulb), who, orderId);
      const issued = seen.status === "paid" || seen.status === "refundable" ? seen.receiptId : undefined;
      if (issued !== undefined) token = (await desk.read(who, (read) => getReceipt(read, issued))).token;
      else if (seen.status === "refundable") outcome = { kind: "refund", refundId: seen.refundId };
      else if (seen.status === "failed") outcome = { kind: "failed", reason: seen.reason };
      else if (field(request.query, "back") === "failed" && known.payments.length === 0) {
        outcome = { kind: "failed", reason: view.t("processing.stopped") };
      }
    }
    if (token !== undefined) {
      if (isPart) return reply.header("hx-redirect", `/receipt/${token}`).send("");
      return reply.redirect(`/receipt/${token}`, 303);
    }
    const { order } = known;
    const state = (
      <PaymentState
        view={view}
        orderId={orderId}
        consumerId={order.consumerId}
        amount={formatIndian(order.amount)}
        outcome={outcome}
      />
    );
    if (isPart) return sendPart(reply, state);
    return send(
      reply,
      <Layout view={view} title={view.t("processing.title")} section="pay" ulb={who.ulb} scripts={["htmx.js"]}>
        {state}
      </Layout>,
    );
  });
}

/** A few consumers of each service who owe something, so that a visitor of the demo has a code to type. */
async function examples(read: Read, names: readonly string[]): Promise<Consumer[]> {
  const found: Consumer[] = [];
  for (const service of names) {
    const page = await listConsumers(read, { service, limit: 40 });
    const dues = await openDuesOf(
      read,
      page.map((c) => c.id),
    );
    found.push(...page.filter((c) => (dues.get(c.id) ?? []).length > 0).slice(0, 3));
  }
  return found;
}

export { localName };
