import { expect, test } from "vitest";
import { getAccount } from "../../ledger/index.ts";
import { addBankBook, addChequeBook, addMaster, addParty, setPartyStatus } from "../../ledger/index.ts";
import { accessibilityProblems, DESKTOP, overflow, PHONE, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser } = await webCity();
await city.tx("admin", async (tx) => {
  await addMaster(tx, "fields", { code: "Z1", name: "North zone", kind: "zone" });
  await addMaster(tx, "fields", {
    code: "W-07",
    name: "Gandhi Nagar",
    nameLocal: "गांधी नगर",
    kind: "ward",
    parent: "Z1",
  });
  await addParty(tx, {
    type: "contractor",
    name: "Shree Balaji Constructions",
    pan: "AAPFU0939F",
    gstin: "27AAPFU0939F1ZV",
  });
  await setPartyStatus(tx, "contractor", "C-0001", "suspended", { reason: "Work not begun in time" });
  await addBankBook(tx, {
    account: "4502101",
    bank: "State Bank of India",
    number: "00000012345678",
    ifsc: "SBIN0001234",
  });
  await addChequeBook(tx, { account: "4502101", firstLeaf: 101, lastLeaf: 200 });
});

test("a head of account is added by two people at their browsers, without scripts", async () => {
  const maker = await visit(browser, web.url, { scripts: false });
  await maker.signIn("admin@test", PASSWORD);
  await maker.page.goto("/books/masters/accounts?search=22052");
  await maker.page.getByLabel("Under").fill("22052");
  await maker.page.getByLabel("Code", { exact: true }).fill("2205210");
  await maker.page.getByLabel("Name", { exact: true }).fill("Drone survey of roads");
  await maker.page.getByLabel("Reason").fill("Council resolution 12 of 2026");
  await maker.page.getByRole("button", { name: "Propose it" }).click();
  await maker.page.waitForURL(/masters\/changes/);
  expect(await maker.page.getByRole("button", { name: "Confirm" }).count()).toBe(0);

  const checker = await visit(browser, web.url, { scripts: false });
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto("/books/masters");
  await checker.page.getByRole("link", { name: /One change waits/ }).click();
  await screenshot(checker.page, "masters-change");
  await checker.page.getByRole("button", { name: "Confirm and make the change" }).click();
  await checker.page.getByRole("status").waitFor();
  expect(await city.tx("auditor", (tx) => getAccount(tx, "2205210"))).toMatchObject({ name: "Drone survey of roads" });
  expect([...maker.complaints, ...checker.complaints]).toEqual([]);
  await maker.context.close();
  await checker.context.close();
});

test("pages of the masters fit a phone and a desk, and anybody can use them", async () => {
  const pages = [
    "",
    "/accounts",
    "/accounts/3501003",
    "/lists/fields",
    "/lists/fields/W-07",
    "/lists/budget-heads",
    "/parties",
    "/parties/new",
    "/parties/contractor/C-0001",
    "/banks",
    "/banks/4502101",
    "/tax-sections",
    "/posting-map",
    "/changes",
  ];
  for (const [name, viewport] of [
    ["desk", DESKTOP],
    ["phone", PHONE],
  ] as const) {
    const person = await visit(browser, web.url, { viewport });
    await person.signIn("admin@test", PASSWORD);
    for (const address of pages) {
      await person.page.goto(`/books/masters${address}`);
      await screenshot(person.page, `masters${address.replaceAll("/", "-")}-${name}`);
      expect(await overflow(person.page), `${address} on a ${name}`).toBe(0);
      if (name === "desk") expect(await accessibilityProblems(person.page), address).toEqual([]);
    }
    expect(person.complaints).toEqual([]);
    await person.context.close();
  }
}, 180_000);
