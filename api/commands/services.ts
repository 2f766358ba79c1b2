import type { Command } from "commander";
import { addService, listReadyServices, listTaxHeads, services } from "../../billing/index.ts";
import { dateInIndia, formatDate, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { withUlb } from "./common.ts";

/** services: the ready services, given to a ULB, and what it has. */
export function registerServices(program: Command): void {
  const group = program.command("services").description("what a ULB charges: ready services with their tax heads");
  group
    .command("list")
    .description("the services that come with the program")
    .action(() => {
      for (const s of listReadyServices()) {
        console.log(
          `${s.service.padEnd(24)} ${String(s.heads.length).padStart(3)} heads, by ${s.cycle.padEnd(6)} ${s.name} / ${s.nameLocal}`,
        );
      }
    });
  group
    .command("add")
    .description("give a ULB a ready service; of one that it has, the heads that are missing")
    .argument("<name>", "a name from `services list`, or all")
    .requiredOption("--ulb <code>")
    .option("--from <date>", "from when its heads hold; the first day of the books unless named", localDate)
    .action(async (name: string, options: { ulb: string; from?: LocalDate }) => {
      await withUlb(options.ulb, async (app, who) => {
        const names = name === "all" ? listReadyServices().map((s) => s.service) : [name];
        const added = await inTransaction(app, who, async (tx) => {
          const done = [];
          for (const service of names) {
            done.push(await addService(tx, service, options.from === undefined ? {} : { validFrom: options.from }));
          }
          return done;
        });
        for (const a of added) {
          const what =
            a.heads.length === 0 ? "nothing is missing" : `${a.heads.length} heads added: ${a.heads.join(", ")}`;
          console.log(`${a.service}${a.isNew ? " (new)" : ""}: ${what}`);
        }
      });
    });
  group
    .command("show")
    .description("the services of a ULB and their heads, with the accounts")
    .requiredOption("--ulb <code>")
    .option("--on <date>", "the day; today unless named", localDate)
    .action(async (options: { ulb: string; on?: LocalDate }) => {
      await withUlb(options.ulb, async (app, who) => {
        const on = options.on ?? dateInIndia(app.clock());
        const found = await inSnapshot(app, who, async (read) => ({
          services: await services(read, on),
          heads: await listTaxHeads(read, on),
        }));
        for (const s of found.services.values()) {
          console.log(
            `${s.service}: ${s.name}, fund ${s.fund}, advances ${s.advanceAccount}, from ${formatDate(s.validFrom)}`,
          );
          for (const h of found.heads.filter((head) => head.service === s.service)) {
            const income =
              h.incomeAccount === null
                ? `cess on ${h.cessOn ?? ""}, payable ${h.cessPayableAccount ?? ""}`
                : `income ${h.incomeAccount}`;
            const due =
              h.receivableAccount === null
                ? ""
                : `, receivable ${h.receivableAccount}, arrears ${h.arrearsAccount ?? ""}`;
            console.log(`  ${h.code.padEnd(28)} ${h.kind.padEnd(8)} ${h.basis.padEnd(8)} ${income}${due}`);
          }
        }
      });
    });
}
