import { postingAccount } from "../../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { negate, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { disputesOf, type SettlementFigures, type SettlementRow } from "../settlement.ts";
import { openExceptions } from "./keep.ts";

/** A row of a settlement that waits, as the gateway told it last. */
export type WaitingItem = SettlementRow & {
  readonly paymentId: string | null;
  readonly orderReceipt: string | null;
  readonly method: string | null;
  readonly disputeId?: string | null;
};

/** Keeps the gateway's rows of a settlement that does not add up, and opens its exception for a person, once. */
export async function keepWaiting(
  tx: Tx,
  settlement: { readonly id: string; readonly amount: Paise; readonly utr: string | null; readonly createdAt: Date },
  message: string,
  items: readonly WaitingItem[],
): Promise<void> {
  await tx.query(
    "delete from reconciliation.settlement_waiting_items where ulb_id = :ulb and settlement_id = :settlement",
    { ulb: tx.ulb.id, settlement: settlement.id },
  );
  const own = [...new Map(items.map((i) => [i.entityId, i])).values()];
  for (let from = 0; from < own.length; from += 5000) {
    const part = own.slice(from, from + 5000);
    await tx.query(
      `insert into reconciliation.settlement_waiting_items (ulb_id, settlement_id, entity_id, type, debit, credit, amount, fee, tax, is_on_hold,
         payment_id, order_receipt, method, dispute_id)
       select :ulb, :settlement, t.* from unnest(:ids::text[], :kinds::text[], :debits::bigint[], :credits::bigint[], :amounts::bigint[],
         :fees::bigint[], :taxes::bigint[], :holds::boolean[], :payments::text[], :receipts::text[], :methods::text[],
         :disputes::text[]) as t`,
      {
        ulb: tx.ulb.id,
        settlement: settlement.id,
        ids: part.map((i) => i.entityId),
        kinds: part.map((i) => i.type),
        debits: part.map((i) => i.debit.toString()),
        credits: part.map((i) => i.credit.toString()),
        amounts: part.map((i) => i.amount.toString()),
        fees: part.map((i) => i.fee.toString()),
        taxes: part.map((i) => i.tax.toString()),
        holds: part.map((i) => i.isOnHold),
        payments: part.map((i) => i.paymentId),
        receipts: part.map((i) => i.orderReceipt),
        methods: part.map((i) => i.method),
        disputes: part.map((i) => i.disputeId ?? null),
      },
    );
  }
  await openExceptions(tx, await postingAccount(tx, "bank-main"), [
    {
      subject: "settlement",
      subjectId: settlement.id,
      kind: "settlement",
      amount: settlement.amount,
      date: dateInIndia(settlement.createdAt),
      particulars: message,
      reference: settlement.utr ?? settlement.id,
      candidates: [],
      template: "settlement-adjusted",
    },
  ]);
}

export async function closeSettlementException(tx: Tx, settlementId: string, resolution: string): Promise<void> {
  await tx.query(
    `update reconciliation.bank_exceptions
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = :resolution
     where ulb_id = :ulb and subject = 'settlement' and subject_id = :id and status <> 'closed'`,
    { ulb: tx.ulb.id, id: settlementId, now: tx.clock(), actor: tx.actor.id, resolution },
  );
  await tx.query(
    "delete from reconciliation.settlement_waiting_items where ulb_id = :ulb and settlement_id = :settlement",
    { ulb: tx.ulb.id, settlement: settlementId },
  );
}

export type WaitingSettlement = {
  readonly id: string;
  readonly amount: Paise;
  readonly utr: string | null;
  readonly settledOn: LocalDate;
  readonly rows: readonly WaitingItem[];
};

/** A settlement that is not booked, with the rows that the gateway told; undefined when it is booked, or not known. */
export async function waitingSettlement(read: Read, id: string): Promise<WaitingSettlement | undefined> {
  const settlement = await read.queryOne<Omit<WaitingSettlement, "rows">>(
    `select settlement_id as id, amount, utr, settled_on as "settledOn" from reconciliation.settlements
     where ulb_id = :ulb and settlement_id = :id and status = 'exception'`,
    { ulb: read.ulb.id, id },
  );
  if (!settlement) return undefined;
  const rows = await read.query<WaitingItem>(
    `select entity_id as "entityId", type, debit, credit, amount, fee, tax, is_on_hold as "isOnHold", settlement_id as "settlementId",
       payment_id as "paymentId", order_receipt as "orderReceipt", method, dispute_id as "disputeId"
     from reconciliation.settlement_waiting_items where ulb_id = :ulb and settlement_id = :id order by entity_id`,
    { ulb: read.ulb.id, id },
  );
  return { ...settlement, rows };
}

/**
 * The figures of a settlement whose adjustments a person explains: of each payment and refund the fee is what the gateway kept of it; all that these
 * do not explain is the adjustment, except what was taken for disputes that the books know as lost. Pure:
 * gross − refunds − disputes − fee − tax + adjustments = net, always.
 */
export function adjustedFigures(
  net: Paise,
  rows: readonly SettlementRow[],
  lost: ReadonlySet<string> = new Set(),
): { readonly figures: SettlementFigures; readonly adjustments: Paise } {
  let [gross, refunds, fee, tax] = [ZERO, ZERO, ZERO, ZERO];
  let payments = 0;
  for (const row of rows) {
    if (row.type !== "payment" && row.type !== "refund") continue;
    const kept = row.type === "payment" ? subtract(row.amount, row.credit) : subtract(row.debit, row.amount);
    // A tax larger than what was kept belongs to another reading of the row; it is then no tax of ours.
    const own = row.tax >= 0n && row.tax <= kept ? row.tax : ZERO;
    if (row.type === "payment") {
      gross = sum([gross, row.amount]);
      payments += 1;
    } else refunds = sum([refunds, row.amount]);
    fee = sum([fee, subtract(kept, own)]);
    tax = sum([tax, own]);
  }
  const disputes = sum([...disputesOf(rows)].flatMap(([id, amount]) => (lost.has(id) ? [amount] : [])));
  const explained = sum([gross, negate(refunds), negate(disputes), negate(fee), negate(tax)]);
  return { figures: { payments, gross, refunds, disputes, fee, tax, net }, adjustments: subtract(net, explained) };
}
