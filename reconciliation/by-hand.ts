import { postEntry, postingAccounts, type EntryDraft } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { negate, sum } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { lockBankAccount } from "./bank-accounts.ts";
import { bookingDate } from "./booking-date.ts";
import { horizon } from "./comparison.ts";
import { templateLines, type EntryTemplate } from "./entries.ts";
import { reconciliationErrors } from "./errors.ts";
import { MATCH_RULES, type Match } from "./match.ts";
import { insertMatches, itemLegs, lineLeg, writeMatches } from "./matches.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { getBankLine, type BankLine } from "./statements.ts";

/**
 * A person matches lines and items: a proposal, or what only a person can know. The sums agree to the paisa or it is refused; a difference
 * is booked as an entry of its own, never hidden in a match.
 * Raises MATCH_EMPTY, MATCH_UNBALANCED, BANK_LINE_UNKNOWN, BANK_LINE_MATCHED, OPEN_ITEM_UNKNOWN, MATCH_TAKEN.
 */
export async function confirmProposal(
  tx: Tx,
  input: {
    readonly account: string;
    readonly lines: readonly string[];
    readonly items: readonly string[];
    readonly evidence?: string;
  },
): Promise<{ readonly matchId: string }> {
  const bank = await lockBankAccount(tx, input.account);
  const asOf = await horizon(tx, input.account);
  const open = new Map((await openItems(tx, input.account, asOf)).map((i) => [i.id, i]));
  const lines = new Map<string, BankLine>();
  for (const id of new Set(input.lines)) {
    const line = await getBankLine(tx, id);
    if (line.account !== input.account) throw reconciliationErrors.BANK_LINE_UNKNOWN({ line: id });
    if (line.matchId !== null) throw reconciliationErrors.BANK_LINE_MATCHED({ line: id });
    lines.set(id, line);
  }
  const items = new Map<string, OpenItem>();
  for (const id of new Set(input.items)) {
    const item = open.get(id);
    if (!item) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
    items.set(id, item);
  }
  if (lines.size + items.size < 2 && (lines.size === 0 || items.size === 0))
    throw reconciliationErrors.MATCH_EMPTY({ account: input.account });
  const atBank = sum([...lines.values()].map((l) => l.amount));
  const inBook = sum([...items.values()].map((i) => i.amount));
  if (atBank !== inBook) throw reconciliationErrors.MATCH_UNBALANCED({ lines: String(atBank), items: String(inBook) });
  const made: Match = {
    pass: "manual",
    lines: [...lines.keys()],
    items: [...items.keys()],
    evidence: input.evidence ?? "matched by hand",
  };
  const { ids } = await writeMatches(tx, bank, [made], lines, items, MATCH_RULES.version);
  const matchId = ids[0];
  invariant(matchId, "one match was written");
  await audit(tx, {
    action: "match",
    subject: "bank-match",
    subjectId: matchId,
    after: { account: input.account, lines: made.lines, items: made.items, evidence: made.evidence },
  });
  return { matchId };
}

/**
 * Books what a statement line shows and the books did not know, and matches the two: bank charge (Dr 2407001), interest (Cr 1711001),
 * a credit nobody can name (Cr 3508006, until it is identified). Dated by the line's value date.
 * Raises BANK_LINE_UNKNOWN, BANK_LINE_MATCHED, TEMPLATE_DIRECTION and the refusals of postEntry.
 */
export async function postBankLine(
  tx: Tx,
  input: {
    readonly lineId: string;
    readonly template: Exclude<EntryTemplate, "stale-cheque">;
    readonly narration?: string;
  },
): Promise<{ readonly matchId: string; readonly entryId: bigint; readonly number: string }> {
  const found = await getBankLine(tx, input.lineId);
  const bank = await lockBankAccount(tx, found.account);
  const line = await getBankLine(tx, input.lineId);
  if (line.matchId !== null) throw reconciliationErrors.BANK_LINE_MATCHED({ line: line.id });
  if (line.amount < 0n !== (input.template === "bank-charge")) {
    throw reconciliationErrors.TEMPLATE_DIRECTION({
      line: line.id,
      template: input.template,
      amount: String(line.amount),
    });
  }
  const matchId = newId(tx.clock().getTime());
  const date = await bookingDate(tx, line.valueDate);
  const draft: EntryDraft = {
    voucher: input.template === "bank-charge" ? "payment" : "receipt",
    date,
    valueDate: line.valueDate,
    narration:
      input.narration ??
      `${TEMPLATE_WORDS[input.template]}: ${line.narration || line.reference || "no narration"}`.slice(0, 300),
    source: { type: "bank-line", id: matchId },
    lines: templateLines(
      input.template,
      line.amount < 0n ? negate(line.amount) : line.amount,
      await templateAccounts(tx, bank.account),
      bank.fund,
    ),
  };
  const entry = await postEntry(tx, draft);
  const lineNo = 1 + draft.lines.findIndex((l) => l.account === bank.account);
  await insertMatches(tx, bank.account, [
    {
      id: matchId,
      pass: "manual",
      rules: MATCH_RULES.version,
      evidence: draft.narration,
      entryId: entry.id,
      legs: [lineLeg(line), { kind: "item", entryId: entry.id, lineNo, amount: line.amount, onDate: date }],
    },
  ]);
  return { matchId, entryId: entry.id, number: entry.number };
}

/**
 * Cancels an issued cheque that was never presented: Dr bank, Cr 3508001; the payee's claim stays. The cheque and its cancellation
 * leave the reconciliation statement together. Raises OPEN_ITEM_UNKNOWN and the refusals of postEntry.
 */
export async function cancelStaleCheque(
  tx: Tx,
  input: { readonly account: string; readonly item: string; readonly date?: LocalDate },
): Promise<{ readonly matchId: string; readonly entryId: bigint }> {
  const bank = await lockBankAccount(tx, input.account);
  const item = (await openItems(tx, input.account, await horizon(tx, input.account))).find((i) => i.id === input.item);
  if (!item || item.amount >= 0n || !("entryId" in item.of))
    throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: input.item });
  // The register of cheques keeps whose claim it is, and another person approves it there.
  if (item.isInRegister) throw reconciliationErrors.CHEQUE_IN_REGISTER({ cheque: item.reference || item.voucher });
  const matchId = newId(tx.clock().getTime());
  const date = await bookingDate(tx, input.date ?? dateInIndia(tx.clock()));
  const draft: EntryDraft = {
    voucher: "receipt",
    date,
    narration: `Stale cheque ${item.reference || item.voucher} cancelled (${item.text})`.slice(0, 300),
    source: { type: "stale-cheque", id: matchId },
    lines: templateLines("stale-cheque", negate(item.amount), await templateAccounts(tx, bank.account), bank.fund),
  };
  const entry = await postEntry(tx, draft);
  await insertMatches(tx, bank.account, [
    {
      id: matchId,
      pass: "manual",
      rules: MATCH_RULES.version,
      evidence: draft.narration,
      entryId: entry.id,
      legs: [
        ...itemLegs(item),
        { kind: "item", entryId: entry.id, lineNo: 1, amount: negate(item.amount), onDate: date },
      ],
    },
  ]);
  return { matchId, entryId: entry.id };
}

const TEMPLATE_WORDS: Record<EntryTemplate, string> = {
  "bank-charge": "Bank charges",
  "bank-interest": "Interest credited by bank",
  "unidentified-credit": "Unidentified credit in bank",
  "stale-cheque": "Stale cheque",
};

async function templateAccounts(read: Read, bank: string) {
  return {
    bank,
    ...(await postingAccounts(read, "bank-charges", "bank-interest", "unidentified-credits", "stale-cheques")),
  };
}
