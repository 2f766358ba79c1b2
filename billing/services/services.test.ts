import { expect, test } from "vitest";
import { postEntry, type Line } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { applyPayment, reversePayment } from "../allocations.ts";
import { addConsumer } from "../consumers/consumers.ts";
import { raiseDemands } from "../demands.ts";
import { approveRuleFile, loadRuleFile } from "../rates/files.ts";
import { RULE_PACKS, rulePack } from "../rates/packs.ts";
import { readRules } from "../rates/read.ts";
import { listTaxHeads, serviceOn, setServiceTerms, taxHeads } from "../tax-heads.ts";
import { testBillingUlb } from "../testing.ts";
import { receivableTie } from "../ties.ts";
import { addService, listReadyServices } from "./index.ts";

const app = await testApp();
const ready = listReadyServices();
const early = localDate("2017-04-01");
const gst = ["RENT_CGST", "RENT_SGST"];

test("every account of a ready service is a posting head of the NMAM chart, of the kind that its use asks for", async () => {
  const city = await testUlb(app);
  const { accounts, functions } = await city.tx("admin", async (tx) => ({
    accounts: new Map(
      (
        await tx.query<{ code: string; type: string; isPosting: boolean; isContra: boolean; parent: string | null }>(
          `select a.code, a.type, a.is_posting as "isPosting", a.is_contra as "isContra", a.parent
           from ledger.chart_accounts a where a.chart = 'nmam-1'`,
        )
      ).map((a) => [a.code, a]),
    ),
    functions: new Set(
      (await tx.query<{ code: string }>("select code from ledger.chart_functions where chart = 'nmam-1'")).map(
        (f) => f.code,
      ),
    ),
  }));
  const wrong: string[] = [];
  const must = (whose: string, code: string | null, is: (type: string, parent: string, code: string) => boolean) => {
    if (code === null) return;
    const account = accounts.get(code);
    if (!account?.isPosting || !is(account.type, code.slice(0, 5), code)) wrong.push(`${whose} ${code}`);
  };
  for (const service of ready) {
    must(
      `${service.service} advance`,
      service.advanceAccount,
      (type, parent) => type === "liability" && parent === "35041",
    );
    for (const h of service.heads) {
      if (!functions.has(h.function)) wrong.push(`${h.code} function ${h.function}`);
      must(`${h.code} income`, h.incomeAccount, (type, parent, code) =>
        gst.includes(h.code)
          ? type === "liability" && parent === "35020"
          : type === "income" && !code.startsWith("1109"),
      );
      // Income of earlier years stands in 280, a heading of expenditure with a credit side.
      must(`${h.code} prior income`, h.priorIncomeAccount, (_, parent) => ["28010", "28020", "28040"].includes(parent));
      for (const a of [h.receivableAccount, h.arrearsAccount])
        must(
          `${h.code} receivable`,
          a,
          (type, parent) => type === "asset" && /^431[134]/.test(parent) && parent !== "43191",
        );
      must(`${h.code} rebate`, h.rebateAccount, (type, parent) => type === "income" && /^1[1-4]090$/.test(parent));
      must(`${h.code} provision`, h.provisionAccount, (type, parent) => type === "asset" && /^432/.test(parent));
      must(`${h.code} write-off`, h.writeOffAccount, (type, parent) => type === "expense" && parent === "27030");
      must(`${h.code} control`, h.cessControlAccount, (_, parent) => /^4319[129]$/.test(parent));
      must(`${h.code} payable`, h.cessPayableAccount, (type, parent) => type === "liability" && parent === "35030");
      must(`${h.code} cess provision`, h.cessProvisionAccount, (_, parent) => /^4329[129]$/.test(parent));
    }
  }
  expect(wrong).toEqual([]);
});

test("codes are used once; every head has names in both languages, and only penalty, interest and one-off fees wait for their receipt", () => {
  const codes = ready.flatMap((s) => s.heads.map((h) => h.code));
  expect(codes.filter((c, i) => codes.indexOf(c) !== i)).toEqual([]);
  expect(new Set(ready.map((s) => s.service)).size).toBe(ready.length);
  for (const named of [...ready, ...ready.flatMap((s) => s.heads)]) expect(named.nameLocal).toMatch(/[\u0900-\u097f]/);
  for (const h of ready.flatMap((s) => s.heads)) {
    if (h.kind === "tax" || h.kind === "charge" || h.kind === "cess")
      expect([h.code, h.basis]).toEqual([h.code, "accrual"]);
    if (h.kind === "penalty" || h.kind === "interest") expect([h.code, h.basis]).toEqual([h.code, "receipt"]);
  }
});

test("a ULB with all services approves every ready pack: each head is there, of the kind that the pack says", async () => {
  const city = await testUlb(app);
  await city.tx("admin", async (tx) => {
    for (const { service } of ready) await addService(tx, service, { validFrom: early });
  });
  const packs = RULE_PACKS.map((pack) => ({ pack, file: readRules(rulePack(pack)).file }));
  packs.sort((a, b) => (a.file.validFrom < b.file.validFrom ? -1 : 1));
  const before = new Map<string, { id: string; validFrom: string }>();
  for (const { pack, file } of packs) {
    const heads = new Map(ready.find((s) => s.service === file.service)?.heads.map((h) => [h.code, h.kind]));
    for (const h of file.heads) {
      // A pack shows GST beside the rent; in the books it is a debt from the day of the invoice and no cess that waits for its collection.
      expect([pack, h.code, heads.get(h.code)]).toEqual([pack, h.code, gst.includes(h.code) ? "fee" : h.kind]);
    }
    const loaded = await city.tx("accountant", (tx) => loadRuleFile(tx, rulePack(pack)));
    // Packs of property tax are alternatives: one that begins on the day of another takes its place.
    const last = before.get(file.service);
    const replaces = last?.validFrom === file.validFrom ? last.id : null;
    const approved = await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id, replaces));
    before.set(file.service, { id: loaded.id, validFrom: loaded.validFrom });
    expect([pack, approved.approvedBy]).toEqual([pack, "checker@test"]);
  }
});

test("all services are added once, on record; a second time adds nothing; an unknown name is refused with the names there are", async () => {
  const city = await testUlb(app);
  await city.tx("admin", async (tx) => {
    for (const { service, heads } of ready) {
      expect(await addService(tx, service)).toEqual({ service, isNew: true, heads: heads.map((h) => h.code) });
    }
    for (const { service } of ready)
      expect(await addService(tx, service)).toEqual({ service, isNew: false, heads: [] });
    expect((await listTaxHeads(tx, localDate("2026-01-01"))).length).toBe(ready.flatMap((s) => s.heads).length);
    const trail = await tx.query<{ n: number }>(
      "select count(*)::integer as n from kernel.audit_trail where ulb_id = :ulb and subject = 'service-terms'",
      { ulb: tx.ulb.id },
    );
    expect(trail).toEqual([{ n: ready.length }]);
  });
  await expect(city.tx("admin", (tx) => addService(tx, "toll"))).rejects.toThrow(
    '"toll" is no ready service; there are property-tax, vacant-land-tax, water,',
  );
});

test("a ULB that has the service keeps its own terms and heads and gets what is missing, from the day that is named", async () => {
  const city = await testBillingUlb(app, { cessPercent: "5", roundTo: "rupee" });
  await city.tx("admin", async (tx) => {
    const added = await addService(tx, "property-tax", {
      validFrom: early,
      roundTo: "paisa",
      heads: ["PT_TAX", "PT_FIRE_CESS"],
    });
    expect(added).toEqual({ service: "property-tax", isNew: false, heads: ["PT_TAX", "PT_FIRE_CESS"] });
    expect((await serviceOn(tx, "property-tax", localDate("2026-01-01"))).terms.roundTo).toBe("rupee");
    await addService(tx, "property-tax", { validFrom: early });
    const heads = await taxHeads(tx, early);
    // The library cess is the ULB's own 5 %, also in the earlier years.
    expect([heads.get("PT_LIBRARY_CESS")?.cessPercent, heads.get("PT_INTEREST")?.incomeAccount]).toEqual([
      "5",
      "1718001",
    ]);
  });
});

test("the ready heads of property tax and water are those that a new ULB is given", async () => {
  const seeded = await testBillingUlb(app);
  const own = await seeded.tx("admin", (tx) => taxHeads(tx, localDate("2026-01-01")));
  const all = new Map(ready.flatMap((s) => s.heads).map((h) => [h.code, h]));
  for (const { validFrom, isActive, service, ...head } of own.values()) {
    expect([validFrom, isActive, service]).toBeDefined();
    expect(head).toEqual(all.get(head.code));
  }
});

test("rent with GST: the tax is owed to the Government with the demand (RN-01), paid with it (RN-02), and a returned payment restores both", async () => {
  const city = await testUlb(app);
  const say = (lines: readonly Line[]): string[] => lines.map((l) => `${l.side} ${l.account} ${toRupees(l.amount)}`);
  await city.tx("accountant", async (tx) => {
    await addService(tx, "rent");
    const shop = await addConsumer(tx, {
      service: "rent",
      code: "SHOP-1",
      name: "Tenant",
      address: "Bazaar",
      ward: "W01",
    });
    const date = localDate("2025-04-01");
    const raised = await raiseDemands(tx, {
      date,
      demands: [
        {
          consumerId: shop.id,
          periodFrom: date,
          periodTo: localDate("2025-04-30"),
          dueDate: localDate("2025-04-10"),
          lines: [
            { taxHead: "RENT", amount: rupees("10000") },
            { taxHead: "RENT_CGST", amount: rupees("900") },
            { taxHead: "RENT_SGST", amount: rupees("900") },
          ],
        },
      ],
    });
    const posted = await tx.query<{ leg: string }>(
      `select l.account || ' ' || l.debit || ' ' || l.credit as leg from ledger.lines l
       where l.ulb_id = :ulb and l.entry_id = :entry order by l.account, l.debit desc`,
      { ulb: tx.ulb.id, entry: raised.entry?.id ?? null },
    );
    expect(posted.map((p) => p.leg)).toEqual([
      "1301015 0 1000000",
      "3502034 0 90000",
      "3502035 0 90000",
      "4314001 1000000 0",
      "4314007 180000 0",
    ]);
    const source = { type: "receipt", id: "R1" };
    const paidOn = localDate("2025-04-05");
    const paid = await applyPayment(tx, { consumerId: shop.id, amount: rupees("11800"), date: paidOn, source });
    expect(say(paid.ledgerLines)).toEqual(["credit 4314007 1800.00", "credit 4314001 10000.00"]);
    const bank: Line = { account: "4501001", amount: rupees("11800"), side: "debit", fund: "01" };
    await postEntry(tx, {
      voucher: "receipt",
      date: paidOn,
      narration: "Rent",
      source,
      lines: [bank, ...paid.ledgerLines],
    });
    expect((await receivableTie(tx, paidOn)).map((t) => toRupees(t.difference))).toEqual(["0.00", "0.00"]);
    const back = await reversePayment(tx, source, {
      date: localDate("2025-04-08"),
      newSource: { type: "dishonour", id: "D1" },
    });
    expect(say(back.ledgerLines)).toEqual(["debit 4314001 10000.00", "debit 4314007 1800.00"]);
  });
});

test("a service of the ULB's own making keeps its terms beside the ready ones", async () => {
  const city = await testUlb(app);
  await city.tx("admin", async (tx) => {
    await addService(tx, "sewerage", { penalty: { kind: "once", percent: "10", taxHead: "SW_PENALTY" } });
    const there = await serviceOn(tx, "sewerage", localDate("2026-01-01"));
    await setServiceTerms(tx, { ...there, service: "drains", name: "Drains" });
    expect((await addService(tx, "sewerage")).isNew).toBe(false);
    expect((await serviceOn(tx, "sewerage", localDate("2026-01-01"))).terms.penalty?.taxHead).toBe("SW_PENALTY");
    expect((await serviceOn(tx, "drains", localDate("2026-01-01"))).name).toBe("Drains");
  });
});
