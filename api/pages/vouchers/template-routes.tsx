import type { FastifyInstance } from "fastify";
import {
  draftVoucher,
  getTemplate,
  listFunctions,
  listTemplates,
  previewEntries,
  submitVoucher,
  vouchersFromTemplate,
  type Preview,
} from "../../../ledger/index.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { attempt, field, send, viewOf, type Desk } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { templateInputOf, TemplatePage, TemplatesPage, typedTemplate, type TypedTemplate } from "./templates.tsx";

/** Vouchers written from the events of the posting rules. */
export function templateRoutes(web: FastifyInstance, desk: Desk): void {
  type ByRule = { Params: { rule: string } };

  web.get("/books/vouchers/templates", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const templates = await desk.read(who, listTemplates);
    const search = field(request.query, "q").slice(0, 60);
    return send(reply, <TemplatesPage view={viewOf(request)} search={search} templates={templates} />);
  });

  const look = (who: Who, rule: string) =>
    desk.read(who, async (read) => ({
      template: await getTemplate(read, rule.slice(0, 20)),
      functions: await listFunctions(read),
      canWrite: who.actor.roles.includes("accountant"),
    }));

  web.get<ByRule>("/books/vouchers/templates/:rule", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const found = await look(who, request.params.rule);
    const typed = { ...typedTemplate(found.template, {}), date: desk.today() };
    return send(reply, <TemplatePage view={viewOf(request)} {...found} typed={typed} />);
  });

  web.post<ByRule>("/books/vouchers/templates/:rule", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const found = await look(who, request.params.rule);
    const { template } = found;
    const typed = typedTemplate(template, request.body);
    const form = (more: { readonly refusal?: Refusal; readonly previews?: readonly Preview[] } = {}) =>
      send(
        reply,
        <TemplatePage
          view={viewOf(request, `/books/vouchers/templates/${template.ruleId}`)}
          {...found}
          typed={typed}
          {...more}
        />,
        more.refusal?.status,
      );
    const then = field(request.body, "then");
    if (then.startsWith("more-")) return form();
    if (then === "preview") {
      const shown = await attempt(async () => preview(desk, who, template.ruleId, typed));
      return form(shown.ok ? { previews: shown.value } : { refusal: shown.refusal });
    }
    const made = await attempt(async () => {
      const input = templateInputOf(typed);
      return desk.write(who, async (tx) => {
        const drafts = [];
        for (const voucher of await vouchersFromTemplate(tx, template.ruleId, input)) {
          const draft = await draftVoucher(tx, voucher);
          drafts.push(then === "submit" ? await submitVoucher(tx, draft.id, draft.version) : draft);
        }
        return drafts;
      });
    });
    if (!made.ok) return form({ refusal: made.refusal });
    const [only] = made.value;
    return reply.redirect(
      only && made.value.length === 1
        ? `/books/vouchers/${only.id}`
        : `/books/vouchers?status=${then === "submit" ? "submitted" : "draft"}`,
      303,
    );
  });
}

async function preview(desk: Desk, who: Who, rule: string, typed: TypedTemplate): Promise<Preview[]> {
  const input = templateInputOf(typed);
  const vouchers = await desk.read(who, (read) => vouchersFromTemplate(read, rule, input));
  return previewEntries(desk.app, who, vouchers);
}
