import { claimable, runOutbox } from "./outbox.ts";
import { duties } from "../jobs/handlers.ts";
import { rows, type Stage } from "./stage.ts";
import { ScenarioFault, plain } from "./values.ts";

/** What may be drained, and which of the server's duties that is. */
const PARTS = {
  webhooks: [],
  inbox: ["gateway-inbox"],
  outbox: [],
  pollers: ["poll-orders"],
  captures: ["captures"],
  refunds: ["refunds"],
  requests: ["payment-requests"],
  settlements: ["settlements", "settlement-sweep"],
  disputes: ["disputes", "find-disputes"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type DrainPart = keyof typeof PARTS;
export const DRAIN_PARTS = Object.keys(PARTS) as DrainPart[];
const ALIASES: Readonly<Record<string, DrainPart>> = {
  poller: "pollers",
  polls: "pollers",
  orders: "pollers",
  settlement: "settlements",
  messages: "outbox",
  sms: "outbox",
  events: "inbox",
  links: "requests",
  polling: "pollers",
};

/** Duties of the books that no scenario waits for: they run for minutes of a whole city or say nothing about payments. */
const NOT_HERE = ["demand-runs", "roll-up", "seal", "recurring-vouchers", "auto-reversals", "forget-keys"];

export function drainPartsOf(words: readonly string[]): readonly DrainPart[] | "all" {
  if (words.length === 0 || words.includes("all")) return "all";
  return words.map((word) => {
    const part = (DRAIN_PARTS as readonly string[]).includes(word) ? (word as DrainPart) : ALIASES[word];
    if (!part) throw new ScenarioFault(`drain: unknown "${word}"; known are all, ${DRAIN_PARTS.join(", ")}`);
    return part;
  });
}

/**
 * Does what is due now and goes on until nothing is: webhooks sent, the inbox worked through, orders polled, refunds and settlements brought up to
 * date, the outbox emptied. What fails is noted and, as in the server, tried again when it is due again.
 */
export async function drain(stage: Stage, parts: readonly DrainPart[] | "all"): Promise<void> {
  const wants = (part: DrainPart): boolean => parts === "all" || parts.includes(part);
  const all = duties(stage.world.app).filter((d) => !NOT_HERE.includes(d.name));
  const named = new Set<string>(DRAIN_PARTS.filter(wants).flatMap((part) => PARTS[part]));
  const chosen = parts === "all" ? all : all.filter((d) => named.has(d.name));
  for (let round = 0; round < 30; round++) {
    if (wants("webhooks")) await stage.simulator.deliverWebhooks();
    for (const duty of chosen) {
      // Settlements are pulled once: they do not bring each other about.
      if (round > 0 && PARTS.settlements.some((name) => name === duty.name)) continue;
      try {
        await duty.run(stage.world.app, stage.ulb);
      } catch (error) {
        stage.troubles.push(`${duty.name}: ${error instanceof Error ? error.message : plain(error)}`);
      }
    }
    if (wants("outbox")) await runOutbox(stage);
    if (!(await isSomethingDue(stage, wants))) return;
    // What another drain is at is not ours to wait for in a hurry.
    if (round >= 3) await new Promise((resolve) => setTimeout(resolve, 10 * round));
  }
  stage.troubles.push("drain: after thirty rounds something was still due");
}

async function isSomethingDue(stage: Stage, wants: (part: DrainPart) => boolean): Promise<boolean> {
  const now = stage.world.clock.now();
  if (
    wants("webhooks") &&
    stage.simulator.webhooks.some((e) => e.status === "waiting" && e.nextAttemptAt <= now.getTime())
  )
    return true;
  const [due] = await rows<{ inbox: bigint; orders: bigint }>(
    stage,
    `select (select count(*) from collections.gateway_events where ulb_id = $1 and state = 'new' and next_at <= $2) as inbox,
       (select count(*) from collections.orders where ulb_id = $1 and next_poll_at <= $2 and state = 'confirmed' and status <> 'paid') as orders`,
    [now],
  );
  if (wants("inbox") && due && due.inbox > 0n) return true;
  if (wants("pollers") && due && due.orders > 0n) return true;
  return wants("outbox") && (await claimable(stage)) > 0;
}
