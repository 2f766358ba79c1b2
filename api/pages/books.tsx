import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  accountStatement,
  dayBook,
  draftReversal,
  getEntry,
  isReversible,
  listPeriods,
  listVouchers,
  reversalReasons,
  submitVoucher,
  trialBalance,
  trialBalanceTotals,
  type AccountStatement,
  type Entry,
  type PeriodStatus,
  type ReversalReason,
  type StatementCursor,
  type TrialBalanceRow,
} from "../../ledger/index.ts";
import { openTasks, type Task } from "../../collections/index.ts";
import { formatDate, formatMoment, localDate, periodEnd, periodName, periodStart } from "../../ledger/kernel/dates.ts";
import { formatIndian, formatStatement, paise, subtract, type Paise } from "../../ledger/kernel/money.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { openExceptions, type OpenException } from "../../reconciliation/index.ts";
import { allTies, type Tie } from "../../reports/index.ts";
import { apiErrors } from "../errors.ts";
import { Books, Files, RangeForm, rangeField, rangeQuery, type Range } from "./books-frame.tsx";
import {
  Amount,
  Badge,
  Crumbs,
  Facts,
  Field,
  Flash,
  Form,
  Mark,
  Pagination,
  Refused,
  Select,
  Table,
} from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const PAGE = 100;
const LINES = 200;

// ---------------------------------------------------------------- overview

function figure(tie: Tie, value: bigint): string {
  return tie.unit === "count" ? String(value) : formatStatement(paise(value));
}

export function TieTable({ ties, caption }: { readonly ties: readonly Tie[]; readonly caption: string }): VNode {
  return (
    <Table
      caption={caption}
      hideCaption
      columns={[
        { title: "Tie" },
        { title: "Books", kind: "amount" },
        { title: "Register", kind: "amount" },
        { title: "Difference", kind: "amount" },
        { title: "Result" },
      ]}
      rows={ties.map((tie) => ({
        cells: [
          tie.name,
          figure(tie, tie.left),
          figure(tie, tie.right),
          figure(tie, tie.difference),
          <Badge kind={tie.ok ? "good" : "bad"}>{tie.ok ? "equal" : "differs"}</Badge>,
        ],
      }))}
    />
  );
}

export function OverviewPage(props: {
  readonly view: View;
  readonly asOf: string;
  readonly ties: readonly Tie[];
  readonly open: PeriodStatus | undefined;
  readonly drafts: number;
  readonly submitted: number;
  readonly tasks: readonly Task[];
  readonly exceptions: readonly OpenException[];
}): VNode {
  const broken = props.ties.filter((t) => !t.ok);
  return (
    <Books view={props.view} title="Books" tab="overview">
      <h1>Books of {props.view.session.user?.ulb.name}</h1>
      <ul class="cards">
        <li>
          <a class="card figure-card" href="#ties">
            Ties as on {props.asOf}
            <span class={`big ${broken.length === 0 ? "good-text" : "bad-text"}`}>
              <Mark ok={broken.length === 0} />{" "}
              {broken.length === 0
                ? `all ${props.ties.length} hold`
                : `${broken.length} of ${props.ties.length} differ`}
            </span>
          </a>
        </li>
        <li>
          <a class="card figure-card" href="/books/periods">
            First open month
            <span class="big">{props.open ? periodName(props.open.period) : "none"}</span>
          </a>
        </li>
        <li>
          <a class="card figure-card" href="/books/vouchers?status=submitted">
            Vouchers to approve
            <span class="big">{props.submitted}</span>
            <small>{props.drafts} drafts</small>
          </a>
        </li>
        <li>
          <a class="card figure-card" href="/books/tasks">
            Waiting for a person
            <span class="big">{props.tasks.length + props.exceptions.length}</span>
          </a>
        </li>
      </ul>
      <h2 id="ties">Ties</h2>
      {broken.length === 0 ? (
        <Flash>Trial balance, registers, counter, gateway, bank and dashboard agree to the paisa.</Flash>
      ) : (
        <>
          <Flash kind="problem">These pairs of figures must be equal and are not.</Flash>
          <TieTable ties={broken} caption="Ties that do not hold" />
        </>
      )}
      <details>
        <summary>All {props.ties.length} ties</summary>
        <TieTable ties={props.ties} caption="All ties" />
      </details>
      <h2 id="tasks">Waiting for a person</h2>
      <Table
        caption="Tasks"
        hideCaption
        stacks
        empty="Nothing waits."
        columns={[{ title: "Since" }, { title: "What" }, { title: "Message" }]}
        rows={[
          ...props.tasks.map((t) => ({ cells: [formatMoment(t.createdAt), t.kind.replaceAll("-", " "), t.message] })),
          ...props.exceptions.map((e) => ({
            cells: [formatMoment(e.openedAt), `${e.subject}: ${e.kind.replaceAll("-", " ")}`, e.message],
          })),
        ]}
      />
    </Books>
  );
}

// ---------------------------------------------------------------- day book

export function DayBookPage(props: {
  readonly view: View;
  readonly range: Range;
  readonly entries: readonly Entry[];
  readonly next: string | undefined;
  readonly first: string | undefined;
  readonly periods: readonly PeriodStatus[];
}): VNode {
  return (
    <Books view={props.view} title="Day book" tab="day-book">
      <h1>Day book</h1>
      <RangeForm action="/books/day-book" range={props.range} />
      {props.periods.length > 0 && (
        <p class="no-print">
          Month:{" "}
          {props.periods.map((p) => (
            <>
              <a href={`/books/day-book?from=${periodStart(p.period)}&to=${periodEnd(p.period)}`}>
                {periodName(p.period)}
              </a>{" "}
            </>
          ))}
        </p>
      )}
      <Files report="day-book" query={rangeQuery(props.range)} />
      <Table
        caption={`Entries from ${formatDate(props.range.from)} to ${formatDate(props.range.to)}`}
        stacks
        empty="There are no entries in this range."
        columns={[
          { title: "Date", kind: "code" },
          { title: "Entry", kind: "code" },
          { title: "Particulars" },
          { title: "Debit (₹)", kind: "amount" },
          { title: "Credit (₹)", kind: "amount" },
        ]}
        rows={props.entries.flatMap((e) => [
          {
            cells: [
              formatDate(e.date),
              <a href={`/books/entries/${e.id}`}>{e.number}</a>,
              <>
                {e.narration} {e.reversedBy !== null && <Badge kind="wait">reversed</Badge>}
                {e.reverses !== null && <Badge kind="wait">reversal</Badge>}
              </>,
              "",
              "",
            ],
          },
          ...e.lines.map((l) => ({
            cells: [
              "",
              "",
              <span class={l.side === "credit" ? "indent quiet" : "quiet"}>
                {l.account} {l.accountName}
              </span>,
              l.side === "debit" ? <Amount value={l.amount} /> : "",
              l.side === "credit" ? <Amount value={l.amount} /> : "",
            ],
          })),
        ])}
      />
      <Pagination first={props.first} next={props.next} />
    </Books>
  );
}

// ---------------------------------------------------------------- trial balance

export function TrialBalancePage({
  view,
  range,
  rows,
  fund,
}: {
  readonly view: View;
  readonly range: Range;
  readonly rows: readonly TrialBalanceRow[];
  readonly fund: string;
}): VNode {
  const totals = trialBalanceTotals(rows);
  const differences = [
    ["opening", subtract(totals.openDebit, totals.openCredit)],
    ["period", subtract(totals.debit, totals.credit)],
    ["closing", subtract(totals.closeDebit, totals.closeCredit)],
  ] as const;
  const wrong = differences.filter(([, d]) => d !== 0n);
  const cells = (r: Omit<TrialBalanceRow, "code" | "name">) =>
    [r.openDebit, r.openCredit, r.debit, r.credit, r.closeDebit, r.closeCredit].map((v: Paise) => (
      <Amount value={v} blank />
    ));
  const query = `${rangeQuery(range)}${fund === "" ? "" : `&fund=${encodeURIComponent(fund)}`}`;
  return (
    <Books view={view} title="Trial balance" tab="trial-balance">
      <h1>Trial balance</h1>
      <RangeForm action="/books/trial-balance" range={range}>
        <Field label="Fund (all if empty)" name="fund" value={fund} size="short" maxLength={10} />
      </RangeForm>
      {rows.length > 0 &&
        (wrong.length === 0 ? (
          <p class="good-text">
            <Mark ok /> Debits and credits agree: opening, period and closing.
          </p>
        ) : (
          <Flash kind="problem">
            The trial balance does not balance: {wrong.map(([what, d]) => `${what} ${formatStatement(d)}`).join(", ")}.
          </Flash>
        ))}
      <Files report="trial-balance" query={query} />
      <Table
        caption={`${formatDate(range.from)} to ${formatDate(range.to)}, amounts in rupees`}
        stacks
        empty="No account has a balance or a movement in this range."
        columns={[
          { title: "Code", kind: "code" },
          { title: "Account" },
          { title: "Opening Dr", kind: "amount" },
          { title: "Opening Cr", kind: "amount" },
          { title: "Debit", kind: "amount" },
          { title: "Credit", kind: "amount" },
          { title: "Closing Dr", kind: "amount" },
          { title: "Closing Cr", kind: "amount" },
        ]}
        rows={[
          ...rows.map((r) => ({
            cells: [<a href={`/books/accounts/${r.code}?${rangeQuery(range)}`}>{r.code}</a>, r.name, ...cells(r)],
          })),
          ...(rows.length === 0 ? [] : [{ kind: "total" as const, cells: ["", "Total", ...cells(totals)] }]),
        ]}
      />
    </Books>
  );
}

// ---------------------------------------------------------------- account

export function AccountPage(props: {
  readonly view: View;
  readonly range: Range;
  readonly statement: AccountStatement;
  readonly page: number;
}): VNode {
  const { statement, range, page } = props;
  const { account } = statement;
  const side = (v: Paise): VNode => (
    <span class="amount">
      {formatIndian(v < 0n ? paise(-v) : v)} {v === 0n ? "" : v > 0n ? "Dr" : "Cr"}
    </span>
  );
  const here = `/books/accounts/${account.code}?${rangeQuery(range)}`;
  const last = statement.lines.at(-1);
  return (
    <Books view={props.view} title={`${account.code} ${account.name}`} tab="trial-balance">
      <Crumbs trail={[["Trial balance", `/books/trial-balance?${rangeQuery(range)}`]]} />
      <h1>
        {account.code} {account.name}
      </h1>
      <p class="quiet">
        {account.type}
        {account.schedule === null ? "" : ` · schedule ${account.schedule}`}
        {account.isCashBank ? " · cash or bank" : ""}
      </p>
      <RangeForm action={`/books/accounts/${account.code}`} range={range} />
      <Files report="account-ledger" query={`account=${account.code}&${rangeQuery(range)}`} />
      <Table
        caption={`${formatDate(range.from)} to ${formatDate(range.to)}${page > 1 ? `, page ${page}` : ""}`}
        stacks
        columns={[
          { title: "Date", kind: "code" },
          { title: "Entry", kind: "code" },
          { title: "Particulars" },
          { title: "Debit (₹)", kind: "amount" },
          { title: "Credit (₹)", kind: "amount" },
          { title: "Balance (₹)", kind: "amount" },
        ]}
        rows={[
          {
            kind: "total",
            cells: ["", "", page > 1 ? "Brought forward" : "Opening balance", "", "", side(statement.opening)],
          },
          ...statement.lines.map((l) => ({
            cells: [
              formatDate(l.date),
              <a href={`/books/entries/${l.entryId}`}>{l.number}</a>,
              <>
                {l.narration}
                {dimensionsOf(l) !== "" && <small> · {dimensionsOf(l)}</small>}
              </>,
              l.side === "debit" ? <Amount value={l.amount} /> : "",
              l.side === "credit" ? <Amount value={l.amount} /> : "",
              side(l.balance),
            ],
          })),
          {
            kind: "total",
            cells: [
              "",
              "",
              statement.next ? "Carried forward" : "Closing balance",
              "",
              "",
              side(last?.balance ?? statement.opening),
            ],
          },
        ]}
      />
      <Pagination first={page > 1 ? here : undefined} next={statement.next ? `${here}&page=${page + 1}` : undefined} />
    </Books>
  );
}

type Dims = Pick<Entry["lines"][number], "fund" | "function" | "ward" | "functionary" | "party" | "demandYear">;
function dimensionsOf(l: Dims): string {
  return [
    l.demandYear && `demand ${l.demandYear}`,
    l.ward && `ward ${l.ward}`,
    l.function && `function ${l.function}`,
    l.fund !== undefined && l.fund !== "01" && `fund ${l.fund}`,
    l.party && `${l.party.type} ${l.party.id}`,
  ]
    .filter(Boolean)
    .join(", ");
}

// ---------------------------------------------------------------- entry

/** Where the fact of an entry can be looked at. */
function sourceLink(source: Entry["source"]): VNode {
  const text = `${source.type} ${source.id}`;
  const href =
    source.type === "receipt"
      ? `/books/receipts/${source.id}`
      : source.type === "voucher" || source.type === "auto-reversal"
        ? `/books/vouchers/${source.id}`
        : source.type === "reversal"
          ? `/books/entries/${source.id}`
          : undefined;
  return href === undefined ? <>{text}</> : <a href={href}>{text}</a>;
}

export function EntryPage(props: {
  readonly view: View;
  readonly entry: Entry;
  readonly related: { readonly reverses: Entry | undefined; readonly reversedBy: Entry | undefined };
  readonly canReverse: boolean;
  readonly reasons: readonly ReversalReason[];
  readonly typed: { readonly date: string; readonly reason: string; readonly remarks: string };
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, entry, related } = props;
  return (
    <Books view={view} title={`Entry ${entry.number}`} tab="day-book">
      <Crumbs trail={[["Day book", `/books/day-book?from=${entry.date}&to=${entry.date}`]]} />
      <h1>Entry {entry.number}</h1>
      {related.reversedBy && (
        <Flash kind="note">
          This entry was reversed by <a href={`/books/entries/${related.reversedBy.id}`}>{related.reversedBy.number}</a>{" "}
          on {formatDate(related.reversedBy.date)}.
        </Flash>
      )}
      {related.reverses && (
        <Flash kind="note">
          This entry reverses <a href={`/books/entries/${related.reverses.id}`}>{related.reverses.number}</a> of{" "}
          {formatDate(related.reverses.date)}.
        </Flash>
      )}
      <Facts
        facts={[
          ["Voucher", entry.voucher],
          ["Date", formatDate(entry.date)],
          ...(entry.valueDate === entry.date ? [] : [["Value date", formatDate(entry.valueDate)] as const]),
          ["Narration", entry.narration],
          ["Source", sourceLink(entry.source)],
          ["Posted", `${formatMoment(entry.postedAt)} by ${entry.postedBy}`],
        ]}
      />
      <Table
        caption="Lines"
        columns={[
          { title: "Account" },
          { title: "Dimensions" },
          { title: "Debit (₹)", kind: "amount" },
          { title: "Credit (₹)", kind: "amount" },
        ]}
        rows={[
          ...entry.lines.map((l) => ({
            cells: [
              <>
                <a href={`/books/accounts/${l.account}?from=${entry.date}&to=${entry.date}`}>{l.account}</a>{" "}
                {l.accountName}
              </>,
              dimensionsOf(l),
              l.side === "debit" ? <Amount value={l.amount} /> : "",
              l.side === "credit" ? <Amount value={l.amount} /> : "",
            ],
          })),
          {
            kind: "total" as const,
            cells: ["Total", "", <Amount value={entry.total} />, <Amount value={entry.total} />],
          },
        ]}
      />
      {entry.reversedBy === null &&
        entry.reverses === null &&
        (isReversible(entry) ? (
          props.canReverse ? (
            <section class="panel no-print">
              <h2>Reverse this entry</h2>
              <p>An entry is never changed. A voucher with its mirror goes to a checker; both entries stay.</p>
              <Refused refusal={props.refusal} />
              <Form view={view} action={`/books/entries/${entry.id}/reverse`} label="Reverse this entry">
                <div class="filter">
                  <Field label="Date" name="date" type="date" value={props.typed.date} size="short" isRequired />
                  <Select
                    label="Reason"
                    name="reason"
                    value={props.typed.reason}
                    options={props.reasons.map((r) => ({ value: r.code, label: r.name }))}
                  />
                </div>
                <Field
                  label="Remarks"
                  name="remarks"
                  value={props.typed.remarks}
                  hint="An auditor will read it."
                  isRequired
                  size="long"
                  maxLength={300}
                />
                <button class="danger">Send the reversal for approval</button>
              </Form>
            </section>
          ) : (
            <p class="quiet no-print">An accountant asks for its reversal, and a checker approves it.</p>
          )
        ) : (
          <p class="quiet no-print">
            This entry belongs to a {entry.source.type.replaceAll("-", " ")}: it is taken back through that document
            (cancellation, dishonour, refund), so that register and books stay equal.
          </p>
        ))}
    </Books>
  );
}

// ---------------------------------------------------------------- routes

export function booksRoutes(web: FastifyInstance, desk: Desk): void {
  web.get("/books", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const today = desk.today();
    const found = await desk.read(who, async (read) => ({
      ties: await allTies(read, today, "quick"),
      open: (await listPeriods(read)).find((p) => p.status === "open"),
      drafts: (await listVouchers(read, "draft")).length,
      submitted: (await listVouchers(read, "submitted")).length,
      tasks: await openTasks(read),
      exceptions: await openExceptions(read),
    }));
    return send(reply, <OverviewPage view={viewOf(request)} asOf={formatDate(today)} {...found} />);
  });

  web.get("/books/day-book", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const range = rangeField(request.query, desk.today());
    const cursor = /^(\d{4}-\d{2}-\d{2})_(\d{1,19})$/.exec(field(request.query, "after"));
    const after = cursor ? { date: localDate(cursor[1] ?? ""), id: BigInt(cursor[2] ?? "0") } : undefined;
    const found = await desk.read(who, async (read) => ({
      entries: await dayBook(read, { ...range, limit: PAGE + 1, ...(after ? { after } : {}) }),
      periods: (await listPeriods(read)).filter((p) => p.period <= desk.today().slice(0, 7)).slice(-12),
    }));
    const entries = found.entries.slice(0, PAGE);
    const last = entries.at(-1);
    const here = `/books/day-book?${rangeQuery(range)}`;
    return send(
      reply,
      <DayBookPage
        view={viewOf(request)}
        range={range}
        entries={entries}
        periods={found.periods}
        first={after ? here : undefined}
        next={found.entries.length > PAGE && last ? `${here}&after=${last.date}_${last.id}` : undefined}
      />,
    );
  });

  web.get("/books/trial-balance", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const range = rangeField(request.query, desk.today());
    const fund = field(request.query, "fund").slice(0, 10);
    const rows = await desk.read(who, (read) => trialBalance(read, { ...range, fund: fund === "" ? undefined : fund }));
    return send(reply, <TrialBalancePage view={viewOf(request)} range={range} rows={rows} fund={fund} />);
  });

  web.get<{ Params: { code: string } }>("/books/accounts/:code", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const range = rangeField(request.query, desk.today());
    const page = Math.min(Math.max(Number(field(request.query, "page")) || 1, 1), 500);
    const statement = await desk.read(who, async (read) => {
      // The balance at the top of a page is reckoned from the pages before it, never taken from the address.
      const options = { account: request.params.code.slice(0, 20), ...range, limit: LINES };
      let after: StatementCursor | undefined;
      for (let i = 1; i < page; i++) {
        after = (await accountStatement(read, { ...options, after })).next ?? after;
      }
      return accountStatement(read, { ...options, after });
    });
    return send(reply, <AccountPage view={viewOf(request)} range={range} statement={statement} page={page} />);
  });

  const entryOf = async (who: ReturnType<typeof desk.need>, text: string) => {
    if (!/^\d{1,18}$/.test(text)) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/entries/${text.slice(0, 40)}` });
    return desk.read(who, async (read) => {
      const entry = await getEntry(read, BigInt(text));
      return {
        entry,
        reasons: await reversalReasons(read),
        related: {
          reverses: entry.reverses === null ? undefined : await getEntry(read, entry.reverses),
          reversedBy: entry.reversedBy === null ? undefined : await getEntry(read, entry.reversedBy),
        },
      };
    });
  };

  web.get<{ Params: { id: string } }>("/books/entries/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const found = await entryOf(who, request.params.id);
    return send(
      reply,
      <EntryPage
        view={viewOf(request)}
        {...found}
        canReverse={who.actor.roles.includes("accountant")}
        typed={{ date: desk.today(), reason: "", remarks: "" }}
      />,
    );
  });

  web.post<{ Params: { id: string } }>("/books/entries/:id/reverse", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const found = await entryOf(who, request.params.id);
    const typed = {
      date: field(request.body, "date").slice(0, 10),
      reason: field(request.body, "reason").slice(0, 40),
      remarks: field(request.body, "remarks").slice(0, 300),
    };
    const done = await attempt(async () => {
      const date = localDate(typed.date);
      return desk.write(who, async (tx) => {
        const draft = await draftReversal(tx, { ...typed, entryId: found.entry.id, date });
        return submitVoucher(tx, draft.id, draft.version);
      });
    });
    if (done.ok) return reply.redirect(`/books/vouchers/${done.value.id}`, 303);
    return send(
      reply,
      <EntryPage
        view={viewOf(request, `/books/entries/${found.entry.id}`)}
        {...found}
        canReverse
        typed={typed}
        refusal={done.refusal}
      />,
      done.refusal.status,
    );
  });
}
