import Type, { type Static } from "typebox";
import {
  BILL_KINDS,
  cancelBill,
  changeBill,
  draftBill,
  getBill,
  listBills,
  listItems,
  passBill,
  previewBill,
  rejectBill,
  remittancesDue,
  sendBillBack,
  submitBill,
  type Bill,
  type BillInput,
} from "../../ledger/index.ts";
import { toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { v1Errors } from "./errors.ts";
import { offsetPage } from "./cursor.ts";
import { answerOnce } from "./idempotency.ts";
import {
  BillPreviewSchema,
  billPreviewView,
  PartyInput,
  PayableBillSchema,
  payableBillView,
  PayableItemSchema,
  payableItemView,
} from "./payable-views.ts";
import {
  answers,
  callerOf,
  doc,
  etagOf,
  IdempotencyHeader,
  IfMatch,
  OptionalIdempotencyHeader,
  versionOf,
  WHO,
  type Routes,
  KEY_REFUSALS,
} from "./route.ts";
import {
  AccountCode,
  amountOf,
  Cursor,
  dateIf,
  dateOf,
  DimensionsFields,
  IsoDate,
  Limit,
  limitOf,
  Money,
  Page,
  PostedSchema,
  Shared,
  Uuid,
  ById,
} from "./schemas.ts";
import { postedView } from "./views.ts";
import { POSTING_REFUSALS } from "./vouchers.ts";

const TAG = "Paying";
const { party: _party, demandYear: _year, fund: _fund, ...LineDimensions } = DimensionsFields;
const Asked = Type.Object(
  {
    sections: Type.Array(Type.String({ maxLength: 60 }), {
      maxItems: 20,
      description: "Codes of tax sections and cess to be looked at; thresholds decide.",
    }),
    retentionPercent: Type.Optional(Type.String({ pattern: "^\\d{1,2}(\\.\\d{1,2})?$" })),
    advances: Type.Optional(
      Type.Array(Type.Object({ itemId: Uuid, amount: Money }, { additionalProperties: false }), { maxItems: 50 }),
    ),
    others: Type.Optional(
      Type.Array(
        Type.Object(
          {
            kind: Type.Union([Type.Literal("recovery"), Type.Literal("income")]),
            code: Type.String({ minLength: 1, maxLength: 60 }),
            label: Type.String({ minLength: 1, maxLength: 200 }),
            account: AccountCode,
            amount: Money,
            function: Type.Optional(Type.String({ maxLength: 20 })),
          },
          { additionalProperties: false },
        ),
        { maxItems: 50 },
      ),
    ),
  },
  { additionalProperties: false },
);
const Payee = Type.Object(
  {
    party: PartyInput,
    gross: Money,
    deductions: Type.Array(
      Type.Union([
        Type.Object({ code: Type.String({ maxLength: 60 }), amount: Money }, { additionalProperties: false }),
        Type.Object({ itemId: Uuid, amount: Money }, { additionalProperties: false }),
      ]),
      { maxItems: 30 },
    ),
  },
  { additionalProperties: false },
);
const Input = Type.Object(
  {
    kind: Type.Union(BILL_KINDS.map((k) => Type.Literal(k))),
    party: PartyInput,
    number: Type.String({ minLength: 1, maxLength: 60, description: "The party's own number of the bill." }),
    billDate: IsoDate,
    receivedOn: IsoDate,
    dueOn: Type.Optional(IsoDate),
    narration: Type.String({ minLength: 1, maxLength: 300 }),
    fund: Type.Optional(Type.String({ maxLength: 20 })),
    contractRef: Type.Optional(Type.String({ maxLength: 100 })),
    contractValue: Type.Optional(Money),
    gst: Type.Optional(Money),
    lines: Type.Array(
      Type.Object({ account: AccountCode, amount: Money, ...LineDimensions }, { additionalProperties: false }),
      { minItems: 1, maxItems: 500 },
    ),
    deduct: Asked,
    payees: Type.Optional(Type.Array(Payee, { maxItems: 500, description: "Whom a pay bill pays." })),
  },
  {
    additionalProperties: false,
    examples: [
      {
        kind: "contractor",
        party: { type: "contractor", id: "C-0001" },
        number: "17/2026",
        billDate: "2026-07-01",
        receivedOn: "2026-07-05",
        narration: "Repair of by-lane roads, ward 7",
        gst: "18000.00",
        lines: [{ account: "2305002", amount: "118000.00", function: "20" }],
        deduct: { sections: ["TDS-CONTRACTOR"], retentionPercent: "5" },
      },
    ],
  },
);

function inputOf(b: Static<typeof Input>): BillInput {
  return {
    kind: b.kind,
    party: b.party,
    number: b.number,
    billDate: dateOf(b.billDate),
    receivedOn: dateOf(b.receivedOn),
    dueOn: dateIf(b.dueOn),
    narration: b.narration,
    fund: b.fund,
    contractRef: b.contractRef,
    contractValue: b.contractValue === undefined ? undefined : amountOf(b.contractValue),
    gst: b.gst === undefined ? undefined : amountOf(b.gst),
    lines: b.lines.map(({ amount, ...line }) => ({ ...line, amount: amountOf(amount) })),
    asked: {
      sections: b.deduct.sections,
      retentionPercent: b.deduct.retentionPercent,
      advances: b.deduct.advances ?? [],
      others: b.deduct.others ?? [],
    },
    payees: b.payees,
  };
}

const COMPUTING = [
  "BILL_INPUT",
  "PARTY_UNKNOWN",
  "PARTY_BARRED",
  "TAX_SECTION_UNKNOWN",
  "ITEM_UNKNOWN",
  "ITEM_KIND",
  "PAYEES_DIFFER",
  "DEDUCTIONS_EXCEED_BILL",
  "ADVANCE_EXCEEDS_OUTSTANDING",
  "DATE_FORMAT",
  "MONEY_DECIMALS",
  "MONEY_RANGE",
];
const STEP = ["BILL_UNKNOWN", "BILL_STATUS", "BILL_CHANGED", "IF_MATCH_MISSING", "IF_MATCH_INVALID", ...KEY_REFUSALS];
const DECISION = [...STEP, "MAKER_IS_CHECKER"];
const Reason = Type.Object(
  { reason: Type.String({ maxLength: 300 }) },
  { additionalProperties: false, examples: [{ reason: "measurement book is missing" }] },
);
const stepHeaders = Type.Object({ ...IfMatch, ...OptionalIdempotencyHeader.properties });
const moneyHeaders = Type.Object({ ...IfMatch, ...IdempotencyHeader.properties });
const saved = (bill: Bill, status = 200) => ({
  status,
  body: payableBillView(bill),
  headers: {
    etag: etagOf(bill.version),
    ...(status === 201 ? { location: `/v1/payables/bills/${bill.id}` } : {}),
  },
});
const one = (description: string, refusals: readonly string[], status = 200) =>
  answers({ status, description, schema: Shared(PayableBillSchema) }, refusals);

/** Bills of contractors, suppliers and employees: taken in, computed, submitted, passed by another person. */
export const payableBillRoutes: Routes = (server, { app }) => {
  server.route({
    method: "GET",
    url: "/payables/bills",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List bills to be paid",
        description: "The newest received first, page by page.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          status: Type.Optional(
            Type.Union(
              (["draft", "submitted", "passed", "rejected", "cancelled"] as const).map((s) => Type.Literal(s)),
            ),
          ),
          contractRef: Type.Optional(Type.String({ maxLength: 100 })),
          from: Type.Optional(IsoDate),
          to: Type.Optional(IsoDate),
          limit: Limit(100, 200),
          cursor: Cursor,
        },
        { additionalProperties: false },
      ),
      response: answers({ status: 200, description: "Bills", schema: Page(Shared(PayableBillSchema)) }, [
        "CURSOR_INVALID",
        "DATE_FORMAT",
      ]),
    },
    handler: async (request) => {
      const { status, contractRef, from, to } = request.query;
      const page = offsetPage(request.query, 100, 200);
      const bills = await inSnapshot(app, callerOf(request), (read) =>
        listBills(read, {
          status,
          contractRef,
          receivedFrom: dateIf(from),
          receivedTo: dateIf(to),
          limit: page.limit,
          offset: page.offset,
        }),
      );
      return {
        items: bills.map(payableBillView),
        next: page.next(bills.length),
      };
    },
  });

  server.route({
    method: "POST",
    url: "/payables/bills/preview",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Compute a bill without saving it",
        description: "Every deduction with its rule and figures, and what is left to be paid.",
        roles: WHO.makes,
      }),
      body: Input,
      response: answers({ status: 200, description: "The figures", schema: Shared(BillPreviewSchema) }, COMPUTING),
    },
    handler: async (request) =>
      billPreviewView(await inSnapshot(app, callerOf(request), (read) => previewBill(read, inputOf(request.body)))),
  });

  server.route({
    method: "POST",
    url: "/payables/bills",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Take in a bill",
        description: "A draft with its deductions computed. A bill of a party is taken in once.",
        roles: WHO.makes,
      }),
      headers: OptionalIdempotencyHeader,
      body: Input,
      response: one("The draft, with its ETag", [...COMPUTING, "BILL_DUPLICATE", ...KEY_REFUSALS], 201),
    },
    handler: async (request, reply) =>
      answerOnce(app, request, reply, async (tx) => saved(await draftBill(tx, inputOf(request.body)), 201)),
  });

  server.route({
    method: "GET",
    url: "/payables/bills/:id",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Get a bill to be paid",
        description: "With its ETag, for If-Match.",
        roles: WHO.books,
      }),
      params: ById,
      response: one("The bill", ["BILL_UNKNOWN"]),
    },
    handler: async (request, reply) => {
      const bill = await inSnapshot(app, callerOf(request), (read) => getBill(read, request.params.id));
      void reply.header("etag", etagOf(bill.version));
      return payableBillView(bill);
    },
  });

  server.route({
    method: "PUT",
    url: "/payables/bills/:id",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Replace a draft bill",
        description: "It is computed again. If-Match says which version you saw.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: Type.Object(IfMatch),
      body: Input,
      response: one("The draft, with its new ETag", [...STEP, ...COMPUTING, "BILL_DUPLICATE"]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      const bill = await inTransaction(app, callerOf(request), (tx) =>
        changeBill(tx, request.params.id, version, inputOf(request.body)),
      );
      void reply.header("etag", etagOf(bill.version));
      return payableBillView(bill);
    },
  });

  server.route({
    method: "POST",
    url: "/payables/bills/:id/submit",
    config: { roles: WHO.makes },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Submit a bill to be passed",
        description: "It gets its number in the register of bills.",
        roles: WHO.makes,
      }),
      params: ById,
      headers: stepHeaders,
      response: one("The bill", [...STEP, ...COMPUTING, "DEDUCTIONS_CHANGED"]),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      return answerOnce(app, request, reply, async (tx) => saved(await submitBill(tx, request.params.id, version)));
    },
  });

  server.route({
    method: "POST",
    url: "/payables/bills/:id/pass",
    config: { roles: WHO.decides },
    schema: {
      ...doc({
        tag: TAG,
        summary: "Pass a bill",
        description:
          "Posts its journal entry and opens what is payable and what was deducted. Whoever made or submitted it cannot pass it.",
        roles: WHO.decides,
      }),
      params: ById,
      headers: moneyHeaders,
      body: Type.Object(
        { date: Type.Optional(IsoDate) },
        { additionalProperties: false, examples: [{ date: "2026-07-10" }], description: "Today when not said." },
      ),
      response: answers(
        {
          status: 200,
          description: "The bill and its entry",
          schema: Type.Object({ bill: Shared(PayableBillSchema), entry: Shared(PostedSchema) }),
        },
        [
          ...DECISION,
          "IDEMPOTENCY_KEY_MISSING",
          ...COMPUTING,
          "DEDUCTIONS_CHANGED",
          ...POSTING_REFUSALS.filter((c) => !COMPUTING.includes(c)),
        ],
      ),
    },
    handler: async (request, reply) => {
      const version = versionOf(request.headers["if-match"]);
      const on = dateIf(request.body.date);
      return answerOnce(app, request, reply, async (tx) => {
        const { bill, entry } = await passBill(tx, request.params.id, version, on);
        return {
          status: 200,
          body: { bill: payableBillView(bill), entry: postedView(entry) },
          headers: { etag: etagOf(bill.version) },
        };
      });
    },
  });

  for (const [step, summary, description, decide] of [
    ["send-back", "Send a bill back", "It is a draft of its maker again, with the reason.", sendBillBack],
    ["reject", "Reject a bill", "For good, with the reason.", rejectBill],
    ["cancel", "Cancel a passed bill", "By the reversal of its entry, while it is wholly unpaid.", cancelBill],
  ] as const) {
    server.route({
      method: "POST",
      url: `/payables/bills/:id/${step}`,
      config: { roles: WHO.decides },
      schema: {
        ...doc({ tag: TAG, summary, description, roles: WHO.decides }),
        params: ById,
        headers: step === "cancel" ? moneyHeaders : stepHeaders,
        body: Reason,
        response: one("The bill", [
          ...DECISION,
          "REASON_MISSING",
          ...(step === "cancel" ? ["IDEMPOTENCY_KEY_MISSING", "BILL_NOT_UNPAID", ...POSTING_REFUSALS] : []),
        ]),
      },
      handler: async (request, reply) => {
        const version = versionOf(request.headers["if-match"]);
        return answerOnce(app, request, reply, async (tx) =>
          saved(await decide(tx, request.params.id, version, request.body.reason)),
        );
      },
    });
  }

  server.route({
    method: "GET",
    url: "/payables/items",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List what is open in the sub-ledger",
        description:
          "What is payable, to be remitted, held as deposit, advanced or owed for stale cheques; the longest due first.",
        roles: WHO.books,
      }),
      querystring: Type.Object(
        {
          kind: Type.Optional(
            Type.Union((["creditor", "recovery", "deposit", "advance", "stale"] as const).map((k) => Type.Literal(k))),
          ),
          partyType: Type.Optional(Type.String({ maxLength: 40 })),
          partyId: Type.Optional(Type.String({ maxLength: 60 })),
          code: Type.Optional(Type.String({ maxLength: 60 })),
          dueTo: Type.Optional(IsoDate),
          limit: Limit(200, 500),
        },
        { additionalProperties: false },
      ),
      response: answers(
        { status: 200, description: "Items", schema: Type.Object({ items: Type.Array(Shared(PayableItemSchema)) }) },
        ["DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const { kind, partyType, partyId, code, dueTo } = request.query;
      if ((partyType === undefined) !== (partyId === undefined))
        throw v1Errors.REQUEST_INVALID({
          problems: ["partyType and partyId name a party together; give both or neither"],
        });
      const items = await inSnapshot(app, callerOf(request), (read) =>
        listItems(read, {
          kind,
          party: partyType === undefined || partyId === undefined ? undefined : { type: partyType, id: partyId },
          code,
          dueTo: dateIf(dueTo),
          limit: limitOf(request.query.limit, 200, 500),
        }),
      );
      return { items: items.map(payableItemView) };
    },
  });

  server.route({
    method: "GET",
    url: "/payables/remittances-due",
    config: { roles: WHO.books },
    schema: {
      ...doc({
        tag: TAG,
        summary: "List deductions to be remitted",
        description: "By section, fund and due day: TDS, GST-TDS, cess, provident fund and the rest.",
        roles: WHO.books,
      }),
      querystring: Type.Object({ asOf: IsoDate }, { additionalProperties: false }),
      response: answers(
        {
          status: 200,
          description: "Remittances",
          schema: Type.Object({
            items: Type.Array(
              Type.Object({
                code: Type.String(),
                section: Type.String(),
                account: Type.String(),
                fund: Type.String(),
                dueOn: IsoDate,
                payee: Type.String(),
                open: Money,
                waiting: Money,
                daysLate: Type.Integer(),
              }),
            ),
          }),
        },
        ["DATE_FORMAT"],
      ),
    },
    handler: async (request) => {
      const asOf = dateOf(request.query.asOf);
      const due = await inSnapshot(app, callerOf(request), (read) => remittancesDue(read, asOf));
      return {
        items: due.map(({ items: _items, open, waiting, ...d }) => ({
          ...d,
          open: toRupees(open),
          waiting: toRupees(waiting),
        })),
      };
    },
  });
};
