import { audit } from "../kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import type { Tx } from "../kernel/tx.ts";
import { getAccount, type Account } from "../balances.ts";
import { masterErrors } from "./errors.ts";
import { changeDay, nameProblems, reasonOf, type Change } from "./history.ts";
import { holdPostings, nilOrRefused, usesOfAccount } from "./usage.ts";

const MASTER = "accounts";

/** Digits of a code by its level: group, major, minor, detailed head (NMAM: 3-2-2). */
const DIGITS = [1, 3, 5, 7] as const;

/** What is wrong with a code under its parent; undefined if it fits. */
export function placeProblem(
  code: string,
  parent: { readonly code: string; readonly isPosting: boolean },
): string | undefined {
  if (parent.isPosting) return `${parent.code} is a detailed head; nothing hangs below it`;
  const level = DIGITS.findIndex((d) => d === parent.code.length);
  const digits = DIGITS[level + 1];
  if (level < 0 || digits === undefined) return `the parent ${parent.code} is on no level of the chart`;
  if (level === 0) return "a major head belongs to the chart itself; it comes with a new version of the chart";
  if (!/^[0-9]+$/.test(code)) return "a code has digits only";
  if (!code.startsWith(parent.code)) return `it must begin with the code of its parent, ${parent.code}`;
  if (code.length !== digits) return `below ${parent.code} a code has ${digits} digits, not ${code.length}`;
  return undefined;
}

/**
 * Adds a minor or detailed head under a heading; type, side, schedule, cash/bank and the need of a function come from the parent.
 * Raises ACCOUNT_NOT_FOUND (the parent), ACCOUNT_PLACE, MASTER_EXISTS, MASTER_DETAILS, MASTER_CLOSED (the parent).
 */
export async function addAccount(
  tx: Tx,
  input: {
    readonly code: string;
    readonly name: string;
    readonly nameLocal?: string | undefined;
    readonly parent: string;
    readonly validFrom?: LocalDate | undefined;
  },
): Promise<Account> {
  const code = input.code.trim();
  const parent = await getAccount(tx, input.parent.trim());
  const wrong = placeProblem(code, parent);
  if (wrong !== undefined) throw masterErrors.ACCOUNT_PLACE({ code: code.slice(0, 20), problem: wrong });
  const what = `account ${code}`;
  const problems = nameProblems(input.name);
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what, problems });
  if (!parent.isActive) throw masterErrors.MASTER_CLOSED({ what: `account ${parent.code}`, from: "an earlier day" });
  const added = await tx.query(
    `insert into ledger.accounts (ulb_id, code, name, name_local, parent, type, normal_side, level, is_contra, schedule, is_posting, is_cash_bank,
       needs_function, valid_from)
     select p.ulb_id, :code, :name, :name_local, p.code, p.type, p.normal_side, p.level + 1, p.is_contra, p.schedule, p.level + 1 = 3,
       p.is_cash_bank, p.needs_function, :valid_from::date
     from ledger.accounts p where p.ulb_id = :ulb and p.code = :parent
     on conflict do nothing returning 1`,
    {
      ulb: tx.ulb.id,
      code,
      name: input.name.trim(),
      name_local: input.nameLocal?.trim() || null,
      parent: parent.code,
      valid_from: input.validFrom ?? dateInIndia(tx.clock()),
    },
  );
  if (added.length === 0) throw masterErrors.MASTER_EXISTS({ what, name: (await getAccount(tx, code)).name });
  await audit(tx, {
    action: "add",
    subject: "account",
    subjectId: code,
    after: { name: input.name.trim(), parent: parent.code },
  });
  return getAccount(tx, code);
}

/**
 * Gives an account another name from a day on; statements of earlier days are printed with the old one (`accountNamesOn`).
 * Raises ACCOUNT_NOT_FOUND, MASTER_DETAILS, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED.
 */
export async function renameAccount(
  tx: Tx,
  code: string,
  names: { readonly name: string; readonly nameLocal?: string | undefined },
  change: Change,
): Promise<Account> {
  const problems = nameProblems(names.name);
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what: `account ${code}`, problems });
  return changed(tx, code, "rename", change, (now) =>
    Promise.resolve({
      name: names.name.trim(),
      name_local: names.nameLocal === undefined ? now.nameLocal : names.nameLocal.trim() || null,
    }),
  );
}

/**
 * Closes an account from a day on: `ledger.post` refuses it then (ACCOUNT_INACTIVE). Refused while something open hangs below it, while the
 * posting map, an event, a tax section or a bank account names it, and while anything is left on it, with the figure; income and
 * expenditure begin each year at nil, so such a head is closed from 1 April. Raises ACCOUNT_NOT_FOUND, MASTER_CLOSED, MASTER_HAS_CHILDREN,
 * MASTER_IN_USE, MASTER_HAS_BALANCE, REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED.
 */
export async function closeAccount(tx: Tx, code: string, change: Change): Promise<Account> {
  const what = `account ${code}`;
  return changed(tx, code, "close", change, async (now, from) => {
    if (!now.isActive) throw masterErrors.MASTER_CLOSED({ what, from: "an earlier day" });
    const children = await tx.query<{ code: string }>(
      "select code from ledger.accounts where ulb_id = :ulb and parent = :code and is_active order by code limit 10",
      { ulb: tx.ulb.id, code },
    );
    if (children.length > 0) throw masterErrors.MASTER_HAS_CHILDREN({ what, children: children.map((c) => c.code) });
    const uses = await usesOfAccount(tx, code);
    if (uses.length > 0) throw masterErrors.MASTER_IN_USE({ what, uses });
    await holdPostings(tx);
    await nilOrRefused(tx, { account: code }, what, from);
    return { is_active: false, closed_from: from };
  });
}

/** Takes a close back. Raises ACCOUNT_NOT_FOUND, MASTER_OPEN, MASTER_CLOSED (its parent), REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED. */
export async function reopenAccount(tx: Tx, code: string, change: Change): Promise<Account> {
  return changed(tx, code, "reopen", change, async (now) => {
    if (now.isActive) throw masterErrors.MASTER_OPEN({ what: `account ${code}` });
    if (now.parent !== null && !(await getAccount(tx, now.parent)).isActive)
      throw masterErrors.MASTER_CLOSED({ what: `account ${now.parent}`, from: "an earlier day" });
    return { is_active: true, closed_from: null };
  });
}

async function changed(
  tx: Tx,
  code: string,
  action: "rename" | "close" | "reopen",
  change: Change,
  columns: (now: Account, from: LocalDate) => Promise<Record<string, unknown>>,
): Promise<Account> {
  await tx.query("select 1 from ledger.accounts where ulb_id = :ulb and code = :code for update", {
    ulb: tx.ulb.id,
    code,
  });
  const before = await getAccount(tx, code);
  const what = `account ${code}`;
  const reason = reasonOf(`a change of ${what}`, change.reason);
  const from = await changeDay(tx, what, MASTER, code, change.from);
  const set = await columns(before, from);
  await tx.query(
    `update ledger.accounts set ${Object.keys(set)
      .map((c) => `${c} = :${c}`)
      .join(", ")}, changed_from = :changed_from, change_reason = :change_reason
     where ulb_id = :ulb and code = :code`,
    { ulb: tx.ulb.id, code, ...set, changed_from: from, change_reason: reason },
  );
  const after = await getAccount(tx, code);
  await audit(tx, {
    action,
    subject: "account",
    subjectId: code,
    before: { name: before.name, isActive: before.isActive },
    after: { name: after.name, isActive: after.isActive, from },
    reason,
  });
  return after;
}
