import { audit } from "../ledger/kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { sum, type Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import { lockBankAccount, type BankAccount } from "./bank-accounts.ts";
import { reconciliationErrors } from "./errors.ts";
import { MATCH_RULES } from "./match.ts";
import { insertMatches, itemLegs } from "./matches.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { chainEnds, openingDay } from "./statements.ts";

/**
 * Agrees the balance with which the first statement opened: all book items dated before it, except those named as outstanding (cheques not
 * presented, deposits not credited by then), make up that balance. Raises OPENING_NOT_PROVED with the difference, STATEMENT_MISSING.
 */
export async function agreeOpening(
  tx: Tx,
  account: string,
  outstanding: readonly string[] = [],
): Promise<{ readonly matchId: string }> {
  const bank = await lockBankAccount(tx, account);
  const chain = await chainEnds(tx, account);
  if (!chain) throw reconciliationErrors.STATEMENT_MISSING({ account, day: dateInIndia(tx.clock()) });
  const day = openingDay(chain);
  const before = (await openItems(tx, account, day)).filter((i) => "entryId" in i.of);
  for (const id of outstanding)
    if (!before.some((i) => i.id === id)) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
  const agreed = before.filter((i) => !outstanding.includes(i.id));
  const total = sum(agreed.map((i) => i.amount));
  if (total !== chain.opening) {
    throw reconciliationErrors.OPENING_NOT_PROVED({ account, statement: String(chain.opening), items: String(total) });
  }
  const matchId = await writeOpening(tx, bank, agreed, chain.opening, day);
  await audit(tx, {
    action: "agree-opening",
    subject: "bank-account",
    subjectId: account,
    after: { opening: String(chain.opening), outstanding },
  });
  return { matchId };
}

/** Agrees the opening balance by itself when the book items before it sum to it exactly. */
export async function agreeOpeningIfEqual(tx: Tx, bank: BankAccount): Promise<void> {
  const chain = await chainEnds(tx, bank.account);
  if (!chain) return;
  const taken = await tx.query(
    "select 1 from reconciliation.live_legs where ulb_id = :ulb and account = :account and kind = 'opening'",
    {
      ulb: tx.ulb.id,
      account: bank.account,
    },
  );
  if (taken.length > 0) return;
  const day = openingDay(chain);
  const before = (await openItems(tx, bank.account, day)).filter((i) => "entryId" in i.of);
  if (before.length > 0 && sum(before.map((i) => i.amount)) === chain.opening)
    await writeOpening(tx, bank, before, chain.opening, day);
}

async function writeOpening(
  tx: Tx,
  bank: BankAccount,
  items: readonly OpenItem[],
  opening: Paise,
  day: LocalDate,
): Promise<string> {
  const id = newId(tx.clock().getTime());
  await insertMatches(tx, bank.account, [
    {
      id,
      pass: "opening",
      rules: MATCH_RULES.version,
      evidence: `${items.length} book items before the first statement make up its opening balance`,
      legs: [{ kind: "opening", amount: opening, onDate: day }, ...items.flatMap(itemLegs)],
    },
  ]);
  return id;
}
