import type { FastifyPluginAsync, FastifyRequest, FastifyServerOptions } from "fastify";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { knownErrors } from "../../ledger/kernel/errors.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { bookRoutes } from "./books.ts";
import { consumerRoutes } from "./consumers.ts";
import { changeSchemas, demandChangeRoutes } from "./demand-changes.ts";
import { disputeRoutes, disputeSchemas } from "./disputes.ts";
import { ERROR_GUIDE } from "./error-guide.ts";
import { v1Errors } from "./errors.ts";
import { bankHolidayRoutes } from "./bank-holidays.ts";
import { benchRoutes } from "./bank-bench.ts";
import { bankColumnRoutes } from "./bank-columns.ts";
import { signedBrsRoutes, SignedSchema } from "./bank-brs.ts";
import { exceptionRoutes, ExceptionSchema } from "./bank-exceptions.ts";
import { bankRuleRoutes, BankRuleSchema } from "./bank-rules.ts";
import { bankRoutes, importRoutes, MAX_CSV_BYTES } from "./files.ts";
import { deskRoutes } from "./counter.ts";
import { counterRoutes, orderRoutes, receiptRoutes } from "./money.ts";
import { noticeRoutes, noticeSchemas } from "./notices.ts";
import { payableBillRoutes } from "./payable-bills.ts";
import { bbpsRoutes } from "./bbps.ts";
import { payableChequeRoutes } from "./payable-cheques.ts";
import { payablePaymentRoutes } from "./payable-payments.ts";
import { payableSchemas } from "./payable-views.ts";
import { partnerRoutes, partnerSchemas } from "./partners.ts";
import { paymentRequestRoutes, requestSchemas } from "./payment-requests.ts";
import { paymentSettingRoutes } from "./payment-settings.ts";
import { problemHandler, refuseHuge, refuseImpossible } from "./problems.ts";
import { refundRoutes, refundSchemas } from "./refunds.ts";
import { reportRoutes } from "./reports.ts";
import type { V1App, V1Server } from "./route.ts";
import { ProblemSchema, sharedSchemas } from "./schemas.ts";
import { ownerSchemas, unidentifiedRoutes } from "./unidentified.ts";
import { attachmentRoutes } from "./voucher-attachments.ts";
import { templateRoutes } from "./voucher-templates.ts";
import { voucherRoutes } from "./vouchers.ts";

type V1Options = {
  readonly app: V1App;
  /** Who asks, by token or session; undefined: nobody we know. May raise UNAUTHENTICATED. */
  readonly authenticate: (request: FastifyRequest) => Promise<Who | undefined>;
};

/**
 * How the Fastify instance must be made: `Fastify({ ajv: ajvOptions })`. Fastify's own defaults turn "12" into 12 and drop what they do not know
 * without a word, which is wrong for money; all errors are listed, not the first.
 */
export const ajvOptions: NonNullable<FastifyServerOptions["ajv"]> = {
  customOptions: {
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    allErrors: true,
    allowUnionTypes: true,
    keywords: ["example"],
  },
};

const TAGS: readonly [string, string][] = [
  ["Consumers", "Who is billed: properties, water connections."],
  ["Bills", "What a consumer is asked to pay on a day."],
  ["Demand changes", "How a posted demand is changed: proposed by one person, approved by another."],
  ["Notices", "Demand notices, reminders, warrants."],
  ["Online payments", "Orders at the payment gateway."],
  ["Payment requests", "Links, UPI codes and account numbers that the ULB hands out."],
  ["Refunds and disputes", "Money that goes back, by us or by the payer's bank."],
  ["BBPS and portals", "What others take for the ULB: bills fetched, payments posted once."],
  ["Unidentified money", "Whose it is: one person says so, another agrees."],
  ["Payment settings", "How the ULB takes money online; every version stays."],
  ["Receipts", "Our documents for money received."],
  ["Counter", "Cash, cheques and drafts at a cashier's counter."],
  ["Remittances", "Money in hand on its way to the bank, and cheques that come back."],
  ["Vouchers", "What people write: draft, submit, approve by another person."],
  ["Paying", "Bills of contractors, suppliers and employees, what they open, and how it is paid."],
  ["Journal", "What is posted; never changed, only reversed."],
  ["Accounts", "The chart, statements of accounts, the trial balance."],
  ["Periods", "Months, open and closed."],
  ["Imports", "CSV files, all or nothing."],
  ["Bank", "Statements of the bank, matching, reconciliation."],
  ["Reports", "Ties and dashboard."],
  ["Errors", "What a refusal means."],
  ["Webhooks", "Events of the payment gateway."],
];

/** For `@fastify/swagger`: with it the document names its schemas (Voucher, not def-4). Spread it into the options: `{ ...openApiOptions, openapi: {…} }`. */
export const openApiOptions = {
  openapi: {
    openapi: "3.1.0",
    info: {
      title: "Nagarkosh",
      version: "0.1.0",
      description:
        'Municipal accounting and payments ledger. Amounts are strings in rupees (`"1234.50"`), dates are ISO, lists have cursors, errors are problem ' +
        "details (RFC 9457) with a stable code. Every POST that moves money takes an `Idempotency-Key`; drafts carry an `ETag` for `If-Match`.",
    },
    tags: TAGS.map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        bearer: { type: "http" as const, scheme: "bearer", description: "An access token of this ULB." },
        session: {
          type: "apiKey" as const,
          in: "cookie",
          name: "session",
          description: "A signed-in person's browser; reads only.",
        },
      },
    },
  },
  // Pages for people have no tag: the document is of the machine interface alone.
  hideUntagged: true,
  refResolver: {
    buildLocalReference: (json: { readonly $id?: unknown }, _base: unknown, _fragment: unknown, i: number): string =>
      typeof json.$id === "string" ? json.$id : `def-${i}`,
  },
} as const;

/** The routes under /v1. Everything but /v1/errors asks who calls and whether he may. */
export function v1Plugin(options: V1Options): FastifyPluginAsync {
  const { app, authenticate } = options;
  return async (root) => {
    await root.register(
      async (scope) => {
        const server: V1Server = scope.withTypeProvider<TypeBoxTypeProvider>();
        server.setErrorHandler(problemHandler);
        server.setNotFoundHandler((request, reply) =>
          problemHandler(
            v1Errors.ADDRESS_NOT_FOUND({ address: `${request.method} ${request.url.slice(0, 200)}` }),
            request,
            reply,
          ),
        );
        // JSON, CSV and plain bytes only: a form sent by a foreign page is not understood here.
        server.removeAllContentTypeParsers();
        server.addContentTypeParser(
          "application/json",
          { parseAs: "string" },
          server.getDefaultJsonParser("error", "error"),
        );
        server.addContentTypeParser(
          ["text/csv", "application/octet-stream"],
          { parseAs: "buffer", bodyLimit: MAX_CSV_BYTES },
          (_request, body, done) => done(null, body),
        );
        for (const schema of [
          ...sharedSchemas,
          ...payableSchemas,
          ...changeSchemas,
          ...noticeSchemas,
          ExceptionSchema,
          BankRuleSchema,
          SignedSchema,
          ...refundSchemas,
          ...disputeSchemas,
          ...requestSchemas,
          ...partnerSchemas,
          ...ownerSchemas,
        ])
          server.addSchema(schema);
        // The problem handler words the errors itself; Fastify's sentence of all of them would be built for nothing.
        server.setSchemaErrorFormatter(() => new Error("the request does not fit its schema"));
        server.addHook("preValidation", async (request) => {
          refuseHuge(request.body);
          refuseImpossible(request);
          await Promise.resolve();
        });
        server.decorateRequest("caller", null);
        // Before the body is read: a stranger's 64 MB are not even taken in.
        server.addHook("onRequest", async (request, reply) => {
          void reply.header("cache-control", "no-store");
          const { roles } = request.routeOptions.config;
          if (!roles) return;
          const who = await authenticate(request);
          if (!who) throw v1Errors.UNAUTHENTICATED(undefined);
          if (!who.actor.roles.some((role) => roles.includes(role))) {
            throw v1Errors.ROLE_REQUIRED({ actor: who.actor.id, roles: who.actor.roles, needed: [...roles] });
          }
          request.caller = who;
        });

        const context = { app };
        for (const routes of [
          consumerRoutes,
          demandChangeRoutes,
          noticeRoutes,
          orderRoutes,
          receiptRoutes,
          counterRoutes,
          deskRoutes,
          voucherRoutes,
          attachmentRoutes,
          templateRoutes,
          payableBillRoutes,
          payablePaymentRoutes,
          payableChequeRoutes,
          paymentRequestRoutes,
          bbpsRoutes,
          partnerRoutes,
          unidentifiedRoutes,
          paymentSettingRoutes,
          refundRoutes,
          disputeRoutes,
          bookRoutes,
          importRoutes,
          bankRoutes,
          benchRoutes,
          exceptionRoutes,
          bankHolidayRoutes,
          bankRuleRoutes,
          bankColumnRoutes,
          signedBrsRoutes,
          reportRoutes,
        ]) {
          routes(server, context);
        }
        errorRoutes(server);
        await Promise.resolve();
      },
      { prefix: "/v1" },
    );
  };
}

/** What the `type` of a problem points to. Open to all: it holds nothing but the words of this program. */
function errorRoutes(server: V1Server): void {
  server.route({
    method: "GET",
    url: "/errors/:code",
    schema: {
      tags: ["Errors"],
      summary: "Explain an error code",
      description: "What a code means and what to do; where the `type` of a problem leads. Open to all.",
      operationId: "explainAnErrorCode",
      security: [],
      params: Type.Object({ code: Type.String({ maxLength: 80, examples: ["ENTRY_UNBALANCED"] }) }),
      response: {
        200: {
          description: "The code",
          content: {
            "application/json": {
              schema: Type.Object({ code: Type.String(), status: Type.Integer(), whatToDo: Type.String() }),
            },
          },
        },
        404: {
          description: "ADDRESS_NOT_FOUND",
          content: { "application/problem+json": { schema: Type.Unsafe({ $ref: `${ProblemSchema.$id}#` }) } },
        },
      },
    },
    handler: async (request, reply) => {
      await Promise.resolve();
      const { code } = request.params;
      const status = knownErrors().get(code);
      if (status === undefined) throw v1Errors.ADDRESS_NOT_FOUND({ address: `/v1/errors/${code}` });
      return reply.send({
        code,
        status,
        whatToDo: ERROR_GUIDE[code] ?? "Read the sentence of the refusal: it names the facts.",
      });
    },
  });
}
