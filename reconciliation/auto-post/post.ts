import { postEntry, postingAccount } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { financialYearOf, formatDate, localDate, periodOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant, Refusal } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import type { BankAccount } from "../bank-accounts.ts";
import { bookingDate } from "../booking-date.ts";
import { againstHead, ROLE_OF } from "../exceptions/templates.ts";
import type { ProposedEntry } from "../match.ts";
import { insertMatches, lineLeg } from "../matches.ts";
import { openLines, type BankLine } from "../statements.ts";
import {
  AUTO_POST_KINDS,
  decidePostings,
  spentKey,
  type AutoPostKind,
  type BankOwnLine,
  type HeldBack,
  type Posting,
} from "./decide.ts";
import { listAutoPostRules, type AutoPostRule } from "./rules.ts";

/** A line that a rule booked: with its match, its entry, and the rule and version as evidence. */
export type AutoPost = {
  readonly line: string;
  readonly matchId: string;
  readonly entryId: bigint;
  readonly ruleId: string;
  readonly version: number;
  readonly evidence: string;
};

/**
 * Books what the approved rules of an account book of the lines that the bank itself caused, and matches each line with its entry; what is above a
 * rule's limits, or what the ledger refuses, is held back with the reason. The bank account is locked by the caller, so that no two runs spend one
 * month's limit. Without an approved rule nothing is asked further.
 */
export async function autoPost(
  tx: Tx,
  bank: BankAccount,
  proposedEntries: readonly ProposedEntry[],
): Promise<{ readonly posted: readonly AutoPost[]; readonly held: readonly HeldBack[] }> {
  if (proposedEntries.length === 0) return { posted: [], held: [] };
  const rules = (await listAutoPostRules(tx, bank.account)).filter(
    (r) => r.decision?.outcome === "approved" && r.ended === null,
  );
  if (rules.length === 0) return { posted: [], held: [] };
  const kinds = new Map(proposedEntries.flatMap((p) => (isKind(p.template) ? [[p.line, p.template]] : [])));
  const ids = [...kinds.keys()];
  const found = new Map((await openLines(tx, bank.account, FAR, ids)).map((l) => [l.id, l]));
  const own = [...found.values()].flatMap((l): BankOwnLine[] => {
    const kind = kinds.get(l.id);
    return kind === undefined || l.matchId !== null ? [] : [{ ...l, kind }];
  });
  const before = await tx.query<{ id: string }>(
    "select line_id::text as id from reconciliation.auto_posts where ulb_id = :ulb and line_id = any(:ids::uuid[])",
    { ulb: tx.ulb.id, ids },
  );
  const decided = decidePostings(rules, own, await spentOf(tx, rules), new Set(before.map((r) => r.id)));
  const posted: AutoPost[] = [];
  const held = [...decided.held];
  for (const posting of decided.postings) {
    const line = found.get(posting.line);
    const rule = rules.find((r) => r.ruleId === posting.rule.ruleId && r.version === posting.rule.version);
    invariant(line && rule, "a posting is of a line and a rule that were asked about");
    const done = await post(tx, bank, rule, line, posting);
    if ("why" in done) held.push(done);
    else posted.push(done);
  }
  return { posted, held };
}

const isKind = (template: string): template is AutoPostKind => AUTO_POST_KINDS.some((k) => k === template);
// The lines are named: whatever their day is.
const FAR = localDate("9999-12-31");

/** What each rule booked by month, in all its versions, without what was taken back. */
async function spentOf(tx: Tx, rules: readonly AutoPostRule[]): Promise<Map<string, Paise>> {
  const rows = await tx.query<{ rule: string; day: LocalDate; amount: Paise }>(
    `select p.rule_id::text as rule, date_trunc('month', p.on_date)::date as day, sum(p.amount)::bigint as amount
     from reconciliation.auto_posts p
     join reconciliation.live_legs g on g.ulb_id = p.ulb_id and g.line_id = p.line_id and g.match_id = p.match_id
     where p.ulb_id = :ulb and p.rule_id = any(:rules::uuid[])
     group by 1, 2`,
    { ulb: tx.ulb.id, rules: [...new Set(rules.map((r) => r.ruleId))] },
  );
  return new Map(rows.map((r) => [spentKey(r.rule, periodOf(r.day)), r.amount]));
}

async function post(
  tx: Tx,
  bank: BankAccount,
  rule: AutoPostRule,
  line: BankLine,
  posting: Posting,
): Promise<AutoPost | HeldBack> {
  const date = await bookingDate(tx, line.valueDate);
  if (financialYearOf(line.valueDate) < financialYearOf(date))
    return { line: line.id, why: `it is of ${financialYearOf(line.valueDate)}, which is closed; a person decides` };
  const matchId = newId(tx.clock().getTime());
  const label = `rule "${rule.name}" version ${rule.version}`;
  const by = rule.decision ? `, approved by ${rule.decision.by}` : "";
  const evidence =
    `${label}${by}: ${formatIndian(posting.size)} of at most ${formatIndian(rule.lineLimit)} a line, ` +
    `${formatIndian(posting.inMonth)} of at most ${formatIndian(rule.monthLimit)} in ${periodOf(line.bookedOn)}`;
  // A head that was closed, a budget that is spent: the line stays a person's, and the run goes on.
  await tx.query("savepoint auto_post");
  try {
    const head = rule.head ?? (await postingAccount(tx, ROLE_OF[rule.kind]));
    const draft = againstHead(
      line.amount,
      { bank: bank.account, other: head },
      { fund: bank.fund, function: rule.function ?? undefined },
    );
    const entry = await postEntry(tx, {
      ...draft,
      date,
      valueDate: line.valueDate,
      narration:
        `${rule.kind === "bank-charge" ? "Bank charge" : "Interest of the bank"}: ${line.narration || line.reference} (${label})`.slice(
          0,
          500,
        ),
      source: { type: "bank-line", id: matchId },
    });
    const lineNo = 1 + draft.lines.findIndex((l) => l.account === bank.account);
    await insertMatches(tx, bank.account, [
      {
        id: matchId,
        pass: "P3",
        rules: `auto-post ${rule.ruleId}@${rule.version}`,
        evidence,
        entryId: entry.id,
        legs: [lineLeg(line), { kind: "item", entryId: entry.id, lineNo, amount: line.amount, onDate: date }],
      },
    ]);
    await tx.query(
      `insert into reconciliation.auto_posts (ulb_id, match_id, line_id, entry_id, rule_id, version, amount, on_date)
       values (:ulb, :match::uuid, :line::uuid, :entry, :rule::uuid, :version, :amount, :day)`,
      {
        ulb: tx.ulb.id,
        match: matchId,
        line: line.id,
        entry: entry.id.toString(),
        rule: rule.ruleId,
        version: rule.version,
        amount: posting.size.toString(),
        day: line.bookedOn,
      },
    );
    await audit(tx, {
      action: "auto-post",
      subject: "bank-match",
      subjectId: matchId,
      after: { rule: `${rule.ruleId}@${rule.version}`, line: line.id, entry: entry.number, on: formatDate(date) },
    });
    await tx.query("release savepoint auto_post");
    return {
      line: line.id,
      matchId,
      entryId: entry.id,
      ruleId: rule.ruleId,
      version: rule.version,
      evidence,
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await tx.query("rollback to savepoint auto_post");
    await tx.query("release savepoint auto_post");
    return { line: line.id, why: `${label} could not book it: ${error.detail}` };
  }
}
