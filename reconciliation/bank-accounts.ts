import { getAccount, listBankBooks } from "../ledger/index.ts";
import { violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { reconciliationErrors } from "./errors.ts";

export type BankAccount = {
  /** Its head in the chart, such as 4502101. */
  readonly account: string;
  readonly bank: string;
  readonly branch: string;
  readonly name: string;
  /** "XXXXXXXXXX1234": the whole number is not kept. Empty while nobody has said it and no statement prints it. */
  readonly numberMasked: string;
  readonly fund: string;
  /** Profile of its statements; null: recognised by the header. */
  readonly profile: string | null;
};

/** Cash in hand and in transit: heads of 450 without a bank. */
const CASH = "45010";

const COLUMNS = `account, bank, branch, name, number_masked as "numberMasked", fund, profile`;

/**
 * Says which bank account stands behind a head of the chart; from then on it is reconciled and its month is checked before closing.
 * Of the number only the last four digits are kept. Raises BANK_ACCOUNT_HEAD, BANK_ACCOUNT_EXISTS, ACCOUNT_NOT_FOUND.
 */
export async function addBankAccount(
  tx: Tx,
  input: {
    readonly account: string;
    readonly bank: string;
    readonly branch?: string;
    readonly name: string;
    readonly number: string;
    readonly fund?: string;
    readonly profile?: string;
  },
): Promise<BankAccount> {
  const head = await getAccount(tx, input.account);
  if (!head.isPosting || !head.isCashBank) throw reconciliationErrors.BANK_ACCOUNT_HEAD({ account: input.account });
  const number = input.number.replace(/\s/g, "");
  if (number.length < 4) throw reconciliationErrors.BANK_ACCOUNT_NUMBER({ account: input.account });
  return writeBankAccount(tx, {
    account: input.account,
    bank: input.bank,
    branch: input.branch ?? "",
    name: input.name,
    numberMasked: number.slice(0, -4).replace(/./g, "X") + number.slice(-4),
    fund: input.fund ?? "01",
    profile: input.profile ?? null,
  });
}

/** Writes a bank account as it is given. Raises BANK_ACCOUNT_EXISTS, BANK_ACCOUNT_NUMBER. */
export async function writeBankAccount(tx: Tx, bank: BankAccount): Promise<BankAccount> {
  try {
    await tx.query(
      `insert into reconciliation.bank_accounts (ulb_id, account, bank, branch, name, number_masked, fund, profile, created_by, created_at)
       values (:ulb, :account, :bank, :branch, :name, :masked, :fund, :profile, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        account: bank.account,
        bank: bank.bank,
        branch: bank.branch,
        name: bank.name,
        masked: bank.numberMasked,
        fund: bank.fund,
        profile: bank.profile,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) === "bank_accounts_pkey")
      throw reconciliationErrors.BANK_ACCOUNT_EXISTS({ account: bank.account });
    if (violatedRule(error) === "bank_account_number_is_masked")
      throw reconciliationErrors.BANK_ACCOUNT_NUMBER({ account: bank.account });
    throw error;
  }
  await audit(tx, {
    action: "add",
    subject: "bank-account",
    subjectId: bank.account,
    after: { bank: bank.bank, number: bank.numberMasked },
  });
  return getBankAccount(tx, bank.account);
}

/**
 * What a head that nobody has set up would be as a bank account: as the masters have it, otherwise as the chart and the statement call it.
 * Heads of cash (450-10) have no bank behind them. Raises BANK_ACCOUNT_UNKNOWN, ACCOUNT_NOT_FOUND.
 */
export async function bankAccountOfHead(
  read: Read,
  account: string,
  numberEnds: string | undefined,
): Promise<BankAccount> {
  const head = await getAccount(read, account);
  if (!head.isPosting || !head.isCashBank || head.code.startsWith(CASH))
    throw reconciliationErrors.BANK_ACCOUNT_UNKNOWN({ account });
  const book = (await listBankBooks(read)).find((b) => b.account === account && b.isActive);
  const ends = book === undefined ? numberEnds : /\d{4}$/.exec(book.numberMasked)?.[0];
  return {
    account,
    bank: book?.bank ?? head.name,
    branch: book?.branch ?? "",
    name: head.name,
    numberMasked: ends === undefined ? "" : `XXXXXXXX${ends}`,
    fund: book?.fund ?? "01",
    profile: null,
  };
}

/** The bank accounts of the ULB, in order of their heads. */
export async function listBankAccounts(read: Read): Promise<BankAccount[]> {
  return read.query<BankAccount>(
    `select ${COLUMNS} from reconciliation.bank_accounts where ulb_id = :ulb order by account`,
    {
      ulb: read.ulb.id,
    },
  );
}

/** Raises BANK_ACCOUNT_UNKNOWN. */
export async function getBankAccount(read: Read, account: string): Promise<BankAccount> {
  return oneOf(
    await read.query<BankAccount>(
      `select ${COLUMNS} from reconciliation.bank_accounts where ulb_id = :ulb and account = :account`,
      {
        ulb: read.ulb.id,
        account,
      },
    ),
    account,
  );
}

/** The account, locked until commit: imports and matches of one bank account go one after the other. Raises BANK_ACCOUNT_UNKNOWN. */
export async function lockBankAccount(tx: Tx, account: string): Promise<BankAccount> {
  const bank = await lockedBankAccount(tx, account);
  if (!bank) throw reconciliationErrors.BANK_ACCOUNT_UNKNOWN({ account });
  return bank;
}

/** The same, or undefined where nobody has set it up. */
export async function lockedBankAccount(tx: Tx, account: string): Promise<BankAccount | undefined> {
  return tx.queryOne<BankAccount>(
    `select ${COLUMNS} from reconciliation.bank_accounts where ulb_id = :ulb and account = :account for no key update`,
    { ulb: tx.ulb.id, account },
  );
}

function oneOf([found]: readonly BankAccount[], account: string): BankAccount {
  if (!found) throw reconciliationErrors.BANK_ACCOUNT_UNKNOWN({ account });
  return found;
}
