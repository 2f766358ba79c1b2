import Type, { type Static } from "typebox";
import { rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  acceptMatches,
  ADJUSTMENT_ROLES,
  approveBrs,
  approveResolution,
  assignException,
  bench,
  checkBrs,
  DIFFERENCE_ROLES,
  fitting,
  getException,
  listExceptions,
  listSignedBrs,
  mergeMatches,
  prepareBrs,
  proposalsOf,
  proposeResolution,
  rejectResolution,
  splitMatch,
  threeWay,
  undoMatch,
  withdrawBrs,
  withdrawResolution,
  type BankException,
  type BenchFilter,
  type Proposal,
  type Resolution,
  type SignedBrs,
} from "../../reconciliation/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, OptionalIdempotencyHeader, WHO, type Routes } from "./route.ts";
import {
  AccountCode,
  amountOf,
  Cursor,
  dateIf,
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
} from "./schemas.ts";
import { ById, KEY_REFUSALS, POSTING_REFUSALS } from "./vouchers.ts";

const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((v) => Type.Literal(v)));
const Ids = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 1000 });
const PairingSchema = Type.Object(
  { lines: Ids, items: Ids, evidence: Type.Optional(Type.String({ maxLength: 400 })) },
  { additionalProperties: false },
);
const MatchIds = Type.Object({ matchIds: Type.Array(Uuid) });
const Reason = Type.String({ maxLength: 500 });

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

const ExceptionSchema = named(
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

const SignedSchema = named(
  "SignedBrs",
  Type.Object({
    id: Uuid,
    account: AccountCode,
    asOf: IsoDate,
    status: Type.String({ description: "prepared, checked, approved or withdrawn" }),
    sha256: Type.String({ description: "Of the whole statement as it was signed." }),
    preparedBy: Type.String(),
    checkedBy: Nullable(Type.String()),
    approvedBy: Nullable(Type.String()),
    reason: Nullable(Type.String()),
  }),
);

/** Registered in the plugin; routes name them. */
export const bankDeskSchemas = [ExceptionSchema, SignedSchema];

const FilterQuery = {
  kind: Type.Optional(Type.String({ maxLength: 40, description: "Of the exception, or proposed." })),
  least: Type.Optional(Money),
  most: Type.Optional(Money),
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  text: Type.Optional(Type.String({ maxLength: 80 })),
  limit: Limit(50, 200),
  cursor: Cursor,
};
const LIST_REFUSALS = ["BANK_ACCOUNT_UNKNOWN", "CURSOR_INVALID", "DATE_FORMAT", "MONEY_FORMAT", "MONEY_DECIMALS"];
const MATCH_REFUSALS = [
  "BANK_ACCOUNT_UNKNOWN",
  "BANK_LINE_UNKNOWN",
  "BANK_LINE_MATCHED",
  "OPEN_ITEM_UNKNOWN",
  "MATCH_EMPTY",
  "MATCH_UNBALANCED",
  "MATCH_TAKEN",
  "MATCHES_TOO_MANY",
  "IDEMPOTENCY_KEY_MISSING",
  ...KEY_REFUSALS,
];
const UNDO_REFUSALS = ["MATCH_UNKNOWN", "REASON_MISSING_FOR_UNMATCH", "IDEMPOTENCY_KEY_MISSING", ...KEY_REFUSALS];
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

type FilterOf = {
  readonly kind?: string;
  readonly least?: string;
  readonly most?: string;
  readonly from?: string;
  readonly to?: string;
  readonly text?: string;
};
function filterOf(q: FilterOf): BenchFilter {
  return {
    ...(q.kind === undefined ? {} : { kind: q.kind }),
    ...(q.least === undefined ? {} : { least: rupees(q.least) }),
    ...(q.most === undefined ? {} : { most: rupees(q.most) }),
    from: dateIf(q.from),
    to: dateIf(q.to),
    ...(q.text === undefined ? {} : { text: q.text }),
  };
}
const idOf = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : decodeCursor(cursor, /^[\w:. -]{1,2000}$/)[0];
const nextOf = (next: string | null): string | null => (next === null ? null : encodeCursor([next]));
const ByAccount = Type.Object({ account: AccountCode });

/** What is open, and matching it by hand. */
export const benchRoutes: Routes = (server, { app }) => {
  const Row = {
    kind: Type.String(),
    reason: Type.String(),
    candidates: Type.Array(Type.String()),
    ageDays: Type.Integer(),
  };
  server.route({
    method: "GET",
    url: "/bank-accounts/:account/open-lines",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List open statement lines",
        description:
          "Lines of the bank that are not matched, with the reason: why one is proposed, or what stands against it.",
        roles: WHO.books,
      }),
      params: ByAccount,
      querystring: Type.Object(FilterQuery, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Open lines; positive is a credit by the bank",
          schema: Page(
            Type.Object({
              id: Uuid,
              date: IsoDate,
              amount: Money,
              narration: Type.String(),
              reference: Type.String(),
              ...Row,
            }),
          ),
        },
        LIST_REFUSALS,
      ),
    },
    handler: async (request) => {
      const limit = limitOf(request.query.limit, 50, 200);
      const linesAfter = idOf(request.query.cursor);
      const { lines } = await inSnapshot(app, callerOf(request), (read) =>
        bench(read, request.params.account, filterOf(request.query), { limit, linesAfter }),
      );
      return {
        items: lines.rows.map(({ subject: l, kind, reason, candidates, ageDays }) => ({
          id: l.id,
          date: l.bookedOn,
          amount: toRupees(l.amount),
          narration: l.narration,
          reference: l.reference,
          kind,
          reason,
          candidates: [...candidates],
          ageDays,
        })),
        next: nextOf(lines.next),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/bank-accounts/:account/open-items",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List open items of the bank book",
        description: "Lines of the book, and settlements on their way, that no statement line has answered.",
        roles: WHO.books,
      }),
      params: ByAccount,
      querystring: Type.Object(FilterQuery, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Open items; positive is a debit of the book",
          schema: Page(
            Type.Object({
              id: Type.String(),
              date: IsoDate,
              amount: Money,
              voucher: Type.String(),
              text: Type.String(),
              reference: Type.String(),
              ...Row,
            }),
          ),
        },
        LIST_REFUSALS,
      ),
    },
    handler: async (request) => {
      const limit = limitOf(request.query.limit, 50, 200);
      const itemsAfter = idOf(request.query.cursor);
      const { items } = await inSnapshot(app, callerOf(request), (read) =>
        bench(read, request.params.account, filterOf(request.query), { limit, itemsAfter }),
      );
      return {
        items: items.rows.map(({ subject: i, kind, reason, candidates, ageDays }) => ({
          id: i.id,
          date: i.date,
          amount: toRupees(i.amount),
          voucher: i.voucher,
          text: i.text,
          reference: i.reference,
          kind,
          reason,
          candidates: [...candidates],
          ageDays,
        })),
        next: nextOf(items.next),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/bank-accounts/:account/proposals",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List proposed matches",
        description: "Likely matches that a person accepts: send their lines and items to `matches`.",
        roles: WHO.books,
      }),
      params: ByAccount,
      querystring: Type.Object(FilterQuery, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Proposals",
          schema: Page(
            Type.Object({
              pass: Type.String(),
              lines: Type.Array(Uuid),
              items: Type.Array(Type.String()),
              amount: Money,
              evidence: Type.String(),
            }),
          ),
        },
        LIST_REFUSALS,
      ),
    },
    handler: async (request) => {
      const limit = limitOf(request.query.limit, 50, 200);
      const proposalsAfter = idOf(request.query.cursor);
      const { proposals } = await inSnapshot(app, callerOf(request), (read) =>
        bench(read, request.params.account, filterOf(request.query), { limit, proposalsAfter }),
      );
      return {
        items: proposals.rows.map((p) => ({
          pass: p.pass,
          lines: [...p.lines],
          items: [...p.items],
          amount: toRupees(p.lineRows.reduce((n, l) => (n + l.amount) as typeof ZERO, ZERO)),
          evidence: p.evidence,
        })),
        next: nextOf(proposals.next),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/bank-accounts/:account/matches",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Match lines with items",
        description:
          "Accepts one proposal or many, or matches many lines with many items. Of each the sums agree to the paisa; all are written or none.",
        roles: WHO.makes,
      }),
      params: ByAccount,
      headers: IdempotencyHeader,
      body: Type.Object(
        { matches: Type.Array(PairingSchema, { minItems: 1, maxItems: 500 }) },
        {
          additionalProperties: false,
          examples: [{ matches: [{ lines: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"], items: ["entry:42:1"] }] }],
        },
      ),
      response: answers({ status: 201, description: "The matches", schema: MatchIds }, MATCH_REFUSALS),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: await acceptMatches(tx, request.params.account, request.body.matches),
      })),
  });

  server.route({
    method: "POST",
    url: "/bank-matches/:id/undo",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Take a match back",
        description: "With a reason; the history stays, and what the match posted is reversed by a voucher.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { reason: Reason },
        { additionalProperties: false, examples: [{ reason: "not the same payer" }] },
      ),
      response: answers({ status: 200, description: "The bank account", schema: ByAccount }, [
        ...UNDO_REFUSALS,
        ...POSTING_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: await undoMatch(tx, request.params.id, request.body.reason),
      })),
  });

  server.route({
    method: "POST",
    url: "/bank-matches/:id/split",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Split a match",
        description: "Into parts that balance each on its own and together hold exactly its lines and items.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { reason: Reason, parts: Type.Array(PairingSchema, { minItems: 2, maxItems: 100 }) },
        {
          additionalProperties: false,
          examples: [
            {
              reason: "two deposits after all",
              parts: [
                { lines: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"], items: ["entry:42:1"] },
                { lines: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e78"], items: ["entry:43:1"] },
              ],
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The parts", schema: MatchIds }, [
        ...MATCH_REFUSALS,
        "MATCH_UNKNOWN",
        "REASON_MISSING_FOR_UNMATCH",
        "MATCH_POSTED",
        "MATCH_PARTS",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: await splitMatch(tx, request.params.id, request.body.parts, request.body.reason),
      })),
  });

  server.route({
    method: "POST",
    url: "/bank-matches/merge",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Merge matches",
        description: "Makes one match of several of one bank account: their lines against their items.",
        roles: WHO.makes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        { reason: Reason, matchIds: Type.Array(Uuid, { minItems: 2, maxItems: 100 }) },
        {
          additionalProperties: false,
          examples: [
            {
              reason: "one deposit after all",
              matchIds: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77", "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e78"],
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The match", schema: MatchIds }, [
        ...MATCH_REFUSALS,
        "MATCH_UNKNOWN",
        "REASON_MISSING_FOR_UNMATCH",
        "MATCH_POSTED",
        "MATCH_MERGE_ONE",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: await mergeMatches(tx, request.body.matchIds, request.body.reason),
      })),
  });
};

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

/** Signed reconciliations and settlements. */
export const signedBrsRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/brs-statements",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List signed bank reconciliations",
        description: "Prepared, checked, approved and withdrawn ones of an account, the newest day first, at most 200.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ account: AccountCode }, { additionalProperties: false }),
      response: answers({ status: 200, description: "Statements", schema: Page(Shared(SignedSchema)) }, []),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), (read) => listSignedBrs(read, request.query.account))).map(
        signedView,
      ),
      next: null,
    }),
  });

  server.route({
    method: "POST",
    url: "/brs-statements",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Prepare a bank reconciliation for signing",
        description:
          "What it says now is kept as it is. It must prove, both ways, and the bank's statements must reach to the day.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { account: AccountCode, asOf: IsoDate },
        { additionalProperties: false, examples: [{ account: "4502101", asOf: "2026-07-31" }] },
      ),
      response: answers({ status: 201, description: "The statement", schema: Shared(SignedSchema) }, [
        "BRS_NOT_PROVED",
        "BRS_NOT_COVERED",
        "BRS_EXISTS",
        "BANK_ACCOUNT_UNKNOWN",
        "STATEMENT_MISSING",
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const asOf = dateOf(request.body.asOf);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: signedView(await prepareBrs(tx, request.body.account, asOf)),
      }));
    },
  });

  for (const [name, roles, says] of [
    ["check", WHO.closes, "Check a bank reconciliation"],
    ["approve", WHO.decides, "Approve a bank reconciliation"],
    ["withdraw", WHO.closes, "Withdraw a bank reconciliation"],
  ] as const) {
    server.route({
      method: "POST",
      url: `/brs-statements/:id/${name}`,
      config: { roles },
      schema: {
        ...doc({
          tag: "Bank",
          summary: says,
          description:
            "Three different people prepare, check and approve. What is approved says for ever what it says; until then it may be withdrawn.",
          roles,
        }),
        params: ById,
        headers: OptionalIdempotencyHeader,
        ...(name === "withdraw"
          ? {
              body: Type.Object(
                { reason: Reason },
                { additionalProperties: false, examples: [{ reason: "an item was found late" }] },
              ),
            }
          : {}),
        response: answers({ status: 200, description: "The statement", schema: Shared(SignedSchema) }, [
          "BRS_NOT_FOUND",
          "BRS_STATUS",
          ...(name === "withdraw" ? ["BRS_REASON"] : ["BRS_SIGNED_BY", "BRS_CHANGED"]),
          ...KEY_REFUSALS,
        ]),
      },
      handler: async (request, reply) => {
        const { id } = request.params;
        const reason = (request.body as { reason?: string } | undefined)?.reason ?? "";
        return answerOnce(app, request, reply, async (tx) => ({
          status: 200,
          body: signedView(
            name === "check"
              ? await checkBrs(tx, id)
              : name === "approve"
                ? await approveBrs(tx, id)
                : await withdrawBrs(tx, id, reason),
          ),
        }));
      },
    });
  }

  server.route({
    method: "GET",
    url: "/settlements",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List gateway settlements",
        description: "Each between the payments that it holds and the bank's line that brought it, the newest first.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        { from: IsoDate, to: IsoDate, limit: Limit(100, 200), cursor: Cursor },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "Settlements",
          schema: Page(
            Type.Object({
              id: Type.String(),
              settledOn: IsoDate,
              utr: Nullable(Type.String()),
              state: Type.String({ description: "exception, in-transit, arrived or differs" }),
              payments: Type.Integer(),
              gross: Money,
              refunds: Money,
              fee: Money,
              tax: Money,
              adjustments: Money,
              amount: Money,
              atBank: Nullable(Money),
              lines: Type.Array(Type.String()),
              exceptionId: Nullable(Type.String()),
            }),
          ),
        },
        ["CURSOR_INVALID", "DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const limit = limitOf(request.query.limit, 100, 200);
      const { cursor } = request.query;
      const [day, id] = cursor === undefined ? [] : decodeCursor(cursor, /^\d{4}-\d{2}-\d{2}$/, /^[\w.-]{1,60}$/);
      const range = { from: dateOf(request.query.from), to: dateOf(request.query.to) };
      const found = await inSnapshot(app, callerOf(request), (read) =>
        threeWay(read, {
          ...range,
          ...(day === undefined || id === undefined ? {} : { after: { settledOn: dateOf(day), id } }),
          limit: limit + 1,
        }),
      );
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((s) => ({
          id: s.id,
          settledOn: s.settledOn,
          utr: s.utr,
          state: s.state,
          payments: s.payments,
          gross: toRupees(s.gross),
          refunds: toRupees(s.refunds),
          fee: toRupees(s.fee),
          tax: toRupees(s.tax),
          adjustments: toRupees(s.adjustments),
          amount: toRupees(s.amount),
          atBank: s.atBank === null ? null : toRupees(s.atBank),
          lines: [...s.lines],
          exceptionId: s.exceptionId,
        })),
        next: found.length > limit && last ? encodeCursor([last.settledOn, last.id]) : null,
      };
    },
  });
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

function signedView(s: SignedBrs): Static<typeof SignedSchema> {
  return {
    id: s.id,
    account: s.account,
    asOf: s.asOf,
    status: s.status,
    sha256: s.sha256,
    preparedBy: s.preparedBy,
    checkedBy: s.checkedBy,
    approvedBy: s.approvedBy,
    reason: s.reason,
  };
}
