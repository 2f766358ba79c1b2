import { defineErrors } from "../ledger/kernel/errors.ts";

/** What reports refuse. */
export const reportErrors = defineErrors({
  REPORT_TOO_LONG: {
    status: 422,
    message: (f: { rows: number; pages: number; atMost: number }) =>
      `${f.rows} rows make ${f.pages} pages; a PDF has at most ${f.atMost}. Take a shorter range, or CSV`,
  },
  REPORT_TOO_MANY_ROWS: {
    status: 422,
    message: (f: { report: string; atMost: number }) =>
      `the ${f.report} of this range has more than ${f.atMost} entries, more than can be printed. Take a shorter range, or CSV`,
  },
  REPORT_UNKNOWN: {
    status: 422,
    message: (f: { report: string; known: string }) => `there is no report "${f.report}"; there are: ${f.known}`,
  },
  REPORT_FORMAT: {
    status: 422,
    message: (f: { report: string; format: string; known: string }) =>
      `the report "${f.report}" is not made as "${f.format}"; it is made as: ${f.known}`,
  },
  REPORT_OPTION_MISSING: {
    status: 422,
    message: (f: { report: string; option: string; example: string }) =>
      `the report "${f.report}" needs --${f.option}, such as ${f.example}`,
  },
  REPORT_RANGE: {
    status: 422,
    message: (f: { from: string; to: string }) => `the range begins on ${f.from} and ends before it, on ${f.to}`,
  },
  REPORT_SLICE: {
    status: 422,
    message: (f: { report: string; option: string; why: string }) =>
      `the report "${f.report}" cannot be made for one ${f.option}: ${f.why}`,
  },
  REPORT_ACCOUNT: {
    status: 422,
    message: (f: { report: string; account: string; known: string }) =>
      `the account ${f.account} does not stand in the ${f.report}; its accounts are: ${f.known}`,
  },
  LAYOUT_MISSING: {
    status: 422,
    message: (f: { chart: string }) => `there are no layouts of statements for the chart "${f.chart}"`,
  },
  LAYOUT_ACCOUNT_UNPLACED: {
    status: 422,
    message: (f: { layout: string; problems: string }) =>
      `a statement would leave out or double an amount: ${f.problems} (layout ${f.layout})`,
  },
  SCHEDULE_UNKNOWN: {
    status: 422,
    message: (f: { schedule: string; known: string }) => `there is no schedule "${f.schedule}"; there are: ${f.known}`,
  },
});
