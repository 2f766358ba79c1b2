import { ledgerErrors } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import { taxHeads, type TaxHead } from "../tax-heads.ts";
import { assess, periodAround } from "./assess.ts";
import type { AssessedPeriod, Assessment } from "./assessment.ts";
import type { Rules } from "./compile.ts";
import { rateErrors } from "./errors.ts";
import { explain, type Explained } from "./explain.ts";
import type { ConsumerFacts } from "./facts.ts";
import type { RuleFile } from "./format.ts";
import { readRules } from "./read.ts";

export type LoadedRuleFile = {
  readonly id: string;
  readonly service: Service;
  readonly name: string;
  readonly version: number;
  readonly validFrom: LocalDate;
  readonly hash: string;
  readonly loadedBy: string;
  readonly loadedAt: Date;
  readonly approvedBy: string | null;
  readonly approvedAt: Date | null;
  /** The file that this one took the place of, or null. */
  readonly replaces: string | null;
  /** The file that took the place of this one, or null. */
  readonly replacedBy: string | null;
};

const COLUMNS = `f.rule_file_id as id, f.service, f.name, f.version, f.valid_from as "validFrom", f.content_hash as hash,
  f.loaded_by as "loadedBy", f.loaded_at as "loadedAt", a.approved_by as "approvedBy", a.approved_at as "approvedAt",
  a.replaces_id as replaces, r.rule_file_id as "replacedBy"`;
const TABLES = `billing.rule_files f
  left join billing.rule_file_approvals a on a.ulb_id = f.ulb_id and a.rule_file_id = f.rule_file_id
  left join billing.rule_file_approvals r on r.ulb_id = f.ulb_id and r.replaces_id = f.rule_file_id`;

/**
 * Keeps a rule file, checked and with its examples run; nothing is charged by it until another person approves it. The same content again
 * is the file that is there. Raises RULE_FILE_INVALID with every problem, RULE_FILE_EXISTS.
 */
export async function loadRuleFile(tx: Tx, content: string): Promise<LoadedRuleFile> {
  const { file, hash } = readRules(content);
  const id = newId(tx.clock().getTime());
  const added = await tx.query<{ id: string }>(
    `insert into billing.rule_files (ulb_id, rule_file_id, service, name, version, valid_from, content, content_hash, loaded_at, loaded_by)
     values (:ulb, :id, :service, :name, :version, :valid_from, :content, :hash, :now, :actor)
     on conflict on constraint rule_file_version_loaded_once do nothing
     returning rule_file_id as id`,
    {
      ulb: tx.ulb.id,
      id,
      service: file.service,
      name: file.id,
      version: file.version,
      valid_from: file.validFrom,
      content,
      hash,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (added.length === 0) {
    const there = await tx.queryOne<LoadedRuleFile>(
      `select ${COLUMNS} from ${TABLES} where f.ulb_id = :ulb and f.name = :name and f.version = :version`,
      { ulb: tx.ulb.id, name: file.id, version: file.version },
    );
    if (there?.hash === hash) return there;
    throw rateErrors.RULE_FILE_EXISTS({ file: `${file.id} ${file.version}`, by: there?.loadedBy ?? "" });
  }
  await audit(tx, {
    action: "load",
    subject: "rule-file",
    subjectId: id,
    after: { service: file.service, name: file.id, version: file.version, validFrom: file.validFrom, hash },
  });
  return getRuleFile(tx, id);
}

/**
 * Puts a file in force from its first day. One file follows another: it begins later than the one in force last, or replaces that one from
 * its day on (then name it). The maker is not the checker, and every head that is demanded is a tax head of the service on that day.
 * Raises RULE_FILE_NOT_FOUND, RULE_FILE_APPROVED, MAKER_IS_CHECKER, RULE_FILE_HEADS, RULE_FILE_TERMS, RULE_FILE_OVERLAPS.
 */
export async function approveRuleFile(tx: Tx, id: string, replaces: string | null = null): Promise<LoadedRuleFile> {
  const file = await getRuleFile(tx, id);
  const name = nameOf(file);
  // One approval of a service after another: which file is the last one must not change meanwhile.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:key))", {
    ulb: tx.ulb.id,
    key: `rule-files/${file.service}`,
  });
  const before = await inForceLast(tx, file.service);
  const current = await getRuleFile(tx, id);
  if (current.approvedBy !== null) throw rateErrors.RULE_FILE_APPROVED({ file: name, by: current.approvedBy });
  if (file.loadedBy === tx.actor.id) throw ledgerErrors.MAKER_IS_CHECKER({ voucher: name, actor: tx.actor.id });
  await checkHeads(tx, file, await rulesOf(tx, id));
  const isSameDay = before !== undefined && before.validFrom === file.validFrom && before.id === replaces;
  const isWrongPlace = replaces === null ? before && before.validFrom >= file.validFrom : !isSameDay;
  if (isWrongPlace) {
    throw rateErrors.RULE_FILE_OVERLAPS({
      file: name,
      from: formatDate(file.validFrom),
      other: before ? nameOf(before) : "no file",
      otherFrom: before ? formatDate(before.validFrom) : "any day",
    });
  }
  await tx.query(
    `insert into billing.rule_file_approvals (ulb_id, rule_file_id, service, valid_from, loaded_by, replaces_id, approved_at, approved_by)
     values (:ulb, :id, :service, :valid_from, :loaded_by, :replaces, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id,
      service: file.service,
      valid_from: file.validFrom,
      loaded_by: file.loadedBy,
      replaces,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: "approve",
    subject: "rule-file",
    subjectId: id,
    after: { name, hash: file.hash, replaces },
  });
  return getRuleFile(tx, id);
}

const nameOf = (file: { readonly name: string; readonly version: number }): string => `${file.name} ${file.version}`;

/** The heads under which a file charges that on its first day are no tax heads of its service. */
export async function missingHeads(read: Read, file: LoadedRuleFile, rules: Rules): Promise<string[]> {
  const known = await taxHeads(read, neededFrom(read, file));
  return rules.file.heads.map((h) => h.code).filter((c) => known.get(c)?.service !== file.service);
}

/** A file older than the books charges nobody before they begin. */
const neededFrom = (read: Read, file: LoadedRuleFile): LocalDate =>
  file.validFrom > read.ulb.startsOn ? file.validFrom : read.ulb.startsOn;

async function checkHeads(read: Read, file: LoadedRuleFile, rules: Rules): Promise<void> {
  const missing = await missingHeads(read, file, rules);
  if (missing.length > 0) {
    throw rateErrors.RULE_FILE_HEADS({ file: nameOf(file), from: formatDate(neededFrom(read, file)), heads: missing });
  }
  const problems = termsProblems(rules.file, await taxHeads(read, neededFrom(read, file)));
  if (problems.length > 0) throw rateErrors.RULE_FILE_TERMS({ file: nameOf(file), problems });
}

/** What of a file's rebates and late charges the heads of the ULB cannot carry. */
function termsProblems(file: RuleFile, heads: ReadonlyMap<string, TaxHead>): string[] {
  const problems = file.rules.flatMap((rule): string[] => {
    if (rule.kind === "rebate") {
      return rule.on
        .filter((h) => heads.get(h)?.rebateAccount === null)
        .map((h) => `${h} has no account for the rebate ${rule.id}`);
    }
    if (rule.kind !== "late") return [];
    return [
      ...(heads.get(rule.head)?.basis === "accrual"
        ? [
            `${rule.head}, under which ${rule.id} is charged, is accrued; a charge of late payment is income when it is paid`,
          ]
        : []),
      // The State's cess stands inside the line of its head.
      ...rule.on.flatMap((h) => {
        const bearer = heads.get(h)?.cessOn ?? null;
        return bearer === null || rule.on.includes(bearer)
          ? []
          : [`${rule.id} is on ${h} and not on ${bearer}, which bears it`];
      }),
    ];
  });
  return [...new Set(problems)];
}

async function inForceLast(read: Read, service: Service, on?: LocalDate): Promise<LoadedRuleFile | undefined> {
  return read.queryOne<LoadedRuleFile>(
    `select ${COLUMNS} from ${TABLES}
     where f.ulb_id = :ulb and f.service = :service and f.valid_from <= :on_date and a.rule_file_id is not null and r.rule_file_id is null
     order by f.valid_from desc limit 1`,
    { ulb: read.ulb.id, service, on_date: on ?? localDate("9999-12-31") },
  );
}

/** Raises RULE_FILE_NOT_FOUND. */
export async function getRuleFile(read: Read, id: string): Promise<LoadedRuleFile> {
  const found = isUuid(id)
    ? await read.queryOne<LoadedRuleFile>(
        `select ${COLUMNS} from ${TABLES} where f.ulb_id = :ulb and f.rule_file_id = :id`,
        { ulb: read.ulb.id, id },
      )
    : undefined;
  if (!found) throw rateErrors.RULE_FILE_NOT_FOUND({ file: id.slice(0, 40) });
  return found;
}

/** The rule files of the ULB by service and first day, the newest first; with those that wait for approval. */
export async function listRuleFiles(read: Read, service?: Service): Promise<LoadedRuleFile[]> {
  return read.query<LoadedRuleFile>(
    `select ${COLUMNS} from ${TABLES}
     where f.ulb_id = :ulb and (:service::text is null or f.service = :service)
     order by f.service, f.valid_from desc, f.loaded_at desc limit 500`,
    { ulb: read.ulb.id, service: service ?? null },
  );
}

/** A rule file as it was loaded, letter by letter. Raises RULE_FILE_NOT_FOUND. */
export async function ruleFileContent(read: Read, id: string): Promise<string> {
  await getRuleFile(read, id);
  const row = await read.queryOne<{ content: string }>(
    "select content from billing.rule_files where ulb_id = :ulb and rule_file_id = :id",
    { ulb: read.ulb.id, id },
  );
  return row?.content ?? "";
}

// A file never changes, so what was read of it is kept by its content; a run assesses a million consumers by the same few.
const kept = new Map<string, Rules>();
const MOST_KEPT = 200;

/** The rules of a loaded file, approved or not: to try them, and to explain a demand that an older file made. Raises RULE_FILE_NOT_FOUND. */
export async function rulesOf(read: Read, id: string): Promise<Rules> {
  const { hash } = await getRuleFile(read, id);
  const before = kept.get(hash);
  if (before) return before;
  const rules = readRules(await ruleFileContent(read, id));
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(hash, rules);
  return rules;
}

/** The approved rule file of a service on a day. Raises RULES_NOT_IN_FORCE. */
export async function ruleFileOn(read: Read, service: Service, on: LocalDate): Promise<LoadedRuleFile> {
  const file = await inForceLast(read, service, on);
  if (!file) throw rateErrors.RULES_NOT_IN_FORCE({ service, on: formatDate(on) });
  return file;
}

/** The approved rules of a service on a day. Raises RULES_NOT_IN_FORCE. */
export async function rulesOn(read: Read, service: Service, on: LocalDate): Promise<Rules> {
  return rulesOf(read, (await ruleFileOn(read, service, on)).id);
}

export type Trial = {
  readonly assessment: Assessment;
  readonly english: readonly Explained[];
  readonly hindi: readonly Explained[];
};

/**
 * Tries rules on a consumer and a day, in words; nothing is written. The period is the one of the file's cycle in which the day lies unless
 * given; the rules are those in force on its first day, or of a loaded file (`ruleFileId`) that waits for approval.
 * Raises RULES_NOT_IN_FORCE, RULE_FILE_NOT_FOUND, and what `assess` raises.
 */
export async function tryRules(
  read: Read,
  service: Service,
  facts: ConsumerFacts,
  on: LocalDate,
  options: { readonly period?: AssessedPeriod; readonly ruleFileId?: string } = {},
): Promise<Trial> {
  const rulesAt = (day: LocalDate): Promise<Rules> =>
    options.ruleFileId ? rulesOf(read, options.ruleFileId) : rulesOn(read, service, day);
  const period = options.period ?? periodAround((await rulesAt(on)).file.cycle, on);
  const rules = await rulesAt(period.from);
  const assessment = assess(rules, facts, period, on);
  return { assessment, english: explain(rules, assessment, "en"), hindi: explain(rules, assessment, "hi") };
}

/** The lines of a demand as billing raises it: the heads that are not nil. */
export function demandLinesOf(assessment: Assessment): { taxHead: string; amount: Assessment["demand"] }[] {
  return assessment.heads.map((h) => ({ taxHead: h.head, amount: h.amount }));
}
