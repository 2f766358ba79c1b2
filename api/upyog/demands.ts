import {
  changeErrors,
  demandedOf,
  findConsumers,
  findDemands,
  getConsumer,
  getConsumerByCode,
  raiseDemands,
  restateDemand,
  services,
  taxHeads,
  upyogServices,
  type Consumer,
  type Demand,
  type DemandBatch,
  type DemandDraft,
  type UpyogService,
} from "../../billing/index.ts";
import { dateInIndia, financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { add, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { WHO } from "../v1/index.ts";
import { fault, Fault } from "./faults.ts";
import type { Post, Call } from "./route.ts";
import { checkTenant, dateOf, endOf, field, moneyOf, paiseOf, Required, responseInfo, startOf } from "./wire.ts";

/** A call raises at most as many demands; a city's run goes by `demand-run`. */
const MOST = 500;

/**
 * billing-service, demands. What UPYOG keeps in one record is in several here, so: the consumer must be in the register; rebates and advances
 * (negative heads) are not demanded but come with the payment that earns or brings them; a posted demand is never edited, so `_update` cancels
 * it and raises another, or adds a supplementary one.
 */
export function demandRoutes(post: Post): void {
  post("/billing-service/demand/_create", { roles: ["accountant", "admin", "system"], status: 201 }, async (call) => {
    const demands = readDemands(call);
    for (const d of demands) checkTenant(call.who.ulb, d.tenantId);
    const answered = await call.write(async (tx) => {
      const date = dateInIndia(tx.clock());
      const drafts = await checkDemands(tx, demands);
      const raised = await raiseDemands(tx, batchOf(date, drafts));
      return demandViews(tx, await findDemands(tx, { demandIds: raised.demandIds }), demands[0]?.tenantId ?? "");
    });
    return { ResponseInfo: responseInfo(call.requestInfo, "201 CREATED"), Demands: answered, CollectedReceipt: null };
  });

  // A program's own workflow stands for the second person that a change needs here: no person's token does this.
  post("/billing-service/demand/_update", { roles: ["system"], status: 201 }, async (call) => {
    const demands = readDemands(call);
    for (const d of demands) checkTenant(call.who.ulb, d.tenantId);
    const answered = await call.write(async (tx) => {
      const checked = await checkDemands(tx, demands, true);
      const ids: string[] = [];
      for (const { consumer, demand } of checked) ids.push(...(await update(tx, consumer, demand)));
      return demandViews(tx, await findDemands(tx, { demandIds: ids }), demands[0]?.tenantId ?? "");
    });
    return { ResponseInfo: responseInfo(call.requestInfo, "201 CREATED"), Demands: answered, CollectedReceipt: null };
  });

  post("/billing-service/demand/_search", { roles: WHO.desk }, async (call) => {
    const { query } = call;
    const required = new Required("demandCriteria");
    const tenantId = required.text(query.one("tenantId"), "tenantId");
    required.check();
    checkTenant(call.who.ulb, tenantId);
    const demands = await call.read(async (read) => {
      const consumers = await consumersOf(read, call);
      const demandIds = query.all("demandId");
      if (consumers === undefined && demandIds.length === 0) {
        throw fault(
          "EGBS_MANDATORY_FIELDS_ERROR",
          "Any one of the fields additional to tenantId is mandatory like consumerCode, demandId, payer or mobileNumber",
        );
      }
      const from = query.one("periodFrom");
      const to = query.one("periodTo");
      const found = await findDemands(read, {
        ...(demandIds.length > 0 ? { demandIds } : {}),
        ...(consumers === undefined ? {} : { consumerIds: consumers.map((c) => c.id) }),
        ...(from === undefined ? {} : { from: dateOf(Number(from)) }),
        ...(to === undefined ? {} : { to: dateOf(Number(to)) }),
      });
      const views = await demandViews(read, found, tenantId);
      const isPaymentCompleted = query.one("isPaymentCompleted");
      const status = query.one("status");
      return views.filter(
        (v) =>
          (isPaymentCompleted === undefined || String(v.isPaymentCompleted) === isPaymentCompleted) &&
          (status === undefined || v.status === status.toUpperCase()),
      );
    });
    return { ResponseInfo: responseInfo(call.requestInfo, "200 OK"), Demands: demands };
  });
}

/** Restates a demand, or raises it when it has no id; gives the demands that answer for it. */
async function update(tx: Tx, consumer: Consumer, demand: DemandRequest): Promise<readonly string[]> {
  const date = dateInIndia(tx.clock());
  if (demand.id === null) return (await raiseDemands(tx, batchOf(date, [{ consumer, demand }]))).demandIds;
  const [known] = await findDemands(tx, { demandIds: [demand.id] });
  const draft = draftOf(consumer, demand);
  // An id says which demand is meant; what else the request says must be that demand.
  const isThat =
    known?.consumerId === consumer.id && known.periodFrom === draft.periodFrom && known.periodTo === draft.periodTo;
  if (!isThat) throw changeErrors.DEMAND_NOT_FOUND({ demand: demand.id });
  const standing = await restateDemand(tx, {
    demandId: demand.id,
    lines: demand.status === "CANCELLED" ? [] : draft.lines,
    ...(demand.fixedBillExpiryDate === null ? {} : { dueDate: draft.dueDate }),
    date,
    reason: "Updated by the program that raised it",
  });
  return standing.length === 0 ? [demand.id] : standing;
}

type Checked = { readonly consumer: Consumer; readonly demand: DemandRequest };

function draftOf(consumer: Consumer, demand: DemandRequest): DemandDraft {
  return {
    consumerId: consumer.id,
    periodFrom: dateOf(demand.taxPeriodFrom),
    periodTo: dateOf(demand.taxPeriodTo),
    dueDate: dateOf(demand.fixedBillExpiryDate ?? demand.taxPeriodTo),
    lines: demand.details
      .filter((d) => d.taxAmount > 0)
      .map((d) => ({ taxHead: d.taxHead, amount: paiseOf(d.taxAmount) })),
  };
}

function batchOf(date: LocalDate, checked: readonly Checked[]): DemandBatch {
  return { date, detail: "by-consumer", demands: checked.map(({ consumer, demand }) => draftOf(consumer, demand)) };
}

type Detail = { readonly taxHead: string; readonly taxAmount: number; readonly collectionAmount: number };
type DemandRequest = {
  /** Of a demand that is there; null for a new one. */
  readonly id: string | null;
  readonly status: string | null;
  readonly tenantId: string;
  readonly consumerCode: string;
  readonly businessService: string;
  readonly taxPeriodFrom: number;
  readonly taxPeriodTo: number;
  readonly fixedBillExpiryDate: number | null;
  readonly details: readonly Detail[];
};

function readDemands(call: Call): readonly DemandRequest[] {
  const required = new Required("demandRequest");
  const demands = required.list(field(call.body, "Demands"), "demands").map((d, i): DemandRequest => {
    const at = `demands[${i}]`;
    const expiry = field(d, "fixedBillExpiryDate");
    required.text(field(d, "consumerType"), `${at}.consumerType`);
    const id = field(d, "id");
    const status = field(d, "status");
    return {
      id: typeof id === "string" && id !== "" ? id : null,
      status: typeof status === "string" ? status.toUpperCase() : null,
      tenantId: required.text(field(d, "tenantId"), `${at}.tenantId`),
      consumerCode: required.text(field(d, "consumerCode"), `${at}.consumerCode`),
      businessService: required.text(field(d, "businessService"), `${at}.businessService`),
      taxPeriodFrom: required.number(field(d, "taxPeriodFrom"), `${at}.taxPeriodFrom`),
      taxPeriodTo: required.number(field(d, "taxPeriodTo"), `${at}.taxPeriodTo`),
      fixedBillExpiryDate: typeof expiry === "number" ? expiry : null,
      details: required.list(field(d, "demandDetails"), `${at}.demandDetails`).map((h, j): Detail => {
        const there = `${at}.demandDetails[${j}]`;
        return {
          taxHead: required.text(field(h, "taxHeadMasterCode"), `${there}.taxHeadMasterCode`),
          taxAmount: required.number(field(h, "taxAmount"), `${there}.taxAmount`),
          collectionAmount: required.number(field(h, "collectionAmount") ?? 0, `${there}.collectionAmount`),
        };
      }),
    };
  });
  required.check();
  if (demands.length > MOST)
    throw fault("EG_BS_DEMANDS_TOO_MANY", `a call raises at most ${MOST} demands; ${demands.length} were sent`);
  return demands;
}

/** Everything that is wrong with the demands, by UPYOG's codes, at once; or each with its consumer. */
async function checkDemands(
  read: Read,
  demands: readonly DemandRequest[],
  isUpdate = false,
): Promise<readonly Checked[]> {
  const on = dateInIndia(read.clock());
  const [masters, heads, setups] = [await upyogServices(read), await taxHeads(read, on), await services(read, on)];
  const wrong = new Map<string, string>();
  const noService = new Set<string>();
  const noHead = new Set<string>();
  const noConsumer = new Set<string>();
  const badDetails: string[] = [];
  const checked: Checked[] = [];
  for (const demand of demands) {
    const service = masters.get(demand.businessService)?.service;
    if (!service || !setups.has(service)) {
      noService.add(demand.businessService);
      continue;
    }
    for (const d of demand.details)
      if (heads.get(d.taxHead)?.service !== service && d.taxAmount > 0) noHead.add(d.taxHead);
    if (!isOnePeriod(demand)) {
      wrong.set(
        "EG_BS_TAXPERIODS_DEMAND",
        `No Tax Periods Found for the given demand with fromDate : ${demand.taxPeriodFrom} and toDate : ${demand.taxPeriodTo}`,
      );
    }
    badDetails.push(...demand.details.flatMap((d) => wrongDetail(d, isUpdate && demand.id !== null)));
    const consumer = await getConsumerByCode(read, service, demand.consumerCode).catch(unknownConsumer);
    if (consumer) checked.push({ consumer, demand });
    else noConsumer.add(demand.consumerCode);
  }
  if (badDetails.length > 0) {
    wrong.set(
      "EG_DEMAND_DEATIL_INVALID",
      `Invalid demand details found with following Values : [${badDetails.join(", ")}]`,
    );
  }
  const listed = (set: ReadonlySet<string>): string => `[${[...set].join(", ")}]`;
  if (noHead.size > 0)
    wrong.set("EG_BS_TAXHEADS_NOTFOUND", `No TaxHead masters found for give codes ${listed(noHead)}`);
  if (noService.size > 0) {
    wrong.set(
      "EG_BS_BUSINESSSERVICE_NOTFOUND",
      `No Business Service masters found for give codes ${listed(noService)}`,
    );
  }
  if (noConsumer.size > 0) {
    wrong.set("EG_BS_CONSUMER_NOTFOUND", `No consumers found for following consumercodes : ${listed(noConsumer)}`);
  }
  if (wrong.size > 0) throw new Fault([...wrong].map(([code, message]) => ({ code, message })));
  return checked;
}

function unknownConsumer(error: unknown): undefined {
  if (error instanceof Refusal && error.code === "CONSUMER_NOT_FOUND") return undefined;
  throw error;
}

/** Our tax periods lie in one financial year. */
function isOnePeriod(demand: DemandRequest): boolean {
  const from = dateOf(demand.taxPeriodFrom);
  const to = dateOf(demand.taxPeriodTo);
  return from <= to && financialYearOf(from) === financialYearOf(to);
}

/** What a known demand is said to have collected is not looked at: its receipts say it. */
function wrongDetail(d: Detail, isKnown: boolean): string[] {
  const { taxAmount: tax, collectionAmount: collection } = d;
  if (tax >= 0 && (collection > tax || collection < 0)) {
    return [
      `collection amount : ${collection}, cannot not be greater than taxAmount or Negative in case of positive tax : ${tax}`,
    ];
  }
  if (tax < 0 && collection !== 0 && collection !== tax) {
    return [
      `collection amount : ${collection}, should be equal to 'ZERO' or tax amount : ${tax} in case of negative Tax`,
    ];
  }
  if (tax < 0) {
    return [
      `${d.taxHead} : ${tax}, a rebate or advance is granted with the payment that earns or brings it, not demanded`,
    ];
  }
  if (collection !== 0 && !isKnown)
    return [`${d.taxHead} : ${collection}, a collection comes with its receipt, not with a demand`];
  return [];
}

/** The consumers that a query names; undefined if it names none. */
export async function consumersOf(read: Read, call: Call): Promise<readonly Consumer[] | undefined> {
  const { query } = call;
  const masters = await upyogServices(read);
  const code = query.one("businessService") ?? query.one("service");
  const wanted = code === undefined ? [...masters.values()] : [masters.get(code)].filter((m) => m !== undefined);
  const ours = wanted.flatMap((m) => (m.service === null ? [] : [m.service]));
  const codes = query.all("consumerCode");
  const found = new Map<string, Consumer>();
  for (const consumerCode of codes) {
    for (const service of ours) {
      const consumer = await getConsumerByCode(read, service, consumerCode).catch(unknownConsumer);
      if (consumer) found.set(consumer.id, consumer);
    }
  }
  const mobile = query.one("mobileNumber");
  if (mobile !== undefined) {
    for (const c of await findConsumers(read, { query: mobile, limit: 100 })) {
      if (c.mobile === mobile && ours.includes(c.service)) found.set(c.id, c);
    }
  }
  for (const payer of query.all("payer")) {
    const consumer = await getConsumer(read, payer).catch(unknownConsumer);
    if (consumer) found.set(consumer.id, consumer);
  }
  const named = codes.length > 0 || mobile !== undefined || query.one("payer") !== undefined;
  return named ? [...found.values()] : undefined;
}

/** UPYOG's name of one of our services; our own if it has none. */
export function codeOf(masters: ReadonlyMap<string, UpyogService>, service: string): string {
  return [...masters.values()].find((m) => m.service === service)?.code ?? service;
}

async function demandViews(read: Read, demands: readonly Demand[], tenantId: string) {
  const masters = await upyogServices(read);
  const consumers = new Map<string, Consumer>();
  for (const id of new Set(demands.map((d) => d.consumerId))) consumers.set(id, await getConsumer(read, id));
  return demands.flatMap((d) => {
    const consumer = consumers.get(d.consumerId);
    return consumer ? [demandView(d, consumer, codeOf(masters, consumer.service), tenantId)] : [];
  });
}

/** A head with its cess inside is two details, as UPYOG has them. */
function demandView(demand: Demand, consumer: Consumer, businessService: string, tenantId: string) {
  const auditDetails = {
    createdBy: null,
    lastModifiedBy: null,
    createdTime: demand.createdAt.getTime(),
    lastModifiedTime: demand.createdAt.getTime(),
  };
  const detail = (taxHead: string, amount: Paise, settled: Paise) => ({
    id: `${demand.id}/${taxHead}`,
    demandId: demand.id,
    taxHeadMasterCode: taxHead,
    taxAmount: moneyOf(amount),
    collectionAmount: moneyOf(settled),
    additionalDetails: null,
    auditDetails,
    tenantId,
  });
  const due = demand.lines.reduce<Paise>((t, l) => add(t, subtract(l.amount, l.settled)), ZERO);
  return {
    id: demand.id,
    tenantId,
    consumerCode: consumer.code,
    consumerType: consumer.service,
    businessService,
    payer: payerOf(consumer, tenantId),
    taxPeriodFrom: startOf(demand.periodFrom),
    taxPeriodTo: endOf(demand.periodTo),
    demandDetails: demand.lines.flatMap((l) => {
      // What a credit note, remission or cancellation took off is neither tax nor collected.
      const { amount, cess } = demandedOf(l);
      const settled = subtract(l.settled, subtract(l.amount, amount));
      const cessSettled = subtract(l.cessSettled, subtract(l.cess, cess));
      return [
        ...(l.amount === l.cess && l.cess > 0n
          ? []
          : [detail(l.taxHead, subtract(amount, cess), subtract(settled, cessSettled))]),
        ...(l.cess > 0n ? [detail(l.cessHead ?? l.taxHead, cess, cessSettled)] : []),
      ];
    }),
    fixedBillExpiryDate: null,
    billExpiryTime: null,
    minimumAmountPayable: 0,
    isPaymentCompleted: due === ZERO,
    status: demand.isCancelled ? "CANCELLED" : "ACTIVE",
    additionalDetails: null,
    auditDetails,
  };
}

function payerOf(consumer: Consumer, tenantId: string) {
  return {
    uuid: consumer.id,
    name: consumer.name,
    mobileNumber: consumer.mobile,
    emailId: consumer.email,
    type: "CITIZEN",
    tenantId,
  };
}
