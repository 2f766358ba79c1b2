import { hash, verify } from "@node-rs/argon2";
import type { App, Role, Ulb } from "../ledger/kernel/tx.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { apiErrors } from "./errors.ts";

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane (about 40 ms here). The library's default algorithm is argon2id. */
const ARGON = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MAX_FAILURES = 8;
const LOCK_MINUTES = 10;

/** What a person may be in a ULB. */
export type UserRole = Exclude<Role, "citizen" | "system">;

export type User = { readonly id: string; readonly login: string; readonly name: string };

/** Makes a local account with roles in ULBs. Raises USER_EXISTS, PASSWORD_WEAK. */
export async function createUser(
  app: App,
  user: {
    readonly login: string;
    readonly name: string;
    readonly password: string;
    readonly roles: readonly { readonly ulb: Ulb; readonly role: UserRole }[];
  },
): Promise<User> {
  if (user.password.length < 12) throw apiErrors.PASSWORD_WEAK({ length: user.password.length });
  const id = newId();
  const login = user.login.toLowerCase();
  const passwordHash = await hash(user.password, ARGON);
  const client = await app.db.batch.connect();
  try {
    await client.query("begin");
    const made = await client.query(
      "insert into api.users (user_id, login, name, password_hash) values ($1, $2, $3, $4) on conflict on constraint login_is_unique do nothing",
      [id, login, user.name, passwordHash],
    );
    if (made.rowCount === 0) throw apiErrors.USER_EXISTS({ login });
    for (const { ulb, role } of user.roles) {
      await client.query("insert into api.user_roles (ulb_id, user_id, role) values ($1, $2, $3)", [ulb.id, id, role]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
  return { id, login, name: user.name };
}

/** Sets a new password, unlocks the account and ends its sessions. Raises USER_NOT_FOUND, PASSWORD_WEAK. */
export async function setPassword(app: App, login: string, password: string): Promise<void> {
  if (password.length < 12) throw apiErrors.PASSWORD_WEAK({ length: password.length });
  const { rows } = await app.db.batch.query<{ user_id: string }>(
    "update api.users set password_hash = $2, failed_attempts = 0, locked_until = null where login = $1 returning user_id",
    [login.toLowerCase(), await hash(password, ARGON)],
  );
  const user = rows[0];
  if (!user) throw apiErrors.USER_NOT_FOUND({ login });
  await app.db.batch.query("delete from api.sessions where user_id = $1", [user.user_id]);
}

// A hash that nobody's password has: an unknown name takes as long as a wrong password.
let decoy: Promise<string> | undefined;

/** The user whose password this is; undefined for an unknown name, a wrong password or a locked account, all alike and in like time. */
export async function checkPassword(app: App, login: string, password: string): Promise<User | undefined> {
  const { rows } = await app.db.batch.query<{
    user_id: string;
    login: string;
    name: string;
    password_hash: string;
    usable: boolean;
  }>(
    `select user_id, login, name, password_hash, is_active and (locked_until is null or locked_until < $2) as usable
     from api.users where login = $1`,
    [login.trim().toLowerCase().slice(0, 120), app.clock()],
  );
  const row = rows[0];
  decoy ??= hash(newId(), ARGON);
  const right = await verify(row?.password_hash ?? (await decoy), password.slice(0, 512));
  if (!row) return undefined;
  if (!right || !row.usable) {
    await app.db.batch.query(
      `update api.users set failed_attempts = failed_attempts + 1,
         locked_until = case when failed_attempts + 1 >= $2 then $3::timestamptz + make_interval(mins => $4) else locked_until end
       where user_id = $1`,
      [row.user_id, MAX_FAILURES, app.clock(), LOCK_MINUTES],
    );
    return undefined;
  }
  await app.db.batch.query("update api.users set failed_attempts = 0, locked_until = null where user_id = $1", [
    row.user_id,
  ]);
  return { id: row.user_id, login: row.login, name: row.name };
}

/** The roles of a user, by ULB id. */
export async function rolesOf(app: App, userId: string): Promise<Map<number, Role[]>> {
  const { rows } = await app.db.batch.query<{ ulb_id: number; role: Role }>(
    "select ulb_id, role from api.user_roles where user_id = $1 order by ulb_id, role",
    [userId],
  );
  const roles = new Map<number, Role[]>();
  for (const r of rows) roles.set(r.ulb_id, [...(roles.get(r.ulb_id) ?? []), r.role]);
  return roles;
}
