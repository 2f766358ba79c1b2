import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  approveRefund,
  askRefund,
  atGatewayOf,
  findReceipts,
  finishTask,
  getRefund,
  listRefunds,
  openTasks,
  payRefundFromBank,
  refundable,
  rejectRefund,
  sendRefund,
  type Refundable,
} from "../../collections/index.ts";
import { listBankBooks } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import type { Refusal } from "../../ledger/kernel/errors.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { Read, Tx, Who } from "../../ledger/kernel/tx.ts";
import { apiErrors } from "../errors.ts";
import { attempt, field, send, typedAmount, viewOf, type Desk } from "./kit.tsx";
import { READERS } from "./layout.tsx";
import { AskPage, type AskTyped } from "./refunds/ask.tsx";
import { RefundsPage } from "./refunds/list.tsx";
import { RefundPage, type BankTyped } from "./refunds/refund.tsx";

const ROOT = "/books/refunds";
/** Refunds carry an approval: their tasks ask for just that. */
async function finishAsked(tx: Tx, id: string, resolution: string): Promise<void> {
  for (const task of await openTasks(tx, { limit: 200 }))
    if (task.subject === id && task.kind === "refund-payable") await finishTask(tx, task.id, resolution);
}

/** The figures of a payment, found by its id or by the number of its receipt. Raises PAYMENT_NOT_FOUND. */
export async function figuresOf(read: Read, of: string): Promise<Refundable> {
  if (of.startsWith("pay_")) return refundable(read, of);
  const [receipt] = await findReceipts(read, { numbers: [of], limit: 1 });
  return refundable(read, receipt?.paymentId ?? of);
}

export function refundRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };

  web.get(ROOT, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const refunds = await desk.read(who, (read) => listRefunds(read, { limit: 200 }));
    return send(
      reply,
      <RefundsPage view={viewOf(request)} refunds={refunds} mayAsk={who.actor.roles.includes("accountant")} />,
    );
  });

  web.get(`${ROOT}/new`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const of = field(request.query, "of").slice(0, 60);
    const figures = await desk.read(who, (read) => figuresOf(read, of));
    return send(
      reply,
      <AskPage view={viewOf(request)} figures={figures} typed={{ origin: "", amount: "", reason: "" }} />,
    );
  });

  web.post(ROOT, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const paymentId = field(request.body, "payment").slice(0, 60);
    const typed: AskTyped = {
      origin: field(request.body, "origin"),
      amount: field(request.body, "amount").slice(0, 40),
      reason: field(request.body, "reason").slice(0, 300),
    };
    const asked = await attempt(() => {
      const amount = rupees(typedAmount(typed.amount));
      const origin = typed.origin === "receipt" || typed.origin === "unidentified" ? typed.origin : "advance";
      return desk.write(who, (tx) => askRefund(tx, { paymentId, amount, origin, reason: typed.reason }));
    });
    if (asked.ok) return reply.redirect(`${ROOT}/${asked.value.id}`, 303);
    const figures = await desk.read(who, (read) => refundable(read, paymentId));
    return send(
      reply,
      <AskPage
        view={viewOf(request, `${ROOT}/new?of=${paymentId}`)}
        figures={figures}
        typed={typed}
        refusal={asked.refusal}
      />,
      asked.refusal.status,
    );
  });

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Who,
    id: string,
    more: { readonly typed?: { readonly reason?: string; readonly bank?: BankTyped }; readonly refusal?: Refusal } = {},
  ): Promise<FastifyReply> => {
    const found = await desk.read(who, async (read) => {
      const refund = await getRefund(read, id);
      // A refund that was made at the gateway itself may be of a payment that we never booked.
      const figures = await attempt(() => refundable(read, refund.paymentId));
      return {
        refund,
        figures: figures.ok ? figures.value : undefined,
        banks: (await listBankBooks(read)).filter((b) => b.isActive),
      };
    });
    return send(
      reply,
      <RefundPage view={viewOf(request, `${ROOT}/${id}`)} who={who} today={desk.today()} {...found} {...more} />,
      more.refusal?.status ?? 200,
    );
  };
  const idOf = (request: FastifyRequest<ById>): string => {
    const { id } = request.params;
    if (!isUuid(id)) throw apiErrors.PAGE_NOT_FOUND({ path: request.url.slice(0, 200) });
    return id;
  };

  web.get<ById>(`${ROOT}/:id`, async (request, reply) =>
    show(request, reply, desk.need(request, ...READERS.books), idOf(request)),
  );

  const step = (
    path: string,
    roles: readonly ("accountant" | "checker")[],
    work: (who: Who, id: string, body: unknown) => Promise<unknown>,
  ): void => {
    web.post<ById>(`${ROOT}/:id/${path}`, async (request, reply) => {
      const who = desk.need(request, ...roles);
      const id = idOf(request);
      const done = await attempt(() => work(who, id, request.body));
      if (done.ok) return reply.redirect(`${ROOT}/${id}`, 303);
      return show(request, reply, who, id, {
        refusal: done.refusal,
        typed: { reason: field(request.body, "reason").slice(0, 300), bank: bankTyped(request.body) },
      });
    });
  };
  step("approve", ["checker"], (who, id) =>
    desk.write(who, async (tx) => {
      await approveRefund(tx, id);
      await finishAsked(tx, id, "the refund was approved");
    }),
  );
  step("reject", ["checker"], (who, id, body) =>
    desk.write(who, async (tx) => {
      await rejectRefund(tx, id, field(body, "reason").slice(0, 300));
      await finishAsked(tx, id, "the refund was rejected");
    }),
  );
  step("send", ["accountant", "checker"], async (who, id) => sendRefund(await atGatewayOf(desk.app, who.ulb), who, id));
  step("bank", ["accountant", "checker"], async (who, id, body) => {
    const { account, reference, date } = bankTyped(body);
    const paid = { bankAccount: account, reference, date: localDate(date) };
    return payRefundFromBank(await atGatewayOf(desk.app, who.ulb), who, id, paid);
  });
}

const bankTyped = (body: unknown): BankTyped => ({
  account: field(body, "account").slice(0, 20),
  reference: field(body, "reference").slice(0, 40),
  date: field(body, "date").slice(0, 10),
});
