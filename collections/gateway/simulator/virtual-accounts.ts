import { bankTransferJson, paymentJson, virtualAccountJson } from "./shapes.ts";
import { known, SimRefusal, type Notes, type SimPayment, type SimReceiver, type SimVirtualAccount } from "./state.ts";
import { emit, type World } from "./world.ts";

export type VirtualAccountRequest = {
  readonly name?: string;
  readonly description?: string | null;
  readonly amountExpected?: number | null;
  readonly notes?: Notes;
  readonly customerId?: string | null;
  readonly closeBy?: number | null;
};

/** An account number of its own for NEFT, RTGS and IMPS: whatever amount arrives is taken. */
export function createVirtualAccount(w: World, input: VirtualAccountRequest): SimVirtualAccount {
  if (input.closeBy && input.closeBy < w.clock.now() + 15 * 60_000)
    throw new SimRefusal("close_by should be at least 15 minutes after current time", { field: "close_by" });
  const account: SimVirtualAccount = {
    id: w.random.id("va"),
    name: input.name ?? w.merchantName,
    status: "active",
    description: input.description ?? null,
    amountExpected: input.amountExpected ?? null,
    amountPaid: 0,
    notes: input.notes ?? {},
    customerId: input.customerId ?? null,
    closeBy: input.closeBy ?? null,
    closedAt: null,
    receivers: [],
    allowedPayers: [],
    createdAt: w.clock.now(),
  };
  account.receivers.push(newReceiver(w, account.name));
  w.virtualAccounts.set(account.id, account);
  if (account.closeBy !== null) w.timers.add(account.closeBy, "account-closes", account.id);
  emit(w, "virtual_account.created", account.notes, { virtual_account: { entity: virtualAccountJson(account) } });
  return account;
}

function newReceiver(w: World, name: string): SimReceiver {
  return {
    id: w.random.id("ba"),
    accountNumber: `2223${w.random.digits(12)}`,
    ifsc: "SIMB0VIRTUAL".slice(0, 11),
    name,
  };
}

export function addReceiver(w: World, id: string): SimVirtualAccount {
  const account = known(w.virtualAccounts.get(id));
  if (account.status === "closed") throw new SimRefusal("Virtual account is closed");
  account.receivers.push(newReceiver(w, account.name));
  return account;
}

export function allowPayer(w: World, id: string, payer: Record<string, unknown>): SimVirtualAccount {
  const account = known(w.virtualAccounts.get(id));
  account.allowedPayers.push({ id: w.random.id("ba"), type: "bank_account", bank_account: payer });
  return account;
}

export function closeVirtualAccount(w: World, id: string): SimVirtualAccount {
  const account = known(w.virtualAccounts.get(id));
  if (account.status === "closed") throw new SimRefusal("The virtual account is already closed");
  account.status = "closed";
  account.closedAt = w.clock.now();
  w.timers.cancel("account-closes", id);
  emit(w, "virtual_account.closed", account.notes, { virtual_account: { entity: virtualAccountJson(account) } });
  return account;
}

/** Money that came into the account was captured. */
export function virtualAccountCredited(w: World, account: SimVirtualAccount, payment: SimPayment): void {
  account.amountPaid += payment.amount;
  emit(w, "virtual_account.credited", account.notes, {
    payment: { entity: paymentJson(payment) },
    virtual_account: { entity: virtualAccountJson(account) },
    bank_transfer: { entity: bankTransferJson(payment, account) },
  });
}
