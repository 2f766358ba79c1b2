import type { LocalDate } from "../ledger/kernel/dates.ts";
import { amountAndWindow } from "./matching/amount-window.ts";
import { bankOriginated } from "./matching/bank-originated.ts";
import { Board } from "./matching/board.ts";
import { fullReferences } from "./matching/full-references.ts";
import { depositsThatDiffer, groups, groupsWithoutReference, partialSlips, splitDeposits } from "./matching/groups.ts";
import { partialReferences } from "./matching/partial-references.ts";
import { reversals, vagueReversals } from "./matching/reversals.ts";
import { MATCH_RULES } from "./matching/rules.ts";
import { subsets } from "./matching/subsets.ts";
import type { MatchItem, MatchLine, MatchOptions, MatchResult } from "./matching/types.ts";

export { BankCalendar } from "./matching/calendar.ts";
export { overlapOf } from "./matching/partial-references.ts";
export { isStale, MATCH_RULES } from "./matching/rules.ts";
export type {
  Exception,
  ExceptionKind,
  ItemKind,
  Match,
  MatchItem,
  MatchLine,
  MatchOptions,
  MatchResult,
  Pass,
  ProposedEntry,
} from "./matching/types.ts";

/**
 * Compares statement lines with open items of one bank account. Three outcomes, no score: confirmed, proposed, exception.
 * Whatever is not unique from both sides is nobody's: ambiguity means no match, and it is not offered to weaker passes.
 * Amount and date alone never confirm. The order of the input does not matter; every line and item is in at most one match;
 * per match the lines sum to the items, to the paisa.
 */
export function match(
  lines: readonly MatchLine[],
  items: readonly MatchItem[],
  asOf: LocalDate,
  options: MatchOptions = {},
): MatchResult {
  const board = new Board(lines, items, options);
  reversals(board);
  groups(board);
  splitDeposits(board);
  fullReferences(board);
  partialReferences(board);
  partialSlips(board);
  depositsThatDiffer(board);
  vagueReversals(board);
  const proposedEntries = bankOriginated(board);
  groupsWithoutReference(board);
  subsets(board);
  amountAndWindow(board);
  return {
    rules: MATCH_RULES.version,
    confirmed: board.confirmed,
    proposed: board.proposed,
    proposedEntries,
    exceptions: [...board.lineExceptions(), ...board.itemExceptions(asOf)],
    outstanding: board.items.filter((i) => board.isOpen(i)).map((i) => i.id),
  };
}
