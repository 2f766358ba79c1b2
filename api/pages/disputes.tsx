import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  acceptDispute,
  atGatewayOf,
  contestDispute,
  getDispute,
  listDisputes,
  type Dispute,
} from "../../collections/index.ts";
import { formatDate, formatMoment } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, sum } from "../../ledger/kernel/money.ts";
import type { Who } from "../../ledger/kernel/tx.ts";
import { Books } from "./books-frame.tsx";
import { Amount, Badge, Crumbs, Facts, Field, Flash, Form, Refused, Table } from "./components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { uploadOf } from "./upload.ts";

const ROOT = "/books/disputes";

/** How a dispute stands, for whom it waits. */
function stateOf(d: Dispute, now: Date): { readonly kind: "good" | "bad" | "wait" | "plain"; readonly says: string } {
  switch (d.status) {
    case "won":
      return { kind: "good", says: "won" };
    case "lost":
      return { kind: "bad", says: "lost" };
    case "closed":
      return { kind: "plain", says: "closed" };
    case "under_review":
      return { kind: "wait", says: "answered, the bank reviews it" };
    case "open":
      if (d.acceptedBy !== null) return { kind: "wait", says: "accepted" };
      return d.respondBy !== null && d.respondBy < now
        ? { kind: "bad", says: "the day to answer is past" }
        : { kind: "wait", says: "wants an answer" };
  }
}

/** The answer may still be written: it is open, not accepted, and not answered for good since it was last asked for. */
function isOpen(d: Dispute): boolean {
  const isAnswered = d.answeredAt !== null && (d.actionRequiredAt === null || d.actionRequiredAt <= d.answeredAt);
  return (d.status === "open" || d.status === "under_review") && d.acceptedBy === null && !isAnswered;
}

/** "in 3 days", "in 5 hours", "past". */
export function leftOf(until: Date, now: Date): string {
  const hours = Math.floor((until.getTime() - now.getTime()) / 3_600_000);
  if (hours < 0) return "past";
  if (hours < 48) return `in ${hours} hours`;
  return `in ${Math.floor(hours / 24)} days`;
}

export function DisputesPage(props: {
  readonly view: View;
  readonly disputes: readonly Dispute[];
  readonly now: Date;
}): VNode {
  const { view, disputes, now } = props;
  const live = disputes.filter((d) => d.status === "open" || d.status === "under_review");
  return (
    <Books view={view} title="Disputes" tab="disputes">
      <h1>Disputes</h1>
      <p>
        A payer told his bank that a payment was not right. Answered in time with the receipt, it is mostly won;
        unanswered, it is lost and the dues open again.
      </p>
      {live.length > 0 && (
        <Flash kind="note">
          {live.length} open, ₹ {formatIndian(sum(live.map((d) => d.amount)))} in dispute.
        </Flash>
      )}
      <Table
        caption="Disputes: those that wait for an answer first"
        hideCaption
        stacks
        empty="There are no disputes."
        columns={[
          { title: "Dispute", kind: "code" },
          { title: "Consumer" },
          { title: "Reason" },
          { title: "Answer by" },
          { title: "State" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={disputes.map((d) => {
          const state = stateOf(d, now);
          return {
            cells: [
              <a href={`${ROOT}/${d.id}`}>{d.id}</a>,
              d.consumerCode ?? "unidentified",
              `${d.reasonCode.replaceAll("_", " ")} (${d.phase})`,
              d.respondBy === null || !isOpen(d) ? "" : `${formatMoment(d.respondBy)}, ${leftOf(d.respondBy, now)}`,
              <Badge kind={state.kind}>{state.says}</Badge>,
              <Amount value={d.amount} />,
            ],
          };
        })}
      />
    </Books>
  );
}

export function DisputePage(props: {
  readonly view: View;
  readonly who: Who;
  readonly dispute: Dispute;
  readonly now: Date;
  readonly typed?: string;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, dispute: d, now } = props;
  const state = stateOf(d, now);
  const is = (role: "accountant" | "checker"): boolean => props.who.actor.roles.includes(role);
  return (
    <Books view={view} title={`Dispute ${d.id}`} tab="disputes">
      <Crumbs trail={[["Disputes", ROOT]]} />
      <h1>Dispute {d.id}</h1>
      <Refused refusal={props.refusal} />
      <Facts
        facts={[
          ["State", <Badge kind={state.kind}>{state.says}</Badge>],
          ["Disputed", `₹ ${formatIndian(d.amount)}`],
          ...(d.amountDeducted === 0n
            ? []
            : [["Taken by the gateway", `₹ ${formatIndian(d.amountDeducted)}`] as const]),
          ["Reason", `${d.reasonCode.replaceAll("_", " ")} (${d.phase})`],
          ["Payment", <span class="code">{d.paymentId}</span>],
          ["Consumer", d.consumerCode ?? "unidentified"],
          ...(d.receiptId === null
            ? []
            : [["Receipt", <a href={`/counter/receipts/${d.receiptId}`}>What it paid</a>] as const]),
          ["Opened", formatMoment(d.createdAt)],
          ...(d.respondBy === null
            ? []
            : [
                [
                  "Answer by",
                  `${formatMoment(d.respondBy)}${isOpen(d) ? `, ${leftOf(d.respondBy, now)}` : ""}`,
                ] as const,
              ]),
          ...(d.answer === null
            ? []
            : ([
                [d.answeredAt === null ? "Draft of the answer" : "Answer", d.answer],
                ["Documents", d.answerDocuments.length === 0 ? "none" : d.answerDocuments.join(", ")],
              ] as const)),
          ...(d.answeredAt === null
            ? []
            : [["Answered", `${formatMoment(d.answeredAt)} by ${d.answeredBy ?? ""}`] as const]),
          ...(d.acceptedBy === null ? [] : [["Accepted by", d.acceptedBy] as const]),
          ...(d.decidedAt === null ? [] : [["Decided", formatMoment(d.decidedAt)] as const]),
          ...(d.bookedOn === null
            ? []
            : ([
                ["In the books", formatDate(d.bookedOn)],
                ["Due again", `₹ ${formatIndian(d.reopened)}`],
                ["Claimed, since it went out twice", `₹ ${formatIndian(d.adjusted)}`],
              ] as const)),
        ]}
      />
      {isOpen(d) && (
        <div class="two">
          {(is("accountant") || is("checker")) && (
            <Form view={view} action={`${ROOT}/${d.id}/answer`} isUpload class="panel" label="Contest">
              <h2>Contest it</h2>
              <div class="field">
                <label for="f-summary">Why the payment was right</label>
                <textarea id="f-summary" name="summary" rows={5} maxLength={1000} required>
                  {props.typed ?? d.answer ?? ""}
                </textarea>
              </div>
              <Field
                label="Proof (PDF, JPEG or PNG)"
                name="file"
                type="file"
                accept=".pdf,.jpg,.jpeg,.png"
                hint="The receipt, the bill, the proof of a refund"
              />
              <p class="hint">A submitted answer is final and needs a proof; one draft takes the place of another.</p>
              <div class="actions">
                <button name="action" value="submit">
                  Submit the answer
                </button>
                <button class="second" name="action" value="draft">
                  Save as draft
                </button>
              </div>
            </Form>
          )}
          {is("checker") && (
            <Form view={view} action={`${ROOT}/${d.id}/accept`} class="panel" label="Accept">
              <h2>Accept it</h2>
              <p>
                The payer is right: the gateway takes ₹ {formatIndian(d.amount)} back for good, and what it had paid is
                due again.
              </p>
              <label class="choice">
                <input type="checkbox" name="sure" value="yes" required />I have checked the receipt
              </label>
              <button class="second">Accept the dispute</button>
            </Form>
          )}
        </div>
      )}
    </Books>
  );
}

export function disputeRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const idOf = (request: FastifyRequest<ById>): string => request.params.id.slice(0, 60);
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    id: string,
    more: { readonly typed?: string; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const dispute = await desk.read(who, (read) => getDispute(read, id));
    return send(
      reply,
      <DisputePage
        view={viewOf(request, `${ROOT}/${id}`)}
        who={who}
        dispute={dispute}
        now={desk.app.clock()}
        {...more}
      />,
      more.refusal?.status ?? 200,
    );
  };

  web.get(ROOT, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const disputes = await desk.read(who, (read) => listDisputes(read, { limit: 200 }));
    return send(reply, <DisputesPage view={viewOf(request)} disputes={disputes} now={desk.app.clock()} />);
  });

  web.get<ById>(`${ROOT}/:id`, async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books), idOf(request)),
  );

  web.post<ById>(`${ROOT}/:id/answer`, { config: { isUpload: true } }, async (request, reply) => {
    const who = desk.need(request, "accountant", "checker");
    const id = idOf(request);
    const { fields, file } = await uploadOf(request, desk.session);
    const summary = field(fields, "summary").slice(0, 2000);
    const action = field(fields, "action") === "submit" ? "submit" : "draft";
    const done = await attempt(async () =>
      contestDispute(await atGatewayOf(desk.app, who.ulb), who, id, action, {
        summary,
        documents: file === undefined ? [] : [file],
      }),
    );
    if (done.ok) return reply.redirect(`${ROOT}/${id}`, 303);
    return show(request, reply, who, id, { refusal: done.refusal, typed: summary });
  });

  web.post<ById>(`${ROOT}/:id/accept`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const id = idOf(request);
    const done = await attempt(async () => acceptDispute(await atGatewayOf(desk.app, who.ulb), who, id));
    if (done.ok) return reply.redirect(`${ROOT}/${id}`, 303);
    return show(request, reply, who, id, { refusal: done.refusal });
  });
}
