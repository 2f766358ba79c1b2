import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import type pg from "pg";
import { withConnection, type DatabaseAddress } from "./kernel/database.ts";
import { invariant } from "./kernel/errors.ts";
import { groupBy } from "./kernel/group.ts";
import { rate, type Rate } from "./kernel/money.ts";
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

const has = (chart: string, file: string): boolean => existsSync(path.join(folder, chart, file));

/**
 * Brings the charts shipped with the program into the database, and the crosswalks between them. A chart or crosswalk that is there stays as
 * it is: a new version is a new folder. A folder without funds is no chart to keep books by, only one to report in.
 */
export async function loadCharts(address: DatabaseAddress): Promise<void> {
  await withConnection(address, "owner", async (client) => {
    for (const chart of readdirSync(folder)) {
      await client.query("begin");
      const keepsBooks = has(chart, "funds.csv");
      const made = await client.query(
        "insert into ledger.charts (chart, name, keeps_books) values ($1, $2, $3) on conflict do nothing",
        [chart, chart.toUpperCase(), keepsBooks],
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
        if (keepsBooks) await loadDimensions(client, chart);
      }
      await client.query("commit");
    }
    await loadCrosswalks(client);
  });
}

async function loadDimensions(client: pg.Client, chart: string): Promise<void> {
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
      ...["statement", "schedule", "title", "major_head", "sign", "normal_side"].map((c) => schedules.map((s) => s[c])),
    ],
  );
}

/** "crosswalk-B.csv" in the folder of chart A leads from A's heads to B's: for each head (or heading) the parts that go to each of B's. */
async function loadCrosswalks(client: pg.Client): Promise<void> {
  for (const from of readdirSync(folder)) {
    for (const file of readdirSync(path.join(folder, from))) {
      const to = /^crosswalk-(.+)\.csv$/.exec(file)?.[1];
      if (to === undefined) continue;
      const known = await client.query(
        "select 1 from ledger.chart_crosswalk where from_chart = $1 and to_chart = $2 limit 1",
        [from, to],
      );
      if (known.rowCount !== 0) continue;
      const rows = readCsv(from, file);
      for (const [code, parts] of groupBy(rows, (r) => r["from_code"] ?? "")) {
        const whole = parts.reduce((sum: Rate, r) => sum.plus(rate(r["share"] ?? "")), rate("0"));
        invariant(whole.eq(1), `${from}/${file}: the parts of ${code} make a whole, not ${whole.toFixed()}`);
      }
      await client.query(
        `insert into ledger.chart_crosswalk (from_chart, to_chart, from_code, to_code, share)
         select $1, $2, * from unnest($3::text[], $4::text[], $5::numeric[])`,
        [from, to, ...["from_code", "to_code", "share"].map((c) => rows.map((r) => r[c]))],
      );
    }
  }
}

/** Roles, schema and charts: what an empty or older database needs to be used by this program. Safe to run twice. */
export async function prepareDatabase(address: DatabaseAddress): Promise<{ readonly migrations: readonly string[] }> {
  const migrations = await migrate(address);
  await loadCharts(address);
  return { migrations };
}
