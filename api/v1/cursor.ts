import { v1Errors } from "./errors.ts";

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
