import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { inSnapshot } from "../kernel/tx.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import {
  addParty,
  changeParty,
  getParty,
  getPayableParty,
  listParties,
  masterHistory,
  setPartyEnd,
  setPartyStatus,
  similarParties,
} from "./index.ts";
import { gstinCheck, payeeKindOf } from "./party-checks.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });
const day = localDate;
const PAN = "AAPFU0939F";
const GSTIN = "27AAPFU0939F1ZV";

test("a party gets the next code of its type, and its codes are kept in capitals without spaces", async () => {
  const { tx } = await testUlb(app);
  const made = await tx("accountant", async (t) => [
    await addParty(t, { type: "contractor", name: " Shree Balaji Constructions ", pan: "aapfu 0939 f", gstin: GSTIN }),
    await addParty(t, { type: "contractor", id: "C-0041", name: "Verma & Sons" }),
    await addParty(t, { type: "contractor", name: "Kaveri Infra" }),
    await addParty(t, {
      type: "supplier",
      name: "Ganga Stationers",
      bankAccount: "0012345678",
      bankIfsc: "sbin0001234",
    }),
  ]);
  expect(made.map((p) => p.id)).toEqual(["C-0001", "C-0041", "C-0042", "S-0001"]);
  expect(made[0]).toMatchObject({
    name: "Shree Balaji Constructions",
    pan: PAN,
    validFrom: "2026-05-10",
    status: "active",
  });
  expect(made[3]).toMatchObject({ bankIfsc: "SBIN0001234" });
});

test("every number that is wrong is said at once, with what is wrong with it; nothing is written", async () => {
  const { tx, ulb } = await testUlb(app);
  const before = await bookMarks(app, ulb);
  const add = (extra: object) => tx("accountant", (t) => addParty(t, { type: "contractor", name: "X", ...extra }));
  await expect(
    add({
      name: " ",
      pan: "AAPDU0939F",
      gstin: "27AAPFU0939F1ZW",
      bankIfsc: "SBIN1001234",
      bankAccount: "12 34",
      mobile: "12345",
      email: "x",
    }),
  ).rejects.toMatchObject({
    code: "PARTY_DETAILS",
    facts: {
      problems: [
        "it needs a name",
        expect.stringContaining("the fourth letter D is no kind of holder"),
        expect.stringContaining("its last character should be V"),
        expect.stringContaining('IFSC "SBIN1001234" must have 4 letters, a zero'),
        expect.stringContaining('bank account number "1234"'),
        expect.stringContaining("must have 10 digits"),
        expect.stringContaining("not an e-mail address"),
      ],
    },
  });
  await expect(add({ pan: "ABC" })).rejects.toThrow(/5 letters, 4 digits and a letter/);
  await expect(add({ gstin: "27AAPFU" })).rejects.toThrow(/must have 2 digits of the State/);
  await expect(add({ gstin: GSTIN, pan: "AAPFU0938F" })).rejects.toThrow(/holds the PAN AAPFU0939F/);
  await expect(add({ id: "a b!" })).rejects.toThrow(/its code "AB!"/);
  expect(await bookMarks(app, ulb)).toEqual(before);
});

test("a code belongs to one party for ever; the same PAN or bank account elsewhere is pointed out", async () => {
  const { tx } = await testUlb(app);
  await tx("accountant", (t) => addParty(t, { type: "contractor", id: "C-7", name: "Kaveri Infra", pan: PAN }));
  await expect(tx("accountant", (t) => addParty(t, { type: "contractor", id: "c-7", name: "Other" }))).rejects.toThrow(
    /"Kaveri Infra"/,
  );
  await tx("accountant", (t) => addParty(t, { type: "supplier", id: "C-7", name: "Kaveri Stores", pan: PAN }));
  const alike = await tx("accountant", (t) => similarParties(t, { pan: "aapfu0939f", bankAccount: "999999" }));
  expect(alike.map((p) => p.name)).toEqual(["Kaveri Infra", "Kaveri Stores"]);
  expect(await tx("accountant", (t) => similarParties(t, {}))).toEqual([]);
});

test("a blacklisted party is not paid from that day on; what it was on an earlier day can be told", async () => {
  const { tx, as } = await testUlb(app);
  await tx("accountant", (t) =>
    addParty(t, { type: "contractor", name: "Kaveri Infra", validFrom: day("2025-04-01") }),
  );
  const bar = (reason: string) =>
    tx("admin", (t) => setPartyStatus(t, "contractor", "C-0001", "blacklisted", { from: day("2026-05-01"), reason }));
  await expect(bar("")).rejects.toMatchObject({ code: "REASON_MISSING" });
  await bar("Vigilance report 4/2026: false measurements");
  await expect(
    inSnapshot(app, as("checker"), (r) => getPayableParty(r, "contractor", "C-0001", day("2026-05-01"))),
  ).rejects.toMatchObject({
    code: "PARTY_BARRED",
    message: expect.stringContaining("blacklisted since 2026-05-01: Vigilance report"),
  });
  expect(
    await inSnapshot(app, as("checker"), (r) => getPayableParty(r, "contractor", "C-0001", day("2026-04-30"))),
  ).toMatchObject({ id: "C-0001" });
  await tx("admin", (t) =>
    setPartyStatus(t, "contractor", "C-0001", "active", { from: day("2026-05-05"), reason: "Court order" }),
  );
  const on = (date: string) =>
    inSnapshot(app, as("auditor"), async (r) => (await getParty(r, "contractor", "C-0001", day(date))).status);
  expect([await on("2026-04-30"), await on("2026-05-02"), await on("2026-05-06")]).toEqual([
    "active",
    "blacklisted",
    "active",
  ]);
  const history = await inSnapshot(app, as("auditor"), (r) => masterHistory(r, "parties", "contractor/C-0001"));
  expect(history.map((h) => h.reason)).toEqual([null, "Vigilance report 4/2026: false measurements", "Court order"]);
});

test("details are changed from a day on, the name of a day stays; an unknown party is refused", async () => {
  const { tx, as } = await testUlb(app);
  await tx("accountant", (t) =>
    addParty(t, { type: "employee", id: "E-1", name: "R. Sharma", validFrom: day("2025-04-01") }),
  );
  await tx("admin", (t) =>
    changeParty(
      t,
      "employee",
      "E-1",
      { name: "R. Sharma-Rao", mobile: "9876543210" },
      { from: day("2026-02-01"), reason: "Marriage" },
    ),
  );
  const name = (date: string) =>
    inSnapshot(app, as("auditor"), async (r) =>
      (await listParties(r, { onDay: day(date), type: "employee" })).map((p) => p.name),
    );
  expect([await name("2025-03-31"), await name("2026-01-31"), await name("2026-02-01")]).toEqual([
    [],
    ["R. Sharma"],
    ["R. Sharma-Rao"],
  ]);
  await tx("admin", (t) =>
    setPartyEnd(t, "employee", "E-1", day("2026-04-30"), { from: day("2026-04-30"), reason: "Retired" }),
  );
  expect(await name("2026-05-01")).toEqual([]);
  await expect(
    tx("admin", (t) => setPartyEnd(t, "employee", "E-1", day("2020-01-01"), { reason: "Retired" })),
  ).rejects.toThrow(/cannot leave on 2020-01-01/);
  await expect(
    tx("admin", (t) => changeParty(t, "employee", "E-9", { name: "X" }, { reason: "Marriage" })),
  ).rejects.toMatchObject({
    code: "PARTY_UNKNOWN",
  });
});

test("a search finds a part of the name or the beginning of a number, and takes signs of patterns as they are", async () => {
  const { tx } = await testUlb(app);
  await tx("accountant", async (t) => {
    await addParty(t, { type: "contractor", name: "Kaveri Infra", pan: PAN });
    await addParty(t, { type: "supplier", name: "100% Cotton Mills" });
    await addParty(t, { type: "supplier", name: "Ganga Stationers" });
  });
  const find = async (search: string) => (await tx("auditor", (t) => listParties(t, { search }))).map((p) => p.id);
  expect([await find("aver"), await find("AAPF"), await find("0%"), await find("s-00"), await find("zzz")]).toEqual([
    ["C-0001"],
    ["C-0001"],
    ["S-0001"],
    ["S-0001", "S-0002"],
    [],
  ]);
  const pages = await tx("auditor", async (t) => [
    await listParties(t, { limit: 2 }),
    await listParties(t, { limit: 2, offset: 2 }),
  ]);
  expect(pages.map((p) => p.length)).toEqual([2, 1]);
});

test("the check character of a GSTIN finds every single mistyped character", () => {
  const chars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let i = 0; i < 14; i++) {
    for (const c of chars) {
      const typed = GSTIN.slice(0, i) + c + GSTIN.slice(i + 1, 14);
      expect(gstinCheck(typed) === GSTIN.charAt(14)).toBe(c === GSTIN.charAt(i));
    }
  }
  expect([payeeKindOf(null), payeeKindOf("AAAPU0939F"), payeeKindOf("AAAHU0939F"), payeeKindOf(PAN)]).toEqual([
    undefined,
    "individual",
    "individual",
    "other",
  ]);
});
