import type { RunningSimulator } from "../../collections/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import type { Planned, Town } from "./town.ts";

/** How often a payer had to ask again before he had his order. */
export type Payer = { readonly code: string; readonly asked: number };

type OrderAnswer = { readonly id: string; readonly providerOrderId: string | null; readonly state: string };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What a citizen on a phone does, whatever dies meanwhile: asks for an order under one key until he has it, pays at the gateway, and, if his browser
 * lives, comes back to the city's page. He never pays twice.
 */
export async function pay(
  server: { readonly url: string; readonly simulator: RunningSimulator; readonly until: number },
  town: Town,
  planned: Planned,
): Promise<Payer> {
  const { order, asked } = await orderFor(server, town, planned);
  const providerOrderId = order.providerOrderId ?? "";
  if (planned.failsFirst) server.simulator.payOrder(providerOrderId, { method: planned.method, outcome: "failure" });
  const { callback } = server.simulator.payOrder(providerOrderId, { method: planned.method });
  if (planned.returns) {
    await fetch(`${server.url}/pay/callback/${order.id}?ulb=${town.ulb.code}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(callback as Record<string, string>).toString(),
      redirect: "manual",
      signal: AbortSignal.timeout(20_000),
    }).catch(() => undefined);
  }
  return { code: planned.code, asked };
}

async function orderFor(
  server: { readonly url: string; readonly until: number },
  town: Town,
  planned: Planned,
): Promise<{ order: OrderAnswer; asked: number }> {
  let last = "";
  for (let asked = 1; Date.now() < server.until; asked++) {
    try {
      const answer = await fetch(`${server.url}/v1/orders`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${town.token}`,
          "content-type": "application/json",
          "idempotency-key": `chaos-${planned.code}`,
        },
        body: JSON.stringify({ consumerId: town.consumers.get(planned.code), amount: toRupees(planned.amount) }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await answer.text();
      last = `${answer.status} ${text.slice(0, 300)}`;
      if (answer.status === 201) {
        const order = JSON.parse(text) as OrderAnswer;
        if (order.providerOrderId !== null) return { order, asked };
      }
    } catch (error) {
      last = String(error);
    }
    await sleep(200 + Math.random() * 300);
  }
  throw new Error(`${planned.code} got no order: ${last}`);
}
