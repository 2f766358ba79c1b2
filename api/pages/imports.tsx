import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  approveImport,
  declineImport,
  getImportDraft,
  handInImport,
  listImportDrafts,
  listImportFiles,
  previewImport,
  type BookImport,
  type ImportDraft,
  type ImportDraftOptions,
  type ImportKind,
} from "../../ledger/index.ts";
import { financialYear, formatMoment, localDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Badge, Crumbs, Facts, Field, Flash, Form, Problems, Refused, Select, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const KINDS: Readonly<Record<ImportKind, string>> = {
  "opening-balances": "Opening balances",
  vouchers: "Vouchers",
  "published-balances": "Published balance sheet",
  "published-income": "Published income",
};
const isKind = (text: string): text is ImportKind => Object.hasOwn(KINDS, text);

type Files = Awaited<ReturnType<typeof listImportFiles>>;
type Typed = Readonly<Record<string, string>>;

function ImportsPage(props: {
  readonly view: View;
  readonly drafts: readonly ImportDraft[];
  readonly files: Files;
  readonly canHandIn: boolean;
  readonly refusal?: Refusal;
  readonly typed?: Typed;
}): VNode {
  const typed = props.typed ?? {};
  return (
    <Books view={props.view} title="Imports" tab="imports">
      <h1>Imports into the books</h1>
      <p>
        A whole file is taken or nothing of it. The accountant hands it in and sees at once what is wrong with it;
        another person looks at the same figures and imports it.
      </p>
      {props.canHandIn && (
        <section>
          <h2>Hand in a file</h2>
          <Refused refusal={props.refusal} />
          <Form view={props.view} action="/books/imports" isUpload label="Hand in a file">
            <Select
              label="What it is"
              name="kind"
              value={typed["kind"] ?? "vouchers"}
              options={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
            />
            <Field
              label="File"
              name="file"
              type="file"
              accept=".csv,text/csv"
              hint="CSV in UTF-8 with a header row"
              isRequired
            />
            <Field
              label="Date of the balances"
              name="date"
              type="date"
              value={typed["date"]}
              hint="Openings only; the first day of the books when empty"
            />
            <Field
              label="Default function"
              name="defaultFunction"
              value={typed["defaultFunction"]}
              size="short"
              hint="For income and expenditure rows that name none"
            />
            <Field
              label="ULB in the file"
              name="entity"
              value={typed["entity"]}
              hint="Published balance sheet only, when the file has several"
            />
            <Field
              label="Year"
              name="fy"
              value={typed["fy"]}
              size="short"
              hint="Published income only, such as 2024-25"
            />
            <p>
              <label>
                <input type="checkbox" name="addAccounts" value="yes" checked={typed["addAccounts"] === "yes"} /> Add
                accounts that are missing below their minor head
              </label>
            </p>
            <button>Check and hand in</button>
          </Form>
        </section>
      )}
      <Table
        caption="Files handed in"
        empty="No file was handed in."
        columns={[{ title: "File" }, { title: "What" }, { title: "Handed in" }, { title: "State" }]}
        rows={props.drafts.map((d) => ({
          cells: [
            <a href={`/books/imports/${d.id}`}>{d.fileName}</a>,
            KINDS[d.kind],
            `${formatMoment(d.preparedAt)} by ${d.preparedBy}`,
            <Badge kind={d.status === "waiting" ? "wait" : d.status === "imported" ? "good" : "bad"}>{d.status}</Badge>,
          ],
        }))}
      />
      <Table
        caption="Files in the books"
        empty="No file was imported."
        columns={[
          { title: "File" },
          { title: "What" },
          { title: "Rows", kind: "amount" },
          { title: "Entries", kind: "amount" },
          { title: "Imported" },
        ]}
        rows={props.files.map((f) => ({
          cells: [
            f.fileName,
            KINDS[f.kind],
            String(f.rows),
            String(f.entries),
            `${formatMoment(f.importedAt)} by ${f.importedBy}`,
          ],
        }))}
      />
    </Books>
  );
}

function DraftPage(props: {
  readonly view: View;
  readonly draft: ImportDraft;
  readonly report: BookImport | undefined;
  readonly who: Who;
  readonly refusal?: Refusal | undefined;
  readonly isDone?: boolean;
}): VNode {
  const { draft, report, who } = props;
  const isWaiting = draft.status === "waiting";
  const isMaker = draft.preparedBy === who.actor.id;
  const canDecide = isWaiting && who.actor.roles.includes("checker") && !isMaker;
  return (
    <Books view={props.view} title={draft.fileName} tab="imports">
      <Crumbs
        trail={[
          ["Books", "/books"],
          ["Imports", "/books/imports"],
        ]}
      />
      <h1>{draft.fileName}</h1>
      <Refused refusal={props.refusal} />
      {props.isDone && <Flash>The file is in the books.</Flash>}
      <Facts
        facts={[
          ["What", KINDS[draft.kind]],
          ["Handed in", `${formatMoment(draft.preparedAt)} by ${draft.preparedBy}`],
          [
            "State",
            <Badge kind={isWaiting ? "wait" : draft.status === "imported" ? "good" : "bad"}>{draft.status}</Badge>,
          ],
          ...(draft.decidedBy === null ? [] : [["Decided by", draft.decidedBy] as const]),
          ...(draft.reason === null ? [] : [["Reason", draft.reason] as const]),
          ...(report
            ? ([
                ["Rows", String(report.rows)],
                ["Debits (₹)", formatIndian(report.debits)],
                ["Credits (₹)", formatIndian(report.credits)],
                [
                  "It comes to",
                  report.status === "refused"
                    ? "nothing: the file is not sound"
                    : report.status === "already-imported"
                      ? "nothing: the same file was imported before"
                      : `${report.posted.length} new entries${report.unchanged > 0 ? `, ${report.unchanged} are there already` : ""}`,
                ],
                ...(report.accountsAdded.length === 0
                  ? []
                  : [["Accounts added", report.accountsAdded.join(", ")] as const]),
              ] as const)
            : []),
        ]}
      />
      {report && (
        <Problems
          title={`${report.problems.length + report.moreProblems} problems; nothing of the file can be imported`}
          problems={report.problems.slice(0, 200).map(bare)}
        />
      )}
      {report && report.warnings.length > 0 && (
        <Flash kind="note">
          <p>
            <strong>{report.warnings.length + report.moreWarnings} things to look at; they stop nothing</strong>
          </p>
          <ul>
            {report.warnings.slice(0, 200).map((w) => (
              <li>
                {w.message} <span class="code">{w.code}</span>
              </li>
            ))}
          </ul>
        </Flash>
      )}
      {isWaiting && isMaker && <p>Another person imports it.</p>}
      {canDecide && (
        <div class="actions">
          {report?.status === "imported" && (
            <Form view={props.view} action={`/books/imports/${draft.id}/import`} label="Import">
              <button>Import into the books</button>
            </Form>
          )}
          <Form view={props.view} action={`/books/imports/${draft.id}/decline`} label="Decline">
            <Field label="Why it is declined" name="reason" isRequired />
            <button class="second">Decline</button>
          </Form>
        </div>
      )}
    </Books>
  );
}

/** The list of problems names line and column itself; the message of an import has them in front. */
function bare(problem: BookImport["problems"][number]): BookImport["problems"][number] {
  return { ...problem, message: problem.message.replace(/^(?:near )?line \d+(?:, [a-z_]+)?: /, "") };
}

type Upload = { readonly fields: Typed; readonly content: Buffer; readonly fileName: string };

async function uploadOf(request: FastifyRequest): Promise<Upload> {
  const fields: Record<string, string> = {};
  let content: Buffer = Buffer.alloc(0);
  let fileName = "";
  for await (const part of request.parts()) {
    if (part.type === "file") {
      content = await part.toBuffer();
      fileName = part.filename;
    } else fields[part.fieldname] = typeof part.value === "string" ? part.value : "";
  }
  return { fields, content, fileName };
}

/** What was typed beside the file. Raises DATE_FORMAT, FINANCIAL_YEAR_FORMAT. */
function optionsOf(fields: Typed, kind: ImportKind): ImportDraftOptions {
  const text = (name: string): string => field(fields, name).slice(0, 200);
  return {
    ...(text("date") === "" ? {} : { date: localDate(text("date")) }),
    ...(kind === "published-income" ? { fy: financialYear(text("fy")) } : {}),
    ...(text("entity") === "" ? {} : { entity: text("entity") }),
    ...(text("defaultFunction") === "" ? {} : { defaultFunction: text("defaultFunction") }),
    ...(text("addAccounts") === "yes" ? { addAccounts: true } : {}),
  };
}

/** /books/imports: files of a year, handed in by one person and imported by another. */
export function importRoutes(web: FastifyInstance, desk: Desk): void {
  const lists = (who: Who) =>
    desk.read(who, async (read) => ({ drafts: await listImportDrafts(read), files: await listImportFiles(read) }));

  web.get("/books/imports", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const canHandIn = who.actor.roles.includes("accountant");
    return send(reply, <ImportsPage view={viewOf(request)} {...await lists(who)} canHandIn={canHandIn} />);
  });

  web.post("/books/imports", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const kind = field(upload.fields, "kind");
    if (!isKind(kind)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url });
    const handed = await attempt(() =>
      desk.write(who, (tx) =>
        handInImport(tx, {
          kind,
          fileName: upload.fileName.slice(0, 200) || `${kind}.csv`,
          content: upload.content,
          options: optionsOf(upload.fields, kind),
        }),
      ),
    );
    if (handed.ok) return reply.redirect(`/books/imports/${handed.value}`, 303);
    return send(
      reply,
      <ImportsPage
        view={viewOf(request, "/books/imports")}
        {...await lists(who)}
        canHandIn
        refusal={handed.refusal}
        typed={upload.fields}
      />,
      handed.refusal.status,
    );
  });

  type ById = { Params: { id: string } };
  const show = async (request: FastifyRequest<ById>, who: Who, refusal?: Refusal, isDone?: boolean): Promise<VNode> => {
    const { id } = request.params;
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url });
    const draft = await desk.read(who, (read) => getImportDraft(read, id));
    const dry = draft.status === "waiting" ? await attempt(() => previewImport(desk.app, who, draft)) : undefined;
    return (
      <DraftPage
        view={viewOf(request, `/books/imports/${id}`)}
        draft={draft}
        report={dry?.ok ? dry.value : undefined}
        refusal={refusal ?? (dry && !dry.ok ? dry.refusal : undefined)}
        who={who}
        isDone={isDone ?? false}
      />
    );
  };
  web.get<ById>("/books/imports/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await show(request, who, undefined, field(request.query, "done") === "import"));
  });
  web.post<ById>("/books/imports/:id/import", async (request, reply) => {
    const who = desk.need(request, "checker");
    const done = await attempt(() => desk.write(who, (tx) => approveImport(tx, request.params.id)));
    if (done.ok && done.value.status !== "refused")
      return reply.redirect(`/books/imports/${request.params.id}?done=import`, 303);
    return send(
      reply,
      await show(request, who, done.ok ? undefined : done.refusal),
      done.ok ? 422 : done.refusal.status,
    );
  });
  web.post<ById>("/books/imports/:id/decline", async (request, reply) => {
    const who = desk.need(request, "checker");
    const done = await attempt(() =>
      desk.write(who, (tx) => declineImport(tx, request.params.id, field(request.body, "reason"))),
    );
    if (done.ok) return reply.redirect("/books/imports", 303);
    return send(reply, await show(request, who, done.refusal), done.refusal.status);
  });
}
