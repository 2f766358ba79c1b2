import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { lockConsumers, need } from "../register.ts";
import { consumerErrors } from "./errors.ts";
import { checkShares, inPartsOfTheWhole, shareOf, type Share } from "./shares.ts";

/** Who owns what a consumer stands for, and how much of it. */
export type Owner = {
  readonly name: string;
  readonly nameLocal: string | null;
  /** As it was written: "1/3", "33.5 %", "1". */
  readonly share: string;
  /** Whose son, daughter or wife the owner is, or who acts for a minor. */
  readonly guardian: string | null;
  readonly relation: Relation | null;
  readonly mobile: string | null;
};
export type Relation = "father" | "mother" | "husband" | "wife" | "guardian";

export type OwnerDraft = Pick<Owner, "name" | "share"> & Partial<Owner>;

/** All owners from a day on. */
export type OwnerVersion = {
  readonly validFrom: LocalDate;
  readonly owners: readonly Owner[];
  /** The change that brought them; null for those that were entered with the consumer. */
  readonly changeId: string | null;
  readonly recordedBy: string;
  readonly recordedAt: Date;
};

const MOST_OWNERS = 100;
const RELATIONS: readonly string[] = ["father", "mother", "husband", "wife", "guardian"];

/**
 * Enters the first owners of a consumer, from a day on; those who come after them are a mutation, by two people.
 * Raises CONSUMER_NOT_FOUND, CONSUMER_OWNERS_KNOWN, CONSUMER_OWNER, CONSUMER_OWNER_SHARES.
 */
export async function enterOwners(
  tx: Tx,
  consumerId: string,
  entered: { readonly validFrom: LocalDate; readonly owners: readonly OwnerDraft[] },
): Promise<readonly Owner[]> {
  const consumer = need((await lockConsumers(tx, [consumerId])).get(consumerId), consumerId);
  const [known] = await ownerVersions(tx, consumerId);
  if (known) {
    throw consumerErrors.CONSUMER_OWNERS_KNOWN({
      consumer: `${consumer.service} ${consumer.code}`,
      since: formatDate(known.validFrom),
    });
  }
  const owners = checkOwners(entered.owners);
  await insertOwners(tx, [{ consumerId, validFrom: entered.validFrom, owners }], null);
  await audit(tx, {
    action: "enter",
    subject: "consumer-owners",
    subjectId: consumerId,
    after: { validFrom: entered.validFrom, owners: owners.map((o) => ({ ...o })) },
  });
  return owners;
}

/** The owners on a day; none if none were entered. */
export async function ownersOn(read: Read, consumerId: string, on: LocalDate): Promise<readonly Owner[]> {
  // The latest day counts, and of versions of one day the one that was recorded last.
  const inForce = (await ownerVersions(read, consumerId)).find((v) => v.validFrom <= on);
  return inForce?.owners ?? [];
}

/** All versions of the owners, the one that counts latest first. */
export async function ownerVersions(read: Read, consumerId: string): Promise<OwnerVersion[]> {
  const rows = await read.query<Owner & Omit<OwnerVersion, "owners"> & { version: number }>(
    `select version, valid_from as "validFrom", name, name_local as "nameLocal", share, guardian, relation, mobile, change_id as "changeId",
       recorded_by as "recordedBy", recorded_at as "recordedAt"
     from billing.consumer_owners
     where ulb_id = :ulb and consumer_id = :id::uuid
     order by valid_from desc, version desc, owner_no`,
    { ulb: read.ulb.id, id: consumerId },
  );
  const versions = new Map<number, OwnerVersion & { owners: Owner[] }>();
  for (const { version, validFrom, changeId, recordedBy, recordedAt, ...owner } of rows) {
    const known = versions.get(version) ?? { validFrom, changeId, recordedBy, recordedAt, owners: [] };
    known.owners.push(owner);
    versions.set(version, known);
  }
  return [...versions.values()];
}

/** Owners as they will be kept. Raises CONSUMER_OWNER, CONSUMER_OWNER_SHARES. */
export function checkOwners(drafts: readonly OwnerDraft[]): Owner[] {
  if (drafts.length === 0 || drafts.length > MOST_OWNERS) {
    throw consumerErrors.CONSUMER_OWNER({
      owner: String(drafts.length),
      problem: `a consumer has 1 to ${MOST_OWNERS} owners`,
    });
  }
  const owners = drafts.map((d, i): Owner => {
    const refuse = (problem: string) =>
      consumerErrors.CONSUMER_OWNER({ owner: `${i + 1} (${d.name.trim().slice(0, 60)})`, problem });
    const text = (value: string | null | undefined) => value?.trim() || null;
    const name = text(d.name);
    if (name === null) throw refuse("the name is empty");
    const mobile = text(d.mobile);
    if (mobile !== null && !/^[6-9]\d{9}$/.test(mobile))
      throw refuse(`"${mobile}" is not an Indian mobile number of ten digits`);
    const [guardian, relation] = [text(d.guardian), d.relation ?? null];
    if ((guardian === null) !== (relation === null) || (relation !== null && !RELATIONS.includes(relation)))
      throw refuse(`a guardian is named with the relation (${RELATIONS.join(", ")}), and a relation with the name`);
    if (!shareOf(d.share))
      throw refuse(
        `"${d.share}" is not a share; write 1/3, 33.5 % or 1, more than nothing and not more than the whole`,
      );
    return { name, nameLocal: text(d.nameLocal), share: d.share.trim(), guardian, relation, mobile };
  });
  checkShares(
    sharesOf(owners),
    owners.map((o) => o.share),
  );
  return owners;
}

/** Checked owners of consumers that are locked, as their next versions: set-based. */
export async function insertOwners(
  tx: Tx,
  versions: readonly {
    readonly consumerId: string;
    readonly validFrom: LocalDate;
    readonly owners: readonly Owner[];
  }[],
  changeId: string | null,
): Promise<void> {
  const rows = versions.flatMap((v) => {
    const { whole, parts } = inPartsOfTheWhole(sharesOf(v.owners));
    return v.owners.map((o, i) => ({
      ...o,
      consumerId: v.consumerId,
      validFrom: v.validFrom,
      no: i + 1,
      parts: parts[i],
      whole,
    }));
  });
  if (rows.length === 0) return;
  await tx.query(
    `insert into billing.consumer_owners (ulb_id, consumer_id, version, owner_no, valid_from, name, name_local, share, parts, whole, guardian, relation,
       mobile, change_id, recorded_at, recorded_by)
     select :ulb::integer, o.id, coalesce(v.version, 0) + 1, o.owner_no, o.valid_from, o.name, o.name_local, o.share, o.parts, o.whole, o.guardian,
       o.relation, o.mobile, :change::uuid, :now::timestamptz, :actor
     from unnest(:ids::uuid[], :numbers::smallint[], :froms::date[], :names::text[], :names_local::text[], :shares::text[], :parts::numeric[],
       :wholes::numeric[], :guardians::text[], :relations::text[], :mobiles::text[])
       as o (id, owner_no, valid_from, name, name_local, share, parts, whole, guardian, relation, mobile)
     left join lateral (
       select max(version) as version from billing.consumer_owners k where k.ulb_id = :ulb and k.consumer_id = o.id
     ) as v on true`,
    {
      ulb: tx.ulb.id,
      change: changeId,
      now: tx.clock(),
      actor: tx.actor.id,
      ids: rows.map((r) => r.consumerId),
      numbers: rows.map((r) => r.no),
      froms: rows.map((r) => r.validFrom),
      names: rows.map((r) => r.name),
      names_local: rows.map((r) => r.nameLocal),
      shares: rows.map((r) => r.share),
      parts: rows.map((r) => String(r.parts)),
      wholes: rows.map((r) => String(r.whole)),
      guardians: rows.map((r) => r.guardian),
      relations: rows.map((r) => r.relation),
      mobiles: rows.map((r) => r.mobile),
    },
  );
}

const sharesOf = (owners: readonly Owner[]): Share[] => owners.map((o) => need(shareOf(o.share), o.share));
