import type { FastifyInstance, FastifyRequest } from "fastify";
import { billFor, getConsumer, services } from "../../billing/index.ts";
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
} from "../../collections/index.ts";
import { atServiceOfOrder } from "../service-gateway.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, rupees } from "../../ledger/kernel/money.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { billPdf, billView } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { returnAddress } from "../upyog/index.ts";
import { wordFor } from "./i18n.ts";
import { attempt, field, formKey, send, sendPart, typedAmount, viewOf, type Desk } from "./kit.tsx";
import { Layout } from "./layout.tsx";
import { readWhy, WhyPage } from "./why.tsx";
import { BillPage, readBill } from "./citizen/bill.tsx";
import { masked } from "./citizen/names.ts";
import { CheckoutPage, PaymentState, type Outcome } from "./citizen/payment.tsx";
import { examples, Hits, search, SearchPage } from "./citizen/search.tsx";

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
