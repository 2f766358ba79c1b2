import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Option, type Command } from "commander";
import { consumersByWard, issueBills, type NoticeKind } from "../../billing/index.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { inSnapshot, inTransaction, type App, type Who } from "../../ledger/kernel/tx.ts";
import { printPapers } from "../../reports/index.ts";
import { readConfig } from "../config.ts";
import { withUlb } from "./common.ts";

type PrintOptions = {
  ulb: string;
  service: string;
  ward?: string;
  kind: NoticeKind;
  on?: LocalDate;
  language: "en" | "hi" | "pa";
  out: string;
};

/** print: the newest bills or notices of a ward or the whole city as a zip of PDFs. */
export function registerPrint(program: Command): void {
  program
    .command("print")
    .description("bills or notices of a ward or the whole city: a zip of PDFs in the order of wards and codes")
    .addArgument(program.createArgument("<what>", "bills or notices").choices(["bills", "notices"]))
    .requiredOption("--ulb <code>")
    .requiredOption("--service <name>")
    .option("--ward <name>", "one ward; all together unless named")
    .addOption(
      new Option("--kind <step>", "of notices")
        .choices(["demand-notice", "reminder", "warrant"])
        .default("demand-notice"),
    )
    .option("--on <date>", "issue the bills of this day first; whose dues are the same keeps his bill", localDate)
    .addOption(new Option("--language <code>", "beside English").choices(["en", "hi", "pa"]).default("hi"))
    .requiredOption("--out <file>")
    .action(async (what: "bills" | "notices", options: PrintOptions) => {
      const { ulb, service, ward, on, language, out } = options;
      const slice = { service, ...(ward === undefined ? {} : { ward }) };
      await withUlb(ulb, async (app, who) => {
        if (what === "bills" && on !== undefined) await issueAll(app, who, slice, on);
        const file = createWriteStream(out);
        const closed = once(file, "close");
        const papers =
          what === "bills" ? ({ kind: "bills" } as const) : ({ kind: "notices", step: options.kind } as const);
        const { publicUrl, host, port } = readConfig();
        const payUrl = (id: string): string => `${publicUrl ?? `http://${host}:${port}`}/pay/${id}`;
        const count = await printPapers(app, who, { papers, ...slice, language, payUrl }, file);
        await closed;
        console.error(`${count} ${what} -> ${out}`);
      });
    });
}

/** A batch is a transaction: what was issued before a kill stands, and the same command goes on. */
async function issueAll(
  app: App,
  who: Who,
  slice: { readonly service: string; readonly ward?: string },
  on: LocalDate,
): Promise<void> {
  let after: { readonly ward: string; readonly code: string } | undefined;
  for (;;) {
    const page = { ...slice, limit: 500, ...(after === undefined ? {} : { after }) };
    const consumers = await inSnapshot(app, who, (read) => consumersByWard(read, page));
    after = consumers.at(-1);
    if (after === undefined) return;
    await inTransaction(app, who, (tx) =>
      issueBills(
        tx,
        consumers.map((c) => c.id),
        on,
      ),
    );
  }
}
