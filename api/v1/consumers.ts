import Type from "typebox";
import {
  billFor,
  createBillLanes,
  consumerHistory,
  findConsumers,
  getBill,
  getConsumer,
  listConsumers,
  openDues,
  type Bill,
  ownersOn,
} from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { sum, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { billPdf, billView } from "../../reports/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answer, answerOnce, hasKey } from "./idempotency.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes } from "./route.ts";
import {
  BillSchema,
  ConsumerEventSchema,
  ConsumerSchema,
  Cursor,
  DueSchema,
  IsoDate,
  Limit,
  limitOf,
  Money,
  OwnersSchema,
  Page,
  Shared,
  Uuid,
  dateOf,
} from "./schemas.ts";
import { billView as billJson, consumerView, dueView, eventView } from "./views.ts";

export const consumerRoutes: Routes = (server, { app }) => {
  const lanes = createBillLanes(app);
  server.route({
    method: "GET",
    url: "/consumers",
    config: { roles: WHO.consumers },
    schema: {
      ...doc({
        tag: "Consumers",
        summary: "Find consumers",
        description:
          "With `query`: consumers with any part of it in name, number, address or mobile, Indian names however they are spelled, the best " +
          "first, one page. " +
          "Without: all consumers of a `service` in the order of their codes, page by page.",
        roles: WHO.consumers,
      }),
      querystring: Type.Object(
        {
          query: Type.Optional(Type.String({ minLength: 1, maxLength: 100, examples: ["PT-01-000123"] })),
          service: Type.Optional(Type.String({ maxLength: 40, examples: ["property-tax"] })),
          ward: Type.Optional(Type.String({ maxLength: 40 })),
          limit: Limit(20, 100),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Consumers", schema: Page(Shared(ConsumerSchema)) }, [
        "CURSOR_INVALID",
      ]),
    },
    handler: async (request) => {
      const { query, service, ward, cursor } = request.query;
      const limit = limitOf(request.query.limit, 20, 100);
      const after = cursor === undefined ? undefined : decodeCursor(cursor, /^.{0,60}$/)[0];
      return inSnapshot(app, callerOf(request), async (read) => {
        if (query !== undefined || service === undefined) {
          const found = await findConsumers(read, {
            query: query ?? "",
            ...(service === undefined ? {} : { service }),
            ...(ward === undefined ? {} : { ward }),
            limit,
          });
          return { items: found.map(consumerView), next: null };
        }
        const found = await listConsumers(read, {
          service,
          ...(ward === undefined ? {} : { ward }),
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        });
        const items = found.slice(0, limit);
        const last = items.at(-1);
        return {
          items: items.map(consumerView),
          next: found.length > limit && last ? encodeCursor([last.code]) : null,
        };
      });
    },
  });

  server.route({
    method: "GET",
    url: "/consumers/:id",
    config: { roles: WHO.consumers },
    schema: {
      ...doc({
        tag: "Consumers",
        summary: "Get a consumer",
        description: "Who is billed for one service.",
        roles: WHO.consumers,
      }),
      params: Type.Object({ id: Uuid }),
      response: answers({ status: 200, description: "The consumer", schema: Shared(ConsumerSchema) }, [
        "CONSUMER_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => consumerView(await getConsumer(read, request.params.id))),
  });

  server.route({
    method: "GET",
    url: "/consumers/:id/owners",
    config: { roles: WHO.consumers },
    schema: {
      ...doc({
        tag: "Consumers",
        summary: "List the owners of a consumer",
        description: "Who owns it on a day (today), with shares that make the whole; nobody if no owners were entered.",
        roles: WHO.consumers,
      }),
      params: Type.Object({ id: Uuid }),
      querystring: Type.Object({ on: Type.Optional(IsoDate) }, { additionalProperties: false }),
      response: answers({ status: 200, description: "The owners", schema: Shared(OwnersSchema) }, [
        "CONSUMER_NOT_FOUND",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const on = request.query.on === undefined ? dateInIndia(read.clock()) : dateOf(request.query.on);
        const consumer = await getConsumer(read, request.params.id);
        return { consumer: consumerView(consumer), on, owners: [...(await ownersOn(read, consumer.id, on))] };
      }),
  });

  server.route({
    method: "GET",
    url: "/consumers/:id/history",
    config: { roles: WHO.consumers },
    schema: {
      ...doc({
        tag: "Consumers",
        summary: "List what happened to a consumer",
        description:
          "Its entry, mutations, merges and splits, the newest first: who, when, why, by which document, before and after.",
        roles: WHO.consumers,
      }),
      params: Type.Object({ id: Uuid }),
      response: answers({ status: 200, description: "The events", schema: Page(Shared(ConsumerEventSchema)) }, [
        "CONSUMER_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => ({
        items: (await consumerHistory(read, request.params.id)).map(eventView),
        next: null,
      })),
  });

  server.route({
    method: "GET",
    url: "/consumers/:id/dues",
    config: { roles: WHO.consumers },
    schema: {
      ...doc({
        tag: "Consumers",
        summary: "List the open dues of a consumer",
        description:
          "What is still to be paid under each head of each demand, oldest first, without the penalty reckoned to a day (a bill has it).",
        roles: WHO.consumers,
      }),
      params: Type.Object({ id: Uuid }),
      response: answers(
        {
          status: 200,
          description: "Open dues with their sum",
          schema: Type.Object({
            items: Type.Array(Shared(DueSchema)),
            next: Type.Null(),
            outstanding: Money,
            advance: Money,
          }),
        },
        ["CONSUMER_NOT_FOUND"],
      ),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => {
        const consumer = await getConsumer(read, request.params.id);
        const dues = await openDues(read, consumer.id);
        return {
          items: dues.map(dueView),
          next: null,
          outstanding: toRupees(sum(dues.map((d) => d.outstanding))),
          advance: toRupees(consumer.advance),
        };
      }),
  });

  server.route({
    method: "POST",
    url: "/consumers/:id/bills",
    config: { roles: WHO.bills },
    schema: {
      ...doc({
        tag: "Bills",
        summary: "Issue the bill of a consumer",
        description:
          "Arrears, current dues, penalty to the day, rebate for full payment, rounding. While the same is due the bill issued before is given again.",
        roles: WHO.bills,
      }),
      params: Type.Object({ id: Uuid }),
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { asOf: Type.Optional(IsoDate) },
        { additionalProperties: false, examples: [{ asOf: "2026-07-31" }, {}] },
      ),
      response: answers({ status: 201, description: "The bill", schema: Shared(BillSchema) }, [
        "CONSUMER_NOT_FOUND",
        "BILL_NOTHING_DUE",
        "SERVICE_UNKNOWN",
        "DATE_FORMAT",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_KEY_BUSY",
      ]),
    },
    handler: async (request, reply) => {
      const asOf = request.body.asOf === undefined ? dateInIndia(app.clock()) : dateOf(request.body.asOf);
      const issued = (bill: Bill) => ({
        status: 201,
        body: billJson(bill),
        headers: { location: `/v1/bills/${bill.id}` },
      });
      const { id } = request.params;
      // A bill is the same however often it is asked for, so that without a key those who ask at once share a transaction.
      if (!hasKey(request)) return answer(reply, issued(await lanes.billFor(callerOf(request), id, asOf)));
      return answerOnce(app, request, reply, async (tx) => issued(await billFor(tx, id, asOf)));
    },
  });

  server.route({
    method: "GET",
    url: "/bills/:id",
    config: { roles: WHO.desk },
    schema: {
      ...doc({ tag: "Bills", summary: "Get a bill", description: "A bill as it was issued.", roles: WHO.desk }),
      params: Type.Object({ id: Uuid }),
      response: answers({ status: 200, description: "The bill", schema: Shared(BillSchema) }, ["BILL_NOT_FOUND"]),
    },
    handler: async (request) =>
      inSnapshot(app, callerOf(request), async (read) => billJson(await getBill(read, request.params.id))),
  });

  server.route({
    method: "GET",
    url: "/bills/:id/pdf",
    config: { roles: WHO.desk },
    schema: {
      ...doc({
        tag: "Bills",
        summary: "Get a bill as PDF",
        description:
          "One A4 page in the local language beside English, with the code that pays it: by UPI where the ULB has an address for that, else " +
          "on the public page of the bill.",
        roles: WHO.desk,
      }),
      params: Type.Object({ id: Uuid }),
      querystring: Type.Object(
        { lang: Type.Optional(Type.Union([Type.Literal("en"), Type.Literal("hi"), Type.Literal("pa")])) },
        { additionalProperties: false },
      ),
      response: answers(
        {
          status: 200,
          description: "The document",
          contentType: "application/pdf",
          schema: Type.Unsafe<Buffer>({ contentMediaType: "application/pdf" }),
        },
        ["BILL_NOT_FOUND"],
      ),
    },
    handler: async (request, reply) => {
      const bill = await inSnapshot(app, callerOf(request), (read) =>
        billView(read, request.params.id, (id) => `${app.baseUrl}/pay/${id}`),
      );
      const pdf = await billPdf(bill, request.query.lang ?? "hi");
      return reply
        .type("application/pdf")
        .header("content-disposition", `inline; filename="${bill.number.replaceAll("/", "-")}.pdf"`)
        .send(pdf);
    },
  });
};
