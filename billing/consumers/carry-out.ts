import { cr, dr, postEntry } from "../../ledger/index.ts";
import type { Json } from "../../ledger/kernel/audit.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, negate, paise, sum, toRupees } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { transferSanctioned } from "../changes/approve.ts";
import { insertAdvances } from "../register.ts";
import { billingErrors } from "../errors.ts";
import { services } from "../tax-heads.ts";
import type { ConsumerChange } from "./change.ts";
import { insertConsumers, type Consumer } from "./consumers.ts";
import { insertOwners, type Owner } from "./owners.ts";
import { FIELDS, nameOf, type PlannedChange } from "./plan.ts";

/** The source of the entry by which an advance goes over. */
const CHANGE_SOURCE = "consumer-change";

type Done = { readonly before: Json; readonly after: Json };

/** Does what was planned, and says what was before and what is after. */
export async function carryOut(tx: Tx, change: ConsumerChange, planned: PlannedChange): Promise<Done> {
  switch (planned.does) {
    case "mutation":
      return mutate(tx, change, planned);
    case "merge":
      return merge(tx, change, planned);
    case "split":
      return split(tx, change, planned);
  }
}

async function mutate(
  tx: Tx,
  change: ConsumerChange,
  planned: Extract<PlannedChange, { does: "mutation" }>,
): Promise<Done> {
  const { consumer, before, after, owners } = planned;
  const now = { ...consumer, ...after };
  await tx.query(
    `update billing.consumers
     set name = :name, name_local = :name_local, mobile = :mobile, email = :email, address = :address, ward = :ward
     where ulb_id = :ulb and consumer_id = :id::uuid`,
    {
      ulb: tx.ulb.id,
      id: consumer.id,
      name: now.name,
      name_local: now.nameLocal,
      mobile: now.mobile,
      email: now.email,
      address: now.address,
      ward: now.ward,
    },
  );
  if (owners)
    await insertOwners(tx, [{ consumerId: consumer.id, validFrom: change.date, owners: owners.after }], change.id);
  const shown = (particulars: object, of: readonly Owner[] | undefined): Json => ({
    ...(particulars as Record<string, string | null>),
    ...(of && { owners: of.map(ownerText) }),
  });
  return { before: shown(before, owners?.before), after: shown(after, owners?.after) };
}

/** Dues go over as transferred demands, the advance by an entry of its own; what was paid and billed before stays where it was. */
async function merge(
  tx: Tx,
  change: ConsumerChange,
  planned: Extract<PlannedChange, { does: "merge" }>,
): Promise<Done> {
  const { consumer, into, dues } = planned;
  if (dues.length > 0) {
    await transferSanctioned(tx, change.proposedBy, change.proposedAt, {
      date: change.date,
      reason: change.reason,
      order: change.document,
      content: {
        kind: "transfer",
        toConsumerId: into.id,
        items: dues.map(({ demandId, taxHead }) => ({ demandId, taxHead })),
      },
    });
  }
  if (consumer.advance > 0n) await handOverAdvance(tx, change, consumer, into);
  await insertLineage(tx, change, consumer.id, [into.id]);
  await takeOutOfUse(tx, consumer.id);
  const figures = { dues: toRupees(sum(dues.map((d) => d.outstanding))), advance: toRupees(consumer.advance) };
  return {
    before: { [consumer.code]: figures, [into.code]: { advance: toRupees(into.advance) } },
    after: {
      [consumer.code]: { dues: "0.00", advance: "0.00", isActive: false },
      [into.code]: { duesTakenOver: figures.dues, advance: toRupees(paise(into.advance + consumer.advance)) },
    },
  };
}

async function handOverAdvance(tx: Tx, change: ConsumerChange, from: Consumer, to: Consumer): Promise<void> {
  const setup = (await services(tx, change.date)).get(from.service);
  if (!setup) throw billingErrors.SERVICE_UNKNOWN({ service: from.service });
  const source = { type: CHANGE_SOURCE, id: change.id };
  const held = await tx.query<{ account: string; amount: bigint }>(
    `select account, sum(amount)::bigint as amount from billing.advances
     where ulb_id = :ulb and consumer_id = :id::uuid
     group by account having sum(amount) > 0 order by account`,
    { ulb: tx.ulb.id, id: from.id },
  );
  const common = { source, date: change.date };
  await insertAdvances(
    tx,
    held.flatMap(({ account, amount }) => [
      { ...common, consumerId: from.id, kind: "handed-over" as const, account, amount: negate(paise(amount)) },
      { ...common, consumerId: to.id, kind: "taken-over" as const, account, amount: paise(amount) },
    ]),
  );
  const at = (c: Consumer) => ({ fund: setup.fund, ward: c.ward, party: { type: "consumer", id: c.code } as const });
  await postEntry(tx, {
    voucher: "journal",
    date: change.date,
    narration: `Advance of ${nameOf(from)} to ${nameOf(to)}, ${formatIndian(from.advance)}, document ${change.document.number} of ${formatDate(change.document.date)}: ${change.reason}`,
    source,
    lines: held.flatMap(({ account, amount }) => [
      dr(account, paise(amount), at(from)),
      cr(account, paise(amount), at(to)),
    ]),
  });
}

async function split(
  tx: Tx,
  change: ConsumerChange,
  planned: Extract<PlannedChange, { does: "split" }>,
): Promise<Done> {
  const { consumer, parts, closes } = planned;
  const made = parts.map((p) => ({ ...p, service: consumer.service, id: newId(tx.clock().getTime()) }));
  await insertConsumers(tx, made);
  await insertOwners(
    tx,
    made.flatMap((m) => (m.owners ? [{ consumerId: m.id, validFrom: change.date, owners: m.owners }] : [])),
    change.id,
  );
  for (const part of made) {
    if (part.dues.length === 0) continue;
    await transferSanctioned(tx, change.proposedBy, change.proposedAt, {
      date: change.date,
      reason: change.reason,
      order: change.document,
      content: { kind: "transfer", toConsumerId: part.id, items: part.dues },
    });
  }
  await insertLineage(
    tx,
    change,
    consumer.id,
    made.map((m) => m.id),
  );
  if (closes) await takeOutOfUse(tx, consumer.id);
  return {
    before: { [consumer.code]: { name: consumer.name, address: consumer.address } },
    after: {
      ...Object.fromEntries(
        made.map((m) => [
          m.code,
          {
            ...Object.fromEntries(FIELDS.map((f) => [f, m[f] ?? null])),
            ...(m.owners && { owners: m.owners.map(ownerText) }),
          },
        ]),
      ),
      ...(closes && { [consumer.code]: { isActive: false } }),
    },
  };
}

async function insertLineage(tx: Tx, change: ConsumerChange, from: string, to: readonly string[]): Promise<void> {
  await tx.query(
    `insert into billing.consumer_lineage (ulb_id, change_id, kind, from_consumer_id, to_consumer_id)
     select :ulb::integer, :change::uuid, :kind, :from_id::uuid, t.id from unnest(:to_ids::uuid[]) as t (id)`,
    { ulb: tx.ulb.id, change: change.id, kind: change.kind, from_id: from, to_ids: to },
  );
}

async function takeOutOfUse(tx: Tx, consumerId: string): Promise<void> {
  await tx.query(`update billing.consumers set is_active = false where ulb_id = :ulb and consumer_id = :id::uuid`, {
    ulb: tx.ulb.id,
    id: consumerId,
  });
}

const ownerText = (o: Owner): string =>
  `${o.name} ${o.share}${o.guardian ? ` (${o.relation ?? ""} ${o.guardian})` : ""}`;
