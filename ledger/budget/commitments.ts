import { audit } from "../kernel/audit.ts";
import { financialYearOf, type FinancialYear, type LocalDate } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { budgetSetting, judgeOne, lockBudget, useOf } from "./control.ts";
import { budgetErrors } from "./errors.ts";
import { budgetLines, lineFor } from "./lines.ts";

export type Commitment = {
  readonly id: string;
  readonly reference: string;
  readonly fy: FinancialYear;
  readonly lineId: bigint;
  readonly budgetHead: string;
  readonly party: { readonly type: string; readonly id: string } | undefined;
  readonly description: string;
  readonly amount: Paise;
  readonly open: Paise;
  readonly date: LocalDate;
  readonly madeBy: string;
};

type Source = { readonly type: string; readonly id: string };

/**
 * Commits an amount (a work order, a contract) against the budget line of an account, function and fund. Where the control refuses, nothing
 * is committed beyond the budget. Raises BUDGET_LINE_NOT_FOUND, COMMITMENT_AMOUNT, COMMITMENT_REFERENCE_USED, BUDGET_EXCEEDED.
 */
export async function commitBudget(
  tx: Tx,
  input: {
    readonly reference: string;
    readonly account: string;
    readonly function?: string | undefined;
    readonly fund?: string | undefined;
    readonly functionary?: string | undefined;
    readonly party?: Source | undefined;
    readonly description: string;
    readonly amount: Paise;
    readonly date: LocalDate;
  },
): Promise<Commitment> {
  const fy = financialYearOf(input.date);
  const reference = input.reference.trim();
  if (input.amount <= 0n) throw budgetErrors.COMMITMENT_AMOUNT({ what: reference, amount: String(input.amount) });
  await lockBudget(tx, fy);
  const of = {
    account: input.account,
    function: input.function ?? "",
    fund: input.fund ?? "01",
    functionary: input.functionary ?? "",
  };
  const line = lineFor(await budgetLines(tx, fy), of);
  if (!line)
    throw budgetErrors.BUDGET_LINE_NOT_FOUND({ fy, account: of.account, function: of.function, fund: of.fund });
  const setting = await budgetSetting(tx, fy);
  const id = newId(tx.clock().getTime());
  if (setting.mode !== "off") {
    const used = (await useOf(tx, fy, [line.id], input.date)).get(line.id);
    await judgeOne(
      tx,
      { ...setting, fy },
      {
        what: `the commitment ${reference}`,
        source: { type: "commitment", id },
        line,
        accounts: of.account,
        sanctioned: used?.sanctioned ?? paise(0n),
        spent: used?.spent ?? paise(0n),
        committed: used?.committed ?? paise(0n),
        amount: input.amount,
      },
    );
  }
  const made = await tx.query(
    `insert into ledger.commitments (ulb_id, commitment_id, reference, fy, line_id, party_type, party_id, description, amount, open_amount,
       committed_on, made_by, made_at)
     values (:ulb, :id, :reference, :fy, :line, :party_type, :party_id, :description, :amount, :amount, :day, :actor, :now)
     on conflict on constraint commitment_reference_is_used_once do nothing returning 1`,
    {
      ulb: tx.ulb.id,
      id,
      reference,
      fy,
      line: line.id,
      party_type: input.party?.type ?? null,
      party_id: input.party?.id ?? null,
      description: input.description,
      amount: input.amount,
      day: input.date,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  if (made.length === 0) throw budgetErrors.COMMITMENT_REFERENCE_USED({ reference, fy });
  await audit(tx, {
    action: "commit",
    subject: "budget",
    subjectId: id,
    after: { reference, amount: String(input.amount), line: String(line.id) },
  });
  return getCommitment(tx, id);
}

/**
 * A bill uses up part of a commitment; call it in the bill's own transaction, before its entry is posted. Once per source: the same again
 * changes nothing. Raises COMMITMENT_NOT_FOUND, COMMITMENT_AMOUNT, COMMITMENT_OVERDRAWN, COMMITMENT_MOVE_CONFLICT.
 */
export async function consumeCommitment(
  tx: Tx,
  use: { readonly commitmentId: string; readonly amount: Paise; readonly source: Source },
): Promise<Commitment> {
  await move(tx, use.commitmentId, "consumed", use.amount, use.source, null);
  return getCommitment(tx, use.commitmentId);
}

/** Gives back what a source had consumed (its bill was cancelled). Nothing happens if it consumed nothing, or gave back already. */
export async function restoreCommitment(
  tx: Tx,
  use: { readonly commitmentId: string; readonly source: Source },
): Promise<Commitment> {
  await lockOne(tx, use.commitmentId);
  const row = await tx.queryOne<{ amount: Paise }>(
    `select amount from ledger.commitment_moves
     where ulb_id = :ulb and commitment_id = :id and source_type = :source_type and source_id = :source_id and kind = 'consumed'`,
    { ulb: tx.ulb.id, id: use.commitmentId, source_type: use.source.type, source_id: use.source.id },
  );
  if (row)
    await move(
      tx,
      use.commitmentId,
      "restored",
      row.amount,
      { type: `${use.source.type}-restored`, id: use.source.id },
      null,
    );
  return getCommitment(tx, use.commitmentId);
}

/** Releases what is left of a commitment that will not be billed, with a reason. Raises COMMITMENT_NOT_FOUND, REASON_MISSING. */
export async function releaseCommitment(tx: Tx, id: string, reason: string): Promise<Commitment> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "releasing a commitment" });
  const now = await lockOne(tx, id);
  if (now.open > 0n) {
    await move(tx, id, "released", now.open, { type: "release", id: newId(tx.clock().getTime()) }, reason.trim());
    await audit(tx, { action: "release", subject: "commitment", subjectId: id, reason: reason.trim() });
  }
  return getCommitment(tx, id);
}

async function move(
  tx: Tx,
  id: string,
  kind: "consumed" | "released" | "restored",
  amount: Paise,
  source: Source,
  reason: string | null,
): Promise<void> {
  const now = await lockOne(tx, id);
  if (amount <= 0n)
    throw budgetErrors.COMMITMENT_AMOUNT({ what: `${source.type} ${source.id}`, amount: String(amount) });
  const there = await tx.queryOne<{ amount: Paise }>(
    `select amount from ledger.commitment_moves
     where ulb_id = :ulb and commitment_id = :id and source_type = :source_type and source_id = :source_id`,
    { ulb: tx.ulb.id, id, source_type: source.type, source_id: source.id },
  );
  if (there) {
    if (there.amount === amount) return;
    throw budgetErrors.COMMITMENT_MOVE_CONFLICT({ reference: now.reference, source: `${source.type} ${source.id}` });
  }
  const change = kind === "restored" ? amount : paise(-amount);
  if (now.open + change < 0n)
    throw budgetErrors.COMMITMENT_OVERDRAWN({
      reference: now.reference,
      open: String(now.open),
      amount: String(amount),
    });
  await tx.query(
    "update ledger.commitments set open_amount = open_amount + :change::bigint where ulb_id = :ulb and commitment_id = :id",
    { ulb: tx.ulb.id, id, change },
  );
  await tx.query(
    `insert into ledger.commitment_moves (ulb_id, commitment_id, source_type, source_id, kind, amount, reason, actor, at)
     values (:ulb, :id, :source_type, :source_id, :kind, :amount, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      source_type: source.type,
      source_id: source.id,
      kind,
      amount,
      reason,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
}

async function lockOne(tx: Tx, id: string): Promise<{ readonly open: Paise; readonly reference: string }> {
  const row = await tx.queryOne<{ open: Paise; reference: string }>(
    `select open_amount as open, reference from ledger.commitments where ulb_id = :ulb and commitment_id = :id for update`,
    { ulb: tx.ulb.id, id },
  );
  if (!row) throw budgetErrors.COMMITMENT_NOT_FOUND({ id });
  return row;
}

/** Raises COMMITMENT_NOT_FOUND. */
export async function getCommitment(read: Read, id: string): Promise<Commitment> {
  const [found] = await readCommitments(read, "c.commitment_id = :id", { id }, 1);
  if (!found) throw budgetErrors.COMMITMENT_NOT_FOUND({ id });
  return found;
}

/** Commitments of a year, those with something left first; at most 200. */
export async function listCommitments(read: Read, fy: FinancialYear): Promise<Commitment[]> {
  return readCommitments(read, "c.fy = :fy", { fy }, 200);
}

async function readCommitments(
  read: Read,
  where: string,
  params: Record<string, unknown>,
  limit: number,
): Promise<Commitment[]> {
  const rows = await read.query<Omit<Commitment, "party"> & { party_type: string | null; party_id: string | null }>(
    `select c.commitment_id as id, c.reference, c.fy, c.line_id as "lineId", b.budget_head as "budgetHead", c.party_type, c.party_id,
       c.description, c.amount, c.open_amount as open, c.committed_on as date, c.made_by as "madeBy"
     from ledger.commitments c
     join ledger.budget_lines b on b.ulb_id = c.ulb_id and b.line_id = c.line_id
     where c.ulb_id = :ulb and ${where}
     order by c.open_amount = 0, c.committed_on, c.commitment_id limit :row_limit`,
    { ...params, ulb: read.ulb.id, row_limit: limit },
  );
  return rows.map(({ party_type, party_id, ...c }) => ({
    ...c,
    party: party_type !== null && party_id !== null ? { type: party_type, id: party_id } : undefined,
  }));
}
