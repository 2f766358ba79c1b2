import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { v1Errors } from "./errors.ts";
import { DATE_PATTERN, MONEY_PATTERN, type ProblemBody } from "./schemas.ts";

type ListedProblem = NonNullable<ProblemBody["errors"]>[number];
type ListedRefusal = Refusal & { readonly problems: readonly ListedProblem[] };

/** A refusal that carries every single problem of a file or a request besides its own sentence. */
export function withProblems(refusal: Refusal, problems: readonly Problem[]): Refusal {
  const listed = problems.map((p): ListedProblem => ({
    code: p.code,
    detail: p.message,
    ...(p.line === undefined ? {} : { line: p.line }),
    ...(p.column === undefined ? {} : { column: p.column }),
  }));
  return Object.assign(refusal, { problems: listed });
}

/** What a request may answer besides its own result: problem details (RFC 9457) with our code and the facts. */
export function problemOf(refusal: Refusal): ProblemBody {
  const listed = "problems" in refusal ? (refusal as ListedRefusal).problems : undefined;
  return {
    type: `/v1/errors/${refusal.code}`,
    title: STATUS_CODES[refusal.status] ?? "Refused",
    status: refusal.status,
    detail: refusal.detail,
    code: refusal.code,
    facts: { ...refusal.facts },
    ...(listed ? { errors: [...listed] } : {}),
  };
}

/**
 * The error handler of everything that speaks JSON. A Refusal is answered with its own status, sentence and facts; a request that does not fit its
 * schema with every problem and where it is; a database that is away with 503. All else is a defect: the caller gets an incident number
 * and nothing of its text (messages of a database begin with SQL), the log gets everything.
 */
export async function problemHandler(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const refusal = refusalOf(error, request);
  const body = problemOf(refusal);
  if (refusal.code === "INTERNAL") {
    body.incident = request.id;
    request.log.error({ err: error, incident: request.id }, "internal error");
  } else if (refusal.status >= 500) {
    request.log.warn({ err: error }, "not served");
  }
  if (refusal.status === 401) void reply.header("www-authenticate", 'Bearer realm="nagarkosh"');
  if (refusal.status === 503 || refusal.code === "IDEMPOTENCY_KEY_BUSY") {
    void reply.header("retry-after", refusal.status === 503 ? "30" : "2");
  }
  return reply.code(refusal.status).type("application/problem+json").send(body);
}

function refusalOf(error: unknown, request: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error;
  if (isObject(error) && Array.isArray(error["validation"])) return invalid(error, request);
  if (isDatabaseDown(error)) return v1Errors.DATABASE_DOWN(undefined);
  const status = isObject(error) && typeof error["statusCode"] === "number" ? error["statusCode"] : 500;
  if (status >= 400 && status < 500 && error instanceof Error) {
    // Fastify's own: body not JSON, too large, wrong content type. Its sentences hold nothing of ours.
    const unreadable = v1Errors.REQUEST_UNREADABLE({ reason: error.message });
    return new Refusal(unreadable.code, status, unreadable.detail, unreadable.facts);
  }
  return v1Errors.INTERNAL({ incident: request.id });
}

type AjvError = {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
};

/** A request of ours has far fewer values; every one of them could be a problem, and all are listed. */
const MAX_VALUES = 50_000;

/** Refuses a body of very many values before its schema is asked: listing all its errors would cost seconds and hundreds of megabytes. */
export function refuseHuge(body: unknown): void {
  let values = 0;
  const open: unknown[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) continue;
    for (const inner of Object.values(value)) {
      values += 1;
      if (values > MAX_VALUES) {
        throw v1Errors.REQUEST_INVALID({ problems: [`the body has more than ${MAX_VALUES} values; split it`] });
      }
      if (typeof inner === "object") open.push(inner);
    }
  }
}

/**
 * Where in a body stands a text that cannot be kept as it is: one with the character NUL, which PostgreSQL stores nowhere, or with half of a character
 * (a lone surrogate), which UTF-8 cannot write. JSON pointers, of names of fields too; at most ten.
 */
export function impossibleTexts(body: unknown): readonly string[] {
  const found: string[] = [];
  const open: (readonly [unknown, string])[] = [[body, "#"]];
  for (let next = open.pop(); next !== undefined && found.length < 10; next = open.pop()) {
    const [value, at] = next;
    if (typeof value === "string") {
      if (isImpossible(value)) found.push(at);
    } else if (typeof value === "object" && value !== null && !Buffer.isBuffer(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (isImpossible(name)) found.push(at);
        else open.push([inner, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`]);
      }
    }
  }
  return found;
}

// With the flag u a pair is one character, so that what is left of the class stands alone.
const isImpossible = (text: string): boolean => text.includes("\0") || /[\ud800-\udfff]/u.test(text);

/** Refuses a request with a text that cannot be kept, before anything is done: 422 in the body, 400 in the address. */
export function refuseImpossible(request: FastifyRequest): void {
  const inBody = impossibleTexts(request.body);
  const inAddress = inBody.length > 0 ? [] : impossibleTexts({ params: request.params, query: request.query });
  const listed = [...inBody, ...inAddress].map((pointer): ListedProblem => ({
    code: "TEXT",
    detail: "has a character that no text may hold (NUL, or half of a surrogate pair)",
    pointer,
  }));
  if (listed.length === 0) return;
  const refusal = v1Errors.REQUEST_INVALID({ problems: listed.map((l) => `${l.pointer ?? ""} ${l.detail}`) });
  const status = inBody.length > 0 ? 422 : 400;
  throw Object.assign(new Refusal(refusal.code, status, refusal.detail, {}), { problems: listed });
}

/** At most this many problems of one request are listed. */
const MAX_LISTED = 50;

function invalid(error: Record<string, unknown>, request: FastifyRequest): Refusal {
  const context = typeof error["validationContext"] === "string" ? error["validationContext"] : "body";
  const found = error["validation"] as readonly AjvError[];
  if (context === "headers") {
    const missing = found.map((f) => f.params["missingProperty"]);
    if (missing.includes("if-match")) return v1Errors.IF_MATCH_MISSING(undefined);
    if (missing.includes("idempotency-key")) return v1Errors.IDEMPOTENCY_KEY_MISSING(undefined);
  }
  const parts: Record<string, unknown> = {
    body: request.body,
    querystring: request.query,
    params: request.params,
    headers: request.headers,
  };
  // Of a choice (anyOf) the single branches are noise beside what they say together.
  const choices = new Set(found.filter((f) => f.keyword === "anyOf").map((f) => f.instancePath));
  const listed = found
    .filter((f) => f.keyword !== "const" || !choices.has(f.instancePath))
    .slice(0, MAX_LISTED)
    .map((f) => explain(f, context, parts[context]));
  const refusal = v1Errors.REQUEST_INVALID({ problems: listed.map((l) => `${l.pointer ?? ""} ${l.detail}`.trim()) });
  const status = context === "body" ? 422 : 400;
  return Object.assign(new Refusal(refusal.code, status, refusal.detail, {}), { problems: listed });
}

function explain(found: AjvError, context: string, part: unknown): ListedProblem {
  const inside = found.keyword === "required" ? `/${String(found.params["missingProperty"])}` : "";
  const pointer = context === "body" ? `#${found.instancePath}${inside}` : `${context}${found.instancePath}${inside}`;
  const value = valueAt(part, found.instancePath);
  if (found.keyword === "required") return { code: "MISSING", detail: "is missing", pointer };
  if (found.keyword === "additionalProperties") {
    return {
      code: "UNKNOWN_PROPERTY",
      detail: `has the unknown property "${String(found.params["additionalProperty"]).slice(0, 60)}"`,
      pointer,
    };
  }
  if (found.keyword === "pattern" && found.params["pattern"] === MONEY_PATTERN && typeof value === "string") {
    // The kernel says it best: "1000.005" has 3 decimals.
    try {
      rupees(value);
    } catch (refused) {
      if (refused instanceof Refusal) return { code: refused.code, detail: refused.detail, pointer };
      throw refused;
    }
  }
  if (found.keyword === "pattern" && found.params["pattern"] === DATE_PATTERN) {
    return { code: "DATE_FORMAT", detail: `${shown(value)} is not a date; write it like 2026-04-01`, pointer };
  }
  if (found.keyword === "type" && typeof value === "number" && found.params["type"] === "string") {
    return { code: "TYPE", detail: `is the number ${value}; it must be a string (amounts too: "1234.50")`, pointer };
  }
  return {
    code: found.keyword.toUpperCase(),
    detail: `${found.message ?? "does not fit"}, got ${shown(value)}`,
    pointer,
  };
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}

function valueAt(part: unknown, pointer: string): unknown {
  let value = part;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    value = isObject(value) || Array.isArray(value) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}

const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "08006",
  "08001",
  "08003",
]);

/** Whether the database cannot be reached: nothing was written then, and the same request may be sent again. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (AWAY.has(code) || error.name === "KnexTimeoutError") return true;
  if (error instanceof AggregateError && error.errors.some(isDatabaseDown)) return true;
  return /Connection terminated|Client has encountered a connection error|Unable to acquire a connection|Cannot use a pool after calling end/.test(
    error.message,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
