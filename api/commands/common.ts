import type { Actor, App, Ulb, Who } from "../../ledger/kernel/tx.ts";
import { getUlb } from "../../ledger/index.ts";
import { readConfig } from "../config.ts";
import { sealAtOnce } from "../sealing.ts";
import { openSystem, type System } from "../system.ts";

/** Who acts when a person types a command: the machine's user is not known to the books, so the audit trail names the command line. */
export const COMMAND_LINE = { id: "system:command-line", roles: ["admin", "system"] } as const;

/**
 * Who approves what the command line prepared, when no people are named. A machine is nobody's second pair of eyes: the audit trail says
 * plainly that both were the command line.
 */
export const APPROVER: Actor = { id: "system:command-line-approver", roles: ["checker", "system"] };

/** Opens the configured database for one command and closes it whatever happens. */
export async function withSystem<T>(fn: (system: System) => Promise<T>): Promise<T> {
  const system = await openSystem(readConfig());
  try {
    return await fn(system);
  } finally {
    await system.close();
  }
}

/** The same, for a command about one ULB. Raises ULB_NOT_FOUND. */
export async function withUlb<T>(code: string, fn: (app: App, who: Who, ulb: Ulb) => Promise<T>): Promise<T> {
  return withSystem(async ({ app }) => {
    const ulb = await getUlb(app, code);
    return fn(app, { ulb, actor: COMMAND_LINE }, ulb);
  });
}

/** Seals what is committed; what stops that is said on stderr and stops nothing else. */
export async function sealOrSay(app: App, ulb: Ulb): Promise<void> {
  const stopped = await sealAtOnce(app, ulb);
  if (stopped) console.error(`not sealed: ${stopped.message}`);
}
