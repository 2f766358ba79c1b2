import Type, { type Static } from "typebox";
import { billFor } from "../../billing/index.ts";
import {
  atAccountOf,
  closeRequest,
  createPaymentRequest,
  findPayments,
  getRequest,
  listRequests,
  pollRequest,
  type PaymentInfo,
  type PaymentRequest,
} from "../../collections/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type Who } from "../../ledger/kernel/tx.ts";
import { flowOnce, send } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, WHO, type Routes, KEYED_REFUSALS } from "./route.ts";
import { amountOf, Limit, limitOf, Moment, Money, named, Nullable, Shared, Uuid, strict, ById } from "./schemas.ts";
import { todaysBill } from "./todays-bill.ts";

const GATEWAY_REFUSALS = ["GATEWAY_REJECTED", "GATEWAY_UNREACHABLE"];
const Kind = Type.Union([Type.Literal("link"), Type.Literal("qr"), Type.Literal("virtual-account")]);
const States = (["planned", "unknown", "open", "closed", "rejected"] as const).map((s) => Type.Literal(s));

const RequestSchema = named(
  "PaymentRequest",
  Type.Object({
    id: Uuid,
    kind: Type.String({ description: "link, qr or virtual-account" }),
    state: Type.String({ description: "planned, unknown, open, closed or rejected" }),
    consumerId: Uuid,
    billId: Nullable(Uuid),
    amount: Nullable(Money),
    usage: Type.String({ description: "single: it closes after its first payment; or multiple" }),
    firstPart: Nullable(
      Type.String({ description: "A link that may be paid in parts: rupees, at least so much the first time." }),
    ),
    providerId: Nullable(Type.String({ examples: ["plink_ExjpAUN3gVHrPJ"] })),
    url: Nullable(Type.String({ description: "Where the payer goes, or what the code holds." })),
    accountNumber: Nullable(Type.String()),
    ifsc: Nullable(Type.String()),
    expiresAt: Nullable(Moment),
    closedReason: Nullable(Type.String()),
    requestedBy: Type.String(),
    createdAt: Moment,
    lastError: Nullable(Type.String()),
  }),
);
const PaidSchema = Type.Object({
  paymentId: Type.String({ examples: ["pay_29QQoUBi66xm2f"] }),
  amount: Money,
  capturedAt: Nullable(Moment),
  receiptId: Nullable(Uuid),
});
export const requestSchemas = [RequestSchema];
const WithPayments = Type.Object({ request: Shared(RequestSchema), payments: Type.Array(PaidSchema) });

function requestView(r: PaymentRequest): Static<typeof RequestSchema> {
  return {
    id: r.id,
    kind: r.kind,
    state: r.state,
    consumerId: r.consumerId,
    billId: r.billId,
    amount: r.amount === null ? null : toRupees(r.amount),
    usage: r.usage,
    firstPart: r.firstPart === null ? null : toRupees(r.firstPart),
    providerId: r.providerId,
    url: r.url,
    accountNumber: r.accountNumber,
    ifsc: r.ifsc,
    expiresAt: r.expiresAt?.toISOString() ?? null,
    closedReason: r.closedReason,
    requestedBy: r.requestedBy,
    createdAt: r.createdAt.toISOString(),
    lastError: r.lastError,
  };
}

const paidView = (p: PaymentInfo): Static<typeof PaidSchema> => ({
  paymentId: p.id,
  amount: toRupees(p.amount),
  capturedAt: p.capturedAt?.toISOString() ?? null,
  receiptId: p.receiptId,
});

/** What the ULB asks for by itself: payment links, UPI codes, account numbers for NEFT and RTGS. */
export const paymentRequestRoutes: Routes = (server, { app }) => {
  const look = (who: Who, id: string): Promise<Static<typeof WithPayments>> =>
    inSnapshot(app, who, async (read) => ({
      request: requestView(await getRequest(read, id)),
      payments: (await findPayments(read, { requestId: id })).map(paidView),
    }));

  server.route({
    method: "GET",
    url: "/payment-requests",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Payment requests",
        summary: "List payment requests",
        description: "Newest first, by consumer or state.",
        roles: WHO.desk,
      }),
      querystring: Type.Object(
        {
          consumerId: Type.Optional(Uuid),
          state: Type.Optional(Type.Union(States)),
          limit: Limit(50, 200),
        },
        strict,
      ),
      response: answers(
        {
          status: 200,
          description: "Payment requests",
          schema: Type.Object({ items: Type.Array(Shared(RequestSchema)) }),
        },
        [],
      ),
    },
    handler: async (request) => {
      const { limit, ...filter } = request.query;
      const items = await inSnapshot(app, callerOf(request), (read) =>
        listRequests(read, { ...filter, limit: limitOf(limit, 50, 200) }),
      );
      return { items: items.map(requestView) };
    },
  });

  server.route({
    method: "POST",
    url: "/payment-requests",
    config: { roles: WHO.requests },
    schema: {
      ...doc({
        tag: "Payment requests",
        summary: "Ask for a payment",
        description:
          "Makes a payment link, a UPI code or a virtual account at the gateway. Without an amount a link or a code is for today's bill, and an account " +
          "takes what is sent. With firstPart a link may be paid in parts, each with its own receipt, the first of at least so much. Money that comes through it is the consumer's, whoever sends it. The same key is the same request.",
        roles: WHO.requests,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          kind: Kind,
          consumerId: Uuid,
          amount: Type.Optional(Money),
          usage: Type.Optional(Type.Union([Type.Literal("single"), Type.Literal("multiple")])),
          firstPart: Type.Optional(Money),
          minutes: Type.Optional(
            Type.Integer({ minimum: 16, maximum: 259_200, description: "How long it stays open; without, for long." }),
          ),
        },
        {
          ...strict,
          examples: [
            {
              kind: "link",
              consumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77",
              amount: "1188.00",
              minutes: 43_200,
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The request", schema: Shared(RequestSchema) }, [
        ...KEYED_REFUSALS,
        ...GATEWAY_REFUSALS,
        "CONSUMER_NOT_FOUND",
        "BILL_NOTHING_DUE",
        "REQUEST_INVALID_TERMS",
        "MONEY_DECIMALS",
      ]),
    },
    handler: async (request, reply) => {
      const who = callerOf(request);
      return send(
        reply,
        await flowOnce(app, who, request, async (key) => {
          const { kind, consumerId, amount, usage, firstPart, minutes } = request.body;
          const asked = amount === undefined ? undefined : amountOf(amount);
          const isOpen = kind === "virtual-account" || (kind === "qr" && usage === "multiple");
          const bill = await inTransaction(app, who, (tx) =>
            asked === undefined && !isOpen
              ? billFor(tx, consumerId, dateInIndia(app.clock()))
              : todaysBill(tx, consumerId),
          );
          const sum = asked ?? (isOpen ? undefined : bill?.total);
          const made = await createPaymentRequest(await atAccountOf(app, who, consumerId), who, {
            kind,
            consumerId,
            idempotencyKey: key,
            ...(bill === undefined ? {} : { billId: bill.id }),
            ...(sum === undefined ? {} : { amount: sum }),
            ...(usage === undefined ? {} : { usage }),
            ...(firstPart === undefined ? {} : { firstPart: amountOf(firstPart) }),
            ...(minutes === undefined ? {} : { expiresAt: new Date(app.clock().getTime() + minutes * 60_000) }),
          });
          return { status: 201, body: requestView(made), headers: { location: `/v1/payment-requests/${made.id}` } };
        }),
      );
    },
  });

  server.route({
    method: "GET",
    url: "/payment-requests/:id",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Payment requests",
        summary: "Get a payment request",
        description: "With what was paid through it, as it is known here.",
        roles: WHO.desk,
      }),
      params: ById,
      response: answers({ status: 200, description: "The request and its payments", schema: WithPayments }, [
        "REQUEST_NOT_FOUND",
      ]),
    },
    handler: async (request) => look(callerOf(request), request.params.id),
  });

  server.route({
    method: "POST",
    url: "/payment-requests/:id/poll",
    config: { roles: WHO.requests },
    schema: {
      ...doc({
        tag: "Payment requests",
        summary: "Ask the gateway about a payment request",
        description:
          "What the gateway says of its payments is applied like a webhook: whichever comes first issues the receipt, all others change nothing.",
        roles: WHO.requests,
      }),
      params: ById,
      response: answers({ status: 200, description: "The request and its payments", schema: WithPayments }, [
        "REQUEST_NOT_FOUND",
      ]),
    },
    handler: async (request) => {
      const who = callerOf(request);
      const { id } = request.params;
      const found = await inSnapshot(app, who, (read) => getRequest(read, id));
      if (found.providerId !== null) await pollRequest(await atAccountOf(app, who, found.consumerId), who, found);
      return look(who, id);
    },
  });

  server.route({
    method: "POST",
    url: "/payment-requests/:id/close",
    config: { roles: WHO.requests },
    schema: {
      ...doc({
        tag: "Payment requests",
        summary: "Close a payment request",
        description: "It takes nothing more; what was paid through it before is asked for once more.",
        roles: WHO.requests,
      }),
      params: ById,
      body: Type.Object(
        { reason: Type.String({ minLength: 1, maxLength: 300 }) },
        { ...strict, examples: [{ reason: "he paid at the counter" }] },
      ),
      response: answers({ status: 200, description: "The request", schema: Shared(RequestSchema) }, [
        ...GATEWAY_REFUSALS,
        "REQUEST_NOT_FOUND",
        "REQUEST_STATE",
      ]),
    },
    handler: async (request) => {
      const who = callerOf(request);
      const { id } = request.params;
      const { consumerId } = await inSnapshot(app, who, (read) => getRequest(read, id));
      return requestView(await closeRequest(await atAccountOf(app, who, consumerId), who, id, request.body.reason));
    },
  });
};
