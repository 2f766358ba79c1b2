import Type from "typebox";
import { rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  acceptMatches,
  bench,
  mergeMatches,
  splitMatch,
  undoMatch,
  type BenchFilter,
} from "../../reconciliation/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, WHO, type Routes, KEY_REFUSALS } from "./route.ts";
import { AccountCode, Cursor, dateIf, IsoDate, Limit, limitOf, Money, Page, Uuid, ById } from "./schemas.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

/** Of lines and items. */
export const Ids = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 1000 });
const Reason = Type.String({ maxLength: 500 });
const PairingSchema = Type.Object(
  { lines: Ids, items: Ids, evidence: Type.Optional(Type.String({ maxLength: 400 })) },
  { additionalProperties: false },
);
const MatchIds = Type.Object({ matchIds: Type.Array(Uuid) });

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
