import { audit } from "../kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import { isUuid, newId } from "../kernel/ids.ts";
import { violatedRule, type Read, type Tx } from "../kernel/tx.ts";
import { getAccount } from "../balances.ts";
import { masterErrors } from "./errors.ts";
import { changeDay, reasonOf, type Change } from "./history.ts";
import { ifscProblem } from "./party-checks.ts";
import { holdPostings, nilOrRefused } from "./usage.ts";

/** A bank account of the ULB itself: the head in the books, and what the bank calls it. */
export type BankBook = {
  readonly account: string;
  readonly accountName: string;
  readonly bank: string;
  readonly branch: string | null;
  readonly ifsc: string | null;
  readonly numberMasked: string;
  readonly fund: string;
  readonly scheme: string | null;
  readonly isActive: boolean;
  readonly validFrom: LocalDate;
  readonly closedFrom: LocalDate | null;
};
export type BankBookInput = {
  readonly account: string;
  readonly bank: string;
  readonly branch?: string | undefined;
  readonly ifsc?: string | undefined;
  /** The number in whole or in part; only its last four characters are kept. */
  readonly number: string;
  /** "01" when not said. */
  readonly fund?: string | undefined;
  readonly scheme?: string | undefined;
  readonly validFrom?: LocalDate | undefined;
};

/** "XXXXXXXX5678": the last four characters of a number, whatever else it was. */
export function masked(number: string): string {
  const text = number.replace(/\s/g, "");
  return `XXXXXXXX${text.slice(-4).padStart(4, "X")}`;
}

const BANK_COLUMNS = `b.account, a.name as "accountName", b.bank, b.branch, b.ifsc, b.number_masked as "numberMasked", b.fund, b.scheme,
  b.is_active as "isActive", b.valid_from as "validFrom", b.closed_from as "closedFrom"`;

/** The ULB's bank accounts in order of head, closed ones too; at most 500. */
export async function listBankBooks(read: Read): Promise<BankBook[]> {
  return read.query<BankBook>(
    `select ${BANK_COLUMNS} from ledger.bank_books b
     join ledger.accounts a on a.ulb_id = b.ulb_id and a.code = b.account
     where b.ulb_id = :ulb order by b.account limit 500`,
    { ulb: read.ulb.id },
  );
}

/** Raises BANK_BOOK_UNKNOWN. */
export async function getBankBook(read: Read, account: string): Promise<BankBook> {
  const book = await read.queryOne<BankBook>(
    `select ${BANK_COLUMNS} from ledger.bank_books b
     join ledger.accounts a on a.ulb_id = b.ulb_id and a.code = b.account
     where b.ulb_id = :ulb and b.account = :account`,
    { ulb: read.ulb.id, account },
  );
  if (!book) throw masterErrors.BANK_BOOK_UNKNOWN({ account: account.slice(0, 40) });
  return book;
}

/** Adds a bank account on a head of 450 that is in use. Raises ACCOUNT_NOT_FOUND, MASTER_EXISTS, MASTER_DETAILS, MASTER_UNKNOWN. */
export async function addBankBook(tx: Tx, input: BankBookInput): Promise<BankBook> {
  const what = `bank account ${input.account}`;
  const account = await getAccount(tx, input.account);
  const fund = input.fund ?? "01";
  const ifsc = input.ifsc?.trim().toUpperCase() || undefined;
  const wrongIfsc = ifsc === undefined ? undefined : ifscProblem(ifsc);
  const problems = [
    ...(account.isCashBank && account.isPosting && account.isActive
      ? []
      : [`${account.code} ${account.name} is not a detailed cash or bank head (450) in use`]),
    ...(input.bank.trim() === "" ? ["it needs the name of the bank"] : []),
    ...(/[A-Za-z0-9]{4}\s*$/.test(input.number) ? [] : ["it needs its number, at least the last four characters"]),
    ...(wrongIfsc === undefined ? [] : [wrongIfsc]),
  ];
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what, problems });
  const added = await tx
    .query(
      `insert into ledger.bank_books (ulb_id, account, bank, branch, ifsc, number_masked, fund, scheme, valid_from)
       values (:ulb, :account, :bank, :branch, :ifsc, :number_masked, :fund, :scheme, :valid_from)
       on conflict do nothing returning 1`,
      {
        ulb: tx.ulb.id,
        account: input.account,
        bank: input.bank.trim(),
        branch: input.branch?.trim() || null,
        ifsc: ifsc ?? null,
        number_masked: masked(input.number),
        fund,
        scheme: input.scheme ?? null,
        valid_from: input.validFrom ?? dateInIndia(tx.clock()),
      },
    )
    .catch((error: unknown) => {
      const rule = violatedRule(error);
      if (rule === "bank_book_is_of_a_fund") throw masterErrors.MASTER_UNKNOWN({ what: `fund ${fund}` });
      if (rule === "bank_book_is_of_a_scheme")
        throw masterErrors.MASTER_UNKNOWN({ what: `scheme ${input.scheme ?? ""}` });
      throw error;
    });
  if (added.length === 0) throw masterErrors.MASTER_EXISTS({ what, name: account.name });
  await audit(tx, {
    action: "add",
    subject: "bank-book",
    subjectId: input.account,
    after: { bank: input.bank.trim(), number: masked(input.number), fund },
  });
  return getBankBook(tx, input.account);
}

/**
 * Closes a bank account: no cheque book is added to it any more. Its head stays open, close it besides. Raises BANK_BOOK_UNKNOWN,
 * MASTER_CLOSED, MASTER_HAS_BALANCE, MASTER_IN_USE (cheque books not finished), REASON_MISSING, MASTER_AHEAD, MASTER_BACKDATED.
 */
export async function closeBankBook(tx: Tx, account: string, change: Change): Promise<BankBook> {
  await lockBank(tx, account);
  const now = await getBankBook(tx, account);
  const what = `bank account ${account}`;
  const reason = reasonOf(`closing ${what}`, change.reason);
  if (!now.isActive) throw masterErrors.MASTER_CLOSED({ what, from: now.closedFrom ?? "" });
  const from = await changeDay(tx, what, "bank-books", account, change.from);
  await holdPostings(tx);
  await nilOrRefused(tx, { account }, what, from);
  const open = (await listChequeBooks(tx, account)).filter((b) => b.status === "in-stock" || b.status === "in-use");
  if (open.length > 0) {
    throw masterErrors.MASTER_IN_USE({
      what,
      uses: open.map((b) => `cheque book ${b.first} to ${b.last} (${b.status})`),
    });
  }
  await tx.query(
    `update ledger.bank_books set is_active = false, closed_from = :from_day, changed_from = :from_day, change_reason = :reason
     where ulb_id = :ulb and account = :account`,
    { ulb: tx.ulb.id, account, from_day: from, reason },
  );
  await audit(tx, { action: "close", subject: "bank-book", subjectId: account, after: { closedFrom: from }, reason });
  return getBankBook(tx, account);
}

async function lockBank(tx: Tx, account: string): Promise<void> {
  await tx.query("select 1 from ledger.bank_books where ulb_id = :ulb and account = :account for update", {
    ulb: tx.ulb.id,
    account,
  });
}

// ---------------------------------------------------------------- cheque books

export type ChequeBookStatus = "in-stock" | "in-use" | "finished" | "cancelled";
export type ChequeBook = {
  readonly id: string;
  readonly account: string;
  readonly prefix: string;
  readonly firstLeaf: number;
  readonly lastLeaf: number;
  /** As printed on the first and last leaf: "000101". */
  readonly first: string;
  readonly last: string;
  readonly receivedOn: LocalDate;
  readonly status: ChequeBookStatus;
  readonly statusReason: string | null;
};

/** A leaf as it is printed: prefix and six digits. */
export function chequeNumber(book: { readonly prefix: string }, leaf: number): string {
  return `${book.prefix}${String(leaf).padStart(6, "0")}`;
}

type ChequeRow = Omit<ChequeBook, "first" | "last">;
const CHEQUE_COLUMNS = `book_id as id, account, prefix, first_leaf as "firstLeaf", last_leaf as "lastLeaf", received_on as "receivedOn", status,
  status_reason as "statusReason"`;
const bookOf = (r: ChequeRow): ChequeBook => ({
  ...r,
  first: chequeNumber(r, r.firstLeaf),
  last: chequeNumber(r, r.lastLeaf),
});

/** The cheque books of a bank account in order of their leaves; at most 500. */
export async function listChequeBooks(read: Read, account: string): Promise<ChequeBook[]> {
  const rows = await read.query<ChequeRow>(
    `select ${CHEQUE_COLUMNS} from ledger.cheque_books where ulb_id = :ulb and account = :account
     order by prefix, first_leaf limit 500`,
    { ulb: read.ulb.id, account },
  );
  return rows.map(bookOf);
}

/** Raises CHEQUE_BOOK_UNKNOWN. */
export async function getChequeBook(read: Read, id: string): Promise<ChequeBook> {
  const row = isUuid(id)
    ? await read.queryOne<ChequeRow>(
        `select ${CHEQUE_COLUMNS} from ledger.cheque_books where ulb_id = :ulb and book_id = :id`,
        { ulb: read.ulb.id, id },
      )
    : undefined;
  if (!row) throw masterErrors.CHEQUE_BOOK_UNKNOWN({ book: id.slice(0, 40) });
  return bookOf(row);
}

/**
 * Takes a cheque book into stock. Raises BANK_BOOK_UNKNOWN, MASTER_CLOSED, MASTER_DETAILS (first leaf above last, more than 10,000 leaves),
 * CHEQUE_BOOK_OVERLAPS with the book that holds a leaf of it already.
 */
export async function addChequeBook(
  tx: Tx,
  input: {
    readonly account: string;
    readonly prefix?: string | undefined;
    readonly firstLeaf: number;
    readonly lastLeaf: number;
    readonly receivedOn?: LocalDate | undefined;
  },
): Promise<ChequeBook> {
  await lockBank(tx, input.account);
  const bank = await getBankBook(tx, input.account);
  if (!bank.isActive)
    throw masterErrors.MASTER_CLOSED({ what: `bank account ${input.account}`, from: bank.closedFrom ?? "" });
  const prefix = input.prefix?.trim().toUpperCase() ?? "";
  const { firstLeaf, lastLeaf } = input;
  const today = dateInIndia(tx.clock());
  const receivedOn = input.receivedOn ?? today;
  const problems = [
    ...([firstLeaf, lastLeaf].every((n) => Number.isInteger(n) && n >= 0 && n <= 999_999_999)
      ? []
      : ["the numbers of its leaves are whole, of at most nine digits"]),
    ...(lastLeaf < firstLeaf ? [`its last leaf ${lastLeaf} comes before its first ${firstLeaf}`] : []),
    ...(lastLeaf - firstLeaf >= 10_000 ? [`it has ${lastLeaf - firstLeaf + 1} leaves; a book has at most 10,000`] : []),
    ...(/^[A-Z0-9/-]{0,10}$/.test(prefix) ? [] : ["its prefix has at most ten letters or digits"]),
    ...(receivedOn > today ? [`it cannot be received on ${receivedOn}, today is ${today}`] : []),
  ];
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what: `the cheque book of ${input.account}`, problems });
  const other = (await listOverlaps(tx, input.account, prefix, firstLeaf, lastLeaf))[0];
  if (other) {
    throw masterErrors.CHEQUE_BOOK_OVERLAPS({
      account: input.account,
      first: chequeNumber({ prefix }, firstLeaf),
      last: chequeNumber({ prefix }, lastLeaf),
      otherFirst: other.first,
      otherLast: other.last,
    });
  }
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.cheque_books (ulb_id, book_id, account, prefix, first_leaf, last_leaf, received_on)
     values (:ulb, :id, :account, :prefix, :first_leaf, :last_leaf, :received_on)`,
    {
      ulb: tx.ulb.id,
      id,
      account: input.account,
      prefix,
      first_leaf: firstLeaf,
      last_leaf: lastLeaf,
      received_on: receivedOn,
    },
  );
  const book = await getChequeBook(tx, id);
  await audit(tx, {
    action: "add",
    subject: "cheque-book",
    subjectId: id,
    after: { account: book.account, first: book.first, last: book.last },
  });
  return book;
}

async function listOverlaps(
  read: Read,
  account: string,
  prefix: string,
  first: number,
  last: number,
): Promise<ChequeBook[]> {
  const rows = await read.query<ChequeRow>(
    `select ${CHEQUE_COLUMNS} from ledger.cheque_books
     where ulb_id = :ulb and account = :account and prefix = :prefix and first_leaf <= :last_leaf and last_leaf >= :first_leaf
     order by first_leaf limit 1`,
    { ulb: read.ulb.id, account, prefix, first_leaf: first, last_leaf: last },
  );
  return rows.map(bookOf);
}

const NEXT: Record<ChequeBookStatus, readonly ChequeBookStatus[]> = {
  "in-stock": ["in-use", "cancelled"],
  "in-use": ["finished", "cancelled"],
  finished: [],
  cancelled: [],
};

/**
 * In stock -> in use -> finished; a book that is not finished can be cancelled, with a reason.
 * Raises CHEQUE_BOOK_UNKNOWN, CHEQUE_BOOK_STATUS, REASON_MISSING.
 */
export async function setChequeBookStatus(
  tx: Tx,
  id: string,
  status: ChequeBookStatus,
  reason?: string,
): Promise<ChequeBook> {
  const seen = await getChequeBook(tx, id);
  await lockBank(tx, seen.account);
  const book = await getChequeBook(tx, id);
  const why =
    status === "cancelled" ? reasonOf(`cancelling cheque book ${book.first} to ${book.last}`, reason ?? "") : null;
  if (!NEXT[book.status].includes(status)) {
    throw masterErrors.CHEQUE_BOOK_STATUS({ first: book.first, last: book.last, status: book.status, wanted: status });
  }
  await tx.query(
    `update ledger.cheque_books set status = :status, status_reason = :reason, changed_from = :today, change_reason = :reason
     where ulb_id = :ulb and book_id = :id`,
    { ulb: tx.ulb.id, id, status, reason: why, today: dateInIndia(tx.clock()) },
  );
  await audit(tx, {
    action: status === "cancelled" ? "cancel" : "change",
    subject: "cheque-book",
    subjectId: id,
    before: { status: book.status },
    after: { status },
    ...(why === null ? {} : { reason: why }),
  });
  return getChequeBook(tx, id);
}
