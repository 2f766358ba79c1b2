import { postEntry } from "../entries.ts";
import { audit } from "../kernel/audit.ts";
import { financialYearOf, formatDate, type LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { min, paise, subtract, toRupees, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { takeNumber } from "../series.ts";
import { adviceReturnEntry, type Settled } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { lockItems, moveItems, type Movement, type PartyRef } from "./items.ts";
import { getPayment } from "./payment-store.ts";
import { payableSettings } from "./settings.ts";

export type Beneficiary = {
  readonly party: PartyRef;
  readonly name: string;
  readonly bankAccount: string;
  readonly ifsc: string;
  readonly amount: Paise;
};

export type AdviceLine = Beneficiary & {
  readonly lineNo: number;
  readonly method: "NEFT" | "RTGS";
  readonly returnedOn: LocalDate | null;
  readonly returnReason: string | null;
};

/** What the bank is told: pay these, from that account. */
export type Advice = {
  readonly id: string;
  readonly number: string;
  readonly paymentId: string;
  readonly account: string;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly status: "issued" | "sent" | "cleared" | "cancelled";
  readonly sentOn: LocalDate | null;
  readonly clearedOn: LocalDate | null;
  readonly lines: readonly AdviceLine[];
};

/** How a transfer goes: by RTGS from the ULB's limit on (2,00,000.00), else by NEFT. */
export function transferMethod(amount: Paise, rtgsFrom: Paise): "NEFT" | "RTGS" {
  return amount >= rtgsFrom ? "RTGS" : "NEFT";
}

/** Writes the advice of a payment that is approved in this transaction, with the next number of its series. */
export async function issueAdvice(
  tx: Tx,
  advice: {
    readonly paymentId: string;
    readonly account: string;
    readonly date: LocalDate;
    readonly amount: Paise;
    readonly beneficiaries: readonly Beneficiary[];
  },
): Promise<{ readonly id: string; readonly number: string }> {
  const settings = await payableSettings(tx);
  const id = newId(tx.clock().getTime());
  const fy = financialYearOf(advice.date);
  const number = `PA/${fy}/${String(await takeNumber(tx, "payment-advice", fy)).padStart(6, "0")}`;
  await tx.query(
    `insert into ledger.advices (ulb_id, advice_id, number, payment_id, account, advised_on, amount, status)
     values (:ulb, :id, :number, :payment, :account, :day, :amount, 'issued')`,
    {
      ulb: tx.ulb.id,
      id,
      number,
      payment: advice.paymentId,
      account: advice.account,
      day: advice.date,
      amount: advice.amount,
    },
  );
  await tx.query(
    `insert into ledger.advice_lines (ulb_id, advice_id, line_no, party_type, party_id, name, bank_account, ifsc, method, amount)
     select :ulb, :id::uuid, no, party_type, party_id, name, bank_account, ifsc, method, amount
     from unnest(:party_types::text[], :party_ids::text[], :names::text[], :accounts::text[], :ifscs::text[], :methods::text[], :amounts::bigint[])
       with ordinality as t (party_type, party_id, name, bank_account, ifsc, method, amount, no)`,
    {
      ulb: tx.ulb.id,
      id,
      party_types: advice.beneficiaries.map((b) => b.party.type),
      party_ids: advice.beneficiaries.map((b) => b.party.id),
      names: advice.beneficiaries.map((b) => b.name),
      accounts: advice.beneficiaries.map((b) => b.bankAccount),
      ifscs: advice.beneficiaries.map((b) => b.ifsc),
      methods: advice.beneficiaries.map((b) => transferMethod(b.amount, settings.rtgsFrom)),
      amounts: advice.beneficiaries.map((b) => b.amount.toString()),
    },
  );
  return { id, number };
}

/** Raises ADVICE_UNKNOWN. */
export async function getAdvice(read: Read, id: string): Promise<Advice> {
  const row = await read.queryOne<{
    advice_id: string;
    number: string;
    payment_id: string;
    account: string;
    advised_on: LocalDate;
    amount: bigint;
    status: Advice["status"];
    sent_on: LocalDate | null;
    cleared_on: LocalDate | null;
  }>(
    `select advice_id, number, payment_id, account, advised_on, amount, status, sent_on, cleared_on from ledger.advices
     where ulb_id = :ulb and advice_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!row) throw payableErrors.ADVICE_UNKNOWN({ advice: id });
  const lines = await read.query<{
    line_no: number;
    party_type: string;
    party_id: string;
    name: string;
    bank_account: string;
    ifsc: string;
    method: "NEFT" | "RTGS";
    amount: bigint;
    returned_on: LocalDate | null;
    return_reason: string | null;
  }>(
    `select line_no, party_type, party_id, name, bank_account, ifsc, method, amount, returned_on, return_reason from ledger.advice_lines
     where ulb_id = :ulb and advice_id = :id::uuid order by line_no`,
    { ulb: read.ulb.id, id },
  );
  return {
    id: row.advice_id,
    number: row.number,
    paymentId: row.payment_id,
    account: row.account,
    date: row.advised_on,
    amount: paise(row.amount),
    status: row.status,
    sentOn: row.sent_on,
    clearedOn: row.cleared_on,
    lines: lines.map((l) => ({
      lineNo: l.line_no,
      party: { type: l.party_type, id: l.party_id },
      name: l.name,
      bankAccount: l.bank_account,
      ifsc: l.ifsc,
      method: l.method,
      amount: paise(l.amount),
      returnedOn: l.returned_on,
      returnReason: l.return_reason,
    })),
  };
}

/** The advice went to the bank: from then on it is not cancelled, only returned by the bank. Raises ADVICE_STATUS. */
export async function sendAdvice(tx: Tx, id: string, on: LocalDate): Promise<Advice> {
  await moveAdvice(tx, id, "issued", "sent", "sent");
  await tx.query("update ledger.advices set sent_on = :on_date where ulb_id = :ulb and advice_id = :id::uuid", {
    ulb: tx.ulb.id,
    id,
    on_date: on,
  });
  await audit(tx, { action: "send", subject: "advice", subjectId: id, after: { on } });
  return getAdvice(tx, id);
}

/** For `cancelPayment`. Raises ADVICE_STATUS where it went to the bank. */
export async function cancelAdviceOf(tx: Tx, id: string): Promise<void> {
  await moveAdvice(tx, id, "issued", "cancelled", "cancelled");
}

async function moveAdvice(
  tx: Tx,
  id: string,
  from: Advice["status"],
  to: Advice["status"],
  step: string,
): Promise<void> {
  await tx.query("select 1 from ledger.advices where ulb_id = :ulb and advice_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const advice = await getAdvice(tx, id);
  if (advice.status !== from) throw payableErrors.ADVICE_STATUS({ advice: advice.number, status: advice.status, step });
  await tx.query("update ledger.advices set status = :status where ulb_id = :ulb and advice_id = :id::uuid", {
    ulb: tx.ulb.id,
    id,
    status: to,
  });
}

/**
 * The bank sent one beneficiary's money back (account closed, wrong number): Dr bank, and what it had settled is payable again.
 * Raises ADVICE_STATUS, ADVICE_LINE_UNKNOWN, REASON_MISSING, ITEM_KIND for a returned advance that was adjusted meanwhile.
 */
export async function returnAdviceLine(
  tx: Tx,
  returned: { readonly adviceId: string; readonly lineNo: number; readonly date: LocalDate; readonly reason: string },
): Promise<Advice> {
  if (returned.reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: "a transfer that came back" });
  await tx.query("select 1 from ledger.advices where ulb_id = :ulb and advice_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id: returned.adviceId,
  });
  const advice = await getAdvice(tx, returned.adviceId);
  const line = advice.lines.find((l) => l.lineNo === returned.lineNo);
  if (!line || line.returnedOn !== null)
    throw payableErrors.ADVICE_LINE_UNKNOWN({ advice: advice.number, line: returned.lineNo });
  if (advice.status !== "sent" && advice.status !== "cleared")
    throw payableErrors.ADVICE_STATUS({ advice: advice.number, status: advice.status, step: "returned by the bank" });
  const payment = await getPayment(tx, advice.paymentId);
  // A remittance goes to one authority for many parties: all its lines come back with it.
  const lines =
    payment.payeeParty === null
      ? payment.lines.filter((l) => l.party.type === line.party.type && l.party.id === line.party.id)
      : payment.lines;
  const items = await lockItems(
    tx,
    lines.flatMap((l) => l.itemId ?? []),
  );
  let left: Paise = line.amount;
  const restored: Settled[] = [];
  const movements: Movement[] = [];
  for (const l of lines) {
    const amount = min(left, l.amount);
    left = subtract(left, amount);
    const item = items.get(l.itemId ?? "");
    invariant(item, "what was paid has its item");
    if (item.kind === "advance" && item.open - item.waiting < amount)
      throw payableErrors.ITEM_KIND({ what: item.what, kind: "advance that was adjusted meanwhile", step: "returned" });
    restored.push({ account: l.account, party: l.party, amount });
    movements.push({
      itemId: item.id,
      amount: item.kind === "advance" ? -amount : amount,
      why: "returned",
      paymentId: payment.id,
    });
  }
  invariant(left === 0n, "what came back is what was paid");
  const reason = returned.reason.trim();
  await audit(tx, {
    action: "return",
    subject: "advice",
    subjectId: advice.id,
    after: { line: line.lineNo, amount: toRupees(line.amount) },
    reason,
  });
  const entry = await postEntry(
    tx,
    adviceReturnEntry({
      id: `${advice.id}:${line.lineNo}`,
      number: advice.number,
      date: returned.date,
      narration: `Transfer to ${line.name} of advice ${advice.number} (${formatDate(advice.date)}) came back: ${reason}`,
      fund: payment.fund,
      bank: advice.account,
      restored,
    }),
  );
  await moveItems(tx, entry, movements);
  await tx.query(
    `update ledger.advice_lines set returned_on = :on_date, return_reason = :reason, return_entry_id = :entry
     where ulb_id = :ulb and advice_id = :id::uuid and line_no = :line_no`,
    { ulb: tx.ulb.id, id: advice.id, line_no: line.lineNo, on_date: returned.date, reason, entry: entry.id },
  );
  return getAdvice(tx, advice.id);
}
