import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { atGatewayOf, createGatewayRouter } from "../../collections/index.ts";
import { getUlb } from "../../ledger/index.ts";
import { importSettlementFile } from "../../reconciliation/index.ts";
import { readConfig } from "../config.ts";
import { configuredGateway } from "../gateway.ts";
import { gatewaySealingKey } from "../gateway-key.ts";
import { COMMAND_LINE, sealOrSay, withSystem } from "./common.ts";

/** import settlements FILE: the gateway's report; each settlement is booked once, or is an exception with its figures. */
export function registerSettlementImport(root: Command): void {
  root
    .command("settlements")
    .description(
      "a settlement report of the gateway; each settlement is booked once, what does not add up is an exception",
    )
    .argument("<file>", "the API's answer (JSON) or the dashboard's file (CSV)")
    .requiredOption("--ulb <code>")
    .action(async (file: string, options: { ulb: string }) => {
      await withSystem(async (system) => {
        const config = readConfig();
        const gateway = configuredGateway(config);
        const gateways = createGatewayRouter(system.app, {
          usual: gateway,
          key: gatewaySealingKey(config.dataDir),
          isProduction: process.env["NODE_ENV"] === "production",
          allowSimulator: process.env["ALLOW_SIMULATOR"] === "1" || process.env["NODE_ENV"] !== "production",
        });
        try {
          const ulb = await getUlb(system.app, options.ulb);
          const app = await atGatewayOf({ ...system.app, gateway, gateways }, ulb);
          const report = await importSettlementFile(
            app,
            { ulb, actor: COMMAND_LINE },
            { content: readFileSync(file, "utf8") },
          );
          const name = path.basename(file);
          for (const p of report.problems)
            console.error(`${p.line === undefined ? "" : `line ${p.line}: `}${p.message} (${p.code})`);
          for (const e of report.exceptions)
            for (const p of e.problems) console.error(`${e.settlementId}: ${p.message} (${p.code})`);
          if (report.status === "refused") console.error(`${name}: refused, nothing was written`);
          else
            console.log(
              `${name}: ${report.rows} rows, ${report.booked.length} settlements booked, ${report.known.length} were there, ` +
                `${report.waiting.length} not paid out yet, ${report.exceptions.length} exceptions, ${report.unsettled} rows of no settlement`,
            );
          if (report.status === "refused" || report.problems.length + report.exceptions.length > 0)
            process.exitCode = 1;
          if (report.booked.length > 0) await sealOrSay(system.app, ulb);
        } finally {
          gateways.close();
          gateway.close();
        }
      });
    });
}
