import Type, { type Static } from "typebox";
import {
  draftVoucher,
  getTemplate,
  listTemplates,
  previewEntries,
  vouchersFromTemplate,
  type Template,
  type TemplateInput,
} from "../../ledger/index.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { answerOnce } from "./idempotency.ts";
import { answers, callerOf, doc, OptionalIdempotencyHeader, WHO, type Routes, KEY_REFUSALS } from "./route.ts";
import {
  AccountCode,
  amountOf,
  dateOf,
  DimensionsFields,
  IsoDate,
  LineSchema,
  Money,
  Nullable,
  Shared,
  VoucherSchema,
  yearOf,
} from "./schemas.ts";
import { lineView, voucherView } from "./views.ts";
import { LINE_REFUSALS, PaperFields, paperOf } from "./vouchers.ts";

const Leg = Type.Object({
  leg: Type.Integer(),
  side: Type.String({ description: "debit or credit" }),
  words: Type.String({ description: "What the amount is." }),
  kind: Type.String({ description: "given, optional, or balance: what the other legs leave" }),
  account: Nullable(Type.String()),
  heads: Type.Array(Type.String(), { description: 'Below which an account may be chosen; "!" leaves a head out.' }),
  needs: Type.Array(Type.String({ description: "party, year or scheme" })),
  partyTypes: Type.Array(Type.String()),
});
const TemplateView = Type.Object({
  rule: Type.String({ examples: ["PT-01"] }),
  area: Type.String(),
  title: Type.String(),
  when: Type.String(),
  basis: Type.String(),
  note: Type.String(),
  function: Nullable(Type.String()),
  vouchers: Type.Array(
    Type.Object({
      types: Type.Array(Type.String()),
      isOptional: Type.Boolean(),
      fund: Type.String({ description: "own or other" }),
      step: Type.String(),
      legs: Type.Array(Leg),
    }),
  ),
});

function viewOf(t: Template): Static<typeof TemplateView> {
  return {
    rule: t.ruleId,
    area: t.area,
    title: t.title,
    when: t.when,
    basis: t.basis,
    note: t.note,
    function: t.function,
    vouchers: t.vouchers.map((v) => ({
      types: [...v.types],
      isOptional: v.isOptional,
      fund: v.fund,
      step: v.step,
      legs: v.legs.map((l) => ({
        leg: l.leg,
        side: l.side,
        words: l.words,
        kind: l.kind,
        account: l.account,
        heads: [...l.heads],
        needs: [...l.needs],
        partyTypes: [...l.partyTypes],
      })),
    })),
  };
}

const { fund, ward, ...OfLine } = DimensionsFields;
const Filled = Type.Object(
  {
    date: IsoDate,
    narration: Type.Optional(Type.String({ maxLength: 1000 })),
    ...PaperFields,
    fund,
    otherFund: fund,
    ward,
    function: OfLine.function,
    party: OfLine.party,
    demandYear: OfLine.demandYear,
    scheme: OfLine.scheme,
    lines: Type.Array(
      Type.Object(
        {
          leg: Type.Integer({ minimum: 1, maximum: 99 }),
          amount: Type.Optional(Money),
          account: Type.Optional(AccountCode),
          ...OfLine,
        },
        { additionalProperties: false },
      ),
      { maxItems: 2000 },
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        date: "2026-07-31",
        demandYear: "2026-27",
        lines: [
          { leg: 2, amount: "1100.00" },
          { leg: 7, amount: "88.00" },
        ],
      },
    ],
  },
);

function inputOf(body: Static<typeof Filled>): TemplateInput {
  const { date, narration, fund, otherFund, ward, function: fn, party, demandYear, scheme, lines } = body;
  return {
    ...paperOf(body),
    date: dateOf(date),
    narration,
    fund,
    otherFund,
    ward,
    function: fn,
    party,
    demandYear: demandYear === undefined ? undefined : yearOf(demandYear),
    scheme,
    lines: lines.map(({ amount, demandYear: year, ...l }) => ({
      ...l,
      amount: amount === undefined ? undefined : amountOf(amount),
      demandYear: year === undefined ? undefined : yearOf(year),
    })),
  };
}

const ByRule = Type.Object({ rule: Type.String({ pattern: "^[A-Z0-9-]{1,20}$", examples: ["PT-01"] }) });
const COMPOSE_REFUSALS = [
  ...LINE_REFUSALS.filter((c) => c !== "AUTO_REVERSAL_DATE"),
  "TEMPLATE_UNKNOWN",
  "TEMPLATE_LEG_UNKNOWN",
  "TEMPLATE_LEG_MISSING",
  "TEMPLATE_EMPTY",
  "TEMPLATE_ACCOUNT_MISSING",
  "TEMPLATE_ACCOUNT_NOT_ALLOWED",
  "TEMPLATE_DIMENSION_MISSING",
  "TEMPLATE_UNBALANCED",
];

/** The events of the posting rules, booked by filling in amounts. */
export const templateRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/voucher-templates",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "List voucher templates",
        description: "Every event of the posting rules and the legs of its vouchers.",
        roles: WHO.books,
      }),
      response: answers(
        { status: 200, description: "The templates", schema: Type.Object({ items: Type.Array(TemplateView) }) },
        [],
      ),
    },
    handler: async (request) => ({
      items: (await inSnapshot(app, callerOf(request), listTemplates)).map(viewOf),
    }),
  });

  server.route({
    method: "GET",
    url: "/voucher-templates/:rule",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Get a voucher template",
        description: "With the accounts of this ULB.",
        roles: WHO.books,
      }),
      params: ByRule,
      response: answers({ status: 200, description: "The template", schema: TemplateView }, ["TEMPLATE_UNKNOWN"]),
    },
    handler: async (request) =>
      viewOf(await inSnapshot(app, callerOf(request), (read) => getTemplate(read, request.params.rule))),
  });

  server.route({
    method: "POST",
    url: "/voucher-templates/:rule/preview",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Preview the entries of a template",
        description: "The entries as they would be posted now, or why they would be refused; nothing is written.",
        roles: WHO.makes,
      }),
      params: ByRule,
      body: Filled,
      response: answers(
        {
          status: 200,
          description: "A voucher each",
          schema: Type.Object({
            items: Type.Array(
              Type.Object({
                voucher: Type.String(),
                date: IsoDate,
                narration: Type.String(),
                lines: Type.Array(Shared(LineSchema)),
                refusal: Nullable(Type.Object({ code: Type.String(), detail: Type.String() })),
              }),
            ),
          }),
        },
        COMPOSE_REFUSALS,
      ),
    },
    handler: async (request) => {
      const who = callerOf(request);
      const input = inputOf(request.body);
      const vouchers = await inSnapshot(app, who, (read) => vouchersFromTemplate(read, request.params.rule, input));
      return {
        items: (await previewEntries(app, who, vouchers)).map(({ voucher, lines, refusal }) => ({
          voucher: voucher.voucher,
          date: voucher.date,
          narration: voucher.narration,
          lines: (lines.length > 0 ? lines : voucher.lines).map(lineView),
          refusal: refusal === undefined ? null : { code: refusal.code, detail: refusal.detail },
        })),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/voucher-templates/:rule/vouchers",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: "Vouchers",
        summary: "Draft vouchers from a template",
        description: "One draft for each voucher of the event; nothing is posted until another person approves them.",
        roles: WHO.makes,
      }),
      params: ByRule,
      headers: OptionalIdempotencyHeader,
      body: Filled,
      response: answers(
        {
          status: 201,
          description: "The drafts",
          schema: Type.Object({ items: Type.Array(Shared(VoucherSchema)) }),
        },
        [...COMPOSE_REFUSALS, ...KEY_REFUSALS, "AUTO_REVERSAL_DATE"],
      ),
    },
    handler: async (request, reply) => {
      const input = inputOf(request.body);
      return answerOnce(app, request, reply, async (tx) => {
        const items = [];
        for (const voucher of await vouchersFromTemplate(tx, request.params.rule, input))
          items.push(voucherView(await draftVoucher(tx, voucher)));
        return { status: 201, body: { items }, headers: {} };
      });
    },
  });
};
