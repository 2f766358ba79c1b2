import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import {
  approveRuleFile,
  assess,
  checkRuleFile,
  explain,
  factsFromJson,
  loadRuleFile,
  periodAround,
  rateErrors,
  readRules,
  RULE_PACKS,
  rulePack,
  type ConsumerFacts,
  type Language,
} from "../../billing/index.ts";
import { formatDate, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import { inTransaction } from "../../ledger/kernel/tx.ts";
import { APPROVER, withUlb } from "./common.ts";

/** The text of a ready pack by its name, or of a file. */
function textOf(source: string): string {
  const pack = RULE_PACKS.find((name) => name === source);
  return pack === undefined ? readFileSync(source, "utf8") : rulePack(pack);
}

/** Raises RULES_FACTS. */
function factsIn(file: string): ConsumerFacts {
  const text = readFileSync(file, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw rateErrors.RULES_FACTS({ problems: [`${file} is not JSON: ${(error as Error).message}`] });
  }
  return factsFromJson(json);
}

/** rates: rule files are looked at, checked and tried without a database; `load` gives one to a ULB. */
export function registerRates(program: Command): void {
  const rates = program.command("rates").description("rule files of charges: the ready ones, checked, and tried");
  rates
    .command("packs")
    .description("the rule files that come with the program")
    .action(() => {
      for (const name of RULE_PACKS) {
        const { file } = readRules(rulePack(name));
        console.log(`${name.padEnd(24)} ${file.service.padEnd(18)} ${file.title.en}`);
      }
    });
  rates
    .command("show")
    .description("a ready rule file as text, to be adapted")
    .argument("<pack>", "a name from `rates packs`")
    .action((pack: string) => {
      process.stdout.write(textOf(pack));
    });
  rates
    .command("check")
    .description("everything that is wrong with a rule file; its examples are run")
    .argument("<file>", "JSON, or the name of a ready one")
    .action((source: string) => {
      const content = textOf(source);
      const problems = checkRuleFile(content);
      for (const p of problems) console.error(`${p.where}: ${p.message}`);
      if (problems.length > 0) {
        console.error(`${source}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}`);
        process.exitCode = 1;
        return;
      }
      const { file, hash } = readRules(content);
      console.log(
        `${file.id} ${file.version}, ${file.service}, from ${formatDate(localDate(file.validFrom))}: ${file.rules.length} rules; all ${file.examples.length} examples come out as written`,
      );
      console.log(`SHA-256 ${hash}`);
    });
  rates
    .command("try")
    .description("what a consumer would be charged, in words; nothing is written")
    .argument("<file>", "JSON, or the name of a ready one")
    .requiredOption("--facts <file>", 'what is known of the consumer: {"attributes": {...}, "lists": {...}}')
    .addOption(new Option("--on <date>", "the day of paying").argParser(localDate).makeOptionMandatory())
    .addOption(
      new Option("--period <date>", "a day of the period that is charged; that of --on unless named").argParser(
        localDate,
      ),
    )
    .addOption(new Option("--language <code>", "of the explanation").choices(["en", "hi"]).default("en"))
    .action((source: string, options: { facts: string; on: LocalDate; period?: LocalDate; language: Language }) => {
      const rules = readRules(textOf(source));
      const facts = factsIn(options.facts);
      const period = periodAround(rules.file.cycle, options.period ?? options.on);
      const done = assess(rules, facts, period, options.on);
      for (const line of explain(rules, done, options.language)) {
        console.log(`${line.text}   [${line.rule}${line.basis === null ? "" : `, ${line.basis}`}]`);
        for (const part of line.below) console.log(`    ${part}`);
      }
      for (const { head, amount } of done.heads) console.log(`${head.padEnd(30)} ${formatIndian(amount).padStart(16)}`);
      console.log(
        `${formatDate(period.from)} to ${formatDate(period.to)}, due ${formatDate(done.dueDate)}; to pay on ${formatDate(options.on)}: ${formatIndian(done.payable)}`,
      );
    });
  rates
    .command("load")
    .description("give a ULB a rule file; it waits for a person who approves it on the web")
    .argument("<file>", "JSON, or the name of a ready one")
    .requiredOption("--ulb <code>")
    .option("--approve", "approve it too, as system:command-line-approver; the audit trail says so")
    .action(async (source: string, options: { ulb: string; approve?: boolean }) => {
      const content = textOf(source);
      await withUlb(options.ulb, async (app, who) => {
        const loaded = await inTransaction(app, who, (tx) => loadRuleFile(tx, content));
        const name = `${loaded.name} ${loaded.version}, ${loaded.service}, from ${formatDate(loaded.validFrom)}`;
        if (loaded.approvedBy !== null) console.log(`${name}: approved already by ${loaded.approvedBy}`);
        else if (options.approve) {
          await inTransaction(app, { ...who, actor: APPROVER }, (tx) => approveRuleFile(tx, loaded.id));
          console.log(`${name}: loaded by ${loaded.loadedBy}, approved by ${APPROVER.id}`);
        } else console.log(`${name}: loaded, waits for approval`);
      });
    });
}
