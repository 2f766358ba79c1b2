import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { XMLParser } from "fast-xml-parser";
import Papa from "papaparse";
import { expect, test } from "vitest";
import { importOpeningBalances, importVouchers, trialBalance } from "../../ledger/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { writeReport } from "../../reports/index.ts";

/*
 * The year of docs/examples/year comes in through the two files that a person would import, and every export is compared whole, as text, with what a
 * script of its own adds up from the same two files (expected.mjs shares no code with the program).
 */

const app = await testApp({ clock: () => new Date("2026-06-01T06:00:00Z") });
const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../docs/examples/year");
const file = (name: string): Buffer => readFileSync(path.join(folder, name));
const fy = financialYear("2025-26");

const city = await testUlb(app);
const opening = await city.tx("accountant", (tx) =>
  importOpeningBalances(tx, file("opening-balances.csv"), { fileName: "opening-balances.csv" }),
);
const vouchers = await city.tx("accountant", (tx) =>
  importVouchers(tx, file("vouchers.csv"), { fileName: "vouchers.csv" }),
);

async function exported(name: string, format = "csv", options: { service?: string } = {}): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await writeReport(app, city.as("auditor"), { name, format, options: { fy, ...options } }, (piece) => {
    pieces.push(Buffer.from(piece));
  });
  return Buffer.concat(pieces);
}

async function csvOf(name: string, options: { service?: string } = {}): Promise<Record<string, string>[]> {
  const text = (await exported(name, "csv", options)).toString("utf8");
  return Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true }).data;
}

test("the files of a whole year are taken as they are, without a warning", () => {
  expect([opening.status, opening.problems, opening.warnings]).toEqual(["imported", [], []]);
  expect([vouchers.status, vouchers.problems, vouchers.warnings]).toEqual(["imported", [], []]);
  expect(vouchers.posted.length).toBeGreaterThan(300);
});

test.for([
  "trial-balance",
  "income-expenditure",
  "balance-sheet",
  "receipts-payments",
  "cash-flow",
  "function-wise",
  "dcb",
  "ageing",
])("%s is what an independent sum of the vouchers says", async (report) => {
  expect((await exported(report)).toString("utf8")).toBe(file(`${report}.csv`).toString("utf8"));
});

test("collection efficiency is that of property tax, from the books where the register has no demands", async () => {
  const lines = await csvOf("dcb", { service: "property-tax" });
  const property = await inSnapshot(app, city.as("auditor"), (read) =>
    trialBalance(read, { from: localDate("2025-04-01"), to: localDate("2026-03-31") }),
  );
  const owed = property
    .filter((r) => r.code.startsWith("43110"))
    .reduce((t, r) => t + r.closeDebit - r.closeCredit, 0n);
  expect(lines.reduce((t, l) => t + rupees(l["closing_balance"] ?? ""), 0n)).toBe(owed);
  const current = lines.find((l) => l["demand_year"] === fy);
  const ratio = (await csvOf("ratios")).find((r) => r["ratio"] === "Property tax collection efficiency - current");
  expect([ratio?.["numerator"], ratio?.["denominator"]]).toEqual([
    current?.["collected_incl_advance_adjusted"],
    current?.["total_demand"],
  ]);
  expect(rupees(ratio?.["numerator"] ?? "0")).toBeGreaterThan(0n);
});

test("the expected files are what their script computes today", () => {
  execFileSync(process.execPath, [path.join(folder, "expected.mjs"), "--check"], { stdio: "pipe" });
});

test("the journal for Tally, parsed by another program and added up, is the trial balance", async () => {
  const xml = (await exported("journal", "tally-xml")).toString("utf8");
  const parsed = new XMLParser({ ignoreAttributes: false, parseTagValue: false, trimValues: false }).parse(xml) as Xml;
  const messages = parsed.ENVELOPE.BODY.IMPORTDATA.REQUESTDATA.TALLYMESSAGE;
  const balance = new Map<string, bigint>();
  const add = (ledger: string, amount: string): void => {
    const code = ledger.slice(0, 7);
    balance.set(code, (balance.get(code) ?? 0n) - rupees(amount));
  };
  let count = 0;
  for (const { LEDGER: ledger, VOUCHER: voucher } of messages) {
    if (ledger) add(ledger["@_NAME"], ledger.OPENINGBALANCE);
    if (!voucher) continue;
    count += 1;
    const lines = voucher["ALLLEDGERENTRIES.LIST"];
    expect(lines.reduce((total, l) => total + rupees(l.AMOUNT), 0n)).toBe(0n);
    for (const l of lines) {
      expect(l.ISDEEMEDPOSITIVE).toBe(l.AMOUNT.startsWith("-") ? "Yes" : "No");
      add(l.LEDGERNAME, l.AMOUNT);
    }
  }
  expect(count).toBe(vouchers.posted.length);
  const rows = await inSnapshot(app, city.as("auditor"), (read) =>
    trialBalance(read, { from: localDate("2025-04-01"), to: localDate("2026-03-31") }),
  );
  expect(balance).toEqual(new Map(rows.map((r) => [r.code, r.closeDebit - r.closeCredit])));
});

test("cityfinance: the feed names property tax by its detailed head, all rules hold, the workbook has its two sheets", async () => {
  const feed = JSON.parse((await exported("cityfinance", "json")).toString("utf8")) as {
    lineItems: Record<string, number>;
    validations: { no: number; ok: boolean }[];
  };
  expect(feed.validations.map((v) => [v.no, v.ok])).toEqual(Array.from({ length: 23 }, (_, no) => [no, true]));
  const sheet = new Map(
    file("balance-sheet.csv")
      .toString("utf8")
      .split("\n")
      .map((l) => l.split(","))
      .map((c) => [c[1], Number(c.at(-2))]),
  );
  for (const head of ["310", "320", "330", "350", "411", "431", "432", "450"])
    expect([head, feed.lineItems[head]]).toEqual([head, sheet.get(head)]);
  expect(feed.lineItems["1100101"]).toBe(2137203);
  expect(feed.lineItems["11001"]).toBeUndefined();
  // NMAM's 110-90 is the portal's 110-17; its 110-12 is advertisement tax.
  expect([feed.lineItems["11017"], feed.lineItems["11012"]]).toEqual([-3412.5, 0]);
  expect((await exported("cityfinance")).toString("utf8").split("\n").slice(0, 2)).toEqual([
    "head,code,line_item,amount",
    "Receipts,110,Tax Revenue,2267679.50",
  ]);
  expect(tabs(await exported("cityfinance", "xlsx"))).toEqual(["Overview", "Input sheet"]);
});

type Xml = {
  ENVELOPE: {
    BODY: {
      IMPORTDATA: {
        REQUESTDATA: {
          TALLYMESSAGE: {
            LEDGER?: { "@_NAME": string; OPENINGBALANCE: string };
            VOUCHER?: {
              "ALLLEDGERENTRIES.LIST": { LEDGERNAME: string; ISDEEMEDPOSITIVE: string; AMOUNT: string }[];
            };
          }[];
        };
      };
    };
  };
};

/** Names of a workbook's sheets, read out of its zip by the central directory. */
function tabs(xlsx: Buffer): string[] {
  let at = xlsx.readUInt32LE(xlsx.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1")) + 16);
  while (xlsx.readUInt32LE(at) === 0x02014b50) {
    const length = xlsx.readUInt16LE(at + 28);
    if (xlsx.subarray(at + 46, at + 46 + length).toString() === "xl/workbook.xml") {
      const local = xlsx.readUInt32LE(at + 42);
      const start = local + 30 + xlsx.readUInt16LE(local + 26) + xlsx.readUInt16LE(local + 28);
      const bytes = xlsx.subarray(start, start + xlsx.readUInt32LE(at + 20));
      const text = xlsx.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes).toString() : bytes.toString();
      return [...text.matchAll(/<sheet name="([^"]*)"/g)].map((m) => m[1] ?? "");
    }
    at += 46 + length + xlsx.readUInt16LE(at + 30) + xlsx.readUInt16LE(at + 32);
  }
  return [];
}
