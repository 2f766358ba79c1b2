import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  atGatewayOf,
  approveRefund,
  finishTask,
  listRefunds,
  openTasks,
  sendRefund,
  type Refund,
  type Task,
} from "../../collections/index.ts";
import { formatDate, formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Form, Refused, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const KIND = {
  asked: "wait",
  rejected: "bad",
  payable: "wait",
  approved: "wait",
  requested: "wait",
  processed: "good",
  failed: "bad",
  "bank-due": "bad",
  "bank-paid": "good",
} as const;

/** Money we owe back, and what waits for a person. One approves, the gateway pays out, the books follow when it says so. */
export function RefundsPage(props: {
  readonly view: View;
  readonly refunds: readonly Refund[];
  readonly tasks: readonly Task[];
  readonly roles: readonly string[];
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, roles } = props;
  const canFinish = roles.includes("accountant") || roles.includes("checker");
  return (
    <Books view={view} title="Refunds and tasks" tab="refunds">
      <h1>Refunds and tasks</h1>
      <Refused refusal={props.refusal} />
      <h2>Refunds</h2>
      <p>
        A second payment of what was paid already is owed back. A checker approves, the gateway pays, and the entry
        follows when it says so.
      </p>
      <Table
        caption="Refunds, newest first"
        hideCaption
        stacks
        empty="There are no refunds."
        columns={[
          { title: "Note", kind: "code" },
          { title: "Date", kind: "code" },
          { title: "Consumer" },
          { title: "Reason" },
          { title: "Status" },
          { title: "Amount (₹)", kind: "amount" },
          { title: "Step", kind: "action" },
        ]}
        rows={props.refunds.map((r) => ({
          cells: [
            r.number,
            formatDate(r.entryDate),
            r.consumerCode ?? "unidentified",
            <>
              {r.reason}
              {r.lastError !== null && <small> · {r.lastError}</small>}
            </>,
            <Badge kind={KIND[r.status]}>{r.status}</Badge>,
            <Amount value={r.amount} />,
            (r.status === "payable" || r.status === "asked") && roles.includes("checker") ? (
              <Form view={view} action={`/books/refunds/${r.id}/approve`}>
                <button class="small">
                  Approve<span class="sr"> refund {r.number}</span>
                </button>
              </Form>
            ) : r.status === "approved" && (roles.includes("accountant") || roles.includes("checker")) ? (
              <Form view={view} action={`/books/refunds/${r.id}/send`}>
                <button class="small second">
                  Send to the gateway<span class="sr"> {r.number}</span>
                </button>
              </Form>
            ) : (
              ""
            ),
          ],
        }))}
      />
      <h2 id="tasks">Tasks</h2>
      <Table
        caption="Open tasks, oldest first"
        hideCaption
        stacks
        empty="Nothing waits."
        columns={[
          { title: "Since", kind: "code" },
          { title: "What" },
          { title: "Message" },
          { title: "Done", kind: "action" },
        ]}
        rows={props.tasks.map((t) => ({
          cells: [
            formatMoment(t.createdAt),
            t.kind.replaceAll("-", " "),
            t.message,
            canFinish ? (
              <Form view={view} action={`/books/tasks/${t.id}`} class="inline">
                <input
                  name="resolution"
                  aria-label={`How was it resolved: ${t.message}`}
                  placeholder="How was it resolved?"
                  required
                  minLength={5}
                  maxLength={300}
                />
                <button class="small second">Done</button>
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

export function refundRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const look = (who: Who) =>
    desk.read(who, async (read) => ({
      refunds: await listRefunds(read, { limit: 200 }),
      tasks: await openTasks(read, { limit: 200 }),
      roles: who.actor.roles,
    }));

  web.get("/books/refunds", async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, <RefundsPage view={viewOf(request)} {...await look(who)} />);
  });

  const step = (
    path: string,
    roles: readonly ("accountant" | "checker")[],
    work: (who: Who, id: string, body: unknown) => Promise<unknown>,
  ): void => {
    web.post<ById>(path, async (request, reply) => {
      const who = desk.need(request, ...roles);
      const { id } = request.params;
      if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
      const done = await attempt(() => work(who, id, request.body));
      if (done.ok) return reply.redirect("/books/refunds", 303);
      return send(
        reply,
        <RefundsPage view={viewOf(request, "/books/refunds")} {...await look(who)} refusal={done.refusal} />,
        done.refusal.status,
      );
    });
  };
  step("/books/refunds/:id/approve", ["checker"], (who, id) =>
    desk.write(who, async (tx) => {
      await approveRefund(tx, id);
      // The task asked for just this.
      for (const task of await openTasks(tx, { limit: 200 })) {
        if (task.kind === "refund-payable" && task.subject === id)
          await finishTask(tx, task.id, "the refund was approved");
      }
    }),
  );
  step("/books/refunds/:id/send", ["accountant", "checker"], async (who, id) =>
    sendRefund(await atGatewayOf(desk.app, who.ulb), who, id),
  );
  step("/books/tasks/:id", ["accountant", "checker"], (who, id, body) =>
    desk.write(who, (tx) => finishTask(tx, id, field(body, "resolution").slice(0, 300) || "done")),
  );
}
