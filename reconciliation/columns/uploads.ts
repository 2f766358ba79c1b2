import { createHash } from "node:crypto";
import { getAccount } from "../../ledger/index.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { previewTable, type TablePreview } from "../parsers/preview.ts";
import { readStatementFile } from "../parsers/read.ts";
import { columnErrors } from "./errors.ts";

/** A file whose columns a person has not named yet. It is no statement: nothing of it stands in the books or in the bank's chain. */
export type HeldFile = {
  readonly id: string;
  readonly account: string;
  readonly fileName: string;
  readonly bytes: Buffer;
  readonly uploadedBy: string;
  readonly uploadedAt: Date;
};

const HELD_DAYS = 7;
/** Formats that name their own fields. */
const MESSAGES = new Set(["mt940", "mt942", "camt", "bai2", "ofx", "razorpay"]);

/**
 * Keeps a file with a table until its columns are named, for seven days at most. The same file of the same account is held once.
 * Raises UPLOAD_NO_TABLE, ACCOUNT_NOT_FOUND.
 */
export async function holdFile(
  tx: Tx,
  input: { readonly account: string; readonly fileName: string; readonly bytes: Uint8Array },
): Promise<{ readonly id: string }> {
  await getAccount(tx, input.account);
  const file = (input.fileName.trim() || "the file").slice(0, 200);
  const reading = await readStatementFile(input.bytes);
  if (reading.format !== undefined && MESSAGES.has(reading.format))
    throw columnErrors.UPLOAD_NO_TABLE({
      file,
      why: `it is ${reading.format.toUpperCase()}, which names its fields itself; import it as it is`,
    });
  const preview = await previewTable(input.bytes);
  if (!preview?.rows.some((r) => r.cells.length > 2))
    throw columnErrors.UPLOAD_NO_TABLE({
      file,
      why: reading.ok
        ? "none of its rows has three columns"
        : (reading.problems[0]?.message ?? "it is neither text with separators nor a spreadsheet"),
    });
  const now = tx.clock();
  const sha256 = createHash("sha256").update(input.bytes).digest("hex");
  await tx.query(
    `delete from reconciliation.statement_uploads
     where ulb_id = :ulb and (uploaded_at < :now::timestamptz - make_interval(days => :days::integer) or (account = :account and sha256 = :sha))`,
    { ulb: tx.ulb.id, now, days: HELD_DAYS, account: input.account, sha: sha256 },
  );
  const id = newId(now.getTime());
  await tx.query(
    `insert into reconciliation.statement_uploads (ulb_id, upload_id, account, file_name, sha256, bytes, uploaded_by, uploaded_at)
     values (:ulb, :id, :account, :name, :sha, :bytes, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      account: input.account,
      name: file,
      sha: sha256,
      bytes: Buffer.from(input.bytes),
      actor: tx.actor.id,
      now,
    },
  );
  return { id };
}

/** A held file with its first rows and what they seem to be. Raises UPLOAD_UNKNOWN. */
export async function heldFile(read: Read, uploadId: string): Promise<HeldFile & { readonly preview: TablePreview }> {
  const row = isUuid(uploadId)
    ? await read.queryOne<HeldFile>(
        `select upload_id::text as id, account, file_name as "fileName", bytes, uploaded_by as "uploadedBy", uploaded_at as "uploadedAt"
         from reconciliation.statement_uploads
         where ulb_id = :ulb and upload_id = :id::uuid and uploaded_at >= :now::timestamptz - make_interval(days => :days::integer)`,
        { ulb: read.ulb.id, id: uploadId, now: read.clock(), days: HELD_DAYS },
      )
    : undefined;
  const preview = row && (await previewTable(row.bytes));
  if (!row || !preview) throw columnErrors.UPLOAD_UNKNOWN({ upload: uploadId.slice(0, 60), days: HELD_DAYS });
  return { ...row, preview };
}

/** Lets go of a held file: it was imported, or nobody wants it. */
export async function discardFile(tx: Tx, uploadId: string): Promise<void> {
  if (!isUuid(uploadId)) return;
  await tx.query("delete from reconciliation.statement_uploads where ulb_id = :ulb and upload_id = :id::uuid", {
    ulb: tx.ulb.id,
    id: uploadId,
  });
}
