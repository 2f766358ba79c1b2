import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "../../ledger/kernel/errors.ts";

export type FaultEntry = {
  readonly code: string;
  readonly message: string;
  readonly description?: string | null;
  readonly params?: readonly string[] | null;
};

/** A refusal in the shape that UPYOG's services answer: HTTP 400 with a list of codes and texts. Suites of its users read the texts. */
export class Fault extends Error {
  override readonly name = "Fault";
  constructor(
    readonly entries: readonly FaultEntry[],
    readonly status = 400,
  ) {
    super(entries.map((e) => `${e.code}: ${e.message}`).join("; "));
  }
}

export function fault(code: string, message: string): Fault {
  return new Fault([{ code, message }]);
}

const UNHANDLED = "An unhandled exception occurred on the server";

/** Our refusals that UPYOG has under another code or in other words. All others keep theirs. */
const AS_UPYOG: Readonly<Record<string, (refusal: Refusal) => FaultEntry>> = {
  NO_TAXHEAD_FOUND: (r) => ({ code: "NO TAXHEAD FOUND", message: r.detail }),
  INVALID_ORDER: (r) => ({ code: "INVALID ORDER", message: r.detail }),
  // The original's sort dies there; what we know goes into the description.
  APPORTION_ORDER_MISSING: (r) => ({ code: "NullPointerException", message: UNHANDLED, description: r.detail }),
  DEMAND_EXISTS: (r) => ({
    code: "EG_BS_DUPLICATE_CONSUMERCODE",
    message: `Demand already exists in the same period with the same businessService for the given consumercodes : [${String(r.facts["consumer"])}]`,
  }),
  DEMAND_NOT_FOUND: (r) => ({
    code: "EG_BS_DEMANDS_NOT_FOUND",
    message: `No Demands not found in db for following ids : [${String(r.facts["demand"])}]`,
  }),
  DEMAND_RESTATED_BELOW_SETTLED: (r) => ({
    code: "EG_DEMAND_DEATIL_INVALID",
    message: `Invalid demand details found with following Values : [collection amount : ${Number(r.facts["settled"])}, cannot not be greater than taxAmount or Negative in case of positive tax : ${Number(r.facts["amount"])}]`,
  }),
  SERVICE_UNKNOWN: (r) => ({
    code: "EG_BS_BUSINESSSERVICE_NOTFOUND",
    message: `No Business Service masters found for give codes [${String(r.facts["service"])}]`,
  }),
  TAX_HEAD_UNKNOWN: (r) => ({
    code: "EG_BS_TAXHEADS_NOTFOUND",
    message: `No TaxHead masters found for give codes [${String(r.facts["taxHead"])}]`,
  }),
};

/** The error handler of UPYOG's addresses. What is a defect of ours says nothing of itself, is logged, and is a 500 that monitors see. */
export async function faultHandler(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const made = faultOf(error);
  if (made.status >= 500) request.log.error({ err: error, incident: request.id }, "internal error");
  return reply.code(made.status).send({
    ResponseInfo: null,
    Errors: made.entries.map((e) => ({
      code: e.code,
      message: e.message,
      description: e.description ?? null,
      params: e.params ?? null,
    })),
  });
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Refusal) {
    const entry = AS_UPYOG[error.code]?.(error) ?? { code: error.code, message: error.detail };
    return new Fault([entry], error.status === 401 || error.status === 403 || error.status >= 500 ? error.status : 400);
  }
  if (error instanceof SyntaxError) {
    return fault("JsonParseException", "JSON body has errors or is missing");
  }
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : 500;
  if (error instanceof Error && typeof status === "number" && status >= 400 && status < 500) {
    return fault("MissingJsonException", "JSON body has errors or is missing");
  }
  return new Fault([{ code: "InternalError", message: UNHANDLED }], 500);
}
