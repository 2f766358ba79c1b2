import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { raiseDemands } from "../demands.ts";
import { taxHeads, setTaxHead } from "../tax-heads.ts";
import { testBillingUlb, testConsumer } from "../testing.ts";
import {
  approveRuleFile,
  demandLinesOf,
  getRuleFile,
  listRuleFiles,
  loadRuleFile,
  rulesOn,
  tryRules,
} from "./files.ts";
import { testRuleFile } from "./testing.ts";

const app = await testApp();

const on = localDate("2025-06-01");
const facts = {
  attributes: { zone: "A" },
  lists: {
    units: [
      { use: "HOME", area: "100" },
      { use: "SHOP", area: "20.5" },
    ],
  },
};
const file = (version: number, validFrom: string, over: object = {}): string =>
  testRuleFile((f) => Object.assign(f, { version, validFrom, rules: f.rules.map((r) => ({ ...r, validFrom })) }, over));
const laterExample = (f: string): string => {
  const json = JSON.parse(f) as { examples: { period: unknown; asOf: string }[] };
  for (const e of json.examples)
    Object.assign(e, { period: { from: "2026-04-01", to: "2027-03-31" }, asOf: "2026-06-30" });
  return JSON.stringify(json);
};

test("rules are in force when another person has approved them, from their first day", async () => {
  const city = await testBillingUlb(app);
  const loaded = await city.tx("accountant", (tx) => loadRuleFile(tx, file(1, "2025-04-01")));
  expect([loaded.loadedBy, loaded.approvedBy]).toEqual(["accountant@test", null]);
  await expect(city.tx("accountant", (tx) => rulesOn(tx, "property-tax", on))).rejects.toThrow(
    "RULES_NOT_IN_FORCE: no approved rules of property-tax are in force on 01/06/2025",
  );
  await expect(city.tx("accountant", (tx) => approveRuleFile(tx, loaded.id))).rejects.toThrow("MAKER_IS_CHECKER");
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
  await expect(city.tx("admin", (tx) => approveRuleFile(tx, loaded.id))).rejects.toThrow(
    "RULE_FILE_APPROVED: small-tax 1 was approved already by checker@test",
  );
  const rules = await inSnapshot(app, city.as("auditor"), (read) => rulesOn(read, "property-tax", on));
  expect([rules.file.id, rules.hash]).toEqual(["small-tax", loaded.hash]);
  await expect(city.tx("auditor", (tx) => rulesOn(tx, "property-tax", localDate("2025-03-31")))).rejects.toThrow(
    "RULES_NOT_IN_FORCE",
  );
});

test("loading the same file again is once; other content under its version is refused", async () => {
  const city = await testBillingUlb(app);
  const content = file(1, "2025-04-01");
  const first = await city.tx("accountant", (tx) => loadRuleFile(tx, content));
  expect(await city.tx("admin", (tx) => loadRuleFile(tx, content))).toEqual(first);
  await expect(city.tx("admin", (tx) => loadRuleFile(tx, `${content}\n`))).rejects.toThrow(
    "RULE_FILE_EXISTS: small-tax 1 was loaded already by accountant@test with other content",
  );
  await expect(city.tx("admin", (tx) => loadRuleFile(tx, "{}"))).rejects.toThrow("RULE_FILE_INVALID");
  expect(await city.tx("admin", (tx) => listRuleFiles(tx))).toHaveLength(1);
});

test("a file follows the one before it, or names the one that it replaces", async () => {
  const city = await testBillingUlb(app);
  const load = (content: string) => city.tx("accountant", (tx) => loadRuleFile(tx, content));
  const approve = (id: string, replaces?: string) => city.tx("checker", (tx) => approveRuleFile(tx, id, replaces));
  const first = await load(file(1, "2025-04-01"));
  const second = await load(laterExample(file(2, "2026-04-01")));
  const again = await load(file(3, "2025-04-01", { source: "Corrected" }));
  const better = await load(laterExample(file(4, "2026-04-01", { source: "Corrected" })));
  await approve(first.id);
  await approve(second.id);
  await expect(approve(again.id)).rejects.toThrow(
    "RULE_FILE_OVERLAPS: small-tax 3 holds from 01/04/2025, but small-tax 2 holds from 01/04/2026 already",
  );
  await expect(approve(better.id, first.id)).rejects.toThrow("RULE_FILE_OVERLAPS");
  await approve(better.id, second.id);
  expect((await city.tx("auditor", (tx) => getRuleFile(tx, second.id))).replacedBy).toBe(better.id);
  const at = (day: string) => city.tx("auditor", (tx) => rulesOn(tx, "property-tax", localDate(day)));
  expect([(await at("2026-03-31")).file.version, (await at("2026-04-01")).file.version]).toEqual([1, 4]);
});

test("rules are not put in force under heads that the ULB does not have", async () => {
  const city = await testBillingUlb(app);
  const loaded = await city.tx("accountant", (tx) =>
    loadRuleFile(tx, file(1, "2025-04-01").replaceAll("PT_PENALTY", "PT_FINE")),
  );
  await expect(city.tx("checker", (tx) => approveRuleFile(tx, loaded.id))).rejects.toThrow(
    "RULE_FILE_HEADS: small-tax 1 charges under PT_FINE, which on 01/04/2025 are no tax heads of its service in this ULB",
  );
  await city.tx("admin", async (tx) => {
    const penalty = (await taxHeads(tx, on)).get("PT_PENALTY");
    if (penalty) await setTaxHead(tx, { ...penalty, code: "PT_FINE" });
  });
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
});

test("a file can be tried before it is approved; what it gives is raised as a demand", async () => {
  const city = await testBillingUlb(app);
  const loaded = await city.tx("accountant", (tx) => loadRuleFile(tx, file(1, "2025-04-01")));
  const tried = await city.tx("accountant", (tx) => tryRules(tx, "property-tax", facts, on, { ruleFileId: loaded.id }));
  expect([tried.assessment.period.from, toRupees(tried.assessment.payable)]).toEqual(["2025-04-01", "393.12"]);
  expect(tried.english.map((e) => e.text)).toContain("Unit 2: 20.5 sq m × ₹8.00 = ₹164.00");
  expect(tried.hindi.map((e) => e.text)).toContain("इकाई 2: 20.5 वर्ग मीटर × ₹8.00 = ₹164.00");
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
  const raised = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    const { assessment } = await tryRules(tx, "property-tax", facts, on);
    return raiseDemands(tx, {
      date: on,
      detail: "summary",
      demands: [
        {
          consumerId: consumer.id,
          periodFrom: assessment.period.from,
          periodTo: assessment.period.to,
          dueDate: assessment.dueDate,
          lines: demandLinesOf(assessment),
        },
      ],
    });
  });
  expect(toRupees(raised.total)).toBe("393.12");
});

test("a rule file and its approval are never changed, and the database holds that the maker is not the checker", async () => {
  const city = await testBillingUlb(app);
  const { id } = await city.tx("accountant", (tx) => loadRuleFile(tx, file(1, "2025-04-01")));
  await expect(city.tx("admin", (tx) => tx.query("update billing.rule_files set content = 'x'", {}))).rejects.toThrow();
  const approve = (by: string) =>
    city.tx("admin", (tx) =>
      tx.query(
        `insert into billing.rule_file_approvals (ulb_id, rule_file_id, service, valid_from, loaded_by, approved_at, approved_by)
         values (:ulb, :id, 'property-tax', '2025-04-01', 'accountant@test', now(), :by)`,
        { ulb: tx.ulb.id, id, by },
      ),
    );
  await expect(approve("accountant@test")).rejects.toThrow("rule_file_maker_is_not_checker");
  await approve("checker@test");
});

test("one ULB does not see another's rule files", async () => {
  const [one, other] = [await testBillingUlb(app), await testBillingUlb(app)];
  const { id } = await one.tx("accountant", (tx) => loadRuleFile(tx, file(1, "2025-04-01")));
  await expect(other.tx("checker", (tx) => approveRuleFile(tx, id))).rejects.toThrow("RULE_FILE_NOT_FOUND");
});

test("a file older than the books needs its heads from the day the books begin", async () => {
  const city = await testBillingUlb(app);
  const loaded = await city.tx("accountant", (tx) => loadRuleFile(tx, file(1, "2021-04-01")));
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
  const rules = await city.tx("auditor", (tx) => rulesOn(tx, "property-tax", on));
  expect(rules.hash).toBe(loaded.hash);
});
