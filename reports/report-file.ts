import type { Read } from "../ledger/kernel/tx.ts";
import { headOf } from "./head.ts";
import { reportPdf } from "./pdf/report.ts";
import { tableCsv, tableJson } from "./render/table.ts";
import { toXlsx } from "./render/xlsx.ts";
import type { ReportOptions, ReportTable, TableReport } from "./report-table.ts";

const CONTENT = {
  csv: { type: "text/csv; charset=utf-8", extension: "csv" },
  json: { type: "application/json; charset=utf-8", extension: "json" },
  xlsx: { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", extension: "xlsx" },
  pdf: { type: "application/pdf", extension: "pdf" },
  hledger: { type: "text/plain; charset=utf-8", extension: "hledger" },
  beancount: { type: "text/plain; charset=utf-8", extension: "beancount" },
  "tally-xml": { type: "application/xml; charset=utf-8", extension: "xml" },
  zip: { type: "application/zip", extension: "zip" },
} as const;

export type ReportFormat = keyof typeof CONTENT;

export type ReportFile = {
  readonly fileName: string;
  readonly contentType: string;
  /** Read it inside the snapshot when `isLive`; otherwise everything was read already, and a PDF is made only now. */
  readonly isLive: boolean;
  readonly body: AsyncIterable<string | Uint8Array>;
};

export type Made = {
  readonly isLive: boolean;
  readonly body: AsyncIterable<string | Uint8Array>;
  /** Stands in the file's name. */
  readonly of: string;
};
export type Maker = (read: Read, options: ReportOptions, report: string) => Promise<Made>;
export type Report = {
  readonly description: string;
  readonly formats: Partial<Record<ReportFormat, Maker>>;
};

export async function* once(
  make: () => string | Promise<string> | Promise<Buffer>,
): AsyncGenerator<string | Uint8Array> {
  yield await make();
}

/** Name and type of the file that a maker made. */
export function fileOf(read: Read, report: string, format: ReportFormat, made: Made): ReportFile {
  const { type, extension } = CONTENT[format];
  return {
    fileName: `${read.ulb.code}_${report}_${made.of}.${extension}`,
    contentType: type,
    isLive: made.isLive,
    body: made.body,
  };
}

/** A table as an XLSX workbook of one sheet. */
export function xlsxOf(read: Read, table: ReportTable, options: ReportOptions): AsyncGenerator<Buffer> {
  return toXlsx([{ table }], {
    ulbName: read.ulb.name,
    createdAt: read.clock(),
    isLocal: options.language !== undefined && options.language !== "en",
  });
}

/** Rows that come from an async iterable are read from the database while they are written. */
const isLive = (table: ReportTable): boolean => Symbol.asyncIterator in table.rows;

/** All four forms of a report that is one table. */
export function tableReport({ build, description }: TableReport): Report {
  return {
    description,
    formats: {
      csv: async (read, options) => {
        const table = await build(read, options);
        return { isLive: isLive(table), body: tableCsv(table, options), of: table.of };
      },
      json: async (read, options, report) => {
        const table = await build(read, options);
        return { isLive: isLive(table), body: tableJson(table, { ulb: read.ulb.code, report }), of: table.of };
      },
      xlsx: async (read, options) => {
        const table = await build(read, options);
        return { isLive: isLive(table), body: xlsxOf(read, table, options), of: table.of };
      },
      pdf: async (read, options, report) => {
        const table = await build(read, options);
        const head = headOf(read, options.language);
        // What is streamed is read whole first: a PDF is made when the snapshot is closed.
        const document = await reportPdf(head, table, { report, inRupees: options.inRupees === true });
        return { isLive: false, body: once(document), of: table.of };
      },
    },
  };
}
