import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  addRecurring,
  draftDueRecurring,
  EVERY,
  getVoucher,
  listAutoReversalsDue,
  listRecurring,
  postDueAutoReversals,
  recurringDue,
  stopRecurring,
  type Every,
} from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import type { Problem, Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { attempt, field, send, viewOf, type Desk } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import type { VoucherDoor } from "./files.ts";
import { RecurringPage } from "./recurring.tsx";

/** Vouchers that come again, and those that reverse themselves. */
export function recurringRoutes(web: FastifyInstance, desk: Desk, { known, show }: VoucherDoor): void {
  type ById = { Params: { id: string } };
  const HERE = "/books/vouchers/recurring";

  const page = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    refusal?: Refusal,
    problems: readonly Problem[] = [],
  ) => {
    const found = await desk.read(who, async (read) => ({
      recurring: await listRecurring(read),
      due: await recurringDue(read, desk.today()),
      reversals: await listAutoReversalsDue(read, desk.today()),
    }));
    const done = /^(drafted|posted)-(\d{1,4})$/.exec(field(request.query, "done"));
    return send(
      reply,
      <RecurringPage
        view={viewOf(request, HERE)}
        {...found}
        canWrite={who.actor.roles.includes("accountant")}
        done={
          done
            ? done[1] === "drafted"
              ? `Drafted: ${done[2]}. Look them through and submit them.`
              : `Reversals posted: ${done[2]}.`
            : ""
        }
        refusal={refusal}
        problems={problems}
      />,
      refusal?.status ?? (problems.length > 0 ? 409 : 200),
    );
  };

  web.get(HERE, async (request, reply) => page(request, reply, desk.need(request, ...READERS.books)));

  web.post(`${HERE}/draft`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const done = await attempt(() => desk.write(who, (tx) => draftDueRecurring(tx, desk.today())));
    return done.ok
      ? reply.redirect(`${HERE}?done=drafted-${done.value.length}`, 303)
      : page(request, reply, who, done.refusal);
  });

  web.post(`${HERE}/reverse`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const done = await attempt(() => desk.write(who, (tx) => postDueAutoReversals(tx, desk.today())));
    if (!done.ok) return page(request, reply, who, done.refusal);
    if (done.value.problems.length > 0) return page(request, reply, who, undefined, done.value.problems);
    return reply.redirect(`${HERE}?done=posted-${done.value.posted}`, 303);
  });

  web.post<ById>(`${HERE}/:id/stop`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const done = await attempt(() =>
      desk.write(who, (tx) => stopRecurring(tx, id, field(request.body, "reason").slice(0, 300))),
    );
    return done.ok ? reply.redirect(HERE, 303) : page(request, reply, who, done.refusal);
  });

  web.post<ById>("/books/vouchers/:id/repeat", async (request, reply) => {
    const who = desk.need(request, "accountant");
    const id = known(request.params.id);
    const every = (Object.keys(EVERY) as Every[]).find((e) => e === field(request.body, "every")) ?? "month";
    const to = field(request.body, "to");
    const done = await attempt(async () => {
      const from = localDate(field(request.body, "from"));
      const until = to === "" ? null : localDate(to);
      return desk.write(who, async (tx) => {
        const voucher = await getVoucher(tx, id);
        return addRecurring(tx, {
          title: field(request.body, "title").slice(0, 80),
          voucher: voucher.voucher,
          narration: voucher.narration,
          externalReference: voucher.externalReference,
          lines: voucher.lines,
          every,
          dayOfMonth: Number(field(request.body, "day")) || 0,
          startsOn: from,
          endsOn: until,
        });
      });
    });
    return done.ok ? reply.redirect(HERE, 303) : show(request, reply, who, id, { refusal: done.refusal });
  });
}
