import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  addService,
  approveRuleFile,
  checkRuleFile,
  factProblems,
  factsFromJson,
  getRuleFile,
  listReadyServices,
  listRuleFiles,
  loadRuleFile,
  missingHeads,
  periodAround,
  readRules,
  RULE_PACKS,
  ruleFileContent,
  rulePack,
  rulesOf,
  tryRules,
  type ConsumerFacts,
  type LoadedRuleFile,
  type Rules,
} from "../../billing/index.ts";
import { ledgerErrors } from "../../ledger/index.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { attempt, field, send, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { FilePage } from "./rates/file.tsx";
import { RatesPage } from "./rates/list.tsx";
import { NewFilePage, type Checked } from "./rates/new.tsx";
import { TryPage, type Outcome } from "./rates/try.tsx";
import { addressOf, emptyTrial, exampleTrial, factsOf, typedTrial, type TypedTrial } from "./rates/typed.ts";

const RATES = "/demand/rates";

/** /demand/rates: rule files, loaded by the tax superintendent, tried by all who read them, approved by another person. */
export function rateRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/demand", async (_request, reply) => reply.redirect(RATES, 303));

  web.get(RATES, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    return send(
      reply,
      <RatesPage
        view={viewOf(request)}
        files={await desk.read(who, (read) => listRuleFiles(read))}
        today={desk.today()}
        canLoad={who.actor.roles.includes("superintendent")}
      />,
    );
  });

  web.get(`${RATES}/new`, async (request, reply) => {
    desk.need(request, "superintendent");
    const asked = field(request.query, "pack");
    const pack = RULE_PACKS.find((p) => p === asked);
    return send(reply, <NewFilePage view={viewOf(request)} content={pack === undefined ? "" : rulePack(pack)} />);
  });

  web.post(`${RATES}/new`, { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "superintendent");
    const sent = await sentFile(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: sent.fields });
    desk.session.checkCsrf(request);
    const view = viewOf(request, `${RATES}/new`);
    const problems = sent.isText ? checkRuleFile(sent.content) : [{ where: "file", message: "is not text in UTF-8" }];
    const checked: Checked = problems.length > 0 ? { problems } : { rules: readRules(sent.content) };
    const isLoad = field(sent.fields, "do") === "load";
    if (!isLoad || problems.length > 0) {
      return send(reply, <NewFilePage view={view} content={sent.content} checked={checked} />, isLoad ? 422 : 200);
    }
    const loaded = await attempt(() => desk.write(who, (tx) => loadRuleFile(tx, sent.content)));
    if (loaded.ok) return reply.redirect(`${RATES}/${loaded.value.id}?done=load`, 303);
    const { refusal } = loaded;
    return send(reply, <NewFilePage view={view} content={sent.content} refusal={refusal} />, refusal.status);
  });

  type ById = { Params: { id: string } };
  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const { id } = request.params;
    const found = await desk.read(who, async (read) => {
      const loaded = await getRuleFile(read, id);
      const rules = await rulesOf(read, id);
      const missing = await missingHeads(read, loaded, rules);
      const others = await listRuleFiles(read, loaded.service);
      return { loaded, rules, others, missing, ready: readyOf(loaded, missing) };
    });
    const done = field(request.query, "done");
    return send(
      reply,
      <FilePage
        view={viewOf(request, `${RATES}/${id}`)}
        who={who}
        {...found}
        today={desk.today()}
        refusal={refusal}
        done={done === "load" || done === "approve" || done === "heads" ? done : undefined}
      />,
      refusal?.status ?? 200,
    );
  };

  web.get<ById>(`${RATES}/:id`, async (request, reply) => show(request, reply, desk.need(request, ...READERS.demand)));

  web.get<ById>(`${RATES}/:id/file`, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const { loaded, content } = await desk.read(who, async (read) => ({
      loaded: await getRuleFile(read, request.params.id),
      content: await ruleFileContent(read, request.params.id),
    }));
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", `attachment; filename="${loaded.name}-${loaded.version}.json"`)
      .type("application/json; charset=utf-8")
      .send(content);
  });

  web.post<ById>(`${RATES}/:id/approve`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const replaces = field(request.body, "replaces");
    const done = await attempt(() =>
      desk.write(who, (tx) => approveRuleFile(tx, request.params.id, replaces === "" ? null : replaces)),
    );
    if (done.ok) return reply.redirect(`${RATES}/${done.value.id}?done=approve`, 303);
    return show(request, reply, who, done.refusal);
  });

  web.post<ById>(`${RATES}/:id/heads`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const { id } = request.params;
    const done = await attempt(() =>
      desk.write(who, async (tx) => {
        const loaded = await getRuleFile(tx, id);
        if (loaded.loadedBy === who.actor.id) {
          throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${loaded.name} ${loaded.version}`, actor: who.actor.id });
        }
        const heads = readyOf(loaded, await missingHeads(tx, loaded, await rulesOf(tx, id)));
        if (heads.length > 0) await addService(tx, loaded.service, { validFrom: loaded.validFrom, heads });
      }),
    );
    if (done.ok) return reply.redirect(`${RATES}/${id}?done=heads`, 303);
    return show(request, reply, who, done.refusal);
  });

  const trial = async (request: FastifyRequest<ById>, reply: FastifyReply, sent: unknown): Promise<FastifyReply> => {
    const who = desk.need(request, ...READERS.demand);
    const { id } = request.params;
    const { loaded, rules } = await desk.read(who, async (read) => ({
      loaded: await getRuleFile(read, id),
      rules: await rulesOf(read, id),
    }));
    const { file } = rules;
    const deed = field(sent, "do");
    const asked = field(sent, deed === "" ? "example" : "like");
    const example = /^\d{1,3}$/.test(asked) ? file.examples[Number(asked) - 1] : undefined;
    const like = example && { number: asked, facts: factsFromJson(example.facts) };
    const typed =
      deed !== ""
        ? typedTrial(file, sent)
        : example
          ? exampleTrial(file, example)
          : emptyTrial(file, firstDays(rules, desk.today()));
    // An example is shown with its result at once.
    const isAsked = deed === "try" || (deed === "" && example !== undefined);
    const outcome = isAsked ? await outcomeOf(who, loaded, rules, typed, like?.facts) : undefined;
    return send(
      reply,
      <TryPage
        view={viewOf(request, isAsked ? addressOf(`${RATES}/${id}/try`, typed, asked) : `${RATES}/${id}/try`)}
        loaded={loaded}
        rules={rules}
        typed={typed}
        like={like}
        outcome={outcome}
      />,
      outcome === undefined || "trial" in outcome ? 200 : "refusal" in outcome ? outcome.refusal.status : 422,
    );
  };
  const outcomeOf = async (
    who: Who,
    loaded: LoadedRuleFile,
    rules: Rules,
    typed: TypedTrial,
    extras: ConsumerFacts | undefined,
  ): Promise<Outcome> => {
    const facts: ConsumerFacts = { ...extras, ...factsOf(rules.file, typed) };
    const problems = factProblems(rules.file, facts);
    if (problems.length > 0) return { problems };
    const tried = await attempt(async () => {
      const from = localDate(typed.from);
      const to = typed.to === "" ? periodAround(rules.file.cycle, from).to : localDate(typed.to);
      const on = localDate(typed.on);
      return desk.read(who, (read) =>
        tryRules(read, loaded.service, facts, on, { period: { from, to }, ruleFileId: loaded.id }),
      );
    });
    return tried.ok ? { trial: tried.value } : { refusal: tried.refusal };
  };
  web.get<ById>(`${RATES}/:id/try`, async (request, reply) => trial(request, reply, request.query));
  web.post<ById>(`${RATES}/:id/try`, async (request, reply) => trial(request, reply, request.body));
}

/** Which of these heads a ready service has. */
function readyOf(loaded: LoadedRuleFile, missing: readonly string[]): string[] {
  const heads = listReadyServices().find((s) => s.service === loaded.service)?.heads ?? [];
  return missing.filter((code) => heads.some((h) => h.code === code));
}

/** The period in which the day lies, and the day; of a file that begins later, its own first period. */
function firstDays(rules: Rules, today: LocalDate): Pick<TypedTrial, "on" | "from" | "to"> {
  const begins = localDate(rules.file.validFrom);
  const on = today < begins ? begins : today;
  return { on, ...periodAround(rules.file.cycle, on) };
}

type Sent = { readonly fields: Readonly<Record<string, string>>; readonly content: string; readonly isText: boolean };

/** The text of a rule file as it was uploaded or pasted; a browser ends the lines of what is pasted with two characters. */
async function sentFile(request: FastifyRequest): Promise<Sent> {
  const fields: Record<string, string> = {};
  let uploaded: Buffer = Buffer.alloc(0);
  for await (const part of request.parts()) {
    if (part.type === "file") uploaded = await part.toBuffer();
    else if (typeof part.value === "string") fields[part.fieldname] = part.value;
  }
  if (uploaded.length === 0) {
    return { fields, content: (fields["content"] ?? "").replaceAll("\r\n", "\n"), isText: true };
  }
  return { fields, content: uploaded.toString("utf8").replace(/^\uFEFF/, ""), isText: isUtf8(uploaded) };
}
