import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import type { BankLine } from "./statements.ts";
import type { Pass } from "./match.ts";
import { seriesOf, seriesOfMatch } from "./matching/series.ts";
import { tokensOf } from "./tokens.ts";

/**
 * What a match of these lines and items rests on: references and slips, and of a part of a reference also the part, and the series in which nothing
 * else may stand.
 */
export function proofsOf(pass: Pass, lines: readonly BankLine[], items: readonly OpenItem[]): string[] {
  const proofs = new Set<string>();
  for (const i of items) {
    for (const r of i.refs) proofs.add(r.value);
    if (i.group !== undefined) proofs.add(i.group);
  }
  // The bank's own correction has no item: what both of its lines carry.
  if (pass === "P2" || items.length === 0) {
    const tokens = longTokens(lines);
    for (const t of tokens) proofs.add(t);
    const series = items.length === 0 ? tokens.flatMap(seriesOf) : seriesOfMatch(tokens, longReferences(items));
    for (const s of series) proofs.add(SERIES + s);
  }
  return [...proofs].slice(0, 50);
}

// Sorts after every reference, and stands in none.
const SERIES = "~";

const longTokens = (lines: readonly BankLine[]): string[] =>
  lines.flatMap((l) => tokensOf(l.reference, l.narration).filter((t) => t.length >= 8));

const longReferences = (items: readonly OpenItem[]): string[] =>
  items.flatMap((i) => i.refs.flatMap((r) => (r.kind === "cheque" || r.value.length < 8 ? [] : r.value)));

/**
 * Live matches of the engine that what is open now could have had a part in, had it been known: they rest on a reference that an open line or item
 * carries, or are among the few that rest on less and have an open amount. Matches that posted an entry (a cheque's credit out of clearing too), or
 * with which a receipt was issued for a cheque that was only acknowledged, stand: a person takes them back, or nobody does.
 */
export async function contestedMatches(
  read: Read,
  account: string,
  lines: Iterable<BankLine>,
  items: Iterable<OpenItem>,
): Promise<string[]> {
  const any = await read.query(
    "select 1 from reconciliation.match_proofs where ulb_id = :ulb and account = :account limit 1",
    { ulb: read.ulb.id, account },
  );
  if (any.length === 0) return [];
  const isInSeries = await read.query(
    "select 1 from reconciliation.match_proofs where ulb_id = :ulb and account = :account and proof >= :series limit 1",
    { ulb: read.ulb.id, account, series: SERIES },
  );
  const keys = new Set<string>();
  const addReference = (value: string): void => {
    keys.add(value);
    if (isInSeries.length > 0) for (const s of seriesOf(value)) keys.add(SERIES + s);
  };
  const amounts = new Set<string>();
  const slipDays: string[] = [];
  for (const l of lines) {
    for (const t of tokensOf(l.reference, l.narration)) addReference(t);
    for (const word of `${l.reference} ${l.narration}`.toUpperCase().split(/[^A-Z0-9/-]+/))
      if (word.length >= 6 && word.length <= 40 && /[/-]/.test(word)) keys.add(word.replace(/[/-]/g, ""));
    amounts.add(l.amount.toString());
  }
  for (const i of items) {
    for (const r of i.refs) addReference(r.value);
    if (i.group !== undefined) {
      keys.add(i.group);
      slipDays.push(i.date);
    }
    amounts.add(i.amount.toString());
  }
  const rows = await read.query<{ id: string }>(
    `select p.match_id as id
     from reconciliation.match_proofs p
     join reconciliation.matches m on m.ulb_id = p.ulb_id and m.match_id = p.match_id
     where p.ulb_id = :ulb and p.account = :account and p.proof = any(:keys::text[]) and m.entry_id is null and m.pass like 'P%'
       and exists (select 1 from reconciliation.live_legs g where g.ulb_id = p.ulb_id and g.match_id = p.match_id)
     union
     select m.match_id
     from reconciliation.matches m
     join reconciliation.live_legs g on g.ulb_id = m.ulb_id and g.match_id = m.match_id
     where m.ulb_id = :ulb and m.account = :account and m.pass in ('P2', 'P6') and m.entry_id is null and g.amount = any(:amounts::bigint[])
     union
     select m.match_id
     from reconciliation.matches m
     join reconciliation.live_legs g on g.ulb_id = m.ulb_id and g.match_id = m.match_id
     where m.ulb_id = :ulb and m.account = :account and m.pass = 'P6' and m.entry_id is null
       and g.on_date between :first_slip::date - 30 and :last_slip::date + 30`,
    {
      ulb: read.ulb.id,
      account,
      keys: [...keys],
      amounts: [...amounts],
      // Another slip may claim the same rest of a deposit.
      first_slip: slipDays.reduce<string | null>((a, d) => (a === null || d < a ? d : a), null),
      last_slip: slipDays.reduce<string | null>((a, d) => (a === null || d > a ? d : a), null),
    },
  );
  return thoseThatMayGo(read, rows);
}

/** Live matches of the engine whose references stand in a series in which one of these matches by part of a reference must be alone. */
export async function matchesInSeries(
  read: Read,
  account: string,
  matches: readonly { readonly lines: readonly BankLine[]; readonly items: readonly OpenItem[] }[],
): Promise<string[]> {
  const series = new Set(matches.flatMap((m) => seriesOfMatch(longTokens(m.lines), longReferences(m.items))));
  if (series.size === 0) return [];
  const rows = await read.query<{ id: string }>(
    `select distinct p.id
     from unnest(:series::text[]) as s (head)
     cross join lateral (
       select p.match_id as id from reconciliation.match_proofs p
       where p.ulb_id = :ulb and p.account = :account and p.proof >= s.head and p.proof < s.head || :end
     ) p
     join reconciliation.matches m on m.ulb_id = :ulb and m.match_id = p.id and m.entry_id is null and m.pass like 'P%'
     where exists (select 1 from reconciliation.live_legs g where g.ulb_id = :ulb and g.match_id = p.id)`,
    { ulb: read.ulb.id, account, series: [...series], end: SERIES },
  );
  return thoseThatMayGo(read, rows);
}

/** Without those that stand until a person takes them back. */
async function thoseThatMayGo(read: Read, rows: readonly { readonly id: string }[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const realised = await read.query<{ id: string }>(
    `select distinct g.match_id as id
     from reconciliation.live_legs g
     join ledger.lines l on l.ulb_id = g.ulb_id and l.entry_id = g.entry_id and l.line_no = g.line_no and l.party_type = 'cheque'
     join ledger.entries e on e.ulb_id = g.ulb_id and e.entry_id = g.entry_id
     join reconciliation.cleared_leaves c on c.ulb_id = g.ulb_id and c.entry_id = g.entry_id and c.number = l.party_id
       and (c.is_realised or e.source_type = 'cheque-credit')
     where g.ulb_id = :ulb and g.match_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids: rows.map((r) => r.id) },
  );
  const stands = new Set(realised.map((r) => r.id));
  return rows.flatMap((r) => (stands.has(r.id) ? [] : [r.id]));
}

/** The statement lines of live matches, as if they were open. */
export async function linesOfMatches(read: Read, matches: readonly string[]): Promise<BankLine[]> {
  if (matches.length === 0) return [];
  return read.query<BankLine>(
    `select b.line_id as id, b.account, b.posted_on as date, b.booked_on as "bookedOn", b.value_date as "valueDate", b.amount, b.balance,
       b.narration, b.reference, g.match_id as "matchId"
     from reconciliation.live_legs g
     join reconciliation.bank_lines b on b.ulb_id = g.ulb_id and b.line_id = g.line_id
     where g.ulb_id = :ulb and g.match_id = any(:matches::uuid[]) and g.kind = 'line'`,
    { ulb: read.ulb.id, matches },
  );
}

/** The book items of the entries of live matches, as if they were open. */
export async function itemsOfMatches(
  read: Read,
  account: string,
  asOf: LocalDate,
  matches: readonly string[],
): Promise<OpenItem[]> {
  const entries = await read.query<{ id: string }>(
    `select distinct 'entry:' || entry_id || ':0' as id from reconciliation.live_legs
     where ulb_id = :ulb and match_id = any(:matches::uuid[]) and kind = 'item'`,
    { ulb: read.ulb.id, matches },
  );
  if (entries.length === 0) return [];
  return openItems(read, account, asOf, { isStrict: true, reopened: matches, only: entries.map((e) => e.id) });
}
