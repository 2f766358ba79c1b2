import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { act, rows, type Stage, type StageBill } from "./stage.ts";
import { openDues, type OpenDue } from "../../billing/index.ts";

/** What stands in the ULB, read as a bystander would: from the tables, in the words of the scenarios. */

export async function accountBalances(stage: Stage): Promise<ReadonlyMap<string, bigint>> {
  const found = await rows<{ account: string; balance: bigint }>(
    stage,
    "select account, sum(debit - credit)::bigint as balance from ledger.lines where ulb_id = $1 group by account",
  );
  return new Map(found.map((r) => [r.account, r.balance]));
}

/** What each letter has changed by since the steps began, debit positive; an account without a letter by its code. */
export async function letterBalances(stage: Stage): Promise<ReadonlyMap<string, bigint>> {
  const sums = new Map<string, bigint>();
  for (const [account, balance] of await accountBalances(stage)) {
    const letter = stage.letterOf(account);
    const change = balance - (stage.baseline.get(account) ?? 0n);
    sums.set(letter, (sums.get(letter) ?? 0n) + change);
  }
  return sums;
}

export async function newestEntry(stage: Stage): Promise<bigint> {
  const [row] = await rows<{ id: bigint | null }>(
    stage,
    "select max(entry_id) as id from ledger.entries where ulb_id = $1",
  );
  return row?.id ?? 0n;
}

export type Voucher = {
  readonly entryId: bigint;
  readonly source: string;
  readonly sourceId: string;
  readonly date: string;
  readonly text: string;
  /** What was posted in one transaction has the same. */
  readonly transaction: string;
};

/** Sources that billing posts under: demands and what is done to them. They are no money and stand in no scenario's ledger. */
const OF_BILLING = /^(demand|opening|write-off|change|reduction|remission|advance-adjustment)/;

/** "Dr GWC 10000.00 · Cr RCV 10000.00": lines of one letter and side added up, debits first, in the order of the letters as posted. */
export async function vouchers(stage: Stage, options: { readonly all?: boolean } = {}): Promise<Voucher[]> {
  const found = await rows<{
    entry_id: bigint;
    source_type: string;
    source_id: string;
    entry_date: string;
    transaction: string;
    account: string;
    debit: bigint;
    credit: bigint;
  }>(
    stage,
    `select e.entry_id, e.source_type, e.source_id, e.entry_date::text as entry_date,
       e.xmin::text as transaction, l.account, l.debit, l.credit
     from ledger.entries e join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
     where e.ulb_id = $1 and e.entry_id > $2 order by e.entry_id, l.line_no`,
    [stage.baselineEntry],
  );
  const made = new Map<bigint, { row: (typeof found)[number]; sides: Map<string, bigint> }>();
  for (const row of found) {
    if (options.all !== true && OF_BILLING.test(row.source_type)) continue;
    const one = made.get(row.entry_id) ?? { row, sides: new Map<string, bigint>() };
    made.set(row.entry_id, one);
    const key = `${row.debit > 0n ? "Dr" : "Cr"} ${stage.letterOf(row.account)}`;
    one.sides.set(key, (one.sides.get(key) ?? 0n) + row.debit + row.credit);
  }
  return [...made.values()].map(({ row, sides }) => ({
    entryId: row.entry_id,
    source: row.source_type,
    sourceId: row.source_id,
    date: row.entry_date,
    transaction: row.transaction,
    text: [...sides]
      .sort(([a], [b]) => (a.startsWith("Dr") ? 0 : 1) - (b.startsWith("Dr") ? 0 : 1))
      .map(([side, amount]) => `${side} ${toRupees(amount as Paise)}`)
      .join(" · "),
  }));
}

/** A voucher's text as it is compared: its sides in one order, amounts with two decimals. */
export function normalVoucher(text: string): string {
  return text
    .replaceAll("`", "")
    .split(/\s*[·;|]\s*|\s*,\s*(?=(?:Dr|Cr)\b)/)
    .map((side) => {
      const m = /^(Dr|Cr)\s+(\S+)\s+(-?[\d,]+(?:\.\d{1,2})?)$/i.exec(side.trim());
      if (!m) return side.trim();
      const [rupees = "0", decimals = ""] = (m[3] ?? "").replaceAll(",", "").split(".");
      return `${(m[1] ?? "").slice(0, 1).toUpperCase()}${(m[1] ?? "").slice(1).toLowerCase()} ${m[2]} ${rupees}.${decimals.padEnd(2, "0")}`;
    })
    .sort((a, b) => (a.startsWith("Dr") ? 0 : 1) - (b.startsWith("Dr") ? 0 : 1) || (a < b ? -1 : 1))
    .join(" · ");
}

export async function duesOf(stage: Stage, bill: StageBill): Promise<readonly OpenDue[]> {
  return act(stage, "auditor", (tx) => openDues(tx, bill.consumerId));
}

export async function advanceOf(stage: Stage, bill: StageBill): Promise<bigint> {
  const [row] = await rows<{ advance: bigint }>(
    stage,
    "select advance::bigint from billing.consumers where ulb_id = $1 and consumer_id = $2",
    [bill.consumerId],
  );
  return row?.advance ?? 0n;
}

export type IntentView = {
  readonly id: string;
  readonly status: string;
  readonly amount: bigint;
  readonly order_id: string | null;
  readonly state: string;
  readonly receipt_id: string | null;
  readonly payments: number;
};

/** What an online payment may be said to be. */
export const INTENT_WORDS = [
  "ORDER_PENDING",
  "AWAITING_PAYMENT",
  "PROCESSING",
  "ATTEMPT_FAILED",
  "EXPIRED",
  "CLOSED_UNPAID",
  "CANCELLED",
  "SUCCEEDED",
];

const EXPIRED_AFTER_MS = 24 * 3_600_000;

/**
 * An online payment as the citizen's intent: the word follows from the order and what is known of its payments. Succeeded is captured money;
 * everything else is soft, because the bank may still say yes.
 */
export async function intents(stage: Stage, id?: string): Promise<IntentView[]> {
  const found = await rows<{
    id: string;
    amount: bigint;
    state: string;
    status: string;
    provider: string | null;
    created_at: Date;
    next_poll_at: Date | null;
    rank: number | null;
    payments: bigint;
    receipt_id: string | null;
  }>(
    stage,
    `select o.order_id as id, o.amount::bigint as amount, o.state, o.status, o.provider_order_id as provider, o.created_at, o.next_poll_at,
       (select max(p.rank) from collections.payments p where p.ulb_id = o.ulb_id and p.order_id = o.order_id) as rank,
       (select count(*) from collections.payments p where p.ulb_id = o.ulb_id and p.order_id = o.order_id) as payments,
       (select p.receipt_id from collections.payments p where p.ulb_id = o.ulb_id and p.order_id = o.order_id and p.receipt_id is not null
        order by p.booked_at, p.payment_id limit 1) as receipt_id
     from collections.orders o where o.ulb_id = $1 and ($2::uuid is null or o.order_id = $2::uuid)
     order by o.created_at, o.order_id`,
    [id ?? null],
  );
  const now = stage.world.clock.now();
  return found.map((o) => ({
    id: o.id,
    status: statusOf(o, now),
    amount: o.amount,
    order_id: o.provider,
    state: o.state,
    receipt_id: o.receipt_id,
    payments: Number(o.payments),
  }));
}

function statusOf(
  o: { state: string; status: string; rank: number | null; created_at: Date; next_poll_at: Date | null },
  now: Date,
): string {
  if (o.status === "paid" || o.rank === 3) return "SUCCEEDED";
  if (o.state === "rejected") return "CANCELLED";
  if (o.state !== "confirmed") return "ORDER_PENDING";
  if (o.rank === 2) return "PROCESSING";
  if (o.next_poll_at === null) return "CLOSED_UNPAID";
  if (now.getTime() - o.created_at.getTime() >= EXPIRED_AFTER_MS) return "EXPIRED";
  return o.rank === 1 ? "ATTEMPT_FAILED" : "AWAITING_PAYMENT";
}

/** Every receipt, oldest number first, in the words of the scenarios. */
export async function receipts(stage: Stage): Promise<Record<string, unknown>[]> {
  const found = await rows<
    Record<string, unknown> & {
      receipt_id: string;
      consumer_id: string | null;
      fy: string;
      number: bigint;
      paid_at: Date;
      issued_at: Date;
    }
  >(
    stage,
    `select r.*, r.amount::bigint as amount from collections.receipts r where r.ulb_id = $1 order by r.fy, r.issued_at, r.number`,
  );
  const lines = await rows<{
    receipt_id: string;
    kind: string;
    tax_head: string | null;
    title: string;
    amount: bigint;
  }>(
    stage,
    "select receipt_id, kind, tax_head, title, amount::bigint as amount from collections.receipt_lines where ulb_id = $1 order by receipt_id, line_no",
  );
  const names = new Map([...stage.bills.values()].map((b) => [b.consumerId, b.name]));
  return found.map((r) => ({
    ...r,
    id: r.receipt_id,
    bill: r.consumer_id === null ? null : (names.get(r.consumer_id) ?? null),
    account: r["consumer_code"],
    payer: r["payer_name"],
    payment_at: indianMoment(r.paid_at),
    issued_at: indianMoment(r.issued_at),
    payment_date: dateInIndia(r.paid_at),
    seq: Number(r.number),
    lines: lines.filter((l) => l.receipt_id === r.receipt_id).map(({ receipt_id: _id, ...l }) => l),
  }));
}

/** "2026-06-03T08:00:00+05:30". */
export function indianMoment(at: Date): string {
  return `${new Date(at.getTime() + 19_800_000).toISOString().slice(0, 19)}+05:30`;
}

export const today = (stage: Stage): LocalDate => dateInIndia(stage.world.clock.now());
