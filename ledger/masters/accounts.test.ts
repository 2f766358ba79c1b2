import { expect, test } from "vitest";
import { withConnection } from "../kernel/database.ts";
import { localDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { inSnapshot, type Tx } from "../kernel/tx.ts";
import { cr, dr, getAccount, postEntry, trialBalance } from "../index.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import {
  accountNamesOn,
  addAccount,
  closeAccount,
  masterHistory,
  renameAccount,
  reopenAccount,
  setPostingAccount,
} from "./index.ts";

const clock = { now: new Date("2026-05-10T05:00:00Z") };
const app = await testApp({ clock: () => clock.now });
const day = localDate;
const HEAD = "2205210"; // made under 22052 below
const PARENT = "22052";

let facts = 0;
const post = (t: Tx, date: string, account: string, amount: string, side: "dr" | "cr" = "dr") =>
  postEntry(t, {
    voucher: "payment",
    date: day(date),
    narration: "Test",
    source: { type: "test", id: String((facts += 1)) },
    lines: [
      (side === "dr" ? dr : cr)(account, rupees(amount), /^[12]/.test(account) ? { function: "02" } : {}),
      (side === "dr" ? cr : dr)("4502101", rupees(amount)),
    ],
  });

test("a head added under another takes its type, side and schedule, and is posted to at once", async () => {
  const { tx } = await testUlb(app);
  const made = await tx("admin", (t) => addAccount(t, { code: HEAD, name: "Drone survey", parent: PARENT }));
  expect(made).toMatchObject({
    type: "expense",
    normalSide: "Dr",
    schedule: "I-11",
    isPosting: true,
    needsFunction: true,
  });
  const bank = await tx("admin", (t) => addAccount(t, { code: "4502190", name: "Gramin Bank", parent: "45021" }));
  expect(bank).toMatchObject({ isCashBank: true, needsFunction: false, isPosting: true });
  const minor = await tx("admin", (t) => addAccount(t, { code: "22099", name: "Other", parent: "220" }));
  expect(minor).toMatchObject({ isPosting: false });
  await tx("accountant", (t) => post(t, "2026-05-01", HEAD, "10.00"));
});

test("a code that does not fit below its parent is refused with the reason, and nothing is written", async () => {
  const { tx, ulb } = await testUlb(app);
  const before = await bookMarks(app, ulb);
  const add = (code: string, parent: string) => tx("admin", (t) => addAccount(t, { code, name: "X", parent }));
  await expect(add("2205", PARENT)).rejects.toThrow(/must begin with the code of its parent, 22052/);
  await expect(add("220521", PARENT)).rejects.toThrow(/below 22052 a code has 7 digits, not 6/);
  await expect(add("22052A1", PARENT)).rejects.toThrow(/digits only/);
  await expect(add("450210101", "4502101")).rejects.toThrow(/4502101 is a detailed head/);
  await expect(add("299", "2")).rejects.toThrow(/belongs to the chart itself/);
  await expect(add("9999999", "99999")).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await expect(add("2205201", PARENT)).rejects.toMatchObject({ code: "MASTER_EXISTS" });
  await expect(tx("admin", (t) => addAccount(t, { code: HEAD, name: "  ", parent: PARENT }))).rejects.toThrow(
    /needs a name/,
  );
  expect(await bookMarks(app, ulb)).toEqual(before);
});

test("a statement of an old year is printed with the names of that year", async () => {
  const { tx, as } = await testUlb(app);
  await tx("accountant", (t) => post(t, "2026-03-10", "2205201", "5.00"));
  const old = (await inSnapshot(app, as("auditor"), (r) => getAccount(r, "2205201"))).name;
  await tx("admin", (t) =>
    renameAccount(t, "2205201", { name: "Legal counsel" }, { from: day("2026-04-01"), reason: "Order 14 of 2026" }),
  );
  await tx("admin", (t) => renameAccount(t, "2205201", { name: "Counsel" }, { reason: "Order 15 of 2026" }));
  const name = (to: string) =>
    inSnapshot(app, as("auditor"), async (r) => {
      const rows = await trialBalance(r, { from: day("2025-04-01"), to: day(to) });
      return rows.find((row) => row.code === "2205201")?.name;
    });
  expect([await name("2026-03-31"), await name("2026-04-30"), await name("2026-05-10")]).toEqual([
    old,
    "Legal counsel",
    "Counsel",
  ]);
  const history = await inSnapshot(app, as("auditor"), (r) => masterHistory(r, "accounts", "2205201"));
  expect(history.map((h) => [h.version, h.from, h.content["name"], h.recordedBy])).toEqual([
    [1, null, old, "admin@test"],
    [2, "2026-04-01", "Legal counsel", "admin@test"],
    [3, "2026-05-10", "Counsel", "admin@test"],
  ]);
  expect(history[1]?.reason).toBe("Order 14 of 2026");
  const names = await inSnapshot(app, as("auditor"), (r) => accountNamesOn(r, day("2026-01-01")));
  expect([names.get("2205201"), names.size > 1200]).toEqual([old, true]);
});

test("changes go forward: none counts from before the last one, none from tomorrow, none without a reason", async () => {
  const { tx } = await testUlb(app);
  const rename = (from: string, reason = "A good reason") =>
    tx("admin", (t) => renameAccount(t, "2205201", { name: `N ${from}` }, { from: day(from), reason }));
  await rename("2026-05-01");
  await expect(rename("2026-04-30")).rejects.toMatchObject({ code: "MASTER_BACKDATED" });
  await expect(rename("2026-05-11")).rejects.toMatchObject({ code: "MASTER_AHEAD" });
  await expect(rename("2026-05-02", "no")).rejects.toMatchObject({ code: "REASON_MISSING" });
  await rename("2026-05-01");
});

test("an account with a balance is not closed, and the refusal shows the figure; a nil one is, and then refused by the books", async () => {
  const { tx } = await testUlb(app);
  const close = () => tx("admin", (t) => closeAccount(t, "3501204", { reason: "No longer used" }));
  await tx("accountant", (t) => post(t, "2026-05-02", "3501204", "1234.50", "cr"));
  await expect(close()).rejects.toMatchObject({
    code: "MASTER_HAS_BALANCE",
    message: expect.stringContaining("-1,234.50"),
  });
  await tx("accountant", (t) => post(t, "2026-05-03", "3501204", "1234.50"));
  expect(await close()).toMatchObject({ isActive: false });
  await expect(tx("accountant", (t) => post(t, "2026-05-04", "3501204", "1.00"))).rejects.toMatchObject({
    code: "ACCOUNT_INACTIVE",
  });
  await expect(close()).rejects.toMatchObject({ code: "MASTER_CLOSED" });
  await tx("admin", (t) => reopenAccount(t, "3501204", { reason: "Needed after all" }));
  await expect(tx("admin", (t) => reopenAccount(t, "3501204", { reason: "Needed after all" }))).rejects.toMatchObject({
    code: "MASTER_OPEN",
  });
  await tx("accountant", (t) => post(t, "2026-05-04", "3501204", "1.00"));
});

test("a balance that lies ahead or was there on the day of the close counts: it is refused as well", async () => {
  const { tx } = await testUlb(app);
  await tx("accountant", (t) => post(t, "2026-05-02", "3501204", "10.00", "cr"));
  await tx("accountant", (t) => post(t, "2026-05-08", "3501204", "10.00"));
  await expect(
    tx("admin", (t) => closeAccount(t, "3501204", { from: day("2026-05-05"), reason: "No longer used" })),
  ).rejects.toMatchObject({ code: "MASTER_HAS_BALANCE" });
  await tx("accountant", (t) => post(t, "2026-06-02", "3501204", "7.00", "cr"));
  await expect(tx("admin", (t) => closeAccount(t, "3501204", { reason: "No longer used" }))).rejects.toThrow(/-7\.00/);
});

test("a head of expenditure used last year is closed from 1 April; one used this year is not", async () => {
  const { tx } = await testUlb(app);
  await tx("accountant", (t) => post(t, "2026-03-10", "2205201", "5.00"));
  const close = (from: string) =>
    tx("admin", (t) => closeAccount(t, "2205201", { from: day(from), reason: "Merged with another head" }));
  await expect(close("2026-03-31")).rejects.toMatchObject({ code: "MASTER_HAS_BALANCE" });
  await close("2026-04-01");
  await tx("admin", (t) => reopenAccount(t, "2205201", { from: day("2026-05-01"), reason: "Needed after all" }));
  await tx("accountant", (t) => post(t, "2026-05-02", "2205201", "1.00"));
  await expect(close("2026-05-10")).rejects.toMatchObject({ code: "MASTER_HAS_BALANCE" });
});

test("a heading with open heads below it, and an account that the posting map names, are not closed", async () => {
  const { tx } = await testUlb(app);
  const close = (code: string) => tx("admin", (t) => closeAccount(t, code, { reason: "No longer used" }));
  await expect(close("35010")).rejects.toMatchObject({
    code: "MASTER_HAS_CHILDREN",
    message: expect.stringContaining("3501001"),
  });
  await expect(close("2408003")).rejects.toThrow(/posting map "gateway-fee"/);
  await expect(close("3502025")).rejects.toThrow(/tax section TDS-CONTRACTOR/);
  await tx("admin", (t) => setPostingAccount(t, "gateway-fee", "2407001", "One head for all charges"));
  await close("2408003");
});

test("a close waits for a posting under way and is then refused: never is money left on a closed account", async () => {
  const { tx } = await testUlb(app);
  let start = (): void => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const posting = tx("accountant", async (t) => {
    await post(t, "2026-05-04", "3501204", "1.00", "cr");
    start();
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await started;
  await expect(tx("admin", (t) => closeAccount(t, "3501204", { reason: "No longer used" }))).rejects.toMatchObject({
    code: "MASTER_HAS_BALANCE",
  });
  await posting;
});

test("no role deletes a master, changes its code or nature, or writes its history: not even the owner", async () => {
  const { ulb } = await testUlb(app);
  const tables = [
    "accounts",
    "functions",
    "funds",
    "functionaries",
    "fields",
    "fund_sources",
    "schemes",
    "budget_heads",
    "parties",
    "tax_sections",
    "bank_books",
    "cheque_books",
    "posting_map",
    "event_accounts",
    "master_changes",
  ];
  for (const role of ["owner", "app", "batch"] as const) {
    await withConnection(app.db.address, role, async (client) => {
      await client.query(`set nagarkosh.ulb = '${ulb.id}'`);
      for (const table of tables) {
        await expect(
          client.query(`delete from ledger.${table} where ulb_id = ${ulb.id}`),
          `${role} ${table}`,
        ).rejects.toThrow(role === "owner" ? /is refused: a master is closed, never deleted/ : /permission denied/);
        await expect(client.query(`truncate ledger.${table} cascade`), `${role} ${table}`).rejects.toThrow(
          /is refused|permission denied/,
        );
      }
      const where = `where ulb_id = ${ulb.id} and code = '3501204'`;
      await expect(client.query(`update ledger.accounts set code = '3501099' ${where}`)).rejects.toThrow(
        /never changed/,
      );
      await expect(client.query(`update ledger.accounts set type = 'asset' ${where}`)).rejects.toThrow(
        /keeps its place/,
      );
      await expect(client.query(`update ledger.master_versions set reason = 'x'`)).rejects.toThrow(
        /is refused|permission denied/,
      );
      if (role !== "owner") {
        await expect(
          client.query(
            `insert into ledger.master_versions (ulb_id, master, code, version, from_day, recorded_at, recorded_by, content)
             values (${ulb.id}, 'accounts', '3501204', 9, now(), now(), 'x', '{}')`,
          ),
        ).rejects.toThrow(/permission denied/);
      }
    });
  }
});

test("a change made behind the program's back is in the history all the same", async () => {
  const { ulb, as } = await testUlb(app);
  await withConnection(app.db.address, "owner", async (client) => {
    await client.query(`set nagarkosh.ulb = '${ulb.id}'`);
    await client.query(`update ledger.accounts set name = 'Secret' where ulb_id = ${ulb.id} and code = '3501204'`);
  });
  const history = await inSnapshot(app, as("auditor"), (r) => masterHistory(r, "accounts", "3501204"));
  expect(history.map((h) => h.content["name"])).toEqual(["Interest Accrued and due-Financial Institutions", "Secret"]);
  expect(history[1]?.recordedBy).not.toBe("");
});
