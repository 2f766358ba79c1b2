import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  attachEvidence,
  atGatewayOf,
  finishTask,
  listEvidence,
  openTasks,
  type KeptEvidence,
  type PayerSees,
  type Task,
} from "../../collections/index.ts";
import { formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { Books } from "./books-frame.tsx";
import { Field, Flash, Form, Refused, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { uploadOf } from "./upload.ts";

const ROOT = "/books/tasks";

/** Where a task is worked on. */
function roomOf(task: Task): string | undefined {
  switch (task.kind) {
    case "refund-payable":
    case "refund-bank-due":
    case "refund-failed":
      return isUuid(task.subject) ? `/books/refunds/${task.subject}` : "/books/refunds";
    case "dispute-respond":
    case "dispute-lost":
    case "double-outflow":
      return `/books/disputes/${task.subject.split("/")[0] ?? ""}`;
    case "unidentified-payment":
      return `/books/unidentified#${task.subject}`;
    case "external-short":
      return "/books/online/partners";
    case "request-trouble":
      return "/books/requests";
    default:
      return undefined;
  }
}

/** What the gateway answered, as a sentence. */
function saidOf(seen: PayerSees["status"]): string {
  switch (seen) {
    case "paid":
      return "The gateway says that it is paid: its receipt is issued.";
    case "refundable":
      return "The gateway says that it is paid, and it was paid before: it is owed back.";
    case "processing":
      return "The gateway does not know yet. It is asked again by itself.";
    case "failed":
      return "The gateway says that it was not paid. The evidence is kept beside that answer.";
  }
}

export function TasksPage(props: {
  readonly view: View;
  readonly tasks: readonly Task[];
  readonly evidence: readonly KeptEvidence[];
  readonly canFinish: boolean;
  readonly typed?: { readonly about: string; readonly note: string };
  readonly said?: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view } = props;
  return (
    <Books view={view} title="Tasks" tab="tasks">
      <h1>Tasks</h1>
      <Refused refusal={props.refusal} />
      {props.said !== undefined && <Flash kind="note">{props.said}</Flash>}
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
        rows={props.tasks.map((t) => {
          const room = roomOf(t);
          const what = t.kind.replaceAll("-", " ");
          return {
            cells: [
              formatMoment(t.createdAt),
              room === undefined ? what : <a href={room}>{what}</a>,
              t.message,
              props.canFinish ? (
                <Form view={view} action={`${ROOT}/${t.id}`} class="inline">
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
          };
        })}
      />
      <h2 id="evidence">A payer shows that he paid</h2>
      {props.canFinish && (
        <Form view={view} action={`${ROOT}/evidence`} isUpload class="panel" label="Evidence">
          <p class="hint">
            Nobody can mark a payment as paid. What he brings is kept, and the gateway is asked again: its answer is
            booked.
          </p>
          <Field
            label="Payment id (pay_…) or our order’s id"
            name="about"
            value={props.typed?.about}
            isRequired
            maxLength={60}
          />
          <Field label="What it shows" name="note" value={props.typed?.note} size="long" isRequired maxLength={500} />
          <Field label="File (PDF, JPEG, PNG, text)" name="file" type="file" accept=".pdf,.jpg,.jpeg,.png,.txt" />
          <button>Keep it and ask the gateway again</button>
        </Form>
      )}
      <Table
        caption="Evidence that was brought, newest first"
        hideCaption
        stacks
        empty="None was brought."
        columns={[
          { title: "When", kind: "code" },
          { title: "About", kind: "code" },
          { title: "What it shows" },
          { title: "Gateway said" },
          { title: "By" },
        ]}
        rows={props.evidence.map((e) => ({
          cells: [
            formatMoment(e.addedAt),
            e.paymentId ?? e.orderId ?? "",
            <>
              {e.note}
              {e.fileName !== null && <small> · {e.fileName}</small>}
            </>,
            e.gatewaySaid,
            e.addedBy,
          ],
        }))}
      />
    </Books>
  );
}

export function taskRoutes(web: FastifyInstance, desk: Desk): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    more: {
      readonly said?: string;
      readonly refusal?: Refusal;
      readonly typed?: { readonly about: string; readonly note: string };
    } = {},
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      tasks: await openTasks(read, { limit: 200 }),
      evidence: await listEvidence(read),
    }));
    const canFinish = who.actor.roles.some((r) => r === "accountant" || r === "checker");
    return send(
      reply,
      <TasksPage view={viewOf(request, ROOT)} canFinish={canFinish} {...found} {...more} />,
      more.refusal?.status ?? 200,
    );
  };

  web.get(ROOT, async (request, reply) => show(request, reply, desk.need(request, ...READERS.books)));

  web.post<{ Params: { id: string } }>(`${ROOT}/:id`, async (request, reply) => {
    const who = desk.need(request, "accountant", "checker");
    const { id } = request.params;
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
    const resolution = field(request.body, "resolution").slice(0, 300) || "done";
    const done = await attempt(() => desk.write(who, (tx) => finishTask(tx, id, resolution)));
    return done.ok ? reply.redirect(ROOT, 303) : show(request, reply, who, { refusal: done.refusal });
  });

  web.post(`${ROOT}/evidence`, { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant", "checker");
    const { fields, file } = await uploadOf(request, desk.session);
    const typed = { about: field(fields, "about").slice(0, 60), note: field(fields, "note").slice(0, 500) };
    const seen = await attempt(async () =>
      attachEvidence(await atGatewayOf(desk.app, who.ulb), who, {
        about: isUuid(typed.about) ? { orderId: typed.about } : { paymentId: typed.about },
        note: typed.note,
        ...(file === undefined ? {} : { file }),
      }),
    );
    if (!seen.ok) return show(request, reply, who, { refusal: seen.refusal, typed });
    return show(request, reply, who, { said: saidOf(seen.value.status) });
  });
}
