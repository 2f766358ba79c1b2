import { audit } from "../ledger/kernel/audit.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { billingErrors } from "./errors.ts";

/** Where payments by UPI go that a code on a paper asks for. */
export type UpiAddress = { readonly vpa: string; readonly payeeName: string };

/** The address in force on a day; undefined if the ULB has none. */
export async function upiAddressOn(read: Read, on: LocalDate): Promise<UpiAddress | undefined> {
  const row = await read.queryOne<{ vpa: string | null; payeeName: string }>(
    `select vpa, payee_name as "payeeName" from billing.upi_addresses
     where ulb_id = :ulb and valid_from <= :on_date::date order by valid_from desc limit 1`,
    { ulb: read.ulb.id, on_date: on },
  );
  return row === undefined || row.vpa === null ? undefined : { vpa: row.vpa, payeeName: row.payeeName };
}

/** An address as it was set; null says that there is none from that day on. */
export type SetUpiAddress = {
  readonly validFrom: LocalDate;
  readonly vpa: string | null;
  readonly payeeName: string;
  readonly setAt: Date;
  readonly setBy: string;
};

/** All that was set, the latest day first. */
export async function listUpiAddresses(read: Read): Promise<SetUpiAddress[]> {
  return read.query<SetUpiAddress>(
    `select valid_from as "validFrom", vpa, payee_name as "payeeName", set_at as "setAt", set_by as "setBy" from billing.upi_addresses
     where ulb_id = :ulb order by valid_from desc limit 100`,
    { ulb: read.ulb.id },
  );
}

/** Sets the address from a day on, or with null that there is none, on record. Raises UPI_ADDRESS_INVALID, UPI_ADDRESS_SET. */
export async function setUpiAddress(
  tx: Tx,
  setting: { readonly validFrom: LocalDate; readonly vpa: string | null; readonly payeeName?: string },
): Promise<void> {
  const { vpa, validFrom } = setting;
  if (vpa !== null && (vpa.length > 255 || !/^[A-Za-z0-9._-]{2,}@[A-Za-z][A-Za-z0-9.-]+$/.test(vpa)))
    throw billingErrors.UPI_ADDRESS_INVALID({ vpa: vpa.slice(0, 80) });
  const named = setting.payeeName?.trim() ?? "";
  const payeeName = named === "" ? tx.ulb.name : named;
  const set = await tx.query(
    `insert into billing.upi_addresses (ulb_id, valid_from, vpa, payee_name, set_at, set_by)
     values (:ulb, :valid_from, :vpa, :payee_name, :now, :actor)
     on conflict (ulb_id, valid_from) do nothing
     returning valid_from`,
    { ulb: tx.ulb.id, valid_from: validFrom, vpa, payee_name: payeeName, now: tx.clock(), actor: tx.actor.id },
  );
  if (set.length === 0) throw billingErrors.UPI_ADDRESS_SET({ validFrom });
  await audit(tx, { action: "set", subject: "upi-address", subjectId: validFrom, after: { vpa, payeeName } });
}
