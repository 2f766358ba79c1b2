import type { FastifyPluginAsync } from "fastify";
import Type from "typebox";
import { atGatewayOf, MAX_WEBHOOK_BYTES, receiveWebhook, type CollectionsApp } from "../../collections/index.ts";
import { getUlb } from "../../ledger/index.ts";
import { problemHandler } from "./problems.ts";

/**
 * POST /webhooks/razorpay/{ulb}: the gateway's events, as bytes. They are verified, stored and answered 200; the work comes after. 400 a wrong
 * signature, 404 an unknown ULB, 413 above 256 KB, 503 when the database is away (the gateway sends again later).
 */
export function webhookPlugin(options: { readonly app: CollectionsApp }): FastifyPluginAsync {
  const { app } = options;
  return async (server) => {
    server.setErrorHandler(problemHandler);
    // The signature is over the bytes: no parser may touch them, whatever their type claims to be.
    server.removeAllContentTypeParsers();
    server.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_WEBHOOK_BYTES }, (_request, body, done) =>
      done(null, body),
    );

    server.post<{ Params: { ulb: string } }>(
      "/webhooks/razorpay/:ulb",
      {
        bodyLimit: MAX_WEBHOOK_BYTES,
        schema: {
          tags: ["Webhooks"],
          summary: "Receive a gateway event",
          description:
            "Verified with the header X-Razorpay-Signature over the raw bytes, stored once by X-Razorpay-Event-Id, answered at once; the receipt is made after.",
          operationId: "receiveGatewayEvent",
          security: [],
          params: Type.Object({
            ulb: Type.String({ minLength: 1, maxLength: 60, description: "The code of the ULB." }),
          }),
          response: {
            200: {
              description: "Stored, now or before",
              content: {
                "application/json": { schema: Type.Object({ status: Type.String({ examples: ["stored", "known"] }) }) },
              },
            },
            "4xx": { description: "400 WEBHOOK_SIGNATURE, 404 ULB_NOT_FOUND, 413 too large" },
            503: { description: "DATABASE_DOWN: send it again later" },
          },
        },
      },
      async (request) => {
        const ulb = await getUlb(app, request.params.ulb);
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { isNew } = await receiveWebhook(await atGatewayOf(app, ulb), ulb, body, request.headers);
        return { status: isNew ? "stored" : "known" };
      },
    );
    await Promise.resolve();
  };
}
