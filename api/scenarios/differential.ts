import { trialBalance } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { moveTo } from "./clock.ts";
import { drain } from "./drain.ts";
import { openIntent } from "./intents.ts";
import { act, rows, type Stage } from "./stage.ts";
import { fieldsOf, numberOf, type Value } from "./values.ts";
import { today } from "./view.ts";

type Plan = { readonly payments: number; readonly share: number; readonly days: number; readonly seed: number };

/**
 * The same random plan of payments twice, each in a ULB and at a gateway of its own: with perfect delivery, and with a share of lost, doubled and
 * late webhooks, lost answers and broken ones. After some days everything is drained and the reports are compared letter for letter, but for what
 * the order of events decides (ids, numbers, moments of issue). "same", or the lines that differ.
 */
export async function runTwice(stage: Stage, value: Value, where: string): Promise<string> {
  const f = fieldsOf(value, where, ["payments", "share", "days", "seed"]);
  const plan: Plan = {
    payments: Math.min(numberOf(f["payments"] ?? 20, where), (stage.world.mostRounds ?? Infinity) * 2),
    share: numberOf(f["share"] ?? 0.2, where),
    days: numberOf(f["days"] ?? 6, where),
    seed: numberOf(f["seed"] ?? 1, where),
  };
  const start = stage.world.clock.now();
  const perfect = await once(stage, plan, start, false);
  const faulty = await once(stage, plan, start, true);
  const differs = [
    ...perfect.filter((line) => !faulty.includes(line)).map((line) => `- ${line}`),
    ...faulty.filter((line) => !perfect.includes(line)).map((line) => `+ ${line}`),
  ];
  if (differs.length > 0) return differs.slice(0, 20).join("; ");
  return perfect.join("\n") === faulty.join("\n") ? "same" : "a line stands more often in one of them";
}

async function once(stage: Stage, plan: Plan, start: Date, isFaulty: boolean): Promise<string[]> {
  const own = await stage.another(start);
  try {
    const next = shares(plan.seed);
    if (isFaulty) {
      own.simulator.webhookPlan({ drop: plan.share, duplicate: plan.share, again: plan.share, reorder: true });
      own.simulator.addFault({
        regex: "^(GET|POST) /v1/",
        do: "status",
        status: 502,
        share: plan.share,
        times: 100_000,
      });
    }
    const bills = [...own.bills.keys()];
    for (let i = 0, at = start.getTime(); i < plan.payments; i++) {
      const bill = bills[Math.floor(next() * bills.length)] ?? "B1";
      const method = ["upi", "netbanking", "card"][Math.floor(next() * 3)] ?? "upi";
      // Part payments, so that a plan of any length has something to pay.
      const amount = 1000 + Math.floor(next() * 50_000);
      const outcome = next() < 0.1 ? "failure" : "success";
      // At a moment of the plan, however long the one before it took.
      at += (10 + Math.floor(next() * 30)) * 60_000;
      await moveTo(own, new Date(Math.max(at, own.world.clock.now().getTime())));
      await openAndPay(own, { bill, method, amount, outcome });
      await drain(own, ["webhooks", "inbox", "pollers"]);
    }
    const end = start.getTime() + plan.days * 86_400_000;
    for (let at = own.world.clock.now().getTime(); at < end; at = own.world.clock.now().getTime()) {
      await moveTo(own, new Date(Math.min(end, at + 6 * 3_600_000)));
      if (isFaulty && end - own.world.clock.now().getTime() < 2 * 86_400_000) own.simulator.clearFaults();
      await drain(own, "all");
    }
    return await reports(own);
  } finally {
    await own.leave();
  }
}

/** A payer whose order's answer is lost tries again until he has one; he pays once. */
async function openAndPay(
  stage: Stage,
  pay: { readonly bill: string; readonly method: string; readonly amount: number; readonly outcome: string },
): Promise<void> {
  const { id } = await openIntent(stage, { bill: pay.bill, amount: pay.amount, where: "differential" });
  for (let minute = 0; ; minute++) {
    const [order] = await rows<{ at: string | null }>(
      stage,
      "select provider_order_id as at from collections.orders where ulb_id = $1 and order_id = $2::uuid",
      [id],
    );
    if (order?.at) break;
    if (minute === 60) throw new Error(`after an hour the order ${id} is not at the gateway`);
    await moveTo(stage, new Date(stage.world.clock.now().getTime() + 60_000));
    await drain(stage, ["pollers"]);
  }
  await stage.perform([{ pay: { intent: id, method: pay.method, outcome: pay.outcome } }], "differential");
}

/** Trial balance, collection register, what stands in gateway clearing, and advances, without ids and numbers. */
async function reports(stage: Stage): Promise<string[]> {
  const balance = await act(stage, "auditor", (tx) =>
    trialBalance(tx, { from: localDate("2026-04-01"), to: today(stage) }),
  );
  const register = await rows<{ line: string }>(
    stage,
    `select r.consumer_code || ' ' || r.amount || ' ' || r.mode || ' ' || r.entry_date || ' ' || r.value_date || ' ' || r.status as line
     from collections.receipts r where r.ulb_id = $1 order by 1`,
  );
  const unsettled = await rows<{ line: string }>(
    stage,
    `select coalesce(settled_on::text, 'unsettled') || ' ' || amount as line from collections.payments where ulb_id = $1 and rank = 3 order by 1`,
  );
  const advances = await rows<{ line: string }>(
    stage,
    "select code || ' ' || advance as line from billing.consumers where ulb_id = $1 order by 1",
  );
  const money = (amount: Paise): string => toRupees(amount);
  return [
    ...balance.map((r) => `trial balance ${r.code} ${money(r.debit)} ${money(r.credit)}`),
    ...register.map((r) => `receipt ${r.line}`),
    ...unsettled.map((r) => `clearing ${r.line}`),
    ...advances.map((r) => `advance ${r.line}`),
  ];
}

function shares(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
