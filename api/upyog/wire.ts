import { addDays, dateInIndia, startOfDayInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Ulb } from "../../ledger/kernel/tx.ts";
import { fault, Fault, type FaultEntry } from "./faults.ts";

/* How UPYOG's services write things: property names in any case, money as JSON numbers, time as epoch milliseconds, lists by comma. */

/** A property of a JSON object, its name in any case; undefined if there is none. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const object = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((k) => k.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

/** An object whose named properties are spelt as named, whatever the case in which they came; all others stay. */
export function spelt(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unreadable();
  return Object.fromEntries(
    Object.entries(value).map(([key, v]) => [names.find((n) => n.toLowerCase() === key.toLowerCase()) ?? key, v]),
  );
}

export const unreadable = (): Fault => fault("JsonMappingException", "Failed to deserialize certain JSON fields");

/** Collects what is missing, as bean validation says it: `NotNull.demandRequest.demands[0].tenantId`. */
export class Required {
  private readonly missing: FaultEntry[] = [];
  constructor(private readonly root: string) {}

  text(value: unknown, path: string): string {
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
    return this.absent(value, path, "");
  }
  number(value: unknown, path: string): number {
    // Jackson reads "12" as 12, too.
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
    return this.absent(value, path, 0);
  }
  flag(value: unknown, path: string): boolean {
    return typeof value === "boolean" ? value : this.absent(value, path, false);
  }
  list(value: unknown, path: string): readonly unknown[] {
    return Array.isArray(value) ? (value as readonly unknown[]) : this.absent(value, path, []);
  }
  /** Raises what was missing, all of it. */
  check(): void {
    if (this.missing.length > 0) throw new Fault(this.missing);
  }
  private absent<T>(value: unknown, path: string, instead: T): T {
    if (value !== undefined && value !== null) throw unreadable();
    this.missing.push({ code: `NotNull.${this.root}.${path}`, message: "must not be null" });
    return instead;
  }
}

/** What a query string asks for: one value, or several by comma or by repetition. */
export class Query {
  constructor(private readonly query: unknown) {}

  all(name: string): readonly string[] {
    const value = field(this.query, name);
    return [value]
      .flat()
      .flatMap((v) => (typeof v === "string" ? v.split(",") : []))
      .map((v) => v.trim())
      .filter((v) => v !== "");
  }
  one(name: string): string | undefined {
    return this.all(name)[0];
  }
  count(name: string): number | undefined {
    const text = this.one(name);
    return text === undefined || !/^\d{1,9}$/.test(text) ? undefined : Number(text);
  }
}

/** The ResponseInfo of a request. The text of `status` is each service's own. */
export function responseInfo(requestInfo: unknown, status: string, resMsgId: string | null = "uief87324"): object {
  const said = (name: string): unknown => field(requestInfo, name) ?? null;
  return { apiId: said("apiId"), ver: said("ver"), ts: said("ts"), resMsgId, msgId: said("msgId"), status };
}

/** Whether a tenant of UPYOG ("pb.amritsar") is this ULB: its code is the tenant, or the tenant's city. */
export function isTenant(ulb: Ulb, tenantId: string): boolean {
  return tenantId === ulb.code || tenantId.split(".").at(-1) === ulb.code;
}

/** Raises EG_BS_INVALID_TENANTID for a tenant that the caller's token is not for, a state included. */
export function checkTenant(ulb: Ulb, tenantId: string): void {
  if (!isTenant(ulb, tenantId)) {
    throw fault("EG_BS_INVALID_TENANTID", `tenantId ${tenantId.slice(0, 100)} is not the city of the access token`);
  }
}

export function moneyOf(amount: Paise): number {
  return Number(toRupees(amount));
}
/** A JSON number as paise. Raises MONEY_DECIMALS, MONEY_FORMAT. */
export function paiseOf(amount: number): Paise {
  return rupees(String(amount));
}

export function dateOf(epochMilliseconds: number): LocalDate {
  const moment = new Date(epochMilliseconds);
  if (Number.isNaN(moment.getTime())) throw unreadable();
  return dateInIndia(moment);
}
/** The first millisecond of a day in India, and the last second, as tax periods are written. */
export function startOf(date: LocalDate): number {
  return startOfDayInIndia(date).getTime();
}
export function endOf(date: LocalDate): number {
  return startOf(addDays(date, 1)) - 1000;
}
