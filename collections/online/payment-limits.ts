import { audit } from "../../ledger/kernel/audit.ts";
import { formatIndian, rupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";

/** What a UPI app may pay at once, on whose word. A sum above it is not refused: the payer is told of another way. */
export type UpiLimit = {
  readonly amount: Paise;
  /** The circular or letter it rests on. */
  readonly basis: string;
  /** Null for the usual one, which nobody set. */
  readonly setBy: string | null;
  readonly setAt: Date | null;
};

/** NPCI sets it by kind of merchant and raises it from time to time; banks may allow less. */
export const USUAL_UPI_LIMIT: UpiLimit = {
  amount: rupees("500000.00"),
  basis: "NPCI circular OC-185A, from 15 September 2024: taxes paid to verified merchants of category 9311",
  setBy: null,
  setAt: null,
};

const COLUMNS = `limit_amount as amount, basis, set_by as "setBy", set_at as "setAt"`;

/** The limit in force. */
export async function upiLimit(read: Read): Promise<UpiLimit> {
  const row = await read.queryOne<UpiLimit>(
    `select ${COLUMNS} from collections.upi_limits where ulb_id = :ulb order by limit_id desc limit 1`,
    { ulb: read.ulb.id },
  );
  return row ?? USUAL_UPI_LIMIT;
}

/** What was set, the newest first; at most 200. */
export async function listUpiLimits(read: Read): Promise<UpiLimit[]> {
  return read.query<UpiLimit>(
    `select ${COLUMNS} from collections.upi_limits where ulb_id = :ulb order by limit_id desc limit 200`,
    { ulb: read.ulb.id },
  );
}

/** Sets the limit, on record, with what it rests on. Raises UPI_LIMIT for a sum below a rupee or a source that says nothing. */
export async function setUpiLimit(
  tx: Tx,
  limit: { readonly amount: Paise; readonly basis: string },
): Promise<UpiLimit> {
  const basis = limit.basis.trim();
  if (limit.amount < 100n) throw collectionErrors.UPI_LIMIT({ problem: `${formatIndian(limit.amount)} is below 1.00` });
  if (basis.length < 5 || basis.length > 300)
    throw collectionErrors.UPI_LIMIT({
      problem: `its source has ${basis.length} letters; name the circular or the bank's letter in 5 to 300`,
    });
  const before = await upiLimit(tx);
  await tx.query(
    `insert into collections.upi_limits (ulb_id, limit_amount, basis, set_at, set_by) values (:ulb, :amount, :basis, :now, :actor)`,
    { ulb: tx.ulb.id, amount: limit.amount, basis, now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, {
    action: "set",
    subject: "upi-limit",
    subjectId: "gateway",
    before: { amount: before.amount.toString(), basis: before.basis },
    after: { amount: limit.amount.toString(), basis },
  });
  return upiLimit(tx);
}
