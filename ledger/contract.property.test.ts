// Random histories against a model of the books that shares no code with them: it predicts what is posted and what is refused, through
// sets, lanes and raw calls of the posting function, and what the balances are, whenever the roll-up runs.
import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate, period, type LocalDate } from "./kernel/dates.ts";
import { paise } from "./kernel/money.ts";
import { Refusal } from "./kernel/errors.ts";
import { POST_SQL, postValues, type PostResult } from "./entries.ts";
import {
  accountBalances,
  closePeriod,
  createLanes,
  fundDifferences,
  postEntries,
  rollUp,
  seriesGaps,
  trialBalance,
  type EntryDraft,
  type Line,
  type PostedEntry,
  type VoucherType,
} from "./index.ts";
import { testApp, testUlb, type TestUlb } from "./testing.ts";

const app = await testApp();

// ---------------------------------------------------------------- the world of the model

type AccountKind = { readonly cash?: true; readonly fee?: true; readonly nominal?: true; readonly fault?: string };
const ACCOUNTS: Record<string, AccountKind> = {
  "4501001": { cash: true },
  "4502101": { cash: true },
  "4311001": {},
  "4313001": {},
  "3504101": {},
  "1100101": { nominal: true },
  "2407001": { nominal: true, fee: true },
  "43110": { fault: "ACCOUNT_NOT_POSTING" },
  "4509999": { fault: "ACCOUNT_UNKNOWN" },
  "4314006": { fault: "ACCOUNT_INACTIVE" },
};
const SOUND = Object.keys(ACCOUNTS).filter((code) => !ACCOUNTS[code]?.fault);
const FUNDS = new Set(["01", "02", "05"]);
const FUNCTIONS = new Set(["03", "21"]);
const CLOSED = "2025-04-15";
const DAYS = ["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"];
const MISSING = "2027-04-01";

type ModelEntry = {
  readonly content: string;
  readonly id: bigint;
  readonly draft: EntryDraft;
  readonly number: string;
};

class Model {
  readonly bySource = new Map<string, ModelEntry>();
  readonly reversed = new Map<bigint, string>();
  readonly used = new Map<string, number>();

  source(d: EntryDraft): string {
    return `${d.source.type}/${d.source.id}`;
  }
  content(d: EntryDraft): string {
    const lines = d.lines.map((l) =>
      JSON.stringify([l.side, l.account, String(l.amount), l.fund ?? "01", l.function, l.ward, l.scheme, l.party?.id]),
    );
    return JSON.stringify([d.voucher, d.date, d.valueDate ?? d.date, String(d.reverses), lines.sort()]);
  }

  /** Every rule that the draft breaks by itself. */
  faults(d: EntryDraft): string[] {
    const found = new Set<string>();
    if (d.narration === "") found.add("NARRATION_MISSING");
    if (d.lines.length < 2) found.add("ENTRY_LINES");
    const funds = new Map<string, bigint>();
    for (const l of d.lines) {
      const kind = ACCOUNTS[l.account];
      if (l.amount <= 0n) found.add("LINE_AMOUNT");
      if (kind?.fault) found.add(kind.fault);
      if (!FUNDS.has(l.fund ?? "01")) found.add("FUND_UNKNOWN");
      if (kind?.nominal && l.function === undefined) found.add("FUNCTION_MISSING");
      if (l.function !== undefined && !FUNCTIONS.has(l.function)) found.add("FUNCTION_UNKNOWN");
      funds.set(l.fund ?? "01", (funds.get(l.fund ?? "01") ?? 0n) + (l.side === "debit" ? l.amount : -l.amount));
    }
    if ([...funds.values()].reduce((a, b) => a + b, 0n) !== 0n) found.add("ENTRY_UNBALANCED");
    else if ([...funds.values()].some((v) => v !== 0n)) found.add("FUND_UNBALANCED");
    const cash = d.lines.filter((l) => ACCOUNTS[l.account]?.cash).length;
    const others = d.lines.filter((l) => !ACCOUNTS[l.account]?.cash && !ACCOUNTS[l.account]?.fee).length;
    if (d.voucher === "journal" && cash > 0) found.add("VOUCHER_RULE");
    if ((d.voucher === "receipt" || d.voucher === "payment") && cash === 0) found.add("VOUCHER_RULE");
    if (d.voucher === "contra" && (cash < 2 || others > 0)) found.add("VOUCHER_RULE");
    if (d.date === CLOSED) found.add("PERIOD_CLOSED");
    if (d.date === MISSING) found.add("PERIOD_MISSING");
    return [...found];
  }

  /** "posted", "exists", or the codes of which one must be named. */
  predict(d: EntryDraft, typescriptFirst: boolean): "posted" | "exists" | readonly string[] {
    const faults = this.faults(d);
    const there = this.bySource.get(this.source(d));
    if (there) {
      if (there.content === this.content(d)) return "exists";
      return typescriptFirst ? ["ENTRY_SOURCE_CONFLICT", ...faults] : ["ENTRY_SOURCE_CONFLICT"];
    }
    const by = d.reverses === undefined ? undefined : this.reversed.get(d.reverses);
    if (by !== undefined) faults.push("ENTRY_ALREADY_REVERSED");
    if (d.reverses !== undefined && ![...this.bySource.values()].some((e) => e.id === d.reverses))
      faults.push("ENTRY_NOT_FOUND");
    return faults.length === 0 ? "posted" : faults;
  }

  add(d: EntryDraft, posted: { readonly id: bigint; readonly number: string }): void {
    this.bySource.set(this.source(d), { content: this.content(d), id: posted.id, draft: d, number: posted.number });
    if (d.reverses !== undefined) this.reversed.set(d.reverses, this.source(d));
    const series = `${d.voucher} ${d.date < "2026-04-01" ? "2025-26" : "2026-27"}`;
    this.used.set(series, (this.used.get(series) ?? 0) + 1);
  }
  posted(): ModelEntry[] {
    return [...this.bySource.values()];
  }
}

// ---------------------------------------------------------------- random drafts

type Fault =
  | "none" | "paisa" | "zero" | "negative" | "one line" | "account" | "fund" | "function" | "no function" | "move fund" | "voucher"
  | "closed" | "missing" | "narration"; // prettier-ignore

type Wish = {
  readonly parts: readonly {
    readonly fund: string;
    readonly debits: readonly (readonly [string, number])[];
    readonly credits: readonly string[];
  }[];
  readonly day: number;
  readonly fault: Fault;
  readonly at: number;
  readonly ward: string | undefined;
  /** Says an earlier fact again (as it was, or changed), or takes an earlier entry back; else it is a new fact. */
  readonly again:
    | { readonly kind: "new" }
    | { readonly kind: "same" | "changed" | "reversal" | "reverses nothing"; readonly pick: number };
};

const wish: fc.Arbitrary<Wish> = fc.record({
  parts: fc.array(
    fc.record({
      fund: fc.constantFrom("01", "01", "02", "05"),
      debits: fc.array(fc.tuple(fc.constantFrom(...SOUND), fc.integer({ min: 3, max: 5_000_000 })), {
        minLength: 1,
        maxLength: 3,
      }),
      credits: fc.array(fc.constantFrom(...SOUND), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  day: fc.nat({ max: DAYS.length - 1 }),
  fault: fc.oneof(
    { weight: 7, arbitrary: fc.constant<Fault>("none") },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Fault>(
        "paisa", "zero", "negative", "one line", "account", "fund", "function", "no function", "move fund", "voucher", "closed", "missing",
        "narration",
      ), // prettier-ignore
    },
  ),
  at: fc.nat({ max: 100 }),
  ward: fc.constantFrom(undefined, "1", "2"),
  again: fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: "new" as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("same" as const, "changed" as const, "reversal" as const, "reverses nothing" as const),
        pick: fc.nat({ max: 1000 }),
      }),
    },
  ),
});

let facts = 0;
function draftOf(w: Wish, model: Model): EntryDraft {
  const history = model.posted();
  const earlier = w.again.kind === "new" || history.length === 0 ? undefined : history[w.again.pick % history.length];
  if (earlier && w.again.kind === "same") return earlier.draft;
  if (earlier && w.again.kind === "changed") {
    const [first, ...rest] = earlier.draft.lines;
    if (first) return { ...earlier.draft, lines: [{ ...first, ward: `${first.ward ?? ""}9` }, ...rest] };
  }
  facts += 1;
  const source = { type: "model", id: `f${facts}` };
  if (earlier && w.again.kind === "reversal")
    return {
      ...earlier.draft,
      date: localDate(DAYS[w.day] ?? ""),
      source,
      reverses: earlier.id,
      lines: earlier.draft.lines.map((l) => ({ ...l, side: l.side === "debit" ? "credit" : "debit" })),
    };
  const lines: Line[] = [];
  const line = (side: Line["side"], fund: string, account: string, amount: bigint): void => {
    const needs = ACCOUNTS[account]?.nominal === true;
    lines.push({
      side,
      account,
      amount: paise(amount),
      ...(fund === "01" ? {} : { fund }),
      ...(needs ? { function: w.at % 2 ? "03" : "21" } : {}),
      ...(w.ward === undefined ? {} : { ward: w.ward }),
    });
  };
  for (const part of w.parts) {
    for (const [account, amount] of part.debits) line("debit", part.fund, account, BigInt(amount));
    let left = part.debits.reduce((a, [, amount]) => a + BigInt(amount), 0n);
    part.credits.forEach((account, i) => {
      const share = i === part.credits.length - 1 ? left : left / 3n;
      left -= share;
      line("credit", part.fund, account, share);
    });
  }
  const cash = lines.filter((l) => ACCOUNTS[l.account]?.cash).length;
  const others = lines.filter((l) => !ACCOUNTS[l.account]?.cash && !ACCOUNTS[l.account]?.fee).length;
  let voucher: VoucherType = cash === 0 ? (w.at % 5 === 0 ? "opening" : "journal") : w.at % 2 ? "receipt" : "payment";
  if (cash >= 2 && others === 0) voucher = "contra";
  let date = localDate(DAYS[w.day] ?? "");
  let narration = "by the model";
  const at = w.at % lines.length;
  const change = (over: Partial<Line>): void => {
    const old = lines[at];
    if (old) lines[at] = { ...old, ...over };
  };
  switch (w.fault) {
    case "paisa":
      change({ amount: paise((lines[at]?.amount ?? 0n) + 1n) });
      break;
    case "zero":
      change({ amount: paise(0n) });
      break;
    case "negative":
      change({ amount: paise(-(lines[at]?.amount ?? 0n)) });
      break;
    case "one line":
      lines.length = 1;
      break;
    case "account":
      change({ account: ["43110", "4509999", "4314006"][w.at % 3] ?? "" });
      break;
    case "fund":
      lines.forEach((l, i) => (lines[i] = { ...l, fund: "77" }));
      break;
    case "function":
      change({ function: "zz" });
      break;
    case "no function":
      change({ account: "1100101", function: undefined });
      break;
    case "move fund":
      change({ fund: lines[at]?.fund === "05" ? "02" : "05" });
      break;
    case "voucher":
      voucher = (["receipt", "payment", "contra", "journal", "opening"] as const)[w.at % 5] ?? voucher;
      break;
    case "closed":
      date = CLOSED as LocalDate;
      break;
    case "missing":
      date = MISSING as LocalDate;
      break;
    case "narration":
      narration = "";
      break;
    case "none":
      break;
  }
  return {
    voucher,
    date,
    narration,
    source,
    lines,
    ...(w.again.kind === "reverses nothing" ? { reverses: BigInt(900_000_000 + facts) } : {}),
  };
}

type Step =
  | { readonly kind: "set" | "lanes" | "raw"; readonly wishes: readonly Wish[] }
  | { readonly kind: "roll-up"; readonly limit: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("set" as const, "lanes" as const, "raw" as const),
      wishes: fc.array(wish, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("roll-up" as const), limit: fc.integer({ min: 1, max: 6 }) }) },
);

// ---------------------------------------------------------------- the three ways in

const STATUS: Record<string, string> = {
  NARRATION: "NARRATION_MISSING", LINES: "ENTRY_LINES", AMOUNT: "LINE_AMOUNT", UNBALANCED: "ENTRY_UNBALANCED",
  SOURCE_CONFLICT: "ENTRY_SOURCE_CONFLICT",
}; // prettier-ignore

/** All or none. */
async function viaSet(books: TestUlb, model: Model, drafts: readonly EntryDraft[]): Promise<void> {
  // The set is judged as if each draft were posted before the next, but for repeats, which come after all others.
  const trial = new Model();
  for (const e of model.posted()) trial.add(e.draft, e);
  const first = drafts.filter((d, i) => drafts.findIndex((x) => model.source(x) === model.source(d)) === i);
  const repeats = drafts.filter((d) => !first.includes(d));
  const faults = new Set<string>();
  let next = -1n;
  for (const d of [...first, ...repeats]) {
    const expected = trial.predict(d, true);
    if (typeof expected !== "string") expected.forEach((code) => faults.add(code));
    else if (expected === "posted") trial.add(d, { id: next--, number: "" });
  }
  let posted: readonly PostedEntry[];
  try {
    posted = await books.tx("accountant", (t) => postEntries(t, drafts));
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect([...faults]).toContain((error as Refusal).code);
    return;
  }
  expect([...faults]).toEqual([]);
  expect(posted).toHaveLength(drafts.length);
  drafts.forEach((d, i) => agree(model, d, posted[i] as PostedEntry));
}

/** Each for itself. */
async function viaLanes(books: TestUlb, model: Model, all: readonly EntryDraft[]): Promise<void> {
  // Which of two contents of one fact, or of two reversals of one entry, comes first is nobody's promise: leave the second out.
  const kept: EntryDraft[] = [];
  for (const d of all) {
    const clash = kept.some(
      (k) =>
        (model.source(k) === model.source(d) && model.content(k) !== model.content(d)) ||
        (k.reverses !== undefined && k.reverses === d.reverses && model.source(k) !== model.source(d)),
    );
    if (!clash) kept.push(d);
  }
  const lanes = createLanes(app.db);
  const expected = kept.map((d) => model.predict(d, true));
  const results = await Promise.allSettled(kept.map((d) => lanes.post(books.as("cashier"), d)));
  const news = new Set<string>();
  results.forEach((r, i) => {
    const d = kept[i] as EntryDraft;
    const want = expected[i] ?? [];
    if (typeof want === "string") {
      if (r.status === "rejected") throw r.reason;
      if (r.value.isNew) {
        expect(news.has(model.source(d))).toBe(false);
        news.add(model.source(d));
        expect(want).toBe("posted");
        model.add(d, r.value);
      }
    } else {
      expect(r.status, `${JSON.stringify(want)} was expected`).toBe("rejected");
      if (r.status === "rejected") {
        expect(r.reason).toBeInstanceOf(Refusal);
        expect(want).toContain((r.reason as Refusal).code);
      }
    }
  });
  results.forEach((r, i) => {
    if (r.status === "fulfilled") expect(r.value.id).toBe(model.bySource.get(model.source(kept[i] as EntryDraft))?.id);
  });
}

/** Past TypeScript: a status for each. */
async function viaSql(books: TestUlb, model: Model, drafts: readonly EntryDraft[]): Promise<void> {
  const expected = drafts.map((d) => model.predict(d, false));
  const fresh = drafts.filter((_, i) => expected[i] === "posted");
  const twice =
    new Set(fresh.map((d) => model.source(d))).size < fresh.length ||
    new Set(fresh.flatMap((d) => d.reverses ?? [])).size < fresh.filter((d) => d.reverses !== undefined).length;
  const call = app.db.lanes.query<PostResult>(POST_SQL, postValues(books.ulb.id, "sql@test", drafts));
  if (twice) {
    await expect(call).rejects.toThrow(/entry_posted_once_per_source|entry_reversed_once/);
    return;
  }
  const row = (await call).rows[0] as PostResult;
  drafts.forEach((d, i) => {
    const want = expected[i] ?? [];
    const status = row.status[i] ?? "";
    if (typeof want === "string") expect(status, JSON.stringify(d, big)).toBe(want);
    else {
      const reversal =
        status === "REVERSAL"
          ? row.detail[i]?.startsWith("again")
            ? "ENTRY_ALREADY_REVERSED"
            : "ENTRY_NOT_FOUND"
          : undefined;
      expect(want, JSON.stringify(d, big)).toContain(reversal ?? STATUS[status] ?? status);
    }
  });
  drafts.forEach((d, i) => {
    if (row.status[i] === "posted") model.add(d, { id: row.entry_id[i] as bigint, number: String(row.number[i]) });
  });
}
const big = (_k: string, v: unknown): unknown => (typeof v === "bigint" ? String(v) : v);

function agree(model: Model, d: EntryDraft, posted: PostedEntry): void {
  const there = model.bySource.get(model.source(d));
  expect(posted.isNew).toBe(there === undefined);
  if (there) expect(posted.id).toBe(there.id);
  else model.add(d, posted);
}

// ---------------------------------------------------------------- what must hold

async function check(books: TestUlb, model: Model): Promise<void> {
  await books.tx("auditor", async (t) => {
    const rows = await t.query<{ entries: bigint; lines: bigint; bad: bigint; off: bigint }>(
      `select (select count(*) from ledger.entries) as entries, count(*) as lines, coalesce(sum(debit - credit), 0)::bigint as off,
         count(*) filter (where not ((debit > 0 and credit = 0) or (credit > 0 and debit = 0))) as bad from ledger.lines`,
    );
    const entries = model.posted();
    expect(rows[0]).toEqual({
      entries: BigInt(entries.length),
      lines: BigInt(entries.reduce((a, e) => a + e.draft.lines.length, 0)),
      bad: 0n,
      off: 0n,
    });
    expect(await seriesGaps(t)).toEqual([]);
    const used = await t.query<{
      series: string;
      fy: string;
      next_number: bigint;
      low: bigint;
      high: bigint;
      n: bigint;
    }>(
      `select e.voucher as series, e.fy, s.next_number, min(e.number) as low, max(e.number) as high, count(distinct e.number) as n
       from ledger.entries e join ledger.series s on s.ulb_id = e.ulb_id and s.series = e.voucher and s.fy = e.fy group by 1, 2, 3`,
    );
    expect(new Map(used.map((u) => [`${u.series} ${u.fy}`, Number(u.n)]))).toEqual(model.used);
    for (const u of used) expect([u.low, u.high, u.next_number]).toEqual([1n, u.n, u.n + 1n]);

    for (const [from, to] of [
      ["2026-03-31", "2026-04-01"],
      ["2025-04-01", "2027-03-31"],
    ] as const) {
      for (const fund of [undefined, "02"]) {
        const want = new Map<string, [bigint, bigint, bigint]>();
        for (const { draft } of entries)
          for (const l of draft.lines) {
            if (draft.date > to || (fund !== undefined && (l.fund ?? "01") !== fund)) continue;
            const row = want.get(l.account) ?? [0n, 0n, 0n];
            // Opening vouchers of the books' first day are what every range with that day in it begins with.
            const isOpening = draft.voucher === "opening" && draft.date === t.ulb.startsOn;
            if (draft.date < from || isOpening) row[0] += l.side === "debit" ? l.amount : -l.amount;
            else row[l.side === "debit" ? 1 : 2] += l.amount;
            want.set(l.account, row);
          }
        const got = await trialBalance(t, { from: localDate(from), to: localDate(to), fund });
        for (const [account, row] of want) if (row.every((v) => v === 0n)) want.delete(account);
        expect(new Map(got.map((r) => [r.code, [r.openDebit - r.openCredit, r.debit, r.credit]]))).toEqual(want);
        expect(got.reduce((a, r) => a + r.closeDebit - r.closeCredit, 0n)).toBe(0n);
      }
    }
    for (const difference of (await fundDifferences(t, localDate("2027-03-31"))).values()) expect(difference).toBe(0n);
    const balances = await accountBalances(t, SOUND, localDate("2026-03-31"));
    for (const code of SOUND) {
      const want = entries
        .filter((e) => e.draft.date <= "2026-03-31")
        .flatMap((e) => e.draft.lines)
        .filter((l) => l.account === code)
        .reduce((a, l) => a + (l.side === "debit" ? l.amount : -l.amount), 0n);
      expect(balances.get(code), code).toBe(want);
    }
  });
}

test("random histories: what the model predicts is posted or refused, and the books keep every promise", async () => {
  const seen = { posted: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 9 }), async (steps) => {
      const books = await testUlb(app);
      await books.tx("admin", async (t) => {
        await t.query("update ledger.accounts set is_active = false where ulb_id = :ulb and code = '4314006'", {
          ulb: books.ulb.id,
        });
        await closePeriod(t, period("2025-04"));
      });
      const model = new Model();
      for (const s of steps) {
        if (s.kind === "roll-up") {
          await books.tx("system", (t) => rollUp(t, s.limit));
          await check(books, model);
          continue;
        }
        const drafts = s.wishes.map((w) => draftOf(w, model));
        const before = model.posted().length;
        await { set: viaSet, lanes: viaLanes, raw: viaSql }[s.kind](books, model, drafts);
        seen.posted += model.posted().length - before;
        seen.refused += drafts.length - (model.posted().length - before);
      }
      await check(books, model);
      await books.tx("system", (t) => rollUp(t));
      await check(books, model);
    }),
    { numRuns: 80 },
  );
  // The histories are worth their time only if both happen often.
  expect(seen.posted).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(100);
});
