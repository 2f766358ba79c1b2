import { audit } from "../kernel/audit.ts";
import { financialYear, localDate } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { inDryRun, type App, type Read, type Tx, type Who } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { importErrors } from "./errors.ts";
import { importOpeningBalances } from "./opening.ts";
import { importPublishedBalances, importPublishedIncome } from "./published.ts";
import type { BookImport, ImportKind } from "./report.ts";
import { importVouchers } from "./vouchers.ts";

/** What a person may say beside a file; what a kind has no use for is left out. Texts, as they were typed. */
export type ImportDraftOptions = {
  readonly date?: string;
  readonly fy?: string;
  readonly entity?: string;
  readonly defaultFunction?: string;
  readonly addAccounts?: boolean;
  readonly balanceToFund?: boolean;
};

export type ImportDraft = {
  readonly id: string;
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly options: ImportDraftOptions;
  readonly status: "waiting" | "imported" | "declined";
  readonly preparedBy: string;
  readonly preparedAt: Date;
  readonly decidedBy: string | null;
  readonly reason: string | null;
};

const COLUMNS = `draft_id as id, kind, file_name as "fileName", options, status, prepared_by as "preparedBy", prepared_at as "preparedAt",
  decided_by as "decidedBy", reason`;

/** Keeps a file for a second person. It is not judged here: show what `previewImport` says of it. */
export async function handInImport(
  tx: Tx,
  file: {
    readonly kind: ImportKind;
    readonly fileName: string;
    readonly content: Uint8Array;
    readonly options: ImportDraftOptions;
  },
): Promise<string> {
  const id = newId();
  await tx.query(
    `insert into ledger.import_drafts (ulb_id, draft_id, kind, file_name, content, options, prepared_by, prepared_at)
     values (:ulb, :id, :kind, :file_name, :content, :options, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      kind: file.kind,
      file_name: file.fileName,
      content: Buffer.from(file.content),
      options: JSON.stringify(file.options),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "hand-in",
    subject: "import",
    subjectId: id,
    after: { kind: file.kind, file: file.fileName },
  });
  return id;
}

/** Files handed in, newest first, at most 100. */
export async function listImportDrafts(read: Read): Promise<ImportDraft[]> {
  return read.query<ImportDraft>(
    `select ${COLUMNS} from ledger.import_drafts where ulb_id = :ulb order by prepared_at desc, draft_id limit 100`,
    { ulb: read.ulb.id },
  );
}

/** Raises IMPORT_DRAFT_NOT_FOUND. */
export async function getImportDraft(read: Read, id: string): Promise<ImportDraft> {
  const draft = await read.queryOne<ImportDraft>(
    `select ${COLUMNS} from ledger.import_drafts where ulb_id = :ulb and draft_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!draft) throw importErrors.IMPORT_DRAFT_NOT_FOUND({ draft: id });
  return draft;
}

/** What importing the file would come to, now; nothing is written. Raises what the import of its kind raises. */
export async function previewImport(app: App, who: Who, draft: ImportDraft): Promise<BookImport> {
  return inDryRun(app, who, (tx) => importDraft(tx, draft));
}

async function importDraft(tx: Tx, draft: ImportDraft, preparedBy?: string): Promise<BookImport> {
  const row = await tx.queryOne<{ content: Buffer }>(
    "select content from ledger.import_drafts where ulb_id = :ulb and draft_id = :id::uuid",
    { ulb: tx.ulb.id, id: draft.id },
  );
  const content = row?.content ?? Buffer.alloc(0);
  const { options } = draft;
  const common = { fileName: draft.fileName, preparedBy };
  const date = options.date === undefined ? undefined : localDate(options.date);
  switch (draft.kind) {
    case "opening-balances":
      return importOpeningBalances(tx, content, { ...common, ...options, date });
    case "vouchers":
      return importVouchers(tx, content, { ...common, ...options });
    case "published-balances":
      return importPublishedBalances(tx, content, { ...common, entity: options.entity, date });
    case "published-income":
      return importPublishedIncome(tx, content, {
        ...common,
        fy: financialYear(options.fy ?? ""),
        function: options.defaultFunction,
      });
  }
}

/**
 * The second person imports the file. A file that is not sound any more stays waiting, with the report that says why.
 * Raises IMPORT_DRAFT_NOT_FOUND, IMPORT_DRAFT_DECIDED, IMPORT_MAKER_IS_CHECKER.
 */
export async function approveImport(tx: Tx, id: string): Promise<BookImport> {
  const draft = await waiting(tx, id);
  if (draft.preparedBy === tx.actor.id)
    throw importErrors.IMPORT_MAKER_IS_CHECKER({ file: draft.fileName, actor: tx.actor.id });
  await decide(tx, draft, "imported", null);
  const report = await importDraft(tx, draft, draft.preparedBy);
  if (report.status === "refused")
    await tx.query(
      `update ledger.import_drafts set status = 'waiting', decided_by = null, decided_at = null where ulb_id = :ulb and draft_id = :id::uuid`,
      { ulb: tx.ulb.id, id },
    );
  return report;
}

/** Raises IMPORT_DRAFT_NOT_FOUND, IMPORT_DRAFT_DECIDED, REASON_MISSING. */
export async function declineImport(tx: Tx, id: string, reason: string): Promise<void> {
  const draft = await waiting(tx, id);
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `declining ${draft.fileName}` });
  await decide(tx, draft, "declined", reason.trim());
}

async function waiting(tx: Tx, id: string): Promise<ImportDraft> {
  await tx.query("select 1 from ledger.import_drafts where ulb_id = :ulb and draft_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const draft = await getImportDraft(tx, id);
  if (draft.status !== "waiting")
    throw importErrors.IMPORT_DRAFT_DECIDED({
      file: draft.fileName,
      status: draft.status,
      by: draft.decidedBy ?? "somebody",
    });
  return draft;
}

async function decide(
  tx: Tx,
  draft: ImportDraft,
  status: "imported" | "declined",
  reason: string | null,
): Promise<void> {
  await tx.query(
    `update ledger.import_drafts set status = :status, decided_by = :actor, decided_at = :now, reason = :reason
     where ulb_id = :ulb and draft_id = :id::uuid`,
    { ulb: tx.ulb.id, id: draft.id, status, actor: tx.actor.id, now: tx.clock(), reason },
  );
  await audit(tx, {
    action: status === "imported" ? "import" : "decline",
    subject: "import",
    subjectId: draft.id,
    ...(reason === null ? {} : { reason }),
  });
}
