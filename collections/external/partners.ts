import { postingAccount } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";

export type PartnerChannel = "bbps" | "upi-aggregator" | "portal";

/** Somebody who takes money for the ULB: a biller's operating unit of BBPS, an aggregator of UPI, a portal of the State. */
export type Partner = {
  readonly partner: string;
  readonly name: string;
  readonly channel: PartnerChannel;
  /** The actor of its access tokens: nobody else posts for it. */
  readonly actor: string;
  readonly clearingAccount: string;
  readonly isActive: boolean;
};

const COLUMNS = `partner, name, channel, actor, clearing_account as "clearingAccount", is_active as "isActive"`;

/** All partners of the ULB, by their codes. */
export async function listPartners(read: Read): Promise<Partner[]> {
  return read.query<Partner>(
    `select ${COLUMNS} from collections.external_partners where ulb_id = :ulb order by partner limit 200`,
    { ulb: read.ulb.id },
  );
}

/** Names a partner or changes one, on record. Its money stands in `clearingAccount` (the posting map's bbps-clearing) until it is paid over. Raises PARTNER_INVALID. */
export async function setPartner(
  tx: Tx,
  partner: {
    readonly partner: string;
    readonly name: string;
    readonly channel: PartnerChannel;
    readonly actor: string;
    readonly clearingAccount?: string;
    readonly isActive?: boolean;
  },
): Promise<Partner> {
  const refuse = (problem: string): never => {
    throw collectionErrors.PARTNER_INVALID({ problem });
  };
  if (!/^[a-z0-9][a-z0-9-]{1,30}$/.test(partner.partner))
    refuse(`"${partner.partner.slice(0, 40)}" is no code of small letters, digits and "-"`);
  if (partner.name.trim() === "") refuse("it has no name");
  if (!/^[A-Za-z0-9@._:-]{3,100}$/.test(partner.actor))
    refuse(`"${partner.actor.slice(0, 60)}" is no actor of an access token`);
  const taken = await tx.queryOne<{ partner: string }>(
    "select partner from collections.external_partners where ulb_id = :ulb and actor = :actor and partner <> :partner",
    { ulb: tx.ulb.id, actor: partner.actor, partner: partner.partner },
  );
  if (taken) refuse(`${partner.actor} posts for ${taken.partner}`);
  const account = partner.clearingAccount ?? (await postingAccount(tx, "bbps-clearing"));
  const row = await tx.queryOne<Partner>(
    `insert into collections.external_partners (ulb_id, partner, name, channel, actor, clearing_account, is_active, set_at, set_by)
     values (:ulb, :partner, :name, :channel, :actor, :account, :is_active, :now, :by)
     on conflict (ulb_id, partner) do update set name = excluded.name, channel = excluded.channel, actor = excluded.actor,
       clearing_account = excluded.clearing_account, is_active = excluded.is_active, set_at = excluded.set_at, set_by = excluded.set_by
     returning ${COLUMNS}`,
    {
      ulb: tx.ulb.id,
      partner: partner.partner,
      name: partner.name.trim().slice(0, 200),
      channel: partner.channel,
      actor: partner.actor,
      account,
      is_active: partner.isActive ?? true,
      now: tx.clock(),
      by: tx.actor.id,
    },
  );
  await audit(tx, { action: "set", subject: "external-partner", subjectId: partner.partner, after: { ...partner } });
  if (!row) throw collectionErrors.PARTNER_INVALID({ problem: "it was not kept" });
  return row;
}

/** A partner by its code. Raises PARTNER_UNKNOWN. */
export async function getPartner(read: Read, code: string): Promise<Partner> {
  const row = await read.queryOne<Partner>(
    `select ${COLUMNS} from collections.external_partners where ulb_id = :ulb and partner = :code`,
    { ulb: read.ulb.id, code },
  );
  if (!row) throw collectionErrors.PARTNER_UNKNOWN({ partner: code.slice(0, 40) });
  return row;
}

/** The partner that the acting access token posts for. Raises PARTNER_NOT_FOUND, also for one that is switched off. */
export async function partnerOf(read: Read): Promise<Partner> {
  const row = await read.queryOne<Partner>(
    `select ${COLUMNS} from collections.external_partners where ulb_id = :ulb and actor = :actor and is_active`,
    { ulb: read.ulb.id, actor: read.actor.id },
  );
  if (!row) throw collectionErrors.PARTNER_NOT_FOUND({ actor: read.actor.id });
  return row;
}
