import type { Tx } from "./tx.ts";

/** What may stand in a jsonb column. Money in it is a string: jsonb numbers lose digits above 2^53. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type AuditEvent = {
  /** What was done, a verb: "approve", "close", "reopen". */
  readonly action: string;
  readonly subject: string;
  readonly subjectId: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly reason?: string;
};

/** Writes who did what to which thing, when and why, in the transaction of the deed itself. The trail is append-only. */
export async function audit(tx: Tx, event: AuditEvent): Promise<void> {
  await tx.query(
    `insert into kernel.audit_trail (ulb_id, at, actor, action, subject, subject_id, before, after, reason)
     values (:ulb, :at, :actor, :action, :subject, :subject_id, :before, :after, :reason)`,
    {
      ulb: tx.ulb.id,
      at: tx.clock(),
      actor: tx.actor.id,
      action: event.action,
      subject: event.subject,
      subject_id: event.subjectId,
      before: event.before === undefined ? null : JSON.stringify(event.before),
      after: event.after === undefined ? null : JSON.stringify(event.after),
      reason: event.reason ?? null,
    },
  );
}
