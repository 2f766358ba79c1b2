import { expect, test } from "vitest";
import { rupees } from "../../ledger/kernel/money.ts";
import { accepted, refusals, shown } from "./testing.ts";

const BAI2 = [
  "01,TESTBANK,TESTMC,260430,2359,1,,,2/",
  "02,TESTMC,TESTBANK,1,260430,2359,INR,2/",
  "03,00000000004321,INR,010,100000,,,015,115050,,,100,25050,1,V,260402,/",
  "88,400,10000,1,D,2,0,5000,1,5000/",
  "16,195,25050,V,260402,,TESTN26092000111,,NEFT-TESTN26092000111-A RATE",
  "88,PAYER, WARD 4/",
  "16,475,10000,S,0,10000,0,000321,,CLG 000321/",
  "49,285150,6/",
  "98,285150,1,8/",
  "99,285150,1,10/",
];

test("BAI2: continuations, funds types, paise, and both ledger balances", async () => {
  expect(shown(await accepted(BAI2))).toEqual([
    "BAI2 oldest-first 2026-04-30..2026-04-30 1000.00 -> 1150.50",
    "2026-04-30 2026-04-02 250.50 1250.50 [TESTN26092000111] NEFT-TESTN26092000111-A RATEPAYER, WARD 4",
    "2026-04-30 2026-04-30 -100.00 1150.50 [000321] CLG 000321",
  ]);
});

test("BAI2: several records in one line, Windows line ends", async () => {
  const packed = [`${BAI2[0]} ${BAI2[1]} ${BAI2[2]}`, ...BAI2.slice(3)].join("\r\n");
  expect((await accepted(packed)).lines).toHaveLength(2);
});

test.each([
  ["a transaction lost", BAI2.toSpliced(6, 1), "the amounts sum to 2751.50", "states 2851.50"],
  ["a wrong amount", BAI2.with(6, "16,475,10001,S,0,10000,0,000321,,CLG/"), "difference 0.01", ""],
  ["a file cut off", BAI2.slice(0, 7), "the account has no trailer (49)", "no trailer (99)"],
  ["a decimal point", BAI2.with(6, "16,475,100.00,,,,/"), '"100.00" is not an amount without decimals', ""],
  ["a type that is neither", BAI2.with(6, "16,900,10000,,,,/"), 'type "900" is neither a credit', ""],
  ["no file header", BAI2.slice(1), "begins with its file header (01)", ""],
  ["a transaction outside an account", BAI2.toSpliced(2, 0, "16,195,100,0,,,X/"), "stands outside an account", ""],
])("BAI2: %s is refused", async (_, file, why, also) => {
  const found = (await refusals(file)).join("\n");
  expect(found).toContain(why);
  expect(found).toContain(also);
});

const trn = (day: string, amount: string, more: string): string =>
  `<STMTTRN><TRNTYPE>X<DTPOSTED>${day}120000[+5.5:IST]<TRNAMT>${amount}${more}</STMTTRN>`;
const OFX = [
  "OFXHEADER:100",
  "DATA:OFXSGML",
  "VERSION:102",
  "ENCODING:USASCII",
  "",
  "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>INR<BANKACCTFROM><BANKID>1<ACCTID>00000000004321<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20260401",
  trn("20260402", "250.50", "<FITID>1<NAME>NEFT-TESTN26092000111-A RATEPA<MEMO>TESTN26092000111 A &amp; B"),
  trn("20260403", "-100.00", "<FITID>1<CHECKNUM>000321<NAME>CLG"),
  "</BANKTRANLIST><LEDGERBAL><BALAMT>1150.50<DTASOF>20260430</LEDGERBAL><AVAILBAL><BALAMT>99.00</AVAILBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
];
const typed = { expected: { closing: rupees("1150.50") } };

test("OFX 1.x without end tags enters against the closing balance a person types in", async () => {
  expect(shown(await accepted(OFX, typed))).toEqual([
    "OFX 102 oldest-first 2026-04-02..2026-04-30 1000.00 -> 1150.50",
    "2026-04-02 2026-04-02 250.50 1250.50 [1] NEFT-TESTN26092000111-A RATEPA TESTN26092000111 A & B",
    "2026-04-03 2026-04-03 -100.00 1150.50 [000321] CLG",
  ]);
  expect((await refusals(OFX)).join()).toContain("its own last balance is 1150.50, its lines sum to 150.50");
});

test("OFX 2.x in XML, decimal commas and two equal lines", async () => {
  const xml = OFX.join("\n")
    .replace(/^[^<]*/, '<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="211"?>')
    .replace(
      /<(CODE|SEVERITY|CURDEF|BANKID|ACCTID|ACCTTYPE|DTSTART|TRNTYPE|DTPOSTED|TRNAMT|FITID|CHECKNUM|NAME|MEMO|BALAMT|DTASOF)>([^<\n]*)/g,
      "<$1>$2</$1>",
    )
    .replaceAll("250.50", "250,50");
  expect((await accepted(xml, typed)).lines).toEqual(
    (await accepted(OFX, typed)).lines.map((l) => ({ ...l, fileLine: l.fileLine - 5 })),
  );
  const twice = OFX.toSpliced(7, 0, OFX[7] ?? "");
  expect((await refusals(twice, { expected: { ...typed.expected, opening: rupees("1000.00") } })).join()).toContain(
    "STATEMENT_CONTROL",
  );
  expect(await accepted(twice, typed)).toMatchObject({ opening: rupees("1100.00"), lines: { length: 3 } });
});

test.each([
  [
    "an amount that is none",
    OFX.with(6, trn("20260402", " . ", "<FITID>1")),
    '7 TRNAMT STATEMENT_AMOUNT: "." is not an amount',
  ],
  ["a comma that could group or divide", OFX.with(6, trn("20260402", "1,250", "<FITID>1")), '"1,250" is not an amount'],
  ["fractions of a paisa", OFX.with(6, trn("20260402", "-995.4190396554627", "<FITID>1")), "-995.4190396554627"],
  ["a day that is none", OFX.with(6, trn("20261302", "1.00", "<FITID>1")), "DTPOSTED STATEMENT_DATE"],
  ["a file cut off", OFX.slice(0, 8), "does not end with </OFX>"],
  ["a balance that a person sees otherwise", OFX, "STATEMENT_TOTAL"],
  [
    "the bank's refusal",
    ["<OFX><STATUS><CODE>2000<MESSAGE>Try again later</STATUS></OFX>"],
    "the bank says: Try again later",
  ],
])("OFX: %s is refused", async (what, file, why) => {
  const found = await refusals(
    file,
    what.startsWith("a balance") ? { expected: { closing: rupees("1150.00") } } : typed,
  );
  expect(found.join("\n")).toContain(why);
});

test("OFX: a credit card's statement is read the same way", async () => {
  const card = OFX.map((l) => l.replaceAll("STMTRS>", "CCSTMTRS>").replaceAll("BANKACCTFROM", "CCACCTFROM"));
  expect((await accepted(card, typed)).lines).toHaveLength(2);
});
