import { configDefaults, defineConfig } from "vitest/config";

/**
 * The long stories: whole months and years in a browser, every page of the office. `npm run test:long` runs them; without them `npm test` stays well
 * under a quarter of an hour on two slow cores. Each story of payments, counters and banks, and the short storm of api/chaos, is in `npm test`.
 */
const LONG = [
  "api/demo/month.test.ts",
  "api/pages/runs.test.ts",
  "api/stories/accountant-closes.test.ts",
  "api/stories/masters.test.ts",
  "api/stories/office-pages.test.ts",
  "api/stories/random-year.test.ts",
  "api/stories/superintendent.test.ts",
  "api/stories/voucher-desk.test.ts",
];
const isLong = process.env["NAGARKOSH_LONG"] !== undefined;

export default defineConfig({
  test: {
    include: isLong ? LONG : ["{ledger,billing,collections,reconciliation,reports,api}/**/*.test.{ts,tsx}"],
    exclude: [...configDefaults.exclude, ...(isLong ? [] : LONG)],
    globalSetup: ["./ledger/testing-database.ts"],
    pool: "forks",
    // A file makes its own database and its own ULBs, and nothing of the program keeps state outside them: what is imported is imported once.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
