import { CLOSING_SOURCE, listAccounts, movements, type Account, type VoucherType } from "../ledger/index.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { paise, toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { checkRange } from "./head.ts";
import { journalLines, type JournalLine } from "./journal-export.ts";
import type { Range } from "./ranges.ts";

/** Tally's own groups, one for each kind of account: every ledger needs one that is there in a new company. */
const GROUPS: Record<Account["type"], string> = {
  asset: "Current Assets",
  liability: "Current Liabilities",
  income: "Indirect Incomes",
  expense: "Indirect Expenses",
};
const TYPES: Record<VoucherType, string> = {
  receipt: "Receipt",
  payment: "Payment",
  contra: "Contra",
  journal: "Journal",
  opening: "Journal",
};

/**
 * The journal of a range as the XML that Tally imports: the ledgers that are used, with their opening balances, then every voucher. Tally's signs: a
 * debit is negative and ISDEEMEDPOSITIVE Yes, a credit positive and No. What stands in an opening balance (opening vouchers of the first day of the
 * books) is no voucher again, and the entries that close a year are left out, because Tally closes its years itself. Streamed; amounts exact.
 * Read it inside a snapshot, to the end. Raises REPORT_RANGE.
 */
export async function* tallyJournal(read: Read, range: Range): AsyncGenerator<string> {
  checkRange(range);
  const accounts = new Map((await listAccounts(read)).map((a) => [a.code, a]));
  const used = await movements(read, range);
  const nameOf = (code: string): string => {
    const account = accounts.get(code);
    invariant(account, `account ${code} is in the chart`);
    return xml(`${account.code} ${account.name}`);
  };
  yield `<?xml version="1.0" encoding="UTF-8"?>
<ENVELOPE>
<HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER>
<BODY><IMPORTDATA>
<REQUESTDESC><REPORTNAME>All Masters</REPORTNAME><STATICVARIABLES><SVCURRENTCOMPANY>${xml(read.ulb.name)}</SVCURRENTCOMPANY></STATICVARIABLES></REQUESTDESC>
<REQUESTDATA>
`;
  for (const m of used) {
    const account = accounts.get(m.account);
    invariant(account, `account ${m.account} is in the chart`);
    const name = nameOf(m.account);
    yield `<TALLYMESSAGE xmlns:UDF="TallyUDF"><LEDGER NAME="${name}" ACTION="Create"><NAME.LIST TYPE="String"><NAME>${name}</NAME></NAME.LIST><PARENT>${account.isCashBank ? "Bank Accounts" : GROUPS[account.type]}</PARENT><ISBILLWISEON>No</ISBILLWISEON><AFFECTSSTOCK>No</AFFECTSSTOCK><OPENINGBALANCE>${toRupees(paise(-m.opening))}</OPENINGBALANCE></LEDGER></TALLYMESSAGE>
`;
  }
  let entry: JournalLine[] = [];
  for await (const line of journalLines(read, range)) {
    if (line.entryId !== entry[0]?.entryId) {
      if (entry[0] && !isLeftOut(read, entry[0])) yield voucher(entry, nameOf);
      entry = [];
    }
    entry.push(line);
  }
  if (entry[0] && !isLeftOut(read, entry[0])) yield voucher(entry, nameOf);
  yield `</REQUESTDATA>
</IMPORTDATA></BODY>
</ENVELOPE>
`;
}

function isLeftOut(read: Read, line: JournalLine): boolean {
  const isOpening = line.voucher === "opening" && line.date === read.ulb.startsOn;
  return isOpening || line.source.startsWith(`${CLOSING_SOURCE}:`);
}

function voucher(lines: readonly JournalLine[], nameOf: (code: string) => string): string {
  const [first] = lines;
  invariant(first, "an entry has lines");
  const type = TYPES[first.voucher];
  const day = first.date.replaceAll("-", "");
  const entries = lines.map((l) => {
    const debit: Paise = paise(l.debit - l.credit);
    return `<ALLLEDGERENTRIES.LIST><LEDGERNAME>${nameOf(l.account)}</LEDGERNAME><ISDEEMEDPOSITIVE>${debit > 0n ? "Yes" : "No"}</ISDEEMEDPOSITIVE><AMOUNT>${toRupees(paise(-debit))}</AMOUNT></ALLLEDGERENTRIES.LIST>`;
  });
  return `<TALLYMESSAGE xmlns:UDF="TallyUDF"><VOUCHER VCHTYPE="${type}" ACTION="Create" OBJVIEW="Accounting Voucher View"><DATE>${day}</DATE><EFFECTIVEDATE>${day}</EFFECTIVEDATE><VOUCHERTYPENAME>${type}</VOUCHERTYPENAME><VOUCHERNUMBER>${xml(first.number)}</VOUCHERNUMBER><REFERENCE>${xml(first.source)}</REFERENCE><NARRATION>${xml(first.narration)}</NARRATION>
${entries.join("\n")}
</VOUCHER></TALLYMESSAGE>
`;
}

/** Text in XML 1.0: marks escaped, control characters that it has no way to write left out. */
function xml(text: string): string {
  return text

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
