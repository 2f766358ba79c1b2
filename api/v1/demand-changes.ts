import Type, { type Static } from "typebox";
import {
  approveChange,
  changeOutcome,
  contentToJson,
  listChanges,
  previewChange,
  proposeChange,
  rejectChange,
  withdrawChange,
  type ChangeContent,
  type ChangeOutcome,
  type ChangeProposal,
  type DemandChange,
} from "../../billing/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Role, type Tx } from "../../ledger/kernel/tx.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import {
  answers,
  callerOf,
  doc,
  IdempotencyHeader,
  OptionalIdempotencyHeader,
  WHO,
  type Routes,
  KEY_REFUSALS,
} from "./route.ts";
import {
  amountOf,
  Cursor,
  dateOf,
  IsoDate,
  Limit,
  limitOf,
  LineSchema,
  Moment,
  Money,
  named,
  Nullable,
  Page,
  PostedSchema,
  Shared,
  Uuid,
  YearText,
  yearOf,
  ById,
} from "./schemas.ts";
import { lineView, postedView } from "./views.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const TaxHeadCode = Type.String({ minLength: 1, maxLength: 60, examples: ["PT_TAX"] });
const closed = { additionalProperties: false } as const;
const DemandLines = Type.Array(Type.Object({ taxHead: TaxHeadCode, amount: Money }, closed), { maxItems: 500 });
const Reductions = Type.Array(
  Type.Object({ demandId: Uuid, taxHead: TaxHeadCode, own: Money, cess: Type.Optional(Money) }, closed),
  {
    maxItems: 500,
    description: "What is taken off of the own tax; the share of the cess goes with it unless it is said.",
  },
);

const Content = Type.Union([
  Type.Object(
    { kind: Type.Literal("debit-note"), demandId: Uuid, dueDate: IsoDate, lines: DemandLines },
    { ...closed, description: "More under named heads of a demand." },
  ),
  Type.Object(
    { kind: Type.Literal("credit-note"), items: Reductions },
    { ...closed, description: "Less, up to what is due: it was never owed." },
  ),
  Type.Object(
    {
      kind: Type.Union([Type.Literal("remission"), Type.Literal("exemption")]),
      items: Reductions,
      intoPaid: Type.Optional(
        Type.Boolean({ description: "Also of what is paid; that money becomes the consumer's advance." }),
      ),
    },
    { ...closed, description: "Relief by order." },
  ),
  Type.Object(
    { kind: Type.Literal("cancellation"), demandIds: Type.Array(Uuid, { maxItems: 500 }) },
    { ...closed, description: "Whole demands that were raised in error." },
  ),
  Type.Object(
    {
      kind: Type.Literal("retrospective"),
      consumerId: Uuid,
      periods: Type.Array(
        Type.Object(
          {
            periodFrom: IsoDate,
            periodTo: IsoDate,
            demandYear: Type.Optional(YearText),
            dueDate: IsoDate,
            lines: DemandLines,
          },
          closed,
        ),
        { maxItems: 500 },
      ),
    },
    { ...closed, description: "Demands of earlier years that were left out." },
  ),
  Type.Object(
    {
      kind: Type.Literal("transfer"),
      toConsumerId: Uuid,
      items: Type.Array(Type.Object({ demandId: Uuid, taxHead: TaxHeadCode, amount: Type.Optional(Money) }, closed), {
        maxItems: 500,
        description: "Without an amount all that is due under the head.",
      }),
    },
    { ...closed, description: "What is due passes to another consumer." },
  ),
]);

const Input = Type.Object(
  {
    date: IsoDate,
    reason: Type.String({ maxLength: 500 }),
    order: Type.Optional(Type.Object({ number: Type.String({ minLength: 1, maxLength: 100 }), date: IsoDate }, closed)),
    content: Content,
  },
  {
    ...closed,
    examples: [
      {
        date: "2026-07-31",
        reason: "Vacant since May",
        order: { number: "RO/12", date: "2026-06-01" },
        content: {
          kind: "remission",
          items: [{ demandId: "0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77", taxHead: "PT_TAX", own: "300.00" }],
          intoPaid: true,
        },
      },
    ],
  },
);

const ChangeSchema = named(
  "DemandChange",
  Type.Object({
    id: Uuid,
    status: Type.String({ description: "waiting, approved, rejected or withdrawn" }),
    consumerId: Uuid,
    date: IsoDate,
    reason: Type.String(),
    order: Nullable(Type.Object({ number: Type.String(), date: IsoDate })),
    content: Content,
    proposedBy: Type.String(),
    proposedAt: Moment,
    decidedBy: Nullable(Type.String()),
    decidedAt: Nullable(Type.String()),
    decisionReason: Nullable(Type.String()),
  }),
);

const OutcomeSchema = named(
  "DemandChangeOutcome",
  Type.Object({
    change: Shared(ChangeSchema),
    entry: Nullable(Shared(PostedSchema)),
    raised: Type.Array(Uuid, { description: "Demands that it raised." }),
    reduced: Money,
    advance: Money,
  }),
);

const PreviewSchema = named(
  "DemandChangePreview",
  Type.Object({
    reduced: Money,
    advance: Money,
    dues: Type.Array(
      Type.Object({
        consumerId: Uuid,
        demandId: Uuid,
        taxHead: Type.String(),
        demandYear: YearText,
        periodFrom: IsoDate,
        periodTo: IsoDate,
        before: Money,
        after: Money,
      }),
    ),
    entryLines: Type.Array(Shared(LineSchema)),
  }),
);

/** Registered in the plugin; routes name them. */
export const changeSchemas = [ChangeSchema, OutcomeSchema, PreviewSchema];

const WRITING = ["DATE_FORMAT", "MONEY_DECIMALS", "MONEY_RANGE", "FINANCIAL_YEAR_FORMAT"];
/** What planning a change may be refused for, when it is proposed and again when it is approved. */
const PLANNING = [
  "CONSUMER_NOT_FOUND",
  "DEMAND_NOT_FOUND",
  "DEMAND_CANCELLED",
  "DEMAND_CHANGE_CONSUMERS",
  "DEMAND_CHANGE_AMOUNT",
  "DEMAND_CHANGE_LINE_TWICE",
  "DEMAND_CHANGE_DATE",
  "DEMAND_CHANGE_EXCEEDS_DUE",
  "DEMAND_CHANGE_REMISSION_HEAD",
  "RETROSPECTIVE_YEAR",
  "RETROSPECTIVE_BEFORE_BOOKS",
  "TRANSFER_CONSUMER",
  "TAX_HEAD_UNKNOWN",
  "DEMAND_EMPTY",
  "DEMAND_AMOUNT",
  "DEMAND_PERIOD",
  "DEMAND_HEAD_TWICE",
  "DEMAND_HEAD_SERVICE",
  "DEMAND_CESS_ALONE",
];
const PROPOSING = [
  ...WRITING,
  ...PLANNING,
  "DEMAND_CHANGE_REASON",
  "DEMAND_CHANGE_ORDER_MISSING",
  "DEMAND_CHANGE_ORDER_LATER",
  "DEMAND_CHANGE_EMPTY",
  "DEMAND_CHANGE_TOO_LARGE",
];
/** What carrying it out may be refused for besides. */
const CARRYING_OUT = ["DEMAND_EXISTS", ...POSTING_REFUSALS];

export const demandChangeRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/demand-changes",
    config: { roles: WHO.demand },
    schema: {
      ...doc({
        tag: "Demand changes",
        summary: "List changes of demands",
        description: "The newest first, page by page.",
        roles: WHO.demand,
      }),
      querystring: Type.Object(
        {
          status: Type.Optional(
            Type.Union([
              Type.Literal("waiting"),
              Type.Literal("approved"),
              Type.Literal("rejected"),
              Type.Literal("withdrawn"),
            ]),
          ),
          consumerId: Type.Optional(Uuid),
          limit: Limit(50, 200),
          cursor: Cursor,
        },
        closed,
      ),
      response: answers({ status: 200, description: "Changes", schema: Page(Shared(ChangeSchema)) }, [
        "CURSOR_INVALID",
      ]),
    },
    handler: async (request) => {
      const { status, consumerId, cursor } = request.query;
      const limit = limitOf(request.query.limit, 50, 199);
      const after = cursor === undefined ? undefined : decodeCursor(cursor, /^[0-9a-f-]{36}$/)[0];
      const found = await inSnapshot(app, callerOf(request), (read) =>
        listChanges(read, {
          ...(status === undefined ? {} : { status }),
          ...(consumerId === undefined ? {} : { consumerId }),
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        }),
      );
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(changeView), next: found.length > limit && last ? encodeCursor([last.id]) : null };
    },
  });

  server.route({
    method: "POST",
    url: "/demand-changes",
    config: { roles: WHO.proposes },
    schema: {
      ...doc({
        tag: "Demand changes",
        summary: "Propose a change of a demand",
        description:
          "A posted demand is never edited: debit and credit notes, remissions, exemptions, cancellations, retrospective demands and transfers of " +
          "arrears change it, once another person has approved them. What cannot be is refused at once, with the figures.",
        roles: WHO.proposes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Input,
      response: answers({ status: 201, description: "The change, waiting", schema: Shared(ChangeSchema) }, [
        ...PROPOSING,
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) => {
      const proposal = proposalOf(request.body);
      return answerOnce(app, request, reply, async (tx) => {
        const change = await proposeChange(tx, proposal);
        return {
          status: 201,
          body: changeView(change),
          headers: { location: `/v1/demand-changes/${change.id}` },
        };
      });
    },
  });

  server.route({
    method: "POST",
    url: "/demand-changes/preview",
    config: { roles: WHO.proposes },
    schema: {
      ...doc({
        tag: "Demand changes",
        summary: "Preview a change of a demand",
        description:
          "What approval would do now: dues before and after, and the lines of the entry. It is carried out whole and taken back; nothing is proposed.",
        roles: WHO.proposes,
      }),
      body: Input,
      response: answers({ status: 200, description: "What it would do", schema: Shared(PreviewSchema) }, [
        ...PROPOSING,
        ...CARRYING_OUT,
      ]),
    },
    handler: async (request) => {
      const preview = await previewChange(app, callerOf(request), proposalOf(request.body));
      return {
        reduced: toRupees(preview.reduced),
        advance: toRupees(preview.advance),
        dues: preview.dues.map((d) => ({ ...d, before: toRupees(d.before), after: toRupees(d.after) })),
        entryLines: preview.entryLines.map(lineView),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/demand-changes/:id",
    config: { roles: WHO.demand },
    schema: {
      ...doc({
        tag: "Demand changes",
        summary: "Get a change of a demand",
        description: "With its entry and what it raised and took off, once it is approved.",
        roles: WHO.demand,
      }),
      params: ById,
      response: answers({ status: 200, description: "The change", schema: Shared(OutcomeSchema) }, [
        "DEMAND_CHANGE_NOT_FOUND",
      ]),
    },
    handler: async (request) =>
      outcomeView(await inSnapshot(app, callerOf(request), (read) => changeOutcome(read, request.params.id))),
  });

  server.route({
    method: "POST",
    url: "/demand-changes/:id/approve",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: "Demand changes",
        summary: "Approve a change of a demand",
        description:
          "The register is changed and the entry posted in one commit. Whoever proposed it cannot approve it; what was paid meanwhile is counted.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: IdempotencyHeader,
      response: answers({ status: 200, description: "What it did", schema: Shared(OutcomeSchema) }, [
        "DEMAND_CHANGE_NOT_FOUND",
        "DEMAND_CHANGE_DECIDED",
        "MAKER_IS_CHECKER",
        ...PLANNING,
        ...CARRYING_OUT,
        ...KEY_REFUSALS,
      ]),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => ({
        status: 200,
        body: outcomeView(await approveChange(tx, request.params.id)),
      })),
  });

  const withReason: readonly {
    readonly step: string;
    readonly summary: string;
    readonly description: string;
    readonly roles: readonly Role[];
    readonly refusal: string;
    readonly run: (tx: Tx, id: string, reason: string) => Promise<DemandChange>;
  }[] = [
    {
      step: "reject",
      summary: "Reject a change of a demand",
      description: "For good, with a reason; nothing is changed.",
      roles: WHO.decides,
      refusal: "MAKER_IS_CHECKER",
      run: rejectChange,
    },
    {
      step: "withdraw",
      summary: "Withdraw a change of a demand",
      description: "Its maker takes it back, with a reason.",
      roles: WHO.proposes,
      refusal: "DEMAND_CHANGE_WITHDRAWN_BY_MAKER",
      run: withdrawChange,
    },
  ];
  for (const { step, summary, description, roles, refusal, run } of withReason) {
    server.route({
      method: "POST",
      url: `/demand-changes/:id/${step}`,
      config: { roles },
      schema: {
        ...doc({ tag: "Demand changes", summary, description, roles }),
        params: ById,
        headers: OptionalIdempotencyHeader,
        body: Type.Object(
          { reason: Type.String({ maxLength: 500 }) },
          { ...closed, examples: [{ reason: "wrong house" }] },
        ),
        response: answers({ status: 200, description: "The change", schema: Shared(ChangeSchema) }, [
          "DEMAND_CHANGE_NOT_FOUND",
          "DEMAND_CHANGE_DECIDED",
          "DEMAND_CHANGE_REASON",
          refusal,
          ...KEY_REFUSALS,
        ]),
      },
      handler: async (request, reply) =>
        answerOnce(app, request, reply, async (tx) => ({
          status: 200,
          body: changeView(await run(tx, request.params.id, request.body.reason)),
        })),
    });
  }
};

function proposalOf(body: Static<typeof Input>): ChangeProposal {
  return {
    date: dateOf(body.date),
    reason: body.reason,
    ...(body.order && { order: { number: body.order.number, date: dateOf(body.order.date) } }),
    content: contentOf(body.content),
  };
}

function contentOf(content: Static<typeof Content>): ChangeContent {
  const linesOf = (lines: Static<typeof DemandLines>) =>
    lines.map((l) => ({ taxHead: l.taxHead, amount: amountOf(l.amount) }));
  const reductions = (items: Static<typeof Reductions>) =>
    items.map(({ own, cess, ...item }) => ({
      ...item,
      own: amountOf(own),
      ...(cess === undefined ? {} : { cess: amountOf(cess) }),
    }));
  switch (content.kind) {
    case "debit-note":
      return { ...content, dueDate: dateOf(content.dueDate), lines: linesOf(content.lines) };
    case "credit-note":
      return { ...content, items: reductions(content.items) };
    case "remission":
    case "exemption":
      return { ...content, items: reductions(content.items) };
    case "cancellation":
      return content;
    case "retrospective":
      return {
        ...content,
        periods: content.periods.map(({ demandYear, ...p }) => ({
          periodFrom: dateOf(p.periodFrom),
          periodTo: dateOf(p.periodTo),
          dueDate: dateOf(p.dueDate),
          lines: linesOf(p.lines),
          ...(demandYear === undefined ? {} : { demandYear: yearOf(demandYear) }),
        })),
      };
    case "transfer":
      return {
        ...content,
        items: content.items.map(({ amount, ...item }) => ({
          ...item,
          ...(amount === undefined ? {} : { amount: amountOf(amount) }),
        })),
      };
  }
}

function changeView(c: DemandChange): Static<typeof ChangeSchema> {
  return {
    id: c.id,
    status: c.decision?.outcome ?? "waiting",
    consumerId: c.consumerId,
    date: c.date,
    reason: c.reason,
    order: c.order && { ...c.order },
    // Written as the interface takes it: amounts are text.
    content: JSON.parse(contentToJson(c.content)) as Static<typeof Content>,
    proposedBy: c.proposedBy,
    proposedAt: c.proposedAt.toISOString(),
    decidedBy: c.decision?.by ?? null,
    decidedAt: c.decision?.at.toISOString() ?? null,
    decisionReason: c.decision?.reason ?? null,
  };
}

function outcomeView(o: ChangeOutcome): Static<typeof OutcomeSchema> {
  return {
    change: changeView(o.change),
    entry: o.entry && postedView(o.entry),
    raised: [...o.raised],
    reduced: toRupees(o.reduced),
    advance: toRupees(o.advance),
  };
}
