import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  addMaster,
  closeMaster,
  getMaster,
  listMaster,
  masterHistory,
  proposeMasterChange,
  renameMaster,
  reopenMaster,
  type ListInput,
  type ListName,
  type MasterChange,
  type MasterVersion,
} from "../../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { apiErrors } from "../../errors.ts";
import { Badge, Facts, Field, Select, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { proposedAddress } from "./accounts.tsx";
import {
  codeOf,
  dayOf,
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
  type Typed,
} from "./frame.tsx";

type Extra = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly kinds?: readonly string[];
};
type ListPage = {
  readonly title: string;
  readonly one: string;
  readonly about: string;
  readonly extras: readonly Extra[];
  /** One person proposes a change, another confirms it. */
  readonly isForTwo: boolean;
};
const PARENT: Extra = { name: "parent", label: "Under", hint: "Code of the one above it; empty if it stands alone" };
const FUND: Extra = { name: "fund", label: "Fund", hint: "Its code, like 01" };

export const LIST_PAGES: { readonly [K in ListName]: ListPage } = {
  functions: {
    title: "Functions",
    one: "function",
    about: "What the money is spent or earned for; compulsory on income and expenditure.",
    extras: [PARENT],
    isForTwo: true,
  },
  funds: {
    title: "Funds",
    one: "fund",
    about: "Whose money it is; every entry balances in each.",
    extras: [],
    isForTwo: true,
  },
  functionaries: {
    title: "Functionaries",
    one: "functionary",
    about: "Departments and officers who answer for the money.",
    extras: [PARENT],
    isForTwo: false,
  },
  fields: {
    title: "Zones and wards",
    one: "field",
    about: "Where it is: zones, wards, localities.",
    extras: [{ name: "kind", label: "Kind", kinds: ["ward", "zone", "locality"] }, PARENT],
    isForTwo: false,
  },
  "fund-sources": {
    title: "Sources of funds",
    one: "source of funds",
    about: "Where the money for a scheme comes from.",
    extras: [],
    isForTwo: false,
  },
  schemes: {
    title: "Schemes",
    one: "scheme",
    about: "Programmes whose money is accounted for by itself.",
    extras: [PARENT, FUND, { name: "source", label: "Source of funds", hint: "Its code, like 09" }],
    isForTwo: false,
  },
  "budget-heads": {
    title: "Budget heads",
    one: "budget head",
    about: "The lines of the budget: ranges of accounts, perhaps of one fund or function.",
    extras: [
      { name: "accountFrom", label: "First account", hint: "A code or the beginning of one: 2305" },
      { name: "accountTo", label: "Last account", hint: "The same code for one head with all below it" },
      { ...FUND, hint: "Empty for all funds" },
      { name: "function", label: "Function", hint: "Empty for all functions" },
    ],
    isForTwo: false,
  },
};

const HOME = "/books/masters/lists";
type Item = Readonly<Record<string, string | boolean | null>> & {
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly isActive: boolean;
  readonly validFrom: LocalDate | null;
  readonly closedFrom: LocalDate | null;
};
const addressOf = (list: ListName, code: string): string => `${HOME}/${list}/${encodeURIComponent(code)}`;
const text = (value: string | boolean | null | undefined): string => (typeof value === "string" ? value : "");

function ListView(props: {
  readonly view: View;
  readonly list: ListName;
  readonly items: readonly Item[];
  readonly search: string;
  readonly offset: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly shown: Shown;
}): VNode {
  const { view, list, search, offset, shown } = props;
  const page = LIST_PAGES[list];
  const { typed } = shown;
  return (
    <MasterFrame view={view} title={page.title} shown={shown}>
      <p>{page.about}</p>
      <SearchForm action={`${HOME}/${list}`} search={search} />
      <Table
        caption={page.title}
        stacks
        empty={search === "" ? `There is no ${page.one} yet.` : `No ${page.one} fits the search.`}
        columns={[
          { title: "Code", kind: "code" },
          { title: "Name" },
          ...page.extras.map((e) => ({ title: e.label })),
          { title: "State" },
        ]}
        rows={props.items.slice(0, PAGE).map((i) => ({
          cells: [
            <a href={addressOf(list, i.code)}>{i.code}</a>,
            i.name,
            ...page.extras.map((e) => text(i[e.name])),
            i.isActive ? "in use" : <Badge kind="bad">closed</Badge>,
          ],
        }))}
      />
      <Pages address={`${HOME}/${list}`} query={{ search }} offset={offset} hasMore={props.items.length > PAGE} />
      {props.canWrite && (
        <Panel
          view={view}
          action={`${HOME}/${list}`}
          title={`Add a ${page.one}`}
          button={page.isForTwo ? "Propose it" : "Add it"}
        >
          {page.isForTwo && <TwoPeople />}
          <Field label="Code" name="code" value={typed?.["code"]} isRequired maxLength={30} />
          <Field label="Name" name="name" value={typed?.["name"]} size="long" isRequired maxLength={200} />
          <Field
            label="Name in the local language"
            name="nameLocal"
            value={typed?.["nameLocal"]}
            size="long"
            maxLength={200}
          />
          {page.extras.map((e) =>
            e.kinds ? (
              <Select
                label={e.label}
                name={e.name}
                value={typed?.[e.name] ?? ""}
                options={e.kinds.map((k) => ({ value: k, label: k }))}
              />
            ) : (
              <Field label={e.label} name={e.name} value={typed?.[e.name]} hint={e.hint} maxLength={30} />
            ),
          )}
          {page.isForTwo && <DayAndReason prefix="add" typed={typed} today={props.today} hasDay={false} />}
        </Panel>
      )}
    </MasterFrame>
  );
}

function ItemView(props: {
  readonly view: View;
  readonly list: ListName;
  readonly item: Item;
  readonly history: readonly MasterVersion[];
  readonly canWrite: boolean;
  readonly today: LocalDate;
  readonly shown: Shown;
}): VNode {
  const { view, list, item, today, shown } = props;
  const page = LIST_PAGES[list];
  const { typed } = shown;
  const action = addressOf(list, item.code);
  const verb = page.isForTwo ? "Propose" : "Save";
  return (
    <MasterFrame
      view={view}
      title={`${page.title}: ${item.code}`}
      trail={[[page.title, `${HOME}/${list}`]]}
      shown={shown}
      heading={
        <>
          {item.code} {item.name} {!item.isActive && <Badge kind="bad">closed</Badge>}
        </>
      }
    >
      <Facts
        facts={[
          ["Name in the local language", item.nameLocal ?? "not given"],
          ...page.extras.map((e) => [e.label, text(item[e.name]) || "none"] as const),
          ["In use from", item.validFrom === null ? "the beginning" : formatDate(item.validFrom)],
          ...(item.closedFrom === null ? [] : [["Closed from", formatDate(item.closedFrom)] as const]),
        ]}
      />
      {props.canWrite && (
        <>
          {page.isForTwo && <TwoPeople />}
          <div class="two">
            <Panel view={view} action={`${action}/rename`} title="Rename" button={`${verb} the name`}>
              <Field
                label="New name"
                name="name"
                value={typed?.["name"] ?? item.name}
                size="long"
                isRequired
                maxLength={200}
              />
              <DayAndReason prefix="rename" typed={typed} today={today} />
            </Panel>
            <Panel
              view={view}
              action={`${action}/${item.isActive ? "close" : "reopen"}`}
              title={item.isActive ? "Close" : "Open again"}
              button={item.isActive ? "Close it" : "Open it"}
              isDanger={item.isActive}
            >
              <p>
                {item.isActive ? "It is offered no more, and stays in all books of the past." : "It is offered again."}
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

export function listRoutes(web: FastifyInstance, desk: Desk): void {
  type ByList = { Params: { list: string } };
  type ByCode = { Params: { list: string; code: string } };
  const known = (list: string): ListName => {
    if (!Object.hasOwn(LIST_PAGES, list)) throw apiErrors.PAGE_NOT_FOUND({ path: `${HOME}/${list.slice(0, 40)}` });
    return list as ListName;
  };
  const showList = async (who: Who, view: View, list: ListName, query: unknown, shown: Shown): Promise<VNode> => {
    const search = field(query, "search").slice(0, 80);
    const offset = offsetOf(query);
    const items = await desk.read(who, (read) => listMaster(read, list, { search, offset, limit: PAGE + 1 }));
    return (
      <ListView
        view={view}
        list={list}
        items={items}
        search={search}
        offset={offset}
        canWrite={hasRole(who, "admin")}
        today={desk.today()}
        shown={shown}
      />
    );
  };
  const showItem = async (who: Who, view: View, list: ListName, code: string, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => ({
      item: (await getMaster(read, list, code)) as unknown as Item,
      history: await masterHistory(read, list, code),
    }));
    return (
      <ItemView
        view={view}
        list={list}
        {...found}
        canWrite={hasRole(who, "admin")}
        today={desk.today()}
        shown={shown}
      />
    );
  };
  /** Makes the change, or proposes it where two people are needed; gives the address to go to. */
  const make = (who: Who, list: ListName, change: MasterChange, reason: string, code: string, direct: Direct) =>
    attempt(() =>
      desk.write(who, async (tx) => {
        if (LIST_PAGES[list].isForTwo) return proposedAddress((await proposeMasterChange(tx, change, reason)).summary);
        await direct(tx);
        return addressOf(list, code);
      }),
    );

  web.get<ByList>(`${HOME}/:list`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await showList(who, viewOf(request), known(request.params.list), request.query, {}));
  });

  web.post<ByList>(`${HOME}/:list`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const list = known(request.params.list);
    const extras = LIST_PAGES[list].extras;
    const typed = typedOf(request.body, ["code", "name", "nameLocal", "add-reason", ...extras.map((e) => e.name)]);
    const item = inputOf(typed, extras);
    const code = item["code"] ?? "";
    const done = await make(
      who,
      list,
      { kind: "add-item", list, code, item },
      typed["add-reason"] ?? "",
      code,
      // Which fields a list needs is judged by addMaster.
      (tx) => addMaster(tx, list, item as unknown as ListInput<ListName>),
    );
    if (done.ok) return reply.redirect(done.value, 303);
    const page = await showList(who, viewOf(request, `${HOME}/${list}`), list, {}, { ...done, typed });
    return send(reply, page, done.refusal.status);
  });

  web.get<ByCode>(`${HOME}/:list/:code`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { list, code } = request.params;
    return send(reply, await showItem(who, viewOf(request), known(list), code.slice(0, 40), {}));
  });

  for (const step of ["rename", "close", "reopen"] as const) {
    web.post<ByCode>(`${HOME}/:list/:code/${step}`, async (request, reply) => {
      const who = desk.need(request, "admin");
      const list = known(request.params.list);
      const code = request.params.code.slice(0, 40);
      const typed = typedOf(request.body, ["name", "rename-from", "rename-reason", "close-from", "close-reason"]);
      const prefix = step === "rename" ? "rename" : "close";
      const day = typed[`${prefix}-from`] || undefined;
      const reason = typed[`${prefix}-reason`] ?? "";
      const name = typed["name"] ?? "";
      const since = day === undefined ? {} : { from: day };
      const done = await make(
        who,
        list,
        step === "rename"
          ? { kind: "rename-item", list, code, name, ...since }
          : { kind: `${step}-item`, list, code, ...since },
        reason,
        code,
        (tx) => {
          const change = { from: dayOf(day), reason };
          if (step === "rename") return renameMaster(tx, list, code, { name }, change);
          return step === "close" ? closeMaster(tx, list, code, change) : reopenMaster(tx, list, code, change);
        },
      );
      if (done.ok) return reply.redirect(done.value, 303);
      const page = await showItem(who, viewOf(request, addressOf(list, code)), list, code, { ...done, typed });
      return send(reply, page, done.refusal.status);
    });
  }
}

type Direct = (tx: Parameters<Parameters<Desk["write"]>[1]>[0]) => Promise<unknown>;

/** What was filled in; lists of codes give the code that comes first ("01 General Fund"). */
function inputOf(typed: Typed, extras: readonly Extra[]): Record<string, string> {
  const { "add-reason": _reason, ...rest } = typed;
  const given = filled(rest);
  for (const e of extras) if (given[e.name] !== undefined) given[e.name] = codeOf(given[e.name]);
  return given;
}
