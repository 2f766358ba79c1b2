import Type, { type Static, type TSchema } from "typebox";
import {
  financialYear,
  localDate,
  period,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "../../ledger/kernel/dates.ts";
import { rupees, type Paise } from "../../ledger/kernel/money.ts";
import { v1Errors } from "./errors.ts";

// The small types of the interface. Patterns only keep the shape; the kernel's own functions decide (30 February, a third decimal).

export const MONEY_PATTERN = "^-?\\d+(\\.\\d{1,2})?$";
export const DATE_PATTERN = "^\\d{4}-\\d{2}-\\d{2}$";
export const UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

export const Money = Type.String({
  pattern: MONEY_PATTERN,
  maxLength: 24,
  description: "An amount in rupees as a string, with at most two decimals; never a JSON number.",
  examples: ["1234.50"],
});
export const IsoDate = Type.String({
  pattern: DATE_PATTERN,
  description: "A business date.",
  examples: ["2026-07-31"],
});
export const Moment = Type.String({
  description: "A moment, ISO 8601 in UTC.",
  examples: ["2026-07-31T10:15:00.000Z"],
});
export const Uuid = Type.String({ pattern: UUID_PATTERN, examples: ["0197c1f0-2a5e-7c11-9f63-0c2a5b1d4e77"] });
/** Objects of ours take no key that they do not name. */
export const strict = { additionalProperties: false } as const;
/** The path of one thing by its id. */
export const ById = Type.Object({ id: Uuid });
export const MonthText = Type.String({ pattern: "^\\d{4}-\\d{2}$", description: "A month.", examples: ["2026-07"] });
export const YearText = Type.String({
  pattern: "^\\d{4}-\\d{2}$",
  description: "A financial year, April to March.",
  examples: ["2026-27"],
});
export const AccountCode = Type.String({
  pattern: "^\\d{3,9}$",
  description: "An account of the ULB's chart.",
  examples: ["4502101"],
});
export const EntryId = Type.String({
  pattern: "^\\d{1,18}$",
  description: "The id of a journal entry.",
  examples: ["1041"],
});

/** A schema that may also be null, in the form of OpenAPI 3.1. */
export function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** A schema registered under its name (`sharedSchemas`), with its static type. */
export function Shared<T extends TSchema>(schema: T & { readonly $id: string }) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
}

export function named<T extends TSchema>(id: string, schema: T): T & { readonly $id: string } {
  return Object.assign(schema, { $id: id });
}

export const amountOf = (text: string): Paise => rupees(text);
export const dateOf = (text: string): LocalDate => localDate(text);
export const dateIf = (text: string | undefined): LocalDate | undefined =>
  text === undefined ? undefined : dateOf(text);
/** A moment as ISO 8601 writes it, with its zone. Raises MOMENT_FORMAT. */
export function momentOf(text: string): Date {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? new Date(text)
    : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) throw v1Errors.MOMENT_FORMAT({ given: text.slice(0, 40) });
  return at;
}
export const monthOf = (text: string): Period => period(text);
export const yearOf = (text: string): FinancialYear => financialYear(text);

export const ProblemSchema = named(
  "Problem",
  Type.Object(
    {
      type: Type.String({ description: "Where the refusal is explained.", examples: ["/v1/errors/ENTRY_UNBALANCED"] }),
      title: Type.String({ examples: ["Unprocessable Entity"] }),
      status: Type.Integer({ examples: [422] }),
      detail: Type.String({
        description: "The sentence with the facts and the arithmetic.",
        examples: ["debits 1,000.00, credits 999.50, difference 0.50 (journal voucher voucher 0197c1f0…)"],
      }),
      code: Type.String({ description: "Stable; see docs/reference/errors.md.", examples: ["ENTRY_UNBALANCED"] }),
      facts: Type.Unsafe<Record<string, unknown>>({
        type: "object",
        additionalProperties: true,
        description: "The figures of the sentence; amounts of the ledger are whole paise as text.",
      }),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            code: Type.String(),
            detail: Type.String(),
            pointer: Type.Optional(
              Type.String({ description: "JSON pointer into the request.", examples: ["#/lines/0/amount"] }),
            ),
            line: Type.Optional(Type.Integer({ description: "Line of the file." })),
            column: Type.Optional(Type.String({ description: "Column of the file." })),
          }),
          { description: "Every single problem, where there can be several." },
        ),
      ),
      incident: Type.Optional(Type.String({ description: "Of an internal error: what to name in a report." })),
    },
    { description: "Problem details (RFC 9457)." },
  ),
);
export type ProblemBody = Static<typeof ProblemSchema>;

export const DimensionsFields = {
  fund: Type.Optional(
    Type.String({ pattern: "^[0-9A-Za-z-]{1,20}$", description: '"01", the Municipal Fund, when not said.' }),
  ),
  function: Type.Optional(
    Type.String({
      pattern: "^[0-9A-Za-z-]{1,20}$",
      description: "Compulsory on income and expenditure.",
      examples: ["91"],
    }),
  ),
  ward: Type.Optional(Type.String({ maxLength: 40 })),
  functionary: Type.Optional(Type.String({ maxLength: 40 })),
  budgetHead: Type.Optional(Type.String({ maxLength: 40 })),
  scheme: Type.Optional(Type.String({ maxLength: 40 })),
  party: Type.Optional(
    Type.Object(
      { type: Type.String({ minLength: 1, maxLength: 40 }), id: Type.String({ minLength: 1, maxLength: 100 }) },
      { additionalProperties: false, description: "The sub-ledger." },
    ),
  ),
  demandYear: Type.Optional(YearText),
};

export const LineInput = Type.Object(
  {
    side: Type.Union([Type.Literal("debit"), Type.Literal("credit")]),
    account: AccountCode,
    amount: Money,
    ...DimensionsFields,
  },
  { additionalProperties: false },
);

export const LineSchema = named(
  "Line",
  Type.Object({
    side: Type.Union([Type.Literal("debit"), Type.Literal("credit")]),
    account: Type.String(),
    accountName: Type.Optional(Type.String()),
    amount: Money,
    fund: Type.Optional(Type.String()),
    function: Type.Optional(Type.String()),
    ward: Type.Optional(Type.String()),
    functionary: Type.Optional(Type.String()),
    budgetHead: Type.Optional(Type.String()),
    scheme: Type.Optional(Type.String()),
    party: Type.Optional(Type.Object({ type: Type.String(), id: Type.String() })),
    demandYear: Type.Optional(Type.String()),
  }),
);

export const EntrySchema = named(
  "JournalEntry",
  Type.Object({
    id: Type.String({ examples: ["1041"] }),
    number: Type.String({ examples: ["R/2026-27/000123"] }),
    voucher: Type.String({ examples: ["receipt"] }),
    date: IsoDate,
    valueDate: IsoDate,
    postedAt: Moment,
    postedBy: Type.String(),
    narration: Type.String(),
    source: Type.Object({ type: Type.String(), id: Type.String() }),
    reverses: Nullable(Type.String()),
    reversedBy: Nullable(Type.String()),
    total: Money,
    lines: Type.Array(Shared(LineSchema)),
  }),
);

export const PostedSchema = named(
  "PostedEntry",
  Type.Object({
    id: Type.String({ examples: ["1041"] }),
    number: Type.String({ examples: ["J/2026-27/000017"] }),
    date: IsoDate,
  }),
);

export const VoucherSchema = named(
  "Voucher",
  Type.Object({
    id: Uuid,
    voucher: Type.String({ examples: ["journal"] }),
    date: IsoDate,
    narration: Type.String(),
    externalReference: Nullable(Type.String()),
    fileNumber: Nullable(Type.String()),
    sanction: Nullable(Type.Object({ number: Type.String(), date: IsoDate })),
    draftedOn: IsoDate,
    isBackDated: Type.Boolean({ description: "Dated before the day on which it was drafted." }),
    backDateReason: Nullable(Type.String()),
    autoReverseOn: Nullable(Type.String({ description: "The day on which its mirror is posted." })),
    template: Nullable(Type.String({ description: "The event of the posting rules it was written from." })),
    status: Type.String({
      examples: ["draft"],
      description: "draft, submitted, sent-back, approved, rejected or cancelled",
    }),
    version: Type.Integer({ description: "The same as the ETag." }),
    createdBy: Type.String(),
    submittedBy: Nullable(Type.String()),
    firstSignatory: Nullable(Type.String({ description: "The first of two signatories; the second approves." })),
    decidedBy: Nullable(Type.String()),
    decisionReason: Nullable(Type.String()),
    entryId: Nullable(Type.String()),
    reverses: Nullable(Type.Object({ entryId: Type.String(), reason: Type.String() })),
    autoReversalEntryId: Nullable(Type.String()),
    debits: Money,
    credits: Money,
    lines: Type.Array(Shared(LineSchema)),
  }),
);

export const ConsumerSchema = named(
  "Consumer",
  Type.Object({
    id: Uuid,
    service: Type.String({ examples: ["property-tax"] }),
    code: Type.String({ examples: ["PT-01-000123"] }),
    name: Type.String(),
    nameLocal: Nullable(Type.String()),
    mobile: Nullable(Type.String()),
    email: Nullable(Type.String()),
    address: Type.String(),
    ward: Type.String(),
    isActive: Type.Boolean(),
    advance: Money,
  }),
);

export const OwnersSchema = named(
  "Owners",
  Type.Object({
    consumer: Shared(ConsumerSchema),
    on: IsoDate,
    owners: Type.Array(
      Type.Object({
        name: Type.String(),
        nameLocal: Nullable(Type.String()),
        share: Type.String({ examples: ["1/3", "33.5 %"] }),
        guardian: Nullable(Type.String()),
        relation: Nullable(Type.String({ description: "father, mother, husband, wife or guardian" })),
        mobile: Nullable(Type.String()),
      }),
    ),
  }),
);

const RelatedConsumer = Type.Object({ id: Uuid, code: Type.String() });
export const ConsumerEventSchema = named(
  "ConsumerEvent",
  Type.Object({
    kind: Type.String({ description: "entered, mutation, merge or split" }),
    changeId: Nullable(Uuid),
    date: Nullable(IsoDate),
    reason: Nullable(Type.String()),
    document: Nullable(Type.Object({ number: Type.String(), date: IsoDate })),
    by: Type.String({ description: "Who proposed it, or entered the consumer." }),
    approvedBy: Nullable(Type.String()),
    at: Moment,
    before: Type.Unknown({ description: "What of it was otherwise before." }),
    after: Type.Unknown({ description: "What it is since." }),
    from: Type.Array(RelatedConsumer),
    to: Type.Array(RelatedConsumer),
  }),
);

export const DueSchema = named(
  "Due",
  Type.Object({
    demandId: Uuid,
    taxHead: Type.String({ examples: ["PT_TAX"] }),
    kind: Type.String(),
    demandYear: YearText,
    periodFrom: IsoDate,
    periodTo: IsoDate,
    dueDate: IsoDate,
    amount: Money,
    outstanding: Money,
    cessOutstanding: Money,
  }),
);

export const BillSchema = named(
  "Bill",
  Type.Object({
    id: Uuid,
    number: Type.String({ examples: ["B/2026-27/000123"] }),
    asOf: IsoDate,
    issuedAt: Moment,
    isLatest: Type.Boolean({ description: "False when a later bill stands in its place." }),
    isCancelled: Type.Boolean({ description: "Not to be paid; the next bill takes another number." }),
    consumer: Shared(ConsumerSchema),
    arrears: Money,
    current: Money,
    penalty: Money,
    rebate: Money,
    rounding: Money,
    total: Money,
    lines: Type.Array(
      Type.Object({
        demandId: Nullable(Type.String()),
        taxHead: Type.String(),
        name: Type.String(),
        nameLocal: Nullable(Type.String()),
        kind: Type.String(),
        part: Type.String({ description: "arrears, current or penalty" }),
        demandYear: YearText,
        periodFrom: IsoDate,
        periodTo: IsoDate,
        dueDate: IsoDate,
        amount: Money,
        cess: Money,
        rebate: Money,
      }),
    ),
  }),
);

export const OrderSchema = named(
  "Order",
  Type.Object({
    id: Uuid,
    consumerId: Uuid,
    billId: Nullable(Type.String()),
    amount: Money,
    state: Type.String({ description: "planned, unknown, confirmed or rejected: whether the gateway has it." }),
    status: Type.String({ description: "created, attempted or paid: whether money came." }),
    providerOrderId: Nullable(Type.String({ description: "The gateway's id, for its checkout." })),
    requestedBy: Type.String(),
    createdAt: Moment,
  }),
);

export const ReceiptSchema = named(
  "Receipt",
  Type.Object({
    id: Uuid,
    number: Type.String({ examples: ["RC/2026-27/000123"] }),
    status: Type.String({ description: "issued, dishonoured, cancelled or transferred" }),
    statusReason: Nullable(Type.String()),
    statusDate: Nullable(Type.String()),
    consumerId: Nullable(Type.String()),
    consumerCode: Nullable(Type.String()),
    service: Nullable(Type.String()),
    ward: Nullable(Type.String()),
    payerName: Type.String(),
    billId: Nullable(Type.String()),
    channel: Type.String(),
    mode: Type.String(),
    amount: Money,
    paidAt: Moment,
    entryDate: IsoDate,
    valueDate: IsoDate,
    issuedAt: Moment,
    issuedBy: Type.String(),
    sessionId: Nullable(Type.String()),
    paymentId: Nullable(Type.String()),
    verifyToken: Type.String({ description: "/receipt/{verifyToken} shows whether it is genuine." }),
    instrument: Type.Object({
      id: Uuid,
      kind: Type.String(),
      number: Nullable(Type.String()),
      bank: Nullable(Type.String()),
      date: Nullable(Type.String()),
      status: Type.String(),
    }),
    lines: Type.Array(
      Type.Object({
        kind: Type.String(),
        taxHead: Nullable(Type.String()),
        title: Type.String(),
        demandYear: Nullable(Type.String()),
        amount: Money,
      }),
    ),
  }),
);

export const SessionSchema = named(
  "CounterSession",
  Type.Object({
    id: Uuid,
    counter: Type.String(),
    cashier: Type.String(),
    status: Type.String(),
    openedAt: Moment,
    closedAt: Nullable(Type.String()),
    counted: Nullable(Money),
  }),
);

export const AccountSchema = named(
  "Account",
  Type.Object({
    code: Type.String(),
    name: Type.String(),
    nameLocal: Nullable(Type.String()),
    parent: Nullable(Type.String()),
    type: Type.String(),
    schedule: Nullable(Type.String()),
    isPosting: Type.Boolean(),
    isActive: Type.Boolean(),
    isCashBank: Type.Boolean(),
    needsFunction: Type.Boolean(),
  }),
);

export const PeriodSchema = named(
  "Period",
  Type.Object({
    period: MonthText,
    status: Type.String({ description: "open or closed" }),
    changedAt: Nullable(Type.String()),
    changedBy: Nullable(Type.String()),
    reason: Nullable(Type.String()),
  }),
);

export const ImportSchema = named(
  "ImportReport",
  Type.Object({
    status: Type.String({ description: "imported, or already-imported: the same file again" }),
    dryRun: Type.Boolean(),
    fileName: Type.String(),
    rows: Type.Integer(),
    added: Type.Integer(),
    unchanged: Type.Integer(),
    entries: Type.Array(Shared(PostedSchema)),
  }),
);

/** Registered once in the plugin; routes name them. */
export const sharedSchemas: readonly TSchema[] = [
  ProblemSchema,
  LineSchema,
  EntrySchema,
  PostedSchema,
  VoucherSchema,
  ConsumerSchema,
  OwnersSchema,
  ConsumerEventSchema,
  DueSchema,
  BillSchema,
  OrderSchema,
  ReceiptSchema,
  SessionSchema,
  AccountSchema,
  PeriodSchema,
  ImportSchema,
];

/** A page of a list: `next` is given back as `cursor` for the page after it, null on the last. */
export function Page<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    next: Nullable(Type.String({ description: "Give it back as cursor." })),
  });
}
export const Limit = (fallback: number, most: number) =>
  // A query string is text and nothing is coerced: digits, checked by the pattern.
  Type.Optional(
    Type.String({
      pattern: "^[1-9]\\d{0,3}$",
      description: `Items of a page: ${fallback} when not said, at most ${most}.`,
      examples: ["50"],
    }),
  );
export const Cursor = Type.Optional(Type.String({ maxLength: 400, description: "`next` of the page before." }));
export const YesNo = (description: string) =>
  Type.Optional(Type.Union([Type.Literal("true"), Type.Literal("false")], { description }));

export function limitOf(text: string | undefined, fallback: number, most: number): number {
  return text === undefined ? fallback : Math.min(Number(text), most);
}
