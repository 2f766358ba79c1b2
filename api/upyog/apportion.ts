import {
  apportionBill,
  apportionDemands,
  upyogServices,
  type UpyogBill,
  type UpyogDemand,
  type UpyogService,
} from "../../billing/index.ts";
import { WHO } from "../v1/index.ts";
import type { Post } from "./route.ts";
import { field, Required, responseInfo, spelt } from "./wire.ts";

/** apportion-service: divides what was paid over bills or demands that the caller brings. It keeps nothing, so the tenant only passes through. */
export function apportionRoutes(post: Post): void {
  post("/apportion-service/v2/bill/_apportion", { roles: WHO.desk }, async (call) => {
    const required = new Required("apportionRequest");
    const tenantId = field(call.body, "tenantId") ?? null;
    const bills = required
      .list(field(call.body, "Bills") ?? [], "bills")
      .map((bill, i) => readBill(bill, `bills[${i}]`, required));
    required.check();
    const masters = await call.read(upyogServices);
    return {
      ResponseInfo: responseInfo(call.requestInfo, "successful"),
      tenantId,
      Bills: bills.map((bill) => apportionBill(bill, masters.get(bill.businessService)?.advanceHead ?? null)),
    };
  });

  post("/apportion-service/v2/demand/_apportion", { roles: WHO.desk }, async (call) => {
    const required = new Required("demandApportionRequest");
    const tenantId = field(call.body, "tenantId") ?? null;
    const demands = required
      .list(field(call.body, "Demands") ?? [], "demands")
      .map((demand, i) => readDemand(demand, `demands[${i}]`, required));
    required.check();
    const masters = await call.read(upyogServices);
    return {
      ResponseInfo: responseInfo(call.requestInfo, "successful"),
      tenantId,
      demands: apportionDemands(demands, mastersOf(demands, masters)),
    };
  });
}

function mastersOf(demands: readonly UpyogDemand[], masters: ReadonlyMap<string, UpyogService>) {
  // The original looks at the oldest demand; all are of one service by contract.
  const code = [...demands].sort((a, b) => a.taxPeriodFrom - b.taxPeriodFrom)[0]?.businessService ?? "";
  const service = masters.get(code);
  return {
    isAdvanceAllowed: service?.isAdvanceAllowed ?? false,
    advanceHead: service?.advanceHead ?? null,
    orders: new Map(Object.entries(service?.orders ?? {})),
  };
}

const BILL = ["businessService", "amountPaid", "isAdvanceAllowed", "billDetails"];
const BILL_DETAIL = ["fromPeriod", "amount", "amountPaid", "billAccountDetails"];
const ACCOUNT_DETAIL = ["taxHeadCode", "amount", "adjustedAmount", "order"];
const DEMAND = ["businessService", "taxPeriodFrom", "demandDetails"];
const DEMAND_DETAIL = ["taxHeadMasterCode", "taxAmount", "collectionAmount"];

function readBill(value: unknown, at: string, required: Required): UpyogBill {
  const bill = spelt(value, BILL);
  return {
    ...bill,
    businessService: typeof bill["businessService"] === "string" ? bill["businessService"] : "",
    amountPaid: required.number(bill["amountPaid"], `${at}.amountPaid`),
    isAdvanceAllowed: required.flag(bill["isAdvanceAllowed"], `${at}.isAdvanceAllowed`),
    billDetails: required.list(bill["billDetails"], `${at}.billDetails`).map((v, i) => {
      const where = `${at}.billDetails[${i}]`;
      const detail = spelt(v, BILL_DETAIL);
      return {
        ...detail,
        fromPeriod: required.number(detail["fromPeriod"], `${where}.fromPeriod`),
        amount: required.number(detail["amount"], `${where}.amount`),
        amountPaid: optionalNumber(detail["amountPaid"], required, `${where}.amountPaid`),
        billAccountDetails: required.list(detail["billAccountDetails"], `${where}.billAccountDetails`).map((h, j) => {
          const there = `${where}.billAccountDetails[${j}]`;
          const head = spelt(h, ACCOUNT_DETAIL);
          return {
            ...head,
            taxHeadCode: required.text(head["taxHeadCode"], `${there}.taxHeadCode`),
            amount: required.number(head["amount"], `${there}.amount`),
            adjustedAmount: optionalNumber(head["adjustedAmount"], required, `${there}.adjustedAmount`),
            order: optionalNumber(head["order"], required, `${there}.order`),
          };
        }),
      };
    }),
  };
}

function readDemand(value: unknown, at: string, required: Required): UpyogDemand {
  const demand = spelt(value, DEMAND);
  return {
    ...demand,
    businessService: required.text(demand["businessService"], `${at}.businessService`),
    taxPeriodFrom: required.number(demand["taxPeriodFrom"], `${at}.taxPeriodFrom`),
    demandDetails: required.list(demand["demandDetails"], `${at}.demandDetails`).map((v, i) => {
      const where = `${at}.demandDetails[${i}]`;
      const detail = spelt(v, DEMAND_DETAIL);
      return {
        ...detail,
        taxHeadMasterCode: required.text(detail["taxHeadMasterCode"], `${where}.taxHeadMasterCode`),
        taxAmount: required.number(detail["taxAmount"], `${where}.taxAmount`),
        collectionAmount: optionalNumber(detail["collectionAmount"], required, `${where}.collectionAmount`) ?? 0,
      };
    }),
  };
}

function optionalNumber(value: unknown, required: Required, path: string): number | null {
  return value === undefined || value === null ? null : required.number(value, path);
}
