import { expect, test } from "vitest";
import { checkSettlement } from "../settlement.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { parseSettlementReport, type SettlementReportFile } from "./razorpay.ts";
import { refusals } from "./testing.ts";

const item = (more: Readonly<Record<string, unknown>>) => ({
  entity_id: "pay_T1",
  type: "payment",
  debit: 0,
  credit: 97640,
  amount: 100000,
  currency: "INR",
  fee: 2360,
  tax: 360,
  on_hold: false,
  settled_at: 1775088000,
  settlement_id: "setl_T1",
  settlement_utr: "TESTN26092000111",
  order_receipt: "R-1",
  method: "upi",
  notes: "{}",
  ...more,
});
const REFUND = item({
  entity_id: "rfnd_T1",
  type: "refund",
  debit: 10000,
  credit: 0,
  amount: 10000,
  fee: 0,
  tax: 0,
  payment_id: "pay_T0",
  notes: null,
});
const json = (items: readonly unknown[], count = items.length): string =>
  JSON.stringify({ entity: "collection", count, items });
const DASHBOARD = [
  "transaction_entity,entity_id,amount,currency,fee (exclusive tax),tax,debit,credit,payment_method,settlement_id,settled_at,settlement_utr,order_receipt",
  "payment,pay_T1,1000.00,INR,20.00,3.60,0.00,976.40,upi,setl_T1,02/04/2026 05:30:00,TESTN26092000111,R-1",
  "refund,rfnd_T1,100.00,INR,0.00,0.00,100.00,0.00,,setl_T1,02/04/2026 05:30:00,TESTN26092000111,",
].join("\n");
const rows = (file: SettlementReportFile) => (file.ok ? file.rows : []);

test("the API's answer in paise and the dashboard's file in rupees prove the same settlement", () => {
  const api = parseSettlementReport(json([item({}), REFUND]));
  const dashboard = parseSettlementReport(DASHBOARD);
  expect(rows(api)[0]).toMatchObject({
    settledOn: "2026-04-02",
    utr: "TESTN26092000111",
    paymentId: "pay_T1",
    orderReceipt: "R-1",
  });
  const check = (file: SettlementReportFile) =>
    checkSettlement({ id: "setl_T1", amount: rupees("876.40") }, rows(file));
  expect(check(api)).toMatchObject({
    ok: true,
    figures: { gross: rupees("1000.00"), refunds: rupees("100.00"), tax: rupees("3.60") },
  });
  expect(check(dashboard)).toEqual(check(api));
});

test.each([
  ["fewer rows than stated", json([item({})], 2), "2 rows are stated, the file has 1"],
  ["a cut-off answer", json([item({})]).slice(0, -9), "not well-formed JSON"],
  ["an amount in fractions of paise", json([item({ fee: 23.6 })]), '"23.6" is not an amount'],
  ["a negative amount", json([item({ debit: -1 })]), '"-1" is not an amount'],
  ["another currency", json([item({ currency: "USD" })]), "in USD"],
  ["a row without an entity", json([item({ entity_id: "" })]), "no entity_id"],
  ["a row cut off", DASHBOARD.slice(0, -20), "cells: the file was cut off"],
  ["no rows", json([]), "no rows"],
  ["another answer", '{"error": {}}', 'no list of "items"'],
])("%s is refused", (_, text, why) => {
  const file = parseSettlementReport(text);
  expect(file.ok ? "" : file.problems.map((p) => p.message).join("\n")).toContain(why);
});

test("a settlement report is not taken for a statement of the bank", async () => {
  expect((await refusals(json([item({})]))).join()).toContain("not a statement of the bank");
  expect((await refusals(DASHBOARD)).join()).toContain("not a statement of the bank");
});

test("what the gateway adds later is an adjustment, for a person to decide", () => {
  expect(rows(parseSettlementReport(json([item({ type: "dispute" })])))[0]?.type).toBe("adjustment");
});
