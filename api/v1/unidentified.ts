import Type, { type Static } from "typebox";
import {
  approveOwner,
  getOwnerProposal,
  listOwnerProposals,
  listUnidentified,
  proposeOwner,
  rejectOwner,
  type OwnerProposal,
} from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, WHO, type Routes, KEYED_REFUSALS } from "./route.ts";
import { IsoDate, Moment, Money, named, Nullable, ReceiptSchema, Shared, Uuid, strict, ById } from "./schemas.ts";
import { receiptJson } from "./views.ts";

const Reason = Type.String({ minLength: 5, maxLength: 500 });

const ProposalSchema = named(
  "OwnerProposal",
  Type.Object({
    id: Uuid,
    receiptId: Uuid,
    receiptNumber: Type.String({ examples: ["RC/2026-27/000123"] }),
    consumerId: Uuid,
    consumerCode: Type.String(),
    consumerName: Type.String(),
    amount: Money,
    reason: Type.String(),
    proposedBy: Type.String(),
    proposedAt: Moment,
    outcome: Nullable(Type.String({ description: "approved or rejected; null while it waits for another person" })),
    decidedBy: Nullable(Type.String()),
    decisionReason: Nullable(Type.String()),
    bookedOn: Nullable(IsoDate),
  }),
);
export const ownerSchemas = [ProposalSchema];

const proposalView = (p: OwnerProposal): Static<typeof ProposalSchema> => ({
  ...p,
  amount: toRupees(p.amount),
  proposedAt: p.proposedAt.toISOString(),
});

/** Money of nobody we knew: one person says whose it is, another agrees. */
export const unidentifiedRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/unidentified-receipts",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Unidentified money",
        summary: "List unidentified receipts",
        description: "Online money whose payer nobody knows, the oldest first, at most 200.",
        roles: WHO.books,
      }),
      response: answers(
        { status: 200, description: "Receipts", schema: Type.Object({ items: Type.Array(Shared(ReceiptSchema)) }) },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), listUnidentified)).map(receiptJson),
    }),
  });

  server.route({
    method: "GET",
    url: "/owner-proposals",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Unidentified money",
        summary: "List proposals of an owner",
        description: "What waits first, then the newest; at most 200.",
        roles: WHO.books,
      }),
      response: answers(
        { status: 200, description: "Proposals", schema: Type.Object({ items: Type.Array(Shared(ProposalSchema)) }) },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), listOwnerProposals)).map(proposalView),
    }),
  });

  server.route({
    method: "GET",
    url: "/owner-proposals/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Unidentified money",
        summary: "Get a proposal of an owner",
        description: "By its id.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers({ status: 200, description: "The proposal", schema: Shared(ProposalSchema) }, [
        "OWNER_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => proposalView(await getOwnerProposal(read, request.params.id))),
  });

  server.route({
    method: "POST",
    url: "/unidentified-receipts/:id/owner",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Unidentified money",
        summary: "Propose the owner of a receipt",
        description: "Nothing is in the books until another person agrees; the same said again is the same proposal.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { consumerId: Uuid, reason: Reason },
        {
          ...strict,
          examples: [
            {
              consumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77",
              reason: "his bank's letter names the UTR",
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The proposal", schema: Shared(ProposalSchema) }, [
        ...KEYED_REFUSALS,
        "RECEIPT_NOT_FOUND",
        "CONSUMER_NOT_FOUND",
        "OWNER_REASON",
        "OWNER_KNOWN",
        "OWNER_TIED",
        "OWNER_PROPOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const made = await proposeOwner(tx, { receiptId: request.params.id, ...request.body });
        return { status: 201, body: proposalView(made), headers: { location: `/v1/owner-proposals/${made.id}` } };
      }),
  });

  server.route({
    method: "POST",
    url: "/owner-proposals/:id/decision",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Unidentified money",
        summary: "Decide a proposal of an owner",
        description:
          "By another person than who proposed. Approved, the receipt keeps its number and settles what was due on the day of payment; the rest is an advance.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { isApproved: Type.Boolean(), reason: Type.Optional(Type.String({ maxLength: 500 })) },
        { ...strict, examples: [{ isApproved: true }] },
      ),
      response: answers({ status: 200, description: "The proposal, decided", schema: Shared(ProposalSchema) }, [
        ...KEYED_REFUSALS,
        "OWNER_NOT_FOUND",
        "OWNER_DECIDED",
        "OWNER_OWN",
        "OWNER_KNOWN",
        "OWNER_TIED",
        "OWNER_REASON",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { id } = request.params;
        if (request.body.isApproved) await approveOwner(tx, id);
        else await rejectOwner(tx, id, request.body.reason ?? "");
        return { status: 200, body: proposalView(await getOwnerProposal(tx, id)) };
      }),
  });
};
