import fc from "fast-check";
import { expect, test } from "vitest";
import { cr } from "../../ledger/index.ts";
import { paise } from "../../ledger/kernel/money.ts";
import { netByFund } from "../entries.ts";
import { identifiedLines } from "./owners.ts";

const accounts = { "unidentified-credits": "3508006", "inter-fund": "4702051" };
const credit = fc.record({ fund: fc.constantFrom("01", "02", "03"), amount: fc.bigInt({ min: 1n, max: 10n ** 9n }) });

test("whatever funds an unidentified receipt pays, each fund balances, and all of it leaves the unidentified ones", () => {
  fc.assert(
    fc.property(fc.array(credit, { minLength: 1, maxLength: 6 }), (credits) => {
      const total = paise(credits.reduce((sum, c) => sum + c.amount, 0n));
      const lines = identifiedLines(
        accounts,
        "pay_ABCDEFGH123456",
        total,
        credits.map((c) => cr("4311001", paise(c.amount), { fund: c.fund })),
      );
      expect([...netByFund(lines)]).toEqual([]);
      const taken = lines.filter((l) => l.account === accounts["unidentified-credits"]);
      expect(taken.map((l) => [l.side, l.amount])).toEqual([["debit", total]]);
    }),
    { seed: 40, numRuns: 200 },
  );
});
