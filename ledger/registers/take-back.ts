import { paise } from "../kernel/money.ts";
import { getEntry } from "../entries.ts";
import { actKind, narrate, type Draft } from "./act-kinds.ts";
import { getAct, listMovements } from "./act-rows.ts";
import { registerErrors } from "./errors.ts";
import { text } from "./fields.ts";

/**
 * An approved act taken back: its entries are reversed, each naming the one it reverses, and what it moved in the registers moves back. What
 * later acts have used up cannot be taken back from under them. `item` is the act's id.
 */
export const takeBack = actKind({
  kind: "take-back",
  register: "grant",
  title: "Taken back",
  rule: "reversal",
  fields: { reason: text("Reason", "What was wrong") },
  decide: async (read, actId, facts) => {
    const act = await getAct(read, actId);
    if (act.status !== "approved") throw registerErrors.REGISTER_ACT_STATUS({ act: actId, status: act.status });
    if (act.takesBack !== null || act.takenBackBy !== null)
      throw registerErrors.REGISTER_ACT_TAKEN_BACK({ act: actId });
    if (facts.date < act.date)
      throw registerErrors.REGISTER_FIELD({ field: "Date", rule: `not before the act, which is of ${act.date}` });
    const drafts: Draft[] = [];
    for (const { id } of act.entries) {
      const entry = await getEntry(read, id);
      if (entry.reversedBy !== null) continue;
      drafts.push({
        voucher: entry.voucher,
        date: facts.date,
        narration: narrate(`Reversal of ${entry.number}: ${facts.reason}`, facts),
        reverses: entry.id,
        lines: entry.lines.map(({ lineNo: _no, accountName: _name, ...l }) => ({
          ...l,
          side: l.side === "debit" ? "credit" : "debit",
        })),
      });
    }
    // An act whose entry was posted by another room moves back on its own day: that entry stays, and is not in the register any more.
    const on = act.takenEntryId === null && act.entries.length > 0 ? facts.date : undefined;
    const moved = await listMovements(read, { act: actId });
    return {
      drafts,
      movements: moved.map(({ act: _act, ...m }) => ({ ...m, on: on ?? m.on, amount: paise(-m.amount) })),
      takesBack: { act: actId, register: act.register, item: act.item },
    };
  },
});
