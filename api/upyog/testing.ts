import type { FastifyInstance } from "fastify";
import type { Gateway } from "../../collections/index.ts";
import { createAccessToken } from "../v1/index.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { testBillingUlb } from "../../billing/testing.ts";
import type { SeedOptions } from "../../billing/index.ts";
import { inTransaction, type App, type Role, type Ulb } from "../../ledger/kernel/tx.ts";
import type { TestUlb } from "../../ledger/testing.ts";

export const RI = {
  apiId: "Rainmaker",
  ver: ".01",
  ts: 1_717_058_721_822,
  action: "_create",
  did: "1",
  key: "",
  msgId: "20170310130900|en_IN",
};

export type UpyogAnswer = { readonly status: number; readonly body: unknown };
export type UpyogCaller = (
  role: Role | null,
  path: string,
  body?: object,
  tokenIn?: "header" | "body",
) => Promise<UpyogAnswer>;

export type UpyogTown = {
  readonly city: TestUlb;
  readonly tenantId: string;
  readonly call: UpyogCaller;
  readonly web: FastifyInstance;
};

/** A ULB with tax heads behind the whole web application, called as UPYOG's programs call: POST, a token in RequestInfo. */
export async function upyogTown(app: App, options: SeedOptions = {}, gateway = noGateway): Promise<UpyogTown> {
  const city = await testBillingUlb(app, options);
  const { call, web } = await caller(app, city.ulb, gateway);
  return { city, tenantId: `pb.${city.ulb.code}`, call, web };
}

async function caller(
  app: App,
  ulb: Ulb,
  gateway: Gateway,
): Promise<{ readonly call: UpyogCaller; readonly web: FastifyInstance }> {
  const web = await createWebApp({
    app: {
      ...app,
      gateway,
      demo: false,
      baseUrl: "http://127.0.0.1:1",
      defaultUlb: () => Promise.resolve(ulb),
    },
    secret: await formSecret(app),
    log: false,
  });
  const tokens = new Map<Role, string>();
  for (const role of ["cashier", "accountant", "auditor", "state", "system"] as const) {
    const made = await inTransaction(app, { ulb, actor: { id: "admin@test", roles: ["admin"] } }, (tx) =>
      createAccessToken(tx, { name: role, actor: `${role}@test`, roles: [role], expiresAt: new Date("2030-01-01") }),
    );
    tokens.set(role, made.token);
  }
  const call: UpyogCaller = async (role, path, body = {}, tokenIn = "body") => {
    const token = role === null ? undefined : tokens.get(role);
    const answer = await web.inject({
      method: "POST",
      url: path,
      headers: token !== undefined && tokenIn === "header" ? { authorization: `Bearer ${token}` } : {},
      payload: {
        RequestInfo: { ...RI, ...(token !== undefined && tokenIn === "body" ? { authToken: token } : {}) },
        ...body,
      },
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  return { call, web };
}
