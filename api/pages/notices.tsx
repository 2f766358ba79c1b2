import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  getConsumerByCode,
  getNotice,
  issueNotice,
  issueToDefaulters,
  listNotices,
  listNoticeTerms,
  listTaxHeads,
  listUpiAddresses,
  noticeErrors,
  previewForDefaulters,
  recordService,
  services,
  setNoticeTerms,
  setUpiAddress,
  wards,
  type DefaulterNotices,
} from "../../billing/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { defineErrors, type Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { rupees, ZERO } from "../../ledger/kernel/money.ts";
import { inDryRun, type Role, type Who } from "../../ledger/kernel/tx.ts";
import { noticesPdf, noticeViews } from "../../reports/index.ts";
import { attempt, dateField, field, send, typedAmount, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { IssuePage, type TypedIssue } from "./notices/issue.tsx";
import { NoticesPage } from "./notices/list.tsx";
import { NoticePage, type TypedService } from "./notices/notice.tsx";
import { TermsPage, type TypedTerms, type TypedUpi } from "./notices/terms.tsx";
import { stepOf } from "./notices/words.ts";

const errors = defineErrors({
  NOTICE_TO_WHOM: {
    status: 422,
    message: () => "give the code of one consumer, or choose the ward whose defaulters get the notice",
  },
});

const NOTICES = "/demand/notices";
const PAGE = 50;
const ISSUERS = ["superintendent", "accountant"] as const satisfies readonly Role[];
/** A form issues so many at most; a whole city goes by the command line. */
const AT_ONCE = 5000;

/** /demand/notices: demand notices, reminders, warrants; what they cost; where payments by UPI go. */
export function noticeRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(NOTICES, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const kind = stepOf(field(request.query, "kind"));
    const service = field(request.query, "service").slice(0, 40);
    const ward = field(request.query, "ward").slice(0, 60);
    const served = field(request.query, "served");
    const after = field(request.query, "after");
    const found = await desk.read(who, async (read) => ({
      notices: await listNotices(read, {
        ...(kind === undefined ? {} : { kind }),
        ...(service === "" ? {} : { service }),
        ...(ward === "" ? {} : { ward }),
        ...(served === "yes" || served === "no" ? { isServed: served === "yes" } : {}),
        ...(isUuid(after) ? { after } : {}),
        limit: PAGE + 1,
      }),
      services: [...(await services(read, desk.today())).values()],
    }));
    const notices = found.notices.slice(0, PAGE);
    const last = notices.at(-1);
    const query = { kind: kind ?? "", service, ward, served };
    const here = `${NOTICES}?${new URLSearchParams(query).toString()}`;
    return send(
      reply,
      <NoticesPage
        view={viewOf(request)}
        notices={notices}
        services={found.services}
        query={query}
        first={after === "" ? undefined : here}
        next={found.notices.length > PAGE && last ? `${here}&after=${last.id}` : undefined}
        canIssue={ISSUERS.some((role) => who.actor.roles.includes(role))}
      />,
    );
  });

  const issuePage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    typed: TypedIssue,
    shown: {
      readonly preview?: DefaulterNotices;
      readonly done?: DefaulterNotices;
      readonly refusal?: Refusal;
    } = {},
  ): Promise<FastifyReply> => {
    const choices = await desk.read(who, async (read) => ({
      services: [...(await services(read, desk.today())).values()],
      wards: await wards(read),
    }));
    return send(
      reply,
      <IssuePage view={viewOf(request, `${NOTICES}/issue`)} {...choices} typed={typed} {...shown} />,
      shown.refusal?.status ?? 200,
    );
  };

  web.get(`${NOTICES}/issue`, async (request, reply) => {
    const who = desk.need(request, ...ISSUERS);
    return issuePage(request, reply, who, { ...typedIssue(request.query), date: desk.today() });
  });

  web.post(`${NOTICES}/issue`, async (request, reply) => {
    const who = desk.need(request, ...ISSUERS);
    const typed = typedIssue(request.body);
    const isIssue = field(request.body, "do") === "issue";
    const kind = stepOf(typed.kind) ?? "demand-notice";
    const { service, code, ward } = typed;
    if (code === "") {
      const done = await attempt(async () => {
        if (ward === "") throw errors.NOTICE_TO_WHOM(undefined);
        const on = dateField(typed, "date", desk.today());
        const asked = { kind, service, ward, on };
        const part = {
          atMost: AT_ONCE,
          ...(typed.after !== "" && typed.afterWard === ward ? { after: { ward, code: typed.after } } : {}),
        };
        return isIssue
          ? { done: await issueToDefaulters(desk.app, who, asked, part) }
          : { preview: await previewForDefaulters(desk.app, who, asked, part) };
      });
      return issuePage(request, reply, who, typed, done.ok ? done.value : { refusal: done.refusal });
    }
    const one = async (run: typeof desk.write): Promise<{ readonly id: string; readonly preview: DefaulterNotices }> =>
      run(who, async (tx) => {
        const consumer = await getConsumerByCode(tx, service, code);
        const on = dateField(typed, "date", desk.today());
        const { id, isNew } = await issueNotice(tx, { kind, consumerId: consumer.id, on });
        const { dues, fee } = await getNotice(tx, id);
        const counted = { defaulters: 1, issued: isNew ? 1 : 0, already: isNew ? 0 : 1, refused: [], next: undefined };
        return { id, preview: { ...counted, dues: isNew ? dues : ZERO, fees: isNew ? fee : ZERO } };
      });
    const done = await attempt(() => one(isIssue ? desk.write : (by, fn) => inDryRun(desk.app, by, fn)));
    if (!done.ok) return issuePage(request, reply, who, typed, { refusal: done.refusal });
    if (isIssue) return reply.redirect(`${NOTICES}/${done.value.id}`, 303);
    return issuePage(request, reply, who, typed, { preview: done.value.preview });
  });

  const termsPage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    shown: { readonly typed?: TypedTerms; readonly typedUpi?: TypedUpi; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const today = desk.today();
    const found = await desk.read(who, async (read) => ({
      terms: await listNoticeTerms(read),
      addresses: await listUpiAddresses(read),
      services: [...(await services(read, today)).values()],
      heads: (await listTaxHeads(read, today)).filter((h) => h.basis === "accrual" && h.kind === "fee"),
    }));
    return send(
      reply,
      <TermsPage
        view={viewOf(request, `${NOTICES}/terms`)}
        {...found}
        canSet={who.actor.roles.includes("admin")}
        typed={shown.typed ?? { ...typedTerms({}), validFrom: today, days: "15" }}
        typedUpi={shown.typedUpi ?? { ...typedUpi({}), validFrom: today }}
        done={field(request.query, "done") === "set"}
        refusal={shown.refusal}
      />,
      shown.refusal?.status ?? 200,
    );
  };
  web.get(`${NOTICES}/terms`, async (request, reply) =>
    termsPage(request, reply, desk.need(request, ...READERS.demand)),
  );

  web.post(`${NOTICES}/terms`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = typedTerms(request.body);
    const set = await attempt(() =>
      desk.write(who, (tx) =>
        setNoticeTerms(tx, {
          service: typed.service,
          kind: stepOf(typed.kind) ?? "demand-notice",
          validFrom: localDate(typed.validFrom),
          days: daysOf(typed),
          fee: typed.fee === "" ? ZERO : rupees(typedAmount(typed.fee)),
          taxHead: typed.taxHead === "" ? null : typed.taxHead,
        }),
      ),
    );
    if (set.ok) return reply.redirect(`${NOTICES}/terms?done=set`, 303);
    return termsPage(request, reply, who, { typed, refusal: set.refusal });
  });

  web.post(`${NOTICES}/upi-address`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = typedUpi(request.body);
    const set = await attempt(() =>
      desk.write(who, (tx) =>
        setUpiAddress(tx, {
          validFrom: localDate(typed.validFrom),
          vpa: typed.vpa === "" ? null : typed.vpa,
          payeeName: typed.payeeName,
        }),
      ),
    );
    if (set.ok) return reply.redirect(`${NOTICES}/terms?done=set`, 303);
    return termsPage(request, reply, who, { typedUpi: typed, refusal: set.refusal });
  });

  type ById = { Params: { id: string } };
  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refused: { readonly refusal?: Refusal; readonly typed?: TypedService } = {},
  ): Promise<FastifyReply> => {
    const { id } = request.params;
    return send(
      reply,
      <NoticePage
        view={viewOf(request, `${NOTICES}/${id}`)}
        notice={await desk.read(who, (read) => getNotice(read, id))}
        today={desk.today()}
        canServe={ISSUERS.some((role) => who.actor.roles.includes(role))}
        {...refused}
      />,
      refused.refusal?.status ?? 200,
    );
  };
  web.get<ById>(`${NOTICES}/:id`, async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.demand)),
  );

  web.get<ById>(`${NOTICES}/:id/pdf`, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const lang = field(request.query, "lang");
    const views = await desk.read(who, async (read) =>
      noticeViews(read, [await getNotice(read, request.params.id)], (id) => `${desk.app.baseUrl}/pay/${id}`),
    );
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", `inline; filename="${(views[0]?.number ?? "notice").replaceAll("/", "-")}.pdf"`)
      .type("application/pdf")
      .send(await noticesPdf(views, lang === "en" || lang === "pa" ? lang : "hi"));
  });

  web.post<ById>(`${NOTICES}/:id/service`, async (request, reply) => {
    const who = desk.need(request, ...ISSUERS);
    const noticeId = request.params.id;
    const typed = {
      servedOn: field(request.body, "servedOn").slice(0, 10),
      how: field(request.body, "how").slice(0, 200),
    };
    const done = await attempt(() =>
      desk.write(who, (tx) => recordService(tx, { noticeId, servedOn: localDate(typed.servedOn), how: typed.how })),
    );
    if (done.ok) return reply.redirect(`${NOTICES}/${noticeId}`, 303);
    if (done.refusal.status === 404) throw done.refusal;
    return show(request, reply, who, { refusal: done.refusal, typed });
  });
}

function typedIssue(from: unknown): TypedIssue {
  const at = (name: string, size: number): string => field(from, name).slice(0, size);
  return {
    kind: at("kind", 20),
    service: at("service", 40),
    code: at("code", 60),
    ward: at("ward", 60),
    date: at("date", 10),
    after: at("after", 60),
    afterWard: at("afterWard", 60),
  };
}

/** Raises NOTICE_TERMS_INVALID. */
function daysOf(typed: TypedTerms): number {
  if (/^\d{1,3}$/.test(typed.days)) return Number(typed.days);
  const { kind, days, fee } = typed;
  throw noticeErrors.NOTICE_TERMS_INVALID({ kind, days, fee, rule: "write the days as a number" });
}

function typedTerms(from: unknown): TypedTerms {
  const at = (name: string, size: number): string => field(from, name).slice(0, size);
  return {
    service: at("service", 40),
    kind: at("kind", 20),
    validFrom: at("validFrom", 10),
    days: at("days", 10),
    fee: at("fee", 30),
    taxHead: at("taxHead", 60),
  };
}

function typedUpi(from: unknown): TypedUpi {
  return {
    validFrom: field(from, "upiFrom").slice(0, 10),
    vpa: field(from, "vpa").slice(0, 300),
    payeeName: field(from, "payeeName").slice(0, 100),
  };
}
