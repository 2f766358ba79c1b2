import { v1Errors } from "./errors.ts";
import { limitOf } from "./schemas.ts";

/** A place in a list as one opaque word. */
export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** The parts of a cursor. Raises CURSOR_INVALID unless it is one of `count` parts that each fit their pattern. */
export function decodeCursor(cursor: string, ...patterns: readonly RegExp[]): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (
      Array.isArray(parts) &&
      parts.length === patterns.length &&
      parts.every((p, i): p is string => typeof p === "string" && (patterns[i]?.test(p) ?? false))
    ) {
      return parts;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw v1Errors.CURSOR_INVALID({ cursor: cursor.slice(0, 60) });
}

/** Where a page of a list that is read by offset begins, and the word for the page after it; null when this one is not full. Raises CURSOR_INVALID. */
export function offsetPage(
  query: { readonly limit?: string | undefined; readonly cursor?: string | undefined },
  usual: number,
  most: number,
): { readonly limit: number; readonly offset: number; readonly next: (found: number) => string | null } {
  const limit = limitOf(query.limit, usual, most);
  const offset = query.cursor === undefined ? 0 : Number(decodeCursor(query.cursor, /^\d{1,7}$/)[0]);
  return { limit, offset, next: (found) => (found === limit ? encodeCursor([String(offset + limit)]) : null) };
}
