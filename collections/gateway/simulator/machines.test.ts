import fc from "fast-check";
import { expect, test } from "vitest";
import { XMLParser } from "fast-xml-parser";
import type { SimulatorOptions } from "./options.ts";
import { createSimulator } from "./simulator.ts";

// Every state machine and every fault, without a socket: what the bank and the gateway do by themselves happens when the clock passes it.

const DAY = 86_400_000;
const MINUTE = 60_000;
type Sent = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

function make(options: SimulatorOptions = {}) {
  const sent: Sent[] = [];
  const box = { status: 200 };
  const s = createSimulator({
    seed: "machines",
    clock: () => new Date("2026-06-01T04:30:00Z"),
    sendWebhook: (request) => {
      sent.push(request);
      return Promise.resolve(box.status);
    },
    ...options,
  });
  const order = (amount = 1_000_000) => s.createOrder({ amount, notes: { ulb: "demo" } });
  const control = (path: string, body: unknown = {}, method = "POST") => {
    const r = s.respond({ method, url: `/__sim/${path}`, headers: {}, body: Buffer.from(JSON.stringify(body)) });
    return { status: r.status, value: JSON.parse(r.body) as Record<string, unknown>, work: r.work };
  };
  const auth = { authorization: `Basic ${Buffer.from(`${s.keyId}:${s.keySecret}`).toString("base64")}` };
  const api = (call: string, body: unknown = {}) => {
    const [method = "", url = ""] = call.split(" ");
    return s.respond({ method, url, headers: auth, body: Buffer.from(JSON.stringify(body)) });
  };
  const events = () => s.webhooks.map((e) => e.event);
  const broken = () => s.checkBooks().filter((c) => !c.ok);
  return { s, sent, box, order, control, api, events, broken };
}

test("a pending payment is given up after ten minutes, and captured late when the bank's yes comes within the window", () => {
  const { s, order, events } = make();
  const { payment } = s.payOrder(order().id, { outcome: "pending-success", afterMs: 46 * 60 * MINUTE });
  expect(payment.status).toBe("created");
  s.advanceBy(11 * MINUTE);
  expect(payment).toMatchObject({ status: "failed", error: { reason: "payment_timed_out" } });
  s.advanceBy(2 * DAY);
  expect(payment).toMatchObject({ status: "captured", isLate: true });
  expect(payment.capturedAt).toBe(Date.parse("2026-06-03T02:30:00Z"));
  expect(events()).toEqual(["payment.failed", "payment.authorized", "payment.captured", "order.paid"]);
});

test("a yes after the window never reaches the gateway: three days by one page, five by another", () => {
  for (const [lateAuthDays, status] of [
    [3, "failed"],
    [5, "captured"],
  ] as const) {
    const { s, order } = make({ lateAuthDays });
    const { payment } = s.payOrder(order().id, { outcome: "pending-success", afterMs: 4 * DAY });
    s.advanceBy(6 * DAY);
    expect(payment.status).toBe(status);
  }
});

test("of two payers who both reached the bank the first is captured, the second goes back uncaptured", () => {
  const { s, order, broken } = make();
  const o = order();
  const a = s.payOrder(o.id, { outcome: "pending-success", afterMs: MINUTE }).payment;
  const b = s.payOrder(o.id, { outcome: "pending-success", afterMs: 2 * MINUTE }).payment;
  s.advanceBy(5 * MINUTE);
  expect([a.captured, b.captured, b.status]).toEqual([true, false, "refunded"]);
  expect(s.books()).toMatchObject({ captured: 1_000_000, refunded: 0 });
  expect(broken()).toEqual([]);
});

test("fail-then-success is one payment; a debit that nobody tells of stays failed; pending-fail fails", () => {
  const { s, order, events } = make();
  const one = s.payOrder(order().id, { outcome: "fail-then-success" }).payment;
  expect(one.status).toBe("failed");
  s.advanceBy(4 * MINUTE);
  expect(one.status).toBe("captured");
  expect(events().filter((e) => e === "payment.failed" || e === "payment.captured")).toEqual([
    "payment.failed",
    "payment.captured",
  ]);
  const two = s.payOrder(order().id, { outcome: "debit-without-notify" }).payment;
  const three = s.payOrder(order().id, { outcome: "pending-fail", afterMs: MINUTE }).payment;
  s.advanceBy(10 * DAY);
  expect([two.status, three.status]).toEqual(["failed", "failed"]);
});

test("bank/next decides the next payment that does not say its outcome itself", () => {
  const { control, order } = make();
  control("bank/next", { outcome: "failure", reason: "insufficient_funds" });
  const first = control("payments", { order_id: order().id }).value["payment"] as {
    status: string;
    error_reason: string;
  };
  const second = control("payments", { order_id: order().id }).value["payment"] as { status: string };
  expect([first.status, first.error_reason, second.status]).toEqual(["failed", "insufficient_funds", "captured"]);
});

test("what is authorised and not captured goes back at the end of its window, and a captured one does not", () => {
  const { s, order, broken } = make({ autoCapture: false });
  const [a, b] = [s.payOrder(order().id).payment, s.payOrder(order().id).payment];
  s.captureByMerchant(b.id, b.amount);
  s.advanceBy(2 * DAY);
  expect(a.status).toBe("authorized");
  s.advanceBy(DAY + MINUTE);
  expect(a).toMatchObject({ status: "refunded", captured: false });
  expect(b.status).toBe("captured");
  expect(broken()).toEqual([]);
  const { s: t } = make();
  const timed = t.createOrder({ amount: 500, capture: { isManual: true, manualMinutes: 12 } });
  const c = t.payOrder(timed.id).payment;
  t.advanceBy(12 * MINUTE);
  expect(c.status).toBe("refunded");
});

test("a refund waits, is processed after its days, and may fail afterwards: before settlement it never was, after it comes an adjustment", () => {
  const { s, order, broken, events } = make({ refundsAreInstant: false, settlementDays: 1 });
  const { payment } = s.payOrder(order().id);
  s.payOrder(order().id);
  const early = s.refundPayment(payment.id, { amount: 10_000 });
  expect(early.status).toBe("pending");
  s.failRefund(early.id);
  expect(s.books()).toMatchObject({ refunded: 0, available: 2_000_000 });
  const late = s.refundPayment(payment.id, { amount: 20_000 });
  s.advance(6);
  expect(late).toMatchObject({ status: "processed" });
  expect(late.settlementId).not.toBeNull();
  s.failRefund(late.id);
  expect(s.books()).toMatchObject({ adjusted: 20_000, available: 20_000 });
  expect(payment).toMatchObject({ amountRefunded: 0, status: "captured" });
  expect(events().filter((e) => e === "refund.failed")).toHaveLength(2);
  expect(broken()).toEqual([]);
});

test("no refund without balance, after six months, or twice; ₹24.68 fails with a test key", () => {
  const { s, order } = make({ settlementDays: 1 });
  const { payment } = s.payOrder(order().id);
  expect(s.refundPayment(payment.id, { amount: 2_468 }).status).toBe("failed");
  s.advance(1);
  expect(() => s.refundPayment(payment.id, {})).toThrow("enough balance");
  s.payOrder(order(9_000_000).id);
  s.refundPayment(payment.id, {});
  expect(() => s.refundPayment(payment.id, {})).toThrow("fully refunded");
  const old = s.payOrder(order().id).payment;
  s.setClock(new Date("2027-01-01T00:00:00Z"));
  s.payOrder(order(9_000_000).id);
  expect(() => s.refundPayment(old.id, {})).toThrow("six months");
});

test("a dispute nobody answers in time is lost, one in the fraud phase is closed; won ones cost nothing", () => {
  const { s, order, broken, events } = make();
  const pay = () => s.payOrder(order(50_000).id).payment.id;
  const missed = s.openDispute(pay(), { respondAfterMs: DAY });
  s.contestDispute(missed.id, "draft", { summary: "later" });
  const fraud = s.openDispute(pay(), { phase: "fraud", respondAfterMs: DAY });
  const won = s.openDispute(pay());
  s.contestDispute(won.id, "submit", { summary: "receipted", others: [{ type: "receipt", document_ids: [] }] });
  s.requireAction(won.id);
  s.contestDispute(won.id, "submit", { summary: "again" });
  s.decideDispute(won.id, "won");
  s.advanceBy(2 * DAY);
  expect([missed.status, fraud.status, won.status]).toEqual(["lost", "closed", "won"]);
  expect(s.books()).toMatchObject({ disputed: 50_000 });
  expect(events()).toContain("payment.dispute.action_required");
  expect(broken()).toEqual([]);
  const early = make({ disputesDeductAtCreation: true });
  const d = early.s.openDispute(early.s.payOrder(early.order(50_000).id).payment.id);
  expect(early.s.books().available).toBe(0);
  early.s.decideDispute(d.id, "won");
  expect(early.s.books()).toMatchObject({ disputed: 0, available: 50_000 });
});

test("a failed settlement is paid again with a new UTR: never twice in the bank, returned or not", () => {
  for (const outcome of ["failed", "returned"] as const) {
    const { s, order, broken } = make({ settlementDays: 1 });
    s.payOrder(order().id);
    s.nextSettlement({ outcome, againAfterMs: 3 * DAY });
    const [first] = s.advance(1);
    expect(first?.status).toBe("failed");
    expect(s.books()).toMatchObject({ settled: 0, available: 1_000_000 });
    s.setClock(new Date("2026-06-05T05:30:00Z"));
    const all = [...s.settlements.values()];
    expect(all.map((x) => x.status)).toEqual(["failed", "processed"]);
    expect(all[1]?.utr).not.toBe(first?.utr);
    expect(s.bankLines.map((l) => l.credit ?? -(l.debit ?? 0))).toEqual(
      outcome === "returned" ? [1_000_000, -1_000_000, 1_000_000] : [1_000_000],
    );
    expect(broken()).toEqual([]);
  }
});

test("a settlement with a limit pays a part; the rest follows; rows may come late into the recon list", () => {
  const { s, order, broken } = make({ settlementDays: 1 });
  s.payOrder(order(400_000).id);
  s.payOrder(order(300_000).id);
  s.nextSettlement({ outcome: "processed", limit: 450_000, hideItems: 1, hideForMs: DAY });
  expect(s.advance(1).map((x) => x.amount)).toEqual([400_000]);
  expect(s.reconItems(() => true)).toHaveLength(0);
  expect(s.advance(1).map((x) => x.amount)).toEqual([300_000]);
  s.advanceBy(DAY);
  expect(s.reconItems(() => true)).toHaveLength(2);
  expect(broken()).toEqual([]);
});

test("parts are taken until an order is paid, by link too; an expired link takes nothing", () => {
  const { s, events } = make();
  const link = s.createLink({
    amount: 30_000,
    acceptPartial: true,
    firstMinPartial: 10_000,
    expireBy: s.now().getTime() + DAY,
  });
  expect(() => s.payLink(link.id, { amount: 5_000 })).toThrow("first minimum");
  s.payLink(link.id, { amount: 10_000 });
  expect(link.status).toBe("partially_paid");
  s.payLink(link.id);
  expect([link.status, s.orders.get(link.orderId)?.status]).toEqual(["paid", "paid"]);
  expect(events().filter((e) => e.startsWith("payment_link."))).toEqual([
    "payment_link.partially_paid",
    "payment_link.paid",
  ]);
  const late = s.createLink({ amount: 1_000, expireBy: s.now().getTime() + DAY });
  s.advanceBy(2 * DAY);
  expect(late.status).toBe("expired");
  expect(() => s.payLink(late.id)).toThrow("expired");
});

test("with the payer bearing the fee the payment is larger than its order, and the settlement pays the order's amount", () => {
  const { s, order } = make({ feeBearer: "customer", settlementDays: 1 });
  const o = order(1_000_000);
  const { payment } = s.payOrder(o.id, { method: "netbanking" });
  expect([payment.amount, payment.fee, o.amount_paid]).toEqual([1_023_600, 23_600, 1_000_000]);
  expect(s.advance(1).map((x) => x.amount)).toEqual([1_000_000]);
});

test("an address that takes nothing for a day is disabled; a replay by hand enables it, signed with the secret of now", async () => {
  const { s, order, sent, box, control } = make();
  box.status = 500;
  s.payOrder(order().id, { outcome: "failure" });
  await s.advanceDelivering(DAY + MINUTE);
  expect(sent.length).toBe(11); // at once, then after 1, 2, 4, 8, 16, 32, 60, 120, 240 and 480 minutes
  expect(new Set(sent.map((x) => x.headers["x-razorpay-event-id"])).size).toBe(1);
  expect(Object.keys(s.world.dispatcher.disabled())).toHaveLength(1);
  s.payOrder(order().id, { outcome: "failure" });
  box.status = 200;
  expect((await s.deliverWebhooks()).sent).toBe(0);
  s.rotateWebhookSecret("the-new-secret-1");
  expect((control("webhooks/replay").value["replayed"] as string[]).length).toBe(2);
  const before = sent.length;
  expect((await s.deliverWebhooks()).delivered).toBe(2);
  const old = sent[0];
  const again = sent
    .slice(before)
    .find((x) => x.headers["x-razorpay-event-id"] === old?.headers["x-razorpay-event-id"]);
  expect(again?.headers["x-razorpay-signature"]).not.toBe(old?.headers["x-razorpay-signature"]);
  expect(s.world.dispatcher.disabled()).toEqual({});
});

test.each([
  ["delay", 1],
  ["late", 1],
  ["drop", 0],
  ["duplicate", 2],
  ["burst", 2],
  ["reorder", 1],
  ["bad_signature", 1],
  ["old_secret", 1],
  ["mutated_body", 1],
  ["no_event_id", 1],
  ["new_event_id_same_fact", 2],
  ["wrong_account", 1],
  ["unknown_event", 2],
  ["huge_body", 1],
  ["invalid_json_with_valid_signature", 1],
  ["patch", 1],
] as const)("the webhook fault %s makes %i deliveries of a captured payment", async (fault, count) => {
  const { s, order, sent } = make();
  s.webhookPlan({
    rules: [{ event: "payment.captured", do: fault, set: { "payload.payment.entity.amount": "1000000" } }],
  });
  s.payOrder(order().id);
  const mine = (): Sent[] =>
    sent.filter((x) => /"event":"payment\.(captured|pending)"/.test(x.body.toString("utf8", 0, 400)));
  await s.deliverWebhooks();
  if (fault === "delay" || fault === "late") expect(mine()).toHaveLength(0);
  await s.advanceDelivering(2 * DAY);
  expect(mine()).toHaveLength(count);
  const one = mine()[0];
  const body = one?.body.toString() ?? "";
  const { isSignedBy } = await import("../signatures.ts");
  const good = one !== undefined && isSignedBy(one.body, one.headers["x-razorpay-signature"], s.webhookSecret);
  expect(good).toBe(count > 0 && !["bad_signature", "old_secret", "mutated_body"].includes(fault));
  if (fault === "no_event_id") expect(one?.headers["x-razorpay-event-id"]).toBeUndefined();
  if (fault === "new_event_id_same_fact")
    expect(new Set(mine().map((x) => x.headers["x-razorpay-event-id"])).size).toBe(2);
  if (fault === "duplicate") expect(new Set(mine().map((x) => x.headers["x-razorpay-event-id"])).size).toBe(1);
  if (fault === "wrong_account") expect(body).not.toContain(s.accountId);
  if (fault === "huge_body") expect(body.length).toBeGreaterThan(5_000_000);
  if (fault === "invalid_json_with_valid_signature") expect(() => void JSON.parse(body)).toThrow();
  if (fault === "patch") expect(body).toContain('"amount":"1000000"');
});

test("every fault of a call: what is done, what is lost, and what is answered", () => {
  const fault = (rule: object) => {
    const t = make();
    expect(t.control("faults", { match: "POST /v1/orders", ...rule }).status).toBe(200);
    const r = t.api("POST /v1/orders", { amount: 100, currency: "INR", receipt: "r" });
    return { ...r, made: t.s.orders.size };
  };
  expect(fault({ do: "latency", ms: 8000 })).toMatchObject({ status: 200, delayMs: 8000, made: 1 });
  expect(fault({ do: "drop_before" })).toMatchObject({ end: "drop", made: 0 });
  expect(fault({ do: "drop_after" })).toMatchObject({ end: "drop", made: 1 });
  expect(fault({ do: "hang" })).toMatchObject({ end: "hang", made: 0 });
  expect(fault({ do: "status", status: 503, body: "empty" })).toMatchObject({ status: 503, body: "", made: 0 });
  expect(fault({ do: "status", status: 500, body: "json", after: true })).toMatchObject({ status: 500, made: 1 });
  expect(fault({ do: "status", status: 504 }).body).toContain("<html>");
  expect(fault({ do: "429", retry_after: 30 })).toMatchObject({ status: 429, headers: { "retry-after": "30" } });
  expect(() => void JSON.parse(fault({ do: "truncate_body" }).body)).toThrow();
  expect(fault({ do: "wrong_content_type" })).toMatchObject({
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8" },
  });
  expect(fault({ do: "duplicate_apply" })).toMatchObject({ status: 200, made: 2 });
  expect(fault({ do: "clock_skew", ms: 3_600_000 }).body).toContain(String(Date.parse("2026-06-01T05:30:00Z") / 1000));
  expect(fault({ do: "drop_before", nth: 2 })).toMatchObject({ status: 200 });
  expect(fault({ do: "drop_before", match: "POST /v1/orders/:id" })).toMatchObject({ status: 200 });
  expect(fault({ do: "drop_before", match: undefined, regex: "orders$" })).toMatchObject({ end: "drop" });
});

test("a read that is behind says what was said before; an entity never read before is as it was made", () => {
  const { s, order, api, control } = make();
  const o = order();
  const before = api(`GET /v1/orders/${o.id}`).body;
  const { payment } = s.payOrder(o.id);
  control("faults", { match: "GET /v1/", do: "stale_read", times: 3 });
  expect(api(`GET /v1/orders/${o.id}`).body).toBe(before);
  expect(JSON.parse(api(`GET /v1/payments/${payment.id}`).body)).toMatchObject({ status: "created", captured: false });
  expect(JSON.parse(api(`GET /v1/orders/${o.id}/payments`).body)).toMatchObject({ count: 0, items: [] });
  expect(JSON.parse(api(`GET /v1/orders/${o.id}`).body)).toMatchObject({ status: "paid" });
});

test("a key that was rolled goes on for a day; several accounts keep to themselves", () => {
  const other = { keyId: "rzp_test_Simulator00002", keySecret: "other-key-secret", accountId: "acc_Simulator00002" };
  const s = createSimulator({ seed: "a", clock: () => new Date("2026-06-01T04:30:00Z") }, [{ seed: "b", ...other }]);
  const ask = (id: string, secret: string) =>
    s.respond({
      method: "POST",
      url: "/v1/orders",
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
      body: Buffer.from('{"amount":100,"currency":"INR"}'),
    }).status;
  expect(ask(other.keyId, other.keySecret)).toBe(200);
  expect([s.orders.size, s.account(other.accountId).orders.size]).toEqual([0, 1]);
  s.rollKey({ id: "rzp_test_Simulator00003", secret: "rolled-key-secret" });
  expect([ask(s.keyId, s.keySecret), ask("rzp_test_Simulator00003", "rolled-key-secret")]).toEqual([200, 200]);
  s.advanceBy(DAY);
  expect([ask(s.keyId, s.keySecret), ask("rzp_test_Simulator00003", "rolled-key-secret")]).toEqual([401, 200]);
});

test("the control API asks for its token, resets to the same ids, and refuses what it does not know", () => {
  const { control, order, s } = make({ controlToken: "let-me-in" });
  expect(control("state", {}, "GET").status).toBe(401);
  const open = make();
  const first = open.order().id;
  open.control("settings", { settlementDays: 1 });
  expect(open.control("reset?seed=machines").status).toBe(200);
  expect(open.order().id).toBe(first);
  expect(open.s.settings.settlementDays).toBe(2);
  expect(open.control("settings", { speed: 1 }).status).toBe(400);
  expect(open.control("faults", { match: "GET", do: "explode" }).status).toBe(400);
  expect(open.control("nothing").status).toBe(404);
  expect(order().id).toBe(first);
  expect(s.orders.size).toBe(1);
});

test("MT940 and camt.053 tell the same lines and balances as the CSV", () => {
  const { s, order } = make({ settlementDays: 1, bankOpening: 500_000 });
  s.payOrder(order(1_000_000).id, { method: "netbanking" });
  s.advance(1);
  s.addBankLine({ day: "2026-06-02", narration: "SMS CHRG & GST", reference: "", debit: 1_770 });
  const utr = [...s.settlements.values()][0]?.utr ?? "";
  const range = { from: "2026-06-01", to: "2026-06-30" };
  expect(s.bankStatementMt940(range).split("\r\n").slice(1, -2)).toEqual([
    ":20:STMT260630",
    ":25:50200012345678",
    ":28C:6/1",
    ":60F:C260601INR5000,00",
    `:61:2606020602C9764,00NTRF${utr}`,
    `:86:NEFT CR-${utr}-RAZORPAY PAYMENTS PVT LTD-NAGARKOSH DEMO`,
    ":61:2606020602D17,70NMSCNONREF",
    ":86:SMS CHRG   GST",
    ":62F:C260630INR14746,30",
  ]);
  const xml = new XMLParser({ parseTagValue: false }).parse(s.bankStatementCamt053(range)) as {
    Document: { BkToCstmrStmt: { Stmt: { Bal: { Amt: string }[]; Ntry: { Amt: string; CdtDbtInd: string }[] } } };
  };
  const stmt = xml.Document.BkToCstmrStmt.Stmt;
  expect(stmt.Bal.map((b) => b.Amt)).toEqual(["5000.00", "14746.30"]);
  expect(stmt.Ntry.map((n) => [n.Amt, n.CdtDbtInd])).toEqual([
    ["9764.00", "CRDT"],
    ["17.70", "DBIT"],
  ]);
});

test("pages that a person clicks: the bank, the UPI application, checkout.js", () => {
  const { s, order } = make();
  const post = (url: string, fields: Record<string, string>) =>
    s.respond({ method: "POST", url, headers: {}, body: Buffer.from(new URLSearchParams(fields).toString()) });
  const o = order();
  const fields = { key_id: s.keyId, order_id: o.id, callback_url: "http://127.0.0.1/cb", method: "netbanking" };
  const bank = post("/v1/checkout/embedded/pay", { ...fields, outcome: "bank" });
  for (const label of ["Success", "Failure", "Pending", "close the tab"]) expect(bank.body).toContain(label);
  expect(post("/v1/checkout/embedded/pay", { ...fields, outcome: "pending" }).body).toContain("being processed");
  s.advanceBy(20 * MINUTE);
  expect(o.status).toBe("paid");
  const qr = s.createQr({ usage: "multiple_use", isFixed: false });
  const get = (url: string) => s.respond({ method: "GET", url, headers: {}, body: Buffer.alloc(0) });
  expect(get(`/upi/${qr.id}`).body).toContain("upi://pay?");
  expect(post(`/upi/${qr.id}`, { amount: "12.50", outcome: "success" }).body).toContain("Payment successful");
  expect(qr.received).toBe(1_250);
  expect(get("/__sim/dashboard").body).toContain("The books balance.");
  expect(get("/v1/checkout.js")).toMatchObject({
    status: 200,
    headers: { "content-type": "text/javascript; charset=utf-8" },
  });
});

test("the books balance whatever is done, in whatever order", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constantFrom("pay", "pay", "link", "qr", "transfer"),
      n: fc.integer({ min: 100, max: 3_000_000 }),
      outcome: fc.constantFrom("success", "failure", "pending-success", "fail-then-success", "late"),
    }),
    fc.record({
      do: fc.constantFrom(
        "refund",
        "failRefund",
        "dispute",
        "decide",
        "late",
        "hold",
        "failSettlement",
        "days",
        "hours",
        "adjust",
      ),
      n: fc.nat(1000),
      outcome: fc.constantFrom("success"),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { s, order, broken } = make({ settlementDays: 1, refundsAreInstant: false, refundDays: 2 });
      const pick = <T>(map: ReadonlyMap<string, T>, n: number): string =>
        [...map.keys()][n % Math.max(1, map.size)] ?? "none";
      for (const { do: what, n, outcome } of steps) {
        const how = { outcome, afterMs: 30 * MINUTE } as const;
        try {
          if (what === "pay") s.payOrder(order(n).id, { ...how, method: n % 2 === 0 ? "upi" : "netbanking" });
          if (what === "link") s.payLink(s.createLink({ amount: n }).id, how);
          if (what === "qr") s.payQr(s.createQr({ usage: "single_use", isFixed: false }).id, { ...how, amount: n });
          if (what === "transfer") s.payVirtualAccount(s.createVirtualAccount({}).id, { ...how, amount: n });
          if (what === "refund") s.refundPayment(pick(s.payments, n), n % 3 === 0 ? { amount: 100 } : {});
          if (what === "failRefund") s.failRefund(pick(s.refunds, n));
          if (what === "dispute") s.openDispute(pick(s.payments, n));
          if (what === "decide") s.decideDispute(pick(s.disputes, n), n % 2 === 0 ? "lost" : "won");
          if (what === "late") s.completeLate(pick(s.payments, n));
          if (what === "hold") s.holdPayment(pick(s.payments, n), n % 2 === 0);
          if (what === "failSettlement")
            s.failSettlement(pick(s.settlements, n), {
              isReturned: n % 2 === 0,
              againAfterMs: n % 3 === 0 ? DAY : null,
            });
          if (what === "days") s.advance((n % 3) + 1);
          if (what === "hours") s.advanceBy(n * 10 * MINUTE);
          if (what === "adjust") s.addAdjustment(n - 500, "correction");
        } catch (error) {
          // Refused in the gateway's words: nothing may be half done by it.
          expect((error as Error).name).toBe("SimRefusal");
        }
        expect(broken()).toEqual([]);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("an amount typed on a page of the gateway is taken to the paisa or refused; what is no amount never pays the whole", () => {
  const { s } = make();
  const link = s.createLink({
    amount: 100_000,
    description: "Water charges",
    acceptPartial: true,
    firstMinPartial: 100,
  });
  const pay = (amount: string) =>
    s.respond({
      method: "POST",
      url: `/l/${link.id}`,
      headers: {},
      body: Buffer.from(new URLSearchParams({ amount, outcome: "success", method: "upi" }).toString()),
    });
  for (const wrong of ["12.345", "twelve", "1e3", "-5", ""]) {
    expect([wrong, pay(wrong).status]).toEqual([wrong, 400]);
    expect(s.payments.size).toBe(0);
  }
  pay("16.45");
  expect([...s.payments.values()].map((p) => p.amount)).toEqual([1_645]);
});
