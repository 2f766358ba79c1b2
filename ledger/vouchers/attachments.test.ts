import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import {
  addAttachment,
  cancelVoucher,
  cr,
  dr,
  draftVoucher,
  getAttachment,
  listAttachments,
  removeAttachment,
  submitVoucher,
  voucherSteps,
} from "../index.ts";
import { testApp, testUlb, type TestUlb } from "../testing.ts";
import { sniffType } from "./sniff.ts";

const app = await testApp();
const PDF = Buffer.from("%PDF-1.7\n%âãÏÓ\n1 0 obj\nendobj\n");
const draft = (town: TestUlb) =>
  town.tx("accountant", (t) =>
    draftVoucher(t, {
      voucher: "journal",
      date: localDate("2026-06-15"),
      narration: "Rent",
      lines: [dr("2201001", rupees("10"), { function: "02" }), cr("3501003", rupees("10"))],
    }),
  );

test("the content of a file decides what it is, not its name", () => {
  const zip = (...names: string[]) => Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.from(names.join("\0"))]);
  const text = (s: string) => Buffer.from(s);
  expect(sniffType(PDF)).toBe("application/pdf");
  expect(sniffType(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]))).toBe("image/png");
  expect(sniffType(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toBe("image/jpeg");
  expect(sniffType(text("date,amount\n2026-04-01,12.00\n"))).toBe("text/csv");
  expect(sniffType(text("नाम;राशि\nक;१\n"))).toBe("text/csv");
  expect(sniffType(zip("[Content_Types].xml", "xl/workbook.xml"))).toMatch(/spreadsheetml/);
  for (const bad of [
    zip("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
    zip("word/document.xml", "[Content_Types].xml"),
    text("<html><script>alert(1,2)</script>"),
    text("#!/bin/sh\necho a,b\n"),
    text("only words"),
    text("MZ,\u0000\u0001"),
    Buffer.from([0xff, 0xfe, 0x2c]),
    Buffer.alloc(0),
  ])
    expect(sniffType(bad), bad.toString("latin1").slice(0, 30)).toBeUndefined();
});

test("a file is kept byte for byte with its hash, by whom and when; a wrong or too large one is refused and leaves nothing", async () => {
  const town = await testUlb(app);
  const { id } = await draft(town);
  const added = await town.tx("accountant", (t) =>
    addAttachment(t, id, { fileName: 'C:\\scans\\bill "17".pdf', content: PDF }),
  );
  expect(added).toMatchObject({ number: 1, fileName: "bill 17.pdf", mediaType: "application/pdf", bytes: PDF.length });
  const kept = await town.tx("auditor", (t) => getAttachment(t, id, 1));
  expect([kept.content.equals(PDF), kept.sha256]).toEqual([true, createHash("sha256").update(PDF).digest("hex")]);
  const add = (fileName: string, content: Uint8Array) =>
    town.tx("accountant", (t) => addAttachment(t, id, { fileName, content }));
  await expect(add("virus.pdf", Buffer.from("MZ\u0000"))).rejects.toThrow(/^ATTACHMENT_TYPE: "virus\.pdf"/);
  const big = Buffer.concat([PDF, Buffer.alloc(10 * 1024 * 1024 - PDF.length + 1)]);
  await expect(add("big.pdf", big)).rejects.toThrow(/^ATTACHMENT_SIZE: "big\.pdf" has 10485761 bytes/);
  await expect(add("none.pdf", Buffer.alloc(0))).rejects.toThrow(/^ATTACHMENT_SIZE/);
  expect(await town.tx("auditor", (t) => listAttachments(t, id))).toHaveLength(1);
  expect((await add("largest.pdf", big.subarray(0, 10 * 1024 * 1024))).bytes).toBe(10_485_760);
  await expect(town.tx("auditor", (t) => getAttachment(t, id, 7))).rejects.toThrow(/^ATTACHMENT_NOT_FOUND/);
});

test("twenty files at most, also when many come at once", async () => {
  const town = await testUlb(app);
  const { id } = await draft(town);
  const results = await Promise.allSettled(
    Array.from({ length: 23 }, (_, i) =>
      town.tx("accountant", (t) => addAttachment(t, id, { fileName: `${i}.pdf`, content: PDF })),
    ),
  );
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(20);
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toContain("ATTACHMENTS_TOO_MANY");
});

test("a file is taken away from a draft; after submission what a checker saw stays, in TypeScript and in SQL", async () => {
  const town = await testUlb(app);
  const { id, version } = await draft(town);
  const add = (fileName: string) => town.tx("accountant", (t) => addAttachment(t, id, { fileName, content: PDF }));
  await add("wrong.pdf");
  await add("right.pdf");
  await town.tx("accountant", (t) => removeAttachment(t, id, 1));
  await town.tx("accountant", (t) => submitVoucher(t, id, version));
  // A paper that comes late is added, none is taken away.
  await add("late.pdf");
  await expect(town.tx("accountant", (t) => removeAttachment(t, id, 2))).rejects.toThrow(/^ATTACHMENT_STAYS/);
  await expect(
    town.tx("accountant", (t) =>
      t.query("delete from ledger.voucher_attachments where ulb_id = :ulb and voucher_id = :id", {
        ulb: town.ulb.id,
        id,
      }),
    ),
  ).rejects.toThrow(/files of a submitted voucher stay/);
  await expect(
    town.tx("accountant", (t) => t.query("update ledger.voucher_attachments set file_name = 'x'")),
  ).rejects.toThrow(/permission denied/);
  const steps = await town.tx("auditor", (t) => voucherSteps(t, id));
  expect(steps.map((s) => [s.step, s.reason])).toEqual([
    ["drafted", null],
    ["attached", "1: wrong.pdf"],
    ["attached", "2: right.pdf"],
    ["detached", "1: wrong.pdf"],
    ["submitted", null],
    ["attached", "1: late.pdf"],
  ]);
  const other = await draft(town);
  await town.tx("accountant", (t) => cancelVoucher(t, other.id, 1, "not needed"));
  await expect(
    town.tx("accountant", (t) => addAttachment(t, other.id, { fileName: "a.pdf", content: PDF })),
  ).rejects.toThrow(/^VOUCHER_STATUS: .* is cancelled/);
});
