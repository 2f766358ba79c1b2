import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{ledger,billing,collections,reconciliation,reports,api}/**/*.test.{ts,tsx}"],
    globalSetup: ["./ledger/testing-database.ts"],
    pool: "forks",
    // A file makes its own database and its own ULBs, and nothing of the program keeps state outside them: what is imported is imported once.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
