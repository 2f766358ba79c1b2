import {
  billFor,
  cancelBill,
  findDemands,
  getBill,
  getBillByNumber,
  getConsumer,
  getConsumerByCode,
  listBills,
  paidBills,
  upyogServices,
  type Bill,
  type Consumer,
  type UpyogService,
} from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { negate, subtract, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { WHO } from "../v1/index.ts";
import { codeOf, consumersOf } from "./demands.ts";
import { fault } from "./faults.ts";
import { Reply, type Call, type Post } from "./route.ts";
import { checkTenant, endOf, field, moneyOf, Required, responseInfo, startOf } from "./wire.ts";

type Status = "ACTIVE" | "PAID" | "EXPIRED" | "CANCELLED";

/**
 * billing-service, bills. A bill is reckoned as of today, with penalty and rebate, and expires with the day: `_fetchbill` of another day gives
 * the bill of that day. A bill that is cancelled stays on record; dues stay as they are, and the next one takes another number.
 */
export function billRoutes(post: Post): void {
  post("/billing-service/bill/v2/_fetchbill", { roles: WHO.bills, status: 201 }, async (call) => {
    const { query } = call;
    const required = new Required("generateBillCriteria");
    const tenantId = required.text(query.one("tenantId"), "tenantId");
    required.text(query.one("businessService"), "businessService");
    required.check();
    checkTenant(call.who.ulb, tenantId);
    const consumers = await call.read(async (read) => {
      const demandId = query.one("demandId");
      if (demandId !== undefined) {
        const demands = await findDemands(read, { demandIds: [demandId] });
        return Promise.all(demands.map((d) => getConsumer(read, d.consumerId)));
      }
      const named = await consumersOf(read, call);
      if (named === undefined) {
        throw fault(
          "BILL_GEN_MANDATORY_FIELDS_MISSING",
          "Valid search criteria fields missing, please give some valid criteria like mobileNumber/email OR 'businessService & consumerCode' OR demandId",
        );
      }
      return named;
    });
    const bills: Bill[] = [];
    for (const consumer of consumers) {
      const bill = await billOf(call, consumer);
      if (bill) bills.push(bill);
    }
    return { ResposneInfo: null, Bill: await call.read((read) => billViews(read, bills, tenantId)) };
  });

  post("/billing-service/bill/v2/_cancelbill", { roles: WHO.bills }, cancel);

  post("/billing-service/bill/v2/_search", { roles: WHO.desk }, async (call) => {
    const { query } = call;
    const required = new Required("billSearchCriteria");
    const tenantId = required.text(query.one("tenantId"), "tenantId");
    required.check();
    checkTenant(call.who.ulb, tenantId);
    const views = await call.read(async (read) => billViews(read, await searchBills(read, call), tenantId));
    const status = query.one("status");
    const isActive = query.one("isActive");
    return {
      ResposneInfo: responseInfo(call.requestInfo, "200 OK"),
      Bill: views.filter(
        (b) =>
          (status === undefined || b.status === status.toUpperCase()) &&
          (isActive === undefined || String(b.status === "ACTIVE") === isActive),
      ),
    };
  });
}

/** The texts are UPYOG's: whoever calls it reads them. */
async function cancel(call: Call): Promise<Reply> {
  const criteria = field(call.body, "UpdateBillCriteria");
  const required = new Required("updateBillCriteria");
  const tenantId = required.text(field(criteria, "tenantId"), "tenantId");
  const service = required.text(field(criteria, "businessService"), "businessService");
  required.check();
  checkTenant(call.who.ulb, tenantId);
  const codes = field(criteria, "consumerCodes");
  const [code] = Array.isArray(codes) ? (codes as unknown[]) : [];
  if (!Array.isArray(codes) || codes.length !== 1 || typeof code !== "string") {
    throw fault("EG_BS_CANCEL_BILL_ERROR", "Only one consumerCode is allowed for cancellation of bills");
  }
  const details = field(criteria, "additionalDetails");
  const said = [field(details, "reason"), field(details, "reasonMessage")].filter(
    (t) => typeof t === "string" && t.trim() !== "",
  );
  if (said.length === 0)
    throw fault("EG_BS_CANCEL_BILL_ERROR", "Reason and reason message are mandatory for cancellation of bills");
  const cancelled = await call
    .write(async (tx) => {
      const of = (await upyogServices(tx)).get(service)?.service ?? service;
      const consumer = await getConsumerByCode(tx, of, code);
      return cancelBill(tx, consumer.id, said.join(": "));
    })
    .catch((error: unknown) => {
      if (error instanceof Refusal && error.code === "CONSUMER_NOT_FOUND") return undefined;
      throw error;
    });
  const Message = cancelled
    ? "Successfully cancelled 1 Active bills for given consumer codes"
    : "No Active bills found for cancellation for the given criteria";
  const [status, answered] = cancelled ? [200, "200 OK"] : [400, "400 BAD_REQUEST"];
  return new Reply(status, { ResponseInfo: responseInfo(call.requestInfo, answered), Message });
}

/** Each consumer's bill in a transaction of its own: nothing due to one is no fault of the others. */
async function billOf(call: Call, consumer: Consumer): Promise<Bill | undefined> {
  return call
    .write((tx) => billFor(tx, consumer.id, dateInIndia(tx.clock())))
    .catch((error: unknown) => {
      if (error instanceof Refusal && error.code === "BILL_NOTHING_DUE") return undefined;
      throw error;
    });
}

async function searchBills(read: Read, call: Call): Promise<readonly Bill[]> {
  const { query } = call;
  const ids = query.all("billId");
  const number = query.one("billNumber");
  const codes = query.all("consumerCode");
  if (ids.length === 0 && number === undefined && codes.length === 0 && query.one("mobileNumber") === undefined) {
    throw fault(
      "EGBS_MANDATORY_FIELDS_ERROR",
      "BILL_SEARCH_MANDATORY_FIELDS_MISSING Any one of the fields additional to tenantId is mandatory like consumerCode,billId, mobileNumber or email",
    );
  }
  if (codes.length > 0 && query.one("service") === undefined) {
    throw fault(
      "BILL_SEARCH_CONSUMERCODE_BUSINESSSERVICE",
      " the consumerCode & Service values should be given together or mobilenumber/email can be given ",
    );
  }
  const found: Bill[] = [];
  for (const id of ids) found.push(...(await orNone(getBill(read, id))));
  if (number !== undefined) found.push(...(await orNone(getBillByNumber(read, number))));
  const limit = query.count("size") ?? 100;
  const offset = query.count("offset") ?? 0;
  for (const consumer of (await consumersOf(read, call)) ?? []) {
    found.push(...(await listBills(read, consumer.id, { limit, offset })));
  }
  return found;
}

async function orNone(bill: Promise<Bill>): Promise<readonly Bill[]> {
  return bill.then(
    (b) => [b],
    (error: unknown) => {
      if (error instanceof Refusal && error.code === "BILL_NOT_FOUND") return [];
      throw error;
    },
  );
}

export async function billViews(read: Read, bills: readonly Bill[], tenantId: string) {
  const masters = await upyogServices(read);
  const paid = await paidBills(
    read,
    bills.map((b) => b.id),
  );
  return bills.map((bill) => {
    const code = codeOf(masters, bill.consumer.service);
    // PAID also after a part payment: UPYOG reckons PARTIALLY_PAID and then writes PAID.
    const status: Status = paid.has(bill.id)
      ? "PAID"
      : bill.isCancelled
        ? "CANCELLED"
        : bill.isLatest
          ? "ACTIVE"
          : "EXPIRED";
    return billView(bill, code, masters.get(code), status, tenantId);
  });
}

type Entry = { readonly taxHeadCode: string; readonly amount: Paise; readonly demandDetailId: string | null };

function billView(
  bill: Bill,
  businessService: string,
  master: UpyogService | undefined,
  status: Status,
  tenantId: string,
) {
  const auditDetails = {
    createdBy: null,
    lastModifiedBy: null,
    createdTime: bill.issuedAt.getTime(),
    lastModifiedTime: bill.issuedAt.getTime(),
  };
  // A penalty that is reckoned to the day stands with the period for which it is charged.
  const periods = [...groupBy(bill.lines, (l) => `${l.periodFrom}/${l.periodTo}`).values()];
  const details = periods.map((lines, p) => {
    const [first] = lines;
    const rebate = sum(lines.map((l) => l.rebate));
    const entries: Entry[] = [
      ...lines.flatMap((l): Entry[] => {
        const id = (head: string): string | null => (l.demandId === null ? null : `${l.demandId}/${head}`);
        const own = subtract(l.amount, l.cess);
        return [
          ...(own > 0n ? [{ taxHeadCode: l.taxHead, amount: own, demandDetailId: id(l.taxHead) }] : []),
          ...(l.cess > 0n && l.cessHead !== null
            ? [{ taxHeadCode: l.cessHead, amount: l.cess, demandDetailId: id(l.cessHead) }]
            : []),
        ];
      }),
      ...(rebate > 0n
        ? [{ taxHeadCode: master?.rebateHead ?? "TIME_REBATE", amount: negate(rebate), demandDetailId: null }]
        : []),
      ...(bill.rounding > 0n && p === periods.length - 1
        ? [{ taxHeadCode: master?.roundingHead ?? "ROUNDOFF", amount: bill.rounding, demandDetailId: null }]
        : []),
    ];
    const id = `${bill.id}-${p + 1}`;
    return {
      id,
      tenantId,
      demandId: lines.find((l) => l.demandId !== null)?.demandId ?? null,
      billId: bill.id,
      expiryDate: endOf(bill.asOf),
      amount: moneyOf(sum(entries.map((e) => e.amount))),
      amountPaid: null,
      fromPeriod: first ? startOf(first.periodFrom) : null,
      toPeriod: first ? endOf(first.periodTo) : null,
      additionalDetails: null,
      billAccountDetails: entries.map((e, i) => ({
        id: `${id}-${i + 1}`,
        tenantId,
        billDetailId: id,
        demandDetailId: e.demandDetailId,
        order: master?.orders[e.taxHeadCode] ?? i,
        amount: moneyOf(e.amount),
        adjustedAmount: 0,
        taxHeadCode: e.taxHeadCode,
        additionalDetails: null,
        auditDetails: null,
      })),
    };
  });
  return {
    id: bill.id,
    userId: bill.consumer.id,
    mobileNumber: bill.consumer.mobile,
    payerName: bill.consumer.name,
    payerAddress: bill.consumer.address,
    payerEmail: bill.consumer.email,
    status,
    totalAmount: moneyOf(bill.total),
    businessService,
    billNumber: bill.number,
    billDate: bill.issuedAt.getTime(),
    consumerCode: bill.consumer.code,
    additionalDetails: null,
    billDetails: details,
    tenantId,
    fileStoreId: null,
    auditDetails,
  };
}
