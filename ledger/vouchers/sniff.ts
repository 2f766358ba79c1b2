export type AttachmentType =
  | "application/pdf"
  | "image/png"
  | "image/jpeg"
  | "text/csv"
  | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** What a file is by its content, whatever its name says; undefined for everything that is not kept with a voucher. */
export function sniffType(bytes: Uint8Array): AttachmentType | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (...head: number[]): boolean => head.every((b, i) => buffer[i] === b);
  if (buffer.subarray(0, 5).toString("latin1") === "%PDF-") return "application/pdf";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x50, 0x4b, 0x03, 0x04)) {
    // The names in a zip archive stand uncompressed. A workbook with macros is none that we keep.
    const isWorkbook = buffer.includes("[Content_Types].xml") && buffer.includes("xl/workbook.xml");
    return isWorkbook && !buffer.includes("vbaProject.bin")
      ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
      : undefined;
  }
  return isCsv(buffer) ? "text/csv" : undefined;
}

function isCsv(buffer: Buffer): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    return false;
  }
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) return false;
  // Markup and scripts are text too; a table has a separator in its first line and does not begin with a tag.
  const first = /^[^\r\n]*/.exec(text.trimStart())?.[0] ?? "";
  return /[,;\t]/.test(first) && !/^\s*[<#]/.test(first);
}
