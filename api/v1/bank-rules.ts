import Type, { type Static } from "typebox";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import {
  approveAutoPostRule,
  AUTO_POST_KINDS,
  endAutoPostRule,
  listAutoPostRules,
  proposeAutoPostRule,
  rejectAutoPostRule,
  type AutoPostRule,
} from "../../reconciliation/index.ts";
import { answerOnce } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  etagOf,
  IfMatch,
  KEY_REFUSALS,
  OptionalIdempotencyHeader,
  versionOf,
  WHO,
  type Routes,
} from "./route.ts";
import {
  AccountCode,
  amountOf,
  ById,
  dateOf,
  IsoDate,
  Moment,
  Money,
  named,
  Nullable,
  Shared,
  Uuid,
} from "./schemas.ts";

const Reason = Type.String({ maxLength: 500 });
const WithReason = Type.Object(
  { reason: Reason },
  { additionalProperties: false, examples: [{ reason: "the bank changed its words" }] },
);
const decisionHeaders = Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties });
const VERSION_REFUSALS = ["IF_MATCH_MISSING", "IF_MATCH_INVALID"];
const saved = (rule: AutoPostRule, status = 200) => ({
  status,
  body: ruleView(rule),
  headers: { etag: etagOf(rule.version) },
});
const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((v) => Type.Literal(v)));
const Kind = literals(AUTO_POST_KINDS);
const FUNCTION = Type.String({ maxLength: 10, description: "null: that of its kind" });

/** Registered in the plugin; routes name it. */
export const BankRuleSchema = named(
  "BankRule",
  Type.Object({
    id: Uuid,
    version: Type.Integer(),
    account: AccountCode,
    name: Type.String(),
    kind: Type.String({ examples: ["bank-charge"] }),
    words: Type.Array(Type.String(), { description: "All of them stand in the narration, as whole words." }),
    head: Nullable(AccountCode),
    function: Nullable(Type.String()),
    lineLimit: Money,
    monthLimit: Money,
    validFrom: IsoDate,
    reason: Type.String(),
    proposedBy: Type.String(),
    proposedAt: Moment,
    decision: Nullable(
      Type.Object({
        outcome: Type.String({ description: "approved or rejected" }),
        by: Type.String(),
        at: Moment,
        reason: Nullable(Type.String()),
      }),
    ),
    ended: Nullable(Type.Object({ by: Type.String(), at: Moment, reason: Type.String() })),
    posted: Type.Object(
      { lines: Type.Integer(), amount: Money },
      { description: "What this version booked, without what was taken back." },
    ),
  }),
);

const Draft = Type.Object(
  {
    rule: Type.Optional(Uuid),
    name: Type.String({ maxLength: 80 }),
    kind: Kind,
    words: Type.Array(Type.String({ maxLength: 60 }), { minItems: 1, maxItems: 10 }),
    head: Type.Optional(Nullable(AccountCode)),
    function: Type.Optional(Nullable(FUNCTION)),
    lineLimit: Money,
    monthLimit: Money,
    validFrom: IsoDate,
    reason: Reason,
  },
  {
    additionalProperties: false,
    examples: [
      {
        name: "SMS charges",
        kind: "bank-charge",
        words: ["SMS"],
        lineLimit: "150.00",
        monthLimit: "300.00",
        validFrom: "2026-07-01",
        reason: "every quarter, as the bank's tariff says",
      },
    ],
  },
);

/** Rules by which lines of the bank are booked: listed, proposed, decided, ended. */
export const bankRuleRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/bank-accounts/:account/rules",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "List the rules that book lines of the bank",
        description: "All versions with what became of them, by name, the newest first.",
        roles: WHO.books,
      }),
      params: Type.Object({ account: AccountCode }),
      response: answers(
        {
          status: 200,
          description: "The rules",
          schema: Type.Object({ items: Type.Array(Shared(BankRuleSchema), { maxItems: 500 }) }),
        },
        ["BANK_ACCOUNT_UNKNOWN"],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), (read) => listAutoPostRules(read, request.params.account))).map(
        ruleView,
      ),
    }),
  });

  server.route({
    method: "POST",
    url: "/bank-accounts/:account/rules",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Propose a rule that books lines of the bank",
        description:
          "Charges or interest with these words are booked by themselves when the account is reconciled, once another person has approved the rule. With `rule` it is the next version of one that there is.",
        roles: WHO.makes,
      }),
      params: Type.Object({ account: AccountCode }),
      headers: OptionalIdempotencyHeader,
      body: Draft,
      response: answers({ status: 201, description: "The version", schema: Shared(BankRuleSchema) }, [
        "AUTO_POST_RULE",
        "AUTO_POST_REASON",
        "AUTO_POST_UNKNOWN",
        "AUTO_POST_WAITS",
        "AUTO_POST_ENDED",
        "BANK_ACCOUNT_UNKNOWN",
        "ACCOUNT_NOT_FOUND",
        "ACCOUNT_NOT_MAPPED",
        "DATE_FORMAT",
        "MONEY_DECIMALS",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const draft = draftOf(request.body);
      return answerOnce(app, request, reply, async (tx) =>
        saved(await proposeAutoPostRule(tx, { ...draft, account: request.params.account }, request.body.rule), 201),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/bank-rules/:id/approve",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Approve a rule that books lines of the bank",
        description:
          "The version that you saw. From then on it books. The maker is not the checker, and nobody approves a rule for more than his own limit.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: decisionHeaders,
      response: answers({ status: 200, description: "The rule", schema: Shared(BankRuleSchema) }, [
        ...VERSION_REFUSALS,
        "AUTO_POST_UNKNOWN",
        "AUTO_POST_DECIDED",
        "AUTO_POST_ENDED",
        "AUTO_POST_ABOVE_LIMIT",
        "MAKER_IS_CHECKER",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) =>
        saved(await approveAutoPostRule(tx, request.params.id, version)),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/bank-rules/:id/reject",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "Reject a rule that books lines of the bank",
        description: "The version that you saw, with a reason; the version before it goes on.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: decisionHeaders,
      body: WithReason,
      response: answers({ status: 200, description: "The rule", schema: Shared(BankRuleSchema) }, [
        ...VERSION_REFUSALS,
        "AUTO_POST_UNKNOWN",
        "AUTO_POST_DECIDED",
        "AUTO_POST_ENDED",
        "AUTO_POST_REASON",
        "MAKER_IS_CHECKER",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) =>
        saved(await rejectAutoPostRule(tx, request.params.id, version, request.body.reason)),
      );
    },
  });

  server.route({
    method: "POST",
    url: "/bank-rules/:id/end",
    config: { roles: WHO.closes },
    schema: {
      ...doc({
        tag: "Bank",
        summary: "End a rule that books lines of the bank",
        description: "With all its versions, at once, with a reason; what it booked stays.",
        roles: WHO.closes,
      }),
      params: ById,
      headers: OptionalIdempotencyHeader,
      body: WithReason,
      response: answers({ status: 200, description: "The rule", schema: Shared(BankRuleSchema) }, [
        "AUTO_POST_UNKNOWN",
        "AUTO_POST_ENDED",
        "AUTO_POST_REASON",
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) =>
        saved(await endAutoPostRule(tx, request.params.id, request.body.reason)),
      ),
  });
};

function draftOf(given: Static<typeof Draft>) {
  const { name, kind, words, head, function: of, reason } = given;
  return {
    name,
    kind,
    words,
    head,
    function: of,
    reason,
    lineLimit: amountOf(given.lineLimit),
    monthLimit: amountOf(given.monthLimit),
    validFrom: dateOf(given.validFrom),
  };
}

function ruleView(r: AutoPostRule): Static<typeof BankRuleSchema> {
  return {
    id: r.ruleId,
    version: r.version,
    account: r.account,
    name: r.name,
    kind: r.kind,
    words: [...r.words],
    head: r.head,
    function: r.function,
    lineLimit: toRupees(r.lineLimit),
    monthLimit: toRupees(r.monthLimit),
    validFrom: r.validFrom,
    reason: r.reason,
    proposedBy: r.proposedBy,
    proposedAt: r.proposedAt.toISOString(),
    decision: r.decision && { ...r.decision, at: r.decision.at.toISOString() },
    ended: r.ended && { ...r.ended, at: r.ended.at.toISOString() },
    posted: { lines: r.posted.lines, amount: toRupees(r.posted.amount) },
  };
}
