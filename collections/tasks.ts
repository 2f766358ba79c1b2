import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { collectionErrors } from "./errors.ts";

/** What people are asked to look at. */
export const TASK_KINDS = [
  "unidentified-payment",
  "amount-mismatch",
  "orphan-order",
  "event-dead",
  "event-parked",
  "refund-unsanctioned",
  "refund-failed",
  "refund-payable",
  "refund-bank-due",
  "closed-period",
  "fee-on-free-mode",
  "capture-refused",
  "dispute-respond",
  "dispute-lost",
  "double-outflow",
  "external-short",
  "request-trouble",
  "settlement-waits",
  "unsettled",
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export type Task = {
  readonly id: string;
  readonly kind: TaskKind;
  /** What it is about: a payment, order, event or refund id. */
  readonly subject: string;
  readonly message: string;
  readonly createdAt: Date;
};

/** Asks a person to look at something, once per kind and subject. */
export async function setTasks(
  tx: Tx,
  tasks: readonly { readonly kind: TaskKind; readonly subject: string; readonly message: string }[],
): Promise<void> {
  if (tasks.length === 0) return;
  await tx.query(
    `insert into collections.tasks (ulb_id, task_id, kind, subject, message, created_at)
     select :ulb, t.id, t.kind, t.subject, t.message, :now
     from unnest(:ids::uuid[], :kinds::text[], :subjects::text[], :messages::text[]) as t (id, kind, subject, message)
     on conflict on constraint task_is_set_once do nothing`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: tasks.map(() => newId()),
      kinds: tasks.map((t) => t.kind),
      subjects: tasks.map((t) => t.subject),
      messages: tasks.map((t) => t.message),
    },
  );
}

/** Open tasks, oldest first; at most `limit` (200). */
export async function openTasks(read: Read, options: { readonly limit?: number } = {}): Promise<Task[]> {
  return read.query<Task>(
    `select task_id as id, kind, subject, message, created_at as "createdAt" from collections.tasks
     where ulb_id = :ulb and done_at is null order by created_at, task_id limit :row_limit`,
    { ulb: read.ulb.id, row_limit: Math.min(options.limit ?? 50, 200) },
  );
}

/** Closes what the program itself sees resolved. */
export async function closeTasks(
  tx: Tx,
  kind: TaskKind,
  subjects: readonly string[],
  resolution: string,
): Promise<void> {
  if (subjects.length === 0) return;
  await tx.query(
    `update collections.tasks set done_at = :now, done_by = :actor, resolution = :resolution
     where ulb_id = :ulb and kind = :kind and subject = any(:subjects::text[]) and done_at is null`,
    { ulb: tx.ulb.id, now: tx.clock(), actor: tx.actor.id, resolution, kind, subjects },
  );
}

/** Says how a task was resolved. Raises TASK_NOT_FOUND, also for one that is done. */
export async function finishTask(tx: Tx, taskId: string, resolution: string): Promise<void> {
  const rows = await tx.query(
    `update collections.tasks set done_at = :now, done_by = :actor, resolution = :resolution
     where ulb_id = :ulb and task_id = :id::uuid and done_at is null returning task_id`,
    { ulb: tx.ulb.id, id: taskId, now: tx.clock(), actor: tx.actor.id, resolution },
  );
  if (rows.length === 0) throw collectionErrors.TASK_NOT_FOUND({ task: taskId });
}
