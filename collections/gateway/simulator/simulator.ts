import type { IncomingMessage, ServerResponse } from "node:http";
import { createEngine, type Engine, type SimulatorOptions } from "./engine.ts";
import { answer, serve } from "./http.ts";
import type { SimRequest, SimResponse } from "./messages.ts";

export type Simulator = Engine & {
  /** Answers one request; `end` says whether to answer, drop the connection, or hang. For servers that have read the body already. */
  respond(request: SimRequest): SimResponse;
  /** The same for node:http. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
};

/**
 * A stateful Razorpay in memory: orders, payments, hosted checkout, refunds, signed webhooks with retries, settlements with fee and GST,
 * and the bank statement that the settlements leave behind. Nothing sleeps: time moves by its clock and by `advance`.
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const engine = createEngine(options);
  return {
    ...engine,
    respond: (request) => answer(engine, request),
    handle: (req, res) => serve(engine, req, res),
  };
}
