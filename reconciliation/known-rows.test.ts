import fc from "fast-check";
import { expect, test } from "vitest";
import { cr, dr, postEntry } from "../ledger/index.ts";
import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import { inDryRun, inSnapshot, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { acceptMatches, bench, undoMatch } from "./bench/index.ts";
import { comparison, matchOnce } from "./comparison.ts";
import { BankCalendar, match } from "./match.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { openLines, type BankLine } from "./statements.ts";
import { ref } from "./tokens.ts";
import { BANK, bankUlb, type BankUlb } from "./testing.ts";

const app = await testApp();
const JULY = localDate("2026-07-31");

/** Both sides as they are read with what is known of them, and as they are read from the tables alone. */
async function bothWays(read: Read, day: LocalDate): Promise<{ readonly known: unknown; readonly read: unknown }> {
  const lines = await read.query<{ id: string }>(
    "select line_id::text as id from reconciliation.bank_lines where ulb_id = :ulb",
    { ulb: read.ulb.id },
  );
  const entries = await read.query<{ id: string }>(
    "select 'entry:' || entry_id || ':' || line_no as id from ledger.lines where ulb_id = :ulb",
    { ulb: read.ulb.id },
  );
  const items = [...entries.map((e) => e.id), "settlement:", "leaf:"];
  return {
    known: { lines: await openLines(read, BANK, day), items: await openItems(read, BANK, day) },
    read: {
      lines: await openLines(
        read,
        BANK,
        day,
        lines.map((l) => l.id),
      ),
      items: await openItems(read, BANK, day, { only: items }),
    },
  };
}

async function agrees(town: BankUlb): Promise<void> {
  for (const day of [JULY, localDate("2026-06-03")]) {
    const { known, read } = await inSnapshot(app, town.as("auditor"), (tx) => bothWays(tx, day));
    expect(known).toEqual(read);
  }
}

const receipt = (tx: Tx, id: string, lines: Parameters<typeof postEntry>[1]["lines"]) =>
  postEntry(tx, {
    voucher: "receipt",
    date: localDate("2026-06-02"),
    narration: `Receipt ${id}, cheque 000321`,
    source: { type: "test-known", id },
    lines,
  });

test("what is known of an account is what there is, whatever was posted, matched, taken back or rolled back since", async () => {
  const town = await bankUlb(app);
  const page = () => inSnapshot(app, town.as("auditor"), (read) => bench(read, BANK, {}, { limit: 200 }));
  const write = <T>(fn: (tx: Tx) => Promise<T>) => town.tx("accountant", fn);
  await town.book("2026-06-01", "250.00", "counter receipts");
  await town.book("2026-06-01", "100.00", "counter receipts");
  await town.bank("0.00", [
    ["2026-06-02", "250.00", "BY TRANSFER"],
    ["2026-06-05", "100.00", "BY TRANSFER"],
    ["2026-06-06", "100.00", "BY TRANSFER"],
  ]);
  const { items, lines } = await page();
  expect([items.rows.length, lines.rows.length]).toEqual([2, 3]);
  await agrees(town);
  // One cheque that was received for two funds is one item, also beside those that are known.
  await write((tx) =>
    receipt(tx, "1", [
      dr(BANK, rupees("40.00"), { fund: "01", party: { type: "cheque", id: "000321" } }),
      dr(BANK, rupees("60.00"), { fund: "02", party: { type: "cheque", id: "000321" } }),
      cr("3101001", rupees("40.00"), { fund: "01" }),
      cr("3101001", rupees("60.00"), { fund: "02" }),
    ]),
  );
  await agrees(town);
  const joined = (await page()).items.rows.find((i) => i.subject.amount === rupees("100.00") && i.subject.refs.length);
  expect(joined && "entryId" in joined.subject.of && joined.subject.of.lines.length).toBe(2);
  // Matched with a line of a later day: on an earlier day both are open.
  const [, second] = lines.rows;
  const { matchIds } = await write((tx) =>
    acceptMatches(tx, BANK, [{ lines: [second?.subject.id ?? ""], items: [joined?.subject.id ?? ""] }]),
  );
  await agrees(town);
  await page();
  await agrees(town);
  await write((tx) => undoMatch(tx, matchIds[0] ?? "", "it was another deposit"));
  await agrees(town);
  // Two lines of one entry are two items; when one of them is matched, the other is open alone.
  await write((tx) =>
    receipt(tx, "4", [
      dr(BANK, rupees("100.00"), { party: { type: "cheque", id: "000322" } }),
      dr(BANK, rupees("11.00"), { party: { type: "cheque", id: "000323" } }),
      cr("3101001", rupees("111.00")),
    ]),
  );
  const apart = (await page()).items.rows.find((i) => i.subject.reference === "000322");
  await write((tx) =>
    acceptMatches(tx, BANK, [{ lines: [second?.subject.id ?? ""], items: [apart?.subject.id ?? ""] }]),
  );
  await agrees(town);
  // What a transaction saw of itself and gave up is not known afterwards.
  await inDryRun(app, town.as("accountant"), async (tx) => {
    await receipt(tx, "2", [dr(BANK, rupees("7.00")), cr("3101001", rupees("7.00"))]);
    expect((await comparison(tx, BANK)).items.size).toBe(5);
    const { known, read } = await bothWays(tx, JULY);
    expect(known).toEqual(read);
  });
  await agrees(town);
  await write((tx) => receipt(tx, "3", [dr(BANK, rupees("9.00")), cr("3101001", rupees("9.00"))]));
  expect((await page()).items.rows.map((i) => i.subject.amount)).toContain(rupees("9.00"));
  await agrees(town);
});

test("one account's rows are not another's, and a question about other lines or items is weighed anew", async () => {
  const [one, two] = [await bankUlb(app), await bankUlb(app)];
  for (const town of [one, two]) {
    await town.book("2026-06-01", "250.75", "NEFT, UTR HDFCN26061000111");
    await town.bank("0.00", [["2026-06-02", "250.75", "NEFT-HDFCN26061000111"]]);
  }
  const proved = async (town: BankUlb): Promise<readonly string[]> =>
    (await inSnapshot(app, town.as("auditor"), (read) => comparison(read, BANK))).result.confirmed.flatMap((m) => [
      ...m.lines,
      ...m.items,
    ]);
  const first = await proved(one);
  expect(first).toHaveLength(2);
  expect((await proved(two)).filter((id) => first.includes(id))).toEqual([]);
  // A second item of the same reference makes it ambiguous.
  await one.book("2026-06-01", "250.75", "NEFT, UTR HDFCN26061000111");
  expect(await proved(one)).toEqual([]);
  await agrees(one);
});

// One line and one item, and the same with one thing changed: what was answered last must not be taken for the answer.
const days = fc.constantFrom("2026-07-03", "2026-07-06", "2026-07-20").map(localDate);
const sums = fc.constantFrom(rupees("500.00"), rupees("710.10"));
const refs = fc.constantFrom([ref("utr", "HDFCN26183000111")], [ref("utr", "HDFCN26183000222")], []);
const question = fc.record({
  bookedOn: days,
  amount: sums,
  narration: fc.constantFrom("NEFT HDFCN26183000111", "BY CASH SLIP000123", "NEFT"),
  reference: fc.constantFrom("", "HDFCN26183000222"),
  date: days,
  expected: sums,
  kind: fc.constantFrom("transfer" as const, "cash" as const, "cheque-deposited" as const),
  refs,
  group: fc.constantFrom(undefined, "SLIP000123"),
  asOf: fc.constantFrom(JULY, localDate("2026-09-30")),
  calendar: fc.constantFrom(new BankCalendar(), new BankCalendar([localDate("2026-07-06"), localDate("2026-07-07")])),
});
type Question = typeof question extends fc.Arbitrary<infer Q> ? Q : never;
const keys = [
  "bookedOn",
  "amount",
  "narration",
  "reference",
  "date",
  "expected",
  "kind",
  "refs",
  "group",
  "asOf",
  "calendar",
] as const;

function askBoth(read: Read, q: Question): void {
  const { bookedOn, amount, narration, reference, asOf, calendar } = q;
  const line: BankLine = {
    id: "L",
    account: BANK,
    date: bookedOn,
    bookedOn,
    valueDate: bookedOn,
    amount,
    balance: amount,
    narration,
    reference,
    matchId: null,
  };
  const item: OpenItem = {
    id: "I",
    date: q.date,
    amount: q.expected,
    kind: q.kind,
    refs: q.refs,
    ...(q.group === undefined ? {} : { group: q.group }),
    voucher: "receipt",
    text: "",
    reference: "",
    of: { entryId: 1n, lines: [] },
  };
  expect(matchOnce(read, BANK, [line], [item], asOf, calendar)).toEqual(match([line], [item], asOf, { calendar }));
}

test("whatever was asked before, an account's question is answered as match() answers it", async () => {
  const t = await bankUlb(app);
  await inSnapshot(app, t.as("auditor"), (read) => {
    fc.assert(
      fc.property(question, question, fc.constantFrom(...keys), (first, other, key) => {
        askBoth(read, first);
        askBoth(read, { ...first, [key]: other[key] });
      }),
      { numRuns: 5000 },
    );
    return Promise.resolve();
  });
});
