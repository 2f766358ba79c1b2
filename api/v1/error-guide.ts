import { knownErrors } from "../../ledger/kernel/errors.ts";
import { bankGuide } from "./guides/bank.ts";
import { budgetGuide } from "./guides/budget.ts";
import { changesGuide } from "./guides/changes.ts";
import { counterGuide } from "./guides/counter.ts";
import { consumersGuide } from "./guides/consumers.ts";
import { demandRunsGuide } from "./guides/demand-runs.ts";
import { gatewayAccountsGuide } from "./guides/gateway-accounts.ts";
import type { GuideGroup } from "./guides/group.ts";
import { importsGuide } from "./guides/imports.ts";
import { mastersGuide } from "./guides/masters.ts";
import { noticesGuide } from "./guides/notices.ts";
import { onlineMoneyGuide } from "./guides/online-money.ts";
import { packGuide } from "./guides/pack.ts";
import { payablesGuide } from "./guides/payables.ts";
import { ratesGuide } from "./guides/rates.ts";
import { registersGuide } from "./guides/registers.ts";
import { settlementFilesGuide } from "./guides/settlement-files.ts";
import { statementsGuide } from "./guides/statements.ts";
import { templatesGuide } from "./guides/templates.ts";
import { unidentifiedGuide } from "./guides/unidentified.ts";
import { upyogGuide } from "./guides/upyog.ts";
import { yearCloseGuide } from "./guides/year-close.ts";

/**
 * What a person or a program does about each refusal, in one sentence. The refusal itself says what the facts are; this says what helps.
 * docs/reference/errors.md is made from it, and a test holds it together with the tables of all folders.
 */
const GROUPS: readonly GuideGroup[] = [
  {
    title: "Amounts and dates",
    intro: "Text that should be an amount, a rate, a date, a month or a year.",
    codes: {
      MONEY_FORMAT: "Write the amount in rupees as digits with a point, without commas or ₹: 1234.50.",
      MONEY_DECIMALS: "Give at most two decimals; round where the amount is made, the ledger never rounds.",
      MONEY_RANGE: "Check the amount: it is beyond anything the ledger can hold.",
      RATE_FORMAT: "Write the rate as digits with a point: 8.25.",
      DATE_FORMAT: "Write the date like 2026-04-01, and make sure that the day exists.",
      FINANCIAL_YEAR_FORMAT: "Write the financial year like 2026-27; the second half follows the first.",
      PERIOD_FORMAT: "Write the month like 2026-07.",
    },
  },
  {
    title: "Journal entries",
    intro: "Raised whenever something is posted, by whichever room; nothing was written.",
    codes: {
      ENTRY_LINES: "Give the entry at least two lines.",
      LINE_AMOUNT: "Give every line an amount of more than 0.00; to take something back, post it on the other side.",
      ENTRY_UNBALANCED:
        "Correct the lines until debits equal credits; the sentence shows both sums and the difference.",
      FUND_UNBALANCED: "Balance each fund on its own; money that passes between funds goes through 470-20 in both.",
      ACCOUNT_UNKNOWN: "Use an account of this ULB's chart (GET /v1/accounts).",
      ACCOUNT_NOT_POSTING: "Use one of the detailed heads below this heading.",
      ACCOUNT_INACTIVE: "Use the account that took the place of this one.",
      FUND_UNKNOWN: "Use one of this ULB's funds; 01 is the Municipal Fund.",
      FUNCTION_MISSING: "Name the function on every line of income or expenditure.",
      FUNCTION_UNKNOWN: "Use a function of this ULB's list.",
      SEAL_GAP: "Restore the entry from a backup or the last pack, and find out who deleted it; then it is sealed.",
      VOUCHER_RULE:
        "Choose the voucher type that fits: receipts and payments have a cash or bank line, journals none, contra only those.",
      NARRATION_MISSING: "Say in words what the entry is for.",
      PERIOD_MISSING: "Have the financial year opened first, or correct the date.",
      PERIOD_CLOSED: "Date it in an open month, or have the month reopened with a reason.",
      ENTRY_SOURCE_CONFLICT:
        "The fact is posted with other content: look at the entry that is named, and reverse it if it is wrong.",
      ENTRY_NOT_FOUND: "Check the id; entries of another ULB are not seen.",
      ENTRY_ALREADY_REVERSED: "Look at the reversing entry; if that was a mistake, post a new voucher.",
      ACCOUNT_NOT_MAPPED: "Have an administrator set the account for this key in the posting map.",
      ACCOUNT_NOT_FOUND: "Check the code against the chart (GET /v1/accounts).",
    },
  },
  {
    title: "Vouchers, months, ULBs",
    intro: "What people write and close.",
    codes: {
      VOUCHER_NOT_FOUND: "Check the id; vouchers of another ULB are not seen.",
      VOUCHER_STATUS: "Read the voucher again: somebody has taken this step or another already.",
      VOUCHER_CHANGED: "Read the voucher again, look at what changed, and send yours with the new ETag.",
      MAKER_IS_CHECKER: "Have another person approve or reject it.",
      VOUCHER_TYPE: "Choose receipt, payment, contra or journal.",
      VOUCHER_LINE_TWO_SIDES: "Give the line a debit or a credit, not both.",
      VOUCHER_LINE_INCOMPLETE: "Give the line an account and an amount, or leave it out.",
      REASON_MISSING: "Write a reason of at least five characters that an auditor will understand.",
      PERIOD_NOT_OPEN: "Nothing to do: the month is closed already.",
      PERIOD_NOT_CLOSED: "Nothing to do: the month is open already.",
      PERIOD_CLOSE_REFUSED:
        "Clear every problem that is listed, then close again; a dry run lists them without closing.",
      ULB_NOT_FOUND: "Check the ULB's code.",
      ULB_EXISTS: "Choose another code; this one is taken.",
      CHART_NOT_FOUND: "Name a chart that this program ships.",
    },
  },
  mastersGuide,
  templatesGuide,
  payablesGuide,
  ratesGuide,
  registersGuide,
  budgetGuide,
  yearCloseGuide,
  gatewayAccountsGuide,
  statementsGuide,
  importsGuide,
  onlineMoneyGuide,
  unidentifiedGuide,
  packGuide,
  upyogGuide,
  {
    title: "Consumers, demands, bills",
    intro: "What is owed.",
    codes: {
      CONSUMER_NOT_FOUND: "Look for the consumer by code, mobile or name (GET /v1/consumers).",
      CONSUMER_EXISTS: "Use the consumer that is there; particulars are changed on it, not by adding it again.",
      SERVICE_UNKNOWN: "Set the service's terms and tax heads first, or correct its name.",
      TAX_HEAD_UNKNOWN: "Use a tax head that is in force on that day.",
      TAX_HEAD_INVALID: "Correct the tax head as the sentence says.",
      DEMAND_EMPTY: "Give the batch at least one demand with one line.",
      DEMAND_AMOUNT: "Demand more than 0.00; a decrease is not a demand.",
      DEMAND_PERIOD: "Give a period that ends after it begins and lies in one financial year.",
      DEMAND_HEAD_TWICE: "Add the two lines of the head together.",
      DEMAND_HEAD_SERVICE: "Use heads of the consumer's own service.",
      DEMAND_CESS_ALONE: "Demand the cess together with the tax on which it is levied.",
      DEMAND_EXISTS: "The period is demanded already; an increase is a supplementary demand.",
      OPENING_YEAR: "Raise it as a regular demand: only years before the books start are opening receivables.",
      BILL_NOT_FOUND: "Check the id or number; bills of another ULB are not seen.",
      BILL_CANCEL_REASON: "Say why the bill is not to be paid.",
      BILL_NOTHING_DUE: "Nothing to do: the consumer owes nothing on that day.",
      PAYMENT_AMOUNT: "Give an amount of more than 0.00.",
      PAYMENT_APPLIED: "Nothing to do: this payment is applied to the dues already.",
      PAYMENT_NOT_APPLIED: "Check the source: it settled nothing here, so there is nothing to take back.",
      PAYMENT_REVERSED: "Nothing to do: it is taken back already.",
      ADVANCE_GIVEN_BACK:
        "Receive what was given back from the consumer as an advance first, then take the payment back.",
      WRITE_OFF_RESOLUTION_MISSING: "Give the number and the date of the council's resolution.",
      WRITE_OFF_RESOLUTION_LATER: "Date the write-off on or after the day of the resolution.",
      WRITE_OFF_AMOUNT: "Write off no more than what is outstanding.",
      WRITE_OFF_HEAD: "Set a write-off account on the tax head first.",
      UPI_ADDRESS_INVALID: "Write the address as the bank gave it: name@bank.",
      UPI_ADDRESS_SET: "Set the other address from a later day.",
      WRITE_OFF_EXISTS: "The resolution is booked already with other content; look at it before writing off again.",
    },
  },
  consumersGuide,
  counterGuide,
  changesGuide,
  demandRunsGuide,
  noticesGuide,
  {
    title: "Online payments",
    intro: "Orders at the gateway and what it tells us. Money that was captured is never refused.",
    codes: {
      ORDER_AMOUNT: "Pay 1.00 or more; the gateway takes no less.",
      ORDER_NOT_FOUND: "Check the id; orders of another ULB are not seen.",
      ORDER_PAID: "Nothing to pay: look for the receipt.",
      IDEMPOTENCY_CONFLICT: "Use a new key for a new payment; the same key means the same request.",
      IDEMPOTENCY_KEY: "Use a key of 8 to 100 letters, digits, - _ : or a point.",
      GATEWAY_UNREACHABLE:
        "Send the same request with the same key again in a minute; the order is kept and looked for.",
      GATEWAY_REJECTED: "Read the gateway's reason; asking again unchanged will not help.",
      GATEWAY_SILENT: "Ask again later; nothing was written.",
      GATEWAY_CONFIG: "Have an administrator correct the gateway's settings (docs/reference/configuration.md).",
      GATEWAY_ID: "Check the id: it is not one that the gateway gives.",
      WEBHOOK_SIGNATURE:
        "Check that the webhook secret is the same here and at the gateway; nothing was done with the event.",
      WEBHOOK_TOO_LARGE: "Nothing of the gateway is that large; look who is sending it.",
      CALLBACK_SIGNATURE:
        "Nothing was done; if money left the payer's account the webhook or a poll brings the receipt.",
      REFUND_NOT_FOUND: "Check the id of the refund.",
      REFUND_STATUS: "Read the refund again: somebody has taken this step or another already.",
      REFUND_OWN: "Have another person approve the refund.",
      TASK_NOT_FOUND: "Nothing to do: the task is finished already, or belongs to another ULB.",
      SETTLED_ELSEWHERE: "Compare the two settlements with the gateway's report; a payment is settled once.",
      SETTLED_UNBOOKED: "Adopt the payment first (poll it), then book the settlement.",
    },
  },
  {
    title: "Counter and receipts",
    intro: "Cash, cheques and drafts.",
    codes: {
      RECEIPT_NOT_FOUND: "Check the id, number or token; receipts of another ULB are not seen.",
      RECEIPT_STATUS: "Read the receipt again: it was dishonoured or cancelled meanwhile.",
      SESSION_OPEN_ALREADY: "Work on the session that is open, or close it first.",
      SESSION_NOT_FOUND: "Open a counter session first.",
      SESSION_CLOSED: "Open the counter anew.",
      SESSION_OF_ANOTHER: "Work on a session of your own.",
      SESSION_OF_ANOTHER_DAY: "Count and close yesterday's session, then open a new one.",
      DRAWER_MISMATCH: "Count again; the sentence says how much is short or over, and the session stays open.",
      DENOMINATION_UNKNOWN: "Count whole pieces of 2000, 500, 200, 100, 50, 20, 10, 5, 2, 1 and 0.50.",
      COUNTER_AMOUNT: "Receive more than 0.00.",
      OVERPAYMENT: "Take what is due, or say that the excess is to be kept as an advance (acceptAdvance).",
      CASH_LIMIT: "Take a cheque, draft or transfer: ₹2,00,000 or more may not be received in cash (Income-tax Act).",
      CHEQUE_STALE: "Ask for a new cheque: this one is older than three months.",
      CHEQUE_POST_DATED: "Ask for a cheque dated today or before.",
      CHEQUE_NUMBER: "Give the six digits printed on the cheque.",
      CHEQUE_ENTERED_ALREADY: "Look for the receipt of this cheque; it is entered once.",
      TRANSFER_ENTERED_ALREADY: "Look for the receipt of this transfer; it is entered once.",
      TRANSFER_REFERENCE: "Give the UTR of the transfer: 10 to 30 letters and digits.",
      REMITTANCE_EMPTY: "Nothing to deposit: close the counter sessions first if there is cash in them.",
      REMITTANCE_NOT_IN_HAND:
        "Leave out the instruments that are named: they are deposited, cancelled or not yet counted.",
      REMITTANCE_EARLY: "Date the deposit on or after the day the money was received.",
      REMITTANCE_SLIP: "Give the slip of this deposit; that one is booked already.",
      INSTRUMENT_NOT_FOUND: "Check the id of the instrument.",
      INSTRUMENT_STATUS: "Only a cheque or draft that was deposited can be returned; look at where this one is.",
      DISHONOUR_DATE: "Give the date of the bank's memo, on or after the deposit.",
      CANCEL_REASON: "Say why the receipt is cancelled.",
      CANCEL_OWN: "Have another person approve the cancellation.",
      CANCEL_DEPOSITED: "The money has left the drawer: correct it by a transfer or a refund.",
    },
  },
  {
    title: "Bank and reconciliation",
    intro: "Did it reach the bank.",
    codes: {
      BANK_ACCOUNT_UNKNOWN:
        "Name a bank head below 450 (GET /v1/bank-accounts lists those that are set up); the first statement of a head sets it up. Cash has no bank.",
      BANK_ACCOUNT_EXISTS: "Use the bank account that is set up.",
      BANK_ACCOUNT_HEAD: "Choose a posting account under 450.",
      BANK_ACCOUNT_NUMBER: "Give the account number; its last four characters must be digits.",
      BANK_LINE_UNKNOWN: "Check the id of the statement line.",
      BANK_LINE_MATCHED: "Un-match the line first, with a reason.",
      OPEN_ITEM_UNKNOWN: "Reconcile again: the item is matched already or was never open.",
      CHEQUE_IN_REGISTER:
        "Look at the cheques that become stale or lapsed; a checker books the list, and the payee keeps the claim.",
      MATCH_UNKNOWN: "Check the id: the match is taken back already or was never made.",
      MATCH_TAKEN: "Reconcile again: somebody matched a part of it meanwhile.",
      MATCH_EMPTY: "Choose at least one line and one item, or lines that cancel each other.",
      MATCH_UNBALANCED:
        "Choose lines and items of equal sums; a difference is booked by its own entry, never hidden in a match.",
      REASON_MISSING_FOR_UNMATCH: "Write a reason of at least five characters that an auditor will understand.",
      TEMPLATE_DIRECTION: "Choose the template that fits the direction of the money.",
      OPENING_NOT_PROVED:
        "Name the items that were outstanding when the first statement opened, until both sides agree.",
      OPENING_MATCHED: "Un-match the opening balance before an earlier statement is added.",
      STATEMENT_MISSING: "Import the bank statement that covers that day.",
      UPLOAD_UNKNOWN: "Hand the file in again; a file whose columns are not named is held for seven days.",
      UPLOAD_NO_TABLE:
        "Import a message of the bank as it is; of a PDF or a picture, ask the bank for CSV, Excel, MT940 or camt.053.",
      PROFILE_BANK: "Write the bank's name as its account has it.",
    },
  },
  bankGuide,
  settlementFilesGuide,
  {
    title: "Reports",
    intro: "Statements and registers.",
    codes: {
      REPORT_TOO_LONG: "Take a shorter range, or CSV.",
      REPORT_TOO_MANY_ROWS: "Take a shorter range, or a format without a limit of rows.",
      REPORT_UNKNOWN: "Use one of the reports that are listed.",
      REPORT_FORMAT: "Use one of the formats that are listed for this report.",
      REPORT_OPTION_MISSING: "Give the option that is named.",
      REPORT_RANGE: "Give a range that ends on or after the day it begins.",
    },
  },
  {
    title: "Requests, tokens, sessions",
    intro: "How one asks.",
    codes: {
      UNAUTHENTICATED: "Send Authorization: Bearer with a token of this ULB that is neither expired nor revoked.",
      ROLE_REQUIRED: "Ask somebody who has the role, or have it given to the token.",
      REQUEST_INVALID:
        "Correct every place that is listed; `pointer` says where it is. 422 for the body, 400 for address and headers.",
      REQUEST_UNREADABLE:
        "Send JSON (or CSV where it is asked for) with the right Content-Type, whole and within the size limit.",
      MOMENT_FORMAT: "Write the moment as ISO 8601 with its zone: 2026-07-31T10:15:00Z.",
      CURSOR_INVALID: "Give back `next` of an earlier page of the same list, unchanged.",
      IDEMPOTENCY_KEY_MISSING: "Send the header Idempotency-Key with a key of your own, new for every new deed.",
      IDEMPOTENCY_KEY_REUSED: "Use a new key for a new request; to repeat the old one, send it unchanged.",
      IDEMPOTENCY_KEY_BUSY: "Send the same again after the seconds of Retry-After; the first is still being worked on.",
      IF_MATCH_MISSING: "Read the draft and send its ETag as If-Match.",
      IF_MATCH_INVALID: 'Send the ETag as you were given it, such as "3".',
      IMPORT_REFUSED: "Correct every line that is listed and send the whole file again; nothing of it was written.",
      TOKEN_ROLES: "Give the token at least one role, and not that of a citizen.",
      TOKEN_NOT_FOUND: "Nothing to do: the token is revoked already or was never made.",
      ADDRESS_NOT_FOUND: "Check the address against /openapi.json.",
      NOT_SIGNED_IN: "Sign in; the session has ended or never began.",
      SIGN_IN_FAILED: "Check name and password; after several failures wait some minutes.",
      ROLE_DENIED: "Ask somebody who has the role.",
      FORM_EXPIRED: "Reload the page and send the form again.",
      PAGE_NOT_FOUND: "Check the address.",
      USER_NOT_FOUND: "Check the sign-in name.",
      USER_EXISTS: "Choose another sign-in name.",
      PASSWORD_WEAK: "Choose a password of at least twelve characters.",
    },
  },
  {
    title: "Running the system",
    intro: "For whoever operates it.",
    codes: {
      TRY_AGAIN: "Send the same again; nothing was written.",
      DATABASE_DOWN: "Send the same again in a minute; operators look at /readyz.",
      INTERNAL: "Report the incident number; the log holds the rest under it.",
      DATABASE_ALREADY_SERVED: "Stop the other instance, or give this one another data folder (NAGARKOSH_DATA).",
      DATABASE_VERSION:
        "Start the version of this program that made the data, take a backup, and restore it into the new one.",
      DATABASE_START: "Read the server's own log that is named; a full disk and missing rights are the usual causes.",
      DATABASE_NO_USER: "Start the program as an ordinary user: PostgreSQL does not run as root.",
      CONFIG_PORT: "Set PORT to a number from 1 to 65535.",
      CONFIG_PUBLIC_URL: "Write scheme and host only, such as https://pay.example.org.",
      CONFIG_GATEWAY: "Set all three of the gateway's variables, or none.",
      CONFIG_MESSAGES: "Set MESSAGES to file, console, sms or none, or leave it out.",
      CONFIG_SMS:
        "Correct the file that SMS_GATEWAY_FILE names (docs/guides/messages.md), or the environment that its headers take values from.",
      PORT_IN_USE: "Stop the program that uses the port, or set PORT to another number.",
      DEMO_ULB_EXISTS: "Give the demo an empty data folder, or another ULB code with --ulb.",
    },
  },
];

/** Code -> what to do. */
export const ERROR_GUIDE: Readonly<Record<string, string>> = Object.assign({}, ...GROUPS.map((g) => g.codes)) as Record<
  string,
  string
>;

/** The page docs/reference/errors.md. */
export function errorPageMarkdown(): string {
  const status = knownErrors();
  const sections = GROUPS.filter((group) => Object.keys(group.codes).length > 0).map((group) => {
    const rows = Object.entries(group.codes).map(
      ([code, help]) => `| \`${code}\` | ${status.get(code) ?? "?"} | ${help} |`,
    );
    return `## ${group.title}\n\n${group.intro}\n\n| Code | Status | What to do |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Errors

Every refusal has a code that stays the same, an HTTP status, and a sentence that shows the facts and the arithmetic. The machine interface answers
with problem details (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "type": "/v1/errors/ENTRY_UNBALANCED",
  "title": "Unprocessable Entity",
  "status": 422,
  "detail": "debits 1,000.00, credits 999.50, difference 0.50 (journal voucher voucher 0197…)",
  "code": "ENTRY_UNBALANCED",
  "facts": { "what": "journal voucher voucher 0197…", "debits": "100000", "credits": "99950" }
}
\`\`\`

Where there can be several problems at once (a request that does not fit its schema, a file), \`errors\` lists each with its own code, sentence and
place: \`pointer\` into the request, or \`line\` and \`column\` of the file. A refused request wrote nothing. An internal error says nothing but an
\`incident\` number. \`GET /v1/errors/{code}\` gives the sentence of this page.

This page is made by \`npx vitest run api/v1/errors-page.test.ts -u\` from \`api/v1/error-guide.ts\`; the test fails when a code is missing.

${sections.join("\n")}`;
}
