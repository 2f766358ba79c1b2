import { expect, test } from "vitest";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, sum, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { dr, postEntry } from "../../ledger/index.ts";
import { applyPayment } from "../allocations.ts";
import { previewBill } from "../bills.ts";
import { approveChange, proposeChange } from "../changes/index.ts";
import { openLines } from "../dues.ts";
import { raiseDemands } from "../demands.ts";
import { approveRuleFile, loadRuleFile, rulesOn } from "../rates/files.ts";
import { assess } from "../rates/assess.ts";
import { testRuleFile } from "../rates/testing.ts";
import { addConsumer } from "../consumers/consumers.ts";
import { serviceOn, setServiceTerms, setTaxHead, taxHeads } from "../tax-heads.ts";
import { demandDraft, testBillingUlb, testConsumer } from "../testing.ts";
import { receivableTie } from "../ties.ts";
import { setConsumerFacts } from "./facts.ts";
import { continueRun, startRun } from "./run.ts";
import { houseFacts, YEAR } from "./testing.ts";

const app = await testApp({ clock: () => new Date("2025-04-02T06:00:00Z") });
const on = localDate("2025-04-02");
const text = (en: string) => ({ en, hi: en });

/** A ULB with a head for interest beside that for penalty. */
async function cityWithInterest(): Promise<TestUlb> {
  const city = await testBillingUlb(app);
  await city.tx("admin", async (tx) => {
    const penalty = (await taxHeads(tx, tx.ulb.startsOn)).get("PT_PENALTY");
    if (!penalty) throw new Error("the ready heads have a penalty");
    await setTaxHead(tx, { ...penalty, code: "PT_INTEREST", name: "Interest", kind: "interest", priority: 15 });
  });
  return city;
}

const pay = (city: TestUlb, consumerId: string, amount: string, date: string, id: string) =>
  city.tx("accountant", async (tx) => {
    const [day, source] = [localDate(date), { type: "receipt", id }];
    const paid = await applyPayment(tx, { consumerId, amount: rupees(amount), date: day, source });
    const lines = [dr("4501001", rupees(amount)), ...paid.ledgerLines];
    await postEntry(tx, { voucher: "receipt", date: day, narration: "At the counter", source, lines });
    return paid.allocations.map((a) => `${a.taxHead} ${toRupees(a.amount)}`);
  });

const late = (city: TestUlb, consumerId: string, day: string) =>
  inSnapshot(app, city.as("auditor"), async (read) =>
    (await previewBill(read, consumerId, localDate(day))).lines
      .filter((l) => l.part === "penalty")
      .map((l) => `${l.taxHead} ${toRupees(l.amount)}`),
  );

test("what a bill asks on any day is what the rule file says: two rebates, a penalty and interest, by the consumer's own facts", async () => {
  const city = await cityWithInterest();
  const loaded = await city.tx("accountant", (tx) =>
    loadRuleFile(
      tx,
      testRuleFile((f) => {
        const rule = { version: 1, validFrom: "2025-04-01", on: ["PT_TAX"] };
        f.heads.push({ code: "PT_INTEREST", kind: "interest", name: text("Interest") });
        f.rules.push(
          { kind: "rebate", id: "earlier", ...rule, percent: "3", days: 10, text: text("{result:rs}") },
          {
            kind: "late",
            id: "interest",
            ...rule,
            on: ["PT_TAX", "PT_LIBRARY_CESS"],
            unless: { zone: "B" },
            head: "PT_INTEREST",
            charge: "daily",
            percent: "18",
            graceDays: 20,
            text: text("{result:rs}"),
          },
        );
      }),
    ),
  );
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
  const houses = await city.tx("admin", async (tx) => {
    const [first, second] = [await testConsumer(tx), await testConsumer(tx)];
    const b = { ...houseFacts(second.id, "333.3"), attributes: { zone: "B" } };
    await setConsumerFacts(tx, [houseFacts(first.id, "1234.56"), b]);
    return [
      { id: first.id, facts: houseFacts(first.id, "1234.56"), paid: "1000.00" },
      { id: second.id, facts: b, paid: "123.45" },
    ];
  });
  const run = await city.tx("accountant", (tx) => startRun(tx, { service: "property-tax", period: YEAR, date: on }));
  await continueRun(app, city.as("accountant"), run.id);
  // What the service says meanwhile is for demands without rules.
  await city.tx("admin", async (tx) => {
    const setup = await serviceOn(tx, "property-tax", on);
    const other = { kind: "once", percent: "50", taxHead: "PT_PENALTY" } as const;
    await setServiceTerms(tx, { ...setup, validFrom: on, terms: { ...setup.terms, penalty: other } });
  });
  const rules = await inSnapshot(app, city.as("auditor"), (read) => rulesOn(read, "property-tax", on));
  const asked = async (paidOn: LocalDate | null) => {
    for (const house of houses) {
      const paid = paidOn ? [{ date: paidOn, amount: rupees(house.paid), cess: ZERO }] : [];
      for (const day of [
        "2025-04-10",
        "2025-04-11",
        "2025-04-30",
        "2025-05-01",
        "2025-09-30",
        "2025-10-20",
        "2025-10-21",
        "2026-01-07",
      ]) {
        const asOf = localDate(day);
        if (paidOn && asOf < paidOn) continue;
        const bill = await inSnapshot(app, city.as("auditor"), (read) => previewBill(read, house.id, asOf));
        const said = assess(rules, { ...house.facts, paid }, YEAR, asOf);
        const due = sum([bill.arrears, bill.current, bill.penalty, -bill.rebate as typeof bill.rebate]);
        // Apart from the cess of what is paid, of which the file knows nothing, all is the same to the paisa.
        if (!paidOn) expect([day, toRupees(due)]).toEqual([day, toRupees(said.payable)]);
        else expect([day, toRupees(bill.rebate)]).toEqual([day, toRupees(sum(said.rebates.map((r) => r.amount)))]);
      }
    }
  };
  await asked(null);
  for (const house of houses) await pay(city, house.id, house.paid, "2025-04-05", `R-${house.id}`);
  await asked(localDate("2025-04-05"));
  const [first, second] = houses;
  expect((await late(city, first?.id ?? "", "2026-01-07")).map((l) => l.slice(0, 8))).toEqual(["PT_PENAL", "PT_INTER"]);
  expect((await late(city, second?.id ?? "", "2026-01-07")).map((l) => l.slice(0, 8))).toEqual(["PT_PENAL"]);
});

test("penalty and interest of a service stand side by side: each is charged once, and each goes with arrears that are transferred", async () => {
  const city = await cityWithInterest();
  const [giver, taker] = await city.tx("admin", async (tx) => {
    const setup = await serviceOn(tx, "property-tax", tx.ulb.startsOn);
    await setServiceTerms(tx, {
      ...setup,
      validFrom: localDate("2025-04-02"),
      terms: {
        ...setup.terms,
        penalty: { kind: "once", percent: "10", taxHead: "PT_PENALTY" },
        interest: { kind: "monthly", percent: "1", taxHead: "PT_INTEREST" },
      },
    });
    return [
      await testConsumer(tx),
      await addConsumer(tx, {
        service: "property-tax",
        code: "NEW",
        name: "M/s Gill & Sons",
        address: "2, Mall Road",
        ward: "W01",
      }),
    ] as const;
  });
  await city.tx("accountant", (tx) =>
    raiseDemands(tx, { date: on, demands: [demandDraft(giver, "1000", { dueDate: localDate("2025-05-31") })] }),
  );
  expect(await late(city, giver.id, "2025-05-31")).toEqual([]);
  expect(await late(city, giver.id, "2025-08-15")).toEqual(["PT_PENALTY 100.00", "PT_INTEREST 30.00"]);
  expect(await pay(city, giver.id, "130.00", "2025-08-15", "R1")).toEqual(["PT_PENALTY 100.00", "PT_INTEREST 30.00"]);
  expect(await late(city, giver.id, "2025-08-20")).toEqual([]);
  expect(await late(city, giver.id, "2025-09-15")).toEqual(["PT_INTEREST 10.00"]);
  const [line] = await inSnapshot(app, city.as("auditor"), (read) => openLines(read, [giver.id]));
  const proposed = await city.tx("accountant", (tx) =>
    proposeChange(tx, {
      date: localDate("2025-09-15"),
      reason: "Sold, the buyer took the arrears over",
      content: {
        kind: "transfer",
        toConsumerId: taker.id,
        items: [{ demandId: line?.demandId ?? "", taxHead: "PT_TAX" }],
      },
    }),
  );
  await city.tx("checker", (tx) => approveChange(tx, proposed.id));
  expect(await late(city, giver.id, "2025-09-15")).toEqual([]);
  expect(await late(city, taker.id, "2025-09-15")).toEqual(["PT_INTEREST 10.00"]);
  const ties = await inSnapshot(app, city.as("auditor"), (read) => receivableTie(read, localDate("2025-09-15")));
  expect(ties.filter((t) => t.difference !== 0n)).toEqual([]);
});

test("a rule file whose charges and rebates the heads of the ULB cannot carry is not approved", async () => {
  const city = await testBillingUlb(app, { validFrom: localDate("2025-03-01"), startsOn: localDate("2025-04-01") });
  await city.tx("admin", async (tx) => {
    const penalty = (await taxHeads(tx, tx.ulb.startsOn)).get("PT_PENALTY");
    if (!penalty) throw new Error("the ready heads have a penalty");
    const accounts = { receivableAccount: "4311001", arrearsAccount: "4311004" };
    await setTaxHead(tx, { ...penalty, ...accounts, validFrom: localDate("2025-04-01"), basis: "accrual" });
  });
  const loaded = await city.tx("accountant", (tx) =>
    loadRuleFile(
      tx,
      testRuleFile((f) => {
        for (const r of f.rules) {
          if (r["kind"] === "rebate") r["on"] = ["PT_TAX", "PT_LIBRARY_CESS"];
          if (r["kind"] === "late") r["on"] = ["PT_LIBRARY_CESS"];
        }
      }),
    ),
  );
  await expect(city.tx("checker", (tx) => approveRuleFile(tx, loaded.id))).rejects.toThrow(
    "RULE_FILE_TERMS: small-tax 1 cannot be kept by the register: PT_LIBRARY_CESS has no account for the rebate early; PT_PENALTY, under which lateness is charged, is accrued; a charge of late payment is income when it is paid; lateness is on PT_LIBRARY_CESS and not on PT_TAX, which bears it",
  );
});
