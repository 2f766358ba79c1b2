import { audit } from "../../ledger/kernel/audit.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { profileOf, type ColumnMapping, type ColumnRole } from "../parsers/preview.ts";
import { BANK_PROFILES, type BankProfile, type DateForm } from "../profiles.ts";
import { columnErrors } from "./errors.ts";
import { profileIdOf } from "./mapping.ts";

/** A bank profile that the ULB made: one version of it. Versions are only added. */
export type OwnProfile = ColumnMapping & { readonly createdBy: string; readonly createdAt: Date };

/** The ULB's own profiles with all their versions, in the order in which they were made. */
export async function listOwnProfiles(read: Read): Promise<OwnProfile[]> {
  const rows = await read.query<{
    id: string;
    version: number;
    bank: string;
    titles: string[];
    roles: (ColumnRole | null)[];
    date_form: DateForm;
    createdBy: string;
    createdAt: Date;
  }>(
    `select profile_id as id, version, bank, titles, roles, date_form, created_by as "createdBy", created_at as "createdAt"
     from reconciliation.bank_profiles where ulb_id = :ulb
     order by created_at, profile_id, version`,
    { ulb: read.ulb.id },
  );
  return rows.map(({ date_form, roles, ...r }) => ({
    ...r,
    roles: roles.map((role) => role ?? undefined),
    dates: [date_form],
  }));
}

/** The same, as the readers of tables take them. */
export async function ownProfiles(read: Read): Promise<BankProfile[]> {
  return (await listOwnProfiles(read)).flatMap((p) => profileOf(p) ?? []);
}

/** The name and the version that a profile of this bank would have. Raises PROFILE_BANK. */
export async function nextProfile(read: Read, bank: string): Promise<Pick<ColumnMapping, "id" | "version" | "bank">> {
  const name = bank.replace(/\s+/g, " ").trim();
  const id = profileIdOf(
    name,
    BANK_PROFILES.map((p) => p.id),
  );
  if (name.length < 2 || name.length > 100 || id === "") throw columnErrors.PROFILE_BANK({ bank: name.slice(0, 100) });
  const row = await read.queryOne<{ version: number | null }>(
    "select max(version) as version from reconciliation.bank_profiles where ulb_id = :ulb and profile_id = :id",
    { ulb: read.ulb.id, id },
  );
  return { id, version: (row?.version ?? 0) + 1, bank: name };
}

/**
 * Adds a version of a profile, by whoever is logged in; one that says the same as the newest adds nothing and gives that. Earlier versions stay,
 * so that files of the older layout are still read.
 */
export async function saveProfile(tx: Tx, mapping: ColumnMapping): Promise<ColumnMapping> {
  // Versions count up one by one, whoever saves at the same moment.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext('bank-profile ' || :id))", {
    ulb: tx.ulb.id,
    id: mapping.id,
  });
  const versions = (await listOwnProfiles(tx)).filter((p) => p.id === mapping.id);
  const newest = versions.at(-1);
  if (newest && isSame(newest, mapping)) return newest;
  const version = (newest?.version ?? 0) + 1;
  await tx.query(
    `insert into reconciliation.bank_profiles (ulb_id, profile_id, version, bank, titles, roles, date_form, created_by, created_at)
     values (:ulb, :id, :version, :bank, :titles::text[], :roles::text[], :form, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: mapping.id,
      version,
      bank: mapping.bank,
      titles: [...mapping.titles],
      roles: mapping.roles.map((r) => r ?? null),
      form: mapping.dates[0],
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "save",
    subject: "bank-profile",
    subjectId: `${mapping.id}@${version}`,
    after: {
      bank: mapping.bank,
      titles: mapping.titles,
      roles: mapping.roles.map((r) => r ?? null),
      dates: mapping.dates,
    },
  });
  return { ...mapping, version };
}

const isSame = (a: ColumnMapping, b: ColumnMapping): boolean =>
  JSON.stringify([a.bank, a.titles, a.roles.map((r) => r ?? null), a.dates]) ===
  JSON.stringify([b.bank, b.titles, b.roles.map((r) => r ?? null), b.dates]);
