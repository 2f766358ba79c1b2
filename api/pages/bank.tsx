import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import { formatDate, formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatStatement } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import {
  acceptMatches,
  agreeOpening,
  BANK_PROFILES,
  importStatement,
  knownComparison,
  listBankAccounts,
  listExceptions,
  listOwnProfiles,
  listStatements,
  reconcileAccount,
  type BankAccount,
  type BankLine,
  type MatchResult,
  type OpenItem,
  type OwnProfile,
  type StatementReport,
  type StatementSummary,
} from "../../reconciliation/index.ts";
import { apiErrors } from "../errors.ts";
import { columnRoutes, holdUnread, typedBalances } from "./bank/columns.tsx";
import { BankParts } from "./bank/frame.tsx";
import { bankDeskRoutes } from "./bank/routes.tsx";
import { uploadOf } from "./bank/upload.ts";
import { kindName } from "./bank/words.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Field, Flash, Form, Problems, Refused, Select, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const SHOWN = 100;
export type Comparison = {
  readonly lines: ReadonlyMap<string, BankLine>;
  readonly items: ReadonlyMap<string, OpenItem>;
  readonly result: MatchResult;
};

export function BanksPage({
  view,
  accounts,
}: {
  readonly view: View;
  readonly accounts: readonly BankAccount[];
}): VNode {
  return (
    <Books view={view} title="Bank" tab="bank">
      <h1>Bank accounts</h1>
      <Table
        caption="Bank accounts"
        hideCaption
        stacks
        empty="No bank account is set up yet. An administrator adds one."
        columns={[{ title: "Account" }, { title: "Bank" }, { title: "Number" }, { title: "Fund" }]}
        rows={accounts.map((a) => ({
          cells: [
            <a href={`/books/bank/${a.account}`}>{`${a.account} ${a.name}`}</a>,
            `${a.bank} ${a.branch}`.trim(),
            a.numberMasked,
            a.fund,
          ],
        }))}
      />
    </Books>
  );
}

function LineCells({ line }: { readonly line: BankLine }): VNode {
  return (
    <>
      {formatDate(line.bookedOn)} · {line.narration}{" "}
      {line.reference !== "" && <span class="code">{line.reference}</span>} ·{" "}
      <strong>{formatStatement(line.amount)}</strong>
    </>
  );
}
function ItemCells({ item }: { readonly item: OpenItem }): VNode {
  return (
    <>
      {formatDate(item.date)} ·{" "}
      {"entryId" in item.of ? <a href={`/books/entries/${item.of.entryId}`}>{item.voucher}</a> : item.voucher} ·{" "}
      {item.text} {item.reference !== "" && <span class="code">{item.reference}</span>} ·{" "}
      <strong>{formatStatement(item.amount)}</strong>
    </>
  );
}

export function BankPage(props: {
  readonly view: View;
  readonly bank: BankAccount;
  readonly statements: readonly StatementSummary[];
  readonly found: Comparison;
  /** The exception of each line and item that has one. */
  readonly exceptionIds: ReadonlyMap<string, string>;
  readonly canWrite: boolean;
  readonly today: string;
  readonly report?: StatementReport | undefined;
  /** Where a person can say what the columns of a refused file are. */
  readonly columns?: VNode | undefined;
  /** The ULB's own layouts, the newest version of each. */
  readonly layouts: readonly OwnProfile[];
  readonly done?: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, bank, found, canWrite, report, exceptionIds } = props;
  const { lines, items, result } = found;
  const at = `/books/bank/${bank.account}`;
  const hidden = (name: string, values: readonly string[]): VNode => (
    <input type="hidden" name={name} value={values.join(" ")} />
  );
  const lineOf = (id: string): VNode | string => {
    const line = lines.get(id);
    return line ? <LineCells line={line} /> : id;
  };
  const itemOf = (id: string): VNode | string => {
    const item = items.get(id);
    return item ? <ItemCells item={item} /> : id;
  };
  const openLines = [...lines.values()];
  const openItems = [...items.values()];
  const proposedFor = new Map(result.proposedEntries.map((p) => [p.line, p]));
  const exceptionOf = new Map(result.exceptions.map((e) => [e.id, e]));
  return (
    <Books view={view} title={`Bank ${bank.account}`} tab="bank">
      <Crumbs trail={[["Bank accounts", "/books/bank"]]} />
      <h1>
        {bank.account} {bank.name}
      </h1>
      <p class="quiet">
        {bank.bank} {bank.branch} · {bank.numberMasked}
      </p>
      <BankParts account={bank.account} part="overview" />
      {props.done !== undefined && props.done !== "" && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      {report &&
        (report.status === "refused" ? (
          <>
            <Problems problems={report.problems} title="The statement was refused; nothing of it was stored." />
            {props.columns}
          </>
        ) : (
          <>
            <Flash>
              {report.status === "unchanged"
                ? "Everything in this file was stored before. "
                : `${report.linesAdded} of ${report.linesInFile} lines are new. `}
              {formatDate(report.from)} to {formatDate(report.to)}, opening {formatStatement(report.opening)}, closing{" "}
              {formatStatement(report.closing)}, read as “{report.profile}”.
            </Flash>
            <Problems problems={report.problems} title="Please look at these:" />
          </>
        ))}
      <div class="two">
        <form method="get" action={`${at}/brs`} class="panel">
          <h2>Reconciliation statement</h2>
          <Field label="As on" name="on" type="date" value={props.statements[0]?.to ?? props.today} size="short" />
          <button>Show</button>
        </form>
        {canWrite && (
          <Form view={view} action={`${at}/statement`} isUpload class="panel" label="Upload a statement">
            <h2>Upload a statement</h2>
            <Select
              label="Layout"
              name="profile"
              options={[
                { value: "", label: "recognise by the header" },
                ...[...props.layouts, ...BANK_PROFILES].map((p) => ({ value: p.id, label: `${p.bank} (${p.id})` })),
              ]}
            />
            <Field
              label="Statement file of the bank"
              name="file"
              type="file"
              accept=".csv,.txt,.xls,.xlsx,.sta,.mt940,.940,.xml,.ofx,.qfx,.bai,.bai2,.htm,.html,text/csv,text/plain"
              isRequired
            />
            <Field label="Opening balance, if the file states none" name="opening" size="short" isAmount />
            <Field label="Closing balance, if the file states none" name="closing" size="short" isAmount />
            <p class="actions">
              <button>Upload</button>
              <button class="second" formaction={`${at}/columns`}>
                Say what its columns are
              </button>
            </p>
            <p class="quiet">
              For a bank that no <a href="/books/bank/layouts">layout</a> knows you say once which column is what.
            </p>
          </Form>
        )}
      </div>
      <h2>Proposals ({result.proposed.length})</h2>
      {canWrite && (
        <Form view={view} action={`${at}/reconcile`}>
          <p>
            {result.confirmed.length === 0
              ? "Nothing more is proved by a reference alone. "
              : `${result.confirmed.length} pairs are proved by their references and wait to be matched. `}
            <button class="small second">Match what is proved</button>
          </p>
        </Form>
      )}
      <Table
        caption="Likely matches: the amount fits, a person decides"
        stacks
        empty="No likely match."
        columns={[{ title: "Bank" }, { title: "Book" }, { title: "Evidence" }, { title: "Step", kind: "action" }]}
        rows={result.proposed.slice(0, SHOWN).map((m) => ({
          cells: [
            m.lines.map((id) => <div>{lineOf(id)}</div>),
            m.items.map((id) => <div>{itemOf(id)}</div>),
            m.evidence,
            canWrite ? (
              <Form view={view} action={`${at}/confirm`}>
                {hidden("lines", m.lines)}
                {hidden("items", m.items)}
                <button class="small">Confirm</button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
      <h2>At the bank, not matched ({openLines.length})</h2>
      <Table
        caption="Statement lines without a match"
        hideCaption
        stacks
        empty="Every statement line is matched."
        columns={[
          { title: "Date", kind: "code" },
          { title: "Narration" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Step", kind: "action" },
        ]}
        rows={openLines.slice(0, SHOWN).map((l) => {
          const proposed = proposedFor.get(l.id);
          const exception = exceptionOf.get(l.id);
          const usual = proposed?.template ?? exception?.template;
          return {
            cells: [
              formatDate(l.bookedOn),
              <>
                {l.narration} {l.reference !== "" && <span class="code">{l.reference}</span>}{" "}
                {exception && <Badge kind="wait">{exception.kind.replaceAll("-", " ")}</Badge>}
              </>,
              <Amount value={l.amount} />,
              exceptionIds.has(l.id) ? (
                <a href={`${at}/exceptions/${exceptionIds.get(l.id) ?? ""}`}>
                  {usual === undefined ? "Resolve" : kindName(usual)}
                </a>
              ) : (
                ""
              ),
            ],
          };
        })}
      />
      {openLines.length > SHOWN && <p class="quiet">The first {SHOWN} are shown.</p>}
      <h2>In the book, not at the bank ({openItems.length})</h2>
      <Table
        caption="Book items without a match"
        hideCaption
        stacks
        empty="Every item of the bank book is at the bank."
        columns={[
          { title: "Date", kind: "code" },
          { title: "Voucher", kind: "code" },
          { title: "Particulars" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Step", kind: "action" },
        ]}
        rows={openItems.slice(0, SHOWN).map((i) => {
          const exception = exceptionOf.get(i.id);
          return {
            cells: [
              formatDate(i.date),
              "entryId" in i.of ? <a href={`/books/entries/${i.of.entryId}`}>{i.voucher}</a> : i.voucher,
              <>
                {i.text} {i.reference !== "" && <span class="code">{i.reference}</span>}{" "}
                {exception && <Badge kind="wait">{exception.kind.replaceAll("-", " ")}</Badge>}
              </>,
              <Amount value={i.amount} />,
              i.isInRegister && exception?.kind === "stale-cheque" ? (
                <a href="/books/payables/cheques/due">Book as stale</a>
              ) : exceptionIds.has(i.id) ? (
                <a href={`${at}/exceptions/${exceptionIds.get(i.id) ?? ""}`}>Resolve</a>
              ) : (
                ""
              ),
            ],
          };
        })}
      />
      {openItems.length > SHOWN && <p class="quiet">The first {SHOWN} are shown.</p>}
      {canWrite && openLines.length > 0 && openItems.length > 0 && (
        <details>
          <summary>Match by hand</summary>
          <Form view={view} action={`${at}/confirm`} class="panel" label="Match by hand">
            <p>
              Choose lines of the bank and items of the book that belong together; their sums must agree to the paisa.
            </p>
            <div class="two">
              <fieldset>
                <legend>Bank</legend>
                {openLines.slice(0, SHOWN).map((l) => (
                  <label class="choice">
                    <input type="checkbox" name={`l-${l.id}`} value="yes" />
                    <span>
                      <LineCells line={l} />
                    </span>
                  </label>
                ))}
              </fieldset>
              <fieldset>
                <legend>Book</legend>
                {openItems.slice(0, SHOWN).map((i) => (
                  <label class="choice">
                    <input type="checkbox" name={`b-${i.id}`} value="yes" />
                    <span>
                      <ItemCells item={i} />
                    </span>
                  </label>
                ))}
              </fieldset>
            </div>
            <button>Match</button>
          </Form>
        </details>
      )}
      <h2>Statements</h2>
      <Table
        caption="Statements stored"
        hideCaption
        stacks
        empty="No statement was uploaded yet."
        columns={[
          { title: "From" },
          { title: "To" },
          { title: "Opening (₹)", kind: "amount" },
          { title: "Closing (₹)", kind: "amount" },
          { title: "Lines", kind: "amount" },
          { title: "File" },
        ]}
        rows={props.statements.slice(0, 24).map((s) => ({
          cells: [
            formatDate(s.from),
            formatDate(s.to),
            <Amount value={s.opening} />,
            <Amount value={s.closing} />,
            String(s.linesAdded),
            `${s.fileName}, ${formatMoment(s.importedAt)} by ${s.importedBy}`,
          ],
        }))}
      />
    </Books>
  );
}

/** The newest version of each layout. */
const newest = (own: readonly OwnProfile[]): OwnProfile[] => [...new Map(own.map((p) => [p.id, p])).values()];

// ---------------------------------------------------------------- routes

export function bankRoutes(web: FastifyInstance, desk: Desk): void {
  type ByAccount = { Params: { account: string } };

  const look = async (who: Who, account: string) => {
    const found = await desk.read(who, async (read) => {
      const bank = (await listBankAccounts(read)).find((a) => a.account === account);
      return (
        bank && {
          bank,
          statements: await listStatements(read, account),
          found: await knownComparison(read, account),
          layouts: newest(await listOwnProfiles(read)),
          exceptionIds: new Map((await listExceptions(read, { account, limit: 200 })).map((e) => [e.subjectId, e.id])),
        }
      );
    });
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/bank/${account.slice(0, 40)}` });
    return { ...found, canWrite: who.actor.roles.includes("accountant"), today: desk.today() };
  };

  web.get("/books/bank", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const accounts = await desk.read(who, listBankAccounts);
    const [only] = accounts;
    if (only && accounts.length === 1) return reply.redirect(`/books/bank/${only.account}`, 303);
    return send(reply, <BanksPage view={viewOf(request)} accounts={accounts} />);
  });

  const DONE: Readonly<Record<string, string>> = {
    reconcile: "What its reference proves is matched.",
    confirm: "The match is written.",
    "agree-opening": "The opening balance is agreed.",
    columns: "The columns are kept, and the file is imported.",
    discarded: "The file is discarded.",
  };

  web.get<ByAccount>("/books/bank/:account", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(
      reply,
      <BankPage
        view={viewOf(request)}
        {...await look(who, request.params.account)}
        done={DONE[field(request.query, "done")] ?? ""}
      />,
    );
  });

  web.post<ByAccount>("/books/bank/:account/statement", { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const { account } = request.params;
    const upload = await uploadOf(request);
    // The token came among the parts, so it is checked here and not before.
    Object.assign(request, { body: upload.fields });
    desk.session.checkCsrf(request);
    const imported = await attempt(() =>
      desk.write(who, (tx) =>
        importStatement(tx, {
          account,
          csv: upload.content,
          fileName: upload.fileName || "statement.csv",
          ...(field(upload.fields, "profile") === "" ? {} : { profile: field(upload.fields, "profile").slice(0, 40) }),
          ...typedBalances({
            opening: field(upload.fields, "opening").slice(0, 40),
            closing: field(upload.fields, "closing").slice(0, 40),
          }),
        }),
      ),
    );
    const columns =
      imported.ok && imported.value.status === "refused"
        ? await holdUnread(desk, who, account, upload, imported.value.problems[0]?.code)
        : undefined;
    const found = await look(who, account);
    const view = viewOf(request, `/books/bank/${account}`);
    if (!imported.ok)
      return send(reply, <BankPage view={view} {...found} refusal={imported.refusal} />, imported.refusal.status);
    return send(
      reply,
      <BankPage view={view} {...found} report={imported.value} columns={columns} />,
      imported.value.status === "refused" ? 422 : 200,
    );
  });

  const ids = (body: unknown, list: string, prefix: string): string[] => {
    const ticked = Object.keys((body ?? {}) as Record<string, unknown>).flatMap((k) =>
      k.startsWith(prefix) ? [k.slice(prefix.length)] : [],
    );
    return [...field(body, list).split(" ").filter(Boolean), ...ticked].slice(0, 500);
  };
  const steps: Record<
    string,
    (account: string, body: unknown) => (tx: Parameters<Parameters<typeof desk.write>[1]>[0]) => Promise<unknown>
  > = {
    reconcile: (account) => (tx) => reconcileAccount(tx, account),
    confirm: (account, body) => (tx) =>
      acceptMatches(tx, account, [{ lines: ids(body, "lines", "l-"), items: ids(body, "items", "b-") }]),
    "agree-opening": (account) => (tx) => agreeOpening(tx, account),
  };
  for (const [name, step] of Object.entries(steps)) {
    web.post<ByAccount>(`/books/bank/:account/${name}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const { account } = request.params;
      const done = await attempt(() => desk.write(who, step(account, request.body)));
      if (done.ok) return reply.redirect(`/books/bank/${encodeURIComponent(account)}?done=${name}`, 303);
      return send(
        reply,
        <BankPage
          view={viewOf(request, `/books/bank/${account}`)}
          {...await look(who, account)}
          refusal={done.refusal}
        />,
        done.refusal.status,
      );
    });
  }

  columnRoutes(web, desk);
  bankDeskRoutes(web, desk);
}
