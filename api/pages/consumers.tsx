import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  approveConsumerChange,
  consumerHistory,
  consumersOf,
  findConsumers,
  getConsumer,
  getConsumerChange,
  listConsumerChanges,
  listTaxHeads,
  openDues,
  ownersOn,
  previewConsumerChange,
  proposeConsumerChange,
  rejectConsumerChange,
  withdrawConsumerChange,
  type ConsumerChangeKind,
} from "../../billing/index.ts";
import { listFields } from "../../ledger/index.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { sum } from "../../ledger/kernel/money.ts";
import type { Read, Who } from "../../ledger/kernel/tx.ts";
import { decisionRoutes, MAKERS, type ById, type Refused } from "./changes/decisions.ts";
import { typedIn, type Typed } from "./changes/form.tsx";
import { ConsumerChangePage, type ConsumerChangeSight, type Party } from "./consumers/change.tsx";
import { ConsumerPage } from "./consumers/consumer.tsx";
import { emptyProposal, proposalOf, ProposalPage, type ProposalSight } from "./consumers/form.tsx";
import { ConsumerChangesPage, FindConsumersPage } from "./consumers/list.tsx";
import { KINDS } from "./consumers/words.tsx";
import { attempt, field, send, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const CONSUMERS = "/demand/consumers";
const CHANGES = `${CONSUMERS}/changes`;
const FOUND = 50;

/** /demand/consumers: who is billed and who owns it; mutations, merges and splits, proposed by one person and approved by another. */
export function consumerRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(CONSUMERS, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const query = field(request.query, "q");
    const found = await desk.read(who, (read) => findConsumers(read, { query, limit: FOUND }));
    return send(reply, <FindConsumersPage view={viewOf(request)} query={query} found={found} />);
  });

  web.get<ById>(`${CONSUMERS}/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const { id } = request.params;
    const found = await desk.read(who, async (read) => ({
      consumer: await getConsumer(read, id),
      owners: await ownersOn(read, id, desk.today()),
      due: sum((await openDues(read, id)).map((d) => d.outstanding)),
      history: await consumerHistory(read, id),
      waiting: await listConsumerChanges(read, { consumerId: id, isWaiting: true }),
    }));
    const canPropose = MAKERS.some((role) => who.actor.roles.includes(role));
    return send(reply, <ConsumerPage view={viewOf(request)} {...found} canPropose={canPropose} />);
  });

  for (const { kind } of KINDS) proposalRoutes(web, desk, kind);
  proposalsRoutes(web, desk);
}

function proposalRoutes(web: FastifyInstance, desk: Desk, kind: ConsumerChangeKind): void {
  web.get<ById>(`${CONSUMERS}/:id/${kind}`, async (request, reply) => {
    const who = desk.need(request, ...MAKERS);
    const sight = await desk.read(who, (read) => sightOf(read, request.params.id, desk));
    const typed = emptyProposal(newId(), kind, sight, desk.today());
    return send(reply, <ProposalPage view={viewOf(request)} kind={kind} sight={sight} typed={typed} />);
  });

  web.post<ById>(`${CONSUMERS}/:id/${kind}`, async (request, reply) => {
    const who = desk.need(request, ...MAKERS);
    const typed: Typed = typedIn(request.body);
    const sight = await desk.read(who, (read) => sightOf(read, request.params.id, desk));
    const again = (refusal?: Refusal): FastifyReply =>
      send(
        reply,
        <ProposalPage view={viewOf(request)} kind={kind} sight={sight} typed={typed} refusal={refusal} />,
        refusal?.status ?? 200,
      );
    if (typed("do") === "more") return again();
    const made = await attempt(() =>
      desk.write(who, async (tx) => proposeConsumerChange(tx, await proposalOf(tx, kind, sight, typed))),
    );
    return made.ok ? reply.redirect(`${CHANGES}/${made.value.id}?done=propose`, 303) : again(made.refusal);
  });
}

function proposalsRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(CHANGES, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const status = field(request.query, "status") === "all" ? "all" : "waiting";
    const found = await desk.read(who, async (read) => {
      const changes = await listConsumerChanges(read, { isWaiting: status === "waiting" });
      const consumers = await consumersOf(
        read,
        changes.map((c) => c.content.consumerId),
      );
      return { changes, consumers: new Map(consumers.map((c) => [c.id, c])) };
    });
    return send(reply, <ConsumerChangesPage view={viewOf(request)} {...found} status={status} />);
  });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refused: Refused = {},
  ): Promise<FastifyReply> => {
    const { id } = request.params;
    const sight = await desk.read(who, (read) => changeSightOf(read, id));
    const waits = sight.change.decision === null;
    const planned = waits ? await attempt(() => previewConsumerChange(desk.app, who, id)) : undefined;
    return send(
      reply,
      <ConsumerChangePage
        view={viewOf(request, `${CHANGES}/${id}`)}
        who={who}
        sight={sight}
        planned={planned && (planned.ok ? planned.value : planned.refusal)}
        isNew={field(request.query, "done") === "propose"}
        {...refused}
      />,
      refused.refusal?.status ?? 200,
    );
  };
  web.get<ById>(`${CHANGES}/:id`, async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.demand)),
  );

  decisionRoutes(
    web,
    desk,
    CHANGES,
    { approve: approveConsumerChange, reject: rejectConsumerChange, withdraw: withdrawConsumerChange },
    show,
  );
}

/** Raises CONSUMER_NOT_FOUND. */
async function sightOf(read: Read, consumerId: string, desk: Desk): Promise<ProposalSight> {
  const consumer = await getConsumer(read, consumerId);
  return {
    consumer,
    owners: await ownersOn(read, consumer.id, desk.today()),
    dues: await openDues(read, consumer.id),
    headNames: new Map((await listTaxHeads(read, desk.today())).map((h) => [h.code, h.name])),
    wards: (await listFields(read)).filter((f) => f.kind === "ward").map((f) => f.code),
  };
}

/** Raises CONSUMER_CHANGE_NOT_FOUND. */
async function changeSightOf(read: Read, id: string): Promise<ConsumerChangeSight> {
  const change = await getConsumerChange(read, id);
  const { content } = change;
  const dues = await openDues(read, content.consumerId);
  const due = sum(dues.map((d) => d.outstanding));
  const takerOf = async (consumerId: string): Promise<Party> => ({
    consumer: await getConsumer(read, consumerId),
    due: sum((await openDues(read, consumerId)).map((d) => d.outstanding)),
  });
  return {
    change,
    party: { consumer: await getConsumer(read, content.consumerId), due },
    owners: await ownersOn(read, content.consumerId, change.date),
    into: content.kind === "merge" ? await takerOf(content.intoConsumerId) : undefined,
    event:
      change.decision?.outcome === "approved"
        ? (await consumerHistory(read, content.consumerId)).find((e) => e.changeId === id)
        : undefined,
    duesOfDemands: dues,
  };
}
