import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { invariant } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { AssessedPeriod, Assessment, Step } from "../rates/assessment.ts";
import { explain, type Explained, type Language } from "../rates/explain.ts";
import { getRuleFile, rulesOf, type LoadedRuleFile } from "../rates/files.ts";
import { assessmentJson } from "../rates/read.ts";
import { runErrors } from "./errors.ts";

/** An assessment is some kilobytes of JSON that repeat themselves from consumer to consumer: so many together shrink to a tenth. */
export const IN_A_CHUNK = 50;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** A chunk as it is stored, made outside of any transaction: the arithmetic of so many demands of a batch, in their order. */
export type PackedAssessments = { readonly count: number; readonly content: Buffer };

/** Packs assessments in their order. They are text at once, and may be forgotten. */
export async function packAssessments(assessments: readonly Assessment[]): Promise<PackedAssessments> {
  const json = JSON.stringify(assessments.map(assessmentJson));
  return { count: assessments.length, content: await deflate(json, { level: 1 }) };
}

/** Keeps the arithmetic of the demands of a batch beside them: the chunks, one after another, are of the demands in their order. */
export async function keepAssessments(
  tx: Tx,
  batch: { readonly batchId: string; readonly ruleFileId: string; readonly demandIds: readonly string[] },
  packed: readonly PackedAssessments[],
): Promise<void> {
  let at = 0;
  const ids = packed.map((p) => {
    const named = batch.demandIds.slice(at, (at += p.count));
    return `{${named.join(",")}}`;
  });
  invariant(at === batch.demandIds.length, "every assessment has its demand");
  await tx.query(
    `insert into billing.assessments (ulb_id, batch_id, chunk_no, rule_file_id, demand_ids, content)
     select :ulb::integer, :batch::uuid, c.no, :rule_file::uuid, c.ids::uuid[], c.content
     from unnest(:ids::text[], :contents::bytea[]) with ordinality as c (ids, content, no)`,
    {
      ulb: tx.ulb.id,
      batch: batch.batchId,
      rule_file: batch.ruleFileId,
      ids,
      contents: packed.map((p) => p.content),
    },
  );
}

/** The arithmetic that made a demand, as it was kept, and the rule file that it followed. */
export type KeptAssessment = {
  readonly demandId: string;
  readonly ruleFile: LoadedRuleFile;
  readonly period: AssessedPeriod;
  readonly heads: readonly { readonly head: string; readonly amount: string }[];
  readonly demand: string;
  readonly steps: readonly Step[];
  readonly json: Readonly<Record<string, unknown>>;
};

/** Raises ASSESSMENT_NOT_FOUND for a demand that no rules made. */
export async function assessmentOf(read: Read, demandId: string): Promise<KeptAssessment> {
  const row = isUuid(demandId)
    ? await read.queryOne<{ rule_file_id: string; place: number; content: Buffer }>(
        `select a.rule_file_id, array_position(a.demand_ids, d.demand_id) as place, a.content
         from billing.demands d
         join billing.assessments a on a.ulb_id = d.ulb_id and d.demand_id = any(a.demand_ids)
           and a.batch_id = case d.source_type when 'demand-batch' then d.source_id::uuid end
         where d.ulb_id = :ulb and d.demand_id = :id::uuid`,
        { ulb: read.ulb.id, id: demandId },
      )
    : undefined;
  if (!row) throw runErrors.ASSESSMENT_NOT_FOUND({ demand: demandId.slice(0, 40) });
  const all = JSON.parse((await inflate(row.content)).toString("utf8")) as Record<string, unknown>[];
  const json = all[row.place - 1];
  invariant(json, "a chunk holds an assessment for every demand that it names");
  const kept = json as unknown as Pick<KeptAssessment, "period" | "heads" | "demand" | "steps">;
  return {
    demandId,
    ruleFile: await getRuleFile(read, row.rule_file_id),
    period: kept.period,
    heads: kept.heads,
    demand: kept.demand,
    steps: kept.steps,
    json,
  };
}

/** Which of these demands were made by rules, so that their arithmetic is kept. */
export async function assessedOf(read: Read, demandIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await read.query<{ id: string }>(
    `select d.demand_id as id from billing.demands d
     where d.ulb_id = :ulb and d.demand_id = any(:ids::uuid[]) and d.source_type = 'demand-batch' and exists (
       select 1 from billing.assessments a
       where a.ulb_id = d.ulb_id and a.batch_id = case d.source_type when 'demand-batch' then d.source_id::uuid end
         and d.demand_id = any(a.demand_ids)
     )`,
    { ulb: read.ulb.id, ids: demandIds.filter(isUuid) },
  );
  return new Set(rows.map((r) => r.id));
}

/** "Why this amount?": the kept arithmetic in words, line by line. Raises ASSESSMENT_NOT_FOUND. */
export async function explainDemand(
  read: Read,
  demandId: string,
  language: Language,
): Promise<{ readonly assessment: KeptAssessment; readonly lines: readonly Explained[] }> {
  const assessment = await assessmentOf(read, demandId);
  const rules = await rulesOf(read, assessment.ruleFile.id);
  return { assessment, lines: explain(rules, assessment, language) };
}
