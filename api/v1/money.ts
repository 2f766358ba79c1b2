import Type from "typebox";
import {
  atAccountOf,
  atGatewayOf,
  closeCounterSession,
  countPrint,
  createOrder,
  depositInstruments,
  dishonour,
  getOrder,
  getReceipt,
  getSession,
  instrumentsInHand,
  listReceipts,
  openCounterSession,
  pollOrder,
  receiveAtCounter,
  sessionTotals,
} from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { receiptPdf, receiptView } from "../../reports/index.ts";
import { TenderInput, tenderFrom } from "./counter.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce, flowOnce, send } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  KEYED_REFUSALS,
} from "./route.ts";
import {
  AccountCode,
  amountOf,
  Cursor,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  Money,
  Nullable,
  OrderSchema,
  Page,
  ReceiptSchema,
  SessionSchema,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";
import { orderView, receiptJson, sessionView } from "./views.ts";

const SESSION_REFUSALS = ["SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_OF_ANOTHER"];

export const orderRoutes: Routes = (server, { app }) => {
  server.route({
    method: "POST",
    url: "/orders",
    config: { roles: WHO.orders },
    schema: {
      ...doc({
        tag: "Online payments",
        summary: "Open an order",
        description:
          "Opens an order at the gateway for a consumer's payment. The same key gives the same order however often it is sent; " +
          "a lost answer of the gateway is looked for, never repeated blindly. The receipt comes with the money, by webhook or poll.",
        roles: WHO.orders,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        { consumerId: Uuid, amount: Money, billId: Type.Optional(Uuid) },
        {
          additionalProperties: false,
          examples: [{ consumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77", amount: "1188.00" }],
        },
      ),
      response: answers({ status: 201, description: "The order, as the gateway has it", schema: Shared(OrderSchema) }, [
        ...KEYED_REFUSALS,
        "ORDER_AMOUNT",
        "MONEY_DECIMALS",
        "CONSUMER_NOT_FOUND",
        "GATEWAY_REJECTED",
        "GATEWAY_UNREACHABLE",
      ]),
    },
    handler: async (request, reply) => {
      const who = callerOf(request);
      return send(
        reply,
        await flowOnce(app, who, request, async (idempotencyKey) => {
          const { consumerId, amount, billId } = request.body;
          const at = await atAccountOf(app, who, consumerId);
          const order = await createOrder(at, who, { consumerId, amount: amountOf(amount), billId, idempotencyKey });
          return { status: 201, body: orderView(order), headers: { location: `/v1/orders/${order.id}` } };
        }),
      );
    },
  });

  server.route({
    method: "GET",
    url: "/orders/:id",
    config: { roles: WHO.desk },
    schema: {
      ...doc({ tag: "Online payments", summary: "Get an order", description: "As it is known here.", roles: WHO.desk }),
      params: ById,
      response: answers({ status: 200, description: "The order", schema: Shared(OrderSchema) }, ["ORDER_NOT_FOUND"]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => orderView(await getOrder(read, request.params.id))),
  });

  server.route({
    method: "POST",
    url: "/orders/:id/poll",
    config: { roles: WHO.orders },
    schema: {
      ...doc({
        tag: "Online payments",
        summary: "Ask the gateway about an order",
        description:
          "What the gateway says of the order's payments is applied like a webhook: whichever comes first issues the receipt, all others change nothing. " +
          "It needs no Idempotency-Key for that reason.",
        roles: WHO.orders,
      }),
      params: ById,
      response: answers(
        {
          status: 200,
          description: "What the payer may be told",
          schema: Type.Object({
            status: Type.String({ description: "paid, refundable, processing or failed" }),
            receiptId: Type.Optional(Uuid),
            refundId: Type.Optional(Uuid),
            reason: Type.Optional(Type.String()),
          }),
        },
        ["ORDER_NOT_FOUND"],
      ),
    },
    handler: async (request) => {
      const who = callerOf(request);
      return pollOrder(await atGatewayOf(app, who.ulb), who, request.params.id);
    },
  });
};

export const receiptRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/receipts",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Receipts",
        summary: "List receipts",
        description: "Receipts by their date in the books and number; dishonoured and cancelled ones stay in the list.",
        roles: WHO.desk,
      }),
      querystring: Type.Object(
        {
          from: IsoDate,
          to: IsoDate,
          consumerId: Type.Optional(Uuid),
          sessionId: Type.Optional(Uuid),
          service: Type.Optional(Type.String({ maxLength: 40 })),
          ward: Type.Optional(Type.String({ maxLength: 40 })),
          limit: Limit(100, 500),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Receipts", schema: Page(Shared(ReceiptSchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const { from, to, limit: asked, cursor, ...filter } = request.query;
      const limit = limitOf(asked, 100, 500);
      const [date, number] =
        cursor === undefined ? [] : decodeCursor(cursor, /^\d{4}-\d{2}-\d{2}$/, /^[A-Z]{1,4}\/\d{4}-\d{2}\/\d{1,12}$/);
      const range = { from: dateOf(from), to: dateOf(to) };
      const found = await inSnapshot(app, callerOf(request), (read) =>
        listReceipts(read, {
          ...range,
          ...filter,
          ...(date === undefined || number === undefined ? {} : { after: { date: dateOf(date), number } }),
          limit,
        }),
      );
      const last = found.at(-1);
      return {
        items: found.map(receiptJson),
        next: found.length === limit && last ? encodeCursor([last.entryDate, last.number]) : null,
      };
    },
  });

  server.route({
    method: "GET",
    url: "/receipts/:id",
    config: { roles: WHO.desk },
    schema: {
      ...doc({ tag: "Receipts", summary: "Get a receipt", description: "By its id.", roles: WHO.desk }),
      params: ById,
      response: answers({ status: 200, description: "The receipt", schema: Shared(ReceiptSchema) }, [
        "RECEIPT_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => receiptJson(await getReceipt(read, request.params.id))),
  });

  server.route({
    method: "GET",
    url: "/receipts/:id/pdf",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Receipts",
        summary: "Get a receipt as PDF",
        description:
          "In the local language beside English, with the code that verifies it. Asking does not count as a print.",
        roles: WHO.desk,
      }),
      params: ById,
      querystring: Type.Object(
        {
          lang: Type.Optional(Type.Union([Type.Literal("en"), Type.Literal("hi"), Type.Literal("pa")])),
          paper: Type.Optional(Type.Union([Type.Literal("A4"), Type.Literal("A5")])),
        },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "The document",
          contentType: "application/pdf",
          schema: Type.Unsafe<Buffer>({ contentMediaType: "application/pdf" }),
        },
        ["RECEIPT_NOT_FOUND"],
      ),
    },
    handler: async (request, reply) => {
      const view = await inSnapshot(app, callerOf(request), (read) =>
        receiptView(read, request.params.id, (token) => `${app.baseUrl}/receipt/${token}`),
      );
      const pdf = await receiptPdf(view, request.query.lang ?? "hi", request.query.paper ?? "A5");
      return reply
        .type("application/pdf")
        .header("content-disposition", `inline; filename="${view.number.replaceAll("/", "-")}.pdf"`)
        .send(pdf);
    },
  });

  server.route({
    method: "POST",
    url: "/receipts/:id/prints",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Receipts",
        summary: "Count a print of a receipt",
        description: "Say that a copy was handed out: every copy after the first is a duplicate.",
        roles: WHO.counter,
      }),
      params: ById,
      response: answers(
        { status: 200, description: "Copies so far", schema: Type.Object({ copies: Type.Integer() }) },
        ["RECEIPT_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inTransaction(app, callerOf(request), async (tx) => ({ copies: await countPrint(tx, request.params.id) })),
  });
};

export const counterRoutes: Routes = (server, { app }) => {
  const Totals = Type.Array(Type.Object({ mode: Type.String(), receipts: Type.Integer(), amount: Money }));

  server.route({
    method: "POST",
    url: "/counter-sessions",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Open a counter",
        description: "For the acting cashier, who has one open session at a time.",
        roles: WHO.counter,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          counter: Type.String({ minLength: 1, maxLength: 40 }),
          office: Type.Optional(
            Type.String({ maxLength: 60, description: "Where the ULB has counters in several buildings." }),
          ),
          float: Type.Optional(
            Type.Object(
              { amount: Money, from: Type.String({ minLength: 1, maxLength: 120, description: "Who handed it." }) },
              { additionalProperties: false, description: "Change to begin with: custody, nothing is posted." },
            ),
          ),
        },
        {
          additionalProperties: false,
          examples: [{ counter: "2" }, { counter: "2", float: { amount: "500.00", from: "head.cashier" } }],
        },
      ),
      response: answers({ status: 201, description: "The session", schema: Shared(SessionSchema) }, [
        "SESSION_OPEN_ALREADY",
        "COUNTER_TAKEN",
        "COUNTER_DAY_CLOSED",
        "FLOAT_GIVER",
        "MONEY_DECIMALS",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_KEY_BUSY",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { counter, office, float } = request.body;
        const session = await openCounterSession(tx, {
          counter,
          office,
          float: float && { amount: amountOf(float.amount), from: float.from },
        });
        return {
          status: 201,
          body: sessionView(session),
          headers: { location: `/v1/counter-sessions/${session.id}` },
        };
      }),
  });

  server.route({
    method: "GET",
    url: "/counter-sessions/:id",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Get a counter session",
        description: "With what it took so far, by mode; cancelled receipts are left out.",
        roles: WHO.desk,
      }),
      params: ById,
      response: answers(
        {
          status: 200,
          description: "The session and its totals",
          schema: Type.Object({ session: Shared(SessionSchema), totals: Totals }),
        },
        ["SESSION_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => ({
        session: sessionView(await getSession(read, request.params.id)),
        totals: (await sessionTotals(read, request.params.id)).map((t) => ({
          mode: t.mode,
          receipts: Number(t.receipts),
          amount: toRupees(t.amount),
        })),
      })),
  });

  server.route({
    method: "POST",
    url: "/counter-sessions/:id/receipts",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Receive money at the counter",
        description:
          "Allocations, receipt, instrument and journal entry in one commit. More than the dues is refused unless the payer accepts it as his advance.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          consumerId: Uuid,
          amount: Money,
          tender: TenderInput,
          payerName: Type.Optional(Type.String({ maxLength: 200 })),
          billId: Type.Optional(Uuid),
          acceptAdvance: Type.Optional(Type.Boolean()),
        },
        {
          additionalProperties: false,
          examples: [
            {
              consumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77",
              amount: "1188.00",
              tender: { kind: "cheque", number: "000123", bank: "SBIN0001234", date: "2026-07-30" },
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The receipt", schema: Shared(ReceiptSchema) }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        "SESSION_OF_ANOTHER_DAY",
        "CONSUMER_NOT_FOUND",
        "COUNTER_AMOUNT",
        "OVERPAYMENT",
        "CASH_LIMIT",
        "CASH_WHOLE_RUPEES",
        "SESSION_LEFT",
        "SESSION_DECLARED",
        "CHEQUE_FACILITY",
        "CHEQUE_ACKNOWLEDGED",
        "CARD_SLIP",
        "CARD_SLIP_ENTERED_ALREADY",
        "POSTAL_ORDER",
        "CHEQUE_NUMBER",
        "CHEQUE_STALE",
        "CHEQUE_POST_DATED",
        "CHEQUE_ENTERED_ALREADY",
        "TRANSFER_REFERENCE",
        "TRANSFER_ENTERED_ALREADY",
        "MONEY_DECIMALS",
        "DATE_FORMAT",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { consumerId, amount, tender, payerName, billId, acceptAdvance } = request.body;
        const receipt = await receiveAtCounter(tx, {
          sessionId: request.params.id,
          consumerId,
          amount: amountOf(amount),
          tender: tenderFrom(tender),
          payerName,
          billId,
          acceptAdvance,
          idempotencyKey: request.headers["idempotency-key"],
        });
        return { status: 201, body: receiptJson(receipt), headers: { location: `/v1/receipts/${receipt.id}` } };
      }),
  });

  server.route({
    method: "POST",
    url: "/counter-sessions/:id/close",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Close a counter",
        description:
          "The counted drawer must tally with the cash receipts to the paisa; otherwise the answer says how much is short or over.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          denominations: Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 1_000_000 }), {
            description: "Pieces by denomination in rupees.",
          }),
        },
        { additionalProperties: false, examples: [{ denominations: { "500": 12, "100": 3, "0.50": 1 } }] },
      ),
      response: answers({ status: 200, description: "The closed session", schema: Shared(SessionSchema) }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        "DENOMINATION_UNKNOWN",
        "DRAWER_MISMATCH",
        "HANDOVER_WAITING",
        "SESSION_DECLARED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: sessionView(await closeCounterSession(tx, request.params.id, request.body.denominations)),
      })),
  });

  server.route({
    method: "GET",
    url: "/instruments-in-hand",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Remittances",
        summary: "List money in hand",
        description: "Cash, cheques and drafts that were received and not deposited, oldest first.",
        roles: WHO.desk,
      }),
      response: answers(
        {
          status: 200,
          description: "Instruments in hand",
          schema: Page(
            Type.Object({
              id: Uuid,
              receiptId: Nullable(Type.String()),
              ackId: Nullable(Type.String()),
              tenderId: Nullable(Type.String()),
              kind: Type.String(),
              amount: Money,
              receivedOn: IsoDate,
              number: Nullable(Type.String()),
              bank: Nullable(Type.String()),
              isSessionOpen: Type.Boolean(),
            }),
          ),
        },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), instrumentsInHand)).map((i) => ({
        ...i,
        amount: toRupees(i.amount),
      })),
      next: null,
    }),
  });

  server.route({
    method: "POST",
    url: "/remittances",
    config: { roles: WHO.remittances },
    schema: {
      ...doc({
        tag: "Remittances",
        summary: "Deposit money at the bank",
        description:
          "Cash of closed sessions, or cheques and drafts: a contra entry. Without `instrumentIds` all that may go, goes.",
        roles: WHO.remittances,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          kind: Type.Union([Type.Literal("cash"), Type.Literal("cheques")]),
          slipNumber: Type.String({ minLength: 1, maxLength: 40 }),
          date: IsoDate,
          instrumentIds: Type.Optional(Type.Array(Uuid, { minItems: 1, maxItems: 2000 })),
          bankAccount: Type.Optional(AccountCode),
        },
        { additionalProperties: false, examples: [{ kind: "cash", slipNumber: "0042", date: "2026-07-31" }] },
      ),
      response: answers(
        {
          status: 201,
          description: "The remittance",
          schema: Type.Object({
            id: Uuid,
            number: Type.String({ examples: ["RM/2026-27/000007"] }),
            kind: Type.String(),
            amount: Money,
            slipNumber: Type.String(),
            depositedOn: IsoDate,
            instruments: Type.Integer(),
          }),
        },
        [
          ...KEYED_REFUSALS,
          "REMITTANCE_EMPTY",
          "REMITTANCE_NOT_IN_HAND",
          "REMITTANCE_EARLY",
          "REMITTANCE_SLIP",
          "REMITTANCE_NET",
          "DATE_FORMAT",
          "ACCOUNT_UNKNOWN",
          "ACCOUNT_NOT_POSTING",
          "VOUCHER_RULE",
          "PERIOD_MISSING",
          "PERIOD_CLOSED",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { date, instrumentIds, bankAccount, ...deposit } = request.body;
        const made = await depositInstruments(tx, {
          ...deposit,
          date: dateOf(date),
          ...(instrumentIds === undefined ? {} : { instrumentIds }),
          ...(bankAccount === undefined ? {} : { bankAccount }),
        });
        return { status: 201, body: { ...made, amount: toRupees(made.amount) } };
      }),
  });

  server.route({
    method: "POST",
    url: "/cheques/:id/dishonour",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Remittances",
        summary: "Book a returned cheque",
        description:
          "The bank returned a cheque or draft: what it had settled is due again, the bank's charge is booked, the payer is charged, and the receipt " +
          "stays visible as dishonoured. `id` is the instrument's.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          date: IsoDate,
          reason: Type.String({ minLength: 1, maxLength: 500 }),
          reasonCode: Type.Optional(
            Type.String({
              maxLength: 10,
              description: "The clearing house's: decides whether the drawer is at fault.",
            }),
          ),
          bankCharge: Type.Optional(Money),
          payerCharge: Type.Optional(Money),
        },
        {
          additionalProperties: false,
          examples: [{ date: "2026-08-03", reason: "funds insufficient", bankCharge: "118.00", payerCharge: "150.00" }],
        },
      ),
      response: answers(
        {
          status: 200,
          description: "The receipt, the entry, and the last day of the notice (Negotiable Instruments Act s.138)",
          schema: Type.Object({ receipt: Shared(ReceiptSchema), entryNumber: Type.String(), noticeBy: IsoDate }),
        },
        [
          ...KEYED_REFUSALS,
          "INSTRUMENT_NOT_FOUND",
          "INSTRUMENT_STATUS",
          "DISHONOUR_DATE",
          "RETURN_REASON",
          "RETURN_NOT_DRAWERS_FAULT",
          "RECEIPT_NOT_FOUND",
          "DATE_FORMAT",
          "MONEY_DECIMALS",
          "PERIOD_MISSING",
          "PERIOD_CLOSED",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { date, reason, reasonCode, bankCharge, payerCharge } = request.body;
        const done = await dishonour(tx, {
          instrumentId: request.params.id,
          date: dateOf(date),
          reason,
          reasonCode,
          bankCharge: amountOf(bankCharge ?? "0"),
          // Without a code nobody says that the drawer is at fault: he is charged what is asked for, or nothing.
          ...(payerCharge === undefined && reasonCode !== undefined
            ? {}
            : { payerCharge: amountOf(payerCharge ?? "0") }),
        });
        return {
          status: 200,
          body: { receipt: receiptJson(done.receipt), entryNumber: done.entryNumber, noticeBy: done.noticeBy },
        };
      }),
  });
};
