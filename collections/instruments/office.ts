import { addMonths, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { unsettledSlips, type CardSlip } from "./card-batches.ts";
import { leavesAtBank, type DepositedLeaf } from "./clearing.ts";
import { returnedCheques, type ReturnedCheque } from "./section-138.ts";

/** What the accounts office follows up: leaves at the bank, cheques that came back, slips that wait for their settlement. */
export type ChequesInOffice = {
  readonly atBank: readonly DepositedLeaf[];
  readonly returned: readonly ReturnedCheque[];
  readonly slips: readonly CardSlip[];
};

/** As they stand today; returns of the last twelve months. */
export async function chequesInOffice(read: Read, today: LocalDate): Promise<ChequesInOffice> {
  return {
    atBank: await leavesAtBank(read),
    returned: await returnedCheques(read, addMonths(today, -12), today),
    slips: await unsettledSlips(read),
  };
}
