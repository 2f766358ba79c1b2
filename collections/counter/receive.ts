import type { Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { counterErrors } from "./errors.ts";
import { takePayment } from "./payments.ts";
import { counterPolicy } from "./policy.ts";
import type { Tender } from "./tender.ts";
import type { Receipt } from "../receipts/receipts.ts";

export type CounterReceipt = {
  readonly sessionId: string;
  readonly consumerId: string;
  readonly amount: Paise;
  readonly tender: Tender;
  readonly payerName?: string | undefined;
  readonly billId?: string | undefined;
  /** The payer was told that more than the dues becomes his advance. */
  readonly acceptAdvance?: boolean | undefined;
  /** Of the form that was filled in: the same form gives the same receipt, also when the printer failed after the commit. */
  readonly idempotencyKey: string;
};

/**
 * Receives one consumer's money at the counter and gives its receipt: `takePayment` for programs that know what they ask for, so that the same
 * amount twice within minutes is no question. Raises what takePayment raises, and CHEQUE_ACKNOWLEDGED where the ULB gives no receipt at tender.
 */
export async function receiveAtCounter(tx: Tx, request: CounterReceipt): Promise<Receipt> {
  if (request.tender.kind === "cheque" && (await counterPolicy(tx)).chequeReceipt === "at-realisation")
    throw counterErrors.CHEQUE_ACKNOWLEDGED({ mode: "cheque" });
  const taken = await takePayment(tx, {
    sessionId: request.sessionId,
    tender: request.tender,
    consumers: [
      {
        consumerId: request.consumerId,
        amount: request.amount,
        billId: request.billId,
        acceptAdvance: request.acceptAdvance,
      },
    ],
    payer: { name: request.payerName },
    isAnother: true,
    idempotencyKey: request.idempotencyKey,
  });
  const [receipt] = taken.receipts;
  invariant(receipt, "one consumer's payment has one receipt");
  return receipt;
}
