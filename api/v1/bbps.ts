import Type from "typebox";
import { getBillByNumber, getConsumerByCode } from "../../billing/index.ts";
import {
  attachEvidence,
  atGatewayOf,
  partnerOf,
  postExternalPayment,
  reverseExternalPayment,
} from "../../collections/index.ts";
import { addDays, dateInIndia } from "../../ledger/kernel/dates.ts";
import { paise } from "../../ledger/kernel/money.ts";
import { inTransaction } from "../../ledger/kernel/tx.ts";
import { answers, callerOf, doc, WHO, type Routes } from "./route.ts";
import { Uuid } from "./schemas.ts";
import { todaysBill } from "./todays-bill.ts";

/*
 * What a biller's operating unit of BBPS asks of a biller: the bill, and the posting of its payment. Paise are integers here, as the network has them.
 * The access token speaks for one partner of the ULB. A posting that is sent again gives the same receipt: an error after the money is taken would
 * make the network give it back to the payer.
 */

const Identifiers = Type.Array(
  Type.Object(
    {
      attributeName: Type.String({ maxLength: 60, examples: ["Consumer Number"] }),
      attributeValue: Type.String({ minLength: 1, maxLength: 60, examples: ["PT-0001"] }),
    },
    { additionalProperties: true },
  ),
  { minItems: 1, maxItems: 5 },
);
const Paise = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1_000_000] });
const Loose = Type.Unsafe<Record<string, unknown>>({ type: "object", additionalProperties: true });

/** The service and the consumer's code among a bill's identifiers; property tax where none names a service. */
export function consumerNamed(
  identifiers: readonly { readonly attributeName: string; readonly attributeValue: string }[],
): { readonly service: string; readonly code: string } {
  const named = (pattern: RegExp): string | undefined =>
    identifiers.find((i) => pattern.test(i.attributeName))?.attributeValue.trim();
  const code =
    named(/consumer|property|assessment|connection|account|number|id$/i) ?? identifiers[0]?.attributeValue.trim() ?? "";
  return { service: named(/service|category/i) ?? "property-tax", code };
}

/** The moment that the network names; now where it names none, or none that can be read. */
function momentSaid(text: string | undefined, now: Date): Date {
  const at = text === undefined ? now : new Date(text);
  return Number.isNaN(at.getTime()) ? now : at;
}

export const bbpsRoutes: Routes = (server, { app }) => {
  server.route({
    method: "POST",
    url: "/bbps/bills/fetch",
    config: { roles: WHO.partners },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Fetch a bill for BBPS",
        description:
          "The bill of the consumer whom the identifiers name, issued now; nothing due is NO_OUTSTANDING, an unknown consumer 404. Sums are in paise.",
        roles: WHO.partners,
      }),
      body: Type.Object(
        { customerIdentifiers: Identifiers },
        {
          additionalProperties: true,
          examples: [{ customerIdentifiers: [{ attributeName: "Consumer Number", attributeValue: "PT-0001" }] }],
        },
      ),
      response: answers({ status: 200, description: "The bill, or that nothing is due", schema: Loose }, [
        "PARTNER_NOT_FOUND",
        "CONSUMER_NOT_FOUND",
      ]),
    },
    handler: async (request, reply) => {
      const { service, code } = consumerNamed(request.body.customerIdentifiers);
      const today = dateInIndia(app.clock());
      const found = await inTransaction(app, callerOf(request), async (tx) => {
        await partnerOf(tx);
        const consumer = await getConsumerByCode(tx, service, code);
        return { consumer, bill: await todaysBill(tx, consumer.id) };
      });
      const { consumer, bill } = found;
      return reply.send({
        status: 200,
        success: true,
        data: {
          customer: { name: consumer.name },
          billDetails:
            bill === undefined
              ? { billFetchStatus: "NO_OUTSTANDING", bills: [] }
              : {
                  billFetchStatus: "AVAILABLE",
                  bills: [
                    {
                      billerBillID: bill.number,
                      generatedOn: bill.issuedAt.toISOString(),
                      // The network wants a day after that of the bill; this one stands until another is due.
                      dueDate: addDays(today, 1),
                      recurrence: "AS_PRESENTED",
                      amountExactness: "EXACT",
                      customerAccount: { id: consumer.code },
                      items: [],
                      aggregates: { total: { displayName: "Total", amount: { value: Number(bill.total) } } },
                    },
                  ],
                },
        },
      });
    },
  });

  server.route({
    method: "POST",
    url: "/bbps/bills/fetchReceipt",
    config: { roles: WHO.partners },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Post a BBPS payment",
        description:
          "Posts a payment of a bill that was fetched, once by uniquePaymentRefID: sent again, the same receipt is the answer. Sums are in paise.",
        roles: WHO.partners,
      }),
      body: Type.Object(
        {
          platformBillID: Type.Optional(Type.String({ maxLength: 80 })),
          billerBillID: Type.String({ minLength: 1, maxLength: 60, examples: ["B/2026-27/000001"] }),
          paymentDetails: Type.Object(
            {
              amountPaid: Type.Object({ value: Paise }, { additionalProperties: true }),
              uniquePaymentRefID: Type.String({ minLength: 4, maxLength: 64 }),
              platformTransactionRefID: Type.Optional(Type.String({ maxLength: 80 })),
              instrument: Type.Optional(Type.String({ maxLength: 60 })),
              transactionTimestamp: Type.Optional(Type.String({ maxLength: 40 })),
            },
            { additionalProperties: true },
          ),
        },
        {
          additionalProperties: true,
          examples: [
            {
              billerBillID: "B/2026-27/000001",
              paymentDetails: { amountPaid: { value: 1_000_000 }, uniquePaymentRefID: "BB016151AB12CD34EF" },
            },
          ],
        },
      ),
      response: answers({ status: 200, description: "The receipt, new or of before", schema: Loose }, [
        "PARTNER_NOT_FOUND",
        "BILL_NOT_FOUND",
        "EXTERNAL_REFERENCE",
        "EXTERNAL_CONFLICT",
      ]),
    },
    handler: async (request, reply) => {
      const { billerBillID, platformBillID, paymentDetails: paid } = request.body;
      const { receipt } = await inTransaction(app, callerOf(request), async (tx) => {
        const bill = await getBillByNumber(tx, billerBillID);
        return postExternalPayment(tx, {
          consumerId: bill.consumer.id,
          billId: bill.id,
          amount: paise(BigInt(paid.amountPaid.value)),
          reference: paid.uniquePaymentRefID,
          instrument: paid.instrument ?? "BBPS",
          paidAt: momentSaid(paid.transactionTimestamp, app.clock()),
          ...(platformBillID === undefined ? {} : { networkReference: platformBillID }),
        });
      });
      return reply.send({
        status: 200,
        success: true,
        data: { billerBillID, receipt: { id: receipt.number, date: receipt.issuedAt.toISOString() } },
      });
    },
  });

  server.route({
    method: "POST",
    url: "/bbps/payments/reverse",
    config: { roles: WHO.partners },
    schema: {
      ...doc({
        tag: "BBPS and portals",
        summary: "Reverse a BBPS payment",
        description:
          "The network gave the payer his money again: the receipt of uniquePaymentRefID is reversed and what it had paid is due again, once by " +
          "reversalRefID. Of the whole payment only, and not after it was paid over. Sums are in paise.",
        roles: WHO.partners,
      }),
      body: Type.Object(
        {
          uniquePaymentRefID: Type.String({ minLength: 4, maxLength: 64 }),
          reversalRefID: Type.String({ minLength: 4, maxLength: 64 }),
          amount: Type.Object({ value: Paise }, { additionalProperties: true }),
          reason: Type.Optional(Type.String({ minLength: 3, maxLength: 300 })),
          reversalTimestamp: Type.Optional(Type.String({ maxLength: 40 })),
        },
        {
          additionalProperties: true,
          examples: [
            {
              uniquePaymentRefID: "BB016151AB12CD34EF",
              reversalRefID: "BBRV016151AB12CD34",
              amount: { value: 1_000_000 },
              reason: "failed at the customer's unit",
            },
          ],
        },
      ),
      response: answers({ status: 200, description: "The reversed receipt, now or of before", schema: Loose }, [
        "PARTNER_NOT_FOUND",
        "EXTERNAL_REFERENCE",
        "EXTERNAL_NOT_FOUND",
        "EXTERNAL_REVERSAL_CONFLICT",
        "EXTERNAL_REVERSAL_SETTLED",
        "RECEIPT_STATUS",
        "ADVANCE_GIVEN_BACK",
      ]),
    },
    handler: async (request, reply) => {
      const { uniquePaymentRefID, reversalRefID, amount, reason, reversalTimestamp } = request.body;
      const { receipt } = await inTransaction(app, callerOf(request), (tx) =>
        reverseExternalPayment(tx, {
          reference: uniquePaymentRefID,
          reversalReference: reversalRefID,
          amount: paise(BigInt(amount.value)),
          reason: reason ?? "reversed by the network",
          reversedAt: momentSaid(reversalTimestamp, app.clock()),
        }),
      );
      return reply.send({
        status: 200,
        success: true,
        data: { uniquePaymentRefID, reversalRefID, receipt: { id: receipt.number, status: receipt.status } },
      });
    },
  });

  server.route({
    method: "POST",
    url: "/orders/:id/evidence",
    config: { roles: WHO.orders },
    schema: {
      ...doc({
        tag: "Online payments",
        summary: "Attach evidence to an order and ask again",
        description:
          "Keeps what a payer brought and asks the gateway again. Nobody can mark an order as paid: the gateway's answer decides.",
        roles: WHO.orders,
      }),
      params: Type.Object({ id: Uuid }),
      body: Type.Object(
        { note: Type.String({ minLength: 5, maxLength: 2000 }) },
        { additionalProperties: false, examples: [{ note: "Bank's message of 1 June: Rs 1,188.00 debited" }] },
      ),
      response: answers({ status: 200, description: "What the payer may be told", schema: Loose }, [
        "ORDER_NOT_FOUND",
        "EVIDENCE_FILE",
      ]),
    },
    handler: async (request) => {
      const who = callerOf(request);
      const { note } = request.body;
      return attachEvidence(await atGatewayOf(app, who.ulb), who, { about: { orderId: request.params.id }, note });
    },
  });
};
