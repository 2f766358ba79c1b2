// All 110 events of the posting rules, each booked through its template by two people and compared with the rule itself:
// fixtures/posting-events.csv holds the legs of the reference (origin "rule"), and the legs that its notes add ("note").
import { readFileSync } from "node:fs";
import Papa from "papaparse";
import { afterAll, expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { rupees, toRupees } from "../kernel/money.ts";
import {
  approveVoucher,
  draftVoucher,
  getEntry,
  getTemplate,
  listTemplates,
  submitVoucher,
  vouchersFromTemplate,
  type EntryLine,
} from "../index.ts";
import { testApp, testUlb } from "../testing.ts";

type Row = {
  readonly rule_id: string;
  readonly leg: string;
  readonly side: "Dr" | "Cr";
  readonly code: string;
  readonly heads: string;
  readonly origin: "rule" | "note";
  readonly account: string;
  readonly amount: string;
};
const rows = Papa.parse<Row>(readFileSync(new URL("../fixtures/posting-events.csv", import.meta.url), "utf8"), {
  header: true,
  skipEmptyLines: true,
}).data;
const events = [...groupBy(rows, (r) => r.rule_id)];

const app = await testApp();
const { tx } = await testUlb(app);
const covered = { events: 0, ruleLegs: 0 };

test("the fixture is the whole of the rules: 110 events, 263 legs, and the templates are the same events", async () => {
  expect(events).toHaveLength(110);
  expect(rows.filter((r) => r.origin === "rule")).toHaveLength(263);
  const templates = await tx("auditor", (t) => listTemplates(t));
  expect(templates.map((t) => t.ruleId)).toEqual(events.map(([id]) => id));
});

test.each(events)("%s is booked from its template, and its entries have the legs of the rule", async (ruleId, legs) => {
  const template = await tx("accountant", (t) => getTemplate(t, ruleId));
  const kinds = new Map(template.vouchers.flatMap((v) => v.legs.map((l) => [l.leg, l.kind] as const)));
  const vouchers = await tx("accountant", (t) =>
    vouchersFromTemplate(t, ruleId, {
      date: localDate("2026-05-10"),
      otherFund: "02",
      function: "02",
      party: {
        type: template.vouchers[0]?.legs.find((l) => l.partyTypes.length > 0)?.partyTypes[0] ?? "other",
        id: "C-0001",
      },
      demandYear: financialYear("2026-27"),
      scheme: "SCH-1",
      // What the template balances is not told: it must come out as the rule has it.
      lines: legs.map((l) => ({
        leg: Number(l.leg),
        ...(kinds.get(Number(l.leg)) === "balance" ? {} : { amount: rupees(l.amount) }),
        ...(l.account === "" ? {} : { account: l.account }),
      })),
    }),
  );
  const posted: EntryLine[] = [];
  for (const voucher of vouchers) {
    const draft = await tx("accountant", (t) => draftVoucher(t, voucher));
    const submitted = await tx("accountant", (t) => submitVoucher(t, draft.id, draft.version));
    const { entry, voucher: done } = await tx("checker", (t) => approveVoucher(t, draft.id, submitted.version));
    expect([done.template, done.createdBy, done.decidedBy]).toEqual([ruleId, "accountant@test", "checker@test"]);
    posted.push(...(await tx("auditor", (t) => getEntry(t, entry.id))).lines);
  }
  const open = [...posted];
  for (const leg of legs) {
    const at = open.findIndex(
      (l) =>
        l.side === (leg.side === "Dr" ? "debit" : "credit") &&
        toRupees(l.amount) === leg.amount &&
        leg.heads.split(" ").some((head) => l.account.startsWith(head)),
    );
    expect(
      at,
      `leg ${leg.leg} of ${ruleId}: ${leg.side} ${leg.heads} ${leg.amount}, posted ${show(posted)}`,
    ).toBeGreaterThanOrEqual(0);
    open.splice(at, 1);
    if (leg.origin === "rule") covered.ruleLegs += 1;
  }
  // Nothing besides: every posted line is a leg of the rule or of its note.
  expect(show(open)).toBe("");
  covered.events += 1;
});

afterAll(() => {
  expect(covered).toEqual({ events: 110, ruleLegs: 263 });
});

const show = (lines: readonly EntryLine[]): string =>
  lines.map((l) => `${l.side} ${l.account} ${toRupees(l.amount)}`).join("; ");
