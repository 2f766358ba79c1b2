import { randomBytes } from "node:crypto";
import type { BankLine } from "./bank.ts";
import { simClock, timerQueue, type SimClock, type TimerQueue } from "./clock.ts";
import { faultPlan, type FaultPlan } from "./faults.ts";
import { usualFees, type FeeTable } from "./fees.ts";
import { usualSettings, type BankPlan, type Settings, type SimulatorOptions } from "./options.ts";
import { randomFrom, type Random } from "./random.ts";
import type {
  Notes,
  SimAdjustment,
  SimCustomer,
  SimDispute,
  SimDocument,
  SimLink,
  SimOrder,
  SimPayment,
  SimQr,
  SimRefund,
  SimSettlement,
  SimVirtualAccount,
} from "./state.ts";
import { sendOverHttp, webhookDispatcher, type Dispatcher } from "./webhooks.ts";

/** A key that the API takes; the one before it goes on for 24 hours after it was rolled. */
export type SimKey = { readonly id: string; readonly secret: string; validUntil: number | null };

export type Settleable = SimPayment | SimRefund | SimAdjustment;

/** All that one merchant's account at the gateway knows. The rooms (orders, payments, …) are functions over it. */
export type World = {
  readonly options: SimulatorOptions;
  readonly settings: Settings;
  readonly accountId: string;
  readonly merchantName: string;
  readonly mountPath: string;
  readonly keys: SimKey[];
  readonly fees: FeeTable;
  readonly holidays: Set<string>;
  random: Random;
  readonly clock: SimClock;
  readonly timers: TimerQueue;
  readonly faults: FaultPlan;
  readonly dispatcher: Dispatcher;
  readonly bankPlans: BankPlan[];

  readonly orders: Map<string, SimOrder>;
  readonly ordersByReceipt: Map<string, SimOrder[]>;
  readonly payments: Map<string, SimPayment>;
  readonly paymentsByOrder: Map<string, SimPayment[]>;
  readonly refunds: Map<string, SimRefund>;
  readonly refundKeys: Map<string, { readonly body: string; readonly refund: SimRefund }>;
  readonly adjustments: SimAdjustment[];
  readonly settlements: Map<string, SimSettlement>;
  readonly disputes: Map<string, SimDispute>;
  readonly links: Map<string, SimLink>;
  readonly qrCodes: Map<string, SimQr>;
  readonly virtualAccounts: Map<string, SimVirtualAccount>;
  readonly customers: Map<string, SimCustomer>;
  readonly documents: Map<string, SimDocument>;
  /** What may still be settled, oldest first: kept apart so that a settlement run does not walk all that ever happened. */
  unsettled: Settleable[];
  readonly bank: BankLine[];
  /** Recon rows that are not shown before their moment. */
  readonly hiddenItems: Map<string, number>;
  /** What becomes of the next settlements. */
  readonly settlementPlans: SettlementPlan[];
  utrSequence: number;
  lastSettlementDay: string;
  /** A request is being applied a second time: what would refuse a repetition does not. */
  repeating: boolean;
  /** Called when there is something to deliver. */
  ring: () => void;
};

export type SettlementPlan = {
  readonly outcome: "processed" | "failed" | "returned";
  /** failed, returned: it is paid again, with a new UTR, after so long. */
  readonly againAfterMs?: number;
  /** No more than this is paid out: the rest waits. */
  readonly limit?: number;
  /** So many of its rows are not yet in the recon list. */
  readonly hideItems?: number;
  readonly hideForMs?: number;
};

export function createWorld(options: SimulatorOptions): World {
  const base = options.clock ?? (() => new Date());
  const random = randomFrom(options.seed ?? randomBytes(16).toString("hex"));
  const settings: Settings = { ...usualSettings };
  for (const name of Object.keys(usualSettings) as (keyof Settings)[])
    if (options[name] !== undefined) Object.assign(settings, { [name]: options[name] });
  const accountId = options.accountId ?? "acc_Simulator00001";
  const world: World = {
    options,
    settings,
    accountId,
    merchantName: options.merchantName ?? "Nagarkosh Demo",
    mountPath: (options.mountPath ?? "").replace(/\/+$/, ""),
    keys: [
      {
        id: options.keyId ?? "rzp_test_Simulator00001",
        secret: options.keySecret ?? "simulator-key-secret",
        validUntil: null,
      },
    ],
    fees: { ...usualFees, ...options.fees },
    holidays: new Set(options.holidays ?? []),
    random,
    clock: simClock(() => base().getTime()),
    timers: timerQueue(),
    faults: faultPlan(() => world.random.next()),
    dispatcher: webhookDispatcher({
      accountId,
      random: {
        next: () => world.random.next(),
        id: (prefix) => world.random.id(prefix),
        digits: (count) => world.random.digits(count),
        state: () => world.random.state(),
        goOn: (state) => world.random.goOn(state),
      },
      send: options.sendWebhook ?? sendOverHttp,
      endpoints: [
        {
          url: options.webhookUrl ?? "http://127.0.0.1:8080/webhooks/razorpay/{ulb}",
          secret: options.webhookSecret ?? "simulator-webhook-secret",
          previousSecret: null,
          events: options.webhookEvents ?? null,
        },
      ],
      shuffleKeys: () => settings.shuffleKeys,
      autoDisable: options.autoDisable ?? true,
    }),
    bankPlans: [],
    orders: new Map(),
    ordersByReceipt: new Map(),
    payments: new Map(),
    paymentsByOrder: new Map(),
    refunds: new Map(),
    refundKeys: new Map(),
    adjustments: [],
    settlements: new Map(),
    disputes: new Map(),
    links: new Map(),
    qrCodes: new Map(),
    virtualAccounts: new Map(),
    customers: new Map(),
    documents: new Map(),
    unsettled: [],
    bank: [],
    hiddenItems: new Map(),
    settlementPlans: [],
    utrSequence: Math.floor(random.next() * 900_000) + 1,
    lastSettlementDay: "",
    repeating: false,
    ring: () => undefined,
  };
  return world;
}

export function currentKey(w: World): SimKey {
  const key = w.keys.at(-1);
  if (!key) throw new Error("an account has a key");
  return key;
}

/** An event of now, to everybody who subscribes; `notes` say which ULB's address it is. */
export function emit(w: World, event: string, notes: Notes, payload: Record<string, unknown>): void {
  w.dispatcher.emit(event, String(notes["ulb"] ?? ""), payload, w.clock.now());
  w.ring();
}

/** The notes that name the ULB: those of what was paid, where the payment has none of its own. */
export function notesFor(w: World, p: SimPayment): Notes {
  const of = <T extends { readonly notes: Notes }>(map: ReadonlyMap<string, T>, id: string | null | undefined) =>
    id === null || id === undefined ? undefined : map.get(id)?.notes;
  return (
    of(w.orders, p.order_id) ??
    of(w.links, p.linkId) ??
    of(w.qrCodes, p.qrId) ??
    of(w.virtualAccounts, p.virtualAccountId) ??
    p.notes
  );
}

/** The address of a page that people open, such as a link or a UPI page. */
export function pageUrl(w: World, path: string): string {
  return `${w.options.publicUrl ?? "http://127.0.0.1:8090"}${w.mountPath}${path}`;
}
