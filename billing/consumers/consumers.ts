import type { Paise } from "../../ledger/kernel/money.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import { billingErrors } from "../errors.ts";
import { serviceOn } from "../tax-heads.ts";

/** Who is billed for one service: a property, a water connection. `code` is unique within the service. */
export type Consumer = {
  readonly id: string;
  readonly service: Service;
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly mobile: string | null;
  readonly email: string | null;
  readonly address: string;
  readonly ward: string;
  readonly isActive: boolean;
  /** Unapplied credit in paise. */
  readonly advance: Paise;
};

export type ConsumerDraft = {
  readonly service: Service;
  readonly code: string;
  readonly name: string;
  readonly nameLocal?: string | null;
  readonly mobile?: string | null;
  readonly email?: string | null;
  readonly address: string;
  readonly ward: string;
};

export const CONSUMER_COLUMNS = `consumer_id as id, service, code, name, name_local as "nameLocal", mobile, email, address, ward,
  is_active as "isActive", advance`;

/** Raises CONSUMER_NOT_FOUND, also for a consumer of another ULB. */
export async function getConsumer(read: Read, id: string): Promise<Consumer> {
  if (!isUuid(id)) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: id.slice(0, 60) });
  const consumer = await read.queryOne<Consumer>(
    `select ${CONSUMER_COLUMNS} from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!consumer) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: id });
  return consumer;
}

/** These consumers, in no order. */
export async function consumersOf(read: Read, ids: readonly string[]): Promise<Consumer[]> {
  return read.query<Consumer>(
    `select ${CONSUMER_COLUMNS} from billing.consumers where ulb_id = :ulb and consumer_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids: [...new Set(ids)] },
  );
}

/** Consumers of a service in the order in which papers are carried out: by ward, then by code; at most `limit` (500) after the place given. */
export async function consumersByWard(
  read: Read,
  page: {
    readonly service: Service;
    readonly ward?: string;
    readonly after?: { readonly ward: string; readonly code: string };
    readonly limit?: number;
  },
): Promise<{ readonly id: string; readonly ward: string; readonly code: string }[]> {
  return read.query(
    `select consumer_id as id, ward, code from billing.consumers
     where ulb_id = :ulb and service = :service and (ward, code) > (:after_ward, :after_code) and (:ward::text is null or ward = :ward)
     order by ward, code limit :row_limit`,
    {
      ulb: read.ulb.id,
      service: page.service,
      ward: page.ward ?? null,
      after_ward: page.after?.ward ?? page.ward ?? "",
      after_code: page.after?.code ?? "",
      row_limit: Math.min(page.limit ?? 100, 500),
    },
  );
}

/** Raises CONSUMER_NOT_FOUND. */
export async function getConsumerByCode(read: Read, service: Service, code: string): Promise<Consumer> {
  const consumer = await read.queryOne<Consumer>(
    `select ${CONSUMER_COLUMNS} from billing.consumers where ulb_id = :ulb and service = :service and code = :code`,
    { ulb: read.ulb.id, service, code },
  );
  if (!consumer) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: `${service} ${code}` });
  return consumer;
}

/** A page of all consumers of a service in the order of their codes, after the cursor; at most `limit` (500). */
export async function listConsumers(
  read: Read,
  page: { readonly service: Service; readonly ward?: string; readonly after?: string; readonly limit?: number },
): Promise<Consumer[]> {
  return read.query<Consumer>(
    `select ${CONSUMER_COLUMNS} from billing.consumers
     where ulb_id = :ulb and service = :service and code > :after and (:ward::text is null or ward = :ward)
     order by code limit :row_limit`,
    {
      ulb: read.ulb.id,
      service: page.service,
      after: page.after ?? "",
      ward: page.ward ?? null,
      row_limit: Math.min(page.limit ?? 100, 500),
    },
  );
}

/** Enters one consumer. Raises SERVICE_UNKNOWN, CONSUMER_EXISTS. Files come through importConsumers. */
export async function addConsumer(tx: Tx, draft: ConsumerDraft): Promise<Consumer> {
  await serviceOn(
    tx,
    draft.service,
    dateInIndia(tx.clock()) > tx.ulb.startsOn ? dateInIndia(tx.clock()) : tx.ulb.startsOn,
  );
  const id = newId();
  try {
    await insertConsumers(tx, [{ ...draft, id }]);
  } catch (error) {
    if (violatedRule(error) === "consumer_code_is_unique") {
      throw billingErrors.CONSUMER_EXISTS({ service: draft.service, code: draft.code });
    }
    throw error;
  }
  await audit(tx, { action: "add", subject: "consumer", subjectId: id, after: { ...draft } });
  return getConsumer(tx, id);
}

/** Set-based: as many rows as an import has. */
export async function insertConsumers(
  tx: Tx,
  consumers: readonly (ConsumerDraft & { readonly id: string })[],
): Promise<void> {
  await tx.query(
    `insert into billing.consumers (ulb_id, consumer_id, service, code, name, name_local, mobile, email, address, ward, created_at, created_by)
     select :ulb, c.id, c.service, c.code, c.name, c.name_local, c.mobile, c.email, c.address, c.ward, :now, :actor
     from unnest(:ids::uuid[], :services::text[], :codes::text[], :names::text[], :names_local::text[], :mobiles::text[], :emails::text[],
       :addresses::text[], :wards::text[]) as c (id, service, code, name, name_local, mobile, email, address, ward)`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      ids: consumers.map((c) => c.id),
      services: consumers.map((c) => c.service),
      codes: consumers.map((c) => c.code),
      names: consumers.map((c) => c.name),
      names_local: consumers.map((c) => c.nameLocal ?? null),
      mobiles: consumers.map((c) => c.mobile ?? null),
      emails: consumers.map((c) => c.email ?? null),
      addresses: consumers.map((c) => c.address),
      wards: consumers.map((c) => c.ward),
    },
  );
}
