import Type, { type Static } from "typebox";
import {
  acceptDispute,
  atGatewayOf,
  contestDispute,
  getDispute,
  listDisputes,
  type Dispute,
} from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answers, callerOf, doc, WHO, type Routes } from "./route.ts";
import { IsoDate, Limit, limitOf, Moment, Money, named, Nullable, Shared, Uuid, strict } from "./schemas.ts";

const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 60, examples: ["disp_EsIAlDcoUr8CaQ"] }) });

const DisputeSchema = named(
  "Dispute",
  Type.Object({
    id: Type.String(),
    paymentId: Type.String(),
    consumerCode: Nullable(Type.String()),
    receiptId: Nullable(Uuid),
    amount: Money,
    amountDeducted: Money,
    reasonCode: Type.String(),
    phase: Type.String(),
    status: Type.String({ description: "open, under_review, won, lost or closed" }),
    respondBy: Nullable(Moment),
    createdAt: Moment,
    decidedAt: Nullable(Moment),
    answer: Nullable(Type.String()),
    answerDocuments: Type.Array(Type.String()),
    answeredAt: Nullable(Moment),
    answeredBy: Nullable(Type.String()),
    acceptedBy: Nullable(Type.String()),
    bookedOn: Nullable(IsoDate),
    reopened: Money,
    adjusted: Money,
  }),
);
export const disputeSchemas = [DisputeSchema];

const moment = (at: Date | null): string | null => at?.toISOString() ?? null;

function disputeView(d: Dispute): Static<typeof DisputeSchema> {
  return {
    id: d.id,
    paymentId: d.paymentId,
    consumerCode: d.consumerCode,
    receiptId: d.receiptId,
    amount: toRupees(d.amount),
    amountDeducted: toRupees(d.amountDeducted),
    reasonCode: d.reasonCode,
    phase: d.phase,
    status: d.status,
    respondBy: moment(d.respondBy),
    createdAt: d.createdAt.toISOString(),
    decidedAt: moment(d.decidedAt),
    answer: d.answer,
    answerDocuments: [...d.answerDocuments],
    answeredAt: moment(d.answeredAt),
    answeredBy: d.answeredBy,
    acceptedBy: d.acceptedBy,
    bookedOn: d.bookedOn,
    reopened: toRupees(d.reopened),
    adjusted: toRupees(d.adjusted),
  };
}

const ANSWER_REFUSALS = ["DISPUTE_NOT_FOUND", "DISPUTE_STATUS", "GATEWAY_REJECTED", "GATEWAY_UNREACHABLE"];

/** What payers' banks take back: seen, answered, accepted. An answer to a dispute that was answered is refused by its state. */
export const disputeRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/disputes",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "List disputes",
        description: "Those that wait for an answer first, by the day it is due; then the others, newest first.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        { state: Type.Optional(Type.Union([Type.Literal("live"), Type.Literal("decided")])), limit: Limit(100, 200) },
        strict,
      ),
      response: answers(
        { status: 200, description: "Disputes", schema: Type.Object({ items: Type.Array(Shared(DisputeSchema)) }) },
        [],
      ),
    },
    handler: async (request) => {
      const { state, limit } = request.query;
      const items = await inSnapshot(app, callerOf(request), (read) =>
        listDisputes(read, {
          ...(state === undefined ? {} : { isLive: state === "live" }),
          limit: limitOf(limit, 100, 200),
        }),
      );
      return { items: items.map(disputeView) };
    },
  });

  server.route({
    method: "GET",
    url: "/disputes/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Get a dispute",
        description: "By the gateway’s id.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers({ status: 200, description: "The dispute", schema: Shared(DisputeSchema) }, [
        "DISPUTE_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => disputeView(await getDispute(read, request.params.id))),
  });

  server.route({
    method: "POST",
    url: "/disputes/:id/answer",
    // Documents come as base64 in the body: ten of half a megabyte, or one of five.
    bodyLimit: 8 * 1024 * 1024,
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Answer a dispute",
        description: "A draft may be changed; a submitted answer is final and needs a document. PDF, JPEG and PNG go.",
        roles: WHO.closes,
      }),
      params: ById,
      body: Type.Object(
        {
          action: Type.Union([Type.Literal("draft"), Type.Literal("submit")]),
          summary: Type.String({ minLength: 1, maxLength: 2000 }),
          documents: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  name: Type.String({ minLength: 1, maxLength: 200 }),
                  type: Type.String({ minLength: 1, maxLength: 100 }),
                  base64: Type.String({ minLength: 1, pattern: "^[A-Za-z0-9+/]+={0,2}$" }),
                },
                strict,
              ),
              { maxItems: 10 },
            ),
          ),
        },
        {
          ...strict,
          examples: [{ action: "draft", summary: "Receipt RC/2026-27/000001 was issued for this payment." }],
        },
      ),
      response: answers({ status: 200, description: "The dispute", schema: Shared(DisputeSchema) }, [
        ...ANSWER_REFUSALS,
        "DISPUTE_ANSWER",
      ]),
    },
    handler: async (request) => {
      const who = callerOf(request);
      const { action, summary, documents = [] } = request.body;
      const answer = {
        summary,
        documents: documents.map((d) => ({ name: d.name, type: d.type, content: Buffer.from(d.base64, "base64") })),
      };
      return disputeView(await contestDispute(await atGatewayOf(app, who.ulb), who, request.params.id, action, answer));
    },
  });

  server.route({
    method: "POST",
    url: "/disputes/:id/acceptance",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Refunds and disputes",
        summary: "Accept a dispute",
        description:
          "The payer is right: the gateway takes the money back, and what the payment had paid is due again.",
        roles: WHO.decides,
      }),
      params: ById,
      response: answers({ status: 200, description: "The dispute", schema: Shared(DisputeSchema) }, ANSWER_REFUSALS),
    },
    handler: async (request) => {
      const who = callerOf(request);
      return disputeView(await acceptDispute(await atGatewayOf(app, who.ulb), who, request.params.id));
    },
  });
};
