import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  approveChange,
  changeOutcome,
  consumersOf,
  findConsumers,
  findDemands,
  getConsumer,
  listChanges,
  listTaxHeads,
  previewChange,
  previewProposed,
  proposeChange,
  rejectChange,
  taxHeads,
  withdrawChange,
  type ChangeKind,
  type ChangePreview,
} from "../../billing/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import type { Read, Who } from "../../ledger/kernel/tx.ts";
import { ChangePage } from "./changes/change.tsx";
import { decisionRoutes, MAKERS, type ById, type Refused } from "./changes/decisions.ts";
import { emptyChange, FindPage, NewChangePage, proposalOf, typedIn, type ChangeSight } from "./changes/form.tsx";
import { ChangesPage } from "./changes/list.tsx";
import { KINDS, STATUSES } from "./changes/words.ts";
import { attempt, field, send, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";

const CHANGES = "/demand/changes";
const PAGE = 50;

/** /demand/changes: how a posted demand is changed; proposed by one person, approved by another. */
export function changeRoutes(web: FastifyInstance, desk: Desk): void {
  web.get(CHANGES, async (request, reply) => {
    const who = desk.need(request, ...READERS.demand);
    const status = STATUSES.find((s) => s === field(request.query, "status"));
    const after = field(request.query, "after");
    const consumerId = field(request.query, "consumer");
    const found = await desk.read(who, async (read) => {
      const changes = await listChanges(read, {
        ...(isUuid(consumerId) ? { consumerId } : {}),
        ...(status === undefined ? {} : { status }),
        ...(isUuid(after) ? { after } : {}),
        limit: PAGE + 1,
      });
      const consumers = await consumersOf(
        read,
        changes.map((c) => c.consumerId),
      );
      return { changes, consumers: new Map(consumers.map((c) => [c.id, c])) };
    });
    const changes = found.changes.slice(0, PAGE);
    const here = `${CHANGES}?status=${status ?? ""}${isUuid(consumerId) ? `&consumer=${consumerId}` : ""}`;
    const last = changes.at(-1);
    return send(
      reply,
      <ChangesPage
        view={viewOf(request)}
        changes={changes}
        consumers={found.consumers}
        status={status ?? ""}
        first={after === "" ? undefined : here}
        next={found.changes.length > PAGE && last ? `${here}&after=${last.id}` : undefined}
        canPropose={MAKERS.some((role) => who.actor.roles.includes(role))}
      />,
    );
  });

  const kindOf = (from: unknown): ChangeKind | undefined => KINDS.find((k) => k.kind === field(from, "kind"))?.kind;

  web.get(`${CHANGES}/new`, async (request, reply) => {
    const who = desk.need(request, ...MAKERS);
    const consumerId = field(request.query, "consumer");
    if (consumerId === "") {
      const query = field(request.query, "q");
      const found = await desk.read(who, (read) => findConsumers(read, { query, limit: PAGE }));
      return send(reply, <FindPage view={viewOf(request)} query={query} found={found} />);
    }
    const sight = await desk.read(who, (read) => sightOf(read, consumerId, desk));
    return send(
      reply,
      <NewChangePage
        view={viewOf(request)}
        sight={sight}
        kind={kindOf(request.query)}
        typed={emptyChange(newId(), desk.today())}
      />,
    );
  });

  web.post(`${CHANGES}/new`, async (request, reply) => {
    const who = desk.need(request, ...MAKERS);
    const kind = kindOf(request.body);
    const typed = typedIn(request.body);
    const consumerId = typed("consumer");
    const sight = await desk.read(who, (read) => sightOf(read, consumerId, desk));
    const again = (shown: { readonly preview?: ChangePreview; readonly refusal?: Refusal }): FastifyReply =>
      send(
        reply,
        <NewChangePage
          view={viewOf(request, `${CHANGES}/new?consumer=${consumerId}&kind=${kind ?? ""}`)}
          sight={sight}
          kind={kind}
          typed={typed}
          {...shown}
        />,
        shown.refusal?.status ?? 200,
      );
    if (kind === undefined) return again({});
    const proposal = await attempt(() => desk.read(who, (read) => proposalOf(read, kind, sight, typed)));
    if (!proposal.ok) return again({ refusal: proposal.refusal });
    if (typed("do") !== "propose") {
      const seen = await attempt(() => previewChange(desk.app, who, proposal.value));
      return again(seen.ok ? { preview: seen.value } : { refusal: seen.refusal });
    }
    const made = await attempt(() => desk.write(who, (tx) => proposeChange(tx, proposal.value)));
    if (made.ok) return reply.redirect(`${CHANGES}/${made.value.id}?done=propose`, 303);
    return again({ refusal: made.refusal });
  });

  const show = async (
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    who: Who,
    refused: Refused = {},
  ): Promise<FastifyReply> => {
    const { id } = request.params;
    const found = await desk.read(who, async (read) => {
      const outcome = await changeOutcome(read, id);
      return {
        outcome,
        consumer: await getConsumer(read, outcome.change.consumerId),
        raised: await findDemands(read, { demandIds: outcome.raised }),
        names: await namesOf(read, desk.today()),
      };
    });
    const preview =
      found.outcome.change.decision === null ? await attempt(() => previewProposed(desk.app, who, id)) : undefined;
    return send(
      reply,
      <ChangePage
        view={viewOf(request, `${CHANGES}/${id}`)}
        who={who}
        {...found}
        preview={preview && (preview.ok ? preview.value : preview.refusal)}
        isNew={field(request.query, "done") === "propose"}
        {...refused}
      />,
      refused.refusal?.status ?? 200,
    );
  };
  web.get<ById>(`${CHANGES}/:id`, async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.demand)),
  );

  decisionRoutes(web, desk, CHANGES, { approve: approveChange, reject: rejectChange, withdraw: withdrawChange }, show);
}

/** Raises CONSUMER_NOT_FOUND. */
async function sightOf(read: Read, consumerId: string, desk: Desk): Promise<ChangeSight> {
  const consumer = await getConsumer(read, consumerId);
  const heads = [...(await taxHeads(read, desk.today())).values()];
  return {
    consumer,
    demands: (await findDemands(read, { consumerIds: [consumer.id] })).filter((d) => !d.isCancelled),
    heads: heads.filter((h) => h.service === consumer.service && h.kind !== "penalty" && h.kind !== "interest"),
    names: await namesOf(read, desk.today()),
  };
}

async function namesOf(read: Read, on: LocalDate): Promise<ReadonlyMap<string, string>> {
  return new Map((await listTaxHeads(read, on)).map((h) => [h.code, h.name]));
}
