import { newId } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { WebhookSecret } from "../gateway/index.ts";
import { gatewayAccountErrors } from "./errors.ts";
import type { SealingKey } from "./sealing.ts";

const HOUR_MS = 3_600_000;
/** The gateway lets the old key work for a day after a roll. */
const KEY_OVERLAP_MS = 24 * HOUR_MS;
/** Retries of events from before a rotation are signed with the old secret; replays reach back seven days. */
const WEBHOOK_OVERLAP_MS = 7 * 24 * HOUR_MS;

type Kind = "key" | "webhook";

export type NewGatewayAccount = {
  readonly name: string;
  /** For this service only; for all that have none of their own unless given. */
  readonly serviceCode?: string;
  readonly merchantId?: string;
  readonly baseUrl?: string;
  readonly keyId: string;
  readonly keySecret: string;
  readonly webhookSecret: string;
};

/** What may be shown of an account: everything but its secrets. */
export type GatewayAccount = {
  readonly id: string;
  readonly name: string;
  readonly serviceCode: string | null;
  readonly merchantId: string | null;
  readonly baseUrl: string | null;
  readonly isActive: boolean;
  readonly keyId: string;
  readonly keyVersion: number;
  readonly webhookVersion: number;
  /** Until when the credentials before these are good; null when there are none. */
  readonly oldKeyUntil: Date | null;
  readonly oldWebhookUntil: Date | null;
  readonly createdAt: Date;
};

/** What opens the gateway; it stays in memory. */
export type OpenedAccount = {
  readonly id: string;
  readonly name: string;
  readonly serviceCode: string | null;
  readonly baseUrl: string | null;
  readonly keyId: string;
  readonly keySecret: string;
  /** Key secrets that still sign what the browser brings back from a checkout begun before the roll. */
  readonly oldKeySecrets: readonly { readonly secret: string; readonly validUntil: Date }[];
  readonly webhookSecrets: readonly WebhookSecret[];
};

const contextOf = (ulbId: number, accountId: string, kind: Kind, version: number): string =>
  `gateway/${ulbId}/${accountId}/${kind}/${version}`;

function checkSecret(what: string, secret: string): void {
  if (secret.length < 8) throw gatewayAccountErrors.GATEWAY_SECRET_SHORT({ what, characters: secret.length });
}

/** Adds an account with its first key and webhook secret, sealed. Raises GATEWAY_ACCOUNT_EXISTS, GATEWAY_SECRET_SHORT. */
export async function addGatewayAccount(tx: Tx, key: SealingKey, account: NewGatewayAccount): Promise<GatewayAccount> {
  checkSecret("key secret", account.keySecret);
  checkSecret("webhook secret", account.webhookSecret);
  const id = newId();
  const rows = await tx.query(
    `insert into collections.gateway_accounts
       (ulb_id, account_id, name, service_code, merchant_id, base_url, created_at, created_by)
     values (:ulb, :id, :name, :service, :merchant, :base_url, :now, :actor)
     on conflict do nothing
     returning account_id`,
    {
      ulb: tx.ulb.id,
      id,
      name: account.name,
      service: account.serviceCode ?? null,
      merchant: account.merchantId ?? null,
      base_url: account.baseUrl ?? null,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  if (rows.length === 0)
    throw gatewayAccountErrors.GATEWAY_ACCOUNT_EXISTS({
      name: account.name,
      service: account.serviceCode === undefined ? "all services" : `service ${account.serviceCode}`,
    });
  await addCredential(tx, key, { id, kind: "key", version: 1, keyId: account.keyId, secret: account.keySecret });
  await addCredential(tx, key, { id, kind: "webhook", version: 1, keyId: null, secret: account.webhookSecret });
  return getGatewayAccount(tx, account.name);
}

async function addCredential(
  tx: Tx,
  key: SealingKey,
  c: {
    readonly id: string;
    readonly kind: Kind;
    readonly version: number;
    readonly keyId: string | null;
    readonly secret: string;
  },
): Promise<void> {
  await tx.query(
    `insert into collections.gateway_credentials
       (ulb_id, account_id, kind, version, key_id, sealed, valid_from, created_by)
     values (:ulb, :id, :kind, :version, :key_id, :sealed, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id: c.id,
      kind: c.kind,
      version: c.version,
      key_id: c.keyId,
      sealed: key.seal(c.secret, contextOf(tx.ulb.id, c.id, c.kind, c.version)),
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
}

/** A new key; the one before it is good for 24 hours more. Raises GATEWAY_ACCOUNT_NOT_FOUND, GATEWAY_SECRET_SHORT. */
export async function rotateGatewayKey(
  tx: Tx,
  key: SealingKey,
  name: string,
  fresh: { readonly keyId: string; readonly keySecret: string },
): Promise<GatewayAccount> {
  checkSecret("key secret", fresh.keySecret);
  return rotate(tx, key, name, "key", KEY_OVERLAP_MS, fresh.keyId, fresh.keySecret);
}

/** A new webhook secret; the one before it is believed for seven days more. Raises GATEWAY_ACCOUNT_NOT_FOUND, GATEWAY_SECRET_SHORT. */
export async function rotateWebhookSecret(
  tx: Tx,
  key: SealingKey,
  name: string,
  secret: string,
): Promise<GatewayAccount> {
  checkSecret("webhook secret", secret);
  return rotate(tx, key, name, "webhook", WEBHOOK_OVERLAP_MS, null, secret);
}

async function rotate(
  tx: Tx,
  key: SealingKey,
  name: string,
  kind: Kind,
  overlapMs: number,
  keyId: string | null,
  secret: string,
): Promise<GatewayAccount> {
  const account = await tx.queryOne<{ id: string }>(
    `select account_id as id from collections.gateway_accounts
     where ulb_id = :ulb and name = :name and is_active for update`,
    { ulb: tx.ulb.id, name },
  );
  if (!account) throw gatewayAccountErrors.GATEWAY_ACCOUNT_NOT_FOUND({ name });
  const last = await tx.queryOne<{ version: number }>(
    `update collections.gateway_credentials set valid_until = :until
     where ulb_id = :ulb and account_id = :id and kind = :kind and valid_until is null
     returning version`,
    { ulb: tx.ulb.id, id: account.id, kind, until: new Date(tx.clock().getTime() + overlapMs) },
  );
  await addCredential(tx, key, { id: account.id, kind, version: (last?.version ?? 0) + 1, keyId, secret });
  return getGatewayAccount(tx, name);
}

/** Accounts of the ULB, the general one first, then by service; no secret among what is given. */
export async function listGatewayAccounts(read: Read): Promise<GatewayAccount[]> {
  return read.query<GatewayAccount>(
    `select a.account_id as id, a.name, a.service_code as "serviceCode", a.merchant_id as "merchantId", a.base_url as "baseUrl",
       a.is_active as "isActive", k.key_id as "keyId", k.version as "keyVersion", w.version as "webhookVersion",
       (select max(c.valid_until) from collections.gateway_credentials c
        where c.ulb_id = a.ulb_id and c.account_id = a.account_id and c.kind = 'key' and c.valid_until > :now) as "oldKeyUntil",
       (select max(c.valid_until) from collections.gateway_credentials c
        where c.ulb_id = a.ulb_id and c.account_id = a.account_id and c.kind = 'webhook' and c.valid_until > :now) as "oldWebhookUntil",
       a.created_at as "createdAt"
     from collections.gateway_accounts a
     join collections.gateway_credentials k
       on k.ulb_id = a.ulb_id and k.account_id = a.account_id and k.kind = 'key' and k.valid_until is null
     join collections.gateway_credentials w
       on w.ulb_id = a.ulb_id and w.account_id = a.account_id and w.kind = 'webhook' and w.valid_until is null
     where a.ulb_id = :ulb
     order by a.service_code nulls first, a.name`,
    { ulb: read.ulb.id, now: read.clock() },
  );
}

async function getGatewayAccount(read: Read, name: string): Promise<GatewayAccount> {
  const found = (await listGatewayAccounts(read)).find((a) => a.name === name);
  if (!found) throw gatewayAccountErrors.GATEWAY_ACCOUNT_NOT_FOUND({ name });
  return found;
}

/** Live accounts with their secrets of now opened: for the process that talks to the gateway. Raises GATEWAY_SECRET_UNREADABLE. */
export async function openGatewayAccounts(read: Read, key: SealingKey): Promise<OpenedAccount[]> {
  const rows = await read.query<{
    id: string;
    name: string;
    service: string | null;
    base_url: string | null;
    kind: Kind;
    version: number;
    key_id: string | null;
    sealed: Buffer;
    valid_until: Date | null;
  }>(
    `select a.account_id as id, a.name, a.service_code as service, a.base_url, c.kind, c.version, c.key_id, c.sealed, c.valid_until
     from collections.gateway_accounts a
     join collections.gateway_credentials c on c.ulb_id = a.ulb_id and c.account_id = a.account_id
     where a.ulb_id = :ulb and a.is_active and (c.valid_until is null or c.valid_until > :now)
     order by a.service_code nulls first, a.name, c.kind, c.version desc`,
    { ulb: read.ulb.id, now: read.clock() },
  );
  const opened = new Map<string, OpenedAccount>();
  for (const row of rows) {
    const secret = key.open(row.sealed, contextOf(read.ulb.id, row.id, row.kind, row.version));
    if (secret === undefined)
      throw gatewayAccountErrors.GATEWAY_SECRET_UNREADABLE({
        account: row.name,
        kind: row.kind === "key" ? "key" : "webhook secret",
        version: row.version,
      });
    const before: OpenedAccount = opened.get(row.id) ?? {
      id: row.id,
      name: row.name,
      serviceCode: row.service,
      baseUrl: row.base_url,
      keyId: "",
      keySecret: "",
      oldKeySecrets: [],
      webhookSecrets: [],
    };
    const until = row.valid_until === null ? {} : { validUntil: row.valid_until };
    opened.set(
      row.id,
      row.kind === "webhook"
        ? { ...before, webhookSecrets: [...before.webhookSecrets, { secret, ...until }] }
        : row.valid_until === null
          ? { ...before, keyId: row.key_id ?? "", keySecret: secret }
          : { ...before, oldKeySecrets: [...before.oldKeySecrets, { secret, validUntil: row.valid_until }] },
    );
  }
  return [...opened.values()];
}
