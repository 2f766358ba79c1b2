import type { FastifyInstance } from "fastify";
import type { WebApp } from "../web-app.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { inSnapshot, inTransaction, type Read, type Role, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { Query } from "./wire.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks at one of UPYOG's addresses. */
    upyogCaller: Who | null;
  }
  interface FastifyContextConfig {
    /** Who may ask at one of UPYOG's addresses. */
    upyogRoles?: readonly Role[];
  }
}

/** One call of one of UPYOG's services: they are all POST, with criteria in the query and everything else in the body. */
export type Call = {
  readonly app: WebApp;
  readonly who: Who;
  readonly body: unknown;
  readonly query: Query;
  /** What the address itself says: its parts that begin with a colon. */
  readonly params: Readonly<Record<string, string>>;
  readonly requestInfo: unknown;
  read<T>(fn: (read: Read) => Promise<T>): Promise<T>;
  write<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
};

/** An answer whose status depends on what was found. */
export class Reply {
  constructor(
    readonly status: number,
    readonly body: object,
  ) {}
}

export type Post = (
  path: string,
  options: { readonly roles: readonly Role[]; readonly status?: number },
  answer: (call: Call) => Promise<object>,
) => void;

/** Registers addresses on a server whose hooks have told who asks. */
export function poster(server: FastifyInstance, app: WebApp, requestInfoOf: (body: unknown) => unknown): Post {
  return (path, options, answer) => {
    server.post(path, { config: { upyogRoles: options.roles }, schema: { hide: true } }, async (request, reply) => {
      const who = request.upyogCaller;
      invariant(who, "an address of UPYOG has a caller");
      const body = await answer({
        app,
        who,
        body: request.body,
        query: new Query(request.query),
        params: request.params as Readonly<Record<string, string>>,
        requestInfo: requestInfoOf(request.body),
        read: (fn) => inSnapshot(app, who, fn),
        write: (fn) => inTransaction(app, who, fn),
      });
      if (body instanceof Reply) return reply.code(body.status).send(body.body);
      return reply.code(options.status ?? 200).send(body);
    });
  };
}
