import Type, { type Static } from "typebox";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  approveBrs,
  checkBrs,
  listSignedBrs,
  prepareBrs,
  threeWay,
  withdrawBrs,
  type SignedBrs,
} from "../../reconciliation/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes, KEY_REFUSALS } from "./route.ts";
import {
  AccountCode,
  Cursor,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  Money,
  named,
  Nullable,
  Page,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";

const Reason = Type.String({ maxLength: 500 });

/** Registered in the plugin; routes name it. */
export const SignedSchema = named(
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
