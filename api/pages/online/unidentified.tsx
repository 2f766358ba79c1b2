import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import {
  approveOwner,
  listOwnerProposals,
  listUnidentified,
  proposeOwner,
  rejectOwner,
  type OwnerProposal,
  type Receipt,
} from "../../../collections/index.ts";
import { formatDate, formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import { isUuid } from "../../../ledger/kernel/ids.ts";
import { formatIndian, sum } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { apiErrors } from "../../errors.ts";
import { Books } from "../books-frame.tsx";
import { Amount, Badge, Facts, Field, Form, Refused, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { oneConsumer } from "./consumer.ts";
import { OnlineTabs } from "./settings.tsx";

const ROOT = "/books/unidentified";
type Typed = { readonly receipt: string; readonly consumer: string; readonly reason: string };

export function UnidentifiedPage(props: {
  readonly view: View;
  readonly who: Who;
  readonly receipts: readonly Receipt[];
  readonly proposals: readonly OwnerProposal[];
  readonly typed?: Typed;
  readonly refusal?: Refusal | undefined;
}): VNode {
  const { view, who, receipts, proposals } = props;
  const waiting = new Map(proposals.filter((p) => p.outcome === null).map((p) => [p.receiptId, p]));
  return (
    <Books view={view} title="Unidentified receipts" tab="online">
      <h1>Unidentified receipts</h1>
      <OnlineTabs />
      <Refused refusal={props.refusal} />
      <p>
        {receipts.length === 0
          ? "There is no money of nobody we know."
          : `${receipts.length} ${receipts.length === 1 ? "receipt" : "receipts"}, ₹ ${formatIndian(sum(receipts.map((r) => r.amount)))} of nobody we know. One person says whose it is, another agrees; the receipt keeps its number and pays his dues as of the day it was paid.`}
      </p>
      {receipts.map((r) => {
        const proposal = waiting.get(r.id);
        return (
          <section class="panel" id={r.paymentId ?? r.id}>
            <h2>
              {r.number}: ₹ {formatIndian(r.amount)}
            </h2>
            <Facts
              facts={[
                ["Paid on", formatDate(r.valueDate)],
                ["Payment", <span class="code">{r.paymentId}</span>],
                ...(r.online === null ? [] : [["By", onlineWords(r.online)] as const]),
                ["Receipt", <a href={`/receipt/${r.token}`}>As the payer sees it</a>],
                ...(proposal === undefined
                  ? []
                  : ([
                      ["Proposed", `${proposal.consumerCode}, ${proposal.consumerName}: ${proposal.reason}`],
                      ["By", `${proposal.proposedBy}, ${formatMoment(proposal.proposedAt)}`],
                    ] as const)),
              ]}
            />
            {proposal === undefined ? (
              <Propose {...props} receipt={r} />
            ) : (
              <Decide view={view} who={who} proposal={proposal} />
            )}
          </section>
        );
      })}
      <Table
        caption="Decided, newest first"
        stacks
        empty="Nothing was decided yet."
        columns={[
          { title: "Receipt", kind: "code" },
          { title: "Consumer", kind: "code" },
          { title: "Because" },
          { title: "Outcome" },
          { title: "By" },
          { title: "Amount (₹)", kind: "amount" },
        ]}
        rows={proposals
          .filter((p) => p.outcome !== null)
          .map((p) => ({
            cells: [
              <a href={`/counter/receipts/${p.receiptId}`}>{p.receiptNumber}</a>,
              p.consumerCode,
              p.decisionReason === null ? p.reason : `${p.reason}; rejected: ${p.decisionReason}`,
              <Badge kind={p.outcome === "approved" ? "good" : "bad"}>{p.outcome}</Badge>,
              `${p.proposedBy}, ${p.decidedBy ?? ""}`,
              <Amount value={p.amount} />,
            ],
          }))}
      />
    </Books>
  );
}

const onlineWords = (o: object): string =>
  Object.values(o as Readonly<Record<string, unknown>>)
    .filter((v): v is string => typeof v === "string" && v !== "")
    .join(" · ");

function Propose(props: {
  readonly view: View;
  readonly who: Who;
  readonly receipt: Receipt;
  readonly typed?: Typed;
}): VNode | null {
  if (!props.who.actor.roles.includes("accountant")) return null;
  const typed = props.typed?.receipt === props.receipt.id ? props.typed : undefined;
  return (
    <Form view={props.view} action={`${ROOT}/${props.receipt.id}`} class="filter" label="Whose it is">
      <Field
        label="Consumer code, mobile number or name"
        name="consumer"
        value={typed?.consumer}
        isRequired
        maxLength={60}
      />
      <Field label="How you know" name="reason" value={typed?.reason} isRequired maxLength={300} />
      <button>Propose</button>
      <a href={`/books/refunds/new?of=${props.receipt.paymentId ?? ""}`}>Give it back instead</a>
    </Form>
  );
}

function Decide({
  view,
  who,
  proposal,
}: {
  readonly view: View;
  readonly who: Who;
  readonly proposal: OwnerProposal;
}): VNode {
  if (!who.actor.roles.includes("checker")) return <p class="hint">A checker decides.</p>;
  if (proposal.proposedBy === who.actor.id) return <p class="hint">You proposed it; another person decides.</p>;
  const at = `${ROOT}/proposals/${proposal.id}`;
  return (
    <>
      <Form view={view} action={`${at}/approve`} class="inline" label="Approve">
        <button>It is {proposal.consumerCode}’s</button>
      </Form>
      <Form view={view} action={`${at}/reject`} class="filter" label="Reject">
        <Field label="Why it is not" name="reason" isRequired maxLength={300} />
        <button class="second">Reject</button>
      </Form>
    </>
  );
}

export function unidentifiedRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const idOf = (request: FastifyRequest<ById>): string => {
    if (!isUuid(request.params.id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
    return request.params.id;
  };
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    more: { readonly typed?: Typed; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => ({
      receipts: await listUnidentified(read),
      proposals: await listOwnerProposals(read),
    }));
    const page = <UnidentifiedPage view={viewOf(request, ROOT)} who={who} {...found} {...more} />;
    return send(reply, page, more.refusal?.status ?? 200);
  };

  web.get(ROOT, async (request, reply) => show(request, reply, desk.need(request, ...READERS.books)));

  web.post<ById>(`${ROOT}/:id`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed: Typed = {
      receipt: idOf(request),
      consumer: field(request.body, "consumer").slice(0, 60),
      reason: field(request.body, "reason").slice(0, 300),
    };
    const done = await attempt(() =>
      desk.write(who, async (tx) => {
        const { id } = await oneConsumer(tx, typed.consumer);
        return proposeOwner(tx, { receiptId: typed.receipt, consumerId: id, reason: typed.reason });
      }),
    );
    return done.ok ? reply.redirect(ROOT, 303) : show(request, reply, who, { typed, refusal: done.refusal });
  });

  web.post<ById>(`${ROOT}/proposals/:id/approve`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const id = idOf(request);
    const done = await attempt(() => desk.write(who, (tx) => approveOwner(tx, id)));
    return done.ok ? reply.redirect(ROOT, 303) : show(request, reply, who, { refusal: done.refusal });
  });

  web.post<ById>(`${ROOT}/proposals/:id/reject`, async (request, reply) => {
    const who = desk.need(request, "checker");
    const id = idOf(request);
    const reason = field(request.body, "reason").slice(0, 300);
    const done = await attempt(() => desk.write(who, (tx) => rejectOwner(tx, id, reason)));
    return done.ok ? reply.redirect(ROOT, 303) : show(request, reply, who, { refusal: done.refusal });
  });
}
