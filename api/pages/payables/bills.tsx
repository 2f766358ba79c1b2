import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  cancelBill,
  changeBill,
  contractSoFar,
  draftBill,
  getBill,
  listAccounts,
  listBills,
  listBudgetHeads,
  listFields,
  listFunctions,
  listFunds,
  listItems,
  listParties,
  listPayments,
  listSchemes,
  passBill,
  previewBill,
  rejectBill,
  sendBillBack,
  submitBill,
  taxSectionsOn,
  type Bill,
  type BillPreview,
  type BillStatus,
  type Item,
  type Payment,
} from "../../../ledger/index.ts";
import { formatDate, localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { subtract } from "../../../ledger/kernel/money.ts";
import type { Read, Tx, Who } from "../../../ledger/kernel/tx.ts";
import { Files } from "../books-frame.tsx";
import { Amount, Crumbs, Facts, Field, Form, Pagination, Refused, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import {
  BillForm,
  billOf,
  blankBill,
  DeductionTable,
  typedBill,
  typedOf,
  type BillLists,
  type TypedBill,
} from "./bill-form.tsx";
import { known, PAGE_SIZE, pageOf, partyField, Payables, ROOT, Status, versionOf } from "./common.tsx";

const STATUSES = ["submitted", "draft", "passed", "rejected", "cancelled"] as const satisfies readonly BillStatus[];

function BillsPage(props: {
  readonly view: View;
  readonly status: BillStatus;
  readonly bills: readonly Bill[];
  readonly page: number;
  readonly canWrite: boolean;
  readonly today: LocalDate;
}): VNode {
  const more = props.bills.length > PAGE_SIZE;
  return (
    <Payables view={props.view} title="Bills" part="bills">
      <h1>Bills</h1>
      <p class="actions">
        {props.canWrite && (
          <a class="button" href={`${ROOT}/bills/new`}>
            New bill
          </a>
        )}
        {STATUSES.map((s) => (
          <a
            class="button second small"
            href={`${ROOT}/bills?status=${s}`}
            aria-current={s === props.status ? "page" : undefined}
          >
            {s}
          </a>
        ))}
      </p>
      <Table
        caption={`Bills that are ${props.status}`}
        empty={`No bill is ${props.status}.`}
        stacks
        columns={[
          { title: "No.", kind: "code" },
          { title: "Received" },
          { title: "Party" },
          { title: "Bill" },
          { title: "For" },
          { title: "Gross (₹)", kind: "amount" },
          { title: "Net (₹)", kind: "amount" },
          { title: "Paid (₹)", kind: "amount" },
        ]}
        rows={props.bills.slice(0, PAGE_SIZE).map((b) => ({
          cells: [
            b.registerNumber ?? "",
            formatDate(b.receivedOn),
            `${b.party.id} ${b.partyName}`,
            <a href={`${ROOT}/bills/${b.id}`}>{b.number}</a>,
            b.narration,
            <Amount value={b.gross} />,
            <Amount value={b.net} />,
            <Amount value={b.paid} blank />,
          ],
        }))}
      />
      <Pagination
        first={props.page > 1 ? `${ROOT}/bills?status=${props.status}` : undefined}
        next={more ? `${ROOT}/bills?status=${props.status}&page=${props.page + 1}` : undefined}
      />
      <h2>Register of bills (GEN-13)</h2>
      <Files report="bills-register" query={`as-of=${props.today}`} formats={["pdf", "csv"]} />
    </Payables>
  );
}

function BillPage(props: {
  readonly view: View;
  readonly bill: Bill;
  readonly items: readonly Item[];
  readonly payments: readonly Payment[];
  readonly names: ReadonlyMap<string, string>;
  readonly who: Who;
  readonly today: LocalDate;
  readonly refusal?: Refusal;
  readonly typed?: { readonly reason: string; readonly date: string };
}): VNode {
  const { view, bill, who } = props;
  const roles = who.actor.roles;
  const isOwn = who.actor.id === bill.createdBy || who.actor.id === bill.submittedBy;
  const version = <input type="hidden" name="version" value={bill.version} />;
  const at = `${ROOT}/bills/${bill.id}`;
  const optional = (name: string, value: VNode | string | null): (readonly [string, VNode | string])[] =>
    value === null || value === "" ? [] : [[name, value]];
  return (
    <Payables view={view} title={`Bill ${bill.number}`} part="bills">
      <Crumbs trail={[["Bills", `${ROOT}/bills?status=${bill.status}`]]} />
      <h1>
        Bill {bill.number} of {bill.partyName} <Status of={bill.status} />
      </h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ...optional("Register of bills", bill.registerNumber),
          ["Party", `${bill.party.type}/${bill.party.id} ${bill.partyName}`],
          ["Date of the bill", formatDate(bill.billDate)],
          ["Received", formatDate(bill.receivedOn)],
          ...optional("Payable by", bill.dueOn === null ? null : formatDate(bill.dueOn)),
          ["For", bill.narration],
          ["Fund", bill.fund],
          ...optional("Contract", bill.contractRef),
          ...optional(
            "Value of the contract",
            bill.contractValue === null ? null : <Amount value={bill.contractValue} />,
          ),
          ["Gross", <Amount value={bill.gross} />],
          ["Net payable", <Amount value={bill.net} />],
          ["Paid", <Amount value={bill.paid} />],
          ["Made by", bill.createdBy],
          ...optional("Submitted by", bill.submittedBy),
          ...optional(bill.status === "rejected" ? "Rejected by" : "Passed by", bill.decidedBy),
          ...optional(bill.status === "draft" ? "Sent back because" : "Reason", bill.decisionReason),
          ...optional("Cancelled by", bill.cancelledBy),
          ...optional("Cancelled because", bill.cancelReason),
          ...optional(
            "Entry",
            bill.entryId === null ? null : <a href={`/books/entries/${bill.entryId}`}>in the day book</a>,
          ),
          ...optional(
            "Reversal",
            bill.cancelEntryId === null ? null : <a href={`/books/entries/${bill.cancelEntryId}`}>in the day book</a>,
          ),
        ]}
      />
      <Table
        caption="Heads"
        columns={[
          { title: "Account" },
          { title: "Function" },
          { title: "Ward" },
          { title: "Scheme" },
          { title: "Budget head" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={bill.lines.map((l) => ({
          cells: [
            `${l.account} ${props.names.get(l.account) ?? "(not in the chart)"}`,
            l.function ?? "",
            l.ward ?? "",
            l.scheme ?? "",
            l.budgetHead ?? "",
            <Amount value={l.amount} />,
          ],
        }))}
      />
      <DeductionTable deductions={bill.deductions} />
      {bill.payees.length > 0 && (
        <Table
          caption="Payees"
          columns={[{ title: "Payee" }, { title: "Gross (₹)", kind: "amount" }, { title: "Net (₹)", kind: "amount" }]}
          rows={bill.payees.map((p) => ({
            cells: [`${p.party.id} ${p.name}`, <Amount value={p.gross} />, <Amount value={p.net} />],
          }))}
        />
      )}
      {props.items.length > 0 && (
        <Table
          caption="What it opened in the sub-ledger"
          stacks
          columns={[
            { title: "What" },
            { title: "Party" },
            { title: "Head", kind: "code" },
            { title: "Due" },
            { title: "Amount (₹)", kind: "amount" },
            { title: "Open (₹)", kind: "amount" },
          ]}
          rows={props.items.map((i) => ({
            cells: [
              i.what,
              `${i.party.id} ${i.name}`,
              i.account,
              i.dueOn === null ? "" : formatDate(i.dueOn),
              <Amount value={i.amount} />,
              <Amount value={i.open} blank />,
            ],
          }))}
        />
      )}
      {props.payments.length > 0 && (
        <Table
          caption="Payments"
          columns={[
            { title: "Date" },
            { title: "Payment" },
            { title: "Status" },
            { title: "Amount (₹)", kind: "amount" },
          ]}
          rows={props.payments.map((p) => ({
            cells: [
              formatDate(p.date),
              <a href={`${ROOT}/payments/${p.id}`}>
                {p.leaf === null ? (p.adviceNumber ?? "transfer") : `cheque ${p.leaf}`}
              </a>,
              <Status of={p.status} />,
              <Amount value={p.amount} />,
            ],
          }))}
        />
      )}
      {bill.status === "draft" && roles.includes("accountant") && (
        <div class="actions">
          <a class="button second" href={`${at}/edit`}>
            Change
          </a>
          <Form view={view} action={`${at}/submit`}>
            {version}
            <button>Submit to be passed</button>
          </Form>
        </div>
      )}
      {bill.status === "submitted" &&
        (!roles.includes("checker") || isOwn ? (
          <p class="quiet">Another person, a checker, passes it, sends it back or rejects it.</p>
        ) : (
          <div class="two">
            <Form view={view} action={`${at}/pass`} class="panel" label="Pass">
              <h2>Pass</h2>
              <p>Posts its journal; {bill.net === 0n ? "nothing is payable" : "the net becomes payable"}.</p>
              {version}
              <Field
                label="Date of the entry"
                name="date"
                type="date"
                value={props.typed?.date ?? props.today}
                isRequired
                size="short"
              />
              <button>Pass and post</button>
            </Form>
            <Form view={view} action={`${at}/back`} class="panel" label="Send back or reject">
              <h2>Send back or reject</h2>
              {version}
              <Field label="Reason" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
              <div class="actions">
                <button class="second">Send back</button>
                <button class="danger" formAction={`${at}/reject`}>
                  Reject
                </button>
              </div>
            </Form>
          </div>
        ))}
      {bill.status === "passed" && (
        <>
          {roles.includes("accountant") && subtract(bill.net, bill.paid) > 0n && (
            <p class="actions">
              <a class="button" href={`${ROOT}/payments/new?kind=bills&party=${bill.party.type}/${bill.party.id}`}>
                Pay
              </a>
            </p>
          )}
          {roles.includes("checker") && who.actor.id !== bill.createdBy && (
            <details open={props.refusal !== undefined}>
              <summary>Cancel the bill</summary>
              <Form view={view} action={`${at}/cancel`} label="Cancel the bill">
                <p>Its entry is reversed. It must be wholly unpaid.</p>
                {version}
                <Field label="Reason" name="reason" value={props.typed?.reason} isRequired maxLength={300} />
                <Field
                  label="Date of the reversal"
                  name="date"
                  type="date"
                  value={props.typed?.date ?? props.today}
                  isRequired
                  size="short"
                />
                <button class="danger">Cancel the bill</button>
              </Form>
            </details>
          )}
        </>
      )}
    </Payables>
  );
}

export function billRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const lists = async (read: Read, day: LocalDate): Promise<BillLists> => ({
    parties: await listParties(read, { limit: 200 }),
    accounts: (await listAccounts(read)).filter(
      (a) => a.isPosting && a.isActive && (a.type === "expense" || a.type === "asset" || a.type === "liability"),
    ),
    sections: await taxSectionsOn(read, day),
    functions: await listFunctions(read),
    funds: await listFunds(read),
    fields: await listFields(read),
    schemes: await listSchemes(read),
    budgetHeads: await listBudgetHeads(read),
  });
  const dayOf = (typed: TypedBill): LocalDate => {
    try {
      return localDate(typed.receivedOn);
    } catch {
      return desk.today();
    }
  };
  const advancesOf = async (read: Read, typed: TypedBill): Promise<Item[]> => {
    if (typed.party === "") return [];
    const party = await attempt(() => partyField(read, typed.party));
    return party.ok ? listItems(read, { kind: "advance", party: party.value, limit: 50 }) : [];
  };

  /** The form again, with what was computed or why it was refused. */
  const again = async (
    who: Who,
    view: View,
    action: string,
    typed: TypedBill,
    more: { readonly version?: number; readonly refusal?: Refusal; readonly compute?: boolean },
  ): Promise<{ readonly page: VNode; readonly status: number }> =>
    desk.read(who, async (read) => {
      let preview: BillPreview | undefined;
      let refusal = more.refusal;
      let contract;
      if (more.compute === true) {
        const computed = await attempt(async () => {
          const input = await billOf(read, typed);
          return { input, preview: await previewBill(read, input) };
        });
        if (computed.ok) {
          preview = computed.value.preview;
          const { party, contractRef } = computed.value.input;
          if (contractRef !== undefined) contract = await contractSoFar(read, party, contractRef);
        } else refusal = computed.refusal;
      }
      return {
        status: refusal?.status ?? 200,
        page: (
          <BillForm
            view={view}
            action={action}
            typed={typed}
            lists={await lists(read, dayOf(typed))}
            advances={await advancesOf(read, typed)}
            {...(more.version === undefined ? {} : { version: more.version })}
            preview={preview}
            contract={contract}
            refusal={refusal}
          />
        ),
      };
    });

  const withMore = (typed: TypedBill): TypedBill => ({
    ...typed,
    lines: [
      ...typed.lines,
      ...Array.from({ length: 4 }, () => ({
        account: "",
        amount: "",
        function: "",
        ward: "",
        scheme: "",
        budgetHead: "",
      })),
    ],
  });

  web.get(`${ROOT}/bills`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "status");
    const status = STATUSES.find((s) => s === asked) ?? "submitted";
    const page = pageOf(request.query);
    const bills = await desk.read(who, (read) =>
      listBills(read, { status, limit: PAGE_SIZE + 1, offset: (page - 1) * PAGE_SIZE }),
    );
    return send(
      reply,
      <BillsPage
        view={viewOf(request)}
        status={status}
        bills={bills}
        page={page}
        canWrite={who.actor.roles.includes("accountant")}
        today={desk.today()}
      />,
    );
  });

  web.get(`${ROOT}/bills/new`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const made = await again(
      who,
      viewOf(request),
      `${ROOT}/bills`,
      { ...blankBill(desk.today()), party: field(request.query, "party").slice(0, 60) },
      {},
    );
    return send(reply, made.page);
  });

  /** Saves what was typed; with "submit" it goes on in the same transaction, or nothing is saved. */
  const save = (
    who: Who,
    body: unknown,
    typed: TypedBill,
    write: (tx: Tx, input: Awaited<ReturnType<typeof billOf>>) => Promise<Bill>,
  ) =>
    attempt(() =>
      desk.write(who, async (tx) => {
        const bill = await write(tx, await billOf(tx, typed));
        return field(body, "then") === "submit" ? submitBill(tx, bill.id, bill.version) : bill;
      }),
    );

  web.post(`${ROOT}/bills`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedBill(request.body);
    const view = viewOf(request, `${ROOT}/bills/new`);
    const then = field(request.body, "then");
    if (then === "more" || then === "compute") {
      const made = await again(who, view, `${ROOT}/bills`, then === "more" ? withMore(typed) : typed, {
        compute: then === "compute",
      });
      return send(reply, made.page, made.status);
    }
    const saved = await save(who, request.body, typed, (tx, input) => draftBill(tx, input));
    if (saved.ok) return reply.redirect(`${ROOT}/bills/${saved.value.id}`, 303);
    const made = await again(who, view, `${ROOT}/bills`, typed, { refusal: saved.refusal });
    return send(reply, made.page, made.status);
  });

  web.get<ById>(`${ROOT}/bills/:id/edit`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id, "bills");
    const bill = await desk.read(who, (read) => getBill(read, id));
    if (bill.status !== "draft") return reply.redirect(`${ROOT}/bills/${id}`, 303);
    const made = await again(who, viewOf(request), `${ROOT}/bills/${id}/edit`, typedOf(bill), {
      version: bill.version,
    });
    return send(reply, made.page);
  });

  web.post<ById>(`${ROOT}/bills/:id/edit`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id, "bills");
    const version = versionOf(request.body);
    const typed = typedBill(request.body);
    const action = `${ROOT}/bills/${id}/edit`;
    const then = field(request.body, "then");
    if (then === "more" || then === "compute") {
      const made = await again(who, viewOf(request, action), action, then === "more" ? withMore(typed) : typed, {
        version,
        compute: then === "compute",
      });
      return send(reply, made.page, made.status);
    }
    const saved = await save(who, request.body, typed, (tx, input) => changeBill(tx, id, version, input));
    if (saved.ok) return reply.redirect(`${ROOT}/bills/${id}`, 303);
    const made = await again(who, viewOf(request, action), action, typed, { version, refusal: saved.refusal });
    return send(reply, made.page, made.status);
  });

  const show = (who: Who, id: string) =>
    desk.read(who, async (read) => {
      const bill = await getBill(read, id);
      const used = new Set(bill.lines.map((l) => l.account));
      const names = new Map((await listAccounts(read)).filter((a) => used.has(a.code)).map((a) => [a.code, a.name]));
      const items = await listItems(read, { billId: id, settled: true, limit: 200 });
      return {
        bill,
        names,
        items,
        payments: await listPayments(read, { billId: id, limit: 50 }),
        who,
        today: desk.today(),
      };
    });

  web.get<ById>(`${ROOT}/bills/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <BillPage view={viewOf(request)} {...await show(who, known(request.params.id, "bills"))} />);
  });

  for (const step of ["submit", "pass", "back", "reject", "cancel"] as const) {
    web.post<ById>(`${ROOT}/bills/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, step === "submit" ? "accountant" : "checker");
      const id = known(request.params.id, "bills");
      const version = versionOf(request.body);
      const typed = {
        reason: field(request.body, "reason").slice(0, 300),
        date: field(request.body, "date").slice(0, 10),
      };
      const done = await attempt(() => {
        const on = typed.date === "" ? undefined : localDate(typed.date);
        return desk.write(who, async (tx) => {
          if (step === "submit") await submitBill(tx, id, version);
          else if (step === "pass") await passBill(tx, id, version, on);
          else if (step === "back") await sendBillBack(tx, id, version, typed.reason);
          else if (step === "reject") await rejectBill(tx, id, version, typed.reason);
          else await cancelBill(tx, id, version, typed.reason, on);
        });
      });
      if (done.ok) return reply.redirect(`${ROOT}/bills/${id}`, 303);
      return send(
        reply,
        <BillPage
          view={viewOf(request, `${ROOT}/bills/${id}`)}
          {...await show(who, id)}
          refusal={done.refusal}
          typed={{ reason: typed.reason, date: typed.date === "" ? desk.today() : typed.date }}
        />,
        done.refusal.status,
      );
    });
  }
}
