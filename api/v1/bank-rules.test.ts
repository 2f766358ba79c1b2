import { expect, test } from "vitest";
import { addBankAccount } from "../../reconciliation/index.ts";
import { newKey, testServer, testTown } from "./testing.ts";

const on = await testServer();
const RULE = {
  name: "SMS charges",
  kind: "bank-charge",
  words: ["SMS CHRG"],
  lineLimit: "150.00",
  monthLimit: "600.00",
  validFrom: "2026-04-01",
  reason: "the bank charges them every month",
};
type Rule = { readonly id: string; readonly version: number };

test("a rule is proposed by one, approved in the version that was seen by another, and ended; every step answers with the rule", async () => {
  const at = await testTown(on);
  const account = "4502101";
  const propose = (body: object) =>
    at.call("accountant", `POST /v1/bank-accounts/${account}/rules`, { body, key: newKey() });
  await at.city.tx("accountant", (tx) =>
    addBankAccount(tx, { account, bank: "Test Bank", name: "Main account", number: "000011112222" }),
  );
  const first = await propose(RULE);
  expect([first.statusCode, first.headers["etag"]], first.body).toEqual([201, '"1"']);
  const { id } = first.json<Rule>();
  const decide = (step: string, ifMatch: string | undefined, body: object = {}) =>
    at.call("checker", `POST /v1/bank-rules/${id}/${step}`, { body, ifMatch, key: newKey() });
  const waiting = await propose({ ...RULE, rule: id });
  expect([waiting.statusCode, waiting.json<{ code: string }>().code]).toEqual([409, "AUTO_POST_WAITS"]);
  expect((await decide("reject", '"1"', { reason: "too wide a word" })).json()).toMatchObject({
    decision: { outcome: "rejected", reason: "too wide a word" },
  });
  const second = await propose({ ...RULE, rule: id, lineLimit: "50.00" });
  expect(second.json()).toMatchObject({ id, version: 2, lineLimit: "50.00", decision: null });
  // A page that still shows the first version decides nothing about the second.
  expect((await decide("approve", '"1"')).json()).toMatchObject({ code: "AUTO_POST_DECIDED", status: 409 });
  expect((await decide("approve", undefined)).json()).toMatchObject({ code: "IF_MATCH_MISSING" });
  expect((await decide("approve", '"9"')).json()).toMatchObject({ code: "AUTO_POST_UNKNOWN", status: 404 });
  expect((await decide("approve", '"2"')).json()).toMatchObject({ version: 2, decision: { outcome: "approved" } });
  const listed = await at.call("auditor", `GET /v1/bank-accounts/${account}/rules`);
  expect(listed.json<{ items: Rule[] }>().items.map((r) => r.version)).toEqual([2, 1]);
  expect((await decide("end", undefined, { reason: "the bank charges them no more" })).json()).toMatchObject({
    ended: { reason: "the bank charges them no more" },
  });
});
