import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Type, { type TSchema } from "typebox";
import type { CollectionsApp } from "../../collections/index.ts";
import { invariant, knownErrors } from "../../ledger/kernel/errors.ts";
import type { Role, Who } from "../../ledger/kernel/tx.ts";
import { v1Errors } from "./errors.ts";
import { ProblemSchema } from "./schemas.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks, on addresses under /v1 that name roles. */
    caller: Who | null;
  }
  interface FastifyContextConfig {
    /** Who may ask; an address under /v1 without it is open to all. */
    roles?: readonly Role[];
  }
}

export type V1Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes work with. */
export type V1App = CollectionsApp & {
  /** Where this server is seen from outside: for links in documents, never taken from a header that the caller writes. */
  readonly baseUrl: string;
};
export type V1Context = { readonly app: V1App };

/** Registers the routes of one resource. */
export type Routes = (server: V1Server, context: V1Context) => void;

/** Who does what. A person may have several roles; nobody's role makes him his own checker (MAKER_IS_CHECKER). */
export const WHO = {
  /** Looks at consumers, dues, bills and receipts; a citizens' portal (system) too. */
  desk: ["cashier", "accountant", "checker", "auditor", "admin", "system"],
  /** Looks at consumers and what they owe, without the counter's receipts and drawers. */
  consumers: ["cashier", "superintendent", "accountant", "checker", "auditor", "admin", "system"],
  /** Looks at the books. */
  books: ["accountant", "checker", "auditor", "admin"],
  /** Issues bills. */
  bills: ["cashier", "accountant", "system"],
  /** Opens online payments: a cashier, or the machine of a citizens' portal. */
  orders: ["cashier", "system"],
  /** Machines of partners that take money for the ULB: BBPS, aggregators, portals. */
  partners: ["system"],
  /** Asks for payments by link, code or account number. */
  requests: ["cashier", "accountant", "system"],
  counter: ["cashier"],
  /** Takes money to the bank. */
  remittances: ["cashier", "accountant"],
  /** Looks at demands, how they are changed, and notices. */
  demand: ["superintendent", "accountant", "checker", "auditor", "admin"],
  /** Proposes changes of demands, issues notices. */
  proposes: ["superintendent", "accountant"],
  makes: ["accountant"],
  decides: ["checker"],
  closes: ["accountant", "checker"],
  imports: ["admin"],
  /** Sets how the ULB takes money. */
  administers: ["admin"],
} as const satisfies Record<string, readonly Role[]>;

/** Who asks. Only routes with roles call it; the hook has filled it in. */
export function callerOf(request: FastifyRequest): Who {
  invariant(request.caller, "an address that names roles has a caller");
  return request.caller;
}

type Doc = {
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly roles: readonly Role[];
};

/** The part of a route's schema that people read. */
export function doc(d: Doc): {
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  operationId: string;
} {
  const id = d.summary
    .toLowerCase()
    .replace(/[^a-z0-9]+(.)?/g, (_all, next: string | undefined) => (next ?? "").toUpperCase());
  return {
    tags: [d.tag],
    summary: d.summary,
    description: `${d.description}\n\nRoles: ${d.roles.join(", ")}.`,
    security: [{ bearer: [] }, { session: [] }],
    operationId: id,
  };
}

/** What every route may answer besides its own refusals. */
const COMMON = ["UNAUTHENTICATED", "ROLE_REQUIRED", "REQUEST_INVALID", "INTERNAL", "DATABASE_DOWN"];

/**
 * The answers of a route: the good one, and every refusal it may give, grouped by status with the codes in the description. A code that no
 * folder defines is a defect.
 */
export function answers(
  good: {
    readonly status: number;
    readonly description: string;
    readonly schema: TSchema;
    readonly contentType?: string;
  },
  refusals: readonly string[],
): NonNullable<FastifySchema["response"]> {
  const known = knownErrors();
  const byStatus = new Map<number, string[]>();
  for (const code of [...refusals, ...COMMON]) {
    const status = known.get(code);
    invariant(status !== undefined, `a documented refusal exists: ${code}`);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  // What stands in the address or a header and does not fit is 400, in the body 422; the same code.
  byStatus.set(400, [...new Set([...(byStatus.get(400) ?? []), "REQUEST_INVALID", "REQUEST_UNREADABLE"])]);
  const problem = Type.Unsafe({ $ref: `${ProblemSchema.$id}#` });
  return Object.fromEntries([
    [
      good.status,
      { description: good.description, content: { [good.contentType ?? "application/json"]: { schema: good.schema } } },
    ],
    ...[...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        { description: codes.join(", "), content: { "application/problem+json": { schema: problem } } },
      ]),
  ]) as Record<string, unknown>;
}

export const IdempotencyHeader = Type.Object({
  "idempotency-key": Type.String({
    pattern: "^[A-Za-z0-9:._-]{8,100}$",
    description:
      "Of your choice, new for every new deed. The same key with the same request gives the stored answer again.",
    examples: ["7f0d3c1e-counter-2-000451"],
  }),
});
/** What an idempotency key may be refused for, where one may be sent, and where one must. */
export const KEY_REFUSALS = ["IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_BUSY"];
export const KEYED_REFUSALS = ["IDEMPOTENCY_KEY_MISSING", ...KEY_REFUSALS];

export const OptionalIdempotencyHeader = Type.Object({
  "idempotency-key": Type.Optional(IdempotencyHeader.properties["idempotency-key"]),
});
export const IfMatch = {
  "if-match": Type.String({ description: "The ETag you were given: the version you saw.", examples: ['"3"'] }),
};

/** "\"3\"" -> 3. Raises IF_MATCH_INVALID. */
export function versionOf(ifMatch: string): number {
  const match = /^(?:W\/)?"?(\d{1,9})"?$/.exec(ifMatch.trim());
  if (!match) throw v1Errors.IF_MATCH_INVALID({ given: ifMatch.slice(0, 40) });
  return Number(match[1]);
}
export const etagOf = (version: number): string => `"${version}"`;
