import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  directLines,
  listAccounts,
  payableErrors,
  payableSettings,
  payableTies,
  recoveryTerms,
  setPayableSettings,
  setRecoveryTerms,
  takeOverEntry,
  taxSectionsOn,
  type DirectLine,
  type PayableSettings,
  type PayableTieRow,
  type TaxSection,
} from "../../../ledger/index.ts";
import { dateInIndia, formatDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { rupees, toRupees } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Amount, Badge, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { attempt, dateField, field, send, typedAmount, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { Payables, ROOT } from "./common.tsx";

const ROWS = 500;

function TiesPage(props: {
  readonly view: View;
  readonly day: LocalDate;
  readonly ties: readonly PayableTieRow[];
  readonly direct: readonly DirectLine[];
  readonly names: ReadonlyMap<string, string>;
  readonly canWrite: boolean;
  readonly refusal?: Refusal;
}): VNode {
  const off = props.ties.filter((t) => t.difference !== 0n);
  // What does not agree first, then what has a balance.
  const shown = [...off, ...props.ties.filter((t) => t.difference === 0n && t.ledger !== 0n)].slice(0, ROWS);
  return (
    <Payables view={props.view} title="Sub-ledger" part="ties">
      <h1>Parties and their control accounts</h1>
      <Refused refusal={props.refusal} />
      <form method="get" action={`${ROOT}/ties`} class="filter">
        <Field label="At the end of" name="day" type="date" value={props.day} />
        <button class="second">Show</button>
      </form>
      {off.length === 0 ? (
        <Flash>Every party's sub-ledger is its control account, to the paisa.</Flash>
      ) : (
        <Flash kind="problem">{off.length} parties do not agree with their control account.</Flash>
      )}
      <Table
        caption={`Balances of ${formatDate(props.day)}`}
        empty="No party has a balance."
        stacks
        columns={[
          { title: "Head" },
          { title: "Party" },
          { title: "Ledger (₹)", kind: "amount" },
          { title: "Register (₹)", kind: "amount" },
          { title: "Posted beside it (₹)", kind: "amount" },
          { title: "Agrees" },
        ]}
        rows={shown.map((t) => ({
          cells: [
            `${t.account} ${props.names.get(t.account) ?? ""}`,
            t.partyType === "" ? "no party named" : `${t.partyType}/${t.partyId}`,
            <Amount value={t.ledger} />,
            <Amount value={t.register} blank />,
            <Amount value={t.direct} blank />,
            t.difference === 0n ? <Badge kind="good">yes</Badge> : <Badge kind="bad">differs</Badge>,
          ],
        }))}
      />
      {props.ties.length > ROWS && <p class="quiet">The first {ROWS} are shown.</p>}
      <h2>Posted beside the register</h2>
      <p>
        Vouchers and opening balances on these heads. Taken over, they are open items that can be paid, refunded or
        recovered here.
      </p>
      <Table
        caption="Lines beside the register"
        hideCaption
        empty="Nothing was posted beside the register."
        stacks
        columns={[
          { title: "Date" },
          { title: "Entry" },
          { title: "Head", kind: "code" },
          { title: "Party" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "", kind: "action" },
        ]}
        rows={props.direct.map((d) => ({
          cells: [
            formatDate(d.date),
            <a href={`/books/entries/${d.entryId}`}>{d.narration}</a>,
            d.account,
            d.party === null ? "no party named" : `${d.party.type}/${d.party.id}`,
            <Amount value={d.amount} />,
            props.canWrite && d.party !== null && d.amount > 0n ? (
              <Form
                view={props.view}
                action={`${ROOT}/ties/take-over`}
                class="inline"
                label={`Take over ${d.narration}`}
              >
                <input type="hidden" name="entry" value={String(d.entryId)} />
                <button class="second small">Take over</button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
    </Payables>
  );
}

type TypedSettings = Readonly<Record<keyof PayableSettings, string>>;
const SETTINGS = [
  "staleMonths",
  "lapseYears",
  "depositLapseYears",
  "rtgsFrom",
  "incomeFunction",
  "firstSignatory",
  "secondSignatory",
] as const satisfies readonly (keyof PayableSettings)[];

type Terms = { readonly code: string; readonly description: string; readonly dueDay: number; readonly payee: string };

function SettingsPage(props: {
  readonly view: View;
  readonly typed: TypedSettings;
  readonly terms: readonly Terms[];
  readonly canWrite: boolean;
  readonly refusal?: Refusal | undefined;
  readonly termsRefusal?: Refusal | undefined;
}): VNode {
  const { typed } = props;
  return (
    <Payables view={props.view} title="Settings of payments" part="settings">
      <h1>Settings of bills and payments</h1>
      {!props.canWrite && <p class="quiet">An administrator changes them.</p>}
      <div class="two">
        <Form view={props.view} action={`${ROOT}/settings`} class="panel" label="Settings">
          <h2>Periods and signatures</h2>
          <Refused refusal={props.refusal} />
          <Field
            label="A cheque is stale after (months)"
            name="staleMonths"
            value={typed.staleMonths}
            isNumeric
            size="short"
            isRequired
          />
          <Field
            label="A stale cheque's claim lapses after (years)"
            name="lapseYears"
            value={typed.lapseYears}
            isNumeric
            size="short"
            isRequired
          />
          <Field
            label="A deposit may lapse after (years)"
            name="depositLapseYears"
            value={typed.depositLapseYears}
            isNumeric
            size="short"
            isRequired
          />
          <Field label="RTGS from (₹)" name="rtgsFrom" value={typed.rtgsFrom} isAmount size="short" isRequired />
          <Field
            label="Function of lapsed and forfeited amounts"
            name="incomeFunction"
            value={typed.incomeFunction}
            size="short"
            isRequired
            maxLength={10}
          />
          <Field label="First signatory" name="firstSignatory" value={typed.firstSignatory} isRequired maxLength={60} />
          <Field
            label="Second signatory"
            name="secondSignatory"
            value={typed.secondSignatory}
            isRequired
            maxLength={60}
          />
          {props.canWrite && (
            <>
              <Field label="Why they change" name="reason" isRequired maxLength={200} />
              <button>Save</button>
            </>
          )}
        </Form>
        <div class="panel">
          <h2>When deductions are due</h2>
          <Refused refusal={props.termsRefusal} />
          <Table
            caption="Day of the next month, and to whom"
            empty="No section is in force."
            stacks
            columns={[{ title: "Code", kind: "code" }, { title: "What" }, { title: "Day" }, { title: "To" }]}
            rows={props.terms.map((t) => ({ cells: [t.code, t.description, String(t.dueDay), t.payee] }))}
          />
          {props.canWrite && props.terms.length > 0 && (
            <Form view={props.view} action={`${ROOT}/settings/terms`} label="Due day of a deduction">
              <Select
                label="Deduction"
                name="code"
                value=""
                options={props.terms.map((t) => ({ value: t.code, label: `${t.code} ${t.description}` }))}
              />
              <Field label="Day of the next month (1 to 28)" name="dueDay" isNumeric size="short" isRequired />
              <Field label="Paid to" name="payee" maxLength={100} />
              <button class="second">Set</button>
            </Form>
          )}
        </div>
      </div>
    </Payables>
  );
}

export function controlRoutes(web: FastifyInstance, desk: Desk): void {
  const ties = (who: Who, day: LocalDate) =>
    desk.read(who, async (read) => ({
      day,
      ties: await payableTies(read, day),
      direct: await directLines(read),
      names: new Map((await listAccounts(read)).map((a) => [a.code, a.name])),
      canWrite: who.actor.roles.includes("accountant"),
    }));

  web.get(`${ROOT}/ties`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const day = dateField(request.query, "day", desk.today());
    return send(reply, <TiesPage view={viewOf(request)} {...await ties(who, day)} />);
  });

  web.post(`${ROOT}/ties/take-over`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const entry = field(request.body, "entry");
    const done = await attempt(() => {
      if (!/^\d{1,18}$/.test(entry))
        throw payableErrors.TAKE_OVER_LINE({ entry: entry.slice(0, 20), line: 0, why: "there is no such entry" });
      return desk.write(who, (tx) => takeOverEntry(tx, BigInt(entry)));
    });
    if (done.ok) return reply.redirect(`${ROOT}/ties`, 303);
    return send(
      reply,
      <TiesPage view={viewOf(request, `${ROOT}/ties`)} {...await ties(who, desk.today())} refusal={done.refusal} />,
      done.refusal.status,
    );
  });

  const termsOf = (who: Who) =>
    desk.read(who, async (read) => {
      const sections: readonly TaxSection[] = await taxSectionsOn(read, dateInIndia(read.clock()));
      const terms = await recoveryTerms(
        read,
        sections.map((s) => ({ code: s.code, kind: s.kind === "other" ? "recovery" : s.kind })),
      );
      return {
        settings: await payableSettings(read),
        terms: sections.map((s) => ({
          code: s.code,
          description: s.description,
          dueDay: terms.get(s.code)?.dueDay ?? 15,
          payee: terms.get(s.code)?.payee ?? "",
        })),
        canWrite: who.actor.roles.includes("admin"),
      };
    });
  const written = (s: PayableSettings): TypedSettings => ({
    staleMonths: String(s.staleMonths),
    lapseYears: String(s.lapseYears),
    depositLapseYears: String(s.depositLapseYears),
    rtgsFrom: toRupees(s.rtgsFrom),
    incomeFunction: s.incomeFunction,
    firstSignatory: s.firstSignatory,
    secondSignatory: s.secondSignatory,
  });

  web.get(`${ROOT}/settings`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const { settings, ...found } = await termsOf(who);
    return send(reply, <SettingsPage view={viewOf(request)} typed={written(settings)} {...found} />);
  });

  web.post(`${ROOT}/settings`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const typed = Object.fromEntries(
      SETTINGS.map((name) => [name, field(request.body, name).slice(0, 60)]),
    ) as TypedSettings;
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setPayableSettings(
          tx,
          {
            staleMonths: Number(typed.staleMonths),
            lapseYears: Number(typed.lapseYears),
            depositLapseYears: Number(typed.depositLapseYears),
            rtgsFrom: rupees(typedAmount(typed.rtgsFrom)),
            incomeFunction: typed.incomeFunction,
            firstSignatory: typed.firstSignatory,
            secondSignatory: typed.secondSignatory,
          },
          field(request.body, "reason").slice(0, 200),
        ),
      ),
    );
    if (done.ok) return reply.redirect(`${ROOT}/settings`, 303);
    const { settings: _settings, ...found } = await termsOf(who);
    return send(
      reply,
      <SettingsPage view={viewOf(request, `${ROOT}/settings`)} typed={typed} {...found} refusal={done.refusal} />,
      done.refusal.status,
    );
  });

  web.post(`${ROOT}/settings/terms`, async (request, reply) => {
    const who = desk.need(request, "admin");
    const done = await attempt(() =>
      desk.write(who, (tx) =>
        setRecoveryTerms(tx, field(request.body, "code").slice(0, 60), {
          dueDay: Number(field(request.body, "dueDay")),
          payee: field(request.body, "payee").slice(0, 100),
        }),
      ),
    );
    if (done.ok) return reply.redirect(`${ROOT}/settings`, 303);
    const { settings, ...found } = await termsOf(who);
    return send(
      reply,
      <SettingsPage
        view={viewOf(request, `${ROOT}/settings`)}
        typed={written(settings)}
        {...found}
        termsRefusal={done.refusal}
      />,
      done.refusal.status,
    );
  });
}
