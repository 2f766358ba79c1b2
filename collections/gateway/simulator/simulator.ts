import type { IncomingMessage, ServerResponse } from "node:http";
import { createEngine, type Engine } from "./engine.ts";
import type { SimulatorOptions } from "./options.ts";
import { answer, serve, type Accounts } from "./wire/http.ts";
import type { SimRequest, SimResponse } from "./wire/messages.ts";

export type Simulator = Engine & {
  /** The merchant's account of that id, when there are several. */
  account(accountId: string): Engine;
  /** Answers one request; `end` says whether to answer, drop the connection, or hang. For servers that have read the body already. */
  respond(request: SimRequest): SimResponse;
  /** The same for node:http. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
};

/**
 * A stateful Razorpay in memory: orders, payments, hosted pages, links, QR codes, virtual accounts, refunds, disputes, signed webhooks with
 * retries, settlements with fee and GST, and the bank statement that the settlements leave behind. Nothing sleeps: time moves by its clock
 * and by `advance`. `others` are further merchants' accounts on the same clock, each with its own keys, money and webhooks.
 */
export function createSimulator(options: SimulatorOptions = {}, others: readonly SimulatorOptions[] = []): Simulator {
  const engine = createEngine(options);
  const shared = (o: SimulatorOptions): SimulatorOptions => ({
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.mountPath === undefined ? {} : { mountPath: options.mountPath }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.sendWebhook === undefined ? {} : { sendWebhook: options.sendWebhook }),
    ...(options.autoDeliver === undefined ? {} : { autoDeliver: options.autoDeliver }),
    ...o,
  });
  const accounts: Accounts = { main: engine, others: others.map((o) => createEngine(shared(o))) };
  return {
    ...engine,
    account: (accountId) => {
      const found = [engine, ...accounts.others].find((e) => e.accountId === accountId);
      if (!found) throw new Error(`the simulator has no account ${accountId}`);
      return found;
    },
    stop: () => {
      for (const e of [engine, ...accounts.others]) e.stop();
    },
    respond: (request) => answer(accounts, request),
    handle: (req, res) => serve(accounts, req, res),
  };
}
