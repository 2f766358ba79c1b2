import { max, min, paise, proportion, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { outstandingOf, type DemandLine } from "./due.ts";

/**
 * The State's cess inside the next `part` that settles a line: settled so far × cess ÷ total of the line, rounded half up, less the cess
 * already recognised. Reckoning on the running total keeps the control head free of residue: whatever settles the line last takes the
 * cess that is left. `part` is at most what is outstanding.
 */
export function cessWithin(line: Pick<DemandLine, "amount" | "cess" | "settled" | "cessSettled">, part: Paise): Paise {
  if (line.cess === ZERO || part === ZERO) return ZERO;
  const outstanding = outstandingOf(line);
  const cessLeft = subtract(line.cess, line.cessSettled);
  if (part === outstanding) return cessLeft;
  const target = proportion(paise(line.settled + part), line.cess, line.amount);
  // After a dishonour the running total may be a paisa beside the rounded share: neither the cess nor the own tax may be over-settled.
  const least = max(ZERO, paise(part - (outstanding - cessLeft)));
  const most = min(part, cessLeft);
  return min(max(subtract(target, line.cessSettled), least), most);
}
