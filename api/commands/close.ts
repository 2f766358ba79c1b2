import { Option, type Command } from "commander";
import {
  financialYear,
  localDate,
  period,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "../../ledger/kernel/dates.ts";
import type { Problem } from "../../ledger/kernel/errors.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import {
  inSnapshot,
  inTransaction,
  type Actor,
  type App,
  type Read,
  type Role,
  type Ulb,
  type Who,
} from "../../ledger/kernel/tx.ts";
import {
  checklist,
  closePeriod,
  closeProblems,
  closeYear,
  markAudited,
  proposeYearClose,
  scopeOfMonth,
  warnings,
  yearChecklist,
  yearCloseProblems,
  yearStatus,
} from "../../ledger/index.ts";
import { closeChecks, yearChecks } from "../close-checks.ts";
import { apiErrors } from "../errors.ts";
import { APPROVER, COMMAND_LINE, sealOrSay, withUlb } from "./common.ts";

type CloseOptions = {
  ulb: string;
  period?: Period;
  year?: FinancialYear;
  dryRun?: boolean;
  preparedBy?: string;
  approvedBy?: string;
  audited?: boolean;
  certificate?: string;
  certificateDate?: LocalDate;
  auditor?: string;
};

const CLOSE_YEAR = `
With --year the open months are closed in order, then the year, if nothing at
all stands in the way; otherwise every problem is printed and nothing is closed.
The accountant prepares and another person approves: name two users of the ULB
with --prepared-by and --approved-by. Without names the year is prepared by
system:command-line and approved by system:command-line-approver, which the
audit trail and the page of the year say plainly. An audit is recorded by
  nagarkosh close --ulb kosalpur --year 2025-26 --audited --certificate LFA/118
    --certificate-date 2026-10-20 --auditor "Local Fund Audit"`;

/** close: the closing checklist of a month or a year, then the close. */
export function registerClose(program: Command): void {
  program
    .command("close")
    .description("the close checklist of a month or a year, then the close")
    .requiredOption("--ulb <code>")
    .addOption(new Option("--period <month>", "such as 2026-07").argParser(period).conflicts("year"))
    .addOption(
      new Option(
        "--year <fy>",
        "a financial year such as 2025-26: its open months in order, then the year, when every check holds",
      ).argParser(financialYear),
    )
    .option("--dry-run", "run the checks, close nothing")
    .option("--prepared-by <login>", "the accountant who closes the months and proposes the year")
    .option("--approved-by <login>", "the checker who approves the year; somebody else")
    .option("--audited", "record the audit of a closed year; it is never opened again")
    .option("--certificate <number>", "number of the audit certificate")
    .option("--certificate-date <date>", "date of the certificate", localDate)
    .option("--auditor <name>", "who signed it")
    .addHelpText("after", CLOSE_YEAR)
    .action(async (options: CloseOptions, command: Command) => {
      const { period: month, year } = options;
      if (month === undefined && year === undefined)
        command.error("error: name the month (--period) or the year (--year)", { exitCode: 2 });
      await withUlb(options.ulb, async (app, who, ulb) => {
        if (year !== undefined) await closeOneYear(app, ulb, year, options);
        else if (month !== undefined) await closeOneMonth(app, who, month, options);
      });
    });
}

async function closeOneMonth(app: App, who: Who, month: Period, options: CloseOptions): Promise<void> {
  const actor =
    options.preparedBy === undefined ? who.actor : await person(app, who.ulb, options.preparedBy, "accountant");
  if (options.dryRun) {
    const problems = await inSnapshot(app, who, (read) => closeProblems(read, month, closeChecks));
    tell(problems, `${month} is ready to be closed`);
    return;
  }
  await sealOrSay(app, who.ulb);
  await inTransaction(app, { ulb: who.ulb, actor }, (tx) => closePeriod(tx, month, closeChecks));
  sayWarnings(
    await inSnapshot(app, who, async (read) => warnings(await checklist(read, scopeOfMonth(month), closeChecks))),
  );
  console.log(`${month} is closed`);
}

async function closeOneYear(app: App, ulb: Ulb, fy: FinancialYear, options: CloseOptions): Promise<void> {
  const maker: Who = {
    ulb,
    actor: options.preparedBy === undefined ? COMMAND_LINE : await person(app, ulb, options.preparedBy, "accountant"),
  };
  const checker: Who = {
    ulb,
    actor: options.approvedBy === undefined ? APPROVER : await person(app, ulb, options.approvedBy, "checker"),
  };
  if (options.audited) {
    const { version } = await inTransaction(app, checker, (tx) =>
      markAudited(tx, fy, {
        certificateNumber: options.certificate ?? "",
        date: options.certificateDate,
        auditor: options.auditor ?? "",
      }),
    );
    console.log(`${fy} is audited (version ${version}, certificate ${options.certificate})`);
    return;
  }
  const problems = await inSnapshot(app, maker, (read) => allProblems(read, fy));
  if (options.dryRun || problems.length > 0) {
    tell(problems, `${fy} is ready to be closed`);
    return;
  }
  // The version of the year names the block that covers it.
  await sealOrSay(app, ulb);
  const { openMonths, proposal } = await inSnapshot(app, maker, (read) => yearStatus(read, fy));
  for (const month of openMonths) {
    await inTransaction(app, maker, (tx) => closePeriod(tx, month, closeChecks));
    console.log(`${month} is closed`);
  }
  // What somebody has proposed already only waits for the other person.
  if (!proposal) await inTransaction(app, maker, (tx) => proposeYearClose(tx, fy, yearChecks, "from the command line"));
  const closed = await inTransaction(app, checker, (tx) => closeYear(tx, fy, yearChecks));
  await sealOrSay(app, ulb);
  sayWarnings(await inSnapshot(app, maker, async (read) => (await yearChecklist(read, fy, yearChecks)).warnings));
  console.log(
    `${fy} is closed (provisional, version ${closed.version}): ${closed.surplus < 0n ? "deficit" : "surplus"} ${formatIndian(closed.surplus)}, ` +
      `${closed.entries.length} closing entries; prepared by ${proposal?.proposedBy ?? maker.actor.id}, approved by ${checker.actor.id}`,
  );
}

/** What stands in the way of closing the year with all its open months, as if each month before were closed. */
async function allProblems(read: Read, fy: FinancialYear): Promise<Problem[]> {
  const { openMonths } = await yearStatus(read, fy);
  const problems: Problem[] = [];
  const first = openMonths[0];
  for (const month of openMonths.filter((m) => !m.endsWith("-03"))) {
    for (const p of await closeProblems(read, month, closeChecks))
      if (p.code !== "EARLIER_PERIOD_OPEN" || month === first)
        problems.push({ ...p, message: `${month}: ${p.message}` });
  }
  return [...problems, ...(await yearCloseProblems(read, fy, yearChecks)).filter((p) => p.code !== "MONTH_OPEN")];
}

function tell(problems: readonly Problem[], ready: string): void {
  for (const p of problems) console.error(`${p.code}: ${p.message}`);
  if (problems.length > 0) process.exitCode = 1;
  console.log(problems.length === 0 ? ready : `${problems.length} problems, nothing was closed`);
}

function sayWarnings(found: readonly Problem[]): void {
  for (const w of found) console.error(`note: ${w.message} (${w.code})`);
}

/** A user of this ULB with that role. Raises USER_NOT_FOUND. */
async function person(app: App, ulb: Ulb, login: string, role: Role): Promise<Actor> {
  const { rows } = await app.db.batch.query<{ login: string }>(
    `select u.login from api.users u join api.user_roles r on r.user_id = u.user_id
     where u.login = $1 and u.is_active and r.ulb_id = $2 and r.role = $3`,
    [login.toLowerCase(), ulb.id, role],
  );
  if (!rows[0]) throw apiErrors.USER_NOT_FOUND({ login: `${login} (as ${role} of ${ulb.code})` });
  return { id: rows[0].login, roles: [role] };
}
