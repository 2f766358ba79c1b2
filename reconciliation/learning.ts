import type { LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { paise, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { BankLine } from "./statements.ts";

/** A statement line that a person once booked, and the head on the other side of its entry. */
export type PastCase = {
  readonly lineId: string;
  readonly matchId: string;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly narration: string;
  readonly head: string;
};

/** What was done before with lines of the same words. It is only ever proposed. */
export type LearnedHead = {
  readonly lineId: string;
  readonly pattern: string;
  readonly head: string;
  readonly cases: number;
  /** The latest cases that it comes from, newest first; at most five. */
  readonly examples: readonly PastCase[];
};

type Told = Pick<BankLine, "id" | "amount" | "narration">;

const CASES_NEEDED = 2;
const EXAMPLES_SHOWN = 5;

/**
 * The words of a narration without what changes from line to line: figures, and words with figures in them, are one sign. Nothing is left of a
 * narration that is only a reference.
 */
export function narrationPattern(narration: string): string {
  const words = narration.toUpperCase().split(/[^A-Z0-9]+/);
  const kept: string[] = [];
  for (const w of words) {
    if (w === "") continue;
    const word = /\d/.test(w) ? "#" : w;
    if (word !== "#" || kept.at(-1) !== "#") kept.push(word);
  }
  return kept.some((w) => w !== "#" && w.length > 1) ? kept.join(" ") : "";
}

/**
 * For lines that nothing identified: the head under which lines of the same words and direction were booked before, when that was done at least
 * twice and always alike. Cases that disagree teach nothing. The order of the cases does not matter.
 */
export function learnedHeads(cases: readonly PastCase[], lines: readonly Told[]): LearnedHead[] {
  const keyOf = (x: { readonly amount: Paise; readonly narration: string }): string =>
    `${x.amount < 0n ? "debit" : "credit"} ${narrationPattern(x.narration)}`;
  const known = groupBy(cases, keyOf);
  return lines.flatMap((line): LearnedHead[] => {
    const pattern = narrationPattern(line.narration);
    const same = pattern === "" ? [] : (known.get(keyOf(line)) ?? []);
    const [first] = same;
    if (!first || same.length < CASES_NEEDED || same.some((c) => c.head !== first.head)) return [];
    const examples = same
      .toSorted((a, b) => (a.date === b.date ? (a.lineId < b.lineId ? -1 : 1) : a.date < b.date ? 1 : -1))
      .slice(0, EXAMPLES_SHOWN);
    return [{ lineId: line.id, pattern, head: first.head, cases: same.length, examples }];
  });
}

/**
 * The latest thousand lines of an account that persons booked by an entry of its own (one line, one other head) and whose match is live: taken back
 * is not learned.
 */
export async function pastCases(read: Read, account: string): Promise<PastCase[]> {
  const rows = await read.query<Omit<PastCase, "amount"> & { readonly amount: bigint }>(
    `select b.line_id as "lineId", m.match_id as "matchId", b.booked_on as date, b.amount, b.narration, min(l.account) as head
     from reconciliation.matches m
     join reconciliation.live_legs g on g.ulb_id = m.ulb_id and g.match_id = m.match_id and g.kind = 'line'
     join reconciliation.bank_lines b on b.ulb_id = g.ulb_id and b.line_id = g.line_id
     join ledger.lines l on l.ulb_id = m.ulb_id and l.entry_id = m.entry_id and l.account <> m.account
     where m.ulb_id = :ulb and m.account = :account and m.pass = 'manual' and m.entry_id is not null
     group by b.line_id, m.match_id, b.booked_on, b.amount, b.narration, m.made_at
     having count(distinct l.account) = 1
     order by m.made_at desc, m.match_id desc
     limit 1000`,
    { ulb: read.ulb.id, account },
  );
  return rows.map((r) => ({ ...r, amount: paise(r.amount) }));
}
