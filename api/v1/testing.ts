import swagger from "@fastify/swagger";
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from "fastify";
import { afterAll } from "vitest";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import type { Consumer } from "../../billing/index.ts";
import type { CollectionsApp } from "../../collections/index.ts";
import { testCity, testClock, testGateway, type TestClock, type TestGateway } from "../../collections/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import type { Role, Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import {
  ajvOptions,
  authenticateToken,
  createAccessToken,
  healthPlugin,
  openApiOptions,
  problemHandler,
  v1Plugin,
  webhookPlugin,
} from "./index.ts";

export type TestServer = TestGateway & {
  readonly server: FastifyInstance;
  readonly clock: TestClock;
  readonly ulbs: Map<string, Ulb>;
  /** "GET /v1/consumers/:id" of every route. */
  readonly routes: readonly string[];
  /** What was logged as an error: never sent to a caller. */
  readonly logged: readonly string[];
};

/** The machine interface alone, on a database of this test file's own, with the gateway's simulator. */
export async function testServer(now = "2026-07-15T05:00:00Z"): Promise<TestServer> {
  const clock = testClock(now);
  const ulbs = new Map<string, Ulb>();
  const gateway = await testGateway(await testApp({ clock }), ulbs);
  const logged: string[] = [];
  const server = Fastify({
    ajv: ajvOptions,
    logger: { level: "warn", stream: { write: (line: string) => void logged.push(line) } },
  });
  const routes: string[] = [];
  server.addHook("onRoute", (route) => {
    for (const method of [route.method].flat()) if (method !== "HEAD") routes.push(`${method} ${route.url}`);
  });
  server.setErrorHandler(problemHandler);
  await server.register(swagger, openApiOptions);
  await server.register(healthPlugin({ app: gateway.app }));
  await server.register(webhookPlugin({ app: gateway.app }));
  await server.register(
    v1Plugin({
      app: { ...gateway.app, baseUrl: "https://pay.example.org" },
      authenticate: (request) => authenticateToken(gateway.app, request),
    }),
  );
  await server.ready();
  afterAll(() => server.close());
  return { ...gateway, server, clock, ulbs, routes, logged };
}

export type Answer = LightMyRequestResponse;

/** A ULB with tax heads, one property that owes 1,100.00 and 88.00 cess, and a token for each role. */
export type TestTown = {
  readonly city: TestUlb;
  readonly consumer: Consumer;
  readonly tokens: Readonly<Record<Exclude<Role, "citizen">, string>>;
  /** Sends a request as that role: a body that is an object as JSON, text as CSV. */
  call(role: Role | undefined, target: string, options?: Call): Promise<Answer>;
};
type Call = {
  readonly body?: string | object;
  readonly key?: string;
  readonly ifMatch?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

const ROLES = ["cashier", "accountant", "checker", "auditor", "state", "admin", "system"] as const;

export async function testTown(on: TestServer): Promise<TestTown> {
  const city = await testCity(on.app, on.ulbs, { startsOn: localDate("2026-04-01") });
  const consumer = await city.tx("accountant", async (tx) => {
    const made = await testConsumer(tx);
    await testDemand(tx, made, "1100+88", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return made;
  });
  const made = await city.tx("admin", async (tx) => {
    const tokens: [string, string][] = [];
    for (const role of ROLES) {
      const { token } = await createAccessToken(tx, {
        name: `test ${role}`,
        actor: `${role}@test`,
        roles: [role],
        expiresAt: new Date("2027-01-01T00:00:00Z"),
      });
      tokens.push([role, token]);
    }
    return tokens;
  });
  const tokens = Object.fromEntries(made) as TestTown["tokens"];
  return {
    city,
    consumer,
    tokens,
    call: (role, target, options = {}) => {
      const [method = "GET", url = ""] = target.split(" ");
      const { body, key, ifMatch } = options;
      const headers: Record<string, string> = { ...options.headers };
      if (role !== undefined) headers["authorization"] = `Bearer ${tokens[role as keyof typeof tokens]}`;
      if (key !== undefined) headers["idempotency-key"] = key;
      if (ifMatch !== undefined) headers["if-match"] = ifMatch;
      if (typeof body === "string") headers["content-type"] ??= "text/csv";
      return on.server.inject({
        method: method,
        url,
        headers,
        ...(body === undefined ? {} : { payload: body }),
      });
    },
  };
}

let keys = 0;
/** A key that no other test uses. */
export function newKey(): string {
  keys += 1;
  return `test-key-${process.pid}-${keys}`;
}

/** Rows that the ULB has in the tables that a deed would write: nothing written leaves it as it was. */
export async function footprint(app: CollectionsApp, ulb: Ulb): Promise<Record<string, number>> {
  const tables = [
    "ledger.entries",
    "ledger.vouchers",
    "ledger.voucher_lines",
    "billing.consumers",
    "billing.demands",
    "billing.bills",
    "billing.allocations",
    "collections.orders",
    "collections.receipts",
    "collections.gateway_events",
    "reconciliation.bank_lines",
    "api.idempotency_keys",
  ];
  const { rows } = await app.db.batch.query<Record<string, string>>(
    `select ${tables.map((t) => `(select count(*)::text from ${t} where ulb_id = $1) as "${t}"`).join(", ")}`,
    [ulb.id],
  );
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([table, n]) => [table, Number(n)]));
}
