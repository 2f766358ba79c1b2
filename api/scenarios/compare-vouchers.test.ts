import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVouchers, partsMissing } from "./compare-vouchers.ts";

const posted = (transaction: string, ...texts: string[]) => texts.map((text) => ({ text, transaction }));

test("what one transaction posted may be written as its parts, and several vouchers of it as one", () => {
  const returned = posted("1", "Dr BCH 118.00 · Dr RCV 10200.00 · Cr BNK 10118.00 · Cr DCH 200.00");
  const parts = ["Dr RCV 10000.00 · Cr BNK 10000.00", "Dr RCV 200.00 · Cr DCH 200.00", "Dr BCH 118.00 · Cr BNK 118.00"];
  expect(compareVouchers(parts, returned)).toEqual({ missing: [], left: [] });
  const five = posted("2", ...Array.from({ length: 5 }, () => "Dr CQH 2000.00 · Cr RCV 2000.00"));
  expect(compareVouchers(["Dr CQH 10000.00 · Cr RCV 10000.00"], five)).toEqual({ missing: [], left: [] });
});

test("a paisa of difference, another letter or another transaction is no match", () => {
  const one = posted("1", "Dr BCH 118.00 · Dr RCV 10000.00 · Cr BNK 10118.00");
  const short = ["Dr RCV 10000.00 · Cr BNK 10000.00", "Dr BCH 117.99 · Cr BNK 117.99"];
  expect(compareVouchers(short, one).missing).toEqual(short);
  const two = [...posted("1", "Dr CQH 2000.00 · Cr RCV 2000.00"), ...posted("2", "Dr CQH 3000.00 · Cr RCV 3000.00")];
  expect(compareVouchers(["Dr CQH 5000.00 · Cr RCV 5000.00"], two)).toEqual({
    missing: ["Dr CQH 5000.00 · Cr RCV 5000.00"],
    left: two.map((v) => v.text),
  });
  expect(compareVouchers([], one).left).toHaveLength(1);
});

test("vouchers named as they were posted match one against one, each as often as it stands there", () => {
  const voucher = fc.constantFrom(
    "Dr GWC 1.00 · Cr RCV 1.00",
    "Dr CSH 2.00 · Cr RCV 2.00",
    "Dr ADV 3.00 · Cr RFP 3.00",
  );
  fc.assert(
    fc.property(fc.array(voucher, { maxLength: 8 }), voucher, (all, more) => {
      const own = all.map((text, i) => ({ text, transaction: String(i) }));
      expect(compareVouchers(all.toReversed(), own)).toEqual({ missing: [], left: [] });
      expect(compareVouchers([...all, more], own)).toEqual({ missing: [more], left: [] });
    }),
  );
});

test("a part of a voucher stands in it when each side does, once and to the paisa", () => {
  const posted = ["Dr BCH 118.00 · Dr CQS 10000.00 · Dr RCV 300.00 · Cr BNK 118.00 · Cr CQC 10000.00 · Cr DCH 300.00"];
  const charge = "Dr BCH 118.00 · Cr BNK 118.00";
  expect(partsMissing([charge, "Dr CQS 10000.00 · Cr CQC 10000.00"], posted)).toEqual([]);
  expect(partsMissing([charge, charge], posted)).toEqual([charge]);
  expect(partsMissing(["Dr BCH 118.01 · Cr BNK 118.01"], posted)).toEqual(["Dr BCH 118.01 · Cr BNK 118.01"]);
});
