import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Read } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { previewBill } from "../bills.ts";
import { dishonour, dues, legs, pay, untied } from "../changes/testing.ts";
import { testBillingUlb, testConsumer, testDemand } from "../testing.ts";
import type { ConsumerChangeContent } from "./change.ts";
import { getConsumer, getConsumerByCode } from "./consumers.ts";
import { consumerHistory } from "./history.ts";
import { enterOwners, ownersOn, type OwnerDraft } from "./owners.ts";
import {
  approveConsumerChange,
  getConsumerChange,
  listConsumerChanges,
  proposeConsumerChange,
  rejectConsumerChange,
  withdrawConsumerChange,
} from "./proposals.ts";
import { checkShares, inPartsOfTheWhole, shareOf, type Share } from "./shares.ts";
import { findEntryBySource, getEntry } from "../../ledger/index.ts";

const app = await testApp({ clock: () => new Date("2025-08-01T06:00:00Z") });
const day = localDate;
const DEED = { number: "Deed 17/2025", date: day("2025-06-30") };
const see = <T>(city: TestUlb, fn: (read: Read) => Promise<T>): Promise<T> => inSnapshot(app, city.as("auditor"), fn);

const propose = (city: TestUlb, content: ConsumerChangeContent, over = {}) =>
  city.tx("accountant", (tx) =>
    proposeConsumerChange(tx, {
      date: day("2025-07-01"),
      reason: "Sale of the house",
      document: DEED,
      content,
      ...over,
    }),
  );
const change = async (city: TestUlb, content: ConsumerChangeContent, over = {}) => {
  const { id } = await propose(city, content, over);
  return city.tx("checker", (tx) => approveConsumerChange(tx, id));
};

test("shares are exact: fractions and per cents make up the whole or are refused with their sum", () => {
  const check = (...shares: string[]) => {
    checkShares(
      shares.flatMap((s) => shareOf(s) ?? []),
      shares,
    );
  };
  check("1/3", "1/3", "1/3");
  check("33.33%", "33.33 %", "33.34%");
  check("50%", "1/4", "25 %");
  check("1");
  expect(() => {
    check("1/3", "1/3", "1/4");
  }).toThrow("CONSUMER_OWNER_SHARES: the shares 1/3 + 1/3 + 1/4 make 11/12, not 1; 1/12 is missing");
  expect(() => {
    check("33.33%", "33.33%", "33.33%");
  }).toThrow("make 9999/10000, not 1; 1/10000 is missing");
  expect(() => {
    check("1", "1/2");
  }).toThrow("make 3/2, not 1; 1/2 is too much");
  for (const bad of ["", "0", "0/3", "4/3", "1/0", "100.1%", "half", "-1/2", "1.5", "1/3/3"])
    expect(shareOf(bad), bad).toBeUndefined();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const of = weights.reduce((a, b) => a + b, 0);
      const shares = weights.map((w) => shareOf(`${w}/${of}`) ?? ({ parts: 0n, of: 1n } satisfies Share));
      const { whole, parts } = inPartsOfTheWhole(shares);
      expect(parts.reduce((a, b) => a + b, 0n)).toBe(whole);
    }),
  );
});

test("owners are kept by the day with their shares; the table refuses shares that do not make up the whole", async () => {
  const city = await testBillingUlb(app);
  const consumer = await city.tx("accountant", (tx) => testConsumer(tx, { code: "A1", name: "Asha Devi" }));
  const owners: OwnerDraft[] = [
    { name: "Asha Devi", share: "1/2", guardian: "Ram Lal", relation: "husband", mobile: "9876543210" },
    { name: "Ravi", nameLocal: "रवि", share: "50 %" },
  ];
  const enter = (list: OwnerDraft[]) =>
    city.tx("accountant", (tx) => enterOwners(tx, consumer.id, { validFrom: day("2020-04-01"), owners: list }));
  await expect(enter([{ name: " ", share: "1" }])).rejects.toThrow("CONSUMER_OWNER: owner 1 (): the name is empty");
  await expect(enter([{ name: "X", share: "1", relation: "father" }])).rejects.toThrow(/guardian is named with/);
  await enter(owners);
  await expect(enter(owners)).rejects.toThrow(/^CONSUMER_OWNERS_KNOWN/);

  await change(city, {
    kind: "mutation",
    consumerId: consumer.id,
    to: {},
    owners: [
      { name: "Meena", share: "1/3" },
      { name: "Sita", share: "1/3" },
      { name: "Gita", share: "1/3" },
    ],
  });
  await see(city, async (read) => {
    const names = async (on: string) => (await ownersOn(read, consumer.id, day(on))).map((o) => `${o.name} ${o.share}`);
    expect(await names("2020-03-31")).toEqual([]);
    expect(await names("2025-06-30")).toEqual(["Asha Devi 1/2", "Ravi 50 %"]);
    expect(await names("2025-07-01")).toEqual(["Meena 1/3", "Sita 1/3", "Gita 1/3"]);
    expect((await getConsumer(read, consumer.id)).name).toBe("Meena, Sita and Gita");
  });
  const raw = (parts: number) =>
    city.tx("accountant", (tx) =>
      tx.query(
        `insert into billing.consumer_owners (ulb_id, consumer_id, version, owner_no, valid_from, name, share, parts, whole, recorded_at, recorded_by)
         values (:ulb, :id, 9, 1, '2025-07-05', 'X', '1/2', :parts, 2, now(), 'x')`,
        { ulb: city.ulb.id, id: consumer.id, parts },
      ),
    );
  await expect(raw(1)).rejects.toThrow(/do not make up the whole/);
  await expect(
    city.tx("accountant", (tx) =>
      tx.query("update billing.consumer_owners set parts = 1 where ulb_id = :ulb", { ulb: city.ulb.id }),
    ),
  ).rejects.toThrow(/permission denied/);
});

test("a mutation is proposed by one and approved by another: the bill shows the present name, the dues stay, the history says both", async () => {
  const city = await testBillingUlb(app);
  const consumer = await city.tx("accountant", async (tx) => {
    const made = await testConsumer(tx, { code: "A1", name: "Asha", address: "1, Test Road" });
    await testDemand(tx, made, "1100+88");
    return made;
  });
  const content = { kind: "mutation", consumerId: consumer.id, to: { name: "Ravi", mobile: "9876543210" } } as const;
  await expect(propose(city, { ...content, to: { mobile: "12345" } })).rejects.toThrow(
    'CONSUMER_CHANGE_VALUE: mobile "12345": not an Indian mobile number of ten digits',
  );
  await expect(propose(city, { ...content, to: { name: "Asha" } })).rejects.toThrow(/^CONSUMER_CHANGE_EMPTY/);
  await expect(propose(city, content, { reason: "x" })).rejects.toThrow(/^CONSUMER_CHANGE_REASON/);
  await expect(propose(city, content, { date: day("2025-08-02") })).rejects.toThrow(
    "CONSUMER_CHANGE_DATE: a mutation cannot be of 02/08/2025: the day has not come",
  );
  await expect(propose(city, content, { document: { number: "D", date: day("2025-07-02") } })).rejects.toThrow(
    /^CONSUMER_CHANGE_DOCUMENT: .* 02.07.2025 is later than 01.07.2025/,
  );
  const first = await propose(city, content);
  const second = await propose(city, { ...content, to: { name: "Meena" } });
  const third = await propose(city, { ...content, to: { ward: "W02" } });
  await expect(city.tx("accountant", (tx) => approveConsumerChange(tx, first.id))).rejects.toThrow(/^MAKER_IS_CHECKER/);
  await expect(city.tx("checker", (tx) => withdrawConsumerChange(tx, third.id, "no longer"))).rejects.toThrow(
    /^CONSUMER_CHANGE_WITHDRAWN_BY_MAKER/,
  );
  await city.tx("accountant", (tx) => withdrawConsumerChange(tx, third.id, "no longer"));
  for (let twice = 0; twice < 2; twice++) await city.tx("checker", (tx) => approveConsumerChange(tx, first.id));
  await expect(city.tx("checker", (tx) => approveConsumerChange(tx, second.id))).rejects.toThrow(
    /^CONSUMER_CHANGE_OVERTAKEN: property-tax A1 was changed since this was proposed \(name\)/,
  );
  await city.tx("checker", (tx) => rejectConsumerChange(tx, second.id, "Another was first"));
  await expect(city.tx("checker", (tx) => approveConsumerChange(tx, second.id))).rejects.toThrow(
    /^CONSUMER_CHANGE_DECIDED/,
  );
  await see(city, async (read) => {
    const bill = await previewBill(read, consumer.id, day("2025-08-01"));
    expect([(await getConsumer(read, consumer.id)).name, toRupees(bill.total)]).toEqual(["Ravi", "1188.00"]);
    const history = await consumerHistory(read, consumer.id);
    expect(history.map((e) => [e.kind, e.by, e.approvedBy, e.document?.number ?? null, e.before, e.after])).toEqual([
      ["mutation", "accountant@test", "checker@test", DEED.number, { name: "Asha", mobile: null }, content.to],
      ["entered", "accountant@test", null, null, null, null],
    ]);
    expect(await listConsumerChanges(read, { isWaiting: true })).toEqual([]);
    expect((await getConsumerChange(read, third.id)).decision?.outcome).toBe("withdrawn");
  });
});

test("a merge takes dues and advance over by entries that tie, and is refused across services", async () => {
  const city = await testBillingUlb(app);
  const { a, b, water } = await city.tx("accountant", async (tx) => {
    const into = await testConsumer(tx, { code: "A1", ward: "W02" });
    const from = await testConsumer(tx, { code: "B1" });
    await testDemand(tx, into, "10");
    await testDemand(tx, from, "285", { date: day("2025-06-10") });
    await pay(tx, from, "300.00", "2025-06-11", "cheque-1");
    return { a: into, b: from, water: await testConsumer(tx, { code: "W1", service: "water" }) };
  });
  const merge = { kind: "merge", consumerId: b.id, intoConsumerId: a.id } as const;
  await expect(propose(city, { ...merge, intoConsumerId: water.id })).rejects.toThrow(
    "CONSUMER_MERGE: property-tax B1 cannot be merged into water W1: they are of different services; its dues of 0.00 and its advance of 15.00 are of property-tax",
  );
  await expect(propose(city, { ...merge, intoConsumerId: b.id })).rejects.toThrow(/it is the same consumer/);
  await expect(
    propose(city, merge, { date: day("2025-06-10"), document: { number: "D", date: day("2025-06-01") } }),
  ).rejects.toThrow(/its advance of 15.00 was last moved on 11.06.2025; date the merge on or after that/);
  const done = await change(city, merge);
  await see(city, async (read) => {
    const entry = await findEntryBySource(read, { type: "consumer-change", id: done.id });
    expect(legs((await getEntry(read, entry?.id ?? 0n)).lines)).toEqual(["Cr 3504101 15.00 A1", "Dr 3504101 15.00 B1"]);
    const [from, into] = [await getConsumer(read, b.id), await getConsumer(read, a.id)];
    expect([from.isActive, toRupees(from.advance), toRupees(into.advance)]).toEqual([false, "0.00", "15.00"]);
    expect(
      (await consumerHistory(read, a.id)).map((e) => [e.kind, e.from.map((r) => r.code), e.to.map((r) => r.code)]),
    ).toEqual([
      ["merge", ["B1"], ["A1"]],
      ["entered", [], []],
    ]);
    expect(await untied(read, day("2026-03-31"))).toEqual([]);
  });
  // The cheque comes back: what it settled is due from B1 again, and what was its advance comes back from A1.
  const back = await city.tx("accountant", (tx) => dishonour(tx, "cheque-1", "2025-07-20"));
  expect(back).toEqual([
    "Cr 3504101 15.00 B1",
    "Dr 3504101 15.00 A1",
    "Dr 3504101 15.00 B1",
    "Dr 4311001 285.00 B1/2025-26",
  ]);
  await see(city, async (read) => {
    expect([await dues(read, b), toRupees((await getConsumer(read, a.id)).advance)]).toEqual([
      ["2025-26 PT_TAX 285.00"],
      "0.00",
    ]);
    expect(await untied(read, day("2026-03-31"))).toEqual([]);
  });
  await expect(propose(city, { kind: "mutation", consumerId: b.id, to: { name: "X" } })).rejects.toThrow(
    "CONSUMER_INACTIVE: property-tax B1 is not in use any more: it was merged into A1 on 01/07/2025",
  );
});

test("a merge and a split move what is due by transfers; parts get no more than there is", async () => {
  const city = await testBillingUlb(app);
  const { a, b, demandId } = await city.tx("accountant", async (tx) => {
    const into = await testConsumer(tx, { code: "A1" });
    const from = await testConsumer(tx, { code: "B1" });
    const raised = await testDemand(tx, into, "1100+88");
    await testDemand(tx, from, "500");
    return { a: into, b: from, demandId: raised.demandIds[0] ?? "" };
  });
  await change(city, { kind: "merge", consumerId: b.id, intoConsumerId: a.id });
  const part = (code: string, amount: string) => ({
    code,
    name: `Owner of ${code}`,
    address: "1, Test Road",
    ward: "W01",
    owners: [{ name: `Owner of ${code}`, share: "1" }],
    dues: [{ demandId, taxHead: "PT_TAX", amount: rupees(amount) }],
  });
  const split = (first: string, second: string) =>
    ({ kind: "split", consumerId: a.id, closes: true, into: [part("A1-1", first), part("A1-2", second)] }) as const;
  await expect(propose(city, split("600.00", "588.01"))).rejects.toThrow(
    "CONSUMER_SPLIT: property-tax A1 cannot be split: 588.01 of PT_TAX 2025-26 cannot go to A1-2: 1,188.00 is due, 588.00 of it is not given to another part",
  );
  await expect(propose(city, { ...split("1", "1"), into: [part("B1", "1")] })).rejects.toThrow(/^CONSUMER_EXISTS/);
  await change(city, split("600.00", "500.00"));
  await see(city, async (read) => {
    const [one, two] = [
      await getConsumerByCode(read, "property-tax", "A1-1"),
      await getConsumerByCode(read, "property-tax", "A1-2"),
    ];
    expect([await dues(read, b), await dues(read, one), await dues(read, two)]).toEqual([
      [],
      ["2025-26 PT_TAX 600.00"],
      ["2025-26 PT_TAX 500.00"],
    ]);
    expect((await dues(read, a)).sort()).toEqual(["2025-26 PT_TAX 500.00", "2025-26 PT_TAX 88.00"]);
    expect((await getConsumer(read, a.id)).isActive).toBe(false);
    const [born] = await consumerHistory(read, two.id);
    expect([born?.kind, born?.from.map((r) => r.code), born?.to.map((r) => r.code)]).toEqual([
      "split",
      ["A1"],
      ["A1-1", "A1-2"],
    ]);
    expect((await ownersOn(read, two.id, day("2025-07-01"))).map((o) => o.name)).toEqual(["Owner of A1-2"]);
    expect(await untied(read, day("2026-03-31"))).toEqual([]);
  });
});

test("a proposal sent twice is one; of two mutations that bring other owners the second is overtaken, also where no particulars change", async () => {
  const city = await testBillingUlb(app);
  const consumer = await city.tx("admin", (tx) => testConsumer(tx, { code: "A9", name: "Asha" }));
  const to = { name: "Asha" };
  const of = (name: string) =>
    ({ kind: "mutation", consumerId: consumer.id, to, owners: [{ name, share: "1" }] }) as const;
  const changeId = newId();
  const first = await propose(city, of("Ravi"), { changeId });
  expect((await propose(city, of("Ravi"), { changeId })).id).toBe(first.id);
  await expect(propose(city, of("Meena"), { changeId })).rejects.toThrow(/^CONSUMER_CHANGE_EXISTS/);
  const second = await propose(city, of("Meena"));
  await city.tx("checker", (tx) => approveConsumerChange(tx, first.id));
  await expect(city.tx("checker", (tx) => approveConsumerChange(tx, second.id))).rejects.toThrow(
    "CONSUMER_CHANGE_OVERTAKEN: property-tax A9 was changed since this was proposed (owners)",
  );
});
