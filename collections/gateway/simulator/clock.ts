import { SimRefusal } from "./state.ts";

/** What happens by itself when its time comes. */
export type TimerKind =
  | "attempt-timeout"
  | "bank-yes"
  | "bank-no"
  | "auto-refund"
  | "refund-processed"
  | "respond-by"
  | "link-expires"
  | "qr-expires"
  | "account-closes"
  | "settlement-again";

export type Timer = { readonly at: number; readonly kind: TimerKind; readonly id: string };

/** All that will happen by itself, in one queue: earliest first, and in the order of its making where moments are equal. */
export type TimerQueue = {
  add(at: number, kind: TimerKind, id: string): void;
  cancel(kind: TimerKind, id: string): void;
  /** Takes out the next one that is due at `now`. */
  take(now: number): Timer | undefined;
  nextAt(): number | undefined;
  save(): readonly Timer[];
  load(timers: readonly Timer[]): void;
};

export function timerQueue(): TimerQueue {
  let timers: Timer[] = [];
  return {
    add: (at, kind, id) => {
      // Equal moments keep their order: the new one goes behind them.
      let i = timers.length;
      while (i > 0 && (timers[i - 1]?.at ?? 0) > at) i--;
      timers.splice(i, 0, { at, kind, id });
    },
    cancel: (kind, id) => {
      timers = timers.filter((t) => t.kind !== kind || t.id !== id);
    },
    take: (now) => {
      const first = timers[0];
      if (first === undefined || first.at > now) return undefined;
      timers.shift();
      return first;
    },
    nextAt: () => timers[0]?.at,
    save: () => [...timers],
    load: (saved) => {
      timers = [...saved];
    },
  };
}

/** Time at the gateway: somebody's clock, moved on from there. While a timer runs it is that timer's moment. */
export type SimClock = {
  now(): number;
  /** Milliseconds by which it is ahead of the clock it was given. */
  offset(): number;
  setOffset(ms: number): void;
  set(at: number): void;
  during<T>(at: number, work: () => T): T;
};

export function simClock(base: () => number): SimClock {
  let offset = 0;
  let held: number | undefined;
  return {
    now: () => held ?? base() + offset,
    offset: () => offset,
    setOffset: (ms) => {
      offset = ms;
    },
    set: (at) => {
      offset = at - base();
    },
    during: (at, work) => {
      const before = held;
      held = at;
      try {
        return work();
      } finally {
        held = before;
      }
    },
  };
}

const PARTS = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** "PT2S", "P1DT2H", or a number of milliseconds. Refused when it is neither, or longer than 400 days. */
export function duration(value: unknown, name = "duration"): number {
  let ms: number | undefined;
  if (typeof value === "number" && Number.isFinite(value)) ms = value;
  const parts = typeof value === "string" && value.length > 2 ? PARTS.exec(value) : null;
  if (parts) {
    const [, d = "0", h = "0", m = "0", s = "0"] = parts;
    ms = Number(d) * 86_400_000 + Number(h) * 3_600_000 + Number(m) * 60_000 + Number(s) * 1000;
  }
  if (ms === undefined || ms < 0 || ms > 400 * 86_400_000) {
    throw new SimRefusal(`${name} is a duration such as PT2S or P3D, or a number of milliseconds`, { field: name });
  }
  return ms;
}
