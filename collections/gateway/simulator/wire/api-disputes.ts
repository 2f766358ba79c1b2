import { acceptDispute, contestDispute } from "../disputes.ts";
import { disputeJson, documentJson, EVIDENCE_KINDS } from "../shapes.ts";
import { known, SimRefusal, type SimDocument } from "../state.ts";
import { collection, json, type SimResponse } from "./messages.ts";
import type { Call, Route } from "./routes.ts";
import { bodyOf, integer, only, page, textOf } from "./validation.ts";

const MAX_DOCUMENT = 2 * 1024 * 1024;

function contest({ w, id, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, ["action", "amount", "summary", "others", ...EVIDENCE_KINDS]);
  const action = body["action"];
  if (action !== "draft" && action !== "submit")
    throw new SimRefusal("The selected action is invalid.", { field: "action" });
  const evidence: Record<string, unknown> = {};
  if (body["amount"] !== undefined) evidence["amount"] = integer(body["amount"], "amount", 1);
  const summary = textOf(body, "summary", 1000);
  if (summary !== undefined) evidence["summary"] = summary;
  for (const kind of EVIDENCE_KINDS) {
    const ids = body[kind];
    if (ids === undefined || ids === null) continue;
    if (!Array.isArray(ids)) throw new SimRefusal(`The ${kind} must be an array.`, { field: kind });
    for (const document of ids) known(w.documents.get(String(document)));
    evidence[kind] = ids;
  }
  if (body["others"] !== undefined) evidence["others"] = body["others"];
  return json(disputeJson(contestDispute(w, id, action, evidence)));
}

/** The parts of a form: fields, and the one file among them. */
function parts(call: Call): { fields: Map<string, string>; file: { name: string; type: string; size: number } | null } {
  const type = call.request.headers["content-type"];
  const boundary = /boundary="?([^";]+)"?/.exec(typeof type === "string" ? type : "")?.[1];
  const fields = new Map<string, string>();
  let file: { name: string; type: string; size: number } | null = null;
  if (boundary === undefined) throw new SimRefusal("The file field is required.", { field: "file" });
  for (const part of call.request.body.toString("latin1").split(`--${boundary}`)) {
    const at = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/.exec(part)?.[1];
    if (at < 0 || name === undefined) continue;
    const content = part.slice(at + 4).replace(/\r\n$/, "");
    const fileName = /filename="([^"]*)"/.exec(part.slice(0, at))?.[1];
    const mime = /content-type:\s*([^\r\n]+)/i.exec(part.slice(0, at))?.[1];
    if (fileName !== undefined || name === "file")
      file = { name: fileName ?? "file", type: mime ?? "application/octet-stream", size: content.length };
    else fields.set(name, content);
  }
  return { fields, file };
}

function newDocument(call: Call): SimResponse {
  const { w } = call;
  const { fields, file } = parts(call);
  if (file === null) throw new SimRefusal("The file field is required.", { field: "file" });
  if (fields.get("purpose") !== "dispute_evidence")
    throw new SimRefusal("The selected purpose is invalid.", { field: "purpose" });
  if (file.size > MAX_DOCUMENT) throw new SimRefusal("The file may not be greater than 2 MB.", { field: "file" });
  const document: SimDocument = {
    id: w.random.id("doc"),
    purpose: "dispute_evidence",
    name: file.name,
    mimeType: file.type,
    size: file.size,
    createdAt: w.clock.now(),
  };
  w.documents.set(document.id, document);
  return json(documentJson(document));
}

export const disputeRoutes: readonly Route[] = [
  {
    at: "GET /v1/disputes",
    answer: ({ w, url }) => collection(page([...w.disputes.values()].reverse(), url).map(disputeJson)),
  },
  { at: "GET /v1/disputes/:id", answer: ({ w, id }) => json(disputeJson(known(w.disputes.get(id)))) },
  { at: "POST /v1/disputes/:id/accept", answer: ({ w, id }) => json(disputeJson(acceptDispute(w, id))) },
  { at: "PATCH /v1/disputes/:id/contest", answer: contest },
  { at: "POST /v1/documents", answer: newDocument },
  { at: "GET /v1/documents/:id", answer: ({ w, id }) => json(documentJson(known(w.documents.get(id)))) },
];
