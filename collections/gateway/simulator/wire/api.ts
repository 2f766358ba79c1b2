import { timingSafeEqual } from "node:crypto";
import type { World } from "../world.ts";
import { collectRoutes } from "./api-collect.ts";
import { disputeRoutes } from "./api-disputes.ts";
import { json, type SimRequest, type SimResponse } from "./messages.ts";
import { moneyRoutes } from "./api-money.ts";
import type { Route } from "./routes.ts";

const ROUTES: readonly Route[] = [...collectRoutes, ...moneyRoutes, ...disputeRoutes];

type Compiled = { readonly method: string; readonly parts: readonly string[]; readonly route: Route };
const COMPILED: readonly Compiled[] = ROUTES.map((route) => {
  const [method = "", path = ""] = route.at.split(" ");
  return { method, parts: path.split("/"), route };
});

function find(method: string, path: string): { route: Route; ids: string[] } | undefined {
  const given = path.replace(/\/+$/, "").split("/");
  for (const c of COMPILED) {
    if (c.method !== method || c.parts.length !== given.length) continue;
    const ids: string[] = [];
    const fits = c.parts.every((part, i) => {
      const g = given[i] ?? "";
      if (!part.startsWith(":")) return part === g;
      ids.push(g);
      return true;
    });
    if (fits) return { route: c.route, ids };
  }
  return undefined;
}

function isKey(w: World, header: unknown): boolean {
  // "basic" and "BASIC" are refused by the real gateway too.
  if (typeof header !== "string" || !header.startsWith("Basic ")) return false;
  const given = Buffer.from(header.slice(6), "base64");
  return w.keys.some((key) => {
    const wanted = Buffer.from(`${key.id}:${key.secret}`);
    const isLive = key.validUntil === null || w.clock.now() < key.validUntil;
    return isLive && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

const refused = (description: string): SimResponse =>
  json(
    {
      error: { code: "BAD_REQUEST_ERROR", description, source: "NA", step: "NA", reason: "NA", metadata: {} },
    },
    401,
  );

/** The answer of /v1 to one request of the merchant's. */
export function api(w: World, request: SimRequest, url: URL): SimResponse {
  const header = request.headers["authorization"];
  if (!isKey(w, header)) {
    const id = typeof header === "string" ? Buffer.from(header.slice(6), "base64").toString().split(":")[0] : undefined;
    const isKnown = w.keys.some((k) => k.id === id);
    return refused(header === undefined || isKnown ? "Authentication failed" : "The api key provided is invalid");
  }
  const found = find(request.method, url.pathname);
  if (!found) {
    return json(
      { error: { code: "BAD_REQUEST_ERROR", description: "The requested URL was not found on the server." } },
      400,
    );
  }
  const [id = "", second = ""] = found.ids;
  return found.route.answer({ w, request, url, id, second });
}
