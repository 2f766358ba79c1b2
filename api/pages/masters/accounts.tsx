import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  getAccount,
  listAccounts,
  masterHistory,
  proposeMasterChange,
  type Account,
  type MasterChange,
  type MasterVersion,
} from "../../../ledger/index.ts";
import type { LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Facts, Field, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import {
  codeOf,
  DayAndReason,
  filled,
  hasRole,
  History,
  MasterFrame,
  offsetOf,
  PAGE,
  Pages,
  Panel,
  SearchForm,
  TwoPeople,
  typedOf,
  type Shown,
} from "./frame.tsx";

const HOME = "/books/masters/accounts";

export function AccountsPage(props: {
  readonly view: View;
  readonly accounts: readonly Account[];
  readonly search: string;
  readonly offset: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly shown?: Shown;
}): VNode {
  const { view, offset, search } = props;
  const typed = props.shown?.typed;
  return (
    <MasterFrame view={view} title="Chart of accounts" shown={props.shown}>
      <SearchForm action={HOME} search={search} />
      <Table
        caption="Accounts"
        stacks
        empty="No account fits the search."
        columns={[
          { title: "Code", kind: "code" },
          { title: "Name" },
          { title: "Type" },
          { title: "Schedule" },
          { title: "State" },
        ]}
        rows={props.accounts.slice(offset, offset + PAGE).map((a) => ({
          cells: [
            <a href={`${HOME}/${a.code}`}>{a.code}</a>,
            a.isPosting ? a.name : <strong>{a.name}</strong>,
            a.type,
            a.schedule ?? "",
            a.isActive ? a.isPosting ? "in use" : "heading" : <Badge kind="bad">closed</Badge>,
          ],
        }))}
      />
      <Pages address={HOME} query={{ search }} offset={offset} hasMore={props.accounts.length > offset + PAGE} />
      {props.canWrite && (
        <Panel view={view} action={HOME} title="Add an account" button="Propose it">
          <TwoPeople />
          <Field
            label="Under"
            name="parent"
            value={typed?.["parent"]}
            hint="Code of the minor or major head above it"
            isRequired
            maxLength={10}
          />
          <Field
            label="Code"
            name="code"
            value={typed?.["code"]}
            hint="Begins with the code above it: 5 digits for a minor head, 7 for a detailed one"
            isNumeric
            isRequired
            maxLength={10}
          />
          <Field label="Name" name="name" value={typed?.["name"]} size="long" isRequired maxLength={200} />
          <Field
            label="Name in the local language"
            name="nameLocal"
            value={typed?.["nameLocal"]}
            size="long"
            maxLength={200}
          />
          <DayAndReason prefix="add" typed={typed} today={props.today} hasDay={false} />
        </Panel>
      )}
    </MasterFrame>
  );
}

export function AccountPage(props: {
  readonly view: View;
  readonly account: Account;
  readonly history: readonly MasterVersion[];
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly shown?: Shown;
}): VNode {
  const { view, account: a, today } = props;
  const typed = props.shown?.typed;
  const action = `${HOME}/${a.code}`;
  return (
    <MasterFrame
      view={view}
      title={`Account ${a.code}`}
      trail={[["Chart of accounts", HOME]]}
      shown={props.shown}
      heading={
        <>
          {a.code} {a.name} {!a.isActive && <Badge kind="bad">closed</Badge>}
        </>
      }
    >
      <Facts
        facts={[
          ["Name in the local language", a.nameLocal ?? "not given"],
          ["Under", a.parent === null ? "the chart" : <a href={`${HOME}/${a.parent}`}>{a.parent}</a>],
          ["Type", a.type],
          ["Normal side", a.normalSide],
          ["Schedule", a.schedule ?? "none"],
          ["Posted to", a.isPosting ? <a href={`/books/accounts/${a.code}`}>its ledger</a> : "no, it is a heading"],
          ["Cash or bank", a.isCashBank ? "yes" : "no"],
          ["Needs a function", a.needsFunction ? "yes" : "no"],
        ]}
      />
      {props.canWrite && (
        <>
          <TwoPeople />
          <div class="two">
            <Panel view={view} action={`${action}/rename`} title="Rename" button="Propose the name">
              <Field
                label="New name"
                name="name"
                value={typed?.["name"] ?? a.name}
                size="long"
                isRequired
                maxLength={200}
              />
              <DayAndReason prefix="rename" typed={typed} today={today} />
            </Panel>
            <Panel
              view={view}
              action={`${action}/${a.isActive ? "close" : "reopen"}`}
              title={a.isActive ? "Close" : "Open again"}
              button={a.isActive ? "Propose to close it" : "Propose to open it"}
              isDanger={a.isActive}
            >
              <p>
                {a.isActive
                  ? "Nothing may be left on it. It stays in the chart and in all statements of the years in which it was used."
                  : "It is posted to again."}
              </p>
              <DayAndReason prefix="close" typed={typed} today={today} />
            </Panel>
          </div>
        </>
      )}
      <History versions={props.history} />
    </MasterFrame>
  );
}

export function accountRoutes(web: FastifyInstance, desk: Desk): void {
  type ByCode = { Params: { code: string } };
  const listed = (who: Who, search: string): Promise<Account[]> =>
    desk.read(who, async (read) => {
      const wanted = search.toLowerCase();
      return (await listAccounts(read)).filter(
        (a) => a.code.startsWith(search) || `${a.name} ${a.nameLocal ?? ""}`.toLowerCase().includes(wanted),
      );
    });
  const list = async (who: Who, view: View, query: unknown, shown: Shown): Promise<VNode> => {
    const search = field(query, "search").slice(0, 80);
    return (
      <AccountsPage
        view={view}
        accounts={await listed(who, search)}
        search={search}
        offset={offsetOf(query)}
        canWrite={hasRole(who, "admin")}
        today={desk.today()}
        shown={shown}
      />
    );
  };
  const one = async (who: Who, view: View, code: string, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => ({
      account: await getAccount(read, code.slice(0, 20)),
      history: await masterHistory(read, "accounts", code.slice(0, 20)),
    }));
    return <AccountPage view={view} {...found} canWrite={hasRole(who, "admin")} today={desk.today()} shown={shown} />;
  };

  web.get(HOME, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const shown = { done: field(request.query, "done").slice(0, 200) };
    return send(reply, await list(who, viewOf(request), request.query, shown));
  });

  web.post(HOME, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = typedOf(request.body, ["parent", "code", "name", "nameLocal", "add-reason"]);
    const { "add-reason": reason = "", parent, ...rest } = typed;
    const change = { kind: "add-account", ...filled(rest), parent: codeOf(parent) } as MasterChange;
    const proposed = await attempt(() => desk.write(who, (tx) => proposeMasterChange(tx, change, reason)));
    if (proposed.ok) return reply.redirect(proposedAddress(proposed.value.summary), 303);
    return send(reply, await list(who, viewOf(request, HOME), {}, { ...proposed, typed }), proposed.refusal.status);
  });

  web.get<ByCode>(`${HOME}/:code`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await one(who, viewOf(request), request.params.code, {}));
  });

  for (const step of ["rename", "close", "reopen"] as const) {
    web.post<ByCode>(`${HOME}/:code/${step}`, async (request, reply) => {
      const who = desk.need(request, "admin");
      const code = request.params.code.slice(0, 20);
      const typed = typedOf(request.body, ["name", "rename-from", "rename-reason", "close-from", "close-reason"]);
      const prefix = step === "rename" ? "rename" : "close";
      const from = typed[`${prefix}-from`] || undefined;
      const since = from === undefined ? {} : { from };
      const change: MasterChange =
        step === "rename"
          ? { kind: "rename-account", code, name: typed["name"] ?? "", ...since }
          : { kind: `${step}-account`, code, ...since };
      const reason = typed[`${prefix}-reason`] ?? "";
      const proposed = await attempt(() => desk.write(who, (tx) => proposeMasterChange(tx, change, reason)));
      if (proposed.ok) return reply.redirect(proposedAddress(proposed.value.summary), 303);
      const page = await one(who, viewOf(request, `${HOME}/${code}`), code, { ...proposed, typed });
      return send(reply, page, proposed.refusal.status);
    });
  }
}

/** Where a proposal leads: the list in which the second person finds it. */
export const proposedAddress = (summary: string): string =>
  `/books/masters/changes?done=${encodeURIComponent(`Proposed: ${summary}.`)}`;
