/** What may go wrong on one API call. `drop_after` and `html_after` do the work and lose the answer. */
export type FaultKind =
  "drop_before" | "drop_after" | "hang" | "html_502" | "html_after" | "truncate" | "rate_limit" | "duplicate_apply";

export type FaultRule = {
  /** "POST /v1/orders" or a prefix such as "GET /v1/payments". */
  readonly match: string;
  readonly do: FaultKind;
  /** Which matching call it hits first (1 = the next one). */
  readonly nth?: number;
  /** How many calls it hits from there on. */
  readonly times?: number;
};

/** What may go wrong with webhooks, as shares of 1 decided by the seed. */
export type WebhookPlan = {
  readonly drop?: number;
  readonly duplicate?: number;
  /** The same fact once more under a new event id. */
  readonly again?: number;
  readonly reorder?: boolean;
};

/** Counts calls against the rules and says which fault, if any, hits this one. */
export function faultPlan(): {
  add(rule: FaultRule): void;
  clear(): void;
  next(method: string, path: string): FaultKind | undefined;
} {
  let rules: { rule: FaultRule; seen: number }[] = [];
  return {
    add: (rule) => void rules.push({ rule, seen: 0 }),
    clear: () => {
      rules = [];
    },
    next: (method, path) => {
      for (const r of rules) {
        if (!`${method} ${path}`.startsWith(r.rule.match)) continue;
        r.seen++;
        const first = r.rule.nth ?? 1;
        if (r.seen >= first && r.seen < first + (r.rule.times ?? 1)) return r.rule.do;
      }
      return undefined;
    },
  };
}
