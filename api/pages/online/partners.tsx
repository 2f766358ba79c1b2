import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  listPartners,
  readSettlementFile,
  setPartner,
  settleExternal,
  unsettledExternal,
  type Partner,
  type PartnerChannel,
  type SettlementOutcome,
} from "../../../collections/index.ts";
import { listBankBooks, type BankBook } from "../../../ledger/index.ts";
import { formatMoment, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Problem, Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, sum, type Paise } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Field, Flash, Form, Problems, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { uploadOf } from "../upload.ts";
import { OnlineTabs } from "./settings.tsx";

const ROOT = "/books/online/partners";
const CHANNEL: Readonly<Record<PartnerChannel, string>> = {
  bbps: "BBPS",
  "upi-aggregator": "Aggregator of UPI",
  portal: "Portal of the State",
};

type Unsettled = {
  readonly partner: string;
  readonly reference: string;
  readonly amount: Paise;
  readonly paidAt: Date;
  readonly receiptId: string;
};
type Settled = { readonly reference: string; readonly outcome: SettlementOutcome };
type Typed = Readonly<Record<string, string>>;

export function PartnersPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly partners: readonly Partner[];
  readonly unsettled: readonly Unsettled[];
  readonly banks: readonly BankBook[];
  readonly today: LocalDate;
  readonly typed?: Typed;
  readonly settled?: Settled;
  readonly problems?: readonly Problem[];
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, who, partners, typed = {}, settled } = props;
  return (
    <Books view={view} title="BBPS and portals" tab="online">
      <h1>BBPS and portals</h1>
      <OnlineTabs />
      <Refused refusal={props.refusal} />
      <Problems title="The file was not taken" problems={props.problems ?? []} />
      {settled && (
        <>
          <Flash kind={settled.outcome.problems.length + settled.outcome.short.length === 0 ? "good" : "note"}>
            Settlement {settled.reference} is booked: {settled.outcome.settled} payments fit.
          </Flash>
          <Problems title="What does not fit stands among unidentified credits" problems={settled.outcome.problems} />
          <Problems
            title="What the partner took in the same days and left out"
            problems={settled.outcome.short.map((s) => ({
              code: "EXTERNAL_SHORT",
              message: `${s.reference} of ${formatIndian(s.amount)}; its receipt stays valid`,
            }))}
          />
        </>
      )}
      <Table
        caption="Who takes money for the ULB"
        stacks
        empty="Nobody takes money for the ULB yet."
        columns={[
          { title: "Partner", kind: "code" },
          { title: "Name" },
          { title: "Channel" },
          { title: "Actor of its token", kind: "code" },
          { title: "Clearing", kind: "code" },
          { title: "State" },
          { title: "Not paid over (₹)", kind: "amount" },
        ]}
        rows={partners.map((p) => ({
          cells: [
            p.partner,
            p.name,
            CHANNEL[p.channel],
            p.actor,
            p.clearingAccount,
            p.isActive ? <Badge kind="good">takes money</Badge> : <Badge kind="bad">switched off</Badge>,
            <Amount value={sum(props.unsettled.filter((u) => u.partner === p.partner).map((u) => u.amount))} />,
          ],
        }))}
      />
      {partners.length > 0 && who.actor.roles.includes("accountant") && (
        <Settlement view={view} partners={partners} banks={props.banks} today={props.today} typed={typed} />
      )}
      {who.actor.roles.includes("admin") && <NewPartner view={view} typed={typed} />}
      <Table
        caption="Taken and not paid over, oldest first"
        stacks
        empty="Everything that was taken is paid over."
        columns={[
          { title: "Partner", kind: "code" },
          { title: "Reference", kind: "code" },
          { title: "Paid" },
          { title: "Receipt", kind: "action" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={props.unsettled.slice(0, 200).map((u) => ({
          cells: [
            u.partner,
            u.reference,
            formatMoment(u.paidAt),
            <a href={`/counter/receipts/${u.receiptId}`}>Receipt</a>,
            <Amount value={u.amount} />,
          ],
        }))}
      />
    </Books>
  );
}

function Settlement(props: {
  readonly view: View;
  readonly partners: readonly Partner[];
  readonly banks: readonly BankBook[];
  readonly today: LocalDate;
  readonly typed: Typed;
}): VNode {
  const { typed } = props;
  return (
    <Form view={props.view} action={`${ROOT}/settlement`} isUpload class="panel" label="Settlement">
      <h2>A partner paid over</h2>
      <Select
        label="Partner"
        name="partner"
        value={typed["partner"] ?? ""}
        options={props.partners.map((p) => ({ value: p.partner, label: p.name }))}
      />
      <Field
        label="Settlement id or UTR"
        name="reference"
        value={typed["reference"]}
        hint="Booked once"
        isRequired
        maxLength={64}
      />
      <Field label="Came to the bank on" name="date" type="date" value={typed["date"] ?? props.today} isRequired />
      <Select
        label="Bank account"
        name="account"
        value={typed["account"] ?? ""}
        options={props.banks.map((b) => ({ value: b.account, label: `${b.account} ${b.bank} ${b.numberMasked}` }))}
      />
      <Field label="Amount (₹)" name="amount" value={typed["amount"]} isAmount isRequired maxLength={20} />
      <Field
        label="Settlement file"
        name="file"
        type="file"
        accept=".csv"
        hint="CSV with the columns reference, amount"
        isRequired
      />
      <button>Book the settlement</button>
    </Form>
  );
}

function NewPartner({ view, typed }: { readonly view: View; readonly typed: Typed }): VNode {
  return (
    <Form view={view} action={ROOT} class="panel" label="Partner">
      <h2>Name a partner, or change one</h2>
      <Field label="Code" name="code" value={typed["code"]} hint="Like bbps-sbi" isRequired maxLength={31} />
      <Field label="Name" name="name" value={typed["name"]} isRequired maxLength={200} />
      <Select
        label="Channel"
        name="channel"
        value={typed["channel"] ?? "bbps"}
        options={Object.entries(CHANNEL).map(([value, label]) => ({ value, label }))}
      />
      <Field
        label="Actor of its access token"
        name="actor"
        value={typed["actor"]}
        hint="Only this token posts for the partner, and for nobody else"
        isRequired
        maxLength={100}
      />
      <Field
        label="Clearing account"
        name="clearing"
        value={typed["clearing"]}
        hint="The usual one if empty"
        maxLength={20}
      />
      <label class="choice">
        <input type="checkbox" name="off" value="yes" checked={typed["off"] === "yes"} />
        Switched off: nothing is taken from it any more
      </label>
      <button>Set</button>
    </Form>
  );
}

const typedOf = (from: unknown, ...names: readonly string[]): Typed =>
  Object.fromEntries(names.map((n) => [n, field(from, n).slice(0, 200)]));

export function partnerRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    more: {
      readonly typed?: Typed;
      readonly settled?: Settled;
      readonly problems?: readonly Problem[];
      readonly refusal?: Refusal;
    } = {},
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      partners: await listPartners(read),
      unsettled: await unsettledExternal(read),
      banks: (await listBankBooks(read)).filter((b) => b.isActive),
    }));
    const status = more.refusal?.status ?? (more.problems === undefined ? 200 : 422);
    return send(
      reply,
      <PartnersPage view={viewOf(request, ROOT)} who={who} today={desk.today()} {...found} {...more} />,
      status,
    );
  };

  web.get(ROOT, async (request, reply) => show(request, reply, desk.need(request, ...READERS.books)));

  web.post(ROOT, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = typedOf(request.body, "code", "name", "channel", "actor", "clearing", "off");
    const { code = "", name = "", channel = "", actor = "", clearing = "", off } = typed;
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setPartner(tx, {
          partner: code,
          name,
          channel: channel === "portal" || channel === "upi-aggregator" ? channel : "bbps",
          actor,
          ...(clearing === "" ? {} : { clearingAccount: clearing }),
          isActive: off !== "yes",
        }),
      ),
    );
    return done.ok ? reply.redirect(ROOT, 303) : show(request, reply, who, { refusal: done.refusal, typed });
  });

  web.post(`${ROOT}/settlement`, { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const { fields, file } = await uploadOf(request, desk.session);
    const typed = typedOf(fields, "partner", "reference", "date", "account", "amount");
    const { partner = "", reference = "", date = "", account = "", amount = "" } = typed;
    const read = await readSettlementFile(file?.content.toString("utf8") ?? "");
    if (read.problems.length > 0) return show(request, reply, who, { problems: read.problems, typed });
    const done = await attempt(() => {
      const settlement = { partner, reference, bankAccount: account, items: read.items };
      const paid = { date: localDate(date), amount: rupees(typedAmount(amount)) };
      return desk.write(who, (tx) => settleExternal(tx, { ...settlement, ...paid }));
    });
    if (!done.ok) return show(request, reply, who, { refusal: done.refusal, typed });
    return show(request, reply, who, { settled: { reference, outcome: done.value } });
  });
}
