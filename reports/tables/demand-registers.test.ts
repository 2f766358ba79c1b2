import { expect, test } from "vitest";
import {
  approveRuleFile,
  continueRun,
  loadRuleFile,
  openDues,
  openReceivables,
  setConsumerFacts,
  startRun,
  USUAL_REBATE,
  writeOff,
} from "../../billing/index.ts";
import { change, dishonour, pay, untied } from "../../billing/changes/testing.ts";
import { houseFacts } from "../../billing/demand-run/testing.ts";
import { demandDraft, testBillingUlb, testConsumer, testDemand, testRuleFile } from "../../billing/testing.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Tx } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import type { ReportCell, ReportOptions, ReportRow } from "../report-table.ts";
import { agreementNote, totalRows } from "./dcb-agreement.ts";
import { demandRegisters } from "./demand-registers.ts";

const app = await testApp({ clock: () => new Date("2026-12-01T06:00:00Z") });
const city = await testBillingUlb(app, { rebate: USUAL_REBATE });

const shown = (cell: ReportCell): string => (typeof cell === "bigint" ? toRupees(cell) : String(cell ?? ""));
/** These columns of the report, a row a line, and its notes. */
async function table(name: string, options: ReportOptions, keys: readonly string[]) {
  return inSnapshot(app, city.as("auditor"), async (read) => {
    const built = await demandRegisters.find((r) => r.name === name)?.build(read, options);
    const rows: ReportRow[] = [];
    for await (const row of built?.rows ?? []) rows.push(row);
    expect(built?.columns.map((c) => c.key)).toEqual(expect.arrayContaining([...keys]));
    return { lines: rows.map((r) => keys.map((k) => shown(r.cells[k])).join("|")), notes: built?.notes ?? [] };
  });
}

/**
 * Two wards, three demand years. Asha pays in time and has her rebate; Bina's payment comes back with hers; she has arrears from before the books,
 * a credit note, a remission, a write-off, and what is left goes over to Devi in the other ward. Charu's demand is cancelled. Then a demand run.
 */
async function story(): Promise<void> {
  const rules = await city.tx("accountant", (tx) =>
    loadRuleFile(
      tx,
      testRuleFile((f) => f),
    ),
  );
  await city.tx("checker", (tx) => approveRuleFile(tx, rules.id));
  const one = (code: string, ward: string, service = "property-tax") =>
    city.tx("admin", (tx) => testConsumer(tx, { code, name: code, ward, service }));
  const [asha, bina, charu] = [await one("Asha", "W01"), await one("Bina", "W02"), await one("Charu", "W01")];
  const [devi, ela] = [await one("Devi", "W01"), await one("Ela", "W02", "water")];
  await city.tx("accountant", async (tx) => {
    await setConsumerFacts(tx, [houseFacts(asha.id, "100"), houseFacts(devi.id, "50")]);
    await openReceivables(tx, {
      date: localDate("2025-04-01"),
      demands: [
        demandDraft(ela, "40", {
          periodFrom: localDate("2024-04-01"),
          periodTo: localDate("2025-03-31"),
          dueDate: localDate("2024-09-30"),
        }),
      ],
    });
    await testDemand(tx, asha, "1000+80");
    await testDemand(tx, bina, "500+40");
    await testDemand(tx, charu, "300+24");
    await testDemand(tx, ela, "200");
    await pay(tx, asha, "1030", "2025-04-10");
    const cheque = await pay(tx, bina, "515", "2025-04-12");
    await pay(tx, ela, "140", "2025-05-02");
    await dishonour(tx, cheque, "2025-05-05");
  });
  const dueOf = (consumer: { readonly id: string }) =>
    city.tx("auditor", async (read) => {
      const line = (await openDues(read, consumer.id)).at(-1);
      return { demandId: line?.demandId ?? "", taxHead: line?.taxHead ?? "" };
    });
  const b = await dueOf(bina);
  await change(city, { kind: "credit-note", items: [{ ...b, own: rupees("50") }] }, "2025-06-01");
  await change(city, { kind: "exemption", items: [{ ...b, own: rupees("100") }] }, "2025-07-01");
  await change(city, { kind: "cancellation", demandIds: [(await dueOf(charu)).demandId] }, "2025-08-01");
  await city.tx("accountant", (tx) =>
    writeOff(tx, {
      resolution: { number: "R/9", date: localDate("2025-11-20") },
      date: localDate("2025-12-01"),
      reason: "House fell down",
      against: "expense",
      items: [{ ...b, amount: rupees("108") }],
    }),
  );
  await change(
    city,
    { kind: "transfer", toConsumerId: devi.id, items: [{ ...b, amount: rupees("54") }] },
    "2026-02-01",
  );
  const period = { from: localDate("2026-04-01"), to: localDate("2027-03-31") };
  const run = await city.tx("accountant", (tx) =>
    startRun(tx, { service: "property-tax", period, date: localDate("2026-04-05") }),
  );
  await continueRun(app, city.as("accountant"), run.id);
  await city.tx("accountant", (tx: Tx) => pay(tx, devi, "60", "2026-05-10"));
}
await story();

test("defaulters are listed with what they owe by year and their last payment that held, and the total is the DCB's", async () => {
  const keys = [
    "ward",
    "name",
    "arrears",
    "current",
    "total",
    "due_by_year",
    "oldest_due_date",
    "last_paid_on",
    "last_paid",
  ];
  const { lines, notes } = await table("defaulters", { asOf: localDate("2026-06-30"), by: "ward" }, keys);
  expect(lines).toEqual([
    "W01|Asha|0.00|216.00|216.00|2026-27 216.00|2026-09-30|2025-04-10|1030.00",
    "W01|Devi|0.00|102.00|102.00|2026-27 102.00|2026-09-30|2026-05-10|60.00",
    "W02|Bina|216.00|0.00|216.00|2025-26 216.00|2025-09-30||",
    "W02|Ela|100.00|0.00|100.00|2025-26 100.00|2025-09-30|2025-05-02|140.00",
    "|Total, agrees with the DCB|316.00|318.00|634.00||||",
  ]);
  expect(notes[0]).toBe("Agrees with the DCB: closing balance 634.00.");
  const some = await table(
    "defaulters",
    { asOf: localDate("2025-05-04"), demandYear: financialYear("2025-26"), minimum: rupees("200") },
    keys,
  );
  expect(some.lines).toEqual([
    "W01|Charu|0.00|324.00|324.00|2025-26 324.00|2025-09-30||",
    "|Total of those who owe 200.00 or more|0.00|324.00|324.00||||",
  ]);
  // Bina's cheque had not come back by then.
  expect(some.notes[0]).toBe("Agrees with the DCB: closing balance 424.00.");
});

test("the assessment list has a column for each head, the facts of what a run raised, and how each demand stands", async () => {
  const keys = [
    "ward",
    "name",
    "demand_year",
    "facts",
    "PT_TAX",
    "PT_LIBRARY_CESS",
    "WS_CHARGE",
    "total",
    "taken_off",
    "status",
  ];
  const { lines, notes } = await table("assessment-list", { fy: financialYear("2025-26") }, keys);
  expect(lines).toEqual([
    "W01|Asha|2025-26||1000.00|80.00||1080.00|0.00|raised",
    "W01|Charu|2025-26||300.00|24.00||324.00|324.00|cancelled",
    "W02|Bina|2025-26||500.00|40.00||540.00|216.00|revised",
    "W02|Ela|2025-26||||200.00|200.00|0.00|raised",
    "|Total, agrees with the DCB|||1800.00|144.00|200.00|2144.00|540.00|",
  ]);
  expect(notes[0]).toBe("Agrees with the DCB: demand raised 2,144.00.");
  const run = await table("assessment-list", { demandYear: financialYear("2026-27") }, ["name", "facts", "total"]);
  expect(run.lines).toEqual([
    "Asha|zone: A; units: 1|216.00",
    "Devi|zone: A; units: 1|108.00",
    "Total, agrees with the DCB||324.00",
  ]);
  // What came from the other ward is no assessment of this one, but stands in its DCB.
  const ward = await table("assessment-list", { fy: financialYear("2025-26"), ward: "W01" }, ["name", "total"]);
  expect(ward.lines.slice(2)).toEqual([
    "Total of the list|1404.00",
    "Came from other consumers, less what went to others|54.00",
    "Total, agrees with the DCB|1458.00",
  ]);
});

test("remissions are listed with their orders, what fell again is negative, and kinds and total are summed", async () => {
  const keys = [
    "date",
    "name",
    "demand_year",
    "tax_head",
    "kind",
    "own",
    "cess",
    "amount",
    "order_number",
    "order_date",
    "reason",
  ];
  const { lines, notes } = await table("remissions", { fy: financialYear("2025-26") }, keys);
  expect(lines).toEqual([
    "2025-04-10|Asha|2025-26|PT_TAX|rebate|50.00|0.00|50.00|||",
    "2025-04-12|Bina|2025-26|PT_TAX|rebate|25.00|0.00|25.00|||",
    "2025-05-05|Bina|2025-26|PT_TAX|rebate|-25.00|0.00|-25.00|||",
    "2025-06-01|Bina|2025-26|PT_TAX|credit-note|50.00|4.00|54.00|RO/12|2025-05-01|Survey of the ward",
    "2025-07-01|Bina|2025-26|PT_TAX|exemption|100.00|8.00|108.00|RO/12|2025-05-01|Survey of the ward",
    "2025-08-01|Charu|2025-26|PT_TAX|cancellation|300.00|24.00|324.00|RO/12|2025-05-01|Survey of the ward",
    "2025-12-01|Bina|2025-26|PT_TAX|write-off|100.00|8.00|108.00|R/9|2025-11-20|House fell down",
    "|Total|||cancellation|300.00|24.00|324.00|||",
    "|Total|||credit-note|50.00|4.00|54.00|||",
    "|Total|||exemption|100.00|8.00|108.00|||",
    "|Total|||rebate|50.00|0.00|50.00|||",
    "|Total|||write-off|100.00|8.00|108.00|||",
    "|Total, agrees with the DCB||||600.00|44.00|644.00|||",
  ]);
  expect(notes[0]).toBe("Agrees with the DCB: reduced 644.00.");
});

test("every register agrees with the DCB of its days, service and ward, and says so", async () => {
  expect(await inSnapshot(app, city.as("auditor"), (read) => untied(read, localDate("2026-06-30")))).toEqual([]);
  for (const slice of [
    {},
    { ward: "W01" },
    { ward: "W02" },
    { service: "water" },
    { service: "property-tax", ward: "W02" },
  ])
    for (const [from, to] of [
      ["2025-04-01", "2025-05-05"],
      ["2025-05-06", "2026-03-31"],
      ["2026-02-01", "2026-06-30"],
    ] as const)
      for (const [name, key] of [
        ["defaulters", "name"],
        ["assessment-list", "name"],
        ["remissions", "name"],
      ] as const) {
        const { lines, notes } = await table(name, { from: localDate(from), to: localDate(to), ...slice }, [key]);
        expect([name, from, slice, lines.at(-1), notes[0]]).toEqual([
          name,
          from,
          slice,
          "Total, agrees with the DCB",
          expect.stringMatching(/^Agrees with the DCB: /),
        ]);
      }
});

test("a register that does not agree with the DCB says where, and shows both figures and the difference as its last rows", () => {
  const [listed, dcb] = [
    new Map([["2025-26", rupees("10")]]),
    new Map([
      ["2025-26", rupees("12.50")],
      ["2026-27", rupees("1")],
    ]),
  ];
  expect(agreementNote("closing balance", listed, dcb)).toBe(
    "DOES NOT AGREE WITH THE DCB (closing balance): 2025-26 10.00 here, 12.50 there, difference -2.50; 2026-27 0.00 here, 1.00 there, difference -1.00.",
  );
  const rows = [...totalRows({ name: "name", total: "total" }, { total: rupees("10") }, listed, dcb)];
  expect(rows.map((r) => `${shown(r.cells["name"])} ${shown(r.cells["total"])}`)).toEqual([
    "Total 10.00",
    "The DCB has 13.50",
    "DIFFERENCE FROM THE DCB -3.50",
  ]);
});
