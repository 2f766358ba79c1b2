import { Refusal } from "../../ledger/kernel/errors.ts";

/** "CODE: sentence" of what `fn` refuses; fails when it does not. */
export function refusalOf(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}
