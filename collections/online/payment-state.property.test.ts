import fc from "fast-check";
import { expect, test } from "vitest";
import { paise } from "../../ledger/kernel/money.ts";
import type { GatewayPayment, PaymentStatus } from "../gateway/index.ts";
import { capturedAt, CAPTURED, mergeStates, rankOf, stateOf, type Feed, type Observation } from "./payment-state.ts";

const statuses: PaymentStatus[] = ["created", "failed", "authorized", "captured", "refunded"];
const start = new Date("2026-06-01T04:30:00Z").getTime();

const observation = fc
  .record({
    status: fc.constantFrom(...statuses),
    feed: fc.constantFrom<Feed>("callback", "webhook", "poll", "settlement"),
    minute: fc.integer({ min: 0, max: 5000 }),
    fee: fc.option(fc.bigInt({ min: 0n, max: 10_000n }), { nil: null }),
    reference: fc.option(fc.constantFrom("a", "b"), { nil: null }),
    amount: fc.constantFrom(1_000n, 1_100n),
  })
  .map(({ status, feed, minute, fee, reference, amount }): Observation => {
    const payment: GatewayPayment = {
      id: "pay_00000000000001",
      orderId: "order_00000000000001",
      amount: paise(amount),
      currency: "INR",
      status,
      captured: status === "captured" || status === "refunded",
      method: "upi",
      fee: fee === null ? null : paise(fee),
      tax: null,
      amountRefunded: paise(0n),
      bank: null,
      cardLast4: null,
      cardNetwork: null,
      reference,
      contact: null,
      errorCode: null,
      errorDescription: null,
      notes: {},
      createdAt: new Date(start),
    };
    return { payment, feed, at: new Date(start + minute * 60_000) };
  });

const all = (list: readonly Observation[]) => list.map(stateOf).reduce(mergeStates);

test("order does not matter, twice is once: every permutation with duplicates ends in the same state", () => {
  fc.assert(
    fc.property(
      fc
        .array(observation, { minLength: 1, maxLength: 8 })
        .chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray(list, { minLength: list.length }),
            fc.array(fc.constantFrom(...list), { maxLength: 5 }),
          ),
        ),
      ([list, shuffled, again]) => {
        expect(all([...shuffled, ...again])).toEqual(all(list));
      },
    ),
    { numRuns: 1000 },
  );
});

test("grouping does not matter: what one batch merged and what came later join to the same", () => {
  fc.assert(
    fc.property(fc.array(observation, { minLength: 2, maxLength: 8 }), fc.nat(), (list, at) => {
      const cut = 1 + (at % (list.length - 1));
      expect(mergeStates(all(list.slice(0, cut)), all(list.slice(cut)))).toEqual(all(list));
    }),
  );
});

test("the rank only rises, and one captured observation is enough", () => {
  fc.assert(
    fc.property(fc.array(observation, { minLength: 1, maxLength: 8 }), (list) => {
      const state = all(list);
      expect(state.rank).toBe(Math.max(...list.map((o) => rankOf(o.payment))));
      if (list.some((o) => o.payment.captured)) expect(state.rank).toBe(CAPTURED);
    }),
  );
});

test("a payment that only the poller saw captured was captured after it was last seen uncaptured", () => {
  const [base] = fc.sample(observation, { numRuns: 1, seed: 1 });
  if (!base) throw new Error("a sample");
  const seen = (status: PaymentStatus, feed: Feed, minute: number): Observation => ({
    payment: { ...base.payment, status, captured: status === "captured" },
    feed,
    at: new Date(start + minute * 60_000),
  });
  expect(capturedAt(all([seen("captured", "poll", 90)]))).toEqual(new Date(start));
  expect(capturedAt(all([seen("failed", "poll", 10), seen("captured", "poll", 15)]))).toEqual(
    new Date(start + 600_000),
  );
  // A late authorisation: between two polls hours apart nobody knows the moment; it is the later one.
  expect(capturedAt(all([seen("failed", "poll", 60), seen("captured", "poll", 90)]))).toEqual(
    new Date(start + 90 * 60_000),
  );
  expect(
    capturedAt(all([seen("captured", "webhook", 70), seen("failed", "poll", 60), seen("captured", "poll", 90)])),
  ).toEqual(new Date(start + 70 * 60_000));
});
