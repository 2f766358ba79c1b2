import { listFields } from "../../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";

/** A mobile number and an e-mail address, as JavaScript and PostgreSQL both read them. */
export const MOBILE = "^[6-9][0-9]{9}$";
export const EMAIL = "^[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+$";
export const isMobile = (text: string): boolean => new RegExp(MOBILE).test(text);
export const isEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);

/** Today, or the first day of the books before they begin: the day whose masters count for what is entered now. */
export function entryDay(read: Read): LocalDate {
  const today = dateInIndia(read.clock());
  return today > read.ulb.startsOn ? today : read.ulb.startsOn;
}

/** The wards of the ULB's list. A ULB that keeps no list takes wards as they are written: then it is empty. */
export async function wardsOf(read: Read): Promise<ReadonlySet<string>> {
  const fields = await listFields(read, { onDay: entryDay(read) });
  return new Set(fields.filter((f) => f.kind === "ward").map((f) => f.code));
}
