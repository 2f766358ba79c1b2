import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{ledger,billing,collections,reconciliation,reports,api}/**/*.test.{ts,tsx}"],
    globalSetup: ["./ledger/testing-database.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
