import { getEntry } from "../entries.ts";
import { toRupees } from "../kernel/money.ts";
import type { TestUlb } from "../testing.ts";
import { approveAct, proposeAct } from "./acts.ts";
import type { Act } from "./act-rows.ts";
import { ASSET_CLASSES, registerOf } from "./catalogue.ts";
import { setAssetRate } from "./asset-classes.ts";
import type { Typed } from "./fields.ts";
import { addItem } from "./items.ts";
import { localDate } from "../kernel/dates.ts";

export const GRANT_BANK = "4506101";
export const BANK = "4502101";

/** An act proposed by the accountant and approved by the checker; gives the act with its entries. */
export async function done(ulb: TestUlb, kind: string, item: string, facts: Typed): Promise<Act> {
  const act = await ulb.tx("accountant", (tx) => proposeAct(tx, { kind, item, facts }));
  return (await ulb.tx("checker", (tx) => approveAct(tx, act.id, act.version))).act;
}

/** "receipt: Dr 4506101 100.00, Cr 3202001 100.00" for each entry that an act posted. */
export async function legs(ulb: TestUlb, act: Act): Promise<string[]> {
  return ulb.tx("auditor", async (read) => {
    const shown: string[] = [];
    for (const { id } of act.entries) {
      const entry = await getEntry(read, id);
      const lines = entry.lines.map(
        (l) =>
          `${l.side === "debit" ? "Dr" : "Cr"} ${l.account} ${toRupees(l.amount)}${l.fund === "01" ? "" : `/${l.fund}`}`,
      );
      shown.push(`${entry.voucher}: ${lines.join(", ")}`);
    }
    return shown;
  });
}

const GRANT = {
  name: "AMRUT 2.0",
  source: "Government of India",
  sanctionNo: "AMR/7",
  sanctionedOn: "2025-05-01",
  amount: "1000000",
  account: "3201003",
  bankAccount: GRANT_BANK,
  fund: "01",
  function: "51",
};
const ITEMS: Readonly<Record<string, Typed>> = {
  grant: { ...GRANT, purpose: "capital" },
  "deposit-work": {
    name: "Approach road to the bus stand",
    depositor: "State Road Transport Corporation",
    agreementNo: "DW/3",
    agreedOn: "2025-05-01",
    estimate: "500000",
    account: "3411002",
    spendAccount: "4701001",
    fund: "01",
    function: "21",
  },
  work: {
    name: "Reservoir at Hill Colony",
    sanctionNo: "W/12",
    sanctionedOn: "2025-05-01",
    estimate: "800000",
    account: "4123200",
    fund: "01",
    function: "51",
    ward: "3",
  },
  loan: {
    name: "State Bank, water mains",
    sanctionNo: "L/1",
    sanctionedOn: "2025-05-01",
    amount: "1200000",
    account: "3305001",
    interestAccount: "2405000",
    interestDueAccount: "3501204",
    ratePercent: "9",
    method: "equal-principal",
    instalments: "12",
    everyMonths: "3",
    firstDue: "2025-09-30",
    fund: "01",
    function: "51",
  },
  investment: {
    name: "Fixed deposit",
    institution: "Cooperative Bank",
    reference: "FD 881",
    account: "4208001",
    declineAccount: "4209001",
    ratePercent: "7.1",
    madeOn: "2025-06-01",
    fund: "01",
    function: "03",
  },
};

/** Enters a plausible item; `over` says what is special about it. */
export async function enter(ulb: TestUlb, register: string, id: string, over: Typed = {}): Promise<void> {
  const kind = registerOf(register).items;
  if (!kind) throw new Error(`${register} has no items`);
  await ulb.tx("accountant", (tx) => addItem(tx, kind, id, { ...ITEMS[register], ...over }));
}

/** Buildings at 3 %, vehicles at 12.5 %, land not depreciated. */
export async function enterClasses(ulb: TestUlb): Promise<void> {
  const classes: readonly (readonly [string, Typed, string | null])[] = [
    [
      "BUILDING",
      { name: "Buildings", account: "4102001", accumulatedAccount: "4112001", depreciationAccount: "2722000" },
      "3",
    ],
    [
      "VEHICLE",
      { name: "Vehicles", account: "4105005", accumulatedAccount: "4115005", depreciationAccount: "2725000" },
      "12.5",
    ],
    [
      "WATER",
      { name: "Water works", account: "4103203", accumulatedAccount: "4113203", depreciationAccount: "2723200" },
      "5",
    ],
    ["LAND", { name: "Land", account: "4101001" }, null],
  ];
  await ulb.tx("admin", async (tx) => {
    for (const [id, typed, percent] of classes) {
      await addItem(tx, ASSET_CLASSES, id, typed);
      if (percent !== null)
        await setAssetRate(tx, {
          class: id,
          validFrom: localDate("2020-04-01"),
          percent,
          reason: "Order of the State",
        });
    }
  });
}

/** Facts of an asset bought on a day. */
export const asset = (id: string, group: string, cost: string, on: string, over: Typed = {}): Typed => ({
  date: on,
  asset: id,
  name: `Asset ${id}`,
  class: group,
  location: "Town hall",
  acquiredOn: on,
  residual: "1",
  fund: "01",
  function: "02",
  amount: cost,
  account: BANK,
  mode: "post",
  ...over,
});
