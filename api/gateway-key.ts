import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sealingKey, type SealingKey } from "../collections/index.ts";

/**
 * The key that seals the gateway's secrets in the database: NAGARKOSH_GATEWAY_KEY (32 bytes, base64 or hex), else the file gateway.key in the data
 * folder, made once and readable by its owner only. Several servers on one database need the same. Raises GATEWAY_SECRETS_KEY.
 */
export function gatewaySealingKey(dataDir: string, env: NodeJS.ProcessEnv = process.env): SealingKey {
  const given = env["NAGARKOSH_GATEWAY_KEY"];
  if (given) return sealingKey(given);
  const file = path.join(dataDir, "gateway.key");
  mkdirSync(dataDir, { recursive: true });
  try {
    // "wx": whoever comes first makes it, the other reads it.
    writeFileSync(file, `${randomBytes(32).toString("base64")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return sealingKey(readFileSync(file, "utf8"));
}
