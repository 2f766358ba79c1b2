import type { LocalDate } from "../kernel/dates.ts";
import { paise, sum, ZERO, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import type { PostingKey } from "../posting-map.ts";

export type RegisterName = "grant" | "deposit-work" | "work" | "asset" | "loan" | "investment" | "inter-fund";

type MeasureDefinition = {
  readonly register: RegisterName;
  readonly label: string;
  /** On which side of the books it counts. */
  readonly side: "debit" | "credit";
  /** The headings of the accounts that it stands behind; none for what is only remembered. */
  readonly control: readonly PostingKey[];
};

/** What the registers hold, each an amount per item, account and fund that is never below nothing. */
export const MEASURES = {
  "grant-unspent": { register: "grant", label: "Unspent", side: "credit", control: ["control-grants"] },
  "deposit-held": { register: "deposit-work", label: "Held", side: "credit", control: ["control-deposit-works"] },
  "deposit-spent": {
    register: "deposit-work",
    label: "Spent, not yet adjusted",
    side: "debit",
    control: ["control-deposit-work-spend"],
  },
  "work-cost": { register: "work", label: "Cost so far", side: "debit", control: ["control-works"] },
  "asset-cost": { register: "asset", label: "Cost", side: "debit", control: ["control-assets"] },
  "asset-accumulated": { register: "asset", label: "Depreciation", side: "credit", control: ["control-depreciation"] },
  "asset-contribution": { register: "asset", label: "Met from grants", side: "credit", control: [] },
  "loan-principal": {
    register: "loan",
    label: "Principal",
    side: "credit",
    control: ["control-secured-loans", "control-unsecured-loans"],
  },
  "loan-interest-due": { register: "loan", label: "Interest due", side: "credit", control: [] },
  "loan-interest-accrued": { register: "loan", label: "Interest accrued, not due", side: "credit", control: [] },
  "investment-cost": {
    register: "investment",
    label: "Cost",
    side: "debit",
    control: ["control-investments", "control-fund-investments"],
  },
  "investment-decline": {
    register: "investment",
    label: "Decline provided for",
    side: "credit",
    control: ["control-investments", "control-fund-investments"],
  },
  "investment-interest": { register: "investment", label: "Interest receivable", side: "debit", control: [] },
  "due-from": {
    register: "inter-fund",
    label: "Due from the other fund",
    side: "debit",
    control: ["control-inter-fund"],
  },
  "due-to": { register: "inter-fund", label: "Due to the other fund", side: "credit", control: ["control-inter-fund"] },
} as const satisfies Record<string, MeasureDefinition>;

export type Measure = keyof typeof MEASURES;

/** What an act does to one measure of one item; `amount` counts in the measure's own sense. */
export type Movement = {
  readonly item: string;
  readonly measure: Measure;
  readonly account: string;
  readonly fund: string;
  readonly on: LocalDate;
  readonly amount: Paise;
  /** The kind of act, where it is not the act's own (what is taken back keeps the kind of what moved it). */
  readonly kind?: string;
};

export type Balance = {
  readonly item: string;
  readonly measure: Measure;
  readonly account: string;
  readonly fund: string;
  readonly amount: Paise;
};

/** What items hold at the end of a day (at any day if none is named), per measure, account and fund; nothing is left out but nil. */
export async function balances(
  read: Read,
  options: {
    readonly register: RegisterName;
    readonly items?: readonly string[];
    readonly asOf?: LocalDate | undefined;
  },
): Promise<Balance[]> {
  const { register, items, asOf } = options;
  return read.query(
    `select item_id as item, measure, account, fund, sum(amount)::bigint as amount from ledger.register_movements
     where ulb_id = :ulb and register = :register and (:items::text[] is null or item_id = any(:items::text[]))
       and (:as_of::date is null or on_date <= :as_of::date)
     group by item_id, measure, account, fund
     having sum(amount) <> 0
     order by item_id, measure, account, fund`,
    { ulb: read.ulb.id, register, items: items ?? null, as_of: asOf ?? null },
  );
}

export type Flow = { readonly item: string; readonly measure: Measure; readonly kind: string; readonly amount: Paise };

/** What moved from a day to a day, per item, measure and kind of act; what was taken back is netted with what it took back. */
export async function flows(
  read: Read,
  of: { readonly register: RegisterName; readonly from: LocalDate; readonly to: LocalDate },
): Promise<Flow[]> {
  return read.query(
    `select item_id as item, measure, kind, sum(amount)::bigint as amount from ledger.register_movements
     where ulb_id = :ulb and register = :register and on_date between :from_day::date and :to_day::date
     group by item_id, measure, kind
     having sum(amount) <> 0
     order by item_id, measure, kind`,
    { ulb: read.ulb.id, register: of.register, from_day: of.from, to_day: of.to },
  );
}

/** What one item holds of one measure, over accounts and funds. */
export async function balanceOf(read: Read, measure: Measure, item: string): Promise<Paise> {
  const rows = await balances(read, { register: MEASURES[measure].register, items: [item] });
  return sum(rows.filter((r) => r.measure === measure).map((r) => r.amount));
}

/** Per item and measure, over accounts and funds. */
export function byItem(rows: readonly Balance[]): (item: string, measure: Measure) => Paise {
  const totals = new Map<string, bigint>();
  for (const r of rows) {
    const key = `${r.item} ${r.measure}`;
    totals.set(key, (totals.get(key) ?? 0n) + r.amount);
  }
  return (item, measure) => {
    const found = totals.get(`${item} ${measure}`);
    return found === undefined ? ZERO : paise(found);
  };
}
