import { createHash } from "node:crypto";
import { CLOSING_SOURCE, movements, type Movement } from "../balances.ts";
import type { LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";

/** What the books of a range say, in a form that can be kept and compared. The entries that close a year are not in it. */
export type Figures = {
  readonly rows: readonly Movement[];
  readonly entryCount: bigint;
  readonly lastEntryId: bigint;
  readonly debit: Paise;
  readonly credit: Paise;
  /** SHA-256 of the trial balance by account, fund, function and ward. */
  readonly hash: string;
  /** The last sealed block so far. */
  readonly sealBlock: number | null;
};

/** The trial balance from `from` to `to` by account, fund, function and ward, with its totals and hash. */
export async function figuresOf(read: Read, from: LocalDate, to: LocalDate): Promise<Figures> {
  const rows = await movements(read, { from, to, by: ["fund", "function", "ward"] });
  const counted = await read.queryOne<{ n: bigint; last: bigint | null; block: number | null }>(
    `select count(*) as n, max(e.entry_id) as last, (select max(s.block) from ledger.seals s where s.ulb_id = :ulb) as block
     from ledger.entries e
     where e.ulb_id = :ulb and e.entry_date between :from_day::date and :to_day::date and e.source_type <> '${CLOSING_SOURCE}'`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
  invariant(counted, "a count is one row");
  const hash = createHash("sha256");
  let debit = 0n;
  let credit = 0n;
  for (const r of rows) {
    hash.update(`${r.account}|${r.fund}|${r.function}|${r.ward}|${r.opening}|${r.debit}|${r.credit}\n`);
    debit += r.debit;
    credit += r.credit;
  }
  return {
    rows,
    entryCount: counted.n,
    lastEntryId: counted.last ?? 0n,
    debit: paise(debit),
    credit: paise(credit),
    hash: hash.digest("hex"),
    sealBlock: counted.block,
  };
}

export type PeriodEvent = {
  readonly subject: string;
  readonly event: "closed" | "reopened" | "audited";
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly entryCount: bigint;
  readonly debit: Paise;
  readonly credit: Paise;
  readonly hash: string;
  readonly sealBlock: number | null;
};

/** Keeps for ever that a month or year was closed or reopened, by whom and why, and what its books said at that moment. */
export async function recordEvent(
  tx: Tx,
  event: { readonly subject: string; readonly event: PeriodEvent["event"]; readonly reason?: string | undefined },
  figures: Figures,
): Promise<void> {
  await tx.query(
    `insert into ledger.period_events (ulb_id, subject, event, at, actor, reason, entry_count, debit, credit, balances_hash, seal_block)
     values (:ulb, :subject, :event, :now, :actor, :reason, :entries, :debit, :credit, :hash, :block)`,
    {
      ulb: tx.ulb.id,
      subject: event.subject,
      event: event.event,
      now: tx.clock(),
      actor: tx.actor.id,
      reason: event.reason ?? null,
      entries: figures.entryCount,
      debit: figures.debit,
      credit: figures.credit,
      hash: figures.hash,
      block: figures.sealBlock,
    },
  );
}

/** Every close and reopening of a month or year, oldest first; at most `limit`. */
export async function listPeriodEvents(read: Read, subject: string, limit = 200): Promise<PeriodEvent[]> {
  return read.query<PeriodEvent>(
    `select subject, event, at, actor, reason, entry_count as "entryCount", debit, credit, balances_hash as hash, seal_block as "sealBlock"
     from ledger.period_events where ulb_id = :ulb and subject = :subject
     order by event_id limit :row_limit`,
    { ulb: read.ulb.id, subject, row_limit: limit },
  );
}
