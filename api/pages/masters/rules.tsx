import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  listAccounts,
  listEventAccounts,
  listPostingMap,
  listTaxSections,
  proposeMasterChange,
  type Account,
  type EventAccount,
  type MappedKey,
  type MasterChange,
  type TaxSection,
} from "../../../ledger/index.ts";
import { formatDate } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Amount, Badge, Field, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { proposedAddress } from "./accounts.tsx";
import { codeOf, DayAndReason, filled, hasRole, MasterFrame, Panel, TwoPeople, typedOf, type Shown } from "./frame.tsx";

const MAP = "/books/masters/posting-map";
const TAXES = "/books/masters/tax-sections";

function AccountList({ accounts }: { readonly accounts: readonly Account[] }): VNode {
  return (
    <datalist id="accounts">
      {accounts.map((a) => (
        <option value={`${a.code} ${a.name}`} />
      ))}
    </datalist>
  );
}

function MapPage(props: {
  readonly view: View;
  readonly map: readonly MappedKey[];
  readonly events: readonly EventAccount[];
  readonly accounts: readonly Account[];
  readonly canWrite: boolean;
  readonly today: ReturnType<Desk["today"]>;
  readonly shown: Shown;
}): VNode {
  const { view, today } = props;
  const { typed } = props.shown;
  return (
    <MasterFrame view={view} title="Posting map" shown={props.shown}>
      <p>Which account each rule of the books uses in this ULB. What is posted stays where it is.</p>
      <Table
        caption="Posting map"
        stacks
        columns={[
          { title: "What is booked" },
          { title: "Key", kind: "code" },
          { title: "Account" },
          { title: "NMAM's head", kind: "code" },
        ]}
        rows={props.map.map((m) => ({
          cells: [
            m.description,
            <a href={`${MAP}?key=${m.key}`}>{m.key}</a>,
            m.account === null ? (
              <Badge kind="bad">not set</Badge>
            ) : (
              <a href={`/books/masters/accounts/${m.account}`}>{`${m.account} ${m.accountName ?? ""}`}</a>
            ),
            m.account === m.standard ? "the same" : m.standard,
          ],
        }))}
      />
      <Table
        caption="Events booked elsewhere than their template says"
        stacks
        empty="Every event uses the accounts of its template."
        columns={[{ title: "Event", kind: "code" }, { title: "Leg" }, { title: "Account" }]}
        rows={props.events.map((e) => ({
          cells: [
            e.ruleId,
            String(e.leg),
            <a href={`/books/masters/accounts/${e.account}`}>{`${e.account} ${e.accountName}`}</a>,
          ],
        }))}
      />
      {props.canWrite && (
        <>
          <TwoPeople />
          <AccountList accounts={props.accounts} />
          <div class="two">
            <Panel view={view} action={MAP} title="Let a rule use another account" button="Propose it">
              <Select
                label="Rule"
                name="key"
                value={typed?.["key"] ?? ""}
                options={props.map.map((m) => ({ value: m.key, label: `${m.key}: ${m.description}` }))}
              />
              <Field
                label="Account"
                name="account"
                value={typed?.["account"]}
                list="accounts"
                isRequired
                maxLength={120}
              />
              <DayAndReason prefix="map" typed={typed} today={today} hasDay={false} />
            </Panel>
            <Panel view={view} action={`${MAP}/events`} title="Let an event use another account" button="Propose it">
              <Field label="Event" name="rule" value={typed?.["rule"]} hint="Like PT-01" isRequired maxLength={30} />
              <Field
                label="Leg"
                name="leg"
                value={typed?.["leg"]}
                hint="Counted from 1"
                isNumeric
                isRequired
                maxLength={2}
              />
              <Field
                label="Account of the leg"
                name="eventAccount"
                value={typed?.["eventAccount"]}
                list="accounts"
                isRequired
                maxLength={120}
              />
              <DayAndReason prefix="event" typed={typed} today={today} hasDay={false} />
            </Panel>
          </div>
        </>
      )}
    </MasterFrame>
  );
}

function TaxesPage(props: {
  readonly view: View;
  readonly sections: readonly TaxSection[];
  readonly accounts: readonly Account[];
  readonly canWrite: boolean;
  readonly today: ReturnType<Desk["today"]>;
  readonly shown: Shown;
}): VNode {
  const { view, today } = props;
  const { typed } = props.shown;
  const amount = (value: TaxSection["thresholdSingle"]): VNode | string =>
    value === null ? "" : <Amount value={value} />;
  return (
    <MasterFrame view={view} title="Tax sections" shown={props.shown}>
      <p>
        What is deducted from whom, by which section, from when. A new Act or rate is a new row that begins when the old
        one ends; please check the rates against the Act.
      </p>
      <Table
        caption="Tax sections"
        stacks
        columns={[
          { title: "Code", kind: "code" },
          { title: "Section" },
          { title: "Of whom" },
          { title: "Rate (%)", kind: "amount" },
          { title: "Above, single (₹)", kind: "amount" },
          { title: "Above, in a year (₹)", kind: "amount" },
          { title: "Account", kind: "code" },
          { title: "In force" },
        ]}
        rows={props.sections.map((s) => ({
          cells: [
            s.code,
            s.paymentCode === null ? s.section : `${s.section}, payment code ${s.paymentCode}`,
            s.description,
            s.ratePercent,
            amount(s.thresholdSingle),
            amount(s.thresholdYear),
            s.account,
            s.validTo === null
              ? `from ${formatDate(s.validFrom)}`
              : `${formatDate(s.validFrom)} to ${formatDate(s.validTo)}`,
          ],
        }))}
      />
      {props.canWrite && (
        <>
          <TwoPeople />
          <AccountList accounts={props.accounts} />
          <div class="two">
            <Panel view={view} action={TAXES} title="Add a section" button="Propose it">
              <Field
                label="Code"
                name="code"
                value={typed?.["code"]}
                hint="The old one's for a new rate"
                isRequired
                maxLength={30}
              />
              <Select
                label="Kind"
                name="tax"
                value={typed?.["tax"] ?? "tds"}
                options={[
                  { value: "tds", label: "income tax (TDS)" },
                  { value: "gst-tds", label: "GST-TDS" },
                  { value: "cess", label: "cess" },
                  { value: "other", label: "other" },
                ]}
              />
              <Field label="Section" name="section" value={typed?.["section"]} isRequired maxLength={60} />
              <Field label="Payment code" name="paymentCode" value={typed?.["paymentCode"]} maxLength={20} />
              <Field
                label="Of whom"
                name="description"
                value={typed?.["description"]}
                size="long"
                isRequired
                maxLength={200}
              />
              <Select
                label="Payee"
                name="payeeKind"
                value={typed?.["payeeKind"] ?? ""}
                options={[
                  { value: "", label: "everybody" },
                  { value: "individual", label: "individual or HUF" },
                  { value: "other", label: "others" },
                ]}
              />
              <Field
                label="Rate in percent"
                name="ratePercent"
                value={typed?.["ratePercent"]}
                isAmount
                isRequired
                maxLength={8}
              />
              <Field
                label="Above, single payment or contract (₹)"
                name="thresholdSingle"
                value={typed?.["thresholdSingle"]}
                hint="Empty: from the first rupee"
                isAmount
                maxLength={20}
              />
              <Field
                label="Above, in a financial year (₹)"
                name="thresholdYear"
                value={typed?.["thresholdYear"]}
                isAmount
                maxLength={20}
              />
              <Field
                label="Account"
                name="account"
                value={typed?.["account"]}
                list="accounts"
                isRequired
                maxLength={120}
              />
              <Field label="From" name="validFrom" type="date" value={typed?.["validFrom"] ?? today} isRequired />
              <Field label="Until" name="validTo" type="date" value={typed?.["validTo"]} hint="Empty: no end" />
              <DayAndReason prefix="tax" typed={typed} today={today} hasDay={false} />
            </Panel>
            <Panel view={view} action={`${TAXES}/end`} title="End a section" button="Propose it" isDanger>
              <Field label="Code of the section" name="endCode" value={typed?.["endCode"]} isRequired maxLength={30} />
              <Field label="Last day" name="lastDay" type="date" value={typed?.["lastDay"]} isRequired />
              <DayAndReason prefix="end" typed={typed} today={today} hasDay={false} />
            </Panel>
          </div>
        </>
      )}
    </MasterFrame>
  );
}

export function ruleRoutes(web: FastifyInstance, desk: Desk): void {
  const heads = async (read: Parameters<typeof listAccounts>[0]): Promise<Account[]> =>
    (await listAccounts(read)).filter((a) => a.isPosting && a.isActive);
  const mapPage = async (who: Who, view: View, shown: Shown): Promise<VNode> => {
    const canWrite = hasRole(who, "admin");
    const found = await desk.read(who, async (read) => ({
      map: await listPostingMap(read),
      events: await listEventAccounts(read),
      accounts: canWrite ? await heads(read) : [],
    }));
    return <MapPage view={view} {...found} canWrite={canWrite} today={desk.today()} shown={shown} />;
  };
  const taxPage = async (who: Who, view: View, shown: Shown): Promise<VNode> => {
    const canWrite = hasRole(who, "admin");
    const found = await desk.read(who, async (read) => ({
      sections: await listTaxSections(read),
      accounts: canWrite ? (await heads(read)).filter((a) => a.type === "liability") : [],
    }));
    return <TaxesPage view={view} {...found} canWrite={canWrite} today={desk.today()} shown={shown} />;
  };

  web.get(MAP, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const key = field(request.query, "key").slice(0, 40);
    return send(reply, await mapPage(who, viewOf(request), key === "" ? {} : { typed: { key } }));
  });
  web.get(TAXES, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await taxPage(who, viewOf(request), {}));
  });

  /** A form whose change waits for a second person. */
  const proposing = (
    address: string,
    home: string,
    page: typeof mapPage,
    names: readonly string[],
    prefix: string,
    changeOf: (typed: Readonly<Record<string, string>>) => MasterChange,
  ): void => {
    web.post(address, async (request, reply) => {
      const who = desk.need(request, "admin");
      const typed = typedOf(request.body, [...names, `${prefix}-reason`]);
      const proposed = await attempt(() =>
        desk.write(who, (tx) => proposeMasterChange(tx, changeOf(typed), typed[`${prefix}-reason`] ?? "")),
      );
      if (proposed.ok) return reply.redirect(proposedAddress(proposed.value.summary), 303);
      return send(reply, await page(who, viewOf(request, home), { ...proposed, typed }), proposed.refusal.status);
    });
  };
  proposing(MAP, MAP, mapPage, ["key", "account"], "map", (t) => ({
    kind: "posting-account",
    key: t["key"] ?? "",
    account: codeOf(t["account"]),
  }));
  proposing(`${MAP}/events`, MAP, mapPage, ["rule", "leg", "eventAccount"], "event", (t) => ({
    kind: "event-account",
    rule: t["rule"] ?? "",
    leg: Number(t["leg"]),
    account: codeOf(t["eventAccount"]),
  }));
  const taxNames = [
    "code",
    "tax",
    "section",
    "paymentCode",
    "description",
    "payeeKind",
    "ratePercent",
    "thresholdSingle",
    "thresholdYear",
    "account",
    "validFrom",
    "validTo",
  ];
  proposing(TAXES, TAXES, taxPage, taxNames, "tax", (t) => {
    const { "tax-reason": _reason, ...rest } = t;
    const given = filled(rest);
    for (const name of ["thresholdSingle", "thresholdYear"] as const)
      if (given[name] !== undefined) given[name] = typedAmount(given[name]);
    return {
      code: "",
      section: "",
      description: "",
      ratePercent: "",
      validFrom: "",
      ...given,
      kind: "add-tax-section",
      tax: (["tds", "gst-tds", "cess", "other"] as const).find((k) => k === t["tax"]) ?? "other",
      payeeKind: (["individual", "other"] as const).find((k) => k === t["payeeKind"]),
      account: codeOf(t["account"]),
    } as MasterChange;
  });
  proposing(`${TAXES}/end`, TAXES, taxPage, ["endCode", "lastDay"], "end", (t) => ({
    kind: "end-tax-section",
    code: t["endCode"] ?? "",
    lastDay: t["lastDay"] ?? "",
  }));
}
