import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { services } from "../../../billing/index.ts";
import {
  excessPolicies,
  merchantSettings,
  setExcessPolicy,
  setMerchantSettings,
  setUpiLimit,
  upiLimit,
  type ExcessPolicy,
  type MerchantSettings,
  type UpiLimit,
} from "../../../collections/index.ts";
import { formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { formatIndian, rupees, toRupees } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Books } from "../books-frame.tsx";
import { Facts, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { wordFor } from "../i18n.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";

const ROOT = "/books/online";
const CAPTURE = { auto: "at once, by the gateway", manual: "by us, while something is still due" } as const;
const BEARER = { ulb: "the ULB", payer: "the payer, on top of the bill" } as const;
const REBATE = { attempt: "the day the payer tried", capture: "the day the money was captured" } as const;
const POLICY = {
  ADVANCE: "is the consumer’s advance",
  AUTO_REFUND: "is refunded by itself",
  HOLD: "is held until a person decides",
} as const;

const optionsOf = (words: Readonly<Record<string, string>>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

function policyOf(p: ExcessPolicy): string {
  return p.policy === "AUTO_REFUND"
    ? `${POLICY.AUTO_REFUND}, up to ₹ ${formatIndian(p.limit)} within ${p.windowDays} days of the first`
    : POLICY[p.policy];
}

export function OnlineTabs(): VNode {
  return (
    <p class="actions no-print">
      <a href={ROOT}>Settings</a>
      <a href={`${ROOT}/partners`}>BBPS and portals</a>
      <a href="/books/requests">Links, codes, challans</a>
      <a href="/books/unidentified">Unidentified receipts</a>
    </p>
  );
}

export function SettingsPage(props: {
  readonly view: View;
  readonly settings: MerchantSettings;
  readonly policies: ReadonlyMap<string, ExcessPolicy>;
  readonly limit: UpiLimit;
  readonly canSet: boolean;
  readonly isDone: boolean;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, settings } = props;
  return (
    <Books view={view} title="Online money" tab="online">
      <h1>Online money</h1>
      <OnlineTabs />
      {props.isDone && (
        <Flash>It is set, and counts from the next payment on. The setting before stays on record.</Flash>
      )}
      <Refused refusal={props.refusal} />
      <h2>The account at the gateway</h2>
      {props.canSet ? (
        <Form view={view} action={ROOT} class="panel" label="Account at the gateway">
          <Field
            label="Account id"
            name="accountId"
            value={settings.accountId ?? ""}
            hint="acc_ and fourteen characters, from the gateway’s dashboard; empty: events are not told apart by account"
            maxLength={40}
          />
          <Select label="Payments are captured" name="capture" value={settings.capture} options={optionsOf(CAPTURE)} />
          <Select label="Who bears the fee" name="feeBearer" value={settings.feeBearer} options={optionsOf(BEARER)} />
          <p class="hint">UPI and RuPay debit cards bear no fee (PSS Act, section 10A).</p>
          <Select
            label="Rebate and penalty look at"
            name="rebateDate"
            value={settings.rebateDate}
            options={optionsOf(REBATE)}
          />
          <button>Set</button>
        </Form>
      ) : (
        <Facts
          facts={[
            ["Account id", settings.accountId ?? "none named"],
            ["Payments are captured", CAPTURE[settings.capture]],
            ["The fee bears", BEARER[settings.feeBearer]],
            ["Rebate and penalty look at", REBATE[settings.rebateDate]],
          ]}
        />
      )}
      <h2 id="excess">What is paid too much</h2>
      <Table
        caption="What becomes of a payment of what was paid already, by service"
        stacks
        columns={[{ title: "Service" }, { title: "The excess" }]}
        rows={[...props.policies].map(([service, p]) => ({
          cells: [wordFor(view.t, "service", service), policyOf(p)],
        }))}
      />
      {props.canSet && (
        <Form view={view} action={`${ROOT}/excess`} class="panel" label="Policy of a service">
          <Select
            label="Service"
            name="service"
            options={[...props.policies.keys()].map((s) => ({ value: s, label: wordFor(view.t, "service", s) }))}
          />
          <Select label="What is paid too much" name="policy" options={optionsOf(POLICY)} />
          <Field
            label="Refunded by itself up to (₹)"
            name="limit"
            value={toRupees(rupees("50000.00"))}
            isAmount
            maxLength={20}
          />
          <Field label="Within days of the first payment" name="days" value="7" isNumeric size="short" maxLength={3} />
          <button>Set</button>
        </Form>
      )}
      <h2 id="upi">What a UPI app may pay at once</h2>
      <p>
        ₹ {formatIndian(props.limit.amount)}: {props.limit.basis}
        {props.limit.setBy !== null && props.limit.setAt !== null
          ? ` (set by ${props.limit.setBy}, ${formatMoment(props.limit.setAt)})`
          : " (the usual limit; nobody set another)"}
      </p>
      {props.canSet && (
        <Form view={view} action={`${ROOT}/upi-limit`} class="panel" label="Limit of UPI">
          <Field
            label="Limit (₹)"
            name="amount"
            value={toRupees(props.limit.amount)}
            isAmount
            isRequired
            maxLength={20}
          />
          <Field
            label="What it rests on"
            name="basis"
            hint="The circular or the bank’s letter, with its date"
            isRequired
            maxLength={300}
          />
          <button>Set the limit</button>
        </Form>
      )}
    </Books>
  );
}

export function settingRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      settings: await merchantSettings(read),
      policies: await excessPolicies(read, [...(await services(read, desk.today())).keys()]),
      limit: await upiLimit(read),
    }));
    return send(
      reply,
      <SettingsPage
        view={viewOf(request, ROOT)}
        canSet={who.actor.roles.includes("admin")}
        isDone={field(request.query, "done") === "1"}
        refusal={refusal}
        {...found}
      />,
      refusal?.status ?? 200,
    );
  };

  web.get(ROOT, async (request, reply) => show(request, reply, desk.need(request, ...READERS.books)));

  web.post(ROOT, async (request, reply) => {
    const who = desk.need(request, "admin");
    const { body } = request;
    const accountId = field(body, "accountId").slice(0, 60);
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setMerchantSettings(tx, {
          accountId: accountId === "" ? null : accountId,
          capture: field(body, "capture") === "manual" ? "manual" : "auto",
          feeBearer: field(body, "feeBearer") === "payer" ? "payer" : "ulb",
          rebateDate: field(body, "rebateDate") === "capture" ? "capture" : "attempt",
        }),
      ),
    );
    return done.ok ? reply.redirect(`${ROOT}?done=1`, 303) : show(request, reply, who, done.refusal);
  });

  web.post(`${ROOT}/excess`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const { body } = request;
    const policy = field(body, "policy");
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setExcessPolicy(
          tx,
          field(body, "service").slice(0, 60),
          policy === "AUTO_REFUND"
            ? { policy, limit: rupees(typedAmount(field(body, "limit"))), windowDays: daysOf(field(body, "days")) }
            : { policy: policy === "HOLD" ? "HOLD" : "ADVANCE" },
        ),
      ),
    );
    return done.ok ? reply.redirect(`${ROOT}?done=1#excess`, 303) : show(request, reply, who, done.refusal);
  });

  web.post(`${ROOT}/upi-limit`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const { body } = request;
    const done = await attempt(() => {
      const amount = rupees(typedAmount(field(body, "amount")));
      return desk.write(who, (tx) => setUpiLimit(tx, { amount, basis: field(body, "basis") }));
    });
    return done.ok ? reply.redirect(`${ROOT}?done=1#upi`, 303) : show(request, reply, who, done.refusal);
  });
}

/** What is no whole number is handed on as one that is refused by name. */
const daysOf = (text: string): number => (/^\d{1,3}$/.test(text) ? Number(text) : -1);
