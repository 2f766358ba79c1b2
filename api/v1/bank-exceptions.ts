import Type, { type Static } from "typebox";
import { toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  ADJUSTMENT_ROLES,
  approveResolution,
  assignException,
  DIFFERENCE_ROLES,
  fitting,
  getException,
  listExceptions,
  proposalsOf,
  proposeResolution,
  rejectResolution,
  withdrawResolution,
  type BankException,
  type Proposal,
  type Resolution,
} from "../../reconciliation/index.ts";
import { Ids } from "./bank-bench.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  KEY_REFUSALS,
} from "./route.ts";
import {
  AccountCode,
  amountOf,
  Cursor,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  Moment,
  Money,
  named,
  Nullable,
  Page,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const Reason = Type.String({ maxLength: 500 });
const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((v) => Type.Literal(v)));

const ResolutionSchema = Type.Union([
  Type.Object(
    {
      kind: literals([
        "bank-charge",
        "bank-interest",
        "unidentified-credit",
        "bank-error",
        "stale-cheque",
        "reverse-entry",
      ]),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("named-head"),
      account: AccountCode,
      function: Type.Optional(Type.String({ maxLength: 10 })),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { kind: Type.Literal("receipt"), consumerId: Uuid, utr: Type.String({ maxLength: 40 }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("cheque-returned"),
      instrumentId: Uuid,
      bankCharge: Type.Optional(Money),
      payerCharge: Type.Optional(Money),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { kind: Type.Literal("wrong-account"), otherAccount: AccountCode, otherItem: Type.String({ maxLength: 100 }) },
    { additionalProperties: false },
  ),
  Type.Object(
    { kind: Type.Literal("difference"), items: Ids, role: literals(DIFFERENCE_ROLES) },
    { additionalProperties: false },
  ),
  Type.Object(
    { kind: Type.Literal("settlement-adjusted"), role: literals(ADJUSTMENT_ROLES) },
    { additionalProperties: false },
  ),
]);

const ProposalSchema = Type.Object({
  id: Uuid,
  template: Type.String(),
  reason: Type.String(),
  proposedBy: Type.String(),
  proposedAt: Moment,
  entry: Type.Array(
    Type.Object({ side: Type.String(), account: AccountCode, amount: Money, party: Nullable(Type.String()) }),
    {
      description: "The lines as they were drafted from the posting map.",
    },
  ),
  decision: Nullable(
    Type.Object({
      outcome: Type.String({ description: "approved, rejected or withdrawn" }),
      by: Type.String(),
      at: Moment,
      reason: Nullable(Type.String()),
      entryId: Nullable(Type.String()),
      matchId: Nullable(Type.String()),
    }),
  ),
});

/** Registered in the plugin; routes name it. */
export const ExceptionSchema = named(
  "BankException",
  Type.Object({
    id: Uuid,
    account: AccountCode,
    subject: Type.String({ description: "line, item, settlement, or held: money among unidentified credits" }),
    subjectId: Type.String(),
    kind: Type.String({ examples: ["bank-charge"] }),
    amount: Money,
    date: IsoDate,
    particulars: Type.String(),
    reference: Type.String(),
    candidates: Type.Array(Type.String()),
    waysOut: Type.Array(Type.String({ description: "Templates that fit, the likeliest first." })),
    status: Type.String({ description: "open, proposed or closed" }),
    owner: Nullable(Type.String()),
    dueOn: IsoDate,
    note: Nullable(Type.String()),
    isBankError: Type.Boolean(),
    ageDays: Type.Integer(),
    resolution: Nullable(Type.String()),
  }),
);

const RESOLVE_REFUSALS = [
  "EXCEPTION_NOT_FOUND",
  "EXCEPTION_CLOSED",
  "EXCEPTION_TEMPLATE",
  "EXCEPTION_HEAD",
  "EXCEPTION_DIFFERENCE_NONE",
  "EXCEPTION_ITEMS",
  "EXCEPTION_ITEM_DIFFERS",
  "EXCEPTION_ENTRY_OF_REGISTER",
  "EXCEPTION_CHEQUE",
  "EXCEPTION_RECEIPT_ACCOUNT",
  "EXCEPTION_SETTLEMENT_ROWS",
  "BANK_LINE_MATCHED",
  "OPEN_ITEM_UNKNOWN",
  "ACCOUNT_NOT_MAPPED",
  "IDEMPOTENCY_KEY_MISSING",
  ...KEY_REFUSALS,
  ...POSTING_REFUSALS,
];

/** Exceptions: listed, assigned, proposed, decided. */
export const exceptionRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/bank-exceptions",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List exceptions of the bank",
        description: "By the day on which they are due; closed ones only when asked for.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          account: Type.Optional(AccountCode),
          status: Type.Optional(literals(["open", "proposed", "closed"])),
          kind: Type.Optional(Type.String({ maxLength: 40 })),
          owner: Type.Optional(Type.String({ maxLength: 100 })),
          limit: Limit(100, 200),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Exceptions", schema: Page(Shared(ExceptionSchema)) }, [
        "CURSOR_INVALID",
      ]),
    },
    handler: async (request) => {
      const { cursor, limit: asked, ...filter } = request.query;
      const limit = limitOf(asked, 100, 200);
      const [day, id] = cursor === undefined ? [] : decodeCursor(cursor, /^\d{4}-\d{2}-\d{2}$/, /^[0-9a-f-]{36}$/);
      const found = await inSnapshot(app, callerOf(request), (read) =>
        listExceptions(read, {
          ...filter,
          ...(day === undefined || id === undefined ? {} : { after: { dueOn: dateOf(day), id } }),
          limit: limit + 1,
        }),
      );
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(exceptionView),
        next: found.length > limit && last ? encodeCursor([last.dueOn, last.id]) : null,
      };
    },
  });

  server.route({
    method: "GET",
    url: "/bank-exceptions/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Get an exception of the bank",
        description: "With what was proposed for it and what became of that.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers(
        {
          status: 200,
          description: "The exception",
          schema: Type.Object({ exception: Shared(ExceptionSchema), proposals: Type.Array(ProposalSchema) }),
        },
        ["EXCEPTION_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => ({
        exception: exceptionView(await getException(read, request.params.id)),
        proposals: (await proposalsOf(read, request.params.id)).map(proposalView),
      })),
  });

  server.route({
    method: "POST",
    url: "/bank-exceptions/:id/assign",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Assign an exception",
        description: "Whose business it is and by when.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          owner: Nullable(Type.String({ maxLength: 100 })),
          dueOn: IsoDate,
          note: Nullable(Type.String({ maxLength: 500 })),
        },
        {
          additionalProperties: false,
          examples: [{ owner: "asha@example.org", dueOn: "2026-07-31", note: "letter to the bank" }],
        },
      ),
      response: answers({ status: 200, description: "The exception", schema: Shared(ExceptionSchema) }, [
        "EXCEPTION_NOT_FOUND",
        "EXCEPTION_CLOSED",
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const { owner, note } = request.body;
      const dueOn = dateOf(request.body.dueOn);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: exceptionView(await assignException(tx, request.params.id, { owner, dueOn, note })),
      }));
    },
  });

  server.route({
    method: "POST",
    url: "/bank-exceptions/:id/propose",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Propose a way out of an exception",
        description:
          "It is tried out whole and taken back, so that what cannot be is refused now; the entry that it drafts is kept. Another person approves it.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { resolution: ResolutionSchema, reason: Reason },
        {
          additionalProperties: false,
          examples: [{ resolution: { kind: "bank-charge" }, reason: "quarterly SMS charges" }],
        },
      ),
      response: answers({ status: 201, description: "The proposal", schema: ProposalSchema }, [
        "EXCEPTION_PROPOSED",
        "EXCEPTION_REASON",
        "MONEY_DECIMALS",
        ...RESOLVE_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const resolution = resolutionOf(request.body.resolution);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: proposalView(
          await proposeResolution(tx, { exceptionId: request.params.id, resolution, reason: request.body.reason }),
        ),
      }));
    },
  });

  server.route({
    method: "POST",
    url: "/bank-exceptions/:id/approve",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Approve the way out of an exception",
        description:
          "The entry is posted and the line is matched in one transaction, once. The maker is not the checker.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      response: answers({ status: 200, description: "The proposal, approved", schema: ProposalSchema }, [
        "EXCEPTION_NOT_PROPOSED",
        "EXCEPTION_DRAFT_CHANGED",
        "EXCEPTION_ABOVE_LIMIT",
        "MAKER_IS_CHECKER",
        ...RESOLVE_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: proposalView((await approveResolution(tx, request.params.id)).proposal),
      })),
  });

  for (const [name, roles, says] of [
    ["reject", WHO.decides, "Reject the way out of an exception"],
    ["withdraw", WHO.makes, "Withdraw the way out of an exception"],
  ] as const) {
    server.route({
      method: "POST",
      url: `/bank-exceptions/:id/${name}`,
      config: { roles },
      schema: {
        ...doc({ tag: "Bank", summary: says, description: "With a reason; the exception is open again.", roles }),
        params: ById,
        headers: OptionalIdempotencyHeader,
        body: Type.Object(
          { reason: Reason },
          { additionalProperties: false, examples: [{ reason: "an item was found late" }] },
        ),
        response: answers({ status: 200, description: "The exception", schema: Shared(ExceptionSchema) }, [
          "EXCEPTION_NOT_FOUND",
          "EXCEPTION_CLOSED",
          "EXCEPTION_NOT_PROPOSED",
          "EXCEPTION_REASON",
          "EXCEPTION_WITHDRAWN_BY_MAKER",
          "MAKER_IS_CHECKER",
          ...KEY_REFUSALS,
        ]),
      },
      handler: async (request, reply) => {
        const { id } = request.params;
        const { reason } = request.body;
        return answerOnce(app, request, reply, async (tx) => {
          await (name === "reject" ? rejectResolution : withdrawResolution)(tx, id, reason);
          return { status: 200, body: exceptionView(await getException(tx, id)) };
        });
      },
    });
  }
};

function resolutionOf(given: Static<typeof ResolutionSchema>): Resolution {
  if (given.kind !== "cheque-returned") return given;
  const { kind, instrumentId, bankCharge, payerCharge } = given;
  return {
    kind,
    instrumentId,
    bankCharge: bankCharge === undefined ? ZERO : amountOf(bankCharge),
    payerCharge: payerCharge === undefined ? ZERO : amountOf(payerCharge),
  };
}

function exceptionView(e: BankException): Static<typeof ExceptionSchema> {
  return {
    id: e.id,
    account: e.account,
    subject: e.subject,
    subjectId: e.subjectId,
    kind: e.kind,
    amount: toRupees(e.amount),
    date: e.date,
    particulars: e.particulars,
    reference: e.reference,
    candidates: [...e.candidates],
    waysOut: [...fitting(e)],
    status: e.status,
    owner: e.owner,
    dueOn: e.dueOn,
    note: e.note,
    isBankError: e.isBankError,
    ageDays: e.ageDays,
    resolution: e.resolution,
  };
}

function proposalView(p: Proposal): Static<typeof ProposalSchema> {
  return {
    id: p.id,
    template: p.resolution.kind,
    reason: p.reason,
    proposedBy: p.proposedBy,
    proposedAt: p.proposedAt.toISOString(),
    entry: p.draft.map((l) => ({ ...l, amount: toRupees(l.amount) })),
    decision: p.decision && {
      outcome: p.decision.outcome,
      by: p.decision.by,
      at: p.decision.at.toISOString(),
      reason: p.decision.reason,
      entryId: p.decision.entryId === null ? null : String(p.decision.entryId),
      matchId: p.decision.matchId,
    },
  };
}
