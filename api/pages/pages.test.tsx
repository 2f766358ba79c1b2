import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import type { Consumer } from "../../billing/index.ts";
import { collectionErrors } from "../../collections/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, ZERO } from "../../ledger/kernel/money.ts";
import type { TrialBalanceRow } from "../../ledger/index.ts";
import type { Ulb } from "../../ledger/kernel/tx.ts";
import { testReceipt } from "../../reports/testing.ts";
import type { Language } from "../session.ts";
import { asset, assetUrl } from "./asset-urls.ts";
import { TrialBalancePage } from "./books.tsx";
import { BillPage, type BillView } from "./citizen/bill.tsx";
import { CheckoutPage, PaymentState } from "./citizen/payment.tsx";
import { pieces, TakePage } from "./counter.tsx";
import { safeNext, SignInPage } from "./home.tsx";
import { CATALOGUES, PHRASES, translator } from "./i18n.ts";
import { field, typedAmount, type View } from "./kit.tsx";
import { inOtherLanguage } from "./layout.tsx";
import { ReceiptPage } from "./receipt.tsx";
import { typedVoucher, voucherOf } from "./vouchers.tsx";

const ulb: Ulb = {
  id: 7,
  code: "testpur",
  name: "Nagar Palika Parishad Testpur",
  nameLocal: "नगर पालिका परिषद् टेस्टपुर",
  state: "Testpradesh",
  startsOn: localDate("2025-04-01"),
};
const viewIn = (lang: Language, path = "/pay"): View => ({
  session: { csrf: "the-token", lang },
  t: translator(lang),
  path,
});
const view = viewIn("en");
const html = (page: VNode): string => renderToString(page);

const consumer: Consumer = {
  id: "01890000-0000-7000-8000-000000000001",
  service: "property-tax",
  code: "PT-1-00001",
  name: "<script>alert(1)</script> Tomar",
  nameLocal: "वंदना तोमर",
  mobile: "9000000001",
  email: null,
  address: "1, Test Road",
  ward: "1",
  isActive: true,
  advance: ZERO,
};
const line = (year: string, amount: string, cess: string, part: "arrears" | "current") => ({
  demandId: "01890000-0000-7000-8000-00000000000a",
  taxHead: "PT_TAX",
  kind: "tax" as const,
  demandYear: financialYear(year),
  periodFrom: localDate("2025-04-01"),
  periodTo: localDate("2026-03-31"),
  dueDate: localDate("2025-09-30"),
  part,
  amount: rupees(amount),
  cessHead: "PT_LIBRARY_CESS",
  cess: rupees(cess),
  rebate: ZERO,
});
const bill: BillView = {
  consumer,
  clearing: [],
  upiLimit: rupees("500000"),
  heads: new Map([["PT_TAX", { name: "General tax", nameLocal: "सामान्य कर" }]]),
  body: {
    asOf: localDate("2026-07-15"),
    lines: [line("2025-26", "2700", "200", "arrears"), line("2026-27", "2970", "220", "current")],
    arrears: rupees("2700"),
    current: rupees("2970"),
    penalty: rupees("81.50"),
    rebate: rupees("0"),
    rounding: rupees("0.50"),
    total: rupees("5752"),
    fingerprint: "f",
  },
};
const billPage = (v: View, more: object = {}): string =>
  html(<BillPage view={v} ulb={ulb} bill={bill} keys={{ whole: "key-whole-1", part: "key-part-1" }} {...more} />);

test("no page uses a word that the catalogue has not, and no word is kept that no page uses", () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .filter((f) => /\.tsx?$/.test(f) && !f.includes(".test."))
    .map((f) => readFileSync(path.join(import.meta.dirname, f), "utf8"))
    .join("\n");
  const said = new Set([...sources.matchAll(/["']((?:[a-z]+)(?:\.[a-z0-9-]+)+)["']/g)].map((m) => m[1] ?? ""));
  const keys = Object.keys(CATALOGUES.en);
  const used = [...sources.matchAll(/\bt\(\s*"([^"]+)"/g)].map((m) => m[1] ?? "");
  expect(used.length).toBeGreaterThan(60);
  expect(used.filter((k) => !keys.includes(k))).toEqual([]);
  // Words for codes that come from data are looked up by their group.
  expect(keys.filter((k) => k.includes(".") && !/^(service|mode|role)\./.test(k) && !said.has(k))).toEqual([]);
});

test("what people typed is text on a page, never markup", () => {
  const page = billPage(view);
  expect(page).not.toContain("<script>alert");
  const hostile = `"><script>alert(2)</script>`;
  expect(billPage(view, { typed: hostile })).not.toContain("<script>alert");
  expect(html(<SignInPage view={view} next={hostile} login={hostile} demo />)).not.toContain("<script>alert");
});

test("a bill shows every part of the sum, the cess within it, and asks to pay whole or part under keys of their own", () => {
  const page = billPage(view);
  for (const text of [
    "2,700.00",
    "2,970.00",
    "81.50",
    "0.50",
    "5,752.00",
    "200.00",
    "220.00",
    "2025-26",
    "2026-27",
    "General tax",
  ]) {
    expect(page).toContain(text);
  }
  expect(page).toContain('name="key" value="key-whole-1"');
  expect(page).toContain('name="key" value="key-part-1"');
  expect(page).toMatch(/<form[^>]*action="[^"]*\/bill"/);
  expect(page.match(/name="_csrf" value="the-token"/g)).toHaveLength(3);
  expect(page).toContain('name="shown" value="5752.00"');
  expect(page).toMatch(/<input[^>]*name="amount"[^>]*inputmode="decimal"/i);
});

test("the same bill in Hindi says so, names the heads in Hindi, and leads back to English", () => {
  const page = billPage(viewIn("hi", "/pay/x?q=1"));
  expect(page).toContain('<html lang="hi">');
  expect(page).toContain("सामान्य कर");
  expect(page).toContain("देय राशि");
  expect(page).toContain('href="/pay/x?q=1&amp;lang=en"');
  expect(page).not.toContain("What is due");
});

test("a refused form says why beside it and keeps what was typed", () => {
  const refusal = collectionErrors.ORDER_AMOUNT({ amount: "0.50" });
  const page = billPage(view, { typed: "0.50", refusal });
  expect(page).toContain('role="alert"');
  expect(page).toContain("ORDER_AMOUNT");
  expect(page).toMatch(/<input[^>]*name="amount"[^>]*value="0.50"/);
  expect(billPage(view, { hasChanged: true })).toContain("it is now ₹ 5,752.00");
});

test("the form that goes to the gateway works by its button alone; nothing on it is ours to change", () => {
  const form = { action: "https://gateway.example/checkout", fields: { order_id: "order_1", amount: "575200" } };
  const page = html(
    <CheckoutPage view={view} ulb={ulb} amount="5,752.00" what="Property tax" back="/pay/x" form={form} />,
  );
  expect(page).toContain('action="https://gateway.example/checkout"');
  expect(page).toContain('name="order_id" value="order_1"');
  expect(page).not.toContain("_csrf");
  expect(page).not.toMatch(/<script(?![^>]*src=)/);
});

test("a waiting page looks again by itself, ever more slowly, and has a link for those without scripts", () => {
  const waiting = (round: number): string =>
    html(<PaymentState view={view} orderId="o1" consumerId="c1" amount="1.00" outcome={{ kind: "waiting", round }} />);
  expect(waiting(0)).toContain('hx-trigger="load delay:2s"');
  expect(waiting(500)).toContain('hx-trigger="load delay:30s"');
  expect(waiting(0)).toContain('href="/pay/processing/o1"');
  const failed = html(
    <PaymentState
      view={view}
      orderId="o1"
      consumerId="c1"
      amount="1.00"
      outcome={{ kind: "failed", reason: "Bank declined." }}
    />,
  );
  expect(failed).toContain("Bank declined.");
  expect(failed).not.toContain("hx-get");
});

test("the page behind the code says at once whether a receipt is true, cancelled or dishonoured", () => {
  const page = (over: Parameters<typeof testReceipt>[0]): string =>
    html(<ReceiptPage view={view} receipt={testReceipt(over)} token="AbCdEfGhIjKlMnOpQrSt" ulb={ulb} />);
  const issued = page({});
  expect(issued).toContain("Valid receipt");
  expect(issued).toContain("12,36,192.50");
  expect(issued).toContain("Rupees Twelve Lakh Thirty-Six Thousand One Hundred Ninety-Two and Paise Fifty Only");
  expect(issued).toContain("Subject to realisation");
  expect(issued).toContain('href="/receipt/AbCdEfGhIjKlMnOpQrSt/pdf?lang=en"');
  const returned = page({
    state: { status: "dishonoured", on: localDate("2026-07-20"), reason: "funds insufficient" },
  });
  expect(returned).toContain("DISHONOURED");
  expect(returned).toContain("20/07/2026");
  expect(returned).toContain("funds insufficient");
  expect(returned).not.toContain("Valid receipt");
  expect(page({ state: { status: "cancelled", on: localDate("2026-07-14"), reason: "typed wrongly" } })).toContain(
    "CANCELLED",
  );
});

test("demo logins are listed in the demo and nowhere else", () => {
  expect(html(<SignInPage view={view} next="/" demo />)).toContain("cashier@demo");
  expect(html(<SignInPage view={view} next="/" demo={false} />)).not.toContain("@demo");
});

test("a trial balance that does not balance says by how much, in an alert", () => {
  const row: TrialBalanceRow = {
    code: "4501001",
    name: "Cash",
    openDebit: ZERO,
    openCredit: ZERO,
    debit: rupees("10"),
    credit: ZERO,
    closeDebit: rupees("10"),
    closeCredit: ZERO,
  };
  const range = { from: localDate("2026-04-01"), to: localDate("2026-04-30") };
  const page = html(<TrialBalancePage view={view} range={range} rows={[row]} fund="" />);
  expect(page).toContain("does not balance: period 10.00, closing 10.00");
  expect(page).not.toContain("agree: opening");
});

test("the counter's form keeps a refused cheque as it was typed", () => {
  const typed = {
    amount: "1,000",
    tender: "cheque",
    number: "12",
    bank: "SBIN",
    date: "2026-07-15",
    payer: "",
    acceptAdvance: true,
  };
  const page = html(
    <TakePage
      view={view}
      bill={bill}
      typed={typed}
      idempotencyKey="key-1"
      refusal={collectionErrors.CHEQUE_NUMBER({ number: "12" })}
    />,
  );
  expect(page).toMatch(/value="cheque" checked/);
  expect(page).toContain('value="1,000"');
  expect(page).toMatch(/name="acceptAdvance"[^>]*checked/);
  expect(page).toContain("CHEQUE_NUMBER");
});

test("pieces are whole numbers of known notes; anything else is handed on to be refused", () => {
  expect(pieces({ d500: "2", d100: "", d3: "9", d1: " 7 " })).toEqual({
    typed: { "500": "2", "1": "7" },
    counted: { "500": 2, "1": 7 },
  });
  expect(pieces({ d10: "1.5" }).counted["10"]).toBeNaN();
});

test("amounts may be typed with commas and a rupee sign; their meaning stays the ledger's to judge", () => {
  expect(typedAmount("₹ 1,23,456.50")).toBe("123456.50");
  expect(rupees(typedAmount("5,000"))).toBe(paise(500_000n));
  expect(() => rupees(typedAmount("1.005"))).toThrow("at most two");
  expect(field({ a: ["first", "second"], b: 7 }, "a")).toBe("first");
  expect(field({ a: ["first"], b: 7 }, "b")).toBe("");
});

test("a voucher is read line by line: empty lines are left out, two sides on one line or half a line are refused by number", () => {
  const form = (lines: Record<string, string>): Record<string, string> => ({
    type: "journal",
    date: "2026-07-15",
    narration: "n",
    rows: "6",
    ...lines,
  });
  const read = (lines: Record<string, string>) => voucherOf(typedVoucher(form(lines)));
  const input = read({
    "account-0": "2407001 Bank charges",
    "debit-0": "1,180.00",
    "function-0": "91",
    "account-3": "3508006",
    "credit-3": "1180",
  });
  expect(input.lines).toEqual([
    { side: "debit", account: "2407001", amount: rupees("1180"), function: "91" },
    { side: "credit", account: "3508006", amount: rupees("1180") },
  ]);
  expect(() => read({ "account-1": "2407001", "debit-1": "1", "credit-1": "1" })).toThrow(
    "line 2 has a debit and a credit",
  );
  expect(() => read({ "account-2": "2407001" })).toThrow("line 3 needs an account and an amount");
  expect(() => voucherOf(typedVoucher({ ...form({}), type: "opening" }))).toThrow("VOUCHER_TYPE");
  expect(typedVoucher({ rows: "100000" }).lines).toHaveLength(60);
});

test("after the sign-in only addresses of this site are followed", () => {
  expect(safeNext("/books?from=1")).toBe("/books?from=1");
  for (const bad of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a b"]) {
    expect(safeNext(bad)).toBe("/");
  }
});

test("the other language keeps the address and its question", () => {
  expect(inOtherLanguage("/pay?q=PT-1&lang=en", "en")).toBe("/pay?q=PT-1&lang=hi");
  expect(inOtherLanguage("/", "hi")).toBe("/?lang=en");
});

test("only the listed files are served, under addresses that change with their content", () => {
  expect(asset("../kit.tsx")).toBeUndefined();
  expect(asset("constructor")).toBeUndefined();
  expect(asset("styles.css")?.type).toContain("text/css");
  expect(assetUrl("styles.css")).toMatch(/^\/assets\/styles\.css\?v=[0-9a-f]{12}$/);
  for (const font of ["400", "600"])
    expect(asset(`fonts/noto-sans-devanagari-${font}.ttf`)?.bytes.length).toBeGreaterThan(50_000);
});

test("every phrase of the counter is said on one of its pages, with the same figures in both languages", () => {
  const folder = import.meta.dirname;
  const inCounter = readdirSync(path.join(folder, "counter")).map((f) => path.join("counter", f));
  const said = ["counter.tsx", ...inCounter]
    .map((f) => readFileSync(path.join(folder, f), "utf8"))
    .join("\n")
    .replace(/\s+/g, " ");
  const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
  expect(Object.keys(PHRASES).length).toBeGreaterThan(100);
  for (const [phrase, hindi] of Object.entries(PHRASES)) {
    expect(said, phrase).toContain(`say("${phrase}"`.slice(4));
    expect([places(hindi), phrase]).toEqual([places(phrase), phrase]);
    expect(hindi, phrase).toMatch(/[\u0900-\u097f]/);
  }
});
