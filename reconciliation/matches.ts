import { postEntries, postingAccounts, type EntryDraft } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { sum, type Paise } from "../ledger/kernel/money.ts";
import { pgArray, violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import type { BankAccount } from "./bank-accounts.ts";
import { bookingDate } from "./booking-date.ts";
import { clearDeposited, clearPaid, creditLeaves } from "./clearing.ts";
import { proofsOf } from "./contested.ts";
import { transitArrivedEntry } from "./entries.ts";
import { reconciliationErrors } from "./errors.ts";
import type { Match, Pass } from "./match.ts";
import type { OpenItem } from "./open-items.ts";
import type { BankLine } from "./statements.ts";

export type MatchRecord = {
  readonly id: string;
  readonly account: string;
  readonly pass: Pass | "unmatch" | "reversal";
  readonly rules: string;
  readonly evidence: string;
  readonly entryId: bigint | null;
  readonly reversesMatchId: string | null;
  readonly reason: string | null;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly isLive: boolean;
};

/** Matches of an account, newest first, taken-back ones too; at most 500. */
export async function listMatches(read: Read, account: string): Promise<MatchRecord[]> {
  return read.query<MatchRecord>(
    `select m.match_id as id, m.account, m.pass, m.rules, m.evidence, m.entry_id as "entryId", m.reverses_match_id as "reversesMatchId", m.reason,
       m.made_by as "madeBy", m.made_at as "madeAt",
       exists (select 1 from reconciliation.live_legs g where g.ulb_id = m.ulb_id and g.match_id = m.match_id) as "isLive"
     from reconciliation.matches m
     where m.ulb_id = :ulb and m.account = :account
     order by m.made_at desc, m.match_id desc
     limit 500`,
    { ulb: read.ulb.id, account },
  );
}

export type Leg =
  | { readonly kind: "line"; readonly lineId: string; readonly amount: Paise; readonly onDate: LocalDate }
  | {
      readonly kind: "item";
      readonly entryId: bigint;
      readonly lineNo: number;
      readonly amount: Paise;
      readonly onDate: LocalDate;
    }
  | { readonly kind: "opening"; readonly amount: Paise; readonly onDate: LocalDate };

export type NewMatch = {
  readonly id: string;
  readonly pass: MatchRecord["pass"];
  readonly rules: string;
  readonly evidence: string;
  readonly entryId?: bigint;
  readonly legs: readonly Leg[];
  /** References and slips it rests on, when the engine made it. */
  readonly proofs?: readonly string[];
};

/** The legs of a book item; a settlement in transit or a leaf in clearing has none of its own, the entry of its arrival brings them. */
export function itemLegs(item: OpenItem): Leg[] {
  const { of } = item;
  if (!("entryId" in of)) return [];
  return of.lines.map((l): Leg => ({
    kind: "item",
    entryId: of.entryId,
    lineNo: l.lineNo,
    amount: l.amount,
    onDate: item.date,
  }));
}

/** Books the bank's credit of leaves in clearing on the day of the last of these lines, and gives the legs of each item. */
export async function leafLegs(
  tx: Tx,
  arrivals: readonly { readonly item: OpenItem; readonly lines: readonly BankLine[] }[],
): Promise<ReadonlyMap<string, readonly Leg[]>> {
  const leaves = arrivals.flatMap(({ item, lines }) =>
    "leaves" in item.of
      ? [
          {
            id: item.id,
            instrumentIds: item.of.leaves,
            on: lines.reduce((day, l) => (l.bookedOn > day ? l.bookedOn : day), item.date),
          },
        ]
      : [],
  );
  if (leaves.length === 0) return new Map();
  const credited = await creditLeaves(tx, leaves);
  return new Map(
    leaves.map((leaf) => [
      leaf.id,
      leaf.instrumentIds.flatMap((id): Leg[] => {
        const credit = credited.get(id);
        invariant(credit, "a leaf in clearing is credited");
        return credit.lines.map((l) => ({
          kind: "item",
          entryId: credit.entryId,
          lineNo: l.lineNo,
          amount: l.amount,
          onDate: credit.bookedOn,
        }));
      }),
    ]),
  );
}

export const lineLeg = (line: BankLine): Leg => ({
  kind: "line",
  lineId: line.id,
  amount: line.amount,
  onDate: line.bookedOn,
});

/**
 * Writes matches of lines and items. Settlements in transit that take part are booked into the bank first, one entry per match; so are cheques in
 * clearing, an entry per leaf.
 */
export async function writeMatches(
  tx: Tx,
  bank: BankAccount,
  matches: readonly Match[],
  lines: ReadonlyMap<string, BankLine>,
  items: ReadonlyMap<string, OpenItem>,
  rules: string,
): Promise<{ ids: string[]; settlements: number }> {
  const now = tx.clock().getTime();
  const drafts: {
    readonly match: number;
    readonly draft: EntryDraft;
    readonly settlementIds: readonly string[];
    readonly amount: Paise;
  }[] = [];
  const ids = matches.map(() => newId(now));
  const { "settlement-in-transit": transit } = await postingAccounts(tx, "settlement-in-transit");
  for (const [i, m] of matches.entries()) {
    const settlements = m.items.flatMap((id) => {
      const item = items.get(id);
      return item && "settlementId" in item.of
        ? [{ id: item.of.settlementId, utr: item.reference, amount: item.amount }]
        : [];
    });
    if (settlements.length === 0) continue;
    const valueDate = m.lines
      .map((id) => lines.get(id)?.valueDate ?? "")
      .sort()
      .at(-1) as LocalDate | undefined;
    const matchId = ids[i];
    invariant(matchId && valueDate, "a settlement arrives with a statement line");
    const draft = transitArrivedEntry({
      matchId,
      settlements,
      date: await bookingDate(tx, valueDate),
      valueDate,
      bank: bank.account,
      transit,
      fund: bank.fund,
    });
    drafts.push({
      match: i,
      draft,
      settlementIds: settlements.map((s) => s.id),
      amount: sum(settlements.map((s) => s.amount)),
    });
  }
  const posted = await postEntries(
    tx,
    drafts.map((d) => d.draft),
  );
  const arrival = new Map(drafts.map((d, n) => [d.match, { ...d, entry: posted[n] }]));
  const leaves = await leafLegs(
    tx,
    matches.flatMap((m) =>
      m.items.flatMap((id) => {
        const item = items.get(id);
        return item ? [{ item, lines: m.lines.flatMap((line) => lines.get(line) ?? []) }] : [];
      }),
    ),
  );
  const newMatch = (m: Match, i: number): NewMatch => {
    const arrived = arrival.get(i);
    const legs: Leg[] = [];
    for (const id of m.lines) {
      const line = lines.get(id);
      invariant(line, "a matched line is known");
      legs.push(lineLeg(line));
    }
    for (const id of m.items) {
      const item = items.get(id);
      invariant(item, "a matched item is known");
      legs.push(...itemLegs(item), ...(leaves.get(id) ?? []));
    }
    if (arrived?.entry)
      legs.push({
        kind: "item",
        entryId: arrived.entry.id,
        lineNo: 1,
        amount: arrived.amount,
        onDate: arrived.draft.date,
      });
    return {
      id: ids[i] ?? "",
      pass: m.pass,
      rules,
      evidence: m.evidence,
      ...(arrived?.entry ? { entryId: arrived.entry.id } : {}),
      legs,
      ...(m.pass === "manual"
        ? {}
        : {
            proofs: proofsOf(
              m.pass,
              m.lines.flatMap((id) => lines.get(id) ?? []),
              m.items.flatMap((id) => items.get(id) ?? []),
            ),
          }),
    };
  };
  await insertMatches(tx, bank.account, mapped(matches, newMatch));
  const moved = drafts.flatMap((d) =>
    d.settlementIds.map((id) => ({ id, match: ids[d.match] ?? "", on: d.draft.date })),
  );
  if (moved.length > 0) {
    await tx.query(
      `update reconciliation.settlements s set arrival_match_id = t.match, arrived_on = t.day
       from unnest(:ids::text[], :matches::uuid[], :days::date[]) as t (id, match, day)
       where s.ulb_id = :ulb and s.settlement_id = t.id`,
      { ulb: tx.ulb.id, ids: moved.map((m) => m.id), matches: moved.map((m) => m.match), days: moved.map((m) => m.on) },
    );
  }
  return { ids, settlements: moved.length };
}

/**
 * Inserts matches with all their legs, a few thousand legs per statement; the legs of one match always go together. The next matches are asked for and
 * laid out while the database writes those before.
 */
export async function insertMatches(tx: Tx, account: string, matches: Iterable<NewMatch>): Promise<void> {
  const atBank: string[] = [];
  let writing = Promise.resolve();
  for (const batch of batchesOf(matches, 5000)) {
    const write = batchOf(tx, account, batch);
    await writing;
    writing = write();
    for (const m of batch)
      if (m.legs.some((l) => l.kind !== "item") && m.legs.some((l) => l.kind === "item")) atBank.push(m.id);
  }
  await writing;
  await clearPaid(tx, atBank);
  await clearDeposited(tx, atBank);
}

function* mapped<T, U>(of: readonly T[], make: (x: T, i: number) => U): Generator<U> {
  for (const [i, x] of of.entries()) yield make(x, i);
}

function* batchesOf(matches: Iterable<NewMatch>, legsAtMost: number): Generator<NewMatch[]> {
  let batch: NewMatch[] = [];
  let legs = 0;
  for (const m of matches) {
    batch.push(m);
    legs += m.legs.length;
    if (legs < legsAtMost) continue;
    yield batch;
    batch = [];
    legs = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Lays out the columns of some matches, and gives what writes them. */
function batchOf(tx: Tx, account: string, matches: readonly NewMatch[]): () => Promise<void> {
  const legs = matches.flatMap((m) => m.legs.map((leg, i) => ({ match: m.id, no: i + 1, leg })));
  const legColumns = {
    ulb: tx.ulb.id,
    account,
    matches: pgArray(legs.map((l) => l.match)),
    nos: pgArray(legs.map((l) => l.no)),
    kinds: pgArray(legs.map((l) => l.leg.kind)),
    lines: pgArray(legs.map((l) => (l.leg.kind === "line" ? l.leg.lineId : null))),
    entries: pgArray(legs.map((l) => (l.leg.kind === "item" ? l.leg.entryId : null))),
    line_nos: pgArray(legs.map((l) => (l.leg.kind === "item" ? l.leg.lineNo : null))),
    amounts: pgArray(legs.map((l) => l.leg.amount)),
    days: pgArray(legs.map((l) => l.leg.onDate)),
  };
  const matchColumns = {
    ulb: tx.ulb.id,
    account,
    ids: pgArray(matches.map((m) => m.id)),
    passes: pgArray(matches.map((m) => m.pass)),
    rules: pgArray(matches.map((m) => m.rules)),
    evidence: pgArray(matches.map((m) => m.evidence.slice(0, 500))),
    entries: pgArray(matches.map((m) => m.entryId ?? null)),
    actor: tx.actor.id,
    now: tx.clock(),
  };
  const proofs = matches.flatMap((m) => (m.proofs ?? []).map((proof) => ({ match: m.id, proof })));
  const proofColumns = {
    ulb: tx.ulb.id,
    account,
    proofs: pgArray(proofs.map((p) => p.proof)),
    matches: pgArray(proofs.map((p) => p.match)),
  };
  return async () => {
    await tx.query(
      `insert into reconciliation.matches (ulb_id, match_id, account, pass, rules, evidence, entry_id, made_by, made_at)
       select :ulb, id, :account, pass, rule, evidence, entry, :actor, :now
       from unnest(:ids::uuid[], :passes::text[], :rules::text[], :evidence::text[], :entries::bigint[]) as t (id, pass, rule, evidence, entry)`,
      matchColumns,
    );
    if (proofs.length > 0)
      await tx.query(
        `insert into reconciliation.match_proofs (ulb_id, account, proof, match_id)
         select :ulb, :account, proof, match from unnest(:proofs::text[], :matches::uuid[]) as t (proof, match)`,
        proofColumns,
      );
    try {
      // Both in one statement: their columns are sent and read once.
      await tx.query(
        `with legs as (
           insert into reconciliation.match_legs (ulb_id, match_id, leg_no, account, kind, line_id, entry_id, line_no, amount, on_date)
           select :ulb, match, no, :account, kind, line, entry, line_no, amount, day
           from unnest(:matches::uuid[], :nos::integer[], :kinds::text[], :lines::uuid[], :entries::bigint[], :line_nos::smallint[],
             :amounts::bigint[], :days::date[]) as t (match, no, kind, line, entry, line_no, amount, day)
           returning ulb_id, match_id, leg_no, account, kind, line_id, entry_id, line_no, amount, on_date
         )
         insert into reconciliation.live_legs (ulb_id, match_id, leg_no, account, kind, line_id, entry_id, line_no, amount, on_date)
         select ulb_id, match_id, leg_no, account, kind, line_id, entry_id, line_no, amount, on_date from legs`,
        legColumns,
      );
    } catch (error) {
      if (/in_one_live_match$/.test(violatedRule(error) ?? "")) throw reconciliationErrors.MATCH_TAKEN({ account });
      throw error;
    }
  };
}
