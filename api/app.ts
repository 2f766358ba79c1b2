import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { newId, newToken } from "../ledger/kernel/ids.ts";
import { Refusal } from "../ledger/kernel/errors.ts";
import type { App } from "../ledger/kernel/tx.ts";
import { apiErrors } from "./errors.ts";
import { errorPage, pagesPlugin } from "./pages/index.ts";
import { UPYOG_PATHS, upyogPlugin } from "./upyog/index.ts";
import type { WebApp } from "./web-app.ts";
import { createSessions, type SessionFacade } from "./session.ts";
import {
  ajvOptions,
  authenticateToken,
  healthPlugin,
  openApiOptions,
  problemHandler,
  v1Plugin,
  webhookPlugin,
} from "./v1/index.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The page takes a file: it reads the parts and checks the form's token itself. */
    isUpload?: boolean;
  }
}

const TOO_MANY = "too many requests came from your address; please wait a minute and try again";

export type WebOptions = {
  readonly app: WebApp;
  readonly secret: string;
  readonly log: boolean;
  /** Answers requests before they reach the application: the gateway simulator, in demo mode. */
  readonly mounted?: { readonly prefix: string; handle(req: IncomingMessage, res: ServerResponse): Promise<void> };
};

/** The secret that signs forms, the same for every process on this database. */
export async function formSecret(app: App): Promise<string> {
  await app.db.batch.query("insert into api.secrets (name, value) values ('forms', $1) on conflict do nothing", [
    newToken() + newToken(),
  ]);
  const { rows } = await app.db.batch.query<{ value: string }>("select value from api.secrets where name = 'forms'");
  return rows[0]?.value ?? "";
}

/** Everything that answers HTTP: pages, the machine interface, webhooks, health. Opens no port. */
export async function createWebApp(options: WebOptions): Promise<FastifyInstance> {
  const { app, mounted } = options;
  const web = Fastify({
    logger: options.log ? { level: "info", redact: ["req.headers.authorization", "req.headers.cookie"] } : false,
    ajv: ajvOptions,
    bodyLimit: 1024 * 1024,
    trustProxy: false,
    genReqId: () => newId(),
    ...(mounted === undefined
      ? {}
      : {
          serverFactory: (handler: (req: IncomingMessage, res: ServerResponse) => void) =>
            createServer((req, res) => {
              if (req.url?.startsWith(mounted.prefix)) {
                mounted.handle(req, res).catch(() => res.destroy());
              } else handler(req, res);
            }),
        }),
  });
  const session: SessionFacade = createSessions(app, {
    secret: options.secret,
    secure: app.baseUrl.startsWith("https:"),
  });
  const gatewayOrigin = new URL(app.gateway.checkoutUrl).origin;

  await web.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Charts are SVG with style attributes; no style element and no script is inline.
        styleSrcAttr: ["'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        formAction: ["'self'", gatewayOrigin],
        frameAncestors: ["'none'"],
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: app.baseUrl.startsWith("https:"),
  });
  await web.register(cookie);
  await web.register(formbody);
  await web.register(multipart, { limits: { fileSize: 20 * 1024 * 1024, files: 1, fields: 20 } });
  await web.register(rateLimit, {
    global: false,
    max: 600,
    timeWindow: "1 minute",
  });
  await web.register(swagger, {
    ...openApiOptions,
    openapi: { ...openApiOptions.openapi, servers: [{ url: app.baseUrl }] },
  });
  await web.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  web.get("/openapi.json", { schema: { hide: true } }, () => web.swagger());

  web.decorateRequest("session", null as never);
  web.addHook("onRequest", async (request, reply) => {
    // No text of ours has this character, and PostgreSQL stores none.
    if (request.url.includes("%00")) throw Object.assign(new Error("NUL in the address"), { statusCode: 400 });
    if (isMachine(request)) return;
    await session.load(request, reply);
  });
  web.addHook("preHandler", async (request) => {
    // A form must come from a page of ours. Machines carry a token or a signature, the gateway's callback its own.
    if (request.method !== "POST" || isMachine(request) || request.url.startsWith("/pay/callback/")) return;
    // An uploading page reads its parts, checks the token among them and calls checkCsrf itself. No other page takes parts: a forged form that
    // is sent as parts has no token that could be read here, and would otherwise pass.
    if (request.isMultipart() && request.routeOptions.config.isUpload === true) return;
    session.checkCsrf(request);
    await Promise.resolve();
  });
  web.setErrorHandler(async (error, request, reply) => {
    if (isMachine(request) || !wantsPage(request)) return problemHandler(error, request, reply);
    if (error instanceof Refusal && error.code === "NOT_SIGNED_IN") {
      return reply.redirect(`/signin?next=${encodeURIComponent(request.method === "GET" ? request.url : "/")}`, 303);
    }
    if (error instanceof Refusal) {
      return reply
        .status(error.status)
        .type("text/html; charset=utf-8")
        .send(errorPage(request.session, error.status, error.message));
    }
    const status = statusOf(error);
    if (status < 500) {
      return reply
        .status(status)
        .type("text/html; charset=utf-8")
        .send(errorPage(request.session, status, status === 429 ? TOO_MANY : "the request could not be understood"));
    }
    request.log.error(error);
    const message = `something went wrong on our side; nothing was lost. Say this number if you report it: ${request.id}`;
    return reply
      .status(500)
      .type("text/html; charset=utf-8")
      .send(errorPage(request.session, 500, message));
  });
  web.setNotFoundHandler(async (request, reply) => {
    const refusal = apiErrors.PAGE_NOT_FOUND({ path: request.url.split("?")[0]?.slice(0, 200) ?? "" });
    if (isMachine(request) || !wantsPage(request)) return problemHandler(refusal, request, reply);
    return reply
      .status(404)
      .type("text/html; charset=utf-8")
      .send(errorPage(request.session, 404, refusal.detail));
  });

  await web.register(healthPlugin({ app }));
  await web.register(webhookPlugin({ app }));
  await web.register(
    v1Plugin({
      app,
      authenticate: async (request) => {
        const byToken = await authenticateToken(app, request);
        if (byToken) return byToken;
        // A signed-in person's own browser may read; changes by cookie alone would be open to forged requests.
        if (request.method !== "GET" || !request.cookies["session"]) return undefined;
        const user = await session.person(request);
        return user && { ulb: user.ulb, actor: { id: user.id, roles: user.roles } };
      },
    }),
  );
  await web.register(upyogPlugin({ app }));
  await web.register(pagesPlugin({ app, session }));
  return web;
}

const MACHINES = new RegExp(
  `^/(v1|webhooks|healthz|readyz|metrics|openapi\\.json|assets|${UPYOG_PATHS.join("|")})(/|$|\\?)`,
);

/** Requests of programs: no session, no form token; their plugins prove who asks. */
function isMachine(request: FastifyRequest): boolean {
  return MACHINES.test(request.url);
}

function wantsPage(request: FastifyRequest): boolean {
  return (request.headers.accept ?? "*/*").includes("text/html");
}

function statusOf(error: unknown): number {
  return typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : 500;
}
