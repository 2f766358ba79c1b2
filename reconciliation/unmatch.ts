import { getEntry, reverseEntry } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { paise } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { lockBankAccount, type BankAccount } from "./bank-accounts.ts";
import { bookingDate } from "./booking-date.ts";
import { unclearOf } from "./clearing.ts";
import { reconciliationErrors } from "./errors.ts";
import { MATCH_RULES } from "./match.ts";
import { insertMatches } from "./matches.ts";

/**
 * Takes a match back by a record of its own, with the reason; the history stays. What the match posted is reversed by an entry, and the
 * two cancel each other in the bank book; a cheque or advice that it had cleared is on its way again. A contra that was posted with a match in
 * each of two bank books goes from both. Gives the bank accounts in which something was taken back. Raises MATCH_UNKNOWN,
 * REASON_MISSING_FOR_UNMATCH, INSTRUMENT_REALISED.
 */
export async function unmatch(tx: Tx, matchId: string, reason: string): Promise<readonly string[]> {
  if (reason.trim().length < 5) throw reconciliationErrors.REASON_MISSING_FOR_UNMATCH({ match: matchId });
  const asked = await takenTogether(tx, matchId);
  if (asked.length === 0) throw reconciliationErrors.MATCH_UNKNOWN({ match: matchId });
  // In the order of their heads, so that two people who undo from both sides do not wait for each other.
  const accounts = [...new Set(asked.map((m) => m.account))].sort();
  const banks: BankAccount[] = [];
  for (const account of accounts) banks.push(await lockBankAccount(tx, account));
  const matches = await takenTogether(tx, matchId);
  if (matches.length === 0) throw reconciliationErrors.MATCH_UNKNOWN({ match: matchId });
  const posted: { readonly entryId: bigint; readonly reversalId: string }[] = [];
  let isUncleared = false;
  for (const m of matches) {
    const { reversalId, booked } = await takeBack(tx, m, reason.trim());
    isUncleared ||= booked;
    if (m.entryId !== null) posted.push({ entryId: m.entryId, reversalId });
  }
  for (const { entryId, reversalId } of posted) {
    const entry = await getEntry(tx, entryId);
    await reverseEntry(tx, {
      entryId,
      date: await bookingDate(tx, entry.date),
      reason: reason.trim(),
      source: { type: "bank-unmatch", id: reversalId },
    });
  }
  if (posted.length > 0 || isUncleared) for (const bank of banks) await cancelReversals(tx, bank);
  return accounts;
}

type Taken = {
  readonly id: string;
  readonly account: string;
  readonly entryId: bigint | null;
  readonly rules: string;
};

/** A live match, and the match in another bank book that shares an entry which one of the two posted; [] for one that is not live. */
export async function takenTogether(read: Read, matchId: string): Promise<Taken[]> {
  const isLive = `m.reverses_match_id is null
    and not exists (select 1 from reconciliation.matches r where r.ulb_id = m.ulb_id and r.reverses_match_id = m.match_id)`;
  return read.query<Taken>(
    `select m.match_id as id, m.account, m.entry_id as "entryId", m.rules
     from reconciliation.matches m
     where m.ulb_id = :ulb and m.match_id = :id::uuid and ${isLive}
     union
     select m.match_id, m.account, m.entry_id, m.rules
     from reconciliation.live_legs g
     join reconciliation.matches own on own.ulb_id = g.ulb_id and own.match_id = g.match_id
     join reconciliation.live_legs o on o.ulb_id = g.ulb_id and o.entry_id = g.entry_id and o.account <> g.account
     join reconciliation.matches m on m.ulb_id = o.ulb_id and m.match_id = o.match_id
     where g.ulb_id = :ulb and g.match_id = :id::uuid and g.entry_id in (own.entry_id, m.entry_id) and ${isLive}
     order by 1`,
    { ulb: read.ulb.id, id: matchId },
  );
}

/** Gives the record of it, and whether credits out of clearing were reversed. */
async function takeBack(
  tx: Tx,
  match: Taken,
  reason: string,
): Promise<{ readonly reversalId: string; readonly booked: boolean }> {
  const reversalId = newId(tx.clock().getTime());
  await tx.query("delete from reconciliation.live_legs where ulb_id = :ulb and match_id = :id::uuid", {
    ulb: tx.ulb.id,
    id: match.id,
  });
  await tx.query(
    `insert into reconciliation.matches (ulb_id, match_id, account, pass, rules, evidence, reverses_match_id, reason, made_by, made_at)
     values (:ulb, :id::uuid, :account, 'unmatch', :rules, 'taken back', :reversed::uuid, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: reversalId,
      account: match.account,
      rules: match.rules,
      reversed: match.id,
      reason,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    "update reconciliation.settlements set arrival_match_id = null, arrived_on = null where ulb_id = :ulb and arrival_match_id = :id::uuid",
    { ulb: tx.ulb.id, id: match.id },
  );
  const { booked } = await unclearOf(tx, match.id);
  await audit(tx, { action: "unmatch", subject: "bank-match", subjectId: match.id, reason });
  return { reversalId, booked };
}

/**
 * An entry and the entry that reversed it cancel each other in the bank book, and so do a cheque and the entry that took it back as stale; the
 * bank never sees them.
 */
export async function cancelReversals(tx: Tx, bank: BankAccount): Promise<void> {
  const rows = await tx.query<{
    entry_id: bigint;
    line_no: number;
    entry_date: LocalDate;
    amount: bigint;
    reversal_id: bigint;
    reversal_line: number;
    reversal_date: LocalDate;
    evidence: string;
  }>(
    `select l.entry_id, l.line_no, l.entry_date, (l.debit - l.credit)::bigint as amount,
       r.entry_id as reversal_id, rl.line_no as reversal_line, r.entry_date as reversal_date, 'an entry and its reversal' as evidence
     from ledger.entries r
     join ledger.lines rl on rl.ulb_id = r.ulb_id and rl.entry_id = r.entry_id and rl.account = :account
     join ledger.lines l on l.ulb_id = r.ulb_id and l.entry_id = r.reverses_entry_id and l.line_no = rl.line_no and l.account = rl.account
     where r.ulb_id = :ulb and r.reverses_entry_id is not null and l.debit = rl.credit and l.credit = rl.debit
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no)
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = rl.ulb_id and g.entry_id = rl.entry_id and g.line_no = rl.line_no)
     union all
     select l.entry_id, l.line_no, l.entry_date, (l.debit - l.credit)::bigint, r.entry_id, rl.line_no, r.entry_date, 'a cheque taken back as stale'
     from ledger.entries r
     join ledger.lines rl on rl.ulb_id = r.ulb_id and rl.entry_id = r.entry_id and rl.account = :account and rl.party_type = 'cheque'
     join ledger.lines l on l.ulb_id = r.ulb_id and l.account = rl.account and l.party_type = 'cheque' and l.party_id = rl.party_id
       and l.credit = rl.debit
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id and e.source_type = 'payment'
     where r.ulb_id = :ulb and r.source_type = 'cheque-stale'
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no)
       and not exists (select 1 from reconciliation.live_legs g where g.ulb_id = rl.ulb_id and g.entry_id = rl.entry_id and g.line_no = rl.line_no)
     order by 1, 2`,
    { ulb: tx.ulb.id, account: bank.account },
  );
  await insertMatches(
    tx,
    bank.account,
    rows.map((r) => ({
      id: newId(tx.clock().getTime()),
      pass: "reversal",
      rules: MATCH_RULES.version,
      evidence: r.evidence,
      legs: [
        { kind: "item", entryId: r.entry_id, lineNo: r.line_no, amount: paise(r.amount), onDate: r.entry_date },
        {
          kind: "item",
          entryId: r.reversal_id,
          lineNo: r.reversal_line,
          amount: paise(-r.amount),
          onDate: r.reversal_date,
        },
      ],
    })),
  );
}
