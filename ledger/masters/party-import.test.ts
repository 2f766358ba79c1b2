import { expect, test } from "vitest";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import { importParties, listParties } from "./index.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });
const GOOD = `type,code,name,pan,gstin,bank_account,bank_ifsc,mobile
contractor,C-0001,Shree Balaji Constructions,AAPFU0939F,27AAPFU0939F1ZV,0012345678,sbin0001234,98765 43210
supplier,s-7,"Ganga Stationers, Ghat Road",,,,,
`;

test("a file of parties is read whole; read again it adds nothing", async () => {
  const { tx } = await testUlb(app);
  const first = await tx("admin", (t) => importParties(t, `\uFEFF${GOOD}`));
  expect(first).toMatchObject({ status: "imported", rows: 2, added: 2, unchanged: 0 });
  const parties = await tx("auditor", (t) => listParties(t));
  expect(parties.map((p) => [p.id, p.name, p.bankIfsc, p.mobile])).toEqual([
    ["S-7", "Ganga Stationers, Ghat Road", null, null],
    ["C-0001", "Shree Balaji Constructions", "SBIN0001234", "9876543210"],
  ]);
  expect(await tx("admin", (t) => importParties(t, GOOD))).toMatchObject({
    status: "imported",
    added: 0,
    unchanged: 2,
  });
});

test("one bad row keeps all out, and every bad row is named with its line", async () => {
  const { tx, ulb } = await testUlb(app);
  await tx("admin", (t) => importParties(t, "type,code,name\ncontractor,C-9,Kaveri Infra\n"));
  const before = await bookMarks(app, ulb);
  const refused = await tx("admin", (t) =>
    importParties(
      t,
      `${GOOD}martian,X-1,Zorg,,,,,
contractor,C 2,Spaced,,,,,
contractor,C-0001,Again,,,,,
contractor,C-9,Other name,,,,,
contractor,C-10,,AAPDU0939F,,,,
`,
    ),
  );
  expect(refused.status).toBe("refused");
  expect(refused.problems.map((p) => [p.line, p.code])).toEqual([
    [4, "PARTY_TYPE"],
    [5, "PARTY_CODE"],
    [6, "PARTY_TWICE"],
    [7, "PARTY_EXISTS"],
    [8, "PARTY_DETAILS"],
  ]);
  expect(await bookMarks(app, ulb)).toEqual(before);
  const columns = await tx("admin", (t) => importParties(t, "type,code,vendor\nother,O-1,X\n"));
  expect(columns.problems.map((p) => p.message)).toEqual([
    'the column "name" is missing',
    expect.stringContaining('the column "vendor" is not known'),
  ]);
  const unreadable = await tx("admin", (t) => importParties(t, 'type,code,name\nother,O-1,"X\nother,O-2,Y\n'));
  expect([unreadable.status, unreadable.problems[0]?.code]).toEqual(["refused", "PARTY_FILE"]);
  expect((await tx("admin", (t) => importParties(t, "type,code,name\n"))).problems[0]?.message).toBe("it has no rows");
});
