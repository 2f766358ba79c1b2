import { bankStatementCsv, type BankLine, type StatementRange } from "./bank.ts";
import { camt053, mt940 } from "./bank-formats.ts";
import { books, checkBooks } from "./books.ts";
import { dayOf } from "./calendar.ts";
import {
  acceptDispute,
  contestDispute,
  decideDispute,
  openDispute,
  requireAction,
  type DisputeRequest,
} from "./disputes.ts";
import type { FaultRule, WebhookPlan, WebhookRule } from "./faults.ts";
import { cancelLink, createLink, editLink, linkEntity, type LinkRequest } from "./links.ts";
import type { BankPlan, PayOptions, Settings, SimulatorOptions } from "./options.ts";
import { createOrder, type OrderRequest } from "./orders.ts";
import { payLink, payNothing, payOrder, payQr, payVirtualAccount } from "./pay.ts";
import { captureByMerchant, completeLate, holdPayment } from "./payments.ts";
import { closeQr, createQr, qrEntity, type QrRequest } from "./qr.ts";
import { failRefund, processRefunds, refundPayment, type RefundRequest } from "./refunds.ts";
import { addAdjustment, failSettlement, reconItems, runSettlement, settleAgain } from "./settlements.ts";
import { disputeJson, orderJson, paymentJson, refundJson, settlementJson, virtualAccountJson } from "./shapes.ts";
import { resetWorld, restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type {
  SimDispute,
  SimLink,
  SimOrder,
  SimPayment,
  SimQr,
  SimRefund,
  SimSettlement,
  SimVirtualAccount,
} from "./state.ts";
import { advanceBy, advanceDays, tick } from "./timers.ts";
import { closeVirtualAccount, createVirtualAccount, type VirtualAccountRequest } from "./virtual-accounts.ts";
import type { Delivery, SimEvent } from "./webhooks.ts";
import { createWorld, currentKey, type SettlementPlan } from "./world.ts";

const DAY_MS = 86_400_000;
const KEY_OVERLAP_MS = DAY_MS;

export type Engine = ReturnType<typeof createEngine>;

/** The state of the simulator and what moves it; simulator.ts puts the wire in front of it. */
export function createEngine(options: SimulatorOptions = {}) {
  const w = createWorld(options);
  if (options.snapshot !== undefined) restoreSnapshot(w, options.snapshot);
  const first = w.keys[0] ?? currentKey(w);
  const webhookSecret = options.webhookSecret ?? "simulator-webhook-secret";

  /** By how much the gateway's clock is off on purpose. */
  let skewedBy = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const ring = (delayMs: number): void => {
    if (options.autoDeliver !== true || stopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      tick(w);
      void deliverWebhooks().then(({ waiting }) => (waiting > 0 || w.timers.nextAt() !== undefined) && ring(5000));
    }, delayMs);
    timer.unref();
  };
  w.ring = () => ring(50);
  if (options.snapshot !== undefined || w.settings.autoSettle) ring(1000);

  /** Sends every webhook that is due, several at a time, until none is due any more. */
  async function deliverWebhooks(concurrency = 8): Promise<Delivery> {
    return w.dispatcher.deliverDue(w.clock.now(), concurrency);
  }

  /** Everything waiting is sent, later retries included, by moving only the queue's time. Gives up after `rounds`. */
  async function drainWebhooks(concurrency = 8, rounds = 12): Promise<Delivery> {
    let total = { sent: 0, delivered: 0, waiting: w.dispatcher.waiting() };
    for (let i = 0; i < rounds && total.waiting > 0; i++) {
      const round = await w.dispatcher.deliverDue(w.clock.now() + (i === 0 ? 0 : DAY_MS), concurrency, false);
      total = { sent: total.sent + round.sent, delivered: total.delivered + round.delivered, waiting: round.waiting };
    }
    return total;
  }

  /** Moves time on and sends every webhook when it is due on the way: retries, and the end of them after a day, happen as they would. */
  async function advanceDelivering(ms: number): Promise<Delivery> {
    const target = w.clock.now() + ms;
    let total = { sent: 0, delivered: 0, waiting: 0 };
    const send = async (): Promise<void> => {
      const round = await deliverWebhooks();
      total = { sent: total.sent + round.sent, delivered: total.delivered + round.delivered, waiting: round.waiting };
    };
    await send();
    while (w.clock.now() < target) {
      const next = Math.min(w.dispatcher.nextAt() ?? target, w.timers.nextAt() ?? target, target);
      advanceBy(w, Math.max(1, Math.min(next, target) - w.clock.now()));
      await send();
    }
    return total;
  }

  // The answers to questions, for reads that are behind: the newest thousand.
  const lastAnswers = new Map<string, { readonly status: number; readonly body: string }>();

  const statementRange = (range: { from?: string; to?: string }): StatementRange => {
    const days = w.bank.map((l) => l.day).sort();
    return {
      openingPaise: options.bankOpening ?? 0,
      from: range.from ?? days[0] ?? dayOf(w.clock.now()),
      to: range.to ?? days.at(-1) ?? dayOf(w.clock.now()),
    };
  };

  return {
    /** For the wire in front of it. */
    world: w,
    lastAnswers: lastAnswers as ReadonlyMap<string, { readonly status: number; readonly body: string }>,
    remember: (address: string, response: { readonly status: number; readonly body: string }) => {
      lastAnswers.delete(address);
      lastAnswers.set(address, { status: response.status, body: response.body });
      const oldest = lastAnswers.size > 1000 ? lastAnswers.keys().next().value : undefined;
      if (oldest !== undefined) lastAnswers.delete(oldest);
    },
    snapshot: () => takeSnapshot(w),
    keyId: first.id,
    keySecret: first.secret,
    webhookSecret,
    accountId: w.accountId,
    merchantName: w.merchantName,
    mountPath: w.mountPath,
    /** The configuration with which createGateway talks to this simulator at `baseUrl`. */
    gatewayConfig: (baseUrl: string) => ({
      keyId: first.id,
      keySecret: first.secret,
      webhookSecrets: [{ secret: webhookSecret }],
      baseUrl: `${baseUrl.replace(/\/+$/, "")}${w.mountPath}`,
      allowSimulator: true,
    }),
    settings: w.settings as Readonly<Settings>,
    set: (change: Partial<Settings>) => void Object.assign(w.settings, change),
    now: () => new Date(w.clock.now()),
    /** Sets the gateway's time. What became due meanwhile happens; nothing is settled by it. */
    setClock: (at: Date) => {
      w.clock.set(at.getTime());
      tick(w);
    },
    /** Moves time on by days, and settles on each working day passed. */
    advance: (days: number) => advanceDays(w, days),
    /** Moves time on by milliseconds: what becomes due happens at its moment, settlements at their hour. */
    advanceBy: (ms: number) => advanceBy(w, ms),
    advanceDelivering,
    tick: () => tick(w),
    /** Everything as at the start, with another seed if given: ids, money, webhooks, faults, settings, time. */
    reset: (seed?: string) => {
      skewedBy = 0;
      resetWorld(w, createWorld({ ...options, ...(seed === undefined ? {} : { seed }) }));
    },

    createOrder: (input: OrderRequest) => createOrder(w, input),
    payOrder: (orderId: string, how?: PayOptions) => {
      tick(w);
      return payOrder(w, orderId, how);
    },
    payLink: (linkId: string, how?: PayOptions) => {
      tick(w);
      return payLink(w, linkId, how);
    },
    payQr: (qrId: string, how?: PayOptions) => {
      tick(w);
      return payQr(w, qrId, how);
    },
    payVirtualAccount: (accountId: string, how?: PayOptions) => {
      tick(w);
      return payVirtualAccount(w, accountId, how);
    },
    /** Money without an order. */
    payNothing: (amount: number, how?: PayOptions) => payNothing(w, amount, how),
    /** What the bank does with one of the next payments. */
    nextBank: (plan: BankPlan) => void w.bankPlans.push(plan),
    completeLate: (paymentId: string) => completeLate(w, paymentId),
    captureByMerchant: (paymentId: string, amount: number) => captureByMerchant(w, paymentId, amount),
    refundPayment: (paymentId: string, input: RefundRequest, idempotencyKey?: string) =>
      refundPayment(w, paymentId, input, idempotencyKey),
    /** All that are pending, or the one named. Gives how many. */
    processRefunds: (refundId?: string) => processRefunds(w, refundId),
    failRefund: (refundId: string) => failRefund(w, refundId),
    createLink: (input: LinkRequest) => createLink(w, input),
    editLink: (id: string, change: Parameters<typeof editLink>[2]) => editLink(w, id, change),
    cancelLink: (id: string) => cancelLink(w, id),
    createQr: (input: QrRequest) => createQr(w, input),
    closeQr: (id: string) => closeQr(w, id),
    createVirtualAccount: (input: VirtualAccountRequest) => createVirtualAccount(w, input),
    closeVirtualAccount: (id: string) => closeVirtualAccount(w, id),
    openDispute: (paymentId: string, input?: DisputeRequest) => openDispute(w, paymentId, input),
    acceptDispute: (id: string) => acceptDispute(w, id),
    contestDispute: (id: string, action: "draft" | "submit", evidence: Readonly<Record<string, unknown>>) =>
      contestDispute(w, id, action, evidence),
    requireAction: (id: string, respondAfterMs?: number) => requireAction(w, id, respondAfterMs),
    decideDispute: (id: string, verdict: "won" | "lost" | "closed") => decideDispute(w, id, verdict),
    addAdjustment: (amount: number, description: string) => addAdjustment(w, amount, description),
    holdPayment: (paymentId: string, isOnHold: boolean) => void holdPayment(w, paymentId, isOnHold),
    runSettlement: (day: string, plan?: SettlementPlan) => runSettlement(w, day, plan),
    /** What becomes of the next settlement that is made. */
    nextSettlement: (plan: SettlementPlan) => void w.settlementPlans.push(plan),
    failSettlement: (id: string, how?: Parameters<typeof failSettlement>[2]) => failSettlement(w, id, how),
    settleAgain: (id: string) => settleAgain(w, id),
    /** Recon rows that are not shown for so long. */
    hideItems: (ids: readonly string[], ms: number) => {
      for (const id of ids) w.hiddenItems.set(id, w.clock.now() + ms);
    },

    deliverWebhooks,
    drainWebhooks,
    /** Sends the same fact again, with its event id, with a fresh one, or without any. */
    replayWebhook: (event: SimEvent, how: { newId?: boolean; noId?: boolean } = {}) =>
      w.dispatcher.replay(event, w.clock.now(), how),
    webhooks: w.dispatcher.log,
    webhookPlan: (plan: WebhookPlan) => w.dispatcher.setPlan(plan),
    /** A new webhook secret: events made before go on being signed with the old one. */
    rotateWebhookSecret: (secret: string) => w.dispatcher.rotateSecret(secret),
    /** A new key; the old one is good for 24 hours more. */
    rollKey: (key: { readonly id: string; readonly secret: string }) => {
      currentKey(w).validUntil = w.clock.now() + KEY_OVERLAP_MS;
      w.keys.push({ ...key, validUntil: null });
    },
    addFault: (rule: FaultRule) => w.faults.add(rule),
    /** Rules of the webhook plan beside those that it has. */
    addWebhookRules: (added: readonly WebhookRule[]) => w.dispatcher.addRules(added),
    /** The gateway's clock is off by so much from now on, until the faults are cleared. */
    skewClock: (ms: number) => {
      w.clock.setOffset(w.clock.offset() + ms);
      skewedBy += ms;
    },
    /** No fault any more: of calls, of webhooks that were added one by one, of the clock. */
    clearFaults: () => {
      w.faults.clear();
      w.dispatcher.clearAddedRules();
      w.clock.setOffset(w.clock.offset() - skewedBy);
      skewedBy = 0;
    },

    /** A line of the bank's statement that has nothing to do with the gateway: counter deposits, charges, transfers. */
    addBankLine: (line: BankLine) => void w.bank.push(line),
    bankLines: w.bank as readonly BankLine[],
    /** The statement of the merchant's bank account; whole months are the caller's choice. */
    bankStatementCsv: (range: { from?: string; to?: string } = {}) => {
      const { openingPaise, from, to } = statementRange(range);
      return bankStatementCsv(w.bank, openingPaise, from, to);
    },
    bankStatementMt940: (range: { from?: string; to?: string } = {}) => mt940(w.bank, statementRange(range)),
    bankStatementCamt053: (range: { from?: string; to?: string } = {}) => camt053(w.bank, statementRange(range)),
    books: () => books(w),
    checkBooks: () => checkBooks(w),
    reconItems: (matches: (day: string) => boolean) => reconItems(w, matches),
    orders: w.orders as ReadonlyMap<string, SimOrder>,
    ordersByReceipt: w.ordersByReceipt as ReadonlyMap<string, readonly SimOrder[]>,
    payments: w.payments as ReadonlyMap<string, SimPayment>,
    paymentsOf: (orderId: string): readonly SimPayment[] => w.paymentsByOrder.get(orderId) ?? [],
    refunds: w.refunds as ReadonlyMap<string, SimRefund>,
    settlements: w.settlements as ReadonlyMap<string, SimSettlement>,
    disputes: w.disputes as ReadonlyMap<string, SimDispute>,
    links: w.links as ReadonlyMap<string, SimLink>,
    qrCodes: w.qrCodes as ReadonlyMap<string, SimQr>,
    virtualAccounts: w.virtualAccounts as ReadonlyMap<string, SimVirtualAccount>,
    /** Stops delivering by itself. */
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
    toJson: {
      order: orderJson,
      payment: paymentJson,
      refund: refundJson,
      settlement: settlementJson,
      dispute: disputeJson,
      virtualAccount: virtualAccountJson,
      link: (link: SimLink) => linkEntity(w, link),
      qr: (qr: SimQr) => qrEntity(w, qr),
    },
  };
}
