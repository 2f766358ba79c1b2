import { Option, type Command } from "commander";
import { issueToDefaulters, previewForDefaulters, type NoticeKind } from "../../billing/index.ts";
import { dateInIndia, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import { sealOrSay, withUlb } from "./common.ts";

type IssueOptions = {
  ulb: string;
  service: string;
  kind: NoticeKind;
  ward?: string;
  on?: LocalDate;
  preview?: boolean;
};

/** notices: a step is issued to all defaulters of a ward or the city; `print notices` makes their papers. */
export function registerNotices(program: Command): void {
  const notices = program.command("notices").description("demand notices, reminders and warrants");
  notices
    .command("issue")
    .description("issue a step to all defaulters; whoever has it for the same dues keeps it")
    .requiredOption("--ulb <code>")
    .requiredOption("--service <name>", "such as property-tax")
    .addOption(new Option("--kind <step>").choices(["demand-notice", "reminder", "warrant"]).makeOptionMandatory())
    .option("--ward <name>", "one ward; the whole city unless named")
    .option("--on <date>", "date of the notices; today unless named", localDate)
    .option("--preview", "how many, for how much, and who gets none; nothing is written")
    .action(async (options: IssueOptions) => {
      const { ulb, service, kind, ward } = options;
      await withUlb(ulb, async (app, who) => {
        const on = options.on ?? dateInIndia(app.clock());
        const asked = { kind, service, on, ...(ward === undefined ? {} : { ward }) };
        const done = options.preview
          ? await previewForDefaulters(app, who, asked)
          : await issueToDefaulters(app, who, asked);
        if (!options.preview) await sealOrSay(app, who.ulb);
        console.log(
          `${done.defaulters} defaulters: ${done.issued} notices ${options.preview ? "would be" : "were"} issued for ${formatIndian(done.dues)}, fees ${formatIndian(done.fees)}; ${done.already} have it already`,
        );
        for (const r of done.refused) console.error(`  none for ${r.count}: ${r.example} (${r.code})`);
      });
    });
}
