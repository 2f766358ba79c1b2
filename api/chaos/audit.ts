import { inboxCounts, type RunningSimulator } from "../../collections/index.ts";
import { postingAccounts, seriesGaps, trialBalance } from "../../ledger/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { formatIndian, paise } from "../../ledger/kernel/money.ts";
import { inSnapshot, type App, type Read, type Ulb } from "../../ledger/kernel/tx.ts";
import { allTies, bookFaults } from "../../reports/index.ts";

/** The books in words that can be compared: balances by account, receipts by consumer, head and period. */
export type Books = { readonly balances: readonly string[]; readonly receipts: readonly string[] };

const as = (ulb: Ulb) => ({ ulb, actor: { id: "auditor@chaos", roles: ["auditor"] as const } });

/** Captures of the gateway that have no receipt yet. */
export async function unreceipted(app: App, ulb: Ulb, simulator: RunningSimulator): Promise<string[]> {
  const known = new Set(
    await inSnapshot(app, as(ulb), async (read) =>
      (
        await read.query<{ id: string }>(
          "select payment_id as id from collections.receipts where ulb_id = :ulb and payment_id is not null",
          { ulb: read.ulb.id },
        )
      ).map((r) => r.id),
    ),
  );
  return capturesOf(simulator, ulb).flatMap((p) => (known.has(p.id) ? [] : [p.id]));
}

function capturesOf(simulator: RunningSimulator, ulb: Ulb) {
  return [...simulator.payments.values()].filter(
    (p) => p.captured && simulator.orders.get(p.order_id ?? "")?.notes["ulb"] === ulb.code,
  );
}

/** What does not hold; [] when all is well. */
export async function audit(app: App, ulb: Ulb, simulator: RunningSimulator): Promise<string[]> {
  const wrong: string[] = [];
  await inSnapshot(app, as(ulb), async (read) => {
    const receipts = await read.query<{ payment: string; amount: bigint; n: bigint }>(
      `select payment_id as payment, sum(amount)::bigint as amount, count(*) as n from collections.receipts
       where ulb_id = :ulb and payment_id is not null group by payment_id`,
      { ulb: read.ulb.id },
    );
    const byPayment = new Map(receipts.map((r) => [r.payment, r]));
    const captures = capturesOf(simulator, ulb);
    for (const p of captures) {
      const receipt = byPayment.get(p.id);
      if (!receipt) wrong.push(`${p.id} of ${p.amount} paise is captured and has no receipt`);
      else if (receipt.n !== 1n || receipt.amount !== BigInt(p.amount))
        wrong.push(`${p.id} of ${p.amount} paise has ${receipt.n} receipts of ${receipt.amount} paise`);
      byPayment.delete(p.id);
    }
    for (const r of byPayment.values()) wrong.push(`the receipt of ${r.payment} has no capture at the gateway`);

    const clearing = (await postingAccounts(read, "gateway-clearing"))["gateway-clearing"];
    const row = (await balancesOf(read)).find((r) => r.code === clearing);
    const captured = captures.reduce((t, p) => t + BigInt(p.amount), 0n);
    if ((row?.net ?? 0n) !== captured)
      wrong.push(
        `gateway clearing is ${formatIndian(paise(row?.net ?? 0n))}, the gateway holds ${formatIndian(paise(captured))}`,
      );

    const faults = await bookFaults(read);
    for (const fault of [...faults.seals, ...faults.entries, ...faults.rollUp]) wrong.push(fault);
    for (const tie of await allTies(read, dateInIndia(read.clock()), faults))
      if (!tie.ok) wrong.push(`tie ${tie.name} does not hold`);
    for (const gap of await seriesGaps(read))
      wrong.push(`series ${gap.series} of ${gap.fy} has ${gap.entries} entries up to number ${gap.lastNumber}`);

    const inbox = await inboxCounts(read);
    if ((inbox["new"] ?? 0n) > 0n) wrong.push(`${inbox["new"]} events of the gateway are not read`);
  });
  const { rows } = await app.db.batch.query<{ n: bigint }>(
    "select count(*) as n from kernel.outbox where ulb_id = $1 and done_at is null and available_at <= $2",
    [ulb.id, new Date(app.clock().getTime() - 120_000)],
  );
  if ((rows[0]?.n ?? 0n) > 0n) wrong.push(`${rows[0]?.n} messages are overdue`);
  for (const c of simulator.checkBooks())
    if (!c.ok) wrong.push(`the simulator's own books: ${c.name}: ${c.left} against ${c.right}`);
  return wrong;
}

async function balancesOf(read: Read): Promise<{ code: string; net: bigint }[]> {
  const to = dateInIndia(read.clock());
  const rows = await trialBalance(read, { from: read.ulb.startsOn, to });
  return rows.map((r) => ({ code: r.code, net: r.closeDebit - r.closeCredit })).filter((r) => r.net !== 0n);
}

/** The final books, for comparing. */
export async function booksOf(app: App, ulb: Ulb): Promise<Books> {
  return inSnapshot(app, as(ulb), async (read) => {
    const lines = await read.query<{ text: string }>(
      `select concat_ws(' ', r.consumer_code, r.status, l.kind, l.tax_head, l.demand_year, l.period_from, sum(l.amount), count(*)) as text
       from collections.receipts r
       join collections.receipt_lines l on l.ulb_id = r.ulb_id and l.receipt_id = r.receipt_id
       where r.ulb_id = :ulb
       group by r.consumer_code, r.status, l.kind, l.tax_head, l.demand_year, l.period_from
       order by 1`,
      { ulb: read.ulb.id },
    );
    return {
      balances: (await balancesOf(read)).map((r) => `${r.code} ${r.net}`),
      receipts: lines.map((l) => l.text),
    };
  });
}

/** Where two books differ; [] when they are the same. At most ten of each are named. */
export function differences(storm: Books, calm: Books): string[] {
  return (["balances", "receipts"] as const).flatMap((part) => {
    const [a, b] = [new Set(storm[part]), new Set(calm[part])];
    return [
      ...storm[part].filter((x) => !b.has(x)).map((x) => `only in the storm: ${x}`),
      ...calm[part].filter((x) => !a.has(x)).map((x) => `only in calm weather: ${x}`),
    ].slice(0, 10);
  });
}
