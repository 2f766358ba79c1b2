import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { trialBalance } from "../../ledger/index.ts";
import { financialYearOf, nextFinancialYear, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { inSnapshot, type App, type Read, type Who } from "../../ledger/kernel/tx.ts";
import { exportReport, listReports } from "../exports.ts";
import { checkRange } from "../head.ts";
import { toCsv } from "../render/csv.ts";
import { TRIAL_BALANCE_COLUMNS, trialBalanceRows } from "../trial-balance.ts";
import { auditTrail, chart, journal, openings, register, registers, seals, type JournalCount } from "./contents.ts";
import {
  CHART,
  JOURNAL,
  MANIFEST,
  MANIFEST_HASH,
  OPENINGS,
  PACK_FORMAT,
  programVersion,
  README,
  SEALS,
  TRIAL_BALANCE,
  type PackManifest,
} from "./format.ts";
import { openPackZip, type PackZip } from "./pack-zip.ts";
import { readmeText } from "./readme.ts";

type Range = { readonly from: LocalDate; readonly to: LocalDate };

/** Statements are taken as people read them; JSON is for programs, which have the journal. */
const LEFT_TO_PROGRAMS = new Set(["json", "zip"]);
const ALREADY_PACKED = new Set(["pdf", "xlsx"]);

/** "nagarkosh_CODE_FROM_TO.zip". */
export function packName(ulbCode: string, range: Range): string {
  return `audit-pack_${ulbCode}_${range.from}_${range.to}.zip`;
}

/**
 * The auditors' pack of a range as a zip, written to `out` as it is made: memory does not grow with the journal. Everything is read in one
 * snapshot; what needs drawing is drawn after it. The journal holds whole financial years, so that its numbers can be counted without a gap.
 * Raises REPORT_RANGE before anything is written; later failures break the zip off.
 */
export async function writePack(app: App, who: Who, range: Range, out: Writable): Promise<PackManifest> {
  checkRange(range);
  const made = app.clock();
  const zip = openPackZip(out, made);
  try {
    const leftOut: PackManifest["leftOut"][number][] = [];
    const count: JournalCount = { entries: 0, unsealed: 0 };
    const last: { block?: { block: number; hash: string } } = {};
    const years = yearsOf(range);
    const { waiting, facts } = await inSnapshot(app, who, async (read) => {
      await zip.add(README, "how to check the pack", [readmeText(read, range, years)]);
      await zip.add(JOURNAL, "every entry of the financial years, as it was sealed", journal(read, years, count));
      await zip.add(SEALS, "the chain of seals since the books began", seals(read, years, last));
      await zip.add(CHART, "the chart of accounts", chart(read));
      await zip.add(
        OPENINGS,
        "balances at the beginning of the first financial year",
        openings(read, years[0] ?? financialYearOf(range.from)),
      );
      await zip.add(
        TRIAL_BALANCE,
        "the trial balance of the range",
        toCsv(TRIAL_BALANCE_COLUMNS, trialBalanceRows(await trialBalance(read, range))),
      );
      for (const r of await registers(read))
        await zip.add(
          `registers/${r.table.replaceAll("_", "-")}.csv`,
          `the register ${r.table.replaceAll("_", " ")}`,
          register(read, r),
        );
      await zip.add(
        "registers/audit-trail.csv",
        "who did what since the first day of the range",
        auditTrail(read, range.from),
      );
      return { waiting: await addStatements(zip, read, range, leftOut), facts: read };
    });
    for (const draw of waiting) await draw();
    const { ulb, actor } = facts;
    const manifest: PackManifest = {
      format: PACK_FORMAT,
      program: programVersion(),
      ulb: { code: ulb.code, name: ulb.name, state: ulb.state, booksFrom: ulb.startsOn },
      ...range,
      years,
      madeAt: made.toISOString(),
      madeBy: actor.id,
      lastBlock: last.block ?? null,
      entries: count.entries,
      unsealedEntries: count.unsealed,
      files: [...zip.files],
      leftOut,
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await zip.add(MANIFEST, "what the pack says of itself", [text]);
    const hash = createHash("sha256").update(text).digest("hex");
    await zip.add(MANIFEST_HASH, "the SHA-256 of manifest.json", [`${hash}  ${MANIFEST}\n`]);
    await zip.end();
    return manifest;
  } catch (error) {
    zip.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

function yearsOf(range: Range): FinancialYear[] {
  const years: FinancialYear[] = [];
  const last = financialYearOf(range.to);
  for (let fy = financialYearOf(range.from); fy <= last; fy = nextFinancialYear(fy)) years.push(fy);
  return years;
}

/** Adds every report that can be made for the range; gives what was read but must be drawn after the snapshot. */
async function addStatements(
  zip: PackZip,
  read: Read,
  range: Range,
  leftOut: PackManifest["leftOut"][number][],
): Promise<(() => Promise<void>)[]> {
  const waiting: (() => Promise<void>)[] = [];
  for (const { name, description, formats } of listReports())
    for (const format of formats) {
      if (LEFT_TO_PROGRAMS.has(format)) continue;
      const refused = (error: unknown): void => {
        // A report that needs an account, or is too long to print: the pack says so and is whole without it.
        if (!(error instanceof Refusal)) throw error;
        leftOut.push({ report: name, format, reason: error.message });
      };
      try {
        const file = await exportReport(read, name, range, format);
        const extension = file.fileName.slice(file.fileName.lastIndexOf(".") + 1);
        const add = async (): Promise<void> => {
          try {
            const body = await begun(file.body, format === "xlsx");
            await zip.add(`statements/${name}.${extension}`, description, body, !ALREADY_PACKED.has(format));
          } catch (error) {
            refused(error);
          }
        };
        if (file.isLive) await add();
        else waiting.push(add);
      } catch (error) {
        refused(error);
      }
    }
  return waiting;
}

/**
 * The same pieces, begun or whole before the file is: a refusal comes before anything of it stands in the zip. Workbooks may find late that they
 * have too many rows, and wait in a file; text is refused at once or not at all.
 */
async function begun(
  body: AsyncIterable<string | Uint8Array>,
  isSpooled: boolean,
): Promise<AsyncIterable<string | Uint8Array>> {
  if (isSpooled) {
    const folder = await mkdtemp(path.join(tmpdir(), "nagarkosh-pack-"));
    const file = path.join(folder, "file");
    try {
      await pipeline(body, createWriteStream(file));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return (async function* () {
      try {
        yield* createReadStream(file) as AsyncIterable<Buffer>;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    })();
  }
  const pieces = body[Symbol.asyncIterator]();
  const first = await pieces.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    for (;;) {
      const next = await pieces.next();
      if (next.done) return;
      yield next.value;
    }
  })();
}
