import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { inTransaction } from "../kernel/tx.ts";
import { getAccount, postingAccount } from "../index.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import {
  confirmMasterChange,
  eventAccounts,
  getTaxSection,
  listEventAccounts,
  listFunctions,
  listMasterChanges,
  listPostingMap,
  masterHistory,
  proposeMasterChange,
  rejectMasterChange,
  setEventAccount,
  setPostingAccount,
  type MasterChange,
} from "./index.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });
const REASON = "Council resolution 12";
const ADD: MasterChange = { kind: "add-account", code: "2205210", name: "Drone survey", parent: "22052" };

test("a change of the chart is proposed by one and made when another confirms it, with both names on record", async () => {
  const { tx, as } = await testUlb(app);
  const proposal = await tx("admin", (t) => proposeMasterChange(t, ADD, REASON));
  expect(proposal).toMatchObject({ status: "proposed", summary: 'add account 2205210 "Drone survey" under 22052' });
  await expect(tx("auditor", (t) => getAccount(t, "2205210"))).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await expect(tx("admin", (t) => confirmMasterChange(t, proposal.id))).rejects.toMatchObject({
    code: "MAKER_IS_CHECKER",
  });
  await inTransaction(app, as("admin", "second"), (t) => confirmMasterChange(t, proposal.id));
  expect(await tx("auditor", (t) => getAccount(t, "2205210"))).toMatchObject({ name: "Drone survey" });
  await expect(tx("checker", (t) => confirmMasterChange(t, proposal.id))).rejects.toMatchObject({
    code: "CHANGE_DECIDED",
  });
  const done = await tx("auditor", (t) => listMasterChanges(t, "confirmed"));
  expect(done).toMatchObject([{ proposedBy: "admin@test", decidedBy: "second@test" }]);
});

test("the table itself refuses that one person does both", async () => {
  const { tx } = await testUlb(app);
  const { id } = await tx("admin", (t) => proposeMasterChange(t, ADD, REASON));
  await expect(
    tx("admin", (t) =>
      t.query(
        `update ledger.master_changes set status = 'confirmed', decided_by = proposed_by, decided_at = now() where ulb_id = :ulb and change_id = :id`,
        { ulb: t.ulb.id, id },
      ),
    ),
  ).rejects.toMatchObject({ constraint: "maker_is_not_checker" });
});

test("what could not be confirmed is refused when it is proposed, and leaves nothing", async () => {
  const { tx, ulb } = await testUlb(app);
  const before = await bookMarks(app, ulb);
  const propose = (change: MasterChange, reason = REASON) => tx("admin", (t) => proposeMasterChange(t, change, reason));
  await expect(propose({ ...ADD, code: "1" })).rejects.toMatchObject({ code: "ACCOUNT_PLACE" });
  await expect(propose({ kind: "posting-account", key: "nothing", account: "4502101" })).rejects.toMatchObject({
    code: "MASTER_UNKNOWN",
  });
  await expect(propose({ kind: "close-account", code: "2408003" })).rejects.toMatchObject({ code: "MASTER_IN_USE" });
  await expect(propose(ADD, "")).rejects.toMatchObject({ code: "REASON_MISSING" });
  expect(await bookMarks(app, ulb)).toEqual(before);
  expect(await tx("auditor", (t) => listMasterChanges(t, "proposed"))).toEqual([]);
});

test("each kind of change does what it says once it is confirmed", async () => {
  const { tx } = await testUlb(app);
  const make = async (change: MasterChange): Promise<void> => {
    const { id } = await tx("admin", (t) => proposeMasterChange(t, change, REASON));
    await tx("checker", (t) => confirmMasterChange(t, id));
  };
  await make({ kind: "rename-account", code: "2205201", name: "Counsel", from: "2026-05-01" });
  await make({ kind: "close-account", code: "2205202" });
  await make({ kind: "reopen-account", code: "2205202" });
  await make({ kind: "add-item", list: "functions", code: "67", item: { name: "Rivers", parent: "60" } });
  await make({ kind: "rename-item", list: "functions", code: "67", name: "Rivers and streams" });
  await make({ kind: "close-item", list: "functions", code: "67" });
  await make({ kind: "reopen-item", list: "functions", code: "67" });
  await make({ kind: "posting-account", key: "bank-charges", account: "2407003" });
  await make({ kind: "event-account", rule: "PT-01", leg: 2, account: "1100101" });
  await make({ kind: "end-tax-section", code: "BOCW", lastDay: "2026-06-30" });
  await make({
    kind: "add-tax-section",
    code: "BOCW",
    tax: "cess",
    section: "BOCW",
    description: "Raised",
    ratePercent: "1.5",
    thresholdSingle: "1000.50",
    account: "3502064",
    validFrom: "2026-07-01",
  });
  const seen = await tx("auditor", async (t) => ({
    renamed: (await getAccount(t, "2205201")).name,
    reopened: (await getAccount(t, "2205202")).isActive,
    function: (await listFunctions(t, { search: "67" }))[0]?.name,
    charges: await postingAccount(t, "bank-charges"),
    leg: (await eventAccounts(t, "PT-01")).get(2),
    cess: (await getTaxSection(t, "BOCW", localDate("2026-07-01"))).thresholdSingle,
    why: (await masterHistory(t, "accounts", "2205201"))[1]?.reason,
  }));
  expect(seen).toEqual({
    renamed: "Counsel",
    reopened: true,
    function: "Rivers and streams",
    charges: "2407003",
    leg: "1100101",
    cess: 100050n,
    why: "Council resolution 12 (proposed by admin@test)",
  });
});

test("a rejected change is never made, and its reason stays", async () => {
  const { tx } = await testUlb(app);
  const { id } = await tx("admin", (t) => proposeMasterChange(t, ADD, REASON));
  await expect(tx("checker", (t) => rejectMasterChange(t, id, ""))).rejects.toMatchObject({ code: "REASON_MISSING" });
  await expect(tx("admin", (t) => rejectMasterChange(t, id, "Not wanted"))).rejects.toMatchObject({
    code: "MAKER_IS_CHECKER",
  });
  await tx("checker", (t) => rejectMasterChange(t, id, "Use 2205201"));
  expect(await tx("auditor", (t) => listMasterChanges(t, "rejected"))).toMatchObject([
    { decisionReason: "Use 2205201" },
  ]);
  await expect(tx("auditor", (t) => getAccount(t, "2205210"))).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await expect(tx("checker", (t) => confirmMasterChange(t, "x"))).rejects.toMatchObject({ code: "CHANGE_NOT_FOUND" });
});

test("a posting rule takes another head of the same kind from then on, and what it used before stays on record", async () => {
  const { tx } = await testUlb(app);
  const set = (account: string) => tx("admin", (t) => setPostingAccount(t, "bank-main", account, REASON));
  await expect(set("3501001")).rejects.toThrow(/3501001 is liability, 4502101 is cash or bank/);
  await expect(set("45021")).rejects.toMatchObject({ code: "ACCOUNT_NOT_POSTING" });
  await expect(set("9")).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await set("4502104");
  await set("4502201");
  const [map, history] = await tx(
    "auditor",
    async (t) => [await listPostingMap(t), await masterHistory(t, "posting-map", "bank-main")] as const,
  );
  expect(map.find((m) => m.key === "bank-main")).toMatchObject({ account: "4502201", standard: "4502101" });
  expect(map.every((m) => m.description !== "" && m.account !== null)).toBe(true);
  expect(history.map((h) => h.content["account"])).toEqual(["4502101", "4502104", "4502201"]);
});

test("a leg of an event that has no account of its own is not listed: the template's counts", async () => {
  const { tx } = await testUlb(app);
  expect(await tx("auditor", (t) => eventAccounts(t, "PT-01"))).toEqual(new Map());
  await tx("admin", (t) => setEventAccount(t, "PT-01", 2, "1100102", REASON));
  await tx("admin", (t) => setEventAccount(t, "PT-01", 2, "1100101", REASON));
  expect(await tx("auditor", (t) => listEventAccounts(t))).toMatchObject([
    { ruleId: "PT-01", leg: 2, account: "1100101" },
  ]);
  await expect(tx("admin", (t) => setEventAccount(t, "pt 1", 0, "1100101", REASON))).rejects.toMatchObject({
    code: "MASTER_DETAILS",
  });
  await expect(tx("admin", (t) => setEventAccount(t, "PT-01", 1, "110", REASON))).rejects.toMatchObject({
    code: "ACCOUNT_NOT_POSTING",
  });
});
