import { IMPORTED, movedBy, postingAccount, REVENUE } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { CLEARING_ITEMS } from "./settlement-marks.ts";

/** Two figures that must be equal: paise, or counts where `unit` says so. */
export type CollectionTie = {
  readonly name: string;
  readonly unit: "paise" | "count";
  readonly left: bigint;
  readonly right: bigint;
  readonly ok: boolean;
};

const FOREVER = "9999-12-31" as LocalDate;
const row = (name: string, unit: "paise" | "count", left: bigint, right: bigint): CollectionTie => ({
  name,
  unit,
  left,
  right,
  ok: left === right,
});

/** Gateway clearing account, but for what was brought in from files, = captured − refunded − lost in disputes − settled. */
export async function captureTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const account = await postingAccount(read, "gateway-clearing");
  const items = await read.queryOne<{ total: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as total from (${CLEARING_ITEMS}) as item
     where booked_on <= :as_of::date and (gone_on is null or gone_on > :as_of::date)`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  const name = `gateway clearing ${account} = captured − refunded − lost in disputes − settled`;
  return [row(name, "paise", await movedBy(read, account, asOf, { except: IMPORTED }), items?.total ?? 0n)];
}

/** Cash in hand, as far as counters moved it (vouchers and imports may too), = cash received and neither deposited nor given back, less what drawers were short of. */
export async function cashTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const account = await postingAccount(read, "cash-in-hand");
  const held = (await inHand(read, ["cash"], asOf)) + (await differencesInHand(read, asOf));
  return [
    row(
      `cash in hand ${account} = cash received and not deposited`,
      "paise",
      await movedBy(read, account, asOf, { of: REVENUE }),
      held,
    ),
  ];
}

/** What closed drawers were short of (negative) or over and no deposit has accounted for; of the float for ever. */
async function differencesInHand(read: Read, asOf: LocalDate): Promise<bigint> {
  const row = await read.queryOne<{ total: bigint }>(
    `select coalesce(sum(d.amount), 0)::bigint as total from collections.cash_differences d
     left join collections.remittances m on m.ulb_id = d.ulb_id and m.remittance_id = d.remittance_id
     where d.ulb_id = :ulb and d.booked_on <= :as_of::date and (m.deposited_on is null or m.deposited_on > :as_of::date)`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  return row?.total ?? 0n;
}

/** Slips of card machines, as far as counters moved their account, = slips received and neither settled nor cancelled. */
export async function cardTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const account = await postingAccount(read, "pos-clearing");
  const held = await read.queryOne<{ total: bigint }>(
    `select coalesce(sum(i.amount), 0)::bigint as total
     from collections.instruments i
     join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
     left join collections.pos_batches b on b.ulb_id = i.ulb_id and b.batch_id = i.batch_id
     where i.ulb_id = :ulb and i.kind in ('pos', 'upi') and r.entry_date <= :as_of::date
       and (b.settled_on is null or b.settled_on > :as_of::date) and (r.status <> 'cancelled' or r.status_date > :as_of::date)`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  const moved = await movedBy(read, account, asOf, { of: REVENUE });
  return [row(`card slips ${account} = slips received and not settled`, "paise", moved, held?.total ?? 0n)];
}

/** Cheques that are only acknowledged: the liability, cheque by cheque, = acknowledgements that are held. */
export async function provisionalTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const account = await postingAccount(read, "cheques-provisional");
  const sums = await read.queryOne<{ ledger: bigint; held: bigint }>(
    `select
       (select coalesce(sum(l.credit - l.debit), 0)::bigint from ledger.lines l
        where l.ulb_id = :ulb and l.account = :account and l.party_type = 'cheque' and l.entry_date <= :as_of::date) as ledger,
       (select coalesce(sum(amount), 0)::bigint from collections.acknowledgements
        where ulb_id = :ulb and received_on <= :as_of::date and (status_on is null or status_on > :as_of::date)) as held`,
    { ulb: read.ulb.id, account, as_of: asOf },
  );
  const name = `cheques not yet realised ${account} = acknowledgements held`;
  return [row(name, "paise", sums?.ledger ?? 0n, sums?.held ?? 0n)];
}

/** Cheques in hand, as far as counters moved them, = cheques and drafts received and not deposited. */
export async function instrumentTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const account = await postingAccount(read, "cheques-in-hand");
  const held = await inHand(read, ["cheque", "dd", "postal-order"], asOf);
  return [
    row(
      `cheques in hand ${account} = cheques received and not deposited`,
      "paise",
      await movedBy(read, account, asOf, { of: REVENUE }),
      held,
    ),
  ];
}

/**
 * Cheques in clearing, as far as counters and the bank's credits moved them, = leaves deposited there and neither credited nor returned. No row where
 * the ULB never kept them apart.
 */
export async function clearingTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const heads = await read.query<{ account: string; held: bigint }>(
    `select m.clearing_account as account, coalesce(sum(i.amount) filter (where m.deposited_on <= :as_of::date
         and not exists (select 1 from ledger.entries e where e.ulb_id = i.ulb_id and e.entry_id = i.credit_entry_id and e.entry_date <= :as_of::date)
         and not exists (select 1 from collections.dishonours d where d.ulb_id = i.ulb_id and d.instrument_id = i.instrument_id
           and d.dishonoured_on <= :as_of::date)), 0)::bigint as held
     from collections.remittances m
     join collections.instruments i on i.ulb_id = m.ulb_id and i.remittance_id = m.remittance_id
     where m.ulb_id = :ulb and m.clearing_account is not null
     group by m.clearing_account order by m.clearing_account`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  const ties: CollectionTie[] = [];
  for (const { account, held } of heads)
    ties.push(
      row(
        `cheques in clearing ${account} = cheques deposited, neither credited nor returned`,
        "paise",
        await movedBy(read, account, asOf, { of: REVENUE }),
        held,
      ),
    );
  return ties;
}

async function inHand(read: Read, kinds: readonly string[], asOf: LocalDate): Promise<bigint> {
  const held = await read.queryOne<{ total: bigint }>(
    `select coalesce(sum(i.amount), 0)::bigint as total
     from collections.instruments i
     left join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
     left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id
     left join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
     where i.ulb_id = :ulb and i.kind = any(:kinds::text[]) and coalesce(a.received_on, r.entry_date) <= :as_of::date
       and (m.deposited_on is null or m.deposited_on > :as_of::date)
       and (r.status is null or r.status <> 'cancelled' or r.status_date > :as_of::date)
       and (a.status is null or a.status <> 'cancelled' or a.status_on > :as_of::date)`,
    { ulb: read.ulb.id, kinds, as_of: asOf },
  );
  return held?.total ?? 0n;
}

/** What stands in the clearing of BBPS and portals, as far as their payments moved it, = what they took and have neither paid over nor taken back. */
export async function externalTie(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  const accounts = await read.query<{ account: string; held: bigint }>(
    `select p.clearing_account as account, coalesce(sum(e.amount) filter (where r.entry_date <= :as_of::date
         and (e.settled_on is null or e.settled_on > :as_of::date) and (v.booked_on is null or v.booked_on > :as_of::date)), 0)::bigint as held
     from collections.external_partners p
     left join collections.external_payments e on e.ulb_id = p.ulb_id and e.partner = p.partner
     left join collections.receipts r on r.ulb_id = e.ulb_id and r.receipt_id = e.receipt_id
     left join collections.external_reversals v on v.ulb_id = e.ulb_id and v.partner = e.partner and v.reference = e.reference
     where p.ulb_id = :ulb group by p.clearing_account order by p.clearing_account`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  const ties: CollectionTie[] = [];
  for (const { account, held } of accounts) {
    const moved = await read.queryOne<{ amount: bigint }>(
      `select coalesce(sum(l.debit - l.credit), 0)::bigint as amount from ledger.lines l
       where l.ulb_id = :ulb and l.account = :account and l.entry_date <= :as_of::date
         and l.party_type in ('external-payment', 'external-settlement')`,
      { ulb: read.ulb.id, account, as_of: asOf },
    );
    ties.push(row(`clearing of portals ${account} = taken and not paid over`, "paise", moved?.amount ?? 0n, held));
  }
  return ties;
}

/** Every receipt, and every refund note that stands without one, has exactly one entry, of its own amount; every such entry has its document. */
export async function receiptEntryTie(read: Read): Promise<CollectionTie[]> {
  const counts = await read.queryOne<{ documents: bigint; fitting: bigint; entries: bigint }>(
    `with document as (
       select 'receipt' as source_type, receipt_id::text as source_id, amount::bigint as amount from collections.receipts where ulb_id = :ulb and kind = 'original'
       union all
       select 'refund-note', n.refund_id::text, n.amount
       from collections.refunds n
       join collections.payments p on p.ulb_id = n.ulb_id and p.refund_id = n.refund_id and p.receipt_id is null
       where n.ulb_id = :ulb
     ), entry as (
       -- The money of an acknowledged cheque came before its receipt: it stands as a liability until then.
       select e.source_type, e.source_id,
         sum(l.debit - l.credit) filter (where a.is_cash_bank or (l.party_type = 'cheque' and l.account = :provisional))::bigint as money
       from ledger.entries e
       join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
       where e.ulb_id = :ulb and e.source_type in ('receipt', 'refund-note')
       group by e.entry_id, e.source_type, e.source_id
     )
     select (select count(*) from document) as documents, (select count(*) from entry) as entries,
       (select count(*) from document d join entry e on e.source_type = d.source_type and e.source_id = d.source_id and e.money = d.amount) as fitting`,
    { ulb: read.ulb.id, provisional: await postingAccount(read, "cheques-provisional") },
  );
  const { documents, fitting, entries } = counts ?? { documents: 0n, fitting: 0n, entries: 0n };
  return [
    row("receipts and refund notes = those with an entry of the same amount", "count", documents, fitting),
    row("entries of receipts and refund notes = receipts and refund notes", "count", entries, documents),
  ];
}

/** Every captured payment is booked once; every online receipt has its payment; a receipt is refundable where a note gives its money back, and there only. */
export async function paymentReceiptTie(read: Read): Promise<CollectionTie[]> {
  const counts = await read.queryOne<{ captured: bigint; booked: bigint }>(
    `select (select count(*) from collections.payments where ulb_id = :ulb and rank = 3) as captured,
       (select count(*) from collections.receipts r
          join collections.payments p on p.ulb_id = r.ulb_id and p.payment_id = r.payment_id and p.receipt_id = r.receipt_id and p.amount = r.amount
          left join collections.refunds n on n.ulb_id = p.ulb_id and n.refund_id = p.refund_id
          where r.ulb_id = :ulb and coalesce(n.amount, 0) = (select coalesce(sum(l.amount), 0) from collections.receipt_lines l
            where l.ulb_id = r.ulb_id and l.receipt_id = r.receipt_id and l.kind = 'refundable'))
       + (select count(*) from collections.refunds n
          join collections.payments p on p.ulb_id = n.ulb_id and p.refund_id = n.refund_id and p.amount = n.amount and p.receipt_id is null
          where n.ulb_id = :ulb) as booked`,
    { ulb: read.ulb.id },
  );
  return [
    row(
      "captured payments = receipts and refund notes for them",
      "count",
      counts?.captured ?? 0n,
      counts?.booked ?? 0n,
    ),
  ];
}

/** Receipt, acknowledgement, refund and remittance numbers used = last − first + 1, per year. */
export async function numberTies(read: Read): Promise<CollectionTie[]> {
  const rows = await read.query<{ name: string; fy: string; used: bigint; span: bigint }>(
    `select name, fy, count(*) as used, max(number) as span
     from (
       select 'receipt numbers' as name, fy, number from collections.receipts where ulb_id = :ulb
       union all select 'refund numbers', fy, number from collections.refunds where ulb_id = :ulb
       union all select 'remittance numbers', fy, number from collections.remittances where ulb_id = :ulb
       union all select 'acknowledgement numbers', fy, number from collections.acknowledgements where ulb_id = :ulb
     ) as used group by name, fy order by name, fy`,
    { ulb: read.ulb.id },
  );
  return rows.map((r) => row(`${r.name} ${r.fy} used = last number`, "count", r.used, r.span));
}

/** Receipt lines sum to their receipts. */
export async function receiptLineTie(read: Read): Promise<CollectionTie[]> {
  const sums = await read.queryOne<{ receipts: bigint; lines: bigint }>(
    `select (select coalesce(sum(amount), 0) from collections.receipts where ulb_id = :ulb)::bigint as receipts,
       (select coalesce(sum(amount), 0) from collections.receipt_lines where ulb_id = :ulb and kind <> 'rebate')::bigint as lines`,
    { ulb: read.ulb.id },
  );
  return [row("receipts = sum of their lines", "paise", sums?.receipts ?? 0n, sums?.lines ?? 0n)];
}

/** All of them. */
export async function collectionTies(read: Read, asOf: LocalDate = FOREVER): Promise<CollectionTie[]> {
  return [
    ...(await captureTie(read, asOf)),
    ...(await externalTie(read, asOf)),
    ...(await cashTie(read, asOf)),
    ...(await instrumentTie(read, asOf)),
    ...(await clearingTie(read, asOf)),
    ...(await cardTie(read, asOf)),
    ...(await provisionalTie(read, asOf)),
    ...(await receiptEntryTie(read)),
    ...(await receiptLineTie(read)),
    ...(await paymentReceiptTie(read)),
    ...(await numberTies(read)),
  ];
}
