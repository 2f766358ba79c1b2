import { audit } from "../kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import { violatedRule, type Read, type Tx } from "../kernel/tx.ts";
import { masterErrors } from "./errors.ts";
import { asOnDay, changeDay, codeProblems, nameProblems, reasonOf, type Change } from "./history.ts";
import { holdPostings, nilOrRefused } from "./usage.ts";

/** What all simple lists have in common. A code is used once, and never for another thing. */
export type ListItem = {
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly isActive: boolean;
  /** Null: since the books began. */
  readonly validFrom: LocalDate | null;
  readonly closedFrom: LocalDate | null;
};
export type FunctionItem = ListItem & { readonly parent: string | null };
export type FundItem = ListItem;
export type FunctionaryItem = ListItem & { readonly parent: string | null };
/** A zone, ward or locality: what stands in a line's ward. */
export type FieldItem = ListItem & { readonly kind: "zone" | "ward" | "locality"; readonly parent: string | null };
export type FundSourceItem = ListItem;
export type SchemeItem = ListItem & { readonly parent: string | null; readonly fund: string; readonly source: string };
/** A budget head covers the accounts from `accountFrom` to `accountTo`, each with all heads below it. */
export type BudgetHeadItem = ListItem & {
  readonly accountFrom: string;
  readonly accountTo: string;
  readonly fund: string | null;
  readonly function: string | null;
};

export type ListItems = {
  readonly functions: FunctionItem;
  readonly funds: FundItem;
  readonly functionaries: FunctionaryItem;
  readonly fields: FieldItem;
  readonly "fund-sources": FundSourceItem;
  readonly schemes: SchemeItem;
  readonly "budget-heads": BudgetHeadItem;
};
export type ListName = keyof ListItems;

type Extra = { readonly column: string; readonly key: string; readonly isOptional?: boolean };
type List = { readonly table: string; readonly noun: string; readonly extras: readonly Extra[] };
const PARENT: Extra = { column: "parent", key: "parent", isOptional: true };

/** Which table a list is, and what its rows have besides code and name. */
export const LISTS: { readonly [K in ListName]: List } = {
  functions: { table: "functions", noun: "function", extras: [PARENT] },
  funds: { table: "funds", noun: "fund", extras: [] },
  functionaries: { table: "functionaries", noun: "functionary", extras: [PARENT] },
  fields: { table: "fields", noun: "field", extras: [{ column: "kind", key: "kind" }, PARENT] },
  "fund-sources": { table: "fund_sources", noun: "source of funds", extras: [] },
  schemes: {
    table: "schemes",
    noun: "scheme",
    extras: [PARENT, { column: "fund", key: "fund" }, { column: "source", key: "source" }],
  },
  "budget-heads": {
    table: "budget_heads",
    noun: "budget head",
    extras: [
      { column: "account_from", key: "accountFrom" },
      { column: "account_to", key: "accountTo" },
      { column: "fund", key: "fund", isOptional: true },
      { column: "function", key: "function", isOptional: true },
    ],
  },
};
export const LIST_NAMES = Object.keys(LISTS) as ListName[];

export type ListOptions = {
  /** A part of the name, or the beginning of the code. */
  readonly search?: string | undefined;
  /** Those that were in use on that day, with the names of that day; all, closed ones too, when not said. */
  readonly onDay?: LocalDate | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
};

/** A list in order of code, at most 1,000 rows at a time. */
export async function listMaster<K extends ListName>(
  read: Read,
  list: K,
  options: ListOptions = {},
): Promise<ListItems[K][]> {
  const { table, extras } = LISTS[list];
  const search = options.search?.trim() ?? "";
  const escaped = search.replace(/[\\%_]/g, "\\$&");
  const dated = options.onDay !== undefined;
  return read.query<ListItems[K]>(
    `select d.code, d.name, d.name_local as "nameLocal", d.is_active as "isActive", d.valid_from as "validFrom", d.closed_from as "closedFrom"
       ${extras.map((e) => `, d.${e.column} as "${e.key}"`).join("")}
     from ${dated ? asOnDay(table, list, "t.code") : `ledger.${table} d`}
     where ${dated ? "t" : "d"}.ulb_id = :ulb
       ${dated ? "and coalesce(d.valid_from, '-infinity') <= :on_day::date and coalesce(d.closed_from, 'infinity') > :on_day::date" : ""}
       ${search === "" ? "" : "and (d.name ilike :part or d.name_local ilike :part or d.code ilike :start)"}
     order by d.code
     limit :row_limit offset :row_offset`,
    {
      ulb: read.ulb.id,
      ...(dated ? { on_day: options.onDay } : {}),
      ...(search === "" ? {} : { part: `%${escaped}%`, start: `${escaped}%` }),
      row_limit: Math.min(options.limit ?? 1000, 1000),
      row_offset: options.offset ?? 0,
    },
  );
}

export const listFunctions = (read: Read, options?: ListOptions): Promise<FunctionItem[]> =>
  listMaster(read, "functions", options);
export const listFunds = (read: Read, options?: ListOptions): Promise<FundItem[]> => listMaster(read, "funds", options);
export const listFunctionaries = (read: Read, options?: ListOptions): Promise<FunctionaryItem[]> =>
  listMaster(read, "functionaries", options);
export const listFields = (read: Read, options?: ListOptions): Promise<FieldItem[]> =>
  listMaster(read, "fields", options);
export const listFundSources = (read: Read, options?: ListOptions): Promise<FundSourceItem[]> =>
  listMaster(read, "fund-sources", options);
export const listSchemes = (read: Read, options?: ListOptions): Promise<SchemeItem[]> =>
  listMaster(read, "schemes", options);
export const listBudgetHeads = (read: Read, options?: ListOptions): Promise<BudgetHeadItem[]> =>
  listMaster(read, "budget-heads", options);

/** One row of a list. Raises MASTER_UNKNOWN. */
export async function getMaster<K extends ListName>(read: Read, list: K, code: string): Promise<ListItems[K]> {
  const { table, extras, noun } = LISTS[list];
  const row = await read.queryOne<ListItems[K]>(
    `select d.code, d.name, d.name_local as "nameLocal", d.is_active as "isActive", d.valid_from as "validFrom", d.closed_from as "closedFrom"
       ${extras.map((e) => `, d.${e.column} as "${e.key}"`).join("")}
     from ledger.${table} d where d.ulb_id = :ulb and d.code = :code`,
    { ulb: read.ulb.id, code },
  );
  if (!row) throw masterErrors.MASTER_UNKNOWN({ what: `${noun} ${code.slice(0, 40)}` });
  return row;
}

type Added<T> = Omit<T, "nameLocal" | "isActive" | "validFrom" | "closedFrom" | "parent" | "function" | "fund"> & {
  readonly nameLocal?: string | undefined;
  readonly validFrom?: LocalDate | undefined;
} & { readonly [K in Extract<keyof T, "parent" | "function" | "fund">]?: NonNullable<T[K]> | undefined };
export type ListInput<K extends ListName> = Added<ListItems[K]>;

/**
 * Adds a row to a list. Its parent, fund, source and function must be there and in use; a budget head's accounts must be in the chart's
 * form and in order. Raises MASTER_EXISTS, MASTER_DETAILS, MASTER_UNKNOWN.
 */
export async function addMaster<K extends ListName>(tx: Tx, list: K, input: ListInput<K>): Promise<ListItems[K]> {
  const { table, extras, noun } = LISTS[list];
  const given = input as Readonly<Record<string, string | undefined>>;
  const code = input.code.trim();
  const what = `${noun} ${code.slice(0, 40)}`;
  const problems = [...codeProblems(code), ...nameProblems(input.name), ...(await extraProblems(tx, list, given))];
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what, problems });
  const added = await tx
    .query(
      `insert into ledger.${table} (ulb_id, code, name, name_local, valid_from ${extras.map((e) => `, ${e.column}`).join("")})
       values (:ulb, :code, :name, :name_local, :valid_from ${extras.map((e) => `, :x_${e.column}`).join("")})
       on conflict do nothing returning 1`,
      {
        ulb: tx.ulb.id,
        code,
        name: input.name.trim(),
        name_local: input.nameLocal?.trim() || null,
        valid_from: input.validFrom ?? dateInIndia(tx.clock()),
        ...Object.fromEntries(extras.map((e) => [`x_${e.column}`, given[e.key]?.trim() || null])),
      },
    )
    .catch((error: unknown) => {
      if (violatedRule(error))
        throw masterErrors.MASTER_DETAILS({ what, problems: ["what it refers to is not there"] });
      throw error;
    });
  if (added.length === 0) {
    throw masterErrors.MASTER_EXISTS({ what, name: (await getMaster(tx, list, code)).name });
  }
  const row = await getMaster(tx, list, code);
  await audit(tx, { action: "add", subject: list, subjectId: code, after: row });
  return row;
}

/** What is wrong with what a row refers to. */
async function extraProblems(
  tx: Tx,
  list: ListName,
  given: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const problems: string[] = [];
  const must = async (other: ListName, code: string | undefined): Promise<void> => {
    if (!code?.trim()) return;
    const found = await getMaster(tx, other, code.trim()).catch((error: unknown) => {
      if (error instanceof Error && error.name === "Refusal") return undefined;
      throw error;
    });
    const name = `${LISTS[other].noun} ${code.trim().slice(0, 40)}`;
    if (!found) problems.push(`${name} is not there`);
    else if (!found.isActive) problems.push(`${name} is closed`);
  };
  for (const e of LISTS[list].extras) {
    if (!e.isOptional && !given[e.key]?.trim()) problems.push(`it needs its ${e.column.replace("_", " ")}`);
  }
  await must(list, given["parent"]);
  await must("funds", given["fund"]);
  await must("functions", given["function"]);
  await must("fund-sources", given["source"]);
  if (list === "fields" && given["kind"] && !["zone", "ward", "locality"].includes(given["kind"]))
    problems.push(`"${given["kind"]}" is not a zone, ward or locality`);
  if (list === "budget-heads") {
    const [from = "", to = ""] = [given["accountFrom"]?.trim(), given["accountTo"]?.trim()];
    for (const code of [from, to])
      if (code !== "" && !/^[1-4][0-9]{0,8}$/.test(code)) problems.push(`"${code}" is not an account code`);
    if (to < from && to !== "") problems.push(`its last account ${to} comes before its first ${from}`);
  }
  return problems;
}

/** Gives a row another name from a day on; what was printed for earlier days keeps the old one. Raises MASTER_UNKNOWN, MASTER_DETAILS,
 * REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED. */
export async function renameMaster<K extends ListName>(
  tx: Tx,
  list: K,
  code: string,
  names: { readonly name: string; readonly nameLocal?: string | undefined },
  change: Change,
): Promise<ListItems[K]> {
  const problems = nameProblems(names.name);
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what: `${LISTS[list].noun} ${code}`, problems });
  return changed(tx, list, code, "rename", change, (now) =>
    Promise.resolve({
      name: names.name.trim(),
      name_local: names.nameLocal === undefined ? now.nameLocal : names.nameLocal.trim() || null,
    }),
  );
}

/**
 * Closes a row from a day on: it is offered no more, and a fund or function is refused by the books. Refused while something open hangs below
 * it, while a fund has a balance on any account, or a scheme on a liability (unspent grant). Raises MASTER_UNKNOWN, MASTER_CLOSED,
 * MASTER_HAS_CHILDREN, MASTER_HAS_BALANCE, MASTER_IN_USE, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED.
 */
export async function closeMaster<K extends ListName>(
  tx: Tx,
  list: K,
  code: string,
  change: Change,
): Promise<ListItems[K]> {
  const what = `${LISTS[list].noun} ${code}`;
  return changed(tx, list, code, "close", change, async (now, from) => {
    if (!now.isActive) throw masterErrors.MASTER_CLOSED({ what, from: now.closedFrom ?? "an earlier day" });
    await refuseChildren(tx, list, code, what);
    await refuseUses(tx, list, code, what);
    await holdPostings(tx);
    if (list === "funds") await nilOrRefused(tx, { fund: code }, what, from);
    if (list === "schemes") await refuseUnspent(tx, code, what);
    return { is_active: false, closed_from: from };
  });
}

/** Takes a close back. Raises MASTER_UNKNOWN, MASTER_OPEN, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED. */
export async function reopenMaster<K extends ListName>(
  tx: Tx,
  list: K,
  code: string,
  change: Change,
): Promise<ListItems[K]> {
  return changed(tx, list, code, "reopen", change, (now) => {
    if (now.isActive) throw masterErrors.MASTER_OPEN({ what: `${LISTS[list].noun} ${code}` });
    return Promise.resolve({ is_active: true, closed_from: null });
  });
}

async function changed<K extends ListName>(
  tx: Tx,
  list: K,
  code: string,
  action: "rename" | "close" | "reopen",
  change: Change,
  columns: (now: ListItems[K], from: LocalDate) => Promise<Record<string, unknown>>,
): Promise<ListItems[K]> {
  const { table, noun } = LISTS[list];
  await tx.query(`select 1 from ledger.${table} where ulb_id = :ulb and code = :code for update`, {
    ulb: tx.ulb.id,
    code,
  });
  const before = await getMaster(tx, list, code);
  const what = `${noun} ${code}`;
  const reason = reasonOf(`a change of ${what}`, change.reason);
  const from = await changeDay(tx, what, list, code, change.from);
  const set = await columns(before, from);
  await tx.query(
    `update ledger.${table} set ${Object.keys(set)
      .map((c) => `${c} = :${c}`)
      .join(", ")}, changed_from = :changed_from, change_reason = :change_reason
     where ulb_id = :ulb and code = :code`,
    { ulb: tx.ulb.id, code, ...set, changed_from: from, change_reason: reason },
  );
  const after = await getMaster(tx, list, code);
  await audit(tx, { action, subject: list, subjectId: code, before: before, after: after, reason });
  return after;
}

async function refuseChildren(tx: Tx, list: ListName, code: string, what: string): Promise<void> {
  if (!LISTS[list].extras.some((e) => e.key === "parent")) return;
  const children = await tx.query<{ code: string }>(
    `select code from ledger.${LISTS[list].table} where ulb_id = :ulb and parent = :code and is_active order by code limit 10`,
    { ulb: tx.ulb.id, code },
  );
  if (children.length > 0) throw masterErrors.MASTER_HAS_CHILDREN({ what, children: children.map((c) => c.code) });
}

/** Other masters in use that name this one. */
async function refuseUses(tx: Tx, list: ListName, code: string, what: string): Promise<void> {
  const column = { functions: "function", funds: "fund", "fund-sources": "source", schemes: "scheme" }[list as string];
  if (column === undefined) return;
  const holders = {
    functions: ["budget_heads"],
    funds: ["schemes", "budget_heads", "bank_books"],
    "fund-sources": ["schemes"],
    schemes: ["bank_books"],
  }[list as string];
  const rows = await tx.query<{ used_by: string }>(
    `${(holders ?? [])
      .map(
        (t) =>
          `select '${t.replace("_", " ").slice(0, -1)} ' || ${t === "bank_books" ? "account" : "code"} as used_by from ledger.${t}
           where ulb_id = :ulb and ${column} = :code and is_active`,
      )
      .join(" union all ")} order by 1 limit 10`,
    { ulb: tx.ulb.id, code },
  );
  if (rows.length > 0) throw masterErrors.MASTER_IN_USE({ what, uses: rows.map((r) => r.used_by) });
}

async function refuseUnspent(tx: Tx, scheme: string, what: string): Promise<void> {
  const [left] = await tx.query<{ account: string; balance: bigint }>(
    `select l.account, sum(l.debit - l.credit)::bigint as balance from ledger.lines l
     join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     where l.ulb_id = :ulb and l.scheme = :scheme and a.type = 'liability'
     group by l.account having sum(l.debit - l.credit) <> 0
     order by abs(sum(l.debit - l.credit)) desc limit 1`,
    { ulb: tx.ulb.id, scheme },
  );
  if (left)
    throw masterErrors.MASTER_HAS_BALANCE({
      what,
      balance: String(left.balance),
      where: ` on account ${left.account}`,
    });
}
