import Type, { type Static } from "typebox";
import {
  acceptHandover,
  approveDifference,
  clearInstruments,
  closeCounterDay,
  declareDifference,
  handOver,
  readSession,
  refuseHandover,
  rejectDifference,
  settleCardBatch,
  takePayment,
  cancelReceipt,
  transferReceipt,
  type Handover,
  type TakenPayment,
  type Tender,
} from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, IdempotencyHeader, WHO, type Routes, KEYED_REFUSALS } from "./route.ts";
import {
  AccountCode,
  amountOf,
  dateOf,
  IsoDate,
  Moment,
  Money,
  Nullable,
  ReceiptSchema,
  SessionSchema,
  Shared,
  Uuid,
  strict,
  ById,
} from "./schemas.ts";
import { receiptJson, sessionView } from "./views.ts";

const SESSION_REFUSALS = ["SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_OF_ANOTHER"];
const MONEY_REFUSALS = ["MONEY_DECIMALS", "DATE_FORMAT", "PERIOD_MISSING", "PERIOD_CLOSED"];
const Pieces = Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 1_000_000 }), {
  description: "Pieces by denomination in rupees.",
});

export const TenderInput = Type.Union([
  Type.Object({ kind: Type.Literal("cash") }, strict),
  Type.Object(
    {
      kind: Type.Union([Type.Literal("cheque"), Type.Literal("dd")]),
      number: Type.String({ maxLength: 20, examples: ["000123"] }),
      bank: Type.String({ minLength: 1, maxLength: 100, description: "The drawee bank: its name, MICR or IFSC code." }),
      branch: Type.Optional(Type.String({ maxLength: 100 })),
      date: IsoDate,
    },
    strict,
  ),
  Type.Object({ kind: Type.Literal("postal-order"), number: Type.String({ maxLength: 30 }), date: IsoDate }, strict),
  Type.Object(
    {
      kind: Type.Union([Type.Literal("bank-transfer"), Type.Literal("challan")]),
      utr: Type.String({ maxLength: 40 }),
      date: IsoDate,
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Union([Type.Literal("pos"), Type.Literal("upi")]),
      rrn: Type.String({ maxLength: 20, examples: ["612345678901"] }),
      acquirer: Type.String({ minLength: 1, maxLength: 60, description: "The bank of the machine, which settles." }),
      batchNo: Type.Optional(Type.String({ maxLength: 20 })),
    },
    strict,
  ),
]);

export function tenderFrom(input: Static<typeof TenderInput>): Tender {
  return "date" in input ? { ...input, date: dateOf(input.date) } : input;
}

const AckSchema = Type.Object({
  id: Uuid,
  number: Type.String({ examples: ["AK/2026-27/000012"] }),
  consumerId: Uuid,
  amount: Money,
  status: Type.String({ description: "held, realised, returned or cancelled" }),
  receiptId: Nullable(Type.String()),
  instrumentId: Uuid,
});
const TakenSchema = Type.Object({
  id: Uuid,
  amount: Money,
  receipts: Type.Array(Shared(ReceiptSchema)),
  acknowledgements: Type.Array(AckSchema, {
    description: "Where the ULB gives its receipt when the bank has the money.",
  }),
});
const HandoverSchema = Type.Object({
  id: Uuid,
  from: Type.String(),
  to: Type.String(),
  amount: Money,
  status: Type.String({ description: "given, accepted or refused" }),
  givenAt: Moment,
});

function takenView(taken: TakenPayment): Static<typeof TakenSchema> {
  return {
    id: taken.tenderId,
    amount: toRupees(taken.amount),
    receipts: taken.receipts.map(receiptJson),
    acknowledgements: taken.acknowledgements.map((a) => ({
      id: a.id,
      number: a.number,
      consumerId: a.consumerId,
      amount: toRupees(a.amount),
      status: a.status,
      receiptId: a.receiptId,
      instrumentId: a.instrumentId,
    })),
  };
}

function handoverView(h: Handover): Static<typeof HandoverSchema> {
  return {
    id: h.id,
    from: h.fromCashier,
    to: h.toCashier,
    amount: toRupees(h.amount),
    status: h.status,
    givenAt: h.givenAt.toISOString(),
  };
}

/** The desk beyond a single receipt: payments of several accounts, readings, handovers, differences, batches, clearing, transfers. */
export const deskRoutes: Routes = (server, { app }) => {
  server.route({
    method: "POST",
    url: "/counter-sessions/:id/payments",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Take a payment",
        description:
          "One money for several accounts and heads of account, in one commit: a receipt for each account and one for the heads, or an " +
          "acknowledgement where the ULB gives its receipt when the bank has the money. The same account and amount within minutes is asked about " +
          "unless `isAnother` says that it is another payment.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          tender: TenderInput,
          consumers: Type.Array(
            Type.Object(
              {
                consumerId: Uuid,
                amount: Money,
                billId: Type.Optional(Uuid),
                acceptAdvance: Type.Optional(Type.Boolean()),
              },
              strict,
            ),
            { maxItems: 50 },
          ),
          heads: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  account: AccountCode,
                  amount: Money,
                  purpose: Type.String({ minLength: 1, maxLength: 200 }),
                  function: Type.Optional(Type.String({ maxLength: 20 })),
                  fund: Type.Optional(Type.String({ maxLength: 20 })),
                  party: Type.Optional(
                    Type.Object({ type: Type.String({ maxLength: 40 }), id: Type.String({ maxLength: 80 }) }, strict),
                  ),
                },
                strict,
              ),
              { maxItems: 50 },
            ),
          ),
          payer: Type.Optional(
            Type.Object(
              {
                name: Type.Optional(Type.String({ maxLength: 200 })),
                mobile: Type.Optional(Type.String({ maxLength: 20 })),
                pan: Type.Optional(Type.String({ maxLength: 20 })),
              },
              strict,
            ),
          ),
          book: Type.Optional(
            Type.Object(
              { book: Type.String({ maxLength: 20 }), leaf: Type.String({ maxLength: 10 }), date: IsoDate },
              strict,
            ),
          ),
          isAnother: Type.Optional(Type.Boolean()),
        },
        {
          ...strict,
          examples: [
            {
              tender: { kind: "pos", rrn: "612345678901", acquirer: "SBI", batchNo: "000071" },
              consumers: [{ consumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77", amount: "1188.00" }],
            },
          ],
        },
      ),
      response: answers({ status: 201, description: "The payment with its papers", schema: TakenSchema }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        ...MONEY_REFUSALS,
        "SESSION_OF_ANOTHER_DAY",
        "SESSION_LEFT",
        "SESSION_DECLARED",
        "CONSUMER_NOT_FOUND",
        "COUNTER_AMOUNT",
        "BASKET",
        "OVERPAYMENT",
        "CASH_LIMIT",
        "CASH_WHOLE_RUPEES",
        "CHEQUE_NUMBER",
        "CHEQUE_STALE",
        "CHEQUE_POST_DATED",
        "CHEQUE_ENTERED_ALREADY",
        "CHEQUE_FACILITY",
        "TRANSFER_REFERENCE",
        "TRANSFER_ENTERED_ALREADY",
        "CARD_SLIP",
        "CARD_SLIP_ENTERED_ALREADY",
        "POSTAL_ORDER",
        "MANUAL_DATE",
        "MANUAL_LEAF",
        "MANUAL_MODE",
        "MISC_HEAD",
        "MISC_PARTY",
        "PAYER_IDENTITY",
        "REPEATED_PAYMENT",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { tender, consumers, heads, payer, book, isAnother } = request.body;
        const taken = await takePayment(tx, {
          sessionId: request.params.id,
          tender: tenderFrom(tender),
          consumers: consumers.map((c) => ({ ...c, amount: amountOf(c.amount) })),
          heads: heads?.map((h) => ({ ...h, amount: amountOf(h.amount) })),
          payer,
          book: book && { ...book, date: dateOf(book.date) },
          isAnother,
          idempotencyKey: request.headers["idempotency-key"],
        });
        return { status: 201, body: takenView(taken) };
      }),
  });

  server.route({
    method: "GET",
    url: "/counter-sessions/:id/reading",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Read a counter",
        description: "The X-reading: what the drawer must hold by float, cash and handovers; nothing is closed by it.",
        roles: WHO.desk,
      }),
      params: ById,
      response: answers(
        {
          status: 200,
          description: "The reading",
          schema: Type.Object({
            session: Shared(SessionSchema),
            float: Money,
            received: Money,
            cancelled: Money,
            handedIn: Money,
            handedOut: Money,
            expected: Money,
            firstReceipt: Nullable(Type.String()),
            lastReceipt: Nullable(Type.String()),
            totals: Type.Array(Type.Object({ mode: Type.String(), receipts: Type.Integer(), amount: Money })),
            handovers: Type.Array(HandoverSchema),
          }),
        },
        ["SESSION_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const { session, drawer, totals, handovers, firstReceipt, lastReceipt } = await readSession(
          read,
          request.params.id,
        );
        return {
          session: sessionView(session),
          float: toRupees(drawer.float),
          received: toRupees(drawer.received),
          cancelled: toRupees(drawer.cancelled),
          handedIn: toRupees(drawer.handedIn),
          handedOut: toRupees(drawer.handedOut),
          expected: toRupees(drawer.expected),
          firstReceipt,
          lastReceipt,
          totals: totals.map((t) => ({ mode: t.mode, receipts: Number(t.receipts), amount: toRupees(t.amount) })),
          handovers: handovers.map(handoverView),
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/counter-sessions/:id/handovers",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Hand over cash",
        description:
          "Out of the drawer at once; in the other cashier's when he accepts it. With `leaves` the counter takes no more money.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          to: Type.String({ minLength: 1, maxLength: 120 }),
          denominations: Pieces,
          leaves: Type.Optional(Type.Boolean()),
        },
        { ...strict, examples: [{ to: "second.cashier", denominations: { "500": 4 } }] },
      ),
      response: answers({ status: 201, description: "The handover", schema: HandoverSchema }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        "SESSION_DECLARED",
        "HANDOVER_TO",
        "HANDOVER_TOO_MUCH",
        "DENOMINATION_UNKNOWN",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 201,
        body: handoverView(await handOver(tx, { sessionId: request.params.id, ...request.body })),
      })),
  });

  server.route({
    method: "POST",
    url: "/handovers/:id/answer",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Answer a handover",
        description:
          "Accepted with the pieces counted, it is in the acting cashier's open drawer; refused, it is the giver's again. " +
          "The giver himself may take back what nobody has accepted.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { isAccepted: Type.Boolean(), denominations: Type.Optional(Pieces) },
        { ...strict, examples: [{ isAccepted: true, denominations: { "500": 4 } }] },
      ),
      response: answers({ status: 200, description: "The handover", schema: HandoverSchema }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        "HANDOVER_NOT_FOUND",
        "HANDOVER_OF_ANOTHER",
        "HANDOVER_ANSWERED",
        "HANDOVER_COUNT",
        "DENOMINATION_UNKNOWN",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: handoverView(
          request.body.isAccepted
            ? await acceptHandover(tx, request.params.id, request.body.denominations ?? {})
            : await refuseHandover(tx, request.params.id),
        ),
      })),
  });

  server.route({
    method: "POST",
    url: "/counter-sessions/:id/difference",
    config: { roles: WHO.counter },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Declare a difference",
        description:
          "The drawer was counted and does not tally: it takes no more money and waits for another person's approval.",
        roles: WHO.counter,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        { denominations: Pieces, reason: Type.String({ minLength: 1, maxLength: 200 }) },
        { ...strict, examples: [{ denominations: { "500": 11 }, reason: "wrong change given" }] },
      ),
      response: answers({ status: 200, description: "The session", schema: Shared(SessionSchema) }, [
        ...KEYED_REFUSALS,
        ...SESSION_REFUSALS,
        "SESSION_DECLARED",
        "HANDOVER_WAITING",
        "DIFFERENCE_NONE",
        "DIFFERENCE_REASON",
        "DENOMINATION_UNKNOWN",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: sessionView(
          await declareDifference(tx, request.params.id, request.body.denominations, request.body.reason),
        ),
      })),
  });

  server.route({
    method: "POST",
    url: "/counter-sessions/:id/difference/decision",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Decide a difference",
        description:
          "Approved, the session is closed: what is short is recoverable from the cashier, what is over is payable. Else it is counted again.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object({ isApproved: Type.Boolean() }, { ...strict, examples: [{ isApproved: true }] }),
      response: answers({ status: 200, description: "The session", schema: Shared(SessionSchema) }, [
        ...KEYED_REFUSALS,
        "SESSION_NOT_FOUND",
        "SESSION_CLOSED",
        "SESSION_NOT_DECLARED",
        "DIFFERENCE_OWN",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: sessionView(
          request.body.isApproved
            ? await approveDifference(tx, request.params.id)
            : await rejectDifference(tx, request.params.id),
        ),
      })),
  });

  server.route({
    method: "POST",
    url: "/counter-days",
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Counter",
        summary: "Close the day of an office",
        description:
          "When its counters are closed and its handovers answered; what is not deposited yet is carried over on record.",
        roles: WHO.closes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        { office: Type.Optional(Type.String({ maxLength: 60 })), day: IsoDate },
        { ...strict, examples: [{ day: "2026-07-31" }] },
      ),
      response: answers(
        {
          status: 201,
          description: "The check list as it stood",
          schema: Type.Object({
            office: Type.String(),
            day: IsoDate,
            checks: Type.Array(Type.Object({ name: Type.String(), problems: Type.Array(Type.String()) })),
          }),
        },
        [...KEYED_REFUSALS, "COUNTER_DAY_NOT_READY", "COUNTER_DAY_CLOSED", "DATE_FORMAT"],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { office, day, checks } = await closeCounterDay(tx, request.body.office ?? "", dateOf(request.body.day));
        return {
          status: 201,
          body: { office, day, checks: checks.map((c) => ({ name: c.name, problems: [...c.problems] })) },
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/receipts/:id/cancellation",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Receipts",
        summary: "Cancel a receipt",
        description:
          "While its money is in the drawer of an open counter: the dues are open again, the number stays used. Who calls approves what `requestedBy` asked " +
          "for; nobody cancels a receipt of his own. A cheque or slip that paid several accounts is given back whole.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          reason: Type.String({ minLength: 1, maxLength: 200 }),
          requestedBy: Type.String({ minLength: 1, maxLength: 120 }),
        },
        { ...strict, examples: [{ reason: "keyed with a wrong amount", requestedBy: "cashier.one" }] },
      ),
      response: answers({ status: 200, description: "The cancelled receipt", schema: Shared(ReceiptSchema) }, [
        ...KEYED_REFUSALS,
        "RECEIPT_NOT_FOUND",
        "RECEIPT_STATUS",
        "CANCEL_REASON",
        "CANCEL_OWN",
        "CANCEL_DEPOSITED",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: receiptJson(await cancelReceipt(tx, { receiptId: request.params.id, ...request.body })),
      })),
  });

  server.route({
    method: "POST",
    url: "/receipts/:id/transfer",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Receipts",
        summary: "Transfer a receipt",
        description:
          "Keyed to a wrong account and found later: marked as transferred, and a replacement settles the right account. No cash moves.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          toConsumerId: Uuid,
          reason: Type.String({ minLength: 1, maxLength: 200 }),
          requestedBy: Type.String({ minLength: 1, maxLength: 120 }),
        },
        {
          ...strict,
          examples: [
            {
              toConsumerId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77",
              reason: "keyed to the neighbour",
              requestedBy: "cashier.one",
            },
          ],
        },
      ),
      response: answers({ status: 200, description: "The replacement", schema: Shared(ReceiptSchema) }, [
        ...KEYED_REFUSALS,
        "RECEIPT_NOT_FOUND",
        "RECEIPT_STATUS",
        "TRANSFER_SAME",
        "TRANSFER_KIND",
        "CANCEL_REASON",
        "CANCEL_OWN",
        "CONSUMER_NOT_FOUND",
        "PERIOD_MISSING",
        "PERIOD_CLOSED",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: receiptJson(await transferReceipt(tx, { receiptId: request.params.id, ...request.body })),
      })),
  });

  server.route({
    method: "POST",
    url: "/cheques/clear",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Remittances",
        summary: "Clear deposited cheques",
        description:
          "The bank's statement shows their money. Those that were only acknowledged get their receipt, dated the day of realisation.",
        roles: WHO.makes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        { instrumentIds: Type.Array(Uuid, { minItems: 1, maxItems: 500 }), date: IsoDate },
        { ...strict, examples: [{ instrumentIds: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"], date: "2026-08-01" }] },
      ),
      response: answers(
        {
          status: 200,
          description: "Receipts that were issued by it",
          schema: Type.Object({ receiptIds: Type.Array(Uuid) }),
        },
        [
          ...KEYED_REFUSALS,
          "INSTRUMENT_NOT_FOUND",
          "INSTRUMENT_NOT_DEPOSITED",
          "CLEARED_EARLY",
          "ACK_STATUS",
          "DATE_FORMAT",
          "PERIOD_MISSING",
          "PERIOD_CLOSED",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: { receiptIds: await clearInstruments(tx, request.body.instrumentIds, dateOf(request.body.date)) },
      })),
  });

  server.route({
    method: "POST",
    url: "/card-batches",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Remittances",
        summary: "Settle a card batch",
        description:
          "What the acquirer paid for the slips of a batch: the slips must come to the gross to the paisa. `rrns` names them where the batch number does not.",
        roles: WHO.makes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          acquirer: Type.String({ minLength: 1, maxLength: 60 }),
          batchNo: Type.String({ minLength: 1, maxLength: 20 }),
          rrns: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { minItems: 1, maxItems: 2000 })),
          gross: Money,
          fee: Money,
          feeGst: Money,
          utr: Type.String({ maxLength: 40 }),
          date: IsoDate,
          bankAccount: Type.Optional(AccountCode),
        },
        {
          ...strict,
          examples: [
            {
              acquirer: "SBI",
              batchNo: "000071",
              gross: "1234.50",
              fee: "9.00",
              feeGst: "1.62",
              utr: "SBIN126153000077",
              date: "2026-08-01",
            },
          ],
        },
      ),
      response: answers(
        {
          status: 201,
          description: "The batch",
          schema: Type.Object({
            id: Uuid,
            acquirer: Type.String(),
            batchNo: Type.String(),
            net: Money,
            slips: Type.Integer(),
          }),
        },
        [
          ...KEYED_REFUSALS,
          ...MONEY_REFUSALS,
          "BATCH_EMPTY",
          "BATCH_TOTAL",
          "BATCH_SETTLED",
          "BATCH_FEE",
          "TRANSFER_REFERENCE",
          "ACCOUNT_UNKNOWN",
          "ACCOUNT_NOT_POSTING",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { gross, fee, feeGst, date, ...batch } = request.body;
        const made = await settleCardBatch(tx, {
          ...batch,
          gross: amountOf(gross),
          fee: amountOf(fee),
          feeGst: amountOf(feeGst),
          date: dateOf(date),
        });
        return {
          status: 201,
          body: {
            id: made.id,
            acquirer: made.acquirer,
            batchNo: made.batchNo,
            net: toRupees(made.net),
            slips: made.slips,
          },
        };
      }),
  });
};
