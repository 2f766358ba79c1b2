import Type, { type Static } from "typebox";
import { getNotice, issueNotices, listNotices, recordService, type Notice } from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { noticesPdf, noticeViews } from "../../reports/index.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  KEY_REFUSALS,
} from "./route.ts";
import {
  ConsumerSchema,
  Cursor,
  dateIf,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  Moment,
  Money,
  named,
  Nullable,
  Page,
  Shared,
  Uuid,
  YearText,
  YesNo,
  ById,
} from "./schemas.ts";
import { consumerView } from "./views.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const Kind = Type.Union([Type.Literal("demand-notice"), Type.Literal("reminder"), Type.Literal("warrant")]);

const NoticeSchema = named(
  "Notice",
  Type.Object({
    id: Uuid,
    kind: Kind,
    number: Type.String({ examples: ["DN/2026-27/000123"] }),
    consumer: Shared(ConsumerSchema),
    asOf: IsoDate,
    days: Type.Integer({ description: "Days that it gives." }),
    follows: Nullable(Type.Object({ number: Type.String(), servedOn: Nullable(Type.String()) })),
    servedOn: Nullable(Type.String()),
    how: Nullable(Type.String({ description: "How it was served." })),
    dues: Money,
    fee: Money,
    total: Money,
    issuedAt: Moment,
    lines: Type.Array(
      Type.Object({
        demandId: Nullable(Type.String()),
        taxHead: Type.String(),
        name: Type.String(),
        part: Type.String({ description: "arrears, current, penalty or fee" }),
        demandYear: YearText,
        periodFrom: IsoDate,
        periodTo: IsoDate,
        dueDate: IsoDate,
        amount: Money,
        cess: Money,
      }),
    ),
  }),
);

/** Registered in the plugin; routes name them. */
export const noticeSchemas = [NoticeSchema];

export const noticeRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/notices",
    config: { roles: WHO.demand },
    schema: {
      ...doc({
        tag: "Notices",
        summary: "List notices",
        description: "Demand notices, reminders and warrants, the newest first, page by page.",
        roles: WHO.demand,
      }),
      querystring: Type.Object(
        {
          kind: Type.Optional(Kind),
          service: Type.Optional(Type.String({ maxLength: 40, examples: ["property-tax"] })),
          ward: Type.Optional(Type.String({ maxLength: 60 })),
          consumerId: Type.Optional(Uuid),
          served: YesNo("Only those that were served, or were not."),
          limit: Limit(50, 99),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Notices", schema: Page(Shared(NoticeSchema)) }, [
        "CURSOR_INVALID",
      ]),
    },
    handler: async (request) => {
      const { kind, service, ward, consumerId, served, cursor } = request.query;
      const limit = limitOf(request.query.limit, 50, 99);
      const after = cursor === undefined ? undefined : decodeCursor(cursor, /^[0-9a-f-]{36}$/)[0];
      const found = await inSnapshot(app, callerOf(request), (read) =>
        listNotices(read, {
          ...(kind === undefined ? {} : { kind }),
          ...(service === undefined ? {} : { service }),
          ...(ward === undefined ? {} : { ward }),
          ...(consumerId === undefined ? {} : { consumerId }),
          ...(served === undefined ? {} : { isServed: served === "true" }),
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        }),
      );
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(noticeView), next: found.length > limit && last ? encodeCursor([last.id]) : null };
    },
  });

  server.route({
    method: "POST",
    url: "/notices",
    config: { roles: WHO.proposes },
    schema: {
      ...doc({
        tag: "Notices",
        summary: "Issue notices",
        description:
          "A step to up to 1,000 consumers for what each has overdue on a day; their fees are one entry. Whoever has the step for the same dues " +
          "keeps it (`isNew` false); who gets none is listed with the reason.",
        roles: WHO.proposes,
      }),
      headers: IdempotencyHeader,
      body: Type.Object(
        {
          kind: Kind,
          consumerIds: Type.Array(Uuid, { minItems: 1, maxItems: 1000 }),
          asOf: Type.Optional(IsoDate),
        },
        {
          additionalProperties: false,
          examples: [{ kind: "demand-notice", consumerIds: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"] }],
        },
      ),
      response: answers(
        {
          status: 201,
          description: "What was issued, and who got none",
          schema: Type.Object({
            notices: Type.Array(Type.Object({ id: Uuid, consumerId: Uuid, isNew: Type.Boolean() })),
            refused: Type.Array(Type.Object({ consumerId: Uuid, code: Type.String(), detail: Type.String() })),
            dues: Money,
            fees: Money,
          }),
        },
        ["CONSUMER_NOT_FOUND", "DATE_FORMAT", "SERVICE_UNKNOWN", ...KEY_REFUSALS, ...POSTING_REFUSALS],
      ),
    },
    handler: async (request, reply) => {
      const { kind, consumerIds } = request.body;
      const asOf = dateIf(request.body.asOf);
      return answerOnce(app, request, reply, async (tx) => {
        const issued = await issueNotices(tx, { kind, consumerIds, on: asOf ?? dateInIndia(tx.clock()) });
        return {
          status: 201,
          body: {
            notices: issued.notices,
            refused: issued.refused.map(({ consumerId, refusal }) => ({
              consumerId,
              code: refusal.code,
              detail: refusal.detail,
            })),
            dues: toRupees(issued.dues),
            fees: toRupees(issued.fees),
          },
        };
      });
    },
  });

  server.route({
    method: "GET",
    url: "/notices/:id",
    config: { roles: WHO.demand },
    schema: {
      ...doc({ tag: "Notices", summary: "Get a notice", description: "As it was issued.", roles: WHO.demand }),
      params: ById,
      response: answers({ status: 200, description: "The notice", schema: Shared(NoticeSchema) }, ["NOTICE_NOT_FOUND"]),
    },
    handler: async (request) =>
      noticeView(await inSnapshot(app, callerOf(request), (read) => getNotice(read, request.params.id))),
  });

  server.route({
    method: "GET",
    url: "/notices/:id/pdf",
    config: { roles: WHO.demand },
    schema: {
      ...doc({
        tag: "Notices",
        summary: "Get a notice as PDF",
        description: "In the local language beside English, with the code that pays it.",
        roles: WHO.demand,
      }),
      params: ById,
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
        ["NOTICE_NOT_FOUND"],
      ),
    },
    handler: async (request, reply) => {
      const { notice, views } = await inSnapshot(app, callerOf(request), async (read) => {
        const one = await getNotice(read, request.params.id);
        return { notice: one, views: await noticeViews(read, [one], (id) => `${app.baseUrl}/pay/${id}`) };
      });
      return reply
        .type("application/pdf")
        .header("content-disposition", `inline; filename="${notice.number.replaceAll("/", "-")}.pdf"`)
        .send(await noticesPdf(views, request.query.lang ?? "hi"));
    },
  });

  server.route({
    method: "POST",
    url: "/notices/:id/service",
    config: { roles: WHO.proposes },
    schema: {
      ...doc({
        tag: "Notices",
        summary: "Record the service of a notice",
        description: "On which day and how, once. A warrant needs a demand notice that was served.",
        roles: WHO.proposes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: Type.Object(
        { servedOn: IsoDate, how: Type.String({ maxLength: 200 }) },
        { additionalProperties: false, examples: [{ servedOn: "2026-07-31", how: "by hand" }] },
      ),
      response: answers({ status: 200, description: "The notice", schema: Shared(NoticeSchema) }, [
        "NOTICE_NOT_FOUND",
        "NOTICE_SERVICE_DATE",
        "NOTICE_SERVICE_HOW",
        "NOTICE_SERVED_ALREADY",
        "DATE_FORMAT",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const { how } = request.body;
      const servedOn = dateOf(request.body.servedOn);
      return answerOnce(app, request, reply, async (tx) => {
        await recordService(tx, { noticeId: request.params.id, servedOn, how });
        return { status: 200, body: noticeView(await getNotice(tx, request.params.id)) };
      });
    },
  });
};

function noticeView(n: Notice): Static<typeof NoticeSchema> {
  return {
    id: n.id,
    kind: n.kind,
    number: n.number,
    consumer: consumerView(n.consumer),
    asOf: n.asOf,
    days: n.days,
    follows: n.follows && { ...n.follows },
    servedOn: n.servedOn,
    how: n.how,
    dues: toRupees(n.dues),
    fee: toRupees(n.fee),
    total: toRupees(n.total),
    issuedAt: n.issuedAt.toISOString(),
    lines: n.lines.map((l) => ({
      demandId: l.demandId,
      taxHead: l.taxHead,
      name: l.name,
      part: l.part,
      demandYear: l.demandYear,
      periodFrom: l.periodFrom,
      periodTo: l.periodTo,
      dueDate: l.dueDate,
      amount: toRupees(l.amount),
      cess: toRupees(l.cess),
    })),
  };
}
