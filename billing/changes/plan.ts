import { financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { max, min, negate, paise, proportion, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { cessWithin } from "../cess.ts";
import { demandedOf, outstandingOf } from "../due.ts";
import type { RaisedLine } from "../register.ts";
import { settledBy, type AllocationKind } from "../settle.ts";

/*
 * What a change takes off a demand line, and what money of it becomes free: pure decisions. Who may ask for it, and how it is posted and written,
 * stands elsewhere.
 */

export type ReducingKind = Extract<AllocationKind, "reduction" | "remission" | "cancelled" | "transferred">;

/** A demand line with what a change must know of its demand. */
export type ChangedLine = RaisedLine & { readonly demandKind: string; readonly raisedOn: LocalDate };

/** What an allocation still settles, after all that was taken back of it. */
export type Settling = {
  readonly id: string;
  readonly kind: AllocationKind;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly cess: Paise;
};

/** Part of an allocation that is taken back; amounts are positive. */
export type TakenBack = { readonly settling: Settling; readonly amount: Paise; readonly cess: Paise };

/** What happens to one line: allocations are taken back first, then the line is settled by what was taken off it. */
export type LineChange = {
  readonly line: ChangedLine;
  readonly taken: readonly TakenBack[];
  readonly kind: ReducingKind;
  readonly amount: Paise;
  readonly cess: Paise;
};

/** More was asked for than can be taken off. */
export type Exceeds = { readonly exceeds: true; readonly due: Paise; readonly paid: Paise };

/** What is asked to be taken off a line: of the ULB's own tax, and of the State's cess in it. */
export type Asked = { readonly own: Paise; readonly cess: Paise };

const isMoney = (s: Settling): boolean => s.kind === "payment" || s.kind === "advance";
const between = (least: Paise, most: Paise, value: Paise): Paise => min(max(value, least), most);

/**
 * An own amount with its share of the cess: all the cess with all of the own tax that is due (or demanded), otherwise in proportion, half up. Of
 * a line that is wholly cess everything asked for is cess.
 */
export function askedOf(line: ChangedLine, own: Paise, cess?: Paise): Asked {
  if (line.amount === line.cess) return { own: ZERO, cess: own };
  if (cess !== undefined) return { own, cess };
  const demanded = demandedOf(line);
  const cessDue = subtract(line.cess, line.cessSettled);
  if (own === subtract(outstandingOf(line), cessDue)) return { own, cess: cessDue };
  const ownDemanded = subtract(demanded.amount, demanded.cess);
  return { own, cess: ownDemanded === ZERO ? ZERO : min(proportion(own, demanded.cess, ownDemanded), demanded.cess) };
}

/**
 * Takes an amount off a line: what is due of it first; beyond that, with `reach` "paid", out of the money that settled it, the newest first.
 * That money becomes free. `settled` is what settles the line now, newest first.
 */
export function planReduction(
  line: ChangedLine,
  settled: readonly Settling[],
  asked: Asked,
  kind: "reduction" | "remission",
  reach: "due" | "paid",
): LineChange | Exceeds {
  const amount = paise(asked.own + asked.cess);
  const due = outstandingOf(line);
  const money = settled.filter(isMoney);
  const paid = sum(money.map((s) => s.amount));
  if (amount > due + (reach === "paid" ? paid : 0n)) return { exceeds: true, due, paid };
  // Freeing exactly the cess that is lacking lets own tax and cess come off as they were asked for.
  const lacking = subtract(asked.cess, subtract(line.cess, line.cessSettled));
  const taken = takeMoney(money, max(ZERO, subtract(amount, due)), lacking);
  const cess = cessThatFits(afterTaking(line, taken), amount, asked.cess);
  return { line, taken, kind, amount, cess };
}

/** Cancels a line: all money and all rebates are taken back, and everything that is then due is taken off. Write-offs and remissions stay. */
export function planCancellation(line: ChangedLine, settled: readonly Settling[]): LineChange {
  const taken = settled
    .filter((s) => isMoney(s) || s.kind === "rebate")
    .map((s) => ({ settling: s, amount: s.amount, cess: s.cess }));
  const after = afterTaking(line, taken);
  return {
    line,
    taken,
    kind: "cancelled",
    amount: outstandingOf(after),
    cess: subtract(after.cess, after.cessSettled),
  };
}

/** Moves an amount of what is due under a line away, with its share of the cess. */
export function planTransfer(line: ChangedLine, amount: Paise): LineChange | Exceeds {
  const due = outstandingOf(line);
  if (amount > due) return { exceeds: true, due, paid: subtract(line.settled, line.reduced?.amount ?? ZERO) };
  return { line, taken: [], kind: "transferred", amount, cess: cessWithin(line, amount) };
}

/** The money that becomes free by a change: it is the consumer's advance again. */
export function freedBy(change: LineChange): Paise {
  return sum(change.taken.filter((t) => isMoney(t.settling)).map((t) => t.amount));
}

/** Whether what was booked on that day belongs to a financial year before that of the change. */
export function isOfEarlierYear(day: LocalDate, on: LocalDate): boolean {
  return financialYearOf(day) < financialYearOf(on);
}

/** The line once the change is made: what its register row must then say. */
export function afterChange(change: LineChange): ChangedLine {
  return settledBy(afterTaking(change.line, change.taken), change) as ChangedLine;
}

function afterTaking(line: ChangedLine, taken: readonly TakenBack[]): ChangedLine {
  return taken.reduce<ChangedLine>(
    (now, t) => settledBy(now, { amount: negate(t.amount), cess: negate(t.cess) }) as ChangedLine,
    line,
  );
}

/** Whole payments, the newest first, and of the last a part: its cess is chosen so that the cess taken back is the wanted one, if it can be. */
function takeMoney(money: readonly Settling[], needed: Paise, wantedCess: Paise): TakenBack[] {
  const taken: TakenBack[] = [];
  let left = needed;
  let cessLeft = wantedCess;
  for (const settling of money) {
    if (left === ZERO) break;
    const amount = min(left, settling.amount);
    const own = subtract(settling.amount, settling.cess);
    const cess =
      amount === settling.amount
        ? settling.cess
        : between(max(ZERO, subtract(amount, own)), min(amount, settling.cess), cessLeft);
    taken.push({ settling, amount, cess });
    left = subtract(left, amount);
    cessLeft = subtract(cessLeft, cess);
  }
  return taken;
}

/** The cess in an amount taken off a line: as asked for, but neither the own tax nor the cess is taken off beyond what is due of it. */
function cessThatFits(line: ChangedLine, amount: Paise, asked: Paise): Paise {
  const cessDue = subtract(line.cess, line.cessSettled);
  const ownDue = subtract(outstandingOf(line), cessDue);
  return between(max(ZERO, subtract(amount, ownDue)), min(amount, cessDue), asked);
}
