import { getBill, paidBills, upyogServices } from "../../../billing/index.ts";
import { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import type { Read } from "../../../ledger/kernel/tx.ts";
import type { BillState } from "./check.ts";

/** The bills of these ids and how they stand; ids of none are missing. */
export async function billStates(read: Read, billIds: readonly string[]): Promise<ReadonlyMap<string, BillState>> {
  const ids = [...new Set(billIds)].filter(isUuid);
  const masters = await upyogServices(read);
  const paid = await paidBills(read, ids);
  const states = new Map<string, BillState>();
  for (const id of ids) {
    const bill = await getBill(read, id).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === "BILL_NOT_FOUND") return undefined;
      throw error;
    });
    if (!bill) continue;
    const master = [...masters.values()].find((m) => m.service === bill.consumer.service);
    states.set(id, { bill, isPaid: paid.has(id), master });
  }
  return states;
}
