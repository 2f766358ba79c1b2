import { audit } from "../kernel/audit.ts";
import { formatDate, periodEnd, type LocalDate } from "../kernel/dates.ts";
import { formatIndian, paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getEntry } from "../entries.ts";
import type { CloseCheck } from "../close/index.ts";
import { postingAccounts } from "../posting-map.ts";
import { PAYABLE_SOURCES } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { createItems, getItem, moveItems, type Item, type ItemKind } from "./items.ts";
import { remittancesDue } from "./remittances.ts";

/** One party on one control account. Liabilities are shown as credits, advances as debits: a plain balance is positive. */
export type PayableTieRow = {
  readonly account: string;
  readonly partyType: string;
  readonly partyId: string;
  /** The ledger's lines of the party on the account. */
  readonly ledger: Paise;
  /** The register: bills, deposits, recoveries, advances and stale cheques of the party that are open. */
  readonly register: Paise;
  /** Lines that other vouchers and imports posted beside the register; `takeOverLine` brings them in. */
  readonly direct: Paise;
  /** What nobody can explain: nil. */
  readonly difference: Paise;
};

const CONTROL_KEYS = [
  "creditors-suppliers",
  "creditors-contractors",
  "creditors-other",
  "salaries-payable",
  "deposit-emd",
  "deposit-retention",
  "deposit-security",
  "advance-suppliers",
  "advance-contractors",
  "advance-materials",
  "advance-employees",
  "advance-imprest",
  "advance-other",
  "stale-cheques",
] as const;

/** The control accounts: what the posting map names, and every head on which an item ever stood (recoveries by their sections). */
async function controlAccounts(read: Read): Promise<string[]> {
  const mapped = Object.values(await postingAccounts(read, ...CONTROL_KEYS));
  const used = await read.query<{ account: string }>(
    "select distinct account from ledger.payable_items where ulb_id = :ulb",
    { ulb: read.ulb.id },
  );
  return [...new Set([...mapped, ...used.map((u) => u.account)])].sort();
}

/**
 * The sub-ledger against its control accounts at the end of a day, to the paisa: for each control account and party the ledger's lines are the
 * register and the lines posted beside it. A line of this room's own entries, or of the reversal of one, that the register does not know is a
 * difference. Read it in a snapshot.
 */
export async function payableTies(read: Read, asOf: LocalDate): Promise<PayableTieRow[]> {
  const rows = await read.query<{
    account: string;
    party_type: string;
    party_id: string;
    ledger: bigint;
    register: bigint;
    direct: bigint;
  }>(
    `with control as (
       select a.code as account, case when a.type = 'asset' then 1 else -1 end as sign
       from ledger.accounts a where a.ulb_id = :ulb and a.code = any(:accounts::text[])
     ), ours as (
       select e.entry_id from ledger.entries e where e.ulb_id = :ulb and e.source_type = any(:sources::text[])
       union
       select e.entry_id from ledger.entries e
       join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id and o.source_type = any(:sources::text[])
       where e.ulb_id = :ulb
       union
       select m.entry_id from ledger.payable_movements m where m.ulb_id = :ulb
     ), posted as (
       select l.account, coalesce(l.party_type, '') as party_type, coalesce(l.party_id, '') as party_id,
         sum(c.sign * (l.debit - l.credit))::bigint as ledger,
         coalesce(sum(c.sign * (l.debit - l.credit)) filter (where o.entry_id is null), 0)::bigint as direct
       from control c
       join ledger.lines l on l.ulb_id = :ulb and l.account = c.account and l.entry_date <= :as_of::date
       left join ours o on o.entry_id = l.entry_id
       group by 1, 2, 3
     ), registered as (
       select i.account, i.party_type, i.party_id, sum(m.amount)::bigint as register
       from ledger.payable_items i
       join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.on_date <= :as_of::date
       where i.ulb_id = :ulb
       group by 1, 2, 3
     )
     select account, party_type, party_id, coalesce(p.ledger, 0)::bigint as ledger, coalesce(r.register, 0)::bigint as register,
       coalesce(p.direct, 0)::bigint as direct
     from posted p full join registered r using (account, party_type, party_id)
     order by account, party_type, party_id`,
    {
      ulb: read.ulb.id,
      accounts: await controlAccounts(read),
      sources: [...PAYABLE_SOURCES],
      as_of: asOf,
    },
  );
  return rows.map((r) => ({
    account: r.account,
    partyType: r.party_type,
    partyId: r.party_id,
    ledger: paise(r.ledger),
    register: paise(r.register),
    direct: paise(r.direct),
    difference: paise(r.ledger - r.register - r.direct),
  }));
}

/** Items whose open amount is not what their movements add up to; empty when all is well. */
export async function payableSelfTie(
  read: Read,
): Promise<{ readonly itemId: string; readonly open: Paise; readonly moved: Paise }[]> {
  const rows = await read.query<{ item_id: string; open: bigint; moved: bigint }>(
    `select i.item_id, i.open, coalesce(sum(m.amount), 0)::bigint as moved
     from ledger.payable_items i
     left join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id
     where i.ulb_id = :ulb
     group by i.item_id, i.open having i.open <> coalesce(sum(m.amount), 0) limit 100`,
    { ulb: read.ulb.id },
  );
  return rows.map((r) => ({ itemId: r.item_id, open: paise(r.open), moved: paise(r.moved) }));
}

export type DirectLine = {
  readonly entryId: bigint;
  readonly lineNo: number;
  readonly date: LocalDate;
  readonly account: string;
  readonly party: { readonly type: string; readonly id: string } | null;
  readonly amount: Paise;
  readonly narration: string;
};

/** Lines on control accounts that stand beside the register, oldest first; at most 200. Plain balances are positive. */
export async function directLines(read: Read): Promise<DirectLine[]> {
  const rows = await read.query<{
    entry_id: bigint;
    line_no: number;
    entry_date: LocalDate;
    account: string;
    party_type: string | null;
    party_id: string | null;
    amount: bigint;
    narration: string;
  }>(
    `select l.entry_id, l.line_no, l.entry_date, l.account, l.party_type, l.party_id,
       ((l.debit - l.credit) * case when a.type = 'asset' then 1 else -1 end)::bigint as amount, e.narration
     from ledger.lines l
     join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     where l.ulb_id = :ulb and l.account = any(:accounts::text[]) and e.source_type <> all(:sources::text[])
       and not exists (select 1 from ledger.payable_movements m where m.ulb_id = l.ulb_id and m.entry_id = l.entry_id)
     order by l.entry_date, l.entry_id, l.line_no limit 200`,
    { ulb: read.ulb.id, accounts: await controlAccounts(read), sources: [...PAYABLE_SOURCES] },
  );
  return rows.map((r) => ({
    entryId: r.entry_id,
    lineNo: r.line_no,
    date: r.entry_date,
    account: r.account,
    party: r.party_type !== null && r.party_id !== null ? { type: r.party_type, id: r.party_id } : null,
    amount: paise(r.amount),
    narration: r.narration,
  }));
}

/**
 * Takes what another voucher or an opening balance posted on a control account into the register, so that it can be paid, refunded or adjusted
 * here: every line of that entry on control accounts, each with a party of the masters, becomes an open item. Raises TAKE_OVER_LINE, ENTRY_NOT_FOUND.
 */
export async function takeOverEntry(tx: Tx, entryId: bigint): Promise<Item[]> {
  await tx.query("select pg_advisory_xact_lock(7244009, hashtext(:key))", { key: `${tx.ulb.id}/${entryId}` });
  const entry = await getEntry(tx, entryId);
  const refuse = (line: number, why: string) => payableErrors.TAKE_OVER_LINE({ entry: entry.number, line, why });
  const known = await tx.queryOne<{ n: bigint }>(
    "select count(*) as n from ledger.payable_movements where ulb_id = :ulb and entry_id = :entry",
    { ulb: tx.ulb.id, entry: entryId },
  );
  if ((known?.n ?? 0n) > 0n || (PAYABLE_SOURCES as readonly string[]).includes(entry.source.type))
    throw refuse(0, "it is in the register already");
  if (entry.reversedBy !== null || entry.reverses !== null) throw refuse(0, "it was reversed, or is a reversal");
  const kinds = await kindsOfAccounts(tx);
  const controls = new Set(await controlAccounts(tx));
  const lines = entry.lines.filter((l) => controls.has(l.account));
  if (lines.length === 0) throw refuse(0, "it has no line on a control account");
  const items = [];
  for (const line of lines) {
    const kind = kinds.get(line.account) ?? "recovery";
    const grows = kind === "advance" ? "debit" : "credit";
    if (line.side !== grows)
      throw refuse(line.lineNo, `it settles what is not in the register; settle it here instead`);
    const party = line.party;
    if (!party) throw refuse(line.lineNo, "it names no party");
    const found = await tx.queryOne<{ n: bigint }>(
      "select count(*) as n from ledger.parties where ulb_id = :ulb and party_type = :type and party_id = :id",
      { ulb: tx.ulb.id, type: party.type, id: party.id },
    );
    if ((found?.n ?? 0n) === 0n) throw refuse(line.lineNo, `${party.type} ${party.id} is not among the parties`);
    items.push({
      kind,
      account: line.account,
      fund: line.fund ?? "01",
      party,
      openedOn: entry.date,
      amount: line.amount,
      what: `${entry.number}: ${entry.narration}`.slice(0, 200),
      code: "taken over",
    });
  }
  const ids = await createItems(tx, items);
  await moveItems(
    tx,
    { id: entry.id, date: entry.date },
    items.map((item, i) => ({ itemId: ids[i] ?? "", amount: item.amount, why: "taken over" })),
  );
  await audit(tx, { action: "take over", subject: "entry", subjectId: String(entryId) });
  const taken: Item[] = [];
  for (const id of ids) taken.push(await getItem(tx, id));
  return taken;
}

async function kindsOfAccounts(read: Read): Promise<Map<string, ItemKind>> {
  const accounts = await postingAccounts(read, ...CONTROL_KEYS);
  const kindOf = (key: string): ItemKind =>
    key.startsWith("advance-")
      ? "advance"
      : key.startsWith("deposit-")
        ? "deposit"
        : key === "stale-cheques"
          ? "stale"
          : "creditor";
  return new Map(CONTROL_KEYS.map((key) => [accounts[key], kindOf(key)]));
}

/**
 * Before a month closes: the sub-ledger is its control accounts, no bill, payment or order of its days waits for a decision, and what was deducted
 * and due by its end is remitted.
 */
export const payableCloseChecks: readonly CloseCheck[] = [
  {
    name: "payables",
    run: async (read, period) => {
      const last = periodEnd(period);
      const off = (await payableTies(read, last)).filter((t) => t.difference !== 0n);
      return [
        ...off.map((t) => ({
          code: "PAYABLE_TIE_OFF",
          message:
            `account ${t.account}, ${t.partyType === "" ? "no party" : `${t.partyType} ${t.partyId}`}: ledger ${formatIndian(t.ledger)}, register ` +
            `${formatIndian(t.register)}, posted beside it ${formatIndian(t.direct)}, difference ${formatIndian(t.difference)}`,
        })),
        ...(await payableSelfTie(read)).map((t) => ({
          code: "PAYABLE_ITEM_OFF",
          message: `item ${t.itemId} is open with ${formatIndian(t.open)}, its movements come to ${formatIndian(t.moved)}`,
        })),
      ];
    },
  },
  {
    name: "bills and payments waiting",
    run: async (read, period) => {
      const rows = await read.query<{ code: string; papers: bigint; amount: bigint; what: string }>(
        `select 'BILLS_WAITING' as code, count(*) as papers, coalesce(sum(net), 0)::bigint as amount, 'bills received' as what from ledger.bills
         where ulb_id = :ulb and status = 'submitted' and received_on <= :last_day::date
         union all
         select 'PAYMENTS_WAITING', count(*), coalesce(sum(amount), 0)::bigint, 'payments dated' from ledger.payments
         where ulb_id = :ulb and status = 'submitted' and payment_date <= :last_day::date
         union all
         select 'ORDERS_WAITING', count(*), coalesce(sum(amount), 0)::bigint, 'orders on deposits dated' from ledger.item_orders
         where ulb_id = :ulb and status = 'submitted' and order_date <= :last_day::date`,
        { ulb: read.ulb.id, last_day: periodEnd(period) },
      );
      return rows
        .filter((r) => r.papers > 0n)
        .map((r) => ({
          code: r.code,
          message: `${r.papers} ${r.what} by ${formatDate(periodEnd(period))} wait for a decision, ${formatIndian(paise(r.amount))} together`,
        }));
    },
  },
  {
    name: "deductions are remitted in time",
    run: async (read, period) => {
      const last = periodEnd(period);
      return (await remittancesDue(read, last))
        .filter((d) => d.dueOn <= last && d.open > 0n)
        .map((d) => ({
          code: "REMITTANCE_OVERDUE",
          message: `${d.code}, fund ${d.fund}: ${formatIndian(d.open)} was due on ${formatDate(d.dueOn)}${d.payee === "" ? "" : ` to the ${d.payee}`} and is not remitted`,
        }));
    },
  },
];
