import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, toRupees } from "../../ledger/kernel/money.ts";
import { BANK_PROFILES } from "../profiles.ts";
import { parseStatement } from "./csv.ts";
import type { ParsedStatement, ParseOptions } from "./prove.ts";

const HEAD = "date,value_date,narration,reference,debit,credit,balance";
const MARCH = [
  HEAD,
  "2026-03-02,2026-03-02,NEFT-HDFCN26061000111-A2,HDFCN26061000111,,10300.00,272300.00",
  "2026-03-06,2026-03-06,CLG 000321,000321,,5400.00,277700.00",
  "2026-03-12,2026-03-13,CHQ PAID 600101,600101,25000.00,,252700.00",
];

function read(lines: readonly string[] | string, options: ParseOptions = {}): ParsedStatement {
  const result = parseStatement(typeof lines === "string" ? lines : lines.join("\n"), options);
  if (!result.ok) throw new Error(result.problems.map((p) => `${p.line ?? ""} ${p.code} ${p.message}`).join("\n"));
  return result.statement;
}
function refusals(lines: readonly string[] | string, options: ParseOptions = {}): string[] {
  const result = parseStatement(typeof lines === "string" ? lines : lines.join("\n"), options);
  return result.ok ? [] : result.problems.map((p) => `${p.line ?? "-"} ${p.column ?? "-"} ${p.code}: ${p.message}`);
}

test("a statement in the generic layout is read with its opening and closing balance", () => {
  const s = read(MARCH);
  expect([s.profile, s.order, s.opening, s.closing, s.from, s.to]).toEqual([
    "generic@1",
    "oldest-first",
    rupees("262000.00"),
    rupees("252700.00"),
    "2026-03-02",
    "2026-03-12",
  ]);
  expect(s.lines[2]).toEqual({
    fileLine: 4,
    date: "2026-03-12",
    valueDate: "2026-03-13",
    amount: rupees("-25000.00"),
    balance: rupees("252700.00"),
    narration: "CHQ PAID 600101",
    reference: "600101",
  });
});

test("a file that lists the newest line first is recognised by its balances and turned round", () => {
  const turned = read([HEAD, ...MARCH.slice(1).reverse()]);
  expect(turned.order).toBe("newest-first");
  const strip = (s: ParsedStatement) => s.lines.map(({ fileLine: _line, ...rest }) => rest);
  expect(strip(turned)).toEqual(strip(read(MARCH)));
  expect(turned.opening).toBe(rupees("262000.00"));
});

test("a broken chain is refused with the line and the arithmetic", () => {
  const bad = MARCH.with(2, "2026-03-06,2026-03-06,CLG 000321,000321,,5400.00,277600.00");
  expect(refusals(bad)).toEqual([
    "3 - STATEMENT_CHAIN: balance 2,72,300.00 + 5,400.00 = 2,77,700.00, but the file shows 2,77,600.00: difference -100.00; a line is missing, doubled or changed",
  ]);
});

test("a line left out is refused", () => {
  expect(refusals(MARCH.toSpliced(2, 1)).join()).toContain("STATEMENT_CHAIN");
});

test("a file cut off in the middle of a line is refused", () => {
  const text = MARCH.join("\n");
  expect(refusals(text.slice(0, text.indexOf("25000")))).toEqual([
    "4 - STATEMENT_TRUNCATED: the line has 5 of 7 cells: the file was cut off",
  ]);
});

test("a file cut off inside a quoted cell is refused", () => {
  expect(refusals([...MARCH, '2026-03-13,2026-03-13,"NEFT TO CONTR'].join("\n")).join()).toContain(
    "STATEMENT_TRUNCATED",
  );
});

test("a file cut off between two lines disagrees with the closing balance that was typed in", () => {
  const expected = { closing: rupees("252700.00"), lines: 3 };
  expect(read(MARCH, { expected }).lines).toHaveLength(3);
  expect(refusals(MARCH.slice(0, -1), { expected })).toEqual([
    "- - STATEMENT_CONTROL: the closing balance is stated as 2,52,700.00, the lines give 2,77,700.00: difference 25,000.00",
    "- - STATEMENT_CONTROL: 3 lines were announced, the file has 2",
  ]);
});

test("a third decimal is refused, with line and column, never rounded", () => {
  expect(refusals(MARCH.with(1, "2026-03-02,2026-03-02,NEFT,X,,10300.005,272300.00"))).toEqual([
    '2 credit STATEMENT_AMOUNT: "10300.005" has 3 decimals; an amount has at most two (paise)',
  ]);
});

test("all bad lines are listed, not the first", () => {
  const bad = refusals([
    HEAD,
    "2026-02-30,2026-03-02,A,,,1.00,1.00",
    "2026-03-02,2026-03-02,B,,1.00,1.00,1.00",
    "2026-03-02,2026-03-02,C,,,,1.00",
    "2026-03-02,2026-03-02,D,,,12.3.4,1.00",
    "2026-03-02,2026-03-02,E,,,1.00,",
    '2026-03-02,2026-03-02,F,,,"1,2,3.00",1.00',
  ]);
  expect(bad.map((b) => b.split(":")[0])).toEqual([
    "2 date STATEMENT_DATE",
    "3 - STATEMENT_AMOUNT",
    "4 - STATEMENT_AMOUNT",
    "5 credit STATEMENT_AMOUNT",
    "6 balance STATEMENT_BALANCE",
    "7 credit STATEMENT_AMOUNT",
  ]);
});

test.each([
  ["an empty file", "", "STATEMENT_EMPTY"],
  ["a header without lines", HEAD, "STATEMENT_EMPTY"],
  ["a file of another kind", "PK\u0003\u0004\0\0", "STATEMENT_FORMAT"],
  ["an unknown header", "when,what,how much\n1,2,3", "STATEMENT_FORMAT"],
])("%s is refused", (_, text, code) => {
  expect(refusals(text).join()).toContain(code);
});

test("an unknown profile name is refused with the names there are", () => {
  expect(refusals(MARCH, { profile: "nobank" }).join()).toContain("generic, indian-csv, sbi");
});

test("SBI: preamble, tabs, lakh commas, day without zero, opening balance stated above", () => {
  const sbi = [
    "Account Number\t:\t_00000000000001234",
    "Balance as on 1 Apr 2026\t:\t1,23,45,678.90",
    "",
    "Txn Date\tValue Date\tDescription\tRef No./Cheque No.\t        Debit\tCredit\tBalance",
    "1 Apr 2026\t2 Apr 2026\t   BY CLEARING-ZONE 3--\t881169 \t \t8,388.20\t1,23,54,067.10",
    "2 Apr 2026\t2 Apr 2026\tTO CLEARING-CONTRACTOR\t033579\t5,004.92\t\t1,23,49,062.18",
  ];
  const s = read(sbi);
  expect([s.profile, s.accountEnds, s.opening, s.closing]).toEqual([
    "sbi@1",
    "1234",
    rupees("12345678.90"),
    rupees("12349062.18"),
  ]);
  expect(refusals(sbi.with(1, "Balance as on 1 Apr 2026\t:\t1,23,45,678.00"))).toEqual([
    "2 - STATEMENT_CONTROL: the opening balance is stated as 1,23,45,678.00, the lines give 1,23,45,678.90: difference 0.90",
  ]);
});

test("HDFC: star rows, two-digit years, and the summary below as control figures", () => {
  const hdfc = [
    ",,,Account No :  50100000001234 CURRENT",
    "****,****,****,****,****,****,****",
    "Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance",
    "****,****,****,****,****,****,****",
    "01/04/26,UPI-CITIZEN-449390926685,0000449390926685,01/04/26,,1010.33,2010.33",
    "02/04/26,CHQ PAID-MICR,0000000000054352,02/04/26,385.00,,1625.33",
    "****,****,****,****,****,****,****",
    "STATEMENT SUMMARY  :-",
    "Opening Balance,Dr Count,Cr Count,Debits,Credits,Closing Bal",
    "1000.00,1,1,385.00,1010.33,1625.33",
  ];
  expect(read(hdfc)).toMatchObject({
    profile: "hdfc@1",
    opening: rupees("1000.00"),
    closing: rupees("1625.33"),
    accountEnds: "1234",
  });
  expect(refusals(hdfc.toSpliced(5, 1)).join()).toContain(
    "9 - STATEMENT_CONTROL: the closing balance is stated as 1,625.33, the lines give 2,010.33",
  );
});

test("HDFC delimited: commas that the bank left in the narration go back into it", () => {
  const s = read([
    " Date ,Narration ,Value Dat,Debit Amount ,Credit Amount ,Chq/Ref Number ,Closing Balance",
    " 02/04/26 ,RENT, SHOP 4, MAIN BAZAR ,02/04/26 , 0.00 , 500.00 ,0000000000000000 , 1500.00",
  ]);
  expect(s.lines[0]).toMatchObject({ narration: "RENT, SHOP 4, MAIN BAZAR", amount: rupees("500.00") });
});

test("ICICI: leading empty column, a line break within a narration, a dash for no cheque", () => {
  const s = read([
    ",S No.,Value Date,Transaction Date,Cheque Number,Transaction Remarks,Withdrawal Amount (INR ),Deposit Amount (INR ),Balance (INR )",
    ',1,05/04/2026,04/04/2026,-,"CLG/',
    'CLG ZONE 3/960214",0.00,5518.00,12325089.08',
    ",2,05/04/2026,05/04/2026,082015,CLG/CONTRACTOR,89.08,0.00,12325000.00",
    ",Legends",
  ]);
  expect(s.lines.map((l) => [l.fileLine, l.date, l.valueDate, l.narration, l.reference])).toEqual([
    [2, "2026-04-04", "2026-04-05", "CLG/ CLG ZONE 3/960214", ""],
    [4, "2026-04-05", "2026-04-05", "CLG/CONTRACTOR", "082015"],
  ]);
});

test("PNB: newest first, marks on the balance; an overdraft is a negative balance", () => {
  const s = read([
    "Transaction Date,Cheque Number,Withdrawal,Deposit,Balance,Narration",
    '23/04/2026,,,"2,720.45","1,720.45 Cr.",CHQ DEP',
    '22/04/2026,,"1,500.00",,"1,000.00 Dr.",I/W CLG',
  ]);
  expect([s.order, s.opening, s.closing]).toEqual(["newest-first", rupees("500.00"), rupees("1720.45")]);
});

test("the mark behind the amount (Union) or beside it (IDBI) decides the direction", () => {
  expect(
    read(["Tran Id,Tran Date,Remarks,Amount (Rs.),Balance (Rs.)", 'S1,01-04-2026,CHG,"5,038.73 (Dr)","1,000.00 (Cr)"'])
      .lines[0]?.amount,
  ).toBe(rupees("-5038.73"));
  expect(
    read([
      "Srl,Txn Date,Value Date,Description,Cheque No,CR/DR,CCY,Amount (INR),Balance (INR)",
      '1,02/04/2026 12:00:00,02/04/2026,ACH,,Dr.,INR,"3,043.00","1,000.00"',
    ]).lines[0]?.amount,
  ).toBe(rupees("-3043.00"));
});

test("an opening balance row is a control figure, not a movement", () => {
  const rows = [
    "Date,Value Date,Narration,Ref No/UTR,Debit,Credit,Balance",
    "01/04/2026,01/04/2026,OPENING BALANCE,,,,1000.00",
    "03/04/2026,04/04/2026,NEFT CR,AXISN26090000222,,250.50,1250.50",
  ];
  expect(read(rows)).toMatchObject({
    profile: "indian-csv@1",
    opening: rupees("1000.00"),
    lines: [{ date: "2026-04-03", valueDate: "2026-04-04" }],
  });
  expect(refusals(rows.with(1, "01/04/2026,01/04/2026,OPENING BALANCE,,,,900.00")).join()).toContain(
    "STATEMENT_CONTROL",
  );
});

test("dates follow the profile, whatever else they could mean", () => {
  expect(
    read([
      "Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance",
      "01/05/2026,X,,01/05/2026,,1.00,1.00",
    ]).lines[0]?.date,
  ).toBe("2026-05-01");
});

test("bytes: UTF-8 with its mark, UTF-16 and Windows-1252 are read", () => {
  const text = MARCH.join("\r\n");
  const plain = read(text).lines;
  expect(read(`\uFEFF${text}`).lines).toEqual(plain);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
  expect(parseStatement(utf16)).toMatchObject({ ok: true, statement: { lines: plain } });
  const latin = Buffer.from(text.replace("CLG 000321", "CLG caf\u00e9"), "latin1");
  expect(parseStatement(latin)).toMatchObject({ ok: true, statement: { lines: [{}, { narration: "CLG café" }, {}] } });
});

// What a bank calls its columns differs by branch and year; a title alone never decides: the balances do.
test.each([
  ["a tilde between the cells", "Tran Date~Chq No~Particulars~Debit~Credit~Balance~Init. br", "D~R~N~W~C~B~0123"],
  ["withdraws", "TRANS DATE,VALUE DATE,BRANCH,REF/CHQ.NO,DESCRIPTION,WITHDRAWS,DEPOSIT,BALANCE", "D,D,0123,R,N,W,C,B"],
  [
    "two words for the narration",
    "Trans Date,Value Date,Description / Narration,Chq./ Ref No.,Debit (Dr.) INR,Credit (Cr.) INR,Balance INR",
    "D,D,N,R,W,C,B",
  ],
  [
    "one column with a sign",
    "#,TRANSACTION DATE,VALUE DATE,TRANSACTION DETAILS,CHQ / REF NO.,DEBIT/CREDIT(₹),BALANCE(₹)",
    "1,D,D,N,R,S,B",
  ],
  ["one column with a suffix", "Date,Narration,Chq/Ref No,Withdrawal (Dr)/Deposit (Cr),Balance", "D,N,R,M,B"],
  [
    "the amount before its mark",
    "Tran Date,Value Date,CHQNO,Transaction Particulars,Amount(INR),DR|CR,Balance(INR)",
    "D,D,R,N,A,K,B",
  ],
  ["details of the transaction", "Date,Details of transaction,Debit,Credit,Balance", "D,N,W,C,B"],
  ["Hindi", "दिनांक,विवरण,नामे,जमा,शेष", "D,N,W,C,B"],
])("the usual titles are understood: %s", (_name, head, shape) => {
  const row = (day: string, amount: number, balance: string): string => {
    const figure = Math.abs(amount).toFixed(2);
    const cells: Record<string, string> = {
      D: day,
      R: "000321",
      N: "NEFT A RATEPAYER",
      W: amount < 0 ? figure : "",
      C: amount > 0 ? figure : "",
      S: (amount < 0 ? "-" : "+") + figure,
      M: `${figure}(${amount < 0 ? "Dr" : "Cr"})`,
      A: figure,
      K: amount < 0 ? "DR" : "CR",
      B: balance,
    };
    return shape.replace(/[A-Z]/g, (k) => cells[k] ?? k);
  };
  const s = read([head, row("01/07/2026", 250.5, "1250.50"), row("02/07/2026", -100, "1150.50")]);
  expect([s.opening, s.closing, ...s.lines.map((l) => l.amount)].map(toRupees)).toEqual([
    "1000.00",
    "1150.50",
    "250.50",
    "-100.00",
  ]);
  expect(s.lines.map((l) => l.narration)).toEqual(["NEFT A RATEPAYER", "NEFT A RATEPAYER"]);
});

test("every profile has an id and version of its own", () => {
  const names = BANK_PROFILES.map((p) => `${p.id}@${p.version}`);
  expect(new Set(names).size).toBe(names.length);
});

const movements = fc.array(
  fc.record({
    days: fc.integer({ min: 0, max: 3 }),
    amount: fc.bigInt(-10_000_000_000n, 10_000_000_000n).filter((a) => a !== 0n),
  }),
  { minLength: 1, maxLength: 40 },
);
function asCsv(opening: bigint, moves: readonly { days: number; amount: bigint }[]): string[] {
  let balance = opening;
  let date = localDate("2026-04-01");
  return moves.map(({ days, amount }, i) => {
    balance += amount;
    date = addDays(date, days);
    const figure = toRupees(paise(amount < 0n ? -amount : amount));
    return `${date},${date},line ${i},R${i},${amount < 0n ? figure : ""},${amount > 0n ? figure : ""},${toRupees(paise(balance))}`;
  });
}

test("what is written is read back: amounts, order and both balances, whichever way round the file is", () => {
  fc.assert(
    fc.property(fc.bigInt(-1_000_000n, 1_000_000_000n), movements, fc.boolean(), (opening, moves, isTurned) => {
      const rows = asCsv(opening, moves);
      const closing = opening + moves.reduce((s, m) => s + m.amount, 0n);
      // Where lines cancel, both directions hold; the figure of the bank's page decides.
      const s = read([HEAD, ...(isTurned ? rows.toReversed() : rows)], {
        expected: { closing: paise(closing), opening: paise(opening) },
      });
      expect(s.opening).toBe(opening);
      expect(s.closing).toBe(closing);
      expect(s.lines.map((l) => l.amount)).toEqual(moves.map((m) => m.amount));
    }),
    { numRuns: 200 },
  );
});

test("a change of one balance figure, or one line lost inside, never gets in", () => {
  fc.assert(
    fc.property(
      movements.filter((m) => m.length >= 4),
      fc.nat(),
      fc.boolean(),
      (moves, at, isLoss) => {
        const rows = asCsv(100_000n, moves);
        const i = 1 + (at % (rows.length - 2));
        const closing = paise(100_000n + moves.reduce((s, m) => s + m.amount, 0n));
        const damaged = isLoss
          ? rows.toSpliced(i, 1)
          : rows.with(i, (rows[i] ?? "").replace(/[^,]+$/, "999999999999.99"));
        expect(
          parseStatement([HEAD, ...damaged].join("\n"), { expected: { opening: paise(100_000n), closing } }).ok,
        ).toBe(false);
      },
    ),
    { numRuns: 200 },
  );
});

test("no text makes the reader throw", () => {
  const piece = fc.oneof(
    fc.constantFrom(HEAD, ...MARCH, ",", '"', "\n", "\t", '="1"', "1,23,456.70 Cr"),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void parseStatement(pieces.join("\n"))),
    { numRuns: 500 },
  );
});
