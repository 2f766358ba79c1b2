import { getAccount } from "../ledger/index.ts";
import { violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { reconciliationErrors } from "./errors.ts";

export type BankAccount = {
  /** Its head in the chart, such as 4502101. */
  readonly account: string;
  readonly bank: string;
  readonly branch: string;
  readonly name: string;
  /** "XXXXXXXXXX1234": the whole number is not kept. */
  readonly numberMasked: string;
  readonly fund: string;
  /** Profile of its statements; null: recognised by the header. */
  readonly profile: string | null;
};

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
  const masked = number.slice(0, -4).replace(/./g, "X") + number.slice(-4);
  try {
    await tx.query(
      `insert into reconciliation.bank_accounts (ulb_id, account, bank, branch, name, number_masked, fund, profile, created_by, created_at)
       values (:ulb, :account, :bank, :branch, :name, :masked, :fund, :profile, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        account: input.account,
        bank: input.bank,
        branch: input.branch ?? "",
        name: input.name,
        masked,
        fund: input.fund ?? "01",
        profile: input.profile ?? null,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) === "bank_accounts_pkey")
      throw reconciliationErrors.BANK_ACCOUNT_EXISTS({ account: input.account });
    if (violatedRule(error) === "bank_account_number_is_masked")
      throw reconciliationErrors.BANK_ACCOUNT_NUMBER({ account: input.account });
    throw error;
  }
  await audit(tx, {
    action: "add",
    subject: "bank-account",
    subjectId: input.account,
    after: { bank: input.bank, number: masked },
  });
  return getBankAccount(tx, input.account);
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

/** The account, locked until commit: imports and matches of one bank account go one after the other. */
export async function lockBankAccount(tx: Tx, account: string): Promise<BankAccount> {
  return oneOf(
    await tx.query<BankAccount>(
      `select ${COLUMNS} from reconciliation.bank_accounts where ulb_id = :ulb and account = :account for no key update`,
      {
        ulb: tx.ulb.id,
        account,
      },
    ),
    account,
  );
}

function oneOf([found]: readonly BankAccount[], account: string): BankAccount {
  if (!found) throw reconciliationErrors.BANK_ACCOUNT_UNKNOWN({ account });
  return found;
}
