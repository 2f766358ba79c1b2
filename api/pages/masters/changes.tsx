import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  confirmMasterChange,
  listMasterChanges,
  rejectMasterChange,
  type MasterProposal,
} from "../../../ledger/index.ts";
import { formatMoment } from "../../../ledger/kernel/dates.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { Badge, Field, Form, Table } from "../components.tsx";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { hasRole, MasterFrame, type Shown } from "./frame.tsx";

const HOME = "/books/masters/changes";

function ChangesPage(props: {
  readonly view: View;
  readonly open: readonly MasterProposal[];
  readonly decided: readonly MasterProposal[];
  readonly who: Who;
  readonly shown: Shown;
}): VNode {
  const { view, who } = props;
  const canDecide = hasRole(who, "admin", "checker");
  return (
    <MasterFrame view={view} title="Proposed changes" shown={props.shown}>
      {props.open.length === 0 && <p class="empty">No change waits for a second person.</p>}
      {props.open.map((p) => (
        <section class="panel" aria-label={p.summary}>
          <h2>{`${p.summary.charAt(0).toUpperCase()}${p.summary.slice(1)}`}</h2>
          <p>
            Proposed by {p.proposedBy}, {formatMoment(p.proposedAt)}. {p.reason}
          </p>
          {!canDecide || p.proposedBy === who.actor.id ? (
            <p class="quiet">Another person, an administrator or checker, confirms or rejects it.</p>
          ) : (
            <div class="two">
              <Form view={view} action={`${HOME}/${p.id}/confirm`} label={`Confirm: ${p.summary}`}>
                <button>Confirm and make the change</button>
              </Form>
              <Form view={view} action={`${HOME}/${p.id}/reject`} label={`Reject: ${p.summary}`}>
                <Field
                  label="Reason for rejecting it"
                  name={`reason-${p.id}`}
                  value={props.shown.typed?.[p.id]}
                  isRequired
                  maxLength={300}
                />
                <button class="danger">Reject</button>
              </Form>
            </div>
          )}
        </section>
      ))}
      <Table
        caption="Decided"
        stacks
        empty="No change was decided yet."
        columns={[
          { title: "Change" },
          { title: "Reason" },
          { title: "Proposed by" },
          { title: "Decided by" },
          { title: "At" },
          { title: "" },
        ]}
        rows={props.decided.map((p) => ({
          cells: [
            p.summary,
            p.decisionReason === null ? p.reason : `${p.reason} / ${p.decisionReason}`,
            p.proposedBy,
            p.decidedBy ?? "",
            p.decidedAt === null ? "" : formatMoment(p.decidedAt),
            <Badge kind={p.status === "confirmed" ? "good" : "bad"}>{p.status}</Badge>,
          ],
        }))}
      />
    </MasterFrame>
  );
}

export function changeRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };
  const page = async (who: Who, view: View, shown: Shown): Promise<VNode> => {
    const found = await desk.read(who, async (read) => ({
      open: await listMasterChanges(read, "proposed"),
      decided: [...(await listMasterChanges(read, "confirmed")), ...(await listMasterChanges(read, "rejected"))]
        .sort((a, b) => (b.decidedAt?.getTime() ?? 0) - (a.decidedAt?.getTime() ?? 0))
        .slice(0, 100),
    }));
    return <ChangesPage view={view} {...found} who={who} shown={shown} />;
  };

  web.get(HOME, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(reply, await page(who, viewOf(request), { done: field(request.query, "done").slice(0, 300) }));
  });

  for (const step of ["confirm", "reject"] as const) {
    web.post<ById>(`${HOME}/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, "admin", "checker");
      const { id } = request.params;
      const reason = field(request.body, `reason-${id}`).slice(0, 300);
      const decided = await attempt(() =>
        desk.write(who, (tx) =>
          step === "confirm" ? confirmMasterChange(tx, id) : rejectMasterChange(tx, id, reason),
        ),
      );
      if (decided.ok) {
        const said = `${step === "confirm" ? "Made" : "Rejected"}: ${decided.value.summary}.`;
        return reply.redirect(`${HOME}?done=${encodeURIComponent(said)}`, 303);
      }
      const shown = { ...decided, typed: { [id]: reason } };
      return send(reply, await page(who, viewOf(request, HOME), shown), decided.refusal.status);
    });
  }
}
