import { createInterface } from "node:readline/promises";
import { InvalidArgumentError, type Command } from "commander";
import { inTransaction } from "../../ledger/kernel/tx.ts";
import { createUser, setPassword, type UserRole } from "../users.ts";
import { COMMAND_LINE, withSystem, withUlb } from "./common.ts";

const ROLES = ["cashier", "superintendent", "accountant", "checker", "auditor", "state", "admin"] as const;

function role(value: string): UserRole {
  const known = ROLES.find((r) => r === value);
  if (!known) throw new InvalidArgumentError(`a role is one of ${ROLES.join(", ")}`);
  return known;
}

/** From standard input, so that no password stands in a command's history. */
async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdin.isTTY ? process.stderr : undefined });
  try {
    return (await lines.question("Password (at least 12 characters): ")).trim();
  } finally {
    lines.close();
  }
}

/** user, token: who may sign in, and which programs may ask. */
export function registerPeople(program: Command): void {
  const user = program.command("user").description("who may sign in");
  user
    .command("add")
    .description("a local account; the password is read from standard input")
    .argument("<login>")
    .requiredOption("--ulb <code>")
    .requiredOption("--name <name>", "the person's name")
    .requiredOption("--role <role...>", ROLES.join(", "), (value: string, all: UserRole[] = []) => [
      ...all,
      role(value),
    ])
    .action(async (login: string, options: { ulb: string; name: string; role: UserRole[] }) => {
      const password = await readPassword();
      await withUlb(options.ulb, async (app, _who, ulb) => {
        const made = await createUser(app, {
          login,
          name: options.name,
          password,
          roles: options.role.map((r) => ({ ulb, role: r })),
        });
        console.log(`${made.login}: ${options.role.join(", ")} in ${ulb.code}`);
      });
    });
  user
    .command("password")
    .description("a new password, read from standard input; it also unlocks the account and ends its sessions")
    .argument("<login>")
    .action(async (login: string) => {
      const password = await readPassword();
      await withSystem(({ app }) => setPassword(app, login, password));
      console.log(`${login} has a new password`);
    });

  const token = program.command("token").description("which programs may ask /v1");
  token
    .command("add")
    .description("an access token; it is shown once")
    .argument("<name>", "what it is for")
    .requiredOption("--ulb <code>")
    .requiredOption("--role <role...>", ROLES.join(", "), (value: string, all: UserRole[] = []) => [
      ...all,
      role(value),
    ])
    .option("--days <n>", "how long it is good", "365")
    .action(async (name: string, options: { ulb: string; role: UserRole[]; days: string }) => {
      const { createAccessToken } = await import("../v1/index.ts");
      await withUlb(options.ulb, async (app, who) => {
        const made = await inTransaction(app, who, (tx) =>
          createAccessToken(tx, {
            name,
            actor: `program:${name}`,
            roles: options.role,
            expiresAt: new Date(app.clock().getTime() + Number(options.days) * 86_400_000),
          }),
        );
        console.log(`${made.token}\n(id ${made.id}; it is not shown again)`);
      });
    });
  token
    .command("revoke")
    .argument("<id>")
    .requiredOption("--ulb <code>")
    .requiredOption("--reason <text>")
    .action(async (id: string, options: { ulb: string; reason: string }) => {
      const { revokeAccessToken } = await import("../v1/index.ts");
      await withUlb(options.ulb, (app, who) =>
        inTransaction(app, { ...who, actor: COMMAND_LINE }, (tx) => revokeAccessToken(tx, id, options.reason)),
      );
      console.log(`${id} is revoked`);
    });
}
