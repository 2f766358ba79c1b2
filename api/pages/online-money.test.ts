import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import {
  clearInstruments,
  createOrder,
  depositInstruments,
  getRequest,
  listReceipts,
  listRefunds,
  openCounterSession,
  openTasks,
  postExternalPayment,
  processInbox,
  setCounterPolicy,
  setExcessPolicy,
  setUpiLimit,
  takePayment,
} from "../../collections/index.ts";
import { balances, brokenTies, testCity, testClock, testGateway } from "../../collections/testing.ts";
import { addBankBook } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { Role, Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { receiptView } from "../../reports/index.ts";
import { pdfPages } from "../../reports/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { createUser } from "../users.ts";
import { createAccessToken } from "../v1/index.ts";

const clock = testClock("2026-06-15T05:00:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "desk" });
const PASSWORD = "a long enough password";
const BANK = "4502101";

type Person = {
  get(url: string): Promise<LightMyRequestResponse>;
  post(url: string, fields?: Record<string, string>): Promise<LightMyRequestResponse>;
  upload(
    url: string,
    fields: Record<string, string>,
    file?: { name: string; text: string; type?: string },
  ): Promise<LightMyRequestResponse>;
};
type Town = {
  readonly city: TestUlb;
  readonly consumerId: string;
  readonly code: string;
  sign(...roles: Exclude<Role, "citizen" | "system">[]): Promise<Person>;
  /** Asks the machine interface with a token of that role. */
  call(role: Role, target: string, body?: object, key?: string): Promise<LightMyRequestResponse>;
  /** Somebody with no account. */
  stranger(): Promise<Person>;
};

let visitors = 0;
let served: ReturnType<typeof createWebApp> | undefined;
/** One server for the file: people are signed in to their own ULB, and a receipt is found wherever it is. */
const webOf = (ulb: Ulb): ReturnType<typeof createWebApp> =>
  (served ??= formSecret(app).then((secret) =>
    createWebApp({
      app: { ...app, demo: false, baseUrl: "http://127.0.0.1:1", defaultUlb: () => Promise.resolve(ulb) },
      secret,
      log: false,
    }),
  ));

/** A town with a bank book, one property that owes 5,000.00, its web server, and people who sign in. */
async function town(): Promise<Town> {
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  await city.tx("admin", (tx) =>
    addBankBook(tx, {
      account: BANK,
      bank: "State Bank of India",
      branch: "Main Branch",
      number: "00000012345678",
      validFrom: localDate("2026-04-01"),
    }),
  );
  const { id, code } = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    await testDemand(tx, consumer, "5000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer;
  });
  const web = await webOf(city.ulb);
  const visit = async (login?: string): Promise<Person> => {
    visitors += 1;
    const remoteAddress = `10.3.0.${visitors}`;
    const jar = new Map<string, string>();
    const ask = async (method: "GET" | "POST", url: string, payload?: string, type?: string) => {
      const answer = await web.inject({
        method,
        url,
        remoteAddress,
        ...(payload === undefined ? {} : { payload }),
        headers: {
          accept: "text/html",
          ...(payload === undefined ? {} : { "content-type": type ?? "application/x-www-form-urlencoded" }),
        },
        cookies: Object.fromEntries(jar),
      });
      for (const c of answer.cookies as { name: string; value: string }[]) jar.set(c.name, c.value);
      return answer;
    };
    const tokenIn = (page: string): string => /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    let csrf = tokenIn((await ask("GET", "/signin")).body);
    const post = (url: string, fields: Record<string, string> = {}) =>
      ask("POST", url, new URLSearchParams({ _csrf: csrf, ...fields }).toString());
    if (login !== undefined) {
      await post("/signin", { login, password: PASSWORD, next: "/" });
      csrf = tokenIn((await ask("GET", "/")).body);
    }
    return {
      get: (url) => ask("GET", url),
      post,
      upload: (url, fields, file) => {
        const boundary = "----paper";
        const parts = Object.entries({ _csrf: csrf, ...fields }).map(
          ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
        );
        if (file)
          parts.push(
            `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\ncontent-type: ${file.type ?? "text/csv"}\r\n\r\n${file.text}\r\n`,
          );
        return ask("POST", url, `${parts.join("")}--${boundary}--\r\n`, `multipart/form-data; boundary=${boundary}`);
      },
    };
  };
  return {
    city,
    consumerId: id,
    code,
    stranger: () => visit(),
    call: async (role, target, body, key) => {
      const { token } = await city.tx("admin", (tx) =>
        createAccessToken(tx, {
          name: `test ${role}`,
          actor: `${role}@test`,
          roles: [role],
          expiresAt: new Date("2027-01-01T00:00:00Z"),
        }),
      );
      const [method = "GET", url = ""] = target.split(" ");
      return web.inject({
        method: method as "GET" | "POST",
        url,
        ...(body === undefined ? {} : { payload: body }),
        headers: { authorization: `Bearer ${token}`, ...(key === undefined ? {} : { "idempotency-key": key }) },
      });
    },
    sign: async (...roles) => {
      const login = `${roles.join("-")}${visitors}@${city.ulb.code}`;
      await createUser(base, {
        login,
        name: roles.join(" and "),
        password: PASSWORD,
        roles: roles.map((role) => ({ ulb: city.ulb, role })),
      });
      return visit(login);
    },
  };
}

const drain = async (t: Town): Promise<void> => {
  await simulator.deliverWebhooks();
  await processInbox(app, t.city.ulb);
};
/** Pays the 5,000.00 online, and once more: the second is an advance. Gives the ids of both payments. */
async function paidTwice(t: Town): Promise<readonly [string, string]> {
  const order = await createOrder(app, t.city.as("citizen"), {
    consumerId: t.consumerId,
    amount: rupees("5000.00"),
    idempotencyKey: newId(),
  });
  const at = order.providerOrderId ?? expect.fail("the order is confirmed");
  const first = simulator.payOrder(at, { method: "netbanking" }).payment.id;
  const second = simulator.payOrder(at, { method: "netbanking", force: true }).payment.id;
  await drain(t);
  return [first, second];
}
const receiptsOf = (t: Town) =>
  t.city.tx("auditor", (tx) => listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }));
const refundsOf = (t: Town) => t.city.tx("auditor", (tx) => listRefunds(tx));
const tasksOf = (t: Town) => t.city.tx("auditor", async (tx) => (await openTasks(tx)).map((task) => task.kind).sort());
const books = (t: Town) => t.city.tx("auditor", (tx) => balances(tx));

test("a refund is asked for on the desk with its figures, decided by another person, and sent; asking twice is asking once", async () => {
  const t = await town();
  const [, second] = await paidTwice(t);
  const both = await t.sign("accountant", "checker");
  const checker = await t.sign("checker");
  const receipt = (await receiptsOf(t)).find((r) => r.paymentId === second) ?? expect.fail("it has a receipt");

  const form = await both.get(`/books/refunds/new?of=${encodeURIComponent(receipt.number)}`);
  expect(form.body).toContain("May still be refunded");
  expect(form.body).toMatch(/advance: up to ₹ 5,000\.00/);
  const ask = { payment: second, origin: "advance", amount: "5,000", reason: "paid twice by mistake" };
  const tooMuch = await both.post("/books/refunds", { ...ask, amount: "5000.01" });
  expect([tooMuch.statusCode, tooMuch.body]).toEqual([409, expect.stringContaining("REFUND_ROOM")]);
  const asked = await both.post("/books/refunds", ask);
  expect(asked.statusCode).toBe(303);
  const at = String(asked.headers.location);
  expect((await both.post("/books/refunds", ask)).headers.location).toBe(at);
  expect(await refundsOf(t)).toHaveLength(1);
  expect(await books(t)).toMatchObject({ "3504101": "-5000.00" });

  expect((await both.get(at)).body).toContain("another person decides");
  expect((await both.post(`${at}/approve`)).statusCode).toBe(403);
  expect((await checker.post(`${at}/reject`, { reason: "no" })).statusCode).toBe(422);
  expect((await checker.post(`${at}/approve`)).headers.location).toBe(at);
  expect(await tasksOf(t)).toEqual([]);
  expect(await books(t)).toMatchObject({ "3504008": "-5000.00" });
  expect((await both.post(`${at}/send`)).headers.location).toBe(at);
  expect((await both.post(`${at}/send`)).statusCode).toBe(409);
  await drain(t);
  expect((await checker.get("/books/refunds")).body).toContain("paid by the gateway");
  expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
});

test("a citizen asks on his receipt's page to have his advance paid back; what the gateway cannot pay, the bank pays once", async () => {
  const t = await town();
  const [, second] = await paidTwice(t);
  const receipt = (await receiptsOf(t)).find((r) => r.paymentId === second) ?? expect.fail("it has a receipt");
  const citizen = await t.stranger();
  const at = `/receipt/${receipt.token}`;
  expect((await citizen.get(at)).body).toContain("₹ 5,000.00 of this payment is kept as your advance");
  expect((await citizen.post(`${at}/refund`, { amount: "5000", reason: "x" })).statusCode).toBe(422);
  const ask = { amount: "2,000", reason: "I paid twice by mistake" };
  expect((await citizen.post(`${at}/refund`, ask)).headers.location).toBe(at);
  expect((await citizen.post(`${at}/refund`, ask)).headers.location).toBe(at);
  const [refund] = await refundsOf(t);
  expect(refund).toMatchObject({ status: "asked", createdBy: "citizen", amount: 200000n });
  expect((await citizen.get(at)).body).toContain("asked for; an officer decides");
  expect(await tasksOf(t)).toEqual(["refund-payable"]);

  const desk = `/books/refunds/${refund?.id ?? ""}`;
  const checker = await t.sign("checker");
  const accountant = await t.sign("accountant");
  expect((await accountant.post(`${desk}/approve`)).statusCode).toBe(403);
  await checker.post(`${desk}/approve`);
  const bank = { account: BANK, reference: "SBIN126166000077", date: "2026-06-15" };
  expect((await accountant.post(`${desk}/bank`, bank)).statusCode).toBe(409);
  await t.city.tx("system", (tx) =>
    tx.query("update collections.refunds set status = 'bank-due', next_send_at = null where ulb_id = :ulb", {
      ulb: t.city.ulb.id,
    }),
  );
  expect((await accountant.get(desk)).body).toContain("Pay from the bank");
  expect((await accountant.post(`${desk}/bank`, { ...bank, reference: "no" })).statusCode).toBe(422);
  expect((await accountant.post(`${desk}/bank`, bank)).headers.location).toBe(desk);
  expect((await accountant.post(`${desk}/bank`, bank)).statusCode).toBe(409);
  expect(await books(t)).toMatchObject({ [BANK]: "-2000.00", "3504101": "-3000.00" });
  expect((await citizen.get(at)).body).toContain("paid back");
  expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
});

test("evidence of a payer is kept and the gateway is asked again; nobody marks a payment as paid", async () => {
  const t = await town();
  const order = await createOrder(app, t.city.as("citizen"), {
    consumerId: t.consumerId,
    amount: rupees("5000.00"),
    idempotencyKey: newId(),
  });
  const accountant = await t.sign("accountant");
  const brought = { about: order.id, note: "message of his bank, UTR 612345678901" };
  const before = await accountant.upload("/books/tasks/evidence", brought, {
    name: "sms.txt",
    text: "Rs 5000 debited",
    type: "text/plain",
  });
  expect(before.statusCode).toBe(200);
  expect(before.body).toContain("sms.txt");
  expect(await receiptsOf(t)).toEqual([]);
  simulator.payOrder(order.providerOrderId ?? "");
  expect((await accountant.upload("/books/tasks/evidence", brought)).body).toContain("its receipt is issued");
  expect(await receiptsOf(t)).toHaveLength(1);
  expect((await accountant.upload("/books/tasks/evidence", { about: "pay_1", note: "something" })).statusCode).toBe(
    404,
  );
});

test("a second payment that is held: its receipt says on its page, in both languages and in its signed code, that it settles no due", async () => {
  const t = await town();
  await t.city.tx("admin", (tx) => setExcessPolicy(tx, "property-tax", { policy: "HOLD" }));
  await paidTwice(t);
  const [whole, held] = (await receiptsOf(t)).sort(
    (a, b) => (a.refundNote === null ? -1 : 1) - (b.refundNote === null ? -1 : 1),
  );
  if (!whole || !held) expect.fail("each payment has its receipt");
  const citizen = await t.stranger();
  const page = (await citizen.get(`/receipt/${held.token}`)).body;
  expect(page).toContain("Refundable: not set against any due");
  expect(page).toContain("refund note RN/2026-27/000001");
  expect(page).toContain("Refund RN/2026-27/000001 of ₹ 5,000.00: owed; an officer approves it");
  expect(page).not.toContain("is kept as your advance");
  const paper = pdfPages((await citizen.get(`/receipt/${held.token}/pdf?lang=en`)).rawPayload).join("");
  expect(paper).toContain("Refundable: not set against any due");
  expect(paper).toContain("RN/2026-27/000001");
  const hindi = (await citizen.get(`/receipt/${held.token}?lang=hi`)).body;
  expect(hindi).toContain("वापसी योग्य: किसी देय के विरुद्ध समायोजित नहीं");
  const codeOf = (id: string): Promise<string> =>
    t.city.tx(
      "auditor",
      async (tx) => (await receiptView(tx, id, (token) => `https://x.example/receipt/${token}`)).verifyUrl,
    );
  const check = async (id: string): Promise<string> =>
    (await citizen.get(`/verify-receipt?lang=en&code=${encodeURIComponent(await codeOf(id))}`)).body;
  expect(await check(held.id)).toMatch(/The signature is valid.*Refundable: not set against any due/s);
  expect(await check(whole.id)).toMatch(/The signature is valid/);
  expect(await check(whole.id)).not.toContain("Refundable");
  const checker = await t.sign("checker");
  expect((await checker.get(`/books/refunds/${held.refundNote?.id ?? ""}`)).body).toContain(held.number);
});

test("a dispute is answered on the desk: a draft first, for good with a proof, and once; another is accepted and its dues open again", async () => {
  const t = await town();
  const [first, second] = await paidTwice(t);
  const [won, lost] = [simulator.openDispute(first), simulator.openDispute(second)];
  await drain(t);
  const accountant = await t.sign("accountant");
  const checker = await t.sign("checker");
  expect((await accountant.get("/books/disputes")).body).toMatch(/2 open, ₹ 10,000\.00 in dispute/);
  const at = `/books/disputes/${won.id}`;
  const summary = "Receipt RC/2026-27/000001 was issued for this payment.";
  const bare = await accountant.upload(`${at}/answer`, { action: "submit", summary });
  expect([bare.statusCode, bare.body]).toEqual([422, expect.stringContaining("DISPUTE_ANSWER")]);
  expect((await accountant.upload(`${at}/answer`, { action: "draft", summary })).headers.location).toBe(at);
  expect((await accountant.get(at)).body).toContain("Draft of the answer");
  const proof = { name: "receipt.pdf", text: "%PDF-1.7 receipt", type: "application/pdf" };
  expect((await accountant.upload(`${at}/answer`, { action: "submit", summary }, proof)).statusCode).toBe(303);
  expect((await accountant.upload(`${at}/answer`, { action: "submit", summary }, proof)).statusCode).toBe(409);
  simulator.decideDispute(won.id, "won");
  await drain(t);
  expect((await accountant.get(at)).body).toContain("won");

  const other = `/books/disputes/${lost.id}`;
  expect((await accountant.post(`${other}/accept`, { sure: "yes" })).statusCode).toBe(403);
  expect((await checker.post(`${other}/accept`, { sure: "yes" })).headers.location).toBe(other);
  await drain(t);
  const page = (await checker.get(other)).body;
  expect(page).toContain("lost");
  expect(page).toContain("In the books");
  expect(await books(t)).toMatchObject({ "4501005": "5000.00" });
  expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
});

test("a machine asks for a refund and answers a dispute by the same rules", async () => {
  const t = await town();
  const [first, second] = await paidTwice(t);
  expect((await t.call("auditor", `GET /v1/payments/${second}/refundable`)).json()).toMatchObject({
    room: "5000.00",
    choices: [
      { origin: "advance", upTo: "5000.00" },
      { origin: "receipt", upTo: "5000.00" },
    ],
  });
  const wish = { paymentId: second, amount: "1500.00", origin: "advance", reason: "paid twice by mistake" };
  const asked = await t.call("accountant", "POST /v1/refunds", wish, "ask-refund-1");
  expect([asked.statusCode, (await t.call("accountant", "POST /v1/refunds", wish, "ask-refund-1")).body]).toEqual([
    201,
    asked.body,
  ]);
  const { id } = asked.json<{ id: string }>();
  const yes = { isApproved: true };
  expect((await t.call("accountant", `POST /v1/refunds/${id}/decision`, yes, "decide-1")).statusCode).toBe(403);
  const approved = await t.call("checker", `POST /v1/refunds/${id}/decision`, yes, "decide-1");
  expect(approved.json()).toMatchObject({ status: "approved", approvedBy: "checker@test" });
  expect((await t.call("checker", `POST /v1/refunds/${id}/send`)).json()).toMatchObject({ sendAttempts: 1 });
  const bank = { bankAccount: BANK, reference: "SBIN126166000078", date: "2026-06-15" };
  expect((await t.call("checker", `POST /v1/refunds/${id}/bank-payment`, bank, "bank-pay-1")).statusCode).toBe(409);
  expect((await t.call("auditor", "GET /v1/refunds?status=asked")).json()).toEqual({ items: [] });

  const dispute = simulator.openDispute(first);
  await drain(t);
  const answer = { action: "submit", summary: "The receipt was issued.", documents: [] as object[] };
  expect((await t.call("accountant", `POST /v1/disputes/${dispute.id}/answer`, answer)).json()).toMatchObject({
    code: "DISPUTE_ANSWER",
  });
  answer.documents = [{ name: "r.pdf", type: "application/pdf", base64: Buffer.from("%PDF-1.7").toString("base64") }];
  const sent = await t.call("accountant", `POST /v1/disputes/${dispute.id}/answer`, answer);
  expect(sent.json()).toMatchObject({ answeredBy: "accountant@test", status: "under_review" });
  expect((await t.call("checker", `POST /v1/disputes/${dispute.id}/acceptance`)).statusCode).toBe(409);
  expect((await t.call("auditor", "GET /v1/disputes?state=live")).json<{ items: object[] }>().items).toHaveLength(1);
});

test("money of nobody is given to its consumer by two people: the receipt keeps its number, and it pays what was due on its day", async () => {
  const t = await town();
  simulator.payOrder(simulator.createOrder({ amount: 620_000, notes: { ulb: t.city.ulb.code } }).id);
  await drain(t);
  const [receipt] = await receiptsOf(t);
  expect(receipt).toMatchObject({ consumerId: null, number: "RC/2026-27/000001" });
  const [accountant, both, checker] = [
    await t.sign("accountant"),
    await t.sign("accountant", "checker"),
    await t.sign("checker"),
  ];
  const at = `/books/unidentified/${receipt?.id ?? ""}`;
  const word = { consumer: t.code, reason: "his bank's letter names the UTR" };
  expect((await both.post(at, { ...word, consumer: "nobody-like-it" })).statusCode).toBe(404);
  expect((await both.post(at, word)).statusCode).toBe(303);
  expect((await both.post(at, word)).statusCode).toBe(303);
  expect((await accountant.post(at, word)).statusCode).toBe(409);
  expect(await books(t)).toMatchObject({ "3508006": "-6200.00" });
  const page = (await checker.get("/books/unidentified")).body;
  const proposal = /proposals\/([0-9a-f-]{36})\/approve/.exec(page)?.[1] ?? expect.fail("it waits for a checker");
  const approve = `/books/unidentified/proposals/${proposal}/approve`;
  expect((await both.post(approve)).statusCode).toBe(403);
  expect((await checker.post(approve)).statusCode).toBe(303);
  expect((await checker.post(approve)).statusCode).toBe(409);
  expect(await receiptsOf(t)).toMatchObject([{ number: "RC/2026-27/000001", consumerCode: t.code }]);
  expect(await tasksOf(t)).toEqual([]);
  const now = await books(t);
  expect([now["3508006"], now["3504101"], now["4501005"]]).toEqual([undefined, "-1200.00", "6200.00"]);
  expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
  // It is his like any other: the advance of it may be asked back, and the whole of it taken back.
  const form = await accountant.get(`/books/refunds/new?of=${receipt?.paymentId ?? ""}`);
  expect(form.body).toContain("up to ₹ 1,200.00");
  const whole = {
    payment: receipt?.paymentId ?? "",
    origin: "receipt",
    amount: "6200",
    reason: "it was not his after all",
  };
  const asked = String((await accountant.post("/books/refunds", whole)).headers.location);
  await checker.post(`${asked}/approve`);
  expect(await books(t)).toMatchObject({ "3504008": "-6200.00" });
  expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
});

test("the counter shows a UPI code that turns into the receipt when it is paid; asked for twice it is one code", async () => {
  const t = await town();
  const cashier = await t.sign("cashier");
  const shown = await cashier.post(`/counter/upi/${t.consumerId}`, { amount: "5,000" });
  expect(shown.statusCode).toBe(303);
  const at = String(shown.headers.location);
  expect((await cashier.post(`/counter/upi/${t.consumerId}`, { amount: "5,000" })).headers.location).toBe(at);
  expect((await cashier.post(`/counter/upi/${t.consumerId}`, { amount: "five" })).statusCode).toBe(422);
  const waiting = await cashier.get(at);
  expect(waiting.body).toContain("waits for the payment");
  expect(waiting.body).toContain(`${at}/code`);
  const code = await cashier.get(`${at}/code`);
  expect([code.headers["content-type"], code.body]).toEqual([
    "image/svg+xml; charset=utf-8",
    expect.stringMatching(/^<svg .*<path d="M/),
  ]);
  const request = await t.city.tx("auditor", (tx) => getRequest(tx, at.split("/").at(-1) ?? ""));
  simulator.webhookPlan({ drop: 1 });
  simulator.payQr(request.providerId ?? "");
  simulator.webhookPlan({});
  const receipt = String((await cashier.get(at)).headers.location);
  expect(receipt).toMatch(/^\/counter\/receipts\//);
  expect((await cashier.get(`${at}?part=1&round=3`)).headers["hx-redirect"]).toBe(receipt);
  expect((await cashier.get(receipt)).body).toContain("₹ 5,000.00 received");
  expect(await receiptsOf(t)).toHaveLength(1);
});

test("a cheque that was only acknowledged stands on the bill as under clearing, in both languages, until the bank has its money", async () => {
  const t = await town();
  await t.city.tx("admin", (tx) => setCounterPolicy(tx, { chequeReceipt: "at-realisation" }, "resolution 12 of 2026"));
  const taken = await t.city.tx("cashier", async (tx) => {
    const { id } = await openCounterSession(tx, { counter: "1" });
    return takePayment(tx, {
      sessionId: id,
      tender: { kind: "cheque", number: "000451", bank: "SBI", date: localDate("2026-06-10") },
      consumers: [{ consumerId: t.consumerId, amount: rupees("5000.00") }],
      idempotencyKey: newId(),
    });
  });
  const [ack] = taken.acknowledgements;
  // One server for the file: whoever is signed in looks at his own town.
  const citizen = await t.sign("auditor");
  const page = (await citizen.get(`/pay/${t.consumerId}?lang=en`)).body;
  expect(page).toContain("₹ 5,000.00 under clearing");
  expect(page).toContain(`₹ 5,000.00, acknowledgement ${ack?.number ?? "?"} of 15/06/2026`);
  expect(page).toContain("Pay ₹ 5,000.00");
  expect((await citizen.get(`/pay/${t.consumerId}?lang=hi`)).body).toContain("₹ 5,000.00 समाशोधन में");
  const cashier = await t.sign("cashier");
  await cashier.post("/counter/open", { counter: "2" });
  expect((await cashier.get(`/counter/take/${t.consumerId}`)).body).toContain("₹ 5,000.00 under clearing");
  await t.city.tx("accountant", async (tx) => {
    const instrumentIds = [ack?.instrumentId ?? ""];
    await depositInstruments(tx, { kind: "cheques", slipNumber: "S1", date: localDate("2026-06-15"), instrumentIds });
    await clearInstruments(tx, instrumentIds, localDate("2026-06-15"));
  });
  const after = (await citizen.get(`/pay/${t.consumerId}?lang=en`)).body;
  expect(after).not.toContain("under clearing");
  expect(after).toContain("Nothing is due");
});

test("a cashier reads his day in Hindi: the counter, the payment, a refusal, the receipt and the count of the drawer", async () => {
  const t = await town();
  const cashier = await t.sign("cashier");
  expect((await cashier.get("/counter?lang=hi")).body).toContain("काउंटर खोलें");
  await cashier.post("/counter/open", { counter: "1" });
  const take = `/counter/take/${t.consumerId}`;
  const form = (await cashier.get(take)).body;
  for (const word of ["राशि लें और रसीद जारी करें", "भुगतान का माध्यम", "चेक, ड्राफ़्ट या पोस्टल ऑर्डर"])
    expect(form).toContain(word);
  expect(form).not.toContain('<main id="main" tabindex="-1" class="wide" lang="en"');
  const key = newId();
  const much = await cashier.post(take, { amount: "6000", tender: "cash", key });
  expect([much.statusCode, much.body]).toEqual([409, expect.stringContaining("6,000.00 दिए जा रहे हैं, 5,000.00 देय है")]);
  const taken = await cashier.post(take, { amount: "500", tender: "cash", key: `${key}-2` });
  const at = String(taken.headers.location);
  expect((await cashier.get(at)).body).toContain("₹ 500.00 प्राप्त, नकद");
  expect((await cashier.get("/counter/reading")).body).toContain("दराज़ में होना चाहिए");
  const paper = (await cashier.get("/counter/reading.pdf")).rawPayload;
  expect(pdfPages(paper).join("")).toMatch(/[\u0900-\u097f]/);
  // Somebody who is not there: the cash is taken back on the same page, and the drawer closes.
  await cashier.post("/counter/handover", { to: "nobody", d500: "1" });
  const waiting = /action="(\/counter\/handovers\/[0-9a-f-]{36})"/.exec((await cashier.get("/counter")).body)?.[1];
  expect((await cashier.post(waiting ?? "?", { answer: "refuse" })).statusCode).toBe(303);
  const closed = await cashier.post("/counter/close", { d500: "1" });
  expect((await cashier.get(String(closed.headers.location))).body).toContain("दराज़ का मिलान हुआ: ₹ 500.00 नकद");
});

test("a bill above the ULB's own limit of UPI says so with that limit", async () => {
  const t = await town();
  // One server for the file: whoever is signed in looks at his own town.
  const citizen = await t.sign("auditor");
  expect((await citizen.get(`/pay/${t.consumerId}`)).body).not.toContain("A UPI app pays at most");
  await t.city.tx("admin", (tx) =>
    setUpiLimit(tx, { amount: rupees("4000.00"), basis: "the bank's letter of 1 June" }),
  );
  expect((await citizen.get(`/pay/${t.consumerId}`)).body).toContain("A UPI app pays at most ₹ 4,000.00 at once");
});

test("the office makes a link and a challan for a bill, and closes what is not wanted any more", async () => {
  const t = await town();
  const accountant = await t.sign("accountant");
  const auditor = await t.sign("auditor");
  const wish = { consumer: t.code, kind: "link", amount: "" };
  expect((await auditor.post("/books/requests", wish)).statusCode).toBe(403);
  const link = String((await accountant.post("/books/requests", wish)).headers.location);
  expect((await accountant.post("/books/requests", wish)).headers.location).toBe(link);
  expect((await auditor.get(link)).body).toContain("₹ 5,000.00");
  const challan = await accountant.post("/books/requests", { ...wish, kind: "virtual-account" });
  expect((await auditor.get(String(challan.headers.location))).body).toContain("Account number");
  expect((await accountant.post("/books/requests", { ...wish, amount: "0.50" })).statusCode).toBe(422);
  expect((await accountant.post(`${link}/close`, { reason: "he paid at the counter" })).statusCode).toBe(303);
  expect((await accountant.post(`${link}/close`, { reason: "again" })).statusCode).toBe(409);
  expect((await auditor.get("/books/requests")).body).toContain("closed");
});

test("an administrator sets the account, the excess policies and partners; a settlement says what does not fit", async () => {
  const t = await town();
  const admin = await t.sign("admin");
  const accountant = await t.sign("accountant");
  const account = { accountId: "acc_ABCDEFGH123456", capture: "manual", feeBearer: "payer", rebateDate: "capture" };
  expect((await accountant.post("/books/online", account)).statusCode).toBe(403);
  expect((await admin.post("/books/online", { ...account, accountId: "acc_1" })).statusCode).toBe(422);
  expect((await admin.post("/books/online", account)).statusCode).toBe(303);
  const policy = { service: "property-tax", policy: "AUTO_REFUND", limit: "2,500", days: "x" };
  expect((await admin.post("/books/online/excess", policy)).statusCode).toBe(422);
  expect((await admin.post("/books/online/excess", { ...policy, days: "3" })).statusCode).toBe(303);
  const page = (await accountant.get("/books/online")).body;
  expect(page).toContain("acc_ABCDEFGH123456");
  expect(page).toContain("up to ₹ 2,500.00 within 3 days");

  const partner = { code: "bbps-sbi", name: "BBPS through SBI", channel: "bbps", actor: "system@test" };
  expect((await admin.post("/books/online/partners", { ...partner, actor: "x" })).statusCode).toBe(422);
  expect((await admin.post("/books/online/partners", partner)).statusCode).toBe(303);
  await t.city.tx("system", (tx) =>
    postExternalPayment(tx, {
      consumerId: t.consumerId,
      amount: rupees("3000.00"),
      reference: "BB-0001",
      instrument: "UPI",
      paidAt: clock(),
    }),
  );
  const settlement = { partner: "bbps-sbi", reference: "UTR0001", date: "2026-06-15", account: BANK, amount: "3,100" };
  const send = (text: string) =>
    accountant.upload("/books/online/partners/settlement", settlement, { name: "s.csv", text });
  const bad = await send("reference,amount\nBB-0001,three\n");
  expect([bad.statusCode, bad.body]).toEqual([422, expect.stringContaining("Line 2")]);
  expect((await send("reference,amount\nBB-0001,3000.00\n")).body).toContain("EXTERNAL_SETTLEMENT");
  const file = "reference,amount\nBB-0001,3000.00\nBB-0009,100.00\n";
  const settled = await send(file);
  expect([settled.statusCode, settled.body]).toEqual([200, expect.stringContaining("1 payments fit")]);
  expect(settled.body).toContain("BB-0009 of 100.00 was never posted here");
  expect((await send(file)).statusCode).toBe(409);
  expect(await books(t)).toMatchObject({ [BANK]: "3100.00", "3508006": "-100.00" });
});
