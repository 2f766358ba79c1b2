import { createHmac, randomBytes } from "node:crypto";
import { bankStatementCsv, type BankLine } from "./bank.ts";
import { dayOf, dayOfYear, isWorkingDay, momentOf, plusDays, plusWorkingDays } from "./calendar.ts";
import { faultPlan, type FaultRule, type WebhookPlan } from "./faults.ts";
import { feeFor, usualFees, type FeeTable } from "./fees.ts";
import { randomFrom } from "./random.ts";
import {
  orderJson,
  paymentJson,
  refundJson,
  settlementJson,
  SimRefusal,
  type Notes,
  type SimAdjustment,
  type SimMethod,
  type SimOrder,
  type SimPayment,
  type SimRefund,
  type SimSettlement,
} from "./state.ts";
import { sendOverHttp, webhookDispatcher, type SavedEvent, type SendWebhook, type SimEvent } from "./webhooks.ts";

export type SimulatorOptions = {
  readonly keyId?: string;
  readonly keySecret?: string;
  readonly webhookSecret?: string;
  readonly accountId?: string;
  readonly merchantName?: string;
  /** Same seed, same calls: same ids. Without it every start makes fresh ids. */
  readonly seed?: string;
  /** Time at the gateway: the wall clock unless given; `advance` and `setClock` move it on from there. */
  readonly clock?: () => Date;
  /** Where webhooks go; {ulb} is taken from the order's notes. */
  readonly webhookUrl?: string;
  /** How webhooks are sent; over HTTP unless given. */
  readonly sendWebhook?: SendWebhook;
  /** Deliver by itself shortly after each event, and retry: for a running demo. Tests call deliverWebhooks. */
  readonly autoDeliver?: boolean;
  readonly autoCapture?: boolean;
  /** Working days from capture to settlement: 1 or 2 (RBI's and Razorpay's figures differ). */
  readonly settlementDays?: number;
  readonly holidays?: readonly string[];
  readonly fees?: Partial<FeeTable>;
  /** What a second order with the same receipt meets; the documentation says both. */
  readonly repeatedReceipt?: "refuse" | "same" | "allow";
  /** A refund becomes processed at once (usual) or when `processRefunds` is called. */
  readonly refundsAreInstant?: boolean;
  /** The path under which it is mounted on another server, such as "/__sim/razorpay". */
  readonly mountPath?: string;
  /** Balance of the merchant's bank account before the first line, in paise. */
  readonly bankOpening?: number;
  /** What `snapshot` gave when it was stopped: it goes on from there. */
  readonly snapshot?: string;
};

export type PayOptions = {
  readonly method?: SimMethod;
  /** "late": fails now, the bank's yes arrives with `completeLate`. */
  readonly outcome?: "success" | "failure" | "late";
  /** For tampering tests; the order's amount otherwise. */
  readonly amount?: number;
  /** Pays although the order is paid already: what must not happen, and does. */
  readonly force?: boolean;
  readonly contact?: string;
  readonly email?: string;
};

type Snapshot = {
  /** Where the stream of ids stands: with the same seed it would otherwise give the same ids once more. */
  readonly random: readonly number[];
  readonly offsetMs: number;
  readonly utrSequence: number;
  readonly orders: readonly SimOrder[];
  readonly payments: readonly SimPayment[];
  readonly refunds: readonly SimRefund[];
  readonly refundKeys: readonly [key: string, body: string, refundId: string][];
  readonly adjustments: readonly SimAdjustment[];
  readonly settlements: readonly SimSettlement[];
  /** Ids in the order in which they became due. */
  readonly unsettled: readonly string[];
  readonly bank: readonly BankLine[];
  readonly events: readonly SavedEvent[];
};

/** What the payer's browser brings back to the callback page. */
export type CheckoutReturn = {
  readonly razorpay_order_id: string;
  readonly razorpay_payment_id: string;
  readonly razorpay_signature: string;
};

export type Engine = ReturnType<typeof createEngine>;

/** The state of the simulator and what moves it; simulator.ts puts the wire in front of it. */
export function createEngine(options: SimulatorOptions = {}) {
  const keyId = options.keyId ?? "rzp_test_Simulator00001";
  const keySecret = options.keySecret ?? "simulator-key-secret";
  const webhookSecret = options.webhookSecret ?? "simulator-webhook-secret";
  const accountId = options.accountId ?? "acc_Simulator00001";
  const merchantName = options.merchantName ?? "Nagarkosh Demo";
  const webhookUrl = options.webhookUrl ?? "http://127.0.0.1:8080/webhooks/razorpay/{ulb}";
  const mountPath = (options.mountPath ?? "").replace(/\/+$/, "");
  const fees: FeeTable = { ...usualFees, ...options.fees };
  const holidays = new Set(options.holidays ?? []);
  const autoCapture = options.autoCapture ?? true;
  const random = randomFrom(options.seed ?? randomBytes(16).toString("hex"));
  const base = options.clock ?? (() => new Date());
  let offsetMs = 0;
  const now = (): number => base().getTime() + offsetMs;

  const orders = new Map<string, SimOrder>();
  const ordersByReceipt = new Map<string, SimOrder[]>();
  const payments = new Map<string, SimPayment>();
  const paymentsByOrder = new Map<string, SimPayment[]>();
  const refunds = new Map<string, SimRefund>();
  const refundKeys = new Map<string, { body: string; refund: SimRefund }>();
  const adjustments: SimAdjustment[] = [];
  const settlements = new Map<string, SimSettlement>();
  /** What may still be settled, oldest first: kept apart so that a settlement run does not walk all that ever happened. */
  let unsettled: (SimPayment | SimRefund | SimAdjustment)[] = [];
  const bank: BankLine[] = [];
  const faults = faultPlan();
  const dispatcher = webhookDispatcher(accountId, random, options.sendWebhook ?? sendOverHttp);
  let utrSequence = Math.floor(random.next() * 900_000) + 1;

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const ring = (delayMs: number): void => {
    if (options.autoDeliver !== true || stopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void deliverWebhooks().then(({ waiting }) => waiting > 0 && ring(5000));
    }, delayMs);
    timer.unref();
  };
  const emit = (event: string, notes: Notes, payload: Record<string, unknown>): void => {
    dispatcher.emit(
      event,
      webhookUrl.replace("{ulb}", encodeURIComponent(String(notes["ulb"] ?? ""))),
      webhookSecret,
      payload,
      now(),
    );
    ring(50);
  };
  const notesFor = (p: SimPayment): Notes =>
    p.order_id === null ? p.notes : (orders.get(p.order_id)?.notes ?? p.notes);

  // ---- orders

  function createOrder(input: { amount: number; currency?: string; receipt?: string | null; notes?: Notes }): SimOrder {
    const receipt = input.receipt ?? null;
    if (receipt !== null) {
      const there = ordersByReceipt.get(receipt)?.[0];
      if (there && options.repeatedReceipt === "same" && there.amount === input.amount) return there;
      if (there && options.repeatedReceipt !== "allow") {
        throw new SimRefusal("Order receipt should be unique.", { field: "receipt" });
      }
    }
    const order: SimOrder = {
      id: random.id("order"),
      entity: "order",
      amount: input.amount,
      amount_paid: 0,
      amount_due: input.amount,
      currency: input.currency ?? "INR",
      receipt,
      offer_id: null,
      status: "created",
      attempts: 0,
      notes: input.notes ?? {},
      created_at: Math.floor(now() / 1000),
    };
    orders.set(order.id, order);
    if (receipt !== null) ordersByReceipt.set(receipt, [...(ordersByReceipt.get(receipt) ?? []), order]);
    return order;
  }

  // ---- payments

  /** Pays an order as a payer would at the checkout, without a browser. Gives the payment and what the browser would bring back. */
  function payOrder(orderId: string, how: PayOptions = {}): { payment: SimPayment; callback: CheckoutReturn } {
    const order = orders.get(orderId);
    if (!order) throw new SimRefusal("The id provided does not exist");
    if (order.status === "paid" && how.force !== true) {
      throw new SimRefusal("Payment already done for this order.");
    }
    const outcome = how.outcome ?? "success";
    const payment: SimPayment = {
      id: random.id("pay"),
      order_id: order.id,
      amount: how.amount ?? order.amount,
      method: how.method ?? "upi",
      bankReference: random.digits(12),
      status: "created",
      captured: false,
      capturedAt: null,
      amountRefunded: 0,
      fee: null,
      tax: null,
      error: null,
      contact: how.contact ?? "+919000000000",
      email: how.email ?? "payer@example.test",
      notes: {},
      settlementId: null,
      isOnHold: false,
      createdAt: now(),
    };
    payments.set(payment.id, payment);
    paymentsByOrder.set(order.id, [...(paymentsByOrder.get(order.id) ?? []), payment]);
    order.attempts++;
    if (order.status === "created") order.status = "attempted";
    if (outcome === "success") {
      authorize(payment);
    } else {
      payment.status = "failed";
      payment.error = {
        code: "BAD_REQUEST_ERROR",
        description:
          outcome === "late"
            ? "Payment was not completed on time."
            : "Your payment was declined by the bank. Please try another method.",
        reason: outcome === "late" ? "payment_timed_out" : "payment_declined",
      };
      emit("payment.failed", order.notes, { payment: { entity: paymentJson(payment) } });
    }
    return {
      payment,
      callback: {
        razorpay_order_id: order.id,
        razorpay_payment_id: payment.id,
        razorpay_signature: createHmac("sha256", keySecret).update(`${order.id}|${payment.id}`).digest("hex"),
      },
    };
  }

  function authorize(payment: SimPayment): void {
    payment.status = "authorized";
    payment.error = null;
    emit("payment.authorized", notesFor(payment), { payment: { entity: paymentJson(payment) } });
    if (autoCapture) capture(payment);
  }

  function capture(payment: SimPayment): void {
    const order = payment.order_id === null ? undefined : orders.get(payment.order_id);
    payment.status = "captured";
    payment.captured = true;
    payment.capturedAt = now();
    const { fee, tax } = feeFor(payment.amount, payment.method, fees);
    payment.fee = fee;
    payment.tax = tax;
    unsettled.push(payment);
    if (order) {
      order.status = "paid";
      order.amount_paid += payment.amount;
      order.amount_due = Math.max(0, order.amount - order.amount_paid);
    }
    const entity = paymentJson(payment);
    emit("payment.captured", notesFor(payment), { payment: { entity } });
    if (order) emit("order.paid", order.notes, { payment: { entity }, order: { entity: orderJson(order) } });
  }

  /** The bank's late yes to a payment that had failed. On an order that another payment has paid, the gateway sends the money back. */
  function completeLate(paymentId: string): SimPayment {
    const payment = payments.get(paymentId);
    if (payment?.status !== "failed") throw new SimRefusal("The payment is not one that failed");
    const order = payment.order_id === null ? undefined : orders.get(payment.order_id);
    if (order?.status === "paid") {
      payment.status = "authorized";
      makeRefund(payment, payment.amount, null, {}, true);
      return payment;
    }
    authorize(payment);
    return payment;
  }

  function captureByMerchant(paymentId: string, amount: number): SimPayment {
    const payment = payments.get(paymentId);
    if (!payment) throw new SimRefusal("The id provided does not exist");
    if (payment.captured) throw new SimRefusal("This payment has already been captured");
    if (payment.status !== "authorized")
      throw new SimRefusal("Only payments which have been authorized and not yet captured can be captured");
    if (amount !== payment.amount) {
      throw new SimRefusal("Capture amount must be equal to the amount authorized", { field: "amount" });
    }
    capture(payment);
    return payment;
  }

  // ---- refunds

  function refundPayment(
    paymentId: string,
    input: { amount?: number; receipt?: string | null; notes?: Notes },
    idempotencyKey?: string,
  ): SimRefund {
    const body = JSON.stringify([paymentId, input.amount ?? null, input.receipt ?? null, input.notes ?? {}]);
    if (idempotencyKey !== undefined) {
      const before = refundKeys.get(idempotencyKey);
      if (before && before.body !== body) {
        throw new SimRefusal("Different request with the same idempotency key has already been processed.");
      }
      if (before) return before.refund;
    }
    const payment = payments.get(paymentId);
    if (!payment) throw new SimRefusal("The id provided does not exist");
    if (!payment.captured) throw new SimRefusal("The payment status should be captured for action to be taken");
    const amount = input.amount ?? payment.amount - payment.amountRefunded;
    const left = payment.amount - payment.amountRefunded;
    if (left === 0) throw new SimRefusal("The payment has been fully refunded already");
    if (amount < 100 || amount > left) {
      throw new SimRefusal("The total refund amount is greater than the refund payment amount", { field: "amount" });
    }
    if (amount > books().available)
      throw new SimRefusal("Your account does not have enough balance to carry out the refund operation.");
    const refund = makeRefund(payment, amount, input.receipt ?? null, input.notes ?? {}, false);
    if (idempotencyKey !== undefined) refundKeys.set(idempotencyKey, { body, refund });
    return refund;
  }

  function makeRefund(
    payment: SimPayment,
    amount: number,
    receipt: string | null,
    notes: Notes,
    isOfUncaptured: boolean,
  ): SimRefund {
    const refund: SimRefund = {
      id: random.id("rfnd"),
      payment_id: payment.id,
      amount,
      receipt,
      status: "pending",
      notes,
      isOfUncaptured,
      settlementId: null,
      createdAt: now(),
    };
    refunds.set(refund.id, refund);
    payment.amountRefunded += amount;
    if (payment.amountRefunded === payment.amount) payment.status = "refunded";
    if (!isOfUncaptured) unsettled.push(refund);
    const payload = (): Record<string, unknown> => ({
      refund: { entity: refundJson(refund) },
      payment: { entity: paymentJson(payment) },
    });
    emit("refund.created", notesFor(payment), payload());
    if (options.refundsAreInstant !== false) {
      refund.status = "processed";
      emit("refund.processed", notesFor(payment), payload());
    }
    return refund;
  }

  /** Pending refunds become processed. */
  function processRefunds(): number {
    let count = 0;
    for (const refund of refunds.values()) {
      const payment = payments.get(refund.payment_id);
      if (refund.status !== "pending" || !payment) continue;
      refund.status = "processed";
      count++;
      emit("refund.processed", notesFor(payment), {
        refund: { entity: refundJson(refund) },
        payment: { entity: paymentJson(payment) },
      });
    }
    return count;
  }

  function addAdjustment(amount: number, description: string): SimAdjustment {
    const adjustment: SimAdjustment = {
      id: random.id("adj"),
      amount,
      description,
      settlementId: null,
      createdAt: now(),
    };
    adjustments.push(adjustment);
    unsettled.push(adjustment);
    return adjustment;
  }

  // ---- settlements and the bank

  const settledWorth = (x: SimPayment | SimRefund | SimAdjustment): number =>
    "capturedAt" in x ? x.amount - (x.fee ?? 0) : "payment_id" in x ? -x.amount : x.amount;

  /**
   * Settles what is due on that day: payments captured the given number of working days before, refunds and adjustments made before it.
   * One transfer for the day, or none when the net is not positive (it is carried forward). The bank's line appears the same day.
   */
  function runSettlement(day: string): SimSettlement | undefined {
    if (!isWorkingDay(day, holidays)) return undefined;
    const settlementDays = options.settlementDays ?? 2;
    const isDue = (x: SimPayment | SimRefund | SimAdjustment): boolean =>
      "capturedAt" in x
        ? !x.isOnHold && x.capturedAt !== null && plusWorkingDays(dayOf(x.capturedAt), settlementDays, holidays) <= day
        : dayOf(x.createdAt) < day;
    const due = unsettled.filter(isDue);
    const amount = due.reduce((sum, x) => sum + settledWorth(x), 0);
    if (due.length === 0 || amount <= 0) return undefined;
    utrSequence = (utrSequence % 999_999) + 1;
    const settlement: SimSettlement = {
      id: random.id("setl"),
      amount,
      status: "processed",
      utr: `AXISN${day.slice(2, 4)}${String(dayOfYear(day)).padStart(3, "0")}${String(utrSequence).padStart(6, "0")}`,
      createdAt: momentOf(day, 10, 30),
    };
    settlements.set(settlement.id, settlement);
    for (const x of due) x.settlementId = settlement.id;
    unsettled = unsettled.filter((x) => x.settlementId === null);
    bank.push({
      day,
      narration: `NEFT CR-${settlement.utr}-RAZORPAY PAYMENTS PVT LTD-${merchantName.toUpperCase()}`,
      reference: settlement.utr,
      credit: amount,
    });
    const first = due.find((x): x is SimPayment => "capturedAt" in x);
    emit("settlement.processed", first ? notesFor(first) : {}, { settlement: { entity: settlementJson(settlement) } });
    return settlement;
  }

  /** Moves time on, day by day, and settles on each working day passed. */
  function advance(days: number): SimSettlement[] {
    const made: SimSettlement[] = [];
    for (let i = 0; i < days; i++) {
      const day = plusDays(dayOf(now()), 1);
      offsetMs += 86_400_000;
      const settlement = runSettlement(day);
      if (settlement) made.push(settlement);
    }
    return made;
  }

  /** Sets the gateway's time; nothing is settled by it. */
  function setClock(at: Date): void {
    offsetMs = at.getTime() - base().getTime();
  }

  function reconItems(matches: (day: string) => boolean): Record<string, unknown>[] {
    const items: Record<string, unknown>[] = [];
    const push = (x: SimPayment | SimRefund | SimAdjustment, fields: Record<string, unknown>): void => {
      const settlement = x.settlementId === null ? undefined : settlements.get(x.settlementId);
      if (!settlement || !matches(dayOf(settlement.createdAt))) return;
      items.push({
        entity_id: x.id,
        currency: "INR",
        on_hold: false,
        settled: true,
        created_at: Math.floor(x.createdAt / 1000),
        settled_at: Math.floor(settlement.createdAt / 1000),
        settlement_id: settlement.id,
        settlement_utr: settlement.utr,
        posted_at: null,
        credit_type: "default",
        dispute_id: null,
        card_network: null,
        card_issuer: null,
        card_type: null,
        description: null,
        ...fields,
      });
    };
    for (const p of payments.values()) {
      const order = p.order_id === null ? undefined : orders.get(p.order_id);
      push(p, {
        type: "payment",
        debit: 0,
        credit: p.amount - (p.fee ?? 0),
        amount: p.amount,
        fee: p.fee ?? 0,
        tax: p.tax ?? 0,
        payment_id: null,
        order_id: p.order_id,
        order_receipt: order?.receipt ?? null,
        method: p.method === "rupay_debit" ? "card" : p.method,
        notes: order && Object.keys(order.notes).length > 0 ? order.notes : [],
      });
    }
    for (const r of refunds.values()) {
      const p = payments.get(r.payment_id);
      push(r, {
        type: "refund",
        debit: r.amount,
        credit: 0,
        amount: r.amount,
        fee: 0,
        tax: 0,
        payment_id: r.payment_id,
        order_id: p?.order_id ?? null,
        order_receipt: null,
        method: p?.method ?? null,
        notes: [],
      });
    }
    for (const a of adjustments) {
      push(a, {
        type: "adjustment",
        debit: a.amount < 0 ? -a.amount : 0,
        credit: a.amount > 0 ? a.amount : 0,
        amount: Math.abs(a.amount),
        fee: 0,
        tax: 0,
        settlement_utr: null,
        payment_id: null,
        order_id: null,
        order_receipt: null,
        method: null,
        description: a.description,
        notes: [],
      });
    }
    return items.sort((a, b) => Number(a["created_at"]) - Number(b["created_at"]));
  }

  /** The simulator's own books: captured − fees − refunds + adjustments − settled = available. */
  function books(): Record<"captured" | "fees" | "refunded" | "adjusted" | "settled" | "available", number> {
    let captured = 0;
    let feeSum = 0;
    for (const p of payments.values()) {
      if (!p.captured) continue;
      captured += p.amount;
      feeSum += p.fee ?? 0;
    }
    let refunded = 0;
    for (const r of refunds.values()) if (!r.isOfUncaptured && r.status !== "failed") refunded += r.amount;
    const adjusted = adjustments.reduce((sum, a) => sum + a.amount, 0);
    let settled = 0;
    for (const s of settlements.values()) settled += s.amount;
    return {
      captured,
      fees: feeSum,
      refunded,
      adjusted,
      settled,
      available: captured - feeSum - refunded + adjusted - settled,
    };
  }

  /** Sends every webhook that is due, several at a time, until none is due any more. */
  async function deliverWebhooks(concurrency = 8): Promise<{ sent: number; delivered: number; waiting: number }> {
    return dispatcher.deliverDue(now(), concurrency);
  }

  /** Everything waiting is sent, later retries included, by moving only the queue's time. Gives up after `rounds`. */
  async function drainWebhooks(
    concurrency = 8,
    rounds = 12,
  ): Promise<{ sent: number; delivered: number; waiting: number }> {
    let total = { sent: 0, delivered: 0, waiting: dispatcher.waiting() };
    for (let i = 0; i < rounds && total.waiting > 0; i++) {
      const round = await dispatcher.deliverDue(now() + (i === 0 ? 0 : 86_400_000), concurrency);
      total = { sent: total.sent + round.sent, delivered: total.delivered + round.delivered, waiting: round.waiting };
    }
    return total;
  }

  /** All state as text, webhooks that still wait included; those delivered or dropped are forgotten. */
  function snapshot(): string {
    return JSON.stringify({
      random: random.state(),
      offsetMs,
      utrSequence,
      orders: [...orders.values()],
      payments: [...payments.values()],
      refunds: [...refunds.values()],
      refundKeys: [...refundKeys].map(([key, { body, refund }]) => [key, body, refund.id]),
      adjustments,
      settlements: [...settlements.values()],
      unsettled: unsettled.map((x) => x.id),
      bank,
      events: dispatcher.save(),
    } satisfies Snapshot);
  }

  function restore(text: string): void {
    const s = JSON.parse(text) as Snapshot;
    random.goOn(s.random);
    offsetMs = s.offsetMs;
    utrSequence = s.utrSequence;
    for (const o of s.orders) {
      orders.set(o.id, o);
      if (o.receipt !== null) ordersByReceipt.set(o.receipt, [...(ordersByReceipt.get(o.receipt) ?? []), o]);
    }
    for (const p of s.payments) {
      payments.set(p.id, p);
      if (p.order_id !== null) paymentsByOrder.set(p.order_id, [...(paymentsByOrder.get(p.order_id) ?? []), p]);
    }
    for (const r of s.refunds) refunds.set(r.id, r);
    for (const [key, body, id] of s.refundKeys) {
      const refund = refunds.get(id);
      if (refund) refundKeys.set(key, { body, refund });
    }
    adjustments.push(...s.adjustments);
    for (const x of s.settlements) settlements.set(x.id, x);
    bank.push(...s.bank);
    const byId = new Map([...s.payments, ...s.refunds, ...s.adjustments].map((x) => [x.id, x]));
    unsettled = s.unsettled.flatMap((id) => byId.get(id) ?? []);
    dispatcher.load(s.events);
    ring(1000);
  }
  if (options.snapshot !== undefined) restore(options.snapshot);

  return {
    snapshot,
    keyId,
    keySecret,
    webhookSecret,
    accountId,
    merchantName,
    mountPath,
    /** The configuration with which createGateway talks to this simulator at `baseUrl`. */
    gatewayConfig: (baseUrl: string) => ({
      keyId,
      keySecret,
      webhookSecrets: [{ secret: webhookSecret }],
      baseUrl: `${baseUrl.replace(/\/+$/, "")}${mountPath}`,
      allowSimulator: true,
    }),
    now: () => new Date(now()),
    setClock,
    advance,
    createOrder,
    payOrder,
    completeLate,
    captureByMerchant,
    refundPayment,
    processRefunds,
    addAdjustment,
    runSettlement,
    deliverWebhooks,
    drainWebhooks,
    /** Sends the same fact again, with its event id or with a fresh one. */
    replayWebhook: (event: SimEvent, how: { newId?: boolean } = {}) => dispatcher.replay(event, now(), how),
    webhooks: dispatcher.log,
    webhookPlan: (plan: WebhookPlan) => dispatcher.setPlan(plan),
    addFault: (rule: FaultRule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    nextFault: (method: string, path: string) => faults.next(method, path),
    holdPayment: (paymentId: string, isOnHold: boolean) => {
      const payment = payments.get(paymentId);
      if (payment) payment.isOnHold = isOnHold;
    },
    /** A line of the bank's statement that has nothing to do with the gateway: counter deposits, charges, transfers. */
    addBankLine: (line: BankLine) => void bank.push(line),
    bankLines: bank as readonly BankLine[],
    /** The statement of the merchant's bank account; whole months are the caller's choice. */
    bankStatementCsv: (range: { from?: string; to?: string } = {}) => {
      const days = bank.map((l) => l.day).sort();
      return bankStatementCsv(
        bank,
        options.bankOpening ?? 0,
        range.from ?? days[0] ?? dayOf(now()),
        range.to ?? days.at(-1) ?? dayOf(now()),
      );
    },
    books,
    reconItems,
    orders: orders as ReadonlyMap<string, SimOrder>,
    ordersByReceipt: ordersByReceipt as ReadonlyMap<string, readonly SimOrder[]>,
    payments: payments as ReadonlyMap<string, SimPayment>,
    paymentsOf: (orderId: string): readonly SimPayment[] => paymentsByOrder.get(orderId) ?? [],
    refunds: refunds as ReadonlyMap<string, SimRefund>,
    settlements: settlements as ReadonlyMap<string, SimSettlement>,
    /** Stops delivering by itself. */
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
    toJson: { order: orderJson, payment: paymentJson, refund: refundJson, settlement: settlementJson },
  };
}
