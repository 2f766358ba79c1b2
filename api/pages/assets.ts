import type { FastifyInstance } from "fastify";
import { asset } from "./asset-urls.ts";

/** Style sheet, fonts and the three small scripts. A versioned address is kept for a year; the fonts never change their name's content. */
export function assetRoutes(web: FastifyInstance): void {
  web.get<{ Params: { "*": string }; Querystring: { v?: string } }>("/assets/*", async (request, reply) => {
    const found = asset(request.params["*"]);
    if (!found) return reply.callNotFound();
    const isFixed = request.query.v === found.version || request.params["*"].startsWith("fonts/");
    return reply
      .header("cache-control", isFixed ? "public, max-age=31536000, immutable" : "public, max-age=300")
      .header("etag", `"${found.version}"`)
      .type(found.type)
      .send(found.bytes);
  });
}
