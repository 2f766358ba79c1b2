import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { match, overlapOf, type ItemKind, type MatchItem, type MatchLine, type MatchResult } from "./match.ts";
import { ref, refsOfNarration, tokensOf } from "./tokens.ts";

const day = (n: number): LocalDate => addDays(localDate("2026-04-01"), n);
const line = (id: string, n: number, amount: bigint, narration: string, reference = ""): MatchLine => ({
  id,
  date: day(n),
  amount,
  narration,
  reference,
});
const item = (id: string, n: number, amount: bigint, kind: ItemKind, ...refs: MatchItem["refs"]): MatchItem => ({
  id,
  date: day(n),
  amount,
  kind,
  refs,
});
const run = (lines: MatchLine[], items: MatchItem[]): MatchResult => match(lines, items, day(30));
const pairs = (r: MatchResult) => r.confirmed.map((m) => `${m.pass} ${m.lines.join("+")}=${m.items.join("+")}`).sort();
const kinds = (r: MatchResult) => r.exceptions.map((e) => `${e.id} ${e.kind}`).sort();
const UTR = "HDFCN26061000111";

test("a full reference with the exact amount is confirmed", () => {
  const r = run([line("L", 1, 1030000n, `NEFT-${UTR}-A2`)], [item("I", 0, 1030000n, "transfer", ref("utr", UTR))]);
  expect(pairs(r)).toEqual(["P1 L=I"]);
  expect(r.confirmed[0]?.evidence).toBe(`utr ${UTR} and amount`);
});

test("a UTR of a gateway's own shape is found: patterns never judge", () => {
  expect(
    pairs(
      run(
        [line("L", 1, 5n, "NEFT CR-X-RAZORPAY-1568176960VXP0RJ")],
        [item("I", 0, 5n, "settlement", ref("utr", "1568176960vxp0rj"))],
      ),
    ),
  ).toEqual(["P1 L=I"]);
});

test("figures padded with zeros by the bank are the same reference", () => {
  const lines = [line("L1", 2, 7n, "UPI-X-PT", "0000080636083778"), line("L2", 3, -9n, "CHQ PAID", "0000000000084187")];
  const items = [
    item("I1", 1, 7n, "transfer", ref("rrn", "080636083778")),
    item("I2", 0, -9n, "cheque-issued", ref("cheque", "084187")),
  ];
  expect(pairs(run(lines, items))).toEqual(["P1 L1=I1", "P1 L2=I2"]);
});

test("amount and date alone are proposed, never confirmed", () => {
  const r = run([line("L", 1, 123457n, "BY TRF")], [item("I", 0, 123457n, "transfer")]);
  expect(r.confirmed).toEqual([]);
  expect(r.proposed).toMatchObject([{ pass: "P5", lines: ["L"], items: ["I"] }]);
});

test("a cheque with another number is not even proposed", () => {
  const cheque = item("I", 0, -123457n, "cheque-issued", ref("cheque", "600101"));
  expect(run([line("L", 1, -123457n, "CHQ PAID 600102")], [cheque]).proposed).toEqual([]);
  expect(run([line("L", 1, -123457n, "CHQ PAID")], [cheque]).proposed).toMatchObject([{ pass: "P5" }]);
});

test("two items of one amount: nobody is taken", () => {
  const r = run(
    [line("L", 1, 123457n, "BY TRF")],
    [item("I1", 0, 123457n, "transfer"), item("I2", 0, 123457n, "transfer")],
  );
  expect([r.confirmed, r.proposed]).toEqual([[], []]);
  expect(kinds(r)).toEqual(["L unidentified-credit"]);
});

test("a round amount is not even proposed without a reference", () => {
  expect(run([line("L", 1, 500000n, "BY TRF")], [item("I", 0, 500000n, "transfer")]).proposed).toEqual([]);
});

test("one reference, two bank lines, one item: ambiguous, and kept from weaker passes", () => {
  const r = run([line("L1", 1, 77n, UTR), line("L2", 1, 77n, UTR)], [item("I", 0, 77n, "transfer", ref("utr", UTR))]);
  expect([r.confirmed, r.proposed]).toEqual([[], []]);
  expect(kinds(r)).toEqual(["I ambiguous", "L1 ambiguous", "L2 ambiguous"]);
  expect(r.exceptions.find((e) => e.id === "I")?.candidates).toEqual(["L1", "L2"]);
});

test("k equal lines and k equal items are confirmed as a class", () => {
  const r = run(
    [line("L1", 1, 77n, UTR), line("L2", 1, 77n, UTR)],
    [item("I1", 0, 77n, "transfer", ref("utr", UTR)), item("I2", 0, 77n, "transfer", ref("utr", UTR))],
  );
  expect(pairs(r)).toEqual(["P1b L1+L2=I1+I2"]);
});

test("the reference with another amount is an exception that names both", () => {
  const r = run([line("L", 1, 76n, UTR)], [item("I", 0, 77n, "transfer", ref("utr", UTR))]);
  expect(kinds(r)).toEqual(["I amount-differs", "L amount-differs"]);
  expect(r.exceptions[0]?.candidates).toEqual(["I"]);
});

test("a cheque number proves only within the cheque's window and direction", () => {
  const cheque = item("I", 0, -2500000n, "cheque-issued", ref("cheque", "600101"));
  expect(pairs(run([line("L", 95, -2500000n, "CHQ PAID 600101")], [cheque]))).toEqual(["P1 L=I"]);
  expect(pairs(run([line("L", 96, -2500000n, "CHQ PAID 600101")], [cheque]))).toEqual([]);
  expect(pairs(run([line("L", 1, 2500000n, "CLG 600101")], [cheque]))).toEqual([]);
});

test("the end of a long reference is enough when unique; a mistyped one is proposed", () => {
  const full = ref("utr", "ABCDR52025040269592117");
  const cut = run([line("L", 0, 99n, "RTGS 025040269592117")], [item("I", 0, 99n, "transfer", full)]);
  expect(pairs(cut)).toEqual(["P2 L=I"]);
  const typo = run([line("L", 0, 99n, "RTGS ABCDR52025040269592118")], [item("I", 0, 99n, "transfer", full)]);
  expect([typo.confirmed, typo.proposed[0]?.pass]).toEqual([[], "P2"]);
});

test.each([
  ["269592117", "ABCDR52025040269592117", "strong"],
  ["ABCDR52025040269592", "ABCDR52025040269592117", "strong"],
  ["ABCDN2509384", "ABCDN2509383449786", undefined],
  ["ABCDN2509383", "ABCDN2509383449786", "weak"],
  ["ABCDN2509383449768", "ABCDN2509383449786", undefined],
  ["ABCDN2509383449787", "ABCDN2509383449786", "weak"],
  ["ABCDN250938449786", "ABCDN2509383449786", "weak"],
  ["1234567", "99991234567", undefined],
])("%s of %s proves: %s", (token, full, expected) => {
  expect(overlapOf(token, full)).toBe(expected);
});

const NEFT = "KLMBN25091428090";
const TARIFF = 500_000n;
const outcome = (r: MatchResult): string =>
  [...r.confirmed.map((m) => `${m.pass} confirmed`), ...r.proposed.map((m) => `${m.pass} proposed`)].join();

test.each([
  ["two cut from the end", "KLMBN250914280", NEFT, "P2 confirmed"],
  ["three cut from the end", "KLMBN25091428", NEFT, "P2 proposed"],
  ["six cut from the end", "KLMBN25091", NEFT, "P2 proposed"],
  ["a reference of figures cut to eight", "58699371", "586993714455", "P2 confirmed"],
  ["bank and month of an RTGS", "KLMBR52025050", "KLMBR52025050611130549", "P2 proposed"],
  ["one wrong figure", "KLMBN25071428090", NEFT, "P2 proposed"],
  ["one wrong figure of the last two", "KLMBN25091428091", NEFT, "P2 proposed"],
  ["O for 0", "KLMBN25O91428090", NEFT, "P2 confirmed"],
  ["another letter for a figure", "KLMBN25Q91428090", NEFT, "P2 proposed"],
])("a tariff's amount and %s of a reference, alone in its series: %s of %s is %s", (_, token, full, expected) => {
  const r = run([line("L", 1, TARIFF, `NEFT*${token}*R ROY`)], [item("I", 0, TARIFF, "transfer", ref("utr", full))]);
  expect(outcome(r)).toBe(expected);
});

test.each(["KLMBN250914280", "KLMBN25O91428090"])(
  "part of a reference (%s) does not prove where another one begins alike, in the books or on the statement, open or settled",
  (token) => {
    const lines = [line("L", 1, TARIFF, `NEFT*${token}*R ROY`)];
    const items = [item("I", 0, TARIFF, "transfer", ref("utr", NEFT))];
    const neighbour = NEFT.slice(0, -2) + "17";
    const other = item("O", 0, 77n, "transfer", ref("utr", neighbour));
    expect(outcome(run(lines, [...items, other]))).toBe("P2 proposed");
    expect(outcome(run([...lines, line("M", 1, 78n, `NEFT*${neighbour}`)], items))).toBe("P2 proposed");
    expect(outcome(run([...lines, line("M", 1, 77n, `NEFT*${neighbour}`)], [...items, other]))).toBe(
      "P1 confirmed,P2 proposed",
    );
    const elsewhere = item("O", 0, 77n, "transfer", ref("utr", "PQRSN25091428017"));
    expect(outcome(run(lines, [...items, elsewhere]))).toBe("P2 confirmed");
  },
);

test("what a column cuts is part of the reference that the narration has in full, and of no other", () => {
  const cut = { ...line("L", 1, TARIFF, "NEFT CR-KLMBN25091428370-S DAS"), reference: "KLMBN250914283" };
  const other = item("I", 0, TARIFF, "transfer", ref("utr", "KLMBN25091428385"));
  expect(outcome(run([cut], [other]))).toBe("");
  expect(outcome(run([{ ...cut, narration: "NEFT CR" }], [other]))).toBe("P2 confirmed");
  expect(outcome(run([{ ...cut, amount: 471_163n }], [{ ...other, amount: 471_163n }]))).toBe("");
});

test("items of one deposit slip are matched with the one line that carries it, when the sums agree", () => {
  const slip = (id: string, amount: bigint): MatchItem => ({
    ...item(id, 0, amount, "cheque-deposited"),
    group: "SLIP000123",
  });
  const items = [slip("A", 500n), slip("B", 700n)];
  expect(pairs(run([line("L", 2, 1200n, "CLG SLIP000123")], items))).toEqual(["P1c L=A+B"]);
  expect(run([line("L", 2, 1100n, "CLG SLIP000123")], items).confirmed).toEqual([]);
  expect(pairs(run([line("L1", 2, 1000n, "CLG SLIP000123"), line("L2", 3, 200n, "CLG SLIP000123")], items))).toEqual([
    "P1c L1+L2=A+B",
  ]);
});

test("a slip number is found with its strokes and dashes", () => {
  const items = [{ ...item("A", 0, 1200n, "cash"), group: ref("slip", "DS/2026/0012").value }];
  expect(pairs(run([line("L", 1, 1200n, "BY CASH DS/2026/0012 WARD 3")], items))).toEqual(["P1c L=A"]);
});

test("charges and interest of the bank are proposed with their entry; a returned cheque is not a charge", () => {
  const r = run(
    [
      line("L1", 0, -35400n, "CHARGES INCL GST"),
      line("L2", 0, 184300n, "SB INTEREST"),
      line("L3", 0, -500n, "CHQ RET CHARGES FUNDS INSUFFICIENT"),
    ],
    [],
  );
  expect(r.proposedEntries.map((e) => `${e.line} ${e.template}`)).toEqual(["L1 bank-charge", "L2 bank-interest"]);
  expect(kinds(r)).toEqual(["L3 cheque-returned"]);
});

test("a wrong credit and its reversal cancel when both carry the reference; else a person looks", () => {
  expect(pairs(run([line("L1", 0, 900n, `NEFT ${UTR}`), line("L2", 1, -900n, `REV ${UTR}`)], []))).toEqual([
    "P0 L1+L2=",
  ]);
  const cut = [line("L1", 0, 900n, `NEFT ${NEFT.slice(0, 12)}`), line("L2", 1, -900n, `REV ${NEFT}`)];
  expect(pairs(run(cut, []))).toEqual(["P0 L1+L2="]);
  expect(run([line("L0", 0, 900n, `NEFT ${NEFT}`), ...cut], []).confirmed).toEqual([]);
  const vague = run([line("L1", 0, 900n, "NEFT"), line("L2", 1, -900n, "REVERSAL")], []);
  expect([vague.confirmed, vague.proposed[0]?.pass]).toEqual([[], "P0"]);
});

test("an issued cheque is stale after three months, and not before", () => {
  const cheque = item("I", 0, -5n, "cheque-issued", ref("cheque", "599871"));
  expect(match([], [cheque], localDate("2026-07-01")).outstanding).toEqual(["I"]);
  expect(match([], [cheque], localDate("2026-07-02")).exceptions).toMatchObject([
    { id: "I", kind: "stale-cheque", template: "stale-cheque" },
  ]);
});

test("a deposit that the bank never credited is an exception after its window", () => {
  expect(kinds(match([], [item("I", 0, 5n, "cheque-deposited")], day(19)))).toEqual(["I overdue"]);
});

test("references are found in the words of a narration", () => {
  expect(tokensOf("UPI/CR/529175142912/CITIZEN048/TBNK", "UTRHDFCN26061000111", "setl_0102ABcd99")).toEqual([
    "529175142912",
    "UTRHDFCN26061000111",
    UTR,
    "SETL0102ABCD99",
    "0102ABCD99",
  ]);
  expect(
    refsOfNarration("cheque 321 deposited; NEFT A2, UTR HDFCN26061000111; UPI RRN 624512345678; settlement setl_0102"),
  ).toEqual([
    { kind: "cheque", value: "000321" },
    { kind: "utr", value: UTR },
    { kind: "rrn", value: "624512345678" },
    { kind: "settlement", value: "SETL0102" },
  ]);
});

// ------------------------------------------------------------------------------------------------ properties

// A small world, so that amounts, references and days collide all the time.
const REFS = ["HDFCN26061000111", "HDFCN26061000112", "624512345678", "ABCDR52025040269592117", "600101"];
const KINDS: readonly ItemKind[] = ["cheque-issued", "cheque-deposited", "transfer", "settlement", "cash", "other"];
const amounts = fc.constantFrom(100n, 250_75n, 250_76n, 10_000n, -100n, -250_75n);
const aLine = fc.record({
  n: fc.integer({ min: 0, max: 40 }),
  amount: amounts,
  text: fc.oneof(
    fc.constantFrom(...REFS, "CHARGES", "INTEREST", "REV", "BY TRF", "SLIP0001"),
    fc.constantFrom(...REFS).map((r) => r.slice(-9)),
    fc.constantFrom(...REFS).map((r) => `REV ${r}`),
  ),
});
const anItem = fc.record({
  n: fc.integer({ min: 0, max: 40 }),
  amount: amounts,
  kind: fc.constantFrom(...KINDS),
  refs: fc.subarray(REFS, { maxLength: 2 }),
  isGrouped: fc.boolean(),
});
const world = fc
  .record({ lines: fc.array(aLine, { maxLength: 14 }), items: fc.array(anItem, { maxLength: 14 }) })
  .map((w) => ({
    lines: w.lines.map((l, i) => line(`L${i}`, l.n, l.amount, l.text)),
    items: w.items.map((x, i): MatchItem => ({
      ...item(`I${i}`, x.n, x.amount, x.kind, ...x.refs.map((r) => ref(/^\d{6}$/.test(r) ? "cheque" : "utr", r))),
      ...(x.isGrouped ? { group: "SLIP0001" } : {}),
    })),
  }));

function canonical(r: MatchResult): unknown {
  const sorted = (ms: MatchResult["confirmed"]) =>
    ms.map((m) => `${m.pass} ${m.lines.toSorted().join()}=${m.items.toSorted().join()}`).sort();
  return [
    sorted(r.confirmed),
    sorted(r.proposed),
    r.proposedEntries.map((e) => `${e.line}${e.template}`).sort(),
    kinds(r),
    r.outstanding.toSorted(),
  ];
}

test("every line and every item has exactly one outcome; per match, lines sum to items; confirmed matches carry a reference", () => {
  fc.assert(
    fc.property(world, ({ lines, items }) => {
      const r = run(lines, items);
      const all = [...r.confirmed, ...r.proposed];
      const lineUse = [
        ...all.flatMap((m) => m.lines),
        ...r.proposedEntries.map((e) => e.line),
        ...r.exceptions.filter((e) => e.subject === "line").map((e) => e.id),
      ];
      const itemUse = [
        ...all.flatMap((m) => m.items),
        ...r.exceptions.filter((e) => e.subject === "item").map((e) => e.id),
        ...r.outstanding,
      ];
      expect(lineUse.toSorted()).toEqual(lines.map((l) => l.id).sort());
      expect(itemUse.toSorted()).toEqual(items.map((i) => i.id).sort());
      const total = (of: readonly { id: string; amount: bigint }[], ids: readonly string[]) =>
        of.filter((x) => ids.includes(x.id)).reduce((s, x) => s + x.amount, 0n);
      for (const m of all) expect(total(lines, m.lines)).toBe(total(items, m.items));
      expect(r.confirmed.every((m) => m.pass !== "P5")).toBe(true);
    }),
    { numRuns: 1500 },
  );
});

// References of one day and bank, cut and mistyped, tariffs among the amounts: what begins alike is everywhere.
const serial = fc.constantFrom(
  "KLMBN25091428090",
  "KLMBN25091428017",
  "KLMBN25O91428090",
  "KLMBN25092115511",
  "586993714455",
);
const inSeries = fc
  .record({
    lines: fc.array(
      fc.record({
        n: fc.integer({ min: 0, max: 6 }),
        amount: fc.constantFrom(TARIFF, 250_75n),
        text: fc.oneof(
          serial,
          serial.map((r) => r.slice(0, -4)),
          serial.map((r) => r.slice(0, -2)),
          serial.map((r) => `${r.slice(0, 8)}9${r.slice(9)}`),
          serial.map((r) => r.replace("09", "O9")),
        ),
      }),
      { maxLength: 5 },
    ),
    items: fc.array(
      fc.record({ n: fc.integer({ min: 0, max: 6 }), amount: fc.constantFrom(TARIFF, 250_75n), of: serial }),
      { maxLength: 5 },
    ),
  })
  .map((w) => ({
    lines: w.lines.map((l, i) => line(`L${i}`, l.n, l.amount, l.text)),
    items: w.items.map((x, i) => item(`I${i}`, x.n, x.amount, "transfer", ref("utr", x.of))),
  }));

test("a tariff is confirmed by part of a reference only where no other reference begins like it", () => {
  let seen = 0;
  fc.assert(
    fc.property(inSeries, ({ lines, items }) => {
      const r = run(lines, items);
      for (const m of r.confirmed) {
        const own = lines.find((l) => l.id === m.lines[0]);
        const it = items.find((i) => i.id === m.items[0]);
        if (m.pass !== "P2" || own?.amount !== TARIFF || !it) continue;
        seen += 1;
        expect([m.lines.length, m.items.length]).toEqual([1, 1]);
        const full = it.refs[0]?.value ?? "";
        const others = [
          ...lines.filter((l) => l !== own).map((l) => l.narration),
          ...items.filter((i) => i !== it).map((i) => i.refs[0]?.value ?? ""),
        ];
        const begins = own.narration.length < full.length ? own.narration : full.slice(0, -2);
        expect(others.filter((o) => o.startsWith(begins))).toEqual([]);
      }
    }),
    { numRuns: 3000 },
  );
  expect(seen).toBeGreaterThan(50);
});

test("no order of what is cut or mistyped changes anything", () => {
  fc.assert(
    fc.property(inSeries, ({ lines, items }) => {
      expect(canonical(run(lines.toReversed(), items.toReversed()))).toEqual(canonical(run(lines, items)));
    }),
    { numRuns: 1000 },
  );
});

test("the order of lines and items does not matter", () => {
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat()), ({ lines, items }, random) => {
      const shuffle = <T>(list: readonly T[]): T[] =>
        list
          .map((x) => ({ x, at: random.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ x }) => x);
      expect(canonical(run(shuffle(lines), shuffle(items)))).toEqual(canonical(run(lines, items)));
    }),
    { numRuns: 500 },
  );
});

test("matching what is left once more confirms nothing new", () => {
  fc.assert(
    fc.property(world, ({ lines, items }) => {
      const first = run(lines, items);
      const used = new Set(first.confirmed.flatMap((m) => [...m.lines, ...m.items]));
      const again = run(
        lines.filter((l) => !used.has(l.id)),
        items.filter((i) => !used.has(i.id)),
      );
      expect(again.confirmed.filter((m) => m.pass === "P1" || m.pass === "P1b")).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
