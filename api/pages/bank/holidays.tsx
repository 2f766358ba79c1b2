import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { formatDate, localDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import {
  declareBankHolidays,
  listBankAccounts,
  listBankHolidays,
  withdrawBankHoliday,
  type BankHoliday,
} from "../../../reconciliation/index.ts";
import { Books } from "../books-frame.tsx";
import { Crumbs, Field, Flash, Form, Refused, Select, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";

const AT = "/books/bank/holidays";

function HolidaysPage(props: {
  readonly view: View;
  readonly holidays: readonly BankHoliday[];
  readonly banks: readonly string[];
  readonly canWrite: boolean;
  readonly typed: (name: string) => string;
  readonly done: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, typed } = props;
  return (
    <Books view={view} title="Bank holidays" tab="bank">
      <Crumbs trail={[["Bank accounts", "/books/bank"]]} />
      <h1>Bank holidays</h1>
      <p>
        Beside Sundays, second and fourth Saturdays and the national holidays, as the State notifies them. Deposits and
        transfers are expected on working days only.
      </p>
      {props.done !== "" && <Flash>{props.done}</Flash>}
      <Refused refusal={props.refusal} />
      {props.canWrite && (
        <Form view={view} action={`${AT}/declare`} class="panel" label="Declare a holiday">
          <h2>Declare a holiday</h2>
          <Field label="Day" name="day" type="date" value={typed("day")} isRequired />
          <Field label="Name" name="name" value={typed("name")} maxLength={100} isRequired />
          <Select
            label="Bank"
            name="bank"
            value={typed("bank")}
            options={[{ value: "", label: "all banks" }, ...props.banks.map((b) => ({ value: b, label: b }))]}
          />
          <button>Declare it</button>
        </Form>
      )}
      <Table
        caption="Declared holidays"
        hideCaption
        stacks
        empty="No holiday was declared."
        columns={[
          { title: "Day", kind: "code" },
          { title: "Name" },
          { title: "Bank" },
          { title: "Step", kind: "action" },
        ]}
        rows={props.holidays.map((h) => ({
          cells: [
            formatDate(h.day),
            h.name,
            h.bank ?? "all banks",
            props.canWrite ? (
              <Form view={view} action={`${AT}/withdraw`}>
                <input type="hidden" name="day" value={h.day} />
                <input type="hidden" name="bank" value={h.bank ?? ""} />
                <button class="small second">Withdraw</button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
    </Books>
  );
}

export function holidayRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      holidays: await listBankHolidays(read),
      banks: [...new Set((await listBankAccounts(read)).map((a) => a.bank))].sort(),
    }));
    const done = { declare: "It is declared.", withdraw: "It is withdrawn." }[field(request.query, "done")] ?? "";
    return send(
      reply,
      <HolidaysPage
        view={viewOf(request, AT)}
        {...found}
        canWrite={who.actor.roles.includes("accountant")}
        typed={(name) => field(request.body, name).slice(0, 200)}
        done={done}
        refusal={refusal}
      />,
      refusal?.status ?? 200,
    );
  };
  web.get(AT, async (request, reply) => show(request, reply, desk.need(request, ...READERS.books)));
  for (const name of ["declare", "withdraw"] as const) {
    web.post(`${AT}/${name}`, async (request, reply) => {
      const who = desk.need(request, "accountant");
      const bank = field(request.body, "bank").slice(0, 200) || null;
      const done = await attempt(() =>
        desk.write(who, async (tx): Promise<void> => {
          const day = localDate(field(request.body, "day"));
          await (name === "declare"
            ? declareBankHolidays(tx, [{ day, name: field(request.body, "name").trim().slice(0, 100), bank }])
            : withdrawBankHoliday(tx, day, bank));
        }),
      );
      return done.ok ? reply.redirect(`${AT}?done=${name}`, 303) : show(request, reply, who, done.refusal);
    });
  }
}
