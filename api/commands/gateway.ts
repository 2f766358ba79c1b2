import { createInterface } from "node:readline";
import type { Command } from "commander";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import {
  addGatewayAccount,
  listGatewayAccounts,
  rotateGatewayKey,
  rotateWebhookSecret,
  type GatewayAccount,
} from "../../collections/index.ts";
import { readConfig } from "../config.ts";
import { gatewaySealingKey } from "../gateway-key.ts";
import { withUlb } from "./common.ts";

/** Lines of standard input, one for each question, so that no secret stands in a command's history. */
async function readSecrets(questions: readonly string[]): Promise<string[]> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const answers: string[] = [];
  const ask = (): void => {
    const question = questions[answers.length];
    if (question !== undefined && process.stdin.isTTY) process.stderr.write(`${question}: `);
  };
  ask();
  for await (const line of lines) {
    answers.push(line.trim());
    if (answers.length === questions.length) break;
    ask();
  }
  lines.close();
  return questions.map((_, i) => answers[i] ?? "");
}

function line(a: GatewayAccount): string {
  const old = (until: Date | null): string => (until === null ? "" : `, the old one until ${until.toISOString()}`);
  return [
    `${a.name}: ${a.serviceCode === null ? "all services" : `service ${a.serviceCode}`}, ${a.keyId}${a.isActive ? "" : " (not in use)"}`,
    `  key version ${a.keyVersion}${old(a.oldKeyUntil)}; webhook secret version ${a.webhookVersion}${old(a.oldWebhookUntil)}`,
  ].join("\n");
}

/** gateway accounts: which merchant account takes the money of which service. No secret is ever shown. */
export function registerGateway(program: Command): void {
  const accounts = program
    .command("gateway")
    .description("the payment gateway")
    .command("accounts")
    .description("merchant accounts by ULB and service; without any, the one of the environment");
  accounts
    .command("add")
    .description("an account; its key secret and its webhook secret are read from standard input, a line each")
    .argument("<name>")
    .requiredOption("--ulb <code>")
    .requiredOption("--key-id <id>", "rzp_live_… or rzp_test_…")
    .option("--service <code>", "for this service only")
    .option("--merchant-id <id>", "acc_…")
    .option("--base-url <url>", "another address than the gateway's: a simulator's")
    .action(
      async (
        name: string,
        options: { ulb: string; keyId: string; service?: string; merchantId?: string; baseUrl?: string },
      ) => {
        const key = gatewaySealingKey(readConfig().dataDir);
        const [keySecret = "", webhookSecret = ""] = await readSecrets(["Key secret", "Webhook secret"]);
        await withUlb(options.ulb, async (app, who) => {
          const made = await inTransaction(app, who, (tx) =>
            addGatewayAccount(tx, key, {
              name,
              keyId: options.keyId,
              keySecret,
              webhookSecret,
              ...(options.service === undefined ? {} : { serviceCode: options.service }),
              ...(options.merchantId === undefined ? {} : { merchantId: options.merchantId }),
              ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
            }),
          );
          console.log(line(made));
        });
      },
    );
  accounts
    .command("rotate")
    .description(
      "a new key (--key-id; the old one is good for 24 hours) or a new webhook secret (--webhook; seven days), read from standard input",
    )
    .argument("<name>")
    .requiredOption("--ulb <code>")
    .option("--key-id <id>", "the new key's id")
    .option("--webhook", "the webhook secret")
    .action(async (name: string, options: { ulb: string; keyId?: string; webhook?: boolean }) => {
      const { keyId } = options;
      if ((keyId === undefined) === (options.webhook !== true)) program.error("give either --key-id or --webhook");
      const key = gatewaySealingKey(readConfig().dataDir);
      const [secret = ""] = await readSecrets([keyId === undefined ? "New webhook secret" : "New key secret"]);
      await withUlb(options.ulb, async (app, who) => {
        const made = await inTransaction(app, who, (tx) =>
          keyId === undefined
            ? rotateWebhookSecret(tx, key, name, secret)
            : rotateGatewayKey(tx, key, name, { keyId, keySecret: secret }),
        );
        console.log(line(made));
      });
    });
  accounts
    .command("list")
    .description("the accounts of a ULB and what of them is in force")
    .requiredOption("--ulb <code>")
    .action(async (options: { ulb: string }) => {
      await withUlb(options.ulb, async (app, who) => {
        const all = await inSnapshot(app, who, (read) => listGatewayAccounts(read));
        console.log(all.length === 0 ? "no accounts of its own: the one of the environment" : all.map(line).join("\n"));
      });
    });
}
