import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Role, Tx, Who } from "../../../ledger/kernel/tx.ts";
import { attempt, field, type Desk } from "../kit.tsx";

export type ById = { Params: { id: string } };
/** What the page of a proposal says again after a decision was refused. */
export type Refused = { readonly refusal?: Refusal; readonly typedReason?: string };
export type Step = (tx: Tx, id: string, reason: string) => Promise<unknown>;

/** Who may propose a change of a demand or of a consumer, and withdraw his own. */
export const MAKERS = ["superintendent", "accountant"] as const satisfies readonly Role[];
const CHECKERS = ["checker"] as const satisfies readonly Role[];

/** The steps that end a proposal under `base`: another person approves or rejects it, its maker withdraws it. A refusal is shown on its page. */
export function decisionRoutes(
  web: FastifyInstance,
  desk: Desk,
  base: string,
  steps: { readonly approve: Step; readonly reject: Step; readonly withdraw: Step },
  show: (request: FastifyRequest<ById>, reply: FastifyReply, who: Who, refused: Refused) => Promise<FastifyReply>,
): void {
  for (const step of ["approve", "reject", "withdraw"] as const) {
    web.post<ById>(`${base}/:id/${step}`, async (request, reply) => {
      const who = desk.need(request, ...(step === "withdraw" ? MAKERS : CHECKERS));
      const { id } = request.params;
      const typedReason = field(request.body, "reason").slice(0, 500);
      const done = await attempt(() => desk.write(who, (tx) => steps[step](tx, id, typedReason)));
      if (done.ok) return reply.redirect(`${base}/${id}`, 303);
      if (done.refusal.status === 404) throw done.refusal;
      return show(request, reply, who, { refusal: done.refusal, typedReason });
    });
  }
}
