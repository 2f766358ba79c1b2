import {
  approveChange,
  findDemands,
  generateNumbers,
  getChange,
  getConsumerByCode,
  listChanges,
  proposeChange,
  rejectChange,
  taxHeads,
  upyogServices,
  type ChangeContent,
  type Consumer,
  type Demand,
  type DemandChange,
  type DemandLine,
  type HeadReduction,
} from "../../billing/index.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { negate, paise, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { WHO } from "../v1/index.ts";
import { fault } from "./faults.ts";
import type { Call, Post } from "./route.ts";
import { checkTenant, dateOf, field, paiseOf, Required, responseInfo } from "./wire.ts";

const REASONS = new Set([
  "COURT_CASE_SETTLEMENT",
  "ARREAR_WRITE_OFF",
  "DCB_CORRECTION",
  "ONE_TIME_SETTLEMENT",
  "REMISSION_FOR_PROPERTY_TAX",
  "OTHERS",
]);

/**
 * billing-service, amendments: UPYOG's face of a proposed change of demands. `_create` proposes a debit note (amounts above nothing) or a credit note
 * (below), checked against what is due at once; `_update` with the workflow action APPROVE carries it out and must come from another person than
 * `_create`. Less is taken from the consumer's newest demand that still owes the head, then from older ones; more goes with the newest demand.
 */
export function amendmentRoutes(post: Post): void {
  post("/billing-service/amendment/_create", { roles: [...WHO.proposes, "system"], status: 201 }, create);
  post("/billing-service/amendment/_update", { roles: [...WHO.decides, ...WHO.proposes, "system"] }, update);
  post("/billing-service/amendment/_search", { roles: WHO.desk }, async (call) => {
    const { query } = call;
    const required = new Required("amendmentCriteria");
    const tenantId = required.text(query.one("tenantId"), "tenantId");
    required.check();
    checkTenant(call.who.ulb, tenantId);
    const ids = query.all("amendmentId");
    const codes = query.all("consumerCode");
    if (ids.length === 0 && codes.length === 0 && query.one("businessService") === undefined) {
      throw fault(
        "EGBS_MANDATORY_FIELDS_ERROR",
        "Any one of the fields additional to tenantId is mandatory like amendmentId, consumerCode or businessService",
      );
    }
    const found = await call.read(async (read) => {
      const rows = await read.query<Row>(
        `select amendment_id, change_id, request from api.upyog_amendments
         where ulb_id = :ulb
           and (:ids::text[] is null or amendment_id = any(:ids::text[]))
           and (:codes::text[] is null or request ->> 'consumerCode' = any(:codes::text[]))
           and (:service::text is null or business_service = :service::text)
         order by created_at desc, amendment_id desc
         limit :row_limit offset :row_offset`,
        {
          ulb: read.ulb.id,
          ids: ids.length > 0 ? ids : null,
          codes: codes.length > 0 ? codes : null,
          service: query.one("businessService") ?? null,
          row_limit: Math.min(query.count("limit") ?? 100, 500),
          row_offset: query.count("offset") ?? 0,
        },
      );
      return Promise.all(rows.map(async (row) => amendmentView(row, await getChange(read, row.change_id))));
    });
    const status = query.one("status")?.toUpperCase();
    return {
      ResponseInfo: responseInfo(call.requestInfo, "200 OK"),
      Amendments: found.filter((a) => status === undefined || a.status === status),
    };
  });
}

type Row = { readonly amendment_id: string; readonly change_id: string; readonly request: Request };
type Detail = { readonly taxHeadMasterCode: string; readonly taxAmount: number };
type Request = {
  readonly tenantId: string;
  readonly consumerCode: string;
  readonly businessService: string;
  readonly amendmentReason: string;
  readonly reasonDocumentNumber: string | null;
  readonly effectiveFrom: number | null;
  readonly effectiveTill: number | null;
  readonly demandDetails: readonly Detail[];
  readonly documents: readonly unknown[];
  readonly additionalDetails: unknown;
};

async function create(call: Call): Promise<object> {
  const request = readAmendment(call);
  checkTenant(call.who.ulb, request.tenantId);
  const Amendments = await call.write(async (tx) => {
    const today = dateInIndia(tx.clock());
    const consumer = await consumerOf(tx, request);
    await checkNoneWaits(tx, consumer);
    const change = await proposeChange(tx, {
      date: today,
      reason: `${request.amendmentReason}${request.reasonDocumentNumber === null ? "" : `, document ${request.reasonDocumentNumber}`}`,
      ...(request.reasonDocumentNumber === null
        ? {}
        : { order: { number: request.reasonDocumentNumber, date: documentDate(request, today) } }),
      content: await contentOf(tx, request, consumer, today),
    });
    const note = isIncrease(request) ? "CN" : "DN";
    const [amendmentId] = await generateNumbers(tx, {
      idName: "bs.amendment.id",
      tenantId: request.tenantId,
      // UPYOG writes CN where more is asked and DN where less is: its programs read the letters, so they stay.
      format: `BS/${note}/[fy:yyyy-yy]/[SEQ_BS_AMENDMENT_${note}]`,
    });
    const row: Row = { amendment_id: amendmentId ?? change.id, change_id: change.id, request };
    await tx.query(
      `insert into api.upyog_amendments (ulb_id, amendment_id, change_id, business_service, request, created_at)
       values (:ulb, :id, :change, :service, :request, :now)`,
      {
        ulb: tx.ulb.id,
        id: row.amendment_id,
        change: change.id,
        service: request.businessService,
        request: JSON.stringify(request),
        now: tx.clock(),
      },
    );
    return [amendmentView(row, change)];
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "201 CREATED"), Amendments };
}

async function update(call: Call): Promise<object> {
  const body = field(call.body, "AmendmentUpdate");
  const required = new Required("amendmentUpdateRequest");
  const amendmentId = required.text(field(body, "amendmentId"), "amendmentUpdate.amendmentId");
  const tenantId = required.text(field(body, "tenantId"), "amendmentUpdate.tenantId");
  const workflow = field(body, "workflow");
  const action = required.text(field(workflow, "action"), "amendmentUpdate.workflow.action").toUpperCase();
  required.check();
  checkTenant(call.who.ulb, tenantId);
  const Amendments = await call.write(async (tx) => {
    const row = await tx.queryOne<Row>(
      "select amendment_id, change_id, request from api.upyog_amendments where ulb_id = :ulb and amendment_id = :id",
      { ulb: tx.ulb.id, id: amendmentId },
    );
    if (!row)
      throw fault(
        "EG_BS_AMENDMENT_UPDATE_ERROR",
        `No amendment was found in the system for id : ${amendmentId.slice(0, 100)}`,
      );
    if (action === "APPROVE") await approveChange(tx, row.change_id);
    else if (action === "REJECT" || action === "CANCEL") {
      const comment = field(workflow, "comment");
      await rejectChange(tx, row.change_id, typeof comment === "string" ? comment : "rejected in the workflow");
    } else if (!["OPEN", "FORWARD", "VERIFY", "RE-SUBMIT", "SENDBACK"].includes(action)) {
      throw fault("INVALID ACTION", `Action ${action.slice(0, 40)} is not in the workflow of an amendment`);
    }
    return [amendmentView(row, await getChange(tx, row.change_id))];
  });
  return { ResponseInfo: responseInfo(call.requestInfo, "200 OK"), Amendments };
}

function readAmendment(call: Call): Request {
  const body = field(call.body, "Amendment");
  const required = new Required("amendmentRequest");
  const at = (name: string): string => `amendment.${name}`;
  const optional = (name: string): number | null => {
    const value = field(body, name);
    return typeof value === "number" ? value : null;
  };
  const documentNumber = field(body, "reasonDocumentNumber");
  const request: Request = {
    tenantId: required.text(field(body, "tenantId"), at("tenantId")),
    consumerCode: required.text(field(body, "consumerCode"), at("consumerCode")),
    businessService: required.text(field(body, "businessService"), at("businessService")),
    amendmentReason: required.text(field(body, "amendmentReason"), at("amendmentReason")),
    reasonDocumentNumber: typeof documentNumber === "string" && documentNumber.trim() !== "" ? documentNumber : null,
    effectiveFrom: optional("effectiveFrom"),
    effectiveTill: optional("effectiveTill"),
    demandDetails: required.list(field(body, "demandDetails"), at("demandDetails")).map((d, i) => ({
      taxHeadMasterCode: required.text(field(d, "taxHeadMasterCode"), at(`demandDetails[${i}].taxHeadMasterCode`)),
      taxAmount: required.number(field(d, "taxAmount"), at(`demandDetails[${i}].taxAmount`)),
    })),
    documents: required.list(field(body, "documents"), at("documents")),
    additionalDetails: field(body, "additionalDetails") ?? null,
  };
  required.check();
  const amounts = request.demandDetails.map((d) => d.taxAmount);
  if (!REASONS.has(request.amendmentReason)) {
    throw fault(
      "EG_BS_AMENDMENT_REASON_ERROR",
      `${request.amendmentReason.slice(0, 60)} is no reason of an amendment; one of [${[...REASONS].join(", ")}]`,
    );
  }
  if (amounts.length === 0 || !(amounts.every((a) => a > 0) || amounts.every((a) => a < 0))) {
    throw fault(
      "EG_BS_AMENDMENT_TAX_ERROR",
      `All the tax amounts of an amendment should be either positive or negative, and none of them zero : [${amounts.join(", ")}]`,
    );
  }
  if (
    request.effectiveFrom !== null &&
    request.effectiveTill !== null &&
    request.effectiveFrom >= request.effectiveTill
  ) {
    throw fault(
      "EG_BS_AMENDMENT_PERIOD_ERROR",
      `effectiveFrom : ${request.effectiveFrom} should be less than effectiveTill : ${request.effectiveTill}`,
    );
  }
  return request;
}

const isIncrease = (request: Request): boolean => request.demandDetails.every((d) => d.taxAmount > 0);

/** The day of the document that orders it: from when it holds, never later than today. */
function documentDate(request: Request, today: LocalDate): LocalDate {
  const from = request.effectiveFrom === null ? today : dateOf(request.effectiveFrom);
  return from < today ? from : today;
}

async function consumerOf(read: Read, request: Request): Promise<Consumer> {
  const service = (await upyogServices(read)).get(request.businessService)?.service;
  if (!service) {
    throw fault(
      "EG_BS_BUSINESSSERVICE_NOTFOUND",
      `No Business Service masters found for give codes [${request.businessService.slice(0, 60)}]`,
    );
  }
  const heads = await taxHeads(read, dateInIndia(read.clock()));
  const unknown = request.demandDetails
    .map((d) => d.taxHeadMasterCode)
    .filter((code) => heads.get(code)?.service !== service);
  if (unknown.length > 0)
    throw fault("EG_BS_TAXHEADS_NOTFOUND", `No TaxHead masters found for give codes [${unknown.join(", ")}]`);
  return getConsumerByCode(read, service, request.consumerCode).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== "CONSUMER_NOT_FOUND") throw error;
    throw fault(
      "EG_BS_CONSUMER_NOTFOUND",
      `No consumers found for following consumercodes : [${request.consumerCode.slice(0, 100)}]`,
    );
  });
}

/** One amendment of a consumer is in workflow at a time. */
async function checkNoneWaits(read: Read, consumer: Consumer): Promise<void> {
  const waiting = await listChanges(read, { consumerId: consumer.id, status: "waiting" });
  const row = await read.queryOne<{ id: string }>(
    "select amendment_id as id from api.upyog_amendments where ulb_id = :ulb and change_id = any(:changes::uuid[]) limit 1",
    { ulb: read.ulb.id, changes: waiting.map((c) => c.id) },
  );
  if (row) {
    throw fault(
      "EG_BS_AMENDMENT_CREATE_ERROR",
      `Amendment ${row.id} of consumer code ${consumer.code} is in workflow already; decide it first`,
    );
  }
}

async function contentOf(read: Read, request: Request, consumer: Consumer, today: LocalDate): Promise<ChangeContent> {
  const demands = (await findDemands(read, { consumerIds: [consumer.id] }))
    .filter((d) => !d.isCancelled)
    .sort((a, b) => (a.periodFrom < b.periodFrom ? 1 : a.periodFrom > b.periodFrom ? -1 : a.id < b.id ? 1 : -1));
  if (isIncrease(request)) {
    const demand = demands.find((d) => d.lines.some((l) => l.amount > l.settled)) ?? demands[0];
    if (!demand) throw fault("EG_BS_DEMANDS_NOT_FOUND", `No demand of ${consumer.code} was found to amend`);
    return {
      kind: "debit-note",
      demandId: demand.id,
      dueDate: demand.dueDate > today ? demand.dueDate : today,
      lines: request.demandDetails.map((d) => ({ taxHead: d.taxHeadMasterCode, amount: paiseOf(d.taxAmount) })),
    };
  }
  const isRemission = request.amendmentReason === "REMISSION_FOR_PROPERTY_TAX" && request.reasonDocumentNumber !== null;
  const items = [...groupBy(request.demandDetails, (d) => d.taxHeadMasterCode).values()].flatMap((details) => {
    const [first] = details;
    return first
      ? takenOff(demands, first.taxHeadMasterCode, negate(sum(details.map((d) => paiseOf(d.taxAmount)))))
      : [];
  });
  return { kind: isRemission ? "remission" : "credit-note", items };
}

/** What is taken off of which demand, newest first. What exceeds every due stays with the first, where it is refused with its figures. */
export function takenOff(demands: readonly Demand[], taxHead: string, amount: Paise): HeadReduction[] {
  const parts = demands.flatMap((d) =>
    d.lines
      .filter((l) => l.taxHead === taxHead || l.cessHead === taxHead)
      .map((l) => ({ demandId: d.id, line: l, due: dueOf(l, taxHead) })),
  );
  const owing = parts.filter((p) => p.due > 0n);
  const [first] = owing.length > 0 ? owing : parts;
  if (!first) throw fault("EG_BS_DEMAND_DETAIL_NOTFOUND", `No demand has the tax head ${taxHead} to take it off`);
  let left = amount;
  const taken: { part: (typeof parts)[number]; amount: Paise }[] = [];
  for (const part of owing) {
    if (left === 0n) break;
    const here = part.due < left ? part.due : left;
    taken.push({ part, amount: here });
    left = subtract(left, here);
  }
  if (left > 0n) {
    const [head] = taken;
    if (head) head.amount = paise(head.amount + left);
    else taken.push({ part: first, amount: left });
  }
  return taken.map(({ part, amount: off }) => ({
    demandId: part.demandId,
    taxHead: part.line.taxHead,
    own: part.line.cessHead === taxHead ? ZERO : off,
    cess: part.line.cessHead === taxHead ? off : ZERO,
  }));
}

/** In UPYOG a head and its cess are two details: one is amended without the other. */
function dueOf(
  line: Pick<DemandLine, "amount" | "settled" | "cess" | "cessSettled" | "cessHead">,
  taxHead: string,
): Paise {
  const cess = subtract(line.cess, line.cessSettled);
  return line.cessHead === taxHead ? cess : subtract(subtract(line.amount, line.settled), cess);
}

function amendmentView(row: Row, change: DemandChange) {
  const { content, decision } = change;
  const status = decision === null ? "INWORKFLOW" : decision.outcome === "approved" ? "CONSUMED" : "INACTIVE";
  const amended =
    content.kind === "debit-note"
      ? content.demandId
      : content.kind === "credit-note" || content.kind === "remission"
        ? (content.items[0]?.demandId ?? null)
        : null;
  return {
    id: change.id,
    tenantId: row.request.tenantId,
    amendmentId: row.amendment_id,
    businessService: row.request.businessService,
    consumerCode: row.request.consumerCode,
    amendmentReason: row.request.amendmentReason,
    reasonDocumentNumber: row.request.reasonDocumentNumber,
    status,
    demandDetails: row.request.demandDetails.map((d) => ({ ...d, collectionAmount: 0 })),
    documents: row.request.documents,
    effectiveFrom: row.request.effectiveFrom,
    effectiveTill: row.request.effectiveTill,
    amendedDemandId: decision?.outcome === "approved" ? amended : null,
    additionalDetails: row.request.additionalDetails,
    auditDetails: {
      createdBy: change.proposedBy,
      lastModifiedBy: decision?.by ?? change.proposedBy,
      createdTime: change.proposedAt.getTime(),
      lastModifiedTime: (decision?.at ?? change.proposedAt).getTime(),
    },
  };
}
