import { readCsv, type CsvInput, type CsvRow } from "../../ledger/kernel/csv.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { reporter, type ImportReport, lockImports, recordImport, wasImported } from "../imports.ts";
import { lockConsumers } from "../register.ts";
import type { Rules } from "../rates/compile.ts";
import { readFacts } from "../rates/facts.ts";
import { rulesOn } from "../rates/files.ts";
import type { Input } from "../rates/format.ts";

type Raw = Readonly<Record<string, unknown>>;
/** What the rates ask of a consumer: attributes, and lists of units, owners … Numbers are text. */
export type KnownFacts = { readonly attributes: Raw; readonly lists: Readonly<Record<string, readonly Raw[]>> };

/** One version of what is known of a consumer. */
export type FactsVersion = KnownFacts & {
  readonly validFrom: LocalDate;
  readonly version: number;
  readonly authority: string;
  readonly setAt: Date;
  readonly setBy: string;
};

export type FactsDraft = KnownFacts & {
  readonly consumerId: string;
  readonly validFrom: LocalDate;
  /** The order, survey or file that says so. */
  readonly authority: string;
};

/**
 * Adds versions of what is known of consumers; earlier ones stay. What is asked and allowed is said by the rule file of the service in force on
 * `validFrom`. Set-based. Raises RULES_FACTS, RULES_NOT_IN_FORCE, CONSUMER_NOT_FOUND.
 */
export async function setConsumerFacts(tx: Tx, drafts: readonly FactsDraft[]): Promise<void> {
  const consumers = await lockConsumers(
    tx,
    drafts.map((d) => d.consumerId),
  );
  const rules = rulesBy(tx);
  for (const d of drafts) {
    const service = consumers.get(d.consumerId)?.service ?? "";
    readFacts((await rules(service, d.validFrom)).file, d);
  }
  await insertFacts(tx, drafts);
}

async function insertFacts(tx: Tx, drafts: readonly FactsDraft[]): Promise<void> {
  if (drafts.length === 0) return;
  await tx.query(
    `insert into billing.consumer_facts (ulb_id, consumer_id, valid_from, version, facts, authority, set_at, set_by)
     select :ulb::integer, n.id, n.valid_from,
       1 + coalesce((select max(f.version) from billing.consumer_facts f
         where f.ulb_id = :ulb and f.consumer_id = n.id and f.valid_from = n.valid_from), 0),
       n.facts::jsonb, n.authority, :now::timestamptz, :actor
     from unnest(:ids::uuid[], :froms::date[], :facts::text[], :authorities::text[]) as n (id, valid_from, facts, authority)`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      ids: drafts.map((d) => d.consumerId),
      froms: drafts.map((d) => d.validFrom),
      facts: drafts.map((d) => JSON.stringify({ attributes: d.attributes, lists: d.lists })),
      authorities: drafts.map((d) => d.authority),
    },
  );
}

/** Every version of what is known of a consumer, the newest first. */
export async function factsHistory(read: Read, consumerId: string): Promise<FactsVersion[]> {
  return read.query<FactsVersion>(
    `select valid_from as "validFrom", version, facts -> 'attributes' as attributes, coalesce(facts -> 'lists', '{}'::jsonb) as lists, authority,
       set_at as "setAt", set_by as "setBy"
     from billing.consumer_facts where ulb_id = :ulb and consumer_id = :id::uuid order by valid_from desc, version desc`,
    { ulb: read.ulb.id, id: consumerId },
  );
}

/** What held of a consumer on a day; null where nothing is known by then. */
export async function factsOn(read: Read, consumerId: string, on: LocalDate): Promise<KnownFacts | null> {
  const versions = await factsHistory(read, consumerId);
  return versions.find((v) => v.validFrom <= on) ?? null;
}

/** Rules of a service on a day, asked once. */
function rulesBy(read: Read): (service: string, on: LocalDate) => Promise<Rules> {
  const asked = new Map<string, Promise<Rules>>();
  return (service, on) => {
    const key = `${service}/${on}`;
    const rules = asked.get(key) ?? rulesOn(read, service, on);
    asked.set(key, rules);
    return rules;
  };
}

/** Beside these, a column for every attribute, named as in the rule file (in any case). */
export const FACTS_CSV = ["service", "consumer_code", "valid_from", "list"] as const;
type FactsRow = CsvRow<string>;

/**
 * Enters what rates ask of consumers from a CSV file: the columns FACTS_CSV and one for each attribute. A row without `list` holds the
 * consumer's attributes, a row with one (`units`, `owners`) one item of it. What a file does not say stays as it was: an empty cell keeps the
 * attribute, and a list without rows is kept. All or nothing; every bad row is listed; the same file again adds nothing.
 */
export async function importConsumerFacts(
  tx: Tx,
  input: CsvInput,
  options: { readonly fileName?: string } = {},
): Promise<ImportReport> {
  const fileName = options.fileName ?? "consumer-facts.csv";
  const text = typeof input === "string" ? input : await collected(input);
  const header = await readCsv(text.slice(0, 100_000).split("\n").slice(0, 2).join("\n"), FACTS_CSV);
  const file = await readCsv(text, [...FACTS_CSV, ...header.furtherColumns]);
  const report = reporter(fileName, file.rows.length);
  if (file.problems.length > 0) return report.refused(file.problems);
  await lockImports(tx, "consumer-facts");
  if (await wasImported(tx, "consumer-facts", file.hash)) return report.again();

  const problems: Problem[] = [];
  const say = (row: FactsRow, column: string | null, code: string, message: string): void => {
    const at = `line ${row.line}${column === null ? "" : `, ${column}`}`;
    problems.push({ code, line: row.line, ...(column === null ? {} : { column }), message: `${at}: ${message}` });
  };
  const groups = groupBy(file.rows as readonly FactsRow[], ({ cells: c }) =>
    [c["service"], c["consumer_code"], c["valid_from"]].join("\u0001"),
  );
  const known = await knownOf(
    tx,
    [...groups.values()].flatMap((rows) => rows[0] ?? []),
  );
  const rules = rulesBy(tx);
  const drafts: FactsDraft[] = [];
  const made: { line: number; id: string }[] = [];
  for (const rows of groups.values()) {
    const [first] = rows;
    if (!first) continue;
    const cell = (name: string): string => first.cells[name] ?? "";
    const consumer = known.get(`${cell("service")}\u0001${cell("consumer_code")}`);
    if (!consumer) {
      say(
        first,
        "consumer_code",
        "CONSUMER_NOT_FOUND",
        `there is no ${cell("service")} consumer ${cell("consumer_code")}`,
      );
      continue;
    }
    try {
      const validFrom = localDate(cell("valid_from"));
      const { file: asked } = await rules(cell("service"), validFrom);
      const before = consumer.versions.find((v) => v.valid_from <= validFrom)?.facts;
      const attributes: Record<string, unknown> = { ...before?.attributes };
      const lists: Record<string, Record<string, unknown>[]> = {};
      for (const row of rows) {
        const list = row.cells["list"] ?? "";
        const inputs = list === "" ? asked.inputs : asked.lists[list]?.inputs;
        if (!inputs) {
          say(
            row,
            "list",
            "RULES_FACTS",
            `"${list}" is not a list of ${asked.id} (${Object.keys(asked.lists).join(", ")})`,
          );
          continue;
        }
        const item: Record<string, unknown> = list === "" ? attributes : {};
        if (list !== "") lists[list] = [...(lists[list] ?? []), item];
        for (const column of header.furtherColumns) {
          const value = row.cells[column] ?? "";
          if (value === "") continue;
          const name = Object.keys(inputs).find((n) => n.toLowerCase() === column);
          if (name === undefined) {
            say(
              row,
              column,
              "RULES_FACTS",
              `${asked.id} asks for no ${column} ${list === "" ? "of a consumer" : `in ${list}`}`,
            );
          } else item[name] = typed(value, inputs[name]);
        }
      }
      const draft: FactsDraft = {
        consumerId: consumer.id,
        validFrom,
        attributes,
        lists: { ...before?.lists, ...lists },
        authority: `file ${fileName}`,
      };
      readFacts(asked, draft);
      drafts.push(draft);
      for (const row of rows) made.push({ line: row.line, id: consumer.id });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { problems: each } = error.facts as { problems?: readonly string[] };
      for (const message of each ?? [error.detail]) say(first, null, error.code, message);
    }
  }
  if (problems.length > 0) return report.refused(problems);
  await insertFacts(tx, drafts);
  await recordImport(tx, "consumer-facts", file.hash, fileName, file.rows.length, made.length, made);
  return report.imported(made.length, 0);
}

/** A cell as its attribute takes it; yes and no in words or letters, everything else stays text and is judged as such. */
function typed(cell: string, input: Input | undefined): string | boolean {
  if (input?.type !== "yes-no") return cell;
  if (/^(yes|y|true|1)$/i.test(cell)) return true;
  return /^(no|n|false|0)$/i.test(cell) ? false : cell;
}

type Known = {
  readonly id: string;
  readonly versions: readonly { readonly valid_from: LocalDate; readonly facts: KnownFacts }[];
};

async function knownOf(tx: Tx, rows: readonly FactsRow[]): Promise<ReadonlyMap<string, Known>> {
  const found = await tx.query<Known & { service: string; code: string }>(
    `select c.consumer_id as id, c.service, c.code, coalesce((
         select jsonb_agg(jsonb_build_object('valid_from', f.valid_from, 'facts', f.facts) order by f.valid_from desc, f.version desc)
         from billing.consumer_facts f where f.ulb_id = c.ulb_id and f.consumer_id = c.consumer_id
       ), '[]'::jsonb) as versions
     from (select distinct * from unnest(:services::text[], :codes::text[]) as n (service, code)) as n
     join billing.consumers c on c.ulb_id = :ulb and c.service = n.service and c.code = n.code`,
    {
      ulb: tx.ulb.id,
      services: rows.map((r) => r.cells["service"]),
      codes: rows.map((r) => r.cells["consumer_code"]),
    },
  );
  return new Map(found.map((f) => [`${f.service}\u0001${f.code}`, f]));
}

async function collected(input: Exclude<CsvInput, string>): Promise<string> {
  if (input instanceof Uint8Array) return new TextDecoder().decode(input);
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of input) text += typeof part === "string" ? part : decoder.decode(part, { stream: true });
  return text + decoder.decode();
}
