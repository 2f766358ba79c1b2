import { expect, test } from "vitest";
import { rupees } from "../../ledger/kernel/money.ts";
import { readMt940 } from "./mt940.ts";
import { accepted, refusals, shown } from "./testing.ts";

const APRIL = [
  ":20:STMT2604",
  ":25:TESTBANK/00000000004321",
  ":28C:4/1",
  ":60F:C260331INR1000,00",
  ":61:2604020402CR250,50NTRFNONREF//TESTN26092000111",
  ":86:NEFT-TESTN26092000111-A RATEPAYER",
  ":61:2604030403DR100,NCHK000321",
  ":86:CLG/CONTRACTOR 7/000321",
  ":62F:C260430INR1150,50",
  ":86:This is about the statement",
  "-",
];
const body = (...lines: string[]): string[] => [...APRIL.slice(0, 4), ...lines];

test("MT940 in rupees: funds code, both references, the narration, and the day of the closing balance", async () => {
  expect(shown(await accepted(APRIL))).toEqual([
    "MT940 oldest-first 2026-04-02..2026-04-30 1000.00 -> 1150.50",
    "2026-04-02 2026-04-02 250.50 1250.50 [TESTN26092000111] NEFT-TESTN26092000111-A RATEPAYER",
    "2026-04-03 2026-04-03 -100.00 1150.50 [000321] CLG/CONTRACTOR 7/000321",
  ]);
  expect((await accepted(APRIL)).accountEnds).toBe("4321");
});

test("marks in small letters and amounts filled up with noughts are what they say", async () => {
  const loose = APRIL.join("\n").replace("CR250,50", "cr250,50").replace("INR1000,00", "INR000000000000000001000,00");
  expect(shown(await accepted(loose))).toEqual(shown(await accepted(APRIL)));
});

test("the envelope of the network, Windows line ends and Latin-1 make no difference", async () => {
  const wrapped = `{1:F01TESTINBBAXXX0000000000}{2:I940TESTINBBXXXXN}{4:\r\n${APRIL.slice(0, -1).join("\r\n")}\r\n-}{5:{CHK:0000}}`;
  expect(shown(await accepted(wrapped))).toEqual(shown(await accepted(APRIL)));
  const latin = Buffer.from(APRIL.join("\n").replace("A RATEPAYER", "CAF\u00c9"), "latin1");
  expect((await accepted(latin)).lines[0]?.narration).toContain("CAFÉ");
});

test.each([
  ["RC takes a credit back", ":61:2604020402RCR10,NTRFX", "-10.00", "C260430INR990,"],
  ["RD takes a debit back", ":61:2604020402RDR10,NTRFX", "10.00", "C260430INR1010,"],
  [
    "a bank that marks the reversal by what it reverses is found out by its balance",
    ":61:2604020402RC10,NTRFX",
    "10.00",
    "C260430INR1010,",
  ],
  ["a blank before the type", ":61:2604020402D12,35 NRTI", "-12.35", "C260430INR987,65"],
  ["no entry day", ":61:260402C1,NTRFX", "1.00", "C260430INR1001,"],
  ["blanks for the entry day", ":61:260402    C1,NTRFX", "1.00", "C260430INR1001,"],
  [
    "an amount without comma, and zeros before it",
    ":61:2604020402C000000000000007N051NONREF",
    "7.00",
    "C260430INR1007,",
  ],
  ["a minus that only repeats the mark", ":61:2604020402D-104,12NCHGX", "-104.12", "C260430INR895,88"],
  ["a minus that turns the mark", ":61:2604020402D-104,12NCHGX", "104.12", "C260430INR1104,12"],
  ["an overdrawn account", ":61:2604020402D3000,NCHGX", "-3000.00", "D260430INR2000,"],
])("%s", async (_, line, amount, closing) => {
  const s = await accepted(body(line, `:62F:${closing}`));
  expect(s.lines.map((l) => l.amount)).toEqual([rupees(amount)]);
});

test("30 February is the last day of the month; an entry day in January belongs to the next year", async () => {
  const s = await accepted(
    body(":61:2601011231C1,NTRFX", ":61:2512310102C1,NTRFX", ":61:2602300302C1,NTRFX", ":62F:C260430INR1003,"),
  );
  expect(s.lines.map((l) => [l.valueDate, l.date])).toEqual([
    ["2026-01-01", "2025-12-31"],
    ["2025-12-31", "2026-01-02"],
    ["2026-02-28", "2026-03-02"],
  ]);
});

test("pages of one statement and the statements of following days are one chain", async () => {
  const pages = [
    ...APRIL.slice(0, 6),
    ":62M:C260402INR1250,50",
    "-",
    ":28C:4/2",
    ":60M:C260402INR1250,50",
    ...APRIL.slice(6, 9),
    "-",
    ":20:NEXT",
    ":25:TESTBANK/00000000004321",
    ":28C:5/1",
    ":60F:C260430INR1150,50",
    ":61:2605020502C1,NTRFX",
    ":62F:C260502INR1151,50",
  ];
  const s = await accepted(pages);
  expect([s.lines.length, s.opening, s.closing]).toEqual([3, rupees("1000.00"), rupees("1151.50")]);
});

test("a page that is missing is refused with both balances", async () => {
  const lost = [
    ...APRIL,
    ":20:NEXT",
    ":25:TESTBANK/00000000004321",
    ":28C:6/1",
    ":60F:C260502INR1151,50",
    ":62F:C260502INR1151,50",
  ];
  expect(await refusals(lost)).toContain(
    "12 - STATEMENT_GAP: the statement opens at 1151.50, the one before it closed at 1150.50: difference 1.00; one between them is missing",
  );
});

test("of several accounts in a file the one that is meant is taken, and none is guessed", async () => {
  const two = [...APRIL, ...APRIL.map((l) => l.replace("4321", "9876"))];
  expect((await accepted(two, { accountEnds: "9876" })).accountEnds).toBe("9876");
  expect((await refusals(two)).join()).toContain("statements of 2 accounts (ending in 4321, 9876)");
  expect((await refusals(two, { accountEnds: "5555" })).join()).toContain("none of them ends in 5555");
});

test.each([
  ["a line lost", APRIL.toSpliced(4, 2), "1 - STATEMENT_TOTAL", "difference 250.50"],
  ["a field that is no line", APRIL.with(4, ":61:2604020402X250,50NTRF"), "5 :61: STATEMENT_AMOUNT", ""],
  ["a day that does not exist", APRIL.with(4, ":61:2613400402CR250,50NTRF"), "5 :61: STATEMENT_DATE", ""],
  ["a damaged closing balance", APRIL.with(8, ":62F:C260430INR11 50,50"), "9 :62F: STATEMENT_FORMAT", ""],
  ["another currency", APRIL.map((l) => l.replace("INR", "EUR")), "STATEMENT_CURRENCY", "the statement is in EUR"],
  ["no closing balance", APRIL.toSpliced(8, 3), "STATEMENT_UNPROVED", "no closing balance"],
  [
    "a fraction of a paisa",
    APRIL.with(4, ":61:2604020402CR250,505NTRF").with(8, ":62F:C260430INR1150,505"),
    "STATEMENT_AMOUNT",
    "250.505",
  ],
])("%s is refused", async (_, file, where, why) => {
  const found = (await refusals(file)).join("\n");
  expect(found).toContain(where);
  expect(found).toContain(why);
});

test("without its closing balance it enters against the one a person types in, and only if that fits", async () => {
  const open = APRIL.toSpliced(8, 3);
  expect((await accepted(open, { expected: { closing: rupees("1150.50") } })).closing).toBe(rupees("1150.50"));
  expect((await refusals(open, { expected: { closing: rupees("1150.00") } })).join()).toContain("STATEMENT_CONTROL");
});

test("MT942: the control totals are held against the lines", async () => {
  const report = [
    ":20:INTERIM",
    ":25:TESTBANK/00000000004321",
    ":28C:4/1",
    ":34F:INR0,",
    ":13D:2604021733+0530",
    ":61:2604020402CR250,50NTRFX",
    ":90D:0INR0,00",
    ":90C:1INR250,50",
  ];
  const typed = { expected: { closing: rupees("1250.50") } };
  expect((await accepted(report, typed)).opening).toBe(rupees("1000.00"));
  expect((await refusals(report)).join()).toContain("no opening balance");
  expect((await refusals(report.with(7, ":90C:2INR250,50"), typed)).join()).toContain(
    "2 credits of 250.50 are stated, the lines are 1 of 250.50",
  );
});

test("sub-fields are joined as they were cut; free text is joined by its width", () => {
  const narration = (...info: string[]): string | undefined => {
    const reading = readMt940(body(":61:2604020402C1,NTRFX", ...info, ":62F:C260430INR1001,").join("\n"));
    return reading.ok ? reading.statements[0]?.lines[0]?.narration : undefined;
  };
  expect(narration(":86:166?00CREDIT?20NEFT TESTN2609200?210111?32A RATEPAYER")).toBe(
    "NEFT TESTN26092000111 A RATEPAYER CREDIT",
  );
  expect(
    narration(`:86:${"RTGS-TESTR52026040200000011-STATE TREASURY GRANT-XXXXXXXX".padEnd(63, "X")}RB`, "I0001"),
  ).toMatch(/RBI0001$/);
  expect(narration(":86:CASH DEPOSIT", "WARD 4")).toBe("CASH DEPOSIT WARD 4");
});

test("expected entries (EC, ED) are no money", async () => {
  expect(
    (await accepted(body(":61:2604020402EC10,NTRFX", ":61:2604020402C1,NTRFX", ":62F:C260430INR1001,"))).lines,
  ).toHaveLength(1);
});
