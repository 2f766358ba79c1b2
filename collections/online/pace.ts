/*
 * How fast the background asks the gateway. What a payer waits for is never held up: only sweepers take tokens, and they stop when the gateway says
 * "too many requests". The gateway publishes no figure, so a refusal halves the speed and every quiet minute gives some of it back.
 */

export type Pace = {
  /** Whether a sweeper may ask now; takes a token. */
  mayAsk(now: Date): boolean;
  /** What came back: 429 makes sweepers wait, anything else lets them go on. */
  noteAnswer(answer: { readonly kind: string; readonly status?: number }, now: Date): void;
};

export type PaceState = {
  readonly tokens: number;
  readonly perSecond: number;
  readonly refilledAt: number;
  readonly waitUntil: number;
  readonly refusals: number;
};

const FULL_SPEED = 10;
const BURST = 600;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;

export const freshPace = (now: number): PaceState => ({
  tokens: BURST,
  perSecond: FULL_SPEED,
  refilledAt: now,
  waitUntil: 0,
  refusals: 0,
});

/** Tokens grow with time, never above the burst; a speed that was cut comes back by a tenth a second. A clock that goes back gives nothing. */
export function refill(s: PaceState, now: number): PaceState {
  const seconds = Math.max(0, (now - s.refilledAt) / 1000);
  return {
    ...s,
    tokens: Math.min(BURST, s.tokens + seconds * s.perSecond),
    perSecond: Math.min(FULL_SPEED, s.perSecond + seconds / 10),
    refilledAt: Math.max(now, s.refilledAt),
  };
}

/** After the n-th refusal in a row: 5 s doubled each time up to 5 min, and up to half as much again, so that many sweepers do not come back as one. */
export function afterRefusal(s: PaceState, now: number, chance: number): PaceState {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** s.refusals, LONGEST_WAIT_MS);
  return {
    ...s,
    tokens: 0,
    perSecond: Math.max(0.5, s.perSecond / 2),
    waitUntil: Math.max(s.waitUntil, now + wait * (1 + chance / 2)),
    refusals: Math.min(s.refusals + 1, 10),
  };
}

export function createPace(chance: () => number = Math.random): Pace {
  let state: PaceState | undefined;
  return {
    mayAsk: (at) => {
      const now = at.getTime();
      state = refill(state ?? freshPace(now), now);
      if (now < state.waitUntil || state.tokens < 1) return false;
      state = { ...state, tokens: state.tokens - 1 };
      return true;
    },
    noteAnswer: (answer, at) => {
      const now = at.getTime();
      state ??= freshPace(now);
      // Refusals to calls that were on their way already say nothing new.
      if (answer.kind === "unknown" && answer.status === 429) {
        if (now >= state.waitUntil) state = afterRefusal(state, now, chance());
      } else if (answer.kind === "ok" && now >= state.waitUntil) state = { ...state, refusals: 0 };
    },
  };
}

const paces = new Map<string, Pace>();

/** The pace of one account at the gateway in this process. */
export function paceOf(gateway: { readonly keyId: string }): Pace {
  let pace = paces.get(gateway.keyId);
  if (!pace) paces.set(gateway.keyId, (pace = createPace()));
  return pace;
}

/** When to ask again after an answer that did not come: half a minute, doubled up to ten, spread by up to a quarter. */
export function retryAt(now: Date, failures: number, chance: number = Math.random()): Date {
  const wait = Math.min(30_000 * 2 ** Math.min(failures, 10), 600_000);
  return new Date(now.getTime() + Math.round(wait * (1 + chance / 4)));
}
