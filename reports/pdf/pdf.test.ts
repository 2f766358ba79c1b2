import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { pdfPages, pdfText, testHead, testReceipt, testTrialBalance } from "../testing.ts";
import { toPdf } from "./document.ts";
import { runsOf } from "./fonts.ts";
import { paginate } from "./paginate.ts";
import { receiptPdf, receiptsPdf } from "./receipt.ts";
import { textWidth } from "./shaping.ts";
import { brsPdf, collectionRegisterPdf, dayBookPdf, trialBalancePdf } from "./statements.ts";
import { tablePdf, type TableRow } from "./table.ts";
import { wrap } from "./wrap.ts";

const hash = (pdf: Buffer): string => createHash("sha256").update(pdf).digest("hex");
const rupee = (value: number): Paise => paise(BigInt(value) * 100n);

test("a receipt prints what was received: number, date, heads by year, figures in 3-2-2, words and mode", async () => {
  const [page = "", ...more] = pdfPages(await receiptPdf(testReceipt(), "hi"));
  expect(more).toEqual([]);
  const text = page.replaceAll("|", "");
  for (const part of [
    "Receipt / रसीद · AMR/2026-27/000123",
    "14/07/2026",
    "PT-000123",
    "Library cess",
    "2025-26",
    "12,34,567.00",
    "₹ 12,36,192.50",
    "Rupees Twelve Lakh Thirty-Six Thousand One Hundred Ninety-Two and Paise Fifty Only",
    "Advance for future dues",
    "004512, 13/07/2026, State Bank of India",
    "Subject to realisation",
    "R/2026-27/000456",
  ])
    expect(text).toContain(part);
});

test("the same view gives the same bytes; another view does not", async () => {
  const first = hash(await receiptPdf(testReceipt(), "hi"));
  expect(hash(await receiptPdf(testReceipt(), "hi"))).toBe(first);
  expect(hash(await receiptPdf(testReceipt({ number: "AMR/2026-27/000124" }), "hi"))).not.toBe(first);
  const table = hash(await trialBalancePdf(testTrialBalance(40, "pa")));
  expect(hash(await trialBalancePdf(testTrialBalance(40, "pa")))).toBe(table);
});

test("the creation date is the view's, not the clock's", async () => {
  const raw = (await receiptPdf(testReceipt(), "en")).toString("latin1");
  expect(raw.match(/\(D:\d{14}Z\)/g)).toEqual(["(D:20260714063000Z)", "(D:20260714063000Z)"]);
});

// Without HarfBuzz each of these words throws "Cannot read properties of null (reading 'xCoordinate')" in fontkit 2.0.4.
test.each(["ਪੰਜਾਬ", "ਪ੍ਰਾਪਤੀ", "ਸ੍ਰੀ", "ਅੰਮ੍ਰਿਤਸਰ"])("ordinary Punjabi does not crash the document: %s", async (word) => {
  const view = testReceipt({ consumer: { ...testReceipt().consumer, name: word, address: word } }, "pa");
  expect(pdfText(await receiptPdf(view, "pa"))).toHaveLength(1);
});

test("conjuncts are shaped: the drawn glyphs are those of the joined forms", () => {
  const em = (text: string, family: "NotoSansDevanagari" | "NotoSansGurmukhi"): number =>
    textWidth(text, { family, bold: false, size: 1000 });
  // A half form joined to its consonant is narrower than the letters and the virama side by side.
  expect(em("प्र", "NotoSansDevanagari")).toBeLessThan(em("प", "NotoSansDevanagari") + em("र", "NotoSansDevanagari"));
  expect(em("ਮ੍ਰ", "NotoSansGurmukhi")).toBeLessThan(em("ਮ", "NotoSansGurmukhi") + em("ਰ", "NotoSansGurmukhi"));
  // The rupee sign is in both families: a missing glyph would be as wide as a private-use character's box.
  for (const family of ["NotoSansDevanagari", "NotoSansGurmukhi"] as const)
    expect(em("₹", family)).not.toBe(em("\u{f0000}", family));
});

test("Indic text can be found again in the document, letter for letter", async () => {
  const view = testReceipt({ consumer: { ...testReceipt().consumer, name: "ਨਾਂ ਸ਼ਬਦਾਂ अंक" } }, "pa");
  const letters = [...pdfPages(await receiptPdf(view, "pa")).join("")];
  for (const letter of "ਨਾਂਸ਼ਬਦਾंअक") expect(letters).toContain(letter);
});

test("a payer's name in any of the nine scripts is printed with its own letters, and can be found again", async () => {
  const names = ["রহিম দাস", "અમિત શાહ", "ସୁରେଶ", "முருகன்", "రాజు", "ರಮೇಶ", "രാജൻ", "हरि", "ਹਰੀ"];
  for (const name of names) {
    const view = testReceipt({ consumer: { ...testReceipt().consumer, name } }, "en");
    const pages = pdfPages(await receiptPdf(view, "en")).join("");
    for (const letter of name.replaceAll(/[\s\p{M}]/gu, "")) expect(`${name}: ${pages}`).toContain(letter);
    expect(pages).not.toContain("\u0000");
    const [run] = runsOf(name, "NotoSansDevanagari");
    expect(run?.text).toBe(name);
    // Not one box for all: each letter has a glyph of its own in the family that was chosen.
    const em = (text: string): number =>
      textWidth(text, { family: run?.family ?? "NotoSansDevanagari", bold: true, size: 1000 });
    expect(em(name)).not.toBe(em("\u{f0000}".repeat([...name].length)));
    expect(em("₹")).not.toBe(em("\u{f0000}"));
  }
});

test("a table of names in the tallest script takes the pages that one in Latin takes: no row flows over to a page of its own", async () => {
  const pages = async (name: string): Promise<number> =>
    pdfPages(
      await tablePdf({
        head: testHead("en"),
        title: { en: "Names" },
        subtitle: [],
        columns: [{ label: { en: "Particulars" }, kind: { text: 1 } }],
        rows: Array.from({ length: 400 }, () => ({ cells: [name] })),
        notes: [],
        signatures: [],
      }),
    ).length;
  const latin = await pages("Suresh");
  expect(latin).toBeGreaterThan(3);
  expect(await pages("ସୁରେଶ")).toBe(latin);
});

test("a text is cut into runs that one family can set, and nothing of it is lost", () => {
  const text = "Ward 3, ਅੰਮ੍ਰਿਤਸਰ और अप्रैल ₹ 12";
  const runs = runsOf(text, "NotoSansDevanagari");
  expect(runs.map((run) => run.text).join("")).toBe(text);
  expect(runs.find((run) => run.text.includes("ਅੰਮ੍ਰਿਤਸਰ"))?.family).toBe("NotoSansGurmukhi");
  expect(runs.find((run) => run.text.includes("अप्रैल"))?.family).toBe("NotoSansDevanagari");
});

test("wrapping loses no text, keeps lines within the width, and never parts a vowel sign from its letter", () => {
  const style = { family: "NotoSansDevanagari", bold: false, size: 8 } as const;
  const text = "प्राप्ति रजिस्टर Receivables for Property Taxes Supercalifragilisticexpialidocious अप्रैल";
  const lines = wrap(text, 60, style);
  expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  for (const line of lines) {
    expect(textWidth(line, style)).toBeLessThanOrEqual(60);
    expect(line).not.toMatch(/^[\u093e-\u094d\u0901-\u0903]/);
  }
});

test("pages hold every row once, and a tail that does not fit takes the last row along", () => {
  const heights = Array.from({ length: 25 }, () => 10);
  const pages = paginate(heights, { first: 50, next: 100, tail: 60 });
  expect(pages).toEqual([
    { from: 0, to: 5 },
    { from: 5, to: 15 },
    { from: 15, to: 24 },
    { from: 24, to: 25 },
  ]);
  expect(paginate([], { first: 50, next: 100, tail: 60 })).toEqual([{ from: 0, to: 0 }]);
});

test("a cancelled receipt says so across the page and in words, a standing one does not", async () => {
  const on = localDate("2026-07-20");
  const cancelled = await receiptPdf(
    testReceipt({ state: { status: "cancelled", on, reason: "Wrong consumer" } }),
    "hi",
  );
  expect(pdfPages(cancelled).join("").replaceAll("|", "")).toContain("20/07/2026. Wrong consumer");
  const standing = await receiptPdf(testReceipt(), "hi");
  expect(pdfPages(standing).join("")).not.toContain("Cancelled");
  // The watermark is drawn as outlines.
  expect(cancelled.length).toBeGreaterThan(standing.length);
});

test("many receipts go into one file, each on a page of its own", async () => {
  const views = Array.from({ length: 12 }, (_, i) =>
    testReceipt({ number: `AMR/2026-27/${String(i).padStart(6, "0")}` }),
  );
  const pages = pdfPages(await receiptsPdf(views, "hi"));
  expect(pages).toHaveLength(12);
  views.forEach((view, i) => expect(pages[i]).toContain(view.number));
});

test("a receipt of 60 lines runs over pages and prints its total once, on the last", async () => {
  const lines = Array.from({ length: 60 }, (_, i) => ({
    head: "Property tax",
    year: `${1960 + i}-x`,
    amount: rupee(10),
  }));
  const pages = pdfPages(await receiptPdf(testReceipt({ lines, advance: ZERO, amount: rupee(600) }), "en"));
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.map((page) => page.includes("₹ |600.00") || page.includes("₹ 600.00"))).toEqual(
    pages.map((_, i) => i === pages.length - 1),
  );
  lines.forEach((line) => expect(pages.filter((page) => page.replaceAll("|", "").includes(line.year))).toHaveLength(1));
});

test("a table repeats its header, numbers its pages, and carries its sums from page to page", async () => {
  const pages = pdfText(await trialBalancePdf(testTrialBalance(70, "en"))).map((pieces) =>
    pieces.join("").replace(/\s+/g, " "),
  );
  expect(pages).toHaveLength(3);
  pages.forEach((page, i) => {
    expect(page).toContain("Opening,");
    expect(page).toContain(`Page ${i + 1} of 3`);
  });
  const count = (page: string): number => [...page.matchAll(/Property tax \d+/g)].length;
  expect(pages.map(count).reduce((a, b) => a + b)).toBe(70);
  const carriedForward = /Carried forward([\d,]+\.\d\d)/.exec(pages[0] ?? "")?.[1];
  expect(carriedForward).toBeDefined();
  expect(pages[1]).toContain(`Brought forward${carriedForward}`);
  expect(pages[2]).toContain("Grand total");
  expect(pages[2]).toContain("70,000.00");
  expect(pages[2]).toContain("Debits and credits agree.");
});

test("a trial balance that does not balance says by how much", async () => {
  const view = {
    ...testTrialBalance(3, "en"),
    balances: false,
    differences: { opening: ZERO, period: rupee(1), closing: ZERO },
  };
  expect(
    pdfPages(await trialBalancePdf(view))
      .join("")
      .replaceAll("|", ""),
  ).toContain("DOES NOT BALANCE. Difference: period 1.00");
});

test("a statement without rows is a page that says so", async () => {
  const day = localDate("2026-07-01");
  const book = await dayBookPdf({ ...testHead("pa"), from: day, to: day, entries: [] });
  expect(pdfPages(book)).toHaveLength(1);
  expect(pdfPages(book)[0]?.replaceAll("|", "")).toContain("There are no entries in this range.");
});

test("a bank reconciliation statement goes from the book's balance to the bank's and says whether it agrees", async () => {
  const text = pdfPages(
    await brsPdf({
      ...testHead("en"),
      account: { code: "4502101", name: "Main", bank: "State Bank of India", fund: "01" },
      asOf: localDate("2026-07-31"),
      lines: [
        { letter: "A", label: "Balance as per Bank Book", amount: rupee(1000), isSum: true },
        { letter: "G", label: "Less: cheques deposited but not cleared", amount: rupee(200), isSum: false },
        { letter: "L", label: "Balance as per bank statement", amount: rupee(800), isSum: true },
        { letter: "M", label: "Unexplained difference (J+K−L)", amount: ZERO, isSum: true },
      ],
      annexures: [
        {
          letter: "G",
          title: "Cheques deposited but not cleared",
          bands: [
            {
              age: "up to 30 days",
              total: rupee(200),
              items: [
                {
                  date: localDate("2026-07-30"),
                  reference: "004512",
                  particulars: "Deposit slip 7",
                  amount: rupee(200),
                  ageDays: 1,
                },
              ],
            },
          ],
          total: rupee(200),
        },
      ],
      memoranda: [
        {
          title: "Cheques in clearing, not in this bank book",
          bands: [
            {
              age: "31 to 90 days",
              total: rupee(75),
              items: [
                {
                  date: localDate("2026-06-20"),
                  reference: "004711",
                  particulars: "Deposit slip 5",
                  amount: rupee(75),
                  ageDays: 41,
                },
              ],
            },
          ],
          total: rupee(75),
        },
      ],
      bookBalance: rupee(1000),
      statementBalance: rupee(800),
      difference: ZERO,
      signed: { status: "approved", preparedBy: "asha@test", checkedBy: "ravi@test", approvedBy: "meena@test" },
    }),
  )
    .join("")
    .replaceAll("|", "");
  for (const part of [
    "Less: cheques deposited",
    "Annexure G",
    "Memorandum: Cheques in clearing",
    "Deposit slip 5 (41 days)",
    "up to 30 days",
    "Balance as per bank statement",
    "The statement agrees.",
    "Approved: meena@test",
  ])
    expect(text).toContain(part);
});

test("the collection register sums days, modes, counters and heads without counting a receipt twice", async () => {
  const line = (receiptNo: string, amount: Paise) => ({
    date: localDate("2026-07-14"),
    receiptNo,
    consumerCode: "PT-1",
    consumerName: "Consumer 1",
    ward: "W01",
    service: "property-tax",
    mode: "cash",
    counter: "C-1",
    instrument: "",
    status: "issued",
    amount,
  });
  const sums = (name: string) => [{ label: name, count: 2, amount: rupee(300) }];
  const text = pdfPages(
    await collectionRegisterPdf({
      ...testHead("hi"),
      from: localDate("2026-07-01"),
      to: localDate("2026-07-31"),
      rows: [line("R-1", rupee(100)), line("R-2", rupee(200))],
      byDay: sums("2026-07-14"),
      byMode: sums("cash"),
      byCounter: sums("C-1"),
      byHead: sums("Property tax"),
      total: rupee(300),
    }),
  )
    .join("")
    .replaceAll("|", "");
  expect(text).toContain("Total 14/07/2026 (2)");
  expect(text.match(/300\.00/g)).toHaveLength(5);
  expect(text).not.toContain("600.00");
});

test("a document definition can open neither a file nor an address", async () => {
  const meta = { title: "x", author: "x", createdAt: new Date("2026-07-01T00:00:00Z"), language: "en" } as const;
  await expect(toPdf({ content: [{ image: "/etc/hostname", width: 10 }] }, meta)).rejects.toThrow(/denied/);
  await expect(
    toPdf({ content: [{ image: "photo" }], images: { photo: "http://127.0.0.1:9/x" } }, meta),
  ).rejects.toThrow();
});

test("a register of more pages than the memory of a server bears is refused with the figures", async () => {
  await expect(trialBalancePdf(testTrialBalance(25_000, "en"))).rejects.toThrow(
    /REPORT_TOO_LONG: 25000 rows make \d+ pages/,
  );
});

test("a row that is taller than a page goes on over the next ones: no word of it is lost, no page is empty, its amount counts once", async () => {
  const words = Array.from({ length: 700 }, (_, i) => `head${i}`);
  const rows: TableRow[] = [
    { cells: ["short", rupee(1)] },
    { cells: [words.join(" "), rupee(700)] },
    { cells: ["after", rupee(2)] },
  ];
  const pages = pdfText(
    await tablePdf({
      head: testHead("en"),
      title: { en: "Bank book" },
      subtitle: ["A long payment"],
      columns: [
        { label: { en: "Particulars" }, kind: { text: 1 } },
        { label: { en: "Payment" }, kind: "money" },
        { label: { en: "Filler" }, kind: { text: 5 } },
      ],
      rows: rows.map((row) => ({ cells: [...row.cells, ""] })),
      notes: [],
      signatures: [],
    }),
  );
  const drawn = pages.map((page) => page.join(" "));
  expect(words.filter((word) => !drawn.some((page) => page.split(" ").includes(word)))).toEqual([]);
  expect(drawn.filter((page) => !/head\d/.test(page))).toEqual([]);
  expect(drawn.join(" ").split("700.00")).toHaveLength(2);
  expect(drawn.at(-1)).toContain("703.00");
});

test("what a page carries forward stands on one line, though it is longer than any amount of the table", async () => {
  const sides = Array.from({ length: 80 }, (_, i) => ({ cells: ["x", rupee(i < 60 ? -9_999_999 : 29_999_990)] }));
  const pages = pdfPages(
    await tablePdf({
      head: testHead("en"),
      title: { en: "Sub-ledger" },
      subtitle: [],
      columns: [
        { label: { en: "Party" }, kind: { text: 1 } },
        { label: { en: "Opening" }, kind: "money" },
      ],
      rows: sides,
      notes: [],
      signatures: [],
    }),
  );
  expect(pages[0]).toMatch(/Carried forward\|\(\d\d,\d\d,\d\d,\d\d\d\.00\)\|/);
});
