import type { Tx } from "../kernel/tx.ts";
import type { FileFacts, ImportKind } from "./report.ts";

/** Two imports of a kind follow each other, so that the second sees what the first added. */
export async function lockImports(tx: Tx, kind: ImportKind): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended(:name, :ulb::bigint))", {
    name: `ledger.import.${kind}`,
    ulb: tx.ulb.id,
  });
}

export async function wasImported(tx: Tx, kind: ImportKind, hash: string): Promise<boolean> {
  const row = await tx.queryOne(
    "select 1 from ledger.import_files where ulb_id = :ulb and kind = :kind and file_hash = :hash",
    { ulb: tx.ulb.id, kind, hash },
  );
  return row !== undefined;
}

/** What a voucher of a file is called, where it begins, and the source under which its entry stands. */
export type Reference = {
  readonly line: number;
  readonly reference: string;
  readonly source: { readonly type: string; readonly id: string };
};

/** Keeps the file's name and what each of its vouchers is called. It comes before the posting, which takes its numbers last. */
export async function recordImport(
  tx: Tx,
  file: FileFacts,
  references: readonly Reference[],
  preparedBy?: string,
): Promise<void> {
  await tx.query(
    `insert into ledger.import_files (ulb_id, kind, file_hash, file_name, row_count, entry_count, imported_at, imported_by, prepared_by)
     values (:ulb, :kind, :hash, :file_name, :row_count, :entry_count, :now, :actor, :prepared_by)`,
    {
      ulb: tx.ulb.id,
      kind: file.kind,
      hash: file.hash,
      file_name: file.fileName,
      row_count: file.rows,
      entry_count: references.length,
      now: tx.clock(),
      actor: tx.actor.id,
      prepared_by: preparedBy ?? null,
    },
  );
  if (references.length === 0) return;
  await tx.query(
    `insert into ledger.import_references (ulb_id, kind, file_hash, line_no, reference, source_type, source_id)
     select :ulb::integer, :kind, :hash, r.line_no, r.reference, r.source_type, r.source_id
     from unnest(:lines::integer[], :refs::text[], :source_types::text[], :source_ids::text[]) as r (line_no, reference, source_type, source_id)`,
    {
      ulb: tx.ulb.id,
      kind: file.kind,
      hash: file.hash,
      lines: references.map((r) => r.line),
      refs: references.map((r) => r.reference),
      source_types: references.map((r) => r.source.type),
      source_ids: references.map((r) => r.source.id),
    },
  );
}

/** The files read into these books, newest first, at most 100. */
export async function listImportFiles(read: Pick<Tx, "query" | "ulb">): Promise<
  {
    readonly kind: ImportKind;
    readonly fileName: string;
    readonly rows: number;
    readonly entries: number;
    readonly importedAt: Date;
    readonly importedBy: string;
    readonly preparedBy: string | null;
  }[]
> {
  return read.query(
    `select kind, file_name as "fileName", row_count as rows, entry_count as entries, imported_at as "importedAt", imported_by as "importedBy",
       prepared_by as "preparedBy"
     from ledger.import_files
     where ulb_id = :ulb
     order by imported_at desc, file_hash
     limit 100`,
    { ulb: read.ulb.id },
  );
}
