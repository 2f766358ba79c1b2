import { createHash, randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { ulbJsonSql } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import type { Instant } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { App, Role, Tx, Ulb, Who } from "../../ledger/kernel/tx.ts";
import { v1Errors } from "./errors.ts";

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();
/** The ULB stands in the token, so that it is looked for in that ULB's rows alone. */
const TOKEN = /^nk_(\d{1,9})_[A-Za-z0-9_-]{43}$/;

/**
 * Makes a bearer token for a machine that acts as `actor` with those roles, until it expires. The token is given once and kept only as its
 * hash. Raises TOKEN_ROLES.
 */
export async function createAccessToken(
  tx: Tx,
  options: {
    readonly name: string;
    readonly actor: string;
    readonly roles: readonly Role[];
    readonly expiresAt: Instant;
  },
): Promise<{ readonly id: string; readonly token: string }> {
  if (options.roles.length === 0 || options.roles.includes("citizen"))
    throw v1Errors.TOKEN_ROLES({ roles: options.roles });
  const id = newId(tx.clock().getTime());
  const token = `nk_${tx.ulb.id}_${randomBytes(32).toString("base64url")}`;
  await tx.query(
    `insert into api.access_tokens (ulb_id, token_hash, token_id, name, actor, roles, created_at, created_by, expires_at)
     values (:ulb, :hash, :id, :name, :actor, :roles::text[], :now, :maker, :expires)`,
    {
      ulb: tx.ulb.id,
      hash: hashOf(token),
      id,
      name: options.name,
      actor: options.actor,
      roles: options.roles,
      now: tx.clock(),
      maker: tx.actor.id,
      expires: options.expiresAt,
    },
  );
  await audit(tx, {
    action: "create",
    subject: "access-token",
    subjectId: id,
    after: {
      name: options.name,
      actor: options.actor,
      roles: [...options.roles],
      expiresAt: options.expiresAt.toISOString(),
    },
  });
  return { id, token };
}

/** From now on the token opens nothing. Raises TOKEN_NOT_FOUND. */
export async function revokeAccessToken(tx: Tx, id: string, reason: string): Promise<void> {
  const rows = await tx.query(
    "update api.access_tokens set revoked_at = :now where ulb_id = :ulb and token_id = :id::uuid and revoked_at is null returning token_id",
    { ulb: tx.ulb.id, id, now: tx.clock() },
  );
  if (rows.length === 0) throw v1Errors.TOKEN_NOT_FOUND({ token: id });
  await audit(tx, { action: "revoke", subject: "access-token", subjectId: id, reason });
}

/** Who the request's bearer token speaks for; undefined without one. Raises UNAUTHENTICATED for a token that is not (or no longer) good. */
export async function authenticateToken(app: App, request: FastifyRequest): Promise<Who | undefined> {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  return whoseToken(app, /^Bearer +(\S{1,200})$/i.exec(header)?.[1] ?? "");
}

/** Who an access token speaks for. Raises UNAUTHENTICATED for one that is not (or no longer) good. */
export async function whoseToken(app: App, token: string): Promise<Who> {
  const ulbId = TOKEN.exec(token)?.[1];
  if (ulbId === undefined) throw v1Errors.UNAUTHENTICATED(undefined);
  const { rows } = await app.db.batch.query<{ actor: string; roles: Role[]; ulb: Ulb }>(
    `select t.actor, t.roles, ${ulbJsonSql("u")} as ulb
     from api.access_tokens t join ledger.ulbs u on u.ulb_id = t.ulb_id
     where t.ulb_id = $1 and t.token_hash = $2 and t.revoked_at is null and t.expires_at > $3`,
    [Number(ulbId), hashOf(token), app.clock()],
  );
  const row = rows[0];
  if (!row) throw v1Errors.UNAUTHENTICATED(undefined);
  return { ulb: row.ulb, actor: { id: row.actor, roles: row.roles } };
}
