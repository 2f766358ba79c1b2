import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { collectionErrors } from "../../collections/index.ts";
import { accessibilityProblems, overflow, PHONE, DESKTOP, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { app, web, browser, debtor, count } = await webCity();
const owner = await debtor("PT-3-00007");

const providerOrder = async (orderId: string): Promise<string> => {
  const { rows } = await app.db.batch.query<{ id: string }>(
    "select provider_order_id as id from collections.orders where order_id = $1",
    [orderId],
  );
  return rows[0]?.id ?? "";
};

/** The page itself puts the cursor into that field, once it is drawn: a person types on without reaching for the mouse. */
const cursorIn = (page: Page, field: string): Promise<void> =>
  expect.poll(() => page.evaluate("document.activeElement.name")).toBe(field);

test("without scripts a citizen finds, pays and gets the receipt all the same", async () => {
  const consumer = await debtor("PT-3-00101");
  const { page, context } = await visit(browser, web.url, { scripts: false, viewport: PHONE });
  await page.goto("/pay");
  await page.getByLabel("Consumer code or mobile number").fill(consumer.code);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: `See the bill ${consumer.code}` }).click();
  await page.getByRole("button", { name: "Pay ₹ 5,670.00" }).click();
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await page.getByRole("button", { name: "Pay ₹5,670.00" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/\/receipt\//);
  expect(await page.getByRole("main").textContent()).toContain("Valid receipt");
  await context.close();
});

test("with the keyboard alone, in Hindi on a phone, a citizen pays a part of the bill", async () => {
  const consumer = await debtor("PT-3-00102");
  const { page, context, complaints } = await visit(browser, web.url, { lang: "hi", viewport: PHONE });
  await page.goto("/");
  await page.keyboard.press("Tab");
  // The first stop leads past the navigation.
  expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe("#main");

  await page.goto("/pay");
  await cursorIn(page, "q");
  await page.keyboard.type(consumer.code);
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=PT-3-00102/);
  await page.locator("#hits a").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/pay/${consumer.id}`));
  // What a screen reader reads, in this order: whose bill it is, its parts as a table, the amount as a named field, and the way to pay.
  const tree = await page.getByRole("main").ariaSnapshot();
  expect(tree).toMatch(/heading "[^"]+" \[level=1\][\s\S]*definition: PT-3-00102[\s\S]*definition: ₹ 5,670\.00/);
  expect(tree).toMatch(/table[^\n]*:[\s\S]*columnheader[\s\S]*2,700\.00/);
  expect(tree).toMatch(/textbox "[^"]+"/);
  expect(tree).toMatch(/form "[^"]+":[\s\S]*button "[^"]*5,670\.00[^"]*"/);
  await picture(page, "pay-phone");
  await page.locator('input[name="amount"]').focus();
  await page.keyboard.type("1,000");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/__sim\//);
  await page.getByRole("button", { name: "Pay ₹1,000.00" }).press("Enter");
  await page.waitForURL(/\/receipt\//);
  const receipt = (await page.getByRole("main").textContent()) ?? "";
  expect(receipt).toContain("1,000.00");
  expect(receipt).toContain("वंदना तोमर");
  await picture(page, "receipt-phone");
  expect(complaints).toEqual([]);
  await context.close();
});

test("wrong amounts are refused beside the form, in the reader's language, with what was typed; nothing is written", async () => {
  const before = await count("orders");
  const { page, context, complaints } = await visit(browser, web.url, { lang: "hi" });
  for (const [typed, said] of [
    ["12.345", "“12.345” में दशमलव के बाद 3 अंक हैं"],
    ["बारह", "“बारह” राशि नहीं है"],
    ["-5", "-5.00 का ऑनलाइन भुगतान नहीं हो सकता"],
    ["0", "0.00 का ऑनलाइन भुगतान नहीं हो सकता"],
    ["<script>alert(1)</script>", "राशि नहीं है"],
  ] as const) {
    await page.goto(`/pay/${owner.id}`);
    await page.locator('input[name="amount"]').fill(typed);
    await page.locator('input[name="amount"]').press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent()).toContain(said);
    expect(await page.locator('input[name="amount"]').getAttribute("aria-invalid")).toBe("true");
    await cursorIn(page, "amount");
  }
  expect(await accessibilityProblems(page)).toEqual([]);
  await screenshot(page, "wrong-amount-hi");
  expect(await count("orders")).toBe(before);
  expect(complaints).toEqual([]);
  await context.close();
});

test("the bank declines: the citizen is told so, owes as before and may try again; no receipt is issued", async () => {
  const before = await count("receipts");
  const { page, context, complaints } = await visit(browser, web.url);
  await page.goto(`/pay/${owner.id}`);
  await page.getByRole("button", { name: "Pay ₹ 5,670.00" }).click();
  await page.getByRole("button", { name: "The bank declines" }).click();
  await page.waitForURL(/\/pay\/processing\//);
  await screenshot(page, "declined");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("The payment did not succeed");
  await page.getByRole("link", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Pay ₹ 5,670.00" }).waitFor();
  expect(await count("receipts")).toBe(before);
  expect(complaints).toEqual([]);
  await context.close();
});

test("while the bank is silent the page waits, and goes to the receipt by itself when the money has come", async () => {
  const consumer = await debtor("PT-3-00103");
  const { page, context, complaints } = await visit(browser, web.url);
  await page.goto(`/pay/${consumer.id}`);
  await page.getByRole("button", { name: "Pay ₹ 5,670.00" }).click();
  await page.waitForURL(/\/__sim\//);
  // The address of the waiting page is told to the gateway with the order.
  const { rows } = await app.db.batch.query<{ order_id: string }>(
    "select order_id from collections.orders where consumer_id = $1",
    [consumer.id],
  );
  const orderId = rows[0]?.order_id ?? "";
  await page.goto(`/pay/processing/${orderId}`);
  await screenshot(page, "processing");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Your payment is being confirmed");
  expect(await accessibilityProblems(page)).toEqual([]);
  web.simulator.payOrder(await providerOrder(orderId), { method: "upi" });
  await page.waitForURL(/\/receipt\//, { timeout: 15_000 });
  expect(await page.getByRole("main").textContent()).toContain("5,670.00");
  expect(complaints).toEqual([]);
  await context.close();
});

test("an impatient double click makes one order, and two tabs of one bill pay it once", async () => {
  const consumer = await debtor("PT-3-00104");
  const before = await count("orders");
  const first = await visit(browser, web.url);
  await first.page.goto(`/pay/${consumer.id}`);
  await first.page.getByRole("button", { name: "Pay ₹ 5,670.00" }).dblclick({ noWaitAfter: true });
  // The second click breaks off the navigation of the first: what counts is where both end.
  await first.page.getByRole("button", { name: "Pay ₹5,670.00" }).waitFor();
  expect(first.page.url()).toMatch(/\/__sim\//);
  const second = await visit(browser, web.url);
  await second.page.goto(`/pay/${consumer.id}`);
  await second.page.getByRole("button", { name: "Pay ₹ 5,670.00" }).click();
  await second.page.waitForURL(/\/__sim\//);
  expect(await count("orders")).toBe(before + 1);
  const receipts = await count("receipts");
  await first.page.getByRole("button", { name: "Pay ₹5,670.00" }).click();
  await first.page.waitForURL(/\/receipt\//);
  // The other tab's order is paid by now; the gateway takes no money for it again.
  await second.page.getByRole("button", { name: "Pay ₹5,670.00" }).click();
  await second.page.waitForLoadState();
  expect(await count("receipts")).toBe(receipts + 1);
  await first.context.close();
  await second.context.close();
});

test("a return that the gateway did not sign is refused and books nothing", async () => {
  const before = await count("receipts");
  const { page, context } = await visit(browser, web.url);
  const { rows } = await app.db.batch.query<{ order_id: string }>(
    "select order_id from collections.orders where consumer_id = $1 and status <> 'paid'",
    [owner.id],
  );
  const orderId = rows[0]?.order_id ?? "";
  const answer = await context.request.post(`/pay/callback/${orderId}`, {
    form: {
      razorpay_payment_id: "pay_Forged0000001",
      razorpay_order_id: await providerOrder(orderId),
      razorpay_signature: "0".repeat(64),
    },
    headers: { accept: "text/html" },
  });
  expect(answer.status()).toBe(collectionErrors.CALLBACK_SIGNATURE({ order: orderId }).status);
  expect(await answer.text()).toContain("not signed by the gateway");
  expect(await count("receipts")).toBe(before);
  await page.close();
  await context.close();
});

test("what is not signed in sees no owner's whole name or mobile number", async () => {
  const { page, context } = await visit(browser, web.url);
  for (const path of [`/pay?q=${owner.code}`, `/pay/${owner.id}`]) {
    await page.goto(path);
    const text = (await page.getByRole("main").textContent()) ?? "";
    expect(text).toContain("V•••• T••••");
    expect(text).not.toContain("Vandana");
  }
  await context.close();
});

test("a cashier opens the counter, takes cash with the keyboard, and may close only when the drawer tallies to the rupee", async () => {
  const consumer = await debtor("PT-3-00105");
  const { page, context, complaints, signIn } = await visit(browser, web.url);
  await signIn("cashier@test", PASSWORD);
  await page.waitForURL(/\/counter/);
  await cursorIn(page, "counter");
  await page.keyboard.type("Counter 1");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Counter 1" }).waitFor();
  await cursorIn(page, "q");
  await page.keyboard.type(consumer.code);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/counter\/take\//);
  await screenshot(page, "counter-take");
  await cursorIn(page, "amount");
  expect(await page.locator('input[name="amount"]').inputValue()).toBe("5670.00");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/counter\/receipts\//);
  await screenshot(page, "counter-receipt");

  await page.goto("/counter/close");
  await page.locator('input[name="d500"]').fill("11");
  await page.locator('input[name="d100"]').fill("1");
  await page.locator('input[name="d50"]').press("Enter");
  await expect.poll(() => page.getByRole("alert").textContent()).toContain("70.00 short");
  await screenshot(page, "counter-short");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.locator('input[name="d50"]').fill("1");
  await page.locator('input[name="d20"]').fill("1");
  await page.locator('input[name="d20"]').press("Enter");
  await expect.poll(() => page.getByRole("main").textContent()).toContain("5,670.00");
  expect(complaints).toEqual([]);
  await context.close();
});

test("a sign-in that fails says the same for a wrong password and for a name that nobody has", async () => {
  const { page, context } = await visit(browser, web.url);
  const said: (string | null)[] = [];
  for (const login of ["accountant@test", "nobody@test"]) {
    await page.goto("/signin");
    await page.locator('input[name="login"]').fill(login);
    await page.locator('input[name="password"]').fill("not the password");
    await page.locator('input[name="password"]').press("Enter");
    said.push(await page.getByRole("alert").textContent());
  }
  expect(said[0]).toBe(said[1]);
  await context.close();
});

const PAGES: Readonly<Record<"citizen" | "cashier" | "accountant" | "auditor" | "state", readonly string[]>> = {
  citizen: ["/", "/signin", "/pay", "/pay?q=PT-3", "/pay?q=nothing-like-it", `/pay/${owner.id}`],
  cashier: ["/counter"],
  accountant: [
    "/books",
    "/books/day-book?from=2026-07-01&to=2026-07-31",
    "/books/trial-balance?from=2026-07-01&to=2026-07-31",
    "/books/accounts/4501005?from=2026-07-01&to=2026-07-31",
    "/books/vouchers",
    "/books/vouchers/new",
    "/books/periods",
    "/books/periods/2026-07",
    "/books/bank",
    "/books/money",
    "/books/refunds",
  ],
  auditor: ["/audit"],
  state: ["/dashboard?from=2026-07-01&to=2026-07-31"],
};

for (const lang of ["en", "hi"] as const) {
  test(`every page can be read by all, at 1280 and at 360 pixels (${lang})`, { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    const look = async ([role, paths]: readonly [string, readonly string[]]): Promise<void> => {
      const { page, context, complaints, signIn } = await visit(browser, web.url, { lang });
      if (role !== "citizen") await signIn(`${role}@test`, PASSWORD);
      for (const [at, path] of paths.entries()) {
        const status = (await page.goto(path))?.status();
        if (status !== 200) wrong.push(`${path} answers ${status}`);
        for (const viewport of [DESKTOP, PHONE]) {
          await page.setViewportSize(viewport);
          const name = `${role}${path.replace(/[^a-z0-9]+/gi, "-").slice(0, 30)}-${lang}-${viewport.width}`;
          await screenshot(page, name);
          if ((await overflow(page)) > 0) wrong.push(`${name} is wider than its window`);
          // Rules look at a page once: every other one on a wide window in English, the others on a phone in Hindi.
          if ((at % 2 === 0) === (lang === "en") && (lang === "en") === (viewport === DESKTOP))
            wrong.push(...(await accessibilityProblems(page)).map((p) => `${name} ${p}`));
        }
      }
      wrong.push(...complaints.map((c) => `${role}: ${c}`));
      await context.close();
    };
    const { accountant, ...others } = PAGES;
    await Promise.all([
      look(["accountant", accountant]),
      (async () => {
        for (const part of Object.entries(others)) await look(part);
      })(),
    ]);
    expect(wrong).toEqual([]);
  });
}
