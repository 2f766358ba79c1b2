import { audit } from "../kernel/audit.ts";
import { daysBetween, type LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { payableErrors } from "./errors.ts";
import { getPayment, paymentName, type Payment } from "./payment-store.ts";
import { recoveryTerms } from "./settings.ts";

/** What is to be remitted under one code by one day. */
export type RemittanceDue = {
  readonly code: string;
  readonly section: string;
  readonly account: string;
  readonly fund: string;
  readonly dueOn: LocalDate;
  readonly payee: string;
  readonly items: number;
  readonly open: Paise;
  /** Of it, what stands in payments that wait for approval. */
  readonly waiting: Paise;
  /** Days after its due day; 0 while it is not overdue. */
  readonly daysLate: number;
};

/** Recoveries not yet remitted, by section, fund and due day, the oldest first: TDS, GST-TDS, cess, provident fund and the rest. */
export async function remittancesDue(read: Read, asOf: LocalDate): Promise<RemittanceDue[]> {
  const rows = await read.query<{
    code: string;
    account: string;
    fund: string;
    due_on: LocalDate;
    items: bigint;
    open: bigint;
    waiting: bigint;
    kind: string | null;
    section: string | null;
  }>(
    `select i.code, i.account, i.fund, coalesce(i.due_on, i.opened_on) as due_on, count(*) as items, sum(i.open)::bigint as open,
       coalesce(sum((select sum(l.amount) from ledger.payment_lines l
         join ledger.payments y on y.ulb_id = l.ulb_id and y.payment_id = l.payment_id and y.status = 'submitted'
         where l.ulb_id = i.ulb_id and l.item_id = i.item_id)), 0)::bigint as waiting,
       max(s.kind) as kind, max(s.section) as section
     from ledger.payable_items i
     left join lateral (select t.kind, t.section from ledger.tax_sections t
       where t.ulb_id = i.ulb_id and t.code = i.code order by t.valid_from desc limit 1) as s on true
     where i.ulb_id = :ulb and i.kind = 'recovery' and i.open > 0
     group by i.code, i.account, i.fund, coalesce(i.due_on, i.opened_on)
     order by due_on, i.code, i.fund
     limit 500`,
    { ulb: read.ulb.id },
  );
  const terms = await recoveryTerms(
    read,
    rows.map((r) => ({ code: r.code, kind: r.kind ?? "recovery" })),
  );
  return rows.map((r) => ({
    code: r.code,
    section: r.section ?? "",
    account: r.account,
    fund: r.fund,
    dueOn: r.due_on,
    payee: terms.get(r.code)?.payee ?? "",
    items: Number(r.items),
    open: paise(r.open),
    waiting: paise(r.waiting),
    daysLate: Math.max(0, daysBetween(r.due_on, asOf)),
  }));
}

export type AgeingRow = {
  readonly account: string;
  readonly notDue: Paise;
  readonly to30: Paise;
  readonly to90: Paise;
  readonly over90: Paise;
  readonly total: Paise;
};

/** Government dues and recoveries by how long they are overdue, one row for each head of 350-20 and 350-30. */
export async function recoveryAgeing(read: Read, asOf: LocalDate): Promise<AgeingRow[]> {
  const rows = await read.query<{
    account: string;
    not_due: bigint;
    to30: bigint;
    to90: bigint;
    over90: bigint;
    total: bigint;
  }>(
    `select account, coalesce(sum(open) filter (where late <= 0), 0)::bigint as not_due,
       coalesce(sum(open) filter (where late between 1 and 30), 0)::bigint as to30,
       coalesce(sum(open) filter (where late between 31 and 90), 0)::bigint as to90,
       coalesce(sum(open) filter (where late > 90), 0)::bigint as over90, sum(open)::bigint as total
     from (select account, open, :as_of::date - coalesce(due_on, opened_on) as late from ledger.payable_items
       where ulb_id = :ulb and kind = 'recovery' and open > 0) as t
     group by account order by account`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  return rows.map((r) => ({
    account: r.account,
    notDue: paise(r.not_due),
    to30: paise(r.to30),
    to90: paise(r.to90),
    over90: paise(r.over90),
    total: paise(r.total),
  }));
}

/** Writes down the challan of a remittance that was paid. Raises PAYMENT_UNKNOWN, PAYMENT_STATUS, BILL_INPUT. */
export async function recordChallan(
  tx: Tx,
  paymentId: string,
  challan: { readonly number: string; readonly date: LocalDate },
): Promise<Payment> {
  const payment = await getPayment(tx, paymentId);
  if (payment.kind !== "remittance" || payment.status !== "issued")
    throw payableErrors.PAYMENT_STATUS({
      what: paymentName(payment),
      status: `a ${payment.kind} payment that is ${payment.status}`,
      step: "given a challan",
    });
  if (challan.number.trim() === "") throw payableErrors.BILL_INPUT({ what: "a challan has a number" });
  await tx.query(
    "update ledger.payments set challan_number = :number, challan_date = :day where ulb_id = :ulb and payment_id = :id::uuid",
    { ulb: tx.ulb.id, id: paymentId, number: challan.number.trim(), day: challan.date },
  );
  await audit(tx, {
    action: "challan",
    subject: "payment",
    subjectId: paymentId,
    before: { number: payment.challanNumber, date: payment.challanDate },
    after: { number: challan.number.trim(), date: challan.date },
  });
  return getPayment(tx, paymentId);
}
