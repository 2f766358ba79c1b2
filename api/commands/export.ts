import { InvalidArgumentError, Option, type Command } from "commander";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { listReports, writeReport, type ReportOptions } from "../../reports/index.ts";
import { withUlb } from "./common.ts";
import { AUDIT_PACK, AUDIT_PACK_HOLDS, exportPack } from "./verify.ts";

type ExportOptions = Omit<ReportOptions, "inRupees"> & {
  ulb?: string;
  format: string;
  out?: string;
  rupees?: boolean;
};

function language(input: string): "en" | "hi" | "pa" {
  if (input === "en" || input === "hi" || input === "pa") return input;
  throw new InvalidArgumentError(`"${input}" is not en, hi or pa`);
}

/** What can be asked for by name: the reports, and the auditors' pack. */
export function offeredReports(): Pick<ReturnType<typeof listReports>[number], "name" | "formats" | "description">[] {
  return [...listReports(), { name: AUDIT_PACK, formats: ["zip"], description: AUDIT_PACK_HOLDS }];
}

/** export: a report as a file, or the list of reports. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("a report as a file; without arguments, which there are")
    .argument("[report]")
    .option("--ulb <code>")
    .option("--from <date>", "first day", localDate)
    .option("--to <date>", "last day", localDate)
    .option("--as-of <date>", "at the end of this day", localDate)
    .option("--fy <year>", "a financial year, such as 2026-27", financialYear)
    .option("--account <code>", "for account-ledger, cash-book, bank-book, sub-ledger and brs")
    .option("--fund <code>", "one fund; all together unless named")
    .option("--function <code>", "one function")
    .option("--service <name>", "one service, in registers of demand and collection")
    .option("--ward <name>")
    .option("--schedule <code>", "one schedule, such as B-15")
    .option("--party-type <type>", "for sub-ledger: contractor, supplier, employee, consumer …")
    .option("--party <code>", "for sub-ledger")
    .option(
      "--demand-year <year>",
      "for sub-ledger, assessment-list; for defaulters that year and before",
      financialYear,
    )
    .option("--minimum <rupees>", "for defaulters: who owes less is left out", rupees)
    .addOption(
      new Option("--by <dimension>", "for function-wise; for defaulters ward: ward by ward").choices([
        "ward",
        "function",
        "fund",
      ]),
    )
    .addOption(
      new Option(
        "--presentation <how>",
        "for receipts-payments: the head booked, or that of income and expense",
      ).choices(["minor-head", "revenue-head"]),
    )
    .option("--rupees", "PDF in whole rupees; data stays exact to the paisa")
    .option("--language <code>", "beside English in PDF and XLSX: hi or pa", language)
    .option("--format <format>", "csv, json, xlsx, pdf; the journal also hledger, beancount and tally-xml", "csv")
    .option("--out <file>", "a file; standard output unless named")
    .action(async (name: string | undefined, options: ExportOptions) => {
      if (name === undefined) {
        for (const r of offeredReports())
          console.log(`${r.name.padEnd(22)} ${r.formats.join(", ").padEnd(32)} ${r.description}`);
        return;
      }
      if (options.ulb === undefined)
        program.error("error: required option '--ulb <code>' not specified", { exitCode: 2 });
      const { ulb, format, out, rupees, ...rest } = options;
      await withUlb(ulb, async (app, who) => {
        if (name === AUDIT_PACK) return exportPack(app, who, rest, out);
        // Opened with the first piece: a refused report leaves no empty file behind.
        let target: NodeJS.WritableStream | undefined;
        const report = { name, format, options: { ...rest, inRupees: rupees === true } };
        const written = await writeReport(app, who, report, async (piece) => {
          target ??= out === undefined ? process.stdout : createWriteStream(out);
          if (!target.write(piece)) await once(target, "drain");
        });
        if (out === undefined || target === undefined) return;
        target.end();
        await once(target, "finish");
        console.error(`${written.fileName} -> ${out}`);
      });
    });
}
