import { looksLikeBai2, readBai2 } from "./bai2.ts";
import { isBareBiff, readBiff8, type SheetResult } from "./biff8.ts";
import { looksLikeCamt, readCamt } from "./camt.ts";
import { readDelimited } from "./csv.ts";
import { looksLikeHtml, readHtmlTable } from "./html.ts";
import { looksLikeMt940, readMt940 } from "./mt940.ts";
import { isOle2 } from "./ole2.ts";
import { looksLikeOfx, readOfx } from "./ofx.ts";
import { prove, type ParseOptions, type ParseResult } from "./prove.ts";
import { looksLikeSettlementReport, readSettlementReport } from "./razorpay.ts";
import { LIMITS, unreadable, type Reading, type StatementFormat } from "./reading.ts";
import { readTable } from "./table.ts";
import { decodeText } from "./text.ts";
import { isZip, readXlsx } from "./xlsx.ts";

/**
 * Reads a file of any known format, told by its content and never by its name. Pure: bytes in; out come the statements with every line and
 * balance the file has, or why it cannot be read. Whether the figures prove is `prove`'s to say.
 */
export async function readStatementFile(bytes: Uint8Array, options: ParseOptions = {}): Promise<Reading> {
  if (bytes.length > LIMITS.bytes)
    return unreadable(
      undefined,
      "STATEMENT_TOO_LARGE",
      `the file has ${bytes.length} bytes; at most ${LIMITS.bytes} are read`,
    );
  if (bytes.length === 0) return unreadable(undefined, "STATEMENT_EMPTY", "the file is empty");
  if (isZip(bytes)) return sheet("xlsx", await readXlsx(bytes), options);
  if (isOle2(bytes) || isBareBiff(bytes)) return sheet("xls", readBiff8(bytes), options);
  if (bytes[0] === 0x25 && bytes[1] === 0x50 && bytes[2] === 0x44 && bytes[3] === 0x46)
    return unreadable(
      undefined,
      "STATEMENT_FORMAT",
      "this is a PDF; ask the bank for the statement as CSV, Excel, MT940 or camt.053",
    );
  const text = decodeText(bytes);
  if (looksLikeOfx(text)) return readOfx(text);
  if (looksLikeCamt(text)) return readCamt(text.replace(/^\uFEFF/, ""));
  if (looksLikeHtml(text)) return sheet("html", readHtmlTable(text), options);
  if (looksLikeSettlementReport(text)) return readSettlementReport(text);
  if (looksLikeMt940(text)) return readMt940(text);
  if (looksLikeBai2(text)) return readBai2(text);
  return readDelimited(text, options);
}

/** Reads a file and proves it: the one door through which a statement of any format comes. */
export async function parseStatementFile(bytes: Uint8Array, options: ParseOptions = {}): Promise<ParseResult> {
  const reading = await readStatementFile(bytes, options);
  if (reading.format === "razorpay")
    return {
      ok: false,
      problems: [
        {
          code: "STATEMENT_FORMAT",
          message: "this is a settlement report of the payment gateway, not a statement of the bank",
        },
      ],
    };
  return prove(reading, options);
}

function sheet(format: StatementFormat, found: SheetResult, options: ParseOptions): Reading {
  if (!found.ok) return unreadable(format, found.code, found.message);
  return readTable(found.rows, format, options);
}
