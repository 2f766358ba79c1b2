import {
  addDays,
  dateInIndia,
  daysBetween,
  financialYearOf,
  previousFinancialYear,
} from "../../ledger/kernel/dates.ts";
import { inTransaction, systemActor, type Ulb, type Who } from "../../ledger/kernel/tx.ts";
import { draftDueRecurring, postDueAutoReversals, rollUp } from "../../ledger/index.ts";
import {
  alertDisputes,
  alertUnsettled,
  atGatewayOf,
  captureAuthorised,
  findDisputes,
  pollDisputes,
  pollDueOrders,
  pollDueRequests,
  processInbox,
  resolveOrders,
  resolveRequests,
  sendDueRefunds,
  ulbsWithEvents,
  unsettledSince,
  type CollectionsApp,
} from "../../collections/index.ts";
import { accrueGatewayFees, importSettlements } from "../../reconciliation/index.ts";
import { forgetIdempotencyKeys } from "../v1/index.ts";
import { sealAll } from "../sealing.ts";
import { messageHandlers, type MessageService } from "../messages.ts";
import { continueRuns } from "./demand-runs.ts";
import type { Duty, Handler } from "./jobs.ts";

/** How far the monthly sweep of settlements looks back: a quarter and the month that runs; further while captured money waits longer, to a year. */
const SWEEP_DAYS = 120;
const SWEEP_AT_MOST_DAYS = 400;
const as = (ulb: Ulb, part: string): Who => ({ ulb, actor: systemActor(part) });

/** What is done for outbox rows, by topic. Without a message service what citizens are told is written and held. */
export function handlers(
  app: { readonly baseUrl: string },
  messageService?: MessageService,
): Readonly<Record<string, Handler>> {
  return { ...messageHandlers(app, messageService) };
}

/** What is done by the clock. Each is safe to run twice, and together with itself on another machine. */
export function duties(app: CollectionsApp): Duty[] {
  return [
    {
      name: "gateway-inbox",
      // Often, so that a receipt does not keep its payer waiting; and only where an event waits, so that a state's many ULBs cost one question.
      when: { everyMs: 500 },
      among: (a) => ulbsWithEvents(a.db, a.clock()),
      run: async (_a, ulb) => void (await processInbox(await atGatewayOf(app, ulb), ulb)),
    },
    {
      name: "poll-orders",
      when: { everyMs: 30_000 },
      run: async (_a, ulb) => {
        const at = await atGatewayOf(app, ulb);
        await resolveOrders(at, as(ulb, "poller"));
        await pollDueOrders(at, as(ulb, "poller"));
      },
    },
    {
      name: "captures",
      when: { everyMs: 10_000 },
      run: async (_a, ulb) => void (await captureAuthorised(await atGatewayOf(app, ulb), as(ulb, "captures"))),
    },
    {
      name: "refunds",
      when: { everyMs: 60_000 },
      run: async (_a, ulb) => void (await sendDueRefunds(await atGatewayOf(app, ulb), as(ulb, "refunds"))),
    },
    {
      name: "payment-requests",
      when: { everyMs: 60_000 },
      run: async (_a, ulb) => {
        const at = await atGatewayOf(app, ulb);
        await resolveRequests(at, as(ulb, "requests"));
        await pollDueRequests(at, as(ulb, "requests"));
      },
    },
    {
      name: "disputes",
      when: { everyMs: 600_000 },
      run: async (a, ulb) => {
        await pollDisputes(await atGatewayOf(app, ulb), as(ulb, "disputes"));
        await inTransaction(a, as(ulb, "disputes"), (tx) => alertDisputes(tx));
      },
    },
    {
      // For disputes of which no event ever came.
      name: "find-disputes",
      when: { cron: "0 30 6 * * *" },
      run: async (_a, ulb) => void (await findDisputes(await atGatewayOf(app, ulb), as(ulb, "disputes"))),
    },
    { name: "demand-runs", when: { everyMs: 2_000 }, run: continueRuns() },
    {
      name: "roll-up",
      when: { everyMs: 60_000 },
      run: async (a, ulb) => void (await inTransaction(a, as(ulb, "roll-up"), (tx) => rollUp(tx))),
    },
    {
      name: "seal",
      when: { everyMs: 300_000 },
      run: (a, ulb) => sealAll(a, ulb),
    },
    {
      // Drafts only: people look them through, submit and approve them.
      name: "recurring-vouchers",
      when: { cron: "0 5 0 * * *" },
      run: async (a, ulb) =>
        void (await inTransaction(a, as(ulb, "recurring"), (tx) => draftDueRecurring(tx, dateInIndia(app.clock())))),
    },
    {
      // The mirrors of approved accruals whose month was not open when they were approved.
      name: "auto-reversals",
      when: { cron: "0 10 0 * * *" },
      run: async (a, ulb) =>
        void (await inTransaction(a, as(ulb, "auto-reversals"), (tx) =>
          postDueAutoReversals(tx, dateInIndia(app.clock())),
        )),
    },
    {
      name: "forget-keys",
      when: { cron: "0 15 3 * * *" },
      run: async (a, ulb) =>
        void (await inTransaction(a, as(ulb, "clean-up"), (tx) =>
          forgetIdempotencyKeys(tx, new Date(app.clock().getTime() - 90 * 86_400_000)),
        )),
    },
    {
      // Late rows appear on later days: a week is pulled again, what is there stays as it is.
      name: "settlements",
      when: { cron: "0 0 6 * * *" },
      run: async (a, ulb) => {
        const today = dateInIndia(app.clock());
        await importSettlements(await atGatewayOf(app, ulb), as(ulb, "settlements"), {
          from: addDays(today, -7),
          to: today,
        });
        await inTransaction(a, as(ulb, "settlements"), (tx) => alertUnsettled(tx));
      },
    },
    {
      // After the settlements of a day of April: what the gateway takes in the new year for payments of the old one.
      name: "fee-accrual",
      when: { cron: "0 0 7 * 4 *" },
      run: async (a, ulb) => {
        const today = dateInIndia(app.clock());
        if (!/^\d{4}-04/.test(today)) return;
        await inTransaction(a, as(ulb, "fee-accrual"), (tx) =>
          accrueGatewayFees(tx, previousFinancialYear(financialYearOf(today))),
        );
      },
    },
    {
      // Once a month the months before it again, one by one: what no week's run saw is found, and booked in a month that is open.
      name: "settlement-sweep",
      when: { cron: "0 30 5 2 * *" },
      run: async (a, ulb) => {
        const at = await atGatewayOf(app, ulb);
        const today = dateInIndia(app.clock());
        const since = await inTransaction(a, as(ulb, "settlements"), unsettledSince);
        const waits = since === undefined ? 0 : Math.min(daysBetween(since, today), SWEEP_AT_MOST_DAYS);
        for (let back = Math.max(SWEEP_DAYS, waits); back > 7; back -= 30)
          await importSettlements(at, as(ulb, "settlements"), {
            from: addDays(today, -back),
            to: addDays(today, -Math.max(back - 29, 7)),
          });
      },
    },
  ];
}
