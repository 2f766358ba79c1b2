import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  approveVoucher,
  changeVoucher,
  draftVoucher,
  getVoucher,
  listAccounts,
  listVouchers,
  rejectVoucher,
  submitVoucher,
  type Account,
  type Line,
  type Voucher,
  type VoucherInput,
  type VoucherStatus,
} from "../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { defineErrors, type Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatStatement, rupees, subtract, sum, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Select, Table } from "./components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const errors = defineErrors({
  VOUCHER_LINE_TWO_SIDES: {
    status: 422,
    message: (f: { line: number }) => `line ${f.line} has a debit and a credit; write the second on a line of its own`,
  },
  VOUCHER_LINE_INCOMPLETE: {
    status: 422,
    message: (f: { line: number }) => `line ${f.line} needs an account and an amount`,
  },
  VOUCHER_TYPE: { status: 422, message: (f: { type: string }) => `"${f.type}" is not a kind of voucher` },
});

const TYPES = ["journal", "payment", "receipt", "contra"] as const;
const STATUSES = ["draft", "submitted", "approved", "rejected"] as const;
const MAX_LINES = 60;
const KIND = { draft: "plain", submitted: "wait", approved: "good", rejected: "bad" } as const;

export type TypedLine = {
  readonly account: string;
  readonly debit: string;
  readonly credit: string;
  readonly function: string;
  readonly ward: string;
};
export type TypedVoucher = {
  readonly type: string;
  readonly date: string;
  readonly narration: string;
  readonly reference: string;
  readonly fund: string;
  readonly lines: readonly TypedLine[];
};

const EMPTY: TypedLine = { account: "", debit: "", credit: "", function: "", ward: "" };
const isEmpty = (l: TypedLine): boolean => Object.values(l).every((v) => v === "");

/** Fields of the form as they were typed; `rows` says how many lines the form had. */
export function typedVoucher(body: unknown): TypedVoucher {
  const rows = Math.min(Math.max(Number(field(body, "rows")) || 6, 6), MAX_LINES);
  const at = (name: string, i: number, size: number): string => field(body, `${name}-${i}`).slice(0, size);
  return {
    type: field(body, "type").slice(0, 20),
    date: field(body, "date").slice(0, 10),
    narration: field(body, "narration").slice(0, 500),
    reference: field(body, "reference").slice(0, 60),
    fund: field(body, "fund").slice(0, 10),
    lines: Array.from({ length: rows }, (_, i) => ({
      account: at("account", i, 80),
      debit: at("debit", i, 40),
      credit: at("credit", i, 40),
      function: at("function", i, 20),
      ward: at("ward", i, 20),
    })),
  };
}

/** What is typed as the ledger takes it. Raises MONEY_*, DATE_FORMAT, VOUCHER_LINE_*, VOUCHER_TYPE; the ledger judges the rest. */
export function voucherOf(typed: TypedVoucher): VoucherInput {
  const voucher = TYPES.find((t) => t === typed.type);
  if (!voucher) throw errors.VOUCHER_TYPE({ type: typed.type });
  const lines = typed.lines.flatMap((l, i): Line[] => {
    if (isEmpty(l)) return [];
    if (l.debit !== "" && l.credit !== "") throw errors.VOUCHER_LINE_TWO_SIDES({ line: i + 1 });
    // The list offers "4501001 Cash on hand": the code is its first word.
    const account = l.account.split(/\s/)[0] ?? "";
    const amount = l.debit === "" ? l.credit : l.debit;
    if (account === "" || amount === "") throw errors.VOUCHER_LINE_INCOMPLETE({ line: i + 1 });
    return [
      {
        side: l.debit === "" ? "credit" : "debit",
        account,
        amount: rupees(typedAmount(amount)),
        ...(typed.fund === "" ? {} : { fund: typed.fund }),
        ...(l.function === "" ? {} : { function: l.function.split(/\s/)[0] ?? "" }),
        ...(l.ward === "" ? {} : { ward: l.ward }),
      },
    ];
  });
  return {
    voucher,
    date: localDate(typed.date),
    narration: typed.narration,
    ...(typed.reference === "" ? {} : { externalReference: typed.reference }),
    lines,
  };
}

function typedOf(voucher: Voucher): TypedVoucher {
  return {
    type: voucher.voucher,
    date: voucher.date,
    narration: voucher.narration,
    reference: voucher.externalReference ?? "",
    fund: voucher.lines[0]?.fund ?? "",
    lines: voucher.lines.map((l) => ({
      account: l.account,
      debit: l.side === "debit" ? toRupees(l.amount) : "",
      credit: l.side === "credit" ? toRupees(l.amount) : "",
      function: l.function ?? "",
      ward: l.ward ?? "",
    })),
  };
}

const sideTotal = (lines: readonly Line[], side: Line["side"]): Paise =>
  sum(lines.filter((l) => l.side === side).map((l) => l.amount));

// ---------------------------------------------------------------- pages

export function VouchersPage({
  view,
  status,
  vouchers,
  canWrite,
}: {
  readonly view: View;
  readonly status: VoucherStatus;
  readonly vouchers: readonly Voucher[];
  readonly canWrite: boolean;
}): VNode {
  return (
    <Books view={view} title="Vouchers" tab="vouchers">
      <h1>Vouchers</h1>
      <form method="get" action="/books/vouchers" class="filter">
        <Select label="Status" name="status" value={status} options={STATUSES.map((s) => ({ value: s, label: s }))} />
        <button class="second">Show</button>
        {canWrite && (
          <a class="button" href="/books/vouchers/new">
            New voucher
          </a>
        )}
      </form>
      <Table
        caption={`Vouchers: ${status}`}
        stacks
        empty={`There are no vouchers with the status ${status}.`}
        columns={[
          { title: "Date" },
          { title: "Type" },
          { title: "Narration" },
          { title: "Made by" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={vouchers.map((v) => ({
          cells: [
            formatDate(v.date),
            v.voucher,
            <a href={`/books/vouchers/${v.id}`}>{v.narration === "" ? "(no narration)" : v.narration}</a>,
            v.createdBy,
            <Amount value={sideTotal(v.lines, "debit")} />,
          ],
        }))}
      />
      {vouchers.length === 200 && <p class="quiet">The oldest 200 are shown.</p>}
    </Books>
  );
}

export function VoucherForm(props: {
  readonly view: View;
  readonly action: string;
  readonly version?: number;
  readonly typed: TypedVoucher;
  readonly accounts: readonly Account[];
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  const lines = [...typed.lines, ...Array.from({ length: Math.max(6 - typed.lines.length, 0) }, () => EMPTY)];
  const input = (name: keyof TypedLine, i: number, l: TypedLine, label: string, isAmount = false): VNode => (
    <input
      name={`${name}-${i}`}
      aria-label={`${label}, line ${i + 1}`}
      value={l[name]}
      class={isAmount ? "amount" : undefined}
      inputMode={isAmount ? "decimal" : undefined}
      list={name === "account" ? "accounts" : undefined}
      autocomplete="off"
    />
  );
  return (
    <Books view={view} title={props.version === undefined ? "New voucher" : "Change voucher"} tab="vouchers">
      <Crumbs trail={[["Vouchers", "/books/vouchers"]]} />
      <h1>{props.version === undefined ? "New voucher" : "Change the draft"}</h1>
      <Refused refusal={props.refusal} />
      <Form view={view} action={props.action}>
        <input type="hidden" name="rows" value={lines.length} />
        {props.version !== undefined && <input type="hidden" name="version" value={props.version} />}
        <div class="filter">
          <Select label="Type" name="type" value={typed.type} options={TYPES.map((t) => ({ value: t, label: t }))} />
          <Field label="Date" name="date" type="date" value={typed.date} isRequired />
          <Field label="Fund (01 if empty)" name="fund" value={typed.fund} maxLength={10} />
          <Field label="Reference" name="reference" value={typed.reference} maxLength={60} />
        </div>
        <Field
          label="Narration"
          name="narration"
          value={typed.narration}
          hint="What the entry is for"
          size="long"
          isRequired
          maxLength={500}
        />
        <div class="table lines-input" role="region" aria-label="Lines" tabIndex={0}>
          <table>
            <caption>Lines. Income and expenditure (codes 1… and 2…) need a function.</caption>
            <thead>
              <tr>
                <th scope="col">Account</th>
                <th scope="col" class="amount">
                  Debit (₹)
                </th>
                <th scope="col" class="amount">
                  Credit (₹)
                </th>
                <th scope="col">Function</th>
                <th scope="col">Ward</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((l, i) => (
                <tr>
                  <td>{input("account", i, l, "Account")}</td>
                  <td>{input("debit", i, l, "Debit", true)}</td>
                  <td>{input("credit", i, l, "Credit", true)}</td>
                  <td>{input("function", i, l, "Function")}</td>
                  <td>{input("ward", i, l, "Ward")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <datalist id="accounts">
          {props.accounts.map((a) => (
            <option value={`${a.code} ${a.name}`} />
          ))}
        </datalist>
        <div class="actions">
          <button name="then" value="save">
            Save the draft
          </button>
          <button name="then" value="submit" class="second">
            Save and submit for approval
          </button>
          {lines.length < MAX_LINES && (
            <button name="then" value="more" class="second" formNoValidate>
              More lines
            </button>
          )}
        </div>
      </Form>
    </Books>
  );
}

export function VoucherPage(props: {
  readonly view: View;
  readonly voucher: Voucher;
  readonly names: ReadonlyMap<string, string>;
  readonly who: Who;
  readonly refusal?: Refusal | undefined;
  readonly typedReason?: string;
}): VNode {
  const { view, voucher, who } = props;
  const { roles } = who.actor;
  const difference = subtract(sideTotal(voucher.lines, "debit"), sideTotal(voucher.lines, "credit"));
  const isOwn = who.actor.id === voucher.createdBy || who.actor.id === voucher.submittedBy;
  const version = <input type="hidden" name="version" value={voucher.version} />;
  return (
    <Books view={view} title="Voucher" tab="vouchers">
      <Crumbs trail={[["Vouchers", `/books/vouchers?status=${voucher.status}`]]} />
      <h1>
        Voucher <Badge kind={KIND[voucher.status]}>{voucher.status}</Badge>
      </h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["Type", voucher.voucher],
          ["Date", formatDate(voucher.date)],
          ["Narration", voucher.narration],
          ...(voucher.externalReference === undefined ? [] : [["Reference", voucher.externalReference] as const]),
          ["Made by", voucher.createdBy],
          ...(voucher.submittedBy === null ? [] : [["Submitted by", voucher.submittedBy] as const]),
          ...(voucher.decidedBy === null
            ? []
            : [[voucher.status === "rejected" ? "Rejected by" : "Approved by", voucher.decidedBy] as const]),
          ...(voucher.decisionReason === null ? [] : [["Reason", voucher.decisionReason] as const]),
          ...(voucher.entryId === null
            ? []
            : [["Entry", <a href={`/books/entries/${voucher.entryId}`}>in the day book</a>] as const]),
        ]}
      />
      <Table
        caption="Lines"
        empty="No lines yet."
        columns={[
          { title: "Account" },
          { title: "Function" },
          { title: "Ward" },
          { title: "Debit (₹)", kind: "amount" },
          { title: "Credit (₹)", kind: "amount" },
        ]}
        rows={[
          ...voucher.lines.map((l) => ({
            cells: [
              `${l.account} ${props.names.get(l.account) ?? "(not in the chart)"}`,
              l.function ?? "",
              l.ward ?? "",
              l.side === "debit" ? <Amount value={l.amount} /> : "",
              l.side === "credit" ? <Amount value={l.amount} /> : "",
            ],
          })),
          ...(voucher.lines.length === 0
            ? []
            : [
                {
                  kind: "total" as const,
                  cells: [
                    "Total",
                    "",
                    "",
                    <Amount value={sideTotal(voucher.lines, "debit")} />,
                    <Amount value={sideTotal(voucher.lines, "credit")} />,
                  ],
                },
              ]),
        ]}
      />
      {difference !== ZERO && (
        <Flash kind="note">
          Debits less credits: {formatStatement(difference)}. It must be nil before the voucher is submitted.
        </Flash>
      )}
      {voucher.status === "draft" && roles.includes("accountant") && (
        <div class="actions">
          <a class="button second" href={`/books/vouchers/${voucher.id}/edit`}>
            Change
          </a>
          <Form view={view} action={`/books/vouchers/${voucher.id}/submit`}>
            {version}
            <button>Submit for approval</button>
          </Form>
        </div>
      )}
      {voucher.status === "submitted" &&
        (!roles.includes("checker") || isOwn ? (
          <p class="quiet">Another person, a checker, approves or rejects it.</p>
        ) : (
          <div class="two">
            <Form view={view} action={`/books/vouchers/${voucher.id}/approve`} class="panel" label="Approve">
              <h2>Approve</h2>
              <p>Posts the entry and gives it its number.</p>
              {version}
              <button>Approve and post</button>
            </Form>
            <Form view={view} action={`/books/vouchers/${voucher.id}/reject`} class="panel" label="Reject">
              <h2>Reject</h2>
              {version}
              <Field label="Reason" name="reason" value={props.typedReason} isRequired maxLength={300} />
              <button class="danger">Reject</button>
            </Form>
          </div>
        ))}
    </Books>
  );
}

// ---------------------------------------------------------------- routes

export function voucherRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const known = (id: string): string => {
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: `/books/vouchers/${id.slice(0, 60)}` });
    return id;
  };
  const postingAccounts = (who: Who): Promise<Account[]> =>
    desk.read(who, async (read) => (await listAccounts(read)).filter((a) => a.isPosting && a.isActive));
  const versionOf = (body: unknown): number => Number(field(body, "version")) || 0;
  const blank = (today: LocalDate): TypedVoucher => ({
    type: "journal",
    date: today,
    narration: "",
    reference: "",
    fund: "",
    lines: [],
  });

  web.get("/books/vouchers", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "status");
    const status = STATUSES.find((s) => s === asked) ?? (who.actor.roles.includes("checker") ? "submitted" : "draft");
    const vouchers = await desk.read(who, (read) => listVouchers(read, status));
    return send(
      reply,
      <VouchersPage
        view={viewOf(request)}
        status={status}
        vouchers={vouchers}
        canWrite={who.actor.roles.includes("accountant")}
      />,
    );
  });

  web.get("/books/vouchers/new", async (request, reply) => {
    const who = desk.need(request, "accountant");
    return send(
      reply,
      <VoucherForm
        view={viewOf(request)}
        action="/books/vouchers"
        typed={blank(desk.today())}
        accounts={await postingAccounts(who)}
      />,
    );
  });

  /** Saves what was typed; `save` makes the draft or changes it. With "submit" it goes on in the same transaction, or stays as it was. */
  const saving = async (
    who: Who,
    body: unknown,
    save: (input: VoucherInput) => (tx: Parameters<Parameters<typeof desk.write>[1]>[0]) => Promise<Voucher>,
  ) => {
    const typed = typedVoucher(body);
    return attempt(async () => {
      const input = voucherOf(typed);
      return desk.write(who, async (tx) => {
        const draft = await save(input)(tx);
        return field(body, "then") === "submit" ? submitVoucher(tx, draft.id, draft.version) : draft;
      });
    });
  };
  const withMore = (typed: TypedVoucher): TypedVoucher => ({
    ...typed,
    lines: [...typed.lines, ...Array.from({ length: Math.min(6, MAX_LINES - typed.lines.length) }, () => EMPTY)],
  });

  web.post("/books/vouchers", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedVoucher(request.body);
    const view = viewOf(request, "/books/vouchers/new");
    if (field(request.body, "then") === "more") {
      return send(
        reply,
        <VoucherForm
          view={view}
          action="/books/vouchers"
          typed={withMore(typed)}
          accounts={await postingAccounts(who)}
        />,
      );
    }
    const saved = await saving(who, request.body, (input) => (tx) => draftVoucher(tx, input));
    if (saved.ok) return reply.redirect(`/books/vouchers/${saved.value.id}`, 303);
    return send(
      reply,
      <VoucherForm
        view={view}
        action="/books/vouchers"
        typed={typed}
        accounts={await postingAccounts(who)}
        refusal={saved.refusal}
      />,
      saved.refusal.status,
    );
  });

  web.get<ById>("/books/vouchers/:id/edit", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const voucher = await desk.read(who, (read) => getVoucher(read, id));
    if (voucher.status !== "draft") return reply.redirect(`/books/vouchers/${id}`, 303);
    return send(
      reply,
      <VoucherForm
        view={viewOf(request)}
        action={`/books/vouchers/${id}/edit`}
        version={voucher.version}
        typed={typedOf(voucher)}
        accounts={await postingAccounts(who)}
      />,
    );
  });

  web.post<ById>("/books/vouchers/:id/edit", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const version = versionOf(request.body);
    const typed = typedVoucher(request.body);
    const action = `/books/vouchers/${id}/edit`;
    if (field(request.body, "then") === "more") {
      return send(
        reply,
        <VoucherForm
          view={viewOf(request, action)}
          action={action}
          version={version}
          typed={withMore(typed)}
          accounts={await postingAccounts(who)}
        />,
      );
    }
    const saved = await saving(who, request.body, (input) => (tx) => changeVoucher(tx, id, version, input));
    if (saved.ok) return reply.redirect(`/books/vouchers/${id}`, 303);
    return send(
      reply,
      <VoucherForm
        view={viewOf(request, action)}
        action={action}
        version={version}
        typed={typed}
        accounts={await postingAccounts(who)}
        refusal={saved.refusal}
      />,
      saved.refusal.status,
    );
  });

  const show = async (who: Who, id: string) =>
    desk.read(who, async (read) => {
      const voucher = await getVoucher(read, id);
      const used = new Set(voucher.lines.map((l) => l.account));
      const names = new Map((await listAccounts(read)).filter((a) => used.has(a.code)).map((a) => [a.code, a.name]));
      return { voucher, names, who };
    });

  web.get<ById>("/books/vouchers/:id", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <VoucherPage view={viewOf(request)} {...await show(who, known(request.params.id))} />);
  });

  for (const step of ["submit", "approve", "reject"] as const) {
    web.post<ById>(`/books/vouchers/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, step === "submit" ? "accountant" : "checker");
      const id = known(request.params.id);
      const version = versionOf(request.body);
      const reason = field(request.body, "reason").slice(0, 300);
      const done = await attempt(() =>
        desk.write(who, async (tx) => {
          if (step === "submit") await submitVoucher(tx, id, version);
          else if (step === "approve") await approveVoucher(tx, id, version);
          else await rejectVoucher(tx, id, version, reason);
        }),
      );
      if (done.ok) return reply.redirect(`/books/vouchers/${id}`, 303);
      return send(
        reply,
        <VoucherPage
          view={viewOf(request, `/books/vouchers/${id}`)}
          {...await show(who, id)}
          refusal={done.refusal}
          typedReason={reason}
        />,
        done.refusal.status,
      );
    });
  }
}
