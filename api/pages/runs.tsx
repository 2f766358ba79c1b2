import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  cancelRun,
  continueRun,
  getRuleFile,
  getRun,
  importConsumerFacts,
  listRuleFiles,
  listRuns,
  periodAround,
  periodName,
  periodNamed,
  previewRun,
  rulesOf,
  runRefusals,
  standingOf,
  startRun,
  wards,
  type AssessedPeriod,
  type ImportReport,
  type LoadedRuleFile,
  type NotCharged,
} from "../../billing/index.ts";
import { ledgerErrors, periodStatus } from "../../ledger/index.ts";
import { localDate, periodOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import type { Read, Who } from "../../ledger/kernel/tx.ts";
import { toCsv } from "../../reports/index.ts";
import { attempt, dateField, field, send, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { FactsPage } from "./runs/facts.tsx";
import { RunsPage, type Choices, type Wanted } from "./runs/list.tsx";
import { PreviewPage } from "./runs/preview.tsx";
import { RunPage } from "./runs/run.tsx";
import { stateOf } from "./runs/words.ts";

const RUNS = "/demand/runs";
const FACTS = "/demand/facts";
const LOOK_AGAIN_SECONDS = 5;
const CSV_PAGE = 5000;

/** /demand/runs and /demand/facts: demand is previewed and run by the tax superintendent, cancelled by another person. */
export function runRoutes(web: FastifyInstance, desk: Desk): void {
  const list = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    typed?: Wanted,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      runs: await listRuns(read),
      choices: who.actor.roles.includes("superintendent") ? await choicesOf(read, desk.today()) : undefined,
    }));
    const runnable = found.choices?.runnable ?? [];
    const first = { service: "", period: "", ward: "", date: desk.today() };
    const proposed = runnable.length === 1 ? { ...first, ...runnable[0] } : first;
    return send(
      reply,
      <RunsPage
        view={viewOf(request, RUNS)}
        {...found}
        now={desk.app.clock()}
        wanted={typed ?? proposed}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };

  web.get(RUNS, async (request, reply) => list(request, reply, desk.need(request, ...READERS.demand)));

  web.get(`${RUNS}/preview`, async (request, reply) => {
    const who = desk.need(request, "superintendent");
    const typed = wantedOf(request.query);
    const seen = await attempt(async () => {
      const wanted = await desk.read(who, (read) => readWanted(read, typed, desk.today()));
      return { wanted, preview: await previewRun(desk.app, who, wanted) };
    });
    if (!seen.ok) return list(request, reply, who, typed, seen.refusal);
    const { wanted, preview } = seen.value;
    return send(reply, <PreviewPage view={viewOf(request)} preview={preview} ward={wanted.ward} date={wanted.date} />);
  });

  web.post(RUNS, async (request, reply) => {
    const who = desk.need(request, "superintendent");
    const typed = wantedOf(request.body);
    const begun = await attempt(() =>
      desk.write(who, async (tx) => startRun(tx, await readWanted(tx, typed, desk.today()))),
    );
    if (begun.ok) return reply.redirect(`${RUNS}/${begun.value.id}`, 303);
    return list(request, reply, who, typed, begun.refusal);
  });

  type ById = { Params: { id: string } };
  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
    typed?: { readonly reason: string; readonly date: string },
  ): Promise<FastifyReply> => {
    const { id } = request.params;
    const found = await desk.read(who, async (read) => {
      const run = await getRun(read, id);
      return {
        run,
        ruleFile: await getRuleFile(read, run.ruleFileId),
        refusals: await runRefusals(read, id),
        standing: await standingOf(read, id),
      };
    });
    const now = desk.app.clock();
    const isStill = refusal !== undefined || field(request.query, "still") === "1";
    // The header does what a meta element would; whoever reads slowly, or hears the page, can leave it as it is.
    if (stateOf(found.run, now).is === "going" && !isStill) void reply.header("refresh", String(LOOK_AGAIN_SECONDS));
    return send(
      reply,
      <RunPage
        view={viewOf(request, `${RUNS}/${id}`)}
        who={who}
        {...found}
        now={now}
        today={desk.today()}
        isStill={isStill}
        typed={typed}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };
  web.get<ById>(`${RUNS}/:id`, async (request, reply) => show(request, reply, desk.need(request, ...READERS.demand)));

  web.get<ById>(`${RUNS}/:id/refusals.csv`, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const { id } = request.params;
    const run = await desk.read(who, (read) => getRun(read, id));
    async function* rows(): AsyncGenerator<NotCharged> {
      for (let after = ""; ;) {
        const page = await desk.read(who, (read) => runRefusals(read, id, { after, limit: CSV_PAGE }));
        yield* page;
        const last = page.at(-1);
        if (!last || page.length < CSV_PAGE) return;
        after = last.consumer;
      }
    }
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", `attachment; filename="refusals-${run.service}-${run.periodFrom}.csv"`)
      .type("text/csv; charset=utf-8")
      .send(Readable.from(toCsv(["consumer", "ward", "code", "message"], rows(), { bom: true })));
  });

  web.post<ById>(`${RUNS}/:id/continue`, async (request, reply) => {
    const who = desk.need(request, "superintendent");
    const { id } = request.params;
    const done = await attempt(() => continueRun(desk.app, who, id, { atMostMs: 0 }));
    if (done.ok) return reply.redirect(`${RUNS}/${id}`, 303);
    return show(request, reply, who, done.refusal);
  });

  web.post<ById>(`${RUNS}/:id/cancel`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const { id } = request.params;
    const typed = { reason: field(request.body, "reason"), date: field(request.body, "date") };
    const done = await attempt(() =>
      cancelRun(desk.app, who, id, { reason: typed.reason, date: dateField(typed, "date", desk.today()) }),
    );
    if (done.ok) return reply.redirect(`${RUNS}/${id}`, 303);
    return show(request, reply, who, done.refusal, typed);
  });

  const facts = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    outcome: { readonly report?: ImportReport; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const files = await desk.read(who, async (read) => {
      const known = await approvedFiles(read);
      return Promise.all(known.map(async (f) => (await rulesOf(read, currentOf(f, desk.today()).id)).file));
    });
    const isRefused = outcome.report?.status === "refused";
    return send(
      reply,
      <FactsPage view={viewOf(request, FACTS)} files={files} {...outcome} />,
      outcome.refusal?.status ?? (isRefused ? 422 : 200),
    );
  };
  web.get(FACTS, async (request, reply) => facts(request, reply, desk.need(request, "superintendent")));
  web.post(FACTS, { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "superintendent");
    const fields: Record<string, unknown> = {};
    let content: Buffer = Buffer.alloc(0);
    let fileName = "";
    for await (const part of request.parts()) {
      if (part.type === "file") {
        content = await part.toBuffer();
        fileName = part.filename.slice(0, 200);
      } else fields[part.fieldname] = part.value;
    }
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: fields });
    desk.session.checkCsrf(request);
    const done = await attempt(() =>
      desk.write(who, (tx) => importConsumerFacts(tx, content, { fileName: fileName || "consumer-facts.csv" })),
    );
    return facts(request, reply, who, done.ok ? { report: done.value } : { refusal: done.refusal });
  });
}

/** The approved files that were not replaced, service by service, the newest first. */
async function approvedFiles(read: Read): Promise<LoadedRuleFile[][]> {
  const files = (await listRuleFiles(read)).filter((f) => f.approvedBy !== null && f.replacedBy === null);
  return [...groupBy(files, (f) => f.service).values()];
}

/** The file of a service that holds on the day; before the first of them begins, the first. */
function currentOf(files: readonly LoadedRuleFile[], on: LocalDate): LoadedRuleFile {
  const current = files.find((f) => f.validFrom <= on) ?? files.at(-1);
  if (!current) throw new Error("a service with approved rules has a file");
  return current;
}

async function choicesOf(read: Read, today: LocalDate): Promise<Choices> {
  const runnable = [];
  for (const files of await approvedFiles(read)) {
    const file = currentOf(files, today);
    runnable.push({ service: file.service, period: periodName(await runningPeriod(read, file, today)) });
  }
  return { runnable, wards: await wards(read) };
}

async function runningPeriod(read: Read, file: LoadedRuleFile, today: LocalDate): Promise<AssessedPeriod> {
  const { cycle } = (await rulesOf(read, file.id)).file;
  return periodAround(cycle, today < file.validFrom ? file.validFrom : today);
}

function wantedOf(from: unknown): Wanted {
  return {
    service: field(from, "service").slice(0, 40),
    period: field(from, "period").slice(0, 40),
    ward: field(from, "ward").slice(0, 60),
    date: field(from, "date").slice(0, 10),
  };
}

/** Raises PERIOD_UNKNOWN, DATE_FORMAT, PERIOD_MISSING, PERIOD_CLOSED: a run whose entries cannot be posted is not begun. */
async function readWanted(read: Read, typed: Wanted, today: LocalDate) {
  const { service } = typed;
  const date = typed.date === "" ? today : localDate(typed.date);
  const month = await periodStatus(read, periodOf(date));
  if (month.status === "closed") {
    throw ledgerErrors.PERIOD_CLOSED({ what: "the demand run", period: month.period });
  }
  const files = (await approvedFiles(read)).find((f) => f[0]?.service === service);
  const period =
    typed.period === "" && files
      ? await runningPeriod(read, currentOf(files, today), today)
      : periodNamed(typed.period);
  return { service, period, ward: typed.ward === "" ? null : typed.ward, date };
}
