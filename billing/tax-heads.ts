import { postingAccounts } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { audit, type Json } from "../ledger/kernel/audit.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { DEFAULT_ORDER } from "./apportion/index.ts";
import type { Basis, HeadKind, Service } from "./due.ts";
import { billingErrors } from "./errors.ts";
import type { PenaltyTerms } from "./interest.ts";
import type { RebateTerms } from "./rebate.ts";
import type { ServiceTerms } from "./settle.ts";

/** A head of demand: what it is called, when it is income, which accounts and function it uses. Data of the ULB, in versions. */
export type TaxHead = {
  readonly code: string;
  readonly validFrom: LocalDate;
  readonly isActive: boolean;
  readonly service: Service;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly kind: HeadKind;
  readonly basis: Basis;
  readonly priority: number;
  readonly function: string;
  readonly incomeAccount: string | null;
  readonly priorIncomeAccount: string | null;
  readonly receivableAccount: string | null;
  readonly arrearsAccount: string | null;
  readonly rebateAccount: string | null;
  readonly provisionAccount: string | null;
  readonly writeOffAccount: string | null;
  readonly cessOn: string | null;
  readonly cessPercent: string | null;
  readonly cessControlAccount: string | null;
  readonly cessPayableAccount: string | null;
  readonly cessProvisionAccount: string | null;
};

export type ServiceSetup = {
  readonly service: Service;
  readonly validFrom: LocalDate;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly advanceAccount: string;
  readonly fund: string;
  readonly terms: ServiceTerms;
};

/** The tax heads in force on a day, by code. */
export async function taxHeads(read: Read, on: LocalDate): Promise<ReadonlyMap<string, TaxHead>> {
  const rows = await read.query<TaxHead>(
    `select distinct on (code) code, valid_from as "validFrom", is_active as "isActive", service, name, name_local as "nameLocal", kind, basis,
       priority, function, income_account as "incomeAccount", prior_income_account as "priorIncomeAccount",
       receivable_account as "receivableAccount", arrears_account as "arrearsAccount", rebate_account as "rebateAccount",
       provision_account as "provisionAccount", write_off_account as "writeOffAccount", cess_on as "cessOn",
       cess_percent::text as "cessPercent", cess_control_account as "cessControlAccount", cess_payable_account as "cessPayableAccount",
       cess_provision_account as "cessProvisionAccount"
     from billing.tax_heads
     where ulb_id = :ulb and valid_from <= :on_date
     order by code, valid_from desc`,
    { ulb: read.ulb.id, on_date: on },
  );
  return new Map(rows.filter((h) => h.isActive).map((h) => [h.code, h]));
}

/** Tax heads in force on a day, by service, kind and priority: for lists and for the compatible API. */
export async function listTaxHeads(read: Read, on: LocalDate, service?: Service): Promise<TaxHead[]> {
  const heads = [...(await taxHeads(read, on)).values()].filter((h) => service === undefined || h.service === service);
  return heads.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : a.priority - b.priority));
}

/** The services of the ULB with their terms in force on a day. */
export async function services(read: Read, on: LocalDate): Promise<ReadonlyMap<Service, ServiceSetup>> {
  const rows = await read.query<ServiceSetup>(
    `select distinct on (service) service, valid_from as "validFrom", name, name_local as "nameLocal",
       advance_account as "advanceAccount", fund, terms
     from billing.service_terms
     where ulb_id = :ulb and valid_from <= :on_date
     order by service, valid_from desc`,
    { ulb: read.ulb.id, on_date: on },
  );
  return new Map(rows.map((r) => [r.service, r]));
}

/** The terms of one service on a day. Raises SERVICE_UNKNOWN. */
export async function serviceOn(read: Read, service: Service, on: LocalDate): Promise<ServiceSetup> {
  const setup = (await services(read, on)).get(service);
  if (!setup) throw billingErrors.SERVICE_UNKNOWN({ service });
  return setup;
}

/** Sets a version of a tax head, on record. What was demanded under an earlier version keeps it. Raises TAX_HEAD_INVALID. */
export async function setTaxHead(tx: Tx, head: TaxHead): Promise<void> {
  const broken = brokenRule(head);
  if (broken) throw billingErrors.TAX_HEAD_INVALID({ taxHead: head.code, rule: broken });
  await tx.query(
    `insert into billing.tax_heads (ulb_id, code, valid_from, is_active, service, name, name_local, kind, basis, priority, function,
       income_account, prior_income_account, receivable_account, arrears_account, rebate_account, provision_account, write_off_account,
       cess_on, cess_percent, cess_control_account, cess_payable_account, cess_provision_account)
     values (:ulb, :code, :valid_from, :is_active, :service, :name, :name_local, :kind, :basis, :priority, :function, :income, :prior_income,
       :receivable, :arrears, :rebate, :provision, :write_off, :cess_on, :cess_percent, :cess_control, :cess_payable, :cess_provision)`,
    {
      ulb: tx.ulb.id,
      code: head.code,
      valid_from: head.validFrom,
      is_active: head.isActive,
      service: head.service,
      name: head.name,
      name_local: head.nameLocal,
      kind: head.kind,
      basis: head.basis,
      priority: head.priority,
      function: head.function,
      income: head.incomeAccount,
      prior_income: head.priorIncomeAccount,
      receivable: head.receivableAccount,
      arrears: head.arrearsAccount,
      rebate: head.rebateAccount,
      provision: head.provisionAccount,
      write_off: head.writeOffAccount,
      cess_on: head.cessOn,
      cess_percent: head.cessPercent,
      cess_control: head.cessControlAccount,
      cess_payable: head.cessPayableAccount,
      cess_provision: head.cessProvisionAccount,
    },
  );
  await audit(tx, {
    action: "set",
    subject: "tax-head",
    subjectId: `${head.code}/${head.validFrom}`,
    after: { ...head },
  });
}

function brokenRule(head: TaxHead): string | null {
  if (head.basis === "accrual" && (head.receivableAccount === null || head.arrearsAccount === null)) {
    return "a head on accrual needs a receivable account and one for arrears";
  }
  if (head.kind !== "cess" && head.incomeAccount === null) return "a head of the ULB's own needs an income account";
  if (
    head.kind === "cess" &&
    (head.cessOn === null || head.cessControlAccount === null || head.cessPayableAccount === null)
  ) {
    return "a cess names the head it is levied on, its control account and its payable account";
  }
  return null;
}

/** Sets a version of a service's terms, on record. */
export async function setServiceTerms(tx: Tx, setup: ServiceSetup): Promise<void> {
  await tx.query(
    `insert into billing.service_terms (ulb_id, service, valid_from, name, name_local, advance_account, fund, terms)
     values (:ulb, :service, :valid_from, :name, :name_local, :advance, :fund, :terms)`,
    {
      ulb: tx.ulb.id,
      service: setup.service,
      valid_from: setup.validFrom,
      name: setup.name,
      name_local: setup.nameLocal,
      advance: setup.advanceAccount,
      fund: setup.fund,
      terms: JSON.stringify(setup.terms),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "service-terms",
    subjectId: `${setup.service}/${setup.validFrom}`,
    after: JSON.parse(JSON.stringify(setup.terms)) as Json,
  });
}

/** The usual terms of late and early payment of property tax; a State's Act has its own. */
export const USUAL_REBATE: RebateTerms = { percent: "5", days: 30, needsNoArrears: true };
export const USUAL_PENALTY: PenaltyTerms = { kind: "monthly", percent: "1", taxHead: "PT_PENALTY" };
export const USUAL_WATER_PENALTY: PenaltyTerms = { kind: "once", percent: "5", taxHead: "WS_PENALTY" };

export type SeedOptions = {
  /** From when the heads hold; by default from the day the ULB's books start. */
  readonly validFrom?: LocalDate;
  readonly cessPercent?: string;
  /** Rebate and penalties are the State's law, so none is assumed: name them (USUAL_REBATE, USUAL_PENALTY …). */
  readonly rebate?: RebateTerms | null;
  readonly penalty?: PenaltyTerms | null;
  readonly waterPenalty?: PenaltyTerms | null;
  readonly roundTo?: "paisa" | "rupee";
};

/**
 * Gives a new ULB its services and tax heads: property tax (general tax, library cess 8%, penalty, dishonour charge) and water (charges,
 * penalty, dishonour charge), on the NMAM heads. A ULB that has them keeps its own: then nothing is written.
 */
export async function seedTaxHeads(tx: Tx, options: SeedOptions = {}): Promise<void> {
  const validFrom = options.validFrom ?? tx.ulb.startsOn;
  const known = await services(tx, "9999-12-31" as LocalDate);
  if (known.size > 0) return;
  const accounts = await postingAccounts(tx, "dishonour-charge-receivable", "dishonour-charge-income");
  const common = { validFrom, isActive: true } as const;
  const none = {
    incomeAccount: null,
    priorIncomeAccount: null,
    receivableAccount: null,
    arrearsAccount: null,
    rebateAccount: null,
    provisionAccount: null,
    writeOffAccount: null,
    cessOn: null,
    cessPercent: null,
    cessControlAccount: null,
    cessPayableAccount: null,
    cessProvisionAccount: null,
  } as const;
  const dishonour = {
    ...common,
    ...none,
    kind: "fee",
    basis: "accrual",
    priority: 20,
    name: "Cheque dishonour charge",
    nameLocal: "चेक अनादरण शुल्क",
    incomeAccount: accounts["dishonour-charge-income"],
    receivableAccount: accounts["dishonour-charge-receivable"],
    arrearsAccount: accounts["dishonour-charge-receivable"],
  } as const;
  const roundTo = options.roundTo ?? "paisa";

  await setServiceTerms(tx, {
    service: "property-tax",
    validFrom,
    name: "Property tax",
    nameLocal: "संपत्ति कर",
    advanceAccount: "3504101",
    fund: "01",
    terms: { order: DEFAULT_ORDER, rebate: options.rebate ?? null, penalty: options.penalty ?? null, roundTo },
  });
  await setServiceTerms(tx, {
    service: "water",
    validFrom,
    name: "Water charges",
    nameLocal: "जल प्रभार",
    advanceAccount: "3504105",
    fund: "01",
    terms: { order: DEFAULT_ORDER, rebate: null, penalty: options.waterPenalty ?? null, roundTo },
  });
  const heads: TaxHead[] = [
    {
      ...common,
      ...none,
      code: "PT_TAX",
      service: "property-tax",
      name: "General property tax",
      nameLocal: "सामान्य संपत्ति कर",
      kind: "tax",
      basis: "accrual",
      priority: 100,
      function: "91",
      incomeAccount: "1100101",
      priorIncomeAccount: "2801000",
      receivableAccount: "4311001",
      arrearsAccount: "4311004",
      rebateAccount: "1109004",
      provisionAccount: "4321000",
      writeOffAccount: "2703001",
    },
    {
      ...common,
      ...none,
      code: "PT_LIBRARY_CESS",
      service: "property-tax",
      name: "Library cess",
      nameLocal: "पुस्तकालय उपकर",
      kind: "cess",
      basis: "accrual",
      priority: 110,
      function: "91",
      receivableAccount: "4311001",
      arrearsAccount: "4311004",
      provisionAccount: "4321000",
      cessOn: "PT_TAX",
      cessPercent: options.cessPercent ?? "8",
      cessControlAccount: "4319100",
      cessPayableAccount: "3503001",
      cessProvisionAccount: "4329100",
    },
    {
      ...common,
      ...none,
      code: "PT_PENALTY",
      service: "property-tax",
      name: "Penalty for late payment of property tax",
      nameLocal: "संपत्ति कर विलंब शास्ति",
      kind: "penalty",
      basis: "receipt",
      priority: 10,
      function: "91",
      incomeAccount: "1402010",
    },
    { ...dishonour, code: "PT_DISHONOUR_CHARGE", service: "property-tax", function: "91" },
    {
      ...common,
      ...none,
      code: "WS_CHARGE",
      service: "water",
      name: "Water charges",
      nameLocal: "जल प्रभार",
      kind: "charge",
      basis: "accrual",
      priority: 100,
      function: "51",
      incomeAccount: "1405013",
      receivableAccount: "4313001",
      arrearsAccount: "4313001",
      provisionAccount: "4323000",
    },
    {
      ...common,
      ...none,
      code: "WS_PENALTY",
      service: "water",
      name: "Penalty for late payment of water charges",
      nameLocal: "जल प्रभार विलंब शास्ति",
      kind: "penalty",
      basis: "receipt",
      priority: 10,
      function: "51",
      incomeAccount: "1402012",
    },
    { ...dishonour, code: "WS_DISHONOUR_CHARGE", service: "water", function: "51" },
  ];
  for (const head of heads) await setTaxHead(tx, head);
}
