import { collectionTies } from "../../collections/index.ts";
import { registerSelfTie, receivableTie, advanceTie } from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { gaps } from "./expect-receipts.ts";
import { act, rows, type Stage } from "./stage.ts";
import type { Difference } from "./values.ts";
import { plain } from "./values.ts";
import { letterBalances } from "./view.ts";

/**
 * The check after every scenario: the invariants I1 to I10, no event left in the inbox, nothing overdue in the outbox, the gateway's own books
 * balanced, and gateway clearing here what the gateway says it holds of ours.
 */
export async function globalCheck(stage: Stage): Promise<Difference[]> {
  const problems: Difference[] = [];
  const say = (name: string, list: readonly string[]): void => void problems.push(...list.map((p) => `${name}: ${p}`));
  say("I1 every voucher balances", await unbalanced(stage));
  say("I2 receipts are payments and instruments", await withoutReceipt(stage));
  say("I4 no receipt without evidence", await withoutEvidence(stage));
  say("I5 series are gapless", await gaps(stage));
  say("I6 gateway clearing is what is not settled", await controls(stage));
  say("I7 due is demand less allocations, never negative", await registers(stage));
  say("I8 refunds are not more than captured", await tooMuchRefunded(stage));
  say("I10 the gateway's books", await gatewayBooks(stage));
  say(
    "inbox",
    await left(
      stage,
      "select event || ' (' || coalesce(last_error, 'not worked through') || ')' as what from collections.gateway_events where ulb_id = $1 and state = 'new' and ($2::timestamptz is not null)",
    ),
  );
  say(
    "outbox",
    await left(
      stage,
      "select topic || ': ' || coalesce(last_error, 'not done') as what from kernel.outbox where ulb_id = $1 and done_at is null and available_at <= $2",
    ),
  );
  return problems;
}

async function left(stage: Stage, sql: string): Promise<string[]> {
  return (await rows<{ what: string }>(stage, sql, [stage.world.clock.now()])).map((r) => r.what);
}

async function unbalanced(stage: Stage): Promise<string[]> {
  const found = await rows<{ entry_id: bigint; net: bigint }>(
    stage,
    "select entry_id, sum(debit - credit)::bigint as net from ledger.lines where ulb_id = $1 group by entry_id having sum(debit - credit) <> 0",
  );
  return found.map((r) => `entry ${r.entry_id} is out by ${r.net} paise`);
}

/** Every captured payment is booked once: with its receipt, or (a second payment) with a refund note. */
async function withoutReceipt(stage: Stage): Promise<string[]> {
  const found = await rows<{ payment_id: string }>(
    stage,
    "select payment_id from collections.payments where ulb_id = $1 and rank = 3 and booked_as is null",
  );
  return [
    ...found.map((r) => `${r.payment_id} is captured and not booked`),
    ...(await act(stage, "auditor", collectionTies))
      .filter((t) => !t.ok && /payment|receipt/i.test(t.name))
      .map((t) => `${t.name}: ${t.left} against ${t.right}`),
  ];
}

async function withoutEvidence(stage: Stage): Promise<string[]> {
  const found = await rows<{ what: string }>(
    stage,
    `select r.receipt_id::text as what from collections.receipts r
     where r.ulb_id = $1 and coalesce(to_jsonb(r) ->> 'kind', 'original') <> 'replacement'
       and not exists (select 1 from collections.instruments i where i.ulb_id = r.ulb_id and i.receipt_id = r.receipt_id)
       and not exists (select 1 from collections.payments p where p.ulb_id = r.ulb_id and p.payment_id = r.payment_id and p.rank = 3)`,
  );
  return found.map((r) => r.what);
}

async function controls(stage: Stage): Promise<string[]> {
  return (await act(stage, "auditor", collectionTies))
    .filter((t) => !t.ok && !/payment|receipt/i.test(t.name))
    .map((t) => `${t.name}: ${t.left} against ${t.right}`);
}

async function registers(stage: Stage): Promise<string[]> {
  const today = dateInIndia(stage.world.clock.now());
  return act(stage, "auditor", async (tx) => [
    ...(await registerSelfTie(tx)).map((t) =>
      JSON.stringify(t, (_k, v: unknown) => (typeof v === "bigint" ? plain(v) : v)),
    ),
    ...[...(await receivableTie(tx, today)), ...(await advanceTie(tx, today))]
      .filter((t) => t.difference !== 0n)
      .map((t) => `${t.account}: books ${toRupees(t.ledger)}, register ${toRupees(t.register)}`),
  ]);
}

async function tooMuchRefunded(stage: Stage): Promise<string[]> {
  const found = await rows<{ payment_id: string; amount: bigint; refunded: bigint }>(
    stage,
    `select p.payment_id, p.amount::bigint as amount, sum(r.amount)::bigint as refunded from collections.payments p
     join collections.refunds r on r.ulb_id = p.ulb_id and r.payment_id = p.payment_id and r.status in ('requested', 'processed')
     where p.ulb_id = $1 group by p.payment_id, p.amount having sum(r.amount) > p.amount`,
  );
  return found.map((r) => `${r.payment_id}: ${r.refunded} of ${r.amount}`);
}

/**
 * The simulator's books balance, and gateway clearing here = captured − refunded − lost disputes − settled gross of what is ours there. A settlement
 * whose rows do not add up yet waits here as an exception: it is not settled for us.
 */
async function gatewayBooks(stage: Stage): Promise<string[]> {
  const { simulator } = stage;
  const problems = simulator
    .checkBooks()
    .filter((c) => !c.ok)
    .map((c) => `${c.name}: ${c.left} against ${c.right}`);
  const waiting = await rows<{ id: string }>(
    stage,
    "select settlement_id as id from reconciliation.settlements where ulb_id = $1 and status = 'exception'",
  );
  const open = new Set(waiting.map((r) => r.id));
  const isSettled = (x: { readonly settlementId: string | null }): boolean =>
    x.settlementId !== null && !open.has(x.settlementId);
  const ours = [...simulator.payments.values()].filter((p) => p.captured && isOurs(stage, p));
  const ids = new Set(ours.map((p) => p.id));
  const captured = sum(ours.filter((p) => !isSettled(p)).map((p) => p.amount));
  const refunded = sum(
    [...simulator.refunds.values()]
      .filter((r) => !r.isOfUncaptured && r.status === "processed" && ids.has(r.payment_id) && !isSettled(r))
      .map((r) => r.amount),
  );
  const lost = sum(
    simulator.world.adjustments
      .filter(
        (a) =>
          a.disputeId !== undefined &&
          !isSettled(a) &&
          // What is taken before its verdict is lost for nobody yet.
          simulator.disputes.get(a.disputeId)?.status === "lost" &&
          ids.has(simulator.disputes.get(a.disputeId)?.paymentId ?? ""),
      )
      .map((a) => -a.amount),
  );
  const wanted = captured - refunded - lost;
  const clearing = (await letterBalances(stage)).get("GWC") ?? 0n;
  if (clearing !== wanted)
    problems.push(
      `gateway clearing is ${toRupees(clearing as Paise)} here, at the gateway ${toRupees(wanted as Paise)}`,
    );
  return problems;
}

const sum = (amounts: readonly number[]): bigint => amounts.reduce((a, n) => a + BigInt(n), 0n);

/** A payment of an order (or of anything else) that names this ULB; one that names nobody is the account's own. */
function isOurs(
  stage: Stage,
  p: { readonly order_id: string | null; readonly notes: Readonly<Record<string, unknown>> },
): boolean {
  const ulb =
    (p.order_id === null ? undefined : stage.simulator.orders.get(p.order_id)?.notes["ulb"]) ?? p.notes["ulb"];
  return ulb === undefined || ulb === stage.ulb.code;
}
