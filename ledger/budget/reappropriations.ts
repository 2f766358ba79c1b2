import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import type { FinancialYear, LocalDate } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { lockBudget, useOf } from "./control.ts";
import { budgetErrors } from "./errors.ts";
import { getBudgetLine, type BudgetLine } from "./lines.ts";

export type Reappropriation = {
  readonly id: string;
  readonly fy: FinancialYear;
  readonly from: BudgetLine;
  readonly to: BudgetLine;
  readonly amount: Paise;
  readonly sanction: string;
  readonly reason: string;
  readonly status: "proposed" | "approved" | "rejected";
  readonly inForceFrom: LocalDate;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
};

/**
 * Proposes to move money from one expenditure line to another of the same year and fund. Raises BUDGET_LINE_UNKNOWN,
 * REAPPROPRIATION_LINES, REAPPROPRIATION_AMOUNT, REAPPROPRIATION_OVER_BALANCE, SANCTION_MISSING, REASON_MISSING.
 */
export async function proposeReappropriation(
  tx: Tx,
  input: {
    readonly from: bigint;
    readonly to: bigint;
    readonly amount: Paise;
    readonly sanction: string;
    readonly reason: string;
    readonly inForceFrom: LocalDate;
  },
): Promise<Reappropriation> {
  const from = await getBudgetLine(tx, input.from);
  const to = await getBudgetLine(tx, input.to);
  const refuse = (why: string): Error =>
    budgetErrors.REAPPROPRIATION_LINES({ from: from.budgetHead, to: to.budgetHead, why });
  if (from.id === to.id) throw refuse("they are the same line");
  if (from.fy !== to.fy) throw refuse("they are of different years");
  if (from.fund !== to.fund) throw refuse("they are of different funds");
  if (from.side !== "expenditure" || to.side !== "expenditure") throw refuse("only expenditure is re-appropriated");
  if (input.amount <= 0n) throw budgetErrors.REAPPROPRIATION_AMOUNT({ amount: String(input.amount) });
  if (input.sanction.trim().length < 3) throw budgetErrors.SANCTION_MISSING({ what: "a re-appropriation" });
  if (input.reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "a re-appropriation" });
  await refuseOver(tx, from, input.amount, input.inForceFrom);
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.reappropriations (ulb_id, reappropriation_id, fy, from_line, to_line, amount, sanction, reason, in_force_from, proposed_by,
       proposed_at)
     values (:ulb, :id, :fy, :from_line, :to_line, :amount, :sanction, :reason, :day, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      fy: from.fy,
      from_line: from.id,
      to_line: to.id,
      amount: input.amount,
      sanction: input.sanction.trim().slice(0, 300),
      reason: input.reason.trim().slice(0, 1000),
      day: input.inForceFrom,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "propose",
    subject: "reappropriation",
    subjectId: id,
    after: { from: from.budgetHead, to: to.budgetHead, amount: String(input.amount) },
    reason: input.reason.trim(),
  });
  return getReappropriation(tx, id);
}

/**
 * Another person approves: both lines change in one commit, and never more is taken than the line has left. Raises
 * REAPPROPRIATION_NOT_FOUND, REAPPROPRIATION_DECIDED, MAKER_IS_CHECKER, REAPPROPRIATION_OVER_BALANCE.
 */
export async function approveReappropriation(tx: Tx, id: string): Promise<Reappropriation> {
  const found = await lockOne(tx, id);
  // Alone, as a posting that is refused beyond the budget: neither can use what the other takes.
  await lockBudget(tx, found.fy);
  await refuseOver(tx, found.from, found.amount, found.inForceFrom);
  await decide(tx, found, "approved", null);
  for (const [line, amount] of [
    [found.from.id, -found.amount],
    [found.to.id, found.amount],
  ] as const) {
    await tx.query(
      `insert into ledger.budget_amounts (ulb_id, line_id, version, amount, sanction, in_force_from, reappropriation_id, made_by, approved_by,
         made_at)
       values (:ulb, :line, 'reappropriation', :amount, :sanction, :day, :id, :maker, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        line,
        amount,
        sanction: found.sanction,
        day: found.inForceFrom,
        id,
        maker: found.proposedBy,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  }
  return getReappropriation(tx, id);
}

/** Raises REAPPROPRIATION_NOT_FOUND, REAPPROPRIATION_DECIDED, MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectReappropriation(tx: Tx, id: string, reason: string): Promise<Reappropriation> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "rejecting a re-appropriation" });
  await decide(tx, await lockOne(tx, id), "rejected", reason.trim());
  return getReappropriation(tx, id);
}

async function decide(
  tx: Tx,
  found: Reappropriation,
  status: "approved" | "rejected",
  reason: string | null,
): Promise<void> {
  if (found.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${found.id} (re-appropriation)`, actor: tx.actor.id });
  await tx.query(
    `update ledger.reappropriations set status = :status, decided_by = :actor, decided_at = :now, decision_reason = :reason
     where ulb_id = :ulb and reappropriation_id = :id`,
    { ulb: tx.ulb.id, id: found.id, status, actor: tx.actor.id, now: tx.clock(), reason },
  );
  await audit(tx, {
    action: status === "approved" ? "approve" : "reject",
    subject: "reappropriation",
    subjectId: found.id,
    ...(reason === null ? {} : { reason }),
  });
}

async function refuseOver(read: Read, from: BudgetLine, amount: Paise, day: LocalDate): Promise<void> {
  const used = (await useOf(read, from.fy, [from.id], day)).get(from.id);
  const balance = used?.balance ?? paise(0n);
  if (balance >= amount) return;
  throw budgetErrors.REAPPROPRIATION_OVER_BALANCE({
    head: `${from.budgetHead} (${from.accountPrefix})`,
    sanctioned: String(used?.sanctioned ?? 0n),
    spent: String(used?.spent ?? 0n),
    committed: String(used?.committed ?? 0n),
    balance: String(balance),
    amount: String(amount),
  });
}

async function lockOne(tx: Tx, id: string): Promise<Reappropriation> {
  await tx.query("select 1 from ledger.reappropriations where ulb_id = :ulb and reappropriation_id = :id for update", {
    ulb: tx.ulb.id,
    id,
  });
  const found = await getReappropriation(tx, id);
  if (found.status !== "proposed") throw budgetErrors.REAPPROPRIATION_DECIDED({ id, status: found.status });
  return found;
}

/** Raises REAPPROPRIATION_NOT_FOUND. */
export async function getReappropriation(read: Read, id: string): Promise<Reappropriation> {
  const [found] = await readAll(read, "r.reappropriation_id = :id", { id });
  if (!found) throw budgetErrors.REAPPROPRIATION_NOT_FOUND({ id });
  return found;
}

/** Re-appropriations of a year, those that wait first; at most 200. */
export async function listReappropriations(read: Read, fy: FinancialYear): Promise<Reappropriation[]> {
  return readAll(read, "r.fy = :fy", { fy });
}

async function readAll(read: Read, where: string, params: Record<string, unknown>): Promise<Reappropriation[]> {
  const rows = await read.query<
    Omit<Reappropriation, "from" | "to"> & { readonly from_line: BudgetLine; readonly to_line: BudgetLine }
  >(
    `select r.reappropriation_id as id, r.fy, r.amount, r.sanction, r.reason, r.status, r.in_force_from as "inForceFrom",
       r.proposed_by as "proposedBy", r.proposed_at as "proposedAt", r.decided_by as "decidedBy", r.decision_reason as "decisionReason",
       ${lineJson("f")} as from_line, ${lineJson("t")} as to_line
     from ledger.reappropriations r
     join ledger.budget_lines f on f.ulb_id = r.ulb_id and f.line_id = r.from_line
     join ledger.budget_lines t on t.ulb_id = r.ulb_id and t.line_id = r.to_line
     where r.ulb_id = :ulb and ${where}
     order by r.status <> 'proposed', r.proposed_at desc limit 200`,
    { ...params, ulb: read.ulb.id },
  );
  return rows.map(({ from_line, to_line, ...r }) => ({ ...r, from: idOf(from_line), to: idOf(to_line) }));
}

const lineJson = (t: string): string =>
  `jsonb_build_object('id', ${t}.line_id::text, 'fy', ${t}.fy, 'budgetHead', ${t}.budget_head, 'accountPrefix', ${t}.account_prefix,
    'function', ${t}.function, 'fund', ${t}.fund, 'functionary', ${t}.functionary, 'side', ${t}.side)`;
const idOf = (line: BudgetLine): BudgetLine => ({ ...line, id: BigInt(line.id) });
