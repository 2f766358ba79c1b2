import fc from "fast-check";
import { expect, test } from "vitest";
import { refusalOf } from "../apportion/testing.ts";
import { formatNumber, namesFinancialYear, parseFormat, sequencesOf } from "./format.ts";

function print(format: string, at = "2021-07-12T05:00:00Z", tenantId = "pb.amritsar", number = 370n): string {
  return formatNumber(parseFormat(format, tenantId), {
    city: "amritsar",
    at: new Date(at),
    sequence: () => number,
    digits: (n) => "4813092756".slice(0, n),
  });
}

test("the formats that UPYOG's cities use are printed as theirs are", () => {
  expect(print("WS/[fy:yyyy-yy]/[SEQ_RCPT_WS]")).toBe("WS/2021-22/000370");
  expect(print("BILLNO-WS-[SEQ_egbs_billnumberpb.amritsar]")).toBe("BILLNO-WS-000370");
  expect(print("PB_PG_[cy:yyyy_MM_dd]_[SEQ_EG_PG_TXN]_[d{2}]", "2022-07-12T05:00:00Z")).toBe(
    "PB_PG_2022_07_12_000370_48",
  );
  expect(print("[city]/[cy:dd-MMM-yy HH:mm]/[tenantid]/[tenant_id]/[TENANT_ID]")).toBe(
    "amritsar/12-Jul-21 10:30/pb.amritsar/pb_amritsar/PB_AMRITSAR",
  );
  expect(print("[SEQ_A]", undefined, undefined, 1_234_567n)).toBe("1234567");
});

test("a financial year turns on 1 April in India, not at the server's midnight", () => {
  expect(print("[fy:yyyy-yy]", "2022-03-31T18:29:59Z")).toBe("2021-22");
  expect(print("[fy:yyyy-yy]", "2022-03-31T18:30:00Z")).toBe("2022-23");
  expect(print("[FY: yyyy-yyyy ]", "2022-01-15T05:00:00Z")).toBe("2021-2022");
  expect(print("[fy:yy-yy]", "2009-06-01T05:00:00Z")).toBe("09-10");
  expect(print("[cy:yyyy-MM-dd HH:mm:ss.SSS]", "2021-12-31T18:30:00.120Z")).toBe("2022-01-01 00:00:00.120");
});

test("a series and random digits that stand in a format twice print the same twice", () => {
  expect(print("[SEQ_A]-[seq_a]-[d{3}]-[d{3}]")).toBe("000370-000370-481-481");
});

test("the tenant may be part of a series' name", () => {
  expect(sequencesOf(parseFormat("[SEQ_RCPT_[TENANT_ID]]", "pb.amritsar"))).toEqual(["seq_rcpt_pb_amritsar"]);
});

test("only a format that names the financial year may begin its series again", () => {
  expect(namesFinancialYear(parseFormat("[fy:yyyy-yy]/[SEQ_A]", "x"))).toBe(true);
  expect(namesFinancialYear(parseFormat("[cy:yyyy]/[SEQ_A]", "x"))).toBe(false);
});

test("what cannot be printed is refused when it is read, in UPYOG's words where it has them", () => {
  const refused = (format: string): string => refusalOf(() => parseFormat(format, "pb.amritsar"));
  expect(refused("  ")).toBe("IDGEN_FORMAT_ERROR: Blank format is not allowed");
  expect(refused("[fy:yyyy]")).toBe(
    "INVALID_FORMAT: Error while generating financial year in provided format. Given format invalid.",
  );
  expect(refused("[cy:QQ]")).toBe(
    "INVALID_FORMAT: Error while generating current year in provided format. Given format invalid.",
  );
  expect(refused("[cy:]")).toMatch(/^INVALID_FORMAT/);
  expect(refused("[cy:yyyy'x]")).toMatch(/^INVALID_FORMAT/);
  expect(refused("[SEQ_a'; drop]")).toBe("SEQ_NUMBER_ERROR: Error in retrieving seq number from DB");
  expect(refused("[ward]")).toMatch(/^IDGEN_FORMAT_ERROR: \[ward\] is no token/);
  expect(refused("[]")).toMatch(/^IDGEN_FORMAT_ERROR/);
  expect(refused("[d{0}]")).toMatch(/^IDGEN_FORMAT_ERROR/);
});

test("whatever stands outside brackets is printed as it is; reading is total", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" }), (text, tenant) => {
      fc.pre(text.trim() !== "" && !/[[\]]/.test(text));
      expect(print(`${text}[SEQ_A]${text}`, undefined, tenant)).toBe(`${text}000370${text}`);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (format) => {
      try {
        print(format);
      } catch (error) {
        expect(String(error)).toMatch(/^Refusal: (IDGEN_FORMAT_ERROR|INVALID_FORMAT|SEQ_NUMBER_ERROR)/);
      }
    }),
  );
});
