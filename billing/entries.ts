import { cr, dr, type Dimensions, type Line } from "../ledger/index.ts";
import { paise, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { lineKey, type DemandLine } from "./due.ts";
import { billingErrors } from "./errors.ts";
import type { AllocationKind } from "./settle.ts";

/*
 * Every entry that billing makes, as pure functions (NMAM posting rules PT-01 … PT-16, WC-01, WC-02, IN-03, IN-05).
 * Accounts come with the demand line: they were taken from the ULB's tax head when the demand was raised.
 */

/** Whose line it is, in the sub-ledger. */
export type Payer = { readonly code: string; readonly ward: string };

/** `by-consumer`: the receivable of each consumer is a line of its own. `summary`: one line by account, fund, function, ward and year. */
export type Detail = "summary" | "by-consumer";

type Demanded = { readonly line: DemandLine; readonly payer: Payer };
type Allocated = {
  readonly line: DemandLine;
  readonly payer: Payer;
  readonly kind: AllocationKind;
  readonly amount: Paise;
  readonly cess: Paise;
};

/**
 * PT-01, WC-01: a demand is raised. Dr receivable with the cess in it; Cr income with the own share; Cr the State's cess in its control head
 * (it is neither income nor, until collected, a liability). Lines on receipt basis post nothing.
 */
export function demandLines(demanded: readonly Demanded[], detail: Detail = "summary"): Line[] {
  return merge(
    (detail === "summary" ? summed(demanded) : demanded).flatMap(({ line, payer }) => {
      const { receivable, income, cessControl } = line.accounts;
      if (receivable === null) return [];
      return [
        dr(receivable, line.amount, receivableDimensions(line, detail === "by-consumer" ? payer : null)),
        ...credit(income, subtract(line.amount, line.cess), dimensions(line)),
        ...credit(cessControl, line.cess, dimensions(line)),
      ];
    }),
  );
}

/** Demands that are posted alike as one: a run has thousands of them, and a few dozen lines. */
function summed(demanded: readonly Demanded[]): Demanded[] {
  const alike = new Map<string, { readonly first: Demanded; amount: bigint; cess: bigint }>();
  for (const d of demanded) {
    const { accounts: a, ward, demandYear, amount, cess } = d.line;
    const key = `${a.receivable}|${a.income}|${a.cessControl}|${a.fund}|${a.function}|${ward}|${demandYear}`;
    const known = alike.get(key);
    if (known) {
      known.amount += amount;
      known.cess += cess;
    } else alike.set(key, { first: d, amount, cess });
  }
  return [...alike.values()].map(({ first: { line, payer }, amount, cess }) => ({
    line: { ...line, amount: paise(amount), cess: paise(cess) },
    payer,
  }));
}

/** Opening receivables of years before the books start: as a demand, but the own share is the ULB's opening balance, not income. */
export function openingLines(
  demanded: readonly Demanded[],
  openingAccount: string,
  detail: Detail = "summary",
): Line[] {
  return merge(
    demanded.flatMap(({ line, payer }) => {
      const { receivable, cessControl } = line.accounts;
      if (receivable === null) return [];
      return [
        dr(receivable, line.amount, receivableDimensions(line, detail === "by-consumer" ? payer : null)),
        ...credit(cessControl, line.cess, dimensions(line)),
        ...credit(openingAccount, subtract(line.amount, line.cess), { fund: line.accounts.fund }),
      ];
    }),
  );
}

/**
 * PT-03, PT-04, PT-06, PT-10: what settles dues. Money: Cr receivable by year. Advance used: Dr advance, Cr receivable. Rebate: Dr rebate,
 * Cr receivable. With money or advance the cess inside becomes payable to the State: Dr its control head, Cr payable. Lines on receipt basis
 * credit their income. The other side of `payment` (cash, cheque, gateway) is the receipt's own line.
 */
export function settlementLines(allocated: readonly Allocated[], detail: Detail = "by-consumer"): Line[] {
  return merge(allocated.flatMap((a) => settlement(a, detail)));
}

function settlement({ line, payer, kind, amount, cess }: Allocated, detail: Detail): Line[] {
  invariant(kind === "payment" || kind === "advance" || kind === "rebate", `${kind} is posted where it is decided`);
  const { receivable, income, cessControl, cessPayable, rebate, advance } = line.accounts;
  const party = detail === "by-consumer" ? payer : null;
  const lines: Line[] = [];
  if (kind === "advance") lines.push(dr(advance, amount, advanceDimensions(line, party)));
  if (kind === "rebate") {
    invariant(rebate !== null && receivable !== null, `${line.taxHead} has an account for its rebate`);
    return [dr(rebate, amount, dimensions(line)), cr(receivable, amount, receivableDimensions(line, party))];
  }
  if (receivable === null) {
    lines.push(
      ...credit(income, subtract(amount, cess), dimensions(line)),
      ...credit(cessPayable, cess, dimensions(line)),
    );
    return lines;
  }
  lines.push(cr(receivable, amount, receivableDimensions(line, party)));
  if (cess > 0n) {
    invariant(cessControl !== null && cessPayable !== null, `${line.taxHead} has accounts for its cess`);
    lines.push(dr(cessControl, cess, dimensions(line)), cr(cessPayable, cess, dimensions(line)));
  }
  return lines;
}

/** PT-09: money without a demand is a liability, never income. */
export function advanceLines(
  advances: readonly {
    readonly account: string;
    readonly amount: Paise;
    readonly payer: Payer;
    readonly fund: string;
  }[],
): Line[] {
  return merge(
    advances.map(({ account, amount, payer, fund }) =>
      cr(account, amount, { fund, ward: payer.ward, party: { type: "consumer", id: payer.code } }),
    ),
  );
}

/** IN-03: a payment is taken back (dishonour): the mirror of the lines by which it settled, same heads, same years, same cess. */
export function reversalLines(lines: readonly Line[]): Line[] {
  return lines.map((l) => ({ ...l, side: l.side === "debit" ? "credit" : "debit" }));
}

export type Resolution = { readonly number: string; readonly date: LocalDate };

/**
 * PT-16: irrecoverable demand is written off. `provision`: Dr provision for all of it, and the cess leaves its control head against the
 * cess part of the provision. `expense`, where nothing was provided: Dr revenues written off with the own share.
 */
export function writeOffLines(
  written: readonly {
    readonly line: DemandLine;
    readonly payer: Payer;
    readonly amount: Paise;
    readonly cess: Paise;
  }[],
  against: "provision" | "expense",
): Line[] {
  return merge(
    written.flatMap(({ line, payer, amount, cess }) => {
      const { receivable, provision, cessProvision, writeOff, cessControl } = line.accounts;
      const at = dimensions(line);
      if (receivable === null || (against === "provision" ? provision : writeOff) === null) {
        throw billingErrors.WRITE_OFF_HEAD({ taxHead: line.taxHead });
      }
      const lines = [cr(receivable, amount, receivableDimensions(line, payer))];
      if (against === "provision" && provision !== null) {
        lines.unshift(dr(provision, amount, at));
        if (cess > 0n) {
          if (cessControl === null || cessProvision === null)
            throw billingErrors.WRITE_OFF_HEAD({ taxHead: line.taxHead });
          lines.push(dr(cessControl, cess, at), cr(cessProvision, cess, at));
        }
        return lines;
      }
      return [...debit(writeOff, subtract(amount, cess), at), ...debit(cessControl, cess, at), ...lines];
    }),
  );
}

/** A write-off without the council's resolution is refused (rule X15 of the rejection cases). */
export function checkResolution(
  resolution: { readonly number?: string | null; readonly date?: LocalDate | null },
  on: LocalDate,
): Resolution {
  const number = resolution.number?.trim() ?? "";
  const missing = [...(number === "" ? ["the number"] : []), ...(resolution.date ? [] : ["the date"])];
  if (missing.length > 0 || !resolution.date)
    throw billingErrors.WRITE_OFF_RESOLUTION_MISSING({ missing: missing.join(" and ") });
  if (resolution.date > on) {
    throw billingErrors.WRITE_OFF_RESOLUTION_LATER({ resolution: number, resolvedOn: resolution.date, on });
  }
  return { number, date: resolution.date };
}

/** What the lines add to the money side: credits less debits, the amount that the receipt's own line debits. */
export function netCredit(lines: readonly Line[]): Paise {
  return paise(lines.reduce<bigint>((net, l) => (l.side === "credit" ? net + l.amount : net - l.amount), 0n));
}

export function dimensions(line: DemandLine): Dimensions {
  return { fund: line.accounts.fund, function: line.accounts.function, ward: line.ward };
}
export function receivableDimensions(line: DemandLine, payer: Payer | null): Dimensions {
  return {
    ...dimensions(line),
    demandYear: line.demandYear,
    ...(payer && { party: { type: "consumer", id: payer.code } }),
  };
}
export function advanceDimensions(line: DemandLine, payer: Payer | null): Dimensions {
  return { fund: line.accounts.fund, ward: line.ward, ...(payer && { party: { type: "consumer", id: payer.code } }) };
}
function credit(account: string | null, amount: Paise, at: Dimensions): Line[] {
  if (amount === ZERO) return [];
  invariant(account !== null, "a share of a demand that is not nothing has an account");
  return [cr(account, amount, at)];
}
function debit(account: string | null, amount: Paise, at: Dimensions): Line[] {
  return reversalLines(credit(account, amount, at));
}

/** One line for each side, account and set of dimensions, in order of first appearance; debits and credits are never netted. */
export function merge(lines: readonly Line[]): Line[] {
  const merged = new Map<string, { readonly first: Line; amount: bigint }>();
  for (const l of lines) {
    const key = [l.side, l.account, l.fund, l.function, l.ward, l.party?.type, l.party?.id, l.demandYear].join(
      "\u0001",
    );
    const known = merged.get(key);
    if (known) known.amount += l.amount;
    else merged.set(key, { first: l, amount: l.amount });
  }
  return [...merged.values()].map(({ first, amount }) => ({ ...first, amount: paise(amount) }));
}

/** "property-tax A1 2025-26 PT_TAX", for messages. */
export function lineName(line: DemandLine, payer: Payer): string {
  return `${line.service} ${payer.code} ${line.demandYear} ${line.taxHead} (${lineKey(line)})`;
}
