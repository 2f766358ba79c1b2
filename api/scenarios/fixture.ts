import {
  addService,
  raiseDemands,
  seedTaxHeads,
  setTaxHead,
  addConsumer,
  type DemandDraft,
  type TaxHead,
} from "../../billing/index.ts";
import { setCounterPolicy } from "../../collections/index.ts";
import { createUlb, openFinancialYear } from "../../ledger/index.ts";
import { financialYearOf, localDate, startOfDayInIndia } from "../../ledger/kernel/dates.ts";
import { inTransaction, type App, type Tx, type Ulb } from "../../ledger/kernel/tx.ts";
import { addBankAccount } from "../../reconciliation/index.ts";
import type { StageBill } from "./stage.ts";
import { fieldsOf, isFields, optionalText, paiseOf, ScenarioFault, textOf, type Fields, type Value } from "./values.ts";

/** What a bill of the fixture is made of; `given.bills` adds more in the same form. */
export type BillPlan = {
  readonly account: string;
  readonly name?: string;
  readonly service?: string;
  /** Tax head or its everyday name (general tax, water cess, interest, water charges, licence fee) and the money. */
  readonly heads: Fields;
  /** Off for paying in full by that day (23:59:59 in India). */
  readonly rebate?: { readonly percent: string; readonly until: string };
  /** What becomes of money paid twice; it is the whole service's. */
  readonly policy?: Value;
};

export const BILLS: Readonly<Record<string, BillPlan>> = {
  B1: {
    account: "PT-0001",
    name: "Asha Devi",
    heads: { interest: "500.00", "water cess": "1500.00", "general tax": "8000.00" },
  },
  B2: { account: "PT-0002", name: "Ramesh Kumar", heads: { "general tax": "1500.00" } },
  B3: { account: "WS-0003", name: "Meera Bai", heads: { "water charges": "2499.50" } },
  B4: { account: "TL-0004", name: "Kishan Stores", heads: { "licence fee": "5000.00" } },
  B5: {
    account: "PT-0005",
    name: "Farida Begum",
    heads: { "general tax": "8000.00" },
    rebate: { percent: "5", until: "06-30" },
  },
  B6: { account: "PT-0006", name: "Gopal Das", heads: { "general tax": "2000.00" } },
  B7: { account: "PT-0007", name: "Gopal Das", heads: { "general tax": "2000.00" } },
  B8: { account: "PT-0008", name: "Gopal Das", heads: { "general tax": "2000.00" } },
  B9: { account: "PT-0009", name: "Gopal Das", heads: { "general tax": "2000.00" } },
  B10: { account: "PT-0010", name: "Gopal Das", heads: { "general tax": "2000.00" } },
};

const SERVICES: Readonly<Record<string, string>> = { PT: "property-tax", WS: "water", TL: "trade-licence" };
export const HEADS: Readonly<Record<string, string>> = {
  interest: "PT_INTEREST",
  "water cess": "PT_WATER_TAX",
  "water tax": "PT_WATER_TAX",
  "general tax": "PT_TAX",
  general: "PT_TAX",
  "property tax": "PT_TAX",
  "water charges": "WS_CHARGE",
  water: "WS_CHARGE",
  "licence fee": "TL_TAX",
  licence: "TL_TAX",
};
export const BOOKS_BEGIN = localDate("2026-04-01");

/** The ULB of a scenario with its books of two years, tax heads and bank; bills come after, on the scenario's own day. */
export async function makeUlb(app: App, code: string): Promise<Ulb> {
  const ulb = await createUlb(app, {
    code,
    name: "Demo Nagar Palika Parishad",
    nameLocal: "डेमो नगर पालिका परिषद्",
    state: "Demo Pradesh",
    startsOn: BOOKS_BEGIN,
  });
  await inTransaction(app, { ulb, actor: { id: "admin@demo", roles: ["admin", "accountant"] } }, async (tx) => {
    for (const day of ["2026-04-01", "2027-04-01"]) await openFinancialYear(tx, financialYearOf(localDate(day)));
    await seedTaxHeads(tx);
    await addService(tx, "trade-licence");
    await addOwnHeads(tx);
    await setCounterPolicy(tx, { clearingHeadFrom: BOOKS_BEGIN }, "resolution 12 of the council");
    await addBankAccount(tx, {
      account: "4502101",
      bank: "State Bank of India",
      name: "Municipal Fund",
      number: "00000030990012345",
    });
  });
  return ulb;
}

/** Interest that is demanded, and a water tax beside the general tax: settled in the order interest, water cess, general tax. */
async function addOwnHeads(tx: Tx): Promise<void> {
  const head: TaxHead = {
    code: "PT_INTEREST",
    validFrom: BOOKS_BEGIN,
    isActive: true,
    service: "property-tax",
    name: "Interest on arrears",
    nameLocal: "बकाया पर ब्याज",
    kind: "interest",
    basis: "accrual",
    priority: 12,
    function: "91",
    incomeAccount: "1718001",
    priorIncomeAccount: "2801000",
    receivableAccount: "4311001",
    arrearsAccount: "4311004",
    rebateAccount: null,
    provisionAccount: null,
    writeOffAccount: "2703001",
    cessOn: null,
    cessPercent: null,
    cessControlAccount: null,
    cessPayableAccount: null,
    cessProvisionAccount: null,
  };
  await setTaxHead(tx, head);
  await setTaxHead(tx, {
    ...head,
    code: "PT_WATER_TAX",
    name: "Water cess",
    nameLocal: "जल उपकर",
    kind: "tax",
    priority: 50,
    incomeAccount: "1100201",
  });
}

/** Raises the demands of bills on 1 April 2026, all in one batch. */
export async function makeBills(app: App, ulb: Ulb, plans: ReadonlyMap<string, BillPlan>): Promise<StageBill[]> {
  return inTransaction(app, { ulb, actor: { id: "accountant@demo", roles: ["accountant"] } }, async (tx) => {
    const payers = new Map<string, { readonly id: string; readonly service: string; isKnown: boolean }>();
    const made: {
      readonly name: string;
      readonly plan: BillPlan;
      readonly draft: DemandDraft;
      readonly isSecond: boolean;
    }[] = [];
    for (const [name, plan] of plans) {
      const service = plan.service ?? SERVICES[plan.account.slice(0, 2)] ?? "property-tax";
      const payer = payers.get(plan.account) ?? (await payerOf(tx, plan, service));
      payers.set(plan.account, { ...payer, isKnown: true });
      made.push({ name, plan, draft: draftOf(name, plan, payer.id), isSecond: payer.isKnown });
    }
    const bills: StageBill[] = [];
    for (const isSecond of [false, true]) {
      const part = made.filter((m) => m.isSecond === isSecond);
      if (part.length === 0) continue;
      const { demandIds } = await raiseDemands(tx, {
        date: BOOKS_BEGIN,
        detail: "by-consumer",
        // An account has one regular demand a period; what comes beside it is supplementary.
        ...(isSecond ? { kind: "supplementary" as const } : {}),
        demands: part.map((m) => m.draft),
      });
      part.forEach((m, i) =>
        bills.push({
          name: m.name,
          consumerId: m.draft.consumerId,
          account: m.plan.account,
          service: payers.get(m.plan.account)?.service ?? "",
          demandIds: [demandIds[i] ?? ""],
        }),
      );
    }
    return bills;
  });
}

async function payerOf(
  tx: Tx,
  plan: BillPlan,
  service: string,
): Promise<{ id: string; service: string; isKnown: boolean }> {
  const known = await tx.queryOne<{ id: string }>(
    "select consumer_id as id from billing.consumers where ulb_id = :ulb and code = :code and service = :service",
    { ulb: tx.ulb.id, code: plan.account, service },
  );
  if (known) return { id: known.id, service, isKnown: true };
  const { id } = await addConsumer(tx, {
    service,
    code: plan.account,
    name: plan.name ?? `Owner of ${plan.account}`,
    address: "12, Station Road",
    ward: "W01",
    mobile: mobileOf(plan.account),
  });
  return { id, service, isKnown: false };
}

function draftOf(name: string, plan: BillPlan, consumerId: string): DemandDraft {
  return {
    consumerId,
    periodFrom: BOOKS_BEGIN,
    periodTo: localDate("2027-03-31"),
    dueDate: localDate("2027-03-31"),
    ...(plan.rebate === undefined
      ? {}
      : {
          terms: {
            early: [{ percent: plan.rebate.percent, days: 0, untilDay: plan.rebate.until, needsNoArrears: false }],
            late: [],
          },
        }),
    lines: Object.entries(plan.heads).map(([head, amount]) => ({
      taxHead: HEADS[head.toLowerCase()] ?? head,
      amount: paiseOf(amount, `the ${head} of ${name}`),
    })),
  };
}

/** A mobile number per account, so that payers are told apart. */
function mobileOf(account: string): string {
  const digits = account.replace(/\D/g, "").slice(-5).padStart(5, "0");
  return `98765${digits}`;
}

/** `{account: PT-0011, demand: 600000.00}` or `{account:, heads: {general tax: 8000.00}}` as a plan. */
export function planOf(name: string, value: Value): BillPlan {
  const where = `the bill ${name}`;
  const f = fieldsOf(value, where, [
    "account",
    "name",
    "owner",
    "service",
    "head",
    "heads",
    "demand",
    "amount",
    "rebate",
    "policy",
    "note",
  ]);
  const account = optionalText(f["account"], `${where}: account`) ?? `PT-${name.replace(/\D/g, "").padStart(4, "0")}`;
  const service = optionalText(f["service"], `${where}: service`);
  const money = f["demand"] ?? f["amount"];
  const usual =
    account.startsWith("WS") || service === "water"
      ? "water charges"
      : account.startsWith("TL") || service === "trade-licence"
        ? "licence fee"
        : "general tax";
  const heads = isFields(f["heads"])
    ? f["heads"]
    : money === undefined
      ? undefined
      : { [optionalText(f["head"], where) ?? usual]: money };
  if (!heads) throw new ScenarioFault(`${where} needs demand or heads`);
  const owner = optionalText(f["owner"] ?? f["name"], `${where}: owner`);
  const rebate =
    f["rebate"] === undefined ? undefined : fieldsOf(f["rebate"], `${where}: rebate`, ["percent", "until"]);
  return {
    account,
    heads,
    ...(owner === undefined ? {} : { name: owner }),
    ...(service === undefined ? {} : { service }),
    ...(f["policy"] === undefined ? {} : { policy: f["policy"] }),
    ...(rebate === undefined
      ? {}
      : { rebate: { percent: textOf(rebate["percent"], where), until: textOf(rebate["until"], where).slice(-5) } }),
  };
}

export const FIRST_DAY = startOfDayInIndia(BOOKS_BEGIN);
