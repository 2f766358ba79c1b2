import { invariant, type Problem } from "../kernel/errors.ts";
import { allocate, formatStatement, paise, rate, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { movements, type MovementOptions } from "../balances.ts";
import { ledgerErrors } from "../errors.ts";

/** One account of the chart that is mapped to. A heading is the sum of what hangs below it. */
export type TargetAccount = {
  readonly code: string;
  readonly name: string;
  readonly parent: string | null;
  readonly type: "income" | "expense" | "liability" | "asset";
  readonly schedule: string | null;
  readonly isPosting: boolean;
};

/** How the heads of one chart lead to those of another. */
export type Crosswalk = {
  readonly from: string;
  readonly to: string;
  readonly targets: readonly TargetAccount[];
  /** For a head, or a heading and all heads below it: the parts that go to each target. The parts of a code make one whole. */
  readonly parts: ReadonlyMap<string, readonly { readonly code: string; readonly weight: bigint }[]>;
};

/** Debit positive. */
export type Figures = { readonly opening: Paise; readonly debit: Paise; readonly credit: Paise };
export type MappedRow = TargetAccount & Figures & { readonly closing: Paise };
export type MappedTrialBalance = {
  /** Every account of the other chart, in order of code, those at nil too. */
  readonly rows: readonly MappedRow[];
  /** What no row of the crosswalk covers; with it the leaves of `rows` sum to the trial balance. */
  readonly unmapped: readonly (Figures & { readonly account: string })[];
  readonly problems: readonly Problem[];
};

/** The crosswalk from this ULB's chart to another ("cityfinance-1"). Raises CHART_NOT_FOUND if none leads there. */
export async function getCrosswalk(read: Read, to: string): Promise<Crosswalk> {
  const rows = await read.query<{ from_chart: string; from_code: string; to_code: string; share: string }>(
    `select c.from_chart, c.from_code, c.to_code, c.share::text as share
     from ledger.ulbs u
     join ledger.chart_crosswalk c on c.from_chart = u.chart
     where u.ulb_id = :ulb and c.to_chart = :to_chart
     order by c.from_code, c.to_code`,
    { ulb: read.ulb.id, to_chart: to },
  );
  const [first] = rows;
  if (!first) throw ledgerErrors.CHART_NOT_FOUND({ chart: to.slice(0, 40) });
  const targets = await read.query<TargetAccount>(
    `select code, name, parent, type, schedule, is_posting as "isPosting" from ledger.chart_accounts where chart = :to_chart order by code`,
    { to_chart: to },
  );
  const parts = new Map<string, { code: string; weight: bigint }[]>();
  for (const r of rows) {
    const weight = BigInt(rate(r.share).times(1_000_000_000).toFixed(0));
    parts.set(r.from_code, [...(parts.get(r.from_code) ?? []), { code: r.to_code, weight }]);
  }
  return { from: first.from_chart, to, targets, parts };
}

/** The row of the crosswalk that covers an account: its own, or that of the nearest heading whose code it begins with. */
export function partsOf(crosswalk: Pick<Crosswalk, "parts">, account: string) {
  for (let code = account; code !== ""; code = code.slice(0, -1)) {
    const parts = crosswalk.parts.get(code);
    if (parts) return parts;
  }
  return undefined;
}

/**
 * Maps figures per account to the heads of the other chart. Each figure is split by the shares to the paisa, the largest remainder first,
 * so that nothing is lost or made; what is not covered is listed.
 */
export function mapFigures(
  crosswalk: Crosswalk,
  figures: readonly (Figures & { readonly account: string })[],
): MappedTrialBalance {
  const leaves = new Map<string, { opening: bigint; debit: bigint; credit: bigint }>();
  const unmapped: (Figures & { account: string })[] = [];
  for (const row of figures) {
    const parts = partsOf(crosswalk, row.account);
    if (!parts) {
      unmapped.push(row);
      continue;
    }
    const weights = parts.map((p) => p.weight);
    const [opening, debit, credit] = [row.opening, row.debit, row.credit].map((f) => allocate(f, weights));
    invariant(opening && debit && credit, "three figures are split");
    parts.forEach((p, i) => {
      const sum = leaves.get(p.code) ?? { opening: 0n, debit: 0n, credit: 0n };
      sum.opening += opening[i] ?? 0n;
      sum.debit += debit[i] ?? 0n;
      sum.credit += credit[i] ?? 0n;
      leaves.set(p.code, sum);
    });
  }
  const below = (code: string): string[] =>
    crosswalk.targets.filter((t) => t.parent === code).flatMap((t) => [t.code, ...below(t.code)]);
  const rows = crosswalk.targets.map((target): MappedRow => {
    const codes = [target.code, ...below(target.code)];
    const total = (key: keyof Figures): bigint => codes.reduce((a, c) => a + (leaves.get(c)?.[key] ?? 0n), 0n);
    const [opening, debit, credit] = [total("opening"), total("debit"), total("credit")];
    return {
      ...target,
      opening: paise(opening),
      debit: paise(debit),
      credit: paise(credit),
      closing: paise(opening + debit - credit),
    };
  });
  const problems = unmapped.map((u) => ({
    code: "ACCOUNT_UNMAPPED",
    message: `account ${u.account} with ${formatStatement(paise(u.opening + u.debit - u.credit))} leads to no head of ${crosswalk.to}`,
  }));
  return { rows, unmapped, problems };
}

/**
 * The trial balance of a range in another chart's heads. The sum of the heads without parent, and of what is unmapped, is that of the
 * trial balance (`movements`), to the paisa. Raises CHART_NOT_FOUND.
 */
export async function trialBalanceInChart(
  read: Read,
  to: string,
  range: Omit<MovementOptions, "by">,
): Promise<MappedTrialBalance> {
  const crosswalk = await getCrosswalk(read, to);
  return mapFigures(crosswalk, await movements(read, range));
}
