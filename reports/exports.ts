import { inSnapshot, type App, type Read, type Who } from "../ledger/kernel/tx.ts";
import { annualAccounts } from "./annual-accounts.ts";
import { reportErrors } from "./errors.ts";
import { fileOf, tableReport, type Maker, type Report, type ReportFile, type ReportFormat } from "./report-file.ts";
import type { ReportOptions } from "./report-table.ts";
import { SPECIAL_REPORTS } from "./special-reports.ts";
import { TABLE_REPORTS } from "./tables/index.ts";

export type { ReportFile, ReportFormat, ReportOptions };

/** Every report by its name on the command line: those that are one table, and those with a form of their own. */
const REPORTS: Readonly<Record<string, Report>> = {
  ...Object.fromEntries(TABLE_REPORTS.map((report) => [report.name, tableReport(report)])),
  "annual-accounts": annualAccounts,
  ...SPECIAL_REPORTS,
};

/** What can be exported and how, for `--help` and the page of reports. */
export function listReports(): { readonly name: string; readonly description: string; readonly formats: string[] }[] {
  return Object.entries(REPORTS).map(([name, { description, formats }]) => ({
    name,
    description,
    formats: Object.keys(formats),
  }));
}

function makerOf(name: string, format: string): Maker {
  const report = Object.hasOwn(REPORTS, name) ? REPORTS[name] : undefined;
  if (!report) throw reportErrors.REPORT_UNKNOWN({ report: name.slice(0, 60), known: Object.keys(REPORTS).join(", ") });
  const makers: Partial<Record<string, Maker>> = report.formats;
  const maker = Object.hasOwn(makers, format) ? makers[format] : undefined;
  if (!maker)
    throw reportErrors.REPORT_FORMAT({
      report: name,
      format: format.slice(0, 20),
      known: Object.keys(makers).join(", "),
    });
  return maker;
}

/**
 * One report as a file. Raises REPORT_UNKNOWN, REPORT_FORMAT (naming what there is), REPORT_OPTION_MISSING, REPORT_RANGE, and what the
 * report itself refuses. A body that `isLive` is read within the same snapshot; prefer `writeReport`, which sees to it.
 */
export async function exportReport(
  read: Read,
  name: string,
  options: ReportOptions,
  format: string,
): Promise<ReportFile> {
  const made = await makerOf(name, format)(read, options, name);
  return fileOf(read, name, format as ReportFormat, made);
}

/**
 * Makes a report and hands its pieces to `write`, one by one: what is streamed from the database within the snapshot, a PDF after it (no
 * transaction is held open while pages are drawn). Gives the file's name and type.
 */
export async function writeReport(
  app: App,
  who: Who,
  report: { readonly name: string; readonly format: string; readonly options: ReportOptions },
  write: (piece: string | Uint8Array) => Promise<void> | void,
): Promise<Omit<ReportFile, "body" | "isLive">> {
  const send = async (body: ReportFile["body"]): Promise<void> => {
    for await (const piece of body) await write(piece);
  };
  const file = await inSnapshot(app, who, async (read) => {
    const made = await exportReport(read, report.name, report.options, report.format);
    if (made.isLive) await send(made.body);
    return made;
  });
  if (!file.isLive) await send(file.body);
  return { fileName: file.fileName, contentType: file.contentType };
}
