import { listTaxHeads, upyogServices, type TaxHead, type UpyogService } from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { WHO } from "../v1/index.ts";
import { codeOf } from "./demands.ts";
import type { Call, Post } from "./route.ts";
import { checkTenant, Required, responseInfo } from "./wire.ts";

/** billing-service, masters. Tax periods are not kept here: any period within one financial year may be demanded, so there is no list of them. */
export function masterRoutes(post: Post): void {
  post("/billing-service/businessservices/_search", { roles: WHO.desk }, async (call) => {
    checkTenant(call.who.ulb, tenantOf(call, "businessServiceDetailCriteria"));
    const wanted = call.query.all("businessService");
    const masters = await call.read(upyogServices);
    return {
      ResponseInfo: responseInfo(call.requestInfo, "200 OK"),
      BusinessServiceDetails: [...masters.values()]
        .filter((s) => wanted.length === 0 || wanted.includes(s.code))
        .map(serviceView),
    };
  });

  post("/billing-service/taxheads/_search", { roles: WHO.desk }, async (call) => {
    checkTenant(call.who.ulb, tenantOf(call, "taxHeadMasterCriteria"));
    const service = call.query.one("service");
    const codes = call.query.all("code");
    const heads = await call.read(async (read) => {
      const masters = await upyogServices(read);
      const own = await listTaxHeads(read, dateInIndia(read.clock()));
      return own.map((h) => headView(h, codeOf(masters, h.service), masters));
    });
    return {
      ResponseInfo: responseInfo(call.requestInfo, "200 OK"),
      TaxHeadMasters: heads.filter(
        (h) => (service === undefined || h.service === service) && (codes.length === 0 || codes.includes(h.code)),
      ),
    };
  });
}

function tenantOf(call: Call, root: string): string {
  const required = new Required(root);
  const tenantId = required.text(call.query.one("tenantId"), "tenantId");
  required.check();
  return tenantId;
}

function serviceView(s: UpyogService) {
  return {
    businessService: s.name,
    code: s.code,
    collectionModesNotAllowed: s.collectionModesNotAllowed,
    partPaymentAllowed: s.partPaymentAllowed,
    isAdvanceAllowed: s.isAdvanceAllowed,
    isBillAmendmentEnabled: s.service !== null,
    // Interest and penalty are right on the day that is asked: nothing has to be brought up to date.
    demandUpdateTime: 0,
    isVoucherCreationEnabled: true,
    minAmountPayable: 0,
    type: "Adhoc",
  };
}

const CATEGORIES: Readonly<Record<TaxHead["kind"], string>> = {
  tax: "TAX",
  cess: "TAX",
  charge: "CHARGES",
  fee: "FEE",
  penalty: "PENALTY",
  interest: "PENALTY",
};

function headView(head: TaxHead, service: string, masters: ReadonlyMap<string, UpyogService>) {
  return {
    category: CATEGORIES[head.kind],
    service,
    name: head.name,
    code: head.code,
    isDebit: false,
    isActualDemand: true,
    // A text, as UPYOG's data has it.
    order: String(masters.get(service)?.orders[head.code] ?? head.priority),
    isRequired: false,
  };
}
