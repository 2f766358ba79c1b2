import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  addParty,
  changeParty,
  getParty,
  listParties,
  masterHistory,
  PARTY_TYPES,
  setPartyEnd,
  setPartyStatus,
  similarParties,
  type MasterVersion,
  type Party,
  type PartyDetails,
  type PartyStatus,
  type PartyType,
} from "../../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { apiErrors } from "../../errors.ts";
import { Badge, Facts, Field, Flash, Form, Select, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import {
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
  typedOf,
  type Shown,
  type Typed,
} from "./frame.tsx";

const HOME = "/books/masters/parties";
const KIND: Record<PartyStatus, "good" | "wait" | "bad"> = { active: "good", suspended: "wait", blacklisted: "bad" };
const TYPE_OPTIONS = PARTY_TYPES.map((t) => ({ value: t, label: t.replace("-", " ") }));

const DETAILS: readonly {
  readonly name: Exclude<keyof PartyDetails, "details">;
  readonly label: string;
  readonly hint?: string;
}[] = [
  { name: "name", label: "Name" },
  { name: "nameLocal", label: "Name in the local language" },
  { name: "pan", label: "PAN", hint: "Like AAACT1234F" },
  { name: "gstin", label: "GSTIN", hint: "15 characters; it holds the PAN" },
  { name: "bankAccount", label: "Bank account number" },
  { name: "bankIfsc", label: "IFSC", hint: "Like SBIN0001234" },
  { name: "bankName", label: "Bank and branch" },
  { name: "address", label: "Address" },
  { name: "mobile", label: "Mobile number", hint: "10 digits" },
  { name: "email", label: "E-mail" },
];
const DETAIL_NAMES = DETAILS.map((d) => d.name);
const addressOf = (p: Pick<Party, "type" | "id">): string => `${HOME}/${p.type}/${encodeURIComponent(p.id)}`;
const detailsOf = (typed: Typed): PartyDetails => {
  const given = filled(Object.fromEntries(DETAIL_NAMES.map((n) => [n, typed[n] ?? ""])));
  return { ...given, name: given["name"] ?? "" };
};

function DetailFields({ typed }: { readonly typed: Typed | undefined }): VNode {
  return (
    <>
      {DETAILS.map((d) => (
        <Field
          label={d.label}
          name={d.name}
          value={typed?.[d.name]}
          hint={d.hint}
          isRequired={d.name === "name"}
          {...(["name", "nameLocal", "address"].includes(d.name) ? { size: "long" as const } : {})}
          maxLength={200}
        />
      ))}
    </>
  );
}

function PartiesPage(props: {
  readonly view: View;
  readonly parties: readonly Party[];
  readonly query: Typed;
  readonly offset: number;
  readonly canWrite: boolean;
  readonly shown: Shown;
}): VNode {
  const { view, query } = props;
  return (
    <MasterFrame view={view} title="Parties" shown={props.shown}>
      <SearchForm action={HOME} search={query["search"] ?? ""}>
        <Select
          label="Kind"
          name="type"
          value={query["type"] ?? ""}
          options={[{ value: "", label: "all" }, ...TYPE_OPTIONS]}
        />
        <Select
          label="Status"
          name="status"
          value={query["status"] ?? ""}
          options={["", "active", "suspended", "blacklisted"].map((s) => ({ value: s, label: s === "" ? "all" : s }))}
        />
        {props.canWrite && (
          <a class="button" href={`${HOME}/new`}>
            New party
          </a>
        )}
      </SearchForm>
      <Table
        caption="Parties"
        stacks
        empty="No party fits."
        columns={[
          { title: "Code", kind: "code" },
          { title: "Name" },
          { title: "Kind" },
          { title: "PAN" },
          { title: "GSTIN" },
          { title: "Status" },
        ]}
        rows={props.parties.slice(0, PAGE).map((p) => ({
          cells: [
            <a href={addressOf(p)}>{p.id}</a>,
            p.name,
            p.type.replace("-", " "),
            p.pan ?? "",
            p.gstin ?? "",
            <>
              <Badge kind={KIND[p.status]}>{p.status}</Badge> {p.validTo !== null && <>left {formatDate(p.validTo)}</>}
            </>,
          ],
        }))}
      />
      <Pages address={HOME} query={query} offset={props.offset} hasMore={props.parties.length > PAGE} />
    </MasterFrame>
  );
}

function NewPartyPage(props: {
  readonly view: View;
  readonly shown: Shown;
  /** Those who have the same PAN, GSTIN or bank account. */
  readonly alike: readonly Party[];
}): VNode {
  const { view, shown, alike } = props;
  const { typed } = shown;
  return (
    <MasterFrame view={view} title="New party" trail={[["Parties", HOME]]} shown={shown}>
      {alike.length > 0 && (
        <Flash kind="problem">
          The same PAN, GSTIN or bank account belongs to{" "}
          {alike.map((p, i) => (
            <>
              {i > 0 && ", "}
              <a href={addressOf(p)}>
                {p.id} {p.name}
              </a>{" "}
              ({p.status})
            </>
          ))}
          . If it is another one all the same, add it below.
        </Flash>
      )}
      <Form view={view} action={HOME} label="New party">
        {alike.length > 0 && <input type="hidden" name="alike" value="seen" />}
        <Select label="Kind" name="type" value={typed?.["type"] ?? "contractor"} options={TYPE_OPTIONS} />
        <Field label="Code" name="id" value={typed?.["id"]} hint="Empty for the next free one" maxLength={30} />
        <DetailFields typed={typed} />
        <button>{alike.length > 0 ? "Add it all the same" : "Add it"}</button>
      </Form>
    </MasterFrame>
  );
}

function PartyPage(props: {
  readonly view: View;
  readonly party: Party;
  readonly history: readonly MasterVersion[];
  readonly alike: readonly Party[];
  readonly canWrite: boolean;
  readonly canBar: boolean;
  readonly today: LocalDate;
  readonly shown: Shown;
}): VNode {
  const { view, party: p, today, shown } = props;
  const { typed } = shown;
  const action = addressOf(p);
  const current: Typed = Object.fromEntries(DETAIL_NAMES.map((n) => [n, typeof p[n] === "string" ? p[n] : ""]));
  return (
    <MasterFrame
      view={view}
      title={`${p.id} ${p.name}`}
      trail={[["Parties", HOME]]}
      shown={shown}
      heading={
        <>
          {p.id} {p.name} <Badge kind={KIND[p.status]}>{p.status}</Badge>
        </>
      }
    >
      {props.alike.length > 0 && (
        <Flash kind="note">
          Has the same PAN, GSTIN or bank account as{" "}
          {props.alike.map((a) => `${a.id} ${a.name} (${a.type})`).join(", ")}.
        </Flash>
      )}
      <Facts
        facts={[
          ["Kind", p.type.replace("-", " ")],
          ...DETAILS.slice(1).map((d) => [d.label, current[d.name] || "not given"] as const),
          ["Party from", formatDate(p.validFrom)],
          ...(p.validTo === null ? [] : [["Until", formatDate(p.validTo)] as const]),
          ...(p.statusFrom === null ? [] : [[`${p.status} from`, formatDate(p.statusFrom)] as const]),
          ...(p.statusReason === null ? [] : [["Because", p.statusReason] as const]),
        ]}
      />
      {props.canWrite && (
        <div class="two">
          <Panel view={view} action={`${action}/change`} title="Change the details" button="Save">
            <DetailFields typed={typed?.["name"] === undefined ? current : typed} />
            <DayAndReason prefix="change" typed={typed} today={today} />
          </Panel>
          {props.canBar && (
            <div>
              <Panel
                view={view}
                action={`${action}/status`}
                title="Suspend or blacklist"
                button="Save the status"
                isDanger
              >
                <Select
                  label="Status"
                  name="status"
                  value={typed?.["status"] ?? p.status}
                  options={["active", "suspended", "blacklisted"].map((s) => ({ value: s, label: s }))}
                />
                <DayAndReason prefix="status" typed={typed} today={today} />
              </Panel>
              <Panel view={view} action={`${action}/end`} title="Last day" button="Save the last day">
                <Field
                  label="Last day as a party"
                  name="last"
                  type="date"
                  value={typed?.["last"] ?? p.validTo ?? ""}
                  hint="Empty: no end"
                />
                <DayAndReason prefix="end" typed={typed} today={today} hasDay={false} />
              </Panel>
            </div>
          )}
        </div>
      )}
      <History versions={props.history} />
    </MasterFrame>
  );
}

export function partyRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { type: string; id: string } };
  const typeOf = (type: string): PartyType => {
    const found = PARTY_TYPES.find((t) => t === type);
    if (!found) throw apiErrors.PAGE_NOT_FOUND({ path: `${HOME}/${type.slice(0, 40)}` });
    return found;
  };
  const show = async (who: Who, view: View, type: PartyType, id: string, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => {
      const party = await getParty(read, type, id);
      const alike = await similarParties(read, {
        pan: party.pan ?? undefined,
        gstin: party.gstin ?? undefined,
        bankAccount: party.bankAccount ?? undefined,
      });
      return {
        party,
        alike: alike.filter((a) => a.type !== type || a.id !== id),
        history: await masterHistory(read, "parties", `${type}/${id}`),
      };
    });
    return (
      <PartyPage
        view={view}
        {...found}
        canWrite={hasRole(who, "admin", "accountant")}
        canBar={hasRole(who, "admin")}
        today={desk.today()}
        shown={shown}
      />
    );
  };

  web.get(HOME, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const query = typedOf(request.query, ["search", "type", "status"]);
    const offset = offsetOf(request.query);
    const type = PARTY_TYPES.find((t) => t === query["type"]);
    const status = (Object.keys(KIND) as PartyStatus[]).find((s) => s === query["status"]);
    const parties = await desk.read(who, (read) =>
      listParties(read, { search: query["search"], type, status, offset, limit: PAGE + 1 }),
    );
    return send(
      reply,
      <PartiesPage
        view={viewOf(request)}
        parties={parties}
        query={query}
        offset={offset}
        canWrite={hasRole(who, "admin", "accountant")}
        shown={{}}
      />,
    );
  });

  web.get(`${HOME}/new`, async (request, reply) => {
    desk.need(request, "admin", "accountant");
    return send(reply, <NewPartyPage view={viewOf(request)} shown={{}} alike={[]} />);
  });

  web.post(HOME, async (request, reply) => {
    const who = desk.need(request, "admin", "accountant");
    const typed = typedOf(request.body, ["type", "id", ...DETAIL_NAMES]);
    const details = detailsOf(typed);
    const again = (shown: Shown, alike: readonly Party[], status: number) =>
      send(reply, <NewPartyPage view={viewOf(request, `${HOME}/new`)} shown={shown} alike={alike} />, status);
    const alike = await desk.read(who, (read) => similarParties(read, details));
    if (alike.length > 0 && field(request.body, "alike") !== "seen") return again({ typed }, alike, 409);
    const added = await attempt(() =>
      desk.write(who, (tx) =>
        addParty(tx, { ...details, type: typeOf(typed["type"] ?? ""), id: typed["id"] || undefined }),
      ),
    );
    return added.ok
      ? reply.redirect(addressOf(added.value), 303)
      : again({ ...added, typed }, alike, added.refusal.status);
  });

  web.get<ById>(`${HOME}/:type/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { type, id } = request.params;
    return send(reply, await show(who, viewOf(request), typeOf(type), id.slice(0, 40), {}));
  });

  for (const step of ["change", "status", "end"] as const) {
    web.post<ById>(`${HOME}/:type/:id/${step}`, async (request, reply) => {
      const who = step === "change" ? desk.need(request, "admin", "accountant") : desk.need(request, "admin");
      const type = typeOf(request.params.type);
      const id = request.params.id.slice(0, 40);
      const names = [...(step === "change" ? DETAIL_NAMES : []), "status", "last", `${step}-from`, `${step}-reason`];
      const typed = typedOf(request.body, names);
      const done = await attempt(() => {
        const change = { from: dayOf(typed[`${step}-from`]), reason: typed[`${step}-reason`] ?? "" };
        return desk.write(who, (tx) => {
          if (step === "change") return changeParty(tx, type, id, detailsOf(typed), change);
          if (step === "end") return setPartyEnd(tx, type, id, dayOf(typed["last"]), change);
          const status = (Object.keys(KIND) as PartyStatus[]).find((s) => s === typed["status"]) ?? "active";
          return setPartyStatus(tx, type, id, status, change);
        });
      });
      if (done.ok) return reply.redirect(addressOf({ type, id }), 303);
      const page = await show(who, viewOf(request, addressOf({ type, id })), type, id, { ...done, typed });
      return send(reply, page, done.refusal.status);
    });
  }
}
