import { audit } from "../kernel/audit.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { postingAccounts, type PostingKey } from "../posting-map.ts";
import { jsonOf, readFacts, writeFacts, type FactsOf, type Fields, type Typed } from "./fields.ts";
import { registerErrors } from "./errors.ts";

/** What stands in a register: a grant, an asset, a loan. Each kind has a table of its own, made from the same fields as its form. */
export type Item<F extends Fields = Fields> = FactsOf<F> & { readonly id: string; readonly createdBy: string };

export type ItemKind<F extends Fields = Fields> = {
  readonly kind: string;
  readonly table: string;
  /** "grant", "asset": how a sentence names one. */
  readonly title: string;
  readonly plural: string;
  readonly fields: F;
  /** Raises REGISTER_ITEM_UNKNOWN. */
  readonly get: (read: Read, id: string) => Promise<Item<F>>;
  readonly find: (read: Read, id: string) => Promise<Item<F> | undefined>;
  /** In order of id, after the one named; at most `limit` (500). */
  readonly list: (read: Read, options?: { readonly after?: string; readonly limit?: number }) => Promise<Item<F>[]>;
  /** Every one, in order of id: for runs and reports over the whole register. */
  readonly all: (read: Read) => Promise<Item<F>[]>;
};

const column = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const ID = /^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$/;

export function itemKind<F extends Fields>(of: {
  readonly kind: string;
  readonly table: string;
  readonly title: string;
  readonly plural: string;
  readonly fields: F;
}): ItemKind<F> {
  const columns = Object.keys(of.fields).map((name) => `${column(name)} as "${name}"`);
  const select = `select item_id as "id", created_by as "createdBy", ${columns.join(", ")} from ledger.${of.table}`;
  const itemOf = (row: Record<string, unknown>): Item<F> =>
    ({
      ...Object.fromEntries(Object.entries(of.fields).map(([name, f]) => [name, f.restore(row[name])])),
      id: row["id"],
      createdBy: row["createdBy"],
    }) as Item<F>;
  const find: ItemKind<F>["find"] = async (read, id) => {
    const row = await read.queryOne<Record<string, unknown>>(`${select} where ulb_id = :ulb and item_id = :id`, {
      ulb: read.ulb.id,
      id,
    });
    return row && itemOf(row);
  };
  return {
    ...of,
    find,
    get: async (read, id) => {
      const found = await find(read, id);
      if (!found) throw registerErrors.REGISTER_ITEM_UNKNOWN({ title: of.title, id: id.slice(0, 60) });
      return found;
    },
    list: async (read, { after = "", limit = 200 } = {}) =>
      (
        await read.query<Record<string, unknown>>(
          `${select} where ulb_id = :ulb and item_id > :after order by item_id limit :row_limit`,
          { ulb: read.ulb.id, after, row_limit: Math.min(limit, 501) },
        )
      ).map(itemOf),
    all: async (read) =>
      (
        await read.query<Record<string, unknown>>(`${select} where ulb_id = :ulb order by item_id`, {
          ulb: read.ulb.id,
        })
      ).map(itemOf),
  };
}

/**
 * Enters an item in its register, on record; nothing is posted by it. Raises REGISTER_ITEM_EXISTS, REGISTER_FIELD (an id or a fact that is
 * not sound, an account, fund or class that is not there) and what the fields raise.
 */
export async function addItem(tx: Tx, kind: ItemKind, id: string, typed: Typed): Promise<void> {
  const facts = readFacts(kind.fields, typed);
  await checkNewItem(tx, kind, id, facts);
  await writeItems(tx, kind, [{ id, typed }]);
  await audit(tx, {
    action: "enter",
    subject: kind.kind,
    subjectId: id,
    after: jsonOf(writeFacts(kind.fields, facts)),
  });
}

/** Writes items that were judged, in one statement. Those of an act are on record with it. */
export async function writeItems(
  tx: Tx,
  kind: ItemKind,
  items: readonly { readonly id: string; readonly typed: Typed }[],
): Promise<void> {
  const names = Object.keys(kind.fields).map(column);
  const rows = items.map(({ id, typed }) => {
    const facts = readFacts(kind.fields, typed);
    return {
      item_id: id,
      // Amounts as text: a number of JSON loses digits.
      ...Object.fromEntries(
        Object.entries(facts).map(([name, v]) => [column(name), typeof v === "bigint" ? v.toString() : v]),
      ),
    };
  });
  await tx.query(
    `insert into ledger.${kind.table} (ulb_id, item_id, ${names.join(", ")}, created_by, created_at)
     select :ulb, r.item_id, ${names.map((n) => `r.${n}`).join(", ")}, :actor, :now
     from jsonb_populate_recordset(null::ledger.${kind.table}, :rows::jsonb) as r`,
    { ulb: tx.ulb.id, rows: JSON.stringify(rows), actor: tx.actor.id, now: tx.clock() },
  );
}

/** What `addItem` would refuse, without writing: for items that come into being when an act is approved. */
export async function checkNewItem(
  read: Read,
  kind: ItemKind,
  id: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!ID.test(id))
    throw registerErrors.REGISTER_FIELD({
      field: "Id",
      rule: "1 to 40 letters, digits, points, slashes or hyphens, like G-2026-01",
    });
  if (await kind.find(read, id)) throw registerErrors.REGISTER_ITEM_EXISTS({ title: kind.title, id });
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value !== "string") continue;
    if (name.toLowerCase().endsWith("account")) await checkAccount(read, value, kind.fields[name]?.below);
    else if (name === "fund") await checkFund(read, value);
    else if (name === "function") await checkFunction(read, value);
  }
}

/**
 * Raises ACCOUNT_UNKNOWN, ACCOUNT_NOT_POSTING, ACCOUNT_INACTIVE, as a posting would, and REGISTER_FIELD for an account that does not stand
 * below one of the headings, if any are named.
 */
export async function checkAccount(
  read: Read,
  account: string,
  below: readonly PostingKey[] = [],
): Promise<{ readonly isCashBank: boolean }> {
  const row = await read.queryOne<{ is_posting: boolean; is_active: boolean; is_cash_bank: boolean }>(
    "select is_posting, is_active, is_cash_bank from ledger.accounts where ulb_id = :ulb and code = :account",
    { ulb: read.ulb.id, account },
  );
  const what = "the register";
  if (!row) throw ledgerErrors.ACCOUNT_UNKNOWN({ what, account: account.slice(0, 40) });
  if (!row.is_posting) throw ledgerErrors.ACCOUNT_NOT_POSTING({ what, account });
  if (!row.is_active) throw ledgerErrors.ACCOUNT_INACTIVE({ what, account });
  if (below.length > 0) {
    const heads = Object.values(await postingAccounts(read, ...below));
    if (!(await accountsBelow(read, heads)).includes(account))
      throw registerErrors.REGISTER_FIELD({
        field: "Account",
        rule: `a head below ${heads.join(" or ")}, which ${account} is not`,
      });
  }
  return { isCashBank: row.is_cash_bank };
}

/** The posting accounts below some headings, and those of them that are posting accounts themselves. */
export async function accountsBelow(read: Read, heads: readonly string[]): Promise<string[]> {
  const rows = await read.query<{ code: string }>(
    `with recursive below as (
       select a.code, a.is_posting from ledger.accounts a where a.ulb_id = :ulb and a.code = any(:heads::text[])
       union
       select a.code, a.is_posting from below b join ledger.accounts a on a.ulb_id = :ulb and a.parent = b.code
     )
     select code from below where is_posting order by code`,
    { ulb: read.ulb.id, heads },
  );
  return rows.map((r) => r.code);
}

async function checkFund(read: Read, fund: string): Promise<void> {
  const known = await read.query("select 1 from ledger.funds where ulb_id = :ulb and code = :fund", {
    ulb: read.ulb.id,
    fund,
  });
  if (known.length === 0) throw ledgerErrors.FUND_UNKNOWN({ what: "the register", fund: fund.slice(0, 40) });
}

async function checkFunction(read: Read, code: string): Promise<void> {
  const known = await read.query("select 1 from ledger.functions where ulb_id = :ulb and code = :code", {
    ulb: read.ulb.id,
    code,
  });
  if (known.length === 0)
    throw registerErrors.REGISTER_FIELD({ field: "Function", rule: `one of this ULB's functions, not ${code}` });
}
