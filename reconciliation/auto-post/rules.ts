import { approvalLimit, getAccount, ledgerErrors, postingAccount } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { getBankAccount, lockedBankAccount } from "../bank-accounts.ts";
import { functionOf, ROLE_OF } from "../exceptions/templates.ts";
import { AUTO_POST_KINDS, plainWords, type AutoPostKind, type RuleInForce } from "./decide.ts";
import { autoPostErrors } from "./errors.ts";

/** One version of a rule and what became of it. */
export type AutoPostRule = RuleInForce & {
  readonly account: string;
  /** The head that it books against; null: that of the posting map for its kind, on the day of posting. */
  readonly head: string | null;
  readonly function: string | null;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decision: {
    readonly outcome: "approved" | "rejected";
    readonly by: string;
    readonly at: Date;
    readonly reason: string | null;
  } | null;
  readonly ended: { readonly by: string; readonly at: Date; readonly reason: string } | null;
  /** What this version booked, without what was taken back. */
  readonly posted: { readonly lines: number; readonly amount: Paise };
};

export type RuleDraft = {
  readonly account: string;
  readonly name: string;
  readonly kind: string;
  readonly words: readonly string[];
  readonly head?: string | null | undefined;
  readonly function?: string | null | undefined;
  readonly lineLimit: Paise;
  readonly monthLimit: Paise;
  readonly validFrom: LocalDate;
  readonly reason: string;
};

/** All versions of the rules of a bank account, by name, the newest first. Raises BANK_ACCOUNT_UNKNOWN. */
export async function listAutoPostRules(read: Read, account: string): Promise<AutoPostRule[]> {
  await getBankAccount(read, account);
  return rulesWhere(read, "r.account = :account", { account });
}

/** The versions of one rule, the newest first. Raises AUTO_POST_UNKNOWN. */
export async function autoPostRule(read: Read, ruleId: string): Promise<readonly [AutoPostRule, ...AutoPostRule[]]> {
  const [newest, ...older] = isUuid(ruleId) ? await rulesWhere(read, "r.rule_id = :rule::uuid", { rule: ruleId }) : [];
  if (!newest) throw autoPostErrors.AUTO_POST_UNKNOWN({ rule: ruleId.slice(0, 60) });
  return [newest, ...older];
}

async function rulesWhere(
  read: Read,
  where: string,
  params: Readonly<Record<string, string>>,
): Promise<AutoPostRule[]> {
  const rows = await read.query<
    Omit<AutoPostRule, "decision" | "ended" | "posted"> & {
      decision: "approved" | "rejected" | null;
      decided_by: string | null;
      decided_at: Date | null;
      decision_reason: string | null;
      ended_by: string | null;
      ended_at: Date | null;
      end_reason: string | null;
      posted_lines: number;
      posted_amount: Paise;
    }
  >(
    `select r.rule_id as "ruleId", r.version, r.account, r.name, r.kind, r.words, r.head, r.function, r.line_limit::bigint as "lineLimit",
       r.month_limit::bigint as "monthLimit", r.valid_from as "validFrom", r.reason, r.proposed_by as "proposedBy", r.proposed_at as "proposedAt",
       d.decision, d.decided_by, d.decided_at, d.reason as decision_reason, x.ended_by, x.ended_at, x.reason as end_reason,
       count(g.match_id)::integer as posted_lines, coalesce(sum(p.amount) filter (where g.match_id is not null), 0)::bigint as posted_amount
     from reconciliation.auto_post_rules r
     left join reconciliation.auto_post_decisions d on d.ulb_id = r.ulb_id and d.rule_id = r.rule_id and d.version = r.version
     left join reconciliation.auto_post_ends x on x.ulb_id = r.ulb_id and x.rule_id = r.rule_id
     left join reconciliation.auto_posts p on p.ulb_id = r.ulb_id and p.rule_id = r.rule_id and p.version = r.version
     left join reconciliation.live_legs g on g.ulb_id = p.ulb_id and g.line_id = p.line_id and g.match_id = p.match_id
     where r.ulb_id = :ulb and ${where}
     group by r.ulb_id, r.rule_id, r.version, d.decision, d.decided_by, d.decided_at, d.reason, x.ended_by, x.ended_at, x.reason
     order by first_value(r.name) over (partition by r.rule_id order by r.version desc), r.rule_id, r.version desc
     limit 500`,
    { ulb: read.ulb.id, ...params },
  );
  return rows.map(
    ({
      decision,
      decided_by,
      decided_at,
      decision_reason,
      ended_by,
      ended_at,
      end_reason,
      posted_lines,
      posted_amount,
      ...r
    }) => ({
      ...r,
      decision:
        decision === null || decided_by === null || decided_at === null
          ? null
          : { outcome: decision, by: decided_by, at: decided_at, reason: decision_reason },
      ended: ended_by === null || ended_at === null ? null : { by: ended_by, at: ended_at, reason: end_reason ?? "" },
      posted: { lines: posted_lines, amount: posted_amount },
    }),
  );
}

/**
 * Proposes a rule, or with `ruleId` its next version; nothing is booked by it until another person approves it. Versions are only added.
 * Raises AUTO_POST_RULE with what is wrong, AUTO_POST_UNKNOWN, AUTO_POST_WAITS, AUTO_POST_ENDED, BANK_ACCOUNT_UNKNOWN.
 */
export async function proposeAutoPostRule(tx: Tx, draft: RuleDraft, ruleId?: string): Promise<AutoPostRule> {
  await lockedBankAccount(tx, draft.account);
  const kind = await checkDraft(tx, draft);
  const versions = ruleId === undefined ? [] : await autoPostRule(tx, ruleId);
  const [newest] = versions;
  if (newest) {
    refuseEnded(newest);
    if (newest.decision === null)
      throw autoPostErrors.AUTO_POST_WAITS({ rule: newest.name, version: newest.version, by: newest.proposedBy });
    if (newest.account !== draft.account)
      throw autoPostErrors.AUTO_POST_RULE({
        problem: `the rule is of account ${newest.account}, not of ${draft.account}`,
      });
  }
  const id = newest?.ruleId ?? newId(tx.clock().getTime());
  const version = (newest?.version ?? 0) + 1;
  const head = draft.head ?? null;
  await tx.query(
    `insert into reconciliation.auto_post_rules (ulb_id, rule_id, version, account, name, kind, words, head, function, line_limit, month_limit,
       valid_from, reason, proposed_by, proposed_at)
     values (:ulb, :id::uuid, :version, :account, :name, :kind, :words::text[], :head, :function, :line_limit, :month_limit,
       :valid_from, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      version,
      account: draft.account,
      name: draft.name.trim(),
      kind,
      words: draft.words.map(plainWords),
      head,
      function: draft.function ?? functionOf(kind) ?? null,
      line_limit: draft.lineLimit.toString(),
      month_limit: draft.monthLimit.toString(),
      valid_from: draft.validFrom,
      reason: draft.reason.trim().slice(0, 500),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "propose",
    subject: "auto-post-rule",
    subjectId: `${id}@${version}`,
    reason: draft.reason.trim(),
    after: {
      account: draft.account,
      name: draft.name,
      kind,
      words: draft.words,
      head,
      lineLimit: toRupees(draft.lineLimit),
      monthLimit: toRupees(draft.monthLimit),
      validFrom: draft.validFrom,
    },
  });
  return (await autoPostRule(tx, id))[0];
}

async function checkDraft(read: Read, draft: RuleDraft): Promise<AutoPostKind> {
  const refuse = (problem: string) => autoPostErrors.AUTO_POST_RULE({ problem });
  const name = draft.name.trim();
  if (name.length < 3 || name.length > 80)
    throw refuse(`its name has ${name.length} characters; between 3 and 80 say what it is`);
  const kind = AUTO_POST_KINDS.find((k) => k === draft.kind);
  if (!kind) throw refuse(`"${draft.kind.slice(0, 40)}" is no kind; known are ${AUTO_POST_KINDS.join(" and ")}`);
  const words = draft.words.map(plainWords);
  if (words.length < 1 || words.length > 10)
    throw refuse(`it names ${words.length} words of the narration; 1 to 10 are`);
  const vague = words.find((w) => !/\p{L}{3}/u.test(w) || w.length > 60);
  if (vague !== undefined)
    throw refuse(
      `"${vague.slice(0, 60)}" says too little or too much: three letters together at least, 60 characters at most`,
    );
  if (draft.lineLimit <= 0n) throw refuse(`the limit of a line is ${toRupees(draft.lineLimit)}; it is more than 0`);
  if (draft.monthLimit < draft.lineLimit)
    throw refuse(
      `the limit of a month, ${toRupees(draft.monthLimit)}, is below that of a line, ${toRupees(draft.lineLimit)}`,
    );
  if (draft.head !== undefined && draft.head !== null) {
    const head = await getAccount(read, draft.head);
    if (!head.isPosting) throw refuse(`account ${draft.head} is a heading; name a head below it`);
    if (head.isCashBank)
      throw refuse(`account ${draft.head} is cash or a bank; a rule books against an income or an expense`);
  } else await postingAccount(read, ROLE_OF[kind]);
  reasonOf(draft.reason, "a rule that books lines of the bank");
  return kind;
}

/**
 * Approves a version: from then on `reconcileAccount` books by it. The maker is not the checker, and nobody lets a rule book a line that he could not
 * approve himself. Raises AUTO_POST_UNKNOWN, AUTO_POST_DECIDED, AUTO_POST_ENDED, AUTO_POST_ABOVE_LIMIT, MAKER_IS_CHECKER.
 */
export async function approveAutoPostRule(tx: Tx, ruleId: string, version: number): Promise<AutoPostRule> {
  const rule = await lockWaiting(tx, ruleId, version);
  const voucher = rule.kind === "bank-charge" ? "payment" : "receipt";
  const limit = await approvalLimit(tx, tx.actor, voucher, dateInIndia(tx.clock()));
  if (limit !== null && rule.lineLimit > limit)
    throw autoPostErrors.AUTO_POST_ABOVE_LIMIT({
      lineLimit: String(rule.lineLimit),
      limit: String(limit),
      actor: tx.actor.id,
    });
  return decide(tx, rule, "approved", null);
}

/** Rejects a version with a reason; the version before it goes on. Raises what `approveAutoPostRule` raises, and AUTO_POST_REASON. */
export async function rejectAutoPostRule(
  tx: Tx,
  ruleId: string,
  version: number,
  reason: string,
): Promise<AutoPostRule> {
  return decide(tx, await lockWaiting(tx, ruleId, version), "rejected", reasonOf(reason, "a rejection"));
}

/**
 * Ends a rule with all its versions, at once: whoever keeps the books may stop it, nobody has to approve that. What it booked stays.
 * Raises AUTO_POST_UNKNOWN, AUTO_POST_ENDED, AUTO_POST_REASON.
 */
export async function endAutoPostRule(tx: Tx, ruleId: string, reason: string): Promise<AutoPostRule> {
  const [rule] = await lockRule(tx, ruleId);
  refuseEnded(rule);
  const why = reasonOf(reason, "the end of a rule");
  await tx.query(
    `insert into reconciliation.auto_post_ends (ulb_id, rule_id, reason, ended_by, ended_at) values (:ulb, :id::uuid, :reason, :actor, :now)`,
    { ulb: tx.ulb.id, id: ruleId, reason: why, actor: tx.actor.id, now: tx.clock() },
  );
  await audit(tx, { action: "end", subject: "auto-post-rule", subjectId: ruleId, reason: why });
  return (await autoPostRule(tx, ruleId))[0];
}

/** The bank account first, as every import and match does, so that a rule does not change while it books. */
async function lockRule(tx: Tx, ruleId: string): Promise<readonly [AutoPostRule, ...AutoPostRule[]]> {
  const [{ account }] = await autoPostRule(tx, ruleId);
  await lockedBankAccount(tx, account);
  return autoPostRule(tx, ruleId);
}

/** The version that was looked at, and no other that was proposed since. */
async function lockWaiting(tx: Tx, ruleId: string, version: number): Promise<AutoPostRule> {
  const rule = (await lockRule(tx, ruleId)).find((r) => r.version === version);
  if (!rule) throw autoPostErrors.AUTO_POST_UNKNOWN({ rule: `${ruleId.slice(0, 60)} version ${version}` });
  refuseEnded(rule);
  if (rule.decision !== null)
    throw autoPostErrors.AUTO_POST_DECIDED({
      rule: rule.name,
      version: rule.version,
      decision: rule.decision.outcome,
      by: rule.decision.by,
    });
  if (rule.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `rule "${rule.name}" version ${rule.version}`, actor: tx.actor.id });
  return rule;
}

function refuseEnded(rule: AutoPostRule): void {
  if (rule.ended)
    throw autoPostErrors.AUTO_POST_ENDED({ rule: rule.name, by: rule.ended.by, reason: rule.ended.reason });
}

async function decide(
  tx: Tx,
  rule: AutoPostRule,
  decision: "approved" | "rejected",
  reason: string | null,
): Promise<AutoPostRule> {
  await tx.query(
    `insert into reconciliation.auto_post_decisions (ulb_id, rule_id, version, proposed_by, decision, reason, decided_by, decided_at)
     values (:ulb, :id::uuid, :version, :maker, :decision, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: rule.ruleId,
      version: rule.version,
      maker: rule.proposedBy,
      decision,
      reason,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: decision === "approved" ? "approve" : "reject",
    subject: "auto-post-rule",
    subjectId: `${rule.ruleId}@${rule.version}`,
    ...(reason === null ? {} : { reason }),
  });
  return (await autoPostRule(tx, rule.ruleId))[0];
}

function reasonOf(reason: string, what: string): string {
  const text = reason.trim();
  if (text.length < 5) throw autoPostErrors.AUTO_POST_REASON({ what });
  return text.slice(0, 500);
}
