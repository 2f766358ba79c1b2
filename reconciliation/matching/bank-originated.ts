import type { EntryTemplate } from "../entries.ts";
import type { Board } from "./board.ts";
import { MATCH_RULES } from "./rules.ts";
import type { ProposedEntry } from "./types.ts";

/** P3: what the bank itself did. The entry is proposed; a person books it. */
export function bankOriginated(board: Board): ProposedEntry[] {
  const entries: ProposedEntry[] = [];
  for (const l of board.lines) {
    if (!board.isOpen(l)) continue;
    const template: EntryTemplate | undefined =
      l.paise < 0 && MATCH_RULES.charges.test(l.narration)
        ? "bank-charge"
        : l.paise > 0 && MATCH_RULES.interest.test(l.narration)
          ? "bank-interest"
          : undefined;
    if (!template || MATCH_RULES.returned.test(l.narration)) continue;
    l.free = false;
    entries.push({ pass: "P3", line: l.id, template, evidence: l.narration });
  }
  return entries;
}
