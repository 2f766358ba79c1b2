/**
 * Bank statement layouts, as data. No bank publishes a specification, so a layout is recognised by its header and believed
 * only when the balance chain of the file proves it. A changed layout is a new version beside the old one.
 */
export type DateForm =
  | "yyyy-mm-dd"
  | "dd/mm/yyyy" // also dd-mm-yyyy and dd.mm.yyyy: the order is the profile's word, never guessed
  | "dd/mm/yy"
  | "mm/dd/yyyy" // the month first, with a long or a short year
  | "yyyymmdd"
  | "d mmm yyyy"; // 2 Apr 2025, 02-Apr-2025, 02-Apr-25

/** How a row says which way the money went. Titles are compared after normalisation (lower case, letters and digits only). */
export type AmountColumns =
  | { readonly kind: "two-columns"; readonly debit: string; readonly credit: string }
  | { readonly kind: "marked"; readonly amount: string; readonly mark: string }
  /** "500.00 (Cr)": a figure without its suffix is refused. */
  | { readonly kind: "suffixed"; readonly amount: string }
  /** "-500.00", or with a suffix where there is one. */
  | { readonly kind: "signed"; readonly amount: string };

export type BankProfile = {
  readonly id: string;
  readonly version: number;
  readonly bank: string;
  /** Made by the ULB: where its header fits as well as another's, it goes first. */
  readonly isOwn?: boolean;
  /** The file has no header: so many columns, named by their place ("Column 1"). Only a ULB's own profile. */
  readonly positions?: number;
  readonly dates: readonly DateForm[];
  readonly date: string;
  readonly valueDate?: string;
  readonly narration: string;
  readonly reference?: string;
  readonly amount: AmountColumns;
  /** The running balance; a file without one enters only against a closing balance that a person gives. */
  readonly balance?: string;
  /** A second column of the mark's name behind the balance says whether that is overdrawn. */
  readonly balanceMark?: string;
  /** Further titles that must stand in the header, so that similar layouts are told apart. */
  readonly also?: readonly string[];
  /** Cell texts that mean "nothing". */
  readonly fillers?: readonly string[];
  /** Labels in the preamble or footer that carry control figures, each followed by its amount in the same or the next cell. */
  readonly opening?: RegExp;
  readonly closing?: RegExp;
  /** The table ends where a row matches; what follows is a legend or a summary. */
  readonly footer?: RegExp;
  /** Some banks leave commas of the narration unquoted: surplus cells are joined back into it. */
  readonly narrationHasCommas?: boolean;
};

export const BANK_PROFILES: readonly BankProfile[] = [
  {
    id: "generic",
    version: 1,
    bank: "Any bank, Nagarkosh's own layout",
    dates: ["yyyy-mm-dd"],
    date: "date",
    valueDate: "value_date",
    narration: "narration",
    reference: "reference",
    amount: { kind: "two-columns", debit: "debit", credit: "credit" },
    balance: "balance",
  },
  {
    id: "indian-csv",
    version: 1,
    bank: "Common Indian layout: Indian dates, opening balance as the first row",
    dates: ["dd/mm/yyyy"],
    date: "Date",
    valueDate: "Value Date",
    narration: "Narration",
    reference: "Ref No/UTR",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
  },
  {
    id: "sbi",
    version: 1,
    bank: "State Bank of India, net banking (tab-separated text named .xls)",
    dates: ["d mmm yyyy", "dd/mm/yyyy"],
    date: "Txn Date",
    valueDate: "Value Date",
    narration: "Description",
    reference: "Ref No./Cheque No.",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
    opening: /^balance as on\b/i,
  },
  {
    id: "sbi-csv",
    version: 1,
    bank: "State Bank of India, comma-separated",
    dates: ["dd/mm/yyyy", "d mmm yyyy"],
    date: "Date",
    narration: "Details",
    reference: "Ref No/Cheque No",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
  },
  {
    id: "hdfc",
    version: 1,
    bank: "HDFC Bank, sheet saved as CSV",
    dates: ["dd/mm/yy", "dd/mm/yyyy"],
    date: "Date",
    valueDate: "Value Dt",
    narration: "Narration",
    reference: "Chq./Ref.No.",
    amount: { kind: "two-columns", debit: "Withdrawal Amt.", credit: "Deposit Amt." },
    balance: "Closing Balance",
    footer: /^statement summary/i,
  },
  {
    id: "hdfc-delimited",
    version: 1,
    bank: "HDFC Bank, delimited text",
    dates: ["dd/mm/yy", "dd/mm/yyyy"],
    date: "Date",
    valueDate: "Value Dat",
    narration: "Narration",
    reference: "Chq/Ref Number",
    amount: { kind: "two-columns", debit: "Debit Amount", credit: "Credit Amount" },
    balance: "Closing Balance",
    narrationHasCommas: true,
  },
  {
    id: "icici",
    version: 1,
    bank: "ICICI Bank, detailed statement",
    dates: ["dd/mm/yyyy"],
    date: "Transaction Date",
    valueDate: "Value Date",
    narration: "Transaction Remarks",
    reference: "Cheque Number",
    amount: { kind: "two-columns", debit: "Withdrawal Amount (INR )", credit: "Deposit Amount (INR )" },
    balance: "Balance (INR )",
    fillers: ["-"],
  },
  {
    id: "pnb",
    version: 1,
    bank: "Punjab National Bank",
    dates: ["dd/mm/yyyy"],
    date: "Transaction Date",
    narration: "Narration",
    reference: "Cheque Number",
    amount: { kind: "two-columns", debit: "Withdrawal", credit: "Deposit" },
    balance: "Balance",
  },
  {
    id: "canara",
    version: 1,
    bank: "Canara Bank",
    dates: ["dd/mm/yyyy", "d mmm yyyy"],
    date: "Txn Date",
    valueDate: "Value Date",
    narration: "Description",
    reference: "Cheque No.",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
    also: ["Branch Code"],
    opening: /^opening balance$/i,
    closing: /^closing balance$/i,
  },
  {
    id: "union",
    version: 1,
    bank: "Union Bank of India",
    dates: ["dd/mm/yyyy"],
    date: "Tran Date",
    narration: "Remarks",
    reference: "Tran Id",
    amount: { kind: "suffixed", amount: "Amount (Rs.)" },
    balance: "Balance (Rs.)",
  },
  {
    id: "idbi",
    version: 1,
    bank: "IDBI Bank",
    dates: ["dd/mm/yyyy"],
    date: "Txn Date",
    valueDate: "Value Date",
    narration: "Description",
    reference: "Cheque No",
    amount: { kind: "marked", amount: "Amount (INR)", mark: "CR/DR" },
    balance: "Balance (INR)",
  },
  {
    id: "icici-corporate",
    version: 1,
    bank: "ICICI Bank, corporate internet banking",
    dates: ["dd/mm/yyyy", "d mmm yyyy"],
    date: "Txn Posted Date",
    valueDate: "Value Date",
    narration: "Description",
    reference: "ChequeNo.",
    amount: { kind: "marked", amount: "Transaction Amount(INR)", mark: "Cr/Dr" },
    balance: "Available Balance(INR)",
    fillers: ["-"],
  },
  {
    id: "axis",
    version: 1,
    bank: "Axis Bank",
    dates: ["dd/mm/yyyy"],
    date: "Tran Date",
    narration: "PARTICULARS",
    reference: "CHQNO",
    amount: { kind: "two-columns", debit: "DR", credit: "CR" },
    balance: "BAL",
    footer: /^(unless the constituent|the closing balance as shown|legends?\b)/i,
  },
  {
    id: "bob",
    version: 1,
    bank: "Bank of Baroda",
    dates: ["dd/mm/yyyy"],
    date: "Transaction Date",
    valueDate: "Value Date",
    narration: "Description",
    reference: "Cheque No",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
    fillers: ["-"],
  },
  {
    id: "bob-pass-sheet",
    version: 1,
    bank: "Bank of Baroda, pass sheet",
    dates: ["dd/mm/yyyy", "dd/mm/yy"],
    date: "DATE",
    narration: "NARRATION",
    reference: "CHQ.NO.",
    amount: { kind: "two-columns", debit: "WITHDRAWAL(DR)", credit: "DEPOSIT(CR)" },
    balance: "BALANCE(INR)",
    fillers: ["-"],
  },
  {
    id: "union-txn-id",
    version: 1,
    bank: "Union Bank of India, with transaction id",
    dates: ["dd/mm/yyyy"],
    date: "Date",
    narration: "Remarks",
    reference: "Transaction Id",
    amount: { kind: "suffixed", amount: "Amount(Rs.)" },
    balance: "Balance(Rs.)",
  },
  {
    id: "kotak",
    version: 1,
    bank: "Kotak Mahindra Bank",
    dates: ["dd/mm/yyyy"],
    date: "Date",
    narration: "Description",
    reference: "Chq / Ref number",
    amount: { kind: "marked", amount: "Amount", mark: "Dr / Cr" },
    balance: "Balance",
    balanceMark: "Dr / Cr",
    opening: /^opening balance\b/i,
    closing: /^closing balance\b/i,
  },
  {
    id: "egov-brs",
    version: 1,
    bank: "The upload template of the older e-governance finance module",
    dates: ["dd/mm/yyyy"],
    date: "Txn Dt",
    narration: "Narration",
    reference: "Cheque No",
    amount: { kind: "two-columns", debit: "Debit", credit: "Credit" },
    balance: "Balance",
    also: ["CSL No"],
  },
];
