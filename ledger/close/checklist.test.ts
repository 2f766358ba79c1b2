import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { localDate, period } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import {
  attest,
  attestationHistory,
  checklist,
  closePeriod,
  closeProblems,
  cr,
  dr,
  listCloseSettings,
  listPeriodEvents,
  postEntry,
  reopenPeriod,
  scopeOfMonth,
  setCloseSetting,
  warnings,
  withdrawAttestation,
  type CloseCheck,
} from "../index.ts";
import { testApp, testUlb } from "../testing.ts";
import { CHECKLIST } from "./checklist-data.ts";
import { judge, kindsOf } from "./checklist.ts";
import { LEDGER_CHECKS, scopeOfYear } from "./computed.ts";
import { FY, journal } from "./testing-year.ts";

const app = await testApp();
const from = { startsOn: localDate("2026-04-01") };
const april = period("2026-04");
const scope = scopeOfMonth(april);
const signed = { signedAs: "R. Rao, Commissioner" };

test("the checklist has the thirty-two items of the manual, each computed or attested, and every check it names is known", () => {
  expect(CHECKLIST).toHaveLength(32);
  expect(new Set(CHECKLIST.map((i) => i.id)).size).toBe(32);
  for (const item of CHECKLIST) {
    expect([item.id, item.computed !== undefined || item.attestation !== undefined]).toEqual([item.id, true]);
    expect([item.id, item.owner !== "" && item.task !== "" && item.link.startsWith("/books")]).toEqual([item.id, true]);
    for (const name of item.checks.filter((c) => c.startsWith("ledger:")))
      expect([item.id, name, name in LEDGER_CHECKS]).toEqual([item.id, name, true]);
  }
  // The others are named by the folders above; a name that no folder has would never be asked.
  const above = [
    "billing/close-checks",
    "collections/close-checks",
    "reconciliation/close-checks",
    "ledger/payables/ties",
    "ledger/registers/ties",
    "api/close-checks",
  ]
    .map((f) => readFileSync(new URL(`../../${f}.ts`, import.meta.url), "utf8"))
    .join("\n");
  for (const item of CHECKLIST)
    for (const name of item.checks.filter((c) => !c.startsWith("ledger:")))
      expect([item.id, name, above.includes(`"${name}"`)]).toEqual([item.id, name, true]);
});

test("quarters and half-years of the financial year end with their months; annual items belong to the year", () => {
  const kinds = (month: string) => kindsOf(scopeOfMonth(period(month))).length;
  expect([kinds("2026-04"), kinds("2026-06"), kinds("2026-09"), kinds("2026-12"), kinds("2027-03")]).toEqual([
    2, 3, 4, 3, 4,
  ]);
  expect(kindsOf(scopeOfYear(FY))).toEqual(["annual"]);
});

test("an item is open for what was computed or not yet attested; it refuses only where the ULB insists; a word instead of an entry settles it", () => {
  const [m01, m03, y03] = ["M-01", "M-03", "Y-03"].map((id) => CHECKLIST.find((i) => i.id === id));
  if (!m01 || !m03 || !y03) throw new Error("the items are there");
  const wrong = { result: "open" as const, problems: [{ code: "X", message: "wrong" }] };
  const word = {
    item: "",
    subject: "",
    verdict: "done" as const,
    remark: "",
    signedAs: "",
    actor: "",
    at: new Date(0),
  };
  const set = (computed: "refuse" | "warn", attestation: "refuse" | "warn") => ({ computed, attestation });
  const told = (j: ReturnType<typeof judge>) => [j.result, j.needsAttestation, j.refuses];
  expect(told(judge(m01, set("refuse", "warn"), [wrong], undefined))).toEqual(["open", false, true]);
  expect(told(judge(m01, set("warn", "warn"), [wrong], undefined))).toEqual(["open", false, false]);
  expect(told(judge(m03, set("warn", "warn"), [], undefined))).toEqual(["open", true, false]);
  expect(told(judge(m03, set("warn", "refuse"), [], undefined))).toEqual(["open", true, true]);
  expect(told(judge(m03, set("warn", "refuse"), [], word))).toEqual(["ok", false, false]);
  expect(told(judge(m03, set("warn", "refuse"), [], { ...word, verdict: "not-applicable" }))).toEqual([
    "not-applicable",
    false,
    false,
  ]);
  expect(told(judge(y03, set("refuse", "warn"), [wrong], undefined))).toEqual(["open", true, true]);
  expect(told(judge(y03, set("refuse", "warn"), [wrong], word))).toEqual(["ok", false, false]);
});

test("the questions of the folders above stand under the item that names them, or that they name themselves; others on their own, and all refuse", async () => {
  const { tx } = await testUlb(app, from);
  const ask = (name: string, item?: string): CloseCheck => ({
    name,
    ...(item === undefined ? {} : { item }),
    run: () => Promise.resolve([{ code: "X", message: `${name} is wrong` }]),
  });
  const checks = [
    ask("bank reconciliation"),
    ask("grants register", "H-02"),
    ask("imprest register", "M-02"),
    ask("stores"),
  ];
  const found = await tx("auditor", (t) => checklist(t, scope, checks));
  expect(found.items.filter((i) => i.problems.length > 0).map((i) => [i.item.id, i.problems[0]?.message])).toEqual([
    ["M-01", "bank reconciliation is wrong"],
    ["M-02", "imprest register is wrong"],
  ]);
  // H-02 is not due in April: its question is asked all the same, on its own.
  expect(found.others.map((o) => o.name)).toEqual(["grants register", "stores"]);
  const said = (await tx("auditor", (t) => closeProblems(t, april, checks))).map((p) => p.message);
  expect(said).toEqual([
    "grants register is wrong",
    "stores is wrong",
    "bank reconciliation is wrong",
    "imprest register is wrong",
  ]);
});

test("a month closes without attestations unless the ULB insists; what is missing is said; an attestation is signed, kept and withdrawn by a new row", async () => {
  const { tx } = await testUlb(app, from);
  expect(await tx("auditor", (t) => closeProblems(t, april, []))).toEqual([]);
  const said = warnings(await tx("auditor", (t) => checklist(t, scope, []))).map((p) => p.message);
  expect(said).toContain(
    "M-05 (Pay government dues and statutory recoveries (TDS 7th, GST-TDS 10th, PF 15th)) is not attested",
  );

  await expect(
    tx("admin", (t) => setCloseSetting(t, "M-06", { computed: "warn", attestation: "warn" }, "we are in a hurry")),
  ).rejects.toThrow(/^CHECKLIST_SETTING_FIXED/);
  await tx("admin", (t) =>
    setCloseSetting(t, "M-04", { computed: "refuse", attestation: "refuse" }, "Nil is compulsory here"),
  );
  await expect(tx("accountant", (t) => closePeriod(t, april))).rejects.toThrow(
    /^PERIOD_CLOSE_REFUSED: .*M-04 .*is not attested/,
  );
  const word = { item: "M-04", subject: "2026-04", verdict: "nil" as const, remark: "no demand was raised" };
  await expect(tx("accountant", (t) => attest(t, { ...word, remark: " ", ...signed }))).rejects.toThrow(
    /^ATTESTATION_REMARK/,
  );
  await expect(tx("accountant", (t) => attest(t, { ...word, signedAs: "" }))).rejects.toThrow(/^SIGNATURE_MISSING/);
  await expect(tx("accountant", (t) => attest(t, { ...word, subject: "2026-27", ...signed }))).rejects.toThrow(
    /^ATTESTATION_SUBJECT/,
  );
  await expect(tx("accountant", (t) => attest(t, { ...word, item: "M-06", ...signed }))).rejects.toThrow(
    /^CHECKLIST_ITEM_COMPUTED/,
  );
  await expect(tx("accountant", (t) => attest(t, { ...word, item: "Z-1", ...signed }))).rejects.toThrow(
    /^CHECKLIST_ITEM_UNKNOWN/,
  );
  await expect(tx("accountant", (t) => withdrawAttestation(t, "M-04", "2026-04", "written in error"))).rejects.toThrow(
    /^ATTESTATION_NOT_THERE/,
  );
  await tx("accountant", (t) => attest(t, { ...word, ...signed }));
  await tx("accountant", (t) => withdrawAttestation(t, "M-04", "2026-04", "a demand was found after all"));
  await expect(tx("accountant", (t) => closePeriod(t, april))).rejects.toThrow(/M-04/);
  await tx("accountant", (t) => attest(t, { ...word, verdict: "done", ...signed }));
  await tx("accountant", (t) => closePeriod(t, april));
  await expect(tx("accountant", (t) => attest(t, { ...word, ...signed }))).rejects.toThrow(
    /^SUBJECT_CLOSED: 2026-04 is closed/,
  );
  expect(
    (await tx("auditor", (t) => attestationHistory(t, "2026-04"))).map((a) => [a.verdict, a.signedAs, a.actor]),
  ).toEqual([
    ["nil", "R. Rao, Commissioner", "accountant@test"],
    ["withdrawn", "R. Rao, Commissioner", "accountant@test"],
    ["done", "R. Rao, Commissioner", "accountant@test"],
  ]);
  expect(
    (await tx("auditor", (t) => listCloseSettings(t))).find((s) => s.item.id === "M-04")?.setting.attestation,
  ).toBe("refuse");
});

test("every close and reopening of a month is kept with its figures; equal books give equal hashes, an entry between them another", async () => {
  const { tx } = await testUlb(app, from);
  const entry = (amount: string) =>
    journal("2026-04-10", [dr("4311001", rupees(amount)), cr("3501001", rupees(amount))]);
  await tx("accountant", (t) => postEntry(t, entry("10")));
  await tx("accountant", (t) => closePeriod(t, april));
  await tx("checker", (t) => reopenPeriod(t, april, "looked at again"));
  await tx("accountant", (t) => closePeriod(t, april));
  await tx("checker", (t) => reopenPeriod(t, april, "a bill was found"));
  await tx("accountant", (t) => postEntry(t, entry("3")));
  await tx("accountant", (t) => closePeriod(t, april));
  const events = await tx("auditor", (t) => listPeriodEvents(t, "2026-04"));
  expect(events.map((e) => [e.event, e.reason, e.entryCount, e.debit])).toEqual([
    ["closed", null, 1n, 1000n],
    ["reopened", "looked at again", 1n, 1000n],
    ["closed", null, 1n, 1000n],
    ["reopened", "a bill was found", 1n, 1000n],
    ["closed", null, 2n, 1300n],
  ]);
  expect(new Set(events.slice(0, 4).map((e) => e.hash)).size).toBe(1);
  expect(events[4]?.hash).not.toBe(events[3]?.hash);
  await expect(tx("checker", (t) => t.query("delete from ledger.period_events"))).rejects.toThrow();
});
