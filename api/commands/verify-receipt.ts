import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { verifyReceiptCode } from "../../collections/index.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";

/** verify-receipt: the code of a paper, checked offline by the keys that the ULB publishes. */
export function registerVerifyReceipt(program: Command): void {
  program
    .command("verify-receipt")
    .description("a receipt's code checked offline, by the public keys that the ULB publishes at /receipt-keys.json")
    .argument("<code>", "what a scanner reads: the whole address, or the part behind s=")
    .requiredOption("--keys <file>", "receipt-keys.json as it was fetched")
    .action((code: string, options: { keys: string }) => {
      const published = JSON.parse(readFileSync(options.keys, "utf8")) as {
        readonly keys?: readonly { readonly keyId: string; readonly publicKey: string }[];
      };
      const signed = verifyReceiptCode(code, published.keys ?? []);
      console.log(
        `signature valid: receipt ${signed.number} of ${signed.ulb}, ${formatDate(signed.date)}, ₹ ${formatIndian(signed.amount)}, ` +
          `account ${signed.consumerCode === "" ? "none" : signed.consumerCode}, ${signed.mode}${signed.isRefundable ? "; refundable: not set against any due" : ""}`,
      );
      console.log("whether it was cancelled since, only the ULB's page behind the code knows");
    });
}
