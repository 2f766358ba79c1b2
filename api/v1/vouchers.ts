import type { FastifyReply } from "fastify";
import Type, { type Static } from "typebox";
import {
  approveVoucher,
  changeVoucher,
  draftVoucher,
  getVoucher,
  listVouchers,
  rejectVoucher,
  submitVoucher,
  type Line,
  type Voucher,
  type VoucherInput,
} from "../../ledger/index.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { doOnce, send } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  etagOf,
  IdempotencyHeader,
  IfMatch,
  OptionalIdempotencyHeader,
  versionOf,
  WHO,
  type Routes,
} from "./route.ts";
import {
  amountOf,
  dateOf,
  IsoDate,
  LineInput,
  Page,
  PostedSchema,
  Shared,
  Uuid,
  VoucherSchema,
  yearOf,
} from "./schemas.ts";
import { postedView, voucherView } from "./views.ts";

const Input = Type.Object(
  {
    voucher: Type.Union([
      Type.Literal("receipt"),
      Type.Literal("payment"),
      Type.Literal("contra"),
      Type.Literal("journal"),
    ]),
    date: IsoDate,
    narration: Type.String({ minLength: 1, maxLength: 1000 }),
    externalReference: Type.Optional(Type.String({ maxLength: 100 })),
    lines: Type.Array(LineInput, { maxItems: 2000 }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        voucher: "payment",
        date: "2026-07-31",
        narration: "Electricity of the water works, July 2026",
        lines: [
          { side: "debit", account: "2203001", amount: "12500.00", function: "55" },
          { side: "credit", account: "4502101", amount: "12500.00" },
        ],
      },
    ],
  },
);

export function lineOfInput(input: Static<typeof LineInput>): Line {
  const { amount, demandYear, ...rest } = input;
  return { ...rest, amount: amountOf(amount), ...(demandYear === undefined ? {} : { demandYear: yearOf(demandYear) }) };
}

function inputOf(body: Static<typeof Input>): VoucherInput {
  return {
    voucher: body.voucher,
    date: dateOf(body.date),
    narration: body.narration,
    ...(body.externalReference === undefined ? {} : { externalReference: body.externalReference }),
    lines: body.lines.map(lineOfInput),
  };
}

const LINE_REFUSALS = ["DATE_FORMAT", "MONEY_DECIMALS", "MONEY_RANGE", "LINE_AMOUNT", "FINANCIAL_YEAR_FORMAT"];
const STATE_REFUSALS = [
  "VOUCHER_NOT_FOUND",
  "VOUCHER_STATUS",
  "VOUCHER_CHANGED",
  "IF_MATCH_MISSING",
  "IF_MATCH_INVALID",
];
const KEY_REFUSALS = ["IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_BUSY"];
/** What posting an entry may be refused for. */
export const POSTING_REFUSALS = [
  "ENTRY_LINES",
  "LINE_AMOUNT",
  "ENTRY_UNBALANCED",
  "FUND_UNBALANCED",
  "ACCOUNT_UNKNOWN",
  "ACCOUNT_NOT_POSTING",
  "ACCOUNT_INACTIVE",
  "FUND_UNKNOWN",
  "FUNCTION_MISSING",
  "FUNCTION_UNKNOWN",
  "VOUCHER_RULE",
  "PERIOD_MISSING",
  "PERIOD_CLOSED",
];

const ById = Type.Object({ id: Uuid });

function reply200(reply: FastifyReply, voucher: Voucher) {
  void reply.header("etag", etagOf(voucher.version));
  return voucherView(voucher);
}

export const voucherRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/vouchers",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "List vouchers in a status",
        description: "Oldest first, at most 200.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Union(
            [Type.Literal("draft"), Type.Literal("submitted"), Type.Literal("approved"), Type.Literal("rejected")],
            { examples: ["submitted"] },
          ),
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Vouchers", schema: Page(Shared(VoucherSchema)) }, []),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => ({
        items: (await listVouchers(read, request.query.status)).map(voucherView),
        next: null,
      })),
  });

  server.route({
    method: "POST",
    url: "/vouchers",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Draft a voucher",
        description: "A draft may be unbalanced; nothing is posted until another person approves it.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Input,
      response: answers({ status: 201, description: "The draft, with its ETag", schema: Shared(VoucherSchema) }, [
        ...LINE_REFUSALS,
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      send(
        reply,
        await doOnce(app, callerOf(request), request, async (tx) => {
          const voucher = await draftVoucher(tx, inputOf(request.body));
          return {
            status: 201,
            body: voucherView(voucher),
            headers: { etag: etagOf(voucher.version), location: `/v1/vouchers/${voucher.id}` },
          };
        }),
      ),
  });

  server.route({
    method: "GET",
    url: "/vouchers/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Get a voucher",
        description: "With its ETag, for If-Match.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
        "VOUCHER_NOT_FOUND",
      ]),
    },
    handler: async (request, reply) =>
      reply200(reply, await inSnapshot(app, callerOf(request), (read) => getVoucher(read, request.params.id))),
  });

  server.route({
    method: "PUT",
    url: "/vouchers/:id",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Replace a draft",
        description: "If-Match says which version you saw; if somebody changed the draft meanwhile nothing is written.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: Type.Object(IfMatch),
      body: Input,
      response: answers({ status: 200, description: "The draft, with its new ETag", schema: Shared(VoucherSchema) }, [
        ...STATE_REFUSALS,
        ...LINE_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      const input = inputOf(request.body);
      return reply200(
        reply,
        await inTransaction(app, callerOf(request), (tx) => changeVoucher(tx, request.params.id, version, input)),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/vouchers/:id/submit",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Submit a voucher for approval",
        description:
          "From now on it must balance; it cannot be changed any more, only approved or rejected by another person.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
      response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
        ...STATE_REFUSALS,
        ...KEY_REFUSALS,
        "ENTRY_LINES",
        "LINE_AMOUNT",
        "ENTRY_UNBALANCED",
        "FUND_UNBALANCED",
        "NARRATION_MISSING",
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return send(
        reply,
        await doOnce(app, callerOf(request), request, async (tx) => {
          const voucher = await submitVoucher(tx, request.params.id, version);
          return { status: 200, body: voucherView(voucher), headers: { etag: etagOf(voucher.version) } };
        }),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/vouchers/:id/approve",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Approve a voucher",
        description:
          "Posts its journal entry: entry, number and audit in one commit. Whoever made or submitted it cannot approve it.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...IdempotencyHeader.properties }),
      response: answers(
        {
          status: 200,
          description: "The voucher and its entry",
          schema: Type.Object({ voucher: Shared(VoucherSchema), entry: Shared(PostedSchema) }),
        },
        [...STATE_REFUSALS, ...KEY_REFUSALS, "IDEMPOTENCY_KEY_MISSING", "MAKER_IS_CHECKER", ...POSTING_REFUSALS],
      ),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return send(
        reply,
        await doOnce(app, callerOf(request), request, async (tx) => {
          const { voucher, entry } = await approveVoucher(tx, request.params.id, version);
          return {
            status: 200,
            body: { voucher: voucherView(voucher), entry: postedView(entry) },
            headers: { etag: etagOf(voucher.version) },
          };
        }),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/vouchers/:id/reject",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Reject a voucher",
        description: "Sends a submitted voucher back with a reason; nothing is posted.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
      body: Type.Object(
        { reason: Type.String({ maxLength: 1000 }) },
        { additionalProperties: false, examples: [{ reason: "wrong month" }] },
      ),
      response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
        ...STATE_REFUSALS,
        ...KEY_REFUSALS,
        "MAKER_IS_CHECKER",
        "REASON_MISSING",
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return send(
        reply,
        await doOnce(app, callerOf(request), request, async (tx) => {
          const voucher = await rejectVoucher(tx, request.params.id, version, request.body.reason);
          return { status: 200, body: voucherView(voucher), headers: { etag: etagOf(voucher.version) } };
        }),
      );
    },
  });
};
