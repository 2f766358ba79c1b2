import { cr, dr, type Line } from "../../ledger/index.ts";
import { financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { negate, paise, subtract, type Paise } from "../../ledger/kernel/money.ts";
import {
  advanceDimensions,
  dimensions,
  receivableDimensions,
  reversalLines,
  settlementLines,
  type Detail,
  type Payer,
} from "../entries.ts";
import { isOfEarlierYear, type ChangedLine, type LineChange, type TakenBack } from "./plan.ts";

/*
 * The entries of changes, as pure functions (NMAM posting rules PT-12, PT-14; a demand raised in error; arrears that change hands). What is
 * posted is the net effect: where a remission gives paid money back, no receivable moves, as PT-12 has it.
 */

/** What the accounts of the demand line do not say. */
export type ChangeAccounts = {
  /** 110-90 of a tax head, null where it has none. */
  readonly remission: (taxHead: string) => string | null;
  /** 280-50. */
  readonly remissionEarlier: string;
  /** The prior-period income account of a tax head (280-10 …), or null. */
  readonly priorIncome: (taxHead: string) => string | null;
  readonly priorRevenue: string;
  readonly priorOtherIncome: string;
  readonly openingBalance: string;
};

export type Posted = { readonly change: LineChange; readonly payer: Payer };

/** All changes of one fact in one entry, netted by account and dimensions. */
export function changeLines(
  posted: readonly Posted[],
  accounts: ChangeAccounts,
  on: LocalDate,
  detail: Detail,
): Line[] {
  return net(
    posted.flatMap(({ change, payer }) => [
      ...change.taken.flatMap((t) => takenLines(change.line, t, payer, accounts, on, detail)),
      ...reducedLines(change, payer, accounts, on, detail),
    ]),
  );
}

/** Arrears pass from one consumer to another: Cr receivable of the one, Dr receivable of the other, of the same head and year. */
export function transferLines(
  moved: readonly {
    readonly from: LineChange;
    readonly payer: Payer;
    readonly to: ChangedLine;
    readonly newPayer: Payer;
  }[],
): Line[] {
  return net(
    moved.flatMap(({ from, payer, to, newPayer }) => {
      const { receivable } = from.line.accounts;
      if (receivable === null) return [];
      return [
        dr(receivable, from.amount, receivableDimensions(to, newPayer)),
        cr(receivable, from.amount, receivableDimensions(from.line, payer)),
      ];
    }),
  );
}

/** Money that becomes free: the mirror of the lines by which it settled, against the consumer's advance. A rebate that falls: its mirror. */
function takenLines(
  line: ChangedLine,
  { settling, amount, cess }: TakenBack,
  payer: Payer,
  accounts: ChangeAccounts,
  on: LocalDate,
  detail: Detail,
): Line[] {
  // What an earlier year had as income (or as rebate) is not taken from this year's.
  const prior = isOfEarlierYear(settling.date, on) ? priorAccount(line, accounts) : null;
  const booked = prior === null ? line : withAccounts(line, prior);
  const kind = settling.kind === "rebate" ? "rebate" : "payment";
  const mirrored = reversalLines(settlementLines([{ line: booked, payer, kind, amount, cess }], detail));
  if (kind === "rebate") return mirrored;
  return [
    ...mirrored,
    cr(line.accounts.advance, amount, advanceDimensions(line, detail === "by-consumer" ? payer : null)),
  ];
}

function withAccounts(line: ChangedLine, prior: string): ChangedLine {
  return { ...line, accounts: { ...line.accounts, income: prior, rebate: prior } };
}

function priorAccount(line: ChangedLine, accounts: ChangeAccounts): string {
  return (
    accounts.priorIncome(line.taxHead) ?? (line.basis === "receipt" ? accounts.priorOtherIncome : accounts.priorRevenue)
  );
}

/** What is taken off: Cr receivable, Dr the cess in its control head, Dr the own share against what `againstOf` says. */
function reducedLines(
  change: LineChange,
  payer: Payer,
  accounts: ChangeAccounts,
  on: LocalDate,
  detail: Detail,
): Line[] {
  const { line, amount, cess } = change;
  const { receivable, cessControl } = line.accounts;
  if (receivable === null || amount === 0n) return [];
  const own = subtract(amount, cess);
  const lines = [cr(receivable, amount, receivableDimensions(line, detail === "by-consumer" ? payer : null))];
  if (own > 0n) {
    const against = againstOf(change, accounts, on);
    invariant(against !== null, `${line.taxHead} has an account for what is taken off it`);
    lines.unshift(
      dr(against, own, against === accounts.openingBalance ? { fund: line.accounts.fund } : dimensions(line)),
    );
  }
  if (cess > 0n) {
    invariant(cessControl !== null, `${line.taxHead} has an account for its cess`);
    lines.push(dr(cessControl, cess, dimensions(line)));
  }
  return lines;
}

/**
 * The account that bears the own share. Remission: 110-90 in the demand's own year, 280-50 for demands of earlier years. Credit note and
 * cancellation: the very income, if it was booked in this financial year, otherwise the prior-period account; an opening receivable of this
 * year goes back against the opening balance.
 */
export function againstOf(change: LineChange, accounts: ChangeAccounts, on: LocalDate): string | null {
  const { line, kind } = change;
  if (kind === "remission") {
    return line.demandYear < financialYearOf(on) ? accounts.remissionEarlier : accounts.remission(line.taxHead);
  }
  const isEarlier =
    isOfEarlierYear(line.raisedOn, on) ||
    // Arrears that came from another consumer were raised on that consumer; their year says when they were income.
    (line.demandKind === "transferred" && line.demandYear < financialYearOf(on));
  if (isEarlier) return priorAccount(line, accounts);
  return line.demandKind === "opening" ? accounts.openingBalance : line.accounts.income;
}

/** One line for each account and set of dimensions: debits less credits, nothing where they are equal. In order of first appearance. */
export function net(lines: readonly Line[]): Line[] {
  const sums = new Map<string, { readonly first: Line; readonly amount: bigint }>();
  for (const l of lines) {
    const key = [l.account, l.fund, l.function, l.ward, l.party?.type, l.party?.id, l.demandYear].join("\u0001");
    const signed = l.side === "debit" ? l.amount : negate(l.amount);
    const known = sums.get(key);
    sums.set(key, { first: known?.first ?? l, amount: (known?.amount ?? 0n) + signed });
  }
  return [...sums.values()]
    .filter((s) => s.amount !== 0n)
    .map(({ first, amount }) => ({ ...first, side: amount > 0n ? "debit" : "credit", amount: magnitude(amount) }));
}

const magnitude = (amount: bigint): Paise => paise(amount < 0n ? -amount : amount);
