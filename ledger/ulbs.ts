import type { App, Ulb } from "./kernel/tx.ts";
import { financialYearOf, periodsOf, type LocalDate } from "./kernel/dates.ts";
import { invariant } from "./kernel/errors.ts";
import { DEFAULT_CHART } from "./charts.ts";
import { ledgerErrors } from "./errors.ts";
import { DEFAULT_POSTING_MAP } from "./posting-map.ts";

type UlbRow = {
  ulb_id: number;
  code: string;
  name: string;
  name_local: string | null;
  state: string;
  starts_on: LocalDate;
};
const ulbOf = (r: UlbRow): Ulb => ({
  id: r.ulb_id,
  code: r.code,
  name: r.name,
  nameLocal: r.name_local,
  state: r.state,
  startsOn: r.starts_on,
});
const COLUMNS = "ulb_id, code, name, name_local, state, starts_on";

/**
 * Makes a ULB with its own copy of a chart (accounts, functions, funds), the default posting map, the tax sections and
 * sources of funds, and the twelve periods of the financial year of `startsOn`, all in one transaction. Raises ULB_EXISTS, CHART_NOT_FOUND.
 */
export async function createUlb(
  app: App,
  ulb: {
    readonly code: string;
    readonly name: string;
    readonly nameLocal?: string;
    readonly state: string;
    readonly startsOn: LocalDate;
    readonly chart?: string;
  },
): Promise<Ulb> {
  const chart = ulb.chart ?? DEFAULT_CHART;
  const client = await app.db.batch.connect();
  try {
    await client.query("begin");
    const known = await client.query("select 1 from ledger.charts where chart = $1 and keeps_books", [chart]);
    if (known.rowCount === 0) throw ledgerErrors.CHART_NOT_FOUND({ chart });
    const made = await client.query<UlbRow>(
      `insert into ledger.ulbs (code, name, name_local, state, chart, starts_on) values ($1, $2, $3, $4, $5, $6)
       on conflict on constraint ulb_code_is_unique do nothing returning ${COLUMNS}`,
      [ulb.code, ulb.name, ulb.nameLocal ?? null, ulb.state, chart, ulb.startsOn],
    );
    const row = made.rows[0];
    if (!row) throw ledgerErrors.ULB_EXISTS({ code: ulb.code });
    await client.query(
      `insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank, needs_function)
       select $1::integer, code, name, parent, type, normal_side, level, is_contra, schedule, is_posting, code like '450%', type in ('income', 'expense')
       from ledger.chart_accounts where chart = $2`,
      [row.ulb_id, chart],
    );
    await client.query(
      "insert into ledger.functions (ulb_id, code, name, parent) select $1::integer, code, name, parent from ledger.chart_functions where chart = $2",
      [row.ulb_id, chart],
    );
    await client.query(
      "insert into ledger.funds (ulb_id, code, name) select $1::integer, code, name from ledger.chart_funds where chart = $2",
      [row.ulb_id, chart],
    );
    await client.query(
      "insert into ledger.posting_map (ulb_id, key, account) select $1::integer, k, a from unnest($2::text[], $3::text[]) as m (k, a)",
      [row.ulb_id, Object.keys(DEFAULT_POSTING_MAP), Object.values(DEFAULT_POSTING_MAP)],
    );
    await client.query("call ledger.seed_masters($1::integer)", [row.ulb_id]);
    await client.query("insert into ledger.periods (ulb_id, period) select $1::integer, unnest($2::text[])", [
      row.ulb_id,
      periodsOf(financialYearOf(ulb.startsOn)),
    ]);
    await client.query("commit");
    return ulbOf(row);
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

/** A ULB as JSON in an SQL select, for statements that read whose request it is together with what it asks. */
export const ulbJsonSql = (ulbs: string): string =>
  `json_build_object('id', ${ulbs}.ulb_id, 'code', ${ulbs}.code, 'name', ${ulbs}.name, 'nameLocal', ${ulbs}.name_local, 'state', ${ulbs}.state,
     'startsOn', ${ulbs}.starts_on)`;

/** Raises ULB_NOT_FOUND. */
export async function getUlb(app: App, code: string): Promise<Ulb> {
  const ulb = await findUlb(app, code);
  if (!ulb) throw ledgerErrors.ULB_NOT_FOUND({ code });
  return ulb;
}

export async function findUlb(app: App, code: string): Promise<Ulb | undefined> {
  const { rows } = await app.db.batch.query<UlbRow>({
    name: "ulb-by-code",
    text: `select ${COLUMNS} from ledger.ulbs where code = $1`,
    values: [code],
  });
  return rows[0] && ulbOf(rows[0]);
}

export async function getUlbById(app: App, id: number): Promise<Ulb> {
  const { rows } = await app.db.batch.query<UlbRow>(`select ${COLUMNS} from ledger.ulbs where ulb_id = $1`, [id]);
  invariant(rows[0], `ULB ${id} is there`);
  return ulbOf(rows[0]);
}

export async function listUlbs(app: App): Promise<Ulb[]> {
  const { rows } = await app.db.batch.query<UlbRow>(`select ${COLUMNS} from ledger.ulbs order by code`);
  return rows.map(ulbOf);
}
