import type { FastifyReply } from "fastify";
import Type, { type Static } from "typebox";
import {
  approveVoucher,
  cancelVoucher,
  changeVoucher,
  draftReversal,
  draftVoucher,
  getVoucher,
  listVouchers,
  rejectVoucher,
  sendBackVoucher,
  signVoucher,
  submitVoucher,
  voucherSteps,
  type Line,
  type Voucher,
  type VoucherInput,
} from "../../ledger/index.ts";
import { inSnapshot, inTransaction, type Tx } from "../../ledger/kernel/tx.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
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
  KEY_REFUSALS,
} from "./route.ts";
import {
  amountOf,
  Cursor,
  dateIf,
  dateOf,
  EntryId,
  IsoDate,
  Limit,
  limitOf,
  LineInput,
  Moment,
  Nullable,
  Page,
  PostedSchema,
  Shared,
  VoucherSchema,
  yearOf,
  YesNo,
  ById,
} from "./schemas.ts";
import { postedView, voucherView } from "./views.ts";

/** What a voucher carries besides its lines, as the API takes it. */
export const PaperFields = {
  externalReference: Type.Optional(Type.String({ maxLength: 100 })),
  fileNumber: Type.Optional(Type.String({ maxLength: 100, examples: ["ACC/12/2026"] })),
  sanction: Type.Optional(
    Type.Object(
      { number: Type.String({ minLength: 1, maxLength: 100 }), date: IsoDate },
      { additionalProperties: false },
    ),
  ),
  backDateReason: Type.Optional(Type.String({ maxLength: 500 })),
  autoReverseOn: Type.Optional(IsoDate),
};
type Paper = Pick<VoucherInput, "externalReference" | "fileNumber" | "sanction" | "backDateReason" | "autoReverseOn">;

export function paperOf(body: {
  readonly externalReference?: string;
  readonly fileNumber?: string;
  readonly sanction?: { readonly number: string; readonly date: string };
  readonly backDateReason?: string;
  readonly autoReverseOn?: string;
}): Paper {
  const { externalReference, fileNumber, sanction, backDateReason, autoReverseOn } = body;
  return {
    externalReference,
    fileNumber,
    sanction: sanction && { number: sanction.number, date: dateOf(sanction.date) },
    backDateReason,
    autoReverseOn: dateIf(autoReverseOn),
  };
}

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
    ...PaperFields,
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
    ...paperOf(body),
    lines: body.lines.map(lineOfInput),
  };
}

export const LINE_REFUSALS = [
  "DATE_FORMAT",
  "MONEY_DECIMALS",
  "MONEY_RANGE",
  "LINE_AMOUNT",
  "FINANCIAL_YEAR_FORMAT",
  "AUTO_REVERSAL_DATE",
];
const STATE_REFUSALS = [
  "VOUCHER_NOT_FOUND",
  "VOUCHER_STATUS",
  "VOUCHER_CHANGED",
  "IF_MATCH_MISSING",
  "IF_MATCH_INVALID",
];
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

/** What submitting it may be refused for: the same, but the month. */
const CHECK_REFUSALS = [...POSTING_REFUSALS.filter((c) => !c.startsWith("PERIOD_")), "NARRATION_MISSING"];
export const VoucherKind = Type.Union([
  Type.Literal("receipt"),
  Type.Literal("payment"),
  Type.Literal("contra"),
  Type.Literal("journal"),
  Type.Literal("opening"),
]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ID = /^[0-9a-f-]{36}$/;

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
        description: "Oldest first, page by page.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Union(
            [
              Type.Literal("draft"),
              Type.Literal("submitted"),
              Type.Literal("sent-back"),
              Type.Literal("approved"),
              Type.Literal("rejected"),
              Type.Literal("cancelled"),
            ],
            { examples: ["submitted"] },
          ),
          voucher: Type.Optional(VoucherKind),
          from: Type.Optional(IsoDate),
          to: Type.Optional(IsoDate),
          search: Type.Optional(
            Type.String({ maxLength: 100, description: "Part of the narration, reference, file or sanction number." }),
          ),
          backDated: YesNo("true: only those dated before they were drafted."),
          limit: Limit(200, 200),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Vouchers", schema: Page(Shared(VoucherSchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const { status, voucher, from, to, search, backDated, cursor } = request.query;
      const limit = limitOf(request.query.limit, 200, 200);
      const [date, id] = cursor === undefined ? [] : decodeCursor(cursor, DAY, ID);
      const vouchers = await inSnapshot(app, callerOf(request), async (read) =>
        listVouchers(read, status, {
          kind: voucher,
          from: dateIf(from),
          to: dateIf(to),
          search,
          isBackDated: backDated === undefined ? undefined : backDated === "true",
          after: date === undefined || id === undefined ? undefined : { date: dateOf(date), id },
          limit,
        }),
      );
      const last = vouchers.at(-1);
      return {
        items: vouchers.map(voucherView),
        next: vouchers.length === limit && last ? encodeCursor([last.date, last.id]) : null,
      };
    },
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
      answerOnce(app, request, reply, async (tx) => {
        return drafted(await draftVoucher(tx, inputOf(request.body)));
      }),
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
        "REVERSAL_LINES_FIXED",
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
          "A draft, or a voucher that was sent back. From now on it must balance and use accounts, funds and functions that are there; it cannot be changed any more, only approved, sent back or rejected by another person.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
      response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
        ...STATE_REFUSALS,
        ...KEY_REFUSALS,
        ...CHECK_REFUSALS,
        "BACK_DATE_REASON_MISSING",
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) => {
        const voucher = await submitVoucher(tx, request.params.id, version);
        return { status: 200, body: voucherView(voucher), headers: { etag: etagOf(voucher.version) } };
      });
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
        [
          ...STATE_REFUSALS,
          ...KEY_REFUSALS,
          "IDEMPOTENCY_KEY_MISSING",
          "MAKER_IS_CHECKER",
          "APPROVAL_LIMIT_EXCEEDED",
          "SECOND_SIGNATURE_MISSING",
          "SIGNATORY_TWICE",
          ...POSTING_REFUSALS,
        ],
      ),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) => {
        const { voucher, entry } = await approveVoucher(tx, request.params.id, version);
        return {
          status: 200,
          body: { voucher: voucherView(voucher), entry: postedView(entry) },
          headers: { etag: etagOf(voucher.version) },
        };
      });
    },
  });

  server.route({
    method: "POST",
    url: "/vouchers/:id/sign",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Sign a voucher first",
        description:
          "The first of two signatures on a voucher above the amount that the ULB has set; nothing is posted.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
      response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
        ...STATE_REFUSALS,
        ...KEY_REFUSALS,
        "MAKER_IS_CHECKER",
        "SIGNATURE_NOT_NEEDED",
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) => {
        const voucher = await signVoucher(tx, request.params.id, version);
        return { status: 200, body: voucherView(voucher), headers: { etag: etagOf(voucher.version) } };
      });
    },
  });

  const withReason: readonly {
    readonly step: string;
    readonly summary: string;
    readonly description: string;
    readonly roles: typeof WHO.decides | typeof WHO.makes;
    readonly refusals: readonly string[];
    readonly run: (tx: Tx, id: string, version: number, reason: string) => Promise<Voucher>;
  }[] = [
    {
      step: "reject",
      summary: "Reject a voucher",
      description: "For good, with a reason; nothing is posted.",
      roles: WHO.decides,
      refusals: ["MAKER_IS_CHECKER"],
      run: rejectVoucher,
    },
    {
      step: "send-back",
      summary: "Send a voucher back",
      description: "To its maker, with a reason; he may change it and submit it again. Signatures so far are void.",
      roles: WHO.decides,
      refusals: ["MAKER_IS_CHECKER"],
      run: sendBackVoucher,
    },
    {
      step: "cancel",
      summary: "Cancel a draft",
      description: "A draft, or a voucher that was sent back, is given up with a reason; it stays on record.",
      roles: WHO.makes,
      refusals: [],
      run: cancelVoucher,
    },
  ];
  for (const { step, summary, description, roles, refusals, run } of withReason) {
    server.route({
      method: "POST",
      url: `/vouchers/:id/${step}`,
      config: { roles },
      schema: {
        ...doc({ tag: "Vouchers", summary, description, roles }),
        params: ById,
        headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
        body: Type.Object(
          { reason: Type.String({ maxLength: 1000 }) },
          { additionalProperties: false, examples: [{ reason: "wrong month" }] },
        ),
        response: answers({ status: 200, description: "The voucher", schema: Shared(VoucherSchema) }, [
          ...STATE_REFUSALS,
          ...KEY_REFUSALS,
          ...refusals,
          "REASON_MISSING",
        ]),
      },
      handler: async (request, reply) => {
        const version = versionOf(request.headers["if-match"]);
        return answerOnce(app, request, reply, async (tx) => {
          const voucher = await run(tx, request.params.id, version, request.body.reason);
          return { status: 200, body: voucherView(voucher), headers: { etag: etagOf(voucher.version) } };
        });
      },
    });
  }

  server.route({
    method: "GET",
    url: "/vouchers/:id/steps",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Get the history of a voucher",
        description: "Every step with who, when and why, oldest first.",
        roles: WHO.books,
      }),
      params: ById,
      response: answers(
        {
          status: 200,
          description: "The steps",
          schema: Type.Object({
            items: Type.Array(
              Type.Object({
                step: Type.String({ examples: ["sent-back"] }),
                at: Moment,
                actor: Type.String(),
                reason: Nullable(Type.String()),
                version: Type.Integer(),
              }),
            ),
          }),
        },
        ["VOUCHER_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        await getVoucher(read, request.params.id);
        return {
          items: (await voucherSteps(read, request.params.id)).map((s) => ({ ...s, at: s.at.toISOString() })),
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/voucher-reversals",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Draft the reversal of an entry",
        description:
          "The mirror of an entry that came from a voucher, as a draft; another person approves it as any voucher.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          entryId: EntryId,
          date: IsoDate,
          reason: Type.String({ maxLength: 40, description: "A code: wrong-head, wrong-amount, duplicate …" }),
          remarks: Type.String({ maxLength: 500 }),
          fileNumber: PaperFields.fileNumber,
        },
        {
          additionalProperties: false,
          examples: [{ entryId: "1041", date: "2026-07-31", reason: "duplicate", remarks: "Bill 17 was booked twice" }],
        },
      ),
      response: answers({ status: 201, description: "The draft, with its ETag", schema: Shared(VoucherSchema) }, [
        ...KEY_REFUSALS,
        "DATE_FORMAT",
        "ENTRY_NOT_FOUND",
        "ENTRY_ALREADY_REVERSED",
        "REVERSAL_OF_ANOTHER_PAPER",
        "REVERSAL_REASON_UNKNOWN",
        "REVERSAL_UNDER_WAY",
        "REASON_MISSING",
      ]),
    },
    handler: async (request, reply) => {
      const { entryId, date, reason, remarks, fileNumber } = request.body;
      return answerOnce(app, request, reply, async (tx) => {
        const voucher = await draftReversal(tx, {
          entryId: BigInt(entryId),
          date: dateOf(date),
          reason,
          remarks,
          fileNumber,
        });
        return drafted(voucher);
      });
    },
  });
};

const drafted = (voucher: Voucher) => ({
  status: 201,
  body: voucherView(voucher),
  headers: { etag: etagOf(voucher.version), location: `/v1/vouchers/${voucher.id}` },
});
