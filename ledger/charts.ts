import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { withConnection, type DatabaseAddress } from "./kernel/database.ts";
import { invariant } from "./kernel/errors.ts";
import { migrate } from "./kernel/sql-migrations.ts";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "charts");

/** The chart that a new ULB gets unless another is named. */
export const DEFAULT_CHART = "nmam-1";

function readCsv(chart: string, file: string): Record<string, string>[] {
  const text = readFileSync(path.join(folder, chart, file), "utf8");
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  invariant(errors.length === 0 && data.length > 0, `${chart}/${file} is a sound CSV`);
  return data;
}
const orNull = (value: string | undefined): string | null => (value ? value : null);

/** Brings the charts shipped with the program into the database. A chart that is there stays as it is: a new version is a new folder. */
export async function loadCharts(address: DatabaseAddress): Promise<void> {
  await withConnection(address, "owner", async (client) => {
    for (const chart of readdirSync(folder)) {
      await client.query("begin");
      const made = await client.query(
        "insert into ledger.charts (chart, name) values ($1, $2) on conflict do nothing",
        [chart, chart.toUpperCase()],
      );
      if (made.rowCount === 1) {
        const accounts = readCsv(chart, "accounts.csv");
        await client.query(
          `insert into ledger.chart_accounts (chart, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, flag)
           select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::boolean[], $9::text[], $10::boolean[], $11::text[])`,
          [
            chart,
            accounts.map((a) => a["code"]),
            accounts.map((a) => a["name"]),
            accounts.map((a) => orNull(a["parent"])),
            accounts.map((a) => a["type"]),
            accounts.map((a) => a["normal_side"]),
            accounts.map((a) => a["level"]),
            accounts.map((a) => a["contra"] === "Y"),
            accounts.map((a) => orNull(a["schedule"])),
            accounts.map((a) => a["posting"] === "Y"),
            accounts.map((a) => a["flag"]),
          ],
        );
        const functions = readCsv(chart, "functions.csv");
        await client.query(
          `insert into ledger.chart_functions (chart, code, name, parent) select $1, * from unnest($2::text[], $3::text[], $4::text[])`,
          [
            chart,
            functions.map((f) => f["code"]),
            functions.map((f) => f["name"]),
            functions.map((f) => orNull(f["parent"])),
          ],
        );
        const funds = readCsv(chart, "funds.csv");
        await client.query(
          `insert into ledger.chart_funds (chart, code, name) select $1, * from unnest($2::text[], $3::text[])`,
          [chart, funds.map((f) => f["code"]), funds.map((f) => f["name"])],
        );
        const schedules = readCsv(chart, "schedules.csv");
        await client.query(
          `insert into ledger.chart_schedules (chart, statement, schedule, title, major_head, sign, normal_side)
           select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
          [
            chart,
            ...["statement", "schedule", "title", "major_head", "sign", "normal_side"].map((c) =>
              schedules.map((s) => s[c]),
            ),
          ],
        );
      }
      await client.query("commit");
    }
  });
}

/** Roles, schema and charts: what an empty or older database needs to be used by this program. Safe to run twice. */
export async function prepareDatabase(address: DatabaseAddress): Promise<{ readonly migrations: readonly string[] }> {
  const migrations = await migrate(address);
  await loadCharts(address);
  return { migrations };
}
