import { createHash } from "node:crypto";
import { audit } from "../kernel/audit.ts";
import { periodOf } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { groupBy } from "../kernel/group.ts";
import { newId } from "../kernel/ids.ts";
import { paise, sum } from "../kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../kernel/tx.ts";
import { checkDraft, getEntry, postEntries, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import type { ActKind, Effect, Mode } from "./act-kinds.ts";
import { ACT_SOURCE, getAct, type Act, type KeptEffect } from "./act-rows.ts";
import { actKindOf } from "./catalogue.ts";
import { registerErrors } from "./errors.ts";
import { jsonOf, readFacts, writeFacts, type Typed } from "./fields.ts";
import { checkNewItem, writeItems } from "./items.ts";
import { balances, MEASURES, type Movement } from "./measures.ts";

/*
 * The one mechanism of all registers. Its maker proposes an act; what it would post is shown. Another person approves it: then, in one
 * commit, the items come into being, the movements are written and the entries are posted, exactly as they were shown.
 */

/** What an act would do if it were approved now: the same refusals, nothing written. */
export async function previewAct(
  read: Read,
  of: { readonly kind: string; readonly item?: string; readonly facts: Typed },
): Promise<Effect> {
  return (await decide(read, actKindOf(of.kind), of.item ?? "", of.facts)).effect;
}

/**
 * Proposes an act: facts as text, amounts in rupees. Raises REGISTER_KIND_UNKNOWN, REGISTER_FIELD, what the kind refuses, and what postEntry
 * would refuse as far as it can be seen without posting.
 */
export async function proposeAct(
  tx: Tx,
  of: { readonly kind: string; readonly item?: string; readonly facts: Typed },
): Promise<Act> {
  const kind = actKindOf(of.kind);
  const item = of.item ?? "";
  const { effect, facts, date, takenEntry } = await decide(tx, kind, item, of.facts);
  const id = newId(tx.clock().getTime());
  await tx
    .query(
      `insert into ledger.register_acts (ulb_id, act_id, kind, register, item_id, act_date, facts, effect, made_by, made_at, taken_entry_id, takes_back)
       values (:ulb, :id, :kind, :register, :item, :act_date, :facts, :effect, :actor, :now, :taken, :takes_back)`,
      {
        ulb: tx.ulb.id,
        id,
        kind: kind.kind,
        register: effect.takesBack?.register ?? kind.register,
        item: effect.takesBack?.item ?? item,
        act_date: date,
        facts: JSON.stringify(facts),
        effect: JSON.stringify(kept(effect)),
        actor: tx.actor.id,
        now: tx.clock(),
        taken: takenEntry ?? null,
        takes_back: effect.takesBack?.act ?? null,
      },
    )
    .catch((error: unknown) => {
      throw violatedRule(error) === "register_act_taken_back_once"
        ? registerErrors.REGISTER_ACT_TAKEN_BACK({ act: effect.takesBack?.act ?? "" })
        : error;
    });
  await audit(tx, {
    action: "propose",
    subject: "register-act",
    subjectId: id,
    after: jsonOf({ kind: kind.kind, item, ...facts }),
  });
  return getAct(tx, id);
}

/**
 * Approves an act: items, movements, audit and entries in one commit. Raises MAKER_IS_CHECKER, REGISTER_ACT_STATUS, REGISTER_ACT_CHANGED
 * (the registers moved meanwhile, so that it would post something else than was shown), and the refusals of proposing and posting.
 */
export async function approveAct(
  tx: Tx,
  id: string,
  version: number,
): Promise<{ readonly act: Act; readonly entries: readonly PostedEntry[] }> {
  const act = await lockAct(tx, id, version);
  if (tx.actor.id === act.madeBy) throw ledgerErrors.MAKER_IS_CHECKER({ voucher: id, actor: tx.actor.id });
  const kind = actKindOf(act.kind);
  const { effect } = await decide(tx, kind, act.takesBack ?? act.item, act.facts);
  if (JSON.stringify(kept(effect)) !== (await keptText(tx, id))) throw registerErrors.REGISTER_ACT_CHANGED({ act: id });
  await tx.query(
    `update ledger.register_acts set status = 'approved', decided_by = :actor, decided_at = :now, version = version + 1
     where ulb_id = :ulb and act_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock() },
  );
  for (const [kindOfItem, items] of groupBy(effect.items ?? [], (i) => i.kind)) await writeItems(tx, kindOfItem, items);
  await writeMovements(tx, id, kind, effect.movements);
  await audit(tx, { action: "approve", subject: "register-act", subjectId: id });
  const entries =
    effect.drafts.length === 0
      ? []
      : await postEntries(
          tx,
          effect.drafts.map((d, n) => ({ ...d, source: { type: ACT_SOURCE, id: `${id}/${n + 1}` } })),
        );
  return { act: await getAct(tx, id), entries };
}

/** Rejects a proposed act, with a reason. Its maker may withdraw it in the same way. Raises REGISTER_ACT_STATUS, REASON_MISSING. */
export async function rejectAct(tx: Tx, id: string, version: number, reason: string): Promise<Act> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "rejecting an act of a register" });
  const act = await lockAct(tx, id, version);
  if (tx.actor.id === act.madeBy) throw ledgerErrors.MAKER_IS_CHECKER({ voucher: id, actor: tx.actor.id });
  await tx.query(
    `update ledger.register_acts set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and act_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: reason.trim() },
  );
  await audit(tx, { action: "reject", subject: "register-act", subjectId: id, reason: reason.trim() });
  return getAct(tx, id);
}

// One lock per ULB, not per item: an act may touch three registers (a work becomes an asset, met from a grant), approvals are rare, and
// what `decide` reads after it is what all earlier approvals left.
async function lockAct(tx: Tx, id: string, version: number): Promise<Act> {
  await tx.query("select pg_advisory_xact_lock(7244071, :ulb::integer)", { ulb: tx.ulb.id });
  const act = await getAct(tx, id);
  if (act.status !== "proposed") throw registerErrors.REGISTER_ACT_STATUS({ act: id, status: act.status });
  if (act.version !== version) throw registerErrors.REGISTER_ACT_CHANGED({ act: id });
  return act;
}

type Decided = {
  readonly effect: Effect;
  readonly facts: Typed;
  readonly date: Act["date"];
  readonly takenEntry: bigint | undefined;
};

async function decide(read: Read, kind: ActKind, item: string, typed: Typed): Promise<Decided> {
  const read1 = readFacts(kind.fields, typed);
  const facts = writeFacts(kind.fields, read1);
  const date = read1["date"] as Act["date"];
  const mode = (facts["mode"] ?? "post") as Mode;
  const full = await kind.decide(read, item, facts);
  const takenEntry = mode === "entry" ? entryId(facts["entry"]) : undefined;
  const effect: Effect = mode === "post" ? full : { ...full, drafts: [] };
  const movements =
    takenEntry === undefined ? effect.movements : await takenMovements(read, takenEntry, effect.movements);
  if (effect.drafts.length === 0) await refuseBehindClose(read, movements);
  for (const one of effect.items ?? [])
    await checkNewItem(read, one.kind, one.id, readFacts(one.kind.fields, one.typed));
  for (const draft of effect.drafts) checkDraft({ ...draft, source: { type: ACT_SOURCE, id: "1" } });
  await refuseOverdrawn(read, movements);
  return { effect: { ...effect, movements }, facts, date, takenEntry };
}

function entryId(typed: string | undefined): bigint {
  if (typed === undefined || !/^\d{1,18}$/.test(typed))
    throw registerErrors.REGISTER_FIELD({ field: "Entry", rule: "the id of the entry that is posted already" });
  return BigInt(typed);
}

// Without an entry of its own, an act changes what the register was on a day that may lie behind a close: then it no longer equals the
// books that were closed on it. Until a register is kept, its past may be brought in.
async function refuseBehindClose(read: Read, movements: readonly Movement[]): Promise<void> {
  const dates = [...new Set(movements.map((m) => `${MEASURES[m.measure].register} ${periodOf(m.on)}`))];
  if (dates.length === 0) return;
  const [closed] = await read.query<{ period: string }>(
    `select p.period from ledger.periods p
     join ledger.register_settings s on s.ulb_id = p.ulb_id and to_char(s.kept_from, 'YYYY-MM') <= p.period
     where p.ulb_id = :ulb and p.status = 'closed' and s.register || ' ' || p.period = any(:dates::text[])
     order by p.period
     limit 1`,
    { ulb: read.ulb.id, dates },
  );
  if (closed)
    throw ledgerErrors.PERIOD_CLOSED({
      what: "an act that posts no entry changes the register",
      period: closed.period,
    });
}

/**
 * The movements of an act whose entry was posted elsewhere: dated as that entry, and no more than its lines on the account leave, after what
 * other acts took of it. Raises ENTRY_NOT_FOUND, REGISTER_ENTRY_SHORT.
 */
async function takenMovements(read: Read, id: bigint, movements: readonly Movement[]): Promise<Movement[]> {
  const entry = await getEntry(read, id);
  if (entry.source.type === ACT_SOURCE) throw registerErrors.REGISTER_ENTRY_OWN({ entry: entry.number });
  const taken = await read.query<{ account: string; fund: string; measure: string; amount: bigint }>(
    `select m.account, m.fund, m.measure, sum(m.amount)::bigint as amount
     from ledger.register_acts a
     join ledger.register_movements m on m.ulb_id = a.ulb_id and m.act_id in (a.act_id, (
       select b.act_id from ledger.register_acts b where b.ulb_id = a.ulb_id and b.takes_back = a.act_id and b.status = 'approved'))
     where a.ulb_id = :ulb and a.taken_entry_id = :entry and a.status = 'approved'
     group by 1, 2, 3`,
    { ulb: read.ulb.id, entry: id },
  );
  return movements.map((m) => {
    const { side, control } = MEASURES[m.measure];
    if (control.length === 0) return { ...m, on: entry.date };
    const posted = sum(
      entry.lines
        .filter((l) => l.account === m.account && (l.fund ?? "01") === m.fund)
        .map((l) => paise(l.side === side ? l.amount : -l.amount)),
    );
    const used =
      taken.find((t) => t.account === m.account && t.fund === m.fund && t.measure === m.measure)?.amount ?? 0n;
    if (posted - used < m.amount)
      throw registerErrors.REGISTER_ENTRY_SHORT({
        entry: entry.number,
        account: m.account,
        fund: m.fund,
        left: String(posted - used),
        asked: String(m.amount),
      });
    return { ...m, on: entry.date };
  });
}

/** Nothing in a register is ever below nothing: the last word, after what each kind of act refuses in its own words. */
async function refuseOverdrawn(read: Read, movements: readonly Movement[]): Promise<void> {
  const less = movements.filter((m) => m.amount < 0n);
  const registers = [...new Set(less.map((m) => MEASURES[m.measure].register))];
  for (const register of registers) {
    const touched = less.filter((m) => MEASURES[m.measure].register === register);
    const held = await balances(read, { register, items: [...new Set(touched.map((m) => m.item))] });
    const left = new Map(held.map((b) => [keyOf(b), b.amount as bigint]));
    for (const m of movements) left.set(keyOf(m), (left.get(keyOf(m)) ?? 0n) + m.amount);
    for (const m of touched) {
      const after = left.get(keyOf(m)) ?? 0n;
      if (after < 0n)
        throw registerErrors.REGISTER_OVERDRAWN({
          item: m.item,
          what: MEASURES[m.measure].label,
          account: m.account,
          held: String(after - m.amount),
          asked: String(-m.amount),
        });
    }
  }
}

const keyOf = (of: { item: string; measure: string; account: string; fund: string }): string =>
  [of.item, of.measure, of.account, of.fund].join("\u0001");

async function writeMovements(tx: Tx, act: string, kind: ActKind, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return;
  const column = (of: (m: Movement) => string): string[] => movements.map(of);
  await tx.query(
    `insert into ledger.register_movements (ulb_id, act_id, register, item_id, measure, kind, account, fund, on_date, amount)
     select :ulb, :act, m.register, m.item, m.measure, m.kind, m.account, m.fund, m.on_date, m.amount
     from unnest(:registers::text[], :items::text[], :measures::text[], :kinds::text[], :accounts::text[], :funds::text[], :days::date[],
       :amounts::bigint[]) as m (register, item, measure, kind, account, fund, on_date, amount)`,
    {
      ulb: tx.ulb.id,
      act,
      registers: column((m) => MEASURES[m.measure].register),
      items: column((m) => m.item),
      measures: column((m) => m.measure),
      kinds: column((m) => m.kind ?? kind.kind),
      accounts: column((m) => m.account),
      funds: column((m) => m.fund),
      days: column((m) => m.on),
      amounts: column((m) => m.amount.toString()),
    },
  );
}

/** What is kept of an effect: the entries whole, the movements as a fingerprint (a depreciation run has one for every asset). */
function kept(effect: Effect): KeptEffect {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? v.toString() : v)));
  return {
    drafts: plain(effect.drafts) as KeptEffect["drafts"],
    movements: createHash("sha256")
      .update(JSON.stringify(plain([effect.movements, (effect.items ?? []).map((i) => [i.id, i.typed])])))
      .digest("hex"),
  };
}

async function keptText(read: Read, id: string): Promise<string> {
  const row = await read.queryOne<{ effect: KeptEffect }>(
    "select effect from ledger.register_acts where ulb_id = :ulb and act_id = :id",
    { ulb: read.ulb.id, id },
  );
  invariant(row, "a locked act is there");
  return JSON.stringify(row.effect);
}
