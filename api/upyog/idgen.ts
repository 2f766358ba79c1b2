import { generateNumbers } from "../../billing/index.ts";
import { WHO } from "../v1/index.ts";
import type { Post } from "./route.ts";
import { checkTenant, field, Required, responseInfo } from "./wire.ts";

/** egov-idgen: numbers by a format. They are given when the call commits; a caller that fails later leaves a gap of its own making. */
export function idgenRoutes(post: Post): void {
  post("/egov-idgen/id/_generate", { roles: WHO.desk }, async (call) => {
    const required = new Required("idGenerationRequest");
    const requests = required.list(field(call.body, "idRequests"), "idRequests").map((r, i) => {
      const format = field(r, "format");
      const count = field(r, "count");
      return {
        idName: required.text(field(r, "idName"), `idRequests[${i}].idName`),
        tenantId: required.text(field(r, "tenantId"), `idRequests[${i}].tenantId`),
        format: typeof format === "string" ? format : null,
        count: count === undefined || count === null ? 1 : required.number(count, `idRequests[${i}].count`),
      };
    });
    required.check();
    for (const r of requests) checkTenant(call.who.ulb, r.tenantId);
    const ids = await call.write(async (tx) => {
      const drawn: string[] = [];
      for (const request of requests) drawn.push(...(await generateNumbers(tx, request)));
      return drawn;
    });
    return {
      responseInfo: responseInfo(call.requestInfo, "SUCCESSFUL"),
      idResponses: ids.map((id) => ({ id })),
    };
  });
}
