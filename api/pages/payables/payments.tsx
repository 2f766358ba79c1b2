import type { FastifyInstance } from "fastify";
import type { VNode } from "preact";
import {
  approvePayment,
  cancelPayment,
  getAdvice,
  getBankBook,
  getEntry,
  getPayment,
  listBankBooks,
  listItems,
  listParties,
  listPayments,
  nextLeaf,
  payableErrors,
  payableSettings,
  preparePayment,
  recordChallan,
  rejectPayment,
  returnAdviceLine,
  sendAdvice,
  type ItemKind,
  type PaymentKind,
} from "../../../ledger/index.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import type { Refusal } from "../../../ledger/kernel/errors.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import { adviceCsv, adviceLetterPdf, paymentOrderPdf, type AdviceView } from "../../../reports/index.ts";
import { attempt, field, send, viewOf, type Desk, type View } from "../kit.tsx";
import { READERS } from "../layout.tsx";
import { known, PAGE_SIZE, pageOf, partyField, ROOT, versionOf } from "./common.tsx";
import { NewPaymentPage, paymentOf, typedPayment, type Typed } from "./payment-form.tsx";
import { instrumentOf, PaymentsPage, STATUSES } from "./payment-list.tsx";
import { PaymentPage } from "./payment-page.tsx";

const SETTLES: Record<Exclude<PaymentKind, "advance">, ItemKind> = {
  bills: "creditor",
  remittance: "recovery",
  deposit: "deposit",
  reissue: "stale",
};

export function paymentRoutes(web: FastifyInstance, desk: Desk): void {
  type ById = { Params: { id: string } };

  web.get(`${ROOT}/payments`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const asked = field(request.query, "status");
    const status = STATUSES.find((s) => s === asked) ?? "submitted";
    const page = pageOf(request.query);
    const payments = await desk.read(who, (read) =>
      listPayments(read, { status, limit: PAGE_SIZE + 1, offset: (page - 1) * PAGE_SIZE }),
    );
    return send(
      reply,
      <PaymentsPage
        view={viewOf(request)}
        status={status}
        payments={payments}
        page={page}
        canWrite={who.actor.roles.includes("accountant")}
        today={desk.today()}
      />,
    );
  });

  const form = (who: Who, view: View, typed: Typed, refusal?: Refusal): Promise<VNode> =>
    desk.read(who, async (read) => {
      const banks = (await listBankBooks(read)).filter((b) => b.isActive);
      const leaves = new Map<string, string | undefined>();
      for (const b of banks) leaves.set(b.account, await nextLeaf(read, b.account));
      const party = typed.party === "" ? undefined : await attempt(() => partyField(read, typed.party));
      const items =
        typed.kind === "advance" || party?.ok === false
          ? []
          : (
              await listItems(read, {
                kind: SETTLES[typed.kind],
                party: party?.value,
                code: typed.kind === "remittance" && typed.code !== "" ? typed.code : undefined,
                limit: 200,
              })
            ).filter((i) => i.open > i.waiting || typed.chosen?.has(i.id));
      return (
        <NewPaymentPage
          view={view}
          typed={typed}
          items={items}
          banks={banks}
          parties={await listParties(read, { limit: 200 })}
          leaves={leaves}
          refusal={refusal ?? (party?.ok === false ? party.refusal : undefined)}
        />
      );
    });

  web.get(`${ROOT}/payments/new`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    return send(reply, await form(who, viewOf(request), typedPayment(request.query, desk.today(), false)));
  });

  web.post(`${ROOT}/payments`, async (request, reply) => {
    const who = desk.need(request, "accountant");
    const typed = typedPayment(request.body, desk.today(), true);
    const made = await attempt(() => desk.write(who, async (tx) => preparePayment(tx, await paymentOf(tx, typed))));
    if (made.ok) return reply.redirect(`${ROOT}/payments/${made.value.id}`, 303);
    const view = viewOf(request, `${ROOT}/payments/new?kind=${typed.kind}`);
    return send(reply, await form(who, view, typed, made.refusal), made.refusal.status);
  });

  const show = (who: Who, id: string) =>
    desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      return {
        payment,
        advice: payment.adviceId === null ? undefined : await getAdvice(read, payment.adviceId),
        number: payment.entryId === null ? undefined : (await getEntry(read, payment.entryId)).number,
        who,
        today: desk.today(),
      };
    });

  web.get<ById>(`${ROOT}/payments/:id`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    return send(
      reply,
      <PaymentPage view={viewOf(request)} {...await show(who, known(request.params.id, "payments"))} />,
    );
  });

  for (const step of ["approve", "reject", "cancel", "challan", "sent", "return"] as const) {
    web.post<ById>(`${ROOT}/payments/:id/${step}`, async (request, reply) => {
      const isChecker = step === "approve" || step === "reject" || step === "cancel";
      const who = desk.need(request, isChecker ? "checker" : "accountant");
      const id = known(request.params.id, "payments");
      const { body } = request;
      const version = versionOf(body);
      const typed = {
        reason: field(body, "reason").slice(0, 300),
        number: field(body, "number").slice(0, 60),
        date: field(body, "date").slice(0, 10),
      };
      const done = await attempt(() => {
        const on = typed.date === "" ? desk.today() : localDate(typed.date);
        return desk.write(who, async (tx) => {
          if (step === "approve") await approvePayment(tx, id, version);
          else if (step === "reject") await rejectPayment(tx, id, version, typed.reason);
          else if (step === "cancel") await cancelPayment(tx, id, version, typed.reason, on);
          else if (step === "challan") await recordChallan(tx, id, { number: typed.number, date: on });
          else {
            const adviceId = (await getPayment(tx, id)).adviceId ?? id;
            if (step === "sent") await sendAdvice(tx, adviceId, on);
            else
              await returnAdviceLine(tx, {
                adviceId,
                lineNo: Number(field(body, "line")) || 0,
                date: on,
                reason: typed.reason,
              });
          }
        });
      });
      if (done.ok) return reply.redirect(`${ROOT}/payments/${id}`, 303);
      return send(
        reply,
        <PaymentPage
          view={viewOf(request, `${ROOT}/payments/${id}`)}
          {...await show(who, id)}
          refusal={done.refusal}
          typed={{ ...typed, date: typed.date === "" ? desk.today() : typed.date }}
        />,
        done.refusal.status,
      );
    });
  }

  /** What the letter and the file say, read at one instant; the PDF is made after. */
  const adviceView = (who: Who, id: string): Promise<AdviceView> =>
    desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      if (payment.adviceId === null || payment.entryId === null) throw payableErrors.ADVICE_UNKNOWN({ advice: id });
      const advice = await getAdvice(read, payment.adviceId);
      const entry = await getEntry(read, payment.entryId);
      const settings = await payableSettings(read);
      return {
        ulb: read.ulb,
        bank: await getBankBook(read, payment.account),
        number: advice.number,
        date: advice.date,
        voucher: entry.number,
        madeAt: entry.postedAt,
        lines: advice.lines,
        amount: advice.amount,
        signatories: [settings.firstSignatory, settings.secondSignatory],
      };
    });
  const fileName = (name: string): string => `attachment; filename="${name.replace(/[^\w.-]/g, "-")}"`;

  web.get<ById>(`${ROOT}/payments/:id/advice.pdf`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const view = await adviceView(who, known(request.params.id, "payments"));
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`${view.number}.pdf`))
      .type("application/pdf")
      .send(await adviceLetterPdf(view));
  });

  web.get<ById>(`${ROOT}/payments/:id/advice.csv`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const view = await adviceView(who, known(request.params.id, "payments"));
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`${view.number}.csv`))
      .type("text/csv; charset=utf-8")
      .send(adviceCsv(view));
  });

  web.get<ById>(`${ROOT}/payments/:id/order.pdf`, async (request, reply) => {
    const who = desk.need(request, ...READERS.books);
    const id = known(request.params.id, "payments");
    const view = await desk.read(who, async (read) => {
      const payment = await getPayment(read, id);
      if (payment.entryId === null) throw payableErrors.PAYMENT_UNKNOWN({ payment: id });
      const entry = await getEntry(read, payment.entryId);
      const settings = await payableSettings(read);
      return {
        ulb: read.ulb,
        bank: await getBankBook(read, payment.account),
        voucher: entry.number,
        date: payment.date,
        payee: payment.payee,
        instrument: instrumentOf(payment),
        narration: payment.narration,
        madeAt: entry.postedAt,
        madeBy: payment.createdBy,
        approvedBy: payment.decidedBy ?? "",
        lines: payment.lines.map((l) => ({
          what: l.what,
          party: `${l.party.id} ${l.name}`,
          account: l.account,
          amount: l.amount,
        })),
        amount: payment.amount,
        signatories: [settings.firstSignatory, settings.secondSignatory] as const,
      };
    });
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", fileName(`payment-order-${view.voucher}.pdf`))
      .type("application/pdf")
      .send(await paymentOrderPdf(view));
  });
}
