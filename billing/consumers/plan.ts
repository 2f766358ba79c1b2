import { formatDate, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, subtract, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { planChange } from "../changes/carry-out.ts";
import { lineKey } from "../due.ts";
import { openDues, type OpenDue } from "../dues.ts";
import { billingErrors } from "../errors.ts";
import { lockConsumers } from "../register.ts";
import type { ConsumerChangeContent, ConsumerChangeKind, Particulars, SplitPart } from "./change.ts";
import { getConsumer, type Consumer } from "./consumers.ts";
import { consumerErrors } from "./errors.ts";
import { checkOwners, ownersOn, ownerVersions, type Owner } from "./owners.ts";
import { isEmail, isMobile, wardsOf } from "./particulars.ts";

/* What a change of a consumer will do, decided under locks; what cannot be is refused with its figures. Nothing is written here. */

type Moved = { readonly demandId: string; readonly taxHead: string; readonly amount?: Paise };

export type PlannedChange = { readonly consumer: Consumer } & (
  | {
      readonly does: "mutation";
      readonly before: Partial<Particulars>;
      readonly after: Partial<Particulars>;
      readonly owners: { readonly before: readonly Owner[]; readonly after: readonly Owner[] } | null;
    }
  | { readonly does: "merge"; readonly into: Consumer; readonly dues: readonly OpenDue[] }
  | {
      readonly does: "split";
      readonly parts: readonly (Particulars & {
        readonly code: string;
        readonly owners: readonly Owner[] | null;
        readonly dues: readonly Moved[];
      })[];
      readonly closes: boolean;
    }
);

/** Raises what the kinds raise: CONSUMER_NOT_FOUND, CONSUMER_INACTIVE, CONSUMER_CHANGE_DATE, CONSUMER_CHANGE_VALUE, CONSUMER_MERGE, and so on. */
export async function planConsumerChange(
  tx: Tx,
  content: ConsumerChangeContent,
  on: LocalDate,
): Promise<PlannedChange> {
  await lockConsumers(tx, [content.consumerId, ...(content.kind === "merge" ? [content.intoConsumerId] : [])]);
  if (on > dateInIndia(tx.clock())) throw wrongDay(content.kind, on, "the day has not come");
  switch (content.kind) {
    case "mutation":
      return planMutation(tx, content, on);
    case "merge":
      return planMerge(tx, content, on);
    case "split":
      return planSplit(tx, content);
  }
}

async function planMutation(
  tx: Tx,
  content: Extract<ConsumerChangeContent, { kind: "mutation" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const consumer = await inUse(tx, content.consumerId);
  const owners = content.owners ? checkOwners(content.owners) : null;
  if (owners) {
    const [last] = await ownerVersions(tx, consumer.id);
    if (last && on < last.validFrom)
      throw wrongDay("mutation", on, `its owners are those of ${formatDate(last.validFrom)} already`);
  }
  const named = owners === null || content.to.name !== undefined ? {} : namedAfter(owners);
  const to = await checkParticulars(tx, { ...named, ...content.to });
  const changed = FIELDS.filter((f) => to[f] !== undefined && to[f] !== consumer[f]);
  if (changed.length === 0 && owners === null)
    throw consumerErrors.CONSUMER_CHANGE_EMPTY({ consumer: nameOf(consumer) });
  return {
    does: "mutation",
    consumer,
    before: Object.fromEntries(changed.map((f) => [f, consumer[f]])),
    after: Object.fromEntries(changed.map((f) => [f, to[f]])),
    owners: owners && { before: await ownersOn(tx, consumer.id, on), after: owners },
  };
}

async function planMerge(
  tx: Tx,
  content: Extract<ConsumerChangeContent, { kind: "merge" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const consumer = await inUse(tx, content.consumerId);
  const into = await inUse(tx, content.intoConsumerId);
  const refuse = (problem: string) =>
    consumerErrors.CONSUMER_MERGE({ from: nameOf(consumer), into: nameOf(into), problem });
  const dues = await openDues(tx, consumer.id);
  const due = formatIndian(sum(dues.map((d) => d.outstanding)));
  if (consumer.id === into.id) throw refuse("it is the same consumer");
  if (consumer.service !== into.service) {
    const advance = formatIndian(consumer.advance);
    throw refuse(
      `they are of different services; its dues of ${due} and its advance of ${advance} are of ${consumer.service}`,
    );
  }
  if (consumer.advance > 0n) {
    const moved = await tx.queryOne<{ last: LocalDate }>(
      `select max(on_date) as last from billing.advances where ulb_id = :ulb and consumer_id = :id::uuid`,
      { ulb: tx.ulb.id, id: consumer.id },
    );
    if (moved && on < moved.last) {
      throw refuse(
        `its advance of ${formatIndian(consumer.advance)} was last moved on ${formatDate(moved.last)}; date the merge on or after that`,
      );
    }
  }
  if (dues.length > 0)
    await planChange(
      tx,
      { kind: "transfer", toConsumerId: into.id, items: dues.map(({ demandId, taxHead }) => ({ demandId, taxHead })) },
      on,
    );
  return { does: "merge", consumer, into, dues };
}

async function planSplit(tx: Tx, content: Extract<ConsumerChangeContent, { kind: "split" }>): Promise<PlannedChange> {
  const consumer = await inUse(tx, content.consumerId);
  const refuse = (problem: string) => consumerErrors.CONSUMER_SPLIT({ consumer: nameOf(consumer), problem });
  const { into, closes = false } = content;
  if (into.length === 0 || into.length > MOST_SPLIT)
    throw refuse(`it is split into 1 to ${MOST_SPLIT} new consumers, not ${into.length}`);
  const codes = into.map((p) => p.code.trim());
  const twice = codes.find((c, i) => codes.indexOf(c) !== i);
  if (twice !== undefined) throw refuse(`the number ${twice} is given twice`);
  const badCode = codes.find((c) => c === "" || c.length > 60);
  if (badCode !== undefined) throw refuse(`"${badCode}" is not a number of 1 to 60 characters`);
  const [known] = await tx.query<{ code: string }>(
    `select code from billing.consumers where ulb_id = :ulb and service = :service and code = any(:codes::text[]) order by code limit 1`,
    { ulb: tx.ulb.id, service: consumer.service, codes },
  );
  if (known) throw billingErrors.CONSUMER_EXISTS({ service: consumer.service, code: known.code });
  checkDuesOfParts(into, await openDues(tx, consumer.id), refuse);
  const parts = [];
  for (const part of into) {
    const { code, owners, dues, ...particulars } = part;
    const checked = await checkParticulars(tx, particulars);
    parts.push({
      ...particulars,
      ...checked,
      code: code.trim(),
      owners: owners ? checkOwners(owners) : null,
      dues: dues ?? [],
    });
  }
  return { does: "split", consumer, parts, closes };
}

const MOST_SPLIT = 50;

/** No more goes with the new consumers than is due. */
function checkDuesOfParts(
  into: readonly SplitPart[],
  open: readonly OpenDue[],
  refuse: (problem: string) => Error,
): void {
  const left = new Map(open.map((d) => [lineKey(d), { due: d, rest: d.outstanding }]));
  for (const part of into) {
    const seen = new Set<string>();
    for (const moved of part.dues ?? []) {
      const key = lineKey(moved);
      const line = left.get(key);
      if (!line)
        throw refuse(`nothing is due under ${moved.taxHead} of demand ${moved.demandId}, 0.00 can go to ${part.code}`);
      const amount = moved.amount ?? line.due.outstanding;
      if (seen.has(key) || amount <= 0n || amount > line.rest) {
        throw refuse(
          `${formatIndian(amount)} of ${moved.taxHead} ${line.due.demandYear} cannot go to ${part.code}: ` +
            `${formatIndian(line.due.outstanding)} is due, ${formatIndian(line.rest)} of it is not given to another part`,
        );
      }
      seen.add(key);
      line.rest = subtract(line.rest, amount);
    }
  }
}

// ---------------------------------------------------------------- particulars

export const FIELDS = ["name", "nameLocal", "mobile", "email", "address", "ward"] as const;

/** What was given, trimmed, and nothing where it is empty. Raises CONSUMER_CHANGE_VALUE. */
async function checkParticulars(tx: Tx, to: Partial<Particulars>): Promise<Partial<Particulars>> {
  const wards = to.ward === undefined ? new Set<string>() : await wardsOf(tx);
  const given = FIELDS.filter((f) => to[f] !== undefined).map((field) => {
    const value = to[field]?.trim() ?? "";
    const refuse = (rule: string) => consumerErrors.CONSUMER_CHANGE_VALUE({ field, value: value.slice(0, 80), rule });
    if ((field === "name" || field === "ward") && value === "") throw refuse("it is not left empty");
    if (field === "ward" && wards.size > 0 && !wards.has(value))
      throw refuse(`not one of the ${wards.size} wards of this ULB`);
    if (field === "mobile" && value !== "" && !isMobile(value))
      throw refuse("not an Indian mobile number of ten digits");
    if (field === "email" && value !== "" && !isEmail(value)) throw refuse("not an e-mail address");
    const isOptional = field === "nameLocal" || field === "mobile" || field === "email";
    return [field, value === "" && isOptional ? null : value] as const;
  });
  return Object.fromEntries(given);
}

/** "Asha", "Asha and Ravi", "Asha, Ravi and Meena"; in the local script if all owners have a name in it. */
function namedAfter(owners: readonly Owner[]): Partial<Particulars> {
  const locals = owners.flatMap((o) => (o.nameLocal === null ? [] : [o.nameLocal]));
  const names = owners.map((o) => o.name);
  const joined = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}` : names.join("");
  return { name: joined, nameLocal: locals.length === owners.length ? locals.join(", ") : null };
}

/** Raises CONSUMER_NOT_FOUND, CONSUMER_INACTIVE. */
async function inUse(tx: Tx, id: string): Promise<Consumer> {
  const consumer = await getConsumer(tx, id);
  if (consumer.isActive) return consumer;
  const merged = await tx.queryOne<{ code: string; on_date: LocalDate }>(
    `select c.code, g.change_date as on_date
     from billing.consumer_lineage l
     join billing.consumers c on c.ulb_id = l.ulb_id and c.consumer_id = l.to_consumer_id
     join billing.consumer_changes g on g.ulb_id = l.ulb_id and g.change_id = l.change_id
     where l.ulb_id = :ulb and l.from_consumer_id = :id::uuid and l.kind = 'merge'`,
    { ulb: tx.ulb.id, id },
  );
  const since = merged ? `: it was merged into ${merged.code} on ${formatDate(merged.on_date)}` : "";
  throw consumerErrors.CONSUMER_INACTIVE({ consumer: nameOf(consumer), since });
}

export const nameOf = (c: { readonly service: string; readonly code: string }): string => `${c.service} ${c.code}`;

function wrongDay(kind: ConsumerChangeKind, on: LocalDate, problem: string) {
  return consumerErrors.CONSUMER_CHANGE_DATE({ kind, on: formatDate(on), problem });
}
