import { expect, test } from "vitest";
import { cr, dr, postEntry } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { addBankAccount } from "../../reconciliation/index.ts";
import { BANK, statementCsv } from "../../reconciliation/testing.ts";
import { accessibilityProblems, overflow, PHONE, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";
import { createUser } from "../users.ts";

const { app, city, web, browser } = await webCity();
const AT = `/books/bank/${BANK}`;

await createUser(app, {
  login: "reader@test",
  name: "The second accountant",
  password: PASSWORD,
  roles: [{ ulb: city.ulb, role: "accountant" }],
});
await city.tx("accountant", async (tx) => {
  await addBankAccount(tx, {
    account: BANK,
    bank: "State Bank of India",
    branch: "Testpur",
    name: "Main account",
    number: "00000012345678",
  });
  for (const [n, [date, amount, narration]] of (
    [
      ["2026-06-02", "3500.00", "NEFT from the fair committee, UTR HDFCN26153000042"],
      ["2026-06-03", "1234.50", "Rent of shop 7"],
      ["2026-06-03", "900.00", "Tender forms"],
      ["2026-06-04", "600.00", "Library fees"],
      ["2026-06-29", "750.00", "Cash deposit slip 4711"],
    ] as const
  ).entries())
    await postEntry(tx, {
      voucher: "receipt",
      date: localDate(date),
      narration,
      source: { type: "test", id: `bank-desk-${n}` },
      lines: [dr(BANK, rupees(amount)), cr("3101001", rupees(amount))],
    });
});
const CSV = statementCsv("0.00", [
  ["2026-06-03", "3500.00", "NEFT CR-HDFC0000123-FAIR COMMITTEE-HDFCN26153000042"],
  ["2026-06-05", "1234.50", "TRF FROM SHOP 7"],
  ["2026-06-05", "1500.00", "CASH DEPOSIT COUNTER"],
  ["2026-06-20", "-118.00", "SMS CHRG FOR QUARTER INCL GST"],
  ["2026-06-30", "2500.00", "BY TRANSFER SELF"],
]);

/** A report of a settlement whose payment is not ours. */
const SETTLEMENTS = [
  "transaction_entity,entity_id,amount,currency,fee (exclusive tax),tax,debit,credit,payment_method,settlement_id,settled_at,settlement_utr,order_receipt",
  "payment,pay_BankDesk000001,1000.00,INR,20.00,3.60,0.00,976.40,card,setl_BankDesk000001,10/06/2026 10:00:00,TESTN26161000111,",
].join("\n");

test("a statement is imported, accepted, matched and split at the bench; an exception is resolved by two people, the statement signed by three", async () => {
  const maker = await visit(browser, web.url);
  await maker.signIn("accountant@test", PASSWORD);
  const { page } = maker;
  await page.goto(AT);
  await page
    .getByLabel("Statement file of the bank")
    .setInputFiles({ name: "june.csv", mimeType: "text/csv", buffer: Buffer.from(CSV) });
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("5 of 5 lines are new").waitFor();
  await picture(page, "bank-import");
  await page.goto(`${AT}/bench`);
  await page.getByRole("button", { name: "Match what is proved" }).click();
  await page.getByText("What its references prove is matched.").waitFor();
  expect(await page.getByRole("region", { name: "Progress" }).textContent()).toContain("1 of 5");

  // Keys: the first proposal has the focus and is accepted without the mouse.
  await page.keyboard.press("j");
  expect(await page.evaluate("document.activeElement.name")).toMatch(/^p-/);
  await screenshot(page, "bank-bench-proposals");
  await picture(page, "bank-accept");
  await page.keyboard.press("a");
  await page.getByText("The matches are written.").waitFor();

  // Two items of the book came as one deposit.
  await page.getByRole("checkbox", { name: /CASH DEPOSIT COUNTER/ }).check();
  await page.getByRole("checkbox", { name: /Tender forms/ }).check();
  await expect
    .poll(() => page.locator("[data-sums]").textContent())
    .toBe("Bank 1,500.00, book 900.00: difference 600.00.");
  await page.getByRole("button", { name: "Match those chosen" }).click();
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").textContent()).toContain("difference 600.00");
  await page.getByRole("checkbox", { name: /Library fees/ }).check();
  await expect.poll(() => page.locator("[data-sums]").textContent()).toBe("Bank 1,500.00, book 1,500.00: they agree.");
  await screenshot(page, "bank-bench");
  await picture(page, "bank-bench");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.keyboard.press("m");
  await page.getByRole("link", { name: "Look at it, or undo it" }).click();
  expect(await page.getByRole("main").textContent()).toContain("matched by hand");
  await screenshot(page, "bank-match");
  expect(await accessibilityProblems(page)).toEqual([]);
  // Split into parts that do not agree is refused with the figures; the match stays.
  await page.getByLabel(/Library fees/).selectOption("2");
  await page.getByRole("form", { name: "Split" }).getByLabel("Reason").fill("two deposits after all");
  await page.getByRole("button", { name: "Split it" }).scrollIntoViewIfNeeded();
  await picture(page, "bank-split");
  await page.getByRole("button", { name: "Split it" }).click();
  expect(await page.getByRole("alert").textContent()).toMatch(/difference|at least one statement line/);

  await page.goto(`${AT}/exceptions`);
  await screenshot(page, "bank-exceptions");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole("link", { name: "Bank charge", exact: true }).click();
  await page.getByRole("form", { name: "Propose" }).getByLabel("Reason").fill("quarterly SMS charges");
  await page.getByRole("button", { name: "Propose it" }).click();
  await page.getByText("It is proposed and waits for another person.").waitFor();
  const exception = page.url().split("?")[0] ?? "";
  await screenshot(page, "bank-exception-proposed");
  expect(await accessibilityProblems(page)).toEqual([]);

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto(exception);
  await screenshot(checker.page, "bank-exception-checker");
  await picture(checker.page, "bank-exception");
  await checker.page.getByRole("button", { name: "Approve it" }).click();
  await checker.page.getByText("It is approved and posted.").waitFor();

  await page.goto(`${AT}/brs?on=2026-06-30`);
  await page.getByText("Reconciled: what the bank should say is what it says.").waitFor();
  await page.getByRole("button", { name: "Prepare it for signing" }).click();
  const second = await visit(browser, web.url);
  await second.signIn("reader@test", PASSWORD);
  await second.page.goto(`${AT}/brs?on=2026-06-30`);
  await second.page.getByRole("button", { name: "I have checked it" }).click();
  await second.page
    .getByText(/Checked/)
    .first()
    .waitFor();
  await checker.page.goto(`${AT}/brs?on=2026-06-30`);
  await checker.page.getByRole("button", { name: "Approve it" }).click();
  await checker.page.getByText("As it was approved on").waitFor();
  await screenshot(checker.page, "bank-brs-approved");
  await picture(checker.page, "bank-reconciliation-statement");
  expect(await accessibilityProblems(checker.page)).toEqual([]);
  const [download] = await Promise.all([
    checker.page.waitForEvent("download"),
    checker.page.getByRole("link", { name: "CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/_brs_4502101_2026-06-30\.csv$/);
  expect([...maker.complaints, ...checker.complaints, ...second.complaints]).toEqual([]);
  for (const v of [maker, checker, second]) await v.context.close();
}, 120_000);

/** A bank of which nobody has a layout; debit and credit stand under words of its own. */
const UNKNOWN_HEAD = "Sl,Dt of entry,Instrument,Towards,Taken,Given,Left";
const UNKNOWN = [
  "Testpur Nagarik Sahakari Bank,,,,,,",
  "Statement for July 2026,,,,,,",
  UNKNOWN_HEAD,
  "1,03/07/2026,,NEFT CR TESTN26184000042 A RATEPAYER,,2500.00,12500.00",
  "2,06/07/2026,000321,CLG OUTWARD,1200.00,,11300.00",
  "3,09/07/2026,,BY CASH SLIP 88,,700.00,12000.00",
];
const SECOND = "4502102";
const THIRD = "4502103";

test("a file of an unknown bank: its columns are named on a phone, by keyboard and without scripts; the next file is read by itself", async () => {
  await city.tx("accountant", (tx) =>
    addBankAccount(tx, {
      account: SECOND,
      bank: "Testpur Nagarik Bank",
      name: "Second account",
      number: "00000055556666",
    }),
  );
  const at = `/books/bank/${SECOND}`;
  const file = (name: string, rows: readonly string[]) => ({
    name,
    mimeType: "text/csv",
    buffer: Buffer.from(rows.join("\n")),
  });
  const office = await visit(browser, web.url, { viewport: PHONE, scripts: false });
  await office.signIn("accountant@test", PASSWORD);
  const { page } = office;
  await page.goto(at);
  await page.getByLabel("Statement file of the bank").setInputFiles(file("july.csv", UNKNOWN));
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("The statement was refused; nothing of it was stored.").waitFor();
  await page.getByRole("link", { name: "Say what the columns of this file are" }).click();
  await page.waitForURL(/\/columns\//, { waitUntil: "load" });
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "phone-bank-columns");
  expect(await page.getByRole("alert").textContent()).toContain("say which column has the date");
  // By keyboard: each question is a list, answered by typing what its entry begins with.
  for (const [label, column] of [
    ["Line that names the columns", "line 3"],
    ["Date", "2"],
    ["How dates are written", "day first: 31/12/2026"],
    ["Value date", "not"],
    ["Narration", "4"],
    ["Reference or cheque number", "3"],
    ["Debit (money out)", "6"],
    ["Credit (money in)", "5"],
    ["Balance after the line", "7"],
  ] as const) {
    await page.getByLabel(label, { exact: true }).focus();
    await page.keyboard.type(column, { delay: 5 });
    if (label === "Line that names the columns") {
      await page.getByRole("button", { name: "Show how it reads" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("table", { name: /The first rows/ }).waitFor();
    }
  }
  await page.getByRole("button", { name: "Show how it reads" }).focus();
  await page.keyboard.press("Enter");
  // Debit and credit were said the wrong way round: the balances say so.
  await page.getByText("Debit and credit stand over each other's columns").waitFor();
  await page.getByLabel("Debit (money out)", { exact: true }).selectOption("4");
  await page.getByLabel("Credit (money in)", { exact: true }).selectOption("5");
  await page.getByLabel("Balance after the line", { exact: true }).selectOption("");
  await page.getByRole("button", { name: "Show how it reads" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("its lines sum to 2000.00");
  await page.getByLabel("Closing balance, if the file states none").fill("12,000.00");
  await page.getByLabel("Opening balance, if the file states none").fill("9,000.00");
  await page.getByRole("button", { name: "Show how it reads" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("difference 1,000.00");
  await page.getByLabel("Opening balance, if the file states none").fill("");
  await page.getByLabel("Closing balance, if the file states none").fill("");
  await page.getByLabel("Balance after the line", { exact: true }).selectOption("6");
  await page.getByRole("button", { name: "Show how it reads" }).click();
  await page.getByText("The balances prove it").waitFor();
  // A click goes on before the styles of the next page are there.
  await page.waitForLoadState("load");
  expect(await page.getByRole("main").textContent()).toContain(
    "Opening 10,000.00 + credits 3,200.00 − debits 1,200.00 = closing 12,000.00.",
  );
  // The lines as they read, in rupees.
  for (const figure of ["12,500.00", "11,300.00"]) expect(await page.getByRole("main").textContent()).toContain(figure);
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "phone-bank-columns-proved");
  const proved = page.url();

  // With scripts the reading follows every choice; the page keeps the rules of accessibility.
  const desk = await visit(browser, web.url);
  await desk.signIn("accountant@test", PASSWORD);
  await desk.page.goto(proved);
  await screenshot(desk.page, "bank-columns");
  await desk.page.getByRole("button", { name: "Keep the columns and import the file" }).scrollIntoViewIfNeeded();
  await picture(desk.page, "bank-columns");
  expect(await accessibilityProblems(desk.page)).toEqual([]);
  await desk.page.getByLabel("Narration", { exact: true }).selectOption("");
  await desk.page.getByText("say which column has the narration").waitFor();
  expect(desk.complaints).toEqual([]);
  await desk.context.close();

  await page.getByRole("button", { name: "Keep the columns and import the file" }).click();
  await page.getByText("The columns are kept, and the file is imported.").waitFor();
  await page
    .getByLabel("Statement file of the bank")
    .setInputFiles(file("august.csv", [UNKNOWN_HEAD, "1,03/08/2026,,BY CASH SLIP 90,,100.00,12100.00"]));
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("1 of 1 lines are new").waitFor();
  // A third bank names its columns nowhere: they are known by their place.
  await city.tx("accountant", (tx) =>
    addBankAccount(tx, {
      account: THIRD,
      bank: "Testpur Gramin Bank",
      name: "Third account",
      number: "00000077778888",
    }),
  );
  await page.goto(`/books/bank/${THIRD}`);
  await page
    .getByLabel("Statement file of the bank")
    .setInputFiles(file("bare.csv", ["01/07/2026,BY CASH,100.00,600.00", "02/07/2026,SMS CHRG,-18.00,582.00"]));
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByRole("link", { name: "Say what the columns of this file are" }).click();
  await page.waitForURL(/\/columns\//, { waitUntil: "load" });
  expect(await page.getByLabel("Line that names the columns").inputValue()).toBe("0");
  for (const [label, column] of [
    ["Narration", "1"],
    ["Amount", "2"],
    ["Balance after the line", "3"],
  ] as const)
    await page
      .getByLabel(label, { exact: label !== "Amount" })
      .first()
      .selectOption(column);
  await page.getByRole("button", { name: "Show how it reads" }).click();
  await page.getByText("The balances prove it").waitFor();
  await page.waitForLoadState("load");
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "phone-bank-columns-by-place");
  await page.getByRole("button", { name: "Keep the columns and import the file" }).click();
  await page.getByText("The columns are kept, and the file is imported.").waitFor();
  await page.goto("/books/bank/layouts");
  expect(await page.getByRole("main").textContent()).toContain("testpur-nagarik-bank@1");
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "phone-bank-layouts");
  expect(office.complaints).toEqual([]);
  await office.context.close();
}, 120_000);

test("a rule that books charges is proposed by one person and approved by another; what it refuses stays typed", async () => {
  const maker = await visit(browser, web.url);
  await maker.signIn("accountant@test", PASSWORD);
  const { page } = maker;
  await page.goto(AT);
  await page.getByRole("link", { name: "Rules", exact: true }).click();
  await page.getByText("There is no rule").waitFor();
  const form = page.getByRole("form", { name: "Propose a rule" });
  const fill = async (values: Readonly<Record<string, string>>): Promise<void> => {
    for (const [label, value] of Object.entries(values)) await form.getByLabel(label).fill(value);
    await form.getByRole("button", { name: "Propose it" }).click();
  };
  await fill({
    Name: "SMS charges",
    "Words of the narration": "SMS, GST",
    "Limit of one line": "150",
    "Limit of a month": "100",
    "Valid from": "2026-07-01",
    Reason: "every quarter, as the bank's tariff says",
  });
  await page.getByText("The limit of a month, 100.00, is below that of a line, 150.00", { exact: false }).waitFor();
  expect(await form.getByLabel("Words of the narration").inputValue()).toBe("SMS, GST");
  await fill({ "Limit of a month": "300" });
  await page.getByText("It is proposed; another person approves it.").waitFor();
  await page.getByText("waits for approval").waitFor();
  expect(await page.getByRole("button", { name: "Approve version 1" }).count()).toBe(0);
  await screenshot(page, "bank-rules-proposed");
  expect(maker.complaints).toEqual([]);
  await maker.context.close();

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto(`${AT}/rules`);
  await checker.page.getByRole("button", { name: "Approve version 1" }).click();
  await checker.page.getByText("It is approved, and books from now on.").waitFor();
  expect(await checker.page.getByRole("form", { name: "Propose a rule" }).count()).toBe(0);
  expect(await accessibilityProblems(checker.page)).toEqual([]);
  await screenshot(checker.page, "bank-rules-approved");
  expect(checker.complaints).toEqual([]);
  await checker.context.close();

  const again = await visit(browser, web.url);
  await again.signIn("accountant@test", PASSWORD);
  await again.page.goto(`${AT}/rules`);
  await again.page.getByRole("link", { name: "Write its next version" }).click();
  expect(await again.page.getByRole("form", { name: "Propose a rule" }).getByLabel("Name").inputValue()).toBe(
    "SMS charges",
  );
  await again.page
    .getByRole("form", { name: "End SMS charges" })
    .getByLabel("Why it ends")
    .fill("the bank waived them");
  await again.page.getByRole("button", { name: "End the rule" }).click();
  await again.page.getByText("The rule is ended.").waitFor();
  expect(again.complaints).toEqual([]);
  await again.context.close();
}, 90_000);

test("the pages of the bank's desk fit a phone, and work without scripts", async () => {
  const office = await visit(browser, web.url, { viewport: PHONE, scripts: false });
  await office.signIn("accountant@test", PASSWORD);
  const { page } = office;
  for (const url of [
    AT,
    `${AT}/bench`,
    `${AT}/exceptions`,
    `${AT}/matches`,
    `${AT}/rules`,
    `${AT}/brs?on=2026-06-30`,
    "/books/bank/settlements",
    "/books/bank/holidays",
  ]) {
    await page.goto(url);
    expect(await overflow(page), url).toBe(0);
    await screenshot(page, `phone${url.replaceAll(/[/?=]/g, "-")}`);
  }
  await page.goto("/books/bank/settlements");
  const report = page.getByRole("form", { name: "Upload a settlement report" });
  const upload = async (text: string): Promise<void> => {
    const file = { name: "settlements.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
    await report.getByLabel("Report of the gateway").setInputFiles(file);
    await report.getByRole("button", { name: "Upload" }).click();
  };
  await upload(SETTLEMENTS.slice(0, -20));
  await page.getByText("The report was refused").waitFor();
  await upload(SETTLEMENTS);
  await page.getByText("These settlements are exceptions").waitFor();
  expect(await overflow(page)).toBe(0);
  await page.goto("/books/bank/holidays");
  const holiday = page.getByRole("form", { name: "Declare a holiday" });
  await holiday.getByLabel("Day").fill("2026-08-28");
  await holiday.getByLabel("Name").fill("Raksha Bandhan");
  await holiday.getByRole("button", { name: "Declare it" }).click();
  await page.getByText("It is declared.").waitFor();
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("No holiday was declared.").waitFor();
  await page.goto(`${AT}/exceptions`);
  await page.getByRole("link", { name: "Credit not identified", exact: true }).click();
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "phone-bank-exception");
  await page.getByLabel("Way out", { exact: true }).selectOption("unidentified-credit");
  await page.getByRole("button", { name: "Choose" }).click();
  await page.getByRole("form", { name: "Propose" }).getByLabel("Reason").fill("nobody has named it yet");
  await page.getByRole("button", { name: "Propose it" }).click();
  await page.getByText("It is proposed and waits for another person.").waitFor();
  expect(office.complaints).toEqual([]);
  await office.context.close();
}, 90_000);
