import Type, { type Static } from "typebox";
import {
  approveRefund,
  askRefund,
  atGatewayOf,
  getRefund,
  listRefunds,
  payRefundFromBank,
  refundable,
  rejectRefund,
  sendRefund,
  type Refund,
} from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce, flowOnce, send } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, WHO, type Routes, KEYED_REFUSALS } from "./route.ts";
import {
  AccountCode,
  amountOf,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  Moment,
  Money,
  named,
  Nullable,
  Shared,
  Uuid,
  strict,
  ById,
} from "./schemas.ts";

const STATUSES = [
  "asked",
  "rejected",
  "payable",
  "approved",
  "requested",
  "processed",
  "failed",
  "bank-due",
  "bank-paid",
] as const;
const Reason = Type.String({ minLength: 1, maxLength: 500 });
const PaymentId = Type.String({ minLength: 1, maxLength: 60, examples: ["pay_29QQoUBi66xm2f"] });

const RefundSchema = named(
  "Refund",
  Type.Object({
    id: Uuid,
    number: Type.String({ examples: ["RN/2026-27/000004"] }),
    paymentId: PaymentId,
    receiptId: Nullable(Uuid),
    receiptNumber: Nullable(
      Type.String({ description: "The receipt of its payment", examples: ["RC/2026-27/000123"] }),
    ),
    consumerId: Nullable(Uuid),
    consumerCode: Nullable(Type.String()),
    amount: Money,
    reason: Type.String(),
    origin: Type.String({ description: "second-payment, advance, receipt, unidentified or gateway" }),
    status: Type.String({ description: STATUSES.join(", ") }),
    date: IsoDate,
    createdBy: Type.String(),
    approvedBy: Nullable(Type.String()),
    rejectedReason: Nullable(Type.String()),
    sanctionedOn: Nullable(IsoDate),
    providerRefundId: Nullable(Type.String()),
    processedAt: Nullable(Moment),
    sendAttempts: Type.Integer(),
    bankReference: Nullable(Type.String()),
    bankPaidOn: Nullable(IsoDate),
    lastError: Nullable(Type.String()),
  }),
);
export const refundSchemas = [RefundSchema];

function refundView(r: Refund): Static<typeof RefundSchema> {
  return {
    id: r.id,
    number: r.number,
    paymentId: r.paymentId,
    receiptId: r.receipt?.id ?? null,
    receiptNumber: r.receipt?.number ?? null,
    consumerId: r.consumerId,
    consumerCode: r.consumerCode,
    amount: toRupees(r.amount),
    reason: r.reason,
    origin: r.origin,
    status: r.status,
    date: r.entryDate,
    createdBy: r.createdBy,
    approvedBy: r.approvedBy,
    rejectedReason: r.rejectedReason,
    sanctionedOn: r.sanctionedOn,
    providerRefundId: r.providerRefundId,
    processedAt: r.processedAt?.toISOString() ?? null,
    sendAttempts: r.sendAttempts,
    bankReference: r.bankReference,
    bankPaidOn: r.bankPaidOn,
    lastError: r.lastError,
  };
}

/** Money that goes back: asked for, decided by another person, paid by the gateway or from the bank. */
export const refundRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/refunds",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "List refunds",
        description: "Newest first, by status or payment.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Optional(Type.Union(STATUSES.map((s) => Type.Literal(s)))),
          paymentId: Type.Optional(PaymentId),
          limit: Limit(50, 200),
        },
        strict,
      ),
      response: answers(
        { status: 200, description: "Refunds", schema: Type.Object({ items: Type.Array(Shared(RefundSchema)) }) },
        [],
      ),
    },
    handler: async (request) => {
      const { status, paymentId, limit } = request.query;
      const items = await inSnapshot(app, callerOf(request), (read) =>
        listRefunds(read, {
          ...(status === undefined ? {} : { status }),
          ...(paymentId === undefined ? {} : { paymentId }),
          limit: limitOf(limit, 50, 200),
        }),
      );
      return { items: items.map(refundView) };
    },
  });

  server.route({
    method: "GET",
    url: "/refunds/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({ tag: "Refunds and disputes", summary: "Get a refund", description: "By its id.", roles: WHO.books }),
      params: ById,
      response: answers({ status: 200, description: "The refund", schema: Shared(RefundSchema) }, ["REFUND_NOT_FOUND"]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => refundView(await getRefund(read, request.params.id))),
  });

  server.route({
    method: "GET",
    url: "/payments/:paymentId/refundable",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "See what may be refunded",
        description: "Captured − refunded or being refunded − disputed, and out of what it can be paid.",
        roles: WHO.books,
      }),
      params: Type.Object({ paymentId: PaymentId }),
      response: answers(
        {
          status: 200,
          description: "The figures",
          schema: Type.Object({
            paymentId: PaymentId,
            captured: Money,
            refunded: Money,
            disputed: Money,
            room: Money,
            receiptId: Nullable(Uuid),
            advance: Nullable(Money),
            choices: Type.Array(Type.Object({ origin: Type.String(), upTo: Money })),
          }),
        },
        ["PAYMENT_NOT_FOUND"],
      ),
    },
    handler: async (request) => {
      const f = await inSnapshot(app, callerOf(request), (read) => refundable(read, request.params.paymentId));
      return {
        paymentId: f.paymentId,
        captured: toRupees(f.captured),
        refunded: toRupees(f.refunded),
        disputed: toRupees(f.disputed),
        room: toRupees(f.room),
        receiptId: f.receipt?.id ?? null,
        advance: f.advance === null ? null : toRupees(f.advance),
        choices: f.choices.map((c) => ({ origin: c.origin, upTo: toRupees(c.upTo) })),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/refunds",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Ask for a refund",
        description: "Nothing is in the books until another person approves it. Without an amount: all that may go.",
        roles: WHO.makes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          paymentId: PaymentId,
          amount: Type.Optional(Money),
          origin: Type.Union([Type.Literal("advance"), Type.Literal("receipt"), Type.Literal("unidentified")]),
          reason: Reason,
        },
        {
          ...strict,
          examples: [
            { paymentId: "pay_29QQoUBi66xm2f", amount: "500.00", origin: "advance", reason: "paid twice by mistake" },
          ],
        },
      ),
      response: answers({ status: 201, description: "The refund", schema: Shared(RefundSchema) }, [
        ...KEYED_REFUSALS,
        "PAYMENT_NOT_FOUND",
        "REFUND_REASON",
        "REFUND_ROOM",
        "REFUND_SOURCE",
        "MONEY_DECIMALS",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { amount, ...wish } = request.body;
        const asked = await askRefund(tx, { ...wish, ...(amount === undefined ? {} : { amount: amountOf(amount) }) });
        return { status: 201, body: refundView(asked), headers: { location: `/v1/refunds/${asked.id}` } };
      }),
  });

  server.route({
    method: "POST",
    url: "/refunds/:id/decision",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Decide a refund",
        description:
          "Approved by another person than its maker, it is owed and goes to the gateway; or it is rejected.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { isApproved: Type.Boolean(), reason: Type.Optional(Reason) },
        { ...strict, examples: [{ isApproved: true }] },
      ),
      response: answers({ status: 200, description: "The refund", schema: Shared(RefundSchema) }, [
        ...KEYED_REFUSALS,
        "REFUND_NOT_FOUND",
        "REFUND_STATUS",
        "REFUND_OWN",
        "REFUND_REASON",
        "REFUND_SOURCE",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { isApproved, reason } = request.body;
        const { id } = request.params;
        return {
          status: 200,
          body: refundView(isApproved ? await approveRefund(tx, id) : await rejectRefund(tx, id, reason ?? "")),
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/refunds/:id/send",
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Send a refund to the gateway",
        description:
          "Now, and not within ten minutes by itself. It carries a key of its own at the gateway: sent again, it is the same refund.",
        roles: WHO.closes,
      }),
      params: ById,
      response: answers({ status: 200, description: "The refund", schema: Shared(RefundSchema) }, [
        "REFUND_NOT_FOUND",
        "REFUND_STATUS",
      ]),
    },
    handler: async (request) => {
      const who = callerOf(request);
      return refundView(await sendRefund(await atGatewayOf(app, who.ulb), who, request.params.id));
    },
  });

  server.route({
    method: "POST",
    url: "/refunds/:id/bank-payment",
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Book a refund paid from the bank",
        description:
          "For one that the gateway could not pay. The gateway is asked first: while it holds a refund of ours, nothing is booked.",
        roles: WHO.closes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { bankAccount: AccountCode, reference: Type.String({ minLength: 1, maxLength: 40 }), date: IsoDate },
        { ...strict, examples: [{ bankAccount: "4502101", reference: "SBIN126153000077", date: "2026-08-01" }] },
      ),
      response: answers({ status: 200, description: "The refund", schema: Shared(RefundSchema) }, [
        ...KEYED_REFUSALS,
        "REFUND_NOT_FOUND",
        "REFUND_STATUS",
        "REFUND_AT_GATEWAY",
        "BANK_REFERENCE",
        "GATEWAY_UNREACHABLE",
        "DATE_FORMAT",
        "ACCOUNT_UNKNOWN",
        "ACCOUNT_NOT_POSTING",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) => {
      const who = callerOf(request);
      return send(
        reply,
        await flowOnce(app, who, request, async () => {
          const { date, ...paid } = request.body;
          const at = await atGatewayOf(app, who.ulb);
          const refund = await payRefundFromBank(at, who, request.params.id, { ...paid, date: dateOf(date) });
          return { status: 200, body: refundView(refund) };
        }),
      );
    },
  });
};
