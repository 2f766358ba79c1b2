import { CLOSING_SOURCE } from "../rollup.ts";
import type { EntryDraft } from "../lines.ts";
import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import {
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  type FinancialYear,
  type LocalDate,
} from "../kernel/dates.ts";
import { formatIndian, paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { budgetErrors } from "./errors.ts";
import { budgetLines, lineFor, openCommitments, sanctions, type BudgetLine, type Spending } from "./lines.ts";

export type BudgetMode = "off" | "warn" | "refuse";
export type BudgetSetting = {
  readonly mode: BudgetMode;
  /** The control acts above this share of the sanctioned amount. */
  readonly thresholdPercent: number;
  readonly allowsOverride: boolean;
  /** Whether expenditure that no line covers is held to nil. */
  readonly coversUnbudgeted: boolean;
};

const OFF: BudgetSetting = { mode: "off", thresholdPercent: 100, allowsOverride: false, coversUnbudgeted: false };

// The groups of NMAM's chart under which money is spent: revenue expenditure, and fixed assets with works in progress. Entries without a
// debit there (receipts, demands, deposits) cost the control nothing, not even a look at its setting.
const SPENT_UNDER = /^(2|41)/;

/** How strictly the year's budget is kept. */
export async function budgetSetting(read: Read, fy: FinancialYear): Promise<BudgetSetting> {
  const [row] = await settingsOf(read, [fy]);
  return row ?? OFF;
}

async function settingsOf(
  read: Read,
  years: readonly FinancialYear[],
): Promise<(BudgetSetting & { readonly fy: FinancialYear })[]> {
  return read.query<BudgetSetting & { fy: FinancialYear }>(
    `select fy, mode, threshold_percent as "thresholdPercent", allows_override as "allowsOverride", covers_unbudgeted as "coversUnbudgeted"
     from ledger.budget_settings where ulb_id = :ulb and fy = any(:years::text[]) order by fy`,
    { ulb: read.ulb.id, years },
  );
}

/** Sets how strictly a year's budget is kept, with a reason. Raises BUDGET_SETTING, REASON_MISSING. */
export async function setBudgetSetting(
  tx: Tx,
  fy: FinancialYear,
  setting: BudgetSetting,
  reason: string,
): Promise<void> {
  const threshold = setting.thresholdPercent;
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > 200)
    throw budgetErrors.BUDGET_SETTING({ threshold });
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `the budget control of ${fy}` });
  // Alone: what is being posted under the former setting is posted first.
  await lockBudget(tx, fy);
  await tx.query(
    `insert into ledger.budget_settings (ulb_id, fy, mode, threshold_percent, allows_override, covers_unbudgeted, reason, changed_by, changed_at)
     values (:ulb, :fy, :mode, :threshold, :allows, :covers, :reason, :actor, :now)
     on conflict (ulb_id, fy) do update set mode = excluded.mode, threshold_percent = excluded.threshold_percent,
       allows_override = excluded.allows_override, covers_unbudgeted = excluded.covers_unbudgeted, reason = excluded.reason,
       changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
    {
      ulb: tx.ulb.id,
      fy,
      mode: setting.mode,
      threshold,
      allows: setting.allowsOverride,
      covers: setting.coversUnbudgeted,
      reason: reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "budget-setting",
    subjectId: fy,
    after: { ...setting },
    reason: reason.trim(),
  });
}

/** Serialises what may spend the year's budget; the key is no month's (ledger.post locks those under the same ULB). */
export async function lockBudget(tx: Tx, fy: FinancialYear): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, :budget_key::integer)", {
    ulb: tx.ulb.id,
    budget_key: Number(fy.slice(0, 4)) * 100 + 99,
  });
}

export type LineUse = {
  readonly sanctioned: Paise;
  readonly spent: Paise;
  readonly committed: Paise;
  /** Sanctioned less spent less committed. */
  readonly balance: Paise;
};

/**
 * What is used of budget lines. Sanctioned is what is in force on the day, and no more than the year ends
 * with: an entry dated before a re-appropriation does not take what was moved away.
 */
export async function useOf(
  read: Read,
  fy: FinancialYear,
  lines: readonly bigint[],
  asOf: LocalDate,
): Promise<ReadonlyMap<bigint, LineUse>> {
  const onDay = await sanctions(read, lines, asOf);
  const atEnd = await sanctions(read, lines, financialYearEnd(fy));
  const committed = await openCommitments(read, lines);
  const spent = await spentOf(read, fy, lines);
  return new Map(
    lines.map((id) => {
      const [day, end] = [onDay.get(id)?.sanctioned ?? 0n, atEnd.get(id)?.sanctioned ?? 0n];
      const may = paise(day < end ? day : end);
      const used = spent.get(id) ?? paise(0n);
      const held = committed.get(id) ?? paise(0n);
      return [id, { sanctioned: may, spent: used, committed: held, balance: paise(may - used - held) }];
    }),
  );
}

async function spentOf(read: Read, fy: FinancialYear, lines: readonly bigint[]): Promise<ReadonlyMap<bigint, Paise>> {
  if (lines.length === 0) return new Map();
  const named = await read.queryOne(
    "select 1 from ledger.budget_lines where ulb_id = :ulb and fy = :fy and functionary <> '' limit 1",
    { ulb: read.ulb.id, fy },
  );
  const rows = await read.query<{ line_id: bigint; spent: bigint }>(
    `with target as (
       select b.line_id, b.account_prefix, b.function, b.fund, b.functionary from ledger.budget_lines b
       where b.ulb_id = :ulb and b.line_id = any(:lines::bigint[])
     ), moved as (
       ${named ? FROM_LINES : FROM_SUMS}
       union all
       select t.line_id, l.account, coalesce(l.function, ''), l.fund, coalesce(l.functionary, ''), l.credit - l.debit
       from ledger.entries e
       cross join lateral (select l.* from ledger.lines l where l.ulb_id = :ulb and l.entry_id = e.entry_id offset 0) as l
       join target t on starts_with(l.account, t.account_prefix) and l.fund = t.fund
       where e.ulb_id = :ulb and e.voucher = 'opening' and e.fy = :fy
     ), summed as (
       select line_id, account, function, fund, functionary, sum(net) as net from moved group by 1, 2, 3, 4, 5
     )
     select line_id, sum(net)::bigint as spent from summed
     where ledger.budget_line_of(:ulb, :fy, account, function, fund, functionary) = line_id
     group by line_id`,
    {
      ulb: read.ulb.id,
      fy,
      lines,
      from_day: financialYearStart(fy),
      ...(named ? { to_day: financialYearEnd(fy) } : {}),
    },
  );
  return new Map(rows.map((r) => [r.line_id, paise(r.spent)]));
}

// The year's sums of the roll-up, one row a head, fund and function, and what is not rolled up yet: what it costs does not grow with what was
// spent. Opening balances are in it and taken out again; the entries that close a year are left out.
const FROM_SUMS = `select t.line_id, s.account, s.function, s.fund, '' as functionary, s.debit - s.credit as net
       from target t
       cross join lateral (
         select s.account, s.function, s.fund, s.debit, s.credit from ledger.balance_sums s
         where s.ulb_id = :ulb and s.grain = 'function' and s.span = 'year' and s.starts_on = :from_day::date
           and s.account >= t.account_prefix and s.account < t.account_prefix || '~' and s.fund = t.fund and not s.is_closing
           and (t.function = '' or s.function = t.function)
         offset 0) as s
       union all
       select t.line_id, l.account, coalesce(l.function, ''), l.fund, '', l.debit - l.credit
       from (
         select s.series, coalesce(m.rolled_to, 0) as rolled_to
         from ledger.series s
         left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
         where s.ulb_id = :ulb and s.fy = :fy and s.next_number - 1 > coalesce(m.rolled_to, 0)
         offset 0
       ) as tail
       cross join lateral (
         select e.entry_id from ledger.entries e
         where e.ulb_id = :ulb and e.voucher = tail.series and e.fy = :fy and e.number > tail.rolled_to and e.source_type <> '${CLOSING_SOURCE}'
         offset 0
       ) as e
       cross join lateral (select l.* from ledger.lines l where l.ulb_id = :ulb and l.entry_id = e.entry_id offset 0) as l
       join target t on starts_with(l.account, t.account_prefix) and l.fund = t.fund and (t.function = '' or l.function = t.function)`;

// Where a budget asks for functionaries, which the roll-up does not keep: by the index of accounts and dates.
const FROM_LINES = `select t.line_id, l.account, coalesce(l.function, '') as function, l.fund, coalesce(l.functionary, '') as functionary,
         l.debit - l.credit as net
       from target t
       cross join lateral (
         select l.account, l.function, l.fund, l.functionary, l.debit, l.credit, l.entry_id from ledger.lines l
         where l.ulb_id = :ulb and l.account >= t.account_prefix and l.account < t.account_prefix || '~'
           and l.entry_date between :from_day::date and :to_day::date and l.fund = t.fund
           and (t.function = '' or l.function = t.function) and (t.functionary = '' or l.functionary = t.functionary)
         offset 0) as l
       where not exists (
         select 1 from ledger.entries e
         where e.ulb_id = :ulb and e.source_type = '${CLOSING_SOURCE}' and e.fy = :fy and e.entry_id = l.entry_id)`;

type Asked = { readonly draft: EntryDraft; readonly fy: FinancialYear };

/** Drafts that spend: a debit under expenditure or fixed assets. Openings and the closing of a year do not. */
function spending(drafts: readonly EntryDraft[]): Asked[] {
  return drafts
    .filter(
      (d) =>
        d.voucher !== "opening" &&
        d.source.type !== CLOSING_SOURCE &&
        d.lines.some((l) => l.side === "debit" && SPENT_UNDER.test(l.account)),
    )
    .map((draft) => ({ draft, fy: financialYearOf(draft.date) }));
}

/**
 * Judges a set that is about to be posted by the year's budget. With "refuse", what goes beyond raises BUDGET_EXCEEDED unless a checker let
 * that posting pass; with "warn" (or let pass) it is kept in the warnings. Two postings cannot both take the last rupee. A set without
 * expenditure costs nothing; a ULB without control one look-up.
 */
export async function checkBudget(tx: Tx, drafts: readonly EntryDraft[]): Promise<void> {
  const asked = spending(drafts);
  if (asked.length === 0) return;
  const settings = await settingsOf(tx, [...new Set(asked.map((a) => a.fy))]);
  for (const setting of settings) {
    if (setting.mode === "off") continue;
    if (setting.mode === "refuse") await lockBudget(tx, setting.fy);
    await judgeYear(
      tx,
      setting,
      asked.filter((a) => a.fy === setting.fy).map((a) => a.draft),
    );
  }
}

async function judgeYear(
  tx: Tx,
  setting: BudgetSetting & { readonly fy: FinancialYear },
  drafts: readonly EntryDraft[],
): Promise<void> {
  const { fy } = setting;
  const fresh = await notPosted(tx, drafts);
  if (fresh.length === 0) return;
  const lines = await budgetLines(tx, fy);
  const wishes = fresh.flatMap((draft) => wishesOf(draft, lines));
  const ids = [...new Set(wishes.flatMap((w) => (w.line ? [w.line.id] : [])))];
  const asOf = fresh.map((d) => d.date).reduce((a, b) => (a > b ? a : b));
  const used = await useOf(tx, fy, ids, asOf);
  const taken = new Map<bigint | undefined, bigint>();
  for (const wish of wishes) {
    if (!wish.line && !setting.coversUnbudgeted) continue;
    const before = taken.get(wish.line?.id) ?? 0n;
    taken.set(wish.line?.id, before + wish.amount);
    if (wish.amount <= 0n) continue;
    const found = wish.line && used.get(wish.line.id);
    await judgeOne(tx, setting, {
      what: `${wish.draft.voucher} voucher ${wish.draft.source.type} ${wish.draft.source.id}`,
      source: wish.draft.source,
      line: wish.line,
      accounts: wish.accounts.join(" "),
      sanctioned: found?.sanctioned ?? paise(0n),
      spent: paise((found?.spent ?? 0n) + before),
      committed: found?.committed ?? paise(0n),
      amount: paise(wish.amount),
    });
  }
}

export type Judged = {
  readonly what: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly line: BudgetLine | undefined;
  readonly accounts: string;
  readonly sanctioned: Paise;
  readonly spent: Paise;
  readonly committed: Paise;
  readonly amount: Paise;
};

/** By how much an amount goes beyond the limit; nothing or less when it does not. */
export function overBy(setting: BudgetSetting, j: Omit<Judged, "what" | "source" | "line" | "accounts">): Paise {
  return paise(j.spent + j.committed + j.amount - limitOf(setting, j.sanctioned));
}
const limitOf = (setting: BudgetSetting, sanctioned: Paise): bigint =>
  (sanctioned * BigInt(setting.thresholdPercent)) / 100n;

/** Lets pass, warns, or raises BUDGET_EXCEEDED. */
export async function judgeOne(
  tx: Tx,
  setting: BudgetSetting & { readonly fy: FinancialYear },
  judged: Judged,
): Promise<void> {
  const over = overBy(setting, judged);
  if (over <= 0n) return;
  const { source, line } = judged;
  const override =
    setting.mode === "refuse" && setting.allowsOverride
      ? await tx.queryOne<{ actor: string; reason: string }>(
          `select actor, reason from ledger.budget_overrides
           where ulb_id = :ulb and source_type = :source_type and source_id = :source_id`,
          { ulb: tx.ulb.id, source_type: source.type, source_id: source.id },
        )
      : undefined;
  if (setting.mode === "refuse" && !override) {
    throw budgetErrors.BUDGET_EXCEEDED({
      what: judged.what,
      head: line ? `${line.budgetHead} (${line.accountPrefix})` : `${judged.accounts} (no budget line)`,
      fy: setting.fy,
      sanctioned: String(judged.sanctioned),
      limit: String(limitOf(setting, judged.sanctioned)),
      spent: String(judged.spent),
      committed: String(judged.committed),
      amount: String(judged.amount),
      short: String(over),
    });
  }
  await tx.query(
    `insert into ledger.budget_warnings (ulb_id, fy, line_id, accounts, source_type, source_id, limit_amount, spent, committed, amount, over_by,
       overridden_by, reason, actor, at)
     values (:ulb, :fy, :line, :accounts, :source_type, :source_id, :limit_amount, :spent, :committed, :amount, :over, :by, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      fy: setting.fy,
      line: line?.id ?? null,
      accounts: judged.accounts,
      source_type: source.type,
      source_id: source.id,
      limit_amount: limitOf(setting, judged.sanctioned),
      spent: judged.spent,
      committed: judged.committed,
      amount: judged.amount,
      over,
      by: override?.actor ?? null,
      reason: override?.reason ?? null,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
}

// A fact that was posted before is in what is spent; asking for it again gives the entry that is there.
async function notPosted(tx: Tx, drafts: readonly EntryDraft[]): Promise<readonly EntryDraft[]> {
  const rows = await tx.query<{ source_type: string; source_id: string }>(
    `select s.source_type, s.source_id from unnest(:types::text[], :ids::text[]) as s (source_type, source_id)
     where exists (
       select 1 from ledger.entries e
       where e.ulb_id = :ulb and e.source_type = s.source_type and e.source_id = s.source_id)`,
    { ulb: tx.ulb.id, types: drafts.map((d) => d.source.type), ids: drafts.map((d) => d.source.id) },
  );
  const there = new Set(rows.map((r) => `${r.source_type}\u0001${r.source_id}`));
  return drafts.filter((d) => {
    const key = `${d.source.type}\u0001${d.source.id}`;
    // A source that stands twice in a set is posted once.
    return !there.has(key) && there.add(key);
  });
}

type Wish = {
  readonly draft: EntryDraft;
  readonly line: BudgetLine | undefined;
  readonly amount: bigint;
  readonly accounts: readonly string[];
};

/** What a draft takes of each budget line: debits less credits, so that a reversal gives back. */
function wishesOf(draft: EntryDraft, lines: readonly BudgetLine[]): Wish[] {
  const found = new Map<bigint | undefined, { line: BudgetLine | undefined; amount: bigint; accounts: Set<string> }>();
  for (const l of draft.lines) {
    if (!SPENT_UNDER.test(l.account)) continue;
    const of: Spending = {
      account: l.account,
      function: l.function ?? "",
      fund: l.fund ?? "01",
      functionary: l.functionary ?? "",
    };
    const line = lineFor(lines, of);
    const wish = found.get(line?.id) ?? { line, amount: 0n, accounts: new Set<string>() };
    wish.amount += l.side === "debit" ? l.amount : -l.amount;
    wish.accounts.add(l.account);
    found.set(line?.id, wish);
  }
  return [...found.values()].map((w) => ({ draft, line: w.line, amount: w.amount, accounts: [...w.accounts] }));
}

/**
 * A checker lets one posting (a voucher, a bill) go beyond the budget, by name and with a reason, where the ULB allows it. The one who made
 * the voucher cannot. Raises BUDGET_OVERRIDE_NOT_ALLOWED, BUDGET_OVERRIDE_TWICE, MAKER_IS_CHECKER, REASON_MISSING.
 */
export async function allowOverBudget(
  tx: Tx,
  fy: FinancialYear,
  source: { readonly type: string; readonly id: string },
  reason: string,
): Promise<void> {
  const what = `${source.type} ${source.id}`;
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `going beyond the budget with ${what}` });
  const setting = await budgetSetting(tx, fy);
  if (!setting.allowsOverride) throw budgetErrors.BUDGET_OVERRIDE_NOT_ALLOWED({ fy });
  const own =
    source.type === "voucher" &&
    (await tx.queryOne(
      `select 1 from ledger.vouchers where ulb_id = :ulb and voucher_id::text = :id and :actor in (created_by, submitted_by)`,
      { ulb: tx.ulb.id, id: source.id, actor: tx.actor.id },
    ));
  if (own) throw ledgerErrors.MAKER_IS_CHECKER({ voucher: source.id, actor: tx.actor.id });
  const made = await tx.query(
    `insert into ledger.budget_overrides (ulb_id, source_type, source_id, actor, reason, at)
     values (:ulb, :source_type, :source_id, :actor, :reason, :now) on conflict do nothing returning 1`,
    {
      ulb: tx.ulb.id,
      source_type: source.type,
      source_id: source.id,
      actor: tx.actor.id,
      reason: reason.trim().slice(0, 1000),
      now: tx.clock(),
    },
  );
  if (made.length === 0) throw budgetErrors.BUDGET_OVERRIDE_TWICE({ what, by: "a checker" });
  await audit(tx, { action: "override", subject: "budget", subjectId: what, reason: reason.trim() });
}

export type BudgetWarning = {
  readonly at: Date;
  readonly fy: FinancialYear;
  readonly budgetHead: string | null;
  readonly accounts: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly limit: Paise;
  readonly spent: Paise;
  readonly committed: Paise;
  readonly amount: Paise;
  readonly overBy: Paise;
  readonly overriddenBy: string | null;
  readonly reason: string | null;
  readonly actor: string;
  readonly entryId: bigint | null;
};

/** What went beyond the budget, newest first: of a year, or of one source. At most `limit` (200). */
export async function budgetWarnings(
  read: Read,
  of: { readonly fy: FinancialYear } | { readonly source: { readonly type: string; readonly id: string } },
  limit = 200,
): Promise<BudgetWarning[]> {
  const [where, params] =
    "fy" in of
      ? ["w.fy = :fy", { fy: of.fy }]
      : [
          "w.source_type = :source_type and w.source_id = :source_id",
          { source_type: of.source.type, source_id: of.source.id },
        ];
  const rows = await read.query<Omit<BudgetWarning, "source"> & { source_type: string; source_id: string }>(
    `select w.at, w.fy, b.budget_head as "budgetHead", w.accounts, w.source_type, w.source_id, w.limit_amount as limit, w.spent, w.committed,
       w.amount, w.over_by as "overBy", w.overridden_by as "overriddenBy", w.reason, w.actor, e.entry_id as "entryId"
     from ledger.budget_warnings w
     left join ledger.budget_lines b on b.ulb_id = w.ulb_id and b.line_id = w.line_id
     left join ledger.entries e on e.ulb_id = w.ulb_id and e.source_type = w.source_type and e.source_id = w.source_id
     where w.ulb_id = :ulb and ${where} order by w.warning_id desc limit :row_limit`,
    { ...params, ulb: read.ulb.id, row_limit: Math.min(limit, 200) },
  );
  return rows.map(({ source_type, source_id, ...w }) => ({ ...w, source: { type: source_type, id: source_id } }));
}

/**
 * What a voucher that waits would do to the budget: a sentence for each line it goes beyond, for the one who is to approve it. Empty when it
 * fits or nothing is controlled.
 */
export async function budgetForecast(read: Read, draft: EntryDraft): Promise<string[]> {
  const fy = financialYearOf(draft.date);
  const setting = await budgetSetting(read, fy);
  if (setting.mode === "off" || spending([draft]).length === 0) return [];
  const wishes = wishesOf(draft, await budgetLines(read, fy)).filter((w) => w.amount > 0n);
  const used = await useOf(
    read,
    fy,
    wishes.flatMap((w) => (w.line ? [w.line.id] : [])),
    draft.date,
  );
  return wishes.flatMap((w) => {
    if (!w.line && !setting.coversUnbudgeted) return [];
    const found = w.line && used.get(w.line.id);
    const figures = {
      sanctioned: found?.sanctioned ?? paise(0n),
      spent: found?.spent ?? paise(0n),
      committed: found?.committed ?? paise(0n),
      amount: paise(w.amount),
    };
    const over = overBy(setting, figures);
    if (over <= 0n) return [];
    return [
      `${w.line?.budgetHead ?? w.accounts.join(" ")}: sanctioned ${formatIndian(figures.sanctioned)}, spent ${formatIndian(figures.spent)}, committed ${formatIndian(figures.committed)}, this voucher ${formatIndian(figures.amount)}, beyond the limit by ${formatIndian(over)}; the budget of ${fy} is set to ${setting.mode}`,
    ];
  });
}
