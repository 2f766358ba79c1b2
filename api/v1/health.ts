import type { FastifyPluginAsync } from "fastify";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { listMigrations } from "../../ledger/kernel/sql-migrations.ts";
import type { App } from "../../ledger/kernel/tx.ts";

/** A database that takes longer to say anything is not ready. */
const READY_MS = 2000;

/**
 * GET /healthz (this process runs), /readyz (the database answers and has the migrations of this program), /metrics (Prometheus). Register it first:
 * durations are measured of every route registered after it. Nothing here tells of persons or single amounts.
 */
export function healthPlugin(options: { readonly app: App }): FastifyPluginAsync {
  const { app } = options;
  const plugin: FastifyPluginAsync = async (server) => {
    // A registry of this server's own, so that several servers in one process (tests) do not share figures.
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const durations = new Histogram({
      name: "http_request_duration_seconds",
      help: "Duration of requests by method, route and status",
      labelNames: ["method", "route", "status"] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
    server.addHook("onResponse", async (request, reply) => {
      // The pattern, not the address: one series per route, and no ids in the metrics.
      const route = request.routeOptions.url ?? "(none)";
      durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
      await Promise.resolve();
    });
    gauge(registry, "nagarkosh_journal_entries", "Journal entries ever posted, all ULBs", async () => {
      // Numbers have no gaps, so the series say how many entries there are, without counting them.
      const { rows } = await app.db.batch.query<{ n: string }>(
        `select coalesce(sum(next_number - 1), 0)::text as n from ledger.series
         where series in ('receipt', 'payment', 'contra', 'journal', 'opening')`,
      );
      return Number(rows[0]?.n ?? 0);
    });
    gauge(registry, "nagarkosh_outbox_open", "Outbox rows not done yet", () =>
      count(app, "select count(*)::text as n from kernel.outbox where done_at is null"),
    );
    gauge(registry, "nagarkosh_outbox_failing", "Open outbox rows that failed at least once", () =>
      count(app, "select count(*)::text as n from kernel.outbox where done_at is null and attempts > 0"),
    );
    gauge(registry, "nagarkosh_inbox_open", "Gateway events not worked on yet", () =>
      count(app, "select count(*)::text as n from collections.gateway_events where state = 'new'"),
    );
    gauge(registry, "nagarkosh_inbox_dead", "Gateway events that were given up: a person must look", () =>
      count(app, "select count(*)::text as n from collections.gateway_events where state = 'dead'"),
    );

    const hidden = { schema: { hide: true } } as const;
    server.get("/healthz", hidden, async (_request, reply) => {
      await Promise.resolve();
      return reply.header("cache-control", "no-store").send({ status: "ok" });
    });
    server.get("/readyz", hidden, async (_request, reply) => {
      const reasons = await notReady(app);
      return reply
        .code(reasons.length === 0 ? 200 : 503)
        .header("cache-control", "no-store")
        .send(reasons.length === 0 ? { status: "ready" } : { status: "not ready", reasons });
    });
    server.get("/metrics", hidden, async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    );
    await Promise.resolve();
  };
  // Its hook is for the whole server, not for these three addresses alone (what fastify-plugin does).
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

function gauge(registry: Registry, name: string, help: string, read: () => Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      // A database that is away must not take the other metrics with it.
      this.set(await read().catch(() => Number.NaN));
    },
  });
}

async function count(app: App, sql: string): Promise<number> {
  const { rows } = await app.db.batch.query<{ n: string }>(sql);
  return Number(rows[0]?.n ?? 0);
}

/** Why requests should go elsewhere for now; nothing of the database's own words. */
async function notReady(app: App): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), READY_MS);
  });
  try {
    const asked = app.db.batch.query<{ name: string }>("select name from kernel.migrations order by id");
    const result = await Promise.race([asked, late]);
    if (result === "late") return [`the database did not answer within ${READY_MS} ms`];
    const there = new Set(result.rows.map((r) => r.name));
    const ours = listMigrations().map((m) => m.name);
    const missing = ours.filter((name) => !there.has(name));
    const foreign = [...there].filter((name) => !ours.includes(name));
    return [
      ...(missing.length > 0 ? [`migrations not run yet: ${missing.join(", ")}`] : []),
      ...(foreign.length > 0 ? [`the database has migrations of another version: ${foreign.join(", ")}`] : []),
    ];
  } catch {
    return ["the database does not answer"];
  } finally {
    clearTimeout(timer);
  }
}
