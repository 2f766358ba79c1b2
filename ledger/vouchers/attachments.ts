import { createHash } from "node:crypto";
import { audit } from "../kernel/audit.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { voucherErrors } from "./errors.ts";
import { sniffType, type AttachmentType } from "./sniff.ts";
import { lockVoucher, recordStep } from "./steps.ts";

const MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024;
const MAX_ATTACHMENTS = 20;

export type Attachment = {
  readonly number: number;
  readonly fileName: string;
  readonly mediaType: AttachmentType;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  readonly attachedBy: string;
  readonly attachedAt: Date;
};

const COLUMNS = `number, file_name as "fileName", media_type as "mediaType", byte_count as bytes, encode(sha256, 'hex') as sha256,
  attached_by as "attachedBy", attached_at as "attachedAt"`;

/** The files of a voucher, without their content. */
export async function listAttachments(read: Read, voucherId: string): Promise<Attachment[]> {
  return read.query<Attachment>(
    `select ${COLUMNS} from ledger.voucher_attachments where ulb_id = :ulb and voucher_id = :id order by number`,
    { ulb: read.ulb.id, id: voucherId },
  );
}

/** One file with its content. Raises ATTACHMENT_NOT_FOUND. */
export async function getAttachment(
  read: Read,
  voucherId: string,
  number: number,
): Promise<Attachment & { readonly content: Buffer }> {
  const row = await read.queryOne<Attachment & { content: Buffer }>(
    `select ${COLUMNS}, content from ledger.voucher_attachments
     where ulb_id = :ulb and voucher_id = :id and number = :number`,
    { ulb: read.ulb.id, id: voucherId, number },
  );
  if (!row) throw voucherErrors.ATTACHMENT_NOT_FOUND({ voucher: voucherId, number });
  return row;
}

/**
 * Adds a file (PDF, PNG, JPEG, CSV, XLSX by its content; at most 10 MB, 20 to a voucher) to a voucher that is not rejected or cancelled; to one
 * that is approved too, for papers that come late. Raises VOUCHER_NOT_FOUND, VOUCHER_STATUS, ATTACHMENT_SIZE, ATTACHMENT_TYPE,
 * ATTACHMENTS_TOO_MANY.
 */
export async function addAttachment(
  tx: Tx,
  voucherId: string,
  file: { readonly fileName: string; readonly content: Uint8Array },
): Promise<Attachment> {
  const fileName = nameOf(file.fileName);
  const bytes = file.content.byteLength;
  if (bytes === 0 || bytes > MAX_ATTACHMENT_BYTES) throw voucherErrors.ATTACHMENT_SIZE({ file: fileName, bytes });
  const mediaType = sniffType(file.content);
  if (!mediaType) throw voucherErrors.ATTACHMENT_TYPE({ file: fileName });
  const voucher = await lockVoucher(
    tx,
    voucherId,
    undefined,
    ["draft", "sent-back", "submitted", "approved"],
    "given files",
  );
  const taken = new Set((await listAttachments(tx, voucherId)).map((a) => a.number));
  let number = 1;
  while (taken.has(number)) number += 1;
  if (number > MAX_ATTACHMENTS) throw voucherErrors.ATTACHMENTS_TOO_MANY({ voucher: voucherId });
  const sha256 = createHash("sha256").update(file.content).digest();
  await tx.query(
    `insert into ledger.voucher_attachments (ulb_id, voucher_id, number, file_name, media_type, byte_count, sha256, content, attached_by, attached_at)
     values (:ulb, :id, :number, :file_name, :media_type, :bytes, :hash, :content, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: voucherId,
      number,
      file_name: fileName,
      media_type: mediaType,
      bytes,
      hash: sha256,
      content: Buffer.from(file.content.buffer, file.content.byteOffset, bytes),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await recordStep(tx, voucherId, "attached", voucher.version, `${number}: ${fileName}`);
  await audit(tx, {
    action: "attach",
    subject: "voucher",
    subjectId: voucherId,
    after: { number, fileName, bytes, sha256: sha256.toString("hex") },
  });
  return {
    number,
    fileName,
    mediaType,
    bytes,
    sha256: sha256.toString("hex"),
    attachedBy: tx.actor.id,
    attachedAt: tx.clock(),
  };
}

/** Takes a file away from a draft that was never submitted. Raises ATTACHMENT_NOT_FOUND, ATTACHMENT_STAYS. */
export async function removeAttachment(tx: Tx, voucherId: string, number: number): Promise<void> {
  const voucher = await lockVoucher(
    tx,
    voucherId,
    undefined,
    ["draft", "submitted", "sent-back", "approved", "rejected", "cancelled"],
    "changed",
  );
  const found = (await listAttachments(tx, voucherId)).find((a) => a.number === number);
  if (!found) throw voucherErrors.ATTACHMENT_NOT_FOUND({ voucher: voucherId, number });
  if (voucher.submittedBy !== null) throw voucherErrors.ATTACHMENT_STAYS({ voucher: voucherId, number });
  await tx.query(
    "delete from ledger.voucher_attachments where ulb_id = :ulb and voucher_id = :id and number = :number",
    { ulb: tx.ulb.id, id: voucherId, number },
  );
  await recordStep(tx, voucherId, "detached", voucher.version, `${number}: ${found.fileName}`);
  await audit(tx, {
    action: "detach",
    subject: "voucher",
    subjectId: voucherId,
    before: { number, fileName: found.fileName, sha256: found.sha256 },
  });
}

/** The last part of a path, without characters that a header or a shell would stumble over. */
function nameOf(given: string): string {
  const last = given.split(/[\\/]/).pop() ?? "";
  const clean = last.replace(/[\u0000-\u001f\u007f"]/g, "").trim();
  return clean === "" ? "file" : clean.slice(0, 200);
}
