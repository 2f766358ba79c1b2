/** Facts that a refusal carries besides its sentence; JSON-safe. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * An expected refusal: a rule of the field was not met, nothing was written.
 * `code` is stable (docs/reference/errors.md), `message` shows the facts and the arithmetic.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly facts: Facts = {},
  ) {
    super(`${code}: ${message}`);
  }
  /** The sentence without its code. */
  get detail(): string {
    return this.message.slice(this.code.length + 2);
  }
}

type ErrorRow<F extends Facts> = { readonly status: number; readonly message: (facts: F) => string };
// The table's rows each name their own facts; `any` cannot be avoided in this constraint, only here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type ErrorTable = Record<string, ErrorRow<any>>;

/** Every code of every folder, so that docs and table can be held together by a test. */
const registry = new Map<string, number>();

/**
 * Defines a folder's refusals: `const errors = defineErrors({CODE: {status, message: (facts) => …}})`.
 * `errors.CODE(facts)` makes the Refusal; the caller throws it.
 */
export function defineErrors<T extends ErrorTable>(
  table: T,
): { readonly [K in keyof T]: (facts: Parameters<T[K]["message"]>[0]) => Refusal } {
  const makers: Record<string, (facts: Facts) => Refusal> = {};
  for (const [code, row] of Object.entries(table)) {
    registry.set(code, row.status);
    makers[code] = (facts) => new Refusal(code, row.status, row.message(facts), facts);
  }
  return makers as { readonly [K in keyof T]: (facts: Parameters<T[K]["message"]>[0]) => Refusal };
}

/** All refusal codes with their HTTP status, of the folders loaded so far. */
export function knownErrors(): ReadonlyMap<string, number> {
  return registry;
}

/** One problem of a batch (import, run, close): a list of these is returned instead of the first being thrown. */
export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: string;
};

/** States what cannot be otherwise; a failure is a defect of this program, never the user's doing. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
