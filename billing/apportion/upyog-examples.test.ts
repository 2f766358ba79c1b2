import { expect, test } from "vitest";
import { refusalOf } from "./testing.ts";
import { apportionBill, apportionDemands, type UpyogBill } from "./upyog-shapes.ts";

/** "PT_TAX 1000/3": a head with its amount and, if it matters, its order and what was adjusted before ("−50 of −20" as "PT_REBATE -50@-20"). */
type Heads = string;
const DAY = 86_400_000;

function head(text: string): UpyogBill["billDetails"][number]["billAccountDetails"][number] {
  const match = /^(\w+) (-?[\d.]+)(?:@(-?[\d.]+))?(?:\/(-?\d+))?$/.exec(text);
  if (!match) throw new Error(`not a head: ${text}`);
  const [, taxHeadCode = "", amount = "", adjusted = "0", order = "0"] = match;
  return { taxHeadCode, amount: Number(amount), adjustedAmount: Number(adjusted), order: Number(order) };
}

/** A bill of periods, each "HEAD amount, HEAD amount"; a period's total is the sum of its heads less what was adjusted. */
function billOf(
  amountPaid: number,
  periods: readonly Heads[],
  isAdvanceAllowed = true,
  businessService = "WS",
): UpyogBill {
  return {
    businessService,
    amountPaid,
    isAdvanceAllowed,
    billDetails: periods.map((text, i) => {
      const billAccountDetails = text.split(", ").map(head);
      return {
        fromPeriod: 1_617_215_400_000 + i * 30 * DAY,
        amount: billAccountDetails.reduce((t, h) => t + h.amount - (h.adjustedAmount ?? 0), 0),
        billAccountDetails,
      };
    }),
  };
}

/** "amountPaid: HEAD amount→adjusted, …" of each period. */
function said(bill: UpyogBill, advanceHead: string | null = `${bill.businessService}_ADVANCE_CARRYFORWARD`): string[] {
  return apportionBill(bill, advanceHead).billDetails.map(
    (d) =>
      `${String(d.amountPaid)}: ${d.billAccountDetails.map((h) => `${h.taxHeadCode} ${h.amount}→${String(h.adjustedAmount)}`).join(", ")}`,
  );
}

const WS_BILL: readonly Heads[] = [
  "WS_TIME_ADHOC_REBATE -6000/0, WS_ROUND_OFF 0.25/8, WS_TIME_PENALTY 115.75/4, WS_CHARGE 2315/3",
  "WS_CHARGE 4475/3, WS_TIME_PENALTY 223.75/4, WS_ROUND_OFF 0.25/8",
  "WS_CHARGE 2945/3, WS_TIME_PENALTY 147.25/4, WS_ROUND_OFF -0.25/8",
  "WS_CHARGE 3845/3, WS_TIME_PENALTY 192.25/4, WS_ROUND_OFF -0.25/8",
  "WS_CHARGE 4145/3, WS_TIME_PENALTY 207.25/4, WS_ROUND_OFF -0.25/8",
  "WS_CHARGE 2645/3, WS_TIME_PENALTY 132.25/4, WS_ROUND_OFF -0.25/8",
  "WS_CHARGE 5928/3",
];

test("oldest first: old interest 100 and tax 900, new tax 1000; 1300 pays the old in full and 300 of the new", () => {
  expect(said(billOf(1300, ["PT_INTEREST 100/1, PT_TAX 900/3", "PT_TAX 1000/3"]))).toEqual([
    "1000: PT_INTEREST 100→100, PT_TAX 900→900",
    "300: PT_TAX 1000→300",
  ]);
});

test("amount beats order: interest 600 of order 1, tax 500 of order 3; 550 pays the tax and 50 of the interest", () => {
  expect(said(billOf(550, ["PT_INTEREST 600/1, PT_TAX 500/3"]))).toEqual(["550: PT_INTEREST 600→50, PT_TAX 500→500"]);
});

test("order breaks ties only: tax 100 of order 3, interest 100 of order 1; 100 pays the interest", () => {
  expect(said(billOf(100, ["PT_TAX 100/3, PT_INTEREST 100/1"]))).toEqual(["100: PT_TAX 100→0, PT_INTEREST 100→100"]);
});

test("one rupee grants the whole rebate: tax 1000, rebate −100; 1 settles 101 of the tax", () => {
  expect(said(billOf(1, ["PT_TAX 1000/3, PT_TIME_REBATE -100/0"]))).toEqual([
    "1: PT_TAX 1000→101, PT_TIME_REBATE -100→-100",
  ]);
});

test("a rebate in a period that is not reached is not granted: old tax 1000, new tax 1000 less 100; 1000 pays the old alone", () => {
  expect(said(billOf(1000, ["PT_TAX 1000/3", "PT_TAX 1000/3, PT_TIME_REBATE -100/0"]))).toEqual([
    "1000: PT_TAX 1000→1000",
    "0: PT_TAX 1000→0, PT_TIME_REBATE -100→0",
  ]);
});

test("a water bill of seven periods, 21,316 in all, paid in full: every head in full", () => {
  const done = apportionBill(billOf(21_316, WS_BILL), "WS_ADVANCE_CARRYFORWARD");
  expect(done.billDetails.map((d) => d.amountPaid)).toEqual([-3569, 4699, 3092, 4037, 4352, 2777, 5928]);
  expect(done.billDetails.every((d) => d.billAccountDetails.every((h) => h.adjustedAmount === h.amount))).toBe(true);
});

test("the same bill, 5,000 paid: the rebate of 6,000 frees 3,569; periods 1 to 3 in full, 778 on the fourth, nothing on the rest", () => {
  const answer = said(billOf(5000, WS_BILL));
  expect(answer.map((s) => s.split(":")[0])).toEqual(["-3569", "4699", "3092", "778", "0", "0", "0"]);
  expect(answer[3]).toBe("778: WS_CHARGE 3845→586, WS_TIME_PENALTY 192.25→192.25, WS_ROUND_OFF -0.25→-0.25");
  expect(answer[4]).toBe("0: WS_CHARGE 4145→0, WS_TIME_PENALTY 207.25→0, WS_ROUND_OFF -0.25→0");
});

test("the same bill, 25,000 paid: all in full, and 3,684 as an advance on the newest period, whose amount paid is 9,612", () => {
  const answer = said(billOf(25_000, WS_BILL));
  expect(answer.map((s) => s.split(":")[0])).toEqual(["-3569", "4699", "3092", "4037", "4352", "2777", "9612"]);
  expect(answer[6]).toBe("9612: WS_CHARGE 5928→5928, WS_ADVANCE_CARRYFORWARD -3684→null");
});

test("a property-tax bill of 213,409, 100,000 paid: the exemption of 5,000 first, then the small heads, 66,591 of the tax", () => {
  expect(
    said(
      billOf(
        100_000,
        [
          "PT_TAX 180000/3, PT_CANCER_CESS 8750/2, PT_FIRE_CESS 8750/1, PT_TIME_PENALTY 17500/2, PT_TIME_INTEREST 3408.9/1, PT_ROUNDOFF 0.1/4, PT_OWNER_EXEMPTION -5000/0",
        ],
        false,
        "PT",
      ),
    ),
  ).toEqual([
    "100000: PT_TAX 180000→66591, PT_CANCER_CESS 8750→8750, PT_FIRE_CESS 8750→8750, PT_TIME_PENALTY 17500→17500, PT_TIME_INTEREST 3408.9→3408.9, PT_ROUNDOFF 0.1→0.1, PT_OWNER_EXEMPTION -5000→-5000",
  ]);
});

test("an advance covers part: old advance −200, new charge 500, 300 paid", () => {
  expect(said(billOf(300, ["WS_ADVANCE_CARRYFORWARD -200", "WS_CHARGE 500"]))).toEqual([
    "-200: WS_ADVANCE_CARRYFORWARD -200→-200",
    "500: WS_CHARGE 500→500",
  ]);
});

test("an advance larger than what is due is used in part: −800 against 500, nothing paid", () => {
  expect(said(billOf(0, ["WS_ADVANCE_CARRYFORWARD -800", "WS_CHARGE 500"]))).toEqual([
    "-500: WS_ADVANCE_CARRYFORWARD -800→-500",
    "500: WS_CHARGE 500→500",
  ]);
});

test("of two advances the older is used in full and the newer in part: −300, −400 against 500", () => {
  expect(said(billOf(0, ["WS_ADVANCE_CARRYFORWARD -300", "WS_ADVANCE_CARRYFORWARD -400", "WS_CHARGE 500"]))).toEqual([
    "-300: WS_ADVANCE_CARRYFORWARD -300→-300",
    "-200: WS_ADVANCE_CARRYFORWARD -400→-200",
    "500: WS_CHARGE 500→500",
  ]);
});

test("a new demand takes what it needs of an old advance: −9,750 with −550 used, then 550", () => {
  const done = apportionDemands(
    [
      {
        businessService: "WS",
        taxPeriodFrom: 2 * DAY,
        demandDetails: [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 550, collectionAmount: 0 }],
      },
      {
        businessService: "WS",
        taxPeriodFrom: DAY,
        demandDetails: [{ taxHeadMasterCode: "WS_ADVANCE_CARRYFORWARD", taxAmount: -9750, collectionAmount: -550 }],
      },
    ],
    {
      isAdvanceAllowed: true,
      advanceHead: "WS_ADVANCE_CARRYFORWARD",
      orders: new Map([
        ["WS_CHARGE", 0],
        ["WS_ADVANCE_CARRYFORWARD", 9],
      ]),
    },
  );
  expect(done.map((d) => d.demandDetails.map((h) => h.collectionAmount))).toEqual([[-1100], [550]]);
});

test("an excess becomes an advance even where the service allows none: tax 1000, 1500 paid", () => {
  expect(said(billOf(1500, ["PT_TAX 1000"], false, "PT"))).toEqual([
    "1500: PT_TAX 1000→1000, PT_ADVANCE_CARRYFORWARD -500→null",
  ]);
});

test("an excess enlarges the advance head that is there: charge 500, advance −100, 700 paid", () => {
  expect(said(billOf(700, ["WS_CHARGE 500, WS_ADVANCE_CARRYFORWARD -100"]))).toEqual([
    "700: WS_CHARGE 500→500, WS_ADVANCE_CARRYFORWARD -400→-100",
  ]);
});

test("a negative head that was part-used is overwritten: −50 with −20 used becomes −30, where −50 would be right", () => {
  const [period = ""] = said(billOf(100, ["WS_CHARGE 300/3, WS_TIME_REBATE -50@-20/0"]));
  expect(period).toBe("100: WS_CHARGE 300→130, WS_TIME_REBATE -50→-30");
});

// What lies between the examples.

test("nothing paid and nothing due in all: every head is adjusted in full", () => {
  expect(said(billOf(0, ["WS_CHARGE 100, WS_TIME_REBATE -100", "WS_CHARGE 0"]))).toEqual([
    "0: WS_CHARGE 100→100, WS_TIME_REBATE -100→-100",
    "0: WS_CHARGE 0→0",
  ]);
});

test("nothing paid and something due: nothing is adjusted, no rebate is granted", () => {
  expect(said(billOf(0, ["WS_CHARGE 100, WS_TIME_REBATE -10"]))).toEqual(["0: WS_CHARGE 100→0, WS_TIME_REBATE -10→0"]);
});

test("heads that are all negative: granted in full by any payment, and with it they become an advance", () => {
  expect(said(billOf(1, ["WS_TIME_REBATE -100, WS_TIME_ADHOC_REBATE -50"]))).toEqual([
    "1: WS_TIME_REBATE -100→-100, WS_TIME_ADHOC_REBATE -50→-50, WS_ADVANCE_CARRYFORWARD -151→null",
  ]);
});

test("a head of nothing takes nothing, before and after the money is spent", () => {
  expect(said(billOf(50, ["WS_TIME_INTEREST 0/1, WS_CHARGE 100/2"]))).toEqual([
    "50: WS_TIME_INTEREST 0→0, WS_CHARGE 100→50",
  ]);
});

test("equal amounts and equal orders are paid in the order in which they are given", () => {
  expect(said(billOf(100, ["WS_B 100/1, WS_A 100/1"]))).toEqual(["100: WS_B 100→100, WS_A 100→0"]);
});

test("the sort looks at the gross amount, not at what is due of it", () => {
  expect(said(billOf(10, ["WS_CHARGE 100@95/1, WS_TIME_PENALTY 50/2"]))).toEqual([
    "10: WS_CHARGE 100→95, WS_TIME_PENALTY 50→10",
  ]);
});

test("periods are sorted by their date, whatever the order of the bill, and the answer gives them so", () => {
  const bill = billOf(150, ["WS_CHARGE 100", "WS_CHARGE 100"]);
  const shuffled = { ...bill, billDetails: [...bill.billDetails].reverse() };
  expect(said(shuffled)).toEqual(["100: WS_CHARGE 100→100", "50: WS_CHARGE 100→50"]);
  expect(shuffled.billDetails[0]?.fromPeriod).toBeGreaterThan(bill.billDetails[0]?.fromPeriod ?? 0);
});

test("a period that is not reached forgets what was paid on it before; one that is reached adds to it", () => {
  const bill = billOf(100, ["WS_CHARGE 100", "WS_CHARGE 100"]);
  const paid = { ...bill, billDetails: bill.billDetails.map((d) => ({ ...d, amountPaid: 40 })) };
  expect(said(paid).map((s) => s.split(":")[0])).toEqual(["140", "0"]);
});

test("an advance is not touched where the service allows none, nor is it granted as a rebate", () => {
  expect(said(billOf(300, ["WS_ADVANCE_CARRYFORWARD -200", "WS_CHARGE 500"], false))).toEqual([
    "0: WS_ADVANCE_CARRYFORWARD -200→0",
    "300: WS_CHARGE 500→300",
  ]);
});

test("an advance is used only up to the totals of the periods that ask for something", () => {
  expect(said(billOf(0, ["WS_ADVANCE_CARRYFORWARD -800, WS_CHARGE 100", "WS_CHARGE 500"]))).toEqual([
    "-400: WS_ADVANCE_CARRYFORWARD -800→-500, WS_CHARGE 100→100",
    "400: WS_CHARGE 500→400",
  ]);
});

test("paise and smaller parts are exact: 0.1 and 0.2 of 0.3, and three decimals", () => {
  expect(said(billOf(0.3, ["WS_A 0.1, WS_B 0.2"]))).toEqual(["0.3: WS_A 0.1→0.1, WS_B 0.2→0.2"]);
  expect(said(billOf(10.005, ["WS_A 10"]))).toEqual(["10.005: WS_A 10→10, WS_ADVANCE_CARRYFORWARD -0.005→null"]);
  expect(said(billOf(20_020_020_012.01, ["WS_A 20020020012.02"]))).toEqual([
    "20020020012.01: WS_A 20020020012.02→20020020012.01",
  ]);
  expect(
    said(
      billOf(
        1e21,
        ["WS_A 1.5e-7"].map(() => "WS_A 1"),
      ),
    ).map((s) => s.split(":")[0]),
  ).toEqual(["1e+21"]);
});

test("an excess without an advance head of the service is refused in UPYOG's words", () => {
  expect(refusalOf(() => said(billOf(1500, ["TL_TAX 1000"], false, "TL"), null))).toBe(
    "NO_TAXHEAD_FOUND: No Advance taxHead found for businessService: TL",
  );
});

test("equal amounts without an order cannot be sorted; different amounts need none", () => {
  const withoutOrder = (a: number, b: number): UpyogBill => ({
    ...billOf(100, ["WS_A 1, WS_B 1"]),
    billDetails: [
      {
        fromPeriod: DAY,
        amount: a + b,
        billAccountDetails: [
          { taxHeadCode: "WS_A", amount: a, order: null },
          { taxHeadCode: "WS_B", amount: b, order: 1 },
        ],
      },
    ],
  });
  expect(said(withoutOrder(60, 50))).toEqual(["100: WS_A 60→50, WS_B 50→50"]);
  expect(refusalOf(() => said(withoutOrder(60, 60)))).toMatch(
    /^APPORTION_ORDER_MISSING: WS_. and WS_. have the same amount/,
  );
});

test("a demand's head that the master does not know is refused, and a service without heads", () => {
  const demand = {
    businessService: "WS",
    taxPeriodFrom: DAY,
    demandDetails: [{ taxHeadMasterCode: "WS_X", taxAmount: 1 }],
  };
  const masters = { isAdvanceAllowed: true, advanceHead: null, orders: new Map([["WS_CHARGE", 0]]) };
  expect(refusalOf(() => apportionDemands([demand], masters))).toBe(
    "INVALID_TAXHEAD_CODE: Order is null or taxHead is not found for code: WS_X",
  );
  expect(refusalOf(() => apportionDemands([demand], { ...masters, orders: new Map() }))).toBe(
    "NO_TAXHEAD_FOUND: No taxHeads found for businessService: WS",
  );
});

test("a bill without periods passes through", () => {
  expect(apportionBill({ ...billOf(5, ["WS_A 1"]), billDetails: [] }, null).billDetails).toEqual([]);
});
