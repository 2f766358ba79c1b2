import { SimRefusal, type Notes } from "../state.ts";
import type { SimRequest } from "./messages.ts";

// What is wrong with a request is said in the gateway's own words.

export type Body = Readonly<Record<string, unknown>>;

export function bodyOf(request: SimRequest): Body {
  try {
    const value: unknown = JSON.parse(request.body.toString("utf8") || "{}");
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
  } catch {
    // Falls through to the gateway's own refusal.
  }
  throw new SimRefusal("Invalid JSON in the request body");
}

export function only(body: Body, allowed: readonly string[]): void {
  const extra = Object.keys(body).filter((k) => !allowed.includes(k));
  if (extra.length > 0) throw new SimRefusal(`${extra.join(", ")} is/are not required and should not be sent`);
}

export function notesOf(value: unknown): Notes {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return {};
  if (typeof value !== "object") throw new SimRefusal("notes should be key-value pairs", { field: "notes" });
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > 15)
    throw new SimRefusal("Number of fields in notes should be less than or equal to 15", { field: "notes" });
  for (const [key, v] of entries) {
    if ((typeof v !== "string" && typeof v !== "number") || String(v).length > 256 || key.length > 256) {
      throw new SimRefusal("notes value cannot be an array or longer than 256 characters", { field: "notes" });
    }
  }
  return Object.fromEntries(entries) as Notes;
}

export function integer(value: unknown, field: string, min: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new SimRefusal(`The ${field} must be an integer.`, { field });
  if (value < min) throw new SimRefusal(`Order ${field} less than minimum amount allowed`, { field });
  return value;
}

export function currencyOf(value: unknown): void {
  if (value !== "INR") throw new SimRefusal("The currency is not supported", { field: "currency" });
}

export function receiptOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || value.length > 40) {
    throw new SimRefusal("The receipt may not be greater than 40 characters.", { field: "receipt" });
  }
  return value;
}

export function textOf(body: Body, field: string, most = 2048): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new SimRefusal(`The ${field} must be a string.`, { field });
  if (value.length > most) throw new SimRefusal(`The ${field} may not be greater than ${most} characters.`, { field });
  return value;
}

export function flagOf(body: Body, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== "boolean") throw new SimRefusal(`The ${field} field must be true or false.`, { field });
  return value;
}

/** Seconds since 1970, a number or the same as text, as milliseconds. */
export function momentOfField(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === 0) return undefined;
  const seconds = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof seconds !== "number" || !Number.isSafeInteger(seconds))
    throw new SimRefusal(`The ${field} must be an integer.`, { field });
  return seconds * 1000;
}

/** One page of a list: `count` (10, at most 100 unless said), `skip`, `from` and `to` in seconds. */
export function page<T>(all: readonly T[], url: URL, maximum = 100, usual = 10): T[] {
  const number = (name: string, fallback: number): number => {
    const text = url.searchParams.get(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw new SimRefusal(`The ${name} must be an integer.`, { field: name });
    return value;
  };
  const count = number("count", usual);
  if (count > maximum) throw new SimRefusal(`The count may not be greater than ${maximum}.`, { field: "count" });
  const from = number("from", 0) * 1000;
  const to = number("to", 99_999_999_999) * 1000;
  const skip = number("skip", 0);
  const within = all.filter((item) => {
    const x = item as { createdAt?: number; created_at?: number };
    const at = x.createdAt ?? (x.created_at ?? 0) * 1000;
    return at >= from && at < to + 1000;
  });
  return within.slice(skip, skip + count);
}
