import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  addBankBook,
  addChequeBook,
  closeBankBook,
  getBankBook,
  listAccounts,
  listBankBooks,
  listChequeBooks,
  masterHistory,
  setChequeBookStatus,
  type Account,
  type BankBook,
  type ChequeBook,
  type ChequeBookStatus,
  type MasterVersion,
} from "../../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Facts, Field, Form, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import {
  codeOf,
  dayOf,
  DayAndReason,
  filled,
  hasRole,
  History,
  MasterFrame,
  Panel,
  typedOf,
  type Shown,
} from "./frame.tsx";

const HOME = "/books/masters/banks";
const KIND: Record<ChequeBookStatus, "plain" | "good" | "wait" | "bad"> = {
  "in-stock": "wait",
  "in-use": "good",
  finished: "plain",
  cancelled: "bad",
};

function BanksPage(props: {
  readonly view: View;
  readonly banks: readonly BankBook[];
  readonly heads: readonly Account[];
  readonly canWrite: boolean;
  readonly shown: Shown;
}): VNode {
  const { view } = props;
  const { typed } = props.shown;
  return (
    <MasterFrame view={view} title="Bank accounts and cheque books" shown={props.shown}>
      <Table
        caption="Bank accounts"
        stacks
        empty="No bank account is there yet."
        columns={[
          { title: "Account", kind: "code" },
          { title: "Bank" },
          { title: "Number" },
          { title: "Fund" },
          { title: "Scheme" },
          { title: "State" },
        ]}
        rows={props.banks.map((b) => ({
          cells: [
            <a href={`${HOME}/${b.account}`}>{b.account}</a>,
            `${b.bank}${b.branch === null ? "" : `, ${b.branch}`}`,
            b.numberMasked,
            b.fund,
            b.scheme ?? "",
            b.isActive ? "in use" : <Badge kind="bad">closed</Badge>,
          ],
        }))}
      />
      {props.canWrite && (
        <Panel view={view} action={HOME} title="Add a bank account" button="Add it">
          <Field
            label="Account"
            name="account"
            value={typed?.["account"]}
            hint="The detailed head of 450 under which it stands in the books"
            list="heads"
            isRequired
            maxLength={80}
          />
          <datalist id="heads">
            {props.heads.map((a) => (
              <option value={`${a.code} ${a.name}`} />
            ))}
          </datalist>
          <Field label="Bank" name="bank" value={typed?.["bank"]} isRequired maxLength={100} />
          <Field label="Branch" name="branch" value={typed?.["branch"]} maxLength={100} />
          <Field label="IFSC" name="ifsc" value={typed?.["ifsc"]} hint="Like SBIN0001234" maxLength={11} />
          <Field
            label="Number"
            name="number"
            value={typed?.["number"]}
            hint="Only its last four characters are kept"
            isRequired
            maxLength={30}
          />
          <Field label="Fund" name="fund" value={typed?.["fund"]} hint="01 if empty" maxLength={30} />
          <Field
            label="Scheme"
            name="scheme"
            value={typed?.["scheme"]}
            hint="If it holds the money of one scheme"
            maxLength={30}
          />
        </Panel>
      )}
    </MasterFrame>
  );
}

function BankPage(props: {
  readonly view: View;
  readonly bank: BankBook;
  readonly books: readonly ChequeBook[];
  readonly history: readonly MasterVersion[];
  readonly who: Who;
  readonly today: LocalDate;
  readonly shown: Shown;
}): VNode {
  const { view, bank, who, today, shown } = props;
  const { typed } = shown;
  const action = `${HOME}/${bank.account}`;
  const canStock = hasRole(who, "admin", "accountant");
  const next = (b: ChequeBook): VNode | string =>
    !canStock || b.status === "finished" || b.status === "cancelled" ? (
      (b.statusReason ?? "")
    ) : (
      <Form view={view} action={`${action}/cheque-books/${b.id}`} class="filter" label={`Book ${b.first} to ${b.last}`}>
        <button class="second small" name="status" value={b.status === "in-stock" ? "in-use" : "finished"}>
          {b.status === "in-stock" ? "Take into use" : "Finished"}
        </button>
        <label>
          Reason
          <input name="reason" maxLength={300} />
        </label>
        <button class="danger small" name="status" value="cancelled">
          Cancel
        </button>
      </Form>
    );
  return (
    <MasterFrame
      view={view}
      title={`${bank.bank} ${bank.account}`}
      trail={[["Bank accounts", HOME]]}
      shown={shown}
      heading={
        <>
          {bank.bank} {bank.numberMasked} {!bank.isActive && <Badge kind="bad">closed</Badge>}
        </>
      }
    >
      <Facts
        facts={[
          ["Account", <a href={`/books/accounts/${bank.account}`}>{`${bank.account} ${bank.accountName}`}</a>],
          ["Branch", bank.branch ?? "not given"],
          ["IFSC", bank.ifsc ?? "not given"],
          ["Fund", bank.fund],
          ["Scheme", bank.scheme ?? "none"],
          ["In use from", formatDate(bank.validFrom)],
          ...(bank.closedFrom === null ? [] : [["Closed from", formatDate(bank.closedFrom)] as const]),
        ]}
      />
      <Table
        caption="Cheque books"
        stacks
        empty="No cheque book of this account is there yet."
        columns={[
          { title: "First leaf", kind: "code" },
          { title: "Last leaf", kind: "code" },
          { title: "Received" },
          { title: "State" },
          { title: "", kind: "action" },
        ]}
        rows={props.books.map((b) => ({
          cells: [
            b.first,
            b.last,
            formatDate(b.receivedOn),
            <Badge kind={KIND[b.status]}>{b.status.replace("-", " ")}</Badge>,
            next(b),
          ],
        }))}
      />
      {bank.isActive && (
        <div class="two">
          {canStock && (
            <Panel view={view} action={`${action}/cheque-books`} title="Add a cheque book" button="Take it into stock">
              <Field
                label="Letters before the number"
                name="prefix"
                value={typed?.["prefix"]}
                hint="Empty if there are none"
                maxLength={10}
              />
              <Field label="First leaf" name="first" value={typed?.["first"]} isNumeric isRequired maxLength={9} />
              <Field label="Last leaf" name="last" value={typed?.["last"]} isNumeric isRequired maxLength={9} />
              <Field label="Received on" name="received" type="date" value={typed?.["received"] ?? today} isRequired />
            </Panel>
          )}
          {hasRole(who, "admin") && (
            <Panel view={view} action={`${action}/close`} title="Close" button="Close it" isDanger>
              <p>Nothing may be left on it, and its cheque books must be finished or cancelled.</p>
              <DayAndReason prefix="close" typed={typed} today={today} />
            </Panel>
          )}
        </div>
      )}
      <History versions={props.history} />
    </MasterFrame>
  );
}

export function bankBookRoutes(web: FastifyInstance, desk: Desk): void {
  type ByAccount = { Params: { account: string } };
  const list = async (who: Who, view: View, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => {
      const banks = await listBankBooks(read);
      const taken = new Set(banks.map((b) => b.account));
      const heads = (await listAccounts(read)).filter(
        (a) => a.isCashBank && a.isPosting && a.isActive && !taken.has(a.code),
      );
      return { banks, heads };
    });
    return <BanksPage view={view} {...found} canWrite={hasRole(who, "admin")} shown={shown} />;
  };
  const one = async (who: Who, view: View, account: string, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => ({
      bank: await getBankBook(read, account),
      books: await listChequeBooks(read, account),
      history: await masterHistory(read, "bank-books", account),
    }));
    return <BankPage view={view} {...found} who={who} today={desk.today()} shown={shown} />;
  };
  const accountOf = (params: { account: string }): string => params.account.slice(0, 20);

  web.get(HOME, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await list(who, viewOf(request), {}));
  });

  web.post(HOME, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = typedOf(request.body, ["account", "bank", "branch", "ifsc", "number", "fund", "scheme"]);
    const { account, bank = "", number = "", fund, scheme, ...rest } = typed;
    const added = await attempt(() =>
      desk.write(who, (tx) =>
        addBankBook(tx, {
          ...filled(rest),
          account: codeOf(account),
          bank,
          number,
          fund: codeOf(fund) || undefined,
          scheme: codeOf(scheme) || undefined,
        }),
      ),
    );
    if (added.ok) return reply.redirect(`${HOME}/${added.value.account}`, 303);
    return send(reply, await list(who, viewOf(request, HOME), { ...added, typed }), added.refusal.status);
  });

  web.get<ByAccount>(`${HOME}/:account`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await one(who, viewOf(request), accountOf(request.params), {}));
  });

  web.post<ByAccount>(`${HOME}/:account/close`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const account = accountOf(request.params);
    const typed = typedOf(request.body, ["close-from", "close-reason"]);
    const done = await attempt(() => {
      const change = { from: dayOf(typed["close-from"]), reason: typed["close-reason"] ?? "" };
      return desk.write(who, (tx) => closeBankBook(tx, account, change));
    });
    if (done.ok) return reply.redirect(`${HOME}/${account}`, 303);
    const page = await one(who, viewOf(request, `${HOME}/${account}`), account, { ...done, typed });
    return send(reply, page, done.refusal.status);
  });

  web.post<ByAccount>(`${HOME}/:account/cheque-books`, async (request, reply) => {
    const who = desk.need(request, "admin", "accountant");
    const account = accountOf(request.params);
    const typed = typedOf(request.body, ["prefix", "first", "last", "received"]);
    const leaf = (text: string | undefined): number => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : Number.NaN);
    const added = await attempt(() =>
      desk.write(who, (tx) =>
        addChequeBook(tx, {
          account,
          prefix: typed["prefix"],
          firstLeaf: leaf(typed["first"]),
          lastLeaf: leaf(typed["last"]),
          receivedOn: dayOf(typed["received"]),
        }),
      ),
    );
    if (added.ok) return reply.redirect(`${HOME}/${account}`, 303);
    const page = await one(who, viewOf(request, `${HOME}/${account}`), account, { ...added, typed });
    return send(reply, page, added.refusal.status);
  });

  web.post<{ Params: { account: string; id: string } }>(`${HOME}/:account/cheque-books/:id`, async (request, reply) => {
    const who = desk.need(request, "admin", "accountant");
    const account = accountOf(request.params);
    const wanted = field(request.body, "status");
    const status = (Object.keys(KIND) as ChequeBookStatus[]).find((s) => s === wanted) ?? "in-stock";
    const done = await attempt(() =>
      desk.write(who, (tx) => setChequeBookStatus(tx, request.params.id, status, field(request.body, "reason"))),
    );
    if (done.ok) return reply.redirect(`${HOME}/${account}`, 303);
    const page = await one(who, viewOf(request, `${HOME}/${account}`), account, done);
    return send(reply, page, done.refusal.status);
  });
}
