import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Refusal } from "../../ledger/kernel/errors.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import type { WebApp } from "../web-app.ts";
import { impossibleTexts, whoseToken } from "../v1/index.ts";
import { amendmentRoutes } from "./amendments.ts";
import { apportionRoutes } from "./apportion.ts";
import { billRoutes } from "./bills.ts";
import { demandRoutes } from "./demands.ts";
import { Fault, fault, faultHandler } from "./faults.ts";
import { idgenRoutes } from "./idgen.ts";
import { masterRoutes } from "./masters.ts";
import { paymentRoutes } from "./payments/payments.ts";
import { transactionRoutes } from "./payments/transactions.ts";
import { poster, type Post } from "./route.ts";
import { field } from "./wire.ts";

/** The first part of every address here: requests of programs, without session or form token. */
export const UPYOG_PATHS = [
  "apportion-service",
  "billing-service",
  "collection-services",
  "egov-idgen",
  "pg-service",
] as const;

const requestInfoOf = (body: unknown): unknown => field(body, "RequestInfo");

/**
 * The addresses of UPYOG's services over our functions. Who asks is told by an access token of ours, in the header `Authorization: Bearer` or as
 * `RequestInfo.authToken`; what `RequestInfo.userInfo` says of roles is not believed.
 */
export function upyogPlugin(options: { readonly app: WebApp }): FastifyPluginAsync {
  const { app } = options;
  return async (root) => {
    await root.register(async (server) => {
      server.setErrorHandler(faultHandler);
      server.removeAllContentTypeParsers();
      server.addContentTypeParser(
        "application/json",
        { parseAs: "string" },
        server.getDefaultJsonParser("error", "error"),
      );
      server.decorateRequest("upyogCaller", null);
      server.addHook("preHandler", async (request) => {
        const { upyogRoles } = request.routeOptions.config;
        if (!upyogRoles) return;
        const who = await callerOf(app, request);
        if (!who.actor.roles.some((role) => upyogRoles.includes(role))) {
          throw new Fault(
            [{ code: "CustomException", message: "You are not authorized to access this resource" }],
            403,
          );
        }
        if (typeof request.body !== "object" || request.body === null) {
          throw fault("MissingJsonException", "JSON body has errors or is missing");
        }
        const [impossible] = impossibleTexts([request.body, request.query, request.params]);
        if (impossible !== undefined) {
          const at = impossible.replace(/^#\/\d\//, "").slice(0, 100);
          throw fault(
            "JsonMappingException",
            `${at} has a character that no text may hold (NUL, or half of a surrogate pair)`,
          );
        }
        request.upyogCaller = who;
      });
      const post: Post = poster(server, app, requestInfoOf);
      for (const routes of [
        apportionRoutes,
        idgenRoutes,
        demandRoutes,
        billRoutes,
        amendmentRoutes,
        masterRoutes,
        transactionRoutes,
        paymentRoutes,
      ])
        routes(post);
      await Promise.resolve();
    });
  };
}

async function callerOf(app: WebApp, request: FastifyRequest): Promise<Who> {
  const header = /^Bearer +(\S{1,200})$/i.exec(request.headers.authorization ?? "")?.[1];
  const token = header ?? field(requestInfoOf(request.body), "authToken");
  try {
    if (typeof token === "string") return await whoseToken(app, token);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new Fault([{ code: "InvalidAccessTokenException", message: "the access token is missing or not good" }], 401);
}
