import Type, { type Static } from "typebox";
import {
  getPartner,
  listExternalSettlements,
  listPartners,
  partnerOf,
  postExternalPayment,
  reverseExternalPayment,
  setPartner,
  settleExternal,
  unsettledExternal,
  type Partner,
} from "../../collections/index.ts";
import { getConsumerByCode } from "../../billing/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
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
  dateOf,
  IsoDate,
  momentOf,
  Moment,
  Money,
  named,
  ReceiptSchema,
  Shared,
  Uuid,
  strict,
} from "./schemas.ts";
import { receiptJson } from "./views.ts";

const Code = Type.String({ minLength: 1, maxLength: 40, examples: ["bbps-sbi"] });
const ByCode = Type.Object({ code: Code });
const Reference = Type.String({ minLength: 1, maxLength: 64, examples: ["BB016151AB12CD34EF"] });
const Channel = Type.Union([Type.Literal("bbps"), Type.Literal("upi-aggregator"), Type.Literal("portal")]);

const PartnerSchema = named(
  "Partner",
  Type.Object({
    code: Type.String(),
    name: Type.String(),
    channel: Type.String({ description: "bbps, upi-aggregator or portal" }),
    actor: Type.String({ description: "The actor of its access tokens." }),
    clearingAccount: Type.String(),
    isActive: Type.Boolean(),
  }),
);
const SettlementSchema = named(
  "PartnerSettlement",
  Type.Object({
    id: Uuid,
    partner: Type.String(),
    reference: Type.String(),
    amount: Money,
    bankAccount: Type.String(),
    settledOn: IsoDate,
    items: Type.Integer(),
    problems: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
    recordedBy: Type.String(),
  }),
);
const ItemSchema = Type.Object({ reference: Type.String(), amount: Money });
export const partnerSchemas = [PartnerSchema, SettlementSchema];

const partnerView = ({ partner, ...rest }: Partner): Static<typeof PartnerSchema> => ({ code: partner, ...rest });

/** Partners that take money for the ULB: who they are, what they post, what they pay over. */
export const partnerRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/partners",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "List partners",
        description: "Who takes money for the ULB.",
        roles: WHO.books,
      }),
      response: answers(
        { status: 200, description: "Partners", schema: Type.Object({ items: Type.Array(Shared(PartnerSchema)) }) },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), listPartners)).map(partnerView),
    }),
  });

  server.route({
    method: "PUT",
    url: "/partners/:code",
    config: { roles: WHO.administers },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Name a partner",
        description:
          "New, or changed on record. Its access token must have the actor that is named here; switched off, nothing is taken from it any more.",
        roles: WHO.administers,
      }),
      params: ByCode,
      body: Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 200 }),
          channel: Channel,
          actor: Type.String({ minLength: 1, maxLength: 100 }),
          clearingAccount: Type.Optional(AccountCode),
          isActive: Type.Optional(Type.Boolean()),
        },
        { ...strict, examples: [{ name: "BBPS through SBI", channel: "bbps", actor: "bbps-sbi" }] },
      ),
      response: answers({ status: 200, description: "The partner", schema: Shared(PartnerSchema) }, [
        "PARTNER_INVALID",
        "ACCOUNT_UNKNOWN",
        "ACCOUNT_NOT_POSTING",
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: partnerView(await setPartner(tx, { partner: request.params.code, ...request.body })),
      })),
  });

  server.route({
    method: "GET",
    url: "/partners/:code/unsettled",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "List what a partner has not paid over",
        description: "Item by item, the oldest first, at most 1,000: what stands in its clearing account.",
        roles: WHO.books,
      }),
      params: ByCode,
      response: answers(
        {
          status: 200,
          description: "Payments that it posted and no settlement holds",
          schema: Type.Object({
            items: Type.Array(
              Type.Object({ reference: Type.String(), amount: Money, paidAt: Moment, receiptId: Uuid }),
            ),
          }),
        },
        ["PARTNER_UNKNOWN"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const { partner } = await getPartner(read, request.params.code);
        return {
          items: (await unsettledExternal(read, partner)).map((i) => ({
            reference: i.reference,
            amount: toRupees(i.amount),
            paidAt: i.paidAt.toISOString(),
            receiptId: i.receiptId,
          })),
        };
      }),
  });

  server.route({
    method: "GET",
    url: "/partners/:code/settlements",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "List settlements of a partner",
        description: "Newest first, at most 200, with what did not fit.",
        roles: WHO.books,
      }),
      params: ByCode,
      response: answers(
        {
          status: 200,
          description: "Settlements",
          schema: Type.Object({ items: Type.Array(Shared(SettlementSchema)) }),
        },
        ["PARTNER_UNKNOWN"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const { partner } = await getPartner(read, request.params.code);
        return {
          items: (await listExternalSettlements(read, partner)).map((s) => ({
            ...s,
            amount: toRupees(s.amount),
            problems: s.problems.map((p) => ({ code: p.code, detail: p.message })),
          })),
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/partners/:code/settlements",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Book a settlement of a partner",
        description:
          "What it paid over, item by item; the items must sum to what came to the bank. What was never posted here is a liability, what it left out is a task.",
        roles: WHO.makes,
      }),
      params: ByCode,
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          reference: Reference,
          date: IsoDate,
          bankAccount: AccountCode,
          amount: Money,
          items: Type.Array(
            Type.Object({ reference: Type.String({ minLength: 1, maxLength: 64 }), amount: Money }, strict),
            { minItems: 1, maxItems: 5000 },
          ),
        },
        {
          ...strict,
          examples: [
            {
              reference: "SBIN226153000077",
              date: "2026-08-01",
              bankAccount: "4502101",
              amount: "1188.00",
              items: [{ reference: "BB016151AB12CD34EF", amount: "1188.00" }],
            },
          ],
        },
      ),
      response: answers(
        {
          status: 201,
          description: "How many fitted, what did not, and what was left out",
          schema: Type.Object({
            id: Uuid,
            settled: Type.Integer(),
            problems: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
            leftOut: Type.Array(ItemSchema),
          }),
        },
        [
          ...KEYED_REFUSALS,
          "PARTNER_UNKNOWN",
          "PARTNER_INVALID",
          "EXTERNAL_REFERENCE",
          "EXTERNAL_SETTLEMENT",
          "EXTERNAL_SETTLED",
          "ACCOUNT_UNKNOWN",
          "ACCOUNT_NOT_POSTING",
          "VOUCHER_RULE",
          "MONEY_DECIMALS",
          "DATE_FORMAT",
          "PERIOD_MISSING",
          "PERIOD_CLOSED",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { reference, date, bankAccount, amount, items } = request.body;
        const { partner } = await getPartner(tx, request.params.code);
        const done = await settleExternal(tx, {
          partner,
          reference,
          bankAccount,
          date: dateOf(date),
          amount: amountOf(amount),
          items: items.map((i) => ({ reference: i.reference, amount: amountOf(i.amount) })),
        });
        return {
          status: 201,
          body: {
            id: done.id,
            settled: done.settled,
            problems: done.problems.map((p) => ({ code: p.code, detail: p.message })),
            leftOut: done.short.map((s) => ({ reference: s.reference, amount: toRupees(s.amount) })),
          },
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/external-payments",
    config: { roles: WHO.partners },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Post a payment that a partner took",
        description:
          "For portals and aggregators that do not speak BBPS's form. Once by the partner's own reference: sent again, the same receipt is the answer; " +
          "with other figures it is refused. What exceeds the dues is the consumer's advance.",
        roles: WHO.partners,
      }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          service: Type.String({ minLength: 1, maxLength: 40, examples: ["property-tax"] }),
          consumerCode: Type.String({ minLength: 1, maxLength: 60, examples: ["PT-0001"] }),
          amount: Money,
          reference: Reference,
          instrument: Type.Optional(
            Type.String({ maxLength: 60, description: "How he paid, in the partner's words." }),
          ),
          paidAt: Type.Optional(Moment),
          networkReference: Type.Optional(Type.String({ maxLength: 80 })),
        },
        {
          ...strict,
          examples: [
            {
              service: "property-tax",
              consumerCode: "PT-0001",
              amount: "1188.00",
              reference: "STATE-PORTAL-000451",
              instrument: "UPI",
              paidAt: "2026-07-31T10:15:00.000Z",
            },
          ],
        },
      ),
      response: answers(
        {
          status: 201,
          description: "The receipt, new or of before",
          schema: Type.Object({ isNew: Type.Boolean(), receipt: Shared(ReceiptSchema) }),
        },
        [
          "PARTNER_NOT_FOUND",
          "CONSUMER_NOT_FOUND",
          "EXTERNAL_REFERENCE",
          "EXTERNAL_AMOUNT",
          "EXTERNAL_CONFLICT",
          "MOMENT_FORMAT",
          "MONEY_DECIMALS",
          "IDEMPOTENCY_KEY_REUSED",
          "IDEMPOTENCY_KEY_BUSY",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { service, consumerCode, amount, reference, instrument, paidAt, networkReference } = request.body;
        await partnerOf(tx);
        const consumer = await getConsumerByCode(tx, service, consumerCode);
        const { receipt, isNew } = await postExternalPayment(tx, {
          consumerId: consumer.id,
          amount: amountOf(amount),
          reference,
          instrument: instrument ?? "portal",
          paidAt: paidAt === undefined ? tx.clock() : momentOf(paidAt),
          ...(networkReference === undefined ? {} : { networkReference }),
        });
        return { status: 201, body: { isNew, receipt: receiptJson(receipt) } };
      }),
  });

  server.route({
    method: "POST",
    url: "/external-payments/:reference/reversal",
    config: { roles: WHO.partners },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Reverse a payment that a partner took",
        description:
          "The partner gave the payer his money again: the receipt is reversed and what it had paid is due again. Once by the reversal's own reference: sent " +
          "again, the same answer. Of the whole payment only, and not after it was paid over.",
        roles: WHO.partners,
      }),
      params: Type.Object({ reference: Reference }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        {
          reversalReference: Reference,
          amount: Money,
          reason: Type.String({ minLength: 3, maxLength: 300 }),
          reversedAt: Type.Optional(Moment),
        },
        {
          ...strict,
          examples: [
            {
              reversalReference: "STATE-PORTAL-R-000012",
              amount: "1188.00",
              reason: "the payer's bank took it back",
              reversedAt: "2026-07-31T18:00:00.000Z",
            },
          ],
        },
      ),
      response: answers(
        {
          status: 200,
          description: "The reversed receipt, now or of before",
          schema: Type.Object({ isNew: Type.Boolean(), receipt: Shared(ReceiptSchema) }),
        },
        [
          "PARTNER_NOT_FOUND",
          "EXTERNAL_REFERENCE",
          "EXTERNAL_NOT_FOUND",
          "EXTERNAL_REVERSAL_CONFLICT",
          "EXTERNAL_REVERSAL_SETTLED",
          "RECEIPT_STATUS",
          "ADVANCE_GIVEN_BACK",
          "MOMENT_FORMAT",
          "MONEY_DECIMALS",
          "IDEMPOTENCY_KEY_REUSED",
          "IDEMPOTENCY_KEY_BUSY",
        ],
      ),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => {
        const { reversalReference, amount, reason, reversedAt } = request.body;
        const { receipt, isNew } = await reverseExternalPayment(tx, {
          reference: request.params.reference,
          reversalReference,
          amount: amountOf(amount),
          reason,
          reversedAt: reversedAt === undefined ? tx.clock() : momentOf(reversedAt),
        });
        return { status: 200, body: { isNew, receipt: receiptJson(receipt) } };
      }),
  });
};
