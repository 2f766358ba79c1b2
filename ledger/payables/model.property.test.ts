// Random histories of a town that pays, against a model that shares no code with the register: what each party is owed under each head, what
// is refused, and that the sub-ledger is its control accounts after every step.
import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate, type LocalDate } from "../kernel/dates.ts";
import { Refusal } from "../kernel/errors.ts";
import { paise, rupees, type Paise } from "../kernel/money.ts";
import { testApp, testUlb, type TestUlb } from "../testing.ts";
import {
  approvePayment,
  bookChequesDue,
  cancelBill,
  cancelPayment,
  chequesDue,
  clearCheque,
  decideOrder,
  deliverCheque,
  getBill,
  getCheque,
  getPayment,
  listItems,
  orderOnDeposit,
  payableSelfTie,
  payableTies,
  preparePayment,
  receiveDeposit,
  refundAdvance,
  rejectPayment,
  takeChequeBack,
  type PaymentInput,
} from "./index.ts";
import { BANK, CONTRACTOR, furnish, passed, payment, repairBill, SUPPLIER } from "./testing.ts";

const app = await testApp();
const PARTIES = [CONTRACTOR, SUPPLIER] as const;

/** What the model believes of one party under one head: plain balances are positive. */
class Model {
  readonly balance = new Map<string, bigint>();
  bank = 0n;
  add(account: string, party: string, amount: bigint): void {
    const key = `${account} ${party}`;
    this.balance.set(key, (this.balance.get(key) ?? 0n) + amount);
  }
}

type World = {
  readonly town: TestUlb;
  readonly model: Model;
  day: LocalDate;
  readonly bills: {
    id: string;
    payable: string;
    party: string;
    net: bigint;
    retention: bigint;
    tds: bigint;
    paid: bigint;
    touched: boolean;
  }[];
  readonly payments: {
    id: string;
    account: string;
    party: string;
    amount: bigint;
    bill: number | undefined;
    kind: "bills" | "deposit" | "advance" | "reissue";
    cheque: string;
    of: string;
    live: boolean;
  }[];
};

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("bill" as const),
      party: fc.nat(1),
      amount: fc.integer({ min: 1, max: 900_000 }),
      retention: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pay" as const),
      which: fc.nat(20),
      share: fc.integer({ min: 1, max: 120 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reject" as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel payment" as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel bill" as const), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("hand over" as const),
      which: fc.nat(20),
      how: fc.constantFrom("deliver", "take back", "clear"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("deposit" as const),
      party: fc.nat(1),
      amount: fc.integer({ min: 1, max: 50_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      which: fc.nat(20),
      share: fc.integer({ min: 1, max: 110 }),
      approve: fc.boolean(),
      kind: fc.constantFrom("forfeit" as const, "convert" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("refund deposit" as const),
      which: fc.nat(20),
      share: fc.integer({ min: 1, max: 110 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("advance" as const),
      party: fc.nat(1),
      amount: fc.integer({ min: 1, max: 50_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("advance back" as const),
      which: fc.nat(20),
      share: fc.integer({ min: 1, max: 110 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), days: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stale" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reissue" as const), which: fc.nat(20) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const of = (amount: bigint, percent: number): Paise => {
  const part = (amount * BigInt(percent)) / 100n;
  return paise(part > 0n ? part : 1n);
};

async function act(w: World, s: Step): Promise<void> {
  const { town, model } = w;
  const items = (kind: "creditor" | "deposit" | "advance" | "stale") =>
    town.tx("auditor", (tx) => listItems(tx, { kind }));
  const pay = async (input: Partial<PaymentInput>) => {
    const made = await town.tx("accountant", (tx) => preparePayment(tx, { ...payment([]), ...input, date: w.day }));
    return (await town.tx("checker", (tx) => approvePayment(tx, made.id, made.version))).payment;
  };
  switch (s.do) {
    case "bill": {
      const party = PARTIES[s.party] ?? CONTRACTOR;
      const gross = BigInt(s.amount) * 100n;
      const bill = await passed(
        town,
        repairBill(String(s.amount), {
          kind: party.type,
          party,
          billDate: w.day,
          receivedOn: w.day,
          asked: { sections: ["BOCW"], ...(s.retention ? { retentionPercent: "5" } : {}), advances: [], others: [] },
        }),
        w.day,
      );
      // Cess 1 %, retention 5 %, each to the rupee, half up.
      const percent = (p: bigint): bigint => ((gross * p * 2n + 10_000n) / 20_000n) * 100n;
      const [cess, retention] = [percent(1n), s.retention ? percent(5n) : 0n];
      const net = gross - cess - retention;
      expect(bill.net).toBe(net);
      const payable = party.type === "contractor" ? "3501002" : "3501001";
      model.add(payable, party.id, net);
      model.add("3502064", party.id, cess);
      model.add("3401002", party.id, retention);
      w.bills.push({ id: bill.id, payable, party: party.id, net, retention, tds: cess, paid: 0n, touched: false });
      return;
    }
    case "pay": {
      const open = w.bills.map((b, i) => ({ b, i })).filter(({ b }) => b.net > 0n);
      const found = open[s.which % Math.max(open.length, 1)];
      if (!found) return;
      const [item] = await town.tx("auditor", (tx) =>
        listItems(tx, { billId: found.b.id, kind: "creditor", settled: true }),
      );
      const left = found.b.net - found.b.paid;
      const amount = of(left > 0n ? left : found.b.net, s.share);
      const attempt = pay({ items: [{ itemId: item?.id ?? "", amount }] });
      if (amount > left) return expect(attempt).rejects.toThrow("PAYMENT_EXCEEDS_PAYABLE");
      const done = await attempt;
      model.add(found.b.payable, found.b.party, -amount);
      model.bank -= amount;
      found.b.paid += amount;
      w.payments.push({
        id: done.id,
        account: found.b.payable,
        party: found.b.party,
        amount,
        bill: found.i,
        kind: "bills",
        cheque: done.chequeId ?? "",
        of: item?.id ?? "",
        live: true,
      });
      return;
    }
    case "reject": {
      const [item] = (await items("creditor")).slice(s.which % 5);
      if (!item) return;
      const made = await town.tx("accountant", (tx) =>
        preparePayment(tx, { ...payment([{ itemId: item.id, amount: item.open }]), date: w.day }),
      );
      await town.tx("checker", (tx) => rejectPayment(tx, made.id, made.version, "not this month"));
      return;
    }
    case "cancel payment": {
      const live = w.payments.filter((p) => p.live);
      const found = live[s.which % Math.max(live.length, 1)];
      if (!found) return;
      const now = await town.tx("auditor", (tx) => getPayment(tx, found.id));
      const cheque = await town.tx("auditor", (tx) => getCheque(tx, found.cheque));
      const item =
        found.kind === "advance" ? (await items("advance")).find((i) => i.paymentId === found.id) : undefined;
      const attempt = town.tx("checker", (tx) =>
        cancelPayment(tx, now.id, now.version, "cancelled by the model", w.day),
      );
      if (found.kind === "advance" && item?.open !== found.amount)
        return expect(attempt).rejects.toThrow("BILL_NOT_UNPAID");
      if (cheque.status !== "issued") return expect(attempt).rejects.toThrow("CHEQUE_STATUS");
      await attempt;
      found.live = false;
      model.bank += found.amount;
      model.add(found.account, found.party, found.kind === "advance" ? -found.amount : found.amount);
      const bill = found.bill === undefined ? undefined : w.bills[found.bill];
      if (bill) bill.paid -= found.amount;
      return;
    }
    case "cancel bill": {
      const found = w.bills[s.which % Math.max(w.bills.length, 1)];
      if (!found || found.net === 0n) return;
      const now = await town.tx("auditor", (tx) => getBill(tx, found.id));
      const attempt = town.tx("checker", (tx) => cancelBill(tx, now.id, now.version, "cancelled by the model", w.day));
      if (found.paid > 0n || found.touched) return expect(attempt).rejects.toThrow("BILL_NOT_UNPAID");
      await attempt;
      model.add(found.payable, found.party, -found.net);
      model.add("3502064", found.party, -found.tds);
      model.add("3401002", found.party, -found.retention);
      found.net = 0n;
      return;
    }
    case "hand over": {
      const found = w.payments[s.which % Math.max(w.payments.length, 1)];
      if (!found) return;
      try {
        await town.tx("accountant", (tx) =>
          s.how === "deliver"
            ? deliverCheque(tx, found.cheque, w.day, "the payee")
            : s.how === "clear"
              ? clearCheque(tx, found.cheque, w.day)
              : takeChequeBack(tx, found.cheque, w.day, "brought back"),
        );
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "CHEQUE_STATUS") throw error;
      }
      return;
    }
    case "deposit": {
      const party = PARTIES[s.party] ?? CONTRACTOR;
      const amount = paise(BigInt(s.amount) * 100n);
      await town.tx("accountant", (tx) =>
        receiveDeposit(tx, { sort: "emd", party, date: w.day, amount, bank: BANK, what: "a tender" }),
      );
      model.add("3401001", party.id, amount);
      model.bank += amount;
      return;
    }
    case "order": {
      const deposits = await items("deposit");
      const item = deposits[s.which % Math.max(deposits.length, 1)];
      if (!item) return;
      const amount = of(item.open, s.share);
      const attempt = town.tx("accountant", (tx) =>
        orderOnDeposit(tx, { kind: s.kind, itemId: item.id, amount, date: w.day, reason: "order of the model" }),
      );
      if (s.kind === "convert" && item.code !== "emd") return expect(attempt).rejects.toThrow("ITEM_KIND");
      if (amount > item.open) return expect(attempt).rejects.toThrow("PAYMENT_EXCEEDS_PAYABLE");
      const order = await attempt;
      await town.tx("checker", (tx) => decideOrder(tx, order.id, { approve: s.approve, reason: "as it was asked" }));
      if (!s.approve) return;
      model.add(item.account, item.party.id, -amount);
      if (s.kind === "convert") model.add("3401003", item.party.id, amount);
      const bill = w.bills.find((b) => b.id === item.billId);
      if (bill) bill.touched = true;
      return;
    }
    case "refund deposit": {
      const deposits = await items("deposit");
      const item = deposits[s.which % Math.max(deposits.length, 1)];
      if (!item) return;
      const amount = of(item.open, s.share);
      const attempt = pay({ kind: "deposit", items: [{ itemId: item.id, amount }] });
      if (amount > item.open) return expect(attempt).rejects.toThrow("PAYMENT_EXCEEDS_PAYABLE");
      const done = await attempt;
      model.add(item.account, item.party.id, -amount);
      model.bank -= amount;
      const bill = w.bills.find((b) => b.id === item.billId);
      // Refunded retention makes its bill one that is no longer wholly unpaid, for as long as the payment stands.
      if (bill) bill.touched = true;
      w.payments.push({
        id: done.id,
        account: item.account,
        party: item.party.id,
        amount,
        bill: undefined,
        kind: "deposit",
        cheque: done.chequeId ?? "",
        of: item.id,
        live: bill === undefined,
      });
      return;
    }
    case "advance": {
      const party = PARTIES[s.party] ?? CONTRACTOR;
      const amount = paise(BigInt(s.amount) * 100n);
      const done = await pay({
        kind: "advance",
        items: undefined,
        advance: { party, purpose: party.type, what: "", amount },
      });
      const account = party.type === "contractor" ? "4604002" : "4604001";
      model.add(account, party.id, amount);
      model.bank -= amount;
      w.payments.push({
        id: done.id,
        account,
        party: party.id,
        amount,
        bill: undefined,
        kind: "advance",
        cheque: done.chequeId ?? "",
        of: "",
        live: true,
      });
      return;
    }
    case "advance back": {
      const advances = await items("advance");
      const item = advances[s.which % Math.max(advances.length, 1)];
      if (!item) return;
      const amount = of(item.open, s.share);
      const attempt = town.tx("accountant", (tx) =>
        refundAdvance(tx, { itemId: item.id, amount, date: w.day, bank: BANK, what: "" }),
      );
      if (amount > item.open) return expect(attempt).rejects.toThrow("ADVANCE_EXCEEDS_OUTSTANDING");
      await attempt;
      model.add(item.account, item.party.id, -amount);
      model.bank += amount;
      return;
    }
    case "wait":
      w.day = addDays(w.day, s.days);
      return;
    case "stale": {
      const due = (await town.tx("checker", (tx) => chequesDue(tx, w.day))).filter((d) => d.becomes === "stale");
      await town.tx("checker", (tx) =>
        bookChequesDue(
          tx,
          w.day,
          due.map((d) => d.cheque.id),
        ),
      );
      for (const d of due) {
        model.add("3508001", d.party.id, d.cheque.amount);
        model.bank += d.cheque.amount;
      }
      return;
    }
    case "reissue": {
      const claims = await items("stale");
      const item = claims[s.which % Math.max(claims.length, 1)];
      if (!item) return;
      const done = await pay({ kind: "reissue", items: [{ itemId: item.id, amount: item.open }] });
      model.add(item.account, item.party.id, -item.open);
      model.bank -= item.open;
      w.payments.push({
        id: done.id,
        account: item.account,
        party: item.party.id,
        amount: item.open,
        bill: undefined,
        kind: "reissue",
        cheque: done.chequeId ?? "",
        of: item.id,
        live: true,
      });
      return;
    }
  }
}

test(
  "whatever is billed, paid, cancelled, forfeited, refunded, stale or paid anew: each party's sub-ledger is its control account, and the model's",
  { timeout: 240_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 35 }), async (steps) => {
        const town = await testUlb(app);
        await furnish(town, { leaves: 60 });
        const w: World = { town, model: new Model(), day: localDate("2026-04-02"), bills: [], payments: [] };
        for (const s of steps) {
          if (s.do === "wait" && addDays(w.day, s.days) > "2027-03-20") continue;
          await act(w, s);
          const ties = await town.tx("auditor", (tx) => payableTies(tx, localDate("2027-03-31")));
          expect(ties.filter((t) => t.difference !== 0n || t.direct !== 0n)).toEqual([]);
          const believed = [...w.model.balance].filter(([, amount]) => amount !== 0n).sort();
          const found = ties
            .filter((t) => t.ledger !== 0n)
            .map((t): [string, bigint] => [`${t.account} ${t.partyId}`, t.ledger]);
          expect(found.sort()).toEqual(believed);
          expect(await town.tx("auditor", payableSelfTie)).toEqual([]);
        }
        const bank = await town.tx("auditor", (tx) =>
          tx.queryOne<{ balance: bigint }>(
            "select coalesce(sum(debit - credit), 0)::bigint as balance from ledger.lines where ulb_id = :ulb and account = :account",
            { ulb: tx.ulb.id, account: BANK },
          ),
        );
        expect(bank?.balance).toBe(w.model.bank);
      }),
      { numRuns: 12 },
    );
  },
);

test("at the end of any day, the ties hold for that day too", async () => {
  const town = await testUlb(app);
  await furnish(town);
  const bill = await passed(town, repairBill("1000"), localDate("2026-06-10"));
  const [item] = await town.tx("auditor", (tx) => listItems(tx, { billId: bill.id }));
  const made = await town.tx("accountant", (tx) =>
    preparePayment(tx, {
      ...payment([{ itemId: item?.id ?? "", amount: rupees("1000") }]),
      date: localDate("2026-06-20"),
    }),
  );
  await town.tx("checker", (tx) => approvePayment(tx, made.id, made.version));
  for (const [day, open] of [
    ["2026-06-09", undefined],
    ["2026-06-10", rupees("1000")],
    ["2026-06-19", rupees("1000")],
    ["2026-06-20", 0n],
  ] as const) {
    const [tie] = await town.tx("auditor", (tx) => payableTies(tx, localDate(day)));
    expect([tie?.register, tie?.difference ?? 0n]).toEqual([open, 0n]);
  }
});
