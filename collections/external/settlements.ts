import { cr, dr, postEntry, postingAccount } from "../../ledger/index.ts";
import { readCsv, type CsvInput } from "../../ledger/kernel/csv.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, rupees, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { setTasks } from "../tasks.ts";

export type SettledItem = { readonly reference: string; readonly amount: Paise };

export type ExternalSettlement = {
  readonly partner: string;
  /** The partner's own id of the settlement, or its UTR: booked once. */
  readonly reference: string;
  readonly date: LocalDate;
  readonly bankAccount: string;
  /** What came to the bank. It must be the sum of the items. */
  readonly amount: Paise;
  readonly items: readonly SettledItem[];
};

export type SettlementOutcome = {
  readonly id: string;
  readonly settled: number;
  /** Items that we do not have, or have with another amount: their money stands among unidentified credits. */
  readonly problems: readonly Problem[];
  /** What the partner took up to the last day that it settled, and left out. */
  readonly short: readonly SettledItem[];
};

/** The columns of a settlement file. */
export const EXTERNAL_SETTLEMENT_CSV = ["reference", "amount"] as const;

/** Reads a settlement file: one payment a row. Gives every bad row, or the items. */
export async function readSettlementFile(
  input: CsvInput,
): Promise<{ readonly items: readonly SettledItem[]; readonly problems: readonly Problem[] }> {
  const file = await readCsv(input, EXTERNAL_SETTLEMENT_CSV);
  const problems: Problem[] = [...file.problems];
  const items: SettledItem[] = [];
  for (const { line, cells } of file.rows) {
    try {
      items.push({ reference: cells.reference, amount: rupees(cells.amount) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ code: error.code, message: error.detail, line });
    }
  }
  return { items, problems };
}

type Held = {
  readonly reference: string;
  readonly amount: bigint;
  readonly is_settled: boolean;
  readonly reversal: string | null;
};

/** What of a settlement's items fits what we posted; pure. */
export function checkItems(
  items: readonly SettledItem[],
  held: ReadonlyMap<
    string,
    { readonly amount: bigint; readonly isSettled: boolean; readonly reversal?: string | null }
  >,
): { readonly fitting: readonly SettledItem[]; readonly problems: readonly Problem[] } {
  const fitting: SettledItem[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const item of items) {
    const ours = held.get(item.reference);
    const problem = (code: string, message: string): void => void problems.push({ code, message });
    if (seen.has(item.reference)) problem("EXTERNAL_ITEM_TWICE", `${item.reference} stands twice in the settlement`);
    else if (!ours)
      problem("EXTERNAL_ITEM_UNKNOWN", `${item.reference} of ${formatIndian(item.amount)} was never posted here`);
    else if (ours.isSettled) problem("EXTERNAL_ITEM_SETTLED", `${item.reference} was settled before`);
    else if (ours.reversal)
      problem(
        "EXTERNAL_ITEM_REVERSED",
        `${item.reference} of ${formatIndian(item.amount)} was taken back by ${ours.reversal} before`,
      );
    else if (ours.amount !== item.amount)
      problem(
        "EXTERNAL_ITEM_AMOUNT",
        `${item.reference} is settled with ${formatIndian(item.amount)} and was posted with ${formatIndian(paise(ours.amount))}`,
      );
    else fitting.push(item);
    seen.add(item.reference);
  }
  return { fitting, problems };
}

/**
 * A partner paid over what it took: Dr bank, Cr its clearing with what fits, Cr unidentified credits with what does not. What it took in the same
 * days and left out stays in its clearing, and a person is told of each. Receipts stay as they are.
 * Raises PARTNER_INVALID, EXTERNAL_REFERENCE, EXTERNAL_SETTLEMENT (the sums differ), EXTERNAL_SETTLED, and the ledger's refusals.
 */
export async function settleExternal(tx: Tx, settlement: ExternalSettlement): Promise<SettlementOutcome> {
  const { partner, reference } = settlement;
  if (!/^[A-Za-z0-9._:/-]{4,64}$/.test(reference))
    throw collectionErrors.EXTERNAL_REFERENCE({ reference: reference.slice(0, 80) });
  const owner = await tx.queryOne<{ account: string; name: string }>(
    `select clearing_account as account, name from collections.external_partners where ulb_id = :ulb and partner = :partner for no key update`,
    { ulb: tx.ulb.id, partner },
  );
  if (!owner) throw collectionErrors.PARTNER_INVALID({ problem: `there is no partner ${partner.slice(0, 40)}` });
  const known = await tx.queryOne<{ amount: Paise }>(
    "select amount from collections.external_settlements where ulb_id = :ulb and partner = :partner and reference = :reference",
    { ulb: tx.ulb.id, partner, reference },
  );
  if (known) throw collectionErrors.EXTERNAL_SETTLED({ partner, reference, amount: formatIndian(known.amount) });
  const total = sum(settlement.items.map((i) => i.amount));
  if (settlement.items.length === 0 || total !== settlement.amount) {
    throw collectionErrors.EXTERNAL_SETTLEMENT({
      problem: `${settlement.items.length} items sum to ${formatIndian(total)}, ${formatIndian(settlement.amount)} was paid over`,
    });
  }
  const rows = await tx.query<Held>(
    `select e.reference, e.amount, e.settlement_id is not null as is_settled, v.reversal_reference as reversal
     from collections.external_payments e
     left join collections.external_reversals v on v.ulb_id = e.ulb_id and v.partner = e.partner and v.reference = e.reference
     where e.ulb_id = :ulb and e.partner = :partner and e.reference = any(:references::text[])
     order by e.reference for no key update of e`,
    { ulb: tx.ulb.id, partner, references: settlement.items.map((i) => i.reference) },
  );
  const { fitting, problems } = checkItems(
    settlement.items,
    new Map(rows.map((r) => [r.reference, { amount: r.amount, isSettled: r.is_settled, reversal: r.reversal }])),
  );
  const id = newId();
  const date = await entryDateFor(tx, settlement.date);
  const funds = await fundsOf(tx, partner, fitting);
  const unknown = paise(settlement.amount - sum(fitting.map((i) => i.amount)));
  await tx.query(
    `insert into collections.external_settlements (ulb_id, settlement_id, partner, reference, amount, bank_account, settled_on, items, problems,
       recorded_by, recorded_at)
     values (:ulb, :id, :partner, :reference, :amount, :bank, :on_date, :items, :problems::jsonb, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      partner,
      reference,
      amount: settlement.amount,
      bank: settlement.bankAccount,
      on_date: date,
      items: settlement.items.length,
      problems: JSON.stringify(problems.slice(0, 1000)),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `update collections.external_payments set settlement_id = :id, settled_on = :on_date
     where ulb_id = :ulb and partner = :partner and reference = any(:references::text[])`,
    { ulb: tx.ulb.id, id, partner, on_date: date, references: fitting.map((i) => i.reference) },
  );
  const short = await leftOut(tx, partner, id);
  await setTasks(tx, [
    ...short.map((s) => ({
      kind: "external-short" as const,
      subject: `${partner}/${s.reference}`,
      message: `${owner.name} left ${s.reference} of ${formatIndian(s.amount)} out of settlement ${reference} (${formatDate(date)}); raise a dispute with it, the receipt stays valid`,
    })),
    ...(problems.length === 0
      ? []
      : [
          {
            kind: "external-short" as const,
            subject: `${partner}/settlement/${reference}`.slice(0, 200),
            message:
              `Settlement ${reference} of ${owner.name}: ${formatIndian(unknown)} does not fit what was posted: ${problems
                .map((p) => p.message)
                .slice(0, 5)
                .join("; ")}`.slice(0, 1000),
          },
        ]),
  ]);
  const party = { type: "external-settlement", id: `${partner}/${reference}` };
  const suspense = await postingAccount(tx, "unidentified-credits");
  await postEntry(tx, {
    voucher: unknown > 0n ? "receipt" : "contra",
    date,
    valueDate: settlement.date,
    narration: `Settlement ${reference} of ${owner.name}, ${settlement.items.length} payments`.slice(0, 1000),
    source: { type: "external-settlement", id },
    lines: [
      ...[...funds].flatMap(([fund, amount]) => [
        dr(settlement.bankAccount, amount, { fund, party }),
        cr(owner.account, amount, { fund, party }),
      ]),
      ...(unknown > 0n ? [dr(settlement.bankAccount, unknown, { party }), cr(suspense, unknown, { party })] : []),
    ],
  });
  return { id, settled: fitting.length, problems, short };
}

/** A settlement as it was booked. */
export type BookedSettlement = {
  readonly id: string;
  readonly partner: string;
  readonly reference: string;
  readonly amount: Paise;
  readonly bankAccount: string;
  readonly settledOn: LocalDate;
  readonly items: number;
  readonly problems: readonly Problem[];
  readonly recordedBy: string;
};

/** Settlements of a partner, the newest first; at most 200. */
export async function listExternalSettlements(read: Read, partner: string): Promise<BookedSettlement[]> {
  return read.query<BookedSettlement>(
    `select settlement_id as id, partner, reference, amount, bank_account as "bankAccount", settled_on as "settledOn", items, problems,
       recorded_by as "recordedBy"
     from collections.external_settlements where ulb_id = :ulb and partner = :partner order by settled_on desc, settlement_id desc limit 200`,
    { ulb: read.ulb.id, partner },
  );
}

/** In which funds the money was taken: the receipts know. */
async function fundsOf(tx: Tx, partner: string, items: readonly SettledItem[]): Promise<ReadonlyMap<string, Paise>> {
  const rows = await tx.query<{ fund: string; amount: bigint }>(
    `select f.key as fund, sum(f.value::bigint)::bigint as amount
     from collections.external_payments e
     join collections.instruments i on i.ulb_id = e.ulb_id and i.receipt_id = e.receipt_id
     cross join lateral jsonb_each_text(i.funds) as f (key, value)
     where e.ulb_id = :ulb and e.partner = :partner and e.reference = any(:references::text[])
     group by f.key order by f.key`,
    { ulb: tx.ulb.id, partner, references: items.map((i) => i.reference) },
  );
  return new Map(rows.filter((r) => r.amount !== 0n).map((r) => [r.fund, paise(r.amount)]));
}

/** What the partner took no later than the last payment that it settled now, and has not settled. */
async function leftOut(tx: Tx, partner: string, settlementId: string): Promise<SettledItem[]> {
  return tx.query<SettledItem>(
    `select e.reference, e.amount from collections.external_payments e
     where e.ulb_id = :ulb and e.partner = :partner and e.settlement_id is null
       and not exists (select 1 from collections.external_reversals v
         where v.ulb_id = e.ulb_id and v.partner = e.partner and v.reference = e.reference)
       and e.paid_at <= (select max(s.paid_at) from collections.external_payments s where s.ulb_id = :ulb and s.settlement_id = :id::uuid)
     order by e.paid_at, e.reference limit 1000`,
    { ulb: tx.ulb.id, partner, id: settlementId },
  );
}
