import Type from "typebox";
import {
  bookChequesDue,
  chequesDue,
  clearCheque,
  decideOrder,
  deliverCheque,
  getCheque,
  listCheques,
  orderOnDeposit,
  receiveDeposit,
  refundAdvance,
  spoilLeaf,
  takeChequeBack,
} from "../../ledger/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { offsetPage } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import { IssuedChequeSchema, issuedChequeView, PartyInput } from "./payable-views.ts";
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
  dateIf,
  dateOf,
  IsoDate,
  Limit,
  Money,
  Nullable,
  Page,
  PostedSchema,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";
import { postedView } from "./views.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const TAG = "Paying";
const STATUSES = ["issued", "delivered", "cleared", "cancelled", "stale", "reissued", "lapsed", "spoiled"] as const;
const one = (refusals: readonly string[], status = 200) =>
  answers({ status, description: "The cheque", schema: Shared(IssuedChequeSchema) }, refusals);
const MONEY = ["IDEMPOTENCY_KEY_MISSING", ...KEY_REFUSALS, "DATE_FORMAT", ...POSTING_REFUSALS];
const AMOUNT = ["MONEY_DECIMALS", "MONEY_RANGE"];

/** Own cheques from hand to hand, stale and lapsed ones; deposits that come in and orders on them; advances given back. */
export const payableChequeRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/payables/cheques",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List issued cheques",
        description: "The newest first, page by page.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Optional(Type.Union(STATUSES.map((s) => Type.Literal(s)))),
          account: Type.Optional(AccountCode),
          from: Type.Optional(IsoDate),
          to: Type.Optional(IsoDate),
          limit: Limit(100, 200),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Cheques", schema: Page(Shared(IssuedChequeSchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const { status, account, from, to } = request.query;
      const page = offsetPage(request.query, 100, 200);
      const cheques = await inSnapshot(app, callerOf(request), (read) =>
        listCheques(read, {
          status,
          account,
          from: dateIf(from),
          to: dateIf(to),
          limit: page.limit,
          offset: page.offset,
        }),
      );
      return {
        items: cheques.map(issuedChequeView),
        next: page.next(cheques.length),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/payables/cheques/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({ tag: TAG, summary: "Get an issued cheque", description: "Where it stands.", roles: WHO.books }),
      params: ById,
      response: one(["CHEQUE_UNKNOWN"]),
    },
    handler: async (request) =>
      issuedChequeView(await inSnapshot(app, callerOf(request), (read) => getCheque(read, request.params.id))),
  });

  for (const [step, summary, description] of [
    ["deliver", "Deliver a cheque", "`note` says to whom."],
    ["take-back", "Take a delivered cheque back", "It is in the office again and can be cancelled; `note` says why."],
    ["clear", "Clear a cheque by hand", "As read in the pass book; usually the bank statement does it."],
  ] as const) {
    server.route({
      method: "POST",
      url: `/payables/cheques/:id/${step}`,
      config: { roles: WHO.makes },
      schema: {
        ...doc({ tag: TAG, summary, description, roles: WHO.makes }),
        params: ById,
        headers: OptionalIdempotencyHeader,
        body: Type.Object(
          { date: IsoDate, note: Type.Optional(Type.String({ maxLength: 200 })) },
          { additionalProperties: false, examples: [{ date: "2026-07-16", note: "Mohan Lal, partner" }] },
        ),
        response: one([
          "CHEQUE_UNKNOWN",
          "CHEQUE_STATUS",
          "CHEQUE_DATE",
          "REASON_MISSING",
          "DATE_FORMAT",
          ...KEY_REFUSALS,
        ]),
      },
      handler: async (request, reply) => {
        const { id } = request.params;
        const on = dateOf(request.body.date);
        const note = request.body.note ?? "";
        return answerOnce(app, request, reply, async (tx) => ({
          status: 200,
          body: issuedChequeView(
            step === "deliver"
              ? await deliverCheque(tx, id, on, note)
              : step === "clear"
                ? await clearCheque(tx, id, on)
                : await takeChequeBack(tx, id, on, note),
          ),
        }));
      },
    });
  }

  server.route({
    method: "POST",
    url: "/payables/spoiled-leaves",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Mark a leaf as spoiled",
        description: "Torn, misprinted or lost before it was written: it is used up.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          account: AccountCode,
          leaf: Type.String({ minLength: 1, maxLength: 20 }),
          reason: Type.String({ maxLength: 200 }),
        },
        { additionalProperties: false, examples: [{ account: "4502101", leaf: "322", reason: "torn in the printer" }] },
      ),
      response: one(
        ["BANK_BOOK_MISSING", "CHEQUE_LEAF_UNKNOWN", "CHEQUE_ISSUED_ALREADY", "REASON_MISSING", ...KEY_REFUSALS],
        201,
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: issuedChequeView(await spoilLeaf(tx, request.body)),
      })),
  });

  server.route({
    method: "GET",
    url: "/payables/cheques-due",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List cheques that become stale or lapsed",
        description: "By the end of a day: not presented in time, or not claimed in time.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ day: IsoDate }, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Cheques",
          schema: Type.Object({
            items: Type.Array(
              Type.Object({ cheque: Shared(IssuedChequeSchema), becomes: Type.String(), since: IsoDate, open: Money }),
            ),
          }),
        },
        ["DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const day = dateOf(request.query.day);
      const due = await inSnapshot(app, callerOf(request), (read) => chequesDue(read, day));
      return {
        items: due.map((d) => ({
          cheque: issuedChequeView(d.cheque),
          becomes: d.becomes,
          since: d.since,
          open: toRupees(d.open),
        })),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/payables/cheques-due",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Book stale and lapsed cheques",
        description: "Cheques of the list of that day, all in one set or none.",
        roles: WHO.decides,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        { day: IsoDate, cheques: Type.Array(Uuid, { minItems: 1, maxItems: 500 }) },
        {
          additionalProperties: false,
          examples: [{ day: "2026-09-15", cheques: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"] }],
        },
      ),
      response: answers(
        { status: 200, description: "The entries", schema: Type.Object({ entries: Type.Array(Shared(PostedSchema)) }) },
        ["CHEQUE_UNKNOWN", "CHEQUE_STATUS", "CHEQUE_NOT_DUE", ...MONEY],
      ),
    },
    handler: async (request, reply) => {
      const day = dateOf(request.body.day);
      return answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: { entries: (await bookChequesDue(tx, day, request.body.cheques)).map(postedView) },
      }));
    },
  });

  server.route({
    method: "POST",
    url: "/payables/deposits",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Receive a deposit",
        description: "Earnest money or a security deposit. It is refunded by a payment of the kind deposit.",
        roles: WHO.makes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          sort: Type.Union([Type.Literal("emd"), Type.Literal("security")]),
          party: PartyInput,
          date: IsoDate,
          amount: Money,
          bank: AccountCode,
          what: Type.String({ minLength: 1, maxLength: 200 }),
          fund: Type.Optional(Type.String({ maxLength: 20 })),
        },
        {
          additionalProperties: false,
          examples: [
            {
              sort: "emd",
              party: { type: "contractor", id: "C-0001" },
              date: "2026-07-15",
              amount: "10000.00",
              bank: "4502101",
              what: "EMD for tender 12/2026, DD 445566",
            },
          ],
        },
      ),
      response: answers(
        {
          status: 201,
          description: "The open item and the entry",
          schema: Type.Object({ itemId: Uuid, entry: Shared(PostedSchema) }),
        },
        ["PARTY_UNKNOWN", "BILL_INPUT", ...AMOUNT, ...MONEY],
      ),
    },
    handler: async (request, reply) => {
      const { date, amount, ...rest } = request.body;
      const deposit = { ...rest, date: dateOf(date), amount: amountOf(amount) };
      return answerOnce(app, request, reply, async (tx) => {
        const { itemId, entry } = await receiveDeposit(tx, deposit);
        return { status: 201, body: { itemId, entry: postedView(entry) } };
      });
    },
  });

  const Order = Type.Object({
    id: Uuid,
    kind: Type.String(),
    status: Type.String(),
    amount: Money,
    entryId: Nullable(Type.String()),
  });
  const orderView = (o: Awaited<ReturnType<typeof orderOnDeposit>>) => ({
    id: o.id,
    kind: o.kind,
    status: o.status,
    amount: toRupees(o.amount),
    entryId: o.entryId?.toString() ?? null,
  });

  server.route({
    method: "POST",
    url: "/payables/deposit-orders",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Ask for an order on a deposit",
        description:
          "To forfeit it, to let it lapse, or to make earnest money a security deposit; another person decides.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          kind: Type.Union([Type.Literal("forfeit"), Type.Literal("lapse"), Type.Literal("convert")]),
          itemId: Uuid,
          amount: Money,
          date: IsoDate,
          reason: Type.String({ maxLength: 300 }),
        },
        {
          additionalProperties: false,
          examples: [
            {
              kind: "forfeit",
              itemId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77",
              amount: "4000.00",
              date: "2026-07-15",
              reason: "order 17 of the commissioner",
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The order", schema: Order }, [
        "ITEM_UNKNOWN",
        "ITEM_KIND",
        "PAYMENT_EMPTY",
        "PAYMENT_EXCEEDS_PAYABLE",
        "REASON_MISSING",
        "DATE_FORMAT",
        ...AMOUNT,
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const { date, amount, ...rest } = request.body;
      const order = { ...rest, date: dateOf(date), amount: amountOf(amount) };
      return answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: orderView(await orderOnDeposit(tx, order)),
      }));
    },
  });

  server.route({
    method: "POST",
    url: "/payables/deposit-orders/:id/decide",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Decide an order on a deposit",
        description: "Approved, its entry is posted; rejected, it needs a reason.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { approve: Type.Boolean(), reason: Type.Optional(Type.String({ maxLength: 300 })) },
        { additionalProperties: false, examples: [{ approve: true }] },
      ),
      response: answers({ status: 200, description: "The order", schema: Order }, [
        "ORDER_UNKNOWN",
        "ORDER_STATUS",
        "MAKER_IS_CHECKER",
        "REASON_MISSING",
        "ITEM_KIND",
        "PAYMENT_EXCEEDS_PAYABLE",
        ...MONEY,
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: orderView(await decideOrder(tx, request.params.id, request.body)),
      })),
  });

  server.route({
    method: "POST",
    url: "/payables/advances/:id/refund",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Take back an advance in money",
        description: "All of it or a part; the rest stays outstanding, or is recovered from a bill.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { date: IsoDate, amount: Money, bank: AccountCode, what: Type.String({ maxLength: 200 }) },
        {
          additionalProperties: false,
          examples: [{ date: "2026-07-15", amount: "2000.00", bank: "4501001", what: "unspent" }],
        },
      ),
      response: answers({ status: 201, description: "The entry", schema: Shared(PostedSchema) }, [
        "ITEM_UNKNOWN",
        "ITEM_KIND",
        "BILL_INPUT",
        "ADVANCE_EXCEEDS_OUTSTANDING",
        ...AMOUNT,
        ...MONEY,
      ]),
    },
    handler: async (request, reply) => {
      const { date, amount, bank, what } = request.body;
      const refund = { itemId: request.params.id, date: dateOf(date), amount: amountOf(amount), bank, what };
      return answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: postedView(await refundAdvance(tx, refund)),
      }));
    },
  });
};
