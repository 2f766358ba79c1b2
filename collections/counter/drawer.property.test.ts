import fc from "fast-check";
import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inTransaction, type Tx, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import {
  acceptHandover,
  cancelReceipt,
  closeCounterSession,
  depositInstruments,
  drawerOf,
  handOver,
  openCounterSession,
  refuseHandover,
  takePayment,
  type Tender,
} from "../index.ts";
import { brokenTies, testCity, testClock } from "../testing.ts";

const clock = testClock("2026-06-01T05:00:00Z");
const app = await testApp({ clock });
const today = localDate("2026-06-01");

type Step =
  | { readonly kind: "cash" | "cheque" | "card"; readonly who: 0 | 1; readonly amount: number }
  | { readonly kind: "cancel"; readonly at: number }
  | { readonly kind: "hand"; readonly who: 0 | 1; readonly hundreds: number; readonly isAccepted: boolean };
const who = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("cash" as const, "cheque" as const, "card" as const),
      who,
      amount: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), at: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("hand" as const),
      who,
      hundreds: fc.integer({ min: 1, max: 5 }),
      isAccepted: fc.boolean(),
    }),
  },
);

test("two drawers hold what a model of them holds, step by step; nothing is lost between them, and all of it reaches the bank", async () => {
  const [steps = []] = fc.sample(fc.array(step, { minLength: 28, maxLength: 28 }), { seed: 4501001, numRuns: 1 });
  const city = await testCity(app, new Map<string, Ulb>(), { startsOn: localDate("2026-04-01") });
  const consumerId = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    await testDemand(tx, consumer, "900000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer.id;
  });
  const names = ["first", "second"] as const;
  const as = <T>(i: 0 | 1, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    inTransaction(app, city.as("cashier", names[i]), fn);
  const sessions: string[] = [];
  for (const i of [0, 1] as const) {
    const session = await as(i, (tx) =>
      openCounterSession(tx, { counter: `Counter ${i + 1}`, float: { amount: rupees("200"), from: "treasurer@test" } }),
    );
    sessions.push(session.id);
  }
  const drawers = [200, 200];
  const cancellable: { readonly id: string; readonly who: 0 | 1; readonly cash: number }[] = [];
  let leaf = 0;
  const tenderOf = (kind: "cash" | "cheque" | "card"): Tender => {
    leaf += 1;
    const digits = String(leaf).padStart(6, "0");
    if (kind === "cash") return { kind: "cash" };
    if (kind === "cheque") return { kind: "cheque", number: digits, bank: "110002003", date: today };
    return { kind: "pos", rrn: `612345${digits}`, acquirer: "SBI", batchNo: "1" };
  };
  for (const [n, s] of steps.entries()) {
    if (s.kind === "cancel") {
      const [receipt] = cancellable.splice(s.at % Math.max(cancellable.length, 1), 1);
      if (receipt === undefined) continue;
      const cancelled = city.tx("checker", (tx) =>
        cancelReceipt(tx, { receiptId: receipt.id, reason: "keyed wrongly", requestedBy: "clerk@test" }),
      );
      // Its cash may have been handed on: then there is nothing to give back out of this drawer.
      if ((drawers[receipt.who] ?? 0) < receipt.cash) {
        await expect(cancelled).rejects.toThrow("CANCEL_DEPOSITED");
        continue;
      }
      await cancelled;
      drawers[receipt.who] = (drawers[receipt.who] ?? 0) - receipt.cash;
    } else if (s.kind === "hand") {
      const to = s.who === 0 ? 1 : 0;
      const amount = s.hundreds * 100;
      const given = as(s.who, (tx) =>
        handOver(tx, {
          sessionId: sessions[s.who] ?? "",
          to: `${names[to]}@test`,
          denominations: { "100": s.hundreds },
        }),
      );
      if (amount > (drawers[s.who] ?? 0)) {
        await expect(given).rejects.toThrow("HANDOVER_TOO_MUCH");
        continue;
      }
      const { id } = await given;
      await as(to, (tx) => (s.isAccepted ? acceptHandover(tx, id, { "100": s.hundreds }) : refuseHandover(tx, id)));
      if (s.isAccepted) {
        drawers[s.who] = (drawers[s.who] ?? 0) - amount;
        drawers[to] = (drawers[to] ?? 0) + amount;
      }
    } else {
      const amount = s.amount * 100;
      const taken = await as(s.who, (tx) =>
        takePayment(tx, {
          sessionId: sessions[s.who] ?? "",
          tender: tenderOf(s.kind),
          consumers: [{ consumerId, amount: rupees(String(amount)) }],
          isAnother: true,
          idempotencyKey: `model-${n}-0000`,
        }),
      );
      const cash = s.kind === "cash" ? amount : 0;
      cancellable.push({ id: taken.receipts[0]?.id ?? "", who: s.who, cash });
      drawers[s.who] = (drawers[s.who] ?? 0) + cash;
    }
    for (const i of [0, 1] as const) {
      const drawer = await as(i, (tx) => drawerOf(tx, sessions[i] ?? ""));
      expect(toRupees(drawer.expected), `drawer ${i + 1} after step ${n}, ${s.kind}`).toBe(`${drawers[i]}.00`);
    }
  }
  expect(await city.tx("auditor", brokenTies)).toEqual([]);
  for (const i of [0, 1] as const)
    await as(i, (tx) => closeCounterSession(tx, sessions[i] ?? "", { "100": (drawers[i] ?? 0) / 100 }));
  const bag = await city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cash", slipNumber: "1", date: today }));
  // The floats stay behind.
  expect(bag.amount).toBe(paise(rupees(String((drawers[0] ?? 0) + (drawers[1] ?? 0) - 400))));
  expect(await city.tx("auditor", brokenTies)).toEqual([]);
});
