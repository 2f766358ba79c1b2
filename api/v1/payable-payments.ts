import Type, { type Static } from "typebox";
import {
  ADVANCE_PURPOSES,
  approvePayment,
  cancelPayment,
  getAdvice,
  getPayment,
  listPayments,
  payableErrors,
  PAYMENT_KINDS,
  preparePayment,
  recordChallan,
  rejectPayment,
  returnAdviceLine,
  sendAdvice,
  type AdvancePurpose,
  type Payment,
  type PaymentInput,
} from "../../ledger/index.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { offsetPage } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import { AdviceSchema, adviceView, PartyInput, PaymentOutSchema, paymentOutView } from "./payable-views.ts";
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
  AccountCode,
  amountOf,
  Cursor,
  dateIf,
  dateOf,
  IsoDate,
  Limit,
  Money,
  Page,
  PostedSchema,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";
import { postedView } from "./views.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const TAG = "Paying";
const PURPOSES = Object.keys(ADVANCE_PURPOSES) as AdvancePurpose[];
const Input = Type.Object(
  {
    kind: Type.Union(PAYMENT_KINDS.map((k) => Type.Literal(k))),
    mode: Type.Union([Type.Literal("cheque"), Type.Literal("transfer")]),
    account: Type.Unsafe<string>({ ...AccountCode, description: "The bank book it is paid from." }),
    leaf: Type.Optional(Type.String({ maxLength: 20, description: "The next leaf when not said." })),
    payee: Type.Optional(Type.String({ maxLength: 100 })),
    payeeParty: Type.Optional(PartyInput),
    date: IsoDate,
    narration: Type.Optional(Type.String({ maxLength: 300 })),
    items: Type.Optional(
      Type.Array(Type.Object({ itemId: Uuid, amount: Money }, { additionalProperties: false }), { maxItems: 500 }),
    ),
    advance: Type.Optional(
      Type.Object(
        {
          party: PartyInput,
          purpose: Type.Union(PURPOSES.map((p) => Type.Literal(p))),
          what: Type.String({ minLength: 1, maxLength: 200 }),
          amount: Money,
        },
        { additionalProperties: false, description: "For a payment of the kind advance." },
      ),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        kind: "bills",
        mode: "cheque",
        account: "4502101",
        date: "2026-07-15",
        items: [{ itemId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77", amount: "111000.00" }],
      },
    ],
  },
);

function inputOf(b: Static<typeof Input>): PaymentInput {
  return {
    ...b,
    date: dateOf(b.date),
    items: b.items?.map((i) => ({ itemId: i.itemId, amount: amountOf(i.amount) })),
    advance: b.advance && { ...b.advance, amount: amountOf(b.advance.amount) },
  };
}

const PREPARING = [
  "PAYMENT_EMPTY",
  "PAYMENT_EXCEEDS_PAYABLE",
  "PAYMENT_FUND_DIFFERS",
  "PAYMENT_ONE_PAYEE",
  "PAYMENT_KINDS",
  "PAYEE_MISSING",
  "PAYEE_BANK_MISSING",
  "BANK_BOOK_MISSING",
  "ITEM_UNKNOWN",
  "CHEQUE_ISSUED_ALREADY",
  "CHEQUE_LEAF_UNKNOWN",
  "CHEQUE_LEAVES_NONE",
  "PARTY_UNKNOWN",
  "PARTY_BARRED",
  "DATE_FORMAT",
  "MONEY_DECIMALS",
  "MONEY_RANGE",
];
const STEP = ["PAYMENT_UNKNOWN", "PAYMENT_STATUS", "PAYMENT_CHANGED", "IF_MATCH_MISSING", "IF_MATCH_INVALID"];
const saved = (payment: Payment, status = 200) => ({
  status,
  body: paymentOutView(payment),
  headers: {
    etag: etagOf(payment.version),
    ...(status === 201 ? { location: `/v1/payables/payments/${payment.id}` } : {}),
  },
});
const one = (description: string, refusals: readonly string[], status = 200) =>
  answers({ status, description, schema: Shared(PaymentOutSchema) }, refusals);
const oneAdvice = (refusals: readonly string[]) =>
  answers({ status: 200, description: "The advice", schema: Shared(AdviceSchema) }, refusals);

/** The advice of a payment by transfer. Raises PAYMENT_UNKNOWN, ADVICE_UNKNOWN. */
async function adviceIdOf(read: Read, payment: string): Promise<string> {
  const { adviceId } = await getPayment(read, payment);
  if (adviceId === null) throw payableErrors.ADVICE_UNKNOWN({ advice: payment });
  return adviceId;
}

/** Payments: written by one, approved by another, by cheque or transfer advice; remittances, refunds of deposits and advances too. */
export const payablePaymentRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/payables/payments",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List payments made",
        description: "The newest first, page by page.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Optional(
            Type.Union((["submitted", "issued", "rejected", "cancelled"] as const).map((s) => Type.Literal(s))),
          ),
          kind: Type.Optional(Type.Union(PAYMENT_KINDS.map((k) => Type.Literal(k)))),
          billId: Type.Optional(Uuid),
          from: Type.Optional(IsoDate),
          to: Type.Optional(IsoDate),
          limit: Limit(100, 200),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Payments", schema: Page(Shared(PaymentOutSchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const { status, kind, billId, from, to } = request.query;
      const page = offsetPage(request.query, 100, 200);
      const payments = await inSnapshot(app, callerOf(request), (read) =>
        listPayments(read, {
          status,
          kind,
          billId,
          from: dateIf(from),
          to: dateIf(to),
          limit: page.limit,
          offset: page.offset,
        }),
      );
      return {
        items: payments.map(paymentOutView),
        next: page.next(payments.length),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Write a payment",
        description:
          "Settles open items in full or in part, or gives an advance; another person approves it. What it pays, and its leaf, are kept for it.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Input,
      response: one("The payment, with its ETag", [...PREPARING, ...KEY_REFUSALS], 201),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => saved(await preparePayment(tx, inputOf(request.body)), 201)),
  });

  server.route({
    method: "GET",
    url: "/payables/payments/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Get a payment made",
        description: "With its ETag, for If-Match.",
        roles: WHO.books,
      }),
      params: ById,
      response: one("The payment", ["PAYMENT_UNKNOWN"]),
    },
    handler: async (request, reply) => {
      const payment = await inSnapshot(app, callerOf(request), (read) => getPayment(read, request.params.id));
      void reply.header("etag", etagOf(payment.version));
      return paymentOutView(payment);
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/approve",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Approve a payment",
        description: "Issues the cheque or advice and posts the voucher. Whoever wrote it cannot approve it.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...IdempotencyHeader.properties }),
      response: answers(
        {
          status: 200,
          description: "The payment and its entry",
          schema: Type.Object({ payment: Shared(PaymentOutSchema), entry: Shared(PostedSchema) }),
        },
        [
          ...STEP,
          ...KEY_REFUSALS,
          "IDEMPOTENCY_KEY_MISSING",
          "MAKER_IS_CHECKER",
          "PAYMENT_EXCEEDS_PAYABLE",
          "PAYEE_BANK_MISSING",
          "BANK_BOOK_MISSING",
          "CHEQUE_ISSUED_ALREADY",
          "PARTY_BARRED",
          ...POSTING_REFUSALS,
        ],
      ),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) => {
        const { payment, entry } = await approvePayment(tx, request.params.id, version);
        return {
          status: 200,
          body: { payment: paymentOutView(payment), entry: postedView(entry) },
          headers: { etag: etagOf(payment.version) },
        };
      });
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/reject",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Reject a payment",
        description: "What it would have paid, and its leaf, are free again.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties }),
      body: Type.Object(
        { reason: Type.String({ maxLength: 300 }) },
        { additionalProperties: false, examples: [{ reason: "the wrong bank book" }] },
      ),
      response: one("The payment", [...STEP, ...KEY_REFUSALS, "MAKER_IS_CHECKER", "REASON_MISSING"]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) =>
        saved(await rejectPayment(tx, request.params.id, version, request.body.reason)),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/cancel",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Cancel an issued payment",
        description:
          "Before its cheque is delivered or its advice sent: the voucher is reversed, and what it paid is payable again.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: Type.Object({ ...IfMatch, ...IdempotencyHeader.properties }),
      body: Type.Object(
        { reason: Type.String({ maxLength: 300 }), date: Type.Optional(IsoDate) },
        { additionalProperties: false, examples: [{ reason: "name misspelt", date: "2026-07-16" }] },
      ),
      response: one("The payment", [
        ...STEP,
        ...KEY_REFUSALS,
        "IDEMPOTENCY_KEY_MISSING",
        "MAKER_IS_CHECKER",
        "REASON_MISSING",
        "CHEQUE_STATUS",
        "CHEQUE_DATE",
        "ADVICE_STATUS",
        "BILL_NOT_UNPAID",
        "DATE_FORMAT",
        ...POSTING_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      const { reason, date } = request.body;
      const on = dateIf(date);
      return answerOnce(app, request, reply, async (tx) =>
        saved(await cancelPayment(tx, request.params.id, version, reason, on)),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/challan",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Write down the challan of a remittance",
        description: "What the authority gave for it.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { number: Type.String({ minLength: 1, maxLength: 60 }), date: IsoDate },
        { additionalProperties: false, examples: [{ number: "BSR 0510002 / 00123", date: "2026-07-06" }] },
      ),
      response: one("The payment", ["PAYMENT_UNKNOWN", "PAYMENT_STATUS", "BILL_INPUT", "DATE_FORMAT", ...KEY_REFUSALS]),
    },
    handler: async (request, reply) => {
      const challan = { number: request.body.number, date: dateOf(request.body.date) };
      return answerOnce(app, request, reply, async (tx) => saved(await recordChallan(tx, request.params.id, challan)));
    },
  });

  server.route({
    method: "GET",
    url: "/payables/payments/:id/advice",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Get the advice of a payment",
        description: "What the bank is told: beneficiaries, accounts, RTGS or NEFT.",
        roles: WHO.books,
      }),
      params: ById,
      response: oneAdvice(["PAYMENT_UNKNOWN", "ADVICE_UNKNOWN"]),
    },
    handler: async (request) =>
      adviceView(
        await inSnapshot(app, callerOf(request), async (read) =>
          getAdvice(read, await adviceIdOf(read, request.params.id)),
        ),
      ),
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/advice/send",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Mark an advice as sent to the bank",
        description: "From then on it is not cancelled, only returned by the bank.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: Type.Object({ date: IsoDate }, { additionalProperties: false, examples: [{ date: "2026-07-15" }] }),
      response: oneAdvice(["PAYMENT_UNKNOWN", "ADVICE_UNKNOWN", "ADVICE_STATUS", "DATE_FORMAT", ...KEY_REFUSALS]),
    },
    handler: async (request, reply) => {
      const on = dateOf(request.body.date);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: adviceView(await sendAdvice(tx, await adviceIdOf(tx, request.params.id), on)),
      }));
    },
  });

  server.route({
    method: "POST",
    url: "/payables/payments/:id/advice/returns",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Book a transfer that came back",
        description: "The bank returned one beneficiary's money: what it had settled is payable again.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { line: Type.Integer({ minimum: 1 }), date: IsoDate, reason: Type.String({ maxLength: 200 }) },
        { additionalProperties: false, examples: [{ line: 2, date: "2026-07-16", reason: "account closed" }] },
      ),
      response: oneAdvice([
        "PAYMENT_UNKNOWN",
        "ADVICE_UNKNOWN",
        "ADVICE_STATUS",
        "ADVICE_LINE_UNKNOWN",
        "ITEM_KIND",
        "REASON_MISSING",
        "DATE_FORMAT",
        "IDEMPOTENCY_KEY_MISSING",
        ...KEY_REFUSALS,
        ...POSTING_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const { line, date, reason } = request.body;
      const on = dateOf(date);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: adviceView(
          await returnAdviceLine(tx, {
            adviceId: await adviceIdOf(tx, request.params.id),
            lineNo: line,
            date: on,
            reason,
          }),
        ),
      }));
    },
  });
};
