import { audit } from "../../ledger/kernel/audit.ts";
import { sum } from "../../ledger/kernel/money.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { lockBankAccount } from "../bank-accounts.ts";
import { reconciliationErrors } from "../errors.ts";
import { closeMatched, keepExceptions } from "../exceptions/keep.ts";
import { MATCH_RULES, type Match } from "../match.ts";
import { horizon } from "../comparison.ts";
import { writeMatches } from "../matches.ts";
import { takenTogether, unmatch } from "../unmatch.ts";
import { openItems, type OpenItem } from "../open-items.ts";
import { openLines, type BankLine } from "../statements.ts";
import { benchErrors } from "./errors.ts";

/** Lines and items that belong together, by their ids. */
export type Pairing = {
  readonly lines: readonly string[];
  readonly items: readonly string[];
  readonly evidence?: string | undefined;
};

const MOST = 500;

/**
 * A person accepts one proposal or many, or matches many lines with many items: of each the sums agree to the paisa, and all are written or none.
 * Their exceptions close. Raises MATCH_EMPTY, MATCH_UNBALANCED, BANK_LINE_UNKNOWN, BANK_LINE_MATCHED, OPEN_ITEM_UNKNOWN, MATCH_TAKEN,
 * MATCHES_TOO_MANY, BANK_ACCOUNT_UNKNOWN.
 */
export async function acceptMatches(
  tx: Tx,
  account: string,
  pairings: readonly Pairing[],
): Promise<{ readonly matchIds: readonly string[] }> {
  if (pairings.length === 0) throw reconciliationErrors.MATCH_EMPTY({ account });
  if (pairings.length > MOST) throw benchErrors.MATCHES_TOO_MANY({ given: pairings.length, most: MOST });
  const bank = await lockBankAccount(tx, account);
  const asOf = await horizon(tx, account);
  // Only what is named: accepting one of ten thousand must not cost ten thousand.
  const namedLines = pairings.flatMap((p) => p.lines);
  const namedItems = pairings.flatMap((p) => p.items);
  const lines = new Map((await openLines(tx, account, asOf, namedLines)).map((l) => [l.id, l]));
  const items = new Map((await openItems(tx, account, asOf, { only: namedItems })).map((i) => [i.id, i]));
  const taken = new Set<string>();
  const made: Match[] = [];
  for (const pairing of pairings) {
    const ownLines = [...new Set(pairing.lines)];
    const ownItems = [...new Set(pairing.items)];
    if (ownLines.length + ownItems.length < 2) throw reconciliationErrors.MATCH_EMPTY({ account });
    const atBank = sum(await Promise.all(ownLines.map(async (id) => (await openLine(tx, lines, id, taken)).amount)));
    const inBook = sum(ownItems.map((id) => openItem(items, id, taken).amount));
    if (atBank !== inBook)
      throw reconciliationErrors.MATCH_UNBALANCED({ lines: String(atBank), items: String(inBook) });
    made.push({ pass: "manual", lines: ownLines, items: ownItems, evidence: pairing.evidence ?? "matched by hand" });
  }
  const { ids } = await writeMatches(tx, bank, made, lines, items, MATCH_RULES.version);
  await closeMatched(tx, account, ids);
  await audit(tx, {
    action: "match",
    subject: "bank-account",
    subjectId: account,
    after: { matches: ids.length, ids: ids.slice(0, 100) },
  });
  return { matchIds: ids };
}

async function openLine(
  tx: Tx,
  lines: ReadonlyMap<string, BankLine>,
  id: string,
  taken: Set<string>,
): Promise<BankLine> {
  const line = lines.get(id);
  if (line && !taken.has(id)) {
    taken.add(id);
    return line;
  }
  const known = isUuid(id)
    ? await tx.queryOne("select 1 from reconciliation.bank_lines where ulb_id = :ulb and line_id = :id::uuid", {
        ulb: tx.ulb.id,
        id,
      })
    : undefined;
  throw known
    ? reconciliationErrors.BANK_LINE_MATCHED({ line: id })
    : reconciliationErrors.BANK_LINE_UNKNOWN({ line: id });
}

function openItem(items: ReadonlyMap<string, OpenItem>, id: string, taken: Set<string>): OpenItem {
  const item = items.get(id);
  if (!item || taken.has(id)) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
  taken.add(id);
  return item;
}

/**
 * Takes a match back with a reason; what it posted is reversed by a voucher, and what nobody has settled now is an exception again, in the other
 * bank book too where a contra between the two was posted.
 * Raises MATCH_UNKNOWN, REASON_MISSING_FOR_UNMATCH.
 */
export async function undoMatch(tx: Tx, matchId: string, reason: string): Promise<{ readonly account: string }> {
  const { account, lines } = await legsOf(tx, matchId);
  const others = (await takenTogether(tx, matchId)).filter((m) => m.account !== account);
  for (const m of others) lines.push(...(await legsOf(tx, m.id)).lines);
  const accounts = await unmatch(tx, matchId, reason);
  await tx.query(
    `update reconciliation.bank_exceptions
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = 'its booking was taken back'
     where ulb_id = :ulb and subject = 'held' and status <> 'closed' and subject_id = any(:lines::text[])`,
    { ulb: tx.ulb.id, now: tx.clock(), actor: tx.actor.id, lines },
  );
  for (const touched of accounts) await keepExceptions(tx, touched);
  return { account };
}

/**
 * Splits a match into parts that balance each on its own; together they hold exactly its lines and items. The match is taken back with the reason, and
 * the parts are written, in one transaction. Raises MATCH_UNKNOWN, MATCH_POSTED, MATCH_PARTS, REASON_MISSING_FOR_UNMATCH, MATCH_UNBALANCED.
 */
export async function splitMatch(
  tx: Tx,
  matchId: string,
  parts: readonly Pairing[],
  reason: string,
): Promise<{ readonly matchIds: readonly string[] }> {
  const held = await takeApart(tx, [matchId], reason);
  const given = parts.flatMap((p) => [...p.lines, ...p.items]);
  const own = new Set([...held.lines, ...held.items]);
  const missing = [...own].filter((id) => !given.includes(id)).length;
  const foreign = given.filter((id, i) => !own.has(id) || given.indexOf(id) !== i).length;
  if (missing > 0 || foreign > 0 || parts.length < 2)
    throw benchErrors.MATCH_PARTS({ match: matchId, missing, foreign });
  return acceptMatches(
    tx,
    held.account,
    parts.map((p) => ({ ...p, evidence: p.evidence ?? `split: ${reason.trim()}` })),
  );
}

/** Makes one match of several of one account: their lines against their items. Raises MATCH_MERGE_ONE and what `splitMatch` raises. */
export async function mergeMatches(
  tx: Tx,
  matchIds: readonly string[],
  reason: string,
): Promise<{ readonly matchIds: readonly string[] }> {
  const ids = [...new Set(matchIds)];
  if (ids.length < 2 || ids.length > MOST) throw benchErrors.MATCH_MERGE_ONE({ given: ids.length });
  const held = await takeApart(tx, ids, reason);
  return acceptMatches(tx, held.account, [
    { lines: held.lines, items: held.items, evidence: `merged: ${reason.trim()}`.slice(0, 400) },
  ]);
}

type Held = { readonly account: string; readonly lines: readonly string[]; readonly items: readonly string[] };

async function takeApart(tx: Tx, ids: readonly string[], reason: string): Promise<Held> {
  const accounts = new Set<string>();
  const lines: string[] = [];
  const entries = new Set<string>();
  for (const id of [...ids].sort()) {
    const legs = await legsOf(tx, id);
    if (legs.entryId !== null || legs.hasOpening || (await takenTogether(tx, id)).length > 1)
      throw benchErrors.MATCH_POSTED({ match: id });
    accounts.add(legs.account);
    lines.push(...legs.lines);
    for (const e of legs.entries) entries.add(e);
  }
  const [account] = accounts;
  if (account === undefined || accounts.size > 1) throw benchErrors.MATCH_MERGE_ONE({ given: accounts.size });
  for (const id of [...ids].sort()) await unmatch(tx, id, reason);
  const open = await openItems(tx, account, await horizon(tx, account));
  const items = open.filter((i) => {
    const { of } = i;
    return "entryId" in of && of.lines.some((l) => entries.has(`${of.entryId}:${l.lineNo}`));
  });
  return { account, lines, items: items.map((i) => i.id) };
}

async function legsOf(
  tx: Tx,
  matchId: string,
): Promise<{
  readonly account: string;
  readonly entryId: bigint | null;
  readonly hasOpening: boolean;
  readonly lines: string[];
  readonly entries: string[];
}> {
  const rows = isUuid(matchId)
    ? await tx.query<{
        account: string;
        posted: bigint | null;
        kind: string;
        line_id: string | null;
        entry_id: bigint | null;
        line_no: number | null;
      }>(
        `select g.account, m.entry_id as posted, g.kind, g.line_id::text as line_id, g.entry_id, g.line_no
         from reconciliation.live_legs g
         join reconciliation.matches m on m.ulb_id = g.ulb_id and m.match_id = g.match_id
         where g.ulb_id = :ulb and g.match_id = :id::uuid order by g.leg_no`,
        { ulb: tx.ulb.id, id: matchId },
      )
    : [];
  const [first] = rows;
  if (!first) throw reconciliationErrors.MATCH_UNKNOWN({ match: matchId.slice(0, 60) });
  return {
    account: first.account,
    entryId: first.posted,
    hasOpening: rows.some((r) => r.kind === "opening"),
    lines: rows.flatMap((r) => (r.line_id === null ? [] : [r.line_id])),
    entries: rows.flatMap((r) => (r.entry_id === null ? [] : [`${r.entry_id}:${r.line_no}`])),
  };
}
