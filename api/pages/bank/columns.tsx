import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatStatement, rupees } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import {
  BANK_PROFILES,
  COLUMN_ROLES,
  columnLabels,
  DATE_FORMS,
  discardFile,
  guessChoice,
  heldFile,
  holdFile,
  importByColumns,
  listBankAccounts,
  listOwnProfiles,
  NO_HEADER,
  ROLE_WORDS,
  tryColumns,
  widthOf,
  type ColumnChoice,
  type ColumnRole,
  type ColumnTrial,
  type HeldFile,
  type OwnProfile,
  type StatementImport,
  type TablePreview,
  paiseOf,
} from "../../../reconciliation/index.ts";
import { apiErrors } from "../../errors.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Crumbs, Field, Flash, Form, Problems, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { uploadOf } from "./upload.ts";

/** What the form holds: text as it was typed, and the columns by their number, counted from 0. */
export type Typed = Readonly<Record<(typeof NAMES)[number], string>>;
const NAMES = ["bank", "header", "dates", "opening", "closing", ...COLUMN_ROLES] as const;

const ASKS: Readonly<Record<ColumnRole, string>> = {
  date: "Date",
  "value-date": "Value date",
  narration: "Narration",
  reference: "Reference or cheque number",
  debit: "Debit (money out)",
  credit: "Credit (money in)",
  amount: "Amount, if one column has both",
  mark: "CR/DR mark of the amount",
  balance: "Balance after the line",
  "balance-mark": "CR/DR mark of the balance",
};
const DATE_WORDS: Readonly<Record<(typeof DATE_FORMS)[number], string>> = {
  "dd/mm/yyyy": "day first: 31/12/2026",
  "dd/mm/yy": "day first, short year: 31/12/26",
  "d mmm yyyy": "month in letters: 31 Dec 2026",
  "yyyy-mm-dd": "year first: 2026-12-31",
  yyyymmdd: "without marks: 20261231",
  "mm/dd/yyyy": "month first: 12/31/2026",
};
const SHOWN = 12;

export function ColumnsPage(props: {
  readonly view: View;
  readonly file: HeldFile & { readonly preview: TablePreview };
  readonly typed: Typed;
  readonly trial: ColumnTrial | undefined;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, file, typed } = props;
  const at = `/books/bank/${file.account}/columns/${file.id}`;
  const { rows } = file.preview;
  const isByPlace = typed.header === String(NO_HEADER);
  const header = isByPlace
    ? undefined
    : (rows.find((r) => String(r.line) === typed.header) ?? rows[file.preview.headerRow]);
  const places = isByPlace ? widthOf(rows) : 0;
  const labels = isByPlace ? Array.from({ length: places }, () => "") : columnLabels(header?.cells ?? []);
  const isBelow = (line: number): boolean => header === undefined || line > header.line;
  const sample =
    rows.find(
      (r) => isBelow(r.line) && r.cells.filter((c) => c !== "").length > 1 && (!isByPlace || r.cells.length === places),
    )?.cells ?? [];
  const columns = [
    { value: "", label: "not in the file" },
    ...labels.map((label, i) => ({
      value: String(i),
      label: `${i + 1}${label === "" ? "" : ` · ${label.slice(0, 40)}`}${sample[i] ? ` (${sample[i].slice(0, 24)})` : ""}`,
    })),
  ];
  const role = (name: ColumnRole): VNode => (
    <Select label={ASKS[name]} name={name} value={typed[name]} options={columns} />
  );
  const width = Math.max(...rows.slice(0, SHOWN).map((r) => r.cells.length), labels.length);
  return (
    <Books view={view} title="Columns of a statement" tab="bank" scripts={["htmx.js"]}>
      <Crumbs
        trail={[
          ["Bank accounts", "/books/bank"],
          [file.account, `/books/bank/${file.account}`],
        ]}
      />
      <h1>What are the columns of {file.fileName}?</h1>
      <div id="columns">
        <Refused refusal={props.refusal} />
        <p>
          Say once which column is what. Below you see how the file reads and whether its balances prove it; nothing is
          stored until you import it. Later files of this bank are then read in the same way.
        </p>
        <form
          method="get"
          action={at}
          aria-label="Columns"
          class="filter"
          hx-get={at}
          hx-trigger="change"
          hx-target="#columns"
          hx-select="#columns"
          hx-swap="outerHTML"
        >
          <Field label="Name of the bank" name="bank" value={typed.bank} maxLength={100} isRequired />
          <Select
            label="Line that names the columns"
            name="header"
            value={isByPlace ? String(NO_HEADER) : String(header?.line ?? "")}
            options={[
              { value: String(NO_HEADER), label: "none: the columns are known by their place" },
              ...rows.slice(0, 40).map((r) => ({
                value: String(r.line),
                label: `line ${r.line}: ${r.cells.filter(Boolean).join(", ").slice(0, 60) || "(empty)"}`,
              })),
            ]}
          />
          {role("date")}
          <Select
            label="How dates are written"
            name="dates"
            value={typed.dates}
            options={DATE_FORMS.map((form) => ({ value: form, label: DATE_WORDS[form] }))}
          />
          {(["value-date", "narration", "reference", "debit", "credit", "amount", "mark"] as const).map(role)}
          {role("balance")}
          {role("balance-mark")}
          <Field label="Opening balance, if the file states none" name="opening" value={typed.opening} isAmount />
          <Field label="Closing balance, if the file states none" name="closing" value={typed.closing} isAmount />
          <button name="try" value="yes">
            Show how it reads
          </button>
        </form>
        <Table
          caption={`The first rows of ${file.fileName}`}
          columns={[
            { title: "Line", kind: "code" },
            ...Array.from({ length: width }, (_, i) => ({
              title: `${i + 1}${labels[i] === undefined || labels[i] === "" ? "" : ` · ${labels[i].slice(0, 40)}`}`,
            })),
          ]}
          rows={rows.slice(0, SHOWN).map((r) => ({
            kind: r.line === header?.line ? ("total" as const) : undefined,
            cells: [String(r.line), ...Array.from({ length: width }, (_, i) => (r.cells[i] ?? "").slice(0, 80))],
          }))}
        />
        {props.trial && <Trial view={view} at={at} trial={props.trial} typed={typed} />}
      </div>
      <Form view={view} action={`${at}/discard`}>
        <p class="actions">
          <button class="second small">Discard the file</button>
        </p>
      </Form>
    </Books>
  );
}

function Trial(props: {
  readonly view: View;
  readonly at: string;
  readonly trial: ColumnTrial;
  readonly typed: Typed;
}): VNode {
  const { trial, typed } = props;
  const { proof } = trial;
  const isReady = proof !== undefined && trial.problems.length === 0;
  return (
    <section aria-labelledby="reading">
      <h2 id="reading">How the file reads</h2>
      <Problems problems={trial.problems} title="It cannot be imported like this:" />
      {proof && (
        <div class="flash good" role="status">
          <p>
            <Badge kind="good">The balances prove it</Badge> Opening {formatStatement(proof.opening)} + credits{" "}
            {formatStatement(proof.credits)} − debits {formatStatement(proof.debits)} = closing{" "}
            {formatStatement(proof.closing)}.
          </p>
          <p>
            {proof.lines} lines, {formatDate(proof.from)} to {formatDate(proof.to)}
            {proof.newLines === undefined ? "" : `; ${proof.newLines} of them are new`}
            {proof.order === "newest-first" ? "; the file has the newest line first" : ""}.
            {proof.isOpeningInferred && " The opening balance is what the statement before closed with."}
            {proof.convention === "columns-swapped" &&
              " Debit and credit stand over each other's columns; the balances say so."}
          </p>
        </div>
      )}
      {trial.lines.length > 0 && (
        <Table
          caption={`The first ${trial.lines.length} lines as they are read`}
          stacks
          columns={[
            { title: "Line", kind: "code" },
            { title: "Date" },
            { title: "Value date" },
            { title: "Narration" },
            { title: "Reference", kind: "code" },
            { title: "Debit (₹)", kind: "amount" },
            { title: "Credit (₹)", kind: "amount" },
            { title: "Balance (₹)", kind: "amount" },
          ]}
          rows={trial.lines.map((l) => ({
            cells: [
              String(l.fileLine),
              l.date ? formatDate(l.date) : "",
              l.valueDate ? formatDate(l.valueDate) : "",
              l.narration,
              l.reference,
              l.amount < 0n ? <Amount value={paiseOf(-l.amount)} /> : "",
              l.amount < 0n ? "" : <Amount value={paiseOf(l.amount)} />,
              l.balance === undefined ? "" : <Amount value={paiseOf(l.balance)} />,
            ],
          }))}
        />
      )}
      {isReady && (
        <Form view={props.view} action={`${props.at}/import`} label="Import">
          {NAMES.map((name) => (
            <input type="hidden" name={name} value={typed[name]} />
          ))}
          <p>
            The columns are kept as <span class="code">{trial.profile}</span>, with your name, and the file is imported.
          </p>
          <button>Keep the columns and import the file</button>
        </Form>
      )}
    </section>
  );
}

export function ProfilesPage({ view, own }: { readonly view: View; readonly own: readonly OwnProfile[] }): VNode {
  return (
    <Books view={view} title="Layouts of bank statements" tab="bank">
      <Crumbs trail={[["Bank accounts", "/books/bank"]]} />
      <h1>Layouts of bank statements</h1>
      <p>
        A statement in a table is read by the layout whose titles it has. Where none fits, upload it at its bank account
        and say what its columns are. A changed layout is a new version; the old one still reads older files.
      </p>
      <Table
        caption="Layouts that this ULB named"
        stacks
        empty="No layout was named here yet."
        columns={[{ title: "Layout", kind: "code" }, { title: "Bank" }, { title: "Columns" }, { title: "Named" }]}
        rows={[...own].reverse().map((p) => ({
          cells: [
            `${p.id}@${p.version}`,
            p.bank,
            p.titles
              .flatMap((title, i) => {
                const role = p.roles[i];
                return role === undefined ? [] : [`${ROLE_WORDS[role]}: ${title}`];
              })
              .join("; "),
            `${formatMoment(p.createdAt)} by ${p.createdBy}`,
          ],
        }))}
      />
      <Table
        caption="Layouts that came with the program"
        stacks
        columns={[{ title: "Layout", kind: "code" }, { title: "Bank" }]}
        rows={BANK_PROFILES.map((p) => ({ cells: [`${p.id}@${p.version}`, p.bank] }))}
      />
    </Books>
  );
}

// ---------------------------------------------------------------- routes

type ByAccount = { Params: { account: string } };
type ById = { Params: { account: string; id: string } };

const typedOf = (from: unknown): Typed =>
  Object.fromEntries(NAMES.map((n) => [n, field(from, n).slice(0, 100)])) as Typed;

function choiceOf(typed: Typed): ColumnChoice {
  const number = (text: string): number | undefined => (/^\d{1,4}$/.test(text) ? Number(text) : undefined);
  return {
    // What is no number is no line of the file; 0 says that there is no header.
    headerLine: number(typed.header) ?? -1,
    dates: DATE_FORMS.find((f) => f === typed.dates) ?? DATE_FORMS[0],
    columns: Object.fromEntries(
      COLUMN_ROLES.flatMap((role) => {
        const at = number(typed[role]);
        return at === undefined ? [] : [[role, at]];
      }),
    ),
  };
}

/** The balances that a person typed. Raises MONEY_FORMAT, MONEY_DECIMALS. */
export function typedBalances(typed: {
  readonly opening: string;
  readonly closing: string;
}): Pick<StatementImport, "expected"> {
  const { opening, closing } = typed;
  if (opening === "" && closing === "") return {};
  return {
    expected: {
      ...(opening === "" ? {} : { opening: rupees(typedAmount(opening)) }),
      ...(closing === "" ? {} : { closing: rupees(typedAmount(closing)) }),
    },
  };
}

/** Saying what the columns of a held file are, seeing how it reads, and importing it. */
export function columnRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/books/bank/layouts", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <ProfilesPage view={viewOf(request)} own={await desk.read(who, listOwnProfiles)} />);
  });

  web.post<ByAccount>("/books/bank/:account/columns", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const { account } = request.params;
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const held = await desk.write(who, (tx) =>
      holdFile(tx, { account, fileName: upload.fileName, bytes: upload.content }),
    );
    return reply.redirect(`/books/bank/${encodeURIComponent(account)}/columns/${held.id}`, 303);
  });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    given: Typed | undefined,
    refused?: Refusal,
  ): Promise<FastifyReply> => {
    const { account, id } = request.params;
    const file = await desk.read(who, (read) => heldFile(read, id));
    if (file.account !== account) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 80) });
    const typed = given ?? (await guessed(desk, who, file));
    const trial = await attempt(async () => {
      const input = { uploadId: id, choice: choiceOf(typed), bank: typed.bank, ...typedBalances(typed) };
      return desk.read(who, (read) => tryColumns(read, input));
    });
    const refusal = refused ?? (trial.ok ? undefined : trial.refusal);
    return send(
      reply,
      <ColumnsPage
        view={viewOf(request, `/books/bank/${account}/columns/${id}?${new URLSearchParams(typed).toString()}`)}
        file={file}
        typed={typed}
        trial={trial.ok ? trial.value : undefined}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };
  web.get<ById>("/books/bank/:account/columns/:id", async (request, reply) =>
    show(
      request,
      reply,
      desk.need(request, "accountant"),
      field(request.query, "header") === "" ? undefined : typedOf(request.query),
    ),
  );

  web.post<ById>("/books/bank/:account/columns/:id/import", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const { account, id } = request.params;
    const typed = typedOf(request.body);
    const done = await attempt(async () => {
      const input = { uploadId: id, choice: choiceOf(typed), bank: typed.bank, ...typedBalances(typed) };
      return desk.write(who, (tx) => importByColumns(tx, input));
    });
    if (!done.ok && done.refusal.code === "UPLOAD_UNKNOWN") throw done.refusal;
    // What was refused is said by trying it again: nothing was stored.
    if (!done.ok || done.value.status === "refused")
      return show(request, reply, who, typed, done.ok ? undefined : done.refusal);
    const query = new URLSearchParams({ done: "columns", lines: String(done.value.linesAdded) });
    return reply.redirect(`/books/bank/${encodeURIComponent(account)}?${query.toString()}`, 303);
  });

  web.post<ById>("/books/bank/:account/columns/:id/discard", async (request, reply) => {
    const who = desk.need(request, "accountant");
    await desk.write(who, (tx) => discardFile(tx, request.params.id));
    return reply.redirect(`/books/bank/${encodeURIComponent(request.params.account)}?done=discarded`, 303);
  });
}

/** The form as it is shown first: what the titles usually mean, under the name of the account's bank. */
async function guessed(desk: Desk, who: Who, file: HeldFile & { readonly preview: TablePreview }): Promise<Typed> {
  const bank = (await desk.read(who, listBankAccounts)).find((a) => a.account === file.account)?.bank ?? "";
  const choice = guessChoice(file.preview);
  return {
    ...typedOf({}),
    bank,
    header: String(choice.headerLine),
    dates: choice.dates,
    ...Object.fromEntries(Object.entries(choice.columns).map(([role, at]) => [role, String(at)])),
  };
}

/** Refusals under which naming the columns may help. */
const UNREAD = new Set([
  "STATEMENT_FORMAT",
  "STATEMENT_EMPTY",
  "STATEMENT_DATE",
  "STATEMENT_AMOUNT",
  "STATEMENT_BALANCE",
]);

/** Keeps a file that was refused where a person could say what its columns are; gives where. */
export async function holdUnread(
  desk: Desk,
  who: Who,
  account: string,
  upload: { readonly fileName: string; readonly content: Buffer },
  code: string | undefined,
): Promise<VNode | undefined> {
  if (code === undefined || !UNREAD.has(code)) return undefined;
  const held = await attempt(() =>
    desk.write(who, (tx) => holdFile(tx, { account, fileName: upload.fileName, bytes: upload.content })),
  );
  if (!held.ok) return undefined;
  return (
    <Flash kind="note">
      <a href={`/books/bank/${account}/columns/${held.value.id}`}>Say what the columns of this file are</a>
    </Flash>
  );
}
