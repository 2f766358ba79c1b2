import { Value } from "typebox/value";
import type { TSchema } from "typebox";
import { expect, test } from "vitest";
import { knownErrors } from "../../ledger/kernel/errors.ts";
import { httpApiMarkdown } from "./http-api-page.ts";
import { testServer, testTown } from "./testing.ts";

type Media = Record<string, { schema: TSchema & { examples?: unknown[]; $ref?: string } }>;
type Operation = {
  tags: string[];
  summary: string;
  description: string;
  operationId: string;
  security: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Media };
  responses: Record<string, { description: string; content?: Media }>;
};
type OpenApi = {
  openapi: string;
  info: { title: string; version: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
};

const on = await testServer();
const document = JSON.parse(JSON.stringify(on.server.swagger())) as OpenApi;
const operations = Object.entries(document.paths).flatMap(([address, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${address}`,
    address,
    operation,
  })),
);

test("the document is OpenAPI 3.1 and holds every address that is served", () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const served = on.routes
    .filter((r) => !/ \/(healthz|readyz|metrics)$/.test(r))
    .map((r) => r.replace(/:(\w+)/g, "{$1}"));
  expect(operations.map((o) => o.name).sort()).toEqual([...new Set(served)].sort());
  expect(operations.length).toBeGreaterThanOrEqual(40);
});

test("every operation is tagged, named, described, and says what it may refuse", () => {
  const tags = new Set(document.tags.map((t) => t.name));
  expect(new Set(operations.map((o) => o.operation.operationId)).size).toBe(operations.length);
  for (const { name, address, operation } of operations) {
    expect(operation.tags.every((t) => tags.has(t)) && operation.tags.length > 0, name).toBe(true);
    expect(operation.summary, name).toBeTruthy();
    expect(operation.description.length, name).toBeGreaterThan(10);
    const statuses = Object.keys(operation.responses);
    expect(
      statuses.some((s) => s.startsWith("2")),
      name,
    ).toBe(true);
    expect(
      statuses.some((s) => s.startsWith("4")),
      name,
    ).toBe(true);
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${name} ${status}`).toBeTruthy();
      if (/^[45]\d\d$/.test(status) && address.startsWith("/v1/") && address !== "/v1/errors/{code}") {
        expect(response.content?.["application/problem+json"]?.schema, `${name} ${status}`).toEqual({
          $ref: "#/components/schemas/Problem",
        });
        const codes = response.description.split(", ");
        expect(
          codes.filter((c) => !knownErrors().has(c)),
          `${name} ${status}`,
        ).toEqual([]);
      }
    }
    const inAddress = [...address.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    const declared = (operation.parameters ?? []).filter((p) => p.in === "path").map((p) => p.name);
    expect(declared.sort(), name).toEqual(inAddress.sort());
  }
});

test("every reference leads somewhere", () => {
  const broken: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === "$ref" && typeof inner === "string") {
          const name = /^#\/components\/schemas\/(\w+)$/.exec(inner)?.[1];
          if (!name || !document.components.schemas[name]) broken.push(inner);
        } else walk(inner);
      }
    }
  };
  walk(document);
  expect(broken).toEqual([]);
  expect(Object.keys(document.components.schemas)).toContain("Voucher");
});

test("every POST that moves money asks for an Idempotency-Key, and every change of a draft for If-Match", () => {
  const asks = (header: string) =>
    operations
      .filter((o) =>
        o.operation.parameters?.some((p) => p.in === "header" && p.name.toLowerCase() === header && p.required),
      )
      .map((o) => o.name)
      .sort();
  expect(asks("idempotency-key")).toEqual(
    [
      "POST /v1/bank-accounts/{account}/matches",
      "POST /v1/bank-accounts/{account}/reconcile",
      "POST /v1/bank-exceptions/{id}/approve",
      "POST /v1/bank-exceptions/{id}/propose",
      "POST /v1/bank-matches/merge",
      "POST /v1/bank-matches/{id}/split",
      "POST /v1/bank-matches/{id}/undo",
      "POST /v1/bank-statement-uploads/{id}/import",
      "POST /v1/card-batches",
      "POST /v1/cheques/clear",
      "POST /v1/cheques/{id}/dishonour",
      "POST /v1/counter-days",
      "POST /v1/counter-sessions/{id}/difference",
      "POST /v1/counter-sessions/{id}/difference/decision",
      "POST /v1/counter-sessions/{id}/handovers",
      "POST /v1/counter-sessions/{id}/payments",
      "POST /v1/handovers/{id}/answer",
      "POST /v1/receipts/{id}/cancellation",
      "POST /v1/receipts/{id}/transfer",
      "POST /v1/counter-sessions/{id}/close",
      "POST /v1/counter-sessions/{id}/receipts",
      "POST /v1/demand-changes/{id}/approve",
      "POST /v1/imports/demands",
      "POST /v1/notices",
      "POST /v1/orders",
      "POST /v1/owner-proposals/{id}/decision",
      "POST /v1/partners/{code}/settlements",
      "POST /v1/payment-requests",
      "POST /v1/unidentified-receipts/{id}/owner",
      "POST /v1/payables/advances/{id}/refund",
      "POST /v1/payables/bills/{id}/cancel",
      "POST /v1/payables/bills/{id}/pass",
      "POST /v1/payables/cheques-due",
      "POST /v1/payables/deposit-orders/{id}/decide",
      "POST /v1/payables/deposits",
      "POST /v1/payables/payments/{id}/advice/returns",
      "POST /v1/payables/payments/{id}/approve",
      "POST /v1/payables/payments/{id}/cancel",
      "POST /v1/refunds",
      "POST /v1/refunds/{id}/bank-payment",
      "POST /v1/refunds/{id}/decision",
      "POST /v1/remittances",
      "POST /v1/vouchers/{id}/approve",
    ].sort(),
  );
  expect(asks("if-match")).toEqual([
    "POST /v1/bank-rules/{id}/approve",
    "POST /v1/bank-rules/{id}/reject",
    "POST /v1/payables/bills/{id}/cancel",
    "POST /v1/payables/bills/{id}/pass",
    "POST /v1/payables/bills/{id}/reject",
    "POST /v1/payables/bills/{id}/send-back",
    "POST /v1/payables/bills/{id}/submit",
    "POST /v1/payables/payments/{id}/approve",
    "POST /v1/payables/payments/{id}/cancel",
    "POST /v1/payables/payments/{id}/reject",
    "POST /v1/vouchers/{id}/approve",
    "POST /v1/vouchers/{id}/cancel",
    "POST /v1/vouchers/{id}/reject",
    "POST /v1/vouchers/{id}/send-back",
    "POST /v1/vouchers/{id}/sign",
    "POST /v1/vouchers/{id}/submit",
    "PUT /v1/payables/bills/{id}",
    "PUT /v1/vouchers/{id}",
  ]);
});

test("every JSON body has an example, and the examples fit their schemas", () => {
  for (const { name, operation } of operations) {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    if (!schema) continue;
    // @fastify/swagger keeps a single example under `example`.
    const media = operation.requestBody?.content["application/json"] as {
      example?: unknown;
      examples?: Record<string, { value: unknown }>;
    };
    const examples = [
      ...(schema.examples ?? []),
      ...(media.example === undefined ? [] : [media.example]),
      ...Object.values(media.examples ?? {}).map((e) => e.value),
      ...("example" in schema ? [schema["example"]] : []),
    ];
    expect(examples.length, name).toBeGreaterThan(0);
    for (const example of examples)
      expect(Value.Check(schema, example), `${name} ${JSON.stringify(example)}`).toBe(true);
  }
});

test("docs/reference/http-api.md holds every address with its roles", async () => {
  await expect(httpApiMarkdown(document.paths)).toMatchFileSnapshot("../../docs/reference/http-api.md");
});

test("no amount is a number anywhere in the document", () => {
  const numbers: string[] = [];
  const walk = (value: unknown, at: string): void => {
    if (typeof value !== "object" || value === null) return;
    if ("type" in value && value.type === "number") numbers.push(at);
    for (const [key, inner] of Object.entries(value)) walk(inner, `${at}/${key}`);
  };
  walk(document, "");
  expect(numbers).toEqual([]);
});

test("a code is explained where the type of its problem leads, to anybody", async () => {
  const known = await on.server.inject("/v1/errors/ENTRY_UNBALANCED");
  expect(known.json()).toMatchObject({
    code: "ENTRY_UNBALANCED",
    status: 422,
    whatToDo: expect.stringContaining("debits equal credits"),
  });
  expect((await on.server.inject("/v1/errors/NO_SUCH_CODE")).statusCode).toBe(404);
});

test("health: the process runs, the database is ready with this program's migrations, and figures are given", async () => {
  const town = await testTown(on);
  expect((await on.server.inject("/healthz")).json()).toEqual({ status: "ok" });
  const ready = await on.server.inject("/readyz");
  expect(ready.json()).toEqual({ status: "ready" });
  await town.call("auditor", "GET /v1/periods");
  const { body, headers } = await on.server.inject("/metrics");
  expect(headers["content-type"]).toContain("text/plain");
  expect(body).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/v1\/periods",status="200"\} 1/);
  expect(body).toMatch(/nagarkosh_journal_entries [1-9]/);
  for (const gauge of ["outbox_open", "outbox_failing", "inbox_open", "inbox_dead"]) {
    expect(body).toMatch(new RegExp(`nagarkosh_${gauge} \\d`));
  }
  expect(body).not.toContain(town.consumer.id);
});
